"""The cause of a wrong gradient, where the pattern of the wrong numbers gives it away.

One idea: a hint is a sentence about numbers before it is a guess. It is given only if the pattern
holds, within the error bars, for every wrong slope (or it says in how many), and if the slopes
that are right do not speak against it.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from .evidence import Evidence, Leaf, Verdict

Matrix = np.ndarray[Any, Any]

CERTAIN = 0.02
"""A ratio is known if its error bar is smaller than this share of it."""
LARGEST = 200_000
"""Patterns of places are looked for in matrices of up to this many entries."""


def hint(evidence: Evidence) -> str:
    """What the wrong slopes have in common; empty if nothing.

    >>> import numpy as np
    >>> from minigrad.testing.evidence import Direction, Evidence, Leaf
    >>> x, one = Leaf("x", np.array(3.0)), np.ones((1, 1))
    >>> move = Direction((np.array(1.0),), leaf=0)
    >>> hint(Evidence("f", "f", [x], [Leaf("out", np.array(9.0))], [move], [move], 12 * one, 6 * one,
    ...               0 * one, 0 * one, one, one, np.array([["smooth"]]), -1 * one))
    'ACTUAL is 2 times DESIRED: counted twice, or a factor 1/2 is missing'
    """
    wrong = evidence.verdict == Verdict.WRONG
    if not wrong.any():
        return ""
    pattern = _Pattern(evidence, wrong)
    with np.errstate(all="ignore"):
        return next((said for detector in _DETECTORS if (said := detector(pattern))), "")


class _Pattern:
    """The wrong slopes, and what they can be compared with."""

    def __init__(self, e: Evidence, wrong: Matrix) -> None:
        self.e, self.wrong = e, wrong
        self.rows, self.columns = np.nonzero(wrong)
        self.n = len(self.rows)
        self.a, self.d = e.actual[wrong], e.desired[wrong]
        self.bar = 4 * e.uncertainty[wrong]
        self.rtol = max(e.rtol, 1.5e-8)
        self.single = np.outer([r.leaf is not None for r in e.rows], [c.leaf is not None for c in e.columns])
        self.right = (e.verdict == Verdict.RIGHT) & self.single & (np.abs(e.desired) > e.allowed + e.uncertainty)
        """The slopes that are right, and not because they are 0."""
        seen = [sum(d.leaf is not None for d in side) for side in (e.rows, e.columns)]
        self.whole = seen == [sum(leaf.array.size for leaf in side) for side in (e.outputs, e.inputs)]
        """Whether every element was looked at alone, not a sample of a large function."""
        self.finite = bool(np.isfinite(self.a).all() and np.isfinite(self.d).all())

    def like(self, claim: Any) -> Matrix:
        """Which of the wrong slopes are what `claim` says, as far as the error bars can tell."""
        claim = np.broadcast_to(np.asarray(claim, float), self.a.shape)
        stretched = self.bar * np.where(self.d != 0, np.abs(claim / self.d), 1.0)
        bar = np.where(np.isfinite(stretched), stretched, 0.0) + 2 * self.rtol * np.abs(self.a)
        near = (np.abs(self.a - claim) <= bar) & (bar < CERTAIN * np.abs(self.a))
        return np.asarray(np.isfinite(claim) & near)

    def of_column(self, matrix: bool = False) -> Matrix:
        """For each wrong slope (or for each of all columns) the input's value; NaN where many move."""
        values = [math.nan if c.leaf is None else float(self.e.inputs[c.leaf].array[c.index]) for c in self.e.columns]
        return np.array(values) if matrix else np.array(values)[self.columns]

    def of_row(self) -> Matrix:
        """For each wrong slope the output's value; NaN where many are weighed."""
        values = [math.nan if r.leaf is None else float(self.e.outputs[r.leaf].array[r.index]) for r in self.e.rows]
        return np.array(values)[self.rows]

    def all_of(self, share: int | None = None) -> str:
        """`in all 3 wrong slopes`; empty for a single one."""
        if share is not None and share < self.n:
            return f" in {share} of {self.n} wrong slopes"
        return "" if self.n == 1 else " in both wrong slopes" if self.n == 2 else f" in all {self.n} wrong slopes"

    def leaves(self) -> list[int]:
        """The arguments in which single slopes are wrong."""
        moved = [self.e.columns[c].leaf for c in dict.fromkeys(self.columns.tolist())]
        return [leaf for leaf in dict.fromkeys(moved) if leaf is not None]

    def blocks(self) -> Iterator[tuple[Leaf, Leaf, list[int], list[int]]]:
        """(output, input, rows, columns) of each pair with wrong single slopes, if every element was looked at."""
        e = self.e
        for r, c in dict.fromkeys((e.rows[i].leaf, e.columns[j].leaf) for i, j in zip(self.rows, self.columns)):
            if r is None or c is None:
                continue
            rows = [i for i, row in enumerate(e.rows) if row.leaf == r]
            columns = [j for j, column in enumerate(e.columns) if column.leaf == c]
            if len(rows) == e.outputs[r].array.size and len(columns) == e.inputs[c].array.size:
                yield e.outputs[r], e.inputs[c], rows, columns


# --------------------------------------------------------------------------------- no number at all


def _no_number(p: _Pattern) -> str:
    """NaN or infinity where a number belongs."""
    lost = ~np.isfinite(p.a)
    if not lost.any():
        return ""
    e = p.e
    what = "nan" if np.isnan(p.a[lost]).all() else "infinite" if np.isinf(p.a[lost]).all() else "nan or infinite"
    told = f"ACTUAL is {what}{p.all_of(int(lost.sum()))}"
    x = p.of_column()[lost]
    everywhere = p.of_column(matrix=True)
    ends = np.concatenate([np.ravel(leaf.array).astype(float) for leaf in (*e.inputs, *e.outputs)])
    if np.isinf(ends).any():
        return f"{told} where something is infinite: inf - inf, inf / inf or 0 * inf in the rule"
    steep = (e.status == "infinite").any(axis=0) | np.isinf(e.actual).any(axis=0)
    if np.isnan(p.a[lost]).all() and steep[p.columns[lost]].all() and (p.d[lost] == 0).all():
        return f"{told} where the slope is infinite and the incoming gradient 0: 0 * inf; mask before multiplying"
    small, big = np.abs(ends[np.isfinite(ends)]).min(initial=np.inf), np.abs(ends).max(initial=0.0)
    if not np.isnan(x).any() and (x == 0).all():
        others = everywhere[p.right.any(axis=0)]
        only = "exactly where the input is 0" if others.size and (others != 0).all() else "where the input is 0"
        return f"{told}, {only}: 0 / 0, log(0) or 0 * inf in the rule; write the limit there"
    if big > (88 if e.inputs[0].array.dtype.itemsize <= 4 else 700):
        return f"{told}, and there are numbers as large as {big:.3g}: exp or a power of them overflows on the way"
    if small == 0 and (ends == 0).any():
        return f"{told}, and there are zeros among the numbers: 0 / 0, log(0) or 0 * inf in the rule"
    ties = first_tie(e)
    return f"{told}, and {ties}: something is divided by their difference" if ties else told


# -------------------------------------------------------------------------------- ties and the whole


def _shares(p: _Pattern) -> str:
    """Single slopes are right and the joint one is not: at a tie the parts do not add up."""
    e = p.e
    joint = np.array([c.leaf is None for c in e.columns])
    kinks = (e.status == "kink")[:, ~joint].any()
    if not joint[p.columns].all() or not kinks or not p.whole:
        return ""
    tie = first_tie(e)
    what = f"at the tie {tie}" if tie else "at the kink"
    ratio = p.a / p.d
    if tie and p.finite and (p.d != 0).all() and np.ptp(ratio) <= 1e-6 * np.abs(ratio).max(initial=1e-300):
        return f"{what} the shares of the gradient must add up to 1; they add up to {_nice(ratio[0])}"
    return f"{what} each partial derivative is possible alone, but together they are not the slope along a line"


def _joint_only(p: _Pattern) -> str:
    """Every output is right alone, and several at once are not."""
    e = p.e
    rows = np.array([r.leaf is None for r in e.rows])
    if not rows[p.rows].all() or not p.right.any() or not p.whole:
        return ""
    weights = [np.concatenate([np.ravel(s) for s in r.steps]) for r in e.rows]
    negative, zero = (np.array([bool(test(w).any()) for w in weights]) for test in (_below, _none))
    wrong_rows = p.wrong.any(axis=1)
    if negative[wrong_rows].all() and not negative[~wrong_rows].any():
        return "wrong only where the incoming gradient is negative: is there a mask made from g, such as g > 0?"
    if zero[wrong_rows].all() and not zero[~wrong_rows].any():
        return "wrong only where the incoming gradient contains 0: is there a division by g, or a mask made from it?"
    return "right for each output alone, wrong for several at once: the rule is not linear in the incoming gradient"


def _below(w: Matrix) -> Matrix:
    return np.asarray(w < 0)


def _none(w: Matrix) -> Matrix:
    return np.asarray(w == 0)


# ------------------------------------------------------------------------------ what did not arrive


def _lost_sum(p: _Pattern) -> str:
    """Of several outputs that one input element goes to, only one sends its gradient back."""
    if not p.finite or (p.a != 0).any() or not p.single[p.wrong].all() or not p.whole:
        return ""
    kept = []
    for column in dict.fromkeys(p.columns.tolist()):
        arrived = np.flatnonzero(p.right[:, column])
        meant = np.flatnonzero(p.right[:, column] | p.wrong[:, column])
        if len(arrived) != 1 or len({p.e.rows[r].leaf for r in meant}) > 1:
            return ""
        kept.append("first" if arrived[0] == meant[0] else "last" if arrived[0] == meant[-1] else "one")
    which = kept[0] if len(set(kept)) == 1 else "one"
    leaf = p.e.inputs[p.leaves()[0]]
    if len(p.leaves()) == 1 and _stretches(leaf.array.shape, [o.array.shape for o in p.e.outputs]):
        return f"{leaf.path} is broadcast and its gradient not summed: only the {which} of its copies sends one back"
    return (
        f"an element that is used several times gets the gradient of the {which} use only: "
        "an assignment where there should be a sum (np.add.at for a repeated index)"
    )


def _stretches(shape: tuple[int, ...], outs: list[tuple[int, ...]]) -> bool:
    """Whether an argument of this shape is repeated to make a result of one of these shapes."""
    for out in outs:
        padded = (1,) * (len(out) - len(shape)) + shape
        fits = len(padded) == len(out) and all(m in (1, n) for m, n in zip(padded, out))
        if fits and math.prod(out) > math.prod(shape):
            return True
    return False


def _zero(p: _Pattern) -> str:
    """0 where a slope is not."""
    if (p.a != 0).any():
        return ""
    e = p.e
    if p.single[p.wrong].all() and p.whole:
        for leaf in p.leaves():
            columns = [j for j, c in enumerate(e.columns) if c.leaf == leaf]
            if not e.actual[:, columns].any() and len(p.leaves()) == 1:
                cut = "a rule that is missing, a detach, or NumPy called on the bare array"
                return f"no gradient arrives at {e.inputs[leaf].path} at all: {cut}"
        for out in {e.rows[r].leaf for r in p.rows}:
            rows = [i for i, r in enumerate(e.rows) if r.leaf == out]
            if len(e.outputs) > 1 and out is not None and not e.actual[rows].any():
                return f"no gradient comes back from {e.outputs[out].path} at all"
    return f"ACTUAL is 0 where it should not be{p.all_of()}{_where(p)}"


def _unasked(p: _Pattern) -> str:
    """A slope where there is none."""
    if not p.finite or (np.abs(p.d) > p.bar).any() or (np.abs(p.a) <= 4 * p.bar).any():
        return ""
    names = {p.e.inputs[leaf].path for leaf in p.leaves()}
    it = names.pop() if len(names) == 1 else "its argument"
    return f"a gradient arrives where the function does not depend on {it}{_where(p)}: is a mask missing?"


# --------------------------------------------------------------------------------------------- ratios


def _ratio(p: _Pattern) -> str:
    """ACTUAL is one and the same number times DESIRED."""
    if not p.finite or (p.d == 0).any() or (p.a == 0).any():
        return ""
    # The slope with the smallest error bar says what the ratio is, or, if only most agree, the one in the middle.
    ratios = p.a / p.d
    for n in (int(np.argmin(p.bar / np.abs(p.d))), int(np.argsort(ratios)[p.n // 2])):
        ratio = float(ratios[n])
        holds = p.like(ratio * p.d)
        share = int(holds.sum())
        if holds[n] and (share == p.n or share >= max(3, 0.6 * p.n)):
            break
    else:
        return ""
    if abs(ratio - 1) < 1e-3:
        return ""
    nice, why = _cause(p, ratio)
    if not why and p.n == 1:
        return ""
    also = [
        f"; {name} is {_nice(value[0])} there, too"
        for name, value in _values(p)
        if share == p.n and (value == value[0]).all() and (_same(value[0], ratio) or _same(value[0] * ratio, 1))
    ]
    where = _where(p) if share == p.n else ""
    return f"ACTUAL is {nice} times DESIRED{p.all_of(share)}{where}{why or ': a constant factor'}{''.join(also[:1])}"


def _cause(p: _Pattern, ratio: float) -> tuple[str, str]:
    """A ratio in words, and what it comes from; no cause if it is no number that says something."""
    nice, size = _nice(ratio), abs(ratio)
    leaf = p.e.inputs[p.leaves()[0]] if len(p.leaves()) == 1 else None
    if leaf is not None and ratio > 0 and _stretches(leaf.array.shape, [o.array.shape for o in p.e.outputs]):
        copies = {o.array.size / max(leaf.array.size, 1) for o in p.e.outputs}
        if any(_same(ratio * n, 1) for n in copies):
            return nice, f": averaged over the axes along which {leaf.path} is broadcast, not summed"
    if _same(ratio, -1):
        return nice, ": the sign is wrong"
    sign = ": the sign is wrong, and" if ratio < 0 else ":"
    lengths = _lengths(p)
    for value, words in ((2.0, "counted twice, or a factor 1/2 is missing"), (0.5, _HALF)):
        if _same(size, value):
            return nice, f"{sign} {words}" + (f" (2 is also {lengths[2]})" if 2 in lengths else "")
    sign = ", and" + (" the sign is wrong, and" if ratio < 0 else "")
    for n, named in lengths.items():
        if _same(size, n):
            return nice, f"{sign} {n} is {named}: summed where it should be averaged, or counted {n} times"
        if _same(size, 1 / n):
            return nice, f"{sign} {n} is {named}: averaged where it should be summed"
        if n > 2 and (_same(size, (n - 1) / n) or _same(size, n / (n - 1))):
            return nice, f"{sign} {n} is {named}: n and n - 1 (ddof) mixed up, or one of {n} uses is missing"
    sign = ": the sign is wrong, and" if ratio < 0 else ":"
    for k, q in itertools.product(range(1, 9), range(2, 10)):
        if k < q and math.gcd(k, q) == 1 and _same(size, k / q):
            return nice, f"{sign} as if {k} of {q} uses had been added up"
    for constant, name in _CONSTANTS:
        if _same(size, constant):
            return name if ratio > 0 else "-" + name, f"{sign} a factor {name} too many"
        if _same(size, 1 / constant):
            return f"1/({name})" if ratio > 0 else f"-1/({name})", f"{sign} a factor {name} is missing"
    whole = abs(size - round(size)) < 1e-6 * size and size < 100
    return nice, f"{sign} counted {round(size)} times" if whole else ""


_HALF = "one of two uses is missing, or a factor 2"
_CONSTANTS = (
    (math.log(2), "ln 2"), (math.log(10), "ln 10"), (math.pi, "pi"), (2 * math.pi, "2 pi"), (math.sqrt(2), "sqrt 2"),
    (180 / math.pi, "180/pi"), (math.sqrt(math.pi), "sqrt pi"), (math.sqrt(2 * math.pi), "sqrt(2 pi)"), (math.e, "e"),
)  # fmt: skip


def _same(x: float, y: float) -> bool:
    return math.isclose(x, y, rel_tol=1e-5)


def _lengths(p: _Pattern) -> dict[int, str]:
    """The lengths and sizes of the arrays, and what they are: {3: "the length of axis 1 of x"}."""
    found: dict[int, str] = {}
    moved = [p.e.inputs[leaf] for leaf in p.leaves()]
    for leaf in (*moved, *p.e.inputs, *p.e.outputs):
        for axis, n in enumerate(leaf.array.shape):
            found.setdefault(n, f"the length of {leaf.path}" + (f" along axis {axis}" if leaf.array.ndim > 1 else ""))
        found.setdefault(leaf.array.size, f"the number of elements of {leaf.path}")
    return {n: words for n, words in found.items() if n > 1}


def _factor(p: _Pattern) -> str:
    """The ratio is the value of an input or of the output."""
    if not p.finite or (p.a == 0).any():
        return ""
    for name, value in _values(p):
        if np.isnan(value).any() or (value == 0).any() or not _tells(value):
            continue
        for claim, words, why in (
            (p.d * value, "DESIRED times {}", "{} is a factor too many"),
            (p.d / value, "DESIRED divided by {}", "{} is missing as a factor"),
            (p.d * value**2, "DESIRED times the square of {}", ""),
            (p.d / value**2, "DESIRED divided by the square of {}", ""),
            (-p.d * value, "DESIRED times -{}", "-{} is a factor too many"),
            (-p.d / value, "DESIRED divided by -{}", "-{} is missing as a factor"),
            (value, "{} itself", ""),
            (-value, "-{} itself", ""),
            (1 / value, "1 / {}", ""),
            (value**2, "the square of {}", ""),
            (1 - p.d if _tells(p.d) else math.nan, "1 - DESIRED", ""),
        ):
            if p.like(claim).all():
                said = f"ACTUAL is {words.format(name)}{p.all_of()}"
                return said + (f": {why.format(name)}" if why else "")
    return ""


def _values(p: _Pattern) -> Iterator[tuple[str, Matrix]]:
    """What may have been multiplied by mistake: the input, the output, the other arguments at the same place."""
    e = p.e
    if len(p.leaves()) == 1:
        yield e.inputs[p.leaves()[0]].path, p.of_column()
    else:
        yield "the input", p.of_column()
    yield "out" if len(e.outputs) == 1 else "the output", p.of_row()
    for leaf in e.inputs:
        values = [
            float(leaf.array[c.index]) if c.leaf is not None and _fits(c.index, leaf.array.shape) else math.nan
            for c in e.columns
        ]
        if len(p.leaves()) == 1 and e.inputs[p.leaves()[0]] is not leaf:
            yield leaf.path, np.array(values)[p.columns]


def _fits(index: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(index) == len(shape) and all(i < n for i, n in zip(index, shape))


def _tells(value: Matrix) -> bool:
    """Whether a match with these numbers means something: 1 and 2 match by accident."""
    return len(np.unique(value)) > 1 or bool((~np.isin(np.abs(value), (0.0, 1.0, 2.0, 0.5))).all())


# --------------------------------------------------------------------------- right numbers, wrong place


def _swapped(p: _Pattern) -> str:
    """Two arguments have got each other's gradient."""
    e = p.e
    if not p.single[p.wrong].all() or not p.whole:
        return ""
    for one, other in itertools.combinations(range(len(e.inputs)), 2):
        a, b = ([j for j, c in enumerate(e.columns) if c.leaf == leaf] for leaf in (one, other))
        if len(a) == len(b) and a and not {*p.leaves()} - {one, other}:
            crossed = [*range(len(e.columns))]
            for i, j in zip(a, b):
                crossed[i], crossed[j] = j, i
            columns = a + b
            if _matches(e, e.desired[:, crossed], e.uncertainty[:, crossed], slice(None), columns):
                return f"{e.inputs[one].path} and {e.inputs[other].path} have got each other's gradient"
    return ""


def _moved(p: _Pattern) -> str:
    """The numbers are right and stand in the wrong places."""
    if not p.finite or not p.single[p.wrong].all():
        return ""
    said = {}
    for out, leaf, rows, columns in p.blocks():
        if len(rows) * len(columns) > LARGEST or len(columns) < 2:
            return ""
        said[leaf.path] = _places(p.e, out, leaf, rows, columns)
    if not said or not all(said.values()):
        return ""
    words = list(dict.fromkeys(said.values()))
    return words[0] if len(words) == 1 else "; ".join(f"{path}: {text}" for path, text in said.items())


def _places(e: Evidence, out: Leaf, leaf: Leaf, rows: list[int], columns: list[int]) -> str:
    block = np.ix_(rows, columns)
    desired, bar = e.desired[block], e.uncertainty[block]

    def is_it(change: Callable[[Matrix], Matrix]) -> bool:
        moved, moved_bar = change(desired), change(bar)
        return moved.shape == desired.shape and _matches(e, moved, moved_bar, rows, columns)

    for p, words in _rearrangements(leaf.array.shape):
        if is_it(lambda m, p=p: m[:, p]):  # type: ignore[misc]
            return f"ACTUAL is the right gradient of {leaf.path}, {words}"
    if is_it(lambda m: m.T) and len(rows) > 1:
        if (np.sort(desired, axis=1)[:, :-1] == 0).all() and (desired.max(axis=1) == 1).all():
            return "the elements are put back by the permutation itself, not by its inverse (argsort of it)"
        return "ACTUAL is the transposed Jacobian: g goes the way of the forward pass, not back"
    for p, words in _rearrangements(out.array.shape):
        if is_it(lambda m, p=p: m[p]):  # type: ignore[misc]
            return f"the incoming gradient is read {words}"
    if is_it(lambda m: _as_sorted(m, e.actual[block])):
        return f"ACTUAL has the right numbers for {leaf.path} in the wrong places"
    sources = [[np.flatnonzero(column) for column in m.T] for m in (e.actual[block], desired)]
    if all(len(found) == 1 for m in sources for found in m):
        shifts = {int(found[0] - meant[0]) for found, meant in zip(*sources)}
        n = next(iter(shifts))
        which = f"the one {abs(n)} {'after' if n > 0 else 'before'}" if len(shifts) == 1 else "another one"
        if n or len(shifts) > 1:
            return f"the elements of {leaf.path} get the gradient of the wrong elements of {out.path}: {which}"
    return ""


def _as_sorted(m: Matrix, like: Matrix) -> Matrix:
    """Each row of m in the order that the rows of `like` have."""
    order = np.argsort(np.argsort(like, axis=1, kind="stable"), axis=1)
    return np.take_along_axis(np.sort(m, axis=1), order, axis=1)


def _matches(e: Evidence, desired: Matrix, bar: Matrix, rows: Any, columns: list[int]) -> bool:
    block = np.ix_(rows, columns) if isinstance(rows, list) else (rows, columns)
    if isinstance(rows, slice):
        desired, bar = desired[block], bar[block]
    actual, allowed = e.actual[block], e.allowed[block]
    near = np.abs(actual - desired) <= allowed + 4 * bar
    scale = np.abs(actual).max(initial=0.0)
    return bool(near.all() and scale > 0 and (allowed + 4 * bar < CERTAIN * scale).all())


def _rearrangements(shape: tuple[int, ...]) -> Iterator[tuple[Matrix, str]]:
    """The usual ways to put elements into the wrong places: (which element comes where, words)."""
    places = np.arange(math.prod(shape))
    seen = {places.tobytes()}
    grid = places.reshape(shape)
    candidates: list[tuple[Matrix, str]] = []
    if 1 < len(shape) <= 4:
        for axes in itertools.permutations(range(len(shape))):
            named = "" if len(shape) == 2 else f" by {axes}"
            if tuple(shape[k] for k in axes) == shape:
                candidates.append((grid.transpose(axes), f"transposed{named}"))
            other = places.reshape([shape[k] for k in axes]).transpose(np.argsort(axes)).ravel()
            words = f"reshaped instead of transposed{named}, or the other way round"
            candidates += [(other, words), (np.argsort(other), words)]
    for count in range(1, min(len(shape), 3) + 1):
        for axes in itertools.combinations(range(len(shape)), count):
            named = "" if len(shape) == 1 else f" along axis {axes[0]}" if count == 1 else f" along axes {axes}"
            candidates.append((np.flip(grid, axes), f"flipped{named}"))
    for axis in range(len(shape)):
        for step in (1, -1):
            words = "shifted by one" + (f" along axis {axis}" if len(shape) > 1 else "")
            candidates.append((np.roll(grid, step, axis), words))
    for candidate, words in candidates:
        p = candidate.ravel()
        if p.tobytes() not in seen:
            seen.add(p.tobytes())
            yield p, words


# ------------------------------------------------------------------------------------- small errors


def _added(p: _Pattern) -> str:
    """A small constant in a denominator, put there against a division by 0."""
    if not p.finite or (p.a * p.d <= 0).any():
        return ""
    for name, value in _values(p):
        v = np.abs(value)
        if np.isnan(v).any() or (v == 0).any():
            continue
        for power, form in ((1.0, "{} + {:.0e}"), (0.5, "sqrt({} + {:.0e})"), (2.0, "({} + {:.0e})**2")):
            guess = v * ((p.d / p.a) ** (1 / power) - 1)
            bar = v * (p.bar + 4 * np.finfo(float).eps * np.abs(p.d)) / np.abs(p.d) / power
            best = int(np.argmin(bar / np.abs(guess)))
            if guess[best] <= 0 or not bar[best] < 0.1 * guess[best]:
                continue
            c = 10.0 ** round(math.log10(guess[best]))
            if c <= 0.01 and (np.abs(guess - c) <= bar + 0.02 * c).all():
                form = form.format("|" + name + "|" if (value < 0).any() else name, c)
                return f"ACTUAL is as if {form} stood in the denominator{p.all_of()}"
    return ""


def _digits(p: _Pattern) -> str:
    """Right to the digits of float32, or of float16, and numbers of that kind."""
    for kind, digits in ((np.float32, 7), (np.float16, 3)):
        rounded = np.array([float(kind(x)) for x in p.a])
        if _off(p) <= float(np.finfo(kind).eps) and (rounded == p.a).all():
            name = kind.__name__
            return f"ACTUAL is right to {digits} digits and a {name} number{p.all_of()}: the rule goes through {name}"
    return ""


def _lost(p: _Pattern) -> str:
    """In few digits, and no further off than these digits round numbers about 1, or as large as the results."""
    if p.rtol <= 1e-5 or not p.finite or not p.single[p.wrong].all():
        return ""
    largest = max(float(np.abs(leaf.array[np.isfinite(leaf.array)]).max(initial=1.0)) for leaf in p.e.outputs)
    eps = max(float(np.finfo(leaf.array.dtype).eps) for leaf in (*p.e.inputs, *p.e.outputs))
    if (np.abs(p.a - p.d) > 2 * eps * largest).any():
        return ""
    dtype = next(str(leaf.array.dtype) for leaf in (*p.e.inputs, *p.e.outputs) if np.finfo(leaf.array.dtype).eps == eps)
    return (
        f"no further off than {dtype} rounds numbers as large as the result{p.all_of()}: digits cancel in the rule, as "
        "in 1 - out*out where out is nearly 1; write it without the difference, or allow it with rtol="
    )


def _off(p: _Pattern) -> float:
    """The largest relative error; infinite where that says nothing, as in a check of float32."""
    if not p.finite or (p.d == 0).any() or p.rtol > 1e-5:
        return math.inf
    return float((np.abs(p.a - p.d) / np.abs(p.d)).max())


def _cancels(p: _Pattern) -> str:
    """Nearly right, and only near 0: digits cancel."""
    off = _off(p)
    if not off < 1e-2 or not p.single[p.wrong].all():
        return ""
    x = np.abs(p.of_column())
    others = np.abs(p.of_column(matrix=True))[p.right.any(axis=0) & ~p.wrong.any(axis=0)]
    if 0 < x.max() <= 1e-2 and (others > x.max()).all():
        digits = f"right to {max(1, int(-math.log10(off)))} digits only, at inputs near 0"
        return f"{digits}: digits cancel in the rule" + ("" if others.size else ", or it computes in float32")
    return ""


def _seven(p: _Pattern) -> str:
    """Right to about the digits of float32."""
    off = _off(p)
    if not 0 < off <= 8 * float(np.finfo(np.float32).eps):
        return ""
    return f"ACTUAL is right to {int(-math.log10(off))} digits (relative error {off:.0e}): looks like float32"


# ----------------------------------------------------------------------------------------- where only


def _only(p: _Pattern) -> str:
    """What separates the wrong slopes from the right ones, if nothing else is known."""
    where = _where(p)
    return f"wrong{where}" if where else ""


def _where(p: _Pattern) -> str:
    """` only where x < 0`, if the wrong slopes have that in common and no slope that is right has it."""
    if not p.single[p.wrong].all() or not p.right.any() or len(p.leaves()) != 1:
        return ""
    e, leaf = p.e, p.leaves()[0]
    name = e.inputs[leaf].path
    own = np.array([c.leaf == leaf for c in e.columns])
    x = p.of_column(matrix=True)
    wrong, right = p.wrong.any(axis=0) & own, p.right.any(axis=0) & own
    if not right.any() or (wrong & right).any() or (wrong | right).sum() < 3:
        return ""
    bad, good = x[wrong], x[right]
    for test, words in ((bad < 0, "< 0"), (bad > 0, "> 0"), (bad == 0, "is 0")):
        opposite = {"< 0": good < 0, "> 0": good > 0, "is 0": good == 0}[words]
        if test.all() and not opposite.any():
            return f", only where {name} {words}"
    if 8 * np.abs(bad).max() <= np.abs(good).min():
        return f", only where |{name}| <= {np.abs(bad).max():.3g}"
    if np.abs(bad).min() >= 8 * np.abs(good).max():
        return f", only where |{name}| >= {np.abs(bad).min():.3g}"
    places = np.array([c.index for c in e.columns if c.leaf == leaf])
    bad_at, good_at = places[wrong[own]], places[right[own]]
    for axis, n in enumerate(e.inputs[leaf].array.shape):
        for at, words in ((0, "first"), (n - 1, "last")):
            if n > 1 and (bad_at[:, axis] == at).all() and (good_at[:, axis] != at).all():
                along = f" along axis {axis}" if places.shape[1] > 1 else ""
                return f", only at the {words} element of {name}{along}"
    return ""


def first_tie(evidence: Evidence) -> str:
    """`x[0] == y[0]`: the first two equal numbers, of those at a kink if there are any; or nothing."""
    e = evidence
    at_kink = {(c.leaf, c.index) for c in itertools.compress(e.columns, (e.status == "kink").any(axis=0))}
    at_kink = {place for place in at_kink if place[0] is not None}
    seen: dict[float, str] = {}
    for n, leaf in enumerate(e.inputs):
        for index in itertools.islice(np.ndindex(*leaf.array.shape), 10_000):
            value = float(leaf.array[index])
            place = leaf.path + (f"[{', '.join(map(str, index))}]" if index else "")
            if at_kink and (n, index) not in at_kink:
                continue
            if value in seen:
                return f"{seen[value]} == {place}"
            seen[value] = place
    return ""


def _nice(x: float) -> str:
    """A ratio as a reader would write it: 2, 1/2, -1, 0.3."""
    near = Fraction(x).limit_denominator(9) if math.isfinite(x) else Fraction(0)
    return str(near) if math.isclose(x, near, rel_tol=1e-6, abs_tol=1e-9) else f"{x:.4g}"


_DETECTORS: tuple[Callable[[_Pattern], str], ...] = (
    _no_number,
    _shares,
    _joint_only,
    _lost,
    _lost_sum,
    _swapped,
    _ratio,
    _moved,
    _added,
    _factor,
    _digits,
    _cancels,
    _seven,
    _zero,
    _unasked,
    _only,
)
"""In the order of how much they say: the first that has something to say is heard."""
