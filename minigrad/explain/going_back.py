"""A backward pass could not start, or met a part of the graph that is gone.

One idea: the message names the cause, not the symptom: which tensor, made where, cut or freed where.
"""

import re
from collections.abc import Sequence
from typing import Any

from ..errors import GradError, GraphFreedError
from ..place import at, expression, here, seen, spot
from ..value import Value
from .codes import coded
from .rewriting import call_at, update_at
from .words import born, called, made, result_of


@coded("G06")
def not_a_tensor(output: Any) -> GradError:
    """A backward pass was started from something else."""
    return GradError(
        f"a backward pass starts from a tensor, not from {type(output).__name__}{at(here())}.\n"
        "Compute the output from tensors: minigrad.tensor(..., requires_grad=True)"
    )


@coded("G01")
def nothing_to_do(output: Any) -> GradError:
    """A backward pass from a tensor without a graph."""
    name = called(output)
    cause, mend = cause_of_constant(output, name)
    return GradError(f"{name} has no graph to go back through: {cause}.\n{mend}")


def cause_of_constant(tensor: Any, name: str) -> tuple[str, str]:
    """Why no gradient passes a tensor, and what to write instead."""
    if tensor._cut is None:
        return (
            f"nothing that it was computed from requires a gradient{at(here())}",
            f"Make a parameter before computing {name}: a = minigrad.tensor(2.0, requires_grad=True)",
        )
    reason, place = tensor._cut
    text = expression(place)
    if reason == "no_grad":
        written, instead = update_at(place)
        if written:
            target = written.partition(" = ")[0]
            return (
                f"{written} inside no_grad(){at(place)} made another {target}, which is no parameter",
                f"Change the parameter itself there: {instead}",
            )
        return (
            f"{text or 'it'} was computed inside no_grad(){at(place)}, where none is kept",
            f"Compute {name} outside of no_grad(); keep only the update inside",
        )
    if reason == "detach":
        before = re.fullmatch(r"(.+)\.detach\(\)", text)
        return (
            f"the way from the parameters to it was cut by detach(){seen(place)}",
            f"Use {before[1] if before else 'the tensor'} itself there if a gradient should pass",
        )
    if reason == "copy":
        return (
            f"it is a copy of a computed tensor, or computed from one, and copies are in no graph{at(here())}",
            "For a copy in the graph write np.copy(x)",
        )
    if reason == "backward":
        return (
            f"it comes from a gradient made without create_graph{seen(place)}, which has none of its own",
            "For second derivatives write g = gradients(L, a, create_graph=True), then gradients(g, a)",
        )
    if not any(reason.rules) and not reason.__module__.startswith("minigrad."):  # the reader's own
        first = reason.parameters[0]
        return (
            f"it comes from {reason.__name__}{seen(place)}, which has no rule for a gradient",
            f"Write in {reason.__name__}: def d{first}(g, out, {', '.join(reason.parameters)}): return g * slope",
        )
    return (
        f"it comes from {reason.__name__}{seen(place)}, whose result has no gradient",
        "Compute with something that has a slope, such as minigrad.sigmoid or minigrad.where",
    )


@coded("G02")
def not_one_number(output: Any) -> GradError:
    """A backward pass from several numbers, without saying how much each counts."""
    name, shape = called(output, "y"), output.shape
    where = made(name, output.creator) if born(output) else at(here())
    if call_at(here(), "gradients"):
        mend = f"Reduce it, gradients({name}.sum(), ...), or give the upstream gradient: "
        mend += f"gradients({name}, ..., output_gradients=np.ones({shape}))"
    else:
        mend = f"Reduce it, {name}.sum().backward() or {name}.mean().backward(), or give the upstream gradient: "
        mend += f"{name}.backward(np.ones({shape}))"
    return GradError(
        f"a backward pass starts from d{name}/d{name} = 1, which needs one number; {name} has shape {shape}{where}.\n"
        + mend
    )


@coded("G04")
def requires_none(tensor: Any, n: int) -> GradError:
    """gradients() with respect to a constant."""
    if not isinstance(tensor, Value):
        return GradError(
            f"gradients() with respect to input {n}, which is {type(tensor).__name__}, not a tensor{at(here())}.\n"
            "Make it a parameter before computing: minigrad.tensor(..., requires_grad=True)"
        )
    name = called(tensor, f"input {n}")
    what = f"gradients() with respect to {name}, which does not require a gradient"
    if tensor._cut is None:
        return GradError(
            f"{what}{at(here())}.\nMake it a parameter before computing: minigrad.tensor(..., requires_grad=True)"
        )
    cause, mend = cause_of_constant(tensor, name)
    return GradError(f"{what}: {cause}.\n{mend}")


@coded("G05")
def unused(tensor: Any, n: int) -> GradError:
    """gradients() with respect to what the outputs were not computed from."""
    name = called(tensor, f"input {n}")
    return GradError(
        f"gradients() with respect to {name} (input {n}): no output was computed from it{at(here())}.\n"
        f"Leave it out, compute an output from {name} itself, or say allow_unused=True"
    )


@coded("G03")
def freed(call: Any, outputs: Sequence[Any] = (), met: Sequence[Any] = ()) -> GraphFreedError:
    """A part of the graph is gone: `call`, met on the way from `outputs`, and perhaps others among those `met`."""
    again = [output for output in outputs if output.creator is not None and not output.creator.record]
    if again:
        name = called(again[0])
        return GraphFreedError(
            f"the graph of {name}{made(name, again[0].creator)} was freed by {_by(again[0].creator)}: "
            "it can be gone through once.\n"
            f"Compute {name} again, or to go back twice on purpose, say {_kept(again[0].creator)} the first time"
        )
    # Of several that are gone, best the one that the reader has a name for.
    gone = [other for other in met if getattr(other, "record", True) is not True and not other.record] or [call]
    call = next((other for other in gone if result_of(other)), call)
    name = result_of(call)
    reuser = f"{called(outputs[0])} reuses " if outputs else "this reuses "
    what = f"{name}{made(name, call)}" if name else f"{expression(call.place) or type(call).__name__}{at(call.place)}"
    return GraphFreedError(
        f"{reuser}{what}, whose graph was freed by {_by(call)}.\n"
        f"Compute {name or 'it'} again in this iteration, or cut it with .detach(); "
        f"to go back twice on purpose, say {_kept(call)} the first time"
    )


def _by(call: Any) -> str:
    place = spot(call.record.place)
    return f"the {_pass_of(call)}() at {place}" if place else "an earlier pass"


def _kept(call: Any) -> str:
    """What would have kept the graph."""
    return "gradients(..., retain_graph=True)" if _pass_of(call) == "gradients" else "backward(retain_graph=True)"


def _pass_of(call: Any) -> str:
    """Which of the two passes freed a call."""
    return "gradients" if call_at(call.record.place, "gradients") else "backward"
