"""The pytest plugin: in projects of its own, each in a directory of its own."""

import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import _minigrad_pytest
import pytest

from minigrad.testing import effort, tally

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.gradient(required=False)  # what the projects check in here is not this suite's

ROOT = Path(__file__).parent.parent

COUNTING = """
import math
import pytest
from types import SimpleNamespace
from minigrad.testing import tally

def check(conclusive=True, entries=4, kinks=0, inconclusive=0, resolved=2.0**-26):
    report = SimpleNamespace(
        entries=entries, kinks=kinks, inconclusive=inconclusive, evaluations=8, resolved=resolved, reasons={}
    )
    tally.record(report, conclusive=conclusive)

def guess():
    check(False, 0, 0, 3, math.nan)
"""


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    """What is counted here is nobody else's, and what was counted before is not counted in the projects."""
    monkeypatch.setattr(tally, "_total", tally.Counts(checks=1000, conclusive=1000, slopes=5000))
    monkeypatch.setattr(effort, "_chosen", None)
    monkeypatch.delenv(effort.VARIABLE, raising=False)


@pytest.fixture
def project(pytester):
    """Make a test file of what is given, after the counting helpers, and run it."""

    def run(tests, *options):
        pytester.makepyfile(test_it=COUNTING + tests)
        return pytester.runpytest_inprocess(*options)

    return run


def line(result):
    (found,) = [text for text in result.outlines if text.startswith("gradients:")]
    return found


def test_minigrad_is_installed_with_its_plugin():
    found = {point.name: point.value for point in importlib.metadata.entry_points(group="pytest11")}
    assert found.get("minigrad") == "_minigrad_pytest", "install minigrad again: pip install -e ."


def test_the_line_at_the_end(project):
    result = project("""
def test_one():
    check(kinks=2, inconclusive=1)
    check()
    check(resolved=1e-3)

def test_other():
    check()
    guess()

def test_neither(): pass
""")
    result.assert_outcomes(passed=3)
    assert line(result) == (
        "gradients: 5 checks (1 could not tell), 16 slopes, 2 at kinks, 4 inconclusive; "
        "smallest error resolved: 1.5e-08 in half of the checks, 2.0e-03 in all"
    )
    assert result.outlines[-2] == line(result)


def test_no_line_if_nothing_was_checked(project):
    result = project("def test_it(): pass\n")
    result.assert_outcomes(passed=1)
    assert "gradients" not in result.stdout.str()


def test_a_broken_contract_counts_without_numbers(project):
    result = project("def test_it(): tally.record(conclusive=True)\n")
    result.assert_outcomes(passed=1)
    assert line(result) == "gradients: 1 check, 0 slopes, 0 at kinks, 0 inconclusive"


# ------------------------------------------------------------------------------------ the two rules


def test_a_test_whose_checks_could_not_tell_fails(project):
    result = project("""
def test_it():
    guess()
    guess()
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "test_it passed, but 2 gradient checks in it could not tell right from wrong: 6 slopes inconclusive",
            "Check it at other points, away from jumps and noise; if the test is about such points, mark it "
            "@pytest.mark.gradient(required=False)",
        ]
    )
    assert "gradients: 2 checks (2 could not tell)" in line(result)


def test_one_check_that_can_tell_is_enough(project):
    project("""
def test_it():
    guess()
    check()
    guess()
""").assert_outcomes(passed=1)


def test_an_error_that_a_test_expects_is_its_own_business(project):
    project("""
def test_refused():
    with pytest.raises(ValueError, match="no function"):
        tally.record(conclusive=False, raised=True)
        raise ValueError("no function")

@pytest.mark.gradient
def test_refused_as_marked(): tally.record(conclusive=False, raised=True)

def test_refused_and_guessed():
    tally.record(conclusive=False, raised=True)
    guess()
""").assert_outcomes(passed=2, failed=1)


def test_a_test_that_says_so_may_tell_nothing(project):
    project("""
@pytest.mark.gradient(required=False)
def test_it(): guess()

@pytest.mark.gradient(required=False)
class TestMore:
    def test_it(self): guess()
    def test_nothing(self): pass
""").assert_outcomes(passed=3)


def test_what_has_an_outcome_keeps_it(project):
    result = project("""
def test_skips():
    guess()
    pytest.skip("not here")

def test_fails():
    guess()
    assert False, "of its own"

@pytest.mark.xfail(strict=True)
def test_known(): guess()

@pytest.mark.gradient
@pytest.mark.skip
def test_skipped_before(): pass

@pytest.mark.gradient
def test_skipped_inside(): pytest.skip("not here")
""")
    result.assert_outcomes(skipped=3, failed=1, xfailed=1)
    assert "could not tell right" not in result.stdout.str()
    result.stdout.fnmatch_lines(["E*of its own"])


def test_the_mark_asks_for_a_check(project):
    result = project("""
@pytest.mark.gradient
def test_none(): pass

@pytest.mark.gradient()
def test_some(): check()

@pytest.mark.gradient(required=True)
def test_a_guess(): guess()
""")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["test_none is marked `gradient`, and it checked none", "Call check_grad, check_vjp or another check*"]
    )


def test_the_mark_where_nothing_of_minigrad_was_imported(pytester):
    pytester.makepyfile("import pytest\n@pytest.mark.gradient\ndef test_it(): pass\n")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["test_it is marked `gradient`, and it checked none"])


def test_checks_of_a_fixture_are_those_of_its_test(project):
    project("""
@pytest.fixture
def checked(): check()

@pytest.fixture
def guessed(): guess()

@pytest.mark.gradient
def test_right(checked): pass

def test_cannot_tell(guessed): pass

def test_nothing_left_over(): pass
""").assert_outcomes(passed=2, failed=1)


def test_an_example_in_a_docstring_may_show_anything(pytester):
    documented = "def unknowable():\n    QQQ\n    >>> guess()\n    QQQ\n".replace("QQQ", '"' * 3)
    pytester.makepyfile(documented=COUNTING + documented)
    result = pytester.runpytest_inprocess("--doctest-modules", "documented.py")
    result.assert_outcomes(passed=1)
    assert line(result).startswith("gradients: 1 check (1 could not tell)")


def test_unittest_classes(project):
    result = project("""
import unittest

class TestIt(unittest.TestCase):
    def test_right(self): check()
    def test_cannot_tell(self): guess()
    def test_fails(self):
        guess()
        self.fail("of its own")
    def test_skips(self):
        guess()
        self.skipTest("not here")
""")
    result.assert_outcomes(passed=1, failed=2, skipped=1)
    result.stdout.fnmatch_lines(["test_cannot_tell passed, but 1 gradient check in it could not tell*", "*of its own"])


def test_the_mark_is_registered(pytester):
    pytester.makepyfile("import pytest\n@pytest.mark.gradient(required=False)\ndef test_it(): pass\n")
    pytester.runpytest_inprocess("--strict-markers").assert_outcomes(passed=1)
    pytester.runpytest_inprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.gradient(required=True): *"])


# ------------------------------------------------------------------------------------ a wrong gradient


WRONG = """
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from minigrad.testing import GradientMismatch, InconclusiveError, UncheckableError, check_vjp, op_spec, property_test
from minigrad.testing import strategies as gst

def forward(x): return x * x
def vjp(g, out, x): return g * x

def test_plain():
    check_vjp(forward, vjp, np.array([3.0]))

@settings(max_examples=20, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink])
@given(gst.arrays((2,)))
def test_given(x):
    check_vjp(forward, vjp, x)

test_property = property_test(op_spec(forward, vjp), examples=20)

def test_expected():
    with pytest.raises(GradientMismatch):
        check_vjp(forward, vjp, np.array([3.0]))

@pytest.mark.gradient(required=False)
def test_expected_too():
    with pytest.raises(UncheckableError):
        check_vjp(forward, vjp, np.array([3]))
    with pytest.raises(InconclusiveError):
        check_vjp(np.floor, lambda g, out, x: 0 * g, np.array([3.0]))

def test_error_of_their_own():
    check_vjp(lambda x: {}["missing"], vjp, np.array([3.0]))
"""


def test_the_failure_is_the_report(pytester):
    pytester.makepyfile(WRONG)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=4)
    result.stdout.fnmatch_lines(
        ["*E * gradient of forward(x) is wrong: *", "*E * ACTUAL *", "*E * reproduce *check_vjp(*"]
    )
    reports, own = result.stdout.str().split("test_error_of_their_own", 1)
    places = [text for text in reports.splitlines() if re.match(r"\S+\.py:\d+: ", text)]
    assert {place.partition(":")[0] for place in places} == {"test_the_failure_is_the_report.py"}
    assert re.search(r"_ test_property _+\ngradient of forward\(x\) is wrong: ", reports)
    assert reports.count("gradient of forward(x) is wrong") >= 3
    assert "minigrad/testing" not in reports
    assert "tracebackhide" not in reports
    assert "KeyError: 'missing'" in own
    full = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--full-trace", "-k", "plain")
    full.stdout.fnmatch_lines(["*minigrad*testing*.py:*: GradientMismatch"])


# ------------------------------------------------------------------------------------ effort


EFFORT = """
from hypothesis import settings
from minigrad.testing import effort

def test_it():
    print(f"effort {effort.current()}: {effort.examples()}; Hypothesis: {settings().max_examples}")
"""


@pytest.mark.parametrize(
    ("options", "ini", "expected"),
    [
        ([], "", "effort normal: 200"),
        (["--grad-effort=fast"], "", "effort fast: 50"),
        (["--grad-effort", "thorough"], "", "effort thorough: 2000"),
        ([], "grad_effort = thorough", "effort thorough: 2000"),
        (["--grad-effort=fast"], "grad_effort = thorough", "effort fast: 50"),
    ],
)
def test_effort(pytester, options, ini, expected):
    from hypothesis import settings

    pytester.makeini(f"[pytest]\n{ini}\n")
    pytester.makepyfile(EFFORT)
    result = pytester.runpytest_inprocess("-s", *options)
    result.assert_outcomes(passed=1)
    assert f"{expected}; Hypothesis: {settings().max_examples}" in result.stdout.str()
    assert effort.VARIABLE not in os.environ


def test_the_environment_is_put_back(pytester, monkeypatch):
    monkeypatch.setenv(effort.VARIABLE, "fast")
    pytester.makepyfile(EFFORT)
    assert "effort thorough" in pytester.runpytest_inprocess("-s", "--grad-effort=thorough").stdout.str()
    assert os.environ[effort.VARIABLE] == "fast"


def test_an_effort_there_is_not(pytester):
    result = pytester.runpytest_inprocess("--grad-effort=hard")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--grad-effort: invalid choice: 'hard' (choose from *fast*normal*thorough*)"])
    pytester.makeini("[pytest]\ngrad_effort = hard\n")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*grad_effort = hard: there is no such effort; choose fast, normal, thorough"])
    assert effort.VARIABLE not in os.environ


def test_the_plugin_knows_the_levels_without_importing_them():
    assert tuple(effort.LEVELS) == _minigrad_pytest._LEVELS
    assert _minigrad_pytest._VARIABLE == effort.VARIABLE


# ------------------------------------------------------------------------------------ its surroundings


PROJECT = {
    "pyproject.toml": """
[project]
name = "theirs"
version = "1.0"

[tool.pytest.ini_options]
addopts = "--strict-markers --strict-config"
grad_effort = "fast"
testpaths = ["tests"]
""",
    "theirs.py": """
import numpy as np

def softsign(x):
    return x / (1 + abs(x))

def softsign_vjp(g, out, x):
    return g / (1 + abs(x)) ** 2

def tied_max(x, y):
    return np.maximum(x, y)

def tied_max_vjp(g, out, x, y):
    whole = (g * (x >= y), g * (y >= x))
    return tuple(_summed(each, to.shape) for each, to in zip(whole, (x, y)))

def _summed(g, shape):
    g = g.sum(tuple(range(g.ndim - len(shape))))
    return g.sum(tuple(n for n, side in enumerate(shape) if side == 1), keepdims=True)
""",
    "tests/test_theirs.py": """
import numpy as np
import pytest
from minigrad.testing import check_vjp, op_spec, property_test
from theirs import softsign, softsign_vjp, tied_max, tied_max_vjp

test_softsign = property_test(op_spec(softsign, softsign_vjp))
test_tied_max = property_test(op_spec(tied_max, tied_max_vjp, ties=True))

@pytest.mark.gradient
def test_at_a_point():
    check_vjp(softsign, softsign_vjp, np.array([0.5, -2.0]))

def test_of_nothing():
    check_vjp(np.floor, lambda g, out, x: 0 * g, np.array([1.0]), inconclusive="ignore")
""",
}


def test_in_a_foreign_project(tmp_path):
    """minigrad is installed into a new environment, and pytest finds the plugin by what is written there."""
    pytest.importorskip("hatchling", reason="minigrad is built with it")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("there is no pip to install minigrad with")
    venv.create(tmp_path / "venv")
    python = str(tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python")
    site = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")})
    # What minigrad needs is there already. A .pth file is not read inside of a directory that
    # another one names, so minigrad itself is not there, even if it is installed for development.
    there = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    Path(site, "what_minigrad_needs.pth").write_text("\n".join(there))
    install = [*pip, "--python", python, "install", "--no-deps", "--no-index", "--no-build-isolation", str(ROOT)]
    installed = subprocess.run(install, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")}

    def run(*arguments):
        return subprocess.run(
            [python, "-m", *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    where = run("site")  # whatever is said there, it is this environment's
    assert str(site) in where.stdout
    imported = run("minigrad", "--version")
    assert imported.returncode == 0, imported.stderr
    result = run("pytest", "-p", "no:cacheprovider")
    out = result.stdout
    assert result.returncode == 1, out + result.stderr
    assert "2 failed, 2 passed" in out
    assert re.search(r"^plugins: .*\bminigrad-", out, re.MULTILINE)
    assert "gradient of tied_max(x, y) is wrong" in out
    assert "test_of_nothing passed, but 1 gradient check in it could not tell right from wrong" in out
    assert re.search(
        r"^gradients: [\d,]+ checks \(\d+ could not tell\), [\d,]+ slopes, [\d,]+ at kinks, ", out, re.MULTILINE
    )
    ours = run("minigrad", "check", "theirs:softsign", "--vjp", "softsign_vjp", "--examples", "10")
    assert (ours.returncode, ours.stdout.splitlines()[0]) == (0, "theirs:softsign is right")


def test_it_imports_nothing(pytester):
    pytester.makepyfile("""
import sys

def test_it():
    assert "_minigrad_pytest" in sys.modules
    assert not {name.partition(".")[0] for name in sys.modules} & {"minigrad", "numpy", "hypothesis", "click", "rich"}
""")
    pytester.runpytest_subprocess("-p", "no:hypothesispytest").assert_outcomes(passed=1)


def test_without_it(pytester):
    pytester.makepyfile(COUNTING + "def test_it(): guess()\n")
    result = pytester.runpytest_subprocess("-p", "no:minigrad")
    result.assert_outcomes(passed=1)
    assert "gradients" not in result.stdout.str()
    assert pytester.runpytest_subprocess("-p", "no:minigrad", "--grad-effort=fast").ret == pytest.ExitCode.USAGE_ERROR


def test_by_name_where_plugins_are_not_loaded_by_themselves(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(COUNTING + "def test_it(): check()\n")
    result = pytester.runpytest_subprocess("-p", "minigrad")
    result.assert_outcomes(passed=1)
    assert "gradients: 1 check, 4 slopes" in line(result)


def test_workers_report_to_the_controller(pytester):
    pytest.importorskip("xdist")
    tests = """
@pytest.mark.parametrize("k", range(6))
def test_it(k): check(kinks=k, resolved=2.0**(k - 26))

def test_cannot_tell(): guess()

def test_effort():
    from minigrad.testing import effort
    assert effort.examples() == 50
"""
    pytester.makepyfile(COUNTING + tests)
    result = pytester.runpytest_subprocess("-n", "2", "--grad-effort=fast")
    result.assert_outcomes(passed=7, failed=1)
    assert line(result) == (
        "gradients: 7 checks (1 could not tell), 24 slopes, 15 at kinks, 3 inconclusive; "
        "smallest error resolved: 6.0e-08 in half of the checks, 4.8e-07 in all"
    )
