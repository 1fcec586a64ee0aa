"""A method that a tensor has not, but an array of NumPy, torch or pandas.

One idea: who writes `x.exp()` or `x.unsqueeze(0)` knows what they want, only not how it is spelt here. For each
such name Tensor has a descriptor that answers. (A `__getattr__` would do for all, but CPython 3.11 looks nothing up
fast on a class that has one: 9 % of `x.sum()`, measured.)
"""

import ast
import inspect
import re
import sys
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from . import ops
from .explain.rewriting import call_around
from .explain.words import called
from .op import by_function, by_numpy
from .place import Place, at, expression, is_own, reads_attribute
from .tensor import Tensor

_METHODS = {
    "add": "{x} + {y}",
    "append": "minigrad.concatenate([{x}, {y}])",
    "bmm": "{x} @ {y}",
    "clamp": "{x}.clip({low, high})",
    "clone": "{x}.copy()",
    "contiguous": "{x}",
    "cpu": '{x}.to("numpy")',
    "cuda": '{x}.to("cupy")',
    "detach_": "{x} = {x}.detach()",
    "dim": "{x}.ndim",
    "div": "{x} / {y}",
    "double": "{x}.astype(np.float64)",
    "eq": "{x} == {y}",
    "expand": "{x}.broadcast_to({shape})",
    "extend": "minigrad.concatenate([{x}, {y}])",
    "float": "{x}.astype(float)",
    "ge": "{x} >= {y}",
    "grad_fn": "{x}.creator",
    "gt": "{x} > {y}",
    "half": "{x}.astype(np.float16)",
    "int": "{x}.astype(int)",
    "le": "{x} <= {y}",
    "long": "{x}.astype(int)",
    "lt": "{x} < {y}",
    "mm": "{x} @ {y}",
    "mul": "{x} * {y}",
    "mv": "{x} @ {y}",
    "ne": "{x} != {y}",
    "neg": "-{x}",
    "numel": "{x}.size",
    "permute": "{x}.transpose({axes})",
    "requires_grad_": "{x}.requires_grad = {True}",
    "sub": "{x} - {y}",
    "t": "{x}.T",
    "to_numpy": "{x}.numpy()",
    "type": "{x}.astype({dtype})",
    "unsqueeze": "{x}.expand_dims({axis})",
    "values": "{x}.numpy()",
    "view": "{x}.reshape({shape})",
    "view_as": "{x}.reshape({y}.shape)",
}
"""Methods and attributes of other libraries' arrays, and how they are spelt here, with the arguments as they are."""

_ARGUMENTS = {"dim": "axis", "keepdim": "keepdims", "other": "", "input": "", "requires_grad": ""}
"""What torch calls an argument, and NumPy; nothing for what has no name here."""

_UPDATES = {"add_": "+=", "sub_": "-=", "mul_": "*=", "div_": "/=", "pow_": "**="}


class _Absent:
    """Stands where a tensor has nothing: for hasattr() and dir() of a tensor there is nothing, for who writes
    `.name` an answer. The class has nothing either, but for dir(Tensor), which lists what stands in it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, tensor: Any, kind: type[Any]) -> NoReturn:
        if tensor is None:
            raise AttributeError(f"type object {kind.__name__!r} has no attribute {self._name!r}")
        raise _no_attribute(tensor, self._name, sys._getframe(1))


def _no_attribute(tensor: Any, name: str, frame: FrameType) -> AttributeError:
    """A tensor was asked for what it has not. Only who wrote `.name` is told more: libraries ask for much."""
    kind = type(tensor).__name__
    plain = AttributeError(f"{kind!r} object has no attribute {name!r}")
    place = (frame.f_code, frame.f_lasti)
    if is_own(frame) or not reads_attribute(*place, name):
        return plain
    written = expression(place)
    x = written.removesuffix(f".{name}") if written.endswith(f".{name}") else called(tensor, "x")
    mend = _method_here(x, name, _given(place))
    # Without an object of its own Python would add the name of ours that looks most like it, for .abs that is .any.
    return AttributeError(f"[A01] {x} is a {kind}, which has no .{name}{at(place)}.\n{mend}", name=name, obj=None)


def _given(place: Place) -> list[str]:
    """The arguments of the method called at a place, by our names."""
    call = call_around(place)
    if call is None:
        return []
    named = [(_ARGUMENTS.get(k.arg or "", k.arg), ast.unparse(k.value)) for k in call.keywords]
    return [*map(ast.unparse, call.args), *[f"{ours}={value}" if ours else value for ours, value in named]]


def _method_here(x: str, name: str, given: list[str]) -> str:
    """What to write instead of `x.name(*given)`."""
    if name == "zero_":
        return f"Write {x.removesuffix('.grad')}.zero_grad(); or, outside of the graph, with no_grad(): {x}[...] = 0.0"
    if name == "view" and len(given) == 1 and _DTYPE.fullmatch(given[0]):
        return f"Its array has one: {x}.data.view({given[0]})"
    y = _operand(given)
    if name in _UPDATES:
        sign = _UPDATES[name]
        y = y if len(given) < 2 else "..."  # torch's alpha= has no place beside an operator
        return f"To compute with it: {x} = {x} {sign[:-1]} {y}   To update it, outside of the graph: " + (
            f"with no_grad(): {x} {sign} {y}"
        )
    if name in _METHODS:
        understood = _understood(name, given)
        words = {"x": x, "y": y}

        def filled(left: re.Match[str]) -> str:
            return words.get(left[1]) or (understood and ", ".join(given)) or left[1]

        return ("Write " if understood else "Its like here is ") + re.sub(r"\{(.*?)\}", filled, _METHODS[name])
    ours = name.removesuffix("_")
    if hasattr(ops, ours):
        new = f"{x} = " if name.endswith("_") else ""
        theirs = getattr(np, ours, None)
        known = theirs is not None and (theirs in by_numpy or theirs in by_function)
        arguments = ", ".join([ast.unparse(ast.parse(x)), *given])
        return f"Write {new}minigrad.{ours}({arguments})" + (f", or {new}np.{ours}({arguments})" if known else "")
    return f"Its array has one: {x}.data.{name}" + (f"({', '.join(given)})" if given else "")


_DTYPE = re.compile(r"(?:np|numpy|torch)\.[a-z]+\d*|float|int|bool|complex|[\"'].*[\"']")
"""What is written for a dtype, most likely."""


def _understood(name: str, given: list[str]) -> bool:
    """Whether the arguments of a method of another library's have their places in how it is spelt here."""
    if name == "expand" and "-1" in given:  # which leaves a length as it is: NumPy has no word for that
        return False
    places = set(re.findall(r"\{(.*?)\}", _METHODS[name])) - {"x"}
    return not given or (places == {"y"} and _operand(given) != "y") or bool(places - {"y"})


def _operand(given: list[str]) -> str:
    """The one argument, as it may stand beside an operator; y where there are others, or it has a name."""
    text = given[0] if len(given) == 1 else "y"
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return "y"
    alone = isinstance(node, (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.List))
    return text if alone else f"({text})"


_functions = {name for name, f in vars(ops).items() if inspect.isfunction(f)}
_of_arrays = {name for name in dir(np.ndarray) if not name.startswith("_")}
for _name in {*_METHODS, *_UPDATES, "zero_", *_functions, *(f"{name}_" for name in _functions), *_of_arrays}:
    if not hasattr(Tensor, _name):
        setattr(Tensor, _name, _Absent(_name))


def _present(tensor: Tensor) -> list[str]:
    """The names that a tensor has."""
    kind = type(tensor)
    return [name for name in object.__dir__(tensor) if not isinstance(inspect.getattr_static(kind, name, 0), _Absent)]


Tensor.__dir__ = _present  # type: ignore[assignment,method-assign]
