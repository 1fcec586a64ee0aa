"""A function run once, with the part of the graph it made: to be gone back through, or forward.

One idea: whatever a function is differentiated by becomes a node of the graph that is new and nobody
else's. So differentiations cannot be confused, however they are nested: an inner one stops at its own
nodes, and an outer one goes on through them. That is why no levels and no tags are needed.
"""

import inspect
import operator
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from . import hooks, inplace
from .backend import Array, check_same_library, library_of
from .containers import leaves, rebuilt
from .errors import DtypeError, GradError, ShapeError
from .explain import refuse_masked
from .gradient import ALONE, apart, own
from .graph import _changed, _complete, _owners, _pass_back, _zeros_matter, apply
from .mode import enable_grad, is_recording
from .op import Freed, Op
from .place import at, here
from .tensor import Tensor
from .value import Value, wrap

_VALUES = (float, np.generic)
"""What `x *= 2` does not change: it makes another."""


class Same(Op):
    """x itself, as a node of its own."""

    elementwise = True

    def forward(x: Any) -> Any:  # noqa: N805
        return x

    def dx(g: Any, out: Any, x: Any) -> Any:  # noqa: N805
        return g


class Run:
    """One run of `f`, recorded: by which arguments it is differentiated, what it returned, the calls between.

    `argnums` says which arguments, None for all; `who` asks, for the errors.
    """

    def __init__(
        self, who: str, f: Callable[..., Any], args: Any, keywords: Any, argnums: Any, has_aux: bool, copy: bool = False
    ) -> None:
        self.who = who
        self.numbers = _numbers(who, argnums, len(args))
        self.single = argnums is not None and not isinstance(argnums, tuple)
        self.names = [_name(f, n) for n in self.numbers]
        self.given = [_leaves(args[n], name) for n, name in zip(self.numbers, self.names)]
        self.trees = [args[n] for n in self.numbers]
        recording = is_recording()
        self.inputs: list[Value] = []
        values: list[int] = []
        args = list(args)
        for n, each in zip(self.numbers, self.given):
            nodes = [_node(who, path, leaf, recording, copy) for path, leaf in each]
            self.inputs += nodes
            values += [id(x) for x, (_, leaf) in zip(nodes, each) if isinstance(leaf, _VALUES)]
            args[n] = refilled(args[n], nodes)
        inplace.values.update(values)
        start = next(inplace.clock)
        try:
            with enable_grad():
                result = f(*args, **keywords)
        finally:
            inplace.values.difference_update(values)
        self.has_aux = has_aux
        self.aux: Any = None
        if has_aux:
            if not isinstance(result, tuple) or len(result) != 2:
                raise TypeError(
                    f"{who} with has_aux=True: {_called(f)} returned {_described(result)}, "
                    f"not a pair (result, aux){at(here())}.\nWrite return result, aux, or leave has_aux out"
                )
            result, self.aux = result
        self.result = result
        self.parts = [part for _, part in result_leaves(who, f, result)]
        self.roots = [
            part.creator or part if isinstance(part, Value) and part._requires_grad else None for part in self.parts
        ]
        self.origins = [x.creator or x for x in self.inputs]
        self.calls, outside = walk(self.roots, self.origins, start)
        for x in self.inputs:
            x._requires_grad = x.creator is not None  # f is done: to whoever comes later, our own leaves are constants
        self.targets = self.origins if outside else None
        self.outer = recording and (bool(outside) or any(x.creator is not None for x in self.inputs))
        """Whether somebody else differentiates too: then what comes out is recorded, and nothing is freed."""
        self.plain = not self.outer and not any(isinstance(leaf, Value) for each in self.given for _, leaf in each)

    def value(self) -> Any:
        """What f returned, as it leaves the run: (result, aux) if there is an aux."""
        value = self._left(self.result) if _is_one(self.result) else rebuilt(self.result, self._left)
        return (value, rebuilt(self.aux, self._left)) if self.has_aux else value

    def _left(self, part: Any) -> Any:
        return self.released(part._array) if isinstance(part, Value) and not self.outer else part

    def released(self, one: Any) -> Any:
        """A tensor in the graph as it is; an array as a tensor, or plain if the arguments were plain."""
        return one if isinstance(one, Value) else numbers(one) if self.plain else wrap(Tensor, numbers(one))

    def by_argument(self, found: Iterable[Any]) -> Any:
        """One thing for each differentiated leaf, put into the containers of the arguments."""
        supply = iter(found)
        each = [refilled(tree, map(self.released, supply)) for tree in self.trees]
        return each[0] if self.single else tuple(each)

    def back(self, seeds: Sequence[Any], recorded: bool, keep: bool) -> list[Any]:
        """The gradient of each input, from one seed for each part of the result (None for zero).

        They are tensors in the graph if `recorded`, and arrays else; the record is freed unless it is to be kept.
        """
        found = go_back(self.roots, seeds, self.calls, self.targets, recorded, keep)
        taken = _owners(*self.inputs, *(s for s in seeds if s is not None)) if recorded else set()
        if hooks.hooked:
            copies = [(o, type(x)) for o, x in zip(self.origins, self.inputs) if o.age]  # leaves are seen to below
            hooks.complete_inputs(copies, found, recorded, taken)
        _complete(found, recorded, taken)
        results = []
        for x, origin in zip(self.inputs, self.origins):
            g = found.pop(origin, None)
            if g is None:
                results.append(wrap(Tensor, zeros_of(x)) if recorded else zeros_of(x))
            elif recorded:
                results.append(apart(g, taken))
            else:
                alone = sys.getrefcount(g) <= ALONE
                results.append(own(g, alone))
        return results


def check_function(who: str, f: Any) -> None:
    """Raise TypeError for what is no function, such as the number that it returned."""
    if not callable(f):
        call = (
            f"{who}(f, ...), not {who}(f(x), ...)" if who in ("vjp", "jvp", "hvp") else f"{who}(f)(x), not {who}(f(x))"
        )
        raise TypeError(f"{who} takes a function, and was given {_described(f)}{at(here())}.\nWrite {call}")


def _leaves(tree: Any, path: str) -> list[tuple[str, Any]]:
    if _is_one(tree):
        return [(path, tree)]
    return [(path, leaf) for path, leaf in leaves(tree, path) if leaf is not None]


def _is_one(tree: Any) -> bool:
    """Whether this is an array or a tensor, and surely no container: seen in a tenth of the time of looking inside."""
    return type(tree) is np.ndarray or isinstance(tree, Value)


def refilled(tree: Any, things: Iterable[Any]) -> Any:
    """The same containers around other things; a None in them is no leaf, and stays."""
    supply = iter(things)
    if _is_one(tree):
        return next(supply)
    return rebuilt(tree, lambda leaf: None if leaf is None else next(supply))


def origin_of(part: Any) -> Any:
    """The recorded call or the leaf that a tensor comes from; None for a constant."""
    return part.creator or part if isinstance(part, Value) and part._requires_grad else None


def walk(roots: Iterable[Any], inputs: Iterable[Any], start: int) -> tuple[list[Op], list[Any]]:
    """The calls since `start` that led to `roots`, newest first, and what they reach that is older and no input.

    Roots are origins, a call or a leaf, None for a constant.
    """
    ours = set(inputs)
    met = list({root: None for root in roots if root is not None})
    seen = set(met)
    calls: list[Op] = []
    outside = []
    for origin in met:  # which grows while we walk it
        if origin.age > start:
            calls.append(origin)
            for _, _, before in origin.recorded()[0]:
                if before not in seen:
                    seen.add(before)
                    met.append(before)
        elif origin not in ours and (origin.age or origin._requires_grad):
            outside.append(origin)
    calls.sort(key=operator.attrgetter("age"), reverse=True)
    return calls, outside


def go_back(
    roots: Sequence[Any],
    seeds: Sequence[Any],
    calls: list[Op],
    targets: Iterable[Any] | None,
    recorded: bool,
    keep: bool,
) -> dict[Any, Any]:
    """Walk back through these calls and no others; the gradients of what they were computed from, by origin.

    Where that is more than the `targets`, only the way to these is gone; None if it is not.
    """
    found: dict[Any, Any] = {}
    for root, seed in zip(roots, seeds):
        if seed is not None and root is not None:
            found[root] = found[root] + seed if root in found else seed
    useful: set[Any] | None = None
    if targets is not None:
        useful = set(targets)
        for call in reversed(calls):
            if any(way[2] in useful for way in call.recorded()[0]):
                useful.add(call)
    plain: set[Any] | None = set() if _zeros_matter(list(found.values()), calls) else None
    taken = _owners(*found.values()) if recorded else set()
    _pass_back(
        iter(calls),
        found,
        (Tensor, None if keep else Freed(here()), recorded, _changed(calls), taken, (), useful),
        plain,
    )
    return found


def zeros_of(x: Any) -> Array:
    """Zeros of the shape, dtype and array library of a tensor, or for a part of a result that is none."""
    array = array_of(x)
    return numbers(library_of(array).zeros(np.shape(array), getattr(array, "dtype", float)))


def array_of(x: Any) -> Any:
    """The array in a tensor; anything else as it is."""
    return x._array if isinstance(x, Value) else x


def numbers(array: Array) -> Any:
    """An array as it leaves minigrad: a 0-d one is a NumPy scalar, as in NumPy's own results."""
    return array[()] if type(array) is np.ndarray and not array.shape else array


# ----------------------------------------------------------------------------- what is given


def _numbers(who: str, argnums: Any, count: int) -> list[int]:
    """The chosen arguments, counted from 0. Raises TypeError or ValueError for what is no choice."""
    if argnums is None:
        return list(range(count))
    chosen = list(argnums) if isinstance(argnums, tuple) else [argnums]
    for n in chosen:
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            raise TypeError(
                f"{who} with argnums={argnums!r}: arguments are chosen by their position{at(here())}.\n"
                "Write argnums=0 for the first, argnums=(0, 2) for several"
            )
        if not -count <= n < count:
            raise ValueError(
                f"{who} by argument {n}, but the function was called with {count} by position{at(here())}.\n"
                f"Count from 0{f', up to {count - 1}' if count else ''}; an argument passed by name is not counted"
            )
    chosen = [operator.index(n) % count for n in chosen]
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{who} with argnums={argnums!r} names an argument twice{at(here())}.\nName each once")
    return chosen


def _name(f: Callable[..., Any], n: int) -> str:
    """What f calls its n-th argument, for a path such as `p["w"]`."""
    inner = inspect.unwrap(f) if hasattr(f, "__wrapped__") else f
    code = getattr(inner, "__code__", None)
    own = n + inspect.ismethod(inner)  # the first is self
    return str(code.co_varnames[own]) if code is not None and own < code.co_argcount else f"argument {n}"


def _node(who: str, path: str, leaf: Any, recording: bool, copy: bool) -> Value:
    """A new node for what is differentiated by. Raises TypeError or DtypeError for what has no slope."""
    if isinstance(leaf, Value):
        array = leaf._array
    elif type(leaf) is np.ndarray:
        array = numbers(leaf.copy() if copy else leaf)
    elif hasattr(leaf, "dtype") and hasattr(leaf, "shape"):
        refuse_masked(leaf)
        array = np.asarray(leaf) if library_of(leaf) is np else leaf
        array = numbers(array.copy() if copy else array)
    elif isinstance(leaf, (float, complex)):
        array = np.asarray(leaf)[()]
    elif isinstance(leaf, int) and not isinstance(leaf, bool):
        raise DtypeError(
            f"{who} by {path} = {leaf}, an integer: a slope needs real numbers{at(here())}.\n"
            f"Write {leaf}.0, or choose other arguments with argnums"
        )
    else:
        raise TypeError(
            f"{who} by {path}, which is {_described(leaf)}, no number{at(here())}.\n"
            "Pass it in another argument, and choose those to differentiate by with argnums"
        )
    if array.dtype.kind != "f":
        instead = "the real and the imaginary part apart" if array.dtype.kind == "c" else f"{path}.astype(float)"
        raise DtypeError(
            f"{who} by {path}, an array of {array.dtype}: a slope needs real numbers{at(here())}.\n"
            f"Pass {instead}, or choose other arguments with argnums"
        )
    if isinstance(leaf, Value) and leaf._requires_grad and recording:
        return apply(Same, leaf)  # type: ignore[no-any-return]
    kind = type(leaf) if isinstance(leaf, Value) else Tensor
    return wrap(kind, array, None, True)  # type: ignore[no-any-return]


# ----------------------------------------------------------------------------- what is returned


def result_leaves(who: str, f: Callable[..., Any], result: Any, name: str = "the result") -> list[tuple[str, Any]]:
    """The parts of what f returned. Raises TypeError or DtypeError for a part that is no real number."""
    if result is None:
        raise TypeError(f"{who}: {_called(f)} returned nothing{at(here())}.\nA return may be missing at its end")
    found = []
    for path, leaf in _leaves(result, name):
        if isinstance(leaf, bool):
            kind = "O"
        else:
            kind = leaf.dtype.kind if hasattr(leaf, "dtype") else "f" if isinstance(leaf, (int, float)) else "O"
        if kind in "iubc":
            raise DtypeError(
                f"{who}: {_called(f)} returned {leaf.dtype} in {path}, which has no slope{at(here())}.\n"
                "Return real numbers; what is only to be looked at goes into aux: return result, aux with has_aux=True"
            )
        if kind != "f":
            raise TypeError(
                f"{who}: {_called(f)} returned {_described(leaf)} in {path}, no number{at(here())}.\n"
                "Return numbers, arrays, or containers of them; anything else goes into aux: has_aux=True"
            )
        found.append((path, leaf))
    return found


def matched(who: str, what: str, wanted: Sequence[tuple[str, Any]], given: Any, root: str) -> list[Any]:
    """One array for each wanted leaf, of its shape and dtype, from the same containers.

    `wanted` are leaves by their path below `root`. Raises TypeError for other containers, ShapeError for
    another shape, DtypeError for what is no number.
    """
    offered = dict(_leaves(given, root))
    if offered.keys() != {path for path, _ in wanted}:
        raise TypeError(
            f"{who} was given {what} in other containers: {_paths(offered)}, not {_paths(p for p, _ in wanted)}"
            f"{at(here())}.\nGive one for each, in the same tuples, lists and dicts; zeros where nothing changes"
        )
    found = []
    for path, leaf in wanted:
        one = offered[path]
        array = array_of(one)
        shape = np.shape(array_of(leaf))
        dtype = getattr(leaf, "dtype", np.dtype(float))
        if np.shape(array) != shape:
            raise ShapeError(
                f"{who} was given {what} of shape {np.shape(array)} for {path} of shape {shape}{at(here())}.\n"
                "Give one number for each element"
            )
        if not hasattr(array, "dtype"):
            array = library_of(array_of(leaf)).asarray(array)
        if type(array) is not np.ndarray or type(array_of(leaf)) is not np.ndarray:
            check_same_library(array, array_of(leaf))
        if array.dtype.kind not in "fiu":
            raise DtypeError(
                f"{who} was given {what} of {array.dtype} for {path}{at(here())}.\nGive one real number for each"
            )
        if isinstance(one, Value):
            found.append(one if one.dtype == dtype else one.astype(dtype))  # type: ignore[attr-defined]
        else:
            found.append(numbers(array if array.dtype == dtype else array.astype(dtype)))
    return found


def _paths(paths: Iterable[str]) -> str:
    return ", ".join(paths) or "nothing"


def one_number(who: str, run: Run) -> None:
    """Raise GradError or ShapeError unless the run returned one number."""
    if len(run.parts) != 1 or isinstance(run.result, (tuple, list, dict)):
        raise GradError(
            f"{who} needs a function of one number, and this one returned {_described(run.result)}{at(here())}.\n"
            "Return the number alone, (number, aux) with has_aux=True, or take jacobian(f) for all of them"
        )
    shape = np.shape(array_of(run.parts[0]))
    if shape and set(shape) != {1}:
        raise ShapeError(
            f"{who} needs a function of one number, and this one returned shape {shape}{at(here())}.\n"
            "Reduce it, return y.sum(); or take jacobian(f), or elementwise_grad(f) if its elements keep to themselves"
        )


def _called(f: Callable[..., Any]) -> str:
    return str(getattr(f, "__name__", None) or "the function")


def _described(thing: Any) -> str:
    if isinstance(thing, (tuple, list, dict)) and type(thing) in (tuple, list, dict):
        return f"a {type(thing).__name__} of {len(thing)}"
    return "None" if thing is None else f"a {type(thing).__name__}"
