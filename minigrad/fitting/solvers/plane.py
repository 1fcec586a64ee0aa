"""The plane nearest to the points: several features with errors like those of y, total least squares.

One idea: the direction in which the points spread least is the plane's normal. It comes from a singular value
decomposition of the centred points; `flat` then makes the slopes exact to rounding, as it does for that of a line.

Golub and Van Loan (1980), An analysis of the total least squares problem, SIAM Journal on Numerical Analysis 17, 883.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from ..given import Points
from .design import names_of_features
from .errors_in_x import both_deviations, check_errors, comparable, how_the_errors, one_output
from .extended import Pair
from .extent import power_of_two, squarable
from .flat import (
    Flat,
    Frame,
    Straight,
    as_pair,
    corrected,
    flat_at,
    misfit,
    stiffness,
    total_weight,
    weighted_mean,
)
from .refusals import too_few

Floats = NDArray[np.float64]

_LEVEL = 64 * float(np.finfo(np.float64).eps)
_INVOLVED = 1e-4


def nearest_plane(
    points: Points,
    *,
    delta: float = 1.0,
    absolute_sigma: bool = False,
    through: tuple[Floats, float] | None = None,
    errors: str = "york",
) -> Found:
    """Return the plane with the smallest sum of squared distances, y = intercept + Σ slope_j x_j.

    All features have the same error: `delta` is var(y errors) / var(x errors), 1 for distances at right angles.
    `points.sigma`, if given, is the deviation of y, and √delta times that of each feature; with `points.sigma_x` delta
    is (sigma / sigma_x)², which has to be the same for all points. Residuals, `errors`
    and their scaling are those of `nearest_line`. `through` is a point: the features (k,), and y. Raises ValueError
    for points that do not determine a plane, and for a plane parallel to the y axis.

    >>> from minigrad.fitting.given import points
    >>> nearest_plane(points([[0, 0], [1, 0], [0, 1], [1, 1]], [1, 3, 4, 6])).values.round(12)
    array([1., 2., 3.])
    """
    check_errors(errors)
    one_output(points)
    n, k = points.x.shape
    parameters = k + (through is None)
    if n < parameters:
        raise too_few(n, parameters)
    if points.sigma_x is not None:
        delta = _same_ratio(*both_deviations(points))
    frame = _frame(points, delta, through)
    return _found(corrected(frame, _start(frame, points.x_names)), points, absolute_sigma, errors)


def plane_at(
    points: Points, slopes: Any, height: Any, *, delta: float, absolute_sigma: bool, through: Any = None
) -> Found:
    """Return what `nearest_plane` would report if the plane were this one: `height` is that over x = 0.

    `slopes` and `height` are fractions, so that nothing is lost to a far away origin.
    """
    if points.sigma_x is not None:
        delta = _same_ratio(*both_deviations(points))
    frame = _frame(points, delta, through)
    there = height + sum(m * Fraction(x) for m, x in zip(slopes, frame.place_u.tolist(), strict=True))
    above = Fraction(0) if frame.fixed else (there - Fraction(frame.place_v)) / Fraction(frame.unit_v)
    pairs = [as_pair(m) for m in slopes]
    m = Pair(np.array([pair.high for pair in pairs]), np.array([pair.low for pair in pairs]))
    return _found(flat_at(frame, m, as_pair(above)), points, absolute_sigma, "york")


def _found(plane: Flat, points: Points, absolute_sigma: bool, errors: str) -> Found:
    """What is reported of a plane."""
    frame, (n, k) = plane.frame, points.x.shape
    off = misfit(plane, absolute_sigma)
    pivot, curvature = stiffness(frame, plane.m.high, plane.weights, plane.residuals, errors)
    unit = off.scale * frame.unit_sigma
    spread: Floats = np.asarray(unit**2 * np.linalg.inv(curvature), dtype=np.float64)
    level = 0.0 * unit if frame.fixed else (unit * frame.unit_v) ** 2 / total_weight(plane.weights, n)
    place = frame.place_u + frame.unit_u * pivot
    slopes = plane.m.rounded()
    across = spread @ place
    cov = np.empty((k + 1, k + 1))
    cov[0, 0], cov[0, 1:], cov[1:, 0], cov[1:, 1:] = level + place @ across, -across, -across, spread
    note = f"{n} points for {n - off.dof} parameters: nothing is left to tell the errors from, which are NaN"
    residuals = off.standardized if points.sigma is None else off.standardized * points.sigma
    extra: dict[str, Any] = {"r2": _share_explained(frame)}
    if frame.fixed:
        extra["through"] = (tuple(frame.place_u.tolist()), frame.place_v)
    return Found(
        names=names_of_features(points.x_names),
        values=np.array([plane.height(np.zeros(k)), *slopes]),
        cov=cov,
        curve=Straight(place, plane.height(place), slopes, place, level, spread),
        residuals=residuals,
        rss=float(residuals @ residuals),
        chi2=None if points.sigma is None else off.squares,
        dof=off.dof,
        scale=off.scale,
        message=f"smallest singular value; {how_the_errors(errors, absolute_sigma, points.sigma is not None)}",
        warnings=() if off.dof or absolute_sigma else (note,),
        extra=extra,
    )


def _same_ratio(sigma: Floats, sigma_x: Floats) -> float:
    """(sigma / sigma_x)², where it is the same for all points to rounding."""
    with np.errstate(over="ignore", under="ignore"):  # refused by `comparable`
        ratios = (sigma / sigma_x) ** 2
    if float(ratios.max()) > float(ratios.min()) * (1 + _LEVEL):
        raise ValueError(
            "sigma / sigma_x differs from point to point, and a plane in several features has one ratio.\n"
            "Give delta = sigma² / sigma_x², the same for all points, or one feature"
        )
    return float(ratios[0])


def _frame(points: Points, delta: float, through: tuple[Floats, float] | None) -> Frame:
    """The points about a place amid them, all columns in one unit."""
    x, y = points.x, points.y.reshape(-1)
    if through is None:
        place_x, place_y = x.min(axis=0) / 2 + x.max(axis=0) / 2, float(y.min() / 2 + y.max() / 2)
    else:
        place_x, place_y = np.asarray(through[0], dtype=np.float64), float(through[1])
    u, v = np.ascontiguousarray((x - place_x).T), y - place_y
    spread = max(float(np.max(np.abs(u))), float(np.max(np.abs(v))))
    squarable("x or y", spread)
    unit = power_of_two(spread)
    deviation = np.asarray(1.0 if points.sigma is None else points.sigma) / unit
    unit_sigma = power_of_two(float(np.max(deviation)))
    b = (deviation / unit_sigma) ** 2
    with np.errstate(all="ignore"):
        a = b / delta
    comparable(a, b)
    return Frame(
        u=u / unit,
        v=v / unit,
        raw_u=x.T,
        raw_v=y,
        place_u=place_x,
        place_v=place_y,
        unit_u=unit,
        unit_v=unit,
        a=a,
        b=b,
        unit_sigma=unit_sigma,
        fixed=through is not None,
    )


def _start(frame: Frame, names: tuple[str, ...]) -> Floats:
    """The slopes, from the direction in which the points spread least."""
    k = len(frame.u)
    size = math.sqrt(float(np.ravel(frame.b / frame.a)[0]))
    omega = 1 / frame.b
    columns = np.vstack([frame.u, frame.v / size])
    if not frame.fixed:
        columns -= weighted_mean(columns, omega)[:, None]
    factor = np.linalg.qr((columns * np.sqrt(omega)).T, mode="r")
    _, values, directions = np.linalg.svd(factor)
    values = np.concatenate([values, np.zeros(k + 1 - len(values))])
    normal = directions[-1]
    if values[-2] - values[-1] <= _LEVEL * values[0]:
        raise ValueError(
            "the points spread least in more than one direction: they lie on a line, or round about.\n"
            f"No plane in {', '.join(names)} is determined: leave a feature out"
        )
    if abs(normal[-1]) <= _LEVEL:
        culprits = [name for name, part in zip(names, normal[:-1]) if abs(part) > _INVOLVED]
        what = f"{culprits[0]} is constant" if len(culprits) == 1 else f"{', '.join(culprits)} depend on each other"
        raise ValueError(
            f"{what}: the plane nearest to the points is parallel to the y axis.\nLeave {culprits[-1]} out"
        )
    slopes: Floats = -size * normal[:-1] / normal[-1]
    return slopes


def _share_explained(frame: Frame) -> float:
    """The squared multiple correlation of y with the features."""
    columns = np.column_stack([frame.u.T, frame.v])
    factor = np.asarray(np.linalg.qr(columns - columns.mean(axis=0), mode="r"))
    whole = float(factor[:, -1] @ factor[:, -1])
    left = float(factor[-1, -1] ** 2) if len(factor) == factor.shape[1] else 0.0
    return 1 - left / whole if whole else math.nan
