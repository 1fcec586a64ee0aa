"""`check_grad_grad`: is the gradient of a gradient right, here?

One idea: a backward pass is a function too, of the arguments and of the incoming gradient, and is
checked like any other. Its derivative by the arguments, the Hessian, must be symmetric besides,
and to see that takes no differences.
"""

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from ..containers import leaves, rebuilt
from ..graph import gradients
from ..making import from_numpy
from ..mode import enable_grad
from ..value import Value
from .arguments import is_float, names_of
from .backward import Backward, as_tensor, of_tensors, reached
from .check import check_backward, check_tensors
from .evidence import Verdict
from .options import Chosen, Options
from .outcome import Counted, blamed, told
from .page import broken
from .probe import Array, Probe
from .report import GradReport
from .source import code_of
from .table import Table


def check_grad_grad(f: Callable[..., Any], *args: Any, symmetry: bool = True, **options: Unpack[Options]) -> GradReport:
    """Check minigrad's gradient of `f` at `args`, and then the gradient of that gradient.

    The second order is the derivative of the backward pass, (args, g) -> gradients, by its arguments and by the
    incoming gradient g; with `symmetry` the Hessian must equal its transpose. Arguments, options and errors
    are those of `check_grad`; the report is that of the second order.

    >>> import numpy as np, minigrad as mg
    >>> bool(check_grad_grad(lambda x: mg.sum(mg.exp(x) * x), np.array([0.25, -1.0])))
    True
    """
    __tracebackhide__ = True
    chosen = Chosen.of(options, **({} if symmetry else {"symmetry": False}))
    call = f"check_grad_grad({code_of(f)}"
    with Counted() as counted:
        first = check_tensors(f, args, chosen, call)
        if first.evidence.constant or not first.probe.middle.size:
            return counted.done(told(first.evidence, chosen))
        table = _second(f, args, first, chosen, call, symmetry)
        return counted.done(told(table.evidence, chosen))


def _second(
    f: Callable[..., Any], args: Sequence[Any], first: Table, options: Chosen, call: str, symmetry: bool
) -> Table:
    __tracebackhide__ = True
    pool = np.array([-2.0, -1.0, -0.5, 0.5, 1.0, 1.5])
    rng = np.random.default_rng(options.rng + 2)
    upstream = [np.asarray(rng.choice(pool, leaf.array.shape), leaf.array.dtype) for leaf in first.probe.outputs]
    count, wrt = len(args), first.probe.wrt
    backward_pass = _backward_pass(f, count, wrt, options.keywords)
    names = [*(options.argnames or names_of(f, count)), *(f"g[{n}]" for n in range(len(upstream)))]
    if len(upstream) == 1:
        names[-1] = "g"
    name = f"the gradient of {first.evidence.name}"
    probe = Probe(
        backward_pass,
        [*args, *upstream],
        wrt=[*wrt, *range(count, count + len(upstream))],
        argnames=names,
        present=as_tensor,
        name=name,
    )
    contracts = ("dtype", "deterministic") if options.contract_names else False
    table = Table(probe, options.but(contracts=contracts), name, call, args)
    backward = Backward(probe, of_tensors(backward_pass, {}), flat=True, tensors=True)
    jacobian = check_backward(backward, table)
    if options.contract_names:
        _own_memory(backward, table)
        table.evidence.contracts.append("alias")
    if symmetry and not table.evidence.constant and table.is_whole and table.weights is None:
        _symmetric(table, jacobian)
        table.evidence.contracts.append("symmetric")
    return table


def _backward_pass(
    f: Callable[..., Any], count: int, wrt: Sequence[int], keywords: dict[str, Any]
) -> Callable[..., tuple[Any, ...]]:
    """(args, incoming gradients) -> gradients, recorded if anything given requires one."""

    def backward_pass(*given: Any) -> tuple[Any, ...]:
        record = any(isinstance(leaf, Value) and leaf._requires_grad for arg in given for _, leaf in leaves(arg))
        own: list[Any] = []

        def watched(leaf: Any) -> Any:
            if not is_float(leaf):
                return leaf
            if not (isinstance(leaf, Value) and leaf._requires_grad):
                array = leaf.data if isinstance(leaf, Value) else leaf  # type: ignore[attr-defined]
                leaf = from_numpy(np.array(array, copy=True), requires_grad=True)
            own.append(leaf)
            return leaf

        with enable_grad():
            arguments = [rebuilt(arg, watched) if n in wrt else arg for n, arg in enumerate(given[:count])]
            out = f(*arguments, **keywords)
            supply = iter(given[count:])
            outputs, upstream = reached(out, rebuilt(out, lambda leaf: next(supply) if is_float(leaf) else None))
            if not outputs:
                return tuple(from_numpy(np.zeros(x.shape, x.dtype)) for x in own)
            return tuple(gradients(outputs, own, output_gradients=upstream, create_graph=record))

    return backward_pass


def _own_memory(backward: Backward, table: Table) -> None:
    """A recorded gradient shares its memory with nothing either: it may become somebody's .grad."""
    __tracebackhide__ = True
    handed, found, _ = backward.forward()
    others = [(f"the argument {leaf.path}", x.data) for leaf, x in zip(table.probe.inputs, handed)]
    for leaf, gradient in zip(table.probe.inputs, found):
        for what, other in others:
            if gradient.size and isinstance(other, np.ndarray) and np.shares_memory(gradient.data, other):
                raise blamed(
                    broken(
                        table.evidence,
                        "alias",
                        f"the recorded gradient of {leaf.path} shares its memory with {what}",
                        hint="whoever adds to the one changes the other: return a copy",
                    ),
                    table.options,
                )
        others.append((f"the gradient of {leaf.path}", gradient.data))


def _symmetric(table: Table, jacobian: Array) -> None:
    """The Hessian equals its transpose, where both elements are smooth and right."""
    __tracebackhide__ = True
    count = jacobian.shape[0]
    evidence, h = table.evidence, jacobian[:, :count]
    settled = (evidence.verdict[:, :count] == Verdict.RIGHT) & (evidence.status[:, :count] == "smooth")
    allowed = 2.0**12 * table.probe.narrow * float(np.abs(h[np.isfinite(h)]).max(initial=0.0))
    with np.errstate(invalid="ignore"):
        wrong = settled & settled.T & ~(np.abs(h - h.T) <= allowed)
    if wrong.any():
        i, j = (int(n) for n in np.argwhere(wrong)[0])
        raise blamed(
            broken(
                evidence,
                "symmetric",
                f"the Hessian is not symmetric: its elements [{i}, {j}] and [{j}, {i}], in the flat order, differ",
                actual=h[i, j],
                desired=h[j, i],
                hint="one of two mixed derivatives is missing a term",
            ),
            table.options,
        )
