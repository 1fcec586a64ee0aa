"""The distance step on a GPU: minigrad on CuPy's arrays, beside CuPy by hand, torch on CUDA, and NumPy.

A step ends when the GPU has finished it. `distance_step` has the same on the CPU.
"""

from ..case import Case, Numbers, Step
from . import distance_step
from .distance_step import RATE, points

case = Case(
    "cupy",
    "the distance step on a GPU at N points, until the GPU has finished (numpy, minigrad: on the CPU)",
    sizes=(1_000_000, 10_000_000),
    tiny=(100,),
    needs_gpu=True,
    implementations={name: distance_step.case.implementations[name] for name in ("numpy", "minigrad")},
)


@case.written_for("cupy")
def by_hand(n: int) -> tuple[Step, Numbers]:
    """The lines of `distance_step.by_hand`, on CuPy's arrays."""
    import cupy

    x, y = (cupy.asarray(v) for v in points(n))
    a = b = cupy.zeros(())

    def step() -> None:
        nonlocal a, b
        distance = a * x - y + b
        scale = a**2 + 1
        ratio = distance**2 / scale
        ratio.mean()
        d_ratio = 1 / n
        d_scale = -(d_ratio * ratio).sum() / scale
        d_distance = d_ratio / scale * 2 * distance
        d_b = d_distance.sum()
        d_a = (d_distance * x).sum() + d_scale * 2 * a
        a -= RATE * d_a
        b -= RATE * d_b
        cupy.cuda.Device().synchronize()

    return step, lambda: [a.item(), b.item()]


@case.written_for("minigrad-cupy")
def in_minigrad(n: int) -> tuple[Step, Numbers]:
    import cupy

    import minigrad as mg

    x, y = (mg.tensor(v, backend="cupy") for v in points(n))
    a = mg.tensor(0.0, requires_grad=True, backend="cupy")
    b = mg.tensor(0.0, requires_grad=True, backend="cupy")

    def step() -> None:
        nonlocal a, b
        loss = ((a * x - y + b) ** 2 / (a**2 + 1)).mean()
        loss.backward()
        with mg.no_grad():
            a -= RATE * a.grad
            b -= RATE * b.grad
        a.zero_grad()
        b.zero_grad()
        cupy.cuda.Device().synchronize()

    return step, lambda: [a.item(), b.item()]


@case.written_for("torch-cuda")
def in_torch(n: int) -> tuple[Step, Numbers]:
    import torch

    x, y = (torch.from_numpy(v).cuda() for v in points(n))
    a = torch.tensor(0.0, dtype=torch.float64, device="cuda", requires_grad=True)
    b = torch.tensor(0.0, dtype=torch.float64, device="cuda", requires_grad=True)

    def step() -> None:
        nonlocal a, b
        loss = ((a * x - y + b) ** 2 / (a**2 + 1)).mean()
        loss.backward()
        with torch.no_grad():
            a -= RATE * a.grad
            b -= RATE * b.grad
        a.grad = None
        b.grad = None
        torch.cuda.synchronize()

    return step, lambda: [a.item(), b.item()]
