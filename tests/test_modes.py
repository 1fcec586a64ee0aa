"""Recording modes: on and off, nested, by exception, by thread, by task.

One idea: the mode belongs to the code that is running, so whatever is left, in
whatever way, finds it as it was.
"""

import asyncio
import contextvars
import inspect
import threading

import pytest

import minigrad as mg


@pytest.fixture(autouse=True)
def _recording():
    """Each test starts recording, and a test that spoils the mode spoils no other."""
    contextvars.copy_context()
    mg.set_grad_enabled(True)
    yield
    mg.set_grad_enabled(True)


@pytest.fixture
def x():
    return mg.tensor(3.0, requires_grad=True)


def records():
    """Whether a product of a parameter is recorded here; that is what the mode is for."""
    w = mg.tensor(2.0, requires_grad=True)
    recorded = (w * w).requires_grad
    assert recorded == mg.is_grad_enabled()
    assert recorded == (mg.exp(w).creator is not None)
    assert recorded == (2.0 * w).requires_grad
    assert recorded == mg.concatenate([w.reshape(1), w.reshape(1)]).requires_grad
    return recorded


def test_recording_is_on_at_first():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(records()))
    thread.start()
    thread.join()
    assert seen == [True]
    assert records()


def test_no_grad_and_enable_grad():
    with mg.no_grad():
        assert not records()
        with mg.enable_grad():
            assert records()
            with mg.no_grad():
                assert not records()
            assert records()
        assert not records()
    assert records()


def test_what_was_recorded_before_can_be_gone_back_through_after(x):
    y = x * x
    with mg.no_grad():
        constant = y * y
    (y + constant).backward()
    assert x.grad.item() == 6


def test_a_tensor_made_under_no_grad_may_require_a_gradient():
    with mg.no_grad():
        w = mg.tensor(2.0, requires_grad=True)
    (w * w).backward()
    assert w.grad.item() == 4


@pytest.mark.parametrize("mode", [mg.no_grad, mg.enable_grad, lambda: mg.set_grad_enabled(False)])
@pytest.mark.parametrize("outer", [True, False])
def test_an_exception_restores_the_mode(mode, outer):
    with mg.set_grad_enabled(outer):
        with pytest.raises(ZeroDivisionError), mode():
            raise ZeroDivisionError
        assert records() == outer


def test_an_exception_in_a_forward_or_a_rule_restores_the_mode(x):
    class Broken(mg.Op):
        def forward(x):
            return x * 1

        def dx(g, out, x):
            raise ZeroDivisionError

    y = mg.apply(Broken, x)
    for create_graph in (False, True):
        with pytest.raises(ZeroDivisionError):
            mg.gradients(y, x, create_graph=create_graph, retain_graph=True)
        assert records()
    with pytest.raises(ValueError, match="MatMul"), mg.no_grad():
        x @ x
    assert records()


def test_as_a_decorator(x):
    @mg.no_grad()
    def double(t):
        """Twice t."""
        assert not records()
        return t * 2

    @mg.enable_grad()
    def triple(t):
        return t * 3

    for _ in range(2):
        assert not double(x).requires_grad
        assert records()
    with mg.no_grad():
        assert triple(x).requires_grad
    assert (double.__name__, double.__doc__) == ("double", "Twice t.")
    with pytest.raises(TypeError):
        double(x, x)
    assert records()


def test_a_decorated_function_that_raises_or_calls_itself():
    @mg.no_grad()
    def count_down(n):
        assert not records()
        if n == 0:
            raise ZeroDivisionError
        count_down(n - 1)

    with pytest.raises(ZeroDivisionError):
        count_down(5)
    assert records()


def test_a_decorated_method():
    class Model:
        @mg.no_grad()
        def predict(self):
            return records()

    assert Model().predict() is False
    assert records()


# ----------------------------------------------------------------------------- set_grad_enabled


def test_set_as_a_function():
    mg.set_grad_enabled(False)
    assert not records()
    mg.set_grad_enabled(True)
    assert records()


def test_set_in_a_with_block():
    with mg.set_grad_enabled(False):
        assert not records()
        with mg.set_grad_enabled(True):
            assert records()
        assert not records()
    assert records()


def test_set_as_a_decorator_speaks_of_the_calls_to_come():
    @mg.set_grad_enabled(False)
    def inside():
        return records()

    assert records()
    assert inside() is False
    assert records()


def test_set_made_earlier_and_entered_later():
    mode = mg.set_grad_enabled(False)
    mg.set_grad_enabled(True)
    with mode:
        assert not records()
    assert records()


@pytest.mark.parametrize("wrong", [1, None, "yes"])
def test_set_takes_a_truth_value(wrong):
    with pytest.raises(TypeError, match="True or False"):
        mg.set_grad_enabled(wrong)
    assert records()


# ----------------------------------------------------------------------------- one object, used again


@pytest.mark.parametrize("kind", [mg.no_grad, mg.enable_grad])
def test_one_object_entered_again_inside_itself(kind):
    outer = kind is mg.no_grad  # the opposite of what kind sets
    mg.set_grad_enabled(outer)
    mode = kind()
    with mode:
        with mode:
            assert records() != outer
        assert records() != outer
    assert records() == outer


def test_one_object_used_one_after_the_other():
    mode = mg.no_grad()
    for _ in range(3):
        with mode:
            assert not records()
        assert records()


def test_one_object_shared_by_threads():
    """Enter in both, leave in both, in the order in which they entered."""
    mode = mg.no_grad()
    entered, left = threading.Event(), threading.Event()
    seen = []

    def work():
        mg.set_grad_enabled(False)
        with mode:
            entered.set()
            left.wait(10)
        seen.append(mg.is_grad_enabled())

    thread = threading.Thread(target=work)
    with mode:
        thread.start()
        assert entered.wait(10)
    assert mg.is_grad_enabled()
    left.set()
    thread.join()
    assert seen == [False]


# ----------------------------------------------------------------------------- threads


def test_the_mode_of_one_thread_is_no_other_threads_business():
    barrier = threading.Barrier(8)
    seen = {}

    def work(n):
        with mg.set_grad_enabled(n % 2 == 0):
            barrier.wait(10)
            seen[n] = records()
            barrier.wait(10)
        seen[n, "after"] = records()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(8):
        assert seen[n] == (n % 2 == 0)
        assert seen[n, "after"]


def test_a_thread_started_under_no_grad_records():
    """A new thread begins with an empty context, whatever its parent is doing."""
    seen = []
    with mg.no_grad():
        thread = threading.Thread(target=lambda: seen.append(records()))
        thread.start()
        thread.join()
    assert seen == [True]


# ----------------------------------------------------------------------------- asyncio


def test_tasks_that_wait_inside_no_grad():
    async def task(enabled, rounds):
        seen = []
        for _ in range(rounds):
            with mg.set_grad_enabled(enabled):
                await asyncio.sleep(0)
                seen.append(records() == enabled)
                await asyncio.sleep(0)
                seen.append(records() == enabled)
            await asyncio.sleep(0)
            seen.append(records())
        return all(seen)

    async def main():
        return await asyncio.gather(*[task(n % 2 == 0, 5 + n) for n in range(6)])

    assert asyncio.run(main()) == [True] * 6


def test_a_task_that_is_cancelled_inside_no_grad():
    async def main():
        started = asyncio.Event()

        async def wait():
            with mg.no_grad():
                started.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(wait())
        await started.wait()
        inside = records()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return inside, records()

    assert asyncio.run(main()) == (True, True)


def test_a_decorated_coroutine():
    @mg.no_grad()
    async def work():
        before = records()
        await asyncio.sleep(0)
        return before, records()

    async def watch():
        seen = []
        for _ in range(4):
            seen.append(records())
            await asyncio.sleep(0)
        return all(seen)

    async def main():
        return await asyncio.gather(work(), watch(), work())

    assert inspect.iscoroutinefunction(work)
    assert asyncio.run(main()) == [(False, False), True, (False, False)]


def test_a_decorated_asynchronous_generator():
    @mg.no_grad()
    async def steps():
        for _ in range(2):
            await asyncio.sleep(0)
            yield records()

    async def main():
        seen = []
        async for inside in steps():
            seen.append((inside, records()))
        return seen

    assert asyncio.run(main()) == [(False, True), (False, True)]


# ----------------------------------------------------------------------------- generators


def test_a_decorated_generator_runs_without_and_its_caller_with_recording():
    @mg.no_grad()
    def steps():
        yield records()
        yield records()
        return records()

    def outer():
        result = yield from steps()
        yield ("returned", result)

    seen = []
    for item in outer():
        seen.append(item)
        assert records()
    assert seen == [False, False, ("returned", False)]


def test_a_decorated_generator_is_sent_values_and_exceptions():
    @mg.no_grad()
    def echo():
        received = None
        while True:
            try:
                received = yield received, records()
            except ValueError as error:
                received = str(error)

    generator = echo()
    assert next(generator) == (None, False)
    assert generator.send("a") == ("a", False)
    assert records()
    assert generator.throw(ValueError("thrown")) == ("thrown", False)
    assert records()
    with pytest.raises(ZeroDivisionError):
        generator.throw(ZeroDivisionError())
    assert records()


def test_a_decorated_generator_that_is_closed():
    ends = []

    @mg.no_grad()
    def steps():
        try:
            yield 1
        finally:
            ends.append(records())

    generator = steps()
    assert next(generator) == 1
    generator.close()
    assert ends == [False]
    assert records()


def test_a_decorated_generator_that_raises():
    @mg.no_grad()
    def steps():
        yield 1
        raise ZeroDivisionError

    generator = steps()
    next(generator)
    with pytest.raises(ZeroDivisionError):
        next(generator)
    assert records()


def test_two_decorated_generators_side_by_side():
    @mg.no_grad()
    def off():
        while True:
            yield records()

    @mg.enable_grad()
    def on():
        while True:
            yield records()

    with mg.no_grad():
        pairs = [pair for pair, _ in zip(zip(off(), on()), range(3))]
        assert not records()
    assert pairs == [(False, True)] * 3
    assert records()
