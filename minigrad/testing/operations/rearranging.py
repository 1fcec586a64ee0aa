"""Flips, rolls and turns: axes from either end, several, shifts longer than the axis."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import op_spec

Shape = tuple[int, ...]


@st.composite
def _rolls(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    """One shift, or one for each of several axes, of which one may come twice."""
    places = st.integers(-4, 4)
    if not shape or draw(st.integers(0, 3)) == 3:
        return {"shift": draw(places), "axis": None}
    axis = st.integers(-len(shape), len(shape) - 1)
    if draw(st.booleans()):
        return {"shift": draw(places), "axis": draw(axis)}
    axes = draw(st.lists(axis, min_size=1, max_size=3))
    return {"shift": tuple(draw(places) for _ in axes), "axis": tuple(axes)}


@st.composite
def _turns(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    return {"k": draw(st.integers(-2, 5)), "axes": tuple(draw(st.permutations(range(len(shape))))[:2])}


def _flips(shape: Shape) -> SearchStrategy[Any]:
    return gst.axes(len(shape))


op_spec(
    ops.flip,
    op=ops.Flip,
    shapes=gst.shapes() | gst.shapes(min_dims=2),
    kwargs={"axis": _flips},
    linear=True,
    values=np.flip,
)
op_spec(ops.fliplr, shapes=gst.shapes(min_dims=2), linear=True, values=np.fliplr)
op_spec(ops.flipud, shapes=gst.shapes(min_dims=1), linear=True, values=np.flipud)
op_spec(
    ops.roll,
    op=ops.Roll,
    operands=1,
    shapes=gst.shapes() | gst.shapes(min_dims=2),
    kwargs=_rolls,
    linear=True,
    values=np.roll,
)
op_spec(ops.rot90, op=ops.Rot90, shapes=gst.shapes(min_dims=2), kwargs=_turns, linear=True, values=np.rot90)
