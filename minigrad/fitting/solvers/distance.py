"""The line nearest to the points: x and y both have errors, and the squared distances are made smallest.

One idea: x and y play the same part. A line is written as v = c + m u, where u is that one of the two
along which the line runs more, so m is small for flat lines and for steep ones, and for a vertical
line it is 0: the small number is the one that is known, with all its digits. Where the ratio of
the errors is the same for all points, m has a closed form, which `flat` then makes exact to rounding.

Closed form: Deming (1943), Statistical adjustment of data; Kummell (1879).
"""

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from ..given import Points
from .errors_in_x import check_errors, comparable, how_the_errors, one_output
from .extended import exactly
from .extent import power_of_two, squarable
from .flat import (
    DIGITS,
    EXACT,
    NOTHING,
    Flat,
    Frame,
    Straight,
    as_decimal,
    corrected,
    flat_at,
    misfit,
    stiffness,
    total_weight,
    weighted_dot,
    weighted_mean,
)

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
_EQUAL = 64 * _EPS


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
        squarable(name, spread)
    unit_x, unit_y = (power_of_two(spread) for spread in spreads)
    deviation_x, deviation_y = sigma_x / unit_x, sigma / unit_y
    # Only the ratios of the variances matter here: the largest is about 1.
    largest = power_of_two(max(float(np.max(deviation_x)), float(np.max(deviation_y))))
    a, b = (deviation_x / largest) ** 2, (deviation_y / largest) ** 2
    comparable(a, b)
    return Frame(
        u=((x - places[0]) / unit_x)[None],
        v=(y - places[1]) / unit_y,
        raw_u=x[None],
        raw_v=y,
        place_u=np.array(places[:1]),
        place_v=places[1],
        unit_u=unit_x,
        unit_v=unit_y,
        a=a,
        b=b,
        unit_sigma=largest,
        fixed=through is not None,
    )


def closed_form(frame: Frame) -> Flat:
    """Return the line with the smallest sum, where the ratio b/a is the same for all points (Deming 1943).

    Raises ValueError where the points spread equally in all directions.
    """
    ratio = float(np.ravel(frame.b / frame.a)[0])
    omega = 1 / frame.b
    u, v, of_u, of_v = frame.u[0], frame.v, 0.0, 0.0
    if not frame.fixed:
        of_u, of_v = float(weighted_mean(u, omega)), float(weighted_mean(v, omega))
        u, v = u - of_u, v - of_v
    uu, uv, vv = weighted_dot(omega, u, u), weighted_dot(omega, u, v), weighted_dot(omega, v, v)
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
        return corrected(frame, np.array([m]))
    return flat_at(frame, exactly(np.array([m])), exactly(of_v - m * of_u))


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


def coefficients(line: Flat) -> tuple[float, float]:
    """Return slope and intercept in the units of the points, each rounded once; (inf, nan) for a vertical line.

    Vertical is a line that, over the range of y, leaves its x by less than x is rounded.
    """
    frame, m, place_u = line.frame, line.m[0], float(line.frame.place_u[0])
    # No u is above 2.
    if frame.turned and abs(m.high) * frame.unit_v <= 2 * _EPS * (abs(frame.place_v) + frame.unit_v):
        return math.inf, math.nan
    with localcontext(prec=DIGITS):
        rate = as_decimal(m) * Decimal(frame.unit_v) / Decimal(frame.unit_u)
        c = as_decimal(line.c) * Decimal(frame.unit_v) + Decimal(frame.place_v)
        if frame.turned:
            slope, terms = 1 / rate, (Decimal(place_u), -c / rate, Decimal(frame.place_v) / rate)
        else:
            slope, terms = rate, (c, -rate * Decimal(place_u), Decimal(frame.place_v))
        intercept = terms[0] + terms[1]
        # All in units of y: those of x may be 30 orders away, as the frequencies of light are from its energies.
        if abs(intercept) <= Decimal(NOTHING) * sum(map(abs, terms)):
            intercept = Decimal(0)
        found = float(slope), float(intercept)
    return found if math.isfinite(sum(found)) else (math.inf, math.nan)


def found_along(
    line: Flat,
    points: Points,
    *,
    absolute_sigma: bool,
    errors: str,
    how: str,
    warnings: tuple[str, ...] = (),
    extra: dict[str, Any] | None = None,
) -> Found:
    """Return what was found, as slope and intercept in the units of the points."""
    frame, m, place_u = line.frame, float(line.m.high[0]), float(line.frame.place_u[0])
    off = misfit(line, absolute_sigma)
    standardized, squares, scale = off.standardized, off.squares, off.scale
    if not math.isfinite(squares + m):
        raise ValueError(
            "the squares of the residuals over sigma do not fit into float64.\nGive sigma in the units of x and y"
        )
    slope, intercept = coefficients(line)
    vertical = math.isinf(slope)
    if frame.turned and not vertical:
        standardized *= -math.copysign(1, m)  # right of a rising line is below it
    residuals = standardized if points.sigma is None else standardized * points.sigma
    pivot, curvature = (
        float(part.item()) for part in stiffness(frame, line.m.high, line.weights, line.residuals, errors)
    )
    unit = scale * frame.unit_sigma * frame.unit_v
    of_m = unit / math.sqrt(curvature) / frame.unit_u if curvature > 0 else math.nan
    of_c = 0.0 * unit if frame.fixed else unit / math.sqrt(total_weight(line.weights, points.n))
    along = place_u + pivot * frame.unit_u
    across = frame.place_v + (float(line.c.high) + m * pivot) * frame.unit_v
    where = {"through": (frame.place_v, place_u) if frame.turned else (place_u, frame.place_v)}
    notes = warnings
    if not off.dof and not absolute_sigma:
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
        dof=off.dof,
        scale=scale,
        message=f"{how}; {how_the_errors(errors, absolute_sigma, points.sigma is not None)}",
        warnings=notes,
        vertical=x0 if vertical else None,
        extra={**(where if frame.fixed else {}), **(extra or {})},
    )


def _height(line: Flat, x: float) -> float:
    """The line's y at x, rounded once."""
    frame = line.frame
    if not frame.turned:
        return line.height(np.array([x]))
    with localcontext(prec=DIGITS):
        c = as_decimal(line.c) * Decimal(frame.unit_v) + Decimal(frame.place_v)
        rate = as_decimal(line.m[0]) * Decimal(frame.unit_v) / Decimal(frame.unit_u)
        return float(Decimal(float(frame.place_u[0])) + (Decimal(x) - c) / rate)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # found_along() looks at what comes out
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
    return found_along(closed_form(frame), points, absolute_sigma=absolute_sigma, errors=errors, how=how)
