"""What was written after an option: numbers, dates, names with values, files to write.

One idea: an option is checked before any work is done, and refused in its own words; what the fit itself
refuses it says in Python's, and that is put into options here.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ...refusal import Refusal
from ..files.table import Column

_SPELLINGS = [
    (re.compile(pattern), option)
    for pattern, option in (
        (r" \([^()\s]+:\d+\)", ""),  # the line of the program that asked: here it is none of the reader's
        (r"\bfit_line\(x, y, sigma=\.\.\.\)", "--sigma alone, without --loss distance"),
        (r"\bfit_line\(y, x, sigma=\.\.\.\)", "-x and -y exchanged, --sigma alone, without --loss distance"),
        (r"\bsigma_x=sigma\b", "the same as --sigma"),
        (r"^sigma (?=and sigma_x\b)", "--sigma "),
        (r"\bfixed=\{\.\.\.\}", "--fix NAME=VALUE"),
        (r"\bfit_line\(y, x\)", "-x and -y exchanged"),
        (r"\bleave standardize=True", "leave out --raw"),
        (r"\bstandardize=False", "--raw"),
        (r"\bskip_bad=True", "--skip-bad"),
        (r"\babsolute_sigma(=True)?", "--absolute-sigma"),
        (r"\bsigma_x\b", "--sigma-x"),
        (r"\bbatch_size(=(?P<n>\d+))?", r"--batch \g<n>"),
        (r"\bthrough=\((.+?), (.+?)\)", r"--through \1,\2"),
        (r"\bfixed=\{'(\w+)': ([^}]+)\}", r"--fix \1=\2"),
        (r"\bstart=\{'(\w+)': ([^}]+)\}", r"--start \1=\2"),
        (r"^(start|bounds) names ", r"--\1 names "),
        (r"^fixed names ", "--fix names "),
        (r"\b(loss|solver|errors|schedule|lr)=[\"'](\w[\w-]*)[\"']", r"--\1 \2"),
        (r"\b(lr|steps|degree|delta|seed)=([\d.e+-]*\d)", r"--\1 \2"),
        (r"\bfit\(lambda x, a, b: a \+ b \* x, x, y, \.\.\.\)", '--model "a + b * x"'),
        (r"\bfit_line\(x, y(?:\[:, 0\])?, (--[^)]*)\)", r"\1"),
        (r"--batch (?=\W|$)", "--batch"),
        (r"^through and degree were", "--through and --degree were"),
        (r"^(degree|steps|delta|through|sigma) (?=is|was)", r"--\1 "),
        (r"\b(and|without) sigma\b(?=,| was)", r"\1 --sigma"),
        (r"\bGive sigma(?= too|;)", "Give --sigma"),
        (r"\b([Ll])eave (degree|delta|through|sigma) out", r"\1eave --\2 out"),
        (r"\bGive sigma, one standard deviation of y", "Give --sigma"),
        (r"\bGive \(low, high\)", "Give --bounds NAME=low:high"),
        (r' or "(adam)"', r" or \1"),
    )
]


def in_options(text: str) -> str:
    """Return a sentence for Python as one for the command.

    >>> in_options('Take fit_line(x, y, loss="distance"), or skip_bad=True')
    'Take --loss distance, or --skip-bad'
    """
    for pattern, option in _SPELLINGS:
        text = pattern.sub(option, text)
    return text


def number_in(text: str) -> float | None:
    """Return the finite number in a text; None if there is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def number_of(option: str, text: str, value: str) -> float:
    """Return the number in a value, which is a part of what was written after an option."""
    number = number_in(value)
    if number is None:
        raise Refusal(f'{option} {text}: "{value}" is not a number')
    return number


def rate_in(text: str) -> float | str:
    """Return the learning rate, or "auto"."""
    number = number_in(text)
    if text != "auto" and (number is None or number <= 0):
        raise Refusal(f'--lr {text}: the learning rate is a number above 0, or "auto"')
    return "auto" if number is None else number


def coordinate(option: str, cell: str, column: Column) -> float:
    """Return a number, or a date where the column has dates."""
    found = column.calendar.number(cell) if column.calendar is not None else None
    found = number_in(cell) if found is None else found
    if found is None:
        date = f", and no date like {column.calendar.written}" if column.calendar is not None else ""
        raise Refusal(f'{option}: "{cell}" is not a number{date}')
    return found


def told_once(option: str, texts: Sequence[str], others: Mapping[str, Sequence[str]]) -> None:
    """Refuse a name that has two values, after this option or after it and another one."""
    seen: set[str] = set()
    elsewhere = {name: other for other, told in others.items() for text in told for name, _ in pairs(other, text)}
    for text in texts:
        for name, _ in pairs(option, text):
            if name in seen:
                raise Refusal(f"{option} {text}: {name} is given twice\nGive each parameter one value")
            if name in elsewhere:
                raise Refusal(f"{option} {text}: {elsewhere[name]} has {name} too\nLeave one of them out")
            seen.add(name)


def pairs(option: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values in "a=1,b=2"."""
    for part in text.split(","):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not name or not value:
            raise Refusal(f'{option} {text}: "{part}" is not a name with a value\nFor example: {option} a=1')
        yield name, value


def numbers_by_name(option: str, texts: Sequence[str]) -> dict[str, float]:
    """Return the numbers in all that was written after an option, by name.

    >>> numbers_by_name("--start", ["a=1,b=2", "c=0.5"])
    {'a': 1.0, 'b': 2.0, 'c': 0.5}
    """
    return {name: number_of(option, text, value) for text in texts for name, value in pairs(option, text)}


def limits(text: str, value: str) -> tuple[float | None, float | None]:
    """Return the two ends of "0:10", None where one is open."""
    low, sign, high = (piece.strip() for piece in value.partition(":"))
    if not sign:
        raise Refusal(f"--bounds {text}: two numbers with a colon are needed\nFor example: a=0:10, a=0: or a=:10")
    for end in (low, high):
        if end and number_in(end) is None:
            raise Refusal(f'--bounds {text}: "{end}" is not a number\nLeave an open end out: a=0: or a=:10')
    return (float(low) if low else None), (float(high) if high else None)


def writable(path: str, option: str, suffixes: Sequence[str], source: str) -> None:
    """Make sure, before any work, that a file can be written, and that it is not the one that is read."""
    if path in ("", "-"):
        raise Refusal(f"{f'{option} {path}'.rstrip()}: standard output is for the result\nName a file")
    target = Path(path)
    if target.is_file() and source != "-" and Path(source).exists() and target.samefile(source):
        raise Refusal(f"{option} {path}: this is the file that is read, and would be lost\nName another")
    if suffixes and target.suffix.lower() not in suffixes:
        raise Refusal(f"{option} {path}: the name must end in {', '.join(suffixes[:-1])} or {suffixes[-1]}")
    if target.is_dir():
        raise Refusal(
            f"{option} {path}: this is a directory\nName a file in it: {target / 'fit'}{''.join(suffixes[:1])}"
        )
    if not target.parent.is_dir():
        raise Refusal(f"{option} {path}: there is no directory {target.parent}\nMake it first")
    existed = target.exists()

    def touch() -> None:
        with target.open("ab"):
            pass
        if not existed:
            target.unlink()

    saved(touch, f"{option} {path}")


def saved(write: Callable[[], object], option: str) -> None:
    """Write a file. Refuses, in the words of the option, what the system refuses."""
    try:
        write()
    except OSError as error:
        raise Refusal(f"{option}: cannot be written: {error.strerror or error}") from None
