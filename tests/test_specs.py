"""Every operation in the registry, to the second order, by the kit that anybody's gradients are tested with.

One idea: an operation is tested because it is registered. Its spec says what is special about it, and
one without a spec fails the suite. `pytest -m slow` draws many more examples: `tests/test_sweep.py`.
"""

import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings

import minigrad as mg
from minigrad.testing import property_test
from minigrad.testing.spec import Twice, op_spec, registered, specs, unspecified
from minigrad.testing.strategies import op_cases

from .calls import COMPOSED, DIFFERENTIABLE, OPERATIONS, PAIRS, name_of

EXAMPLES = max(24, settings.default.max_examples)
"""30 in a plain run, 400 with HYPOTHESIS_PROFILE=thorough."""

test_gradient = property_test(*DIFFERENTIABLE, examples=EXAMPLES)
test_functions_made_of_operations = property_test(*COMPOSED, examples=EXAMPLES // 3)


# ----------------------------------------------------------------------------- the specs are complete


def own(registry: dict[str, type[mg.Op]]) -> dict[str, type[mg.Op]]:
    """minigrad's own operations."""
    return {key: op for key, op in registry.items() if key.startswith("minigrad.ops.")}


def test_every_registered_operation_has_a_spec():
    assert unspecified(own(mg.registry)) == []
    assert {spec.op for spec in OPERATIONS} == set(own(mg.registry).values())


def test_an_operation_without_a_spec_is_noticed(forgetful_registry):
    type(
        "Cbrt",
        (mg.Op,),
        {"__module__": "minigrad.ops.elementwise", "forward": lambda x: np.cbrt(x), "dx": lambda g, out, x: g},
    )
    assert unspecified(own(forgetful_registry)) == ["minigrad.ops.elementwise.Cbrt"]


def test_a_new_operation_with_a_spec_is_tested_with_all_others(forgetful_registry, forgetful_specs):
    class Cube(mg.Op):
        def forward(x):
            return x**3

        def dx(g, out, x):
            return g * 2 * x**2

    op_spec(Cube)
    assert Cube in {spec.op for spec in specs()}
    test = property_test()
    assert "cube" in test.pytestmark[0].args[1]
    with pytest.raises(mg.testing.GradientMismatch):
        test("cube")


@pytest.mark.parametrize("spec", OPERATIONS, ids=name_of)
def test_it_is_differentiable_exactly_if_it_has_rules(spec):
    assert any(spec.op.rules) == spec.differentiable


LEAST_AXES = dict.fromkeys(
    ["matmul", "vecdot", "cross", "concatenate", "solve", "lstsq", "convolve", "diff", "recurrence", "permute"]
    + ["tril", "triu", "fromdiagonal"],
    1,
) | dict.fromkeys(
    ["inv", "pinv", "det", "cofactors", "slogdet", "cholesky", "eigvalsh", "eigh", "svdvals", "svd", "qr"]
    + ["trace", "diagonal", "rot90"],
    2,
)
"""The number of axes below which an operation refuses an array."""


class EnoughError(Exception):
    """All has been seen."""


@pytest.mark.parametrize("spec", OPERATIONS, ids=name_of)
def test_the_cases_reach_what_they_must(spec):
    """Among the draws are 0-d and 2-d arrays, an axis of length 1, an empty array and, of two, unlike shapes."""
    wanted = {"0-d", "1-d", "2-d", "empty", "length 1"}
    wanted -= {f"{ndim}-d" for ndim in range(LEAST_AXES.get(spec.name, 0))}
    if spec.name == "convolve":
        wanted -= {"0-d", "2-d", "empty"}  # which it refuses
    if spec.differentiable:
        wanted |= {"float64", "float32"}
    if spec in PAIRS or spec.name == "concatenate":
        wanted |= {"unlike", "mixed"}
    if spec in PAIRS and spec.name != "power":
        wanted |= {"one array in two places"}
    if spec.name in ("add", "subtract", "multiply", "maximum", "minimum"):
        wanted |= {"one variable in two places"}
    seen: set[str] = set()

    @settings(max_examples=2000, derandomize=True, database=None, phases=[Phase.generate])
    @given(op_cases(spec))
    def look(case):
        arrays = [
            a for arg in case.args for a in (arg if isinstance(arg, list) else [arg]) if isinstance(a, np.ndarray)
        ]
        for a in arrays:
            seen.add(f"{min(a.ndim, 2)}-d")
            seen.add(str(a.dtype))
            seen.update({"empty"} if not a.size else set(), {"length 1"} if 1 in a.shape else set())
        if len({a.shape for a in arrays[:2]}) > 1:
            seen.add("unlike")
        if len({a.dtype for a in arrays[:2]}) > 1:
            seen.add("mixed")
        if len(arrays) > 1 and arrays[0] is arrays[1]:
            seen.add("one array in two places")
        if isinstance(case.f, Twice):
            seen.add("one variable in two places")
        if wanted <= seen:
            raise EnoughError  # a handful of draws mostly: 2000 of each would take an hour

    with contextlib.suppress(EnoughError):
        look()
    assert wanted <= seen


def test_a_spec_is_registered(forgetful_specs: dict[Any, Any]):
    before = dict(registered)
    new = op_spec(lambda x: x, lambda g, out, x: g)
    assert [spec for spec in registered.values() if spec not in before.values()] == [new]
