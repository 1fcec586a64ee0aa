"""Functions of torch, JAX, autograd and MyGrad, and pairs written for them, as `check_vjp` wants them.

One idea: whatever the library, a function becomes the two callables of a gradient written by hand,
arrays in and arrays out, and a check needs to know no library. Each adapter returns
`(forward, vjp)`, so `check_vjp(*from_torch(f), x)` checks f. A library is imported when it is asked for.
"""

from .autograd import from_autograd
from .jax import from_jax
from .mygrad import from_mygrad
from .pair import from_pair
from .torch import from_torch

__all__ = ["from_autograd", "from_jax", "from_mygrad", "from_pair", "from_torch"]
