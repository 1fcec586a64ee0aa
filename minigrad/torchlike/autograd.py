"""torch.autograd: an operation of one's own, `grad`, and the old `Variable`.

One idea: a Function is an operation of the engine whose rules all come from one call
of `backward`. What backward computes on tensors is recorded under create_graph, so a
Function has as many derivatives as its backward has.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from .. import graph
from ..backend import library_of
from ..errors import GradError
from ..graph import gradients
from ..mode import no_grad, set_grad_enabled
from ..op import Op
from ..place import at, here
from ..value import Value, wrap
from .old import Variable
from .tensor import Tensor

__all__ = ["Context", "Function", "Variable", "grad"]


class Context:
    """What `forward` leaves for `backward`: tensors by save_for_backward, anything else as an attribute."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._saved: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for backward, which finds them in `saved_tensors`."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Value):
                raise TypeError(
                    f"save_for_backward takes tensors, not {type(tensor).__name__}{at(here())}.\n"
                    "Keep anything else as an attribute: ctx.n = n"
                )
        self._saved = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors that forward saved."""
        return self._saved


class Function:
    """An operation of one's own, with static methods `forward(ctx, ...)` and `backward(ctx, g)`.

    `backward` returns one gradient for each argument of forward after ctx: a tensor, or
    None where there is none. Call it by `.apply(...)`. forward returns one tensor; raises
    TypeError for anything else, GradError for another number of gradients.

    >>> import minigrad.torchlike as torch
    >>> class Relu(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x.clamp(min=0)
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         g = g.clone()
    ...         g[x < 0] = 0
    ...         return g
    >>> x = torch.tensor([-1.0, 2.0], requires_grad=True)
    >>> Relu.apply(x).sum().backward()
    >>> x.grad
    tensor([0., 1.])
    """

    forward: ClassVar[Callable[..., Any]]
    backward: ClassVar[Callable[..., Any]]
    _op: ClassVar[type[Op]]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        # In the reader's module and by the reader's name, so that the graph shows it so.
        body = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
        cls._op = type(cls.__name__, (Op,), {**body, "forward": _forward, "dinputs": _one_gradient})

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward outside the graph, and record the call as one operation."""
        positions = [n for n, arg in enumerate(args) if isinstance(arg, Value)]
        ctx = Context(tuple(isinstance(arg, Value) and arg._requires_grad for arg in args))
        with no_grad():
            result = cls.forward(ctx, *args)
        if not isinstance(result, Value):
            raise TypeError(
                f"{cls.__name__}.forward returned {type(result).__name__}; here a Function returns one tensor"
                f"{at(here())}.\nFor several, write one Function each, or stack them: torch.stack"
            )
        saved, ctx._saved = ctx._saved, ()
        inputs = [args[n] for n in positions]
        pass_back = _PassBack(cls, ctx, positions, [_where_from(t, inputs, result) for t in saved])
        out = graph.apply(cls._op, pass_back, result._array, *inputs) if inputs else result
        call: Any = out.creator
        if call is not None and inputs:
            # Keep what was saved and no more, and so that the engine sees it change in place.
            ways, *_ = call.record
            kept = [t._array if any(t is s for s in saved) else origin for t, origin in zip(inputs, call.inputs[2:])]
            others = [s._array for s in pass_back.sources if isinstance(s, Value)]
            kept_result = result._array if any(s is result for s in saved) else None
            call.record = (_RunOnce(ways), (pass_back, None, *kept, *others), kept_result, False, False)
        return out


def _forward(pass_back: Any, result: Any, *inputs: Any) -> Any:
    return result


def _one_gradient(k: int, g: Any, out: Any, pass_back: "_PassBack", result: None, *inputs: Any) -> Any:
    return pass_back(g, out, inputs)[k]


class _PassBack:
    """Calls `backward` of a Function as the engine calls its rules."""

    def __init__(self, function: type[Function], ctx: Context, positions: list[int], sources: list[Any]) -> None:
        self.function = function
        self.ctx = ctx
        self.positions = positions
        self.sources = sources

    def __call__(self, g: Any, out: Any, inputs: tuple[Any, ...]) -> list[Any]:
        """The gradient of each tensor among the arguments; tensors if g is one, else arrays."""
        recorded = isinstance(g, Value)
        name = self.function.__name__
        known: dict[Any, Any] = {"out": out, **dict(enumerate(inputs))}
        ctx = self.ctx
        ctx._saved = tuple(_tensor(known[s]) if isinstance(s, int | str) else s for s in self.sources)
        try:
            with set_grad_enabled(recorded):
                # A copy, because backward may change what it is given, and the engine's gradients are shared.
                found = self.function.backward(ctx, g if recorded else _tensor(g.copy()))
        finally:
            ctx._saved = ()  # its result among them would make a reference cycle
        found = tuple(found) if isinstance(found, tuple | list) else (found,)
        count = len(ctx.needs_input_grad)
        if len(found) < count or any(extra is not None for extra in found[count:]):
            raise GradError(
                f"{name}.backward returned {len(found)} gradients for {count} arguments of forward{at(here())}.\n"
                "Return one for each, None for those that have none"
            )
        grads = []
        for n, like in zip(self.positions, inputs):
            c = found[n]
            if c is None and ctx.needs_input_grad[n]:
                zeros = library_of(g._array if recorded else g).zeros(like.shape, like.dtype)
                c = wrap(Tensor, zeros)
            if c is not None and not isinstance(c, Value):
                raise GradError(f"{name}.backward returned {type(c).__name__}, which is no tensor{at(here())}")
            grads.append(c if recorded or c is None else c._array)
        return grads


class _RunOnce(tuple[Any, ...]):
    """The ways back of a call; each time they are walked, backward runs once for all of them."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        found: list[Any] = []

        def backward(k: int, g: Any, out: Any, pass_back: _PassBack, result: None, *inputs: Any) -> Any:
            if not found:
                found.extend(pass_back(g, out, inputs))
            return found[k]

        return iter([(n, functools.partial(backward, n - 2), origin) for n, _, origin in super().__iter__()])


def _where_from(tensor: Any, inputs: list[Any], result: Any) -> Any:
    """How backward gets at a saved tensor: as the k-th input, as the result, or by keeping it."""
    if tensor is result:
        return "out"
    return next((k for k, candidate in enumerate(inputs) if candidate is tensor), tensor)


def _tensor(value: Any) -> Any:
    return value if isinstance(value, Value) else wrap(Tensor, value)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """Return the gradients of `outputs` with respect to `inputs`, always as a tuple.

    Raises GradError for an input that outputs do not depend on, unless `allow_unused`:
    then its gradient is None, or zeros with `materialize_grads`. (`minigrad.gradients` says zeros.)

    >>> import minigrad.torchlike as torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> torch.autograd.grad(x**2, x)
    (tensor(6.),)
    """
    outputs = [outputs] if isinstance(outputs, Value) else list(outputs)
    inputs = [inputs] if isinstance(inputs, Value) else list(inputs)
    given = [grad_outputs] if isinstance(grad_outputs, Value) else grad_outputs
    found = gradients(
        outputs,
        inputs,
        create_graph,
        retain_graph=retain_graph,
        output_gradients=given,
        allow_unused=allow_unused,
        materialize=not allow_unused or materialize_grads,
    )
    return tuple(found)
