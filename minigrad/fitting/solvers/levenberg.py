"""Levenberg-Marquardt: the parameters of any smooth curve that make the sum of squares smallest.

One idea: the curve is straight near enough. Where its Jacobian says the minimum lies, within a radius that is
trusted, is tried; what came of it says whether to trust more or less. The radius is measured in each parameter's
own unit, the longest column that was seen for it, which only grows (Moré (1978), The Levenberg-Marquardt
algorithm: implementation and theory). A column whose parameter has no effect any more therefore stops no other.

The step comes from the singular values of the scaled Jacobian, where a damping costs a few divisions (JᵀJ is formed
for many rows alone, and only where a step keeps its digits). At its end the sum of squares says nothing below half of
the digits, so the last steps are judged by the gradient instead, undamped, until that does not fall any more: to
rounding. How far there is to go is told in standard errors: the part of the residuals that the curve can still follow
(Bates and Watts (1981), A relative offset orthogonality convergence criterion for nonlinear least squares).

Bounds: a parameter that stands on its bound and is pushed outwards is held for a step, and so is one that a step
would take beyond; the step is solved anew for the others. Who is held is decided at each point again, so that it
ends where no parameter that may move wants to.
"""

import math
import operator
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .pieces import dot_products, tall_triangle

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_EPS = float(np.finfo(np.float64).eps)
_SMALL = 1000
"""Up to so many numbers the singular values are taken of the Jacobian itself; of more, of its triangle first."""


class Place(Protocol):
    """A point in the space of the parameters: what the sum of squares is there, and what it is made of."""

    @property
    def cost(self) -> float:
        """The sum of squares; infinite or NaN where the curve is."""
        ...

    @property
    def noise(self) -> float:
        """How large the length of the residuals is by rounding alone."""
        ...

    def probed(self, values: Floats) -> Floats | None:
        """Return r as it is at values nearby, of which nothing more is wanted; None where that is not to be had."""
        ...

    def linear(self) -> tuple[Floats, Floats]:
        """Return r, of shape (n,), and J, of shape (n, p): the cost d away is |r + J d|² near here.

        |r|² need not be the cost: where some unknowns have been eliminated it is what remains to be won.
        """
        ...


Look = Callable[[Floats, Place | None], Place]
"""The place at some parameters. For a problem that has more unknowns, the place before brings them along."""


class _Step(NamedTuple):
    """A step from a place, and by how much it says that the cost will fall."""

    by: Floats
    gain: float
    length: float
    """In the units of the trust radius."""
    damping: float
    parts: list[float]
    """What it is along each direction of the scaled Jacobian; empty where it follows a bound."""
    met: bool = False
    """Whether it ends on a bound."""

    @property
    def damped(self) -> bool:
        """Whether the radius made it shorter."""
        return self.damping > 0


@dataclass
class Ending:
    """Where the search ended, and why."""

    values: Floats
    place: Place
    converged: bool
    message: str
    steps: int
    history: list[float] = field(default_factory=list)
    held: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """The parameters that stand on a bound and are pushed outwards."""
    rank: int = 0
    at_fold: bool = False
    """Whether the slopes cancel each other there, so that the straight curve tells nothing: see `_Tangent.at_fold`."""


@dataclass(frozen=True)
class Limits:
    """Bounds of the parameters, -inf and inf where there are none."""

    low: Floats
    high: Floats

    @property
    def any(self) -> bool:
        """Whether there is a bound at all."""
        return bool(np.isfinite(self.low).any() or np.isfinite(self.high).any())

    def pushed(self, values: Floats, gradient: Floats) -> Mask:
        """Return which parameters stand on a bound that the cost falls beyond."""
        return ((values <= self.low) & (gradient > 0)) | ((values >= self.high) & (gradient < 0))


class _Tangent:
    """The linear problem at one place, in the units of the trust radius: a step for any radius."""

    def __init__(self, place: Place, values: Floats, units: Floats | None, limits: Limits | None) -> None:
        self.place = place
        self.values = values
        self.limits = limits
        self.r, self.j = place.linear()
        self.gram = dot_products(self.j, self.j)
        self.columns = np.sqrt(self.gram.diagonal())
        self.length = _length(self.r)
        self.finite = math.isfinite(self.length) and math.isfinite(_add_up(self.columns))
        if not self.finite:
            return
        self.units = np.where(self.columns > 0, self.columns, 1.0) if units is None else np.maximum(units, self.columns)
        self.reach = _length(self.units * values)
        self.held = _none_of(values) if limits is None else limits.pushed(values, self.r @ self.j)
        self._factor()

    def _factor(self) -> None:
        self.factors = _factors(self.j, self.gram, self.r, self.units, None if self.limits is None else ~self.held)
        self.offset = math.hypot(*self.factors.along)
        """The length of the part of the residuals that the curve can follow."""

    def rescaled(self) -> "_Tangent":
        """Return the same in the lengths of the columns as they are here, which alone tell what is rounding."""
        if (self.units <= self.columns).all():
            return self
        found = copy(self)
        found.units = np.where(self.columns > 0, self.columns, 1.0)
        found._factor()
        return found

    @property
    def at_fold(self) -> bool:
        """Whether no column has a share in the residuals, though J is so nearly singular that together they have.

        So it is at a minimum where two parameters do the same, and on the way of parameters that run away.
        """
        free = ~self.held & (self.columns > 0)
        share = float(np.max(np.abs(self.r @ self.j[:, free]) / self.columns[free], initial=0.0))
        return share <= 1e-8 * self.length

    @property
    def rank(self) -> int:
        return sum(s > 0 for s in self.factors.singular)

    def step(self, radius: float) -> _Step:
        """Return the step to the minimum of the linear problem within the radius."""
        parts, gain, length, damping = _within(self.factors, radius)
        scaled = np.array(parts) @ self.factors.directions
        if self.limits is None:
            return _Step(scaled / self.units, gain, length, damping, parts)
        by = np.zeros(len(self.values))
        by[~self.held] = scaled / self.units[~self.held]
        if ((by < self.limits.low - self.values) | (by > self.limits.high - self.values)).any():
            return self._bounded(self.limits, ~self.held, radius)
        return _Step(by, gain, length, damping, parts)

    def curved(self, step: _Step) -> tuple[Floats, float]:
        """Return where the step is bent to along the curve, by its second derivative in the direction of the step.

        And by what part of its length it bends: where that is much, the linear problem says nothing so far away.
        Transtrum and Sethna (2012), Improvements to the Levenberg-Marquardt algorithm for nonlinear least-squares
        minimization. A difference will do for that derivative: it decides how fast, not where to.
        """
        h = 0.1
        r = self.place.probed(self.values + h * step.by)
        if r is None:
            return step.by, 0.0
        singular, along, onto, directions = self.factors
        probed = onto(r).tolist()
        if not math.isfinite(sum(probed)):
            return step.by, math.inf
        bend = []
        for s, b, there, part in zip(singular, along, probed, step.parts, strict=True):
            second = (2 / h) * ((there - b) / h - s * part)  # J takes a part along a direction to s times it along u
            bend.append(-s * second / (s * s + step.damping) if s > 0 else 0.0)
        return step.by + np.array(bend) @ directions / (2 * self.units), math.hypot(*bend) / step.length

    def _bounded(self, limits: Limits, free: Mask, radius: float) -> _Step:
        """The same with bounds: straight on until one is met, which holds its parameter; then on for the others."""
        low, high = limits.low - self.values, limits.high - self.values
        by = np.zeros(len(self.values))
        damping = 0.0
        met = False
        while free.any():
            r = self.r if free.all() else self.r + self.j[:, ~free] @ by[~free]
            factors = _factors(self.j, self.gram, r, self.units, free)
            along, _, _, damping = _within(factors, radius)
            way = np.zeros(len(by))
            way[free] = np.array(along) @ factors.directions / self.units[free] - by[free]
            room = np.where(way > 0, high - by, np.where(way < 0, low - by, np.inf))
            parts = np.divide(room, way, out=np.full(len(by), np.inf), where=way != 0)
            part = min(1.0, float(parts.min()))
            by = np.where(parts == part, np.where(way > 0, high, low), by + part * way) if part < 1 else by + way
            if part == 1:
                break
            met = True
            free = free & (parts > part)
        by = np.clip(by, low, high)
        left = self.r + self.j @ by
        gain = self.length**2 - float(left @ left)
        return _Step(by, gain, _length(by * self.units), damping, [], met)


_add_up = np.add.reduce


def _none_of(values: Floats) -> Mask:
    return np.zeros(len(values), dtype=bool)


def _length(vector: Floats) -> float:
    return math.sqrt(dot_products(vector, vector))


class _Factors(NamedTuple):
    """The singular values of the scaled Jacobian, what r is along u, what any vector is, and the directions.

    A singular value that is rounding is 0, and so is what r is along its u.
    """

    singular: list[float]
    along: list[float]
    onto: Callable[[Floats], Floats]
    directions: Floats


def _factors(j: Floats, gram: Floats, r: Floats, units: Floats, free: Mask | None) -> _Factors:
    """The factors of the columns of J that are free, in their units; `gram` is JᵀJ."""
    if free is not None and not free.all():
        j, gram, units = j[:, free], gram[free][:, free], units[free]
    n, p = j.shape
    if p == 0:
        return _Factors([], [], lambda v: np.zeros(0), np.zeros((0, 0)))
    if n * p > _SMALL and n > p:
        s, directions = _of_many_rows(j, gram, units)
        # Where the columns say nothing, u is any: there the part is not known, and none is taken.
        to_u = (directions / units).T / np.where(s > s[0] * max(n, p) * _EPS, s, np.inf)

        def onto(v: Floats) -> Floats:
            found: Floats = dot_products(j, v) @ to_u
            return found
    else:
        u, s, directions = np.linalg.svd(j / units, full_matrices=False)

        def onto(v: Floats) -> Floats:
            found: Floats = v @ u
            return found

    singular, along = s.tolist(), onto(r).tolist()
    least = singular[0] * max(n, p) * _EPS
    if singular[-1] <= least:
        along = [b if v > least else 0.0 for v, b in zip(singular, along, strict=True)]
        singular = [v if v > least else 0.0 for v in singular]
    return _Factors(singular, along, onto, directions)


def _of_many_rows(j: Floats, gram: Floats, units: Floats) -> tuple[Floats, Floats]:
    """Singular values and directions: of the Gram matrix where a step loses little by it; a QR costs ten times as much.

    Squares of the singular values have 16 digits of the largest, so the smallest has 8 or more, and so has a step.
    """
    squares, vectors = np.linalg.eigh(gram / units / units[:, None])
    if squares[0] > 1e-8 * squares[-1]:
        return np.sqrt(squares[::-1]), vectors[:, ::-1].T
    _, s, directions = np.linalg.svd(tall_triangle(j) / units)
    return s, directions


def _within(factors: _Factors, radius: float) -> tuple[list[float], float, float, float]:
    """The step of length `radius` at most, along the directions; the gain, the length, and the damping.

    Hebden's iteration for the damping: the length of a step is nearly a hyperbola of it (Moré (1978), section 5).
    """
    singular, along = factors.singular, factors.along
    pairs = [(s, b) for s, b in zip(singular, along, strict=True) if s > 0]
    damping = 0.0
    length = math.hypot(*[b / s for s, b in pairs])
    if length > 1.1 * radius:
        if len(pairs) == 1:
            s, b = pairs[0]
            damping = s * abs(b) / radius - s * s
            length = radius
        else:
            for _ in range(30):
                slope = sum([(s * b) ** 2 / (s * s + damping) ** 3 for s, b in pairs])
                damping += (length - radius) / radius * length * length / slope
                length = math.hypot(*[s * b / (s * s + damping) for s, b in pairs])
                if abs(length - radius) <= 0.1 * radius:
                    break
    parts = [-s * b / (s * s + damping) if s > 0 else 0.0 for s, b in zip(singular, along, strict=True)]
    gain = sum([part * part * (s * s + 2 * damping) for s, part in zip(singular, parts, strict=True)])
    return parts, gain, length, damping


STEPS = 1000
"""The most places that are tried, if nobody says."""


def levenberg_marquardt(
    look: Look,
    start: Floats,
    *,
    limits: Limits | None = None,
    radius: float = 100.0,
    memory: float = 1.0,
    steps: int = STEPS,
    watch: Callable[[float, Floats], object] | None = None,
) -> Ending:
    """Return where the cost is smallest, going down from `start`, whose cost is finite.

    `radius` is the first trust radius, in lengths of the start (100 as in MINPACK); `memory` by what the longest column
    that was seen is multiplied at each place, 1 to remember it for good; `steps` the most places tried.
    `watch(cost, values)` is called at the start and at each place that is better.
    """
    if limits is not None and not limits.any:
        limits = None
    here = _Tangent(look(start, None), start, None, limits)
    history = [here.place.cost]
    if watch is not None:
        watch(here.place.cost, start)
    if not here.finite:
        return Ending(start, here.place, False, "the slopes at the start are not finite", 0, history)
    if len(start) == 0:
        return Ending(start, here.place, True, "nothing to fit: every parameter is fixed", 0, history)
    trust = radius * (here.reach or 1.0)
    smallest = min(trust, here.length)
    tried = 0
    first = True
    near = _NEAR
    ended = False
    message = f"stopped after {times(steps)}"
    while tried < steps:
        if trust <= _EPS * max(smallest, here.reach):
            message = "no step lowers the sum of squares any more"
            break
        step = here.step(trust)
        if first and not step.met:
            trust = min(trust, step.length) or trust
        first = False
        cost = here.place.cost
        if step.damping == 0 and not step.met and (step.gain <= near * cost or _as_rounding(here)):
            refined, count, ended = _refined(look, here, limits, history, watch)
            units = np.maximum(refined.units, here.units)
            here = refined if ended else _Tangent(refined.place, refined.values, units, limits)
            tried += count
            if ended or not near:
                message = ""
                break
            near = _HALF if near == _NEAR else 0.0  # too early: the squares can still tell, or have to
            continue
        tried += 1
        if step.gain <= 0:  # every way to the minimum of the straight problem leads out of the bounds at once
            trust *= 0.1
            continue
        by = step.by
        if limits is None or not (step.met or here.held.any()):
            by, bend = here.curved(step)
            if bend > _BEND:  # a step so much shorter bends just less
                trust = max(0.05, min(0.5, 0.8 * _BEND / bend)) * min(trust, step.length)
                continue
        values = _moved(here, by)
        place = look(values, here.place)
        ratio = (cost - place.cost) / step.gain if math.isfinite(place.cost) else -math.inf
        accepted = None
        # Onto a bound that is nearer than rounding a step need win nothing: it changes who is held.
        onto_bound = step.met and place.cost <= cost and bool((values != here.values).any())
        if ratio > 1e-4 or onto_bound:
            accepted = _Tangent(place, values, memory * here.units, limits)
            if not accepted.finite:  # the edge of where the curve is defined, as sqrt at 0
                accepted, ratio = None, -math.inf
        if ratio <= 0.25 and not (accepted is not None and onto_bound):
            trust = _shrunk(step, ratio, cost, place.cost) * min(trust, 10 * step.length)
        elif step.damping == 0 or ratio >= 0.75:
            trust = max(trust, 2 * step.length) if step.met else 2 * step.length
        if accepted is not None:
            here = accepted
            history.append(place.cost)
            if watch is not None:
                watch(place.cost, values)
    if message.startswith("no step"):
        here, count, ended = _refined(look, here, limits, history, watch)
        tried += count
    here = here.rescaled()
    offset = 0.0 if _as_rounding(here) else here.offset / here.length
    arrived = ended or offset <= 1e-6
    converged = (tried < steps or not message) and (arrived or here.at_fold)
    if converged:
        message = f"converged after {times(tried)}"
    elif not message:
        message = f"the last steps stopped falling {offset:.1g} of the residuals away from the minimum"
    return Ending(here.values, here.place, converged, message, tried, history, here.held, here.rank, not arrived)


_BEND = 0.75
"""A step that bends by more than this part of its length is not tried."""
_NEAR = 1e-3
"""Where a step can win no more than this part of the cost, the gradient is a better judge of it than the cost."""
_HALF = 1e-8
"""Where it can win no more than this, half of the digits, the cost is no judge at all."""
_ROUNDED = 1e-13
"""So small a part of the residuals changes no digit of a parameter that is known better than to 1 part in 1000."""


_NEW = 1e-5
"""Of a change of steps that is less new than this beside those after it, by its square, rounding and bending make the
rest: 54 searches of NIST's problems take 1146 steps with it, 1164 with 1e-20, 1163 with 1e-2."""


def times(steps: int) -> str:
    """Return a number of steps in words."""
    return "1 step" if steps == 1 else f"{steps} steps"


def _as_rounding(here: _Tangent) -> bool:
    """Whether the residuals, or what the curve can follow of them, are no more than rounding."""
    return here.offset <= here.place.noise or here.length == 0  # whose square is 0, if nothing else


def _shrunk(step: _Step, ratio: float, cost: float, reached: float) -> float:
    """By what to multiply the radius after a step that brought little: to the minimum of the parabola through it."""
    if not math.isfinite(reached) or reached >= 100 * cost:
        return 0.1
    if ratio >= 0:
        return 0.5
    return min(0.5, max(0.1, 0.5 / (1 - ratio)))


def _moved(here: _Tangent, by: Floats) -> Floats:
    """Where a step leads; onto a bound to the bit."""
    limits, values = here.limits, here.values + by
    if limits is None:
        return values
    values = np.where(by >= limits.high - here.values, limits.high, values)
    return np.where(by <= limits.low - here.values, limits.low, values)


def _refined(
    look: Look,
    here: _Tangent,
    limits: Limits | None,
    history: list[float],
    watch: Callable[[float, Floats], object] | None,
) -> tuple[_Tangent, int, bool]:
    """Undamped steps as long as the gradient falls; how many, and whether only rounding is left.

    Where residuals are large the steps shrink by the same factor each time, which may be near 1. What the last ones
    have in common is therefore taken out of a step (Anderson (1965), Iterative procedures for nonlinear integral
    equations; the way of Walker and Ni (2011), Anderson acceleration for fixed-point iterations).
    """
    here = here.rescaled()
    moves: list[Floats] = []
    places: list[Floats] = []
    count, factor, before, part = 0, 1.0, 1.0, 1.0
    while count < 60:
        step = here.step(math.inf)
        left = here.offset / (here.length or 1.0)
        if _as_rounding(here) or left <= _ROUNDED or _no_change(step.by, here.values):
            return here, count, True
        last = left * max(factor, before, 1e-3) <= _ROUNDED  # it leads to where only rounding is left
        places.append(here.values)
        moves.append(part * step.by)
        by = _accelerated(places, moves, here.units)
        values = _moved(here, by)
        place = look(values, here.place)
        count += 1
        if place.cost <= here.place.cost * (1 + 1e-6) + here.place.noise**2:
            there = _Tangent(place, values, None, limits)
            fell = there.finite and there.rank >= here.rank and (last or there.offset < here.offset)
        else:
            fell = False
        if not fell:
            if len(moves) == 1:
                if left <= 1e-9 or part < 0.1:
                    return here, count, left <= 1e-9
                part /= 2  # residuals that bend the cost more than the slopes do: a whole step goes too far
            moves, places = [], []  # once more without memory
            continue
        factor, before = there.offset / here.offset, factor
        if limits is not None and (there.held != here.held).any():
            moves, places = [], []
        here = there
        history.append(place.cost)
        if watch is not None:
            watch(place.cost, values)
        if last:
            return here, count, True
    return here, count, False


def _no_change(by: Floats, values: Floats) -> bool:
    """Whether a step changes no value by more than its last digit."""
    return all(abs(d) <= 2 * _EPS * abs(v) for d, v in zip(by.tolist(), values.tolist(), strict=True))


def _dot(one: list[float], other: list[float]) -> float:
    found: float = sum(map(operator.mul, one, other))
    return found


def _accelerated(places: list[Floats], moves: list[Floats], units: Floats) -> Floats:
    """The last step, without what it has in common with those before."""
    last = moves[-1]
    del places[: -1 - len(last)], moves[: -1 - len(last)]
    if len(moves) == 1:
        return last
    rest, by = (last * units).tolist(), last
    seen: list[tuple[list[float], float, Floats]] = []
    for k in range(len(moves) - 2, -1, -1):  # the nearest first; by Gram and Schmidt, in lists: these are short
        change = moves[k + 1] - moves[k]
        scaled, went = (change * units).tolist(), places[k + 1] - places[k] + change
        whole = _dot(scaled, scaled)
        for other, square, way in seen:
            share = _dot(scaled, other) / square
            scaled = [c - share * d for c, d in zip(scaled, other, strict=True)]
            went = went - share * way
        square = _dot(scaled, scaled)
        if not square > _NEW * whole:
            continue
        seen.append((scaled, square, went))
        share = _dot(rest, scaled) / square
        rest = [c - share * d for c, d in zip(rest, scaled, strict=True)]
        by = by - share * went
    return by if _length(by * units) <= 10 * _length(last * units) else last
