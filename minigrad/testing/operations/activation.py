"""Activation functions: saturated units and kinks."""

from math import inf

import numpy as np

from ... import ops
from ..spec import op_spec

Shape = tuple[int, ...]


op_spec(
    ops.sigmoid,
    op=ops.Sigmoid,
    domain=[(-inf, -800), (-80, 8), (80, inf)],
    values=lambda x: 1 / (1 + np.exp(-x)),
    reference="torch.sigmoid",
)
op_spec(ops.relu, op=ops.Relu, smooth=False, values=lambda x: x * (x > 0), reference="torch.relu")
