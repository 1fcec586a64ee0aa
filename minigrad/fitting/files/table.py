"""Columns of numbers in a text: how its lines are cut, and what its cells mean.

One idea: never a wrong number. What can be read in one way only is read, and what was assumed on the
way is said; anything else is refused with the file, the line and the reason.

How a text is understood, always in this order:

1. The delimiter is the first of tab, semicolon, comma, bar, blanks that cuts every line into the
   same number of cells, at least two, without leaving two numbers in one cell; if none
   does, the first that cuts the first line at all; else the file is one column.
2. Lines that begin with # are comments; the last of them names the columns if it is cut like the first line of data.
3. The first line is a header if none of its cells is a number or a date. Without a header the columns
   are called 1, 2, ..., and so is a column whose name is empty.
4. A number is written as in 12, -0.5, .5 or 1e-3. A comma is a decimal comma, or a separator of
   thousands, where some cell can mean nothing else: 1,5 or 1,234.5. A lone 1,234 is refused.
"""

import csv
import difflib
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from .dates import Calendar, calendar, like_a_date

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_DELIMITERS = ("\t", ";", ",", "|", " ")  # several blanks in a row are one delimiter
DELIMITER_NAMES = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", " ": "blanks", "": "nothing"}

# Separators of thousands that mean nothing else: the apostrophe, the no-break spaces.
_SILENT = re.compile("(?<=\\d)['’\u00a0\u202f](?=\\d{3}(?!\\d))")
_GROUPS = {
    mark: re.compile(rf"[+-]?\d{{1,3}}({re.escape(mark)}\d{{3}})+({re.escape(other)}\d*)?", re.ASCII)
    for mark, other in ((",", "."), (".", ","))
}
# Cells that can be read in one way only.
_COMMA_IS_DECIMAL = re.compile(
    r"[+-]?(0*,\d+|\d+,(\d{1,2}|\d{4,})|\d{4,},\d+|\d+,\d+[eE][+-]?\d+|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,})",
    re.ASCII,
)
_POINT_IS_DECIMAL = re.compile(
    r"[+-]?(0*\.\d+|\d+\.(\d{1,2}|\d{4,})|\d{4,}\.\d+|\d+\.\d*[eE][+-]?\d+|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,})",
    re.ASCII,
)

Row = tuple[int, list[str]]
"""The number of a line in the file, and its cells."""


class TableError(ValueError):
    """A file that cannot be read as a table of numbers: where, why, and how to mend it."""


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
        if written is None or not _NUMBER.fullmatch(written):
            return None
        number = float(written)
        if not math.isfinite(number) or (number == 0 and not _is_zero(written)):
            return None
        return number

    def _written(self, cell: str) -> str | None:
        """The cell as Python writes numbers; None where its marks are not those of the file."""
        cell = _simplified(cell)
        other = "," if self.decimal == "." else "."
        if other in cell:
            if self.thousands != other or not _GROUPS[other].fullmatch(cell):
                return None
            cell = cell.replace(other, "")
        return cell.replace(",", ".") if self.decimal == "," else cell

    def refusal(self, cell: str) -> str:
        """Return what is wrong with a cell that holds no number, and what to do."""
        drops = "(--skip-bad drops such rows)"
        if not cell:
            return f"the cell is empty {drops}"
        shown = cell if len(cell) <= 40 else cell[:37] + "..."
        if self.calendar is not None:
            return f'"{shown}" is not a date like {self.calendar.written} {drops}'
        written = self._written(cell)
        if written is not None and _NUMBER.fullmatch(written):
            return f'"{shown}" does not fit into float64 {drops}\nGive the column in other units'
        if like_a_date(cell):
            return f'"{shown}" is a date, and only x may have dates {drops}'
        hint = ""
        if self.decimal == "." and _GROUPS[","].fullmatch(cell) and _DECIMAL_COMMA.fullmatch(cell):
            hint = "\nFor decimal commas: --decimal ,   for commas between thousands: --decimal ."
        elif self.decimal == "." and _DECIMAL_COMMA.fullmatch(cell):
            hint = "\nFor decimal commas: --decimal ,"
        elif self.decimal == "," and "." in cell:
            hint = "\nThe file has decimal commas; a point could separate thousands"
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

    def rows(self, text: str, above: int = 0) -> Iterator[Row]:
        """Return the lines of a part of the text that are not empty and no comments, cut into cells.

        `above` is the number of lines before the part. Raises TableError for a quoted cell that is not closed.
        """
        return _cut(text, self.delimiter, self.source, above)

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
        if any(like_a_date(cell) for cell in cells) and not any(map(_like_a_number, cells)):
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
        usable = [name for name in named if self._holds(name, _like_a_number)]
        with_dates = [name for name in named if name in usable or self._holds(name, like_a_date)]
        if not xs:
            # A date may be x, where a number is left for y.
            for name in with_dates:
                if name != y and (y is not None or any(other != name for other in usable)):
                    xs = (name,)
                    break
        rest = [name for name in usable if name not in xs]
        if not xs or (y is None and not rest):
            only = " and ".join(f'"{name}"' for name in usable)
            found = f"only {only} has any" if usable else "there is none"
            found += "".join(f'; "{name}" is taken for sigma' for name in dict.fromkeys(taken))
            raise TableError(
                f"{self.source}: a line needs two columns of numbers, and {found}\n"
                f"{'The columns are' if len(self.names) > 1 else 'The only column is'} {self.listed()}"
            )
        return tuple(xs), rest[0] if y is None else y

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
    delimiter, rows = _cells(text, source) if delimiter == "auto" else (delimiter, list(_cut(text, delimiter, source)))
    comments = [line for line in io.StringIO(text, newline=None) if line.startswith("#")]
    if not rows and not comments:
        raise TableError(f"{source}: the file is empty\nIt should hold one line for each point, for example 1.5,2.5")
    if not rows:
        raise TableError(f"{source}: there are only comments, and no data below them")
    notes = []
    first, cells = rows[0]
    above, names, sample = first - 1, _numbered(cells), rows
    has_header = False
    commented = _commented_header(text, delimiter, source, first, len(cells)) if header is None else None
    if header is not False and commented is not None and any(map(_meaningful, cells)):
        names, has_header = commented, True
        notes.append("the line that begins with # names the columns")
    elif header is not False and _is_header(rows, source):
        above, names, sample, has_header = first, _named(cells, source, first), rows[1:], True
        if not sample:
            raise TableError(f"{source}:{first}: there is a header and no data below it")
    else:
        notes.append("no header")
    if comments and names is not commented:
        notes.append("lines that begin with # are comments")
    if delimiter not in (",", ""):
        notes.append(f"cut at {DELIMITER_NAMES.get(delimiter, repr(delimiter))}")
    whole = [row for row in sample if len(row[1]) == len(names)]
    layout = Layout(source, delimiter, names, has_header, above, ".", "", tuple(notes), whole)
    if not whole:
        raise TableError(f"{source}:{sample[0][0]}: {layout.ragged(sample[0][1])}")
    found, thousands = _marks(whole) if decimal == "auto" else (decimal, "," if decimal == "." else ".")
    if decimal == "auto" and found == ",":
        notes.append("decimal commas")
    if decimal == "auto" and thousands:
        notes.append(f"{'commas' if thousands == ',' else 'points'} between thousands")
    if re.search(r'"\s*[+-]?[\d.,]+\s*"', text):
        notes.append("numbers in quotes")
    return replace(layout, decimal=found, thousands=thousands, notes=tuple(notes))


def counted(n: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "line"), counted(1200, "line")
    ('1 line', '1,200 lines')
    """
    return f"{n} {noun}" if n == 1 else f"{n:,} {noun}s"


def _numbered(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(place + 1) for place in range(len(cells)))


def _named(cells: Sequence[str], source: str, line: int) -> tuple[str, ...]:
    names = tuple(cell or number for cell, number in zip(cells, _numbered(cells), strict=True))
    for place, name in enumerate(names):
        if name in names[:place]:
            raise TableError(
                f'{source}:{line}: columns {names.index(name) + 1} and {place + 1} are both called "{name}"\n'
                "Give each column its own name"
            )
    return names


def _commented_header(text: str, delimiter: str, source: str, first: int, width: int) -> tuple[str, ...] | None:
    """The names in the comment above the data, if it has as many cells as the data, and no number."""
    names = None
    for line, content in enumerate(io.StringIO(text, newline=None), 1):
        if line >= first:
            break
        if content.startswith("#"):
            bare = content.lstrip("#").strip()
            cut = [cells for _, cells in _cut(bare, delimiter, source)]
            fits = len(cut) == 1 and len(cut[0]) == width and width > 1
            named = fits and not any(map(_meaningful, cut[0])) and len(set(cut[0])) == width
            names = _named(cut[0], source, line) if named else None
    return names


def _is_header(rows: list[Row], source: str) -> bool:
    line, cells = rows[0]
    numeric = [_meaningful(cell) for cell in cells]
    if not any(numeric):
        return True
    for place, cell in enumerate(cells):
        # A label column has no numbers below either. Numbers below a word are ambiguous: to
        # call the line a header would drop a point, to call it data would be refused later.
        below = [others[place] for _, others in rows[1:] if len(others) == len(cells)]
        if not numeric[place] and (not cell or any(map(_meaningful, below))):
            number = cells[numeric.index(True)]
            raise TableError(
                f'{source}:{line}: "{cell}" is not a number and "{number}" is: neither a header nor a point\n'
                "Name every column in the first line, or mend the cell; --no-header: the first line is a point"
            )
    return False


def _marks(sample: list[Row]) -> tuple[str, str]:
    """The decimal mark of the file and its separator of thousands, from cells that can mean nothing else."""
    marked = {_simplified(cell) for _, cells in sample for cell in cells if "," in cell or "." in cell}
    comma = any(_COMMA_IS_DECIMAL.fullmatch(cell) for cell in marked)
    point = any(_POINT_IS_DECIMAL.fullmatch(cell) for cell in marked)
    if comma == point:
        return ".", ""
    other = "." if comma else ","
    grouped = any(_GROUPS[other].fullmatch(cell) for cell in marked)
    certain = re.compile(
        rf"[+-]?\d{{1,3}}({re.escape(other)}\d{{3}})+[.,]\d+|[+-]?\d{{1,3}}({re.escape(other)}\d{{3}}){{2,}}"
    )
    # Beside decimal commas 1.234 may be a number from another program: some cell must show that points are thousands.
    separates = grouped and (point or any(certain.fullmatch(cell) for cell in marked))
    return "," if comma else ".", other if separates else ""


def _simplified(cell: str) -> str:
    """The cell with the minus of a keyboard, and without separators that mean nothing else."""
    return _SILENT.sub("", cell.replace("−", "-"))


def _like_a_number(cell: str) -> bool:
    cell = _simplified(cell)
    patterns = (_NUMBER, _DECIMAL_COMMA, _NOT_FINITE, *_GROUPS.values())
    return any(pattern.fullmatch(cell) for pattern in patterns)


def _meaningful(cell: str) -> bool:
    return _like_a_number(cell) or like_a_date(cell)


def _cells(text: str, source: str) -> tuple[str, list[Row]]:
    """The delimiter that fits, and the lines that are not empty, cut at it."""
    fallback: tuple[str, list[Row]] | None = None
    broken: TableError | None = None
    for delimiter in _DELIMITERS:
        if delimiter not in text:
            continue
        try:
            rows = list(_cut(text, delimiter, source))
        except TableError as error:
            broken = broken or error
            continue
        if not rows or len(rows[0][1]) < 2:
            continue
        if len({len(cells) for _, cells in rows}) == 1 and not _two_numbers_in_one_cell(rows):
            return delimiter, rows
        fallback = fallback or (delimiter, rows)
    if broken is not None:
        raise broken
    return fallback or ("", list(_cut(text, "", source)))


def _cut(text: str, delimiter: str, source: str, above: int = 0) -> Iterator[Row]:
    lines: Iterable[str] = io.StringIO(text, newline=None)
    # A comment keeps its line, so that the lines below it keep their numbers.
    lines = ("\n" if line.startswith("#") else line for line in lines)
    if delimiter == "":
        yield from ((above + n, [line.strip()]) for n, line in enumerate(lines, 1) if line.strip())
        return
    if delimiter == " ":
        lines = (line.replace("\t", " ").strip() for line in lines)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if len(stripped) > 1 or any(stripped):
                yield above + reader.line_num, stripped
    except csv.Error as error:
        raise TableError(
            f"{source}:{above + reader.line_num}: a quoted cell is not closed as it should be ({error})"
        ) from None


def _two_numbers_in_one_cell(rows: list[Row]) -> bool:
    """Whether blanks stand between numbers in a cell: "1,5 2,3" is two numbers with decimal commas, not three."""
    for _, cells in rows:
        for cell in cells:
            parts = cell.split(" ") if " " in cell else ()
            if len(parts) > 1 and all(_like_a_number(part) for part in parts if part):
                return True
    return False


def _is_zero(cell: str) -> bool:
    return not re.search("[1-9]", re.split("[eE]", cell)[0])


__all__ = ["Column", "Layout", "TableError", "counted", "understand"]
