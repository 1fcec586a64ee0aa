"""Steps: functions that are constant between jumps, so that no gradient passes.

One idea: such a function has no rule, and what it computes is a constant of the graph.
"""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op, implements

__all__ = [
    "Ceil",
    "Floor",
    "Heaviside",
    "Rint",
    "Round",
    "Sign",
    "SignBit",
    "Trunc",
    "around",
    "ceil",
    "fix",
    "floor",
    "heaviside",
    "rint",
    "round",
    "sign",
    "signbit",
    "trunc",
]


class Sign(Op, numpy=np.sign):
    """-1, 0 or 1: constant between jumps, so no gradient"""

    elementwise = True

    def forward(x):
        return np.sign(x)


class SignBit(Op, numpy=np.signbit):
    """Whether x has a minus sign, -0.0 too"""

    elementwise = True

    def forward(x):
        return np.signbit(x)


class Floor(Op, numpy=np.floor):
    """⌊x⌋"""

    elementwise = True

    def forward(x):
        return np.floor(x)


class Ceil(Op, numpy=np.ceil):
    """⌈x⌉"""

    elementwise = True

    def forward(x):
        return np.ceil(x)


class Trunc(Op, numpy=np.trunc):
    """x without its fraction"""

    elementwise = True

    def forward(x):
        return np.trunc(x)


class Rint(Op, numpy=np.rint):
    """The whole number nearest to x, the even one of two"""

    elementwise = True

    def forward(x):
        return np.rint(x)


class Round(Op):
    """x rounded to `decimals` digits after the point"""

    elementwise = True

    def forward(x, decimals=0):
        return np.round(x, decimals)


class Heaviside(Op, numpy=np.heaviside):
    """0 for x < 0, 1 for x > 0, y at x = 0: constant in x, and where it is y it has y's gradient"""

    elementwise = True
    masks = True

    def forward(x, y):
        return np.heaviside(x, y)

    def dx(g, out, x, y):
        return np.zeros_like(g)

    def dy(g, out, x, y):
        return np.where(x == 0, g, 0)


def sign(x: Any) -> Any:
    """Return -1, 0 or 1 for each element: a constant, no gradient passes.

    >>> import minigrad as mg
    >>> mg.sign(mg.tensor([-3.0, 0.0]))
    Tensor([-1.,  0.])
    """
    return apply(Sign, x)


def signbit(x: Any) -> Any:
    """Return whether each element has a minus sign, as -0.0 has: a constant, no gradient passes.

    >>> import minigrad as mg
    >>> mg.signbit(mg.tensor([-3.0, -0.0, 0.0]))
    Tensor([ True,  True, False])
    """
    return apply(SignBit, x)


def floor(x: Any) -> Any:
    """Return the largest whole number not above each element: a constant, no gradient passes.

    >>> import minigrad as mg
    >>> mg.floor(mg.tensor([-1.5, 1.5]))
    Tensor([-2.,  1.])
    """
    return apply(Floor, x)


def ceil(x: Any) -> Any:
    """Return the smallest whole number not below each element: a constant, no gradient passes.

    >>> import minigrad as mg
    >>> mg.ceil(mg.tensor([-1.5, 1.5]))
    Tensor([-1.,  2.])
    """
    return apply(Ceil, x)


@implements(np.fix)
def trunc(x: Any) -> Any:
    """Return each element without its fraction: a constant, no gradient passes.

    >>> import minigrad as mg
    >>> mg.trunc(mg.tensor([-1.5, 1.5]))
    Tensor([-1.,  1.])
    """
    return apply(Trunc, x)


def rint(x: Any) -> Any:
    """Return the nearest whole number, the even one of two: a constant, no gradient passes.

    >>> import minigrad as mg
    >>> mg.rint(mg.tensor([0.5, 1.5, 2.6]))
    Tensor([0., 2., 3.])
    """
    return apply(Rint, x)


@implements(np.round, np.around)
def round(a: Any, decimals: int = 0) -> Any:
    """Return each element rounded to `decimals` digits after the point: a constant, no gradient passes.

    Halfway it goes to the even digit. Negative `decimals` round before the point.

    >>> import minigrad as mg
    >>> mg.round(mg.tensor([12.345, 0.5]), 1)
    Tensor([12.3,  0.5])
    """
    return apply(Round, a, decimals)


def heaviside(x: Any, y: Any) -> Any:
    """Return 0 where x < 0, 1 where x > 0 and y where x = 0.

    The derivative is 0 in x, also at its jump; in y it is 1 where x = 0.

    >>> import minigrad as mg
    >>> mg.heaviside(mg.tensor([-2.0, 0.0, 3.0]), 0.5)
    Tensor([0. , 0.5, 1. ])
    """
    return apply(Heaviside, x, y)


# NumPy's other names for them.
around = round
fix = trunc
