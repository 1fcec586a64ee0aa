"""What the tests of operations share: a drawn call with tensors in the place of its arrays.

One idea: a case of the kit is code anybody could have written, arrays in and out. Here its arrays become
parameters, so that what the kit does not look at (mixed dtypes, third derivatives, what is recorded) can be.
"""

import inspect
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.testing.spec import OpCase, OpSpec, Twice, spec_of, specs

OPERATIONS = [spec for spec in specs() if spec.op is not None and spec.op.__module__.startswith("minigrad.ops.")]
"""The specs of minigrad's own operations, as they stood when the tests were collected."""

COMPOSED = [
    spec
    for spec in specs()
    if spec.op is None and spec.differentiable and getattr(spec.function, "__module__", "").startswith("minigrad.ops.")
]
"""The specs of the functions that record several operations, or one of another name."""

DIFFERENTIABLE = [spec for spec in OPERATIONS if spec.differentiable]

PAIRS = [
    spec_of(f)
    for f in (
        *(mg.add, mg.subtract, mg.multiply, mg.divide, mg.power, mg.maximum, mg.minimum, mg.fmax, mg.fmin),
        *(mg.logaddexp, mg.logaddexp2, mg.hypot, mg.matmul),
    )
]
"""Those of two arrays that both have a gradient."""


def is_float_array(value: Any) -> bool:
    """Whether it is an array that can be differentiated."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def arrays_of(case: OpCase) -> list[Any]:
    """The arrays to differentiate."""
    found: list[Any] = []
    for n, arg in enumerate(case.args):
        if case.wrt is None or n in case.wrt:
            found += [a for a in (arg if isinstance(arg, list) else [arg]) if is_float_array(a)]
    return found


def run(case: OpCase, values: Any) -> Any:
    """The call with these values in the place of `arrays_of(case)`."""
    supply = iter(values)

    def put(arg: Any) -> Any:
        return next(supply) if is_float_array(arg) else arg

    args = [
        arg
        if case.wrt is not None and n not in case.wrt
        else [put(part) for part in arg]
        if isinstance(arg, list)
        else put(arg)
        for n, arg in enumerate(case.args)
    ]
    return case.f(*args, **case.kwargs)


def leaves(arrays: Any) -> list[mg.Tensor]:
    """The arrays as parameters, on the same memory."""
    return [mg.from_numpy(a, requires_grad=True) for a in arrays]


def out_of(case: OpCase) -> Any:
    """The result, as an array."""
    with mg.no_grad():
        return run(case, [mg.from_numpy(a) for a in arrays_of(case)]).data


def vjp(case: OpCase, u: Any, arrays: Any = None) -> list[Any]:
    """The gradients of <u, f> by the arrays."""
    xs = leaves(arrays_of(case) if arrays is None else arrays)
    return [g.data for g in mg.gradients(run(case, xs), xs, output_gradients=u)] if xs else []


def of_forward(case: OpCase) -> tuple[Any, ...] | None:
    """The arguments of the Op's forward in this call; None if it is called with others."""
    assert case.spec is not None
    assert case.spec.op is not None
    if isinstance(case.f, Twice) or case.spec.op.variadic:
        return None
    bound = inspect.signature(case.spec.op.forward).bind(*case.args, **case.kwargs)
    bound.apply_defaults()
    return bound.args


def name_of(spec: OpSpec) -> str:
    """The name of an operation, for the name of a test."""
    return spec.name


def assert_close(found: Any, expected: Any, ulps: float = 64) -> None:
    """Assert the same dtype, the same shape, and values equal up to rounding."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    eps = float(np.finfo(expected.dtype).eps) if expected.dtype.kind == "f" else 0.0
    finite = np.abs(expected[np.isfinite(expected)]) if expected.dtype.kind == "f" else np.zeros(0)
    scale = float(finite.max()) if finite.size else 0.0
    np.testing.assert_allclose(found, expected, rtol=ulps * eps, atol=ulps * eps * scale)
