"""`python docs/differentiable.py` writes docs/differentiable.md: what of NumPy takes tensors, and what does not.

One idea: what there is, is read from the registry and from the docstrings; what there is not, is
NumPy's own list less that. Only the reasons are written here, and a reason gives way to a rule.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from minigrad.op import by_function, by_numpy
from minigrad.testing.spec import registered, specs

PAGE = Path(__file__).with_suffix(".md")

OUTSIDE = {
    "Makes an array of numbers that are given: nothing to differentiate. Make a tensor of it: `minigrad.tensor(...)`, "
    "`minigrad.zeros`, `minigrad.arange`, ...; tensors are joined by `np.stack` and `np.concatenate`.": """
        arange array asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray asmatrix bartlett blackman
        bmat copy diag_indices diag_indices_from empty empty_like eye frombuffer from_dlpack fromfunction fromiter
        fromstring full full_like geomspace hamming hanning identity indices ix_ kaiser logspace mask_indices
        ones require tri tril_indices tril_indices_from triu_indices triu_indices_from vander zeros""",
    "Its result is a count, a place or a truth value: it jumps and has no slope. Ask the array: "
    "`np.f(x.detach().numpy())`.": """
        argpartition bincount digitize histogram histogram2d histogram_bin_edges histogramdd lexsort nanargmax nanargmin
        ravel_multi_index unravel_index linalg.matrix_rank""",
    "Sets of values: which are there jumps. `x[index]` with the places that `np.unique` finds of the array.": """
        intersect1d setdiff1d setxor1d union1d unique unique_all unique_counts unique_inverse unique_values""",
    "Of whole numbers and bits, which have no slope.": """
        bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift
        bitwise_xor gcd invert lcm left_shift logical_and logical_not logical_or logical_xor packbits right_shift
        unpackbits""",
    "Of complex numbers: a tensor holds real ones.": """
        angle common_type conj conjugate imag iscomplex iscomplexobj isreal isrealobj real real_if_close sort_complex
        linalg.eig linalg.eigvals roots""",
    "The steps between neighbouring floating-point numbers: an accident of how they are stored.": """
        frexp nextafter spacing""",
    "Changes an array in place, which a graph cannot follow: `minigrad.where(mask, new, x)` is a new one.": """
        copyto fill_diagonal place put put_along_axis putmask resize""",
    "Reads or writes a file or text.": """
        array2string array_repr array_str base_repr binary_repr format_float_positional format_float_scientific
        fromfile fromregex genfromtxt info load loadtxt save savetxt savez savez_compressed typename""",
    "Of dates.": "busday_count busday_offset datetime_as_string datetime_data is_busday isnat",
    "Asks about a dtype, memory, or NumPy itself; or changes how NumPy behaves.": """
        broadcast_shapes can_cast einsum_path get_include get_printoptions getbufsize geterr geterrcall isdtype
        isfortran isscalar issubdtype iterable may_share_memory min_scalar_type mintypecode ndim nested_iters
        printoptions promote_types result_type set_printoptions setbufsize seterr seterrcall shape shares_memory
        show_config show_runtime size test""",
    "Takes a function, and calls it on arrays: call it yourself, on tensors.": """
        apply_along_axis apply_over_axes frompyfunc piecewise""",
    "Coefficients of polynomials: a line of arithmetic each. A product is a "
    "convolution, a derivative `p[:-1] * np.arange(n, 0, -1)`.": """
        poly polyadd polyder polydiv polyfit polyint polymul polysub""",
}
"""Why the functions of a group take no tensors, and what to write instead."""

INSTEAD = {
    "convolve": "`(np.pad(x, n - 1)[places] * y).sum(axis=-1)`, with a row of places for each element of the result",
    "copysign": "`np.abs(x) * np.where(y < 0, -1, 1)`",
    "delete": "`x[keep]`, with the places that stay",
    "divmod": "`x // y` and `x % y`: an operation has one result",
    "ediff1d": "`np.diff`",
    "i0": "no rule: of the Bessel functions none is here",
    "insert": "`np.concatenate([x[:n], new, x[n:]])`",
    "interp": "`y[n] + (y[n + 1] - y[n]) * t`, with the places n and the parts t found on the array",
    "ldexp": "`x * 2.0**n`",
    "linalg.tensorinv": "`np.linalg.inv` of `x.reshape(n, n)`",
    "linalg.tensorsolve": "`np.linalg.solve` of `x.reshape(n, n)`",
    "modf": "`np.trunc(x)` and `x - np.trunc(x)`: an operation has one result",
    "nanmedian": "`np.median(x[keep])`, with the places of the numbers",
    "nanpercentile": "`np.percentile(x[keep], q)`, with the places of the numbers",
    "nanquantile": "`np.quantile(x[keep], q)`, with the places of the numbers",
    "polyval": "a loop of `y = y * x + c`",
    "row_stack": "`np.vstack`, whose old name it is",
    "trapezoid": "`((y[1:] + y[:-1]) * np.diff(x)).sum() / 2`",
    "trim_zeros": "`x[first:last]`",
    "unwrap": "`x + 2 * np.pi * n`, with the whole numbers n found on the array",
}
"""What to write instead of functions that stand alone."""


class Entry(NamedTuple):
    """A function of NumPy, or of ours alone, and whether a gradient passes."""

    name: str
    """As one writes it: `np.linalg.norm`."""
    family: str
    differentiable: bool
    says: str


def public() -> dict[str, Any]:
    """NumPy's own list: its public functions and those of numpy.linalg, by name without np."""
    found = {name: getattr(np, name) for name in np.__all__}
    found |= {f"linalg.{name}": getattr(np.linalg, name) for name in np.linalg.__all__}
    return {name: f for name, f in sorted(found.items()) if callable(f) and not inspect.isclass(f)}


def supported() -> dict[str, Entry]:
    """Every function of NumPy's list that takes tensors."""
    found = {}
    for name, f in public().items():
        if f in by_numpy:
            op = by_numpy[f]
            ours = getattr(mg, f.__name__, op)
            found[name] = Entry(f"np.{name}", _family(op), any(op.rules), _says(ours))
        elif f in by_function:
            ours = by_function[f]
            found[name] = Entry(f"np.{name}", _family(ours), _passes(ours, name), _says(ours))
    return found


def ours_alone() -> list[Entry]:
    """The operations that NumPy does not have."""
    specs()
    known = {*by_function.values(), *(getattr(mg, name, None) for name in public())}
    found = []
    for name in mg.__all__:
        f = getattr(mg, name)
        spec = registered.get(f) if inspect.isfunction(f) else None
        if spec is not None and f not in known:
            found.append(Entry(f"minigrad.{name}", _family(f), spec.differentiable, _says(f)))
    return sorted(found)


def _passes(ours: Any, name: str) -> bool:
    """Whether a gradient passes: as its spec says, else as a call of it shows."""
    specs()
    if ours in registered:
        return bool(registered[ours].differentiable)
    if ours.__module__ == "numpy":  # a question about dtypes or memory, which NumPy answers itself
        return False
    x = mg.tensor(np.eye(3) + 1, requires_grad=True)
    for arguments in ((x,), ([x, x],), (x, x), (x, 0), (0, x), (np.ones((3, 3), bool), [x], 0.0)):
        try:
            result = ours(*arguments)
        except (TypeError, ValueError, IndexError):
            continue
        parts = result if isinstance(result, (tuple, list)) else [result]
        return any(isinstance(part, mg.Tensor) and part.requires_grad for part in parts)
    raise ValueError(
        f"whether a gradient passes np.{name} is not known: give {ours.__module__}.{ours.__name__} an op_spec"
    )


def _family(thing: Any) -> str:
    return str(thing.__module__).rpartition(".")[2]


def _says(ours: Any) -> str:
    """The first sentences of a docstring, up to what it raises."""
    first = (inspect.getdoc(ours) or "").partition("\n\n")[0]
    text = " ".join(first.partition("Raises")[0].split())
    return text.removeprefix("Return ").replace("|", r"\|")


def reasons(name: str) -> str:
    """Why a function takes no tensors, or what to write instead; empty if nobody has said so."""
    if name in INSTEAD:
        return INSTEAD[name]
    return next((why for why, names in OUTSIDE.items() if name in names.split()), "")


def page() -> str:
    """The text of docs/differentiable.md."""
    has = supported()
    alone = ours_alone()
    passing = [e for e in has.values() if e.differentiable]
    constant = [e for e in has.values() if not e.differentiable]
    missing = [name for name in public() if name not in has]
    version = ".".join(np.__version__.split(".")[:2])
    return "\n".join(
        [
            "# What is differentiable",
            "",
            "<!-- Written by `python docs/differentiable.py` from the registry of operations: change it there. -->",
            "",
            f"Of the {len(public())} public functions of NumPy {version} and its `linalg`, {len(passing)} pass a "
            f"gradient, {len(constant)} take a tensor and give a constant, and {len(missing)} take none: each of those "
            "is below with the reason, or with what to write instead. Every one that passes a gradient passes one of "
            "that gradient too. `np.f(x)`, `minigrad.f(x)` and, where ndarray has it, `x.f()` are the same.",
            "",
            "## A gradient passes",
            *_by_family(passing),
            "",
            "## minigrad's own",
            *_by_family(alone),
            "",
            "## A tensor goes in, a constant comes out",
            "",
            "Where the value jumps, or does not depend on the numbers, the slope is zero and no gradient passes.",
            "",
            *_table(constant),
            "",
            "## Takes no tensor",
            "",
            "Given a tensor that requires a gradient these raise an error that says so, or answer as of any object.",
            *_outside(missing),
            "",
            "### What to write instead",
            "",
            "| NumPy | write |",
            "|---|---|",
            *(f"| `np.{name}` | {reasons(name) or 'it has no rule'} |" for name in missing if not _grouped(name)),
            "",
        ]
    )


def _grouped(name: str) -> bool:
    return name not in INSTEAD and bool(reasons(name))


def _by_family(entries: list[Entry]) -> Iterator[str]:
    for family in sorted({entry.family for entry in entries}):
        yield from (
            "",
            f"### {family.capitalize().replace('_', ' ')}",
            "",
            *_table([e for e in entries if e.family == family]),
        )


def _table(entries: list[Entry]) -> Iterator[str]:
    yield from ("| function | what it does, and its derivative |", "|---|---|")
    for entry in entries:
        yield f"| `{entry.name}` | {entry.says} |"


def _outside(missing: list[str]) -> Iterator[str]:
    for why, names in OUTSIDE.items():
        here = [f"`np.{name}`" for name in missing if _grouped(name) and name in names.split()]
        if here:
            yield from ("", f"**{why}**", ", ".join(here))


if __name__ == "__main__":
    text = page()
    changed = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: {'written anew' if changed else 'as it was'}\n")
