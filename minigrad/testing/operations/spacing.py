"""Numbers at distances, even and not: few and many, edges of both orders, places that are differentiated too."""

import numpy as np
from hypothesis import strategies as st

from ...ops.spacing import gradient, linspace
from .. import strategies as gst
from ..spec import Arguments, op_spec

_moderate = gst.values(magnitudes=(-4, 3))


@st.composite
def _ends(draw: st.DrawFn) -> Arguments:
    """Two ends that broadcast, and how many numbers between them."""
    shapes = draw(st.sampled_from([((), ()), ((2,), ()), ((2, 1), (3,)), ((0,), ()), ((), (1,))]))
    start, stop = (draw(gst.arrays(shape, elements=_moderate)) for shape in shapes)
    keywords = {"num": draw(st.integers(0, 4)), "endpoint": draw(st.booleans()), "axis": draw(st.sampled_from([0, -1]))}
    return Arguments((start, stop), keywords)


@st.composite
def _heights(draw: st.DrawFn) -> Arguments:
    """f along one axis, by a distance or by places that are apart."""
    order = draw(st.sampled_from([1, 2]))
    n = draw(st.integers(order + 1, 5))
    shape, axis = draw(st.sampled_from([((n,), 0), ((n, 2), 0), ((2, n), -1)]))
    f = draw(gst.arrays(shape, elements=_moderate))
    steps = draw(st.lists(st.sampled_from([0.5, 1.0, 2.0, 0.75]), min_size=n, max_size=n))
    distance = draw(st.sampled_from([0.5, np.array(2.0), np.cumsum(steps)]))
    return Arguments((f, distance), {"axis": axis, "edge_order": order})


op_spec(linspace, arguments=_ends(), linear=True, values=np.linspace)
op_spec(gradient, arguments=_heights(), values=np.gradient)
