"""Repeating: elements that occur several times in the result: repeated, tiled, at a border, in a grid.

One idea: what is used n times receives n gradients, and they add up. Repeating and adding up are each
other's transpose.
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..backend import library_of
from ..errors import ShapeError
from ..gradient import sum_to
from ..graph import apply, array_of, run
from ..op import Op, implements
from ..place import at, here
from ..value import Value
from .indexing import Scatter, _as_arrays, index_update
from .joining import array
from .shape import astype, broadcast_to, reshape
from .taking import take

__all__ = [
    "Full",
    "Pad",
    "Repeat",
    "Tile",
    "Unpad",
    "meshgrid",
    "pad",
    "repeat",
    "tile",
]

_ALL = slice(None)


class Full(Op):
    """an array of a shape, filled with x, which broadcasts to it: in memory of its own"""

    linear = True

    def forward(x, shape):
        out = library_of(x).empty(shape, x.dtype)
        out[...] = x
        return out

    def dx(g, out, x, shape):
        return sum_to(g, x.shape)


class Repeat(Op):
    """each element of x so many times after itself, along an axis, or of the flattened x"""

    linear = True

    def forward(x, repeats, axis=None):
        return x.repeat(repeats, axis)

    def dx(g, out, x, repeats, axis):
        shape = x.shape
        if axis is None or not shape:
            return g.reshape((x.size, repeats)).sum(axis=1).reshape(shape)
        axis %= len(shape)
        return g.reshape((*shape[: axis + 1], repeats, *shape[axis + 1 :])).sum(axis=axis + 1)


class Tile(Op):
    """x so many times after itself along each axis, new ones in front"""

    linear = True

    def forward(x, reps):
        blocks, own, whole = _tiles(x.shape, reps)
        out = library_of(x).empty(blocks, x.dtype)
        out[...] = x.reshape(own)
        return out.reshape(whole)

    def dx(g, out, x, reps):
        blocks = _tiles(x.shape, reps)[0]
        return g.reshape(blocks).sum(axis=tuple(range(0, len(blocks), 2))).reshape(x.shape)


def _tiles(shape, reps):
    """The result of a tiling as (times, length, times, length, ...), x broadcasting to that, and the result."""
    shape = (1,) * (len(reps) - len(shape)) + shape
    blocks = [n for pair in zip(reps, shape) for n in pair]
    own = [n for length in shape for n in (1, length)]
    return blocks, own, [times * length for times, length in zip(reps, shape)]


class Pad(Op):
    """x with a border of its own elements: its edge, or itself mirrored or repeated"""

    linear = True

    def forward(x, pad_width, mode):
        shape = [before + n + after for n, (before, after) in zip(x.shape, pad_width)]
        out = library_of(x).empty(shape, x.dtype)
        out[_inside(x.shape, pad_width)] = x
        for index, source, _ in _borders(x.shape, pad_width, mode):
            out[index] = out[source]
        return out

    def dx(g, out, x, pad_width, mode):
        return run(Unpad, g, x.shape, pad_width, mode)


class Unpad(Op):
    """x without its border, each element of which is added to where it came from: the transpose of Pad"""

    linear = True

    def forward(x, shape, pad_width, mode):
        out = x.copy()
        for index, source, axis in reversed(_borders(shape, pad_width, mode)):
            border = out[index]
            out[source] += border.sum(axis=axis, keepdims=True) if _is_of_edges(mode, shape[axis]) else border
        return out[_inside(shape, pad_width)]

    def dx(g, out, x, shape, pad_width, mode):
        return run(Pad, g, pad_width, mode)


def _inside(shape, widths):
    """Where x itself stands in the padded array."""
    return tuple([slice(before, before + n) for n, (before, _) in zip(shape, widths)])


def _borders(shape, widths, mode):
    """The pieces of the border in the order in which they are filled: where each stands, where it is from, its axis.

    Axis by axis; a piece is as wide as the axes before it have become, so the corners are filled too.
    """
    inside = _inside(shape, widths)
    return [
        ((_ALL,) * axis + (to,) + inside[axis + 1 :], (_ALL,) * axis + (source,) + inside[axis + 1 :], axis)
        for axis, (n, (before, after)) in enumerate(zip(shape, widths))
        for to, source in _pieces(n, before, after, mode)
    ]


def _pieces(n, before, after, mode):
    """What to copy where along one axis, as pairs of slices, from the inside outwards."""
    start, stop = before, before + n
    if _is_of_edges(mode, n):
        left = [(slice(0, start), slice(start, start + 1))] if before else []
        return left + ([(slice(stop, stop + after), slice(stop - 1, stop))] if after else [])
    skipped = 1 if mode == "reflect" else 0  # the edge itself is not mirrored
    pieces = []
    left, mirrored = start, mode != "wrap"
    while left > 0:
        size = min(left, n - skipped)
        from_ = _backwards(start + skipped + size - 1, size) if mirrored else _forwards(stop - skipped - size, size)
        pieces.append((slice(left - size, left), from_))
        left, mirrored = left - size, mode != "wrap" and not mirrored
    right, mirrored = stop, mode != "wrap"
    while right < stop + after:
        size = min(stop + after - right, n - skipped)
        from_ = _backwards(stop - skipped - 1, size) if mirrored else _forwards(start + skipped, size)
        pieces.append((slice(right, right + size), from_))
        right, mirrored = right + size, mode != "wrap" and not mirrored
    return pieces


def _is_of_edges(mode, n):
    """Whether a border along an axis of n elements repeats its ends; one alone has nothing to mirror but itself."""
    return mode == "edge" or (mode == "reflect" and n == 1)


def _forwards(first, size):
    return slice(first, first + size)


def _backwards(first, size):
    return slice(first, first - size if first >= size else None, -1)


@implements(np.repeat)
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Return each element `repeats` times, along `axis` or flattened; `repeats` may be a number for each.

    The gradients of the copies are added up. Raises ShapeError for a negative number,
    ValueError if there are not as many numbers as elements.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> mg.repeat(x, [1, 2])
    Tensor([1., 2., 2.], creator=Take)
    """
    if type(repeats) is int and repeats >= 0:
        return apply(Repeat, x, repeats, axis)
    x = array_of(x)
    counts = np.asarray(_as_arrays(repeats))
    if counts.dtype.kind in "if" and (counts < 0).any():
        raise ShapeError(f"repeat() was asked for {counts} copies{at(here())}.\nGive numbers from 0 on")
    if counts.size == 1:
        return apply(Repeat, x, int(counts.reshape(())), axis)
    n = x.size if axis is None else x.shape[normalize_axis_index(axis, x.ndim)]
    return take(x, np.arange(n).repeat(counts), axis)


@implements(np.tile)
def tile(x: Any, reps: Any) -> Any:
    """Return x repeated as a whole, `reps` times along each axis. The gradients of the copies are added up.

    >>> import minigrad as mg
    >>> mg.tile(mg.tensor([1.0, 2.0]), 2)
    Tensor([1., 2., 1., 2.])
    """
    x = array_of(x)
    counts = (reps,) if type(reps) is int else tuple([int(n) for n in reps] if np.iterable(reps) else [int(reps)])
    return apply(Tile, x, (1,) * (x.ndim - len(counts)) + counts)


@implements(np.pad)
def pad(x: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Any:
    """Return x with a border along each axis: of a constant, of its edge, or of itself mirrored or repeated.

    `mode` is "constant", "edge", "reflect", "symmetric" or "wrap"; `pad_width` is a number, (before,
    after), or such a pair for each axis, and so is `constant_values`, which may be tensors. The
    gradient of the border is added to what it was copied from. Raises ShapeError for a negative
    width, another mode, or a border of nothing.

    >>> import minigrad as mg
    >>> mg.pad(mg.tensor([1.0, 2.0, 3.0]), (1, 2), "reflect")
    Tensor([2., 1., 2., 3., 2., 1.])
    """
    x = array_of(x)
    widths = _pairs(pad_width, x.ndim)
    if mode == "constant":
        inside = _inside(x.shape, widths)
        shape = tuple([before + n + after for n, (before, after) in zip(x.shape, widths)])
        if type(constant_values) is int and constant_values == 0:
            return apply(Scatter, x, inside, shape)
        return index_update(_frame(x, shape, inside, constant_values), inside, x)
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise ShapeError(
            f"pad() has no mode {mode!r} with a derivative{at(here())}.\n"
            'Use "constant", "edge", "reflect", "symmetric" or "wrap"'
        )
    for n, pair in zip(x.shape, widths):
        if not n and any(pair):
            raise ShapeError(
                f"pad() in mode {mode!r} copies elements, and x of shape {x.shape} has none{at(here())}.\n"
                'Use mode="constant", which needs none'
            )
    return apply(Pad, x, widths, mode)


def _pairs(pad_width: Any, ndim: int) -> tuple[tuple[int, int], ...]:
    """The widths (before, after) for each axis, from any of the forms that they may be given in."""
    if type(pad_width) is int and pad_width >= 0:
        return ((pad_width, pad_width),) * ndim
    if isinstance(pad_width, dict):
        given: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            given[normalize_axis_index(axis, ndim)] = width if np.iterable(width) else (width, width)
        pad_width = given if ndim else np.zeros((0, 2), int)
    widths = np.asarray(_as_arrays(pad_width))
    if widths.dtype.kind not in "iu" or (widths < 0).any():
        raise ShapeError(
            f"pad() takes widths of whole numbers from 0 on, not {pad_width!r}{at(here())}.\n"
            "To take elements away, index: x[1:-1]"
        )
    return tuple([(before, after) for before, after in np.broadcast_to(widths, (ndim, 2)).tolist()])


def _frame(x: Any, shape: Any, inside: Any, values: Any) -> Any:
    """An array of the padded shape with the constants of each side, of which the last axis has the corners."""
    values = array(values)
    if not values.size - 1:
        whole = apply(Full, reshape(values, ()), shape)
        return astype(whole, x.dtype) if whole.dtype != x.dtype else whole
    values = broadcast_to(values, (x.ndim, 2))
    out: Any = library_of(x._array if isinstance(x, Value) else x).zeros(shape, x.dtype)
    for axis, part in enumerate(inside):
        for side, border in enumerate((slice(0, part.start), slice(part.stop, None))):
            value = values[axis, side]
            value = astype(value, x.dtype) if value.dtype != x.dtype else value
            out = index_update(out, (*(_ALL,) * axis, border, *inside[axis + 1 :]), value)
    return out


@implements(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """Return the coordinates of a grid, one array for each axis; with "xy" the first two axes change places.

    The gradients of the copies are added up. With `sparse` each keeps only its own axis; `copy` is
    there for NumPy's sake. Raises ShapeError for another `indexing`.

    >>> import minigrad as mg
    >>> x, y = mg.meshgrid(mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0]))
    >>> y
    Tensor([[3., 3.],
            [4., 4.]])
    """
    if indexing not in ("xy", "ij"):
        raise ShapeError(
            f"meshgrid() knows no indexing {indexing!r}{at(here())}.\n"
            'Use "xy", in which x runs along the columns, or "ij", in which it runs along the rows'
        )
    arrays = [array_of(x) for x in xi]
    places = list(range(len(arrays)))
    if indexing == "xy" and len(arrays) > 1:
        places[:2] = 1, 0
    lengths = [0] * len(arrays)
    for x, place in zip(arrays, places):
        lengths[place] = math.prod(x.shape)
    grids = []
    for x, place in zip(arrays, places):
        own = [1] * len(arrays)
        own[place] = lengths[place]
        line = reshape(x, own)
        grids.append(line if sparse else apply(Full, line, tuple(lengths)))
    return tuple(grids)
