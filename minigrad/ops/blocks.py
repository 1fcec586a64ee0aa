"""Arrays put together from blocks, and taken apart into slices: block, unstack, diagflat.

One idea: nested lists say along which axis: the innermost along the last, those around them along the one before.
"""

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import array_of
from ..op import implements
from ..place import at, here
from .diagonals import diag
from .joining import concatenate
from .shape import moveaxis, reshape

__all__ = [
    "block",
    "diagflat",
    "unstack",
]

_NEWER = [getattr(np, "unstack", None)]
"""Since NumPy 2.1."""


@implements(np.block)
def block(arrays: Any) -> Any:
    """Return the matrix, or array of any number of axes, that nested lists of blocks make; each gets its gradient.

    Raises ShapeError for lists that are empty or nested to different depths, and for blocks that do not fit.

    >>> import minigrad as mg
    >>> mg.block([[mg.eye(2), mg.ones((2, 1))], [mg.zeros((1, 2)), 5.0]])
    Tensor([[1., 0., 1.],
            [0., 1., 1.],
            [0., 0., 5.]])
    """
    depths = set(_depths(arrays, 0))
    if len(depths) != 1:
        raise ShapeError(
            f"block() was given lists nested to depths {sorted(depths)}{at(here())}.\n"
            "Nest all alike: [[a, b], [c, d]] is two rows of two"
        )
    depth = depths.pop()
    blocks = _filled(arrays)
    return _joined(blocks, depth, max(depth, *(x.ndim for x in _atoms(blocks))))


def _depths(arrays: Any, depth: int) -> Any:
    if isinstance(arrays, tuple):
        raise ShapeError(
            f"block() takes lists of blocks, and was given a tuple{at(here())}.\nWrite [a, b], or list(blocks)"
        )
    if not isinstance(arrays, list):
        yield depth
        return
    if not arrays:
        raise ShapeError(f"block() was given an empty list{at(here())}.\nLeave it out, or write a block of zeros")
    for part in arrays:
        yield from _depths(part, depth + 1)


def _filled(arrays: Any) -> Any:
    return [_filled(part) for part in arrays] if isinstance(arrays, list) else array_of(arrays)


def _atoms(blocks: Any) -> list[Any]:
    return [x for part in blocks for x in _atoms(part)] if isinstance(blocks, list) else [blocks]


def _joined(blocks: Any, depth: int, ndim: int) -> Any:
    if isinstance(blocks, list):
        return concatenate([_joined(part, depth - 1, ndim) for part in blocks], axis=-depth)
    return reshape(blocks, (1,) * (ndim - blocks.ndim) + blocks.shape)


def unstack(x: Any, *, axis: int = 0) -> tuple[Any, ...]:
    """Return the slices of x along `axis`, a tuple; the gradient of each is put back there.

    Raises ShapeError for a number, numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.unstack(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    (Tensor([1., 3.]), Tensor([2., 4.]))
    """
    x = array_of(x)
    if not x.ndim:
        raise ShapeError(f"unstack() of a number: it has no slices{at(here())}.\nGive an array of one axis or more")
    return tuple(moveaxis(x, axis, 0))


implements(*filter(None, _NEWER))(unstack)


@implements(np.diagflat)
def diagflat(x: Any, k: int = 0) -> Any:
    """Return the matrix with the elements of x, in C order, on its k-th diagonal and zeros elsewhere.

    The gradient is taken from there.

    >>> import minigrad as mg
    >>> mg.diagflat(mg.tensor([[1.0], [2.0]]))
    Tensor([[1., 0.],
            [0., 2.]])
    """
    return diag(reshape(array_of(x), -1), k)
