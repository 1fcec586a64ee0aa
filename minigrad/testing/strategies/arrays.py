"""Arrays of such numbers: with equal elements on purpose, alone, like another, or several that broadcast.

One idea: a tie is drawn, not hoped for. A fourth of all arrays take their elements from a few drawn
numbers, operands that belong together from the same few, and two operands may be one array.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy

from .layouts import rearranged
from .numbers import values
from .options import dtype_of, elements_of, given, shape_of, size_of
from .shapes import broadcastable_shapes

LARGE = 64
"""From this size on most elements are one and the same drawn number: Hypothesis could not draw them all."""


def arrays(
    shape: Any,
    *,
    dtype: Any = np.float64,
    elements: SearchStrategy[Any] | None = None,
    ties: bool = True,
    unique: bool = False,
    layouts: bool = False,
) -> SearchStrategy[np.ndarray[Any, Any]]:
    """Draw arrays of a shape, which may be a strategy, as may the dtype; the simplest is all zeros.

    `elements` is a strategy of single numbers: `values(dtype)` if None, small integers or truth values
    for those dtypes. With `ties`, a fourth of the arrays have few different elements, down to one. With
    `unique` no two elements are equal. With `layouts` the memory is not always in C order, nor always
    writable. Raises InvalidArgument, when drawn, for options that make no sense and for elements that
    the dtype cannot hold.

    >>> from hypothesis import find
    >>> find(arrays((2, 2)), lambda x: x.sum() > 1)
    array([[0., 0.],
           [0., 2.]])
    """
    return _arrays(shape, dtype, elements, ties, unique, layouts)


@st.composite
def _arrays(
    draw: st.DrawFn, shape: Any, dtype: Any, elements: Any, ties: bool, unique: bool, layouts: bool
) -> np.ndarray[Any, Any]:
    kind = dtype_of(draw, dtype, "fiub")
    sides = shape_of(draw, shape)
    array = filled(draw, sides, kind, elements_of(elements, _default(kind)), ties and not unique, unique)
    return rearranged(draw, array) if layouts else array


def _default(dtype: np.dtype[Any]) -> SearchStrategy[Any]:
    """The elements of an array of this dtype, if nobody says."""
    if dtype.kind == "f":
        return values(dtype)
    return st.booleans() if dtype.kind == "b" else st.integers(0 if dtype.kind == "u" else -3, 3)


def filled(
    draw: st.DrawFn,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    elements: SearchStrategy[Any],
    ties: bool,
    unique: bool = False,
) -> np.ndarray[Any, Any]:
    """An array with its elements drawn."""
    size = size_of(shape)
    if size > LARGE:
        fill = st.nothing() if unique else elements
        return draw(hnp.arrays(dtype, shape, elements=elements, fill=fill, unique=unique))
    if unique:
        return _exactly(draw(st.lists(elements, min_size=size, max_size=size, unique=True)), dtype, shape)
    drawn = [draw(elements) for _ in range(size)]
    return _exactly(_tied(draw, drawn) if ties else drawn, dtype, shape)


def _tied(draw: st.DrawFn, drawn: list[Any]) -> list[Any]:
    """The elements, a fourth of the time made of one to three of them.

    All are drawn before, although few are used: the more choices an example takes the later it is
    preferred in shrinking, and [0, 0, 1] is to be preferred to [1, 1, 1].
    """
    if len(drawn) < 2 or draw(st.integers(0, 3)) < 3:
        return drawn
    few = min(draw(st.integers(1, 3)), len(drawn))
    return [drawn[draw(st.integers(0, few - 1))] for _ in drawn]


def _exactly(drawn: list[Any], dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """The array of these elements. Raises InvalidArgument if the dtype holds others in their place."""
    with np.errstate(all="ignore"):
        try:
            array = np.array(drawn, dtype)
        except (TypeError, ValueError, OverflowError):
            array = np.empty(0, dtype)
    if array.size != len(drawn) or any(a != b and b == b for a, b in zip(array.tolist(), drawn, strict=True)):
        raise InvalidArgument(
            f"elements drew {drawn!r}, which {dtype} cannot hold.\nGive elements of that dtype, as gst.values({dtype})"
        )
    return array.reshape(shape)


def arrays_like(
    template: Any, *, elements: SearchStrategy[Any] | None = None, ties: bool = True, layouts: bool = False
) -> SearchStrategy[np.ndarray[Any, Any]]:
    """Draw arrays of the shape and dtype of `template`, and in its memory order unless `layouts` draws one.

    A template is an array, a tensor or a Python float (a 0-d array of float64), or a strategy of them.
    The other options are those of `arrays`.

    >>> import numpy as np
    >>> from hypothesis import find
    >>> find(arrays_like(np.ones(2, np.float32)), lambda x: x.any())
    array([0., 1.], dtype=float32)
    """
    return _arrays_like(template, elements, ties, layouts)


@st.composite
def _arrays_like(draw: st.DrawFn, template: Any, elements: Any, ties: bool, layouts: bool) -> np.ndarray[Any, Any]:
    like = given(draw, template)
    like = np.empty(like.shape, like.dtype) if hasattr(like, "creator") else np.asarray(like)
    dtype = dtype_of(draw, like.dtype, "fiub")
    array = filled(draw, like.shape, dtype, elements_of(elements, _default(dtype)), ties)
    if layouts:
        return rearranged(draw, array)
    ordered = np.empty_like(like, subok=False)
    ordered[...] = array
    return ordered


def broadcastable(
    num: int = 2,
    *,
    dtype: Any = np.float64,
    elements: SearchStrategy[Any] | Sequence[SearchStrategy[Any] | None] | None = None,
    min_dims: int = 0,
    max_dims: int = 3,
    max_side: int = 3,
    max_size: int = 12,
    allow_empty: bool = True,
    share: bool = True,
    ties: bool = True,
    layouts: bool = False,
) -> SearchStrategy[tuple[np.ndarray[Any, Any], ...]]:
    """Draw a tuple of `num` arrays whose shapes broadcast, equal elements across them included.

    `elements` is one strategy for all or one for each operand; operands with the same one share the
    numbers they are made of (`ties`), and may be the very same array (`share`), as in f(x, x). Shapes
    are those of `broadcastable_shapes`, the other options those of `arrays`. Raises InvalidArgument,
    when drawn, for options that make no sense.

    >>> from hypothesis import find
    >>> find(broadcastable(), lambda pair: pair[0].shape == (2,) and (pair[0] == pair[1]).any())
    (array([0., 0.]), array([0., 0.]))
    """
    shapes = broadcastable_shapes(
        num, min_dims=min_dims, max_dims=max_dims, max_side=max_side, max_size=max_size, allow_empty=allow_empty
    )
    return _broadcastable(shapes, dtype, elements, share, ties, layouts)


broadcastable_pairs = broadcastable


@st.composite
def _broadcastable(
    draw: st.DrawFn,
    shapes: SearchStrategy[hnp.BroadcastableShapes],
    dtype: Any,
    elements: Any,
    share: bool,
    ties: bool,
    layouts: bool,
) -> tuple[np.ndarray[Any, Any], ...]:
    kind = dtype_of(draw, dtype, "fiub")
    drawn = draw(shapes).input_shapes
    each = [elements] * len(drawn) if elements is None or isinstance(elements, SearchStrategy) else list(elements)
    if len(each) != len(drawn):
        raise InvalidArgument(
            f"{len(each)} strategies of elements for {len(drawn)} operands.\nGive one, or one for each"
        )
    default = _default(kind)
    its = [elements_of(one, default) for one in each]
    # Before the elements: two arrays are to be simpler than one array twice.
    shared = [_twin(draw, drawn, its, n) if share else n for n in range(len(drawn))]
    found = [filled(draw, shape, kind, one, False) for shape, one in zip(drawn, its, strict=True)]
    if ties:
        for one in dict.fromkeys(its):
            _tie_across(draw, [array for array, other in zip(found, its, strict=True) if other is one])
    if layouts:
        found = [rearranged(draw, array) for array in found]
    return tuple(found[n] for n in shared)


def _twin(draw: st.DrawFn, shapes: Sequence[tuple[int, ...]], its: list[Any], n: int) -> int:
    """Which operand the nth is: an earlier one that could be the same array, half of the time."""
    twins = [k for k in range(n) if shapes[k] == shapes[n] and its[k] is its[n]]
    if not twins:
        return n
    return twins[0] if draw(st.booleans()) else n


def _tie_across(draw: st.DrawFn, operands: list[np.ndarray[Any, Any]]) -> None:
    """Make the operands, a fourth of the time, of a few numbers that all of them may have."""
    together = [x for array in operands for x in array.flat]
    if len(together) <= LARGE:
        tied = iter(_tied(draw, together))
        for array in operands:
            array[...] = np.reshape([next(tied) for _ in range(array.size)], array.shape)


SIGNED = tuple(sign * m / 2 for m in range(2, 8) for sign in (1, -1)) + (0.5, -0.5)
"""What an incoming gradient is made of: 1, -1, 1.5, -1.5, ... 3.5, -3.5, 0.5, -0.5."""


def cotangents(shape: Any, dtype: Any = np.float64, *, zeros: bool = True) -> SearchStrategy[np.ndarray[Any, Any]]:
    """Draw incoming gradients: uneven, of both signs, some with zeros, some with a single number not 0.

    Never all zeros, whose gradient says nothing; two elements and more are never all equal, and
    without `zeros` never all of one sign. The simplest is 1 at the first element and 0 elsewhere.
    Raises InvalidArgument, when drawn, for a dtype that is not of floats.

    >>> from hypothesis import find
    >>> find(cotangents((3,)), lambda g: True)
    array([1., 0., 0.])
    """
    return _cotangents(shape, dtype, zeros)


@st.composite
def _cotangents(draw: st.DrawFn, shape: Any, dtype: Any, zeros: bool) -> np.ndarray[Any, Any]:
    sides, kind = shape_of(draw, shape), dtype_of(draw, dtype)
    size = size_of(sides)
    g = np.zeros(size, kind)
    if not size:
        return g.reshape(sides)
    how = draw(st.sampled_from(["one", "some", "all", "all"] if zeros and size > 1 else ["all"]))
    one = draw(st.integers(0, size - 1))
    g[one] = draw(st.sampled_from(SIGNED))
    if how != "one":
        for n in range(min(size, LARGE)):
            kept = n != one and (how == "all" or draw(st.booleans()))
            g[n] = draw(st.sampled_from(SIGNED)) if kept else g[n]
        g[LARGE:] = np.where(g[LARGE:] == 0, np.resize(SIGNED, max(size - LARGE, 0)), g[LARGE:])
        if size > 1 and (g > 0).all() | (g < 0).all():
            g[one] = -g[one]
    return g.reshape(sides)
