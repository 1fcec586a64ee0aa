"""The lines of a text, cut into cells.

One idea: a delimiter is right where it cuts every line of the table into the same number of cells, whatever
stands above the table. Empty lines, lines of empty cells and comments hold nothing and are passed over.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from .cells import like_a_number, meaningful, missing

DELIMITER_NAMES = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", " ": "blanks", "": "nothing"}
_DELIMITERS = ("\t", ";", ",", "|", " ")  # several blanks in a row are one delimiter

_RULE = re.compile(r"[\s|+:]*+([-=_]{3,}+[\s|+:]*+)+")  # possessive: a long line of dashes is read once

COMMENTS = ("#", "%")
"""How lines begin that are comments, but for the errors of Excel: #N/A in the first column is a bad cell."""

_COMMENT = re.compile(r"%|#(?!N/A|VALUE!|REF!|DIV/0!|NAME\?|NUM!|NULL!)")

_JUDGED = 2000  # so many cells tell which columns hold numbers

Row = tuple[int, list[str]]
"""The number of a line in the file, and its cells."""


class TableError(ValueError):
    """A file that cannot be read as a table of numbers: where, why, and how to mend it."""


def is_comment(line: str) -> bool:
    """Whether a line is a comment.

    >>> is_comment("# 12 May"), is_comment("#N/A,2")
    (True, False)
    """
    return _COMMENT.match(line) is not None


def cut(text: str, delimiter: str, source: str, above: int = 0, *, begun: bool = False) -> Iterator[Row]:
    """Yield the lines that hold anything, cut into cells; a ruled line, |---|---|, holds nothing.

    `above` is the number of lines before the text, `begun` whether data are among them: below data a line whose
    every cell is --- is no rule, but a row without values.

    Raises TableError for a quoted cell that is not closed.

    >>> list(cut("a,b\\n# nothing\\n,\\n1,2\\n", ",", "f"))
    [(1, ['a', 'b']), (4, ['1', '2'])]
    """
    lines: Iterable[str] = _that_hold(io.StringIO(text, newline=None), delimiter, begun)
    if delimiter == "":
        yield from ((above + n, [line.strip()]) for n, line in enumerate(lines, 1) if line.strip())
        return
    if delimiter == " ":
        lines = (line.replace("\t", " ").strip() for line in lines)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    last = 0
    try:
        for cells in reader:
            last = reader.line_num
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield above + last, stripped
    except csv.Error as error:
        raise TableError(
            f"{source}:{above + last + 1}: a quoted cell is not closed as it should be ({error})\n"
            'Close it, or write a " that belongs into it twice'
        ) from None


def _that_hold(lines: Iterable[str], delimiter: str, begun: bool) -> Iterator[str]:
    """The lines, empty where they hold nothing, so that the lines below keep their numbers."""
    unjudged: list[str] = []  # few files have rules: only there the lines above are looked at, each once
    for line in lines:
        ruled = _RULE.fullmatch(line) is not None
        if ruled and _without_values(line, delimiter):
            begun = begun or any(_is_data(above, delimiter) for above in unjudged)
            unjudged.clear()
            ruled = not begun
        elif not begun:
            unjudged.append(line)
        yield "\n" if ruled or is_comment(line) else line


def _without_values(line: str, delimiter: str) -> bool:
    """Whether a line could be a row of missing values: each cell is ---, and there are some."""
    cells = _bare(line, delimiter)
    return len(cells) > 1 and all(cell == "---" for cell in cells)


def _is_data(line: str, delimiter: str) -> bool:
    cells = _bare(line, delimiter)
    return all(meaningful(cell) or missing(cell) for cell in cells) and any(map(meaningful, cells))


def _bare(line: str, delimiter: str) -> list[str]:
    """The cells of a line without their quotes; close enough to tell whether they hold numbers."""
    cells = line.split() if delimiter == " " else line.split(delimiter) if delimiter else [line]
    return [cell.strip(' "\t\r\n') for cell in cells]


def best_cut(text: str, source: str) -> tuple[str, list[Row]]:
    """Return the delimiter that fits, and the lines cut at it."""
    fallback: tuple[str, list[Row]] | None = None
    below: tuple[str, list[Row]] | None = None
    doubtful: tuple[str, list[Row]] | None = None
    broken: TableError | None = None
    for delimiter in _DELIMITERS:
        if delimiter not in text:
            continue
        try:
            rows = list(cut(text, delimiter, source))
        except TableError as error:
            broken = broken or error
            continue
        if not rows:
            continue
        start, width, _ = body(rows)
        everywhere = width > 1 and {len(cells) for _, cells in rows} == {width}
        if width > 1 and not _two_numbers_in_one_cell(rows[start:]):
            if everywhere:
                return delimiter, rows
            ragged = sum(len(cells) != width for _, cells in rows[start:])
            if below is None and start and 10 * ragged < len(rows) - start:
                below = (delimiter, rows)
        elif everywhere:
            doubtful = (delimiter, rows)
        if len(rows[0][1]) > 1:
            fallback = fallback or (delimiter, rows)
    if below is not None and doubtful is None:
        return below
    if broken is not None:
        raise broken
    return fallback or ("", list(cut(text, "", source)))


def body(rows: Sequence[Row]) -> tuple[int, int, list[int]]:
    """Return where the numbers begin, how many cells most lines have, and in which columns numbers stand.

    The first line of the body has numbers, or signs of a missing one, wherever most lines have numbers.

    >>> body([(1, ["Run", "5"]), (2, ["t", "v"]), (3, ["0", "NA"]), (4, ["1", "3"]), (5, ["2", "5"])])
    (2, 2, [0, 1])
    """
    width = Counter(len(cells) for _, cells in rows[len(rows) // 2 :]).most_common(1)[0][0]
    whole = [cells for _, cells in rows if len(cells) == width]
    judged = whole[len(whole) // 2 :][-max(10, min(200, _JUDGED // width)) :]
    places = [k for k in range(width) if 2 * sum(meaningful(cells[k]) for cells in judged) >= len(judged)]
    if not places:
        return 0, width, []
    for start, (_, cells) in enumerate(rows):
        if len(cells) == width and all(meaningful(cells[k]) or missing(cells[k]) for k in places):
            return start, width, places
    return 0, width, places


def _two_numbers_in_one_cell(rows: Sequence[Row]) -> bool:
    """Whether blanks stand between numbers in a cell: "1,5 2,3" is two numbers with decimal commas, not three."""
    for _, cells in rows:
        for cell in cells:
            parts = cell.split(" ") if " " in cell else ()
            if len(parts) > 1 and all(like_a_number(part) for part in parts if part):
                return True
    return False


__all__ = ["Row", "TableError", "best_cut", "body", "cut", "is_comment"]
