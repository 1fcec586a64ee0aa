"""MyGrad: its ufuncs, its functions after NumPy's, and mygrad.nnet.

One idea: a name that NumPy has is called as NumPy's; the rest is by hand or tried.
"""

from minigrad.testing.adapters import from_mygrad

from . import numpylike
from .calls import AWAY, REAL, SMALL, Call, arrays, elementwise, guessed, shaped

adapter = from_mygrad

NO_TRIAL = [
    "save",
    "load",
    "full",
    "tensor",
    "astensor",
    "mem_guard",
    "turn_memory",
    "execute_op",
    "empty",
    "no_autodiff",
    "shares_memory",
    "may_share_memory",
    "copyto",
]


def _by_hand() -> list[Call]:
    import mygrad
    import numpy as np
    from mygrad.nnet import activations, layers, losses

    targets = np.array([1, 0])
    table = {
        "mygrad.nnet.activations.softmax": (activations.softmax, arrays((2, 3))),
        "mygrad.nnet.activations.logsoftmax": (activations.logsoftmax, arrays((2, 3))),
        "mygrad.nnet.activations.glu": (activations.glu, arrays((2, 4))),
        "mygrad.nnet.activations.leaky_relu": (lambda x: activations.leaky_relu(x, 0.25), elementwise(SMALL)),
        "mygrad.nnet.activations.elu": (lambda x: activations.elu(x, 0.5), elementwise(SMALL)),
        "mygrad.nnet.activations.hard_tanh": (activations.hard_tanh, elementwise(SMALL)),
        "mygrad.nnet.losses.softmax_crossentropy": (lambda x: losses.softmax_crossentropy(x, targets), arrays((2, 3))),
        "mygrad.nnet.losses.multiclass_hinge": (
            lambda x: losses.multiclass_hinge(x, targets),
            arrays((2, 3), domain=SMALL),
        ),
        "mygrad.nnet.losses.focal_loss": (lambda x: losses.focal_loss(x, targets), arrays((2, 3), domain=AWAY)),
        "mygrad.nnet.losses.softmax_focal_loss": (lambda x: losses.softmax_focal_loss(x, targets), arrays((2, 3))),
        "mygrad.nnet.losses.negative_log_likelihood": (
            lambda x: losses.negative_log_likelihood(x, targets),
            arrays((2, 3)),
        ),
        "mygrad.nnet.losses.margin_ranking_loss": (
            lambda x, y: losses.margin_ranking_loss(x, y, np.array([1, -1]), 0.5),
            arrays((2,), (2,), domain=SMALL),
        ),
        "mygrad.nnet.layers.conv_nd": (lambda x, w: layers.conv_nd(x, w, stride=1), arrays((1, 1, 4), (2, 1, 2))),
        "mygrad.nnet.layers.max_pool": (lambda x: layers.max_pool(x, (2,), 1), arrays((1, 1, 4), domain=SMALL)),
        "mygrad.nnet.layers.batchnorm": (
            lambda x, w, b: layers.batchnorm(x, gamma=w, beta=b, eps=1e-3),
            arrays((3, 2), (2,), (2,)),
        ),
        "mygrad.multi_matmul": (lambda x, y, z: mygrad.multi_matmul([x, y, z]), arrays((1, 2), (2, 2), (2, 1))),
        "mygrad.add_sequence": (mygrad.add_sequence, elementwise(REAL, REAL, REAL)),
        "mygrad.multiply_sequence": (mygrad.multiply_sequence, elementwise(SMALL, SMALL, SMALL)),
        "mygrad.sliding_window_view": (lambda x: mygrad.sliding_window_view(x, (2,), 1), arrays((4,))),
        "mygrad.setitem": (_set, arrays((3,), (2,))),
        "mygrad.iadd": (_add_to, arrays((3,), (3,))),
        "mygrad.sum of x + x": (lambda x: (x + x).sum(), shaped(least=0)),
    }
    return [Call(name, function, draw, second=False) for name, (function, draw) in table.items()]


def _set(x, y):  # type: ignore[no-untyped-def]
    x = x * 1
    x[[0, 2]] = y
    return x * x


def _add_to(x, y):  # type: ignore[no-untyped-def]
    x = x * 1
    x += y
    return x * x


def calls() -> tuple[list[Call], list[str]]:
    """Return all calls, and the names for which no way to call was found."""
    import mygrad
    import mygrad.nnet.activations

    by_hand = numpylike.calls("mygrad", mygrad, second=False) + _by_hand()
    done = {call.name.partition(" ")[0] for call in by_hand}
    functions: set[int] = set()
    found, left = [], []
    for module in (mygrad, mygrad.nnet.activations):
        for name in sorted(vars(module)):
            full, function = f"{module.__name__}.{name}", getattr(module, name)
            if name.startswith("_") or not callable(function) or type(function) is type or full in done:
                continue
            if id(function) in functions or any(name.startswith(beginning) for beginning in NO_TRIAL):
                continue
            functions.add(id(function))
            call = guessed(full, function, from_mygrad)
            if call is None:
                left.append(full)
            else:
                found.append(Call(call.name, call.function, call.draw, second=False))
    return by_hand + found, left


def version() -> str:
    from importlib.metadata import version as of

    return f"MyGrad {of('mygrad')}"
