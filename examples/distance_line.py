"""A line through points whose x and y are both uncertain: descent, and how far it got.

The loss is the mean squared distance at right angles to the line y = a x + b. Plain
gradient descent brings it down 5,000-fold and still hardly moves the intercept: the
program compares with the exact line, which this loss has in closed form.
"""

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg

DATA = Path(__file__).parent / "data" / "line_distance_100.json"


def distance_loss(a, b, x, y):
    return ((a * x - y + b) ** 2 / (a**2 + 1)).mean()


def exact_line(x, y):
    """The line of least mean squared distance, and the standard errors of its slope and intercept."""
    x_mean, y_mean = x.mean(), y.mean()
    sxx = ((x - x_mean) ** 2).sum()
    syy = ((y - y_mean) ** 2).sum()
    sxy = ((x - x_mean) * (y - y_mean)).sum()
    a = (syy - sxx + np.sqrt((syy - sxx) ** 2 + 4 * sxy**2)) / (2 * sxy)
    b = y_mean - a * x_mean
    # Standard errors as York et al. (2004) give them, for equal errors in x and y: they
    # are those of ordinary regression, with each x moved to its foot point on the line.
    foot = (x + a * (y - b)) / (1 + a**2)
    variance = ((y - a * x - b) ** 2).sum() / (len(x) - 2)
    a_error = np.sqrt(variance / ((foot - foot.mean()) ** 2).sum())
    b_error = np.sqrt(variance / len(x) + (foot.mean() * a_error) ** 2)
    return a, b, a_error, b_error


def main(picture="distance_line.png"):
    points = json.loads(DATA.read_text())
    x, y = np.array(points["x"]), np.array(points["y"])

    u, v = mg.tensor(x), mg.tensor(y)
    start = {"a": mg.tensor(0.0, requires_grad=True), "b": mg.tensor(0.0, requires_grad=True)}
    history = mg.descend(lambda a, b: distance_loss(a, b, u, v), start, lr=1e-5, steps=1000)
    # Best so far: the lowest loss with the parameters that have it, and of equals the latest.
    best_loss, found = history.best
    best_a, best_b = found["a"], found["b"]
    path = np.column_stack([history.params["a"], history.params["b"], history.loss])
    a, b, a_error, b_error = exact_line(x, y)
    exact_loss = distance_loss(a, b, x, y)

    print(f"first loss                 {path[0][2]:.2f}")
    print(f"after {len(path) - 1} epochs (best)    a = {best_a:.5f}  b = {best_b:.5f}  loss {best_loss:.5f}")
    print(f"exact orthogonal line      a = {a:.6f}  b = {b:.6f}  loss {exact_loss:.5f}")
    print(f"standard errors            a ± {a_error:.6f}  b ± {b_error:.6f}")
    print(f"The slope is off by {best_a - a:+.5f}, {abs(best_a - a) / a_error:.2f} of its standard error.")
    print(f"The intercept is off by {best_b - b:+.5f}, {abs(best_b - b) / b_error:.2f} of its standard error:")
    print(f"it should have gone from 0 to {b:.3f}, and is at {best_b:+.3f}. The loss curves about mean(x²),")
    print(f"{np.mean(x**2):,.0f}, times as sharply along the slope as along the intercept: a step that is safe")
    print("for the one is next to none for the other.")
    # The same descent as a solver of fit_line, which compares with the exact line by itself; and in standardised
    # coordinates, its default, where both parameters curve alike.
    raw = mg.fit_line(x, y, loss="distance", solver="gd", lr=1e-5, steps=1000, standardize=False)
    print(f"fit_line on raw x:         {raw.message}")
    print(f"fit_line by default:       {mg.fit_line(x, y, loss='distance', solver='gd').message}")

    draw(picture, x, y, path, (best_a, best_b, best_loss), (a, b, exact_loss), (a_error, b_error))
    return {
        "first_loss": path[0][2],
        "a": best_a,
        "b": best_b,
        "loss": best_loss,
        "exact_a": a,
        "exact_b": b,
        "a_error": a_error,
        "b_error": b_error,
    }


def draw(picture, x, y, path, best, exact, errors):
    a_path, b_path, losses = path.T
    figure = Figure(figsize=(14, 4.4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)

    ends = np.array([x.min(), x.max()])
    left.plot(x, y, "o", markersize=4, alpha=0.5, color="tab:gray", label="points")
    left.plot(ends, exact[0] * ends + exact[1], color="tab:blue", linewidth=4, alpha=0.5, label="exact line")
    left.plot(ends, best[0] * ends + best[1], color="tab:red", linewidth=1.2, label="1000 epochs of descent")
    left.set(title="The fit looks finished …", xlabel="x", ylabel="y")
    left.legend()

    middle.semilogy(losses, color="tab:red", label="descent")
    middle.axhline(exact[2], color="tab:blue", linestyle="--", label=f"exact minimum, {exact[2]:.4f}")
    middle.set(title="… the loss agrees …", xlabel="epoch", ylabel="mean squared distance")
    middle.legend()

    right.plot(a_path, b_path, ".-", color="tab:red", label="path of the descent")
    right.errorbar(exact[0], exact[1], errors[1], errors[0], "s", color="tab:blue", capsize=4, label="exact ± 1 s.e.")
    right.set(title="… but the intercept has hardly moved", xlabel="slope a", ylabel="intercept b")
    right.margins(x=0.1)
    right.legend(loc="lower left")
    figure.savefig(picture)


if __name__ == "__main__":
    main(*sys.argv[1:2])
