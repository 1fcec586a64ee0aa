"""Errors and warnings: what, where, how to mend it; and no false alarm.

One idea: bad input never yields a number, and an error names the reader's line
and the reader's variable.
"""

import copy
import gc
import inspect
import math
import warnings
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import errors


def leaf(value, **keywords):
    return mg.tensor(value, requires_grad=True, **keywords)


def line():
    return inspect.currentframe().f_back.f_lineno


# ----------------------------------------------------------------------------- one tree


def test_one_tree():
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Exception)]
    assert len(kinds) >= 10
    for kind in kinds:
        root = mg.GradWarning if issubclass(kind, Warning) else mg.MinigradError
        assert issubclass(kind, root)
        assert getattr(mg, kind.__name__) is kind
        assert inspect.getdoc(kind)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [(mg.ShapeError, ValueError), (mg.DtypeError, TypeError), (mg.GraphCutError, TypeError),
     (mg.GradError, RuntimeError), (mg.BackendError, RuntimeError), (mg.BroadcastWarning, UserWarning),
     (mg.MatrixError, np.linalg.LinAlgError)],
)  # fmt: skip
def test_what_a_numpy_user_would_catch(kind, builtin):
    assert issubclass(kind, builtin)


def failures():
    """One program for each error that a reader can meet, by its name."""
    x, c, n = leaf([1.0, 2.0]), mg.tensor([1.0, 2.0]), mg.tensor([1, 2])
    y = x * x
    y.sum().backward()
    return {
        "freed": lambda: y.sum().backward(),
        "not one number": lambda: (x * x).backward(),
        "no graph": lambda: c.backward(),
        "gradient of another shape": lambda: (x * x).backward(np.ones(3)),
        "wrt a constant": lambda: mg.gradients(x * c, c),
        "in place": lambda: x.__iadd__(1.0),
        "elements in place": lambda: x.__setitem__(0, 1.0),
        "shapes": lambda: x + leaf(np.ones(3)),
        "shapes in apply": lambda: mg.maximum(x, np.ones(3)),
        "integers": lambda: mg.tensor([1, 2], requires_grad=True),
        "integers later": lambda: setattr(n, "requires_grad", True),
        "complex": lambda: mg.tensor([1j]),
        "strings": lambda: mg.tensor(["a"]),
        "objects": lambda: mg.tensor([None]),
        "list of tensors": lambda: mg.tensor([x, x]),
        "tensor of a tensor": lambda: mg.tensor(x),
        "numpy()": lambda: x.numpy(),
        "asarray": lambda: np.asarray(x),
        "float": lambda: float(leaf(1.0)),
        "math": lambda: math.sin(leaf(1.0)),
        "item": lambda: x.item(),
        "truth": lambda: bool(x > 0),
        "ragged": lambda: mg.tensor([[1.0], [1.0, 2.0]]),
        "no rule": lambda: np.linalg.eig(x),
        "no rule for a ufunc": lambda: np.nextafter(x, x),
        "out=": lambda: np.add(x, 1.0, out=np.zeros(2)),
        "from_numpy of a list": lambda: mg.from_numpy([1.0]),
        "retain_grad": lambda: c.retain_grad(),
        "requires_grad of a computed": lambda: setattr(x * 1, "requires_grad", False),
        "data of another shape": lambda: setattr(x, "data", np.ones(3)),
        "grad of another shape": lambda: setattr(x, "grad", np.ones(3)),
    }


@pytest.mark.parametrize("name", sorted(failures()))
def test_every_error_names_this_file_in_two_lines_at_most(name):
    failure = failures()[name]
    with pytest.raises(Exception, match=r"test_errors\.py:\d+") as info:
        failure()
    first, last = inspect.getsourcelines(failures)[1], line()
    number = int(str(info.value).split("test_errors.py:")[1].split(")")[0])
    assert first < number < last
    assert len(str(info.value).splitlines()) <= 2
    assert isinstance(info.value, mg.MinigradError | TypeError)


MENDED = {
    "integers": r"dtype=float, requires_grad=True",
    "integers later": r"dtype=float",
    "complex": r"two real tensors",
    "strings": r"np\.asarray\(x, dtype=float\)",
    "list of tensors": r"minigrad\.stack\(\[x, x\]\)",
    "tensor of a tensor": r"\.detach\(\)",
    "not one number": r"\.sum\(\)\.backward\(\)",
    "freed": r"retain_graph=True",
    "no graph": r"requires_grad=True",
    "in place": r"with no_grad\(\)",
    "shapes": r"reshape",
    "numpy()": r"x\.detach\(\)\.numpy\(\)",
    "asarray": r"x\.detach\(\)\.numpy\(\)",
    "float": r"\.item\(\)",
    "item": r"tolist\(\)",
    "no rule": r"x\.detach\(\)\.numpy\(\)",
    "from_numpy of a list": r"minigrad\.tensor\(data\)",
    "requires_grad of a computed": r"\.detach\(\)",
}


@pytest.mark.parametrize("name", MENDED)
def test_the_second_line_mends_it(name):
    failure = failures()[name]
    with pytest.raises(Exception, match=r"\n") as info:
        failure()
    assert np.any([__import__("re").search(MENDED[name], str(info.value).splitlines()[1])]), str(info.value)


def test_the_fixes_work_as_they_are_written():
    """What a message offers to paste is pasted here."""
    x = mg.tensor([1, 2, 3], dtype=float, requires_grad=True)
    y = mg.stack([x, x])
    y.sum().backward()
    assert x.grad.tolist() == [2, 2, 2]
    assert x.detach().numpy().tolist() == [1, 2, 3]
    (x * x).backward(np.ones((3,)))
    assert x.grad.tolist() == [4, 6, 8]


def test_names_are_the_readers_own():
    predictions, targets = leaf(np.ones(3)), mg.tensor(np.ones(4))
    with pytest.raises(mg.ShapeError, match=r"Sub got .*\(3,\).*\(4,\).*do not broadcast"):
        predictions - targets
    with pytest.raises(mg.GradError, match="targets has no graph"):
        targets.backward()
    with pytest.raises(mg.GraphCutError, match=r"predictions\.numpy\(\)"):
        predictions.numpy()


# ----------------------------------------------------------------------------- dtypes that are refused


@pytest.mark.parametrize("dtype", [int, bool, np.int8, np.uint64])
def test_integers_cannot_require_a_gradient(dtype):
    with pytest.raises(
        mg.DtypeError, match=rf"holds {np.dtype(dtype)} and cannot require a gradient(.|\n)*dtype=float"
    ):
        mg.tensor(np.ones(3), dtype=dtype, requires_grad=True)
    for make in (mg.zeros, mg.ones, mg.rand, mg.randn):
        with pytest.raises(mg.DtypeError):
            make(3, dtype=dtype, requires_grad=True)
    with pytest.raises(mg.DtypeError):
        mg.from_numpy(np.ones(3, dtype=dtype), requires_grad=True)
    with pytest.raises(mg.DtypeError):
        mg.arange(3, requires_grad=True)


def test_integers_without_a_gradient_are_welcome():
    assert mg.tensor([1, 2]).dtype == np.int64
    assert (mg.tensor([1, 2]) * leaf([2.0, 3.0])).tolist() == [2, 6]


@pytest.mark.parametrize("value", [1j, [1.0, 1j], np.zeros(2, complex), np.complex64(1)])
def test_complex_numbers_are_refused(value):
    with pytest.raises(mg.DtypeError, match=r"complex(.|\n)*two real tensors"):
        mg.tensor(value)
    for x in (leaf([1.0, 2.0]), leaf(1.0), mg.tensor([1.0, 2.0])):
        for compute in (lambda x: x * value, lambda x: value * x, lambda x: mg.add(x, value)):
            with pytest.raises(mg.DtypeError, match="complex"):
                compute(x)


@pytest.mark.parametrize(
    "make",
    [
        lambda: mg.zeros(2, dtype=complex),
        lambda: mg.ones(2, dtype=complex),
        lambda: mg.eye(2, dtype=complex),
        lambda: mg.full(2, 1j),
        lambda: mg.linspace(0, 1j, 3),
        lambda: mg.arange(3, dtype=complex),
        lambda: mg.zeros_like(np.ones(2), dtype=complex),
        lambda: mg.ones_like(np.ones(2), dtype=complex),
        lambda: mg.rand(2, dtype=complex),
        lambda: mg.randn(2, dtype=complex),
        lambda: mg.normal(0, 1, 2, dtype=complex),
        lambda: mg.from_numpy(np.zeros(2, complex)),
        lambda: mg.tensor([1.0], dtype=complex),
        lambda: mg.tensor([1.0]).astype(complex),
        lambda: leaf([1.0]).astype(complex),
    ],
)
def test_no_function_makes_a_complex_tensor(make):
    with pytest.raises(mg.DtypeError, match="complex"):
        make()


@pytest.mark.parametrize(
    "value",
    ["text", ["a", "b"], None, [None], [1.0, "a"], object(), {"a": 1}, np.array([1, None]),
     np.array(["2026-01-01"], dtype="M8[D]"), np.zeros(2, dtype=[("a", float)]), b"bytes"],
)  # fmt: skip
def test_what_is_no_number_is_refused(value):
    with pytest.raises(mg.DtypeError, match="numbers"):
        mg.tensor(value)


@pytest.mark.parametrize("other", ["text", None, object(), {"a": 1}, b"bytes"])
def test_computing_with_what_is_no_number_is_refused(other):
    x = leaf([1.0, 2.0])
    for compute in (lambda: x + other, lambda: other + x, lambda: x * other, lambda: mg.add(x, other)):
        with pytest.raises(TypeError):
            compute()


def test_masked_arrays_are_refused():
    """Their missing values would silently come back as numbers."""
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(mg.DtypeError, match=r"masked(.|\n)*compressed"):
        mg.from_numpy(masked)
    with pytest.raises(mg.DtypeError, match="masked"):
        mg.tensor(masked)
    for compute in (lambda x: x * masked, lambda x: mg.add(x, masked)):
        with pytest.raises(mg.DtypeError, match="masked"):
            compute(leaf([1.0, 2.0]))
    with pytest.raises(mg.GraphCutError, match=r"test_errors\.py"):  # numpy.ma asks for an array
        masked * leaf([1.0, 2.0])


@pytest.mark.parametrize("nested", [lambda t: [t, t], lambda t: [[t], [t]], lambda t: (1.0, t), lambda t: [t * 2, 3]])
def test_a_list_of_tensors_is_refused_with_the_fix(nested):
    t = leaf(2.0)
    with pytest.raises(mg.GraphCutError, match=r"minigrad\.stack\(\[(t1, t2|t, t)\]\)"):
        mg.tensor(nested(t))
    with mg.no_grad():
        assert mg.tensor([t, t]).tolist() == [2, 2]
    assert mg.tensor([t.detach(), 3.0]).tolist() == [2, 3]


def test_a_list_of_tensors_in_an_operation_is_refused():
    t = leaf(2.0)
    with pytest.raises(mg.GraphCutError, match="stack"):
        mg.tensor([1.0, 2.0]) * [t, t]


def test_random_numbers_cannot_be_cut_to_integers():
    """rand() lies in [0, 1): as integers they are all zero, which nobody meant."""
    with pytest.raises(mg.DtypeError):
        mg.rand(3, dtype=int)


# ----------------------------------------------------------------------------- the row and column trap

TRAPS = {
    "-": lambda a, b: a - b,
    "+": lambda a, b: a + b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "np.subtract": np.subtract,
    "maximum": mg.maximum,
}


@pytest.mark.parametrize("name", TRAPS)
@pytest.mark.parametrize("column_first", [True, False])
@pytest.mark.parametrize("other", ["tensor", "parameter", "array"])
def test_a_column_meets_a_row(name, column_first, other):
    column = leaf(np.ones((4, 1)))
    row = {"tensor": mg.tensor, "parameter": leaf, "array": np.asarray}[other](np.ones(4))
    pair = (column, row) if column_first else (row, column)
    if other == "array" and not column_first and name in "-+*/":
        pair = (mg.from_numpy(row), column)
    with pytest.warns(
        mg.BroadcastWarning, match=r"is \(4, 4\)(.|\n)*(row|a|b|y)\.reshape\((column|a|b)\.shape\)"
    ) as caught:
        result = TRAPS[name](*pair)
    assert result.shape == (4, 4)
    assert len(caught) == 1


def test_the_warning_points_at_the_line_that_caused_it():
    predictions, targets = leaf(np.ones((4, 1))), mg.tensor(np.ones(4))
    places = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        predictions - targets
        places.append(line() - 1)
        np.subtract(predictions, targets)
        places.append(line() - 1)
        mg.subtract(predictions, targets)
        places.append(line() - 1)
        targets.numpy() - predictions
        places.append(line() - 1)
        mg.apply(mg.ops.Sub, predictions, targets)
        places.append(line() - 1)
    assert [warning.lineno for warning in caught] == places
    assert {warning.filename for warning in caught} == {__file__}
    for warning, place in zip(caught, places):
        assert f"(test_errors.py:{place})" in str(warning.message)


def test_the_trap_as_it_is_met_in_a_regression():
    """d2l's regression with y flat: the loss is an (n, n) matrix, and its minimum is w = 0."""
    features, labels = mg.tensor(np.ones((10, 2))), mg.tensor(np.ones(10))
    w = leaf(np.zeros((2, 1)))
    with pytest.warns(mg.BroadcastWarning, match=r"@ w - labels is \(10, 10\), from \(10, 1\) and \(10,\)"):
        ((features @ w - labels) ** 2).mean()


def test_no_warning_where_the_axis_was_asked_for():
    x = leaf(np.arange(3.0))
    points = leaf(np.ones((3, 2)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", mg.BroadcastWarning)
        assert (x[:, None] - x).shape == (3, 3)
        assert np.exp(x[..., np.newaxis] * x).shape == (3, 3)
        assert (points - points[:, None]).shape == (3, 3, 2)
        assert (x.detach()[:, None] * x).shape == (3, 3)
        assert np.subtract(x[:, None], x).shape == (3, 3)
        with pytest.raises(mg.BroadcastWarning):
            x.reshape(3, 1) - x


@pytest.mark.parametrize("constant", [True, False])
def test_an_axis_asked_for_in_another_line_is_the_mistake_itself(constant):
    a = leaf([1.0, 2.0, 3.0])
    predicted = (mg.tensor([1.0, 2.0, 3.0]) if constant else a * 2)[:, None]
    with pytest.warns(mg.BroadcastWarning, match=r"predicted - a is \(3, 3\)"):
        predicted - a


def test_no_warning_of_an_axis_asked_for_where_the_source_is_not_known():
    x = leaf(np.arange(3.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error", mg.BroadcastWarning)
        assert eval("x[:, None] - x", {"x": x}).shape == (3, 3)


@pytest.mark.parametrize(
    "f", [lambda a: a @ np.ones(3), lambda a: a @ a[0], lambda a: np.cross(a, a[0]), lambda a: np.outer(a[0], a[:, 1])]
)
def test_no_warning_of_what_a_rule_computes(f):
    a, v = np.arange(9.0).reshape(3, 3), np.ones((3, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error", mg.BroadcastWarning)
        loss = lambda a: np.sum(f(a) ** 2)  # noqa: E731
        mg.hessian(loss)(a)
        mg.jvp(mg.grad(loss), (a,), (v,))
        mg.grad(lambda a: mg.jvp(loss, (a,), (v,))[1])(a)


def test_the_warning_may_be_made_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error", mg.BroadcastWarning)
        with pytest.raises(mg.BroadcastWarning):
            leaf(np.ones((4, 1))) - mg.tensor(np.ones(4))


HONEST = {
    "bias": lambda t: t(8, 3) + t(3),
    "square bias": lambda t: t(3, 3) + t(3),
    "column of weights": lambda t: t(8, 3) * t(8, 1),
    "layer norm": lambda t: (t(4, 4) - t(4, 4).mean(axis=1, keepdims=True)) / t(4, 1) * t(4) + t(4),
    "standardising": lambda t: (t(4, 4) - t(4, 4).mean(axis=0)) / t(4),
    "outer product with None": lambda t: t(4)[:, None] * t(4)[None, :],
    "outer product by reshape": lambda t: t(4).reshape(4, 1) * t(4).reshape(1, 4),
    "row and column of one rank": lambda t: t(1, 4) - t(4, 1),
    "a number": lambda t: t(4, 1) * t(),
    "a number on the left": lambda t: 2.0 * t(4, 1) - 1,
    "one element": lambda t: t(4, 1) + t(1),
    "positions and frequencies": lambda t: t(10, 1) * t(6),
    "pairwise distances": lambda t: t(5, 1, 3) - t(1, 5, 3),
    "images and channels": lambda t: t(2, 5, 5, 3) * t(3),
    "images and channels first": lambda t: t(2, 3, 5, 5) + t(3, 1, 1),
    "batch of matrices": lambda t: t(4, 3, 3) + t(3, 3),
    "attention mask": lambda t: t(2, 4, 4) + t(4, 4),
    "same shape": lambda t: t(4, 1) - t(4, 1),
    "flat": lambda t: t(4) - t(4),
    "an empty column": lambda t: t(0, 1) + t(0),
    "one row": lambda t: t(1, 1) + t(1),
}


@pytest.mark.parametrize("name", HONEST)
def test_no_false_alarm(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        HONEST[name](lambda *shape: leaf(np.full(shape, 1.5))).sum().backward()


def test_no_warning_where_no_gradient_is_wanted():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (np.ones((4, 1)) - np.ones(4)).shape == (4, 4)


# ----------------------------------------------------------------------------- the stale gradient


@pytest.fixture
def strict():
    """Every warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def cleared_by_zero_grad(a):
    a.zero_grad()


def cleared_by_none(a):
    a.grad = None


def cleared_by_hand(a):
    a.grad.data[...] = 0


def cleared_in_place(a):
    a.grad *= 0


def decayed(a):
    """A momentum: the reader changes the gradient after the parameter."""
    a.grad *= 0.5


def given(a):
    a.grad = np.zeros(a.shape)


CLEARED = [cleared_by_zero_grad, cleared_by_none, cleared_by_hand, cleared_in_place, decayed, given]
STARTS = [2.0, [2.0], [2.0, 3.0], np.full((3, 4), 1.5)]


def updated_in_place(a):
    with mg.no_grad():
        a -= 0.1 * a.grad


def updated_by_data(a):
    a.data -= 0.1 * a.grad.data


def updated_by_another_array(a):
    a.data = a.data - 0.1 * a.grad.data


def updated_by_elements(a):
    with mg.no_grad():
        a[...] = 0.5 * a.detach()


UPDATES = [updated_in_place, updated_by_data, updated_by_another_array, updated_by_elements]


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("clear", CLEARED)
def test_no_warning_where_the_gradient_was_cleared(start, update, clear):
    a = leaf(start)
    for _ in range(3):
        (a * a).sum().backward()
        update(a)
        clear(a)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_stale_gradient_is_told_with_both_lines(start, update, create_graph):
    a = leaf(start)
    (a * a).sum().backward(create_graph=create_graph)
    before = line() - 1
    update(a)
    first = inspect.getsourcelines(update)[1]
    with pytest.warns(mg.StaleGradWarning, match=rf"after the gradient of test_errors\.py:{before}\)") as caught:
        (a * a).sum().backward(create_graph=create_graph)
    assert caught[0].lineno == line() - 1
    changed = int(str(caught[0].message).split("a changed at test_errors.py:")[1].split(",")[0])
    assert first < changed <= first + 2
    assert len(str(caught[0].message).splitlines()) == 2


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("update", UPDATES)
def test_batches_may_be_added_up(start, update):
    """Three batches to an update, two parameters, one of which is not in every loss."""
    a, b = leaf(start), leaf(1.0)
    for _step in range(3):
        for batch in range(3):
            loss = (a * a).sum() * (b if batch % 2 else 1.0)
            assert a.data is not None  # looked at, a number is kept another way
            loss.backward()
        for parameter in (a, b):
            update(parameter)
            parameter.zero_grad()


def test_the_other_parameter_changed():
    """Alternating updates: only the one that changed is stale."""
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (a * b).sum().backward()
    with mg.no_grad():
        a -= 0.1 * a.grad
    with pytest.warns(mg.StaleGradWarning) as caught:
        (a * b).sum().backward()
    assert [str(warning.message).partition(" ")[2].partition(" ")[0] for warning in caught] == ["a.grad"]


@pytest.mark.usefixtures("strict")
def test_a_change_seen_by_nobody_else_is_no_change():
    a = leaf([1.0, 2.0])
    c = mg.tensor([1.0, 2.0])
    (a * c).sum().backward()
    c += 1
    (a * c).sum().backward()
    assert a.grad.tolist() == [3, 5]


# ----------------------------------------------------------------------------- .grad of what is computed


@pytest.mark.usefixtures("strict")
def test_who_only_looks_is_not_warned():
    a = leaf([[2.0, 3.0]])
    y = a * a
    y.sum().backward()
    if y.grad is None and not hasattr(y, "grad"):
        raise AssertionError
    nothing = y.grad is not None
    assert getattr(y, "grad", 1) is None
    assert repr(eval("y.grad", {"y": y})) == "None"
    assert y.grad is None
    assert not nothing
    inspect.getmembers(y)
    repr(y), f"{y}", dir(y)
    assert a.detach().grad is None
    seen = a.detach().grad
    assert seen is None
    constant = mg.tensor([1.0]).grad
    parameter = leaf(1.0).grad
    assert constant is parameter is None
    np.copy(y)


@pytest.mark.usefixtures("strict")
def test_who_asked_to_keep_it_is_not_warned():
    a = leaf([2.0, 3.0])
    y = a * a
    y.retain_grad()
    early = y.grad
    y.sum().backward()
    late = y.grad
    assert early is None
    assert late.tolist() == [1, 1]


@pytest.mark.parametrize("read", [lambda y: y.grad, lambda y: [y.grad], lambda y: print(y.grad), lambda y: (1, y.grad)])
def test_who_wants_it_is_warned(read):
    a = leaf([2.0, 3.0])
    with pytest.warns(mg.GradWarning, match=r"y\.grad is None: y was computed \(a \* a, test_errors"):
        read(a * a)


def test_a_rebound_parameter_inside_of_a_function():
    a = leaf(2.0)

    def step():
        nonlocal a
        (a * a).backward()
        with mg.no_grad():
            a = a - 0.1 * a.grad
        return a.grad

    with pytest.warns(mg.GradWarning, match=r"a = a - 0\.1 \* a\.grad \(test_errors\.py:\d+\) computed a new tensor"):
        step()


# ----------------------------------------------------------------------------- names


class Model:
    def __init__(self):
        self.weight = leaf([2.0, 3.0])
        self.layers = [leaf([1.0, 2.0])]

    def leave(self):
        return self.weight.numpy()


def test_names_inside_of_objects_lists_and_dicts():
    model = Model()
    layers, state = model.layers, {"hidden": leaf(1.0)}
    with pytest.raises(mg.GraphCutError, match=r"^\[C01\] model\.weight\.numpy\(\) would leave"):
        model.weight.numpy()
    with pytest.raises(mg.GraphCutError, match=r"^\[C01\] self\.weight\.numpy\(\) would leave"):
        model.leave()
    with pytest.raises(mg.GraphCutError, match=r"^\[C01\] layers\[0\]\.numpy\(\) would leave"):
        layers[0].numpy()
    with pytest.raises(mg.GraphCutError, match=r'^\[C01\] float\(state\["hidden"\]\) would leave'):
        float(state["hidden"])


def test_looking_for_a_name_keeps_nothing_alive():
    a = leaf([2.0, 3.0])
    mine = weakref.ref(a)
    with pytest.raises(mg.GraphCutError, match=r"^\[C01\] a\.numpy\(\)") as info:
        a.numpy()
    del a, info
    gc.collect()
    assert mine() is None


def test_looking_for_a_name_leaves_the_readers_own_dict_alone():
    a = leaf([2.0, 3.0])
    mine = locals()
    with pytest.raises(mg.GraphCutError):
        a.numpy()
    assert mine["a"] is a


def test_without_a_name_the_expression_stands():
    a = leaf([2.0, 3.0])
    with pytest.raises(mg.GradError, match=r"d\(a \* a\)/d\(a \* a\) = 1.*\(test_errors\.py:\d+\)"):
        (a * a).backward()
    with pytest.raises(mg.GradError, match=r"^\[G01\] this tensor has no graph.*Greater \(a > 0"):
        (a > 0).sum().backward()


def test_without_a_source_the_operation_stands():
    """In an interactive session the lines may not be kept."""
    program = "y = a * a\ny.sum().backward()\ny.sum().backward()\n"
    variables = {"a": leaf([2.0, 3.0])}
    with pytest.raises(mg.GraphFreedError, match=r"reuses y \(Mul, <console>:1\)|reuses y \(<console>:1\)") as info:
        exec(compile(program, "<console>", "exec"), variables)
    assert "freed by the backward() at <console>:2" in str(info.value)


def test_a_file_that_was_edited_since_is_not_cited(tmp_path):
    file = tmp_path / "fit.py"
    file.write_text("import numpy; what = is_now_there = (\n")
    with pytest.raises(mg.GradError, match=r"has shape \(2,\) \((Mul, )?fit\.py:1\)"):
        exec(compile("y = a * a; y.backward()", str(file), "exec"), {"a": leaf([2.0, 3.0])})


# ----------------------------------------------------------------------------- why


def test_why():
    a, b, n = leaf(2.0), leaf(3.0), mg.tensor([1, 2])
    y = a * a
    assert "no backward() has reached a since it was made or cleared" in a.why()
    assert "keeps gradients for parameters only" in y.why()
    y.retain_grad()
    assert "asked to keep its gradient" in y.why()
    y.backward()
    assert f"one gradient, brought by the backward() at test_errors.py:{line() - 1}" in a.why()
    assert "b.grad is None: no backward() has reached b" in b.why()
    assert "n holds int64" in n.why()
    assert "cut by detach() (a.detach(), test_errors.py" in a.detach().why()
    (a * a).backward()
    assert "2 gradients added up" in a.why()
    a.grad = 1.0
    assert "given by hand" in a.why()
    with mg.no_grad():
        z = a * 2
    assert "a * 2 was computed inside no_grad() (test_errors.py" in z.why()
    for tensor in (a, b, y, n, z, a.grad):
        assert len(tensor.why().splitlines()) == 2


@pytest.mark.parametrize("cut", ["no_grad", "detach", "constant", "gradient", "copy"])
@pytest.mark.parametrize(
    "on",
    [lambda t: t, lambda t: t * 2, lambda t: 2 - t, lambda t: mg.exp(t).sum(), lambda t: mg.maximum(1.0, t), np.sin,
     lambda t: mg.tensor(1.0) * t, lambda t: mg.stack([t, mg.tensor(1.0)]).sum(), lambda t: t.sum(), lambda t: -t],
)  # fmt: skip
def test_the_cause_is_known_however_far_away(cut, on):
    a = leaf(2.0)
    (a * a).backward()
    with mg.no_grad():
        stopped = a * 3
    starts = {
        "no_grad": (stopped, r"inside no_grad\(\)"),
        "detach": ((a * a).detach(), r"cut by detach\(\)"),
        "constant": (a > 0, "Greater"),
        "gradient": (a.grad, "made without create_graph"),
        "copy": (copy.copy(mg.no_grad()(lambda: a * 2)()), "a copy"),
    }
    start, says = starts[cut]
    start = start.astype(float) if start.dtype.kind == "b" else start
    with pytest.raises(mg.GradError, match=says):
        on(start).backward()


def test_a_pass_of_gradients_is_named_as_one():
    a = mg.tensor([1.0, 2.0], requires_grad=True)
    L = (a * a).sum()  # noqa: N806
    mg.gradients(L, a)
    with pytest.raises(mg.GraphFreedError, match=r"(?s)freed by the gradients\(\) at .*say gradients\(\.\.\., ret"):
        mg.gradients(L, a)
    y = a * a
    with pytest.raises(mg.GradError, match=r"(?s)Reduce it, gradients\(y\.sum\(\), .*output_gradients=np\.ones"):
        mg.gradients(y, a)


def test_setting_an_element_says_what_makes_a_new_tensor():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    t = x * 2
    with pytest.raises(
        mg.InplaceError, match=r"t\[1:\] = \.\.\. would .*\n.* t = minigrad\.index_update\(t, np\.s_\[1:"
    ):
        t[1:] = 0.0
    with pytest.raises(mg.InplaceError, match=r"x\[0\] = \.\.\. would .*\n.* x = minigrad\.index_update\(x, 0, \.\.\."):
        x[0] = 1.0
    with pytest.raises(
        mg.InplaceError, match=r"x\[0\] \+= 1\.0 .*\n.* x = minigrad\.index_update\(x, 0, x\[0\] \+ 1\.0\)"
    ):
        x[0] += 1.0


def test_functions_of_scipy_are_called_by_their_name():
    special = pytest.importorskip("scipy.special")
    x = mg.tensor([0.5], requires_grad=True)
    with pytest.raises(
        mg.GraphCutError, match=r"scipy\.special\.erf has no .* nearest that has one is minigrad\.erf\."
    ):
        special.erf(x)
    with pytest.raises(mg.GraphCutError, match=r"scipy\.special\.expit has no .* is minigrad\.sigmoid\."):
        special.expit(x)
    with pytest.raises(mg.GraphCutError, match=r"scipy\.special\.j0 has no derivative rule"):
        special.j0(x)


def test_a_parameter_replaced_inside_no_grad_is_named_as_the_cause():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    (w**2).sum().backward()
    with mg.no_grad():
        w = w - 0.1 * w.grad
    with pytest.raises(mg.GradError) as caught:
        (w**2).sum().backward()
    first, second = str(caught.value).splitlines()
    assert ": w = w - 0.1 * w.grad inside no_grad() (test_errors.py:" in first
    assert first.endswith(") made another w, which is no parameter.")
    assert second == "Change the parameter itself there: w -= 0.1 * w.grad"


def test_only_an_update_is_told_as_one():
    class Model:
        w = mg.tensor([1.0, 2.0], requires_grad=True)

    model = Model()
    (model.w**2).sum().backward()
    with mg.no_grad():
        model.w = model.w - 0.1 * model.w.grad
        other = mg.tensor([1.0, 2.0], requires_grad=True)
        other = other - 0.1 * other + 1.0  # no update: other -= 0.1 * other + 1.0 is something else
    with pytest.raises(mg.GradError, match=r"another model\.w, which .*\n.*: model\.w -= 0\.1 \* model\.w\.grad$"):
        (model.w**2).sum().backward()
    with pytest.raises(mg.GradError, match=r"was computed inside no_grad\(\)"):
        (other**2).sum().backward()


@pytest.mark.parametrize("convert", ["np.asarray({})", "np.ascontiguousarray({})", "np.asanyarray({}, float)"])
def test_a_conversion_of_a_list_of_tensors_is_not_told_to_convert_what_they_are_joined_to(convert, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(f"import numpy as np\n\ndef f(rows):\n    return np.sum({convert.format('rows')})\n")
    names = {}
    exec(compile(program.read_text(), str(program), "exec"), names)
    with pytest.raises(mg.GraphCutError, match=r"(?s)Join them inside the graph: minigrad\.array\(rows\);"):
        mg.grad(names["f"])([1.0, 2.0])


# ----------------------------------------------------------------------------- gradients that are not finite


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_large_gradients_are_no_false_alarm(shape, dtype):
    """Their squares overflow, they do not."""
    huge = np.finfo(dtype).max / 2
    a = leaf(np.ones(shape), dtype=dtype)
    (a * mg.tensor(np.full(shape, huge, dtype))).backward(np.ones(shape, dtype))
    assert (a.grad.numpy() == dtype(huge)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("shape", "index"), [((), ""), ((3,), "[1]"), ((2, 3), "[1, 1]")])
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_that_is_not_finite_is_told_with_its_place(bad, shape, index, create_graph):
    a = leaf(np.ones(shape))
    slope = np.ones(shape)
    slope[(1,) * len(shape)] = bad
    with pytest.warns(mg.NonFiniteWarning) as caught:
        (a * slope).sum().backward(create_graph=create_graph)
    assert caught[0].lineno == line() - 1
    assert str(caught[0].message).startswith(f"[W04] a.grad{index} is {bad} (test_errors.py:{line() - 2}): ")


def test_a_gradient_that_is_not_finite_is_told_when_all_have_arrived():
    """Where warnings are errors, every leaf has its gradient nevertheless."""
    a, b, c = leaf(1.0), leaf(2.0), leaf(3.0)
    loss = a * np.inf + b * 2 + c * np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(mg.NonFiniteWarning, match=r"\.grad is inf"):
            loss.backward()
    assert [leaf.grad.item() for leaf in (a, b, c)] == [np.inf, 2.0, np.inf]
    with pytest.warns(mg.NonFiniteWarning) as caught:
        (a * np.inf + c * np.inf).backward()
    assert {str(w.message).split()[1] for w in caught} == {"a.grad", "c.grad"}


def test_a_gradient_that_is_not_finite_is_told_under_no_grad_too():
    a = leaf(1.0)
    y = a * np.inf
    with mg.no_grad(), pytest.warns(mg.NonFiniteWarning) as caught:
        y.backward(create_graph=True)
    assert caught[0].lineno == line() - 1
    assert str(caught[0].message).startswith(f"[W04] a.grad is inf (test_errors.py:{line() - 2}): ")


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("innocent", ["a * 1e200 * 1e200 / 3.0 * 1e-300", "mg.sqrt(b) + a * 1e200 * 1e200 * 1e-300"])
def test_an_operation_is_not_accused_of_what_another_may_have_done(innocent):
    """The quotient has the slope 1/3, the root is not on the way to a: by then nobody knows."""
    a, b = leaf(1e-200), leaf(1.0)
    loss = eval(innocent, {"mg": mg, "a": a, "b": b})
    with pytest.warns(
        mg.NonFiniteWarning, match=r"a\.grad is inf .*: an overflow .*; it may be an infinite slope, as "
    ):
        (loss * 1e300).backward()


@pytest.mark.usefixtures("strict")
def test_gradients_that_nobody_keeps_are_not_judged():
    """gradients() gives its result to the reader; what a mask left out is exactly zero."""
    a = leaf([0.0, 4.0])
    with np.errstate(divide="ignore"):
        assert mg.gradients(mg.sqrt(a).sum(), a).tolist() == [np.inf, 0.25]
        mg.where(a > 0, mg.sqrt(a), 0.0).sum().backward()
    assert a.grad.tolist() == [0, 0.25]


def test_the_nan_of_a_loss_is_told_by_its_name():
    a = leaf([-1.0])
    with np.errstate(invalid="ignore"):
        loss = mg.log(a).sum() ** 2
    with pytest.warns(mg.NonFiniteWarning, match=r"a\.grad\[0\] is nan .*: loss itself is nan"):
        loss.backward()


@pytest.mark.usefixtures("strict")
def test_a_gradient_to_start_from_brings_what_it_makes():
    """Who gives one has no loss, and may well give NaN."""
    a = leaf([1.0, 2.0])
    (a * 3).backward([np.nan, np.inf])
    np.testing.assert_array_equal(a.grad.tolist(), [np.nan, np.inf])


def test_what_is_loaded_two_at_a_time_is_not_computed_with_the_gradient(monkeypatch):
    """From Python 3.13: f(a.grad, x + y) loads x and y at once, and a.grad waits; lr * a.grad + b computes with it."""
    from types import SimpleNamespace

    from minigrad import place

    def computes(*after):
        names = ("LOAD_ATTR", *after)
        steps = tuple(SimpleNamespace(opname=name, offset=2 * n, argval="grad") for n, name in enumerate(names))
        monkeypatch.setattr(place, "_steps", lambda code: steps)
        return place.computes_with_attribute.__wrapped__(None, 0)

    assert not computes("LOAD_FAST_LOAD_FAST", "BINARY_OP", "CALL")
    assert not computes("LOAD_FAST_BORROW_LOAD_FAST_BORROW", "BINARY_OP", "CALL")
    assert computes("LOAD_FAST", "BINARY_OP")
    assert computes("LOAD_FAST_BORROW", "BINARY_OP")
    assert computes("BINARY_OP")


def test_why_is_true_of_a_gradient_that_was_cleared():
    a = leaf(2.0)
    y = a * 3
    y.retain_grad()
    y.backward()
    y.zero_grad()
    place = line() - 2
    assert f"the backward() at test_errors.py:{place} had passed before, or it was cleared since.\n" in y.why()


# ----------------------------------------------------------------------------- through another library


def test_the_place_is_the_readers_own_line():
    """Not that in random.py, which calls us for them."""
    import random

    x = leaf([1.0, 2.0, 3.0])
    with pytest.raises(mg.InplaceError, match=r"^\[P01\] random\.shuffle\(x\) would change x ") as info:
        random.shuffle(x)
    assert f"(test_errors.py:{line() - 1})" in str(info.value)


def test_a_library_that_changes_a_tensor_is_given_a_copy():
    """Only one that shuffles is told to arrange positions."""
    import heapq

    x = leaf([3.0, 2.0])
    python = {}
    exec(compile("def settle(a):\n    a[0] = a[1]", heapq.__file__, "exec"), python)
    settle = python["settle"]
    with pytest.raises(mg.InplaceError, match=r"(?s)^\[P01\] settle\(x\) would change x .* x\.detach\(\)\.copy\(\)$"):
        settle(x)
    settle(x.detach().copy())


@pytest.mark.usefixtures("strict")
def test_a_copy_that_a_library_makes_for_itself_is_not_told():
    import statistics

    x = leaf(2.0)
    assert statistics.median([x * 1, x * 3, x * 2]).item() == 4
    with pytest.warns(mg.GradWarning, match="is cut from the graph"):
        copy.copy(x * 1)


def test_a_loop_variable_is_called_by_its_name():
    w, b = leaf([1.0]), leaf(2.0)
    for p in [w, b]:
        with pytest.raises(mg.InplaceError, match=r"(?s)^\[P01\] p -= 0\.1 .*with no_grad\(\): p -= 0\.1 "):
            p -= 0.1


# ----------------------------------------------------------------------------- names that are not here


def test_a_name_that_is_not_here_is_not_here():
    """Whoever asks on the reader's behalf finds nothing, and dir() does not show it."""
    x = leaf([1.0, 2.0])
    for name in ("exp", "view", "zero_", "strides", "add_"):
        assert not hasattr(x, name)
        assert not hasattr(mg.Tensor, name)
        assert getattr(x, name, 7) == 7
        assert name not in dir(x)
    for name in ("sum", "grad", "why", "T"):
        assert name in dir(x)
    with pytest.raises(AttributeError, match=r"^'Tensor' object has no attribute 'exp'$"):
        getattr(x, "exp")  # noqa: B009
    with pytest.raises(AttributeError):
        x.exp = 1


def test_of_the_class_no_instance_is_spoken():
    with pytest.raises(AttributeError, match=r"^type object 'Tensor' has no attribute 'add'$"):
        mg.Tensor.add  # noqa: B018


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("name", ["object", "bool8", "no_such_name"])
def test_numpy_has_nothing_to_say_of_a_name_that_is_not_here(name):
    assert not hasattr(mg, name)


@pytest.mark.parametrize("name", [n for n in vars(mg.ops) if inspect.isfunction(vars(mg.ops)[n])])
def test_every_function_is_a_method_or_says_what_it_is(name):
    x = leaf([1.0, 2.0])
    if not hasattr(x, name):
        with pytest.raises(AttributeError, match=rf"^\[A01\] x is a Tensor, which has no \.{name} (.|\n)*x"):
            eval(compile(f"x.{name}(1)", __file__, "eval"), {"x": x})


def test_what_torch_spells_otherwise_works_as_it_is_spelt_here():
    from minigrad import absent_methods

    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    given = {"True": "True", "low, high": "0, 1", "shape": "(2, 2)", "axes": "1, 0", "dtype": "float", "axis": "0"}
    for name, spelt in absent_methods._METHODS.items():
        if name == "cuda":  # there may be none
            continue
        for placeholder, value in {"x": "x", "y": "x", **given}.items():
            spelt = spelt.replace(f"{{{placeholder}}}", value)
        with mg.no_grad():
            exec(spelt, {"x": x, "np": np, "minigrad": mg})
