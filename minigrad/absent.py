"""A name that a module has not, but NumPy, or torch.

One idea: who writes `mg.cat` knows what they want, only not how it is spelt here. They are told; a hasattr() is not.
"""

from types import FrameType

import numpy as np

from .place import at, is_own, reads_attribute

_NAMES = {
    "as_tensor": "minigrad.tensor",
    "asarray": "minigrad.tensor",
    "autograd": "minigrad.gradients(outputs, inputs), or minigrad.grad(f) of a function",
    "bmm": "minigrad.matmul",
    "cat": "minigrad.concatenate",
    "clamp": "minigrad.clip",
    "cuda": 'minigrad.backend.use("cupy")',
    "div": "minigrad.divide",
    "empty": "minigrad.zeros",
    "mm": "minigrad.matmul",
    "mul": "minigrad.multiply",
    "neg": "minigrad.negative",
    "nn": "minigrad.tensor(..., requires_grad=True) for each weight, and functions of them: x @ w + b",
    "no_gradient": "minigrad.no_grad",
    "Parameter": "minigrad.tensor(..., requires_grad=True)",
    "parameter": "minigrad.tensor(..., requires_grad=True)",
    "permute": "minigrad.transpose",
    "rand_like": "minigrad.rand(*x.shape)",
    "randn_like": "minigrad.randn(*x.shape)",
    "sub": "minigrad.subtract",
    "unsqueeze": "minigrad.expand_dims",
    "Variable": "minigrad.tensor",
    "variable": "minigrad.tensor",
}
"""Names of other libraries, and ours."""


def no_name(name: str, frame: FrameType) -> AttributeError:
    """minigrad was asked for a name that it has not."""
    found = vars(np).get(name)  # and not getattr, at which NumPy warns of names it once had
    dtype = isinstance(found, type) and issubclass(found, np.generic)
    return absent("minigrad", name, f"np.{name}" if dtype else _NAMES.get(name, ""), frame)


def absent(module: str, name: str, instead: str, frame: FrameType) -> AttributeError:
    """A module was asked in `frame` for a name that it has not, where `instead` is what is meant, if that is known."""
    place = (frame.f_code, frame.f_lasti)
    if not instead or is_own(frame) or not reads_attribute(*place, name):
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    return AttributeError(f"[A02] {module} has no {name}{at(place)}.\nWrite {instead}", name=name, obj=None)
