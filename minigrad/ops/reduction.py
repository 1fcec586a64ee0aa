"""Reductions: sum, prod, mean, max, min, over all axes, one, or several.

One idea: the gradient of a reduction is put back where its axes were, with length 1,
and repeated along them.
"""

import math
from typing import Any

import numpy as np

from ..graph import apply, run
from ..op import Op, implements
from ..value import Value
from .cumulative import times_others
from .diagonals import FromDiagonal
from .shape import BroadcastTo, expanded

__all__ = [
    "Max",
    "Mean",
    "Min",
    "Prod",
    "Sum",
    "Trace",
    "amax",
    "amin",
    "max",
    "mean",
    "min",
    "prod",
    "ptp",
    "sum",
    "trace",
]


def spread(g, shape, axis, keepdims):
    """g, repeated along the reduced axes to the shape that was reduced."""
    g = restored(g, axis, keepdims)
    if type(g) is np.ndarray and math.prod(shape) <= 1000:
        out = np.empty(shape, g.dtype)  # written out in a quarter of the time that np.broadcast_to takes for a view
        out[...] = g
        return out
    return run(BroadcastTo, g, shape)


def restored(out, axis, keepdims):
    """out with its reduced axes back, of length 1, so that it can be compared with x."""
    return out if axis is None or keepdims else expanded(out, axis)


class Sum(Op, numpy=np.sum):
    """Σ x over axis"""

    linear = True

    def forward(x, axis=None, keepdims=False):
        return x.sum(axis=axis, keepdims=keepdims)

    def dx(g, out, x, axis, keepdims):
        return spread(g, x.shape, axis, keepdims)


class Prod(Op, numpy=np.prod):
    """Π x over axis, with the exact derivatives at zeros"""

    reduces = True

    def forward(x, axis=None, keepdims=False):
        return x.prod(axis=axis, keepdims=keepdims)

    def dx(g, out, x, axis, keepdims):
        return times_others(restored(g, axis, keepdims), x, axis)


_WIDE = {"e": np.float32} | dict.fromkeys("?bBhHiIlLqQ", np.float64)
"""The dtypes whose sums overflow, and what their means are computed in, as NumPy has it."""


class Mean(Op, numpy=np.mean):
    """Σ x / n over axis"""

    linear = True

    def forward(x, axis=None, keepdims=False):
        wide = _WIDE.get(x.dtype.char)
        if wide is None:
            total = x.sum(axis=axis, keepdims=keepdims)
            return total / (x.size // (total.size or 1))
        total = x.sum(axis=axis, keepdims=keepdims, dtype=wide)
        return (total / (x.size // (total.size or 1))).astype(np.float16 if wide is np.float32 else wide)

    def dx(g, out, x, axis, keepdims):
        count = x.size if axis is None else x.size // (out.size or 1)
        return spread(g / count, x.shape, axis, keepdims)


def _extremum_back(g, out, x, axis, keepdims):
    """g to the element that is the extremum, evenly to several."""
    x, out = (each._array if isinstance(each, Value) else each for each in (x, out))  # where it is does not move
    g, out = restored(g, axis, keepdims), restored(out, axis, keepdims)
    taken = x == out
    if np.count_nonzero(taken) != out.size or (out != out).any():
        taken |= x != x  # the maximum of numbers and a NaN is that NaN, which equals nothing
        g = g / taken.sum(axis=axis, keepdims=axis is not None)
    if isinstance(g, Value) or type(x) is not np.ndarray:
        return np.where(taken, g, 0)
    found = np.zeros(x.shape, g.dtype)
    np.copyto(found, g, where=taken)  # half the time of np.where, where little is taken
    return found


class Max(Op, numpy=np.max):
    """max x over axis; ties share the gradient evenly"""

    masks = True
    reduces = True

    def forward(x, axis=None, keepdims=False):
        return x.max(axis=axis, keepdims=keepdims)

    def dx(g, out, x, axis, keepdims):
        return _extremum_back(g, out, x, axis, keepdims)


class Min(Op, numpy=np.min):
    """min x over axis; ties share the gradient evenly"""

    masks = True
    reduces = True

    def forward(x, axis=None, keepdims=False):
        return x.min(axis=axis, keepdims=keepdims)

    def dx(g, out, x, axis, keepdims):
        return _extremum_back(g, out, x, axis, keepdims)


class Trace(Op, numpy=np.trace):
    """the sum of a diagonal"""

    linear = True

    def forward(x, offset=0, axis1=0, axis2=1):
        return x.trace(offset, axis1, axis2)

    def dx(g, out, x, offset, axis1, axis2):
        return run(FromDiagonal, expanded(g, -1), x.shape, offset, axis1, axis2)


@implements(np.sum)
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum over `axis` (an integer, a tuple of them, or None for all).

    Its gradient is the incoming one, repeated along the summed axes. Raises
    numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.sum(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([4., 6.])
    """
    return apply(Sum, x, axis, keepdims)


@implements(np.prod)
def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the product over `axis` (an integer, a tuple of them, or None for all).

    Its derivative by an element is the product of all others, exactly: also where one is
    zero, or several. Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> x = mg.tensor([2.0, 0.0, 3.0], requires_grad=True)
    >>> mg.prod(x).backward()
    >>> x.grad
    Tensor([0., 6., 0.])
    """
    return apply(Prod, x, axis, keepdims)


@implements(np.mean)
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean over `axis` (an integer, a tuple of them, or None for all).

    Its gradient is the incoming one over n, repeated along the n elements averaged.
    Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.mean(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([2., 3.])
    """
    return apply(Mean, x, axis, keepdims)


@implements(np.max, np.amax)
def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest element over `axis`; equal ones share the gradient evenly.

    Raises ValueError for an empty axis, numpy.exceptions.AxisError for one that x does
    not have.

    >>> import minigrad as mg
    >>> x = mg.tensor([3.0, 1.0, 3.0], requires_grad=True)
    >>> mg.max(x).backward()
    >>> x.grad
    Tensor([0.5, 0. , 0.5])
    """
    return apply(Max, x, axis, keepdims)


@implements(np.min, np.amin)
def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the smallest element over `axis`; equal ones share the gradient evenly.

    Raises ValueError for an empty axis, numpy.exceptions.AxisError for one that x does
    not have.

    >>> import minigrad as mg
    >>> mg.min(mg.tensor([3.0, 1.0, 3.0]))
    Tensor(1.)
    """
    return apply(Min, x, axis, keepdims)


amax = max
amin = min


@implements(np.ptp)
def ptp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the largest element less the smallest, over `axis`; the derivatives are 1 and -1 there.

    Equal ones share evenly, as in `max` and `min`. Raises ValueError for an empty axis.

    >>> import minigrad as mg
    >>> mg.ptp(mg.tensor([3.0, 1.0, 2.0]))
    Tensor(2.)
    """
    return max(x, axis, keepdims) - min(x, axis, keepdims)


@implements(np.trace)
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the sum of a diagonal of the matrices in two axes; the derivative is 1 on it.

    `offset` is how far above the main diagonal it lies. Raises ValueError for one axis or none.

    >>> import minigrad as mg
    >>> mg.trace(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor(5.)
    """
    return apply(Trace, x, offset, axis1, axis2)
