"""How much has been checked in this process, and how finely.

One idea: everything here is a count, so two snapshots can be subtracted (what did this test
do?) and two processes added (what did all workers do?). The resolution, which is no count,
is kept as one: how many checks could have seen an error of 2^-26, of 2^-25, ...
"""

import math
import threading
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Counts:
    """What a number of checks came to; adds and subtracts.

    >>> tried = Counts(checks=3, conclusive=2, resolutions={-26: 1, -10: 1}) - Counts(checks=1)
    >>> tried.checks, tried.conclusive, tried.resolved
    (2, 2, 0.0009765625)
    >>> tried.resolved_by(0.5) == 2**-26
    True
    """

    checks: int = 0
    conclusive: int = 0
    """Checks that could say right or wrong."""
    raised: int = 0
    """Checks that could not, and raised an error that said so: whoever asked knows."""
    slopes: int = 0
    """Slopes that were judged, those at kinks included."""
    kinks: int = 0
    inconclusive: int = 0
    """Slopes that could not be measured well enough."""
    evaluations: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    """How many slopes were inconclusive for which reason: `jump`, `noisy`, ..."""
    resolutions: dict[int, int] = field(default_factory=dict)
    """For an exponent e, how many checks could have seen a relative error of 2^e but none much smaller; 0 stands for
    those with a slope of which no error could have been seen."""

    @property
    def resolved(self) -> float:
        """The smallest relative error that every one of the checks could have seen; infinite if there is none."""
        return self.resolved_by(1)

    def resolved_by(self, share: float) -> float:
        """Return the smallest relative error that this share of the checks could have seen, at least.

        Infinite if no check could see any.
        """
        wanted, found = share * sum(self.resolutions.values()), 0
        for exponent in sorted(self.resolutions):
            found += self.resolutions[exponent]
            if self.resolutions[exponent] > 0 and found >= wanted:
                return 2.0**exponent
        return math.inf

    def __add__(self, other: "Counts") -> "Counts":
        return _each(self, other, 1)

    def __sub__(self, other: "Counts") -> "Counts":
        return _each(self, other, -1)


def _each(a: Counts, b: Counts, sign: int) -> Counts:
    result: dict[str, Any] = {}
    for each in fields(Counts):
        x, y = getattr(a, each.name), getattr(b, each.name)
        if each.type is int:
            result[each.name] = x + sign * y
        else:
            together = {key: x.get(key, 0) + sign * y.get(key, 0) for key in {**x, **y}}
            result[each.name] = {key: count for key, count in together.items() if count}
    return Counts(**result)


_lock = threading.Lock()
_total = Counts()


def record(report: Any = None, *, conclusive: bool, raised: bool = False) -> None:
    """Count one check, at its end: what it found (None if that is no numbers), and whether it could tell.

    `raised` says that it could not, and told its caller so by an error.
    """
    global _total
    resolutions: dict[int, int] = {}
    reasons: dict[str, int] = {}
    numbers = {"slopes": 0, "kinks": 0, "inconclusive": 0, "evaluations": 0}
    if report is not None:
        numbers = {name: int(getattr(report, name)) for name in numbers if name != "slopes"}
        numbers["slopes"], reasons = int(report.entries), dict(report.reasons)
        if conclusive and report.resolved > 0:
            mantissa, exponent = math.frexp(min(report.resolved, 1.0))  # 1 stands for none
            resolutions[exponent - (mantissa == 0.5)] = 1  # the power of two above it, or it
    told = {"checks": 1, "conclusive": int(conclusive), "raised": int(raised)}
    one = Counts(**told, **numbers, reasons=reasons, resolutions=resolutions)
    with _lock:
        _total = _total + one


def snapshot() -> Counts:
    """Return what has been counted since this process began.

    >>> (snapshot() - snapshot()).checks
    0
    """
    return _total
