"""Derivatives as functions: from a function, the function that computes its derivative.

Write `f` in plain NumPy. `grad(f)` takes what f takes, arrays or Python numbers, and containers of them
to any depth (tuples, lists, dicts, dataclasses, NamedTuples), and returns derivatives in the same
containers: arrays for arrays, NumPy scalars for numbers. They nest: `grad(grad(f))`, `jvp` of `grad`,
`grad` of `jvp`.

One idea: each of these is one recorded run of f, gone back through, or forward. What comes out has no
graph, unless somebody differentiates outside: an enclosing function of this module, or the owner of a
tensor that requires a gradient and was given to f or is used by it. Then it is recorded, a Tensor.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .backend import library_of
from .containers import rebuilt
from .errors import ShapeError
from .forward_mode import push
from .mode import is_recording
from .place import at, here
from .recorded import Run, array_of, check_function, matched, numbers, one_number, refilled, result_leaves, zeros_of
from .tensor import Tensor
from .value import Value, wrap

Function = Callable[..., Any]
Argnums = int | tuple[int, ...]


def grad(f: Function, argnums: Argnums = 0, *, has_aux: bool = False) -> Function:
    """Return the function that computes the gradient of `f`, a function of one number.

    `argnums` says by which arguments: an int gives one gradient, a tuple a tuple of them, each in its
    argument's containers. With `has_aux`, f returns (number, aux) and grad(f) (gradient, aux). Raises
    ShapeError or GradError if f returns no single number, DtypeError or TypeError for an argument that is
    not of real numbers. What f does not depend on has the gradient 0.

    >>> import numpy as np, minigrad as mg
    >>> mg.grad(lambda p: np.sum(p["w"] ** 2) + 3 * p["b"])({"w": np.array([1.0, 2.0]), "b": 0.5})
    {'w': array([2., 4.]), 'b': np.float64(3.0)}
    >>> mg.grad(mg.grad(lambda x: x**3))(2.0)
    np.float64(12.0)
    """

    def gradient(*args: Any, **keywords: Any) -> Any:
        run, g = _gradient("grad", f, args, keywords, argnums, has_aux)
        return (g, run.value()[1]) if has_aux else g

    return _named(gradient, f, "grad")


def value_and_grad(f: Function, argnums: Argnums = 0, *, has_aux: bool = False) -> Function:
    """Return the function that computes (f, gradient of f) in one run; ((f, aux), gradient) with `has_aux`.

    Arguments and errors are those of `grad`.

    >>> import numpy as np, minigrad as mg
    >>> mg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """

    def both(*args: Any, **keywords: Any) -> Any:
        run, g = _gradient("value_and_grad", f, args, keywords, argnums, has_aux)
        return run.value(), g

    return _named(both, f, "value_and_grad")


def _gradient(who: str, f: Function, args: Any, keywords: Any, argnums: Any, has_aux: bool) -> tuple[Run, Any]:
    run = Run(who, f, args, keywords, argnums, has_aux)
    one_number(who, run)
    return run, run.by_argument(run.back(_ones(run), run.outer, run.outer))


def elementwise_grad(f: Function, argnums: Argnums = 0, *, has_aux: bool = False) -> Function:
    """Return the function that computes the derivative of each element of `f` by the element it comes from.

    For a function that treats each element alone, such as np.tanh: the diagonal of the Jacobian at the cost
    of one gradient. (Where elements mix, it is the sums of the Jacobian's columns.) Arguments are those of
    `grad`. Raises ShapeError if f's result has not the shape of its arguments.

    >>> import numpy as np, minigrad as mg
    >>> mg.elementwise_grad(np.square)(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    def slopes(*args: Any, **keywords: Any) -> Any:
        run = Run("elementwise_grad", f, args, keywords, argnums, has_aux)
        shape = np.broadcast_shapes(*(x.shape for x in run.inputs))
        for part in run.parts:
            if np.shape(array_of(part)) != shape:
                raise ShapeError(
                    f"elementwise_grad needs one number for each element, and shape {np.shape(array_of(part))} "
                    f"came of {shape}{at(here())}.\n"
                    "For a function that mixes elements: jacobian(f), or grad(f) of one number"
                )
        g = run.by_argument(run.back(_ones(run), run.outer, run.outer))
        return (g, run.value()[1]) if has_aux else g

    return _named(slopes, f, "elementwise_grad")


def vjp(f: Function, *args: Any, argnums: Argnums | None = None, has_aux: bool = False) -> Any:
    """Return f(*args) and the pullback u -> Jᵀ u, which may be called again and again.

    `u` comes in the containers and shapes of f's result. The pullback returns a tuple, one for each
    argument; with `argnums` an int gives one, a tuple a tuple. With `has_aux` it is (value, pullback, aux).
    Arguments are copied: to change an array afterwards changes no pullback. Raises as `grad` does for what
    is no real number, and TypeError or ShapeError for a u that does not fit.

    >>> import numpy as np, minigrad as mg
    >>> y, pullback = mg.vjp(lambda x, s: s * np.sin(x), np.array([0.0, 0.5]), 2.0)
    >>> pullback(np.array([1.0, 0.0]))
    (array([2., 0.]), np.float64(0.0))
    """
    check_function("vjp", f)
    run = Run("vjp", f, args, {}, argnums, has_aux, copy=True)
    wanted = result_leaves("vjp", f, run.result, "u")

    def pullback(u: Any) -> Any:
        seeds = matched("the pullback of vjp", "a gradient", wanted, u, "u")
        recorded = _recorded(run, seeds)
        return run.by_argument(run.back([_seed(s, recorded) for s in seeds], recorded, True))

    value: Any = run.value()
    if run.plain:  # what the record keeps must not change with what the caller does to it
        value = rebuilt(value, lambda part: part.copy() if isinstance(part, np.ndarray) else part)
    return (value[0], pullback, value[1]) if has_aux else (value, pullback)


def jvp(f: Function, args: Any, tangents: Any, *, argnums: Argnums | None = None, has_aux: bool = False) -> Any:
    """Return f(*args) and its derivative along the tangents, J t, by forward mode: at about the cost of f itself.

    `args` and `tangents` are tuples, one tangent for each argument, in its containers and shapes; with
    `argnums` an int takes one tangent, a tuple one for each it names. With `has_aux` it is (value, tangent,
    aux). Raises as `grad` does for what is no real number, and TypeError or ShapeError for tangents that do
    not fit.

    >>> import numpy as np, minigrad as mg
    >>> mg.jvp(np.square, (np.array([1.0, 2.0]),), (np.array([1.0, 10.0]),))
    (array([1., 4.]), array([ 2., 40.]))
    """
    check_function("jvp", f)
    run, ts = _run_along("jvp", f, args, tangents, argnums, has_aux)
    recorded = _recorded(run, ts)
    along = refilled(run.result, map(run.released, _forward(run, ts, recorded, keep=recorded)))
    value: Any = run.value()
    return (value[0], along, value[1]) if has_aux else (value, along)


def jacobian(f: Function, argnums: Argnums = 0, *, has_aux: bool = False) -> Function:
    """Return the function that computes the Jacobian of `f`, of the result's shape + the argument's shape.

    f runs once; then follows a vjp for each element of the result, or a jvp for each element of the
    arguments, whichever are fewer. Of containers it is the result's containers around the argument's
    containers of blocks. Arguments and errors are those of `grad`, but any number of results will do.

    >>> import numpy as np, minigrad as mg
    >>> mg.jacobian(lambda x: np.stack([x[0] * x[1], x[0] ** 2]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [4., 0.]])
    """

    def blocks(*args: Any, **keywords: Any) -> Any:
        return _jacobian("jacobian", f, args, keywords, argnums, has_aux)

    return _named(blocks, f, "jacobian")


def _jacobian(who: str, f: Function, args: Any, keywords: Any, argnums: Any, has_aux: bool) -> Any:
    run = Run(who, f, args, keywords, argnums, has_aux)
    columns = sum(x.size for x in run.inputs)
    rows = sum(root.size for root in run.roots if root is not None)
    found = _by_columns(run) if columns < rows else _by_rows(run)
    jacobian = refilled(run.result, [run.by_argument(row) for row in found])
    return (jacobian, run.value()[1]) if has_aux else jacobian


def hessian(f: Function, argnums: Argnums = 0, *, has_aux: bool = False) -> Function:
    """Return the function that computes the second derivatives of `f`, a function of one number.

    By one array of shape s it has the shape s + s; by containers, it is the containers of the rows around
    those of the columns. Arguments and errors are those of `grad`.

    >>> import numpy as np, minigrad as mg
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """

    def second(*args: Any, **keywords: Any) -> Any:
        return _jacobian("hessian", _gradient_for("hessian", f, argnums, has_aux), args, keywords, argnums, has_aux)

    return _named(second, f, "hessian")


def hvp(f: Function, args: Any, vectors: Any, *, argnums: Argnums | None = None, has_aux: bool = False) -> Any:
    """Return the Hessian of `f` times `vectors`, at the cost of a few gradients: the matrix is never formed.

    `args` and `vectors` are tuples, as for `jvp`, and the product comes in the containers of the vectors;
    with `has_aux` it is (product, aux). Errors are those of `grad` and `jvp`.

    >>> import numpy as np, minigrad as mg
    >>> mg.hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    (array([6., 0.]),)
    """
    check_function("hvp", f)
    slope = _gradient_for("hvp", f, argnums, has_aux)
    run, vs = _run_along("hvp", slope, args, vectors, argnums, has_aux)
    recorded = _recorded(run, vs)
    # The Hessian is its own transpose, and going back took 0.6 to 0.85 times as long as going forward.
    product = run.by_argument(run.back([_seed(v, recorded) for v in vs], recorded, recorded))
    return (product, run.value()[1]) if has_aux else product


def _gradient_for(who: str, f: Function, argnums: Any, has_aux: bool) -> Function:
    """The gradient of f, to be differentiated again."""

    @functools.wraps(f, updated=())
    def gradient(*args: Any, **keywords: Any) -> Any:
        run, g = _gradient(who, f, args, keywords, argnums, has_aux)
        return (g, run.value()[1]) if has_aux else g

    return gradient


# ----------------------------------------------------------------------------- their parts


def _named(derivative: Function, f: Function, who: str) -> Function:
    """The derivative under the name of its function, such as grad(loss)."""
    check_function(who, f)
    derivative.__name__ = derivative.__qualname__ = f"{who}({getattr(f, '__name__', type(f).__name__)})"
    return derivative


def _run_along(who: str, f: Function, args: Any, tangents: Any, argnums: Any, has_aux: bool) -> tuple[Run, list[Any]]:
    """A run of f, and one tangent for each of its inputs."""
    one = argnums is not None and not isinstance(argnums, tuple)
    for what, given in (("arguments", args), *(() if one else (("tangents", tangents),))):
        if not isinstance(given, (tuple, list)):
            raise TypeError(
                f"{who} takes its {what} as a tuple, not as {type(given).__name__}{at(here())}.\n"
                f"For a function of one argument: {who}(f, (x,), (t,))"
            )
    run = Run(who, f, args, {}, argnums, has_aux)
    each = [tangents] if one else tangents
    if len(each) != len(run.numbers):
        raise TypeError(
            f"{who} was given {len(each)} tangents for {len(run.numbers)} arguments{at(here())}.\n"
            "Give one for each; zeros where an argument does not move, or choose arguments with argnums"
        )
    ts: list[Any] = []
    for name, tangent, wanted in zip(run.names, each, run.given):
        ts += matched(who, "a tangent", wanted, tangent, name)
    return run, ts


def _recorded(run: Run, given: Sequence[Any]) -> bool:
    """Whether somebody outside differentiates what will be computed from these."""
    return is_recording() and (run.outer or any(isinstance(x, Value) and x._requires_grad for x in given))


def _forward(run: Run, ts: Sequence[Any], recorded: bool, keep: bool) -> list[Any]:
    """The tangent of each part of the result, from one for each input (None for zero): `Run.back`, forward."""
    tangents = {origin: _seed(t, recorded) for origin, t in zip(run.origins, ts) if t is not None}
    given = {id(array_of(t)) for t in tangents.values()}
    push(reversed(run.calls), tangents, run.roots, recorded, free=not keep)
    found: list[Any] = []
    for part, origin in zip(run.parts, run.roots):
        t = tangents.get(origin)
        if t is None:
            t = wrap(Tensor, zeros_of(part)) if recorded else zeros_of(part)
        array = array_of(t)
        if not isinstance(array, np.generic) and (array.base is not None or id(array) in given):
            t = +t  # memory of its own, where a tangent went through unchanged
        given.add(id(array_of(t)))
        found.append(t)
    return found


def _seed(x: Any, recorded: bool) -> Any:
    """What a pass starts from: a tensor if it is recorded, else an array."""
    if recorded:
        return x if x is None or isinstance(x, Value) else wrap(Tensor, x)
    return array_of(x)


def _ones(run: Run) -> list[Any]:
    """1 for each element of the result."""
    ones = [library_of(array_of(p)).ones(np.shape(array_of(p)), getattr(p, "dtype", float)) for p in run.parts]
    return [_seed(numbers(one), run.outer) for one in ones]


def _basis(x: Any) -> Iterator[Any]:
    """The unit vectors of the space of an array."""
    array = array_of(x)
    for n in range(np.size(array)):
        e = library_of(array).zeros(np.size(array), getattr(array, "dtype", float))
        e[n] = 1
        yield numbers(e.reshape(np.shape(array)))


def _by_rows(run: Run) -> list[list[Any]]:
    """The blocks of the Jacobian, for each part of the result one for each input, by one vjp a row."""
    blocks = []
    for k, part in enumerate(run.parts):
        rows = []
        if run.roots[k] is not None:
            for e in _basis(part):
                seeds = [_seed(e, run.outer) if n == k else None for n in range(len(run.parts))]
                rows.append(run.back(seeds, run.outer, True))
        shape = np.shape(array_of(part))
        blocks.append([_block([row[n] for row in rows], shape, x.shape, x) for n, x in enumerate(run.inputs)])
    return blocks


def _by_columns(run: Run) -> list[list[Any]]:
    """The same by one jvp a column."""
    blocks: list[list[Any]] = [[] for _ in run.parts]
    for k, x in enumerate(run.inputs):
        columns = []
        for e in _basis(x):
            ts = [e if n == k else None for n in range(len(run.inputs))]
            columns.append(_forward(run, ts, run.outer, True))
        for n, part in enumerate(run.parts):
            shape = np.shape(array_of(part))
            block = _block([column[n] for column in columns], x.shape, shape, x)
            inner = block.ndim - len(shape)
            axes = (*range(inner, block.ndim), *range(inner))
            blocks[n].append(block.transpose(axes).astype(x.dtype))  # as a gradient: of the dtype of x
    return blocks


def _block(vectors: list[Any], outer: tuple[int, ...], inner: tuple[int, ...], x: Value) -> Any:
    """One block of shape outer + inner from one vector for each element of `outer`; zeros if there are none."""
    if vectors:
        return np.stack(vectors).reshape((*outer, *inner))
    return library_of(x._array).zeros((*outer, *inner), x.dtype)
