"""First a gradient that can be checked in the head, then a line through noisy points.

z = mean((x + 2)²) over 100 values of x has dz/dx = 2 (x + 2) / 100. Then k and b of
y = k x + b are fitted to y = x + noise by 1000 steps of gradient descent.
"""

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg

DATA = Path(__file__).parent / "data" / "line_100.json"


def mean_of_squares(dtype):
    """Return x, z and dz/dx for z = mean((x + 2)²)."""
    x = mg.linspace(0, 10, 100, requires_grad=True, dtype=dtype)
    z = ((x + 2) ** 2).mean()
    z.backward()
    return x.detach().numpy(), z.item(), x.grad.numpy()


def fit(x, y, learning_rate=1e-4, steps=1000):
    """Gradient descent from k = b = 0; return k, b and the loss before each step."""
    k = mg.tensor(0.0, requires_grad=True)
    b = mg.tensor(0.0, requires_grad=True)
    history = mg.descend(lambda k, b: ((k * x + b - y) ** 2).mean(), [k, b], lr=learning_rate, steps=steps)
    return k.item(), b.item(), history.loss[:-1]


def main(picture="linspace_100.png"):
    x, z, gradient = mean_of_squares(np.float64)
    by_hand = 2 * (x + 2) / 100
    # Tutorials print 57.5016861: that is float32, which keeps seven digits of the sum.
    _, z_float32, _ = mean_of_squares(np.float32)
    print(f"z = mean((x+2)²) = {z_float32:.7f} in float32, {z:.7f} in float64")
    print(f"x.grad = 2(x+2)/100, to {np.abs(gradient - by_hand).max():.1e}")

    data = json.loads(DATA.read_text())
    points_x, points_y = mg.tensor(data["x"]), mg.tensor(data["y"])
    k, b, losses = fit(points_x, points_y)
    best = data["expected"]
    print(f"1000 steps:      k = {k:.5f}  b = {b:.5f}  loss {losses[-1]:.3f}")
    print(f"least squares:   k = {best['k']:.5f}  b = {best['b']:.5f}  (b hardly moved: distance_line.py says why)")

    # The same with noise of our own. A seed makes it the same noise every time.
    mg.manual_seed(0)
    k_own, b_own, _ = fit(points_x, points_x + 10 * mg.randn(100))
    print(f"our own noise:   k = {k_own:.5f}  b = {b_own:.5f}")

    draw(picture, x, gradient, by_hand, data, k, b)
    return {
        "z": z,
        "z_float32": z_float32,
        "x": x,
        "gradient": gradient,
        "k": k,
        "b": b,
        "loss": losses[-1],
        "k_own": k_own,
        "b_own": b_own,
    }


def draw(picture, x, gradient, by_hand, data, k, b):
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)

    left.plot(x, gradient, linewidth=5, alpha=0.4, label="x.grad")
    left.plot(x, by_hand, "k--", linewidth=1, label="2 (x + 2) / 100")
    left.set(title="Gradient of z = mean((x + 2)²)", xlabel="x", ylabel="dz/dx")
    left.legend()

    points_x = np.array(data["x"])
    right.plot(points_x, data["y"], "o", markersize=4, alpha=0.6, label="y = x + noise of sd 10")
    right.plot(points_x, k * points_x + b, linewidth=2, label=f"y = {k:.4f} x {b:+.4f}")
    right.set(title="1000 steps of gradient descent", xlabel="x", ylabel="y")
    right.legend()
    figure.savefig(picture)


if __name__ == "__main__":
    main(*sys.argv[1:2])
