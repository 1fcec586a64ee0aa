"""What is no differentiable function gets a sentence of its own, and never a verdict."""

import math
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing import (
    GradientMismatch,
    GradReport,
    InconclusiveError,
    UncheckableError,
    check_adjoint,
    check_against,
    check_grad,
    check_grad_grad,
    check_jvp,
    check_vjp,
    numeric_jacobian,
    tally,
)

pytestmark = pytest.mark.gradient(required=False)

F = Callable[..., Any]
X = np.array([1.0, -2.0, 0.5])


def back(g: Any, out: Any, *args: Any) -> Any:
    """A right backward pass of x -> x * x, and a wrong one of anything else."""
    return 2 * g * args[0]


def refused(check: F, *args: Any, **options: Any) -> str:
    """The sentence of a check that must not come to a verdict, whatever the gradient."""
    with pytest.raises(UncheckableError) as caught:
        check(*args, **options)
    assert not isinstance(caught.value, AssertionError)
    lines = str(caught.value).splitlines()
    assert len(lines) >= 2, "the first line says what happened, the second how to mend it"
    assert all(lines)
    return lines[0]


def everywhere(f: F, *args: Any) -> set[str]:
    """The sentences with a right, a wrong and no gradient, by every check that takes f."""
    return {
        refused(check_vjp, f, back, *args),
        refused(check_vjp, f, lambda g, out, *args: 0 * args[0], *args),
        refused(check_vjp, f, back, *args, inconclusive="ignore", contracts=False),
        refused(check_jvp, f, lambda t, out, *args: t, *args),
        refused(numeric_jacobian, f, *args),
    }


# ----------------------------------------------------------------------------- what f gives back


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: None, "returned nothing"),
        (lambda x: (x, None), r"out\[1\] is None"),
        (lambda x: np.array([x, None], dtype=object), "objects"),
        (lambda x: np.array([mg.tensor(1.0), x[0]], dtype=object), "objects"),
        (lambda x: x.astype(object), "objects"),
        (lambda x: np.rint(x).astype(int), "int64"),
        (lambda x: np.argmax(x), "int64"),
        (lambda x: 3, "int"),
        (lambda x: x > 0, "bool"),
        (lambda x: bool(x.any()), "bool"),
        (lambda x: x + 0j, "complex"),
        (lambda x: complex(x[0]), "complex"),
        (lambda x: "text", "str"),
        (lambda x: np.array(["text"]), "<U4"),
        (lambda x: torch.tensor(x) * 2, "torch.Tensor"),
        (lambda x: (v for v in x), "generator"),
        (lambda x: set(x), "set"),
        (lambda x: [], "empty"),
        (lambda x: {}, "empty"),
        (lambda x: x.astype("M8[s]"), "datetime64"),
    ],
)
def test_what_a_function_may_not_return(f: F, words: str) -> None:
    for sentence in everywhere(f, X):
        assert re.search(words, sentence), sentence


def test_another_librarys_tensors_name_the_adapter() -> None:
    with pytest.raises(UncheckableError, match="from_torch"):
        check_vjp(lambda x: torch.tensor(x) * 2, back, X)


def test_another_shape_at_another_call() -> None:
    def growing() -> F:
        calls = 0

        def f(x: Any) -> Any:
            nonlocal calls
            calls += 1
            return x[: 1 + calls % 2]

        return f

    assert "shape" in refused(check_vjp, growing(), back, X)
    assert "shape" in refused(numeric_jacobian, growing(), X)
    assert "shape" in refused(check_vjp, lambda x: x[x > 0.9], lambda g, out, x: x, X)
    assert "shape" in refused(numeric_jacobian, lambda x: x[x >= 1.0], X)
    assert refused(numeric_jacobian, lambda x: (x, x) if x[0] >= 1 else (x,), X)
    assert refused(numeric_jacobian, lambda x: x if x[0] >= 1 else None, X)
    assert refused(numeric_jacobian, lambda x: x if x[0] >= 1 else "text", X)


# ----------------------------------------------------------------------------- no function of its arguments


@settings(max_examples=10)
@given(st.sampled_from([1e-12, 1e-9, 1e-3, 1.0]), st.integers(0, 5))
def test_a_function_that_is_random(size: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for sentence in everywhere(lambda x: x * x + size * rng.standard_normal(x.shape), X):
        assert "not deterministic" in sentence


@pytest.mark.parametrize("every", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("claim", [1.0, 5.0])
def test_a_function_that_drifts(every: int, claim: float) -> None:
    """It may give the same twice in a row, and be another function by the end of a ladder."""
    calls = 0

    def drift(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return x * (1.0 + calls // every)

    with pytest.raises((UncheckableError, InconclusiveError)):
        check_vjp(drift, lambda g, out, x: claim * g, X)


def test_a_function_that_warms_up() -> None:
    for after in range(1, 12):
        calls = 0

        def warm(x: Any, after: int = after) -> Any:
            nonlocal calls
            calls += 1
            return x * (1.0 if calls <= after else 2.0)

        with pytest.raises((UncheckableError, InconclusiveError)):
            check_vjp(warm, lambda g, out, x: 1.0 * g, X)


def test_a_generator_among_the_arguments_is_used_up() -> None:
    assert "deterministic" in refused(
        check_vjp, lambda x, it: x * sum(it), lambda g, out, x, it: g * 3, X, (i for i in (1, 2))
    )


def test_a_function_that_changes_its_argument() -> None:
    def before(x: Any) -> Any:
        x += 1
        return x * x

    def after(x: Any) -> Any:
        y = x * x
        x[0] = 9
        return y

    def own_output(x: Any) -> Any:
        x *= 2
        return x

    for f in (before, after, own_output):
        x = X.copy()
        for sentence in everywhere(f, x):
            assert "changes its argument in place" in sentence
            assert "x[0]" in sentence
        assert x.tolist() == X.tolist()


def test_a_function_that_changes_what_is_not_differentiated() -> None:
    def f(x: Any, scratch: Any) -> Any:
        scratch += 1
        return x * 2

    for scratch in (np.zeros(3), np.zeros(3, int), [np.zeros(2)], {"a": np.zeros(2)}):
        if isinstance(scratch, (list, dict)):
            g = lambda x, c: f(x, c[0] if isinstance(c, list) else c["a"])  # noqa: E731
        else:
            g = f
        assert "in place" in refused(check_vjp, g, lambda g, out, x, c: g * 2, X, scratch, wrt=0)
    kept = np.zeros(3, int)
    refused(check_vjp, f, lambda g, out, x, c: g * 2, X, kept)
    assert not kept.any()


def test_a_minigrad_function_that_changes_its_argument() -> None:
    def f(x: Any) -> Any:
        x += 1.0
        return x * 2

    assert "in place" in refused(check_grad, f, X)


# ----------------------------------------------------------------------------- raising


@pytest.mark.parametrize("error", [ValueError, RuntimeError, ZeroDivisionError, AssertionError, KeyError])
@pytest.mark.parametrize("claim", [1.0, 2.0])
def test_a_function_that_raises_in_the_middle_of_a_ladder(error: type[Exception], claim: float) -> None:
    """Near the point, and not where one comes nearer still: a hole."""

    def holed(x: Any) -> Any:
        if 1e-13 < abs(x[0] - 1) < 1e-9:
            raise error("a hole")
        return x * np.abs(x)

    with pytest.raises(UncheckableError, match="a hole"):
        numeric_jacobian(holed, np.array([1.0]))
    found = outcome(check_vjp, holed, lambda g, out, x: 2 * claim * g * np.abs(x), np.array([1.0]))
    if claim == 1.0 and isinstance(found, GradReport):
        assert found.fast  # four values from afar were enough to accept it
    else:
        assert isinstance(found, UncheckableError)
        assert "a hole" in str(found)


@pytest.mark.parametrize("error", [TypeError, AttributeError, NameError, OSError])
def test_what_no_domain_would_raise_is_never_a_verdict(error: type[Exception]) -> None:
    """It comes through as it is, or with a sentence; and it is no AssertionError."""

    def broken(x: Any) -> Any:
        if x[0] != 1:
            raise error("broken")
        return x * x

    with pytest.raises(Exception, match="broken") as caught:
        check_vjp(broken, lambda g, out, x: g, X)
    assert not isinstance(caught.value, AssertionError)


def test_a_function_that_raises_at_the_point_shows_its_own_error() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        check_vjp(np.linalg.cholesky, back, -np.eye(2))


def test_a_function_that_raises_everywhere_else_has_no_slope() -> None:
    def alone(x: Any) -> Any:
        if x[0] != 1:
            raise ValueError("only here")
        return x * x

    with pytest.raises(InconclusiveError):
        check_vjp(alone, back, X[:1])


def test_interrupting_a_check_interrupts_it() -> None:
    def stopped(x: Any) -> Any:
        if x[0] != 1:
            raise KeyboardInterrupt
        return x * x

    with pytest.raises(KeyboardInterrupt):
        check_vjp(stopped, back, X)


# ----------------------------------------------------------------------------- constant, discontinuous, vertical


@pytest.mark.parametrize(
    "f", [lambda x: np.ones(3), lambda x: x * 0, lambda x: 3.0, lambda x: np.where(x == x, 1.0, x), np.zeros_like]
)
@pytest.mark.parametrize("claim", [0.0, 1.0])
def test_a_constant_function(f: F, claim: float) -> None:
    """Its gradient of 0 proves nothing: most likely the argument does not reach the result."""

    def vjp(g: Any, out: Any, x: Any) -> Any:
        return np.full_like(x, claim) * np.sum(g)

    with pytest.raises(InconclusiveError, match="never changes"):
        check_vjp(f, vjp, X)
    with pytest.raises(InconclusiveError, match="never changes"):
        check_jvp(f, lambda t, out, x: np.zeros_like(out), X)
    assert not check_vjp(f, vjp, X, inconclusive="ignore")


def test_a_constant_minigrad_function() -> None:
    for check in (check_grad, check_grad_grad):
        with pytest.raises(InconclusiveError, match="never changes"):
            check(lambda x: x * 0.0, X)
        with pytest.raises(InconclusiveError, match="never changes"):
            check(lambda x: mg.ones(3), X)


def test_a_function_that_is_flat_here_only_is_not_constant() -> None:
    relu = lambda x: np.maximum(x, 0.0)  # noqa: E731
    assert check_vjp(relu, lambda g, out, x: g * (x > 0), -np.ones(2))
    with pytest.raises(GradientMismatch):
        check_vjp(relu, lambda g, out, x: g * 1.0, -np.ones(2))


@pytest.mark.parametrize("claim", [0.0, 1.0, -7.0, np.inf, np.nan])
@pytest.mark.parametrize(
    ("f", "at"),
    [
        (np.floor, 1.0),
        (np.sign, 0.0),
        (np.rint, 0.5),
        (lambda x: np.where(x >= 1, x + 3, x), 1.0),
        (lambda x: np.where(x == 1, 3.0, x), 1.0),
        (lambda x: np.heaviside(x, 0.5), 0.0),
        (lambda x: 1e-6 * np.sign(x) + x, 0.0),
    ],
)
def test_a_discontinuity(f: F, at: float, claim: float) -> None:
    with pytest.raises(InconclusiveError, match="jumps"):
        check_vjp(f, lambda g, out, x: np.where(g == 0, 0.0, g * claim), np.array([at]))
    assert not check_vjp(f, lambda g, out, x: g * 0, np.array([at]), inconclusive="ignore")


@pytest.mark.parametrize("claim", [0.0, 1.0, 1e9, np.inf])
@pytest.mark.parametrize("f", [np.sqrt, np.cbrt, lambda x: np.abs(x) ** 0.25])
def test_a_vertical_point(f: F, claim: float) -> None:
    with pytest.raises(InconclusiveError, match="without bound"):
        check_vjp(f, lambda g, out, x: np.where(g == 0, 0.0, g * claim), np.array([0.0]))


@pytest.mark.parametrize("claim", [0.0, 1.0, np.nan])
def test_around_a_value_that_is_not_finite_nothing_is_said(claim: float) -> None:
    for f in (lambda x: 1 / x, np.log, lambda x: np.where(x == 0, np.nan, x)):
        with pytest.raises(InconclusiveError):
            check_vjp(f, lambda g, out, x: np.where(g == 0, 0.0, g * claim), np.array([0.0]))


# ----------------------------------------------------------------------------- what is given


@pytest.mark.parametrize(
    "args",
    [
        (),
        (3,),
        (np.array([1, 2]),),
        (np.array([True]),),
        (np.array([1 + 2j]),),
        (2j,),
        ("text",),
        (None,),
        (np.array([None]),),
        (torch.ones(2),),
        ([],),
        ({"a": 1, "b": "c"},),
        ((v for v in [1.0]),),
        (np.array(["a"]),),
        (range(3),),
        (object(),),
    ],
)
def test_nothing_to_differentiate(args: tuple[Any, ...]) -> None:
    for check in (
        lambda: check_vjp(lambda *a: 1.0, lambda g, out, *a: g, *args),
        lambda: check_jvp(lambda *a: 1.0, lambda t, out, *a: t, *args),
        lambda: check_grad(lambda *a: mg.tensor(1.0), *args),
        lambda: check_grad_grad(lambda *a: mg.tensor(1.0), *args),
        lambda: check_adjoint(lambda t, out, *a: t, lambda g, out, *a: g, *args),
        lambda: check_against(lambda *a: mg.tensor(1.0), (lambda *a: 1.0, lambda g, out, *a: g), *args),
        lambda: numeric_jacobian(lambda *a: 1.0, *args),
    ):
        assert "nothing to differentiate" in refused(check)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_arguments_that_are_not_finite(bad: float) -> None:
    for x in (np.array([bad]), np.array(bad), bad, np.full((2, 2), bad), [bad, np.array([bad])]):
        sentence = refused(check_vjp, lambda x: np.ones(1), lambda g, out, x: x, x)
        assert "infinite or NaN" in sentence


FORMULAS: dict[F, F] = {
    np.square: lambda g, out, x: 2 * g * x,
    np.tanh: lambda g, out, x: g * (1 - out * out),
    np.sin: lambda g, out, x: g * np.cos(x),
    np.sum: lambda g, out, x: np.full(x.shape, g),
}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("f", FORMULAS)
def test_one_element_that_is_not_finite_accuses_nobody(f: F, bad: float) -> None:
    """Of a right backward pass: a formula's, or that of minigrad."""
    x = np.array([bad, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert not isinstance(outcome(check_vjp, f, FORMULAS[f], x), GradientMismatch)
        if f is not np.square:
            assert not isinstance(outcome(check_grad, f, x), GradientMismatch)


def outcome(check: F, *args: Any, **options: Any) -> Any:
    try:
        return check(*args, **options)
    except (GradientMismatch, InconclusiveError, UncheckableError) as error:
        return error


@pytest.mark.parametrize(
    "wrt", [3, -3, "x", "0", True, 1.0, None.__class__, (0, 5), (), (0, "y"), [None], np.array([7])]
)
def test_wrt_that_names_nothing(wrt: Any) -> None:
    assert "wrt" in refused(check_vjp, lambda a, b: a * b, lambda g, out, a, b: (g * b, g * a), X, X, wrt=wrt)


def test_wrt_that_names_what_has_no_derivative() -> None:
    for other in (3, "text", np.arange(3), None, torch.ones(2)):
        refused(check_vjp, lambda a, b: a * 2, lambda g, out, a, b: g * 2, X, other, wrt=1)


def test_wrt_out_of_order_is_refused_or_kept() -> None:
    def in_order_of_wrt(g: Any, out: Any, a: Any, b: Any) -> Any:
        return g * a * a, 2 * g * a * b

    assert not isinstance(
        outcome(check_vjp, lambda a, b: a * a * b, in_order_of_wrt, X, X + 3, wrt=(1, 0)), GradientMismatch
    )


def test_subclasses_of_arrays_that_mean_something_else() -> None:
    masked = np.ma.MaskedArray([1.0, 2.0, 3.0], mask=[False, True, False])
    assert "MaskedArray" in refused(check_vjp, lambda x: x * x, back, masked)
    assert "matrix" in refused(check_vjp, lambda x: x * x, back, np.eye(2).view(np.matrix))
    assert "MaskedArray" in refused(numeric_jacobian, lambda x: x * x, {"a": masked})


@pytest.mark.parametrize("f", [3, None, "sin", np.ones(3)])
def test_what_cannot_be_called(f: Any) -> None:
    for check in (
        lambda: check_vjp(f, back, X),
        lambda: check_vjp(np.square, f, X),
        lambda: check_grad(f, X),
        lambda: check_grad_grad(f, X),
        lambda: check_jvp(f, lambda t, out, x: t, X),
        lambda: check_jvp(np.square, f, X),
        lambda: check_adjoint(f, back, X),
        lambda: check_adjoint(back, f, X),
        lambda: check_against(f, (np.square, back), X),
        lambda: numeric_jacobian(f, X),
    ):
        refused(check)


def test_argnames_of_another_number() -> None:
    assert "argnames" in refused(
        check_vjp, lambda a, b: a * b, lambda g, out, a, b: (g * b, g * a), X, X, argnames=["a"]
    )


# ----------------------------------------------------------------------------- what a backward pass gives back


@pytest.mark.parametrize(
    "vjp",
    [
        lambda g, out, x: None,
        lambda g, out, x: (None,),
        lambda g, out, x: (),
        lambda g, out, x: (g, g),
        lambda g, out, x: "text",
        lambda g, out, x: {"x": 2 * g * x},
        lambda g, out, x: 2 * g * x + 0j,
        lambda g, out, x: (2 * g * x).astype(object),
        lambda g, out, x: ([1.0, [2.0]],),
        lambda g, out, x: torch.tensor(2 * g * x),
        lambda g, out, x: (v for v in (2 * g * x,)),
        lambda g, out, x: np.array(["a", "b", "c"]),
        lambda g, out, x: lambda: 2 * g * x,
    ],
)
def test_what_is_no_gradient(vjp: F) -> None:
    for options in ({}, {"contracts": False}, {"inconclusive": "ignore"}):
        assert "backward pass" in refused(check_vjp, np.square, vjp, X, **options)


@pytest.mark.parametrize(
    "vjp",
    [
        lambda g, out, a, b: g * b,
        lambda g, out, a, b: (g * b,),
        lambda g, out, a, b: (g * b, g * a, g),
        lambda g, out, a, b: (g * b, None),
        lambda g, out, a, b: np.array([g * b, g * a, g]),
        lambda g, out, a, b: {0: g * b, 1: g * a},
    ],
)
def test_too_few_or_too_many_gradients(vjp: F) -> None:
    assert "backward pass" in refused(check_vjp, lambda a, b: a * b, vjp, X, X + 3)


def test_a_container_of_gradients_that_is_not_that_of_the_argument() -> None:
    f = lambda p: p["a"] * p["b"]  # noqa: E731
    for vjp in (
        lambda g, out, p: g,
        lambda g, out, p: {"a": g * p["b"]},
        lambda g, out, p: [g, g, g],
        lambda g, out, p: {"a": g * p["b"], "b": None},
    ):
        refused(check_vjp, f, vjp, {"a": X, "b": X + 3})


@pytest.mark.parametrize("tangent", [None, "text", (1.0, 2.0), {"a": 1.0}, 1j])
def test_what_is_no_tangent(tangent: Any) -> None:
    for options in ({}, {"contracts": False}):
        refused(check_jvp, np.sum, lambda t, out, x: tangent, X, **options)
    refused(check_jvp, lambda x: (np.sin(x), x.sum()), lambda t, out, x: (t, tangent), X)


def test_residuals_that_are_not_there() -> None:
    assert "residuals" in refused(check_vjp, np.exp, lambda g, kept: g, X, residuals=True)
    assert "residuals" in refused(check_vjp, lambda x: (x, 1, 2), lambda g, kept: g, X, residuals=True)


# ----------------------------------------------------------------------------- none of them counts


def test_none_of_them_counts_as_conclusive() -> None:
    before = tally.snapshot()
    refused(check_vjp, lambda x: None, back, X)
    with pytest.raises(InconclusiveError):
        check_vjp(np.floor, lambda g, out, x: 0 * g, np.array([1.0]))
    after = tally.snapshot() - before
    assert (after.checks, after.conclusive) == (2, 0)


def test_a_bad_option_is_said_before_anything_runs() -> None:
    def never(*args: Any) -> Any:
        raise AssertionError("it ran")

    for options in (
        {"effort": "max"},
        {"at_kinks": "left"},
        {"inconclusive": "maybe"},
        {"zero_times_inf": "nan"},
        {"contracts": "everything"},
        {"contracts": ["dtype", "colour"]},
        {"layouts": ["C", "diagonal"]},
        {"layouts": "reversed", "contracts": ["colour"]},
        {"rtol": -1.0},
        {"rtol": 1.0},
        {"rtol": math.nan},
        {"rng": -1},
    ):
        with pytest.raises(ValueError, match=r"(?s).+\n.+"):
            check_vjp(never, never, X, **options)
    for options in ({"atol": 1e-3}, {"eps": 1e-6}, {"kwargs": [1]}):
        with pytest.raises((TypeError, ValueError), match=r"(?s).+\n.+"):
            check_vjp(never, never, X, **options)


def test_an_operation_is_not_the_function_that_applies_it():
    with pytest.raises(UncheckableError, match=r"(?s)Sin is an operation.*lambda \*xs: minigrad\.apply\(Sin, \*xs\)"):
        check_grad(mg.ops.Sin, 0.5)
    check_grad(lambda *xs: mg.apply(mg.ops.Sin, *xs), 0.5)
