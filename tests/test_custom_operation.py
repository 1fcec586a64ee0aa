"""Operations of the reader's own: a class with a forward and a rule for each argument.

One idea: whatever is wrong with a class or a rule is said by the engine in terms of
that class, and never becomes a number.
"""

import inspect

import numpy as np
import pytest

import minigrad as mg


def leaf(value, **keywords):
    return mg.tensor(value, requires_grad=True, **keywords)


class Cube(mg.Op):
    """x³"""

    def forward(x):
        return x**3

    def dx(g, out, x):
        return g * 3 * x**2


class Scaled(mg.Op):
    """x · factor + offset, where both have defaults and only x and offset have rules"""

    def forward(x, offset=0.0, factor=2.0):
        return x * factor + offset

    def dx(g, out, x, offset, factor):
        return g * factor

    def doffset(g, out, x, offset, factor):
        return g


class SumOfSquares(mg.Op):
    """weight · Σ x² over any number of arrays"""

    def forward(weight, *xs):
        return weight * sum(x * x for x in xs)

    def dweight(g, out, weight, *xs):
        return g * sum(x * x for x in xs)

    def dxs(k, g, out, weight, *xs):
        return g * weight * 2 * xs[k]


class Product(mg.Op):
    """x · y, without a rule for y"""

    def forward(x, y):
        return x * y

    def dx(g, out, x, y):
        return g * y


def returning(what, name="Wrong"):
    """An operation x · y whose rule for y returns `what(g)`."""

    def forward(x, y):
        return x * y

    def dx(g, out, x, y):
        return g * y

    def dy(g, out, x, y):
        return what(g)

    return type(name, (mg.Op,), {"forward": forward, "dx": dx, "dy": dy, "__module__": __name__})


# ----------------------------------------------------------------------------- using one


def test_a_class_of_five_lines():
    x = leaf(2.0)
    y = mg.apply(Cube, x)
    assert isinstance(y.creator, Cube)
    y.backward()
    assert x.grad.item() == 12


def test_it_can_be_differentiated_again():
    x = leaf([2.0, -1.0])
    first = mg.gradients(mg.apply(Cube, x).sum(), x, create_graph=True)
    second = mg.gradients(first.sum(), x, create_graph=True)
    third = mg.gradients(second.sum(), x)
    assert first.detach().tolist() == [12, 3]
    assert second.detach().tolist() == [12, -6]
    assert third.tolist() == [6, 6]


def test_a_rule_may_call_the_operation_itself():
    class MyExp(mg.Op):
        def forward(x):
            return np.exp(x)

        def dx(g, out, x):
            return g * mg.apply(MyExp, x)

    x = leaf(0.5)
    first = mg.gradients(mg.apply(MyExp, x), x, create_graph=True)
    np.testing.assert_allclose(mg.gradients(first, x).item(), np.exp(0.5), rtol=1e-15)


def test_on_plain_arrays_it_is_a_plain_function():
    result = mg.apply(Cube, np.array([1.0, 2.0]))
    assert type(result) is np.ndarray
    assert result.tolist() == [1, 8]
    assert mg.apply(Cube, 2.0) == 8


def test_broadcasting_is_undone_by_the_engine():
    row, column, number = leaf(np.ones((1, 3))), leaf(np.ones((2, 1))), leaf(1.0)
    mg.apply(SumOfSquares, number, row, column).sum().backward()
    assert number.grad.item() == 12
    assert row.grad.tolist() == [[4, 4, 4]]
    assert column.grad.tolist() == [[6], [6]]


def test_a_rule_may_sum_itself():
    class Spread(mg.Op):
        """x + y for a number y, whose rule already has y's shape"""

        def forward(x, y):
            return x + y

        def dx(g, out, x, y):
            return g

        def dy(g, out, x, y):
            return g.sum()

    x, y = leaf([1.0, 2.0]), leaf(3.0)
    mg.apply(Spread, x, y).sum().backward()
    assert y.grad.item() == 2
    assert y.grad.shape == ()


def test_defaults_and_keywords():
    x, offset = leaf([1.0, 2.0]), leaf(10.0)
    assert mg.apply(Scaled, x).tolist() == [2, 4]
    assert mg.apply(Scaled, x, factor=3.0).tolist() == [3, 6]
    assert mg.apply(Scaled, x, offset, 3.0).tolist() == [13, 16]
    y = mg.apply(Scaled, x, factor=5.0, offset=offset)
    assert y.tolist() == [15, 20]
    y.sum().backward()
    assert x.grad.tolist() == [5, 5]
    assert offset.grad.item() == 2


def test_all_arguments_as_keywords():
    x = leaf(2.0)
    y = mg.apply(Scaled, factor=4.0, x=x)
    y.backward()
    assert (y.item(), x.grad.item()) == (8, 4)


def test_arguments_that_forward_does_not_have():
    x = leaf(2.0)
    with pytest.raises(TypeError):
        mg.apply(Scaled, x, speed=3.0)
    with pytest.raises(TypeError):
        mg.apply(Cube)
    with pytest.raises(TypeError):
        mg.apply(Cube, x, x)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_any_number_of_arguments(count):
    weight, xs = leaf(2.0), [leaf([float(n), 1.0]) for n in range(count)]
    mg.apply(SumOfSquares, weight, *xs).sum().backward()
    assert weight.grad.item() == sum(n * n + 1 for n in range(count))
    assert [x.grad.tolist() for x in xs] == [[4 * n, 4] for n in range(count)]


def test_any_number_of_arguments_some_of_them_constants():
    weight, x, c = mg.tensor(2.0), leaf([3.0]), np.array([5.0])
    mg.apply(SumOfSquares, weight, c, x, c).backward()
    assert x.grad.tolist() == [12]
    assert weight.grad is None


def test_any_number_of_arguments_differentiated_twice():
    weight, x, y = leaf(2.0), leaf(3.0), leaf(5.0)
    by_x = mg.gradients(mg.apply(SumOfSquares, weight, x, y), x, create_graph=True)
    by_xw, by_xx, by_xy = mg.gradients(by_x, [weight, x, y])
    assert (by_x.item(), by_xw.item(), by_xx.item(), by_xy.item()) == (12, 6, 4, 0)


def test_a_forward_that_returns_a_python_number():
    class Count(mg.Op):
        def forward(x):
            return float(x.sum())

        def dx(g, out, x):
            return g * np.ones_like(x)

    x = leaf([1.0, 2.0])
    y = mg.apply(Count, x)
    y.backward()
    assert (y.item(), x.grad.tolist()) == (3, [1, 1])


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_rule_that_returns_a_python_number(create_graph):
    op = returning(lambda g: 2.5)
    x, y = leaf(3.0), leaf(4.0)
    g = mg.gradients(mg.apply(op, x, y), y, create_graph=create_graph)
    assert g.item() == 2.5
    assert g.dtype == np.float64
    assert g.shape == ()


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_rule_that_returns_a_plain_array(create_graph):
    """A straight-through or a piecewise constant rule need not touch g's class."""
    op = returning(lambda g: np.full(2, 2.5))
    x, y = leaf([3.0, 1.0]), leaf([4.0, 1.0])
    z = y * 3
    g = mg.gradients(mg.apply(op, x, z).sum(), y, create_graph=create_graph)
    assert g.detach().tolist() == [7.5, 7.5]


def test_a_rule_that_returns_another_dtype():
    op = returning(lambda g: np.array([1, 2]))
    x, y = leaf([3.0, 1.0], dtype=np.float32), leaf([4.0, 1.0], dtype=np.float32)
    mg.apply(op, x, y).sum().backward()
    assert y.grad.dtype == np.float32
    assert y.grad.tolist() == [1, 2]


def test_a_subclass_of_an_operation():
    class Offset(Cube):
        def forward(x):
            return x**3 + 1

    x = leaf(2.0)
    y = mg.apply(Offset, x)
    y.backward()
    assert (y.item(), x.grad.item()) == (9, 12)


def test_a_subclass_of_tensor_stays_one():
    class Length(mg.Tensor):
        pass

    x = Length([1.0, 2.0], requires_grad=True)
    y = (mg.apply(Cube, x) * 2.0 + x).sum()
    assert type(y) is Length
    y.backward()
    assert type(x.grad) is Length
    assert type(mg.tensor(1.0) * x) is Length


def test_registering_is_automatic():
    assert mg.registry[f"{__name__}.Cube"] is Cube
    assert mg.registry["minigrad.ops.arithmetic.Mul"] is mg.ops.Mul


# ----------------------------------------------------------------------------- a class that cannot be


def test_a_rule_that_names_no_argument():
    with pytest.raises(TypeError, match=r"Bad\.dz names no argument of forward\(x, y\)(.|\n)*dx or dy"):

        class Bad(mg.Op):
            def forward(x, y):
                return x * y

            def dx(g, out, x, y):
                return g * y

            def dz(g, out, x, y):
                return g * x


def test_a_class_without_a_forward():
    with pytest.raises(TypeError, match="Bad has no forward"):

        class Bad(mg.Op):
            def dx(g, out, x):
                return g


def test_a_ufunc_that_is_recorded_already():
    with pytest.raises(TypeError, match=r"np\.multiply is recorded by Mul already"):

        class MyMul(mg.Op, numpy=np.multiply):
            def forward(x, y):
                return x * y

    x = leaf(2.0)
    assert type((x * x).creator) is mg.ops.Mul


# ----------------------------------------------------------------------------- a rule that is wrong


def test_a_rule_that_is_missing():
    x, y = leaf(2.0), leaf(3.0)
    where = inspect.currentframe().f_lineno + 2
    with pytest.raises(mg.GradError, match=r"Product has no rule for the gradient of its argument y") as info:
        mg.apply(Product, x, y)
    assert f"(test_custom_operation.py:{where})" in str(info.value)
    assert "def dy(g, out, x, y)" in str(info.value)
    assert ".detach()" in str(info.value)


def test_a_rule_that_is_missing_is_not_missed_for_constants():
    x, y = leaf(2.0), leaf(3.0)
    for other in (3.0, mg.tensor(3.0), y.detach()):
        x.zero_grad()
        mg.apply(Product, x, other).backward()
        assert x.grad.item() == 3
    with mg.no_grad():
        assert mg.apply(Product, x, y).item() == 6


def test_an_operation_without_any_rule_cuts_the_graph_like_a_comparison():
    class Steps(mg.Op):
        def forward(x):
            return np.floor(x)

    assert not mg.apply(Steps, leaf(2.5)).requires_grad


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("what", "shape"),
    [
        (lambda g: np.ones(3), r"\(3,\)"),
        (lambda g: np.ones((2, 3)), r"\(2, 3\)"),
        (lambda g: np.float64(1.0), r"\(\)"),
        (lambda g: g[:1], r"\(1,\)"),
        (lambda g: np.ones(0), r"\(0,\)"),
    ],
)
def test_a_rule_that_returns_an_impossible_shape(what, shape, create_graph):
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    z = mg.apply(returning(what), x, y).sum()
    with pytest.raises(mg.ShapeError, match=rf"Wrong\.dy returned {shape}, which cannot be the gradient of .*\(2,\)"):
        mg.gradients(z, y, create_graph=create_graph)


def test_the_error_about_a_shape_names_the_argument():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    z = mg.apply(returning(lambda g: np.ones(3)), x, y).sum()
    with pytest.raises(mg.ShapeError, match=r"Wrong\.dy returned \(3,\), which cannot be the gradient of y"):
        z.backward()


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("what", "name"),
    [
        (lambda g: None, "NoneType"),
        (lambda g: [1.0, 2.0], "list"),
        (lambda g: (g, g), "tuple"),
        (lambda g: "g", "str"),
        (lambda g: 1j, "complex"),
    ],
)
def test_a_rule_that_returns_no_gradient(what, name, create_graph):
    x, y = leaf(1.0), leaf(3.0)
    where = inspect.currentframe().f_lineno + 1
    z = mg.apply(returning(what), x, y)
    with pytest.raises(mg.GradError, match=rf"Wrong\.dy returned {name}, which is no gradient") as info:
        mg.gradients(z, y, create_graph=create_graph)
    assert f"(test_custom_operation.py:{where})" in str(info.value)
    assert y.grad is None


@pytest.mark.parametrize("what", [lambda g: np.array([1j, 2.0]), lambda g: np.array(["a", "b"])])
def test_a_rule_that_returns_an_array_of_no_real_numbers(what):
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    z = mg.apply(returning(what), x, y).sum()
    with pytest.raises((TypeError, ValueError)):
        z.backward()
    assert y.grad is None


@pytest.mark.parametrize("result", [None, "text", (1.0, 2.0), [1.0]])
def test_a_forward_that_returns_no_array(result):
    class Bad(mg.Op):
        def forward(x):
            return result

        def dx(g, out, x):
            return g

    with pytest.raises(TypeError, match=rf"Bad\.forward returned {type(result).__name__}"):
        mg.apply(Bad, leaf(1.0))


def test_a_forward_that_returns_complex_numbers():
    class Bad(mg.Op):
        def forward(x):
            return x * 1j

        def dx(g, out, x):
            return g

    for start in (1.0, [1.0, 2.0]):
        with pytest.raises(mg.DtypeError, match="complex"):
            mg.apply(Bad, leaf(start))


def test_an_exception_in_a_forward_is_told_where():
    class Bad(mg.Op):
        def forward(x, y):
            raise ArithmeticError("no")

        def dx(g, out, x, y):
            return g

    where = inspect.currentframe().f_lineno + 2
    with pytest.raises(ArithmeticError, match="no") as info:
        mg.apply(Bad, leaf([1.0, 2.0]), 3.0)
    notes = "".join(info.value.__notes__)
    assert "in Bad(x (2,) float64)" in notes
    assert f"test_custom_operation.py:{where}" in notes


def test_a_tracebacks_innermost_frame_is_the_rule():
    class Bad(mg.Op):
        def forward(x):
            return x * 1

        def dx(g, out, x):
            raise ArithmeticError("in the rule")

    with pytest.raises(ArithmeticError) as info:
        mg.apply(Bad, leaf(1.0)).backward()
    assert info.traceback[-1].name == "dx"


@pytest.mark.parametrize(
    ("forward", "dx", "says"),
    [
        (lambda self, x: x, None, "no self"),
        (lambda x, *, n=2: x, None, r"by position(.|\n)*def forward\(x, n\)"),
        (lambda x, **options: x, None, "by position"),
        (lambda x: x, lambda g, x: g, r"dx cannot be called as a rule(.|\n)*def dx\(g, out, x\)"),
        (lambda x: x, lambda g, out, x, y: g, r"def dx\(g, out, x\)"),
    ],
)
def test_what_could_not_be_called_is_refused_when_it_is_written(forward, dx, says):
    if dx is not None:
        dx.__name__ = "dx"
    with pytest.raises(TypeError, match=says):
        type("Wrong", (mg.Op,), {"forward": forward} | ({} if dx is None else {"dx": dx}))
