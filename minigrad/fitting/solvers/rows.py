"""The Jacobian of a model in one backward pass.

One idea: do not undo the broadcast. Where a parameter met n numbers, it was used n times, once at each point, and
the gradient of a sum would add the n shares up. Left apart they are the derivative at each point by that point's
own use: a column of the Jacobian. So the model is recorded once, with one number for each parameter, and gone back
through once, from ones; a rule of minigrad never adds up, that is the engine's part, and here it is left out. As
many parameters as there may be, they cost one pass: differences need one run of the model for each.

That is right where every recorded operation is elementwise, for then no point has to do with another. A model
with any other operation (a sum, a matrix product, an index) is differentiated column by column, by forward mode.

A model is not recorded again at the next place, if it is a list of operations: see `program.py`.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from minigrad import anomaly
from minigrad.gradient import zero_where_zero
from minigrad.value import wrap

from ..models import Model, checked
from .program import Graph, Program, program_of

_elementwise = operator.attrgetter("elementwise")

Floats = NDArray[np.float64]
Columns = Callable[[], Floats]

_MANY = 10_000
"""Of more points the arithmetic alone counts; a record keeps less of it in memory than a program does."""


class Rows:
    """The values of a model at n points, and its Jacobian by the parameters at `free`; the others are constants.

    `by_x` adds a last column: the derivative by x itself, of shape (n,).
    """

    def __init__(self, model: Model, x: Any, n: int, free: Sequence[int], by_x: bool = False) -> None:
        self.model = model
        self.x = x
        self.n = n
        self.free = tuple(free)
        self.by_x = by_x
        self._program: Program | None = None
        self._asked = n > _MANY
        """Whether there is nothing more to find out about a program."""
        self._held: dict[int, float] = {}
        """The values of the parameters that are not free: the program has them as constants."""

    def at(self, values: Sequence[float], x: Floats | None = None) -> tuple[Floats, Columns]:
        """Return the n values, and a function that returns the Jacobian there, of shape (n, parameters).

        `x` takes the place of the x of all points. Values may be infinite or NaN. Raises as `Model.at` does, and what
        minigrad raises for a model that it cannot differentiate.
        """
        program = self._program if x is None or self.by_x else None
        x = self.x if x is None else x
        if program is not None and all(values[k] == value for k, value in self._held.items()):
            found = program.run(self._leaves(values, x))
            return found[-1], lambda: program.slopes(found).T
        arguments: list[Any] = list(values)
        leaves = []
        for k in self.free:
            arguments[k] = leaf = wrap(mg.Tensor, np.float64(values[k]), None, True)
            leaves.append(leaf)
        moving = x
        if self.by_x:
            moving = wrap(mg.Tensor, x, None, True)
            leaves.append(moving)
        if mg.is_grad_enabled():
            result = self.model(moving, arguments)
        else:
            with mg.enable_grad():
                result = self.model(moving, arguments)

        def jacobian() -> Floats:
            columns = np.zeros((len(leaves), self.n))
            if isinstance(result, mg.Tensor) and result.requires_grad:
                calls = mg.history(result)
                if result.shape == (self.n,) and all(map(_elementwise, calls)):
                    _shares(result, calls, leaves, columns)
                    if not self._asked and not anomaly.on and (self.by_x or x is self.x):
                        self._take_down(values, x, _graph(calls, leaves), result._array, columns)
                else:
                    self._by_columns(values, x, columns)
            return columns.T

        return checked(self.model.title, result, self.n), jacobian

    def _leaves(self, values: Sequence[float], x: Any) -> list[Any]:
        """What the slopes are taken by, as minigrad would have it recorded."""
        leaves: list[Any] = [np.float64(values[k]) for k in self.free]
        if self.by_x:
            leaves.append(x)
        return leaves

    def _take_down(self, values: Sequence[float], x: Any, graph: Graph, y: Floats, columns: Floats) -> None:
        """Have the program of the model from now on, if it does at these values what was recorded, to the bit."""
        self._asked = True
        arguments: list[Any] = list(values)

        def run(*leaves: Any) -> Any:
            for k, leaf in zip(self.free, leaves, strict=False):
                arguments[k] = leaf
            return self.model(leaves[-1] if self.by_x else x, arguments)

        program = program_of(run, len(columns))
        if program is None or program.graph != graph:
            return
        found = program.run(self._leaves(values, x))
        if _same(found[-1], y) and _same(program.slopes(found), columns):
            self._held = {k: value for k, value in enumerate(values) if k not in self.free}
            self._program = program

    def _by_columns(self, values: Sequence[float], x: Any, columns: Floats) -> None:
        """The same by forward mode, a run of the record for each parameter."""

        def f(*moving: Any) -> Any:
            arguments: list[Any] = list(values)
            for k, value in zip(self.free, moving, strict=False):
                arguments[k] = value
            y = self.model(moving[-1] if self.by_x else x, arguments)
            return y if np.shape(y) == (self.n,) else y + np.zeros(self.n)

        at = [np.float64(values[k]) for k in self.free]
        with mg.enable_grad():
            if self.by_x:  # a point of the curve has to do with its own x alone
                columns[-1] = mg.jvp(lambda x: f(*at, x), (x,), (np.ones(self.n),))[1]
            if at:
                found = mg.jacobian(lambda *moving: f(*moving, x), tuple(range(len(at))))(*at)
                columns[: len(at)] = found


def _graph(calls: Sequence[Any], leaves: Sequence[mg.Tensor]) -> Graph:
    """What was recorded, newest first, as a program tells it."""
    numbers: dict[Any, int] = {leaf: k for k, leaf in enumerate(leaves)}
    numbers |= {call: len(leaves) + k for k, call in enumerate(reversed(calls))}
    return [(type(call), [(n, numbers[origin]) for n, _, origin in call.record[0]]) for call in reversed(calls)]


def _same(one: Any, other: Floats) -> bool:
    """Whether two arrays are the same to the bit."""
    return type(one) is np.ndarray and one.dtype == other.dtype and one.tobytes() == other.tobytes()


def _shares(result: mg.Tensor, calls: Sequence[Any], leaves: Sequence[mg.Tensor], columns: Floats) -> None:
    """Go back from ones, each share left at its point; the columns are those of `leaves`."""
    shares: dict[Any, Any] = {result.creator or result: np.ones(len(columns.T))}
    masked = False
    for call in calls:
        g = shares.pop(call, None)
        if g is None:
            continue
        ways, args, out, _, masks = call.record
        if out is None:
            out = call
        for _, rule, origin in ways:
            c = rule(g, out, *args)
            if masked:  # behind a mask 0 means "not taken", and 0 · ∞ is 0 there
                c = zero_where_zero(g, c)
            before = shares.get(origin)
            shares[origin] = c if before is None else before + c
        masked = masked or masks
    for column, leaf in zip(columns, leaves, strict=True):
        share = shares.get(leaf)
        if share is not None:
            column[:] = share
