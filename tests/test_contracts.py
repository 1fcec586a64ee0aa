"""What a backward pass must keep to beside its numbers: each broken alone is named, and nobody else is accused."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad.testing import GradientMismatch, check_adjoint, check_grad, check_grad_grad, check_jvp, check_vjp
from minigrad.testing.contracts import laid_out
from minigrad.testing.options import ALWAYS, CONTRACTS, LAYOUTS

F = Callable[..., Any]
X = np.array([1.0, -2.0, 0.5])
M = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]])


def square_vjp(g: Any, out: Any, x: Any) -> Any:
    return 2 * g * x


def accused(check: F, *args: Any, **options: Any) -> str:
    """The contract that a check says is broken."""
    with pytest.raises(GradientMismatch) as caught:
        check(*args, **options)
    assert caught.value.contract, str(caught.value)
    assert caught.value.contract in str(caught.value)
    return caught.value.contract


# ----------------------------------------------------------------------------- broken ones


def narrowed(g: Any, out: Any, x: Any) -> Any:
    return (2 * g * x).astype(np.float32).astype(np.longdouble)


RNG = np.random.default_rng(0)


def random_part(g: Any, out: Any, x: Any) -> Any:
    return 2 * g * x * (1 + 1e-9 * RNG.standard_normal(x.shape))


def add_a_little(g: Any, out: Any, x: Any) -> Any:
    return 2 * g * x + (0.0 if g.any() else 1e-3)


def zero_over_zero(g: Any, out: Any, x: Any) -> Any:
    with np.errstate(all="ignore"):
        return 2 * x * g if g.any() else x * g / g


def write_argument(g: Any, out: Any, x: Any) -> Any:
    found = 2 * g * x
    x += 1
    return found


def write_argument_last(g: Any, out: Any, x: Any) -> Any:
    found = 2 * g * x
    x[..., -1] = 9
    return found


def write_upstream(g: Any, out: Any, x: Any) -> Any:
    g *= 2 * x
    return g.copy()


def write_output(g: Any, out: Any, x: Any) -> Any:
    found = 2 * g * x
    out[...] = 0
    return found


KEPT = np.zeros(M.shape)


def one_buffer(g: Any, out: Any, x: Any) -> Any:
    buffer = KEPT if x.shape == KEPT.shape else KEPT[0]
    np.multiply(2 * g, x, out=buffer)
    return buffer


def in_memory_order(g: Any, out: Any, x: Any) -> Any:
    return 2 * x * np.ravel(g, order="K").reshape(g.shape)


def from_the_buffer(g: Any, out: Any, x: Any) -> Any:
    whole = g
    while whole.base is not None:
        whole = whole.base
    return 2 * x * (whole.reshape(-1)[: g.size].reshape(g.shape) if whole.size >= g.size else g)


BROKEN: dict[str, list[F]] = {
    "shape": [
        lambda g, out, x: (2 * g * x)[..., :1],
        lambda g, out, x: (2 * g * x)[None],
        lambda g, out, x: np.sum(2 * g * x),
        lambda g, out, x: (2 * g * x).reshape(-1, 1),
        lambda g, out, x: 0.0,
    ],
    "dtype": [
        lambda g, out, x: (2 * g * x).astype(np.float32),
        narrowed,
        lambda g, out, x: (2 * g * x).astype(np.longdouble),
    ],
    "deterministic": [random_part],
    "zero": [add_a_little, zero_over_zero],
    "linear": [
        lambda g, out, x: 2 * np.maximum(g, 0) * x,
        lambda g, out, x: 2 * np.abs(g) * x,
        lambda g, out, x: 2 * g * g * x,
        lambda g, out, x: 2 * np.clip(g, -10, 10) * x,
        lambda g, out, x: 2 * np.where(np.abs(g) > 1e-5, g, 0) * x,
        lambda g, out, x: 2 * np.sign(g) * x,
        lambda g, out, x: 2 * g * x / max(1.0, float(np.abs(g).max())),
    ],
    "untouched": [write_argument, write_argument_last, write_upstream, write_output],
    "alias": [one_buffer],
    "layout": [in_memory_order, from_the_buffer],
}


@pytest.mark.parametrize(("contract", "vjp"), [(name, vjp) for name, rules in BROKEN.items() for vjp in rules])
@pytest.mark.parametrize("x", [M, np.asfortranarray(M)], ids=["C", "F"])
def test_a_broken_contract_is_named(contract: str, vjp: F, x: Any) -> None:
    assert accused(check_vjp, lambda x: x * x, vjp, x) == contract


@pytest.mark.parametrize(
    ("contract", "vjp"), [(name, vjp) for name in ("linear", "untouched", "zero") for vjp in BROKEN[name]]
)
@pytest.mark.parametrize("x", [X, X[:2], X[:1]], ids=["three", "two", "one"])
def test_few_elements_are_enough_to_see_it(contract: str, vjp: F, x: Any) -> None:
    assert accused(check_vjp, lambda x: x * x, vjp, x) == contract


@pytest.mark.parametrize("vjp", BROKEN["linear"])
def test_a_scalar_output_is_enough_to_see_that_it_is_not_linear(vjp: F) -> None:
    scalar = lambda x: np.sum(x * x)  # noqa: E731
    assert accused(check_vjp, scalar, lambda g, out, x: vjp(np.full(x.shape, g), out, x), X) == "linear"


def test_an_upstream_gradient_without_a_zero_is_tried_too() -> None:
    vjp = lambda g, out, x: 2 * g * x * (1 + 1e-6 * bool(g.all()))  # noqa: E731
    assert accused(check_vjp, lambda x: x * x, vjp, X) == "linear"


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_contracts_hold_in_few_digits(dtype: Any) -> None:
    assert check_vjp(lambda x: x * x, square_vjp, M.astype(dtype))
    for vjp in (BROKEN["linear"][0], BROKEN["linear"][3], write_upstream):
        assert accused(check_vjp, lambda x: x * x, vjp, M.astype(dtype)) in ("linear", "untouched")


def test_a_gradient_that_shares_memory() -> None:
    identity = lambda x: x.copy()  # noqa: E731
    add = lambda a, b: a + b  # noqa: E731
    for f, vjp, args in (
        (identity, lambda g, out, x: g, (X,)),
        (identity, lambda g, out, x: g[:], (X,)),
        (lambda x: x[::-1].copy(), lambda g, out, x: g[::-1], (X,)),
        (lambda x: x.reshape(-1).copy(), lambda g, out, x: g.reshape(x.shape), (M,)),
        (lambda x: x.T.copy(), lambda g, out, x: g.T, (M,)),
        (lambda x: x.sum(axis=0, keepdims=True), lambda g, out, x: np.broadcast_to(g, x.shape), (M,)),
        (add, lambda g, out, a, b: (g, g.copy()), (X, X)),
        (add, lambda g, out, a, b: (g.copy(),) * 2, (X, X)),
    ):
        assert accused(check_vjp, f, vjp, *args) == "alias"
    halves = lambda g, out, a, b: tuple(np.stack([g, g]))  # noqa: E731 - two views of one new array, side by side
    assert check_vjp(add, halves, X, X)


def test_a_gradient_that_is_an_argument_is_named() -> None:
    linear = lambda a, b: np.sum(a * b)  # noqa: E731

    def careless(g: Any, out: Any, a: Any, b: Any) -> Any:
        b *= 1.0  # no change
        return np.multiply(b, g, out=b), a * g

    assert accused(check_vjp, linear, careless, X, X + 3) in ("untouched", "alias")


def test_an_engine_keeps_what_it_has_read() -> None:
    """A pair of formulas reads its arguments when it is called; an engine must not notice a later change."""

    def forward(x: Any) -> Any:
        return x * x, x

    def careful(x: Any) -> Any:
        return x * x, x.copy()

    vjp = lambda g, kept: 2 * g * kept  # noqa: E731
    assert check_vjp(careful, vjp, X, residuals=True, contracts="all")
    assert check_vjp(forward, vjp, X, residuals=True)  # not asked of a formula
    assert accused(check_vjp, forward, vjp, X, residuals=True, contracts="all") == "saved"
    assert accused(check_vjp, forward, vjp, X, residuals=True, contracts=["saved"]) == "saved"

    def refusing(g: Any, kept: Any) -> Any:
        x, before = kept
        if not np.array_equal(x, before):
            raise RuntimeError("an argument was changed after the forward pass")
        return 2 * g * x

    assert check_vjp(lambda x: (x * x, (x, x.copy())), refusing, X, residuals=True, contracts="all")


def test_zero_times_infinity() -> None:
    def leaky(g: Any, out: Any, x: Any) -> Any:
        with np.errstate(all="ignore"):
            return g * 0.5 / np.sqrt(x)

    def tight(g: Any, out: Any, x: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.where(g == 0, 0.0, g * 0.5 / np.sqrt(x))

    x = np.array([0.0, 4.0])
    assert check_vjp(np.sqrt, tight, x)
    assert check_vjp(np.sqrt, leaky, x, zero_times_inf="allow")
    with pytest.raises(GradientMismatch) as caught:
        check_vjp(np.sqrt, leaky, x)
    assert "nan" in str(caught.value)
    with pytest.raises(GradientMismatch):  # it is no licence for NaN where nothing is infinite
        check_vjp(
            np.square,
            lambda g, out, x: np.where(g == 0, np.nan, 2 * g * x),
            np.array([1.0, 4.0]),
            zero_times_inf="allow",
        )

    def known(g: Any, out: Any, x: Any) -> Any:
        return leaky(g, out, x)

    known.zero_times_inf = "allow"  # type: ignore[attr-defined]
    assert check_vjp(np.sqrt, known, x)
    with pytest.raises(GradientMismatch):
        check_vjp(np.sqrt, known, x, zero_times_inf="error")


def test_a_wrong_number_is_no_broken_contract_and_comes_first() -> None:
    with pytest.raises(GradientMismatch) as caught:
        check_vjp(np.square, lambda g, out, x: g * x * x, X)
    assert caught.value.contract == ""


def test_who_is_to_blame_is_named_with_element_and_hint() -> None:
    with pytest.raises(GradientMismatch) as caught:
        check_vjp(np.square, lambda g, out, x: 2 * np.maximum(g, 0) * x, M, argnames=["w"], err_msg="my layer")
    text = str(caught.value)
    assert text.startswith("my layer\n")
    assert "w[" in text
    assert "hint" in text
    with pytest.raises(GradientMismatch, match=r"two arguments|y") as caught:
        check_vjp(np.multiply, lambda g, out, a, b: (g * b, (g * a).astype(np.float32)), X, X + 3)
    assert caught.value.contract == "dtype"


# ----------------------------------------------------------------------------- right ones


RIGHT: list[tuple[F, F]] = [
    (np.square, square_vjp),
    (np.square, lambda g, out, x: np.asfortranarray(2 * g * x)),
    (np.square, lambda g, out, x: (2 * g * x)[::-1][::-1]),
    (np.exp, lambda g, out, x: g * out),
    (lambda x: x, lambda g, out, x: g.copy()),
    (lambda x: x[::-1], lambda g, out, x: g[::-1].copy()),
    (lambda x: x.sum(axis=0), lambda g, out, x: np.broadcast_to(g, x.shape).copy()),
    (lambda x: x.T, lambda g, out, x: np.array(g.T, order="C")),
    (np.cumsum, lambda g, out, x: np.cumsum(g[::-1])[::-1].reshape(x.shape)),
    (lambda x: x - x.mean(), lambda g, out, x: g - g.mean()),
    (lambda x: 1e8 * x, lambda g, out, x: 1e8 * g),
    (lambda x: 1e-8 * x + 1e8, lambda g, out, x: 1e-8 * g),
    (lambda x: np.exp(x) / np.exp(x).sum(), lambda g, out, x: out * (g - (g * out).sum())),
    (lambda x: np.sqrt((x * x).sum()), lambda g, out, x: g * x / np.where(out == 0, 1, out)),
]


@pytest.mark.parametrize(("f", "vjp"), RIGHT)
@settings(max_examples=10)
@given(data=st.data())
def test_a_right_backward_pass_breaks_no_contract(f: F, vjp: F, data: st.DataObject) -> None:
    shapes = hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=3)
    x = data.draw(hnp.arrays(np.float64, shapes, elements=st.integers(1, 24).map(lambda n: n / 8)))
    report = check_vjp(f, vjp, x)
    assert set(report.contracts) == {"shape", *ALWAYS}


def test_work_on_a_copy_is_no_crime() -> None:
    def busy(g: Any, out: Any, x: Any) -> Any:
        g, x = g.copy(), x.copy()
        g *= 2
        x += 0
        g *= x
        return g

    assert check_vjp(np.square, busy, M)


def test_a_backward_pass_may_keep_a_cache_of_its_own() -> None:
    cache: dict[bytes, Any] = {}

    def cached(g: Any, out: Any, x: Any) -> Any:
        key = g.tobytes() + x.tobytes()
        if key not in cache:
            cache[key] = 2 * g * x
        return cache[key].copy()

    assert check_vjp(np.square, cached, M)


def test_upstream_gradients_of_numbers_are_numbers() -> None:
    def vjp(g: Any, out: Any, x: Any) -> Any:
        assert isinstance(g, float)
        return g * 2.0 * x

    assert check_vjp(lambda x: float(np.sum(x * x)), vjp, X)
    assert check_vjp(lambda x: x * x, vjp, 3.0)


# ----------------------------------------------------------------------------- which are asked for


def test_all_of_them_are_in_the_report() -> None:
    assert set(check_vjp(np.square, square_vjp, M).contracts) == {"shape", *ALWAYS}
    assert set(check_vjp(np.square, square_vjp, M, contracts=False).contracts) == {"shape"}
    assert set(check_vjp(np.square, square_vjp, M, contracts="dtype").contracts) == {"shape", "dtype"}
    assert set(check_vjp(np.square, square_vjp, M, contracts=["zero", "linear"]).contracts) == {
        "shape",
        "zero",
        "linear",
    }
    assert set(check_grad(mg.tanh, M).contracts) >= {"shape", "accumulate", *CONTRACTS}
    assert "symmetric" in check_grad_grad(lambda x: mg.sum(x * x * x), X).contracts
    assert check_adjoint(lambda t, out, x: t, lambda g, out, x: g, X).contracts == ("shape", "adjoint")


@pytest.mark.parametrize(("contract", "vjp"), [(name, rules[0]) for name, rules in BROKEN.items() if name != "shape"])
def test_a_contract_that_is_not_asked_for_is_not_looked_at(contract: str, vjp: F) -> None:
    if contract in ("layout", "alias", "linear", "zero"):  # the others spoil the numbers as well
        assert check_vjp(lambda x: x * x, vjp, M, contracts=[name for name in ALWAYS if name != contract])
    assert accused(check_vjp, lambda x: x * x, vjp, M, contracts=[contract]) == contract


def test_the_shape_is_always_looked_at() -> None:
    assert accused(check_vjp, np.square, lambda g, out, x: (2 * g * x)[None], X, contracts=False) == "shape"


def test_layouts_may_be_left_out() -> None:
    assert check_vjp(lambda x: x * x, in_memory_order, M, layouts=("C", "broadcast"))
    assert check_vjp(lambda x: x * x, in_memory_order, M, layouts=())
    assert accused(check_vjp, lambda x: x * x, in_memory_order, M, layouts=("F",)) == "layout"

    def only_c(g: Any, out: Any, x: Any) -> Any:
        return in_memory_order(g, out, x)

    only_c.layouts = ("C",)  # type: ignore[attr-defined]
    assert check_vjp(lambda x: x * x, only_c, M)


def test_what_cannot_be_written_to_is_not_asked_about_writing() -> None:
    def vjp(g: Any, out: Any, x: Any) -> Any:
        return g

    vjp.mutable = False  # type: ignore[attr-defined]
    report = check_vjp(lambda x: x.copy(), vjp, X)
    assert not {"untouched", "alias", "saved"} & set(report.contracts)


@settings(max_examples=25)
@given(
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)), st.sampled_from(LAYOUTS)
)
def test_a_layout_has_the_same_numbers(array: Any, layout: str) -> None:
    found = laid_out(array, layout)
    assert found.shape == array.shape
    assert not np.shares_memory(found, array)
    if layout == "broadcast":
        assert all(stride == 0 for stride, n in zip(found.strides, found.shape) if n > 1) or not array.size
        expected = np.full(array.shape, array.reshape(-1)[0] if array.size else 0.0)
    else:
        expected = array
    np.testing.assert_array_equal(found, expected)
    if array.ndim and array.size > 1 and layout == "reversed":
        assert any(stride < 0 for stride in found.strides)
    if layout in "CF":
        assert found.flags[f"{layout}_CONTIGUOUS"]


# ----------------------------------------------------------------------------- minigrad's own


@pytest.mark.usefixtures("forgetful_registry")
@pytest.mark.parametrize(
    ("contract", "rule"),
    [
        ("", lambda g, x: 2 * g * x),
        ("linear", lambda g, x: 2 * np.maximum(g, 0) * x),
        ("deterministic", lambda g, x: 2 * g * x * (1 + 1e-9 * RNG.standard_normal())),
        ("layout", lambda g, x: 2 * x * np.ravel(g, order="K").reshape(g.shape)),
        ("zero", lambda g, x: 2 * g * x + (0.0 if g.any() else 1e-3)),
    ],
)
def test_a_rule_of_an_operation_that_breaks_a_contract(contract: str, rule: F) -> None:
    class Square(mg.Op):
        """x squared, by a rule of NumPy's functions"""

        def forward(x: Any) -> Any:
            return x * x

        def dx(g: Any, out: Any, x: Any) -> Any:
            return np.asarray(rule(g, x), x.dtype)

    if contract:
        assert accused(check_grad, functools.partial(mg.apply, Square), M) == contract
    else:
        assert check_grad(functools.partial(mg.apply, Square), M)


def test_two_backward_passes_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that overwrites .grad, or adds to it where it should not, is seen by `accumulate`."""
    whole = mg.Tensor.backward

    def overwriting(self: Any, *args: Any, **more: Any) -> None:
        for leaf in seen:
            leaf.grad = None
        whole(self, *args, **more)

    seen: list[Any] = []

    def f(x: Any) -> Any:
        if isinstance(x, mg.Tensor) and x.requires_grad:
            seen.append(x)
        return x * x

    assert check_grad(f, X)
    monkeypatch.setattr(mg.Tensor, "backward", overwriting)
    assert accused(check_grad, f, X) == "accumulate"


def test_the_gradient_in_grad_is_that_of_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = mg.Tensor.backward
    seen: list[Any] = []

    def doubling(self: Any, *args: Any, **more: Any) -> None:
        whole(self, *args, **more)
        for leaf in seen:
            if leaf.grad is not None:
                leaf.grad = leaf.grad + leaf.grad

    def f(x: Any) -> Any:
        if isinstance(x, mg.Tensor) and x.requires_grad:
            seen.append(x)
        return x * x

    monkeypatch.setattr(mg.Tensor, "backward", doubling)
    assert accused(check_grad, f, X) == "accumulate"


def test_a_forward_derivative_and_the_adjoint_have_names_too() -> None:
    assert accused(check_jvp, np.square, lambda t, out, x: (2 * t * x)[None], X) == "shape"
    assert accused(check_jvp, np.square, lambda t, out, x: (2 * t * x).astype("f"), X) == "dtype"
    assert accused(check_adjoint, lambda t, out, x: t, lambda g, out, x: 2 * g, X) == "adjoint"


def frozen(x: Any) -> Any:
    """The numbers of an array or a tensor, without its graph."""
    return mg.from_numpy(np.array(x.data, copy=True)) if isinstance(x, mg.Tensor) else x


@pytest.mark.usefixtures("forgetful_registry")
@pytest.mark.parametrize(("part", "found"), [(1.0, ""), (1e-3, ""), (1e-10, "symmetric"), (0.0, None)])
def test_a_rule_that_is_right_once_and_wrong_twice(part: float, found: str | None) -> None:
    """Beyond half of the digits the differences see it; below, the symmetry of the Hessian still does."""

    class Times(mg.Op):
        """a b, where the gradient by a has a derivative of its own that is off by a part"""

        def forward(a: Any, b: Any) -> Any:
            return a * b

        def da(g: Any, out: Any, a: Any, b: Any) -> Any:
            return g * (b + part * (b - frozen(b)))

        def db(g: Any, out: Any, a: Any, b: Any) -> Any:
            return g * a

    f = functools.partial(mg.apply, Times)
    assert check_grad(f, X, X + 3)
    if found is None:
        assert check_grad_grad(f, X, X + 3)
    else:
        with pytest.raises(GradientMismatch) as caught:
            check_grad_grad(f, X, X + 3)
        assert caught.value.contract == found
    if found == "symmetric":
        assert check_grad_grad(f, X, X + 3, symmetry=False)
