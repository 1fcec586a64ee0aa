"""The certified ladder: a slope from function values alone, with an error bar measured on the way.

One idea: no step is right for every function, so take them all. Central differences at steps
that shrink by 8 are extrapolated; what two orders of extrapolation disagree by bounds the
truncation, and how the finer levels scatter (rounding grows as 1/h) measures the noise, whatever
its source. The candidate with the smallest bar is the slope, and the bar comes with it.

All outputs of one direction are measured at once: arrays are (levels, outputs), coarse first.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

K = 4.0
"""How many error bars a claim may be away. Any K from 2 to 8 gave no false alarm once a second ladder had to agree."""

RATIO = 8.0
"""Of a step to the next. Extrapolating by 8 multiplies rounding by 65/63 only."""

SIGMA = 2531 / 4096
"""Scales the second ladder, which must agree before anybody is accused. Near the golden ratio, so that no
period or grid that fooled the first fits the second; 12 bits, so that x + h is still mostly exact."""

MOST_LEVELS = 44

LEAST, MOST = 2.0**-1070, 2.0**1000
"""No step is smaller or larger: h itself must neither vanish nor overflow."""

BLUNT = 0.05
"""A bar wider than this part of the slope says nothing."""

_LAST = 5
"""Levels at the fine end that have too few finer neighbours for their noise to be measured: with three the noise
of one level in a hundred came out four times too small."""


class Samples(NamedTuple):
    """A function along one direction, at x + h and x - h for each step h, coarse first."""

    h: Array
    """(levels,): half of the distance between the two points, as it came out in floating point."""
    ahead: Array
    """(levels,): x+ - x."""
    behind: Array
    """(levels,): x - x-."""
    plus: Array
    """(levels, outputs): f(x + h); NaN where f could not be computed."""
    minus: Array
    """(levels, outputs): f(x - h)."""
    middle: Array
    """(outputs,): f(x)."""
    eps: float
    """Of the arithmetic the values were computed in."""
    size: float
    """|x| along the direction."""


class Estimate(NamedTuple):
    """A slope and its error bar, for each output; NaN and infinity where there is none."""

    value: Array
    error: Array
    step: Array
    """The step the slope was measured at."""


@dataclass(frozen=True)
class Slopes:
    """All that one ladder says of one direction, for each output."""

    samples: Samples
    central: Estimate
    visible: Estimate
    """The central slope without the finest levels at which nothing changed any more."""
    right: Estimate
    left: Estimate
    kink: Array
    """Whether the one-sided slopes differ by more than their bars."""
    jump: Array
    """Whether the function's difference does not shrink with the step."""
    steep: Array
    """Whether the slope keeps growing as the step shrinks."""
    wild: Array
    """Whether the one-sided slopes settle on nothing, as those of x sin(1/x): a central one may by symmetry alone."""
    floor: Array
    """A size of slope below which no bar need be sharp."""


def steps(size: float, smallest: float, eps: float, sigma: float = 1.0) -> list[float]:
    """Return the steps for a point of this size, from as large as it down to its last bits.

    `smallest` is the size of the smallest number that matters; it decides where a ladder at x = 0 ends.

    >>> steps(1.0, 1.0, 2.0**-10)
    [0.5, 0.0625, 0.0078125]
    """
    if not np.isfinite(size):
        return []  # an infinity cannot be moved
    top = 0.5 * max(1.0, 2.0 ** np.ceil(np.log2(size))) if size else 0.5
    bottom = max(4 * eps * (size or min(smallest, 1.0)), LEAST)
    top = min(top, bottom * RATIO**MOST_LEVELS, MOST)
    found = []
    h = top * sigma
    while h >= bottom:
        found.append(float(h))
        h /= RATIO
    return found


def measure(samples: Samples) -> Slopes:
    """Return what one ladder says: the slope, its bar, and whether there is a kink, a jump or no slope at all."""
    h, plus, minus, f0 = samples.h, samples.plus, samples.minus, samples.middle
    with np.errstate(all="ignore"):
        right = (plus - f0) / samples.ahead[:, None]
        left = (f0 - minus) / samples.behind[:, None]
        central = _central(samples)
        ulp = _ulp(f0, samples.eps)
        near = np.maximum(_ulp(plus, samples.eps), _ulp(minus, samples.eps))  # f may be 0 at x alone
        rounding = np.maximum(near, ulp) / 2 / h[:, None]
        bends = np.abs(right - left)
        bent = samples.eps * bends
        # A function may round its argument inside, as sin(1/x) does: where x is a short number nothing else shows
        # it. Far below |x| it is left out, or the end of a domain, log1p near -1, would cost digits.
        inside = samples.eps / 4 * samples.size * np.fmax(np.abs(right), np.abs(left)) / h[:, None]
        inside = np.where((samples.size < 2.0**20 * h)[:, None], inside, 0.0)
        floors = np.maximum(rounding, np.nan_to_num(np.fmax(bent, inside), nan=0.0, posinf=0.0))
        middle = _estimate(central, floors, h, RATIO**2, RATIO**4, bends)
        seen = _seen(central)
        visible = (
            middle if seen is None else _estimate(np.where(seen, central, np.nan), floors, h, RATIO**2, RATIO**4, bends)
        )
        ahead = _estimate(right, 2 * floors, h, RATIO, RATIO**2)
        behind = _estimate(left, 2 * floors, h, RATIO, RATIO**2)
        if samples.eps > 1e-10:
            alone = ~np.isfinite(middle.error)
            ahead, behind = _heard(ahead, right, floors, alone), _heard(behind, left, floors, alone)
        kink = _apart(ahead, behind, samples.eps)
        if kink.any():  # a side that is flat because nothing is visible any more makes no kink
            shown = [_shown(side, quotients, floors, h) for side, quotients in ((ahead, right), (behind, left))]
            bars = np.abs(shown[0].value - shown[1].value) + K * (shown[0].error + shown[1].error)
            kink &= bars > 0.5 * np.abs(ahead.value - behind.value)
        jump = _jump(samples, ulp)
        steep = _steep(right, floors) | _steep(left, floors)
        floor = _floor(right, left, f0, h)
        wild = _wild(right, left, ahead, behind)
    return Slopes(samples, middle, visible, ahead, behind, kink & ~jump & ~steep, jump, steep, wild, floor)


def _central(samples: Samples) -> Array:
    """(levels, outputs): central differences; of steps that rounding has made unequal, the slope of a parabola."""
    width = samples.ahead + samples.behind
    central: Array = (samples.plus - samples.minus) / width[:, None]
    uneven = np.flatnonzero(samples.ahead != samples.behind)
    if len(uneven):
        ahead, behind = samples.ahead[uneven, None], samples.behind[uneven, None]
        bend = (samples.plus[uneven] - samples.middle) / ahead - (samples.middle - samples.minus[uneven]) / behind
        central[uneven] -= np.where(np.isfinite(bend), bend, 0.0) * (ahead - behind) / (ahead + behind)
    return central


def _apart(right: Estimate, left: Estimate, eps: float) -> Array:
    """Whether two one-sided slopes differ by more than their bars."""
    size = np.maximum(np.abs(right.value), np.abs(left.value))
    found: Array = np.abs(right.value - left.value) > K * (right.error + left.error) + 4 * np.sqrt(eps) * size
    return found


def _wild(right: Array, left: Array, ahead: Estimate, behind: Estimate) -> Array:
    """Whether neither side settles on a slope, though it is no noise: the well-measured levels swing, and go on to."""
    stop = len(right) - _LAST
    if stop < 6:
        return np.zeros(right.shape[1], bool)
    size = np.fmax(np.abs(right), np.abs(left))
    before, after = size[stop - 6 : stop - 3].max(axis=0), size[stop - 3 : stop].max(axis=0)
    bar = np.fmin(ahead.error, behind.error)
    return np.asarray((bar > 0.25 * after) & (after > 0.5 * before) & np.isfinite(after) & (after > 0))


def _shown(side: Estimate, quotients: Array, floors: Array, h: Array) -> Estimate:
    """The slope of one side without the finest levels at which nothing changed; as it was where nothing ever does."""
    seen = _seen(quotients)
    if seen is None:
        return side
    shown = _estimate(np.where(seen, quotients, np.nan), 2 * floors, h, RATIO, RATIO**2)
    known = np.isfinite(shown.error)
    return Estimate(*(np.where(known, new, old) for new, old in zip(shown, side)))


def _floor(right: Array, left: Array, f0: Array, h: Array) -> Array:
    """The size of a slope below which a bar need not be sharp: |f| over the largest step, or the least secant seen."""
    if not len(h):
        return np.zeros(f0.shape)
    secants = np.fmax(np.abs(right), np.abs(left))[: (len(h) + 1) // 2]
    least = np.where(np.isfinite(secants), secants, np.inf).min(axis=0)
    size = np.where(np.isfinite(f0), np.abs(f0), 0.0) / h[0]
    return np.asarray(np.maximum(size, np.where(np.isfinite(least), least, 0.0)))


def prefixes(samples: Samples, output: int, step: float) -> list[tuple[float, float]]:
    """Return (slope, bar) by the coarse part of the ladder alone, for ever longer parts, for one output.

    They end where the whole ladder found its slope, at `step`.

    A function that is rounded inside, to float32 or to a table's steps, is smooth from afar and a
    staircase from near: the coarse part then tells another slope than the whole. A kink nearby does
    that too, but then the two sides tell two slopes: such parts are left out.
    """
    found = []
    h = samples.h
    plus, minus, f0 = samples.plus[:, output], samples.minus[:, output], samples.middle[output]
    with np.errstate(all="ignore"):
        quotient = ((plus - minus) / (samples.ahead + samples.behind))[:, None]
        right, left = (plus - f0) / samples.ahead, (f0 - minus) / samples.behind
        floors = _ulp(samples.middle[output : output + 1], samples.eps) / 2 / h[:, None]
        for stop in range(3, min(len(h), int((h >= step).sum()) + 2)):
            part = _estimate(quotient[:stop], floors[:stop], h[:stop], RATIO**2, RATIO**4)
            if np.isfinite(part.value[0]) and bends_little(h, right, left, float(part.step[0])):
                found.append((float(part.value[0]), float(part.error[0])))
    return found


def bends_little(h: Array, right: Array, left: Array, step: float) -> bool:
    """Whether both sides tell about the same slope at this step, or come together like h: no kink lies within it."""
    k = int(np.argmin(np.abs(h - step)))
    bend = np.abs(right - left)
    if bend[k] <= 0.25 * max(abs(float(right[k])), abs(float(left[k]))):
        return True
    # At the bottom of a valley the sides disagree by curvature alone, which shrinks by 8 a level; a kink does not.
    coarser = bend[max(k - 2, 0) : k + 1]
    if len(coarser) > 1 and bool((coarser[1:] <= coarser[:-1] / (4 if k > 1 else 16)).all()):
        return True
    around = [bend[n : n + 3] for n in (k - 1, k) if n >= 0]
    return any(len(b) == 3 and bool(((b[1:] <= b[:-1] / 4) & (b[1:] >= b[:-1] / 16)).all()) for b in around)


def _heard(side: Estimate, quotients: Array, floors: Array, alone: Array) -> Estimate:
    """A side that stands alone, without a bar where two finer levels deny it and rounding at f does not explain it.

    float32 has seven levels only. Next to the end of a domain, arccosh at 1.00002, most of them measure the
    square root at the end, not the slope; those that object are too few for `_best` to hear them.
    """
    off = np.abs(quotients - side.value) - 32 * floors
    objections = (off[len(off) // 2 :] > K * side.error).sum(axis=0)
    return side._replace(error=np.where(alone & (objections >= 2), np.inf, side.error))


def _estimate(
    quotients: Array, floors: Array, h: Array, first: float, second: float, bends: Array | None = None
) -> Estimate:
    """The best candidate of each output; outputs that lack the same levels are worked out together."""
    outputs = quotients.shape[1]
    value = np.full(outputs, np.nan, quotients.dtype)
    error = np.full(outputs, np.inf, quotients.dtype)
    step = np.full(outputs, np.nan)
    usable = np.isfinite(quotients)
    if usable.all():
        groups: list[tuple[Any, Any]] = [(slice(0, len(h)), slice(None))]
    else:
        runs = [_longest_run(usable[:, m]) for m in range(outputs)]
        groups = [(run, np.array([m for m in range(outputs) if runs[m] == run])) for run in _distinct(runs)]
    for levels, chosen in groups:
        if levels.stop - levels.start >= 2:
            value[chosen], error[chosen], step[chosen] = _best(
                quotients[levels][:, chosen],
                floors[levels][:, chosen],
                h[levels],
                first,
                second,
                None if bends is None else bends[levels][:, chosen],
            )
    return Estimate(value, error, step)


def _distinct(runs: list[slice]) -> list[slice]:
    found: list[slice] = []
    for run in runs:
        if run not in found:
            found.append(run)
    return found


def _longest_run(usable: Array) -> slice:
    """The longest run of levels that could be computed; the finer of equals.

    At the edge of a domain the coarse levels fall away, and the ladder starts below them.
    """
    best = slice(0, 0)
    start = 0
    for k, good in enumerate([*usable, False]):
        if not good:
            if k > start and k - start >= best.stop - best.start:
                best = slice(start, k)
            start = k + 1
    return best


def _best(
    n: Array, floors: Array, h: Array, first: float, second: float, bends: Array | None
) -> tuple[Array, Array, Array]:
    """The candidate with the smallest bar among N, R and R2 of every level."""
    levels = len(h)
    difference = np.diff(n, axis=0)
    r = n[1:] + difference / (first - 1)
    r2 = r[1:] + np.diff(r, axis=0) / (second - 1)

    # noise[k]: what the finer levels k' show, carried to level k by noise ~ 1/h. Each order of extrapolation
    # shows the same noise and a truncation of its own, so the quietest is nearest to the noise.
    rows = (n, np.concatenate([n[:1], r]), np.concatenate([n[:1], r[:1], r2]))
    finer = np.arange(levels)[None, :] > np.arange(levels)[:, None]
    shrunk = np.where(finer, h[None, :] / h[:, None], 0.0)[:, :, None]
    carried = [(np.abs(row[None, :, :] - row[:, None, :]) * shrunk).max(axis=1) for row in rows]
    noise = np.maximum(np.minimum(np.minimum(carried[0], carried[1]), carried[2]), floors)
    tail = slice(max(levels - _LAST, 1), levels)
    noise[tail] = np.maximum(noise[tail], np.abs(difference[tail.start - 1 :]))

    # judges[k, k']: may level k' contradict a candidate of level k? The next always, others if well measured.
    well = np.arange(levels) < levels - _LAST
    judges = finer & (well[None, :] | (np.arange(levels)[None, :] == np.arange(levels)[:, None] + 1))

    # The bend |P - M| of a smooth function shrinks with h. Where it is larger at a finer level than at all coarser
    # ones, something has been stepped over, and the coarse slopes may agree by symmetry alone.
    unseen = np.zeros_like(noise)
    if bends is not None:
        bends = np.where(np.isfinite(bends), bends, 0.0)
        before = np.maximum.accumulate(bends, axis=0)
        grown = bends[None, :, :] - 8 * noise[None, :, :] - before[:, None, :]
        unseen = np.where(judges[:, :, None], np.maximum(grown, 0.0), 0.0).max(axis=1)

    def bars(candidates: Array, truncation: Array, start: int) -> Array:
        apart = np.minimum.reduce([np.abs(candidates[:, None, :] - row[None, :, :]) for row in rows])
        excess = apart - 4 * noise[None, :, :]
        contradiction = np.where(judges[start:, :, None], np.maximum(excess, 0.0), 0.0).max(axis=1)
        whole: Array = truncation + noise[start:] + contradiction + unseen[start:]
        return whole

    # Slower than h (like h^0.5) is no law that extrapolation knows: then the last change is the bar.
    step = np.abs(difference)
    slow = np.zeros_like(step)
    slow[1:] = np.where(step[1:] > step[:-1] / 4, step[1:], 0.0)
    if first > RATIO:
        # Central differences that err like h, where the curvature jumps, shrink by 8 a level and not by 64.
        slow[1:] = np.maximum(slow[1:], np.where(step[1:] > step[:-1] / 24, step[1:] / 7, 0.0))

    values = np.concatenate([n[1:], r, r2])
    errors = np.concatenate(
        [
            bars(n[1:], step, 1),
            bars(r, np.maximum(np.abs(r - n[1:]), slow), 1),
            bars(r2, np.maximum(np.abs(r2 - r[1:]), slow[1:]), 2),
        ]
    )
    pick = np.argmin(errors, axis=0)[None, :]
    at = np.concatenate([h[1:], h[1:], h[2:]])[pick[0]]
    return np.take_along_axis(values, pick, 0)[0], np.take_along_axis(errors, pick, 0)[0], at


def _seen(quotients: Array) -> Array | None:
    """Which levels are left when the run of exact zeros at the fine end is taken off; None if nothing is."""
    zero = quotients == 0
    if not zero[-1:].any():
        return None
    trailing = np.flip(np.logical_and.accumulate(np.flip(zero, 0), 0), 0)
    return ~trailing


def _jump(samples: Samples, ulp: Array) -> Array:
    """Whether f(x+h) - f(x-h), f(x+h) - f(x) or f(x) - f(x-h) is the same at the finest levels, and not noise.

    Over three levels a smooth difference shrinks by 512, that of a square root by 23.
    """
    clear = samples.h >= 64 * samples.eps * samples.size
    found = np.zeros(samples.plus.shape[1], bool)
    last = np.flatnonzero(clear)[-4:]
    if len(last) < 4:
        return found
    plus, minus = samples.plus[last], samples.minus[last]
    for gap in (plus - minus, plus - samples.middle, samples.middle - minus):
        end = gap[-1]
        stuck = np.abs(gap - end).max(axis=0) <= 0.05 * np.abs(end)
        found |= stuck & (np.abs(end) > 64 * ulp) & np.isfinite(end)
    return found


def _steep(quotients: Array, floors: Array) -> Array:
    """Whether one-sided slopes go on changing, one way and by a law: a slope without bound, or without a rate.

    From one level to the next a slope like h^-a changes by 8^a times as much, one like log h by as much,
    a smooth one by an eighth. Noise grows too, but by no constant ratio.
    """
    found = np.zeros(quotients.shape[1], bool)
    for m in range(quotients.shape[1]):
        run = _longest_run(np.isfinite(quotients[:, m]))
        change = np.diff(quotients[run, m])
        clear = np.flatnonzero(np.abs(change) > 64 * floors[run, m][1:])
        end = change[: clear[-1] + 1][-5:] if len(clear) else change[:0]
        if len(end) == 5 and end.all():
            ratios = end[1:] / end[:-1]
            found[m] = bool((ratios > 0.7).all() and (ratios < 7).all() and ratios.max() < 1.25 * ratios.min())
    return found


def _ulp(values: Array, eps: float) -> Array:
    """The distance to the next number, in an arithmetic with this eps; 0 for what is no number."""
    known = np.isfinite(values) & (values != 0)
    return np.where(known, eps * np.ldexp(np.ones_like(values), np.frexp(values)[1] - 1), 0.0)
