"""The line nearest to the points: the same one whichever axis is called x, however the points are turned or moved."""

import json
import math
import pickle
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minigrad import functional
from minigrad.fitting import fit_line
from minigrad.fitting.given import points
from minigrad.fitting.solvers.distance import nearest_line

DATA = Path(__file__).parent / "data"
CERTIFIED = DATA / "pearson_unweighted.json", DATA / "line_distance_100.json"
EPS = float(np.finfo(float).eps)

whole = st.integers(-1000, 1000).map(float)


@st.composite
def clouds(draw, least=3, most=12):
    """Points with whole coordinates, so that moving and turning them rounds nothing; they have a clear direction."""
    n = draw(st.integers(least, most))
    x = np.array(draw(st.lists(whole, min_size=n, max_size=n)))
    y = np.array(draw(st.lists(whole, min_size=n, max_size=n)))
    assume(determination(x, y) > 1e-3)
    return x, y


def determination(x, y):
    """How far from equal the spreads in the two main directions are, between 0 and 1."""
    u, v = x - x.mean(), y - y.mean()
    total = u @ u + v @ v
    return math.hypot(v @ v - u @ u, 2 * (u @ v)) / total if total else 0.0


def exact_line(x, y, delta=1, weights=None):
    """Slope and intercept with 50 digits, from sums without any rounding (Deming 1943)."""
    xs, ys = [Fraction(float(v)) for v in x], [Fraction(float(v)) for v in y]
    ws = [Fraction(1)] * len(xs) if weights is None else [Fraction(float(w)) for w in weights]
    total = sum(ws)
    x0, y0 = (sum(w * v for w, v in zip(ws, values, strict=True)) / total for values in (xs, ys))
    xx = sum(w * (p - x0) ** 2 for w, p in zip(ws, xs, strict=True))
    yy = sum(w * (q - y0) ** 2 for w, q in zip(ws, ys, strict=True))
    xy = sum(w * (p - x0) * (q - y0) for w, p, q in zip(ws, xs, ys, strict=True))
    with mpmath.workdps(50):
        xx, yy, xy, x0, y0, d = (mpmath.mpf(f.numerator) / f.denominator for f in (xx, yy, xy, x0, y0, Fraction(delta)))
        root = mpmath.sqrt((yy - d * xx) ** 2 + 4 * d * xy**2)
        if xy == 0 and yy > d * xx:
            return mpmath.inf, mpmath.nan
        slope = (yy - d * xx + root) / (2 * xy) if yy > d * xx else 2 * d * xy / (d * xx - yy + root)
        return slope, y0 - slope * x0


def assert_same_line(found, slope, intercept, x, errors=None):
    """As near as rounding of the data to 16 digits would move the line: some 1e-14 of its standard errors, at most.

    Beside it stands the rounding of the result itself, and, where slope · x cancels in the intercept, nothing more:
    the result is computed with twice the digits.
    """
    own = np.sqrt(np.diag(found.cov)) if errors is None else errors
    own = np.nan_to_num(own)
    for value, expected, error in zip(found.values, (slope, intercept), own, strict=True):
        assert (
            abs(value - float(expected)) <= 4 * EPS * abs(float(expected)) + 512 * EPS * error + 1e-30 * np.abs(x).max()
        )


@pytest.mark.parametrize("path", CERTIFIED, ids=lambda path: path.stem)
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("errors", ["york", "hessian"])
def test_certified_lines(path, absolute, errors):
    data = json.loads(path.read_text())
    found = nearest_line(points(data["x"], data["y"]), absolute_sigma=absolute, errors=errors)
    intercept, slope = (float(number) for number in data["expected_parameters_40_digits"])
    np.testing.assert_allclose(found.values, [slope, intercept], rtol=4e-15)
    key = {"york": "york2004", "hessian": "observed_hessian"}[errors] + ("" if absolute else "_scaled")
    np.testing.assert_allclose(np.sqrt(np.diag(found.cov))[::-1], data[f"expected_std_errors_{key}"], rtol=1e-14)
    assert found.rss == pytest.approx(data["expected_chi2"], rel=1e-14)
    assert found.dof == data["n"] - 2


@given(clouds(), st.sampled_from([1.0, 0.25, 9.0, 0.1]))
def test_the_closed_form_is_exact_to_rounding(cloud, delta):
    x, y = cloud
    slope, intercept = exact_line(x, y, delta)
    assume(determination(x, y / math.sqrt(delta)) > 1e-3)
    assume(abs(slope) < 1e6)
    assert_same_line(nearest_line(points(x, y), delta=delta), slope, intercept, x)


@given(clouds(), st.integers(-(2**32), 2**32), st.integers(-(2**32), 2**32))
def test_far_from_the_origin_no_digit_is_lost(cloud, right, up):
    x, y = cloud
    x, y = x / 1024 + right, y / 1024 + up
    slope, intercept = exact_line(x, y)
    assume(abs(slope) < 1e6)
    assert_same_line(nearest_line(points(x, y)), slope, intercept, x)


@given(clouds())
def test_exchanging_x_and_y_gives_the_same_line(cloud):
    x, y = cloud
    one, other = nearest_line(points(x, y)), nearest_line(points(y, x))
    if one.vertical is not None:
        assert other.values[0] == 0
        assert other.values[1] == one.vertical
    elif other.vertical is not None:
        assert one.values[0] == 0
    else:
        slope, intercept = other.values
        assert one.values[0] == pytest.approx(1 / slope, rel=1e-14)
        size = abs(intercept / slope) + abs(x).max() + abs(y).max()
        assert abs(one.values[1] + intercept / slope) <= 1e-14 * size * max(1, abs(one.values[0]))
        np.testing.assert_allclose(np.abs(one.residuals), np.abs(other.residuals), atol=1e-12)
        assert one.rss == pytest.approx(other.rss, rel=1e-12, abs=1e-20)
        # The errors are the same too: those of the inverse slope are slope² times smaller.
        error, inverse = math.sqrt(one.cov[0, 0]), math.sqrt(other.cov[0, 0])
        assert error == pytest.approx(inverse * one.values[0] ** 2, rel=1e-9, abs=1e-12)


@given(clouds())
def test_the_line_turns_with_the_points(cloud):
    x, y = cloud
    # By the angle whose cosine is 3/5, and stretched by 5: whole numbers stay whole.
    one, other = nearest_line(points(x, y)), nearest_line(points(3 * x - 4 * y, 4 * x + 3 * y))
    before = math.atan(one.values[0])
    after = math.atan(other.values[0])
    turned = (before + math.atan2(4, 3) - after) % math.pi
    assert min(turned, math.pi - turned) <= 64 * EPS / determination(x, y)
    assert other.rss == pytest.approx(25 * one.rss, rel=1e-12, abs=1e-18)


@given(clouds(), st.integers(-30, 30))
def test_the_line_scales_with_the_points(cloud, power):
    x, y = cloud
    one, other = nearest_line(points(x, y)), nearest_line(points(np.ldexp(x, power), np.ldexp(y, power)))
    assert one.values[0] == other.values[0]
    assert np.ldexp(one.values[1], power) == other.values[1] or one.vertical is not None
    np.testing.assert_array_equal(np.ldexp(one.residuals, power), other.residuals)


@given(clouds(), st.randoms(use_true_random=False))
def test_the_order_of_the_points_does_not_matter(cloud, random):
    x, y = cloud
    order = list(range(len(x)))
    random.shuffle(order)
    one, other = nearest_line(points(x, y)), nearest_line(points(x[order], y[order]))
    if one.vertical is None:
        assert_same_line(other, *one.values, x)


@given(clouds(most=6), st.data())
def test_a_weight_k_counts_as_k_copies(cloud, data):
    x, y = cloud
    k = np.array(data.draw(st.lists(st.integers(1, 4), min_size=len(x), max_size=len(x))))
    copies = np.repeat(x, k), np.repeat(y, k)
    assume(determination(*copies) > 1e-3)
    one = nearest_line(points(x, y, weights=k), absolute_sigma=True)
    other = nearest_line(points(*copies, sigma=1.0), absolute_sigma=True)
    assert (one.vertical is None) is (other.vertical is None)
    if one.vertical is None:
        scattered = np.sqrt(np.diag(one.cov) * max(1.0, one.chi2))
        assert_same_line(one, *other.values, x, errors=scattered)
        np.testing.assert_allclose(one.cov, other.cov, rtol=1e-10, atol=1e-18)
    assert one.chi2 == pytest.approx(other.chi2, rel=1e-12, abs=1e-18)


@given(clouds(), st.integers(-3, 3))
def test_delta_is_y_in_another_unit(cloud, power):
    x, y = cloud
    y_in_units = np.ldexp(y, power)
    one, other = nearest_line(points(x, y)), nearest_line(points(x, y_in_units), delta=4.0**power)
    assert np.ldexp(one.values[0], power) == pytest.approx(other.values[0], rel=1e-14) or one.vertical is not None
    np.testing.assert_allclose(np.ldexp(one.residuals, power), other.residuals, rtol=1e-11, atol=1e-11)


@given(clouds())
def test_no_other_line_is_nearer(cloud):
    x, y = cloud
    found = nearest_line(points(x, y))
    angles = np.linspace(0, np.pi, 721)
    across = np.outer(np.cos(angles), y - y.mean()) - np.outer(np.sin(angles), x - x.mean())
    assert found.rss <= np.sum(across**2, axis=1).min() * (1 + 1e-12) + 1e-18


@given(clouds())
def test_residuals_are_the_signed_distances(cloud):
    x, y = cloud
    found = nearest_line(points(x, y))
    if found.vertical is not None:
        np.testing.assert_allclose(found.residuals, x - found.vertical, atol=1e-12)
        return
    above = y - found.curve.at(x)
    np.testing.assert_allclose(found.residuals, above / math.hypot(1, found.values[0]), rtol=1e-6, atol=1e-9)


@given(clouds(), st.floats(-5000, 5000))
def test_the_curve_knows_what_the_covariance_says(cloud, where):
    x, y = cloud
    found = nearest_line(points(x, y))
    assume(found.vertical is None and abs(found.values[0]) < 1e3)
    curve = pickle.loads(pickle.dumps(found.curve))
    place = np.array([where])
    direct = np.array([where, 1.0])
    size = abs(found.values[0] * where) + abs(found.values[1])
    np.testing.assert_allclose(curve.at(place), [direct @ found.values], atol=1e-13 * size + 1e-13)
    terms = np.abs(direct) @ np.abs(found.cov) @ np.abs(direct)
    np.testing.assert_allclose(curve.variance(place), [direct @ found.cov @ direct], atol=1e-12 * terms + 1e-30)


@settings(max_examples=25)
@given(clouds())
def test_hessian_errors_are_those_of_our_second_derivatives(cloud):
    x, y = cloud
    found = nearest_line(points(x, y), absolute_sigma=True, errors="hessian")
    assume(found.vertical is None and abs(found.values[0]) < 100)
    u, v = x - x.mean(), y - y.mean()  # amid the points, where the matrix is well conditioned

    def half_the_sum(p):
        return ((v - p[0] * u - p[1]) ** 2).sum() / (1 + p[0] ** 2) / 2

    at = np.array([found.values[0], float(found.curve.at(np.array([x.mean()]))[0]) - y.mean()])
    matrix = functional.hessian(half_the_sum)(at)
    expected = np.linalg.inv(np.asarray(getattr(matrix, "data", matrix)))
    assert found.cov[0, 0] == pytest.approx(expected[0, 0], rel=1e-7)


@given(st.integers(2, 30), st.floats(-1e9, 1e9).map(lambda x: x + 0.0))
def test_points_above_each_other_lie_on_a_vertical_line(n, x0):
    found = nearest_line(points(np.full(n, x0), np.arange(n)))
    assert found.vertical == x0
    assert found.values[0] == math.inf
    assert math.isnan(found.values[1])
    assert f"x = {x0:.12g}" in found.message
    np.testing.assert_array_equal(found.residuals, 0.0)
    with pytest.raises(ValueError, match="vertical"):
        found.curve.at(np.array([1.0]))


@pytest.mark.parametrize("lean", [1e-3, 1e-8, 2.0**-40, 1e-20, 1e-100])
def test_a_line_that_leans_a_little_keeps_all_digits(lean):
    y = np.array([0.0, 1.0, 2.0, 3.0, 5.0])
    noise = np.array([1.0, -2.0, 0.5, 1.5, -1.0]) / 64
    x = lean * (y + noise)
    slope, intercept = exact_line(x, y)
    found = nearest_line(points(x, y))
    assert found.vertical is None
    np.testing.assert_allclose(found.values, [float(slope), float(intercept)], rtol=1e-14)


@pytest.mark.parametrize("n", [4, 5, 12])
def test_points_that_spread_equally_determine_no_direction(n):
    angle = 2 * np.pi * np.arange(n) / n
    with pytest.raises(ValueError, match="equally in all directions"):
        nearest_line(points(np.cos(angle), np.sin(angle)))


def test_one_point_and_equal_points_are_refused_with_what_would_help():
    with pytest.raises(ValueError, match="through"):
        nearest_line(points([1.0], [2.0]))
    with pytest.raises(ValueError, match=r"all points are the same, \(1, 2\)"):
        nearest_line(points([1.0, 1.0, 1.0], [2.0, 2.0, 2.0]))
    with pytest.raises(ValueError, match="delta is 0"):
        nearest_line(points([1.0, 2.0], [2.0, 2.0]), delta=0.0)
    with pytest.raises(ValueError, match="one: the distance to which line"):
        nearest_line(points([1.0, 2.0, 3.0], np.eye(3)))
    with pytest.raises(ValueError, match="york, hessian"):
        nearest_line(points([1.0, 2.0], [2.0, 2.0]), errors="none")


@pytest.mark.parametrize(("slope", "intercept"), [(3, 0), (-7, 2), (0.25, -0.5), (40, 0)])
def test_points_on_a_line_have_no_distance_and_no_error(slope, intercept):
    x = np.array([0.1, 0.7, 1.3, 5.9, 11.0]).astype(np.float32).astype(float)  # short numbers: y is exact
    found = nearest_line(points(x, slope * x + intercept))
    np.testing.assert_array_equal(found.values, [slope, intercept])
    np.testing.assert_array_equal(found.residuals, 0.0)
    np.testing.assert_array_equal(found.cov, 0.0)


def test_two_points_have_a_line_and_no_errors():
    found = nearest_line(points([1.0, 3.0], [2.0, 8.0]))
    np.testing.assert_array_equal(found.values, [3.0, -1.0])
    assert np.isnan(found.cov).all()
    assert "NaN" in found.warnings[0]


@given(clouds(least=2), whole, whole)
def test_a_line_through_a_point_goes_through_it(cloud, x0, y0):
    x, y = cloud
    # The moments about the point take the place of those about the mean.
    mirrored = np.concatenate([x - x0, x0 - x]), np.concatenate([y - y0, y0 - y])
    assume(determination(*mirrored) > 1e-3)
    found = nearest_line(points(x, y), through=(x0, y0))
    slope, _ = exact_line(*mirrored)
    assume(abs(slope) < 1e6)
    assert found.values[0] == pytest.approx(float(slope), rel=1e-14, abs=64 * EPS * math.sqrt(found.cov[0, 0]))
    np.testing.assert_allclose(found.curve.at(np.array([x0])), [y0], rtol=1e-14)
    np.testing.assert_allclose(found.curve.variance(np.array([x0])), 0.0, atol=1e-20)
    assert found.dof == len(x) - 1


@pytest.mark.parametrize("unit", [1e-140, 1e-70, 1e70, 1e140])
def test_units_may_be_small_or_large(unit):
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.5, 6.0, 7.0])
    one = nearest_line(points(x, y))
    other = nearest_line(points(x * unit, y * unit))
    np.testing.assert_allclose(other.values, one.values * [1, unit], rtol=1e-14)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_units_whose_squares_leave_float64_are_refused(unit):
    with pytest.raises(ValueError, match="Give x in other units"):
        nearest_line(points(np.array([0.0, 1.0, 3.0]) * unit, [1.0, 2.0, 2.0]))


def test_a_million_points_give_the_line_of_their_moments():
    rng = np.random.default_rng(0)
    t = rng.normal(size=1_000_000)
    x, y = 4e9 + t + rng.normal(size=t.size) / 8, 3 * t + rng.normal(size=t.size) / 8
    found = nearest_line(points(x, y))
    matrix = np.cov(x - 4e9, y)
    direction = np.linalg.eigh(matrix)[1][:, 1]
    assert found.values[0] == pytest.approx(direction[1] / direction[0], rel=1e-12)


def test_fit_line_takes_its_distances_from_here():
    x, y = [0.0, 1.0, 2.0, 4.0], [1.0, 2.0, 5.0, 8.0]
    fit = fit_line(x, y, loss="distance", delta=2.0)
    np.testing.assert_array_equal(list(fit.params.values()), nearest_line(points(x, y), delta=2.0).values)
    by_hessian = fit_line(x, y, loss="distance", errors="hessian")
    assert by_hessian.errors["slope"] != fit_line(x, y, loss="distance").errors["slope"]
    assert fit_line([3, 3, 3], [0, 1, 5], loss="distance").vertical
    origin = fit_line(x, y, loss="distance", through="origin")
    assert origin.params["intercept"] == 0


def test_a_level_line_says_that_r2_is_undefined():
    result = fit_line([1, 2, 3], [3, 3, 3], loss="distance")
    assert (result.slope, result.intercept) == (0, 3)
    assert np.isnan(result.r2)
    assert result.warnings == ("y is constant: R² is undefined",)
