"""Learning rates that change while an optimiser works.

One idea: a schedule is a function of the number of steps taken, and what it returns multiplies
each group's own learning rate. So schedules are made of one another by calling one another, any function of
your own is one, and nothing but a count of steps has to be saved.

A plateau is the exception: it asks how the loss does, which no count of steps can say.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import OptimiserError
from ..place import at, here
from .optimiser import Optimiser

Factor = Callable[[int], float]
"""What the learning rates are multiplied by after so many steps."""


def constant(t: int) -> float:
    """Return 1: the learning rate as it is.

    >>> constant(7)
    1.0
    """
    return 1.0


def step_decay(every: int, factor: float = 0.1) -> Factor:
    """Return the schedule factor^⌊t / every⌋: once `every` steps the rate is multiplied by `factor`.

    Raises OptimiserError for a period below 1 or a factor below 0.

    >>> [step_decay(2, 0.5)(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    _at_least(1, every=every)
    _at_least(0, factor=factor)
    return lambda t: factor ** (t // every) * 1.0


def exponential(factor: float) -> Factor:
    """Return the schedule factor^t. Raises OptimiserError for a factor below 0.

    >>> [exponential(0.5)(t) for t in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """
    _at_least(0, factor=factor)
    return lambda t: factor**t * 1.0


def cosine(steps: int, least: float = 0.0) -> Factor:
    """Return the schedule that falls from 1 to `least` along half a cosine, in `steps` steps, and stays there.

    (torch's goes up again.) Raises OptimiserError for less than one step or `least` below 0.
    Loshchilov and Hutter, "SGDR" (2017).

    >>> [round(cosine(4)(t), 4) for t in range(6)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    """
    _at_least(1, steps=steps)
    _at_least(0, least=least)
    return lambda t: least + (1 - least) * (1 + math.cos(math.pi * min(t, steps) / steps)) / 2


def inverse_time(rate: float) -> Factor:
    """Return the schedule 1 / (1 + rate t). Raises OptimiserError for a rate below 0.

    >>> [inverse_time(1.0)(t) for t in range(4)]
    [1.0, 0.5, 0.3333333333333333, 0.25]
    """
    _at_least(0, rate=rate)
    return lambda t: 1 / (1 + rate * t)


def warm_up(steps: int, then: Factor = constant, start: float = 0.0) -> Factor:
    """Return the schedule that rises from `start` to 1 in `steps` steps, evenly, and goes on with `then` from its 0.

    Raises OptimiserError for less than one step or a start below 0.

    >>> [warm_up(2, then=exponential(0.5))(t) for t in range(5)]
    [0.0, 0.5, 1.0, 0.5, 0.25]
    """
    _at_least(1, steps=steps)
    _at_least(0, start=start)
    return in_turn((steps, lambda t: start + (1 - start) * t / steps), then)


def in_turn(*schedules: tuple[int, Factor] | Factor) -> Factor:
    """Return one schedule after the other: pairs (steps, schedule), each counted from its own 0, and a last one.

    Raises OptimiserError for a pair of less than one step, or if the last has an end.

    >>> [in_turn((2, constant), (1, exponential(0.5)), lambda t: 0.1)(t) for t in range(5)]
    [1.0, 1.0, 1.0, 0.1, 0.1]
    """
    *early, last = schedules or (None,)
    if not callable(last) or any(callable(one) for one in early):
        raise OptimiserError(
            f"in_turn takes pairs (steps, schedule), and last a schedule alone, which has no end{at(here())}.\n"
            "Write in_turn((10, warm_up(10)), (90, cosine(90)), constant)"
        )
    pairs: list[Any] = early
    for steps, _ in pairs:
        _at_least(1, steps=steps)

    def schedule(t: int) -> float:
        for steps, part in pairs:
            if t < steps:
                return part(t)  # type: ignore[no-any-return]
            t -= steps
        return last(t)

    return schedule


class Schedule:
    """Sets the learning rate of each group of `optimiser` to its own, times `factor(t)` after t steps.

    Call `step()` after each step of the optimiser, or once an epoch: the schedule counts
    these calls. Each group's own learning rate is the one it has now. Raises OptimiserError for a
    schedule that is no function of a number, or returns no finite number from 0 on.

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> optimiser = optim.SGD(mg.ones(2, requires_grad=True), lr=0.1)
    >>> schedule = optim.Schedule(optimiser, optim.warm_up(2, then=optim.cosine(2)))
    >>> for _ in range(4):
    ...     print(optimiser.groups[0]["lr"])
    ...     schedule.step()
    0.0
    0.05
    0.1
    0.05
    """

    def __init__(self, optimiser: Optimiser, factor: Factor) -> None:
        if not callable(factor):
            raise OptimiserError(
                f"a schedule is a function of the number of steps, not {factor!r}{at(here())}.\n"
                "Write cosine(100), or lambda t: 0.99**t"
            )
        self.optimiser = optimiser
        self.factor = factor
        self.steps = 0
        self.rates = [group["lr"] for group in optimiser.groups]
        """Each group's own learning rate, which `factor` multiplies."""
        self._set()

    def step(self) -> None:
        """Count a step, and set the learning rates. Raises OptimiserError if somebody else set one meanwhile."""
        if len(self.rates) != len(self.optimiser.groups):
            raise OptimiserError(
                f"the optimiser has {len(self.optimiser.groups)} groups, and had {len(self.rates)} "
                f"when its schedule was made{at(here())}.\nMake the schedule when all groups are there"
            )
        for n, (group, lr) in enumerate(zip(self.optimiser.groups, self.given)):
            if group["lr"] != lr:
                raise OptimiserError(
                    f"the learning rate of group {n} is {group['lr']}, and its schedule had set {lr}: "
                    f"the change would be lost{at(here())}.\n"
                    f"Change schedule.rates[{n}] instead; one schedule an optimiser: warm_up(10, then=cosine(90)), "
                    "ReduceOnPlateau(schedule)"
                )
        self.steps += 1
        self._set()

    def _set(self) -> None:
        factor = self.factor(self.steps)
        if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not 0 <= factor < math.inf:
            raise OptimiserError(
                f"the schedule gives {factor!r} after {self.steps} steps: "
                f"a learning rate is a finite number that is not negative{at(here())}.\n"
                "A schedule returns what to multiply the learning rate by, such as 0.5"
            )
        self.given = [rate * float(factor) for rate in self.rates]
        for group, lr in zip(self.optimiser.groups, self.given):
            group["lr"] = lr

    def state_dict(self) -> dict[str, Any]:
        """Return the steps counted and each group's own learning rate: a flat dict of numbers.

        The schedule itself is program text and is not in it.
        """
        return {"steps": self.steps, **{f"rates[{n}]": rate for n, rate in enumerate(self.rates)}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned, bit for bit. Raises OptimiserError if it does not fit."""
        restored = _numbers(self, state)
        self.steps, *self.rates = int(restored.pop("steps")), *restored.values()
        self._set()


class ReduceOnPlateau:
    """Multiplies the learning rates by `factor` when the loss given to `step` has not improved `patience` times.

    The loss improves if it is below the best so far by more than `threshold` of it, or by more
    than `threshold` itself if `relative` is False. After a reduction `cooldown` losses
    are not counted. No rate goes below `least`, and no reduction by less than 1e-8 is made, as in torch. Given a
    `Schedule`, it reduces the rates that this multiplies. Raises OptimiserError for settings that
    make no sense.

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> optimiser = optim.SGD(mg.ones(2, requires_grad=True), lr=0.1)
    >>> plateau = optim.ReduceOnPlateau(optimiser, factor=0.5, patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.0]:
    ...     plateau.step(loss)
    >>> optimiser.groups[0]["lr"]
    0.05
    """

    def __init__(
        self,
        target: Optimiser | Schedule,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        relative: bool = True,
        cooldown: int = 0,
        least: float = 0.0,
    ) -> None:
        _at_least(0, factor=factor, patience=patience, threshold=threshold, cooldown=cooldown, least=least)
        if factor >= 1:
            raise OptimiserError(
                f"factor is {factor}, and has to be below 1 to reduce anything{at(here())}.\nWrite factor=0.1"
            )
        self.target = target
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.relative = relative
        self.cooldown = cooldown
        self.least = least
        self.best = math.inf
        self.bad = 0
        """How many losses in a row were no improvement."""
        self.cooling = 0
        """How many losses are still not to be counted."""

    def step(self, loss: Any) -> None:
        """Note a loss, a number or a tensor of one, and reduce the rates if it is time. NaN is no improvement."""
        loss = float(loss.item() if hasattr(loss, "item") else loss)
        wanted = self.best * (1 - self.threshold) if self.relative else self.best - self.threshold
        if loss < wanted:
            self.best, self.bad = loss, 0
        else:
            self.bad += 1
        if self.cooling:
            self.cooling -= 1
            self.bad = 0
        if self.bad > self.patience:
            self._reduce()
            self.cooling, self.bad = self.cooldown, 0

    def _reduce(self) -> None:
        if isinstance(self.target, Schedule):
            self.target.rates = [self._reduced(rate) for rate in self.target.rates]
            self.target._set()
        else:
            for group in self.target.groups:
                group["lr"] = self._reduced(group["lr"])

    def _reduced(self, lr: float) -> float:
        new = max(lr * self.factor, self.least)
        return new if lr - new > 1e-8 else lr

    def state_dict(self) -> dict[str, Any]:
        """Return the best loss and the counts: a flat dict of numbers. The rates are in the optimiser's or schedule's.

        Before the first loss the best is infinite.
        """
        return {"best": self.best, "bad": self.bad, "cooling": self.cooling}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned. Raises OptimiserError if it does not fit."""
        restored = _numbers(self, state)
        self.best, self.bad, self.cooling = float(restored["best"]), int(restored["bad"]), int(restored["cooling"])


def _numbers(owner: Schedule | ReduceOnPlateau, state: Mapping[str, Any]) -> dict[str, Any]:
    """A saved state as Python numbers, if it has what the present one has."""
    wanted = owner.state_dict()
    if set(state) != set(wanted):
        raise OptimiserError(
            f"a state of {type(owner).__name__} has {', '.join(wanted)} here, "
            f"and this one has {', '.join(state) or 'nothing'}{at(here())}.\n"
            "Make it for an optimiser with the same groups, then load"
        )
    return {name: state[name].item() if hasattr(state[name], "item") else state[name] for name in wanted}


def _at_least(bound: int, **settings: Any) -> None:
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not bound <= value < math.inf:
            raise OptimiserError(
                f"{name} is {value!r}, and has to be a finite number from {bound} on{at(here())}.\n"
                f"Write {name}={max(bound, 1)} or what you mean"
            )
