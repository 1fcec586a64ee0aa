"""Statistics: spread about the mean, weighted means, medians and quantiles.

One idea: a spread is of what is left after the mean is taken off, and a quantile is an element of
the sorted array, or lies on the line between two.
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..backend import library_of
from ..errors import GradError, ShapeError
from ..graph import apply
from ..op import Op, implements
from ..place import at, here
from ..value import Value
from .choosing import where
from .reduction import mean, restored, sum
from .shape import reshape, transpose
from .sorting import sort

__all__ = [
    "Std",
    "Var",
    "average",
    "median",
    "percentile",
    "quantile",
    "std",
    "var",
]


def _count(x, axis):
    """How many elements one number of the result is made of."""
    if axis is None:
        return x.size
    return math.prod([x.shape[n] for n in (axis if isinstance(axis, tuple) else (axis,))])


def _free(count, ddof):
    """n - ddof; 0 where nothing is left, by which NumPy divides too."""
    return count - ddof if count > ddof else 0


def _centred(x, count, axis):
    return x - x.sum(axis=axis, keepdims=True) / count


class Var(Op, numpy=np.var):
    """Σ (x - mean x)² / (n - ddof) over axis"""

    reduces = True

    def forward(x, axis=None, ddof=0, keepdims=False):
        if x.dtype.kind != "f":
            x = x.astype(np.float64)
        count = _count(x, axis)
        return np.square(_centred(x, count, axis)).sum(axis=axis, keepdims=keepdims) / _free(count, ddof)

    def dx(g, out, x, axis, ddof, keepdims):
        count = _count(x, axis)
        return restored(g * 2 / _free(count, ddof), axis, keepdims) * _centred(x, count, axis)


class Std(Op, numpy=np.std):
    """√(Σ (x - mean x)² / (n - ddof)) over axis, with derivative 0 where all x are equal"""

    reduces = True

    def forward(x, axis=None, ddof=0, keepdims=False):
        return np.sqrt(Var.forward(x, axis, ddof, keepdims))

    def dx(g, out, x, axis, ddof, keepdims):
        count = _count(x, axis)
        # Centred twice: of x that are equal the first leaves the rounding of their mean, and that over `out`, which
        # is the same rounding, would be 1.
        centred = _centred(_centred(x, count, axis), count, axis)
        zero = (out._array if isinstance(out, Value) else out) == 0
        if isinstance(out, Value):  # and its second derivative would be 1 over that rounding
            zero = zero | ~centred._array.any(axis=axis, keepdims=keepdims)
        slope = np.where(zero, 0, g / np.where(zero, 1, out)) if zero.any() else g / out
        return restored(slope / _free(count, ddof), axis, keepdims) * centred


def ddof_of(ddof, correction):
    """ddof, or what the array API calls it. Raises ValueError for both."""
    if correction is None:
        return ddof
    if ddof:
        raise ValueError(f"ddof and correction are two names of one number{at(here())}.\nGive one of them")
    return correction


@implements(np.var)
def var(x: Any, axis: Any = None, *, ddof: float = 0, correction: float | None = None, keepdims: bool = False) -> Any:
    """Return the variance over `axis`: the mean square of x - mean(x), divided by n - ddof for n.

    Its derivative is 2 (x - mean(x)) / (n - ddof). `correction` is another name of ddof. NaN where
    n = ddof. Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.var(mg.tensor([1.0, 2.0, 3.0]), ddof=1)
    Tensor(1.)
    """
    return apply(Var, x, axis, ddof_of(ddof, correction), keepdims)


@implements(np.std)
def std(x: Any, axis: Any = None, *, ddof: float = 0, correction: float | None = None, keepdims: bool = False) -> Any:
    """Return the standard deviation over `axis`, in the unit of x: the root of the variance.

    Its derivative is (x - mean(x)) / (n - ddof) / std(x), and 0 where all x are equal. `correction`
    is another name of ddof. Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.std(mg.tensor([1.0, 2.0, 3.0]), ddof=1)
    Tensor(1.)
    """
    return apply(Std, x, axis, ddof_of(ddof, correction), keepdims)


@implements(np.average)
def average(x: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    """Return Σ w x / Σ w over `axis`; the mean, without weights. Both x and the weights have a gradient.

    The weights have the shape of x, or that of its axes in `axis`. Raises ZeroDivisionError if they
    add up to zero, ShapeError for those of another shape.

    >>> import minigrad as mg
    >>> mg.average(mg.tensor([1.0, 4.0]), weights=[2.0, 1.0])
    Tensor(2.)
    """
    if weights is None:
        return mean(x, axis, keepdims)
    x, w = (each if hasattr(each, "shape") else np.asarray(each) for each in (x, weights))
    if x.shape != w.shape:
        axes = () if axis is None else normalize_axis_tuple(axis, x.ndim)
        if not axes or w.shape != tuple(x.shape[n] for n in axes):
            raise ShapeError(
                f"average() of x {x.shape} over axis {axis} has weights of shape {w.shape}{at(here())}.\n"
                "Give a weight for each element, or one for each along the axes that axis= names"
            )
        w = transpose(w, tuple(sorted(range(len(axes)), key=lambda n: axes[n])))
        w = reshape(w, tuple(length if n in axes else 1 for n, length in enumerate(x.shape)))
    if x.dtype.kind in "biu" and w.dtype.kind in "biu":
        x = x * 1.0  # a product of two int8 overflows
    total = sum(w, axis, keepdims) if w.shape == x.shape else sum(w)
    if not (total._array if isinstance(total, Value) else total).all():
        raise ZeroDivisionError(f"the weights of average() add up to zero{at(here())}.\nThere is no mean of nothing")
    return sum(x * w, axis, keepdims) / total


# ----------------------------------------------------------------------------- quantiles


def _lines(x, axis):
    """x with the axes of a reduction joined into the first, and the shape that keepdims gives the result."""
    x = x if hasattr(x, "shape") else np.asarray(x)
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    kept = tuple(1 if n in axes else length for n, length in enumerate(x.shape))
    if axis is None:
        return (x if x.ndim == 1 else reshape(x, (x.size,))), kept
    rest = tuple(n for n in range(x.ndim) if n not in axes)
    if axes + rest != tuple(range(x.ndim)):
        x = transpose(x, axes + rest)
    if len(axes) != 1:
        count = math.prod(x.shape[: len(axes)])
        x = reshape(x, (count, *x.shape[len(axes) :]))
    return x, kept


def _with_nan(result, ordered):
    """The result; NaN where there is one among the elements, which is sorted last."""
    value = ordered._array if isinstance(ordered, Value) else ordered
    if value.dtype.kind != "f" or not value.size:
        return result
    last = value[-1]
    return where(last != last, last, result) if (last != last).any() else result


@implements(np.median)
def median(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the element in the middle of the sorted x, over `axis`; the mean of the two of an even number.

    Its gradient goes to that element, the first of equal ones, or half of it to each of the two.
    A NaN makes it NaN. Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.median(mg.tensor([3.0, 10.0, 1.0, 2.0]))
    Tensor(2.5)
    """
    lines, kept = _lines(x, axis)
    count = lines.shape[0]
    ordered = sort(lines, 0)
    result = _with_nan(mean(ordered[(count - 1) // 2 : count // 2 + 1], 0), ordered)
    return reshape(result, kept) if keepdims else result


@implements(np.quantile)
def quantile(x: Any, q: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the number below which a part q of the elements lies, over `axis`; linear between two elements.

    q is a constant, a number between 0 and 1 or an array of them, whose axes come first in the
    result. The gradient goes to the two elements, in the parts in which they are mixed. A NaN makes it
    NaN. Raises ValueError for a q outside of [0, 1], GradError for a q that requires a gradient.

    >>> import minigrad as mg
    >>> mg.quantile(mg.tensor([4.0, 1.0, 2.0]), [0.0, 0.25, 1.0])
    Tensor([1. , 1.5, 4. ])
    """
    if isinstance(q, Value) and q._requires_grad:
        raise GradError(f"quantile() has no derivative by q{at(here())}.\nGive it as a constant: q.detach()")
    weak = isinstance(q, (int, float))  # as everywhere, a Python number takes the dtype of the array
    parts = q._array if isinstance(q, Value) else q if hasattr(q, "dtype") else np.asarray(q)
    if not ((parts >= 0) & (parts <= 1)).all():
        raise ValueError(f"quantile() of q = {q}{at(here())}.\nq is a part, from 0 to 1; percentile() takes hundreds")
    lines, kept = _lines(x, axis)
    count = lines.shape[0]
    if not count:
        raise ValueError(f"there is no quantile of no elements{at(here())}.\nCheck that the axis is not empty")
    ordered = sort(lines, 0)
    place = library_of(ordered._array if isinstance(ordered, Value) else ordered).asarray((count - 1) * parts)
    lower = np.minimum(np.floor(place), count - 1).astype(np.intp)
    if place.dtype.kind != "f":
        result = ordered[lower]
    else:
        t = (place - lower).reshape(place.shape + (1,) * (lines.ndim - 1))
        result = _between(ordered[lower], ordered[np.minimum(lower + 1, count - 1)], t.item() if weak else t)
    result = _with_nan(result, ordered)
    return reshape(result, parts.shape + kept) if keepdims else result


def _between(a, b, t):
    """a + t (b - a), from the nearer end, so that t = 1 is exactly b, as NumPy has it."""
    step = b - a
    if isinstance(t, float):
        return a + step * t if t < 0.5 else b - step * (1 - t)
    return where(t < 0.5, a + step * t, b - step * (1 - t))


@implements(np.percentile)
def percentile(x: Any, q: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the quantile of q in hundreds, from 0 to 100: see `quantile`.

    Raises ValueError for a q outside of [0, 100], GradError for a q that requires a gradient.

    >>> import minigrad as mg
    >>> mg.percentile(mg.tensor([4.0, 1.0, 2.0]), 50)
    Tensor(2.)
    """
    if not isinstance(q, (int, float)):
        q = q if hasattr(q, "dtype") else np.asarray(q)
    return quantile(x, q / 100, axis, keepdims=keepdims)
