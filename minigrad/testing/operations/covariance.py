"""Covariances: variables in rows and in columns, one of them, a second set beside the first."""

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

_moderate = gst.values(magnitudes=(-3, 2))


@st.composite
def _observed(draw: st.DrawFn) -> Arguments:
    """Three observations or more, so that something is left when ddof is taken off."""
    n = draw(st.integers(3, 4))
    by_rows = draw(st.booleans())
    shapes = [(n,), (1, n), (2, n)]
    shape = draw(st.sampled_from(shapes))
    given = [draw(gst.arrays(shape if by_rows else shape[::-1], elements=_moderate))]
    if draw(st.booleans()):
        shape = draw(st.sampled_from(shapes))
        given.append(draw(gst.arrays(shape if by_rows else shape[::-1], elements=_moderate)))
    keywords = {"rowvar": by_rows, "bias": draw(st.booleans()), "ddof": draw(st.sampled_from([None, 0, 2]))}
    return Arguments(tuple(given), keywords)


@st.composite
def _correlated(draw: st.DrawFn) -> Arguments:
    """Variables that vary."""
    n = draw(st.integers(3, 4))
    shape = draw(st.sampled_from([(n,), (2, n), (3, n)]))
    x = draw(gst.arrays(shape, elements=_moderate)) * 0.25 + np.arange(n) ** 2
    return Arguments((x,), {})


op_spec(ops.cov, arguments=_observed(), values=np.cov)
op_spec(ops.corrcoef, arguments=_correlated(), values=np.corrcoef)
