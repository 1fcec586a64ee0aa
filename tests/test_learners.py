"""What learners write, what they are told, and that what they are told works.

One idea: of each wrong line the message says what to write in its place. It is written in its place here, and the
program then runs to its end without an error or a warning.
"""

import pytest

from .test_error_messages import said

X = "x = mg.tensor([2.0, 3.0], requires_grad=True)\n"
A = "a = mg.tensor(2.0, requires_grad=True)\n"
W = "w = mg.tensor([[0.5], [0.1]], requires_grad=True)\n"
MASK = "mask = np.array([True, False])\n"
OPTIM = "from minigrad import optim\n" + X

# Before the wrong line; the wrong line; what its message offers, as it stands in the message.
MISTAKES = [
    (X, "y = x.exp()", "minigrad.exp(x)"),
    (X, "y = (x * x).sqrt()", "np.sqrt(x * x)"),
    (X, "y = x.softmax(dim=0)", "minigrad.softmax(x, axis=0)"),
    (X, "y = x.view(2, 1)", "x.reshape(2, 1)"),
    (X, "y = x.unsqueeze(1)", "x.expand_dims(1)"),
    (X, "y = x.numel()", "x.size"),
    (X, "y = x.dim()", "x.ndim"),
    (X, "y = x.clone()", "x.copy()"),
    (X, "y = x.clamp(0, 1)", "x.clip(0, 1)"),
    (X, "y = x.float()", "x.astype(float)"),
    (W, "y = w.t()", "w.T"),
    (W, "y = w.permute(1, 0)", "w.transpose(1, 0)"),
    (W, "y = w.mm(w.T)", "w @ w.T"),
    (X, "x.detach_()", "x = x.detach()"),
    (X, "x.add_(1.0)", "with no_grad(): x += 1.0"),
    (X, "x.add_(x, alpha=2)", "with no_grad(): x += ..."),
    (X + "x.sum().backward()\n", "x.grad.zero_()", "x.zero_grad()"),
    (X, "y = x.strides", "x.data.strides"),
    (X, "y = x.sum(dim=0)", "x.sum(axis=0)"),
    (W, "y = w.mean(1, keepdim=True)", "w.mean(1, keepdims=True)"),
    (X, "y = x.sum(dtype=np.float32)", "x.sum().astype(np.float32)"),
    (X, "y = x.mean(out=np.zeros(()))", "y = x.mean()"),
    (X + MASK, "y = x.sum(0, where=mask)", "np.sum(minigrad.where(mask, x, 0.0), 0)"),
    (X + MASK, "y = x.mean(0, where=mask)", "np.nanmean(minigrad.where(mask, x, np.nan), 0)"),
    (X + MASK, "y = np.add.reduce(x, 0, where=mask)", "np.add.reduce(minigrad.where(mask, x, 0.0), 0)"),
    (X, "y = x.sum(foo=1)", "np.sum(x, axis=..., keepdims=...)"),
    (X + 'params = {"w0": x}\nk = 0\n', 'y = params[f"w{k}"].unsqueeze(0)', 'params[f"w{k}"].expand_dims(0)'),
    (X, "x.requires_grad_(False)", "x.requires_grad = False"),
    (X, "x.requires_grad_(requires_grad=False)", "x.requires_grad = False"),
    (X, "x.requires_grad_()", "x.requires_grad = True"),
    (X, "y = x.mul(x + 1)", "x * (x + 1)"),
    (X, "y = x.add(x, alpha=2)", "Its like here is x + y"),
    (X, "y = x.add(alpha=2)", "Its like here is x + y"),
    (X, "y = x.clone(memory_format=0)", "Its like here is x.copy()"),
    (X, "y = x.clamp(min=0)", "x.clip(min=0)"),
    (W, "y = w.expand(3, -1, -1)", "Its like here is w.broadcast_to(shape)"),
    (W, "y = w.expand(3, 2, 1)", "w.broadcast_to(3, 2, 1)"),
    (X, "y = x.view(np.int64)", "x.data.view(np.int64)"),
    (X, "x.fill(0)", "x.data.fill(0)"),
    (
        "n = np.arange(3)\n",
        "a = mg.from_numpy(n, requires_grad=True)",
        "mg.from_numpy(n.astype(float), requires_grad=True)",
    ),
    (
        "n = np.arange(3)\n",
        "a = mg.from_dlpack(n, requires_grad=True)",
        "minigrad.tensor(n, dtype=float, requires_grad=True)",
    ),
    (X, "y = any(x > 0 for x in [x, x])", "(x > 0).any()"),
    ("", "y = mg.as_tensor([1.0])", "minigrad.tensor"),
    ("", "y = np.ones(2, mg.float32)", "np.float32"),
    ("", "a = mg.tensor([1, 2], requires_grad=True)", "mg.tensor([1, 2], dtype=float, requires_grad=True)"),
    ("", "a = mg.arange(3, requires_grad=True)", "mg.arange(3, dtype=float, requires_grad=True)"),
    ("a = mg.tensor([1, 2])\n", "a.requires_grad = True", "a = a.astype(float)"),
    ("", "a = mg.tensor(1.0, 2.0)", "minigrad.tensor([1.0, 2.0], requires_grad=True)"),
    (A, "a += 1", "with no_grad(): a += 1"),
    (A, "a += 1", "a = a + 1"),
    (X + "total = mg.tensor(0.0)\n", "total += x[0]", "total = total + x[0]"),
    (X, "x[0] = 1.0", "x = minigrad.index_update(x, 0, 1.0)"),
    (A + "y = np.zeros(3)\n", "y[1:2] = a", "y = minigrad.index_update(y, np.s_[1:2], a)"),
    (A, "y = math.sqrt(a * a)", "minigrad.sqrt(a * a)"),
    (A, "y = math.floor(a)", "minigrad.floor(a)"),
    (A, "y = float(a)", "a.item()"),
    (X, "y = float(x)", "x.detach().numpy()"),
    ("c = mg.tensor([1.0, 2.0])\n", "y = float(c)", "c.tolist()"),
    (X, "y = np.array([x, x * 2])", "minigrad.array([x, x * 2])"),
    (A + "losses = [a, a * 2]\n", "y = np.mean(losses)", "np.mean(minigrad.array(losses))"),
    (A + "losses = [a, a * 2]\n", "y = statistics.fmean(losses)", "statistics.fmean([v.item() for v in losses])"),
    (A, "y = mg.tensor([a, a])", "minigrad.stack([a, a])"),
    (X, "y = np.fft.fft(x)", "np.fft.fft(x.detach().numpy())"),
    (X, "y = bool(x)", "x.any()"),
    (X + "y = x * 2\n", "found = y in [x, y]", "any(y is t for t in [x, y])"),
    (X, "(x * x).backward()", "(x * x).backward(np.ones((2,)))"),
    (X, "g = mg.gradients(x * x, x)", "gradients((x * x), x, output_gradients=np.ones((2,)))"),
    (X + "L = (x * x).sum()\n", "mg.grad(L)", ""),
    (OPTIM, "o = optim.SGD([x], lr=mg.tensor(0.1))", ""),
    (OPTIM, "o = optim.SGD([x], lr=0.1, nesterov=True)", ""),
    (OPTIM, "s = optim.StepLR(optim.SGD([x]), 5)", ""),
    (OPTIM, "optim.clip_grad_norm_([x], 1.0)", ""),
    ("from minigrad import testing\n", "testing.gradcheck(lambda x: x * x, [2.0])", ""),
    (X, "y = mg.apply(lambda x: x**2, x)", ""),
    (X, "y = x + None", ""),
    (X, "with mg.no_grad: pass", ""),
    (X, "with mg.set_grad_enabled: pass", ""),
    (X, "f = mg.no_grad(lambda: x * x)", ""),
    (X, "f = mg.set_grad_enabled(lambda: x * x)", ""),
]

HEAD = "import math\nimport statistics\n\nimport minigrad\nimport minigrad as mg\nimport numpy as np\n"
HEAD += "from minigrad import gradients, no_grad\n\n"


@pytest.mark.usefixtures("forgetful_registry")
@pytest.mark.parametrize(("before", "wrong", "offered"), MISTAKES, ids=[wrong for _, wrong, _ in MISTAKES])
def test_a_wrong_line_is_told_in_two_lines_with_its_place(before, wrong, offered, tmp_path):
    told = said(HEAD + before + wrong + "\n", tmp_path)
    line = (HEAD + before).count("\n") + 1
    first, second = told.splitlines()
    assert f"fit.py:{line})" in first
    assert (
        offered.replace("gradients((x * x), x,", "gradients((x * x), ...,").replace("x, 0, 1.0)", "x, 0, ...)")
        in second
    )


@pytest.mark.usefixtures("forgetful_registry")
@pytest.mark.parametrize(
    ("before", "wrong", "offered"),
    [case for case in MISTAKES if case[2] and not case[2].startswith("Its like") and "..." not in case[2]],
    ids=[case[1] for case in MISTAKES if case[2] and not case[2].startswith("Its like") and "..." not in case[2]],
)
def test_what_is_offered_works_in_its_place(before, wrong, offered, tmp_path):
    assert said(HEAD + before + offered + "\n", tmp_path) == ""
