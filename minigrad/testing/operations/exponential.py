"""Exponentials, logarithms and roots: their domains, and where a slope is infinite."""

from math import inf

from ... import ops
from ..domain import nonzero
from ..spec import op_spec

Shape = tuple[int, ...]


op_spec(ops.exp, op=ops.Exp, domain=(-80, 80), reference="torch.exp")
op_spec(ops.exp2, op=ops.Exp2, domain=(-120, 120), reference="torch.exp2")
op_spec(ops.expm1, op=ops.Expm1, domain=(-80, 80))
op_spec(ops.log, op=ops.Log, domain=(0, inf), boundaries=1, reference="torch.log")
op_spec(ops.sqrt, op=ops.Sqrt, domain=(0, inf), boundaries=1, singular=0, reference="torch.sqrt")
op_spec(ops.log2, op=ops.Log2, domain=(0, inf), boundaries=1, reference="torch.log2")
op_spec(ops.log10, op=ops.Log10, domain=(0, inf), boundaries=1, reference="torch.log10")
op_spec(ops.log1p, op=ops.Log1p, domain=(-1, inf), reference="torch.log1p")
op_spec(ops.cbrt, op=ops.Cbrt, domain=nonzero, singular=0, reference=lambda x: x.sign() * x.abs() ** (1 / 3))
op_spec(ops.logaddexp, op=ops.LogAddExp, reference="torch.logaddexp")
op_spec(ops.logaddexp2, op=ops.LogAddExp2, reference="torch.logaddexp2")
