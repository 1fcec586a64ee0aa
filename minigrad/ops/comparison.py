"""Comparisons and logic: truth values, constant between jumps, so no gradient passes."""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op

__all__ = [
    "And",
    "Equal",
    "Greater",
    "GreaterEqual",
    "Less",
    "LessEqual",
    "Not",
    "NotEqual",
    "Or",
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
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


class Not(Op, numpy=np.invert):
    """~x"""

    elementwise = True

    def forward(x):
        return np.invert(x)


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
