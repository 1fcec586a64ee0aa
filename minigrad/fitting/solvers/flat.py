"""The flat nearest to the points, v = c + m · u, where u has errors too: a line is its smallest case, a plane the next.

One idea: a residual v - c - m · u has the variance b + m² a, so the weights move with the slopes. From a start near the
minimum, Newton's method on m and c together, with residuals of twice the digits, makes the flat exact to rounding. At
one place, the pivot, its height is independent of its slopes: what is reported of the errors is told from there.

Standard errors: York, Evensen, Martínez and Delgado (2004), Unified equations for the slope, intercept, and standard
errors of the best straight line, American Journal of Physics 72, 367; or from the second derivatives of the sum.
"""

import math
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .extended import Pair, add, exactly, multiply, subtract, two_sum

Floats = NDArray[np.float64]

EXACT = 20_000
"""Up to so many numbers u the residuals are computed with twice the digits."""

NOTHING = 1e-28
"""So much, relative to the spread of the points, is left of 0 where all is computed with 31 digits."""

DIGITS = 60
"""Of the decimals in which a flat is carried back to the units of the points: nothing is lost to a far away origin."""

_ROUNDS = 4
_SETTLED = 1e-10  # the step after one of this size is below 1e-20


@dataclass(frozen=True)
class Frame:
    """Points (u, v) about a place amid them: k features u, (k, n), and v, (n,), in units that are powers of two.

    `a` and `b` are the variances of each u and of v in units of unit_sigma², a number or one for each point. A flat
    that has to go through the place is `fixed` there. The u of a line is y where `turned`.
    """

    u: Floats
    v: Floats
    raw_u: Floats
    raw_v: Floats
    place_u: Floats
    place_v: float
    unit_u: float
    unit_v: float
    a: Any
    b: Any
    unit_sigma: float
    fixed: bool
    turned: bool = False

    @property
    def n(self) -> int:
        """The number of points."""
        return len(self.v)

    def turn(self) -> "Frame":
        """Return the frame of a line in which u is what v is here."""
        return replace(
            self,
            u=self.v[None],
            v=self.u[0],
            raw_u=self.raw_v[None],
            raw_v=self.raw_u[0],
            place_u=np.array([self.place_v]),
            place_v=float(self.place_u[0]),
            unit_u=self.unit_v,
            unit_v=self.unit_u,
            a=self.b,
            b=self.a,
            turned=not self.turned,
        )

    def residuals(self, m: Pair, c: Pair) -> Floats:
        """Return v - c - m · u; where all u are up to EXACT numbers, to all its digits."""
        if self.u.size > EXACT:
            rest: Floats = -m.rounded() @ self.u
            rest += self.v
            rest -= c.rounded()
            return rest
        off = subtract(_deviations(self.raw_v, self.place_v, self.unit_v), c)
        for j, place in enumerate(self.place_u.tolist()):
            off = subtract(off, multiply(m[j], _deviations(self.raw_u[j], place, self.unit_u)))
        exact: Floats = off.rounded()
        exact[np.abs(exact) <= NOTHING] = 0.0
        return exact


def _deviations(values: Floats, place: float, unit: float) -> Pair:
    exact = two_sum(values, -place)
    return Pair(exact.high / unit, exact.low / unit)


@dataclass(frozen=True)
class Flat:
    """v = c + m · u in a frame, m of shape (k,), with the points' residuals and their weights 1 / (b + m² a)."""

    frame: Frame
    m: Pair
    c: Pair
    residuals: Floats
    weights: Any

    @property
    def sum(self) -> float:
        """The sum that is smallest: residuals² over their variances, in units of the frame."""
        return float(weighted_dot(self.weights, self.residuals, self.residuals))

    def height(self, x: Floats) -> float:
        """Return the v at some x, (k,), both in the units of the points; rounded once."""
        frame = self.frame
        with localcontext(prec=DIGITS):
            v = as_decimal(self.c) * Decimal(frame.unit_v) + Decimal(frame.place_v)
            rate = Decimal(frame.unit_v) / Decimal(frame.unit_u)
            for j, (place, at) in enumerate(zip(frame.place_u.tolist(), x.tolist(), strict=True)):
                v += as_decimal(self.m[j]) * rate * (Decimal(at) - Decimal(place))
            return float(v) + 0.0


def as_decimal(pair: Pair) -> Decimal:
    """Return high + low, to the digits of the context."""
    return Decimal(float(pair.high)) + Decimal(float(pair.low))


def as_pair(number: Fraction) -> Pair:
    """Return a fraction as high + low."""
    high = float(number)
    return Pair(high, float(number - Fraction(high)))


def flat_at(frame: Frame, m: Pair, c: Pair) -> Flat:
    """Return the flat v = c + m · u."""
    return Flat(frame, m, c, frame.residuals(m, c), weights_at(frame, m.high))


def weights_at(frame: Frame, m: Floats) -> Any:
    """Return 1 / (b + m² a), one over the variances of the residuals: a number, or one for each point."""
    return 1 / (frame.b + float(m @ m) * frame.a)


def weighted_dot(weights: Any, p: Floats, q: Floats) -> Any:
    """Return Σ w p q, of p (n,) or (k, n); the weights are a number or one for each point."""
    return (weights * p) @ q if np.ndim(weights) else weights * (p @ q)


def weighted_mean(values: Floats, weights: Any) -> Any:
    """Return the weighted mean of values, (n,) or (k, n)."""
    if np.ndim(weights):
        return values @ weights / np.add.reduce(weights)
    return np.add.reduce(values, axis=-1) / values.shape[-1]


def total_weight(weights: Any, n: int) -> float:
    """Return the sum of the weights of n points."""
    return float(weights.sum()) if np.ndim(weights) else float(weights) * n


def stiffness(
    frame: Frame, m: Floats, weights: Any, residuals: Floats, errors: str = "hessian"
) -> tuple[Floats, Floats]:
    """Return the u about which the flat turns freely, (k,), and half the second derivatives of the sum by m there.

    With w = 1 / (b + m² a) and r = v - c - m · u, half the second derivatives by m and c are Σ w z zᵀ - I Σ a w² r²,
    Σ w z and Σ w, with z = u + 2 a w r m. York et al. (2004) take z = u + a w r m, where the point of the flat is that
    belongs to the point, and leave Σ a w² r² out.
    """
    share = frame.a * weights * residuals
    z = (m if errors == "york" else 2 * m)[:, None] * share
    z += frame.u
    pivot = np.zeros(len(m)) if frame.fixed else weighted_mean(z, weights)
    z -= pivot[:, None]
    curvature: Floats = (z * weights) @ z.T
    if errors != "york":
        curvature.flat[:: len(m) + 1] -= float(share @ (weights * residuals))  # from its diagonal
    return pivot, curvature


def corrected(frame: Frame, start: Floats) -> Flat:
    """Return the flat with the stationary sum whose m is next to `start`, exact to rounding.

    Newton's method on m and c together: a step takes what is left of the error times about 1e-16 of the condition.
    """
    m, c = exactly(start), exactly(0.0)
    if not frame.fixed:
        c = exactly(float(weighted_mean(frame.v - start @ frame.u, weights_at(frame, start))))
    for _ in range(_ROUNDS):
        residuals, weights = frame.residuals(m, c), weights_at(frame, m.high)
        pivot, curvature = stiffness(frame, m.high, weights, residuals)
        if (np.diagonal(curvature) <= 0).any():
            break
        # Σ w r z with York's z, counted from the pivot: about there it does not matter how far c is still off.
        z = frame.u - pivot[:, None] + m.high[:, None] * (frame.a * weights * residuals)
        lift = 0.0 if frame.fixed else float(weighted_mean(residuals, weights))
        step = np.linalg.solve(curvature, weighted_dot(weights, z, residuals))
        lift -= 0.0 if frame.fixed else float(pivot @ step)
        m, c = add(m, exactly(step)), add(c, exactly(lift))
        if np.abs(step).max() <= _SETTLED * np.abs(m.high).max() and abs(lift) <= _SETTLED:
            break
    return flat_at(frame, m, c)


@dataclass(frozen=True)
class Misfit:
    """How far the points are from a flat: residuals over their deviations, and the sum of their squares.

    `scale` is what the deviations are to be multiplied by: √(squares / dof), or 1 where sigma is absolute.
    """

    standardized: Floats
    squares: float
    dof: int
    scale: float


def misfit(flat: Flat, absolute_sigma: bool) -> Misfit:
    """Return how far the points are from a flat."""
    frame = flat.frame
    dof = frame.n - len(frame.u) - (not frame.fixed)
    standardized = np.sqrt(flat.weights) / frame.unit_sigma * flat.residuals
    squares = float(standardized @ standardized)
    scale = 1.0 if absolute_sigma else math.sqrt(squares / dof) if dof else math.nan
    return Misfit(standardized, squares, dof, scale)


@dataclass(frozen=True)
class Straight:
    """The curve y = height + slopes · (x - centre), evaluated where the digits are, amid the points.

    At `pivot` its variance is `level`, and independent of the slopes, whose covariance is `spread`.
    """

    centre: Floats
    height: float
    slopes: Floats
    pivot: Floats
    level: float
    spread: Floats

    def at(self, x: Floats) -> Floats:
        """Return the flat's y at x, of shape (n,) or (n, k)."""
        y: Floats = self.height + (x.reshape(-1, len(self.centre)) - self.centre) @ self.slopes
        return y

    def variance(self, x: Floats) -> Floats:
        """Return the variance of that y."""
        away = x.reshape(-1, len(self.pivot)) - self.pivot
        variances: Floats = self.level + np.sum((away @ self.spread) * away, axis=1)
        return variances
