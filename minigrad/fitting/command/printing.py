"""What the command prints and writes beside the summary: predictions, residuals, the best point of a lost descent.

One idea: what goes out is a table that another program can read as well as a person.
"""

import csv
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ...refusal import Refusal
from ..found import Floats
from ..result import FitResult
from .options import in_options


def prediction(result: FitResult, place: list[float]) -> tuple[dict[str, Any], str]:
    """Return y at one place with the 95 % bands of the curve and of a new point, and why a band is not known."""
    x = np.array(place[0] if len(place) == 1 else [place])
    found: dict[str, Any] = {}
    reason = ""
    try:
        value = float(np.ravel(result.predict(x))[0])
        found["y"] = value if math.isfinite(value) else None
        for kind in ("mean", "new"):
            found[kind] = None
            try:
                _, low, high = (float(np.ravel(part)[0]) for part in result.predict(x, band=0.95, kind=kind))
            except (ValueError, ModuleNotFoundError) as unknown:
                reason = str(unknown).split("\n")[0]
            else:
                found[kind] = [low, high] if math.isfinite(low) and math.isfinite(high) else None
    except ValueError as error:
        raise Refusal(f"--predict: {in_options(str(error))}") from None
    return found, reason


def table_of_predictions(result: FitResult, places: list[list[float]], predictions: list[dict[str, Any]]) -> str:
    """The predictions as a table."""

    def band(limits: list[float] | None) -> str:
        return "unknown" if limits is None else f"{limits[0]:.6g} to {limits[1]:.6g}"

    table = [[",".join(result.given.x_names), result.given.y_names[0], "95 % of the curve", "95 % of a new point"]]
    for place, found in zip(places, predictions, strict=True):
        y = "unknown" if found["y"] is None else f"{found['y']:.6g}"
        table.append([",".join(f"{x:.8g}" for x in place), y, band(found["mean"]), band(found["new"])])
    widths = [max(len(row[k]) for row in table) for k in range(4)]
    return "\n".join("   ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in table)


def best_point(loss: float, params: Any, *, as_json: bool) -> str:
    """The best point of a descent that diverged."""
    named = params if isinstance(params, dict) else {f"p{k}": value for k, value in enumerate(params)}
    values = {name: float(value) for name, value in named.items()}
    if as_json:
        return json.dumps({"converged": False, "best_loss": loss, "params": values}, indent=2)
    return "\n".join(
        ["the best point before it diverged:", f"  loss  {loss:.6g}", *(f"  {n}  {v!r}" for n, v in values.items())]
    )


def write_residuals(path: str, features: int, parts: Iterable[tuple[Any, Floats, Floats, Floats, Floats]]) -> None:
    """Write a CSV of row, x, y, fitted, residual, from parts of these columns; an empty cell where there is none."""
    names = ["x"] if features == 1 else [f"x{place + 1}" for place in range(features)]
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")  # it writes a float as repr does, to the bit
        writer.writerow(["row", *names, "y", "fitted", "residual"])
        for row, x, *rest in parts:
            columns = [column.tolist() for column in (row, *x.T, *rest)]
            empty = ([None if value != value else value for value in column] for column in columns)
            writer.writerows(zip(*empty, strict=True))
