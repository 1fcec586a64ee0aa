"""check_vjp, check_grad, check_jvp, check_grad_grad, check_adjoint, check_against: right passes, wrong is found."""

import collections
import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

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
)

F = Callable[..., Any]
INCONCLUSIVE = pytest.mark.gradient(required=False)
"""For a test whose checks cannot tell, on purpose."""
FEW = hypothesis.settings(max_examples=10)
X = np.array([1.0, -2.0, 0.5])


def square(x: Any) -> Any:
    return x * x


def square_vjp(g: Any, out: Any, x: Any) -> Any:
    return 2 * g * x


def product(a: Any, b: Any) -> Any:
    return a * b


def product_vjp(g: Any, out: Any, a: Any, b: Any) -> Any:
    return g * b, g * a


def wrong(check: F, *args: Any, **options: Any) -> GradientMismatch:
    """The error of a check that must find wrong numbers."""
    with pytest.raises(GradientMismatch) as caught:
        check(*args, **options)
    assert caught.value.contract == ""
    return caught.value


def first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]


def wrong_slopes(error: GradientMismatch) -> set[tuple[int, int]]:
    """(row, column) of what was called wrong, among single elements."""
    e = error.evidence
    single = [n for n, column in enumerate(e.columns) if column.leaf is not None]
    return {(int(r), int(c)) for r, c in np.argwhere(e.verdict == -1) if c in single}


class Rule(NamedTuple):
    """A function of one array and its derivative, elementwise."""

    f: F
    slope: F
    low: float = -4.0
    high: float = 4.0


RULES = {
    "sin": Rule(np.sin, np.cos),
    "exp": Rule(np.exp, np.exp),
    "log": Rule(np.log, lambda x: 1 / x, 2.0**-10),
    "sqrt": Rule(np.sqrt, lambda x: 0.5 / np.sqrt(x), 2.0**-10),
    "tanh": Rule(np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "cube": Rule(lambda x: x * x * x, lambda x: 3 * x * x),
    "reciprocal": Rule(lambda x: 1 / x, lambda x: -1 / (x * x), 2.0**-10),
    "1e8 x": Rule(lambda x: 1e8 * x, lambda x: np.full_like(x, 1e8)),
    "1e-8 x^2": Rule(lambda x: 1e-8 * x * x, lambda x: 2e-8 * x),
    "relu": Rule(lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, np.ones_like(x), np.zeros_like(x))),
    "abs": Rule(np.abs, np.sign),
    "identity": Rule(lambda x: x, np.ones_like),
}


def arrays(rule: Rule, dtype: Any = np.float64, min_dims: int = 0, min_side: int = 0) -> st.SearchStrategy[Any]:
    shapes = hnp.array_shapes(min_dims=min_dims, max_dims=2, min_side=min_side, max_side=3)
    return hnp.arrays(dtype, shapes, elements=st.floats(rule.low, rule.high, width=16))


def vjp_of(rule: Rule) -> F:
    return lambda g, out, x: g * rule.slope(x)


# ----------------------------------------------------------------------------- check_vjp


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", RULES)
@FEW
@given(data=st.data())
def test_a_right_gradient_is_never_accused(name: str, dtype: Any, data: st.DataObject) -> None:
    rule = RULES[name]
    x = data.draw(arrays(rule, dtype))
    report = check_vjp(rule.f, vjp_of(rule), x)
    assert isinstance(report, GradReport)
    assert report


@pytest.mark.parametrize("name", [name for name in RULES if name not in ("relu", "abs")])
@FEW
@given(data=st.data())
def test_a_gradient_wrong_in_one_element_is_found_in_that_element(name: str, data: st.DataObject) -> None:
    rule = RULES[name]
    x = data.draw(arrays(rule, min_side=1))
    hypothesis.assume((rule.slope(x) != 0).all())
    at = tuple(data.draw(st.integers(0, n - 1)) for n in x.shape)
    factor = data.draw(st.sampled_from([0.0, -1.0, 2.0, 0.5, 1 + 1e-3, 1 - 1e-5, 1 + 1e-6]))

    def planted(g: Any, out: Any, x: Any) -> Any:
        found = np.array(g * rule.slope(x))
        found[at] *= factor
        return found

    error = wrong(check_vjp, rule.f, planted, x)
    n = int(np.ravel_multi_index(at, x.shape)) if x.shape else 0
    assert wrong_slopes(error) == {(n, n)}
    index = f"[{', '.join(map(str, at))}]" if at else ""
    assert f"d out{index} / d x{index}" in first_line(error)


@given(st.integers(1, 3), st.integers(1, 4), st.data())
def test_an_entry_of_a_matrix_is_found_by_its_row_and_column(rows: int, columns: int, data: st.DataObject) -> None:
    a = data.draw(hnp.arrays(np.float64, (rows, columns), elements=st.integers(-8, 8).map(lambda n: n / 4)))
    x = data.draw(hnp.arrays(np.float64, columns, elements=st.integers(-8, 8).map(lambda n: n / 4)))
    hypothesis.assume(a.any() and (x != 0).all())
    i, j = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    b = a.copy()
    b[i, j] += 0.25
    assert check_vjp(lambda x: a @ x, lambda g, out, x: g @ a, x)
    error = wrong(check_vjp, lambda x: a @ x, lambda g, out, x: g @ b, x)
    assert wrong_slopes(error) == {(i, j)}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_is_wrong_where_the_slope_is(bad: float) -> None:
    error = wrong(check_vjp, square, lambda g, out, x: np.where(x == 0.5, bad, 2 * x) * g, X, contracts=False)
    assert "x[2]" in first_line(error)


@given(x=st.floats(-30, -18).map(lambda k: 2.0**k * 1.3), y=st.floats(0.5, 3), rng=st.integers(0, 99))
def test_numbers_rounded_on_the_way_accuse_nobody(x: float, y: float, rng: int) -> None:
    """1 + x² moves by whole units: between two of them what depends on it beside y has the slope of y alone."""
    check_vjp(
        lambda x, y: y * np.log(1 + x * x),
        lambda g, out, x, y: (2 * g * y * x / (1 + x * x), g * np.log(1 + x * x)),
        np.array(x),
        np.array(y),
        rng=rng,
        inconclusive="ignore",
    )
    check_grad_grad(lambda x, y: (x * x + 1) ** mg.sin(y), np.array(x), np.array(y), rng=rng, inconclusive="ignore")


@pytest.mark.parametrize("edge", [1e-9, 1e-6, 1e-3, 0.1])
@pytest.mark.parametrize("tall", [1.0, 1e-6])
def test_a_step_nearby_hides_no_wrong_gradient(edge: float, tall: float) -> None:
    def f(x: Any) -> Any:
        return np.sin(x) + tall * (x > 0.5 + edge)

    assert check_vjp(f, lambda g, out, x: g * np.cos(x), np.array(0.5))
    with pytest.raises(GradientMismatch):
        check_vjp(f, lambda g, out, x: g * np.cos(x) * 1.001, np.array(0.5))


# ------------------------------------------------------------------------------------ hard functions

TINY = [1e-8, 3.7e-7, 1e-6, 2e-5, 1e-3, 0.03]


def verdict(check: F, *args: Any, **options: Any) -> str:
    try:
        check(*args, **options)
    except InconclusiveError:
        return "unknown"
    except GradientMismatch:
        return "wrong"
    return "right"


CANCELLING: list[tuple[F, F]] = [
    (lambda x: 1 - np.cos(x), np.sin),
    (lambda x: np.sqrt(1 + x * x) - 1, lambda x: x / np.sqrt(1 + x * x)),
    (lambda x: np.log(1 + x * x), lambda x: 2 * x / (1 + x * x)),
    (lambda x: np.log(1 + np.exp(np.log(x) * 5)), lambda x: 5 * x**4 / (1 + x**5)),
]


@INCONCLUSIVE
@pytest.mark.parametrize(("f", "slope"), CANCELLING)
@pytest.mark.parametrize("x", TINY)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_digits_that_cancel_accuse_nobody_and_hide_nothing(f: F, slope: F, x: float, dtype: Any) -> None:
    def only(x: Any) -> Any:
        return np.asarray(f(x), dtype)

    claim = np.asarray(slope(np.float64(x)), dtype)
    point = np.array(x, dtype)
    assert verdict(check_vjp, only, lambda g, out, x: g * claim, point, contracts=False) != "wrong"
    if dtype == np.float64 and x >= 1e-6 and f is not CANCELLING[3][0]:
        assert verdict(check_vjp, only, lambda g, out, x: g * claim * 1.001, point, contracts=False) == "wrong"


@INCONCLUSIVE
@pytest.mark.parametrize("x", [-7.9, -6.1, -7.2, -5.0, -38.05, -44.0])
def test_tails_lost_in_a_sum_with_1_accuse_nobody(x: float) -> None:
    point = np.array(x)
    assert verdict(check_vjp, lambda x: np.log(1 + np.exp(x)), lambda g, out, x: g / (1 + np.exp(-x)), point) != "wrong"
    erf = np.vectorize(math.erf)
    slope = 0.5 * math.erfc(-x / math.sqrt(2)) + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    assert (
        verdict(check_vjp, lambda x: x * (1 + erf(x / np.sqrt(2))) / 2, lambda g, out, x: g * slope, point) != "wrong"
    )


@INCONCLUSIVE
@pytest.mark.parametrize("seed", range(40))
def test_the_rounding_of_a_cube_at_0_accuses_nobody(seed: int) -> None:
    mix = np.random.default_rng(seed).integers(-8, 9, (9, 9)) / 4

    def f(x: Any) -> Any:
        return np.linalg.det((mix @ x).reshape(3, 3))

    assert verdict(check_vjp, f, lambda g, out, x: np.zeros_like(x), np.zeros(9)) != "wrong"


@INCONCLUSIVE
@given(st.floats(1e-6, 1.0))
@hypothesis.example(1.74e-5)
@hypothesis.example(1e-5)
def test_the_end_of_a_domain_next_to_a_point_of_float32_accuses_nobody(distance: float) -> None:
    def f(x: Any) -> Any:
        return np.asarray(np.arccosh(x), np.float32)

    def vjp(g: Any, out: Any, x: Any) -> Any:
        return np.asarray(g / np.sqrt(x.astype(float) ** 2 - 1), np.float32)

    x = np.array(1 + distance, np.float32)
    hypothesis.assume(x > 1)
    assert verdict(check_vjp, f, vjp, x) != "wrong"


@INCONCLUSIVE
@pytest.mark.parametrize("x", [-27.541588, -29.008343, -13.812798, 4.3, 0.7])
@pytest.mark.parametrize("narrow", [True, False])
def test_oscillations_between_two_steps_of_float32_accuse_nobody(x: float, narrow: bool) -> None:
    def f(x: Any) -> Any:
        return np.asarray(np.sin(x**3), np.float32 if narrow else x.dtype)

    def vjp(g: Any, out: Any, x: Any) -> Any:
        wide = x.astype(np.float64)
        return (g * 3 * wide**2 * np.cos(wide**3)).astype(np.float32)

    assert verdict(check_vjp, f, vjp, np.array(x, np.float32)) != "wrong"


@pytest.mark.parametrize("x", [-2.05263755, -2.41684699, 0.3, 4.7])
@pytest.mark.parametrize("claim", [50.0, 1.001, 1 + 1e-6, 0.0, -1.0])
def test_a_sawtooth_is_no_rounding(x: float, claim: float) -> None:
    assert verdict(check_vjp, lambda x: x - np.floor(x), lambda g, out, x: g, np.array(x)) == "right"
    assert verdict(check_vjp, lambda x: x - np.floor(x), lambda g, out, x: claim * g, np.array(x)) == "wrong"


@INCONCLUSIVE
@pytest.mark.parametrize(
    ("x", "dtype"), [([-731.7], float), ([-744.9], float), ([-88.0, -101.3], np.float32), ([710.0, 1.0], float)]
)
def test_ends_of_the_range_break_no_contract(x: list[float], dtype: Any) -> None:
    assert verdict(check_vjp, np.exp, lambda g, out, x: g * out, np.array(x, dtype)) != "wrong"


@INCONCLUSIVE
@given(st.integers(0, 10_000))
def test_a_gradient_of_rounding_alone_breaks_no_contract(seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal(6)

    def vjp(g: Any, out: Any, x: Any) -> Any:
        z, each = (x - x.mean()) / x.std(), np.full(x.size, g)
        return (each - each.mean() - z * (each * z).mean()) / x.std()

    assert verdict(check_vjp, lambda x: ((x - x.mean()) / x.std()).sum(), vjp, x, inconclusive="ignore") != "wrong"


@given(st.integers(0, 10_000))
def test_zeros_of_a_matrix_may_be_rounding(seed: int) -> None:
    dft = np.exp(-2j * np.pi * np.outer(range(4), range(6)) / 6).imag
    x = np.random.default_rng(seed).standard_normal(6)
    assert verdict(check_vjp, lambda x: np.fft.rfft(x).imag, lambda g, out, x: dft.T @ g, x) == "right"


@INCONCLUSIVE
def test_zeros_beside_what_nobody_can_tell_are_no_verdict() -> None:
    assert verdict(check_vjp, np.floor, lambda g, out, x: 7 * g, np.array([1.0, 2.0])) == "unknown"
    assert verdict(check_vjp, np.sqrt, lambda g, out, x: 5 * g, np.array([0.0, 0.0])) == "unknown"
    assert verdict(check_vjp, np.floor, lambda g, out, x: 0 * g, np.array([1.0, 2.5])) == "right"


KINKED_IN_SEVERAL: list[tuple[F, F, list[Any]]] = [
    (np.abs, lambda g, out, x: g * np.where(x == 0, 1.99, np.sign(x)), [np.array([0.0, 1.0])]),
    (lambda x: np.maximum(x, 0), lambda g, out, x: g * np.where(x == 0, 1.4, x > 0), [np.array([0.0, 1.0])]),
    (lambda x: np.maximum(x, 0), lambda g, out, x: g * np.where(x == 0, -0.4, x > 0), [np.array([0.0, 1.0])]),
    (np.max, lambda g, out, x: g * np.array([1.4, -0.2, -0.2]), [np.zeros(3)]),
    (np.maximum, lambda g, out, x, y: (1.4 * g, -0.4 * g), [np.zeros(1), np.zeros(1)]),
]


@pytest.mark.parametrize(("f", "vjp", "args"), KINKED_IN_SEVERAL)
def test_a_slope_beyond_a_kinks_interval_is_wrong_among_several_elements_too(f: F, vjp: F, args: list[Any]) -> None:
    assert verdict(check_vjp, f, vjp, *args, contracts=False) == "wrong"


def median_vjp(g: Any, out: Any, x: Any) -> Any:
    return g * np.array([1.0, 0.0, 0.0])


def test_a_hidden_kink_is_a_kink() -> None:
    assert check_vjp(np.median, median_vjp, np.zeros(3)).kinks == 2
    report = check_vjp(np.median, median_vjp, np.zeros(3), at_kinks="inconclusive", inconclusive="ignore")
    assert report.kinks == 0
    assert report.inconclusive


def test_a_short_cut_for_g_of_1_must_copy_too() -> None:
    with pytest.raises(GradientMismatch) as caught:
        check_vjp(lambda x: (x * x).sum() / 2, lambda g, out, x: x if g == 1 else g * x, X)
    assert caught.value.contract == "alias"


def test_gradients_of_a_dict_go_by_its_keys() -> None:
    def f(d: Any) -> Any:
        return d["a"] * d["b"] ** 2

    d = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 0.5])}
    assert check_vjp(f, lambda g, out, d: {"b": 2 * g * d["a"] * d["b"], "a": g * d["b"] ** 2}, d)
    with pytest.raises(UncheckableError, match="under the same keys"):
        check_vjp(f, lambda g, out, d: {"x": g * d["b"] ** 2, "y": 2 * g * d["a"] * d["b"]}, d)


def test_a_random_gradient_is_called_random_however_wrong() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(GradientMismatch) as caught:
        check_vjp(np.sin, lambda g, out, x: g * np.cos(x) * (1 + 0.1 * rng.standard_normal(x.shape)), X)
    assert caught.value.contract == "deterministic"


@pytest.mark.parametrize(
    ("check", "rule"),
    [
        (check_vjp, lambda g, out: g),
        (check_vjp, lambda x: x),
        (check_jvp, lambda t, out: t),
        (check_vjp, lambda g, out, x, y: g),
    ],
)
def test_a_rule_that_cannot_be_called_says_how_it_is(check: F, rule: F) -> None:
    with pytest.raises(UncheckableError, match=r"It is called as [vj][jv]p"):
        check(np.sin, rule, X)


def test_a_sample_is_called_a_sample() -> None:
    report = check_vjp(lambda x: np.sum(x * x), lambda g, out, x: 2 * g * x, np.ones(1000))
    assert "in the elements looked at, a sample" in str(report)
    assert "sample" not in str(check_vjp(square, lambda g, out, x: 2 * g * x, X))


@pytest.mark.parametrize("contract", ["linear", "untouched"])
def test_contracts_of_a_tangent_may_be_named(contract: str) -> None:
    report = check_jvp(np.sin, lambda t, out, x: t * np.cos(x), X, contracts=contract)
    assert set(report.contracts) == {"shape", contract}


def test_a_count_beside_the_result_needs_no_tangent() -> None:
    report = check_jvp(lambda x: (np.sin(x), x.size), lambda t, out, x: (t * np.cos(x), 0), X)
    assert report
    with pytest.raises(UncheckableError):
        check_jvp(np.sin, lambda t, out, x: (), X)


def test_a_reference_with_a_wrong_shape_is_the_reference_at_fault() -> None:
    with pytest.raises(GradientMismatch) as caught:
        check_against(mg.tanh, (np.tanh, lambda g, out, x: (g * (1 - out * out))[:1]), X, err_msg="my layer")
    assert caught.value.contract == "reference"
    assert str(caught.value).startswith("my layer\n")


def test_several_arguments() -> None:
    assert check_vjp(product, product_vjp, X, X + 3)
    error = wrong(check_vjp, product, lambda g, out, a, b: (g * b, g * b), X, X + 3)
    assert "/ d b" in first_line(error)
    assert {c // 3 for _, c in wrong_slopes(error)} == {1}


def test_swapped_gradients_are_found() -> None:
    wrong(check_vjp, product, lambda g, out, a, b: (g * a, g * b), X, X + 3)


def test_equal_elements_are_seen_together() -> None:
    """Of a tie each element alone may claim any part between 0 and 1; together they must claim 1."""

    def claims(part: float) -> F:
        return lambda g, out, a, b: (g * np.where(a == b, part, a > b), g * np.where(a == b, part, b > a))

    x = np.array([0.0, 1.0])
    assert check_vjp(np.maximum, claims(0.5), x, x)
    for part in (0.0, 1.0):
        error = wrong(check_vjp, np.maximum, claims(part), x, x)
        assert "all inputs move" in first_line(error)


def test_a_kink_takes_any_slope_between_and_none_beyond() -> None:
    for claim in (-1.0, -0.3, 0.0, 1.0):
        report = check_vjp(np.abs, lambda g, out, x, claim=claim: g * claim, np.array([0.0]))
        assert report.kinks == report.entries == 1
    for claim in (-1.001, 1.001, 7.0, np.nan):
        wrong(check_vjp, np.abs, lambda g, out, x, claim=claim: g * claim, np.array([0.0]), contracts=False)


def test_at_kinks_inconclusive_says_nothing_there() -> None:
    for claim in (0.0, 7.0):
        with pytest.raises(InconclusiveError):
            check_vjp(np.abs, lambda g, out, x, claim=claim: g * claim, np.array([0.0]), at_kinks="inconclusive")
    report = check_vjp(np.abs, lambda g, out, x: g * np.sign(x), np.array([0.0, 2.0]), at_kinks="inconclusive")
    assert report
    assert report.inconclusive >= 1
    assert report.kinks == 0


def test_wrt_leaves_the_other_arguments_alone() -> None:
    assert check_vjp(product, lambda g, out, a, b: g * b, X, X + 3, wrt=0)
    assert check_vjp(product, lambda g, out, a, b: g * a, X, X + 3, wrt=-1)
    assert check_vjp(product, lambda g, out, a, b: (g * a,), X, X + 3, wrt=[1])
    error = wrong(check_vjp, product, lambda g, out, a, b: g * b, X, X + 3, wrt=1)
    assert "/ d b" in first_line(error)
    # A rule that gives the gradient of every argument may be asked for some.
    assert check_vjp(product, product_vjp, X, X + 3, wrt=1)


def test_arguments_that_are_not_floats_are_passed_on() -> None:
    def power(x: Any, n: int, flag: bool, word: str) -> Any:
        assert (n, flag, word) == (3, True, "up")
        return x**n

    assert check_vjp(power, lambda g, out, x, n, flag, word: g * n * x ** (n - 1), X, 3, True, "up")
    scale = np.array([1, 2, 3])
    assert check_vjp(product, lambda g, out, a, b: g * b, X, scale)
    assert scale.tolist() == [1, 2, 3]


def test_keywords_go_to_both_functions() -> None:
    def scaled(x: Any, **more: Any) -> Any:
        return more["by"] * x

    assert check_vjp(scaled, lambda g, out, x, **more: more["by"] * g, X, kwargs={"by": 3.0})
    wrong(check_vjp, scaled, lambda g, out, x, **more: 2 * g, X, kwargs={"by": 3.0})


def test_argnames_are_what_the_report_says() -> None:
    error = wrong(check_vjp, square, lambda g, out, x: g * x, X, argnames=["weight"])
    assert "/ d weight[" in first_line(error)
    error = wrong(check_vjp, lambda *a: a[0] * a[1], lambda g, out, a, b: (g * b, 2 * g * a), X, X)
    assert "/ d y[" in first_line(error)


def test_residuals() -> None:
    def forward(x: Any) -> Any:
        e = np.exp(x)
        return e, {"e": e, "unused": "text"}

    assert check_vjp(forward, lambda g, kept: g * kept["e"], X, residuals=True)
    wrong(check_vjp, forward, lambda g, kept: 2 * g * kept["e"], X, residuals=True)
    assert check_vjp(lambda a, b: (a * b, (a, b)), lambda g, ab: (g * ab[1], g * ab[0]), X, X + 3, residuals=True)


def test_err_msg_stands_in_front() -> None:
    for vjp, args in ((lambda g, out, x: g, (X,)), (lambda g, out, x: g[:1], (X,))):
        with pytest.raises(GradientMismatch, match=r"\Amy layer\n"):
            check_vjp(square, vjp, *args, err_msg="my layer")
    with pytest.raises(InconclusiveError, match=r"\Amy layer\n"):
        check_vjp(np.floor, lambda g, out, x: 0 * g, np.array([1.0]), err_msg="my layer")
    with pytest.raises(GradientMismatch, match=r"\Amy layer\n"):
        check_jvp(square, lambda t, out, x: t[:1], X, err_msg="my layer")
    with pytest.raises(GradientMismatch, match=r"\Amy layer\n"):
        check_adjoint(lambda t, out, x: t, lambda g, out, x: 2 * g, X, err_msg="my layer")
    with pytest.raises(GradientMismatch, match=r"\Amy layer\n"):
        check_grad(lambda x: x.detach() * x if isinstance(x, mg.Tensor) else x * x, X, err_msg="my layer")


def test_rtol_may_ask_for_more_or_for_less() -> None:
    def off_by(part: float) -> F:
        return lambda g, out, x: 2 * g * x * (1 + part)

    assert check_vjp(square, off_by(1e-9), X)
    wrong(check_vjp, square, off_by(1e-9), X, rtol=1e-11)
    assert check_vjp(square, square_vjp, X, rtol=0.0)
    wrong(check_vjp, square, off_by(1e-5), X)
    assert check_vjp(square, off_by(1e-5), X, rtol=1e-4)
    assert check_vjp(square, square_vjp, X, rtol=1e-4).resolved > check_vjp(square, square_vjp, X).resolved


@pytest.mark.parametrize("name", [name for name in RULES if name not in ("relu", "abs")])
@FEW
@given(data=st.data())
def test_what_the_report_says_it_resolves_is_what_it_finds(name: str, data: st.DataObject) -> None:
    rule = RULES[name]
    x = data.draw(arrays(rule, min_side=1))
    hypothesis.assume((np.abs(rule.slope(x)) > 0).all())
    resolved = check_vjp(rule.f, vjp_of(rule), x).resolved
    assert resolved < 1e-5
    for error in (1.25 * resolved, -1.25 * resolved, 1e-3):
        wrong(check_vjp, rule.f, lambda g, out, x, e=error: g * rule.slope(x) * (1 + e), x)


def test_float32_sees_what_float32_can_tell() -> None:
    x = X.astype(np.float32)
    assert check_vjp(square, square_vjp, x)
    for factor in (1 + 1e-3, 1 - 2e-3, 2.0):
        wrong(check_vjp, square, lambda g, out, x, factor=factor: (2 * g * x * factor).astype(np.float32), x)


def test_mixed_dtypes() -> None:
    def vjp(g: Any, out: Any, a: Any, b: Any) -> Any:
        return (g * b).astype(a.dtype), (g * a).astype(b.dtype)

    assert check_vjp(product, vjp, X, X.astype(np.float32))
    wrong(check_vjp, product, lambda g, o, a, b: (vjp(g, o, a, b)[0] * 1.01, vjp(g, o, a, b)[1]), X, X.astype("f"))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f8", "<f4"])
def test_every_real_dtype(dtype: Any) -> None:
    x = X.astype(dtype)
    assert check_vjp(square, square_vjp, x)
    wrong(check_vjp, square, lambda g, out, x: 3 * g * x, x)


def test_python_floats_and_numbers_of_numpy() -> None:
    assert check_vjp(math.sin, lambda g, out, x: g * math.cos(x), 2.0)
    assert check_vjp(lambda x: x * x, lambda g, out, x: 2.0 * g * x, np.float64(3.0))
    assert check_vjp(lambda x: x * x, lambda g, out, x: 2 * g * x, np.float32(3.0))
    error = wrong(check_vjp, math.sin, lambda g, out, x: g * math.sin(x), 2.0)
    assert "d out / d x" in first_line(error)
    assert check_vjp(lambda a, b, c: a * b + c, lambda g, out, a, b, c: (g * b, g * a, g), 1.0, 2.0, 3.0)


def test_arrays_of_no_dimensions() -> None:
    x = np.array(2.0)
    assert check_vjp(square, square_vjp, x)
    wrong(check_vjp, square, lambda g, out, x: 3 * g * x, x)
    assert check_vjp(lambda a, b: (a * b).sum(), lambda g, out, a, b: (g * b.sum(), g * a * np.ones(3)), x, X)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_empty_arrays_have_a_report_and_a_shape(shape: tuple[int, ...]) -> None:
    x = np.zeros(shape)
    for report in (
        check_vjp(square, square_vjp, x),
        check_jvp(square, lambda t, out, x: 2 * t * x, x),
        check_grad(mg.exp, x),
        check_vjp(np.sum, lambda g, out, x: np.zeros_like(x), x),
    ):
        assert report
        assert report.entries == 0
    with pytest.raises(GradientMismatch) as caught:
        check_vjp(square, lambda g, out, x: np.zeros(3), x)
    assert caught.value.contract == "shape"


def test_an_empty_array_beside_one_that_is_not() -> None:
    f = lambda a, b: a.sum() + b * b  # noqa: E731
    assert check_vjp(f, lambda g, out, a, b: (np.full_like(a, g), 2 * g * b), np.zeros(0), np.array(2.0))
    wrong(check_vjp, f, lambda g, out, a, b: (np.full_like(a, g), g * b), np.zeros(0), np.array(2.0))


def test_an_argument_that_is_not_used_has_the_gradient_zero() -> None:
    f = lambda a, b: a * a  # noqa: E731
    assert check_vjp(f, lambda g, out, a, b: (2 * g * a, np.zeros_like(b)), X, X[:2])
    error = wrong(check_vjp, f, lambda g, out, a, b: (2 * g * a, np.ones_like(b)), X, X[:2])
    assert "/ d b" in first_line(error)


def test_one_array_given_twice() -> None:
    assert check_vjp(product, product_vjp, X, X)
    wrong(check_vjp, product, lambda g, out, a, b: (2 * g * b, 0 * g), X, X)


class Pair(NamedTuple):
    w: Any
    b: Any


@dataclasses.dataclass
class Parameters:
    w: Any
    b: Any
    name: str = "layer"


CONTAINERS = {
    "dict": {"w": X, "b": 2.0, "n": 3},
    "ordered": collections.OrderedDict(w=X, b=np.array(2.0)),
    "named": Pair(X, np.array([2.0])),
    "dataclass": Parameters(X, 2.0),
    "list": [X, 2.0],
    "tuple": (X, (np.array(2.0),)),
}


def parts(p: Any) -> tuple[Any, Any]:
    if isinstance(p, dict):
        return p["w"], p["b"]
    if isinstance(p, (Pair, Parameters)):
        return p.w, p.b
    return p[0], p[1][0] if isinstance(p[1], tuple) else p[1]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_containers(kind: str) -> None:
    p = CONTAINERS[kind]

    def f(p: Any, x: Any) -> Any:
        w, b = parts(p)
        return {"y": w * x + b, "count": 3, "square": (b * b,)}

    def vjp(g: Any, out: Any, p: Any, x: Any, *, fault: float = 1.0) -> Any:
        w, b = parts(p)
        dw, db = g["y"] * x * fault, g["y"].sum() + 2 * (g["square"][0] * b).sum()
        db = np.reshape(db, np.shape(b))
        if isinstance(p, dict):
            dp: Any = {**p, "w": dw, "b": db}
            dp.pop("n", None)
        elif isinstance(p, Pair):
            dp = Pair(dw, db)
        elif isinstance(p, Parameters):
            dp = [dw, db]
        else:
            dp = (dw, (db,)) if isinstance(p, tuple) else [dw, db]
        return dp, g["y"] * w

    x = np.array([3.0, 5.0, 7.0])
    assert check_vjp(f, vjp, p, x)
    error = wrong(check_vjp, f, functools.partial(vjp, fault=2.0), p, x)
    path = {"dict": 'p["w"]', "ordered": 'p["w"]', "named": "p.w", "dataclass": "p.w"}.get(kind, "p[0]")
    assert f"/ d {path}[" in first_line(error)
    assert check_grad(f, p, x)
    assert check_grad_grad(f, p, x)


def test_several_outputs() -> None:
    def f(x: Any) -> Any:
        return np.sin(x), (x * x).sum(), 7

    assert check_vjp(f, lambda g, out, x: g[0] * np.cos(x) + 2 * g[1] * x, X)
    error = wrong(check_vjp, f, lambda g, out, x: g[0] * np.cos(x) + 3 * g[1] * x, X)
    assert first_line(error).count("d out[1] / d x[")
    assert {row for row, _ in wrong_slopes(error)} == {3}
    assert check_jvp(f, lambda t, out, x: (t * np.cos(x), (2 * t * x).sum()), X)


class Layer:
    """A callable object, with a bound method."""

    def __init__(self) -> None:
        self.scale = 3.0

    def forward(self, x: Any) -> Any:
        return self.scale * x

    def __call__(self, x: Any) -> Any:
        return self.scale * x


def test_whatever_can_be_called() -> None:
    layer = Layer()
    for f in (layer, layer.forward, functools.partial(np.multiply, 3.0), lambda *args: 3 * args[0]):
        assert check_vjp(f, lambda g, out, x: 3 * g, X)
        wrong(check_vjp, f, lambda g, out, x: 2 * g, X)
    assert check_vjp(np.frompyfunc(lambda x: 3 * x, 1, 1), lambda g, out, x: 3 * g, 2.0)


def test_views_of_the_input_and_the_input_itself_may_be_returned() -> None:
    for f, back in (
        (lambda x: x, lambda g: g.copy()),
        (lambda x: x[::-1], lambda g: g[::-1].copy()),
        (lambda x: x.reshape(3, 1), lambda g: g.reshape(3).copy()),
        (lambda x: np.broadcast_to(x, (2, 3)), lambda g: g.sum(axis=0)),
        (lambda x: x[1:], lambda g: np.concatenate([[0.0], g])),
    ):
        assert check_vjp(f, lambda g, out, x, back=back: back(g), X)
        wrong(check_vjp, f, lambda g, out, x, back=back: 2 * back(g), X)


def test_an_output_in_a_buffer_that_is_used_again() -> None:
    buffer = np.zeros(3)

    def f(x: Any) -> Any:
        np.multiply(x, x, out=buffer)
        return buffer

    assert check_vjp(f, square_vjp, X)
    wrong(check_vjp, f, lambda g, out, x: 3 * g * x, X)


def test_read_only_strided_and_broadcast_inputs() -> None:
    frozen = X.copy()
    frozen.setflags(write=False)
    for x in (frozen, np.arange(1.0, 13.0).reshape(3, 4)[::2, ::-2], np.broadcast_to(np.array(2.0), (2, 2))):
        before = x.copy()
        assert check_vjp(square, square_vjp, x)
        wrong(check_vjp, square, lambda g, out, x: 3 * g * x, x)
        np.testing.assert_array_equal(x, before)


def test_the_callers_arrays_are_never_moved() -> None:
    x, y = X.copy(), X + 3
    for check in (
        lambda: check_vjp(product, product_vjp, x, y),
        lambda: check_grad(mg.multiply, x, y),
        lambda: check_jvp(product, lambda t, out, a, b: t[0] * b + a * t[1], x, y),
    ):
        assert check()
        assert x.tolist() == X.tolist()
        assert y.tolist() == (X + 3).tolist()


def test_the_same_check_says_the_same_twice_and_leaves_the_random_numbers_alone() -> None:
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    reports = [
        check_vjp(np.sin, lambda g, out, x: g * np.cos(x), np.linspace(0, 3, 90), rng=seed) for seed in (0, 0, 1)
    ]
    assert (np.random.get_state()[1] == before).all()
    assert reports[0] == reports[1]
    assert all(reports)


# ----------------------------------------------------------------------------- effort


@pytest.mark.parametrize("n", [65, 300])
def test_a_large_function_is_sampled_and_right(n: int) -> None:
    x = np.random.default_rng(0).normal(size=n)
    report = check_vjp(np.sin, lambda g, out, x: g * np.cos(x), x)
    assert report
    assert report.evaluations < 4 * n + 200
    assert check_vjp(np.sin, lambda g, out, x: g * np.cos(x), x[:40], effort="sampled")


@pytest.mark.parametrize("effort", ["auto", "sampled", "full"])
@given(st.integers(0, 99), st.sampled_from([1e-2, 1e-4, -1.0]))
@hypothesis.settings(max_examples=3)
def test_one_wrong_element_of_a_hundred_is_found(effort: Any, at: int, part: float) -> None:
    x = np.linspace(0.1, 1.5, 100)

    def planted(g: Any, out: Any, x: Any) -> Any:
        found = g * np.cos(x)
        found[at] *= 1 + part
        return found

    wrong(check_vjp, np.sin, planted, x, effort=effort)


def test_a_large_function_wrong_everywhere_is_found_at_a_single_element() -> None:
    x = np.linspace(0.1, 1.5, 70)
    error = wrong(check_vjp, np.sin, lambda g, out, x: g * np.sin(x), x)
    assert wrong_slopes(error)


def test_full_effort_looks_at_every_element() -> None:
    x = np.linspace(0.1, 1.5, 80)
    full = check_vjp(np.sin, lambda g, out, x: g * np.cos(x), x, effort="full")
    assert full.entries >= 80 * 80
    sampled = check_vjp(np.sin, lambda g, out, x: g * np.cos(x), x, effort="sampled")
    assert 0 < sampled.entries < full.entries


def test_many_outputs_of_few_inputs() -> None:
    a = np.random.default_rng(1).normal(size=(500, 2))
    b = a.copy()
    b[321, 1] += 1.0
    x = np.array([1.0, 2.0])
    assert check_vjp(lambda x: a @ x, lambda g, out, x: g @ a, x)
    wrong(check_vjp, lambda x: a @ x, lambda g, out, x: g @ b, x)


# ----------------------------------------------------------------------------- inconclusive


@INCONCLUSIVE
def test_nothing_judged_is_an_error_outside_of_hypothesis() -> None:
    for option in ("skip", "error"):
        with pytest.raises(InconclusiveError) as caught:
            check_vjp(np.floor, lambda g, out, x: 0 * g, np.array([1.0]), inconclusive=option)
        assert not caught.value.report
        assert caught.value.report.inconclusive == 1
    report = check_vjp(np.floor, lambda g, out, x: 0 * g, np.array([1.0]), inconclusive="ignore")
    assert not report


def test_one_slope_nobody_can_tell_is_enough_for_error() -> None:
    x = np.array([1.0, 1.5])
    report = check_vjp(np.floor, lambda g, out, x: 0 * g, x)
    assert report
    assert report.reasons == {"jump": report.inconclusive}
    with pytest.raises(InconclusiveError):
        check_vjp(np.floor, lambda g, out, x: 0 * g, x, inconclusive="error")
    assert check_vjp(np.floor, lambda g, out, x: 0 * g, x, inconclusive="ignore")


def test_wrong_is_wrong_whatever_is_asked_of_the_rest() -> None:
    for option in ("skip", "error", "ignore"):
        wrong(check_vjp, np.floor, lambda g, out, x: g, np.array([1.0, 1.5]), inconclusive=option)


def test_inside_a_hypothesis_test_the_example_is_taken_back() -> None:
    seen = {"all": 0, "kept": 0}

    @hypothesis.settings(max_examples=40, suppress_health_check=list(hypothesis.HealthCheck), database=None)
    @given(st.integers(0, 7))
    def every_second(n: int) -> None:
        seen["all"] += 1
        check_vjp(np.floor, lambda g, out, x: 0 * g, np.array([n / 2]))
        seen["kept"] += 1
        assert n % 2

    every_second()
    assert 0 < seen["kept"] < seen["all"]


@INCONCLUSIVE
def test_inside_a_hypothesis_test_error_and_ignore_do_what_they_say() -> None:
    @hypothesis.settings(max_examples=2, database=None)
    @given(st.just(1.0))
    def strict(x: float) -> None:
        assert not check_vjp(np.floor, lambda g, out, x: 0 * g, np.array([x]), inconclusive="ignore")
        with pytest.raises(InconclusiveError):
            check_vjp(np.floor, lambda g, out, x: 0 * g, np.array([x]), inconclusive="error")

    strict()


def test_a_wrong_gradient_shrinks_inside_a_hypothesis_test() -> None:
    @hypothesis.settings(max_examples=50, database=None, report_multiple_bugs=False)
    @given(hnp.arrays(np.float64, st.integers(1, 4), elements=st.floats(-4, 4, width=16)))
    def test(x: Any) -> None:
        check_vjp(square, lambda g, out, x: g * np.where(x > 1, x, 2 * x), x)

    with pytest.raises(GradientMismatch) as caught:
        test()
    assert caught.value.evidence.inputs[0].array.shape == (1,)
    assert caught.value.evidence.inputs[0].array[0] <= 2


# ----------------------------------------------------------------------------- check_grad


@pytest.mark.parametrize("f", [mg.tanh, mg.exp, np.tanh, lambda x: mg.sum(x * x), lambda x: x])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_minigrad_functions_pass(f: F, dtype: Any) -> None:
    assert check_grad(f, X.astype(dtype))
    assert check_grad(f, np.array(0.5, dtype))


def test_what_the_graph_does_not_know_is_missing_from_the_gradient() -> None:
    error = wrong(check_grad, lambda x: x.detach() * x, X)
    assert error.evidence is not None
    wrong(check_grad, lambda x: np.tanh(x.data), X)
    wrong(check_grad, lambda x: mg.tanh(x) + mg.from_numpy(np.sin(x.data)), X)


def test_python_floats_tensors_and_integers() -> None:
    assert check_grad(lambda a, b: mg.tanh(a) * b, 2.0, 3.0)
    t = mg.tensor([1.0, 2.0], requires_grad=True)
    assert check_grad(mg.tanh, t)
    assert t.grad is None
    assert check_grad(mg.multiply, X, np.array([1, 2, 3]))
    assert check_grad(lambda x, n: x**n, X, 3)
    assert check_grad(mg.sum, np.ones((2, 3)), kwargs={"axis": 1, "keepdims": True})
    assert check_grad(product, X, X + 3, wrt=1)


def test_a_check_inside_no_grad_still_records() -> None:
    with mg.no_grad():
        assert check_grad(mg.tanh, X)
        assert check_grad_grad(mg.tanh, X)


def test_kinks_of_minigrad() -> None:
    report = check_grad(lambda x: mg.maximum(x, 0.0), np.array([0.0, 1.0]))
    assert report.kinks > 0
    assert check_grad(mg.maximum, np.zeros(2), np.zeros(2)).kinks > 0


@pytest.mark.filterwarnings("error")
def test_vertical_points_are_inconclusive_and_quiet() -> None:
    with pytest.raises(InconclusiveError):
        check_grad(mg.sqrt, np.array([0.0]))
    assert check_grad(mg.sqrt, np.array([0.0, 1.0])).inconclusive


# ----------------------------------------------------------------------------- check_jvp


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", RULES)
@FEW
@given(data=st.data())
def test_a_right_tangent_is_never_accused(name: str, dtype: Any, data: st.DataObject) -> None:
    rule = RULES[name]
    x = data.draw(arrays(rule, dtype))
    assert check_jvp(rule.f, lambda t, out, x: t * rule.slope(x), x)


@given(st.integers(0, 2), st.sampled_from([0.0, -1.0, 2.0, 1 + 1e-3, 1 - 1e-5]))
def test_a_wrong_tangent_is_found_in_its_column(at: int, factor: float) -> None:
    scale = np.ones(3)
    scale[at] = factor
    error = wrong(check_jvp, square, lambda t, out, x: 2 * t * x * scale, X)
    assert wrong_slopes(error) == {(at, at)}


def test_tangents_of_several_arguments_and_outputs() -> None:
    def f(a: Any, p: Any) -> Any:
        return a * p["b"], {"sum": a.sum(), "n": 3}

    def jvp(t: Any, out: Any, a: Any, p: Any) -> Any:
        da, dp = t
        return da * p["b"] + a * dp["b"], {"sum": da.sum()}

    assert check_jvp(f, jvp, X, {"b": X + 3, "n": 2})
    error = wrong(check_jvp, f, lambda t, out, a, p: (t[0] * p["b"], {"sum": t[0].sum()}), X, {"b": X + 3, "n": 2})
    assert '/ d p["b"][' in first_line(error)


def test_a_tangent_may_be_a_python_float() -> None:
    assert check_jvp(math.sin, lambda t, out, x: t * math.cos(x), 2.0)
    assert check_jvp(lambda a, b: a * b, lambda t, out, a, b: t[0] * b + a * t[1], 2.0, 3.0)
    assert check_jvp(product, lambda t, out, a, b: t * b, X, X + 3, wrt=0)
    assert check_jvp(lambda x, by: by * x, lambda t, out, x, by: by * t, X, kwargs={"by": 3.0})


@pytest.mark.parametrize(
    ("contract", "jvp"),
    [
        ("shape", lambda t, out, x: t[:1]),
        ("dtype", lambda t, out, x: (2 * t * x).astype(np.float32)),
        ("zero", lambda t, out, x: 2 * t * x + (0 if t.any() else 1e-3)),
        ("linear", lambda t, out, x: 2 * np.maximum(t, 0) * x),
        ("linear", lambda t, out, x: 2 * np.clip(t, -1, 1) * x),
    ],
)
def test_contracts_of_a_forward_derivative(contract: str, jvp: F) -> None:
    with pytest.raises(GradientMismatch) as caught:
        check_jvp(square, jvp, X)
    assert caught.value.contract in (contract, "" if contract == "linear" else contract)  # joint directions show it too


def test_a_forward_derivative_that_writes_into_what_it_is_given() -> None:
    def into_t(t: Any, out: Any, x: Any) -> Any:
        t *= 2 * x
        return t

    def into_x(t: Any, out: Any, x: Any) -> Any:
        found = 2 * t * x
        x += 1
        return found

    for jvp in (into_t, into_x):
        with pytest.raises(GradientMismatch) as caught:
            check_jvp(square, jvp, X)
        assert caught.value.contract == "untouched"
    assert check_jvp(lambda x: x, lambda t, out, x: t, X)  # handing t back is no crime


def test_a_forward_derivative_that_is_random() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(GradientMismatch):
        check_jvp(square, lambda t, out, x: 2 * t * x * (1 + 1e-9 * rng.normal()), X)


# ----------------------------------------------------------------------------- check_grad_grad


@pytest.mark.parametrize(
    "f",
    [
        mg.tanh,
        lambda x: mg.sum(mg.exp(x) * x),
        lambda x: 3.0 * x,
        lambda x: mg.sum(x * x),
        lambda x: x * x * x,
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_second_order_passes(f: F, dtype: Any) -> None:
    assert check_grad_grad(f, X.astype(dtype))


def test_second_order_of_several_arguments() -> None:
    assert check_grad_grad(lambda a, b: a * a * b, 2.0, 3.0)
    assert check_grad_grad(mg.multiply, X, X + 3)
    assert check_grad_grad(mg.multiply, X, X + 3, wrt=1)
    assert check_grad_grad(lambda a, b: mg.sum(a @ b), np.ones((2, 3)), np.ones((3, 1)))
    assert check_grad_grad(lambda x, p=1: x**p, X, kwargs={"p": 3})
    report = check_grad_grad(lambda x: mg.sum(x * x * x), X)
    assert "symmetric" in report.contracts
    assert "symmetric" not in check_grad_grad(lambda x: mg.sum(x * x * x), X, symmetry=False).contracts


def test_a_wrong_first_order_is_found_before_the_second() -> None:
    error = wrong(check_grad_grad, lambda x: x.detach() * x, X)
    assert "the gradient of" not in first_line(error)


# ----------------------------------------------------------------------------- check_adjoint


@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 50), st.data())
def test_the_transpose_is_known_without_differences(rows: int, columns: int, seed: int, data: st.DataObject) -> None:
    a = np.random.default_rng(seed).normal(size=(rows, columns))
    x = np.zeros(columns)
    assert check_adjoint(lambda t, out, x: a @ t, lambda g, out, x: g @ a, x)
    b = a.copy()
    b[data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))] *= 1 + 1e-9
    with pytest.raises(GradientMismatch) as caught:
        check_adjoint(lambda t, out, x: a @ t, lambda g, out, x: g @ b, x)
    assert caught.value.contract == "adjoint"


def test_the_adjoint_of_several_arguments_with_and_without_forward() -> None:
    def jvp(t: Any, out: Any, a: Any, p: Any, n: int, *, by: float = 1.0) -> Any:
        return by * n * (t[0] * p["b"] + a * t[1]["b"])

    def vjp(g: Any, out: Any, a: Any, p: Any, n: int, *, by: float = 1.0) -> Any:
        return by * n * g * p["b"], {"b": by * n * g * a}

    args = (X, {"b": X + 3}, 2)
    assert check_adjoint(jvp, vjp, *args)
    assert check_adjoint(jvp, vjp, *args, kwargs={"by": 3.0})
    forward = lambda a, p, n, by=1.0: by * n * a * p["b"]  # noqa: E731
    assert check_adjoint(jvp, vjp, *args, forward=forward, kwargs={"by": 3.0})
    with pytest.raises(GradientMismatch):
        check_adjoint(jvp, lambda g, out, a, p, n: (n * g * p["b"], {"b": g * a}), *args)


def test_the_adjoint_gets_the_output_of_forward() -> None:
    assert check_adjoint(lambda t, out, x: t * out, lambda g, out, x: g * out, X, forward=np.exp)
    with pytest.raises(GradientMismatch):
        check_adjoint(lambda t, out, x: t * out, lambda g, out, x: g * x, X, forward=np.exp)


@pytest.mark.parametrize(
    "vjp", [lambda g, out, x: g[:2], lambda g, out, x: (2 * g)[None], lambda g, out, x: np.ones(1) * g.sum()]
)
def test_the_adjoint_looks_at_shapes(vjp: F) -> None:
    with pytest.raises(GradientMismatch) as caught:
        check_adjoint(lambda t, out, x: 2 * t, vjp, X)
    assert caught.value.contract == "shape"


@INCONCLUSIVE
def test_zero_and_zero_prove_nothing() -> None:
    with pytest.raises(InconclusiveError):
        check_adjoint(lambda t, out, x: 0 * t, lambda g, out, x: 0 * g, X)


def test_the_adjoint_has_as_many_entries_as_draws() -> None:
    jvp, vjp = (lambda t, out, x: 2 * t), (lambda g, out, x: 2 * g)
    assert check_adjoint(jvp, vjp, X).entries == 4
    assert check_adjoint(jvp, vjp, X, draws=9).entries == 9
    assert check_adjoint(jvp, vjp, X.astype(np.float32))
    assert check_adjoint(lambda t, out, x: 2.0 * t, lambda g, out, x: 2.0 * g, 3.0)
    for draws in (0, -1):
        with pytest.raises(ValueError, match="draws"):
            check_adjoint(jvp, vjp, X, draws=draws)


# ----------------------------------------------------------------------------- check_against


def test_a_second_opinion() -> None:
    reference = (np.tanh, lambda g, out, x: g * (1 - out * out))
    for x in (X, X.astype(np.float32), np.array(0.5), 0.5):
        assert check_against(mg.tanh, reference, x)
    assert "reference" in check_against(mg.tanh, reference, X).contracts


@pytest.mark.parametrize(
    "reference",
    [
        (np.sin, lambda g, out, x: g * np.cos(x)),
        (np.tanh, lambda g, out, x: g * (1 + out * out)),
        (np.tanh, lambda g, out, x: g * np.where(x == 0.5, 0.0, 1 - out * out)),
        (lambda x: np.tanh(x)[None], lambda g, out, x: g[0] * (1 - np.tanh(x) ** 2)),
        (lambda x: (np.tanh(x), x), lambda g, out, x: g[0] * (1 - out[0] ** 2) + g[1]),
    ],
    ids=["values", "sign", "one element", "shape", "count"],
)
def test_a_reference_that_says_otherwise(reference: Any) -> None:
    with pytest.raises(GradientMismatch) as caught:
        check_against(mg.tanh, reference, X)
    assert caught.value.contract == "reference"


def test_who_has_fewer_outputs_does_not_matter() -> None:
    both = lambda x: (mg.tanh(x), mg.exp(x))  # noqa: E731
    with pytest.raises(GradientMismatch) as caught:
        check_against(both, (np.tanh, lambda g, out, x: g * (1 - out * out)), X)
    assert caught.value.contract == "reference"


def test_values_and_gradients_may_be_compared_alone() -> None:
    assert check_against(mg.tanh, np.tanh, X, grads=False)
    assert check_against(
        mg.tanh, (lambda x: np.tanh(x) + 1, lambda g, out, x: g * (1 - np.tanh(x) ** 2)), X, values=False
    )
    with pytest.raises(GradientMismatch):
        check_against(mg.tanh, np.sin, X, grads=False)
    with pytest.raises(ValueError, match="compare"):
        check_against(mg.tanh, np.tanh, X, values=False, grads=False)


def test_two_right_answers_at_a_kink_do_not_clash() -> None:
    x = np.array([0.0, 1.0])
    assert check_against(mg.absolute, (np.abs, lambda g, out, x: g * np.where(x >= 0, 1.0, -1.0)), x)
    with pytest.raises(GradientMismatch):
        check_against(mg.absolute, (np.abs, lambda g, out, x: g * np.where(x > 0, 2.0, -1.0)), x)


def test_the_differences_come_before_the_reference() -> None:
    error = wrong(check_against, lambda x: x.detach() * x, (square, square_vjp), X)
    assert error.evidence is not None


def test_a_buffer_of_the_output_does_not_spoil_the_comparison() -> None:
    buffer = np.zeros(3)

    def reference(x: Any) -> Any:
        np.tanh(x, out=buffer)
        return buffer

    assert check_against(mg.tanh, (reference, lambda g, out, x: g * (1 - np.tanh(x) ** 2)), X)


@pytest.mark.parametrize("reference", [3, (np.tanh,), (np.tanh, None), np.tanh, [np.tanh, np.tanh]])
def test_what_is_no_reference(reference: Any) -> None:
    with pytest.raises(UncheckableError, match="reference"):
        check_against(mg.tanh, reference, X)
