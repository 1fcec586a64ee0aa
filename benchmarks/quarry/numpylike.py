"""The functions that JAX, autograd and MyGrad call as NumPy does, with the arguments of each.

One idea: three libraries, one table; a library is asked for those entries that it has.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from minigrad.testing import strategies as gst

from .calls import AWAY, REAL, SMALL, Call, Draw, arrays, axis, elementwise, regular, shaped, square

Entry = tuple[Callable[[Any], Callable[..., Any]], Draw]
"""(module -> function, arguments)."""


def _reduction(name: str) -> Callable[[Any], Callable[..., Any]]:
    return lambda np: lambda x, options: getattr(np, name)(x, **options)


def _along(name: str) -> Callable[[Any], Callable[..., Any]]:
    return lambda np: lambda x, axis: getattr(np, name)(x, axis=axis)


def _linalg(name: str, **options: Any) -> Callable[[Any], Callable[..., Any]]:
    return lambda np: lambda x: getattr(np.linalg, name)(x, **options)


def _options(shape: tuple[int, ...]) -> Any:
    return gst.reductions(shape, allow_empty=False)


def _pads(shape: tuple[int, ...]) -> Any:
    return st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2)) for _ in shape])


ANY, FULL = shaped(_options, least=0), shaped(_options, least=0, empty=False)

TABLE: dict[str, Entry] = {
    **{name: (_reduction(name), ANY) for name in ("sum", "prod", "nansum", "nanprod")},
    **{
        name: (_reduction(name), FULL)
        for name in ("mean", "max", "min", "amax", "amin", "std", "var", "median", "nanmean", "nanmax", "nanmin", "ptp")
    },
    "std ddof=1": (lambda np: lambda x: np.std(x, ddof=1), arrays((3,))),
    "var ddof=1": (lambda np: lambda x: np.var(x, axis=-1, ddof=1), arrays((2, 3))),
    "nanvar": (lambda np: lambda x: np.nanvar(x), arrays((3,))),
    "nanstd": (lambda np: lambda x: np.nanstd(x), arrays((3,))),
    **{name: (_along(name), shaped(axis)) for name in ("cumsum", "cumprod", "nancumsum", "nancumprod", "flip", "sort")},
    "diff": (lambda np: lambda x, axis: np.diff(x, axis=axis), shaped(axis)),
    "partition": (lambda np: lambda x: np.partition(x, 1), arrays((3,))),
    "transpose": (lambda np: lambda x, axes: np.transpose(x, axes), shaped(lambda s: gst.transposes(len(s)))),
    "getitem": (lambda np: lambda x, i: x[i], shaped(gst.indices)),
    "take": (lambda np: lambda x: np.take(x, [1, 0, 1], axis=-1), arrays((2, 3))),
    "roll": (lambda np: lambda x, axis: np.roll(x, 1, axis=axis), shaped(axis)),
    "repeat": (lambda np: lambda x, axis: np.repeat(x, 2, axis=axis), shaped(axis)),
    "tile": (lambda np: lambda x: np.tile(x, (2, 1, 2)), shaped()),
    "pad": (lambda np: lambda x, widths: np.pad(x, widths, mode="constant"), shaped(_pads)),
    **{
        f"pad {mode}": (
            lambda np, mode=mode: lambda x, widths: np.pad(x, widths, mode=mode),
            arrays((3,), others=_pads((3,))),
        )
        for mode in ("edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean", "maximum", "minimum", "median")
    },
    "reshape": (lambda np: lambda x: np.reshape(x, (-1, 2)), arrays((2, 3))),
    "reshape order=F": (lambda np: lambda x: np.reshape(x, (3, 2), order="F"), arrays((2, 3))),
    "ravel": (lambda np: lambda x: np.ravel(x), shaped(least=0)),
    "ravel order=F": (lambda np: lambda x: np.ravel(x, order="F"), arrays((2, 3))),
    "squeeze": (lambda np: lambda x: np.squeeze(x, axis=1), arrays((2, 1, 2))),
    "expand_dims": (lambda np: lambda x, axis: np.expand_dims(x, axis), shaped(axis)),
    "broadcast_to": (lambda np: lambda x: np.broadcast_to(x, (2, 3, 2)), arrays((3, 1))),
    "moveaxis": (lambda np: lambda x: np.moveaxis(x, 0, -1), arrays((2, 1, 3))),
    "swapaxes": (lambda np: lambda x: np.swapaxes(x, 0, -1), arrays((2, 1, 3))),
    "rollaxis": (lambda np: lambda x: np.rollaxis(x, 2, 0), arrays((2, 1, 3))),
    "rot90": (lambda np: lambda x: np.rot90(x), arrays((2, 3))),
    "concatenate": (lambda np: lambda x, y: np.concatenate([x, y], axis=-1), arrays((2, 1), (2, 3))),
    "stack": (lambda np: lambda x, y: np.stack([x, y], axis=-1), arrays((2, 3), (2, 3))),
    "hstack": (lambda np: lambda x, y: np.hstack([x, y]), arrays((1,), (3,))),
    "vstack": (lambda np: lambda x, y: np.vstack([x, y]), arrays((3,), (3,))),
    "dstack": (lambda np: lambda x, y: np.dstack([x, y]), arrays((3,), (3,))),
    "column_stack": (lambda np: lambda x, y: np.column_stack([x, y]), arrays((3,), (3,))),
    "split": (lambda np: lambda x: np.split(x, [1, 2])[1], arrays((3, 2))),
    "array_split": (lambda np: lambda x: np.array_split(x, 2)[0], arrays((3, 2))),
    "append": (lambda np: lambda x, y: np.append(x, y), arrays((1,), (2, 2))),
    "where": (lambda np: lambda x, y: np.where(np.array([True, False, True]), x, y), arrays((3,), (2, 3))),
    "select": (lambda np: lambda x, y: np.select([np.array([True, False])], [x], y), arrays((2,), (2,))),
    "clip": (lambda np: lambda x: np.clip(x, -1.0, 1.0), elementwise(SMALL)),
    "clip bounds": (lambda np: lambda x, a, b: np.clip(x, a, b), elementwise(SMALL, SMALL, SMALL)),
    "nan_to_num": (lambda np: lambda x: np.nan_to_num(x), elementwise(REAL)),
    "diag": (lambda np: lambda x: np.diag(x, 1), arrays((2, 3))),
    "diag of a vector": (lambda np: lambda x: np.diag(x, -1), arrays((3,))),
    "diagonal": (lambda np: lambda x: np.diagonal(x, offset=1), arrays((2, 3))),
    "trace": (lambda np: lambda x: np.trace(x), arrays((2, 2))),
    "trace offset": (lambda np: lambda x: np.trace(x, offset=1), arrays((2, 3))),
    "tril": (lambda np: lambda x: np.tril(x, -1), arrays((2, 3))),
    "triu": (lambda np: lambda x: np.triu(x, 1), arrays((2, 3))),
    "vander": (lambda np: lambda x: np.vander(x, 4), arrays((2,), domain=SMALL)),
    "polyval": (lambda np: lambda p, x: np.polyval(p, x), arrays((3,), (2,), domain=SMALL)),
    "interp": (
        lambda np: lambda x, xp, fp: np.interp(x, np.cumsum(xp), fp),
        arrays((2,), (3,), (3,), domain=AWAY),
    ),
    "trapezoid": (lambda np: lambda y, x: np.trapezoid(y, x), arrays((3,), (3,))),
    "gradient": (lambda np: lambda x: np.gradient(x), arrays((4,))),
    "gradient of a matrix": (lambda np: lambda x: np.gradient(x, axis=1), arrays((2, 3))),
    "cross": (lambda np: lambda x, y: np.cross(x, y), arrays((2, 3), (3,))),
    "convolve": (lambda np: lambda x, y: np.convolve(x, y), arrays((3,), (2,))),
    "convolve same": (lambda np: lambda x, y: np.convolve(x, y, "same"), arrays((3,), (2,))),
    "correlate": (lambda np: lambda x, y: np.correlate(x, y, "full"), arrays((3,), (2,))),
    "cov": (lambda np: lambda x: np.cov(x), arrays((2, 3))),
    "corrcoef": (lambda np: lambda x: np.corrcoef(x), arrays((2, 3))),
    "outer": (lambda np: lambda x, y: np.outer(x, y), arrays((2,), (3,))),
    "inner": (lambda np: lambda x, y: np.inner(x, y), arrays((2, 3), (3,))),
    "vdot": (lambda np: lambda x, y: np.vdot(x, y), arrays((2,), (2,))),
    "kron": (lambda np: lambda x, y: np.kron(x, y), arrays((2, 1), (1, 2))),
    "tensordot": (lambda np: lambda x, y: np.tensordot(x, y, axes=[(1, 0), (0, 1)]), arrays((2, 3), (3, 2))),
    "einsum": (lambda np: lambda x, y: np.einsum("ij,jk->ik", x, y), arrays((2, 3), (3, 2))),
    "einsum trace": (lambda np: lambda x: np.einsum("ii", x), arrays((2, 2))),
    "einsum diagonal": (lambda np: lambda x: np.einsum("iij->ij", x), arrays((2, 2, 3))),
    "einsum broadcast": (lambda np: lambda x, y: np.einsum("...i,...i->...", x, y), arrays((1, 3), (2, 3))),
    "einsum ones": (lambda np: lambda x, y: np.einsum("ij,ij->ij", x, y), arrays((1, 3), (2, 3))),
    **{
        f"{name} {len(a)}d {len(b)}d": (lambda np, name=name: lambda x, y: getattr(np, name)(x, y), arrays(a, b))
        for name, pairs in {
            "dot": (((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 2)), ((2, 2, 3), (3, 2))),
            "matmul": (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 1, 3), (3, 2)), ((1, 2, 3), (2, 3, 1))),
        }.items()
        for a, b in pairs
    },
    "linalg.norm": (_linalg("norm"), shaped(least=1, most=2, empty=False)),
    **{
        f"linalg.norm ord={order}": (lambda np, order=order: lambda x: np.linalg.norm(x, order), arrays((3,)))
        for order in (1, 2, 3, 0.5, float("inf"), float("-inf"))
    },
    **{
        f"linalg.norm of a matrix ord={order}": (
            lambda np, order=order: lambda x: np.linalg.norm(x, order),
            arrays((2, 3), domain=SMALL),
        )
        for order in ("fro", "nuc", 1, 2, float("inf"))
    },
    "linalg.norm axis": (lambda np: lambda x: np.linalg.norm(x, axis=-1), arrays((2, 3))),
    "linalg.det": (_linalg("det"), square()),
    "linalg.det 3": (_linalg("det"), arrays((3, 3), domain=SMALL)),
    "linalg.slogdet": (lambda np: lambda x: np.linalg.slogdet(x)[1], square()),
    "linalg.inv": (_linalg("inv"), regular((2, 2))),
    "linalg.pinv": (_linalg("pinv"), regular((2, 3))),
    "linalg.solve": (lambda np: lambda a, b: np.linalg.solve(a, b), regular((2, 2), (2, 1))),
    "linalg.cholesky": (
        lambda np: lambda x: np.linalg.cholesky(np.matmul(x, np.swapaxes(x, -1, -2)) + np.eye(2)),
        arrays((2, 2), domain=SMALL),
    ),
    "linalg.eigvalsh": (
        lambda np: lambda x: np.linalg.eigh(x + np.swapaxes(x, -1, -2))[0],
        regular((2, 2), distinct=True, symmetric=True),
    ),
    "linalg.svd": (lambda np: lambda x: np.linalg.svd(x, full_matrices=False)[1], regular((2, 3), distinct=True)),
    "linalg.qr": (lambda np: lambda x: np.linalg.qr(x)[1], regular((3, 2))),
    "linalg.matrix_power": (lambda np: lambda x: np.linalg.matrix_power(x, 3), arrays((2, 2), domain=SMALL)),
}


def has(module: Any, name: str) -> bool:
    """Whether the module has the function of an entry."""
    for part in name.partition(" ")[0].split("."):
        if part == "getitem":
            return True
        module = getattr(module, part, None)
        if module is None:
            return False
    return True


def calls(prefix: str, module: Any, second: bool = True) -> list[Call]:
    """Return the entries that this module has."""
    return [
        Call(f"{prefix}.{name}", make(module), draw, second)
        for name, (make, draw) in TABLE.items()
        if has(module, name)
    ]
