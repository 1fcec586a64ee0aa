"""The ladder: slopes from values alone, and error bars that may be believed."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from minigrad.testing import NumericJacobian, UncheckableError, numeric_jacobian
from minigrad.testing.evidence import STATUSES
from minigrad.testing.ladder import MOST_LEVELS, RATIO, steps

Number = Any
F = Callable[[Any], Any]


def within(value: Any, bar: Any, truth: Any, *, eps: float = 2.0**-52, bars: float = 4.0) -> bool:
    """Whether a slope is as near to the truth as it says, or nearer than rounding can tell."""
    value, bar, truth = (np.asarray(a, np.longdouble) for a in (value, bar, truth))
    return bool((np.abs(value - truth) <= bars * bar + 4 * eps * np.abs(truth)).all())


def dyadic(low: int, high: int, *, signs: bool = True) -> st.SearchStrategy[float]:
    """m/8 times 2^e, for e from low to high: x + h is mostly exact."""
    sizes = st.builds(lambda m, e: m / 8 * 2.0**e, st.integers(8, 15), st.integers(low, high))
    return st.one_of(sizes, sizes.map(lambda x: -x)) if signs else sizes


SOME = settings(max_examples=15)


class Curve(NamedTuple):
    """A function, its derivative with mpmath, and where to ask."""

    name: str
    f: F
    slope: F
    points: st.SearchStrategy[float]


NEAR_ONE = dyadic(-4, 2)
POSITIVE = dyadic(-4, 4, signs=False)
THIRDS = dyadic(-6, 0).map(lambda x: x / 3)  # beside a power of 2 the quotient 1/x rounds better than anywhere else

SMOOTH = [
    Curve("sin", np.sin, mpmath.cos, NEAR_ONE),
    Curve("exp", np.exp, mpmath.exp, NEAR_ONE),
    Curve("tanh", np.tanh, lambda x: mpmath.sech(x) ** 2, NEAR_ONE),
    Curve("log", np.log, lambda x: 1 / x, POSITIVE),
    Curve("sqrt", np.sqrt, lambda x: 1 / (2 * mpmath.sqrt(x)), POSITIVE),
    Curve("cubic", lambda x: x**3 - 2 * x, lambda x: 3 * x**2 - 2, NEAR_ONE),
    Curve("rational", lambda x: x / (1 + x * x), lambda x: (1 - x * x) / (1 + x * x) ** 2, NEAR_ONE),
    Curve("arctan", np.arctan, lambda x: 1 / (1 + x * x), NEAR_ONE),
]
SCALED = [
    Curve("exp far out", np.exp, mpmath.exp, dyadic(4, 6)),
    Curve("square of 1e8", lambda x: x * x, lambda x: 2 * x, dyadic(24, 30)),
    Curve("1e8 x^2", lambda x: 1e8 * x * x, lambda x: 2 * mpmath.mpf(1e8) * x, NEAR_ONE),
    Curve("1e-8 exp", lambda x: 1e-8 * np.exp(x), lambda x: mpmath.mpf(1e-8) * mpmath.exp(x), NEAR_ONE),
    Curve("log of 1e-8", np.log, lambda x: 1 / x, dyadic(-30, -24, signs=False)),
    Curve("1/x at 1e-8", lambda x: 1 / x, lambda x: -1 / x**2, dyadic(-30, -24)),
    Curve("sqrt of 1e-8", np.sqrt, lambda x: 1 / (2 * mpmath.sqrt(x)), dyadic(-30, -24, signs=False)),
    Curve("1e8 + sin", lambda x: 1e8 + np.sin(x), mpmath.cos, NEAR_ONE),
    Curve("(x + 1e6)^2 - 1e12", lambda x: (x + 1e6) ** 2 - 1e12, lambda x: 2 * (x + 10**6), NEAR_ONE),
    Curve(
        "2^-26 tanh(2^26 x)",
        lambda x: np.tanh(x * 2.0**26),
        lambda x: 2**26 * mpmath.sech(x * 2**26) ** 2,
        dyadic(-29, -25),
    ),
]
OSCILLATING = [
    Curve("sin 50 x", lambda x: np.sin(50 * x), lambda x: 50 * mpmath.cos(50 * x), NEAR_ONE),
    Curve("sin 4096 x", lambda x: np.sin(4096 * x), lambda x: 4096 * mpmath.cos(4096 * x), NEAR_ONE),
    Curve("sin 2^20 x", lambda x: np.sin(2.0**20 * x), lambda x: 2**20 * mpmath.cos(2**20 * x), NEAR_ONE),
    Curve("sin 1/x", lambda x: np.sin(1 / x), lambda x: -mpmath.cos(1 / x) / x**2, THIRDS),
    Curve(
        "narrow Runge",
        lambda x: 1 / (1 + (2.0**12 * x) ** 2),
        lambda x: -(2**25) * x / (1 + (2**12 * x) ** 2) ** 2,
        dyadic(-14, -6),
    ),
]
BESIDE_A_KINK = [
    Curve("|x|", np.abs, mpmath.sign, dyadic(-26, 0)),
    Curve("relu", lambda x: np.maximum(x, 0.0), lambda x: float(x > 0), dyadic(-26, 0)),
    Curve("x |x|", lambda x: x * np.abs(x), lambda x: 2 * abs(x), dyadic(-26, 0)),
    Curve(
        "sqrt |x|", lambda x: np.sqrt(np.abs(x)), lambda x: mpmath.sign(x) / (2 * mpmath.sqrt(abs(x))), dyadic(-26, 0)
    ),
    Curve("|x| + x^2", lambda x: np.abs(x) + x * x, lambda x: mpmath.sign(x) + 2 * x, dyadic(-26, 0)),
    Curve("floor", np.floor, lambda x: 0, dyadic(-20, -2)),
]
CURVES = [*SMOOTH, *SCALED, *OSCILLATING, *BESIDE_A_KINK]


def named(curve: Curve) -> str:
    return curve.name


# ----------------------------------------------------------------------------- slopes and bars


@pytest.mark.parametrize("curve", CURVES, ids=named)
@SOME
@given(data=st.data())
def test_the_slope_is_within_four_bars_of_the_truth(curve: Curve, data: st.DataObject) -> None:
    x = data.draw(curve.points)
    value, bar, status = numeric_jacobian(curve.f, np.array(x))
    with mpmath.workdps(50):
        truth = np.longdouble(mpmath.nstr(mpmath.mpf(curve.slope(mpmath.mpf(x))), 25))
    assert bar >= 0
    assert str(status) in ("smooth", "noisy", "quantised")
    assert within(value, bar, truth), (value, bar, truth)


@pytest.mark.parametrize("curve", [*SMOOTH, *BESIDE_A_KINK], ids=named)
@SOME
@given(data=st.data())
def test_the_bar_is_sharp_where_the_function_is_smooth(curve: Curve, data: st.DataObject) -> None:
    """A bar of 1e-7 of the slope still sees every error of half of the digits."""
    x = data.draw(curve.points)
    value, bar, status = numeric_jacobian(curve.f, np.array(x))
    size = max(abs(float(value)), abs(float(curve.f(np.array(x)))))  # a slope of 0 has the function for its scale
    assert status == "smooth"
    assert bar <= 1e-7 * size


@given(dyadic(-8, 8), dyadic(-8, 8))
def test_a_straight_line_is_measured_exactly(slope: float, x: float) -> None:
    value, bar, status = numeric_jacobian(lambda x: slope * x, np.array(x))
    assert status == "smooth"
    assert within(value, bar, slope)
    assert bar <= 1e-12 * abs(slope)


@given(NEAR_ONE, st.integers(-60, 60))
def test_units_of_the_output_do_not_matter(x: float, e: int) -> None:
    one, other = (numeric_jacobian(lambda x, s=s: s * np.sin(x), np.array(x)) for s in (1.0, 2.0**e))
    assert other.value == one.value * 2.0**e
    assert other.uncertainty == one.uncertainty * 2.0**e
    assert other.status == one.status


@given(dyadic(-3, 3))
def test_an_odd_function_is_measured_alike_on_both_sides_of_zero(x: float) -> None:
    one, other = (numeric_jacobian(np.tanh, np.array(s * x)) for s in (1.0, -1.0))
    assert one == other


def test_a_flat_function_has_the_slope_zero_and_no_bar() -> None:
    value, bar, status = numeric_jacobian(lambda x: x * 0 + 3.0, np.array(2.0))
    assert (value, str(status)) == (0.0, "smooth")
    assert bar <= 1e-12


def test_noise_is_seen_and_widens_the_bar() -> None:
    """The noise is a function of x, as rounding is: the same x gives the same value."""
    for size in (1e-12, 1e-9, 1e-6, 1e-3):

        def rough(x: Any, size: float = size) -> Any:
            return np.sin(x) + size * math.sin(float(x) * 1e13 + float(x).hex().__len__())

        value, bar, status = numeric_jacobian(rough, np.array(0.75))
        assert str(status) in ("smooth", "noisy")
        assert within(value, bar, math.cos(0.75))
        assert bar >= size / 10


def test_noise_that_buries_the_slope_is_called_noisy() -> None:
    def rough(x: Any) -> Any:
        return 1e-3 * np.sin(x) + np.sin(x * 1e15)

    assert numeric_jacobian(rough, np.array(0.75)).status == "noisy"


# ----------------------------------------------------------------------------- kinks


@given(st.floats(-4, 4, width=16), st.floats(-4, 4, width=16), dyadic(-10, 10))
@example(0.0, 1.0, 1.0)
@example(-1.0, 1.0, 1024.0)
def test_a_kink_gives_the_interval_of_slopes(left: float, right: float, at: float) -> None:
    value, bar, status = numeric_jacobian(lambda x: np.where(x < at, left * (x - at), right * (x - at)), np.array(at))
    low, high = sorted((left, right))
    if abs(left - right) > 1e-9 * max(abs(left), abs(right)):
        assert status == "kink"
        assert value - bar == pytest.approx(low, rel=1e-9, abs=1e-9 * max(abs(low), abs(high)))
        assert value + bar == pytest.approx(high, rel=1e-9, abs=1e-9 * max(abs(low), abs(high)))
    else:
        assert status == "smooth"
        assert within(value, bar, (left + right) / 2)


@pytest.mark.parametrize(
    ("f", "x", "low", "high"),
    [
        (np.abs, 0.0, -1.0, 1.0),
        (lambda x: np.maximum(x, 0.0), 0.0, 0.0, 1.0),
        (lambda x: np.clip(x, -1.0, 2.0), 2.0, 0.0, 1.0),
        (lambda x: np.abs(x) + np.exp(x), 0.0, 0.0, 2.0),
        (lambda x: np.abs(np.sin(x)), 0.0, -1.0, 1.0),
        (lambda x: np.maximum(np.exp(x), 1 + 2 * x), 0.0, 1.0, 2.0),
        (lambda x: 1e8 * np.abs(x - 1), 1.0, -1e8, 1e8),
        (lambda x: 1e-8 * np.abs(x) + np.cos(x), 0.0, -1e-8, 1e-8),
    ],
    ids=["abs", "relu", "clip", "abs + exp", "abs sin", "max of curves", "large", "small"],
)
def test_known_kinks(f: F, x: float, low: float, high: float) -> None:
    value, bar, status = numeric_jacobian(f, np.array(x))
    assert status == "kink"
    size = max(abs(low), abs(high))
    assert value - bar <= low + 1e-12 * size
    assert value + bar >= high - 1e-12 * size
    assert 2 * bar <= (high - low) * 1.01


def test_kinks_of_a_higher_order_are_smooth() -> None:
    for power in (2, 3):
        value, bar, status = numeric_jacobian(lambda x, p=power: np.maximum(x, 0.0) ** p, np.array(0.0))
        assert status == "smooth"
        assert within(value, bar, 0.0)


# ----------------------------------------------------------------------------- where there is no slope


@given(dyadic(-8, 8), dyadic(-10, 10))
def test_a_jump_is_no_slope(height: float, at: float) -> None:
    for here in (lambda x: x < at, lambda x: x <= at):
        value, bar, status = numeric_jacobian(
            lambda x, here=here: np.where(here(x), np.sin(x), np.sin(x) + height), np.array(at)
        )
        assert status == "jump"
        assert np.isnan(value)
        assert np.isinf(bar)


@pytest.mark.parametrize("f", [np.floor, np.ceil, np.sign, np.rint, lambda x: np.heaviside(x, 0.5)])
def test_steps_jump(f: F) -> None:
    assert numeric_jacobian(f, np.array(0.5 if f is np.rint else 0.0)).status == "jump"


def test_one_point_beside_the_curve_is_a_jump() -> None:
    """A removable hole that was filled with another number: sinc with a wrong value at 0."""
    assert numeric_jacobian(lambda x: np.where(x == 0, 5.0, np.cos(x)), np.array(0.0)).status == "jump"


@pytest.mark.parametrize(
    "f",
    [
        np.sqrt,
        np.cbrt,
        lambda x: np.abs(x) ** 0.9,
        lambda x: np.where(x == 0, 0.0, x * np.log(np.abs(x) + (x == 0))),
        lambda x: np.arccos(1 - np.abs(x)),
        lambda x: np.sign(x) * np.sqrt(np.abs(x)),
    ],
    ids=["sqrt", "cbrt", "power", "x log x", "arccos", "signed sqrt"],
)
def test_a_slope_without_bound_is_infinite(f: F) -> None:
    value, bar, status = numeric_jacobian(f, np.array(0.0))
    assert status == "infinite"
    assert np.isnan(value)
    assert np.isinf(bar)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_has_no_slope(bad: float) -> None:
    value, bar, status = numeric_jacobian(lambda x: np.where(x == 1, bad, x), np.array(1.0))
    assert (str(status), np.isnan(value), np.isinf(bar)) == ("undefined", True, True)
    with np.errstate(all="ignore"):
        assert numeric_jacobian(lambda x: np.log(x), np.array(0.0)).status == "undefined"
        assert numeric_jacobian(lambda x: 1 / x, np.array(0.0)).status == "undefined"


def test_an_infinite_argument_beside_a_finite_one_is_undefined_alone() -> None:
    value, bar, status = numeric_jacobian(np.tanh, np.array([np.inf, 0.5, np.nan]))
    assert status[1, 1] == "smooth"
    assert status[0, 0] == status[2, 2] == "undefined"
    assert within(value[1, 1], bar[1, 1], 1 - np.tanh(0.5) ** 2)


def test_a_function_that_wiggles_ever_faster_has_no_sharp_slope() -> None:
    """x sin(1/x) at 0: the difference quotients go on swinging between -1 and 1."""
    _, bar, status = numeric_jacobian(lambda x: np.where(x == 0, 0.0, x * np.sin(1 / (x + (x == 0)))), np.array(0.0))
    assert status != "smooth" or bar >= 0.05


def test_a_staircase_from_near_does_not_pretend_to_be_exact() -> None:
    """float32 inside: flat from near, and a slope from afar."""
    value, bar, status = numeric_jacobian(lambda x: np.sin(x.astype(np.float32)).astype(np.float64), np.array(0.75))
    assert status == "quantised"
    assert within(value, bar, np.cos(0.75))


# ----------------------------------------------------------------------------- domains


@pytest.mark.parametrize(
    ("f", "x", "truth"),
    [
        (lambda x: np.where(x < 0, np.nan, np.sin(x)), 0.0, 1.0),
        (lambda x: np.where(x > 1, np.inf, x * x), 1.0, 2.0),
        (np.log, 2.0**-40, 2.0**40),
        (np.log1p, -1 + 2.0**-30, 2.0**30),
        (np.arcsin, 1 - 2.0**-20, 1 / math.sqrt(2.0**-20 * (2 - 2.0**-20))),
        (np.arctanh, 1 - 2.0**-20, 1 / (2.0**-20 * (2 - 2.0**-20))),
    ],
    ids=["one side", "other side", "log", "log1p", "arcsin", "arctanh"],
)
def test_the_edge_of_a_domain_costs_nothing(f: F, x: float, truth: float) -> None:
    value, bar, status = numeric_jacobian(f, np.array(x))
    assert status == "smooth"
    assert within(value, bar, truth, eps=1e-11)
    assert bar <= 1e-5 * max(abs(truth), 1.0)


def test_a_slope_that_is_reached_slowly_has_a_wide_bar() -> None:
    """The quotients of x^1.5 at 0 are h^0.5: no extrapolation knows that law."""
    value, bar, status = numeric_jacobian(lambda x: x**1.5, np.array(0.0))
    assert str(status) in ("smooth", "noisy")
    assert within(value, bar, 0.0)
    assert 0 < bar < 1e-3


def test_a_function_may_raise_outside_of_its_domain() -> None:
    def picky(x: Any) -> Any:
        if not 0 < x < 1:
            raise ValueError("outside of (0, 1)")
        return math.log(x)

    value, bar, status = numeric_jacobian(picky, 0.25)
    assert status == "smooth"
    assert within(value, bar, 4.0)


@pytest.mark.parametrize(
    "error", [ValueError, ZeroDivisionError, AssertionError, IndexError, KeyError, np.linalg.LinAlgError]
)
def test_whatever_the_domain_is_guarded_with(error: type[Exception]) -> None:
    def guarded(x: Any) -> Any:
        if not abs(x) < 0.3:
            raise error("outside")
        return np.exp(x)

    value, bar, status = numeric_jacobian(guarded, np.array(0.125))
    assert status == "smooth"
    assert within(value, bar, np.exp(0.125))


def test_a_pole_met_on_the_way_does_not_matter() -> None:
    value, bar, status = numeric_jacobian(lambda x: 1 / float(x), 0.0625)
    assert status == "smooth"
    assert within(value, bar, -256.0)


def test_a_function_defined_at_one_point_alone_is_undefined() -> None:
    def alone(x: Any) -> Any:
        if x != 1:
            raise ValueError("only at 1")
        return x

    assert numeric_jacobian(alone, np.array(1.0)).status == "undefined"


# ----------------------------------------------------------------------------- precision


@pytest.mark.parametrize("curve", SMOOTH, ids=named)
@SOME
@given(data=st.data())
def test_a_float32_function_that_takes_float64_is_measured_there(curve: Curve, data: st.DataObject) -> None:
    x = np.float32(data.draw(curve.points))
    value, bar, status = numeric_jacobian(curve.f, np.array(x, np.float32))
    with mpmath.workdps(50):
        truth = float(mpmath.mpf(curve.slope(mpmath.mpf(float(x)))))
    assert status == "smooth"
    assert within(value, bar, truth)
    assert bar <= 1e-7 * max(abs(float(value)), abs(float(curve.f(x))))


@pytest.mark.parametrize("curve", SMOOTH, ids=named)
@SOME
@given(data=st.data())
def test_a_function_of_float32_alone_has_an_honest_bar(curve: Curve, data: st.DataObject) -> None:
    x = np.float32(data.draw(curve.points))

    def narrow(x: Any) -> Any:
        return np.asarray(curve.f(x.astype(np.float32)), np.float32)

    value, bar, status = numeric_jacobian(narrow, np.array(x, np.float32))
    with mpmath.workdps(50):
        truth = float(mpmath.mpf(curve.slope(mpmath.mpf(float(x)))))
    assert str(status) in ("smooth", "noisy")
    # float32's functions are off by more than half an ulp, and alike at neighbouring levels: 8 bars were the most.
    assert within(value, bar, truth, eps=2.0**-23, bars=10)


@pytest.mark.skipif(np.finfo(np.longdouble).eps >= 2e-16, reason="long double is double here")
@given(NEAR_ONE)
def test_long_double_is_used_where_it_is_given(x: float) -> None:
    value, bar, status = numeric_jacobian(np.sin, np.array(x, np.longdouble))
    assert status == "smooth"
    assert value.dtype == np.longdouble
    assert within(value, bar, np.cos(np.longdouble(x)), eps=1e-19)
    narrow = numeric_jacobian(np.sin, np.array(x))
    assert bar <= narrow.uncertainty
    assert bar <= 1e-12


def test_half_precision_is_measured_in_float64() -> None:
    value, bar, status = numeric_jacobian(np.sin, np.array(0.5, np.float16))
    assert status == "smooth"
    assert within(value, bar, np.cos(0.5))


# ----------------------------------------------------------------------------- shapes and containers


@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 100))
def test_the_jacobian_of_a_matrix_is_the_matrix(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, x = rng.integers(-8, 9, (rows, columns)) / 4, rng.integers(-8, 9, columns) / 4
    value, bar, status = numeric_jacobian(lambda x: a @ x, x)
    assert value.shape == bar.shape == status.shape == (rows, columns)
    assert (status == "smooth").all()
    assert within(value, bar, a)


def test_shapes_are_those_of_the_output_and_then_of_the_argument() -> None:
    found = numeric_jacobian(lambda x: x[None] * np.ones((4, 1, 1)), np.ones((2, 3)))
    assert all(part.shape == (4, 2, 3, 2, 3) for part in found)
    np.testing.assert_allclose(found.value[2].reshape(6, 6), np.eye(6), atol=1e-12)
    assert isinstance(found, NumericJacobian)
    assert numeric_jacobian(np.sin, np.zeros((0, 2))).value.shape == (0, 2, 0, 2)
    assert numeric_jacobian(np.sum, np.zeros((0, 2))).value.shape == (0, 2)
    assert numeric_jacobian(lambda x: x[:0], np.ones(3)).value.shape == (0, 3)


def test_all_outputs_of_one_direction_are_judged_on_their_own() -> None:
    """One smooth, one with a kink, one that jumps, one vertical, one undefined, beside each other."""
    f = lambda x: np.stack([np.exp(x), np.abs(x), np.sign(x), np.cbrt(x), np.where(x == 0, np.nan, x)])  # noqa: E731
    value, bar, status = numeric_jacobian(f, np.array(0.0))
    assert status.tolist() == ["smooth", "kink", "jump", "infinite", "undefined"]
    assert within(value[:2], bar[:2], [1.0, 0.0])


def test_several_arguments_give_a_tuple_each() -> None:
    value, bar, status = numeric_jacobian(lambda a, n, b: n * a * b, np.array([1.0, 2.0]), 3, np.array([5.0, 7.0]))
    assert len(value) == len(bar) == len(status) == 2
    assert within(value[0], bar[0], np.diag([15.0, 21.0]))
    assert within(value[1], bar[1], np.diag([3.0, 6.0]))


def test_wrt_chooses() -> None:
    f = lambda a, b: a * a * b  # noqa: E731
    assert within(*numeric_jacobian(f, 2.0, 3.0, wrt=1)[:2], 4.0)
    assert within(*numeric_jacobian(f, 2.0, 3.0, wrt=-2)[:2], 12.0)
    assert within(np.array(numeric_jacobian(f, 2.0, 3.0, wrt=(0, 1)).value), 1e-10, [12.0, 4.0])


def test_keywords_are_passed_on() -> None:
    value, bar, _ = numeric_jacobian(np.sum, np.ones((2, 3)), axis=1, keepdims=True)
    assert value.shape == (2, 1, 2, 3)
    assert within(value[:, 0], bar[:, 0], np.eye(2)[:, :, None] * np.ones(3))


def test_containers_in_and_out() -> None:
    @dataclasses.dataclass
    class Line:
        slope: Any
        shift: float

    def f(p: Line, x: dict[str, Any]) -> dict[str, Any]:
        return {"y": p.slope * x["x"] + p.shift, "count": 3, "both": (p.shift * p.shift,)}

    value, bar, status = numeric_jacobian(f, Line(np.array([1.0, 2.0]), 3.0), {"x": np.array([4.0, 5.0]), "name": "x"})
    by_line, by_x = value
    assert isinstance(by_line, Line)
    assert within(by_line.slope["y"], 1e-10, np.diag([4.0, 5.0]))
    assert within(by_line.slope["both"][0], 1e-10, np.zeros(2))
    assert within(by_line.shift["y"], 1e-10, np.ones(2))
    assert within(by_line.shift["both"][0], 1e-10, 6.0)
    assert within(by_x["x"]["y"], 1e-10, np.diag([1.0, 2.0]))
    assert bar[0].shift["y"].shape == status[0].shift["y"].shape == (2,)


def test_a_python_float_is_a_number_for_the_function() -> None:
    value, bar, status = numeric_jacobian(lambda x: math.sin(x) if isinstance(x, float) else None, 0.5)
    assert (value.shape, str(status)) == ((), "smooth")
    assert within(value, bar, math.cos(0.5))


def test_memory_layout_and_read_only_arguments_do_not_matter() -> None:
    x = np.arange(1.0, 13.0).reshape(3, 4)[::2, ::-2]
    expected = numeric_jacobian(lambda x: np.cumsum(x * x, axis=0), x.copy())
    frozen = x.copy()
    frozen.setflags(write=False)
    for same in (x, np.asfortranarray(x), frozen):
        found = numeric_jacobian(lambda x: np.cumsum(x * x, axis=0), same)
        np.testing.assert_array_equal(found.value, expected.value)
    wide = np.broadcast_to(np.array(2.0), (2, 2))
    assert within(numeric_jacobian(np.square, wide).value.reshape(4, 4), 1e-10, 4 * np.eye(4))


def test_the_arguments_are_left_alone() -> None:
    x = np.array([1.0, -2.0])
    numeric_jacobian(lambda x: np.sin(x), x)
    assert x.tolist() == [1.0, -2.0]


def test_every_status_is_one_of_those_that_are_written_down() -> None:
    statuses = numeric_jacobian(
        lambda x: np.array([np.exp(x), np.abs(x), np.sign(x), np.cbrt(x), np.sin(1e17 * (x + 1))]), np.array(0.0)
    ).status
    assert set(statuses.tolist()) <= set(STATUSES) - {"untried"}


def test_the_cost_is_about_forty_evaluations_an_element() -> None:
    calls = 0

    def counted(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return np.sin(x)

    numeric_jacobian(counted, np.arange(1.0, 11.0))
    assert calls <= 45 * 10


def test_what_is_no_function_of_floats_is_refused() -> None:
    for f, x in ((np.sin, 3), (np.sin, np.arange(3)), (lambda x: None, 1.0), (lambda x: x > 0, 1.0)):
        with pytest.raises(UncheckableError):
            numeric_jacobian(f, x)


# ----------------------------------------------------------------------------- the steps


@given(st.floats(0, 1e300), st.floats(2.0**-60, 1.0), st.sampled_from([2.0**-10, 2.0**-23, 2.0**-52, 2.0**-63]))
@example(0.0, 2.0**-60, 2.0**-52)
@example(1e300, 1.0, 2.0**-52)
@example(5e-324, 1.0, 2.0**-52)
def test_steps_shrink_by_the_ratio_from_the_size_of_x_to_its_last_bits(
    size: float, smallest: float, eps: float
) -> None:
    found = steps(size, smallest, eps)
    assert 1 <= len(found) <= MOST_LEVELS + 1
    assert found[0] <= max(size, 1.0)
    assert found[-1] >= 4 * eps * (size or min(smallest, 1.0)) or size < 1e-300
    np.testing.assert_allclose(np.divide(found[:-1], found[1:]), RATIO)


@pytest.mark.parametrize("size", [np.inf, np.nan, -np.inf])
def test_an_infinity_cannot_be_moved(size: float) -> None:
    assert steps(size, 1.0, 2.0**-52) == []
