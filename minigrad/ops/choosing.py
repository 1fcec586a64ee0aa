"""Choices between elements: `where`, `maximum`, `minimum`.

One idea: the gradient goes to what was taken; to the other goes exactly 0, never NaN. A tie gives each half.
"""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op, implements

__all__ = [
    "Maximum",
    "Minimum",
    "Where",
    "maximum",
    "minimum",
    "where",
]


def _wins(x, out):
    return (x == out) | (x != x)  # a NaN wins every comparison, as in np.maximum


class Maximum(Op, numpy=np.maximum):
    """max(x, y); a tie gives each half"""

    elementwise = True
    masks = True

    def forward(x, y):
        return np.maximum(x, y)

    def dx(g, out, x, y):
        return np.where(_wins(x, out), np.where(_wins(y, out), g / 2, g), 0)

    def dy(g, out, x, y):
        return np.where(_wins(y, out), np.where(_wins(x, out), g / 2, g), 0)


class Minimum(Op, numpy=np.minimum):
    """min(x, y); a tie gives each half"""

    elementwise = True
    masks = True

    def forward(x, y):
        return np.minimum(x, y)

    def dx(g, out, x, y):
        return np.where(_wins(x, out), np.where(_wins(y, out), g / 2, g), 0)

    def dy(g, out, x, y):
        return np.where(_wins(y, out), np.where(_wins(x, out), g / 2, g), 0)


class Where(Op):
    """x where condition, else y"""

    elementwise = True
    masks = True

    def forward(condition, x, y):
        return np.where(condition, x, y)

    def dx(g, out, condition, x, y):
        return np.where(condition, g, 0)

    def dy(g, out, condition, x, y):
        return np.where(condition, 0, g)


def maximum(x: Any, y: Any) -> Any:
    """Return the larger of x and y, element by element; at a tie each gets half the gradient.

    >>> import minigrad as mg
    >>> mg.maximum(mg.tensor([1.0, 5.0]), 3.0)
    Tensor([3., 5.])
    """
    return apply(Maximum, x, y)


def minimum(x: Any, y: Any) -> Any:
    """Return the smaller of x and y, element by element; at a tie each gets half the gradient.

    >>> import minigrad as mg
    >>> mg.minimum(mg.tensor([1.0, 5.0]), 3.0)
    Tensor([1., 3.])
    """
    return apply(Minimum, x, y)


@implements(np.where)
def where(condition: Any, x: Any, y: Any) -> Any:
    """Return x where `condition` holds and y elsewhere, all three broadcast.

    The gradient goes to what was taken; to the other goes exactly 0, even if its slope
    there is infinite or NaN.

    >>> import minigrad as mg
    >>> x = mg.tensor([0.0, 4.0], requires_grad=True)
    >>> mg.where(x > 0, mg.sqrt(x), 0.0).sum().backward()
    >>> x.grad
    Tensor([0.  , 0.25])
    """
    return apply(Where, condition, x, y)
