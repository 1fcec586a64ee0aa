"""The graph: what is recorded, in which order it is walked, what each leaf receives.

One idea: small graphs whose gradients are known by hand, in every shape that has
broken an engine before: used twice, used unevenly, very deep, very wide, freed.
"""

import functools
import inspect
import operator
import threading

import numpy as np
import pytest

import minigrad as mg


def leaf(value, **keywords):
    return mg.tensor(value, requires_grad=True, **keywords)


def line():
    """The number of the line that calls this."""
    return inspect.currentframe().f_back.f_lineno


def spy(name="Spy", runs=None):
    """An operation x * 1, and the list to which its rule adds `name` when it is run."""
    runs = [] if runs is None else runs

    def forward(x):
        return x * 1

    def dx(g, out, x):
        runs.append(name)
        return g

    return type(name, (mg.Op,), {"forward": forward, "dx": dx, "__module__": __name__}), runs


# ----------------------------------------------------------------------------- shapes of graphs


def test_diamond():
    x = leaf(3.0)
    left, right = x * 2, x * x
    (left * right).backward()  # 2x · x² = 2x³
    assert x.grad.item() == 6 * 3.0**2


def test_every_result_used_twice():
    # Going back through b once for each use, each time with half its gradient, is the classic mistake.
    a = leaf(3.0)
    b = a + a
    c = b + b
    c.backward()
    assert a.grad.item() == 4


def test_power_by_products():
    x = leaf(3.0)
    (x * x * x).backward()
    assert x.grad.item() == 27


def test_difference_with_itself():
    x = leaf([3.0, 4.0])
    y = x - x
    y.sum().backward()
    assert y.tolist() == [0, 0]
    assert x.grad.tolist() == [0, 0]


@pytest.mark.parametrize("long_first", [True, False])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_uneven_diamond(steps, long_first):
    """One way round is `steps` operations longer: the gradients must wait for each other."""
    x = leaf(2.0)
    middle = x * x
    long = functools.reduce(lambda y, _: y * 3.0, range(steps), middle)
    end = long + middle if long_first else middle + long
    (end * middle).backward()  # (3ⁿ + 1) x⁴
    assert x.grad.item() == (3.0**steps + 1) * 4 * 2.0**3


def test_short_way_recorded_after_the_long_way():
    """The order is that of recording, so a late use of an early result is met first."""
    x = leaf(2.0)
    early = x * x
    late = ((early + 1) * early) * early  # e³ + e²
    late.backward()
    e = 4.0
    assert x.grad.item() == (3 * e**2 + 2 * e) * 2 * 2.0


@pytest.mark.parametrize("uses", range(1, 21))
def test_one_leaf_used_many_times(uses):
    x = leaf([1.5, -2.0])
    total = functools.reduce(operator.add, [x * float(n + 1) for n in range(uses)])
    total.sum().backward()
    assert x.grad.tolist() == [uses * (uses + 1) / 2] * 2


@pytest.mark.parametrize("uses", range(1, 21))
def test_one_leaf_multiplied_with_itself_many_times(uses):
    x = leaf(1.25)
    functools.reduce(operator.mul, [x] * uses, mg.tensor(1.0)).backward()
    np.testing.assert_allclose(x.grad.item(), uses * 1.25 ** (uses - 1), rtol=1e-14)


def test_a_million_deep():
    """Forward, backward and taking the graph down, none of which may recurse."""
    x = leaf(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    assert y.item() == 1_000_001
    assert mg.gradients(y, x, retain_graph=True).item() == 1
    del y  # the retained graph dies here, a million calls by one reference
    assert x.grad is None


def test_a_deep_graph_dies_after_backward_and_unused():
    for go_back in (True, False):
        x = leaf(1.0)
        y = functools.reduce(lambda y, _: y * 1.0, range(50_000), x)
        if go_back:
            y.backward()
            assert x.grad.item() == 1
        del y


def test_deep_in_a_thread_with_a_small_stack():
    found = []

    def work():
        x = leaf(1.0)
        y = functools.reduce(lambda y, _: -y, range(100_000), x)
        y.backward()
        found.append(x.grad.item())

    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert found == [1]


def test_ten_thousand_wide():
    x = leaf([1.0, 2.0])
    branches = [x * float(n) for n in range(10_000)]
    total = functools.reduce(operator.add, branches)
    total.sum().backward()
    assert x.grad.tolist() == [10_000 * 9_999 / 2] * 2


def test_two_thousand_inputs_of_one_operation():
    xs = [leaf([float(n)]) for n in range(2_000)]
    (mg.concatenate(xs) ** 2).sum().backward()
    assert [x.grad.item() for x in xs] == [2.0 * n for n in range(2_000)]


# ----------------------------------------------------------------------------- order


def test_history_is_newest_first_and_each_call_once():
    x, y = leaf(1.0), leaf(2.0)
    a = x * y
    b = a + x
    c = a * b
    d = mg.exp(c) - a
    calls = mg.history(d)
    assert [type(call).__name__ for call in calls] == ["Sub", "Exp", "Mul", "Add", "Mul"]
    assert [call.age for call in calls] == sorted({call.age for call in calls}, reverse=True)
    for call in calls:
        assert all(origin.age < call.age for origin in call.inputs if origin is not None)


def test_rules_run_newest_first():
    order = []
    (first, _), (second, _), (third, _) = spy("First", order), spy("Second", order), spy("Third", order)
    x = leaf(1.0)
    a = mg.apply(first, x)
    b = mg.apply(second, a)
    c = mg.apply(third, a)
    (c + b).backward()
    assert order == ["Third", "Second", "First"]
    assert x.grad.item() == 2


def test_each_rule_is_run_once_however_often_its_result_was_used():
    op, runs = spy()
    x = leaf(1.0)
    y = mg.apply(op, x)
    (y * y + y * 3.0 + mg.exp(y)).backward()
    assert runs == ["Spy"]


def test_history_of_several_outputs_holds_shared_calls_once():
    x = leaf(1.0)
    shared = x * 2
    calls = mg.history(shared + 1, shared * 3)
    assert [type(call).__name__ for call in calls] == ["Mul", "Add", "Mul"]


# ----------------------------------------------------------------------------- what requires a gradient


def test_a_result_requires_a_gradient_if_any_input_does():
    x, c = leaf(1.0), mg.tensor(2.0)
    assert (x + c).requires_grad
    assert (c + x).requires_grad
    assert not (c + c).requires_grad
    assert not (x.detach() * c).requires_grad
    assert (x + c).creator is not None
    assert (c + c).creator is None


def test_leaf_or_computed():
    x = leaf(1.0)
    assert x.is_leaf
    assert not (x + 1).is_leaf
    assert (mg.tensor(1.0) + 1).is_leaf
    assert x.detach().is_leaf


def test_constants_receive_no_gradient():
    x, c = leaf(3.0), mg.tensor(2.0)
    (x * c).backward()
    assert c.grad is None


def test_the_rule_of_a_constant_is_never_run():
    class Expensive(mg.Op):
        def forward(x, y):
            return x * y

        def dx(g, out, x, y):
            return g * y

        def dy(g, out, x, y):
            raise AssertionError("y is a constant")

    x = leaf(3.0)
    mg.apply(Expensive, x, mg.tensor(2.0)).backward()
    assert x.grad.item() == 2


def test_repr_tells_the_story():
    x = leaf([2.0, 4.0])
    assert repr(x) == "Tensor([2., 4.], requires_grad=True)"
    assert repr(x * 1) == "Tensor([2., 4.], creator=Mul)"
    assert repr(x.detach()) == "Tensor([2., 4.])"
    assert "Mul" in repr((x * 1).creator)


# ----------------------------------------------------------------------------- accumulation


def test_grad_is_none_until_one_arrives_then_a_tensor():
    x, unused = leaf([1.0, 2.0]), leaf(1.0)
    y = x * x
    assert x.grad is None
    y.sum().backward()
    assert isinstance(x.grad, mg.Tensor)
    assert not x.grad.requires_grad
    assert unused.grad is None
    assert y.grad is None  # computed, and nobody asked to keep it


def test_two_passes_accumulate_exactly_twice():
    x = leaf([1.0, 2.0])
    y = x * x
    z = y * 3
    y.retain_grad()
    z.retain_grad()
    loss = z.sum()
    loss.backward(retain_graph=True)
    once = [t.grad.tolist() for t in (x, y, z)]
    loss.backward()
    assert once == [[6, 12], [3, 3], [1, 1]]
    assert [t.grad.tolist() for t in (x, y, z)] == [[12, 24], [6, 6], [2, 2]]


def test_n_passes_accumulate_n_times_with_reuse_inside():
    # micrograd keeps intermediate gradients on the nodes: its second pass gives 96 for 64.
    a = leaf(2.0)
    b = a * a
    c = b * b  # a⁴: 32
    for n in range(1, 5):
        c.backward(retain_graph=True)
        assert a.grad.item() == 32 * n


def test_passes_from_two_results_accumulate():
    x = leaf(3.0)
    (x * x).backward()
    (x * 5).backward()
    assert x.grad.item() == 6 + 5


def test_a_retained_gradient_does_not_change_what_leaves_receive():
    x = leaf(3.0)
    y = x * x
    y.retain_grad()
    (y * y).backward()
    assert y.grad.item() == 18
    assert x.grad.item() == 108


def test_retain_grad_of_the_output_itself():
    x = leaf([3.0, 1.0])
    y = x * x
    y.retain_grad()
    y.backward([1.0, 10.0])
    assert y.grad.tolist() == [1, 10]


def test_retain_grad_needs_a_graph():
    with pytest.raises(mg.GradError, match="does not require a gradient"):
        mg.tensor(1.0).retain_grad()


def test_retain_grad_on_a_leaf_changes_nothing():
    x = leaf(3.0)
    x.retain_grad()
    (x * x).backward()
    assert x.grad.item() == 6


def test_zero_grad_and_assigning_none_start_afresh():
    x = leaf(3.0)
    for forget in (x.zero_grad, lambda: setattr(x, "grad", None)):
        (x * x).backward()
        assert x.grad.item() == 6
        forget()
        assert x.grad is None


def test_assigned_gradient_is_added_to():
    x = leaf([1.0, 2.0])
    mine = np.array([10.0, 20.0])
    x.grad = mine
    (x * x).sum().backward()
    assert x.grad.tolist() == [12, 24]
    assert mine.tolist() == [10, 20]  # the next pass added into a buffer of its own


def test_assigned_gradient_is_checked():
    x = leaf([1.0, 2.0], dtype=np.float32)
    x.grad = mg.tensor([1.0, 2.0])
    assert x.grad.dtype == np.float32
    with pytest.raises(mg.ShapeError, match="shape"):
        x.grad = np.zeros(3)
    assert x.grad.tolist() == [1, 2]


def test_a_complex_gradient_is_never_accepted():
    x = leaf([1.0, 2.0])
    with pytest.raises(mg.DtypeError):
        x.grad = np.array([1j, 2])
    with pytest.raises(mg.DtypeError):
        (x * x).backward(np.array([1j, 2]))


# ----------------------------------------------------------------------------- backward


def test_backward_on_a_leaf():
    x = leaf(3.0)
    x.backward()
    assert x.grad.item() == 1
    x.backward()
    assert x.grad.item() == 2


def test_backward_without_a_graph():
    c = mg.tensor(3.0)
    with pytest.raises(mg.GradError, match=rf"c has no graph.*test_graph\.py:{line() + 1}(.|\n)*requires_grad=True"):
        c.backward()


def test_backward_of_a_result_made_under_no_grad():
    x = leaf(3.0)
    with mg.no_grad():
        y = x * x
    with pytest.raises(mg.GradError, match="y has no graph"):
        y.backward()


def test_backward_from_several_elements_needs_a_gradient():
    x = leaf([1.0, 2.0])
    y = x * x
    with pytest.raises(mg.GradError, match=r"y has shape \(2,\)(.|\n)*y\.sum\(\)\.backward\(\)"):
        y.backward()
    assert x.grad is None


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_element_of_any_shape_is_enough(shape):
    x = leaf(np.full(shape, 3.0))
    (x * x).backward()
    assert x.grad.shape == shape
    assert x.grad.item() == 6


@pytest.mark.parametrize("kind", ["array", "tensor", "list", "tuple", "float32", "integers"])
def test_the_given_gradient_in_every_form(kind):
    g = {
        "array": np.array([1.0, 10.0]),
        "tensor": mg.tensor([1.0, 10.0]),
        "list": [1.0, 10.0],
        "tuple": (1, 10),
        "float32": np.array([1.0, 10.0], dtype=np.float32),
        "integers": np.array([1, 10]),
    }[kind]
    x = leaf([3.0, 4.0])
    (x * x).backward(g)
    assert x.grad.tolist() == [6, 80]
    assert x.grad.dtype == np.float64


@pytest.mark.parametrize("wrong", [1.0, [1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], np.zeros((2, 1))])
def test_the_given_gradient_of_another_shape(wrong):
    x = leaf([3.0, 4.0])
    with pytest.raises(mg.ShapeError, match=r"has shape .*, its output \(2,\)"):
        (x * x).backward(wrong)
    assert x.grad is None


@pytest.mark.parametrize("wrong", [["a", "b"], [[1.0], [1.0, 2.0]]])
def test_the_given_gradient_that_is_no_array_of_numbers(wrong):
    x = leaf([3.0, 4.0])
    with pytest.raises((ValueError, TypeError)):
        (x * x).backward(wrong)
    assert x.grad is None


def test_backward_inside_no_grad():
    x = leaf(3.0)
    y = x * x
    with mg.no_grad():
        y.backward()
    assert x.grad.item() == 6


# ----------------------------------------------------------------------------- freed graphs


def test_second_backward_names_the_tensor_and_the_place():
    x = leaf(3.0)
    squared, where = x * x, line()
    squared.backward()
    freed = rf"\(x \* x, test_graph\.py:{where}\) was freed by the backward\(\) at test_graph\.py:{where + 1}"
    message = rf"the graph of squared {freed}(.|\n)*retain_graph=True"
    with pytest.raises(mg.GraphFreedError, match=message):
        squared.backward()
    assert x.grad.item() == 6  # a pass that fails leaves no half of itself


def test_retain_graph_keeps_it():
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 18
    with pytest.raises(mg.GraphFreedError):
        y.backward()


def test_a_tensor_of_an_earlier_iteration():
    w = leaf(2.0)
    total = w * 0.0
    for step in range(2):
        total = total + w * w  # forgets to detach the running total
        if step == 0:
            total.backward()
        else:
            with pytest.raises(
                mg.GraphFreedError,
                match=r"total reuses total \(total \+ w \* w, test_graph\.py:\d+\)(.|\n)*\.detach\(\)",
            ):
                total.backward()
    assert w.grad.item() == 4


def test_detaching_the_earlier_iteration_mends_it():
    w = leaf(2.0)
    total = w * 0.0
    for _ in range(3):
        total = total.detach() + w * w
        total.backward()
    assert total.item() == 12
    assert w.grad.item() == 12


def test_two_results_of_one_shared_part():
    x = leaf(2.0)
    shared = x * x
    a, b = shared * 3, shared * 5
    a.backward()
    with pytest.raises(mg.GraphFreedError, match=r"b reuses shared \(x \* x, test_graph"):
        b.backward()
    assert x.grad.item() == 12  # nothing of b arrived


def test_the_unfreed_part_of_a_partly_freed_graph_still_works():
    x = leaf(2.0)
    a, b = x * 3, x * 5
    a.backward()
    b.backward()
    assert x.grad.item() == 8


def test_freed_graph_in_gradients():
    x = leaf(2.0)
    y = x * x
    mg.gradients(y, x)
    with pytest.raises(mg.GraphFreedError):
        mg.gradients(y, x)


def test_values_survive_their_graph():
    x = leaf([1.0, 2.0])
    y = mg.exp(x)
    y.sum().backward()
    assert y.tolist() == np.exp([1.0, 2.0]).tolist()
    assert repr(y).endswith("creator=Exp)")


# ----------------------------------------------------------------------------- gradients()


def test_one_input_gives_one_gradient_and_a_sequence_a_list():
    x, y = leaf(2.0), leaf(3.0)
    g = mg.gradients(x * y, x)
    assert isinstance(g, mg.Tensor)
    assert g.item() == 3
    for several in ([x, y], (x, y)):
        found = mg.gradients(x * y, several)
        assert isinstance(found, list)
        assert [g.item() for g in found] == [3, 2]
    assert [g.item() for g in mg.gradients(x * y, [x])] == [3]


def test_gradients_leave_grad_alone():
    x = leaf(2.0)
    y = x * x
    y.retain_grad()
    mg.gradients(y * 1, x)
    assert x.grad is None
    x.grad = 5.0
    mg.gradients(x * x, x)
    assert x.grad.item() == 5


def test_gradients_of_computed_tensors():
    x = leaf(2.0)
    h = x * x
    y = h * h * h
    assert mg.gradients(y, h, retain_graph=True).item() == 3 * 4.0**2
    by_h, by_x = mg.gradients(y, [h, x])
    assert by_h.item() == 48
    assert by_x.item() == 48 * 4


def test_gradients_with_respect_to_something_above_and_below():
    x = leaf([1.0, 2.0])
    a = x * 3
    b = mg.exp(a)
    c = (b + a).sum()
    by_b, by_a = mg.gradients(c, [b, a])
    assert by_b.tolist() == [1, 1]
    np.testing.assert_allclose(by_a.numpy(), np.exp([3.0, 6.0]) + 1)


def test_an_unused_input_has_gradient_zero_of_its_shape_and_dtype():
    x = leaf(2.0)
    unused = leaf(np.ones((2, 3)), dtype=np.float32)
    for create_graph in (False, True):
        g = mg.gradients(x * x, [unused, x], create_graph=create_graph)[0]
        assert g.shape == (2, 3)
        assert g.dtype == np.float32
        assert not g.numpy().any() if not create_graph else not g.detach().numpy().any()


def test_a_later_tensor_as_input():
    x = leaf(2.0)
    y = x * x
    later = y * 3
    assert mg.gradients(y, later).item() == 0


def test_the_same_tensor_as_input_and_output():
    x = leaf([1.0, 2.0])
    y = x * x
    assert mg.gradients(y, y, output_gradients=[3.0, 4.0], retain_graph=True).tolist() == [3, 4]
    assert [g.tolist() for g in mg.gradients(y, [x, y], output_gradients=[1.0, 1.0])] == [[2, 4], [1, 1]]
    z = leaf(3.0)
    assert mg.gradients(z, z).item() == 1


def test_the_same_input_twice():
    x = leaf(2.0)
    assert [g.item() for g in mg.gradients(x * x, [x, x])] == [4, 4]


def test_several_outputs_are_summed():
    x = leaf([1.0, 2.0])
    outputs = [(x * x).sum(), x.sum() * 3]
    assert mg.gradients(outputs, x).tolist() == [5, 7]


def test_the_same_output_twice():
    x = leaf(2.0)
    y = x * x
    assert mg.gradients([y, y], x).item() == 8


def test_an_output_on_the_way_of_another():
    x = leaf(2.0)
    y = x * x
    z = y * y
    assert mg.gradients([z, y], x).item() == 32 + 4


def test_output_gradients():
    x = leaf([1.0, 2.0])
    assert mg.gradients(x * x, x, output_gradients=[1.0, 10.0]).tolist() == [2, 40]
    assert mg.gradients([x * x, x.sum()], x, output_gradients=[np.array([1.0, 10.0]), None]).tolist() == [3, 41]
    assert mg.gradients([x * x, x * 3], x, output_gradients=[mg.tensor([1.0, 0.0]), [0.0, 1.0]]).tolist() == [2, 3]


def test_output_gradients_of_another_number_or_shape():
    x = leaf([1.0, 2.0])
    with pytest.raises(mg.ShapeError, match="2 outputs and 1 output_gradients"):
        mg.gradients([x * x, x * x], x, output_gradients=[np.ones(2)])
    with pytest.raises(mg.ShapeError, match="has shape"):
        mg.gradients(x * x, x, output_gradients=np.ones(3))


def test_gradients_of_what_requires_none():
    c, x = mg.tensor(1.0), leaf(2.0)
    with pytest.raises(mg.GradError, match=r"with respect to c, which does not require(.|\n)*requires_grad=True"):
        mg.gradients(x * c, c)
    with pytest.raises((mg.GradError, TypeError)):
        mg.gradients(x * x, [2.0])
    with pytest.raises(mg.GradError, match="no graph"):
        mg.gradients(c * 2, x)
    with pytest.raises(mg.GradError, match="starts from a tensor"):
        mg.gradients([2.0], x)


def test_only_rules_on_the_way_are_run():
    wanted_op, wanted_runs = spy("Wanted")
    other_op, other_runs = spy("Other")
    x, y = leaf(2.0), leaf(3.0)
    mg.gradients(mg.apply(wanted_op, x) * mg.apply(other_op, y), x)
    assert wanted_runs == ["Wanted"]
    assert other_runs == []


def test_rules_before_a_computed_input_are_not_run():
    op, runs = spy()
    x = leaf(2.0)
    h = mg.apply(op, x)
    mg.gradients(h * h, h)
    assert runs == []


def test_branches_not_needed_are_not_freed():
    x, y = leaf(2.0), leaf(3.0)
    other = mg.exp(y)
    assert mg.gradients((x * x) * other, x).item() == pytest.approx(4 * np.exp(3))
    other.backward()
    assert y.grad.item() == pytest.approx(np.exp(3))


def test_what_lies_before_a_computed_input_is_not_freed():
    x = leaf(2.0)
    h = x * x
    assert mg.gradients(h * h, h).item() == 8
    h.backward()
    assert x.grad.item() == 4


# ----------------------------------------------------------------------------- higher order


def test_to_the_third_order():
    x = leaf(2.0)
    first = mg.gradients(x**5, x, create_graph=True)
    second = mg.gradients(first, x, create_graph=True)
    third = mg.gradients(second, x, create_graph=True)
    fourth = mg.gradients(third, x)
    assert [first.item(), second.item(), third.item(), fourth.item()] == [5 * 16, 20 * 8, 60 * 4, 120 * 2]


def test_mixed_second_derivatives_commute():
    x, y = leaf(0.7), leaf(-0.3)
    z = mg.sin(x * y) + mg.exp(x) * y * y
    by_x, by_y = mg.gradients(z, [x, y], create_graph=True)
    by_xy = mg.gradients(by_x, y, retain_graph=True)
    by_yx = mg.gradients(by_y, x)
    np.testing.assert_allclose(by_xy.item(), by_yx.item(), rtol=1e-14)


def test_second_derivative_of_a_linear_function_is_zero():
    x = leaf([1.0, 2.0])
    g = mg.gradients((x * 3).sum(), x, create_graph=True)
    assert g.detach().tolist() == [3, 3]
    assert mg.gradients(g.sum(), x).tolist() == [0, 0]


def test_second_derivative_of_the_identity_is_zero():
    x = leaf(2.0)
    g = mg.gradients(x, x, create_graph=True)
    assert mg.gradients(g, x).item() == 0


def test_backward_with_create_graph():
    x = leaf(2.0)
    (x**3).backward(create_graph=True)
    g = x.grad
    assert g.item() == 12
    x.grad = None
    g.backward()
    assert x.grad.item() == 12  # 6x


def test_create_graph_keeps_the_graph_it_went_through():
    x = leaf(2.0)
    y = x**3
    mg.gradients(y, x, create_graph=True)
    y.backward()
    assert x.grad.item() == 12


def test_derivative_with_respect_to_the_given_gradient():
    """The vjp is linear in g, and its derivative in g is the jvp: the double-backward trick."""
    x = leaf([1.0, 2.0])
    g = leaf([1.0, 1.0])
    vjp = mg.gradients(mg.sin(x), x, output_gradients=g, create_graph=True)
    jvp = mg.gradients(vjp, g, output_gradients=[3.0, 5.0])
    np.testing.assert_allclose(jvp.numpy(), np.cos([1.0, 2.0]) * [3, 5])


def test_hessian_vector_product_of_a_shared_subexpression():
    x = leaf([0.5, -1.0, 2.0])
    s = (x * x).sum()
    g = mg.gradients(s * s, x, create_graph=True)  # 4 s x
    v = np.array([1.0, 2.0, 3.0])
    product = mg.gradients(g, x, output_gradients=v)
    a = x.detach().numpy()
    np.testing.assert_allclose(product.numpy(), 8 * a * (a @ v) + 4 * (a @ a) * v)


def test_looking_at_a_tensor_does_not_break_its_second_derivative():
    x = leaf(2.0)
    y = x * x * x
    assert repr(x) == "Tensor(2., requires_grad=True)"
    g = mg.gradients(y, x, create_graph=True)
    assert mg.gradients(g, x).item() == 12


def test_create_graph_under_no_grad_is_never_silently_zero():
    """Either it records, as asked, or it refuses: a second derivative of 0 would be a wrong number."""
    x = leaf(2.0)
    y = x**3
    try:
        with mg.no_grad():
            g = mg.gradients(y, x, create_graph=True)
    except mg.GradError:
        return
    assert mg.gradients(g, x).item() == 12


# ----------------------------------------------------------------------------- dtypes and libraries of gradients


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_dtype_is_kept_through_python_numbers(dtype):
    x = leaf([1.0, 2.0], dtype=dtype)
    y = ((2.0 * x + 1 - 0.5) / 3) ** 2
    z = 1.0 / (1 - x * 3) + 2**x - abs(-x)
    assert y.dtype == dtype
    assert z.dtype == dtype
    (y + z).sum().backward()
    assert x.grad.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_dtype_is_kept_by_a_single_number(dtype):
    x = leaf(1.5, dtype=dtype)
    y = (2.0 * x + 1) * x.mean()
    assert y.dtype == dtype
    y.backward()
    assert x.grad.dtype == dtype
    assert x.grad.item() == 7


@pytest.mark.parametrize("create_graph", [False, True])
def test_each_gradient_has_its_own_tensors_dtype(create_graph):
    half, single, double = (leaf([1.0, 2.0], dtype=t) for t in (np.float16, np.float32, np.float64))
    y = half * single * double
    assert y.dtype == np.float64
    for tensor, g in zip(
        (half, single, double), mg.gradients(y.sum(), [half, single, double], create_graph=create_graph)
    ):
        assert g.dtype == tensor.dtype
        assert g.detach().tolist() == [1, 4]


def test_gradients_of_mixed_shapes_have_their_tensors_shapes():
    row, column, number = leaf(np.ones((1, 3))), leaf(np.ones((2, 1))), leaf(2.0)
    (row * column * number).sum().backward()
    assert row.grad.tolist() == [[4, 4, 4]]
    assert column.grad.tolist() == [[6], [6]]
    assert number.grad.item() == 6


def test_no_gradient_passes_through_integers():
    x = leaf([1.7, 2.3])
    assert not x.astype(int).requires_grad
    assert not (x > 2).requires_grad


# ----------------------------------------------------------------------------- threads


def test_each_thread_its_own_graph():
    results = {}

    def work(n):
        x = leaf(float(n))
        for _ in range(50):
            y = x
            for _ in range(20):
                y = y * x
            x.grad = None
            y.backward()
        results[n] = x.grad.item()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(1, 17))
    for n, g in results.items():
        np.testing.assert_allclose(g, 21.0 * float(n) ** 20, rtol=1e-14)


def test_threads_share_parameters():
    """Each takes gradients() of its own part; the parts add up to the gradient of the whole."""
    w = leaf(np.linspace(-1, 1, 5))
    x = np.arange(80.0).reshape(16, 5) / 80
    parts = [None] * 16

    def work(n):
        for _ in range(20):
            parts[n] = mg.gradients(mg.sin(w * x[n]).sum(), w).numpy()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert w.grad is None
    whole = mg.gradients(mg.sin(w * x).sum(), w)
    np.testing.assert_allclose(np.sum(parts, axis=0), whole.numpy(), rtol=1e-13)


def test_a_graph_recorded_in_one_thread_and_gone_back_through_in_another():
    x = leaf(3.0)
    y = x * x
    thread = threading.Thread(target=y.backward)
    thread.start()
    thread.join()
    assert x.grad.item() == 6


def test_create_graph_comes_third_and_a_gradient_goes_by_name():
    x = leaf([1.0, 2.0])
    g = mg.gradients((x**3).sum(), x, True)
    assert mg.gradients(g.sum(), x).tolist() == [6, 12]
    with pytest.raises(TypeError, match="output_gradients=g"):
        mg.gradients(x * x, x, np.ones(2))
