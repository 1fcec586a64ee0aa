"""Joining and splitting: parts of unequal lengths, empty ones, one array in two places."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]


@st.composite
def _parts(draw: st.DrawFn, new_axis: bool = False) -> Arguments:
    """Arrays to join: of unequal lengths, of none, one of them twice."""
    shape = draw(gst.shapes(min_dims=0 if new_axis else 1, max_dims=2, max_size=6))
    axis = draw(st.integers(0, len(shape) - (not new_axis)))
    parts: list[Any] = []
    for _ in range(draw(st.integers(1, 3))):
        if parts and draw(st.integers(0, 3)) == 3:
            parts.append(parts[0])
            continue
        length = () if new_axis else (draw(st.sampled_from([1, 2, 0, 3])),)
        parts.append(draw(gst.arrays(shape if new_axis else (*shape[:axis], *length, *shape[axis + 1 :]))))
    if not new_axis and draw(st.integers(0, 7)) == 7:
        return Arguments((parts,), {"axis": None})
    return Arguments((parts,), {"axis": axis - len(shape) - new_axis if draw(st.booleans()) else axis})


@st.composite
def _stacked(draw: st.DrawFn, min_dims: int, max_dims: int) -> tuple[Any]:
    """Arrays of one shape, one of them perhaps twice."""
    shape = draw(gst.shapes(min_dims=min_dims, max_dims=max_dims, max_size=6))
    parts = [draw(gst.arrays(shape)) for _ in range(draw(st.integers(1, 2)))]
    return ([*parts, parts[0]] if draw(st.booleans()) else parts,)


@st.composite
def _nested(draw: st.DrawFn) -> tuple[Any]:
    """Lists of numbers and arrays, of arrays, of lists of both."""
    number = gst.arrays(())
    row = st.tuples(number, number | st.sampled_from([0.0, 2, True])).map(list)
    return (draw(st.lists(number, min_size=1, max_size=3) | st.lists(row | gst.arrays((2,)), min_size=1, max_size=2)),)


@st.composite
def _appended(draw: st.DrawFn) -> Arguments:
    """Two arrays, flattened or joined along an axis of one."""
    parts, keywords, _ = draw(_parts())
    two = (parts[0][0], parts[0][-1])
    return Arguments(two, keywords)


def _sections(axis: int | None) -> Any:
    """How to split: into equal parts, or at indices, in no order and beyond the end too."""

    def keywords(shape: Shape) -> SearchStrategy[dict[str, Any]]:
        axes = st.integers(-len(shape), len(shape) - 1) if axis is None else st.just(axis if len(shape) > axis else 0)
        return axes.flatmap(
            lambda n: st.fixed_dictionaries(
                {
                    "indices_or_sections": st.sampled_from([1, max(shape[n], 1)])
                    | st.lists(st.integers(-1, 3), max_size=2),
                    **({"axis": st.just(n)} if axis is None else {}),
                }
            )
        )

    return keywords


op_spec(ops.concatenate, op=ops.Concatenate, arguments=_parts(), linear=True, values=np.concatenate)
op_spec(ops.stack, op=ops.Stack, arguments=_parts(new_axis=True), linear=True, values=np.stack)
op_spec(ops.array, arguments=_nested(), linear=True, values=np.array)
op_spec(ops.vstack, arguments=_stacked(0, 2), linear=True, values=np.vstack)
op_spec(ops.hstack, arguments=_stacked(0, 2), linear=True, values=np.hstack)
op_spec(ops.dstack, arguments=_stacked(0, 3), linear=True, values=np.dstack)
op_spec(ops.column_stack, arguments=_stacked(1, 2), linear=True, values=np.column_stack)
op_spec(ops.append, arguments=_appended(), linear=True, values=np.append)
for _split, _axis, _least in (
    (ops.split, None, 1),
    (ops.array_split, None, 1),
    (ops.vsplit, 0, 2),
    (ops.hsplit, 1, 1),
    (ops.dsplit, 2, 3),
):
    op_spec(
        _split,
        operands=1,
        shapes=gst.shapes(min_dims=_least),
        kwargs=_sections(_axis),
        linear=True,
        values=getattr(np, _split.__name__),
    )
