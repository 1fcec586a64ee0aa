"""What every test shares: Hypothesis profiles, registries that forget, and the GPU if there is one."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

import minigrad as mg
from minigrad import op
from minigrad.testing import spec

_common: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": [Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink],
}
# The default gives every run the same examples, so that a red test means a changed program.
settings.register_profile("default", derandomize=True, max_examples=30, **_common)
settings.register_profile("thorough", max_examples=400, print_blob=True, **_common)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def _no_gpu() -> str | None:
    """Why CuPy cannot be used here, or None if it can."""
    try:
        mg.backend.library("cupy")
    except mg.BackendError as error:
        return str(error).splitlines()[0]
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked `cupy` where there is none, and say why."""
    marked = [item for item in items if item.get_closest_marker("cupy")]
    if marked and (reason := _no_gpu()):
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def cupy() -> Any:
    """The CuPy module; the test is skipped with a reason where there is none."""
    if reason := _no_gpu():
        pytest.skip(reason)
    return mg.backend.library("cupy")


@pytest.fixture
def forgetful_registry() -> Iterator[dict[str, type[mg.Op]]]:
    """The tables of operations, put back after the test: operations it defines do not stay."""
    tables: list[dict[Any, Any]] = [op.registry, op.by_numpy, op.by_function]
    before = [dict(table) for table in tables]
    yield op.registry
    for table, entries in zip(tables, before, strict=True):
        table.clear()
        table.update(entries)


@pytest.fixture
def forgetful_specs() -> Iterator[dict[Any, spec.OpSpec]]:
    """The specs of operations, put back after the test: those it registers do not stay."""
    spec.specs()
    before = dict(spec.registered)
    yield spec.registered
    spec.registered.clear()
    spec.registered.update(before)
