"""Lines and polynomials through made-up points, at every size, as each library fits them.

One idea: the points are doubles with few bits, so that their exact answer can be computed at a million points too.
"""

from typing import Any

import numpy as np

from . import exact
from .nist import MODELS, by_curve_fitting
from .problem import Data, Problem, Step, grid

BITS = 30

# ----------------------------------------------------------------------------- the points


def a_line(n: int) -> Data:
    """Points about y = 2.5 x + 1, x from 0 to 100."""
    rng = np.random.default_rng(n)
    x = grid(rng.uniform(0, 100, n), BITS)
    y = grid(2.5 * x + 1 + rng.normal(0, 2, n), BITS)
    return _with_answer(x, y)


def time_stamps(n: int) -> Data:
    """A drift of 3e-5 a second, in a reading each minute or so, x in seconds near 4e9."""
    rng = np.random.default_rng(n)
    x = 4e9 + 60.0 * np.arange(n) + rng.integers(0, 20, n)
    y = grid(15 + 3e-5 * (x - 4e9) + rng.normal(0, 0.1, n), BITS)
    return _with_answer(x, y)


def a_weighted_line(n: int) -> Data:
    """The line, each point with an error of its own, from 1/2 to 4."""
    rng = np.random.default_rng(n)
    x = grid(rng.uniform(0, 100, n), BITS)
    sigma = 2.0 ** rng.integers(-1, 3, n)
    y = grid(2.5 * x + 1 + sigma * rng.normal(0, 1, n), BITS)
    parameters, errors = exact.polynomial(x, y, 1, weights=1 / sigma**2, bits=BITS)
    return Data(x, y, parameters[::-1], errors[::-1], sigma=sigma)


def a_polynomial(n: int) -> Data:
    """Points about a polynomial of degree 10, x from 0 to 2."""
    rng = np.random.default_rng(n)
    x = grid(np.sort(rng.uniform(0, 2, n)), 20)
    y = grid(np.polynomial.Chebyshev(0.8 ** np.arange(11), domain=[0, 2])(x) + rng.normal(0, 0.1, n), 20)
    return Data(x, y, *exact.polynomial(x, y, 10, bits=20))


def errors_in_both(n: int) -> Data:
    """The line, each point with errors of its own in x and y, from 1/4 to 1."""
    rng = np.random.default_rng(n)
    true = rng.uniform(0, 10, n)
    sx, sy = 2.0 ** rng.integers(-2, 1, n), 2.0 ** rng.integers(-2, 1, n)
    x, y = true + sx * rng.normal(0, 1, n), 2.5 * true + 1 + sy * rng.normal(0, 1, n)
    return Data(x, y, *exact.york(x, y, sx, sy, 2.5), sigma=sy, sigma_x=sx)


def two_peaks(n: int) -> Data:
    """Two peaks on a background that decays: the model of NIST's Gauss1, 8 parameters, x from 0 to 250."""
    true = [98.8, 0.0105, 100.5, 67.5, 23.1, 72.0, 179.0, 18.4]
    x = np.linspace(0, 250, n)
    y = MODELS["Gauss1"](x, *true) + 2.5 * np.random.default_rng(n).normal(size=n)

    def rows(b: Any) -> tuple[Any, Any]:
        wide = x.astype(np.longdouble)
        decay = np.exp(-b[1] * wide)
        slopes = [decay, -wide * b[0] * decay]
        curve = b[0] * decay
        for height, centre, width in (b[2:5], b[5:8]):
            u = (wide - centre) / width
            peak = np.exp(-u * u)
            slopes += [peak, height * peak * 2 * u / width, height * peak * 2 * u * u / width]
            curve = curve + height * peak
        return curve, np.stack(slopes, axis=1)

    return Data(x, y, *exact.curve(rows, y, true))


def with_outliers(n: int) -> Data:
    """The line with noise of 2, and a fifth of the points 50 too high."""
    rng = np.random.default_rng(n)
    x = rng.uniform(0, 100, n)
    y = 2.5 * x + 1 + rng.normal(0, 2, n) + 50 * (rng.uniform(0, 1, n) < 0.2)
    return Data(x, y, exact.huber(x, y, 2.5, 5.0), None)


def _with_answer(x: Any, y: Any) -> Data:
    parameters, errors = exact.polynomial(x, y, 1, bits=BITS)
    return Data(x, y, parameters[::-1], errors[::-1])


LINE = Problem("line", "slope and intercept of y = 2.5 x + 1 + noise by least squares, x in 0..100", a_line)
STAMPS = Problem("time stamps", "the same with x in seconds near 4e9", time_stamps)
WEIGHTED = Problem("weighted line", "an error of its own for each y", a_weighted_line)
BOTH = Problem("errors in x and y", "York's problem: errors of their own in x and in y", errors_in_both)
HUBER = Problem("Huber", "a fifth of the points 50 too high; Huber's loss, 1.345, scale by the median", with_outliers)
POLYNOMIAL = Problem("polynomial", "degree 10, x in 0..2, the coefficients of the powers of x", a_polynomial)
PEAKS = Problem(
    "two peaks",
    "NIST's model Gauss1, 8 parameters, from NIST's first start",
    two_peaks,
    sizes=(50, 1_000, 100_000),
    most=12.0,  # the errors of the exact answer have no more
)

PROBLEMS = (LINE, STAMPS, WEIGHTED, BOTH, HUBER, POLYNOMIAL, PEAKS)

# ----------------------------------------------------------------------------- minigrad


def _ours(data: Data, **settings: Any) -> Step:
    import minigrad

    def step() -> Any:
        r = minigrad.fit_line(data.x, data.y, sigma=data.sigma, sigma_x=data.sigma_x, **settings)
        return list(r.params.values()), list(r.errors.values())

    return step


for _problem in (LINE, STAMPS, WEIGHTED):
    _problem.by("minigrad.fit_line")(_ours)
BOTH.by("minigrad.fit_line")(lambda data: _ours(data, loss="distance"))
HUBER.by("minigrad.fit_line")(lambda data: _ours(data, loss="huber"))
POLYNOMIAL.by("minigrad.fit_line")(lambda data: _ours(data, degree=10))

_START = (97.0, 0.009, 100.0, 65.0, 20.0, 70.0, 178.0, 16.5)
by_curve_fitting(PEAKS, MODELS["Gauss1"], {f"b{k + 1}": value for k, value in enumerate(_START)})

# ----------------------------------------------------------------------------- NumPy


@LINE.by("numpy.polyfit")
@STAMPS.by("numpy.polyfit")
@WEIGHTED.by("numpy.polyfit")
def _polyfit(data: Data) -> Step:
    w = None if data.sigma is None else 1 / data.sigma

    def step() -> Any:
        p, cov = np.polyfit(data.x, data.y, 1, w=w, cov=True)
        return p, np.sqrt(np.diag(cov))

    return step


@POLYNOMIAL.by("numpy.polyfit")
def _polyfit_10(data: Data) -> Step:
    def step() -> Any:
        p, cov = np.polyfit(data.x, data.y, 10, cov=True)
        return p[::-1], np.sqrt(np.diag(cov))[::-1]

    return step


@LINE.by("numpy Polynomial.fit")
@STAMPS.by("numpy Polynomial.fit")
@WEIGHTED.by("numpy Polynomial.fit")
def _polynomial_line(data: Data) -> Step:
    w = None if data.sigma is None else 1 / data.sigma
    return lambda: (np.polynomial.Polynomial.fit(data.x, data.y, 1, w=w).convert().coef[::-1], None)


@POLYNOMIAL.by("numpy Polynomial.fit")
def _polynomial_fit(data: Data) -> Step:
    return lambda: (np.polynomial.Polynomial.fit(data.x, data.y, 10).convert().coef, None)


@LINE.by("numpy.linalg.lstsq")
@STAMPS.by("numpy.linalg.lstsq")
def _lstsq(data: Data) -> Step:
    def step() -> Any:
        return np.linalg.lstsq(np.column_stack([data.x, np.ones(len(data.x))]), data.y)[0], None

    return step


@LINE.by("numpy.linalg.qr, nothing else", note="One QR factorisation of the matrix, for scale: no line comes of it.")
def _one_qr(data: Data) -> Step:
    matrix = np.column_stack([data.x, np.ones(len(data.x))])

    def step() -> Any:
        np.linalg.qr(matrix)
        return None, None

    return step


# ----------------------------------------------------------------------------- SciPy


@LINE.by("scipy.stats.linregress")
@STAMPS.by("scipy.stats.linregress")
def _linregress(data: Data) -> Step:
    from scipy.stats import linregress

    def step() -> Any:
        r = linregress(data.x, data.y)
        return (r.slope, r.intercept), (r.stderr, r.intercept_stderr)

    return step


@LINE.by("scipy.optimize.curve_fit")
@STAMPS.by("scipy.optimize.curve_fit")
@WEIGHTED.by("scipy.optimize.curve_fit")
def _curve_fit(data: Data) -> Step:
    from scipy.optimize import curve_fit

    def step() -> Any:
        p, cov = curve_fit(lambda x, a, b: a * x + b, data.x, data.y, sigma=data.sigma)
        return p, np.sqrt(np.diag(cov))

    return step


@BOTH.by("scipy.odr")
def _odr(data: Data) -> Step:
    from scipy import odr

    def step() -> Any:
        model = odr.Model(lambda beta, x: beta[0] * x + beta[1])
        points = odr.RealData(data.x, data.y, sx=data.sigma_x, sy=data.sigma)
        r = odr.ODR(points, model, beta0=np.polyfit(data.x, data.y, 1)).run()
        return r.beta, r.sd_beta

    return step


@BOTH.by("odrpack.odr_fit")
def _odrpack(data: Data) -> Step:
    from odrpack import odr_fit

    def step() -> Any:
        start = np.polyfit(data.x, data.y, 1)
        r = odr_fit(
            lambda x, beta: beta[0] * x + beta[1],
            data.x,
            data.y,
            start,
            weight_x=1 / data.sigma_x**2,
            weight_y=1 / data.sigma**2,
        )
        return r.beta, r.sd_beta

    return step


# ----------------------------------------------------------------------------- scikit-learn


@LINE.by("sklearn LinearRegression")
@STAMPS.by("sklearn LinearRegression")
@WEIGHTED.by("sklearn LinearRegression")
def _linear_regression(data: Data) -> Step:
    from sklearn.linear_model import LinearRegression

    weights = None if data.sigma is None else 1 / data.sigma**2

    def step() -> Any:
        m = LinearRegression().fit(data.x[:, None], data.y, sample_weight=weights)
        return (*m.coef_, m.intercept_), None

    return step


@HUBER.by("sklearn HuberRegressor", note="It estimates its scale together with the line: another definition.")
def _huber_regressor(data: Data) -> Step:
    from sklearn.linear_model import HuberRegressor

    def step() -> Any:
        m = HuberRegressor(epsilon=1.345, alpha=0).fit(data.x[:, None], data.y)
        return (*m.coef_, m.intercept_), None

    return step


@POLYNOMIAL.by("sklearn PolynomialFeatures, LinearRegression")
def _polynomial_features(data: Data) -> Step:
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    def step() -> Any:
        m = make_pipeline(PolynomialFeatures(10, include_bias=False), LinearRegression()).fit(data.x[:, None], data.y)
        return (m[-1].intercept_, *m[-1].coef_), None

    return step


# ----------------------------------------------------------------------------- statsmodels


@LINE.by("statsmodels OLS")
@STAMPS.by("statsmodels OLS")
@WEIGHTED.by("statsmodels WLS")
def _ols(data: Data) -> Step:
    import statsmodels.api as sm

    def step() -> Any:
        X = sm.add_constant(data.x, prepend=False)  # noqa: N806
        model = sm.OLS(data.y, X) if data.sigma is None else sm.WLS(data.y, X, weights=1 / data.sigma**2)
        r = model.fit()
        return r.params, r.bse

    return step


@HUBER.by("statsmodels RLM")
def _rlm(data: Data) -> Step:
    import statsmodels.api as sm

    def step() -> Any:
        r = sm.RLM(data.y, sm.add_constant(data.x, prepend=False), M=sm.robust.norms.HuberT()).fit()
        return r.params, r.bse

    return step


@POLYNOMIAL.by("statsmodels OLS")
def _ols_10(data: Data) -> Step:
    import statsmodels.api as sm

    def step() -> Any:
        r = sm.OLS(data.y, np.vander(data.x, 11, increasing=True)).fit()
        return r.params, r.bse

    return step


# ----------------------------------------------------------------------------- lmfit


@LINE.by("lmfit LinearModel", at_most=1_000)
@STAMPS.by("lmfit LinearModel", at_most=1_000)
@WEIGHTED.by("lmfit LinearModel", at_most=1_000)
def _linear_model(data: Data) -> Step:
    from lmfit.models import LinearModel

    weights = None if data.sigma is None else 1 / data.sigma

    def step() -> Any:
        model = LinearModel()
        r = model.fit(data.y, model.guess(data.y, x=data.x), x=data.x, weights=weights)
        both = r.params["slope"], r.params["intercept"]
        return [p.value for p in both], [float("nan") if p.stderr is None else p.stderr for p in both]

    return step


# ----------------------------------------------------------------------------- torch


@LINE.by("torch.linalg.lstsq")
@STAMPS.by("torch.linalg.lstsq")
def _torch_lstsq(data: Data) -> Step:
    import torch

    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)

    def step() -> Any:
        matrix = torch.stack([x, torch.ones_like(x)], dim=1)
        return torch.linalg.lstsq(matrix, y[:, None]).solution[:, 0].tolist(), None

    return step


@LINE.by("torch, 1000 steps of SGD", at_most=1_000, note="Its learning rate is the largest power of 2 that is stable.")
def _torch_descent(data: Data) -> Step:
    import torch

    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)
    matrix = np.column_stack([data.x, np.ones(len(data.x))])
    curvature = 2 * np.linalg.norm(matrix, 2) ** 2 / len(data.x)
    lr = 2.0 ** np.floor(np.log2(1.9 / curvature))

    def step() -> Any:
        w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=lr)
        for _ in range(1000):
            optimizer.zero_grad()
            ((w[0] * x + w[1] - y) ** 2).mean().backward()
            optimizer.step()
        return w.tolist(), None

    return step
