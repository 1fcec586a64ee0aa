"""A backward pass as the checks see it: incoming gradients in, one gradient for each leaf out.

One idea: whoever's backward pass it is, it is a `linearize`: arguments -> (output, pullback), where
the pullback may be called many times. A pair of plain functions becomes one here, and so do
minigrad's tensors; other libraries bring their own (`adapters`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..containers import leaves
from ..graph import gradients
from ..making import from_numpy
from ..mode import enable_grad, no_grad
from ..value import Value
from .errors import UncheckableError
from .probe import Array, Probe, as_given, quiet

Pullback = Callable[[Any], Any]
Linearize = Callable[..., tuple[Any, Pullback]]


def of_pair(
    forward: Callable[..., Any], vjp: Callable[..., Any], residuals: bool, keywords: dict[str, Any]
) -> Linearize:
    """A linearize of two plain functions: vjp(g, out, *args), or vjp(g, residuals)."""

    def linearize(*args: Any) -> tuple[Any, Pullback]:
        if residuals:
            out, kept = _two(forward(*args, **keywords), forward)
            return out, lambda g: vjp(g, kept)
        out = forward(*args, **keywords)
        return out, lambda g: vjp(g, out, *args, **keywords)

    return linearize


def without_residuals(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The forward pass alone of a function that returns (out, residuals)."""

    def values(*args: Any, **keywords: Any) -> Any:
        return _two(forward(*args, **keywords), forward)[0]

    return values


def _two(found: Any, forward: Any) -> tuple[Any, Any]:
    if isinstance(found, (tuple, list)) and len(found) == 2:
        return found[0], found[1]
    name = getattr(forward, "__name__", "forward")
    raise UncheckableError(
        f"with residuals=True {name} returns (out, residuals), but it returned a {type(found).__name__}.\n"
        "Return both, or leave out residuals=True and write vjp(g, out, *args)"
    )


def of_tensors(f: Callable[..., Any], keywords: dict[str, Any]) -> Linearize:
    """A linearize of a function written with minigrad; its float leaves arrive as tensors that require gradients."""

    def linearize(*args: Any) -> tuple[Any, Pullback]:
        with enable_grad():
            out = f(*args, **keywords)
        inputs = [leaf for arg in args for _, leaf in leaves(arg) if isinstance(leaf, Value) and leaf._requires_grad]

        def pullback(g: Any) -> list[Any]:
            recorded, given = reached(out, g)
            if not recorded:
                return [np.zeros(x.shape, x.dtype) for x in inputs]
            found = gradients(recorded, inputs, output_gradients=given, retain_graph=True)
            return [_numbers(x) for x in found]

        return out, pullback

    return linearize


def reached(out: Any, g: Any) -> tuple[list[Any], list[Any]]:
    """The outputs that a graph leads to, with their incoming gradients; a plain array has no graph."""
    pairs = [
        (leaf, given)
        for (_, leaf), (_, given) in zip(leaves(out), leaves(g))
        if isinstance(leaf, Value) and leaf.requires_grad  # type: ignore[attr-defined]
    ]
    return [leaf for leaf, _ in pairs], [given for _, given in pairs]


def as_tensor(array: Array, given: Any) -> Any:
    """An array as a tensor that requires no gradient, for the numeric side."""
    del given
    return from_numpy(array)


def as_parameter(array: Array, given: Any) -> Any:
    """An array as a tensor that requires a gradient."""
    del given
    return from_numpy(array, requires_grad=True)


def unrecorded(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function with no graph recorded. Raises UncheckableError for what is no function."""
    if not callable(f):
        raise UncheckableError(f"a {type(f).__name__} is no function: it cannot be called.\nGive a function first")

    def values(*args: Any, **keywords: Any) -> Any:
        with no_grad():
            return f(*args, **keywords)

    return values


def _numbers(x: Any) -> Any:
    array = x.data if isinstance(x, Value) else x  # type: ignore[attr-defined]
    return array if isinstance(array, (np.ndarray, np.generic)) else array.get()


class Backward:
    """A backward pass at the point of a probe."""

    def __init__(self, probe: Probe, linearize: Linearize, *, flat: bool = False, tensors: bool = False) -> None:
        self.probe = probe
        self._linearize = linearize
        self._flat = flat
        """Whether the pullback returns one gradient a leaf, not one an argument."""
        self._present = as_parameter if tensors else as_given
        self._dtypes = [leaf.array.dtype for leaf in probe.outputs]

    def forward(self) -> tuple[list[Any], Any, Pullback]:
        """Run the forward pass on fresh copies: the leaves as they were handed over, the output, the pullback."""
        handed = [
            self._present(np.array(leaf.array, order="K", copy=True), given)
            for leaf, given in zip(self.probe.inputs, self.probe.given)
        ]
        with quiet():
            out, pullback = self._linearize(*self.probe.arguments(handed))
        return handed, out, pullback

    def upstream(self, arrays: Sequence[Array]) -> Any:
        """Incoming gradients, one an output, as the pullback takes them: in the containers of the output."""
        return self.probe.like_output(
            [a if isinstance(given, (np.ndarray, Value)) else a[()] for a, given in zip(arrays, self._given_outputs())]
        )

    def _given_outputs(self) -> list[Any]:
        return [
            leaf
            for _, leaf in leaves(self.probe.structure)
            if getattr(getattr(leaf, "dtype", None), "kind", "f" if isinstance(leaf, float) else "") == "f"
        ]

    def split(self, row: Array) -> list[Array]:
        """A flat row over all outputs as one array an output, of its shape and dtype."""
        found, start = [], 0
        for leaf, dtype in zip(self.probe.outputs, self._dtypes):
            stop = start + leaf.array.size
            piece = np.empty(leaf.array.shape, dtype)  # with memory of its own, as no view has
            piece[...] = row[start:stop].reshape(leaf.array.shape)
            found.append(piece)
            start = stop
        return found

    def pull(self, pullback: Pullback, arrays: Sequence[Array]) -> list[Any]:
        """The gradients of one backward pass, one a leaf, as they came. Raises UncheckableError for more or fewer."""
        with np.errstate(all="ignore"):  # a derivative may be infinite: the verdict says so, not a warning
            return self._per_leaf(pullback(self.upstream(arrays)))

    def _per_leaf(self, found: Any) -> list[Any]:
        probe = self.probe
        if self._flat:
            return list(found)
        if found is None:
            raise UncheckableError(
                f"the backward pass of {probe.name} returned nothing.\n"
                "Return the gradient of each argument; a return may be missing"
            )
        wanted = len(probe.wrt)
        single = wanted == 1 and not isinstance(found, (tuple, list))
        if wanted == 1 and 0 not in probe.whole and not single and probe.wrt[0] not in probe.whole:
            single = not (isinstance(found, tuple) and len(found) == 1)  # the argument is itself a container
        each = [found] if single else found
        if isinstance(each, (tuple, list)) and len(each) != wanted:
            if len(each) == len(probe.args):
                each = [each[n] for n in probe.wrt]
            elif len(each) == len(probe.floats):
                each = [each[probe.floats.index(n)] for n in probe.wrt]
        if not isinstance(each, (tuple, list)) or len(each) != wanted:
            count = f"{len(each)} gradients" if isinstance(each, (tuple, list)) else f"a {type(each).__name__}"
            raise UncheckableError(
                f"the backward pass of {probe.name} returned {count}, and {wanted} arguments are differentiated.\n"
                "Return a tuple with one gradient for each of them, or name fewer in wrt"
            )
        flat: list[Any] = []
        for n, gradient in zip(probe.wrt, each):
            parts = [gradient] if n in probe.whole else self._in_order(n, gradient)
            expected = probe.of.count(n)
            if len(parts) != expected:
                raise UncheckableError(
                    f"the backward pass of {probe.name} returned {len(parts)} arrays for argument {n}, which holds "
                    f"{expected}.\nReturn the gradient in the same containers as the argument"
                )
            flat += parts
        for leaf, gradient in zip(probe.inputs, flat):
            if gradient is None:
                raise UncheckableError(
                    f"the backward pass of {probe.name} returned None for {leaf.path}.\n"
                    "Return zeros where nothing depends on it, or leave it out with wrt"
                )
        return [_numbers(g) if isinstance(g, Value) else g for g in flat]

    def _in_order(self, n: int, gradient: Any) -> list[Any]:
        """The leaves of a container of gradients in the order of the argument's: what has a name goes by its name."""
        probe = self.probe
        found = list(leaves(gradient, probe.names[n]))
        wanted = [leaf.path for leaf, of in zip(probe.inputs, probe.of) if of == n]
        paths = [path for path, _ in found]
        if paths != wanted and any("['" in path or '["' in path for path in paths):
            by_path = dict(found)
            if set(paths) == set(wanted):
                return [by_path[path] for path in wanted]
            if len(paths) == len(wanted):
                raise UncheckableError(
                    f"the backward pass of {probe.name} returned {', '.join(paths)}, and the argument holds "
                    f"{', '.join(wanted)}.\nReturn the gradient in the same containers, under the same keys"
                )
        return [leaf for _, leaf in found]
