"""Columns in which to solve, and what their coefficients mean.

One idea: a problem is solved in columns that hardly depend on each other, and reported in parameters that a reader
knows; a basis is both, the columns and the one matrix that leads from their coefficients to the parameters. Here are
the columns of a line or a plane, centred features; those of a polynomial are in `polynomial.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..given import Points
from .extended import Pair, above, add, beside, exactly, product, two_sum
from .extent import Extent, rounding
from .refusals import dependent_features
from .triangle import DependentError, Inverse

Floats = NDArray[np.float64]

_COARSE = 1e-6  # of the spread
_ALIKE = 1e6


class Basis(Protocol):
    """Columns in which to solve, and what their coefficients mean."""

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that are reported."""
        ...

    @property
    def level(self) -> int:
        """Which of them moves when a constant is added to y."""
        ...

    @property
    def width(self) -> int:
        """How many columns there are, p."""
        ...

    def columns(self, x: Floats) -> Floats:
        """Return the matrix of the problem, of shape (n, p)."""
        ...

    def exact_columns(self, x: Floats) -> Pair:
        """Return the same with twice the digits."""
        ...

    def outside(self) -> Pair:
        """Return the matrix of shape (q, p) that makes the reported parameters of the coefficients."""
        ...

    def reported(self, coefficients: Pair) -> Pair:
        """Return its product with coefficients, (p, m)."""
        ...

    def slack(self, x: Extent) -> float:
        """Return how far, relatively, columns may be from dependent by the rounding of x alone."""
        ...

    def undetermined(self, dependent: DependentError, x: Floats, x_names: Sequence[str]) -> ValueError:
        """Return the error for columns that depend on each other."""
        ...

    def cautions(self, values: Floats, points: Points, reach: tuple[Extent, Extent], inverse: Inverse) -> list[str]:
        """Return what a reader of the reported parameters ought to know; `reach` is that of x and of y."""
        ...


@dataclass(frozen=True)
class Centred:
    """The columns 1, (x1 - centre1) / unit1, ...; without the 1 for a line through a given point.

    The units are powers of two, so that dividing by them rounds nothing.
    """

    centre: Floats
    unit: Floats
    names: tuple[str, ...]
    constant: bool = True

    @property
    def level(self) -> int:
        """The place of the intercept: last in a line, first among several features."""
        return 1 if len(self.centre) == 1 else 0

    @property
    def width(self) -> int:
        """One column a feature, and the 1."""
        return len(self.centre) + self.constant

    def columns(self, x: Floats) -> Floats:
        """Return the matrix of the problem, of shape (n, p)."""
        k, first = len(self.centre), int(self.constant)
        matrix = np.empty((k + first, len(x))).T  # column by column: they are computed so, and summed so
        if self.constant:
            matrix[:, 0] = 1
        np.subtract(x.reshape(-1, k), self.centre, out=matrix[:, first:])
        matrix[:, first:] *= 1 / self.unit  # as exact as a division, in a quarter of the time
        return matrix

    def exact_columns(self, x: Floats) -> Pair:
        """Return the same with twice the digits."""
        deviations = two_sum(x.reshape(-1, len(self.centre)), -self.centre)
        high, low = deviations.high / self.unit, deviations.low / self.unit
        if not self.constant:
            return Pair(high, low)
        return beside(exactly(np.ones((len(x), 1))), Pair(high, low))

    def outside(self) -> Pair:
        """Return the matrix that makes slopes and intercept of the coefficients; its numbers are exact."""
        return self.reported(exactly(np.eye(self.width)))

    def reported(self, coefficients: Pair) -> Pair:
        """Return slopes and intercept of coefficients, (p, m): in p · m steps, for there may be many features."""
        inside = coefficients[int(self.constant) :]
        unit = self.unit[:, None]
        slopes = Pair(inside.high / unit, inside.low / unit)
        intercept = product(exactly(-self.centre[None]), slopes)
        if self.constant:
            intercept = add(intercept, coefficients[:1])
        return above(slopes, intercept) if self.level else above(intercept, slopes)

    def slack(self, x: Extent) -> float:
        """Return how far, relatively, features may be from dependent by their own rounding; a single one never is."""
        return float(rounding(x.largest, x.about(self.centre)).max()) if len(self.centre) > 1 else 0.0

    def undetermined(self, dependent: DependentError, x: Floats, x_names: Sequence[str]) -> ValueError:
        """Return the error that names the features that depend on each other."""
        if len(x_names) == 1:
            return ValueError(
                f"all {x_names[0]} are {self.centre[0]:.12g}, where the line is to go through: every slope fits.\n"
                "Give points elsewhere"
            )
        return dependent_features(dependent, x_names, self.constant)

    def cautions(self, values: Floats, points: Points, reach: tuple[Extent, Extent], inverse: Inverse) -> list[str]:
        """Return a warning where the rounding of x to float64, before it came here, leaves a slope few digits."""
        x_names, largest = points.x_names, reach[0].largest
        coarse = rounding(largest, self.unit) / 4
        if (coarse > _COARSE).any():
            whole = (points.x.reshape(points.n, -1) % 1 == 0).all(axis=0) & (largest <= 2.0**53)
            coarse = np.where(whole, 0.0, coarse)
        said = [
            f"float64 keeps {name} to no more than {part:.0e} of its spread, so far from 0: "
            f"subtract a start from {name} before it becomes float64"
            for name, part in zip(x_names, coarse, strict=True)
            if part > _COARSE
        ]
        if not said and inverse.condition > _ALIKE:
            alike = [name for name, is_one in zip(x_names, inverse.weakest[-len(x_names) :], strict=True) if is_one]
            said.append(
                f"{', '.join(alike[:-1])} and {alike[-1]} nearly depend on each other (condition "
                f"{inverse.condition:.0e}): the last digits of x decide on their slopes"
            )
        return said


def names_of_features(x_names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the parameters: slope and intercept, or intercept and the names of several features.

    Raises ValueError where two would be the same.
    """
    if len(x_names) == 1:
        return ("slope", "intercept")
    names = ("intercept", *x_names)
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ValueError(f'two parameters would be called "{name}".\nGive the columns of x names of their own')
    return names


@dataclass(frozen=True)
class Combination:
    """The curve y = level + columns(x) c: evaluated where the digits are, amid the points.

    `factor` F gives the covariance of the coefficients, deviation² F Fᵀ. Of several outputs, coefficients are
    (p, m), and level and deviation (m,).
    """

    basis: Basis
    coefficients: Floats
    level: Any
    factor: Floats
    deviation: Any

    def at(self, x: Floats) -> Floats:
        """Return the curve's y at x."""
        y: Floats = self.level + self.basis.columns(x) @ self.coefficients
        return y

    def variance(self, x: Floats) -> Floats:
        """Return the variance of that y."""
        lengths = ((self.basis.columns(x) @ self.factor) ** 2).sum(axis=1)
        variances: Floats = np.multiply.outer(lengths, np.square(self.deviation))
        return variances
