"""The error functions: both ends, where they are flat."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ..spec import op_spec

Shape = tuple[int, ...]


def each(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """C's function of each element."""
    return lambda x: np.reshape([function(each) for each in x.flat], x.shape).astype(x.dtype)


op_spec(ops.erf, op=ops.Erf, values=each(math.erf), reference="torch.erf")
op_spec(ops.erfc, op=ops.Erfc, values=each(math.erfc), reference="torch.erfc")
