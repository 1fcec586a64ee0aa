"""Which outputs are weighed and which inputs are moved: the rows and columns of the table.

One idea: small functions are checked element by element. One random projection of a Jacobian hides
an error of 1 % in one entry of 64 x 64 from any tolerance above 1e-5, so sums serve only beside
single elements: of a large function a sample of elements, and directions in which all move.
"""

from collections.abc import Sequence

import numpy as np

from .evidence import Direction
from .probe import Array, Probe

MOST_INPUTS, MOST_OUTPUTS = 64, 256
"""Up to here every element is checked."""

SAMPLE = 24
"""How many single elements of a large function are checked."""

PROJECTIONS = 8
"""How many directions in which all elements of a large function move."""


def rows(probe: Probe, effort: str, rng: np.random.Generator) -> tuple[list[Direction], Array | None]:
    """One row an output element and None, or a sample of them and weighted sums, and the matrix (rows, outputs)."""
    count = probe.middle.size
    arrays = [leaf.array for leaf in probe.outputs]
    if effort == "full" or (effort == "auto" and count <= MOST_OUTPUTS):
        return [unit(arrays, n) for n in range(count)], None
    found = [unit(arrays, n) for n in _chosen(count, rng)]
    found += [scattered(arrays, rng, f"random weights {k + 1}") for k in range(PROJECTIONS)]
    return found, np.array([flat(row) for row in found])


def columns(probe: Probe, effort: str, rng: np.random.Generator) -> tuple[list[Direction], list[Direction]]:
    """The elements that move one by one, and the joint directions.

    Equal elements, and one array given twice, show only when they move together: hence all ones, and a random one.
    """
    arrays = [leaf.array for leaf in probe.inputs]
    count = sum(a.size for a in arrays)
    whole = effort == "full" or (effort == "auto" and count <= MOST_INPUTS)
    joint: list[Direction] = []
    if count > 1:
        sizes = [_size(a) for a in arrays]
        ones = all((size[np.isfinite(a)] == 1).all() for size, a in zip(sizes, arrays))
        together = tuple(np.where(np.isfinite(a), size, 0.0) for size, a in zip(sizes, arrays))
        joint.append(Direction(together, name="all ones" if ones else "all by their size"))
        for k in range(1 if whole else PROJECTIONS):
            random = scattered(arrays, rng, "random" if whole else f"random {k + 1}")
            steps = tuple(u * size for u, size in zip(random.steps, together))
            joint.append(Direction(steps, name=random.name))
    return [unit(arrays, n) for n in (range(count) if whole else _chosen(count, rng))], joint


def unit(arrays: Sequence[Array], number: int) -> Direction:
    """The direction of one element, by its number in the flat order of all leaves."""
    steps = tuple(np.zeros(a.shape) for a in arrays)
    for n, step in enumerate(steps):
        if number < step.size:
            step.reshape(-1)[number] = 1.0
            index = tuple(int(i) for i in np.unravel_index(number, step.shape)) if step.ndim else ()
            return Direction(steps, n, index)
        number -= step.size
    raise IndexError(number)


def scattered(arrays: Sequence[Array], rng: np.random.Generator, name: str) -> Direction:
    """Short dyadic steps of both signs and unlike sizes, none of them 0."""
    pool = np.array([-2.0, -1.5, -1.0, -0.75, -0.5, 0.5, 0.75, 1.0, 1.25, 2.0])
    return Direction(tuple(np.asarray(rng.choice(pool, a.shape)) for a in arrays), name=name)


def flat(direction: Direction) -> Array:
    """The steps of all leaves in one row."""
    return np.concatenate([np.reshape(step, -1) for step in direction.steps])


def _chosen(count: int, rng: np.random.Generator) -> list[int]:
    return sorted(int(n) for n in rng.choice(count, min(SAMPLE, count), replace=False))


def _size(array: Array) -> Array:
    """The power of two below each element, 1 for a 0. Equal elements move by the same, tiny ones do not leap to where
    the function is another: 1/x at 1e-11 beside a number near 1. Infinities and NaN cannot move."""
    known = np.isfinite(array) & (array != 0)
    return np.where(known, np.ldexp(1.0, np.frexp(np.where(known, array, 1.0))[1] - 1), 1.0)
