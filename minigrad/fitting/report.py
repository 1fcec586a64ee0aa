"""How a result is read: numbers with their errors, the summary, JSON, and a table for notebooks.

One idea: no digit is shown that the error does not justify. An error has two significant digits
(JCGM 100:2008, the GUM, 7.2.6) and its value ends where the error ends: 0.260(48) is 0.260 ± 0.048.
Rounding is that of the decimal value that the float holds exactly, ties to even.
"""

import json
import math
from decimal import ROUND_HALF_EVEN, Context, Decimal
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .result import FitResult

_WIDTH = 78
_MOST = 30
"""So many parameters are in the short table."""
_PLAIN = range(-4, 6)
"""The decimal exponents that are written without one: 0.00012 to 999999."""
_DIGITS = 17
"""A float64 has no more significant digits than these."""
_EXACT = Context(prec=800, Emax=999999, Emin=-999999)


def with_error(value: float, error: float, digits: int = 2) -> str:
    """Return a number with its standard error in brackets, in units of the last digit: 0.260(48) is 0.260 ± 0.048.

    An error that reaches across the decimal point is written with it: 12.3(1.2). Numbers that would need zeros
    which mean nothing are written with an exponent. An error below the 17th digit of the value is written out.

    >>> with_error(0.26, 0.0484), with_error(12.3, 1.2), with_error(1.234e-7, 5.6e-9), with_error(2.0, math.nan)
    ('0.260(48)', '12.3(1.2)', '1.234(56)e-07', '2(nan)')
    """
    text, deviation, exponent = parts(value, error, digits)
    if math.isfinite(value) and deviation.startswith("0."):
        deviation = deviation[2:].lstrip("0")
    return f"{text}({deviation}){exponent}"


def parts(value: float, error: float, digits: int = 2) -> tuple[str, str, str]:
    """Return a number and its error as text to the same place, and the exponent that belongs to both, or "".

    >>> parts(0.26, 0.0484), parts(1.234e-7, 5.6e-9)
    (('0.260', '0.048', ''), ('1.234', '0.056', 'e-07'))
    """
    if not (math.isfinite(value) and math.isfinite(error) and error > 0):
        return f"{value:.{_free_digits(error)}g}", f"{abs(error):g}", ""
    last = _exponent(error, digits) - digits + 1
    rounded, deviation = _to_place(value, last), _to_place(error, last)
    first = max(rounded.adjusted() if rounded else last, deviation.adjusted())
    if first - last >= _DIGITS:
        return repr(value), f"{error:.{digits - 1}e}", ""
    if first in _PLAIN and last <= 0:
        return f"{rounded:f}", f"{deviation:f}", ""
    return f"{rounded.scaleb(-first, _EXACT):f}", f"{deviation.scaleb(-first, _EXACT):f}", f"e{first:+03d}"


def _free_digits(error: float) -> int:
    """How many digits a value gets whose error says nothing: all where it is exact, else six."""
    return 12 if error == 0 else 6


def _exponent(number: float, digits: int) -> int:
    """The decimal exponent of a number rounded to so many digits: 0.0996 to two is 1.0e-01."""
    return int(f"{number:.{digits - 1}e}".partition("e")[2])


def _to_place(number: float, last: int) -> Decimal:
    """The number rounded at 10^last; never minus zero."""
    rounded = Decimal(number).quantize(Decimal((0, (1,), last)), ROUND_HALF_EVEN, _EXACT)
    return rounded if rounded else abs(rounded)


def aligned(texts: list[str]) -> list[str]:
    """Return numbers as text, set below each other by their decimal points.

    >>> aligned(["0.260(48)", "-12(3)"])
    ['  0.260(48)', '-12(3)     ']
    """
    ends = [min((text.find(mark) for mark in ".(e" if mark in text), default=len(text)) for text in texts]
    before = max(ends, default=0)
    padded = [" " * (before - end) + text for end, text in zip(ends, texts, strict=True)]
    width = max(map(len, padded), default=0)
    return [text.ljust(width) for text in padded]


def equation(result: "FitResult", width: int = 64, longest: int = 40) -> list[str]:
    """Return the fitted curve as lines of text, at most `width` wide where that can be, numbers with their errors.

    A model that is no sum of powers or features is its parameters, one a line. Names with more characters than
    `longest` are written x and y, or cut where there are several.

    >>> from minigrad.fitting import fit_line
    >>> equation(fit_line([0, 1, 2, 3], [1.1, 2.9, 5.2, 6.8]))
    ['y = 1.940(91) x + 1.09(17)']
    """
    if result.found.vertical is not None:
        return [f"{called(result.given.x_names, 'x', longest)[0]} = {result.found.vertical:.6g}"]
    variables = _variables(result, called(result.given.x_names, "x", longest))
    lines = []
    for name, (_, k) in zip(called(result.given.y_names, "y", longest), _outputs(result), strict=True):
        numbers = [_in_equation(result, parameter, k) for parameter in result.params]
        if variables is None:
            lines += [f"{parameter} = {number}" for parameter, number in zip(result.params, numbers, strict=True)]
            continue
        pairs = zip(result.params, numbers, variables, strict=True)
        terms = [
            number + variable for held, number, variable in pairs if not (held in result.held and float(number) == 0)
        ]
        line = f"{name} = {terms[0] if terms else 0}"
        for term in terms[1:]:
            signed = f" - {term[1:]}" if term.startswith("-") else f" + {term}"
            if len(line) + len(signed) > width:
                lines.append(line)
                line = "   "
            line += signed
        lines.append(line)
    return lines


def _in_equation(result: "FitResult", parameter: str, output: int | None) -> str:
    value, error = _of(result.params[parameter], output), _of(result.errors[parameter], output)
    if not (math.isfinite(error) and error > 0):
        return f"{value:.6g}"
    return with_error(value, error)


_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def called(names: tuple[str, ...], short: str, longest: int) -> list[str]:
    """Return the names as an equation writes them: x or y for one that is too long, cut where there are several."""
    if len(names) == 1:
        return [names[0] if len(names[0]) <= longest else short]
    return [name if len(name) <= longest else f"{name[: longest - 1]}…" for name in names]


def _variables(result: "FitResult", written: list[str]) -> list[str] | None:
    """What each parameter is multiplied by, as it is written behind the number; None where that is no such sum."""
    names, xs = list(result.params), result.given.x_names
    x = result.given.x[:: max(1, len(result.given.x) // 5)]
    columns = x.reshape(len(x), -1).T
    if set(names) <= {"slope", "intercept"} and len(xs) == 1:
        found = [_times(written[0]) if name == "slope" else "" for name in names]
        terms = [columns[0] if name == "slope" else np.ones(len(x)) for name in names]
    elif names == [f"c{k}" for k in range(len(names))] and len(xs) == 1:
        powers = [str(k).translate(_POWERS) if k > 1 else "" for k in range(len(names))]
        found = ["", *(_times(written[0]) + power for power in powers[1:])]
        terms = [columns[0] ** k for k in range(len(names))]
    elif [name for name in names if name != "intercept"] == list(xs):
        found = ["" if name == "intercept" else _times(written[xs.index(name)]) for name in names]
        terms = [np.ones(len(x)) if name == "intercept" else columns[xs.index(name)] for name in names]
    else:
        return None
    # A model of someone's own may call its parameters slope or c1 and be no such sum: the curve itself says.
    values = result.found.values
    sums = np.stack(terms, axis=1) @ (values if values.ndim == 1 else values.T)
    size = float(np.max(np.abs(np.stack(terms)).max(axis=1) * np.abs(values), initial=0.0)) if len(x) else 0.0
    same = np.allclose(sums, result.found.curve.at(x), rtol=1e-6, atol=1e-6 * size)
    return found if same else None


def _times(name: str) -> str:
    return f" {name}" if len(name) <= 2 else f" · {name}"


# What a result says, before it is set as text or HTML.


def title(result: "FitResult") -> str:
    """Return what was fitted: y against x, and the loss."""
    return f"{_several(result.given.y_names)} against {_several(result.given.x_names)}, loss {result.loss}"


def _several(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{names[0]}, ..., {names[-1]}"


def _outputs(result: "FitResult") -> list[tuple[str, int | None]]:
    """Each output: what is appended to the names of its parameters, and its number; one output has neither."""
    if result.found.values.ndim == 1:
        return [("", None)]
    return [(f" ({name})", k) for k, name in enumerate(result.given.y_names)]


def _of(value: Any, output: int | None) -> float:
    return float(value if output is None else value[output])


def _figures(result: "FitResult") -> list[tuple[str, str]]:
    """What is said of the fit as a whole."""

    def each(value: Any, digits: int = 6) -> str:
        return ", ".join(f"{number:.{digits}g}" for number in np.atleast_1d(np.asarray(value, dtype=np.float64)))

    figures = [
        ("points", f"{result.n:,}"),
        ("degrees of freedom", f"{result.dof:,}"),
        ("residual standard error", each(result.residual_error)),
        ("sum of squares", each(result.rss)),
        ("R²", _share(result.r2)),
        ("R² adjusted", _share(result.r2_adjusted)),
    ]
    if result.chi2 is not None and result.reduced_chi2 is not None:
        figures += [("chi²", each(result.chi2)), ("reduced chi²", each(result.reduced_chi2))]
    # Of a stream with sigmas only chi² is known.
    return [(name, text) for name, text in figures if text != "nan" or result.chi2 is None]


def _share(value: Any) -> str:
    """R² with so many digits that what is missing to 1 can be read."""
    texts = []
    for number in np.atleast_1d(np.asarray(value, dtype=np.float64)):
        if not math.isfinite(number):
            texts.append("undefined")
            continue
        missing = 1 - number
        digits = 4 if missing <= 0 or missing > 0.1 else min(2 - math.floor(math.log10(missing)), 15)
        texts.append(f"{number:.{max(digits, 4)}f}")
    return ", ".join(texts)


def _rows(result: "FitResult", level: float) -> tuple[list[str], list[list[str]], str]:
    """The table of the parameters: its heading, its rows, and what is said where columns are missing."""
    heading = ["", "value", "std error", "t", "P>|t|", f"[{_edge(level, 0)}", f"{_edge(level, 1)}]"]
    missing = ""
    try:
        probability: dict[str, Any] = result.p
        interval: dict[str, Any] = result.conf_int(level)
    except ModuleNotFoundError:
        heading = heading[:4]
        missing = 'P>|t| and the intervals need SciPy: pip install "minigrad[fit]"'
        probability, interval = {}, {}
    rows = []
    for suffix, output in _outputs(result):
        for name in result.params:
            value, error = _of(result.params[name], output), _of(result.errors[name], output)
            if name in result.held:
                rows.append([name + suffix, f"{value:.12g}", "fixed", *[""] * (len(heading) - 3)])
                continue
            text, deviation, exponent = parts(value, error, digits=3)
            deviation = f"{error:.2e}" if 0 < error < 1e-4 else deviation + exponent
            row = [name + suffix, text + exponent, deviation, _short_number(_of(result.t[name], output))]
            if not missing:
                row.append(_probability(_of(probability[name], output)))
                for bound in interval[name]:
                    text, _, exponent = parts(_of(bound, output), error, digits=3)
                    row.append(text + exponent)
            rows.append(row)
    return heading, rows, missing


def _edge(level: float, side: int) -> str:
    return f"{(1 - level) / 2 + side * level:.6g}"


def _short_number(t: float) -> str:
    return f"{t:.2f}" if not math.isfinite(t) or abs(t) < 1e4 else f"{t:.3g}"


def _probability(p: float) -> str:
    if math.isnan(p):
        return "nan"
    return "<1e-300" if p < 1e-300 else f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def _method(result: "FitResult") -> str:
    """How the curve was found, and what was made of sigma."""
    if result.chi2 is None or "scaled" in result.message or "sigma" in result.message:
        return result.message
    return result.message + ("; sigma as it is" if result.absolute_sigma else "; errors scaled by √(chi²/dof)")


def _notes(result: "FitResult") -> list[str]:
    """What is said below the table."""
    notes = [f"Warning: {warning}" for warning in result.warnings]
    if not result.converged and not result.found.warnings:
        notes.append("Warning: the fit did not converge; this is the best it saw")
    return notes


def summary(result: "FitResult", level: float = 0.95) -> str:
    """Return the summary of a result as text; without SciPy the columns that need it are left out, and it says so.

    >>> from minigrad.fitting import fit_line
    >>> print("\\n".join(summary(fit_line([0, 1, 2, 3], [1.1, 2.9, 5.2, 6.8])).splitlines()[-4:-1]))
                   value     std error         t     P>|t|     [0.025     0.975]
    slope         1.9400        0.0906     21.42     0.002     1.5504     2.3296
    intercept      1.090         0.169      6.43     0.023      0.361      1.819
    """
    heading, rows, missing = _rows(result, level)
    figures = _figures(result)
    half = (_WIDTH - 4) // 2
    lines = [*_wrapped(title(result)), *_wrapped(f"method: {_method(result)}"), "=" * _WIDTH]
    half = half if all(len(name) + len(value) + 2 <= half for name, value in figures) else _WIDTH
    cells = [name + value.rjust(half - len(name)) for name, value in figures]
    beside = 2 if half < _WIDTH else 1
    lines += ["    ".join(cells[k : k + beside]) for k in range(0, len(cells), beside)]
    lines.append("-" * _WIDTH)
    lines += _columns(heading, rows)
    lines.append("=" * _WIDTH)
    for note in [*_notes(result), *([missing] if missing else [])]:
        lines += _wrapped(note)
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    return [line for part in text.splitlines() for line in wrap(part, _WIDTH, subsequent_indent="  ")]


def _columns(heading: list[str], rows: list[list[str]]) -> list[str]:
    table = [heading, *rows]
    widths = [max(len(row[k]) for row in table) for k in range(len(heading))]
    gap = " " * max(2, min(5, (_WIDTH - sum(widths)) // max(len(widths) - 1, 1)))
    return [
        gap.join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in table
    ]


def short(result: "FitResult") -> str:
    """Return the short table: what was fitted, and each parameter with its error."""
    names, numbers = _numbers(result)
    more = len(names) - _MOST
    if more > 0:
        names, numbers = names[:_MOST], numbers[:_MOST]
    width = max(map(len, names))
    first = f"{title(result)}, {result.n:,} point{'' if result.n == 1 else 's'}, R² {_share(result.r2)}"
    lines = [first, *(f"{name.ljust(width)}  {number}".rstrip() for name, number in zip(names, numbers, strict=True))]
    if more > 0:
        lines.append(f"and {more} more: params and errors have them all")
    if result.found.vertical is not None:
        lines.append(f"the line is vertical: {result.given.x_names[0]} = {result.found.vertical:.12g}")
    if not result.converged:
        lines.append(f"did not converge: {result.message}")
    return "\n".join(lines)


def _numbers(result: "FitResult") -> tuple[list[str], list[str]]:
    names, numbers = [], []
    for suffix, output in _outputs(result):
        for name in result.params:
            names.append(name + suffix)
            value, error = _of(result.params[name], output), _of(result.errors[name], output)
            numbers.append(f"{value:.12g} (fixed)" if name in result.held else with_error(value, error))
    return names, aligned(numbers)


def as_html(result: "FitResult") -> str:
    """Return the summary as a table for a notebook: all in one piece, every name escaped."""
    heading, rows, missing = _rows(result, 0.95)
    cell = "padding:2px 10px;text-align:right;font-variant-numeric:tabular-nums"
    name = "padding:2px 10px;text-align:left"

    def line(cells: list[str], tag: str) -> str:
        styles = [name, *[cell] * (len(cells) - 1)]
        set_cells = [f'<{tag} style="{styles[k]}">{escape(text)}</{tag}>' for k, text in enumerate(cells)]
        return f"<tr>{''.join(set_cells)}</tr>"

    figures = " &nbsp; ".join(f"{escape(label)} <b>{escape(value)}</b>" for label, value in _figures(result))
    notes = [f"method: {_method(result)}", *_notes(result), *([missing] if missing else [])]
    return (
        f'<div class="minigrad-fit"><p><b>{escape(title(result))}</b></p><p>{figures}</p>'
        f'<table style="border-collapse:collapse"><thead>{line(heading, "th")}</thead>'
        f"<tbody>{''.join(line(row, 'td') for row in rows)}</tbody></table>"
        + "".join(f"<p>{escape(note)}</p>" for note in notes)
        + "</div>"
    )


def as_dict(result: "FitResult") -> dict[str, Any]:
    """Return what a result says as plain Python: dictionaries, lists, floats, strings."""
    try:
        p: Any = _plain(result.p)
        interval: Any = {name: _plain(list(bounds)) for name, bounds in result.conf_int().items()}
    except ModuleNotFoundError:
        p = interval = None
    return {
        "x": list(result.given.x_names),
        "y": list(result.given.y_names),
        "loss": result.loss,
        "message": result.message,
        "converged": result.converged,
        "steps": result.steps,
        "n": result.n,
        "dof": result.dof,
        "params": _plain(result.params),
        "errors": _plain(result.errors),
        "t": _plain(result.t),
        "p": p,
        "conf_int": interval,
        "cov": _plain(result.cov),
        "corr": _plain(result.corr),
        "vertical": result.vertical,
        "x0": result.found.vertical,
        "rss": _plain(result.rss),
        "residual_error": _plain(result.residual_error),
        "chi2": _plain(result.chi2),
        "reduced_chi2": _plain(result.reduced_chi2),
        "r2": _plain(result.r2),
        "r2_adjusted": _plain(result.r2_adjusted),
        "warnings": list(result.warnings),
    }


def as_json(result: "FitResult", indent: int | None = 2) -> str:
    """Return `as_dict` as JSON; NaN and infinity as null."""
    return json.dumps(_finite(as_dict(result)), indent=indent, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """Arrays as lists, NumPy numbers as Python's."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
