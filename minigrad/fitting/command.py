"""`minigrad fit`: a line through two columns of a text file, from the command line.

One idea: standard output is the result and nothing else; how it goes and what is wrong is
standard error, and the exit code says which: 0 fitted, 1 not converged, 2 bad input.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table as RichTable
from rich.text import Text

from ..refusal import Refusal
from .line import DEFAULT_LR, DEFAULT_STEPS, LARGEST_STABLE_LR, LOSSES, LineFit, check_settings, fit_line
from .table import TableError, read_table

_PLOT_SUFFIXES = (".png", ".svg", ".pdf")


@click.command(
    "fit",
    short_help="Fit a line to two columns of a text file.",
    epilog="""\b
Examples:
  minigrad fit points.csv
  minigrad fit points.csv -x time -y height --plot line.png
  minigrad fit points.csv --loss distance
  grep -v broken points.csv | minigrad fit -""",
)
@click.argument("file", metavar="FILE")
@click.option("-x", "x_name", metavar="COL", help="Column for x  [default: the first that holds numbers]")
@click.option("-y", "y_name", metavar="COL", help="Column for y  [default: the next one]")
@click.option(
    "--loss",
    type=click.Choice(LOSSES),
    default="mse",
    show_default=True,
    help="mse: mean squared residual in y. distance: mean squared distance at right angles to the line.",
)
@click.option(
    "--lr",
    type=float,
    default=DEFAULT_LR,
    show_default=True,
    help="Learning rate, in standardised coordinates: any rate below "
    f"{LARGEST_STABLE_LR:g} is stable, whatever the units of the data.",
)
@click.option(
    "--steps",
    type=int,
    default=DEFAULT_STEPS,
    show_default=True,
    help="Largest number of steps. Descent ends earlier, when the gradient is zero to rounding.",
)
@click.option("--plot", "picture", metavar="OUT.png", help="Draw points, line and residuals (.png, .svg or .pdf).")
def fit(
    file: str, x_name: str | None, y_name: str | None, loss: str, lr: float, steps: int, picture: str | None
) -> None:
    """Fit a line to two columns of FILE by gradient descent.

    FILE is text in UTF-8, one point a line, cells separated by tabs, semicolons, commas or
    blanks; "-" reads standard input. A first line without numbers gives the columns their
    names; without one they are called 1, 2, ...

    The data are centred and scaled, gradient descent runs on minigrad's engine, and the line is
    mapped back: the default lands on the exact line, whatever the units.

    Exit code: 0 fitted, 1 not converged (the best line is still printed), 2 bad input.
    """
    try:
        check_settings(lr, steps)
    except ValueError as error:
        raise Refusal(str(error)) from None
    save = None if picture is None else _plotter(picture)
    try:
        table = read_table(file)
        x_name, y_name = table.choose(x_name, y_name)
        x, y = table.column(x_name), table.column(y_name)
    except TableError as error:
        raise Refusal(str(error)) from None
    with _progress(steps) as callback:
        try:
            result = fit_line(x, y, loss, lr=lr, steps=steps, callback=callback)
        except ValueError as error:
            raise Refusal(f'{table.source}: x = "{x_name}", y = "{y_name}": {error}') from None
    _show(result, x_name, y_name, table.source)
    if save is not None:
        try:
            save(picture, result, x, y, x_name, y_name)
        except OSError as error:
            raise Refusal(f"--plot {picture}: cannot be written: {error.strerror or error}") from None
    if not result.converged:
        click.echo(f"minigrad: {result.message}", err=True)
        raise SystemExit(1)


def _plotter(path: str) -> Callable[..., None]:
    """The function that draws into `path`, after making sure, before any work, that it can."""
    target = Path(path)
    if target.suffix.lower() not in _PLOT_SUFFIXES:
        raise Refusal(f"--plot {path}: the name must end in {', '.join(_PLOT_SUFFIXES[:-1])} or {_PLOT_SUFFIXES[-1]}")
    if target.is_dir():
        raise Refusal(f"--plot {path}: this is a directory\nName a file in it: {target / 'line.png'}")
    if not target.parent.is_dir():
        raise Refusal(f"--plot {path}: there is no directory {target.parent}\nMake it first")
    existed = target.exists()
    try:
        with target.open("ab"):
            pass
        if not existed:
            target.unlink()
    except OSError as error:
        raise Refusal(f"--plot {path}: cannot be written: {error.strerror or error}") from None
    try:
        from .plot import save_picture
    except ModuleNotFoundError as missing:
        raise Refusal(f'--plot needs {missing.name}, which is not installed: pip install "minigrad[fit]"') from None
    return save_picture


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[int, float], object] | None]:
    """A progress bar on the terminal; None if standard error is not one."""
    if not sys.stderr.isatty():
        yield None
        return
    with Progress(
        TextColumn("descending"),
        BarColumn(bar_width=30),
        TextColumn("step {task.completed:.0f}"),
        TextColumn("{task.fields[loss]}"),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task("", total=steps, loss="", visible=False)  # until there is a first loss
        yield lambda step, loss: bar.update(task, completed=step, loss=f"loss {loss:.6g}", visible=True)
        # Descent ends when the gradient is zero, mostly long before the last step it might take.
        done = max(bar.tasks[0].completed, 1)
        bar.update(task, completed=done, total=done)


def _show(result: LineFit, x_name: str, y_name: str, source: str) -> None:
    """Print the result as a small table."""
    table = RichTable.grid(padding=(0, 3))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    if result.vertical:
        table.add_row("  line", f"x = {result.centre[0]:.12g}")
        table.add_row("  slope", "infinite")
        table.add_row("  intercept", "none")
    else:
        table.add_row("  slope", f"{result.slope:.12g}")
        table.add_row("  intercept", f"{result.intercept:.12g}")
    table.add_row("  loss", f"{result.loss:.12g}")
    table.add_row("  points", str(result.points))
    table.add_row("  steps", str(result.steps))
    if not result.converged:
        table.add_row("  converged", "no", style="bold red")
    console = Console()
    title = Text.assemble((y_name, "bold"), " against ", (x_name, "bold"), f" in {source}, loss: {result.kind}")
    console.print(title, soft_wrap=True)
    console.print(table)
    if result.vertical:
        x_name, y_name = (f"column {name}" if name.isdecimal() else name for name in (x_name, y_name))
        sentence = (
            f"The best line is vertical: {x_name} = {result.centre[0]:.12g} whatever {y_name} is. "
            f"So {y_name} is no function of {x_name} here, and the slope is beyond every number."
        )
        console.print(Text(sentence), soft_wrap=True)
