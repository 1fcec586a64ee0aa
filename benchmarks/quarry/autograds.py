"""HIPS autograd: every primitive with a registered vjp in autograd.numpy, autograd.scipy.special and stats.

One idea: the registry of rules is the list.
"""

from typing import Any

from minigrad.testing.adapters import from_autograd

from . import numpylike
from .calls import AWAY, POSITIVE, REAL, SMALL, Call, arrays, elementwise, guessed, shaped

adapter = from_autograd

MODULES = (
    "autograd.numpy",
    "autograd.numpy.linalg",
    "autograd.numpy.fft",
    "autograd.scipy.special",
    "autograd.scipy.linalg",
    "autograd.scipy.signal",
    *(
        f"autograd.scipy.stats.{name}"
        for name in ("norm", "gamma", "beta", "t", "poisson", "chi2", "multivariate_normal", "dirichlet")
    ),
)


def _by_hand() -> list[Call]:
    import autograd.numpy as np
    import autograd.scipy.linalg as linalg
    import autograd.scipy.special as special
    import autograd.scipy.stats as stats
    from autograd.scipy import signal

    integers = np.array([0.0, 1.0, 2.0])
    table: dict[str, Any] = {
        "autograd.scipy.special.logsumexp": (lambda x: special.logsumexp(x, axis=-1), shaped(empty=False)),
        "autograd.scipy.special.polygamma": (lambda x: special.polygamma(1, x), elementwise(AWAY)),
        "autograd.scipy.special.jv": (lambda x: special.jn(2, x), elementwise(SMALL)),
        "autograd.scipy.special.yn": (lambda x: special.yn(2, x), elementwise(AWAY)),
        "autograd.scipy.special.iv": (lambda x: special.iv(1.5, x), elementwise(AWAY)),
        "autograd.scipy.special.ive": (lambda x: special.ive(1.5, x), elementwise(AWAY)),
        "autograd.scipy.special.gammainc": (lambda x: special.gammainc(1.5, x), elementwise(POSITIVE)),
        "autograd.scipy.special.gammaincc": (lambda x: special.gammaincc(1.5, x), elementwise(POSITIVE)),
        "autograd.scipy.special.multigammaln": (lambda x: special.multigammaln(x + 1, 2), elementwise(AWAY)),
        "autograd.scipy.stats.norm.pdf": (stats.norm.pdf, elementwise(SMALL, SMALL, AWAY)),
        "autograd.scipy.stats.norm.cdf": (stats.norm.cdf, elementwise(SMALL, SMALL, AWAY)),
        "autograd.scipy.stats.norm.sf": (stats.norm.sf, elementwise(SMALL, SMALL, AWAY)),
        "autograd.scipy.stats.norm.logpdf": (stats.norm.logpdf, elementwise(SMALL, SMALL, AWAY)),
        "autograd.scipy.stats.norm.logcdf": (stats.norm.logcdf, elementwise(SMALL, SMALL, AWAY)),
        "autograd.scipy.stats.norm.logsf": (stats.norm.logsf, elementwise(SMALL, SMALL, AWAY)),
        "autograd.scipy.stats.gamma.pdf": (stats.gamma.pdf, elementwise(AWAY, AWAY)),
        "autograd.scipy.stats.gamma.logpdf": (stats.gamma.logpdf, elementwise(AWAY, AWAY)),
        "autograd.scipy.stats.chi2.pdf": (lambda x: stats.chi2.pdf(x, 3.0), elementwise(AWAY)),
        "autograd.scipy.stats.chi2.logpdf": (lambda x: stats.chi2.logpdf(x, 3.0), elementwise(AWAY)),
        "autograd.scipy.stats.t.pdf": (lambda x, m, s: stats.t.pdf(x, 3.0, m, s), elementwise(SMALL, SMALL, AWAY)),
        "autograd.scipy.stats.t.logpdf": (stats.t.logpdf, elementwise(SMALL, AWAY, SMALL, AWAY)),
        "autograd.scipy.stats.t.cdf": (lambda x, m, s: stats.t.cdf(x, 3.0, m, s), elementwise(SMALL, SMALL, AWAY)),
        "autograd.scipy.stats.poisson.logpmf": (lambda m: stats.poisson.logpmf(integers, m), arrays((3,), domain=AWAY)),
        "autograd.scipy.stats.poisson.pmf": (lambda m: stats.poisson.pmf(integers, m), arrays((3,), domain=AWAY)),
        "autograd.scipy.stats.multivariate_normal.logpdf": (
            lambda x, m, a: stats.multivariate_normal.logpdf(x, m, np.dot(a, a.T) + np.eye(2)),
            arrays((2,), (2,), (2, 2), domain=SMALL),
        ),
        "autograd.scipy.stats.multivariate_normal.entropy": (
            lambda m, a: stats.multivariate_normal.entropy(m, np.dot(a, a.T) + np.eye(2)),
            arrays((2,), (2, 2), domain=SMALL),
        ),
        "autograd.scipy.linalg.solve_triangular": (
            lambda a, b: linalg.solve_triangular(a, b),
            arrays((2, 2), (2, 1), domain=SMALL),
        ),
        "autograd.scipy.linalg.solve_sylvester": (
            lambda a, b, q: linalg.solve_sylvester(a, b, q),
            arrays((2, 2), (1, 1), (2, 1), domain=AWAY),
        ),
        "autograd.scipy.linalg.sqrtm": (
            lambda a: linalg.sqrtm(np.dot(a, a.T) + np.eye(2)),
            arrays((2, 2), domain=SMALL),
        ),
        "autograd.scipy.signal.convolve": (
            lambda x, y: signal.convolve(x, y, mode="valid"),
            arrays((3, 3), (2, 2)),
        ),
        "autograd.numpy.fft.rfft": (
            lambda x: np.concatenate([np.real(np.fft.rfft(x)), np.imag(np.fft.rfft(x))]),
            arrays((4,)),
        ),
        "autograd.numpy.fft.fft": (
            lambda x: np.concatenate([np.real(np.fft.fft(x)), np.imag(np.fft.fft(x))]),
            arrays((3,)),
        ),
        "autograd.numpy.fft.ifft": (
            lambda x, y: np.real(np.fft.ifft(x + 1j * y)),
            arrays((3,), (3,)),
        ),
        "autograd.numpy.abs of complex": (lambda x, y: np.abs(x + 1j * y), elementwise(SMALL, SMALL)),
        "autograd.numpy.angle of complex": (lambda x, y: np.angle(x + 1j * y), elementwise(SMALL, SMALL)),
        "autograd.numpy.power of an integer": (lambda x: x**3, elementwise(REAL)),
    }
    return [Call(name, function, draw) for name, (function, draw) in table.items()]


def calls() -> tuple[list[Call], list[str]]:
    """Return all calls, and the names for which no way to call was found."""
    from importlib import import_module

    import autograd.numpy
    from autograd.core import primitive_vjps

    by_hand = numpylike.calls("autograd.numpy", autograd.numpy) + _by_hand()
    done = {call.name.partition(" ")[0] for call in by_hand}
    functions: set[int] = set()
    found, left = [], []
    for module_name in MODULES:
        for name, function in sorted(vars(import_module(module_name)).items()):
            full = f"{module_name}.{name}"
            try:
                has_rule = function in primitive_vjps
            except TypeError:  # unhashable: no function
                continue
            if name.startswith("_") or not has_rule or full in done or id(function) in functions:
                continue
            functions.add(id(function))
            call = guessed(full, function, from_autograd)
            if call is None:
                left.append(full)
            else:
                found.append(call)
    return by_hand + found, left


def version() -> str:
    from importlib.metadata import version as of

    return f"autograd {of('autograd')}"
