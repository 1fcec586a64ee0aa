"""What `help` says of a public name: a sentence of minigrad's own, and an example that runs."""

import importlib
import inspect
import types

import pytest

import minigrad as mg

HOUSES = ("minigrad", "minigrad.fitting", "minigrad.linalg", "minigrad.optim", "minigrad.testing")
NEEDS_A_LIBRARY = {"from_autograd", "from_jax", "from_mygrad"}
"""Their examples would need a library that the tests do without."""
MADE_BY_OTHERS = {"GradReport", "NumericJacobian", "OpSpec"}
"""Nobody calls these: what is seen of them is in the examples of `check_grad`, `numeric_jacobian` and `op_spec`."""


def public(house):
    module = importlib.import_module(house)
    for name in getattr(module, "__all__", None) or module._WHERE:
        thing = getattr(module, name)
        if callable(thing) and not isinstance(thing, types.ModuleType):
            yield name, thing


NAMES = [pytest.param(name, thing, id=f"{house}.{name}") for house in HOUSES for name, thing in public(house)]


@pytest.mark.parametrize(("name", "thing"), NAMES)
def test_help_says_what_a_name_does_and_shows_it(name, thing):
    assert (thing.__module__ or "").startswith("minigrad")
    text = inspect.getdoc(thing)
    assert text
    first = text.split("\n\n")[0]
    assert first.endswith((".", ":")), first
    if not (isinstance(thing, type) and issubclass(thing, Exception)) and name not in NEEDS_A_LIBRARY | MADE_BY_OTHERS:
        assert ">>>" in text


def test_what_is_asked_in_public_is_what_the_engine_asks():
    x = mg.tensor(1.0, requires_grad=True)
    with mg.no_grad():
        assert (mg.is_grad_enabled(), mg.exp(x).requires_grad) == (False, False)
    assert (mg.is_grad_enabled(), mg.exp(x).requires_grad) == (True, True)
