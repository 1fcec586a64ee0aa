"""A call would leave the graph, and lose the gradient without a word.

One idea: what leaves is refused while a gradient is wanted, with the call that stays inside, and the
one that leaves on purpose.
"""

import ast
import re
from typing import Any

import numpy as np

from ..errors import DtypeError, GraphCutError, ShapeError
from ..place import Place, at, by_library, expression, goes_to, here, name_of, seen, stores_element
from ..value import Value
from .codes import coded
from .rewriting import (
    arguments_at,
    call_at,
    element,
    of_another,
    searched_in,
    with_arguments,
    with_keyword,
)
from .words import called

_MATH = re.compile(r"math\.(\w+)\(.*\)")
_ALSO_CALLED = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "pow": "power"}
_ALSO_CALLED |= {"asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "fabs": "absolute", "fsum": "sum"}


@coded("C01")
def cut_here(tensor: Any, what: str, leave: str) -> GraphCutError:
    """Numbers would leave the graph: by float(), by a function of the math module, by an array."""
    from .. import ops  # which are built on this

    place = here()
    name = _in_a_given_list(tensor, place) or called(tensor)
    written = expression(place)
    if stores_element(place):
        return _into_an_array(name, place)
    if by_library():
        return _into_a_library(tensor, name, place)
    if tensor.shape and leave == ".item()":
        leave = ".detach().numpy()"
    math = _MATH.search(written)
    instead = f"Compute with {name} itself"
    if math is not None and what in ("float", "int"):
        given = arguments_at(place, math[1])
        if name.strip("()") == math[0].strip("()") and given:  # an element of what was given
            name = given[0]
            instead = f"Compute with {name} itself"
        function = _ALSO_CALLED.get(math[1], math[1])
        what = math[0]
        if hasattr(ops, function):
            instead = f"Use {of_another(place, math[1], f'minigrad.{function}') or f'minigrad.{function}({name})'}"
        reason = "the math module keeps no record"
    elif what in ("float", "int"):
        what, reason = f"{what}({name})", "a Python number keeps no record"
    else:
        what, reason = what.format(name), "an array keeps no record"
        maker = _MAKER.search(written)
        joined = _with_lists_joined(place, name)
        if maker is not None:
            made = of_another(place, maker[1], f"minigrad.{maker[1]}")
            instead = f"Join them inside the graph: {made}" if made else f"Use minigrad.{maker[1]}, not np.{maker[1]}"
        elif joined:
            instead = f"Join them inside the graph: {joined}"
            if not called(tensor, ""):
                return GraphCutError(
                    f"an array made of tensors would leave the graph: {reason} of them{at(place)}.\n{instead}"
                )
    return GraphCutError(
        f"{what} would leave the graph: {name} requires a gradient, and {reason}{at(place)}.\n"
        f"{instead}; or say that the gradient should stop here: {name}{leave}"
    )


def _in_a_given_list(tensor: Value, place: Place | None) -> str:
    """`losses[0]`, if that is the tensor and the call at a place was given losses; empty if not."""
    positions: list[int] = []

    def holds_it(value: Any) -> bool:
        if not isinstance(value, (list, tuple)):
            return False
        positions[:] = [n for n, part in enumerate(value) if part is tensor]
        return bool(positions)

    given = name_of(holds_it, "")
    return f"{given}[{positions[0]}]" if given and given in arguments_at(place) else ""


_MAKER = re.compile(r"\b(?:np|numpy)\.(array|full)\(")
"""What makes an array, and has a namesake here that takes tensors."""


_CONVERTER = re.compile(r"(?:np|numpy)\.as(?:any|contiguous|fortran)?array")
"""What would make an array even of the tensor that its list is joined to."""


def _into_an_array(name: str, place: Place | None) -> GraphCutError:
    """A tensor was to become an element, or several, of an array."""
    array, index = element(expression(place))
    said, mend = (f"{expression(place)} = {name}", f"{array} = ") if array else (f"a[...] = {name}", "a = ")
    return GraphCutError(
        f"{said} would leave the graph: {name} requires a gradient, and an array keeps no record{at(place)}.\n"
        f"Write {mend}minigrad.index_update({array or 'a'}, {index or 'index'}, {name}), "
        "or collect the numbers in a list and join them: minigrad.array(numbers)"
    )


def _into_a_library(tensor: Value, name: str, place: Place | None) -> GraphCutError:
    """Another library, given a tensor or a list of them by the reader, asks for numbers."""
    if name.strip("()") == expression(place):  # an element, taken on the way
        name = "a tensor"
    given = name.partition("[")[0]  # losses, where losses[0] was asked
    listed = f"[v.{'detach().numpy()' if tensor.shape else 'item()'} for v in {given}]"
    instead = with_arguments(place, "", [given], lambda x: listed if given != name else f"{x}.detach().numpy()")
    return GraphCutError(
        f"{expression(place) or 'another library'} asks for the numbers of {name}, which requires a gradient, "
        f"and keeps no record of them{at(place)}.\n"
        f"Where no gradient should pass, give it an array: "
        f"{instead or ('x' if name == 'a tensor' else name) + '.detach().numpy()'}"
    )


@coded("S05")
def not_one_element(tensor: Any, conversion: str) -> ShapeError:
    """float() or int() of several elements, or of none."""
    name = called(tensor, "x")
    return ShapeError(
        f"{conversion}({name}) needs exactly one element; {name} has shape {tensor.shape}{at(here())}.\n"
        f"Reduce it, {name}.sum() or {name}.mean(), take one, {name}[0], or all: {name}.tolist()"
    )


@coded("S06")
def no_truth(tensor: Any) -> ShapeError:
    """`if x > 0:` of several elements, or of none."""
    place = here()
    name, written = called(tensor, ""), expression(place)
    searched = searched_in(written)
    if searched is not None:
        mend = f"`in` compares by ==. To look for the very tensor: any({searched[0]} is t for t in {searched[1]})"
    else:
        x = name or "(x > 0)"
        mend = f"Say which you mean, {x}.any() or {x}.all(); elementwise it is &, | and ~, not `and`, `or`, `not`"
    return ShapeError(
        f"{name or 'a tensor'} of shape {tensor.shape} has no truth as a whole: that is ambiguous{seen(place)}.\n{mend}"
    )


def _with_lists_joined(place: Place | None, name: str) -> str:
    """The call that was given a list of tensors, with the list as one tensor; empty if there is none."""
    call = call_at(place)
    if call is None:
        return ""
    given = arguments_at(place)
    lists = [text for text in given if text[:1] in ("[", "(") and re.search("[a-z_]", text, re.IGNORECASE)]
    lists = lists or [text for text in given if name.startswith(f"{text}[")]
    if _CONVERTER.fullmatch(ast.unparse(call.func)):
        return f"minigrad.array({lists[0]})" if lists else ""
    return with_arguments(place, "", lists[:1], lambda text: f"minigrad.array({text})") if lists else ""


@coded("C02")
def array_of_tensors(data: Any) -> GraphCutError:
    """A list of tensors was to become one array."""
    names: list[str] = []
    stack = [data]
    while stack and len(names) < 4:
        item = stack.pop(0)
        if isinstance(item, (list, tuple)):
            stack = [*item, *stack]
        elif isinstance(item, Value):
            names.append(called(item, f"t{len(names) + 1}"))
    flat = isinstance(data, (list, tuple)) and all(isinstance(item, Value) for item in data) and len(data) < 4
    joined = ", ".join(names) if flat else "t1, t2"
    said = expression(here()) or "an array of tensors"
    numbers = " and ".join(names) if flat else "tensors"
    return GraphCutError(
        f"{said} would copy the numbers of {numbers} and drop how they were computed{at(here())}.\n"
        f"Join them inside the graph: minigrad.stack([{joined}])"
        + ("" if flat else ", or as they are nested: minigrad.array([[t1, 2.0], [t2, t3]])")
    )


@coded("C03")
def copied_numbers(tensor: Value, kind: type[Value]) -> GraphCutError:
    """A tensor in a graph was to become a new leaf."""
    place = here()
    name = called(tensor, "t")
    written = expression(place) or f"{kind.__name__}({name})"
    return GraphCutError(
        f"{written} would copy the numbers of {name} and drop how they were computed{at(place)}.\n"
        f"Use {name} itself, or say that the gradient should stop here: {name}.detach()"
    )


@coded("S04")
def no_array_of(error: Exception) -> ShapeError:
    """Nested lists of unequal lengths."""
    why = "their rows have different lengths" if "inhomogeneous" in str(error) else error
    return ShapeError(f"these nested lists make no array: {why}{at(here())}.\nGive every row the same length")


@coded("D01")
def integers(dtype: np.dtype[Any], tensor: Any = None) -> DtypeError:
    """A tensor of integers was to require a gradient: one that the reader has, or one that is being made."""
    place = here()
    name = called(tensor, "") or goes_to(place) or "a tensor"
    known = re.fullmatch(r"(.+)\.requires_grad(?: = True)?", expression(place))
    if known is not None:
        mend = f"Convert it before: {known[1]} = {known[1]}.astype(float)"
    elif (call := call_at(place, "from_numpy")) is not None and call.args:
        shared = with_arguments(place, "from_numpy", arguments_at(place)[:1], lambda array: f"{array}.astype(float)")
        mend = f"Convert it before: {shared}"
    elif call_at(place, "from_dlpack") is not None:
        x = next(iter(arguments_at(place)), "x")
        mend = f"Copy its numbers, as others: minigrad.tensor({x}, dtype=float, requires_grad=True)"
    else:
        said = with_keyword(place, "dtype", "float") or "minigrad.tensor([1, 2, 3], requires_grad=True, dtype=float)"
        mend = f"Write numbers with a point, [1., 2., 3.], or say {said}"
    return DtypeError(
        f"{name} holds {dtype} and cannot require a gradient: a slope needs real numbers{seen(place)}.\n{mend}"
    )


@coded("C04")
def no_derivative(name: str, arguments: Any, near: str) -> GraphCutError:
    """A NumPy function without a rule was called with tensors; `near` has one, if it is not empty."""
    place = here()
    like = f" The nearest that has one is {near}." if near else ""
    names = [called(tensor, "x") for tensor in _tensors(arguments)] or ["x"]
    instead = with_arguments(place, name, names, lambda x: f"{x}.detach().numpy()")
    return GraphCutError(
        f"{name} has no derivative rule in minigrad, and would leave the graph{seen(place)}.{like}\n"
        f"Where no gradient should pass, compute on the array: {instead or f'{name}({names[0]}.detach().numpy())'}"
    )


def _tensors(arguments: Any) -> list[Any]:
    """The tensors among arguments, and in lists of them."""
    found = []
    for argument in arguments:
        if isinstance(argument, Value):
            found.append(argument)
        elif isinstance(argument, (list, tuple)):
            found += [part for part in argument if isinstance(part, Value)]
    return found


@coded("C05")
def moved(tensor: Any, backend: str) -> GraphCutError:
    """A computed tensor was to move to another array library."""
    name = called(tensor, "x")
    return GraphCutError(
        f"moving the computed tensor {name} to {backend} would leave the graph{at(here())}.\n"
        f"Move its inputs before computing, or cut it first: {name}.detach().to(...)"
    )
