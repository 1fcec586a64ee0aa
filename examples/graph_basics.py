"""What a graph is: who requires a gradient, what is recorded, and how to add an operation.

A computed tensor requires a gradient as soon as one of its inputs does. It remembers
the call that made it, `creator`; that call remembers its `inputs`. Following them from
the result draws the whole graph, which is the picture this program saves.
"""

import sys

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg


def who_requires_a_gradient():
    """Return, for each pair of settings of a and b, whether a * b requires a gradient."""
    table = {}
    for a_requires in (False, True):
        for b_requires in (False, True):
            a = mg.tensor(2.0, requires_grad=a_requires)
            b = mg.tensor(3.0, requires_grad=b_requires)
            table[a_requires, b_requires] = (a * b).requires_grad
    return table


def by_hand(x, y, z):
    """Return c = sum(x * y + z) and its gradients, in NumPy, one line back for each line forward."""
    a = x * y
    b = a + z
    c = np.sum(b)

    grad_c = 1.0
    grad_b = grad_c * np.ones_like(b)  # each element of b counts once in the sum
    grad_a = grad_b
    grad_z = grad_b
    grad_x = grad_a * y
    grad_y = grad_a * x
    return c, grad_x, grad_y, grad_z


class Softplus(mg.Op):
    """log(1 + exp(x)), a smooth version of max(x, 0)."""

    def forward(x):
        return np.log1p(np.exp(x))

    # One rule for each argument, d<argument>. The engine gives it g, the gradient of the
    # result; it returns the gradient of x. Written in NumPy, it can itself be recorded, and
    # so the second derivative needs no further line.
    def dx(g, out, x):
        return g / (1 + np.exp(-x))


def softplus_slopes(points):
    """Return the first and the second derivative of softplus at each point."""
    x = mg.tensor(points, requires_grad=True)
    # The sum adds nothing: each element of x has its own term, so its gradient is its slope.
    first = mg.gradients(mg.apply(Softplus, x).sum(), x, create_graph=True)
    second = mg.gradients(first.sum(), x)
    return first.detach().numpy(), second.numpy()


def finite_differences(points, step=1e-5):
    """Return the same two by central differences: of the values, and of the first derivative."""
    # The step balances the error of the formula, about step², against rounding, about 1e-16 / step.
    above, below = points + step, points - step
    first = (Softplus.forward(above) - Softplus.forward(below)) / (2 * step)
    second = (softplus_slopes(above)[0] - softplus_slopes(below)[0]) / (2 * step)
    return first, second


def main(picture="graph_basics.png"):
    table = who_requires_a_gradient()
    for (a, b), result in table.items():
        print(f"a requires a gradient: {a!s:5}   b: {b!s:5}   so a * b: {result}")

    mg.manual_seed(0)
    x = mg.randn(3, 4, requires_grad=True)
    y = mg.randn(3, 4, requires_grad=True)
    z = mg.randn(3, 4, requires_grad=True)
    c = mg.sum(x * y + z)
    print(f"c = sum(x * y + z) = {c.item():.6f}, made by {type(c.creator).__name__}, {c!r}")
    calls = mg.history(c)
    print("recorded, newest first:", ", ".join(type(call).__name__ for call in calls))

    figure = Figure(figsize=(12, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    arrows = draw_graph(left, calls, {x: "x", y: "y", z: "z"})  # now: backward() frees the graph

    c.backward()
    with mg.no_grad():
        by_hand_c, *by_hand_gradients = by_hand(x.numpy(), y.numpy(), z.numpy())
    equal = by_hand_c == c.item()
    for name, tensor, gradient in zip("xyz", (x, y, z), by_hand_gradients):
        same = np.array_equal(tensor.grad.numpy(), gradient)
        print(f"dc/d{name} by minigrad and by hand are equal: {same}")
        equal = equal and same

    points = np.linspace(-5, 5, 21)
    slopes, differences = softplus_slopes(points), finite_differences(points)
    errors = [np.abs(slope - difference).max() for slope, difference in zip(slopes, differences)]
    print(f"softplus against finite differences: first derivative to {errors[0]:.0e}, second to {errors[1]:.0e}")

    draw_softplus(right, points, slopes, differences)
    figure.savefig(picture)
    return {
        "requires_grad": table,
        "c": c.item(),
        "equal": equal,
        "gradients": {"x": x.grad.numpy(), "y": y.grad.numpy(), "z": z.grad.numpy()},
        "values": {"x": x.detach().numpy(), "y": y.detach().numpy(), "z": z.detach().numpy()},
        "arrows": arrows,
        "softplus_errors": errors,
    }


def draw_graph(axes, calls, names):
    """Draw the recorded calls and their inputs; return the arrows, as pairs of names."""
    # An input is a recorded call, a leaf, or None for a constant: nothing to draw.
    inputs = {call: [origin for origin in call.inputs if origin is not None] for call in calls}
    column = dict.fromkeys(names, 0)
    label = {leaf: f"{name}\n{leaf.shape}" for leaf, name in names.items()}
    for call in reversed(calls):  # oldest first: the inputs of a call already have their column
        column[call] = 1 + max(column[origin] for origin in inputs[call])
        label[call] = f"{type(call).__name__}\n{call.shape}"

    place = {}
    for n in range(1 + max(column.values())):
        stacked = [node for node in column if column[node] == n]
        for row, node in enumerate(stacked):
            place[node] = (n, (len(stacked) - 1) / 2 - row)

    arrows = []
    for call in calls:
        for origin in inputs[call]:
            style = {"arrowstyle": "-|>", "shrinkA": 26, "shrinkB": 26, "color": "gray"}
            axes.annotate("", place[call], place[origin], arrowprops=style)
            arrows.append((names.get(origin, type(origin).__name__), type(call).__name__))
    for node, (across, up) in place.items():
        colour = "lightblue" if node in names else "moccasin"
        box = {"boxstyle": "round,pad=0.5", "facecolor": colour, "edgecolor": "gray"}
        axes.text(across, up, label[node], ha="center", va="center", bbox=box)

    axes.set(title="The graph of c = sum(x * y + z): leaves blue, recorded calls orange")
    axes.set(xlim=(-0.4, max(column.values()) + 0.4), ylim=(-1.4, 1.4))
    axes.axis("off")
    return arrows


def draw_softplus(axes, points, slopes, differences):
    axes.plot(points, Softplus.forward(points), color="black", label="softplus(x)")
    for order, slope, difference, colour in zip(("first", "second"), slopes, differences, ("tab:blue", "tab:red")):
        axes.plot(points, slope, color=colour, label=f"{order} derivative")
        axes.plot(points, difference, "o", color=colour, markersize=4, label="  by finite differences")
    axes.set(title="Our own operation, softplus, and its derivatives", xlabel="x", ylabel="value")
    axes.legend()


if __name__ == "__main__":
    main(*sys.argv[1:2])
