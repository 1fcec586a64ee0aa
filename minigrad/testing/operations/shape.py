"""Shapes: lengths of 0 and 1, axes counted from the end, orders in which the elements show."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]


_uneven = gst.shapes() | st.sampled_from([(2, 3), (6,), (3, 1, 2), (2, 2, 3)])
"""Shapes, often those in which the order of elements shows."""


def _same_size(shape: Shape) -> SearchStrategy[Any]:
    """Other shapes of as many elements, one length perhaps left open."""
    size = math.prod(shape)
    whole = [
        (a, b, size // (a * b)) for a in range(1, size + 1) for b in range(1, size + 1) if a * b and not size % (a * b)
    ]
    into: list[Any] = [shape[::-1], size, (size,), shape, -1, (1, size), (size, 1)] if size else [shape[::-1], shape, 0]
    into += [part for each in whole for part in (each, each[:2] if each[2] == 1 else (*each[:2], -1))]
    return st.sampled_from([*into, ()] if size == 1 else into)


def _wider(shape: Shape) -> SearchStrategy[Shape]:
    """Shapes to which it broadcasts: new axes in front, lengths of 1 made longer, or none at all."""
    lengths = [st.sampled_from([1, 2, 3, 0]) if side == 1 else st.just(side) for side in shape]
    front = st.lists(st.sampled_from([1, 2, 3, 0]), max_size=2)
    return st.tuples(front, st.tuples(*lengths)).map(lambda parts: (*parts[0], *parts[1]))


def _ones(shape: Shape) -> SearchStrategy[Any]:
    """The axis of a squeeze: one of length 1, several, or None."""
    among = [axis for axis, side in enumerate(shape) if side == 1]
    return st.none() | gst.axes(len(shape), among=among) if among else st.sampled_from([None, ()])


@st.composite
def _new_axes(draw: st.DrawFn, shape: Shape) -> Any:
    """The axis of an expand_dims: an integer, or a tuple in any order."""
    count = draw(st.integers(0, 2))
    ndim = len(shape) + count
    axes = [a - ndim if draw(st.booleans()) else a for a in draw(st.permutations(range(ndim)))[:count]]
    return axes[0] if count == 1 and draw(st.booleans()) else tuple(axes)


@st.composite
def _two_axes(draw: st.DrawFn) -> Arguments:
    x = draw(gst.arrays(gst.shapes(min_dims=1)))
    first, second = (draw(st.integers(-x.ndim, x.ndim - 1)) for _ in range(2))
    return Arguments((x,), {"axis1": first, "axis2": second})


@st.composite
def _moved(draw: st.DrawFn) -> Arguments:
    """Axes and places for them, as many, in any order."""
    x = draw(gst.arrays(gst.shapes(min_dims=1)))
    if draw(st.booleans()):
        source, destination = (draw(st.integers(-x.ndim, x.ndim - 1)) for _ in range(2))
        return Arguments((x,), {"source": source, "destination": destination})
    count = draw(st.integers(0, x.ndim))
    sources, destinations = (tuple(draw(st.permutations(range(x.ndim)))[:count]) for _ in range(2))
    return Arguments((x,), {"source": sources, "destination": destinations})


@st.composite
def _rolled(draw: st.DrawFn) -> Arguments:
    x = draw(gst.arrays(gst.shapes(min_dims=1)))
    return Arguments(
        (x,), {"axis": draw(st.integers(-x.ndim, x.ndim - 1)), "start": draw(st.integers(-x.ndim, x.ndim))}
    )


def _of_axes(strategy: Callable[[int], SearchStrategy[Any]]) -> Callable[[Shape], SearchStrategy[Any]]:
    return lambda shape: strategy(len(shape))


op_spec(ops.reshape, op=ops.Reshape, shapes=_uneven, kwargs={"shape": _same_size}, linear=True, values=np.reshape)
op_spec(
    ops.transpose,
    op=ops.Transpose,
    shapes=_uneven,
    kwargs={"axes": _of_axes(gst.transposes)},
    linear=True,
    values=np.transpose,
)
op_spec(ops.broadcast_to, op=ops.BroadcastTo, kwargs={"shape": _wider}, linear=True, values=np.broadcast_to)
op_spec(ops.squeeze, op=ops.Squeeze, kwargs={"axis": _ones}, linear=True, values=np.squeeze)
op_spec(ops.expand_dims, op=ops.ExpandDims, kwargs={"axis": _new_axes}, linear=True, values=np.expand_dims)
op_spec(ops.swapaxes, arguments=_two_axes(), linear=True, values=np.swapaxes)
op_spec(ops.matrix_transpose, shapes=gst.shapes(min_dims=2), linear=True, values=np.matrix_transpose)
op_spec(ops.moveaxis, arguments=_moved(), linear=True, values=np.moveaxis)
op_spec(ops.rollaxis, arguments=_rolled(), linear=True, values=np.rollaxis)
op_spec(ops.ravel, shapes=_uneven, linear=True, values=np.ravel)
op_spec(ops.flatten, op=ops.Flatten, shapes=_uneven, linear=True, values=np.ravel, reference="torch.ravel")
op_spec(ops.broadcast_arrays, arguments=gst.broadcastable(3), linear=True, values=np.broadcast_arrays)
for _at_least in (ops.atleast_1d, ops.atleast_2d, ops.atleast_3d):
    op_spec(_at_least, operands=1, linear=True, values=getattr(np, _at_least.__name__))
op_spec(
    ops.astype,
    op=ops.AsType,
    kwargs={"dtype": st.sampled_from(["float32", np.float64, np.float32])},
    linear=True,
    values=lambda x, dtype: x.astype(dtype),
)
