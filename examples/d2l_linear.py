"""Linear regression from scratch, a few rows at a time: minibatch stochastic gradient descent.

The same twenty lines fit a plane through 1000 points, Ohm's law, and batches that do
not divide the rows evenly; and with targets of shape (n,) instead of (n, 1) they find
a wrong plane, flat or nearly so, without an error. minigrad warns of that.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg

DATA = Path(__file__).parent / "data"


def half_squared_error(predicted, y):
    return ((predicted - y) ** 2 / 2).mean()


def train(x, y, batch_size, learning_rate, epochs, seed=0):
    """Fit y = x @ w + b; return w, b, the loss over all rows after each epoch, and the size of each batch."""
    rows = np.random.default_rng(seed)
    w = mg.zeros((x.shape[1], 1), requires_grad=True)
    b = mg.zeros(1, requires_grad=True)
    losses, sizes = [], []
    for _ in range(epochs):
        order = rows.permutation(len(x))
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]  # the last one may be shorter
            # The mean over the rows that are there. A sum divided by batch_size, as one often
            # sees it, would take too small a step on a short last batch.
            loss = half_squared_error(x[batch] @ w + b, y[batch])
            loss.backward()
            with mg.no_grad():
                w -= learning_rate * w.grad
                b -= learning_rate * b.grad
            w.zero_grad()
            b.zero_grad()
            sizes.append(len(batch))
        with mg.no_grad():  # only looking: nothing to record
            losses.append(half_squared_error(x @ w + b, y).item())
    return w.detach().numpy().ravel(), b.item(), losses, sizes


def load(name):
    data = json.loads((DATA / name).read_text())
    x, y = np.array(data["x"]), np.array(data["y"])
    return mg.tensor(x.reshape(len(y), -1)), mg.tensor(y.reshape(-1, 1)), data["true"]


def main(picture="d2l_linear.png"):
    x, y, true = load("d2l_linear_1000.json")

    print("a plane: true w = [2, -3.4], b = 4.2; batches of 10, learning rate 0.03")
    # Of the seeds 0 to 19, sixteen end with errors below 0.001 and the others below 0.0012:
    # the noise in the points alone leaves 0.0005.
    w, b, losses, _ = train(x, y, batch_size=10, learning_rate=0.03, epochs=3)
    for epoch, loss in enumerate(losses, start=1):
        print(f"  epoch {epoch}, loss {loss:.7f}")
    w_error, b_error = np.array(true["w"]) - w, true["b"] - b
    print(f"  error of w: [{w_error[0]:+.6f}, {w_error[1]:+.6f}], error of b: {b_error:+.6f}")

    current, voltage, ohm = load("ohm_1000.json")
    print("Ohm's law, U = R I + U0: true R = 3.3 ohm, U0 = 2.2 V; batches of 10, learning rate 0.05")
    r, u0, ohm_losses, _ = train(current, voltage, batch_size=10, learning_rate=0.05, epochs=5)
    for epoch, loss in enumerate(ohm_losses, start=1):
        print(f"  epoch {epoch}, loss {loss:.7f}")
    r_error, u0_error = ohm["w"][0] - r[0], ohm["b"] - u0
    print(f"  R = {r[0]:.4f} ohm (error {r_error:+.6f}), U0 = {u0:.4f} V (error {u0_error:+.6f})")

    w32, b32, _, sizes = train(x, y, batch_size=32, learning_rate=0.03, epochs=10)
    print(f"batches of 32 do not divide 1000: {len(sizes) // 10} an epoch, the last of {sizes[-1]} rows")
    print(f"  w = [{w32[0]:.4f}, {w32[1]:.4f}], b = {b32:.4f}")

    # The trap. x @ w + b has shape (n, 1). Targets of shape (n,) are a row to NumPy, and column
    # minus row is an (n, n) table: every prediction is pulled towards every target.
    y_row = y.reshape(-1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        w_trap, b_trap, trap_losses, _ = train(x, y_row, batch_size=1000, learning_rate=0.5, epochs=20)
        w_tenth, _, _, _ = train(x, y_row, batch_size=10, learning_rate=0.03, epochs=3)
    print("targets of shape (1000,) instead of (1000, 1), all rows in one batch:")
    print(f"  {caught[0].category.__name__}:", str(caught[0].message).replace("\n", "\n  "))
    print(f"  w = [{w_trap[0]:.4f}, {w_trap[1]:.4f}], loss {trap_losses[-1]:.2f}, no error;", end=" ")
    print(f"b = {b_trap:.4f} is the mean of y, {y.mean():.4f}")
    # In a (10, 10) table one entry in ten, the diagonal, is a right pair.
    print(f"  in batches of 10 it learns about a tenth: w = [{w_tenth[0]:.2f}, {w_tenth[1]:.2f}]")

    predicted, predicted_in_trap = x @ w.reshape(-1, 1) + b, x @ w_trap.reshape(-1, 1) + b_trap
    draw(picture, losses, ohm_losses, current, voltage, (r[0], u0), y, predicted, predicted_in_trap)
    return {
        "losses": losses,
        "w_error": w_error,
        "b_error": b_error,
        "ohm_losses": ohm_losses,
        "r_error": r_error,
        "u0_error": u0_error,
        "sizes": sizes,
        "w32": w32,
        "b32": b32,
        "warning": caught[0],
        "w_trap": w_trap,
        "b_trap": b_trap,
        "trap_loss": trap_losses[-1],
        "w_tenth": w_tenth,
    }


def draw(picture, losses, ohm_losses, current, voltage, ohm_line, y, predicted, predicted_in_trap):
    figure = Figure(figsize=(14, 4.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)

    left.semilogy(range(1, 1 + len(losses)), losses, "o-", label="plane, learning rate 0.03")
    left.semilogy(range(1, 1 + len(ohm_losses)), ohm_losses, "s-", label="Ohm's law, learning rate 0.05")
    left.axhline(0.01**2 / 2, color="gray", linestyle="--", label="the noise alone, sd 0.01")
    left.set(title="Loss after each epoch, batches of 10", xlabel="epoch", ylabel="half mean squared error")
    left.set_xticks(range(1, 1 + len(ohm_losses)))
    left.legend()

    r, u0 = ohm_line
    ends = np.array([current.numpy().min(), current.numpy().max()])
    middle.plot(current.numpy(), voltage.numpy(), ".", alpha=0.4, label="1000 measurements")
    middle.plot(ends, r * ends + u0, color="black", linewidth=1, label=f"U = {r:.4f} ohm · I + {u0:.4f} V")
    middle.set(title="Ohm's law", xlabel="current I (A)", ylabel="voltage U (V)")
    middle.legend()

    right.plot(y.numpy(), predicted.numpy(), ".", label="targets (n, 1)")
    right.plot(y.numpy(), predicted_in_trap.numpy(), ".", markersize=3, label="targets (n,), all in one batch")
    right.set(title="What the plane predicts, and the trap", xlabel="target y", ylabel="predicted y")
    right.legend()
    figure.savefig(picture)


if __name__ == "__main__":
    main(*sys.argv[1:2])
