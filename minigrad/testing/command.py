"""`minigrad check`: whether the gradient of a function is right, from the command line.

One idea: standard output is the verdict, and the exit code is the verdict for a script: 0 right,
1 wrong, 2 cannot tell. Progress and what is wrong with the question are standard error.
"""

import difflib
import functools
import importlib
import inspect
import json
import math
import os
import pkgutil
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
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

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from .spec import OpCase, OpSpec
    from .words import Argument

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
            question for target in targets for question in _questions(target, words, vjp, library, second_order)
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


# ----------------------------------------------------------------------------- what is asked


@dataclass(frozen=True)
class Question:
    """A function, and how to draw calls of it."""

    name: str
    cases: "SearchStrategy[OpCase]"
    arguments: str
    second_order: bool
    advice: str = "It is asked as its op_spec says"
    """What to do if it raises an error."""


def _questions(
    target: str, words: Sequence[str], vjp: str | None, library: str, second_order: bool | None
) -> list[Question]:
    """What a target asks for: one function, or all operations of a module."""
    from .spec import OpSpec, specs
    from .strategies import op_cases

    before = {id(spec) for spec in specs()}
    module_name, colon, name = target.partition(":")
    module = _module(module_name, target)
    if colon:
        f = _attribute(module, name, target)
        if not callable(f):
            raise Refusal(f"{target} is of type {type(f).__name__}, and no function\nWrite MODULE:FUNCTION")
        if isinstance(f, OpSpec) and (words or vjp or library != "minigrad"):
            raise Refusal(
                f"{target} is an OpSpec, which says it all\nLeave --arg, --vjp and --library out, or name its function"
            )
        return [_question(target, module, f, words, vjp, library, second_order)]
    if words or vjp or library != "minigrad":
        raise Refusal(f"{target} is a module; --arg, --vjp and --library are for functions\nName one: {target}:f")
    found = _specs_of(module_name, before)
    if not found:
        raise Refusal(
            f"{target} registers no operation with op_spec\nName a function of it: {target}:{_a_function(module)}"
        )
    return [
        Question(spec.name, op_cases(spec), "as registered", _second(spec.second_order, second_order)) for spec in found
    ]


def _second(possible: bool, wanted: bool | None) -> bool:
    return possible and wanted is not False


def _specs_of(module: str, before: set[int]) -> "list[OpSpec]":
    """The operations with a gradient that a module registers, itself or below it."""
    from .spec import specs

    def belongs(spec: "OpSpec") -> bool:
        homes = [getattr(part, "__module__", None) or "" for part in (spec.function, spec.vjp, spec.op)]
        own = [home for home in homes if home == module or home.startswith(module + ".")]
        return any(not home.startswith("minigrad.testing.adapters.") for home in own)

    # A module may register functions that were written elsewhere, backward passes included.
    new = [] if module == "minigrad" else [spec for spec in specs() if id(spec) not in before]
    return [spec for spec in specs() if spec.differentiable and (spec in new or belongs(spec))]


def _question(
    target: str,
    module: ModuleType,
    f: Callable[..., Any],
    words: Sequence[str],
    vjp: str | None,
    library: str,
    second_order: bool | None,
) -> Question:
    """One function: with the spec it has if nothing else is said of it, else with what is said."""
    from ..graph import apply
    from ..op import Op
    from . import adapters, source
    from .adapters import foreign
    from .spec import OpCase, OpSpec, spec_of
    from .strategies import op_cases
    from .words import calls, parse

    backward = None
    if vjp is not None:
        if library != "minigrad":
            raise Refusal(f"--vjp is for functions written with NumPy, not with {library}\nLeave one of the two out")
        home, _, name = vjp.rpartition(":")
        backward = _attribute(_module(home, vjp) if home else module, name, f"--vjp {vjp}")
        if not callable(backward):
            raise Refusal(f"--vjp {vjp} is of type {type(backward).__name__}, and no function\nName a function")
    elif library == "minigrad" and not words:
        try:
            spec = spec_of(f)
        except UncheckableError:
            pass  # it has none
        else:
            if second_order and not spec.second_order:
                raise Refusal(f"{target}: its spec says second_order=False\nLeave --second-order out")
            return Question(target, op_cases(spec), "as registered", _second(spec.second_order, second_order))
    op = f if isinstance(f, type) and issubclass(f, Op) else None
    positional = _positional(op.forward if op else f)
    if len(words) > 1 and positional is not None and len(positional) == 1:
        with suppress(ValueError, UncheckableError):  # what contradicts itself may have been meant for two
            parse(" ".join(words), "")
            words = [" ".join(words)]  # there is one argument that they can be about
    arguments = [parse(text, f"--arg {text!r}") for text in words]
    arguments = _as_many_as(target, op.forward if op else f, arguments)
    called, run = op.__name__.lower() if op else source.name_of(f), functools.partial(apply, op) if op else f
    if library == "jax":
        foreign.library("jax", "from_jax").config.update("jax_enable_x64", True)  # there is no other way from a shell
    if library != "minigrad":
        run, backward = getattr(adapters, f"from_{library}")(f)
    if second_order and backward is not None:
        raise Refusal(f"{target}: second derivatives are of functions written with minigrad\nLeave --second-order out")
    spec = OpSpec(name=called, function=run, vjp=backward, op=op, second_order=backward is None)
    floats = tuple(n for n, argument in enumerate(arguments) if not argument.constant)
    if not floats:
        what = "every argument is a constant" if arguments else "it takes no argument"
        raise Refusal(f"{target}: {what}\nThere is nothing to differentiate by")
    wrt = None if len(floats) == len(arguments) else floats
    cases = calls(arguments).map(lambda args: OpCase(run, args, {}, called, spec, wrt))
    names = _names(op.forward if op else f, len(arguments))
    said = "; ".join(f"{name}: {argument.text}" for name, argument in zip(names, arguments))
    advice = "Say what it takes, as in --arg 'shape=(3,4) positive'"
    if backward is None:
        advice += "; if it is written with NumPy alone, name its backward pass: --vjp NAME"
    return Question(target, cases, said, _second(spec.second_order, second_order), advice)


def _as_many_as(target: str, f: Callable[..., Any], arguments: "list[Argument]") -> "list[Argument]":
    """As many as the function takes: all of any kind if nothing was said."""
    from .words import Argument

    positional = _positional(f)
    if positional is None:
        return arguments or [Argument()]
    least = sum(p.default is p.empty and p.kind is not p.VAR_POSITIONAL for p in positional)
    most = math.inf if any(p.kind is p.VAR_POSITIONAL for p in positional) else len(positional)
    if not arguments and most > 0:
        return [Argument() for _ in range(least or 1)]
    if not least <= len(arguments) <= most:
        takes = f"{least} or more" if most == math.inf else f"{least}" if least == most else f"{least} to {most}"
        named = f" ({', '.join(p.name for p in positional)})" if positional else ""
        raise Refusal(
            f"{target} takes {takes} argument{'s' * (takes != '1')}{named}, and --arg is there "
            f"{'once' if len(arguments) == 1 else f'{len(arguments)} times'}\n"
            'Give one --arg for each; "any" for one of which there is nothing to say'
        )
    return arguments


def _positional(f: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """The parameters that can be given by position; None if the function tells nothing of them."""
    if hasattr(f, "nin"):  # a ufunc, whose signature names out as well
        return [inspect.Parameter(f"x{n + 1}", inspect.Parameter.POSITIONAL_ONLY) for n in range(f.nin)]
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return None
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    return [p for p in parameters if p.kind in kinds]


def _names(f: Callable[..., Any], count: int) -> list[str]:
    found = [p.name for p in _positional(f) or [] if p.kind is not p.VAR_POSITIONAL]
    return [found[n] if n < len(found) else f"argument {n + 1}" for n in range(count)]


# ----------------------------------------------------------------------------- names of things


def _module(name: str, target: str) -> ModuleType:
    if name.endswith(".py") or os.sep in name:
        stem = name.removesuffix(".py").replace(os.sep, ".").strip(".")
        raise Refusal(f"{target}: {name} is a file\nName the module, as in an import: {target.replace(name, stem)}")
    if not all(part.isidentifier() for part in name.split(".")):
        raise Refusal(f'"{target}" names no module\nWrite MODULE:FUNCTION, or MODULE')
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is None or not f"{name}.".startswith(f"{missing.name}."):
            raise Refusal(f"{name} cannot be imported: {missing}\nInstall what it needs") from None
        beside = {each.name for each in pkgutil.iter_modules([str(Path.cwd())])}
        raise Refusal(
            f"there is no module {missing.name}\n"
            + _meant(name, beside | {"minigrad"}, f"It is looked for in {Path.cwd()} and among what is installed")
        ) from None
    except (Exception, SystemExit) as error:  # whatever the user's module does when it is run
        raise Refusal(f"{name} cannot be imported: {_raised(error)}\nMend it first") from None


def _attribute(module: ModuleType, name: str, target: str) -> Any:
    found: Any = module
    for part in name.split("."):
        if not part or not hasattr(found, part):
            public = {each for each in dir(found) if not each.startswith("_") and callable(getattr(found, each, None))}
            owner = module.__name__ if found is module else f"{module.__name__}:{getattr(found, '__qualname__', found)}"
            raise Refusal(
                f'{target}: there is no "{part}" in {owner}\n' + _meant(part, public, "Write MODULE:FUNCTION")
            )
        found = getattr(found, part)
    return found


def _meant(name: str, there: set[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, sorted(there), 1)
    return f'Did you mean "{near[0]}"?' if near else otherwise


def _a_function(module: ModuleType) -> str:
    """One that is written there."""
    own = (name for name, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__)
    return next(own, "f")


def _raised(error: BaseException) -> str:
    """What was raised, and where: in the last line that is not of a library."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_library(frame.filename)]
    inside = frames and not isinstance(error, SyntaxError)  # whose message says where
    place = f"{os.path.basename(frames[-1].filename)}, line {frames[-1].lineno}: " if inside else ""
    return f"{place}{type(error).__name__}: {error}"


def _is_library(path: str) -> bool:
    own, standard = Path(__file__).parent.parent, Path(os.__file__).parent
    return "site-packages" in path or path.startswith(("<", f"{own}{os.sep}", f"{standard}{os.sep}"))


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
        return finding(UNKNOWN, f"it raised an error\n{_raised(error)}\nat   {last}\n{question.advice}")
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
