"""What neural networks put between their layers: smooth or bent steps of each element.

One idea: a saturated unit must give a slope near 0, never NaN, and never overflow on the way.
"""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op

__all__ = [
    "Relu",
    "Sigmoid",
    "relu",
    "sigmoid",
]


class Sigmoid(Op):
    """1 / (1 + exp(-x))"""

    elementwise = True

    def forward(x):
        z = np.exp(-np.abs(x))  # never above 1: exp(-x) alone would overflow for x < -709
        return np.where(x >= 0, 1, z) / (1 + z)

    def dx(g, out, x):
        return g * (out * (1 - out))


class Relu(Op):
    """max(x, 0), with derivative 0 at 0"""

    elementwise = True
    masks = True

    def forward(x):
        return np.maximum(x, 0)

    def dx(g, out, x):
        return np.where(out > 0, g, 0)


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
