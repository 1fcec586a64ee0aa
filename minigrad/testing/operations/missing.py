"""Reductions that leave NaN out: a few elements missing, all of some lines, never all of them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec
from .reduction import axes_of, axes_of_sum, reduced_shapes


@st.composite
def _lines(draw: st.DrawFn, keywords: Any) -> Arguments:
    """An array with gaps, of which one element at least is there: around NaN there are no differences."""
    x = draw(gst.arrays(reduced_shapes, ties=True))
    gaps = draw(st.lists(st.integers(0, max(x.size - 1, 0)), max_size=3)) if x.size > 1 else []
    if len(set(gaps)) < x.size:
        x.flat[gaps] = np.nan
    return Arguments((x,), draw(keywords(x.shape)))


def _one_axis(shape: tuple[int, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """One axis, or all elements in one line."""
    return st.sampled_from([None, *range(-len(shape), len(shape))]).map(lambda axis: {"axis": axis})


op_spec(ops.nansum, arguments=_lines(axes_of_sum), values=np.nansum)
op_spec(ops.nanmean, arguments=_lines(axes_of), values=np.nanmean)
op_spec(ops.nanprod, arguments=_lines(axes_of_sum), values=np.nanprod)
op_spec(ops.nancumsum, arguments=_lines(_one_axis), values=np.nancumsum)
op_spec(ops.nancumprod, arguments=_lines(_one_axis), values=np.nancumprod)
op_spec(ops.nanvar, arguments=_lines(axes_of), values=np.nanvar)
op_spec(ops.nanstd, arguments=_lines(axes_of), values=np.nanstd)
op_spec(ops.nanmax, arguments=_lines(axes_of), values=np.nanmax)
op_spec(ops.nanmin, arguments=_lines(axes_of), values=np.nanmin)
