"""`check_vjp` and `check_grad`: is this backward pass the one of that function, here?

One idea: a backward pass is asked for every row of the Jacobian, and must then keep its contracts.
"""

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from .arguments import must_fit, names_of
from .backward import Backward, as_tensor, of_pair, of_tensors, reached, unrecorded, without_residuals
from .contracts import Contracts
from .directions import flat
from .errors import GradientMismatch, UncheckableError
from .evidence import Direction
from .options import Chosen, Options
from .outcome import Counted, blamed, told
from .page import broken
from .probe import Array, Probe
from .report import GradReport
from .source import code_of, name_of
from .table import Table, along


def check_vjp(
    forward: Callable[..., Any],
    vjp: Callable[..., Any],
    *args: Any,
    residuals: bool = False,
    **options: Unpack[Options],
) -> GradReport:
    """Check that `vjp` is the backward pass of `forward` at `args`, element by element and in its contracts.

    `forward(*args)` gives an array, or containers of them; `vjp(g, out, *args)` gives the gradient of the argument, of
    its shape and dtype, or a tuple of one for each argument of floats (those in `wrt`). With `residuals`,
    `forward(*args)` gives `(out, residuals)` and the other is `vjp(g, residuals)`. A claimed slope may be off by four
    error bars of the measured one plus `rtol` (sqrt(eps), half of the digits) of its size; at kinks any slope
    between the one-sided ones is right. The options are those of `minigrad.testing.options.Options`.
    Raises GradientMismatch if the gradient is wrong; InconclusiveError if no slope could be measured (inside a
    Hypothesis test the example is rejected instead); UncheckableError if forward is no deterministic
    function of floats.

    >>> import numpy as np
    >>> report = check_vjp(np.exp, lambda g, out, x: g * out, np.array([0.0, -1.0]))
    >>> report.entries, report.resolved < 1e-6
    (8, True)
    """
    __tracebackhide__ = True
    chosen = Chosen.of(options, **({"residuals": True} if residuals else {}))
    if not callable(vjp):
        raise UncheckableError(f"a {type(vjp).__name__} is no backward pass.\nGive a function vjp(g, out, *args)")
    own = getattr(vjp, "linearize", None)
    if "zero_times_inf" not in options:
        chosen = chosen.but(zero_times_inf=getattr(vjp, "zero_times_inf", "error"))
    able = getattr(vjp, "layouts", chosen.layouts)
    chosen = chosen.but(layouts=tuple(layout for layout in chosen.layouts if layout in able))
    if own is not None and chosen.contracts is True:
        chosen = chosen.but(contracts="all")
    keywords = chosen.keywords
    name = getattr(vjp, "name", None) or name_of(forward)
    call = getattr(vjp, "call", None) or f"check_vjp({code_of(forward)}, {code_of(vjp)}"
    with Counted() as counted:
        probe = Probe(
            without_residuals(forward) if residuals else forward,
            args,
            keywords,
            wrt=chosen.wrt,
            argnames=chosen.argnames or names_of(forward, len(args)),
            name=name,
        )
        if residuals:
            must_fit(vjp, (None, None), {}, f"the backward pass of {name}", "It is called as vjp(g, residuals)")
        elif own is None:
            advice = "It is called as vjp(g, out, *args), with the keyword arguments of the function"
            must_fit(vjp, (None, None, *args), keywords, f"the backward pass of {name}", advice)
        linearize = (lambda *a: own(*a, **keywords)) if own is not None else of_pair(forward, vjp, residuals, keywords)
        table = Table(probe, chosen, name, call, args)
        check_backward(Backward(probe, linearize), table, mutable=getattr(vjp, "mutable", True))
        return counted.done(told(table.evidence, chosen))


def check_grad(f: Callable[..., Any], *args: Any, **options: Unpack[Options]) -> GradReport:
    """Check minigrad's gradient of `f` at `args`, element by element and in its contracts.

    `f` is written with minigrad's or NumPy's functions. Arrays, tensors and Python floats among `args`, and inside
    nested tuples, lists, dicts, dataclasses and NamedTuples, are differentiated (those at the positions in `wrt`);
    everything else is passed on. The results may be nested too. Options and errors are those of `check_vjp`.

    >>> import numpy as np, minigrad as mg
    >>> report = check_grad(lambda a, b: mg.tanh(a @ b), np.array([[1.0, -2.0]]), np.array([[0.5], [3.0]]))
    >>> bool(report), report.inconclusive
    (True, 0)
    """
    __tracebackhide__ = True
    chosen = Chosen.of(options)
    with Counted() as counted:
        table = check_tensors(f, args, chosen, f"check_grad({code_of(f)}")
        return counted.done(told(table.evidence, chosen))


def check_tensors(f: Callable[..., Any], args: Sequence[Any], options: Chosen, call: str) -> Table:
    """The judged table of a function written with minigrad. Raises GradientMismatch."""
    __tracebackhide__ = True
    if options.contracts is True:
        options = options.but(contracts="all")
    name, keywords = name_of(f), options.keywords
    if callable(f):
        must_fit(f, args, keywords, name, "Give as many arguments as it takes; keyword arguments go into kwargs={...}")
    probe = Probe(
        unrecorded(f),
        args,
        keywords,
        wrt=options.wrt,
        argnames=options.argnames or names_of(f, len(args)),
        present=as_tensor,
        name=name,
    )
    table = Table(probe, options, name, call, args)
    backward = Backward(probe, of_tensors(f, keywords), flat=True, tensors=True)
    check_backward(backward, table)
    if options.contract_names and probe.middle.size and not table.evidence.constant:
        try:
            _accumulates(backward, table)
        except GradientMismatch as error:
            raise blamed(error, options) from None
        table.evidence.contracts.append("accumulate")
    return table


def check_backward(backward: Backward, table: Table, *, mutable: bool = True) -> Array:
    """Judge every row of a backward pass, then its contracts; return the Jacobian it claims, (rows, inputs)."""
    __tracebackhide__ = True
    probe, options, evidence = table.probe, table.options, table.evidence
    contracts = Contracts(
        backward,
        evidence,
        layouts=options.layouts,
        mutable=mutable,
        zero_times_inf=options.zero_times_inf,
        rng=options.rng,
    )
    names = options.contract_names if probe.middle.size else ()
    kept = []
    try:
        if "untouched" in names and contracts.untouched():  # whatever a pass overwrites makes later numbers wrong
            kept.append("untouched")
        _, _, pullback = backward.forward()
        jacobian = np.array([gradient_row(backward, pullback, row, table) for row in table.rows], np.float64)
        if not table.rows:  # nothing to weigh, but a gradient has a shape all the same
            gradient_row(backward, pullback, Direction(tuple(leaf.array for leaf in probe.outputs)), table)
        jacobian = jacobian.reshape(len(table.rows), sum(leaf.array.size for leaf in probe.inputs))
        claimed = jacobian[:, _places(table)]
        try:
            table.judge(claimed, *(along(jacobian, table.joint) if table.joint else (claimed[:, :0], None)))
        except GradientMismatch:
            if "deterministic" in names:
                contracts.deterministic()  # numbers that change from pass to pass are wrong for that reason
            raise
        evidence.contracts = ["shape"]
        if not evidence.constant:
            contracts.jacobian = jacobian if table.weights is None else None
            evidence.contracts += kept + contracts.check([name for name in names if name != "untouched"])
    except GradientMismatch as error:
        raise blamed(error, options) from None
    return jacobian


def _places(table: Table) -> Array:
    """The numbers of the single elements among all, in the flat order."""
    return np.array([np.argmax(flat(column)) for column in table.columns], np.intp)


def gradient_row(backward: Backward, pullback: Any, row: Direction, table: Table) -> Array:
    """One backward pass, as a row of numbers. Raises GradientMismatch for a gradient of another shape."""
    __tracebackhide__ = True
    parts = []
    for leaf, gradient in zip(backward.probe.inputs, backward.pull(pullback, backward.split(flat(row)))):
        plain = isinstance(gradient, (np.ndarray, np.generic, float, int))
        if not plain or np.asarray(gradient).dtype.kind not in "fiub":
            kind = getattr(gradient, "dtype", f"a {type(gradient).__module__}.{type(gradient).__name__}")
            raise UncheckableError(
                f"the backward pass of {backward.probe.name} returned {kind} for {leaf.path}.\n"
                "A gradient is a NumPy array of floats; for another library's functions there are from_torch, "
                "from_jax, from_autograd, from_mygrad"
            )
        shape = np.shape(gradient)
        if shape != leaf.array.shape:
            raise broken(
                table.evidence,
                "shape",
                f"the gradient of {leaf.path} has another shape than {leaf.path}",
                actual=shape,
                desired=leaf.array.shape,
                hint=_shape_hint(shape, leaf.array.shape),
            )
        parts.append(np.asarray(gradient, np.float64).reshape(-1))
    return np.concatenate(parts)


def _shape_hint(found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if len(found) > len(wanted) or (len(found) == len(wanted) and all(a >= b for a, b in zip(found, wanted))):
        return "not summed over the axes along which the argument was broadcast"
    if int(np.prod(found)) == int(np.prod(wanted)):
        return "the right numbers may be there: reshape them to the shape of the argument"
    return ""


def _accumulates(backward: Backward, table: Table) -> None:
    """`backward()` leaves in `.grad` what `gradients` returns, and a second pass adds as much again."""
    __tracebackhide__ = True
    probe = backward.probe
    rng = np.random.default_rng(table.options.rng + 1)
    upstream = backward.split(rng.choice(np.array([-2.0, -1.0, 0.5, 1.0, 3.0]), size=probe.middle.shape))
    _, _, pullback = backward.forward()
    expected = [np.asarray(g) for g in backward.pull(pullback, upstream)]
    handed, out, _ = backward.forward()
    recorded, given = reached(out, backward.upstream(upstream))
    for times in (1, 2):
        with np.errstate(all="ignore"):
            for n, (y, g) in enumerate(zip(recorded, given)):
                y.backward(g, retain_graph=times == 1 or n < len(recorded) - 1)
        for leaf, x, good in zip(probe.inputs, handed, expected):
            found = np.zeros(x.shape) if x.grad is None else np.asarray(x.grad.data)
            slack = 64 * probe.narrow * float(np.abs(good[np.isfinite(good)]).max(initial=0.0)) * times
            with np.errstate(invalid="ignore"):
                same = (np.abs(found - times * good) <= slack) | ~np.isfinite(good)
            if found.shape != good.shape or not same.all():
                where = () if found.shape != good.shape else tuple(int(i) for i in np.argwhere(~same)[0])
                raise broken(
                    table.evidence,
                    "accumulate",
                    f"after {'one backward()' if times == 1 else 'two calls of backward()'} {leaf.path}.grad is "
                    f"not {'' if times == 1 else 'twice '}the gradient",
                    actual=found[where],
                    desired=(times * good)[where],
                    hint="a gradient was overwritten, or added into memory that it shares with another",
                )
