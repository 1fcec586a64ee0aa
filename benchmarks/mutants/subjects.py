"""What can be wrong: each operation, programs of several, and the ways the engine is used.

One idea: a subject is shown to each harness in that harness's own manner. The others get fixed
shapes with normal random numbers, or what a first use of Hypothesis would draw; ours gets the
one-line property test of the operation, or of cases drawn by our strategies.
"""

import functools
import itertools
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad import ops
from minigrad.ops.spacing import linspace

from . import uses
from .problems import Array, Function, Problem

Rng = np.random.Generator
Sample = Callable[[Rng], Problem]


@dataclass(frozen=True)
class Subject:
    """One thing whose gradients are checked."""

    name: str
    fixed: tuple[Sample, ...]
    naive: st.SearchStrategy[Problem] | None
    """None if there is too much to be checked element by element."""
    ours: Callable[[], Any]
    """What to give to `property_test`."""
    second_order: bool | None = None
    """Whether the property test should go to the second order; as the spec says if None."""

    def problems(self, rng: Rng) -> Iterator[Problem]:
        """Problems of fixed shapes, in turns, without end."""
        return (sample(rng) for sample in itertools.cycle(self.fixed))


# ----------------------------------------------------------------------------- random numbers of fixed shapes


def normal(rng: Rng, shape: tuple[int, ...]) -> Array:
    """Normal random numbers."""
    return np.asarray(rng.standard_normal(shape))


def positive(rng: Rng, shape: tuple[int, ...]) -> Array:
    """Their sizes, at least 0.1."""
    return np.asarray(abs(rng.standard_normal(shape)) + 0.1)


def nonzero(rng: Rng, shape: tuple[int, ...]) -> Array:
    """Of both signs, at least 0.1 from 0."""
    x = rng.standard_normal(shape)
    return np.asarray(x + 0.1 * np.sign(x))


def at(f: Function, *shapes: tuple[int, ...], draw: Any = normal) -> Sample:
    """A function at random arrays of these shapes; `draw` is one for all of them, or one for each."""
    draws = draw if isinstance(draw, tuple) else (draw,) * len(shapes)
    return lambda rng: Problem(f, tuple(d(rng, shape) for d, shape in zip(draws, shapes, strict=True)))


# ----------------------------------------------------------------------------- what a first use of Hypothesis draws

NUMBERS = {normal: st.floats(-10, 10), positive: st.floats(0.1, 10), nonzero: st.floats(0.1, 10) | st.floats(-10, -0.1)}
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, max_side=3)


def of(shape: Any, draw: Any = normal) -> st.SearchStrategy[Array]:
    """Arrays of floats between -10 and 10."""
    return hnp.arrays(np.float64, shape, elements=NUMBERS[draw]).map(np.asarray)


def one(f: Function, draw: Any = normal) -> st.SearchStrategy[Problem]:
    """A function of one array."""
    return of(SHAPES, draw).map(lambda x: Problem(f, (x,)))


def two(f: Function, draws: tuple[Any, Any] = (normal, normal)) -> st.SearchStrategy[Problem]:
    """A function of two arrays that broadcast."""

    @st.composite
    def problems(draw: Any) -> Problem:
        shapes = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)).input_shapes
        return Problem(f, tuple(draw(of(shape, each)) for shape, each in zip(shapes, draws, strict=True)))

    return problems()


def _axis(ndim: int) -> Any:
    return st.none() | (hnp.valid_tuple_axes(ndim, min_size=1) | st.integers(-ndim, ndim - 1) if ndim else st.just(()))


@st.composite
def reductions(draw: Any, f: Function) -> Problem:
    """A reduction over any axes."""
    x = draw(of(SHAPES))
    axis, keepdims = draw(_axis(x.ndim)), draw(st.booleans())
    return Problem(lambda t: f(t, axis, keepdims), (x,))


@st.composite
def products(draw: Any) -> Problem:
    """Vectors, matrices and stacks that can be multiplied."""
    found = draw(hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=1, max_side=3))
    return Problem(mg.matmul, tuple(draw(of(shape)) for shape in found.input_shapes))


@st.composite
def reshapes(draw: Any) -> Problem:
    """Any shape into its reverse, or flat."""
    x = draw(of(SHAPES))
    shape = draw(st.sampled_from([x.shape[::-1], (x.size,), (-1, 1)]))
    return Problem(lambda t: mg.reshape(t, shape), (x,))


@st.composite
def transposes(draw: Any) -> Problem:
    """Any permutation."""
    x = draw(of(SHAPES))
    axes = tuple(draw(st.permutations(range(x.ndim))))
    return Problem(lambda t: mg.transpose(t, axes), (x,))


@st.composite
def broadcasts(draw: Any) -> Problem:
    """Any shape to one that it broadcasts to."""
    x = draw(of(SHAPES))
    shape = draw(hnp.broadcastable_shapes(x.shape, min_dims=x.ndim, max_dims=max(3, x.ndim), max_side=3))
    shape = np.broadcast_shapes(shape, x.shape)
    return Problem(lambda t: mg.broadcast_to(t, shape), (x,))


@st.composite
def expansions(draw: Any) -> Problem:
    """One new axis."""
    x = draw(of(SHAPES))
    axis = draw(st.integers(-x.ndim - 1, x.ndim))
    return Problem(lambda t: mg.expand_dims(t, axis), (x,))


@st.composite
def joins(draw: Any) -> Problem:
    """Two arrays of any lengths along one axis."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=3))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    other = list(shape)
    other[axis] = draw(st.integers(1, 3))
    return Problem(lambda x, y: mg.concatenate([x, y], axis), (draw(of(shape)), draw(of(tuple(other)))))


@st.composite
def takings(draw: Any) -> Problem:
    """Basic indices, and arrays of integers."""
    x = draw(of(hnp.array_shapes(max_dims=3, max_side=3)))
    index = draw(hnp.basic_indices(x.shape, allow_newaxis=True) | hnp.integer_array_indices(x.shape))
    return Problem(lambda t: ops.getitem(t, index), (x,))


@st.composite
def puttings(draw: Any) -> Problem:
    """Numbers into zeros."""
    shape = draw(hnp.array_shapes(max_dims=2, max_side=3))
    index = draw(hnp.basic_indices(shape) | hnp.integer_array_indices(shape))
    x = draw(of(np.zeros(shape)[index].shape))
    return Problem(lambda t: mg.scatter(t, index, shape), (x,))


@st.composite
def choices(draw: Any) -> Problem:
    """A condition and two arrays that broadcast."""
    c, a, b = draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)).input_shapes
    condition = draw(hnp.arrays(bool, c))
    return Problem(lambda x, y: mg.where(condition, x, y), (draw(of(a)), draw(of(b))))


def _functions(functions: list[tuple[int, Function]]) -> tuple[list[Sample], st.SearchStrategy[Problem]]:
    """Fixed and naive problems from functions of so many arrays of one shape."""
    fixed = [at(f, *[(2, 3)] * count) for count, f in functions]
    same = st.sampled_from(functions).flatmap(
        lambda pair: hnp.array_shapes(min_dims=1, max_dims=2, max_side=3).flatmap(
            lambda shape: st.tuples(*[hnp.arrays(np.float64, shape, elements=st.floats(-2, 2))] * pair[0]).map(
                lambda arrays: Problem(pair[1], arrays)
            )
        )
    )
    return fixed, same


# ----------------------------------------------------------------------------- operations

SUBJECTS: dict[str, Subject] = {}


def _add(name: str, fixed: list[Sample], naive: Any, ours: Callable[[], Any], second_order: bool | None = None) -> None:
    SUBJECTS[name] = Subject(name, tuple(fixed), naive, ours, second_order)


def _unary(op: type[mg.Op], f: Function, draw: Any = normal) -> None:
    _add(op.__name__, [at(f, shape, draw=draw) for shape in ((), (4,), (2, 3))], one(f, draw), lambda: op)


PAIRS = list(itertools.product([(), (3,), (2, 3), (1, 3)], repeat=2))
"""The kinds of shapes that HIPS autograd's suite gives to its binary functions."""


def _binary(
    op: type[mg.Op], f: Function, left: Any = normal, right: Any = normal, more: tuple[Sample, ...] = ()
) -> None:
    fixed = [at(f, a, b, draw=(left, right)) for a, b in PAIRS]
    _add(op.__name__, [*fixed, *more], two(f, (left, right)), lambda: op)


def _reduction(op: type[mg.Op], f: Any) -> None:
    fixed = [
        at(lambda x, axis=axis, keepdims=keepdims: f(x, axis, keepdims), shape)
        for shape, axes in (((2, 3), (None, 0, 1, -1)), ((2, 3, 2), ((0, 1), (0, 2), 1)))
        for axis in axes
        for keepdims in (False, True)
    ]
    if op in (ops.Max, ops.Min):  # HIPS autograd's suite: test_max_equal_values
        fixed.append(at(lambda x: f(mg.stack([x, x])), ()))
    _add(op.__name__, fixed, reductions(f), lambda: op)


_binary(ops.Add, mg.add)
_binary(ops.Sub, mg.subtract)
_binary(ops.Mul, mg.multiply)
_binary(ops.Div, mg.divide, right=nonzero)
_binary(ops.Mod, mg.remainder, right=nonzero)
_binary(ops.FMod, mg.fmod, right=nonzero)
_unary(ops.Neg, mg.negative)
_unary(ops.Positive, operator.pos)
_unary(ops.Abs, mg.absolute)
_unary(ops.Square, mg.square)
_unary(ops.Reciprocal, mg.reciprocal, nonzero)
_binary(
    ops.Pow,
    mg.power,
    left=positive,
    more=(
        at(lambda x: mg.power(x, 2), (2, 3)),
        at(lambda x: mg.power(x, 3.0), (2, 3)),
        at(lambda x: mg.power(x, -1), (2, 3), draw=nonzero),
    ),
)
_unary(ops.Exp, mg.exp)
_unary(ops.Log, mg.log, positive)
_unary(ops.Sqrt, mg.sqrt, positive)
_binary(ops.LogAddExp, mg.logaddexp)
_unary(ops.Sin, mg.sin)
_unary(ops.Cos, mg.cos)
_unary(ops.Tanh, mg.tanh)
_binary(ops.Hypot, mg.hypot)
_unary(ops.Sinc, mg.sinc)
_unary(ops.Erf, mg.erf)
_unary(ops.Sigmoid, mg.sigmoid)
_unary(ops.Softplus, mg.softplus)
_unary(ops.Relu, mg.relu)
# HIPS autograd's suite: test_maximum_equal_values.
_add(
    "Clip",
    [at(lambda x: mg.clip(x, -0.5, 0.5), shape) for shape in ((), (4,), (2, 3))],
    one(lambda x: mg.clip(x, -0.5, 0.5)),
    lambda: ops.Clip,
)
_binary(ops.Maximum, mg.maximum, more=(at(lambda x: mg.maximum(x, x), (2, 3)),))
_binary(ops.Minimum, mg.minimum, more=(at(lambda x: mg.minimum(x, x), (2, 3)),))


def _where(shape: tuple[int, ...], *shapes: tuple[int, ...]) -> Sample:
    def sample(rng: Rng) -> Problem:
        condition = rng.standard_normal(shape) > 0
        return Problem(lambda x, y: mg.where(condition, x, y), tuple(normal(rng, s) for s in shapes))

    return sample


_add(
    "Where",
    [
        _where((2, 3), (2, 3), (2, 3)),
        _where((2, 3), (2, 3), ()),
        _where((3,), (2, 3), (2, 3)),
        _where((3,), (2, 1), (3,)),
    ],
    choices(),
    lambda: ops.Where,
)
_reduction(ops.Sum, mg.sum)
_reduction(ops.Mean, mg.mean)
_reduction(ops.Max, mg.max)
_reduction(ops.Min, mg.min)
_reduction(ops.Prod, mg.prod)
_reduction(ops.Var, lambda x, axis, keepdims: mg.var(x, axis, ddof=0.5, keepdims=keepdims))
_reduction(ops.Std, lambda x, axis, keepdims: mg.std(x, axis, keepdims=keepdims))
_reduction(ops.LogSumExp, mg.logsumexp)
_reduction(ops.Softmax, lambda x, axis, keepdims: mg.softmax(x, axis))


def _along(op: type[mg.Op], f: Any) -> None:
    fixed = [at(lambda x, axis=axis: f(x, axis), (2, 3)) for axis in (None, 0, 1, -1)]
    _add(op.__name__, fixed, one(lambda x: f(x, None)), lambda: op)


_along(ops.CumSum, mg.cumsum)
_along(ops.CumProd, mg.cumprod)
_along(ops.Sort, mg.sort)
_add("nanmean", [at(mg.nanmean, (2, 3))], one(mg.nanmean), lambda: mg.nanmean)
_add("cov", [at(mg.cov, (2, 3))], of((2, 3)).map(lambda x: Problem(mg.cov, (x,))), lambda: mg.cov)
_add(
    "block",
    [at(lambda x, y: mg.block([x, y]), (2,), (3,))],
    two(lambda x, y: mg.block([mg.reshape(x, -1), mg.reshape(y, -1)])),
    lambda: ops.block,
)
_add(
    "linspace",
    [at(lambda x, y: np.linspace(x, y, 4), (), ())],
    two(lambda x, y: np.linspace(x, y, 4)),
    lambda: linspace,
)
_add(
    "MatMul",
    [
        at(mg.matmul, *shapes)
        for shapes in (
            ((2, 3), (3, 2)),
            ((3,), (3, 2)),
            ((2, 3), (3,)),
            ((3,), (3,)),
            ((2, 2, 3), (3, 2)),
            ((1, 2), (2, 2, 3)),
            ((2, 1, 3), (2, 3, 2)),
        )
    ],
    products(),
    lambda: ops.MatMul,
)


def _fixed(op: type[mg.Op], functions: list[tuple[Any, tuple[tuple[int, ...], ...]]], draw: Any = normal) -> None:
    """An operation of arrays whose shapes must fit: a few functions, each with the shapes of its arrays."""

    def problems(pair: Any) -> st.SearchStrategy[Problem]:
        return st.tuples(*[of(shape, draw) for shape in pair[1]]).map(lambda xs: Problem(pair[0], xs))

    samples = [at(f, *shapes, draw=draw) for f, shapes in functions]
    _add(op.__name__, samples, st.sampled_from(functions).flatmap(problems), lambda: op)


_fixed(
    ops.TensorDot,
    [
        (mg.tensordot, ((2, 2, 3), (2, 3, 2))),
        (lambda x, y: mg.tensordot(x, y, ((0, 1), (1, 0))), ((2, 3), (3, 2))),
    ],
)
_fixed(
    ops.Einsum,
    [
        (lambda x: mg.einsum("ii->i", x), ((3, 3),)),
        (lambda x, y: mg.einsum("ij,j", x, y), ((2, 3), (3,))),
        (lambda x, y: mg.einsum("...ij,jk->...k", x, y), ((2, 2, 3), (3, 2))),
    ],
)


def _near_one(f: Function) -> Function:
    """A function of a symmetric matrix that is positive definite, whatever the array."""
    return lambda x: f(np.matmul(x, x.mT) + np.eye(x.shape[-2]))


_fixed(ops.PInv, [(mg.linalg.pinv, ((3, 2),)), (mg.linalg.pinv, ((2, 2),)), (mg.linalg.pinv, ((2, 3),))])
_fixed(ops.Det, [(mg.linalg.det, ((3, 3),)), (mg.linalg.det, ((2, 2, 2),))])
_fixed(ops.Cholesky, [(_near_one(mg.linalg.cholesky), ((3, 3),)), (mg.linalg.cholesky, ((1, 1),))], positive)
_fixed(ops.SVD, [(lambda x: mg.linalg.svd(x, full_matrices=False).U, ((3, 2),))])
_fixed(ops.Norm2, [(mg.norm, ((2, 3),)), (mg.norm, ((),)), (lambda x: mg.norm(x, axis=0), ((2, 3),))])
_fixed(
    ops.Convolve,
    [(lambda a, v, mode=mode: mg.convolve(a, v, mode), ((4,), (2,))) for mode in ("full", "same", "valid")],
)
_fixed(ops.Interp, [(lambda y: mg.interp(np.array([-1.0, 0.25, 1.0, 4.0]), np.arange(3.0), y), ((3,),))])
_add(
    "Reshape",
    [at(lambda x, shape=shape: mg.reshape(x, shape), (2, 3)) for shape in ((3, 2), (6,), (-1,), (1, 6))],
    reshapes(),
    lambda: ops.Reshape,
)
_add(
    "Transpose",
    [
        at(lambda x, axes=axes: mg.transpose(x, axes), shape)
        for shape, axes in (((2, 3), None), ((2, 3, 2), None), ((1, 2, 3), (1, 2, 0)), ((1, 2, 3), (0, 2, 1)))
    ],
    transposes(),
    lambda: ops.Transpose,
)
_add(
    "BroadcastTo",
    [at(lambda x: mg.broadcast_to(x, (2, 3)), shape) for shape in ((3,), (1, 3), (2, 1), ())],
    broadcasts(),
    lambda: ops.BroadcastTo,
)
_add(
    "Squeeze",
    [at(lambda x, axis=axis: mg.squeeze(x, axis), (1, 3, 1)) for axis in (None, 0, -1)],
    one(mg.squeeze),
    lambda: ops.Squeeze,
)
_add(
    "ExpandDims",
    [at(lambda x, axis=axis: mg.expand_dims(x, axis), (2, 3)) for axis in (0, 1, 2, -1)],
    expansions(),
    lambda: ops.ExpandDims,
)
_add(
    "Concatenate",
    [
        at(lambda *xs, axis=axis: mg.concatenate(xs, axis), *shapes)
        for shapes, axis in (
            (((2, 3), (2, 3)), 0),
            (((2, 2), (3, 2)), 0),
            (((2, 3), (2, 1), (2, 2)), 1),
            (((2, 3), (2, 3)), -1),
        )
    ],
    joins(),
    lambda: ops.Concatenate,
)
_unary(ops.AsType, lambda x: mg.astype(x, np.float64))


def _indexed(index: Any, shape: tuple[int, ...] = (3, 3)) -> Sample:
    return at(lambda x: ops.getitem(x, index), shape)


_add(
    "GetItem",
    [
        _indexed(index)
        for index in (
            0,
            (slice(1, None), 2),
            (slice(None), slice(None, None, -2)),
            (None, ..., -1),
            [0, 2],
            [0, 0, 1],
            ([0, 1], [1, 2]),
            np.array([True, False, True]),
        )
    ],
    takings(),
    lambda: ops.GetItem,
)
_add(
    "Scatter",
    [
        at(lambda x: mg.scatter(x, np.array([0, 2, 4]), (5,)), (3,)),
        at(lambda x: mg.scatter(x, np.array([1, 1, 0]), (2,)), (3,)),
        at(lambda x: mg.scatter(x, slice(1, 3), (4,)), (2,)),
    ],
    puttings(),
    lambda: ops.Scatter,
)


def _along_axes(f: Callable[..., Any]) -> st.SearchStrategy[Problem]:
    """A function of an array and an axis, or none."""

    @st.composite
    def problems(draw: Any) -> Problem:
        x = draw(of(SHAPES))
        axis = draw(st.none() | st.integers(-x.ndim, x.ndim - 1)) if x.ndim else None
        return Problem(lambda t: f(t, axis), (x,))

    return problems()


def _with_axes(op: type[mg.Op], f: Callable[..., Any]) -> None:
    fixed = [at(lambda x, axis=axis: f(x, axis), shape) for shape, axis in (((4,), 0), ((2, 3), 1), ((2, 3), None))]
    _add(op.__name__, fixed, _along_axes(f), lambda: op)


_with_axes(ops.Flip, mg.flip)
_with_axes(ops.Repeat, lambda x, axis: mg.repeat(x, 2, axis))
_with_axes(ops.Take, lambda x, axis: mg.take(x, [0, 0], axis))
_add(
    "Roll",
    [
        at(lambda x, shift=shift, axis=axis: mg.roll(x, shift, axis), (3, 2))
        for shift, axis in ((1, None), (1, 0), (-1, 1), ((1, 1), (0, 1)))
    ],
    one(lambda x: mg.roll(x, 1)),
    lambda: ops.Roll,
)
_add(
    "Stack",
    [at(lambda x, y, axis=axis: mg.stack([x, y], axis), (2, 2), (2, 2)) for axis in (0, 1, -1)],
    _functions([(2, lambda x, y: mg.stack([x, y])), (2, lambda x, y: mg.stack([x, y], -1))])[1],
    lambda: ops.Stack,
)
_add(
    "Tile",
    [at(lambda x, reps=reps: mg.tile(x, reps), (2, 3)) for reps in (2, (2, 1), (2, 1, 2))],
    one(lambda x: mg.tile(x, 2)),
    lambda: ops.Tile,
)
_add(
    "Pad",
    [at(lambda x, mode=mode: mg.pad(x, 1, mode), (2, 3)) for mode in ("edge", "reflect", "symmetric", "wrap")],
    one(lambda x: mg.pad(x, 2, "reflect")),
    lambda: ops.Pad,
)
_add(
    "Diagonal",
    [at(lambda x, k=k: mg.diagonal(x, k), (3, 3)) for k in (0, 1, -1)],
    hnp.array_shapes(min_dims=2, max_dims=3, max_side=3).flatmap(
        lambda shape: st.integers(-1, 1).flatmap(
            lambda k: of(shape).map(lambda x: Problem(lambda t: mg.diagonal(t, k), (x,)))
        )
    ),
    lambda: ops.Diagonal,
)
_add(
    "Tril",
    [at(lambda x, k=k: mg.tril(x, k), (3, 3)) for k in (0, 1, -1)],
    of(hnp.array_shapes(min_dims=2, max_dims=3, max_side=3)).map(lambda x: Problem(mg.tril, (x,))),
    lambda: ops.Tril,
)
_add(
    "IndexUpdate",
    [
        at(lambda x, y, index=index: mg.index_update(x, index, y), (3,), (2,))
        for index in (slice(1, None), [0, 2], np.array([True, False, True]), [1, 1])
    ],
    _functions([(2, lambda x, y: mg.index_update(x, 0, y[0]))])[1],
    lambda: ops.IndexUpdate,
)

# ----------------------------------------------------------------------------- programs, and ways of use


def _pairs(pair: uses.Pair) -> tuple[list[Sample], st.SearchStrategy[Problem]]:
    """Fixed and naive problems from a pair of a function and its backward pass."""

    def problem(arrays: tuple[Array, ...]) -> Problem:
        forward, vjp = pair.at(*arrays)
        return Problem(forward, arrays, vjp)

    naive = hnp.array_shapes(min_dims=1, max_dims=2, max_side=3).flatmap(
        lambda shape: st.tuples(*[hnp.arrays(np.float64, shape, elements=st.floats(-2, 2))] * pair.count).map(problem)
    )
    return [lambda rng: problem(tuple(normal(rng, (2, 3)) for _ in range(pair.count)))], naive


_add("programs", _functions(uses.COMPOSITES + uses.KINKED)[0], _functions(uses.COMPOSITES)[1], uses.our_programs, True)
_add("operators", *_functions(uses.OPERATORS), lambda: uses.our_functions(uses.OPERATORS), True)
_add("constants", *_functions(uses.CONSTANTS), lambda: uses.our_functions(uses.CONSTANTS), True)
_add("methods", *_functions(uses.METHODS), lambda: uses.our_functions(uses.METHODS), True)
_add("guarded", *_functions(uses.GUARDED), lambda: uses.our_functions(uses.GUARDED))
_add("large", [at(f, *[(40, 30)] * count) for count, f in uses.LARGE], None, uses.our_large)
for _pair in uses.PAIRS:
    _add(_pair.name, *_pairs(_pair), functools.partial(uses.our_pairs, _pair))
