"""Columns of numbers in a text: how its lines are cut, and what its cells mean.

One idea: never a wrong number. What can be read in one way only is read, and what was assumed on the
way is said; anything else is refused with the file, the line and the reason.

How a text is understood, always in this order:

1. The delimiter is the first of tab, semicolon, comma, bar, blanks that cuts every line into the
   same number of cells, at least two, without leaving two numbers in one cell; else the first that cuts the lines with
   numbers so, below others; else the first that cuts the first line at all; else the file is one column (`lines.py`).
2. Lines that begin with # or % are comments; the last of them names the columns if it is cut like the first line of
   data.
3. The last line above the numbers is a header if none of its cells is a number or a date; above a line of units, the
   line before. Text above the header is passed over. Without a header the columns are called 1, 2, ..., and so
   is a column whose name is empty (`heading.py`).
4. A number is written as in 12, -0.5, .5, 1e-3 or 1.0D-3. A comma is a decimal comma, or a separator of
   thousands, where some cell can mean nothing else: 1,5 or 1,234.5. A lone 1,234 is refused.
"""

import difflib
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from .cells import (
    APART,
    DECIMAL_COMMA,
    GROUPS,
    NUMBER,
    like_a_compact_date,
    like_a_number,
    like_a_time,
    mending,
    simplified,
)
from .dates import Calendar, calendar, like_a_date
from .heading import heading, numbered
from .lines import COMMENTS, DELIMITER_NAMES, Row, TableError, best_cut, cut, is_comment

_EXCEL_MARK = re.compile(r'"?sep=([^\w\s]|\t)"?[ \t]*(\r\n?|\n)', re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d{16,300}", re.ASCII)
_PERHAPS_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
# Cells that can be read in one way only.
_COMMA_IS_DECIMAL = re.compile(
    r"[+-]?(0*,\d+|\d+,(\d{1,2}|\d{4,})|\d{4,},\d+|\d+,\d+[eE][+-]?\d+|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,})",
    re.ASCII,
)
_POINT_IS_DECIMAL = re.compile(
    r"[+-]?(0*\.\d+|\d+\.(\d{1,2}|\d{4,})|\d{4,}\.\d+|\d+\.\d*[eE][+-]?\d+|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,})",
    re.ASCII,
)


@dataclass(frozen=True)
class Column:
    """One column: where it stands, and how its cells become numbers."""

    name: str
    place: int
    decimal: str = "."
    thousands: str = ""
    calendar: Calendar | None = None

    @property
    def plain(self) -> bool:
        """Whether its numbers are written as Python writes them, but for the decimal mark."""
        return self.calendar is None and not self.thousands

    @property
    def label(self) -> str:
        """The name, with the unit where dates were counted."""
        return self.name if self.calendar is None else f"{self.name} [{self.calendar.unit}]"

    def number(self, cell: str) -> float | None:
        """Return the number in a cell, or None if it holds no finite one.

        >>> Column("x", 0).number("1.5"), Column("x", 0, decimal=",").number("1,5"), Column("x", 0).number("1,5")
        (1.5, 1.5, None)
        """
        if self.calendar is not None:
            return self.calendar.number(cell)
        written = self._written(cell)
        if written is None or not NUMBER.fullmatch(written):
            return None
        number = float(_with_e(written))
        if not math.isfinite(number) or (number == 0 and not _is_zero(written)):
            return None
        return number

    def _written(self, cell: str) -> str | None:
        """The cell as Python writes numbers; None where its marks are not those of the file."""
        cell = simplified(cell)
        other = "," if self.decimal == "." else "."
        if other in cell:
            if self.thousands != other or not GROUPS[other].fullmatch(cell):
                return None
            cell = cell.replace(other, "")
        return cell.replace(",", ".") if self.decimal == "," else cell

    def refusal(self, cell: str) -> str:
        """Return what is wrong with a cell that holds no number, and what to do."""
        drops = "(--skip-bad drops such rows)"
        if not cell:
            return f"the cell is empty {drops}"
        shown = _shown(cell)
        if self.calendar is not None:
            return f'"{shown}" is not a date like {self.calendar.written} {drops}'
        written = self._written(cell)
        if written is not None and NUMBER.fullmatch(written):
            return f'"{shown}" does not fit into float64 {drops}\nGive the column in other units'
        if like_a_date(cell):
            return f'"{shown}" is a date, and only x may have dates {drops}'
        hint = ""
        if self.decimal == "." and GROUPS[","].fullmatch(cell) and DECIMAL_COMMA.fullmatch(cell):
            hint = "\nFor decimal commas: --decimal ,   for commas between thousands: --decimal ."
        elif self.decimal == "." and DECIMAL_COMMA.fullmatch(cell):
            hint = "\nFor decimal commas: --decimal ,"
        elif self.decimal == "," and "." in cell:
            hint = "\nThe file has decimal commas; a point could separate thousands"
        else:
            nearly = mending(cell)
            hint = f"\n{nearly}" if nearly else ""
        return f'"{shown}" is not a number {drops}{hint}'


@dataclass(frozen=True)
class Layout:
    """How a text is cut into columns, as its first lines tell."""

    source: str
    delimiter: str
    names: tuple[str, ...]
    header: bool
    above: int
    """How many lines stand above the data."""
    decimal: str
    thousands: str
    notes: tuple[str, ...]
    """What was assumed, in words; empty for a table with a header, commas and decimal points."""
    sample: list[Row] = field(repr=False)
    """The first rows of data."""
    comments: bool = False
    """Whether `notes` say that there are comments."""

    def rows(self, text: str, above: int = 0, *, begun: bool = False) -> Iterator[Row]:
        """Return the lines of a part of the text that are not empty and no comments, cut into cells.

        `above` is the number of lines before the part, `begun` whether data are among them. Raises TableError for a
        quoted cell that is not closed.
        """
        return cut(text, self.delimiter, self.source, above, begun=begun)

    def column(self, name: str) -> Column:
        """Return the column `name`. Raises TableError if there is none, or if its dates can be read in two ways.

        >>> understand("t,v\\n0,1.5\\n1,2", "points.csv").column("v").place
        1
        """
        if name not in self.names:
            folded = {known.casefold(): known for known in self.names}
            near = difflib.get_close_matches(name.casefold(), folded, 1)
            hint = f'Did you mean "{folded[near[0]]}"? ' if near else ""
            raise TableError(f'{self.source}: there is no column "{name}"\n{hint}The columns are {self.listed()}')
        place = self.names.index(name)
        cells = [cells[place] for _, cells in self.sample]
        if any(like_a_date(cell) for cell in cells) and not any(map(like_a_number, cells)):
            dates = calendar(cells)
            if dates is None:
                line, example = next((line, row[place]) for line, row in self.sample if like_a_date(row[place]))
                raise TableError(
                    f'{self.source}:{line}: column "{name}": "{example}" can be read as day/month or as month/day\n'
                    "Write dates as 2020-03-31"
                )
            return Column(name, place, calendar=dates)
        return Column(name, place, self.decimal, self.thousands)

    def choose(
        self, xs: Sequence[str] = (), y: str | None = None, taken: Sequence[str] = ()
    ) -> tuple[tuple[str, ...], str]:
        """Return the names of the columns for x and y: those given, else the first that hold numbers and are not taken.

        Columns without a name, and those in which no cell is a number, are passed over unless they are asked for; x
        may be dates. Raises TableError if a name is unknown, if a column is chosen twice, or if the table has too few
        columns of numbers.

        >>> understand("city,t,v\\nRome,0,1\\nOslo,1,3", "points.csv").choose()
        (('t',), 'v')
        """
        for name in (*xs, *(() if y is None else (y,))):
            self.column(name)
        chosen = [*xs, *(() if y is None else (y,))]
        for place, name in enumerate(chosen):
            if name in chosen[:place]:
                roles = "x and y are both" if name == y and place == len(chosen) - 1 else "two of x are"
                raise TableError(f'{self.source}: {roles} the column "{name}"\nChoose two: {self.listed()}')
        named = [name for name in self.names if not (self.header and name.isdecimal()) and name not in taken]
        usable = [name for name in named if self._holds(name, like_a_number)]
        with_dates = [name for name in named if name in usable or self._holds(name, like_a_date)]
        if not xs:
            # A date may be x, where a number is left for y.
            for name in with_dates:
                if name != y and (y is not None or any(other != name for other in usable)):
                    xs = (name,)
                    break
        rest = [name for name in usable if name not in xs]
        if not xs or (y is None and not rest):
            raise TableError(self._too_few(usable, taken))
        return tuple(xs), rest[0] if y is None else y

    def compact_date(self, name: str) -> str:
        """Return the first number in a column of such that could be dates without hyphens; "" if it is none.

        >>> understand("t,v\\n20200330,1\\n20200402,2", "f").compact_date("t")
        '20200330'
        """
        place = self.names.index(name)
        cells = [cells[place] for _, cells in self.sample]
        return cells[0] if len(cells) > 1 and all(map(like_a_compact_date, cells)) else ""

    def times_beside(self, name: str) -> str:
        """Return the name of the column that holds the times of the dates in this one; "" if there is none.

        >>> understand("day,at,v\\n2020-03-30,13:30,1\\n2020-03-30,13:31,2", "f").times_beside("day")
        'at'
        """
        place = self.names.index(name) + 1
        beside = [cells[place] for _, cells in self.sample] if place < len(self.names) else []
        return self.names[place] if beside and all(map(like_a_time, beside)) else ""

    def rounded(self, name: str) -> str:
        """Return the first whole number in a column that has more digits than float64; "" if there is none.

        >>> understand("t,v\\n1600000000000000001,1\\n1600000000000000002,2", "f").rounded("t")
        '1600000000000000001'
        """
        place = self.names.index(name)
        cells = (cells[place] for _, cells in self.sample)
        return next((cell for cell in cells if _WHOLE.fullmatch(cell) and int(cell) != int(float(cell))), "")

    def _too_few(self, usable: Sequence[str], taken: Sequence[str]) -> str:
        """Why two columns of numbers cannot be chosen: what the first of the others holds, and how to mend it."""
        only = " and ".join(f'"{name}"' for name in usable)
        found = f"only {only} has any" if usable else "there is none"
        found += "".join(f'; "{name}" is taken for sigma' for name in dict.fromkeys(taken))
        where, hint = self.source, ""
        for name in self.names:
            place = self.names.index(name)
            told = ((line, cells[place]) for line, cells in self.sample if cells[place])
            line, cell = next(told, (0, ""))
            if name in (*usable, *taken) or not cell or like_a_date(cell):
                continue
            hint = mending(cell)
            if hint or len(self.names) < 3:
                where, found = f"{self.source}:{line}", f'{found}; "{name}" has "{_shown(cell)}"'
                break
        if len(self.names) == 1 and not usable and not hint:
            hint = "Cut it at another sign: --delimiter"
        columns = "The columns are" if len(self.names) > 1 else "The only column is"
        lines = (f"{where}: a line needs two columns of numbers, and {found}", hint, f"{columns} {self.listed()}")
        return "\n".join(line for line in lines if line)

    def listed(self) -> str:
        """Return the names of the columns, for a message."""
        shown = [f'"{name}"' for name in self.names]
        if len(shown) > 20:
            shown = [*shown[:20], f"and {len(shown) - 20} more"]
        return ", ".join(shown) + ("" if self.header else " (the file has no header)")

    def ragged(self, cells: Sequence[str]) -> str:
        """Return the sentence for a line that is cut into another number of cells than the others."""
        others = f"the header has {len(self.names)}" if self.header else f"the first line has {len(self.names)}"
        return (
            f"this line has {counted(len(cells), 'cell')}, and {others} (--skip-bad drops such rows)\n"
            "Quote a cell that holds the delimiter, or choose another: --delimiter"
        )

    def _holds(self, name: str, like: Callable[[str], bool]) -> bool:
        place = self.names.index(name)
        return any(like(cells[place]) for _, cells in self.sample)


def understand(
    text: str, source: str, *, delimiter: str = "auto", header: bool | None = None, decimal: str = "auto"
) -> Layout:
    """Return how `text`, the first lines of a file, is cut into columns; `source` is its name in messages.

    `delimiter` and `decimal` may be given instead of found; `header=False` says that the first line is data.
    Raises TableError for text that is empty or has no data.

    >>> understand("1 2\\n3 4\\n", "points.txt").names
    ('1', '2')
    >>> understand("x;y\\n1,5;2\\n", "points.txt").notes
    ('cut at semicolons', 'decimal commas')
    """
    excel = _EXCEL_MARK.match(text)
    if excel is not None:
        # Excel's own word for the delimiter; the line is left empty, so that the others keep their numbers.
        text = "\n" + text[excel.end() :]
        delimiter = excel[1] if delimiter == "auto" else delimiter
    delimiter, rows = best_cut(text, source) if delimiter == "auto" else (delimiter, list(cut(text, delimiter, source)))
    marks = sorted({mark for _, mark in comments_in(text)})
    if not rows and not marks:
        raise TableError(f"{source}: the file is empty\nIt should hold one line for each point, for example 1.5,2.5")
    if not rows:
        raise TableError(f"{source}: there are only comments, and no data below them")
    above = numbered(rows) if header is False else heading(text, rows, delimiter, source)
    names, sample = above.names, above.rows
    notes = list(above.notes)
    if above.commented:
        # One of those above the numbers is used; those among them are not.
        marks = sorted({mark for line, mark in comments_in(text) if line > sample[0][0]})
    if marks:
        notes.append(f"lines that begin with {' or '.join(marks)} are comments")
    if delimiter not in (",", ""):
        notes.append(f"cut at {DELIMITER_NAMES.get(delimiter, repr(delimiter))}")
    whole = [row for row in sample if len(row[1]) == len(names)]
    layout = Layout(source, delimiter, names, above.header, above.above, ".", "", tuple(notes), whole, bool(marks))
    if not whole:
        raise TableError(f"{source}:{sample[0][0]}: {layout.ragged(sample[0][1])}")
    found, thousands = _marks(whole) if decimal == "auto" else (decimal, "," if decimal == "." else ".")
    if decimal == "auto" and found == ",":
        notes.append("decimal commas")
    if decimal == "auto" and thousands:
        notes.append(f"{'commas' if thousands == ',' else 'points'} between thousands")
    apart = (
        sorted({mark for _, cells in whole for cell in cells for mark in _apart(cell)}) if APART.search(text) else []
    )
    if apart:
        notes.append(f"{' and '.join(apart)} between thousands")
    if re.search(r'"\s*[+-]?[\d.,]+\s*"', text):
        notes.append("numbers in quotes")
    if any("d" in cell.casefold() and like_a_number(cell) for _, cells in whole[:100] for cell in cells):
        notes.append("exponents with D")
    if decimal == "auto" and delimiter in (";", "\t") and found == "." and not thousands:
        # Excel cuts so where it has decimal commas, and there 1.000 would be a thousand.
        pointed = [cell for _, cells in whole for cell in cells if "." in cell and like_a_number(cell)]
        if pointed and all(_PERHAPS_THOUSANDS.fullmatch(cell) for cell in pointed):
            notes.append(f"{pointed[0]} is read as {float(pointed[0]):g} (--decimal , if points separate thousands)")
    return replace(layout, decimal=found, thousands=thousands, notes=tuple(notes))


def counted(n: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "line"), counted(1200, "line")
    ('1 line', '1,200 lines')
    """
    return f"{n} {noun}" if n == 1 else f"{n:,} {noun}s"


def _shown(cell: str) -> str:
    return cell if len(cell) <= 40 else cell[:37] + "..."


def _apart(cell: str) -> set[str]:
    """What separates the thousands of a number, beside points and commas."""
    marks = APART.findall(cell) if like_a_number(cell) else []
    return {"apostrophes" if mark in "'’" else "no-break spaces" for mark in marks}


def comments_in(text: str, above: int = 0) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text that are comments, counted from `above` on, each with its mark.

    >>> list(comments_in("t,v\\n# off\\n1,2\\n"))
    [(2, '#')]
    """
    if any(mark in text for mark in COMMENTS):
        for line, content in enumerate(io.StringIO(text, newline=None), above + 1):
            if is_comment(content):
                yield line, content[0]


def _marks(sample: list[Row]) -> tuple[str, str]:
    """The decimal mark of the file and its separator of thousands, from cells that can mean nothing else."""
    marked = {simplified(cell) for _, cells in sample for cell in cells if "," in cell or "." in cell}
    comma = any(_COMMA_IS_DECIMAL.fullmatch(cell) for cell in marked)
    point = any(_POINT_IS_DECIMAL.fullmatch(cell) for cell in marked)
    if comma == point:
        return ".", ""
    other = "." if comma else ","
    grouped = any(GROUPS[other].fullmatch(cell) for cell in marked)
    certain = re.compile(
        rf"[+-]?\d{{1,3}}({re.escape(other)}\d{{3}})+[.,]\d+|[+-]?\d{{1,3}}({re.escape(other)}\d{{3}}){{2,}}"
    )
    # Beside decimal commas 1.234 may be a number from another program: some cell must show that points are thousands.
    separates = grouped and (point or any(certain.fullmatch(cell) for cell in marked))
    return "," if comma else ".", other if separates else ""


def _with_e(number: str) -> str:
    return number.replace("D", "e").replace("d", "e")


def _is_zero(cell: str) -> bool:
    return not re.search("[1-9]", re.split("[eEdD]", cell)[0])


__all__ = ["Column", "Layout", "TableError", "comments_in", "counted", "understand"]
