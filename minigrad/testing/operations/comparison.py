"""Comparisons and logic: no gradient, and ties on purpose."""

import operator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..spec import op_spec

Shape = tuple[int, ...]


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
