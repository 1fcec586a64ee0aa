"""How far it is: a bar on the terminal while a file is read or a descent goes on, or the tutorials' lines.

One idea: progress is for eyes, so it goes to standard error, and a bar only where that is a terminal.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ..files.reading import Block, Table
from ..line import DESCENTS


@contextmanager
def reading_bar(what: str, table: Table) -> Iterator[Callable[[], object]]:
    """Give what is to be called after each block.

    A progress bar for a file that does not come in one block, if standard error is a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    shown = _progress()
    task = shown.add_task(what, total=table.size, said="")
    seen = 0

    def passed() -> None:
        nonlocal seen
        seen += 1
        if seen == 2:
            shown.start()
        shown.update(task, completed=table.read, said=f"{table.faults.rows:,} rows")

    try:
        yield passed
    finally:
        shown.stop()


@contextmanager
def watched(watch: bool, solver: str, steps: int | None) -> Iterator[Callable[..., object] | None]:
    """Give what is to be called at each step: a line for each, or a progress bar on a terminal."""
    if watch:
        yield lambda step, loss, *_: print(f"epoch: {step}, loss: {loss:.8g}", file=sys.stderr)
    elif solver in DESCENTS and sys.stderr.isatty():
        with _progress() as shown:
            task = shown.add_task("descending", total=steps, said="")
            yield lambda step, loss, *_: shown.update(task, completed=step, said=f"step {step}, loss {loss:.6g}")
    else:
        yield None


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), TextColumn("{task.fields[said]}"))
    return Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)


def passing(blocks: Iterator[Block], passed: Callable[[], object]) -> Iterator[Block]:
    """Yield the blocks, and say so after each."""
    for block in blocks:
        yield block
        passed()
