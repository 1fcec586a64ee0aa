"""Which harness notices a wrong gradient? `python -m benchmarks mutants` plants faults and counts.

One idea: a checker is worth what it catches. More than a hundred faults are planted in the engine, each
alone in a copy of it, and four harnesses look for them with the same number of examples: torch's
gradcheck, HIPS autograd's check_grads, central differences with allclose, and our own.
"""

import argparse
import difflib
import sys


def arguments(words: list[str] | None) -> argparse.Namespace:
    """Return what the command line asks for."""
    from .bugs import BUGS
    from .matrix import CALM, chosen

    parser = argparse.ArgumentParser(
        "python -m benchmarks mutants", description="Plant faults in the engine, and see which harness notices them."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these faults, or those of a file (see --list)")
    parser.add_argument("--list", action="store_true", help="list the faults, and stop")
    parser.add_argument("--examples", type=_count, default=200, help="examples for each harness (200)")
    parser.add_argument("--calm", type=_count, default=CALM, help=f"examples on the unharmed engine ({CALM})")
    parser.add_argument("--only", default="ABCD", metavar="LETTERS", help="only these harnesses: A, B, C, D")
    parser.add_argument("--seed", type=int, default=0, help="what random numbers start from (0)")
    parser.add_argument("--processes", type=_count, default=2, help="how many at a time (2)")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/RESULTS.md as well")
    asked = parser.parse_args(words)
    if not asked.only or set(asked.only) - set("ABCD"):
        parser.error(f"--only takes letters of A, B, C and D, not {asked.only!r}")
    asked.only = tuple(sorted(set(asked.only)))
    if asked.write and (asked.names or asked.only != tuple("ABCD")):
        parser.error("--write keeps whole tables only: leave out names and --only")
    try:
        asked.bugs = chosen(asked.names)
    except KeyError as error:
        [name] = error.args
        near = difflib.get_close_matches(name, [bug.name for bug in BUGS], 1)
        parser.error(f"no fault is called {name}: " + (f"perhaps {near[0]}" if near else "see --list"))
    return asked


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"give a whole number from 1 on, not {text!r}")
    return int(text)


def main(words: list[str] | None = None) -> int:
    """Run the command; return its exit code: 0 if our harness noticed every fault and raised no false alarm."""
    asked = arguments(words)
    if asked.list:
        print("\n".join(f"{bug.name:32} {bug.file:20} {bug.says}" for bug in asked.bugs))
        return 0
    from .. import table
    from .matrix import markdown, measure

    found = measure(asked.bugs, asked.only, asked.examples, calm=asked.calm, seed=asked.seed, processes=asked.processes)
    body = markdown(found)
    title = f"Planted faults noticed: {asked.examples} examples each"
    print(f"## {title}\n\n{body}")
    if asked.write:
        table.write(title, body)
    if "D" not in asked.only:
        return 0
    survivors, alarms = found.survivors("D"), found.alarms("D")
    for name in survivors:
        print(f"not noticed: {name}", file=sys.stderr)
    for name, why in alarms.items():
        print(f"false alarm on {name}: {why}", file=sys.stderr)
    return 1 if survivors or alarms else 0
