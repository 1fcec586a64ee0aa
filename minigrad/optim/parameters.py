"""What may be optimised: tensors somebody made, that require a gradient, each once.

One idea: what could not be changed by a step is refused when the optimiser is made, and by
the name the reader gave it; a parameter that never moves is a mistake nobody sees.
"""

from collections.abc import Iterator
from typing import Any

from ..backend import Array
from ..containers import leaves
from ..errors import DtypeError, GradError, OptimiserError, ShapeError
from ..place import at, here, name_of
from ..value import Value


def gathered(tree: Any) -> list[Value]:
    """Return the parameters in nested containers, in order: one tensor, a list, a dict, a dataclass, a generator.

    Raises OptimiserError if there is none or one comes twice, GradError for what is no
    parameter, DtypeError for a tensor that holds no real numbers.

    >>> import minigrad as mg
    >>> w, b = mg.ones(2, requires_grad=True), mg.tensor(0.0, requires_grad=True)
    >>> [p is q for p, q in zip(gathered({"w": w, "rest": (b,)}), [w, b])]
    [True, True]
    """
    if isinstance(tree, Iterator):
        tree = list(tree)
    found: list[Value] = []
    for path, leaf in leaves(tree):
        found.append(_checked(leaf, path))
    if not found:
        raise OptimiserError(
            f"there is nothing to optimise: no parameter was given{at(here())}.\n"
            "Give the tensors to change: [w, b]; a generator that was used up before is empty too"
        )
    refuse_twice(found)
    return found


def refuse_twice(parameters: list[Value]) -> None:
    """Raise OptimiserError if a parameter comes twice: it would move twice in each step."""
    seen: dict[int, int] = {}
    for n, parameter in enumerate(parameters):
        first = seen.setdefault(id(parameter), n)
        if first != n:
            raise OptimiserError(
                f"{called(parameter, 'a tensor')} comes twice, as parameter {first} and {n}: "
                f"each step would move it twice{at(here())}.\nName each parameter once, in one group"
            )


def _checked(leaf: Any, path: str) -> Value:
    """The leaf, if a step can change it."""
    where = f"parameters{path}"
    if not isinstance(leaf, Value):
        raise GradError(
            f"{where} is of type {type(leaf).__name__}, not a tensor: a step could not change it{at(here())}.\n"
            "Make it a parameter, minigrad.tensor(..., requires_grad=True), or leave it out"
        )
    name = called(leaf, where)
    if leaf._array.dtype.kind != "f":
        raise DtypeError(
            f"{name} holds {leaf._array.dtype} and cannot be optimised: a step needs real numbers{at(here())}.\n"
            "Make it of floats: minigrad.tensor(..., dtype=float, requires_grad=True)"
        )
    if leaf.creator is not None:
        raise GradError(
            f"{name} was computed ({type(leaf.creator).__name__}{at(leaf.creator.place)}), "
            f"so it is not a parameter: its values follow from other tensors{at(here())}.\n"
            f"Optimise those, or make a parameter of its values: {name}.detach(), then requires_grad = True"
        )
    if not leaf._requires_grad:
        raise GradError(
            f"{name} does not require a gradient, so it would never move{at(here())}.\n"
            f"Say {name}.requires_grad = True before computing with it, or leave it out"
        )
    return leaf


def called(parameter: Value, otherwise: str) -> str:
    """What the reader calls a parameter, else `otherwise`."""
    return name_of(lambda value: value is parameter, otherwise)


def gradient_of(parameter: Value, n: int) -> Array | None:
    """The array of a parameter's gradient, None if none has arrived. Raises ShapeError if it does not fit."""
    grad = parameter._grad
    if grad is None:
        return None
    array = grad._array
    if array.shape != parameter._array.shape:
        raise ShapeError(
            f"the gradient of {called(parameter, f'parameter {n}')} has shape {array.shape}, "
            f"its values {parameter._array.shape}{at(here())}.\n"
            "A gradient has one number for each element: assign it to .grad, which checks that"
        )
    return array
