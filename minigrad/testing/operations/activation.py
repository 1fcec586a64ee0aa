"""Activation functions: saturated units and kinks."""

import math
from math import inf

import numpy as np

from ... import ops
from ..spec import op_spec
from .error_function import each

Shape = tuple[int, ...]


op_spec(
    ops.sigmoid,
    op=ops.Sigmoid,
    domain=[(-inf, -800), (-80, 8), (80, inf)],
    values=lambda x: 1 / (1 + np.exp(-x)),
    reference="torch.sigmoid",
)
op_spec(ops.relu, op=ops.Relu, smooth=False, values=lambda x: x * (x > 0), reference="torch.relu")
op_spec(
    ops.softplus,
    op=ops.Softplus,
    domain=[(-inf, -800), (-80, inf)],
    values=lambda x: np.logaddexp(x, 0).astype(x.dtype),
    reference="torch.nn.functional.softplus",
)
op_spec(
    ops.gelu,
    op=ops.Gelu,
    values=lambda x: x * (each(math.erfc)(x * -math.sqrt(0.5)) / 2),
)
