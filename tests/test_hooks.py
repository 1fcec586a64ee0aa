"""Hooks: each sees a complete gradient once, and what it returns goes on in its place."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import hooks

KINDS = ["a leaf", "a computed tensor"]


def graph():
    """x, h = x², y = Σ h x: dy/dh = x, dy/dx = 3 x²."""
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    h = x * x
    return x, h, (h * x).sum()


def run(way, y, x):
    """The gradient of y with respect to x, by each of the ways back."""
    if way == "gradients":
        return mg.gradients(y, x)
    if way == "gradients, create_graph":
        return mg.gradients(y, x, create_graph=True)
    y.backward(create_graph=way == "backward, create_graph")
    return x.grad


WAYS = ["backward", "backward, create_graph", "gradients", "gradients, create_graph"]


@pytest.fixture(autouse=True)
def _nothing_left():
    gc.collect()  # a failed test holds on to its graph
    hooks.hooked.clear()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("which", "seen"), [("x", [3.0, 12.0]), ("h", [1.0, 2.0]), ("y", 1.0)])
def test_a_hook_sees_the_complete_gradient_once(way, which, seen):
    x, h, y = graph()
    found = []
    {"x": x, "h": h, "y": y}[which].register_hook(lambda g: found.append(g.tolist()))
    assert run(way, y, x).tolist() == [3.0, 12.0]
    assert found == [seen]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", [2, 2.0, None], ids=str)
def test_what_a_hook_returns_goes_on(way, number):
    x, h, y = graph()
    h.register_hook(lambda g: None if number is None else number * g)
    factor = number or 1.0
    assert run(way, y, x).tolist() == [factor * 2 + 1, factor * 8 + 4]
    x, _, y = graph()
    x.register_hook(lambda g: None if number is None else number * g)
    assert run(way, y, x).tolist() == [factor * 3, factor * 12]


def test_hooks_are_called_in_order_each_with_what_the_one_before_returned():
    x, h, y = graph()
    found = []
    h.register_hook(lambda g: found.append(g.tolist()))
    h.register_hook(lambda g: g + 1)
    h.register_hook(lambda g: found.append(g.tolist()))
    h.retain_grad()
    h.register_hook(lambda g: g * 10)
    y.backward()
    assert found == [[1, 2], [2, 3]]
    assert h.grad.tolist() == [20, 30], "a retained gradient is the one that goes on"
    assert x.grad.tolist() == [41, 124]


@pytest.mark.parametrize("kind", KINDS)
def test_a_removed_hook_is_not_called(kind):
    x, h, y = graph()
    t = x if kind == "a leaf" else h
    found = []
    first = t.register_hook(lambda g: found.append(1))
    second = t.register_hook(lambda g: found.append(2))
    first.remove()
    first.remove()
    y.backward(retain_graph=True)
    with t.register_hook(lambda g: found.append(3)):
        y.backward(retain_graph=True)
    second.remove()
    y.backward()
    assert found == [2, 2, 3]
    assert not hooks.hooked


def test_a_hook_may_remove_itself_and_register_another():
    x, _, y = graph()
    found = []

    def once(g):
        handle.remove()
        found.append(1)
        x.register_hook(lambda g: found.append(2))

    handle = x.register_hook(once)
    y.backward(retain_graph=True)
    assert found == [1]
    y.backward()
    assert found == [1, 2]


def test_a_hook_outlives_the_tensor_it_was_registered_on():
    _x, h, y = graph()
    found = []
    h.register_hook(lambda g: found.append(g.tolist()))
    del h
    y.backward()
    assert found == [[1, 2]]


def test_hooks_keep_nothing_alive():
    x, h, y = graph()
    x.register_hook(lambda g: None)
    h.register_hook(lambda g: None)
    call, leaf = weakref.ref(h.creator), weakref.ref(x)
    gc.disable()
    try:
        del x, h, y
        assert call() is None
        assert leaf() is None
    finally:
        gc.enable()
    assert not hooks.hooked


def test_a_handle_of_what_is_gone_does_nothing():
    _x, h, y = graph()
    handle = h.register_hook(lambda g: None)
    del h, y
    handle.remove()


def test_a_hook_of_a_leaf_stays_for_every_pass():
    w = mg.tensor(1.0, requires_grad=True)
    found = []
    w.register_hook(lambda g: found.append(g.item()))
    for _ in range(3):
        (w * w).backward()
        with mg.no_grad():
            w -= 0.25 * w.grad
        w.zero_grad()
    assert found == [2.0, 1.0, 0.5]


def test_two_uses_of_a_leaf_are_added_before_its_hook():
    w = mg.tensor(1.0, requires_grad=True)
    w.register_hook(lambda g: g.data.clip(-1, 1))
    (5 * w + 7 * w).backward()
    assert w.grad.item() == 1


def test_hooks_of_what_is_not_on_the_way_are_not_called():
    x, h, y = graph()
    other = mg.tensor(1.0, requires_grad=True)
    found = []
    other.register_hook(found.append)
    h.register_hook(lambda g: found.append("h"))
    mg.gradients(y + other, h)
    assert found == ["h"]
    x.register_hook(lambda g: found.append("x"))
    assert mg.gradients(other * 2, x).tolist() == [0, 0]
    assert found == ["h"], "no gradient arrived at x"


def test_under_create_graph_a_hook_is_part_of_what_is_differentiated():
    x = mg.tensor(3.0, requires_grad=True)
    h = x * x
    h.register_hook(lambda g: g * x)  # so the gradient is x · 2x
    g = mg.gradients(h * 1.0, x, create_graph=True)
    assert g.item() == 18
    assert mg.gradients(g, x).item() == 12


def test_without_create_graph_a_hook_records_nothing():
    x, h, y = graph()
    recording = []
    h.register_hook(lambda g: (recording.append(mg.is_grad_enabled()), g * x)[1])
    y.backward()
    assert recording == [False]
    assert mg.is_grad_enabled()
    assert x.grad.creator is None


@pytest.mark.parametrize("change", ["g *= 2", "g.data[...] = 0", "g.data *= 2"])
@pytest.mark.parametrize("kind", [*KINDS, "a number"])
def test_a_hook_cannot_change_its_gradient_in_place(change, kind):
    x, h, y = graph()
    t = {"a leaf": x, "a computed tensor": h, "a number": y}[kind]
    t.register_hook(lambda g: exec(change, {"g": g}))
    with pytest.raises(mg.InplaceError, match=r"(?s)would change a gradient.*Return the new gradient"):
        y.backward()


def test_a_gradient_returned_by_a_hook_is_copied():
    x, _h, y = graph()
    mine = np.ones(2)
    x.register_hook(lambda g: mine)
    for create_graph in (False, True):
        x.grad = None
        y.backward(retain_graph=True, create_graph=create_graph)
        assert not np.shares_memory(x.grad.data, mine)
        y.backward(retain_graph=True)
        assert mine.tolist() == [1, 1]


def test_a_gradient_kept_by_a_hook_is_not_added_into():
    x = mg.tensor(np.ones(2000), requires_grad=True)
    h = x * 2
    kept = []
    h.register_hook(kept.append)
    (h.sum() + x.sum()).backward()
    (x * 1).sum().backward()
    assert kept[0].tolist() == [1.0] * 2000


@pytest.mark.parametrize(
    ("returned", "error", "says"),
    [
        (np.ones(3), mg.ShapeError, r"shape \(3,\) for a gradient of shape \(2,\)"),
        (1.0, mg.ShapeError, r"shape \(\)"),
        ("text", mg.DtypeError, "returned str"),
        (np.array([1j, 1]), mg.DtypeError, "no gradient"),
    ],
    ids=str,
)
def test_what_is_no_gradient_is_refused(returned, error, says):
    _x, h, y = graph()
    h.register_hook(lambda g: returned)
    with pytest.raises(error, match=says) as caught:
        y.backward()
    assert "the hook <lambda> (test_hooks.py:" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2


def test_the_dtype_of_a_gradient_is_restored():
    x = mg.tensor([1.0], dtype=np.float32, requires_grad=True)
    x.register_hook(lambda g: g.astype(np.float64))
    for create_graph in (False, True):
        assert mg.gradients((x * x).sum(), x, create_graph=create_graph).dtype == np.float32


def test_a_hook_that_raises_says_where():
    _x, h, y = graph()

    def broken(g):
        raise KeyError("mine")

    h.register_hook(broken)
    with pytest.raises(KeyError) as caught:
        y.backward()
    assert caught.value.__notes__[0].startswith("in the hook broken (test_hooks.py:")
    assert "Mul (test_hooks.py:" in caught.value.__notes__[0]
    assert mg.is_grad_enabled()


def test_a_hook_needs_a_function_and_a_gradient():
    with pytest.raises(mg.GradError, match="does not require a gradient"):
        mg.tensor(1.0).register_hook(print)
    with pytest.raises(TypeError, match="a hook is a function"):
        mg.tensor(1.0, requires_grad=True).register_hook(3)


def test_hooks_and_retained_gradients_below_a_mask():
    """From a mask on, the pass goes on in a second loop."""
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    h = x * 1.0
    h.register_hook(lambda g: g * 10)
    h.retain_grad()
    mg.where(x > 1, h, 0.0).sum().backward()
    assert h.grad.tolist() == [0, 10]
    assert x.grad.tolist() == [0, 10]


def test_a_hook_on_the_argument_of_an_inner_derivative_sees_both_gradients():
    seen = []

    def f(x):
        x.register_hook(lambda g: seen.append(g.item()))
        return x**3

    assert mg.grad(f)(3.0) == 27.0
    assert seen == [27.0]
    seen.clear()
    assert mg.grad(mg.grad(f))(3.0) == 18.0
    assert seen == [27.0, 18.0], "the inner pass comes first, as in torch"


def test_what_a_hook_in_an_inner_derivative_returns_is_differentiated():
    def f(x):
        x.register_hook(lambda g: g * g)
        return x**3

    def put(x):
        x.register_hook(lambda g: mg.zeros_like(g) + 10.0)
        return x**3

    assert mg.grad(f)(2.0) == 144.0
    # The inner gradient is (3x²)², whose derivative 36x³ = 288 the hook of the same x then squares.
    assert mg.grad(mg.grad(f))(2.0) == 288.0**2
    assert mg.grad(put)(2.0) == 10.0
    assert mg.grad(mg.grad(put))(2.0) == 0.0


def test_a_hook_on_the_argument_of_a_checkpointed_function():
    seen = []

    @mg.checkpoint
    def f(x):
        x.register_hook(lambda g: seen.append(g.item()))
        return x**3

    x = mg.tensor(3.0, requires_grad=True)
    (2 * f(x)).backward()
    assert seen == [54.0]
    assert x.grad.item() == 54.0
    assert mg.grad(f)(3.0) == 27.0
