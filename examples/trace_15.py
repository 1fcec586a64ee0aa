"""A tutorial's printed training trace, reproduced digit by digit in float32.

Fifteen points, y = w x + b, mean squared error. The tutorial takes one step outside
its loop, printing the loss and both gradients, and then ten steps in a loop, each
time printing the loss from *before* the step: the rows 0 to 10 of the record that
`minigrad.descend` keeps of eleven steps. Its first w was random and not printed;
the one used here was worked out from the three numbers that were.
"""

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg

DATA = Path(__file__).parent / "data" / "line_15_trace.json"


def main(picture="trace_15.png"):
    data = json.loads(DATA.read_text())
    x = mg.tensor(data["x"], dtype=np.float32)
    y = mg.tensor(data["y"], dtype=np.float32)
    w = mg.tensor(data["w0"], dtype=np.float32, requires_grad=True)
    b = mg.tensor(data["b0"], dtype=np.float32, requires_grad=True)

    history = mg.descend(lambda w, b: ((w * x + b - y) ** 2).mean(), [w, b], lr=data["learning_rate"], steps=11)
    first_loss, first_grad_w, first_grad_b = history.loss[0], history.grads[0][0], history.grads[1][0]
    print(f"first loss {first_loss:.4f}, gradients {first_grad_w:.4f} (w) and {first_grad_b:.4f} (b)")
    losses, printed = history.loss[1:11], np.array(data["printed_losses"])
    for epoch, (loss, theirs) in enumerate(zip(losses, printed)):
        print(f"epoch {epoch}, loss {loss:.8f}   (the tutorial printed {theirs:.8f})")

    difference = np.abs(losses / printed - 1).max()
    best = data["least_squares"]
    print(f"{w.dtype}: the ten losses agree to {difference:.1e} relative (float32 resolves 1.2e-07)")
    print(f"w = {w:.4f}, b = {b:.4f}; least squares has w = {best['w']:.4f}, b = {best['b']:.4f}")

    draw(picture, np.array(data["x"]), np.array(data["y"]), (w.item(), b.item()), best, losses, printed)
    return {
        "first_loss": first_loss,
        "first_grad_w": first_grad_w,
        "first_grad_b": first_grad_b,
        "losses": losses,
        "largest_difference": difference,
        "dtype": str(w.dtype),
        "w": w.item(),
        "b": b.item(),
    }


def draw(picture, x, y, found, best, losses, printed):
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)

    ends = np.array([x.min(), x.max()])
    left.plot(x, y, "o", label="points")
    left.plot(ends, found[0] * ends + found[1], label="after 11 steps")
    left.plot(ends, best["w"] * ends + best["b"], "--", label="least squares")
    left.set(title="Eleven steps from a random start", xlabel="x", ylabel="y")
    left.legend()

    right.plot(losses, "o-", label="minigrad, float32")
    right.plot(printed, "x", color="black", markersize=9, label="printed in the tutorial")
    right.set(title="The same ten losses", xlabel="epoch", ylabel="mean squared error")
    right.set_xticks(range(10))
    right.legend()
    figure.savefig(picture)


if __name__ == "__main__":
    main(*sys.argv[1:2])
