"""What may be optimised: tensors somebody made, that require a gradient, each once.

One idea: what no step could change is refused when the optimiser is made, and by the name
the reader gave it; a parameter that never moves is a mistake nobody sees.
"""

from collections.abc import Iterator
from typing import Any

from ..backend import Array
from ..containers import leaves
from ..errors import DtypeError, GradError, OptimiserError, ShapeError
from ..place import at, here, name_of
from ..value import Value


def gathered(tree: Any) -> list[tuple[str, Value]]:
    """Return the parameters in nested containers, in order, each with its path in them.

    `tree` is a tensor, a list, a dict, a dataclass, a generator. Raises OptimiserError if there
    is no parameter or one comes twice, GradError for what is none, DtypeError for a tensor that
    holds no real numbers.

    >>> import minigrad as mg
    >>> w, b = mg.ones(2, requires_grad=True), mg.tensor(0.0, requires_grad=True)
    >>> [path for path, parameter in gathered({"w": w, "rest": (b,)})]
    ['["w"]', '["rest"][0]']
    """
    found = list(leaves(list(tree) if isinstance(tree, Iterator) else tree))
    if not found:
        raise OptimiserError(
            f"there is nothing to optimise: no parameter was given{at(here())}.\n"
            "Give the tensors to change: [w, b]; a generator that was used up before is empty too"
        )
    for path, leaf in found:
        known = isinstance(leaf, Value) and leaf.creator is None and leaf._requires_grad
        if not known:
            raise _refusal(leaf, f"parameters{path}")
    refuse_twice([leaf for _, leaf in found])
    return found


def refuse_twice(parameters: list[Value]) -> None:
    """Raise OptimiserError if a parameter comes twice: it would move twice in each step."""
    if len({id(parameter) for parameter in parameters}) == len(parameters):
        return
    seen: dict[int, int] = {}
    for n, parameter in enumerate(parameters):
        first = seen.setdefault(id(parameter), n)
        if first != n:
            raise OptimiserError(
                f"{called(parameter, 'a tensor')} comes twice, as parameter {first} and {n}: "
                f"each step would move it twice{at(here())}.\nName each parameter once, in one group"
            )


def _refusal(leaf: Any, place: str) -> GradError | DtypeError:
    """Why a leaf is no parameter."""
    name = called(leaf, place) if isinstance(leaf, Value) else place  # None has many names
    if not isinstance(leaf, Value):
        return GradError(
            f"{name} is of type {type(leaf).__name__}, not a tensor: a step could not change it{at(here())}.\n"
            "Make it a parameter, minigrad.tensor(..., requires_grad=True), or leave it out"
        )
    if leaf._array.dtype.kind != "f":
        return DtypeError(
            f"{name} holds {leaf._array.dtype} and cannot be optimised: a step needs real numbers{at(here())}.\n"
            "Make it of floats: minigrad.tensor(..., dtype=float, requires_grad=True)"
        )
    if leaf.creator is not None:
        return GradError(
            f"{name} was computed ({type(leaf.creator).__name__}{at(leaf.creator.place)}), "
            f"so it is not a parameter: its values follow from other tensors{at(here())}.\n"
            f"Optimise those, or make a parameter of its values: minigrad.tensor({name}.detach(), requires_grad=True)"
        )
    return GradError(
        f"{name} does not require a gradient, so it would never move{at(here())}.\n"
        f"Say {name}.requires_grad = True before computing with it, or leave it out"
    )


def called(parameter: Any, otherwise: str) -> str:
    """What the reader calls a parameter, else `otherwise`."""
    return name_of(lambda value: value is parameter, otherwise)


def gradient_of(parameter: Value) -> Array | None:
    """The array of a parameter's gradient, None if none has arrived. Raises ShapeError if it does not fit."""
    grad = parameter._grad
    if grad is None:
        return None
    array = grad._array
    if array.shape != parameter._array.shape:
        raise ShapeError(
            f"the gradient of {called(parameter, 'a parameter')} has shape {array.shape}, "
            f"its values {parameter._array.shape}{at(here())}.\n"
            "A gradient has one number for each element: assign it to .grad, which checks that"
        )
    return array
