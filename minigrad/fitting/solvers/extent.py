"""Where numbers lie: their extent, their middle, and the unit to count them in.

One idea: before anything is squared, numbers are counted from a place amid them, in a unit of their own size that is a
power of two, so that dividing by it rounds nothing. What would not fit into float64 even then is refused here, and
how much the numbers lost when they were written down is known from here on.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SMALLEST, LARGEST = 1e-150, 1e150
"""Between them the squares of deviations fit into float64."""

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Extent:
    """The smallest and the largest number of each column of `name`."""

    name: str
    low: Floats
    high: Floats

    @property
    def largest(self) -> Floats:
        """The largest size of a number in each column."""
        return np.maximum(-self.low, self.high)

    def about(self, centre: Floats) -> Floats:
        """Return the largest deviation of each column. Raises ValueError where its square leaves float64."""
        with np.errstate(over="ignore"):
            sizes: Floats = np.maximum(self.high - centre, centre - self.low)
        for size in sizes.tolist():
            squarable(self.name, size)
        return sizes


def squarable(name: str, spread: float) -> None:
    """Raise ValueError where the square of a spread leaves float64."""
    if spread and not SMALLEST <= spread <= LARGEST:
        raise ValueError(
            f"{name} spreads over {spread:.3g}, and the square of that does not fit into float64.\n"
            f"Give {name} in other units"
        )


def extent(name: str, values: Floats) -> Extent:
    """Return the extent of the columns of values, (n, k)."""
    return Extent(name, values.min(axis=0), values.max(axis=0))


def middle(values: Floats, weights: Floats | None, reach: Extent) -> Floats:
    """Return the mean of each column: exactly its value where a column is constant."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = values.mean(axis=0) if weights is None else weights @ values / weights.sum()
    # A sum is rounded, and may overflow: a mean stays in the extent.
    return np.clip(np.where(np.isnan(mean), reach.low, mean), reach.low, reach.high)


def powers_of_two(sizes: Floats) -> Floats:
    """Return the powers of two next above each size, 1 for 0."""
    return np.where(sizes > 0, np.ldexp(1.0, np.frexp(sizes)[1]), 1.0)


def power_of_two(size: float) -> float:
    """Return the power of two next below a size, 1 for 0."""
    return math.ldexp(1.0, math.frexp(size)[1] - 1) if size else 1.0


def rounding(largest: Floats, spread: Floats) -> Floats:
    """Return by how much, relative to its spread, each feature was rounded when it was written down as float64."""
    return 4 * _EPS * largest / np.where(spread > 0, spread, np.inf)
