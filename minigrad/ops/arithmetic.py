"""Arithmetic: + - * / ** and what is made of them.

Each rule is the school's: the product rule is one line for each factor. Where a
formula is written in an unusual way a comment says what that saves.
"""

import operator
from typing import Any

import numpy as np

from ..graph import apply, run
from ..op import Op

__all__ = [
    "Abs",
    "Add",
    "Div",
    "FMod",
    "Fabs",
    "FloatPower",
    "FloorDiv",
    "Mod",
    "Mul",
    "Neg",
    "Positive",
    "Pow",
    "Reciprocal",
    "Square",
    "Sub",
    "abs",
    "absolute",
    "add",
    "divide",
    "fabs",
    "float_power",
    "floor_divide",
    "fmod",
    "mod",
    "multiply",
    "negative",
    "positive",
    "pow",
    "power",
    "reciprocal",
    "remainder",
    "square",
    "subtract",
    "true_divide",
]

_NUMBERS = (int, float)


class Add(Op, numpy=np.add):
    """x + y"""

    elementwise = True

    def forward(x, y):
        return x + y

    def dx(g, out, x, y):
        return g

    def dy(g, out, x, y):
        return g


class Sub(Op, numpy=np.subtract):
    """x - y"""

    elementwise = True

    def forward(x, y):
        return x - y

    def dx(g, out, x, y):
        return g

    def dy(g, out, x, y):
        return -g


class Mul(Op, numpy=np.multiply):
    """x * y"""

    elementwise = True

    def forward(x, y):
        return x * y

    def dx(g, out, x, y):
        return g * y

    def dy(g, out, x, y):
        return g * x


class Div(Op, numpy=np.true_divide):
    """x / y"""

    elementwise = True
    singular = True

    def forward(x, y):
        return x / y

    def dx(g, out, x, y):
        return g / y

    def dy(g, out, x, y):
        return g * out / -y  # -g x / y², by the quotient already known: x need not be kept


class Mod(Op, numpy=np.remainder):
    """x % y, of the sign of y: x - y ⌊x / y⌋"""

    elementwise = True
    singular = True

    def forward(x, y):
        return x % y

    def dx(g, out, x, y):
        return g

    def dy(g, out, x, y):
        return -g * _floor_of_quotient(x, y, out)


def _floor_of_quotient(x, y, rest):
    """⌊x / y⌋ by the rest that is known: np.floor_divide takes ten times as long, for it finds the rest again."""
    with np.errstate(all="ignore"):
        found = np.rint((x - rest) / y)
    return found if np.isfinite(found).all() else x // y  # of infinite x or y, or by y = 0


class FMod(Op, numpy=np.fmod):
    """The rest of x / y, of the sign of x: x - y trunc(x / y)"""

    elementwise = True
    singular = True

    def forward(x, y):
        return np.fmod(x, y)

    def dx(g, out, x, y):
        return g

    def dy(g, out, x, y):
        # The rest is exact, and x / y is not: it may round to a whole number that it does not reach.
        return -g * np.rint((x - out) / y)


class FloorDiv(Op, numpy=np.floor_divide):
    """x // y: constant between jumps, so no gradient"""

    elementwise = True

    def forward(x, y):
        return x // y


class Neg(Op, numpy=np.negative):
    """-x"""

    elementwise = True

    def forward(x):
        return -x

    def dx(g, out, x):
        return -g


class Positive(Op, numpy=np.positive):
    """+x"""

    elementwise = True

    def forward(x):
        return +x

    def dx(g, out, x):
        return g


class Abs(Op, numpy=np.absolute):
    """|x|, with derivative 0 at 0"""

    elementwise = True

    def forward(x):
        return operator.abs(x)

    def dx(g, out, x):
        return g * np.sign(x)


class Fabs(Op, numpy=np.fabs):
    """|x| as a float, with derivative 0 at 0"""

    elementwise = True

    def forward(x):
        return np.fabs(x)

    def dx(g, out, x):
        return g * np.sign(x)


class Square(Op, numpy=np.square):
    """x²"""

    elementwise = True

    def forward(x):
        return np.square(x)

    def dx(g, out, x):
        return g * (x + x)


class Reciprocal(Op, numpy=np.reciprocal):
    """1 / x"""

    elementwise = True
    singular = True

    def forward(x):
        return np.reciprocal(x)

    def dx(g, out, x):
        return -g * np.square(out)


class Pow(Op, numpy=np.power):
    """x ** y. At x = 0 the derivative of x**0 is 0, and so is that of 0**y in y."""

    elementwise = True
    singular = True

    def forward(x, y):
        if type(x) is np.ndarray and x.dtype.kind == "f" and type(y) in _NUMBERS and y in (3, 4, -2):
            # NumPy multiplies for x² alone: products take a third of its time, where x < 0 a seventieth.
            square = np.square(x if y > 0 else 1 / x)
            return square * x if y == 3 else square * square if y == 4 else square
        return x**y

    def dx(g, out, x, y):
        if isinstance(y, _NUMBERS):  # an exponent in the program text: its formula is chosen once
            if y == 2:
                return g * (x + x)
            if y == 0:
                return g * np.zeros_like(x)
            return g * (y * run(Pow, x, y - 1))
        # y x^(y-1) is 0 · ∞ at x = y = 0, and only there: take x^1.
        return g * (y * x ** np.where((x == 0) & (y == 0), 1, y - 1))

    def dy(g, out, x, y):
        return g * (out * np.log(np.where(x == 0, 1, x)))


class FloatPower(Op, numpy=np.float_power):
    """x ** y in float64 whatever the dtypes, with the conventions of Pow"""

    elementwise = True
    singular = True

    def forward(x, y):
        return np.float_power(x, y)

    def dx(g, out, x, y):
        return g * (y * np.float_power(x, np.where((x == 0) & (y == 0), 1, y - 1)))

    def dy(g, out, x, y):
        return g * (out * np.log(np.where(x == 0, np.float64(1), x)))  # a logarithm in float64 too


def add(x: Any, y: Any) -> Any:
    """Return x + y; the derivative is 1 in each.

    >>> import minigrad as mg
    >>> mg.add(mg.tensor([1.0, 2.0]), 1.0)
    Tensor([2., 3.])
    """
    return apply(Add, x, y)


def subtract(x: Any, y: Any) -> Any:
    """Return x - y; the derivatives are 1 and -1.

    >>> import minigrad as mg
    >>> mg.subtract(mg.tensor([1.0, 2.0]), 1.0)
    Tensor([0., 1.])
    """
    return apply(Sub, x, y)


def multiply(x: Any, y: Any) -> Any:
    """Return x * y; the derivatives are y and x.

    >>> import minigrad as mg
    >>> mg.multiply(mg.tensor([1.0, 2.0]), 3.0)
    Tensor([3., 6.])
    """
    return apply(Mul, x, y)


def divide(x: Any, y: Any) -> Any:
    """Return x / y; the derivatives are 1/y and -x/y².

    >>> import minigrad as mg
    >>> mg.divide(mg.tensor([1.0, 2.0]), 2.0)
    Tensor([0.5, 1. ])
    """
    return apply(Div, x, y)


def remainder(x: Any, y: Any) -> Any:
    """Return x % y, of the sign of y; the derivatives are 1 and -⌊x/y⌋, between the jumps.

    >>> import minigrad as mg
    >>> mg.remainder(mg.tensor([5.0, -5.0]), 3.0)
    Tensor([2., 1.])
    """
    return apply(Mod, x, y)


def fmod(x: Any, y: Any) -> Any:
    """Return the rest of x / y, of the sign of x; the derivatives are 1 and -trunc(x/y), between the jumps.

    >>> import minigrad as mg
    >>> mg.fmod(mg.tensor([5.0, -5.0]), 3.0)
    Tensor([ 2., -2.])
    """
    return apply(FMod, x, y)


def floor_divide(x: Any, y: Any) -> Any:
    """Return ⌊x / y⌋: constant between jumps, no gradient passes.

    >>> import minigrad as mg
    >>> mg.floor_divide(mg.tensor([5.0, -5.0]), 3.0)
    Tensor([ 1., -2.])
    """
    return apply(FloorDiv, x, y)


def power(x: Any, y: Any) -> Any:
    """Return x ** y; the derivatives are y x^(y-1) and x^y log x.

    >>> import minigrad as mg
    >>> mg.power(mg.tensor([1.0, 2.0]), 3.0)
    Tensor([1., 8.])
    """
    return apply(Pow, x, y)


def float_power(x: Any, y: Any) -> Any:
    """Return x ** y in float64; the derivatives are y x^(y-1) and x^y log x.

    >>> import minigrad as mg
    >>> mg.float_power(mg.tensor([1, 2]), -1)
    Tensor([1. , 0.5])
    """
    return apply(FloatPower, x, y)


def positive(x: Any) -> Any:
    """Return +x, a tensor of its own; the derivative is 1.

    >>> import minigrad as mg
    >>> mg.positive(mg.tensor([1.0, -2.0]))
    Tensor([ 1., -2.])
    """
    return apply(Positive, x)


def negative(x: Any) -> Any:
    """Return -x; the derivative is -1.

    >>> import minigrad as mg
    >>> mg.negative(mg.tensor([1.0, 2.0]))
    Tensor([-1., -2.])
    """
    return apply(Neg, x)


def absolute(x: Any) -> Any:
    """Return |x|; the derivative is the sign of x, 0 at 0.

    >>> import minigrad as mg
    >>> mg.absolute(mg.tensor([-1.0, 2.0]))
    Tensor([1., 2.])
    """
    return apply(Abs, x)


def fabs(x: Any) -> Any:
    """Return |x| as a float; the derivative is the sign of x, 0 at 0.

    >>> import minigrad as mg
    >>> mg.fabs(mg.tensor([-1, 2]))
    Tensor([1., 2.])
    """
    return apply(Fabs, x)


def square(x: Any) -> Any:
    """Return x²; the derivative is 2x.

    >>> import minigrad as mg
    >>> mg.square(mg.tensor([1.0, 2.0]))
    Tensor([1., 4.])
    """
    return apply(Square, x)


def reciprocal(x: Any) -> Any:
    """Return 1/x; the derivative is -1/x².

    >>> import minigrad as mg
    >>> mg.reciprocal(mg.tensor([1.0, 2.0]))
    Tensor([1. , 0.5])
    """
    return apply(Reciprocal, x)


# NumPy's other names for them.
abs = absolute
mod = remainder
pow = power
true_divide = divide
