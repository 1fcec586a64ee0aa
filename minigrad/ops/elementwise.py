"""Functions of each element: exp, log, sqrt, the trigonometric ones, and the choices.

Where a derivative does not exist a convention takes its place; each is in the table
of `minigrad.ops`. Choices (`where`, `maximum`, `relu`) pass the gradient to what was
taken, and zero, never NaN, to what was not.
"""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op, implements


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


class Sign(Op, numpy=np.sign):
    """-1, 0 or 1: constant between jumps, so no gradient"""

    elementwise = True

    def forward(x):
        return np.sign(x)


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


def sign(x: Any) -> Any:
    """Return -1, 0 or 1 for each element: a constant, no gradient passes.

    >>> import minigrad as mg
    >>> mg.sign(mg.tensor([-3.0, 0.0]))
    Tensor([-1.,  0.])
    """
    return apply(Sign, x)


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
