"""What `import minigrad` brings along: NumPy, and nothing else that had to be installed."""

import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
before = set(sys.modules)
import numpy
with_numpy = set(sys.modules)
import minigrad
print(json.dumps([sorted(with_numpy), sorted(set(sys.modules) - with_numpy)]))
"""


@pytest.fixture(scope="module")
def imported():
    """The modules there with NumPy, and those that minigrad adds."""
    environment = {**os.environ, "MINIGRAD_BACKEND": "cupy"}  # chosen, and still not imported before it is asked for
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    with_numpy, added = json.loads(result.stdout)
    return set(with_numpy), set(added)


@pytest.mark.parametrize(
    "name",
    ["scipy", "matplotlib", "click", "rich", "hypothesis", "pytest", "torch", "cupy", "dask", "numba", "jax"],
)
def test_is_not_imported(imported, name):
    assert not {module for module in set.union(*imported) if module.partition(".")[0] == name}


def test_needs_numpy_and_the_standard_library_alone(imported):
    _, added = imported
    roots = {module.partition(".")[0] for module in added} - set(sys.stdlib_module_names)
    assert roots <= {"minigrad", "numpy"}


@pytest.mark.parametrize("name", ["fitting", "cli", "torchlike", "testing", "optim", "compiler", "study"])
def test_rooms_that_are_entered_on_request(imported, name):
    _, added = imported
    assert not {module for module in added if module.startswith(f"minigrad.{name}")}


def test_every_public_name_is_there_once():
    import minigrad

    assert len(minigrad.__all__) == len(set(minigrad.__all__))
    for name in minigrad.__all__:
        assert getattr(minigrad, name) is not None


def test_importing_costs_no_warning():
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import minigrad"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", ["fitting", "optim", "testing", "torchlike"])
def test_a_room_is_entered_when_it_is_asked_for(name):
    program = f"import minigrad as mg; assert mg.{name}.__name__ == 'minigrad.{name}'"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_no_other_room_is_there():
    import minigrad

    with pytest.raises(AttributeError, match="module 'minigrad' has no attribute 'optimal'"):
        minigrad.optimal  # noqa: B018


def test_what_fits_is_listed_and_found():
    import minigrad as mg

    names = {"DivergedError", "FitResult", "LineRegressor", "descend", "fit", "fit_line", "largest_stable_lr"}
    assert names <= set(dir(mg))
    assert names <= set(dir(mg.fitting))
    for name in names:
        assert getattr(mg, name) is getattr(mg.fitting, name)
        assert getattr(mg, name).__name__ == name
