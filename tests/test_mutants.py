"""The planted faults are real faults, and the harnesses that look for them look fairly."""

import re
from importlib.util import find_spec

import numpy as np
import pytest

import minigrad as mg
from benchmarks import mutants
from benchmarks.mutants.bugs import BUGS, Bug
from benchmarks.mutants.matrix import Matrix, Row, chosen, markdown, measure, subjects_of
from benchmarks.mutants.others import central, each_of, hips, naive, torchs
from benchmarks.mutants.ours import ours
from benchmarks.mutants.planting import ROOT, copy_with, run_in, witnessed
from benchmarks.mutants.problems import Problem
from benchmarks.mutants.subjects import SUBJECTS

FEW = ["sub-sign", "exp-detached", "sum-unsorted-axes", "order-of-discovery", "views-not-followed", "detach-attached"]
LIBRARIES = [
    pytest.param(
        hips, id="autograd", marks=pytest.mark.skipif(find_spec("autograd") is None, reason="autograd is not installed")
    ),
    pytest.param(torchs, id="torch"),
]


def bug(name: str) -> Bug:
    [found] = chosen([name])
    return found


# ----------------------------------------------------------------------------- the faults


def test_there_are_enough_and_each_has_its_name():
    assert len(BUGS) >= 80
    assert len({b.name for b in BUGS}) == len(BUGS)
    assert {b.file for b in BUGS} >= {f"ops/{path.name}" for path in (ROOT / "minigrad/ops").glob("*.py")} - {
        "ops/__init__.py",
        "ops/comparison.py",  # constant between jumps: there is no gradient to get wrong
        "ops/rounding.py",
    }


@pytest.mark.parametrize("name", [b.name for b in BUGS])
def test_the_text_to_replace_occurs_once(name):
    fault = bug(name)
    text = (ROOT / "minigrad" / fault.file).read_text(encoding="utf-8")
    planted = fault.planted(text)
    assert planted != text
    compile(planted, fault.file, "exec")
    assert fault.subjects
    assert set(fault.subjects) <= SUBJECTS.keys()


def test_a_fault_that_went_stale_says_so():
    stale = Bug("gone", "own", "graph.py", "", "no such text", "", ("Add",), "1")
    with pytest.raises(ValueError, match=r"gone: the text to replace occurs 0 times in graph.py"):
        stale.planted("text")


def test_no_fault_is_in_the_checkers():
    assert not [b.name for b in BUGS if b.file.startswith("testing")]


def _seen(names):
    faults = [bug(name) for name in names]
    unharmed = witnessed(None, [b.witness for b in faults])
    for fault, right in zip(faults, unharmed, strict=True):
        [found] = witnessed(fault, [fault.witness])
        assert found != right, f"{fault.name} changes nothing that its witness shows: {right}"


def test_some_faults_are_seen_by_their_witness():
    _seen(FEW)


@pytest.mark.slow
def test_every_fault_is_seen_by_its_witness():
    _seen([b.name for b in BUGS])


def test_the_original_is_not_touched():
    fault = bug("sub-sign")
    path = ROOT / "minigrad" / fault.file
    before = path.read_bytes()
    with copy_with(fault) as root:
        assert (root / "minigrad" / fault.file).read_text(encoding="utf-8") == fault.planted(before.decode())
        assert not root.is_relative_to(ROOT)
    assert not root.exists()
    assert path.read_bytes() == before


def test_what_fails_in_a_copy_says_why():
    with copy_with(None) as root, pytest.raises(RuntimeError, match=r"worker failed in the copy:[\s\S]*KeyError"):
        run_in(root, "worker", {}, limit=60)


# ----------------------------------------------------------------------------- the harnesses

RIGHT = Problem(lambda x, y: x * x * y, (np.array([1.5, -0.5]), np.array([2.0, 3.0])))


def _doubled(forward, count):
    return Problem(forward, RIGHT.arrays[:count], lambda g, out, x: 2 * g * np.cos(x))


@pytest.mark.parametrize("check", LIBRARIES)
def test_the_real_checkers_pass_a_right_gradient_and_refuse_a_wrong_one(check):
    assert not each_of(iter([RIGHT] * 2), 2, check).failed
    found = each_of(iter([RIGHT, _doubled(np.sin, 1)]), 2, check)
    assert (found.failed, found.examples) == (True, 2)


@pytest.mark.usefixtures("forgetful_registry")
@pytest.mark.parametrize("check", LIBRARIES)
def test_the_real_checkers_are_asked_for_the_second_order(check):
    class Wrong(mg.Op):
        def forward(x):
            return x * x

        def dx(g, out, x):
            return 2 * g * getattr(x, "_array", x)

    problem = Problem(lambda x: mg.apply(Wrong, x), (np.array([1.5, 2.0]),))
    assert each_of(iter([problem]), 1, check).failed
    assert not each_of(iter([Problem(mg.square, problem.arrays)]), 1, check).failed


def test_central_differences_pass_a_right_gradient_and_refuse_a_wrong_one():
    central(RIGHT, [1.0, -2.0, 3.0])
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        central(_doubled(np.sin, 1), [1.0, -2.0, 3.0])


@pytest.mark.parametrize("name", ["Mul", "Where", "Concatenate", "programs", "operators", "backward_twice", "detach"])
def test_every_harness_passes_the_unharmed_engine(name):
    subject = SUBJECTS[name]
    rng = np.random.default_rng(0)
    outcomes = {
        **({"autograd": each_of(subject.problems(rng), 20, hips)} if find_spec("autograd") else {}),
        "torch": each_of(subject.problems(rng), 20, torchs),
        "naive": naive(subject.naive, 20),
        "ours": ours(subject, 20),
    }
    assert {name: outcome.why for name, outcome in outcomes.items() if outcome.failed} == {}


# ----------------------------------------------------------------------------- the matrix


def quiet(text):
    return None


def test_the_matrix_of_two_faults():
    faults = [bug("exp-of-input"), bug("exp-clipped")]
    found = measure(faults, ("B", "D"), 30, calm=10, says=quiet)
    assert [row.bug.name for row in found.rows] == ["exp-of-input", "exp-clipped"]
    assert [row.trouble for row in found.rows] == ["", ""]
    assert found.survivors("D") == []
    assert found.kills("B") >= 1
    assert found.alarms("B") == found.alarms("D") == {}
    assert "check_grad(mg.exp" in found.rows[0].found["D"]["why"]
    text = markdown(found)
    assert re.search(r"\| exp-of-input \| study 8 \| ops/exponential.py \| .* \| 1 \| \d+ \| `check_grad\(mg.exp", text)
    assert "| D | minigrad.testing's property_test | 2 | 2 | 0 |" in text


def test_a_verdict_does_not_count_where_the_harness_fails_anyway():
    found = measure([bug("abs-near-zero")], ("C",), 50, calm=100, says=quiet)
    assert list(found.alarms("C")) == ["Abs"]
    [row] = found.rows
    assert row.found == {}
    assert row.uncounted == {"C"}
    assert "| abs-near-zero | study 13 | ops/arithmetic.py | \\|x\\|: slope 1 for \\|x\\| < 0.1 | × |" in markdown(
        found
    )


def test_a_copy_that_fails_altogether_is_no_kill(monkeypatch):
    monkeypatch.setattr("benchmarks.mutants.matrix.LIMIT", 0.01)
    with pytest.raises(Exception, match="timed out"):
        measure([bug("exp-of-input")], ("D",), 5, calm=5, says=quiet)


def test_kills_are_counted_by_examples():
    fault = bug("sub-sign")
    found = Matrix(("D",), 200)
    found.rows = [Row(fault, {"D": {"examples": n, "why": ""}}) for n in (1, 50, 51)] + [Row(fault)]
    assert (found.kills("D"), found.kills("D", 50), found.survivors("D")) == (3, 2, ["sub-sign"])


def test_subjects_are_named_once():
    assert subjects_of([bug("sum-unsorted-axes"), bug("mean-of-all")]) == ["Sum", "Mean"]


# ----------------------------------------------------------------------------- the command


def test_the_command_lists_the_faults(capsys):
    assert mutants.main(["--list", "ops/products.py"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == [b.name for b in BUGS if b.file == "ops/products.py"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["sub-sgin"], "no fault is called sub-sgin: perhaps sub-sign"),
        (["--only", "AX"], "--only takes letters of A, B, C and D, not 'AX'"),
        (["--examples", "0"], "give a whole number from 1 on, not '0'"),
        (["--write", "sub-sign"], "--write keeps whole tables only: leave out names and --only"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(words, says, capsys):
    with pytest.raises(SystemExit) as stopped:
        mutants.main(words)
    assert stopped.value.code == 2
    assert says in capsys.readouterr().err


def test_the_command_says_what_was_not_noticed(capsys, monkeypatch):
    fault = bug("sub-sign")
    alarm = {"harness": "D", "subject": "Sub", "failed": True, "examples": 3, "why": "because"}
    found = Matrix(("D",), 7, [alarm], [Row(fault)])
    monkeypatch.setattr("benchmarks.mutants.matrix.measure", lambda *args, **keywords: found)
    assert mutants.main(["--only", "D", "sub-sign"]) == 1
    printed = capsys.readouterr()
    assert "## Planted faults noticed: 200 examples each" in printed.out
    assert printed.err.splitlines() == ["not noticed: sub-sign", "false alarm on Sub: because"]


def test_no_rival_is_imported_until_it_is_asked():
    with copy_with(None) as root:
        (root / "benchmarks/mutants/look.py").write_text(
            "import json, sys\nfrom . import matrix, subjects, others, ours\n"
            "print(json.dumps(sorted({'torch', 'autograd'} & sys.modules.keys())))\n",
            encoding="utf-8",
        )
        assert run_in(root, "look", None, limit=60) == []
