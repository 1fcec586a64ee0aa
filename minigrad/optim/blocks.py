"""A long array changed a piece at a time.

One idea: a step reads and writes the same numbers a dozen times. A piece small enough stays in the
cache from the first pass to the last, and main memory is read once. Measured on ten arrays of
1e5 numbers: Adam's step takes 0.6 of the time it takes on whole arrays, that of SGD, with few passes, as long.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array

LENGTH = 8192
"""Numbers in a piece; 4096 and 16384 are as fast."""

Advance = Callable[[Array, Array, dict[str, Any], Any], Array]


def fit(x: Array, g: Array) -> bool:
    """Whether an array and its gradient are long enough to be worth it, and lie in memory in one order."""
    return type(x) is np.ndarray and x.size > 2 * LENGTH and x.flags.c_contiguous and g.flags.c_contiguous


def advance_in_blocks(advance: Advance, x: Array, g: Array, memory: dict[str, Any], group: Any) -> Array:
    """Call `advance` on each piece of the arrays and of what is remembered of them; return `x`.

    >>> x, g, memory = np.ones(3 * LENGTH), np.ones(3 * LENGTH), {}
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
    for start in range(0, x.size, LENGTH):
        piece = slice(start, start + LENGTH)
        given = {name: value if isinstance(value, int) else value[piece] for name, value in flat.items()}
        now = dict(given)
        advance(flat_x[piece], flat_g[piece], now, group)
        for name, value in now.items():
            if isinstance(value, int):
                memory[name] = value
                continue
            if name not in memory:
                memory[name] = np.empty_like(x)
            if value is not given.get(name):
                memory[name].reshape(-1)[piece] = value
    return x
