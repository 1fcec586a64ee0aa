"""A whole property test in one line: `test_maximum = property_test(mg.maximum)`.

One idea: what is checked is decided here, where it is looked for in the spec, and how hard by
whoever runs the tests. Each example is one call: its slopes with every contract, and the slopes of
its gradient where that can be differentiated again.
"""

import re
import warnings
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from ..containers import leaves
from ..errors import BroadcastWarning
from . import effort
from .errors import UncheckableError
from .spec import OpCase, spec_of, specs
from .strategies.cases import op_cases


def property_test(
    *targets: Any, second_order: bool | None = None, dtypes: Any = None, examples: int | None = None
) -> Callable[..., None]:
    """Return a test, to be assigned to a name that pytest collects, of one operation or of several.

    A target is a function or an Op that has a spec, a spec, a (forward, vjp) pair with one, or a
    strategy of cases or programs. Several targets give one test each, with an id; none gives all
    differentiable operations of minigrad. Every example has its gradient checked, with all contracts,
    and (unless `second_order` says otherwise) its second derivatives where the spec has them. `dtypes`
    are those of the spec, and `examples` as many as `effort.examples()`, unless told. Bugs are reported
    one at a time, there is no deadline, and nothing touches global random numbers. The tests carry
    pytest's marker `gradient`.

    Raises UncheckableError for a target without a spec, and for one without a gradient.

    >>> import minigrad as mg
    >>> test_maximum = property_test(mg.maximum, examples=5)
    >>> test_maximum()
    """
    if examples is not None and (isinstance(examples, bool) or not isinstance(examples, int) or examples < 1):
        raise UncheckableError(f"examples={examples!r}.\nGive how many to try, at least 1")
    chosen = targets or [spec for spec in specs() if spec.op is not None and spec.differentiable]
    tests = [_test(target, second_order, dtypes, examples) for target in chosen]
    return _marked(tests[0] if len(tests) == 1 else _several(tests))


def _test(target: Any, second_order: bool | None, dtypes: Any, examples: int | None) -> Callable[..., None]:
    """The test of one target."""
    if isinstance(target, SearchStrategy):
        cases, name, second = target, "cases", second_order
    else:
        spec = spec_of(target)
        if not spec.differentiable:
            raise UncheckableError(
                f"{spec.name} has no gradient to test: its spec says differentiable=False.\nLeave it out"
            )
        if second_order and not spec.second_order:
            raise UncheckableError(
                f"{spec.name} has no second derivatives to test: its spec says second_order=False.\n"
                "Leave out second_order=True"
            )
        cases, name, second = op_cases(spec, dtypes=dtypes), spec.name, second_order

    def test(case: Any) -> None:
        __tracebackhide__ = True
        check_case(case, second)

    # The name is part of what Hypothesis remembers a failure by, so each operation has its own memory.
    test.__name__ = test.__qualname__ = f"test_{re.sub(r'[^0-9A-Za-z_]+', '_', name).strip('_')}"
    limits = settings(
        max_examples=effort.examples() if examples is None else examples,
        deadline=None,
        report_multiple_bugs=False,
        # Climbing towards the largest error of a right gradient is half a run spent on rounding, and the report
        # explains better than a list of lines.
        phases=[phase for phase in settings().phases if phase not in (Phase.target, Phase.explain)],
        suppress_health_check=[HealthCheck.too_slow],
    )
    return limits(given(case=cases)(test))


def check_case(case: Any, second_order: bool | None = None) -> None:
    """Check one case, or a program of `gst.programs`, to the second order if `second_order` or its spec says so.

    Raises UncheckableError for what is neither, and what the checks raise.

    >>> import minigrad as mg
    >>> import numpy as np
    >>> check_case(OpCase(mg.sin, (np.ones(2),), {}, "sin"), second_order=True)
    """
    __tracebackhide__ = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BroadcastWarning)  # (n, 1) meets (n,) here on purpose
        if not isinstance(case, OpCase):
            if not (hasattr(case, "run") and hasattr(case, "leaves")):
                raise UncheckableError(
                    f"a strategy drew {type(case).__name__}, which is neither a case nor a program.\n"
                    "Give gst.op_cases(...) or gst.programs(...), or a strategy that builds OpCase"
                )
            case = OpCase(case.run, tuple(case.leaves), {}, "program")
        case.check()
        wanted = (case.spec is not None and case.spec.second_order) if second_order is None else second_order
        if wanted and is_wide(case.args):
            case.check_second()


def is_wide(args: Any) -> bool:
    """Whether all floats are of float64: in fewer digits the second order shows little that the first does not."""
    dtypes = (getattr(leaf, "dtype", None) for _, leaf in leaves(args))
    return all(dtype is None or dtype.kind != "f" or dtype.itemsize >= 8 for dtype in dtypes)


def _several(tests: list[Callable[..., None]]) -> Callable[..., None]:
    """One test function for all of them: pytest gives each its id, anybody else runs one after another."""
    by_name: dict[str, Callable[..., None]] = {}
    for test in tests:
        name = test.__name__.removeprefix("test_")
        by_name[name if name not in by_name else f"{name}-{len(by_name)}"] = test
    try:
        import pytest
    except ModuleNotFoundError:

        def run_all() -> None:
            for each in by_name.values():
                each()

        return run_all

    @pytest.mark.parametrize("operation", by_name)
    def test_operations(operation: str) -> None:
        __tracebackhide__ = True
        by_name[operation]()

    return test_operations


def _marked(test: Callable[..., None]) -> Callable[..., None]:
    try:
        import pytest
    except ModuleNotFoundError:
        return test
    marked: Callable[..., None] = pytest.mark.gradient(test)
    return marked
