"""How to draw hard cases for arithmetic: powers of 0, divisors of both signs, jumps kept away from."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..domain import nonzero
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]


@st.composite
def _between_jumps(draw: st.DrawFn) -> tuple[Any, Any]:
    """x and y of which x / y is no whole number, nor near one: there x % y jumps."""
    # An odd number of sixteenths over an even one is never whole.
    sixteenths = st.integers(-24, 24).map(lambda n: (2 * n + 1) / 16)
    eighths = st.integers(4, 24) | st.integers(-24, -4)
    x, y = draw(gst.broadcastable(2, elements=[sixteenths, eighths.map(lambda n: n / 8)], share=False))
    scale = 2.0 ** draw(st.sampled_from([0, 0, 6, -20]))
    return np.asarray(x * scale), np.asarray(y * scale)  # a 0-d array too, no NumPy scalar


@st.composite
def _powers(draw: st.DrawFn) -> Arguments:
    """x^y: of a base above 0 by both; of any base by a whole, constant exponent; of 0 by both where it has slopes."""
    above = gst.values(min_value=0, exclude_min=True, boundaries=(1.0,), magnitudes=(-12, 3))
    moderate = gst.values(min_value=-4, max_value=4, boundaries=(0.0, 1.0, 2.0))
    anything = gst.values(min_value=-8, max_value=8, boundaries=(0.0, 1.0, -1.0))
    away = anything.filter(bool)
    whole = st.sampled_from([2, 3, 1, 0])
    kind = draw(st.sampled_from(["both", "number"] * 3 + ["root", "array", "of a number", "zeros", "slopeless"]))
    if kind == "number":
        y = draw(st.sampled_from([2, -2, 0, -1, 1, 3, 2.0, 0.0, -2.0, -1.5]))
        elements = above if y == -1.5 else anything if y >= 0 else away
        return Arguments((draw(gst.arrays(gst.shapes(), elements=elements)), y), {}, (0,))
    if kind == "root":
        y = draw(st.sampled_from([0.5, 1.5, -0.25, 2.5]))
        return Arguments((draw(gst.arrays(gst.shapes(), elements=above)), y), {}, (0,))
    if kind == "array":  # of integers, or of whole floats
        bases, exponents = draw(gst.broadcastable(2, elements=[anything, whole.map(float)], share=False))
        return Arguments((bases, exponents.astype(np.int64) if draw(st.booleans()) else exponents), {}, (0,))
    if kind == "of a number":
        base = draw(st.sampled_from([2, 0.5, 3, 1, 0.0]))
        elements = gst.values(min_value=0.25, max_value=4, boundaries=(1.0, 2.0)) if base == 0 else moderate
        return Arguments((base, draw(gst.arrays(gst.shapes(), elements=elements))), {}, (1,))
    if kind == "zeros":  # 0^y is 0 for y > 0, and so is its slope by y; by x it has one from y = 1 on
        roots = st.sampled_from([0.0, 1.0, 0.0, 2.0])
        return Arguments(draw(gst.broadcastable(2, elements=[roots, whole.filter(bool).map(float)], share=False)))
    if kind == "slopeless":  # at x = 0 the slope of x^0.5 is infinite, and of x^y by y at 0 there is none
        roots = st.sampled_from([0.0, 1.0, 2.0])
        flat = st.sampled_from([0.5, 0.0, 1.5])
        return Arguments(draw(gst.broadcastable(2, elements=[roots, flat], share=False)))
    shared = gst.values(min_value=0.25, max_value=3, boundaries=(1.0, 2.0))
    return Arguments(draw(gst.broadcastable(2, elements=shared if draw(st.integers(0, 4)) == 4 else [above, moderate])))


op_spec(ops.add, op=ops.Add, linear=True, reference="torch.add")
op_spec(ops.subtract, op=ops.Sub, linear=True, reference="torch.subtract")
op_spec(ops.multiply, op=ops.Mul, reference="torch.multiply")
op_spec(ops.divide, op=ops.Div, domain=(None, nonzero), reference="torch.divide")
op_spec(ops.remainder, op=ops.Mod, arguments=_between_jumps(), reference="torch.remainder")
op_spec(ops.fmod, op=ops.FMod, arguments=_between_jumps(), reference="torch.fmod")
op_spec(ops.floor_divide, op=ops.FloorDiv, arguments=_between_jumps(), differentiable=False)
op_spec(ops.negative, op=ops.Neg, linear=True, reference="torch.negative")
op_spec(ops.positive, op=ops.Positive, linear=True, reference="torch.positive")
op_spec(ops.absolute, op=ops.Abs, smooth=False, reference="torch.absolute")
op_spec(ops.fabs, op=ops.Fabs, smooth=False, reference="torch.absolute")
op_spec(ops.square, op=ops.Square, reference="torch.square")
op_spec(ops.reciprocal, op=ops.Reciprocal, domain=nonzero, reference="torch.reciprocal")
op_spec(ops.power, op=ops.Pow, arguments=_powers(), reference="torch.pow")
op_spec(ops.float_power, op=ops.FloatPower, arguments=_powers(), reference="torch.float_power")
