"""Optimisers as their users meet them: what they take, what they leave alone, what is saved, what they refuse.

One idea: an optimiser changes parameters that have gradients, in place and where the graph sees it, and
nothing else; its state put back, it goes on bit for bit.
"""

import dataclasses
import gc
import inspect
import io
import json
import math
import pickle
import warnings
import weakref
from functools import partial

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim

METHODS = {
    "SGD": partial(optim.SGD, lr=0.1),
    "SGD with momentum": partial(optim.SGD, lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.01),
    "Nesterov": partial(optim.SGD, lr=0.1, momentum=0.9, nesterov=True),
    "Adam": partial(optim.Adam, lr=0.1, weight_decay=0.01),
    "amsgrad": partial(optim.Adam, lr=0.1, amsgrad=True),
    "AdamW": partial(optim.AdamW, lr=0.1),
    "RMSprop": partial(optim.RMSprop, lr=0.1, centered=True, momentum=0.9, weight_decay=0.01),
    "LBFGS": partial(optim.LBFGS, lr=0.5, max_iter=3, history_size=4),
}
methods = pytest.mark.parametrize("method", METHODS)


def leaf(value, **keywords):
    return mg.tensor(value, requires_grad=True, **keywords)


def line():
    return inspect.currentframe().f_back.f_lineno


def loss_of(w, b):
    return ((w - [1.0, -2.0, 0.5]) ** 4).sum() + (b - 3) ** 2 * (1 + (w * w).sum())


def closure_for(optimiser, *parameters):
    def closure():
        optimiser.zero_grad()
        loss = loss_of(*parameters)
        loss.backward()
        return loss

    return closure


# ----------------------------------------------------------------------------- a step


@methods
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_it_finds_the_minimum_and_keeps_the_dtype(method, dtype):
    w, b = leaf([0.5, -1.0, 0.0], dtype=dtype), leaf(2.0, dtype=dtype)
    optimiser = METHODS[method]([w, b])
    for group in optimiser.groups:
        group["lr"] = 0.5 if method == "LBFGS" else 0.01
        group["weight_decay"] = 0.0
    closure = closure_for(optimiser, w, b)
    first = closure().item()
    for _ in range(300):
        optimiser.step(closure)
    assert loss_of(w, b).item() < 0.01 * first
    assert w.dtype == b.dtype == dtype
    assert w.is_leaf
    assert w.requires_grad


@methods
def test_a_number_stays_a_numpy_scalar_and_an_array_the_same_array(method):
    w, b = leaf([0.5, -1.0, 0.0]), leaf(2.0)
    array = w.data
    optimiser = METHODS[method]([w, b])
    for _ in range(2):
        optimiser.step(closure_for(optimiser, w, b))
    assert w.data is array
    assert type(b._array) is np.float64
    assert all(np.shape(v) for v in optimiser.memories[0].values() if not isinstance(v, int))
    assert all(type(v) in (np.float64, int) for v in optimiser.memories[1].values())


@methods
def test_a_number_that_was_looked_at_goes_the_same_way(method):
    ends = []
    for looked_at in (False, True):
        w, b = leaf([0.5, -1.0, 0.0]), leaf(2.0)
        optimiser = METHODS[method]([w, b])
        for _ in range(3):
            optimiser.step(closure_for(optimiser, w, b))
            if looked_at:
                assert b.data.shape == ()
        ends.append((w.tolist(), b.item()))
    assert ends[0] == ends[1]


@methods
def test_the_graph_sees_the_change(method):
    w, b = leaf([0.5, -1.0, 0.0]), leaf(2.0)
    optimiser = METHODS[method]([w, b])
    for parameter in (w, b):
        closure_for(optimiser, w, b)()
        y = (parameter * parameter).sum()
        optimiser.step(closure_for(optimiser, w, b))
        at = line() - 1
        with pytest.raises(mg.InplaceError, match=r"changed in place|was replaced") as raised:
            y.backward(create_graph=True)
        if parameter is w:
            assert f"test_optim.py:{at}" in str(raised.value)


@methods
def test_what_has_no_gradient_is_left_alone(method):
    w, b, unused = leaf([0.5, -1.0, 0.0]), leaf(2.0), leaf([7.0, 8.0])
    optimiser = METHODS[method]([unused, w, b])
    for _ in range(3):
        optimiser.step(closure_for(optimiser, w, b))
    assert unused.tolist() == [7.0, 8.0]
    assert not optimiser.memories[0]
    assert w.tolist() != [0.5, -1.0, 0.0]


@methods
def test_float16(method):
    if method == "LBFGS":
        pytest.skip("its sums of squares are beyond float16")
    keywords = {} if METHODS[method].func is optim.SGD else {"eps": 1e-4}
    w = leaf([1.0, 0.0], dtype=np.float16)
    optimiser = METHODS[method]([w], **keywords)
    for _ in range(3):
        w.grad = [1.0, 0.0]
        optimiser.step()
    assert w.dtype == np.float16
    assert w.tolist()[0] < 1
    assert w.tolist()[1] == 0


@methods
def test_a_gradient_is_not_changed(method):
    w, b = leaf([0.5, -1.0, 0.0]), leaf(2.0)
    if method == "LBFGS":
        pytest.skip("its gradients are those of the last point tried")
    optimiser = METHODS[method]([w, b])
    for _ in range(3):
        closure_for(optimiser, w, b)()
        before = w.grad.tolist(), b.grad.item()
        optimiser.step()
        optimiser.step()
        assert (w.grad.tolist(), b.grad.item()) == before


@methods
@pytest.mark.parametrize("shape", [(0,), (2, 0), (1,), (2, 3)])
def test_any_shape_and_layout(method, shape):
    base = np.random.default_rng(0).normal(size=shape)
    straight, turned = leaf(base), mg.from_numpy(np.asfortranarray(base.copy()), requires_grad=True)
    for w in (straight, turned):
        optimiser = METHODS[method]([w])

        def closure(optimiser=optimiser, w=w):
            optimiser.zero_grad()
            loss = ((w - 1) ** 4).sum()
            loss.backward()
            return loss

        for _ in range(3):
            optimiser.step(closure)
    np.testing.assert_array_equal(straight.detach().numpy(), turned.detach().numpy())


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"LBFGS"}))
def test_a_long_array_moves_as_its_pieces_do(method):
    """Piece by piece, because pieces stay in the cache: to the bit what short arrays do, and saved as a whole."""
    n = 5 * 8192 + 8
    start = np.random.default_rng(0).normal(size=(n,))
    whole, turned = leaf(start), mg.from_numpy(np.asfortranarray(start.copy().reshape(8, -1)), requires_grad=True)
    parts = [leaf(part) for part in np.array_split(start, 50)]
    together, apart, other = METHODS[method]([whole]), METHODS[method](parts), METHODS[method]([turned])
    for step in range(4):
        g = np.random.default_rng(step + 1).normal(size=n)
        whole.grad, turned.grad = g, g.reshape(8, -1)
        for part, g_part in zip(parts, np.array_split(g, 50)):
            part.grad = g_part
        if step == 2:
            state = together.state_dict()
            together = METHODS[method]([whole])
            together.load_state_dict(state)
        for optimiser in (together, apart, other):
            optimiser.step()
    np.testing.assert_array_equal(whole.data, np.concatenate([part.data for part in parts]))
    np.testing.assert_array_equal(whole.data, turned.data.reshape(-1))
    assert all(np.shape(value) in ((), (n,)) for value in together.memories[0].values())


def test_step_returns_the_loss_of_its_closure_computed_with_a_graph():
    w, b = leaf([0.5, -1.0, 0.0]), leaf(2.0)
    optimiser = optim.SGD([w, b], lr=0.1)
    with mg.no_grad():
        loss = optimiser.step(closure_for(optimiser, w, b))
    assert loss.item() == loss_of(leaf([0.5, -1.0, 0.0]), leaf(2.0)).item()
    assert optimiser.step() is None


def test_zero_grad_forgets_every_gradient():
    w, b = leaf([0.5, -1.0, 0.0]), leaf(2.0)
    optimiser = optim.SGD([{"parameters": w}, {"parameters": b}])
    loss_of(w, b).backward()
    optimiser.zero_grad()
    assert w.grad is None
    assert b.grad is None


def test_an_optimiser_is_freed_at_once():
    w = leaf([1.0])
    gc.disable()
    try:
        optimiser = optim.Adam([w])
        schedule = optim.Schedule(optimiser, optim.cosine(3))
        (w * w).sum().backward()
        optimiser.step()
        gone = weakref.ref(optimiser)
        del optimiser, schedule
        assert gone() is None
    finally:
        gc.enable()


# ----------------------------------------------------------------------------- what it takes


@dataclasses.dataclass
class Layer:
    weight: mg.Tensor
    bias: mg.Tensor


def test_parameters_in_containers():
    w, b, c, d = leaf([1.0]), leaf(2.0), leaf([3.0]), leaf(4.0)
    for given in (
        {"first": Layer(w, b), "rest": (c, [d])},
        (p for p in [w, b, c, d]),
        [Layer(w, b), Layer(c, d)],
        {"parameters": [w, b, c, d]},
    ):
        found = optim.SGD(given, lr=0.1).parameters
        assert [p is q for p, q in zip(found, [w, b, c, d])] == [True] * 4
    assert optim.SGD(w).parameters == [w]


def test_groups_take_what_they_do_not_say_from_the_optimiser():
    w, b = leaf([1.0]), leaf(2.0)
    optimiser = optim.Adam([{"parameters": {"w": w}, "lr": 0.5, "betas": [0.8, 0.9]}, {"parameters": b}], eps=1e-6)
    assert [g["lr"] for g in optimiser.groups] == [0.5, 0.001]
    assert [g["betas"] for g in optimiser.groups] == [(0.8, 0.9), (0.9, 0.999)]
    assert [g["eps"] for g in optimiser.groups] == [1e-6, 1e-6]
    assert "lr=0.5" in repr(optimiser)


def test_a_setting_never_widens_a_float32():
    w = leaf([1.0], dtype=np.float32)
    optimiser = optim.SGD([w], lr=np.float64(0.1), momentum=np.array(0.9))
    assert type(optimiser.groups[0]["lr"]) is float
    (w * w).sum().backward()
    optimiser.step()
    assert w.dtype == np.float32


# ----------------------------------------------------------------------------- saved and restored


def through_savez(state):
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    return np.load(file)


WAYS = {
    "as it is": lambda state: state,
    "pickle": lambda state: pickle.loads(pickle.dumps(state)),
    "np.savez": through_savez,
    "json": lambda state: json.loads(json.dumps(state, default=np.ndarray.tolist)),
}


@methods
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_restored_state_goes_on_bit_for_bit(method, way, dtype):
    w, b, never = leaf([0.5, -1.0, 0.0], dtype=dtype), leaf(2.0, dtype=dtype), leaf([1.0], dtype=dtype)
    optimiser = METHODS[method]([w, b, never])
    for _ in range(5):
        optimiser.step(closure_for(optimiser, w, b))
    optimiser.groups[0]["lr"] *= 0.7
    state = WAYS[way](optimiser.state_dict())
    w2, b2, never2 = (leaf(p.detach().numpy()) for p in (w, b, never))
    again = METHODS[method]([w2, b2, never2])
    again.load_state_dict(state)
    for _ in range(10):
        optimiser.step(closure_for(optimiser, w, b))
        again.step(closure_for(again, w2, b2))
        assert (w.tolist(), b.item()) == (w2.tolist(), b2.item())
    for name, value in optimiser.state_dict().items():
        np.testing.assert_array_equal(value, again.state_dict()[name])


@methods
def test_a_state_is_arrays_and_numbers_and_a_copy(method):
    w, b = leaf([0.5, -1.0, 0.0]), leaf(2.0)
    optimiser = METHODS[method]([w, b])
    optimiser.step(closure_for(optimiser, w, b))
    state = optimiser.state_dict()
    assert all(type(value) in (np.ndarray, int, float, bool) for value in state.values())
    assert json.loads(json.dumps({k: v for k, v in state.items() if not isinstance(v, np.ndarray)}))
    frozen = pickle.dumps(state)
    for _ in range(3):
        optimiser.step(closure_for(optimiser, w, b))
    assert pickle.dumps(state) == frozen
    again = METHODS[method]([w, b])
    again.load_state_dict(state)
    again.step(closure_for(again, w, b))
    assert pickle.dumps(state) == frozen


def test_restored_schedules_go_on():
    def made():
        optimiser = optim.SGD(leaf([1.0]), lr=0.3)
        schedule = optim.Schedule(optimiser, optim.warm_up(3, then=optim.exponential(0.9)))
        return optimiser, schedule, optim.ReduceOnPlateau(schedule, factor=0.5, patience=1, cooldown=1)

    losses = [3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    optimiser, schedule, plateau = made()
    for loss in losses[:6]:
        schedule.step()
        plateau.step(loss)
    saved = [json.loads(json.dumps(one.state_dict())) for one in (schedule, plateau)]
    optimiser2, schedule2, plateau2 = made()
    optimiser2.load_state_dict(optimiser.state_dict())
    schedule2.load_state_dict(saved[0])
    plateau2.load_state_dict(through_savez(saved[1]))
    for loss in losses[6:]:
        for one, other in ((schedule, plateau), (schedule2, plateau2)):
            one.step()
            other.step(mg.tensor(loss))
        assert optimiser.groups[0]["lr"] == optimiser2.groups[0]["lr"] < 0.3
    assert optimiser.groups[0]["lr"] == 0.3 * 0.9**9 * 0.5**3


# ----------------------------------------------------------------------------- L-BFGS


def test_lbfgs_comes_back_from_where_the_loss_is_not_finite():
    """The first trial of a long step overflows; torch's path is NaN from there on."""
    w = leaf([3.0])

    def closure():
        with np.errstate(over="ignore", invalid="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loss = (mg.exp(w * w) - 3 * w).sum()
            loss.backward()
        return loss

    optimiser = optim.LBFGS([w], lr=100.0, max_iter=50)
    for _ in range(3):
        optimiser.step(closure)
    at = w.item()
    assert 2 * at * math.exp(at * at) == pytest.approx(3, rel=1e-6)


def test_lbfgs_leaves_the_parameters_where_they_were_if_its_closure_fails():
    w, b = leaf([0.5, -1.0, 0.0]), leaf(2.0)
    optimiser = optim.LBFGS([w, b])
    calls = []

    def closure():
        calls.append(w.tolist())
        if len(calls) == 2:
            raise KeyboardInterrupt
        return closure_for(optimiser, w, b)()

    with pytest.raises(KeyboardInterrupt):
        optimiser.step(closure)
    assert calls[1] != [0.5, -1.0, 0.0]
    assert (w.tolist(), b.item()) == ([0.5, -1.0, 0.0], 2.0)


def test_lbfgs_does_nothing_at_the_minimum():
    w = leaf([1.0, 2.0])
    optimiser = optim.LBFGS([w])

    def closure():
        loss = ((w - [1.0, 2.0]) ** 2).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    assert (w.tolist(), optimiser.evaluations, optimiser.moves) == ([1.0, 2.0], 1, 0)


def test_lbfgs_clears_gradients_by_itself():
    ends = []
    for cleared in (False, True):
        w = leaf([3.0, -1.0])
        optimiser = optim.LBFGS([w], max_iter=4)

        def closure(w=w, optimiser=optimiser, cleared=cleared):
            if cleared:
                optimiser.zero_grad()
            loss = ((w - [1.0, 2.0]) ** 4).sum()
            loss.backward()
            return loss

        optimiser.step(closure)
        ends.append(w.tolist())
    assert ends[0] == ends[1]


# ----------------------------------------------------------------------------- errors that teach


def refuses(call, kind, *words):
    with pytest.raises(kind) as raised:
        call()
    text = str(raised.value)
    for word in words:
        assert word in text, text
    assert text.count("\n") <= 1
    assert "test_optim.py:" in text
    return text


def test_a_computed_tensor_is_no_parameter():
    w = leaf([1.0])
    doubled = 2 * w
    made = line() - 1
    refuses(
        lambda: optim.SGD([w, doubled]),
        mg.GradError,
        f"doubled was computed (Mul (test_optim.py:{made}))",
        "minigrad.tensor(doubled.detach(), requires_grad=True)",
    )
    refuses(lambda: optim.SGD({"weights": [2 * w]}), mg.GradError, 'parameters["weights"][0] was computed')


def test_integers_are_no_parameters():
    refuses(lambda: optim.SGD([mg.tensor([1, 2])]), mg.DtypeError, "parameters[0] holds int64", "dtype=float")


def test_a_tensor_that_requires_no_gradient_would_never_move():
    w = mg.tensor([1.0])
    refuses(lambda: optim.SGD([w]), mg.GradError, "does not require a gradient", "requires_grad = True")


@pytest.mark.parametrize("other", [np.ones(3), 2.0, "w", None])
def test_other_things_are_no_parameters(other):
    refuses(
        lambda: optim.SGD({"w": leaf([1.0]), "x": other}),
        mg.GradError,
        f'parameters["x"] is of type {type(other).__name__}, not a tensor',
    )


@pytest.mark.parametrize("nothing", [[], {}, (), [[], {}], iter(())])
def test_nothing_to_optimise(nothing):
    refuses(lambda: optim.SGD(nothing), mg.OptimiserError, "nothing to optimise")


def test_a_parameter_comes_once():
    def in_one_group():
        w, b = leaf([1.0]), leaf(2.0)
        optim.SGD([w, b, w])

    def in_two_groups():
        w, b = leaf([1.0]), leaf(2.0)
        optim.SGD([{"parameters": [w, b]}, {"parameters": [w]}])

    refuses(in_one_group, mg.OptimiserError, "w comes twice, as parameter 0 and 2")
    refuses(in_two_groups, mg.OptimiserError, "w comes twice, as parameter 0 and 2")


BAD = {
    "lr negative": (lambda p: optim.SGD(p, lr=-0.1), "lr is -0.1", "against the gradient by itself"),
    "lr NaN": (lambda p: optim.Adam(p, lr=math.nan), "lr is nan"),
    "lr infinite": (lambda p: optim.RMSprop(p, lr=math.inf), "lr is inf"),
    "lr text": (lambda p: optim.SGD(p, lr="0.1"), "lr is '0.1'"),
    "lr tensor": (lambda p: optim.SGD(p, lr=mg.tensor(0.1)), "lr is a tensor", "lr=t.item()"),
    "lr of LBFGS": (lambda p: optim.LBFGS(p, lr=-1.0), "lr is -1.0"),
    "momentum": (lambda p: optim.SGD(p, momentum=-0.9), "momentum is -0.9"),
    "decay": (lambda p: optim.AdamW(p, weight_decay=-1.0), "weight_decay is -1.0"),
    "Nesterov": (lambda p: optim.SGD(p, nesterov=True), "Nesterov's step needs momentum"),
    "Nesterov dampened": (lambda p: optim.SGD(p, momentum=0.5, dampening=0.1, nesterov=True), "no dampening"),
    "beta of 1": (lambda p: optim.Adam(p, betas=(0.9, 1.0)), "betas is (0.9, 1.0)"),
    "one beta": (lambda p: optim.Adam(p, betas=0.9), "betas is 0.9", "betas=(0.9, 0.999)"),
    "eps": (lambda p: optim.Adam(p, eps=0.0), "eps is 0", "0 / 0"),
    "eps in float16": (
        lambda p: optim.Adam([*p, leaf([1.0], dtype=np.float16)]),
        "eps is 1e-08, which is 0 in float16",
        "eps=0.0001",
    ),
    "alpha": (lambda p: optim.RMSprop(p, alpha=1.5), "alpha is 1.5"),
    "max_iter": (lambda p: optim.LBFGS(p, max_iter=0), "max_iter is 0"),
    "history": (lambda p: optim.LBFGS(p, history_size=1.5), "history_size is 1.5"),
    "two groups": (lambda p: optim.LBFGS([{"parameters": p}, {"parameters": leaf(1.0)}]), "one group"),
    "unknown": (lambda p: optim.SGD([{"parameters": p, "momentun": 0.5}]), "'momentun'", "Did you mean 'momentum'?"),
    "a group alone": (lambda p: optim.SGD({"parameters": p, "lr": 0.1}), "given alone", "in a list"),
    "groups and not": (lambda p: optim.SGD([{"parameters": p}, leaf(1.0)]), "item 1", "is no group"),
}


@pytest.mark.parametrize("name", BAD)
def test_settings_that_make_no_sense(name):
    call, *words = BAD[name]
    refuses(lambda: call([leaf([1.0])]), mg.OptimiserError, *words)


@methods
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_finite_moves_nothing_and_is_named(method, bad):
    w, b, weights = leaf([1.0]), leaf(2.0), leaf([[1.0, 2.0], [3.0, 4.0]])
    optimiser = METHODS[method]([w, b, weights])

    def closure(matrix=None, number=1.0):
        w.grad, b.grad, weights.grad = [1.0], number, matrix or [[1.0, 2.0], [bad, 4.0]]
        return mg.tensor(1.0)

    refuses(lambda: optimiser.step(closure), mg.GradError, f"gradient of weights is {bad} at [1, 0]", "clip_by_norm")
    refuses(
        lambda: optimiser.step(lambda: closure([[1.0] * 2] * 2, bad)), mg.GradError, f"the gradient of b is {bad}, so"
    )
    assert (w.tolist(), b.item(), weights.tolist()) == ([1.0], 2.0, [[1.0, 2.0], [3.0, 4.0]])
    assert not any(optimiser.memories)


def test_a_gradient_in_a_container_is_called_as_it_was_when_the_optimiser_was_made():
    def made():
        model = {"layers": [leaf([1.0]), leaf([2.0])]}
        return model, optim.SGD(model)

    layers, optimiser = made()
    layers["layers"][1].grad = [math.nan]
    refuses(optimiser.step, mg.GradError, 'the gradient of model["layers"][1] is nan at [0]')


@pytest.mark.parametrize("method", ["SGD", "SGD with momentum", "Nesterov"])
def test_large_gradients_are_finite(method):
    """Their squares overflow, alone or added up; that is not the gradients' fault."""
    w, b = leaf([1.0, 2.0]), leaf(2.0)
    w.grad, b.grad = [1e200, 1e154], 1e200
    METHODS[method]([w, b]).step()
    assert np.isfinite(w.detach().numpy()).all()
    assert w.tolist() != [1.0, 2.0]


@pytest.mark.parametrize("method", ["Adam", "AdamW", "amsgrad", "RMSprop", "LBFGS"])
@pytest.mark.parametrize(("dtype", "large"), [(np.float64, 1e200), (np.float32, 1e20)])
def test_a_gradient_whose_square_overflows_would_stop_its_parameter_for_good(method, dtype, large):
    w, b = leaf([1.0, 2.0], dtype=dtype), leaf(2.0, dtype=dtype)
    optimiser = METHODS[method]([w, b])

    def closure(first=1.0):
        w.grad, b.grad = [first, large], 1.0
        return 1.0

    refuses(lambda: optimiser.step(closure), mg.GradError, "gradient of w is 1", f"overflows {dtype.__name__}")
    assert w.tolist() == [1.0, 2.0]
    if method != "LBFGS":  # squares that overflow only when added up are no trouble
        large = float(np.sqrt(np.finfo(dtype).max)) * 0.9
        optimiser.step(lambda: closure(large))
        assert w.tolist() != [1.0, 2.0]


def test_a_gradient_of_another_shape():
    w = leaf([1.0, 2.0])
    w._grad = mg.tensor([1.0])  # past the setter of .grad, which refuses it
    refuses(lambda: optim.SGD([w]).step(), mg.ShapeError, "gradient of w has shape (1,), its values (2,)")


def test_lbfgs_without_a_closure_or_with_a_useless_one():
    w = leaf([1.0, 2.0])
    optimiser = optim.LBFGS([w])
    refuses(lambda: optimiser.step(), mg.OptimiserError, "needs a function", "loss.backward(); return loss")
    refuses(lambda: optimiser.step(lambda: None), mg.OptimiserError, "the closure returned nothing")
    refuses(lambda: optimiser.step(lambda: (w * w).sum()), mg.GradError, "brought no gradient")

    def infinite():
        (w * w).sum().backward()
        return math.inf

    refuses(lambda: optimiser.step(infinite), mg.GradError, "the loss is inf where LBFGS is to start")


def test_a_method_that_does_not_say_how_to_step():
    w = leaf([1.0])
    w.grad = [1.0]
    with pytest.raises(NotImplementedError, match="write advance"):
        optim.Optimiser([w], lr=0.1).step()


def trained(make, *parameters):
    optimiser = make(list(parameters))

    def closure():
        optimiser.zero_grad()
        loss = sum((p * p * p * p).sum() for p in parameters)
        loss.backward()
        return loss

    for _ in range(3):
        optimiser.step(closure)
    return optimiser


MISFITS = {
    "another method": (lambda: trained(METHODS["Adam"], leaf([1.0])), METHODS["SGD"], [leaf([1.0])], "has no"),
    "more of a method": (
        lambda: trained(METHODS["SGD with momentum"], leaf([1.0])),
        METHODS["RMSprop"],
        [leaf([1.0])],
        "has no groups[0].alpha",
    ),
    "more parameters": (
        lambda: trained(METHODS["SGD"], leaf([1.0])),
        METHODS["SGD"],
        [leaf([1.0]), leaf([1.0])],
        "its groups[0].parameters is 1, not 2",
    ),
    "another shape": (
        lambda: trained(METHODS["Adam"], leaf([1.0])),
        METHODS["Adam"],
        [leaf([1.0, 2.0])],
        "saved state has shape (1,), its parameter (2,)",
    ),
    "more groups": (
        lambda: trained(METHODS["SGD"], leaf([1.0])),
        lambda p: optim.SGD([{"parameters": one} for one in p]),
        [leaf([1.0]), leaf([1.0])],
        "it has no groups[1].parameters",
    ),
    "fewer groups": (
        lambda: optim.SGD([{"parameters": leaf([1.0])}, {"parameters": leaf([1.0])}]),
        METHODS["SGD"],
        [leaf([1.0])],
        "it has groups[1].parameters, and this optimiser has no such thing",
    ),
    "L-BFGS of another size": (
        lambda: trained(METHODS["LBFGS"], leaf([1.0, 5.0])),
        METHODS["LBFGS"],
        [leaf([1.0, 2.0, 3.0])],
        "the parameters have 3 elements",
    ),
    "not L-BFGS": (lambda: trained(METHODS["SGD"], leaf([1.0])), METHODS["LBFGS"], [leaf([1.0])], "it has no moves"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_state_that_does_not_fit(name):
    make, other, parameters, words = MISFITS[name]
    state = make().state_dict()
    optimiser = other(parameters)
    before = pickle.dumps(optimiser.state_dict())
    refuses(lambda: optimiser.load_state_dict(state), mg.MinigradError, words)
    assert pickle.dumps(optimiser.state_dict()) == before


def test_a_state_with_a_bad_setting():
    optimiser = optim.SGD([leaf([1.0])])
    refuses(
        lambda: optimiser.load_state_dict(optimiser.state_dict() | {"groups[0].lr": -1.0}),
        mg.OptimiserError,
        "lr is -1.0",
    )


def made():
    return optim.SGD([leaf([1.0])], lr=0.1)


BAD_SCHEDULES = {
    "no function": (lambda: optim.Schedule(made(), 0.9), "function of the number of steps", "0.99**t"),
    "negative": (lambda: optim.Schedule(made(), lambda t: -1.0), "gives -1.0 after 0 steps"),
    "NaN": (lambda: optim.Schedule(made(), lambda t: math.nan), "gives nan"),
    "no period": (lambda: optim.step_decay(0), "every is 0"),
    "no steps": (lambda: optim.cosine(0), "steps is 0"),
    "no warming": (lambda: optim.warm_up(0), "steps is 0"),
    "rate": (lambda: optim.inverse_time(-1.0), "rate is -1.0"),
    "factor": (lambda: optim.exponential(math.nan), "factor is nan"),
    "no end": (lambda: optim.in_turn((3, optim.constant)), "last a schedule alone"),
    "an end too early": (lambda: optim.in_turn(optim.constant, optim.constant), "last a schedule alone"),
    "nothing in turn": (lambda: optim.in_turn(), "last a schedule alone"),
    "no reduction": (lambda: optim.ReduceOnPlateau(made(), factor=1.0), "factor is 1.0", "below 1"),
    "patience": (lambda: optim.ReduceOnPlateau(made(), patience=-1), "patience is -1"),
    "a state": (lambda: optim.Schedule(made(), optim.constant).load_state_dict({"steps": 1}), "has steps, rates[0]"),
    "limit": (lambda: optim.clip_by_norm([leaf([1.0])], 0.0), "limit is 0.0"),
    "order": (lambda: optim.clip_by_norm([leaf([1.0])], 1.0, order=-1.0), "order is -1.0"),
    "limit of value": (lambda: optim.clip_by_value([leaf([1.0])], -1.0), "limit is -1.0"),
}


@pytest.mark.parametrize("name", BAD_SCHEDULES)
def test_schedules_and_limits_that_make_no_sense(name):
    call, *words = BAD_SCHEDULES[name]
    refuses(call, mg.OptimiserError, *words)


def test_a_rate_changed_behind_a_schedule_s_back_is_not_lost_in_silence():
    optimiser = made()
    schedule = optim.Schedule(optimiser, optim.exponential(0.5))
    optimiser.groups[0]["lr"] = 0.7
    refuses(schedule.step, mg.OptimiserError, "group 0 is 0.7, and its schedule had set 0.1", "schedule.rates[0]")
    assert optimiser.groups[0]["lr"] == 0.7


def test_a_group_added_after_the_schedule():
    optimiser = made()
    schedule = optim.Schedule(optimiser, optim.constant)
    optimiser.add_group({"parameters": leaf([1.0])})
    refuses(schedule.step, mg.OptimiserError, "has 2 groups, and had 1")


def test_clipping_what_no_clipping_can_mend():
    w, b = leaf([1.0, 2.0]), leaf(1.0)
    w.grad, b.grad = [1.0, math.inf], 1.0
    refuses(lambda: optim.clip_by_norm([b, w], 1.0), mg.GradError, "gradient of w holds inf")
    optim.clip_by_value([w, b], 0.5)
    assert (w.grad.tolist(), b.grad.item()) == ([0.5, 0.5], 0.5)
    w.grad = [1.0, math.nan]
    refuses(lambda: optim.clip_by_value([b, w], 1.0), mg.GradError, "gradient of w holds nan")


def test_clipping_is_seen_by_the_graph():
    w = leaf([1.0, 2.0])
    (w * w).sum().backward()
    y = (leaf([1.0, 1.0]) * w.grad).sum()
    optim.clip_by_norm(w, 1.0)
    with pytest.raises(mg.InplaceError):
        y.backward()


# ----------------------------------------------------------------------------- on a GPU


@pytest.mark.cupy
@methods
def test_on_a_gpu_it_goes_where_it_goes_here(method):
    ends = []
    for backend in ("numpy", "cupy"):
        w = mg.tensor([0.5, -1.0, 0.0], requires_grad=True, backend=backend)
        b = mg.tensor(2.0, requires_grad=True, backend=backend)
        target = mg.tensor([1.0, -2.0, 0.5], backend=backend)
        optimiser = METHODS[method]([w, b])

        def closure(w=w, b=b, target=target, optimiser=optimiser):
            optimiser.zero_grad()
            loss = ((w - target) ** 4).sum() + (b - 3) ** 2 * (1 + (w * w).sum())
            loss.backward()
            optim.clip_by_value([w, b], 100.0)
            optim.clip_by_norm([w, b], 1000.0)
            return loss

        for step in range(20):
            if step == 10:
                state = optimiser.state_dict()
                assert all(type(v) in (np.ndarray, int, float, bool) for v in state.values())
                optimiser.load_state_dict(state)
            optimiser.step(closure)
        assert mg.backend.library_of(w.data) is mg.backend.library(backend)
        assert mg.backend.library_of(b.data) is mg.backend.library(backend)
        ends.append([*mg.backend.to_numpy(w.data), mg.backend.to_numpy(b.data)])
    np.testing.assert_allclose(*ends, rtol=1e-9)


@pytest.mark.cupy
def test_on_a_gpu_a_bad_gradient_is_named():
    w = mg.tensor([0.5, -1.0], requires_grad=True, backend="cupy")
    w.grad = [1.0, math.nan]
    refuses(lambda: optim.SGD([w]).step(), mg.GradError, "gradient of w is nan at [1]")
