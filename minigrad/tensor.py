"""Tensor: an array that can remember how it was computed.

Its operators are NumPy's (`x * y` is `np.multiply(x, y)`), and NumPy's functions
take it as they take arrays: `np.exp(x)` and `np.sum(x, axis=0)` find here, through
NumPy's own protocols, the operation that records them.

One idea: a tensor adds nothing to an array but the graph. Everything about numbers
is NumPy's; everything about gradients is in `graph.py`.
"""

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from . import explain, inplace
from .backend import Array, library, library_of, move, to_numpy
from .copying import copied, reduced
from .dlpack import device, shared
from .errors import DtypeError, GradError, ShapeError
from .graph import array_of, backward
from .hooks import Handle, is_retained, register, retain
from .mode import is_recording
from .numpy_protocol import array_function, array_ufunc
from .op import by_function
from .operators import binary, inplace_operator, method, reduction, reflected, unary
from .place import at, here
from .value import Value, wrap


class Tensor(Value):
    """An array with a gradient: `data`, `grad`, and the `creator` that computed it.

    `data` is a number, nested lists of numbers, or an array (which is copied). A
    tensor made here is a leaf. Raises DtypeError for integers that should require a
    gradient, for complex numbers and for what is no number; GraphCutError for a list
    of tensors; BackendError if `backend` cannot be had.

    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    Tensor([2., 4.])
    """

    __slots__ = ()

    def __init__(
        self, data: Any, requires_grad: bool = False, *, dtype: Any = None, backend: str | None = None
    ) -> None:
        if isinstance(data, Value):
            if data._requires_grad and is_recording():
                raise explain.copied_numbers(data, type(self))
            data = data._array
        explain.refuse_masked(data)
        if hasattr(data, "dtype") and hasattr(data, "shape"):
            if not isinstance(data, np.ndarray) and hasattr(data, "to_numpy"):  # a column of pandas
                data = data.to_numpy()
            array = data if backend is None else move(data, backend)
        else:
            array = library(backend).asarray(array_of(data))
        array = library_of(array).array(array, dtype=dtype, copy=True)
        check_numbers(array)
        self._array = array if array.shape else array[()]
        self._grad = self._cut = self.creator = None
        self._requires_grad = False
        if requires_grad is not False:
            self.requires_grad = requires_grad

    # ------------------------------------------------------------------------- what it holds

    @property
    def data(self) -> Array:
        """The array itself, not a copy. `x.data -= step` is an update that the graph sees."""
        # Until somebody asks for it, a 0-d array is kept as a NumPy scalar: 0.04 µs a product, not 0.24.
        if isinstance(self._array, np.generic):
            self._array = np.asarray(self._array)
        return self._array

    @data.setter
    def data(self, value: Any) -> None:
        array = value._array if isinstance(value, Value) else value
        if not hasattr(array, "dtype"):
            array = library_of(self._array).asarray(array, dtype=self.dtype)
        if array.shape != self.shape:
            raise ShapeError(
                f".data of shape {self.shape} cannot become an array of shape {array.shape}{at(here())}.\n"
                "Make a new tensor: minigrad.from_numpy(array)"
            )
        check_numbers(array)
        if self._requires_grad and array.dtype.kind != "f":
            raise explain.integers(array.dtype, self)
        if array is self._array:  # x.data -= step: NumPy has changed it already
            inplace.note_change(array, here())
            if not array.shape:
                inplace.note_replaced(self, here())
        else:
            inplace.note_assigned(self, here())
        self._array = array

    def _get_grad(self) -> Value | None:
        found = self._grad
        if found is None and (self._requires_grad or self._cut is not None):
            explain.warn_if_not_kept(self, is_retained(self), sys._getframe(1))
        return found

    def _set_grad(self, value: Any) -> None:
        if value is None:
            self._grad = None
            return
        if not isinstance(value, Value):
            value = wrap(type(self), library_of(self._array).asarray(value))
        check_numbers(value._array)
        if value.shape != self.shape:
            raise ShapeError(
                f"a gradient has its tensor's shape {self.shape}, not {value.shape}{at(here())}.\n"
                "Give one number for each element, or None to clear it"
            )
        # Its own buffer, because the next backward() adds into it.
        self._grad = value if value._requires_grad else wrap(type(self), value.data.astype(self.dtype, copy=True))
        inplace.note_given(self._grad)

    grad = property(
        _get_grad,
        _set_grad,
        doc="The gradient that backward() brought, a tensor, or None if none has arrived.",
    )

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient is wanted, for this tensor or for one it was computed from."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise TypeError(
                f"requires_grad is True or False, not {value!r}{at(here())}.\n"
                "Several numbers go into one list, minigrad.tensor([1.0, 2.0], requires_grad=True)"
            )
        if value and self.dtype.kind != "f":
            raise explain.integers(self.dtype, self)
        if not value and self.creator is not None:
            raise GradError(
                f"a computed tensor requires a gradient because its inputs do{at(here())}.\n"
                "Cut it from the graph with .detach()"
            )
        self._requires_grad = bool(value)

    @property
    def is_leaf(self) -> bool:
        """Whether somebody made it, rather than a recorded operation."""
        return self.creator is None

    @property
    def T(self) -> Self:
        """The tensor with its axes in reverse order."""
        return self.transpose()

    @property
    def mT(self) -> Self:
        """The tensor with its last two axes exchanged: each matrix transposed."""
        return by_function[np.swapaxes](self, -1, -2)  # type: ignore[no-any-return]

    # ------------------------------------------------------------------------- gradients

    backward = backward

    def detach(self) -> Self:
        """Return a tensor on the same memory that is not in the graph.

        >>> import minigrad as mg
        >>> w = mg.tensor(3.0, requires_grad=True)
        >>> (w * 2).detach()
        Tensor(6.)
        """
        result: Self = wrap(type(self), self.data)
        if self._requires_grad:
            frame = sys._getframe(1)
            result._cut = ("detach", (frame.f_code, frame.f_lasti))
        else:
            result._cut = self._cut
        return result

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in `.grad` when backward() passes it.

        Raises GradError if it requires no gradient.

        >>> import minigrad as mg
        >>> w = mg.tensor(3.0, requires_grad=True)
        >>> y = w * w
        >>> y.retain_grad()
        >>> (2 * y).backward()
        >>> y.grad
        Tensor(2.)
        """
        retain(self)

    def register_hook(self, hook: Callable[[Self], Any]) -> Handle:
        """Call `hook(g)` whenever a backward pass has completed the gradient of this tensor.

        Where the hook returns a tensor or an array, that goes on in place of g. Several are called in
        the order of registering, each with what the one before returned; then retain_grad() keeps the
        last. gradients() calls those of tensors on its way. Returns a handle: `handle.remove()`, or
        the end of `with x.register_hook(f):`, takes the hook off. Raises GradError if this tensor
        requires no gradient; the pass raises ShapeError or DtypeError for what is no gradient of it,
        InplaceError if the hook changes g itself.

        >>> import minigrad as mg
        >>> w = mg.tensor(3.0, requires_grad=True)
        >>> y = w * w
        >>> handle = y.register_hook(lambda g: g.data.clip(-1, 1))
        >>> (100 * y).backward()
        >>> w.grad
        Tensor(6.)
        """
        return register(self, hook)

    def zero_grad(self) -> None:
        """Forget the gradient: `.grad` becomes None, and the next backward() starts afresh.

        >>> import minigrad as mg
        >>> w = mg.tensor(3.0, requires_grad=True)
        >>> (w * w).backward()
        >>> w.zero_grad()
        >>> w.grad is None
        True
        """
        self._grad = None

    def why(self) -> str:
        """Return in words why `.grad` is what it is: what brought it, or why none came.

        >>> import minigrad as mg
        >>> w = mg.tensor(3.0, requires_grad=True)
        >>> "no backward() has reached" in w.why()
        True
        """
        return explain.why(self, is_retained(self))

    # ------------------------------------------------------------------------- leaving the graph

    def item(self, *index: Any) -> Any:
        """Return the only element, or that at `index`, as a Python number. Raises ShapeError if there are several.

        >>> import minigrad as mg
        >>> mg.tensor([2.5]).item()
        2.5
        """
        if index:
            return self._array.item(*index)
        if self.size != 1:
            raise ShapeError(f"item() needs exactly one element; the shape is {self.shape}{at(here())}.\nUse tolist()")
        return self._array.item()

    def numpy(self) -> Any:
        """Return the values as a NumPy array: the same memory, or a copy from the GPU.

        Raises GraphCutError where that would lose the graph.

        >>> import minigrad as mg
        >>> mg.tensor([1.0, 2.0]).numpy()
        array([1., 2.])
        """
        if self._requires_grad and is_recording():
            raise explain.cut_here(self, "{}.numpy()", ".detach().numpy()")
        return to_numpy(self.data)

    def tolist(self) -> Any:
        """Return the values as nested lists of Python numbers.

        >>> import minigrad as mg
        >>> mg.tensor([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """
        return self._array.tolist()

    def to(self, backend: str) -> Self:
        """Return a leaf with the same values in the array library `backend`; itself if it is there.

        Raises BackendError if that library cannot be had, GraphCutError while its graph is recorded.

        >>> import minigrad as mg
        >>> mg.ones(2).to("numpy")
        Tensor([1., 1.])
        """
        if library_of(self._array) is library(backend):
            return self
        if self.creator is not None and is_recording():
            raise explain.moved(self, backend)
        return wrap(type(self), move(self._array, backend), None, self._requires_grad)  # type: ignore[no-any-return]

    # ------------------------------------------------------------------------- operators

    __add__ = binary(np.add)
    __radd__ = reflected(np.add)
    __sub__ = binary(np.subtract)
    __rsub__ = reflected(np.subtract)
    __mul__ = binary(np.multiply)
    __rmul__ = reflected(np.multiply)
    __truediv__ = binary(np.true_divide)
    __rtruediv__ = reflected(np.true_divide)
    __mod__ = binary(np.remainder)
    __rmod__ = reflected(np.remainder)
    __floordiv__ = binary(np.floor_divide)
    __rfloordiv__ = reflected(np.floor_divide)
    __pow__ = binary(np.power)
    __rpow__ = reflected(np.power)
    __matmul__ = binary(np.matmul)
    __rmatmul__ = reflected(np.matmul)
    __neg__ = unary(np.negative)
    __pos__ = unary(np.positive)
    __abs__ = unary(np.absolute)
    __lt__ = binary(np.less)
    __le__ = binary(np.less_equal)
    __gt__ = binary(np.greater)
    __ge__ = binary(np.greater_equal)
    __and__ = binary(np.bitwise_and)
    __rand__ = reflected(np.bitwise_and)
    __or__ = binary(np.bitwise_or)
    __ror__ = reflected(np.bitwise_or)
    __xor__ = binary(np.bitwise_xor)
    __rxor__ = reflected(np.bitwise_xor)
    __invert__ = unary(np.invert)
    # Elementwise, as NumPy has them; identity is `is`. Hashed by identity, so that tensors
    # may be keys: equal keys are then the same object, and == is never asked.
    __eq__ = binary(np.equal)
    __ne__ = binary(np.not_equal)
    __hash__ = object.__hash__

    def __divmod__(self, other: Any) -> tuple[Self, Self]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Self, Self]:
        return other // self, other % self

    # On a parameter outside the graph, `with no_grad(): w -= lr * w.grad` changes w itself:
    # every optimiser needs that. While recording it is an error.
    __iadd__ = inplace_operator(operator.add, np.add, "+")
    __isub__ = inplace_operator(operator.sub, np.subtract, "-")
    __imul__ = inplace_operator(operator.mul, np.multiply, "*")
    __itruediv__ = inplace_operator(operator.truediv, np.true_divide, "/")
    __imod__ = inplace_operator(operator.mod, np.remainder, "%")
    __ifloordiv__ = inplace_operator(operator.floordiv, np.floor_divide, "//")
    __ipow__ = inplace_operator(operator.pow, np.power, "**")

    def __getitem__(self, index: Any) -> Self:
        return by_function[operator.getitem](self, index)  # type: ignore[no-any-return]

    def __setitem__(self, index: Any, value: Any) -> None:
        if is_recording() and (self._requires_grad or (isinstance(value, Value) and value._requires_grad)):
            raise explain.in_place_while_recording(self, "x[...] = ...", "minigrad.where(mask, new, x)")
        self.data[index] = value._array if isinstance(value, Value) else value
        inplace.note_change(self._array, here())

    # ------------------------------------------------------------------------- NumPy's methods

    sum = reduction(np.sum)
    mean = reduction(np.mean)
    max = reduction(np.max)
    min = reduction(np.min)
    dot = method(np.dot)
    any = method(np.any)
    all = method(np.all)
    clip = method(np.clip)
    round = method(np.round)
    prod = reduction(np.prod)
    var = method(np.var)
    std = method(np.std)
    cumsum = method(np.cumsum)
    cumprod = method(np.cumprod)
    trace = method(np.trace)
    argmax = method(np.argmax)
    argmin = method(np.argmin)
    argsort = method(np.argsort)

    def sort(self, *args: Any, **keywords: Any) -> None:
        """Refused: it would sort an array in place. Raises InplaceError; `minigrad.sort` returns a sorted tensor."""
        raise explain.in_place_on_an_array(self, "sort")

    def partition(self, *args: Any, **keywords: Any) -> None:
        """Refused: it would change an array in place. Raises InplaceError; `minigrad.partition` returns a tensor."""
        raise explain.in_place_on_an_array(self, "partition")

    def reshape(self, *shape: Any, order: str = "C") -> Self:
        """The same elements in another shape; see `minigrad.reshape`."""
        return by_function[np.reshape](self, _unpacked(shape), order)  # type: ignore[no-any-return]

    def transpose(self, *axes: Any) -> Self:
        """The axes in another order, reversed if none is given; see `minigrad.transpose`."""
        return by_function[np.transpose](self, _unpacked(axes) if axes else None)  # type: ignore[no-any-return]

    ravel = method(np.ravel)
    flatten = method(np.ndarray.flatten)
    swapaxes = method(np.swapaxes)
    repeat = method(np.repeat)
    diagonal = method(np.diagonal)
    take = method(np.take)
    choose = method(np.choose)
    nonzero = method(np.nonzero)
    searchsorted = method(np.searchsorted)

    def compress(self, condition: Any, axis: int | None = None) -> Self:
        """The elements where `condition` holds; see `minigrad.compress`."""
        return by_function[np.compress](condition, self, axis)  # type: ignore[no-any-return]

    def squeeze(self, axis: Any = None) -> Self:
        """Without axes of length 1; see `minigrad.squeeze`."""
        return by_function[np.squeeze](self, axis)  # type: ignore[no-any-return]

    def expand_dims(self, axis: Any) -> Self:
        """With a new axis of length 1; see `minigrad.expand_dims`."""
        return by_function[np.expand_dims](self, axis)  # type: ignore[no-any-return]

    def broadcast_to(self, *shape: Any) -> Self:
        """Repeated to a larger shape; see `minigrad.broadcast_to`."""
        return by_function[np.broadcast_to](self, _unpacked(shape))  # type: ignore[no-any-return]

    def expand_as(self, other: Any) -> Self:
        """Repeated to the shape of `other`; see `minigrad.broadcast_to`."""
        return by_function[np.broadcast_to](self, other.shape)  # type: ignore[no-any-return]

    copy = method(np.copy)

    def astype(self, dtype: Any, *, copy: bool = True) -> Self:
        """The same values in another dtype, without `copy` itself if it has that already; see `minigrad.astype`."""
        if not copy and self.dtype == dtype:
            return self
        return by_function[np.astype](self, dtype)  # type: ignore[no-any-return]

    # ------------------------------------------------------------------------- Python's protocols

    __reduce_ex__ = reduced
    __copy__ = copied

    def __repr__(self) -> str:
        values = np.array2string(to_numpy(self.data), separator=", ", prefix="Tensor(", threshold=1000)
        extra = ""
        if self.data.dtype not in (np.float64, np.int64, np.bool_) or self.size == 0:
            extra += f", dtype={self.data.dtype}"
        if library_of(self._array) is not np:
            extra += f", backend={library_of(self._array).__name__}"
        if self.creator is not None:
            extra += f", creator={type(self.creator).__name__}"
        elif self._requires_grad:
            extra += ", requires_grad=True"
        return f"{type(self).__name__}({values}{extra})"

    def __format__(self, spec: str) -> str:
        # f"{loss:.3f}" is how everybody prints a loss; only text leaves, so no graph is lost.
        if not spec:
            return repr(self)
        if self.size != 1:
            raise ShapeError(
                f"the format {spec!r} is for one number, and this tensor has shape {self.shape}{at(here())}.\n"
                "Format its elements: [f'{v:...}' for v in x.tolist()], or print x itself"
            )
        return format(self.item(), spec)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError(f"a 0-d tensor has no length{at(here())}.\nIt is one number: x.size is 1")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Self]:
        # Without it Python would call x[0], x[1], ... until an IndexError; a 0-d tensor
        # would then fail with a message about indices.
        if not self.ndim:
            raise TypeError(
                f"a 0-d tensor cannot be gone through: it is one number{at(here())}.\n"
                "For a list of it write [x], or x.reshape(1)"
            )
        return (self[n] for n in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        # NumPy's rule. Python's own would compare row by row, and find no truth in a row.
        return bool(np.any(self == value))

    def __bool__(self) -> bool:
        # As NumPy: one element is its truth, several are an error. A branch on it is not
        # differentiated, which is right: it is constant around any point but the boundary.
        if self.size != 1:
            raise explain.no_truth(self)
        return bool(self._array)

    def __int__(self) -> int:
        return int(self._number("int"))

    def __float__(self) -> float:
        # math.sin(x) and float(x) come here and would lose the graph without a word.
        return float(self._number("float"))

    def __index__(self) -> int:
        # So that an integer tensor can index a list or an array; NumPy's rule.
        if self.size != 1 or self.ndim or self.dtype.kind not in "iu":
            raise TypeError(
                f"only a 0-d integer tensor can be an index, not {self.dtype} of shape {self.shape}{at(here())}.\n"
                "Indices, counts and lengths are integers: x.shape, len(x), or minigrad.tensor(3)"
            )
        return int(self._array)

    def _number(self, conversion: str) -> Any:
        if self._requires_grad and is_recording():
            raise explain.cut_here(self, conversion, ".item()")
        if self.size != 1:
            raise explain.not_one_element(self, conversion)
        return self.item()

    def __round__(self, decimals: int = 0) -> Self:
        return by_function[np.round](self, decimals)  # type: ignore[no-any-return]

    # ------------------------------------------------------------------------- other libraries' protocols

    # torch.from_dlpack(x), cupy.from_dlpack(x), ...: the same memory, under the conditions of numpy().
    __dlpack__ = shared
    __dlpack_device__ = device

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self._requires_grad and is_recording():
            raise explain.cut_here(self, "an array made of {}", ".detach().numpy()")
        return np.array(to_numpy(self.data), dtype=dtype, copy=copy)

    __array_ufunc__ = array_ufunc
    __array_function__ = array_function


def check_numbers(array: Array) -> None:
    """Raise DtypeError unless the array holds real numbers or truth values."""
    if array.dtype.kind == "c":
        raise DtypeError(
            f"[D02] complex numbers have no gradient in minigrad{at(here())}.\n"
            "Use the real and the imaginary part as two real tensors"
        )
    if array.dtype.kind not in "fiub":
        raise DtypeError(
            f"[D04] a tensor holds numbers, and this is {_described(array)}{at(here())}.\n"
            "Pick the numbers out and give them as a list; text that spells numbers: np.asarray(x, dtype=float)"
        )


def _described(array: Array) -> str:
    """What somebody took for numbers."""
    if array.dtype.kind == "O" and array.size:
        kinds = dict.fromkeys(type(value).__name__ for value in array.reshape(-1)[:1000].tolist())
        return f"an array of {' and '.join(kinds)}" if array.shape else f"of type {next(iter(kinds))}"
    return f"an array of dtype {array.dtype}"


def _unpacked(arguments: tuple[Any, ...]) -> Any:
    """x.reshape(2, 3) and x.reshape((2, 3)) mean the same."""
    return arguments[0] if len(arguments) == 1 else arguments
