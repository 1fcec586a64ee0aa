"""Polynomials: solved in Chebyshev polynomials of a centred and scaled x, reported in powers of x.

One idea: powers of x are nearly the same curve from the tenth on, and their matrix has a condition of 1e15 where that
of Chebyshev polynomials on [-1, 1] has 10. So the fit is made in these, and c0, c1, ... follow by one matrix, in
twice the digits; the curve itself never goes through its powers.

Chebyshev polynomials by their recurrence T_{k+1} = 2 t T_k - T_{k-1}: Forsythe (1957), Generation and use of orthogonal
polynomials for data-fitting with a digital computer, and Fox and Parker (1968), Chebyshev Polynomials in Numerical
Analysis.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..given import Points
from .extended import Pair, exactly, multiply, product, subtract, two_product, two_sum
from .extent import Extent
from .triangle import DependentError, Inverse

Floats = NDArray[np.float64]

_DIGITS = 3  # as many digits a polynomial may lose in its powers without a word


@dataclass(frozen=True)
class Chebyshev:
    """The columns T_0(t) ... T_degree(t) with t = (x - centre) · rate, from -1 to 1 over the points."""

    centre: float
    rate: float
    degree: int

    @staticmethod
    def over(x: Extent, degree: int) -> "Chebyshev":
        """Return the basis for points of this extent."""
        centre = x.low / 2 + x.high / 2
        reach = float(x.about(centre)[0])
        return Chebyshev(float(centre[0]), 1 / reach if reach else 1.0, degree)

    @property
    def names(self) -> tuple[str, ...]:
        """c0, c1, ...: the coefficients of the powers."""
        return tuple(f"c{k}" for k in range(self.width))

    @property
    def level(self) -> int:
        """The place of c0."""
        return 0

    @property
    def width(self) -> int:
        """One column more than the degree."""
        return self.degree + 1

    def columns(self, x: Floats) -> Floats:
        """Return the matrix of the problem, of shape (n, p)."""
        t = (x.reshape(-1) - self.centre) * self.rate
        matrix = np.ones((self.width, len(t))).T
        if self.degree:
            matrix[:, 1] = t
        for k in range(2, self.width):
            matrix[:, k] = 2 * t * matrix[:, k - 1] - matrix[:, k - 2]
        return matrix

    def exact_columns(self, x: Floats) -> Pair:
        """Return the same with twice the digits."""
        t = multiply(two_sum(x.reshape(-1), -self.centre), Pair(self.rate, 0.0))
        columns = [exactly(np.ones(len(x))), t][: self.width]
        double = Pair(2 * t.high, 2 * t.low)
        for k in range(2, self.width):
            columns.append(subtract(multiply(double, columns[k - 1]), columns[k - 2]))
        return Pair(np.stack([c.high for c in columns], axis=1), np.stack([c.low for c in columns], axis=1))

    def outside(self) -> Pair:
        """Return the matrix of the powers: column k holds the coefficients of T_k((x - centre) · rate)."""
        p = self.width
        matrix = Pair(np.zeros((p, p)), np.zeros((p, p)))
        matrix.high[0, 0] = 1.0
        slope, constant = self.rate, two_product(self.rate, -self.centre)
        if self.degree:
            matrix.high[0, 1], matrix.low[0, 1], matrix.high[1, 1] = constant.high, constant.low, slope
        for k in range(1, self.degree):
            before = matrix[:, k]
            higher = Pair(np.roll(before.high, 1), np.roll(before.low, 1))  # times x: the highest is still 0
            times_x = multiply(higher, Pair(2 * slope, 0.0))
            times_one = multiply(before, Pair(-2 * constant.high, -2 * constant.low))
            column = subtract(subtract(times_x, times_one), matrix[:, k - 1])
            matrix.high[:, k + 1], matrix.low[:, k + 1] = column.high, column.low
        return matrix

    def reported(self, coefficients: Pair) -> Pair:
        """Return the coefficients of the powers of x."""
        return product(self.outside(), coefficients)

    def slack(self, x: Extent) -> float:
        """Return 0: points at different x determine a polynomial, however near."""
        return 0.0

    def undetermined(self, dependent: DependentError, x: Floats, x_names: Sequence[str]) -> ValueError:
        """Return the error that says how many different x there are."""
        different = len(np.unique(x))
        if different <= self.degree:
            values = "one value" if different == 1 else f"{different} different values"
            return ValueError(
                f"{x_names[0]} takes {values}, and a polynomial of degree {self.degree} needs {self.width}.\n"
                f"Lower the degree: degree={different - 1}"
            )
        return ValueError(
            f"a polynomial of degree {self.degree} is not determined to the digits of float64: "
            f"rank {dependent.rank} of {self.width}.\nLower the degree: degree={dependent.rank - 1}"
        )

    def cautions(self, values: Floats, points: Points, reach: tuple[Extent, Extent], inverse: Inverse) -> list[str]:
        """Return a warning where the powers cancel so far that a curve computed from them loses digits."""
        # In logarithms: powers of a large x leave float64 though their products with small coefficients do not.
        powers = np.arange(self.width) * math.log10(reach[0].largest[0] or 1.0)
        with np.errstate(divide="ignore"):
            terms = np.log10(np.abs(np.atleast_2d(values))) + powers
            most = np.maximum(terms.max(axis=1), -300.0)
            sums = most + np.log10((10 ** (terms - most[:, None])).sum(axis=1))
        lost = float(np.max(sums - np.log10(np.maximum(reach[1].largest, 1e-300))))
        if lost < _DIGITS:
            return []
        return [
            f"the powers cancel: a curve computed from {self.names[0]} ... {self.names[-1]} in float64 loses about "
            f"{min(math.ceil(lost), 16)} of 16 digits; predict() does not, and a centred x would not"
        ]
