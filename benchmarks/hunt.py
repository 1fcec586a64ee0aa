"""A hunt for wrong gradients in the libraries that are installed: torch, JAX, HIPS autograd, MyGrad.

One idea: a library's own list of functions, drawn arguments, first and second order; what is found
is shrunk, put before mpmath, and listed.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

LIBRARIES = {"torch": "torches", "jax": "jaxes", "autograd": "autograds", "mygrad": "mygrads"}


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; 0 if nothing was found that is this kit's own fault."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks hunt", description="Look for wrong gradients in the libraries that are installed."
    )
    parser.add_argument(
        "libraries", nargs="*", metavar="LIBRARY", help=f"{', '.join(LIBRARIES)}; all that are installed"
    )
    parser.add_argument(
        "--examples", type=_positive, default=100, help="points for each (half in float32, and for order 2)"
    )
    parser.add_argument("--only", metavar="WORD", help="only functions with this in their name")
    parser.add_argument("--list", action="store_true", help="list the functions, and those nobody knows how to call")
    chosen = parser.parse_args(words)
    for name in chosen.libraries:
        if name not in LIBRARIES:
            parser.error(f"no library is called {name}: choose from {', '.join(LIBRARIES)}")
    for needed in ("hypothesis", "mpmath"):
        if find_spec(needed) is None:
            parser.error(f"the hunt needs {needed}: pip install {needed}")
    own_fault = False
    for name in chosen.libraries or LIBRARIES:
        if find_spec(name) is None:
            print(f"{name} is not installed, left out", file=sys.stderr)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # every library warns of arguments out of the ordinary
            own_fault |= _hunt(import_module(f".quarry.{LIBRARIES[name]}", __package__), chosen)
    return int(own_fault)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of examples")
    return int(text)


def _hunt(library: Any, chosen: argparse.Namespace) -> bool:
    """Sweep one library and print what was found; whether a false alarm was among it."""
    import numpy as np

    from .quarry import finding
    from .quarry.sweep import sweep

    calls, left = library.calls()
    calls = [call for call in calls if not chosen.only or chosen.only in call.name]
    print(f"## {library.version()}: {len(calls)} ways to call a function\n")
    if chosen.list:
        print("\n".join(f"- `{call.name}`" for call in calls))
        print("\nno way to call: " + ", ".join(left))
        return False
    start, found, outcomes = time.monotonic(), [], []
    for number, call in enumerate(calls, 1):
        for order, dtype, examples in (
            (1, np.float64, chosen.examples),
            (1, np.float32, chosen.examples // 2 or 1),
            (2, np.float64, chosen.examples // 2 or 1),
        ):
            if order == 2 and (not call.second or not outcomes[-2].checks):
                continue
            outcome = sweep(call, library.adapter, order, dtype, examples)
            outcomes.append(outcome)
            if outcome.error is not None:
                found.append(finding.of(outcome))
                print(f"{number}/{len(calls)} {found[-1].row()}", file=sys.stderr, flush=True)
    print(_summary(outcomes, time.monotonic() - start))
    if found:
        print("\n| function | at | gives | measured | right | verdict |\n|---|---|---|---|---|---|")
        print("\n".join(one.row() for one in found))
    raised = {f"- `{o.call.name}`: {said}" for o in outcomes for said in o.raised}
    if raised:
        print("\nThe forward pass took the arguments, and the backward pass raised:\n")
        print("\n".join(sorted(raised)))
    blind = [o for o in outcomes if o.order == 1 and o.dtype == "float64" and not o.conclusive and o.error is None]
    if blind:
        print("\nNothing conclusive was seen of: " + ", ".join(f"`{o.call.name}` ({_why(o)})" for o in blind))
    if left and not chosen.only:
        print(f"\nNo way to call: {', '.join(left)}")
    print(flush=True)
    return any(one.verdict in ("FALSE ALARM", "differences wrong", "rounding") for one in found)


def _summary(outcomes: Sequence[Any], seconds: float) -> str:
    checks = sum(o.checks for o in outcomes)
    conclusive = sum(o.conclusive for o in outcomes)
    wrong = sum(o.error is not None for o in outcomes)
    hurried = sum(o.hurried for o in outcomes)
    return (
        f"{checks} checks passed, {conclusive} of them conclusive; {wrong} calls with something wrong; "
        f"{hurried} cut short for time; {seconds:.0f} s"
    )


def _why(outcome: Any) -> str:
    (reason, _), *_ = outcome.reasons.most_common(1) or [("no slope could be measured", 0)]
    return str(reason)
