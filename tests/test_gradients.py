"""gradients(): of what, with respect to what, and what an input gets that was not used."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.gradient import where_taken


def leaf(data, dtype=float):
    return mg.tensor(data, dtype=dtype, requires_grad=True)


# ----------------------------------------------------------------------------- inputs that are not used


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_unused_input_has_zeros_by_default(create_graph):
    x, unused = leaf([1.0, 2.0]), leaf([[1.0], [2.0]], np.float32)
    used, zeros = mg.gradients((x * x).sum(), [x, unused], create_graph=create_graph)
    assert used.tolist() == [2, 4]
    assert zeros.tolist() == [[0], [0]]
    assert zeros.dtype == np.float32
    if create_graph:
        assert mg.gradients(zeros.sum(), x).tolist() == [0, 0]


def test_without_allow_unused_it_is_an_error_that_says_which():
    x, forgotten = leaf([1.0, 2.0]), leaf(3.0)
    y = (x * x).sum()
    for inputs in ([x, forgotten], forgotten):
        with pytest.raises(mg.GradError, match=r"(?s)forgotten.*no output was computed from it.*allow_unused=True"):
            mg.gradients(y, inputs, allow_unused=False)
    assert mg.gradients(y, [x], allow_unused=False)[0].tolist() == [2, 4], "nothing was freed by the errors"


def test_used_inputs_pass_without_allow_unused():
    x = leaf([1.0, 2.0])
    h = x * x
    y = mg.where(np.array([False, False]), h, 1.0).sum()
    for inputs in ([x, h], [h], [y], [x, x, y]):
        grads = mg.gradients(y, inputs, allow_unused=False, retain_graph=True)
        assert all(g is not None for g in grads)
    assert mg.gradients(x, x, output_gradients=np.ones(2), allow_unused=False).tolist() == [1, 1]


def test_what_was_computed_later_is_not_used():
    x = leaf(2.0)
    y = x * x
    later = y * 3
    with pytest.raises(mg.GradError, match="later"):
        mg.gradients(y, later, allow_unused=False)


def test_a_detached_twin_is_not_used():
    x = leaf(2.0)
    twin = mg.from_numpy(x.data, requires_grad=True)
    assert mg.gradients(x * x, twin).item() == 0
    with pytest.raises(mg.GradError, match="twin"):
        mg.gradients(x * x, twin, allow_unused=False)


@pytest.mark.parametrize("create_graph", [False, True])
def test_none_is_only_given_to_those_who_ask(create_graph):
    x, unused = leaf([1.0, 2.0]), leaf(3.0)
    y = (x * x).sum()
    grads = mg.gradients(y, [unused, x, unused], create_graph=create_graph, materialize=False)
    assert grads[0] is grads[2] is None
    assert grads[1].tolist() == [2, 4]
    assert mg.gradients((x * x).sum(), unused, materialize=False) is None


def test_the_keywords_are_kept_under_no_grad():
    x, unused = leaf(1.0), leaf(3.0)
    y = x * x
    with mg.no_grad():
        assert mg.gradients(y, unused, create_graph=True, materialize=False) is None
        with pytest.raises(mg.GradError, match="unused"):
            mg.gradients(y, unused, create_graph=True, allow_unused=False)


# ----------------------------------------------------------------------------- inputs that were computed


@pytest.mark.parametrize("create_graph", [False, True])
def test_with_respect_to_every_tensor_on_the_way(create_graph):
    x = leaf([1.0, 2.0])
    a = x * x
    b = mg.sin(a)
    c = (a * b).sum()
    values = a.data
    dc, db, da, dx = mg.gradients(c, [c, b, a, x], create_graph=create_graph)
    assert dc.item() == 1
    np.testing.assert_allclose(db.data, values)
    np.testing.assert_allclose(da.data, np.sin(values) + values * np.cos(values))
    np.testing.assert_allclose(dx.data, da.data * 2 * x.data)


def test_with_respect_to_a_view():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    row = x[0]
    flat = x.reshape(4)
    columns = x.T
    y = (row * row).sum() + (flat * 2).sum() + columns[1].sum()
    d_row, d_flat, d_columns, d_x = mg.gradients(y, [row, flat, columns, x])
    assert d_row.tolist() == [2, 4]
    assert d_flat.tolist() == [2, 2, 2, 2]
    assert d_columns.tolist() == [[0, 0], [1, 1]]
    assert d_x.tolist() == [[4, 7], [2, 3]]


def test_a_view_is_not_what_was_used_if_another_was():
    x = leaf([1.0, 2.0])
    mine, used = x[:1], x[:1]
    y = used * 5
    assert mg.gradients(y, mine, retain_graph=True).tolist() == [0], "x[:1] is another tensor each time"
    with pytest.raises(mg.GradError, match="mine"):
        mg.gradients(y, mine, allow_unused=False)


def test_second_derivatives_with_respect_to_a_computed_tensor():
    x = leaf(2.0)
    h = x * 3
    g = mg.gradients(h**3, h, create_graph=True)
    assert g.item() == 3 * 36
    assert mg.gradients(g, h, retain_graph=True).item() == 6 * 6
    assert mg.gradients(g, x).item() == 6 * 6 * 3


def test_a_retained_gradient_on_the_way_of_gradients():
    x = leaf([1.0, 2.0])
    h = x * x
    h.retain_grad()
    g = mg.gradients((h * 3).sum(), [x, h])
    assert h.grad.tolist() == g[1].tolist() == [3, 3]
    assert not np.shares_memory(h.grad.data, g[1].data)
    assert x.grad is None


def test_in_any_order_and_more_than_once():
    x = leaf([1.0, 2.0])
    h = x * x
    y = h.sum()
    names = [y, x, h, x, y, h]
    grads = mg.gradients(y, names)
    assert [g.tolist() for g in grads] == [1.0, [2, 4], [1, 1], [2, 4], 1.0, [1, 1]]
    for n, a in enumerate(grads):
        for b in grads[n + 1 :]:
            assert not np.shares_memory(a.data, b.data)


# ----------------------------------------------------------------------------- what was not taken


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [3, 100])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_was_not_taken_is_exactly_0(size, dtype):
    rng = np.random.default_rng(0)
    taken = rng.random((size, size)) > 0.5
    plain = rng.normal(size=(size, size)).astype(dtype)
    infinite = plain.copy()
    infinite[0, :3] = np.inf, np.nan, -np.inf
    for g in (plain, infinite):
        for mask in (taken, taken[0], taken[:, :1], taken.astype(int)):
            found = where_taken(mask, g)
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, np.where(mask, g, 0))
            assert not np.signbit(found[found == 0]).any()


@pytest.mark.parametrize("given", [np.float32, np.float16])
@pytest.mark.parametrize("as_tensor", [False, True])
def test_a_gradient_to_start_from_takes_the_dtype_of_the_tensor(given, as_tensor):
    g = np.array([0.5, 2.0], dtype=given)
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    x.backward(mg.from_numpy(g) if as_tensor else g)
    assert x.grad.dtype == np.float64
    y, seen = x * 3.0, []
    y.register_hook(lambda g: seen.append(g.dtype))
    y.backward(mg.from_numpy(g) if as_tensor else g)
    assert seen == [np.float64]
