"""What is special about each of minigrad's own operations.

One idea: one line each. Shapes, broadcasting, magnitudes, zeros, dtypes and layouts are not said:
every operation meets all of them.
"""

import math
import operator
from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .. import ops
from . import strategies as gst
from .spec import Arguments, nonzero, op_spec

Shape = tuple[int, ...]

# ----------------------------------------------------------------------------- arithmetic


@st.composite
def _between_jumps(draw: st.DrawFn) -> tuple[Any, Any]:
    """x and y of which x / y is no whole number, nor near one: there x % y jumps."""
    # An odd number of sixteenths over an even one is never whole.
    sixteenths = st.integers(-24, 24).map(lambda n: (2 * n + 1) / 16)
    eighths = st.integers(4, 24) | st.integers(-24, -4)
    x, y = draw(gst.broadcastable(2, elements=[sixteenths, eighths.map(lambda n: n / 8)], share=False))
    scale = 2.0 ** draw(st.sampled_from([0, 0, 6, -20]))
    return np.asarray(x * scale), np.asarray(y * scale)  # a 0-d array too, no NumPy scalar


@st.composite
def _powers(draw: st.DrawFn) -> Arguments:
    """x^y: of a base above 0 by both; of any base by a whole, constant exponent; of 0 by both where it has slopes."""
    above = gst.values(min_value=0, exclude_min=True, boundaries=(1.0,), magnitudes=(-12, 3))
    moderate = gst.values(min_value=-4, max_value=4, boundaries=(0.0, 1.0, 2.0))
    anything = gst.values(min_value=-8, max_value=8, boundaries=(0.0, 1.0, -1.0))
    away = anything.filter(bool)
    whole = st.sampled_from([2, 3, 1, 0])
    kind = draw(st.sampled_from(["both", "number"] * 3 + ["root", "array", "of a number", "zeros", "slopeless"]))
    if kind == "number":
        y = draw(st.sampled_from([2, -2, 0, -1, 1, 3, 2.0, 0.0, -2.0, -1.5]))
        elements = above if y == -1.5 else anything if y >= 0 else away
        return Arguments((draw(gst.arrays(gst.shapes(), elements=elements)), y), {}, (0,))
    if kind == "root":
        y = draw(st.sampled_from([0.5, 1.5, -0.25, 2.5]))
        return Arguments((draw(gst.arrays(gst.shapes(), elements=above)), y), {}, (0,))
    if kind == "array":  # of integers, or of whole floats
        bases, exponents = draw(gst.broadcastable(2, elements=[anything, whole.map(float)], share=False))
        return Arguments((bases, exponents.astype(np.int64) if draw(st.booleans()) else exponents), {}, (0,))
    if kind == "of a number":
        base = draw(st.sampled_from([2, 0.5, 3, 1, 0.0]))
        elements = gst.values(min_value=0.25, max_value=4, boundaries=(1.0, 2.0)) if base == 0 else moderate
        return Arguments((base, draw(gst.arrays(gst.shapes(), elements=elements))), {}, (1,))
    if kind == "zeros":  # 0^y is 0 for y > 0, and so is its slope by y; by x it has one from y = 1 on
        roots = st.sampled_from([0.0, 1.0, 0.0, 2.0])
        return Arguments(draw(gst.broadcastable(2, elements=[roots, whole.filter(bool).map(float)], share=False)))
    if kind == "slopeless":  # at x = 0 the slope of x^0.5 is infinite, and of x^y by y at 0 there is none
        roots = st.sampled_from([0.0, 1.0, 2.0])
        flat = st.sampled_from([0.5, 0.0, 1.5])
        return Arguments(draw(gst.broadcastable(2, elements=[roots, flat], share=False)))
    shared = gst.values(min_value=0.25, max_value=3, boundaries=(1.0, 2.0))
    return Arguments(draw(gst.broadcastable(2, elements=shared if draw(st.integers(0, 4)) == 4 else [above, moderate])))


op_spec(ops.add, op=ops.Add, linear=True, reference="torch.add")
op_spec(ops.subtract, op=ops.Sub, linear=True, reference="torch.subtract")
op_spec(ops.multiply, op=ops.Mul, reference="torch.multiply")
op_spec(ops.divide, op=ops.Div, domain=(None, nonzero), reference="torch.divide")
op_spec(ops.remainder, op=ops.Mod, arguments=_between_jumps(), reference="torch.remainder")
op_spec(ops.floor_divide, op=ops.FloorDiv, arguments=_between_jumps(), differentiable=False)
op_spec(ops.negative, op=ops.Neg, linear=True, reference="torch.negative")
op_spec(operator.pos, name="positive", op=ops.Positive, linear=True, reference="torch.positive")
op_spec(ops.absolute, op=ops.Abs, smooth=False, reference="torch.absolute")
op_spec(ops.square, op=ops.Square, reference="torch.square")
op_spec(ops.reciprocal, op=ops.Reciprocal, domain=nonzero, reference="torch.reciprocal")
op_spec(ops.power, op=ops.Pow, arguments=_powers(), reference="torch.pow")

# ----------------------------------------------------------------------------- comparisons


@st.composite
def _truths(draw: st.DrawFn, count: int) -> tuple[Any, ...]:
    """Truth values, or integers."""
    bits = draw(gst.broadcastable(count, elements=st.sampled_from([0.0, 1.0, -1.0])))
    dtype = draw(st.sampled_from([np.bool_, np.int64]))
    return tuple(x.astype(dtype) for x in bits)


for _public, _op in (
    (ops.equal, ops.Equal),
    (ops.not_equal, ops.NotEqual),
    (ops.less, ops.Less),
    (ops.less_equal, ops.LessEqual),
    (ops.greater, ops.Greater),
    (ops.greater_equal, ops.GreaterEqual),
):
    op_spec(_public, op=_op, ties=True, differentiable=False)
op_spec(operator.and_, op=ops.And, arguments=_truths(2), differentiable=False)
op_spec(operator.or_, op=ops.Or, arguments=_truths(2), differentiable=False)
op_spec(operator.invert, op=ops.Not, arguments=_truths(1), differentiable=False)

# ----------------------------------------------------------------------------- functions of each element

op_spec(ops.exp, op=ops.Exp, domain=(-80, 80), reference="torch.exp")
op_spec(ops.log, op=ops.Log, domain=(0, inf), boundaries=1, reference="torch.log")
op_spec(ops.sqrt, op=ops.Sqrt, domain=(0, inf), boundaries=1, singular=0, reference="torch.sqrt")
op_spec(ops.sin, op=ops.Sin, reference="torch.sin")
op_spec(ops.cos, op=ops.Cos, reference="torch.cos")
# Their rules read the result, 1 - tanh² and s (1 - s), and it has lost its digits where it is nearly 1. In float32 more
# than half of those of the slope are gone beyond 5 and 8; where it is 1 the slope is 0.
op_spec(ops.tanh, op=ops.Tanh, domain=[(-inf, -24), (-4.5, 4.5), (24, inf)], reference="torch.tanh")
op_spec(
    ops.sigmoid,
    op=ops.Sigmoid,
    domain=[(-inf, -800), (-80, 8), (80, inf)],
    values=lambda x: 1 / (1 + np.exp(-x)),
    reference="torch.sigmoid",
)
op_spec(ops.relu, op=ops.Relu, smooth=False, values=lambda x: x * (x > 0), reference="torch.relu")
op_spec(ops.sign, op=ops.Sign, differentiable=False)
op_spec(ops.maximum, op=ops.Maximum, ties=True, reference="torch.maximum")
op_spec(ops.minimum, op=ops.Minimum, ties=True, reference="torch.minimum")
op_spec(ops.where, op=ops.Where, domain=(bool, None, None), values=np.where, reference="torch.where")

# ----------------------------------------------------------------------------- reductions


_reduced = gst.shapes() | gst.shapes(min_dims=2, allow_empty=False)
"""Shapes, often of several axes that can be told apart."""


def _axes(shape: Shape) -> SearchStrategy[dict[str, Any]]:
    """The keywords of a reduction; often one axis, counted from the end, that is not kept."""
    if not any(shape):
        return gst.reductions(shape, allow_empty=False)
    among = [axis for axis, side in enumerate(shape) if side]
    one = st.sampled_from([*(axis - len(shape) for axis in among), *among])
    return gst.reductions(shape, allow_empty=False) | st.fixed_dictionaries(
        {"axis": one}, optional={"keepdims": st.booleans()}
    )


def _axes_of_sum(shape: Shape) -> SearchStrategy[dict[str, Any]]:
    """Those, and axes of length 0: the sum of nothing is 0."""
    return _axes(shape) | gst.reductions(shape)


op_spec(ops.sum, op=ops.Sum, shapes=_reduced, kwargs=_axes_of_sum, linear=True)
op_spec(ops.mean, op=ops.Mean, shapes=_reduced, kwargs=_axes, linear=True)
op_spec(ops.max, op=ops.Max, shapes=_reduced, kwargs=_axes, ties=True)
op_spec(ops.min, op=ops.Min, shapes=_reduced, kwargs=_axes, ties=True)

# ----------------------------------------------------------------------------- products


@st.composite
def _products(draw: st.DrawFn) -> tuple[Any, Any]:
    """Vectors, matrices and stacks of matrices, whose stacking axes broadcast."""
    n, k, m = (draw(st.sampled_from([1, 2, 1, 3, 1, 2, 0])) for _ in range(3))
    k = k if n * m else max(k, 1)
    forms = [((n, k), (k, m)), ((k,), (k, m)), ((n, k), (k,)), ((k,), (k,)), ((k,), (k, m)), ((n, k), (k,))]
    left, right = draw(st.sampled_from(forms))
    stacks = draw(gst.broadcastable_shapes(2, max_dims=2, max_side=2, max_size=2)).input_shapes
    left, right = (
        (*stack, *shape) if len(shape) == 2 and draw(st.booleans()) else shape
        for stack, shape in zip(stacks, (left, right))
    )
    elements = gst.values(magnitudes=(-10, 6))
    x = draw(gst.arrays(left, elements=elements))
    return x, x if left == right and draw(st.booleans()) else draw(gst.arrays(right, elements=elements))


op_spec(ops.matmul, op=ops.MatMul, arguments=_products(), reference="torch.matmul")

# ----------------------------------------------------------------------------- shapes

_uneven = gst.shapes() | st.sampled_from([(2, 3), (6,), (3, 1, 2), (2, 2, 3)])
"""Shapes, often those in which the order of elements shows."""


def _same_size(shape: Shape) -> SearchStrategy[Any]:
    """Other shapes of as many elements, one length perhaps left open."""
    size = math.prod(shape)
    whole = [
        (a, b, size // (a * b)) for a in range(1, size + 1) for b in range(1, size + 1) if a * b and not size % (a * b)
    ]
    into: list[Any] = [shape[::-1], size, (size,), shape, -1, (1, size), (size, 1)] if size else [shape[::-1], shape, 0]
    into += [part for each in whole for part in (each, each[:2] if each[2] == 1 else (*each[:2], -1))]
    return st.sampled_from([*into, ()] if size == 1 else into)


def _wider(shape: Shape) -> SearchStrategy[Shape]:
    """Shapes to which it broadcasts: new axes in front, lengths of 1 made longer, or none at all."""
    lengths = [st.sampled_from([1, 2, 3, 0]) if side == 1 else st.just(side) for side in shape]
    front = st.lists(st.sampled_from([1, 2, 3, 0]), max_size=2)
    return st.tuples(front, st.tuples(*lengths)).map(lambda parts: (*parts[0], *parts[1]))


def _ones(shape: Shape) -> SearchStrategy[Any]:
    """The axis of a squeeze: one of length 1, several, or None."""
    among = [axis for axis, side in enumerate(shape) if side == 1]
    return st.none() | gst.axes(len(shape), among=among) if among else st.sampled_from([None, ()])


@st.composite
def _new_axes(draw: st.DrawFn, shape: Shape) -> Any:
    """The axis of an expand_dims: an integer, or a tuple in any order."""
    count = draw(st.integers(0, 2))
    ndim = len(shape) + count
    axes = [a - ndim if draw(st.booleans()) else a for a in draw(st.permutations(range(ndim)))[:count]]
    return axes[0] if count == 1 and draw(st.booleans()) else tuple(axes)


@st.composite
def _parts(draw: st.DrawFn, new_axis: bool = False) -> Arguments:
    """Arrays to join: of unequal lengths, of none, one of them twice."""
    shape = draw(gst.shapes(min_dims=0 if new_axis else 1, max_dims=2, max_size=6))
    axis = draw(st.integers(0, len(shape) - (not new_axis)))
    parts: list[Any] = []
    for _ in range(draw(st.integers(1, 3))):
        if parts and draw(st.integers(0, 3)) == 3:
            parts.append(parts[0])
            continue
        length = () if new_axis else (draw(st.sampled_from([1, 2, 0, 3])),)
        parts.append(draw(gst.arrays(shape if new_axis else (*shape[:axis], *length, *shape[axis + 1 :]))))
    if not new_axis and draw(st.integers(0, 7)) == 7:
        return Arguments((parts,), {"axis": None})
    return Arguments((parts,), {"axis": axis - len(shape) - new_axis if draw(st.booleans()) else axis})


@st.composite
def _two_axes(draw: st.DrawFn) -> Arguments:
    x = draw(gst.arrays(gst.shapes(min_dims=1)))
    first, second = (draw(st.integers(-x.ndim, x.ndim - 1)) for _ in range(2))
    return Arguments((x,), {"axis1": first, "axis2": second})


@st.composite
def _points(draw: st.DrawFn, shape: Shape) -> Any:
    """One element by several index arrays, taken again and again."""
    point = tuple(draw(st.integers(-side, side - 1)) for side in shape)
    count = draw(st.integers(2, 3))
    return tuple(np.full(count, place, np.intp) if draw(st.booleans()) else [place] * count for place in point)


def _indices(shape: Shape) -> SearchStrategy[Any]:
    return (
        gst.indices(shape)
        if len(shape) < 2 or 0 in shape
        else st.integers(0, 5).flatmap(lambda n: _points(shape) if n == 5 else gst.indices(shape))
    )


@st.composite
def _added(draw: st.DrawFn) -> Arguments:
    """What is added into zeros, and where; elements meet."""
    shape = draw(gst.shapes())
    index = draw(_indices(shape))
    at = np.array(index, np.intp) if isinstance(index, list) else index
    return Arguments((draw(gst.arrays(np.zeros(shape)[at].shape)),), {"index": index, "shape": shape})


def _added_by_numpy(x: Any, index: Any, shape: Shape) -> Any:
    out = np.zeros(shape, x.dtype)
    np.add.at(out, np.array(index, np.intp) if isinstance(index, list) else index, x)
    return out


def _of_axes(strategy: Callable[[int], SearchStrategy[Any]]) -> Callable[[Shape], SearchStrategy[Any]]:
    return lambda shape: strategy(len(shape))


op_spec(ops.reshape, op=ops.Reshape, shapes=_uneven, kwargs={"shape": _same_size}, linear=True, values=np.reshape)
op_spec(
    ops.transpose,
    op=ops.Transpose,
    shapes=_uneven,
    kwargs={"axes": _of_axes(gst.transposes)},
    linear=True,
    values=np.transpose,
)
op_spec(ops.broadcast_to, op=ops.BroadcastTo, kwargs={"shape": _wider}, linear=True, values=np.broadcast_to)
op_spec(ops.squeeze, op=ops.Squeeze, kwargs={"axis": _ones}, linear=True, values=np.squeeze)
op_spec(ops.expand_dims, op=ops.ExpandDims, kwargs={"axis": _new_axes}, linear=True, values=np.expand_dims)
op_spec(ops.concatenate, op=ops.Concatenate, arguments=_parts(), linear=True, values=np.concatenate)
op_spec(ops.stack, arguments=_parts(new_axis=True), linear=True, values=np.stack)
op_spec(ops.swapaxes, arguments=_two_axes(), linear=True, values=np.swapaxes)
op_spec(
    ops.astype,
    op=ops.AsType,
    kwargs={"dtype": st.sampled_from(["float32", np.float64, np.float32])},
    linear=True,
    values=lambda x, dtype: x.astype(dtype),
)
op_spec(ops.getitem, op=ops.GetItem, kwargs={"index": _indices}, linear=True, values=lambda x, index: x[index])
op_spec(ops.scatter, op=ops.Scatter, arguments=_added(), linear=True, values=_added_by_numpy)
