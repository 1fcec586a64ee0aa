"""Linear algebra, named as in numpy.linalg: `np.linalg.inv(tensor)` and `minigrad.linalg.inv` are the same.

One idea: this is a table of contents. What is computed stands in `ops/systems.py`, `ops/determinants.py`,
`ops/decompositions.py`, `ops/norms.py` and `ops/products.py`; here are the few that are made of those.
"""

import functools
from typing import Any

import numpy as np

from .errors import ShapeError
from .graph import array_of
from .op import implements
from .ops.decompositions import cholesky, eigh, eigvalsh, qr, svd, svdvals
from .ops.determinants import det, slogdet
from .ops.diagonals import diagonal as _diagonal
from .ops.norms import matrix_norm, norm, vector_norm
from .ops.products import cross as _cross
from .ops.products import dot, matmul, outer, vecdot
from .ops.products import tensordot as _tensordot
from .ops.reduction import trace as _trace
from .ops.shape import swapaxes
from .ops.systems import inv, lstsq, matrix_power, pinv, solve
from .place import at, here

__all__ = [
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any) -> Any:
    """Return the product of several matrices, in the order of multiplication that costs least.

    The first and the last may be vectors. The gradients are those of the products. Raises ShapeError
    for fewer than two, and for a vector between others.

    >>> import minigrad as mg
    >>> mg.linalg.multi_dot([mg.ones((2, 3)), mg.ones((3, 2)), mg.ones(2)])
    Tensor([6., 6.])
    """
    arrays = [x if hasattr(x, "shape") else array_of(x) for x in arrays]
    if len(arrays) < 2:
        raise ShapeError(
            f"multi_dot() is a product of at least two arrays; there is {len(arrays)}{at(here())}.\n"
            "Give it a list: multi_dot([a, b, c])"
        )
    for n, x in enumerate(arrays):
        if x.ndim != 2 and not (x.ndim == 1 and n in (0, len(arrays) - 1)):
            count = len(arrays)
            raise ShapeError(
                f"multi_dot() multiplies matrices, and number {n} of its {count} has shape {x.shape}{at(here())}.\n"
                "Only the first and the last may be vectors; for stacks of matrices: a @ b @ c"
            )
    # A vector in front is a row and one at the end a column: both have length 1 to the outside.
    first, last = arrays[0], arrays[-1]
    sides = (
        1 if first.ndim == 1 else first.shape[0],
        *[x.shape[0] for x in arrays[1:]],
        1 if last.ndim == 1 else last.shape[-1],
    )

    def product(start: int, end: int) -> Any:
        if end - start == 1:
            return arrays[start]
        cut = _cheapest(sides[start : end + 1])[1] + start
        return dot(product(start, cut), product(cut, end))

    return product(0, len(arrays))


@functools.lru_cache(maxsize=4096)
def _cheapest(sides: tuple[int, ...]) -> tuple[int, int]:
    """The multiplications that a chain of matrices takes at least, and before which matrix to cut it.

    Matrix n has sides[n] rows and sides[n + 1] columns. Formula: Cormen et al., Introduction to
    Algorithms, "Matrix-chain multiplication".
    """
    if len(sides) == 2:
        return 0, 0
    return min(
        (_cheapest(sides[: cut + 1])[0] + _cheapest(sides[cut:])[0] + sides[0] * sides[cut] * sides[-1], cut)
        for cut in range(1, len(sides) - 1)
    )


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """Return the condition of each matrix: the largest over the smallest singular value; 1 at best.

    `p` is any norm of matrices instead, that of x times that of its inverse. The gradient is that of the singular
    values, or of the norms. Raises ShapeError unless x has two axes, LinAlgError for a norm of a singular matrix.

    >>> import minigrad as mg
    >>> mg.linalg.cond(mg.tensor([[4.0, 0.0], [0.0, 2.0]]))
    Tensor(2.)
    """
    x = array_of(x)
    if x.ndim < 2 or not x.shape[-1] * x.shape[-2]:
        raise ShapeError(
            f"cond() is of matrices with elements; here is shape {x.shape}{at(here())}.\n"
            "Give two axes, each of them not empty"
        )
    if p is None or p in (2, -2):
        s = svdvals(x)
        top, bottom = (s[..., -1], s[..., 0]) if p == -2 else (s[..., 0], s[..., -1])
        with np.errstate(divide="ignore"):
            return (top + (s[..., 0] == 0)) / bottom  # of the zero matrix infinite, as NumPy's, not 0 / 0
    return norm(x, p, axis=(-2, -1)) * norm(inv(x), p, axis=(-2, -1))


@implements(np.linalg.matrix_transpose, np.matrix_transpose)
def matrix_transpose(x: Any) -> Any:
    """Return each matrix of a stack transposed; the gradient is too.

    Raises numpy.exceptions.AxisError for an array of less than two axes.

    >>> import minigrad as mg
    >>> mg.linalg.matrix_transpose(mg.ones((4, 2, 3))).shape
    (4, 3, 2)
    """
    return swapaxes(x, -1, -2)


@implements(np.linalg.diagonal)
def diagonal(x: Any, *, offset: int = 0) -> Any:
    """Return the diagonals of the matrices in the last two axes; the gradient is put back there.

    `offset` above 0 is above the main diagonal, below 0 below it.

    >>> import minigrad as mg
    >>> mg.linalg.diagonal(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 4.])
    """
    return _diagonal(x, offset, -2, -1)


@implements(np.linalg.trace)
def trace(x: Any, *, offset: int = 0) -> Any:
    """Return the sum of the diagonal of each matrix in the last two axes; each element of it has the slope 1.

    >>> import minigrad as mg
    >>> mg.linalg.trace(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor(5.)
    """
    return _trace(x, offset, -2, -1)


@implements(np.linalg.cross)
def cross(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    """Return the cross product of vectors of three components along `axis`: see `minigrad.cross`.

    >>> import minigrad as mg
    >>> mg.linalg.cross(mg.tensor([1.0, 0.0, 0.0]), mg.tensor([0.0, 1.0, 0.0]))
    Tensor([0., 0., 1.])
    """
    return _cross(x1, x2, axis=axis)


@implements(np.linalg.tensordot)
def tensordot(x1: Any, x2: Any, *, axes: Any = 2) -> Any:
    """Return the sum of products over axes of both: see `minigrad.tensordot`.

    >>> import minigrad as mg
    >>> mg.linalg.tensordot(mg.ones((2, 3)), mg.ones((3, 2)), axes=1).shape
    (2, 2)
    """
    return _tensordot(x1, x2, axes=axes)


implements(np.linalg.vecdot)(vecdot)
