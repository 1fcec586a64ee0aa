"""`python -m benchmarks`: measure, and print one table; `python -m benchmarks hunt` and the like: gradient testing."""

import argparse
import sys
from importlib import import_module

from . import table, timing
from .case import Case
from .cases import ALL
from .rivals import MODULES, gpu_missing, installed

COMMANDS = {
    "fits": "the same fits by minigrad and its rivals, time and digits side by side",
    "hunt": "look for wrong gradients in the libraries that are installed",
    "operations": "every operation forward and backward, beside torch, autograd and MyGrad",
    "mutants": "plant bugs in copies of the engine, and see who finds them",
    "verdicts": "false alarms and missed errors of gradient checkers over a bank of functions",
}
"""Modules of this package with a `main(words)` of their own, imported when they are named first."""


def arguments(words: list[str] | None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description="Measure minigrad beside NumPy and its rivals.",
        epilog="other commands: " + "; ".join(f"{name}: {says}" for name, says in COMMANDS.items()),
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="only these cases (see --list)")
    parser.add_argument("--list", action="store_true", help="list the cases and who is measured, and stop")
    parser.add_argument("--sizes", type=_sizes, metavar="N,N", help="these sizes instead of the case's own")
    parser.add_argument("--only", type=_names, metavar="NAME,NAME", help="only these rivals, and NumPy for the ratios")
    parser.add_argument("--quick", action="store_true", help="few short rounds: rough figures, while developing")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/RESULTS.md as well")
    chosen = parser.parse_args(words)
    for name in chosen.cases:
        if name not in ALL:
            parser.error(f"no case is called {name}: choose from {', '.join(ALL)}")
    if chosen.write and (chosen.quick or chosen.sizes or chosen.only):
        parser.error("--write keeps full measurements only: leave out --quick, --sizes and --only")
    if chosen.sizes and not chosen.cases:
        parser.error("--sizes belongs to cases: name them, as in distance_step --sizes 100")
    return chosen


def _sizes(text: str) -> tuple[int, ...]:
    if not text.replace(",", "").replace("_", "").isdecimal():
        raise argparse.ArgumentTypeError(f"sizes are whole numbers with commas between, not {text!r}")
    return tuple(int(part) for part in text.split(",") if part)


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; choose from {', '.join(MODULES)}")
    return names


def names_for(case: Case, only: list[str] | None) -> list[str]:
    """Return who is measured in a case: who is written for it, installed, and asked for; NumPy first."""
    return [
        name
        for name in MODULES
        if name in case.implementations and installed(name) and (only is None or name == "numpy" or name in only)
    ]


def listing() -> str:
    """Return the cases with their sizes, and who is installed."""
    lines = []
    for case in ALL.values():
        sizes = "" if case.measures == "import" else ", ".join(f"{size:,}" for size in case.sizes)
        lines.append(f"{case.name:15} {sizes:28} {case.says}")
    absent = [name for name in MODULES if not installed(name)]
    lines += ["", "installed: " + ", ".join(name for name in MODULES if name not in absent)]
    if absent:
        lines.append("not installed, left out: " + ", ".join(absent))
    return "\n".join(lines)


def main(words: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    words = sys.argv[1:] if words is None else words
    if words and words[0] in COMMANDS:
        return int(import_module(f".{words[0]}", __package__).main(words[1:]))
    chosen = arguments(words)
    if chosen.list:
        print(listing())
        return 0
    patience = timing.QUICK if chosen.quick else timing.FULL
    results = table.Table()
    measured: list[str] = []
    for case in [ALL[name] for name in chosen.cases or ALL]:
        sizes = case.sizes if chosen.sizes is None else chosen.sizes
        missing = gpu_missing() if case.needs_gpu else None
        if missing:
            results.rows.extend((case, size, missing) for size in sizes)
            continue
        names = names_for(case, chosen.only)
        measured += names
        print(f"{case.name}: {', '.join(names)}", file=sys.stderr, flush=True)
        for size, figures in timing.measure(case, sizes, names, patience):
            results.rows.append((case, size, figures))
    body = table.conditions(measured) + "\n" + results.markdown()
    title = table.machine() + (f": {', '.join(chosen.cases)}" if chosen.cases else "")
    print(f"## {title}\n\n{body}")
    if chosen.write:
        table.write(title, body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
