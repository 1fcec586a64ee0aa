"""What neural networks put between their layers: smooth or bent steps of each element.

One idea: a saturated unit must give a slope near 0, never NaN, and never overflow on the way.
"""

import math
from typing import Any

import numpy as np

from ..gradient import where_taken
from ..graph import apply
from ..op import Op
from ..value import Value
from .error_function import erfc

__all__ = [
    "Gelu",
    "Relu",
    "Sigmoid",
    "Softplus",
    "gelu",
    "relu",
    "sigmoid",
    "softplus",
]


class Sigmoid(Op):
    """1 / (1 + exp(-x))"""

    elementwise = True

    def forward(x):
        with np.errstate(over="ignore"):
            out = np.reciprocal(np.exp(-x) + 1)
        return out if out.all() else np.where(out == 0, np.exp(np.minimum(x, 0)), out)  # where exp(-x) is infinite

    def dx(g, out, x):
        return g * (out * (1 - out))


class Relu(Op):
    """max(x, 0), with derivative 0 at 0"""

    elementwise = True
    masks = True

    def forward(x):
        return np.maximum(x, 0)

    def dx(g, out, x):
        return where_taken(out > 0, g)


class Softplus(Op):
    """log(1 + exp(x))"""

    elementwise = True

    def forward(x):
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

    def dx(g, out, x):
        return -g * np.expm1(-out)  # 1 - 1/(1 + exp(x)), exact at both ends, and so is its own slope


class Gelu(Op):
    """x Φ(x), where Φ is the normal distribution function"""

    elementwise = True

    def forward(x):
        return x * _normal_below(x)

    def dx(g, out, x):
        if not isinstance(x, Value) and out.size and abs(out).min() >= np.finfo(out.dtype).tiny:
            below = out / x
        else:  # near 0 the quotient has lost digits, and its own slope, if there is to be one, loses more
            below = _normal_below(x)
        return g * (below + x * (_AT_0 * np.exp(np.square(x) / -2)))


_AT_0 = 1 / math.sqrt(2 * math.pi)


def _normal_below(x):
    """Φ(x), the share of a normal distribution that lies below x."""
    return erfc(x * -math.sqrt(0.5)) / 2


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(-x)) for each element; the derivative is s(1 - s).

    >>> import minigrad as mg
    >>> mg.sigmoid(mg.tensor([0.0, -1000.0]))
    Tensor([0.5, 0. ])
    """
    return apply(Sigmoid, x)


def relu(x: Any) -> Any:
    """Return max(x, 0) for each element; the derivative is 1 above 0, else 0.

    >>> import minigrad as mg
    >>> mg.relu(mg.tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """
    return apply(Relu, x)


def softplus(x: Any) -> Any:
    """Return log(1 + exp(x)) for each element, without overflow; the derivative is 1/(1 + exp(-x)).

    >>> import minigrad as mg
    >>> mg.softplus(mg.tensor([0.0, 1000.0]))
    Tensor([6.93147181e-01, 1.00000000e+03])
    """
    return apply(Softplus, x)


def gelu(x: Any) -> Any:
    """Return x Φ(x) for each element, Φ the normal distribution function; the derivative is Φ(x) + x Φ'(x).

    It is exact, by the error function, not the approximation by tanh. Source: D. Hendrycks, K. Gimpel, Gaussian
    error linear units (2016).

    >>> import minigrad as mg
    >>> mg.gelu(mg.tensor([-1.0, 0.0, 1.0]))
    Tensor([-0.15865525,  0.        ,  0.84134475])
    """
    return apply(Gelu, x)
