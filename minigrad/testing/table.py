"""The table of one check: filled with what is claimed, judged, and read for what is wrong.

One idea: forward and reverse mode differ in who fills the table, and in nothing after that. Single
elements are judged first; a joint direction only in the rows whose elements were all found right.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .directions import columns, flat, rows
from .evidence import Direction, Evidence, Verdict
from .judge import Bench, Judgement
from .options import Chosen
from .page import mismatch
from .probe import Array, Probe


class Table:
    """Claimed and measured slopes of one function at one point."""

    def __init__(self, probe: Probe, options: Chosen, name: str, call: str, args: Sequence[Any]) -> None:
        self.probe, self.options = probe, options
        self.rng = np.random.default_rng(options.rng)
        self.rows, self.weights = rows(probe, options.effort, self.rng)
        self.columns, self.joint = columns(probe, options.effort, self.rng)
        rtol = float(np.sqrt(probe.narrow)) if options.rtol is None else options.rtol
        self.bench = Bench(
            probe,
            self.weights,
            rtol,
            kinks=options.at_kinks == "subgradient",
            zero_times_inf=options.zero_times_inf == "allow",
            rng=options.rng,
        )
        nothing = np.zeros((0, 0))
        self.evidence = Evidence(
            name,
            call,
            probe.inputs,
            probe.outputs,
            self.rows,
            [*self.columns, *self.joint],
            actual=nothing,
            desired=nothing,
            uncertainty=nothing,
            allowed=nothing,
            left=nothing,
            right=nothing,
            status=nothing.astype("<U9"),
            verdict=nothing.astype(np.int8),
            rtol=rtol,
            arguments=tuple(args),
            keywords=options.written,
        )

    @property
    def is_whole(self) -> bool:
        """Whether every element of the arguments has a column."""
        return len(self.columns) == sum(leaf.array.size for leaf in self.probe.inputs)

    def judge(self, claimed: Array, together: Array, sizes: Array | None) -> None:
        """Judge the slopes of single elements, and `together`, those of the joint directions.

        `sizes` is how large the terms are that those were added up from. Raises GradientMismatch if one is wrong,
        but not of a function that is constant: there is nothing to say of it.
        """
        __tracebackhide__ = True
        parts: list[tuple[Array, Judgement]] = [(claimed, self.bench.judge(self.columns, claimed))]
        if self.joint:
            single = parts[0][1]
            # A slope that was seen from afar only is not seen at all along a line that moves it less.
            known = (single.verdict == Verdict.RIGHT) & (single.status != "quantised") & np.isfinite(claimed)
            sound = known.all(axis=1)
            found = self.bench.judge(self.joint, together, sizes, among=sound)
            parts.append((together, found))
        self._fill(parts)
        self.probe.is_still_itself()
        if np.isfinite(self.evidence.actual).all() and self._is_constant():
            self.evidence.constant = True
            self.evidence.verdict[...] = Verdict.UNKNOWN
        elif (self.evidence.verdict == Verdict.WRONG).any():
            raise mismatch(self.evidence)

    def _fill(self, parts: Sequence[tuple[Array, Judgement]]) -> None:
        evidence = self.evidence
        judged = [j for _, j in parts]
        evidence.actual = np.concatenate([claimed for claimed, _ in parts], axis=1)
        for name in ("desired", "uncertainty", "allowed", "left", "right", "status", "verdict"):
            setattr(evidence, name, np.concatenate([getattr(j, name) for j in judged], axis=1))
        evidence.fast = sum(j.fast for j in judged)
        evidence.evaluations = self.probe.evaluations
        tried = [j.steps for j in judged if j.steps[0] > 0]
        if tried:
            evidence.steps = (max(s[0] for s in tried), min(s[1] for s in tried))

    def _is_constant(self) -> bool:
        """Whether f gave the same values wherever it was asked, near and far."""
        known = self.evidence.desired[np.isfinite(self.evidence.desired)]
        return known.size > 0 and not known.any() and not self.probe.changes_elsewhere(self.rng)


def along(jacobian: Array, directions: Sequence[Direction]) -> tuple[Array, Array]:
    """The slopes along directions, (rows, directions), and the sizes of the terms they are added up from."""
    steps = np.array([flat(u) for u in directions]).T
    with np.errstate(invalid="ignore"):
        slopes, sizes = jacobian @ steps, np.abs(jacobian) @ np.abs(steps)
    return slopes, np.where(np.isfinite(sizes), sizes, 0.0)
