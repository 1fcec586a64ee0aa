"""Exponentials, logarithms and roots: their domains, and where a slope is infinite."""

from math import inf

from ... import ops
from ..spec import op_spec

Shape = tuple[int, ...]


op_spec(ops.exp, op=ops.Exp, domain=(-80, 80), reference="torch.exp")
op_spec(ops.log, op=ops.Log, domain=(0, inf), boundaries=1, reference="torch.log")
op_spec(ops.sqrt, op=ops.Sqrt, domain=(0, inf), boundaries=1, singular=0, reference="torch.sqrt")
