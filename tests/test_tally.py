"""What was checked, counted; and how hard to look."""

import math
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from minigrad.testing import effort, tally
from minigrad.testing.tally import Counts


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    """The checks counted here and the levels chosen here are nobody else's."""
    monkeypatch.setattr(tally, "_total", Counts())
    monkeypatch.setattr(effort, "_chosen", None)
    monkeypatch.delenv(effort.VARIABLE, raising=False)


def report(resolved=2.0**-26, **numbers):
    return SimpleNamespace(
        **{"entries": 4, "kinks": 1, "inconclusive": 0, "evaluations": 32, "reasons": {}, **numbers}, resolved=resolved
    )


def test_every_check_is_counted():
    tally.record(report(), conclusive=True)
    tally.record(report(math.nan, entries=0, kinks=0, inconclusive=3, reasons={"jump": 3}), conclusive=False)
    tally.record(conclusive=True)
    tally.record(conclusive=False, raised=True)
    assert tally.snapshot() == Counts(
        checks=4,
        conclusive=2,
        raised=1,
        slopes=4,
        kinks=1,
        inconclusive=3,
        evaluations=64,
        reasons={"jump": 3},
        resolutions={-26: 1},
    )


@pytest.mark.parametrize(
    ("resolved", "shown"),
    [(2.0**-26, 2.0**-26), (1e-3, 2.0**-9), (0.04, 2.0**-4), (1.0, 1.0), (math.inf, 1.0), (5e-324, 5e-324)],
)
def test_a_resolution_is_rounded_up_to_a_power_of_two(resolved, shown):
    tally.record(report(resolved), conclusive=True)
    assert tally.snapshot().resolved == shown


@pytest.mark.parametrize("resolved", [math.nan, 0.0])
def test_no_resolution_is_none(resolved):
    tally.record(report(resolved), conclusive=True)
    assert tally.snapshot().resolutions == {}
    assert tally.snapshot().resolved == math.inf


def test_the_worst_decides_and_the_share_is_a_share():
    for resolved in (2.0**-26,) * 98 + (2.0**-10, 2.0**-3):
        tally.record(report(resolved), conclusive=True)
    counts = tally.snapshot()
    assert counts.resolved == 2.0**-3
    assert counts.resolved_by(0.5) == counts.resolved_by(0.98) == 2.0**-26
    assert counts.resolved_by(0.99) == 2.0**-10


def test_what_lies_between_two_snapshots():
    tally.record(report(2.0**-3), conclusive=True)
    before = tally.snapshot()
    tally.record(report(2.0**-26), conclusive=True)
    between = tally.snapshot() - before
    assert (between.checks, between.slopes, between.resolved) == (1, 4, 2.0**-26)
    assert before + between == tally.snapshot()
    assert tally.snapshot() - tally.snapshot() == Counts()


def test_no_check_is_lost_between_threads(monkeypatch):
    interval = sys.getswitchinterval()
    monkeypatch.setattr(tally, "_total", Counts())
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: [tally.record(report(), conclusive=True) for _ in range(300)])
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert tally.snapshot().checks == 2400


def test_the_levels():
    assert effort.current() == "normal"
    assert effort.examples() == 200
    effort.choose("fast")
    assert effort.examples() == 50
    effort.choose("thorough")
    assert effort.examples() == 2000
    effort.choose(None)
    assert effort.examples() == 200


def test_the_environment_speaks_where_nobody_chose(monkeypatch):
    monkeypatch.setenv(effort.VARIABLE, "thorough")
    assert effort.examples() == 2000
    effort.choose("fast")
    assert effort.examples() == 50
    effort.choose(None)
    monkeypatch.setenv(effort.VARIABLE, "")
    assert effort.examples() == 200


def test_a_level_there_is_not(monkeypatch):
    with pytest.raises(ValueError, match=r"there is no effort 'hard'\nChoose fast \(50\), normal"):
        effort.choose("hard")
    monkeypatch.setenv(effort.VARIABLE, "hard")
    with pytest.raises(ValueError, match="the environment variable MINIGRAD_EFFORT: there is no effort 'hard'"):
        effort.examples()


def test_counting_needs_no_hypothesis():
    code = "import sys; sys.modules['hypothesis'] = None; from minigrad.testing import effort, tally; tally.snapshot()"
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))
