"""Reductions that leave NaN out: nansum, nanmean, nanmax and their like.

One idea: what is missing is replaced by what changes nothing, 0 in a sum and 1 in a product, and
`where` lets no gradient through to it.
"""

from typing import Any

import numpy as np

from ..op import implements
from ..value import Value
from .choosing import where
from .cumulative import cumprod, cumsum
from .exponential import sqrt
from .reduction import max, mean, min, prod, sum
from .statistics import ddof_of, std, var

__all__ = [
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
]


def _missing(x: Any) -> tuple[Any, Any]:
    """x, and which of its elements are NaN: None if none is."""
    x = x if hasattr(x, "shape") else np.asarray(x)
    array = x._array if isinstance(x, Value) else x
    missing = array != array
    return x, missing if missing.any() else None


@implements(np.nansum)
def nansum(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the sum over `axis` of what is not NaN; the derivative is 1 there, 0 at NaN.

    The sum of nothing is 0. Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.nansum(mg.tensor([1.0, float("nan"), 2.0]))
    Tensor(3.)
    """
    x, missing = _missing(x)
    return sum(x if missing is None else where(missing, 0, x), axis, keepdims)


@implements(np.nanprod)
def nanprod(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the product over `axis` of what is not NaN; the derivative is that of `prod`, 0 at NaN.

    The product of nothing is 1. Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.nanprod(mg.tensor([3.0, float("nan"), 2.0]))
    Tensor(6.)
    """
    x, missing = _missing(x)
    return prod(x if missing is None else where(missing, 1, x), axis, keepdims)


@implements(np.nanmean)
def nanmean(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the mean over `axis` of what is not NaN; the derivative is 1/n of their number, 0 at NaN.

    The mean of nothing is NaN. Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.nanmean(mg.tensor([1.0, float("nan"), 2.0]))
    Tensor(1.5)
    """
    x, missing = _missing(x)
    if missing is None:
        return mean(x, axis, keepdims)
    return sum(where(missing, 0, x), axis, keepdims) / _present(missing, x, axis, keepdims)


def _present(missing: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """How many elements are there, in the dtype of x."""
    return (~missing).sum(axis=axis, keepdims=keepdims).astype(x.dtype)


@implements(np.nancumsum)
def nancumsum(x: Any, axis: int | None = None) -> Any:
    """Return the running sums along `axis` of what is not NaN: see `cumsum`; the derivative is 0 at NaN.

    Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.nancumsum(mg.tensor([1.0, float("nan"), 2.0]))
    Tensor([1., 1., 3.])
    """
    x, missing = _missing(x)
    return cumsum(x if missing is None else where(missing, 0, x), axis)


@implements(np.nancumprod)
def nancumprod(x: Any, axis: int | None = None) -> Any:
    """Return the running products along `axis` of what is not NaN: see `cumprod`; the derivative is 0 at NaN.

    Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.nancumprod(mg.tensor([3.0, float("nan"), 2.0]))
    Tensor([3., 3., 6.])
    """
    x, missing = _missing(x)
    return cumprod(x if missing is None else where(missing, 1, x), axis)


@implements(np.nanvar)
def nanvar(
    x: Any, axis: Any = None, *, ddof: float = 0, correction: float | None = None, keepdims: bool = False
) -> Any:
    """Return the variance over `axis` of what is not NaN: see `var`; the derivative is 0 at NaN.

    `correction` is another name of ddof. NaN where no more than ddof are there.
    Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.nanvar(mg.tensor([1.0, float("nan"), 2.0]))
    Tensor(0.25)
    """
    ddof = ddof_of(ddof, correction)
    x, missing = _missing(x)
    if missing is None:
        return var(x, axis, ddof=ddof, keepdims=keepdims)
    middle = sum(where(missing, 0, x), axis, True) / np.maximum(_present(missing, x, axis, True), 1)
    away = where(missing, 0, x - middle)
    free = _present(missing, x, axis, keepdims) - ddof
    return sum(away * away, axis, keepdims) / np.where(free > 0, free, np.nan).astype(x.dtype)


@implements(np.nanstd)
def nanstd(
    x: Any, axis: Any = None, *, ddof: float = 0, correction: float | None = None, keepdims: bool = False
) -> Any:
    """Return the standard deviation over `axis` of what is not NaN: see `std`; the derivative is 0 at NaN.

    `correction` is another name of ddof. NaN where no more than ddof are there.
    Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.nanstd(mg.tensor([1.0, float("nan"), 2.0]))
    Tensor(0.5)
    """
    ddof = ddof_of(ddof, correction)
    x, missing = _missing(x)
    if missing is None:
        return std(x, axis, ddof=ddof, keepdims=keepdims)
    square = nanvar(x, axis, ddof=ddof, keepdims=keepdims)
    zero = (square._array if isinstance(square, Value) else square) == 0
    return where(zero, 0, sqrt(where(zero, 1, square)))  # the root has slope inf at 0; here it is 0


@implements(np.nanmax)
def nanmax(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the largest element over `axis` that is not NaN; equal ones share the gradient evenly.

    NaN if all are. Raises ValueError for an empty axis.

    >>> import minigrad as mg
    >>> mg.nanmax(mg.tensor([1.0, float("nan"), 2.0]))
    Tensor(2.)
    """
    x, missing = _missing(x)
    return max(_filled(x, missing, -np.inf, axis), axis, keepdims)


@implements(np.nanmin)
def nanmin(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return the smallest element over `axis` that is not NaN; equal ones share the gradient evenly.

    NaN if all are. Raises ValueError for an empty axis.

    >>> import minigrad as mg
    >>> mg.nanmin(mg.tensor([1.0, float("nan"), 2.0]))
    Tensor(1.)
    """
    x, missing = _missing(x)
    return min(_filled(x, missing, np.inf, axis), axis, keepdims)


def _filled(x: Any, missing: Any, number: float, axis: Any) -> Any:
    """x with a number for NaN, but not where all over the axis are: there NaN is the result."""
    return x if missing is None else where(missing & ~missing.all(axis=axis, keepdims=True), number, x)
