"""`numeric_jacobian`: every partial derivative of a function from its values alone, with an error bar each.

One idea: the ladder for every element of the arguments, all outputs at once.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .evidence import Direction
from .judge import across_a_kink
from .ladder import BLUNT, K, Slopes, measure
from .probe import Probe
from .source import name_of


class NumericJacobian(NamedTuple):
    """What `numeric_jacobian` found; arrays, or tuples of them if several arguments were differentiated."""

    value: Any
    """The slope; at a kink the middle of the interval of slopes; of a staircase, that of its ramp; NaN for none."""
    uncertainty: Any
    """The error bar of the slope; at a kink half the interval; infinite where there is no slope."""
    status: Any
    """`smooth`, `kink`, `jump`, `noisy`, `quantised`, `infinite` or `undefined`."""


def numeric_jacobian(
    f: Callable[..., Any], *args: Any, wrt: int | Sequence[int] | None = None, **kwargs: Any
) -> NumericJacobian:
    """Return the Jacobian of `f` measured by differences, the error bar of each entry, and how f goes there.

    `f` takes and returns NumPy arrays or numbers; keyword arguments are passed on. Each entry has the shape of the
    output followed by that of the argument; several arguments (those of floats, or the positions in
    `wrt`) give tuples, in order. An entry is the best extrapolation over steps that shrink by 8; its bar is made of
    what neighbouring orders of extrapolation disagree by, and of the noise the finer steps show. About 40 evaluations
    an element. Raises UncheckableError for what is no deterministic function of floats.

    >>> import numpy as np
    >>> J, bar, status = numeric_jacobian(np.sin, np.array(1.0))
    >>> bool(abs(J - np.cos(1.0)) <= 4 * bar), bool(bar < 1e-11), str(status)
    (True, True, 'smooth')
    >>> str(numeric_jacobian(np.abs, np.array(0.0)).status)
    'kink'
    """
    probe = Probe(f, args, kwargs, wrt=wrt, name=name_of(f))
    outputs = probe.middle.size
    found = []
    for n, leaf in enumerate(probe.inputs):
        shape = (outputs, leaf.array.size)
        value, bar = np.full(shape, np.nan, probe.middle.dtype), np.full(shape, np.inf, probe.middle.dtype)
        status = np.full(shape, "undefined", dtype="<U9")
        for column, index in enumerate(np.ndindex(leaf.array.shape)):
            slopes = measure(probe.ladder(Direction((), n, index)))
            for m in range(outputs):
                value[m, column], bar[m, column], status[m, column] = _entry(slopes, m)
        found.append((value, bar, status))
    parts = []
    for kind in range(3):
        whole = [_shaped(probe, matrices[kind], leaf.array.shape) for matrices, leaf in zip(found, probe.inputs)]
        given = probe.per_argument(whole)
        parts.append(given[0] if len(given) == 1 else tuple(given))
    return NumericJacobian(*parts)


def _entry(s: Slopes, m: int) -> tuple[float, float, str]:
    """One slope with its bar, and in a word how the function goes."""
    value, bar = s.central.value[m], s.central.error[m]
    left, right = s.left, s.right
    if not np.isfinite(s.samples.middle[m]):
        return np.nan, np.inf, "undefined"
    if s.jump[m]:
        return np.nan, np.inf, "jump"
    if s.steep[m]:
        return np.nan, np.inf, "infinite"
    if s.kink[m]:
        low, high = sorted((left.value[m], right.value[m]))
        return (low + high) / 2, (high - low) / 2 + left.error[m] + right.error[m], "kink"
    if not np.isfinite(bar):
        value, bar = (right.value[m], right.error[m]) if np.isfinite(right.error[m]) else (left.value[m], left.error[m])
    if not np.isfinite(bar):
        return np.nan, np.inf, "undefined"
    if s.wild[m]:
        return np.nan, np.inf, "noisy"
    other, other_bar = s.visible.value[m], s.visible.error[m]
    sharp = s.visible is not s.central and K * other_bar <= BLUNT * abs(other)
    if sharp and abs(other - value) > K * (bar + other_bar) and not across_a_kink(s, m):
        # Nothing changes any more at the finest steps. Either they are too small to be seen, or it is a staircase:
        # from values alone these are one, so the bar spans both.
        return other, max(other_bar, abs(other - value) / K), "quantised"
    noisy = K * bar > BLUNT * max(abs(value), s.floor[m])
    return value, bar, "noisy" if noisy else "smooth"


def _shaped(probe: Probe, matrix: Any, shape: tuple[int, ...]) -> Any:
    """A matrix (outputs, elements) as out.shape + in.shape, in the containers of the result."""
    rows, start = [], 0
    for leaf in probe.outputs:
        stop = start + leaf.array.size
        rows.append(matrix[start:stop].reshape(leaf.array.shape + shape))
        start = stop
    return probe.like_output(rows)
