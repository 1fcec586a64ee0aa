"""`check_adjoint`: are forward and reverse mode the same linear map, here?

One idea: <v, J u> = <Jᵀ v, u> holds to rounding, whatever the function, and no difference quotient
is needed to see it. It says that two derivatives agree, not that they are right: if both have
the same fault, it is silent.
"""

from collections.abc import Callable
from typing import Any, Unpack

import numpy as np

from ..containers import rebuilt
from .arguments import is_float, names_of
from .backward import Backward, of_pair
from .check import gradient_row
from .directions import flat, scattered
from .errors import GradientMismatch, UncheckableError
from .evidence import Direction, Verdict
from .forward_mode import Push
from .options import Chosen, Options
from .outcome import Counted, blamed, told
from .page import broken
from .probe import Probe
from .report import GradReport
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
    """Check that `vjp` is the transpose of `jvp` at `args`, for `draws` random pairs of tangent and incoming gradient.

    `jvp(t, out, *args)` and `vjp(g, out, *args)` as for `check_jvp` and `check_vjp`; without `forward` the `out` they
    get is None. The two inner products may differ by 32 eps of the sum of the sizes of their terms (3 eps were the
    most seen over 10 operations). Raises GradientMismatch; InconclusiveError if both sides are 0 throughout;
    UncheckableError as the other checks.

    >>> import numpy as np
    >>> A = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> report = check_adjoint(lambda t, out, x: A @ t, lambda g, out, x: A.T @ g, np.array([0.0, 1.0]))
    >>> bool(report), report.entries
    (True, 4)
    """
    __tracebackhide__ = True
    own = {**({} if forward is None else {"forward": forward}), **({} if draws == 4 else {"draws": draws})}
    chosen = Chosen.of(options, **own)
    if draws < 1:
        raise ValueError(f"draws={draws!r} compares nothing.\nGive 1 or more")
    for what, rule in (("jvp", jvp), ("vjp", vjp)):
        if not callable(rule):
            raise UncheckableError(f"a {type(rule).__name__} is no derivative.\nGive a function {what}")
    if not args:
        raise UncheckableError(
            "check_adjoint was given no arguments: there is nothing to differentiate.\nGive the point"
        )
    call = f"check_adjoint({code_of(jvp)}, {code_of(vjp)}"
    names = chosen.argnames or names_of(forward or jvp, len(args) + (forward is None) * 2)[-len(args) :]
    with Counted() as counted:
        probe = Probe(
            forward or _tangents_of_zero(jvp, args, chosen),
            args,
            chosen.keywords,
            wrt=chosen.wrt,
            argnames=names,
            name=name_of(forward or vjp),
        )
        table = Table(probe, chosen.but(contracts=False), probe.name, call, args)
        if forward is None:
            jvp, vjp = _without_out(jvp), _without_out(vjp)
        try:
            _compare(
                table,
                Push(probe, jvp, table.evidence),
                Backward(probe, of_pair(probe.f, vjp, False, chosen.keywords)),
                draws,
            )
        except GradientMismatch as error:
            raise blamed(error, chosen) from None
        return counted.done(told(table.evidence, chosen))


def _compare(table: Table, push: Push, backward: Backward, draws: int) -> None:
    """Each draw is one slope: that of <v, f> along u, by the one mode and by the other."""
    __tracebackhide__ = True
    probe, evidence = table.probe, table.evidence
    _, _, pullback = backward.forward()
    found: list[tuple[Direction, Direction, float, float, float]] = []
    for k in range(draws):
        u = scattered([leaf.array for leaf in probe.inputs], table.rng, f"random {k + 1}")
        v = scattered([leaf.array for leaf in probe.outputs], table.rng, f"random weights {k + 1}")
        one = flat(v) * push(u.steps)
        other = flat(u) * gradient_row(backward, pullback, v, table)
        left, right = float(one.sum()), float(other.sum())
        allowed = 32 * probe.narrow * float(np.abs(one).sum() + np.abs(other).sum())
        if not abs(left - right) <= allowed:
            raise broken(
                evidence,
                "adjoint",
                f"<v, J u> and <Jᵀ v, u> differ by more than {allowed:.1g}: vjp is not the transpose of jvp",
                actual=right,
                desired=left,
            )
        if one.size and other.size:
            found.append((v, u, left, right, allowed))
    evidence.rows, evidence.columns = [v for v, *_ in found][:1], [u for _, u, *_ in found]
    shape = (len(evidence.rows), len(found))
    evidence.actual = np.array([right for *_, right, _ in found]).reshape(shape)
    evidence.desired = np.array([left for _, _, left, _, _ in found]).reshape(shape)
    evidence.allowed = np.array([allowed for *_, allowed in found]).reshape(shape)
    evidence.uncertainty = np.zeros(shape)
    evidence.left = evidence.right = np.full(shape, np.nan)
    evidence.status = np.full(shape, "smooth", "<U9")
    evidence.constant = bool(found) and not evidence.actual.any()  # 0 = 0 says nothing
    evidence.verdict = np.full(shape, Verdict.UNKNOWN if evidence.constant else Verdict.RIGHT, np.int8)
    evidence.evaluations = probe.evaluations
    evidence.contracts = ["shape", "adjoint"]


def _tangents_of_zero(jvp: Callable[..., Any], args: tuple[Any, ...], options: Chosen) -> Callable[..., Any]:
    """Some function with outputs of the right shapes: the tangents of 0 themselves."""
    wrt = [options.wrt] if isinstance(options.wrt, int) else options.wrt
    chosen = [n for n in range(len(args)) if wrt is None or n in wrt or n - len(args) in wrt]

    def shape(*given: Any, **keywords: Any) -> Any:
        tangents = [rebuilt(given[n], _zeros) for n in chosen if _holds_floats(given[n])]
        return jvp(tangents[0] if len(tangents) == 1 else tuple(tangents), None, *given, **keywords)

    return shape


def _zeros(leaf: Any) -> Any:
    return np.zeros_like(leaf) if is_float(leaf) else None


def _holds_floats(arg: Any) -> bool:
    found: list[bool] = []
    rebuilt(arg, lambda leaf: found.append(is_float(leaf)))
    return any(found)


def _without_out(rule: Callable[..., Any]) -> Callable[..., Any]:
    return lambda t, out, *args, **keywords: rule(t, None, *args, **keywords)
