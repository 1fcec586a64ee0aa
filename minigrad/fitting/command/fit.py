"""`minigrad fit`: a line, a plane or any formula through the columns of a file, from the command line.

One idea: standard output is the result and nothing else. How it goes, what was assumed and what is wrong is
standard error, and the exit code says which: 0 fitted, 1 not converged, 2 bad input.
"""

import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill
from typing import Any, TypeVar

import click
import numpy as np

from ... import fitting
from ...errors import DivergedError
from ...refusal import Refusal
from ..files.reading import Block, Table, open_table
from ..files.stream import Named, fit_stream
from ..files.table import Column, Layout, TableError, counted
from ..found import Floats
from ..line import DESCENTS, ERRORS, LOSSES, fit_line
from ..result import FitResult
from .expression import CONSTANTS, FUNCTIONS, Expression, ExpressionError, expression, names_in
from .options import (
    coordinate,
    in_options,
    limits,
    number_in,
    number_of,
    numbers_by_name,
    pairs,
    rate_in,
    saved,
    told_once,
    writable,
)
from .printing import best_point, prediction, table_of_predictions, write_residuals
from .progress import passing, reading_bar, watched

SOLVERS = ("auto", "lm", *DESCENTS)
SCHEDULES = ("constant", "cosine", "step", "exponential", "inverse_time")

STREAMED = 2_000_000
"""From so many rows on a line of least squares is fitted as the file passes by, and the rows are not kept."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""

_PICTURES = (".png", ".svg", ".pdf")
_DELIMITERS = {"tab": "\t", "semicolon": ";", "comma": ",", "bar": "|", "blank": " ", "blanks": " ", "\\t": "\t"}


Function = TypeVar("Function", bound=Callable[..., Any])


class _Option(click.Option):
    """An option that stands in a section of the help."""

    def __init__(self, *arguments: Any, section: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.section = section


class _Command(click.Command):
    """A command whose help has sections."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for option in self.get_params(context):
            record = option.get_help_record(context)
            if record is not None and isinstance(option, click.Option):
                sections.setdefault(getattr(option, "section", "Help"), []).append(record)
        for section in sorted(sections, key=lambda name: name == "Help"):
            with formatter.section(section):
                formatter.write_dl(sections[section], col_max=22)


def _in(section: str) -> Callable[..., Callable[[Function], Function]]:
    """`click.option` for one section."""

    def option(*arguments: Any, **options: Any) -> Callable[[Function], Function]:
        return click.option(*arguments, cls=_Option, section=section, **options)

    return option


def _choice(names: Sequence[str]) -> "click.Choice[str]":  # a type with a parameter since click 8.2
    return click.Choice(list(names))


_columns = _in("Columns")
_fitting = _in("What is fitted")
_descent = _in("Descent, to be watched")
_output = _in("Output")
_reading = _in("How the file is read (found by itself unless told)")


@click.command(
    "fit",
    cls=_Command,
    short_help="Fit a line, a plane or a formula to columns of a file.",
    context_settings={"max_content_width": 80},
    epilog="""\b
Examples:
  minigrad fit points.csv
  minigrad fit points.csv --loss distance --plot fit.png
  minigrad fit points.csv -x time -y height --sigma error --predict 3.5,4
  minigrad fit decay.csv --model "a * exp(-b * t) + c" --start b=0.1 --fix c=0
  minigrad fit points.csv --solver gd --lr 0.01 --steps 10 --raw --watch
  zcat huge.csv.gz | minigrad fit - -x a -x b -y c --json""",
)
@click.argument("file", metavar="FILE")
@_columns("-x", "xs", metavar="COL", multiple=True, help="Column for x; once for each feature.  [the first of numbers]")
@_columns("-y", "y", metavar="COL", help="Column for y.  [the next one]")
@_columns("--sigma", metavar="COL|F", help="Standard deviation of y: a column, or one number for all.")
@_columns("--sigma-x", metavar="COL|F", help="Standard deviation of x (with --loss distance).")
@_columns("--absolute-sigma", is_flag=True, help="Take sigma as it is: do not scale errors so that chi2/dof is 1.")
@_fitting("--loss", metavar="NAME", type=_choice(LOSSES), default="mse", help=f"{', '.join(LOSSES)}.  [mse]")
@_fitting("--degree", type=int, metavar="K", help="A polynomial of this degree.")
@_fitting("--through", metavar="X,Y", help="A line through this point.")
@_fitting("--delta", type=float, metavar="D", help="Of --loss distance: var(y error) / var(x error).  [1]")
@_fitting("--model", metavar="EXPR", help='A formula instead of a line: "a * exp(-b * x) + c".')
@_fitting("--start", metavar="T=3", multiple=True, help="Where a parameter of the formula starts.  [1]")
@_fitting("--fix", metavar="b=0", multiple=True, help="Hold a parameter fast; of a line, the intercept.")
@_fitting("--bounds", metavar="a=0:10", multiple=True, help="Keep a parameter between two values; a=0: has one.")
@_fitting("--errors", metavar="NAME", type=_choice(ERRORS), default="gauss-newton", help=f"{', '.join(ERRORS)}.")
@_fitting("--seed", metavar="N", type=click.IntRange(0), default=0, help="Of bootstrap and sgd.  [0]")
@_fitting("--solver", metavar="NAME", type=_choice(SOLVERS), default="auto", help=f"{', '.join(SOLVERS)}.  [auto]")
@_descent("--lr", metavar="auto|F", default="auto", help="Learning rate.  [auto]")
@_descent("--steps", type=int, metavar="N", help="The most steps; also of lm.")
@_descent("--batch", type=int, metavar="N", help="Points in a batch, for sgd and adam.")
@_descent("--schedule", metavar="NAME", type=_choice(SCHEDULES), help=f"{', '.join(SCHEDULES)}.")
@_descent("--raw", is_flag=True, help="On x as it is, like the tutorials; not standardised.")
@_descent("--watch", is_flag=True, help='Print "epoch: 0, loss: ..." to standard error; a line then descends by gd.')
@_output("--json", "as_json", is_flag=True, help="The result as JSON.")
@_output("--predict", metavar="3.5,4", multiple=True, help="y at these x; of several features, once for each place.")
@_output("--plot", metavar="OUT.png", help="Draw it: .png, .svg or .pdf.")
@_output("--residuals", metavar="OUT.csv", help="Write row, x, y, fitted, residual.")
@_reading("--skip-bad", is_flag=True, help="Leave out rows that cannot be read.")
@_reading("--no-header", is_flag=True, help="The first line is a point.")
@_reading("--delimiter", metavar="auto|C", default="auto", help="comma, semicolon, tab, bar, blank, or a character.")
@_reading("--decimal", type=click.Choice(["auto", ".", ","]), default="auto", help="The decimal mark.")
@_reading("--encoding", metavar="NAME", default="auto", help="utf-8, latin-1, gbk, ...")
def fit(file: str, **options: Any) -> None:
    """Fit a line through two columns of FILE, and say how sure it is.

    FILE is text (CSV, or cells between tabs, semicolons, blanks) or Parquet; "-" is standard input. Without -x and
    -y the first two columns of numbers are taken. More than 2 million rows are fitted in one pass, in constant memory,
    if the line is one of least squares; polynomials, formulas and other losses keep their rows.

    Comments (# or %), text above the table, a line of units and empty ends are passed over; x may be dates or times. A
    cell that can be read in two ways is refused with its line.

    Standard output is the result. What was assumed about the file, warnings and --watch go to standard error.
    Exit code: 0 fitted, 1 did not converge (the best is still printed), 2 bad input.
    """
    try:
        _Fit(file, **options).run()
    except TableError as error:
        raise Refusal(str(error)) from None
    except ExpressionError as error:
        raise Refusal(f"--model: {error}") from None
    except KeyboardInterrupt:
        _say("interrupted")
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        raise  # who reads has had enough, and click knows it
    except OSError as error:
        raise Refusal(f"{file}: cannot be read: {error.strerror or error}") from None


@dataclass
class _Fit:
    """One run of the command: its options, as they were written."""

    file: str
    xs: tuple[str, ...]
    y: str | None
    sigma: str | None
    sigma_x: str | None
    absolute_sigma: bool
    loss: str
    degree: int | None
    through: str | None
    delta: float | None
    model: str | None
    start: tuple[str, ...]
    fix: tuple[str, ...]
    bounds: tuple[str, ...]
    errors: str
    seed: int
    solver: str
    lr: str
    steps: int | None
    batch: int | None
    schedule: str | None
    raw: bool
    watch: bool
    as_json: bool
    predict: tuple[str, ...]
    plot: str | None
    residuals: str | None
    skip_bad: bool
    no_header: bool
    delimiter: str
    decimal: str
    encoding: str

    def run(self) -> None:
        """Read, fit, and say what was found."""
        self._check()
        table = open_table(
            self.file,
            delimiter=_DELIMITERS.get(self.delimiter, self.delimiter),
            header=False if self.no_header else None,
            decimal=self.decimal,
            encoding=self.encoding,
        )
        layout = table.layout
        formula, columns = self._chosen(layout)
        notes = [*table.notes, *columns.notes(self, layout), *self._unsaid(formula)]
        if notes:
            _say(f"{layout.source}: {'; '.join(notes)}")
        places = [self._place(text, columns.xs) for text in self.predict]
        if len(columns.xs) == 1:
            places = [[x] for place in places for x in place]
        result, rows = self._fitted(table, columns, formula)
        if table.faults.count:
            _say(f"{layout.source}: {table.faults.share} left out: {table.faults.listed}")
        if table.comments.count:
            what = "1 comment" if table.comments.count == 1 else f"{table.comments.count:,} comments"
            _say(f"{layout.source}: {what} among the rows passed over: {table.comments.listed}")
        self._show(result, places)
        if self.residuals is not None:
            path = self.residuals
            parts = self._residuals(result, rows, table, columns)
            saved(lambda: write_residuals(path, len(columns.xs), parts), f"--residuals {path}")
        if self.plot is not None:
            path = self.plot
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", UserWarning)
                saved(lambda: result.plot(path, **columns.dated), f"--plot {path}")
            for warning in caught:
                if issubclass(warning.category, UserWarning):
                    _say(f"--plot: {warning.message}")
        if not result.converged:
            _say(in_options(result.message))
            raise SystemExit(1)

    # What was asked for.

    def _check(self) -> None:
        """Refuse what does not go together, before any work."""
        if self.model is None:
            for name, given in (("--start", self.start), ("--bounds", self.bounds)):
                if given:
                    raise Refusal(f"{name} is for the parameters of a formula: --model EXPR")
            if self.solver == "lm":
                raise Refusal("--solver lm is for formulas: --model EXPR\nA line is found exactly without it")
        else:
            for name, value in (("--degree", self.degree), ("--through", self.through), ("--delta", self.delta)):
                if value is not None:
                    raise Refusal(f"{name} is for lines, and --model is a formula\nWrite it into the formula")
        if self.watch and self.solver == "auto" and self.model is None:
            self.solver = "gd"
            _say("--watch: descending by --solver gd, as the exact line has no steps to watch")
        if self.solver not in DESCENTS:
            asked = {
                "--lr": self.lr != "auto",
                "--batch": self.batch is not None,
                "--schedule": self.schedule is not None,
                "--raw": self.raw,
                "--steps": self.steps is not None and self.model is None,
            }
            for name, told in asked.items():
                if told:
                    raise Refusal(f"{name} is for a solver that descends\nFor example: --solver gd")
        mark = _DELIMITERS.get(self.delimiter, self.delimiter)
        if mark != "auto" and (len(mark) != 1 or mark.isalnum() or mark in '+-."\r\n'):
            raise Refusal(f"--delimiter {self.delimiter}: nothing is cut at this\nChoose from {', '.join(_DELIMITERS)}")
        rate_in(self.lr)
        for option, texts in (("--start", self.start), ("--fix", self.fix)):
            numbers_by_name(option, texts)
        self._between()
        for option, texts, others in (
            ("--start", self.start, {}),
            ("--bounds", self.bounds, {}),
            ("--fix", self.fix, {"--start": self.start, "--bounds": self.bounds}),
        ):
            told_once(option, texts, others)
        if self.plot is not None:
            writable(self.plot, "--plot", _PICTURES, self.file)
            try:
                import matplotlib  # noqa: F401
            except ModuleNotFoundError:
                raise Refusal('--plot needs matplotlib, which is not installed: pip install "minigrad[fit]"') from None
        if self.residuals is not None:
            writable(self.residuals, "--residuals", (), self.file)
            if self.plot is not None and Path(self.plot).absolute() == Path(self.residuals).absolute():
                raise Refusal(f"--residuals {self.residuals}: --plot writes to it too\nName two files")

    def _between(self) -> dict[str, tuple[float | None, float | None]]:
        """The limits of the parameters, by name."""
        return {name: limits(text, value) for text in self.bounds for name, value in pairs("--bounds", text)}

    def _chosen(self, layout: Layout) -> tuple[Expression | None, "_Columns"]:
        """The formula, if there is one, and the columns."""
        taken = [name for name in (self.sigma, self.sigma_x) if name in layout.names]
        xs = self.xs
        if self.model is not None and not xs:
            # The columns that the formula names, unless they are said to be parameters.
            told = {name for text in (*self.start, *self.fix, *self.bounds) for name, _ in pairs("--start", text)}
            named = set(names_in(self.model, layout.names)) - told
            xs = tuple(name for name in layout.names if name in named and name not in (self.y, *taken))
            if self.y is None and len(xs) + len(taken) == len(layout.names):
                raise Refusal(f"--model {self.model}: it names every column, and one is to be y\nSay which: -y COL")
        xs, y = layout.choose(xs, self.y, taken)
        columns = _Columns(
            tuple(map(layout.column, xs)),
            layout.column(y),
            self._deviation("--sigma", self.sigma, layout),
            self._deviation("--sigma-x", self.sigma_x, layout),
        )
        if columns.y.calendar is not None:
            raise TableError(f'{layout.source}: column "{y}" holds dates, and only x may have dates')
        if self.model is None:
            return None, columns
        return self._formula(self.model, xs, y), columns

    def _formula(self, text: str, xs: tuple[str, ...], y: str) -> Expression:
        """The formula over these columns; one may be called x in it, several x1, x2, ..., whatever their names."""
        named = names_in(text, xs)
        for name in xs:
            if name in named and not self.xs and name in (*CONSTANTS, *FUNCTIONS):
                what = "a function" if name in FUNCTIONS else f"the number {CONSTANTS[name]:.6g}"
                raise Refusal(
                    f'--model {text}: "{name}" is {what}, and a column\nFor the column: -x {name}, or call it x'
                )
        if not any(name in named for name in xs):
            short = ("x",) if len(xs) == 1 else tuple(f"x{k + 1}" for k in range(len(xs)))
            if not any(name in named for name in short):
                listed = ", ".join(f'"{name}"' for name in dict.fromkeys((*xs, *short)))
                raise Refusal(f"--model {text}: no column is named in it\nx may be called {listed}")
            xs = short
        if y in named:
            raise Refusal(f'--model {text}: "{y}" is the column that the formula is fitted to\nChoose another: -y')
        formula = expression(text, xs)
        if not formula.parameters:
            raise Refusal(f"--model {text}: there is no parameter in it, and nothing to find\nFor example: a * {text}")
        return formula

    def _unsaid(self, formula: Expression | None) -> list[str]:
        """The parameters that are only known to be none of the columns: a misspelled column is one of them."""
        if formula is None:
            return []
        said = {name for text in (*self.start, *self.fix) for name, _ in pairs("--start", text)}
        rest = [name for name in formula.parameters if name not in said]
        return [f"parameters without --start: {', '.join(rest)}"] if rest else []

    def _deviation(self, option: str, given: str | None, layout: Layout) -> "Column | float | None":
        """A column of standard deviations, or one number for all points."""
        if given is None:
            return None
        if given not in layout.names:
            number = number_in(given)
            if number is not None:
                return number
        column = layout.column(given)
        if column.calendar is not None:
            raise Refusal(f'{option}: column "{given}" holds dates, not standard deviations')
        return column

    def _place(self, text: str, xs: Sequence[Column]) -> list[float]:
        """The numbers, or dates, in a --predict."""
        cells = [cell.strip() for cell in text.split(",")]
        if len(xs) > 1 and len(cells) != len(xs):
            names = ",".join(column.name for column in xs)
            raise Refusal(f"--predict {text}: {counted(len(cells), 'number')} for {len(xs)} features\nGive {names}")
        columns = xs if len(xs) > 1 else [xs[0]] * len(cells)
        return [coordinate("--predict", cell, column) for cell, column in zip(cells, columns, strict=True)]

    # The fit.

    def _fitted(self, table: Table, columns: "_Columns", formula: Expression | None) -> tuple[FitResult, Floats | None]:
        """The result, and the numbers of the rows that were fitted; None where they have passed by."""
        streams = (
            formula is None
            and self.loss == "mse"
            and self.solver == "auto"
            and self.errors == "gauss-newton"
            and (self.degree, self.through, self.delta, self.sigma_x, self.fix) == (None, None, None, None, ())
            and (self.residuals is None or table.again)
        )
        kept: list[Block] = []
        count = 0
        with reading_bar("reading", table) as passed:
            blocks = table.blocks(columns.read, skip_bad=self.skip_bad)
            for block in blocks:
                kept.append(block)
                count += len(block.rows)
                passed()
                if streams and count > STREAMED:
                    every = chain(_released(kept), passing(blocks, passed))
                    return self._asked(partial(self._streamed, columns, every), table), None
        values = np.concatenate([block.values for block in kept])
        rows = np.concatenate([block.rows for block in kept])
        kept.clear()
        result = self._asked(lambda: self._in_memory(columns, values, formula), table)
        return result, rows[result.given.rows]

    def _streamed(self, columns: "_Columns", blocks: Iterator[Block]) -> FitResult:
        sigma = columns.sigma
        return fit_stream(blocks, columns.xs, columns.y, sigma, absolute_sigma=self.absolute_sigma)

    def _in_memory(self, columns: "_Columns", values: Floats, formula: Expression | None) -> FitResult:
        k = len(columns.xs)
        x = Named(values[:, 0] if k == 1 else values[:, :k], columns.x_labels)
        y = Named(values[:, k], [columns.y_label])
        common: dict[str, Any] = {
            "loss": self.loss,
            "sigma": columns.pick(values, columns.sigma),
            "sigma_x": columns.pick(values, columns.sigma_x),
            "solver": self.solver,
            "steps": self.steps,
            "lr": rate_in(self.lr),
            "batch_size": self.batch,
            "standardize": not self.raw,
            "seed": self.seed,
            "errors": self.errors,
            "absolute_sigma": self.absolute_sigma,
        }
        if self.schedule is not None:
            common["schedule"] = self.schedule
        with watched(self.watch, self.solver, self.steps) as callback:
            if formula is None:
                through = self._through(columns.xs[0])
                return fit_line(
                    x, y, through=through, degree=self.degree, delta=self.delta, callback=callback, **common
                )
            start, fixed = numbers_by_name("--start", self.start), numbers_by_name("--fix", self.fix)
            named = x if k == 1 else dict(zip(columns.x_labels, values[:, :k].T, strict=True))
            found: FitResult = fitting.fit(
                formula, named, y, start, bounds=self._between(), fixed=fixed, callback=callback, **common
            )
            return found

    def _through(self, x: Column) -> tuple[float, float] | None:
        fixed = [(text, *pair) for text in self.fix for pair in pairs("--fix", text)]
        for text, name, value in fixed:
            if name != "intercept" or len(fixed) > 1 or self.through is not None:
                raise Refusal(f"--fix {text}: of a line only the intercept can be held\nFor the rest: --model EXPR")
            return 0.0, number_of("--fix", text, value)
        if self.through is None:
            return None
        cells = [cell.strip() for cell in self.through.split(",")]
        if len(cells) != 2:
            raise Refusal(f"--through {self.through}: a point has two numbers\nFor the origin: --through 0,0")
        return coordinate("--through", cells[0], x), number_of("--through", self.through, cells[1])

    def _asked(self, work: Callable[[], FitResult], table: Table) -> FitResult:
        """The result of the work; what the fit refuses is bad input, and a descent that diverged has its best point."""
        try:
            return work()
        except DivergedError as error:
            _say(in_options(str(error)))
            if isinstance(error.best, tuple):
                _print(best_point(*error.best, as_json=self.as_json))
            raise SystemExit(1) from None
        except ModuleNotFoundError as missing:
            raise Refusal(str(missing)) from None
        except TableError:
            raise  # it says itself where
        except (ValueError, TypeError) as error:
            raise Refusal(f"{table.layout.source}: {in_options(str(error))}") from None

    # What is said.

    def _show(self, result: FitResult, places: list[list[float]]) -> None:
        told = [prediction(result, place) for place in places]
        predictions = [found for found, _ in told]
        if self.as_json:
            shown = json.loads(result.to_json())
            if predictions:
                shown["predictions"] = [
                    {"x": place[0] if len(place) == 1 else place, **prediction}
                    for place, prediction in zip(places, predictions, strict=True)
                ]
            _print(json.dumps(shown, indent=2, ensure_ascii=False, allow_nan=False))
        else:
            _print(_told(result).summary())
            if predictions:
                _print(table_of_predictions(result, places, predictions))
        for reason in dict.fromkeys(reason for _, reason in told if reason):
            _say(f"--predict: {in_options(reason)}")
        # On a terminal the summary above has said it.
        if self.as_json or not sys.stdout.isatty():
            for warning in result.warnings:
                _say(in_options(warning))

    def _residuals(
        self, result: FitResult, rows: Any, table: Table, columns: "_Columns"
    ) -> Iterator[tuple[Any, Floats, Floats, Floats, Floats]]:
        """Row, x, y, fitted and residual of all rows; those that were not kept pass a second time."""
        if rows is not None:
            given = result.given
            fitted = given.y * np.nan if result.vertical else result.found.curve.at(given.x)
            yield rows, given.x.reshape(given.n, -1), given.y, fitted, result.residuals
            return
        k, seen = len(columns.xs), 0
        with reading_bar("residuals", table) as passed:
            try:
                for block in passing(table.blocks(columns.read, skip_bad=self.skip_bad), passed):
                    x, y = block.values[:, :k], block.values[:, k]
                    fitted = result.found.curve.at(x[:, 0] if k == 1 else x)
                    seen += len(y)
                    yield block.rows, x, y, fitted, y - fitted
            except OSError as error:  # of the input: what fails where the rows are written is not raised here
                raise TableError(f"{table.layout.source}: cannot be read: {error.strerror or error}") from None
        if seen != result.n:
            raise TableError(
                f"{table.layout.source}: it changed while it was read: {result.n:,} rows were fitted, and {seen:,} are "
                "there now\nFit it again"
            )


def _released(blocks: list[Block]) -> Iterator[Block]:
    """The blocks, each let go as it passes."""
    blocks.reverse()
    while blocks:
        yield blocks.pop()


@dataclass(frozen=True)
class _Columns:
    """The columns of a fit; a standard deviation may be one number for all."""

    xs: tuple[Column, ...]
    y: Column
    sigma: Column | float | None
    sigma_x: Column | float | None

    @property
    def read(self) -> list[Column]:
        """Those that are read from the file, x first, then y."""
        return [*self.xs, self.y, *(c for c in (self.sigma, self.sigma_x) if isinstance(c, Column))]

    @property
    def x_labels(self) -> list[str]:
        """What to call them: their names, or x, or x1, x2, ..., where they have only numbers."""
        return [
            column.label if not column.name.isdecimal() else "x" if len(self.xs) == 1 else f"x{k + 1}"
            for k, column in enumerate(self.xs)
        ]

    @property
    def y_label(self) -> str:
        """What to call y."""
        return "y" if self.y.name.isdecimal() else self.y.label

    @property
    def dated(self) -> dict[str, Any]:
        """What a picture has to know of the dates in x."""
        calendar = self.xs[0].calendar
        if calendar is None or calendar.clock or len(self.xs) > 1:
            return {}
        return {"since": calendar.since, "unit": calendar.unit, "x_label": self.xs[0].name}

    def pick(self, values: Floats, which: "Column | float | None") -> Any:
        """The numbers of a standard deviation, among those that were read."""
        if not isinstance(which, Column):
            return which
        return values[:, [column is which for column in self.read].index(True)]

    def notes(self, asked: _Fit, layout: Layout) -> list[str]:
        """What was assumed of the columns."""
        notes = [f"{column.name}: {column.calendar.note}" for column in self.xs if column.calendar is not None]
        for column in self.xs:
            beside = layout.times_beside(column.name) if column.calendar is not None else ""
            if beside and column.calendar is not None and column.calendar.unit == "days":
                notes.append(
                    f"{column.name}: without the times in {beside}; write both in one cell, 2020-03-31 13:30:00"
                )
        for option, given, deviation in (
            ("--sigma", asked.sigma, self.sigma),
            ("--sigma-x", asked.sigma_x, self.sigma_x),
        ):
            if given is not None and isinstance(deviation, Column) and number_in(given) is not None:
                number = f" (the number: {option} {given}.0)" if given.isdecimal() else ""
                notes.append(f"{option} {given} is column {given}{number}")
        for column in (*self.xs, self.y):
            compact = layout.compact_date(column.name) if column.calendar is None else ""
            if compact:
                notes.append(f"{column.name}: {compact} is read as a number; a date is written 2020-03-31")
            long = layout.rounded(column.name) if column.calendar is None else ""
            if long:
                notes.append(f"{column.name}: {long} is rounded to {float(long):.17g}; subtract what they share first")
        chosen = asked.xs and asked.y is not None
        if not chosen and len(layout.names) > 2:
            kind = "" if layout.header else "column "
            xs = " and ".join(f"{kind}{column.name}" for column in self.xs)
            notes.append(f"x is {xs}, y is {kind}{self.y.name}")
        return notes


def _told(result: FitResult) -> FitResult:
    """The result with its sentences in options."""
    found = result.found
    said = replace(found, message=in_options(found.message), warnings=tuple(map(in_options, found.warnings)))
    return replace(result, found=said)


def _print(text: str) -> None:
    """Write to standard output, and refuse, in the words of the system, where that is full."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Refusal(f"standard output: cannot be written: {error.strerror or error}") from None


def _say(text: str) -> None:
    """Say it on standard error; of a terminal the width is kept, elsewhere a line stays one line."""
    text = f"minigrad: {text}"
    if sys.stderr.isatty():
        width = min(get_terminal_size().columns, 100)
        text = "\n".join(fill(line, width, subsequent_indent="  ", break_long_words=False) for line in text.split("\n"))
    print(text, file=sys.stderr)
