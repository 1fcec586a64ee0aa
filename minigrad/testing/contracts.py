"""What a backward pass must keep to beside its numbers.

One idea: a pullback is a linear map that owns nothing. So the same call gives the same answer, sums
go to sums and 0 to 0, no memory layout matters, nothing that was passed in is written to or handed
back, and what the forward pass has read may be changed afterwards. Each contract is a function of
the backward pass and its Jacobian; a broken one raises GradientMismatch with its name.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from ..containers import leaves
from ..errors import MinigradError
from ..mode import no_grad
from ..value import Value
from .backward import Backward
from .evidence import Evidence, Verdict
from .options import LAYOUTS
from .page import broken
from .probe import Array, place


def laid_out(array: Array, layout: str) -> Array:
    """The same numbers in another memory layout; `broadcast` is the first number everywhere, at stride 0."""
    if layout == "F":
        return np.array(array, order="F", copy=True)
    if layout == "reversed":
        flip = (slice(None, None, -1),) * array.ndim
        return np.array(array[flip], order="C", copy=True)[flip] if array.ndim else array.copy()
    if layout == "broadcast":
        first = array.reshape(-1)[:1].copy()
        return np.broadcast_to(first.reshape((1,) * array.ndim), array.shape) if array.size else array.copy()
    return np.array(array, order="C", copy=True)


class Contracts:
    """The contracts of one backward pass at one point."""

    def __init__(
        self,
        backward: Backward,
        evidence: Evidence,
        *,
        layouts: Sequence[str] = LAYOUTS,
        mutable: bool = True,
        zero_times_inf: str = "error",
        rng: int = 0,
    ) -> None:
        self.backward, self.evidence = backward, evidence
        self.jacobian: Array | None = None
        """(outputs, inputs), what the pullback said row by row; None if only a sample of the rows is known."""
        self.probe = backward.probe
        self.layouts, self.mutable, self.zero_times_inf = tuple(layouts), mutable, zero_times_inf
        self.rng = np.random.default_rng(rng)
        self.u = self._dyadic(self.probe.middle.size)

    def _dyadic(self, size: int) -> Array:
        """Short dyadic numbers, uneven, never 0, and of alternating sign."""
        found = self.rng.choice(np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0]), size=size)
        found[::2] *= -1
        return found

    @cached_property
    def pullback(self) -> Any:
        """One backward pass, asked again and again."""
        return self.backward.forward()[2]

    def pull(self, row: Array, pullback: Any = None) -> list[Array]:
        """Copies of the gradients for a flat row over all outputs."""
        return [np.array(g, copy=True) for g in self.gradients(pullback or self.pullback, self.backward.split(row))]

    def gradients(self, pullback: Any, upstream: list[Array]) -> list[Any]:
        """The gradients as they came, each of the shape of its argument."""
        found = self.backward.pull(pullback, upstream)
        for leaf, gradient in zip(self.probe.inputs, found):
            if np.shape(gradient) != leaf.array.shape:
                self.fail(
                    "shape",
                    f"the gradient of {leaf.path} has another shape than {leaf.path} for g = {_text(upstream)}",
                    actual=np.shape(gradient),
                    desired=leaf.array.shape,
                )
        return found

    def fail(self, contract: str, sentence: str, actual: Any = None, desired: Any = None, hint: str = "") -> NoReturn:
        raise broken(self.evidence, contract, sentence, actual=actual, desired=desired, hint=hint)

    def check(self, names: Sequence[str]) -> list[str]:
        """Check these contracts, in their order here; return the names of those that were checked."""
        table: dict[str, Callable[[], bool]] = {
            "untouched": self.untouched,
            "dtype": self.dtype,
            "deterministic": self.deterministic,
            "zero": self.zero,
            "linear": self.linear,
            "alias": self.alias,
            "layout": self.layout,
            "saved": self.saved,
        }
        return [name for name, contract in table.items() if name in names and contract()]

    # ------------------------------------------------------------------------- one contract each

    def dtype(self) -> bool:
        """A gradient has the dtype of what it is the gradient of."""
        found = self.gradients(self.pullback, self.backward.split(self.u))
        for leaf, gradient in zip(self.probe.inputs, found):
            dtype = getattr(gradient, "dtype", None)
            if dtype is None:
                if not isinstance(gradient, float):
                    self.fail(
                        "dtype", f"the gradient of {leaf.path} is a {type(gradient).__name__}, not an array of floats"
                    )
                dtype = np.dtype(np.float64)
            if dtype != leaf.array.dtype:
                self.fail(
                    "dtype",
                    f"the gradient of {leaf.path} has another dtype than {leaf.path}",
                    actual=str(dtype),
                    desired=str(leaf.array.dtype),
                    hint="a float64 constant, or a count of integers, has widened it",
                )
        return True

    def deterministic(self) -> bool:
        """Two backward passes of one forward pass, and one of another, agree."""
        first, second = self.pull(self.u), self.pull(self.u)
        _, _, pullback = self.backward.forward()
        third = self.pull(self.u, pullback)
        for leaf, a, b, c in zip(self.probe.inputs, first, second, third):
            for again, what in ((b, "the second backward pass"), (c, "the backward pass of a second forward pass")):
                where = self._differs(again, a, self._rounding(a))
                if where is not None:
                    self.fail(
                        "deterministic",
                        f"{what} gives another gradient of {place(leaf.path, where)} than the first",
                        actual=again[where],
                        desired=a[where],
                        hint="something random, or something kept that the first pass has used up or changed",
                    )
        return True

    def zero(self) -> bool:
        """No incoming gradient, no gradient."""
        for leaf, gradient in zip(self.probe.inputs, self.pull(np.zeros(self.probe.middle.shape))):
            wrong = ~(gradient == 0) & np.isfinite(leaf.array)  # there is no derivative at a NaN or an infinity
            if self.zero_times_inf == "allow" or not np.isfinite(self.probe.middle).all():
                wrong &= ~np.isnan(gradient)  # 0 times the slope of a value that is no number is none either
            if wrong.any():
                where = tuple(int(i) for i in np.argwhere(wrong)[0])
                nan = bool(np.isnan(gradient[where]))
                self.fail(
                    "zero",
                    f"with an incoming gradient of 0 the gradient of {place(leaf.path, where)} is not 0",
                    actual=gradient[where],
                    desired=0.0,
                    hint="0 * inf: the derivative is infinite here, and what is not asked for should stay out of it"
                    if nan
                    else "a backward pass is linear: something is added that does not depend on the incoming gradient",
                )
        return True

    def linear(self) -> bool:
        """Sums go to sums and multiples to multiples, negative, large and small ones."""
        # All bits of the mantissa, as g has in the middle of a program.
        u = self.u * (1 + self.rng.uniform(0.0, 2.0**-4, self.u.shape))
        u = np.concatenate([np.ravel(g) for g in self.backward.split(u)]).astype(np.float64)
        found = self.pull(u)
        if not all(np.isfinite(gradient).all() for gradient in found):
            return False
        if self.jacobian is None:  # a sample of rows: another row must do for all
            v = self._dyadic(u.size)[::-1]
            parts, both = self.pull(v), self.pull(u + v)
            whole = [a.astype(np.float64) + b for a, b in zip(found, parts)]
            self._equal("for a sum of two g it is not the sum", both, whole, self._slack([*found, *parts]))
        elif np.isfinite(self.jacobian).all():
            self._is_sum(u, found, self.jacobian.astype(np.float64))
            if u.size > 1:
                holed = u.copy()
                holed[self.rng.integers(u.size)] = 0.0
                self._is_sum(holed, self.pull(holed), self.jacobian.astype(np.float64))
        power = 20 if self.probe.narrow < 1e-5 else 4
        for factor in (-1.0, 2.0**power, 2.0 ** (-2 * power)):
            multiple = f"for {factor:g} times a g it is not {factor:g} times as much"
            wanted = [factor * g.astype(np.float64) for g in found]
            if all((np.abs(g) < self._most).all() for g in wanted):
                self._equal(multiple, self.pull(factor * u), wanted, abs(factor) * self._slack(found) + self._least)
        return True

    def _is_sum(self, u: Array, found: list[Array], rows: Array) -> None:
        """The gradient for u is the sum of the rows, weighted by u."""
        sentence = f"for g = {_text(self.backward.split(u))} it is not the weighted sum of those for one-hot g"
        self._equal(sentence, found, self._by_leaf(u @ rows), self._slack([np.abs(u).max(initial=0.0) * rows, *found]))

    def _slack(self, gradients: Sequence[Array]) -> float:
        """How far apart two gradients may be that should be one: half of the digits of the largest of these, or the
        rounding of terms as large as the values over the arguments, which may cancel in a gradient."""
        finite = [np.abs(g[np.isfinite(g)]).max(initial=0.0) for g in gradients]
        middle = self.probe.middle
        values = float(np.abs(middle[np.isfinite(middle)]).max(initial=0.0)) * max(1.0, 1 / self.probe.smallest)
        narrow = self.probe.narrow
        half = float(np.sqrt(narrow))
        return max(half * float(max(finite, default=0.0)), min(256 * narrow, half) * values, self._known(), self._least)

    @property
    def _most(self) -> float:
        """A quarter of the largest number: beyond it a product may overflow."""
        return min(float(np.finfo(leaf.array.dtype).max) / 4 for leaf in (*self.probe.inputs, *self.probe.outputs))

    @property
    def _least(self) -> float:
        """Where numbers end: a product below it has lost its digits."""
        dtypes = [leaf.array.dtype for leaf in (*self.probe.inputs, *self.probe.outputs)]
        return 256 * max(float(np.finfo(dtype).smallest_subnormal) for dtype in dtypes)

    def _known(self) -> float:
        """How well the slopes themselves were known: what cancels in the function has cancelled in its gradient."""
        e = self.evidence
        single = np.array([column.leaf is not None for column in e.columns], bool)
        sure = np.isin(e.status, ("smooth", "noisy")) & (e.verdict != Verdict.WRONG) & single & np.isfinite(e.allowed)
        return len(e.rows) * float(e.allowed[sure].max(initial=0.0)) if e.actual.size else 0.0

    def _rounding(self, gradient: Array) -> float:
        """How far apart two gradients may be that ran through the same operations, at most in another order."""
        return 64 * self.probe.narrow * float(np.abs(gradient[np.isfinite(gradient)]).max(initial=0.0))

    def _by_leaf(self, row: Array) -> list[Array]:
        parts, start = [], 0
        for leaf in self.probe.inputs:
            parts.append(row[start : start + leaf.array.size].reshape(leaf.array.shape))
            start += leaf.array.size
        return parts

    def _equal(self, sentence: str, found: list[Array], wanted: list[Array], slack: float) -> None:
        """Whether gradients are what linearity wants."""
        for leaf, actual, desired in zip(self.probe.inputs, found, wanted):
            wrong = ~(np.abs(actual - desired) <= slack)
            if wrong.any():
                where = tuple(int(i) for i in np.argwhere(wrong)[0])
                self.fail(
                    "linear",
                    f"the gradient of {place(leaf.path, where)} is not linear in the incoming gradient: {sentence}",
                    actual=actual[where],
                    desired=desired[where],
                    hint="the backward pass tests g, clips it, or multiplies it by itself",
                )

    def untouched(self) -> bool:
        """Neither the arguments nor the output nor the incoming gradient are written to."""
        if not self.mutable:
            return False
        handed, out, pullback = self.backward.forward()
        results = [leaf for _, leaf in leaves(out) if isinstance(_array(leaf), np.ndarray)]
        before = [np.array(_array(x), copy=True) for x in handed]
        returned = [np.array(_array(y), copy=True) for y in results]
        upstream = self.backward.split(self.u)
        kept = [g.copy() for g in upstream]
        self.backward.pull(pullback, upstream)
        for leaf, x, old in zip(self.probe.inputs, handed, before):
            self._unwritten(f"argument {leaf.path}", _array(x), old)
        for y, old in zip(results, returned):
            self._unwritten("output", _array(y), old)
        for leaf, g, old in zip(self.probe.outputs, upstream, kept):
            self._unwritten(f"incoming gradient of {leaf.path}", g, old)
        return True

    def _unwritten(self, what: str, now: Any, old: Array) -> None:
        where = self._differs(np.asarray(now), old, 0.0)
        if where is not None:
            self.fail(
                "untouched",
                f"the backward pass writes into its {what}, at {list(where)}",
                actual=np.asarray(now)[where],
                desired=old[where],
                hint="an in-place operator (g *= ..., x -= ...) on what the caller still needs",
            )

    def alias(self) -> bool:
        """The gradients are arrays of their own: one may be added to without changing anything else."""
        if not self.mutable:
            return False
        for row in (self.u, np.ones(self.u.size)):  # with g = 1 there may be a short cut that hands out what it has
            self._unshared(row)
        return True

    def _unshared(self, row: Array) -> None:
        handed, _, pullback = self.backward.forward()
        upstream = self.backward.split(row)
        found = self.gradients(pullback, upstream)
        others: list[tuple[str, Any]] = [
            (f"the argument {leaf.path}", _array(x)) for leaf, x in zip(self.probe.inputs, handed)
        ]
        others += [(f"the incoming gradient of {leaf.path}", g) for leaf, g in zip(self.probe.outputs, upstream)]
        for leaf, gradient in zip(self.probe.inputs, found):
            if not isinstance(gradient, np.ndarray):
                continue
            for what, other in others:
                if isinstance(other, np.ndarray) and gradient.size and np.shares_memory(gradient, other):
                    self.fail(
                        "alias",
                        f"the gradient of {leaf.path} shares its memory with {what}",
                        hint="whoever adds to the one changes the other: return a copy",
                    )
            others.append((f"the gradient of {leaf.path}", gradient))
        for leaf, first, second in zip(self.probe.inputs, found, self.gradients(pullback, self.backward.split(row))):
            both = isinstance(first, np.ndarray) and isinstance(second, np.ndarray)
            if both and first.size and np.shares_memory(first, second):
                self.fail(
                    "alias",
                    f"the gradient of {leaf.path} has the same memory in two backward passes",
                    hint="a buffer that is used again: the second pass changes what the first has returned",
                )

    def layout(self) -> bool:
        """The memory layout of the incoming gradient does not matter."""
        known = False
        for layout in self.layouts:
            if layout == "C":
                continue
            plain = self.backward.split(self.u)
            odd = [laid_out(g, layout) for g in plain]
            straight = self.gradients(self.pullback, [np.array(g, order="C", copy=True) for g in odd])
            expected = [np.array(g, copy=True) for g in straight]
            for leaf, gradient, good in zip(self.probe.inputs, self.gradients(self.pullback, odd), expected):
                where = self._differs(np.asarray(gradient), np.asarray(good), self._slack([np.asarray(good)]))
                if where is not None:
                    name = {"F": "Fortran order", "reversed": "negative strides", "broadcast": "stride 0"}[layout]
                    self.fail(
                        "layout",
                        f"the gradient of {place(leaf.path, where)} depends on the memory layout of the incoming "
                        f"gradient: it changes with {name}",
                        actual=np.asarray(gradient)[where],
                        desired=np.asarray(good)[where],
                        hint="ravel, reshape or a buffer taken in memory order ('A', 'K') instead of 'C'",
                    )
            known = True
        return known

    def saved(self) -> bool:
        """What the forward pass has read may be changed before the backward pass, or that is refused."""
        if not self.mutable:
            return False
        _, _, pullback = self.backward.forward()
        expected = self.pull(self.u, pullback)
        handed, _, pullback = self.backward.forward()
        try:
            for x in handed:
                _change(x)
            found = self.pull(self.u, pullback)
        except (MinigradError, RuntimeError, ValueError):  # it noticed, and refused: that is right as well
            return True
        for leaf, gradient, good in zip(self.probe.inputs, found, expected):
            where = self._differs(gradient, good, self._rounding(good))
            if where is not None:
                self.fail(
                    "saved",
                    f"the gradient of {place(leaf.path, where)} changes when an argument is changed in place after "
                    "the forward pass",
                    actual=gradient[where],
                    desired=good[where],
                    hint="the backward pass reads its arguments by reference: keep a copy, or refuse the change",
                )
        return True

    def _differs(self, a: Array, b: Array, slack: float) -> tuple[int, ...] | None:
        """Where two gradients differ by more than this, or None."""
        with np.errstate(invalid="ignore"):
            same = (a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= slack)
        if same.all():
            return None
        return tuple(int(i) for i in np.argwhere(~same)[0])


def _array(x: Any) -> Any:
    return x.data if isinstance(x, Value) else x  # type: ignore[attr-defined]


def _change(x: Any) -> None:
    """Change an argument in place, the way its owner would."""
    if isinstance(x, Value):
        with no_grad():
            x += 1.0 + np.abs(x.data)  # type: ignore[attr-defined]
    elif isinstance(x, np.ndarray) and x.flags.writeable:
        x += 1.0 + np.abs(x)


def _text(arrays: Sequence[Array]) -> str:
    text = np.array2string(arrays[0], separator=", ", threshold=8)
    return " ".join(text.split())
