"""NIST's reference problems with the answers NIST certifies, and a spectrum of the sky, as each library fits them.

One idea: somebody else chose the points, the start and the answer. Linear answers are certified to 15 digits,
nonlinear ones to 11, and no more are counted.
"""

import functools
import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from .problem import Data, Problem, Step

DATA = Path(__file__).parents[2] / "tests" / "data"
SKY = Path(__file__).parents[2] / "examples" / "data" / "firas.csv"

LINEAR_DIGITS, NONLINEAR_DIGITS = 15.0, 11.0


def problems(name: str) -> dict[str, Any]:
    """Return the reference problems of a file in tests/data, by name."""
    path = DATA / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))["problems"]) if path.exists() else {}


# ----------------------------------------------------------------------------- linear


def columns(problem: Any, number: Any = Fraction) -> list[list[Any]]:
    """Return the matrix of a linear problem by columns, each x made by `number`."""
    x, model = problem["x"], problem["model"]
    if "features" in model:
        return [[number(1)] * len(x), *([number(row[j]) for row in x] for j in range(model["features"]))]
    powers = range(model["degree"] + 1) if "degree" in model else [1]
    return [[number(v) ** k for v in x] for k in powers]


def _certified(problem: Any) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...]]:
    return tuple(Decimal(str(v)) for v in problem["parameters"]), tuple(Decimal(str(v)) for v in problem["errors"])


def _linear(name: str, problem: Any) -> Problem:
    x, y = np.array(problem["x"]), np.array(problem["y"])
    data = Data(x, y, *_certified(problem))
    found = Problem(name, f"{problem['level']} difficulty", lambda n: data, sizes=(len(y),), most=LINEAR_DIGITS)
    model = problem["model"]
    matrix = np.array(columns(problem, float)).T

    @found.by("minigrad.fit_line")
    def ours(data: Data) -> Step:
        import minigrad

        settings = {key: tuple(v) if key == "through" else v for key, v in model.items() if key != "features"}
        line = model.get("degree") == 1

        def step() -> Any:
            r = minigrad.fit_line(x, y, **({} if line else settings))
            p, e = r.params, r.errors
            if line:
                return (p["intercept"], p["slope"]), (e["intercept"], e["slope"])
            if "through" in model:
                return (p["slope"],), (e["slope"],)
            return list(p.values()), list(e.values())

        return step

    if "degree" in model:

        @found.by("numpy.polyfit")
        def polyfit(data: Data) -> Step:
            def step() -> Any:
                p, cov = np.polyfit(x, y, model["degree"], cov=True)
                return p[::-1], np.sqrt(np.diag(cov))[::-1]

            return step

    @found.by("numpy.linalg.lstsq")
    def lstsq(data: Data) -> Step:
        return lambda: (np.linalg.lstsq(matrix, y)[0], None)

    @found.by("statsmodels OLS")
    def ols(data: Data) -> Step:
        import statsmodels.api as sm

        def step() -> Any:
            r = sm.OLS(y, matrix).fit()
            return r.params, r.bse

        return step

    @found.by("sklearn LinearRegression")
    def regression(data: Data) -> Step:
        from sklearn.linear_model import LinearRegression

        if "through" in model:
            return lambda: (LinearRegression(fit_intercept=False).fit(matrix, y).coef_, None)

        def step() -> Any:
            m = LinearRegression().fit(matrix[:, 1:], y)
            return (m.intercept_, *m.coef_), None

        return step

    return found


# ----------------------------------------------------------------------------- nonlinear


def _rational(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any) -> Any:
    return (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1 + b5 * x + b6 * x**2 + b7 * x**3)


def _peaks(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any, b8: Any) -> Any:
    return b1 * np.exp(-b2 * x) + b3 * np.exp(-((x - b4) ** 2) / b5**2) + b6 * np.exp(-((x - b7) ** 2) / b8**2)


def _three_decays(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any) -> Any:
    return b1 * np.exp(-b2 * x) + b3 * np.exp(-b4 * x) + b5 * np.exp(-b6 * x)


def _ratio_of_decay(x: Any, b1: Any, b2: Any, b3: Any) -> Any:
    return np.exp(-b1 * x) / (b2 + b3 * x)


def _cycles(x: Any, b1: Any, b2: Any, b3: Any, b4: Any, b5: Any, b6: Any, b7: Any, b8: Any, b9: Any) -> Any:
    t = 2 * np.pi * x
    year = b2 * np.cos(t / 12) + b3 * np.sin(t / 12)
    return b1 + year + b5 * np.cos(t / b4) + b6 * np.sin(t / b4) + b8 * np.cos(t / b7) + b9 * np.sin(t / b7)


MODELS: dict[str, Callable[..., Any]] = {
    "Bennett5": lambda x, b1, b2, b3: b1 * (b2 + x) ** (-1 / b3),
    "BoxBOD": lambda x, b1, b2: b1 * (1 - np.exp(-b2 * x)),
    "Chwirut1": _ratio_of_decay,
    "Chwirut2": _ratio_of_decay,
    "DanWood": lambda x, b1, b2: b1 * x**b2,
    "ENSO": _cycles,
    "Eckerle4": lambda x, b1, b2, b3: b1 / b2 * np.exp(-0.5 * ((x - b3) / b2) ** 2),
    "Gauss1": _peaks,
    "Gauss2": _peaks,
    "Gauss3": _peaks,
    "Hahn1": _rational,
    "Kirby2": lambda x, b1, b2, b3, b4, b5: (b1 + b2 * x + b3 * x**2) / (1 + b4 * x + b5 * x**2),
    "Lanczos1": _three_decays,
    "Lanczos2": _three_decays,
    "Lanczos3": _three_decays,
    "MGH09": lambda x, b1, b2, b3, b4: b1 * (x**2 + x * b2) / (x**2 + x * b3 + b4),
    "MGH10": lambda x, b1, b2, b3: b1 * np.exp(b2 / (x + b3)),
    "MGH17": lambda x, b1, b2, b3, b4, b5: b1 + b2 * np.exp(-x * b4) + b3 * np.exp(-x * b5),
    "Misra1a": lambda x, b1, b2: b1 * (1 - np.exp(-b2 * x)),
    "Misra1b": lambda x, b1, b2: b1 * (1 - (1 + b2 * x / 2) ** -2),
    "Misra1c": lambda x, b1, b2: b1 * (1 - (1 + 2 * b2 * x) ** -0.5),
    "Misra1d": lambda x, b1, b2: b1 * b2 * x / (1 + b2 * x),
    "Nelson": lambda x, b1, b2, b3: b1 - b2 * x[:, 0] * np.exp(-b3 * x[:, 1]),
    "Rat42": lambda x, b1, b2, b3: b1 / (1 + np.exp(b2 - b3 * x)),
    "Rat43": lambda x, b1, b2, b3, b4: b1 / (1 + np.exp(b2 - b3 * x)) ** (1 / b4),
    "Roszman1": lambda x, b1, b2, b3, b4: b1 - b2 * x - np.arctan(b3 / (x - b4)) / np.pi,
    "Thurber": _rational,
}


CAUTIONS = {
    "Lanczos1": "its residuals are 1e-13 beside values of 2.5, so that rounding alone leaves its errors three digits.",
}


def planck(x: Any, T: Any) -> Any:  # noqa: N803
    """Return the brightness of a black body at T kelvin, in MJy/sr, at wavenumbers x in 1/cm."""
    h, c, k = 6.62607015e-34, 299792458.0, 1.380649e-23
    nu = 100 * c * x
    return 2e20 * h * nu**3 / c**2 / np.expm1(h * nu / k / T)


def _nonlinear(name: str, says: str, model: Callable[..., Any], start: dict[str, float], data: Data) -> Problem:
    """A problem with one model, fitted from one start; with sigma, the errors are not scaled."""
    found = Problem(
        name, says, lambda n: data, sizes=(len(data.y),), most=NONLINEAR_DIGITS, caution=CAUTIONS.get(name, "")
    )
    by_curve_fitting(found, model, start)
    return found


def by_curve_fitting(problem: Problem, model: Callable[..., Any], start: dict[str, float]) -> None:
    """Add the ways of those who fit any function to a problem. Each says how often it ran the model."""

    def ours(data: Data, model: Callable[..., Any]) -> Step:
        import minigrad

        absolute = data.sigma is not None

        def step() -> Any:
            r = minigrad.fit(model, data.x, data.y, start, sigma=data.sigma, absolute_sigma=absolute)
            return list(r.params.values()), list(r.errors.values())

        return step

    def curve_fit(data: Data, model: Callable[..., Any], **settings: Any) -> Step:
        from scipy.optimize import curve_fit

        p0, absolute = list(start.values()), data.sigma is not None

        def step() -> Any:
            p, cov = curve_fit(model, data.x, data.y, p0, sigma=data.sigma, absolute_sigma=absolute, **settings)
            return p, np.sqrt(np.diag(cov))

        return step

    def curve_fit_on(data: Data, model: Callable[..., Any]) -> Step:
        return curve_fit(data, model, ftol=1e-15, xtol=1e-15, gtol=1e-15, maxfev=100_000)

    def lmfit(data: Data, model: Callable[..., Any]) -> Step:
        from lmfit import Model

        weights, scaled = (None, True) if data.sigma is None else (1 / data.sigma, False)

        def step() -> Any:
            fitted = Model(model, independent_vars=["x"])
            r = fitted.fit(data.y, fitted.make_params(**start), weights=weights, scale_covar=scaled, x=data.x)
            values = [r.params[key] for key in start]
            return [v.value for v in values], [np.nan if v.stderr is None else v.stderr for v in values]

        return step

    ways = {
        "minigrad.fit": ours,
        "scipy.optimize.curve_fit": curve_fit,
        "scipy curve_fit, tolerances 1e-15": curve_fit_on,
        "lmfit Model": lmfit,
    }
    for name, way in ways.items():
        problem.by(name)(_counting(way, model))


def _counting(way: Callable[[Data, Callable[..., Any]], Step], model: Callable[..., Any]) -> Callable[[Data], Step]:
    """A way whose steps say, besides, how often the first of them ran the model."""

    def counted(data: Data) -> Step:
        runs = []

        @functools.wraps(model)
        def watched(*arguments: Any, **named: Any) -> Any:
            runs.append(1)
            return model(*arguments, **named)

        way(data, watched)()
        step, count = way(data, model), len(runs)
        return lambda: (*step(), count)

    return counted


def _of_nist(name: str, problem: Any) -> Problem:
    y = np.array(problem["y"])
    data = Data(np.array(problem["x"]), np.log(y) if name == "Nelson" else y, *_certified(problem))
    start = {f"b{k + 1}": v for k, v in enumerate(problem["start1"])}
    return _nonlinear(name, f"{problem['level']} difficulty", MODELS[name], start, data)


def _of_the_sky(kelvin: float) -> Problem:
    nu, intensity, sigma = np.loadtxt(SKY, delimiter=",", skiprows=1).T
    # The minimum, and the error of Gauss and Newton there, in arithmetic of 40 digits.
    data = Data(nu, intensity, (Decimal("2.7250153321561996745"),), (Decimal("7.5778356037085259808e-06"),), sigma)
    return _nonlinear(f"FIRAS from {kelvin:g} K", "Planck's law", planck, {"T": kelvin}, data)


LINEAR = tuple(_linear(name, problem) for name, problem in problems("nist_linear").items())
NONLINEAR = (
    *(_of_nist(name, problem) for name, problem in problems("nist_nonlinear").items()),
    *(_of_the_sky(kelvin) for kelvin in (0.5, 3.0, 300.0, 3000.0)),
)
