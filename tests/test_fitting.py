"""`fit_line` takes what can be meant, refuses what cannot, in two lines, and needs NumPy alone."""

import importlib
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.fitting import fit_line
from minigrad.fitting.line import LOSSES

DATA = Path(__file__).parent.parent / "examples" / "data"

X, Y = [0.0, 1.0, 2.0, 3.0, 4.0], [1.1, 2.9, 5.2, 6.8, 9.1]


def test_known_lines():
    norris = np.loadtxt(DATA / "norris.csv", delimiter=",", skiprows=1)
    fit = fit_line(*norris.T)
    assert fit.params == {  # certified by NIST
        "slope": pytest.approx(1.00211681802045, rel=1e-14),
        "intercept": pytest.approx(-0.262323073774029, rel=1e-14),
    }
    assert fit.errors == {
        "slope": pytest.approx(0.429796848199937e-3, rel=1e-13),
        "intercept": pytest.approx(0.232818234301152, rel=1e-13),
    }
    assert fit.r2 == pytest.approx(0.999993745883712, rel=1e-14)
    assert fit.rss == pytest.approx(26.6173985294224, rel=1e-13)


def test_a_plane_a_polynomial_and_a_line_through_a_point():
    x = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.0], [0.0, 1.0]])
    plane = fit_line(x, 1 + 2 * x[:, 0] - x[:, 1])
    assert plane.params == {"intercept": pytest.approx(1), "x1": pytest.approx(2), "x2": pytest.approx(-1)}
    parabola = fit_line(X, np.square(X), degree=2)
    assert parabola.params == {"c0": pytest.approx(0, abs=1e-20), "c1": pytest.approx(0, abs=1e-20), "c2": 1.0}
    through = fit_line([1, 2, 3], [2, 4, 7], through=(0, 1))
    assert through.params["intercept"] == 1
    assert through.errors["intercept"] == 0
    assert through.slope == pytest.approx((1 * 1 + 2 * 3 + 3 * 6) / 14)
    assert fit_line([2], [6], through=0).params == {"slope": 3.0, "intercept": 0.0}


def test_a_column_of_a_table_brings_its_name():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {"age": [1.0, 2.0, 3.0, 5.0], "mass": [2.0, 1.0, 3.0, 9.0], "height": [3.0, 4.0, 5.0, 9.0]}
    )
    assert list(fit_line(table[["age", "mass"]], table["height"]).params) == ["intercept", "age", "mass"]


def test_tensors_are_points_too():
    x, y = mg.tensor([0.0, 1.0, 2.0]), mg.tensor([1.0, 3.0, 5.0], requires_grad=True)
    assert fit_line(x, y).params == {"slope": 2.0, "intercept": 1.0}
    assert y.grad is None


def test_a_masked_value_is_one_that_is_missing_wherever_it_stands():
    """NumPy's asarray gives what lies under the mask: a line through numbers that were said not to be there."""
    x, y = np.array([0.0, 1.0, 3.0, 4.0, 6.0]), np.array([1.0, 3.0, 7.0, 99.0, 12.0])
    hidden = [False, False, False, True, False]
    seen = fit_line(x[[0, 1, 2, 4]], y[[0, 1, 2, 4]], sigma=2.0)
    columns = {"x": x, "y": y, "sigma": np.full(5, 2.0)}
    for name, column in columns.items():
        given = {**columns, name: np.ma.masked_array(column, hidden)}
        with pytest.raises(ValueError, match=rf"^{name} has 1 NaN \(row 4 of 5\); pass skip_bad=True to leave it out"):
            fit_line(**given)
        assert fit_line(**given, skip_bad=True).params == seen.params
        given[name] = np.ma.masked_array(column)
        assert fit_line(**given).params == fit_line(**columns).params
    with pytest.raises(ValueError, match=r"^weights has 1 NaN"):
        fit_line(x, y, weights=np.ma.masked_array(x + 1, hidden))
    with pytest.raises(ValueError, match=r"^x has 1 NaN"):
        fit_line(np.ma.masked_array([0, 1, 2], [True, False, False]), [1, 2, 3])


def test_tables_whose_rows_have_the_same_labels_in_another_order_are_not_taken_row_by_row():
    pd = pytest.importorskip("pandas")
    x, y = pd.Series([0.0, 1.0, 2.0], index=[5, 6, 7]), pd.Series([5.0, 3.0, 1.5], index=[7, 6, 5])
    with pytest.raises(
        ValueError, match=r"^x and y have the same row labels in another order, .*\n.*y\.reindex\(x\.index"
    ):
        fit_line(x, y)
    with pytest.raises(ValueError, match=r"^x and sigma have the same row labels in another order"):
        fit_line(x, y.to_numpy(), sigma=y)
    assert fit_line(x, y.reindex(x.index)).params == fit_line([0, 1, 2], [1.5, 3, 5]).params
    assert fit_line(x, y.to_numpy()).params == fit_line([0, 1, 2], [5, 3, 1.5]).params
    # A row against the next one: other labels, on purpose.
    assert fit_line(x[:-1], y[1:].set_axis([6, 7])).params == fit_line([0, 1], [3, 1.5]).params


def test_tensors_of_torch_are_points_too():
    torch = pytest.importorskip("torch")
    x, y = torch.tensor([0.0, 1.0, 3.0], requires_grad=True), torch.tensor([1.0, 3.0, 7.0], requires_grad=True)
    assert fit_line(x, y, sigma=torch.tensor(1.0, requires_grad=True)).params == {"slope": 2.0, "intercept": 1.0}
    with pytest.raises(TypeError, match=r"^NumPy cannot read x, of type list: .*requires grad"):
        fit_line([*x], y)


def test_bad_rows_are_left_out_on_demand():
    x, y = [0.0, 1.0, np.nan, 2.0], [1.0, 3.0, 4.0, 5.0]
    with pytest.raises(ValueError, match=r"x has 1 NaN \(row 3 of 4\); pass skip_bad=True to leave it out"):
        fit_line(x, y)
    fit = fit_line(x, y, skip_bad=True)
    assert fit.params == {"slope": 2.0, "intercept": 1.0}
    assert len(fit.residuals) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "mae"}, 'there is no loss "mae".\nWrite loss="l1"'),
        ({"loss": "hubert"}, 'there is no loss "hubert".\nWrite loss="huber"'),
        ({"loss": "xyz"}, f'there is no loss "xyz".\nChoose one of: {", ".join(LOSSES)}, or a function of'),
        ({"loss": None}, "there is no loss None.\nChoose one of"),
        ({"solver": "lm"}, 'solver="lm" is for models: minigrad.fit. A line is found without steps.\nWrite'),
        ({"solver": "Adam"}, 'there is no solver "Adam".\nWrite solver="adam"'),
        ({"errors": "boot"}, 'there are no errors "boot".\nWrite errors="bootstrap"'),
        ({"degree": 1.5}, "degree is 1.5, and a polynomial has a whole one.\nWrite degree=2"),
        ({"degree": True}, "degree is True"),
        ({"degree": -1}, "degree is -1"),
        ({"degree": 2, "loss": "distance"}, 'loss="distance" fits straight lines, and degree asks for a polynomial.\n'),
        ({"degree": 2, "through": 0}, "through and degree were both given"),
        ({"through": (0, 0), "loss": "huber"}, 'through was given, and with loss="huber" no line'),
        ({"through": (1, 2, 3)}, "through is (1, 2, 3), and a point is meant"),
        ({"delta": 2.0}, "delta is the ratio of the variances"),
        ({"delta": 0.0, "loss": "distance"}, "delta is 0.0, and the ratio of two variances is above 0"),
        ({"delta": 2.0, "loss": "distance", "sigma": 1.0, "sigma_x": 1.0}, "sigma_x and delta were both given"),
        ({"tuning": 2.0}, 'tuning belongs to the losses "huber" and "tukey"'),
        ({"sigma_x": 0.1}, 'sigma_x was given, and loss="mse" takes x as exact.\nWrite loss="distance"'),
        ({"sigma_x": 0.1, "loss": abs}, "sigma_x was given, and loss=abs takes x as exact"),
        ({"sigma_x": 0.1, "loss": "distance"}, "sigma_x was given and sigma was not"),
        ({"sigma": 1.0, "weights": 1.0}, "sigma and weights were both given"),
        ({"absolute_sigma": True}, "absolute_sigma=True takes sigma as it is, and no sigma was given"),
        ({"steps": 5}, 'steps belongs to a solver that descends, and solver="auto" does not.\nLeave steps out'),
        ({"lr": 0.1}, "lr belongs to a solver that descends"),
        ({"standardize": False}, "standardize belongs to a solver that descends"),
        ({"callback": print}, "callback belongs to a solver that descends"),
        ({"solver": "gd", "steps": 0}, "steps is 0, and a whole number is meant, at least 1"),
        ({"solver": "sgd", "batch_size": 2.5}, "batch_size is 2.5, and a whole number is meant"),
        ({"solver": "gd", "lr": np.inf}, "lr is inf, and a learning rate is above 0"),
        ({"solver": "gd", "lr": "fast"}, "lr is 'fast', and a learning rate is above 0"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_two_lines(options, message):
    with pytest.raises(ValueError, match="^" + re.escape(message)) as caught:
        fit_line(X, Y, **options)
    assert len(str(caught.value).splitlines()) == 2


def test_an_infinite_weight_is_named_as_a_weight_and_may_be_left_out():
    with pytest.raises(ValueError, match=r"^weights has 1 inf \(row 2 of 4\); pass skip_bad=True"):
        fit_line([1, 2, 3, 4], [1, 2, 4, 5], weights=[1, np.inf, 2, 1])
    left = fit_line([1, 2, 3, 4], [1, 2, 4, 5], weights=[1, np.inf, 2, 1], skip_bad=True)
    assert left.params == fit_line([1, 3, 4], [1, 4, 5], weights=[1, 2, 1]).params


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([], [], "x and y are empty"),
        ([1, 2], [1, 2, 3], "x has 2 numbers and y 3 numbers"),
        ([[1], [1, 2]], [1, 2], "x is no array of numbers: its rows differ in length"),
        ([1, 2, 10**400], [1, 2, 3], "x has a number that is too large for float64, which ends at 1.8e308.\nGive"),
        ([1], [2], "one point does not determine a line"),
        ([1, 1, 1], [1, 2, 3], "all 3 x are 1"),
        (
            [[1, 2], [2, 4], [3, 6], [5, 10]],
            [1, 2, 3, 4],
            "x1 and x2 depend on each other: the points determine 2 of 3",
        ),
        ([1, np.inf], [1, 2], "x has 1 inf (row 2 of 2); pass skip_bad=True to leave it out"),
    ],
)
def test_points_that_determine_no_line_are_refused(x, y, message):
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        fit_line(x, y)


def test_importing_minigrad_leaves_the_fitting_room_alone():
    code = "import sys, minigrad; sys.exit(any('fitting' in m or m in ('click', 'rich') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_line_and_its_errors_need_numpy_alone():
    names = "click", "rich", "matplotlib", "scipy", "pandas", "sklearn", "pyarrow"
    code = (
        f"import sys\nfor name in {names}: sys.modules[name] = None\n"
        "from minigrad.fitting import fit_line\nfit = fit_line([0, 1, 2], [1, 3, 6])\nprint(fit.slope, fit.errors)"
    )
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.startswith("2.5 {'slope': 0.288675134594812")


def test_the_data_files_are_the_ones_the_readme_of_the_folder_names():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for path in DATA.glob("*.csv"):
        assert f"`{path.name}`" in text


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (None, "x is None, and numbers are needed"),
        (
            (k for k in range(3)),
            "x must hold numbers, and holds <generator .*\nGive what can be read more than once: list",
        ),
        ({0: 1, 1: 2}, "x must hold numbers, and holds {0: 1, 1: 2}$"),
        (["a", 1], "x must hold numbers, not <U.*\nConvert it first: np.asarray\\(x, dtype=float"),
        ([datetime(2020, 1, k, tzinfo=UTC) for k in (1, 2)], "Give seconds: \\[moment.timestamp\\(\\) for moment in x"),
        (
            [date(2020, 1, k) for k in (1, 2)],
            "and holds datetime.date.*\nGive days: \\[day.toordinal\\(\\) for day in x",
        ),
        (np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"), "\\(x - x\\[0\\]\\) / np.timedelta64"),
        (np.array([1, 2], dtype="m8[D]"), "Give seconds or days: x / np.timedelta64"),
        ([1j, 2], "not complex128.\nFit the real part and the imaginary part: x.real, x.imag"),
    ],
)
def test_what_holds_no_numbers_is_refused_and_what_to_write_is_said(x, message):
    with pytest.raises(TypeError, match=message):
        fit_line(x, [1, 2])


@pytest.mark.parametrize("room", ["solvers", "descents"])
def test_a_room_of_many_files_says_what_each_is_for(room):
    package = importlib.import_module(f"minigrad.fitting.{room}")
    files = {path.stem for path in Path(package.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(re.findall(r"`(\w+)`", package.__doc__)) - {"Found"}
