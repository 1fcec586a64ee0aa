"""One step of an optimiser alone, the gradients being there: 10 parameters of N numbers each.

With few numbers this measures what an optimiser does around the arithmetic, with many the passes
over memory. The gradients are the same in every step.
"""

import numpy as np

from ..case import Case, Implementation, Numbers, Step

PARAMETERS = 10
LR = 0.01

adam = Case(
    "adam_step",
    "one step of Adam on 10 parameters of N elements, with their gradients",
    sizes=(100, 100_000),
    tiny=(3, 20),
)
sgd = Case(
    "sgd_step",
    "one step of SGD with momentum on 10 parameters of N elements, with their gradients",
    sizes=(100, 100_000),
    tiny=(3, 20),
)


def arrays(size: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the parameters at the start, and their gradients."""
    rng = np.random.default_rng(0)
    return list(rng.normal(size=(PARAMETERS, size))), list(rng.normal(size=(PARAMETERS, size)))


@adam.written_for("numpy")
def adam_by_hand(size: int) -> tuple[Step, Numbers]:
    parameters, gradients = arrays(size)
    means = [np.zeros(size) for _ in parameters]
    squares = [np.zeros(size) for _ in parameters]
    t = 0

    def step() -> None:
        nonlocal t
        t += 1
        for x, g, m, v in zip(parameters, gradients, means, squares):
            m += 0.1 * (g - m)
            v += (1 - 0.999) * (g * g - v)
            x -= LR * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

    return step, lambda: np.concatenate(parameters)


@sgd.written_for("numpy")
def sgd_by_hand(size: int) -> tuple[Step, Numbers]:
    parameters, gradients = arrays(size)
    velocities = [np.zeros(size) for _ in parameters]

    def step() -> None:
        for x, g, v in zip(parameters, gradients, velocities):
            v *= 0.9
            v += g
            x -= LR * v

    return step, lambda: np.concatenate(parameters)


def in_minigrad(name: str, **settings: float) -> Implementation:
    """Return the step of one of minigrad's optimisers."""

    def prepare(size: int) -> tuple[Step, Numbers]:
        import minigrad as mg
        from minigrad import optim

        starts, gradients = arrays(size)
        parameters = [mg.tensor(start, requires_grad=True) for start in starts]
        for parameter, g in zip(parameters, gradients):
            parameter.grad = g
        optimiser = getattr(optim, name)(parameters, lr=LR, **settings)
        return optimiser.step, lambda: np.concatenate([parameter.data for parameter in parameters])

    return prepare


def in_torch(name: str, **settings: float) -> Implementation:
    """Return the step of one of torch's optimisers, by default and on a CPU a loop over the parameters."""

    def prepare(size: int) -> tuple[Step, Numbers]:
        import torch

        starts, gradients = arrays(size)
        parameters = [torch.from_numpy(start).requires_grad_() for start in starts]
        for parameter, g in zip(parameters, gradients):
            parameter.grad = torch.from_numpy(g)
        optimiser = getattr(torch.optim, name)(parameters, lr=LR, **settings)
        return optimiser.step, lambda: np.concatenate([parameter.detach().numpy() for parameter in parameters])

    return prepare


adam.written_for("minigrad")(in_minigrad("Adam"))
adam.written_for("torch")(in_torch("Adam"))
sgd.written_for("minigrad")(in_minigrad("SGD", momentum=0.9))
sgd.written_for("torch")(in_torch("SGD", momentum=0.9))
