"""The points that several tests read: those the examples are run on, with what is known of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent.parent / "examples" / "data"


def example(name: str) -> tuple[dict[str, Any], Any, Any]:
    """All that is recorded of a data set, its x and its y."""
    data = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return data, np.array(data["x"]), np.array(data["y"])
