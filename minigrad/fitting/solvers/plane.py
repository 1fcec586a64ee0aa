"""The plane nearest to the points: several features with errors like those of y, total least squares.

One idea: the direction in which the points spread least is the plane's normal. It comes from a singular value
decomposition of the centred points; Newton's method with residuals of twice the digits then does for the
slopes what `distance` does for the one of a line.

Golub and Van Loan (1980), An analysis of the total least squares problem, SIAM Journal on Numerical Analysis 17, 883.
Standard errors as in York et al. (2004), with x of the points of the plane that belong to the points.
"""

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from ..given import Points
from .design import names_of_features
from .distance import (
    NOTHING,
    Straight,
    both_deviations,
    check_errors,
    how_the_errors,
    inner,
    mean,
    one_output,
    power_of_two,
    total,
)
from .extended import Pair, add, exactly, multiply, subtract, two_sum
from .refusals import too_few

Floats = NDArray[np.float64]

EXACT = 20_000
"""Up to so many numbers the residuals are computed with twice the digits."""

_EPS = float(np.finfo(np.float64).eps)
_LEVEL = 64 * _EPS
_INVOLVED = 1e-4
_SETTLED = 1e-10
_ROUNDS = 4
_DIGITS = 60


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
    plane = _corrected(_cloud(points, delta, through), points.x_names)
    return _reported(plane, points, absolute_sigma, errors)


def plane_at(
    points: Points, slopes: Any, height: Any, *, delta: float, absolute_sigma: bool, through: Any = None
) -> Found:
    """Return what `nearest_plane` would report if the plane were this one: `height` is that over x = 0.

    `slopes` and `height` are fractions, so that nothing is lost to a far away origin.
    """
    if points.sigma_x is not None:
        delta = _same_ratio(*both_deviations(points))
    cloud = _cloud(points, delta, through)
    there = height + sum(m * Fraction(x) for m, x in zip(slopes, cloud.place_x.tolist(), strict=True))
    above = Fraction(0) if cloud.fixed else (there - Fraction(cloud.place_y)) / Fraction(cloud.unit)
    pairs = [as_pair(m) for m in slopes]
    m = Pair(np.array([pair.high for pair in pairs]), np.array([pair.low for pair in pairs]))
    return _reported(_Plane(cloud, m, as_pair(above)), points, absolute_sigma, "york")


def as_pair(number: Fraction) -> Pair:
    """Return a fraction as high + low."""
    high = float(number)
    return Pair(high, float(number - Fraction(high)))


def _reported(plane: "_Plane", points: Points, absolute_sigma: bool, errors: str) -> Found:
    """What is reported of a plane."""
    cloud, weights, residuals = plane.cloud, plane.weights, plane.residuals
    (n, k), names = points.x.shape, names_of_features(points.x_names)
    parameters = k + (not cloud.fixed)
    dof = n - parameters
    standardized = np.sqrt(weights) * residuals / cloud.unit_sigma
    squares = float(standardized @ standardized)
    scale = 1.0 if absolute_sigma else math.sqrt(squares / dof) if dof else math.nan
    pivot, stiffness = _stiffness(plane, errors)
    spread: Floats = np.asarray((scale * cloud.unit_sigma) ** 2 * np.linalg.inv(stiffness), dtype=np.float64)
    level = 0.0 * scale if cloud.fixed else (scale * cloud.unit_sigma * cloud.unit) ** 2 / total(weights, n)
    place = cloud.place_x + cloud.unit * pivot
    slopes = plane.m.rounded()
    across = spread @ place
    cov = np.empty((k + 1, k + 1))
    cov[0, 0], cov[0, 1:], cov[1:, 0], cov[1:, 1:] = level + place @ across, -across, -across, spread
    height = _at(plane, place)
    note = f"{n} points for {parameters} parameters: nothing is left to tell the errors from, which are NaN"
    residuals = standardized if points.sigma is None else standardized * points.sigma
    extra: dict[str, Any] = {"r2": _share_explained(cloud)}
    if cloud.fixed:
        extra["through"] = (tuple(cloud.place_x.tolist()), cloud.place_y)
    return Found(
        names=names,
        values=np.array([_at(plane, np.zeros(k)), *slopes]),
        cov=cov,
        curve=Straight(place, height, slopes, place, level, spread),
        residuals=residuals,
        rss=float(residuals @ residuals),
        chi2=None if points.sigma is None else squares,
        dof=dof,
        scale=scale,
        message=f"smallest singular value; {how_the_errors(errors, absolute_sigma, points.sigma is not None)}",
        warnings=() if dof or absolute_sigma else (note,),
        extra=extra,
    )


def _same_ratio(sigma: Floats, sigma_x: Floats) -> float:
    """(sigma / sigma_x)², where it is the same for all points to rounding."""
    ratios = (sigma / sigma_x) ** 2
    if float(ratios.max()) > float(ratios.min()) * (1 + _LEVEL):
        raise ValueError(
            "sigma / sigma_x differs from point to point, and a plane in several features has one ratio.\n"
            "Give delta = sigma² / sigma_x², the same for all points, or one feature"
        )
    return float(ratios[0])


@dataclass(frozen=True)
class _Cloud:
    """Points about a place amid them in a unit, a power of two; a and b are variances, in units of unit_sigma²."""

    x: Floats
    y: Floats
    u: Floats
    v: Floats
    place_x: Floats
    place_y: float
    unit: float
    a: Any
    b: Any
    unit_sigma: float
    fixed: bool


@dataclass(frozen=True)
class _Plane:
    """v = c + u m, with the points' residuals and weights 1 / (b + m² a)."""

    cloud: _Cloud
    m: Pair
    c: Pair

    @property
    def weights(self) -> Any:
        return 1 / (self.cloud.b + float(self.m.high @ self.m.high) * self.cloud.a)

    @property
    def residuals(self) -> Floats:
        cloud = self.cloud
        if cloud.x.size > EXACT:
            rest: Floats = cloud.v - self.c.rounded() - cloud.u @ self.m.rounded()
            return rest
        off = subtract(_deviations(cloud.y, cloud.place_y, cloud.unit), self.c)
        for j in range(cloud.x.shape[1]):
            u = _deviations(cloud.x[:, j], float(cloud.place_x[j]), cloud.unit)
            off = subtract(off, multiply(self.m[j], u))
        exact: Floats = off.rounded()
        exact[np.abs(exact) <= NOTHING] = 0.0
        return exact


def _deviations(values: Floats, place: float, unit: float) -> Pair:
    exact = two_sum(values, -place)
    return Pair(exact.high / unit, exact.low / unit)


def _cloud(points: Points, delta: float, through: tuple[Floats, float] | None) -> _Cloud:
    x, y = points.x, points.y.reshape(-1)
    if through is None:
        place_x, place_y = x.min(axis=0) / 2 + x.max(axis=0) / 2, float(y.min() / 2 + y.max() / 2)
    else:
        place_x, place_y = np.asarray(through[0], dtype=np.float64), float(through[1])
    u, v = x - place_x, y - place_y
    spread = max(float(np.max(np.abs(u))), float(np.max(np.abs(v))))
    if spread and not 1e-150 <= spread <= 1e150:
        raise ValueError(
            f"x and y spread over {spread:.3g}, and the square of that does not fit into float64.\n"
            "Give x and y in other units"
        )
    unit = power_of_two(spread)
    deviation = np.asarray(1.0 if points.sigma is None else points.sigma) / unit
    unit_sigma = power_of_two(float(np.max(deviation)))
    b = (deviation / unit_sigma) ** 2
    return _Cloud(x, y, u / unit, v / unit, place_x, place_y, unit, b / delta, b, unit_sigma, through is not None)


def _start(cloud: _Cloud, names: tuple[str, ...]) -> Floats:
    """The slopes, from the direction in which the points spread least."""
    k = cloud.u.shape[1]
    size = math.sqrt(float(np.ravel(cloud.b / cloud.a)[0]))
    omega = 1 / cloud.b
    columns = np.column_stack([cloud.u, cloud.v / size])
    if not cloud.fixed:
        columns -= np.array([mean(column, omega) for column in columns.T])
    factor = np.linalg.qr(columns * np.sqrt(omega).reshape(-1, 1), mode="r")
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


def _corrected(cloud: _Cloud, names: tuple[str, ...]) -> _Plane:
    """The plane, exact to rounding, by Newton's method as in `distance.corrected`."""
    m = _start(cloud, names)
    plane = _Plane(cloud, exactly(m), exactly(0.0))
    if not cloud.fixed:
        plane = _Plane(cloud, plane.m, exactly(mean(cloud.v - cloud.u @ m, plane.weights)))
    for _ in range(_ROUNDS):
        residuals, weights = plane.residuals, plane.weights
        pivot, stiffness = _stiffness(plane, "hessian")
        weighted = weights * residuals
        pull = cloud.u.T @ weighted + inner(cloud.a * weights * weights, residuals, residuals) * plane.m.high
        lift = 0.0 if cloud.fixed else mean(residuals, weights)
        step = np.linalg.solve(stiffness, pull - pivot * lift * total(weights, len(residuals)))
        lift -= 0.0 if cloud.fixed else float(pivot @ step)
        plane = _Plane(cloud, add(plane.m, exactly(step)), add(plane.c, exactly(lift)))
        if np.abs(step).max() <= _SETTLED * np.abs(plane.m.high).max() and abs(lift) <= _SETTLED:
            break
    return plane


def _stiffness(plane: _Plane, errors: str) -> tuple[Floats, Floats]:
    """The u about which the plane turns freely, and half the second derivatives of the sum by m there.

    Σ w z zᵀ - I Σ a w² r², with z = u + 2 a w r m; York's: z = u + a w r m, and without the second sum.
    """
    cloud, weights, residuals = plane.cloud, plane.weights, plane.residuals
    shares = cloud.a * weights * residuals
    z = cloud.u + np.outer(shares if errors == "york" else 2 * shares, plane.m.high)
    k = z.shape[1]
    pivot = np.zeros(k) if cloud.fixed else np.array([mean(column, weights) for column in z.T])
    z -= pivot
    stiffness = (z.T * weights) @ z
    if errors == "hessian":
        stiffness -= inner(cloud.a * weights * weights, residuals, residuals) * np.eye(k)
    return pivot, stiffness


def _at(plane: _Plane, x: Floats) -> float:
    """The plane's y at x, rounded once."""
    cloud, m = plane.cloud, plane.m
    with localcontext(prec=_DIGITS):
        y = Decimal(cloud.place_y) + Decimal(cloud.unit) * (Decimal(float(plane.c.high)) + Decimal(float(plane.c.low)))
        for j, place in enumerate(cloud.place_x.tolist()):
            y += (Decimal(float(m.high[j])) + Decimal(float(m.low[j]))) * (Decimal(float(x[j])) - Decimal(place))
        return float(y) + 0.0


def _share_explained(cloud: _Cloud) -> float:
    """The squared multiple correlation of y with the features."""
    columns = np.column_stack([cloud.u, cloud.v])
    factor = np.asarray(np.linalg.qr(columns - columns.mean(axis=0), mode="r"))
    whole = float(factor[:, -1] @ factor[:, -1])
    left = float(factor[-1, -1] ** 2) if len(factor) == factor.shape[1] else 0.0
    return 1 - left / whole if whole else math.nan
