"""The benchmarks of fitting: their exact answers are exact, and every library's way fits what it says."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fits import PROBLEMS, exact, main, names_of, nist, report
from benchmarks.fits.measuring import Figure, Patience, measured
from benchmarks.fits.problem import Data, Problem, digits
from benchmarks.rivals import ONE_THREAD

DATA = Path(__file__).parent.parent / "examples" / "data"

LINEAR = nist.problems("nist_linear")


@pytest.mark.parametrize("name", LINEAR)
def test_exact_arithmetic_on_the_printed_decimals_gives_what_nist_certifies(name):
    problem = LINEAR[name]

    def number(v):
        return Fraction(str(v))

    parameters, errors = exact.linear(nist.columns(problem, number), [number(v) for v in problem["y"]])
    # Certified to 15 figures: half a unit of the last is 14.3 digits or more.
    for found, key in ((parameters, "parameters"), (errors, "errors")):
        assert digits([float(v) for v in found], [Decimal(text) for text in problem[key]]) > 14.3


def test_the_exact_line_is_the_weighted_one_with_copies():
    x, y = [0.0, 1.0, 3.0, 4.0], [1.0, 2.5, 2.0, 7.0]
    parameters, _ = exact.polynomial(x, y, 1, weights=[2.0, 1.0, 1.0, 3.0])
    copies = [0, 0, 1, 2, 3, 3, 3]
    assert parameters == exact.polynomial([x[k] for k in copies], [y[k] for k in copies], 1)[0]


def test_exact_york_and_huber_agree_with_what_is_published():
    x, y, sx, sy = np.loadtxt(DATA / "pearson_york.csv", delimiter=",", skiprows=1).T
    parameters, errors = exact.york(x, y, sx, sy, slope=-0.5)
    # York et al. (2004): the published errors are not scaled by chi2 / dof = 1.4832941492576805.
    scale = 1.4832941492576805**0.5
    assert [float(v) for v in parameters] == pytest.approx([-0.480533407446202, 5.479910224032865], rel=1e-14)
    assert [float(v) / scale for v in errors] == pytest.approx([0.05798500900077443, 0.29497073549310854], rel=1e-13)
    assert [float(v) for v in exact.huber(x, 2 * x + 1, 2.1, 0.5)] == pytest.approx([2, 1], rel=1e-12)


@pytest.mark.parametrize("problem", [p for p in nist.NONLINEAR if p.name in nist.MODELS], ids=lambda p: p.name)
def test_each_model_has_nists_sum_of_squares_at_nists_parameters(problem):
    data = problem.make(0)
    certified = nist.problems("nist_nonlinear")[problem.name]
    left = ((nist.MODELS[problem.name](data.x, *certified["parameters"]) - data.y) ** 2).sum()
    # Parameters of 11 figures leave 1e-11 of the values of y in each residual; of the sum it is first order only
    # because the parameters are the minimum's.
    assert left == pytest.approx(certified["rss"], rel=1e-7, abs=1e-19)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_every_library_fits_the_same_line(problem):
    figures = measured(problem, problem.sizes[0], names_of(problem, 15, None), Patience(1e-6, 0, 0.0))
    for name, figure in figures.items():
        if figure.parameters is None:
            assert figure.reason or "qr" in name
        elif name not in DIFFERENT.get(problem.name, ()):
            assert figure.parameters > 5, name


DIFFERENT = {
    "line": ["torch, 1000 steps of SGD"],  # far from done
    "time stamps": ["numpy.linalg.lstsq", "torch.linalg.lstsq", "scipy.optimize.curve_fit", "statsmodels OLS"],
    "Huber": ["sklearn HuberRegressor"],  # another scale
    "polynomial": ["sklearn PolynomialFeatures, LinearRegression"],  # its cut-off of singular values
}
"""Who does not find the line, and is in the table for that."""


def test_digits():
    assert digits([1.0], [Decimal(1)]) == 16
    assert digits([float("nan")], [Decimal(1)]) == 0
    assert digits([-5.0], [Decimal(1)]) == 0
    assert digits([1e-12], [Decimal(0)]) == 12
    assert digits(None, [Decimal(0)]) is None
    with pytest.raises(ValueError, match="2 numbers came where 1 were expected"):
        digits([1.0, 2.0], [Decimal(1)])


def test_the_tables_say_who_failed_and_why():
    def fails(data):
        raise RuntimeError("did not converge\nat all")

    def exactly(data):
        return lambda: ([1.0, 2.0], None, 7)

    data = Data(None, None, (Decimal(1), Decimal(2)), None)
    problem = Problem("p", "a problem", lambda n: data, sizes=(4,), ways={"numpy a": fails, "numpy b": exactly})
    problem.caution = "few digits."
    figures = {("p", 4): measured(problem, 4, list(problem.ways), Patience(1e-6, 1, 1.0))}
    for problems in ((problem,), (problem, problem)):
        table = report.table("kind", problems, figures)
        assert "16.0 / — digits · 7 runs" in table
        assert "[1] `numpy a`: RuntimeError: did not converge  " in table
        assert "- p: few digits." in table
    assert report.targets({"kind": figures}) == ""


def test_the_targets_are_judged():
    curve_fit = "scipy.optimize.curve_fit"
    figures = {
        "line": {
            ("line", 15): {"minigrad.fit_line": Figure(2e-4)},
            ("line", 1_000_000): {"minigrad.fit_line": Figure(0.06), "numpy.linalg.qr, nothing else": Figure(0.05)},
        },
        "NIST nonlinear": {
            ("a", 9): {"minigrad.fit": Figure(1e-3, 10, 9), curve_fit: Figure(2e-3, 8, 7)},
            ("b", 9): {"minigrad.fit": Figure(1e-3, 10, 9), curve_fit: Figure(5e-4, 8, 10)},
            ("c", 9): {"minigrad.fit": Figure(1e-3, 10, 9), curve_fit: Figure(None, reason="RuntimeError")},
        },
    }
    said = report.targets(figures)
    assert "at 15 points takes 200 µs" in said
    assert "takes 1.20 times one" in said
    assert "takes 1.2 times as long" in said  # the median of 0.5 and 2
    assert "is on a, c." in said
    assert "digits of the parameters, or more, on 3 of 3 problems;" in said
    assert "of the standard errors on 2 of 3 problems; fewer on b." in said
    assert "raises on c, and ends at a wrong place on none." in said


def test_the_command_measures_what_is_asked_for(capsys, monkeypatch):
    for name, value in ONE_THREAD.items():
        monkeypatch.setenv(name, value)
    assert main(["line", "--quick", "--only", "numpy.polyfit"]) == 0
    out = capsys.readouterr().out
    assert "| `numpy.polyfit` |" in out
    assert "1,000,000" not in out
    with pytest.raises(SystemExit):
        main(["plane"])
    assert "choose from line, time stamps" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--write", "--quick"])
