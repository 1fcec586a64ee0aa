"""Exponentials, logarithms and roots of each element.

One idea: what a rule needs of the result it takes from the result: exp and sqrt are computed once.
"""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op

__all__ = [
    "Exp",
    "Log",
    "Sqrt",
    "exp",
    "log",
    "sqrt",
]


class Exp(Op, numpy=np.exp):
    """exp(x)"""

    elementwise = True

    def forward(x):
        return np.exp(x)

    def dx(g, out, x):
        return g * out


class Log(Op, numpy=np.log):
    """log(x), the natural one"""

    elementwise = True
    singular = True

    def forward(x):
        return np.log(x)

    def dx(g, out, x):
        return g / x


class Sqrt(Op, numpy=np.sqrt):
    """√x, with derivative inf at 0"""

    elementwise = True
    singular = True

    def forward(x):
        return np.sqrt(x)

    def dx(g, out, x):
        return g / (out + out)


def exp(x: Any) -> Any:
    """Return the exponential of each element; the derivative is exp(x).

    >>> import minigrad as mg
    >>> mg.exp(mg.tensor([0.0, 1.0]))
    Tensor([1.        , 2.71828183])
    """
    return apply(Exp, x)


def log(x: Any) -> Any:
    """Return the natural logarithm of each element; the derivative is 1/x.

    >>> import minigrad as mg
    >>> mg.log(mg.tensor([1.0, 10.0]))
    Tensor([0.        , 2.30258509])
    """
    return apply(Log, x)


def sqrt(x: Any) -> Any:
    """Return the square root of each element; the derivative is 1/(2√x), inf at 0.

    >>> import minigrad as mg
    >>> mg.sqrt(mg.tensor([4.0, 9.0]))
    Tensor([2., 3.])
    """
    return apply(Sqrt, x)
