"""Angles: the trigonometric and hyperbolic functions of each element, in radians.

One idea: the slope of each is written with functions of the same family, so that it can be differentiated again.
"""

import functools
import math
from typing import Any

import numpy as np

from ..graph import apply, run
from ..op import Op, implements

__all__ = [
    "Arccos",
    "Arccosh",
    "Arcsin",
    "Arcsinh",
    "Arctan",
    "Arctan2",
    "Arctanh",
    "Cos",
    "Cosh",
    "Deg2Rad",
    "Hypot",
    "Rad2Deg",
    "Sin",
    "Sinc",
    "Sinh",
    "Tan",
    "Tanh",
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "degrees",
    "hypot",
    "rad2deg",
    "radians",
    "sin",
    "sinc",
    "sinh",
    "tan",
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


class Tan(Op, numpy=np.tan):
    """tan(x)"""

    elementwise = True

    def forward(x):
        return np.tan(x)

    def dx(g, out, x):
        return g * (1 + out * out)


class Arcsin(Op, numpy=np.arcsin):
    """arcsin(x), with derivative inf at ±1"""

    elementwise = True
    singular = True

    def forward(x):
        return np.arcsin(x)

    def dx(g, out, x):
        return g / np.sqrt((1 - x) * (1 + x))  # 1 - x² would lose its digits near ±1


class Arccos(Op, numpy=np.arccos):
    """arccos(x), with derivative -inf at ±1"""

    elementwise = True
    singular = True

    def forward(x):
        return np.arccos(x)

    def dx(g, out, x):
        return -(g / np.sqrt((1 - x) * (1 + x)))


class Arctan(Op, numpy=np.arctan):
    """arctan(x)"""

    elementwise = True

    def forward(x):
        return np.arctan(x)

    def dx(g, out, x):
        return g / (1 + x * x)


class Arctan2(Op, numpy=np.arctan2):
    """The angle of the point (x, y); at the origin, where it jumps, the derivatives are NaN"""

    elementwise = True
    singular = True

    def forward(y, x):
        return np.arctan2(y, x)

    def dy(g, out, y, x):
        return g * _over_square(x, x, y)

    def dx(g, out, y, x):
        return -(g * _over_square(y, x, y))


def _over_square(z, x, y):
    """z / (x² + y²)"""
    square = _sum_of_squares(x, y)
    if square is not None:
        return z / square
    r = np.hypot(x, y)
    return z / r / r


class Hypot(Op, numpy=np.hypot):
    """√(x² + y²), with derivatives 0 at the origin"""

    elementwise = True

    def forward(x, y):
        square = _sum_of_squares(x, y)
        if square is None or not square.min() >= 0:  # with a NaN: that of NaN and inf is inf
            return np.hypot(x, y)
        return np.sqrt(square)

    def dx(g, out, x, y):
        return g * _cosine(x, out)

    def dy(g, out, x, y):
        return g * _cosine(y, out)


def _cosine(x, r):
    """x / r, and 0 / 0 = 0, so that the second derivatives are 0 at the origin too."""
    if r.all():
        return x / r
    origin = r == 0
    return np.where(origin, 0, x) / np.where(origin, 1, r)


_MANY = 1000


def _sum_of_squares(x, y):
    """x² + y² of many elements, for np.hypot takes ten times as long; None if a square overflows or loses digits."""
    if type(x) is type(y) is np.ndarray and x.size > _MANY and x.shape == y.shape and x.dtype == y.dtype:
        if x.dtype.kind != "f":
            return None
        try:
            with np.errstate(over="raise", under="raise"):  # which the processor says unasked: two passes saved
                return np.square(x) + np.square(y)
        except FloatingPointError:
            return None
    return None


class Sinh(Op, numpy=np.sinh):
    """sinh(x)"""

    elementwise = True

    def forward(x):
        return np.sinh(x)

    def dx(g, out, x):
        return g * np.cosh(x)


class Cosh(Op, numpy=np.cosh):
    """cosh(x)"""

    elementwise = True

    def forward(x):
        return np.cosh(x)

    def dx(g, out, x):
        return g * np.sinh(x)


class Tanh(Op, numpy=np.tanh):
    """tanh(x)"""

    elementwise = True

    def forward(x):
        return np.tanh(x)

    def dx(g, out, x):
        return g * (1 - out * out)


class Arcsinh(Op, numpy=np.arcsinh):
    """The inverse of sinh"""

    elementwise = True

    def forward(x):
        return np.arcsinh(x)

    def dx(g, out, x):
        return g / np.cosh(out)  # √(x² + 1), which would overflow halfway


class Arccosh(Op, numpy=np.arccosh):
    """The inverse of cosh, with derivative inf at 1"""

    elementwise = True
    singular = True

    def forward(x):
        return np.arccosh(x)

    def dx(g, out, x):
        return g / np.sinh(out)  # √(x² - 1), which would lose its digits near 1, and overflow halfway


class Arctanh(Op, numpy=np.arctanh):
    """The inverse of tanh, with derivative inf at ±1"""

    elementwise = True
    singular = True

    def forward(x):
        return np.arctanh(x)

    def dx(g, out, x):
        return g / ((1 - x) * (1 + x))


class Deg2Rad(Op, numpy=(np.deg2rad, np.radians)):
    """x π / 180"""

    elementwise = True

    def forward(x):
        return np.deg2rad(x)

    def dx(g, out, x):
        return np.deg2rad(g)


class Rad2Deg(Op, numpy=(np.rad2deg, np.degrees)):
    """x 180 / π"""

    elementwise = True

    def forward(x):
        return np.rad2deg(x)

    def dx(g, out, x):
        return np.rad2deg(g)


class Sinc(Op):
    """sin(πx) / (πx), 1 at 0, differentiated `order` times: its slope is the next of these"""

    elementwise = True

    def forward(x, order=0):
        return _derivative_of_sinc(x, order) if order else np.sinc(x)

    def dx(g, out, x, order):
        return g * run(Sinc, x, order + 1)


def _derivative_of_sinc(x, order):
    """π^n s⁽ⁿ⁾(πx) for s(z) = sin(z) / z and n = order, to some eps times the largest value it has."""
    # z s⁽ⁿ⁾ + n s⁽ⁿ⁻¹⁾ is the n-th derivative of z s(z), sin itself. Upwards from s this loses nothing
    # where z is beyond n; below, the series of s converges fast.
    half = x.reshape(-1) / 2
    z = half * math.tau
    (inside,) = (abs(z) < order).nonzero()
    with np.errstate(all="ignore"):
        # Half of z less whole turns, for z itself has lost its fraction where x is large. Its tangent has both
        # sine and cosine in it, and takes NumPy an eighth of their time.
        t = np.tan((half - np.rint(half)) * math.pi)
        above = 2 / (1 + t * t)
        sin, cos = t * above, above - 1
        s = sin / z
        for n in range(1, order + 1):
            sin, cos = cos, -sin  # the n-th derivatives of both
            s = (sin - n * s) / z
    if inside.size:
        z = z[inside]
        squared = z * z
        series = _polynomial(_series_of_sinc(order), squared)
        s[inside] = series * z if order % 2 else series
    return (s * math.pi**order).reshape(x.shape)[()]


def _polynomial(coefficients, x):
    """The polynomial with these coefficients, the highest power first."""
    if type(x) is np.ndarray and x.size < 10:
        return np.array([_polynomial(coefficients, number) for number in x.tolist()])  # faster for so few
    found = 0.0
    for coefficient in coefficients:
        found = found * x + coefficient
    return found


@functools.cache
def _series_of_sinc(order: int) -> list[float]:
    """The Taylor coefficients of s⁽ⁿ⁾, or of s⁽ⁿ⁾/z if it is odd, in z², the highest first.

    s(z) = Σ (-1)^k z^2k / (2k+1)!, so the coefficient of z^m in s⁽ⁿ⁾ is (-1)^k / ((2k+1) m!) with m = 2k - n.
    """
    found = []
    m = order % 2
    while order**m > 1e-18 * math.factorial(m):  # terms at the largest z it is used for
        k = (m + order) // 2
        found.append((-1) ** k / ((2 * k + 1) * math.factorial(m)))
        m += 2
    return found[::-1]


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


def tan(x: Any) -> Any:
    """Return the tangent of each element, in radians; the derivative is 1 + tan²(x).

    >>> import minigrad as mg
    >>> mg.tan(mg.tensor([0.0]))
    Tensor([0.])
    """
    return apply(Tan, x)


def arcsin(x: Any) -> Any:
    """Return the angle in radians whose sine is x; the derivative is 1/√(1 - x²), inf at ±1.

    >>> import minigrad as mg
    >>> mg.arcsin(mg.tensor([0.0, 1.0]))
    Tensor([0.        , 1.57079633])
    """
    return apply(Arcsin, x)


def arccos(x: Any) -> Any:
    """Return the angle in radians whose cosine is x; the derivative is -1/√(1 - x²), -inf at ±1.

    >>> import minigrad as mg
    >>> mg.arccos(mg.tensor([0.0, 1.0]))
    Tensor([1.57079633, 0.        ])
    """
    return apply(Arccos, x)


def arctan(x: Any) -> Any:
    """Return the angle in radians whose tangent is x; the derivative is 1/(1 + x²).

    >>> import minigrad as mg
    >>> mg.arctan(mg.tensor([0.0, 1.0]))
    Tensor([0.        , 0.78539816])
    """
    return apply(Arctan, x)


def arctan2(y: Any, x: Any) -> Any:
    """Return the angle in radians of the point (x, y); the derivatives are x/(x² + y²) in y, -y/(x² + y²) in x.

    At the origin it jumps whichever way one goes: both are NaN.

    >>> import minigrad as mg
    >>> mg.arctan2(mg.tensor([1.0, -1.0]), 0.0)
    Tensor([ 1.57079633, -1.57079633])
    """
    return apply(Arctan2, y, x)


def hypot(x: Any, y: Any) -> Any:
    """Return √(x² + y²), without overflow; the derivatives are x/√(x² + y²) and y/√(x² + y²), 0 at the origin.

    >>> import minigrad as mg
    >>> mg.hypot(mg.tensor([3.0, 1e200]), 4.0)
    Tensor([5.e+000, 1.e+200])
    """
    return apply(Hypot, x, y)


def sinh(x: Any) -> Any:
    """Return the hyperbolic sine of each element; the derivative is cosh(x).

    >>> import minigrad as mg
    >>> mg.sinh(mg.tensor([0.0, 1.0]))
    Tensor([0.        , 1.17520119])
    """
    return apply(Sinh, x)


def cosh(x: Any) -> Any:
    """Return the hyperbolic cosine of each element; the derivative is sinh(x).

    >>> import minigrad as mg
    >>> mg.cosh(mg.tensor([0.0, 1.0]))
    Tensor([1.        , 1.54308063])
    """
    return apply(Cosh, x)


def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent of each element; the derivative is 1 - tanh²(x).

    >>> import minigrad as mg
    >>> mg.tanh(mg.tensor([0.0, 100.0]))
    Tensor([0., 1.])
    """
    return apply(Tanh, x)


def arcsinh(x: Any) -> Any:
    """Return the number whose hyperbolic sine is x; the derivative is 1/√(x² + 1).

    >>> import minigrad as mg
    >>> mg.arcsinh(mg.tensor([0.0, 1.0]))
    Tensor([0.        , 0.88137359])
    """
    return apply(Arcsinh, x)


def arccosh(x: Any) -> Any:
    """Return the number from 0 on whose hyperbolic cosine is x; the derivative is 1/√(x² - 1), inf at 1.

    >>> import minigrad as mg
    >>> mg.arccosh(mg.tensor([1.0, 2.0]))
    Tensor([0.       , 1.3169579])
    """
    return apply(Arccosh, x)


def arctanh(x: Any) -> Any:
    """Return the number whose hyperbolic tangent is x; the derivative is 1/(1 - x²), inf at ±1.

    >>> import minigrad as mg
    >>> mg.arctanh(mg.tensor([0.0, 0.5]))
    Tensor([0.        , 0.54930614])
    """
    return apply(Arctanh, x)


@implements(np.sinc)
def sinc(x: Any) -> Any:
    """Return sin(πx)/(πx) for each element, 1 at 0; the derivative is (cos(πx) - sinc(x))/x, 0 at 0.

    Near 0 that difference would lose its digits: there all derivatives are taken from the series.

    >>> import minigrad as mg
    >>> mg.sinc(mg.tensor([0.0, 0.5]))
    Tensor([1.        , 0.63661977])
    """
    return apply(Sinc, x, 0)


def deg2rad(x: Any) -> Any:
    """Return degrees as radians; the derivative is π/180.

    >>> import minigrad as mg
    >>> mg.deg2rad(mg.tensor([180.0]))
    Tensor([3.14159265])
    """
    return apply(Deg2Rad, x)


def rad2deg(x: Any) -> Any:
    """Return radians as degrees; the derivative is 180/π.

    >>> import minigrad as mg
    >>> mg.rad2deg(mg.tensor([3.141592653589793]))
    Tensor([180.])
    """
    return apply(Rad2Deg, x)


# NumPy's other names for them.
acos = arccos
acosh = arccosh
asin = arcsin
asinh = arcsinh
atan = arctan
atan2 = arctan2
atanh = arctanh
degrees = rad2deg
radians = deg2rad
