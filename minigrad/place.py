"""Where in the reader's own code something happened, and what the reader calls it.

One idea: while a graph is recorded only a code object and an instruction offset
are kept (two attribute reads); the file, the line and the variable's name are
looked up when an error is written.
"""

import os.path
import sys
from types import CodeType, FrameType
from typing import Any

_OWN = frozenset({"minigrad", "minigrad.ops", "numpy"})  # NumPy may stand between: np.ma, np.testing

Place = tuple[CodeType, int]
"""A point in a program: its code object and the offset of the instruction."""


def _outside(frame: FrameType | None) -> FrameType | None:
    """The first frame, from `frame` outwards, that is neither minigrad's nor NumPy's."""
    while frame is not None:
        package = frame.f_globals.get("__package__")
        if package not in _OWN and (package or "").partition(".")[0] not in _OWN:
            return frame
        frame = frame.f_back
    return None


def here() -> Place | None:
    """The place in the reader's code from which minigrad was called."""
    frame = _outside(sys._getframe(1))
    return None if frame is None else (frame.f_code, frame.f_lasti)


def spot(place: Place | None) -> str:
    """A place as `file:line`, as in `fit.py:12`; empty where it is not known."""
    if place is None:
        return ""
    code, offset = place
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= offset < end and number is not None:
            line = number
            break
    return f"{os.path.basename(code.co_filename)}:{line}"


def at(place: Place | None) -> str:
    """A place as the end of a sentence: ` (fit.py:12)`, or nothing."""
    text = spot(place)
    return f" ({text})" if text else ""


def name_of(is_it: Any, otherwise: str) -> str:
    """The name of the reader's variable for which `is_it(value)` is true, else `otherwise`."""
    frame = _outside(sys._getframe(1))
    if frame is None:
        return otherwise
    for variables in (frame.f_locals, frame.f_globals):
        for name, value in list(variables.items()):
            if not name.startswith("_") and is_it(value):
                return name
    return otherwise
