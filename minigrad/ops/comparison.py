"""Comparisons and logic: truth values, constant between jumps, so no gradient passes."""

import math
from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op, implements
from ..value import Value

__all__ = [
    "All",
    "And",
    "Any_",
    "Equal",
    "Greater",
    "GreaterEqual",
    "IsClose",
    "IsFinite",
    "IsInf",
    "IsNan",
    "Less",
    "LessEqual",
    "LogicalAnd",
    "LogicalNot",
    "LogicalOr",
    "LogicalXor",
    "Not",
    "NotEqual",
    "Or",
    "Xor",
    "all",
    "allclose",
    "any",
    "array_equal",
    "array_equiv",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "equal",
    "greater",
    "greater_equal",
    "invert",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
]


class Equal(Op, numpy=np.equal):
    """x == y"""

    elementwise = True

    def forward(x, y):
        return np.equal(x, y)


class NotEqual(Op, numpy=np.not_equal):
    """x != y"""

    elementwise = True

    def forward(x, y):
        return np.not_equal(x, y)


class Less(Op, numpy=np.less):
    """x < y"""

    elementwise = True

    def forward(x, y):
        return np.less(x, y)


class LessEqual(Op, numpy=np.less_equal):
    """x <= y"""

    elementwise = True

    def forward(x, y):
        return np.less_equal(x, y)


class Greater(Op, numpy=np.greater):
    """x > y"""

    elementwise = True

    def forward(x, y):
        return np.greater(x, y)


class GreaterEqual(Op, numpy=np.greater_equal):
    """x >= y"""

    elementwise = True

    def forward(x, y):
        return np.greater_equal(x, y)


class Or(Op, numpy=np.bitwise_or):
    """x | y"""

    elementwise = True

    def forward(x, y):
        return np.bitwise_or(x, y)


class And(Op, numpy=np.bitwise_and):
    """x & y"""

    elementwise = True

    def forward(x, y):
        return np.bitwise_and(x, y)


class Xor(Op, numpy=np.bitwise_xor):
    """x ^ y"""

    elementwise = True

    def forward(x, y):
        return np.bitwise_xor(x, y)


class Not(Op, numpy=np.invert):
    """~x"""

    elementwise = True

    def forward(x):
        return np.invert(x)


class LogicalAnd(Op, numpy=np.logical_and):
    """Whether x and y are both other than 0"""

    elementwise = True

    def forward(x, y):
        return np.logical_and(x, y)


class LogicalOr(Op, numpy=np.logical_or):
    """Whether x or y is other than 0"""

    elementwise = True

    def forward(x, y):
        return np.logical_or(x, y)


class LogicalXor(Op, numpy=np.logical_xor):
    """Whether one of x and y is other than 0"""

    elementwise = True

    def forward(x, y):
        return np.logical_xor(x, y)


class LogicalNot(Op, numpy=np.logical_not):
    """Whether x is 0"""

    elementwise = True

    def forward(x):
        return np.logical_not(x)


class IsNan(Op, numpy=np.isnan):
    """Whether x is NaN"""

    elementwise = True

    def forward(x):
        return np.isnan(x)


class IsInf(Op, numpy=np.isinf):
    """Whether x is inf or -inf"""

    elementwise = True

    def forward(x):
        return np.isinf(x)


class IsFinite(Op, numpy=np.isfinite):
    """Whether x is a number, neither NaN nor infinite"""

    elementwise = True

    def forward(x):
        return np.isfinite(x)


class IsClose(Op):
    """|a - b| <= atol + rtol |b|"""

    elementwise = True

    def forward(a, b, rtol, atol, equal_nan):
        return np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


class Any_(Op, numpy=np.any):
    """Whether an element over axis is other than 0"""

    def forward(x, axis=None, keepdims=False):
        return np.any(x, axis=axis, keepdims=keepdims)


class All(Op, numpy=np.all):
    """Whether every element over axis is other than 0"""

    def forward(x, axis=None, keepdims=False):
        return np.all(x, axis=axis, keepdims=keepdims)


def equal(x: Any, y: Any) -> Any:
    """Return x == y element by element, as truth values.

    >>> import minigrad as mg
    >>> mg.equal(mg.tensor([1.0, 2.0]), 2.0)
    Tensor([False,  True])
    """
    return apply(Equal, x, y)


def not_equal(x: Any, y: Any) -> Any:
    """Return x != y element by element, as truth values.

    >>> import minigrad as mg
    >>> mg.not_equal(mg.tensor([1.0, 2.0]), 2.0)
    Tensor([ True, False])
    """
    return apply(NotEqual, x, y)


def less(x: Any, y: Any) -> Any:
    """Return x < y element by element, as truth values.

    >>> import minigrad as mg
    >>> mg.less(mg.tensor([1.0, 2.0]), 2.0)
    Tensor([ True, False])
    """
    return apply(Less, x, y)


def less_equal(x: Any, y: Any) -> Any:
    """Return x <= y element by element, as truth values.

    >>> import minigrad as mg
    >>> mg.less_equal(mg.tensor([1.0, 2.0]), 2.0)
    Tensor([ True,  True])
    """
    return apply(LessEqual, x, y)


def greater(x: Any, y: Any) -> Any:
    """Return x > y element by element, as truth values.

    >>> import minigrad as mg
    >>> mg.greater(mg.tensor([1.0, 2.0]), 2.0)
    Tensor([False, False])
    """
    return apply(Greater, x, y)


def greater_equal(x: Any, y: Any) -> Any:
    """Return x >= y element by element, as truth values.

    >>> import minigrad as mg
    >>> mg.greater_equal(mg.tensor([1.0, 2.0]), 2.0)
    Tensor([False,  True])
    """
    return apply(GreaterEqual, x, y)


def logical_and(x: Any, y: Any) -> Any:
    """Return whether x and y are both other than 0, element by element.

    >>> import minigrad as mg
    >>> mg.logical_and(mg.tensor([1.0, 0.0]), 2.0)
    Tensor([ True, False])
    """
    return apply(LogicalAnd, x, y)


def logical_or(x: Any, y: Any) -> Any:
    """Return whether x or y is other than 0, element by element.

    >>> import minigrad as mg
    >>> mg.logical_or(mg.tensor([1.0, 0.0]), 0.0)
    Tensor([ True, False])
    """
    return apply(LogicalOr, x, y)


def logical_xor(x: Any, y: Any) -> Any:
    """Return whether just one of x and y is other than 0, element by element.

    >>> import minigrad as mg
    >>> mg.logical_xor(mg.tensor([1.0, 0.0]), 2.0)
    Tensor([False,  True])
    """
    return apply(LogicalXor, x, y)


def logical_not(x: Any) -> Any:
    """Return whether each element is 0.

    >>> import minigrad as mg
    >>> mg.logical_not(mg.tensor([1.0, 0.0]))
    Tensor([False,  True])
    """
    return apply(LogicalNot, x)


def isnan(x: Any) -> Any:
    """Return whether each element is NaN.

    >>> import minigrad as mg
    >>> mg.isnan(mg.tensor([1.0, float("nan")]))
    Tensor([False,  True])
    """
    return apply(IsNan, x)


def isinf(x: Any) -> Any:
    """Return whether each element is inf or -inf.

    >>> import minigrad as mg
    >>> mg.isinf(mg.tensor([1.0, float("-inf")]))
    Tensor([False,  True])
    """
    return apply(IsInf, x)


def isfinite(x: Any) -> Any:
    """Return whether each element is a number, neither NaN nor infinite.

    >>> import minigrad as mg
    >>> mg.isfinite(mg.tensor([1.0, float("inf")]))
    Tensor([ True, False])
    """
    return apply(IsFinite, x)


def bitwise_and(x: Any, y: Any) -> Any:
    """Return x & y: of truth values, or of the bits of integers.

    >>> import minigrad as mg
    >>> mg.bitwise_and(mg.tensor([6, 1]), 3)
    Tensor([2, 1])
    """
    return apply(And, x, y)


def bitwise_or(x: Any, y: Any) -> Any:
    """Return x | y: of truth values, or of the bits of integers.

    >>> import minigrad as mg
    >>> mg.bitwise_or(mg.tensor([6, 1]), 3)
    Tensor([7, 3])
    """
    return apply(Or, x, y)


def bitwise_xor(x: Any, y: Any) -> Any:
    """Return x ^ y: of truth values, or of the bits of integers.

    >>> import minigrad as mg
    >>> mg.bitwise_xor(mg.tensor([6, 1]), 3)
    Tensor([5, 2])
    """
    return apply(Xor, x, y)


def invert(x: Any) -> Any:
    """Return ~x: of truth values, or of the bits of integers.

    >>> import minigrad as mg
    >>> mg.invert(mg.tensor([True, False]))
    Tensor([False,  True])
    """
    return apply(Not, x)


@implements(np.isposinf)
def isposinf(x: Any) -> Any:
    """Return whether each element is inf.

    >>> import minigrad as mg
    >>> mg.isposinf(mg.tensor([float("inf"), float("-inf")]))
    Tensor([ True, False])
    """
    return apply(Equal, x, math.inf)


@implements(np.isneginf)
def isneginf(x: Any) -> Any:
    """Return whether each element is -inf.

    >>> import minigrad as mg
    >>> mg.isneginf(mg.tensor([float("inf"), float("-inf")]))
    Tensor([False,  True])
    """
    return apply(Equal, x, -math.inf)


@implements(np.isclose)
def isclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """Return whether |a - b| <= atol + rtol |b|, element by element.

    >>> import minigrad as mg
    >>> mg.isclose(mg.tensor([1.0, 2.0]), [1.000001, 2.1])
    Tensor([ True, False])
    """
    return apply(IsClose, a, b, rtol, atol, equal_nan)


@implements(np.allclose)
def allclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether a and b are close to each other everywhere: a bool, as NumPy's.

    >>> import minigrad as mg
    >>> mg.allclose(mg.tensor([1.0, 2.0]), [1.000001, 2.0])
    True
    """
    return bool(np.allclose(_bare(a), _bare(b), rtol=_bare(rtol), atol=_bare(atol), equal_nan=equal_nan))


@implements(np.array_equal)
def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Return whether a1 and a2 have one shape and equal elements: a bool, as NumPy's.

    >>> import minigrad as mg
    >>> mg.array_equal(mg.tensor([1.0, 2.0]), [1, 2])
    True
    """
    return bool(np.array_equal(_bare(a1), _bare(a2), equal_nan=equal_nan))


@implements(np.array_equiv)
def array_equiv(a1: Any, a2: Any) -> bool:
    """Return whether a1 and a2 broadcast together and have equal elements: a bool, as NumPy's.

    >>> import minigrad as mg
    >>> mg.array_equiv(mg.tensor([[1.0, 2.0], [1.0, 2.0]]), [1, 2])
    True
    """
    return bool(np.array_equiv(_bare(a1), _bare(a2)))


def _bare(x: Any) -> Any:
    return x._array if isinstance(x, Value) else x


@implements(np.any)
def any(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return whether any element over `axis` (an integer, a tuple of them, or None for all) is other than 0.

    Raises numpy.exceptions.AxisError for an axis that it does not have.

    >>> import minigrad as mg
    >>> mg.any(mg.tensor([[0.0, 1.0], [0.0, 0.0]]), axis=1)
    Tensor([ True, False])
    """
    return apply(Any_, a, axis, keepdims)


@implements(np.all)
def all(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return whether every element over `axis` (an integer, a tuple of them, or None for all) is other than 0.

    Raises numpy.exceptions.AxisError for an axis that it does not have.

    >>> import minigrad as mg
    >>> mg.all(mg.tensor([[0.0, 1.0], [1.0, 1.0]]), axis=1)
    Tensor([False,  True])
    """
    return apply(All, a, axis, keepdims)


bitwise_not = invert
"""NumPy's other name for it."""
