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
