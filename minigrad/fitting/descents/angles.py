"""Coordinates in which to descend to the line nearest to the points, and the way back.

One idea: a line is an angle and a distance from the centre, and x and y share one scale (scaled apart, right angles
would not stay right). For given data the mean squared distance is, up to a constant, -(l1 - l2)/2 · cos(2 (t - t*)), l1
and l2 being the largest and the smallest variance in any direction; the scale is √(l1 - l2), so at the minimum the
second derivatives are 2 for each parameter and 0 between them, as those of the mse are. As u is the axis along which
the points spread more, |t*| is at most 45°: the start t = 0 is never the maximum, which lies 90° from t*, and near a
vertical line the small number is the angle itself, which keeps its digits.

Where each point has errors of its own (York's problem) there is no such angle: a slope and a height at the centre.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg

from ..found import Found
from ..given import Points
from ..solvers.distance import found_along, frame_of
from ..solvers.extended import Pair
from ..solvers.flat import Frame, as_pair, flat_at
from ..solvers.plane import plane_at
from .coordinates import Batch, Coordinates, root_mean_square

Floats = NDArray[np.float64]


def distance_coordinates(
    points: Points, exact: Found, delta: float | None, absolute_sigma: bool, standardize: bool
) -> Coordinates:
    """Return the coordinates in which to descend to the nearest line."""
    if points.x.ndim == 2 and points.x.shape[1] > 1:
        return _Tilted(points, exact, delta, absolute_sigma, standardize)
    ratio = 1.0 if delta is None else float(delta)
    if not standardize:
        return _AsTheyAre(points, exact, ratio, absolute_sigma)
    kind = _Angle if points.sigma_x is None else _Slope
    return kind(points, exact, ratio, absolute_sigma)


class _Distances:
    """The loss of distances: what is common to all its coordinates.

    `raw_x` and `raw_y` are the points; the mean is weighted by 1/sigma² where sigma is given without sigma_x.
    """

    names: tuple[str, ...] = ("slope", "intercept")
    unit: float = 1.0

    def __init__(self, points: Points, exact: Found, delta: float, absolute_sigma: bool) -> None:
        self.points, self.exact, self.delta, self.absolute_sigma = points, exact, delta, absolute_sigma
        self.raw_x, self.raw_y, self.n = points.x.reshape(-1), points.y.reshape(-1), points.n
        place = exact.extra.get("through")
        self.place = None if place is None else (float(place[0]), float(place[1]))
        self.per_point = points.sigma_x is not None
        weights = None if self.per_point else points.weights
        self.weights = None if weights is None else weights / weights.mean()
        squares = exact.residuals**2
        if self.per_point:
            assert points.sigma is not None
            squares = squares / points.sigma**2
        elif self.weights is not None:
            squares = squares * self.weights
        self.exact_loss = float(squares.mean())
        self.tensors = [mg.tensor(0.0, requires_grad=True), mg.tensor(0.0, requires_grad=True)]
        self.terms: list[Any] = []
        if self.place is not None:
            del self.tensors[1]

    def _mean(self, squares: Any, rows: Batch) -> Any:
        if self.weights is not None:
            squares = squares * (self.weights if rows is None else self.weights[rows])
        return squares.mean()

    def loss(self, rows: Batch) -> Any:
        """Return the loss over some points, None for all."""
        raise NotImplementedError

    def confine(self) -> None:
        """Do nothing: a line has no bounds."""

    def reported(self, values: Sequence[Any]) -> Floats:
        """Return slope and intercept; (inf, nan) for a vertical line."""
        turned, m, (u, v) = self._line(values)
        if not turned:
            return np.array([float(m), float(v - m * u)])
        if abs(m) < Fraction(1, 10**300):
            return np.array([math.inf, math.nan])
        return np.array([float(1 / m), float(u - v / m)])

    def found(self, values: Sequence[Any]) -> Found:
        """Return the same with all their digits, and with what belongs to them: the errors by York's formula, there."""
        turned, m, (u, v) = self._line(values)
        sigma = 1.0 if self.points.sigma is None else self.points.sigma
        sigma_x = self.points.sigma_x if self.per_point else sigma / math.sqrt(self.delta)
        frame: Frame = frame_of(self.points, sigma_x, sigma, self.place)
        if turned:
            frame = frame.turn()
        unit_u, unit_v = Fraction(frame.unit_u), Fraction(frame.unit_v)
        there = m * (Fraction(float(frame.place_u[0])) - u) + v - Fraction(frame.place_v)
        slope, height = as_pair(m * unit_u / unit_v), as_pair(Fraction(0) if frame.fixed else there / unit_v)
        line = flat_at(frame, Pair(np.array([slope.high]), np.array([slope.low])), height)
        found = found_along(line, self.points, absolute_sigma=self.absolute_sigma, errors="york", how="descent")
        return replace(found, warnings=self.exact.warnings, extra={**self.exact.extra, **found.extra})

    def _line(self, values: Sequence[Any]) -> tuple[bool, Fraction, tuple[Fraction, Fraction]]:
        """The line v = v0 + m (u - u0) as m and (u0, v0), exactly; whether u is y."""
        raise NotImplementedError


def _centred(values: Floats, place: float | None, weights: Floats | None) -> tuple[Floats, Fraction]:
    """The deviations from the mean, or from a place that is given, and that place, exactly.

    Numbers close to each other have an exact difference, so the middle of the range goes first, and the mean of
    what is left, which is small, second.
    """
    if place is not None:
        return values - place, Fraction(place)
    middle = float(values.min()) / 2 + float(values.max()) / 2
    deviations = values - middle
    rest = float(np.average(deviations, weights=weights))
    return deviations - rest, Fraction(middle) + Fraction(rest)


class _Angle(_Distances):
    """The angle and the distance from the centre, in x and y of one scale; x is drawn longer by √delta first."""

    def __init__(self, points: Points, exact: Found, delta: float, absolute_sigma: bool) -> None:
        super().__init__(points, exact, delta, absolute_sigma)
        self.stretch = math.sqrt(delta)
        u, self.u0 = _centred(self.raw_x, self.place and self.place[0], self.weights)
        v, self.v0 = _centred(self.raw_y, self.place and self.place[1], self.weights)
        u = u * self.stretch
        self.turned = root_mean_square(v, self.weights) > root_mean_square(u, self.weights)
        if self.turned:
            u, v, self.u0, self.v0 = v, u, self.v0, self.u0
        size = root_mean_square(u, self.weights)  # above 0: the exact solver has refused points that are all the same
        u, v = u / size, v / size
        difference = float(np.average(u * u - v * v, weights=self.weights))
        scale = math.sqrt(math.hypot(difference, 2 * float(np.average(u * v, weights=self.weights))))
        self.u, self.v = u / scale, v / scale
        self._all = mg.from_numpy(self.u), mg.from_numpy(self.v)
        self.size = size * scale
        self.unit = self.size**2
        self.terms = [2 * root_mean_square(self.u) * root_mean_square(self.v), 2 * root_mean_square(self.v)][
            : len(self.tensors)
        ]

    def loss(self, rows: Batch) -> Any:
        """Return the mean squared distance of some points."""
        u, v = self._all if rows is None else (self.u[rows], self.v[rows])
        t = self.tensors[0]
        distance = mg.cos(t) * v - mg.sin(t) * u
        if len(self.tensors) > 1:
            distance = distance - self.tensors[1]
        return self._mean(distance**2, rows)

    def _line(self, values: Sequence[Any]) -> tuple[bool, Fraction, tuple[Fraction, Fraction]]:
        t, d = float(values[0]), float(values[1]) if len(values) > 1 else 0.0
        m, up = Fraction(math.tan(t)), Fraction(d) * Fraction(self.size) / Fraction(math.cos(t))
        stretch = Fraction(self.stretch)
        if self.turned:
            return True, m / stretch, (self.u0, self.v0 + up / stretch)
        return False, m * stretch, (self.u0, self.v0 + up)


class _Slope(_Distances):
    """Slope and height at the centre, in x and y of standard deviation 1 each: errors are scaled along."""

    def __init__(self, points: Points, exact: Found, delta: float, absolute_sigma: bool) -> None:
        super().__init__(points, exact, delta, absolute_sigma)
        assert points.sigma is not None
        assert points.sigma_x is not None
        u, self.u0 = _centred(self.raw_x, self.place and self.place[0], self.weights)
        v, self.v0 = _centred(self.raw_y, self.place and self.place[1], self.weights)
        self.size_u, self.size_v = root_mean_square(u) or 1.0, root_mean_square(v) or 1.0
        self.u, self.v = u / self.size_u, v / self.size_v
        a, b = (points.sigma_x / self.size_u) ** 2, (points.sigma / self.size_v) ** 2
        typical = 1 / float(np.mean(1 / (a + b)))  # so that at a slope of 45° the mean weight is 1
        self.a, self.b = a / typical, b / typical
        self.unit = 1 / typical
        self.terms = [
            2 * root_mean_square(self.u) * root_mean_square(self.v / self.b),
            2 * root_mean_square(self.v / self.b),
        ][: len(self.tensors)]

    def loss(self, rows: Batch) -> Any:
        """Return the mean of the squares over their variance, of some points."""
        u, v, a, b = (part if rows is None else part[rows] for part in (self.u, self.v, self.a, self.b))
        m = self.tensors[0]
        above = m * u - v
        if len(self.tensors) > 1:
            above = above + self.tensors[1]
        return (above**2 / (b + m * m * a)).mean()

    def _line(self, values: Sequence[Any]) -> tuple[bool, Fraction, tuple[Fraction, Fraction]]:
        m, up = Fraction(float(values[0])), Fraction(float(values[1]) if len(values) > 1 else 0.0)
        size_u, size_v = Fraction(self.size_u), Fraction(self.size_v)
        return False, m * size_v / size_u, (self.u0, self.v0 + up * size_v)


class _AsTheyAre(_Distances):
    """The points as they are, from zero: the loop of the tutorials, operation by operation."""

    def __init__(self, points: Points, exact: Found, delta: float, absolute_sigma: bool) -> None:
        super().__init__(points, exact, delta, absolute_sigma)
        self.x, self.y = self.raw_x, self.raw_y
        if self.place is not None:
            self.x, self.y = self.x - self.place[0], self.y - self.place[1]
        self._all = mg.from_numpy(self.x), mg.from_numpy(self.y)
        pull = 1.0 if not self.per_point else 1 / np.asarray(points.sigma) ** 2
        self.terms = [
            2 * root_mean_square(self.x) * root_mean_square(self.y * pull),
            2 * root_mean_square(self.y * pull),
        ][: len(self.tensors)]

    def loss(self, rows: Batch) -> Any:
        """Return the loss over some points."""
        x, y = self._all if rows is None else (self.x[rows], self.y[rows])
        a = self.tensors[0]
        above = a * x - y
        if len(self.tensors) > 1:
            above = above + self.tensors[1]
        if self.per_point:
            sigma, sigma_x = np.asarray(self.points.sigma), np.asarray(self.points.sigma_x)
            if rows is not None:
                sigma, sigma_x = sigma[rows], sigma_x[rows]
            return (above**2 / (sigma**2 + a**2 * sigma_x**2)).mean()
        longer = a**2 + 1 if self.delta == 1 else a**2 / self.delta + 1
        return self._mean(above**2 / longer, rows)

    def _line(self, values: Sequence[Any]) -> tuple[bool, Fraction, tuple[Fraction, Fraction]]:
        m = Fraction(float(values[0]))
        if self.place is not None:
            return False, m, (Fraction(self.place[0]), Fraction(self.place[1]))
        return False, m, (Fraction(0), Fraction(float(values[1])))


class _Tilted:
    """Slopes and height of a plane in several features; standardised, all columns in one scale, about the centre.

    Many features have no one angle: the slopes curve as the points happen to lie.
    """

    def __init__(
        self, points: Points, exact: Found, delta: float | None, absolute_sigma: bool, standardize: bool
    ) -> None:
        self.points, self.exact, self.absolute_sigma, self.n, self.names = (
            points,
            exact,
            absolute_sigma,
            points.n,
            exact.names,
        )
        if points.sigma_x is not None and points.sigma is not None:
            delta = float((points.sigma[0] / points.sigma_x[0]) ** 2)
        self.delta = 1.0 if delta is None else float(delta)
        self.weights = None if points.weights is None else points.weights / points.weights.mean()
        squares = exact.residuals**2 if self.weights is None else exact.residuals**2 * self.weights
        self.exact_loss = float(squares.mean())
        self.through = exact.extra.get("through")
        x, y, k = points.x, points.y.reshape(-1), points.x.shape[1]
        places: list[float | None] = [0.0] * (k + 1) if not standardize else [None] * (k + 1)
        if self.through is not None:
            places = [*map(float, self.through[0]), float(self.through[1])]
        columns = [_centred(values, place, self.weights) for values, place in zip([*x.T, y], places, strict=True)]
        self.centre = [place for _, place in columns]
        u, v = np.column_stack([values for values, _ in columns[:-1]]), columns[-1][0]
        self.stretch, self.size = 1.0, 1.0
        if standardize:
            self.stretch = math.sqrt(self.delta)
            self.size = root_mean_square(np.column_stack([u * self.stretch, v]))
        self.u, self.v = u * (self.stretch / self.size), v / self.size
        self.unit = self.size**2
        self._all = mg.from_numpy(self.u), mg.from_numpy(self.v)
        self.tensors = [mg.zeros(k, requires_grad=True), mg.tensor(0.0, requires_grad=True)]
        spread = root_mean_square(self.v)
        self.terms: list[Any] = [2 * spread * np.sqrt((self.u**2).mean(axis=0)), 2 * spread]
        if self.through is not None:
            del self.tensors[1], self.terms[1]

    def loss(self, rows: Batch) -> Any:
        """Return the loss over some points, None for all."""
        u, v = self._all if rows is None else (self.u[rows], self.v[rows])
        slopes = self.tensors[0]
        above = u @ slopes - v
        if len(self.tensors) > 1:
            above = above + self.tensors[1]
        squares = above**2 / ((slopes * slopes).sum() * (self.stretch**2 / self.delta) + 1)
        if self.weights is not None:
            squares = squares * (self.weights if rows is None else self.weights[rows])
        return squares.mean()

    def confine(self) -> None:
        """Do nothing: a plane has no bounds."""

    def _plane(self, values: Sequence[Any]) -> tuple[list[Fraction], Fraction]:
        """The slopes, and the height over x = 0."""
        slopes = [Fraction(float(m)) * Fraction(self.stretch) for m in values[0]]
        height = Fraction(float(values[1]) if len(values) > 1 else 0.0) * Fraction(self.size) + self.centre[-1]
        return slopes, height - sum(m * place for m, place in zip(slopes, self.centre, strict=False))

    def reported(self, values: Sequence[Any]) -> Floats:
        """Return intercept and slopes."""
        slopes, height = self._plane(values)
        return np.array([float(height), *map(float, slopes)])

    def found(self, values: Sequence[Any]) -> Found:
        """Return the same with what belongs to them: the errors by York's formula, there."""
        slopes, height = self._plane(values)
        found = plane_at(
            self.points,
            slopes,
            height,
            delta=self.delta,
            absolute_sigma=self.absolute_sigma,
            through=self.through,
        )
        return replace(found, warnings=self.exact.warnings)
