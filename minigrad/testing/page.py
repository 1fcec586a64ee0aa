"""What a check says of a gradient that is wrong, or that nobody can tell: a page.

One idea: one wrong element in full, the rest as counts. The reader sees the two numbers, how sure
the second is, where they were taken, what the pattern hints at, and a line that does it again.
"""

import math
import re
import textwrap
from numbers import Real
from typing import Any, TypeVar

import numpy as np

from ..errors import MinigradError
from . import source
from .errors import GradientMismatch, InconclusiveError
from .evidence import Direction, Evidence, Leaf, Verdict
from .hints import first_tie
from .hints import hint as find_hint
from .report import summarise
from .sizes import as_number, counted, short, told_apart, worst_entry

E = TypeVar("E", bound=MinigradError)

WIDTH = 96
LABEL = 11
LONGEST = 1000
"""A line to paste is printed whole up to this many characters."""
SHOWN = 12
"""An array of more elements is printed abbreviated."""


def mismatch(evidence: Evidence) -> GradientMismatch:
    """The error for a gradient that is wrong: its message is the report of the worst element."""
    e = evidence
    row, column = worst_entry(e, e.verdict == Verdict.WRONG)
    actual, desired = e.actual[row, column], e.desired[row, column]
    slope = _slope(e, row, column)
    is_kink = e.status[row, column] == "kink"
    a, d = told_apart(actual, desired)
    wanted = _interval(e, row, column) if is_kink else d
    bar = "" if is_kink else f" ± {short(e.uncertainty[row, column])}"
    against = "a kink: any slope in between is right" if is_kink else "finite differences"
    width = max(len(a), len(wanted + bar))
    lines = [
        f"gradient of {_who(e)} is wrong: {slope} is {a}, not {wanted}",
        f"  {slope}",
        *_entry("ACTUAL", f"{a:{width}}   (the code under test)"),
        *_entry("DESIRED", f"{wanted + bar:{width}}   ({against})"),
        *_entry("allowed", _allowance(e, row, column)),
        *_entry("slopes", _one_sided(e, row, column)),
        *_entry("mismatched", _counts(e)),
        *_entry("incoming", _weights(e, e.rows[row])),
        *_entry("direction", _moves(e, e.columns[column])),
        *_point(e, e.columns[column]),
        *_entry("hint", find_hint(e)),
    ]
    if e.steps[0]:
        largest, smallest = (short(h) for h in e.steps)
        ladder = f"with an independent step ladder ({e.evaluations} evaluations, h = {largest} ... {smallest})"
        lines += _entry("confirmed", ladder)
    return _finish(GradientMismatch, lines, e, e)


def broken(
    evidence: Evidence, contract: str, sentence: str, actual: Any = None, desired: Any = None, hint: str = ""
) -> GradientMismatch:
    """The error for a backward pass that breaks a contract; `sentence` says how, `hint` how to mend it."""
    e = evidence
    lines = [f"{_who(e)}: {sentence}", *_entry("contract", contract)]
    if isinstance(actual, Real) and isinstance(desired, Real):
        actual, desired = told_apart(float(actual), float(desired))
    for label, value in (("ACTUAL", actual), ("DESIRED", desired)):
        lines += _entry(label, "" if value is None else _plain(value))
    lines += _entry("hint", hint)
    lines += _point(e, None)
    return _finish(GradientMismatch, lines, e, None, contract)


def undecided(evidence: Evidence) -> InconclusiveError:
    """The error for a point where no slope could be measured: why, and what to do about it."""
    e = evidence
    report = summarise(e)
    unknown = (e.verdict == Verdict.UNKNOWN) & (e.status != "untried")
    slope, known = "its slope", ""
    status = "constant" if e.constant else "empty"
    if unknown.any() and not e.constant:
        most = max(report.reasons, key=lambda s: report.reasons[s])
        row, column = worst_entry(e, unknown & np.isin(e.status, ("smooth", most) if most == "noisy" else (most,)))
        slope = _slope(e, row, column)
        a, d = told_apart(e.actual[row, column], e.desired[row, column])
        known = f"{d} ± {short(e.uncertainty[row, column])}, and the backward pass says {a}"
        status = most
    why, advice = _REASONS[status]
    lines = [f"cannot tell whether the gradient of {_who(e)} is right: {why.format(slope=slope, known=known)}"]
    lines += textwrap.wrap(advice, WIDTH, initial_indent="  ", subsequent_indent="  ")
    if unknown.any() and (len(report.reasons) > 1 or report.entries):
        counts = ", ".join(f"{n} {reason}" for reason, n in report.reasons.items())
        lines += _entry("unknown", f"{report.inconclusive} of {unknown.size} slopes: {counts}")
    lines += _point(e, None)
    return _finish(InconclusiveError, lines, e, report)


_REASONS = {
    "constant": (
        "it never changes, near the point or far from it",
        "A gradient of 0 would prove nothing. Check that the result is computed from the arguments that vary, "
        "or leave those that are constants out with wrt=.",
    ),
    "jump": (
        "{slope} does not exist, the function jumps there",
        "A jump has no slope to compare with. Move the point away from it (rounding, comparisons and sorting "
        "jump where numbers are equal), or leave this argument out with wrt=.",
    ),
    "noisy": (
        "its values are too noisy, {slope} is {known}",
        "Take the noise out of the function: compute in float64, avoid the difference of large numbers, fix the "
        "seed, tighten the tolerance of a solver inside; or check it at a point where its values are smaller.",
    ),
    "quantised": (
        "its values move in steps, {slope} changes with the step it is measured with",
        "Something inside works with fewer digits than the arguments have: look for float32 or float16, "
        "rounding, a table, a loop that stops at a tolerance. Compute all of it in float64.",
    ),
    "infinite": (
        "{slope} grows without bound",
        "The function is vertical there, as sqrt at 0, and no finite number is its slope. Move the point away, "
        "or leave this argument out with wrt=.",
    ),
    "undefined": (
        "it is not finite, or raises, around the point: {slope} cannot be measured",
        "The point lies at the end of the function's domain or outside. Move it inside, so that small steps "
        "to both sides have finite values.",
    ),
    "kink": (
        "{slope} is at a kink, which was not to be judged",
        "Move the point away from the kink to check the slopes beside it, or leave out "
        'at_kinks="inconclusive": any slope between the one-sided ones is then right.',
    ),
    "empty": (
        "there is nothing to differentiate",
        "Give arrays with at least one element, and a function whose result has at least one.",
    ),
}
"""For each status why there is no verdict, and what to do."""


def reproduce(evidence: Evidence) -> str:
    """The line that runs this check again, however long."""
    return _call(evidence, [source.paste(a) for a in evidence.arguments])


def _entry(label: str, text: str) -> list[str]:
    """A labelled line, wrapped under itself; none if there is nothing to say."""
    if not text:
        return []
    hanging = " " * (LABEL + 4)
    return textwrap.wrap(text, WIDTH, initial_indent=f"    {label:{LABEL}}", subsequent_indent=hanging) or []


def _finish(kind: type[E], lines: list[str], e: Evidence, *contents: Any) -> E:
    """The error of these lines and the line to paste; `error.reproduce` holds that one whole."""
    whole = reproduce(e)
    line, remarks = whole, []
    if len(whole) > LONGEST:
        line = _call(e, [_cut(a) for a in e.arguments])
        remarks.append(f"(cut: error.reproduce is the whole line, {len(whole)} characters)")
    if re.search(r"<\w+ at ", e.call):
        remarks.append("(what is in <> cannot be imported by a name: put your function there)")
    lines.append(f"    {'reproduce':{LABEL}}{line}")
    lines += [f"    {'':{LABEL}}{remark}" for remark in remarks]
    error = kind("\n".join(lines), *contents)
    error.reproduce = whole  # type: ignore[attr-defined]
    return error


def _call(e: Evidence, arguments: list[str]) -> str:
    words = [*arguments, *(f"{k}={source.paste(v)}" for k, v in e.keywords.items())]
    opened = e.call.endswith("(") or not words
    return f"{e.call}{'' if opened else ', '}{', '.join(words)})"


def _cut(value: Any) -> str:
    text = source.paste(value)
    if len(text) <= LONGEST // 5:
        return text
    return f"<{value.dtype} {value.shape}>" if hasattr(value, "shape") else f"<{type(value).__name__}>"


def _who(e: Evidence) -> str:
    """The function with the names of its arguments: `maximum(x, y)`."""
    names = list(dict.fromkeys(leaf.path.partition("[")[0].partition(".")[0] for leaf in e.inputs))
    return f"{e.name}({', '.join(names[:4] + ['...'] * (len(names) > 4))})"


def _place(leaf: Leaf, index: tuple[int, ...]) -> str:
    return leaf.path + (f"[{', '.join(map(str, index))}]" if index else "")


def _slope(e: Evidence, row: int, column: int) -> str:
    """`d out[0] / d x[1]`, or the words for a joint row or column."""
    r, c = e.rows[row], e.columns[column]
    above = "sum(g * out)" if r.leaf is None else _place(e.outputs[r.leaf], r.index)
    if c.leaf is None:
        return f"d {above} when all inputs move ({c.name or 'together'})"
    return f"d {above} / d {_place(e.inputs[c.leaf], c.index)}"


def _allowance(e: Evidence, row: int, column: int) -> str:
    """How far apart the two may be, and why."""
    actual, allowed = e.actual[row, column], float(e.allowed[row, column])
    if not math.isfinite(actual):
        return f"nothing is close to {as_number(actual)}"
    if not math.isfinite(allowed):
        return ""
    larger = max(abs(actual), abs(e.desired[row, column]))
    relative = e.rtol * larger
    where = "apart"
    if e.status[row, column] == "kink":
        allowed, where = allowed - float(e.uncertainty[row, column]), "beyond either end"
    if not 0.0 < relative <= allowed * (1 + 1e-9):
        return f"{short(allowed)} {where}"
    rest = allowed - relative
    half = [t for t in ("float64", "float32", "float16") if math.isclose(e.rtol, np.finfo(t).eps ** 0.5, rel_tol=1e-3)]
    words = f"{short(e.rtol)} of the larger" + (f", half the digits of {half[0]}" if half else "")
    bar = f", and {short(rest)} for the error bar" if rest > 0.01 * allowed else ""
    return f"{short(allowed)} {where} ({words}{bar})"


def _one_sided(e: Evidence, row: int, column: int) -> str:
    left, right, status = e.left[row, column], e.right[row, column], e.status[row, column]
    if math.isnan(left) or math.isnan(right) or (status != "kink" and e.columns[column].leaf is not None):
        return ""
    # Their error bars are wider than that of the slope itself: more digits would only look like a difference.
    a, b = f"{left:.6g}", f"{right:.6g}"
    sides = f"{a} from both sides" if a == b else f"{a} from the left, {b} from the right"
    return sides + {"smooth": ": smooth along this direction", "kink": ": a kink"}.get(str(status), "")


def _interval(e: Evidence, row: int, column: int) -> str:
    middle, half = e.desired[row, column], e.uncertainty[row, column]
    a, b = told_apart(middle - half, middle + half)
    return a if a == b else f"between {a} and {b}"


def _counts(e: Evidence) -> str:
    """How many slopes and directions are wrong, and in which argument if not in all."""
    wrong, tried = e.verdict == Verdict.WRONG, e.status != "untried"
    unknown = int(((e.verdict == Verdict.UNKNOWN) & tried).sum())
    n, total, columns = int(wrong.sum()), int(tried.sum()), np.flatnonzero(wrong.any(axis=0))
    text = f"{n} / {counted(total, 'slope')} ({100 * n / total:.3g}%), "
    text += f"in {len(columns)} of {counted(int(tried.any(axis=0).sum()), 'direction')}"
    leaves = {e.columns[c].leaf for c in columns}
    if len(e.inputs) > 1 and len(leaves - {None}) == 1:
        path = e.inputs[next(leaf for leaf in leaves if leaf is not None)].path
        text += f", all in {path}" if None not in leaves else f", single ones in {path} only"
    rows = np.flatnonzero(wrong.any(axis=1))
    if len(rows) == 1 < len(e.rows) and (leaf := e.rows[rows[0]].leaf) is not None:
        text += f", all in {_place(e.outputs[leaf], e.rows[rows[0]].index)}"
    single = np.array([column.leaf is not None for column in e.columns], bool)
    if not tried[:, single].all():
        text += "; then it was enough"  # judge.py stops where nobody needs more
    return text + (f"; {unknown} not judged" if unknown else "")


def _weights(e: Evidence, row: Direction) -> str:
    return "" if row.leaf is not None else _all(e.outputs, row, "g = ", "g for {} = ")


def _moves(e: Evidence, column: Direction) -> str:
    return "" if column.leaf is not None else _all(e.inputs, column, "{} by ", "{} by ")


def _all(leaves: list[Leaf], direction: Direction, one: str, many: str) -> str:
    """A joint direction, leaf by leaf."""
    form = one if len(leaves) == 1 else many
    words = [form.format(leaf.path) + _flat(step) for leaf, step in zip(leaves[:4], direction.steps)]
    return ", ".join(words + ["..."] * (len(leaves) > 4))


def _point(e: Evidence, column: Direction | None) -> list[str]:
    """The inputs, abbreviated, with a remark where ties and zeros are."""
    remarks = _remarks(e, column)
    lines: list[str] = []
    for n, leaf in enumerate(e.inputs[:6]):
        remark = f"   # {remarks[n]}" if remarks.get(n) else ""
        lines.append(f"    {'' if lines else 'at':{LABEL}}{_shown(leaf)}{remark}")
        if column is not None and column.leaf == n and leaf.array.size > SHOWN:
            lines.append(f"    {'':{LABEL}}{_place(leaf, column.index)} = {as_number(leaf.array[column.index])}")
    if len(e.inputs) > 6:
        lines.append(f"    {'':{LABEL}}... and {counted(len(e.inputs) - 6, 'more array')}")
    return lines


def _remarks(e: Evidence, column: Direction | None) -> dict[int, str]:
    """For the leaf of a single element: what it equals. Else for the first leaf with a tie, and for zeros."""
    if column is not None and column.leaf is not None:
        alone = len(e.inputs) == 1 and e.inputs[0].array.size == 1
        return {} if alone else {column.leaf: _equals(e, column.leaf, column.index)}
    tie = first_tie(e)
    if tie:
        first = next(n for n, leaf in enumerate(e.inputs) if tie.startswith((f"{leaf.path}[", f"{leaf.path} ")))
        return {first: f"tie: {tie}"}
    for n, leaf in enumerate(e.inputs):
        zeros = np.argwhere(np.atleast_1d(leaf.array == 0))
        if len(zeros):
            return {n: f"{_place(leaf, tuple(map(int, zeros[0])) if leaf.array.ndim else ())} is 0"}
    return {}


def _equals(e: Evidence, leaf: int, index: tuple[int, ...]) -> str:
    """`tie: x[0] == y[0]`, `x[3] is 0`, or nothing."""
    value = e.inputs[leaf].array[index]
    here = _place(e.inputs[leaf], index)
    others = []
    for n, other in enumerate(e.inputs):
        equal = other.array == value
        if n != leaf:  # between two arguments, equal numbers at different places are an accident
            equal = equal & _at(equal.shape, index)
        same = np.argwhere(np.atleast_1d(equal))
        for found in same[:4]:
            at = tuple(int(i) for i in found) if other.array.ndim else ()
            if (n, at) != (leaf, index):
                others.append(_place(other, at))
    more = " ..." if len(others) > 2 else ""
    if others:
        return f"tie: {' == '.join([here, *others[:2]])}{more}"
    return f"{here} is 0" if value == 0 else ""


def _at(shape: tuple[int, ...], index: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """True at one index, if there is such a place."""
    mask = np.zeros(shape, bool)
    if len(index) == len(shape) and all(i < n for i, n in zip(index, shape)):
        mask[index] = True
    return mask


def _shown(leaf: Leaf) -> str:
    """`x = np.array([0., 1.])`, or so much of a long array as fits on a line."""
    a, room = leaf.array, WIDTH - LABEL - 8
    if a.size <= SHOWN and len(text := f"{leaf.path} = {source.paste(a)}") <= room:
        return text
    about = f"{a.dtype} {a.shape}"
    for edge in (3, 2, 1):
        few = np.array2string(a, 10_000, 6, False, ", ", threshold=min(SHOWN, a.size - 1), edgeitems=edge)
        if len(text := f"{leaf.path} = {_squeezed(few)}   {about}") <= room:
            return text
    finite = a[np.isfinite(a)]
    return f"{leaf.path} = {about}" + (f", from {finite.min():.6g} to {finite.max():.6g}" if finite.size else "")


def _plain(value: Any) -> str:
    """A value in a sentence: a string as it is, an array abbreviated."""
    if isinstance(value, str):
        return value
    return _flat(value) if isinstance(value, (np.ndarray, np.generic, float, int)) else source.paste(value)


def _flat(value: Any) -> str:
    array = np.asarray(value)
    text = np.array2string(array, 10_000, None, False, ", ", threshold=SHOWN, edgeitems=2, floatmode="unique")
    return _squeezed(text)


def _squeezed(text: str) -> str:
    """NumPy's columns on one line: [1. , 2.25] as [1., 2.25]."""
    return " ".join(text.split()).replace(" ,", ",").replace("[ ", "[").replace(" ]", "]")
