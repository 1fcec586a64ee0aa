"""Least absolute deviations, exactly: the best fit goes through p of the points, and is found among those that do.

One idea: Σ |y - Xc| is a convex polyhedron over c, so its least value stands at a vertex, where p residuals
are 0. From a vertex p edges lead away, each of which lets go of one point; along the steepest edge that goes
down a weighted median finds the lowest vertex; where no edge goes down, nothing does.

Descent over vertices with long steps: Barrodale and Roberts (1973), An improved algorithm for discrete l1
linear approximation. The weighted median: Edgeworth (1888), On a new method of reducing observations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
_ZERO = 64 * _EPS
_SLACK = 1e-10
"""How far a multiplier may stand above 1: rounding in the inverse of a vertex's matrix, which is well conditioned."""
_SHARE = 20_000
"""Of more rows than this, a part is fitted first: from there the whole needs few edges."""
_EDGES = 1_000_000  # numbers that are looked at to find a level edge
_NEAREST = 1000  # breakpoints that are sorted first: the lowest point is mostly among them


@dataclass(frozen=True)
class Vertex:
    """A best fit: its coefficients, the p rows it goes through, the residuals, and how many edges led here.

    `other` is another vertex with the same deviations, if there is one: then every fit between the two is as good.
    `proven` says that no edge goes down.
    """

    coefficients: Floats
    through: tuple[int, ...]
    residuals: Floats
    edges: int
    proven: bool
    other: Floats | None


def least_absolute(columns: Floats, y: Floats, start: Floats) -> Vertex:
    """Return the coefficients c that make Σ |y - columns c| smallest, from the vertex nearest to `start`.

    `columns` is (n, p), of full rank and well conditioned; `y` is (n,), `start` (p,).

    >>> found = least_absolute(np.ones((5, 1)), np.array([1.0, 2.0, 3.0, 4.0, 1000.0]), np.zeros(1))
    >>> found.coefficients, found.through
    (array([3.]), (2,))
    """
    n = len(y)
    if n > _SHARE:
        part = np.sort(np.random.default_rng(0).choice(n, _SHARE // 4, replace=False))
        if np.linalg.matrix_rank(columns[part]) == columns.shape[1]:
            start = least_absolute(columns[part], y[part], start).coefficients
    lengths = np.sqrt(np.einsum("ij,ij->i", columns, columns))
    rows = _nearest(columns, lengths, y - columns @ start)
    # Where more than p residuals are 0 at once a descent over vertices may walk in a circle. Points moved by a
    # little, each differently, are never in line by more than p; and where the best vertex of the moved points has
    # every other point on the side that it had before, it is the best of the points as they are.
    random = np.random.default_rng(0)
    size = float(np.median(np.abs(y))) or float(np.max(np.abs(y)))  # not that of a point far away
    edges = 0
    proven = False
    for shift in (1e-8, 1e-10, 1e-12, 0.0):
        rows, sides, more = _descend(columns, y + shift * size * random.uniform(0.5, 1.5, n), rows)
        edges += more
        proven = _is_lowest(columns, lengths, y, rows, sides)
        if proven:
            break
    coefficients, residuals = _at(columns, y, rows)
    residuals = _without_rounding(lengths, y, coefficients, residuals)
    other = _flat(columns, y, residuals, coefficients)
    return Vertex(coefficients, tuple(int(row) for row in rows), residuals, edges, proven, other)


def _nearest(columns: Floats, lengths: Floats, residuals: Floats) -> list[int]:
    """p independent rows of small residuals."""
    rows: list[int] = []
    n, p = columns.shape
    basis = np.zeros((0, p))
    sizes = np.abs(residuals)
    few = np.argpartition(sizes, _NEAREST)[:_NEAREST] if n > _NEAREST else np.arange(n)
    near = few[np.argsort(sizes[few], kind="stable")]
    for bound, order in ((0.1, near), (0.0, near), (0.0, np.arange(n))):
        for row in order:
            if len(rows) == p:
                return rows
            rest = columns[row] - basis.T @ (basis @ columns[row])
            rest -= basis.T @ (basis @ rest)
            length = float(np.linalg.norm(rest))
            # First rows that stand well apart; of those there may be too few.
            if length > max(bound, p * _ZERO) * lengths[row]:
                rows.append(int(row))
                basis = np.vstack([basis, rest / length])
    return rows


def _at(columns: Floats, y: Floats, rows: Sequence[int]) -> tuple[Floats, Floats]:
    """The coefficients of the vertex through some rows, and the residuals there."""
    rows = list(rows)
    coefficients = np.asarray(np.linalg.solve(columns[rows], y[rows]), dtype=np.float64)
    coefficients += np.linalg.solve(columns[rows], y[rows] - columns[rows] @ coefficients)
    residuals = y - columns @ coefficients
    residuals[rows] = 0.0
    return coefficients, residuals


def _without_rounding(lengths: Floats, y: Floats, coefficients: Floats, residuals: Floats) -> Floats:
    """The residuals, 0 where rounding alone explains them: that of the whole row, which a column that is 0 shares."""
    reach = np.abs(y) + lengths * float(np.linalg.norm(coefficients))
    return np.where(np.abs(residuals) <= _ZERO * reach, 0.0, residuals)


def _multipliers(columns: Floats, rows: Sequence[int], sides: Floats) -> tuple[Floats, Floats]:
    """The inverse of the vertex's matrix, and for each of its rows how fast the deviations of all others grow."""
    inverse = np.asarray(np.linalg.inv(columns[list(rows)]), dtype=np.float64)
    return inverse, (sides @ columns) @ inverse


def _descend(columns: Floats, y: Floats, rows: Sequence[int]) -> tuple[list[int], Floats, int]:
    """From the vertex through `rows` down to one where no edge goes down: its rows, on which side each point is."""
    rows = list(rows)
    limit = 50 * (columns.shape[1] + 1) + len(y)
    edges = 0
    while True:
        residuals = _at(columns, y, rows)[1]
        sides = np.sign(residuals)
        inverse, grows = _multipliers(columns, rows, sides)
        # Per unit of length in the coefficients, so that the steepest edge is one of the polyhedron.
        steep = (np.abs(grows) - 1) / np.linalg.norm(inverse, axis=0)
        leaves = int(np.argmax(steep))
        if abs(grows[leaves]) <= 1 + _SLACK or edges >= limit:
            return rows, sides, edges
        moves = -np.sign(grows[leaves]) * (columns @ inverse[:, leaves])
        row = _weighted_median(residuals, moves, 1 - abs(grows[leaves]), rows)
        rows[leaves] = row
        edges += 1


def _weighted_median(residuals: Floats, moves: Floats, slope: float, rows: Sequence[int]) -> int:
    """The row at which Σ |residuals + t moves|, falling at t = 0, has fallen lowest."""
    lasting = np.abs(moves) > _ZERO * np.max(np.abs(moves))
    lasting[list(rows)] = False
    lasting &= residuals * moves <= 0
    where = np.flatnonzero(lasting)
    moves, times = moves[where], -residuals[where] / moves[where]
    nearest = _NEAREST
    while True:
        few = np.argpartition(times, nearest)[:nearest] if nearest < len(times) else np.arange(len(times))
        order = few[np.argsort(times[few], kind="stable")]
        slopes = slope + 2 * np.cumsum(np.abs(moves[order]))
        if slopes[-1] >= 0 or len(order) == len(times):
            return int(where[order[min(int(np.searchsorted(slopes, 0.0)), len(order) - 1)]])
        nearest *= 16


def _is_lowest(columns: Floats, lengths: Floats, y: Floats, rows: Sequence[int], sides: Floats) -> bool:
    """Does no edge go down, with every point that is off the fit on its side, and those on it on the side given?"""
    residuals = _without_rounding(lengths, y, *_at(columns, y, rows))
    off = residuals != 0
    if (np.sign(residuals[off]) != sides[off]).any():
        return False
    _, grows = _multipliers(columns, rows, sides)
    return bool((np.abs(grows) <= 1 + 2 * _SLACK).all())


def _flat(columns: Floats, y: Floats, residuals: Floats, coefficients: Floats) -> Floats | None:
    """The far end of a level edge at a lowest vertex, if one of its edges is level."""
    p = columns.shape[1]
    on = np.flatnonzero(residuals == 0)
    sides = np.sign(residuals)
    pull = sides @ columns
    different = on[np.unique(np.round(columns[on], 12), axis=0, return_index=True)[1]]
    edges = combinations(different.tolist(), p - 1)
    for kept in islice(edges, max(p, _EDGES // len(y))):
        direction = np.linalg.svd(columns[list(kept)])[2][-1] if kept else np.ones(1)
        for d in (direction, -direction):
            moves = columns @ d
            climb = float(np.abs(moves[on]).sum() - pull @ d)
            total = float(np.abs(moves).sum())
            if climb > 1e-11 * total:
                continue
            ahead = (residuals * moves > 0) & (np.abs(moves) > _ZERO * np.max(np.abs(moves)))
            if ahead.any():
                far: Floats = coefficients + d * float(np.min(residuals[ahead] / moves[ahead]))
                return far
    return None
