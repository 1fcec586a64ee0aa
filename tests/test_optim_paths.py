"""Optimisers go where torch's go: the same path, to rounding, over 100 steps.

One idea: on given gradients nothing damps or amplifies a difference, so the paths must agree to
a few roundings for any settings. On a loss a path can amplify them, torch's as well: there ours has to be
as near to torch's as torch's is to its own from a start one rounding away, times a constant.
"""

import importlib
import math

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import optim
from minigrad.optim.line_search import Trial, strong_wolfe

torch.set_num_threads(1)
fewer = settings(max_examples=max(10, settings.default.max_examples // 3))

STEPS = 100
SHAPES = [(3,), (2, 2), (), (0,)]
ROUNDING = {np.float64: 1e-12, np.float32: 1e-4}
dtypes = st.sampled_from([np.float64, np.float32])
seeds = st.integers(0, 10_000)


def some(low, high):
    """0, which switches a setting off, or a number between two."""
    return st.just(0.0) | st.floats(low, high)


SETTINGS = {
    "SGD": st.fixed_dictionaries(
        {
            "lr": st.floats(1e-4, 0.3),
            "momentum": some(0.1, 0.99),
            "dampening": some(0.1, 0.9),
            "weight_decay": some(1e-3, 0.3),
        }
    ),
    "SGD, Nesterov": st.fixed_dictionaries(
        {
            "lr": st.floats(1e-4, 0.3),
            "momentum": st.floats(0.1, 0.99),
            "nesterov": st.just(True),
            "weight_decay": some(1e-3, 0.3),
        }
    ),
    "Adam": st.fixed_dictionaries(
        {
            "lr": st.floats(1e-4, 0.3),
            "betas": st.tuples(some(0.1, 0.99), st.floats(0.5, 0.999)),
            "eps": st.floats(1e-10, 1e-2),
            "weight_decay": some(1e-3, 0.3),
            "amsgrad": st.booleans(),
        }
    ),
    "RMSprop": st.fixed_dictionaries(
        {
            "lr": st.floats(1e-4, 0.1),
            "alpha": st.floats(0.5, 0.99),
            "eps": st.floats(1e-8, 1e-2),
            "weight_decay": some(1e-3, 0.3),
            "momentum": some(0.1, 0.95),
            "centered": st.booleans(),
        }
    ),
}
SETTINGS["AdamW"] = SETTINGS["Adam"]


def pair(name, dtype, shapes, seed, **chosen):
    """The same optimiser here and in torch, on the same parameters."""
    rng = np.random.default_rng(seed)
    starts = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    ours = [mg.tensor(start, requires_grad=True) for start in starts]
    theirs = [torch.tensor(start, requires_grad=True) for start in starts]
    name = name.partition(",")[0]
    here, there = getattr(optim, name)(ours, **chosen), getattr(torch.optim, name)(theirs, **chosen)
    return ours, theirs, here, there, rng


def assert_same(ours, theirs, tolerance, step):
    for n, (x, y) in enumerate(zip(ours, theirs)):
        assert x.dtype == y.detach().numpy().dtype
        message = f"parameter {n} after step {step}"
        np.testing.assert_allclose(
            x.detach().numpy(), y.detach().numpy(), rtol=tolerance, atol=tolerance, err_msg=message
        )


@pytest.mark.parametrize("name", SETTINGS)
@fewer
@given(data=st.data(), dtype=dtypes, seed=seeds)
def test_on_given_gradients(name, data, dtype, seed):
    chosen = data.draw(SETTINGS[name])
    ours, theirs, here, there, rng = pair(name, dtype, SHAPES, seed, **chosen)
    for step in range(STEPS):
        for n, (x, y) in enumerate(zip(ours, theirs)):
            if rng.random() < 0.1:  # no gradient this time: the parameter, its averages and its count stay
                x.grad = y.grad = None
                continue
            g = rng.normal(size=SHAPES[n]).astype(dtype)
            x.grad, y.grad = g, torch.tensor(g)
        here.step()
        there.step()
        assert_same(ours, theirs, ROUNDING[dtype], step)


def ridge(x, y, w, b, exp, log):
    """Logistic regression with a penalty: strictly convex, so a difference between two paths shrinks."""
    return log(1 + exp(-y * (x @ w + b))).mean() + 0.05 * (w * w).sum() + 0.05 * b * b


def regression(dtype, seed):
    rng = np.random.default_rng(seed + 1)
    return rng.normal(size=(20, 4)).astype(dtype), np.sign(rng.normal(size=20)).astype(dtype)


def torch_path(name, dtype, shapes, seed, loss, nudged=False, **chosen):
    """Where torch's parameters are after each step, and its optimiser; nudged: from a start one rounding away."""
    _, theirs, _, there, _ = pair(name, dtype, shapes, seed, **chosen)
    if nudged:
        with torch.no_grad():
            for y in theirs:
                y.copy_(torch.nextafter(y, y + 1))
    if name == "LBFGS":
        there.param_groups[0]["line_search_fn"] = "strong_wolfe"

    def closure():
        there.zero_grad()
        value = loss(*theirs)
        value.backward()
        return value

    path = []
    for _ in range(STEPS):
        there.step(closure)
        path.append(np.concatenate([y.detach().numpy().ravel() for y in theirs]))
    return np.array(path), there.state[theirs[0]]


def our_path(name, dtype, shapes, seed, loss, **chosen):
    """Where our parameters are after each step, and the optimiser."""
    ours, _, here, _, _ = pair(name, dtype, shapes, seed, **chosen)

    def closure():
        here.zero_grad()
        value = loss(*ours)
        value.backward()
        return value

    path = []
    for _ in range(STEPS):
        here.step(closure)
        path.append(np.concatenate([x.detach().numpy().ravel() for x in ours]))
    return np.array(path), here


def assert_as_near_as_torch_is_to_itself(ours, theirs, nudged, constant=1000):
    """At each step; what the nudge has grown to so far is the yardstick."""
    size = np.abs(theirs).max()
    own = np.maximum.accumulate(np.abs(nudged - theirs).max(axis=1)) + np.finfo(theirs.dtype).eps * size
    away = np.abs(ours - theirs).max(axis=1)
    worst = np.argmax(away / own)
    assert away[worst] <= constant * own[worst], f"{away[worst]} after step {worst + 1}, torch's own {own[worst]}"


@pytest.mark.parametrize("name", SETTINGS)
@fewer
@given(data=st.data(), dtype=dtypes, seed=seeds)
def test_on_a_loss(name, data, dtype, seed):
    chosen = data.draw(SETTINGS[name]) | {"lr": data.draw(st.floats(1e-4, 0.03))}
    x, y = regression(dtype, seed)
    x2, y2 = torch.tensor(x), torch.tensor(y)
    task = name, dtype, [(4,), ()], seed
    ours, _ = our_path(*task, lambda w, b: ridge(x, y, w, b, mg.exp, mg.log), **chosen)
    theirs, nudged = (
        torch_path(*task, lambda w, b: ridge(x2, y2, w, b, torch.exp, torch.log), nudge, **chosen)[0]
        for nudge in (False, True)
    )
    assert_as_near_as_torch_is_to_itself(ours, theirs, nudged)


def test_groups_have_their_own_settings():
    rng = np.random.default_rng(0)
    starts = [rng.normal(size=3) for _ in range(3)]
    a, b, c = (mg.tensor(start, requires_grad=True) for start in starts)
    d, e, f = (torch.tensor(start, requires_grad=True) for start in starts)
    here = optim.SGD([{"parameters": {"a": a, "b": b}}, {"parameters": c, "lr": 0.01, "momentum": 0.5}], lr=0.1)
    there = torch.optim.SGD([{"params": [d, e]}, {"params": [f], "lr": 0.01, "momentum": 0.5}], lr=0.1)
    for step in range(STEPS):
        for x, y in zip([a, b, c], [d, e, f]):
            g = rng.normal(size=3)
            x.grad, y.grad = g, torch.tensor(g)
        here.step()
        there.step()
        assert_same([a, b, c], [d, e, f], 1e-12, step)


def valley(w, b):
    """Rosenbrock's curved valley, and a parameter of one number."""
    return (10 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum() + (b - w[0]) ** 4 + b * b


lbfgs_settings = st.fixed_dictionaries(
    {
        "lr": st.floats(0.05, 1.0),
        "max_iter": st.integers(2, 20),
        "history_size": st.integers(1, 10),
    }
)


@fewer
@given(chosen=lbfgs_settings, seed=seeds)
@example({"lr": 1.0, "max_iter": 20, "history_size": 100}, 0)
def test_lbfgs_in_a_curved_valley(chosen, seed):
    task = "LBFGS", np.float64, [(5,), ()], seed, valley
    ours, here = our_path(*task, **chosen)
    (theirs, state), (nudged, _) = (torch_path(*task, nudge, **chosen) for nudge in (False, True))
    assert_as_near_as_torch_is_to_itself(ours, theirs, nudged)
    assert here.moves == pytest.approx(state["n_iter"], rel=0.1)
    assert here.evaluations == pytest.approx(state["func_evals"], rel=0.1)


@fewer
@given(chosen=lbfgs_settings, seed=seeds, dtype=dtypes)
def test_lbfgs_on_a_convex_loss(chosen, seed, dtype):
    x, y = regression(dtype, seed)
    x2, y2 = torch.tensor(x), torch.tensor(y)
    task = "LBFGS", dtype, [(4,), ()], seed
    ours, _ = our_path(*task, lambda w, b: ridge(x, y, w, b, mg.exp, mg.log), **chosen)
    theirs, _ = torch_path(*task, lambda w, b: ridge(x2, y2, w, b, torch.exp, torch.log), **chosen)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol={np.float64: 1e-8, np.float32: 1e-3}[dtype])


# Importing torch.optim takes the name of its module away again.
torch_search = importlib.import_module("torch.optim.lbfgs")._strong_wolfe

waves = st.lists(st.tuples(st.floats(-2, 2), st.floats(0.2, 6), st.floats(0, 6)), min_size=1, max_size=4)


@settings(max_examples=max(100, settings.default.max_examples))
@given(waves=waves, curvature=st.floats(0.0, 1.0), first=st.floats(0.01, 4), most=st.integers(1, 25))
def test_the_line_search_tries_what_torch_s_tries(waves, curvature, first, most):
    """Along lines with many valleys, each trial one by one: Wolfe's conditions, brackets, cubics, safeguards."""

    def along(t):
        value = curvature * t * t / 2 + sum(a * math.sin(k * t + p) for a, k, p in waves)
        return value, curvature * t + sum(a * k * math.cos(k * t + p) for a, k, p in waves)

    value, slope = along(0.0)
    assume(slope < -1e-3)
    ours, theirs = [], []

    def evaluate(t):
        ours.append(t)
        return Trial(t, *along(t), np.array([along(t)[1]]))

    def objective(x, t, d):
        theirs.append(float(t))
        value, slope = along(float(t))
        return value, torch.tensor([slope], dtype=torch.float64)

    found, count = strong_wolfe(evaluate, Trial(0.0, value, slope, np.array([slope])), first, 1.0, most)
    g, d = torch.tensor([slope], dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    f, _, t, evaluations = torch_search(objective, None, first, d, value, g, g.dot(d), max_ls=most)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert (found.t, found.value) == pytest.approx((float(t), f), rel=1e-6)
    assert count == evaluations == len(ours)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_constant_gradient_does_not_make_centred_rmsprop_nan(dtype):
    """Its variance is 0, and rounding makes it negative: torch's step is NaN then, ours finite."""
    (w,), (v,), here, there, _ = pair("RMSprop", dtype, [(50,)], 0, alpha=0.5, centered=True)
    g = np.random.default_rng(1).normal(size=50).astype(dtype)
    for _ in range(STEPS):
        w.grad, v.grad = g, torch.tensor(g)
        here.step()
        there.step()
    assert np.isfinite(w.detach().numpy()).all()
    assert not torch.isfinite(v).all()


# ------------------------------------------------------------------------------- schedules


def rates(schedule, optimiser, steps=STEPS):
    found = []
    for _ in range(steps):
        found.append([group["lr"] for group in optimiser.groups])
        schedule.step()
    return np.array(found)


def torch_rates(make, steps=STEPS):
    v, c = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    optimiser = torch.optim.SGD([{"params": [v]}, {"params": [c], "lr": 0.01}], lr=0.3)
    scheduler = make(optimiser)
    found = []
    for _ in range(steps):
        found.append([group["lr"] for group in optimiser.param_groups])
        optimiser.step()
        scheduler.step()
    return np.array(found)


def two_groups():
    w, b = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    return optim.SGD([{"parameters": w}, {"parameters": b, "lr": 0.01}], lr=0.3)


T = torch.optim.lr_scheduler

SCHEDULES = {
    "step_decay": (optim.step_decay(7, 0.5), lambda o: T.StepLR(o, 7, 0.5)),
    "exponential": (optim.exponential(0.97), lambda o: T.ExponentialLR(o, 0.97)),
    "cosine": (optim.cosine(STEPS), lambda o: T.CosineAnnealingLR(o, STEPS)),
    "inverse_time": (optim.inverse_time(0.2), lambda o: T.LambdaLR(o, lambda t: 1 / (1 + 0.2 * t))),
    "warm_up": (optim.warm_up(10, start=0.1), lambda o: T.LinearLR(o, 0.1, 1.0, 10)),
    "warm_up, then cosine": (
        optim.warm_up(10, then=optim.cosine(90), start=0.01),
        lambda o: T.SequentialLR(o, [T.LinearLR(o, 0.01, 1.0, 10), T.CosineAnnealingLR(o, 90)], [10]),
    ),
    "a function of one's own": (lambda t: 0.9**t * (1 + t), lambda o: T.LambdaLR(o, lambda t: 0.9**t * (1 + t))),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_give_torch_s_rates(name):
    factor, make = SCHEDULES[name]
    optimiser = two_groups()
    found = rates(optim.Schedule(optimiser, factor), optimiser)
    np.testing.assert_allclose(found, torch_rates(make), rtol=1e-12, atol=1e-16)


def test_cosine_ends_where_it_is_told_to_and_stays():
    optimiser = two_groups()
    found = rates(optim.Schedule(optimiser, optim.cosine(STEPS, least=0.2)), optimiser, STEPS + 20)
    v = torch.zeros(1, requires_grad=True)
    theirs = torch.optim.SGD([v], lr=0.3)
    scheduler = T.CosineAnnealingLR(theirs, STEPS, eta_min=0.2 * 0.3)
    for step in range(STEPS):
        assert found[step, 0] == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)
        theirs.step()
        scheduler.step()
    np.testing.assert_allclose(found[STEPS:], 0.2 * found[:1].repeat(20, 0), rtol=1e-15)


plateau_settings = st.fixed_dictionaries(
    {
        "factor": st.floats(0.1, 0.9),
        "patience": st.integers(0, 5),
        "threshold": some(1e-4, 0.2),
        "cooldown": st.integers(0, 5),
    }
)


@given(chosen=plateau_settings, relative=st.booleans(), least=some(1e-6, 0.05), seed=seeds)
@example({"factor": 0.5, "patience": 0, "threshold": 0.0, "cooldown": 0}, True, 0.0, 0)
def test_reduce_on_plateau_gives_torch_s_rates(chosen, relative, least, seed):
    optimiser = two_groups()
    plateau = optim.ReduceOnPlateau(optimiser, **chosen, relative=relative, least=least)
    v, c = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    theirs = torch.optim.SGD([{"params": [v]}, {"params": [c], "lr": 0.01}], lr=0.3)
    scheduler = T.ReduceLROnPlateau(theirs, **chosen, threshold_mode="rel" if relative else "abs", min_lr=least)
    rng = np.random.default_rng(seed)
    for step in range(STEPS):
        loss = math.exp(-step / 20) + rng.normal() * 0.05 + 0.2
        plateau.step(loss)
        scheduler.step(loss)
        assert [g["lr"] for g in optimiser.groups] == [g["lr"] for g in theirs.param_groups]


# ------------------------------------------------------------------------------- clipping


@given(seed=seeds, dtype=dtypes, limit=st.floats(0.01, 20), order=st.sampled_from([1.0, 2.0, 3.0, math.inf]))
def test_clipping_is_torch_s(seed, dtype, limit, order):
    rng = np.random.default_rng(seed)
    for by_norm in (True, False):
        ours = [mg.ones(shape, dtype=dtype, requires_grad=True) for shape in SHAPES]
        theirs = [torch.ones(shape, dtype=torch.tensor(ours[0].data).dtype, requires_grad=True) for shape in SHAPES]
        for x, y in list(zip(ours, theirs))[:-1]:  # the last has no gradient
            g = rng.normal(size=x.shape).astype(dtype)
            x.grad, y.grad = g, torch.tensor(g)
        if by_norm:
            norm = optim.clip_by_norm(ours, limit, order)
            assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(theirs, limit, order).item(), rel=1e-5)
            assert type(norm) is float
        else:
            optim.clip_by_value({"all": ours}, limit)
            torch.nn.utils.clip_grad_value_(theirs, limit)
        assert ours[-1].grad is None
        for x, y in list(zip(ours, theirs))[:-1]:
            assert x.grad.dtype == dtype
            np.testing.assert_allclose(
                x.grad.numpy(), y.grad.numpy(), rtol={np.float64: 1e-13, np.float32: 1e-5}[dtype]
            )


def test_the_norm_of_huge_gradients_does_not_overflow():
    w, b = mg.ones(2, requires_grad=True), mg.tensor(1.0, requires_grad=True)
    w.grad, b.grad = [2e200, 3e200], 6e200
    assert optim.clip_by_norm([w, b], 7.0) == pytest.approx(7e200, rel=1e-15)
    np.testing.assert_allclose([*w.grad.numpy(), b.grad.item()], [2, 3, 6], rtol=1e-15)
