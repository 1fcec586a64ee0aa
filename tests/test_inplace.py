"""Changing an array in place: where it is right, where it is refused, where it is caught.

One idea: an update of a parameter under no_grad changes the parameter itself; a
change of anything that a rule still needs is an error that names both places.
"""

import inspect
import operator

import numpy as np
import pytest

import minigrad as mg
from minigrad.place import expression, spot


def leaf(value, **keywords):
    return mg.tensor(value, requires_grad=True, **keywords)


def line():
    return inspect.currentframe().f_back.f_lineno


SIGNS = {
    "+=": (operator.iadd, operator.add),
    "-=": (operator.isub, operator.sub),
    "*=": (operator.imul, operator.mul),
    "/=": (operator.itruediv, operator.truediv),
    "**=": (operator.ipow, operator.pow),
}


# ----------------------------------------------------------------------------- updates


@pytest.mark.parametrize("start", [2.0, [2.0, 3.0], [[2.0], [3.0]]])
def test_an_update_changes_the_parameter_itself(start):
    w = leaf(start)
    same, array = w, w.data
    (w * w).sum().backward()
    with mg.no_grad():
        w -= 0.1 * w.grad
    assert w is same
    assert w.is_leaf
    assert w.requires_grad
    np.testing.assert_allclose(w.detach().numpy(), 0.8 * np.asarray(start))
    if np.ndim(start):
        assert w.data is array
        assert np.shares_memory(w.data, array)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("start", [2.0, [2.0, 3.0]])
@pytest.mark.parametrize("kind", ["number", "tensor", "array", "itself"])
def test_each_sign_does_what_it_says(sign, start, kind):
    inplace, plain = SIGNS[sign]
    w = leaf(start)
    other = {"number": 1.5, "tensor": mg.tensor(1.5), "array": np.asarray(1.5), "itself": w}[kind]
    value = other.detach().numpy() if isinstance(other, mg.Tensor) else other
    expected = plain(w.detach().numpy().copy(), value)
    with mg.no_grad():
        result = inplace(w, other)
    assert result is w
    np.testing.assert_allclose(w.detach().numpy(), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("start", [2.0, [2.0, 3.0]])
def test_an_update_keeps_the_dtype(dtype, start):
    w = leaf(start, dtype=dtype)
    with mg.no_grad():
        w -= 0.5
        w -= np.float64(0.25)
        w *= mg.tensor(2.0)
    assert w.dtype == dtype
    assert w.detach().tolist() == (2 * (np.asarray(start) - 0.75)).tolist()


def test_an_update_cannot_change_shape_or_kind():
    for start in (2.0, [2.0]):
        w = leaf(start)
        with mg.no_grad(), pytest.raises((ValueError, TypeError)):
            w += np.ones(3)
        assert w.detach().tolist() == start
    for start in (2, [2]):
        n = mg.tensor(start)
        with pytest.raises((ValueError, TypeError)):
            n += 1.5
        assert n.tolist() == start


def test_descent_with_updates_in_place():
    w = leaf([5.0, -3.0])
    for _ in range(100):
        ((w - 1) ** 2).sum().backward()
        with mg.no_grad():
            w -= 0.1 * w.grad
        w.zero_grad()
    np.testing.assert_allclose(w.detach().numpy(), 1, atol=1e-8)


def test_assigning_elements():
    w = leaf([1.0, 2.0, 3.0])
    array = w.data
    with mg.no_grad():
        w[0] = 10
        w[1:] = mg.tensor([20.0, 30.0])
        w[w > 25] = 0.5
    assert w.detach().tolist() == [10, 20, 0.5]
    assert w.data is array
    number = leaf(1.0)
    with mg.no_grad():
        number[...] = 5.0
    assert number.item() == 5


def test_a_tensor_outside_the_graph_may_change_while_recording():
    c = mg.tensor([1.0, 2.0])
    c += 1
    c[0] = 7
    number = mg.tensor(1.0)
    number += 1
    assert c.tolist() == [7, 3]
    assert number.item() == 2


def test_data_is_the_array_itself():
    w = leaf([1.0, 2.0])
    w.data -= 1
    assert w.detach().tolist() == [0, 1]
    w.data[0] = 5
    assert w.detach().tolist() == [5, 1]
    number = leaf(1.0)
    number.data -= 3
    assert number.item() == -2
    assert isinstance(number.data, np.ndarray)


def test_replacing_data():
    w = leaf([1.0, 2.0])
    w.data = w.data - 0.5
    assert w.detach().tolist() == [0.5, 1.5]
    assert w.is_leaf
    assert w.requires_grad
    (w * w).sum().backward()
    assert w.grad.tolist() == [1, 3]
    with pytest.raises(mg.ShapeError, match=r"\.data of shape \(2,\)"):
        w.data = np.zeros(3)
    with pytest.raises(mg.DtypeError, match="real numbers"):
        w.data = np.array([1, 2])
    with pytest.raises(mg.DtypeError, match="complex"):
        w.data = np.array([1j, 2])


# ----------------------------------------------------------------------------- refused while recording


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("start", [2.0, [2.0, 3.0]])
def test_an_update_while_recording_says_how_to_mend_it(sign, start):
    inplace, _ = SIGNS[sign]
    w = leaf(start)
    with pytest.raises(mg.InplaceError, match=rf"the parameter w while .*\(test_inplace\.py:{line() + 1}\)") as info:
        inplace(w, 1.0)
    assert f"with no_grad(): w {sign} ..." in str(info.value)
    assert f"w {sign} ..." in str(info.value)
    assert f"w = w {sign[:-1]} ..." in str(info.value)
    assert w.detach().tolist() == start


def test_a_computed_tensor_may_not_be_changed_while_recording():
    w = leaf([2.0])
    y = w * 3
    with pytest.raises(mg.InplaceError, match=r"y \+= 1 would change y(.|\n)*y = y \+ 1"):
        y += 1
    with pytest.raises(mg.InplaceError, match=r"y\[0\] = .*\n.*y = minigrad\.index_update\(y, 0"):
        y[0] = 1.0
    assert y.tolist() == [6]


@pytest.mark.parametrize("sign", SIGNS)
def test_a_computed_number_is_a_value_as_numpys_is(sign):
    """`loss += more`, as everybody writes it: another number takes its name, and nothing that was computed changes."""
    inplace, plain = SIGNS[sign]
    w = leaf([2.0, 3.0])
    total = before = w[0] * w[1]
    with mg.no_grad():
        wanted = plain(before, 1.5).item()
    total = inplace(total, w[1] - 1.5)
    assert total is not before
    assert (before.item(), total.item()) == (6.0, wanted)
    ours = mg.gradients(total, w)
    assert ours.tolist() == mg.gradients(plain(w[0] * w[1], w[1] - 1.5), w).tolist()


@pytest.mark.parametrize("more", [2.0, 2, np.float64(2.0), leaf(2.0), mg.tensor(2.0)], ids=str)
def test_a_computed_number_has_the_readers_line(more):
    """What is told of it later names the `y += w` of the reader, not a line of ours."""
    w = leaf(3.0)
    y = w * w
    y += more
    assert spot(y.creator.place) == f"test_inplace.py:{line() - 1}"
    assert expression(y.creator.place) == "y += more"


@pytest.mark.parametrize("sign", SIGNS)
def test_every_sign_has_the_readers_line(sign):
    w = leaf(3.0)
    y = SIGNS[sign][0](w * w, w)
    assert spot(y.creator.place) == f"test_inplace.py:{line() - 1}"


def test_a_sum_made_in_a_loop():
    def f(x):
        total = 0.0
        for one in x:
            total += one * one
        return total

    assert mg.hessian(f)(np.array([1.0, 5.0])).tolist() == [[2, 0], [0, 2]]


@pytest.mark.parametrize("wrapped", [lambda f: f, mg.checkpoint, lambda f: lambda x: mg.checkpoint(f)(x + 0.0)])
def test_a_number_given_to_a_function_is_a_value_too(wrapped):
    """`x *= 2` of a float makes another float, in plain Python as in a function that is differentiated."""

    @wrapped
    def f(x):
        x *= 2
        x -= 1.0
        return x**3

    assert mg.grad(f)(1.5) == 6 * (2 * 1.5 - 1) ** 2
    assert mg.grad(mg.grad(f))(np.float64(1.5)) == 24 * (2 * 1.5 - 1)
    assert mg.jvp(f, (1.5,), (1.0,)) == (8.0, 24.0)
    with pytest.raises(mg.InplaceError):  # an array is changed by it, which the caller would see
        mg.grad(lambda x: np.sum(f(x)))(np.array([1.5]))
    w = leaf(2.0)
    with pytest.raises(mg.InplaceError):
        mg.grad(lambda x: x * operator.iadd(w, x))(1.0)


def test_a_parameter_that_is_a_number_is_still_not_changed_while_recording():
    w, total = leaf(2.0), mg.tensor(0.0)
    with pytest.raises(mg.InplaceError, match="the parameter w"):
        w += w * 2
    with pytest.raises(mg.InplaceError):  # who else holds it would not see the sum
        total += w


def test_a_constant_may_not_swallow_a_recorded_value():
    w, c = leaf([2.0]), mg.tensor([1.0])
    with pytest.raises(mg.InplaceError):
        c += w
    with pytest.raises(mg.InplaceError):
        c[0] = w[0]
    assert c.tolist() == [1]


def test_assigning_elements_while_recording_says_how_to_mend_it():
    w = leaf([2.0, 3.0])
    with pytest.raises(
        mg.InplaceError,
        match=r"w\[0\] = \.\.\. would change the parameter w(.|\n)*no_grad\(\): w\[0\] = (.|\n)*index_update",
    ):
        w[0] = 1.0
    assert w.detach().tolist() == [2, 3]


# ----------------------------------------------------------------------------- changed after it was saved


def by_update(w):
    with mg.no_grad():
        w -= 0.5


def by_multiplying(w):
    with mg.no_grad():
        w *= 0.5


def by_elements(w):
    with mg.no_grad():
        w[...] = 0.5


def by_data(w):
    w.data -= 0.5


def by_detach(w):
    d = w.detach()
    d -= 0.5


def by_a_view(w):
    flat = w.detach().reshape(-1)
    flat -= 0.5


def by_a_slice(w):
    if not w.ndim:
        pytest.skip("a number has no slices")
    part = w.detach()[1:]
    part -= 0.5


def by_numpy_shared(w):
    shared = mg.from_numpy(w.detach().numpy())
    shared -= 0.5


CHANGES = [by_update, by_multiplying, by_elements, by_data, by_detach, by_a_view, by_a_slice, by_numpy_shared]


@pytest.mark.parametrize("change", CHANGES)
def test_a_parameter_changed_after_it_was_saved(change):
    w = leaf([2.0, 3.0])
    y, where = (w * w).sum(), line()
    change(w)
    with pytest.raises(
        mg.InplaceError, match=rf"going back through w \* w \(test_inplace\.py:{where}\) needs w as it was, but w was"
    ) as info:
        y.backward()
    first = inspect.getsourcelines(change)[1]
    changed_at = int(str(info.value).split("changed in place (test_inplace.py:")[1].split(")")[0])
    assert first < changed_at < first + len(inspect.getsourcelines(change)[0])
    assert "call backward() before the change" in str(info.value)
    assert w.grad is None


@pytest.mark.parametrize("change", [by_update, by_multiplying, by_elements, by_data])
@pytest.mark.parametrize("looked_at", [False, True])
def test_a_single_number_changed_after_it_was_saved(change, looked_at):
    """However the number is kept inside, the change is caught, as for an array."""
    w = leaf(2.0)
    if looked_at:
        assert w.data.shape == ()
    y = w * w
    change(w)
    with pytest.raises(mg.InplaceError, match="needs"):
        y.backward()
    assert w.grad is None


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("looked_at", [False, True])
def test_a_change_of_a_single_number_is_never_a_wrong_gradient(change, looked_at):
    """Seen through another tensor the change may be harmless, because a number was saved as a copy."""
    w = leaf(2.0)
    if looked_at:
        assert w.data.shape == ()
    y = w * w
    change(w)
    try:
        y.backward()
    except mg.InplaceError:
        assert w.grad is None
    else:
        assert w.grad.item() == 4


@pytest.mark.parametrize("change", CHANGES)
def test_a_constant_changed_after_it_was_saved(change):
    w, c = leaf([2.0, 3.0]), mg.tensor([1.0, 2.0])
    y = (w * c).sum()
    change(c)
    with pytest.raises(mg.InplaceError, match="needs c as it was, but c was"):
        y.backward()
    assert w.grad is None


def test_a_constant_that_is_a_single_number_changed_after_it_was_saved():
    """The saved number is a copy, so going back is right; what it may never be is wrong."""
    w, c = leaf([2.0, 3.0]), mg.tensor(5.0)
    y = (w * c).sum()
    c += 1
    try:
        y.backward()
    except mg.InplaceError:
        assert w.grad is None
    else:
        assert w.grad.tolist() == [5, 5]


def test_a_result_changed_after_it_was_saved():
    w = leaf([2.0, 3.0])
    y = mg.exp(w)
    with mg.no_grad():
        y += 1
    with pytest.raises(
        mg.InplaceError, match=r"y = mg\.exp\(w\) \(test_inplace.*needs y as it was(.|\n)*Write y = y \+ 1 there"
    ):
        y.sum().backward()


def test_shared_memory_from_numpy():
    a = np.array([2.0, 3.0])
    w, other = mg.from_numpy(a, requires_grad=True), mg.from_numpy(a[:1])
    y = (w * w).sum()
    other += 1
    with pytest.raises(mg.InplaceError):
        y.backward()


def test_the_optimiser_step_taken_too_early():
    """Two losses, one step between them: torch's most copied error message."""
    w = leaf([2.0, 3.0])
    hidden = w * w
    first, second = hidden.sum(), (hidden * w).sum()
    first.backward(retain_graph=True)
    with mg.no_grad():
        w -= 0.1 * w.grad
    with pytest.raises(mg.InplaceError, match=r"changed in place \(test_inplace\.py:\d+\)"):
        second.backward()


def test_caught_in_gradients_and_create_graph_too():
    for create_graph in (False, True):
        w = leaf([2.0, 3.0])
        y = (w * w).sum()
        by_update(w)
        with pytest.raises(mg.InplaceError):
            mg.gradients(y, w, create_graph=create_graph)


def test_replaced_data_is_caught_where_it_would_matter():
    """The first order needs the old array, which is kept; recording it again needs the parameter as it was."""
    w = leaf([2.0, 3.0])
    y = (w * w).sum()
    w.data = w.data - 1
    assert mg.gradients(y, w, retain_graph=True).tolist() == [4, 6]
    with pytest.raises(mg.InplaceError, match=r"\.data was replaced"):
        mg.gradients(y, w, create_graph=True)


# ----------------------------------------------------------------------------- no false alarm


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_no_rule_needs(change):
    w, c = leaf([2.0, 3.0]), mg.tensor([1.0, 2.0])
    y = ((w + c) - c).sum()
    change(w)
    change(c)
    y.backward()
    assert w.grad.tolist() == [1, 1]


@pytest.mark.parametrize("reduce", [mg.sum, mg.mean, lambda t: t.sum(axis=0), lambda t: t.reshape(1, 2).sum()])
def test_a_linear_reduction_needs_no_values(reduce):
    w = leaf([2.0, 3.0])
    y = reduce(w)
    by_update(w)
    y.backward(np.ones(y.shape))
    assert w.grad.tolist() in ([1, 1], [0.5, 0.5])


def test_a_change_before_the_saving():
    w = leaf([2.0, 3.0])
    by_update(w)
    y = (w * w).sum()
    y.backward()
    assert w.grad.tolist() == [3, 5]


def test_a_change_of_another_array():
    w, other = leaf([2.0, 3.0]), leaf([2.0, 3.0])
    y = (w * w).sum()
    by_update(other)
    y.backward()
    assert w.grad.tolist() == [4, 6]
    assert other.grad is None


def test_a_change_after_going_back():
    w = leaf([2.0, 3.0])
    for _ in range(3):
        y = (w * w).sum()
        y.backward()
        by_update(w)
        w.zero_grad()
    assert w.detach().tolist() == [0.5, 1.5]


def test_a_change_of_what_only_a_constants_rule_would_need():
    """In w · c the derivative by c needs w; but c is a constant, so w may change."""
    w, c = leaf([2.0, 3.0]), mg.tensor([5.0, 7.0])
    y = (w * c).sum()
    by_update(w)
    y.backward()
    assert w.grad.tolist() == [5, 7]


def test_a_change_of_a_copy():
    w = leaf([2.0, 3.0])
    y = (w * w).sum()
    copy = mg.tensor(w.detach())
    copy -= 1
    array = w.detach().numpy().copy()
    array -= 1
    y.backward()
    assert w.grad.tolist() == [4, 6]


def test_memory_used_again_by_another_array():
    """Changes are kept by memory; an array that died must not accuse the next one at its address."""
    w = leaf(np.ones(8))
    for _ in range(200):
        scratch = mg.tensor(np.ones(8))
        scratch += 1
        del scratch
        y = (w * mg.tensor(np.full(8, 2.0))).sum()
        y.backward()
    assert w.grad.tolist() == [400.0] * 8


def test_accumulating_into_a_gradient_that_is_not_needed():
    w = leaf([2.0, 3.0])
    for _ in range(2):
        ((w * w).sum()).backward()
    assert w.grad.tolist() == [8, 12]


def test_a_gradient_used_in_a_graph_and_then_accumulated_into():
    """.grad is a buffer; a graph that needs its old values must not be given the new ones."""
    w = leaf([2.0, 3.0])
    (w * w).sum().backward()
    penalty = (w * w.grad).sum()
    (w * w).sum().backward()
    with pytest.raises(mg.InplaceError, match="changed in place"):
        penalty.backward()


@pytest.mark.parametrize("index", [lambda i: i, lambda i: (0, i), lambda i: (i, i)])
def test_an_index_changed_later_is_an_index_as_it_was(index):
    for i in (mg.tensor([0, 1]), np.array([0, 1])):
        x = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        y = x[index(i)].sum()
        wanted = np.zeros((2, 2))
        np.add.at(wanted, index(np.array([0, 1])), 1)
        i += -1
        y.backward()
        assert x.grad.tolist() == wanted.tolist()
