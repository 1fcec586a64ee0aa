"""An array was changed in place where the graph, or a gradient, belongs to what it was.

One idea: beside the line that now fails stands the line that made the change.
"""

import re
import warnings
from typing import Any

import numpy as np

from .. import inplace
from ..errors import InplaceError, StaleGradWarning
from ..place import (
    Place,
    at,
    before_storing,
    by_library,
    expression,
    here,
    name_of,
    spot,
    stack_level,
    stores_element,
)
from ..value import Value
from .codes import coded
from .rewriting import element
from .rules import argument
from .words import called, computed

_CHANGE = re.compile(r"(?P<target>.+?)\s*(?P<sign>\*\*|//|[-+*/%])=\s*(?P<value>.+)")


@coded("P03")
def replaced(call: Any, n: int) -> InplaceError:
    """A gradient of a gradient needs a parameter whose array is another by now."""
    return InplaceError(
        f"going back through {computed(call)} with create_graph needs "
        f"{called(call.inputs[n], argument(call, n))} as it was, but its .data was replaced since.\n"
        "Call backward() before changing the parameter"
    )


@coded("P02")
def changed_in_place(call: Any, what: str, value: Any, origin: Any, place: Place | None) -> InplaceError:
    """An array that a call kept is not as it was. `what` it is for the call; `origin` it came from."""
    owner = inplace.memory_of(value)

    def is_it(v: Any) -> bool:
        if not isinstance(v, Value):
            return False
        return v is origin or (not isinstance(value, np.generic) and inplace.memory_of(v._array) is owner)

    name = name_of(lambda v: isinstance(v, Value) and v._array is value, "") or name_of(is_it, what)
    change = _CHANGE.fullmatch(expression(place))
    if isinstance(origin, Value):  # a parameter: its update came too early
        mend = "All losses first, then the update: call backward() before the change"
    elif change is not None:
        target, sign, operand = change["target"], change["sign"], change["value"]
        mend = f"Write {target} = {target} {sign} {operand} there (a new tensor) instead of {target} {sign}= {operand}"
        mend += "; or call backward() before the change"
    else:
        mend = "Make a new tensor there, x = x + 1 instead of x += 1, or call backward() before the change"
    return InplaceError(
        f"going back through {computed(call)} needs {name} as it was, but {name} was changed in place{at(place)}.\n"
        f"{mend}"
    )


@coded("P01")
def in_place_while_recording(tensor: Value, written: str, instead: str) -> InplaceError:
    """A change to a tensor that would have to be recorded. `written` and `instead` are in terms of x."""
    place = here()
    stores = place is not None and stores_element(place)
    change = _CHANGE.fullmatch(expression(before_storing(place) if place is not None and stores else place))
    name = change["target"] if change is not None else called(tensor, "x")  # in `for p in parameters: p -= ...` it is p
    array, index = element(expression(place)) if stores and change is None else ("", "")
    if array:
        written = f"{expression(place)} = ..."
        instead = f"{array} = minigrad.index_update({array}, {index}, ...)"
    elif change is not None:
        instead = f"{name} {change['sign']} {change['value']}"
        array, index = element(name)
        instead = f"{array} = minigrad.index_update({array}, {index}, {instead})" if array else f"{name} = {instead}"
        written = change.string
    elif by_library():
        said = expression(place)
        mend = f"Give it a copy to change, where no gradient should pass: {name}.detach().copy()"
        if "shuffle" in said:
            mend = f"Arrange positions instead, and take the elements in that order: {name}[positions]"
        return InplaceError(
            f"{said or 'another library'} would change {name} while the graph is being recorded{at(place)}.\n{mend}"
        )
    else:
        written, instead = written.replace("x", name, 1), instead.replace("x", name)
    if tensor.creator is None and tensor._requires_grad:
        return InplaceError(
            f"{written} would change the parameter {name} while the graph is being recorded{at(place)}.\n"
            f"To update it, stay outside the graph: with no_grad(): {written}   To compute with it: {instead}"
        )
    return InplaceError(
        f"{written} would change {name} while the graph is being recorded{at(place)}.\nMake a new tensor: {instead}"
    )


@coded("P04")
def in_place_on_an_array(tensor: Value, method: str) -> InplaceError:
    """A method that changes an array and returns nothing: returning something else would be a trap."""
    name = name_of(lambda v: v is tensor, "x")
    return InplaceError(
        f"{name}.{method}() changes an array in place; a tensor is not changed so{at(here())}.\n"
        f"Make a new tensor: minigrad.{method}({name})"
    )


def warn_if_stale(tensor: Any, gradient: Any) -> None:
    """Warn that more is about to be added to a gradient that belongs to an older value of a parameter.

    Never for one that was cleared, even by hand (`a.grad *= 0`), nor for several batches
    added up before a change, nor where the reader changed the gradient after the parameter,
    as a momentum made of `a.grad *= 0.9` does.
    """
    date, place = inplace.last_written(tensor)
    if tensor.creator is not None or date <= inplace.last_written(gradient)[0] or not gradient._array.any():
        return
    name = called(tensor, "a parameter")
    changed = f" at {spot(place)}" if place else ""
    before = spot(gradient._assigned[1])
    after = f", after the gradient of {before}" if before else ""
    warnings.warn(
        f"[W02] {name}.grad belongs to an older {name} ({name} changed{changed}{after}), and now more is added to it.\n"
        f"Clear it after each update: {name}.zero_grad().  "
        f"To add up several batches on purpose, do so before changing {name}.",
        StaleGradWarning,
        stacklevel=stack_level(),
    )
