"""Special functions as SciPy computes them, against mpmath.

One idea: somebody else's numerics. They switch formulas inside their domain, lose a few digits near
their zeros, and are what people write custom gradients for.
"""

import functools

import numpy as np
from mpmath import mp
from scipy import special as sp

from .draws import apart, around, between, positive
from .known import of_number

known = functools.partial(of_number, "special")


def phi(x):
    """The density of the normal distribution."""
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def bessel(kind, order):
    """Return a Bessel function in mpmath and its derivative, by the recurrences DLMF 10.6.2 and 10.29.2."""
    n = mp.mpf(order)
    sign = 1 if kind == mp.besseli else -1

    def value(x):
        return kind(n, x)

    def slope(x):
        return sign * kind(n + 1, x) + n / x * kind(n, x)

    return value, slope


def spherical(kind, n):
    """Return a spherical Bessel function (from `kind`, of order n + 1/2) and its derivative."""
    value, slope = bessel(kind, n + 0.5)
    return (
        lambda x: mp.sqrt(mp.pi / (2 * x)) * value(x),
        lambda x: mp.sqrt(mp.pi / (2 * x)) * (slope(x) - value(x) / (2 * x)),
    )


def times(value, slope, factor, rate):
    """Return a function times `factor`, of which the logarithm has the derivative `rate`."""
    return lambda x: value(x) * factor(x), lambda x: (slope(x) + rate * value(x)) * factor(x)


def erfcx(x):
    return mp.exp(x * x) * mp.erfc(x)


def dawson(x):
    return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)


def normal(x):
    return mp.ncdf(x)


def lambert_slope(x):
    w = mp.lambertw(x)
    return w / (x * (1 + w)) if x else mp.mpf(1)


def omega(x):
    return mp.lambertw(mp.exp(x)).real


def ellipk_slope(m):
    return (mp.ellipe(m) - (1 - m) * mp.ellipk(m)) / (2 * m * (1 - m)) if m else mp.pi / 8


def ellipe_slope(m):
    return (mp.ellipe(m) - mp.ellipk(m)) / (2 * m) if m else -mp.pi / 8


def voigt(x):
    """The profile with sigma = gamma = 1: the real part of Faddeeva's w(z)/sqrt(2 pi)."""
    return faddeeva((x + 1j) / mp.sqrt(2)).real / mp.sqrt(2 * mp.pi)


def faddeeva(z):
    return mp.exp(-z * z) * mp.erfc(-1j * z)


def voigt_slope(x):
    z = (x + 1j) / mp.sqrt(2)
    return (-2 * z * faddeeva(z) + 2j / mp.sqrt(mp.pi)).real / mp.sqrt(2) / mp.sqrt(2 * mp.pi)


def exprel_slope(x):
    return (x * mp.exp(x) - mp.expm1(x)) / x**2 if x else mp.mpf(1) / 2


def exprel(x):
    return mp.expm1(x) / x if x else mp.mpf(1)


def legendre_slope(n):
    return lambda x: n * (x * mp.legendre(n, x) - mp.legendre(n - 1, x)) / (x * x - 1)


def kelvin(x):
    """ber: the real part of J0(x e^(3 i pi/4))."""
    return mp.besselj(0, x * mp.expjpi(mp.mpf(3) / 4)).real


def kelvin_slope(x):
    turn = mp.expjpi(mp.mpf(3) / 4)
    return (-turn * mp.besselj(1, x * turn)).real


def dilogarithm(x):
    """Spence's function as SciPy has it: Li2(1 - x)."""
    return mp.polylog(2, 1 - x).real


def beta_slope(a, b):
    return (mp.beta(a, b) * (mp.psi(0, a) - mp.psi(0, a + b)), mp.beta(a, b) * (mp.psi(0, b) - mp.psi(0, a + b)))


J, Y, I_, K = mp.besselj, mp.bessely, mp.besseli, mp.besselk

FUNCTIONS = [
    known("erf", sp.erf, mp.erf, lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x), around()),
    known("erfc", sp.erfc, mp.erfc, lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x), around()),
    known("erfcx", sp.erfcx, erfcx, lambda x: 2 * x * erfcx(x) - 2 / mp.sqrt(mp.pi), around(2)),
    known("erfi", sp.erfi, mp.erfi, lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(x * x), around()),
    known("dawson", sp.dawsn, dawson, lambda x: 1 - 2 * x * dawson(x), around(2)),
    known("erfinv", sp.erfinv, mp.erfinv, lambda y: mp.sqrt(mp.pi) / 2 * mp.exp(mp.erfinv(y) ** 2), between(-1, 1)),
    known("ndtr", sp.ndtr, normal, phi, around()),
    known("log_ndtr", sp.log_ndtr, lambda x: mp.log(normal(x)), lambda x: phi(x) / normal(x), around(2)),
    known(
        "ndtri",
        sp.ndtri,
        lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1),
        lambda p: 1 / phi(mp.sqrt(2) * mp.erfinv(2 * p - 1)),
        between(0, 1),
    ),
    known("gamma", sp.gamma, mp.gamma, lambda x: mp.gamma(x) * mp.psi(0, x), positive(0.05, 20)),
    known("gamma, negative", sp.gamma, mp.gamma, lambda x: mp.gamma(x) * mp.psi(0, x), between(-2, -1, 1e-3)),
    known("gammaln", sp.gammaln, mp.loggamma, lambda x: mp.psi(0, x), positive(0.01, 1000)),
    known("digamma", sp.digamma, lambda x: mp.psi(0, x), lambda x: mp.psi(1, x), positive(0.01, 100)),
    known("trigamma", lambda x: sp.polygamma(1, x), lambda x: mp.psi(1, x), lambda x: mp.psi(2, x), positive(0.05, 50)),
    known("1 / gamma", sp.rgamma, mp.rgamma, lambda x: -mp.psi(0, x) * mp.rgamma(x), positive(0.05, 20)),
    known("zeta", sp.zeta, mp.zeta, lambda s: mp.zeta(s, 1, 1), between(1, 9, 1e-3)),
    known("beta", sp.beta, mp.beta, beta_slope, positive(0.1, 10), positive(0.1, 10)),
    known(
        "betaln",
        sp.betaln,
        lambda a, b: mp.log(mp.beta(a, b)),
        lambda a, b: tuple(s / mp.beta(a, b) for s in beta_slope(a, b)),
        positive(0.1, 10),
        positive(0.1, 10),
    ),
    known(
        "gammainc(2.5, x)",
        lambda x: sp.gammainc(2.5, x),
        lambda x: mp.gammainc(2.5, 0, x, regularized=True),
        lambda x: x * mp.sqrt(x) * mp.exp(-x) / mp.gamma(2.5),
        positive(0.05, 20),
    ),
    known(
        "gammaincc(0.5, x)",
        lambda x: sp.gammaincc(0.5, x),
        lambda x: mp.gammainc(0.5, x, mp.inf, regularized=True),
        lambda x: -mp.exp(-x) / mp.sqrt(mp.pi * x),
        positive(0.05, 20),
    ),
    known(
        "betainc(2, 3.5, x)",
        lambda x: sp.betainc(2, 3.5, x),
        lambda x: mp.betainc(2, 3.5, 0, x, regularized=True),
        lambda x: x * (1 - x) ** 2.5 / mp.beta(2, 3.5),
        between(0, 1, 1e-3),
    ),
    known(
        "binomial(x, 3)",
        lambda x: sp.binom(x, 3),
        lambda x: x * (x - 1) * (x - 2) / 6,
        lambda x: (3 * x**2 - 6 * x + 2) / 6,
        between(0, 12, 1e-6),
    ),
    known("J0", sp.j0, *bessel(J, 0), apart(8)),
    known("J1", sp.j1, *bessel(J, 1), apart(8)),
    known("J3", lambda x: sp.jn(3, x), *bessel(J, 3), positive(0.5, 50)),
    known("J of order 2.5", lambda x: sp.jv(2.5, x), *bessel(J, 2.5), positive(0.1, 50)),
    known("Y0", sp.y0, *bessel(Y, 0), positive(0.01, 50)),
    known("Y1", sp.y1, *bessel(Y, 1), positive(0.01, 50)),
    known("Y of order 1.5", lambda x: sp.yv(1.5, x), *bessel(Y, 1.5), positive(0.1, 50)),
    known("I0", sp.i0, *bessel(I_, 0), apart(8)),
    known("I1", sp.i1, *bessel(I_, 1), apart(8)),
    known("I0 scaled", sp.i0e, *times(*bessel(I_, 0), lambda x: mp.exp(-x), -1), positive(0.05, 100)),
    known("I of order 2.5", lambda x: sp.iv(2.5, x), *bessel(I_, 2.5), positive(0.1, 20)),
    known("K0", sp.k0, *bessel(K, 0), positive(0.01, 50)),
    known("K1", sp.k1, *bessel(K, 1), positive(0.01, 50)),
    known("K0 scaled", sp.k0e, *times(*bessel(K, 0), mp.exp, 1), positive(0.05, 100)),
    known("K of order 1.3", lambda x: sp.kv(1.3, x), *bessel(K, 1.3), positive(0.1, 20)),
    known("spherical j1", lambda x: sp.spherical_jn(1, x), *spherical(J, 1), positive(0.1, 30)),
    known("spherical y1", lambda x: sp.spherical_yn(1, x), *spherical(Y, 1), positive(0.1, 30)),
    known("ellipk", sp.ellipk, mp.ellipk, ellipk_slope, between(-1, 1)),
    known("ellipe", sp.ellipe, mp.ellipe, ellipe_slope, between(-1, 1)),
    known(
        "ellipkinc(x, 0.5)",
        lambda x: sp.ellipkinc(x, 0.5),
        lambda x: mp.ellipf(x, 0.5),
        lambda x: 1 / mp.sqrt(1 - mp.sin(x) ** 2 / 2),
        around(),
    ),
    known(
        "ellipeinc(x, 0.5)",
        lambda x: sp.ellipeinc(x, 0.5),
        lambda x: mp.ellipe(x, 0.5),
        lambda x: mp.sqrt(1 - mp.sin(x) ** 2 / 2),
        around(),
    ),
    known("expit", sp.expit, lambda x: 1 / (1 + mp.exp(-x)), lambda x: mp.sech(x / 2) ** 2 / 4, around(4)),
    known("logit", sp.logit, lambda p: mp.log(p / (1 - p)), lambda p: 1 / (p * (1 - p)), between(0, 1)),
    known("log_expit", sp.log_expit, lambda x: -mp.log1p(mp.exp(-x)), lambda x: 1 / (1 + mp.exp(x)), around(4)),
    known(
        "spence", sp.spence, dilogarithm, lambda x: mp.log(x) / (1 - x) if x != 1 else mp.mpf(-1), positive(0.05, 20)
    ),
    known("exprel", sp.exprel, exprel, exprel_slope, around(2)),
    known("E1", sp.exp1, mp.e1, lambda x: -mp.exp(-x) / x, positive(0.01, 30)),
    known("E2", lambda x: sp.expn(2, x), lambda x: mp.expint(2, x), lambda x: -mp.e1(x), positive(0.01, 30)),
    known("Ei", sp.expi, mp.ei, lambda x: mp.exp(x) / x, positive(0.01, 30)),
    known("Si", lambda x: sp.sici(x)[0], mp.si, lambda x: mp.sin(x) / x, apart(4)),
    known("Ci", lambda x: sp.sici(x)[1], mp.ci, lambda x: mp.cos(x) / x, positive(0.01, 30)),
    known("Shi", lambda x: sp.shichi(x)[0], mp.shi, lambda x: mp.sinh(x) / x, apart(4)),
    known("Fresnel S", lambda x: sp.fresnel(x)[0], mp.fresnels, lambda x: mp.sinpi(x * x / 2), around(2)),
    known("Fresnel C", lambda x: sp.fresnel(x)[1], mp.fresnelc, lambda x: mp.cospi(x * x / 2), around(2)),
    known("Ai", lambda x: sp.airy(x)[0], mp.airyai, lambda x: mp.airyai(x, derivative=1), around(3)),
    known("Bi", lambda x: sp.airy(x)[2], mp.airybi, lambda x: mp.airybi(x, derivative=1), around(2)),
    known(
        "Lambert W", lambda x: sp.lambertw(x).real, lambda x: mp.lambertw(x).real, lambert_slope, positive(0.001, 1000)
    ),
    known("Wright omega", sp.wrightomega, omega, lambda x: omega(x) / (1 + omega(x)), around(4)),
    known(
        "Struve H0",
        lambda x: sp.struve(0, x),
        lambda x: mp.struveh(0, x),
        lambda x: 2 / mp.pi - mp.struveh(1, x),
        positive(0.1, 20),
    ),
    known("Kelvin ber", sp.ber, kelvin, kelvin_slope, apart(3, 2**-4)),
    known(
        "2F1(1, 2; 3.5; x)",
        lambda x: sp.hyp2f1(1, 2, 3.5, x),
        lambda x: mp.hyp2f1(1, 2, 3.5, x),
        lambda x: 2 * mp.hyp2f1(2, 3, 4.5, x) / mp.mpf(3.5),
        between(-1, 0.9, 1e-3),
    ),
    known(
        "1F1(1.5; 2.5; x)",
        lambda x: sp.hyp1f1(1.5, 2.5, x),
        lambda x: mp.hyp1f1(1.5, 2.5, x),
        lambda x: mp.mpf(1.5) / 2.5 * mp.hyp1f1(2.5, 3.5, x),
        around(2),
    ),
    known(
        "0F1(1.5; x)",
        lambda x: sp.hyp0f1(1.5, x),
        lambda x: mp.hyp0f1(1.5, x),
        lambda x: mp.hyp0f1(2.5, x) / 1.5,
        around(4),
    ),
    known(
        "Legendre P4",
        lambda x: sp.eval_legendre(4, x),
        lambda x: mp.legendre(4, x),
        legendre_slope(4),
        between(-1, 1, 1e-3),
    ),
    known(
        "Hermite H4",
        lambda x: sp.eval_hermite(4, x),
        lambda x: mp.hermite(4, x),
        lambda x: 8 * mp.hermite(3, x),
        around(),
    ),
    known(
        "Laguerre L3",
        lambda x: sp.eval_laguerre(3, x),
        lambda x: mp.laguerre(3, 0, x),
        lambda x: -mp.laguerre(2, 1, x),
        around(),
    ),
    known(
        "Gegenbauer C4",
        lambda x: sp.eval_gegenbauer(4, 1.5, x),
        lambda x: mp.gegenbauer(4, 1.5, x),
        lambda x: 3 * mp.gegenbauer(3, 2.5, x),
        around(0.5),
    ),
    known("Voigt profile", lambda x: sp.voigt_profile(x, 1, 1), voigt, voigt_slope, around(2)),
    known(
        "xlogy", sp.xlogy, lambda x, y: x * mp.log(y), lambda x, y: (mp.log(y), x / y), around(), positive(0.01, 100)
    ),
    known(
        "xlog1py",
        sp.xlog1py,
        lambda x, y: x * mp.log1p(y),
        lambda x, y: (mp.log1p(y), x / (1 + y)),
        around(),
        between(-1, 4, 1e-6),
    ),
    known("entropy", sp.entr, lambda x: -x * mp.log(x), lambda x: -mp.log(x) - 1, positive(0.01, 10)),
    known(
        "rel_entr",
        sp.rel_entr,
        lambda x, y: x * mp.log(x / y),
        lambda x, y: (mp.log(x / y) + 1, -x / y),
        positive(0.01, 10),
        positive(0.01, 10),
    ),
    known(
        "kl_div",
        sp.kl_div,
        lambda x, y: x * mp.log(x / y) - x + y,
        lambda x, y: (mp.log(x / y), 1 - x / y),
        positive(0.01, 10),
        positive(0.01, 10),
    ),
    known(
        "pseudo huber",
        lambda x: sp.pseudo_huber(1.5, x),
        lambda x: 1.5**2 * (mp.sqrt(1 + (x / 1.5) ** 2) - 1),
        lambda x: x / mp.sqrt(1 + (x / 1.5) ** 2),
        around(),
    ),
    known(
        "box-cox 0.3",
        lambda x: sp.boxcox(x, 0.3),
        lambda x: (x**0.3 - 1) / 0.3,
        lambda x: x ** (mp.mpf(0.3) - 1),
        positive(0.05, 20),
    ),
    known(
        "inverse box-cox 0.3",
        lambda x: sp.inv_boxcox(x, 0.3),
        lambda x: (0.3 * x + 1) ** (1 / mp.mpf(0.3)),
        lambda x: (0.3 * x + 1) ** (1 / mp.mpf(0.3) - 1),
        between(-2, 6),
    ),
    known(
        "sindg",
        sp.sindg,
        lambda x: mp.sinpi(x / 180),
        lambda x: mp.pi / 180 * mp.cospi(x / 180),
        around(60),
    ),
    known("cosm1", sp.cosm1, lambda x: mp.cos(x) - 1, lambda x: -mp.sin(x), around()),
    known(
        "powm1(x, 1.7)",
        lambda x: sp.powm1(x, 1.7),
        lambda x: x**1.7 - 1,
        lambda x: 1.7 * x ** (mp.mpf(1.7) - 1),
        positive(0.05, 20),
    ),
    known("exp10", sp.exp10, lambda x: mp.mpf(10) ** x, lambda x: mp.log(10) * mp.mpf(10) ** x, around()),
    known(
        "Carlson RC(x, 2)",
        lambda x: sp.elliprc(x, 2.0),
        lambda x: mp.elliprc(x, 2),
        lambda x: (mp.elliprc(x, 2) - 1 / mp.sqrt(x)) / (2 * (2 - x)) if x != 2 else -(mp.mpf(2) ** -1.5) / 6,
        positive(0.05, 20),
    ),
    known(
        "Owen T(x, 0.8)",
        lambda x: sp.owens_t(x, 0.8),
        lambda x: mp.quad(lambda t: mp.exp(-x * x * (1 + t * t) / 2) / (1 + t * t), [0, 0.8]) / (2 * mp.pi),
        lambda x: -phi(x) * mp.erf(0.8 * x / mp.sqrt(2)) / 2,
        around(),
    ),
    known(
        "Student's t, 5",
        lambda x: sp.stdtr(5, x),
        lambda x: (
            mp.mpf(1) / 2 + x * mp.gamma(3) / (mp.sqrt(5 * mp.pi) * mp.gamma(2.5)) * mp.hyp2f1(0.5, 3, 1.5, -x * x / 5)
        ),
        lambda x: mp.gamma(3) / (mp.sqrt(5 * mp.pi) * mp.gamma(2.5)) * (1 + x * x / 5) ** -3,
        around(),
    ),
    known(
        "x erf(x) + gaussian",
        lambda x: x * sp.erf(x) + np.exp(-x * x) / np.sqrt(np.pi),
        lambda x: x * mp.erf(x) + mp.exp(-x * x) / mp.sqrt(mp.pi),
        mp.erf,
        around(),
    ),
    known(
        "log I0",
        lambda x: np.log(sp.i0e(x)) + x,
        lambda x: mp.log(mp.besseli(0, x)),
        lambda x: mp.besseli(1, x) / mp.besseli(0, x),
        positive(0.1, 100),
    ),
]
