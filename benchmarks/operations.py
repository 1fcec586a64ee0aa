"""`python -m benchmarks operations`: every operation forward and backward, beside torch, autograd and MyGrad.

One idea: a row is one line of NumPy, run in each library's own namespace on the same numbers. The
gradient that goes in is given, so that nothing but the operation is measured; the gradients that come
out must agree, or the cell says so. All libraries take turns in one process, one thread each, and the
figure is the fastest of the rounds.
"""

import argparse
import importlib
import itertools
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from .rivals import ONE_THREAD, installed, set_up, versions
from .table import machine, quantity, write

LIBRARIES = ("minigrad", "torch", "autograd", "mygrad")
EAGER = ("autograd", "mygrad")
"""The rivals written in Python: what minigrad is to be ahead of, on every operation and at every size."""

SMALL, LARGE = 16, 40_000
"""Elements of each input, about."""

Arrays = list[Any]


def plain(n: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> Any:
    """Numbers between two ends, as a square matrix of about n of them; no two alike."""
    side = round(n**0.5)
    return np.random.default_rng(seed).uniform(low, high, (side, side))


def one(low: float = -2.0, high: float = 2.0) -> Callable[[int], Arrays]:
    """One matrix."""
    return lambda n: [plain(n, low, high)]


def two(low: float = -2.0, high: float = 2.0) -> Callable[[int], Arrays]:
    """Two matrices."""
    return lambda n: [plain(n, low, high), plain(n, low, high, 1)]


def vectors(n: int) -> Arrays:
    """Two vectors."""
    return [plain(n).ravel(), plain(n, seed=1).ravel()]


def vector(n: int) -> Arrays:
    """A vector."""
    return [plain(n).ravel()]


def square(n: int) -> Arrays:
    """A matrix that can be inverted, no larger than 100 x 100: its cost is the cube of its side."""
    side = min(round(n**0.5), 100)
    return [plain(side * side) + 3 * side**0.5 * np.eye(side)]


def definite(n: int) -> Arrays:
    """A symmetric matrix with positive eigenvalues, none twice."""
    [x] = square(n)
    return [x @ x.T / len(x) + np.diag(np.arange(1.0, len(x) + 1))]


def system(n: int) -> Arrays:
    """A matrix, and a right-hand side of three columns."""
    [x] = square(n)
    return [x, plain(len(x) ** 2, seed=1)[:, :3]]


@dataclass(frozen=True)
class Row:
    """One operation: as NumPy has it, as torch has it if that differs, and of what."""

    name: str
    f: Callable[..., Any]
    inputs: Callable[[int], Arrays]
    in_torch: Callable[..., Any] | None = None


def _rows() -> Iterable[Row]:
    for name in ("exp", "expm1", "exp2", "sin", "cos", "tanh", "sinh", "cosh", "tan", "arctan", "arcsinh", "square"):
        yield Row(name, lambda np, x, name=name: getattr(np, name)(x), one())
    for name in ("log", "log1p", "log2", "log10", "sqrt", "reciprocal"):
        yield Row(name, lambda np, x, name=name: getattr(np, name)(x), one(0.5, 3))
    for name in ("arcsin", "arccos", "arctanh"):
        yield Row(name, lambda np, x, name=name: getattr(np, name)(x), one(-0.9, 0.9))
    yield Row("arccosh", lambda np, x: np.arccosh(x), one(1.5, 4))
    yield Row("cbrt", lambda np, x: np.cbrt(x), one(0.5, 3), lambda torch, x: x ** (1 / 3))
    yield Row("absolute", lambda np, x: np.absolute(x), one())
    yield Row("negative", lambda np, x: -x, one())
    yield Row("sinc", lambda np, x: np.sinc(x), one())
    yield Row("sigmoid", lambda np, x: np.sigmoid(x), one())
    yield Row("relu", lambda np, x: np.relu(x), one())
    yield Row("softplus", lambda np, x: np.softplus(x), one(), lambda torch, x: torch.nn.functional.softplus(x))
    yield Row("gelu", lambda np, x: np.gelu(x), one(), lambda torch, x: torch.nn.functional.gelu(x))
    yield Row("erf", lambda np, x: np.erf(x), one(), lambda torch, x: torch.erf(x))
    yield Row("clip", lambda np, x: np.clip(x, -1.0, 1.0), one())
    yield Row("nan_to_num", lambda np, x: np.nan_to_num(x), one())
    for sign, f in {
        "x + y": lambda np, x, y: x + y,
        "x - y": lambda np, x, y: x - y,
        "x * y": lambda np, x, y: x * y,
        "x / y": lambda np, x, y: x / y,
        "x ** y": lambda np, x, y: x**y,
        "x % y": lambda np, x, y: x % y,
    }.items():
        yield Row(sign, f, two(0.5, 3))
    yield Row("x ** 2", lambda np, x: x**2, one())
    yield Row("x ** 3", lambda np, x: x**3, one())
    yield Row("2 * x + 1", lambda np, x: 2 * x + 1, one())
    for name in ("maximum", "minimum", "fmax", "fmin", "hypot", "arctan2", "logaddexp"):
        yield Row(name, lambda np, x, y, name=name: getattr(np, name)(x, y), two(0.5, 3))
    yield Row("where", lambda np, x, y: np.where(x > y, x, y), two())
    for name in ("sum", "mean", "prod", "max", "min"):
        there = {"max": "amax", "min": "amin"}.get(name, name)
        yield Row(f"{name}()", lambda np, x, name=name: getattr(np, name)(x), one(0.9, 1.1))
        yield Row(
            f"{name}(axis=0)",
            lambda np, x, name=name: getattr(np, name)(x, axis=0),
            one(0.9, 1.1),
            lambda torch, x, there=there: getattr(torch, there)(x, 0),
        )
    yield Row("var(axis=0)", lambda np, x: np.var(x, axis=0), one(), lambda torch, x: torch.var(x, 0, correction=0))
    yield Row("std(axis=0)", lambda np, x: np.std(x, axis=0), one(), lambda torch, x: torch.std(x, 0, correction=0))
    yield Row("median(axis=0)", lambda np, x: np.median(x, axis=0), one(), lambda t, x: t.quantile(x, 0.5, 0))
    yield Row(
        "quantile(0.3, axis=0)", lambda np, x: np.quantile(x, 0.3, axis=0), one(), lambda t, x: t.quantile(x, 0.3, 0)
    )
    yield Row(
        "ptp(axis=0)", lambda np, x: np.ptp(x, axis=0), one(), lambda torch, x: torch.amax(x, 0) - torch.amin(x, 0)
    )
    yield Row("nansum(axis=0)", lambda np, x: np.nansum(x, axis=0), one(), lambda torch, x: torch.nansum(x, 0))
    yield Row("logsumexp(axis=1)", lambda np, x: np.logsumexp(x, axis=1), one(), lambda torch, x: torch.logsumexp(x, 1))
    yield Row("softmax(axis=1)", lambda np, x: np.softmax(x, axis=1), one(), lambda torch, x: torch.softmax(x, 1))
    yield Row(
        "log_softmax(axis=1)", lambda np, x: np.log_softmax(x, axis=1), one(), lambda torch, x: torch.log_softmax(x, 1)
    )
    yield Row("cumsum(axis=0)", lambda np, x: np.cumsum(x, axis=0), one(), lambda torch, x: torch.cumsum(x, 0))
    yield Row(
        "cumprod(axis=0)", lambda np, x: np.cumprod(x, axis=0), one(0.9, 1.1), lambda torch, x: torch.cumprod(x, 0)
    )
    yield Row("diff", lambda np, x: np.diff(x), one())
    yield Row("sort(axis=0)", lambda np, x: np.sort(x, axis=0), one(), lambda torch, x: torch.sort(x, 0).values)
    yield Row(
        "average, weighted",
        lambda np, x, w: np.average(x, axis=0, weights=w),
        two(0.5, 3),
        lambda torch, x, w: (x * w).sum(0) / w.sum(0),
    )
    yield Row("trace", lambda np, x: np.trace(x), one())
    yield Row("reshape", lambda np, x: np.reshape(x, (-1,)), one())
    yield Row("x.T", lambda np, x: x.T, one())
    yield Row("swapaxes", lambda np, x: np.swapaxes(x, 0, 1), one())
    yield Row("moveaxis", lambda np, x: np.moveaxis(x, 0, 1), one())
    yield Row("expand_dims", lambda np, x: np.expand_dims(x, 1), one(), lambda torch, x: torch.unsqueeze(x, 1))
    yield Row("broadcast_to", lambda np, x: np.broadcast_to(x, (3, *x.shape)), one())
    yield Row("concatenate", lambda np, x, y: np.concatenate([x, y]), two())
    yield Row("stack", lambda np, x, y: np.stack([x, y]), two())
    yield Row("hstack", lambda np, x, y: np.hstack([x, y]), two())
    yield Row("split", lambda np, x: np.split(x, 2)[0], one(), lambda torch, x: torch.split(x, len(x) // 2)[0])
    yield Row("repeat", lambda np, x: np.repeat(x, 3, axis=0), one(), lambda torch, x: torch.repeat_interleave(x, 3, 0))
    yield Row("tile", lambda np, x: np.tile(x, (2, 3)), one())
    yield Row("roll", lambda np, x: np.roll(x, 1, axis=0), one(), lambda torch, x: torch.roll(x, 1, 0))
    yield Row("rot90", lambda np, x: np.rot90(x), one())
    yield Row("flip", lambda np, x: np.flip(x, axis=0), one(), lambda torch, x: torch.flip(x, (0,)))
    yield Row("pad", lambda np, x: np.pad(x, 1), one(), lambda torch, x: torch.nn.functional.pad(x, (1, 1, 1, 1)))
    yield Row("diagonal", lambda np, x: np.diagonal(x), one())
    yield Row("diag", lambda np, x: np.diag(x), one())
    yield Row("tril", lambda np, x: np.tril(x), one())
    yield Row("triu", lambda np, x: np.triu(x), one())
    yield Row("x[1:]", lambda np, x: x[1:], one())
    yield Row("x[array]", lambda np, x: x[_TAKEN], one())
    yield Row("x[mask]", lambda np, x: x[_mask(x)], one())
    yield Row(
        "take",
        lambda np, x: np.take(x, _TAKEN, axis=0),
        one(),
        lambda torch, x: torch.index_select(x, 0, torch.as_tensor(_TAKEN)),
    )
    yield Row("x @ y", lambda np, x, y: x @ y, two())
    yield Row("matrix @ vector", lambda np, x, v: x @ v, lambda n: [plain(n), plain(n, seed=1)[0]])
    yield Row("dot", lambda np, x, y: np.dot(x, y), vectors)
    yield Row("inner", lambda np, x, y: np.inner(x, y), vectors)
    yield Row("outer", lambda np, x, y: np.outer(x, y), lambda n: [plain(n)[0], plain(n, seed=1)[0]])
    yield Row("tensordot", lambda np, x, y: np.tensordot(x, y, 1), two())
    yield Row("kron", lambda np, x, y: np.kron(x, y), lambda n: [plain(4), plain(n)])
    yield Row(
        "cross",
        lambda np, x, y: np.cross(x, y),
        lambda n: [plain(n)[:, :3], plain(n, seed=1)[:, :3]],
        lambda torch, x, y: torch.linalg.cross(x, y),
    )
    yield Row("einsum ij,jk->ik", lambda np, x, y: np.einsum("ij,jk->ik", x, y), two())
    yield Row("einsum ij,ij->i", lambda np, x, y: np.einsum("ij,ij->i", x, y), two())
    yield Row("norm", lambda np, x: np.linalg.norm(x), one())
    yield Row(
        "norm(axis=1)", lambda np, x: np.linalg.norm(x, axis=1), one(), lambda torch, x: torch.linalg.norm(x, dim=1)
    )
    yield Row("inv", lambda np, x: np.linalg.inv(x), square)
    yield Row("det", lambda np, x: np.linalg.det(x), lambda n: square(min(n, 400)))
    yield Row("slogdet", lambda np, x: np.linalg.slogdet(x)[1], square)
    yield Row("solve", lambda np, x, b: np.linalg.solve(x, b), system)
    yield Row("cholesky", lambda np, x: np.linalg.cholesky(x), definite)
    yield Row("eigvalsh", lambda np, x: np.linalg.eigvalsh(x), definite)
    yield Row(
        "svd, values",
        lambda np, x: np.linalg.svd(x, compute_uv=False),
        square,
        lambda torch, x: torch.linalg.svdvals(x),
    )
    yield Row("pinv", lambda np, x: np.linalg.pinv(x), square)
    yield Row("matrix_power(3)", lambda np, x: np.linalg.matrix_power(x, 3), square)
    yield Row(
        "convolve",
        lambda np, x, y: np.convolve(x, y),
        lambda n: [plain(n).ravel(), plain(16, seed=1).ravel()],
        _convolved_by_torch,
    )
    yield Row("interp", lambda np, y: np.interp(_AT, np_linspace(y), y), vector)
    yield Row("trapezoid", lambda np, y: np.trapezoid(y), vector)
    yield Row(
        "polyval",
        lambda np, c, x: np.polyval(c, x),
        lambda n: [plain(16).ravel()[:5], plain(n).ravel()],
        _polyval_of_torch,
    )


_TAKEN = np.array([0, 2, 1, 1])
_AT = np.linspace(0.1, 0.9, 7)


def np_linspace(y: Any) -> Any:
    """The places of the values y, between 0 and 1."""
    return np.linspace(0, 1, len(y))


def _mask(x: Any) -> Any:
    """Every second row."""
    return np.arange(x.shape[0]) % 2 == 0


def _convolved_by_torch(torch: Any, x: Any, y: Any) -> Any:
    return torch.nn.functional.conv1d(x[None, None], y.flip(0)[None, None], padding=len(y) - 1)[0, 0]


def _polyval_of_torch(torch: Any, c: Any, x: Any) -> Any:
    y = c[0]
    for k in range(1, len(c)):
        y = y * x + c[k]
    return y


# ----------------------------------------------------------------------------- one step of each library


Step = Callable[[], list[Any]]


class _Either:
    """A library's own functions, and NumPy's where it has none by that name: its arrays may know them."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._library, name, None)
        return getattr(np, name) if found is None else found


def steps(row: Row, arrays: Arrays, g: Any) -> dict[str, Callable[[], Step]]:
    """How each library is made ready for one row; a step returns its gradients."""

    def minigrad() -> Step:
        import minigrad as mg

        xs = [mg.tensor(a, requires_grad=True) for a in arrays]
        u = mg.from_numpy(g) if g.ndim else None
        f = row.f
        names = _Either(mg)

        def step() -> list[Any]:
            f(names, *xs).backward(u)
            found = [x.grad for x in xs]
            for x in xs:
                x.grad = None
            return found

        return step

    def torch() -> Step:
        import torch

        xs = [torch.from_numpy(a.copy()).requires_grad_() for a in arrays]
        u = torch.from_numpy(g) if g.ndim else None
        f = row.in_torch or row.f

        def step() -> list[Any]:
            f(torch, *xs).backward(u)
            found = [x.grad for x in xs]
            for x in xs:
                x.grad = None
            return found

        return step

    def autograd() -> Step:
        import autograd.numpy as anp
        from autograd import make_vjp

        f = row.f
        if len(arrays) == 1:
            of_one = make_vjp(lambda x: f(anp, x))

            def step() -> list[Any]:
                back, _ = of_one(arrays[0])
                return [back(g)]
        else:
            of_all = make_vjp(lambda xs: f(anp, *xs))
            together = tuple(arrays)

            def step() -> list[Any]:
                back, _ = of_all(together)
                return list(back(g))

        return step

    def mygrad() -> Step:
        import mygrad

        xs = [mygrad.tensor(a) for a in arrays]
        u = g if g.ndim else None
        f = row.f
        names = _Either(mygrad)

        def step() -> list[Any]:
            z = f(names, *xs)
            if type(z) is not mygrad.Tensor:
                raise TypeError("no tensor came out")
            z.backward(u)
            return [x.grad for x in xs]

        return step

    return {"minigrad": minigrad, "torch": torch, "autograd": autograd, "mygrad": mygrad}


def measured(row: Row, n: int, names: list[str], rounds: int, seconds: float) -> dict[str, float | str]:
    """The seconds of a step in each library, or why there are none: in turns, the fastest round."""
    import minigrad as mg

    arrays = row.inputs(n)
    with mg.no_grad():
        out = np.asarray(row.f(_Either(mg), *arrays))
    g = np.random.default_rng(2).uniform(0.5, 1.5, out.shape) if out.ndim else np.array(1.0)
    ready: dict[str, Step] = {}
    found: dict[str, float | str] = {}
    expected: list[Any] = []
    for name in names:
        try:
            step = steps(row, arrays, g)[name]()
            got = [np.asarray(getattr(v, "data", v) if name == "minigrad" else v) for v in step()]
        except Exception as error:  # whatever a library lacks, the row goes on without it, and says so
            found[name] = type(error).__name__
            continue
        expected = expected or got
        agree = all(a.shape == b.shape and np.allclose(a, b, rtol=1e-7, atol=1e-9) for a, b in zip(got, expected))
        if not agree:
            found[name] = "other numbers"
            continue
        ready[name] = step
    counts = {name: _count(step, seconds) for name, step in ready.items()}
    best = dict.fromkeys(ready, float("inf"))
    for _ in range(rounds):
        for name, step in ready.items():
            best[name] = min(best[name], _seconds(step, counts[name]) / counts[name])
    return found | best


def _seconds(step: Step, count: int) -> float:
    times = itertools.repeat(None, count)
    start = time.perf_counter()
    for _ in times:
        step()
    return time.perf_counter() - start


def _count(step: Step, seconds: float) -> int:
    once = min(_seconds(step, 1) for _ in range(3))
    return max(1, int(seconds / max(once, 1e-7)))


# ----------------------------------------------------------------------------- the table


def _ratio(figures: dict[str, float | str], rivals: Iterable[str]) -> float | None:
    ours = figures.get("minigrad")
    theirs = [v for name in rivals if isinstance(v := figures.get(name), float)]
    return ours / min(theirs) if theirs and isinstance(ours, float) else None


def markdown(results: list[tuple[str, int, dict[str, float | str]]], names: list[str]) -> str:
    """The table: a row an operation, a column a library and size, and two ratios for each size."""
    sizes = list(dict.fromkeys(n for _, n, _ in results))
    by_row: dict[str, dict[int, dict[str, float | str]]] = {}
    for name, n, figures in results:
        by_row.setdefault(name, {})[n] = figures
    titles = [t for n in sizes for t in (*(f"{name}, {n:,}" for name in names), "/ Python's best", "/ torch")]
    lines = ["| operation | " + " | ".join(titles) + " |", "|---|" + "--:|" * len(titles)]
    for name, by_size in by_row.items():
        cells: list[str] = []
        for n in sizes:
            figures = by_size[n]
            for library in names:
                value = figures.get(library, "—")
                cells.append(quantity(value, "s") if isinstance(value, float) else f"— ({value})")
            for rivals in (EAGER, ("torch",)):
                ratio = _ratio(figures, rivals)
                cells.append("—" if ratio is None else f"{ratio:.2f}×")
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    lines.append("")
    for n in sizes:
        for label, rivals in (("the best of autograd and MyGrad", EAGER), ("torch", ("torch",))):
            ratios = {name: r for name, by in by_row.items() if (r := _ratio(by[n], rivals)) is not None}
            if ratios:
                behind = sorted((name for name, r in ratios.items() if r > 1), key=lambda name: -ratios[name])
                lines.append(
                    f"- Against {label}, {n:,} elements: ahead on {len(ratios) - len(behind)} of {len(ratios)}, "
                    f"median {float(np.median(list(ratios.values()))):.2f}×"
                    + (f"; behind on {', '.join(f'`{b}` ({ratios[b]:.2f}×)' for b in behind)}" if behind else "")
                    + "."
                )
    return "\n".join(lines) + "\n"


def main(words: list[str] | None = None) -> int:
    """Measure, print the table, and keep it if asked to."""
    rows = list(_rows())
    parser = argparse.ArgumentParser("python -m benchmarks operations", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="OPERATION", help="only operations whose name has this in it")
    parser.add_argument("--quick", action="store_true", help="few short rounds: rough figures")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/RESULTS.md as well")
    chosen = parser.parse_args(words)
    if chosen.write and (chosen.quick or chosen.names):
        parser.error("--write keeps full measurements only: leave out --quick and the names")
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # Threads are chosen when a library is loaded, and NumPy is loaded already: begin again.
        command = [sys.executable, "-m", "benchmarks", "operations", *(sys.argv[2:] if words is None else words)]
        return subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=False).returncode
    names = [name for name in LIBRARIES if installed(name)]
    for name in names:
        set_up(name)
    importlib.import_module("minigrad.linalg" if importlib.util.find_spec("minigrad.linalg") else "minigrad")
    rows = [row for row in rows if not chosen.names or any(word in row.name for word in chosen.names)]
    if not rows:
        parser.error(f"no operation has {' or '.join(chosen.names)} in its name")
    rounds, seconds = (3, 0.002) if chosen.quick else (15, 0.01)
    # glibc gives freed memory back to the system, and faults it in again page by page, until a larger piece was freed
    # once: a sum of squares of 40,000 numbers takes 139 µs before, 23 after. All libraries here share the heap.
    np.ones(3_900_000)
    results = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row in rows:
            for n in (SMALL, LARGE):
                results.append((row.name, n, measured(row, n, names, rounds, seconds)))
            print(f"{row.name}", file=sys.stderr, flush=True)
    package = ", ".join(f"{name} {version}" for name, version in versions(["numpy", *names]).items())
    body = (
        f"{date.today().isoformat()}, {package}. Forward and backward of one operation from a given gradient, "
        "float64, one thread, all libraries in one process in turns, after 30 MB were freed once, the fastest of "
        f"{rounds} rounds. Large matrices are 200 x 200, those of linear algebra 100 x 100.\n\n"
        + markdown(results, names)
    )
    print(body)
    if chosen.write:
        write(f"{machine()}: operations", body)
    return 0
