"""Rows in any pieces, in any order, from any number of heaps: the line of all of them together."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.fitting.given import points
from minigrad.fitting.solvers.linear import least_squares
from minigrad.fitting.solvers.updating import RowsSoFar

from .exact_squares import line, off


def errors(found):
    return np.sqrt(np.diagonal(found.cov, axis1=-2, axis2=-1))


@st.composite
def tables(draw):
    """Rows of up to four features near 0 or near 4e9, their y, and perhaps their sigma."""
    n, k = draw(st.integers(8, 60)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    x = draw(st.sampled_from([0.0, -7.0, 4e9])) + 10.0 ** rng.integers(-2, 3, k) * rng.standard_normal((n, k))
    y = draw(st.sampled_from([0.0, 1e6])) + x @ rng.standard_normal(k) + rng.standard_normal(n)
    sigma = rng.uniform(0.5, 2, n) if draw(st.booleans()) else None
    return x, y, sigma


def in_pieces(factor, x, y, sigma, cuts):
    edges = [0, *sorted(cuts), len(y)]
    for start, stop in pairwise(edges):
        factor.add(x[start:stop], y[start:stop], None if sigma is None else sigma[start:stop])


def assert_same(found, whole):
    """To rounding: both of the values and of the residuals, which QR keeps to some 1e-16 of the spread of y."""
    assert found.names == whole.names
    assert found.dof == whole.dof
    assert np.allclose(found.values, whole.values, rtol=1e-12, atol=1e-12 * errors(whole).max())
    assert np.abs(found.values - whole.values).max() <= 1e-11 * errors(whole).max()
    assert np.allclose(errors(found), errors(whole), rtol=1e-11)
    assert found.chi2 == (None if whole.chi2 is None else pytest.approx(whole.chi2, rel=1e-11))
    assert found.scale == pytest.approx(whole.scale, rel=1e-11)


@given(table=tables(), data=st.data(), absolute=st.booleans())
def test_any_split_gives_the_fit_of_all_rows(table, data, absolute):
    x, y, sigma = table
    cuts = data.draw(st.lists(st.integers(0, len(y)), max_size=6))
    factor = RowsSoFar(features=x.shape[1])
    in_pieces(factor, x, y, sigma, cuts)
    whole = least_squares(points(x, y, sigma=sigma), absolute_sigma=absolute)
    found = factor.found(absolute_sigma=absolute)
    assert_same(found, whole)
    assert np.allclose(found.curve.at(x), whole.curve.at(x), rtol=1e-13, atol=1e-11 * np.ptp(y))
    assert np.allclose(found.curve.variance(x), whole.curve.variance(x), rtol=1e-10)
    assert factor.rows == found.extra["n"] == len(y)


@given(table=tables(), data=st.data())
def test_heaps_join_in_any_order(table, data):
    x, y, sigma = table
    cut = data.draw(st.integers(0, len(y)))
    heaps = RowsSoFar(x.shape[1]), RowsSoFar(x.shape[1])
    in_pieces(heaps[0], x[:cut], y[:cut], None if sigma is None else sigma[:cut], [])
    in_pieces(heaps[1], x[cut:], y[cut:], None if sigma is None else sigma[cut:], [])
    first, second = data.draw(st.permutations(heaps))
    first.join(pickle.loads(pickle.dumps(second)))
    assert_same(first.found(), least_squares(points(x, y, sigma=sigma)))


@given(table=tables(), data=st.data())
def test_without_an_intercept_the_line_goes_through_the_origin(table, data):
    x, y, sigma = table
    x = x - x.mean(axis=0)
    factor = RowsSoFar(x.shape[1], intercept=False)
    in_pieces(factor, x, y, sigma, data.draw(st.lists(st.integers(0, len(y)), max_size=4)))
    assert_same(factor.found(), least_squares(points(x, y, sigma=sigma), through="origin"))


def test_row_by_row_near_4e9_twelve_digits_are_left():
    rng = np.random.default_rng(5)
    x = 4e9 + np.sort(rng.uniform(0, 1e5, 500)).round()
    y = 7 + 2e-4 * (x - 4e9) + rng.standard_normal(500)
    factor = RowsSoFar()
    for row in zip(x, y, strict=True):
        factor.add([row[0]], [row[1]])
    found = factor.found()
    for value, error, right, deviation in zip(found.values, errors(found), *line(x, y), strict=True):
        assert off(value, right) < 1e-12
        assert off(error, deviation) < 1e-12


def test_weights_of_a_million_leave_the_rank_alone():
    rng = np.random.default_rng(8)
    x, y, sigma = 4e9 + rng.standard_normal((40, 2)), rng.standard_normal(40), 1e-6 * rng.uniform(1, 2, 40)
    factor = RowsSoFar(2)
    in_pieces(factor, x, y, sigma, [7])
    assert_same(factor.found(), least_squares(points(x, y, sigma=sigma)))


def test_a_heap_far_from_the_first_costs_no_digits():
    # The first rows near 0, all others near 1e9: about a centre that stays at the first, the rest is one point.
    x = np.concatenate([[0.0, 1.0, 2.0], 1e9 + np.arange(400.0)])
    y = np.sin(x) + np.arange(403)
    factor = RowsSoFar()
    in_pieces(factor, x, y, None, [3, 100, 101])
    for value, right in zip(factor.found().values, line(x, y)[0], strict=True):
        assert off(value, right) < 1e-12


def test_several_outputs():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((50, 2)), rng.standard_normal((50, 3))
    factor = RowsSoFar(features=2, outputs=3)
    in_pieces(factor, x, y, None, [10, 20])
    found, whole = factor.found(["a", "b"]), least_squares(points(x, y))
    assert found.names == ("intercept", "a", "b")
    assert np.allclose(found.values, whole.values, rtol=1e-13)
    assert np.allclose(found.cov, whole.cov, rtol=1e-13)
    assert np.allclose(found.scale, whole.scale, rtol=1e-13)
    assert np.allclose(found.extra["r2"], 1 - np.square(whole.residuals).sum(0) / np.square(y - y.mean(0)).sum(0))
    assert found.curve.at(x).shape == (50, 3)


def test_a_million_rows_in_constant_memory():
    factor = RowsSoFar()
    sizes = set()
    for start in range(0, 1_000_000, 100_000):
        x = np.arange(start, start + 100_000.0)
        factor.add(x, 3 * x + 1 + (-1.0) ** x)
        sizes.add(len(pickle.dumps(factor)))
    assert len(sizes) == 1
    found = factor.found()
    # Alternating ones: their slope is Σ (x - x̄)(-1)^x / Σ (x - x̄)² = -6/(n² - 1), and s² = (n - n²/(…))/(n - 2) ≈ 1.
    n = 1_000_000
    assert found.values[0] == pytest.approx(3 + 6 / (1 - n**2), rel=1e-14)
    assert errors(found)[0] == pytest.approx(np.sqrt(12 / n**3), rel=1e-5)
    assert found.extra["r2"] == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([([1.0], [2.0])], "one point does not determine a line"),
        (
            [([3.0, 3.0], [1.0, 2.0]), ([3.0], [5.0])],
            'all 3 x are 3: no line .*\nFor a vertical line: .*loss="distance"',
        ),
        ([], "0 points do not determine a line"),
    ],
)
def test_rows_that_determine_no_line_are_refused(rows, message):
    factor = RowsSoFar()
    for x, y in rows:
        factor.add(x, y)
    with pytest.raises(ValueError, match=message):
        factor.found()


def test_features_that_depend_on_each_other_are_named():
    factor = RowsSoFar(3)
    rng = np.random.default_rng(1)
    for _ in range(5):
        x = 4e9 + rng.standard_normal((20, 3))
        x[:, 2] = x[:, 0] + 7
        factor.add(x, rng.standard_normal(20))
    with pytest.raises(ValueError, match="a and c depend on each other: the points determine 3 of 4 parameters"):
        factor.found(["a", "b", "c"])


@pytest.mark.parametrize(
    ("x", "y", "sigma", "message"),
    [
        (
            [[1.0, 2.0]],
            [1.0],
            None,
            r"x has the shape \(1, 2\), and rows here have 1 feature.\nGive it the shape \(n, 1\)",
        ),
        ([1.0, np.nan], [1.0, 2.0], None, "x holds .*nan.* in row 2"),
        ([1.0, 2.0], [1.0, np.inf], None, "y holds .*inf.* in row 2"),
        ([1.0, 2.0], [1.0], None, "x has 2 rows and y 1"),
        ([1.0, 2.0], [1.0, 2.0], [1.0, 0.0], "sigma holds a number that is not above 0"),
        ([1.0, 2.0], [1.0, 2.0], 1e-160, "1/sigma² does not fit into float64"),
        ([1.0, 1e200], [1.0, 2.0], None, r"x reaches 1e\+200, and squares"),
    ],
)
def test_rows_that_cannot_be_taken_leave_the_factor_as_it_was(x, y, sigma, message):
    factor = RowsSoFar()
    factor.add([0.0, 1.0, 2.0], [1.0, 2.0, 4.0])
    before = factor.found()
    with pytest.raises(ValueError, match=message):
        factor.add(x, y, sigma)
    after = factor.found()
    assert after.dof == before.dof
    assert np.array_equal(after.values, before.values)
    assert np.array_equal(after.cov, before.cov)


def test_heaps_of_other_columns_do_not_join():
    for other in (RowsSoFar(2), RowsSoFar(1, 2), RowsSoFar(1, intercept=False)):
        with pytest.raises(ValueError, match="these rows have"):
            RowsSoFar().join(other)
    with pytest.raises(ValueError, match="0 features"):
        RowsSoFar(0)
    factor = RowsSoFar(2)
    factor.add(np.eye(3, 2), [1.0, 2.0, 4.0])
    with pytest.raises(ValueError, match="1 names for 2 features"):
        factor.found(["a"])


def test_constant_y_and_two_rows_say_what_is_missing():
    factor = RowsSoFar()
    factor.add([1.0, 2.0], [5.0, 5.0])
    found = factor.found()
    assert found.values.tolist() == [0.0, 5.0]
    assert [warning.split(":")[0] for warning in found.warnings] == ["2 points for 2 parameters", "y is constant"]
    assert np.isnan(found.extra["r2"])
