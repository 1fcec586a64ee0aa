"""NIST's nonlinear problems: data, starts and certified values; the models are those of the benchmarks."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fits.nist import MODELS

__all__ = ["MODELS", "PROBLEMS", "digits", "points"]

PROBLEMS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "nist_nonlinear.json").read_text(encoding="utf-8")
)["problems"]


def points(name: str) -> tuple[Any, Any]:
    """x and y as the model has them: Nelson's is a model of log y."""
    y = np.array(PROBLEMS[name]["y"])
    return np.array(PROBLEMS[name]["x"]), np.log(y) if name == "Nelson" else y


def digits(found: Any, certified: Any) -> float:
    """How many digits agree with the certified ones, of the parameter where the fewest do: -log10 |error|."""
    error = np.abs(np.array(found, dtype=float) - np.array(certified)) / np.abs(np.array(certified))
    return float(np.min(-np.log10(np.maximum(error, 1e-16))))
