"""Claimed slopes against measured ones: right, wrong, or nobody can tell.

One idea: to accuse is the last resort. The fast path can only accept. What it does not accept is
measured by a ladder; what that does not accept is looked at again as a kink, a jump, a staircase
or noise; and what is still wrong must be wrong by a second, independent ladder too.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .evidence import Direction, Verdict
from .ladder import BLUNT, SIGMA, K, Samples, Slopes, bends_little, measure, prefixes
from .probe import Probe

Array = np.ndarray[Any, Any]


FINER = (0.84, 0.707, 0.595, 0.5, 0.42, 0.354, 0.297)
"""Scales of the ladders whose scatter is a smaller bar than that of one of them, where numbers have few digits."""

ENOUGH = 16
"""So many wrong columns, and rows in a column, are confirmed; who is wrong in more is wrong, and need not wait."""


class Judgement(NamedTuple):
    """What is known of each claimed slope; arrays are (rows, columns), named as in `Evidence`."""

    desired: Array
    uncertainty: Array
    allowed: Array
    left: Array
    right: Array
    status: Array
    verdict: Array
    fast: int
    steps: tuple[float, float]


class Claim(NamedTuple):
    """One claimed slope, and how exactly it can be claimed."""

    g: float
    size: float
    norm: float
    atol: float


class Claims(NamedTuple):
    """(rows, columns) each: what is claimed, and the sizes that its rounding has."""

    g: Array
    size: Array
    """Of the terms that a slope was added up from."""
    norm: Array
    """The largest size in the same row or column."""
    atol: Array
    """How far a slope of 0 may be off."""

    def at(self, m: int, c: int) -> Claim:
        return Claim(*(float(part[m, c]) for part in self))


class Bench:
    """Where the claimed slopes of one function at one point are judged.

    `weights` is (rows, outputs), how each row weighs the outputs; None for one row an output.
    """

    def __init__(
        self,
        probe: Probe,
        weights: Array | None,
        rtol: float,
        *,
        kinks: bool = True,
        zero_times_inf: bool = False,
        rng: int = 0,
    ) -> None:
        self.probe, self.weights, self.rtol = probe, weights, rtol
        self.kinks = kinks
        self.zero_times_inf = zero_times_inf
        self.rng = np.random.default_rng(rng)
        self.widest = (0.0, np.inf)
        self.middle = self.weighed(probe.middle)

    def weighed(self, values: Array) -> Array:
        """Return outputs along the last axis as rows. An infinite output makes only those rows NaN that weigh it."""
        if self.weights is None:
            return values
        known = np.isfinite(values)
        if known.all():
            return np.asarray(values @ self.weights.T)
        weighed: Array = np.where(known, values, 0.0) @ self.weights.T
        lost = (~known).astype(np.float64) @ (self.weights != 0).T.astype(np.float64) > 0
        weighed[lost] = np.nan
        return weighed

    def judge(
        self, columns: Sequence[Direction], actual: Array, sizes: Array | None = None, among: Array | None = None
    ) -> Judgement:
        """Return the verdict on each claimed slope, of the rows `among` if that is given.

        `sizes` (rows, columns) is how large the terms are that a claimed slope was added up from, for
        directions in which many elements move.
        """
        shape = actual.shape
        finite = np.where(np.isfinite(actual), np.abs(actual), 0.0)
        size = finite if sizes is None else np.maximum(finite, sizes)
        # Rounding of a backward pass is that of its largest terms: those of the row, or of the column.
        norm = np.maximum(size.max(axis=1, initial=0.0)[:, None], size.max(axis=0, initial=0.0)[None, :])
        atol = 8 * self.probe.narrow * np.minimum(norm, self._in_units(columns, size)) + self.probe.tiny
        wide = np.result_type(np.float64, self.middle)
        j = Judgement(
            np.full(shape, np.nan, wide),
            np.full(shape, np.inf, wide),
            np.full(shape, np.nan, wide),
            np.full(shape, np.nan, wide),
            np.full(shape, np.nan, wide),
            np.full(shape, "undefined", dtype="<U9"),
            np.zeros(shape, np.int8),
            0,
            (0.0, 0.0),
        )
        among = np.ones(shape[0], bool) if among is None else among
        if not among.any():
            columns = []
        fast = self._quick(columns, actual, size, atol, j)
        claims = Claims(actual, size, norm, atol)
        j.status[~among], j.verdict[~among] = "untried", Verdict.UNKNOWN
        wrong = 0
        for c in range(len(columns)):
            todo = np.flatnonzero((j.verdict[:, c] != Verdict.RIGHT) & among)
            if wrong == ENOUGH:
                j.status[todo, c] = "untried"
            elif len(todo):
                self._column(columns[c], c, todo, claims, j)
                wrong += bool((j.verdict[:, c] == Verdict.WRONG).any())
        self._settle_nan(actual, j)
        return j._replace(fast=fast, steps=(self.widest[0], min(self.widest)))

    def _in_units(self, columns: Sequence[Direction], size: Array) -> Array:
        """(rows, columns): the largest term of each row, |slope x|, over |x|; infinite where x is 0 or many move.

        The rounding of a slope does not depend on the units of the other arguments: in the gradient of x y,
        with x near 1e8 and y near 1e-8, the small slope is as exact as the large one.
        """
        x = np.array([self.probe.size(u)[0] if u.leaf is not None else 0.0 for u in columns])
        largest = (size * np.where(np.isfinite(x), x, 0.0)).max(axis=1, initial=0.0)[:, None]
        return np.where(x > 0, largest / np.where(x > 0, x, 1.0), np.inf)

    def _quick(self, columns: Sequence[Direction], actual: Array, size: Array, atol: Array, j: Judgement) -> int:
        """Accept what four evaluations are enough for; how many columns they settled."""
        if not columns:
            return 0
        n1, n2, bend1, bend2 = self.probe.quick(columns)
        if self.weights is not None:
            n1, n2, bend1, bend2 = (self.weighed(a.T).T for a in (n1, n2, bend1, bend2))
            bend1, bend2 = np.abs(bend1), np.abs(bend2)
        with np.errstate(all="ignore"):
            r = n2 + (n2 - n1) / 63
            large = np.maximum(np.maximum(np.abs(actual), np.abs(r)), size)
            allowed = self.rtol * large + atol
            rounding = 16 * self.probe.eps * np.abs(self.middle)[:, None]
            good = (
                (np.abs(r - actual) <= allowed)
                & (np.abs(n1 - n2) <= 1e-3 * large + atol)
                & (bend2 <= bend1 / 16 + rounding)  # at a kink it shrinks by 8 only, at a jump not at all
                & np.isfinite(actual)
                & np.isfinite(r)
            )
        j.desired[good] = r[good]
        j.uncertainty[good] = np.abs(n2[good] - n1[good]) / 63
        j.allowed[good] = allowed[good]
        j.status[good] = "smooth"
        j.verdict[good] = Verdict.RIGHT
        return int(good.all(axis=0).sum())

    def _column(
        self,
        direction: Direction,
        c: int,
        todo: Array,
        claims: Claims,
        j: Judgement,
    ) -> None:
        """Judge what the fast path left open of one direction, by the ladder."""
        slopes = measure(self._samples(direction, 1.0))
        accused = []
        for m in todo:
            found = self._one(slopes, int(m), claims.at(int(m), c))
            _write(j, int(m), c, found)
            if found.verdict == Verdict.WRONG:
                accused.append(int(m))
        finer: list[int] = []
        if self.probe.eps > 1e-10:
            finer = self._finer(direction, c, todo, claims, j, slopes)
            accused += finer
        if not accused:
            return
        if len(accused) > ENOUGH:  # the worst will do
            off = np.abs(claims.g[accused, c] - j.desired[accused, c]) / j.allowed[accused, c]
            order = np.argsort(-np.where(np.isfinite(off), off, np.inf), kind="stable")
            rest = [accused[n] for n in order[ENOUGH:]]
            j.status[rest, c], j.verdict[rest, c] = "untried", Verdict.UNKNOWN
            accused = sorted(accused[n] for n in order[:ENOUGH])
        accused = [m for m in accused if not self._stairs(slopes, m, c, claims.at(m, c), j)]
        if accused:
            accused = self._steps_between(direction, accused, c, claims, j, slopes)
        if accused:
            accused = self._hidden_kink(direction, accused, c, claims, j, slopes)
        if accused:
            again = measure(self._samples(direction, SIGMA))
            for m in accused:
                if m in finer:
                    continue  # seven more ladders have said so
                second = self._one(again, m, claims.at(m, c))
                if second.verdict != Verdict.WRONG:
                    _write(j, m, c, second)

    def _finer(
        self,
        direction: Direction,
        c: int,
        todo: Array,
        claims: Claims,
        j: Judgement,
        s: Slopes,
    ) -> list[int]:
        """Measure again what one ladder in few digits was right by its wide bar alone; return which is wrong after all.

        Of eight ladders, each with steps of its own, the median is the slope, and the largest distance from it
        the bar: the rounding of each is another, and so is what it cuts off.
        """
        large = np.maximum(np.abs(claims.g[:, c]), claims.size[:, c])
        blunt = [
            int(m)
            for m in todo
            if j.verdict[m, c] == Verdict.RIGHT
            and j.status[m, c] == "smooth"
            and K * j.uncertainty[m, c] > self.rtol * large[m]
            and np.isfinite(s.right.error[m] + s.left.error[m])
        ]
        if not blunt:
            return []
        ladders = [s, *(measure(self._samples(direction, sigma)) for sigma in FINER)]
        values = np.array([ladder.central.value for ladder in ladders])
        usable = np.array([np.isfinite(ladder.central.error) & ~ladder.jump & ~ladder.kink for ladder in ladders])
        wrong = []
        for m in blunt:
            if not usable[:, m].all():
                continue
            d = float(np.median(values[:, m]))
            bar = float(np.abs(values[:, m] - d).max())
            g, size, _, atol = claims.at(m, c)
            allowed = K * bar + self.rtol * max(abs(g), abs(d), size) + atol
            if bar < j.uncertainty[m, c]:
                right = abs(g - d) <= allowed
                left, ahead = float(j.left[m, c]), float(j.right[m, c])
                verdict = Verdict.RIGHT if right else Verdict.WRONG
                _write(j, m, c, _Found(d, bar, allowed, left, ahead, "smooth", verdict))
                wrong += [m] * (not right)
        return wrong

    def _samples(self, direction: Direction, sigma: float) -> Samples:
        samples = self.probe.ladder(direction, sigma)
        if len(samples.h):
            self.widest = (max(self.widest[0], float(samples.h[0])), min(self.widest[1], float(samples.h[-1])))
        if self.weights is None:
            return samples
        return samples._replace(plus=self.weighed(samples.plus), minus=self.weighed(samples.minus), middle=self.middle)

    def _one(self, s: Slopes, m: int, claim: Claim) -> "_Found":
        """One claimed slope against one ladder."""
        g, size, norm, atol = claim
        d, error = float(s.central.value[m]), float(s.central.error[m])
        right, right_error = float(s.right.value[m]), float(s.right.error[m])
        left, left_error = float(s.left.value[m]), float(s.left.error[m])
        if not np.isfinite(self.middle[m]):
            return _Found(np.nan, np.inf, np.nan, left, right, "undefined", Verdict.UNKNOWN)
        if s.jump[m]:
            return _Found(d, np.inf, np.nan, left, right, "jump", Verdict.UNKNOWN)
        if s.steep[m]:
            return _Found(d, np.inf, np.nan, left, right, "infinite", Verdict.UNKNOWN)
        if s.wild[m]:
            return _Found(d, np.inf, np.nan, left, right, "noisy", Verdict.UNKNOWN)
        kink = bool(s.kink[m])
        if not np.isfinite(error):
            # At the edge of a domain there is one side only, and its slope is the derivative.
            one_sided = (right, right_error) if np.isfinite(right_error) else (left, left_error)
            d, error = one_sided
            kink = False
        if not np.isfinite(error):
            return _Found(np.nan, np.inf, np.nan, left, right, "undefined", Verdict.UNKNOWN)
        large = max(abs(g) if np.isfinite(g) else 0.0, abs(d), size)
        slack = self.rtol * large + atol
        if kink:
            bar = K * (left_error + right_error)
            low, high = min(left, right), max(left, right)
            middle, half = (low + high) / 2, (high - low) / 2
            if bar > BLUNT * max(large, abs(low), abs(high), norm):
                return _Found(middle, half, half + bar + slack, left, right, "noisy", Verdict.UNKNOWN)
            inside = low - bar - slack <= g <= high + bar + slack
            verdict = (Verdict.RIGHT if inside else Verdict.WRONG) if self.kinks else Verdict.UNKNOWN
            return _Found(middle, half, half + bar + slack, left, right, "kink", verdict)
        unseen = s.visible is not s.central and not across_a_kink(s, m)
        status = "smooth"
        if unseen and self._contradicted(s, m, d, error, large):
            # The levels at which nothing changes contradict the others: the steps were too small to be seen.
            d, error, status = float(s.visible.value[m]), float(s.visible.error[m]), "quantised"
            large = max(large, abs(d))
            slack = self.rtol * large + atol
        blunt = K * error > BLUNT * max(large, norm, float(s.floor[m]))
        if abs(d) <= error:  # a slope of 0 has no size of its own for the rounding of a claim to be compared with
            slack = max(slack, self.rtol * large + 32 * self.probe.narrow * norm)
        fits = np.isfinite(g) and abs(g - d) <= K * error + slack
        if not fits and np.isfinite(g) and unseen:
            other, other_error = float(s.visible.value[m]), float(s.visible.error[m])
            if (
                np.isfinite(other_error)
                and abs(g - other) <= K * other_error + self.rtol * max(large, abs(other)) + atol
            ):
                d, error, fits, status = other, other_error, True, "quantised"
                blunt = K * error > BLUNT * max(large, abs(other), norm, float(s.floor[m]))
        allowed = K * error + slack
        if not blunt and K * error > BLUNT * abs(d):
            blunt = _unresolved(s, m, error)
        dust = self.probe.eps * max(norm, float(s.floor[m]))
        if not fits and abs(g - d) <= dust and K * error > BLUNT * max(abs(g), abs(d)):
            blunt = True  # det around a matrix of zeros: quotients of h³, whose rounding is below all that is known
        if blunt:
            return _Found(d, error, allowed, left, right, "noisy", Verdict.UNKNOWN)
        if not fits and unseen and d == 0 and abs(g) <= _invisible(s, m):
            return _Found(d, error, allowed, left, right, "quantised", Verdict.UNKNOWN)
        return _Found(
            d, error, allowed, left, right, status if fits else "smooth", Verdict.RIGHT if fits else Verdict.WRONG
        )

    def _contradicted(self, s: Slopes, m: int, d: float, error: float, large: float) -> bool:
        """Whether the levels at which something changes tell another slope, and tell it better."""
        value, bar = float(s.visible.value[m]), float(s.visible.error[m])
        if K * error > BLUNT * large and 8 * bar < error:
            return True
        return K * bar <= BLUNT * max(large, abs(value)) and abs(value - d) > K * (bar + error)

    def _stairs(self, s: Slopes, m: int, c: int, claim: Claim, j: Judgement) -> bool:
        """Whether the function is smooth from afar, with the claimed slope, and a staircase from near."""
        g, size, norm, atol = claim
        d, error = float(j.desired[m, c]), float(j.uncertainty[m, c])
        if not np.isfinite(g):
            return False
        for value, bar in prefixes(s.samples, m, float(s.central.step[m])):
            large = max(abs(g), abs(value), size)
            agrees = abs(g - value) <= K * bar + self.rtol * large + atol
            sharp = K * bar <= BLUNT * max(large, norm)
            if agrees and sharp and abs(value - d) > K * (bar + error):
                j.status[m, c], j.verdict[m, c] = "quantised", Verdict.UNKNOWN
                return True
        return False

    def _steps_between(
        self, direction: Direction, accused: list[int], c: int, claims: Claims, j: Judgement, s: Slopes
    ) -> list[int]:
        """Take away the outputs whose differences are not the integral of their slopes: tiny jumps do the rest.

        1 + x² with x near 1e-7 moves by whole units of 2.2e-16, and between two of them log(1 + x²) y has the
        slope of y alone, exact to the last digit. Of anything continuous the mean of the slopes over an interval
        is the slope of its secant. The jumps must be those of rounding numbers about 1, or about as large as the
        values and arguments: x - floor(x) is no rounding.
        """
        x, left = s.samples, []
        near: dict[int, Array] = {}
        for m in accused:
            d, step, g = float(j.desired[m, c]), float(s.central.step[m]), float(claims.g[m, c])
            with np.errstate(all="ignore"):
                secants = (x.plus[:, m] - x.minus[:, m]) / (x.ahead + x.behind)
                off = np.abs(secants - d)
                apart = (x.h > 4 * step) & np.isfinite(secants) & (off > 0.25 * np.maximum(np.abs(secants), abs(d)))
            gaps: list[float] = []
            tiny = False
            for k in np.flatnonzero(apart)[-4:]:
                if k and off[k] <= off[k - 1] / 8 and k + 1 < len(x.h) and off[k] / 1000 < off[k + 1] <= off[k] / 8:
                    gaps.append(0.0)  # it comes nearer from level to level, as it should
                    continue
                if k not in near:
                    near[k] = self.weighed(self.probe.slopes_along(direction, float(x.h[k]), 24))
                slopes, h = near[k][:, m], float(x.h[k])
                most = max(abs(float(x.plus[k, m])), abs(float(x.minus[k, m])), abs(float(self.middle[m])))
                gap = float(abs(secants[k] - slopes.mean()))
                # Slopes that vary are no constant between jumps, and a mean of 24 of them is no integral.
                sure = gap > 2 * np.ptp(slopes) + 2**18 * self.probe.eps * most / h
                sure = sure and gap > 0.25 * abs(float(secants[k]))
                gaps.append(gap if sure and abs(g - d) <= 4 * gap else 0.0)
                tiny = tiny or (sure and gap * 2 * h <= 2**10 * self.probe.eps * max(1.0, x.size, most))
            # Of a single jump the gap shrinks by 8 from a level to the next wider one; of a staircase it stays.
            if tiny and any(a and b and a > b / 4 for a, b in pairwise(gaps)):
                j.status[m, c], j.verdict[m, c] = "quantised", Verdict.UNKNOWN
            else:
                left.append(m)
        return left

    def _hidden_kink(
        self, direction: Direction, accused: list[int], c: int, claims: Claims, j: Judgement, s: Slopes
    ) -> list[int]:
        """Take away those claims that are slopes of the function somewhere in every neighbourhood.

        The median of three equal numbers does not move with any one of them, yet one of them is its
        subgradient: the kink shows beside the line only. Of a smooth function the spread of the slopes
        around a point shrinks with the radius; that of a kink does not.
        """
        if sum(a.size for a in self.probe.arrays) == 1:
            return accused  # nothing is beside the line
        if self.probe.eps > 1e-10:
            return accused
        left = []
        around: dict[float, list[Array]] = {}
        for m in accused:
            radius = float(s.central.step[m]) / 4
            if not np.isfinite(radius):
                left.append(m)
                continue
            if radius not in around:
                around[radius] = [
                    self.weighed(self.probe.slopes_near(direction, r, 24, self.rng)) for r in (radius, radius / 64)
                ]
            noise = 2**18 * self.probe.eps * abs(float(self.middle[m])) / radius  # of slopes with steps radius/64²
            g = float(claims.g[m, c])
            spreads, ranges = [], []
            for slopes in around[radius]:
                known = np.sort(slopes[:, m][np.isfinite(slopes[:, m])])
                if len(known) < 4:
                    break
                spreads.append(float(known[-1] - known[0]))
                # A few points do not meet the ends of a range: they lie about as far out as the last of them apart.
                ranges.append((float(2 * known[0] - known[3]), float(2 * known[-1] - known[-4])))
            scale = max([abs(v) for r in ranges for v in r], default=0.0)
            stays = len(spreads) == 2 and spreads[1] > max(spreads[0] / 8, 1e-3 * scale, noise)
            if stays and ranges[1][0] - 1e-3 * scale <= g <= ranges[1][1] + 1e-3 * scale and np.isfinite(g):
                low, high = ranges[1]
                half, verdict = (high - low) / 2, Verdict.RIGHT if self.kinks else Verdict.UNKNOWN
                _write(j, m, c, _Found((low + high) / 2, half, half + 1e-3 * scale, np.nan, np.nan, "kink", verdict))
            else:
                left.append(m)
        return left

    def _settle_nan(self, actual: Array, j: Judgement) -> None:
        """NaN accuses nobody in a column that has no number in another row: 0 times it is NaN in any product.

        Where 0 * inf is allowed, an infinite slope or a jump in another row is as good an excuse.
        """
        if self.zero_times_inf:
            steep: Array = np.asarray(np.isin(j.status, ("infinite", "undefined", "jump")).any(axis=0))
        else:
            steep = np.asarray((~np.isfinite(self.middle)[:, None] & ~np.isfinite(actual)).any(axis=0))
        lost: Array = np.isnan(actual) & steep[None, :] & (j.verdict == int(Verdict.WRONG))
        j.status[lost], j.verdict[lost] = "infinite", Verdict.UNKNOWN


def across_a_kink(s: Slopes, m: int) -> bool:
    """Whether the visible slope was measured across a kink: the finest levels, where nothing changes, lie below it."""
    x = s.samples
    right, left = (x.plus[:, m] - x.middle[m]) / x.ahead, (x.middle[m] - x.minus[:, m]) / x.behind
    step = float(s.visible.step[m])
    return np.isfinite(step) and not bends_little(x.h, right, left, step)


def _unresolved(s: Slopes, m: int, error: float) -> bool:
    """Whether the noise is as large as the values themselves: no rounding is, but an oscillation between two steps."""
    x = s.samples
    values = np.concatenate([x.plus[:, m], x.minus[:, m], x.middle[m : m + 1]])
    values = values[np.isfinite(values)]
    most = 2**12 * x.eps * float(np.abs(values).max(initial=0.0))
    return bool(K * error * float(s.central.step[m]) > max(0.01 * np.ptp(values), most))


def _invisible(s: Slopes, m: int) -> float:
    """The largest slope that could be lost at the steps at which nothing changed: they move numbers about 1 by eps."""
    x = s.samples
    still = np.flatnonzero((x.plus[:, m] == x.middle[m]) & (x.minus[:, m] == x.middle[m]))
    return 4 * x.eps * max(1.0, x.size) / float(x.h[still[0]]) if len(still) else 0.0


class _Found(NamedTuple):
    desired: float
    uncertainty: float
    allowed: float
    left: float
    right: float
    status: str
    verdict: Verdict


def _write(j: Judgement, m: int, c: int, found: _Found) -> None:
    j.desired[m, c], j.uncertainty[m, c], j.allowed[m, c] = found.desired, found.uncertainty, found.allowed
    j.left[m, c], j.right[m, c] = found.left, found.right
    j.status[m, c], j.verdict[m, c] = found.status, found.verdict
