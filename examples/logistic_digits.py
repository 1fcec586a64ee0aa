"""Handwritten digits read by logistic regression, then by a small network: minibatches, Adam, a schedule.

1797 digits of 8 x 8 pixels come with scikit-learn (pip install scikit-learn). A fifth of them is
set aside before anything is learnt; the table says how many of those are read rightly, and how far such
a count is to be trusted.
"""

import itertools
import sys
import time

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg
from minigrad import optim

BATCH = 32
EPOCHS = 40


def load(seed=0):
    """Pixels from -0.5 to 0.5 and labels: those to learn from, and those to test on."""
    # scikit-learn is wanted for its digits alone; whoever has none should still be able to read on.
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(labels))
    pixels, labels = pixels[order] / 16 - 0.5, labels[order]
    n = len(labels) // 5
    return (pixels[n:], labels[n:]), (pixels[:n], labels[:n])


def layer(rng, n_in, n_out):
    """Weights whose sums neither grow nor shrink, and biases of zero."""
    return {
        "w": mg.tensor(rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out)), requires_grad=True),
        "b": mg.zeros(n_out, requires_grad=True),
    }


def network(sizes, seed=1):
    rng = np.random.default_rng(seed)
    return [layer(rng, n_in, n_out) for n_in, n_out in itertools.pairwise(sizes)]


def scores(layers, x):
    """Ten numbers for each digit, the largest for what it is taken for; with one layer, logistic regression."""
    for one in layers[:-1]:
        x = mg.relu(x @ one["w"] + one["b"])
    return x @ layers[-1]["w"] + layers[-1]["b"]


def cross_entropy(z, labels):
    """How surprising the right labels are: the mean of -log of the probability that each was given."""
    right = z[np.arange(len(labels)), labels]
    return (mg.logsumexp(z, axis=1) - right).mean()


def wrong(layers, x, labels):
    """Which digits are taken for another one, and for which."""
    with mg.no_grad():
        taken_for = scores(layers, x).numpy().argmax(axis=1)
    return np.flatnonzero(taken_for != labels), taken_for


def train(layers, learn, test, lr=0.01, decay=0.01, seed=2):
    """Change `layers` in place; return the loss and the errors on the test digits after each epoch."""
    x, labels = learn
    rng = np.random.default_rng(seed)
    batches = -(-len(labels) // BATCH)
    # Weights are drawn towards 0, biases are not: what is added to every digit cannot be learnt by heart.
    optimiser = optim.AdamW(
        [
            {"parameters": [one["w"] for one in layers], "weight_decay": decay},
            {"parameters": [one["b"] for one in layers], "weight_decay": 0.0},
        ],
        lr=lr,
    )
    schedule = optim.Schedule(optimiser, optim.warm_up(batches, then=optim.cosine((EPOCHS - 1) * batches)))
    history = []
    for _ in range(EPOCHS):
        order = rng.permutation(len(labels))
        losses = []
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            optimiser.zero_grad()
            loss = cross_entropy(scores(layers, x[rows]), labels[rows])
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        history.append((np.mean(losses), len(wrong(layers, *test)[0])))
    return history


def main(picture="logistic_digits.png"):
    learn, test = load()
    n = len(test[1])
    print(f"{len(learn[1])} digits to learn from, {n} others to test on, {EPOCHS} epochs in batches of {BATCH}")
    print(f"{'':22}parameters  seconds   loss   right of those learnt   right of the others")
    found = {}
    for name, sizes in {"logistic regression": (64, 10), "64 hidden units": (64, 64, 10)}.items():
        layers = network(sizes)
        start = time.perf_counter()
        history = train(layers, learn, test)
        seconds = time.perf_counter() - start
        count = sum(parameter.size for one in layers for parameter in one.values())
        learnt = 1 - len(wrong(layers, *learn)[0]) / len(learn[1])
        which, taken_for = wrong(layers, *test)
        right = 1 - len(which) / n
        spread = np.sqrt(right * (1 - right) / n)  # of a count among n, if digits are drawn anew
        print(
            f"{name:22}{count:10}{seconds:9.1f}{history[-1][0]:8.4f}{learnt:18.1%}"
            f"{right:17.1%} ± {spread:.1%} ({len(which)} wrong)"
        )
        found[name] = {"history": history, "learnt": learnt, "right": right, "wrong": which, "taken_for": taken_for}
    print("Nothing was chosen by looking at the others, not even the epoch to stop at: that would flatter.")
    draw(picture, found, test)
    return found


def draw(picture, found, test):
    figure = Figure(figsize=(14, 5), layout="constrained")
    left, middle, right = figure.subfigures(1, 3)
    losses, errors = left.subplots(), middle.subplots()
    for name, one in found.items():
        loss, count = zip(*one["history"])
        losses.semilogy(range(1, EPOCHS + 1), loss, label=name)
        errors.plot(range(1, EPOCHS + 1), count, label=name)
    losses.set(title="What is being made small", xlabel="epoch", ylabel="cross-entropy of the digits learnt")
    errors.set(title="What is wanted", xlabel="epoch", ylabel=f"wrong of {len(test[1])} others")
    errors.set_ylim(0)
    losses.legend()
    errors.legend()

    right.suptitle("Misread by the network, and for what")
    panes = right.subplots(3, 4).ravel()
    last = found["64 hidden units"]
    for pane in panes:
        pane.set_axis_off()
    for pane, n in zip(panes, last["wrong"]):
        pane.imshow(test[0][n].reshape(8, 8), cmap="gray_r")
        pane.set_title(f"{test[1][n]}, not {last['taken_for'][n]}", fontsize=9)
    figure.savefig(picture)


if __name__ == "__main__":
    main(*sys.argv[1:2])
