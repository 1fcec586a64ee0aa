"""Least squares by rows: a factor that takes more rows, and never keeps them.

One idea: of a heap of rows a fit needs their weight, their means, and the triangular factor R of their deviations
from these means; two heaps make one: their factors under each other, with one row more for the difference of their
means, factored again. So a file of any length passes through a small triangle, in any pieces, with the digits of a QR
of all of it; and because only deviations are factored, time stamps near 4e9 cost none.

Means and sums of squares of two heaps: Chan, Golub and LeVeque (1979), Updating formulae and a pairwise algorithm for
computing sample variances. Here their square root: a factor in place of sums, as in Golub and Van Loan (2013), Matrix
Computations, 6.5.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from .covariance import Outcome, found_from
from .design import Centred, names_of_features
from .extended import Pair, add, exactly, multiply, subtract, two_sum
from .extent import LARGEST, powers_of_two, rounding
from .refinement import Solution
from .refusals import all_equal, dependent_features, too_few, warnings_about
from .triangle import DependentError, inverse_of_factor, triangle

Floats = NDArray[np.float64]

_BLOCK = 4096  # rows that are factored at once: they stay in the cache, and 1e6 rows cost less than one QR of them


class RowsSoFar:
    """Rows of k features and m outputs, as their weight, their means and a triangle.

    `rows` is how many there were. Without `intercept` the curve goes through the origin.

    >>> factor = RowsSoFar(features=1)
    >>> factor.add([0.0, 1.0], [1.0, 3.0])
    >>> factor.add([2.0, 3.0], [5.0, 7.0], sigma=0.5)
    >>> factor.rows, factor.found().values.round(9)
    (4, array([2., 1.]))
    """

    def __init__(self, features: int = 1, outputs: int = 1, *, intercept: bool = True) -> None:
        if features < 1 or outputs < 1:
            raise ValueError(f"there are {features} features and {outputs} outputs, and at least one of each is needed")
        self.features = features
        self.outputs = outputs
        self.intercept = intercept
        self.rows = 0
        width = features + outputs
        self._weight = 0.0
        self._means = exactly(np.zeros(width))
        self._factor: Floats = np.zeros((width, width))
        self._weighted = False
        self._largest: Floats = np.zeros(width)

    def add(self, x: Any, y: Any, sigma: Any = None) -> None:
        """Take more rows: x of shape (n,) or (n, k), y (n,) or (n, m), sigma a number or (n,).

        Raises ValueError, and takes none of them, where shapes do not fit, a number is not finite, or a sigma is not
        above 0.
        """
        xs, ys = self._columns("x", x, self.features), self._columns("y", y, self.outputs)
        if len(xs) != len(ys):
            raise ValueError(f"x has {len(xs)} rows and y {len(ys)}.\nEach row needs one of each")
        block = np.concatenate([xs, ys], axis=1)
        n = len(block)
        weights = np.ones(n)
        if sigma is not None:
            deviations = np.broadcast_to(np.asarray(sigma, dtype=np.float64), n)
            if not (np.isfinite(deviations) & (deviations > 0)).all():
                raise ValueError("sigma holds a number that is not above 0.\nGive each row its standard deviation")
            if not ((deviations > 1 / LARGEST) & (deviations < LARGEST)).all():
                raise ValueError("1/sigma² does not fit into float64.\nGive y and sigma in other units")
            weights = 1 / np.square(deviations)
        self._weighted = self._weighted or sigma is not None
        for start in range(0, n, _BLOCK):
            self._take(block[start : start + _BLOCK], weights[start : start + _BLOCK])

    def join(self, other: "RowsSoFar") -> None:
        """Take the rows of another factor: of another part of a file, or another process.

        Raises ValueError where the two have other numbers of features or outputs, or an intercept only in one.
        """
        mine = self.features, self.outputs, self.intercept
        theirs = other.features, other.outputs, other.intercept
        if mine != theirs:
            raise ValueError(
                f"these rows have {theirs[0]} features and {theirs[1]} outputs, and the factor {mine[0]} and {mine[1]}"
                + ("" if mine[2] == theirs[2] else ", and one of them has no intercept")
            )
        if other.rows:
            self._join(other._weight, other._means, [other._factor])
            self._largest = np.maximum(self._largest, other._largest)
            self.rows += other.rows
            self._weighted = self._weighted or other._weighted

    def found(self, names: Sequence[str] | None = None, *, absolute_sigma: bool = False) -> Found:
        """Return the line or plane through all rows so far; `names` are those of the features.

        There are no residuals (the rows are gone); `rss` is NaN where a sigma was given, and chi2 known. `extra` holds
        `n`, how many rows there were, and `r2` about the mean of y, about 0 without an intercept; of several outputs
        `rss` and `chi2` of each too. Raises ValueError where the rows do not determine the parameters, and says which.
        """
        k, first = self.features, int(self.intercept)
        x_names = [f"x{j + 1}" for j in range(k)] if names is None else list(names)
        if len(x_names) != k:
            raise ValueError(f"there are {len(x_names)} names for {k} features.\nGive one for each")
        if self.rows < k + first:
            raise too_few(self.rows, k + first, line=k == 1)
        upper, right = self._factor[:k, :k], self._factor[:k, k:]
        spread = np.sqrt(np.square(upper).sum(axis=0) / self._weight)
        slack = float(np.max(rounding(self._largest[:k], spread)))
        try:
            inverse = inverse_of_factor(upper, self.rows, slack if k > 1 else 0.0).s
        except DependentError as dependent:
            raise self._undetermined(dependent, x_names) from None
        unit = powers_of_two(spread)
        x_means, y_means = self._means[:k], self._means[k:]
        slopes = inverse @ right
        coefficients = slopes * unit[:, None]
        s = inverse * unit[:, None]
        if self.intercept:
            # The means are known with twice the digits: what the nearest float64 leaves out moves the curve, and
            # its error: near 4e9 by 2e-7.
            coefficients = np.concatenate([(y_means.low - x_means.low @ slopes)[None], coefficients])
            wider = np.zeros((k + 1, k + 1))
            wider[0, 0], wider[1:, 1:] = self._weight**-0.5, s
            wider[0, 1:] = -(x_means.low / unit) @ s
            s = wider
        squares = np.square(self._factor[k:, k:]).sum(axis=0)
        rss = np.full(self.outputs, np.nan) if self._weighted else squares
        outcome = Outcome(
            rows=self.rows,
            level=y_means.high,
            size=np.ones(self.outputs),
            length=np.sqrt(squares),
            rss=rss,
            unit=1.0 if self._weighted else None,
            absolute_sigma=absolute_sigma,
        )
        total = np.square(self._factor[:, k:]).sum(axis=0)
        r2 = 1 - squares / np.where(total > 0, total, np.nan)
        extra = {"n": self.rows, "r2": float(r2[0]) if self.outputs == 1 else r2}
        if self.outputs > 1:
            extra |= {"rss": rss, "chi2": squares if self._weighted else None}
        found = found_from(
            Centred(x_means.high, unit, names_of_features(x_names), self.intercept),
            Solution(exactly(coefficients), s, np.eye(k + first)),
            outcome,
            np.empty(0),
            flat=self.outputs == 1,
            extra=extra,
        )
        y_names = ["y"] if self.outputs == 1 else [f"y{j + 1}" for j in range(self.outputs)]
        constant = [name for name, is_zero in zip(y_names, total == 0, strict=True) if is_zero]
        said = warnings_about(self.rows, k + first, absolute_sigma, constant, not self.intercept)
        return replace(found, warnings=said)

    def _columns(self, name: str, values: Any, width: int) -> Floats:
        array = np.asarray(values, dtype=np.float64)
        if array.ndim == 1 and width == 1:
            array = array[:, None]
        if array.ndim != 2 or array.shape[1] != width:
            of = {"x": "feature", "y": "output"}[name] + ("" if width == 1 else "s")
            raise ValueError(
                f"{name} has the shape {array.shape}, and rows here have {width} {of}.\nGive it the shape (n, {width})"
            )
        if not np.isfinite(array).all():
            row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
            raise ValueError(f"{name} holds {array[row]} in row {row + 1} of these rows.\nLeave it out")
        if len(array) and np.abs(array).max() > LARGEST:
            raise ValueError(
                f"{name} reaches {np.abs(array).max():.3g}, and squares of that do not fit into float64.\n"
                f"Give {name} in other units"
            )
        return array

    def _take(self, block: Floats, weights: Floats) -> None:
        self.rows += len(block)
        self._largest = np.maximum(self._largest, np.abs(block).max(axis=0))
        roots = np.sqrt(weights)[:, None]
        if not self.intercept:
            self._weight += float(weights.sum())
            self._factor = triangle(np.concatenate([self._factor, block * roots]))
            return
        weight = float(weights.sum())
        about = block[0] + weights @ (block - block[0]) / weight
        deviations = block - about
        rest = weights @ deviations / weight
        self._join(weight, two_sum(about, rest), [(deviations - rest) * roots])

    def _join(self, weight: float, means: Pair, factors: list[Floats]) -> None:
        """Take a heap of this weight, these means, and rows whose RᵀR are the sums of squares about them."""
        both = self._weight + weight
        apart = subtract(means, self._means)
        stack = [self._factor, *factors]
        if self.intercept:
            step = apart.rounded()
            stack.append(step[None] * np.sqrt(self._weight / both * weight))
            self._means = add(self._means, multiply(apart, exactly(np.full(len(step), weight / both))))
        self._factor = triangle(np.concatenate(stack))
        self._weight = both

    def _undetermined(self, dependent: DependentError, x_names: list[str]) -> ValueError:
        if self.features == 1 and self.intercept:
            return all_equal("x", float(self._means.high[0]), self.rows)
        return dependent_features(dependent, x_names, self.intercept)
