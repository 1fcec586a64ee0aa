"""A function as the differences see it: numbers in, numbers out, asked again and again near one point.

One idea: before a function is judged it must be one. It has to give floats, the same ones for the
same arguments, of one shape, and leave its arguments alone; whatever does not gets a sentence of
its own, an UncheckableError, and never a verdict. The caller's arrays are copied once and never moved.
"""

import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..containers import leaves, rebuilt
from ..value import Value
from .arguments import called, dtype_of, is_float, must_fit, nothing_to_differentiate, refuse_subclass, wanted
from .errors import GradientMismatch, InconclusiveError, UncheckableError
from .evidence import Direction, Leaf
from .ladder import RATIO, Samples, steps

Array = np.ndarray[Any, Any]
Present = Callable[[Array, Any], Any]
"""How a moved array is handed to the function: (array, what the caller gave) -> argument."""

OUTSIDE = (ArithmeticError, AssertionError, LookupError, RuntimeError, ValueError)
"""What a function may raise where it is not defined: numpy.linalg and torch do, and `assert (x > 0).all()`."""


def as_given(array: Array, given: Any) -> Any:
    """An array where the caller gave an array, a NumPy scalar where the caller gave a number."""
    return array if isinstance(given, np.ndarray) else array[()]


class Probe:
    """A function at a point: its differentiated leaves, its outputs, and its values nearby.

    Raises UncheckableError for what is no differentiable function of the arguments.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        keywords: dict[str, Any] | None = None,
        *,
        wrt: int | Sequence[int] | None = None,
        argnames: Sequence[str] | None = None,
        present: Present = as_given,
        name: str = "f",
    ) -> None:
        if not callable(f):
            raise UncheckableError(f"a {type(f).__name__} is no function: it cannot be called.\nGive a function first")
        self.f, self.name = f, name
        self.keywords = dict(keywords or {})
        self.evaluations = 0
        self.failure = ""
        self._present = present
        self.args = list(args)
        must_fit(
            f, args, self.keywords, name, "Give as many arguments as it takes; keyword arguments go into kwargs={...}"
        )
        self.names = names = called(f, len(args), argnames)
        for n, arg in enumerate(args):
            refuse_subclass(arg, names[n], name)
        self.wrt = wanted(args, wrt, names, name)
        self.floats = [n for n, arg in enumerate(args) if any(is_float(leaf) for _, leaf in leaves(arg))]
        """The positions of all arguments that hold floats."""
        self.inputs: list[Leaf] = []
        self.given: list[Any] = []
        self.of: list[int] = []
        """The argument that each leaf is part of."""
        for n in self.wrt:
            for path, leaf in leaves(args[n], names[n]):
                array = _float_array(leaf)
                if array is not None:
                    self.inputs.append(Leaf(path, array))
                    self.given.append(leaf)
                    self.of.append(n)
        if not self.inputs:
            raise UncheckableError(nothing_to_differentiate(name, args, names))
        self._mutable = frozenset(
            n for n, arg in enumerate(args) if any(isinstance(v, np.ndarray) for _, v in leaves(arg))
        )
        """The arguments that hold arrays: each call gets its own."""
        self.whole = frozenset(n for n in self.wrt if is_float(args[n]))
        if not any(np.isfinite(leaf.array).any() or not leaf.array.size for leaf in self.inputs):
            raise UncheckableError(
                f"every number given to {name} is infinite or NaN: there are no differences around such a point.\n"
                "Check at finite numbers"
            )
        self.narrow = max(float(np.finfo(leaf.array.dtype).eps) for leaf in self.inputs)
        """eps of the least precise argument: a gradient has no more digits."""
        self.tiny = max(float(np.finfo(leaf.array.dtype).smallest_normal) for leaf in self.inputs)
        """Below it a gradient loses digits, and then is 0."""
        self.arrays = [leaf.array for leaf in self.inputs]
        sizes = [np.abs(a)[(a != 0) & np.isfinite(a)] for a in self.arrays]
        self.smallest = min([float(s.min()) for s in sizes if s.size], default=1.0)
        """The size of the smallest number that matters."""
        self.middle = np.zeros(0)
        self.outputs: list[Leaf] = []
        self._shapes: list[tuple[str, tuple[int, ...]]] | None = None
        self._start()

    # ------------------------------------------------------------------------- at the point

    def _start(self) -> None:
        """Call f twice at the point: it must be a function, of floats, that leaves its arguments alone."""
        with quiet():
            handed = self.handed(self.arrays)
            arguments = self.arguments(handed)
            out = self.f(*arguments, **self.keywords)
            self._unchanged(handed, arguments)
            self.outputs = self._leaves_of(out)
            self.structure = out
            self._shapes = [(leaf.path, leaf.array.shape) for leaf in self.outputs]
            self.middle = _flat(self.outputs)
            self.eps = max([self.narrow, *(float(np.finfo(leaf.array.dtype).eps) for leaf in self.outputs)])
            self.narrow = self.eps
            self.is_still_itself()
            wide = [a.astype(np.float64) if a.dtype.itemsize < 8 else a for a in self.arrays]
            if any(a.dtype != b.dtype for a, b in zip(wide, self.arrays)):
                self._widen(wide, self.eps)

    def is_still_itself(self) -> None:
        """Call f at the point once more. Raises UncheckableError if it gives something else than before."""
        with quiet():
            before, now = self.middle, self.values(self.arrays)
        scale = float(np.abs(before[np.isfinite(before)]).max(initial=0.0))
        with np.errstate(invalid="ignore"):
            same = _equal(before, now) | (np.abs(before - now) <= 64 * self.eps * scale)
        if not same.all():
            n = int(np.argmin(same))
            raise UncheckableError(
                f"{self.name} is not deterministic: two calls at the same point gave {before[n]!s} and "
                f"{now[n]!s} at {self.place_of_output(n)}.\n"
                "Fix its random numbers (seed them inside, or pass them in), or make it a function of its arguments"
            )

    def _widen(self, wide: list[Array], eps: float) -> None:
        """Measure a float32 function in float64, where it is the same function there."""
        narrow = self.arrays
        self.arrays = wide
        try:
            out = self._leaves_of(self.f(*self.arguments(self.handed(wide)), **self.keywords))
        except (TypeError, *OUTSIDE):  # made for one dtype: it is measured as it is
            self.arrays = narrow
            return
        self.evaluations += 1
        values = _flat(out)
        precise = all(leaf.array.dtype.itemsize >= 8 for leaf in out)
        scale = float(np.abs(self.middle[np.isfinite(self.middle)]).max(initial=0.0))
        alike = values.shape == self.middle.shape and np.allclose(
            values, self.middle, rtol=np.sqrt(eps), atol=np.sqrt(eps) * scale, equal_nan=True
        )
        if precise and alike:
            self.middle = values
            self.eps = max(float(np.finfo(leaf.array.dtype).eps) for leaf in out)
        else:
            self.arrays = narrow

    def _unchanged(self, handed: list[Any], arguments: list[Any]) -> None:
        """Raises UncheckableError if a call has written into an argument, differentiated or not."""
        watched = [(leaf.path, array, leaf.array) for leaf, array in zip(self.inputs, handed)]
        for n, name in enumerate(self.names):
            for (path, given), (_, copy) in zip(leaves(self.args[n], name), leaves(arguments[n])):
                if isinstance(given, np.ndarray) and not (n in self.wrt and is_float(given)):
                    watched.append((path, copy, given))
        for path, now, before in watched:
            after = _array_of(now)
            if after is not None and not _same(after, before):
                where = tuple(int(i) for i in np.argwhere(~_equal(after, before))[0])
                raise UncheckableError(
                    f"{self.name} changes its argument in place: {place(path, where)} was {before[where]!s} before "
                    f"the call and is {after[where]!s} after it.\n"
                    "Let it work on a copy: a function whose arguments move cannot be measured around them"
                )

    def handed(self, arrays: Sequence[Array]) -> list[Any]:
        """Fresh copies of the leaves, as the function takes them."""
        return [self._present(np.array(array, order="K", copy=True), given) for array, given in zip(arrays, self.given)]

    def arguments(self, handed: Sequence[Any]) -> list[Any]:
        """All arguments, with these leaves in their places."""
        supply = iter(handed)
        args = list(self.args)
        for n in range(len(args)):
            if n in self.whole:
                args[n] = next(supply)
            elif n in self.wrt:
                args[n] = rebuilt(args[n], lambda leaf: next(supply) if is_float(leaf) else _copied(leaf))
            elif n in self._mutable:
                args[n] = rebuilt(args[n], _copied)
        return args

    def per_argument(self, found: Sequence[Any]) -> list[Any]:
        """One thing for each leaf, gathered into one for each differentiated argument."""
        supply = iter(found)
        gathered = []
        for n in self.wrt:
            if n in self.whole:
                gathered.append(next(supply))
            else:
                gathered.append(rebuilt(self.args[n], lambda leaf: next(supply) if is_float(leaf) else None))
        return gathered

    def like_output(self, arrays: Sequence[Any]) -> Any:
        """One array for each float output, in the containers in which the function returns them."""
        supply = iter(arrays)
        return rebuilt(self.structure, lambda leaf: next(supply) if is_float(leaf) else leaf)

    # ------------------------------------------------------------------------- near the point

    def values(self, arrays: Sequence[Array]) -> Array:
        """All outputs at a point, flat."""
        self.evaluations += 1
        out = self.f(*self.arguments(self.handed(arrays)), **self.keywords)
        found = self._leaves_of(out, {path for path, _ in self._shapes or ()})
        shapes = [(leaf.path, leaf.array.shape) for leaf in found]
        if shapes != self._shapes:
            raise UncheckableError(
                f"{self.name} returned {_said(shapes)} at one call and {_said(self._shapes or [])} at another.\n"
                "The shape of the result may depend on the shapes of the arguments, not on their values"
            )
        return _flat(found)

    def _attempt(self, arrays: Sequence[Array]) -> tuple[Array, bool]:
        """All outputs at a point, NaN and True where the function raises."""
        try:
            return self.values(arrays), False
        except (GradientMismatch, InconclusiveError, UncheckableError):
            raise
        except OUTSIDE as error:
            self.failure = _first_line(error)
            return np.full(self.middle.shape, np.nan), True
        except Exception as error:
            if type(error).__module__.partition(".")[0] == "hypothesis":
                raise
            raise UncheckableError(
                f"{self.name} raised {_first_line(error)} near the point, though not at it.\n"
                "Let it return floats all around the point, or raise ValueError where it is not defined"
            ) from error

    def moved(self, direction: Direction, h: float) -> tuple[list[Array], float, float]:
        """The point x + h u, the step as it came out, and how far from h u it ended, relative to h."""
        if direction.leaf is not None:
            arrays = list(self.arrays)
            array = arrays[direction.leaf].copy()
            before = array[direction.index]
            array[direction.index] = before + array.dtype.type(h)
            arrays[direction.leaf] = array
            return arrays, float(array[direction.index] - before), 0.0
        arrays, off = [], 0.0
        for array, step in zip(self.arrays, direction.steps):
            wanted = step.astype(array.dtype) * array.dtype.type(h)
            there = array + wanted
            if there.size:
                off = max(off, float(np.abs(np.where(step == 0, 0, (there - array) - wanted)).max()))
            arrays.append(there)
        return arrays, h, off / abs(h)

    def size(self, direction: Direction) -> tuple[float, float]:
        """|x| along the direction, in units of its steps, and the size of the smallest number that matters there."""
        if direction.leaf is not None:
            return abs(float(self.arrays[direction.leaf][direction.index])), self.smallest
        parts = [np.abs(a[u != 0] / u[u != 0]) for a, u in zip(self.arrays, direction.steps)]
        moving = np.concatenate([np.ravel(part) for part in parts])
        return float(moving.max(initial=0.0)), float(moving[moving > 0].min(initial=1.0))

    def ladder(self, direction: Direction, sigma: float = 1.0) -> Samples:
        """The values along a direction, at every step of the ladder."""
        size, smallest = self.size(direction)
        if not np.isfinite(size):
            size = np.inf
        eps = max(self.eps, max(float(np.finfo(a.dtype).eps) for a in self.arrays))
        rows: list[tuple[float, float, float, Array, Array]] = []
        raised: list[tuple[bool, bool]] = []
        with quiet():
            for h in steps(size, smallest, eps, sigma):
                forth, ahead, off = self.moved(direction, h)
                back, behind, off_back = self.moved(direction, -h)
                if not (max(off, off_back) <= self.eps**0.6 and behind < 0 < ahead):
                    continue  # rounding has bent the line
                plus, plus_raised = self._attempt(forth)
                minus, minus_raised = self._attempt(back)
                raised.append((plus_raised, minus_raised))
                rows.append((ahead, -behind, (ahead - behind) / 2, plus, minus))
        self._gaps(direction, raised, [row[2] for row in rows])
        wide = np.result_type(np.float64, self.middle)
        return Samples(
            np.array([row[2] for row in rows], wide),
            np.array([row[0] for row in rows], wide),
            np.array([row[1] for row in rows], wide),
            np.array([row[3] for row in rows], wide).reshape(len(rows), self.middle.size),
            np.array([row[4] for row in rows], wide).reshape(len(rows), self.middle.size),
            self.middle,
            self.eps,
            size,
        )

    def _gaps(self, direction: Direction, raised: list[tuple[bool, bool]], sizes: list[float]) -> None:
        """A function may raise far from the point, beyond its domain or at a pole; not among the finest steps."""
        for side, sign in ((0, "+"), (1, "-")):
            outcome = [pair[side] for pair in raised]
            for k in range(max(1, len(outcome) - 8), len(outcome) - 1):
                if outcome[k] and not all(outcome[:k]) and not all(outcome[k:]):
                    raise UncheckableError(
                        f"{self.name} raised {self.failure} at a step of {sign}{sizes[k]:.3g} along "
                        f"{self.name_of(direction)}, but not at larger and smaller steps.\n"
                        "A function with holes around the point cannot be measured there: move the point, or mend "
                        "the function"
                    )

    def quick(self, directions: Sequence[Direction]) -> tuple[Array, Array, Array, Array]:
        """Central differences at two steps for many directions: N1, N2 and the bends |f+ - 2f + f-| at both.

        Arrays are (outputs, directions); NaN where the function is not defined.
        """
        shape = (self.middle.size, len(directions))
        wide = np.result_type(np.float64, self.middle)
        n1, n2, bend1, bend2 = (np.full(shape, np.nan, wide) for _ in range(4))
        with quiet():
            for c, direction in enumerate(directions):
                size, _ = (
                    self.size(direction)
                    if direction.leaf is None
                    else (
                        abs(float(self.arrays[direction.leaf][direction.index])),
                        0.0,
                    )
                )
                h = float(2.0 ** (np.round(np.log2(max(size, 0.125))) - self._first))
                for quotient, bend in ((n1, bend1), (n2, bend2)):
                    forth, ahead, off = self.moved(direction, h)
                    back, behind, off_back = self.moved(direction, -h)
                    if not (max(off, off_back) <= self.eps**0.6 and behind < 0 < ahead):
                        break
                    plus, minus = self._attempt(forth)[0], self._attempt(back)[0]
                    quotient[:, c] = (plus - minus) / (ahead - behind)
                    bend[:, c] = np.abs((plus - self.middle) - (self.middle - minus))
                    h /= RATIO
        return n1, n2, bend1, bend2

    @property
    def _first(self) -> int:
        """The first step of the fast path, as a negative power of two: where both errors are small."""
        return 9 if self.eps < 1e-12 else 3

    def slopes_near(self, direction: Direction, radius: float, points: int, rng: np.random.Generator) -> Array:
        """Return (points, outputs): central slopes at random points within a radius, shorter along small elements."""
        found = np.full((points, self.middle.size), np.nan)
        here = self.arrays
        size, _ = self.size(direction)
        part = radius / size if size else np.inf
        with np.errstate(all="ignore"):
            reach = [np.where((a != 0) & np.isfinite(a), np.fmin(radius, part * np.abs(a)), radius) for a in here]
        h = radius / 64
        try:
            with quiet():
                for row in range(points):
                    self.arrays = [np.array(a + r * rng.uniform(-1, 1, a.shape), a.dtype) for a, r in zip(here, reach)]
                    forth, ahead, _ = self.moved(direction, h)
                    back, behind, _ = self.moved(direction, -h)
                    if ahead > 0 > behind:
                        found[row] = (self._attempt(forth)[0] - self._attempt(back)[0]) / (ahead - behind)
        finally:
            self.arrays = here
        return found

    def slopes_along(self, direction: Direction, radius: float, points: int) -> Array:
        """Return (points, outputs): slopes over very short steps, at points spread evenly to both sides."""
        found = np.full((points, self.middle.size), np.nan)
        h = radius / 2**16
        with quiet():
            for row, t in enumerate(np.linspace(-radius, radius, 2 * points + 1)[1::2]):
                forth, ahead, _ = self.moved(direction, float(t) + h)
                back, behind, _ = self.moved(direction, float(t) - h)
                if ahead > behind:
                    found[row] = (self._attempt(forth)[0] - self._attempt(back)[0]) / (ahead - behind)
        return found

    def changes_elsewhere(self, rng: np.random.Generator) -> bool:
        """Whether any value differs at points far from this one, of other signs and sizes."""
        with quiet():
            for scale in (-1.0, 0.5, 3.0, 100.0):
                for spread in (0.0, 1.0):
                    there = [(a * scale + spread * rng.standard_normal(a.shape)).astype(a.dtype) for a in self.arrays]
                    values, _ = self._attempt(there)
                    known = np.isfinite(values) & np.isfinite(self.middle)
                    if (values[known] != self.middle[known]).any():
                        return True
        return False

    # ------------------------------------------------------------------------- names

    def name_of(self, direction: Direction) -> str:
        """What a direction is called: the element that moves, or the name of the joint direction."""
        if direction.leaf is None:
            return f"the joint direction {direction.name}"
        return place(self.inputs[direction.leaf].path, direction.index)

    def place_of_output(self, number: int) -> str:
        """The element of the output with this number in the flat order."""
        for leaf in self.outputs:
            if number < leaf.array.size:
                return place(leaf.path, tuple(int(i) for i in np.unravel_index(number, leaf.array.shape)))
            number -= leaf.array.size
        raise IndexError(number)

    def _leaves_of(self, out: Any, floats: Collection[str] = ()) -> list[Leaf]:
        """The float outputs of one call; at the paths `floats` a Python int stands for one, as in max(0, x).

        Raises UncheckableError where there is none.
        """
        found = []
        for path, leaf in leaves(out, "out"):
            if leaf is None:
                raise UncheckableError(
                    f"{self.name} returned nothing: {path} is None.\nA return is missing, or a branch without one"
                )
            array = _array_of(float(leaf) if path in floats and type(leaf) is int else leaf)
            if array is None:
                raise UncheckableError(
                    f"{self.name} returned a {type(leaf).__module__}.{type(leaf).__name__}: {path} is no array of "
                    "floats.\nReturn NumPy arrays or numbers; for another library's functions there are from_torch, "
                    "from_jax, from_autograd, from_mygrad"
                )
            if array.dtype.kind == "O":
                raise UncheckableError(
                    f"{self.name} returned an array of objects, shape {array.shape}: {path} holds a "
                    f"{type(array.ravel()[0]).__name__ if array.size else 'nothing'}.\n"
                    "An object array comes of rows of unlike lengths or of tensors inside np.array: return floats"
                )
            if array.dtype.kind == "c":
                raise UncheckableError(
                    f"{self.name} returned complex numbers, and complex derivatives are not checked.\n"
                    "Check the real and the imaginary part as two functions"
                )
            if array.dtype.kind == "f":
                found.append(Leaf(path, array))
        if not found:
            kinds = sorted({str(dtype_of(leaf)) for _, leaf in leaves(out)}) or ["an empty container"]
            raise UncheckableError(
                f"{self.name} returned {', '.join(kinds)}: only floats have a derivative.\n"
                "Return floats; what only selects or counts has nothing to check"
            )
        return found


@contextmanager
def quiet() -> Iterator[None]:
    """Around many evaluations: what is not defined nearby shows as NaN, not as warnings."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def place(path: str, index: tuple[int, ...]) -> str:
    """An element as one writes it: `x[0, 2]`, or `x` for a number."""
    return f"{path}[{', '.join(map(str, index))}]" if index else path


def _float_array(leaf: Any) -> Array | None:
    """A private copy of a leaf of floats, or None."""
    if not is_float(leaf):
        return None
    array = leaf.data if isinstance(leaf, Value) else leaf  # type: ignore[attr-defined]
    if not isinstance(array, (np.ndarray, np.generic, float)):  # another library's, on a device
        array = array.get()
    copied: Array = np.array(array, copy=True)
    return copied if copied.dtype.isnative else copied.astype(copied.dtype.newbyteorder("="))


def _array_of(leaf: Any) -> Array | None:
    """An output as an array of NumPy's, unconverted; None for what is none."""
    if isinstance(leaf, Value):
        leaf = leaf.data  # type: ignore[attr-defined]
        leaf = leaf if isinstance(leaf, np.ndarray) else leaf.get()
    if isinstance(leaf, (np.ndarray, np.generic)):
        return np.asarray(leaf)
    return np.asarray(leaf) if isinstance(leaf, (bool, int, float, complex)) else None


def _flat(found: Sequence[Leaf]) -> Array:
    """All outputs in one row of float64, or wider."""
    if len(found) == 1:
        array = found[0].array
        return array.astype(np.result_type(array, np.float64), order="C").reshape(-1)
    parts = [leaf.array.ravel() for leaf in found]
    return np.asarray(np.concatenate(parts), np.result_type(np.float64, *parts))


def _copied(leaf: Any) -> Any:
    return np.array(leaf, order="K", copy=True) if isinstance(leaf, np.ndarray) else leaf


def _first_line(error: Exception) -> str:
    text = str(error).splitlines()
    return f"{type(error).__name__}: {text[0]}" if text and text[0] else type(error).__name__


def _equal(a: Array, b: Array) -> Array:
    return np.asarray((a == b) | ((a != a) & (b != b)))  # NaN is what NaN was


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(_equal(a, b).all())


def _said(shapes: Sequence[tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{path} of shape {shape}" for path, shape in shapes)
