"""Errors in x and y of each point: the lowest minimum, whatever the order of the points, the axes or the units."""

import json
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minigrad import functional
from minigrad.fitting import fit_line
from minigrad.fitting.given import points
from minigrad.fitting.solvers.distance import nearest_line
from minigrad.fitting.solvers.linear import least_squares
from minigrad.fitting.solvers.york import york_line

DATA = Path(__file__).parent / "data"
PEARSON = json.loads((DATA / "pearson_york.json").read_text())

whole = st.integers(-1000, 1000).map(float)
deviations = st.integers(1, 64).map(lambda k: k / 8)


@st.composite
def measurements(draw, least=3, most=10):
    """Points with whole coordinates and errors of their own; sums of squares of which no other is nearly as low."""
    n = draw(st.integers(least, most))
    x, y = (np.array(draw(st.lists(whole, min_size=n, max_size=n))) for _ in range(2))
    sigma_x, sigma = (np.array(draw(st.lists(deviations, min_size=n, max_size=n))) for _ in range(2))
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    found = york_line(points(x, y, sigma=sigma, sigma_x=sigma_x))
    second = found.extra.get("second_minimum")
    assume(second is None or second["chi2"] > found.chi2 * (1 + 1e-9))
    assume(1e-4 < abs(found.values[0]) < 1e4)
    # A valley that is level along its floor determines nothing: the errors are then larger than the slope.
    assume(math.sqrt(found.cov[0, 0]) < abs(found.values[0]))
    return x, y, sigma_x, sigma


def pearson(**options):
    given_points = points(
        PEARSON["x"],
        PEARSON["y"],
        sigma=1 / np.sqrt(PEARSON["weight_y"]),
        sigma_x=1 / np.sqrt(PEARSON["weight_x"]),
    )
    return york_line(given_points, **options)


def york(measured, **options):
    x, y, sigma_x, sigma = measured
    return york_line(points(x, y, sigma=sigma, sigma_x=sigma_x), **options)


def chi2_of(slopes, x, y, sigma_x, sigma):
    """Chi2 with the best intercept for each slope."""
    m = np.asarray(slopes)[:, None]
    w = 1 / (sigma**2 + m**2 * sigma_x**2)
    rest = y - m * x
    rest = rest - (np.sum(w * rest, axis=1) / np.sum(w, axis=1))[:, None]
    return np.sum(w * rest**2, axis=1)


def assert_same(found, slope, intercept, x):
    """As near as the rounding of data and sigmas leaves it: 1e-12 of the line, measured amid the points."""
    assert found.values[0] == pytest.approx(slope, rel=1e-11)
    allowed = 1e-11 * (abs(intercept) + abs(slope) * np.abs(x).max())
    assert abs(found.values[1] - intercept) <= allowed


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("errors", ["york", "hessian"])
def test_pearsons_data_with_yorks_weights(absolute, errors):
    found = pearson(absolute_sigma=absolute, errors=errors)
    intercept, slope = (float(number) for number in PEARSON["expected_parameters_40_digits"])
    np.testing.assert_allclose(found.values, [slope, intercept], rtol=1e-15)
    key = {"york": "york2004", "hessian": "observed_hessian"}[errors] + ("" if absolute else "_scaled")
    np.testing.assert_allclose(np.sqrt(np.diag(found.cov))[::-1], PEARSON[f"expected_std_errors_{key}"], rtol=1e-14)
    assert found.chi2 == pytest.approx(PEARSON["expected_chi2"], rel=1e-14)
    assert found.scale == (1.0 if absolute else pytest.approx(math.sqrt(PEARSON["expected_reduced_chi2"])))
    assert "York" in found.message
    assert ("not scaled" in found.message) is absolute
    assert ("second derivatives" in found.message) is (errors == "hessian")


def test_the_figures_that_the_literature_gives():
    found = pearson(absolute_sigma=True)
    assert f"{found.values[0]:.12f} {found.values[1]:.11f}" == "-0.480533407446 5.47991022403"
    assert [f"{error:.7f}" for error in np.sqrt(np.diag(found.cov))] == ["0.0579850", "0.2949707"]


def test_the_second_minimum_is_told_and_not_returned():
    found = pearson()
    second = found.extra["second_minimum"]
    assert second["slope"] == pytest.approx(0.2487, abs=1e-4)
    assert second["chi2"] > found.chi2
    assert "slope 0.248787" in found.warnings[0]
    assert "second minimum, 231.1 where this line has 11.8664" in found.warnings[0]
    # It is one: chi2 is higher on both sides of it.
    x, y = np.array(PEARSON["x"]), np.array(PEARSON["y"])
    sigma_x, sigma = (1 / np.sqrt(PEARSON[f"weight_{axis}"]) for axis in "xy")
    left, there, right = chi2_of(second["slope"] + np.array([-1e-4, 0, 1e-4]), x, y, sigma_x, sigma)
    assert there < min(left, right)
    assert there == pytest.approx(second["chi2"], rel=1e-12)


def test_a_line_that_nobody_would_doubt_has_no_warning():
    x = np.linspace(0, 10, 20)
    sigma = np.linspace(0.1, 0.3, 20)
    found = york_line(points(x, 2 * x + 1 + sigma * np.cos(7 * x), sigma=sigma, sigma_x=sigma[::-1]))
    assert found.warnings == ()


def test_two_lines_that_the_points_hardly_tell_apart_are_both_told():
    # A diamond, which looks the same in the mirror but for one point.
    x, y = np.array([0.0, 0.0, 2.0, -2.0]), np.array([3.0, -3.0, 0.1, 0.0])
    found = york((x, y, np.array([1.0, 1.0, 0.1, 0.1]), np.array([0.3, 0.3, 3.0, 3.0])))
    assert found.extra["second_minimum"]["slope"] * found.values[0] < 0
    assert "hardly tell the two apart" in found.warnings[0]


@given(measurements())
def test_the_derivatives_vanish_with_fifty_digits(measured):
    """One step of Newton's method in 50 digits, from what was found, changes nothing that float64 could show."""
    x, y, sigma_x, sigma = measured
    found = york(measured)
    with mpmath.workdps(50):
        numbers = [[mpmath.mpf(float(v)) for v in column] for column in (x, y, sigma_x, sigma)]

        def chi2(m, c):
            terms = zip(*numbers, strict=True)
            return mpmath.fsum((q - c - m * p) ** 2 / (t**2 + m**2 * s**2) for p, q, s, t in terms)

        at = [mpmath.mpf(float(value)) for value in found.values]
        first = mpmath.matrix([mpmath.diff(chi2, at, order) for order in ((1, 0), (0, 1))])
        mixed = mpmath.diff(chi2, at, (1, 1))
        second = mpmath.matrix([[mpmath.diff(chi2, at, (2, 0)), mixed], [mixed, mpmath.diff(chi2, at, (0, 2))]])
        step = mpmath.lu_solve(second, first)
    errors = np.sqrt(np.diag(found.cov))
    for k in range(2):
        assert abs(step[k]) <= 4e-16 * abs(found.values[k]) + 1e-13 * errors[k] + 1e-30


@given(measurements())
def test_no_slope_has_a_smaller_chi2(measured):
    x, y, sigma_x, sigma = measured
    slopes = np.geomspace(1e-6, 1e6, 3000)
    lowest = chi2_of(np.concatenate([-slopes, [0], slopes]), x, y, sigma_x, sigma).min()
    assert york(measured).chi2 <= lowest * (1 + 1e-12)


@pytest.mark.slow
def test_all_minima_of_problems_drawn_at_random():
    """Errors over eight powers of ten, points without a line: many have several minima, and the lowest is found."""
    several = 0
    for seed in range(3000):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(3, 16))
        x, y = rng.normal(size=(2, n)) * 10.0 ** rng.normal(size=(2, 1))
        sigma_x, sigma = np.exp(rng.choice([0.3, 1, 2, 4]) * rng.normal(size=(2, n)))
        found = york((x, y, sigma_x, sigma))
        ratios = sigma / sigma_x
        slopes = np.geomspace(ratios.min() * 1e-3, ratios.max() * 1e3, 3000)
        all_slopes = np.concatenate([-slopes[::-1], [0], slopes])
        sums = chi2_of(all_slopes, x, y, sigma_x, sigma)
        assert found.chi2 <= sums.min() * (1 + 1e-12)
        several += "second_minimum" in found.extra
    assert several > 500


@given(measurements())
def test_exchanging_x_and_y_gives_the_same_line(measured):
    x, y, sigma_x, sigma = measured
    one, other = york(measured), york((y, x, sigma, sigma_x))
    slope, intercept = other.values
    assert_same(one, 1 / slope, -intercept / slope, x)
    assert one.chi2 == pytest.approx(other.chi2, rel=1e-11, abs=1e-18)
    assert math.sqrt(one.cov[0, 0]) == pytest.approx(math.sqrt(other.cov[0, 0]) / slope**2, rel=1e-9, abs=1e-15)


@given(measurements(), st.randoms(use_true_random=False))
def test_the_order_of_the_points_does_not_matter(measured, random):
    order = list(range(len(measured[0])))
    random.shuffle(order)
    assert_same(york([column[order] for column in measured]), *york(measured).values, measured[0])


@given(measurements(), st.integers(-(2**31), 2**31), st.integers(-(2**31), 2**31))
def test_the_line_moves_with_the_points(measured, right, up):
    x, y, sigma_x, sigma = measured
    here, there = york(measured), york((x + right, y + up, sigma_x, sigma))
    assert there.values[0] == pytest.approx(here.values[0], rel=1e-11)
    assert there.chi2 == pytest.approx(here.chi2, rel=1e-10, abs=1e-15)
    place = np.array([3.0])
    assert there.curve.at(place + right)[0] - up == pytest.approx(here.curve.at(place)[0], abs=1e-5)


@given(measurements(), st.sampled_from([-150, -40, 0, 37, 150]), st.sampled_from([-150, -40, 0, 37, 150]))
def test_each_axis_has_units_of_its_own(measured, of_x, of_y):
    """Energies of light over its frequencies are 33 orders apart; the intercept came out as 0."""
    x, y, sigma_x, sigma = measured
    found = york((np.ldexp(x, of_x), np.ldexp(y, of_y), np.ldexp(sigma_x, of_x), np.ldexp(sigma, of_y)))
    slope, intercept = york(measured).values
    assert_same(found, np.ldexp(slope, of_y - of_x), np.ldexp(intercept, of_y), np.ldexp(x, of_x))


@given(measurements(), st.floats(1e-3, 1e3))
def test_all_sigmas_k_times_larger_change_the_absolute_errors_alone(measured, k):
    x, y, sigma_x, sigma = measured
    larger = x, y, k * sigma_x, k * sigma
    one, other = york(measured), york(larger)
    assert_same(other, *one.values, x)
    np.testing.assert_allclose(other.cov, one.cov, rtol=1e-8, atol=1e-18)
    one, other = york(measured, absolute_sigma=True), york(larger, absolute_sigma=True)
    np.testing.assert_allclose(other.cov, k**2 * one.cov, rtol=1e-8, atol=1e-18)


@given(measurements(most=6), st.data())
def test_a_weight_k_counts_as_k_copies(measured, data):
    n = len(measured[0])
    k = np.array(data.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n)))
    x, y, sigma_x, sigma = measured
    one = york((x, y, sigma_x / np.sqrt(k), sigma / np.sqrt(k)), absolute_sigma=True)
    assume(abs(one.values[0]) < 1e4 and "second_minimum" not in one.extra)
    other = york([np.repeat(column, k) for column in measured], absolute_sigma=True)
    scattered = math.sqrt(one.cov[0, 0] * max(1.0, one.chi2))
    assert one.values[0] == pytest.approx(other.values[0], rel=1e-11, abs=1e-12 * scattered)
    np.testing.assert_allclose(one.cov, other.cov, rtol=1e-8, atol=1e-18)
    assert one.chi2 == pytest.approx(other.chi2, rel=1e-10, abs=1e-18)


@given(measurements(), deviations, deviations)
def test_equal_errors_give_the_closed_form(measured, sigma_x, sigma):
    x, y, _, _ = measured
    one = york((x, y, sigma_x, sigma))
    other = nearest_line(points(x, y), delta=(sigma / sigma_x) ** 2)
    assume(0 < abs(other.values[0]) < 1e6)
    assert_same(one, *other.values, x)
    np.testing.assert_allclose(one.cov, other.cov, rtol=1e-9, atol=1e-12 * one.cov.max() + 1e-30)
    np.testing.assert_allclose(one.residuals, other.residuals, atol=1e-10)


@given(measurements())
def test_nearly_equal_errors_come_near_the_closed_form(measured):
    """The search over directions and the closed form are two ways to the same line."""
    x, y, _, _ = measured
    other = nearest_line(points(x, y))
    assume(0 < abs(other.values[0]) < 1e3 and math.sqrt(other.cov[0, 0]) < 1e3)
    wobble = 1 + 1e-12 * np.cos(np.arange(len(x)))
    one = york((x, y, wobble, 1 / wobble))
    assert one.values[0] == pytest.approx(other.values[0], rel=1e-9, abs=1e-9 * math.sqrt(other.cov[0, 0]))


@given(measurements())
def test_without_errors_in_x_it_is_weighted_least_squares(measured):
    x, y, _, sigma = measured
    expected = least_squares(points(x, y, sigma=sigma), absolute_sigma=True)
    assume(abs(expected.values[0]) > 1e-6)
    # The sum differs by terms of slope² sigma_x² / sigma².
    found = york((x, y, sigma * 1e-12, sigma), absolute_sigma=True)
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.cov, expected.cov, rtol=1e-7, atol=1e-15)


@given(measurements())
def test_residuals_over_sigma_have_the_sum_of_squares_chi2(measured):
    x, y, sigma_x, sigma = measured
    found = york(measured)
    assert np.sum((found.residuals / sigma) ** 2) == pytest.approx(found.chi2, rel=1e-12)
    above = y - found.curve.at(x)
    assert (np.sign(found.residuals) == np.sign(above))[np.abs(above) > 1e-6].all()
    (slope,) = found.values[:1]
    assert chi2_of([slope], x, y, sigma_x, sigma)[0] == pytest.approx(found.chi2, rel=1e-6, abs=1e-12)


@given(measurements())
def test_errors_are_those_of_the_paper(measured):
    """York et al. (2004), table I: from the adjusted x of each point, written out as they have it."""
    x, y, sigma_x, sigma = measured
    found = york(measured, absolute_sigma=True)
    b = found.values[0]
    of_x, of_y = sigma_x**-2.0, sigma**-2.0
    w = of_x * of_y / (of_x + b**2 * of_y)
    u, v = x - np.average(x, weights=w), y - np.average(y, weights=w)
    beta = w * (u / of_y + b * v / of_x)
    adjusted = np.average(x, weights=w) + beta
    centre = np.average(adjusted, weights=w)
    variance = 1 / np.sum(w * (adjusted - centre) ** 2)
    assert found.cov[0, 0] == pytest.approx(variance, rel=1e-8)
    assert found.cov[1, 1] == pytest.approx(1 / np.sum(w) + centre**2 * variance, rel=1e-8)


@given(measurements())
def test_hessian_errors_are_those_of_our_second_derivatives(measured):
    x, y, sigma_x, sigma = measured
    found = york(measured, absolute_sigma=True, errors="hessian")
    middle = x.mean()
    at = np.array([found.values[0], found.curve.at(np.array([middle]))[0]])

    def half_chi2(p):
        return ((y - p[0] * (x - middle) - p[1]) ** 2 / (sigma**2 + p[0] ** 2 * sigma_x**2)).sum() / 2

    matrix = functional.hessian(half_chi2)(at)
    matrix = np.asarray(getattr(matrix, "data", matrix))
    assume(np.linalg.cond(matrix) < 1e8)
    assert found.cov[0, 0] == pytest.approx(np.linalg.inv(matrix)[0, 0], rel=1e-6)


@given(measurements(least=2), whole, whole)
def test_a_line_through_a_point_goes_through_it(measured, x0, y0):
    x, y, sigma_x, sigma = measured
    found = york(measured, through=(x0, y0))
    assume(found.vertical is None)
    assert found.curve.at(np.array([x0]))[0] == pytest.approx(y0, abs=1e-12)
    assert found.dof == len(x) - 1
    assert found.extra["through"] == (x0, y0)
    slopes = np.geomspace(1e-5, 1e5, 2000)
    m = np.concatenate([-slopes, [0], slopes])[:, None]
    sums = np.sum((y - y0 - m * (x - x0)) ** 2 / (sigma**2 + m**2 * sigma_x**2), axis=1)
    assert found.chi2 <= sums.min() * (1 + 1e-10)


def test_points_above_each_other_lie_on_a_vertical_line():
    sigma = np.array([0.1, 0.2, 0.1, 0.4])
    found = york((np.full(4, 0.3), np.array([1.0, 2.0, 4.0, 7.0]), sigma, sigma[::-1]), absolute_sigma=True)
    assert found.vertical == 0.3
    assert found.values[0] == math.inf
    # Where it stands is a mean of x, whose error is known.
    assert f"standard error {1 / math.sqrt(np.sum(sigma**-2.0)):.3g}" in found.message


@pytest.mark.parametrize("lean", [1e-6, 1e-12, 1e-30])
def test_a_line_that_leans_a_little_keeps_all_digits(lean):
    y = np.array([0.0, 1.0, 2.0, 3.0, 5.0])
    x = y + np.array([1.0, -2.0, 0.5, 1.5, -1.0]) / 64
    sigma = np.array([1.0, 2.0, 1.5, 1.0, 3.0]) / 50
    one = york((x, y, sigma, sigma[::-1]))
    other = york((lean * x, y, lean * sigma, sigma[::-1]))
    np.testing.assert_allclose(other.values, [one.values[0] / lean, one.values[1]], rtol=1e-13)


def test_time_stamps_lose_no_digits():
    x = np.arange(12.0)
    y = 2.5 * x + np.cos(5 * x) / 8
    sigma = 1 + np.arange(12.0) / 8
    here, there = york((x, y, sigma[::-1], sigma)), york((x + 4e9, y, sigma[::-1], sigma))
    assert there.values[0] == pytest.approx(here.values[0], rel=1e-15)
    assert there.values[1] == pytest.approx(float(here.values[1] - 4e9 * here.values[0]), rel=1e-15)


def test_many_points_are_taken_together_for_the_search_alone():
    """More than 512 points: classes of errors for the search, every point for the line."""
    rng = np.random.default_rng(0)
    n = 5000
    sigma_x, sigma = np.exp(rng.normal(size=(2, n)))
    x = np.linspace(-30, 30, n)
    measured = x + sigma_x * rng.normal(size=n), 1 - 0.7 * x + sigma * rng.normal(size=n), sigma_x, sigma
    found = york(measured)
    slope = found.values[0]
    assert found.chi2 == pytest.approx(chi2_of([slope], *measured)[0], rel=1e-12)
    near = chi2_of(slope * (1 + np.array([-1e-5, 1e-5])), *measured)
    assert near.min() > found.chi2
    # To the rounding of chi2 both sides are equally high: the derivative is 0 between them.
    assert abs(near[0] - near[1]) <= 1e-3 * (near.mean() - found.chi2)


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match=r"sigma_x was not.*\n.*fit_line\(x, y, sigma"):
        york_line(points([1.0, 2.0, 3.0], [1.0, 2.0, 2.0], sigma=1.0))
    with pytest.raises(ValueError, match=r"sigma was not.*\n.*fit_line\(y, x, sigma"):
        york_line(points([1.0, 2.0, 3.0], [1.0, 2.0, 2.0], sigma_x=1.0))
    with pytest.raises(ValueError, match="through"):
        york_line(points([1.0], [1.0], sigma=1.0, sigma_x=1.0))
    with pytest.raises(ValueError, match="york, hessian"):
        york_line(points([1.0, 2.0], [1.0, 2.0], sigma=1.0, sigma_x=1.0), errors="none")


def test_sigmas_that_leave_no_digits_are_refused():
    x, y, one = np.arange(3.0), np.array([0.0, 1.0, 3.0]), np.ones(3)
    with pytest.raises(ValueError, match="sigma differs by a factor of 1e"):
        york((x, y, one, np.array([1e-60, 1.0, 1.0])))
    with pytest.raises(
        ValueError, match=r"^sigma_x is less than 1e-120 of the error of the other axis\.\nx is as good"
    ):
        york((x, y, one * 1e-70, one * 1e70))
    with pytest.raises(ValueError, match=r"^sigma is less than .*\ny is as good as exact: fit_line\(y, x\)"):
        york((x, y, one * 1e70, one * 1e-70))
    with pytest.raises(ValueError, match="Where x is exact"):
        york((x, y, np.array([1e-70, 2e-70, 1e-70]), one))
    with pytest.raises(ValueError, match="sigmas differ by 1e8"):
        york((np.full(2, 4e9), np.array([-0.75, -1.0]), np.array([1.0, 5e-9]), np.array([7e8, 24.0])))


def test_two_points_have_a_line_and_errors_only_where_sigma_is_taken_as_it_is():
    measured = np.array([1.0, 3.0]), np.array([2.0, 8.0]), np.array([0.5, 0.25]), np.array([1.0, 2.0])
    found = york(measured)
    np.testing.assert_allclose(found.values, [3.0, -1.0], rtol=1e-15)
    assert np.isnan(found.cov).all()
    assert "NaN" in found.warnings[-1]
    absolute = york(measured, absolute_sigma=True)
    assert np.isfinite(absolute.cov).all()
    # Of two points the slope is a difference: its variance is known at once.
    w = 1 / (measured[3] ** 2 + 9 * measured[2] ** 2)
    assert absolute.cov[0, 0] == pytest.approx(np.sum(1 / w) / 4, rel=1e-12)


def test_odrpack_ends_in_the_same_line_where_it_converges():
    odrpack = pytest.importorskip("odrpack")
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(5, 40))
        t = np.sort(rng.uniform(0, 10, n))
        sigma_x, sigma = np.exp(rng.normal(size=(2, n)) / 2) / 5
        x, y = t + sigma_x * rng.normal(size=n), 1 + 2 * t + sigma * rng.normal(size=n)
        found = york((x, y, sigma_x, sigma))
        theirs = odrpack.odr_fit(
            lambda x, beta: beta[0] * x + beta[1],
            x,
            y,
            np.array([2.0, 1.0]),
            weight_x=sigma_x**-2.0,
            weight_y=sigma**-2.0,
        )
        assert found.chi2 <= theirs.sum_square * (1 + 1e-12)
        errors = np.sqrt(np.diag(found.cov))
        np.testing.assert_allclose(theirs.beta, found.values, atol=1e-3 * errors.max())
        # They report the York errors in the scaling by √(chi2 / dof), from derivatives of less accuracy.
        np.testing.assert_allclose(theirs.sd_beta, errors, rtol=1e-2)


def test_fit_line_takes_its_errors_of_x_from_here():
    x, y = np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 2.0, 5.0, 8.0])
    fit = fit_line(x, y, loss="distance", sigma=[1, 2, 1, 1], sigma_x=0.5)
    expected = york((x, y, 0.5, np.array([1.0, 2.0, 1.0, 1.0])))
    np.testing.assert_array_equal(list(fit.params.values()), expected.values)
