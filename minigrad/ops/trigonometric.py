"""Angles: the trigonometric and hyperbolic functions of each element, in radians.

One idea: the slope of each is written with functions of the same family, so that it can be differentiated again.
"""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op

__all__ = [
    "Cos",
    "Sin",
    "Tanh",
    "cos",
    "sin",
    "tanh",
]


class Sin(Op, numpy=np.sin):
    """sin(x)"""

    elementwise = True

    def forward(x):
        return np.sin(x)

    def dx(g, out, x):
        return g * np.cos(x)


class Cos(Op, numpy=np.cos):
    """cos(x)"""

    elementwise = True

    def forward(x):
        return np.cos(x)

    def dx(g, out, x):
        return -g * np.sin(x)


class Tanh(Op, numpy=np.tanh):
    """tanh(x)"""

    elementwise = True

    def forward(x):
        return np.tanh(x)

    def dx(g, out, x):
        return g * (1 - out * out)


def sin(x: Any) -> Any:
    """Return the sine of each element, in radians; the derivative is cos(x).

    >>> import minigrad as mg
    >>> mg.sin(mg.tensor([0.0]))
    Tensor([0.])
    """
    return apply(Sin, x)


def cos(x: Any) -> Any:
    """Return the cosine of each element, in radians; the derivative is -sin(x).

    >>> import minigrad as mg
    >>> mg.cos(mg.tensor([0.0]))
    Tensor([1.])
    """
    return apply(Cos, x)


def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent of each element; the derivative is 1 - tanh²(x).

    >>> import minigrad as mg
    >>> mg.tanh(mg.tensor([0.0, 100.0]))
    Tensor([0., 1.])
    """
    return apply(Tanh, x)
