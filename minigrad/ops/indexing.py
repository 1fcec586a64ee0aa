"""Indexing: slices, integers, arrays of integers, masks, and all of them together; and updates of what an index names.

One idea: taking elements (GetItem) and adding elements into zeros (Scatter) are each
other's transpose. An element taken twice receives two gradients.
"""

import operator
from types import EllipsisType, NoneType
from typing import Any

import numpy as np

from ..backend import library_of
from ..graph import apply, array_of, run
from ..op import Op, implements
from ..value import Value

__all__ = [
    "GetItem",
    "IndexAdd",
    "IndexUpdate",
    "Scatter",
    "getitem",
    "index_add",
    "index_update",
    "scatter",
]


class GetItem(Op):
    """x[index]"""

    linear = True
    masks = True

    def forward(x, index):
        return x[index]

    def dx(g, out, x, index):
        return run(Scatter, g, index, x.shape)


class Scatter(Op):
    """zeros of a shape, with x added at index: the transpose of GetItem"""

    linear = True

    def forward(x, index, shape):
        library = library_of(x)
        out = library.zeros(shape, x.dtype)
        if _is_distinct(index):
            out[index] = x  # no element is met twice
        else:
            library.add.at(out, index, x)
        return out

    def dx(g, out, x, index, shape):
        return g[index]


class IndexUpdate(Op):
    """x with y at index; of several values for one element the last remains"""

    linear = True
    masks = True

    def forward(x, index, y):
        out = _copy(x, y)
        if not y.shape or _is_distinct(index):
            out[index] = y
        elif type(out) is np.ndarray:
            out[index] = np.ascontiguousarray(y)  # in C order, so that it is known which value is the last
        else:  # a GPU assigns in any order
            last, places = _last(library_of(out), index, out.shape)
            out = np.where(last < 0, out, np.broadcast_to(y, places.shape).reshape(-1)[last])
        return out

    def dx(g, out, x, index, y):
        return run(IndexUpdate, g, index, g.dtype.type(0))

    def dy(g, out, x, index, y):
        there = g[index]
        if not _is_distinct(index):
            last, places = _last(library_of(g._array if isinstance(g, Value) else g), index, x.shape)
            there = np.where(last[index] == places, there, 0)
        return there.reshape((1,) * (y.ndim - there.ndim) + there.shape) if y.ndim > there.ndim else there


def _last(library, index, shape):
    """For each element of the shape the number of the last value it is given, -1 for none; and those numbers."""
    last = library.full(shape, -1)
    places = library.arange(last[index].size).reshape(last[index].shape)
    library.maximum.at(last, index, places)
    return last, places


class IndexAdd(Op):
    """x with y added at index; several values for one element add up"""

    linear = True

    def forward(x, index, y):
        out = _copy(x, y)
        if _is_distinct(index):
            out[index] += y
        else:
            # Of the shape of out[index]: NumPy 2.4 reads beyond a shorter y where one index array has two axes.
            library_of(x).add.at(out, index, np.broadcast_to(y, out[index].shape) if np.ndim(y) else y)
        return out

    def dx(g, out, x, index, y):
        return g

    def dy(g, out, x, index, y):
        return g[index]


def _copy(x, y):
    """An array with the values of x, of the dtype that x and y have together."""
    return library_of(x).array(x, dtype=x.dtype if x.dtype is y.dtype else np.result_type(x, y))


_BASIC = frozenset({int, slice, NoneType, EllipsisType, bool})


def _is_distinct(index: Any) -> bool:
    """Whether an index names no element twice: there are only integers, slices, None, ... and masks in it."""
    for part in index if type(index) is tuple else (index,):
        if type(part) not in _BASIC and getattr(getattr(part, "dtype", None), "kind", "") != "b":
            return False
    return True


def _as_arrays(index: Any) -> Any:
    """An index of arrays alone, which nobody else can change before the backward pass."""
    if type(index) in _BASIC:
        return index
    if isinstance(index, tuple):
        return tuple([_as_arrays(part) for part in index])
    if isinstance(index, list):
        return np.asarray([_as_arrays(part) for part in index], dtype=None if index else np.intp)
    array = index._array if isinstance(index, Value) else index
    if not hasattr(array, "shape"):
        return array
    if not array.shape and isinstance(array, np.ndarray | np.generic) and array.dtype.kind in "iu":
        return int(array)
    return array.copy()


@implements(operator.getitem)
def getitem(x: Any, index: Any) -> Any:
    """Return x[index], for any index NumPy takes; tensors of integers or truth values too.

    The gradients of an element taken several times are added up. Raises IndexError for an index
    that x does not have.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> x[[0, 0, 2]].sum().backward()
    >>> x.grad
    Tensor([2., 0., 1.])
    """
    return apply(GetItem, x, _as_arrays(index))


def scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros of `shape` with x added at `index`; elements met twice add up.

    The transpose of indexing: scatter(g, index, x.shape) is the gradient of x[index].

    >>> import minigrad as mg
    >>> mg.scatter(mg.tensor([1.0, 2.0, 5.0]), [0, 0, 2], (3,))
    Tensor([3., 0., 5.])
    """
    return apply(Scatter, x, _as_arrays(index), shape)


def index_update(x: Any, index: Any, y: Any) -> Any:
    """Return a new array, x with y at `index`: what x[index] = y would make of it, inside the graph.

    Of several values for one element the last remains, and it alone receives that element's gradient;
    the elements of x that are replaced receive 0. Its dtype is the one of x and y together. Raises
    IndexError for an index that x does not have, ValueError if y does not broadcast to x[index].

    >>> import minigrad as mg
    >>> mg.index_update(mg.tensor([1.0, 2.0, 3.0]), 1, mg.tensor(5.0))
    Tensor([1., 5., 3.])
    """
    x = array_of(x)
    return apply(IndexUpdate, x, _as_arrays(index), _beside(x, y))


def index_add(x: Any, index: Any, y: Any) -> Any:
    """Return a new array, x with y added at `index`; several values for one element add up.

    The derivative is 1 in x, and for each value of y 1 at its element. Its dtype is the one of x and
    y together. Raises IndexError for an index that x does not have, ValueError if y does not
    broadcast to x[index].

    >>> import minigrad as mg
    >>> mg.index_add(mg.tensor([1.0, 2.0, 3.0]), [0, 0], mg.tensor([10.0, 20.0]))
    Tensor([31.,  2.,  3.])
    """
    x = array_of(x)
    return apply(IndexAdd, x, _as_arrays(index), _beside(x, y))


def _beside(x: Any, y: Any) -> Any:
    """y as an array; a Python number in the dtype that it has beside x."""
    if isinstance(y, bool | int | float):
        return np.result_type(x.dtype, y).type(y)
    return array_of(y)
