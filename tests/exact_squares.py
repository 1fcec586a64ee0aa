"""Least squares in rational arithmetic: what the float64 points themselves determine."""

from fractions import Fraction

import numpy as np

from benchmarks.fits.exact import from_normal_equations


def fractions(values):
    return [Fraction(float(v)) for v in values]


def solve(columns, y, weights=None):
    """Parameters and their standard errors, as Decimals of 40 digits, of whole numbers and fractions.

    None for the errors where there is no residual.
    """
    w = [1] * len(y) if weights is None else weights
    weighted = [[a * b for a, b in zip(w, column, strict=True)] for column in columns]
    gram = [[sum(a * b for a, b in zip(p, q, strict=True)) for q in columns] for p in weighted]
    moments = [sum(a * b for a, b in zip(p, y, strict=True)) for p in weighted]
    squares = sum(a * b * b for a, b in zip(w, y, strict=True))
    dof = len(y) - len(columns)
    parameters, errors = from_normal_equations(gram, moments, squares, dof or 1)
    return parameters, errors if dof else None


def line(x, y, weights=None):
    """The same for slope and intercept."""
    return solve([fractions(x), [1] * len(x)], fractions(y), _exact(weights))


def polynomial(x, y, degree):
    """The same for c0 ... ck."""
    xs = fractions(x)
    return solve([[v**k for v in xs] for k in range(degree + 1)], fractions(y))


def plane(x, y, weights=None):
    """The same for the intercept and the slope of each column of x."""
    return solve([[1] * len(x), *(fractions(column) for column in np.asarray(x).T)], fractions(y), _exact(weights))


def _exact(weights):
    return None if weights is None else [Fraction(v) for v in weights]


def off(found, exact):
    """By how much, relatively, a float64 misses an exact number; the number itself where that is 0."""
    difference = abs(Fraction(float(found)) - Fraction(exact))
    return float(difference / abs(Fraction(exact))) if exact else float(difference)
