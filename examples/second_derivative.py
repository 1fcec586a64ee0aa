"""Newton's method: the derivative of a derivative.

To find the minimum of f, Newton's method divides f' by f''. minigrad gives f'' by going
back through the graph of f', and for that f' must *have* a graph: `create_graph=True`
records the backward pass as it runs. `retain_graph=True` is something else. It keeps the
graph of f, so that one may go back through f again and get f' again, never f''.
"""

import sys

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg

MINIMUM = np.log(2)  # f'(x) = exp(x) - 2 is zero there


def f(x):
    return mg.exp(x) - 2 * x


def first_and_second(value):
    """Return f' and f'' at a number."""
    x = mg.tensor(value, requires_grad=True)
    first = mg.gradients(f(x), x, create_graph=True)
    second = mg.gradients(first, x)
    return first.item(), second.item()


def newton(x, steps=7):
    """Return the points Newton's method visits from x."""
    path = [x]
    for _ in range(steps):
        first, second = first_and_second(x)
        x = x - first / second
        path.append(x)
    return path


def descent(start, learning_rate=0.1, steps=60):
    """Return the points gradient descent visits: it knows the slope, not the curvature."""
    x = mg.tensor(start, requires_grad=True)
    path = [x.item()]
    for _ in range(steps):
        f(x).backward()
        with mg.no_grad():
            x -= learning_rate * x.grad
        x.zero_grad()
        path.append(x.item())
    return path


def why_not_retain_graph(value):
    """Return what `.grad` holds after one and after two backward passes, and the error of differentiating it."""
    x = mg.tensor(value, requires_grad=True)
    y = f(x)
    y.backward(retain_graph=True)
    once = x.grad.item()
    try:
        mg.gradients(x.grad, x)
        error = None
    except mg.GradError as caught:  # x.grad is a plain number now: nothing tells how it depends on x
        error = caught
    y.backward()
    return once, x.grad.item(), error


def every_order(value, orders=4):
    """Return the derivatives of f of order 1, 2, ..., each from the graph of the one before."""
    x = mg.tensor(value, requires_grad=True)
    y = f(x)
    derivatives = []
    for _ in range(orders):
        y = mg.gradients(y, x, create_graph=True)
        derivatives.append(y.item())
    return derivatives


def main(picture="second_derivative.png"):
    start = 3.0
    path = newton(start)
    slow = descent(start)
    print(f"f(x) = exp(x) - 2x has its minimum at ln 2 = {MINIMUM:.15f}")
    for step, x in enumerate(path):
        print(f"  Newton step {step}: x = {x:.15f}, error {abs(x - MINIMUM):.1e}")
    print(f"  gradient descent after {len(slow) - 1} steps: x = {slow[-1]:.15f}, error {abs(slow[-1] - MINIMUM):.1e}")

    once, twice, error = why_not_retain_graph(start)
    first, second = first_and_second(start)
    print(f"at x = 3, f' = {first:.6f} and f'' = {second:.6f}, with create_graph=True")
    print(f"with retain_graph=True: x.grad = {once:.6f}, and after a second backward() {twice:.6f}: f' twice over")
    print(f"and x.grad cannot be differentiated, {type(error).__name__}:\n  {str(error).splitlines()[0]}")

    derivatives = every_order(start)
    print("f', f'', f''', f'''' at 3:", ", ".join(f"{value:.6f}" for value in derivatives))

    draw(picture, path, slow)
    return {
        "newton": path,
        "descent": slow,
        "first": first,
        "second": second,
        "once": once,
        "twice": twice,
        "error": error,
        "derivatives": derivatives,
    }


def draw(picture, path, slow):
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)

    line = np.linspace(-0.5, 3.2, 200)
    at = np.array(path)
    left.plot(line, np.exp(line) - 2 * line, color="black", label="f(x) = exp(x) - 2x")
    left.plot(at, np.exp(at) - 2 * at, "o--", color="tab:blue", label="Newton's steps from x = 3")
    left.plot(MINIMUM, f(MINIMUM), "*", color="tab:red", markersize=14, zorder=3, label="minimum, at ln 2")
    left.set(title="Each step goes to the bottom of a parabola", xlabel="x", ylabel="f(x)")
    left.legend()

    right.semilogy(np.abs(at - MINIMUM), "o-", color="tab:blue", label="Newton")
    right.semilogy(np.abs(np.array(slow) - MINIMUM), ".-", color="tab:orange", label="gradient descent, rate 0.1")
    right.set(title="Newton: the right digits double with each step", xlabel="step", ylabel="distance from the minimum")
    right.legend()
    figure.savefig(picture)


if __name__ == "__main__":
    main(*sys.argv[1:2])
