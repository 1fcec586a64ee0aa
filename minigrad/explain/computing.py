"""An operation could not be computed, or did what is rarely meant.

One idea: NumPy's own words stay, as the cause; shapes, dtypes and the reader's line are added to them.
"""

import ast
import functools
import inspect
import warnings
from collections.abc import Sequence
from types import CodeType
from typing import Any

import numpy as np

from ..backend import check_same_library
from ..errors import BroadcastWarning, DtypeError, GradError, ShapeError
from ..place import at, expression, here, in_a_rule, name_of, seen, stack_level
from ..value import Value
from .codes import coded
from .matrices import unfit_matrix
from .rewriting import operands_at
from .rules import argument


def forward_failed(op: Any, values: Sequence[Any], error: Exception) -> None:
    """Raise an error that explains why `op` failed, or note on `error` where and with what it failed."""
    check_same_library(*values)
    if type(error) is TypeError and (misfit := _misfit(op.forward, values)):
        raise wrong_arguments(op, misfit) from None
    arrays = [(_name_of_array(v, argument(op, n)), v) for n, v in enumerate(values) if hasattr(v, "shape")]
    if isinstance(error, np.linalg.LinAlgError):
        raise unfit_matrix(op.__name__, *arrays[0], error) from error
    shapes = " and ".join(f"{name} of shape {v.shape}" for name, v in arrays)
    if type(error) is ValueError and op.elementwise and not _broadcast([v.shape for _, v in arrays]):
        raise ShapeError(
            f"[S01] {op.__name__} got {shapes}, which do not broadcast together{seen(here())}.\n"
            "Axes are matched from the last; each pair must be equal or one of them 1: reshape one of the two"
        ) from error
    if type(error) is ValueError and op.__name__ in _SHAPES_ASK:
        # NumPy's words for a matrix product are "gufunc signature (n?,k),(k,m?)->(n?,m?)".
        why: Any = error
        if op.__name__ == "MatMul":
            numbers = any(not getattr(v, "shape", ()) for v in values)
            why = "a matrix product takes no numbers" if numbers else "their inner lengths do not agree"
        elif op.__name__ == "Solve":
            why = "their lengths do not agree"
        mend = _SHAPES_ASK[op.__name__].format(*[name for name, _ in arrays], "y")
        raise ShapeError(f"[S02] {op.__name__} got {shapes}: {why}{seen(here())}.\n{mend}") from error
    described = ", ".join(f"{name} {v.shape} {v.dtype}" for name, v in arrays)
    error.add_note(f"in {op.__name__}({described}){at(here())}")


def _misfit(function: Any, arguments: Sequence[Any]) -> TypeError | None:
    """Why a function cannot be called so; None if it can, or tells no signature."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        return error
    except ValueError:
        pass
    return None


@coded("O02")
def wrong_arguments(op: Any, error: TypeError) -> TypeError:
    """An operation was given too many arguments, or too few."""
    parameters = ", ".join(op.parameters)
    return TypeError(
        f"{op.__name__}.forward({parameters}) cannot take these arguments: {error}{seen(here())}.\n"
        f"Write minigrad.apply({op.__name__}, {parameters})"
    )


@coded("O03")
def not_an_operation(what: Any) -> TypeError:
    """apply() was given something else first."""
    given = what.__name__ if isinstance(what, type) else f"of type {type(what).__name__}"
    return TypeError(
        f"apply() takes an operation first, a subclass of Op, and was given what is {given}{seen(here())}.\n"
        "Write minigrad.apply(MyOperation, x, y); an ordinary function of tensors needs no apply: f(x, y)"
    )


_SHAPES_ASK = {
    "MatMul": "The last axis of {0} must be as long as the last but one of {1}: {0} @ {1}.mT, or reshape; "
    "by a number, {0} * 2",
    "Solve": "{1} must be as long as {0}, or have as many rows: one column for each system; stacks of them broadcast",
    "Reshape": "The lengths must multiply to the number of elements; one of them may be -1, and is worked out",
    "Transpose": "Name each axis of {0} once: {0}.transpose(1, 0)",
    "BroadcastTo": "Axes are matched from the last; each of {0} must be 1 or as long as the one asked for",
    "Squeeze": "Only axes of length 1 can go: {0}.reshape(...) for others",
    "Concatenate": "All axes but the one they are joined along must be of one length",
    "Max": "The maximum of no elements does not exist: check that the axis is not empty",
    "Min": "The minimum of no elements does not exist: check that the axis is not empty",
}


def _broadcast(shapes: list[tuple[int, ...]]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


@coded("O01")
def no_array(op: Any, out: Any) -> TypeError:
    """forward returned something else."""
    if isinstance(out, Value):
        return TypeError(
            f"{op.__name__}.forward returned a {type(out).__name__}; it is given arrays and returns one{at(here())}.\n"
            "Compute with NumPy in it, np.sin(x), and make no tensors"
        )
    return TypeError(
        f"{op.__name__}.forward returned {type(out).__name__}, not one array{at(here())}.\n"
        "An operation has one result; several are one array that is indexed, or several operations"
    )


@coded("D02")
def complex_numbers(what: str) -> DtypeError:
    """Complex numbers met."""
    return DtypeError(
        f"{what}: complex numbers have no gradient in minigrad{at(here())}.\n"
        "Compute with the real and the imaginary part as two real tensors"
    )


def refuse_masked(array: Any) -> None:
    """Raise DtypeError for a masked array: minigrad would compute with the values it hides."""
    if hasattr(array, "mask") and hasattr(array, "compressed"):
        raise DtypeError(
            f"[D03] a masked array has values that are not there{at(here())}.\n"
            "Drop them, a.compressed(), or fill them: a.filled(0.0)"
        )


@coded("O04")
def no_rule(op: Any, n: int) -> GradError:
    """An argument that requires a gradient has no rule."""
    name = op.parameters[n]
    return GradError(
        f"{op.__name__} has no rule for the gradient of its argument {name}{at(here())}.\n"
        f"Write def d{name}(g, out, {', '.join(op.parameters)}) in {op.__name__}, or pass {name}.detach()"
    )


def warn_if_outer(call: Any, left: Any, right: Any) -> None:
    """Warn of (n, 1) with (n,): both sides grow, their ranks differ, the growing axes have one length.

    The most expensive silent mistake in the field: predictions against targets make an
    (n, n) loss. No false alarm on bias, layer norm, explicit outer products; none where the reader
    asked for the axis in that line, `x[:, None] - x`, nor for what a derivative rule computes.
    """
    a, b = getattr(left, "shape", ()), getattr(right, "shape", ())
    shape = call.shape
    if len(a) == len(b) or not a or not b or shape in (a, b):
        return
    long, short = (a, b) if len(a) > len(b) else (b, a)
    padded = (1,) * (len(long) - len(short)) + short
    grown = {n for side in (long, padded) for n, m in zip(shape, side, strict=True) if n != m}
    if len(grown) == 1 and grown != {0} and not _asked_for(call, call.inputs[long is b]) and not in_a_rule(call.place):
        what = expression(call.place) or type(call).__name__
        x, y = (left, right) if long is a else (right, left)
        x_name, y_name = _name_of_array(x, ""), _name_of_array(y, "y")
        warnings.warn(
            f"[W03] {what} is {shape}, from {a} and {b}: every element meets every other{at(call.place)}.\n"
            f"If they belong together one by one, give them one shape: "
            f"{y_name}.reshape({x_name + '.shape' if x_name else long}).  "
            f"If not, write {y_name}[None, :] and this goes away.",
            BroadcastWarning,
            stacklevel=stack_level(),
        )


def _asked_for(call: Any, origin: Any) -> bool:
    """Whether an axis of length 1 was put in by indexing just there, as in `x[:, None] - x`.

    The reader's line says so, of tensors and arrays alike. Where it is not to be had, or the operation is only a part
    of what they called, it is asked whether what the operation was given came of such an index.
    """
    operands = call.place and _operands(*call.place)
    if operands:
        if any(_adds_axis(operand) for operand in operands):
            return True
        if type(origin).__name__ != "GetItem" or origin.place != call.place:
            return False
    if type(origin).__name__ != "GetItem" or not origin.record:
        return False
    index = origin.args[1]
    return index is None or (isinstance(index, tuple) and any(part is None for part in index))


@functools.lru_cache(maxsize=1024)
def _operands(code: CodeType, offset: int) -> list[ast.expr]:
    """What the operation written at a place is of."""
    return operands_at((code, offset))


def _adds_axis(node: ast.expr) -> bool:
    """Whether an expression is `x[:, None]`, or the like."""
    if not isinstance(node, ast.Subscript):
        return False
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return any(ast.unparse(part).rpartition(".")[2] in ("None", "newaxis") for part in parts)


def _name_of_array(array: Any, otherwise: str) -> str:
    """The reader's name of an array, or of the tensor that holds it."""
    return name_of(lambda v: v is array or (isinstance(v, Value) and v._array is array), otherwise)
