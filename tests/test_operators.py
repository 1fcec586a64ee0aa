"""The unrolled operators record exactly what `apply` records."""

import operator

import numpy as np
import pytest

import minigrad as mg
from minigrad.op import by_numpy

BINARY = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
    np.remainder: operator.mod,
    np.floor_divide: operator.floordiv,
    np.power: operator.pow,
    np.matmul: operator.matmul,
    np.less: operator.lt,
    np.equal: operator.eq,
}
REDUCTIONS = {np.sum: "sum", np.mean: "mean", np.max: "max", np.min: "min"}


def leaf(data, requires_grad=True):
    return mg.tensor(np.array(data, float), requires_grad)


def same(mine, general):
    """Whether two results have one value and one record."""
    np.testing.assert_array_equal(mine.data, general.data)
    assert mine.requires_grad == general.requires_grad
    assert type(mine.creator) is type(general.creator)
    if mine.creator is None:
        return
    assert (mine.creator.shape, mine.creator.dtype) == (general.creator.shape, general.creator.dtype)
    assert mine.creator.place[0] is general.creator.place[0]  # this very function
    ways, args, out, *flags = mine.creator.recorded()
    other_ways, other_args, other_out, *other_flags = general.creator.recorded()
    assert (ways, flags) == (other_ways, other_flags)
    assert (out is None) == (other_out is None)
    for a, b in zip(args, other_args, strict=True):
        assert a is b or (isinstance(a, float | int | np.generic) and a == b)


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda u: u.__name__)
@pytest.mark.parametrize("needs", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("recording", [True, False])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_an_operator_records_what_apply_records(ufunc, needs, recording, shape):
    if ufunc is np.matmul and shape == ():
        pytest.skip("matmul takes no numbers")
    x, y = (leaf(np.full(shape, 1.5 + n), need) for n, need in enumerate(needs))
    with mg.set_grad_enabled(recording):
        mine, general = BINARY[ufunc](x, y), mg.apply(by_numpy[ufunc], x, y)
    same(mine, general)


@pytest.mark.parametrize("ufunc", [u for u in BINARY if u is not np.matmul], ids=lambda u: u.__name__)
@pytest.mark.parametrize("number", [2, 2.5])
@pytest.mark.parametrize("needs", [True, False])
def test_so_does_one_with_a_number(ufunc, number, needs):
    x = leaf([1.5, 2.0], needs)
    mine, general = BINARY[ufunc](x, number), mg.apply(by_numpy[ufunc], x, number)
    same(mine, general)
    if ufunc not in (np.less, np.equal):  # Python turns 2 < x round into x > 2
        mine, general = BINARY[ufunc](number, x), mg.apply(by_numpy[ufunc], number, x)
        same(mine, general)


@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("axis", [None, 0, (1, -2)])
@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize("needs", [True, False])
def test_so_does_a_reduction(function, axis, keepdims, needs):
    x = leaf([[1.5, 2.0], [3.0, 0.5]], needs)
    mine, general = getattr(x, REDUCTIONS[function])(axis, keepdims), mg.apply(by_numpy[function], x, axis, keepdims)
    same(mine, general)


def test_computed_arguments_are_remembered_by_their_call():
    x = leaf(2.0)
    y = x * 3
    for mine, general in ((y * y, mg.apply(mg.ops.Mul, y, y)), (y + x, mg.apply(mg.ops.Add, y, x))):
        same(mine, general)
        assert mine.creator.inputs[0] is y.creator


def test_the_first_use_of_an_operator_by_many_threads():
    """Each thread sees all of what the first has looked up, or looks it up itself."""
    import subprocess
    import sys

    code = (
        "import sys, threading, minigrad as mg; sys.setswitchinterval(1e-6)\n"
        "x = mg.tensor([1.0, 2.0], requires_grad=True); found = []\n"
        "def work():\n"
        "    start.wait(); y = (2.0 * x - x / 3.0) ** 2; found.append(y.creator is not None and y.sum().item())\n"
        "start = threading.Barrier(8); threads = [threading.Thread(target=work) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "assert len(found) == 8 and len(set(found)) == 1 and found[0], found"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code], check=True)


# ----------------------------------------------------------------------------- what is in a tensor


@pytest.mark.parametrize("values", [2.0, [0.0, 2.0], [[1.0, 2.0], [3.0, 4.0]], np.zeros((0, 2))])
@pytest.mark.parametrize("sought", [2, 2.0, -1.0, np.float64(2.0)])
def test_in_asks_every_element_as_numpys_does(values, sought):
    for grad in (False, True):
        assert (sought in mg.tensor(values, requires_grad=grad, dtype=float)) == (sought in np.array(values))


def test_numbers_are_a_condition_by_their_truth():
    x = mg.tensor([0.0, 2.0, -4.0, np.nan], requires_grad=True)
    taken = np.where(x, x * x, 7.0)
    np.testing.assert_array_equal(taken.detach().numpy(), [7.0, 4.0, 16.0, np.nan])
    assert mg.gradients(taken[:3].sum(), x).tolist() == [0.0, 4.0, -8.0, 0.0]
    assert mg.hessian(lambda v: np.sum(np.where(v, v**3, 1.0)))(np.array([0.0, 2.0])).tolist() == [[0, 0], [0, 12]]


class Column:
    """Like a column of pandas: it takes tensors apart, and is equal to nothing here."""

    def to_numpy(self):
        raise AssertionError("nobody may take its numbers without being told to")


def test_a_column_of_another_library_is_compared_as_none_is():
    x, column = mg.tensor(1.0, requires_grad=True), Column()
    assert x != column
    assert not x == column  # noqa: SIM201
    assert x not in [column, None, "a"]
    assert [x, column].index(column) == 1
    with pytest.raises(mg.BackendError, match=r"Take its numbers: column\.to_numpy\(\)"):
        x + column
    with pytest.raises(mg.BackendError):
        column > x  # noqa: B015
