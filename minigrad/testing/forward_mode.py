"""`check_jvp`: is this the forward derivative of that function, here?

One idea: a forward derivative gives the columns of the table, where a backward pass gives the rows.
"""

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from ..containers import leaves
from .arguments import is_float, must_fit, names_of
from .directions import flat, scattered
from .errors import GradientMismatch, UncheckableError
from .evidence import Evidence
from .options import ALWAYS, Chosen, Options
from .outcome import Counted, blamed, told
from .page import broken
from .probe import Array, Probe
from .report import GradReport
from .source import code_of, name_of
from .table import Table, along


def check_jvp(
    forward: Callable[..., Any], jvp: Callable[..., Any], *args: Any, **options: Unpack[Options]
) -> GradReport:
    """Check that `jvp` is the forward derivative of `forward` at `args`.

    `jvp(t, out, *args)` gives the tangent of the output, of its shape and dtype, for the tangent `t` of the argument,
    or for a tuple of one for each argument of floats (those in `wrt`). Options and errors are those of
    `check_vjp`; the contracts are shape, dtype, determinism, linearity in t, and arguments left alone.

    >>> import numpy as np
    >>> bool(check_jvp(np.sin, lambda t, out, x: t * np.cos(x), np.array([0.0, 2.0])))
    True
    """
    __tracebackhide__ = True
    if not callable(jvp):
        raise UncheckableError(f"a {type(jvp).__name__} is no derivative.\nGive a function jvp(t, out, *args)")
    chosen = Chosen.of(options)
    name = name_of(forward)
    with Counted() as counted:
        probe = Probe(
            forward,
            args,
            chosen.kwargs,
            wrt=chosen.wrt,
            argnames=chosen.argnames or names_of(forward, len(args)),
            name=name,
        )
        advice = "It is called as jvp(t, out, *args), with the keyword arguments of the function"
        must_fit(jvp, (None, None, *args), chosen.keywords, f"the jvp of {name}", advice)
        table = Table(probe, chosen, name, f"check_jvp({code_of(forward)}, {code_of(jvp)}", args)
        push = Push(probe, jvp, table.evidence, chosen.contract_names)
        try:
            _judge(push, table)
        except GradientMismatch as error:
            raise blamed(error, chosen) from None
        return counted.done(told(table.evidence, chosen))


def _judge(push: "Push", table: Table) -> None:
    """Fill the table column by column, then look at the contracts."""
    __tracebackhide__ = True
    probe, evidence = table.probe, table.evidence
    tangents = np.array([push(c.steps) for c in table.columns]).reshape(len(table.columns), probe.middle.size)
    claimed = table.bench.weighed(tangents).T
    together, sizes = claimed[:, :0], None
    if table.joint:
        together = table.bench.weighed(np.array([push(c.steps) for c in table.joint])).T
        if table.is_whole:
            sizes = along(np.where(np.isfinite(claimed), claimed, 0.0), table.joint)[1]
    table.judge(claimed, together, sizes)
    evidence.contracts = ["shape"]
    if table.options.contract_names and probe.middle.size and not evidence.constant:
        evidence.contracts = _contracts(probe, push, table, tangents)


class Push:
    """A forward derivative at the point of a probe: steps of the leaves in, a row of output tangents out."""

    def __init__(
        self, probe: Probe, jvp: Callable[..., Any], evidence: Evidence, contracts: Sequence[str] = ALWAYS
    ) -> None:
        self.probe, self.jvp, self.evidence, self.contracts = probe, jvp, evidence, ("shape", *contracts)

    def _broken(self, contract: str, sentence: str, actual: Any = None, desired: Any = None) -> GradientMismatch:
        return broken(self.evidence, contract, sentence, actual=actual, desired=desired)

    def __call__(self, steps: Sequence[Array], handed: Sequence[Any] | None = None) -> Array:
        """The tangents of all outputs, flat. Raises GradientMismatch for another shape or dtype."""
        __tracebackhide__ = True
        probe = self.probe
        tangents = [
            np.array(step, leaf.array.dtype) if isinstance(given, np.ndarray) else leaf.array.dtype.type(step)
            for step, leaf, given in zip(steps, probe.inputs, probe.given)
        ]
        each = probe.per_argument(tangents)
        arguments = probe.arguments(probe.handed([leaf.array for leaf in probe.inputs]) if handed is None else handed)
        out = probe.f(*arguments, **probe.keywords)
        before = [np.array(t, copy=True) for t in tangents]
        with np.errstate(all="ignore"):
            found = self.jvp(each[0] if len(each) == 1 else tuple(each), out, *arguments, **probe.keywords)
        # What the function returns beside floats, a count or a mask, has no tangent; a jvp may say so in its place.
        places = {leaf.path for leaf in probe.outputs}
        here = [(path, part) for path, part in leaves(found, "out") if path in places or not _is_no_tangent(out, path)]
        paths, parts = [path for path, _ in here], [part for _, part in here]
        if found is None or any(part is None for part in parts):
            raise UncheckableError(
                f"the jvp of {probe.name} returned nothing.\nReturn the tangent of the output; a return may be missing"
            )
        for leaf, tangent, old in zip(probe.inputs, tangents, before):
            if "untouched" in self.contracts and not np.array_equal(tangent, old):
                raise self._broken("untouched", f"the forward derivative writes into the tangent of {leaf.path}")
        wanted = [leaf.path for leaf in probe.outputs]
        if paths != wanted:
            raise UncheckableError(
                f"the jvp of {probe.name} returned {', '.join(paths) or 'nothing'}, and the function "
                f"{', '.join(wanted)}.\n"
                "Return tangents in the containers of the output"
            )
        for leaf, part in zip(probe.outputs, parts):
            shape, dtype = np.shape(part), np.asarray(part).dtype
            if dtype.kind not in "fiub":
                raise UncheckableError(
                    f"the jvp of {probe.name} returned {dtype} for {leaf.path}.\nA tangent is an array of floats"
                )
            for contract, is_, should in (
                ("shape", shape, leaf.array.shape),
                ("dtype", str(dtype), str(leaf.array.dtype)),
            ):
                if is_ != should and contract in self.contracts:
                    raise self._broken(
                        contract, f"the tangent of {leaf.path} has another {contract} than {leaf.path}", is_, should
                    )
        return np.concatenate([np.asarray(part, np.float64).reshape(-1) for part in parts])


def _is_no_tangent(out: Any, path: str) -> bool:
    """Whether the function returns something there that is no float."""
    return any(path == other and not is_float(part) for other, part in leaves(out, "out"))


def _contracts(probe: Probe, push: Push, table: Table, tangents: Array) -> list[str]:
    """A forward derivative is a linear map of the tangent and leaves the arguments alone."""
    __tracebackhide__ = True
    evidence, asked = table.evidence, table.options.contract_names
    arrays = [leaf.array for leaf in probe.inputs]
    done = ["shape", *(name for name in ("dtype", "deterministic", "untouched") if name in asked)]

    def fail(contract: str, sentence: str, actual: Any = None, desired: Any = None) -> None:
        raise broken(evidence, contract, sentence, actual=actual, desired=desired)

    finite = bool(np.isfinite(tangents).all())
    if finite and "zero" in asked:
        nothing = push([np.zeros(a.shape) for a in arrays])
        if nothing.any():
            n = int(np.argmax(nothing != 0))
            fail("zero", f"for a tangent of 0 the tangent of {probe.place_of_output(n)} is not 0", nothing[n], 0.0)
        done.append("zero")
    u = scattered(arrays, table.rng, "random")
    handed = probe.handed(arrays)
    first, second = push(u.steps, handed), push(u.steps)
    slack = 64 * probe.narrow * float(np.abs(first[np.isfinite(first)]).max(initial=0.0))
    with np.errstate(invalid="ignore"):
        wrong = ~((np.abs(first - second) <= slack) | (np.isnan(first) & np.isnan(second)) | (first == second))
    if wrong.any() and "deterministic" in asked:
        n = int(np.argmax(wrong))
        fail("deterministic", f"two calls give two tangents of {probe.place_of_output(n)}", second[n], first[n])
    for leaf, x in zip(probe.inputs, handed):
        if "untouched" in asked and not np.array_equal(np.asarray(x), leaf.array, equal_nan=True):
            fail("untouched", f"the forward derivative writes into its argument {leaf.path}")
    if finite and table.is_whole and "linear" in asked:
        weights = flat(u)
        expected, size = weights @ tangents, np.abs(weights) @ np.abs(tangents)
        allowed = 64 * probe.narrow * np.maximum(size, 2 * float(np.abs(tangents).max(initial=0.0)))
        wrong = ~(np.abs(first - expected) <= allowed)
        if wrong.any():
            n = int(np.argmax(wrong))
            fail(
                "linear",
                f"the tangent of {probe.place_of_output(n)} is not linear in t: for a sum it is not the sum",
                first[n],
                expected[n],
            )
        done.append("linear")
    return done
