"""The line nearest to the points: x and y both have errors, and the squared distances are made smallest.

One idea: x and y play the same part. A line is written as v = c + m u, where u is that one of the two
along which the line runs more, so m is small for flat lines and for steep ones, and for a vertical
line it is 0: the small number is the one that is known, with all its digits. Where the ratio of
the errors is the same for all points, m has a closed form; one step of Newton's method with
residuals of twice the digits then makes it exact to rounding, also far away from the origin.

Closed form: Deming (1943), Statistical adjustment of data; Kummell (1879). Standard errors: York, Evensen,
Martínez and Delgado (2004), Unified equations for the slope, intercept, and standard errors of the best
straight line, American Journal of Physics 72, 367; or from the second derivatives of the sum ("hessian").
"""

import math
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from ..given import Points
from .extended import Pair, add, exactly, multiply, subtract, two_sum

Floats = NDArray[np.float64]

ERRORS = ("york", "hessian")

EXACT = 20_000
"""Up to so many points the residuals are computed with twice the digits."""

NOTHING = 1e-28
"""So much, relative to the spread of the points, is left of 0 where all is computed with 31 digits."""

_EPS = float(np.finfo(np.float64).eps)
_EQUAL = 64 * _EPS
_SMALLEST, _LARGEST = 1e-150, 1e150  # beyond them the squares of deviations leave float64
_WIDEST, _FAINTEST = 1e50, 1e-240  # errors of points: between them, and relative to the largest; squared
_DIGITS = 60
_ROUNDS = 4
_SETTLED = 1e-10  # the step after one of this size is below 1e-20


@dataclass(frozen=True)
class Frame:
    """Points (u, v) about a place amid them, in units that are powers of two; u is y where `turned`.

    `a` and `b` are the variances of u and v in units of unit_sigma², a number or one for each point. A line that has
    to go through the place is `fixed` there.
    """

    u: Floats
    v: Floats
    raw_u: Floats
    raw_v: Floats
    place_u: float
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
        return len(self.u)

    def turn(self) -> "Frame":
        """Return the frame in which u is what v is here."""
        return replace(
            self,
            u=self.v,
            v=self.u,
            raw_u=self.raw_v,
            raw_v=self.raw_u,
            place_u=self.place_v,
            place_v=self.place_u,
            unit_u=self.unit_v,
            unit_v=self.unit_u,
            a=self.b,
            b=self.a,
            turned=not self.turned,
        )

    def residuals(self, m: Pair, c: Pair) -> Floats:
        """Return v - c - m u, of up to EXACT points to all its digits."""
        if self.n > EXACT:
            rest: Floats = self.u * -m.rounded()
            rest += self.v
            rest -= c.rounded()
            return rest
        u, v = two_sum(self.raw_u, -self.place_u), two_sum(self.raw_v, -self.place_v)
        u = Pair(u.high / self.unit_u, u.low / self.unit_u)
        v = Pair(v.high / self.unit_v, v.low / self.unit_v)
        exact: Floats = subtract(subtract(v, c), multiply(m, u)).rounded()
        exact[np.abs(exact) <= NOTHING] = 0.0
        return exact


def frame_of(points: Points, sigma_x: Any, sigma: Any, through: tuple[float, float] | None) -> Frame:
    """Return the points in a frame of their own; `sigma_x` and `sigma` are numbers or arrays of shape (n,).

    Raises ValueError where the points are too few, or all the same, or their numbers leave float64.
    """
    if points.x.ndim == 2 and points.x.shape[1] > 1:
        raise ValueError(
            f"x has {points.x.shape[1]} features, and a line has one.\n"
            'The plane nearest to the points: fit_line(x, y, loss="distance")'
        )
    x, y, n = points.x.reshape(-1), points.y.reshape(-1), points.n
    if n < 2 and through is None:
        raise ValueError(
            f"one point, ({x[0]:.12g}, {y[0]:.12g}), lies on many lines.\n"
            "Give another point, or one that the line goes through: through=(0, 0)"
        )
    ranges = [(float(values.min()), float(values.max())) for values in (x, y)]
    if through is None:
        places = [low if low == high else low / 2 + high / 2 for low, high in ranges]
    else:
        places = [float(through[0]), float(through[1])]
    spreads = [max(high - place, place - low) for (low, high), place in zip(ranges, places)]
    if spreads == [0.0, 0.0]:
        where = "all points are" if n > 1 else "the point is"
        other = "the one that the line goes through" if through is not None else "the same"
        raise ValueError(
            f"{where} {other}, ({x[0]:.12g}, {y[0]:.12g}): no line is determined.\nGive points at two places or more"
        )
    for name, spread in zip("xy", spreads):
        if spread and not _SMALLEST <= spread <= _LARGEST:
            raise ValueError(
                f"{name} spreads over {spread:.3g}, and the square of that does not fit into float64.\n"
                f"Give {name} in other units"
            )
    unit_x, unit_y = (power_of_two(spread) for spread in spreads)
    deviation_x, deviation_y = sigma_x / unit_x, sigma / unit_y
    # Only the ratios of the variances matter here: the largest is about 1.
    largest = power_of_two(max(float(np.max(deviation_x)), float(np.max(deviation_y))))
    a, b = (deviation_x / largest) ** 2, (deviation_y / largest) ** 2
    for name, variance in (("sigma_x", a), ("sigma", b)):
        least, most = float(np.min(variance)), float(np.max(variance))
        if least < max(_FAINTEST, most / _WIDEST**2):
            raise ValueError(
                f"{name} differs by a factor of {_WIDEST:g} between points, or far more from the other axis.\n"
                "Leave points without weight out"
            )
    u, v = (x - places[0]) / unit_x, (y - places[1]) / unit_y
    return Frame(u, v, x, y, places[0], places[1], unit_x, unit_y, a, b, largest, fixed=through is not None)


def power_of_two(size: float) -> float:
    """Return the power of two next below a size, 1 for 0."""
    return math.ldexp(1.0, math.frexp(size)[1] - 1) if size else 1.0


@dataclass(frozen=True)
class Line:
    """The line v = c + m u in a frame, with the points' residuals v - c - m u and weights 1 / (b + m² a)."""

    frame: Frame
    m: Pair
    c: Pair
    residuals: Floats
    weights: Any

    @property
    def sum(self) -> float:
        """The sum that is smallest: residuals² over their variances, in units of the frame."""
        return inner(self.weights, self.residuals, self.residuals)


def inner(weights: Any, p: Floats, q: Floats) -> float:
    """Return Σ w p q; the weights are a number or one for each point."""
    return float((weights * p) @ q) if np.ndim(weights) else float(weights) * float(p @ q)


def mean(values: Floats, weights: Any) -> float:
    """Return the weighted mean."""
    return float(weights @ values) / float(weights.sum()) if np.ndim(weights) else float(values.mean())


def total(weights: Any, n: int) -> float:
    """Return the sum of the weights of n points."""
    return float(weights.sum()) if np.ndim(weights) else float(weights) * n


def closed_form(frame: Frame) -> Line:
    """Return the line with the smallest sum, where the ratio b/a is the same for all points (Deming 1943).

    Raises ValueError where the points spread equally in all directions.
    """
    ratio = float(np.ravel(frame.b / frame.a)[0])
    omega = 1 / frame.b
    u, v, of_u, of_v = frame.u, frame.v, 0.0, 0.0
    if not frame.fixed:
        of_u, of_v = mean(u, omega), mean(v, omega)
        u, v = u - of_u, v - of_v
    uu, uv, vv = inner(omega, u, u), inner(omega, u, v), inner(omega, v, v)
    difference, both = vv - ratio * uu, vv + ratio * uu
    root = math.hypot(difference, 2 * math.sqrt(ratio) * uv)
    if root <= _EQUAL * both:
        raise ValueError(
            "the points spread equally in all directions, so every line through their centre is as near.\n"
            'If y depends on x: loss="mse"'
        )
    if difference > 0:
        frame, of_u, of_v = frame.turn(), of_v, of_u
        m = 2 * uv / (root + difference)
    else:
        m = 2 * ratio * uv / (root - difference)
    if frame.n <= EXACT:
        return corrected(frame, m)
    return _line(frame, exactly(m), exactly(of_v - m * of_u))


def _line(frame: Frame, m: Pair, c: Pair) -> Line:
    return Line(frame, m, c, frame.residuals(m, c), weights_at(frame, m.high))


def corrected(frame: Frame, start: float) -> Line:
    """Return the line with the stationary sum whose m is next to `start`, exact to rounding.

    Newton's method on m and c together: a step takes what is left of the error times about 1e-16 of the condition.
    """
    u = frame.u
    m, c = exactly(start), exactly(0.0)
    if not frame.fixed:
        c = exactly(mean(frame.v - start * u, weights_at(frame, start)))
    for _ in range(_ROUNDS):
        residuals, weights = frame.residuals(m, c), weights_at(frame, m.high)
        pivot, curvature = stiffness(frame, m.high, weights, residuals)
        if curvature <= 0:
            break
        pull = inner(weights, residuals, u + (m.high * frame.a * weights) * residuals)
        lift = 0.0 if frame.fixed else mean(residuals, weights)
        step = (pull - pivot * lift * total(weights, frame.n)) / curvature
        lift -= 0.0 if frame.fixed else pivot * step
        m, c = add(m, exactly(step)), add(c, exactly(lift))
        if abs(step) <= _SETTLED * abs(m.high) and abs(lift) <= _SETTLED:
            break
    return _line(frame, m, c)


def weights_at(frame: Frame, m: float) -> Any:
    """Return 1 / (b + m² a), one over the variances of the residuals: a number, or one for each point."""
    return 1 / (frame.b + m * m * frame.a)


def stiffness(frame: Frame, m: float, weights: Any, residuals: Floats, errors: str = "hessian") -> tuple[float, float]:
    """Return the u about which the line turns freely, and half the second derivative of the sum by m there.

    With w = 1 / (b + m² a) and r = v - c - m u, half the second derivatives by m and c are Σ w z² - Σ a w² r², Σ w z
    and Σ w, with z = u + 2 m a w r. York et al. (2004) take z = u + m a w r, where the point of the line is that
    belongs to the point, and leave Σ a w² r² out.
    """
    share = m * frame.a * weights
    z = (share if errors == "york" else 2 * share) * residuals
    z += frame.u
    bend = 0.0 if errors == "york" else inner(frame.a * weights * weights, residuals, residuals)
    pivot = 0.0 if frame.fixed else mean(z, weights)
    z -= pivot
    return pivot, inner(weights, z, z) - bend


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
        """Return the line's y at x, of shape (n,) or (n, k)."""
        y: Floats = self.height + (x.reshape(-1, len(self.centre)) - self.centre) @ self.slopes
        return y

    def variance(self, x: Floats) -> Floats:
        """Return the variance of that y."""
        away = x.reshape(-1, len(self.pivot)) - self.pivot
        variances: Floats = self.level + np.sum((away @ self.spread) * away, axis=1)
        return variances


@dataclass(frozen=True)
class Upright:
    """The vertical line x = x0, on which no y belongs to an x."""

    x0: float

    def at(self, x: Floats) -> Floats:
        """Raise ValueError: no x has one y."""
        raise ValueError(f"the line is vertical, x = {self.x0:.12g}: no y belongs to an x.\nFit x against y")

    def variance(self, x: Floats) -> Floats:
        """Raise ValueError: no x has one y."""
        return self.at(x)


def coefficients(line: Line) -> tuple[float, float]:
    """Return slope and intercept in the units of the points, each rounded once; (inf, nan) for a vertical line.

    Vertical is a line that, over the range of y, leaves its x by less than x is rounded.
    """
    frame = line.frame
    # No u is above 2.
    if frame.turned and abs(line.m.high) * frame.unit_v <= 2 * _EPS * (abs(frame.place_v) + frame.unit_v):
        return math.inf, math.nan
    with localcontext(prec=_DIGITS):
        m = _decimal(line.m) * Decimal(frame.unit_v) / Decimal(frame.unit_u)
        c = _decimal(line.c) * Decimal(frame.unit_v) + Decimal(frame.place_v)
        if frame.turned:
            slope, intercept = 1 / m, Decimal(frame.place_u) - c / m
        else:
            slope, intercept = m, c - m * Decimal(frame.place_u)
        if abs(intercept) <= Decimal(NOTHING) * (abs(Decimal(frame.place_u)) + abs(Decimal(frame.place_v))):
            intercept = Decimal(0)
        found = float(slope), float(intercept)
    return found if math.isfinite(sum(found)) else (math.inf, math.nan)


def _decimal(pair: Pair) -> Decimal:
    return Decimal(float(pair.high)) + Decimal(float(pair.low))


def report(
    line: Line,
    points: Points,
    *,
    absolute_sigma: bool,
    errors: str,
    how: str,
    warnings: tuple[str, ...] = (),
    extra: dict[str, Any] | None = None,
) -> Found:
    """Return what was found, as slope and intercept in the units of the points."""
    frame, m = line.frame, line.m.high
    dof = points.n - (1 if frame.fixed else 2)
    standardized = np.sqrt(line.weights) / frame.unit_sigma * line.residuals
    squares = float(standardized @ standardized)
    if not math.isfinite(squares + m):
        raise ValueError(
            "the squares of the residuals over sigma do not fit into float64.\nGive sigma in the units of x and y"
        )
    slope, intercept = coefficients(line)
    vertical = math.isinf(slope)
    if frame.turned and not vertical:
        standardized *= -math.copysign(1, m)  # right of a rising line is below it
    residuals = standardized if points.sigma is None else standardized * points.sigma
    if absolute_sigma:
        scale = 1.0
    else:
        scale = math.sqrt(squares / dof) if dof else math.nan
    pivot, curvature = stiffness(frame, m, line.weights, line.residuals, errors)
    unit = scale * frame.unit_sigma * frame.unit_v
    of_m = unit / math.sqrt(curvature) / frame.unit_u if curvature > 0 else math.nan
    of_c = 0.0 * unit if frame.fixed else unit / math.sqrt(total(line.weights, points.n))
    along = frame.place_u + pivot * frame.unit_u
    across = frame.place_v + (float(line.c.high) + m * pivot) * frame.unit_v
    where = {"through": (frame.place_v, frame.place_u) if frame.turned else (frame.place_u, frame.place_v)}
    notes = warnings
    if not dof and not absolute_sigma:
        some = "one point and the one it goes through determine" if frame.fixed else "two points determine"
        notes = (*notes, f"{some} the line, and leave nothing to tell its errors from: they are NaN")
    curve: Straight | Upright
    if vertical:
        x0 = float(across) + 0.0
        cov = np.full((2, 2), math.nan)
        curve = Upright(x0)
        known = "" if math.isnan(of_c) else f" (standard error {of_c:.3g})"
        how = f"the vertical line x = {x0:.12g}{known}; {how}"
    else:
        if frame.turned:
            along, across = across, along
            of_m, of_c = of_m * slope * slope, of_c * abs(slope)
        root = np.array([[of_m, 0.0], [-along * of_m, of_c]])
        with np.errstate(over="ignore"):
            cov = root @ root.T
        if np.isinf(cov).any():
            raise ValueError("the errors of this line do not fit into float64 in these units.\nGive x and y in others")
        place, height = np.array([along]), _height(line, along)
        curve = Straight(place, height, np.array([slope]), place, of_c * of_c, np.array([[of_m * of_m]]))
    return Found(
        names=("slope", "intercept"),
        values=np.array([slope, intercept]),
        cov=cov,
        curve=curve,
        residuals=residuals,
        rss=squares if points.sigma is None else float(residuals @ residuals),
        chi2=None if points.sigma is None else squares,
        dof=dof,
        scale=scale,
        message=f"{how}; {how_the_errors(errors, absolute_sigma, points.sigma is not None)}",
        warnings=notes,
        vertical=x0 if vertical else None,
        extra={**(where if frame.fixed else {}), **(extra or {})},
    )


def _height(line: Line, x: float) -> float:
    """The line's y at x, rounded once."""
    frame = line.frame
    with localcontext(prec=_DIGITS):
        m = _decimal(line.m) * Decimal(frame.unit_v) / Decimal(frame.unit_u)
        c = _decimal(line.c) * Decimal(frame.unit_v) + Decimal(frame.place_v)
        if frame.turned:
            return float(Decimal(frame.place_u) + (Decimal(x) - c) / m)
        return float(c + m * (Decimal(x) - Decimal(frame.place_u)))


def how_the_errors(errors: str, absolute_sigma: bool, sigma: bool) -> str:
    """Return how the standard errors were computed, and in which scaling."""
    name = "York's standard errors (2004)" if errors == "york" else "standard errors from the second derivatives"
    if absolute_sigma:
        return f"{name}, not scaled" + ("" if sigma else ", for errors of 1 in y")
    return f"{name}, scaled by √({'chi2' if sigma else 'rss'}/dof)"


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # report() looks at what comes out
def nearest_line(
    points: Points,
    *,
    delta: float = 1.0,
    absolute_sigma: bool = False,
    through: tuple[float, float] | None = None,
    errors: str = "york",
) -> Found:
    """Return the line with the smallest sum of squared distances.

    `delta` is the ratio var(y errors) / var(x errors), the same for all points: 1 for distances at right angles.
    `points.sigma`, if given, is the deviation of y, and √delta times that of x: so a weight k counts as k points.
    Residuals are the distances to the line with x drawn longer by √delta, in units of y: with delta = 1 the
    perpendicular ones; positive above the line, or to the right of a vertical one. `errors` is "york" or "hessian";
    both are scaled by √(rss / dof), or √(chi2 / dof), unless `absolute_sigma`. Raises ValueError for points that do
    not determine a line, and for a delta that is not above 0. (Deming 1943; errors: York et al. 2004.)

    >>> from minigrad.fitting.given import points
    >>> nearest_line(points([0, 1, 2, 2], [1, 3, 5, 5])).values
    array([2., 1.])
    """
    check_errors(errors)
    if not 0 < delta < math.inf:
        raise ValueError(
            f"delta is {delta:g}, and the ratio of two variances is above 0: var(y errors) / var(x errors).\n"
            "Give delta=1 for distances at right angles"
        )
    one_output(points)
    sigma = 1.0 if points.sigma is None else points.sigma
    how = "closed form, " + ("the same error in x and y" if delta == 1 else f"var(y) = {delta:g} var(x) in the errors")
    frame = frame_of(points, sigma / math.sqrt(delta), sigma, through)
    return report(closed_form(frame), points, absolute_sigma=absolute_sigma, errors=errors, how=how)


def one_output(points: Points) -> None:
    """Raise ValueError unless y is one number for each point."""
    if points.y.ndim == 2 and points.y.shape[1] > 1:
        raise ValueError(
            f'y has {points.y.shape[1]} columns, and loss="distance" takes one: the distance to which line?\n'
            'Fit each of them: fit_line(x, y[:, 0], loss="distance")'
        )


def check_errors(errors: str) -> None:
    """Raise ValueError for errors that these solvers do not know."""
    if errors not in ERRORS:
        raise ValueError(f'there are no errors "{errors}" here.\nChoose one of: {", ".join(ERRORS)}')


def both_deviations(points: Points) -> tuple[Floats, Floats]:
    """Return sigma and sigma_x. Raises ValueError where one is missing."""
    if points.sigma is None or points.sigma_x is None:
        missing, there = ("sigma", "sigma_x") if points.sigma is None else ("sigma_x", "sigma")
        instead = "fit_line(y, x, sigma=...)" if points.sigma is None else "fit_line(x, y, sigma=...)"
        raise ValueError(
            f"{there} was given and {missing} was not: errors in x and y need both.\n"
            f"Give {missing}; for no errors there at all: {instead}"
        )
    return points.sigma, points.sigma_x
