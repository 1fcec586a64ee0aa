"""A line through 16 points without noise, by 100,000 steps of gradient descent.

The simplest fit there is, and a lesson in patience: the points lie exactly on a line,
and after 100,000 steps the intercept is still wrong in its third digit.
"""

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg

DATA = Path(__file__).parent / "data" / "line_16.json"


def main(picture="descent_16.png"):
    data = json.loads(DATA.read_text())
    x, y = mg.tensor(data["x"]), mg.tensor(data["y"])
    line = {"w": mg.tensor(0.0, requires_grad=True), "b": mg.tensor(0.0, requires_grad=True)}
    history = mg.descend(lambda w, b: ((w * x + b - y) ** 2).mean(), line, lr=1e-4, steps=100_000)
    w, b, losses = line["w"].item(), line["b"].item(), history.loss
    true = data["expected"]

    print(history)
    print(f"first loss              {losses[0]:.4f}")
    print(f"after {len(losses) - 1:,} steps     b = {b:.7f}  w = {w:.7f}  loss {losses[-1]:.5e}")
    print(f"the points lie on       b = {true['b']:.7f}  w = {true['w']:.7f}")
    print(f"still to go             b {true['b'] - b:+.7f}  w {true['w'] - w:+.7f}")

    draw(picture, np.array(data["x"]), np.array(data["y"]), w, b, losses)
    return {"w": w, "b": b, "loss": losses[-1], "first_loss": losses[0]}


def draw(picture, x, y, w, b, losses):
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)

    left.plot(x, y, "o", label="points")
    left.plot(x, w * x + b, label=f"y = {w:.5f} x + {b:.5f}")
    left.set(title="16 points and the line found", xlabel="x", ylabel="y")
    left.legend()

    # Both axes logarithmic: the slope is found in the first hundred steps, and all the
    # rest is the intercept creeping up.
    right.loglog(np.arange(1, len(losses) + 1), losses)
    right.set(title="A fast fall, then a long crawl", xlabel="step", ylabel="mean squared error")
    right.grid(alpha=0.3)
    figure.savefig(picture)


if __name__ == "__main__":
    main(*sys.argv[1:2])
