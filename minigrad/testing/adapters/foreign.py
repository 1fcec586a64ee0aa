"""What the adapters have in common: which arguments are differentiated, and whose memory a function sees.

One idea: an adapter must neither hide a fault of the function nor add one of its own. So the
function works in the caller's memory where its library would let it (a pass that writes into its
inputs or into the incoming gradient is seen doing so), and what it returns is copied (every one
of these libraries hands out shared buffers by design: both gradients of x + y are the incoming one).
"""

import importlib
import inspect
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import UncheckableError
from ..source import code_of, name_of

Array = np.ndarray[Any, Any]
Pullback = Callable[[Any], tuple[Array, ...]]
Forward = Callable[..., Any]


class Vjp:
    """A library's backward pass as `vjp(g, out, *args)`, with what a check has to know about the library.

    `linearize(*args) -> (out, pullback)` runs the forward pass once; `pullback(g)` may be called
    many times and returns a tuple, one gradient for each float argument. `layouts` are the memory
    layouts the library's arrays can have. `mutable` is False where an array never changes.
    `zero_times_inf` is "allow": all of these libraries give NaN where a slope is infinite and the
    incoming gradient 0. `name` and `call` are for the report.
    """

    zero_times_inf = "allow"

    def __init__(
        self,
        linearize: Callable[..., tuple[Any, Pullback]],
        name: str,
        call: str,
        layouts: tuple[str, ...] = ("C", "F", "reversed", "broadcast"),
        mutable: bool = True,
    ) -> None:
        self.linearize = linearize
        self.name = name
        self.call = call
        self.layouts = layouts
        self.mutable = mutable

    def __call__(self, g: Any, out: Any, *args: Any, **keywords: Any) -> Any:
        gradients = self.linearize(*args, **keywords)[1](g)
        return gradients[0] if len(gradients) == 1 else gradients

    def __repr__(self) -> str:
        return f"<vjp of {self.call.removeprefix('check_vjp(*')}>"


def library(name: str, adapter: str) -> ModuleType:
    """Import a library. Raises ModuleNotFoundError, which names what to install, if it is missing."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ModuleNotFoundError(f"{adapter} needs {name}: pip install {name}", name=name) from None


def check_order(order: int, adapter: str) -> None:
    """Raise UncheckableError unless the derivative asked for is the first or the second."""
    if order not in (1, 2):
        raise UncheckableError(
            f"{adapter} was asked for order={order!r}.\n"
            "order=1 checks the first derivative, order=2 the derivative of the backward pass"
        )


def is_float(value: Any) -> bool:
    """Whether a gradient is wanted for this argument: a real array, or a Python float."""
    return isinstance(value, float) or (isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f")


def floats_among(args: Sequence[Any], name: str) -> list[int]:
    """Return which arguments are differentiated. Raises UncheckableError if none is, or one is complex."""
    for n, value in enumerate(args):
        if isinstance(value, complex) or getattr(getattr(value, "dtype", None), "kind", "") == "c":
            raise UncheckableError(
                f"argument {n} of {name} is complex, and only real numbers are moved.\n"
                f"Give the real and the imaginary part as two arguments of a lambda"
            )
        if isinstance(value, list | tuple) and any(is_float(item) for item in value):
            raise UncheckableError(
                f"argument {n} of {name} is a {type(value).__name__} of floats, which is no array.\n"
                f"Give each its own argument, as in lambda a, b: f([a, b]); or make one array of it"
            )
    found = [n for n, value in enumerate(args) if is_float(value)]
    if not found:
        kinds = ", ".join(str(getattr(value, "dtype", type(value).__name__)) for value in args)
        raise UncheckableError(
            f"{name} was given no float argument ({kinds or 'nothing'}), so there is nothing to differentiate.\n"
            "Give at least one array of floats: np.array([1., 2.])"
        )
    return found


class Copies:
    """Copies of the arguments, for a backward pass that refers to them: the caller may change his own meanwhile.

    What the pass writes into them is written through, so that it is seen to write into its arguments.
    """

    def __init__(self, args: Sequence[Any]) -> None:
        self.args = [np.array(value) if isinstance(value, np.ndarray) else value for value in args]
        self._pairs = [
            (given, copy, copy.copy())
            for given, copy in zip(args, self.args)
            if isinstance(given, np.ndarray) and given.flags.writeable
        ]

    def write_through(self) -> None:
        for given, copy, before in self._pairs:
            if not np.array_equal(copy, before, equal_nan=copy.dtype.kind == "f"):
                given[...] = copy


def native(value: Any) -> Array:
    """An array in the byte order of this machine: no library but NumPy has others."""
    array = np.asarray(value)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def replaced(args: Sequence[Any], places: Iterable[int], values: Iterable[Any]) -> list[Any]:
    """Return the arguments with others at some places."""
    new = list(args)
    for n, value in zip(places, values):
        new[n] = value
    return new


def as_gradients(g: Any) -> tuple[Any, ...]:
    """The incoming gradient of each result."""
    return tuple(g) if isinstance(g, list | tuple) else (g,)


def joined(outs: Sequence[Array]) -> Any:
    """One result as an array, several as a tuple."""
    return outs[0] if len(outs) == 1 else tuple(outs)


def as_results(out: Any, name: str, is_array: Callable[[Any], bool], kind: Callable[[Any], str]) -> list[Any]:
    """Return the real results, indices and truth values left out.

    Raises UncheckableError if there is none, or something that is no array, or complex numbers.
    """
    outs = list(out) if isinstance(out, list | tuple) else [out]
    for one in outs:
        if not is_array(one):
            raise UncheckableError(
                f"{name} returned a {type(one).__name__}, which is no array of the library.\n"
                "Return an array, or a tuple of arrays, the library computed"
            )
        if "complex" in kind(one):
            raise UncheckableError(
                f"{name} returned complex numbers, and a slope is measured in real ones.\n"
                "Return the real and the imaginary part as two results"
            )
    real = [one for one in outs if "float" in kind(one)]
    if not real:
        kinds = ", ".join(kind(one) for one in outs) or "nothing"
        raise UncheckableError(
            f"{name} returned {kinds}: only floats have a slope.\n"
            "Check a function that returns floats; indices and truth values have no gradient"
        )
    return real


def cut_off(name: str, which: int, by: str) -> UncheckableError:
    """The error for a result that nothing can be passed back from."""
    return UncheckableError(
        f"result {which} of {name} does not hang on its arguments: nothing was recorded on the way.\n"
        f"{by} cuts the way back; return only results that are differentiable, as in lambda x: f(x)[0]"
    )


def one_result(out: Any, name: str) -> Any:
    """The result if it is the only one. Raises UncheckableError if there are several."""
    if isinstance(out, list | tuple):
        if len(out) != 1:
            raise UncheckableError(
                f"{name} returned {len(out)} results, and order=2 takes functions with one.\n"
                "Choose one: lambda x: f(x)[0]"
            )
        return out[0]
    return out


def not_there(name: str, order: int, error: Exception) -> UncheckableError:
    """The error for a rule that the library does not have."""
    which = "second derivative" if order == 2 else "gradient"
    said = str(error).splitlines()[0].strip().rstrip(".")
    return UncheckableError(
        f"{name} has no {which} here: {said}.\n"
        + ("Check it with order=1 only" if order == 2 else "Differentiate by other arguments: lambda x: f(x, fixed)")
    )


def named_as(f: Any, forward: Forward, order: int = 1) -> Forward:
    """forward with the parameter names of f, and g behind them, for the report to call its arguments by."""
    owner: Any = getattr(f, "__self__", None)
    of_class = getattr(f, "__name__", "") == "apply" and isinstance(owner, type)
    try:
        parameters = list(inspect.signature(owner.forward if of_class else f).parameters.values())
    except (TypeError, ValueError):  # a builtin keeps none
        return forward
    names = [p.name for p in parameters[1 if of_class else 0 :] if p.kind is p.POSITIONAL_OR_KEYWORD]
    names += ["g"] * (order == 2 and len(names) == len(parameters) - of_class and "g" not in names)
    if names:
        kind = inspect.Parameter.POSITIONAL_ONLY
        forward.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return forward


def described(f: Any, adapter: str, order: int, modules: Sequence[Any] = ()) -> tuple[str, str]:
    """The name of a function for the report, and the text of the call that checks it."""
    name, code = _name_and_code(f, modules)
    if order == 2:
        return f"the backward pass of {name}", f"check_vjp(*{adapter}({code}, order=2)"
    return name, f"check_vjp(*{adapter}({code})"


def _name_and_code(f: Any, modules: Sequence[Any]) -> tuple[str, str]:
    name = getattr(f, "__name__", "")
    for module in modules:
        if name and getattr(module, name, None) is f:
            return name, f"{module.__name__}.{name}"
    return name_of(f), code_of(f)
