"""`check_against`: what does somebody else's autograd say?

One idea: another library is a second opinion, never the only one. It shares our formulas and
sometimes our faults, so the differences come first; and where a convention may be chosen, at a
kink, two right answers may differ.
"""

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from ..containers import rebuilt
from ..value import Value
from .backward import Backward, of_pair
from .check import check_tensors, gradient_row
from .directions import flat
from .errors import UncheckableError
from .evidence import Direction, Leaf
from .options import Chosen, Options
from .outcome import Counted, blamed, told
from .page import broken
from .probe import Array, Probe, place
from .report import GradReport
from .source import code_of, name_of
from .table import Table


def check_against(
    f: Callable[..., Any],
    reference: Any,
    *args: Any,
    values: bool = True,
    grads: bool = True,
    **options: Unpack[Options],
) -> GradReport:
    """Check minigrad's gradient of `f` at `args` by differences, and then against somebody else's.

    `reference` is a pair (forward, vjp), as `from_torch(torch.tanh)` gives, or with `grads=False` a plain function.
    Gradients are compared where the differences found `f` smooth: at a kink there is more than one right answer.
    Options and errors are those of `check_grad`; whoever is at fault, GradientMismatch says what the differences say.

    >>> import numpy as np, minigrad as mg
    >>> bool(check_against(mg.tanh, (np.tanh, lambda g, out, x: g * (1 - out * out)), np.array([0.5, -2.0])))
    True
    """
    __tracebackhide__ = True
    chosen = Chosen.of(options, **({} if values else {"values": False}), **({} if grads else {"grads": False}))
    forward, vjp = reference if isinstance(reference, tuple) and len(reference) == 2 else (reference, None)
    if not (values or grads):
        raise ValueError("values=False and grads=False leave nothing to compare.\nLeave one of them out")
    if not callable(forward) or (grads and not callable(vjp)):
        raise UncheckableError(
            "the reference of check_against is a pair (forward, vjp), or with grads=False a function.\n"
            "Write check_against(f, from_torch(torch.tanh), x)"
        )
    name = getattr(vjp, "name", None) or name_of(forward)
    with Counted() as counted:
        table = check_tensors(f, args, chosen, f"check_against({code_of(f)}, {_code(forward, vjp)}")
        plain = [rebuilt(arg, _plain) for arg in args]
        probe = Probe(forward, plain, chosen.keywords, wrt=chosen.wrt, argnames=chosen.argnames, name=name)
        if len(probe.outputs) != len(table.evidence.outputs):
            raise _differs(
                table,
                f"{table.evidence.name} returns another number of arrays than {name}",
                len(table.evidence.outputs),
                len(probe.outputs),
            )
        if values:
            _values(table, probe, name)
        if grads and not table.evidence.constant:
            own = getattr(vjp, "linearize", None)
            keywords = chosen.keywords
            linearize = (lambda *a: own(*a, **keywords)) if own else of_pair(forward, vjp, False, keywords)  # type: ignore[arg-type]
            _gradients(table, Backward(probe, linearize), name)
        table.evidence.contracts.append("reference")
        return counted.done(told(table.evidence, chosen))


def _values(table: Table, probe: Probe, name: str) -> None:
    __tracebackhide__ = True
    for ours, theirs in zip(table.evidence.outputs, probe.outputs):
        if ours.array.shape != theirs.array.shape:
            raise _differs(
                table, f"{ours.path} has another shape than {name} gives", ours.array.shape, theirs.array.shape
            )
        a, b = ours.array.astype(np.float64), theirs.array.astype(np.float64)
        scale = float(np.abs(b[np.isfinite(b)]).max(initial=0.0))
        with np.errstate(invalid="ignore"):
            good = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= 1024 * probe.narrow * scale)
        if not good.all():
            where = tuple(int(i) for i in np.argwhere(~good)[0])
            raise _differs(table, f"the value {place(ours.path, where)} is not that of {name}", a[where], b[where])


def _gradients(table: Table, backward: Backward, name: str) -> None:
    __tracebackhide__ = True
    evidence = table.evidence
    _, _, pullback = backward.forward()
    for r, row in enumerate(table.rows):
        theirs = _row(backward, pullback, row, table, name)
        norm = float(np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0))
        for c, column in enumerate(table.columns):
            if evidence.status[r, c] != "smooth":
                continue
            a, b = float(evidence.actual[r, c]), float(theirs[int(np.argmax(flat(column)))])
            slack = 2 * evidence.rtol * max(abs(a), abs(b)) + 64 * backward.probe.narrow * norm
            if not (abs(a - b) <= slack or (np.isnan(a) and np.isnan(b))):
                raise _differs(
                    table,
                    f"d {_element(evidence.outputs, row)} / d {_element(evidence.inputs, column)} is not that of "
                    f"{name}; the differences say {evidence.desired[r, c]:.10g} ± {evidence.uncertainty[r, c]:.1g}",
                    a,
                    b,
                )


def _row(backward: Backward, pullback: Any, row: Direction, table: Table, name: str) -> Array:
    """A row of the reference's gradients; one of another shape is the reference's fault."""
    __tracebackhide__ = True
    for leaf, g in zip(backward.probe.inputs, backward.pull(pullback, backward.split(flat(row)))):
        if np.shape(g) != leaf.array.shape:
            sentence = f"{name}'s gradient of {leaf.path} has another shape than {leaf.path}"
            raise _differs(table, sentence, leaf.array.shape, np.shape(g))
    return gradient_row(backward, pullback, row, table)


def _code(forward: Any, vjp: Any) -> str:
    """The reference as one would write it: an adapter's pair by its adapter."""
    call = getattr(vjp, "call", "")
    if call:
        return str(call).removeprefix("check_vjp(*")
    return code_of(forward) if vjp is None else f"({code_of(forward)}, {code_of(vjp)})"


def _plain(leaf: Any) -> Any:
    return leaf.data if isinstance(leaf, Value) else leaf  # type: ignore[attr-defined]


def _element(found: Sequence[Leaf], direction: Direction) -> str:
    return direction.name if direction.leaf is None else place(found[direction.leaf].path, direction.index)


def _differs(table: Table, sentence: str, actual: Any, desired: Any) -> Exception:
    error: Exception = blamed(
        broken(table.evidence, "reference", sentence, actual=actual, desired=desired), table.options
    )
    return error
