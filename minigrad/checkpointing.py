"""`checkpoint`: forget what a function computed on the way, and compute it again when going back.

One idea: a whole function is recorded as a single call. Its rule runs the function again, this time with
its record, and goes back through that. A call has one result, and this one any number of inputs and
outputs: they are laid end to end, `Joined` before it and `Part` behind it, so that one run again serves
them all. Memory falls to what the function takes and returns; time grows by one more run of it.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from . import hooks, inplace
from .backend import library_of
from .containers import leaves, rebuilt
from .errors import GradError
from .graph import _owners, apply, tick
from .mode import enable_grad, is_recording
from .op import Op
from .ops.indexing import scatter
from .place import Place, at, here
from .recorded import Same, array_of, check_function, go_back, origin_of, walk
from .value import Value, wrap

F = TypeVar("F", bound=Callable[..., Any])


class Joined(Op):
    """The inputs of a function, end to end: where the gradient of all of them is taken apart again."""

    def forward(*xs: Any) -> Any:
        return np.concatenate([x.reshape(-1) for x in xs])


class Checkpoint(Op):
    """A function whose intermediate results are not kept: of its inputs joined, and beside them as they are."""

    def forward(joined: Any, *inputs: Any) -> Any:  # noqa: N805
        return joined


class Part(Op):
    """One result of a function, out of all of them end to end."""

    def forward(xs: Any) -> Any:  # noqa: N805
        return xs


def checkpoint(f: F) -> F:
    """Return `f` with its intermediate results forgotten, and computed again in the backward pass.

    It takes and returns what f does, in any containers; tensors that f uses without being given them get
    their gradients too. Nothing else changes: any order of derivatives, forward mode, one checkpoint inside
    another. f must compute the same again: the backward pass raises GradError if it does not, as when it
    draws random numbers.

    >>> import minigrad as mg
    >>> layer = mg.checkpoint(lambda x: mg.exp(mg.sin(x)))
    >>> mg.grad(lambda x: layer(x) ** 2)(0.0)
    np.float64(2.0)
    """

    check_function("checkpoint", f)

    @functools.wraps(f)
    def checkpointed(*args: Any, **keywords: Any) -> Any:
        if not is_recording():
            return f(*args, **keywords)
        block = _Block(f, args, keywords)
        return block.recorded(block.run(linked=False))

    return checkpointed  # type: ignore[return-value]


class _Rerun(NamedTuple):
    """What one run of a checkpointed function gave."""

    result: Any
    parts: list[Value]  # those of the result that are in the graph
    roots: list[Any]  # where these come from
    origins: list[Any]  # the nodes made for the inputs
    calls: list[Op]  # newest first
    captured: list[Any]  # the origins outside that it reached


class _Block:
    """One call of a checkpointed function: what it was given, and how to run it again."""

    captured: Sequence[Any] = ()

    def __init__(self, f: Callable[..., Any], args: Any, keywords: Any) -> None:
        self.f = f
        self.given = (args, keywords)
        self.inputs = [leaf for _, leaf in leaves(self.given) if isinstance(leaf, Value) and leaf._requires_grad]
        self.are_values = [x.creator is not None or id(x) in inplace.values for x in self.inputs]
        self.place = here()

    def run(self, linked: bool) -> _Rerun:
        """Run it, recorded, on new nodes: linked to the tensors given, so that outer passes go on, or not."""
        nodes = [
            apply(Same, x) if linked and x._requires_grad else wrap(type(x), x._array, None, True) for x in self.inputs
        ]
        supply = iter(nodes)
        ours = set(self.inputs)
        args, keywords = rebuilt(
            self.given, lambda leaf: next(supply) if isinstance(leaf, Value) and leaf in ours else leaf
        )
        # The inputs of an outer run count as constants once it is over, and now its backward pass is here.
        asleep = [leaf for leaf in self.captured if isinstance(leaf, Value) and not leaf._requires_grad]
        start = tick()
        values = [id(node) for node, is_value in zip(nodes, self.are_values) if is_value]
        try:
            for leaf in asleep:
                leaf._requires_grad = True
            inplace.values.update(values)
            with enable_grad():
                result = self.f(*args, **keywords)
        finally:
            inplace.values.difference_update(values)
            for leaf in asleep:
                leaf._requires_grad = False
        parts = [part for _, part in leaves(result) if isinstance(part, Value) and part._requires_grad]
        roots = [origin_of(part) for part in parts]
        origins = [node.creator or node for node in nodes]
        calls, captured = walk(roots, [*origins, *asleep], start)
        for node in nodes:
            node._requires_grad = node.creator is not None
        return _Rerun(result, parts, roots, origins, calls, captured)

    def recorded(self, run: _Rerun) -> Any:
        """The result, recorded as one call of its inputs and of what f captured."""
        parts, self.captured = run.parts, run.captured
        if not parts:
            return run.result
        self.shapes = [part.shape for part in parts]
        self.sums = [_sums(part) for part in parts]
        origins = [*(x.creator or x for x in self.inputs), *self.captured]
        # Handed over so that a change in place is noticed; of a call that f captured only the origin is known.
        arrays = [*(x._array for x in self.inputs), *(getattr(c, "_array", c) for c in self.captured)]
        self.sizes = [x.size for x in origins]
        ends = list(itertools.accumulate(self.sizes, initial=0))
        ways = [(n, functools.partial(_taken, slice(ends[n], ends[n + 1]), x.shape), x) for n, x in enumerate(origins)]
        dtype = np.result_type(*(x.dtype for x in origins))
        joined = _call(Joined, ways, arrays, (ends[-1],), dtype, self.place)
        ends = list(itertools.accumulate((part.size for part in parts), initial=0))
        whole = (ends[-1],)
        dtype = np.result_type(*(part.dtype for part in parts))
        call = _call(Checkpoint, [(0, self.back, joined)], [joined, *arrays], whole, dtype, self.place)
        supply = iter(range(len(parts)))

        known = set(parts)

        def put(part: Any) -> Any:
            if not isinstance(part, Value) or part not in known:
                return part
            n = next(supply)
            rule = functools.partial(_placed, slice(ends[n], ends[n + 1]), whole)
            own = _call(Part, [(0, rule, call)], [call], part.shape, part.dtype, self.place)
            return wrap(type(part), part._array, own, True)

        return rebuilt(run.result, put)

    def back(self, g: Any, out: Any, *args: Any) -> Any:
        """The gradient of all inputs, end to end, from that of all results: the rule of the whole function."""
        recorded = isinstance(g, Value)
        run = self.run(linked=recorded)
        parts = run.parts
        same = [part.shape for part in parts] == self.shapes and set(run.captured) <= set(self.captured)
        if not same or not all(_agree(_sums(part), sums) for part, sums in zip(parts, self.sums)):
            raise GradError(
                f"{getattr(self.f, '__name__', 'a function')}, under checkpoint, computed something else when it was "
                f"run again{at(self.place)}.\n"
                "Draw random numbers outside and pass them in, and change nothing it uses before the backward pass"
            )
        ends = list(itertools.accumulate((part.size for part in parts), initial=0))
        seeds = []
        for part, start, end in zip(parts, ends, ends[1:]):
            seed = g[start:end].reshape(part.shape)
            seeds.append(seed if seed.dtype == part.dtype else seed.astype(part.dtype))
        targets = [*run.origins, *self.captured]
        found = go_back(run.roots, seeds, run.calls, targets, recorded, keep=recorded)
        if hooks.hooked:
            inputs = [(origin, type(x)) for origin, x in zip(run.origins, self.inputs)]
            hooks.complete_inputs(inputs, found, recorded, _owners(*found.values()) if recorded else set())
        flat = [library_of(array_of(g)).zeros(size, g.dtype) for size in self.sizes]
        for n, origin in enumerate(targets):
            if origin in found:
                flat[n] = found[origin].reshape(-1)
        whole = np.concatenate(flat)
        return wrap(type(g), whole) if recorded and not isinstance(whole, Value) else whole


def _call(
    op: type[Op], ways: list[Any], args: Sequence[Any], shape: tuple[int, ...], dtype: Any, place: Place | None
) -> Op:
    """A recorded call whose rules were made for it."""
    call = op()
    call.record = (tuple(reversed(ways)), tuple(args), None, False, False)
    call.shape = shape
    call.dtype = dtype
    call.place = place
    call.age = tick()
    return call


def _taken(where: slice, shape: tuple[int, ...], g: Any, out: Any, *args: Any) -> Any:
    """The part of a gradient that belongs to one of the arrays joined."""
    return g[where].reshape(shape)


def _placed(where: slice, whole: tuple[int, ...], g: Any, out: Any, xs: Any) -> Any:
    """The gradient of one part as that of the whole: zero elsewhere."""
    g = g.reshape(-1)
    return g if g.shape == whole else scatter(g, where, whole)


def _sums(part: Value) -> tuple[float, float]:
    """What tells two results apart without keeping one: the sum, and the sum of the sizes."""
    with np.errstate(all="ignore"):
        return float(part._array.sum()), float(abs(part._array).sum())


def _agree(now: tuple[float, float], then: tuple[float, float]) -> bool:
    """Whether the sums are the same up to rounding: another order of adding, in a library that uses threads."""
    if not np.isfinite(then[1]):
        return not np.isfinite(now[1])
    return abs(now[0] - then[0]) <= 1e-3 * then[1] and abs(now[1] - then[1]) <= 1e-3 * then[1]
