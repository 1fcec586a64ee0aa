"""Steps: no gradient passes."""

from ... import ops
from ..spec import op_spec

Shape = tuple[int, ...]


op_spec(ops.sign, op=ops.Sign, differentiable=False)
