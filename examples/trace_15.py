"""A tutorial's printed training trace, reproduced digit by digit in float32.

Fifteen points, y = w x + b, mean squared error. The tutorial takes one step outside
its loop, printing the loss and both gradients, and then ten steps in a loop, each
time printing the loss from *before* the step. Its first w was random and not printed;
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
    learning_rate = data["learning_rate"]  # a Python number: a float32 tensor times it stays float32

    loss = ((w * x + b - y) ** 2).mean()
    loss.backward()
    first_loss, first_grad_w, first_grad_b = loss.item(), w.grad.item(), b.grad.item()
    print(f"first loss {first_loss:.4f}, gradients {first_grad_w:.4f} (w) and {first_grad_b:.4f} (b)")
    with mg.no_grad():
        w -= learning_rate * w.grad
        b -= learning_rate * b.grad
    w.zero_grad()
    b.zero_grad()

    losses = []
    for epoch in range(10):
        loss = ((w * x + b - y) ** 2).mean()
        loss.backward()
        with mg.no_grad():
            w -= learning_rate * w.grad
            b -= learning_rate * b.grad
        w.zero_grad()
        b.zero_grad()
        losses.append(loss.item())
        print(f"epoch {epoch}, loss {losses[-1]:.8f}   (the tutorial printed {data['printed_losses'][epoch]:.8f})")

    printed = np.array(data["printed_losses"])
    difference = np.abs(np.array(losses) / printed - 1).max()
    best = data["least_squares"]
    print(f"{loss.dtype}: the ten losses agree to {difference:.1e} relative (float32 resolves 1.2e-07)")
    print(f"w = {w:.4f}, b = {b:.4f}; least squares has w = {best['w']:.4f}, b = {best['b']:.4f}")

    draw(picture, np.array(data["x"]), np.array(data["y"]), (w.item(), b.item()), best, losses, printed)
    return {
        "first_loss": first_loss,
        "first_grad_w": first_grad_w,
        "first_grad_b": first_grad_b,
        "losses": losses,
        "largest_difference": difference,
        "dtype": str(loss.dtype),
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
