"""Functions in float32: seven digits in, seven digits out.

One idea: most are written for any dtype; a few force float32 inside, as a lookup or a GPU kernel
does, and have nothing finer to show.
"""

import numpy as np
from mpmath import mp
from scipy import special as sp

from .draws import apart, around, arrays, between, near, numbers, positive
from .known import Known
from .smooth import exact_gelu, exact_gelu_slope, exact_sigmoid, exact_sigmoid_slope
from .vectors import softmax, softmax_exact, softmax_slope

one = mp.mpf(1)


def known(name, f, exact, slope, *each):
    return Known(f"{name} (float32)", "float32", f, exact, slope, numbers(*each, dtype=np.float32))


def of_arrays(name, f, exact, slope, *shapes):
    return Known(f"{name} (float32)", "float32", f, exact, slope, arrays(*shapes, of=apart(), dtype=np.float32))


def only_single(f):
    """Return f as something that computes in float32 whatever it is given."""
    return lambda x: f(np.float32(x)).astype(np.float32)


def gelu(x):
    return np.float32(0.5) * x * (1 + np.tanh(np.float32(0.7978845608028654) * (x + np.float32(0.044715) * x**3)))


FUNCTIONS = [
    known("sin", np.sin, mp.sin, mp.cos, around()),
    known("cos", np.cos, mp.cos, lambda x: -mp.sin(x), around()),
    known("exp", np.exp, mp.exp, mp.exp, around()),
    known("log", np.log, mp.log, lambda x: 1 / x, positive(0.01, 100)),
    known("log1p", np.log1p, mp.log1p, lambda x: 1 / (1 + x), between(-1, 4, 1e-3)),
    known("expm1", np.expm1, mp.expm1, mp.exp, around()),
    known("sqrt", np.sqrt, mp.sqrt, lambda x: 1 / (2 * mp.sqrt(x)), positive(0.01, 100)),
    known("1/x", lambda x: 1 / x, lambda x: 1 / x, lambda x: -1 / x**2, positive(0.01, 100, signed=True)),
    known(
        "1/sqrt(x)",
        lambda x: 1 / np.sqrt(x),
        lambda x: 1 / mp.sqrt(x),
        lambda x: -1 / (2 * x * mp.sqrt(x)),
        positive(0.01, 100),
    ),
    known("tanh", np.tanh, mp.tanh, lambda x: mp.sech(x) ** 2, around()),
    known("arctan", np.arctan, mp.atan, lambda x: 1 / (1 + x * x), around()),
    known("arcsin", np.arcsin, mp.asin, lambda x: 1 / mp.sqrt(1 - x * x), between(-1, 1, 1e-3)),
    known("square", np.square, lambda x: x * x, lambda x: 2 * x, around()),
    known("x^3 - 2 x", lambda x: x**3 - 2 * x, lambda x: x**3 - 2 * x, lambda x: 3 * x * x - 2, around()),
    known("sigmoid", lambda x: 1 / (1 + np.exp(-x)), exact_sigmoid, exact_sigmoid_slope, around(2)),
    known(
        "softplus", lambda x: np.logaddexp(x, np.float32(0)), lambda x: mp.log1p(mp.exp(x)), exact_sigmoid, around(2)
    ),
    known("gelu", gelu, exact_gelu, exact_gelu_slope, around()),
    known("gaussian", lambda x: np.exp(-x * x), lambda x: mp.exp(-x * x), lambda x: -2 * x * mp.exp(-x * x), around()),
    known("sin 50 x", lambda x: np.sin(50 * x), lambda x: mp.sin(50 * x), lambda x: 50 * mp.cos(50 * x), around()),
    known("1e4 x^2", lambda x: 1e4 * x * x, lambda x: 1e4 * x * x, lambda x: 2e4 * x, around()),
    known("1e-8 e^x", lambda x: 1e-8 * np.exp(x), lambda x: 1e-8 * mp.exp(x), lambda x: 1e-8 * mp.exp(x), around()),
    known("x^2 at 1e8", lambda x: x * x, lambda x: x * x, lambda x: 2 * x, positive(1e7, 1e9, signed=True)),
    known("log at 1e-8", np.log, mp.log, lambda x: 1 / x, positive(1e-9, 1e-7)),
    known("100 + sin x", lambda x: 100 + np.sin(x), lambda x: 100 + mp.sin(x), mp.cos, around()),
    known("|x|", np.abs, abs, mp.sign, near(0.0, closest=1e-4)),
    known(
        "relu",
        lambda x: np.maximum(x, 0),
        lambda x: max(x, 0 * one),
        lambda x: one if x > 0 else 0 * one,
        near(0.0, closest=1e-4),
    ),
    known("x |x|", lambda x: x * np.abs(x), lambda x: x * abs(x), lambda x: 2 * abs(x), near(0.0, closest=1e-4)),
    known("erf", sp.erf, mp.erf, lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x), around()),
    known("J0", sp.j0, lambda x: mp.besselj(0, x), lambda x: -mp.besselj(1, x), around(4)),
    known("hypot", np.hypot, mp.hypot, lambda x, y: (x / mp.hypot(x, y), y / mp.hypot(x, y)), apart(), apart()),
    known("multiply", np.multiply, lambda x, y: x * y, lambda x, y: (y, x), around(), around()),
    known("tanh, single inside", only_single(np.tanh), mp.tanh, lambda x: mp.sech(x) ** 2, around()),
    known("exp, single inside", only_single(np.exp), mp.exp, mp.exp, around()),
    known("sin, single inside", only_single(np.sin), mp.sin, mp.cos, around()),
    of_arrays("softmax", softmax, softmax_exact, softmax_slope, (3,)),
    of_arrays(
        "norm",
        lambda x: np.sqrt((x * x).sum()),
        lambda x: mp.sqrt((x * x).sum()),
        lambda x: x / mp.sqrt((x * x).sum()),
        (3,),
    ),
    of_arrays("inner product", np.dot, np.dot, lambda x, y: (y, x), (3,), (3,)),
    of_arrays("sum of squares", lambda x: (x * x).sum(), lambda x: (x * x).sum(), lambda x: 2 * x, (4,)),
]
