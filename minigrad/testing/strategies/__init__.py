"""Hypothesis strategies that build the inputs at which gradients go wrong.

Zeros, ties, exact boundaries, lengths of 0 and 1, axes out of order, repeated indices, every layout,
every magnitude, programs with reuse: each drawn on purpose, each shrinking to zeros, short shapes and
small integers. Use them as `from minigrad.testing import strategies as gst`.

One idea: what is rare among random inputs and common among bugs gets a branch of its own.
"""

try:
    from .arrays import arrays, arrays_like, broadcastable, broadcastable_pairs, cotangents
    from .axes import axes, reductions, transposes
    from .cases import kink_points, op_cases, smooth_points
    from .indices import indices
    from .layouts import laid_out, layouts
    from .matrices import matrices
    from .numbers import values
    from .programs import Operation, Program, programs
    from .shapes import broadcastable_shapes, shapes
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] != "hypothesis":
        raise
    raise ModuleNotFoundError(
        'minigrad.testing.strategies needs Hypothesis: pip install "minigrad[testing]"', name=missing.name
    ) from None

__all__ = [
    "Operation",
    "Program",
    "arrays",
    "arrays_like",
    "axes",
    "broadcastable",
    "broadcastable_pairs",
    "broadcastable_shapes",
    "cotangents",
    "indices",
    "kink_points",
    "laid_out",
    "layouts",
    "matrices",
    "op_cases",
    "programs",
    "reductions",
    "shapes",
    "smooth_points",
    "transposes",
    "values",
]
