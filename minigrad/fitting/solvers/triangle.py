"""The triangle R of a matrix of columns: what it tells of them, and its inverse.

One idea: R of a QR factorisation holds all that the columns have to do with each other. Its singular values say
whether they depend on each other and which of them do, and R⁻¹ makes them orthonormal.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
_INVOLVED = 1e-4  # of a unit vector: what is not involved is there by rounding, at most the slack of the rank


def triangle(matrix: Floats) -> Floats:
    """Return R of a QR factorisation."""
    r: Any = np.linalg.qr(matrix, mode="r")
    factor: Floats = r
    return factor


@dataclass(frozen=True)
class Inverse:
    """R⁻¹ of a factor; the condition of its columns, each scaled to length 1, and which of them make it so."""

    s: Floats
    condition: float
    weakest: NDArray[np.bool_]


class DependentError(ValueError):
    """The points determine fewer parameters than there are: `rank`, and which columns depend on each other."""

    def __init__(self, rank: int, involved: NDArray[np.bool_]) -> None:
        super().__init__(f"the points determine {rank} of {len(involved)} coefficients")
        self.rank = rank
        self.involved = involved


def inverse_of_factor(r: Floats, rows: int, slack: float = 0.0) -> Inverse:
    """Return R⁻¹ of a triangular factor of `rows` rows, and its condition.

    Raises DependentError where its columns depend on each other to the rounding of float64, or to `slack` where that is
    more: the relative rounding of the numbers that were given.
    """
    lengths = np.sqrt(np.einsum("ij,ij->j", r, r))
    lengths[lengths == 0] = 1
    unit_columns = r / lengths
    _, values, directions = np.linalg.svd(unit_columns)
    small = values <= max(max(rows, len(r)) * _EPS, slack) * values[0]
    if small.any():
        raise DependentError(int((~small).sum()), np.abs(directions[small]).max(axis=0) > _INVOLVED)
    inverse: Floats = np.linalg.solve(unit_columns, np.eye(len(r))) / lengths[:, None]
    return Inverse(inverse, float(values[0] / values[-1]), np.abs(directions[-1]) > 0.5 / len(r))
