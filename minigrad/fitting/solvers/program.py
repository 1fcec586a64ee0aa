"""A model as a list of operations, which is run again without the model.

One idea: who cannot look cannot branch. The model is run once on placeholders that have no value. What can be done
to one is an elementwise operation, and that is written down; whatever asks it for a number, a truth or a shape (an
`if`, a comparison, float(b), an index) ends the attempt. So what was written down cannot depend on the values of the
parameters: it is what the model does at all of them. Run again it gives the numbers and the slopes of minigrad's own
record to the bit, for the operations, the rules and their order are the same; it saves the recording, which on 100
points costs five times the arithmetic.

That rests on the model being a function of its arguments. One that draws random numbers, or does something else with
a class that it does not know, or stops a gradient, writes down another graph or other numbers than minigrad records:
the two are compared once (`rows.py`), and where they differ in a bit the program is not used.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from minigrad.gradient import zero_where_zero
from minigrad.op import Op, by_numpy
from minigrad.ops import Where

Floats = NDArray[np.float64]


class _SeenError(TypeError):
    """A placeholder was asked for what it does not know."""


class _Blind(np.lib.mixins.NDArrayOperatorsMixin):
    """A placeholder for a number or an array: it can be computed with, and says nothing."""

    __slots__ = ("_notes",)

    def __init__(self, notes: "_Notes") -> None:
        self._notes = notes

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> "_Blind":
        return self._notes.written(by_numpy.get(ufunc) if method == "__call__" else None, inputs, keywords)

    def __array_function__(self, function: Any, types: Any, args: Any, keywords: Any) -> "_Blind":
        return self._notes.written(Where if function is np.where else None, args, keywords)

    def _asked(self, *args: Any) -> NoReturn:
        self._notes.refuse()

    def __getattr__(self, name: str) -> NoReturn:
        self._notes.seen = True  # whoever asked may do without: hasattr
        raise AttributeError(name)

    __bool__ = __float__ = __int__ = __index__ = __complex__ = __array__ = _asked
    __len__ = __iter__ = __getitem__ = __contains__ = __hash__ = __repr__ = __str__ = __format__ = _asked


class _Notes:
    """What was done to the placeholders, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[type[Op], tuple[Any, ...], _Blind]] = []
        self.seen = False
        """Whether somebody looked: a model that catches the refusal has still asked."""

    def refuse(self) -> NoReturn:
        self.seen = True
        raise _SeenError

    def written(self, op: type[Op] | None, args: Sequence[Any], keywords: Any) -> _Blind:
        """Write a call down, and return the placeholder of its result."""
        if op is None or keywords or not op.elementwise or op.variadic or len(args) != len(op.parameters):
            self.refuse()
        for rule, arg in zip(op.rules, args, strict=True):
            if rule is None if isinstance(arg, _Blind) else not _is_plain(arg):
                self.refuse()
        result = _Blind(self)
        self.calls.append((op, tuple(args), result))
        return result


def _is_plain(arg: Any) -> bool:
    """Whether a constant is a number, or an array of numbers, and no class of somebody's own."""
    if type(arg) is np.ndarray or isinstance(arg, np.generic):
        return arg.dtype.kind in "fiub"
    return type(arg) in (int, float, bool)


Graph = list[tuple[type[Op], list[tuple[int, int]]]]
"""Each call in order: its operation, and for each argument that moves its number, the last first, and where it came
from: the number of a leaf, or that of a call counted on from them."""


class Program:
    """The operations of a model, in order: its values at the leaves, and the slopes by them at each point."""

    def __init__(self, calls: Sequence[tuple[type[Op], tuple[Any, ...], _Blind]], leaves: Sequence[_Blind]) -> None:
        self.leaves = len(leaves)
        self.constants = [arg for _, args, _ in calls for arg in args if not isinstance(arg, _Blind)]
        self.forward: list[tuple[Callable[..., Any], Callable[[Any], Any]]] = []
        self.back: list[Any] = []
        self.graph: Graph = []
        first = len(leaves) + len(self.constants)
        numbers = {id(leaf): k for k, leaf in enumerate(leaves)}
        numbers |= {id(result): first + k for k, (_, _, result) in enumerate(calls)}
        constant = iter(range(len(leaves), first))
        masking = max((k for k, (op, _, _) in enumerate(calls) if op.masks), default=-1)
        for k, (op, args, _) in enumerate(calls):
            at = [numbers[id(arg)] if isinstance(arg, _Blind) else next(constant) for arg in args]
            # A slice where there is one, because one key alone would bring no list.
            taken = operator.itemgetter(*at) if len(at) > 1 else operator.itemgetter(slice(at[0], at[0] + 1))
            ways = [n for n in reversed(range(len(at))) if isinstance(args[n], _Blind)]
            self.forward.append((op.forward, taken))
            self.back.append((first + k, [(op.rules[n], at[n]) for n in ways], taken, k < masking))
            self.graph.append((op, [(n, at[n] if at[n] < first else at[n] - len(self.constants)) for n in ways]))
        self.back.reverse()

    def run(self, leaves: Sequence[Any]) -> list[Any]:
        """Return all that is computed on the way; the last is what the model returns."""
        found = [*leaves, *self.constants]
        add = found.append
        for forward, taken in self.forward:
            add(forward(*taken(found)))
        return found

    def slopes(self, found: Sequence[Any]) -> Floats:
        """Return the slopes by each leaf, of shape (leaves, n), where `run` found that."""
        n = len(found[-1])
        shares: list[Any] = [None] * len(found)
        shares[-1] = np.ones(n)
        for k, ways, taken, masked in self.back:
            g, args = shares[k], taken(found)
            for rule, origin in ways:
                c = rule(g, found[k], *args)
                if masked:
                    c = zero_where_zero(g, c)
                before = shares[origin]
                shares[origin] = c if before is None else before + c
        columns = np.zeros((self.leaves, n))
        for column, share in zip(columns, shares, strict=False):
            if share is not None:
                column[:] = share
        return columns


def program_of(run: Callable[..., Any], leaves: int) -> Program | None:
    """Return the program of a function of so many leaves; None where it is no list of elementwise operations."""
    notes = _Notes()
    blind = [_Blind(notes) for _ in range(leaves)]
    try:
        result = run(*blind)
    except Exception:  # whatever a model says to a placeholder: it will do without a program
        return None
    if notes.seen or not isinstance(result, _Blind):
        return None
    needed = {id(result)}
    calls = []
    for op, args, each in reversed(notes.calls):
        if id(each) in needed:
            calls.append((op, args, each))
            needed.update(id(arg) for arg in args)
    if not calls or calls[0][2] is not result:
        return None
    return Program(calls[::-1], blind)
