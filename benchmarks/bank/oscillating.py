"""Functions that turn around many times within a step that would be harmless elsewhere.

One idea: an extrapolation converges to something even where it has skipped every wave.
"""

import functools

import numpy as np
from mpmath import mp
from scipy import special as sp

from .draws import around, between, positive
from .known import of_number

known = functools.partial(of_number, "oscillating")


def weierstrass(x):
    return sum(0.5**n * np.cos(3.0**n * x) for n in range(8))


def exact_weierstrass(x):
    return mp.fsum(mp.mpf(0.5) ** n * mp.cos(3**n * x) for n in range(8))


def exact_weierstrass_slope(x):
    return -mp.fsum(mp.mpf(1.5) ** n * mp.sin(3**n * x) for n in range(8))


def wave(k):
    return lambda x: np.sin(k * x), lambda x: mp.sin(k * x), lambda x: k * mp.cos(k * x)


def legendre_slope(n, x):
    return n * (x * mp.legendre(n, x) - mp.legendre(n - 1, x)) / (x * x - 1)


FUNCTIONS = [
    known("sin 50 x", *wave(50), around()),
    known("sin 1e3 x", *wave(1000), around()),
    known("sin 1e4 x", *wave(10_000), around()),
    known("sin 1e5 x", *wave(100_000), around()),
    known(
        "sin 1/x",
        lambda x: np.sin(1 / x),
        lambda x: mp.sin(1 / x),
        lambda x: -mp.cos(1 / x) / x**2,
        positive(1e-3, 1, signed=True),
    ),
    known(
        "x sin 1/x",
        lambda x: x * np.sin(1 / x),
        lambda x: x * mp.sin(1 / x),
        lambda x: mp.sin(1 / x) - mp.cos(1 / x) / x,
        positive(1e-3, 1, signed=True),
    ),
    known(
        "cos x^2",
        lambda x: np.cos(x * x),
        lambda x: mp.cos(x * x),
        lambda x: -2 * x * mp.sin(x * x),
        positive(0.3, 50, signed=True),
    ),
    known(
        "sin e^x",
        lambda x: np.sin(np.exp(x)),
        lambda x: mp.sin(mp.exp(x)),
        lambda x: mp.exp(x) * mp.cos(mp.exp(x)),
        between(0, 7),
    ),
    known(
        "narrow Runge",
        lambda x: 1 / (1 + 1e4 * x * x),
        lambda x: 1 / (1 + 10**4 * x * x),
        lambda x: -2e4 * x / (1 + 10**4 * x * x) ** 2,
        positive(1e-4, 1, signed=True),
    ),
    known(
        "gaussian times wave",
        lambda x: np.exp(-x * x) * np.cos(100 * x),
        lambda x: mp.exp(-x * x) * mp.cos(100 * x),
        lambda x: -mp.exp(-x * x) * (2 * x * mp.cos(100 * x) + 100 * mp.sin(100 * x)),
        around(),
    ),
    known(
        "narrow bump at 0.3",
        lambda x: np.exp(-(((x - 0.3) / 1e-4) ** 2)),
        lambda x: mp.exp(-(((x - 0.3) / 1e-4) ** 2)),
        lambda x: -2 * (x - 0.3) / mp.mpf(1e-4) ** 2 * mp.exp(-(((x - 0.3) / 1e-4) ** 2)),
        between(0.2997, 0.3003, 1e-4),
    ),
    known(
        "tanh(100 sin 10 x)",
        lambda x: np.tanh(100 * np.sin(10 * x)),
        lambda x: mp.tanh(100 * mp.sin(10 * x)),
        lambda x: 1000 * mp.cos(10 * x) * mp.sech(100 * mp.sin(10 * x)) ** 2,
        between(-0.002, 0.002, 1e-3),
    ),
    known(
        "sin x + 0.01 sin 1e4 x",
        lambda x: np.sin(x) + 0.01 * np.sin(1e4 * x),
        lambda x: mp.sin(x) + 0.01 * mp.sin(10**4 * x),
        lambda x: mp.cos(x) + mp.mpf(0.01) * 10**4 * mp.cos(10**4 * x),
        around(),
    ),
    known("Weierstrass, 8 terms", weierstrass, exact_weierstrass, exact_weierstrass_slope, around()),
    known(
        "x^2 + wave of 1000 turns",
        lambda x: x * x + np.sin(2000 * np.pi * x),
        lambda x: x * x + mp.sin(mp.mpf(2000 * np.pi) * x),
        lambda x: 2 * x + 2000 * np.pi * mp.cos(mp.mpf(2000 * np.pi) * x),
        around(),
    ),
    known(
        "J0(200 x)",
        lambda x: sp.j0(200 * x),
        lambda x: mp.besselj(0, 200 * x),
        lambda x: -200 * mp.besselj(1, 200 * x),
        positive(0.01, 3),
    ),
    known("Ai at -50", lambda x: sp.airy(x)[0], mp.airyai, lambda x: mp.airyai(x, derivative=1), between(-60, -20)),
    known(
        "log(1.001 + sin 40 x)",
        lambda x: np.log(1.001 + np.sin(40 * x)),
        lambda x: mp.log(1.001 + mp.sin(40 * x)),
        lambda x: 40 * mp.cos(40 * x) / (1.001 + mp.sin(40 * x)),
        around(),
    ),
    known(
        "sinc 300 x",
        lambda x: np.sin(300 * x) / (300 * x),
        lambda x: mp.sin(300 * x) / (300 * x),
        lambda x: (mp.cos(300 * x) - mp.sin(300 * x) / (300 * x)) / x,
        positive(1e-3, 3, signed=True),
    ),
    known(
        "cos(100 arccos x)",
        lambda x: np.cos(100 * np.arccos(x)),
        lambda x: mp.chebyt(100, x),
        lambda x: 100 * mp.sin(100 * mp.acos(x)) / mp.sqrt(1 - x * x),
        between(-1, 1, 1e-3),
    ),
    known(
        "Legendre P40",
        lambda x: sp.eval_legendre(40, x),
        lambda x: mp.legendre(40, x),
        lambda x: legendre_slope(40, x),
        between(-1, 1, 1e-3),
    ),
    known(
        "sin 30 x sin 31 y",
        lambda x, y: np.sin(30 * x) * np.sin(31 * y),
        lambda x, y: mp.sin(30 * x) * mp.sin(31 * y),
        lambda x, y: (30 * mp.cos(30 * x) * mp.sin(31 * y), 31 * mp.sin(30 * x) * mp.cos(31 * y)),
        around(),
        around(),
    ),
]
