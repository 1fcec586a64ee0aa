"""Columns of numbers, read from a text file.

One idea: never a wrong number. What can be read in one way only is read; anything else is
refused with the file, the line and the reason.

How the file is understood, always in this order:

1. The delimiter is the first of tab, semicolon, comma, blanks that cuts every line into the
   same number of cells, at least two, without leaving two numbers in one cell; if none
   does, the first that cuts the first line at all; else the file is one column.
2. The first line is a header if none of its cells is a number. Without a header the columns
   are called 1, 2, ..., and so is a column whose name is empty.
3. A number is written as in 12, -0.5, .5 or 1e-3. Cells may be quoted, empty lines are skipped.
"""

import csv
import difflib
import io
import math
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_DELIMITERS = ("\t", ";", ",", " ")  # several blanks in a row are one delimiter

Row = tuple[int, list[str]]
"""The number of a line in the file, and its cells."""


class TableError(ValueError):
    """A file that cannot be read as a table of numbers: where, why, and how to mend it."""


@dataclass(frozen=True)
class Table:
    """The cells of a text file, by column; `column` makes numbers of them."""

    source: str
    names: tuple[str, ...]
    header: bool
    rows: list[Row] = field(repr=False)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return the numbers in the column `name`, n of them.

        Raises TableError if there is no such column, or if a cell in it is not a finite number.

        >>> read_text("t,v\\n0,1.5\\n1,2", "points.csv").column("v")
        array([1.5, 2. ])
        """
        place = self._place(name)
        numbers = []
        bad: list[tuple[int, str]] = []
        for line, cells in self.rows:
            number = _number(cells[place])
            if number is None:
                bad.append((line, cells[place]))
            else:
                numbers.append(number)
        if bad:
            line, cell = bad[0]
            more = f" ({_counted(len(bad) - 1, 'more cell')} like it below)" if len(bad) > 1 else ""
            raise TableError(f'{self.source}:{line}: column "{name}": {_what_is_wrong(cell)}{more}\n{_mending(cell)}')
        return np.array(numbers, dtype=np.float64)

    def choose(self, x: str | None = None, y: str | None = None) -> tuple[str, str]:
        """Return the names of the columns for x and y: those given, else the first that hold numbers.

        Columns without a name, and those in which no cell is a number, are passed over
        unless they are asked for. Raises TableError if a name is unknown, if x and y are one
        column, or if the table has too few columns of numbers.

        >>> read_text("city,t,v\\nRome,0,1\\nOslo,1,3", "points.csv").choose()
        ('t', 'v')
        """
        for name in (x, y):
            if name is not None:
                self._place(name)
        if x is not None and x == y:
            raise TableError(f'{self.source}: x and y are both the column "{x}"\nChoose two columns: {self._listed()}')
        named = [name for name in self.names if not (self.header and name.isdecimal())]
        usable = [name for name in named if self._has_numbers(name)]
        rest = [name for name in usable if name not in (x, y)]
        if len(rest) < (x is None) + (y is None):
            only = " and ".join(f'"{name}"' for name in usable)
            found = f"only {only} has any" if usable else "there is none"
            raise TableError(
                f"{self.source}: a line needs two columns of numbers, and {found}\n"
                f"{'The columns are' if len(self.names) > 1 else 'The only column is'} {self._listed()}"
            )
        x = x if x is not None else rest.pop(0)
        return x, y if y is not None else rest.pop(0)

    def _place(self, name: str) -> int:
        if name in self.names:
            return self.names.index(name)
        folded = {known.casefold(): known for known in self.names}
        near = difflib.get_close_matches(name.casefold(), folded, 1)
        hint = f'Did you mean "{folded[near[0]]}"? ' if near else ""
        raise TableError(f'{self.source}: there is no column "{name}"\n{hint}The columns are {self._listed()}')

    def _listed(self) -> str:
        return ", ".join(f'"{name}"' for name in self.names) + ("" if self.header else " (the file has no header)")

    def _has_numbers(self, name: str) -> bool:
        place = self.names.index(name)
        return any(_like_a_number(cells[place]) for _, cells in self.rows)


def read_table(path: str | Path) -> Table:
    """Return the table in the file at `path`, or in the standard input if that is "-".

    Raises TableError for a file that is missing, no file, not UTF-8, empty, without data,
    or ragged.
    """
    source = "standard input" if str(path) == "-" else str(path)
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else Path(path).read_bytes()
    except FileNotFoundError:
        raise TableError(f"{source}: there is no such file{_nearest_file(Path(path))}") from None
    except IsADirectoryError:
        raise TableError(f"{source}: this is a directory\nName a file in it") from None
    except OSError as error:
        raise TableError(f"{source}: cannot be read: {error.strerror or error}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"{source}:{line}: the byte 0x{data[error.start]:02x} is not UTF-8 text\nSave the file as UTF-8 (CSV)"
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise TableError(f"{source}:{line}: a zero byte: this is not a text file\nSave the table as CSV, in UTF-8")
    return read_text(text, source)


def read_text(text: str, source: str) -> Table:
    """Return the table written in `text`; `source` is its name in messages.

    Raises TableError for text that is empty, has no data, or is ragged.

    >>> read_text("1 2\\n3 4\\n", "points.txt").names
    ('1', '2')
    """
    rows = _cells(text, source)
    if not rows:
        raise TableError(f"{source}: the file is empty\nIt should hold one line for each point, for example 1.5,2.5")
    first, cells = rows[0]
    for line, others in rows[1:]:
        if len(others) != len(cells):
            raise TableError(
                f"{source}:{line}: this line has {_counted(len(others), 'cell')}, and line {first} has {len(cells)}\n"
                "Every line needs the same number of cells; quote a cell that holds the delimiter"
            )
    header = _is_header(rows, source)
    if not header:
        return Table(source, tuple(str(n + 1) for n in range(len(cells))), False, rows)
    names = tuple(cell or str(n + 1) for n, cell in enumerate(cells))
    for n, name in enumerate(names):
        if name in names[:n]:
            raise TableError(f'{source}:{first}: two columns are called "{name}"\nGive each column its own name')
    if len(rows) == 1:
        raise TableError(f"{source}:{first}: there is a header and no data below it")
    return Table(source, names, True, rows[1:])


def _is_header(rows: list[Row], source: str) -> bool:
    line, cells = rows[0]
    numeric = [_like_a_number(cell) for cell in cells]
    if not any(numeric):
        return True
    for n, cell in enumerate(cells):
        # A label column has no numbers below either. Numbers below a word are ambiguous: to
        # call the line a header would drop a point, to call it data would be refused later.
        if not numeric[n] and (not cell or any(_like_a_number(others[n]) for _, others in rows[1:])):
            number = cells[numeric.index(True)]
            raise TableError(
                f'{source}:{line}: "{cell}" is not a number and "{number}" is: neither a header nor a point\n'
                "Name every column in the first line, or mend the cell"
            )
    return False


def _like_a_number(cell: str) -> bool:
    return any(pattern.fullmatch(cell) for pattern in (_NUMBER, _DECIMAL_COMMA, _NOT_FINITE))


def _cells(text: str, source: str) -> list[Row]:
    """The lines that are not empty, cut at the delimiter that fits."""
    fallback: list[Row] = []
    broken: TableError | None = None
    for delimiter in _DELIMITERS:
        if delimiter not in text:
            continue
        try:
            rows = _cut(text, delimiter, source)
        except TableError as error:
            broken = broken or error
            continue
        if not rows or len(rows[0][1]) < 2:
            continue
        if len({len(cells) for _, cells in rows}) == 1 and not _two_numbers_in_one_cell(rows):
            return rows
        fallback = fallback or rows
    if broken is not None:
        raise broken
    return fallback or [(n, [line.strip()]) for n, line in enumerate(io.StringIO(text, None), 1) if line.strip()]


def _cut(text: str, delimiter: str, source: str) -> list[Row]:
    lines: Iterable[str] = io.StringIO(text, newline=None)
    if delimiter == " ":
        lines = (line.replace("\t", " ").strip() for line in lines)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    rows: list[Row] = []
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if len(stripped) > 1 or any(stripped):
                rows.append((reader.line_num, stripped))
    except csv.Error as error:
        raise TableError(f"{source}:{reader.line_num}: a quoted cell is not closed as it should be ({error})") from None
    return rows


def _two_numbers_in_one_cell(rows: list[Row]) -> bool:
    """Whether blanks stand between numbers in a cell: "1,5 2,3" is two numbers with decimal commas, not three."""
    for _, cells in rows:
        for cell in cells:
            parts = cell.split()
            if len(parts) > 1 and all(_like_a_number(part) for part in parts):
                return True
    return False


def _number(cell: str) -> float | None:
    if not _NUMBER.fullmatch(cell):
        return None
    number = float(cell)
    if not math.isfinite(number) or (number == 0 and not _is_zero(cell)):
        return None
    return number


def _is_zero(cell: str) -> bool:
    return not re.search("[1-9]", re.split("[eE]", cell)[0])


def _what_is_wrong(cell: str) -> str:
    if not cell:
        return "the cell is empty"
    if _NOT_FINITE.fullmatch(cell):
        return f'"{cell}" cannot be fitted'
    if _NUMBER.fullmatch(cell):
        return f'"{cell}" does not fit into float64'
    shown = cell if len(cell) <= 40 else cell[:37] + "..."
    return f'"{shown}" is not a number'


def _mending(cell: str) -> str:
    if _DECIMAL_COMMA.fullmatch(cell):
        return "Write decimals with a point, 1.5: a comma could as well separate thousands"
    if _NUMBER.fullmatch(cell):
        return "Give the column in other units"
    return "Mend the cell or delete the line"


def _nearest_file(path: Path) -> str:
    try:
        siblings = [other.name for other in path.parent.iterdir() if other.is_file()]
    except OSError:
        return f"\nThere is no directory {path.parent} either"
    near = difflib.get_close_matches(path.name, siblings, 1, cutoff=0.75)
    return f"\nDid you mean {path.parent / near[0]}?" if near else ""


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
