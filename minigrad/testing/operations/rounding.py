"""Steps: no gradient passes, or that of what stands at the jump."""

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]


@st.composite
def _jumps(draw: st.DrawFn) -> Arguments:
    """x on the jump and beside it, with the value at the jump: in x there is a slope beside it alone."""
    beside = draw(st.booleans())
    steps = st.sampled_from([-2.0, 3.0, 0.5] if beside else [0.0, -0.0, 1.0, -3.0])
    x, y = draw(gst.broadcastable(2, elements=[steps, gst.values(magnitudes=(-3, 3))], share=False))
    return Arguments((x, y), {}, (0, 1) if beside else (1,))


op_spec(ops.sign, op=ops.Sign, differentiable=False)
op_spec(ops.signbit, op=ops.SignBit, differentiable=False)
op_spec(ops.floor, op=ops.Floor, differentiable=False)
op_spec(ops.ceil, op=ops.Ceil, differentiable=False)
op_spec(ops.rint, op=ops.Rint, differentiable=False)
op_spec(ops.trunc, op=ops.Trunc, differentiable=False)
op_spec(
    ops.round, op=ops.Round, kwargs={"decimals": st.sampled_from([0, 1, -1, 3])}, differentiable=False, values=np.round
)
op_spec(ops.heaviside, op=ops.Heaviside, arguments=_jumps(), linear=True)
