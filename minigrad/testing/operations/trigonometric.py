"""The trigonometric and hyperbolic functions: their domains, and where their rules lose digits."""

from math import inf

from ... import ops
from ..spec import op_spec

Shape = tuple[int, ...]


op_spec(ops.sin, op=ops.Sin, reference="torch.sin")
op_spec(ops.cos, op=ops.Cos, reference="torch.cos")
# Their rules read the result, 1 - tanh² and s (1 - s), and it has lost its digits where it is nearly 1. In float32 more
# than half of those of the slope are gone beyond 5 and 8; where it is 1 the slope is 0.
op_spec(ops.tanh, op=ops.Tanh, domain=[(-inf, -24), (-4.5, 4.5), (24, inf)], reference="torch.tanh")
