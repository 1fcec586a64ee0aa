"""Smooth functions in plain NumPy, at ordinary points.

One idea: what people differentiate by hand, at the points where they try it.
"""

import functools

import numpy as np
from mpmath import mp

from .draws import apart, around, between, positive
from .known import of_number

known = functools.partial(of_number, "smooth")

ROOT = float(np.sqrt(2 / np.pi))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def exact_sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def exact_sigmoid_slope(x):
    s = exact_sigmoid(x)
    return s * (1 - s)


def mish(x):
    return x * np.tanh(np.logaddexp(0, x))


def exact_mish(x):
    return x * mp.tanh(mp.log1p(mp.exp(x)))


def exact_mish_slope(x):
    t = mp.tanh(mp.log1p(mp.exp(x)))
    return t + x * (1 - t * t) * exact_sigmoid(x)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(ROOT * (x + 0.044715 * x**3)))


def exact_gelu(x):
    return x / 2 * (1 + mp.tanh(ROOT * (x + 0.044715 * x**3)))


def exact_gelu_slope(x):
    t = mp.tanh(ROOT * (x + 0.044715 * x**3))
    return (1 + t) / 2 + x / 2 * (1 - t * t) * ROOT * (1 + 3 * mp.mpf(0.044715) * x * x)


def horner(x):
    total = 0.0
    for n in range(10, -1, -1):
        total = total * x + (-1) ** n / (n + 1)
    return total


def exact_horner(x):
    return mp.fsum(mp.mpf((-1) ** n) / (n + 1) * x**n for n in range(11))


def exact_horner_slope(x):
    return mp.fsum(mp.mpf((-1) ** n) / (n + 1) * n * x ** (n - 1) for n in range(1, 11))


def babylonian(x):
    """Six steps of Newton's method for the square root, from (1 + x)/2."""
    y = (1 + x) / 2
    for _ in range(6):
        y = (y + x / y) / 2
    return y


def babylonian_slope(x):
    y, d = (1 + x) / 2, mp.mpf(1) / 2
    for _ in range(6):
        y, d = (y + x / y) / 2, (d + 1 / y - x * d / y**2) / 2
    return d


def recurrence(x):
    h = 0.0 * x
    for n in range(4):
        h = np.tanh(0.5 * h + x - n / 4)
    return h


def exact_recurrence(x):
    h = mp.mpf(0)
    for n in range(4):
        h = mp.tanh(h / 2 + x - mp.mpf(n) / 4)
    return h


def exact_recurrence_slope(x):
    h = d = mp.mpf(0)
    for n in range(4):
        h = mp.tanh(h / 2 + x - mp.mpf(n) / 4)
        d = (1 - h * h) * (d / 2 + 1)
    return d


def sinc_slope(x):
    p = mp.pi * x
    return mp.mpf(0) if x == 0 else (mp.cos(p) * p - mp.sin(p)) / (p * x)


FUNCTIONS = [
    known("sin", np.sin, mp.sin, mp.cos, around()),
    known("cos", np.cos, mp.cos, lambda x: -mp.sin(x), around()),
    known("tan", np.tan, mp.tan, lambda x: 1 / mp.cos(x) ** 2, between(-1.5, 1.5)),
    known("exp", np.exp, mp.exp, mp.exp, around()),
    known("exp2", np.exp2, lambda x: mp.mpf(2) ** x, lambda x: mp.log(2) * mp.mpf(2) ** x, around(2)),
    known("expm1", np.expm1, mp.expm1, mp.exp, around()),
    known("log", np.log, mp.log, lambda x: 1 / x, positive(0.01, 100)),
    known("log2", np.log2, lambda x: mp.log(x, 2), lambda x: 1 / (x * mp.log(2)), positive(0.01, 100)),
    known("log10", np.log10, mp.log10, lambda x: 1 / (x * mp.log(10)), positive(0.01, 100)),
    known("log1p", np.log1p, mp.log1p, lambda x: 1 / (1 + x), between(-1, 4)),
    known("sqrt", np.sqrt, mp.sqrt, lambda x: 1 / (2 * mp.sqrt(x)), positive(0.01, 100)),
    known(
        "cbrt",
        np.cbrt,
        lambda x: mp.sign(x) * mp.cbrt(abs(x)),
        lambda x: 1 / (3 * mp.cbrt(x * x)),
        positive(0.01, 100, signed=True),
    ),
    known("arcsin", np.arcsin, mp.asin, lambda x: 1 / mp.sqrt(1 - x * x), between(-1, 1)),
    known("arccos", np.arccos, mp.acos, lambda x: -1 / mp.sqrt(1 - x * x), between(-1, 1)),
    known("arctan", np.arctan, mp.atan, lambda x: 1 / (1 + x * x), around()),
    known("sinh", np.sinh, mp.sinh, mp.cosh, around()),
    known("cosh", np.cosh, mp.cosh, mp.sinh, around()),
    known("tanh", np.tanh, mp.tanh, lambda x: 1 - mp.tanh(x) ** 2, around()),
    known("arcsinh", np.arcsinh, mp.asinh, lambda x: 1 / mp.sqrt(1 + x * x), around(4)),
    known("arccosh", np.arccosh, mp.acosh, lambda x: 1 / mp.sqrt(x * x - 1), between(1, 9)),
    known("arctanh", np.arctanh, mp.atanh, lambda x: 1 / (1 - x * x), between(-1, 1)),
    known("square", np.square, lambda x: x * x, lambda x: 2 * x, around()),
    known("reciprocal", np.reciprocal, lambda x: 1 / x, lambda x: -1 / x**2, positive(0.01, 100, signed=True)),
    known("3 x", lambda x: 3 * x, lambda x: 3 * x, lambda x: mp.mpf(3), around()),
    known("x^3 - 2 x + 1", lambda x: x**3 - 2 * x + 1, lambda x: x**3 - 2 * x + 1, lambda x: 3 * x**2 - 2, around()),
    known("x^5", lambda x: x**5, lambda x: x**5, lambda x: 5 * x**4, apart()),
    known("x^-3", lambda x: x**-3.0, lambda x: x**-3, lambda x: -3 * x**-4, positive(0.1, 10, signed=True)),
    known("x^1.5", lambda x: x**1.5, lambda x: x * mp.sqrt(x), lambda x: 1.5 * mp.sqrt(x), positive(0.01, 100)),
    known("x^0.3", lambda x: x**0.3, lambda x: x**0.3, lambda x: 0.3 * x ** (mp.mpf(0.3) - 1), positive(0.01, 100)),
    known("x^x", lambda x: x**x, lambda x: mp.exp(x * mp.log(x)), lambda x: x**x * (mp.log(x) + 1), positive(0.05, 8)),
    known("0.7^x", lambda x: 0.7**x, lambda x: mp.mpf(0.7) ** x, lambda x: mp.log(0.7) * mp.mpf(0.7) ** x, around(2)),
    known("sigmoid", sigmoid, exact_sigmoid, exact_sigmoid_slope, around(2)),
    known("softplus", lambda x: np.logaddexp(0, x), lambda x: mp.log1p(mp.exp(x)), exact_sigmoid, around(2)),
    known(
        "silu",
        lambda x: x * sigmoid(x),
        lambda x: x * exact_sigmoid(x),
        lambda x: exact_sigmoid(x) + x * exact_sigmoid_slope(x),
        around(2),
    ),
    known("mish", mish, exact_mish, exact_mish_slope, around()),
    known("gelu", gelu, exact_gelu, exact_gelu_slope, around()),
    known("gaussian", lambda x: np.exp(-x * x), lambda x: mp.exp(-x * x), lambda x: -2 * x * mp.exp(-x * x), around()),
    known("x e^-x", lambda x: x * np.exp(-x), lambda x: x * mp.exp(-x), lambda x: (1 - x) * mp.exp(-x), around()),
    known("sinc", np.sinc, mp.sincpi, sinc_slope, around()),
    known(
        "rational",
        lambda x: (x**2 + 1) / (x**4 + 2),
        lambda x: (x**2 + 1) / (x**4 + 2),
        lambda x: 2 * x / (x**4 + 2) - (x**2 + 1) * 4 * x**3 / (x**4 + 2) ** 2,
        around(),
    ),
    known(
        "log(1 + x^2)", lambda x: np.log(1 + x * x), lambda x: mp.log(1 + x * x), lambda x: 2 * x / (1 + x * x), apart()
    ),
    known(
        "sqrt(1 + x^2)", lambda x: np.sqrt(1 + x * x), lambda x: mp.hypot(1, x), lambda x: x / mp.hypot(1, x), around()
    ),
    known(
        "x / sqrt(1 + x^2)",
        lambda x: x / np.sqrt(1 + x * x),
        lambda x: x / mp.hypot(1, x),
        lambda x: mp.hypot(1, x) ** -3,
        around(),
    ),
    known(
        "arctan(e^x)", lambda x: np.arctan(np.exp(x)), lambda x: mp.atan(mp.exp(x)), lambda x: mp.sech(x) / 2, around()
    ),
    known(
        "sin(cos x)",
        lambda x: np.sin(np.cos(x)),
        lambda x: mp.sin(mp.cos(x)),
        lambda x: -mp.sin(x) * mp.cos(mp.cos(x)),
        around(),
    ),
    known(
        "e^sin x",
        lambda x: np.exp(np.sin(x)),
        lambda x: mp.exp(mp.sin(x)),
        lambda x: mp.cos(x) * mp.exp(mp.sin(x)),
        around(),
    ),
    known("log cosh", lambda x: np.log(np.cosh(x)), lambda x: mp.log(mp.cosh(x)), mp.tanh, apart(2, 2**-6)),
    known(
        "chebyshev T5",
        lambda x: ((16 * x * x - 20) * x * x + 5) * x,
        lambda x: mp.chebyt(5, x),
        lambda x: 5 * mp.chebyu(4, x),
        around(0.5),
    ),
    known("horner, degree 10", horner, exact_horner, exact_horner_slope, around(0.5)),
    known("newton's square root", babylonian, babylonian, babylonian_slope, positive(0.01, 100)),
    known("recurrence of tanh", recurrence, exact_recurrence, exact_recurrence_slope, around()),
    known(
        "i0 of numpy",
        lambda x: np.i0(x).reshape(x.shape),
        lambda x: mp.besseli(0, x),
        lambda x: mp.besseli(1, x),
        around(4),
    ),
    known("hypot", np.hypot, mp.hypot, lambda x, y: (x / mp.hypot(x, y), y / mp.hypot(x, y)), apart(), apart()),
    known(
        "arctan2",
        np.arctan2,
        mp.atan2,
        lambda y, x: (x / (x * x + y * y), -y / (x * x + y * y)),
        apart(),
        apart(),
    ),
    known(
        "power, both",
        np.power,
        mp.power,
        lambda x, y: (y * x ** (y - 1), mp.log(x) * x**y),
        positive(0.05, 20),
        around(),
    ),
    known(
        "logaddexp",
        np.logaddexp,
        lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
        lambda x, y: (exact_sigmoid(x - y), exact_sigmoid(y - x)),
        around(2),
        around(2),
    ),
    known("multiply", np.multiply, lambda x, y: x * y, lambda x, y: (y, x), around(), around()),
    known(
        "divide",
        np.divide,
        lambda x, y: x / y,
        lambda x, y: (1 / y, -x / y**2),
        around(),
        positive(0.01, 100, signed=True),
    ),
    known(
        "x sin y + y cos x",
        lambda x, y: x * np.sin(y) + y * np.cos(x),
        lambda x, y: x * mp.sin(y) + y * mp.cos(x),
        lambda x, y: (mp.sin(y) - y * mp.sin(x), x * mp.cos(y) + mp.cos(x)),
        around(),
        around(),
    ),
]
