"""Memory: what a graph keeps, and when it lets go of it.

One idea: the garbage collector is switched off. Whatever dies here dies because
nobody refers to it any more, so a reference cycle anywhere in the engine is seen.
Arrays are watched through a subclass of ndarray that is handed out by an operation
of our own, calls through weak references to `creator`.
"""

import gc
import sys
import tracemalloc
import weakref

import numpy as np
import pytest

import minigrad as mg


@pytest.fixture(autouse=True)
def _no_collector():
    """Reference counts alone; every graph made in a test must be gone without a collection."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def leaf(value, **keywords):
    return mg.tensor(value, requires_grad=True, **keywords)


class Spy(mg.Op):
    """x, unchanged, in a new array; its rule says when the gradient comes by."""

    seen = staticmethod(lambda: None)

    def forward(x):
        return x.copy()

    def dx(g, out, x):
        Spy.seen()
        return g


def watched(tensor):
    """A weak reference to the array of a tensor."""
    return weakref.ref(tensor.data)


def graph():
    """A graph with a diamond, a broadcast, a reduction, indexing and a variadic operation."""
    x, b = leaf(np.linspace(0.1, 1, 6).reshape(2, 3)), leaf(0.5)
    h = mg.tanh(x * b + x)
    joined = mg.concatenate([h, mg.exp(h)], axis=0)[[0, 0, 2]]
    return x, b, h, (joined @ x.T).max(axis=0).sum()


def calls_of(*outputs):
    return [weakref.ref(call) for call in mg.history(*outputs)]


def alive(references):
    return [reference() for reference in references if reference() is not None]


# ----------------------------------------------------------------------------- everything dies by reference count


def test_an_unused_graph_dies():
    _x, _b, h, y = graph()
    calls, array = calls_of(y), watched(h)
    assert len(calls) >= 9
    del h, y
    assert alive(calls) == []
    assert array() is None


def test_a_graph_dies_after_backward():
    _x, _b, h, y = graph()
    calls, array = calls_of(y), watched(h)
    y.backward()
    del h, y
    assert alive(calls) == []
    assert array() is None


def test_backward_lets_go_of_the_graph_while_the_result_lives():
    x = leaf([1.0, 2.0])
    h = mg.exp(x)
    y = (h * h).sum()
    calls, array = calls_of(y), watched(h)
    del h
    assert array() is not None
    y.backward()
    assert array() is None
    assert len(alive(calls)) == 1  # y's own creator, emptied
    with pytest.raises(mg.GraphFreedError):
        mg.history(y)


def test_a_graph_dies_after_retain_graph():
    _x, _b, h, y = graph()
    calls, array = calls_of(y), watched(h)
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    assert len(alive(calls)) == len(calls)
    del h, y
    assert alive(calls) == []
    assert array() is None


def test_a_graph_dies_with_retained_gradients():
    _x, _b, h, y = graph()
    h.retain_grad()
    y.backward()
    calls, array, g = [weakref.ref(h.creator), weakref.ref(y.creator)], watched(h), watched(h.grad)
    assert g() is not None
    del h, y
    assert alive(calls) == []
    assert array() is None
    assert g() is None


def test_asking_to_retain_a_gradient_keeps_nothing_alive():
    x = leaf([1.0])
    h = x * x
    h.retain_grad()
    tensor, call = weakref.ref(h), weakref.ref(h.creator)
    del h
    assert tensor() is None
    assert call() is None


def test_a_graph_of_gradients_dies():
    x, b, h, y = graph()
    first = mg.gradients(y, [x, b], create_graph=True)
    second = mg.gradients((first[0] * first[0]).sum() + first[1], x, create_graph=True)
    calls, array = calls_of(second.sum()), watched(h)
    assert len(calls) > 30
    del h, y, first, second
    assert alive(calls) == []
    assert array() is None


def test_every_step_of_a_loop_leaves_nothing_behind():
    w = leaf([1.0, 2.0])
    before = None
    for step in range(50):
        g = mg.gradients(((w * w).sum() - 1) ** 2, w, create_graph=True)
        (g * g).sum().backward()
        with mg.no_grad():
            w -= 1e-3 * w.grad
        w.zero_grad()
        del g
        if step == 9:
            before = sum(issubclass(type(o), mg.Op | mg.Tensor) for o in gc.get_objects())
    assert sum(issubclass(type(o), mg.Op | mg.Tensor) for o in gc.get_objects()) == before


def test_a_graph_dies_after_an_exception_in_a_forward():
    x = leaf(np.ones((2, 3)))
    h = mg.exp(x)
    y = h * 2
    calls, array = calls_of(y), watched(h)
    try:
        y @ y
    except ValueError:
        pass
    else:
        pytest.fail("(2, 3) @ (2, 3) is an error")
    del h, y
    assert alive(calls) == []
    assert array() is None


def test_a_graph_dies_after_an_exception_in_a_rule():
    class Broken(mg.Op):
        def forward(x):
            return x * 1

        def dx(g, out, x):
            raise ZeroDivisionError

    x = leaf([1.0, 2.0])
    h = mg.exp(x)
    y = mg.apply(Broken, h).sum()
    calls, array = calls_of(y), watched(h)
    try:
        y.backward()
    except ZeroDivisionError:
        pass
    else:
        pytest.fail("the rule raises")
    del h, y
    assert alive(calls) == []
    assert array() is None


def test_no_reference_to_the_output_tensor():
    x = leaf([1.0])
    y = mg.exp(x)
    tensor = weakref.ref(y)
    z = y * 2
    del y
    assert tensor() is None  # its array and its call live on in z; the tensor itself does not
    z.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.exp([1.0]))


def test_a_leaf_dies_with_its_gradient():
    x = leaf([1.0])
    (x * x).sum().backward()
    array, g = watched(x), watched(x.grad)
    del x
    assert array() is None
    assert g() is None


def test_the_record_of_changes_in_place_keeps_nothing_alive():
    x = leaf([1.0])
    number = leaf(1.0)
    with mg.no_grad():
        x += 1
        number += 1
    references = [watched(x), weakref.ref(x), weakref.ref(number)]
    del x, number
    assert alive(references) == []


# ----------------------------------------------------------------------------- freed on the way


def test_intermediates_are_freed_while_backward_is_under_way(monkeypatch):
    """When the gradient reaches the first operation, the arrays of all later ones are gone."""
    x = leaf(np.ones(4))
    y = mg.apply(Spy, x)
    arrays = []
    for _ in range(6):
        y = mg.exp(y * 0.1)
        arrays.append(watched(y))
    loss = y.sum()
    del y
    assert len(alive(arrays)) == 6
    when_seen = []
    monkeypatch.setattr(Spy, "seen", lambda: when_seen.append(len(alive(arrays))))
    loss.backward()
    assert when_seen == [0]


def test_retain_graph_keeps_them_while_backward_is_under_way(monkeypatch):
    x = leaf(np.ones(4))
    y = mg.exp(mg.apply(Spy, x))
    arrays = [watched(y)]
    loss = y.sum()
    del y
    when_seen = []
    monkeypatch.setattr(Spy, "seen", lambda: when_seen.append(len(alive(arrays))))
    loss.backward(retain_graph=True)
    assert when_seen == [1]


def test_intermediate_gradients_are_freed_while_backward_is_under_way(monkeypatch):
    gradients = []

    class Fresh(mg.Op):
        """x + 1, whose gradient is an array of its own that can be watched."""

        def forward(x):
            return x + 1

        def dx(g, out, x):
            g = g * 1
            gradients.append(weakref.ref(g))
            return g

    x = leaf(np.ones(4))
    y = mg.apply(Spy, x * 1)
    for _ in range(5):
        y = mg.apply(Fresh, y)
    loss = y.sum()
    when_seen = []
    monkeypatch.setattr(Spy, "seen", lambda: when_seen.append(len(alive(gradients))))
    loss.backward()
    assert len(gradients) == 5
    assert when_seen == [1]  # the one that Spy was handed


def test_peak_of_backward_through_a_long_chain():
    """Going back through n arrays takes a few of them, not n again."""
    n, elements = 40, 50_000
    x = leaf(np.full(elements, 0.5))
    y = x
    for _ in range(n):
        y = mg.tanh(y)
    loss = y.sum()
    del y
    tracemalloc.start()
    loss.backward()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * elements * 8


# ----------------------------------------------------------------------------- what no rule reads is not kept


def test_additions_keep_nothing():
    """In a x - y + b no derivative needs a x, nor a x - y: each dies as soon as it is consumed."""
    a, b = leaf(2.5), leaf(1.0)
    x, y = mg.tensor(np.arange(4.0)), mg.tensor(np.ones(4))
    product = a * x
    first = watched(product)
    difference = product - y
    del product
    assert first() is None
    second = watched(difference)
    r = difference + b
    del difference
    assert second() is None
    r.sum().backward()
    assert a.grad.item() == 6
    assert b.grad.item() == 4


@pytest.mark.parametrize(
    ("name", "consume"),
    [
        ("sum", lambda h: h.sum()),
        ("mean", lambda h: h.mean()),
        ("sum over an axis", lambda h: h.sum(axis=0)),
        ("neg", lambda h: -h),
        ("scalar product", lambda h: h * 3.0),
        ("scalar on the left", lambda h: 3.0 * h),
        ("scalar sum", lambda h: 3.0 + h),
        ("scalar difference", lambda h: 1.0 - h),
        ("scalar quotient", lambda h: h / 3.0),
        ("exp", mg.exp),
        ("tanh", mg.tanh),
        ("sigmoid", mg.sigmoid),
        ("sqrt", mg.sqrt),
        ("relu", mg.relu),
        ("reciprocal", mg.reciprocal),
        ("quotient's numerator", lambda h: h / mg.tensor(np.full((2, 2), 2.0))),
        ("product with a constant", lambda h: h * mg.tensor(np.full((2, 2), 2.0))),
        ("matrix product with a constant", lambda h: h @ mg.tensor(np.full((2, 2), 2.0))),
        ("indexing by an array", lambda h: h[[0, 1, 1]]),
    ],
)
def test_what_a_rule_does_not_read_dies_when_it_is_consumed(name, consume):
    x = leaf(np.full((2, 2), 0.5))
    h = x * x
    array = watched(h)
    y = consume(h)
    del h
    assert array() is None, f"{name} keeps an argument that its rule does not need"
    y.sum().backward()
    assert np.all(np.isfinite(x.grad.numpy()))
    assert x.grad.numpy().any()


def test_what_a_rule_reads_is_kept():
    x = leaf(np.full(3, 0.5))
    h = x * x
    array = watched(h)
    y = h * h
    del h
    assert array() is not None
    y.sum().backward()
    assert array() is None
    assert x.grad.tolist() == [4 * 0.5**3] * 3


def test_a_rule_of_ours_keeps_what_it_reads_and_no_more():
    class Linear(mg.Op):
        """w x; the rule of x looks at x's shape only."""

        def forward(w, x):
            return w * x

        def dw(g, out, w, x):
            return g * x

        def dx(g, out, w, x):
            return g * w * len(x.shape)

    w, start = mg.tensor(np.full((2, 2), 3.0)), leaf(np.ones((2, 2)))
    x = start * 1
    array = watched(x)
    y = mg.apply(Linear, w, x)
    del x
    assert array() is None  # w is a constant: x is read by nobody
    y.sum().backward()
    assert start.grad.tolist() == [[6, 6], [6, 6]]


def test_a_rule_with_an_inner_function_keeps_what_that_reads():
    class Closure(mg.Op):
        def forward(x):
            return x * x

        def dx(g, out, x):
            def twice():
                return x + x

            return g * twice()

    start = leaf([3.0, 4.0])
    mg.apply(Closure, start * 1).sum().backward()
    assert start.grad.tolist() == [6, 8]


def test_nothing_is_kept_under_no_grad():
    x = leaf(np.ones(3))
    with mg.no_grad():
        h = mg.exp(x)
        array = watched(h)
        y = h * h
    del h
    assert array() is None
    assert y.creator is None


# ----------------------------------------------------------------------------- gradients never share a buffer


class PassThrough(mg.Op):
    """x, whose rule returns the very gradient it was given"""

    def forward(x):
        return x * 1

    def dx(g, out, x):
        return g


class ReturnsInput(mg.Op):
    """x²/2, whose rule, for g = 1, returns the very array that came in"""

    def forward(x):
        return x * x / 2

    def dx(g, out, x):
        return x


_cached = np.full((2, 2), 7.0)


class ReturnsCached(mg.Op):
    """7 Σ x, whose rule returns a buffer that it keeps for the next time"""

    def forward(x):
        return 7 * x.sum()

    def dx(g, out, x):
        return _cached


ALIASES = {
    "sum of two": lambda x, y: (x + y) * 1.0,
    "sum of two, reduced": lambda x, y: (x + y).sum(),
    "difference": lambda x, y: (x - y).sum(),
    "sum of each": lambda x, y: x.sum() + y.sum(),
    "reshape": lambda x, y: (x.reshape(4) + y.reshape(4)).sum(),
    "transpose": lambda x, y: (x.T + y).sum(),
    "broadcast": lambda x, y: (x.broadcast_to((3, 2, 2)) + y).sum(),
    "expand_dims": lambda x, y: (x.expand_dims(0) + y).sum(),
    "slices": lambda x, y: (x[:, ::-1] + y).sum(),
    "concatenate": lambda x, y: mg.concatenate([x, y]).sum(),
    "positive": lambda x, y: ((+x) + (+y)).sum(),
    "custom, passing g on": lambda x, y: mg.apply(PassThrough, x) + mg.apply(PassThrough, y),
    "custom, returning its input": lambda x, y: (mg.apply(ReturnsInput, x) + mg.apply(ReturnsInput, y)).sum(),
    "custom, returning a cached buffer": lambda x, y: mg.apply(ReturnsCached, x) + mg.apply(ReturnsCached, y),
    "plain leaves": lambda x, y: x + y,
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", ALIASES)
def test_gradients_have_buffers_of_their_own(name, create_graph):
    if create_graph and name.startswith("custom, returning"):
        pytest.skip("a rule that ignores g has no second derivative")
    x, y = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([[5.0, 6.0], [7.0, 8.0]])
    out = ALIASES[name](x, y)
    upstream = np.ones(out.shape)
    out.backward(upstream, create_graph=create_graph)
    buffers = {"x": x.data, "y": y.data, "x.grad": x.grad.data, "y.grad": y.grad.data, "upstream": upstream,
               "cached": _cached, "out": out.data}  # fmt: skip
    for first in ("x.grad", "y.grad"):
        for second, array in buffers.items():
            assert first == second or not np.shares_memory(buffers[first], array), f"{first} is {second}"
        assert buffers[first].flags.writeable
    x.grad = None
    y.grad = None


@pytest.mark.parametrize("name", ALIASES)
def test_a_second_pass_adds_into_one_gradient_only(name):
    """Buffers that are shared show here even if no address does: x and y go back once more, one at a time."""
    x, y = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([[5.0, 6.0], [7.0, 8.0]])
    out = ALIASES[name](x, y)
    out.backward(np.ones(out.shape))
    cached, before = _cached.copy(), y.grad.tolist()
    (x * 10.0).sum().backward()
    assert y.grad.tolist() == before
    assert np.array_equal(_cached, cached)
    assert x.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("side", [2, 64])
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_that_several_hold_is_not_added_into(side, create_graph):
    """x, y and z are all handed the same array; what x receives besides must not reach y or z.

    At 64 by 64 as well, because adding in place begins to be worth its while with the size.
    """
    x, y, z = (leaf(np.ones((side, side))) for _ in range(3))
    h = x + y
    upstream = np.ones((side, side))
    ((h + z) + x + x.T + x[::-1]).backward(upstream, create_graph=create_graph)
    for tensor, expected in ((x, 4), (y, 1), (z, 1)):
        assert np.array_equal(tensor.grad.detach().numpy(), np.full((side, side), float(expected)))
    assert np.array_equal(upstream, np.ones((side, side)))
    x.grad = y.grad = z.grad = None


@pytest.mark.parametrize("side", [2, 64])
def test_what_a_rule_returns_is_not_added_into(side):
    """Its input, a buffer it keeps, or a view of either, met by a second gradient."""
    kept = np.full((side, side), 7.0)

    class Keeps(mg.Op):
        """7 x, whose rule returns a part of a buffer that it keeps"""

        def forward(x):
            return 7 * x

        def dx(g, out, x):
            return kept[:, :]

    class Returns(mg.Op):
        """x²/2, whose rule returns its input, seen from the other side"""

        def forward(x):
            return x * x / 2

        def dx(g, out, x):
            return x.T

    x = leaf(np.full((side, side), 3.0))
    for first in (lambda: mg.apply(Keeps, x) + x * 1.0, lambda: mg.apply(Returns, x) + x * 1.0):
        for out in (first(), x * 1.0 + first()):
            out.backward(np.ones((side, side)))
    assert np.array_equal(x.detach().numpy(), np.full((side, side), 3.0))
    assert np.array_equal(kept, np.full((side, side), 7.0))
    assert np.array_equal(x.grad.numpy(), np.full((side, side), 2 * (7 + 1) + 2 * (3 + 1) + 2.0))


def test_the_upstream_gradient_is_neither_kept_nor_changed():
    x = leaf([1.0, 2.0])
    for g in (np.array([1.0, 10.0]), mg.tensor([1.0, 10.0])):
        x.grad = None
        x.backward(g)
        x.backward(g)
        assert x.grad.tolist() == [2, 20]
        assert g.tolist() == [1, 10]


def made_here(x, seen, view):
    """A view of a new array, which `seen` is told the address of."""

    class Made(mg.Op):
        def forward(x):
            return +x

        def dx(g, out, x):
            new = np.full(x.size, 2.0)
            seen.append(new.__array_interface__["data"][0])
            return view(new)

    return mg.apply(Made, x)


@pytest.mark.parametrize("gradient", [lambda y, x: y.sum().backward() or x.grad, lambda y, x: mg.gradients(y.sum(), x)])
def test_a_view_of_memory_that_nobody_else_holds_is_handed_on(gradient):
    """Of the gradient through a reshape no copy is made."""
    x = leaf(np.ones(4))
    seen = []
    g = gradient(made_here(x, seen, lambda new: new.reshape(2, 2).reshape(4)), x)
    assert g.data.__array_interface__["data"][0] == seen[0]
    assert g.tolist() == [2, 2, 2, 2]


held = []


@pytest.mark.parametrize(
    "view",
    [
        lambda new: held.append(new) or new.reshape(4),
        lambda new: held.append(new[:1]) or new.reshape(4),
        lambda new: np.broadcast_to(new[:1], 4),
        lambda new: new[::-1],
        lambda new: np.repeat(new, 2)[:4],
        lambda new: np.frombuffer(new.tobytes()),
    ],
    ids=["held", "seen", "repeated", "backwards", "of more", "of bytes"],
)
def test_every_other_view_is_copied(view):
    x = leaf(np.ones(4))
    held.clear()
    made_here(x, [], view).backward(np.ones(4))
    g = x.grad.data
    assert g.base is None
    assert g.flags.writeable
    assert g.flags.c_contiguous
    assert not any(np.shares_memory(g, array) for array in held)


def test_two_leaves_never_get_one_gradient():
    x, y, z = leaf(np.ones((2, 2))), leaf(np.ones(4)), leaf(np.ones(4))
    u = np.ones(4)
    for total in (lambda: x.reshape(4) + y + z, lambda: z + y + x.reshape(4), lambda: y + (z + x.reshape(4)) * 1.0):
        for back in (lambda t: t.backward(u), lambda t: t.sum().backward(), lambda t: (t * 2.0).sum().backward()):
            x.grad = y.grad = z.grad = None
            back(total())
            arrays = [x.grad.data, y.grad.data, z.grad.data, u]
            for n, a in enumerate(arrays):
                assert not any(np.shares_memory(a, b) for b in arrays[n + 1 :])


def test_results_of_gradients_do_not_share():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    g = np.ones(2)
    for found in (mg.gradients(x + y, [x, y], output_gradients=g), mg.gradients(x * 3, [x, x], output_gradients=g)):
        first, second = (t.data for t in found)
        assert not np.shares_memory(first, second)
        assert not np.shares_memory(first, g)
        assert not np.shares_memory(second, g)


def test_a_retained_gradient_has_its_own_buffer():
    x = leaf([1.0, 2.0])
    y = x + 0.0
    z = y + 0.0
    y.retain_grad()
    z.retain_grad()
    z.sum().backward()
    arrays = [t.grad.data for t in (x, y, z)]
    for n, a in enumerate(arrays):
        for b in arrays[n + 1 :]:
            assert not np.shares_memory(a, b)


def test_an_accumulated_gradient_is_added_in_place():
    """The leaf's buffer is provably its own, so a second pass needs no new one."""
    x = leaf(np.ones(8))
    (x * 2.0).sum().backward()
    address = x.grad.data.__array_interface__["data"]
    tensor = x.grad
    (x * 3.0).sum().backward()
    assert x.grad is tensor
    assert x.grad.data.__array_interface__["data"] == address
    assert x.grad.tolist() == [5] * 8


def test_a_gradient_somebody_holds_on_to():
    """Holding the array of .grad is holding the buffer: NumPy's own rule for `+=`."""
    x = leaf([1.0, 2.0])
    (x * 2.0).sum().backward()
    held = x.grad.detach().numpy().copy()
    x.zero_grad()
    (x * 3.0).sum().backward()
    assert held.tolist() == [2, 2]
    assert x.grad.tolist() == [3, 3]


def test_zero_grad_lets_the_buffer_go():
    x = leaf([1.0, 2.0])
    (x * 2.0).sum().backward()
    g = watched(x.grad)
    x.zero_grad()
    assert g() is None


def test_inputs_are_never_changed():
    x = leaf(np.linspace(0.1, 1, 4))
    before = x.detach().numpy().copy()
    for f in (mg.exp, mg.relu, mg.tanh, lambda t: t * t, lambda t: t.max(), lambda t: t[[0, 0]]):
        f(x).sum().backward()
    assert x.tolist() == before.tolist()


def test_recording_costs_no_array_for_a_number():
    """A Python number is folded into the call; it becomes no tensor and no array."""
    x = leaf([1.0])
    call = (x * 2.0).creator
    assert any(type(arg) is float for arg in call.args)
    assert [origin for origin in call.inputs if origin is not None] == [x]
    assert sys.getrefcount(x) < 10


def test_a_recorded_gradient_is_no_view():
    """The gradient of a sum is one number seen n times; the next pass adds into each of the n."""
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    total = x.sum()
    repr(total)  # which makes the number an array
    total.backward(create_graph=True)
    (x * np.array([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [2, 3, 4]
    g = mg.gradients(x.sum(), x, create_graph=True)
    with mg.no_grad():
        g[0] = 5
    assert g.tolist() == [5, 1, 1]


def test_a_retained_gradient_is_nobody_elses():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x + 1
    y.retain_grad()
    (y * 2).sum().backward(create_graph=True)
    with mg.no_grad():
        x.grad *= 0
    assert y.grad.tolist() == [2, 2, 2]


def test_one_number_seen_from_everywhere_cannot_be_written_to():
    a = np.array(1.0)
    for view in (mg.broadcast_to(a, (3,)), mg.broadcast_to(np.float64(1), (3,))):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 7


@pytest.mark.parametrize("size", [3, 5000])
def test_a_gradient_that_two_tensors_share_is_not_added_into(size):
    """x + y hands one array to both; x then receives more. Large arrays are added in place where they may be."""
    x, y = (mg.ones(size, requires_grad=True) for _ in range(2))
    weights = np.arange(1.0, size + 1)
    earlier = x * 2.0
    total = ((x + y) * weights).sum() + earlier.sum()
    for gx, gy in (mg.gradients(total, [x, y], retain_graph=True), (total.backward(), (x.grad, y.grad))[1]):
        np.testing.assert_array_equal(gx.data, weights + 2)
        np.testing.assert_array_equal(gy.data, weights)
