"""Taking elements by number along an axis, and by truth: `take`, `gather`, `compress`; and where they are.

One idea: each is an index written in another way, and its transpose adds into zeros. Where something
is (`nonzero`, `searchsorted`) is constant between jumps: whole numbers have no gradient.
"""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..backend import library_of
from ..errors import ShapeError
from ..graph import apply, array_of, run
from ..op import Op, implements
from ..place import at, here
from ..value import Value, wrap
from .indexing import GetItem, Scatter, _as_arrays, index_add
from .shape import reshape

__all__ = [
    "ArgWhere",
    "FlatNonZero",
    "SearchSorted",
    "Take",
    "argwhere",
    "compress",
    "extract",
    "flatnonzero",
    "gather",
    "nonzero",
    "scatter_add",
    "searchsorted",
    "take",
    "take_along_axis",
]

_ALL = slice(None)


class Take(Op):
    """the elements of x with these numbers along an axis, or of the flattened x"""

    linear = True
    masks = True

    def forward(x, indices, axis):
        return x.take(indices, axis)

    def dx(g, out, x, indices, axis):
        shape = x.shape
        if axis is None or not shape:
            return run(Scatter, g, indices, (x.size,)).reshape(shape)
        return run(Scatter, g, (*(_ALL,) * (axis % len(shape)), indices), shape)


class ArgWhere(Op):
    """the index of each element of x that is not 0, in rows"""

    def forward(x):
        return np.argwhere(x)


class FlatNonZero(Op):
    """the number of each element of the flattened x that is not 0"""

    def forward(x):
        return np.flatnonzero(x)


class SearchSorted(Op):
    """the place in sorted x before which each v belongs"""

    def forward(x, v, side, sorter):
        return np.searchsorted(x, v, side, sorter)


@implements(np.take)
def take(x: Any, indices: Any, axis: int | None = None, *, mode: str = "raise") -> Any:
    """Return the elements of x with the numbers `indices` along `axis`, or of the flattened x.

    The gradients of an element taken several times are added up. A number that is too large or too
    small raises IndexError, or counts on from the other end (mode "wrap"), or means the last or the
    first element (mode "clip"). Raises TypeError for indices that are no integers.

    >>> import minigrad as mg
    >>> mg.take(mg.tensor([1.0, 2.0, 3.0]), [0, 0, 2])
    Tensor([1., 1., 3.])
    """
    x = array_of(x)
    chosen = _as_arrays(list(indices) if type(indices) is tuple else indices)
    if type(chosen) is not int and getattr(getattr(chosen, "dtype", None), "kind", "") not in ("i", "u"):
        chosen = _whole_numbers(chosen)
    if mode != "raise":
        n = x.size if axis is None or not x.ndim else x.shape[normalize_axis_index(axis, x.ndim)]
        chosen = _brought_in(chosen, n, mode)
    return apply(Take, x, chosen, axis)


def _whole_numbers(indices: Any) -> Any:
    """Truth values as the 0 and 1 that NumPy takes them for here."""
    if isinstance(indices, bool):
        return int(indices)
    if getattr(getattr(indices, "dtype", None), "kind", "") != "b":
        raise TypeError(
            f"take() takes whole numbers, not {getattr(indices, 'dtype', type(indices).__name__)}{at(here())}.\n"
            "Round them first: minigrad.take(x, indices.astype(int))"
        )
    return indices.astype(np.intp)


def _brought_in(indices: Any, n: int, mode: str) -> Any:
    if mode not in ("wrap", "clip"):
        raise ShapeError(f'take() knows no mode {mode!r}{at(here())}.\nUse "raise", "wrap" or "clip"')
    if not n:
        return indices  # which raises, unless it is empty
    return indices % n if mode == "wrap" else np.clip(indices, 0, n - 1)


@implements(np.take_along_axis)
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Return the elements of x that `indices` names along `axis`, in each line for itself; see `gather`.

    The other axes of x and `indices` broadcast. The gradients of an element taken several times are added
    up. Raises ShapeError if they have not as many axes, IndexError for indices that are no integers.

    >>> import minigrad as mg
    >>> x = mg.tensor([[3.0, 1.0], [5.0, 7.0]])
    >>> mg.take_along_axis(x, np.argsort(x.numpy()), axis=1)
    Tensor([[1., 3.],
            [5., 7.]])
    """
    x, indices = array_of(x), array_of(_as_arrays(indices))
    if axis is None:
        x, axis = reshape(x, -1), 0
    return apply(GetItem, x, _in_lines("take_along_axis", indices, normalize_axis_index(axis, x.ndim), x.shape))


def gather(x: Any, index: Any, axis: int) -> Any:
    """Return, for axis 0 of a matrix, x[index[i, j], j] at (i, j): the elements `index` names along `axis`.

    The result has the shape of `index`, which may be shorter than x along the other axes: those lines are
    not looked at. The gradients of an element taken several times are added up. Raises ShapeError if they have
    not as many axes, IndexError for indices that are no integers.

    >>> import minigrad as mg
    >>> mg.gather(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), [[1, 0]], 0)
    Tensor([[3., 2.]])
    """
    x, index = array_of(x), array_of(_as_arrays(index))
    return apply(GetItem, x, _in_lines("gather", index, normalize_axis_index(axis, x.ndim), index.shape, x.ndim))


def scatter_add(x: Any, index: Any, y: Any, axis: int) -> Any:
    """Return x with y added where `gather(x, index, axis)` takes: what is named several times adds up.

    The derivative is 1 in x, and for each value of y 1 at its element. Raises ShapeError if x and `index` have not
    as many axes, IndexError for indices that are no integers, ValueError if y does not broadcast to `index`.

    >>> import minigrad as mg
    >>> mg.scatter_add(mg.zeros((2, 2)), [[1, 0]], mg.tensor([[3.0, 2.0]]), 0)
    Tensor([[0., 2.],
            [3., 0.]])
    """
    x, index = array_of(x), array_of(_as_arrays(index))
    lines = _in_lines("scatter_add", index, normalize_axis_index(axis, x.ndim), index.shape, x.ndim)
    return index_add(x, lines, y)


def _in_lines(name: str, indices: Any, axis: int, shape: tuple[int, ...], ndim: int | None = None) -> tuple[Any, ...]:
    """The index that names element indices[..., i, ...] of each line along `axis`, for lines of `shape`."""
    ndim = len(shape) if ndim is None else ndim
    if not hasattr(indices, "shape") or len(indices.shape) != ndim:
        raise ShapeError(
            f"{name}() needs an index with as many axes as x, {ndim}; its shape is {np.shape(indices)}{at(here())}.\n"
            "For whole rows or columns: minigrad.take(x, indices, axis)"
        )
    if indices.dtype.kind not in "iu":
        raise IndexError(
            f"{name}() takes an index of whole numbers, not {indices.dtype}{at(here())}.\n"
            "For truth values: x[mask], or minigrad.compress(mask, x, axis)"
        )
    library = library_of(indices)
    index = [library.arange(n).reshape((n,) + (1,) * (ndim - d - 1)) for d, n in enumerate(shape)]
    index[axis] = indices
    return tuple(index)


@implements(np.compress)
def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    """Return the elements of x where `condition` holds along `axis`, or of the flattened x.

    What was not taken receives the gradient 0. Raises ShapeError unless `condition` has one axis,
    IndexError if it holds beyond the end of x.

    >>> import minigrad as mg
    >>> mg.compress([True, False, True], mg.tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3.])
    """
    mask = np.asarray(_as_arrays(condition))
    if mask.ndim != 1:
        raise ShapeError(
            f"compress() takes a condition of one axis, not of shape {mask.shape}{at(here())}.\n"
            "For a mask of several axes: x[mask]"
        )
    return apply(Take, array_of(x), np.flatnonzero(mask), axis)


@implements(np.extract)
def extract(condition: Any, x: Any) -> Any:
    """Return the elements of x where `condition`, of its shape, holds. What was not taken receives the gradient 0.

    Raises IndexError if it holds beyond the end of x.

    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0, -2.0], [3.0, 4.0]])
    >>> mg.extract(x > 0, x)
    Tensor([1., 3., 4.])
    """
    return apply(Take, array_of(x), np.flatnonzero(np.asarray(_as_arrays(condition))), None)


@implements(np.nonzero)
def nonzero(x: Any) -> tuple[Any, ...]:
    """Return the indices of the elements that are not 0, one array for each axis: whole numbers, constant.

    >>> import minigrad as mg
    >>> mg.nonzero(mg.tensor([[0.0, 2.0], [3.0, 0.0]]))
    (Tensor([0, 1]), Tensor([1, 0]))
    """
    if not isinstance(x, Value):
        return tuple(np.nonzero(x))
    return tuple([wrap(type(x), places) for places in x._array.nonzero()])


@implements(np.argwhere)
def argwhere(x: Any) -> Any:
    """Return the index of each element that is not 0, in rows: whole numbers, constant.

    >>> import minigrad as mg
    >>> mg.argwhere(mg.tensor([[0.0, 2.0], [3.0, 0.0]]))
    Tensor([[0, 1],
            [1, 0]])
    """
    return apply(ArgWhere, x)


@implements(np.flatnonzero)
def flatnonzero(x: Any) -> Any:
    """Return the numbers of the elements of the flattened x that are not 0: constant.

    >>> import minigrad as mg
    >>> mg.flatnonzero(mg.tensor([[0.0, 2.0], [3.0, 0.0]]))
    Tensor([1, 2])
    """
    return apply(FlatNonZero, x)


@implements(np.searchsorted)
def searchsorted(x: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Return where in sorted x each v belongs, before or (side "right") after its equals: whole numbers, constant.

    >>> import minigrad as mg
    >>> mg.searchsorted(mg.tensor([1.0, 2.0, 4.0]), [2.0, 3.0])
    Tensor([1, 2])
    """
    return apply(SearchSorted, array_of(x), array_of(v), side, _as_arrays(sorter))
