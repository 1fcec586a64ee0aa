"""What went wrong, in the reader's words: the errors of recording and of walking back.

One idea: an error is written for the person who wrote the line. It names their
variable and their line where it can find them, and its second line is what to write
instead. Nothing here computes; it is asked only when something has failed.
"""

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .backend import check_same_library
from .errors import BroadcastWarning, DtypeError, GradError, GraphFreedError, InplaceError, ShapeError
from .place import Place, at, here, name_of


def forward_failed(op: Any, values: Sequence[Any], error: Exception) -> None:
    """Raise an error that explains why `op` failed, or note on `error` where and with what it failed."""
    check_same_library(*values)
    arrays = [(argument(op, n), v) for n, v in enumerate(values) if hasattr(v, "shape")]
    shapes = " and ".join(f"{name} of shape {v.shape}" for name, v in arrays)
    if type(error) is ValueError and op.elementwise and not _broadcast([v.shape for _, v in arrays]):
        raise ShapeError(
            f"{op.__name__} got {shapes}, which do not broadcast together{at(here())}.\n"
            "Axes are matched from the last; each pair must be equal or one of them 1: reshape one of the two"
        ) from error
    if type(error) is ValueError and op.__name__ in _SHAPES_ASK:
        # NumPy's words for a matrix product are "gufunc signature (n?,k),(k,m?)->(n?,m?)".
        why: Any = error
        if op.__name__ == "MatMul":
            numbers = any(not v.shape for _, v in arrays)
            why = "a matrix product takes no numbers" if numbers else "their inner lengths do not agree"
        raise ShapeError(f"{op.__name__} got {shapes}: {why}{at(here())}.\n{_SHAPES_ASK[op.__name__]}") from error
    described = ", ".join(f"{name} {v.shape} {v.dtype}" for name, v in arrays)
    error.add_note(f"in {op.__name__}({described}){at(here())}")


_SHAPES_ASK = {
    "MatMul": "The last axis of x must be as long as the last but one of y: x @ y.mT, or reshape; by a number, x * 2",
    "Reshape": "The lengths must multiply to the number of elements; one of them may be -1, and is worked out",
    "Transpose": "Name each axis of x once: x.transpose(1, 0)",
    "BroadcastTo": "Axes are matched from the last; each of x must be 1 or as long as the one asked for",
    "Squeeze": "Only axes of length 1 can go: x.reshape(...) for others",
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


def no_array(op: Any, out: Any) -> TypeError:
    """forward returned something else."""
    return TypeError(
        f"{op.__name__}.forward returned {type(out).__name__}, not one array{at(here())}.\n"
        "An operation has one result; several are one array that is indexed, or several operations"
    )


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
            f"a masked array has values that are not there{at(here())}.\n"
            "Drop them, a.compressed(), or fill them: a.filled(0.0)"
        )


def no_rule(op: Any, n: int) -> GradError:
    """An argument that requires a gradient has no rule."""
    name = op.parameters[n]
    return GradError(
        f"{op.__name__} has no rule for the gradient of its argument {name}{at(here())}.\n"
        f"Write def d{name}(g, out, {', '.join(op.parameters)}) in {op.__name__}, or pass {name}.detach()"
    )


def warn_if_outer(op: Any, left: Any, right: Any, out: Any, place: Place | None) -> None:
    """Warn of (n, 1) with (n,): both sides grow, their ranks differ, the growing axes have one length.

    The most expensive silent mistake in the field: predictions against targets make an
    (n, n) loss. No false alarm on bias, layer norm, explicit outer products.
    """
    a, b = getattr(left, "shape", ()), getattr(right, "shape", ())
    shape = out.shape
    if len(a) == len(b) or not a or not b or shape in (a, b):
        return
    long, short = (a, b) if len(a) > len(b) else (b, a)
    padded = (1,) * (len(long) - len(short)) + short
    grown = {n for side in (long, padded) for n, m in zip(shape, side, strict=True) if n != m}
    if len(grown) == 1 and grown != {0}:
        warnings.warn(
            f"{op.__name__} of {a} and {b} is {shape}: every element meets every other{at(place)}.\n"
            f"If they belong together one by one, give them one shape: y.reshape({long}).  "
            "If not, write y[None, :] and this goes away.",
            BroadcastWarning,
            stacklevel=_depth(),
        )


def _depth() -> int:
    """The stacklevel of the reader's line, for a warning given one frame further in."""
    depth = 1
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "minigrad":
        depth += 1
        frame = frame.f_back
    return depth


def not_a_tensor(output: Any) -> GradError:
    """A backward pass was started from something else."""
    return GradError(
        f"a backward pass starts from a tensor, not from {type(output).__name__}{at(here())}.\n"
        "Compute the output from tensors: minigrad.tensor(..., requires_grad=True)"
    )


def nothing_to_do(is_it: Callable[[Any], bool]) -> GradError:
    """A backward pass from a tensor without a graph."""
    name = name_of(is_it, "this tensor")
    return GradError(
        f"{name} has no graph to go back through: nothing it was computed from requires a gradient, "
        f"or it was computed under no_grad() or cut by detach(){at(here())}.\n"
        "Make a parameter before computing: w = minigrad.tensor(2.0, requires_grad=True)"
    )


def not_one_number(is_it: Callable[[Any], bool], shape: tuple[int, ...]) -> GradError:
    """A backward pass from several numbers, without saying how much each counts."""
    name = name_of(is_it, "y")
    return GradError(
        f"a backward pass starts from d{name}/d{name} = 1, which needs one number; "
        f"{name} has shape {shape}{at(here())}.\n"
        f"Reduce it, {name}.sum().backward() or {name}.mean().backward(), or give the gradient: "
        f"{name}.backward(np.ones({shape}))"
    )


def requires_none(is_it: Callable[[Any], bool], n: int) -> GradError:
    """gradients() with respect to a constant."""
    return GradError(
        f"gradients() with respect to {name_of(is_it, f'input {n}')}, which does not require a gradient{at(here())}.\n"
        "Make it a parameter before computing: minigrad.tensor(..., requires_grad=True)"
    )


def wrong_gradient(given: tuple[int, ...], wanted: tuple[int, ...]) -> ShapeError:
    """A gradient of the wrong shape was given to a backward pass."""
    return ShapeError(
        f"the gradient given to a backward pass has shape {given}, its output {wanted}{at(here())}.\n"
        "Give one number for each element of the output"
    )


def rule_name(call: Any, rule: Any) -> str:
    """A rule as `Mul.dy`."""
    return f"{type(call).__name__}.{getattr(rule, 'func', rule).__name__}"


def no_gradient(call: Any, rule: Any, c: Any) -> GradError | DtypeError:
    """A rule returned no array of numbers."""
    what = f"an array of {c.dtype}" if hasattr(c, "dtype") else type(c).__name__
    error = DtypeError if hasattr(c, "dtype") else GradError
    return error(
        f"{rule_name(call, rule)} returned {what}, which is no gradient{at(call.place)}.\n"
        "A rule returns an array of real numbers; an argument that has no gradient has no rule"
    )


def impossible_gradient(call: Any, rule: Any, returned: tuple[int, ...], wanted: tuple[int, ...]) -> ShapeError:
    """A rule returned a shape that its argument's gradient cannot have."""
    name = rule_name(call, rule)
    return ShapeError(
        f"{name} returned {returned}, which cannot be the gradient of {name.partition('.d')[2]} "
        f"with shape {wanted}{at(call.place)}.\n"
        "A gradient has its argument's shape, or the shape that was broadcast to"
    )


def argument(call: Any, n: int) -> str:
    """What forward calls its n-th argument; `xs[2]` for the third of `*xs`."""
    names = call.parameters
    if call.variadic and n >= len(names) - 1:
        return f"{names[-1]}[{n - len(names) + 1}]"
    return str(names[n]) if n < len(names) else f"argument {n}"


def replaced(call: Any, n: int) -> InplaceError:
    """A gradient of a gradient needs a parameter whose array is another by now."""
    return InplaceError(
        f"going back through {type(call).__name__}{at(call.place)} with create_graph needs "
        f"{argument(call, n)} as it was, but its .data was replaced since.\n"
        "Call backward() before changing the parameter"
    )


def changed_in_place(call: Any, what: str, place: Place | None) -> InplaceError:
    """An array that a call kept is not as it was."""
    return InplaceError(
        f"going back through {type(call).__name__}{at(call.place)} needs {what} as it was, "
        f"but it was changed in place{at(place)}.\n"
        "Make a new tensor there, x = x + 1 instead of x += 1, or call backward() before the change"
    )


def freed(call: Any, is_it: Callable[[Any], bool]) -> GraphFreedError:
    """A part of the graph is gone."""
    name = name_of(is_it, "a tensor")
    return GraphFreedError(
        f"{name}, computed by {type(call).__name__}{at(call.place)}, is needed again, "
        "but its graph was freed by an earlier backward().\n"
        "Compute it again in this iteration, or cut it with .detach(); "
        "to go back twice on purpose, call backward(retain_graph=True) the first time"
    )
