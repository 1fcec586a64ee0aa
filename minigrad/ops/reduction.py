"""Reductions: sum, mean, max, min, over all axes, one, or several.

One idea: the gradient of a reduction is put back where its axes were, with length 1,
and repeated along them.
"""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op, implements
from ..value import Value
from .shape import BroadcastTo, broadcast_to

__all__ = [
    "Max",
    "Mean",
    "Min",
    "Sum",
    "max",
    "mean",
    "min",
    "sum",
]


def _back(g, shape, axis, keepdims):
    """g, repeated along the reduced axes to the shape that was reduced."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return broadcast_to(g, shape) if isinstance(g, Value) else BroadcastTo.forward(g, shape)


def _restored(out, axis, keepdims):
    """out with its reduced axes back, of length 1, so that it can be compared with x."""
    return out if axis is None or keepdims else np.expand_dims(out, axis)


class Sum(Op, numpy=np.sum):
    """Σ x over axis"""

    linear = True

    def forward(x, axis=None, keepdims=False):
        return x.sum(axis=axis, keepdims=keepdims)

    def dx(g, out, x, axis, keepdims):
        return _back(g, x.shape, axis, keepdims)


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
        return _back(g / count, x.shape, axis, keepdims)


def _extremum_back(g, out, x, axis, keepdims):
    """g to the element that is the extremum, evenly to several."""
    # The maximum of numbers and a NaN is that NaN, which equals nothing.
    taken = (x == _restored(out, axis, keepdims)) | (x != x)
    count = taken.sum(axis=axis, keepdims=keepdims)
    return np.where(taken, _back(g / count, x.shape, axis, keepdims), 0)


class Max(Op, numpy=np.max):
    """max x over axis; ties share the gradient evenly"""

    masks = True

    def forward(x, axis=None, keepdims=False):
        return x.max(axis=axis, keepdims=keepdims)

    def dx(g, out, x, axis, keepdims):
        return _extremum_back(g, out, x, axis, keepdims)


class Min(Op, numpy=np.min):
    """min x over axis; ties share the gradient evenly"""

    masks = True

    def forward(x, axis=None, keepdims=False):
        return x.min(axis=axis, keepdims=keepdims)

    def dx(g, out, x, axis, keepdims):
        return _extremum_back(g, out, x, axis, keepdims)


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
