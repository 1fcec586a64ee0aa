"""What is said of an argument in a few words, `shape=(3,4) positive`, and how to draw such arguments.

One idea: a word narrows what is drawn, and what is not said stays free: shapes that broadcast,
numbers of all sizes, ties, zeros, two dtypes. Literals are read, never run.
"""

import ast
import difflib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from . import strategies as gst
from .errors import UncheckableError

ALONE = ("any", "positive", "negative", "nonzero")
WITH_VALUE = {
    "shape": "shape=(3,4)",
    "dtype": "dtype=float32",
    "min": "min=0",
    "max": "max=1",
    "values": "values=[[1,2],[3,4]]",
    "const": "const=2",
}
"""The words that take a value, each with an example."""

Array = np.ndarray[Any, Any]


@dataclass
class Argument:
    """What was said of one argument."""

    text: str = "any"
    shape: tuple[int, ...] | None = None
    dtype: np.dtype[Any] | None = None
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    nonzero: bool = False
    values: Any = None
    """The very numbers, as nested lists."""
    constant: bool = False
    value: Any = None
    """Of the constant."""

    @property
    def sides(self) -> tuple[int, ...] | None:
        """The shape, if it was said; a constant has none."""
        return np.shape(self.values) if self.values is not None else self.shape


def parse(text: str, where: str = "") -> Argument:
    """Read what is said of an argument; `where` begins the message if it cannot be read.

    Raises UncheckableError, which says which word, and what would be right.

    >>> parse("shape=(3, 4), positive").shape, parse("const='mean'").value
    ((3, 4), 'mean')
    """
    where = where or repr(text)
    argument = Argument(" ".join(text.split()) or "any")
    seen: set[str] = set()
    for word in _split(text, where):
        name, equals, literal = word.partition("=")
        if name not in ALONE and name not in WITH_VALUE:
            raise UncheckableError(f'{where}: there is no word "{word}"\n{_nearest(name)}')
        if name in seen:
            raise UncheckableError(f'{where}: "{name}" is said twice\nSay it once')
        seen.add(name)
        if name in ALONE:
            if equals:
                raise UncheckableError(f'{where}: "{name}" takes no value\nWrite {name}, not {word}')
            _narrow(argument, name)
            continue
        if not literal:
            raise UncheckableError(f'{where}: "{word}" says no value\nWrite {WITH_VALUE[name]}')
        _set(argument, name, literal, f'{where}: "{word}"')
    for alone, allowed in (("const", {"const"}), ("values", {"values", "dtype"})):
        if alone in seen and seen - allowed:
            others = ", ".join(sorted(seen - allowed))
            raise UncheckableError(f'{where}: "{alone}" says it all, and there is also {others}\nLeave one of them out')
    if not _spans(argument):
        raise UncheckableError(f"{where}: no number, or a single one, is all that\nFor a single point write values=...")
    return argument


def _split(text: str, where: str) -> Iterator[str]:
    """The words, separated by blanks and commas outside of brackets and quotes."""
    word, depth, quote = "", 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif not depth and (letter.isspace() or letter == ","):
            if word:
                yield word
            word = ""
            continue
        else:
            depth += (letter in "([{") - (letter in ")]}")
        word += letter
    if depth or quote:
        raise UncheckableError(f'{where}: "{word}" opens a bracket or a quote and does not close it\nWrite shape=(3,4)')
    if word:
        yield word


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), [*ALONE, *WITH_VALUE], 1, 0.5)
    mean = f"Did you mean {WITH_VALUE.get(near[0], near[0])}? " if near else ""
    return f"{mean}The words are {', '.join([*ALONE, *WITH_VALUE.values()])}"


def _narrow(argument: Argument, word: str) -> None:
    if word == "positive" and argument.low <= 0:
        argument.low, argument.open_low = 0.0, True
    elif word == "negative" and argument.high >= 0:
        argument.high, argument.open_high = 0.0, True
    elif word == "nonzero":
        argument.nonzero = True


def _set(argument: Argument, name: str, literal: str, where: str) -> None:
    right = f"Write {WITH_VALUE[name]}"
    if name == "dtype":
        try:
            argument.dtype = np.dtype(literal)
        except TypeError:
            argument.dtype = None
        if argument.dtype is None or argument.dtype.kind != "f":
            raise UncheckableError(
                f"{where} is no dtype of floats\nWrite dtype=float64, dtype=float32 or dtype=longdouble"
            )
        return
    try:
        value = ast.literal_eval(literal)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise UncheckableError(f"{where} is no literal, and nothing else is read\n{right}") from None
    if name == "const":
        argument.constant, argument.value = True, value
    elif name == "shape":
        sides = tuple(value) if isinstance(value, (tuple, list)) else (value,)
        if not all(type(side) is int and side >= 0 for side in sides):
            raise UncheckableError(f"{where} is no shape: sides are integers, 0 or more\n{right}")
        argument.shape = sides
    elif name == "values":
        try:
            whole = np.array(value, np.float64)
        except (TypeError, ValueError):
            whole = np.array(math.nan)
        if not np.isfinite(whole).all():
            raise UncheckableError(f"{where} is no array of finite numbers\n{right}")
        argument.values = value
    else:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise UncheckableError(f"{where} is no finite number\n{right}")
        if name == "min" and value > argument.low:
            argument.low, argument.open_low = float(value), False
        if name == "max" and value < argument.high:
            argument.high, argument.open_high = float(value), False


def _spans(argument: Argument) -> list[tuple[float, float, bool, bool]]:
    """The intervals of the numbers: (low, high, without low, without high); those above 0 first."""
    low, high, open_low, open_high = argument.low, argument.high, argument.open_low, argument.open_high
    if not argument.nonzero or low > 0 or high < 0:
        spans = [(low, high, open_low, open_high)]
    else:
        spans = [(0.0, high, True, open_high), (low, 0.0, open_low, True)]
    return [span for span in spans if span[0] < span[1]]


# ----------------------------------------------------------------------------- drawing


def calls(arguments: Sequence[Argument]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Draw the arguments of a call.

    Those without a shape broadcast together, and to those that have one. Those without a dtype have
    one in common, float64 or, once in four, float32; `values` are of float64. Raises UncheckableError
    if there is nothing they could broadcast to.
    """
    given = [a.sides for a in arguments if a.sides is not None]
    free = [n for n, a in enumerate(arguments) if a.sides is None and not a.constant]
    whole: tuple[int, ...] = ()
    if given and free:
        try:
            whole = np.broadcast_shapes(*given)
        except ValueError:
            raise UncheckableError(
                f"the shapes {' and '.join(map(str, given))} do not broadcast, so argument {free[0] + 1}, "
                f'"{arguments[free[0]].text}", can have none that goes with them\n'
                "Say its shape too: shape=(3,4)"
            ) from None
    return _calls(list(arguments), free, whole if given else None)


@st.composite
def _calls(
    draw: st.DrawFn, arguments: list[Argument], free: list[int], whole: tuple[int, ...] | None
) -> tuple[Any, ...]:
    said = all(a.constant or a.values is not None or a.dtype is not None for a in arguments)
    usual = np.float64 if said else draw(st.sampled_from([np.float64, np.float64, np.float64, np.float32]))
    dtypes = [np.dtype(usual) if a.dtype is None else a.dtype for a in arguments]
    numbers = _numbers(arguments, dtypes)
    drawn: dict[int, Any] = {}
    if len(free) > 1 and whole is None and len({dtypes[n] for n in free}) == 1:
        together = gst.broadcastable(len(free), dtype=dtypes[free[0]], elements=[numbers[n] for n in free])
        drawn = dict(zip(free, draw(together), strict=True))
    elif len(free) > 1 and whole is None:
        whole = draw(gst.shapes())
    for n, argument in enumerate(arguments):
        if n in drawn:
            continue
        if argument.constant:
            drawn[n] = argument.value
        elif argument.values is not None:
            drawn[n] = np.array(argument.values, argument.dtype or np.float64)
        else:
            shape = argument.shape
            if shape is None:
                shape = draw(gst.shapes() if whole is None else _within(whole))
            drawn[n] = draw(gst.arrays(shape, dtype=dtypes[n], elements=numbers[n]))
    return tuple(drawn[n] for n in range(len(arguments)))


def _numbers(arguments: list[Argument], dtypes: list[np.dtype[Any]]) -> list[st.SearchStrategy[float]]:
    """The elements of each argument; those that are alike have one strategy, and so equal elements at times."""
    made: dict[Any, st.SearchStrategy[float]] = {}
    for argument, dtype in zip(arguments, dtypes):
        spans = _spans(argument)
        key = (dtype, *spans)
        if key not in made:
            made[key] = st.one_of(
                *(
                    gst.values(
                        dtype,
                        min_value=None if low == -math.inf else low,
                        max_value=None if high == math.inf else high,
                        exclude_min=open_low,
                        exclude_max=open_high,
                    )
                    for low, high, open_low, open_high in spans
                )
            )
    return [made[dtype, *_spans(argument)] for argument, dtype in zip(arguments, dtypes)]


@st.composite
def _within(draw: st.DrawFn, whole: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts to `whole`: it, without leading axes, or with some sides 1."""
    left = whole[draw(st.integers(0, len(whole))) :]
    return tuple(1 if side != 1 and draw(st.integers(0, 3)) == 3 else side for side in left)
