"""What a reader calls a tensor, and where it was made.

One idea: a tensor has the name of the variable that holds it, else the expression that made it.
"""

import ast
from typing import Any

from ..place import Place, expression, goes_to, name_of, spot
from ..value import Value


def called(tensor: Any, otherwise: str = "this tensor") -> str:
    """The reader's name of a tensor: a variable, or the expression it was computed by, in brackets if need be."""
    name = name_of(lambda v: v is tensor, "")
    if name:
        return name
    text = expression(born(tensor))
    return _in_brackets(text) if 0 < len(text) <= 40 else otherwise


def result_of(call: Any) -> str:
    """The reader's name of the result of a recorded call: a variable they have, or had; empty if there is none."""
    return name_of(lambda v: isinstance(v, Value) and v.creator is call, "") or goes_to(call.place)


def born(tensor: Any) -> Place | None:
    """Where a tensor was computed, if it was."""
    return None if tensor.creator is None else tensor.creator.place


def made(name: str, call: Any) -> str:
    """How and where a call was made, as an aside: ` (t2 + b, fit.py:5)`, without the expression if that is the name."""
    text = expression(call.place)
    if text in (name, name.strip("()")) or name.startswith(text + "."):
        text = ""
    parts = [text if text or name else type(call).__name__, spot(call.place)]
    inside = ", ".join(part for part in parts if part)
    return f" ({inside})" if inside else ""


def computed(call: Any) -> str:
    """A call as one speaks of it: `t4 = t3**2 (fit.py:5)`, or `Pow (fit.py:5)` where the source is not known."""
    text, name = expression(call.place), goes_to(call.place)
    if not text:
        text, name = type(call).__name__, ""
    place = spot(call.place)
    return (f"{name} = " if name and "=" not in text else "") + text + (f" ({place})" if place else "")


def _in_brackets(text: str) -> str:
    """An expression to which an attribute may be appended."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return f"({text})"
    return text if isinstance(node, (ast.Call, ast.Name, ast.Attribute, ast.Subscript)) else f"({text})"
