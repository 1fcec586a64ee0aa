"""L-BFGS: Newton's method, with the curvature learnt from the last steps.

One idea: each step s changed the gradient by some y, and so tells the curvature along s. The
inverse Hessian times a gradient is worked out from the last pairs alone, in two passes over them;
no matrix is ever made.
"""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..backend import Array, library_of, to_numpy
from ..errors import GradError, OptimiserError, ShapeError
from ..mode import enable_grad
from ..place import at, here
from .line_search import Trial, strong_wolfe
from .optimiser import Group, Optimiser, move, nonnegative, zeros
from .parameters import gradient_of


class LBFGS(Optimiser):
    """x += t d, where d = -H g: H the inverse Hessian learnt from `history_size` steps, t by a strong Wolfe search.

    `step(closure)` makes up to `max_iter` such moves with at most `max_eval` evaluations (1.25 for
    each move, if not given), or fewer: until no component of the gradient exceeds `tolerance_grad`,
    or the loss or every parameter changes by less than `tolerance_change`. `lr` is the first length
    tried. All parameters are one group. Its path is that of torch.optim.LBFGS with line_search_fn="strong_wolfe",
    except where that becomes NaN: where the loss is not finite the search comes nearer. Raises as
    `Optimiser` does. Liu and Nocedal, "On the limited memory BFGS method" (1989).

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> w = mg.tensor([3.0, -4.0], requires_grad=True)
    >>> optimiser = optim.LBFGS([w])
    >>> def closure():
    ...     loss = ((w - [1.0, 2.0]) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimiser.step(closure)
    Tensor(40., creator=Sum)
    >>> w
    Tensor([1., 2.], requires_grad=True)
    """

    squares = True

    def __init__(
        self,
        parameters: Any,
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
    ) -> None:
        super().__init__(
            parameters,
            lr=lr,
            max_iter=max_iter,
            max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change,
            history_size=history_size,
        )
        self._forget()

    def _forget(self) -> None:
        self.moves = 0
        self.evaluations = 0
        self._pairs: list[tuple[Array, Array, float]] = []
        """The last steps s, the changes y of the gradient over them, and 1 / s·y."""
        self._scale = 1.0
        """H before the pairs are taken into account: this times the identity."""
        self._gradient: Array | None = None
        self._moved: Array | None = None
        """The gradient before the last move, and the move: the next pair, once the next gradient is known."""

    def add_group(self, group: Group) -> None:
        """Raise OptimiserError for a second group: all parameters move together."""
        if self.groups:
            raise OptimiserError(
                f"LBFGS moves all parameters together, in one group of one learning rate{at(here())}.\n"
                "Give it all of them at once: LBFGS([w, b])"
            )
        super().add_group(group)

    def check(self, group: Group) -> None:
        """Raise OptimiserError for settings that make no sense."""
        nonnegative(group, "lr", "tolerance_grad", "tolerance_change")
        for name in ("max_iter", "max_eval", "history_size"):
            value = group[name]
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise OptimiserError(
                    f"{name} is {value!r}, and has to be a whole number from 1 on{at(here())}.\n"
                    f"Write {name}={100 if name == 'history_size' else 20}"
                )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters towards the minimum; return the loss at the start.

        `closure()` computes the loss, calls its backward() and returns it. The gradients are
        cleared before each call. Parameters that the loss does not depend on are left as they are.
        Raises OptimiserError without a closure, GradError if it brings no gradient or, at
        the start, one that is not finite.
        """
        if closure is None:
            raise OptimiserError(
                f"LBFGS.step() needs a function to try several points with{at(here())}.\n"
                "def closure(): loss = ...; loss.backward(); return loss   then optimiser.step(closure)"
            )
        [group] = self.groups
        loss, value, g = self._evaluated(closure)
        if not math.isfinite(float(np.vdot(g, g))):
            self._refuse_infinite()
        if not math.isfinite(value):
            raise GradError(
                f"the loss is {value} where LBFGS is to start, so no parameter was moved{at(here())}.\n"
                "Start where the loss is finite"
            )
        evaluations = 1
        for n in range(1, group["max_iter"] + 1):
            if _largest(g) <= group["tolerance_grad"]:
                break
            self._learn(g, group["history_size"])
            d = self._direction(g)
            start = Trial(0.0, value, float(g.dot(d)), g)
            first = group["lr"] * (1.0 if self.moves else min(1.0, 1.0 / float(abs(g).sum())))
            self.moves += 1
            self._gradient, self._moved = g, None
            if start.slope > -group["tolerance_change"]:
                break
            reached, tried = self._searched(closure, start, d, first, group["max_eval"] - evaluations)
            evaluations += tried
            moved = reached.t * d
            fell = abs(reached.value - value)
            value, g, self._moved = reached.value, reached.gradient, moved
            if n == group["max_iter"] or evaluations >= group["max_eval"]:
                break
            if _largest(moved) <= group["tolerance_change"] or fell < group["tolerance_change"]:
                break
        return loss

    def _learn(self, g: Array, most: int) -> None:
        """Take the last move and what it changed in the gradient as a pair, if the curvature along it is positive."""
        if self._gradient is None or self._moved is None:
            return
        s, y = self._moved, g - self._gradient
        curvature = float(y.dot(s))
        if curvature > 1e-10:
            self._pairs = [*self._pairs, (s, y, 1.0 / curvature)][-most:]
            self._scale = curvature / float(y.dot(y))

    def _direction(self, g: Array) -> Array:
        """-H g, by the two loops: Nocedal and Wright, algorithm 7.4."""
        d = -g
        parts = []
        for s, y, r in reversed(self._pairs):
            parts.append(r * float(s.dot(d)))
            d -= parts[-1] * y
        d *= self._scale
        for (s, y, r), part in zip(self._pairs, reversed(parts)):
            d += (part - r * float(y.dot(d))) * s
        return d

    def _searched(
        self, closure: Callable[[], Any], start: Trial, d: Array, first: float, most: int
    ) -> tuple[Trial, int]:
        """Go from where the parameters are along `d`, as far as the search says."""
        origin = [parameter._array.copy() for parameter in self.parameters]

        def evaluate(t: float) -> Trial:
            self._put(origin, t, d)
            _, value, g = self._evaluated(closure)
            slope = float(g.dot(d))
            finite = math.isfinite(value) and math.isfinite(float(np.vdot(g, g)))
            return Trial(t, value if finite else math.inf, slope, g)

        try:
            reached, tried = strong_wolfe(evaluate, start, first, _largest(d), most)
        except BaseException:  # the closure's own, or Ctrl-C: do not leave the parameters at some trial
            self._put(origin, 0.0, d)
            raise
        self._put(origin, reached.t, d)
        return reached, tried

    def _put(self, origin: list[Array], t: float, d: Array) -> None:
        """Set the parameters to origin + t d."""
        place = here()
        first = 0
        for parameter, x in zip(self.parameters, origin):
            step = d[first : first + x.size].reshape(x.shape)
            first += x.size
            array = parameter._array
            if isinstance(array, np.generic):
                array = array.dtype.type(x + t * step)
            else:
                array[...] = x + t * step
            move(parameter, array, place)

    def _evaluated(self, closure: Callable[[], Any]) -> tuple[Any, float, Array]:
        """The loss, as it came and as a number, and all gradients as one vector."""
        self.zero_grad()
        self.evaluations += 1
        with enable_grad():
            loss = closure()
        if loss is None:
            raise OptimiserError(
                f"the closure returned nothing, and LBFGS compares losses{at(here())}.\n"
                "def closure(): loss = ...; loss.backward(); return loss"
            )
        gradients = [gradient_of(parameter) for parameter in self.parameters]
        if all(g is None for g in gradients):
            raise GradError(
                f"the closure brought no gradient to any parameter{at(here())}.\n"
                "def closure(): loss = ...; loss.backward(); return loss   with a loss computed from the parameters"
            )
        library = library_of(self.parameters[0]._array)
        flat = library.concatenate(
            [zeros(p._array).reshape(-1) if g is None else g.reshape(-1) for p, g in zip(self.parameters, gradients)]
        )
        return loss, float(loss.item() if hasattr(loss, "item") else loss), flat

    def state_dict(self) -> dict[str, Any]:
        """Return all that was learnt: a flat dict of NumPy arrays and Python numbers, as `Optimiser` does."""
        state = super().state_dict()
        state.update(moves=self.moves, evaluations=self.evaluations, scale=self._scale)
        if self._gradient is not None:
            state["gradient"] = to_numpy(self._gradient).copy()
        if self._moved is not None:
            state["moved"] = to_numpy(self._moved).copy()
        if self._pairs:
            s, y, r = zip(*self._pairs)
            state["pairs.steps"] = np.stack([to_numpy(v) for v in s])
            state["pairs.changes"] = np.stack([to_numpy(v) for v in y])
            state["pairs.curvatures"] = np.array(r)
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned, bit for bit. Raises as `Optimiser` does."""
        left = dict(state.items())
        own = {name: left.pop(name) for name in _OWN if name in left}
        for name in _OWN[:3]:
            if name not in own:
                raise self._does_not_fit(f"it has no {name}")
        size = sum(p._array.size for p in self.parameters)
        for name in _OWN[3:7]:
            shape = np.shape(own.get(name, np.empty(size)))
            if shape[-1:] != (size,):
                raise ShapeError(
                    f"{name} of the saved state has shape {shape}, and the parameters have {size} elements in all"
                    f"{at(here())}.\nGive the optimiser the parameters it had when it was saved, in the same order"
                )
        super().load_state_dict(left)
        library, dtype = library_of(self.parameters[0]._array), np.result_type(*(p.dtype for p in self.parameters))
        array = functools.partial(library.array, dtype=dtype)
        self._forget()
        self.moves, self.evaluations, self._scale = int(own["moves"]), int(own["evaluations"]), float(own["scale"])
        self._gradient = array(own["gradient"]) if "gradient" in own else None
        self._moved = array(own["moved"]) if "moved" in own else None
        pairs = zip(own.get("pairs.steps", ()), own.get("pairs.changes", ()), own.get("pairs.curvatures", ()))
        self._pairs = [(array(s), array(y), float(r)) for s, y, r in pairs]


_OWN = ("moves", "evaluations", "scale", "gradient", "moved", "pairs.steps", "pairs.changes", "pairs.curvatures")


def _largest(vector: Array) -> float:
    """The largest absolute value in a vector; 0 if it has no elements."""
    return float(abs(vector).max()) if vector.size else 0.0
