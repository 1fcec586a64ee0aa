"""What is wrong with a matrix, when linear algebra has refused it.

One idea: "Singular matrix" does not say which, nor how singular. It is looked at again, once it has
failed, and the error says what was found: the shape, the rank, the smallest eigenvalue, the NaN.
"""

from typing import Any

import numpy as np

from ..errors import MatrixError
from ..place import at, here
from .codes import coded


@coded("M01")
def unfit_matrix(doing: str, name: str, a: Any, error: Exception) -> MatrixError:
    """The error of an operation that refused a matrix, or a stack of them; `doing` is its name."""
    if a.ndim < 2:
        return MatrixError(
            f"{doing} takes a matrix, or a stack of them; {name} has shape {a.shape}{at(here())}.\n"
            "A matrix has two axes: a number is [[x]], a column x[:, None]"
        )
    square = a.shape[-1] == a.shape[-2]
    if not square and "square" in str(error):
        return MatrixError(
            f"{doing} is of square matrices; {name} has shape {a.shape}{at(here())}.\n"
            "Of others there are np.linalg.pinv(a), np.linalg.lstsq(a, b) and np.linalg.svd(a, full_matrices=False)"
        )
    bad = ~np.isfinite(a)
    if bad.any():
        where = [int(n) for n in np.argwhere(bad)[0]]
        return MatrixError(
            f"{doing} was given {a[tuple(where)]} at {name}{where}{at(here())}.\nFind out where it was born: "
            "x / 0, log(0), or a step that was too long"
        )
    if square and "definite" in str(error):
        for place, matrix in _each(a):
            smallest = float(np.linalg.eigvalsh(matrix)[0])
            if smallest <= 0:
                return MatrixError(
                    f"{doing} needs positive definite matrices; the smallest eigenvalue of {name}{place} is "
                    f"{smallest:.3g}{at(here())}.\n"
                    "If it should be one, rounding made it so: add a little to its diagonal, a + 1e-9 * np.eye(n)"
                )
    if square and "ingular" in str(error):
        side = a.shape[-1]
        for place, matrix in _each(a):
            rank = int(np.linalg.matrix_rank(matrix))
            if rank < side:
                return MatrixError(
                    f"{doing} needs invertible matrices; {name}{place} has rank {rank}, not {side}{at(here())}.\n"
                    "Some of its rows follow from the others. Least squares take it, np.linalg.lstsq(a, b); "
                    "a + 1e-9 * np.eye(n) is invertible"
                )
    return MatrixError(f"{doing} failed for {name} of shape {a.shape}: {error}{at(here())}")


def _each(a: Any) -> Any:
    """Every matrix of a stack, with its place as text: `[0, 1]`; nothing for a single one."""
    for index in np.ndindex(a.shape[:-2]):
        yield str(list(index)) if index else "", a[index]


@coded("M02")
def without_derivative(what: str, instead: str) -> MatrixError:
    """The error of a derivative that does not exist at this matrix."""
    return MatrixError(f"{what}{at(here())}.\n{instead}")
