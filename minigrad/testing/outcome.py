"""How a check ends: a report, an error, or an example that Hypothesis takes back.

One idea: however it ends, it is counted once, and the caller's own words stand in front.
"""

import sys
from types import TracebackType
from typing import Any

from . import tally
from .errors import GradientMismatch
from .evidence import Evidence
from .options import Chosen
from .page import undecided
from .report import GradReport, announce, summarise


def told(evidence: Evidence, options: Chosen) -> GradReport:
    """The report of a check that found nothing wrong. Raises InconclusiveError if it found nothing at all."""
    __tracebackhide__ = True
    report = summarise(evidence)
    nothing = evidence.actual.size > 0 and not report
    unknown = report.inconclusive > 0 or evidence.constant
    if options.inconclusive == "ignore" or not (nothing or (unknown and options.inconclusive == "error")):
        announce(report)
        return report
    error = blamed(undecided(evidence), options)
    announce(error)
    if options.inconclusive == "skip" and _in_hypothesis():
        tally.record(report, conclusive=False)
        sys.modules["hypothesis"].reject()
    raise error


def blamed(error: Any, options: Chosen) -> Any:
    """The error with the caller's own words in front."""
    if options.err_msg:
        error.args = (f"{options.err_msg}\n{error.args[0]}", *error.args[1:])
    return error


class Counted:
    """Around one check: counts it, however it ends, and tells Hypothesis of a wrong one."""

    def __enter__(self) -> "Counted":
        self._report: GradReport | None = None
        return self

    def done(self, report: GradReport) -> GradReport:
        """The check has ended with a report."""
        self._report = report
        return report

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._report is not None:
            tally.record(self._report, conclusive=bool(self._report))
        elif isinstance(error, GradientMismatch):
            tally.record(None, conclusive=True)
            announce(error)
        elif isinstance(error, Exception) and type(error).__module__.partition(".")[0] != "hypothesis":
            tally.record(getattr(error, "report", None), conclusive=False, raised=True)


def _in_hypothesis() -> bool:
    hypothesis = sys.modules.get("hypothesis")
    return hypothesis is not None and bool(hypothesis.currently_in_test_context())
