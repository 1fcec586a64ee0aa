"""The `minigrad` command: the result on standard output, everything else on standard error, three exit codes."""

import csv
import errno
import json
import math
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad.cli import program
from minigrad.fitting.command import fit as command
from minigrad.fitting.command.options import in_options
from minigrad.fitting.files import reading
from minigrad.fitting.files.reading import TextFile
from minigrad.fitting.given import points
from minigrad.fitting.solvers.york import york_line

from .commands import refused

DATA = Path(__file__).parent.parent / "examples" / "data"
QUARTET = str(DATA / "anscombe.csv")
FIFTEEN = str(DATA / "line_15.csv")
DISTANCE = str(DATA / "line_distance_100.csv")
NORRIS = str(DATA / "norris.csv")


def run(*arguments, stdin=None):
    return CliRunner().invoke(program(), [str(a) for a in arguments], input=stdin, prog_name="minigrad")


def found(*arguments, stdin=None):
    """What the command finds, as JSON; it must be fitted, and say nothing but what it assumed."""
    result = run(*arguments, "--json", stdin=stdin)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


# ---------------------------------------------------------------------------- the result


def test_a_summary_on_standard_output_and_nothing_on_standard_error():
    result = run("fit", FIFTEEN)
    assert (result.exit_code, result.stderr) == (0, "")
    assert re.search(r"^slope +0\.2600 +0\.0484 ", result.stdout, re.MULTILINE)
    assert re.search(r"^intercept +0\.748 +0\.315 ", result.stdout, re.MULTILINE)
    assert max(map(len, result.stdout.splitlines())) < 80


def test_nist_certifies_the_line():
    """NIST StRD, Norris: the certified parameters to 12 digits, their errors to 10."""
    line = found("fit", NORRIS)
    assert line["params"]["slope"] == pytest.approx(1.00211681802045, rel=1e-12)
    assert line["params"]["intercept"] == pytest.approx(-0.262323073774029, rel=1e-11)
    assert line["errors"]["slope"] == pytest.approx(0.429796848199937e-03, rel=1e-10)
    assert line["errors"]["intercept"] == pytest.approx(0.232818234301152, rel=1e-10)
    assert (line["x"], line["y"], line["n"], line["dof"], line["converged"]) == (["x"], ["y"], 36, 34, True)


def test_json_is_what_the_result_says_and_reads_back_to_the_bit():
    table = np.loadtxt(FIFTEEN, delimiter=",", skiprows=1)
    expected = minigrad.fit_line(*table.T)
    line = found("fit", FIFTEEN)
    assert line["params"] == expected.params
    assert line["errors"] == expected.errors
    assert set(line) == set(expected.to_dict())


def test_columns_and_losses_can_be_chosen():
    line = found("fit", QUARTET, "-x", "x4", "-y", "y4")
    assert line["params"]["slope"] == pytest.approx(0.4999090909090909, rel=1e-11)
    line = found("fit", DISTANCE, "--loss", "distance")
    assert line["params"]["slope"] == pytest.approx(2.520965239064576, rel=1e-11)
    assert line["params"]["intercept"] == pytest.approx(-0.4952648285503, rel=1e-11)
    # Anscombe's third set is a line with one outlier: the robust losses see the line of the ten others.
    for loss in ("huber", "tukey", "l1"):
        slope = found("fit", QUARTET, "-x", "x3", "-y", "y3", "--loss", loss)["params"]["slope"]
        assert slope == pytest.approx(0.3455, abs=1e-3)
    result = run("fit", QUARTET)
    assert "anscombe.csv: x is x1, y is y1" in result.stderr


def test_a_plane_has_a_feature_for_each_x():
    rows = "".join(f"{u},{v},{2 * u - 3 * v + 5}\n" for u in range(4) for v in (1, 2, 4))
    plane = found("fit", "-", "-x", "u", "-x", "v", "-y", "w", "--predict", "10,1", stdin=f"u,v,w\n{rows}")
    assert list(plane["params"]) == ["intercept", "u", "v"]
    assert list(plane["params"].values()) == pytest.approx([5, 2, -3])
    assert plane["predictions"][0]["x"] == [10, 1]
    assert plane["predictions"][0]["y"] == pytest.approx(22)
    assert refused(run("fit", "-", "-x", "u", "-x", "v", "--predict", "10", stdin=f"u,v,w\n{rows}"), "Give u,v")


def test_polynomials_and_lines_through_a_point():
    text = "x,y\n" + "".join(f"{x},{x**2 - 3}\n" for x in range(6))
    assert list(found("fit", "-", "--degree", "2", stdin=text)["params"].values()) == pytest.approx([-3, 0, 1])
    line = found("fit", "-", "--through", "1,-2", stdin=text)["params"]
    assert line["slope"] + line["intercept"] == pytest.approx(-2)
    fixed = found("fit", "-", "--fix", "intercept=-3", stdin=text)["params"]
    assert fixed["intercept"] == -3
    assert found("fit", "-", "--through", "0,-3", stdin=text)["params"] == fixed


def test_sigma_is_a_column_or_a_number():
    text = "x,y,error\n0,1,0.1\n1,3,0.1\n2,5.5,0.2\n3,6,0.4\n"
    weighted = found("fit", "-", "--sigma", "error", stdin=text)
    expected = minigrad.fit_line([0, 1, 2, 3], [1, 3, 5.5, 6], sigma=[0.1, 0.1, 0.2, 0.4])
    assert weighted["params"] == expected.params
    assert weighted["chi2"] == expected.chi2
    half = found("fit", "-", "-x", "x", "-y", "y", "--sigma", "0.5", "--absolute-sigma", stdin=text)
    assert half["errors"] == minigrad.fit_line([0, 1, 2, 3], [1, 3, 5.5, 6], sigma=0.5, absolute_sigma=True).errors
    york = found("fit", "-", "--sigma", "error", "--sigma-x", "0.1", "--loss", "distance", stdin=text)
    assert york["loss"] == "distance"
    first = found("fit", "-", "--sigma", "error", stdin="error,x,y\n1,0,1\n1,1,2\n1,2,4\n")
    assert (first["x"], first["y"]) == (["x"], ["y"])  # a column of errors is never taken for x


def test_a_formula():
    t = np.linspace(0, 4, 30)
    text = "t,v\n" + "".join(f"{a!r},{2.5 * math.exp(-1.3 * a) + 0.5!r}\n" for a in t.tolist())
    for formula in ("a * exp(-b * t) + c", "a * exp(-b * x) + c"):
        curve = found("fit", "-", "--model", formula, "--start", "a=1,b=1", "--start", "c=0", stdin=text)
        assert list(curve["params"].items()) == [
            ("a", pytest.approx(2.5, rel=1e-9)),
            ("b", pytest.approx(1.3, rel=1e-9)),
            ("c", pytest.approx(0.5, rel=1e-9)),
        ]
    held = found("fit", "-", "--model", "a * exp(-b * t) + c", "--fix", "c=0.5", "--bounds", "b=0:9", stdin=text)
    assert held["params"]["c"] == 0.5
    assert held["errors"]["c"] == 0
    bound = found("fit", "-", "--model", "a * exp(-b * t)", "--bounds", "b=:1", "--start", "b=0.5", stdin=text)
    assert bound["params"]["b"] <= 1
    plane = "u,v,w\n" + "".join(f"{u},{v},{2 * u * v + 1}\n" for u in range(4) for v in range(4))
    product = found("fit", "-", "--model", "a * u * v + b", stdin=plane)
    assert (product["x"], product["y"]) == (["u", "v"], ["w"])
    assert list(product["params"].values()) == pytest.approx([2, 1])
    said = run("fit", "-", "--model", "a * time + b", "-x", "t", stdin=text)
    assert refused(said, 'x may be called "t", "x"')
    said = run("fit", "-", "--model", "a * time + b", "-x", "x", stdin="x,y\n1,2\n2,4\n3,5\n")
    assert said.stderr.endswith('x may be called "x"\n')
    assert "parameters without --start: a, b" in run("fit", "-", "--model", "a * t + b", stdin=text).stderr


def test_standard_errors_of_other_kinds():
    plain = found("fit", FIFTEEN)["errors"]["slope"]
    for kind in ("hessian", "bootstrap", "jackknife"):
        other = found("fit", FIFTEEN, "--errors", kind)["errors"]["slope"]
        assert 0.3 < other / plain < 3
        assert kind == "hessian" or other != plain
    seeds = [found("fit", FIFTEEN, "--errors", "bootstrap", "--seed", seed)["errors"] for seed in (1, 1, 2)]
    assert seeds[0] == seeds[1] != seeds[2]


def test_a_vertical_line_is_a_result():
    result = run("fit", "-", "--loss", "distance", stdin="a [s],b\n3,1\n3,2\n3,5\n")
    assert result.exit_code == 0
    assert "vertical" in result.stdout
    line = found("fit", "-", "--loss", "distance", stdin="a [s],b\n3,1\n3,2\n3,5\n")
    assert (line["vertical"], line["x0"], line["params"]["intercept"]) == (True, 3, None)
    assert refused(run("fit", "-", "--loss", "distance", "--predict", "1", stdin="a,b\n3,1\n3,2\n3,5\n"), "vertical")


def test_predictions_have_bands():
    place, other = found("fit", FIFTEEN, "--predict", "3.5,4")["predictions"]
    result = minigrad.fit_line(*np.loadtxt(FIFTEEN, delimiter=",", skiprows=1).T)
    assert (place["x"], other["x"]) == (3.5, 4)
    assert (place["y"], *place["mean"]) == result.predict(3.5, band=0.95)
    assert (other["y"], *other["new"]) == result.predict(4, band=0.95, kind="new")
    shown = run("fit", FIFTEEN, "--predict", "3.5,4").stdout.splitlines()[-3:]
    assert shown[0].split() == ["x", "y", *["95", "%", "of", "the", "curve"], *["95", "%", "of", "a", "new", "point"]]
    assert shown[1].split()[:2] == ["3.5", f"{place['y']:.6g}"]
    assert refused(run("fit", FIFTEEN, "--predict", "soon"), '--predict: "soon" is not a number')


def test_residuals_as_a_file(tmp_path):
    path = tmp_path / "residuals.csv"
    assert run("fit", "-", "--skip-bad", "--residuals", path, stdin="x,y\n0,1\n1,oh\n2,3\n3,3\n").exit_code == 0
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["row", "x", "y", "fitted", "residual"]
    assert [row["row"] for row in rows] == ["1", "3", "4"]
    result = minigrad.fit_line([0, 2, 3], [1, 3, 3])
    assert [float(row["residual"]) for row in rows] == result.residuals.tolist()
    assert [float(row["fitted"]) for row in rows] == result.predict([0, 2, 3]).tolist()
    run("fit", "-", "--residuals", path, "-x", "u", "-x", "v", stdin="u,v,w\n0,1,1\n1,0,2\n2,2,2\n3,1,5\n")
    assert path.read_text().startswith("row,x1,x2,y,fitted,residual\n1,0.0,1.0,1.0,")


# ---------------------------------------------------------------------------- bad input, row by row


@pytest.mark.parametrize(
    ("text", "options", "reasons"),
    [
        # Cells that are no numbers.
        ("x,y\n1,2\n3,n/a\n", [], ['data.csv:3: column "y": "n/a" is not a number (--skip-bad drops such rows)']),
        ("x,y\n1,2\n3,n/a\n4,\n5,7\n", [], ['data.csv:3: column "y": "n/a"', "2 of 4 rows cannot be read: lines 3, 4"]),
        ("x,y\n1,2\n3,nan\n", [], ['data.csv:3: column "y": "nan" is not a number']),
        ("x,y\n1,2\n3,inf\n", [], ['data.csv:3: column "y": "inf" is not a number']),
        ("x,y\n1,2\n,4\n", [], ['data.csv:3: column "x": the cell is empty']),
        ("x;y\n1,234;2\n", [], ['data.csv:2: column "x": "1,234" is not a number', "--decimal ,"]),
        ("x,y\n1,2\n3,n/a\n", ["--model", "a*x"], ['data.csv:3: column "y": "n/a" is not a number']),
        # Files and their columns.
        ("", [], ["data.csv: the file is empty"]),
        ("x,y\n", [], ["data.csv:1: there is a header and no data"]),
        ("x,y\n1,2\n3\n", [], ["data.csv:3: this line has 1 cell, and the header has 2"]),
        ("x,x\n1,2\n", [], ['data.csv:1: columns 1 and 2 are both called "x"']),
        ("name,y\na,2\nb,3\n", [], ["two columns of numbers", 'only "y" has any']),
        ("time,y\n1,2\n2,3\n", ["-x", "tim"], ['no column "tim"', 'Did you mean "time"?', '"time", "y"']),
        ("time,y\n1,2\n2,3\n", ["--sigma", "err"], ['there is no column "err"', '"time", "y"']),
        ("x,y\n1,2\n2,3\n", ["-x", "y", "-y", "y"], ["x and y are both"]),
        ("x,y\n1,2\n2,3\n", ["-x", "x", "-x", "x"], ['two of x are the column "x"']),
        ("day,y\n03/04/2020,2\n05/06/2020,3\n", [], ['data.csv:2: column "day"', "day/month or as month/day"]),
        # Points that determine no line.
        ("x,y\n1,2\n", [], ["data.csv", "--through"]),
        ("x,y\n1,2\n1,3\n1,4\n", [], ["all 3 x are 1", "For a vertical line: --loss distance"]),
        ("x,y\n1,2\n1,2\n", ["--loss", "distance"], ["data.csv: "]),
        (
            "u,v,w\n1,2,3\n2,4,4\n3,6,6\n4,8,8\n",
            ["-x", "u", "-x", "v"],
            ["u and v depend on each other", "2 of 3 parameters"],
        ),
        ("x,y,s\n1,2,1\n2,3,0\n3,3,1\n", ["--sigma", "s"], ["sigma is 0 in row 2 of 3"]),
        # Options.
        ("x,y\n1,2\n2,3\n", ["--loss", "l3"], ["'l3' is not one of 'mse', 'distance', 'huber', 'l1', 'tukey'"]),
        ("x,y\n1,2\n2,3\n", ["--lr", "fast", "--solver", "gd"], ["--lr fast: the learning rate is a number above 0"]),
        ("x,y\n1,2\n2,3\n", ["--lr", "-1", "--solver", "gd"], ["--lr -1: the learning rate is a number above 0"]),
        ("x,y\n1,2\n2,3\n", ["--lr", "1"], ["--lr is for a solver that descends", "--solver gd"]),
        ("x,y\n1,2\n2,3\n", ["--steps", "9"], ["--steps is for a solver that descends"]),
        ("x,y\n1,2\n2,3\n", ["--steps", "0", "--solver", "gd"], ["steps"]),
        ("x,y\n1,2\n2,3\n", ["--steps", "1.5"], ["not a valid integer"]),
        ("x,y\n1,2\n2,3\n", ["--solver", "lm"], ["--solver lm is for formulas"]),
        ("x,y\n1,2\n2,3\n", ["--start", "a=1"], ["--start is for the parameters of a formula"]),
        ("x,y\n1,2\n2,3\n", ["--degree", "-1"], ["degree"]),
        ("x,y\n1,2\n2,3\n", ["--through", "1"], ["--through 1: a point has two numbers"]),
        ("x,y\n1,2\n2,3\n", ["--through", "1,b"], ['--through 1,b: "b" is not a number']),
        ("x,y\n1,2\n2,3\n", ["--fix", "slope=1"], ["of a line only the intercept can be held"]),
        ("x,y\n1,2\n2,3\n", ["--delimiter", "xy"], ["--delimiter xy"]),
        ("x,y\n1,2\n2,3\n", ["--delimiter", "1"], ["--delimiter 1"]),
        ("x,y\n1,2\n2,3\n", ["--delimiter", '"'], ['--delimiter "']),
        ("x,y\n1,2\n2,3\n", ["--encoding", "klingon"], ['there is no encoding "klingon"']),
        (
            "x,y\n1,2\n2,3\n",
            ["--model", "a*sim(x)"],
            ['--model: there is no function "sim"; did you mean sin?', "    ^"],
        ),
        ("x,y\n1,2\n2,3\n", ["--model", "a*__import__('os')"], ['there is no function "__import__"']),
        ("x,y\n1,2\n2,3\n", ["--model", "a*y+x"], ["it names every column, and one is to be y"]),
        ("x,y\n1,2\n2,3\n", ["--model", "a*y+x", "-y", "y"], ['"y" is the column that the formula is fitted to']),
        ("x,y\n1,2\n2,3\n", ["--model", "2*x"], ["there is no parameter in it"]),
        ("x,y\n1,2\n2,3\n", ["--model", "a*x", "--degree", "2"], ["--degree is for lines"]),
        ("x,y\n1,2\n2,3\n", ["--model", "a*x", "--start", "b=2"], ["--start names 'b'", "Its parameters: a"]),
        ("x,y\n1,2\n2,3\n", ["--model", "a*x", "--start", "a"], ['--start a: "a" is not a name with a value']),
        ("x,y\n1,2\n2,3\n", ["--model", "a*x", "--start", "a=b"], ['--start a=b: "b" is not a number']),
        ("x,y\n1,2\n2,3\n", ["--model", "a*x", "--bounds", "a=3"], ["two numbers with a colon"]),
        ("x,y\n1,2\n2,3\n", ["--plot", "line.bmp"], [".png, .svg or .pdf"]),
        ("x,y\n1,2\n2,3\n", ["--plot", "nowhere/line.png"], ["there is no directory nowhere"]),
        ("x,y\n1,2\n2,3\n", ["--plot", "folder.png"], ["this is a directory"]),
        ("x,y\n1,2\n2,3\n", ["--residuals", "nowhere/r.csv"], ["there is no directory nowhere"]),
    ],
)
def test_bad_input_is_refused_with_its_place_and_exit_code_2(text, options, reasons, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text(text)
    Path("folder.png").mkdir()
    assert refused(run("fit", "data.csv", *options), *reasons)


OPTIONS = [
    "--loss distance",
    "--loss huber",
    "--loss l1",
    "--loss tukey",
    "--degree 2",
    "--through 0,0",
    "--skip-bad",
    "--no-header",
    "--delimiter ;",
    "--decimal ,",
    "--predict 1,2",
    "--sigma 0.5",
    "--sigma y",
    "--solver gd --steps 5",
    "--solver lbfgs",
    "--model a*x+b",
    "--watch",
    "--model a*exp(-b*x)",
    "--errors jackknife",
    "--errors hessian",
    "--fix intercept=0",
    "-x x",
    "-x 1 -x 2",
    "--absolute-sigma",
    "--delta 2",
]
cells = st.sampled_from(
    [
        "1",
        "2",
        "3.5",
        "-4",
        "1e3",
        "0",
        "0.125",
        "n/a",
        "",
        "nan",
        "1,5",
        "1.234",
        "2020-01-01",
        "x",
        "y",
        "é",
        "'",
        "#",
        "1 2",
        "1e999",
        "4e9",
        "٣",
    ]
)


@given(
    rows=st.lists(st.lists(cells, min_size=2, max_size=2), max_size=6),
    header=st.sampled_from([[], [["x", "y"]]]),
    delimiter=st.sampled_from([",", ";", " "]),
    options=st.lists(st.sampled_from(OPTIONS), max_size=3, unique=True),
    as_json=st.booleans(),
)
def test_whatever_is_given_ends_in_a_result_or_a_refusal(rows, header, delimiter, options, as_json):
    text = "\n".join(delimiter.join(row) for row in header + rows)
    words = [word for option in options for word in option.split()] + ["--json"] * as_json
    result = run("fit", "-", *words, stdin=text)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code in (0, 1, 2)
    assert bool(result.stdout) == (result.exit_code != 2)
    assert "Traceback" not in result.stderr
    if as_json and result.exit_code != 2:
        assert json.loads(result.stdout)["params"]


def test_paths_that_are_no_file(tmp_path):
    assert refused(run("fit", tmp_path / "missing.csv"), "missing.csv: there is no such file")
    assert refused(run("fit", tmp_path), "this is a directory")
    assert refused(run("fit"), "Missing argument 'FILE'")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 9)
    assert refused(run("fit", tmp_path / "binary.csv"), "binary.csv:1: a zero byte: this is not a text file")


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (b"0,1\n1,3\n2,5\n", [], "no header"),
        (b"x;y\n0;1\n1;3\n2;5\n", [], "cut at semicolons"),
        (b"x\ty\n0\t1\n1\t3\n2\t5\n", [], "cut at tabs"),
        (b"x;y\n0,0;1\n0,5;2\n2;5\n", [], "decimal commas"),
        (b"\xef\xbb\xbfx,y\n0,1\n1,3\n2,5\n", [], "UTF-8 with a byte order mark"),
        ("时间,温度\n0,1\n1,3\n2,5\n".encode("gbk"), ["-x", "时间"], "read as GBK"),
        ("Größe,y\n0,1\n1,3\n2,5\n".encode("latin-1"), ["-x", "Größe"], "read as Latin-1"),
        (b'x,y\n"0","1"\n"1","3"\n"2","5"\n', [], "numbers in quotes"),
        (b"day,y\n2024-02-28,1\n2024-02-29,3\n2024-03-01,5\n", [], "day: dates as days since 2024-02-28"),
        (b"t,y\n2024-02-28 00:00,1\n2024-02-28 00:00:02,5\n2024-02-28 00:00:01,3\n", [], "as seconds since"),
        (b"x,y\n0,1\n1,3\nn/a,9\n2,5\n", ["--skip-bad"], "1 of 4 rows left out: line 4"),
        (b"x,y\n1,2\n0,1\n1,3\n2,5\n", ["--no-header", "--skip-bad"], "1 of 5 rows left out: line 1"),
    ],
)
def test_what_can_be_understood_is_and_what_was_assumed_is_said(data, options, said, tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    result = run("fit", path, "--json", *options)
    assert result.exit_code == 0, result.stderr
    assert said in result.stderr
    assert result.stderr.startswith(f"minigrad: {path}: ")
    if b"1,2\n" not in data:
        params = json.loads(result.stdout)["params"]
        assert params == {"slope": pytest.approx(2), "intercept": pytest.approx(1)}


def test_dates_can_be_predicted_and_have_their_unit():
    text = "day,y\n2024-02-28,1\n2024-02-29,3\n2024-03-01,5.5\n"
    result = found("fit", "-", "--predict", "2024-03-02,3", stdin=text)
    assert result["x"] == ["day [days]"]
    assert result["predictions"][0] == result["predictions"][1]
    assert refused(run("fit", "-", "--predict", "tomorrow", stdin=text), "no date like 2024-02-28")


def test_standard_input():
    result = run("fit", "-", stdin="0 1\n1 3\n2 5\n")
    assert result.exit_code == 0
    assert result.stdout.startswith("y against x, ")
    assert result.stderr == "minigrad: standard input: no header; cut at blanks\n"
    assert refused(run("fit", "-", stdin="x,y\n1,2\n3,n/a\n"), 'standard input:3: column "y": "n/a"')


def test_two_points_are_a_line_without_errors():
    line = found("fit", "-", stdin="x,y\n1,2\n3,6\n")
    assert line["params"] == {"slope": pytest.approx(2), "intercept": pytest.approx(0, abs=1e-15)}
    assert line["errors"] == {"slope": None, "intercept": None}
    assert line["warnings"]
    assert run("fit", "-", "--json", stdin="x,y\n1,2\n3,6\n").stderr == f"minigrad: {line['warnings'][0]}\n"


def test_constant_y_is_said():
    line = found("fit", "-", stdin="x,y\n1,2\n3,2\n4,2\n")
    assert (line["params"]["slope"], line["r2"]) == (0, None)
    assert any("R²" in warning for warning in line["warnings"])


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a directory in which not even root can write")
def test_files_that_cannot_be_written_are_refused_before_the_fit():
    assert refused(run("fit", FIFTEEN, "--plot", "/proc/line.png"), "--plot /proc/line.png: cannot be written")
    assert refused(run("fit", FIFTEEN, "--residuals", "/proc/r.csv"), "--residuals /proc/r.csv: cannot be written")


def test_help_and_version():
    assert run("--version").stdout == f"minigrad {minigrad.__version__}\n"
    bare = run()
    assert bare.exit_code == 0
    assert "Usage: minigrad" in bare.stdout
    shown = run("fit", "--help").stdout
    assert max(map(len, shown.splitlines())) <= 80
    words = " ".join(shown.split())
    assert "Exit code: 0 fitted, 1 did not converge" in words
    assert "Examples: minigrad fit points.csv" in words
    for option in program().commands["fit"].params:
        assert option.opts[0] in shown or option.name == "file"


# ---------------------------------------------------------------------------- descent


def test_watching_prints_the_lines_of_the_tutorials():
    """The loop of the tutorials, written out: w and b from 0, the mean squared error, its gradient, ten steps."""
    x, y = np.loadtxt(FIFTEEN, delimiter=",", skiprows=1).T
    w = b = 0.0
    losses = []
    for _ in range(10):
        residual = w * x + b - y
        losses.append(float(np.mean(residual**2)))
        w, b = w - 0.01 * 2 * np.mean(residual * x), b - 0.01 * 2 * np.mean(residual)
    result = run("fit", FIFTEEN, "--solver", "gd", "--lr", "0.01", "--steps", "10", "--raw", "--watch", "--json")
    assert result.exit_code == 1  # ten steps are not enough
    lines = [line for line in result.stderr.splitlines() if line.startswith("epoch: ")]
    printed = [re.fullmatch(r"epoch: (\d+), loss: (\S+)", line).groups() for line in lines]
    assert [int(step) for step, _ in printed[:10]] == list(range(10))
    assert [float(loss) for _, loss in printed[:10]] == pytest.approx(losses, rel=1e-7)
    assert json.loads(result.stdout)["converged"] is False
    assert "epoch" not in result.stdout


def test_watching_a_line_means_gradient_descent():
    result = run("fit", FIFTEEN, "--watch")
    assert result.exit_code == 0
    assert "--watch: descending by --solver gd" in result.stderr
    assert "epoch: 0, loss: " in result.stderr
    assert re.search(r"^slope +0\.2600 ", result.stdout, re.MULTILINE)


@pytest.mark.parametrize("solver", ["gd", "sgd", "adam", "lbfgs"])
def test_every_solver_comes_to_the_line(solver):
    result = (
        run("fit", FIFTEEN, "--solver", solver, "--json", "--batch", 5)
        if solver in ("sgd", "adam")
        else run("fit", FIFTEEN, "--solver", solver, "--json")
    )
    line = json.loads(result.stdout)
    assert line["params"]["slope"] == pytest.approx(0.259989898, abs=0.5 * line["errors"]["slope"])
    assert result.exit_code == (0 if line["converged"] else 1)


def test_not_converged_prints_the_best_and_exits_with_1():
    result = run("fit", FIFTEEN, "--solver", "gd", "--steps", "3", "--lr", "0.01")
    assert result.exit_code == 1
    assert re.search(r"^slope +", result.stdout, re.MULTILINE)
    assert result.stderr.startswith("minigrad: ")


def test_a_rate_that_is_too_large_is_explained_and_the_best_is_printed():
    result = run("fit", FIFTEEN, "--solver", "gd", "--lr", "5", "--raw")
    assert result.exit_code == 1
    assert "descent diverged: with --lr 5 the loss grew" in result.stderr
    assert "write --lr 0.0" in result.stderr
    assert "slope" in result.stdout
    best = json.loads(run("fit", FIFTEEN, "--solver", "gd", "--lr", "5", "--raw", "--json").stdout)
    assert best["converged"] is False
    assert set(best["params"]) == {"slope", "intercept"}


# ---------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_pictures(suffix, tmp_path):
    path = tmp_path / f"line{suffix}"
    result = run("fit", FIFTEEN, "--plot", path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert path.read_bytes().startswith({".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix])


# ---------------------------------------------------------------------------- terminals and pipes


def process(*arguments):
    return [sys.executable, "-m", "minigrad", *map(str, arguments)]


def on_a_terminal(*arguments):
    """What the command writes to standard output, and to a terminal as standard error."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    started = subprocess.Popen(process(*arguments), stdout=subprocess.PIPE, stderr=follower, env=environment)
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(leader)
    out, _ = started.communicate(timeout=60)
    assert started.returncode in (0, 1)
    return out.decode(), shown.decode()


def test_a_progress_bar_on_a_terminal():
    out, shown = on_a_terminal("fit", FIFTEEN, "--solver", "gd", "--steps", "300", "--lr", "0.01")
    assert "descending" in shown
    assert "━" in shown
    assert re.search(r"step \d+, loss", shown)
    assert "\x1b" not in out
    assert "slope" in out


def test_a_progress_bar_for_a_file_of_more_than_a_block(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("x,y\n" + "".join(f"{k},{2.0 * k + k % 3:.30f}\n" for k in range(50_000)))
    out, shown = on_a_terminal("fit", path)
    assert "reading" in shown
    assert "50,000 rows" in shown
    assert "\x1b" not in out
    assert on_a_terminal("fit", FIFTEEN)[1] == ""


def test_no_progress_bar_in_a_pipe():
    result = subprocess.run(
        process("fit", FIFTEEN), capture_output=True, check=True, env={**os.environ, "FORCE_COLOR": "1"}
    )
    assert result.stderr == b""
    assert b"\x1b" not in result.stdout


def test_names_that_the_terminal_cannot_show_do_not_stop_the_fit(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("température,y\n1,2\n2,3\n3,5\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(process("fit", path), capture_output=True, check=True, env=environment)
    assert rb"temp\xe9rature" in result.stdout


@pytest.mark.parametrize(
    ("missing", "arguments", "expected", "extra"),
    [
        ("click", ["--help"], 2, "fit"),
        ("rich", ["fit", QUARTET], 2, "fit"),
        ("matplotlib", ["fit", QUARTET, "--plot", "line.png"], 2, "fit"),
        ("charset_normalizer", ["fit", "cyrillic.csv"], 2, "fit"),
        ("pyarrow", ["fit", "points.parquet"], 2, "parquet"),
    ],
)
def test_a_missing_library_is_one_line_that_names_the_extra(missing, arguments, expected, extra, tmp_path):
    (tmp_path / "cyrillic.csv").write_bytes("время,температура\n1,2\n3,4\n".encode("cp1251"))
    (tmp_path / "points.parquet").write_bytes(b"PAR1")
    code = (
        f"import sys\nsys.modules[{missing!r}] = None\nsys.argv = ['minigrad', *{arguments!r}]\n"
        "from minigrad.cli import main\nmain()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == expected
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert missing.replace("_", "-") in result.stderr
    assert f'pip install "minigrad[{extra}]"' in result.stderr


def test_a_plain_fit_needs_neither_matplotlib_nor_pandas_nor_scipy():
    code = (
        "import sys\nfor name in ('matplotlib', 'pandas', 'scipy', 'pyarrow', 'charset_normalizer'):\n"
        f"    sys.modules[name] = None\nsys.argv = ['minigrad', 'fit', {FIFTEEN!r}, '--predict', '3']\n"
        "from minigrad.cli import main\nmain()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.search(r"^slope +0\.2600 ", result.stdout, re.MULTILINE)
    assert 'pip install "minigrad[fit]"' in result.stdout


# ---------------------------------------------------------------------------- files larger than memory


def test_a_large_file_is_fitted_as_it_passes(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=5000) + 4e9
    y = 2 * x + rng.normal(size=5000)
    path = tmp_path / "large.csv"
    path.write_text("x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    whole = found("fit", path)
    monkeypatch.setattr(command, "STREAMED", 1000)
    streamed = found("fit", path)
    assert streamed["message"] == "exact, in one pass over 5,000 rows"
    assert streamed["n"] == 5000
    for key in ("params", "errors"):
        assert streamed[key] == {name: pytest.approx(value, rel=1e-11) for name, value in whole[key].items()}
    assert streamed["r2"] == pytest.approx(whole["r2"], rel=1e-11)
    residuals = tmp_path / "residuals.csv"
    assert run("fit", path, "--residuals", residuals, "--plot", tmp_path / "large.png").exit_code == 0
    table = np.loadtxt(residuals, delimiter=",", skiprows=1)
    assert table[:, 0].tolist() == list(range(1, 5001))
    # y is near 8e9, so a residual of about 1 is rounded to 1e-6.
    assert np.sum(table[:, 4] ** 2) == pytest.approx(streamed["rss"], rel=1e-6)
    text = "x,y\n" + "1,2\n" * 3000
    assert refused(run("fit", "-", stdin=text), "standard input: all 3000 x are 1")
    # What needs all points at once keeps them.
    assert found("fit", path, "--loss", "huber")["n"] == 5000
    bad = path.read_text() + "1,n/a\n"
    assert refused(run("fit", "-", stdin=bad), 'standard input:5002: column "y": "n/a" is not a number')
    assert found("fit", "-", "--skip-bad", stdin=bad)["params"] == streamed["params"]


def test_an_input_that_fails_when_it_is_read_again_is_not_taken_for_the_residuals(tmp_path, monkeypatch):
    path = tmp_path / "points.csv"
    path.write_text("x,y\n0,1\n1,3\n2,5.5\n3,6\n")
    monkeypatch.setattr(command, "STREAMED", 1)
    once, passes = TextFile.blocks, []

    def twice(self, columns, *, skip_bad=False):
        passes.append(columns)
        if len(passes) == 2:
            raise OSError(errno.EIO, "Input/output error")
        yield from once(self, columns, skip_bad=skip_bad)

    monkeypatch.setattr(TextFile, "blocks", twice)
    result = run("fit", path, "--residuals", tmp_path / "residuals.csv")
    assert (len(passes), result.exit_code) == (2, 2)
    assert result.stderr == f"minigrad: {path}: cannot be read: Input/output error\n"


def test_comments_below_the_first_bytes_are_told():
    text = "t,v\n" + "0,1\n1,3\n" * (reading._HEAD // 8) + "#5,6\n"
    result = run("fit", "-", stdin=text)
    assert (result.exit_code, result.stderr) == (
        0,
        f"minigrad: standard input: 1 comment among the rows passed over: line {2 * (reading._HEAD // 8) + 2}\n",
    )


# ---------------------------------------------------------------------------- in the words of the command


def test_the_line_of_the_program_is_not_told_whatever_it_is_called(tmp_path):
    """The script that pip writes is called minigrad, without .py."""
    points, script = tmp_path / "points.csv", tmp_path / "minigrad"
    points.write_text("x,y\n0,1\n1,3\n2,5.5\n")
    program = "import sys\nfrom minigrad.cli import main\nsys.exit(main())\n"
    script.write_text(program)
    arguments = ["fit", str(points), "--solver", "gd", "--batch", "2"]
    for called in ([str(script)], ["-c", program], ["-m", "minigrad"]):
        done = subprocess.run([sys.executable, *called, *arguments], capture_output=True, text=True)
        assert done.returncode == 2
        assert "in each step, and --batch 2 was given.\n" in done.stderr


POINTS = "1,2,3\n4,5,6\n7,9,9\n1,7,8\n"


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (
            ["--sigma-x", "0.5", "--loss", "distance"],
            "--sigma-x was given and --sigma was not: the distance needs the errors of both.\n"
            "Give --sigma too; if y is exact: -x and -y exchanged, --sigma alone, without --loss distance",
        ),
        (
            ["--sigma-x", "0.5", "--loss", "distance", "--model", "a + b * x"],
            "--sigma-x was given without --sigma, and distances compare the two.\nGive --sigma too",
        ),
        (
            ["--sigma", "0.5", "--loss", "distance", "--model", "a + b * x"],
            "--sigma was given without --sigma-x, and distances compare the two.\n"
            "Give --sigma-x too, the same as --sigma if x is as uncertain as y; if x is exact, leave --loss distance",
        ),
        (
            ["--loss", "l1", "--bounds", "a=0:2", "--model", "a + b * x"],
            "Take --loss huber, or hold a parameter on its bound: --fix NAME=VALUE\n",
        ),
    ],
)
def test_advice_is_in_options(options, advice):
    assert refused(run("fit", "-", *options, stdin=POINTS), advice)


@pytest.mark.parametrize(
    ("y", "sigma", "sigma_x"),
    [
        (np.eye(4, 2), 1, 1),
        (np.arange(4.0), 1, None),
        (np.arange(4.0), None, 1),
        (np.array([0.0, 1.0, 4.0, 9.0]), [1, 2, 1, 1], 1e-60),
    ],
)
def test_advice_of_the_line_with_errors_in_x_is_in_options(y, sigma, sigma_x):
    """Nothing of Python is left in it, and what it names are options of the command."""
    with pytest.raises(ValueError, match="\n") as error:
        york_line(points(range(4), y, sigma=sigma, sigma_x=sigma_x))
    text = in_options(str(error.value))
    assert not re.search(r"=\.\.\.|fit_line|\(x, y|loss=|Give sigma|^sigma", text)
    known = {option for parameter in command.fit.params for option in parameter.opts}
    assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text)) <= known


@pytest.mark.parametrize(("given", "told"), [("1", True), ("1.0", False), ("0.5", False)])
@pytest.mark.parametrize("option", ["--sigma", "--sigma-x"])
def test_a_number_that_is_the_name_of_a_column_is_told(option, given, told):
    more = ["--loss", "distance", "--sigma", "0.7"] if option == "--sigma-x" else []
    result = run("fit", "-", "--no-header", option, given, *more, stdin=POINTS)
    assert result.exit_code == 0
    assert (f"{option} 1 is column 1 (the number: {option} 1.0)" in result.stderr) == told
    assert ("x is column 2" in result.stderr) == told


# ---------------------------------------------------------------------------- what would be lost, or said twice


def test_the_file_that_is_read_is_never_written_over(tmp_path):
    points = tmp_path / "points.csv"
    points.write_text("x,y\n0,1\n1,3\n2,5.5\n")
    link = tmp_path / "link.csv"
    link.symlink_to(points)
    for path in (points, link):
        assert refused(run("fit", points, "--residuals", path), "this is the file that is read", "Name another")
    assert points.read_text() == "x,y\n0,1\n1,3\n2,5.5\n"


def test_residuals_need_a_file_of_their_own(tmp_path):
    path = tmp_path / "same.png"
    assert refused(run("fit", FIFTEEN, "--residuals", path, "--plot", path), "--plot writes to it too")
    assert not path.exists()
    assert refused(run("fit", FIFTEEN, "--residuals", "-"), "--residuals -: ", "Name a file")
    assert refused(run("fit", FIFTEEN, "--residuals", ""), "--residuals: ", "Name a file")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--start", "a=1", "--start", "a=2"], "--start a=2: a is given twice"),
        (["--start", "a=1,a=2"], "--start a=1,a=2: a is given twice"),
        (["--fix", "a=1", "--fix", "a=2"], "--fix a=2: a is given twice"),
        (["--bounds", "a=:1", "--bounds", "a=2:"], "--bounds a=2:: a is given twice"),
        (["--start", "a=1", "--fix", "a=2"], "--fix a=2: --start has a too"),
        (["--bounds", "a=0:1", "--fix", "a=2"], "--fix a=2: --bounds has a too"),
        (["--bounds", "a=-inf:1"], '--bounds a=-inf:1: "-inf" is not a number\nLeave an open end out: a=0: or a=:10'),
    ],
)
def test_a_parameter_that_is_told_two_things_is_refused(options, reason):
    assert refused(run("fit", FIFTEEN, "--model", "a * x + b", *options), reason)


def test_a_seed_is_no_number_below_0():
    assert refused(run("fit", FIFTEEN, "--errors", "bootstrap", "--seed", "-1"), "--seed", "-1")


@pytest.mark.parametrize("encoding", ["rot13", "hex", "base64", "zlib", "undefined", "no such"])
def test_what_is_no_encoding_of_texts_is_refused(encoding):
    assert refused(run("fit", FIFTEEN, "--encoding", encoding), f'there is no encoding "{encoding}"', "utf-16")


def test_a_text_of_two_bytes_a_character_is_read_where_it_is_told():
    text = "x,y\n0,1\n1,3\n2,5\n"
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le"):
        points = found("fit", "-", "--encoding", encoding, stdin=text.encode(encoding))
        assert points["params"] == {"slope": 2.0, "intercept": 1.0}
        assert refused(run("fit", "-", stdin=text.encode(encoding)), "a zero byte", "--encoding utf-16-le")


def test_a_column_with_the_name_of_a_constant_or_a_function():
    table = "{0},v\n0,1\n1,3\n2,5\n3,7\n"
    for name in ("e", "pi", "exp"):
        asked = run("fit", "-", "--model", f"a * {name} + b", stdin=table.format(name))
        assert refused(asked, f'"{name}" is', f"For the column: -x {name}, or call it x")
        told = found("fit", "-", "-x", name, "--model", f"a * {name} + b", stdin=table.format(name))
        assert told["params"] == pytest.approx({"a": 2.0, "b": 1.0})
        assert found("fit", "-", "--model", "a * x + b", stdin=table.format(name))["params"] == told["params"]


def test_a_column_that_is_taken_for_sigma_is_said_to_be():
    assert refused(run("fit", "-", "--sigma", "v", stdin="t,v\n0,1\n1,3\n"), '"v" is taken for sigma')


def test_a_full_disk_behind_standard_output():
    with Path("/dev/full").open("w") as full:
        program_ = [sys.executable, "-m", "minigrad", "fit", FIFTEEN]
        done = subprocess.run(program_, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "minigrad: standard output: cannot be written: No space left on device\n"


def test_an_interrupt_has_an_exit_code_of_its_own(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "open_table", interrupted)
    result = run("fit", FIFTEEN)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "minigrad: interrupted\n")


def test_characters_that_no_font_has_are_said_as_everything_is(tmp_path, monkeypatch):
    from minigrad.fitting import plot

    monkeypatch.setattr(plot, "_families", lambda text: ["DejaVu Sans"])
    result = run("fit", "-", "--plot", tmp_path / "a.png", stdin="温度,y\n0,1\n1,3\n2,5.5\n")
    assert result.exit_code == 0
    assert result.stderr.startswith("minigrad: --plot: no installed font has 度 温: install ")
    assert result.stderr.count("\n") == 1


def test_numbers_that_could_be_dates_or_have_too_many_digits_are_said():
    dates = run("fit", "-", stdin="t,v\n20200330,1\n20200331,2\n20200401,3\n")
    assert "t: 20200330 is read as a number; a date is written 2020-03-31" in dates.stderr
    long = run("fit", "-", stdin="t,v\n1600000000000000001,1\n1600000000000001000,2\n1600000000000002000,3\n")
    assert "t: 1600000000000000001 is rounded to 1.6e+18; subtract what they share first" in long.stderr


def test_a_date_whose_time_stands_in_the_next_column_is_said():
    split = run("fit", "-", stdin="day,at,v\n2020-03-30,13:30,1\n2020-03-31,13:31,2\n2020-04-01,07:00,2\n")
    assert "day: without the times in at; write both in one cell, 2020-03-31 13:30:00" in split.stderr


def test_a_file_that_changes_between_two_passes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "STREAMED", 3)
    path = tmp_path / "points.csv"
    path.write_text("x,y\n0,1\n1,3\n2,5.5\n3,7\n4,9\n")
    show = command._Fit._show

    def shown(self, *arguments):
        show(self, *arguments)
        with path.open("a") as file:
            file.write("5,11\n")

    monkeypatch.setattr(command._Fit, "_show", shown)
    result = run("fit", path, "--residuals", tmp_path / "r.csv")
    assert result.exit_code == 2
    assert "points.csv: it changed while it was read: 5 rows were fitted, and 6 are there now" in result.stderr


def test_times_of_day_in_x(tmp_path):
    table = "at,v\n13:30:00,1\n13:30:10,3\n13:30:20,5\n13:30:30,7.5\n"
    result = run("fit", "-", "--plot", tmp_path / "fit.png", "--predict", "13:30:15", stdin=table)
    assert result.exit_code == 0
    assert result.stderr == "minigrad: standard input: at: times of day as seconds since 13:30:00\n"
    assert "v against at [seconds]" in result.stdout
    assert re.search(r"^ +15 +4\.125 ", result.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--absolute-sigma"], "Give --sigma, or leave --absolute-sigma out"),
        (["--delta", "2"], "Leave --delta out, or take --loss distance"),
        (["--loss", "distance", "--delta", "-1"], "--delta is -1"),
        (["--degree", "-1"], "--degree is -1"),
        (["--degree", "2", "--through", "0,0"], "--through and --degree were both given"),
        (["--loss", "distance", "--degree", "2"], "Leave --degree out"),
        (["--sigma", "0"], "--sigma is 0 in row 1"),
        (["--solver", "gd", "--steps", "0"], "--steps is 0"),
        (["--solver", "gd", "--batch", "2"], "--solver sgd or adam"),
        (["--model", "a*x", "--bounds", "a=3:1"], "Give --bounds NAME=low:high"),
    ],
)
def test_refusals_of_the_fit_speak_of_options(options, reason):
    assert refused(run("fit", FIFTEEN, *options), reason)


def test_names_on_two_lines_and_long_ones():
    text = '"time\n (s)",v\n0,1\n1,3\n2,5.5\n'
    assert run("fit", "-", stdin=text).stdout.startswith("v against time (s), loss mse\n")
    assert found("fit", "-", "-x", "time (s)", stdin=text)["x"] == ["time (s)"]
    long = run("fit", "-", stdin=f"{'a long name ' * 9},v\n0,1\n1,3\n2,5.5\n").stdout
    assert max(map(len, long.splitlines())) < 80
