"""Optimisers: from gradients to better parameters.

>>> import minigrad as mg
>>> from minigrad import optim
>>> w = mg.tensor([3.0, -4.0], requires_grad=True)
>>> optimiser = optim.Adam([w], lr=0.1)
>>> for _ in range(300):
...     optimiser.zero_grad()
...     loss = ((w - [1.0, 2.0]) ** 2).sum()
...     loss.backward()
...     optimiser.step()
>>> print([round(value, 3) for value in w.tolist()])
[1.0, 2.0]

Read `optimiser.py` first: what all have in common. Each method is then a formula (`sgd.py`,
`adam.py`, `rmsprop.py`), but for L-BFGS (`lbfgs.py`, with `line_search.py`). Rates that change are in
`schedule.py`, gradients made smaller in `clipping.py`. The paths are torch's, to rounding.
"""

import sys
from typing import TYPE_CHECKING

from ..absent import absent
from .adam import Adam, AdamW
from .clipping import clip_by_norm, clip_by_value
from .lbfgs import LBFGS
from .optimiser import Optimiser
from .rmsprop import RMSprop
from .schedule import (
    ReduceOnPlateau,
    Schedule,
    constant,
    cosine,
    exponential,
    in_turn,
    inverse_time,
    step_decay,
    warm_up,
)
from .sgd import SGD

_TORCHES = {
    "Sgd": "SGD(parameters, lr=0.01)",
    "Optimizer": "Optimiser",
    "StepLR": "Schedule(optimiser, minigrad.optim.step_decay(every=10, factor=0.1))",
    "ExponentialLR": "Schedule(optimiser, minigrad.optim.exponential(factor=0.9))",
    "CosineAnnealingLR": "Schedule(optimiser, minigrad.optim.cosine(steps=100))",
    "ReduceLROnPlateau": "ReduceOnPlateau(optimiser)",
    "lr_scheduler": "Schedule(optimiser, minigrad.optim.step_decay(every=10, factor=0.1))",
    "clip_grad_norm_": "clip_by_norm(parameters, 1.0)",
    "clip_grad_value_": "clip_by_value(parameters, 1.0)",
}
"""How torch spells it, and how it is spelt here."""

if not TYPE_CHECKING:

    def __getattr__(name):
        instead = f"minigrad.optim.{_TORCHES[name]}" if name in _TORCHES else ""
        raise absent("minigrad.optim", name, instead, sys._getframe(1))


__all__ = [
    "LBFGS",
    "SGD",
    "Adam",
    "AdamW",
    "Optimiser",
    "RMSprop",
    "ReduceOnPlateau",
    "Schedule",
    "clip_by_norm",
    "clip_by_value",
    "constant",
    "cosine",
    "exponential",
    "in_turn",
    "inverse_time",
    "step_decay",
    "warm_up",
]
