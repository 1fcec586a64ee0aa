"""Gradient descent as the tutorials write it, recorded; and the largest rate at which it is stable.

One idea: the best is a *pair*, a loss and the parameters that have this very loss, never the
loss of one step beside the parameters of the next. Of equal losses the later wins, because
descent is nearer the minimum then.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import minigrad as mg

from ...containers import leaves, rebuilt
from ...errors import DivergedError, GradError, MinigradError, OptimiserError
from ...optim.parameters import called, gathered
from ...place import at, here

Floats = NDArray[np.float64]

LOST = 1e4
"""A gradient that has grown so many times, while the loss rose: descent does not come back (on a quadratic
the loss is 1e8 times the first by then). Rates just below the limit grow by far less before they settle."""


class Best(NamedTuple):
    """A loss, and the parameters that have it: arrays in the containers that were given."""

    loss: float
    params: Any


@dataclass(frozen=True, eq=False, repr=False)
class History:
    """What `descend` recorded: row k is the point after `step[k]` steps, before the next one.

    `loss` has one number a row; `params` and `grads` are the containers that were given, with one
    array for each tensor, whose first axis is the row. `best` is the pair of the lowest loss.
    """

    lr: float
    step: NDArray[np.intp]
    loss: Floats
    params: Any
    grads: Any
    best: Best
    best_step: int
    names: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.loss)

    def __repr__(self) -> str:
        rows = range(len(self))
        shown = [self._row(k) for k in rows]
        if len(shown) > 7:
            shown = [*shown[:3], "...", *shown[-3:]]
        if self.loss[-1] > self.loss[0]:
            shown.append(
                f"the loss grew from {self.loss[0]:.6g} to {self.loss[-1]:.6g}: lr={self.lr:g} is too large; "
                "minigrad.largest_stable_lr(loss_fn, params) says what is not"
            )
        elif self.best_step != self.step[-1]:
            shown.append(f"best: epoch: {self.best_step}, loss: {self.best.loss:.6g}")
        return "\n".join(shown)

    def _row(self, k: int) -> str:
        """A row as the tutorials print it."""
        values, slopes = _leaves(self.params), _leaves(self.grads)
        parts = [f"epoch: {self.step[k]}", f"loss: {self.loss[k]:.6g}"]
        parts += [f"{name}: {_short(v[k])}" for name, v in zip(self.names, values, strict=True)]
        parts += [f"grad {name}: {_short(g[k])}" for name, g in zip(self.names, slopes, strict=True)]
        return ", ".join(parts)


def descend(
    loss_fn: Callable[..., Any],
    params: Any,
    *,
    lr: float = 1e-2,
    steps: int = 10,
    every: int = 1,
    callback: Callable[[int, float, Any], object] | None = None,
) -> History:
    """Return the record of `steps` updates p -= lr * p.grad: the loss, parameters and gradients of every step.

    `params` is a tensor, or a list, tuple or dict of tensors that require gradients; they are changed in place and left
    at the last point, with the gradient None. `loss_fn` takes what its signature says: one argument for each
    tensor, loss_fn(w, b) (a dict by name); or the container, loss_fn(params); or nothing. The record
    has the start and the point after each step, steps + 1 rows; with `every` one row in so many, and always the
    first and the last. `callback(step, loss, params)` is called with every row. Nothing is printed.

    Raises DivergedError, with the largest stable rate and the best point, when the loss is no longer finite or has
    grown beyond all bounds; the tensors are set to the best point then. OptimiserError for what makes no sense,
    GradError for what is no parameter, and where a gradient is not finite though the loss is. The method of steepest
    descent: Cauchy (1847).

    >>> import minigrad as mg
    >>> x, y = mg.tensor([1.0, 2.0, 4.0]), mg.tensor([3.0, 5.0, 9.0])
    >>> w, b = mg.tensor(0.0, requires_grad=True), mg.tensor(0.0, requires_grad=True)
    >>> descend(lambda w, b: ((w * x + b - y) ** 2).mean(), [w, b], lr=0.05, steps=2)
    epoch: 0, loss: 38.3333, w: 0, b: 0, grad w: -32.6667, grad b: -11.3333
    epoch: 1, loss: 1.87037, w: 1.63333, b: 0.566667, grad w: -7.15556, grad b: -2.57778
    epoch: 2, loss: 0.105868, w: 1.99111, b: 0.695556, grad w: -1.54519, grad b: -0.65037
    """
    lr, steps = rate(lr), count("steps", steps)
    every = count("every", every)
    found = gathered(params)
    tensors: list[Any] = [leaf for _, leaf in found]
    call, by_argument = _calling(loss_fn, params)
    names = _names(params, found, by_argument)
    taken: list[int] = []
    losses: list[float] = []
    values: list[list[Any]] = [[] for _ in tensors]
    slopes: list[list[Any]] = [[] for _ in tensors]
    watch = Watch()
    # A rate that is too large ends in an overflow, which is reported and needs no warning.
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps + 1):
            for leaf in tensors:
                leaf.zero_grad()
            value = call()
            number = _number(value)
            if watch.lost(step, number):
                raise _diverged(lr, watch, step, number, loss_fn, params)
            value.backward()
            grads = [_gradient(leaf) for leaf in tensors]
            steepest = math.sqrt(sum(float(np.vdot(g, g)) for g in grads))
            if watch.lost(step, number, steepest):
                raise _diverged(lr, watch, step, number, loss_fn, params)
            if not math.isfinite(steepest) and not all(np.isfinite(g).all() for g in grads):
                name = next(n for n, g in zip(names, grads, strict=True) if not np.isfinite(g).all())
                raise GradError(
                    f"the gradient of {name} is not finite after {step} steps, where the loss is {number:.6g}"
                    f"{at(here())}.\nNo step leads on from there: √ and norms at 0, log near 0 do this"
                )
            kept_now = step % every == 0 or step == steps
            now = copies(tensors) if kept_now or number <= watch.loss else []
            watch.see(step, number, now)
            if kept_now:
                taken.append(step)
                losses.append(number)
                for kept, one in zip(values, now, strict=True):
                    kept.append(one)
                for kept, grad in zip(slopes, grads, strict=True):
                    kept.append(grad)
                if callback is not None:
                    callback(step, number, _filled(params, [kept[-1] for kept in values]))
            if step < steps:
                with mg.no_grad():
                    for leaf in tensors:
                        if leaf.grad is not None:
                            leaf -= lr * leaf.grad
    for leaf in tensors:
        leaf.zero_grad()
    return History(
        lr=lr,
        step=np.array(taken),
        loss=np.array(losses),
        params=_filled(params, map(np.array, values)),
        grads=_filled(params, map(np.array, slopes)),
        best=Best(watch.loss, _filled(params, watch.values)),
        best_step=watch.step,
        names=names,
    )


class Watch:
    """Keeps the best point of a descent, and knows when it is lost."""

    def __init__(self) -> None:
        self.loss = math.inf
        self.values: list[Any] = []
        self.step = 0
        self.first = math.nan
        self._steep = 0.0

    def see(self, step: int, loss: float, values: list[Any]) -> None:
        """Keep the pair if no earlier loss is lower; `values` are copies."""
        if loss <= self.loss:
            self.loss, self.step, self.values = loss, step, values

    def lost(self, step: int, loss: float, steepest: float | None = None) -> bool:
        """Whether descent has diverged, by its loss and the length of its gradient.

        Raises OptimiserError for a start without a loss.
        """
        if step == 0:
            if not math.isfinite(loss):
                raise OptimiserError(
                    f"the loss at the starting point is {loss}, so there is nothing to descend from{at(here())}.\n"
                    "Start where the loss is finite"
                )
            self.first = loss
            self._steep = self._steep if steepest is None else steepest
            return False
        if not math.isfinite(loss):
            return True
        if steepest is None or loss <= self.first:
            return False
        return not steepest <= LOST * self._steep


def _diverged(
    lr: float, watch: Watch, step: int, loss: float, loss_fn: Callable[..., Any], params: Any
) -> DivergedError:
    """The error that says so, after the tensors are set to the best point."""
    tensors: list[Any] = [leaf for _, leaf in gathered(params)]
    for leaf, value in zip(tensors, watch.values, strict=True):
        leaf.zero_grad()
        leaf.data = np.array(value)[()]
    try:
        stable = largest_stable_lr(loss_fn, params)
    except MinigradError:  # a rule that cannot be differentiated again: the error is still to be told
        stable = math.nan
    return diverged_error(lr, stable, Best(watch.loss, _filled(params, watch.values)), watch.first, loss, step)


def diverged_error(
    lr: float, stable: float, best: Any, first: float, last: float, steps: int, usual: float = math.inf
) -> DivergedError:
    """Return the error that says that descent diverged, and what to write instead.

    `stable` is the largest stable rate at the best point, NaN or infinite where none is known; `usual` a rate that
    mostly does.

    >>> print(str(diverged_error(0.5, 0.25, None, 1.0, 1e9, 8)).splitlines()[1])
    The largest stable rate at the best point is 0.25: write lr=0.12, half of it
    """
    became = f"grew from {first:.6g} to {last:.6g}" if last == last else f"went from {first:.6g} to NaN"
    if not 0 < stable < math.inf:
        advice = f"Make the rate smaller: write lr={_two_digits(min(lr / 10, usual)):g}"
    elif stable / 2 < lr:
        advice = (
            f"The largest stable rate at the best point is {stable:.4g}: "
            f"write lr={_two_digits(stable / 2):g}, half of it"
        )
    else:
        advice = (
            f"Rates up to {stable:.4g} are stable at the best point, but on the way there it is steeper: "
            f"write lr={_two_digits(lr / 10):g}"
        )
    error = DivergedError(
        f"descent diverged: with lr={lr:g} the loss {became} in {steps} {'step' if steps == 1 else 'steps'}"
        f"{at(here())}.\n{advice}"
    )
    error.lr, error.largest_stable_lr, error.best = lr, stable, best
    return error


def _two_digits(number: float) -> float:
    return float(f"{number:.2g}")


# ------------------------------------------------------------------------------------- the largest stable rate


def largest_stable_lr(loss_fn: Callable[..., Any], params: Any) -> float:
    """Return 2/L, the rate from which on descent is no longer stable; L is the largest curvature at `params`.

    `loss_fn` and `params` are as in `descend`; neither the tensors nor their gradients are changed. L is the largest
    eigenvalue of the Hessian H, found by Lanczos's iteration (the power iteration that forgets nothing) on exact
    products H v, by minigrad's second derivatives: on a quadratic loss exact to rounding, in at most one product
    for each parameter; with more than 100 parameters to seven digits, or below where that is not reached.

    Where a loss is not quadratic this is the rate for the neighbourhood of this point; further on it may be another.
    At a saddle the directions that curve downwards limit no rate, and L is that of the others; where no direction
    curves upwards (a maximum, a plane, |x| beside 0) the curvature limits nothing, and the answer is inf. Raises
    as `descend` does, and OptimiserError where the curvature is not finite. Lanczos (1950).

    >>> import minigrad as mg
    >>> w = mg.tensor([3.0, -4.0], requires_grad=True)
    >>> largest_stable_lr(lambda w: (w * w * [1.0, 5.0]).sum(), [w])
    0.2
    """
    tensors: list[Any] = [leaf for _, leaf in gathered(params)]
    call, _ = _calling(loss_fn, params)
    with mg.enable_grad(), np.errstate(over="ignore", invalid="ignore"):
        value = call()
        number = _number(value)
        if not math.isfinite(number):
            raise OptimiserError(
                f"the loss at these parameters is {number}, and has no curvature{at(here())}.\n"
                "Ask where the loss is finite"
            )
        slopes = mg.gradients(value, tensors, create_graph=True)
        curved = [(g, n) for n, g in enumerate(slopes) if g.requires_grad]
        if not curved:
            return math.inf
        sizes = np.cumsum([0, *(leaf.size for leaf in tensors)])

        def product(v: Floats) -> Floats:
            parts = [
                v[sizes[n] : sizes[n + 1]].reshape(leaf.shape).astype(leaf.dtype)[()] for n, leaf in enumerate(tensors)
            ]
            along = sum((g * parts[n]).sum() for g, n in curved)
            back = mg.gradients(along, tensors, retain_graph=True)
            return np.concatenate([np.asarray(g._array, dtype=np.float64).reshape(-1) for g in back])

        largest = _largest_eigenvalue(product, int(sizes[-1]))
    if not math.isfinite(largest):
        raise OptimiserError(
            f"the curvature at these parameters is not finite, though the loss is {number:.6g}{at(here())}.\n"
            "Ask at a point where the loss is smooth"
        )
    return 2 / largest if largest > 0 else math.inf


_PRODUCTS = 100
_LOOK = 10  # so many products are made between two looks at what they tell
_NEAR = 1e-7


def _largest_eigenvalue(product: Callable[[Floats], Floats], n: int) -> float:
    """The largest eigenvalue of a symmetric matrix known by its products with vectors; NaN if one is not finite.

    The error of a Ritz value is at most its residual, and of its square over the gap to the next eigenvalue, so at
    a residual of 1e-7 of the matrix mostly nothing is left; at the last product the residual is added, for safety.
    """
    if n == 1:
        return float(product(np.ones(1))[0])
    q = np.random.default_rng(0).standard_normal(n)
    basis = np.empty((min(n, _PRODUCTS), n))
    tridiagonal = np.zeros((len(basis) + 1, len(basis) + 1))
    for k in range(len(basis)):
        basis[k] = q / np.linalg.norm(q)
        q = product(basis[k])
        if not np.isfinite(q).all():
            return math.nan
        tridiagonal[k, k] = basis[k] @ q
        for _ in range(2):  # twice is enough (Kahan): else rounding brings old directions back
            q -= basis[: k + 1].T @ (basis[: k + 1] @ q)
        left = float(np.linalg.norm(q))
        tridiagonal[k, k + 1] = tridiagonal[k + 1, k] = left
        ended = k + 1 == n or left <= 1e-14 * float(np.abs(tridiagonal).max())
        if not ended and (k + 1) % _LOOK and k + 1 < len(basis):
            continue
        values, vectors = np.linalg.eigh(tridiagonal[: k + 1, : k + 1])
        residual = left * abs(float(vectors[-1, -1]))
        if ended or residual <= _NEAR * float(np.abs(values).max()):
            return float(values[-1])
    return float(values[-1]) + residual


# ------------------------------------------------------------------------------------- what was given


def rate(lr: Any) -> float:
    """Return a learning rate as a float. Raises OptimiserError for what is none."""
    if isinstance(lr, bool) or not isinstance(lr, int | float | np.number) or not 0 < lr < math.inf:
        raise OptimiserError(
            f"lr is {lr!r}, and has to be a number above 0{at(here())}.\n"
            "A step goes against the gradient by itself: write lr=0.01"
        )
    return float(lr)


def count(name: str, number: Any) -> int:
    """Return a number of steps as an int. Raises OptimiserError for what is none."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise OptimiserError(
            f"{name} is {number!r}, and has to be a whole number from 1 on{at(here())}.\nWrite {name}=10"
        )
    return int(number)


def _calling(loss_fn: Callable[..., Any], params: Any) -> tuple[Callable[[], Any], tuple[str, ...]]:
    """The call of a loss with these parameters, as its signature asks, and what it calls them, if one by one."""
    if not callable(loss_fn):
        raise OptimiserError(
            f"loss_fn is no function but of type {type(loss_fn).__name__}{at(here())}.\n"
            "The loss is computed anew in each step: write lambda w, b: ((w * x + b - y) ** 2).mean()"
        )
    try:
        signature = inspect.signature(loss_fn)
    except (TypeError, ValueError):  # a builtin that tells no signature
        return (lambda: loss_fn(params)), ()
    kinds = signature.parameters.values()
    positional = [p for p in kinds if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p.name for p in positional if p.default is p.empty]
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in kinds)
    if isinstance(params, dict) and _binds(signature, **params) and (set(required) <= set(params)) and params:
        named = any(p.name in params or p.kind is p.VAR_KEYWORD for p in kinds)
        if named:
            return (lambda: loss_fn(**params)), tuple(params)
    if not required and not takes_any and _binds(signature):
        return (lambda: loss_fn()), ()
    if isinstance(params, (list, tuple)):
        if len(required) == len(params):
            return (lambda: loss_fn(*params)), tuple(required)
        if len(required) != 1 and _binds(signature, *params):
            return (lambda: loss_fn(*params)), ()
    if _binds(signature, params):
        return (lambda: loss_fn(params)), ()
    raise OptimiserError(
        f"loss_fn{signature} cannot be called with these parameters{at(here())}.\n"
        "Give it one argument for each tensor, loss_fn(w, b), or the container, loss_fn(params), or none"
    )


def _binds(signature: inspect.Signature, *args: Any, **keywords: Any) -> bool:
    try:
        signature.bind(*args, **keywords)
    except TypeError:
        return False
    return True


def _names(params: Any, found: list[tuple[str, Any]], by_argument: tuple[str, ...]) -> tuple[str, ...]:
    """What to call each tensor: as the loss does, else as the dict does, else as the reader's variable is called."""
    if len(by_argument) == len(found):
        return by_argument
    if isinstance(params, dict) and len(params) == len(found):
        return tuple(map(str, params))
    return tuple(called(leaf, f"params{path}") for path, leaf in found)


def _number(value: Any) -> float:
    """The loss as a number. Raises GradError if it is none, or no tensor."""
    if not isinstance(value, mg.Tensor):
        raise GradError(
            f"loss_fn returned {type(value).__name__}, not a tensor, so there is no way back to the parameters"
            f"{at(here())}.\nCompute the loss from the tensors, without float() and .item()"
        )
    if value.size != 1:
        raise GradError(
            f"loss_fn returned a tensor of shape {value.shape}, and a loss is one number{at(here())}.\n"
            "Take the mean: return (...).mean()"
        )
    return float(value.item())


def _gradient(leaf: Any) -> Any:
    """A copy of the gradient; zeros where none arrived."""
    return np.zeros(leaf.shape, leaf.dtype)[()] if leaf.grad is None else np.array(leaf.grad._array)[()]


def copies(tensors: list[Any]) -> list[Any]:
    """Return the values of tensors as arrays of their own, or numbers. (x.data makes an array of a number for good.)"""
    return [np.array(t._array)[()] for t in tensors]


def _filled(params: Any, things: Any) -> Any:
    supply = iter(things)
    return rebuilt(params, lambda _: next(supply))


def _leaves(tree: Any) -> list[Any]:
    return [leaf for _, leaf in leaves(tree)]


def _short(value: Any) -> str:
    """A number to six digits; of an array the first few."""
    flat = np.ravel(value)
    if np.ndim(value) == 0:
        return f"{float(value):.6g}"
    return "[" + ", ".join(f"{v:.6g}" for v in flat[:4]) + (", ..." if flat.size > 4 else "") + "]"
