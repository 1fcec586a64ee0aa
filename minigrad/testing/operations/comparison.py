"""Comparisons and logic: no gradient, and ties on purpose."""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]


@st.composite
def _truths(draw: st.DrawFn, count: int) -> tuple[Any, ...]:
    """Truth values, or integers."""
    bits = draw(gst.broadcastable(count, elements=st.sampled_from([0.0, 1.0, -1.0])))
    dtype = draw(st.sampled_from([np.bool_, np.int64]))
    return tuple(x.astype(dtype) for x in bits)


@st.composite
def _extremes(draw: st.DrawFn, count: int) -> tuple[Any, ...]:
    """NaN, infinities, zeros, and numbers that are nearly equal."""
    numbers = st.sampled_from([1.0, math.nan, math.inf, -math.inf, 0.0, -0.0, 1 + 1e-6, 1 + 1e-4, 1e-9])
    return draw(gst.broadcastable(count, elements=numbers))


def _judged(arrays: tuple[Any, ...]) -> SearchStrategy[Arguments]:
    """Tolerances."""
    options = {"rtol": st.sampled_from([1e-7, 1e-3]), "atol": st.sampled_from([0.0, 1e-5]), "equal_nan": st.booleans()}
    return st.fixed_dictionaries({}, optional=options).map(lambda keywords: Arguments(arrays, keywords))


op_spec(ops.equal, op=ops.Equal, ties=True, differentiable=False)
op_spec(ops.not_equal, op=ops.NotEqual, ties=True, differentiable=False)
op_spec(ops.less, op=ops.Less, ties=True, differentiable=False)
op_spec(ops.less_equal, op=ops.LessEqual, ties=True, differentiable=False)
op_spec(ops.greater, op=ops.Greater, ties=True, differentiable=False)
op_spec(ops.greater_equal, op=ops.GreaterEqual, ties=True, differentiable=False)
op_spec(ops.logical_and, op=ops.LogicalAnd, differentiable=False)
op_spec(ops.logical_or, op=ops.LogicalOr, differentiable=False)
op_spec(ops.logical_xor, op=ops.LogicalXor, differentiable=False)
op_spec(ops.logical_not, op=ops.LogicalNot, differentiable=False)
op_spec(ops.bitwise_and, op=ops.And, arguments=_truths(2), differentiable=False)
op_spec(ops.bitwise_or, op=ops.Or, arguments=_truths(2), differentiable=False)
op_spec(ops.bitwise_xor, op=ops.Xor, arguments=_truths(2), differentiable=False)
op_spec(ops.invert, op=ops.Not, arguments=_truths(1), differentiable=False)
op_spec(ops.isnan, op=ops.IsNan, arguments=_extremes(1), differentiable=False)
op_spec(ops.isinf, op=ops.IsInf, arguments=_extremes(1), differentiable=False)
op_spec(ops.isfinite, op=ops.IsFinite, arguments=_extremes(1), differentiable=False)
op_spec(
    ops.isclose,
    op=ops.IsClose,
    arguments=_extremes(2).flatmap(_judged),
    differentiable=False,
    values=np.isclose,
)
op_spec(ops.any, op=ops.Any_, kwargs=gst.reductions, differentiable=False)
op_spec(ops.all, op=ops.All, kwargs=gst.reductions, differentiable=False)
