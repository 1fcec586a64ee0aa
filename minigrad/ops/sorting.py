"""Elements in order of size: sort, partition, the k largest, and where they are.

One idea: between ties a sorted array is its elements in another order, and the gradient goes
back to where each came from. Every order here is the stable one, so that of equal elements it
is known which was taken.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..backend import library_of
from ..errors import ShapeError
from ..graph import apply
from ..op import Op, implements
from ..place import at, here
from ..value import Value, wrap
from .indexing import getitem

__all__ = [
    "ArgMax",
    "ArgMin",
    "ArgSort",
    "CountNonzero",
    "Partition",
    "Permute",
    "Sort",
    "TopK",
    "argmax",
    "argmin",
    "argsort",
    "count_nonzero",
    "partition",
    "sort",
    "topk",
]


def _values(x):
    return x._array if isinstance(x, Value) else x if hasattr(x, "shape") else np.asarray(x)


class Permute(Op):
    """the elements of x in another order along an axis: each line of `order` is a permutation"""

    linear = True

    def forward(x, order, axis=-1):
        return x[_in_lines(order, axis)]

    def dx(g, out, x, order, axis):
        return _put_back(g, order, axis)


def _put_back(g, order, axis):
    """What was taken in this order, where it was taken from."""
    if isinstance(g, Value):
        return apply(Permute, g, np.argsort(order, axis), axis)
    back = np.empty_like(g)
    back[_in_lines(order, axis)] = g
    return back


def _in_lines(order, axis):
    """The index of the places in `order`, each of its own line along an axis."""
    index = [library_of(order).arange(n).reshape((n,) + (1,) * (order.ndim - k - 1)) for k, n in enumerate(order.shape)]
    index[axis] = order
    return tuple(index)


def _stable_order(x, ordered, axis):
    """The stable order of x, as numbers. Where no two are equal there is one order only: found four times as fast."""
    x, ordered = _values(x), _values(ordered).swapaxes(axis, 0)
    distinct = x.size > 1000 and (ordered[1:] > ordered[:-1]).all()  # of NaN nothing is known
    return np.argsort(x, axis, kind=None if distinct else "stable")


class Sort(Op, numpy=np.sort):
    """the elements of x from the smallest to the largest along an axis"""

    def forward(x, axis=-1):
        return np.sort(x, axis)

    def dx(g, out, x, axis):
        flat, along = (x.reshape(-1), 0) if axis is None else (x, axis)
        return _put_back(g, _stable_order(flat, out, along), along).reshape(x.shape)


class Partition(Op):
    """the elements of x with the kth in its sorted place, the smaller before it and the larger behind"""

    def forward(x, kth, axis=-1):
        flat = x.reshape(-1) if axis is None else x
        return Permute.forward(flat, np.argpartition(x, kth, axis), -1 if axis is None else axis)

    def dx(g, out, x, kth, axis):
        return _put_back(g, np.argpartition(_values(x), kth, axis), -1 if axis is None else axis).reshape(x.shape)


class ArgSort(Op, numpy=np.argsort):
    """where the elements of a sorted x were: constant between ties, so no gradient"""

    def forward(x, axis=-1):
        return np.argsort(x, axis, kind="stable")


class ArgMax(Op, numpy=np.argmax):
    """where the largest element is, the first if there are several: constant between ties, so no gradient"""

    def forward(x, axis=None, keepdims=False):
        return np.argmax(x, axis, keepdims=keepdims)


class ArgMin(Op, numpy=np.argmin):
    """where the smallest element is, the first if there are several: constant between ties, so no gradient"""

    def forward(x, axis=None, keepdims=False):
        return np.argmin(x, axis, keepdims=keepdims)


class CountNonzero(Op, numpy=np.count_nonzero):
    """how many elements are not 0: constant, so no gradient"""

    def forward(x, axis=None, keepdims=False):
        return np.not_equal(x, 0).sum(axis=axis, keepdims=keepdims)


def _check_kind(kind: Any) -> None:
    """Raise ValueError for what is no algorithm of NumPy's: any of them may ask, all get the stable order."""
    if kind not in (None, "stable", "mergesort", "quicksort", "heapsort"):
        raise ValueError(f"kind={kind!r} is no way to sort{at(here())}.\nLeave it out: equal elements stay in order")


@implements(np.sort)
def sort(x: Any, axis: int | None = -1, kind: Any = None, *, stable: bool | None = None) -> Any:
    """Return the elements from the smallest to the largest along `axis`; all of them in one line if None.

    The gradient of each goes to where it came from; equal ones keep their order, whatever `kind`
    and `stable` ask for. NaN come last. Raises numpy.exceptions.AxisError for an axis that x does
    not have.

    >>> import minigrad as mg
    >>> x = mg.tensor([3.0, 1.0, 2.0], requires_grad=True)
    >>> mg.sort(x)[0].backward()
    >>> x.grad
    Tensor([0., 1., 0.])
    """
    _check_kind(kind)
    return apply(Sort, x, axis)


@implements(np.argsort)
def argsort(x: Any, axis: int | None = -1, kind: Any = None, *, stable: bool | None = None) -> Any:
    """Return where each element of the sorted x was: constants, no gradient passes.

    Equal elements keep their order. Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.argsort(mg.tensor([3.0, 1.0, 2.0]))
    Tensor([1, 2, 0])
    """
    _check_kind(kind)
    return apply(ArgSort, x, axis)


@implements(np.partition)
def partition(x: Any, kth: Any, axis: int | None = -1) -> Any:
    """Return x with its kth smallest element in its sorted place, the smaller before it, the larger behind.

    `kth` is an integer, or several. The gradient of each element goes to where it came from; in
    which order those before and behind stand is not said, and it may differ from that of an
    array. Raises ValueError for a kth that is not there.

    >>> import minigrad as mg
    >>> mg.partition(mg.tensor([3.0, 1.0, 2.0]), 1)
    Tensor([1., 2., 3.])
    """
    return apply(Partition, x, kth, axis)


class TopK(NamedTuple):
    """What `topk` returns: the values, and where they were."""

    values: Any
    indices: Any


def topk(x: Any, k: int, axis: int = -1, largest: bool = True) -> TopK:
    """Return the k largest elements along `axis`, the largest first, and where they are; or the k smallest.

    The values have a gradient, which goes to where they came from; the indices are constants. Of
    equal elements the first are taken first; NaN count as largest. Raises ShapeError unless
    0 <= k <= the length of the axis.

    >>> import minigrad as mg
    >>> values, indices = mg.topk(mg.tensor([3.0, 1.0, 2.0]), 2)
    >>> values, indices
    (Tensor([3., 2.]), Tensor([0, 2]))
    """
    array = _values(x)
    axis = normalize_axis_index(axis, array.ndim)
    length = array.shape[axis]
    if not 0 <= k <= length:
        raise ShapeError(
            f"topk() of {k} elements along an axis of {length}{at(here())}.\nAsk for as many as there are, or fewer"
        )
    along = (slice(None),) * axis
    if largest:  # the stable order from the largest on: that of the reversed lines, reversed
        backwards = (*along, slice(None, None, -1))
        order = length - 1 - np.argsort(array[backwards], axis, kind="stable")[backwards]
    else:
        order = np.argsort(array, axis, kind="stable")
    first = (*along, slice(0, k))
    indices = order[first]
    values = getitem(x, indices) if array.ndim == 1 else apply(Permute, x, order, axis)[first]
    return TopK(values, wrap(type(x), indices) if isinstance(x, Value) else indices)


@implements(np.argmax)
def argmax(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Return where the largest element is along `axis`, the first of several: a constant, no gradient passes.

    If axis is None it is counted in C order. Raises ValueError for an empty axis.

    >>> import minigrad as mg
    >>> mg.argmax(mg.tensor([1.0, 3.0, 3.0]))
    Tensor(1)
    """
    return apply(ArgMax, x, axis, keepdims)


@implements(np.argmin)
def argmin(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Return where the smallest element is along `axis`, the first of several: a constant, no gradient passes.

    If axis is None it is counted in C order. Raises ValueError for an empty axis.

    >>> import minigrad as mg
    >>> mg.argmin(mg.tensor([3.0, 1.0, 1.0]))
    Tensor(1)
    """
    return apply(ArgMin, x, axis, keepdims)


@implements(np.count_nonzero)
def count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return how many elements are not 0 over `axis`: a constant, no gradient passes.

    >>> import minigrad as mg
    >>> mg.count_nonzero(mg.tensor([0.0, 3.0, 2.0]))
    Tensor(2)
    """
    return apply(CountNonzero, x, axis, keepdims)
