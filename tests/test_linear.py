"""Least squares is right to its last digits, in any units, and says so where the points determine nothing."""

import json
import pickle
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minigrad.fitting.given import points
from minigrad.fitting.solvers.linear import least_squares

from .exact_squares import fractions, line, off, plane, polynomial, solve

NIST = json.loads((Path(__file__).parent / "data" / "nist_linear.json").read_text(encoding="utf-8"))["problems"]

EXAMPLES = Path(__file__).parent.parent / "examples" / "data"

ROUNDED = 4e-16
"""Two units of the last place: the answer is computed with twice the digits, and rounded."""


def fit(x, y, *, sigma=None, weights=None, **options):
    return least_squares(points(x, y, sigma=sigma, weights=weights), **options)


def errors(found):
    return np.sqrt(np.diagonal(found.cov, axis1=-2, axis2=-1))


def nist(name):
    """The fit of a NIST problem, its parameters in NIST's order, and the exact answer for the points as float64."""
    problem = NIST[name]
    x, y, model = problem["x"], problem["y"], problem["model"]
    if "degree" in model:
        found = fit(x, y, degree=model["degree"])
        return found.values, errors(found), polynomial(x, y, model["degree"])
    if "through" in model:
        found = fit(x, y, through=model["through"])
        return found.values[:1], errors(found)[:1], solve([fractions(x)], fractions(y))
    found = fit(x, y)
    return found.values, errors(found), plane(x, y)


@pytest.mark.parametrize("name", NIST)
def test_nist_problems_have_their_certified_answers(name):
    values, spreads, _ = nist(name)
    # 15 digits are certified for the decimals printed; as float64 they are other points by 1e-16, which Filip and
    # Wampler2 multiply by 1000.
    for found, text in zip(values, NIST[name]["parameters"], strict=True):
        assert off(found, Decimal(text)) < 1e-12
    for found, text in zip(spreads, NIST[name]["errors"], strict=True):
        assert off(found, Decimal(text)) < (1e-12 if float(text) else 1e-15)


@pytest.mark.parametrize("name", NIST)
def test_nist_problems_are_right_to_the_last_digit_for_the_points_as_they_are(name):
    values, spreads, (parameters, deviations) = nist(name)
    for found, right in zip(values, parameters, strict=True):
        assert off(found, right) <= ROUNDED
    for found, right in zip(spreads, deviations, strict=True):
        # Where all residuals are rounding (Wampler1 and 2), so is what is left of them in the sum of squares.
        assert off(found, right) <= 8 * ROUNDED if right > Decimal("1e-20") else found < 1e-20


shifts = st.sampled_from([0.0, 1.0, -3e5, 4.1e9, 1e-3])
scales = st.sampled_from([1e-12, 1e-9, 1e-3, 1.0, 7.0, 1e4, 1e8])


@st.composite
def clouds(draw, min_size=3, max_size=40):
    """x and y of order 1."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.standard_normal(draw(st.integers(min_size, max_size)))
    noise = draw(st.sampled_from([0.0, 1e-6, 0.1, 0.5]))
    return x, draw(st.sampled_from([-3.0, -0.7, 0.0, 0.1, 2.5])) * x + noise * rng.standard_normal(len(x))


def assert_exact(found, exact, smallest=0.0):
    """The parameters to the last digit, the errors to 14; below `smallest` both are rounding of 0."""
    for value, error, right, deviation in zip(found.values, errors(found), *exact, strict=True):
        assert off(value, right) <= ROUNDED or abs(Decimal(float(value)) - right) <= smallest
        assert off(error, deviation) <= 1e-14 or max(error, deviation) <= smallest


@given(cloud=clouds(), x_shift=shifts, x_scale=scales, y_shift=shifts, y_scale=scales, weighted=st.booleans())
def test_the_line_is_the_exact_one_in_any_units(cloud, x_shift, x_scale, y_shift, y_scale, weighted):
    x, y = x_shift + x_scale * cloud[0], y_shift + y_scale * cloud[1]
    assume(len(set(x)) > 1)  # else the shift has swallowed the points, and they are refused
    # Powers of two, whose squares are no rounding.
    sigma = 2.0 ** (np.arange(len(x)) % 5 - 2) if weighted else None
    weights = None if sigma is None else sigma**-2
    # Twice the digits are 31: of the terms that cancel, 1e-29 is left where the answer is 0.
    smallest = 1e-29 * (abs(y).max() + y_scale) * (1 + abs(x).max() / np.ptp(x)) * max(1, 1 / np.ptp(x))
    assert_exact(fit(x, y, sigma=sigma), line(x, y, weights), smallest)


sizes = st.floats(-140, 140).map(lambda e: 10.0**e)


@st.composite
def anywhere(draw):
    """Points in units from 1e-140 to 1e140, about places that may be as far away, perhaps with sigmas."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(3, 12))
    x, y = (draw(sizes) * rng.standard_normal(n) + draw(st.sampled_from([0, 1, -1])) * draw(sizes) for _ in range(2))
    return x, y, draw(sizes) ** 0.5 * 10.0 ** rng.uniform(-9, 9, n) if draw(st.booleans()) else None


def assert_exact_or_refused(x, y, sigma):
    found, refusal = None, ""
    try:
        found = fit(x, y, sigma=sigma)
    except ValueError as error:
        refusal = str(error)
    if found is None:
        assert any(words in refusal for words in ("other units", "sigma of the size", "points above each other"))
        return
    weights = None if sigma is None else [1 / v**2 for v in fractions(sigma)]
    for value, error, right, deviation in zip(found.values, errors(found), *line(x, y, weights), strict=True):
        assert abs(Decimal(float(value)) - right) <= (abs(right) + deviation) * Decimal("1e-13") + Decimal("1e-300")
        assert off(error, deviation) <= 1e-13


@given(given_points=anywhere())
def test_no_unit_is_too_far_away_for_an_exact_line_or_a_refusal(given_points):
    assert_exact_or_refused(*given_points)


@pytest.mark.slow
@settings(max_examples=5000)
@given(given_points=anywhere())
def test_no_unit_is_too_far_away_in_a_wide_sweep(given_points):
    assert_exact_or_refused(*given_points)


@given(cloud=clouds(min_size=5), data=st.data())
def test_any_sigma_gives_the_line_of_its_weights(cloud, data):
    x, y = cloud
    sigma = np.array(data.draw(st.lists(st.floats(1e-3, 1e3), min_size=len(x), max_size=len(x))))
    found = fit(x, y, sigma=sigma)
    parameters, deviations = line(x, y, [1 / v**2 for v in fractions(sigma)])
    for value, error, right, deviation in zip(found.values, errors(found), parameters, deviations, strict=True):
        # 1/sigma is rounded: each weight by 1e-16, and with it what the residuals add to the parameters.
        allowed = abs(right) * Decimal(ROUNDED) + deviation * Decimal("1e-14") + Decimal("1e-30")
        assert abs(Decimal(float(value)) - right) <= allowed
        assert off(error, deviation) <= 1e-13


@given(seed=st.integers(0, 10_000), n=st.integers(8, 40), k=st.integers(2, 5), alike=st.integers(0, 9))
def test_features_that_are_nearly_alike_cost_no_digits(seed, n, k, alike):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, k)) * 10.0 ** rng.integers(-8, 8, k)
    # The last is a sum of the others but for its alike-th digit.
    x[:, -1] = x[:, :-1] @ rng.uniform(0.5, 2, k - 1) + 10.0**-alike * np.abs(x[:, :-1]).max() * rng.standard_normal(n)
    y = rng.standard_normal(n)
    assert_exact(fit(x, y), plane(x, y))


@pytest.mark.parametrize("n", [260, 2000])
def test_many_rows_keep_their_digits_near_4e9(n):
    rng = np.random.default_rng(n)
    x = 4e9 + rng.uniform(0, 1e5, n).round()
    y = 20 + 3e-4 * (x - 4e9) + rng.standard_normal(n)
    found = fit(x, y)
    parameters, deviations = line(x, y)
    # In float64, but of centred columns: sums of n roundings of 1e-16 each.
    for value, error, right, deviation in zip(found.values, errors(found), parameters, deviations, strict=True):
        assert off(value, right) < 1e-14
        assert off(error, deviation) < 1e-14


def test_small_residuals_of_many_points_keep_their_digits():
    # y less the line cancels eight of sixteen digits, and the errors are made of what is left.
    x = np.arange(400.0)
    y = 3e3 * x + 7 + 1e-3 * np.sin(x)
    found = fit(x, y)
    exact = line(x, y)
    assert max(off(v, e) for v, e in zip(found.values, exact[0], strict=True)) < 1e-14
    assert max(off(v, e) for v, e in zip(errors(found), exact[1], strict=True)) < 1e-14


@pytest.mark.parametrize(("alike", "weighted"), [(1, True), (2**10, False), (2**17, True)])
def test_rows_in_blocks_have_the_digits_of_rows_in_one(alike, weighted):
    # Several blocks; features that are nearly one have no Gram matrix, and are factored block by block.
    rng = np.random.default_rng(1)
    n = 30_000
    x = rng.integers(-999, 1000, (n, 2))
    x[:, 1] += alike * x[:, 0]
    x[:, 0] *= alike
    y = x @ [3, -2] + rng.integers(-99, 100, n) + 10**6
    sigma = 2.0 ** rng.integers(-2, 1, n) if weighted else None
    found = fit(x.astype(float), y, sigma=sigma)
    weights = None if sigma is None else [int(w) for w in sigma**-2]
    parameters, deviations = solve([[1] * n, *x.T.tolist()], y.tolist(), weights)
    # What float64 leaves of a value, or of its error where the value is smaller, over the condition of the columns.
    left = 1e-13 * alike
    for value, error, right, deviation in zip(found.values, errors(found), parameters, deviations, strict=True):
        assert abs(Decimal(float(value)) - right) < (abs(right) + deviation) * Decimal(left)
        assert off(error, deviation) < left
    terms = np.abs(x).max() * np.abs(found.values).max()
    assert np.abs(found.curve.at(x.astype(float)) + found.residuals - y).max() < 1e-15 * terms


def test_predictions_and_their_variances_keep_their_digits_near_4e9():
    x = 4e9 + np.array([0.0, 1.0, 3.0, 4.0, 9.0])
    y = np.array([1.0, 3.0, 6.0, 9.0, 19.0])
    near, far = fit(x - 4e9, y), fit(x, y)
    places = np.array([-1.0, 2.0, 20.0])
    assert far.curve.at(places + 4e9) == pytest.approx(near.curve.at(places), rel=1e-15)
    assert far.curve.variance(places + 4e9) == pytest.approx(near.curve.variance(places), rel=1e-14)
    assert np.array_equal(far.residuals, near.residuals)


@given(cloud=clouds(min_size=4))
def test_the_variance_of_the_curve_follows_from_the_covariance_of_its_parameters(cloud):
    x, y = cloud
    found = fit(x, y)
    rows = np.stack([x, np.ones(len(x))], axis=1)
    through_cov = np.einsum("ip,pq,iq->i", rows, found.cov, rows)
    # The covariances cancel, by the square of how far the points are from 0 beside their spread.
    scale = found.cov[0, 0] * (1 + np.square(x).max()) + found.cov[1, 1]
    assert np.allclose(found.curve.variance(x), through_cov, rtol=0, atol=1e-13 * scale)
    assert np.allclose(found.curve.at(x) + found.residuals, y, rtol=1e-13, atol=1e-13)


exponents = st.integers(-40, 40)


@given(cloud=clouds(), x_unit=exponents, y_unit=exponents)
def test_other_units_scale_the_line_to_the_bit(cloud, x_unit, y_unit):
    x, y = cloud
    a, b = 2.0**x_unit, 2.0**y_unit
    one, other = fit(x, y), fit(a * x, b * y)
    assert np.array_equal(other.values, one.values * [b / a, b])
    assert np.allclose(errors(other), errors(one) * [b / a, b], rtol=1e-15, atol=0)


@given(cloud=clouds(), c=st.integers(-(2**20), 2**20), d=st.integers(-(2**20), 2**20))
def test_a_shift_moves_the_intercept_and_nothing_else(cloud, c, d):
    # Numbers with few digits, which a shift does not round.
    x, y = (np.round(v * 2**10) / 2**10 for v in cloud)
    assume(len(set(x)) > 1)
    one, moved = fit(x, y), fit(x + d, y + c)
    slope, intercept = one.values
    assert moved.values[0] == pytest.approx(slope, rel=ROUNDED)
    assert moved.values[1] == pytest.approx(intercept + c - slope * d, rel=1e-15, abs=1e-15 * (abs(c) + abs(slope * d)))
    assert errors(moved)[0] == pytest.approx(errors(one)[0], rel=1e-14)
    assert np.allclose(moved.residuals, one.residuals, rtol=1e-14, atol=1e-28)


@given(cloud=clouds(), data=st.data())
def test_the_order_of_the_points_does_not_matter(cloud, data):
    x, y = cloud
    order = data.draw(st.permutations(range(len(x))))
    one, other = fit(x, y), fit(x[order], y[order])
    assert np.allclose(other.values, one.values, rtol=ROUNDED, atol=1e-30)
    assert np.allclose(errors(other), errors(one), rtol=1e-14, atol=1e-28)
    assert np.allclose(other.residuals, one.residuals[order], rtol=1e-13, atol=1e-28)


@given(cloud=clouds(), data=st.data())
def test_a_weight_of_k_is_k_copies(cloud, data):
    x, y = cloud
    copies = np.array(data.draw(st.lists(st.integers(1, 5), min_size=len(x), max_size=len(x))))
    weighted = fit(x, y, weights=copies, absolute_sigma=True)
    copied = fit(np.repeat(x, copies), np.repeat(y, copies), sigma=1.0, absolute_sigma=True)
    assert np.allclose(weighted.values, copied.values, rtol=1e-14, atol=1e-14)
    assert np.allclose(weighted.cov, copied.cov, rtol=1e-13, atol=1e-15)
    assert weighted.chi2 == pytest.approx(copied.chi2, rel=1e-12, abs=1e-20)


@given(cloud=clouds(), outputs=st.integers(1, 4))
def test_several_outputs_are_fitted_each_by_itself(cloud, outputs):
    x, y = cloud
    ys = np.stack([y * (j + 1) + j * np.cos(x) for j in range(outputs)], axis=1)
    together = fit(x, ys)
    assert together.values.shape == (outputs, 2)
    assert together.cov.shape == (outputs, 2, 2)
    assert together.curve.at(x).shape == together.curve.variance(x).shape == together.residuals.shape == ys.shape
    for j in range(outputs):
        alone = fit(x, ys[:, j])
        assert np.allclose(together.values[j], alone.values, rtol=ROUNDED, atol=1e-30)
        assert np.allclose(together.cov[j], alone.cov, rtol=1e-13, atol=1e-40)
        assert np.allclose(together.curve.variance(x)[:, j], alone.curve.variance(x), rtol=1e-13, atol=1e-40)
        assert together.scale[j] == pytest.approx(alone.scale, rel=1e-13, abs=1e-25)


@given(cloud=clouds(), x0=st.sampled_from([0.0, 2.0, -1e3]), y0=st.sampled_from([0.0, -0.5, 1e6]))
def test_a_line_through_a_point_goes_through_it(cloud, x0, y0):
    x, y = cloud
    found = fit(x, y, through=(x0, y0))
    exact = solve([[v - Fraction(x0) for v in fractions(x)]], [v - Fraction(y0) for v in fractions(y)])
    assert off(found.values[0], exact[0][0]) <= ROUNDED
    assert off(errors(found)[0], exact[1][0]) <= 1e-14 or errors(found)[0] < 1e-28
    assert found.curve.at(np.array([x0])) == [y0]
    assert found.curve.variance(np.array([x0])) == [0.0]
    assert found.dof == len(x) - 1
    # The intercept moves with the slope: |x0| times its error, fully correlated.
    assert errors(found)[1] == pytest.approx(abs(x0) * errors(found)[0], rel=1e-14)


def test_a_plane_through_the_origin():
    x = np.array([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0], [0.0, 5.0]])
    y = np.array([5.0, 7.0, 6.0, 11.0])
    found = fit(x, y, through="origin")
    assert found.names == ("intercept", "x1", "x2")
    assert found.values[0] == errors(found)[0] == 0
    exact = solve([fractions(column) for column in x.T], fractions(y))
    for value, right in zip(found.values[1:], exact[0], strict=True):
        assert off(value, right) <= ROUNDED


@given(clouds(), st.sampled_from([(1.0, -2.0), [0.5, 1e3], np.array([0.0, 3.0])]), st.sampled_from([0.0, -7.5]))
def test_a_plane_through_a_point_with_an_x_for_each_feature(cloud, x0, y0):
    """Moving the point to the origin moves neither slopes nor their errors; the plane has y0 at x0."""
    x, y = cloud
    x = np.column_stack([x, np.arange(len(x)) % 3])
    try:
        found = fit(x, y, through=(x0, y0))
    except ValueError as undetermined:
        assert "depend on each other" in str(undetermined) or "do not determine" in str(undetermined)  # noqa: PT017
        return
    exact = solve(
        [[v - Fraction(float(at)) for v in fractions(column)] for column, at in zip(x.T, x0, strict=True)],
        [v - Fraction(y0) for v in fractions(y)],
    )
    for value, right in zip(found.values[1:], exact[0], strict=True):
        assert off(value, right) <= ROUNDED
    assert found.curve.at(np.array([x0], dtype=float)) == [y0]
    assert found.extra["through"][0].tolist() == list(x0)


def test_every_output_goes_through_a_y_of_its_own():
    x, y = np.array([0.0, 1.0, 3.0]), np.array([[1.0, 2.0], [2.0, 1.0], [5.0, 0.0]])
    found = fit(x, y, through=(1, [3, -4]))
    assert found.curve.at(np.array([1.0])).tolist() == [[3.0, -4.0]]
    for k, level in enumerate([3, -4]):
        np.testing.assert_array_equal(found.values[k], fit(x, y[:, k], through=(1, level)).values)


def test_the_quartet_has_one_line_but_not_one_answer():
    quartet = np.loadtxt(EXAMPLES / "anscombe.csv", delimiter=",", skiprows=1)
    for x, y in quartet.T.reshape(4, 2, -1):
        found = fit(x, y)
        assert_exact(found, line(x, y))
        assert found.values.round(2).tolist() == [0.5, 3.0]
        assert found.values.round(4).tolist() != [0.5, 3.0]


def test_sigma_is_scaled_by_the_residuals_or_taken_as_it_is():
    x, y = np.arange(6.0), np.array([0.0, 2.0, 1.0, 4.0, 3.0, 6.0])
    scaled, absolute = fit(x, y, sigma=0.5), fit(x, y, sigma=0.5, absolute_sigma=True)
    assert np.array_equal(scaled.values, absolute.values)
    assert scaled.scale == pytest.approx(np.sqrt(scaled.chi2 / 4))
    assert absolute.scale == 1
    assert absolute.cov * scaled.scale**2 == pytest.approx(scaled.cov)
    assert fit(x, y).cov == pytest.approx(scaled.cov)
    # Of centred x, a mean of six points: sigma / √6.
    assert errors(fit(x - 2.5, y, sigma=0.5, absolute_sigma=True))[1] == pytest.approx(0.5 / np.sqrt(6))


@given(slope=st.integers(-99, 99), intercept=st.integers(-99, 99), x=st.lists(st.integers(-99, 99), min_size=3))
def test_points_on_a_line_have_no_residual_and_no_error(slope, intercept, x):
    assume(len(set(x)) > 1)
    y = [slope * v + intercept for v in x]
    found = fit(x, y)
    assert found.values.tolist() == [slope, intercept]
    assert not found.residuals.any()
    assert found.rss == 0
    assert not found.cov.any()
    assume(len(set(x)) > 3)
    cubic = fit(x, y, degree=3)
    assert cubic.values == pytest.approx([intercept, slope, 0, 0], rel=4e-16, abs=1e-26)
    assert not cubic.residuals.any()


def test_two_points_have_their_line_and_no_errors():
    found = fit([1.0, 3.0], [2.0, 8.0])
    assert found.values.tolist() == [3.0, -1.0]
    assert np.isnan(found.cov).all()
    assert found.dof == 0
    assert np.isnan(found.scale)
    assert found.warnings == ("2 points for 2 parameters: nothing is left to tell the errors from, which are NaN",)
    known = fit([1.0, 3.0], [2.0, 8.0], sigma=1.0, absolute_sigma=True)
    assert errors(known) == pytest.approx([np.sqrt(0.5), np.sqrt(2.5)])
    assert known.warnings == ()


@given(y=st.floats(-1e100, 1e100), n=st.integers(3, 400))
def test_constant_y_has_slope_exactly_zero_and_says_that_r2_is_undefined(y, n):
    x = np.sqrt(np.arange(n))
    found = fit(x, np.full(n, y))
    assert found.values.tolist() == [0.0, y]
    assert not found.cov.any()
    assert not found.residuals.any()
    assert found.warnings == ("y is constant: R² is undefined",)


def test_a_curve_can_be_pickled():
    curve = fit([[1.0, 2.0], [2.0, 5.0], [3.0, 1.0], [4.0, 4.0]], [1.0, 2.0, 4.0, 3.0]).curve
    x = np.array([[1.5, 2.5]])
    assert pickle.loads(pickle.dumps(curve)).at(x) == curve.at(x)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        ([1], [2], {}, "one point does not determine a line.\nGive another point, or one that the line goes through"),
        ([[1, 2], [3, 4]], [1, 2], {}, "2 points do not determine 3 parameters.\nGive at least 3 points"),
        ([[1, 2]], [1], {"through": 0}, "one point does not determine 2 parameters.\nGive at least 2 points"),
        ([1, 2], [2, 3], {"degree": 2}, "2 points do not determine 3 parameters"),
        ([4e9] * 3, [1, 2, 3], {}, 'all 3 x are 4000000000: no line .*\nFor a vertical line: .*loss="distance"'),
        ([0.1] * 999, range(999), {}, "all 999 x are 0.1"),
        ([2, 2], [1, 2], {"through": (2, 5)}, "all x are 2, where the line is to go through: every slope fits"),
        ([[1, 7], [2, 7], [3, 7]], [1, 2, 4], {}, "x2 is the same in every row, as the intercept is: .* 2 of 3"),
        (
            [[7, 1, 5], [7, 2, 5], [7, 3, 5], [7, 5, 5]],
            [1, 2, 4, 4],
            {},
            "each of x1 and x3 is the same in every row, .* 2 of 4 parameters.\nLeave x1 and x3 out",
        ),
        (
            [[1, 2, 3], [2, 4, 6], [3, 6, 9], [5, 10, 15]],
            [1, 2, 4, 4],
            {},
            "x1, x2 and x3 depend on each other: the points determine 2 of 4 parameters.\nLeave two of them out",
        ),
        ([[0, 1], [0, 3], [0, 2]], [1, 2, 4], {"through": 0}, "x1 is 0 in every row"),
        ([[1, 2], [2, 4], [3, 6]], [1, 2, 4], {}, "x1 and x2 depend on each other: the points determine 2 of 3"),
        ([[v, w, 5 - v] for v in range(4) for w in range(3)], range(12), {}, "x1 and x3 depend .* 3 of 4"),
        ([[v, v / 3, w, w * 7] for v in range(4) for w in range(3)], range(12), {}, "x1, x2, x3 and x4 .* 3 of 5"),
        ([[4e9 + v, 8e9 + 2 * v + 1e-7] for v in range(9)], range(9), {}, "x1 and x2 depend"),
        ([1e200, 0, 1], [1, 2, 3], {}, "x spreads over .*, and the square .*\n.*other units"),
        ([1, 2, 3], [1e-200, 0, 0], {}, "y spreads over .*, and the square .*\n.*other units"),
        ([1.7e308, -1.7e308, 3], [1, 2, 3], {}, r"x spreads over 1.7e\+308"),
        ([1, 2, 3], [1, 2, 4], {"sigma": [1e-200, 1, 1]}, "sigma goes from 1e-200 to 1"),
        ([0, 1e-140, 3e-140], [0, 1e140, 2e140], {}, "slope or its error does not fit"),
        ([0, 1e140, 3e140], [0, 1e-140, 2e-140], {}, "slope or its error does not fit"),
        ([[1, 2], [2, 1], [4, 4]], [1, 2, 3], {"degree": 2}, "x has 2 features, and degree=2 .* in one"),
        ([1, 2, 3], [1, 2, 4], {"through": (1, np.nan)}, "through is .* finite"),
        ([1, 2, 3], [1, 2, 4], {"through": 5}, "through is 5, and a point is meant"),
        ([1, 2, 3], [1, 2, 4], {"through": ([0, 1], 2)}, r"x0 has the shape \(2,\) for 1 feature.\nGive x0 one number"),
        ([[1, 2], [2, 1]], [1, 2], {"through": ([0, 1, 2], 2)}, "for 2 features.\nGive x0 2 numbers, one for each"),
        ([1, 2, 3], [1, 2, 4], {"through": (0, [1, 2])}, r"y0 has the shape \(2,\) for 1 output.\nGive y0 one number"),
    ],
)
def test_what_determines_no_parameters_is_refused(x, y, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        fit(np.array(x, float), np.array(y, float), **options)
    assert len(str(caught.value).splitlines()) == 2


def test_x_that_float64_knows_too_coarsely_is_said():
    x = 1.7e18 + 1e3 * np.sqrt(np.arange(20.0))  # nanoseconds since 1970, in steps of 256
    (warning,) = fit(x / 3, np.arange(20.0)).warnings
    assert warning.startswith("float64 keeps x to no more than 1e-01 of its spread")
    assert fit(x / 3 - x[0] / 3, np.arange(20.0)).warnings == ()
    assert fit(1e15 + np.arange(5.0), [1, 3, 2, 5, 4.0]).warnings == ()  # whole numbers are not rounded
    assert fit(4e9 + 600 * np.sqrt(np.arange(20.0)), np.arange(20.0)).warnings == ()


def test_features_that_are_nearly_dependent_are_named_and_fitted():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((30, 4))
    x[:, 3] = x[:, 1] - 2 * x[:, 0] + 1e-8 * rng.standard_normal(30)
    (warning,) = fit(x, rng.standard_normal(30)).warnings
    assert warning.startswith("x1, x2 and x4 nearly depend on each other (condition")


def test_features_with_one_name_are_refused():
    from minigrad.fitting.solvers.design import names_of_features

    assert names_of_features(["height"]) == ("slope", "intercept")
    assert names_of_features(["a", "b"]) == ("intercept", "a", "b")
    for names in (["a", "a"], ["a", "intercept"]):
        with pytest.raises(ValueError, match="two parameters would be called"):
            names_of_features(names)
