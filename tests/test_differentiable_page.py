"""docs/differentiable.md is what the registry says today, and leaves out nothing that NumPy has.

One idea: the page is compared with NumPy's own list of public functions: each takes tensors, or
the page says why it does not.
"""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parent.parent / "docs"
_spec = importlib.util.spec_from_file_location("differentiable", DOCS / "differentiable.py")
differentiable = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(differentiable)

TEXT = differentiable.PAGE.read_text(encoding="utf-8")
WRITTEN_FOR = re.search(r"public functions of NumPy (\d+\.\d+)", TEXT).group(1)
ON_ANOTHER_NUMPY = not np.__version__.startswith(f"{WRITTEN_FOR}.")


@pytest.mark.skipif(ON_ANOTHER_NUMPY, reason=f"the page is of NumPy {WRITTEN_FOR}")
def test_the_page_is_current():
    assert differentiable.page() == TEXT, "run python docs/differentiable.py"


def listed():
    """The functions of NumPy in the page's tables and lists."""
    for line in TEXT.splitlines():
        if line.startswith("| `np."):
            yield line.split("`")[1]
        elif line.startswith("`np."):
            yield from (name.strip("`") for name in line.split(", "))


@pytest.mark.skipif(ON_ANOTHER_NUMPY, reason=f"the page is of NumPy {WRITTEN_FOR}")
def test_every_function_of_numpy_is_on_the_page_once():
    assert sorted(listed()) == sorted(f"np.{name}" for name in differentiable.public())


def test_what_takes_no_tensor_has_a_reason():
    has = differentiable.supported()
    assert [name for name in differentiable.public() if name not in has and not differentiable.reasons(name)] == []


def test_a_name_has_one_reason():
    names = [name for group in differentiable.OUTSIDE.values() for name in group.split()]
    assert len(names) == len(set(names))
    assert not set(names) & set(differentiable.INSTEAD)
    assert {*names, *differentiable.INSTEAD} <= differentiable.public().keys() or ON_ANOTHER_NUMPY


def test_what_is_said_of_a_few():
    has = differentiable.supported()
    assert has["exp"] == ("np.exp", "exponential", True, has["exp"].says)
    assert "exp(x)" in has["exp"].says
    assert not has["greater"].differentiable
    assert has["sum"].differentiable
    assert has["zeros_like"].differentiable is False
    assert "minigrad.sigmoid" in {entry.name for entry in differentiable.ours_alone()}
