"""Taking: elements named again and again, from either end; what is named by nobody."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]


@st.composite
def _takes(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    """Numbers of elements, one or many, in lists and arrays of two axes too."""
    axis = draw(st.none() | st.integers(-len(shape), len(shape) - 1)) if shape else None
    side = int(np.prod(shape)) if axis is None else shape[axis]
    if not side:
        return {"indices": np.zeros((draw(st.sampled_from([0, 0])), 2), int), "axis": axis}
    numbers = st.integers(-side, side - 1)
    taken = draw(numbers | st.lists(numbers, min_size=1, max_size=4) | hnp.arrays(np.intp, (2, 2), elements=numbers))
    return {"indices": taken, "axis": axis}


@st.composite
def _lines(draw: st.DrawFn, whole: bool, added: bool = False) -> Arguments:
    """An index for each line along an axis; `whole` as take_along_axis has it, else as gather does."""
    x = draw(gst.arrays(gst.shapes(min_dims=1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    shape = list(x.shape)
    if not whole:
        shape = [draw(st.integers(0, side)) for side in shape]
    shape[axis] = draw(st.sampled_from([2, 1, 3, 0])) if x.shape[axis] else 0
    side = max(x.shape[axis], 1)
    index = draw(hnp.arrays(np.intp, tuple(shape), elements=st.integers(-side, side - 1)))
    if added:
        y = draw(gst.arrays(index.shape) | gst.arrays(()))
        return Arguments((x, index, y), {"axis": axis}, (0, 2))
    return Arguments((x, index), {"axis": axis}, (0,))


@st.composite
def _conditions(draw: st.DrawFn) -> Arguments:
    """A condition for an axis, or for the flattened array, shorter perhaps."""
    x = draw(gst.arrays(gst.shapes()))
    axis = draw(st.none() | st.integers(-x.ndim, x.ndim - 1)) if x.ndim else None
    side = x.size if axis is None else x.shape[axis]
    condition = draw(hnp.arrays(np.bool_, draw(st.integers(0, side)), elements=st.booleans(), fill=st.nothing()))
    return Arguments((condition, x), {"axis": axis}, (1,))


@st.composite
def _extracts(draw: st.DrawFn) -> Arguments:
    x = draw(gst.arrays(gst.shapes()))
    return Arguments((draw(hnp.arrays(np.bool_, x.shape, elements=st.booleans(), fill=st.nothing())), x), {}, (1,))


@st.composite
def _sorted(draw: st.DrawFn) -> Arguments:
    x, v = draw(gst.arrays((draw(st.integers(0, 3)),))), draw(gst.arrays(gst.shapes()))
    return Arguments((np.sort(x), v), {"side": draw(st.sampled_from(["left", "right"])), "sorter": None})


op_spec(ops.take, op=ops.Take, operands=1, kwargs=_takes, linear=True, values=np.take)
op_spec(ops.take_along_axis, arguments=_lines(whole=True), linear=True, values=np.take_along_axis)
op_spec(ops.gather, arguments=_lines(whole=False), linear=True)
op_spec(ops.scatter_add, arguments=_lines(whole=False, added=True), linear=True)
op_spec(ops.compress, arguments=_conditions(), linear=True, values=np.compress)
op_spec(ops.extract, arguments=_extracts(), linear=True, values=np.extract)
op_spec(ops.nonzero, differentiable=False, shapes=gst.shapes(min_dims=1), values=np.nonzero)
op_spec(ops.argwhere, op=ops.ArgWhere, differentiable=False, values=np.argwhere)
op_spec(ops.flatnonzero, op=ops.FlatNonZero, differentiable=False, values=np.flatnonzero)
op_spec(ops.searchsorted, op=ops.SearchSorted, arguments=_sorted(), differentiable=False, values=np.searchsorted)
