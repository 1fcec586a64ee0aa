"""`python -m benchmarks fits`: the same fits by minigrad and by its rivals, time and digits side by side.

One idea: a fit is as good as its digits and as fast as its rounds, and both are measured in one run,
against answers that are exact for the very points given.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import date
from importlib import metadata

from ..rivals import ONE_THREAD
from ..table import machine, write
from . import report
from .lines import PROBLEMS
from .measuring import FULL, QUICK, Figure, measured
from .nist import LINEAR, NONLINEAR
from .problem import Problem, module_of

KINDS: dict[str, tuple[Problem, ...]] = {
    **{p.name: (p,) for p in PROBLEMS},
    "NIST linear": LINEAR,
    "NIST nonlinear": NONLINEAR,
}
"""What can be measured: a problem at several sizes, or many problems of one size each."""

PACKAGES = {"sklearn": "scikit-learn"}
"""What a module is called where it is installed from."""


def arguments(words: list[str] | None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser("python -m benchmarks fits", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"only these: {', '.join(KINDS)}")
    parser.add_argument("--only", metavar="NAME,NAME", help="only libraries whose name has one of these in it")
    parser.add_argument("--quick", action="store_true", help="few short rounds, at most 1,000 points: rough figures")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/RESULTS.md as well")
    chosen = parser.parse_args(words)
    for kind in chosen.kinds:
        if kind not in KINDS:
            parser.error(f"no kind is called {kind}: choose from {', '.join(KINDS)}")
    if chosen.write and (chosen.quick or chosen.only or chosen.kinds):
        parser.error("--write keeps full measurements only: leave out --quick, --only and the kinds")
    return chosen


def names_of(problem: Problem, n: int, only: str | None) -> list[str]:
    """Return the ways that are tried: meant for so many points, asked for, and of a module that is there."""
    return [
        name
        for name in problem.ways
        if n <= problem.largest.get(name, n)
        and (only is None or any(part in name for part in only.split(",")))
        and importlib.util.find_spec(module_of(name))
    ]


def absent(problems: Iterable[Problem]) -> list[str]:
    """Return the modules that some way needs and that are not there."""
    modules = dict.fromkeys(module_of(name) for problem in problems for name in problem.ways)
    return [module for module in modules if not importlib.util.find_spec(module)]


def conditions(kinds: Iterable[str], rounds: int) -> str:
    """Return one paragraph on what was measured with and how."""
    problems = [problem for kind in kinds for problem in KINDS[kind]]
    modules = dict.fromkeys(["numpy", *(module_of(name) for problem in problems for name in problem.ways)])
    missing = absent(problems)
    packages = [PACKAGES.get(module, module) for module in modules if module not in missing]
    versions = ", ".join(f"{package} {metadata.version(package)}" for package in packages)
    left_out = f" Not installed, left out: {', '.join(missing)}." if missing else ""
    return (
        f"{date.today().isoformat()}, {versions}. Each fit with its standard errors where the library has them, "
        f"float64, one thread, all libraries in one process in turns, the fastest of {rounds} rounds. Digits are those "
        "of the worst parameter, then of the worst standard error: -log10 of the relative error, against rational "
        "arithmetic on the same doubles or NIST's certified values; 16 is right to the last bit. Runs are those of the "
        f"model as a Python function; `minigrad.fit` afterwards runs its list of operations again.{left_out}\n"
    )


def main(words: list[str] | None = None) -> int:
    """Measure, print the tables, and keep them if asked to."""
    chosen = arguments(words)
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # Threads are chosen when a library is loaded, and NumPy is loaded already: begin again.
        command = [sys.executable, "-m", "benchmarks", "fits", *(sys.argv[2:] if words is None else words)]
        return subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=False).returncode
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)
    patience = QUICK if chosen.quick else FULL
    kinds = chosen.kinds or list(KINDS)
    parts, all_figures = [conditions(kinds, patience.rounds)], {}
    for kind in kinds:
        figures: dict[tuple[str, int], dict[str, Figure]] = {}
        for problem in KINDS[kind]:
            for n in problem.sizes:
                if chosen.quick and n > 1_000:
                    continue
                print(f"{problem.name}, {n:,} points", file=sys.stderr, flush=True)
                names = names_of(problem, n, chosen.only)
                figures[problem.name, n] = measured(problem, n, names, patience)
        all_figures[kind] = figures
        parts.append(report.table(kind, KINDS[kind], figures))
    parts.append(report.targets(all_figures))
    body = "\n".join(parts)
    print(body)
    if chosen.write:
        write(f"{machine()}: fits", body)
    return 0
