"""torch's spelling, for those who arrive with its tutorials: `import minigrad.torchlike as torch`.

Names and defaults are torch's where minigrad's are NumPy's: float32, `dim=`, `.data` a
tensor, `x.size()`, `p.grad.zero_()`. It is a facade: the engine underneath is the same,
and a tensor made here works with everything in minigrad. What torch has beyond plain
autograd (torch.nn, torch.optim) is not here.

>>> import minigrad.torchlike as torch
>>> w = torch.zeros(size=(2, 1), requires_grad=True)
>>> loss = ((torch.tensor([[1.0, 2.0]]) @ w - 1) ** 2).sum()
>>> loss.backward()
>>> with torch.no_grad():
...     w -= 0.1 * w.grad
>>> w.data
tensor([[0.2],
        [0.4]])
"""

from typing import Any

from ..mode import enable_grad as enable_grad
from ..mode import is_grad_enabled as is_grad_enabled
from ..mode import no_grad as no_grad
from ..mode import set_grad_enabled as set_grad_enabled
from . import autograd as autograd
from . import dtypes, functions
from .dtypes import float16, float32, float64, int16, int32, int64
from .dtypes import int8 as int8
from .dtypes import uint8 as uint8
from .functions import cat as cat
from .functions import maximum as maximum
from .functions import minimum as minimum
from .functions import stack as stack
from .functions import where as where
from .making import arange as arange
from .making import eye as eye
from .making import from_numpy as from_numpy
from .making import full as full
from .making import linspace as linspace
from .making import manual_seed as manual_seed
from .making import normal as normal
from .making import ones as ones
from .making import ones_like as ones_like
from .making import rand as rand
from .making import randn as randn
from .making import tensor as tensor
from .making import zeros as zeros
from .making import zeros_like as zeros_like
from .old import BoolTensor as BoolTensor
from .old import ByteTensor as ByteTensor
from .old import DoubleTensor as DoubleTensor
from .old import FloatTensor as FloatTensor
from .old import IntTensor as IntTensor
from .old import LongTensor as LongTensor
from .tensor import Tensor as Tensor

half, float, double = float16, float32, float64
short, int, long, bool = int16, int32, int64, dtypes.boolean
globals().update({name: functions.as_function(name) for name in functions.METHODS})

_NAMES = sorted(name for name in globals() if name[0] != "_" and name not in {"Any", "dtypes", "functions", "making"})


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__} has no attribute {name}")
    raise AttributeError(
        f"torch.{name} is not part of minigrad.torchlike, which speaks torch's plain autograd.\n"
        f"It has: {', '.join(_NAMES)}"
    )
