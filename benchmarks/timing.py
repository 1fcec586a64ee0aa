"""Measuring in turns: every implementation in a process of its own, one round each, again and again.

One idea: a process of its own gives each what its users have (its own heap for the
garbage collector, which stays on, its own threads, its own failures), and taking turns
gives all of them the same disturbances. The figure is the fastest round: what disturbs
a round only ever makes it slower.
"""

import gc
import itertools
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from .case import Case
from .rivals import ONE_THREAD, set_up

CHECKED_STEPS = 3
"""Steps before the numbers are compared; a compiled rival captures its program in the first two."""


@dataclass(frozen=True)
class Patience:
    """How long to measure: rounds of `round` seconds, `most` of them, but `least` and `budget` seconds in all."""

    round: float
    least: int
    most: int
    budget: float
    limit: float
    """Seconds after which one command to a process is given up."""


FULL = Patience(round=0.02, least=5, most=40, budget=2.0, limit=180.0)
QUICK = Patience(round=0.005, least=3, most=9, budget=0.2, limit=40.0)


@dataclass(frozen=True)
class Figure:
    """What was measured, in seconds or bytes; or why nothing was."""

    value: float | None
    reason: str = ""


class FailedError(Exception):
    """A rival could not do it; the message says why, in one line."""


# ----------------------------------------------------------------------------- the process that measures


def serve(connection: Connection, case_name: str, name: str) -> None:
    """Do what the parent asks of one implementation, until it hangs up."""
    from .cases import ALL

    state: dict[str, Any] = {}

    def prepare(size: int) -> Any:
        state["step"], numbers = ALL[case_name].implementations[name](size)
        for _ in range(CHECKED_STEPS):
            state["step"]()
        return flat(numbers())

    def rounds(count: int) -> float:
        step = state["step"]
        steps = itertools.repeat(None, count)
        start = time.perf_counter()
        for _ in steps:
            step()
        return time.perf_counter() - start

    def memory(size: int) -> int:
        step, _ = ALL[case_name].implementations[name](size)
        return added_by(step)

    commands: dict[str, Callable[..., Any]] = {
        "set up": lambda: set_up(name),
        "prepare": prepare,
        "time": rounds,
        "memory": memory,
    }
    while True:
        try:
            command, *arguments = connection.recv()
        except EOFError:
            return
        try:
            reply = (True, commands[command](*arguments))
        except Exception as error:  # whatever a rival raises, the table shall say it and go on
            lines = str(error).strip().splitlines()
            reply = (False, f"{type(error).__name__}: {lines[0] if lines else ''}"[:200])
        connection.send(reply)


def flat(numbers: Iterable[Any]) -> Any:
    """Return numbers and arrays one after the other, as one array."""
    return np.concatenate([np.ravel(np.asarray(v, dtype=float)) for v in numbers])


def added_by(step: Callable[[], Any]) -> int:
    """Return by how many bytes the peak memory of this process rises above its present level in one step.

    One step goes before, uncounted: it loads and compiles what is loaded and compiled once.
    """
    step()
    gc.collect()
    status = Path("/proc/self/status")
    try:
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak begins again from here
    except OSError:
        # The peak of all time instead: right only if the uncounted step was not the higher one.
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        step()
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if after == before:
            raise RuntimeError("the peak memory cannot be reset on this system") from None
        return (after - before) * (1 if sys.platform == "darwin" else 1024)
    before = _line(status, "VmRSS")
    step()
    return _line(status, "VmHWM") - before


def _line(status: Path, name: str) -> int:
    for line in status.read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{status} has no {name}")


# ----------------------------------------------------------------------------- the process that asks


class Worker:
    """One implementation of a case, in a process of its own."""

    def __init__(self, case: Case, name: str, patience: Patience) -> None:
        self.limit = patience.limit
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        os.environ.update(ONE_THREAD)
        self._process = context.Process(target=serve, args=(theirs, case.name, name), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, command: str, *arguments: Any) -> Any:
        """Return the reply to a command. Raises FailedError with the reason if there is none."""
        try:
            self._connection.send((command, *arguments))
            if not self._connection.poll(self.limit):
                raise FailedError(f"not finished after {self.limit:.0f} s")
            worked, reply = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(5)
            raise FailedError(f"its process died, exit code {self._process.exitcode}") from None
        if not worked:
            raise FailedError(reply)
        return reply

    def stop(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(0.2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


Measured = dict[str, Figure]


def measure(case: Case, sizes: Iterable[int], names: list[str], patience: Patience) -> Iterable[tuple[int, Measured]]:
    """Yield the figures of the implementations `names`, for each size."""
    if case.measures == "import":
        for size in sizes:
            yield size, import_times(names, patience)
    elif case.measures == "memory":
        for size in sizes:
            yield size, peaks(case, size, names, patience)
    else:
        yield from step_times(case, sizes, names, patience)


def step_times(
    case: Case, sizes: Iterable[int], names: list[str], patience: Patience
) -> Iterable[tuple[int, Measured]]:
    """Yield the seconds of one step, for each size, the implementations measured in turns."""
    workers: dict[str, Worker] = {}
    try:
        for size in sizes:
            figures: Measured = {}
            counts: dict[str, int] = {}
            rounds: dict[str, int] = {}
            best: dict[str, float] = {}
            expected: Any = None
            for name in [name for name in names if name in case.names_at(size)]:
                try:
                    if name not in workers:
                        workers[name] = Worker(case, name, patience)
                        workers[name].ask("set up")
                    numbers = workers[name].ask("prepare", size)
                    if name == "numpy":
                        expected = numbers
                    elif expected is not None and not agree(numbers, expected):
                        raise FailedError("its numbers are not those of hand-written NumPy")
                    counts[name], seconds = calibrate(workers[name], patience.round)
                    rounds[name] = max(patience.least, min(patience.most, int(patience.budget / seconds)))
                    best[name] = seconds / counts[name]
                except FailedError as failure:
                    figures[name] = Figure(None, str(failure))
                    if name in workers:
                        workers.pop(name).stop()
            for turn in range(patience.most):
                for name in list(counts):
                    # The slow take part in fewer rounds, spread evenly over all of them.
                    if turn * rounds[name] // patience.most == (turn - 1) * rounds[name] // patience.most:
                        continue
                    try:
                        seconds = workers[name].ask("time", counts[name])
                        best[name] = min(best[name], seconds / counts[name])
                    except FailedError as failure:
                        figures[name] = Figure(None, str(failure))
                        del counts[name]
                        workers.pop(name).stop()
            figures.update((name, Figure(best[name])) for name in counts)
            yield size, figures
    finally:
        for worker in workers.values():
            worker.stop()


def calibrate(worker: Worker, aim: float) -> tuple[int, float]:
    """Return how many steps take about `aim` seconds, and how long they take."""
    count = 1
    while True:
        seconds = worker.ask("time", count)
        if seconds >= aim / 2:
            wanted = max(1, round(count * aim / seconds))
            return wanted, seconds * wanted / count
        count = max(2 * count, int(count * aim / max(seconds, 1e-7) / 2))


def agree(numbers: Any, expected: Any) -> bool:
    """Whether two implementations computed the same, but for the order of their sums."""
    return numbers.shape == expected.shape and bool(np.allclose(numbers, expected, rtol=1e-9, atol=1e-12))


def peaks(case: Case, size: int, names: list[str], patience: Patience) -> Measured:
    """Return the bytes that a step adds at its peak, the least of three processes."""
    figures: Measured = {}
    for name in [name for name in names if name in case.names_at(size)]:
        values = []
        try:
            for _ in range(1 if patience is QUICK else 3):
                worker = Worker(case, name, patience)
                try:
                    worker.ask("set up")
                    values.append(worker.ask("memory", size))
                finally:
                    worker.stop()
            figures[name] = Figure(min(values))
        except FailedError as failure:
            figures[name] = Figure(None, str(failure))
    return figures


def import_times(names: list[str], patience: Patience) -> Measured:
    """Return the median seconds of an import over processes started in turns; the first of each is not counted."""
    from .cases import importing

    runs: dict[str, list[float]] = {name: [] for name in names if name in importing.case.implementations}
    figures: Measured = {}
    for turn in range(4 if patience is QUICK else 16):
        for name in [name for name in runs if name not in figures]:
            try:
                seconds = importing.seconds(name, patience.limit)
            except RuntimeError as error:
                figures[name] = Figure(None, str(error))
            except subprocess.TimeoutExpired:
                figures[name] = Figure(None, f"not imported after {patience.limit:.0f} s")
            else:
                if turn:
                    runs[name].append(seconds)
    figures.update((name, Figure(statistics.median(seconds))) for name, seconds in runs.items() if name not in figures)
    return figures
