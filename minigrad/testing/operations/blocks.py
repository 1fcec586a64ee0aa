"""Blocks: one, several, some of no columns; what is put on a diagonal."""

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec


@st.composite
def _blocks(draw: st.DrawFn) -> Arguments:
    """A list of arrays that agree in all axes but the last, up to those in front that are missing."""
    first = draw(gst.arrays(st.sampled_from([(2, 3), (1, 2), (3,), (), (2, 0)])))
    width = draw(st.integers(0, 2))
    rest = [draw(gst.arrays((*first.shape[:-1], width))) for _ in range(draw(st.integers(0, 2)))] if first.ndim else []
    return Arguments(([first, *rest],), {})


op_spec(ops.block, arguments=_blocks(), linear=True, values=np.block)
op_spec(
    ops.diagflat,
    shapes=gst.shapes(max_size=3),
    kwargs={"k": st.integers(-2, 2)},
    linear=True,
    values=np.diagflat,
)
