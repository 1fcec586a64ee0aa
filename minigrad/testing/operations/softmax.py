"""Softmax and its like: numbers so large that their exponentials overflow; the values in extended precision.

One idea: numbers may be large, but no further than 8 apart. Of one that is 20 above all others the softmax s
is 1 - 2e-9, and its slope s (1 - s) is as exact as s is: to a unit in the last place of 1.
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec
from .reduction import axes_of_sum, reduced_shapes

Shape = tuple[int, ...]


def _axis_of(shape: Shape) -> SearchStrategy[dict[str, Any]]:
    """The keyword of a softmax."""
    return axes_of_sum(shape).map(lambda keywords: {"axis": keywords["axis"]})


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Its values, in extended precision: a Python loop over nothing but NumPy's sum of exponentials."""
    wide = x.astype(np.longdouble)
    top = np.max(wide, axis=axis, keepdims=True, initial=-1e4)
    total = np.log(np.sum(np.exp(wide - top), axis=axis, keepdims=True)) + top
    if x.size < total.size or not x.size:
        total = np.full_like(total, -np.inf)
    return (total if keepdims else np.squeeze(total, axis)).astype(x.dtype)


def _log_softmax(x: Any, axis: Any = -1) -> Any:
    wide = x.astype(np.longdouble)
    return (wide - _logsumexp(wide, axis, True)).astype(x.dtype)


def _softmax(x: Any, axis: Any = -1) -> Any:
    return np.exp(_log_softmax(x.astype(np.longdouble), axis)).astype(x.dtype)


@st.composite
def _lines(draw: st.DrawFn, keywords: Any) -> Arguments:
    """Numbers around 0, or around one whose exponential overflows."""
    elements = gst.values(min_value=-4, max_value=4, magnitudes=(-8, 2))
    x = draw(gst.arrays(reduced_shapes, elements=elements))
    x = np.asarray(x + draw(st.sampled_from([0.0, 0.0, 1000.0, -2000.0])))
    return Arguments((x,), draw(keywords(x.shape)))


op_spec(ops.logsumexp, op=ops.LogSumExp, arguments=_lines(axes_of_sum), values=_logsumexp)
op_spec(ops.softmax, op=ops.Softmax, arguments=_lines(_axis_of), values=_softmax)
op_spec(ops.log_softmax, op=ops.LogSoftmax, arguments=_lines(_axis_of), values=_log_softmax)
