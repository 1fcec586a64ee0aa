"""Running sums and products: axes counted from either end, lines of one element, several zeros."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec
from .reduction import reduced_shapes

Shape = tuple[int, ...]


def one_axis(shape: Shape) -> SearchStrategy[dict[str, Any]]:
    """One axis, counted from either end, or None."""
    some = st.sampled_from(range(-len(shape), len(shape))) if shape else st.none()
    return st.fixed_dictionaries({"axis": st.none() | some | some})


@st.composite
def _factors(draw: st.DrawFn) -> Arguments:
    """Arrays of which none, one, two or more elements are zero."""
    shape = draw(reduced_shapes)
    one_or_two = gst.values(min_value=-4, max_value=4, boundaries=(0.0, 1.0, 0.0), magnitudes=(-8, 2))
    zeros = st.sampled_from([0.0, 1.5, 0.0, -2.0])
    return Arguments((draw(gst.arrays(shape, elements=zeros | one_or_two)),), draw(one_axis(shape)))


@st.composite
def _recurrences(draw: st.DrawFn) -> Arguments:
    """Factors and summands of one shape, along one axis, from either end."""
    shape = draw(gst.shapes(min_dims=1))
    elements = gst.values(min_value=-4, max_value=4, magnitudes=(-8, 2))
    a, b = (draw(gst.arrays(shape, elements=elements)) for _ in range(2))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return Arguments((a, b), {"axis": axis % len(shape), "reverse": draw(st.booleans())})


def _by_loop(a: Any, b: Any, axis: int, reverse: bool) -> Any:
    y = np.array(np.broadcast_arrays(a + b, b)[0] * 0)
    a, b, lines = (np.moveaxis(each, axis, 0) for each in (a, b, y))
    count = len(lines)
    for n in reversed(range(count)) if reverse else range(count):
        before = n + 1 if reverse else n - 1
        lines[n] = b[n] + (a[n] * lines[before] if 0 <= before < count else 0)
    return y


@st.composite
def _differences(draw: st.DrawFn) -> Arguments:
    """Differences of the first few orders, also of lines too short for them."""
    x = draw(gst.arrays(gst.shapes(min_dims=1) | st.sampled_from([(4,), (3, 4), (5, 2)])))
    return Arguments((x,), {"n": draw(st.integers(0, 3)), "axis": draw(st.integers(-x.ndim, x.ndim - 1))})


@st.composite
def _accumulated(draw: st.DrawFn) -> Arguments:
    """One axis to run along, and whether what nothing comes to stands in front."""
    x = draw(gst.arrays(gst.shapes(min_dims=1), elements=gst.values(magnitudes=(-3, 2))))
    return Arguments((x,), {"axis": draw(st.integers(-x.ndim, x.ndim - 1)), "include_initial": draw(st.booleans())})


op_spec(ops.cumsum, op=ops.CumSum, shapes=reduced_shapes, kwargs=one_axis, linear=True)
op_spec(ops.cumprod, op=ops.CumProd, arguments=_factors())
op_spec(ops.Recurrence, op=ops.Recurrence, name="recurrence", arguments=_recurrences(), values=_by_loop)
op_spec(ops.diff, op=ops.Diff, arguments=_differences(), linear=True)
op_spec(ops.cumulative_sum, arguments=_accumulated(), linear=True)
op_spec(ops.cumulative_prod, arguments=_accumulated())
