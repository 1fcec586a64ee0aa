"""Exponentials, logarithms and roots of each element.

One idea: what a rule needs of the result it takes from the result: exp and sqrt are computed once.
"""

import math
from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op
from ..value import Value
from .activation import softplus

__all__ = [
    "Cbrt",
    "Exp",
    "Exp2",
    "Expm1",
    "Log",
    "Log1p",
    "Log2",
    "Log10",
    "LogAddExp",
    "LogAddExp2",
    "Sqrt",
    "cbrt",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "sqrt",
]


_LN_2 = math.log(2)
_LOG2_E = 1 / math.log(2)
_LOG10_E = 1 / math.log(10)


class Exp(Op, numpy=np.exp):
    """exp(x)"""

    elementwise = True

    def forward(x):
        return np.exp(x)

    def dx(g, out, x):
        return g * out


class Exp2(Op, numpy=np.exp2):
    """2**x"""

    elementwise = True

    def forward(x):
        return np.exp2(x)

    def dx(g, out, x):
        return g * (out * _LN_2)


class Expm1(Op, numpy=np.expm1):
    """exp(x) - 1, to full precision near 0"""

    elementwise = True

    def forward(x):
        return np.expm1(x)

    def dx(g, out, x):
        return g * np.exp(x)  # not out + 1, which has lost its digits where out is nearly -1


class Log(Op, numpy=np.log):
    """log(x), the natural one"""

    elementwise = True
    singular = True

    def forward(x):
        return np.log(x)

    def dx(g, out, x):
        return g / x


class Log2(Op, numpy=np.log2):
    """log(x) to base 2"""

    elementwise = True
    singular = True

    def forward(x):
        return np.log2(x)

    def dx(g, out, x):
        return g * _LOG2_E / x


class Log10(Op, numpy=np.log10):
    """log(x) to base 10"""

    elementwise = True
    singular = True

    def forward(x):
        return np.log10(x)

    def dx(g, out, x):
        return g * _LOG10_E / x


class Log1p(Op, numpy=np.log1p):
    """log(1 + x), to full precision near 0"""

    elementwise = True
    singular = True

    def forward(x):
        return np.log1p(x)

    def dx(g, out, x):
        return g / (1 + x)


class LogAddExp(Op, numpy=np.logaddexp):
    """log(exp(x) + exp(y)); two equal infinities share evenly, as other equal arguments do"""

    elementwise = True

    def forward(x, y):
        return _log_of_sum(x, y, np.exp, np.log1p, np.logaddexp)

    def dx(g, out, x, y):
        return _share(g, x, y, np.exp)

    def dy(g, out, x, y):
        return _share(g, y, x, np.exp)


class LogAddExp2(Op, numpy=np.logaddexp2):
    """log2(2**x + 2**y); two equal infinities share evenly, as other equal arguments do"""

    elementwise = True

    def forward(x, y):
        return _log_of_sum(x, y, np.exp2, _log2_1p, np.logaddexp2)

    def dx(g, out, x, y):
        return _share(g, x, y, np.exp2)

    def dy(g, out, x, y):
        return _share(g, y, x, np.exp2)


_MANY = 1000


def _log_of_sum(x, y, exp, log1p, of_numpy):
    """NumPy's own formula, of whole arrays: the loop of np.logaddexp takes six times as long for many elements."""
    if type(x) is type(y) is np.ndarray and x.size > _MANY and x.dtype == y.dtype and x.dtype.char in "fd":
        with np.errstate(invalid="ignore"):
            out = np.maximum(x, y) + log1p(exp(-np.abs(x - y)))
        if not np.isnan(out).any():  # as of two equal infinities
            return out
    return of_numpy(x, y)


def _log2_1p(x):
    return np.log1p(x) * _LOG2_E


def _share(g, x, y, exp):
    """g exp(x) / (exp(x) + exp(y)). By exp(x - out) it would lose the digits that a large out has."""
    if isinstance(g, (np.ndarray, np.generic)) and not isinstance(x, Value) and not isinstance(y, Value):
        try:
            with np.errstate(over="raise", invalid="raise"):
                return g / (exp(y - x) + 1)
        except FloatingPointError:  # some share is nearly 0, or of two equal infinities
            return _share_of_any(g, x, y, exp)
    return _share_of_any(g, x, y, exp)  # to be differentiated again, where that quotient loses digits


def _share_of_any(g, x, y, exp):
    """_share by a formula of more passes that never overflows."""
    same = np.isinf(x) & (x == y)
    d = np.where(same, 0, x) - np.where(same, 0, y)
    return g * np.exp(-softplus(-d if exp is np.exp else d * -_LN_2))


class Sqrt(Op, numpy=np.sqrt):
    """√x, with derivative inf at 0"""

    elementwise = True
    singular = True

    def forward(x):
        return np.sqrt(x)

    def dx(g, out, x):
        return g / (out + out)


class Cbrt(Op, numpy=np.cbrt):
    """∛x, with derivative inf at 0"""

    elementwise = True
    singular = True

    def forward(x):
        return np.cbrt(x)

    def dx(g, out, x):
        return g / (3 * np.square(out))


def exp(x: Any) -> Any:
    """Return the exponential of each element; the derivative is exp(x).

    >>> import minigrad as mg
    >>> mg.exp(mg.tensor([0.0, 1.0]))
    Tensor([1.        , 2.71828183])
    """
    return apply(Exp, x)


def exp2(x: Any) -> Any:
    """Return 2**x for each element; the derivative is 2**x log 2.

    >>> import minigrad as mg
    >>> mg.exp2(mg.tensor([-1.0, 3.0]))
    Tensor([0.5, 8. ])
    """
    return apply(Exp2, x)


def expm1(x: Any) -> Any:
    """Return exp(x) - 1 for each element, to full precision near 0; the derivative is exp(x).

    >>> import minigrad as mg
    >>> mg.expm1(mg.tensor([0.0, 1e-20]))
    Tensor([0.e+00, 1.e-20])
    """
    return apply(Expm1, x)


def log(x: Any) -> Any:
    """Return the natural logarithm of each element; the derivative is 1/x.

    >>> import minigrad as mg
    >>> mg.log(mg.tensor([1.0, 10.0]))
    Tensor([0.        , 2.30258509])
    """
    return apply(Log, x)


def log2(x: Any) -> Any:
    """Return the logarithm to base 2 of each element; the derivative is 1/(x log 2).

    >>> import minigrad as mg
    >>> mg.log2(mg.tensor([0.5, 8.0]))
    Tensor([-1.,  3.])
    """
    return apply(Log2, x)


def log10(x: Any) -> Any:
    """Return the logarithm to base 10 of each element; the derivative is 1/(x log 10).

    >>> import minigrad as mg
    >>> mg.log10(mg.tensor([0.1, 1000.0]))
    Tensor([-1.,  3.])
    """
    return apply(Log10, x)


def log1p(x: Any) -> Any:
    """Return log(1 + x) for each element, to full precision near 0; the derivative is 1/(1 + x).

    >>> import minigrad as mg
    >>> mg.log1p(mg.tensor([0.0, 1e-20]))
    Tensor([0.e+00, 1.e-20])
    """
    return apply(Log1p, x)


def logaddexp(x: Any, y: Any) -> Any:
    """Return log(exp(x) + exp(y)), without overflow; the derivatives are the two shares of the sum.

    Two equal infinities have half each.

    >>> import minigrad as mg
    >>> mg.logaddexp(mg.tensor([0.0, 1000.0]), 0.0)
    Tensor([6.93147181e-01, 1.00000000e+03])
    """
    return apply(LogAddExp, x, y)


def logaddexp2(x: Any, y: Any) -> Any:
    """Return log2(2**x + 2**y), without overflow; the derivatives are the two shares of the sum.

    Two equal infinities have half each.

    >>> import minigrad as mg
    >>> mg.logaddexp2(mg.tensor([0.0, 3000.0]), 0.0)
    Tensor([1.e+00, 3.e+03])
    """
    return apply(LogAddExp2, x, y)


def sqrt(x: Any) -> Any:
    """Return the square root of each element; the derivative is 1/(2√x), inf at 0.

    >>> import minigrad as mg
    >>> mg.sqrt(mg.tensor([4.0, 9.0]))
    Tensor([2., 3.])
    """
    return apply(Sqrt, x)


def cbrt(x: Any) -> Any:
    """Return the cube root of each element; the derivative is 1/(3∛x²), inf at 0.

    >>> import minigrad as mg
    >>> mg.cbrt(mg.tensor([-8.0, 27.0]))
    Tensor([-2.,  3.])
    """
    return apply(Cbrt, x)
