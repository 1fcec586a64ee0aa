"""Memory shared with other libraries, torch and CuPy and JAX, by their common protocol DLPack.

One idea: what is shared has left the graph, so nothing that requires a gradient is shared while
the graph is recorded.
"""

from typing import Any

from .backend import library
from .errors import BackendError, GraphCutError
from .mode import is_recording
from .place import at, here, name_of
from .value import Value

_CPU, _CPU_PINNED_BY_CUDA = 1, 3
"""The kinds of device of DLPack whose memory NumPy can read."""


def shared(tensor: Any, **keywords: Any) -> Any:
    """Return a tensor's memory as a capsule of DLPack: what `torch.from_dlpack(x)` asks for.

    Raises GraphCutError where that would lose the graph, BackendError for memory that torch could not take.
    """
    if tensor._requires_grad and is_recording():
        x = name_of(lambda v: v is tensor, "x")
        raise GraphCutError(
            f"from_dlpack({x}) would leave the graph: {x} requires a gradient, and another library keeps no record "
            f"of it{at(here())}.\nSay that the gradient should stop here: from_dlpack({x}.detach())"
        )
    array = tensor.data
    if any(stride < 0 for stride in array.strides):  # torch 2.13 ends the process on one
        raise BackendError(
            f"memory that is run through backwards, as in x[::-1], cannot be shared{at(here())}.\n"
            "Share a copy: from_dlpack(np.copy(x))"
        )
    return array.__dlpack__(**keywords)


def device(tensor: Any) -> Any:
    """Return the kind and number of the device a tensor's memory is on."""
    return tensor.data.__dlpack_device__()


def array_of(x: Any) -> Any:
    """Return an array of NumPy or CuPy on the memory of anything that speaks DLPack.

    Raises TypeError for what does not, BackendError for what its library will not share.
    """
    if not (hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__")):
        raise TypeError(
            f"from_dlpack() shares an array's memory, and {type(x).__name__} has no __dlpack__{at(here())}.\n"
            "For numbers and lists: minigrad.tensor(data)"
        )
    try:
        if isinstance(x, Value):
            shared(x)  # which refuses to leave a graph
            return x.data  # type: ignore[attr-defined]
        cpu = x.__dlpack_device__()[0] in (_CPU, _CPU_PINNED_BY_CUDA)
        return library("numpy" if cpu else "cupy").from_dlpack(x)
    except (BackendError, GraphCutError):
        raise
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise BackendError(
            f"{type(x).__module__.partition('.')[0]} does not share this {type(x).__name__}{at(here())}: {error}.\n"
            "Cut it from its graph first, x.detach(), or copy it: minigrad.tensor(numpy.asarray(x))"
        ) from error
