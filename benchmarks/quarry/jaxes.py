"""JAX: jax.numpy, jax.scipy.special and jax.nn, in 64 bits.

One idea: the public names are the list, as for torch; functions of whole arrays are in numpylike.py.
"""

from typing import Any

from minigrad.testing.adapters import from_jax

from . import numpylike
from .calls import AWAY, POSITIVE, SMALL, Call, arrays, axis, elementwise, guessed, shaped

adapter = from_jax

NO_TRIAL = [
    "set_printoptions",
    "save",
    "load",
    "from",
    "fromfile",
    "frombuffer",
    "finfo",
    "iinfo",
    "dtype",
    "issubdtype",
    "result_type",
    "promote_types",
    "can_cast",
]


def _special(jax: Any) -> list[Call]:
    special, nn = jax.scipy.special, jax.nn
    by_hand = {
        "jax.scipy.special.logsumexp": (lambda x, i: special.logsumexp(x, axis=i), shaped(axis)),
        "jax.nn.softmax": (lambda x, i: nn.softmax(x, axis=i), shaped(axis)),
        "jax.nn.log_softmax": (lambda x, i: nn.log_softmax(x, axis=i), shaped(axis)),
        "jax.nn.standardize": (lambda x: nn.standardize(x), arrays((2, 3))),
        "jax.nn.glu": (lambda x: nn.glu(x), arrays((2, 4))),
        "jax.nn.leaky_relu": (lambda x: nn.leaky_relu(x, 0.25), elementwise(SMALL)),
        "jax.nn.elu": (lambda x: nn.elu(x, 0.5), elementwise(SMALL)),
        "jax.nn.gelu exact": (lambda x: nn.gelu(x, approximate=False), elementwise(SMALL)),
        "jax.nn.logsumexp": (lambda x: nn.logsumexp(x), arrays((3,))),
        "jax.scipy.special.polygamma": (lambda x: special.polygamma(2, x), elementwise(AWAY)),
        "jax.scipy.special.zeta": (lambda q: special.zeta(2.5, q), elementwise(AWAY)),
        "jax.scipy.special.gammainc": (lambda x: special.gammainc(1.5, x), elementwise(POSITIVE)),
        "jax.scipy.special.gammaincc": (lambda x: special.gammaincc(1.5, x), elementwise(POSITIVE)),
        "jax.scipy.special.multigammaln": (lambda x: special.multigammaln(x + 1, 2), elementwise(AWAY)),
        "jax.numpy.float_power": (lambda x, y: jax.numpy.float_power(x, y), elementwise(POSITIVE, SMALL)),
    }
    return [Call(name, function, draw) for name, (function, draw) in by_hand.items() if _there(jax, name)]


def _there(jax: Any, name: str) -> bool:
    found = jax
    for part in name.partition(" ")[0].split(".")[1:]:
        found = getattr(found, part, None)
    return found is not None


def calls() -> tuple[list[Call], list[str]]:
    """Return all calls, and the names for which no way to call was found."""
    import jax
    import jax.scipy.special

    jax.config.update("jax_enable_x64", True)
    by_hand = numpylike.calls("jax.numpy", jax.numpy) + _special(jax)
    done = {call.name.partition(" ")[0] for call in by_hand}
    functions: set[int] = set()
    found, left = [], []
    for module in (jax.numpy, jax.scipy.special, jax.nn):
        for name in sorted(vars(module)):
            full, function = f"{module.__name__}.{name}", getattr(module, name)
            if name.startswith("_") or not callable(function) or isinstance(function, type):
                continue
            if full in done or id(function) in functions or name in NO_TRIAL:
                continue
            functions.add(id(function))
            call = guessed(full, function, from_jax)
            if call is None:
                left.append(full)
            else:
                found.append(call)
    return by_hand + found, left


def version() -> str:
    import jax

    return f"JAX {jax.__version__}"
