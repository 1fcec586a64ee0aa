"""Running sums and products along an axis, and the differences that undo a sum.

One idea: an element is part of every later result, so gradients run along the axis the
other way. Nothing is divided by x: what a product of zeros gives up is found by running
from both ends.
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..backend import library_of
from ..errors import ShapeError
from ..graph import apply
from ..op import Op, implements
from ..place import at, here
from ..value import Value
from .joining import concatenate
from .shape import broadcast_to

__all__ = [
    "CumProd",
    "CumSum",
    "Diff",
    "Recurrence",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
]


def _along(axis, start=None, stop=None, step=None):
    """The index of x[start:stop:step] along an axis counted from the front."""
    return (*(slice(None),) * axis, slice(start, stop, step))


def _full(number, x, shape):
    """An array of one number, in the library and dtype of x."""
    return library_of(x._array if isinstance(x, Value) else x).full(shape, number, x.dtype)


def _previous(x, axis, first, reverse=False):
    """Beside each element of x the one before it, and a number beside the first; reversed, the one behind."""
    if isinstance(x, Value):
        edge = _along(axis, -1, None) if reverse else _along(axis, 0, 1)
        others = x[_along(axis, 1, None) if reverse else _along(axis, None, -1)]
        number = _full(first, x, x._array[edge].shape)
        return np.concatenate([others, number] if reverse else [number, others], axis)
    out = np.empty_like(x)  # a third of the time of joining them
    to, moved = (out, x) if axis == 0 else (out.swapaxes(0, axis), x.swapaxes(0, axis))
    if reverse:
        to[-1:] = first
        to[:-1] = moved[1:]
    else:
        to[:1] = first
        to[1:] = moved[:-1]
    return out


def times_others(g, x, axis):
    """g times, beside each element of x, the product of all others over `axis`: an integer, a tuple, or None for all.

    It is g Π x / x unless something happens on the way that the others would not meet, and nearly all of that raises
    a flag of the processor: a zero (0 / 0), an overflow, an underflow, of a part of the product too. A NaN raises none.
    """
    if type(x) is np.ndarray:
        try:
            with np.errstate(all="raise"):
                # Of all, column by column: the columns do not wait for each other, as numbers in a row do.
                product = x.prod(axis=0).prod() if axis is None else x.prod(axis=axis, keepdims=True)
                if (product == product).all():
                    return g * product / x
        except FloatingPointError:
            pass  # what others there are has to be multiplied
    return g * _others(x, axis)


def _others(x, axis):
    if axis is None:
        return _products_of_others(x.reshape(-1), 0).reshape(x.shape)
    if not isinstance(axis, tuple):
        return _products_of_others(x, normalize_axis_index(axis, x.ndim))
    axes = normalize_axis_tuple(axis, x.ndim)
    order = (*axes, *(n for n in range(x.ndim) if n not in axes))
    moved = x.transpose(order)
    rest = moved.shape[len(axes) :]
    joined = moved.reshape((math.prod(moved.shape[: len(axes)]), *rest))
    found = _products_of_others(joined, 0).reshape(moved.shape)
    return found.transpose(tuple(order.index(n) for n in range(x.ndim)))


def _products_of_others(x, axis):
    backwards = _along(axis, None, None, -1)
    before = _previous(x, axis, 1).cumprod(axis)
    after = _previous(x, axis, 1, reverse=True)[backwards].cumprod(axis)[backwards]
    return before * after


class CumSum(Op, numpy=np.cumsum):
    """the sum of each element of x and all before it; reversed, all behind it"""

    linear = True

    def forward(x, axis=None, reverse=False):
        if not reverse:
            return x.cumsum(axis)
        if axis is None or x.ndim < 2:
            x, axis = x.reshape(-1), 0
        backwards = _along(normalize_axis_index(axis, x.ndim), None, None, -1)
        if type(x) is not np.ndarray:
            return x[backwards].cumsum(axis)[backwards]
        out = np.empty_like(x)  # in order, which a reversed view is not: whoever keeps it need not copy it
        np.add.accumulate(x[backwards], axis, None, out[backwards])
        return out

    def dx(g, out, x, axis, reverse):
        if isinstance(g, Value):
            return apply(CumSum, g, axis, not reverse).reshape(x.shape)
        return CumSum.forward(g, axis, not reverse).reshape(x.shape)


class Recurrence(Op):
    """y of yₙ = aₙ yₙ₋₁ + bₙ along an axis, which starts from 0; reversed, yₙ = aₙ yₙ₊₁ + bₙ"""

    def forward(a, b, axis=0, reverse=False):
        # A step at a time: a product of many a might overflow beside a y that is 0. (`_in_blocks` looks after that.)
        library, dtype, step = library_of(b), np.result_type(a, b), -1 if reverse else 1
        y = 0.0
        if b.ndim == 1:
            steps = _in_blocks(a[::step], b[::step]) if b.size > 4096 and type(b) is np.ndarray else None
            if steps is None:  # a Python float takes 0.05 µs a step, an array 1 µs
                steps = [y := a_n * y + b_n for a_n, b_n in zip(a[::step].tolist(), b[::step].tolist())]
            return library.asarray(steps, dtype)[::step]
        if not b.size:
            return b.astype(dtype)
        a, b = np.moveaxis(a, axis, 0)[::step], np.moveaxis(b, axis, 0)[::step]
        steps = [y := a_n * y + b_n for a_n, b_n in zip(a, b)]
        return np.moveaxis(library.stack(steps)[::step], 0, axis).astype(dtype)

    def da(g, out, a, b, axis, reverse):
        following = _previous(a, axis, 0, not reverse)
        return _recurrence(following, g, axis, not reverse) * _previous(out, axis, 0, reverse)

    def db(g, out, a, b, axis, reverse):
        following = _previous(a, axis, 0, not reverse)
        return _recurrence(following, g, axis, not reverse)


def _in_blocks(a, b):
    """y of yₙ = aₙ yₙ₋₁ + bₙ, in many blocks at once; None where a product of the a of a block is lost.

    Each block starts from 0, and what it starts from in truth meets the product of its a later: 39 ms
    for a million, not 164.
    """
    length, size = 256, b.size
    filled = [np.concatenate([each, np.zeros(-size % length)]) for each in (a, b)]
    a, b = (np.ascontiguousarray(each.reshape(-1, length).T) for each in filled)  # step n of each block in row n
    y, product = b.copy(), a.copy()
    try:
        with np.errstate(all="raise"):
            for n in range(1, length):
                y[n] += a[n] * y[n - 1]
                product[n] *= product[n - 1]
            before = [0.0]
            for p, last in zip(product[-1].tolist(), y[-1].tolist()):
                before.append(p * before[-1] + last)
            y += product * np.array(before[:-1])
    except FloatingPointError:
        return None
    y = y.T.reshape(-1)[:size]
    return y if np.isfinite(y).all() else None


def _recurrence(a, b, axis, reverse):
    recorded = isinstance(a, Value) or isinstance(b, Value)
    return apply(Recurrence, a, b, axis, reverse) if recorded else Recurrence.forward(a, b, axis, reverse)


class CumProd(Op, numpy=np.cumprod):
    """the product of each element of x and all before it, with the exact derivatives at zeros"""

    def forward(x, axis=None):
        return x.cumprod(axis)

    def dx(g, out, x, axis):
        shape = x.shape
        if axis is None or not shape:
            x, axis = x.reshape(-1), 0
        axis = normalize_axis_index(axis, x.ndim)
        if type(x) is type(out) is type(g) is np.ndarray and abs(out).min(initial=1) >= np.finfo(out.dtype).tiny:
            try:
                with np.errstate(all="raise"):  # as in `times_others`
                    found = CumSum.forward(g * out, axis, True) / x
                if np.isfinite(found).all():
                    return found.reshape(shape)
            except FloatingPointError:
                pass
        # xₙ meets the product before it, and then g of each later result with the factors between:
        # sₙ = gₙ + xₙ₊₁ sₙ₊₁.
        behind = _recurrence(_previous(x, axis, 0, reverse=True), g, axis, True)
        return (_previous(out, axis, 1) * behind).reshape(shape)


class Diff(Op, numpy=np.diff):
    """xₙ₊₁ - xₙ along an axis, taken n times"""

    linear = True

    def forward(x, n=1, axis=-1):
        return np.diff(x, n, axis)

    def dx(g, out, x, n, axis):
        axis = normalize_axis_index(axis, x.ndim)
        shape = list(x.shape)
        for length in range(x.shape[axis] - n + 1, x.shape[axis] + 1):
            if length < 1:  # the difference of one element, or of none, was empty
                continue
            shape[axis] = 1
            edge = _full(0, g, shape)
            between = np.concatenate([edge, g, edge], axis)
            g = between[_along(axis, None, -1)] - between[_along(axis, 1, None)]
        return g


@implements(np.cumsum)
def cumsum(x: Any, axis: int | None = None) -> Any:
    """Return the sums of each element and all before it along `axis`; of all elements in C order if None.

    Its gradient is the running sum of the incoming one, from the other end. Raises
    numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.cumsum(mg.tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3., 6.])
    """
    return apply(CumSum, x, axis, False)


@implements(np.cumprod)
def cumprod(x: Any, axis: int | None = None) -> Any:
    """Return the products of each element and all before it along `axis`; of all in C order if None.

    The derivative of a product by an element is the product of the others in it, exactly: also
    where elements are zero. Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> x = mg.tensor([2.0, 0.0, 3.0], requires_grad=True)
    >>> mg.cumprod(x).sum().backward()
    >>> x.grad
    Tensor([1., 8., 0.])
    """
    return apply(CumProd, x, axis)


_LEFT_OUT = object()


def _as_wide(part, shape):
    """An array, or a number repeated to a shape."""
    part = part if hasattr(part, "shape") else np.asarray(part)
    return part if part.shape else broadcast_to(part, shape)


@implements(np.diff)
def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = _LEFT_OUT, append: Any = _LEFT_OUT) -> Any:
    """Return the differences of neighbours along `axis`, taken n times; the derivatives are 1 and -1.

    `prepend` and `append` are joined to x first: numbers, or arrays of its shape but along `axis`.
    Raises ValueError for n < 0 and for a number x, numpy.exceptions.AxisError for an axis that x
    does not have.

    >>> import minigrad as mg
    >>> mg.diff(mg.tensor([1.0, 4.0, 9.0]))
    Tensor([3., 5.])
    """
    ends = [part for part in (prepend, append) if part is not _LEFT_OUT]
    if ends and n:
        x = x if hasattr(x, "shape") else np.asarray(x)
        if not x.shape:
            raise ShapeError(
                f"diff() of a number: it has no neighbours{at(here())}.\nGive an array of one axis or more"
            )
        axis = normalize_axis_index(axis, x.ndim)
        one = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
        before, after = ([] if part is _LEFT_OUT else [_as_wide(part, one)] for part in (prepend, append))
        x = concatenate([*before, x, *after], axis)
    return apply(Diff, x, n, axis)


def cumulative_sum(x: Any, *, axis: int | None = None, include_initial: bool = False) -> Any:
    """Return the running sums along `axis`, which an array of several axes must name: see `cumsum`.

    With `include_initial` the sum of nothing, 0, comes first. Raises ShapeError for an axis that is not named.

    >>> import minigrad as mg
    >>> mg.cumulative_sum(mg.tensor([1.0, 2.0]), include_initial=True)
    Tensor([0., 1., 3.])
    """
    return _accumulated("cumulative_sum", cumsum, x, axis, 0 if include_initial else None)


def cumulative_prod(x: Any, *, axis: int | None = None, include_initial: bool = False) -> Any:
    """Return the running products along `axis`, which an array of several axes must name: see `cumprod`.

    With `include_initial` the product of nothing, 1, comes first. Raises ShapeError for an axis that is not named.

    >>> import minigrad as mg
    >>> mg.cumulative_prod(mg.tensor([2.0, 3.0]), include_initial=True)
    Tensor([1., 2., 6.])
    """
    return _accumulated("cumulative_prod", cumprod, x, axis, 1 if include_initial else None)


def _accumulated(name: str, run: Any, x: Any, axis: int | None, initial: int | None) -> Any:
    x = x if hasattr(x, "shape") else np.asarray(x)
    if not x.shape or (axis is None and x.ndim > 1):
        raise ShapeError(
            f"{name}() runs along one axis, and x has shape {x.shape}{at(here())}.\n"
            f"Name it: {name}(x, axis=0)" + ("" if x.shape else ", of an array of one axis or more")
        )
    axis = normalize_axis_index(0 if axis is None else axis, x.ndim)
    sums = run(x, axis)
    if initial is None:
        return sums
    first = np.full((*x.shape[:axis], 1, *x.shape[axis + 1 :]), initial, sums.dtype)
    return concatenate([first, sums], axis)


for _name, _ours in (("cumulative_sum", cumulative_sum), ("cumulative_prod", cumulative_prod)):
    if hasattr(np, _name):  # since NumPy 2.1
        implements(getattr(np, _name))(_ours)
