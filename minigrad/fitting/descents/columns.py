"""Coordinates in which to descend to a line, a plane or a polynomial by residuals in y: standardised, or as they are.

One idea: in standardised coordinates every column of the problem has mean 0 and standard deviation 1, and so has y: for
a line the second derivatives of the mse are then 2 for each parameter, and 0 between them. What the numbers mean in the
units of the data is computed apart, and rounded once.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg

from ...errors import OptimiserError
from ...place import at, here
from ..found import Found
from ..given import Points
from ..solvers.design import Combination
from ..solvers.extended import add, exactly, product
from ..solvers.losses import MAD
from ..solvers.robust import robust_line
from ..solvers.triangle import triangle
from .coordinates import Batch, Coordinates, root_mean_square
from .criterion import Criterion, Loss, bend_of

Floats = NDArray[np.float64]


def column_coordinates(
    points: Points, loss: Loss, exact: Found, tuning: float | None, absolute_sigma: bool, standardize: bool
) -> Coordinates:
    """Return the coordinates in which to descend by residuals in y.

    Raises OptimiserError for several outputs under another loss than "mse", and as `bend_of` does.
    """
    if points.y.ndim == 2 and points.y.shape[1] > 1 and loss != "mse":
        raise OptimiserError(
            f"y has {points.y.shape[1]} columns, and with this loss one can be watched at a time{at(here())}.\n"
            "Fit each of them: fit_line(x, y[:, 0], ...)"
        )
    kind = _Standardised if standardize else _AsTheyAre
    return kind(points, loss, exact, tuning, absolute_sigma)


class _Columns:
    """A loss of residuals in y, and a curve that is linear in its parameters: what is common to both coordinates.

    Numbers of several outputs are arrays (p, m) here, for one output as for many.
    """

    def __init__(
        self, points: Points, loss: Loss, exact: Found, tuning: float | None, absolute_sigma: bool, size: float | None
    ) -> None:
        assert isinstance(exact.curve, Combination)
        self.points, self.exact, self.absolute_sigma = points, exact, absolute_sigma
        self.basis = exact.curve.basis
        self.names, self.n = exact.names, points.n
        self.y = points.y.reshape(points.n, -1)
        self.level = np.atleast_1d(np.asarray(exact.curve.level, dtype=np.float64))
        self.through = "through" in exact.extra
        self.size = _spread(self.y - self.level, loss) if size is None else size
        factors, typical = None, 1.0
        if points.sigma is not None:
            typical = root_mean_square(1 / points.sigma)
            factors = 1 / points.sigma / typical
        bend = bend_of(loss, exact, tuning) / (self.size * typical)
        self.criterion = Criterion(loss, factors, self.size * (typical if callable(loss) else 1.0), bend)
        self.unit = self.criterion.unit / self.y.shape[1]
        with mg.no_grad():
            self.exact_loss = self.unit * float(self.criterion(mg.tensor(-exact.residuals / self.size)).item())

    def confine(self) -> None:
        """Do nothing: a line has no bounds."""

    def _shaped(self, values: Floats) -> Floats:
        """Parameters (p, m) as they are reported."""
        return values[:, 0] if self.points.y.ndim == 1 else values.T

    def _inside(self, reported: Floats) -> Floats:
        """The coefficients (p, m) of parameters (q, m)."""
        inside = reported.copy()
        inside[self.basis.level] -= self.level
        found: Floats = np.linalg.lstsq(self.basis.outside().rounded(), inside)[0]
        return found

    def _found(self, values: Floats, coefficients: Floats) -> Found:
        """What is reported for parameters (q, m) that are those of these coefficients (p, m).

        The covariance is that of the exact solver with the residuals of this curve; a robust loss keeps its own.
        """
        exact, flat = self.exact, self.points.y.ndim == 1
        sigma = None if self.points.sigma is None else self.points.sigma[:, None]
        matrix = self.basis.columns(self.points.x)
        residuals = self.y - (self.level + matrix @ coefficients)
        squares = (residuals if sigma is None else residuals / sigma) ** 2
        cov, scale, curve = exact.cov, exact.scale, exact.curve
        assert isinstance(curve, Combination)
        factor, deviation = curve.factor, curve.deviation
        if self.criterion.loss == "mse":
            scales: Any = np.ones(self.y.shape[1])
            if not self.absolute_sigma:
                scales = np.sqrt(squares.sum(axis=0) / exact.dof) if exact.dof else scales * math.nan
            inverse: Any = np.linalg.inv(triangle(matrix if sigma is None else matrix / sigma))
            factor = inverse
            root = product(self.basis.outside(), exactly(factor)).rounded()
            cov = np.square(scales)[:, None, None] * (root @ root.T)
            cov, scale = (cov[0], float(scales[0])) if flat else (cov, scales)
            deviation = scale
        level = float(self.level[0]) if flat else self.level
        return replace(
            exact,
            values=self._shaped(values),
            cov=cov,
            curve=Combination(self.basis, coefficients[:, 0] if flat else coefficients, level, factor, deviation),
            residuals=residuals[:, 0] if flat else residuals,
            rss=float(np.sum(residuals**2)),
            chi2=None if sigma is None else float(squares.sum()),
            scale=scale,
        )


class _Standardised(_Columns):
    """Columns of mean 0 and standard deviation 1, and y as well; weighted where sigma is given."""

    def __init__(self, points: Points, loss: Loss, exact: Found, tuning: float | None, absolute_sigma: bool) -> None:
        super().__init__(points, loss, exact, tuning, absolute_sigma, None)
        columns, weights = self.basis.columns(points.x), points.weights
        self.constant = not self.through
        self.means = np.zeros(columns.shape[1])
        if self.constant and len(self.means) > 1:
            self.means[1:] = np.average(columns[:, 1:], axis=0, weights=weights)
        columns = columns - self.means
        sizes = np.sqrt(np.average(columns**2, axis=0, weights=weights))
        self.sizes = np.where(sizes > 0, sizes, 1.0)
        self.columns = columns / self.sizes
        self.target = (points.y - (self.level[0] if points.y.ndim == 1 else self.level)) / self.size
        first = np.zeros((len(self.sizes), *points.y.shape[1:]))
        if loss == "tukey":
            first = self._inside(_calm(points, exact))[:, 0] * self.sizes / self.size
            first[0] += self.means[1:] @ (first[1:] / self.sizes[1:]) if self.constant else 0.0
        self.tensors = [mg.tensor(first, requires_grad=True)]
        self._all = mg.from_numpy(self.columns), mg.from_numpy(self.target)  # as tensors: a product in half the time
        self.terms = [
            self.criterion.terms(self.columns, self.columns @ first - self.target).reshape(self.tensors[0].shape)
        ]

    def loss(self, rows: Batch) -> Any:
        """Return the loss over some points."""
        columns, target = self._all if rows is None else (self.columns[rows], self.target[rows])
        return self.criterion(columns @ self.tensors[0] - target, rows)

    def _coefficients(self, values: Sequence[Any]) -> Floats:
        [found] = values
        c: Floats = np.reshape(found, (len(self.sizes), -1)) * self.size / self.sizes[:, None]
        if self.constant:
            c[0] -= self.means[1:] @ c[1:]
        return c

    def reported(self, values: Sequence[Any]) -> Floats:
        """Return the parameters in the units of the data."""
        reported = self.basis.outside().rounded() @ self._coefficients(values)
        reported[self.basis.level] += self.level
        return self._shaped(reported)

    def found(self, values: Sequence[Any]) -> Found:
        """Return the same with all their digits: with x near 1.7e9, level and slope · x nearly cancel."""
        coefficients = self._coefficients(values)
        exact = product(self.basis.outside(), exactly(coefficients))
        reported = exact.rounded()
        reported[self.basis.level] = add(exact[self.basis.level], exactly(self.level)).rounded()
        return self._found(reported, coefficients)


class _AsTheyAre(_Columns):
    """The points as they are, from zero: the loop of the tutorials, operation by operation."""

    def __init__(self, points: Points, loss: Loss, exact: Found, tuning: float | None, absolute_sigma: bool) -> None:
        super().__init__(points, loss, exact, tuning, absolute_sigma, 1.0)
        x, self.target = points.x, points.y
        matrix = x.reshape(self.n, -1)
        self.powers = self.names[0] == "c0"
        outputs = points.y.shape[1:]
        if self.powers or self.through:
            if self.powers:
                matrix = np.vander(matrix[:, 0], len(self.names), increasing=True)
            else:
                matrix = matrix - self.basis.centre  # type: ignore[attr-defined]
                self.target = points.y - (self.level[0] if points.y.ndim == 1 else self.level)
            self.x = matrix
            shapes: list[tuple[int, ...]] = [(matrix.shape[1], *outputs)]
        elif x.ndim == points.y.ndim == 1:
            self.x = x
            shapes = [(), ()]
        else:
            self.x, self.target = matrix, self.y  # y of shape (n, 1): against (n,) a column makes a table
            shapes = [(matrix.shape[1], self.y.shape[1]), self.y.shape[1:]]
        first = [np.zeros(shape) for shape in shapes]
        if loss == "tukey":
            first = self._split(_calm(points, exact), shapes)
        self.tensors = [mg.tensor(f[()], requires_grad=True) for f in first]
        self._all = mg.from_numpy(self.x), mg.from_numpy(np.asarray(self.target))
        columns, above = [matrix, np.ones((self.n, 1))], self._above(self.x, self.target, [f[()] for f in first])
        self.terms = [
            self.criterion.terms(each, above).reshape(f.shape) for each, f in zip(columns, first, strict=False)
        ]

    def _above(self, x: Any, y: Any, parts: Sequence[Any]) -> Any:
        """The curve less y, of arrays or tensors."""
        if len(parts) == 1:
            return x @ parts[0] - y
        w, b = parts
        return (w * x if x.ndim == 1 else x @ w) + b - y

    def _split(self, reported: Floats, shapes: list[tuple[int, ...]]) -> list[Floats]:
        """Parameters (q, m) as the tensors have them; the opposite of `_values`."""
        if self.powers:
            return [reported.reshape(shapes[0])]
        slopes = np.delete(reported, self.basis.level, axis=0)
        level = reported[self.basis.level]
        return [part.reshape(shape) for part, shape in zip((slopes, level), shapes, strict=False)]

    def loss(self, rows: Batch) -> Any:
        """Return the loss over some points."""
        x, y = self._all if rows is None else (self.x[rows], self.target[rows])
        return self.criterion(self._above(x, y, self.tensors), rows)

    def _values(self, values: Sequence[Any]) -> Floats:
        """The parameters that are reported, (q, m)."""
        m = self.y.shape[1]
        parts = [np.reshape(value, (-1, m)) for value in values]
        if self.powers:
            return parts[0]
        if self.through:
            parts.append(self.level - self.basis.centre @ parts[0])  # type: ignore[attr-defined]
            parts[1] = parts[1].reshape(1, m)
        return np.concatenate(parts if self.basis.level == len(parts[0]) == 1 else parts[::-1])

    def reported(self, values: Sequence[Any]) -> Floats:
        """Return the parameters in the units of the data, which is what they are in."""
        return self._shaped(self._values(values))

    def found(self, values: Sequence[Any]) -> Found:
        """Return the same, and what follows from them."""
        reported = self._values(values)
        return self._found(reported, self._inside(reported))


def _calm(points: Points, exact: Found) -> Floats:
    """Huber's line, from which Tukey's loss is descended: far away it is flat, and has no slope to go down by."""
    degree = len(exact.names) - 1 if exact.names[0] == "c0" else None
    return robust_line(points, "huber", degree=degree).values.reshape(-1, 1)


def _spread(deviations: Floats, loss: Loss) -> float:
    """A typical deviation, 1 where there is none; for losses that outliers cannot pull by the median."""
    if loss != "mse":
        typical = float(np.median(np.abs(deviations))) / MAD
        if typical > 0:
            return typical
    return root_mean_square(deviations) or 1.0
