"""The bare loop of the tutorials, recorded; where it ends in closed form, and from which rate on it does not."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.errors import DivergedError, GradError, OptimiserError
from minigrad.fitting.descents.descent import descend, diverged_error, largest_stable_lr

from .given_points import example

seeds = st.integers(0, 2**32 - 1)


def tensors(*values, dtype=None):
    return [mg.tensor(value, dtype=dtype, requires_grad=True) for value in values]


@st.composite
def quadratics(draw, largest=12, condition=1000):
    """A positive definite H, in any units, its minimum and a start elsewhere."""
    rng = np.random.default_rng(draw(seeds))
    n = draw(st.integers(1, largest))
    turned, _ = np.linalg.qr(rng.standard_normal((n, n)))
    curvatures = condition ** rng.uniform(0, 1, n) * draw(st.sampled_from([1e-12, 1e-3, 1.0, 1e9]))
    return (turned * curvatures) @ turned.T, rng.standard_normal(n), rng.standard_normal(n)


def quadratic(hessian, minimum):
    return lambda w: (w - minimum) @ (hessian @ (w - minimum)) / 2


# ------------------------------------------------------------------------------------- the tutorials' numbers


def test_the_printed_trace_of_fifteen_points_in_float32():
    data, x, y = example("line_15_trace")
    x, y = mg.tensor(x, dtype=np.float32), mg.tensor(y, dtype=np.float32)
    w, b = tensors(data["w0"], data["b0"], dtype=np.float32)
    history = descend(lambda w, b: ((w * x + b - y) ** 2).mean(), [w, b], lr=data["learning_rate"], steps=11)
    assert f"{history.loss[0]:.4f}" == data["printed_first_loss"]
    assert f"{history.grads[0][0]:.4f}" == data["printed_first_grad_w"]
    assert f"{history.grads[1][0]:.4f}" == data["printed_first_grad_b"]
    # Two units in the last place of float32: the tutorial's sum went in another order.
    np.testing.assert_allclose(history.loss[1:11], data["printed_losses"], rtol=2.4e-7)
    assert history.params[0].dtype == history.grads[1].dtype == w.dtype == np.float32
    assert (w.item(), b.item()) == (history.params[0][-1], history.params[1][-1])


def by_hand(loss_fn, lr, steps):
    """The loop as the tutorials write it."""
    w, b = tensors(0.0, 0.0)
    losses = []
    for _ in range(steps):
        loss = loss_fn(w, b)
        losses.append(loss.item())
        loss.backward()
        with mg.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.zero_grad()
        b.zero_grad()
    return w.item(), b.item(), losses


@pytest.mark.parametrize(
    ("name", "lr", "loss"),
    [
        ("line_100", 1e-4, lambda x, y: lambda w, b: ((w * x + b - y) ** 2).mean()),
        ("line_distance_100", 1e-5, lambda x, y: lambda a, b: ((a * x - y + b) ** 2 / (a**2 + 1)).mean()),
    ],
)
def test_it_is_the_loop_of_the_tutorials_to_the_bit(name, lr, loss):
    _, x, y = example(name)
    loss = loss(mg.tensor(x), mg.tensor(y))
    w, b = tensors(0.0, 0.0)
    history = descend(loss, [w, b], lr=lr, steps=500)
    assert (w.item(), b.item(), history.loss[:-1].tolist()) == by_hand(loss, lr, 500)


@pytest.mark.slow
def test_sixteen_points_after_a_hundred_thousand_steps():
    data, x, y = example("line_16")
    x, y = mg.tensor(x), mg.tensor(y)
    params = {"w": mg.tensor(0.0, requires_grad=True), "b": mg.tensor(0.0, requires_grad=True)}
    history = descend(lambda w, b: ((w * x + b - y) ** 2).mean(), params, lr=1e-4, steps=100_000, every=25_000)
    expected = data["expected_after_100000_iterations_from_zero"]
    assert history.step.tolist() == [0, 25_000, 50_000, 75_000, 100_000]
    assert (params["w"].item(), params["b"].item()) == pytest.approx((expected["w"], expected["b"]), rel=1e-12)
    assert history.loss[-1] == pytest.approx(expected["loss"], rel=1e-9)
    assert history.best == (history.loss[-1], {"w": params["w"].item(), "b": params["b"].item()})


# ------------------------------------------------------------------------------------- the record


@given(quadratics(), st.integers(1, 30))
def test_each_row_is_the_step_from_the_row_before(problem, steps):
    hessian, minimum, start = problem
    lr = 0.5 / np.linalg.eigvalsh(hessian)[-1]
    [w] = tensors(start)
    history = descend(quadratic(hessian, minimum), [w], lr=lr, steps=steps)
    assert len(history) == steps + 1
    [path], [slopes] = history.params, history.grads
    assert np.array_equal(path[0], start)
    assert np.array_equal(path[1:], path[:-1] - lr * slopes[:-1])
    assert np.array_equal(path[-1], w.data)
    # The error is multiplied by I - lr H in each step.
    exact = minimum + np.linalg.matrix_power(np.eye(len(start)) - lr * hessian, steps) @ (start - minimum)
    np.testing.assert_allclose(path[-1], exact, atol=1e-13 * steps * np.abs(start - minimum).max(), rtol=0)
    assert (np.diff(history.loss) <= 1e-12 * history.loss[0]).all()
    assert w.grad is None


@given(seeds, st.integers(1, 20), st.integers(1, 40))
def test_with_every_the_rows_are_the_same_rows(seed, every, steps):
    start = np.random.default_rng(seed).standard_normal(3)
    whole, some = (
        descend(lambda w: (w**4).sum() + (w * w).sum(), tensors(start), lr=0.01, steps=steps, every=n)
        for n in (1, every)
    )
    assert some.step.tolist() == sorted({*range(0, steps + 1, every), steps})
    assert np.array_equal(some.loss, whole.loss[some.step])
    assert np.array_equal(some.params[0], whole.params[0][some.step])
    assert np.array_equal(some.grads[0], whole.grads[0][some.step])
    assert some.best.loss == whole.best.loss


@given(start=st.floats(-10, 10), lr=st.floats(1e-3, 0.3))
def test_the_best_parameters_have_the_best_loss(start, lr):
    def loss(w, v):
        return (w * w - 2) ** 2 + (v - w) ** 2

    seen = []
    w, v = tensors(start, 1.0)
    try:
        best = descend(loss, [w, v], lr=lr, steps=20, callback=lambda step, loss, _: seen.append(loss)).best
        assert best.loss == min(seen)
    except DivergedError as error:
        best = error.best
        assert (w.item(), v.item()) == tuple(best.params)
        # What is seen ends before the loss that was too much.
        assert best.loss == min(seen)
    assert best.loss == loss(*map(mg.tensor, best.params)).item()


def test_of_equal_losses_the_later_is_the_best():
    [w] = tensors(1.0)
    history = descend(lambda w: w * w, [w], lr=1.0, steps=5)  # w goes 1, -1, 1, ...: all losses are equal
    assert history.loss.tolist() == [1.0] * 6
    assert history.best == (1.0, [-1.0])
    assert history.best_step == 5


def test_the_callback_is_given_the_rows_in_the_containers_that_were_given():
    seen = []
    params = {"w": mg.tensor([1.0, 2.0], requires_grad=True), "b": mg.tensor(1.0, requires_grad=True)}
    history = descend(
        lambda w, b: (w * w).sum() + b * b, params, lr=0.1, steps=3, callback=lambda *row: seen.append(row)
    )
    for k, (step, loss, values) in enumerate(seen):
        assert (step, loss) == (history.step[k], history.loss[k])
        assert list(values) == ["w", "b"]
        assert np.array_equal(values["w"], history.params["w"][k])
        assert values["b"] == history.params["b"][k]


def test_nothing_is_printed_and_the_record_reads_as_tutorials_print(capsys):
    w, b = tensors(3.0, [1.0, 2.0])
    history = descend(lambda slope, b: slope * slope + (b * b).sum(), [w, b], lr=0.25, steps=20)
    assert capsys.readouterr() == ("", "")
    lines = repr(history).splitlines()
    assert lines[0] == "epoch: 0, loss: 14, slope: 3, b: [1, 2], grad slope: 6, grad b: [2, 4]"
    assert lines[1].startswith("epoch: 1, loss: 3.5, slope: 1.5, b: [0.5, 1]")
    assert lines[3] == "..."
    assert [line.split(",")[0] for line in lines[4:]] == ["epoch: 18", "epoch: 19", "epoch: 20"]
    crossing = descend(lambda w: abs(w), tensors(1.0), lr=0.75, steps=2)  # 1, 0.25, -0.5
    assert repr(crossing).splitlines()[-1] == "best: epoch: 1, loss: 0.25"


def test_a_loss_that_grew_is_said_to_have_grown():
    history = descend(lambda w: w * w, tensors(1.0), lr=1.5, steps=3)
    assert "the loss grew from 1 to 64: lr=1.5 is too large" in repr(history)
    assert history.best == (1.0, [1.0])


# ------------------------------------------------------------------------------------- how the loss is called


def squares(w, b):
    return (w - 1) ** 2 + (b - 2) ** 2


@pytest.mark.parametrize(
    ("container", "loss"),
    [
        (list, squares),
        (tuple, squares),
        (list, lambda p: squares(*p)),
        (tuple, lambda p, scale=1.0: squares(*p) * scale),
        (list, lambda *p: squares(*p)),
        (list, lambda w, b, scale=1.0: squares(w, b) * scale),
        (lambda pair: dict(zip("wb", pair, strict=True)), squares),
        (lambda pair: dict(zip("bw", reversed(pair), strict=True)), squares),
        (lambda pair: dict(zip("wb", pair, strict=True)), lambda **p: squares(**p)),
        (lambda pair: dict(zip("wb", pair, strict=True)), lambda p: squares(p["w"], p["b"])),
        (lambda pair: {"deep": list(pair)}, lambda p: squares(*p["deep"])),
        (lambda pair: {"deep": list(pair)}, lambda deep: squares(*deep)),
    ],
)
def test_the_loss_is_called_as_its_signature_asks(container, loss):
    w, b = tensors(0.0, 0.0)
    history = descend(loss, container((w, b)), lr=0.5, steps=1)
    assert (w.item(), b.item()) == (1.0, 2.0)
    assert type(history.params) is type(container((w, b)))


def test_a_closure_and_a_single_tensor():
    [w] = tensors([3.0, 4.0])
    assert descend(lambda: (w * w).sum(), [w], lr=0.5, steps=1).loss.tolist() == [25.0, 0.0]
    [w] = tensors([3.0, 4.0])
    history = descend(lambda w: (w * w).sum(), w, lr=0.25, steps=1)
    assert history.params.tolist() == [[3.0, 4.0], [1.5, 2.0]]
    assert largest_stable_lr(lambda: (w * w).sum(), w) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize(
    ("loss", "params", "keywords", "kind", "words"),
    [
        (lambda w: w * w, [], {}, OptimiserError, "nothing to optimise"),
        (lambda w: w * w, [1.0], {}, GradError, "not a tensor"),
        (lambda w: w * w, [mg.tensor(1.0)], {}, GradError, "does not require a gradient"),
        (lambda w: w.item(), tensors(1.0), {}, GradError, "returned float, not a tensor"),
        (lambda w: w * w, tensors([1.0, 2.0]), {}, GradError, r"shape \(2,\).*\n.*mean"),
        (lambda w, v: w * v, tensors(1.0), {}, OptimiserError, "cannot be called"),
        (3.0, tensors(1.0), {}, OptimiserError, "no function"),
        (lambda w: w * w, tensors(1.0), {"lr": 0}, OptimiserError, "above 0"),
        (lambda w: w * w, tensors(1.0), {"lr": -0.1}, OptimiserError, "above 0"),
        (lambda w: w * w, tensors(1.0), {"lr": math.nan}, OptimiserError, "above 0"),
        (lambda w: w * w, tensors(1.0), {"steps": 0}, OptimiserError, "from 1 on"),
        (lambda w: w * w, tensors(1.0), {"steps": 2.5}, OptimiserError, "from 1 on"),
        (lambda w: w * w, tensors(1.0), {"every": 0}, OptimiserError, "from 1 on"),
        (lambda w: 1 / w, tensors(0.0), {}, OptimiserError, "nothing to descend from"),
        (lambda w: mg.sqrt(w), tensors(0.0), {}, GradError, "gradient of w is not finite"),
    ],
)
def test_what_makes_no_sense_is_refused(loss, params, keywords, kind, words):
    with pytest.raises(kind, match=words), np.errstate(divide="ignore"):
        descend(loss, params, **keywords)


def test_a_parameter_on_which_the_loss_does_not_depend_stays():
    w, idle = tensors(1.0, [2.0, 3.0])
    history = descend(lambda w, idle: w * w, [w, idle], lr=0.1, steps=2)
    assert history.params[1].tolist() == [[2.0, 3.0]] * 3
    assert not history.grads[1].any()


# ------------------------------------------------------------------------------------- the largest stable rate


@given(quadratics())
def test_of_a_quadratic_it_is_two_over_the_largest_eigenvalue(problem):
    hessian, minimum, start = problem
    [w] = tensors(start)
    exact = 2 / np.linalg.eigvalsh(hessian)[-1]
    # Both eigenvalues are right to some roundings of a sum of at most 12 products.
    assert largest_stable_lr(quadratic(hessian, minimum), [w]) == pytest.approx(exact, rel=1e-13)
    assert w.grad is None
    assert np.array_equal(w.data, start)


@given(quadratics(largest=5, condition=10))
def test_just_below_it_descent_converges_and_just_above_it_runs_away(problem):
    hessian, minimum, start = problem
    assume(np.linalg.norm(hessian @ (start - minimum)) > 0.1 * np.linalg.norm(hessian))
    loss = quadratic(hessian, minimum)
    limit = largest_stable_lr(loss, tensors(start))
    history = descend(loss, tensors(start), lr=0.95 * limit, steps=600, every=600)
    # The steepest direction shrinks by 0.9 a step, the flattest by at least 1 - 1.9/10: 0.9^600 is 4e-28.
    np.testing.assert_allclose(history.params[0][-1], minimum, rtol=0, atol=1e-12)
    with pytest.raises(DivergedError):
        descend(loss, tensors(start), lr=1.05 * limit, steps=1000)


def test_of_many_parameters_it_is_found_without_a_matrix():
    curvatures = np.random.default_rng(0).uniform(0, 1, 1000)
    curvatures[777] = 3.0
    [w] = tensors(np.ones(1000))
    assert largest_stable_lr(lambda w: (w * w * curvatures).sum() / 2, [w]) == pytest.approx(2 / 3, rel=1e-12)
    curvatures[777] = 0.0  # no gap: the seventh digit is what is promised
    assert largest_stable_lr(lambda w: (w * w * curvatures).sum() / 2, [w]) == pytest.approx(
        2 / curvatures.max(), rel=1e-3
    )
    assert largest_stable_lr(lambda w: (w * w * curvatures).sum() / 2, [w]) <= 2 / curvatures.max() * (1 + 1e-7)


def test_it_spans_several_tensors_and_float32():
    w, v = tensors(1.0, [1.0, 2.0])
    # w² + (v0 - 3 w)²: its Hessian [[20, -6], [-6, 2]] has the eigenvalues 11 ± √117.
    assert largest_stable_lr(lambda w, v: w * w + (v[0] - 3 * w) ** 2, [w, v]) == pytest.approx(
        2 / (11 + math.sqrt(117)), rel=1e-14
    )
    [w] = tensors([1.0, 2.0], dtype=np.float32)
    assert largest_stable_lr(lambda w: (w * w * 3).sum(), [w]) == pytest.approx(1 / 3, rel=1e-6)


@pytest.mark.parametrize(
    ("loss", "start", "expected"),
    [
        (lambda w: -(w * w).sum(), [1.0, 2.0], math.inf),
        (lambda w: (3 * w).sum(), [1.0, 2.0], math.inf),
        (lambda w: abs(w).sum(), [1.0, 2.0], math.inf),
        (lambda w: w[0] ** 2 - 10 * w[1] ** 2, [1.0, 2.0], 1.0),  # a saddle: what curves upwards limits the rate
        (lambda w: mg.cos(w).sum(), [math.pi, math.pi], 2.0),
    ],
    ids=["maximum", "plane", "absolute value", "saddle", "cosine"],
)
def test_where_the_loss_is_not_convex(loss, start, expected):
    assert largest_stable_lr(loss, tensors(start)) == pytest.approx(expected)


def test_where_there_is_no_curvature_to_speak_of():
    with pytest.raises(OptimiserError, match="has no curvature"), np.errstate(divide="ignore"):
        largest_stable_lr(lambda w: 1 / w, tensors(0.0))
    with pytest.raises(OptimiserError, match="at these parameters is not finite"), np.errstate(divide="ignore"):
        largest_stable_lr(lambda w: mg.sqrt(w) * w, tensors(0.0))


# ------------------------------------------------------------------------------------- divergence


@given(quadratics(largest=4), st.floats(1.05, 1e6))
def test_a_rate_that_is_too_large_is_named_with_what_to_write_instead(problem, factor):
    hessian, minimum, start = problem
    loss = quadratic(hessian, minimum)
    limit = 2 / np.linalg.eigvalsh(hessian)[-1]
    [w] = tensors(start)
    with pytest.raises(DivergedError, match=r"the loss (grew|went) from .*\nThe largest stable rate") as caught:
        descend(loss, [w], lr=factor * limit, steps=20_000)
    error = caught.value
    assert isinstance(error, mg.MinigradError | ArithmeticError)
    assert error.lr == factor * limit
    assert error.largest_stable_lr == pytest.approx(limit, rel=1e-12)
    assert error.best.loss == loss(mg.tensor(error.best.params[0])).item()
    assert np.array_equal(error.best.params[0], w.data)  # the tensors are at the best point
    assert w.grad is None
    # What it says to write is stable.
    advice = float(str(error).partition("write lr=")[2].partition(",")[0])
    assert advice == pytest.approx(limit / 2, rel=0.06)
    descend(loss, [w], lr=advice, steps=50)


def test_what_runs_away_where_the_curvature_grows():
    # w⁴ from 3 with a rate of 0.1: the best point is the start, and the curvature there 108.
    with pytest.raises(DivergedError, match=r"0\.01852: write lr=0\.0093"):
        descend(lambda w: w**4, tensors(3.0), lr=0.1, steps=10)


@pytest.mark.parametrize(
    ("stable", "advice"),
    [
        (0.3, "is 0.3: write lr=0.15, half of it"),
        (5.0, "steeper: write lr=0.1"),
        (math.inf, "Make the rate smaller: write lr=0.1"),
        (math.nan, "Make the rate smaller: write lr=0.1"),
    ],
)
def test_what_to_write_instead_is_always_less(stable, advice):
    assert advice in str(diverged_error(1.0, stable, None, 1.0, math.nan, 1))


def test_the_error_survives_pickling():
    with pytest.raises(DivergedError) as caught:
        descend(lambda w: w * w, tensors(1.0), lr=5.0, steps=100)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.lr, copy.largest_stable_lr, copy.best) == (5.0, 1.0, (1.0, [1.0]))
    assert str(copy) == str(caught.value)


def test_a_record_is_equal_to_itself_alone():
    """Two records of arrays have no one answer to ==; asked, they raised NumPy's complaint of a truth value."""
    one, other = (descend(lambda w: w * w, mg.tensor(3.0, requires_grad=True), steps=2) for _ in range(2))
    assert one == one
    assert one != other
    assert repr(pickle.loads(pickle.dumps(one))) == repr(one)


def test_growth_that_comes_back_is_no_divergence():
    # Descent over a hill: the loss rises a thousandfold before the rate is small enough for where it is.
    history = descend(lambda w: mg.log(1 + w * w), tensors(1e-3), lr=1.2, steps=2000)
    assert history.loss.max() > 1e3 * history.loss[0]


def test_the_names_are_public():
    assert mg.descend is descend
    assert mg.largest_stable_lr is largest_stable_lr
    assert mg.DivergedError is DivergedError
