"""What every optimiser is: groups of parameters, what it remembers of each, and a step.

One idea: an update is written with `-=`. An array it changes in place; a NumPy scalar, which
is what a tensor of one number holds, it replaces. So each method is written once, and
`step` tells the graph which of the two happened.

Everything an optimiser knows is numbers and arrays, so its state is saved as a flat dict of
them, and what goes on from a restored state goes on bit for bit.
"""

import difflib
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from .. import inplace
from ..backend import Array, library_of, to_numpy
from ..errors import GradError, OptimiserError, ShapeError
from ..mode import enable_grad
from ..place import Place, at, here
from ..value import Value
from .blocks import advance_in_blocks, fit
from .parameters import called, gathered, gradient_of, refuse_twice

Group = dict[str, Any]
"""The parameters of a group, under "parameters", and the settings they share: "lr" and the method's own."""


class Optimiser:
    """The base of every optimiser: subclass it, write `advance`, and you have another.

    `parameters` is a tensor, nested containers of tensors, or a list of groups such as
    `{"parameters": [w, b], "lr": 0.01}`; what a group does not set is taken from `settings`.
    `groups` may be read and changed between steps. Raises what `gathered` raises, and
    OptimiserError for a setting that makes no sense.

    >>> import minigrad as mg, numpy as np
    >>> from minigrad import optim
    >>> class SignDescent(optim.Optimiser):
    ...     def advance(self, x, g, memory, group):
    ...         x -= group["lr"] * np.sign(g)
    ...         return x
    >>> w = mg.tensor([3.0, -4.0], requires_grad=True)
    >>> optimiser = SignDescent([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimiser.step()
    >>> w
    Tensor([ 2.5, -3.5], requires_grad=True)
    """

    remembers: ClassVar[frozenset[str]] = frozenset()
    """What `advance` may keep of a parameter: arrays of its shape and dtype, and whole numbers."""
    elementwise: ClassVar[bool] = False
    """Whether each element moves by its own gradient alone: then `advance` may be given pieces of an array."""
    squares: ClassVar[bool] = False
    """Whether the method squares gradients. An infinite average of squares would stop a parameter for good."""

    def __init__(self, parameters: Any, **settings: Any) -> None:
        self.settings = {name: _plain(name, value) for name, value in settings.items()}
        self.groups: list[Group] = []
        self.names: list[str] = []
        """What the reader called each parameter where the optimiser was made."""
        self.memories: list[dict[str, Any]] = []
        """What `advance` keeps of each parameter."""
        for group in _as_groups(parameters):
            self.add_group(group)

    def add_group(self, group: Group) -> None:
        """Optimise more parameters from now on, with settings of their own. Raises as the constructor does.

        >>> import minigrad as mg
        >>> from minigrad import optim
        >>> w, b = mg.ones(2, requires_grad=True), mg.tensor(0.0, requires_grad=True)
        >>> optimiser = optim.SGD([w], lr=0.1)
        >>> optimiser.add_group({"parameters": b, "lr": 0.01})
        >>> [group["lr"] for group in optimiser.groups]
        [0.1, 0.01]
        """
        own = {name: _plain(name, value) for name, value in group.items() if name != "parameters"}
        for name in own:
            if name not in self.settings:
                near = difflib.get_close_matches(name, self.settings, 1)
                raise OptimiserError(
                    f"{type(self).__name__} has no setting {name!r}, which a group of parameters sets{at(here())}.\n"
                    + (f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(self.settings)}")
                )
        tree = list(group["parameters"]) if isinstance(group["parameters"], Iterator) else group["parameters"]
        found = gathered(tree)
        merged: Group = {"parameters": [parameter for _, parameter in found], **self.settings, **own}
        self.check(merged)
        refuse_twice([*self.parameters, *merged["parameters"]])
        whole = called(tree, "parameters")
        self.groups.append(merged)
        self.names += [called(parameter, whole + path) for path, parameter in found]
        self.memories += [{} for _ in found]

    @property
    def parameters(self) -> list[Any]:
        """Every parameter, group after group."""
        return [parameter for group in self.groups for parameter in group["parameters"]]

    def check(self, group: Group) -> None:
        """Raise OptimiserError for settings that make no sense."""
        nonnegative(group, "lr", "weight_decay")

    def advance(self, x: Array, g: Array, memory: dict[str, Any], group: Group) -> Array:
        """Return where a step leads from `x`, whose gradient is `g`: `x` itself, changed by `-=`.

        `memory` is what was kept of this parameter; `g` is not to be changed.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not say how to step: write advance(self, x, g, memory, group)"
        )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient; the others are left as they are.

        `closure()`, if given, computes the loss and its gradients first, and its loss is
        returned. Raises GradError if a gradient is not finite (nothing is changed then),
        ShapeError if it does not fit.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        place = here()
        for parameter, g, memory, group in self._with_gradients():
            x = parameter._array
            if self.elementwise and fit(x, g):
                x = advance_in_blocks(self.advance, x, g, memory, group)
            else:
                x = self.advance(x, g, memory, group)
            move(parameter, x, place)
        return loss

    def _with_gradients(self) -> list[tuple[Value, Array, dict[str, Any], Group]]:
        """Each parameter that has a gradient, with what belongs to it; every gradient is known to be finite."""
        found = []
        squares = 0.0
        memories = iter(self.memories)
        for group in self.groups:
            for parameter, memory in zip(group["parameters"], memories):
                g = gradient_of(parameter)
                if g is not None:
                    found.append((parameter, g, memory, group))
                    # One pass by BLAS; on a GPU the sum is looked at once, after the last.
                    squares = squares + _square(g)
        if not math.isfinite(squares):
            self._refuse_infinite()
        return found

    def _refuse_infinite(self) -> None:
        """Raise GradError for the first gradient that is not finite, or has no finite square and needs one.

        If there is none, the sum of all squares has overflowed, and that harms nobody.
        """
        for parameter, name in zip(self.parameters, self.names):
            g = gradient_of(parameter)
            if g is None:
                continue
            values = np.atleast_1d(to_numpy(g))
            with np.errstate(over="ignore"):
                bad = np.argwhere(~np.isfinite(values * values if self.squares else values))
            if not len(bad):
                continue
            value = values[tuple(bad[0])]
            where = f" at {bad[0].tolist()}" if g.shape else ""
            why = f", whose square overflows {values.dtype}," if np.isfinite(value) else ","
            raise GradError(
                f"the gradient of {name} is {value}{where}{why} so no parameter was moved{at(here())}.\n"
                "Make the learning rate smaller or clip: minigrad.optim.clip_by_norm(parameters, 1.0); "
                "NaN mostly comes from log, √ or a division at 0"
            )

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter, so that the next backward() starts afresh.

        >>> import minigrad as mg
        >>> from minigrad import optim
        >>> w = mg.tensor(3.0, requires_grad=True)
        >>> (w * w).backward()
        >>> optim.SGD([w], lr=0.1).zero_grad()
        >>> w.grad is None
        True
        """
        for group in self.groups:
            for parameter in group["parameters"]:
                parameter._grad = None

    # ------------------------------------------------------------------------- saved and restored

    def state_dict(self) -> dict[str, Any]:
        """Return all that the optimiser knows but the parameters: a flat dict of NumPy arrays and Python numbers.

        It can be pickled, or written by `np.savez(file, **optimiser.state_dict())`, or as JSON, with
        `json.dumps(state, default=np.ndarray.tolist)`. The arrays are copies.

        >>> import minigrad as mg
        >>> from minigrad import optim
        >>> w = mg.tensor([3.0], requires_grad=True)
        >>> optimiser = optim.SGD([w], lr=0.5, momentum=0.9)
        >>> (w * w).sum().backward()
        >>> optimiser.step()
        >>> optimiser.state_dict()["parameters[0].momentum"]
        array([6.])
        """
        state: dict[str, Any] = {}
        for n, group in enumerate(self.groups):
            state[f"groups[{n}].parameters"] = len(group["parameters"])
            for name in self.settings:
                value = group[name]
                state[f"groups[{n}].{name}"] = np.array(value) if isinstance(value, tuple) else value
        for n, memory in enumerate(self.memories):
            for name, value in memory.items():
                state[f"parameters[{n}].{name}"] = value if isinstance(value, int) else to_numpy(value).copy()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned, bit for bit; an `np.load`ed file will do, and lists for arrays.

        Raises OptimiserError or ShapeError, and changes nothing, if it was saved by
        another method or for other parameters.

        >>> import minigrad as mg
        >>> from minigrad import optim
        >>> w = mg.tensor([3.0], requires_grad=True)
        >>> old, new = optim.SGD([w], lr=0.5), optim.SGD([w], lr=0.1)
        >>> new.load_state_dict(old.state_dict())
        >>> new.groups[0]["lr"]
        0.5
        """
        left = dict(state.items())
        settings: list[Group] = []
        for n, group in enumerate(self.groups):
            keys = {name: f"groups[{n}].{name}" for name in ["parameters", *self.settings]}
            missing = [key for key in keys.values() if key not in left]
            if missing:
                raise self._does_not_fit(f"it has no {missing[0]}")
            key = keys.pop("parameters")
            count = int(left.pop(key))
            if count != len(group["parameters"]):
                raise self._does_not_fit(f"its {key} is {count}, not {len(group['parameters'])}")
            settings.append({name: _like(group[name], left.pop(key)) for name, key in keys.items()})
            self.check(settings[-1])
        memories: list[dict[str, Any]] = []
        for n, parameter in enumerate(self.parameters):
            memories.append({})
            for name in sorted(self.remembers):
                key = f"parameters[{n}].{name}"
                if key in left:
                    memories[-1][name] = self._restored(parameter, left.pop(key), key)
        if left:
            raise self._does_not_fit(f"it has {next(iter(left))}, and this optimiser has no such thing")
        for group, restored in zip(self.groups, settings):
            group.update(restored)
        self.memories = memories

    def _restored(self, parameter: Value, value: Any, key: str) -> Any:
        """What was saved, as `advance` left it: a whole number, or an array where the parameter's array is."""
        saved = np.asarray(value) if isinstance(value, list) else to_numpy(value)
        if saved.dtype.kind in "iu":
            return int(saved)
        x = parameter._array
        if saved.shape != x.shape:
            raise ShapeError(
                f"{key} of the saved state has shape {saved.shape}, its parameter {x.shape}{at(here())}.\n"
                "Give the optimiser the parameters it had when it was saved, in the same order"
            )
        return library_of(x).array(saved, dtype=x.dtype, copy=True)[()]

    def _does_not_fit(self, why: str) -> OptimiserError:
        groups, parameters = len(self.groups), len(self.memories)
        return OptimiserError(
            f"this state is not one of {type(self).__name__} with {groups} group{'s' * (groups != 1)} of "
            f"{parameters} parameter{'s' * (parameters != 1)} in all: {why}{at(here())}.\n"
            "Make the optimiser as it was made when the state was saved, then load"
        )

    def __repr__(self) -> str:
        groups = [
            f"{', '.join(f'{name}={group[name]}' for name in self.settings)}; {len(group['parameters'])} parameters"
            for group in self.groups
        ]
        return f"{type(self).__name__}({' | '.join(groups)})"


def move(parameter: Value, array: Array, place: Place | None) -> None:
    """Make `array` the values of a parameter: its own array that was changed in place, or a number instead of one."""
    if array is parameter._array:
        inplace.note_change(array, place)
        if array.shape:
            return
    parameter._array = array
    inplace.note_replaced(parameter, place)


def zeros(x: Array) -> Array:
    """Zeros like the array of a parameter; a NumPy scalar for a NumPy scalar."""
    return library_of(x).zeros_like(x)[()]


def nonnegative(group: Group, *names: str) -> None:
    """Raise OptimiserError unless each of these settings, if the group has it, is a finite number from 0 on."""
    for name in names:
        value = group.get(name, 0.0)
        if not _is_number(value) or not 0 <= value < math.inf:
            raise OptimiserError(
                f"{name} is {value!r}, and has to be a finite number that is not negative{at(here())}.\n"
                + ("A step goes against the gradient by itself: write lr=0.01" if name == "lr" else f"Write {name}=0.0")
            )


def positive(group: Group, name: str) -> None:
    """Raise OptimiserError unless a setting is a finite number above 0, and is in the dtype of each parameter too."""
    nonnegative(group, name)
    for dtype in {None, *(parameter._array.dtype for parameter in group.get("parameters", ()))}:
        if not (group[name] if dtype is None else dtype.type(group[name])):
            raise OptimiserError(
                f"{name} is {group[name]}{f', which is 0 in {dtype}' if dtype else ''}, and has to be above 0: "
                f"where every gradient was 0 the step would be 0 / 0{at(here())}.\n"
                f"Write {name}={1e-4 if dtype else 1e-8}"
            )


def fraction(group: Group, *names: str) -> None:
    """Raise OptimiserError unless each of these settings, a number or a pair, is from 0 on and below 1."""
    for name in names:
        values = group[name] if isinstance(group[name], tuple) else (group[name],)
        if not all(_is_number(value) and 0 <= value < 1 for value in values):
            raise OptimiserError(
                f"{name} is {group[name]!r}, and has to be from 0 on and below 1{at(here())}.\n"
                "It is how much of an average is kept in each step: 0.9 averages over about 10 steps, 0.999 over 1000"
            )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _plain(name: str, value: Any) -> Any:
    """A setting as a Python number, truth value or tuple of numbers, so that it never widens a float32."""
    if isinstance(value, Value):
        raise OptimiserError(f"{name} is a tensor, and a setting is a plain number{at(here())}.\nWrite {name}=t.item()")
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    return tuple(_plain(name, part) for part in value) if isinstance(value, (list, tuple)) else value


def _like(old: Any, value: Any) -> Any:
    """A saved setting in the form of the present one; `np.load` gives 0-d arrays."""
    if isinstance(old, tuple):
        return tuple(np.asarray(value).tolist())
    return np.asarray(value).item()


def _square(g: Array) -> Any:
    """The sum of squares of a gradient: finite if each element is, but for overflow, of which vdot does not warn."""
    square = np.vdot(g, g)
    return square.item() if isinstance(square, np.generic) else square


def _as_groups(parameters: Any) -> Iterator[Group]:
    """The groups in what an optimiser was given; without any, one group of everything."""
    if isinstance(parameters, Iterator):
        parameters = list(parameters)
    parts = parameters if isinstance(parameters, (list, tuple)) else []
    grouped = [isinstance(part, dict) and "parameters" in part for part in parts]
    if not any(grouped):
        if isinstance(parameters, dict) and "parameters" in parameters and len(parameters) > 1:
            raise OptimiserError(
                f"a group of parameters with settings of its own was given alone{at(here())}.\n"
                'Groups come in a list: [{"parameters": [w], "lr": 0.01}, {"parameters": [b]}]'
            )
        yield {"parameters": parameters}
        return
    if not all(grouped):
        raise OptimiserError(
            f"item {grouped.index(False)} of the parameters is no group, and others are{at(here())}.\n"
            'Make each a group, a dict with the key "parameters": [{"parameters": [w], "lr": 0.01}, '
            '{"parameters": [b]}]'
        )
    yield from parts
