"""Where in the reader's own code something happened, and what the reader calls it.

One idea: while a graph is recorded only a code object and an instruction offset
are kept (two attribute reads); the file, the line, the expression and the variable's
name are looked up when an error is written.
"""

import bisect
import dis
import functools
import inspect
import linecache
import os.path
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import numpy as np

_ROOMS = f"{Path(__file__).parent}{os.sep}"
_OURS = (_ROOMS, f"{Path(np.__file__).parent}{os.sep}")  # NumPy may stand between: np.ma, np.testing
_STANDARD = f"{Path(os.__file__).parent}{os.sep}"

Place = tuple[CodeType, int]
"""A point in a program: its code object and the offset of the instruction."""


def is_own(frame: FrameType) -> bool:
    """Whether a frame is minigrad's, NumPy's or, called by the reader, another library's."""
    return _outside(frame) is not frame


def _outside(frame: FrameType | None) -> FrameType | None:
    """The first frame, from `frame` outwards, of the reader's own code.

    Neither minigrad's nor NumPy's, nor that of an installed library (`random.shuffle(x)`, `plt.plot(x, y)`):
    the reader cannot mend those. Where nobody else called, it is the library that is the reader.
    """
    library = None
    while frame is not None:
        whose = _whose.get(file := frame.f_code.co_filename) or _asked(file)
        if whose == "reader":
            return frame
        if whose == "library":
            library = library or frame
        frame = frame.f_back
    return library


_whose: dict[str, str] = {}
"""Whose the code of a file is, as it was found: the names of a program's files are few, and asked for at each call."""


def _asked(file: str) -> str:
    """Whose code a file holds: "ours", minigrad's or NumPy's; that of a "library"; the "reader"'s."""
    parts = Path(file).parts
    installed = file.startswith((_STANDARD, "<frozen ")) or "site-packages" in parts or "dist-packages" in parts
    _whose[file] = "ours" if file.startswith(_OURS) else "library" if installed else "reader"
    return _whose[file]


def by_library() -> bool:
    """Whether it is another library that called minigrad, for the reader: matplotlib to draw a tensor, say."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (_whose.get(file := frame.f_code.co_filename) or _asked(file)) == "ours":
        frame = frame.f_back
    return frame is not None and is_own(frame)


def here() -> Place | None:
    """The place in the reader's code from which minigrad was called."""
    frame = _outside(sys._getframe(1))
    return None if frame is None else (frame.f_code, frame.f_lasti)


# ----------------------------------------------------------------------------- places in words


def spot(place: Place | None) -> str:
    """A place as `file:line`, as in `fit.py:12`; empty where it is not known, or is not the reader's but our own."""
    if place is None or place[0].co_filename.startswith(_ROOMS):
        return ""
    code, offset = place
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= offset < end and number is not None:
            line = number
            break
    return f"{os.path.basename(code.co_filename)}:{line}"


def stack_level() -> int:
    """The `stacklevel` of the reader's line, for a warning given by the caller of this function."""
    level, frame = 1, sys._getframe(1)
    reader = _outside(frame)
    while frame is not reader and frame.f_back is not None:
        frame = frame.f_back
        level += 1
    return level


def in_a_rule(place: Place | None) -> bool:
    """Whether what is computed just now, by a line at `place`, is for a derivative rule, and not the reader's own."""
    if not spot(place):
        return True
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (_whose.get(file := frame.f_code.co_filename) or _asked(file)) == "ours":
        if frame.f_code.co_name in ("_pass_back", "push"):
            return True
        frame = frame.f_back
    return False


def at(place: Place | None) -> str:
    """A place as the end of a sentence: ` (fit.py:12)`, or nothing."""
    text = spot(place)
    return f" ({text})" if text else ""


def expression(place: Place | None) -> str:
    """What the reader wrote at a place, such as `t2 + b`; empty where the source is not to be had, or is long."""
    if place is None or place[0].co_filename.startswith(_ROOMS):
        return ""
    code, offset = place
    first, last, start, end = next(islice(code.co_positions(), offset // 2, None), (None,) * 4)
    if first is None or last is None or start is None or end is None:
        return ""
    lines = [linecache.getline(code.co_filename, n).encode() for n in range(first, last + 1)]  # columns count bytes
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    text = " ".join(b" ".join(lines).decode(errors="replace").split())
    if not text or len(text) > 60:
        return ""
    try:  # a file that was edited since it was imported has something else there
        compile(text, code.co_filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return ""
    return text


def seen(place: Place | None, otherwise: str = "") -> str:
    """A place as the end of a sentence, with what was written there: ` (t2 + b, fit.py:5)`."""
    parts = [part for part in (expression(place) or otherwise, spot(place)) if part]
    return f" ({', '.join(parts)})" if parts else ""


@functools.lru_cache(maxsize=64)
def _steps(code: CodeType) -> tuple[dis.Instruction, ...]:
    return tuple(dis.get_instructions(code))


def _step_at(code: CodeType, offset: int) -> tuple[tuple[dis.Instruction, ...], int]:
    """All instructions, and which of them an offset is in: that of a call may be inside of it, in its cache."""
    steps = _steps(code)
    return steps, bisect.bisect_right(steps, offset, key=lambda step: step.offset) - 1


def _names(step: dis.Instruction, kind: str) -> tuple[str, ...]:
    """The variables that an instruction loads or stores; from Python 3.13 one may do several."""
    if kind not in step.opname or not isinstance(step.argval, (str, tuple)):
        return ()
    if "ATTR" in step.opname or "METHOD" in step.opname or "CONST" in step.opname:
        return ()
    return step.argval if isinstance(step.argval, tuple) else (step.argval,)


def goes_to(place: Place | None) -> str:
    """The variable that takes the value computed at a place: `L` in `L = mean(t7)`; empty if none does at once."""
    if place is None:
        return ""
    steps, k = _step_at(*place)
    return next(iter(_names(steps[k + 1], "STORE")), "") if k + 1 < len(steps) else ""


def stores_element(place: Place | None) -> bool:
    """Whether the instruction at a place is that of `a[0] = ...`."""
    if place is None:
        return False
    steps, k = _step_at(*place)
    return steps[k].opname in ("STORE_SUBSCR", "STORE_SLICE")


def before_storing(place: Place) -> Place:
    """Where the value was computed that `a[0] += ...` stores at a place; the place itself for `a[0] = ...`."""
    steps, k = _step_at(*place)
    before = [step for step in steps[:k] if step.opname != "SWAP"]
    swapped = k > 0 and steps[k - 1].opname == "SWAP"
    return (place[0], before[-1].offset) if swapped and before[-1].opname == "BINARY_OP" else place


def rebinds(place: Place | None, name: str) -> bool:
    """Whether the line at a place computes a variable anew from itself, as `a = a - lr * a.grad` does."""
    if place is None:
        return False
    steps, k = _step_at(*place)

    def line(step: dis.Instruction) -> int | None:
        return None if step.positions is None else step.positions.lineno

    def on_the_line(some: tuple[dis.Instruction, ...], kind: str) -> bool:
        return any(line(s) == line(steps[k]) and name in _names(s, kind) for s in some)

    return on_the_line(steps[:k], "LOAD") and on_the_line(steps[k + 1 :], "STORE")


@functools.lru_cache(maxsize=1024)
def reads_attribute(code: CodeType, offset: int, name: str) -> bool:
    """Whether the instruction there is the reader's own `.name` or `.name()`, not a getattr or a hasattr."""
    steps, k = _step_at(code, offset)
    return steps[k].opname in ("LOAD_ATTR", "LOAD_METHOD") and steps[k].argval == name


@functools.lru_cache(maxsize=1024)
def uses_attribute(code: CodeType, offset: int, name: str) -> bool:
    """Whether the instruction there is the reader's own `.name`, and more than the question whether it is None.

    False for what getattr, hasattr, a copy or a debugger does on the reader's behalf.
    """
    steps, k = _step_at(code, offset)
    if steps[k].opname != "LOAD_ATTR" or steps[k].argval != name:
        return False
    after = [*steps[k + 1 : k + 3], None, None]
    one, two = after[0], after[1]
    if one is None or "NONE" in one.opname:  # if x.grad is None:
        return False
    if two is not None and two.opname == "IS_OP" and one.opname.startswith("LOAD_CONST") and one.argval is None:
        return False
    # pytest takes the asserts of a test apart, into variables that nobody can write
    return not any(not stored.isidentifier() for stored in _names(one, "STORE"))


@functools.lru_cache(maxsize=1024)
def computes_with_attribute(code: CodeType, offset: int) -> bool:
    """Whether what the instruction there loads is computed with at once, as in `lr * a.grad` or `a.grad.sum()`."""
    steps, k = _step_at(code, offset)
    names = [step.opname for step in steps[k + 1 : k + 3]]
    if names and names[0].count("LOAD_FAST") > 1:  # from Python 3.13: a.grad waits, as in f(a.grad, x + y)
        return False
    if names and names[0].startswith(("LOAD_CONST", "LOAD_FAST", "LOAD_NAME", "LOAD_GLOBAL", "LOAD_DEREF")):
        names = names[1:]
        return bool(names) and names[0].startswith("BINARY_")
    return bool(names) and names[0].startswith(("BINARY_", "UNARY_NEGATIVE", "LOAD_ATTR", "LOAD_METHOD"))


# ----------------------------------------------------------------------------- the reader's variables


def name_of(is_it: Any, otherwise: str) -> str:
    """The name of the reader's variable for which `is_it(value)` is true, else `otherwise`.

    Variables come first, then what lies in them: `self.w`, `layers[0]`, `state["h"]`.
    """
    frame = _outside(sys._getframe(1))
    if frame is None:
        return otherwise
    mine = variables_of(frame)
    for variables in (mine, frame.f_globals):
        for name, value in list(variables.items()):
            if name.isidentifier() and not name.startswith("_") and is_it(value):
                return name
    for name, value in mine.items():
        if name.isidentifier() and not name.startswith("_"):
            for path, part in _inside(value):
                if is_it(part):
                    return name + path
    return otherwise


def in_module(path: list[str]) -> bool:
    """Whether what the reader calls `np`, or `np.linalg`, given as its names, is a module, or a function with methods.

    `np.sum(x)` is a call of a function, `x.sum()` that of a method: they look alike.
    """
    frame = _outside(sys._getframe(1))
    if frame is None or not path:
        return False
    found: Any = {**frame.f_globals, **variables_of(frame)}.get(path[0])
    for name in path[1:]:
        found = getattr(found, name, None) if isinstance(found, ModuleType) else None
    return isinstance(found, (ModuleType, np.ufunc))


def variables_of(frame: FrameType) -> dict[str, Any]:
    """The local variables of a frame, in a dict of our own.

    Until Python 3.13 the frame of a function keeps the dict that it gives out, and with it every tensor
    that the reader deletes afterwards. Emptied, it is filled anew when it is asked for. It stays as it is
    where the reader has it too, from locals().
    """
    given = frame.f_locals
    variables = dict(given)
    own = frame.f_code.co_flags & inspect.CO_OPTIMIZED and type(given) is dict  # not that of a module or a class
    if own and sys.getrefcount(given) <= 3:  # held by the frame, by us, and by this very question
        given.clear()
    return variables


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    """What lies directly in a list, a dict or an object, with the path to it."""
    if isinstance(value, (list, tuple)):
        yield from ((f"[{n}]", part) for n, part in enumerate(value[:100]))
    elif isinstance(value, dict):
        named = [(key, part) for key, part in islice(value.items(), 100) if isinstance(key, str)]
        yield from ((f'["{key}"]', part) for key, part in named)
    elif not isinstance(value, (type, ModuleType)):
        yield from ((f".{key}", part) for key, part in list(getattr(value, "__dict__", {}).items())[:100])
