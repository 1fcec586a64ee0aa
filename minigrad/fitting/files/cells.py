"""What is written in one cell: a number, a date, nothing, or something else.

One idea: a cell is judged by itself, and what is almost a number is refused with what to write instead.
"""

import re

from .dates import like_a_date

# Fortran writes 1.0D+03; without its point 1D3 is the number of a part.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(\d+\.\d*|\.\d+)[dD][+-]?\d+", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
GROUPS = {
    mark: re.compile(rf"[+-]?\d{{1,3}}({re.escape(mark)}\d{{3}})+({re.escape(other)}\d*)?", re.ASCII)
    for mark, other in ((",", "."), (".", ","))
}
"""Numbers with a separator of thousands, by the separator."""

_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
APART = re.compile("(?<=\\d)['’\u00a0\u202f](?=\\d{3}(?!\\d))")
"""Separators of thousands that mean nothing else: the apostrophe, the no-break spaces."""
_MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "#na", "null", "none", "nil", "missing", "-", "--", "---", "?", ".", "*")
)

_COMPACT_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", re.ASCII)

_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?", re.ASCII)

_DATE = "Write dates as 2020-03-31, or 2020-03-31 13:30:00"
_NEARLY = [
    (re.compile(pattern, re.IGNORECASE), mending)
    for pattern, mending in (
        (r"[\d.,+-]+\s*%", "Leave out the sign %: it belongs into the name of the column"),
        (r"[\d.,+-]+\s*±.*|[\d.,]+\s*\+/-.*", "Put the error into a column of its own, for --sigma"),
        (r"\d{1,3}:\d{2}(:\d{2}([.,]\d+)?)?", "A time needs its seconds, 13:30:00, or its date, 2020-03-31 13:30:00"),
        (r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?", _DATE),
        (r".*\b\d{1,2}:\d{2}.*\d.*|.*\d.*\b\d{1,2}:\d{2}.*", _DATE),
        (r".*\d.*(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec).*\d.*", _DATE),
        (r"[+-]?\d+(_\d+)+(\.\d*)?|[+-]?\d{1,3}( \d{3})+([.,]\d*)?", "Write 1000, with nothing between the digits"),
        (r"\([\d.,]+\)", "Write a negative number with a minus"),
        (r"'.*'", 'Quote cells with ", or not at all'),
        (
            r"(?!0x)[+-]?[\d.,]+(e[+-]?\d+)?\s*[^\d\s.,:;|+/#-].*",
            "Write the number alone: its unit belongs into the name of the column",
        ),
        (r"[€$£¥]\s*[\d.,+-]+", "Write the number alone: its unit belongs into the name of the column"),
    )
]


def simplified(cell: str) -> str:
    """Return the cell with the minus of a keyboard, and without separators that mean nothing else."""
    return APART.sub("", cell.replace("−", "-"))


def like_a_number(cell: str) -> bool:
    """Whether a cell is written as a number, with whatever marks.

    >>> like_a_number("1.234,5"), like_a_number("-1.0D+03"), like_a_number("nan"), like_a_number("12 V")
    (True, True, True, False)
    """
    cell = simplified(cell)
    patterns = (NUMBER, DECIMAL_COMMA, _NOT_FINITE, *GROUPS.values())
    return any(pattern.fullmatch(cell) for pattern in patterns)


def meaningful(cell: str) -> bool:
    """Whether a cell is written as a number or a date."""
    return like_a_number(cell) or like_a_date(cell)


def missing(cell: str) -> bool:
    """Whether a cell says that there is no value.

    >>> missing(""), missing("N/A"), missing("-"), missing("0")
    (True, True, True, False)
    """
    return cell.casefold() in _MISSING


def like_a_compact_date(cell: str) -> bool:
    """Whether a number could be a date without its hyphens: 20200331, which is read as a number."""
    return _COMPACT_DATE.fullmatch(cell) is not None


def like_a_time(cell: str) -> bool:
    """Whether a cell is written as a time of day: 13:30 or 13:30:00.5."""
    return _TIME.fullmatch(cell) is not None


def mending(cell: str) -> str:
    """Return what to write instead of a cell that is almost a number; "" where nothing can be said.

    >>> mending("12 %")
    'Leave out the sign %: it belongs into the name of the column'
    """
    return next((said for pattern, said in _NEARLY if pattern.fullmatch(cell[:80])), "")


__all__ = [
    "APART",
    "DECIMAL_COMMA",
    "GROUPS",
    "NUMBER",
    "like_a_compact_date",
    "like_a_number",
    "like_a_time",
    "meaningful",
    "mending",
    "missing",
    "simplified",
]
