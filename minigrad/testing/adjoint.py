"""`check_adjoint`: are forward and reverse mode the same linear map, here?

One idea: <v, J u> = <Jᵀ v, u> holds to rounding, whatever the function, and no difference quotient
is needed to see it. It says that two derivatives agree, not that they are right: if both have
the same fault, it is silent.
"""

from collections.abc import Callable
from typing import Any, Unpack

import numpy as np

from ..containers import leaves
from .backward import Backward, of_pair
from .directions import scattered
from .evidence import Verdict
from .forward_mode import Push
from .options import Chosen, Options
from .outcome import Counted, told
from .probe import Probe, names_of
from .report import GradReport, broken
from .source import code_of, name_of
from .table import Table


def check_adjoint(
    jvp: Callable[..., Any],
    vjp: Callable[..., Any],
    *args: Any,
    forward: Callable[..., Any] | None = None,
    draws: int = 4,
    **options: Unpack[Options],
) -> GradReport:
    """Check that `vjp` is the transpose of `jvp` at `args`, for `draws` random pairs of tangent and upstream gradient.

    `jvp(t, out, *args)` and `vjp(g, out, *args)` as for `check_jvp` and `check_vjp`; without `forward` the `out` they
    get is None. The two inner products may differ by 32 eps of the sum of the sizes of their terms (3 eps were the
    most seen over 10 operations). Raises GradientMismatch, and UncheckableError as the other checks.

    >>> import numpy as np
    >>> A = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> report = check_adjoint(lambda t, out, x: A @ t, lambda g, out, x: A.T @ g, np.array([0.0, 1.0]))
    >>> bool(report), report.entries
    (True, 4)
    """
    __tracebackhide__ = True
    chosen = Chosen.of(options, **({} if draws == 4 else {"draws": draws}))
    if draws < 1:
        raise ValueError(f"draws={draws!r} compares nothing.\nGive 1 or more")
    name = name_of(forward) if forward is not None else name_of(vjp)
    written = f"check_adjoint({code_of(jvp)}, {code_of(vjp)}"
    with Counted() as counted:
        probe = Probe(
            forward or _shaped_by(jvp, chosen.keywords),
            args,
            chosen.kwargs if forward is not None else None,
            wrt=chosen.wrt,
            argnames=chosen.argnames or (names_of(forward, len(args)) if forward is not None else None),
            name=name,
        )
        table = Table(probe, chosen.but(contracts=False), name, written, args)
        if forward is None:
            jvp, vjp = _without_out(jvp), _without_out(vjp)
        push = Push(probe, jvp, table.evidence)
        keywords = chosen.keywords if forward is not None else {}
        backward = Backward(probe, of_pair(probe.f, vjp, False, keywords))
        _, _, pullback = backward.forward()
        sums = []
        for _ in range(draws):
            u = scattered([leaf.array for leaf in probe.inputs], table.rng, "random")
            v = scattered([leaf.array for leaf in probe.outputs], table.rng, "random")
            pushed = push(u.steps)
            pulled = np.concatenate(
                [
                    np.asarray(g, np.float64).reshape(-1)
                    for g in backward.pull(
                        pullback, [np.asarray(step, leaf.array.dtype) for step, leaf in zip(v.steps, probe.outputs)]
                    )
                ]
            )
            one = np.concatenate([s.reshape(-1) for s in v.steps]) * pushed
            other = np.concatenate([s.reshape(-1) for s in u.steps]) * pulled
            left, right = float(one.sum()), float(other.sum())
            allowed = 32 * probe.narrow * float(np.abs(one).sum() + np.abs(other).sum())
            if not abs(left - right) <= allowed:
                raise table.blamed(
                    broken(
                        table.evidence,
                        "adjoint",
                        f"<v, J u> and <Jᵀ v, u> differ by more than {allowed:.1g}: vjp is not the transpose of jvp",
                        actual=right,
                        desired=left,
                    )
                )
            sums.append((left, right, allowed))
        _fill(table, sums)
        return counted.done(told(table.evidence, chosen))


def _fill(table: Table, sums: list[tuple[float, float, float]]) -> None:
    """Each draw is one slope: that of <v, f> along u."""
    evidence = table.evidence
    evidence.rows, evidence.columns = evidence.rows[:1], evidence.columns[:1] * len(sums)
    evidence.actual = np.array([[right for _, right, _ in sums]])
    evidence.desired = np.array([[left for left, _, _ in sums]])
    evidence.allowed = np.array([[allowed for _, _, allowed in sums]])
    evidence.uncertainty = np.zeros_like(evidence.actual)
    evidence.left = evidence.right = np.full_like(evidence.actual, np.nan)
    evidence.status = np.full(evidence.actual.shape, "smooth", "<U9")
    evidence.verdict = np.full(evidence.actual.shape, Verdict.RIGHT, np.int8)
    evidence.evaluations = table.probe.evaluations
    evidence.contracts = ["adjoint"]


def _shaped_by(jvp: Callable[..., Any], keywords: dict[str, Any]) -> Callable[..., Any]:
    """Some function whose outputs have the shapes of the tangents: the tangents of 0 themselves."""

    def shape(*args: Any) -> Any:
        tangents = [np.zeros_like(np.asarray(leaf, float)) for arg in args for _, leaf in leaves(arg)]
        return jvp(tangents[0] if len(tangents) == 1 else tuple(tangents), None, *args, **keywords)

    return shape


def _without_out(rule: Callable[..., Any]) -> Callable[..., Any]:
    return lambda t, out, *args: rule(t, None, *args)
