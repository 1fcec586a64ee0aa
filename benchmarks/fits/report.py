"""The tables of the fits: a row a library and its columns the sizes, or a row a problem and its columns the libraries.

One idea: time and digits stand in one cell, so that neither is read without the other.
"""

import statistics
from collections.abc import Iterable

from ..table import quantity
from .measuring import Figure
from .problem import Problem

Figures = dict[tuple[str, int], dict[str, Figure]]
"""By name of the problem and number of points, the figure of each way."""


def table(kind: str, problems: tuple[Problem, ...], figures: Figures) -> str:
    """Return a heading, a table, and its footnotes."""
    notes: list[str] = []
    names = list(dict.fromkeys(name for by_name in figures.values() for name in by_name))
    if len(problems) == 1:
        [problem] = problems
        lines = [f"### {kind}: {problem.says}", "", _row(["", *(f"{n:,} points" for _, n in figures)])]
        lines.append("|---|" + "--:|" * len(figures))
        for name in names:
            lines.append(_row([f"`{name}`", *(cell(name, by.get(name), notes) for by in figures.values())]))
    else:
        lines = [f"### {kind}", "", _row(["", "points", *(f"`{name}`" for name in names)])]
        lines.append("|---|--:|" + "--:|" * len(names))
        for (title, n), by_name in figures.items():
            lines.append(_row([title, str(n), *(cell(name, by_name.get(name), notes) for name in names)]))
    said = {name: note for problem in problems for name, note in problem.notes.items() if name in names}
    remarks = [f"- `{name}`: {note}" for name, note in said.items()]
    remarks += [f"- {problem.name}: {problem.caution}" for problem in problems if problem.caution]
    lines += ["", *remarks] if remarks else []
    lines += ["", *(f"[{k + 1}] {note}  " for k, note in enumerate(notes))] if notes else []
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def cell(name: str, figure: Figure | None, notes: list[str]) -> str:
    """Return time, digits of parameters and errors, and runs of the model; or the number of the note that says why not.

    >>> cell("minigrad.fit", Figure(0.002, 11.0, 9.96, 12), [])
    '2.00 ms · 11.0 / 10.0 digits · 12 runs'
    """
    if figure is None:
        return "—"
    if figure.seconds is None:
        note = f"`{name}`: {figure.reason}"
        if note not in notes:
            notes.append(note)
        return f"— [{notes.index(note) + 1}]"
    parts = [quantity(figure.seconds, "s")]
    if figure.parameters is not None:
        parts.append(f"{figure.parameters:.1f} / {'—' if figure.errors is None else f'{figure.errors:.1f}'} digits")
    if figure.runs is not None:
        parts.append(f"{figure.runs} runs")
    return " · ".join(parts)


# ----------------------------------------------------------------------------- what was to be reached


def targets(figures: dict[str, Figures]) -> str:
    """Return a line for each target that these figures can judge."""
    lines = []
    line = figures.get("line", {})
    small = line.get(("line", 15), {}).get("minigrad.fit_line")
    if small and small.seconds is not None:
        lines.append(f"- `fit_line` at 15 points takes {quantity(small.seconds, 's')}; it was to be under 1 ms.")
    large = line.get(("line", 1_000_000), {})
    ours, qr = large.get("minigrad.fit_line"), large.get("numpy.linalg.qr, nothing else")
    if ours and qr and ours.seconds is not None and qr.seconds is not None:
        lines.append(
            f"- `fit_line` at 1,000,000 points takes {ours.seconds / qr.seconds:.2f} times one `numpy.linalg.qr` of "
            "the matrix; it was to be within 1.5."
        )
    lines += _against("scipy.optimize.curve_fit", figures.get("NIST nonlinear", {}))
    return "\n".join(["### What was to be reached", "", *lines]) + "\n" if lines else ""


def _against(rival: str, figures: Figures) -> list[str]:
    """How `minigrad.fit` stands to a rival: who is faster, and who has more digits, on each problem."""
    both = {
        title: (by["minigrad.fit"], by[rival])
        for (title, _), by in figures.items()
        if {"minigrad.fit", rival} <= set(by)
    }
    if not both:
        return []
    ratios = [a.seconds / b.seconds for a, b in both.values() if a.seconds and b.seconds]
    faster = [t for t, (a, b) in both.items() if a.seconds and (b.seconds is None or a.seconds < b.seconds)]
    fewer = [t for t, (a, b) in both.items() if (a.parameters or 0.0) < (b.parameters or 0.0)]
    fewer_errors = [t for t, (a, b) in both.items() if (a.errors or 0.0) < (b.errors or 0.0)]
    failed = [t for t, (_, b) in both.items() if b.seconds is None]
    wrong = [
        t for t, (a, b) in both.items() if b.seconds is not None and (b.parameters or 0.0) < 1 < (a.parameters or 0.0)
    ]

    def all_but(titles: list[str]) -> str:
        but = f"; fewer on {', '.join(titles)}" if titles else ""
        return f"{len(both) - len(titles)} of {len(both)} problems{but}"

    return [
        f"- `minigrad.fit` takes {statistics.median(ratios):.1f} times as long as `{rival}` in the median; it was to "
        f"be faster, and is on {', '.join(faster) or 'none'}.",
        f"- It has as many digits of the parameters, or more, on {all_but(fewer)}; of the standard errors on "
        f"{all_but(fewer_errors)}.",
        f"- `{rival}` raises on {', '.join(failed) or 'none'}, "
        f"and ends at a wrong place on {', '.join(wrong) or 'none'}.",
    ]
