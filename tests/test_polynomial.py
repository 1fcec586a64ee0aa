"""Polynomials have the coefficients of the exact one, and a curve that never goes through its powers."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minigrad.fitting import fit_line
from minigrad.fitting.given import points
from minigrad.fitting.solvers import refinement
from minigrad.fitting.solvers.linear import least_squares
from minigrad.fitting.solvers.polynomial import Chebyshev

from .exact_squares import fractions, off, polynomial, solve


def fit(x, y, degree, **options):
    return least_squares(points(x, y), degree=degree, **options)


def errors(found):
    return np.sqrt(np.diagonal(found.cov, axis1=-2, axis2=-1))


def value(coefficients, x):
    """The exact value of a polynomial at an exact place."""
    return sum(Fraction(c) * Fraction(x) ** k for k, c in enumerate(coefficients))


@given(
    seed=st.integers(0, 10_000),
    degree=st.integers(0, 10),
    more=st.integers(1, 5),
    shift=st.sampled_from([0.0, 1.0, -30.0, 4e9]),
    unit=st.sampled_from([1.0, 1e-3, 1e5]),
)
def test_coefficients_and_errors_are_the_exact_ones_up_to_the_tenth_degree(seed, degree, more, shift, unit):
    rng = np.random.default_rng(seed)
    x = shift + unit * rng.standard_normal(degree + 1 + more)
    assume(len(set(x)) == len(x))
    y = rng.standard_normal(len(x))
    found = fit(x, y, degree)
    assert found.names == tuple(f"c{k}" for k in range(degree + 1))
    parameters, deviations = polynomial(x, y, degree)
    # The coefficients are known to 1e-30 · condition; each power multiplies that by the distance of x from 0.
    for got, right in zip(found.values, parameters, strict=True):
        assert off(got, right) < 1e-12
    for got, right in zip(errors(found), deviations, strict=True):
        assert off(got, right) < 1e-10
    # And the curve at the points, to the rounding of the terms that it is a sum of, each at most its coefficient.
    rounding = 1e-14 * (np.abs(found.curve.coefficients).sum() + abs(found.curve.level))
    t = [v - Fraction(shift) for v in fractions(x)]
    about, _ = solve([[v**k for v in t] for k in range(degree + 1)], fractions(y))
    for got, place in zip(found.curve.at(x), t, strict=True):
        assert got == pytest.approx(float(value(about, place)), abs=rounding)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(("low", "high", "degree", "n"), [(2, 5, 12, 40), (2, 5, 15, 40), (-1, 3, 10, 300)])
def test_coefficients_of_powers_keep_their_digits_where_these_cancel(low, high, degree, n, many, monkeypatch):
    if many:  # as if there were too many rows to correct all of them until nothing is left
        monkeypatch.setattr(refinement, "_AT_MOST", 0)
    # From Chebyshev polynomials to powers an error of float64 grows by their coefficients, 1e9 times and more.
    x = np.linspace(low, high, n)
    y = sum(np.cos(3 * k) * x**k for k in range(degree + 1)) + 0.01 * np.sin(50 * x)
    found = fit(x, y, degree)
    exact = polynomial(x, y, degree)
    assert max(off(v, e) for v, e in zip(found.values, exact[0], strict=True)) < 1e-12
    assert max(off(v, e) for v, e in zip(errors(found), exact[1], strict=True)) < 1e-10


def test_time_stamps_and_a_tenth_degree_leave_the_curve_its_digits():
    x = 4e9 + np.arange(0.0, 86_400.0, 600.0)
    hours = (x - 4e9) / 3600
    y = 15 + 5 * np.sin(hours / 4) + 0.01 * np.cos(37 * hours)
    far, near = fit(x, y, 10), fit(hours, y, 10)
    assert np.allclose(far.curve.at(x), near.curve.at(hours), rtol=1e-13)
    assert np.allclose(far.curve.variance(x), near.curve.variance(hours), rtol=1e-10)
    assert off(far.values[10], polynomial(x, y, 10)[0][10]) < 1e-12
    assert len(far.warnings) == 1
    assert "loses about 16 of 16 digits" in far.warnings[0]
    assert near.warnings != ()  # sin(6) of a tenth degree: 24¹⁰ c10 is large beside y


def test_a_centred_x_and_a_low_degree_need_no_warning():
    x = np.linspace(-1, 1, 20)
    assert fit(x, np.exp(x), 4).warnings == ()


def test_the_inside_matrix_is_that_of_chebyshev_and_the_outside_one_that_of_its_powers():
    basis = Chebyshev(centre=0.0, rate=1.0, degree=6)
    x = np.linspace(-1, 1, 7)
    assert np.allclose(basis.columns(x), np.cos(np.outer(np.arccos(x), np.arange(7))), rtol=0, atol=1e-15)
    exact = basis.exact_columns(x)
    assert np.allclose(exact.rounded(), basis.columns(x), rtol=0, atol=1e-15)
    powers = basis.outside().rounded()
    assert powers[:, 6].tolist() == [-1, 0, 18, 0, -48, 0, 32]
    assert powers[:, 5].tolist() == [0, 5, 0, -20, 0, 16, 0]


@given(seed=st.integers(0, 1000), degree=st.integers(0, 8))
def test_points_on_a_polynomial_of_whole_numbers_have_its_coefficients_and_no_residual(seed, degree):
    rng = np.random.default_rng(seed)
    coefficients = rng.integers(-9, 10, degree + 1)
    x = np.arange(-6.0, 7.0)
    y = np.array([float(value(map(int, coefficients), v)) for v in x])
    found = fit(x, y, degree)
    # 31 digits of y, which is up to 1e7, times what the powers cost.
    assert np.allclose(found.values, coefficients, rtol=1e-15, atol=1e-20)
    assert not found.residuals.any()


def test_degree_nought_is_the_mean_and_as_many_points_as_coefficients_have_no_errors():
    mean = fit([1.0, 2.0, 4.0], [3.0, 5.0, 10.0], 0)
    assert (mean.names, mean.values.tolist()) == (("c0",), [6.0])
    assert errors(mean)[0] == pytest.approx(np.std([3, 5, 10], ddof=1) / np.sqrt(3))
    through_all = fit([0.0, 1.0, 2.0], [1.0, 3.0, 9.0], 2)
    assert through_all.values == pytest.approx([1, 0, 2], abs=1e-30)
    assert np.isnan(through_all.cov).all()
    assert through_all.warnings[0].startswith("3 points for 3 parameters")
    assert fit([2.0], [7.0], 0).values.tolist() == [7.0]


def test_a_line_and_a_polynomial_of_degree_1_are_one():
    x, y = np.sqrt(np.arange(9.0)), np.cos(np.arange(9.0))
    line, first = least_squares(points(x, y)), fit(x, y, 1)
    assert np.allclose(first.values[::-1], line.values, rtol=4e-16, atol=0)
    assert np.allclose(first.cov[::-1, ::-1], line.cov, rtol=1e-14)


def test_many_points_keep_the_digits_of_the_curve():
    x = np.linspace(-9, -3, 5000)
    y = np.sin(x) + 0.1 * np.cos(40 * x)
    found = fit(x, y, 10)
    few = np.polynomial.Polynomial.fit(x, y, 10)
    assert np.allclose(found.curve.at(x), few(x), rtol=0, atol=1e-12)
    assert np.allclose(found.residuals, y - few(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("x", "degree", "message"),
    [
        ([1, 2, 1, 2, 1, 2], 2, "x takes 2 different values, and .* degree 2 needs 3.\nLower the degree: degree=1"),
        ([5, 5, 5], 1, "x takes one value, and a polynomial of degree 1 needs 2.\nLower the degree: degree=0"),
        ([1, 2, 3], 3, "3 points do not determine 4 parameters"),
        (np.arange(120.0), 115, "is not determined to the digits of float64: rank .*\nLower the degree"),
    ],
)
def test_points_that_determine_no_polynomial_are_refused(x, degree, message):
    with pytest.raises(ValueError, match=message):
        fit(x, fractions(x), degree)


def test_powers_that_leave_float64_say_no_less_of_the_digits():
    """x to the third is beyond float64 here, and 0 times infinity was rounded to a whole number of digits."""
    x = np.array([-5.3e149, -7.5e149, -2.5e149, 5.8e149])
    found = fit_line(x, [0.0, 0.0, 0.0, 0.0], degree=3)
    assert not found.found.values.any()
    assert not any("cancel" in warning for warning in found.warnings)


def test_digits_that_powers_lose_do_not_hang_on_the_units_of_x():
    x = np.linspace(1000, 1001, 12)
    y = np.sin(x)
    said = {next(w for w in fit_line(x * unit, y, degree=4).warnings if "cancel" in w) for unit in (1.0, 1e30, 1e-30)}
    assert len(said) == 1
