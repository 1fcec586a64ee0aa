"""Diagonals and triangles: beside the main one, beyond the corner, of matrices that are not square."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]

_offsets = st.integers(-3, 3)


@st.composite
def _planes(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    """A diagonal in a plane of two axes."""
    first, second = draw(st.permutations(range(len(shape))))[:2]
    return {"offset": draw(_offsets), "axis1": first - len(shape) if draw(st.booleans()) else first, "axis2": second}


@st.composite
def _onto(draw: st.DrawFn) -> Arguments:
    """A diagonal, and the shape it is put into."""
    shape = draw(gst.shapes(min_dims=2))
    keywords = draw(_planes(shape))
    return Arguments((draw(gst.arrays(np.zeros(shape).diagonal(**keywords).shape)),), {"shape": shape, **keywords})


def _onto_by_numpy(x: Any, shape: Shape, offset: int, axis1: int, axis2: int) -> Any:
    out = np.zeros(shape, x.dtype)
    out.reshape(-1)[np.arange(out.size).reshape(shape).diagonal(offset, axis1, axis2)] = x
    return out


_matrices = gst.shapes(min_dims=2) | gst.shapes(min_dims=2, allow_empty=False)

op_spec(ops.diagonal, op=ops.Diagonal, operands=1, shapes=_matrices, kwargs=_planes, linear=True, values=np.diagonal)
op_spec(ops.FromDiagonal, arguments=_onto(), linear=True, values=_onto_by_numpy)
op_spec(ops.diag, shapes=gst.shapes(min_dims=1, max_dims=2), kwargs={"k": _offsets}, linear=True, values=np.diag)
op_spec(ops.tril, op=ops.Tril, shapes=gst.shapes(min_dims=1), kwargs={"k": _offsets}, linear=True, values=np.tril)
op_spec(ops.triu, op=ops.Triu, shapes=gst.shapes(min_dims=1), kwargs={"k": _offsets}, linear=True, values=np.triu)
