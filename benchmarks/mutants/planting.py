"""A copy of the package with one fault in it, and processes that run there.

One idea: the checkers under test are those of the copy as well, but only files of the engine are
harmed. The original is read and never written.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .bugs import Bug

ROOT = Path(__file__).parents[2]
"""Where the packages `minigrad` and `benchmarks` are."""


@contextlib.contextmanager
def copy_with(bug: Bug | None, root: Path = ROOT) -> Iterator[Path]:
    """Yield a directory with `minigrad`, harmed by `bug`, and `benchmarks` in it; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as directory:
        copy = Path(directory)
        for package in ("minigrad", "benchmarks"):
            shutil.copytree(root / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
        if bug is not None:
            harmed = copy / "minigrad" / bug.file
            harmed.write_text(bug.planted(harmed.read_text(encoding="utf-8")), encoding="utf-8")
        yield copy


def run_in(root: Path, module: str, asked: Any, limit: float) -> Any:
    """Run a module of `benchmarks.mutants` in a copy; give it `asked` and return what it says, in JSON.

    Raises RuntimeError with the end of what it printed if it fails, subprocess.TimeoutExpired after `limit` seconds.
    """
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.mutants.{module}"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=root,
        env=environment,
        timeout=limit,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed in the copy:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def witnessed(bug: Bug | None, witnesses: list[str]) -> list[str]:
    """Return the values of the witnesses, as text, in a copy harmed by `bug`."""
    with copy_with(bug) as root:
        found: list[str] = run_in(root, "witness", witnesses, limit=120)
    return found
