"""Choices: ties on purpose."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]


@st.composite
def _bounded(draw: st.DrawFn) -> Arguments:
    """x below, between and above two bounds, and on them; bounds that are numbers, or have gradients, or meet."""
    eighths = st.integers(-8, 8).map(lambda n: n / 8)
    if draw(st.booleans()):
        lower, upper = draw(eighths), draw(eighths)
        elements = st.sampled_from([lower, upper, -3.0, 3.0]) | eighths
        return Arguments((draw(gst.arrays(gst.shapes(), elements=elements)), lower, upper), {}, (0,))
    return Arguments(draw(gst.broadcastable(3, elements=eighths)))


@st.composite
def _mended(draw: st.DrawFn) -> Arguments:
    """Numbers, and what is none: through that no gradient passes."""
    x = draw(gst.arrays(gst.shapes()))
    keywords = draw(
        st.fixed_dictionaries({}, optional={name: st.sampled_from([0.0, -2.5, 7]) for name in ("nan", "posinf")})
    )
    return Arguments((x,), keywords)


@st.composite
def _choices(draw: st.DrawFn) -> Arguments:
    """Arrays that broadcast, and which of them is taken where."""
    xs: list[Any] = list(draw(gst.broadcastable(draw(st.integers(1, 3)))))
    shape = draw(st.sampled_from([(), xs[0].shape, xs[-1].shape]))
    index = draw(hnp.arrays(np.intp, shape, elements=st.integers(0, len(xs) - 1), fill=st.nothing()))
    return Arguments((index, xs), {}, (1,))


@st.composite
def _selections(draw: st.DrawFn) -> Arguments:
    """Arrays of one shape, and conditions for some of them that hold together."""
    x, y, default = draw(gst.broadcastable(3))
    conditions = [
        draw(hnp.arrays(np.bool_, shape, elements=st.booleans(), fill=st.nothing())) for shape in (x.shape, y.shape)
    ]
    return Arguments((conditions, [x, y], default), {}, (1, 2))


op_spec(ops.maximum, op=ops.Maximum, ties=True, reference="torch.maximum")
op_spec(ops.minimum, op=ops.Minimum, ties=True, reference="torch.minimum")
op_spec(ops.where, op=ops.Where, domain=(bool, None, None), values=np.where, reference="torch.where")
op_spec(ops.fmax, op=ops.FMax, ties=True, reference="torch.maximum")  # torch.fmax gives a tie to x
op_spec(ops.fmin, op=ops.FMin, ties=True, reference="torch.minimum")
op_spec(ops.clip, op=ops.Clip, arguments=_bounded(), smooth=False, values=np.clip)
op_spec(ops.nan_to_num, op=ops.NanToNum, arguments=_mended(), values=np.nan_to_num, reference="torch.nan_to_num")
op_spec(ops.choose, op=ops.Choose, arguments=_choices(), linear=True, values=np.choose)
op_spec(ops.select, arguments=_selections(), linear=True)
