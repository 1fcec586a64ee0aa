"""Interpolation: points between which, at which and beyond which is asked."""

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]

_moderate = gst.values(magnitudes=(-4, 4))


@st.composite
def _points(draw: st.DrawFn) -> Arguments:
    """Points in increasing order; x among them and beyond, and exactly on the outer ones."""
    steps = draw(st.lists(st.sampled_from([1.0, 0.5, 2.0, 3.0]), max_size=3))
    xp = np.cumsum([draw(st.sampled_from([0.0, -1.5, 2.0])), *steps])
    fp = draw(gst.arrays(xp.shape, elements=_moderate))
    shape = draw(gst.shapes(max_dims=2, max_size=4))
    # Quarters and an eighth more are on no point: there the line has a kink, and the slope to the right.
    place = st.integers(-3, 14).map(lambda n: float(xp[0]) + n / 4 + 0.125)
    x = draw(gst.arrays(shape, elements=place))
    ends = [draw(st.none() | st.sampled_from([0.0, -2.0])) for _ in range(2)]
    return Arguments((x, xp, fp, *ends), wrt=(0, 2))


@st.composite
def _areas(draw: st.DrawFn) -> Arguments:
    """Values along any axis, equally spaced or at places of their own."""
    y = draw(gst.arrays(gst.shapes(min_dims=1, max_size=8), elements=_moderate))
    axis = draw(st.integers(-y.ndim, y.ndim - 1))
    if draw(st.booleans()):
        return Arguments((y,), {"axis": axis, "dx": draw(st.sampled_from([1.0, 0.5]))})
    shape = draw(st.sampled_from([y.shape, y.shape[axis % y.ndim :][:1]]))
    return Arguments((y, draw(gst.arrays(shape, elements=_moderate))), {"axis": axis})


op_spec(ops.interp, op=ops.Interp, arguments=_points(), values=np.interp)
op_spec(ops.trapezoid, arguments=_areas(), values=np.trapezoid)
