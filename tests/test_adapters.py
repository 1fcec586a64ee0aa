"""Functions of other libraries as pairs of callables on arrays: each trap on the way there, one test.

One idea: an adapter is right if it adds no fault and hides none. So every test is a function with
a known fault or a known gradient, and says what must come through.
"""

import inspect
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from minigrad.testing import GradientMismatch, UncheckableError, check_vjp
from minigrad.testing.adapters import from_autograd, from_jax, from_mygrad, from_pair, from_torch

X = np.array([0.5, -2.0])
G = np.array([1.0, -3.0])


class Cube(torch.autograd.Function):
    """x³ as torch's manual writes it."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


class WrongCube(Cube):
    """x³ with a factor forgotten."""

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return g * 2 * x**2


class CubeByReference(Cube):
    """x³ that keeps x where torch cannot see it."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.x = x
        return x**3

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
        return g * 3 * ctx.x**2


@pytest.fixture
def jax() -> Any:
    """JAX in 64 bits, for the length of a test."""
    found = pytest.importorskip("jax", reason="JAX is not installed")
    with found.enable_x64(True):
        yield found


@pytest.fixture
def autograd() -> ModuleType:
    pytest.importorskip("autograd", reason="HIPS autograd is not installed")
    import autograd.numpy

    return autograd


@pytest.fixture
def mygrad() -> Any:
    return pytest.importorskip("mygrad", reason="MyGrad is not installed")


@pytest.fixture(params=["torch", "jax", "autograd", "mygrad"])
def library(request: pytest.FixtureRequest) -> tuple[Callable[..., Any], Any]:
    """An adapter, and the module with the library's functions."""
    if request.param == "torch":
        return from_torch, torch
    found = request.getfixturevalue(request.param)
    if request.param == "jax":
        return from_jax, found.numpy
    if request.param == "autograd":
        return from_autograd, found.numpy
    return from_mygrad, found


# ---------------------------------------------------------------------------------- all four alike


def test_forward_and_gradient(library: Any) -> None:
    adapter, module = library
    forward, vjp = adapter(module.sin)
    out = forward(X)
    assert type(out) is np.ndarray
    np.testing.assert_allclose(out, np.sin(X), rtol=1e-15)
    np.testing.assert_allclose(vjp(G, out, X), G * np.cos(X), rtol=1e-15)


def test_linearize_may_be_pulled_back_many_times(library: Any) -> None:
    adapter, module = library
    out, pullback = adapter(module.exp)[1].linearize(X)
    np.testing.assert_allclose(out, np.exp(X), rtol=1e-15)
    for g in (G, 2 * G, 0 * G):
        (gradient,) = pullback(g)
        np.testing.assert_allclose(gradient, g * np.exp(X), rtol=1e-15)


def test_0d_arrays_stay_0d(library: Any) -> None:
    adapter, module = library
    forward, vjp = adapter(module.exp)
    out = forward(np.array(0.0))
    assert type(out) is np.ndarray
    assert out.shape == ()
    gradient = vjp(np.array(2.0), out, np.array(0.0))
    assert type(gradient) is np.ndarray
    assert gradient.shape == ()
    assert gradient == 2.0


def test_float32_stays_float32(library: Any) -> None:
    adapter, module = library
    x = X.astype(np.float32)
    forward, vjp = adapter(module.exp)
    assert forward(x).dtype == np.float32
    assert vjp(x, None, x).dtype == np.float32


def test_a_python_float_is_differentiated(library: Any) -> None:
    adapter, _ = library
    forward, vjp = adapter(lambda x, s: x * s)
    np.testing.assert_array_equal(forward(X, 2.0), 2 * X)
    dx, ds = vjp(G, None, X, 2.0)
    np.testing.assert_array_equal(dx, 2 * G)
    assert ds.shape == ()
    assert ds == (G * X).sum()


def test_other_arguments_pass_through(library: Any) -> None:
    adapter, _ = library
    indices = np.array([1, 1, 0])

    def f(x: Any, index: Any, power: int, word: str, *, scale: int) -> Any:
        assert word == "word"
        assert type(power) is int
        return x[index] ** power * scale

    forward, vjp = adapter(f)
    np.testing.assert_array_equal(forward(X, indices, 2, "word", scale=3), 3 * X[indices] ** 2)
    g = np.array([1.0, 10.0, 100.0])
    np.testing.assert_array_equal(vjp(g, None, X, indices, 2, "word", scale=3), [100 * 6 * X[0], 11 * 6 * X[1]])


def test_an_unused_argument_gets_zeros(library: Any) -> None:
    adapter, _ = library
    _, vjp = adapter(lambda x, unused: x * 2)
    dx, du = vjp(G, None, X, np.ones((2, 1)))
    np.testing.assert_array_equal(dx, 2 * G)
    assert type(du) is np.ndarray
    np.testing.assert_array_equal(du, np.zeros((2, 1)))


def test_several_results(library: Any) -> None:
    adapter, module = library
    forward, vjp = adapter(lambda x: (module.sin(x), x * x))
    first, second = forward(X)
    np.testing.assert_allclose(first, np.sin(X), rtol=1e-15)
    np.testing.assert_allclose(second, X * X, rtol=1e-15)
    out, pullback = vjp.linearize(X)
    assert len(out) == 2
    np.testing.assert_allclose(pullback((G, np.ones(2)))[0], G * np.cos(X) + 2 * X, rtol=1e-15)
    np.testing.assert_allclose(pullback((np.zeros(2), np.ones(2)))[0], 2 * X, rtol=1e-15)


def test_what_comes_out_is_nobodys_memory(library: Any) -> None:
    """Both gradients of x + y are the incoming gradient itself, in three of the four: by design, and no fault of f."""
    adapter, _ = library
    forward, vjp = adapter(lambda x, y: x + y)
    x, y, g = X.copy(), X.copy(), G.copy()
    dx, dy = vjp(g, None, x, y)
    for a in (dx, dy):
        for b in (x, y, g):
            assert not np.shares_memory(a, b)
    assert not np.shares_memory(dx, dy)
    identity, _ = adapter(lambda x: x * 1 if adapter is from_mygrad else x)
    assert not np.shares_memory(identity(x), x)
    assert forward(x, y).flags.writeable
    assert dx.flags.writeable


def test_the_callers_arrays_stay_writable_and_as_they_were(library: Any) -> None:
    adapter, module = library
    x, g = X.copy(), G.copy()
    _, pullback = adapter(module.exp)[1].linearize(x)
    pullback(g)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(g, G)
    x += 1  # MyGrad makes what is in a graph read-only
    g += 1


@pytest.mark.parametrize("layout", ["reversed", "fortran", "broadcast", "read-only"])
def test_any_layout_goes_in(library: Any, layout: str) -> None:
    adapter, module = library
    a = np.arange(6.0).reshape(2, 3) / 4
    a = {
        "reversed": a[::-1, ::-1],
        "fortran": np.asfortranarray(a),
        "broadcast": np.broadcast_to(a[0], (2, 3)),
        "read-only": np.broadcast_to(a, (2, 3)),
    }[layout]
    forward, vjp = adapter(module.exp)
    np.testing.assert_allclose(forward(a), np.exp(a), rtol=1e-15)
    np.testing.assert_allclose(vjp(a, None, a), a * np.exp(a), rtol=1e-15)


def test_another_byte_order_goes_into_libraries_that_have_one(jax: Any) -> None:
    a = X.astype(">f8")
    for forward, vjp in (from_torch(torch.exp), from_jax(jax.numpy.exp)):
        np.testing.assert_allclose(forward(a), np.exp(X), rtol=1e-15)
        np.testing.assert_allclose(vjp(a, None, a), X * np.exp(X), rtol=1e-15)


def test_empty_arrays(library: Any) -> None:
    adapter, module = library
    forward, vjp = adapter(module.exp)
    assert forward(np.zeros((2, 0))).shape == (2, 0)
    assert vjp(np.zeros((2, 0)), None, np.zeros((2, 0))).shape == (2, 0)


@pytest.mark.parametrize(
    ("f", "args", "sentence"),
    [
        (lambda x: x > 0, (X,), "only floats have a slope"),
        (lambda x: 3, (X,), "which is no array of the library"),
        (lambda x: x, (np.array([1, 2]),), "given no float argument"),
        (lambda x: x, (X + 1j,), "is complex, and only real numbers"),
        (lambda xs: xs[0], ([X, X],), "a list of floats, which is no array"),
    ],
    ids=["truth values", "no array", "integers in", "complex in", "list in"],
)
def test_what_cannot_be_checked_is_said(library: Any, f: Any, args: Any, sentence: str) -> None:
    adapter, _ = library
    forward, vjp = adapter(f)
    if adapter is from_mygrad and sentence.startswith("only floats"):
        sentence = "which is no array of the library"  # a comparison of tensors is a plain array there
    with pytest.raises(UncheckableError, match=sentence):
        forward(*args)
    with pytest.raises(UncheckableError, match=sentence):
        vjp.linearize(*args)


def test_complex_results_are_refused(library: Any) -> None:
    adapter, module = library
    if adapter is from_mygrad:
        pytest.skip("MyGrad has no complex numbers")
    forward, vjp = adapter(module.fft.fft)
    for call in (forward, vjp.linearize):
        with pytest.raises(UncheckableError, match="returned complex numbers"):
            call(X)


def test_a_result_cut_off_from_its_arguments_is_said(library: Any) -> None:
    adapter, _ = library
    cuts = {
        from_torch: lambda x: x.detach() * 2,
        from_autograd: lambda x: np.array([2.0, 2.0]),
        from_mygrad: lambda x: type(x)(x.data * 2, constant=True),
    }
    if adapter is from_jax:
        pytest.skip("a traced array cannot leave JAX's graph by accident; stop_gradient is on purpose")
    _, vjp = adapter(cuts[adapter])
    with pytest.raises(UncheckableError, match="does not hang on its arguments"):
        vjp.linearize(X)


def test_only_the_first_and_second_order_exist(library: Any) -> None:
    adapter, module = library
    with pytest.raises(UncheckableError, match="order=3"):
        adapter(module.exp, order=3)


def test_what_a_check_reads_from_the_pair(library: Any) -> None:
    adapter, module = library
    _, vjp = adapter(module.exp)
    assert vjp.name == "exp"
    assert vjp.zero_times_inf == "allow"
    module_name = {"mygrad": "mygrad", "torch": "torch"}.get(module.__name__, module.__name__)
    assert vjp.call == f"check_vjp(*{adapter.__name__}({module_name}.exp)"
    assert repr(vjp) == f"<vjp of {adapter.__name__}({module_name}.exp)>"


def test_arguments_keep_their_names() -> None:
    def hypotenuse(a: Any, b: Any) -> Any:
        return (a * a + b * b).sqrt()

    assert list(inspect.signature(from_torch(hypotenuse)[0]).parameters) == ["a", "b"]
    assert list(inspect.signature(from_torch(Cube.apply)[0]).parameters) == ["x"]
    assert list(inspect.signature(from_torch(Cube.apply, order=2)[0]).parameters) == ["x", "g"]
    assert "args" in inspect.signature(from_torch(torch.sin)[0]).parameters  # a builtin keeps none


# ------------------------------------------------------------------------------------ second order


def test_order_2_is_the_backward_pass_and_its_derivative(library: Any) -> None:
    adapter, module = library
    if adapter is from_mygrad:
        with pytest.raises(UncheckableError, match="the second derivative of sin cannot be checked"):
            adapter(module.sin, order=2)
        return
    forward, vjp = adapter(module.sin, order=2)
    np.testing.assert_allclose(forward(X, G), G * np.cos(X), rtol=1e-15)
    h = np.array([2.0, 0.5])
    dx, dg = vjp(h, None, X, G)
    np.testing.assert_allclose(dx, -h * G * np.sin(X), rtol=1e-15)
    np.testing.assert_allclose(dg, h * np.cos(X), rtol=1e-15)
    assert "order=2" in vjp.call


def test_order_2_of_two_arguments(library: Any) -> None:
    adapter, _ = library
    if adapter is from_mygrad:
        pytest.skip("MyGrad has no second derivatives; see above")
    forward, vjp = adapter(lambda x, y: x * x * y, order=2)
    y = np.array([3.0, 5.0])
    dx, dy = forward(X, y, G)
    np.testing.assert_allclose(dx, 2 * X * y * G, rtol=1e-15)
    np.testing.assert_allclose(dy, X * X * G, rtol=1e-15)
    zeros, ones = np.zeros(2), np.ones(2)
    for found, right in zip(vjp((ones, zeros), None, X, y, G), (2 * y * G, 2 * X * G, 2 * X * y), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-15)
    for found, right in zip(vjp((zeros, ones), None, X, y, G), (2 * X * G, zeros, X * X), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-15)


def test_order_2_of_a_linear_function(library: Any) -> None:
    adapter, _ = library
    if adapter is from_mygrad:
        pytest.skip("MyGrad has no second derivatives; see above")
    forward, vjp = adapter(lambda x: x * 3, order=2)
    np.testing.assert_array_equal(forward(X, G), 3 * G)
    dx, dg = vjp(np.ones(2), None, X, G)
    np.testing.assert_array_equal(dx, [0, 0])
    np.testing.assert_array_equal(dg, [3, 3])


def test_order_2_takes_one_result_and_an_upstream_gradient(library: Any) -> None:
    adapter, _ = library
    if adapter is from_mygrad:
        pytest.skip("MyGrad has no second derivatives; see above")
    forward, _ = adapter(lambda x: (x * 2, x * 3), order=2)
    with pytest.raises(UncheckableError, match="returned 2 results, and order=2 takes functions with one"):
        forward(X, G)
    forward, _ = adapter(lambda x: x * 2, order=2)
    with pytest.raises(UncheckableError, match="order=2 takes f's own and an incoming gradient"):
        forward(X)


# ------------------------------------------------------------------------------------------- torch


def test_a_torch_function() -> None:
    forward, vjp = from_torch(Cube.apply)
    np.testing.assert_array_equal(forward(X), X**3)
    np.testing.assert_array_equal(vjp(G, None, X), 3 * X**2 * G)
    assert vjp.name == "Cube"
    assert vjp.call.endswith("Cube.apply)")
    np.testing.assert_array_equal(from_torch(Cube.apply, order=2)[1](G, None, X, G)[0], 6 * X * G * G)


def test_torch_forward_records_nothing() -> None:
    seen = []

    def f(x: torch.Tensor) -> torch.Tensor:
        seen.append((torch.is_grad_enabled(), x.requires_grad))
        return x * 2

    forward, vjp = from_torch(f)
    forward(X)
    vjp(G, None, X)
    assert seen == [(False, False), (True, True)]


def test_torch_sees_the_callers_memory() -> None:
    """A Function that writes into what it was given must be seen doing so."""

    class Greedy(Cube):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            x.mul_(2)
            return x.clone()

        @staticmethod
        def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
            return g.mul_(2)

    x, g = X.copy(), G.copy()
    forward, vjp = from_torch(Greedy.apply)
    forward(x)
    np.testing.assert_array_equal(x, 2 * X)
    vjp(g, None, X.copy())
    np.testing.assert_array_equal(g, 2 * G)


def test_a_torch_function_that_saves_by_reference_is_caught_and_one_that_saves_properly_raises() -> None:
    x = X.copy()
    _, pullback = from_torch(CubeByReference.apply)[1].linearize(x)
    before = pullback(G)[0]
    x += 1
    assert not np.array_equal(pullback(G)[0], before)
    x = X.copy()
    _, pullback = from_torch(Cube.apply)[1].linearize(x)
    x += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        pullback(G)


def test_a_stride_of_0_comes_to_a_torch_function_as_one() -> None:
    """torch has no negative strides, but sum() hands an expanded gradient to every backward pass."""
    strides = []

    class Looks(Cube):
        @staticmethod
        def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
            strides.append(g.stride())
            return g * 1

    x = np.ones((2, 3))
    _, vjp = from_torch(Looks.apply)
    assert vjp.layouts == ("C", "F", "broadcast")
    vjp(np.broadcast_to(1.0, (2, 3)), None, x)
    vjp(np.broadcast_to(np.ones((2, 1)), (2, 3)), None, x)
    vjp(np.asfortranarray(x), None, x)
    vjp(x[::-1], None, x)
    assert strides == [(0, 0), (1, 0), (1, 2), (3, 1)]


def test_torch_zeros_without_memory_and_lazy_negation_come_out_plain() -> None:
    class Zeros(Cube):
        @staticmethod
        def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
            return torch._efficientzerotensor(g.shape, dtype=g.dtype)

    np.testing.assert_array_equal(from_torch(Zeros.apply)[1](G, None, X), [0, 0])
    forward, _ = from_torch(torch._neg_view)
    np.testing.assert_array_equal(forward(X), -X)


def test_a_sparse_torch_gradient_comes_out_dense() -> None:
    def f(weight: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.embedding(index, weight, sparse=True)

    gradient = from_torch(f)[1](np.ones((2, 2)), None, np.ones((3, 2)), np.array([1, 1]))
    np.testing.assert_array_equal(gradient, [[0, 0], [2, 2], [0, 0]])


def test_torch_results_that_are_indices_are_left_out() -> None:
    forward, vjp = from_torch(torch.sort)
    np.testing.assert_array_equal(forward(X), [-2.0, 0.5])
    np.testing.assert_array_equal(vjp(G, None, X), G[::-1])


def test_a_torch_result_marked_non_differentiable_is_said() -> None:
    class Two(Cube):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> Any:
            rounded = x.round()
            ctx.mark_non_differentiable(rounded)
            return x * 1, rounded

        @staticmethod
        def backward(ctx: Any, g: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
            return g

    with pytest.raises(UncheckableError, match="result 1 of Two does not hang on its arguments"):
        from_torch(Two.apply)[1].linearize(X)


def test_a_torch_function_of_float32_and_integers() -> None:
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
            assert x.dtype == torch.float32
            assert n.dtype == torch.int64
            ctx.save_for_backward(n)
            return x * n

        @staticmethod
        def backward(ctx: Any, g: torch.Tensor) -> Any:
            return g * ctx.saved_tensors[0], None

    gradient = from_torch(Scaled.apply)[1](G.astype(np.float32), None, X.astype(np.float32), np.array([2, 3]))
    assert gradient.dtype == np.float32
    np.testing.assert_array_equal(gradient, G * [2, 3])


def test_a_torch_module() -> None:
    module = torch.nn.Linear(2, 1, bias=False, dtype=torch.float64)
    weight = module.weight.detach().numpy()
    forward, vjp = from_torch(module)
    np.testing.assert_allclose(forward(X), weight @ X)
    np.testing.assert_allclose(vjp(np.array([2.0]), None, X), 2 * weight[0])
    assert module.weight.grad is None
    assert vjp.name == "Linear"


def test_torch_functions_without_a_rule_are_said() -> None:
    _, vjp = from_torch(torch.igamma)
    with pytest.raises(UncheckableError, match="igamma has no gradient here"):
        vjp(np.ones(1), None, np.ones(1), np.ones(1))
    with pytest.raises(UncheckableError, match="igamma has no second derivative here"):
        from_torch(torch.igamma, order=2)[0](np.ones(1), np.ones(1), np.ones(1))

    class Once(Cube):
        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
            (x,) = ctx.saved_tensors
            return g * 3 * x**2

    _, vjp = from_torch(lambda x: Once.apply(x) * x, order=2)
    with pytest.raises(UncheckableError, match="has no second derivative here"):
        vjp(G, None, X, G)


def test_an_error_of_the_torch_function_itself_comes_through() -> None:
    class Flat(Cube):
        @staticmethod
        def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
            return g.view(-1).view(g.shape)

    _, vjp = from_torch(Flat.apply)
    x = np.ones((2, 3))
    vjp(x, None, x)
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        vjp(np.asfortranarray(x), None, x)


def test_torch_has_no_long_double() -> None:
    if np.dtype(np.longdouble) == np.float64:
        pytest.skip("long double is double here")
    with pytest.raises(UncheckableError, match=r"torch has no dtype like NumPy's (longdouble|float\d+)"):
        from_torch(torch.exp)[0](X.astype(np.longdouble))


# --------------------------------------------------------------------------------------------- JAX


def test_jax_without_64_bits_says_how_to_switch_them_on() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    forward, vjp = from_jax(jax.numpy.sin)
    with jax.enable_x64(False):
        for call in (forward, vjp.linearize):
            with pytest.raises(UncheckableError, match=r'jax.config.update\("jax_enable_x64", True\)'):
                call(X)
        assert forward(X.astype(np.float32)).dtype == np.float32


def test_jax_arrays_never_change(jax: Any) -> None:
    x = np.arange(64.0)
    _, vjp = from_jax(jax.numpy.sin)
    assert vjp.mutable is False
    assert vjp.layouts == ("C",)
    _, pullback = vjp.linearize(x)
    before = pullback(np.ones(64))[0]
    x += 1
    np.testing.assert_array_equal(pullback(np.ones(64))[0], before)


def test_a_jax_custom_vjp(jax: Any) -> None:
    @jax.custom_vjp
    def f(x: Any) -> Any:
        return x**3

    f.defvjp(lambda x: (x**3, x), lambda x, g: (g * 2 * x**2,))
    np.testing.assert_allclose(from_jax(f)[1](G, None, X), 2 * X**2 * G)


# ---------------------------------------------------------------------------------------- autograd


def test_an_autograd_primitive(autograd: Any) -> None:
    @autograd.extend.primitive
    def f(x: Any) -> Any:
        return x**3

    autograd.extend.defvjp(f, lambda ans, x: lambda g: g * 2 * x**2)
    _, vjp = from_autograd(f)
    np.testing.assert_allclose(vjp(G, None, X), 2 * X**2 * G)


def test_no_box_of_autograd_gets_out(autograd: Any) -> None:
    f = autograd.numpy.array
    for g in (lambda x: f([x[0], x[0] * x[1]]), lambda x: [x[0], x[0] * x[1]]):
        forward, vjp = from_autograd(g)
        results = [*np.atleast_1d(forward(X)), *np.atleast_1d(vjp.linearize(X)[0])]
        assert [type(item) for item in results] == [np.float64] * 4
    forward, vjp = from_autograd(lambda x: np.array([x[0], x[1]], dtype=object))  # NumPy's array, not autograd's
    with pytest.raises(UncheckableError, match="no array of the library"):
        vjp.linearize(X)


def test_an_autograd_rule_is_not_accused_of_keeping_references(autograd: Any) -> None:
    x = X.copy()
    _, pullback = from_autograd(autograd.numpy.sin)[1].linearize(x)
    before = pullback(G)[0]
    x += 1
    np.testing.assert_array_equal(pullback(G)[0], before)


def test_an_autograd_rule_that_writes_into_its_argument_is_seen(autograd: Any) -> None:
    @autograd.extend.primitive
    def square(x: Any) -> Any:
        return x * x

    def rule(ans: Any, x: Any) -> Any:
        def vjp(g: Any) -> Any:
            np.multiply(x, 2, out=x)
            return g * x

        return vjp

    autograd.extend.defvjp(square, rule)
    x = X.copy()
    from_autograd(square)[1](G, None, x)
    np.testing.assert_array_equal(x, 2 * X)


def test_an_autograd_rule_that_writes_into_the_upstream_gradient_is_seen(autograd: Any) -> None:
    @autograd.extend.primitive
    def double(x: Any) -> Any:
        return x * 2

    def rule(ans: Any, x: Any) -> Any:
        def vjp(g: Any) -> Any:
            g *= 2
            return g

        return vjp

    autograd.extend.defvjp(double, rule)
    g = G.copy()
    from_autograd(double)[1](g, None, X)
    np.testing.assert_array_equal(g, 2 * G)


def test_an_autograd_function_without_a_rule_is_said(autograd: Any) -> None:
    @autograd.extend.primitive
    def f(x: Any) -> Any:
        return x * 2

    with pytest.raises(UncheckableError, match="has no gradient here"):
        from_autograd(f)[1](G, None, X)
    with pytest.raises(UncheckableError, match="has no second derivative here"):
        from_autograd(f, order=2)[0](X, G)


# ------------------------------------------------------------------------------------------ MyGrad


def test_mygrad_locks_no_memory_of_the_caller(mygrad: Any) -> None:
    x = X.copy()
    _, pullback = from_mygrad(lambda t: t * t)[1].linearize(x)
    before = pullback(G)[0]
    x += 1
    np.testing.assert_array_equal(pullback(G)[0], before)
    assert x.flags.writeable


# ------------------------------------------------------------------------------------------- pairs


def test_a_pair_with_residuals() -> None:
    forward, vjp = from_pair(
        lambda x, n: (x**n, (x, n)), lambda kept, g: (g * kept[1] * kept[0] ** (kept[1] - 1), None)
    )
    np.testing.assert_array_equal(forward(X, 3), X**3)
    np.testing.assert_array_equal(vjp(G, None, X, 3), 3 * X**2 * G)
    assert vjp.zero_times_inf == "error"


def test_a_pair_of_makers() -> None:
    def forward(x: Any, y: Any, scale: float = 1) -> Any:
        return x * y * scale

    run, vjp = from_pair(
        forward,
        lambda ans, x, y, scale=1: lambda g: g * y * scale,
        None,
        convention="makers",
    )
    np.testing.assert_array_equal(run(X, G, scale=2), 2 * X * G)
    dx, dy = vjp(np.ones(2), None, X, G, scale=2)
    np.testing.assert_array_equal(dx, 2 * G)
    np.testing.assert_array_equal(dy, [0, 0])
    with pytest.raises(UncheckableError, match="given a float as argument 2, and there are 2 makers"):
        vjp(np.ones(2), None, X, G, X)


def test_a_pair_that_returns_its_pullback() -> None:
    forward, vjp = from_pair(lambda x: (x**2, lambda g: 2 * x * g), convention="pullback")
    np.testing.assert_array_equal(forward(X), X**2)
    np.testing.assert_array_equal(vjp(G, None, X), 2 * X * G)


def test_a_pair_may_keep_references_and_is_seen_writing_into_its_arguments() -> None:
    x = X.copy()
    _, pullback = from_pair(lambda x: (x**2, x), lambda x, g: 2 * x * g)[1].linearize(x)
    x += 1
    np.testing.assert_array_equal(pullback(G)[0], 2 * X * G)

    def greedy(x: Any, g: Any) -> Any:
        x *= 2
        return x * g

    assert check_vjp(*from_pair(lambda x: (x**2, x), lambda x, g: 2 * x * g), X)
    x = X.copy()
    from_pair(lambda x: (x**2, x), greedy)[1](G, None, x)
    np.testing.assert_array_equal(x, 2 * X)


def test_pairs_that_are_none() -> None:
    def f(x: Any) -> Any:
        return x

    with pytest.raises(UncheckableError, match="knows no convention 'tape'"):
        from_pair(f, f, convention="tape")
    with pytest.raises(UncheckableError, match="given 0 backward passes"):
        from_pair(f)
    with pytest.raises(UncheckableError, match="returned a ndarray, and the convention 'residuals' wants two things"):
        from_pair(f, f)[0](X)
    _, vjp = from_pair(lambda x, y: (x * y, None), lambda kept, g: (g, g, g))
    with pytest.raises(UncheckableError, match="returned 3 gradients for 2 arguments"):
        vjp(G, None, X, X)


# ------------------------------------------------------------------------------------- end to end


def test_a_right_function_passes_the_check(library: Any) -> None:
    adapter, module = library
    report = check_vjp(*adapter(lambda x, y: module.sin(x) * y), np.array([0.5, -2.0, 0.0]), np.array([[3.0], [0.25]]))
    assert report
    assert report.inconclusive == 0
    assert report.resolved < 1e-5
    if adapter is not from_mygrad:
        second = check_vjp(*adapter(module.exp, order=2), X, G)
        assert second
        assert second.inconclusive == 0


def test_a_right_torch_function_keeps_every_contract() -> None:
    report = check_vjp(*from_torch(Cube.apply), X, contracts="all")
    assert report
    assert {"dtype", "deterministic", "zero", "linear", "untouched", "alias", "layout", "saved"} <= {*report.contracts}
    assert check_vjp(*from_torch(Cube.apply, order=2), X, G)


def test_a_wrong_torch_function_is_reported_with_the_line_that_reproduces_it() -> None:
    with pytest.raises(GradientMismatch) as caught:
        check_vjp(*from_torch(WrongCube.apply), X)
    text = str(caught.value)
    assert "WrongCube(x) is wrong" in text
    line = next(line for line in text.splitlines() if "reproduce" in line).split(maxsplit=1)[1]
    assert line.startswith("check_vjp(*from_torch(")
    assert "WrongCube.apply), np.array([0.5, -2" in line
    code = line.replace(f"{WrongCube.__module__}.", "")
    with pytest.raises(GradientMismatch):
        eval(code, {"check_vjp": check_vjp, "from_torch": from_torch, "np": np, "WrongCube": WrongCube})


def test_a_wrong_second_derivative_is_found_where_the_first_is_right() -> None:
    class Detached(Cube):
        @staticmethod
        def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
            (x,) = ctx.saved_tensors
            return g * 3 * x.detach() ** 2

    assert check_vjp(*from_torch(Detached.apply), X)
    with pytest.raises(GradientMismatch, match="the backward pass of Detached"):
        check_vjp(*from_torch(Detached.apply, order=2), X, G)


def test_a_torch_function_that_saves_by_reference_breaks_a_contract() -> None:
    with pytest.raises(GradientMismatch) as caught:
        check_vjp(*from_torch(CubeByReference.apply), X, contracts="all")
    assert caught.value.contract == "saved"


def test_a_torch_function_that_takes_g_for_contiguous_breaks_a_contract() -> None:
    class Strided(Cube):
        @staticmethod
        def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
            (x,) = ctx.saved_tensors
            return torch.as_strided(g, x.shape, x.contiguous().stride()) * 3 * x**2

    with pytest.raises(GradientMismatch) as caught:
        check_vjp(*from_torch(Strided.apply), np.arange(1.0, 7.0).reshape(2, 3))
    assert caught.value.contract == "layout"


def test_a_wrong_jax_custom_vjp_is_found(jax: Any) -> None:
    @jax.custom_vjp
    def f(x: Any) -> Any:
        return x**3

    f.defvjp(lambda x: (x**3, x), lambda x, g: (g * 2 * x**2,))
    with pytest.raises(GradientMismatch, match="from_jax"):
        check_vjp(*from_jax(f), X)


def test_constants_and_several_results_go_through_a_check() -> None:
    report = check_vjp(*from_torch(lambda x, dim: torch.sort(x, dim)), np.array([[3.0, 1.0], [2.0, 5.0]]), 0)
    assert report
    assert check_vjp(*from_torch(lambda x: (x * 2, x.sum())), X)
    assert check_vjp(*from_torch(torch.logsumexp), X, kwargs={"dim": 0})
    assert check_vjp(*from_torch(lambda x, y: x * y), X, G, wrt=1)


def test_float32_is_checked_against_float64_where_the_function_takes_both() -> None:
    report = check_vjp(*from_torch(torch.exp), X.astype(np.float32))
    assert report
    assert report.resolved < 1e-3


# --------------------------------------------------------------------------------- missing libraries


@pytest.mark.parametrize("name", ["torch", "jax", "autograd", "mygrad"])
def test_a_missing_library_is_named_with_what_to_install(name: str) -> None:
    program = f"""
import sys
sys.modules[{name!r}] = None
from minigrad.testing.adapters import from_{name}
try:
    from_{name}(abs)
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"from_{name} needs {name}: pip install {name}\n"


def test_importing_the_adapters_imports_no_library() -> None:
    program = """
import sys, minigrad.testing.adapters
print([name for name in ("torch", "jax", "autograd", "mygrad", "hypothesis") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
