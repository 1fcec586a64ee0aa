"""The table, in Markdown: a row for each case and size, a column for each implementation.

One idea: what is printed can be pasted. Each figure stands beside its ratio to
hand-written NumPy, and what could not be measured says why in a footnote.
"""

import os
import platform
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from .case import Case
from .rivals import EAGER, MODULES, versions
from .timing import Figure, Measured

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = "# Measured\n\nMade by `python -m benchmarks --write`; a section for each machine.\n"


@dataclass
class Table:
    """Rows as they are measured, and the footnotes they need."""

    rows: list[tuple[Case, int, Measured | str]] = field(default_factory=list)
    """A case, a size, and its figures or why the whole row was skipped."""

    def markdown(self) -> str:
        """Return the table with what its rows mean and its footnotes."""
        measured = [figures for _, _, figures in self.rows if not isinstance(figures, str)]
        names = [name for name in MODULES if any(name in figures for figures in measured)]
        notes: list[str] = []
        lines = [
            "| " + " | ".join(["case", "N", *names, "minigrad / best eager rival"]) + " |",
            "|" + "|".join(["---", "--:", *["--:"] * len(names), "--:"]) + "|",
        ]
        for case, size, figures in self.rows:
            if isinstance(figures, str):
                cells = [f"skipped: {figures}", *[""] * len(names)]
            else:
                unit = figures.get("numpy", Figure(None)).value
                cells = [_cell(case, figures.get(name), unit, name, notes) for name in names]
                cells.append(_against_eager(figures))
            number = "" if case.measures == "import" else f"{size:,}"
            lines.append("| " + " | ".join([case.name, number, *cells]) + " |")
        cases = {case.name: case.says for case, _, _ in self.rows}
        lines += ["", *[f"- **{name}**: {says}." for name, says in cases.items()]]
        lines += ["", *[f"{_mark(n)} {note}  " for n, note in enumerate(notes)]] if notes else []
        return "\n".join(line.rstrip() if not line.endswith("  ") else line for line in lines) + "\n"


def _cell(case: Case, figure: Figure | None, unit: float | None, name: str, notes: list[str]) -> str:
    if figure is None:
        return "—"
    if figure.value is None:
        note = f"{name}: {figure.reason}"
        if note not in notes:
            notes.append(note)
        return f"— {_mark(notes.index(note))}"
    text = quantity(figure.value, "B" if case.measures == "memory" else "s")
    return f"{text} · {figure.value / unit:.2f}×" if unit else text


def _against_eager(figures: Measured) -> str:
    rivals = [(value, name) for name in EAGER if name in figures and (value := figures[name].value) is not None]
    ours = figures.get("minigrad", Figure(None)).value
    if not rivals or ours is None:
        return "—"
    value, name = min(rivals)
    return f"{ours / value:.2f}× ({name})"


def _mark(n: int) -> str:
    return f"[{n + 1}]"


def quantity(value: float, unit: str) -> str:
    """Return seconds or bytes in three figures, with a unit that suits them.

    >>> quantity(0.0000301, "s"), quantity(400e6, "B")
    ('30.1 µs', '381 MiB')
    """
    if unit == "B":
        return f"{value / 2**20:.0f} MiB"
    scale, name = next(((s, name) for s, name in ((1, "s"), (1e-3, "ms")) if value >= s), (1e-6, "µs"))
    value /= scale
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} {name}"


def machine() -> str:
    """Return the processor and its number of cores."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line[:10] == "model name"]
        model = models[0] if models else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def conditions(names: list[str]) -> str:
    """Return one paragraph on what was measured with and how."""
    with_versions = ", ".join(f"{package} {version}" for package, version in versions(names).items())
    return (
        f"{date.today().isoformat()}, {platform.python_implementation()} {platform.python_version()}, {with_versions}. "
        "All in float64, one thread for BLAS, torch and XLA's kernels, garbage collector on, each implementation in a "
        "process of its own, measured in turns; the fastest round, for imports the median. After each figure its "
        "ratio to NumPy written by hand. Eager rivals: " + ", ".join(EAGER) + ".\n"
    )


def write(title: str, body: str, path: Path = RESULTS) -> None:
    """Put a section into the results, in place of one with the same title; the other sections stay."""
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD
    head, *sections = text.split("\n## ")
    section = f"{title}\n\n{body}"
    for n, old in enumerate(sections):
        if old.partition("\n")[0] == title:
            sections[n] = section
            break
    else:
        sections.append(section)
    path.write_text("\n\n## ".join([head.rstrip(), *[s.rstrip() for s in sections]]) + "\n", encoding="utf-8")
