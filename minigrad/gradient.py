"""What happens to a gradient on its way: broadcasting undone, exact zeros, a buffer of its own.

One idea: a rule says only what the derivative is. That a gradient has its tensor's
shape, dtype and memory is seen to here, once, for every rule.
"""

import math
import sys
from typing import Any

import numpy as np

from . import explain, inplace
from .backend import Array, library_of
from .errors import ShapeError
from .place import Place, at, here
from .value import FLOATS, Cut, Value, wrap


def fit(c: Any, origin: Any, call: Any, rule: Any) -> Any:
    """Make what a rule returned the gradient of its argument: undo broadcasting, restore the dtype."""
    shape = origin.shape
    if not shape and type(c) is np.ndarray and c.dtype is origin.dtype:
        return _add_up(c, None)  # a number met an array: the common case
    if isinstance(c, (bool, int, float)):
        c = library_of(origin._array if isinstance(origin, Value) else c).asarray(c, dtype=origin.dtype)
    if not hasattr(c, "shape") or getattr(getattr(c, "dtype", None), "kind", "") not in tuple("fiub"):
        raise explain.no_gradient(call, rule, c) from None
    if c.shape != shape:
        if not _broadcasts(shape, c.shape):
            raise explain.impossible_gradient(call, rule, c.shape, shape) from None
        c = _summed(c, shape)
    return c if c.dtype == origin.dtype else c.astype(origin.dtype)


_add_up = np.add.reduce


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    lead = len(large) - len(small)
    if lead < 0:
        return False
    tail = large[lead:]
    return tail == small or all(n in (1, m) for n, m in zip(small, tail, strict=True))


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """Undo broadcasting: sum `g` over the axes along which an array of `shape` was repeated.

    Used n times, an element receives n gradients, and they add up. Works on arrays and
    tensors. Raises ShapeError if `shape` does not broadcast to g's shape.

    >>> import numpy as np
    >>> from minigrad.gradient import sum_to
    >>> sum_to(np.ones((4, 3)), (3,))
    array([4., 4., 4.])
    """
    if not _broadcasts(shape, g.shape):
        raise ShapeError(
            f"an array of shape {g.shape} is not the gradient of one of shape {shape}{at(here())}.\n"
            "sum_to(g, shape) needs a shape that broadcasts to that of g"
        )
    return _summed(g, shape)


def _summed(g: Any, shape: tuple[int, ...]) -> Any:
    if not shape:
        return g.sum()
    lead = len(g.shape) - len(shape)
    if lead and g.shape[lead:] == shape:  # rows were added in front, as for a bias
        return g.sum(axis=0 if lead == 1 else tuple(range(lead)))
    axes = [n for n, length in enumerate(g.shape) if n < lead or shape[n - lead] != length]
    return g.sum(axis=tuple(axes)).reshape(shape)


def zero_where_zero(g: Any, c: Any) -> Any:
    """Make 0 · ∞ zero: where no gradient came in, none goes out.

    `where(x > 0, sqrt(x), 0)` sends the gradient 0 into sqrt at x = 0, where its slope
    is infinite; the product would be NaN although that branch was not taken. Only
    elements that are NaN are touched, so the rule stays linear in g elsewhere.
    """
    value = c._array if isinstance(c, Value) else c
    bad = value != value
    if not np.count_nonzero(bad):  # half the time of bad.any() for few elements
        return c
    return np.where(bad & ((g._array if isinstance(g, Value) else g) == 0), 0, c)


def where_taken(taken: Any, g: Any) -> Any:
    """g where `taken` holds and exactly 0 elsewhere, whatever g is there.

    np.where waits at each truth that the processor did not foresee: 154 µs for 40,000 random ones, where
    the bits of g, and those of -1 or 0, take 18.
    """
    if (
        type(g) is type(taken) is np.ndarray
        and g.size > 4096
        and taken.shape == g.shape
        and g.dtype.char in "efd"
        and taken.dtype == bool
    ):
        found = np.empty_like(g)
        bits = found.view(f"i{g.itemsize}")
        np.negative(taken.view(np.int8), out=bits)
        bits &= g.view(bits.dtype)
        return found
    return np.where(taken, g, 0)


def _count_of_one() -> int:
    g = object()
    return sys.getrefcount(g)


ALONE = _count_of_one()  # what getrefcount says of an object with one owner: 2 until Python 3.13, then 1


def add_into(old: Any, c: Any) -> Any:
    """old + c, in the memory of `old`, which nobody else holds, if that is of use."""
    if type(old) is np.ndarray and old.base is None and old.size > 1000:
        old += c
        return old
    return old + c


def is_finite(g: Any) -> bool:
    """Whether there is no NaN and no infinity in a gradient. Of a GPU that is not asked: it would have to stop.

    Truths are counted, in half the time of isfinite(g).all() for few numbers. The sum of the squares would be
    cheaper still, but overflows, and BLAS sums on all cores: 3 ms instead of 4 µs where others compute too.
    """
    if type(g) is np.ndarray:
        return int(np.count_nonzero(np.isfinite(g))) == g.size
    if isinstance(g, Value):
        return is_finite(g._array)
    return type(g) not in FLOATS or math.isfinite(g)


def own(g: Any, alone: bool = False) -> Array:
    """An array with the values of `g` and memory that nobody else sees: g itself if that is so, else a copy.

    `alone` says that nobody else holds the array object g. A NumPy scalar cannot be changed and is its own.
    """
    if isinstance(g, np.generic) or (alone and type(g) is np.ndarray and (g.base is None or _all_of_its_own(g))):
        return g
    return g.copy()


def _all_of_its_own(view: Any) -> bool:
    """Whether a view looks, in C order, at all of an array that nobody but the view holds, as a reshape of one does."""
    whole = view.base
    return (
        type(whole) is np.ndarray
        and whole.base is None
        and sys.getrefcount(whole) <= ALONE + 1
        and whole.size == view.size
        and view.flags.c_contiguous
        and view.flags.writeable
    )


def apart(g: Any, taken: set[int]) -> Any:
    """A recorded gradient with memory of its own: itself, or a recorded copy if it is a view or its memory is taken."""
    if isinstance(g._array, np.generic):
        return g
    if g._array.base is not None or id(g._array) in taken:
        g = +g
    taken.add(id(g._array))
    return g


def accumulate(tensor: Value, g: Any, written: tuple[int, Place | None, int], cut: Cut, alone: bool = False) -> None:
    """Add `g` to the tensor's `.grad`, which is always a tensor with a buffer of its own; note when and where."""
    old = tensor._grad
    if old is None:
        if isinstance(g, Value):  # create_graph: the gradient is part of a graph
            new: Any = g
        else:
            if not (alone and type(g) is np.ndarray and g.base is None):  # mostly it is so: a call less
                g = own(g, alone)
            new = wrap(type(tensor), g)
            new._cut = cut
        new._assigned = written
        tensor._grad = new
        return
    before = getattr(old, "_assigned", _NEVER)
    if inplace.by_reader > before[0]:
        explain.warn_if_stale(tensor, old)
    if isinstance(g, Value):
        tensor._grad = old + g  # type: ignore[operator]
    elif old._requires_grad or isinstance(old._array, np.generic):
        tensor._grad = old + wrap(type(tensor), g)
    else:
        old._array += g  # into its own buffer: 1.6 times as fast as a new one at 1e5 elements
        inplace.note_own_change(old._array, written[1])
    new = tensor._grad
    new._assigned = (written[0], written[1], before[2] + 1)
    if new.creator is None:
        new._cut = cut


_NEVER: tuple[int, Place | None, int] = (0, None, 1)
