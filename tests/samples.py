"""How to call every operation: its arguments, drawn by Hypothesis, and who else can compute it.

One idea: an operation is tested by one entry in `SAMPLES`, and an operation without
an entry fails the suite. The arguments are those of its `forward`; an array of floats
at a place that has a rule is differentiated, everything else is a constant.

All numbers are short dyadic fractions (k/8): adding and halving them is exact, so ties
are ties and a difference quotient loses nothing to the rounding of x + h. With `ties`
an entry also draws equal numbers and zeros; without, it stays 1/8 away from every kink.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad import ops

Draw = Callable[[Any], Any]

REGISTERED = {key: op for key, op in mg.registry.items() if key.startswith("minigrad.ops.")}
"""minigrad's own operations, as they stood when the tests were collected."""


@dataclass(frozen=True)
class Sample:
    """One operation: how to draw forward's arguments, and three other ways to compute it."""

    arguments: Callable[[Draw, bool], tuple[Any, ...]]
    public: Callable[..., Any]
    numpy: Callable[..., Any]
    torch: Callable[..., Any]
    differentiable: bool = True
    linear: bool = False
    pair: bool = False
    """Takes two arrays, which may be one and the same."""

    def strategy(self, ties: bool = True) -> st.SearchStrategy[tuple[Any, ...]]:
        """The arguments of one call."""

        @st.composite
        def call(draw: Draw) -> tuple[Any, ...]:
            return self.arguments(draw, ties)

        return call()


def undeclared(registry: dict[str, type[mg.Op]]) -> tuple[set[str], set[str]]:
    """The operations that have no sample, and the samples that have no operation."""
    keys = {key for key in registry if key.startswith("minigrad.ops.")}
    return keys - SAMPLES.keys(), SAMPLES.keys() - keys


# ----------------------------------------------------------------------------- shapes and numbers

MOST = 12
"""The most elements of a drawn array: every element of every argument is differentiated."""


def shapes(draw: Draw, least: int = 0, most: int = 3, empty: bool = True) -> tuple[int, ...]:
    """A shape, from 0-d to 3-d, often with a length of 1, sometimes of 0."""
    lengths = st.sampled_from([1, 2, 3, 2, 1, 0] if empty else [1, 2, 3])
    ndim = draw(st.integers(least, most))
    shape = draw(st.lists(lengths, min_size=ndim, max_size=ndim))
    while np.prod(shape) > MOST:
        shape[shape.index(max(shape))] = 1
    return tuple(shape)


def numbers(draw: Draw, shape: tuple[int, ...], eighths: st.SearchStrategy[int], unique: bool = False) -> Any:
    """An array of eighths."""
    size = int(np.prod(shape))
    drawn = draw(st.lists(eighths, min_size=size, max_size=size, unique=unique))
    return np.asarray(np.array(drawn, np.float64).reshape(shape) / 8)  # a 0-d array too, not a NumPy scalar


def mask(draw: Draw, shape: tuple[int, ...]) -> Any:
    """An array of truth values."""
    return np.asarray(numbers(draw, shape, FEW) > 0)


ANY = st.integers(-24, 24) | st.sampled_from([0, 8, -8, 16])
POSITIVE = st.integers(2, 24)
NOT_ZERO = st.integers(4, 24) | st.integers(-24, -4)
EVEN = st.integers(-12, 12).map(lambda n: 2 * n)
ODD = st.integers(-12, 11).map(lambda n: 2 * n + 1)
FEW = st.sampled_from([0, 8, -8])


def narrowed(draw: Draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts to `shape`: some lengths made 1, some leading axes dropped."""
    kept = [1 if draw(st.integers(0, 3)) == 0 else n for n in shape]
    return tuple(kept[draw(st.sampled_from([0, 0, 1, 2, 3])) :])


def operands(draw: Draw, count: int = 2) -> list[tuple[int, ...]]:
    """Shapes that broadcast together, to at most MOST elements."""
    shape = shapes(draw)
    return [narrowed(draw, shape) if draw(st.booleans()) else shape for _ in range(count)]


def axes(draw: Draw, ndim: int, among: list[int] | None = None) -> Any:
    """None, an axis, or a tuple of axes in any order, counted from either end."""
    among = list(range(ndim)) if among is None else among
    whole = len(among) == ndim
    chosen = draw(st.permutations(among))[: draw(st.integers(0 if whole else 1, len(among)))]
    chosen = [axis - ndim if draw(st.booleans()) else axis for axis in chosen]
    if len(chosen) == 1 and draw(st.booleans()):
        return chosen[0]
    if whole and len(chosen) == ndim and draw(st.booleans()):
        return None
    return tuple(chosen)


# ----------------------------------------------------------------------------- arguments


def one(eighths: st.SearchStrategy[int], at_ties: st.SearchStrategy[int] | None = None) -> Any:
    """The argument of f(x); `at_ties` are the numbers where a convention is met."""

    def arguments(draw: Draw, ties: bool) -> tuple[Any, ...]:
        return (numbers(draw, shapes(draw), at_ties if ties and at_ties is not None else eighths),)

    return arguments


def two(left: st.SearchStrategy[int], right: st.SearchStrategy[int]) -> Any:
    """The arguments of f(x, y): two arrays that broadcast, or an array and a Python number."""

    def arguments(draw: Draw, ties: bool) -> tuple[Any, ...]:
        a, b = operands(draw)
        x, y = numbers(draw, a, left), numbers(draw, b, right)
        number = draw(st.integers(0, 9))
        if number == 0:
            return x, draw(right) / 8
        if number == 1:
            return draw(left) / 8, y
        return x, y

    return arguments


def extremes(draw: Draw, ties: bool) -> tuple[Any, ...]:
    return two(FEW, FEW)(draw, ties) if ties else two(EVEN, ODD)(draw, ties)


def remainders(draw: Draw, ties: bool) -> tuple[Any, ...]:
    """x and y of which x / y is no whole number, nor near one: there x % y jumps."""
    a, b = operands(draw)
    return np.asarray(numbers(draw, a, ANY) + 1 / 16), numbers(draw, b, NOT_ZERO)


def powers(draw: Draw, ties: bool) -> tuple[Any, ...]:
    """A base above 0 and any exponent, or any base and a whole exponent, which is a constant."""
    kind = draw(st.integers(0, 9))
    a, b = operands(draw)
    if kind == 0:
        return numbers(draw, a, NOT_ZERO), draw(st.sampled_from([2, 3, 0, 1, -1, -2, 2.0]))
    if kind == 1:
        return numbers(draw, a, NOT_ZERO), numbers(draw, b, st.sampled_from([0, 8, 16, 24])).astype(np.int64)
    if kind == 2:
        return numbers(draw, a, POSITIVE), draw(st.sampled_from([0.5, 1.5, -0.25]))
    if kind == 3:
        return draw(st.sampled_from([2, 0.5, 3])), numbers(draw, b, ANY)
    return numbers(draw, a, POSITIVE), numbers(draw, b, ANY | FEW)


def choices(draw: Draw, ties: bool) -> tuple[Any, ...]:
    c, a, b = operands(draw, 3)
    condition = mask(draw, c)
    x = numbers(draw, a, ANY) if draw(st.integers(0, 5)) else 0.5
    return condition, x, numbers(draw, b, ANY) if isinstance(x, float) or draw(st.integers(0, 5)) else 2


def reductions(draw: Draw, ties: bool) -> tuple[Any, ...]:
    shape = shapes(draw)
    return numbers(draw, shape, ANY), axes(draw, len(shape)), draw(st.booleans())


def averages(draw: Draw, ties: bool) -> tuple[Any, ...]:
    """The mean of nothing is 0/0, which has a value, NaN, but no slope."""
    x, axis, keepdims = reductions(draw, ties)
    return (x, axis, keepdims) if ties or x.size else (numbers(draw, (3, 1), ANY), None, keepdims)


def extremum_reductions(draw: Draw, ties: bool) -> tuple[Any, ...]:
    """An axis of length 0 has no largest element, so none of those is reduced."""
    shape = shapes(draw)
    among = [axis for axis, length in enumerate(shape) if length]
    if not among and shape:
        shape, among = (2,), [0]
    x = numbers(draw, shape, FEW) if ties else numbers(draw, shape, EVEN, unique=True)
    return x, axes(draw, len(shape), among), draw(st.booleans())


def reshapes(draw: Draw, ties: bool) -> tuple[Any, ...]:
    if draw(st.booleans()):  # where the order of elements shows: two axes become two others
        return numbers(draw, draw(st.sampled_from([(2, 3), (6,), (3, 1, 2)])), ANY), draw(
            st.sampled_from([(3, 2), (3, -1)])
        )
    shape = shapes(draw)
    size = int(np.prod(shape))
    into: list[Any] = [size, (size,), (1, size), (size, 1), shape[::-1], shape, -1]
    into += [(n, size // n) for n in range(1, size + 1) if size % n == 0]
    if size:
        into += [(-1, 1), (1, -1), (-1, size)]
    if size == 1:
        into += [()]
    return numbers(draw, shape, ANY), draw(st.sampled_from(into))


def transposes(draw: Draw, ties: bool) -> tuple[Any, ...]:
    shape = shapes(draw)
    if draw(st.integers(0, 3)) == 0:
        return numbers(draw, shape, ANY), None
    order = draw(st.permutations(range(len(shape))))
    return numbers(draw, shape, ANY), tuple(axis - len(shape) if draw(st.booleans()) else axis for axis in order)


def broadcasts(draw: Draw, ties: bool) -> tuple[Any, ...]:
    shape = shapes(draw)
    return numbers(draw, narrowed(draw, shape), ANY), shape


def squeezes(draw: Draw, ties: bool) -> tuple[Any, ...]:
    shape = shapes(draw)
    ones = [axis for axis, length in enumerate(shape) if length == 1]
    return numbers(draw, shape, ANY), axes(draw, len(shape), ones) if ones else None


def expansions(draw: Draw, ties: bool) -> tuple[Any, ...]:
    shape = shapes(draw, most=2)
    count = draw(st.integers(0, 2))
    ndim = len(shape) + count
    axis = tuple(draw(st.permutations(range(ndim)))[:count])
    axis = tuple(a - ndim if draw(st.booleans()) else a for a in axis)
    return numbers(draw, shape, ANY), axis[0] if count == 1 and draw(st.booleans()) else axis


def joins(draw: Draw, ties: bool) -> tuple[Any, ...]:
    shape = shapes(draw, least=1, most=2)
    axis = draw(st.integers(0, len(shape) - 1))
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        length = draw(st.integers(0, 2))
        parts.append(numbers(draw, (*shape[:axis], length, *shape[axis + 1 :]), ANY))
    ends = tuple(int(end) for end in np.cumsum([part.shape[axis] for part in parts]))
    return axis - len(shape) if draw(st.booleans()) else axis, ends, *parts


def conversions(draw: Draw, ties: bool) -> tuple[Any, ...]:
    return numbers(draw, shapes(draw), ANY), draw(st.sampled_from(["float32", np.float64, np.float32]))


def indices(draw: Draw, shape: tuple[int, ...]) -> Any:
    """An index that `shape` has: slices, integers, None and ..., arrays, masks, or a mixture of them."""
    kind = draw(st.integers(0, 5))
    if kind == 1 and shape and 0 not in shape:
        return draw(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(min_dims=0, max_dims=2, max_side=3)))
    if kind == 2:
        return mask(draw, shape[: draw(st.integers(0, len(shape)))])
    if kind == 3 and shape and shape[0]:
        return draw(st.lists(st.integers(-shape[0], shape[0] - 1), max_size=4))  # repeated and negative
    if kind == 4 and len(shape) > 1 and shape[-1]:
        last = np.array(draw(st.lists(st.integers(-shape[-1], shape[-1] - 1), min_size=1, max_size=3)))
        first = draw(st.sampled_from([slice(None), slice(None, None, -1), None, Ellipsis]))
        return (first, ..., last) if first is not Ellipsis else (..., last)
    if kind == 5 and len(shape) > 1 and shape[0] and shape[1]:
        rows = np.array(draw(st.lists(st.integers(-shape[0], shape[0] - 1), min_size=2, max_size=2)))
        return draw(st.sampled_from([(rows, rows % shape[1]), (rows[:, None], rows % shape[1]), (rows, None, 0)]))
    return draw(hnp.basic_indices(shape, allow_newaxis=True))


def takings(draw: Draw, ties: bool) -> tuple[Any, ...]:
    shape = shapes(draw)
    return numbers(draw, shape, ANY), indices(draw, shape)


def puttings(draw: Draw, ties: bool) -> tuple[Any, ...]:
    shape = shapes(draw)
    index = indices(draw, shape)
    index = np.array(index, np.intp) if isinstance(index, list) else index
    return numbers(draw, np.zeros(shape)[index].shape, ANY), index, shape


def products(draw: Draw, ties: bool) -> tuple[Any, ...]:
    """Vectors, matrices and stacks of matrices, whose stacking axes broadcast."""
    n, k, m = (draw(st.sampled_from([1, 2, 3, 0])) for _ in range(3))
    k = k if n * m else max(k, 1)
    stack = draw(st.sampled_from([(), (), (2,), (1,)]))
    left, right = draw(st.sampled_from([((n, k), (k, m)), ((k,), (k, m)), ((n, k), (k,)), ((k,), (k,))]))
    if len(left) == 2 and draw(st.booleans()):
        left = (*stack, *left)
    if len(right) == 2 and draw(st.booleans()):
        right = (*stack, *right) if draw(st.booleans()) else (1, *stack, *right)
    return numbers(draw, left, ANY), numbers(draw, right, ANY)


def truths(count: int) -> Any:
    """Truth values, or integers."""

    def arguments(draw: Draw, ties: bool) -> tuple[Any, ...]:
        given = [numbers(draw, shape, FEW) for shape in operands(draw, count)]
        kind = draw(st.sampled_from([bool, np.int64]))
        return tuple(x.astype(kind) for x in given)

    return arguments


# ----------------------------------------------------------------------------- torch's versions


def _axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)


def reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    """torch's reduction with NumPy's meaning of axis: torch takes () for "all", NumPy for "none"."""

    def reduce(x: Any, axis: Any, keepdims: bool) -> Any:
        dim = _axes_of(x, axis)
        return function(x, dim=dim, keepdim=keepdims) if dim else x.clone()

    return reduce


def _by_number(x_shape: tuple[int, ...], index: Any) -> Any:
    """Which elements an index takes, as their numbers in C order: torch knows no negative step."""
    index = index.numpy() if isinstance(index, torch.Tensor) else index
    return torch.as_tensor(np.arange(int(np.prod(x_shape))).reshape(x_shape)[index].copy())


def torch_squeeze(x: Any, axis: Any) -> Any:
    return x.squeeze() if axis is None else x.squeeze(axis)


def torch_expand_dims(x: Any, axis: Any) -> Any:
    return x.reshape(np.expand_dims(np.empty(tuple(x.shape)), axis).shape)


def torch_scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    taken = _by_number(shape, index).reshape(-1)
    return torch.zeros(int(np.prod(shape)), dtype=x.dtype).index_add(0, taken, x.reshape(-1)).reshape(shape)


def numpy_scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, x.dtype)
    np.add.at(out, index, x)
    return out


def keyworded(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's reduction, whose third argument is not keepdims."""
    return lambda x, axis, keepdims: function(x, axis=axis, keepdims=keepdims)


def numpy_mean(x: Any, axis: Any, keepdims: bool) -> Any:
    with np.errstate(all="ignore"):
        return np.add.reduce(x, axis=axis, keepdims=keepdims) / x.dtype.type(
            np.prod([x.shape[a] for a in _axes_of(x, axis)], dtype=float)
        )


def both(function: Callable[..., Any]) -> Callable[..., Any]:
    """A torch function of two tensors, given numbers too: they take the tensor's dtype."""

    def call(x: Any, y: Any) -> Any:
        if not isinstance(x, torch.Tensor):
            x = torch.tensor(x, dtype=y.dtype)
        if not isinstance(y, torch.Tensor):
            y = torch.tensor(y, dtype=x.dtype)
        return function(x, y)

    return call


_TORCH_DTYPES = {np.dtype(np.float32): torch.float32, np.dtype(np.float64): torch.float64}

# ----------------------------------------------------------------------------- the table


def _name(op: type[mg.Op]) -> str:
    return f"{op.__module__}.{op.__qualname__}"


def _comparison(public: Any, numpy: Any, torch_: Any) -> Sample:
    return Sample(two(FEW, FEW), public, numpy, both(torch_), differentiable=False)


_BY_OP: dict[type[mg.Op], Sample] = {
    ops.Add: Sample(two(ANY, ANY), mg.add, np.add, both(torch.add), pair=True),
    ops.Sub: Sample(two(ANY, ANY), mg.subtract, np.subtract, both(torch.sub), pair=True),
    ops.Mul: Sample(two(ANY, ANY), mg.multiply, np.multiply, both(torch.mul), pair=True),
    ops.Div: Sample(two(ANY, NOT_ZERO), mg.divide, np.true_divide, both(torch.div), pair=True),
    ops.Mod: Sample(remainders, mg.remainder, np.remainder, lambda x, y: x - y * torch.floor(x / y)),
    ops.FloorDiv: Sample(remainders, mg.floor_divide, np.floor_divide, torch.floor_divide, differentiable=False),
    ops.Neg: Sample(one(ANY), mg.negative, np.negative, torch.neg, linear=True),
    ops.Positive: Sample(one(ANY), operator.pos, np.positive, torch.positive, linear=True),
    ops.Abs: Sample(one(NOT_ZERO, FEW), mg.absolute, np.absolute, torch.abs),
    ops.Square: Sample(one(ANY), mg.square, np.square, torch.square),
    ops.Reciprocal: Sample(one(NOT_ZERO), mg.reciprocal, np.reciprocal, torch.reciprocal),
    ops.Pow: Sample(powers, mg.power, np.power, both(torch.pow), pair=True),
    ops.Equal: _comparison(mg.equal, np.equal, torch.eq),
    ops.NotEqual: _comparison(mg.not_equal, np.not_equal, torch.ne),
    ops.Less: _comparison(mg.less, np.less, torch.lt),
    ops.LessEqual: _comparison(mg.less_equal, np.less_equal, torch.le),
    ops.Greater: _comparison(mg.greater, np.greater, torch.gt),
    ops.GreaterEqual: _comparison(mg.greater_equal, np.greater_equal, torch.ge),
    ops.And: Sample(truths(2), operator.and_, np.bitwise_and, torch.bitwise_and, differentiable=False),
    ops.Or: Sample(truths(2), operator.or_, np.bitwise_or, torch.bitwise_or, differentiable=False),
    ops.Not: Sample(truths(1), operator.invert, np.invert, torch.bitwise_not, differentiable=False),
    ops.Exp: Sample(one(ANY), mg.exp, np.exp, torch.exp),
    ops.Log: Sample(one(POSITIVE), mg.log, np.log, torch.log),
    ops.Sqrt: Sample(one(POSITIVE), mg.sqrt, np.sqrt, torch.sqrt),
    ops.Sin: Sample(one(ANY), mg.sin, np.sin, torch.sin),
    ops.Cos: Sample(one(ANY), mg.cos, np.cos, torch.cos),
    ops.Tanh: Sample(one(ANY), mg.tanh, np.tanh, torch.tanh),
    ops.Sigmoid: Sample(one(ANY), mg.sigmoid, lambda x: 1 / (1 + np.exp(-x)), torch.sigmoid),
    ops.Relu: Sample(one(NOT_ZERO, FEW), mg.relu, lambda x: x * (x > 0), torch.relu),
    ops.Sign: Sample(one(FEW), mg.sign, np.sign, torch.sign, differentiable=False),
    ops.Maximum: Sample(extremes, mg.maximum, np.maximum, both(torch.maximum), pair=True),
    ops.Minimum: Sample(extremes, mg.minimum, np.minimum, both(torch.minimum), pair=True),
    ops.Where: Sample(choices, mg.where, np.where, lambda c, x, y: both(lambda a, b: torch.where(c, a, b))(x, y)),
    ops.Sum: Sample(reductions, mg.sum, keyworded(np.sum), reduced(torch.sum), linear=True),
    ops.Mean: Sample(averages, mg.mean, numpy_mean, reduced(torch.mean), linear=True),
    ops.Max: Sample(extremum_reductions, mg.max, keyworded(np.max), reduced(torch.amax)),
    ops.Min: Sample(extremum_reductions, mg.min, keyworded(np.min), reduced(torch.amin)),
    ops.MatMul: Sample(products, mg.matmul, np.matmul, torch.matmul, pair=True),
    ops.Reshape: Sample(reshapes, mg.reshape, np.reshape, lambda x, shape: x.reshape(shape), linear=True),
    ops.Transpose: Sample(
        transposes,
        mg.transpose,
        np.transpose,
        lambda x, axes: x.permute(tuple(reversed(range(x.ndim))) if axes is None else axes),
        linear=True,
    ),
    ops.BroadcastTo: Sample(broadcasts, mg.broadcast_to, np.broadcast_to, torch.broadcast_to, linear=True),
    ops.Squeeze: Sample(squeezes, mg.squeeze, np.squeeze, torch_squeeze, linear=True),
    ops.ExpandDims: Sample(expansions, mg.expand_dims, np.expand_dims, torch_expand_dims, linear=True),
    ops.Concatenate: Sample(
        joins,
        lambda axis, ends, *xs: mg.concatenate(xs, axis),
        lambda axis, ends, *xs: np.concatenate(xs, axis),
        lambda axis, ends, *xs: torch.cat(xs, axis),
        linear=True,
    ),
    ops.AsType: Sample(
        conversions,
        mg.astype,
        lambda x, dtype: x.astype(dtype),
        lambda x, dtype: x.to(_TORCH_DTYPES[np.dtype(dtype)]),
        linear=True,
    ),
    ops.GetItem: Sample(
        takings,
        ops.getitem,
        operator.getitem,
        lambda x, index: x.reshape(-1)[_by_number(tuple(x.shape), index)],
        linear=True,
    ),
    ops.Scatter: Sample(puttings, mg.scatter, numpy_scatter, torch_scatter, linear=True),
}

SAMPLES: dict[str, Sample] = {_name(op): sample for op, sample in _BY_OP.items()}
"""Every operation's sample, by its key in the registry."""

DIFFERENTIABLE = [key for key, sample in SAMPLES.items() if sample.differentiable]
LINEAR = [key for key, sample in SAMPLES.items() if sample.linear]


def op_of(key: str) -> type[mg.Op]:
    """The operation of a registry key."""
    return REGISTERED[key]


def short(key: str) -> str:
    """The name of an operation, for the name of a test."""
    return key.rpartition(".")[2]


# ----------------------------------------------------------------------------- one call


@dataclass(frozen=True)
class Call:
    """One call of an operation: its arguments, and at which places stand arrays to differentiate."""

    op: type[mg.Op]
    args: tuple[Any, ...]
    wrt: tuple[int, ...]

    @classmethod
    def of(cls, op: type[mg.Op], args: tuple[Any, ...], dtype: Any = np.float64) -> "Call":
        """The call with its float arrays in `dtype`."""
        given = tuple(a.astype(dtype) if is_float_array(a) else a for a in args)
        first = len(op.parameters) - 1 if op.variadic else len(args)
        wrt = [n for n, a in enumerate(given) if is_float_array(a) and op.rules[min(n, first)] is not None]
        return cls(op, given, tuple(wrt))

    @property
    def arrays(self) -> list[Any]:
        """The arrays to differentiate."""
        return [self.args[n] for n in self.wrt]

    def with_arrays(self, arrays: Any) -> tuple[Any, ...]:
        """The arguments with others in the place of those arrays."""
        args = list(self.args)
        for n, array in zip(self.wrt, arrays, strict=True):
            args[n] = array
        return tuple(args)

    def leaves(self, arrays: Any = None) -> list[mg.Tensor]:
        """The arrays as parameters, on the same memory."""
        return [mg.from_numpy(a, requires_grad=True) for a in (self.arrays if arrays is None else arrays)]

    def run(self, xs: Any) -> mg.Tensor:
        """The result for these parameters."""
        result: mg.Tensor = mg.apply(self.op, *self.with_arrays(xs))
        return result

    def vjp(self, u: Any, arrays: Any = None) -> list[Any]:
        """The gradients of <u, f> as arrays."""
        xs = self.leaves(arrays)
        return [g.data for g in mg.gradients(self.run(xs), xs, output_gradients=u)]


def is_float_array(value: Any) -> bool:
    """Whether it is an array that can be differentiated."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def upstream(draw: Draw, shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """An incoming gradient: of both signs, uneven, sometimes 0."""
    return np.array(numbers(draw, shape, st.integers(-16, 16) | st.just(0)), dtype)
