"""erf and erfc without SciPy: where their numbers come from, and how many of their digits are right.

One idea: mpmath knows forty digits of both. It makes the coefficients again, and counts the units in the last place.
"""

import math

import mpmath
import numpy as np
import pytest

import minigrad as mg
from minigrad.ops import error_function


def interpolated(f, low, high, degree):
    """The polynomial of f that meets it at Chebyshev's points, the highest power first."""
    with mpmath.workdps(60):
        middle, half = mpmath.mpf(low + high) / 2, mpmath.mpf(high - low) / 2
        count = degree + 1
        points = [middle + half * mpmath.cos(mpmath.pi * (k + 0.5) / count) for k in range(count)]
        powers = mpmath.matrix([[p**n for n in range(degree, -1, -1)] for p in points])
        return [float(c) for c in mpmath.lu_solve(powers, mpmath.matrix([f(p) for p in points]))]


def test_the_coefficients_near_0():
    def f(s):
        return mpmath.erf(mpmath.sqrt(s)) / mpmath.sqrt(s) - 1

    made = interpolated(f, 0, 9 / 16, len(error_function._NEAR) - 1)
    np.testing.assert_allclose(error_function._NEAR, made, rtol=1e-15)


def test_the_coefficients_away_from_0():
    def f(t):
        x = 2 * (1 + t) / (1 - t)
        return mpmath.exp(x * x) * mpmath.erfc(x) * (x + 2)

    made = interpolated(f, -1, mpmath.mpf(13) / 15, len(error_function._FAR) - 1)  # t at x = 0 and at x = 28
    np.testing.assert_allclose(error_function._FAR, made, rtol=1e-15)


def ulps(found, f, x):
    """The largest error, in units in the last place of what is right."""
    with mpmath.workdps(40):
        right = [f(mpmath.mpf(float(each))) for each in x]
        return max(
            float(abs(mpmath.mpf(float(a)) - b) / mpmath.mpf(float(np.spacing(abs(float(b))))))
            for a, b in zip(found, right, strict=True)
        )


@pytest.mark.parametrize("piece", [(1e-9, 0.5), (0.5, 0.75), (0.75, 1.5), (1.5, 6.0), (6.0, 26.5), (26.5, 27.3)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_digits(piece, sign):
    x = sign * np.random.default_rng(0).uniform(*piece, 600)
    assert len(x) >= error_function._FEW  # so that it is the polynomials that are asked
    assert ulps(mg.erf(x), mpmath.erf, x) < 2
    assert ulps(mg.erfc(x), mpmath.erfc, x) < 5
    assert ulps(mg.erf(x[:100]), mpmath.erf, x[:100]) < 2
    assert ulps(mg.erfc(x[:100]), mpmath.erfc, x[:100]) < 5


@pytest.mark.parametrize("count", [1, 400])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64])
def test_the_ends_and_dtypes(count, dtype):
    ends = [0.0, -0.0, 40.0, -40.0] + ([math.inf, -math.inf, math.nan] if dtype is not np.int64 else [])
    x = np.array(ends * count, dtype)
    for function, ours in ((math.erf, mg.erf), (math.erfc, mg.erfc)):
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            found = ours(x)
        expected = np.array([function(each) for each in x.tolist()], np.float64 if dtype is np.int64 else dtype)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
        zero = expected == 0
        np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize("function", [mg.erf, mg.erfc])
def test_many_are_as_a_few(function):
    x = np.linspace(-7, 30, 3 * error_function._BLOCK + 5)
    np.testing.assert_allclose(
        function(x)[::997], [float(function(each)) for each in x[::997]], rtol=1e-15, atol=5e-324
    )
    assert function(x.reshape(-1, 1)).shape == (x.size, 1)
    assert function(np.zeros((0, 3))).shape == (0, 3)
    assert type(function(0.5)) is np.float64
