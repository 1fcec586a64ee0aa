"""The trigonometric and hyperbolic functions: their domains, and where their rules lose digits."""

from math import inf

import numpy as np

from ... import ops
from ..domain import nonzero
from ..spec import op_spec

Shape = tuple[int, ...]


op_spec(ops.sin, op=ops.Sin, reference="torch.sin")
op_spec(ops.cos, op=ops.Cos, reference="torch.cos")
# Their rules read the result, 1 - tanh² and s (1 - s), and it has lost its digits where it is nearly 1. In float32 more
# than half of those of the slope are gone beyond 5 and 8; where it is 1 the slope is 0.
op_spec(ops.tanh, op=ops.Tanh, domain=[(-inf, -24), (-4.5, 4.5), (24, inf)], reference="torch.tanh")
op_spec(ops.tan, op=ops.Tan, domain=[(-1.5, 1.5), (1.7, 4.6)], reference="torch.tan")
op_spec(ops.arcsin, op=ops.Arcsin, domain=(-1, 1), singular=(-1, 1), reference="torch.arcsin")
op_spec(ops.arccos, op=ops.Arccos, domain=(-1, 1), singular=(-1, 1), reference="torch.arccos")
op_spec(ops.arctan, op=ops.Arctan, reference="torch.arctan")
op_spec(ops.arctan2, op=ops.Arctan2, domain=(nonzero, None), reference="torch.arctan2")
op_spec(ops.hypot, op=ops.Hypot, smooth=False)
op_spec(ops.sinh, op=ops.Sinh, domain=(-80, 80), reference="torch.sinh")
op_spec(ops.cosh, op=ops.Cosh, domain=(-80, 80), reference="torch.cosh")
op_spec(ops.arcsinh, op=ops.Arcsinh, reference="torch.arcsinh")
op_spec(ops.arccosh, op=ops.Arccosh, domain=(1, inf), boundaries=2, singular=1, reference="torch.arccosh")
op_spec(ops.arctanh, op=ops.Arctanh, domain=(-1, 1), singular=(-1, 1), reference="torch.arctanh")
op_spec(ops.deg2rad, op=ops.Deg2Rad, linear=True, reference="torch.deg2rad")
op_spec(ops.rad2deg, op=ops.Rad2Deg, linear=True, reference="torch.rad2deg")
op_spec(ops.sinc, op=ops.Sinc, boundaries=(0, 1, -1), values=np.sinc)
