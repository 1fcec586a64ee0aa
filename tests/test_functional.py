"""Derivatives as functions: what they return, in which containers, how they nest, and what they refuse.

One idea: a derivative has other ways to be known, by hand, by forward against reverse mode, by another
library; and one function of the module can be had from another.
"""

import dataclasses
import gc
import sys
import weakref
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings

import minigrad as mg
from minigrad.functional import _by_columns, _by_rows, _gradient_for
from minigrad.recorded import Run
from minigrad.testing import check_grad
from minigrad.testing import strategies as gst

few = settings(max_examples=max(settings.default.max_examples // 3, 5))

A = np.array([[1.0, -2.0, 0.5], [0.3, 1.1, -0.7]])


def net(x: Any) -> Any:
    """Two numbers of three, by products, sums, and elements."""
    return np.tanh(A @ x) * np.sum(np.exp(-x * x)) + x[0]


def loss(x: Any) -> Any:
    """One number of three."""
    return np.sum(net(x) ** 2)


def vectors() -> Any:
    return gst.arrays((3,), elements=gst.values(min_value=-2, max_value=2))


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


class Line(NamedTuple):
    slope: Any
    intercept: Any


@dataclasses.dataclass(frozen=True)
class Layer:
    weight: Any
    bias: Any = None


# ----------------------------------------------------------------------------- plain in, plain out


@pytest.mark.parametrize(
    ("argument", "kind"),
    [(2.0, np.float64), (np.float32(2.0), np.float32), (np.array(2.0), np.float64), (np.float64(2.0), np.float64)],
)
def test_a_number_gives_a_numpy_scalar(argument, kind):
    value, g = mg.value_and_grad(lambda x: x * x)(argument)
    assert (type(value), type(g)) == (kind, kind)
    assert (value, g) == (4.0, 4.0)
    assert type(mg.jvp(lambda x: x * x, (argument,), (1.0,))[1]) is kind
    assert type(mg.jacobian(lambda x: x * x)(argument)) is kind
    assert type(mg.hessian(lambda x: x * x)(argument)) is kind
    assert type(mg.vjp(lambda x: x * x, argument)[1](1.0)[0]) is kind
    assert type(mg.hvp(lambda x: x * x, (argument,), (1.0,))[0]) is kind


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_array_gives_an_array_of_its_shape_and_dtype(dtype):
    x = np.array([0.5, -1.0, 2.0], dtype)
    f = lambda x: np.sum(x**3)  # noqa: E731
    for found in (mg.grad(f)(x), mg.hvp(f, (x,), (x,))[0], mg.elementwise_grad(np.sin)(x)):
        assert type(found) is np.ndarray
        assert (found.shape, found.dtype) == ((3,), dtype)
        assert found.flags.owndata
        assert found.flags.writeable
    for found in (mg.hessian(f)(x), mg.jacobian(np.sin)(x)):
        assert (type(found), found.shape, found.dtype) == (np.ndarray, (3, 3), dtype)


def test_what_comes_out_is_nobody_elses_memory():
    x = np.ones(3)
    gx, gy = mg.grad(lambda x, y: np.sum(x + y), (0, 1))(x, x)
    gx += 1
    assert gy.tolist() == [1, 1, 1]
    t = np.ones(3)
    for f in (lambda x: x, lambda x: +x, lambda x: x[::-1], lambda x: x.reshape(3, 1)):
        along = mg.jvp(f, (x,), (t,))[1]
        assert not np.shares_memory(along, t)
        along += 1
    assert t.tolist() == [1, 1, 1]
    assert mg.jvp(lambda x: np.broadcast_to(x, (3,)), (1.0,), (2.0,))[1].flags.writeable


def test_a_tensor_gives_a_tensor():
    x = mg.tensor([1.0, 2.0])
    value, g = mg.value_and_grad(lambda x: np.sum(x * x))(x)
    assert (type(value), type(g)) == (mg.Tensor, mg.Tensor)
    assert not g.requires_grad
    assert g.tolist() == [2, 4]


def test_functions_have_the_name_of_what_they_derive():
    assert [d(loss).__name__ for d in (mg.grad, mg.hessian, mg.jacobian)] == [
        "grad(loss)",
        "hessian(loss)",
        "jacobian(loss)",
    ]


def test_nothing_is_left_behind():
    """No cycles: what a derivative recorded dies when it returns, also where f stops with an error."""
    seen: list[Any] = []

    def f(x: Any) -> Any:
        y = np.exp(x)
        seen.append(weakref.ref(y))
        return np.sum(y)

    x = np.ones(3)
    gc.disable()
    try:
        mg.grad(f)(x)
        mg.jvp(f, (x,), (x,))
        mg.hessian(f)(x)
        mg.jacobian(f)(x)
        mg.hvp(f, (x,), (x,))
        mg.vjp(f, x)[1](1.0)
        assert [r() for r in seen] == [None] * len(seen)
    finally:
        gc.enable()


# ----------------------------------------------------------------------------- arguments and results


def test_argnums():
    f = lambda x, y, z: x * y**2 * z**3  # noqa: E731
    assert mg.grad(f)(2.0, 3.0, 1.0) == 9
    assert mg.grad(f, 1)(2.0, 3.0, 1) == 12
    assert mg.grad(f, (0, 2))(2.0, 3.0, 1.0) == (9, 54)
    assert mg.grad(f, -1)(2, 3, 1.0) == 54
    assert mg.grad(f, (1,))(2.0, 3.0, 1.0) == (12,)
    assert mg.hessian(f, (0, 1))(2.0, 3.0, 1.0) == ((0, 6), (6, 4))
    assert mg.jvp(f, (2.0, 3.0, 1), (1.0, 10.0), argnums=(0, 1)) == (18, 9 + 120)
    assert mg.jvp(f, (2.0, 3, 1), 1.0, argnums=0) == (18, 9)
    assert mg.vjp(f, 2.0, 3, 1, argnums=0)[1](1.0) == 9
    assert mg.vjp(f, 2.0, 3.0, 1, argnums=(0, 1))[1](1.0) == (9, 12)
    assert mg.hvp(f, (2.0, 3.0, 1), 1.0, argnums=1) == 4
    assert mg.hvp(f, (2.0, 3.0, 1.0), (1.0, 0.0, 0.0)) == (0, 6, 27)


def test_keywords_are_passed_on():
    assert mg.grad(lambda x, *, power=1: x**power)(2.0, power=3) == 12


def test_one_array_in_two_places_is_two_arguments():
    x = np.array([1.0, 2.0])
    gx, gy = mg.grad(lambda x, y: np.sum(x * y * y), (0, 1))(x, x)
    assert (gx.tolist(), gy.tolist()) == ([1, 4], [2, 8])


def test_containers_come_back_as_they_were():
    p = {
        "layers": [Layer(np.ones((2, 2)), np.zeros(2)), Layer(np.ones(2))],
        "line": Line(2.0, 1.0),
        "pair": (1.0, np.float32(2.0)),
        "more": OrderedDict(a=3.0),
    }

    def f(p: Any) -> Any:
        h = np.ones(2)
        for layer in p["layers"]:
            h = h @ layer.weight if layer.bias is None else h @ layer.weight + layer.bias
        return h * p["line"].slope + p["line"].intercept + p["pair"][0] * p["pair"][1] + p["more"]["a"]

    value, g = mg.value_and_grad(f)(p)
    assert value == 4 * 2 + 1 + 2 + 3
    assert type(g["layers"][0]) is Layer
    assert g["layers"][1].bias is None
    assert g["layers"][0].weight.tolist() == [[2, 2], [2, 2]]
    assert g["line"] == Line(4.0, 1.0)
    assert type(g["line"]) is Line
    assert g["pair"] == (2, 1)
    assert g["pair"][1].dtype == np.float32
    assert type(g["more"]) is OrderedDict
    along = mg.jvp(f, (p,), (g,))[1]
    squares = sum(float(np.sum(np.square(x))) for _, x in mg.containers.leaves(g) if x is not None)
    close(along, squares)
    product = mg.hvp(f, (p,), (g,))[0]
    assert type(product["layers"][0]) is Layer
    close(mg.grad(lambda q: mg.jvp(f, (q,), (g,))[1])(p)["line"].slope, product["line"].slope)


def test_results_in_containers():
    def f(x: Any, s: Any) -> Any:
        return {"y": x * s, "pair": [np.sum(x), 3.0], "none": None}

    x = np.array([1.0, 2.0])
    value, pullback = mg.vjp(f, x, 3.0)
    assert value["y"].tolist() == [3, 6]
    assert (value["pair"], value["none"]) == ([3.0, 3.0], None)
    gx, gs = pullback({"y": np.array([1.0, 0.0]), "pair": [10.0, 5.0], "none": None})
    assert (gx.tolist(), gs) == ([13, 10], 1)
    along = mg.jvp(f, (x, 3.0), (np.array([1.0, 1.0]), 0.0))[1]
    assert along["y"].tolist() == [3, 3]
    assert along["pair"] == [2, 0]
    j = mg.jacobian(f, (0, 1))(x, 3.0)
    assert j["y"][0].tolist() == [[3, 0], [0, 3]]
    assert j["y"][1].tolist() == [1, 2]
    assert j["pair"][1][0].tolist() == [0, 0]
    assert j["pair"][0][1] == 0
    assert j["none"] is None


def test_aux_is_handed_through():
    f = lambda x: (np.sum(x * x), {"twice": 2 * x, "text": "as it is"})  # noqa: E731
    x = np.array([1.0, 2.0])
    for aux in (
        mg.grad(f, has_aux=True)(x)[1],
        mg.value_and_grad(f, has_aux=True)(x)[0][1],
        mg.vjp(f, x, has_aux=True)[2],
        mg.jvp(f, (x,), (x,), has_aux=True)[2],
        mg.jacobian(f, has_aux=True)(x)[1],
        mg.hessian(f, has_aux=True)(x)[1],
        mg.hvp(f, (x,), (x,), has_aux=True)[1],
        mg.elementwise_grad(lambda x: (x * x, f(x)[1]), has_aux=True)(x)[1],
    ):
        assert type(aux["twice"]) is np.ndarray
        assert aux["twice"].tolist() == [2, 4]
        assert aux["text"] == "as it is"
    assert mg.grad(f, has_aux=True)(x)[0].tolist() == [2, 4]
    assert mg.hessian(f, has_aux=True)(x)[0].tolist() == [[2, 0], [0, 2]]


def test_what_the_result_does_not_depend_on_has_the_gradient_zero():
    x = np.array([1.0, 2.0])
    assert mg.grad(lambda x: 3.0)(x).tolist() == [0, 0]
    assert mg.grad(lambda x: 3)(1.0) == 0
    assert mg.grad(lambda x, y: y * y, (0, 1))(x, 1.0)[0].tolist() == [0, 0]
    assert mg.grad(mg.grad(lambda x: 3 * x))(1.0) == 0
    assert type(mg.grad(mg.grad(lambda x: 3 * x))(1.0)) is np.float64
    assert mg.hessian(lambda x: np.sum(3 * x))(x).tolist() == [[0, 0], [0, 0]]
    assert mg.jvp(lambda x: np.ones(3), (1.0,), (1.0,))[1].tolist() == [0, 0, 0]
    assert mg.jacobian(lambda x: np.floor_divide(x, 2.0))(x).tolist() == [[0, 0], [0, 0]]
    assert mg.vjp(lambda x: 3.0, x)[1](1.0)[0].tolist() == [0, 0]


def test_empty_arrays():
    x = np.zeros(0)
    assert mg.grad(np.sum)(x).shape == (0,)
    assert mg.jacobian(lambda x: x * 2)(x).shape == (0, 0)
    assert mg.jacobian(lambda x: np.sum(x))(x).shape == (0,)
    assert mg.jacobian(lambda x: np.zeros((2, 0)) * x)(1.0).shape == (2, 0)
    assert mg.jvp(lambda x: x * 2, (x,), (x,))[1].shape == (0,)


# ----------------------------------------------------------------------------- by other ways


@few
@given(x=vectors(), t=vectors())
def test_all_of_them_agree(x, t):
    j = mg.jacobian(net)(x)
    assert j.shape == (2, 3)
    close(mg.jvp(net, (x,), (t,))[1], j @ t)
    u = t[:2]
    close(mg.vjp(net, x)[1](u)[0], u @ j)
    h = mg.hessian(loss)(x)
    close(h, h.T)
    close(mg.hvp(loss, (x,), (t,))[0], h @ t)
    close(mg.jvp(mg.grad(loss), (x,), (t,))[1], h @ t)
    close(mg.grad(lambda x: mg.jvp(loss, (x,), (t,))[1])(x), h @ t)
    close(mg.grad(lambda x: np.sum(mg.grad(loss)(x) * t))(x), h @ t)
    along = lambda x: mg.jvp(loss, (x,), (t,))[1]  # noqa: E731
    close(mg.jvp(along, (x,), (t,))[1], t @ h @ t)
    close(mg.jacobian(mg.jacobian(loss))(x), h)
    close(mg.grad(loss)(x), mg.value_and_grad(loss)(x)[1])


@few
@given(x=vectors())
def test_rows_and_columns_of_a_jacobian_are_the_same(x):
    for f in (net, _gradient_for("hessian", loss, 0, False), lambda x: {"a": np.outer(x, x), "b": 2.0, "c": x[:1]}):
        run = Run("jacobian", f, (x,), {}, 0, False)
        for row, column in zip(_by_rows(run), _by_columns(run), strict=True):
            for r, c in zip(row, column, strict=True):
                assert (r.shape, r.dtype) == (c.shape, c.dtype)
                close(r, c)


def test_a_jacobian_of_mixed_dtypes_has_that_of_the_argument():
    x = np.ones(2, np.float32)
    for f in (lambda x: np.ones(5)[:, None] * x, lambda x: np.sum(x * np.ones(2))):
        assert mg.jacobian(f)(x).dtype == np.float32


@pytest.mark.parametrize("order", [1, 2, 3])
@settings(max_examples=3)
@given(x=vectors())
def test_gradients_against_measured_differences(order, x):
    def mixed(f: Any) -> Any:
        return lambda x: np.sum(np.sin(mg.grad(f)(x)))

    f = loss
    for _ in range(order - 1):
        f = mixed(f)
    check_grad(f, x)


@few
@given(x=vectors())
def test_elementwise_grad_is_the_diagonal(x):
    for f in (np.tanh, lambda x: x**3, lambda x: np.where(x > 0, x * x, np.sin(x))):
        close(mg.elementwise_grad(f)(x), np.diag(mg.jacobian(f)(x)))
    close(mg.elementwise_grad(mg.elementwise_grad(np.sin))(x), -np.sin(x))


def test_elementwise_grad_of_several_arguments():
    x, y = np.ones((2, 1)), np.arange(3.0)
    gx, gy = mg.elementwise_grad(lambda x, y: x * y, (0, 1))(x, y)
    assert gx.tolist() == [[3], [3]]
    assert gy.tolist() == [2, 2, 2]


FUNCTIONS = {
    "net": lambda np, x: np.sum(np.tanh(x @ A.T) ** 2),
    "ratio": lambda np, x: np.sum(np.exp(-x * x) / (1 + x * x)),
    "roots": lambda np, x: np.sum(np.sqrt(1 + x * x) * np.sin(x)) * x[0],
    "powers": lambda np, x: np.sum((x * x + 1) ** 1.5) + np.mean(x) ** 3,
    "choice": lambda np, x: np.sum(np.where(x > 0, np.exp(x), np.sin(x)) * x[::-1]),
    "log": lambda np, x: np.log(np.sum(np.exp(x))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_hips_autograd_says_the_same(name):
    autograd = pytest.importorskip("autograd", reason="HIPS autograd is not installed")
    ours, theirs = (lambda x: FUNCTIONS[name](np, x)), (lambda x: FUNCTIONS[name](autograd.numpy, x))

    @few
    @given(x=vectors(), t=vectors())
    def agree(x, t):
        close(mg.grad(ours)(x), autograd.grad(theirs)(x))
        close(mg.hessian(ours)(x), autograd.hessian(theirs)(x))
        close(mg.hvp(ours, (x,), (t,))[0], autograd.hessian_vector_product(theirs)(x, t))
        close(mg.jacobian(mg.grad(ours))(x), autograd.jacobian(autograd.grad(theirs))(x))
        pullback = mg.vjp(mg.grad(ours), x)[1]
        close(pullback(t)[0], autograd.make_vjp(autograd.grad(theirs))(x)[0](t))

    agree()


@pytest.mark.slow  # JAX compiles each function for seconds
@pytest.mark.parametrize("name", FUNCTIONS)
def test_jax_says_the_same(name):
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    ours, theirs = (lambda x: FUNCTIONS[name](np, x)), (lambda x: FUNCTIONS[name](jax.numpy, x))

    @settings(max_examples=3, deadline=None)
    @given(x=vectors(), t=vectors())
    def agree(x, t):
        close(mg.grad(ours)(x), jax.grad(theirs)(x))
        close(mg.hessian(ours)(x), jax.hessian(theirs)(x))
        for found, expected in [
            (mg.value_and_grad(ours)(x), jax.value_and_grad(theirs)(x)),
            (mg.jvp(ours, (x,), (t,)), jax.jvp(theirs, (x,), (t,))),
            (mg.jvp(mg.grad(ours), (x,), (t,)), jax.jvp(jax.grad(theirs), (x,), (t,))),
        ]:
            close(found[0], expected[0])
            close(found[1], expected[1])

    with jax.enable_x64(True):
        agree()


# ----------------------------------------------------------------------------- nesting


def test_perturbations_are_not_confused():
    assert mg.grad(lambda x: x * mg.grad(lambda y: x + y)(2.0))(3.0) == 1
    assert mg.grad(lambda x: x * mg.grad(lambda y: x * y)(2.0))(3.0) == 6
    along = lambda f, x: mg.jvp(f, (x,), (1.0,))[1]  # noqa: E731
    assert along(lambda x: x * along(lambda y: x + y, 2.0), 3.0) == 1
    assert along(lambda x: x * along(lambda y: x * y, 2.0), 3.0) == 6
    assert along(lambda x: x * mg.grad(lambda y: x * y)(2.0), 3.0) == 6
    assert mg.grad(lambda x: x * along(lambda y: x * y, 2.0))(3.0) == 6
    # With the outer variable as the point of the inner derivative: x d/dy (x y²) at y = x is 2 x³.
    assert mg.grad(lambda x: x * mg.grad(lambda y: x * y * y)(x))(2.0) == 24
    assert along(lambda x: x * along(lambda y: x * y * y, x), 2.0) == 24
    assert mg.grad(lambda x: mg.grad(lambda y: mg.grad(lambda z: x * y**2 * z**3)(x))(x))(1.0) == 24


@pytest.mark.parametrize("outer", ["grad", "jvp"])
@pytest.mark.parametrize("inner", ["grad", "jvp"])
def test_a_closure_over_the_outer_variable(outer, inner):
    """d/dx of d/dy sin(x y) at y = 2 is cos(2x) - 2x sin(2x)."""

    def by(how: str, f: Any, x: Any) -> Any:
        return mg.grad(f)(x) if how == "grad" else mg.jvp(f, (x,), (1.0,))[1]

    found = by(outer, lambda x: by(inner, lambda y: np.sin(x * y), 2.0), 0.7)
    close(found, np.cos(1.4) - 1.4 * np.sin(1.4))
    assert type(found) is np.float64


def test_a_parameter_that_f_uses_is_not_lost():
    """The gradient of f depends on w, which somebody else differentiates by: it is recorded, and nothing is freed."""
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    v = w * 3
    x = np.array([1.0, -1.0])
    f = lambda x: np.sum(v * x**2)  # noqa: E731
    for g in (mg.grad(f)(x), mg.vjp(f, x)[1](1.0)[0], mg.jacobian(f)(x)):
        assert g.requires_grad
        assert g.tolist() == [6, -12]
        assert mg.gradients(g.sum(), w, retain_graph=True).tolist() == [6, -6]
    value, along = mg.jvp(f, (x,), (x,))
    assert mg.gradients(along, w, retain_graph=True).tolist() == [6, 6]
    assert mg.gradients(value, w, retain_graph=True).tolist() == [3, 3]
    assert mg.gradients(mg.hessian(f)(x).sum(), w, retain_graph=True).tolist() == [6, 6]
    assert mg.gradients(mg.hvp(f, (x,), (x,))[0].sum(), w, retain_graph=True).tolist() == [6, -6]
    v.sum().backward()
    assert w.grad.tolist() == [3, 3]


def test_without_recording_nothing_is_recorded_and_nothing_is_freed():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    v = w * 3
    with mg.no_grad():
        g = mg.grad(lambda x: np.sum(v * x**2))(np.ones(2))
        assert type(g) is np.ndarray
        assert not mg.grad(lambda x: np.sum(v * x**2))(mg.ones(2, requires_grad=True)).requires_grad
    assert g.tolist() == [6, 12]
    v.sum().backward()
    assert w.grad.tolist() == [3, 3]


def test_a_tensor_that_somebody_differentiates_goes_on():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    g = mg.grad(lambda y: np.sum(y**2))(y)
    assert g.tolist() == [2, 8]
    assert mg.gradients(g.sum(), x, retain_graph=True).tolist() == [4, 8]
    gx, gy = mg.grad(lambda x, y: np.sum(x * y), (0, 1))(x, y)  # partial derivatives: y depends on x only outside
    assert (gx.tolist(), gy.tolist()) == ([1, 4], [1, 2])
    assert x.grad is None


def test_the_pullback_may_be_called_again_and_is_linear():
    x = np.array([0.5, 1.0, -1.0])
    _, pullback = mg.vjp(net, x)
    first = pullback(np.array([1.0, 0.0]))[0]
    second = pullback(np.array([0.0, 1.0]))[0]
    close(pullback(np.array([2.0, -3.0]))[0], 2 * first - 3 * second)
    u = mg.tensor([2.0, -3.0], requires_grad=True)
    back = pullback(u)[0]
    close(mg.gradients(back[0], u).data, [first[0], second[0]])


def test_the_pullback_does_not_change_with_its_arrays():
    x = np.array([0.5, 1.0])
    y, pullback = mg.vjp(lambda x: np.exp(x) * x, x)
    before = pullback(np.ones(2))[0]
    x += 1
    y *= 0
    close(pullback(np.ones(2))[0], before)


def test_what_a_recorded_pullback_returns_has_memory_of_its_own():
    u = mg.tensor([1.0, 2.0], requires_grad=True)
    _, pullback = mg.vjp(lambda x: x + 1, np.array([3.0, 4.0]))
    (g,) = pullback(u)
    assert g.requires_grad
    assert not np.shares_memory(g.data, u.data)


def test_a_deep_function_needs_no_recursion():
    def f(x: Any) -> Any:
        for _ in range(sys.getrecursionlimit() * 3):
            x = x + 1e-4 * x
        return x

    n = sys.getrecursionlimit() * 3
    assert mg.grad(f)(1.0) == pytest.approx((1 + 1e-4) ** n)
    assert mg.jvp(f, (1.0,), (1.0,))[1] == pytest.approx((1 + 1e-4) ** n)


def test_a_zero_tangent_stays_zero_where_a_slope_is_infinite():
    x = np.array([0.0, 4.0])
    f = lambda x: np.sqrt(x) + 1 / (x + 1)  # noqa: E731
    assert mg.jvp(f, (x,), (np.array([0.0, 1.0]),))[1][0] == 0
    assert mg.jvp(np.sqrt, (x,), (np.array([1.0, 1.0]),))[1].tolist() == [np.inf, 0.25]
    guarded = lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0)  # noqa: E731
    assert mg.jvp(guarded, (x,), (np.ones(2),))[1].tolist() == [0, 0.25]
    assert mg.jvp(lambda x: np.where(x > 0, np.sqrt(x), 0.0), (x,), (np.ones(2),))[1].tolist() == [0, 0.25]


# ----------------------------------------------------------------------------- what is refused

POINT = np.ones(3)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: mg.grad(loss)(3), mg.DtypeError, "grad by x = 3, an integer.*\nWrite 3.0"),
        (lambda: mg.grad(loss)(np.arange(3)), mg.DtypeError, r"grad by x, an array of int64.*\nPass x.astype\(float\)"),
        (lambda: mg.grad(loss)(1 + 2j), mg.DtypeError, "grad by x, an array of complex128.*\nPass the real and the im"),
        (lambda: mg.grad(lambda p: p["a"])({"a": 1.0, "b": 2}), mg.DtypeError, r'grad by p\["b"\] = 2, an integer'),
        (lambda: mg.grad(lambda p: p["a"])({"a": 1.0, "b": "x"}), TypeError, r'grad by p\["b"\], which is a str'),
        (lambda: mg.grad(loss)(True), TypeError, "grad by x, which is a bool"),
        (
            lambda: mg.grad(net)(POINT),
            mg.ShapeError,
            r"returned shape \(2,\).*\nReduce it, return y.sum\(\)",
        ),
        (lambda: mg.hessian(net)(POINT), mg.ShapeError, r"hessian needs a function of one number.*shape \(2,\)"),
        (lambda: mg.grad(lambda x: (x, x))(1.0), mg.GradError, "returned a tuple of 2.*\n.*has_aux=True"),
        (lambda: mg.grad(lambda x: None)(1.0), TypeError, "<lambda> returned nothing.*\nA return may be missing"),
        (lambda: mg.jvp(lambda x: "no", (1.0,), (1.0,)), TypeError, "returned a str in the result, no number"),
        (lambda: mg.grad(lambda x: x > 0)(1.0), mg.DtypeError, "returned bool in the result, which has no slope"),
        (lambda: mg.grad(lambda x: x, has_aux=True)(1.0), TypeError, "returned a Tensor, not a pair"),
        (lambda: mg.grad(lambda x: x, 1)(1.0), ValueError, "by argument 1, but the function was called with 1"),
        (
            lambda: mg.grad(lambda x: x)(x=1.0),
            ValueError,
            "called with 0 by position.*\n.*passed by name is not counted",
        ),
        (lambda: mg.grad(lambda x: x, "x")(1.0), TypeError, "argnums='x': arguments are chosen by their position"),
        (lambda: mg.grad(lambda x, y: x, (0, -2))(1.0, 1.0), ValueError, "names an argument twice"),
        (lambda: mg.elementwise_grad(np.sum)(POINT), mg.ShapeError, r"shape \(\) came of \(3,\)"),
        (lambda: mg.vjp(net, POINT)[1](POINT), mg.ShapeError, r"a gradient of shape \(3,\) for u of shape \(2,\)"),
        (lambda: mg.vjp(net, POINT)[1]([1.0, 2.0]), TypeError, r"other containers: u\[0\], u\[1\], not u"),
        (lambda: mg.jvp(net, POINT, POINT), TypeError, r"its arguments as a tuple, not as ndarray.*\n.*jvp\(f, \(x,\)"),
        (lambda: mg.jvp(net, (POINT,), POINT), TypeError, "its tangents as a tuple, not as ndarray"),
        (lambda: mg.jvp(net, (POINT,), (POINT, POINT)), TypeError, "given 2 tangents for 1 arguments"),
        (lambda: mg.jvp(net, (POINT,), (1.0,)), mg.ShapeError, r"a tangent of shape \(\) for x of shape \(3,\)"),
        (lambda: mg.jvp(net, (POINT,), (POINT * 1j,)), mg.DtypeError, "a tangent of complex128 for x"),
        (
            lambda: mg.hvp(loss, (POINT,), ({"a": 1.0},)),
            TypeError,
            r'hvp was given .* other containers: x\["a"\], not x',
        ),
    ],
)
def test_errors_teach(call, error, says):
    with pytest.raises(error, match=says) as caught:
        call()
    text = str(caught.value)
    assert text.count("\n") == 1
    assert "test_functional.py:" in text


def test_the_cost_of_an_inner_derivative_does_not_grow_with_the_outer_graph():
    """An inner run walks what it recorded itself: 100 and 400 steps of an optimiser, differentiated by its rate."""
    visited = []

    def unrolled(steps: int) -> Any:
        def f(rate: Any) -> Any:
            w = np.ones(2) * rate
            for _ in range(steps):
                run = Run("grad", lambda w: np.sum(w**3), (w,), {}, 0, False)
                visited.append(len(run.calls))
                w = w - rate * run.back([mg.ones(())], True, True)[0]
            return np.sum(w)

        return f

    mg.grad(unrolled(20))(0.1)
    assert visited == [2] * 20


def test_an_error_in_the_function_leaves_recording_as_it_was():
    def broken(x: Any) -> Any:
        raise KeyError("x")

    with mg.no_grad():
        for call in (lambda: mg.grad(broken)(1.0), lambda: mg.jvp(broken, (1.0,), (1.0,))):
            with pytest.raises(KeyError):
                call()
            assert not mg.is_grad_enabled()


@pytest.mark.parametrize("who", ["grad", "value_and_grad", "elementwise_grad", "jacobian", "hessian", "checkpoint"])
def test_a_number_is_no_function(who):
    for number in (mg.tensor(2.0), np.float64(4.0), np.ones(3), None):
        with pytest.raises(TypeError) as caught:
            getattr(mg, who)(number)
        first, second = str(caught.value).splitlines()
        assert first.startswith(f"{who} takes a function, and was given ")
        assert "test_functional.py:" in first
        assert second == f"Write {who}(f)(x), not {who}(f(x))"


@pytest.mark.parametrize("who", ["vjp", "jvp", "hvp"])
def test_a_number_is_no_function_to_be_run(who):
    x = np.ones(2)
    with pytest.raises(TypeError, match=rf"{who} takes a function, and was given a.*\n.*{who}\(f, "):
        getattr(mg, who)(x, (x,), (x,))


def test_an_argument_passed_by_name_has_no_number():
    with pytest.raises(ValueError, match=r"(?s)by argument 1, .*with 1 by position.*passed by name is not counted"):
        mg.grad(lambda x, y: x * y, argnums=1)(1.0, y=2.0)
    with pytest.raises(ValueError, match=r"(?s)with 0 by position.*Count from 0; an argument passed by name"):
        mg.grad(lambda x: x * x)(x=1.0)
