"""Programs that nobody wrote: Hypothesis draws them, torch and finite differences judge them.

One idea: a program is a list of steps, each of which takes its operands from
anything before it, so reuse, diamonds and dead ends come by themselves. Run on
three machines (minigrad, torch, bare NumPy) the same list must mean the same.
"""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import minigrad as mg

# Smooth, bounded in value and slope, so that programs of any length stay comparable.
UNARY = {
    "sin": lambda m, x: m.sin(x),
    "cos": lambda m, x: m.cos(x),
    "tanh": lambda m, x: m.tanh(x),
    "exp(-x²)": lambda m, x: m.exp(-(x * x)),
    "1/(1+x²)": lambda m, x: 1 / (1 + x * x),
    "sqrt(1+x²)": lambda m, x: m.sqrt(x * x + 1),
    "log(2+sin)": lambda m, x: m.log(2 + m.sin(x)),
    "-x": lambda m, x: -x,
    "x/2": lambda m, x: x / 2,
    "squash": lambda m, x: x**3 / (1 + x**4),
}
BINARY = {
    "+": lambda m, x, y: x + y,
    "-": lambda m, x, y: x - y,
    "*": lambda m, x, y: m.sin(x) * y,
    "/": lambda m, x, y: x / (1.5 + m.cos(y)),
    # Never an exponent of 0: there torch 2.13 is wrong in the second order, see below.
    "**": lambda m, x, y: (1.5 + m.sin(x)) ** (2.25 + m.tanh(y)),
}
SHAPED = {
    "mean of all": lambda m, x: x.mean(),
    "sum of rows": lambda m, x: x.sum(0) / 2 if x.ndim else x,
    "rows, kept": lambda m, x: x.mean(-1, keepdims=True) if x.ndim else x,
    "first row": lambda m, x: x[0] if x.ndim else x,
    "rows twice": lambda m, x: x[[0, -1, 0]].mean(0) if x.ndim else x,
    "flat": lambda m, x: x.reshape(-1)[:1],
}
SHAPES = ((), (1,), (3,), (2, 3), (2, 1))
STEPS = {**UNARY, **BINARY, **SHAPED}

steps = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 99), st.integers(0, 99)), max_size=12)
numbers = st.floats(-2, 2, width=16)


@st.composite
def programs(draw):
    """The values of one to three leaves, and a program on them."""
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    leaves = [
        np.reshape(draw(st.lists(numbers, min_size=(n := int(np.prod(shape))), max_size=n)), shape) for shape in shapes
    ]
    return leaves, draw(steps)


def run(machine, leaves, program):
    """One number: the mean of the last three results, so that most of the program is reached."""
    values = list(leaves)
    for name, a, b in program:
        x, y = values[-1 - a % len(values)], values[-1 - b % len(values)]
        values.append(STEPS[name](machine, x, y) if name in BINARY else STEPS[name](machine, x))
    total = 0.0
    for value in values[-3:]:
        total = total + value.mean()
    return total


class Spread:
    """Weights for each leaf: a second derivative is that of the gradient's projection on them."""

    def __init__(self, leaves):
        rng = np.random.default_rng(7)
        self.weights = [rng.standard_normal(leaf.shape) for leaf in leaves]


def ours(leaves, program):
    """The value, the gradients and the gradients of their projection, by minigrad."""
    tensors = [mg.tensor(leaf, requires_grad=True) for leaf in leaves]
    y = run(mg, tensors, program)
    first = mg.gradients(y, tensors, create_graph=True)
    projection = 0.0
    for g, weights in zip(first, Spread(leaves).weights):
        projection = projection + (g * weights).sum()
    second = mg.gradients(projection, tensors)
    return y.item(), [g.detach().numpy() for g in first], [g.numpy() for g in second]


def torchs(leaves, program):
    """The same by torch."""
    tensors = [torch.tensor(leaf, dtype=torch.float64, requires_grad=True) for leaf in leaves]
    y = run(torch, tensors, program)
    first = torch.autograd.grad(y, tensors, create_graph=True, allow_unused=True, materialize_grads=True)
    projection = sum((g * torch.tensor(w)).sum() for g, w in zip(first, Spread(leaves).weights))
    second = [torch.zeros_like(t) for t in tensors]
    if projection.requires_grad:
        second = torch.autograd.grad(projection, tensors, allow_unused=True, materialize_grads=True)
    return y.item(), [g.detach().numpy() for g in first], [g.numpy() for g in second]


def by_differences(f, leaves):
    """Central differences of f, each with two steps and their disagreement as its error."""
    found = []
    for n, leaf in enumerate(leaves):
        estimates = []
        for h in (1e-3, 5e-4):
            slope = np.zeros(leaf.shape)
            for index in np.ndindex(leaf.shape):
                around = []
                for sign in (1, -1):
                    moved = [a.copy() for a in leaves]
                    moved[n][index] += sign * h
                    around.append(f(moved))
                slope[index] = (around[0] - around[1]) / (2 * h)
            estimates.append(slope)
        coarse, fine = estimates
        found.append(((4 * fine - coarse) / 3, np.abs(fine - coarse) + 1e-8))  # Richardson
    return found


@given(programs())
def test_torch_agrees_to_the_second_order(program):
    leaves, steps_taken = program
    value, first, second = ours(leaves, steps_taken)
    torch_value, torch_first, torch_second = torchs(leaves, steps_taken)
    np.testing.assert_allclose(value, torch_value, rtol=1e-12, atol=1e-12)
    for mine, theirs in zip(first, torch_first, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-11, strict=True)
    for mine, theirs in zip(second, torch_second, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-10, strict=True)


@given(programs())
def test_finite_differences_agree_to_the_second_order(program):
    leaves, steps_taken = program
    _, first, second = ours(leaves, steps_taken)

    def value(moved):
        return float(run(np, moved, steps_taken))

    def projection(moved):
        return sum(np.sum(g * w) for g, w in zip(ours(moved, steps_taken)[1], Spread(leaves).weights))

    for exact, f in ((first, value), (second, projection)):
        for g, (slope, error) in zip(exact, by_differences(f, leaves), strict=True):
            assert np.all(np.abs(g - slope) <= error), (g, slope, error)


def test_mixed_second_derivative_of_a_power_where_the_exponent_is_0():
    """∂²(xʸ)/∂x∂y = (1 + y log x) x^(y-1), which is 1/x at y = 0. Found here by a program that torch failed."""
    x, y = mg.tensor([0.5, 3.0], requires_grad=True), mg.tensor([0.0, 0.0], requires_grad=True)
    by_x, by_y = mg.gradients((x**y).sum(), [x, y], create_graph=True)
    np.testing.assert_allclose(mg.gradients(by_x.sum(), y, retain_graph=True).numpy(), [2, 1 / 3], rtol=1e-15)
    np.testing.assert_allclose(mg.gradients(by_y.sum(), x).numpy(), [2, 1 / 3], rtol=1e-15)


@given(programs())
def test_backward_and_gradients_agree(program):
    """Three ways to the same numbers: stored, returned, and recorded; and two passes are twice one."""
    leaves, steps_taken = program
    tensors = [mg.tensor(leaf, requires_grad=True) for leaf in leaves]
    y = run(mg, tensors, steps_taken)
    returned = mg.gradients(y, tensors, retain_graph=True)
    recorded = mg.gradients(y, tensors, create_graph=True)
    one_by_one = [mg.gradients(y, t, retain_graph=True) for t in tensors]
    y.backward(retain_graph=True)
    once = [None if t.grad is None else t.grad.numpy().copy() for t in tensors]
    y.backward()
    for t, grad, g, recorded_g, alone in zip(tensors, once, returned, recorded, one_by_one):
        np.testing.assert_array_equal(alone.numpy(), g.numpy())
        np.testing.assert_allclose(recorded_g.detach().numpy(), g.numpy(), rtol=1e-13, atol=1e-14)
        if grad is None:
            assert t.grad is None
            assert not g.numpy().any()
        else:
            np.testing.assert_array_equal(grad, g.numpy())
            np.testing.assert_array_equal(t.grad.numpy(), 2 * grad)


@given(programs(), st.integers(0, 99))
def test_the_chain_rule_at_any_cut(program, where):
    """Cut a program at one of its results: the gradient is that of the rest, taken through the first part."""
    leaves, steps_taken = program
    tensors = [mg.tensor(leaf, requires_grad=True) for leaf in leaves]
    cut = where % (len(steps_taken) + 1)
    middle = run(mg, tensors, steps_taken[:cut])
    whole = mg.gradients(mg.sin(middle) * middle, [middle, *tensors], retain_graph=True)
    through = mg.gradients(middle, tensors, output_gradients=whole[0])
    for g, expected in zip(through, whole[1:]):
        np.testing.assert_allclose(g.numpy(), expected.numpy(), rtol=1e-12, atol=1e-13)


# ----------------------------------------------------------------------------- a life of tensors


class Lives(RuleBasedStateMachine):
    """Tensors are made, combined, gone back through, detached and updated, in any order.

    The model is the simplest there is: every tensor is a polynomial's value and its exact
    derivative by each parameter (forward mode), and each parameter has a running gradient.
    """

    def __init__(self):
        super().__init__()
        self.parameters = []  # tensors
        self.values = []  # their values
        self.grads = []  # what .grad should hold, None or a number
        self.results = []  # (tensor, value, {parameter: derivative}, its calls, {parameter: version})
        self.freed = set()
        self.versions = []
        self.stale = []  # whether .grad belongs to an older value

    def pick(self, n):
        return self.results[n % len(self.results)]

    @precondition(lambda self: len(self.parameters) < 4)
    @rule(value=st.floats(-1, 1, width=16))
    def make(self, value):
        self.parameters.append(mg.tensor([value], requires_grad=True))
        self.values.append(value)
        self.grads.append(None)
        self.versions.append(0)
        self.stale.append(False)
        self.take(len(self.parameters) - 1)

    @precondition(lambda self: self.parameters)
    @rule(n=st.integers(0, 99))
    def take(self, n):
        """A parameter with the value that it has now."""
        n %= len(self.parameters)
        self.results.append((self.parameters[n], self.values[n], {n: 1.0}, frozenset(), {n: self.versions[n]}))

    @precondition(lambda self: self.results)
    @rule(a=st.integers(0, 99), b=st.integers(0, 99), op=st.sampled_from("+-*"), recording=st.booleans())
    def combine(self, a, b, op, recording):
        (x, u, du, calls_x, seen_x), (y, v, dv, calls_y, seen_y) = self.pick(a), self.pick(b)
        # A parameter that was updated since is another number now; the model takes it anew.
        if self.is_stale(x, seen_x) or self.is_stale(y, seen_y):
            return
        with mg.set_grad_enabled(recording):
            z = {"+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y * 0.5}[op]()
        w = {"+": u + v, "-": u - v, "*": u * v * 0.5}[op]
        by = {"+": (1, 1), "-": (1, -1), "*": (v * 0.5, u * 0.5)}[op]
        names = du.keys() | dv.keys()
        dw = {n: by[0] * du.get(n, 0.0) + by[1] * dv.get(n, 0.0) for n in names}
        if max(abs(w), *map(abs, dw.values()), 0.0) > 1e3:
            return  # repeated squaring would soon be infinite
        if not z.requires_grad:
            assert not recording or not names
            self.results.append((z, w, {}, frozenset(), {}))
            return
        assert names
        calls = calls_x | calls_y | set(self.calls(z, x, y))
        self.results.append((z, w, dw, calls, seen_x | seen_y))

    def calls(self, z, x, y):
        """The calls that made z from x and y."""
        found, stack = [], [z.creator]
        while stack:
            call = stack.pop()
            if call is None or call in (x.creator, y.creator):
                continue
            found.append(call)
            stack += [origin for origin in call.inputs or () if isinstance(origin, mg.Op)]
        return found

    def is_stale(self, tensor, seen):
        return any(self.versions[n] != version for n, version in seen.items())

    @precondition(lambda self: self.results)
    @rule(n=st.integers(0, 99), retain=st.booleans())
    def backward(self, n, retain):
        z, _, dz, calls, seen = self.pick(n)
        if not dz:
            with pytest.raises(mg.GradError):
                z.backward()
            return
        if self.is_stale(z, seen) and not z.is_leaf:
            return  # right or InplaceError, by which rules need the old value: test_inplace.py
        if calls & self.freed:
            with pytest.raises(mg.GraphFreedError):
                z.backward()
            return
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            z.backward(retain_graph=retain)
        assert [w.category for w in said] == [mg.StaleGradWarning] * sum(self.stale[p] for p in dz)
        if not retain:
            self.freed |= calls
        for p, d in dz.items():
            self.stale[p] = False
            self.grads[p] = d if self.grads[p] is None else self.grads[p] + d

    @precondition(lambda self: self.results)
    @rule(n=st.integers(0, 99))
    def detach(self, n):
        z, value, _, _, seen = self.pick(n)
        if not self.is_stale(z, seen):
            # A copy: detach() shares the parameter's memory, and so would follow its updates.
            self.results.append((mg.tensor(z.detach()), value, {}, frozenset(), {}))

    @precondition(lambda self: self.parameters)
    @rule(n=st.integers(0, 99))
    def zero_grad(self, n):
        n %= len(self.parameters)
        self.parameters[n].zero_grad()
        self.grads[n] = None
        self.stale[n] = False

    @precondition(lambda self: self.parameters)
    @rule(n=st.integers(0, 99))
    def update(self, n):
        n %= len(self.parameters)
        w = self.parameters[n]
        if w.grad is None:
            return
        with mg.no_grad():
            w -= 0.01 * mg.tanh(w.grad)
        self.values[n] -= 0.01 * np.tanh(self.grads[n])
        self.versions[n] += 1
        self.stale[n] = bool(self.grads[n])  # zeros may be added to at any time
        note(f"updated {n}")

    @invariant()
    def gradients_are_the_models(self):
        for w, value, grad in zip(self.parameters, self.values, self.grads):
            np.testing.assert_allclose(w.detach().numpy(), [value], rtol=1e-9, atol=1e-9)
            assert (w.grad is None) == (grad is None)
            if grad is not None:
                np.testing.assert_allclose(w.grad.numpy(), [grad], rtol=1e-9, atol=1e-9)
            assert w.is_leaf

    @invariant()
    def values_are_the_models(self):
        for z, value, _, _, seen in self.results:
            if not (z.is_leaf and self.is_stale(z, seen)):
                np.testing.assert_allclose(z.detach().numpy(), [value], rtol=1e-9, atol=1e-9)

    @invariant()
    def recording_is_on(self):
        assert mg.is_grad_enabled()


test_lives = Lives.TestCase
