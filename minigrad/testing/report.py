"""What a check says that found nothing wrong: how much was judged, and how small an error would have been seen.

One idea: a check is worth what it would have noticed, so its report is a line of counts and one number, and it is true
only if that is enough to call the gradient right. What a check says of a wrong one is `page.py`.
"""

import math
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import InconclusiveError
from .evidence import Evidence, Verdict
from .sizes import counted, gaps, largest, ratios, resolved, scales, short


@dataclass(frozen=True)
class GradReport:
    """What a check that found nothing wrong has seen; true if that is enough to say the gradient is right."""

    name: str
    entries: int
    """The slopes that were judged."""
    fast: int
    """The directions that four evaluations were enough for."""
    kinks: int
    inconclusive: int
    reasons: dict[str, int]
    """How often each status was the reason why nothing could be said."""
    max_error: float
    """The largest relative difference between a claimed and a measured slope."""
    uncertainty: float
    """The largest relative error bar of a measured slope."""
    resolved: float
    """The smallest relative error that would have been seen in every smooth slope; infinite if there was one of
    which no error would have been, NaN if none was smooth."""
    evaluations: int
    contracts: tuple[str, ...]
    constant: bool
    telling: int = 0
    """The slopes that were judged and are not 0, or lie in a column in which all were: zeros beside what nobody can
    tell prove little."""
    sampled: bool = False
    """Whether elements were left out, of a large function: what is said holds for those that were looked at."""
    pressure: float = 0.0
    """The largest share of what was allowed that a slope has used up: above 1 it is wrong."""
    wrong: int = 0

    def __bool__(self) -> bool:
        nothing_to_judge = not self.inconclusive and bool(self.contracts)  # an empty array, say
        judged = self.entries > 0 and (self.telling > 0 or not self.inconclusive)
        return not self.wrong and (judged or nothing_to_judge)

    def __str__(self) -> str:
        words = [f"{counted(self.entries, 'slope')} right" if self.entries else "no slope was judged"]
        inside = [counted(self.kinks, "kink")] * bool(self.kinks) + ["none is smooth"] * math.isnan(self.resolved)
        if self.entries and inside:
            words[0] += f" ({', '.join(inside)})"
        if self.wrong:
            words.insert(0, f"{counted(self.wrong, 'slope')} WRONG")
        if self.entries and math.isfinite(self.resolved):
            size = f"a relative error of {short(self.resolved)}" if self.resolved > 1e-300 else "any error"
            where = " in the elements looked at, a sample" if self.sampled else ""
            words.append(f"{size} would have been seen{where}")
        if self.inconclusive:
            why = ", ".join(f"{n} {status}" for status, n in self.reasons.items())
            words.append(f"{self.inconclusive} inconclusive ({why})")
        if self.constant:
            words.append("the function is constant")
        return f"{self.name}: {'; '.join(words)}; {counted(self.evaluations, 'evaluation')}"


def summarise(evidence: Evidence) -> GradReport:
    """The numbers of a check.

    An entry too small to be told from 0 is measured against the largest slope of the whole matrix.
    """
    e = evidence
    known = e.verdict != Verdict.UNKNOWN
    unknown = Counter(
        "constant" if e.constant else _reason(status) for status in e.status[~known & (e.status != "untried")]
    )
    single = np.array([column.leaf is not None for column in e.columns], bool)
    single |= not single.any()
    # Where all move at once large slopes may cancel, and no relative error says anything.
    sure = (known & (e.status == "smooth"))[:, single] if known.size else np.zeros((0, 0), bool)
    gap = gaps(e)
    scale, spans, bars, off = (m[:, single] if known.size else m for m in (scales(e), e.allowed, e.uncertainty, gap))
    return GradReport(
        name=e.name,
        entries=int(known.sum()),
        fast=e.fast,
        kinks=int((known & (e.status == "kink")).sum()),
        inconclusive=unknown.total(),
        reasons=dict(unknown.most_common()),
        max_error=largest(ratios(off, scale)[sure]),
        uncertainty=largest(ratios(bars, scale)[sure]),
        resolved=resolved(ratios(spans + bars, scale)[sure]),
        evaluations=e.evaluations,
        contracts=tuple(e.contracts),
        constant=e.constant,
        telling=int((known & (_nonzero(e) | known.all(axis=0))).sum()),
        sampled=_sampled(e),
        pressure=largest(ratios(gap, e.allowed)[known]),
        wrong=int((e.verdict == Verdict.WRONG).sum()),
    )


def _nonzero(e: Evidence) -> np.ndarray[Any, Any]:
    with np.errstate(invalid="ignore"):
        return np.asarray((e.desired != 0) | (e.status == "kink") | (np.abs(e.actual) > e.allowed))


def _sampled(e: Evidence) -> bool:
    """Whether there are more elements, of the arguments or of the results, than were looked at one by one."""
    sides = ((e.rows, e.outputs), (e.columns, e.inputs))
    single = [sum(direction.leaf is not None for direction in directions) for directions, _ in sides]
    return any(0 < n < sum(leaf.array.size for leaf in found) for n, (_, found) in zip(single, sides))


def _reason(status: str) -> str:
    """The status of a slope that could not be judged, as a reason: smooth, but not known well enough, is noisy."""
    return "noisy" if status == "smooth" else str(status)


def announce(told: GradReport | Exception) -> None:
    """Tell Hypothesis, if one of its tests is running: a note, events to count, a target to climb to."""
    hypothesis = sys.modules.get("hypothesis")
    if hypothesis is None or not hypothesis.currently_in_test_context():
        return
    hypothesis.note(str(told).partition("\n")[0])
    if isinstance(told, InconclusiveError):
        hypothesis.event("gradient check: inconclusive")
    if not isinstance(told, GradReport):
        return
    for happened, what in ((told.kinks, "kink judged"), (told.inconclusive, "inconclusive"), (told.fast, "fast path")):
        if happened:
            hypothesis.event(f"gradient check: {what}")
    if told.entries:
        climb = math.log10(min(max(told.pressure, 1e-20), 1e20))
        try:
            hypothesis.target(climb, label="gradient error")
        except hypothesis.errors.InvalidArgument:
            # One value a label and example is all Hypothesis takes: of several checks in one test the first counts.
            hypothesis.event("gradient check: several in one example")
