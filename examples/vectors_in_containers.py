"""Parameters as they are thought of: vectors in a dataclass, numbers in a tuple, all in a dict.

Three peaks on a sloping background are fitted to a noisy spectrum. The model is plain NumPy and
takes its parameters in the containers that suit it; nobody packs them into one long vector.
`value_and_grad` gives the gradient in the same containers, and `jacobian` a block for each of
them. Gradient descent needs the first, the method of Gauss and Newton the second: where the
residuals are small, it linearises the model and solves a least squares problem at each step.
"""

import sys
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg
from minigrad.containers import leaves, rebuilt


@dataclass
class Peaks:
    center: np.ndarray
    width: np.ndarray
    height: np.ndarray


TRUTH = {
    "peaks": Peaks(center=np.array([2.0, 5.0, 6.2]), width=np.array([0.5, 0.9, 0.4]), height=np.array([3.0, 2.0, 1.5])),
    "background": (0.5, 0.1),
}
START = {
    "peaks": Peaks(center=np.array([1.8, 4.7, 6.5]), width=np.ones(3), height=np.ones(3)),
    "background": (0.0, 0.0),
}
NOISE = 0.05


def model(p, x):
    """The spectrum at each x."""
    peaks, (offset, slope) = p["peaks"], p["background"]
    away = (x[:, None] - peaks.center) / peaks.width  # a row for each x, a column for each peak
    return np.exp(-(away**2)) @ peaks.height + offset + slope * x


def spectrum(points=200):
    """Return x and noisy measurements of the true spectrum."""
    x = np.linspace(0, 10, points)
    return x, model(TRUTH, x) + NOISE * np.random.default_rng(0).standard_normal(points)


def loss(p, x, y):
    return np.mean((model(p, x) - y) ** 2)


def moved(p, direction, step=1.0):
    """Return p + step · direction, for two of the same containers."""
    steps = leaves(direction)
    return rebuilt(p, lambda number: number + step * next(steps)[1])


def descent(p, x, y, steps=1000, learning_rate=0.02):
    """Return the parameters after gradient descent, and the loss before each step and at the end."""
    losses = []
    for _ in range(steps):
        value, gradient = mg.value_and_grad(loss)(p, x, y)
        losses.append(value)
        p = moved(p, gradient, -learning_rate)
    return p, [*losses, loss(p, x, y)]


def design_matrix(p, x):
    """Return the Jacobian of the model as a matrix: a row for each x, a column for each number in p."""
    blocks = mg.jacobian(model)(p, x)
    return np.column_stack([block.reshape(len(x), -1) for _, block in leaves(blocks)])


def in_containers(p, vector):
    """Return the numbers of a vector in the containers of p."""
    rest = iter(vector)
    return rebuilt(p, lambda leaf: np.array([next(rest) for _ in leaf]) if np.ndim(leaf) else next(rest))


def gauss_newton(p, x, y, steps=20):
    """Return the parameters after some steps of Gauss and Newton, and the loss before each and at the end."""
    losses = [loss(p, x, y)]
    for _ in range(steps):
        best, *_ = np.linalg.lstsq(design_matrix(p, x), y - model(p, x))
        direction, step = in_containers(p, best), 1.0
        while loss(moved(p, direction, step), x, y) > losses[-1] and step > 1e-6:
            step /= 2  # the linear model reached too far
        p = moved(p, direction, step)
        losses.append(loss(p, x, y))
    return p, losses


def standard_errors(p, x, y):
    """Return the standard error of each parameter, in the containers of p."""
    matrix = design_matrix(p, x)
    variance = np.sum((model(p, x) - y) ** 2) / (matrix.shape[0] - matrix.shape[1])
    return in_containers(p, np.sqrt(variance * np.diag(np.linalg.inv(matrix.T @ matrix))))


def main(picture="vectors_in_containers.png"):
    x, y = spectrum()
    value, gradient = mg.value_and_grad(loss)(START, x, y)
    print(f"loss at the start {value:.6f}, and its gradient in the containers of the parameters:")
    for path, numbers in leaves(gradient, "p"):
        print(f"  {path:20} {np.array2string(np.asarray(numbers), precision=4)}")

    slow, descended = descent(START, x, y)
    p, losses = gauss_newton(START, x, y)
    errors = standard_errors(p, x, y)
    print(f"gradient descent, {len(descended) - 1} steps: loss {descended[-1]:.6f}")
    print(f"Gauss and Newton, {len(losses) - 1} steps: loss {losses[-1]:.6f}, for noise of variance {NOISE**2:.6f}")
    for (path, numbers), (_, error), (_, true) in zip(leaves(p, "p"), leaves(errors), leaves(TRUTH)):
        for n, (one, e, t) in enumerate(zip(np.ravel(numbers), np.ravel(error), np.ravel(true))):
            name = f"{path}[{n}]" if np.ndim(numbers) else path
            print(f"  {name:22} {one:8.4f} ± {e:.4f}   true {t:.1f}")

    # How the spectrum changes as the second peak widens: a tangent in the containers, by forward mode.
    widening = rebuilt(p, np.zeros_like)
    widening["peaks"].width[1] = 1.0
    _, change = mg.jvp(model, (p, x), widening, argnums=0)

    draw(picture, x, y, p, descended, losses, change)
    return {
        "x": x,
        "y": y,
        "gradient": gradient,
        "slow": slow,
        "descended": descended,
        "p": p,
        "losses": losses,
        "errors": errors,
        "change": change,
    }


def draw(picture, x, y, p, descended, losses, change):
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3)

    left.plot(x, y, ".", color="gray", markersize=4, label="measured")
    left.plot(x, model(START, x), "--", color="tab:orange", label="start")
    left.plot(x, model(p, x), color="tab:blue", label="fitted")
    left.set(title="Three peaks on a background", xlabel="x", ylabel="y")
    left.legend()

    middle.loglog(np.arange(1, len(descended) + 1), descended, color="tab:orange", label="gradient descent")
    middle.loglog(np.arange(1, len(losses) + 1), losses, "o-", color="tab:blue", label="Gauss and Newton")
    middle.set(title="The loss before each step", xlabel="step", ylabel="mean squared error")
    middle.legend()

    right.plot(x, change, color="tab:green")
    right.set(title="If the second peak were wider", xlabel="x", ylabel="dy / d width[1]")
    figure.savefig(picture)


if __name__ == "__main__":
    main(*sys.argv[1:2])
