"""Reductions: unsorted negative axes, lengths of 0 and 1, ties; products of zeros; diagonals off the matrix."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]


reduced_shapes = gst.shapes() | gst.shapes(min_dims=2, allow_empty=False)
"""Shapes, often of several axes that can be told apart."""


def axes_of(shape: Shape) -> SearchStrategy[dict[str, Any]]:
    """The keywords of a reduction; often one axis, counted from the end, that is not kept."""
    if not any(shape):
        return gst.reductions(shape, allow_empty=False)
    among = [axis for axis, side in enumerate(shape) if side]
    one = st.sampled_from([*(axis - len(shape) for axis in among), *among])
    return gst.reductions(shape, allow_empty=False) | st.fixed_dictionaries(
        {"axis": one}, optional={"keepdims": st.booleans()}
    )


def axes_of_sum(shape: Shape) -> SearchStrategy[dict[str, Any]]:
    """Those, and axes of length 0: the sum of nothing is 0."""
    return axes_of(shape) | gst.reductions(shape)


@st.composite
def _products(draw: st.DrawFn) -> Arguments:
    """Arrays of which none, one, two or more elements are zero, none so large that their product has no slope."""
    shape = draw(reduced_shapes)
    one_or_two = gst.values(min_value=-4, max_value=4, boundaries=(0.0, 1.0, 0.0), magnitudes=(-8, 2))
    zeros = st.sampled_from([0.0, 1.5, 0.0, -2.0])
    x = draw(gst.arrays(shape, elements=zeros if draw(st.booleans()) else one_or_two))
    return Arguments((x,), draw(axes_of_sum(shape)))


@st.composite
def _diagonals(draw: st.DrawFn) -> Arguments:
    """Matrices and stacks of them, in any two axes, of either sign; diagonals that are not there too."""
    x = draw(gst.arrays(gst.shapes(min_dims=2) | st.sampled_from([(2, 3), (3, 2), (2, 3, 4)])))
    first, second = draw(st.permutations(range(x.ndim)))[:2]
    first, second = (axis - x.ndim if draw(st.booleans()) else axis for axis in (first, second))
    return Arguments((x,), {"offset": draw(st.integers(-3, 3)), "axis1": first, "axis2": second})


op_spec(ops.sum, op=ops.Sum, shapes=reduced_shapes, kwargs=axes_of_sum, linear=True)
op_spec(ops.mean, op=ops.Mean, shapes=reduced_shapes, kwargs=axes_of, linear=True)
op_spec(ops.max, op=ops.Max, shapes=reduced_shapes, kwargs=axes_of, ties=True)
op_spec(ops.min, op=ops.Min, shapes=reduced_shapes, kwargs=axes_of, ties=True)
op_spec(ops.prod, op=ops.Prod, arguments=_products())
op_spec(ops.trace, op=ops.Trace, arguments=_diagonals(), linear=True)
op_spec(ops.ptp, shapes=reduced_shapes, kwargs=axes_of, ties=True, values=np.ptp)
