"""Matrix products."""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op

__all__ = [
    "MatMul",
    "matmul",
]


class MatMul(Op, numpy=np.matmul):
    """x @ y, as NumPy has it: vectors, matrices, stacks of matrices"""

    multilinear = True

    def forward(x, y):
        return np.matmul(x, y)

    def dx(g, out, x, y):
        if y.ndim == 1:  # each row of x met y: one number a row
            return np.expand_dims(g, -1) * y
        if x.ndim == 1:  # x met each column of y
            return (np.expand_dims(g, -2) @ y.mT).squeeze(-2)
        return g @ y.mT

    def dy(g, out, x, y):
        if x.ndim == 1:
            return np.expand_dims(x, -1) * np.expand_dims(g, -2) if y.ndim > 1 else x * g
        if y.ndim == 1:
            return (x.mT @ np.expand_dims(g, -1)).squeeze(-1)
        return x.mT @ g


def matmul(x: Any, y: Any) -> Any:
    """Return the matrix product x @ y; the gradients are g yᵀ and xᵀ g.

    Vectors, matrices and stacks of matrices, as numpy.matmul. Raises ValueError if the
    inner lengths differ, or for a scalar.

    >>> import minigrad as mg
    >>> mg.matmul(mg.tensor([[1.0, 2.0]]), mg.tensor([[3.0], [4.0]]))
    Tensor([[11.]])
    """
    return apply(MatMul, x, y)
