"""A long array changed a piece at a time.

One idea: a step reads and writes the same numbers a dozen times. A piece small enough stays in the
cache from the first pass to the last, and main memory is read once. Measured on ten arrays of
1e5 numbers: Adam's step takes half the time it takes on whole arrays, that of SGD, with few passes, as long.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array

BYTES = 2**17
"""The most memory of a piece of one array. Half of it takes 1.1 times as long, for each piece costs a few µs. Twice as
much saves 5 %, or takes 1.8 times as long: what is longer the C library may ask of the system anew each time."""

Advance = Callable[[Array, Array, dict[str, Any], Any], Array]


def fit(x: Array, g: Array) -> bool:
    """Whether an array and its gradient are long enough to be worth it, and lie in memory in one order."""
    return type(x) is np.ndarray and x.nbytes > BYTES and x.flags.c_contiguous and g.flags.c_contiguous


def advance_in_blocks(advance: Advance, x: Array, g: Array, memory: dict[str, Any], group: Any) -> Array:
    """Call `advance` on each piece of the arrays and of what is remembered of them; return `x`.

    >>> x, g, memory = np.ones(100_000), np.ones(100_000), {}
    >>> def advance(x, g, memory, group):
    ...     memory["steps"], memory["last"] = memory.get("steps", 0) + 1, g.copy()
    ...     x -= g
    ...     return x
    >>> advance_in_blocks(advance, x, g, memory, {}) is x, x.any()
    (True, np.False_)
    >>> memory["steps"], memory["last"].shape == x.shape
    (1, True)
    """
    flat_x, flat_g = x.reshape(-1), g.reshape(-1)
    # What was remembered before: each piece finds the count of steps, and makes what was not there, as the first did.
    flat = {name: value if isinstance(value, int) else value.reshape(-1) for name, value in memory.items()}
    length = -(-x.size // -(-x.nbytes // BYTES))  # equal pieces: no small one at the end
    for start in range(0, x.size, length):
        piece = slice(start, start + length)
        given = {name: value if isinstance(value, int) else value[piece] for name, value in flat.items()}
        now = given.copy()
        advance(flat_x[piece], flat_g[piece], now, group)
        for name, value in now.items():
            if value is given.get(name):  # changed in place
                continue
            if isinstance(value, int):
                memory[name] = value
                continue
            if name not in memory:
                memory[name] = np.empty_like(x)
            memory[name].reshape(-1)[piece] = value
    return x
