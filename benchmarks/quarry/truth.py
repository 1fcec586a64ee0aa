"""The mathematics of the functions in which something was found, at 200 digits.

One idea: nobody is accused on the word of a difference quotient alone. A finding counts if mpmath,
which shares no code with anybody here, gives the slope that the differences gave.

A function here takes the arguments of the call, arrays of mpf in place of floats, and returns an
array of mpf. Its slopes are differences at 200 digits, with steps of 1e-40: right to 30 digits and more.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import numpy as np
from mpmath import mp, mpf

Exact = Callable[..., Any]

DIGITS, STEP = 200, mpf(10) ** -40


class Slope(NamedTuple):
    """A slope from either side; NaN where the function is not defined."""

    left: Any
    right: Any

    @property
    def kink(self) -> bool:
        return bool(abs(self.left - self.right) > mpf(10) ** -25 * (1 + abs(self.left)))

    def __str__(self) -> str:
        if mpmath.isnan(self.left) or mpmath.isnan(self.right):
            return mpmath.nstr(self.right if mpmath.isnan(self.left) else self.left, 17)
        if self.kink:
            low, high = sorted([self.left, self.right])
            return f"between {mpmath.nstr(low, 17)} and {mpmath.nstr(high, 17)}"
        return mpmath.nstr((self.left + self.right) / 2, 17)


def slope(f: Exact, args: tuple[Any, ...], row: list[Any], column: list[Any], order: int) -> Slope:
    """The slope of the outputs weighed by `row` along `column`, both lists of arrays, one for each result or argument.

    With order=2 the function is the backward pass: the last argument is the incoming gradient, and the
    outputs are the gradients of the float arguments.
    """
    with mp.workdps(DIGITS):
        floats = [n for n, value in enumerate(args) if _is_float(value)]
        exact = [_exact(value) if n in floats else value for n, value in enumerate(args)]
        weights = [_exact(one) for one in row]
        moves = [_exact(one) for one in column]

        def at(t: Any) -> Any:
            moved = list(exact)
            for n, move in zip(floats, moves, strict=True):
                moved[n] = np.asarray(exact[n] + move * t, dtype=object)
            if order == 1:
                return _weighed(f(*moved), weights)
            *xs, g = moved
            tiny = STEP**2 * mpf("1.375")

            def shifted(s: Any) -> Any:
                there = list(xs)
                for n, weight in zip(floats[:-1], weights, strict=True):
                    there[n] = np.asarray(xs[n] + weight * s, dtype=object)
                return _weighed(f(*there), [g])

            return (shifted(tiny) - shifted(-tiny)) / (2 * tiny)

        with mp.workdps(DIGITS * 3):
            here, ahead, behind = at(mpf(0)), at(STEP), at(-STEP)
            return Slope((here - behind) / STEP, (ahead - here) / STEP)


def _is_float(value: Any) -> bool:
    return isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def _exact(value: Any) -> Any:
    array = np.asarray(value)
    out = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        out[index] = mpf(float(array[index]))
    return out


def _weighed(found: Any, weights: list[Any]) -> Any:
    total = mpf(0)
    for one, weight in zip(found if isinstance(found, tuple) else (found,), weights, strict=True):
        values = np.asarray(one, dtype=object)
        for index in np.ndindex(values.shape):
            if weight[index] != 0:
                value = values[index]
                if isinstance(value, mpmath.mpc):
                    return mpmath.nan
                total += weight[index] * value
    return total


def each(f: Callable[..., Any]) -> Exact:
    """A function of numbers, on arrays that broadcast."""
    vectorised = np.frompyfunc(f, f.__code__.co_argcount - len(f.__defaults__ or ()), 1)
    return lambda *args: vectorised(*args)


def known(name: str) -> Exact | None:
    """The mathematics of a call, by its name, by its last part, or by that part without the variant."""
    short = (
        name.rpartition(".")[2]
        if " " not in name
        else name.partition(" ")[0].rpartition(".")[2] + " " + name.partition(" ")[2]
    )
    for key in (name, short, short.partition(" ")[0]):
        if key in TABLE:
            return TABLE[key]
    return None


# ----------------------------------------------------------------------------- numbers


def _sinc(x: Any) -> Any:
    return mpmath.sinc(mp.pi * x)


def _xlogy(x: Any, y: Any) -> Any:
    return mpf(0) if x == 0 else x * mpmath.log(y)


def _power(x: Any, y: Any) -> Any:
    if y == 0:
        return mpf(1)
    return mpf(0) if x == 0 and y > 0 else mpmath.power(x, y)


def _logaddexp(x: Any, y: Any) -> Any:
    return max(x, y) + mpmath.log1p(mpmath.exp(-abs(x - y)))


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def _logit(x: Any) -> Any:
    return mpmath.log(x / (1 - x))


def _cross_entropy(x: Any, y: Any) -> Any:
    """With torch's bound: no logarithm is less than -100."""
    return -y * _bounded_log(x) - (1 - y) * _bounded_log(1 - x)


def _bounded_log(x: Any) -> Any:
    return max(mpmath.log(x), mpf(-100)) if x > 0 else mpf(-100)


def _normal(x: Any) -> Any:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def _erfcx(x: Any) -> Any:
    return mpmath.exp(x * x) * mpmath.erfc(x)


def _density(x: Any, m: Any, s: Any) -> Any:
    return mpmath.exp(-(((x - m) / s) ** 2) / 2) / (s * mpmath.sqrt(2 * mp.pi))


def _incomplete(x: Any) -> Any:
    return mpmath.gammainc(mpf("1.5"), 0, x, regularized=True)


def _elu(alpha: Any) -> Exact:
    return each(lambda x: x if x > 0 else alpha * mpmath.expm1(x))


# ----------------------------------------------------------------------------- many numbers


def reduced(f: Callable[[list[Any]], Any]) -> Exact:
    """A reduction of a list of numbers, of arrays along axes: (x, {axis, keepdims}), (x, axis), or (x)."""

    def along(x: Any, options: Any = None) -> Any:
        options = options if isinstance(options, dict) else {"axis": options, "keepdims": False}
        axis = options["axis"]
        axes = tuple(range(x.ndim)) if axis is None else tuple(a % x.ndim for a in np.atleast_1d(axis).astype(int))
        kept = [a for a in range(x.ndim) if a not in axes]
        moved = np.transpose(x, [*kept, *axes]).reshape([x.shape[a] for a in kept] + [-1])
        out = np.empty(moved.shape[:-1], dtype=object)
        for index in np.ndindex(out.shape):
            out[index] = f(list(moved[index]))
        return np.expand_dims(out, axes) if options["keepdims"] else out

    return along


def scanned(f: Callable[[list[Any]], Any]) -> Exact:
    """A cumulative reduction along an axis."""

    def along(x: Any, axis: int) -> Any:
        moved = np.moveaxis(x, axis, -1)
        out = np.empty(moved.shape, dtype=object)
        for index in np.ndindex(out.shape):
            out[index] = f(list(moved[index[:-1]])[: index[-1] + 1])
        return np.moveaxis(out, -1, axis)

    return along


def _variance(ddof: int) -> Callable[[list[Any]], Any]:
    def variance(xs: list[Any]) -> Any:
        mean = sum(xs, mpf(0)) / len(xs)
        return sum(((x - mean) ** 2 for x in xs), mpf(0)) / (len(xs) - ddof) if len(xs) > ddof else mpmath.nan

    return variance


def _deviation(ddof: int) -> Callable[[list[Any]], Any]:
    return lambda xs: mpmath.sqrt(_variance(ddof)(xs))


def _norm(p: Any) -> Callable[[list[Any]], Any]:
    if p == float("inf"):
        return lambda xs: max(abs(x) for x in xs)
    if p == float("-inf"):
        return lambda xs: min(abs(x) for x in xs)
    if p == 0:
        return lambda xs: mpf(sum(x != 0 for x in xs))
    return lambda xs: sum((abs(x) ** mpf(p) if x else mpf(0) for x in xs), mpf(0)) ** (1 / mpf(p))


def _logsumexp(xs: list[Any]) -> Any:
    top = max(xs)
    return top + mpmath.log(sum((mpmath.exp(x - top) for x in xs), mpf(0)))


def _product(xs: list[Any]) -> Any:
    return mpmath.fprod(xs)


def _whole(f: Callable[[list[Any]], Any]) -> Exact:
    """A function of all elements at once."""
    return lambda x: np.array(f(list(x.ravel())), dtype=object)


def _distance(p: Any) -> Exact:
    return lambda x, y: np.array(_norm(p)(list((x - y).ravel())), dtype=object)


def _det(x: Any) -> Any:
    """By the first row; of a stack of matrices."""
    if x.shape[-1] == 1:
        return x[..., 0, 0]
    columns = range(x.shape[-1])
    return sum((-1) ** j * x[..., 0, j] * _det(x[..., 1:, [k for k in columns if k != j]]) for j in columns)


def _gram(x: Any) -> list[Any]:
    """The singular values of a matrix with two rows, from the eigenvalues of x xT; larger first."""
    a, b, c = (x[0] * x[0]).sum(), (x[1] * x[1]).sum(), (x[0] * x[1]).sum()
    root = mpmath.sqrt((a - b) ** 2 + 4 * c * c)
    large = (a + b + root) / 2
    return [mpmath.sqrt(large), mpf(0) if large == 0 else mpmath.sqrt(max((a * b - c * c) / large, mpf(0)))]


def _svd(x: Any) -> Any:
    return np.array(_gram(x), dtype=object)


def _eigenvalues(x: Any) -> Any:
    """Of x + xT, two by two, smaller first."""
    a, b, c = 2 * x[0, 0], 2 * x[1, 1], x[0, 1] + x[1, 0]
    root = mpmath.sqrt((a - b) ** 2 + 4 * c * c)
    return np.array([(a + b - root) / 2, (a + b + root) / 2], dtype=object)


def _distances(p: Any) -> Exact:
    """Between each row of one matrix and each of another."""
    return lambda x, y: np.array([[_norm(p)(list(a - b)) for b in y] for a in x], dtype=object)


def _normalized(p: Any) -> Exact:
    return lambda x: np.array([row / max(_norm(p)(list(row)), mpf("1e-12")) for row in x], dtype=object)


def _renormed(p: Any) -> Exact:
    """Rows of a norm above 1 scaled down to it, with torch's 1e-7 in the denominator."""

    def renormed(x: Any) -> Any:
        norms = [_norm(p)(list(row)) for row in x]
        return np.array([row / (n + mpf("1e-7")) if n > 1 else row for row, n in zip(x, norms)], dtype=object)

    return renormed


def _corrcoef(x: Any) -> Any:
    centred = [row - row.sum() / len(row) for row in x]
    size = [mpmath.sqrt((row * row).sum()) for row in centred]
    return np.array(
        [[(a * b).sum() / (n * m) for b, m in zip(centred, size)] for a, n in zip(centred, size)], dtype=object
    )


def _huber(whole: Callable[[list[Any]], Any]) -> Exact:
    def loss(x: Any, y: Any) -> Any:
        d = [abs(one) for one in (x - y).ravel()]
        return np.array(whole([one * one / 2 if one < 1 else one - mpf("0.5") for one in d]), dtype=object)

    return loss


def _gathered(f: Callable[[list[Any]], Any], itself: bool) -> Exact:
    """scatter_reduce of three numbers to the places 0, 0 and 1 of three others."""

    def reduced_to(x: Any, y: Any) -> Any:
        own = [[one] if itself else [] for one in x]
        return np.array([f(own[0] + list(y[:2])), f([*own[1], y[2]]), x[2]], dtype=object)

    return reduced_to


def _pooled(p: int, window: tuple[int, int]) -> Exact:
    """torch's lp_pool: the p-th root of the sum of x^p, with the sign of the sum."""

    def pooled(x: Any) -> Any:
        rows = x.reshape((-1, x.shape[-1])) if window[0] == 2 else x.reshape((1, -1))
        out = []
        for column in range(0, rows.shape[1], 2):
            total = sum((v**p for v in rows[:, column : column + 2].ravel()), mpf(0))
            out.append(mpmath.sign(total) * abs(total) ** (1 / mpf(p)) if total else mpf(0))
        return np.array(out, dtype=object).reshape((1, 1, 1, -1) if window[0] == 2 else (1, 1, -1))

    return pooled


def _polar(r: Any, t: Any) -> Any:
    angle = np.frompyfunc(mpmath.cos, 1, 1)(t), np.frompyfunc(mpmath.sin, 1, 1)(t)
    return np.stack([np.asarray(r * angle[0], dtype=object), np.asarray(r * angle[1], dtype=object)], -1)


def _repeat(x: Any, axis: int) -> Any:
    return np.repeat(x, 2, axis=axis)


def _transposed(x: Any, axes: Any) -> Any:
    return np.transpose(x, axes)


def _softmax(x: Any, axis: int) -> Any:
    shifted = np.frompyfunc(mpmath.exp, 1, 1)(x - x.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


TABLE: dict[str, Exact] = {
    "sinc": each(_sinc),
    "sqrt": each(lambda x: mpmath.sqrt(x)),
    "tanh": each(lambda x: mpmath.tanh(x)),
    "logit eps": each(lambda x: _logit(min(max(x, mpf("0.25")), mpf("0.75")))),
    "logit": each(lambda x: _logit(x)),
    **dict.fromkeys(("acosh", "arccosh"), each(lambda x: mpmath.acosh(x))),
    **dict.fromkeys(("acos", "arccos"), each(lambda x: mpmath.acos(x))),
    **dict.fromkeys(("asin", "arcsin"), each(lambda x: mpmath.asin(x))),
    **dict.fromkeys(("atanh", "arctanh"), each(lambda x: mpmath.atanh(x))),
    **dict.fromkeys(("asinh", "arcsinh"), each(lambda x: mpmath.asinh(x))),
    **{f"i{n}": each(lambda x, n=n: mpmath.besseli(n, x)) for n in (0, 1)},
    **{f"i{n}e": each(lambda x, n=n: mpmath.besseli(n, x) * mpmath.exp(-abs(x))) for n in (0, 1)},
    **{f"j{n}": each(lambda x, n=n: mpmath.besselj(n, x)) for n in (0, 1)},
    **{f"y{n}": each(lambda x, n=n: mpmath.bessely(n, x)) for n in (0, 1)},
    "binary_cross_entropy none": each(_cross_entropy),
    "hypot": each(lambda x, y: mpmath.sqrt(x * x + y * y)),
    "xlogy": each(_xlogy),
    "xlog1py": each(lambda x, y: _xlogy(x, 1 + y)),
    "entr": each(lambda x: -_xlogy(x, x)),
    **dict.fromkeys(("pow", "power", "float_power"), each(_power)),
    **dict.fromkeys(("maximum", "fmax"), each(lambda x, y: max(x, y))),
    **dict.fromkeys(("minimum", "fmin"), each(lambda x, y: min(x, y))),
    **dict.fromkeys(("atan2", "arctan2"), each(lambda y, x: mpmath.atan2(y, x))),
    "logaddexp": each(_logaddexp),
    "logaddexp2": each(lambda x, y: mpmath.log(mpf(2) ** x + mpf(2) ** y, 2)),
    **dict.fromkeys(("sigmoid", "expit"), each(_sigmoid)),
    **dict.fromkeys(("silu", "swish"), each(lambda x: x * _sigmoid(x))),
    "mish": each(lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x)))),
    "softplus": each(lambda x: mpmath.log1p(mpmath.exp(x))),
    "logsigmoid": each(lambda x: -mpmath.log1p(mpmath.exp(-x))),
    "ndtr": each(_normal),
    "log_ndtr": each(lambda x: mpmath.log(_normal(x))),
    "erfcx": each(_erfcx),
    "gammainc": each(_incomplete),
    "gammaincc": each(lambda x: 1 - _incomplete(x)),
    "autograd.scipy.stats.norm.pdf": each(_density),
    "autograd.scipy.stats.norm.cdf": each(lambda x, m, s: _normal((x - m) / s)),
    "autograd.scipy.stats.norm.sf": each(lambda x, m, s: _normal((m - x) / s)),
    "rgamma": each(lambda x: mpmath.rgamma(x)),
    "jn": each(lambda n, x: mpmath.besselj(n, x)),
    "prod": reduced(_product),
    "prod of all": reduced(_product),
    "nanprod": reduced(_product),
    **dict.fromkeys(("cumprod", "nancumprod"), scanned(_product)),
    "std": reduced(_deviation(0)),
    "nanstd": reduced(_deviation(0)),
    "std ddof=1": reduced(_deviation(1)),
    "var": reduced(_variance(0)),
    "logsumexp": reduced(_logsumexp),
    **dict.fromkeys(("max", "amax"), reduced(max)),
    **dict.fromkeys(("min", "amin"), reduced(min)),
    "norm": _whole(_norm(2)),
    "norm axis": lambda x: reduced(_norm(2))(x, -1),
    "norm of a matrix ord=fro": _whole(_norm(2)),
    "norm of a matrix ord=nuc": lambda x: np.array(sum(_gram(x), mpf(0)), dtype=object),
    "norm of a matrix ord=2": lambda x: np.array(_gram(x)[0], dtype=object),
    **{f"norm ord={p}": _whole(_norm(p)) for p in (1, 2, 3, 0.5, float("inf"), float("-inf"))},
    "norm of a matrix ord=-2": lambda x: np.array(_gram(x)[1], dtype=object),
    **{f"matrix_norm ord={p}": lambda x, p=p: TABLE[f"norm of a matrix ord={p}"](x) for p in ("fro", "nuc", 2, -2)},
    **{f"norm p={p}": _whole(_norm(p)) for p in (0, 0.5, 1, 2, 3, float("inf"), float("-inf"))},
    **{
        f"vector_norm ord={p}": lambda x, dim, p=p: reduced(_norm(p))(x, dim)
        for p in (0, 0.5, 1, 2, 3, float("inf"), float("-inf"))
    },
    **{f"dist p={p}": _distance(p) for p in (0, 0.5, 1, 2, 3, float("inf"), float("-inf"))},
    **{f"cdist p={p}": _distances(p) for p in (0, 0.5, 1, 2, 3, float("inf"))},
    **{f"normalize p={p}": _normalized(p) for p in (0, 0.5, 1, 2, 3, float("inf"), float("-inf"))},
    **{f"renorm p={p}": _renormed(p) for p in (0, 0.5, 1, 2, 3, float("inf"), float("-inf"))},
    **{f"pow exponent={n}": each(lambda x, n=n: _power(x, mpf(n))) for n in (0.5, 1.5, 2.0, 3.0)},
    "clip bounds": each(lambda x, a, b: min(max(x, a), b)),
    "clamp tensors": each(lambda x, a, b: min(max(x, a), b)),
    "leaky_relu": each(lambda x: x if x > 0 else x / 4),
    "elu": _elu(mpf("0.5")),
    "arccoth": each(lambda x: mpmath.acoth(x)),
    "sech": each(lambda x: mpmath.sech(x)),
    "selu": each(
        lambda x: (
            mpf("1.0507009873554804934193349852946")
            * (x if x > 0 else mpf("1.6732632423543772848170429916717") * mpmath.expm1(x))
        )
    ),
    "csch": each(lambda x: mpmath.csch(x)),
    "corrcoef": _corrcoef,
    "cond p=2": lambda x: np.array(_gram(x)[0] / _gram(x)[1], dtype=object),
    "hardsigmoid": each(lambda x: min(max(x / 6 + mpf("0.5"), mpf(0)), mpf(1))),
    "hard_sigmoid": each(lambda x: min(max(x / 6 + mpf("0.5"), mpf(0)), mpf(1))),
    "celu": each(lambda x: x if x > 0 else mpmath.expm1(x)),
    "tanhshrink": each(lambda x: x - mpmath.tanh(x)),
    "huber_loss sum": _huber(lambda xs: sum(xs, mpf(0))),
    "huber_loss mean": _huber(lambda xs: sum(xs, mpf(0)) / len(xs)),
    "smooth_l1_loss sum": _huber(lambda xs: sum(xs, mpf(0))),
    "smooth_l1_loss mean": _huber(lambda xs: sum(xs, mpf(0)) / len(xs)),
    "logcumsumexp": scanned(_logsumexp),
    "det": _det,
    "svd": _svd,
    "eigvalsh": _eigenvalues,
    **{
        f"{name} {how} include_self={itself}": _gathered(f, itself)
        for name in ("scatter_reduce", "index_reduce")
        for how, f in (("amax", max), ("amin", min), ("prod", _product))
        for itself in (True, False)
    },
    **{
        f"segment_reduce {how}": lambda x, f=f: np.array([f(list(x[:2])), f(list(x[2:]))], dtype=object)
        for how, f in (("max", max), ("min", min), ("prod", _product))
    },
    **{f"lp_pool1d p={p}": _pooled(p, (1, 2)) for p in (1, 2, 3)},
    **{f"lp_pool2d p={p}": _pooled(p, (2, 2)) for p in (1, 2, 3)},
    "polar": _polar,
    "repeat": _repeat,
    "transpose": _transposed,
    "softmax": _softmax,
}
"""By the last part of a name, or that and the variant of a call."""
