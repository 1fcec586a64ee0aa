"""Programs that nobody wrote: straight lines of operations, drawn with the reuse that breaks a backward pass.

One idea: a program is its source. Each line makes one value from values before it, `m` stands for any
module with NumPy's names, and what is printed of a failing program is what was run.
"""

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import SearchStrategy

import minigrad

from ..source import paste
from .arrays import filled
from .numbers import values
from .options import elements_of, pair
from .shapes import narrowed, shapes

LARGEST = 2.0**16
"""The largest value to go on with: what is added to a larger one drowns in its rounding errors."""
CLEARANCE = 2.0**-6
"""How far a step stays from a kink."""
MOST = 24
"""The most elements of a value."""

NEAR = 8
"""How many of the first and of the latest values there are to choose from."""


@dataclass(frozen=True)
class Operation:
    """A step that a program may take: an expression in `m` (the module), `x`, and `y` if it takes two values.

    `np` in it is always NumPy, for constants. `clear(x, y)` says at which arrays the step may be taken:
    where it is defined and smooth, not too steep and not too flat to measure; everywhere if None. Two
    values always broadcast. Raises InvalidArgument for text that is no such expression.

    >>> Operation("m.hypot(x, y)", clear=lambda x, y: bool((x * x + y * y > 1).all())).arity
    2
    """

    expression: str
    clear: Callable[..., bool] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        try:
            names = compile(self.expression, "<operation>", "eval").co_names
        except SyntaxError as error:
            names = (f": {error.msg}",)
        if "x" not in names:
            why = names[0] if names and names[0][0] == ":" else " in x"
            raise InvalidArgument(f'{self.expression!r} is no expression{why}.\nWrite one such as "m.hypot(x, y)"')

    @property
    def arity(self) -> int:
        """How many values it takes."""
        return 1 + ("y" in _OPERAND.findall(self.expression))

    def line(self, *names: str) -> str:
        """The expression of values with these names."""
        return _OPERAND.sub(lambda found: names["xy".index(found[0])], self.expression)

    def result(self, *operands: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
        """What NumPy makes of the operands, or None if a program had better not go there."""
        if self.clear is not None and not self.clear(*operands):
            return None
        with np.errstate(all="ignore"):
            found = np.asarray(_compiled(self.expression)(np, *operands[: self.arity]))
        fits = found.dtype.kind == "f" and 0 < found.size <= MOST
        return found if fits and bool((np.abs(found) <= LARGEST).all()) else None


_OPERAND = re.compile(r"(?<![\w.])[xy](?!\w)")


@functools.cache
def _compiled(expression: str) -> Callable[..., Any]:
    return eval(f"lambda m, x, y=None: {expression}", {"np": np})  # type: ignore[no-any-return]


def _within(low: float, high: float) -> Callable[..., bool]:
    return lambda x: bool(((x >= low) & (x <= high)).all())


def _away(x: Any, y: Any = 0.0) -> bool:
    """No element of x near to that of y."""
    return bool((np.abs(x - y) >= CLEARANCE).all())


def _long(x: Any) -> bool:
    return bool(x.ndim)


def _one_extremum(x: Any) -> bool:
    """Along the first axis, the largest element larger than the next by a clear distance."""
    if not x.ndim:
        return False
    ordered = np.sort(x, axis=0)
    return len(x) == 1 or _away(ordered[-1], ordered[-2])


SMOOTH = {
    "add": Operation("m.add(x, y)"),
    "multiply": Operation("m.multiply(x, y)"),
    "subtract": Operation("m.subtract(x, y)"),
    "divide": Operation("m.divide(x, y)", lambda x, y: bool((np.abs(y) >= 0.25).all())),
    "power": Operation("m.power(x, y)", lambda x, y: _within(0.125, 16)(x) and _within(-4, 4)(y)),
    "negative": Operation("m.negative(x)"),
    "square": Operation("m.square(x)", _within(-16, 16)),
    "sin": Operation("m.sin(x)", _within(-64, 64)),
    "cos": Operation("m.cos(x)", _within(-64, 64)),
    "tanh": Operation("m.tanh(x)", _within(-4, 4)),
    "exp": Operation("m.exp(x)", _within(-8, 4)),
    "log": Operation("m.log(x)", _within(0.125, LARGEST)),
    "sqrt": Operation("m.sqrt(x)", _within(0.125, LARGEST)),
    "reciprocal": Operation("m.reciprocal(x)", lambda x: bool((np.abs(x) >= 0.25).all())),
    "half": Operation("0.5 * x"),
    "the rest": Operation("1 - x"),
    "same": Operation("x[...]"),
}
"""Operations without kinks, element by element."""

KINKED = {
    "maximum": Operation("m.maximum(x, y)", _away),
    "minimum": Operation("m.minimum(x, y)", _away),
    "absolute": Operation("m.absolute(x)", _away),
    "where": Operation("m.where(x > y, x, 0.5 * y)", _away),
    "max": Operation("m.max(x, axis=0)", _one_extremum),
    "min": Operation("m.min(x, axis=0)", lambda x: _one_extremum(-x)),
}
"""Operations with kinks or jumps, from which a program stays away."""

SHAPED = {
    "sum": Operation("m.sum(x)"),
    "sum of rows": Operation("m.sum(x, axis=-1)", _long),
    "mean, kept": Operation("m.mean(x, axis=0, keepdims=True)", _long),
    "flat": Operation("m.reshape(x, (-1,))"),
    "transpose": Operation("m.transpose(x)"),
    "backwards": Operation("x[::-1]", _long),
    "first": Operation("x[0]", _long),
    "repeated": Operation("x[np.array([0, -1, 0])]", _long),
    "twice": Operation("m.concatenate([x, x])", _long),
    "stack": Operation("m.stack([x, y])", lambda x, y: bool(x.shape == y.shape)),
    "matmul": Operation("m.matmul(x, y)", lambda x, y: bool(x.ndim and y.ndim and x.shape[-1] == y.shape[-2:][0])),
}
"""Operations that change shapes."""

OPERATIONS = {**SMOOTH, **KINKED, **SHAPED}
"""Every operation that a program may be asked for by name, besides NumPy's ufuncs."""


@dataclass(frozen=True, eq=False, repr=False)
class Program:
    """Lines of code that make values from leaves, x0, x1, ...; the last line's value is the result.

    `run` with the leaves is the function to differentiate, written with minigrad, or with any module
    that has NumPy's names; its repr is code that makes it again.

    >>> import numpy as np
    >>> p = Program([np.array([1.0, 2.0])], ["v0 = m.add(x0, x0)", "v1 = m.add(v0, x0)"])
    >>> p.run(*p.leaves, module=np)
    array([3., 6.])
    >>> print(p.source)
    def program(m, x0):
        v0 = m.add(x0, x0)
        v1 = m.add(v0, x0)
        return v1
    """

    leaves: Iterable[np.ndarray[Any, Any]]
    lines: Iterable[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "leaves", tuple(self.leaves))
        object.__setattr__(self, "lines", tuple(self.lines))

    @property
    def source(self) -> str:
        """The program as a function of a module and the leaves."""
        names = [f"x{n}" for n, _ in enumerate(self.leaves)]
        lines = list(self.lines)
        result = lines[-1].split(" = ")[0] if lines else names[0]
        return "\n    ".join([f"def program({', '.join(['m', *names])}):", *lines, f"return {result}"])

    @functools.cached_property
    def _function(self) -> Callable[..., Any]:
        found: dict[str, Any] = {"np": np}
        exec(compile(self.source, "<program>", "exec"), found)
        return found["program"]  # type: ignore[no-any-return]

    def run(self, *leaves: Any, module: Any = minigrad) -> Any:
        """The result at these leaves, computed with `module`. Raises TypeError for another number of leaves."""
        return self._function(module, *leaves)

    def __repr__(self) -> str:
        leaves = ", ".join(paste(leaf) for leaf in self.leaves)
        return f"Program([{leaves}], [{', '.join(map(repr, self.lines))}])"


def programs(
    ops: Iterable[str | Operation] | None = None,
    *,
    leaves: tuple[int, int] = (1, 3),
    length: tuple[int, int] = (1, 8),
    elements: SearchStrategy[float] | None = None,
) -> SearchStrategy[Program]:
    """Draw programs of up to `length` lines on `leaves` arrays, whose shapes broadcast, to 2 axes.

    A value is used many times over (once for each line and once more), beside itself (x - x), or
    directly and through a chain of other operations, an uneven diamond; one operation may be repeated
    to the end; leaves may have equal values; what is left unused is joined as far as the lines allow.
    A leaf that no line reads is left out. No value is beyond 2^16, at a kink or near a pole: there the
    chain rule promises nothing. An operation that would go there gives way to the next that does not,
    and the line is left out if there is none.

    `ops` are names (of `OPERATIONS`, or of NumPy's ufuncs) and Operations; all of OPERATIONS if None.
    `elements` are those of the leaves: short numbers between -2 and 2 if None. The simplest program
    is x0 + x0 at 0. Raises InvalidArgument, when drawn, for a name that is neither and for bad ranges.

    >>> from hypothesis import find
    >>> find(programs(["add"]), lambda p: len(p.lines) > 1)
    Program([np.array(0.)], ['v0 = m.add(x0, x0)', 'v1 = m.add(v0, v0)'])
    """
    return _programs(ops, leaves, length, elements)


@st.composite
def _programs(draw: st.DrawFn, ops: Any, leaves: Any, length: Any, elements: Any) -> Program:
    operations = _operations(ops)
    fewest, most = pair("leaves", leaves, 1)
    shortest, longest = pair("length", length, 1)
    steps = _Steps(draw, operations, most, elements_of(elements, values(min_value=-2, max_value=2, magnitudes=(-6, 0))))
    for _ in range(fewest):
        steps.new_leaf()
    # The larger of two: most of what breaks a backward pass takes several lines.
    steps.left = max(draw(st.integers(shortest, longest)), draw(st.integers(shortest, longest)))
    while steps.left > 0:
        steps.go_on()
    return _without_idle_leaves(Program([leaf for _, leaf in steps.leaves], steps.lines))


def _without_idle_leaves(program: Program) -> Program:
    """The program without leaves that no line reads, the others counted anew."""
    read = set(re.findall(r"\bx\d+\b", " ".join(program.lines))) or {"x0"}
    kept = [n for n, _ in enumerate(program.leaves) if f"x{n}" in read]
    names = {f"x{n}": f"x{new}" for new, n in enumerate(kept)}
    lines = [re.sub(r"\bx\d+\b", lambda found: names[found[0]], line) for line in program.lines]
    return Program([leaf for n, leaf in enumerate(program.leaves) if n in kept], lines)


def _operations(ops: Any) -> list[Operation]:
    """The operations asked for. Raises InvalidArgument for one that is not known."""
    found = []
    for op in OPERATIONS if ops is None else ops:
        ufunc = getattr(np, op, None) if isinstance(op, str) else None
        if isinstance(op, Operation):
            found.append(op)
        elif op in OPERATIONS:
            found.append(OPERATIONS[op])
        elif isinstance(ufunc, np.ufunc) and ufunc.nout == 1 and ufunc.nin < 3:
            found.append(Operation(f"m.{op}({', '.join('xy'[: ufunc.nin])})"))
        else:
            raise InvalidArgument(
                f"ops names {op!r}, which is no operation.\n"
                f'Give one of {", ".join(OPERATIONS)}; a ufunc of NumPy; or Operation("m.sinc(x)")'
            )
    if not found:
        raise InvalidArgument("ops is empty.\nName an operation, or leave it None for all")
    return found


_Named = tuple[str, np.ndarray[Any, Any]]


class _Steps:
    """A program while it is drawn: its values, each computed as it comes, and how many lines are left."""

    def __init__(
        self, draw: st.DrawFn, operations: list[Operation], most: int, elements: SearchStrategy[float]
    ) -> None:
        self.draw = draw
        self.all = operations
        self.of = {arity: [op for op in operations if op.arity == arity] for arity in (1, 2)}
        self.most = most
        self.elements = elements
        self.shape = draw(shapes(max_dims=2, max_size=6, allow_empty=False))
        self.leaves: list[_Named] = []
        self.made: list[_Named] = []
        self.unused: list[str] = []
        self.lines: list[str] = []
        self.left = 0

    def new_leaf(self, beside: _Named | None = None) -> _Named:
        """One leaf more, sometimes of the same values as another; it broadcasts with the value `beside` it."""
        twins = [leaf for _, leaf in self.leaves if beside is None or _broadcast(leaf.shape, beside[1].shape)]
        if twins and self.draw(st.integers(0, 3)) == 3:
            leaf = twins[0].copy()
        else:
            fits = beside is None or _broadcast(self.shape, beside[1].shape)
            shape = narrowed(self.draw, self.shape if fits or beside is None else beside[1].shape)
            leaf = filled(self.draw, shape, np.dtype(np.float64), self.elements, ties=True)
        self.leaves.append((f"x{len(self.leaves)}", leaf))
        self.unused.append(self.leaves[-1][0])
        return self.leaves[-1]

    def go_on(self) -> None:
        """Draw what to do next, and do it: at least one line is spent."""
        loose = [value for value in self.near() if value[0] in self.unused]
        x = self.pick()
        # Joining what is loose takes the other lines. A value that was read before makes one more loose end.
        room = self.left + 1 - len(loose) - (x[0] not in self.unused)
        kinds = ["step", "step"]
        kinds += ["repeat"] if room > 1 and self.of[1] else []
        kinds += ["reuse", "reuse"] if room > 1 and self.of[2] else []
        kinds += ["diamond", "diamond"] if room > 1 and self.of[1] and self.of[2] else []
        kind = self.draw(st.sampled_from(kinds))
        if room < 1 and self.of[2]:
            x = loose[-1]
            self.take(self.one_of(2), x, self.partner(x, other=True))
        elif kind == "step":
            op = self.draw(st.sampled_from(self.all))
            self.take(op, x, self.partner(x) if op.arity == 2 else x)
        elif kind == "repeat":
            op = self.one_of(1)
            for _ in range(self.draw(st.integers(2, room))):
                x = self.take(op, x, x)
        elif kind == "reuse":
            op = self.one_of(2)
            total = self.partner(x)
            for _ in range(self.draw(st.integers(2, room))):
                total = self.take(op, total, x)
        else:
            end = x
            for _ in range(self.draw(st.integers(1, min(room - 1, 3)))):
                end = self.take(self.one_of(1), end, end)
            self.take(self.one_of(2), *((end, x) if self.draw(st.booleans()) else (x, end)))

    def one_of(self, arity: int) -> Operation:
        """An operation that takes so many values."""
        return self.draw(st.sampled_from(self.of[arity]))

    def near(self) -> list[_Named]:
        """The values to choose from: the leaves and the latest. In a long program that is not all."""
        return self.leaves + self.made[-NEAR:]

    def pick(self) -> _Named:
        """A value: half of the time the last one, else another, one not used yet before the rest, or a new leaf."""
        last, *others = self.near()[::-1] if self.made else self.leaves
        order = [last, *(v for v in others if v[0] in self.unused), *(v for v in others if v[0] not in self.unused)]
        n = self.draw(st.integers(0, 2 * len(order)))
        if n == 2 * len(order) and len(self.leaves) < self.most:
            return self.new_leaf()
        return order[n] if n < len(order) else last

    def partner(self, x: _Named, other: bool = False) -> _Named:
        """A value that broadcasts with x: x itself, any, one not used yet, or a new leaf; if `other`, not x."""
        fitting = [v for v in self.near() if v[0] != x[0] and _broadcast(v[1].shape, x[1].shape)]
        unused = [v for v in fitting if v[0] in self.unused]
        old = [*([] if other and fitting else [x]), *unused, *fitting]
        n = self.draw(st.integers(0, len(old) - 1 if other or len(self.leaves) == self.most else 2 * len(old)))
        return old[n] if n < len(old) else self.new_leaf(x)

    def take(self, op: Operation, x: _Named, y: _Named) -> _Named:
        """Write the line of this operation, or of the next that may be taken here; return its value, or x."""
        self.left -= 1
        same = self.of[op.arity]
        if op.arity == 2 and not _broadcast(x[1].shape, y[1].shape):
            y = x
        start = same.index(op)
        for other in [*same[start:], *same[:start]]:
            operands = (x, y)[: op.arity]
            result = other.result(*(array for _, array in operands))
            if result is not None:
                names = [name for name, _ in operands]
                self.unused = [name for name in self.unused if name not in names]
                made = (f"v{len(self.lines)}", result)
                self.lines.append(f"{made[0]} = {other.line(*names)}")
                self.made.append(made)
                self.unused.append(made[0])
                return made
        return x


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1]))
