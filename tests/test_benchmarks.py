"""The benchmarks compute what they claim to: every implementation agrees with hand-written NumPy."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import table, timing
from benchmarks.__main__ import listing, main, names_for
from benchmarks.case import Case
from benchmarks.cases import ALL, importing
from benchmarks.rivals import gpu_missing, set_up
from benchmarks.timing import Figure, Patience

NO_GPU = gpu_missing()
TINY = Patience(round=0.0001, least=1, most=2, budget=0.0, limit=60.0)

COMPUTED = [
    pytest.param(
        case,
        name,
        size,
        id=f"{case.name}-{name}-{size}",
        marks=[pytest.mark.cupy, pytest.mark.skipif(NO_GPU is not None, reason=str(NO_GPU))] if case.needs_gpu else [],
    )
    for case in ALL.values()
    if case.measures != "import"
    for size in case.tiny
    for name in names_for(case, None)
    if name != "numpy" and name in case.names_at(size)
]


def after_steps(case: Case, name: str, size: int) -> Any:
    set_up(name)
    step, numbers = case.implementations[name](size)
    for _ in range(4):
        step()
    return timing.flat(numbers())


@pytest.mark.parametrize(("case", "name", "size"), COMPUTED)
def test_every_implementation_agrees_with_numpy(case, name, size, monkeypatch):
    if name == "dezero":
        monkeypatch.setattr(np, "int", int, raising=False)  # set_up would leave it behind
    try:
        found = after_steps(case, name, size)
    except FileNotFoundError as error:
        if name == "tinygrad" and error.filename == "clang":
            pytest.skip("tinygrad compiles with clang, which is not installed")
        raise
    expected = after_steps(case, "numpy", size)
    assert timing.agree(found, expected), (found, expected)


def test_agreement_is_strict():
    one = np.array([1.0, 2.0])
    assert timing.agree(one, one * (1 + 1e-13))
    assert not timing.agree(one, one * (1 + 1e-7))
    assert not timing.agree(one, one[:1])


@pytest.mark.parametrize("name", ["distance_step", "multiply", "memory"])
def test_a_case_is_measured_in_processes(name):
    case = ALL[name]
    [(size, figures)] = timing.measure(case, case.tiny[:1], ["numpy", "minigrad"], TINY)
    assert size == case.tiny[0]
    assert [(figure.reason, figure.value >= 0) for figure in figures.values()] == [("", True)] * 2


def test_imports_are_measured(monkeypatch):
    called = []
    monkeypatch.setattr(importing, "seconds", lambda name, limit: called.append(name) or float(len(called)))
    figures = timing.import_times(["numpy", "minigrad", "numpy-fused"], timing.QUICK)
    # In turns, the first of each not counted: numpy 3, 5, 7 and minigrad 4, 6, 8.
    assert figures == {"numpy": Figure(5.0), "minigrad": Figure(6.0)}


def test_the_time_to_import_minigrad_is_a_fresh_process():
    assert 0 < importing.seconds("minigrad", 60) < 60


def test_what_a_rival_raises_is_in_a_footnote():
    """100,000 products are too deep for micrograd's recursion; the table says so and has the others."""
    pytest.importorskip("micrograd", reason="the rival that raises is not installed")
    case = ALL["chain"]
    [(size, figures)] = timing.measure(case, [3000], ["numpy", "micrograd"], TINY)
    assert figures["micrograd"].value is None
    text = table.Table([(case, size, figures)]).markdown()
    assert "[1] micrograd: RecursionError: maximum recursion depth exceeded" in text
    assert "1.00×" in text


def test_a_wrong_result_is_no_figure(monkeypatch):
    class Lying(timing.Worker):
        def ask(self, command, *arguments):
            reply = super().ask(command, *arguments)
            return reply + 1 if (self.name, command) == ("minigrad", "prepare") else reply

    monkeypatch.setattr(timing, "Worker", Lying)
    [(_, figures)] = timing.measure(ALL["exp"], [16], ["numpy", "minigrad"], TINY)
    assert figures["minigrad"] == Figure(None, "its numbers are not those of hand-written NumPy")


def test_the_table_names_the_best_eager_rival():
    case = ALL["distance_step"]
    figures = {"numpy": 1e-5, "minigrad": 3e-5, "torch": 6e-5, "autograd": 9e-5, "jax": 1e-5}
    row = (
        table.Table([(case, 100, {name: Figure(value) for name, value in figures.items()})]).markdown().splitlines()[2]
    )
    assert row == (
        "| distance_step | 100 | 10.0 µs · 1.00× | 30.0 µs · 3.00× | 60.0 µs · 6.00× | 90.0 µs · 9.00× "
        "| 10.0 µs · 1.00× | 0.50× (torch) |"
    )


def test_without_a_gpu_the_case_says_so(capsys, monkeypatch):
    monkeypatch.setattr("benchmarks.__main__.gpu_missing", lambda: "no GPU")
    assert main(["cupy", "--sizes", "100"]) == 0
    assert "| cupy | 100 | skipped: no GPU |" in capsys.readouterr().out


def test_a_section_is_replaced_and_the_others_stay(tmp_path):
    path = tmp_path / "RESULTS.md"
    table.write("One", "first\n", path)
    table.write("Two", "second\n", path)
    table.write("One", "third\n", path)
    assert path.read_text() == table.HEAD.rstrip() + "\n\n## One\n\nthird\n\n## Two\n\nsecond\n"


@pytest.mark.parametrize(
    "words", [["nothing"], ["--sizes", "3"], ["chain", "--sizes", "x"], ["--only", "nobody"], ["--write", "--quick"]]
)
def test_bad_arguments_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_the_list_names_every_case():
    assert all(name in listing() for name in ALL)


def test_it_runs_as_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "exp", "--sizes", "4", "--only", "minigrad", "--quick"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "| exp | 4 |" in done.stdout
