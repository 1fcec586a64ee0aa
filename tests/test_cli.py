"""The `minigrad` command: the result on standard output, everything else on standard error, three exit codes."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import minigrad
from minigrad.cli import program

DATA = Path(__file__).parent.parent / "examples" / "data"
QUARTET = str(DATA / "anscombe.csv")


def run(*arguments, stdin=None):
    return CliRunner().invoke(program(), [str(a) for a in arguments], input=stdin, prog_name="minigrad")


def row(result, name):
    found = re.search(rf"^  {name} +(.+)$", result.stdout, re.MULTILINE)
    assert found, result.output
    return found[1].strip()


def refused(result, *reasons):
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    for reason in reasons:
        assert reason in result.stderr
    assert "Traceback" not in result.stderr
    return True


def test_a_line_on_standard_output_and_nothing_on_standard_error():
    result = run("fit", QUARTET)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith("y1 against x1 in ")
    assert float(row(result, "slope")) == pytest.approx(0.5000909090909091, rel=1e-11)
    assert float(row(result, "intercept")) == pytest.approx(3.000090909090909, rel=1e-11)
    assert float(row(result, "loss")) == pytest.approx(13.76269 / 11, rel=1e-6)
    assert row(result, "points") == "11"
    assert 1 <= int(row(result, "steps")) <= 1000


def test_columns_and_loss_can_be_chosen():
    result = run("fit", QUARTET, "-x", "x4", "-y", "y4")
    assert float(row(result, "slope")) == pytest.approx(0.4999090909090909, rel=1e-11)
    result = run("fit", DATA / "line_distance_100.csv", "--loss", "distance")
    assert float(row(result, "slope")) == pytest.approx(2.520965239064576, rel=1e-11)
    assert float(row(result, "intercept")) == pytest.approx(-0.4952648285503, rel=1e-11)


def test_standard_input():
    result = run("fit", "-", stdin="0 1\n1 3\n2 5\n")
    assert float(row(result, "slope")) == pytest.approx(2)
    assert "2 against 1 in standard input" in result.stdout
    assert refused(run("fit", "-", stdin="x,y\n1,2\n3,n/a\n"), 'standard input:3: column "y": "n/a"')


def test_a_vertical_line_is_said_in_a_sentence():
    result = run("fit", "-", "--loss", "distance", stdin="a [s],b\n3,1\n3,2\n3,5\n")
    assert result.exit_code == 0
    assert (row(result, "line"), row(result, "slope"), row(result, "intercept")) == ("x = 3", "infinite", "none")
    assert "The best line is vertical: a [s] = 3" in result.stdout


@pytest.mark.parametrize(
    ("text", "options", "reasons"),
    [
        ("", [], ["data.csv: the file is empty"]),
        ("x,y\n", [], ["data.csv:1: there is a header and no data"]),
        ("x,y\n1,2\n3,n/a\n", [], ['data.csv:3: column "y": "n/a" is not a number']),
        ("x,y\n1,2\n3,nan\n", [], ['data.csv:3: column "y": "nan" cannot be fitted']),
        ("x,y\n1,2\n3,inf\n", [], ['data.csv:3: column "y": "inf" cannot be fitted']),
        ("x,y\n1,2\n,4\n", [], ['data.csv:3: column "x": the cell is empty']),
        ("x,y\n1,2\n3\n", [], ["data.csv:3: this line has 1 cell"]),
        ("x;y\n1,5;2\n", [], ['data.csv:2: column "x": "1,5"', "decimals with a point"]),
        ("x,y\n1,2\n", [], ["data.csv", "at least two points, and there is one"]),
        ("x,y\n1,2\n1,3\n", [], ["all 2 points have x = 1", "--loss distance"]),
        ("x,y\n1,2\n1,2\n", ["--loss", "distance"], ["all 2 points are the same"]),
        ("name,y\na,2\nb,3\n", [], ["two columns of numbers", 'only "y" has any']),
        ("time,y\n1,2\n2,3\n", ["-x", "tim"], ['no column "tim"', 'Did you mean "time"?', '"time", "y"']),
        ("x,y\n1,2\n2,3\n", ["-x", "y", "-y", "y"], ["x and y are both"]),
        ("x,y\n1,2\n2,3\n", ["--lr", "nan"], ["learning rate must be a number above 0"]),
        ("x,y\n1,2\n2,3\n", ["--lr", "-1"], ["learning rate must be a number above 0"]),
        ("x,y\n1,2\n2,3\n", ["--lr", "0"], ["learning rate must be a number above 0"]),
        ("x,y\n1,2\n2,3\n", ["--lr", "fast"], ["'fast' is not a valid float"]),
        ("x,y\n1,2\n2,3\n", ["--steps", "0"], ["number of steps must be"]),
        ("x,y\n1,2\n2,3\n", ["--steps", "1.5"], ["not a valid integer"]),
        ("x,y\n1,2\n2,3\n", ["--loss", "l1"], ["'mse', 'distance'"]),
        ("x,y\n1,2\n2,3\n", ["--plot", "line.bmp"], [".png, .svg or .pdf"]),
        ("x,y\n1,2\n2,3\n", ["--plot", "nowhere/line.png"], ["there is no directory nowhere"]),
        ("x,y\n1,2\n2,3\n", ["--plot", "folder.png"], ["this is a directory"]),
    ],
)
def test_bad_input_is_refused_with_its_place_and_exit_code_2(text, options, reasons, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text(text)
    Path("folder.png").mkdir()
    assert refused(run("fit", "data.csv", *options), *reasons)


def test_paths_that_are_no_file(tmp_path):
    assert refused(run("fit", tmp_path / "missing.csv"), "missing.csv: there is no such file")
    assert refused(run("fit", tmp_path), "this is a directory")
    assert refused(run("fit"), "Missing argument 'FILE'")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a directory in which not even root can write")
def test_a_plot_that_cannot_be_written_is_refused_before_the_fit():
    assert refused(run("fit", QUARTET, "--plot", "/proc/line.png"), "--plot /proc/line.png: cannot be written")


@pytest.mark.parametrize("loss", ["mse", "distance"])
def test_not_converged_prints_the_best_and_exits_with_1(loss):
    result = run("fit", QUARTET, "--loss", loss, "--steps", "3")
    assert result.exit_code == 1
    assert row(result, "converged") == "no"
    assert row(result, "steps") == "3"
    assert float(row(result, "slope")) > 0
    assert "did not converge in 3 steps" in result.stderr
    assert "Allow more steps" in result.stderr


def test_a_rate_that_is_too_large_is_explained():
    result = run("fit", QUARTET, "--lr", "5")
    assert result.exit_code == 1
    assert "the loss grew" in result.stderr
    assert "must be below 1" in result.stderr
    assert float(row(result, "loss")) == pytest.approx(
        np.var([8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68])
    )


def test_help_and_version():
    assert run("--version").stdout == f"minigrad {minigrad.__version__}\n"
    bare = run()
    assert bare.exit_code == 0
    assert "Usage: minigrad" in bare.stdout
    assert "fit" in bare.stdout
    words = " ".join(run("fit", "--help").stdout.split())
    assert "standardised coordinates" in words
    assert "Exit code: 0 fitted, 1 not converged" in words


def pixels(path):
    from matplotlib.image import imread

    return imread(path)[..., :3]


@pytest.mark.parametrize("loss", ["mse", "distance"])
def test_the_picture_has_points_and_a_line(loss, tmp_path):
    path = tmp_path / "line.png"
    result = run("fit", QUARTET, "--loss", loss, "--plot", path)
    assert result.exit_code == 0
    assert result.stderr == ""
    image = pixels(path)
    height, width, _ = image.shape
    for colour in [(0xD5, 0x5E, 0x00), (0x40, 0x95, 0xC5)]:  # the line; the points, three quarters opaque
        near = np.abs(image * 255 - np.array(colour)).max(axis=-1) < 6
        assert near[: height * 2 // 3].sum() > 200  # in the upper panel
        assert near[height * 2 // 3 :].sum() > 100  # and among the residuals
    assert min(width, height) > 600


@pytest.mark.parametrize("suffix", [".svg", ".pdf"])
def test_other_formats(suffix, tmp_path):
    path = tmp_path / f"line{suffix}"
    assert run("fit", QUARTET, "--plot", path).exit_code == 0
    assert path.read_bytes().startswith({".svg": b"<?xml", ".pdf": b"%PDF"}[suffix])


def test_the_picture_names_the_columns_and_the_equation():
    from minigrad.fitting import fit_line
    from minigrad.fitting.plot import picture

    x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, -1.0, -3.5])
    upper, lower = picture(fit_line(x, y), x, y, "time [s]", "price in $").axes
    assert upper.get_ylabel() == r"price in \$"
    assert lower.get_xlabel() == "time [s]"
    legend = [text.get_text() for text in upper.get_legend().get_texts()]
    assert legend == ["3 points", r"price in \$ = −2.25 · time [s] + 1.08333"]
    upper, lower = picture(fit_line(y * 0 + 3, y, "distance"), y * 0 + 3, y, "a", "b").axes
    assert [text.get_text() for text in upper.get_legend().get_texts()][1] == "a = 3"
    assert (upper.get_xlabel(), lower.get_xlabel(), lower.get_ylabel()) == ("a", "b", "distance")


def command(*arguments):
    return [sys.executable, "-m", "minigrad", *map(str, arguments)]


def test_a_progress_bar_on_a_terminal():
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command("fit", QUARTET), stdout=subprocess.PIPE, stderr=follower, env={**os.environ, "TERM": "xterm"}
    )
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
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "descending" in shown.decode()
    assert "━" in shown.decode()
    assert re.search(r"step \d+.* loss 1\.25115", shown.decode())
    assert b"descending" not in out
    assert b"\x1b" not in out
    assert b"slope" in out


def test_no_progress_bar_in_a_pipe():
    result = subprocess.run(
        command("fit", QUARTET), capture_output=True, check=True, env={**os.environ, "FORCE_COLOR": "1"}
    )
    assert result.stderr == b""


def test_names_that_the_terminal_cannot_show_do_not_stop_the_fit(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("température,y\n1,2\n2,3\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(command("fit", path), capture_output=True, check=True, env=environment)
    assert rb"temp\xe9rature" in result.stdout


@pytest.mark.parametrize(
    ("missing", "arguments", "expected"),
    [
        ("click", ["--help"], 2),
        ("rich", ["fit", QUARTET], 2),
        ("matplotlib", ["fit", QUARTET, "--plot", "line.png"], 2),
    ],
)
def test_a_missing_library_is_one_line_that_names_the_extra(missing, arguments, expected, tmp_path):
    code = (
        f"import sys\nsys.modules[{missing!r}] = None\nsys.argv = ['minigrad', *{arguments!r}]\n"
        "from minigrad.cli import main\nmain()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == expected
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert missing in result.stderr
    assert 'pip install "minigrad[fit]"' in result.stderr


def test_without_a_plot_matplotlib_is_not_imported():
    code = (
        "import sys\nsys.modules['matplotlib'] = None\n"
        f"sys.argv = ['minigrad', 'fit', {QUARTET!r}]\nfrom minigrad.cli import main\nmain()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "slope" in result.stdout
