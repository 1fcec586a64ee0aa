"""Diagonals and triangles of matrices.

One idea: taking a diagonal and putting one into zeros are each other's transpose. A triangle is its own.
"""

import functools
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..backend import library_of
from ..errors import ShapeError
from ..graph import apply, array_of, run
from ..op import Op, implements
from ..place import at, here

__all__ = [
    "Diagonal",
    "FromDiagonal",
    "Tril",
    "Triu",
    "diag",
    "diagonal",
    "tril",
    "triu",
]


class Diagonal(Op):
    """a diagonal of x, as the last axis"""

    linear = True
    masks = True

    def forward(x, offset, axis1, axis2):
        return x.diagonal(offset, axis1, axis2)

    def dx(g, out, x, offset, axis1, axis2):
        return run(FromDiagonal, g, x.shape, offset, axis1, axis2)


class FromDiagonal(Op):
    """zeros of a shape with x on a diagonal: the transpose of Diagonal"""

    linear = True

    def forward(x, shape, offset, axis1, axis2):
        out = library_of(x).zeros(shape, x.dtype)
        there = out.diagonal(offset, axis1, axis2)
        if type(there) is np.ndarray:
            there.flags.writeable = True  # a view of our own zeros, which NumPy makes read-only
        there[...] = x
        return out

    def dx(g, out, x, shape, offset, axis1, axis2):
        return run(Diagonal, g, offset, axis1, axis2)


class Tril(Op):
    """x on and below a diagonal, 0 above"""

    linear = True
    masks = True

    def forward(x, k):
        return np.where(_below(x, k), x, x.dtype.type(0))

    def dx(g, out, x, k):
        return run(Tril, g, k)


class Triu(Op):
    """x on and above a diagonal, 0 below"""

    linear = True
    masks = True

    def forward(x, k):
        return np.where(_below(x, k - 1), x.dtype.type(0), x)

    def dx(g, out, x, k):
        return run(Triu, g, k)


def _below(x, k):
    """True on and below the k-th diagonal of the matrices in x."""
    rows, columns = x.shape[-2:] if x.ndim > 1 else x.shape * 2
    if type(x) is np.ndarray and rows * columns <= 65536:
        return _small_below(rows, columns, k)
    library = library_of(x)
    return library.arange(k, k + rows)[:, None] >= library.arange(columns)


@functools.lru_cache(maxsize=16)
def _small_below(rows, columns, k):
    """That of small matrices, which is asked for again and again, and takes as long as all the rest: 1 MB at most."""
    return np.arange(k, k + rows)[:, None] >= np.arange(columns)


@implements(np.diagonal)
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return a diagonal of the matrices in two axes of x, as the last axis. The gradient is put where it was taken.

    Raises ShapeError if x has fewer than two axes, or the two are one.

    >>> import minigrad as mg
    >>> mg.diagonal(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 4.])
    """
    x = array_of(x)
    if x.ndim < 2 or normalize_axis_index(axis1, x.ndim) == normalize_axis_index(axis2, x.ndim):
        raise ShapeError(
            f"diagonal() needs two different axes; the shape is {x.shape}, the axes {axis1} and {axis2}{at(here())}.\n"
            "For a matrix with a given diagonal: minigrad.diag(x)"
        )
    return apply(Diagonal, x, offset, axis1, axis2)


@implements(np.diag)
def diag(x: Any, k: int = 0) -> Any:
    """Return the k-th diagonal of a matrix, or the matrix that has a vector there and zeros elsewhere.

    The gradient is put, or taken, where the elements were taken or put. Raises ShapeError for
    anything but a vector or a matrix.

    >>> import minigrad as mg
    >>> mg.diag(mg.tensor([1.0, 2.0]))
    Tensor([[1., 0.],
            [0., 2.]])
    """
    x = array_of(x)
    if x.ndim == 2:
        return apply(Diagonal, x, k, 0, 1)
    if x.ndim != 1:
        raise ShapeError(
            f"diag() takes a vector or a matrix, not an array of shape {x.shape}{at(here())}.\n"
            "For the diagonals of many matrices: minigrad.diagonal(x, 0, -2, -1)"
        )
    n = x.shape[0] + abs(k)
    return apply(FromDiagonal, x, (n, n), k, 0, 1)


@implements(np.tril)
def tril(x: Any, k: int = 0) -> Any:
    """Return the matrices in the last two axes of x with zeros above the k-th diagonal. The gradient has them too.

    Raises ShapeError for a number.

    >>> import minigrad as mg
    >>> mg.tril(mg.ones((2, 2)))
    Tensor([[1., 0.],
            [1., 1.]])
    """
    x = array_of(x)
    if not x.shape:
        raise _no_matrices("tril")
    return apply(Tril, x, k)


@implements(np.triu)
def triu(x: Any, k: int = 0) -> Any:
    """Return the matrices in the last two axes of x with zeros below the k-th diagonal. The gradient has them too.

    Raises ShapeError for a number.

    >>> import minigrad as mg
    >>> mg.triu(mg.ones((2, 2)))
    Tensor([[1., 1.],
            [0., 1.]])
    """
    x = array_of(x)
    if not x.shape:
        raise _no_matrices("triu")
    return apply(Triu, x, k)


def _no_matrices(name: str) -> ShapeError:
    return ShapeError(f"{name}() takes matrices, not a number{at(here())}.\nGive an array of two axes")
