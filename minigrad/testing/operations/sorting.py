"""Sorting: ties, of which the first is taken first; lines of one element and of none.

One idea: ties are of two elements, never of three. Of three equal elements one that moves alone becomes
the first or the last, and the one in the middle has slope 0 by each; but 1 by the one it was taken from.
That is a slope beside the tie, as any convention must be; only it is on no side of it along an axis.
"""

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec
from .cumulative import one_axis
from .reduction import axes_of, reduced_shapes

Shape = tuple[int, ...]


@st.composite
def pairs(draw: st.DrawFn, shape: Any) -> Any:
    """An array in which no number is there three times."""
    x = draw(gst.arrays(shape, ties=True))
    met: Counter[float] = Counter()
    for place, number in enumerate(x.flat):
        while met[number] == 2:
            number += 0.25
        met[number] += 1
        x.flat[place] = number
    return x


@st.composite
def _lines(draw: st.DrawFn) -> Arguments:
    x = draw(pairs(reduced_shapes))
    return Arguments((x,), draw(one_axis(x.shape)))


@st.composite
def _partitions(draw: st.DrawFn) -> Arguments:
    """Arrays and one place of a line, or several; not of tied elements, of which NumPy takes any."""
    shape = draw(gst.shapes(allow_empty=False) | st.sampled_from([(5,), (2, 3), (0, 3)]))
    count = int(np.prod(shape))
    x = np.array(draw(st.permutations(range(count)))).reshape(shape) / 4 - 1.0
    axis = draw(one_axis(shape))["axis"] if count else -1
    length = count if axis is None else shape[axis]
    places = st.integers(-length, length - 1)
    return Arguments((np.asarray(x),), {"kth": draw(places | st.lists(places, min_size=1, max_size=2)), "axis": axis})


def _partitioned(x: Any, kth: Any, axis: Any) -> Any:
    """NumPy says not in which order the smaller and the larger stand: as its own argpartition has them."""
    order = np.argpartition(x, kth, axis)
    return x.reshape(-1)[order] if axis is None else np.take_along_axis(x, order, axis)


@st.composite
def _orders(draw: st.DrawFn) -> Arguments:
    """A permutation of each line."""
    x = draw(gst.arrays(gst.shapes(min_dims=1)))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    lines = np.moveaxis(np.empty(x.shape, np.intp), axis, -1)
    for place in np.ndindex(lines.shape[:-1]):
        lines[place] = draw(st.permutations(range(lines.shape[-1])))
    return Arguments((x,), {"order": np.moveaxis(lines, -1, axis), "axis": axis})


def _in_order(x: Any, order: Any, axis: int) -> Any:
    return np.take_along_axis(x, order, axis)


def _one_and_keepdims(shape: Shape) -> Any:
    return axes_of(shape).filter(lambda keywords: not isinstance(keywords["axis"], tuple))


_filled = gst.shapes(allow_empty=False) | st.sampled_from([(2, 3), (3, 2, 1), (2, 0), (0, 3)])

op_spec(ops.sort, op=ops.Sort, arguments=_lines())
op_spec(ops.partition, op=ops.Partition, arguments=_partitions(), values=_partitioned)
op_spec(ops.Permute, op=ops.Permute, name="permute", arguments=_orders(), linear=True, values=_in_order)
op_spec(
    ops.argsort,
    op=ops.ArgSort,
    shapes=reduced_shapes,
    kwargs=one_axis,
    ties=True,
    differentiable=False,
    values=lambda x, axis: np.argsort(x, axis, kind="stable"),
)
op_spec(ops.argmax, op=ops.ArgMax, shapes=_filled, kwargs=_one_and_keepdims, ties=True, differentiable=False)
op_spec(ops.argmin, op=ops.ArgMin, shapes=_filled, kwargs=_one_and_keepdims, ties=True, differentiable=False)
op_spec(ops.count_nonzero, op=ops.CountNonzero, shapes=reduced_shapes, kwargs=axes_of, differentiable=False)
