"""Reductions: unsorted negative axes, lengths of 0 and 1, ties."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import op_spec

Shape = tuple[int, ...]


_reduced = gst.shapes() | gst.shapes(min_dims=2, allow_empty=False)
"""Shapes, often of several axes that can be told apart."""


def _axes(shape: Shape) -> SearchStrategy[dict[str, Any]]:
    """The keywords of a reduction; often one axis, counted from the end, that is not kept."""
    if not any(shape):
        return gst.reductions(shape, allow_empty=False)
    among = [axis for axis, side in enumerate(shape) if side]
    one = st.sampled_from([*(axis - len(shape) for axis in among), *among])
    return gst.reductions(shape, allow_empty=False) | st.fixed_dictionaries(
        {"axis": one}, optional={"keepdims": st.booleans()}
    )


def _axes_of_sum(shape: Shape) -> SearchStrategy[dict[str, Any]]:
    """Those, and axes of length 0: the sum of nothing is 0."""
    return _axes(shape) | gst.reductions(shape)


op_spec(ops.sum, op=ops.Sum, shapes=_reduced, kwargs=_axes_of_sum, linear=True)
op_spec(ops.mean, op=ops.Mean, shapes=_reduced, kwargs=_axes, linear=True)
op_spec(ops.max, op=ops.Max, shapes=_reduced, kwargs=_axes, ties=True)
op_spec(ops.min, op=ops.Min, shapes=_reduced, kwargs=_axes, ties=True)
