"""NIST's reference problems, linear and nonlinear, with the answers NIST certifies, and a Planck spectrum.

One idea: somebody else chose the points, the start and the answer. Linear answers are certified to 15 digits,
nonlinear ones to 11, and no more are counted.
"""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "tests" / "data"


def problems(name: str) -> dict[str, Any]:
    """Return the reference problems of a file in tests/data, by name."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["problems"]


def columns(problem: Any, number: Any = Fraction) -> list[list[Any]]:
    """Return the matrix of a linear problem by columns, each x made by `number`."""
    x, model = problem["x"], problem["model"]
    if "features" in model:
        return [[number(1)] * len(x), *([number(row[j]) for row in x] for j in range(model["features"]))]
    powers = range(model["degree"] + 1) if "degree" in model else [1]
    return [[number(v) ** k for v in x] for k in powers]
