"""`minigrad check`: whether the gradient of a function is right, from the command line.

One idea: standard output is the verdict, and the exit code is the verdict for a script: 0 right,
1 wrong, 2 cannot tell. Progress and what is wrong with the question are standard error.
"""

import importlib
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from ..refusal import Refusal
from .effort import LEVELS, examples
from .errors import GradientMismatch, UncheckableError
from .tally import Counts, snapshot
from .targets import Question, questions_of, raised

if TYPE_CHECKING:
    from .spec import OpCase

LIBRARIES = ("minigrad", "torch", "jax", "autograd", "mygrad")
RIGHT, WRONG, UNKNOWN = "right", "wrong", "cannot tell"
_COLOURS = {RIGHT: "green", WRONG: "bold red", UNKNOWN: "yellow"}


@click.command(
    "check",
    short_help="Check the gradient of a function, or of a module of operations.",
    epilog="""\b
Words for --arg, separated by blanks or commas:
  shape=(3,4)                  its shape
  dtype=float32                its dtype; else float64, and float32 now and then
  positive, negative, nonzero  its numbers
  min=0, max=1                 its numbers, the ends included
  values=[[1,2],[3,4]]         these very numbers
  const=2                      a constant: an axis, a mode, anything literal
  any                          nothing is said

\b
Examples:
  minigrad check mymodule:f
  minigrad check mymodule:f --arg 'shape=(3,4)' --arg positive
  minigrad check mymodule:forward --vjp vjp --effort thorough
  minigrad check mymodule:Square.apply --library torch
  minigrad check mymodule
  minigrad check minigrad --json""",
)
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option(
    "--arg",
    "words",
    metavar="SPEC",
    multiple=True,
    help="What an argument of the function is like, in words (see below); one --arg for each. "
    "Arguments without a shape broadcast together, and to those that have one.",
)
@click.option(
    "--vjp",
    metavar="[MODULE:]NAME",
    help="The backward pass of a function written with NumPy: vjp(g, out, *args) returns a gradient for each argument.",
)
@click.option(
    "--library",
    type=click.Choice(LIBRARIES),
    default="minigrad",
    show_default=True,
    help="What the function is written with.",
)
@click.option(
    "--effort",
    type=click.Choice(list(LEVELS)),
    help=f"On how many examples to try it: {', '.join(map(str, LEVELS.values()))}.  [default: normal]",
)
@click.option("--examples", "count", type=click.IntRange(min=1), metavar="N", help="On how many, in numbers.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Another seed, other examples.")
@click.option(
    "--second-order/--no-second-order",
    default=None,
    help="Check second derivatives too.  [default: of functions written with minigrad]",
)
@click.option("--json", "as_json", is_flag=True, help="Print a list of verdicts as JSON.")
def check(
    targets: tuple[str, ...],
    words: tuple[str, ...],
    vjp: str | None,
    library: str,
    effort: str | None,
    count: int | None,
    seed: int,
    second_order: bool | None,
    as_json: bool,
) -> None:
    """Check the gradient of each TARGET against differences with a measured error bar.

    TARGET is MODULE:FUNCTION, or MODULE for every operation that op_spec registers there;
    "minigrad" stands for its own. What lies in the current directory can be imported.

    The arguments are drawn by Hypothesis: ties, zeros, numbers of all sizes, empty arrays. What
    goes wrong is shrunk to the smallest example.

    Exit code: 0 right, 1 wrong, 2 cannot tell or bad usage.
    """
    try:
        importlib.import_module("hypothesis")
    except ModuleNotFoundError as missing:
        raise Refusal(f'{missing.name} is not installed: pip install "minigrad[testing]"') from None
    here = str(Path.cwd())  # as with python -m
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    try:
        number = count or (LEVELS[effort] if effort else examples())
        questions = [
            question for target in targets for question in questions_of(target, words, vjp, library, second_order)
        ]
    except (UncheckableError, ValueError, ModuleNotFoundError) as error:
        raise Refusal(str(error)) from None
    findings = []
    with _progress(len(questions), number) as moved:
        for question in questions:
            findings.append(_answer(question, number, seed, moved))
    if as_json:
        click.echo(json.dumps([finding.as_json() for finding in findings], indent=2))
    elif len(targets) == 1 and ":" in targets[0]:
        _show(findings[0], seed)
    else:
        _show_table(findings)
    verdicts = {finding.verdict for finding in findings}
    if verdicts != {RIGHT}:
        raise SystemExit(1 if WRONG in verdicts else 2)


# ----------------------------------------------------------------------------- what is found


@dataclass
class Finding:
    """The verdict on one function, and what it rests on."""

    name: str
    verdict: str
    arguments: str
    examples: int
    taken_back: int
    """Further examples, at which no slope could be measured."""
    counts: Counts
    report: str = ""

    def as_json(self) -> dict[str, Any]:
        known = bool(self.counts.resolutions)
        return {
            "name": self.name,
            "verdict": self.verdict,
            "examples": self.examples,
            "taken_back": self.taken_back,
            "checks": self.counts.checks,
            "slopes": self.counts.slopes,
            "kinks": self.counts.kinks,
            "inconclusive": self.counts.inconclusive,
            "reasons": self.counts.reasons,
            "resolved": self.counts.resolved if known else None,
            "resolved_by_half": self.counts.resolved_by(0.5) if known else None,
            "report": self.report,
        }


class _Hopeless(BaseException):
    """Nothing can be measured anywhere. No Exception: Hypothesis would take it for a failure, and shrink."""


def _answer(question: Question, number: int, seed: int, moved: Callable[[str, int], None]) -> Finding:
    """Try a function on that many examples; the first wrong one is shrunk."""
    import hypothesis
    from hypothesis import HealthCheck, Phase
    from hypothesis.errors import HypothesisException, Unsatisfiable

    from ..errors import BroadcastWarning
    from .property import is_wide

    tried, taken_back, failed, last = 0, 0, False, ""
    before = snapshot()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=number,
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.target, Phase.shrink],
    )
    @hypothesis.given(question.cases)
    def every(case: "OpCase") -> None:
        nonlocal tried, taken_back, failed, last
        if taken_back >= number and snapshot().slopes == before.slopes:
            raise _Hopeless  # Hypothesis would go on looking for a long time
        last = repr(case)
        try:
            case.check()
            if question.second_order and is_wide(case.args):
                case.check_second()
        except HypothesisException:
            taken_back += 1
            raise
        except Exception:
            tried, failed = tried + (not failed), True
            raise
        tried += not failed
        moved(question.name, min(tried, number))

    def finding(verdict: str, report: str = "") -> Finding:
        return Finding(question.name, verdict, question.arguments, tried, taken_back, snapshot() - before, report)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BroadcastWarning)  # (n, 1) meets (n,) here on purpose,
            warnings.simplefilter("ignore", RuntimeWarning)  # and 0 is divided by 0
            every()
    except GradientMismatch as error:
        return finding(WRONG, str(error))
    except UncheckableError as error:
        return finding(UNKNOWN, f"{error}\nat   {last}")
    except (_Hopeless, Unsatisfiable):
        pass
    except HypothesisException as error:
        return finding(UNKNOWN, f"{type(error).__name__}: {error}")
    except Exception as error:
        return finding(UNKNOWN, f"it raised an error\n{raised(error)}\nat   {last}\n{question.advice}")
    found = finding(RIGHT)
    if not found.counts.slopes:
        found.verdict = UNKNOWN
        found.report = (
            f"no slope could be measured{_reasons(found.counts)}\n"
            "Check it where it is smooth and defined, as with --arg 'min=1 max=2'; a constant has nothing to check"
        )
    return found


@contextmanager
def _progress(questions: int, number: int) -> Iterator[Callable[[str, int], None]]:
    """A progress bar on the terminal, and nothing if standard error is not one."""
    if not sys.stderr.isatty():
        yield lambda name, tried: None
        return
    columns = (TextColumn("checking {task.fields[name]}"), BarColumn(bar_width=30), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=questions * number, name="")
        seen: list[str] = []

        def moved(name: str, tried: int) -> None:
            if name not in seen[-1:]:
                seen.append(name)
            bar.update(task, completed=(len(seen) - 1) * number + tried, name=name)

        yield moved


def _show(finding: Finding, seed: int) -> None:
    """Print the verdict on one function, and the report if it is wrong."""
    console, counts = Console(), finding.counts
    console.print(_verdict(finding), soft_wrap=True)
    back = f", and {finding.taken_back:,} at which nothing could be measured" if finding.taken_back else ""
    rows = {
        "arguments": finding.arguments,
        "examples": f"{finding.examples:,}{back} (seed {seed})",
        "slopes": f"{counts.slopes:,}, {counts.kinks:,} at kinks",
        "inconclusive": f"{counts.inconclusive:,}{_reasons(counts)}",
        "resolved": _resolved(counts),
    }
    if finding.verdict != WRONG:
        for name, value in rows.items():
            console.print(Text.assemble((f"  {name:<15}", "cyan"), value), soft_wrap=True)
    if finding.report:
        console.print(Text(finding.report), soft_wrap=True)


def _verdict(finding: Finding) -> Text:
    words = {RIGHT: " is right", WRONG: " is WRONG", UNKNOWN: ": cannot tell"}[finding.verdict]
    return Text.assemble((finding.name, "bold"), (words, _COLOURS[finding.verdict]))


def _reasons(counts: Counts) -> str:
    most = sorted(counts.reasons.items(), key=lambda each: -each[1])
    return f" ({', '.join(f'{n:,} {reason}' for reason, n in most)})" if most else ""


def _resolved(counts: Counts) -> str:
    if not counts.resolutions:
        return "nothing"
    return f"an error of {counts.resolved_by(0.5):.1e} in half of the checks, of {counts.resolved:.1e} in all"


def _show_table(findings: list[Finding]) -> None:
    """Print a line for each function, and the reports of those that are not right."""
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="cyan")
    table.add_column("operation", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for heading in ("examples", "slopes", "kinks", "unknown", "resolved", "by all"):
        table.add_column(heading, justify="right", no_wrap=True)
    for finding in findings:
        counts = finding.counts
        seen = (f"{counts.resolved_by(share):.1e}" if counts.resolutions else "-" for share in (0.5, 1))
        numbers = (finding.examples, counts.slopes, counts.kinks, counts.inconclusive)
        verdict = Text(
            finding.verdict.upper() if finding.verdict == WRONG else finding.verdict, _COLOURS[finding.verdict]
        )
        table.add_row(finding.name, verdict, *(f"{n:,}" for n in numbers), *seen)
    console = Console()
    console.width = max(console.width, Console(width=1000).measure(table).maximum)  # wrapped rather than cut
    console.print(table)
    for finding in findings:
        if finding.report:
            console.print()
            console.print(_verdict(finding), soft_wrap=True)
            console.print(Text(finding.report), soft_wrap=True)
