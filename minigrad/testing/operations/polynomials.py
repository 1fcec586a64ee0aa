"""Polynomials: of degree 0 and none at all, sequences shorter and longer than each other."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

_moderate = gst.values(magnitudes=(-4, 3))


@st.composite
def _sequences(draw: st.DrawFn) -> Arguments:
    """Two sequences, perhaps one and the same."""
    a = draw(gst.arrays((draw(st.sampled_from([1, 2, 4, 3])),), elements=_moderate))
    v = a if draw(st.integers(0, 4)) == 4 else draw(gst.arrays((draw(st.integers(1, 4)),), elements=_moderate))
    return Arguments((a, v), {"mode": draw(st.sampled_from(["full", "same", "valid"]))})


@st.composite
def _evaluated(draw: st.DrawFn) -> tuple[Any, Any]:
    p = draw(gst.arrays((draw(st.sampled_from([3, 1, 2, 4, 0])),), elements=_moderate))
    return p, draw(gst.arrays(gst.shapes(max_size=4), elements=st.sampled_from([0.0, 1.0, -0.5, 2.0, -1.5])))


op_spec(ops.convolve, op=ops.Convolve, arguments=_sequences(), values=np.convolve)
op_spec(ops.correlate, arguments=_sequences(), values=np.correlate)
op_spec(ops.polyval, op=ops.PolyVal, arguments=_evaluated(), values=np.polyval)
op_spec(
    ops.vander,
    shapes=gst.shapes(min_dims=1, max_dims=1, max_size=4),
    domain=(-4, 4),
    kwargs={"N": st.none() | st.integers(0, 3), "increasing": st.booleans()},
    values=np.vander,
)
