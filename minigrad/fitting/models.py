"""Any Python function as a model: its parameters, their start values, and its values at numbers.

One idea: the signature says it all. The first argument is x; each further one is a parameter, under its
own name, and a number written as its default is where it starts.
"""

import difflib
import inspect
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg

Floats = NDArray[np.float64]

Function = Callable[..., Any]
Start = Mapping[str, float] | Sequence[float] | None


@dataclass(frozen=True)
class View:
    """How a model sees x, of which the points have rows: as it was given.

    As the rows themselves, (n,) or (n, k); transposed, (k, n); a dict of columns by their `names`; or `whole`, one
    thing that has no rows.
    """

    names: tuple[str, ...] | None = None
    transposed: bool = False
    whole: Any = None

    @property
    def plain(self) -> bool:
        """Whether the model sees the rows themselves."""
        return self.whole is None and self.names is None and not self.transposed

    def __call__(self, rows: Floats) -> Any:
        """Return x as the model is to have it."""
        if self.whole is not None:
            return self.whole
        rows = rows.view()
        rows.flags.writeable = False  # a model that writes into x would see another x at the next call
        if self.names is not None:
            return dict(zip(self.names, rows.T, strict=True))
        return rows.T if self.transposed else rows


@dataclass(frozen=True)
class Model:
    """A function of x and parameters.

    `names` are the parameters: the first `by_position` of them are given in order, the others by name.
    `start` holds the start value of each, and `told` those that somebody wrote: in `start`, or as a default.
    """

    function: Function
    names: tuple[str, ...]
    by_position: int
    start: tuple[float, ...]
    told: frozenset[str]

    def __call__(self, x: Any, values: Sequence[Any]) -> Any:
        """Return what the function returns for these values of the parameters, numbers or tensors."""
        if len(values) == self.by_position:
            return self.function(x, *values)
        named = dict(zip(self.names[self.by_position :], values[self.by_position :], strict=True))
        return self.function(x, *values[: self.by_position], **named)

    def at(self, x: Any, values: Sequence[float], n: int) -> Floats:
        """Return the n values of the model in float64, which may be infinite or NaN; a constant is repeated.

        Raises ValueError or TypeError where that is not what the function returns.
        """
        # As NumPy's numbers: of Python's own (-1.0)**0.5 is complex, and 1 / 0.0 and 10.0**400 raise.
        return checked(self.title, self(x, list(np.array(values, dtype=np.float64))), n)

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        name = getattr(self.function, "__name__", type(self.function).__name__)
        return "the model" if name == "<lambda>" else f"{name}()"


def checked(title: str, returned: Any, n: int) -> Floats:
    """Return what a model returned as n numbers in float64. Raises as `Model.at` does."""
    if isinstance(returned, mg.Tensor):
        returned = returned._array
    if type(returned) is np.ndarray and returned.dtype == np.float64 and returned.shape == (n,):
        return returned
    if returned is None:
        raise TypeError(f"{title} returned None, not a number for each point.\nA return may be missing at its end")
    array = np.asarray(returned)
    if array.dtype.kind == "c":
        raise TypeError(
            f"{title} returned complex numbers, and a sum of squares needs real ones.\n"
            "Return the real part, or the absolute value: np.abs(...)"
        )
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{title} returned {array.dtype}, not numbers.\nReturn one number for each point")
    if array.shape == (n,):
        return array if array.dtype == np.float64 else array.astype(np.float64)
    if array.size == 1:
        return np.full(n, float(array.reshape(())))
    advice = "Return its one column: [:, 0]" if array.shape == (n, 1) else "Return one number for each point"
    raise ValueError(f"{title} returned the shape {array.shape} for {n} points, not ({n},).\n{advice}")


def model_of(function: Function, start: Start = None) -> Model:
    """Return a function as a model, with its parameters named from its signature.

    `start` gives start values, by name or in order; else a number that is the argument's default; else 1. An argument
    whose default is no number, and a keyword-only one with a default, is an option of the function and stays at it,
    unless `start` names it. `*b` stands for as many parameters b1, b2, ... as `start` gives. Raises TypeError for what
    is no function of x and parameters, ValueError for a start that does not fit it.

    >>> model_of(lambda x, a, b=2.0: a * np.exp(-b * x), {"a": 5}).start
    (5.0, 2.0)
    """
    if not callable(function):
        raise TypeError(
            f"the model is {function!r}, not a function.\nWrite one of x and the parameters: lambda x, a, b: a * x + b"
        )
    try:
        arguments = list(inspect.signature(function).parameters.values())
    except ValueError:
        raise TypeError(
            f"{getattr(function, '__name__', 'the model')} does not tell its arguments, so its parameters have no "
            "names.\nWrap it: lambda x, a, b: f(x, a, b)"
        ) from None
    by_place = [a for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
    stars = next((a.name for a in arguments if a.kind is a.VAR_POSITIONAL), None)
    open_ended = any(a.kind is a.VAR_KEYWORD for a in arguments)
    if not by_place:
        raise TypeError(
            "the model takes no argument by position, and the first is to be x.\nWrite def model(x, a, b): ..."
        )
    if isinstance(start, str) or not (start is None or isinstance(start, (Mapping, Sequence, np.ndarray))):
        raise TypeError(f"start is {start!r}.\nGive a number for each parameter by its name: start={{'a': 1.0}}")
    given: dict[str, Any] = dict(start) if isinstance(start, Mapping) else {}

    names: list[str] = []
    defaults: dict[str, float] = {}
    by_position, gap = 0, False
    for argument in by_place[1:]:
        if argument.default is not argument.empty and not _is_number(argument.default) and argument.name not in given:
            gap = True  # an option, such as kind="exponential": what follows it is given by name
            continue
        names.append(argument.name)
        by_position += not gap
        if _is_number(argument.default):
            defaults[argument.name] = float(argument.default)
    if stars is not None:
        names += _starred(stars, start, len(names))
        by_position = len(names)
    for argument in arguments:
        if argument.kind is argument.KEYWORD_ONLY and (argument.default is argument.empty or argument.name in given):
            names.append(argument.name)
    if open_ended:
        names += [name for name in given if name not in names]
    if not names:
        raise TypeError(
            "the model has no parameters: its first argument is x, and there is no other.\n"
            "Write def model(x, a, b): ..., one argument for each parameter"
        )
    if start is not None and not isinstance(start, Mapping):
        if len(start) != len(names):
            raise ValueError(
                f"start has {len(start)} numbers for {len(names)} parameters: {', '.join(names)}.\n"
                f"Give one for each, or some by name: start={{{names[0]!r}: 1.0}}"
            )
        given = dict(zip(names, start, strict=True))
    refuse_unknown("start", given, names)
    for name, value in given.items():
        defaults[name] = number(f"start of {name}", value)
    return Model(
        function, tuple(names), by_position, tuple(defaults.get(name, 1.0) for name in names), frozenset(defaults)
    )


def _starred(stars: str, start: Start, before: int) -> list[str]:
    """The parameters that `*b` stands for: b1, b2, ..., as many as the start tells."""
    if start is not None and not isinstance(start, Mapping):
        return [f"{stars}{k + 1}" for k in range(len(start) - before)]
    found: list[str] = []
    while isinstance(start, Mapping) and f"{stars}{len(found) + 1}" in start:
        found.append(f"{stars}{len(found) + 1}")
    if not found:
        raise TypeError(
            f"the model takes *{stars}, and nothing says how many parameters that is.\n"
            f"Give a start for each, start=[1.0, 1.0], or write them out: lambda x, a, b: model(x, a, b)"
        )
    return found


def refuse_unknown(what: str, given: Any, names: Sequence[str]) -> None:
    """Raise ValueError if `given` names a parameter that there is not."""
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(str(name), names, 1)
            meant = f"Did you mean {near[0]!r}? " if near else ""
            raise ValueError(
                f"{what} names {name!r}, which is no parameter of the model.\n{meant}Its parameters: {', '.join(names)}"
            )


def number(what: str, value: Any) -> float:
    """Return a finite Python float. Raises TypeError or ValueError that says what it should have been."""
    if isinstance(value, mg.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value[()]
    if not _is_number(value):
        size = np.shape(value)
        hint = "For several numbers write *w in the signature, or an argument for each" if size else "Give a number"
        raise TypeError(f"the {what} is {value!r}, and a parameter is one real number.\n{hint}")
    if not math.isfinite(value):
        raise ValueError(f"the {what} is {float(value)}.\nGive a finite number")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
