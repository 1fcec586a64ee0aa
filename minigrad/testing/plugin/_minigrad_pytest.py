"""The pytest plugin of minigrad.testing: --grad-effort, one line at the end, and a test that checks nothing fails.

One idea: it imports nothing. pytest loads it in every run of every project that shares the
environment, whether or not a gradient is ever checked there. So it is installed beside the
package, whose import takes NumPy along (100 ms; this file costs 1 ms), says the effort by an environment
variable, and looks at `minigrad.testing.tally` only if somebody else has imported it.
"""

import os
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from minigrad.testing.tally import Counts

_LEVELS = ("fast", "normal", "thorough")
_VARIABLE = "MINIGRAD_EFFORT"
_PACKAGE = "minigrad.testing."

_effort_before = pytest.StashKey[str | None]()
_before_run = pytest.StashKey["Counts | None"]()
_before_test = pytest.StashKey["Counts | None"]()
_from_workers = pytest.StashKey[list[dict[str, Any]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("minigrad", "gradient checks (minigrad.testing)").addoption(
        "--grad-effort",
        choices=_LEVELS,
        help="how many examples a gradient property is tried on: fast (50), normal (200, the default), thorough (2000)",
    )
    parser.addini("grad_effort", "what --grad-effort is if it is not given: fast, normal or thorough", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "gradient(required=True): the test checks a gradient, and fails if it makes no check (minigrad). "
        "With required=False it may also make checks of which none can tell right from wrong.",
    )
    config.stash[_from_workers] = []
    config.stash[_before_run] = _snapshot()
    config.stash[_effort_before] = os.environ.get(_VARIABLE)
    effort = config.getoption("grad_effort") or config.getini("grad_effort")
    if effort:
        if effort not in _LEVELS:
            raise pytest.UsageError(f"grad_effort = {effort}: there is no such effort; choose {', '.join(_LEVELS)}")
        os.environ[_VARIABLE] = effort


def pytest_unconfigure(config: pytest.Config) -> None:
    if _effort_before not in config.stash:
        return  # somebody else's options were wrong before it came to ours
    before = config.stash[_effort_before]
    if before is not None:
        os.environ[_VARIABLE] = before
    else:
        os.environ.pop(_VARIABLE, None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    item.stash[_before_test] = _snapshot()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    result = yield  # a test that failed or was skipped leaves here
    if isinstance(item, pytest.Function) and (sentence := _nothing_said(item)):
        pytest.fail(sentence, pytrace=False)
    return result


def _nothing_said(item: pytest.Function) -> str:
    """What is wrong with a test that passed without a verdict on any gradient; "" if it may."""
    marker = item.get_closest_marker("gradient")
    if marker is not None and not marker.kwargs.get("required", True):
        return ""
    counts = _since(item.stash[_before_test])
    if counts is None or not counts.checks:
        if marker is None:
            return ""
        return (
            f"{item.name} is marked `gradient`, and it checked none\n"
            "Call check_grad, check_vjp or another check of minigrad.testing in it, or take the mark away"
        )
    undecided = counts.checks - counts.raised  # an error that the test expects is its own business
    if counts.conclusive or not undecided:
        return ""
    return (
        f"{item.name} passed, but {_many(undecided, 'gradient check')} in it could not tell right from wrong: "
        f"{_many(counts.inconclusive, 'slope')} inconclusive\n"
        "Check it at other points, away from jumps and noise; if the test is about such points, "
        "mark it @pytest.mark.gradient(required=False)"
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    errors, excinfo = sys.modules.get("minigrad.testing.errors"), call.excinfo
    if errors is None or excinfo is None or item.config.getoption("fulltrace", False):
        return (yield)
    if not isinstance(excinfo.value, (errors.GradientMismatch, errors.InconclusiveError, errors.UncheckableError)):
        return (yield)
    # The message is the report: how the checker came to it says nothing more.
    if any(str(entry.path) == str(item.path) for entry in excinfo.traceback):
        excinfo.traceback = excinfo.traceback.filter(
            lambda entry: not entry.frame.f_globals.get("__name__", "").startswith(_PACKAGE)
        )
        return (yield)
    report = yield
    report.longrepr = excinfo.getrepr(style="value")  # a test made by property_test has no line of theirs
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)  # a worker of pytest-xdist
    counts = _since(session.config.stash[_before_run])
    if output is not None and counts is not None:
        from dataclasses import asdict

        output["minigrad"] = asdict(counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    counts = getattr(node, "workeroutput", {}).get("minigrad")  # none if the worker crashed
    if counts is not None:
        node.config.stash[_from_workers].append(counts)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, object, object]:
    result = yield
    counts = _since(config.stash[_before_run])
    if config.stash[_from_workers]:
        from minigrad.testing.tally import Counts

        counts = sum((Counts(**numbers) for numbers in config.stash[_from_workers]), counts or Counts())
    if counts is not None and counts.checks:
        terminalreporter.write_line(_summary(counts))
    return result


def _summary(counts: "Counts") -> str:
    undecided = counts.checks - counts.conclusive
    text = f"gradients: {_many(counts.checks, 'check')}"
    if undecided:
        text += f" ({undecided:,} could not tell)"
    text += f", {_many(counts.slopes, 'slope')}, {counts.kinks:,} at kinks, {counts.inconclusive:,} inconclusive"
    if counts.resolutions:
        half, every = counts.resolved_by(0.5), counts.resolved
        text += f"; smallest error resolved: {half:.1e} in half of the checks, {every:.1e} in all"
    return text


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _snapshot() -> "Counts | None":
    """What has been counted so far in this process; None if nothing that could count has been imported."""
    tally = sys.modules.get("minigrad.testing.tally")
    return None if tally is None else tally.snapshot()


def _since(before: "Counts | None") -> "Counts | None":
    now = _snapshot()
    return now if now is None or before is None else now - before
