"""The right answers: rational arithmetic where the answer is rational, 64-bit mantissas where it is iterated.

One idea: a digit is counted against the numbers that the float64 points themselves determine, so the
points are taken as the integers they are (times a power of two) and nothing is rounded before the end.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from operator import mul
from typing import Any

import numpy as np

PLACES = 40
"""Decimal places of an exact answer."""

Answer = tuple[tuple[Decimal, ...], tuple[Decimal, ...]]
"""Parameters and their standard errors."""

Rows = Callable[[Any], tuple[Any, Any]]
"""Values and Jacobian of a curve, by its parameters."""


def whole(values: Any, bits: int) -> list[int]:
    """Return values times 2**bits as integers; raises ValueError if one of them is none."""
    scaled = np.ldexp(np.asarray(values, dtype=np.float64), bits)
    if (scaled != np.floor(scaled)).any():
        raise ValueError(f"a value needs more than {bits} binary places")
    return [int(v) for v in scaled.tolist()]


def polynomial(x: Any, y: Any, degree: int, weights: Any = None, bits: int = 40) -> Answer:
    """Return the exact polynomial of least squares through float64 points, coefficients from c0 up, and their errors.

    x, y and the weights must be multiples of 2**-bits. The errors are scaled by the residuals.
    """
    xs, ys = whole(x, bits), whole(y, bits)
    ws = None if weights is None else whole(weights, bits)
    unit = Fraction(1, 2**bits)
    sums, moments = [], []
    powers = [1] * len(xs) if ws is None else ws
    weight_unit = 1 if ws is None else unit
    squares = sum(map(mul, map(mul, ys, ys), powers)) * unit**2 * weight_unit
    for k in range(2 * degree + 1):
        if k:
            powers = list(map(mul, powers, xs))
        sums.append(sum(powers) * unit**k * weight_unit)
        if k <= degree:
            moments.append(sum(map(mul, powers, ys)) * unit ** (k + 1) * weight_unit)
    gram = [[sums[i + j] for j in range(degree + 1)] for i in range(degree + 1)]
    return from_normal_equations(gram, moments, squares, len(xs) - degree - 1)


def linear(columns: Sequence[Sequence[Any]], y: Sequence[Any]) -> Answer:
    """Return the exact least squares coefficients of columns of numbers, and their standard errors."""
    exact = [[Fraction(v) for v in column] for column in columns]
    ys = [Fraction(v) for v in y]
    gram = [[sum(map(mul, a, b), Fraction(0)) for b in exact] for a in exact]
    moments = [sum(map(mul, a, ys), Fraction(0)) for a in exact]
    return from_normal_equations(gram, moments, sum(map(mul, ys, ys), Fraction(0)), len(ys) - len(exact))


def from_normal_equations(gram: list[list[Any]], moments: list[Any], squares: Any, dof: int) -> Answer:
    """Return what XᵀX, Xᵀy and yᵀy, all exact, say: no digits are lost in fractions, however bad the condition."""
    p = len(moments)
    rows = [
        [*map(Fraction, gram[i]), Fraction(moments[i]), *(Fraction(int(i == j)) for j in range(p))] for i in range(p)
    ]
    for i in range(p):
        pivot = next(j for j in range(i, p) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for j in range(p):
            if j != i and rows[j][i]:
                rows[j] = [v - rows[j][i] * w for v, w in zip(rows[j], rows[i], strict=True)]
    parameters = [row[p] for row in rows]
    rss = squares - sum(map(mul, parameters, moments))
    variances = [rows[i][p + 1 + i] * rss / dof for i in range(p)]
    with localcontext(prec=PLACES):
        return tuple(map(decimal, parameters)), tuple(decimal(v).sqrt() for v in variances)


def decimal(value: Fraction) -> Decimal:
    """Return a fraction as a decimal, to the places of the context."""
    return Decimal(value.numerator) / Decimal(value.denominator)


# ----------------------------------------------------------------------------- iterated, in 64-bit mantissas


def decimals(values: Any) -> tuple[Decimal, ...]:
    """Return extended floats as decimals, all their bits."""
    found = []
    for value in np.asarray(values, dtype=np.longdouble):
        high = float(value)
        found.append(Decimal(high) + Decimal(float(value - np.longdouble(high))))
    return tuple(found)


def york(x: Any, y: Any, sigma_x: Any, sigma_y: Any, slope: float) -> Answer:
    """Return York's line, slope and intercept, iterated from a slope nearby, and its errors scaled by the residuals.

    York, Evensen, Martínez and De Basabe Delgado (2004), American Journal of Physics 72, 367.
    """
    x, y, sx, sy = (np.asarray(v, dtype=np.longdouble) for v in (x, y, sigma_x, sigma_y))
    wx, wy = 1 / sx**2, 1 / sy**2
    b = np.longdouble(slope)
    for _ in range(200):
        w = wx * wy / (wx + b * b * wy)
        u, v = x - (w * x).sum() / w.sum(), y - (w * y).sum() / w.sum()
        beta = w * (u / wy + b * v / wx)
        b, before = (w * beta * v).sum() / (w * beta * u).sum(), b
        if abs(b - before) <= 2 * np.finfo(np.longdouble).eps * abs(b):
            break
    x_mean, y_mean = (w * x).sum() / w.sum(), (w * y).sum() / w.sum()
    a = y_mean - b * x_mean
    foot = x_mean + beta
    foot_mean = (w * foot).sum() / w.sum()
    variance = 1 / (w * (foot - foot_mean) ** 2).sum()
    spread = (w * (y - a - b * x) ** 2).sum() / (len(x) - 2)
    errors = np.sqrt(np.array([variance, 1 / w.sum() + foot_mean**2 * variance]) * spread)
    return decimals([b, a]), decimals(errors)


def huber(x: Any, y: Any, slope: float, intercept: float, threshold: float = 1.345) -> tuple[Decimal, ...]:
    """Return slope and intercept by Huber's weights, re-weighted from a line nearby.

    Huber (1981), Robust Statistics, section 7.8. The scale is the median of |residuals| over the quartile of the normal
    distribution.
    """
    x, y = np.asarray(x, dtype=np.longdouble), np.asarray(y, dtype=np.longdouble)
    b, a = np.longdouble(slope), np.longdouble(intercept)
    quartile = np.longdouble("0.6744897501960817432")
    for _ in range(400):
        r = np.abs(y - a - b * x)
        cut = threshold * np.median(r) / quartile
        w = np.where(r <= cut, np.longdouble(1), cut / np.maximum(r, cut))
        x_mean, y_mean = (w * x).sum() / w.sum(), (w * y).sum() / w.sum()
        u = x - x_mean
        before = a, b
        b = (w * u * (y - y_mean)).sum() / (w * u * u).sum()
        a = y_mean - b * x_mean
        if max(abs(a - before[0]), abs(b - before[1])) <= 4 * np.finfo(np.longdouble).eps:
            break
    return decimals([b, a])


def curve(rows: Rows, y: Any, start: Sequence[float]) -> Answer:
    """Return the parameters of any curve by Gauss and Newton from values nearby, and their standard errors.

    `rows` returns the curve and its Jacobian (n, p). Residuals and gradient have 64-bit mantissas; the triangle of
    the Jacobian has float64's, which slows the way down and does not move its end.
    """
    b = np.asarray(start, dtype=np.longdouble)
    y = np.asarray(y, dtype=np.longdouble)
    for _ in range(100):
        values, jacobian = rows(b)
        lengths = np.linalg.norm(jacobian.astype(float), axis=0)
        triangle: Any = np.linalg.qr(jacobian.astype(float) / lengths, mode="r")
        inverse = np.linalg.inv(triangle) / lengths[:, None]
        step = inverse @ (inverse.T @ (jacobian.T @ (y - values)))
        b = b + step
        if (np.abs(step) <= 8 * np.finfo(np.longdouble).eps * np.abs(b)).all():
            break
    left = y - rows(b)[0]
    variance = float(left @ left) / (len(y) - len(b))
    return decimals(b), decimals(np.sqrt(np.square(inverse).sum(axis=1) * variance))
