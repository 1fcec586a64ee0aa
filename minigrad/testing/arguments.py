"""The arguments of a function under check: what they are called, and by which of them it can be differentiated.

One idea: a question that cannot be asked is refused before anything is measured, in the names of the reader's own
signature: too few arguments, a wrt that names none, integers, containers whose meaning a copy would lose.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..containers import leaves
from ..op import Op
from ..value import Value
from .errors import UncheckableError


def must_fit(f: Callable[..., Any], args: Sequence[Any], keywords: dict[str, Any], what: str, advice: str) -> None:
    """Raise UncheckableError unless a function takes these arguments, as far as its signature tells."""
    if isinstance(f, type) and issubclass(f, Op):
        raise UncheckableError(
            f"{f.__name__} is an operation, not a function of tensors.\n"
            f"Give the function that applies it: lambda *xs: minigrad.apply({f.__name__}, *xs)"
        )
    if hasattr(f, "__wrapped__") or hasattr(f, "__signature__"):
        return  # the signature of another function, for readers
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):  # a builtin or a ufunc keeps none
        return
    try:
        signature.bind(*args, **keywords)
    except TypeError as error:
        raise UncheckableError(f"{what} cannot be called: {error}.\n{advice}") from None


def names_of(f: Callable[..., Any], count: int) -> list[str]:
    """What the arguments of a function are called: as its signature says, else x, y, z, ..."""
    return called(f, count, None)


def called(f: Callable[..., Any], count: int, argnames: Sequence[str] | None) -> list[str]:
    """What the arguments are called: as given, as the signature says, else x, y, z, ..."""
    if argnames is not None:
        if len(argnames) != count:
            raise UncheckableError(
                f"argnames has {len(argnames)} names and there are {count} arguments.\nGive one name an argument"
            )
        return list(argnames)
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # a builtin or a ufunc keeps none
        parameters = []
    found = []
    for n in range(count):
        p = parameters[n] if n < len(parameters) else None
        if p is None or p.kind not in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            rest = count - n
            found += ["x", "y", "z"][:rest] if n == 0 and rest <= 3 else [f"x{k}" for k in range(n, count)]
            break
        found.append(p.name)
    return found


def wanted(args: Sequence[Any], wrt: int | Sequence[int] | None, names: list[str], name: str) -> list[int]:
    """The positions of the arguments to differentiate."""
    if wrt is None:
        return [n for n, arg in enumerate(args) if any(is_float(leaf) for _, leaf in leaves(arg))]
    if not isinstance(wrt, (int, np.integer, tuple, list)):
        raise UncheckableError(
            f"wrt={wrt!r} names no argument of {name}.\nWrite a position, wrt=0, or several, wrt=(0, 1)"
        )
    chosen: list[Any] = list(wrt) if isinstance(wrt, (tuple, list)) else [wrt]
    if not chosen:
        raise UncheckableError(f"wrt={wrt!r} names no argument of {name}.\nLeave it out to differentiate all")
    for n in chosen:
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not -len(args) <= n < len(args):
            raise UncheckableError(
                f"wrt names argument {n!r} of {name}, which has {len(args)}.\n"
                f"Write positions from 0 to {len(args) - 1}, as in wrt=0 or wrt=(0, 1)"
            )
        at = int(n)
        if not any(is_float(leaf) for _, leaf in leaves(args[at])):
            raise UncheckableError(
                f"argument {at} of {name}, {names[at]}, is {_kind(args[at])}, which has no derivative.\n"
                "Give floats (x.astype(float), 2.0 for 2), or leave it out of wrt"
            )
    positions = [int(n) % len(args) for n in chosen]
    if positions != sorted(set(positions)):
        raise UncheckableError(
            f"wrt={wrt!r} of {name} is not in order.\n"
            f"Gradients come in the order of the arguments: write wrt={tuple(sorted(set(positions)))}"
        )
    return positions


def nothing_to_differentiate(name: str, args: Sequence[Any], names: list[str]) -> str:
    given = ", ".join(f"{n} is {_kind(a)}" for n, a in zip(names, args)) or "there are no arguments"
    return (
        f"{name} was given nothing to differentiate: {given}.\n"
        "Give floats: np.array([1.0, 2.0]), x.astype(float), 2.0 for 2"
    )


def _kind(arg: Any) -> str:
    dtype = dtype_of(arg)
    shape = getattr(arg, "shape", None)
    return f"{dtype} of shape {tuple(shape)}" if shape else str(dtype)


def dtype_of(leaf: Any) -> Any:
    return getattr(leaf, "dtype", type(leaf).__name__)


def is_float(leaf: Any) -> bool:
    """Whether a leaf is made of real floats."""
    if isinstance(leaf, (np.ndarray, np.generic, Value)):
        return bool(leaf.dtype.kind == "f")
    return isinstance(leaf, float)


def refuse_subclass(arg: Any, argument: str, name: str) -> None:
    for path, leaf in leaves(arg, argument):
        if isinstance(leaf, (np.ma.MaskedArray, np.matrix)):
            raise UncheckableError(
                f"{path} of {name} is a numpy.{type(leaf).__name__}, which would lose its meaning in a copy.\n"
                f"Give a plain array, np.asarray({path}), and let the function make what it needs of it"
            )
