"""Indices of every form; elements taken twice."""

import operator
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]


@st.composite
def _points(draw: st.DrawFn, shape: Shape) -> Any:
    """One element by several index arrays, taken again and again."""
    point = tuple(draw(st.integers(-side, side - 1)) for side in shape)
    count = draw(st.integers(2, 3))
    return tuple(np.full(count, place, np.intp) if draw(st.booleans()) else [place] * count for place in point)


def _indices(shape: Shape) -> SearchStrategy[Any]:
    return (
        gst.indices(shape)
        if len(shape) < 2 or 0 in shape
        else st.integers(0, 5).flatmap(lambda n: _points(shape) if n == 5 else gst.indices(shape))
    )


@st.composite
def _added(draw: st.DrawFn) -> Arguments:
    """What is added into zeros, and where; elements meet."""
    shape = draw(gst.shapes())
    index = draw(_indices(shape))
    at = np.array(index, np.intp) if isinstance(index, list) else index
    return Arguments((draw(gst.arrays(np.zeros(shape)[at].shape)),), {"index": index, "shape": shape})


@st.composite
def _updates(draw: st.DrawFn) -> Arguments:
    """An array, where it is changed, and by what; elements meet, and one value may be for all."""
    x = draw(gst.arrays(gst.shapes()))
    index = draw(_indices(x.shape))
    there = x[np.array(index, np.intp) if isinstance(index, list) else index].shape
    y = draw(gst.arrays(there) | gst.arrays(there[1:]) | gst.arrays(()))
    return Arguments((x, index, y), {}, (0, 2))


def _changed_by_numpy(change: Any) -> Any:
    def changed(x: Any, index: Any, y: Any) -> Any:
        out = np.array(x, np.result_type(x, y))
        at = np.array(index, np.intp) if isinstance(index, list) else index
        change(out, at, np.broadcast_to(y, out[at].shape))  # NumPy 2.4's add.at reads beyond a shorter y
        return out

    return changed


def _added_by_numpy(x: Any, index: Any, shape: Shape) -> Any:
    out = np.zeros(shape, x.dtype)
    np.add.at(out, np.array(index, np.intp) if isinstance(index, list) else index, x)
    return out


op_spec(ops.getitem, op=ops.GetItem, kwargs={"index": _indices}, linear=True, values=lambda x, index: x[index])
op_spec(ops.scatter, op=ops.Scatter, arguments=_added(), linear=True, values=_added_by_numpy)
op_spec(
    ops.index_update,
    op=ops.IndexUpdate,
    arguments=_updates(),
    linear=True,
    values=_changed_by_numpy(operator.setitem),
)
op_spec(ops.index_add, op=ops.IndexAdd, arguments=_updates(), linear=True, values=_changed_by_numpy(np.add.at))
