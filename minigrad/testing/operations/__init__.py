"""What is special about each of minigrad's own operations.

One idea: one line each. Shapes, broadcasting, magnitudes, zeros, dtypes and layouts are not said:
every operation meets all of them.
There is a file here for each family in `minigrad.ops`.
"""

from . import (
    activation,
    arithmetic,
    choosing,
    comparison,
    cumulative,
    diagonals,
    error_function,
    exponential,
    indexing,
    interpolation,
    joining,
    linalg,
    missing,
    polynomials,
    products,
    rearranging,
    reduction,
    repeating,
    rounding,
    shape,
    softmax,
    sorting,
    statistics,
    taking,
    trigonometric,
)

__all__ = [
    "activation",
    "arithmetic",
    "choosing",
    "comparison",
    "cumulative",
    "diagonals",
    "error_function",
    "exponential",
    "indexing",
    "interpolation",
    "joining",
    "linalg",
    "missing",
    "polynomials",
    "products",
    "rearranging",
    "reduction",
    "repeating",
    "rounding",
    "shape",
    "softmax",
    "sorting",
    "statistics",
    "taking",
    "trigonometric",
]
