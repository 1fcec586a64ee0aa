"""The same numbers, another memory: Fortran order, backwards, with gaps, repeated, read-only.

One idea: a layout never changes a number. A backward pass that gives others for another layout of
its incoming gradient reads memory, not an array.
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .options import given

LAYOUTS = ("C", "F", "reversed", "strided", "mixed", "broadcast", "read-only")
"""Every layout there is, the simplest first."""


def layouts(array: Any) -> SearchStrategy[np.ndarray[Any, Any]]:
    """Draw copies of an array (or of one drawn from a strategy) that differ in memory alone.

    C and Fortran order, all axes backwards, every second element of a larger block, axes in an order
    that is neither C nor Fortran (from 3 axes on), stride 0 along axes on which the array is constant,
    and read-only; only those that this array can have. The simplest is C. No copy shares memory with
    the array.

    >>> import numpy as np
    >>> from hypothesis import find
    >>> find(layouts(np.zeros((2, 3))), lambda a: not a.flags.c_contiguous).strides
    (8, 16)
    """
    return _layouts(array)


@st.composite
def _layouts(draw: st.DrawFn, array: Any) -> np.ndarray[Any, Any]:
    return rearranged(draw, np.asarray(given(draw, array)))


def rearranged(draw: st.DrawFn, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array in a layout that is drawn."""
    return laid_out(array, draw(st.sampled_from(possible(array))))


def possible(array: np.ndarray[Any, Any]) -> list[str]:
    """The layouts an array can have that differ from C order, and C itself."""
    can = ["C", "read-only"]
    can += ["F"] if array.ndim > 1 else []
    can += ["reversed", "strided"] if array.ndim else []
    can += ["mixed"] if array.ndim > 2 else []
    can += ["broadcast"] if _constant_axes(array) else []
    return [layout for layout in LAYOUTS if layout in can]


def laid_out(array: np.ndarray[Any, Any], layout: str) -> np.ndarray[Any, Any]:
    """The same numbers in one of LAYOUTS, in memory of its own.

    Raises ValueError for a layout that is none of them.

    >>> import numpy as np
    >>> laid_out(np.ones(3), "reversed").strides
    (-8,)
    """
    if layout not in LAYOUTS:
        raise ValueError(f"{layout!r} is no layout.\nGive one of {', '.join(LAYOUTS)}")
    whole = np.array(array, order="F" if layout == "F" else "C")
    if layout == "reversed":
        backwards = (slice(None, None, -1),) * whole.ndim
        return whole[backwards].copy()[backwards] if whole.ndim else whole
    if layout == "strided" and whole.ndim:
        block = np.zeros([2 * side for side in whole.shape], whole.dtype)
        every_second = block[(slice(None, None, 2),) * whole.ndim]
        every_second[...] = whole
        return every_second
    if layout == "mixed" and whole.ndim > 1:
        return np.moveaxis(np.moveaxis(whole, 0, 1).copy(), 1, 0)
    if layout == "broadcast":
        one = tuple(slice(0, 1) if axis in _constant_axes(whole) else slice(None) for axis in range(whole.ndim))
        return np.broadcast_to(whole[one].copy(), whole.shape)
    if layout == "read-only":
        whole.flags.writeable = False
    return whole


def _constant_axes(array: np.ndarray[Any, Any]) -> list[int]:
    """The axes, longer than 1, along which nothing changes."""
    return [
        axis
        for axis in range(array.ndim)
        if array.shape[axis] > 1 and array.size and bool((array == array.take([0], axis)).all())
    ]
