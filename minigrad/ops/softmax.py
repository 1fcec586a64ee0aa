"""The logarithm of a sum of exponentials, and softmax, its gradient.

One idea: exp(x) is never formed, only exp(x - m) with m the largest x, which is at most 1.
"""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op
from ..value import Value
from .reduction import restored

__all__ = [
    "LogSoftmax",
    "LogSumExp",
    "Softmax",
    "log_softmax",
    "logsumexp",
    "softmax",
]


def _floats(x):
    """x, of floats: the exponential of an int8 would be a float16."""
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _exp(x):
    """exp(x) of an array that is ours, in its memory."""
    return np.exp(x, x) if type(x) is np.ndarray else np.exp(x)


def _shares(x, out, axis):
    """exp(x - out): the part of each element in the sum; elements of +inf share evenly, those of -inf have none."""
    numbers, total = (each._array if isinstance(each, Value) else each for each in (x, out))
    if not np.isinf(total).any():
        return _exp(x - out)
    top = (numbers == np.inf) & (total == np.inf)
    evenly = np.where(top, 1 / np.maximum(top.sum(axis=axis, keepdims=True), 1), 0).astype(numbers.dtype)
    return np.where(total == np.inf, evenly, np.exp(np.where(top, 0, x) - np.where(np.isinf(total), 0, out)))


class LogSumExp(Op):
    """log Σ exp(x) over axis"""

    reduces = True

    def forward(x, axis=None, keepdims=False):
        x = _floats(x)
        top = x.max(axis=axis, keepdims=True) if x.size else x.sum(axis=axis, keepdims=True)
        finite = np.isfinite(top)
        if x.size and finite.all():
            out = np.log(_exp(x - top).sum(axis=axis, keepdims=True)) + top
        else:
            top = np.where(finite, top, 0)  # inf - inf would be NaN
            with np.errstate(divide="ignore"):  # of no elements, or nothing but -inf, the sum is 0, and its log -inf
                out = np.log(_exp(x - top).sum(axis=axis, keepdims=True)) + top
        return out if keepdims else out.squeeze(axis)[()]

    def dx(g, out, x, axis, keepdims):
        return restored(g, axis, keepdims) * _shares(x, restored(out, axis, keepdims), axis)


class Softmax(Op):
    """exp(x) / Σ exp(x) over axis"""

    symmetric = True

    def forward(x, axis=-1):
        x = _floats(x)
        if not x.size:
            return x.copy()
        e = _exp(x - x.max(axis=axis, keepdims=True))
        e /= e.sum(axis=axis, keepdims=True)
        return e

    def dx(g, out, x, axis):
        return out * (g - (g * out).sum(axis=axis, keepdims=True))


class LogSoftmax(Op):
    """x - log Σ exp(x) over axis"""

    def forward(x, axis=-1):
        x = _floats(x)
        if not x.size:
            return x.copy()
        x = x - x.max(axis=axis, keepdims=True)
        x -= np.log(np.exp(x).sum(axis=axis, keepdims=True))
        return x

    def dx(g, out, x, axis):
        return g - np.exp(out) * g.sum(axis=axis, keepdims=True)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return log Σ exp(x) over `axis` (an integer, a tuple of them, or None for all), without overflow.

    Its derivative is softmax(x). Of elements that are all -inf, or of none, it is -inf, with
    derivative 0; elements of +inf share the gradient evenly. Raises
    numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> x = mg.tensor([1000.0, 1000.0], requires_grad=True)
    >>> y = mg.logsumexp(x)
    >>> y.backward()
    >>> y.item(), x.grad
    (1000.6931471805599, Tensor([0.5, 0.5]))
    """
    return apply(LogSumExp, x, axis, keepdims)


def softmax(x: Any, axis: Any = -1) -> Any:
    """Return exp(x) / Σ exp(x) over `axis`: the last, unless told; an integer, a tuple, or None for all.

    Its derivative is sᵢ (δᵢⱼ - sⱼ). Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.softmax(mg.tensor([1000.0, 1000.0]))
    Tensor([0.5, 0.5])
    """
    return apply(Softmax, x, axis)


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """Return x - log Σ exp(x) over `axis`: the last, unless told; an integer, a tuple, or None for all.

    Its derivative is δᵢⱼ - softmax(x)ⱼ. Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.log_softmax(mg.tensor([0.0, -1000.0]))
    Tensor([    0., -1000.])
    """
    return apply(LogSoftmax, x, axis)
