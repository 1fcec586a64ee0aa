"""detect_anomaly(): the first NaN or infinity is named where it is born, and nothing else is."""

import asyncio
import re
import threading
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import anomaly

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def said(run, **keywords):
    """The two lines of the error that `run` raises under detect_anomaly()."""
    with pytest.raises(mg.NonFiniteError) as caught, mg.detect_anomaly(**keywords):
        run()
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert "test_anomaly.py:" in lines[0]
    return lines[0]


@pytest.fixture
def x():
    return mg.tensor([4.0, 0.0], requires_grad=True)


def test_forward_the_operation_the_element_and_the_line_are_named(x):
    t1 = x * 2
    first = said(lambda: mg.exp(mg.log(t1)))
    assert first.startswith("[N01] Log (test_anomaly.py:")
    assert first.endswith("made -inf, its element [1], from t1[1] = 0.0.")


def test_the_readers_names_are_used():
    base = mg.tensor([[1.0, 2.0], [0.0, 3.0]])
    numerator = mg.tensor([5.0, 6.0])
    with pytest.raises(mg.NonFiniteError, match=r"numerator\[0\] = 5.0 and base\[1, 0\] = 0.0"), mg.detect_anomaly():
        numerator / base


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (lambda x: x / 0.0, "Div"),
        (lambda x: 1.0 / x, "Div"),
        (lambda x: x * 1e200 * 1e200, "Mul"),
        (lambda x: x - np.array([np.inf, 0]), r"Sub .* was given inf: its y\[0\]"),
        (lambda x: x + float("nan"), r"Add .* was given nan: its y\."),
        (lambda x: np.log(x), r"Log .* made -inf, its element \[1\]"),
        (lambda x: mg.tensor([1e308, 1e308]).sum(), r"Sum .* of shape \(2,\), in size up to 1e\+308"),
        (lambda x: mg.tensor([1e200, 1e200]) @ mg.tensor([1e200, 1.0]), "MatMul .* made inf, from"),
        (lambda x: mg.tensor([1.0], dtype=np.float16) * 1e5, "was given inf|made inf"),
        (lambda x: np.power(mg.tensor(0.0), -1.0), "Pow"),
    ],
)  # fmt: skip
def test_forward_births(run, says, x):
    assert re.search(says, said(lambda: run(x)))


@pytest.mark.parametrize("create_graph", [False, True])
def test_backward_the_rule_the_element_and_the_line_are_named(create_graph, x):
    first = said(lambda: mg.gradients(mg.sqrt(x).sum(), x, create_graph=create_graph))
    assert first.startswith("[N01] going back through Sqrt (test_anomaly.py:")
    assert "Sqrt.dx made the gradient of x[1] inf, from a gradient of 1.0 at x[1] = 0.0" in first


def test_backward_names_what_the_reader_called_it():
    x = mg.tensor([2.0, 0.0], requires_grad=True)
    t1 = x * x
    t2 = mg.sqrt(t1)
    with mg.detect_anomaly(), pytest.raises(mg.NonFiniteError, match=r"of t1\[1\] inf, .* of 1.0 at t1\[1\] = 0.0"):
        t2.sum().backward()


def test_the_first_is_named_and_not_its_echo(x):
    assert "Sqrt.dx" in said(lambda: (mg.sqrt(x * 3) * 5).sum().backward())
    assert said(lambda: mg.exp(1 / x) + 1).startswith("[N01] Div")


@pytest.mark.parametrize(
    "bad", [lambda x: (x * x).backward(np.array([1.0, np.nan])), lambda x: x.backward(np.array([1.0, np.nan]))]
)
def test_a_given_gradient_that_is_not_finite(bad, x):
    assert "is nan at [1]" in said(lambda: bad(x))


def test_what_a_hook_returns_is_looked_at(x):
    y = x * x
    y.register_hook(lambda g: g / 0)
    assert "no rule made it" in said(y.sum().backward)


def test_a_sum_of_gradients_that_overflows():
    x = mg.tensor(1.0, requires_grad=True)
    with pytest.raises(mg.NonFiniteError, match="the gradient of x is inf"), mg.detect_anomaly():
        mg.gradients([x * 1e308, x * 1e308], x)


def test_what_where_did_not_take_is_no_anomaly(x):
    """0 · ∞ is 0 there; forward, the root of 0 is finite."""
    for create_graph in (False, True):
        with mg.detect_anomaly():
            g = mg.gradients(mg.where(x > 0, mg.sqrt(x), 0.0).sum(), x, create_graph=create_graph)
        assert g.tolist() == [0.25, 0.0]


def test_nan_only_lets_infinities_be(x):
    scores = mg.tensor([1.0, 2.0], requires_grad=True)
    with mg.detect_anomaly(nan_only=True):
        masked = mg.where(np.array([True, False]), scores, -np.inf)
        weights = mg.exp(masked)
        (weights / weights.sum()).sum().backward()
    assert "made nan" in said(lambda: mg.log(x) * 0.0, nan_only=True)
    assert "given" in said(lambda: mg.where(np.array([True, False]), scores, -np.inf))


def test_finite_computations_are_as_without(x):
    def f():
        y = (mg.exp(-x) * mg.sqrt(x + 1)).mean()
        g = mg.gradients(y, x, create_graph=True)
        return y.item(), g.tolist(), mg.gradients(g.sum(), x).tolist()

    with mg.detect_anomaly():
        inside = f()
    assert inside == f()


def test_outside_nothing_is_looked_at(x):
    with mg.detect_anomaly():
        pass
    assert anomaly.on == 0
    assert mg.log(x).tolist()[1] == -np.inf


def test_an_error_leaves_the_block_closed(x):
    said(lambda: mg.log(x))
    assert anomaly.on == 0
    mg.log(x)


def test_blocks_nest(x):
    watch = mg.detect_anomaly(nan_only=True)
    with watch:
        with watch, mg.detect_anomaly(), pytest.raises(mg.NonFiniteError):
            mg.log(x)
        mg.log(x)
    mg.log(x) * 0


def test_as_a_decorator_of_a_function_that_calls_itself(x):
    @mg.detect_anomaly()
    def f(n):
        return mg.log(x) if n == 0 else f(n - 1)

    with pytest.raises(mg.NonFiniteError):
        f(2)
    assert anomaly.on == 0


def test_another_thread_is_not_watched(x):
    found = []
    with mg.detect_anomaly():
        thread = threading.Thread(target=lambda: found.append(mg.log(x).tolist()[1]))
        thread.start()
        thread.join()
    assert found == [-np.inf]


def test_another_task_is_not_watched(x):
    async def watched():
        with mg.detect_anomaly():
            await asyncio.sleep(0.01)
            with pytest.raises(mg.NonFiniteError):
                mg.log(x)

    async def free():
        await asyncio.sleep(0.005)
        return mg.log(x).tolist()[1]

    async def both():
        return (await asyncio.gather(watched(), free()))[1]

    assert asyncio.run(both()) == -np.inf


def test_what_numpy_users_catch(x):
    with pytest.raises(FloatingPointError), mg.detect_anomaly():
        mg.log(x)
    with pytest.raises(TypeError, match="nan_only"):
        mg.detect_anomaly(3)


def test_numpys_own_warnings_are_left_as_they_are(x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning), mg.detect_anomaly():
            mg.log(x)


def test_integers_and_truth_values_are_finite():
    with mg.detect_anomaly():
        assert (mg.tensor([1, 2]) > 1).tolist() == [False, True]
        assert (mg.tensor([1, 2]) * 2).tolist() == [2, 4]


@pytest.mark.parametrize("outer", [lambda f: f, lambda f: mg.grad(lambda s: f(s)[1].sum())], ids=["plain", "recorded"])
def test_forward_mode_the_tangent_and_the_line_are_named(outer):
    def run(s=1.0):
        return mg.jvp(lambda x: mg.sqrt(x) * 2, (np.array([1.0, 0.0]) * s,), (np.array([1.0, 3.0]) * s,))

    first = said(lambda: outer(run)(1.0))
    assert first.startswith("[N01] going forward through Sqrt (test_anomaly.py:")
    assert "made the tangent of its result inf at [1], from a tangent of 3.0" in first


def test_forward_mode_a_product_of_infinite_slopes_and_no_motion_is_no_anomaly():
    with mg.detect_anomaly():
        assert mg.jvp(mg.sqrt, (np.array([1.0, 0.0]),), (np.array([1.0, 0.0]),))[1].tolist() == [0.5, 0.0]
        assert mg.jvp(mg.prod, (np.array([1.0, 0.0]),), (np.array([1.0, 2.0]),))[1] == 2.0


def test_forward_mode_of_what_is_not_elementwise():
    first = said(lambda: mg.jvp(mg.prod, (np.array([1e200, 1e100, 1.0]),), (np.array([1e-300, 1e300, 0.0]),)))
    assert first.startswith("[N01] going forward through Prod (test_anomaly.py:")


def test_a_given_tangent_that_is_not_finite():
    first = said(lambda: mg.jvp(mg.exp, (np.array([1.0, 0.0]),), (np.array([1.0, np.nan]),)))
    assert re.match(
        r"\[N01\] going forward through Exp \(test_anomaly.py:\d+\), the tangent of its x was given nan at \[1\]", first
    )


def test_second_derivatives_name_the_readers_line():
    first = said(lambda: mg.hessian(lambda v: (v**1.5).sum())(np.array([0.0, 1.0])))
    assert re.match(r"\[N01\] going back through Pow \(test_anomaly.py:\d+\)", first)
