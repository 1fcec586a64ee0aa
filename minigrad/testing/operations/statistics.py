"""Statistics: all elements equal, even and odd numbers of them, quantiles at elements and between."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec
from .reduction import axes_of, reduced_shapes
from .sorting import pairs

Shape = tuple[int, ...]


def _with_ddof(shape: Shape) -> SearchStrategy[dict[str, Any]]:
    """The keywords of a variance, of which something is left when ddof is taken off."""

    def add(keywords: dict[str, Any]) -> SearchStrategy[dict[str, Any]]:
        axis = keywords["axis"]
        axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        count = int(np.prod([shape[n] for n in axes]))
        most = st.sampled_from([0, 1, 0.5][: 1 if count < 2 else 3])
        return most.map(lambda ddof: keywords | {"ddof": ddof})

    return axes_of(shape).flatmap(add)


@st.composite
def _averages(draw: st.DrawFn) -> Arguments:
    """x and weights above 0: one for each element, or for each along the axes in any order."""
    shape = draw(gst.shapes(allow_empty=False))
    x = draw(gst.arrays(shape))
    keywords = draw(axes_of(shape))
    axis = keywords["axis"]
    axes = axis if isinstance(axis, tuple) else (axis,)
    few = axis is not None and axes and draw(st.booleans())
    above = gst.values(min_value=0.25, max_value=4, boundaries=(1.0,))
    w = draw(gst.arrays(tuple(shape[n] for n in axes) if few else shape, elements=above))
    return Arguments((x, axis, w), {name: value for name, value in keywords.items() if name != "axis"})


@st.composite
def _quantiles(draw: st.DrawFn, most: float = 1.0) -> Arguments:
    """x, and a part of it, or several in an array."""
    shape = draw(gst.shapes(allow_empty=False) | st.sampled_from([(4,), (5,), (2, 3)]))
    x = draw(pairs(shape))
    parts = st.sampled_from([0.0, 0.25, 0.5, 1.0, 0.125, 0.7, 1.0 / 3])
    q: Any = draw(parts) * most
    if draw(st.booleans()):
        q = np.array(draw(st.lists(parts, max_size=3))) * most
    return Arguments((x,), {"q": q, **draw(axes_of(shape))}, (0,))


@st.composite
def _middles(draw: st.DrawFn) -> Arguments:
    x = draw(pairs(reduced_shapes))
    return Arguments((x,), draw(axes_of(x.shape)))


_spread = gst.values(min_value=-8, max_value=8)

op_spec(ops.var, op=ops.Var, domain=_spread, shapes=reduced_shapes, kwargs=_with_ddof)
# Equal numbers are drawn, nearly equal ones are not: there torch and NumPy see the rounding of the mean.
op_spec(ops.std, op=ops.Std, domain=_spread, shapes=reduced_shapes, kwargs=_with_ddof, smooth=False)
op_spec(ops.average, arguments=_averages(), values=np.average)
op_spec(ops.median, arguments=_middles(), values=np.median)
op_spec(ops.quantile, arguments=_quantiles(), values=np.quantile)
op_spec(ops.percentile, arguments=_quantiles(most=100.0), values=np.percentile)
