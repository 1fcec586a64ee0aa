"""What stands above the numbers: names of columns, their units, and what an instrument wrote first.

One idea: the names are the last line above the numbers that is cut as they are and holds none. What stands
above it is passed over only if it is text: a line that could be a point is never lost.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .cells import meaningful, mending, missing
from .lines import Row, TableError, body, cut, is_comment

_UNIT = (
    r"(([yzafpnuµμmcdhkMGTPEZY]|da)?"
    r"(m|g|s|A|K|mol|cd|Hz|N|Pa|J|W|C|V|F|Ω|Ohm|ohm|S|Wb|T|H|lm|lx|Bq|Gy|Sv|l|L|eV|bar|rad|sr|B|Wh|Ah|pc|Jy|Torr|cal)"
    r"|min|hr?|d|days?|yr?|°[CF]?|deg[CF]?|arcmin|arcsec|%|‰|ppm|ppb|psi|dBm?|rpm|px|a\.?u\.?|AU|ly|mag|counts?|cts|adu|"
    r"ADU|pH|mmHg|atm|in|ft|mi|lb|1)(\^?[-−+]?\d+|[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
)
_WORDS = (
    r"(milli|micro|nano|kilo|mega|giga|centi)?(second|minute|hour|day|week|month|year|volt|amp|ampere|met(er|re)|gram|watt|"
    r"pascal|kelvin|hertz|newton|joule|lit(er|re)|degree|ohm|tesla|radian|mole)s?|celsius|percent|units?|TS|RN|smp|avg|"
    r"deg(rees)? ?[CFK]|[dmyhs]+([-./:][dmyhs]+)+"
)
_MARKED = re.compile(r"[\[!*;:/=<>{~&]")
"""How a line begins that is none of a table: [Data], ! a note, // a note."""
# A word that begins like a number may be a broken one, and the line a point.
_BROKEN = re.compile(r"\W*\d")
_WITH_A_WORD = re.compile(r"[+-]?[\d.,]+(?:e[+-]?\d+)?\s*((?:[^\W\d_]|%).*)", re.IGNORECASE)
"""A number with what follows it: its unit, 5 V, or the rest of a name, 2019 sales."""
_UNITS = [
    re.compile(rf"{_UNIT}([ ./·*]+{_UNIT})*"),
    re.compile(rf"({_WORDS})( per ({_WORDS}))?", re.IGNORECASE),
    re.compile(r"[\[(<{].*[\])>}]"),
]


@dataclass(frozen=True)
class Heading:
    """The names of the columns, and where the numbers begin."""

    names: tuple[str, ...]
    header: bool
    """Whether the file has names; else they are 1, 2, ..."""
    above: int
    """How many lines stand above the numbers."""
    rows: list[Row]
    """The rows below."""
    notes: tuple[str, ...]
    """What was assumed."""
    commented: bool = False
    """Whether the names stand in a comment."""


def heading(text: str, rows: list[Row], delimiter: str, source: str) -> Heading:
    """Return how the columns of a text are called, whose lines were cut into these rows.

    Raises TableError where the first line is neither names nor a point, or where there is nothing below it.

    >>> rows = [(1, ["Run", "5"]), (2, ["t", "v"]), (3, ["s", "mV"]), (4, ["0", "1"]), (5, ["1", "3"])]
    >>> found = heading("", rows, ",", "f")
    >>> found.names, found.above, found.notes
    (('t', 'v'), 3, ('the table begins at line 2', 'line 3 has the units s, mV'))
    """
    start, width, places = body(rows)
    if start:
        found = _above(text, rows, start, width, places, delimiter, source)
        if found is not None:
            return found
    first, cells = rows[0]
    commented = _commented(text, delimiter, source, first, len(cells))
    if commented is not None and any(map(meaningful, cells)):
        mark, names = commented
        return Heading(names, True, first - 1, rows, (f"the line that begins with {mark} names the columns",), True)
    if not _is_header(rows, source):
        return numbered(rows)
    if len(rows) == 1:
        raise TableError(f"{source}:{first}: there is a header and no data below it")
    return Heading(_named(cells, source, first), True, first, rows[1:], ())


def numbered(rows: list[Row]) -> Heading:
    """Return the heading of a table without one: its columns are called 1, 2, ..."""
    first, cells = rows[0]
    return Heading(_numbers(cells), False, first - 1, rows, ("no header",))


def _above(
    text: str, rows: list[Row], start: int, width: int, places: list[int], delimiter: str, source: str
) -> Heading | None:
    """The heading in the lines above the first with numbers; None if they are none."""

    def names(place: int) -> list[str] | None:
        line, cells = rows[place]
        fitted = _fitted(cells, width, rows[start:])
        if fitted is None and delimiter == " ":
            fitted = _fitted(re.split(r"\s{2,}|\t", _line(text, line)), width, rows[start:])
            if fitted is not None and any(map(_BROKEN.match, fitted)):
                return None  # "0 1" is two numbers, and no name
        named = fitted is not None and not any(map(meaningful, fitted)) and any(fitted[k] for k in places)
        return fitted if named else None

    text_alone = not any(_all_values(cells) or _BROKEN.match(cells[0]) for _, cells in rows[:start])
    top = _below_the_text(rows, start, width) if text_alone else start
    here = names(top - 1) if top else None
    # A section begins at [Data]: what stands above it belongs to another.
    section = any(cells[0].startswith("[") for _, cells in rows[top:start])
    if top < start and (here is None or section):
        line = rows[start][0]
        return Heading(_numbers(rows[start][1]), False, line - 1, rows[start:], ("no header", _begins(line)))
    last = top - 1
    if here is None:
        return None
    beside: list[Row] = []  # lines that say more of the columns, below their names
    while last and rows[last][0] - rows[last - 1][0] == 1 and (_like_units(here) or not all(here[k] for k in places)):
        over = names(last - 1)
        if over is None:
            break
        beside.insert(0, rows[last])
        last, here = last - 1, over
    if any(_all_values(cells) for _, cells in rows[:last]):
        return None
    if last and any(_BROKEN.match(here[k]) for k in places):
        return None
    line = rows[last][0]
    notes = [f"line {line} has the units {', '.join(filter(None, cells))}" for line, cells in beside]
    notes += [f"line {line} is passed over" for line, _ in rows[top:start]]
    numbered_names = [here[k] for k in places if not missing(here[k])]
    if not last and numbered_names and all(map(_BROKEN.match, numbered_names)):
        _refuse_broken(numbered_names, source, line)
        listed = ", ".join(f'"{name}"' for name in numbered_names)
        notes.append(f"line {line} names the columns: {listed} (--no-header: it is a point)")
    if len(rows[last][1]) < width and delimiter != " ":
        notes.append("lines end with an empty cell")
    if last:
        notes.insert(0, _begins(line))
    return Heading(_named(here, source, line), True, rows[start - 1][0], rows[start:], tuple(notes))


def _below_the_text(rows: Sequence[Row], start: int, width: int) -> int:
    """How many lines stand above those of text, each with its mark, that end where the numbers begin."""
    while start and _MARKED.match(rows[start - 1][1][0]) and len(rows[start - 1][1]) != width:
        start -= 1
    return start


def _refuse_broken(cells: Sequence[str], source: str, line: int) -> None:
    """Raise TableError where each of these cells is a number but for a sign or a unit: the line may be a point.

    A number with another word is a name: 2019 sales.
    """
    words = (_WITH_A_WORD.fullmatch(cell) for cell in cells)
    if all(map(mending, cells)) and all(word is None or _is_unit(word[1]) for word in words):
        raise TableError(
            f'{source}:{line}: "{cells[0]}" is almost a number: the line may be a header or a point\n'
            f"{mending(cells[0])}\nFor a header give the columns names that do not begin with a digit"
        )


def _begins(line: int) -> str:
    return f"the table begins at line {line}"


def _all_values(cells: Sequence[str]) -> bool:
    """Whether a line holds nothing but numbers, dates and signs of missing ones."""
    return all(meaningful(cell) or missing(cell) for cell in cells)


def _fitted(cells: Sequence[str], width: int, below: Sequence[Row]) -> list[str] | None:
    """The names for as many columns as the numbers have, where one of them only ends with an empty cell."""
    if len(cells) > width:
        return list(cells[:width]) if not any(cells[width:]) else None
    empty = all(not any(row[len(cells) :]) for _, row in below)
    return [*cells, *[""] * (width - len(cells))] if empty else None


def _like_units(cells: Sequence[str]) -> bool:
    named = [cell for cell in cells if not missing(cell)]
    broken = all(map(mending, named))  # 1 s, (1.5): numbers, and none of them as it should be
    return bool(named) and not broken and all(map(_is_unit, named))


def _is_unit(cell: str) -> bool:
    return any(pattern.fullmatch(cell) for pattern in _UNITS)


def _line(text: str, number: int) -> str:
    return next(line for n, line in enumerate(io.StringIO(text, newline=None), 1) if n == number).strip()


def _numbers(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(place + 1) for place in range(len(cells)))


def _named(cells: Sequence[str], source: str, line: int) -> tuple[str, ...]:
    # A name on two lines of its cell, as Excel has them, is one on one line.
    written = (" ".join(cell.split()) for cell in cells)
    names = tuple(name or number for name, number in zip(written, _numbers(cells), strict=True))
    for place, name in enumerate(names):
        if name in names[:place]:
            raise TableError(
                f'{source}:{line}: columns {names.index(name) + 1} and {place + 1} are both called "{name}"\n'
                "Give each column its own name"
            )
    return names


def _commented(text: str, delimiter: str, source: str, first: int, width: int) -> tuple[str, tuple[str, ...]] | None:
    """The mark and the names in the last comment above the data that has as many cells, and no number."""
    found = None
    for line, content in enumerate(io.StringIO(text, newline=None), 1):
        if line >= first:
            break
        if is_comment(content):
            bare = content.lstrip(content[0]).strip()
            rows = [cells for _, cells in cut(bare, delimiter, source)]
            fits = len(rows) == 1 and len(rows[0]) == width and width > 1
            named = fits and not any(map(meaningful, rows[0])) and len(set(rows[0])) == width
            found = (content[0], _named(rows[0], source, line)) if named else None
    return found


def _is_header(rows: list[Row], source: str) -> bool:
    line, cells = rows[0]
    numeric = [meaningful(cell) for cell in cells]
    if not any(numeric):
        return True
    for place, cell in enumerate(cells):
        # A label column has no numbers below either. Numbers below a word are ambiguous: to
        # call the line a header would drop a point, to call it data would be refused later.
        below = [others[place] for _, others in rows[1:] if len(others) == len(cells)]
        if not numeric[place] and (not cell or any(map(meaningful, below))):
            number = cells[numeric.index(True)]
            raise TableError(
                f'{source}:{line}: "{cell}" is not a number and "{number}" is: neither a header nor a point\n'
                "Name every column in the first line, or mend the cell; --no-header: the first line is a point"
            )
    return False


__all__ = ["Heading", "heading", "numbered"]
