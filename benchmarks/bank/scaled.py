"""Badly scaled functions, and gradients that are small beside the function.

One idea: an absolute step or an absolute tolerance is right for one scale only; these go from
1e-8 to 1e8 and some of them much further.
"""

import functools

import numpy as np
from mpmath import mp
from scipy import special as sp

from .draws import around, between, near, positive
from .known import of_number

known = functools.partial(of_number, "scaled")
small = functools.partial(of_number, "small gradient")


def exact_sigmoid_slope(x):
    return mp.sech(x / 2) ** 2 / 4


FUNCTIONS = [
    known(
        "sin 1e8 x",
        lambda x: np.sin(1e8 * x),
        lambda x: mp.sin(1e8 * x),
        lambda x: 1e8 * mp.cos(1e8 * x),
        positive(1e-10, 1e-7, signed=True),
    ),
    known(
        "sin 1e-8 x",
        lambda x: np.sin(1e-8 * x),
        lambda x: mp.sin(1e-8 * x),
        lambda x: 1e-8 * mp.cos(1e-8 * x),
        positive(1e6, 3e8, signed=True),
    ),
    known("1e8 x^2", lambda x: 1e8 * x * x, lambda x: 1e8 * x * x, lambda x: 2e8 * x, around()),
    known("1e-8 e^x", lambda x: 1e-8 * np.exp(x), lambda x: 1e-8 * mp.exp(x), lambda x: 1e-8 * mp.exp(x), around()),
    known(
        "1e8 arctan x", lambda x: 1e8 * np.arctan(x), lambda x: 1e8 * mp.atan(x), lambda x: 1e8 / (1 + x * x), around()
    ),
    known(
        "1e-8 tanh x",
        lambda x: 1e-8 * np.tanh(x),
        lambda x: 1e-8 * mp.tanh(x),
        lambda x: 1e-8 * mp.sech(x) ** 2,
        around(),
    ),
    known("e^x, far out", np.exp, mp.exp, mp.exp, between(50, 300)),
    known("e^-x, far out", lambda x: np.exp(-x), lambda x: mp.exp(-x), lambda x: -mp.exp(-x), between(50, 600)),
    known("x^2 at 1e8", lambda x: x * x, lambda x: x * x, lambda x: 2 * x, positive(1e7, 1e9, signed=True)),
    known("x^2 at 1e-100", lambda x: x * x, lambda x: x * x, lambda x: 2 * x, positive(1e-120, 1e-80, signed=True)),
    known("x^3 at 1e8", lambda x: x**3, lambda x: x**3, lambda x: 3 * x * x, positive(1e7, 1e9, signed=True)),
    known("x^10 at 100", lambda x: x**10, lambda x: x**10, lambda x: 10 * x**9, positive(10, 1000, signed=True)),
    known("x^-4 at 1e-4", lambda x: x**-4.0, lambda x: x**-4, lambda x: -4 * x**-5, positive(1e-5, 1e-3)),
    known("log at 1e-8", np.log, mp.log, lambda x: 1 / x, positive(1e-9, 1e-7)),
    known("log at 1e8", np.log, mp.log, lambda x: 1 / x, positive(1e7, 1e9)),
    known("log at 1e-300", np.log, mp.log, lambda x: 1 / x, positive(1e-300, 1e-280)),
    known("1/x at 1e-8", lambda x: 1 / x, lambda x: 1 / x, lambda x: -1 / x**2, positive(1e-9, 1e-7, signed=True)),
    known("1/x at 1e8", lambda x: 1 / x, lambda x: 1 / x, lambda x: -1 / x**2, positive(1e7, 1e9, signed=True)),
    known("sqrt at 1e-8", np.sqrt, mp.sqrt, lambda x: 1 / (2 * mp.sqrt(x)), positive(1e-9, 1e-7)),
    known("sqrt at 1e-200", np.sqrt, mp.sqrt, lambda x: 1 / (2 * mp.sqrt(x)), positive(1e-220, 1e-180)),
    known("cbrt at 1e8", np.cbrt, mp.cbrt, lambda x: 1 / (3 * mp.cbrt(x) ** 2), positive(1e7, 1e9)),
    known("arctan at 1e8", np.arctan, mp.atan, lambda x: 1 / (1 + x * x), positive(1e2, 1e4, signed=True)),
    known("1e8 + sin x", lambda x: 1e8 + np.sin(x), lambda x: 1e8 + mp.sin(x), mp.cos, around()),
    known("1000 + x/1000", lambda x: 1000 + x / 1000, lambda x: 1000 + x / 1000, lambda x: 1 / mp.mpf(1000), around()),
    known(
        "(x + 1e6)^2 - 1e12",
        lambda x: (x + 1e6) ** 2 - 1e12,
        lambda x: (x + 1e6) ** 2 - 1e12,
        lambda x: 2 * (x + 1e6),
        around(),
    ),
    known("1e8 x + x^2", lambda x: 1e8 * x + x * x, lambda x: 1e8 * x + x * x, lambda x: 1e8 + 2 * x, around()),
    known(
        "tanh 1e6 x",
        lambda x: np.tanh(1e6 * x),
        lambda x: mp.tanh(1e6 * x),
        lambda x: 1e6 * mp.sech(1e6 * x) ** 2,
        positive(1e-8, 3e-6, signed=True),
    ),
    known(
        "exp 1e8 x",
        lambda x: np.exp(1e8 * x),
        lambda x: mp.exp(1e8 * x),
        lambda x: 1e8 * mp.exp(1e8 * x),
        positive(1e-10, 1e-7, signed=True),
    ),
    known(
        "sqrt(x^2 + 1e-16)",
        lambda x: np.sqrt(x * x + 1e-16),
        lambda x: mp.sqrt(x * x + 1e-16),
        lambda x: x / mp.sqrt(x * x + 1e-16),
        positive(1e-9, 1e-6, signed=True),
    ),
    known(
        "1 / (1 + (x/1e8)^2)",
        lambda x: 1 / (1 + (x / 1e8) ** 2),
        lambda x: 1 / (1 + (x / 1e8) ** 2),
        lambda x: -2 * x / 1e16 / (1 + (x / 1e8) ** 2) ** 2,
        positive(1e6, 1e9, signed=True),
    ),
    known(
        "gaussian of width 1e-8",
        lambda x: np.exp(-((x / 1e-8) ** 2)),
        lambda x: mp.exp(-((x / 1e-8) ** 2)),
        lambda x: -2 * x / mp.mpf(1e-8) ** 2 * mp.exp(-((x / 1e-8) ** 2)),
        positive(1e-10, 3e-8, signed=True),
    ),
    known(
        "log(1 + 1e8 x^2)",
        lambda x: np.log1p(1e8 * x * x),
        lambda x: mp.log1p(1e8 * x * x),
        lambda x: 2e8 * x / (1 + 1e8 * x * x),
        positive(1e-6, 1),
    ),
    known(
        "log log x",
        lambda x: np.log(np.log(x)),
        lambda x: mp.log(mp.log(x)),
        lambda x: 1 / (x * mp.log(x)),
        positive(2, 1e100),
    ),
    known("gamma at 100", sp.gamma, mp.gamma, lambda x: mp.gamma(x) * mp.psi(0, x), between(80, 160)),
    known("gammaln at 1e8", sp.gammaln, mp.loggamma, lambda x: mp.psi(0, x), positive(1e6, 1e10)),
    known("1 - cos x, cancelling", lambda x: 1 - np.cos(x), lambda x: 1 - mp.cos(x), mp.sin, positive(1e-3, 1)),
    known(
        "(e^x - 1)/x, cancelling",
        lambda x: (np.exp(x) - 1) / x,
        lambda x: mp.expm1(x) / x,
        lambda x: (x * mp.exp(x) - mp.expm1(x)) / x**2,
        positive(1e-3, 1),
    ),
    known(
        "sqrt(x + 1) - sqrt(x), cancelling",
        lambda x: np.sqrt(x + 1) - np.sqrt(x),
        lambda x: mp.sqrt(x + 1) - mp.sqrt(x),
        lambda x: (1 / mp.sqrt(x + 1) - 1 / mp.sqrt(x)) / 2,
        positive(1, 1e4),
    ),
    known(
        "x + y, far apart",
        lambda x, y: x + y,
        lambda x, y: x + y,
        lambda x, y: (mp.mpf(1), mp.mpf(1)),
        positive(1e4, 1e6),
        positive(1e-6, 1e-4),
    ),
    known(
        "x y, far apart",
        lambda x, y: x * y,
        lambda x, y: x * y,
        lambda x, y: (y, x),
        positive(1e6, 1e8),
        positive(1e-8, 1e-6),
    ),
    known(
        "hypot, far apart",
        np.hypot,
        mp.hypot,
        lambda x, y: (x / mp.hypot(x, y), y / mp.hypot(x, y)),
        positive(1e2, 1e4),
        positive(1e-2, 1),
    ),
    small("x^2 near 0", lambda x: x * x, lambda x: x * x, lambda x: 2 * x, positive(1e-9, 1e-3, signed=True)),
    small("cos near 0", np.cos, mp.cos, lambda x: -mp.sin(x), positive(1e-7, 1e-2, signed=True)),
    small(
        "1 + 1e-6 sin x",
        lambda x: 1 + 1e-6 * np.sin(x),
        lambda x: 1 + 1e-6 * mp.sin(x),
        lambda x: 1e-6 * mp.cos(x),
        around(),
    ),
    small(
        "1 + 1e-3 e^x",
        lambda x: 1 + 1e-3 * np.exp(x),
        lambda x: 1 + 1e-3 * mp.exp(x),
        lambda x: 1e-3 * mp.exp(x),
        around(),
    ),
    small("x^4 near 0", lambda x: x**4, lambda x: x**4, lambda x: 4 * x**3, positive(1e-5, 1e-2, signed=True)),
    small("tanh, saturated", np.tanh, mp.tanh, lambda x: mp.sech(x) ** 2, between(4, 9)),
    small(
        "sigmoid, saturated",
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: 1 / (1 + mp.exp(-x)),
        exact_sigmoid_slope,
        between(8, 18),
    ),
    small(
        "sigmoid, its small side",
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: 1 / (1 + mp.exp(-x)),
        exact_sigmoid_slope,
        between(-40, -8),
    ),
    small(
        "gaussian's tail",
        lambda x: np.exp(-x * x),
        lambda x: mp.exp(-x * x),
        lambda x: -2 * x * mp.exp(-x * x),
        between(3, 20),
    ),
    small("erfc's tail", sp.erfc, mp.erfc, lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x), between(3, 20)),
    small("sin near its top", np.sin, mp.sin, mp.cos, near(np.pi / 2, closest=1e-5, farthest=1e-2)),
    small(
        "(x - 1)^2 near 1",
        lambda x: (x - 1) ** 2,
        lambda x: (x - 1) ** 2,
        lambda x: 2 * (x - 1),
        near(1.0, closest=1e-6, farthest=1e-2),
    ),
]
