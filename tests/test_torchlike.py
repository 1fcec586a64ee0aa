"""The facade against torch itself: every program here runs twice, once in each, and must give the same.

The same values, the same dtypes, the same shapes. A program takes the module as `torch`
and returns what it wants compared.
"""

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch as real

import minigrad as mg
import minigrad.torchlike as facade
from minigrad.torchlike.autograd import Variable

DATA = np.random.default_rng(0)
X = DATA.normal(size=(6, 4)).astype(np.float32)
W1 = DATA.normal(size=(4, 5)).astype(np.float32)
W2 = DATA.normal(size=(5, 3)).astype(np.float32)
Y = DATA.normal(size=(6, 3)).astype(np.float32)


def plain(result: Any) -> Any:
    """A result of either library as NumPy arrays, tuples and Python values."""
    if isinstance(result, tuple | list):
        return tuple(plain(item) for item in result)
    if isinstance(result, real.Tensor | facade.Tensor):
        return np.asarray(result.detach().numpy())
    if isinstance(result, real.dtype):
        return np.dtype(str(result).removeprefix("torch."))
    return result


def assert_same(ours: Any, theirs: Any, tolerance: float) -> None:
    """Equal in structure, dtype and shape, and in value to rounding."""
    if isinstance(theirs, tuple):
        assert isinstance(ours, tuple)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b, tolerance)
    elif isinstance(theirs, np.ndarray):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=tolerance, nan_ok=True)
    else:
        assert ours == theirs


def in_both(program: Callable[[Any], Any], tolerance: float = 2e-6) -> Any:
    """Run a program in both libraries, compare, and return what the facade gave."""
    ours = plain(program(facade))
    assert_same(ours, plain(program(real)), tolerance)
    return ours


IDIOMS: dict[str, Callable[[Any], Any]] = {
    "tensor of floats": lambda torch: torch.tensor([1.0, 2.0]),
    "tensor of integers": lambda torch: torch.tensor([[1, 2], [3, 4]]),
    "tensor of truth values": lambda torch: torch.tensor([True, False]),
    "tensor of a number": lambda torch: torch.tensor(2.5),
    "tensor of nothing": lambda torch: torch.tensor([]),
    "tensor of mixed numbers": lambda torch: torch.tensor([1, 2.5]),
    "tensor of an array keeps float64": lambda torch: torch.tensor(np.ones(2)),
    "tensor of NumPy scalars keeps float64": lambda torch: torch.tensor([np.float64(1), np.float64(2)]),
    "tensor with dtype": lambda torch: torch.tensor([1, 2], dtype=torch.float64),
    "Tensor([0])": lambda torch: torch.Tensor([0]),
    "Tensor of an array": lambda torch: torch.Tensor(np.ones((2, 2))),
    "Tensor(2, 3) is a size": lambda torch: torch.Tensor(2, 3).shape == (2, 3),
    "Tensor(2) is a size": lambda torch: torch.Tensor(2).shape == (2,),
    "zeros(size=)": lambda torch: torch.zeros(size=(2, 1), requires_grad=True),
    "zeros of two lengths": lambda torch: torch.zeros(2, 3),
    "zeros of one length": lambda torch: torch.zeros(2),
    "zeros without axes": lambda torch: torch.zeros(()),
    "ones": lambda torch: torch.ones((2, 3), dtype=torch.float64),
    "full of an integer": lambda torch: torch.full((2,), 3),
    "full of a float": lambda torch: torch.full((2, 2), 3.5),
    "eye": lambda torch: (torch.eye(2), torch.eye(2, 3)),
    "arange": lambda torch: (torch.arange(3), torch.arange(1, 7, 2), torch.arange(3.0), torch.arange(0, 1, 0.1)),
    "linspace": lambda torch: torch.linspace(0, 10, 7),
    "zeros_like": lambda torch: torch.zeros_like(torch.tensor([1, 2])),
    "ones_like": lambda torch: torch.ones_like(torch.tensor([1.5]), dtype=torch.float64),
    "from_numpy keeps float64": lambda torch: torch.from_numpy(np.arange(3.0)),
    "from_numpy().float()": lambda torch: torch.from_numpy(np.arange(3.0)).float(),
    "type(FloatTensor)": lambda torch: torch.from_numpy(np.arange(3)).type(torch.FloatTensor),
    "type(LongTensor)": lambda torch: torch.tensor([1.7, -1.7]).type(torch.LongTensor),
    "type(torch.float64)": lambda torch: torch.ones(2).type(torch.float64),
    "type()": lambda torch: (torch.ones(2).type(), torch.tensor([1]).type()),
    "FloatTensor": lambda torch: torch.FloatTensor([1, 2]),
    "LongTensor": lambda torch: torch.LongTensor([1, 2]),
    "isinstance FloatTensor": lambda torch: (
        isinstance(torch.ones(2), torch.FloatTensor),
        isinstance(torch.tensor([1]), torch.FloatTensor),
    ),
    "conversions": lambda torch: [
        getattr(torch.tensor([0.0, 1.5]), name)() for name in ("float", "double", "long", "int", "bool", "byte")
    ],
    "to": lambda torch: (torch.ones(2).to(torch.int64), torch.ones(2).to("cpu"), torch.ones(2).cpu()),
    "dtype": lambda torch: (torch.ones(2).dtype == torch.float32, torch.tensor(1).dtype == torch.long),
    "matmul": lambda torch: torch.matmul(torch.tensor(X), torch.tensor(W1)),
    "matmul of vectors": lambda torch: torch.matmul(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])),
    "mm, @, t": lambda torch: torch.tensor(X).mm(torch.tensor(W1)) @ torch.tensor(W1).t(),
    "mean": lambda torch: (torch.mean(torch.tensor(X)), torch.tensor(X).mean(dim=0), torch.tensor(X).mean(1, True)),
    "sum": lambda torch: (torch.sum(torch.tensor(X), dim=1, keepdim=True), torch.tensor(X).sum(dim=(0, 1))),
    "sum of integers": lambda torch: (torch.tensor([True, True]).sum(), torch.tensor([1, 2]).sum()),
    "sum by NumPy's words": lambda torch: torch.tensor(X).sum(axis=1, keepdims=True),
    "max, min": lambda torch: (torch.tensor(X).max(), torch.min(torch.tensor(X))),
    "max over dim": lambda torch: tuple(torch.tensor(X).max(1)),
    "min over dim, kept": lambda torch: tuple(torch.min(torch.tensor(X), dim=-2, keepdim=True)),
    "max over dim, first of equals": lambda torch: tuple(torch.tensor([[2.0, 2.0], [1.0, 3.0]]).max(dim=1)),
    "max of two": lambda torch: torch.max(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 3.0])),
    "argmax": lambda torch: (torch.tensor(X).argmax(), torch.argmax(torch.tensor(X), dim=1)),
    "expand_as": lambda torch: torch.tensor([2.0]).expand_as(torch.zeros(3)),
    "expand": lambda torch: (torch.tensor([[1.0], [2.0]]).expand(-1, 3), torch.ones(2).expand(3, 2)),
    "reshape, view": lambda torch: (torch.arange(4).reshape((-1, 1)), torch.arange(4).view(2, 2)),
    "unsqueeze, squeeze": lambda torch: (
        torch.unsqueeze(torch.linspace(-1, 1, 3), dim=1),
        torch.ones(1, 3, 1).squeeze(),
        torch.ones(1, 3).squeeze(0),
        torch.ones(1, 3).squeeze(1),
    ),
    "transpose": lambda torch: torch.arange(6).reshape(1, 2, 3).transpose(0, 2),
    "size": lambda torch: (tuple(torch.ones(2, 3).size()), torch.ones(2, 3).size(1), torch.ones(2, 3).size(-2)),
    "dim, numel": lambda torch: (torch.ones(2, 3).dim(), torch.ones(2, 3).numel(), len(torch.ones(2, 3))),
    "indexing": lambda torch: (
        torch.tensor(X)[torch.tensor([3, 0, 3])],
        torch.tensor(X)[1:3, -1],
        torch.tensor(X)[torch.tensor(X) > 0],
        torch.tensor(X)[2, None],
        torch.tensor(X)[1, 2],
    ),
    "elementwise": lambda torch: [
        f(torch.tensor([0.25, 0.5]))
        for f in (torch.exp, torch.log, torch.sqrt, torch.sin, torch.cos, torch.tanh, torch.sigmoid, torch.abs)
    ],
    "elementwise of integers": lambda torch: (torch.exp(torch.tensor([1, 2])), torch.tensor([0, 1]).sigmoid()),
    "relu, clamp": lambda torch: (
        torch.tensor(X).relu(),
        torch.tensor(X).clamp(min=0),
        torch.clamp(torch.tensor(X), -0.5, 0.5),
    ),
    "clamp keeps NaN": lambda torch: torch.tensor([float("nan"), 1.0]).clamp(min=0),
    "pow": lambda torch: (torch.tensor(X).pow(2), torch.tensor([1, 2]) ** 2, torch.pow(torch.tensor([1.0, 2.0]), 3)),
    "2 ** x": lambda torch: 2 ** torch.tensor([1.0, 2.0]),
    "where": lambda torch: torch.where(torch.tensor(X) > 0, torch.tensor(X), 0.0),
    "cat, stack": lambda torch: (
        torch.cat((torch.ones(2, 1), torch.zeros(2, 2)), dim=1),
        torch.stack([torch.ones(2), torch.zeros(2)], 1),
    ),
    "comparisons": lambda torch: (torch.tensor([1, 2]) == 2, torch.tensor(X) < 0, ~(torch.tensor(X) >= 0)),
    "add with alpha": lambda torch: torch.add(torch.ones(2), torch.ones(2), alpha=3),
    "tolist, item": lambda torch: (torch.tensor([[1, 2]]).tolist(), torch.tensor([2.5]).item()),
    "data.tolist, data.numpy, detach().numpy": lambda torch: (
        torch.ones(2, requires_grad=True).data.tolist(),
        torch.ones(2, requires_grad=True).data.numpy(),
        torch.ones(2, requires_grad=True).detach().numpy(),
    ),
    "numpy's functions": lambda torch: np.sqrt(torch.tensor([4.0, 9.0]).numpy()),
    "clone": lambda torch: torch.tensor([1, 2]).clone(),
    "requires_grad_": lambda torch: torch.ones(2).requires_grad_().requires_grad,
    "is_leaf, grad_fn": lambda torch: (
        torch.ones(2, requires_grad=True).is_leaf,
        torch.ones(2).grad_fn is None,
        (torch.ones(2, requires_grad=True) * 2).grad_fn is None,
    ),
    "grad modes": lambda torch: (
        torch.is_grad_enabled(),
        [torch.no_grad()(torch.is_grad_enabled)(), torch.enable_grad()(torch.is_grad_enabled)()],
    ),
    "in-place on plain tensors": lambda torch: [
        torch.tensor([1.0, 2.0]).add_(1),
        torch.tensor([1.0, 2.0]).sub_(torch.ones(2), alpha=2),
        torch.tensor([1.0, 2.0]).mul_(3),
        torch.tensor([1.0, 2.0]).div_(2),
        torch.tensor([1.0, 2.0]).pow_(2),
        torch.tensor([1.0, -2.0]).clamp_(min=0),
        torch.tensor([1.0, 2.0]).zero_(),
        torch.tensor([1.0, 2.0]).fill_(5),
        torch.tensor([1.0, 2.0]).copy_(torch.tensor([3, 4])),
    ],
}


@pytest.mark.parametrize("program", IDIOMS.values(), ids=IDIOMS.keys())
def test_an_idiom_gives_what_torch_gives(program: Callable[[Any], Any]) -> None:
    in_both(program)


OPERANDS: dict[str, Callable[[Any], Any]] = {
    "float32": lambda torch: torch.tensor([1.0, 2.0]),
    "float64": lambda torch: torch.tensor([1.0, 2.0], dtype=torch.float64),
    "float16": lambda torch: torch.tensor([1.0, 2.0], dtype=torch.float16),
    "int64": lambda torch: torch.tensor([1, 2]),
    "int32": lambda torch: torch.tensor([1, 2], dtype=torch.int32),
    "bool": lambda torch: torch.tensor([True, True]),
    "0-d float32": lambda torch: torch.tensor(2.0),
    "0-d float64": lambda torch: torch.tensor(2.0, dtype=torch.float64),
    "0-d int64": lambda torch: torch.tensor(2),
    "a float": lambda torch: 2.5,
    "an int": lambda torch: 3,
}


@pytest.mark.parametrize("right", OPERANDS)
@pytest.mark.parametrize("left", [name for name in OPERANDS if name[0] != "a"])
def test_mixed_dtypes_follow_torch(left: str, right: str) -> None:
    def program(torch: Any) -> Any:
        x, y = OPERANDS[left](torch), OPERANDS[right](torch)
        larger = torch.maximum(x, y) if hasattr(y, "dim") else None
        return x + y, y * x, x / y, y / x, larger

    in_both(program, tolerance=1e-3 if "float16" in (left, right) else 2e-6)


def test_numpy_scalars_and_arrays_mix_as_their_kind() -> None:
    x = facade.tensor([1.0, 2.0])
    assert {(np.float64(2) * x).dtype, (x * np.float64(2)).dtype, np.add(x, 1.5).dtype} == {facade.float32}
    assert (x * np.ones(2)).dtype == facade.float64
    assert np.add(facade.tensor([1, 2]), [1, 2]).dtype == facade.int64


def test_gradients_of_mixed_dtypes_have_their_tensors_dtype() -> None:
    def program(torch: Any) -> Any:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
        z = torch.tensor([1.0, 5.0], dtype=torch.float64, requires_grad=True)
        (x * y / z * torch.tensor([1, 2])).sum().backward()
        return x.grad, y.grad, z.grad

    in_both(program)


# ----------------------------------------------------------------------------- gradients

GRADIENTS: dict[str, Callable[[Any, Any], Any]] = {
    "mean": lambda torch, x: x.mean(),
    "sum over dim": lambda torch, x: (x.sum(dim=1) ** 2).sum(),
    "max ties": lambda torch, x: x.max(),
    "max over dim takes one of the ties": lambda torch, x: x.max(dim=0)[0].sum(),
    "clamp at its bounds": lambda torch, x: (x.clamp(min=0, max=1) * 3).sum(),
    "relu": lambda torch, x: torch.relu(x).sum(),
    "abs": lambda torch, x: x.abs().sum(),
    "indexing, repeated": lambda torch, x: (x[torch.tensor([0, 0, 1])] ** 2).sum(),
    "masked assignment": lambda torch, x: _assigned(x.clone() * 2, x < 0.5, 7.0),
    "assignment of a tensor that needs a gradient": lambda torch, x: _assigned(
        torch.zeros(3, 4), (0, slice(2)), x[1] ** 2
    ),
    "assignment in x.clone() from x": lambda torch, x: _assigned(x.clone(), 0, x[1] * x[0]),
    "in-place arithmetic on a computed tensor": lambda torch, x: (x * 2).add_(x, alpha=3).mul_(x).sum(),
    "zero_ on a computed tensor": lambda torch, x: (x + (x * 2).zero_()).sum(),
    "loss += more": lambda torch, x: _added_up(torch, x),
    "sigmoid, exp, log": lambda torch, x: torch.log(1 + torch.exp(x.sigmoid())).sum(),
    "float, double": lambda torch, x: (x.double() * 3).float().sum(),
    "expand_as": lambda torch, x: (x[0, :1].expand_as(x) * x).sum(),
    "transpose and view": lambda torch, x: (x.t().matmul(x).view(-1) * torch.arange(16)).sum(),
    "where": lambda torch, x: torch.where(x > 0, x * x, -x).sum(),
}


def _assigned(x: Any, index: Any, value: Any) -> Any:
    x[index] = value
    return (x * x).sum()


def _added_up(torch: Any, x: Any) -> Any:
    loss = torch.zeros(())
    for row in x:
        loss += (row**2).sum()
    return loss


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_gradient_is_torchs(name: str) -> None:
    numbers = [[0.0, 1.0, -1.5, 0.25], [2.0, -0.5, 2.0, 0.75]]

    def program(torch: Any) -> Any:
        x = torch.tensor(numbers, requires_grad=True)
        if name == "assignment of a tensor that needs a gradient":
            y = GRADIENTS[name](torch, x[:, :2])
        else:
            y = GRADIENTS[name](torch, x)
        y.backward()
        return y, x.grad

    in_both(program)


def test_an_element_assigned_twice_has_the_gradient_of_the_last() -> None:
    # torch leaves this undefined; here the result and its gradient agree.
    v = facade.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x = facade.zeros(2)
    x[[0, 0, 1]] = v * 2
    (x * facade.tensor([10.0, 100.0])).sum().backward()
    assert x.tolist() == [4.0, 6.0]
    assert v.grad.tolist() == [0.0, 20.0, 200.0]


def test_in_place_change_of_a_computed_tensor_is_seen_or_refused() -> None:
    x = facade.ones(3, requires_grad=True)
    y = x * 2
    seen_through = y.view(3)
    with pytest.raises(mg.InplaceError, match=r"y was to be changed in place.*\n.*y = y.clone\(\)"):
        y += 1
    del seen_through
    kept = x.exp()
    with pytest.raises(mg.InplaceError, match="clone"):
        kept.mul_(2)
    view = (x * 2).view(1, 3)
    with pytest.raises(mg.InplaceError, match="clone"):
        view[0, 0] = 5.0
    y += 1
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_a_parameter_is_not_changed_in_place_while_recording() -> None:
    w = facade.ones(2, requires_grad=True)
    for change in (lambda: w.add_(1), lambda: w.zero_(), lambda: w.__setitem__(0, 1.0)):
        with pytest.raises(mg.InplaceError, match=r"w is a leaf .*test_torchlike.py:\d+.*\n.*torch.no_grad"):
            change()
    assert w.tolist() == [1.0, 1.0]


def test_changes_through_data_are_seen_by_a_later_backward() -> None:
    w = facade.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    w.data.add_(1)
    with pytest.raises(mg.InplaceError, match="changed in place"):
        loss.backward()
    k = facade.tensor(1.0, requires_grad=True)
    loss = k * k
    k.data.mul_(3)
    with pytest.raises(mg.InplaceError, match="changed in place"):
        loss.backward()


def test_data_is_a_tensor_on_the_same_memory() -> None:
    def program(torch: Any) -> Any:
        results = []
        for start in ([1.0, 2.0], 3.0):
            p = torch.tensor(start, requires_grad=True)
            d = p.data
            d += 1
            d.mul_(2)
            d.data.copy_(d * 10)
            results += [p.detach().clone(), d.requires_grad, d.is_leaf]
            p.data = p.data - 5
            results.append(p)
        x = torch.arange(6.0).reshape(2, 3)
        x[0].zero_()
        x.data[1, 1].fill_(9)
        for row in x:
            row += 1
        return [*results, x]

    in_both(program)


def test_from_numpy_shares_memory_both_ways() -> None:
    for a in (np.zeros(2), np.zeros((), np.float32)):
        t = facade.from_numpy(a)
        t += 1
        a += 1
        assert t.dtype == a.dtype
        assert np.shares_memory(t.numpy(), a)
        assert (t.numpy() == 2).all()


def test_grad_can_be_read_set_and_zeroed() -> None:
    def program(torch: Any) -> Any:
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        before = w.grad
        (w * w).sum().backward()
        first = w.grad.clone()
        w.grad.zero_()
        (w * 3).sum().backward()
        second = w.grad.data.clone()
        w.grad = torch.ones(2)
        (w * 3).sum().backward()
        third = w.grad.clone()
        w.grad.data.zero_()
        fourth = w.grad.clone()
        w.grad = None
        return before, first, second, third, fourth, w.grad

    in_both(program)
    w = facade.ones(2, requires_grad=True)
    w.grad = facade.zeros(2)
    assert type(w.grad) is facade.Tensor


# ----------------------------------------------------------------------------- whole programs


def test_the_two_layer_network_of_cs231n() -> None:
    def program(torch: Any) -> Any:
        x, y = torch.from_numpy(X), torch.from_numpy(Y)
        w1 = torch.tensor(W1, requires_grad=True)
        w2 = torch.tensor(W2, requires_grad=True)
        losses = []
        for _ in range(50):
            y_pred = x.mm(w1).clamp(min=0).mm(w2)
            loss = (y_pred - y).pow(2).sum()
            losses.append(loss.item())
            loss.backward()
            with torch.no_grad():
                w1 -= 1e-3 * w1.grad
                w2 -= 1e-3 * w2.grad
                w1.grad.zero_()
                w2.grad.zero_()
        return losses, w1, w2

    losses, *_ = in_both(program, tolerance=1e-4)
    assert losses[-1] < losses[0] / 3


def test_the_two_layer_network_with_variables_and_data() -> None:
    def program(torch: Any) -> Any:
        x = torch.autograd.Variable(torch.FloatTensor(X.tolist()), requires_grad=False)
        y = torch.autograd.Variable(torch.from_numpy(Y))
        w1 = torch.autograd.Variable(torch.from_numpy(W1.copy()), requires_grad=True)
        w2 = torch.autograd.Variable(torch.from_numpy(W2.copy()), requires_grad=True)
        losses = []
        for step in range(50):
            if step:
                w1.grad.data.zero_()
                w2.grad.data.zero_()
            loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
            losses.append(loss.data.tolist())
            loss.backward()
            w1.data -= 1e-3 * w1.grad.data
            w2.data -= 1e-3 * w2.grad.data
        return losses, w1, w2

    in_both(program, tolerance=1e-4)


def test_linear_regression_from_scratch_of_d2l() -> None:
    def program(torch: Any) -> Any:
        generator = np.random.default_rng(1)
        features = torch.tensor(generator.normal(size=(95, 2)), dtype=torch.float32)
        noise = torch.tensor(generator.normal(size=(95, 1)) * 0.01, dtype=torch.float32)
        labels = torch.matmul(features, torch.tensor([2, -3.4]).reshape((-1, 1))) + 4.2 + noise
        w = torch.tensor([[0.01], [-0.02]], requires_grad=True)
        b = torch.zeros(1, requires_grad=True)

        def linreg(x: Any, w: Any, b: Any) -> Any:
            return torch.matmul(x, w) + b

        def squared_loss(y_hat: Any, y: Any) -> Any:
            return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2

        def sgd(params: Any, lr: float, batch_size: int) -> None:
            with torch.no_grad():
                for param in params:
                    param -= lr * param.grad / batch_size
                    param.grad.zero_()

        losses = []
        for _ in range(5):
            indices = list(range(len(features)))
            generator.shuffle(indices)
            for i in range(0, len(indices), 10):
                batch_indices = torch.tensor(indices[i : min(i + 10, len(indices))])
                loss = squared_loss(linreg(features[batch_indices], w, b), labels[batch_indices])
                loss.sum().backward()
                sgd([w, b], 0.1, len(batch_indices))
            with torch.no_grad():
                losses.append(float(squared_loss(linreg(features, w, b), labels).mean()))
        return w, b, losses

    w, _, losses = in_both(program, tolerance=1e-4)
    np.testing.assert_allclose(w, [[2], [-3.4]], atol=0.05)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("update", ["data =", "data.add_", "no_grad", "sub_", "data -="])
def test_a_line_fitted_in_each_style(update: str) -> None:
    """k and b on x = linspace(0, 100), y = x + noise: the loop of a hundred tutorials."""

    def program(torch: Any) -> Any:
        x = torch.linspace(0, 100, 100).type(torch.FloatTensor)
        y = x + torch.from_numpy(np.random.default_rng(2).normal(size=100)).float() * 10
        k = torch.tensor([0.5], requires_grad=True)
        b = torch.autograd.Variable(torch.Tensor([0]), requires_grad=True)
        lr, trace = 1e-4, []
        for _ in range(60):
            prediction = k.expand_as(x) * x + b.expand_as(x)
            loss = torch.mean((prediction - y) ** 2)
            trace.append(loss.item())
            loss.backward()
            for p in (k, b):
                if update == "data =":
                    p.data = p.data - lr * p.grad.data
                elif update == "data.add_":
                    p.data.add_(-lr * p.grad.data)
                elif update == "data -=":
                    p.data -= lr * p.grad
                else:
                    with torch.no_grad():
                        if update == "sub_":
                            p.sub_(p.grad, alpha=lr)
                        else:
                            p -= lr * p.grad
                p.grad.data.zero_()
        return trace, k, b

    trace, *_ = in_both(program, tolerance=1e-5)
    assert trace[-1] < trace[0] / 5


def test_parameters_that_are_single_numbers() -> None:
    def program(torch: Any) -> Any:
        a = torch.tensor(0.0, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        x, y = torch.from_numpy(X[:, 0].copy()), torch.from_numpy(Y[:, 0].copy())
        for _ in range(20):
            ((a * x + b - y) ** 2).mean().backward()
            with torch.no_grad():
                a -= 0.1 * a.grad
                b.sub_(0.1 * b.grad)
                a.grad.zero_()
            b.grad.data.zero_()
        return a, b, a.grad, b.grad

    in_both(program)


def test_linspace_has_100_points_by_default() -> None:
    x = facade.linspace(0, 100)
    assert_same(plain(x), plain(real.linspace(0, 100, 100)), 2e-6)


def test_random_tensors_have_torchs_shapes_and_dtypes_and_can_be_seeded() -> None:
    for torch in (facade, real):
        torch.manual_seed(3)
        drawn = [
            torch.randn(5, 5, requires_grad=True),
            torch.rand(2, 3),
            torch.rand((4,)),
            torch.normal(0, 1, (7, 2)),
            torch.normal(0.0, 0.01, size=(2, 1), requires_grad=True),
            torch.normal(torch.zeros(3), 1),
            torch.randn(2, dtype=torch.float64),
        ]
        shapes = [(5, 5), (2, 3), (4,), (7, 2), (2, 1), (3,), (2,)]
        assert [tuple(t.shape) for t in drawn] == shapes
        assert [t.dtype == torch.float32 for t in drawn] == [True] * 6 + [False]
        assert [t.requires_grad for t in drawn] == [True, False, False, False, True, False, False]
        torch.manual_seed(3)
        assert (torch.randn(5, 5) == drawn[0]).numpy().all()
        assert not (torch.randn(5, 5) == drawn[0]).numpy().any()
    with pytest.raises(ValueError, match="negative"):
        facade.normal(0, -1, (2,))
    with pytest.raises(ValueError, match="below zero"):
        facade.normal(facade.zeros(2), facade.tensor([1.0, -1.0]))


# ----------------------------------------------------------------------------- autograd


def relu_of_cs231n(torch: Any) -> Any:
    class MyReLU(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.clamp(min=0)

        @staticmethod
        def backward(ctx: Any, grad_y: Any) -> Any:
            (x,) = ctx.saved_tensors
            grad_input = grad_y.clone()
            grad_input[x < 0] = 0
            return grad_input

    return MyReLU


def test_cs231ns_own_relu_runs_as_it_is() -> None:
    def program(torch: Any) -> Any:
        relu = relu_of_cs231n(torch).apply
        x, y = torch.from_numpy(X), torch.from_numpy(Y)
        w1 = torch.tensor(W1, requires_grad=True)
        w2 = torch.tensor(W2, requires_grad=True)
        for _ in range(20):
            loss = (relu(x.mm(w1)).mm(w2) - y).pow(2).sum()
            loss.backward()
            with torch.no_grad():
                w1 -= 1e-3 * w1.grad
                w2 -= 1e-3 * w2.grad
                w1.grad.zero_()
                w2.grad.zero_()
        return loss, w1, w2

    in_both(program, tolerance=1e-5)


def functions(torch: Any) -> dict[str, Any]:
    """Functions that save an input, the result, something else, nothing, and numbers."""

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 3 * x**2

    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (y,) = ctx.saved_tensors
            return g * y

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, power: int, y: Any, nothing: Any) -> Any:
            ctx.power = power
            ctx.save_for_backward(x, y)
            return x**power * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            assert ctx.needs_input_grad[1] is False
            gx = g * y * ctx.power * x ** (ctx.power - 1) if ctx.needs_input_grad[0] else None
            return gx, None, g * x**ctx.power, None

    class Spoilt(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(y * 2)
            return x + y * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (slope,) = ctx.saved_tensors
            gy = g * slope
            g.mul_(1)
            return g, gy

    relu = relu_of_cs231n(torch)
    return {
        "relu": lambda x, y: relu.apply(x),
        "cube": lambda x, y: Cube.apply(x),
        "exp": lambda x, y: Exp.apply(Exp.apply(x)),
        "product": lambda x, y: Product.apply(x, 3, y, None),
        "product with a constant": lambda x, y: Product.apply(x.detach(), 2, y, "anything") + x * y,
        "something of its own": lambda x, y: Spoilt.apply(x, y) * x,
        "broadcast": lambda x, y: Product.apply(x[:1], 2, y, None) + Product.apply(x, 2, y.sum(), None),
    }


@pytest.mark.parametrize("name", functions(facade))
def test_a_function_has_torchs_gradients(name: str) -> None:
    def program(torch: Any) -> Any:
        x = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
        y = torch.tensor([1.5, 2.0, -1.0], dtype=torch.float64, requires_grad=True)
        out = functions(torch)[name](x, y)
        out.sum().backward()
        return out, x.grad, y.grad

    in_both(program, tolerance=1e-12)


@pytest.mark.parametrize("name", [n for n in functions(facade) if n != "something of its own"])
def test_a_function_can_be_differentiated_again(name: str) -> None:
    # ("something of its own" saves what is outside the graph; torch too knows no more of it.)
    def program(torch: Any) -> Any:
        x = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
        y = torch.tensor([1.5, 2.0, -1.0], dtype=torch.float64, requires_grad=True)
        out = functions(torch)[name](x, y) * x * y
        gx, gy = torch.autograd.grad(out.sum(), [x, y], create_graph=True)
        hx, hy = torch.autograd.grad((gx * gx + gx * gy).sum(), (x, y), create_graph=True)
        third = torch.autograd.grad(hx.sum(), x)
        return gx, gy, hx, hy, third

    in_both(program, tolerance=1e-12)


def test_backward_runs_once_for_all_arguments() -> None:
    calls = []

    class Sum3(facade.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any, c: Any) -> Any:
            return a + b + c

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            calls.append(1)
            return g, g * 2, g * 3

    a, b, c = (facade.ones(2, requires_grad=True) for _ in range(3))
    out = Sum3.apply(a, b, c).sum()
    assert repr(out.creator.inputs[0]).startswith("<Sum3 (test_torchlike.py:")
    out.backward(retain_graph=True)
    assert len(calls) == 1
    out.backward()
    assert len(calls) == 2
    assert [t.grad.tolist() for t in (a, b, c)] == [[2, 2], [4, 4], [6, 6]]


def test_a_saved_tensor_that_changed_is_noticed_and_another_is_not() -> None:
    class First(facade.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.saved_tensors[0], None

    x, y = facade.ones(2, requires_grad=True), facade.ones(2, requires_grad=True)
    out = First.apply(x, y)
    y.data.mul_(2)
    out.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    out = First.apply(x, y)
    x.data.mul_(2)
    with pytest.raises(mg.InplaceError, match=r"First\.apply\(x, y\).*needs x as it was"):
        out.sum().backward()


def test_a_function_refuses_what_cannot_be() -> None:
    def function(result: Any, gradient: Any) -> Any:
        class Broken(facade.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any, y: Any) -> Any:
                return result(x)

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return gradient(g)

        return Broken.apply(x, y)

    x, y = facade.ones(2, requires_grad=True), facade.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match=r"Broken.forward returned tuple.*\n.*stack"):
        function(lambda x: (x, x), None)
    with pytest.raises(mg.GradError, match="returned 1 gradients for 2 arguments"):
        function(lambda x: x * 2, lambda g: g).sum().backward()
    with pytest.raises(mg.GradError, match="float, which is no tensor"):
        function(lambda x: x * 2, lambda g: (g, 1.0)).sum().backward()
    with pytest.raises(mg.ShapeError, match=r"Broken.backward returned \(3,\)"):
        function(lambda x: x * 2, lambda g: (facade.ones(3), g)).sum().backward()
    with pytest.raises(TypeError, match=r"save_for_backward takes tensors, not int"):
        facade.autograd.Context(()).save_for_backward(3)


def test_a_function_leaves_no_cycles_behind() -> None:
    gc.disable()
    try:
        for name, function in functions(facade).items():
            for create_graph in (False, True):
                x, y = facade.ones(3, requires_grad=True), facade.ones(3, requires_grad=True)
                out = function(x, y)
                dying = [weakref.ref(out), weakref.ref(out.creator)]
                found = facade.autograd.grad(out.sum(), [x], create_graph=create_graph)
                del out, found
                assert [r() for r in dying] == [None, None], name
    finally:
        gc.enable()


def test_functions_run_in_threads() -> None:
    results = {}

    def work(n: int) -> None:
        x = facade.full((50,), float(n), requires_grad=True)
        for _ in range(20):
            x.grad = None
            functions(facade)["cube"](x, x).sum().backward()
        results[n] = x.grad.tolist()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: [3.0 * n * n] * 50 for n in range(4)}


def test_autograd_grad() -> None:
    def program(torch: Any) -> Any:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = torch.tensor([3.0, 4.0], requires_grad=True)
        z = (x * x).sum()
        return (
            torch.autograd.grad(z, x, retain_graph=True),
            torch.autograd.grad(z, [x, y], allow_unused=True),
            torch.autograd.grad(x * 3, x, grad_outputs=torch.tensor([1.0, 10.0])),
            torch.autograd.grad([(x * y).sum(), y.sum()], [x, y]),
            x.grad,
        )

    in_both(program)
    x, y = facade.ones(2, requires_grad=True), facade.ones(2, requires_grad=True)
    with pytest.raises(mg.GradError, match=r"input 1.*\n.*allow_unused"):
        facade.autograd.grad((x * 2).sum(), [x, y])


def test_second_derivatives_by_backward() -> None:
    def program(torch: Any) -> Any:
        x = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
        (g,) = torch.autograd.grad((x.mean(dim=0) ** 3).sum() + x.max(dim=1)[0].pow(2).sum(), x, create_graph=True)
        (g * g).sum().backward()
        return g, x.grad

    in_both(program)


# ----------------------------------------------------------------------------- old spellings, errors, and the engine


def test_old_spellings_say_what_replaced_them() -> None:
    for old in (Variable, facade.FloatTensor, facade.DoubleTensor, facade.LongTensor, facade.IntTensor):
        assert old.__doc__ is not None
        assert old.__doc__.startswith("Old. ")
        assert "torch.tensor(" in old.__doc__
    assert Variable is facade.autograd.Variable
    assert isinstance(facade.ones(2), Variable)
    t = facade.ones(2)
    assert np.shares_memory(Variable(t).numpy(), t.numpy())
    with pytest.raises(TypeError, match="takes a tensor, not list"):
        Variable([1.0])


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(AttributeError, match=r"torch.nn is not part of minigrad.torchlike.*\nIt has: .*zeros"):
        facade.nn  # noqa: B018
    assert not hasattr(facade, "__wrapped__")
    with pytest.raises(ImportError):
        from minigrad.torchlike import optim  # noqa: F401


def test_bad_input_never_yields_a_number() -> None:
    x = facade.tensor([[1.0, 2.0]])
    cases: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (lambda: facade.exp([1.0]), TypeError, r"torch.exp takes a tensor, not list"),
        (lambda: facade.tensor([1, 2]).mean(), mg.DtypeError, r"float\(\).mean\(\)"),
        (lambda: x.matmul(facade.tensor([[1.0], [2.0]], dtype=facade.float64)), mg.DtypeError, "one dtype"),
        (lambda: x.mm(facade.ones(2)), mg.ShapeError, "two matrices"),
        (lambda: x.unsqueeze(0).t(), mg.ShapeError, r"transpose\(0, 1\)"),
        (lambda: facade.tensor([1, 2]).add_(1.5), mg.DtypeError, "in place"),
        (lambda: facade.ones(2).add_(facade.ones(3, 2)), mg.ShapeError, "in place"),
        (lambda: facade.tensor([1, 2], requires_grad=True), mg.DtypeError, "require a gradient"),
        (lambda: setattr(x, "data", np.ones((1, 2))), TypeError, "takes a tensor"),
        (lambda: facade.zeros(2, size=(3,)), TypeError, "given twice"),
        (lambda: x.clamp(), TypeError, "min= or max="),
        (lambda: x + None, TypeError, "unsupported"),
        (lambda: x @ 2, TypeError, "unsupported|scalar"),
        (lambda: x.requires_grad_().numpy(), TypeError, r"detach\(\).numpy\(\)"),
        (lambda: facade.tensor([x, x]), mg.GraphCutError, "stack"),
        (lambda: facade.tensor(1j), mg.DtypeError, "complex"),
    ]
    for bad, error, words in cases:
        with pytest.raises(error, match=words):
            bad()


def test_results_stay_in_the_facade_and_mix_with_the_engine() -> None:
    x = facade.ones(2, requires_grad=True)
    engine = mg.tensor([1.0, 2.0], requires_grad=True)
    results = [x + engine, engine * x, mg.exp(x), np.sin(x), np.sum(x), np.ones(2, np.float32) * x, x[0], -x, x.T]
    assert {type(r) for r in results} == {facade.Tensor}
    sum(r.sum() for r in results).backward()
    assert type(x.grad) is facade.Tensor
    assert type(engine.grad) is mg.Tensor
    assert x.size == 2  # NumPy's, which the engine's rules ask for
    assert tuple(x.size()) == (2,)


def test_repr_reads_like_torchs() -> None:
    w = facade.tensor([1.0, 2.5], requires_grad=True)
    assert repr(w) == "tensor([1. , 2.5], requires_grad=True)"
    assert repr(w * 2) == "tensor([2., 5.], grad_fn=<Mul>)"
    assert repr(w.double().detach()) == "tensor([1. , 2.5], dtype=torch.float64)"
    assert f"{(w * w).sum():.2f}" == "7.25"


def test_the_engine_does_not_know_the_facade() -> None:
    code = (
        "import sys, minigrad; assert not [m for m in sys.modules if 'torchlike' in m]; "
        "import minigrad.torchlike; assert not [key for key in minigrad.registry if 'torchlike' in key]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
