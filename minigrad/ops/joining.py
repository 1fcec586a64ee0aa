"""Joining and splitting: several arrays end to end, or side by side along a new axis, and apart again.

One idea: the transpose of joining is slicing: each of the arrays joined gets its own part of the
gradient. Splitting is indexing, whose transpose adds the parts into zeros.
"""

import itertools
import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..backend import library_of
from ..errors import ShapeError
from ..graph import apply, array_of
from ..op import Op, implements
from ..place import at, here
from ..value import Value
from .indexing import GetItem
from .shape import atleast_2d, atleast_3d, reshape

__all__ = [
    "Concatenate",
    "Stack",
    "append",
    "array",
    "array_split",
    "column_stack",
    "concat",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "split",
    "stack",
    "vsplit",
    "vstack",
]


class Concatenate(Op):
    """the xs joined along an axis"""

    linear = True

    def forward(axis, ends, *xs):
        return np.concatenate(xs, axis)

    def dxs(k, g, out, axis, ends, *xs):
        part = [slice(None)] * g.ndim
        part[axis] = slice(ends[k - 1] if k else 0, ends[k])  # ends: where each of the xs ends in the whole
        return g[tuple(part)]


class Stack(Op):
    """the xs, all of one shape, side by side along a new axis"""

    linear = True

    def forward(axis, *xs):
        if axis == 0 and library_of(xs[0]) is np:
            return np.array(xs)  # a quarter of the time of np.stack
        new_axis = (*[slice(None)] * axis, None)
        return np.concatenate([x[new_axis] for x in xs], axis)

    def dxs(k, g, out, axis, *xs):
        return g[(*[slice(None)] * axis, k)]


@implements(np.concatenate)
def concatenate(arrays: Any, axis: int | None = 0) -> Any:
    """Return the arrays joined along an existing axis, or flattened and joined if it is None.

    Each gets its part of the gradient. Raises ShapeError if their other axes differ in length.

    >>> import minigrad as mg
    >>> mg.concatenate([mg.ones(2), mg.zeros(1)])
    Tensor([1., 1., 0.])
    """
    arrays = [array_of(x) for x in arrays]
    if axis is None:
        arrays, axis = [reshape(x, -1) for x in arrays], 0
    ends: tuple[int, ...] = ()
    if all(-x.ndim <= axis < x.ndim for x in arrays):  # else np.concatenate says what is wrong
        ends = tuple(itertools.accumulate([x.shape[axis] for x in arrays]))
    return apply(Concatenate, axis, ends, *arrays)


concat = concatenate


@implements(np.stack)
def stack(arrays: Any, axis: int = 0) -> Any:
    """Return the arrays, all of one shape, joined along a new axis. Each gets its part of the gradient.

    Raises ShapeError if their shapes differ, ValueError if there are none.

    >>> import minigrad as mg
    >>> mg.stack([mg.tensor(1.0), mg.tensor(2.0)])
    Tensor([1., 2.])
    """
    arrays = [array_of(x) for x in arrays]
    shapes = {x.shape for x in arrays}
    if len(shapes) > 1:
        raise ShapeError(
            f"stack() joins arrays of one shape; these have {sorted(shapes)}{at(here())}.\n"
            "To join along an axis they have: minigrad.concatenate"
        )
    if not arrays:
        raise ShapeError(f"stack() was given no arrays{at(here())}.\nGive one at least: its shape is needed")
    return apply(Stack, normalize_axis_index(axis, arrays[0].ndim + 1), *arrays)


def array(data: Any) -> Any:
    """Return the array that nested lists of tensors and numbers make, inside the graph.

    np.array([t1, t2]) cannot be recorded, for it takes the numbers of t1 and t2 and forgets them.
    Each tensor gets its part of the gradient. Without a tensor it is np.array. Raises ShapeError if
    the lists are not all of one length, or the tensors of one shape.

    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> mg.array([[x, 1.0], [0.0, x * x]])
    Tensor([[2., 1.],
            [0., 4.]], creator=Stack)
    """
    if not isinstance(data, (list, tuple)):
        return data if isinstance(data, Value) else np.array(data)
    if not _holds_a_tensor(data):
        return np.array(array_of(data))
    parts = [array_of(array(part)) for part in data]
    shapes = {part.shape for part in parts}
    if len(shapes) > 1:
        raise ShapeError(
            f"these nested lists make no array: their parts have the shapes {sorted(shapes)}{at(here())}.\n"
            "Give every row the same length, and every tensor the same shape"
        )
    return apply(Stack, 0, *parts)


def _holds_a_tensor(data: Any) -> bool:
    return any(isinstance(part, Value) or (isinstance(part, (list, tuple)) and _holds_a_tensor(part)) for part in data)


def _alike(arrays: list[Any], ndim: int) -> bool:
    """Whether the arrays are all of one shape, of so many axes, so that joining is stacking: one call recorded."""
    return bool(arrays) and arrays[0].ndim == ndim and len({x.shape for x in arrays}) == 1


@implements(np.vstack)
def vstack(arrays: Any) -> Any:
    """Return the arrays joined along the first axis, each of one axis as a row. Each gets its part of the gradient.

    Raises ShapeError if their other axes differ in length.

    >>> import minigrad as mg
    >>> mg.vstack([mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0])])
    Tensor([[1., 2.],
            [3., 4.]])
    """
    arrays = [array_of(x) for x in arrays]
    if _alike(arrays, 1):
        return apply(Stack, 0, *arrays)
    return concatenate([x if x.ndim > 1 else atleast_2d(x) for x in arrays], 0)


@implements(np.hstack)
def hstack(arrays: Any) -> Any:
    """Return the arrays joined along the second axis, or along the only one. Each gets its part of the gradient.

    Raises ShapeError if their other axes differ in length.

    >>> import minigrad as mg
    >>> mg.hstack([mg.tensor([1.0, 2.0]), mg.tensor([3.0])])
    Tensor([1., 2., 3.])
    """
    arrays = [array_of(x) for x in arrays]
    return concatenate([x if x.shape else reshape(x, 1) for x in arrays], 0 if arrays and arrays[0].ndim < 2 else 1)


@implements(np.dstack)
def dstack(arrays: Any) -> Any:
    """Return the arrays joined along the third axis. Those of fewer axes are made (1, n, 1) or (m, n, 1).

    Each gets its part of the gradient. Raises ShapeError if their other axes differ in length.

    >>> import minigrad as mg
    >>> mg.dstack([mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0])])
    Tensor([[[1., 3.],
             [2., 4.]]])
    """
    arrays = [array_of(x) for x in arrays]
    if _alike(arrays, 2):
        return apply(Stack, 2, *arrays)
    return concatenate([x if x.ndim > 2 else atleast_3d(x) for x in arrays], 2)


@implements(np.column_stack)
def column_stack(arrays: Any) -> Any:
    """Return the arrays joined along the second axis, each of one axis as a column. Each gets its part of the gradient.

    Raises ShapeError if their first axes differ in length.

    >>> import minigrad as mg
    >>> mg.column_stack([mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0])])
    Tensor([[1., 3.],
            [2., 4.]])
    """
    arrays = [array_of(x) for x in arrays]
    if _alike(arrays, 1):
        return apply(Stack, 1, *arrays)
    return concatenate([x if x.ndim > 1 else reshape(x, (-1, 1)) for x in arrays], 1)


@implements(np.append)
def append(x: Any, values: Any, axis: int | None = None) -> Any:
    """Return x with `values` after it along `axis`, both flattened if it is None. Each gets its part of the gradient.

    Raises ShapeError if their other axes differ in length.

    >>> import minigrad as mg
    >>> mg.append(mg.tensor([1.0, 2.0]), 3.0)
    Tensor([1., 2., 3.])
    """
    return concatenate([x, values], axis)


@implements(np.split)
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Return x in so many equal parts along `axis`, or cut before each of the indices, as a list.

    The gradients of the parts are joined. Raises ShapeError if the parts would not be equal.

    >>> import minigrad as mg
    >>> mg.split(mg.arange(4.0), 2)
    [Tensor([0., 1.]), Tensor([2., 3.])]
    """
    x = array_of(x)
    if not np.iterable(indices_or_sections):
        sections = operator.index(indices_or_sections)
        length = x.shape[normalize_axis_index(axis, x.ndim)]
        if sections > 0 and length % sections:
            raise ShapeError(
                f"split() makes equal parts, and {length} elements are not {sections} of them{at(here())}.\n"
                f"For parts that differ by one element: minigrad.array_split(x, {sections}, axis={axis})"
            )
    return array_split(x, indices_or_sections, axis)


@implements(np.array_split)
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Return x in so many parts along `axis`, the first of them longer by one, or cut before each of the indices.

    The gradients of the parts are joined. Raises ValueError for fewer than one part.

    >>> import minigrad as mg
    >>> mg.array_split(mg.arange(3.0), 2)
    [Tensor([0., 1.]), Tensor([2.])]
    """
    x = array_of(x)
    axis = normalize_axis_index(axis, x.ndim)
    length = x.shape[axis]
    if np.iterable(indices_or_sections):
        cuts = [operator.index(index) for index in indices_or_sections]
    else:
        sections = operator.index(indices_or_sections)
        if sections < 1:
            raise ShapeError(f"{sections} parts cannot be made of anything{at(here())}.\nAsk for one at least")
        each, longer = divmod(length, sections)
        cuts = [n * each + min(n, longer) for n in range(1, sections)]
    before = (slice(None),) * axis
    return [
        apply(GetItem, x, (*before, slice(start, stop)))
        for start, stop in zip([0, *cuts], [*cuts, length], strict=True)
    ]


def _split_along(name: str, x: Any, indices_or_sections: Any, axis: int, needs: int) -> list[Any]:
    x = array_of(x)
    if x.ndim < needs:
        raise ShapeError(
            f"{name}() needs {needs} axes at least; the shape is {x.shape}{at(here())}.\n"
            "Along another axis: minigrad.split(x, sections, axis=...)"
        )
    return split(x, indices_or_sections, axis)


@implements(np.vsplit)
def vsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Return x in parts along its first axis, as `split` does. Raises ShapeError if x has fewer than two axes.

    >>> import minigrad as mg
    >>> [part.shape for part in mg.vsplit(mg.ones((4, 3)), 2)]
    [(2, 3), (2, 3)]
    """
    return _split_along("vsplit", x, indices_or_sections, 0, 2)


@implements(np.hsplit)
def hsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Return x in parts along its second axis, or its only one, as `split` does. Raises ShapeError for a number.

    >>> import minigrad as mg
    >>> [part.shape for part in mg.hsplit(mg.ones((4, 3)), [1])]
    [(4, 1), (4, 2)]
    """
    x = array_of(x)
    return _split_along("hsplit", x, indices_or_sections, 1 if x.ndim > 1 else 0, 1)


@implements(np.dsplit)
def dsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Return x in parts along its third axis, as `split` does. Raises ShapeError if x has fewer than three axes.

    >>> import minigrad as mg
    >>> [part.shape for part in mg.dsplit(mg.ones((4, 3, 2)), 2)]
    [(4, 3, 1), (4, 3, 1)]
    """
    return _split_along("dsplit", x, indices_or_sections, 2, 3)
