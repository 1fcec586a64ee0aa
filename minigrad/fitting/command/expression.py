"""A model written as a formula: "a * exp(-b * x) + c", from the command line.

One idea: the text is parsed as Python and never run as Python. Each node of the parsed formula is
looked up in a short list of what a formula may hold, and becomes a step of a small stack machine:
what is not in the list has no step, so it cannot happen. What is no column is a parameter.
"""

import ast
import difflib
import inspect
import math
import operator
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

import minigrad as mg

from ..found import Floats

CONSTANTS = {"pi": math.pi, "e": math.e}

_ONE = (
    "exp exp2 expm1 log log2 log10 log1p sqrt cbrt square abs sign reciprocal sin cos tan arcsin arccos arctan "
    "asin acos atan sinh cosh tanh arcsinh arccosh arctanh asinh acosh sinc sigmoid softplus relu gelu erf erfc "
    "deg2rad rad2deg radians degrees floor ceil"
)
_TWO = "maximum minimum arctan2 atan2 hypot logaddexp power pow heaviside mod"
_THREE = "where clip"

FUNCTIONS = {
    name: (getattr(mg, name), arity) for arity, names in enumerate((_ONE, _TWO, _THREE), 1) for name in names.split()
}
"""What may be called in a formula, by bare name, and with how many arguments."""

_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.And: mg.logical_and,
    ast.Or: mg.logical_or,
    ast.Not: mg.logical_not,
}

# A formula that a person wrote is far below both; what is above them wants to exhaust the parser.
_LONGEST, _DEEPEST = 2000, 150

Step = tuple[str, Any, int]
"""What is pushed ("number", "column", "parameter") or applied ("operator", "function"), and to how many values."""


class ExpressionError(ValueError):
    """A formula that is not one: what is wrong, and the place, marked below the text."""


@dataclass(frozen=True)
class Expression:
    """A formula as a model: call it with the columns of x and the values of the parameters.

    `columns` are the names of the columns of x that the formula may use, `parameters` the other names in it, in
    order of appearance. Of one column the model takes x of shape (n,), of several x of shape (n, k), or a dictionary
    of them in this order.
    """

    text: str
    columns: tuple[str, ...]
    parameters: tuple[str, ...]
    steps: tuple[Step, ...]

    def __call__(self, x: Floats | Mapping[str, Floats], *values: Any) -> Any:
        """Return y of the formula at x, of shape (n,); one number where it names no column."""
        if len(values) != len(self.parameters):
            raise TypeError(f"{self.text} takes {len(self.parameters)} parameters, and {len(values)} were given")
        # A NumPy number overflows to infinity, where Python's would raise.
        known = [np.float64(value) if isinstance(value, float) else value for value in values]
        if isinstance(x, Mapping):
            columns = list(x.values())
        else:
            columns = [x] if len(self.columns) == 1 else [x[..., place] for place in range(len(self.columns))]
        stack: list[Any] = []
        for kind, what, arity in self.steps:
            if kind == "number":
                stack.append(what)
            elif kind == "parameter":
                stack.append(known[what])
            elif kind == "column":
                stack.append(columns[what])
            else:
                function = FUNCTIONS[what][0] if kind == "function" else _OPERATORS[getattr(ast, what)]
                arguments = stack[-arity:]
                del stack[-arity:]
                stack.append(function(*arguments))
        return stack[0]

    @property
    def __name__(self) -> str:
        return "<lambda>"  # a function without a name, in the messages of `minigrad.fit`

    @cached_property
    def __signature__(self) -> inspect.Signature:
        """The names of the parameters, as `minigrad.fit` reads them from any function."""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        first = "x"
        while first in self.parameters:
            first += "_"
        return inspect.Signature([inspect.Parameter(name, kind) for name in (first, *self.parameters)])


def expression(text: str, columns: Sequence[str] = ("x",)) -> Expression:
    """Return the model that the formula `text` describes, over columns of x with these names.

    A formula holds numbers, pi and e, names, + - * / % **, parentheses, calls of the functions in `FUNCTIONS`, and
    comparisons in where(condition, a, b). Raises ExpressionError, with the place marked, for anything else.

    >>> decay = expression("a * exp(-b * x) + c")
    >>> decay.parameters
    ('a', 'b', 'c')
    >>> decay(np.array([0.0, 1.0]), 2.0, 0.0, 1.0)
    array([3., 3.])
    """
    return _Reader(text, tuple(columns)).read()


def names_in(text: str, columns: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names in a formula, without functions and constants unless they are such columns.

    >>> names_in("a * exp(-t / pi)"), names_in("a * e", ["e"])
    (('a', 't'), ('a', 'e'))
    """
    found = expression(text, columns)
    used = {what: found.columns[what] for kind, what, _ in found.steps if kind == "column"}
    return (*found.parameters, *used.values())


class _Reader:
    """One reading of a formula: from text to the steps of the stack machine."""

    def __init__(self, text: str, columns: tuple[str, ...]) -> None:
        self.text = " ".join(text.split())
        self.columns = columns
        # Python reads every identifier in normal form: the µ of a header is not the μ of the parser.
        self.known = {unicodedata.normalize("NFKC", name): place for place, name in enumerate(columns)}
        self.parameters: list[str] = []
        self.steps: list[Step] = []

    def read(self) -> Expression:
        if not self.text:
            raise ExpressionError("the formula is empty.\nWrite one, for example: a * exp(-b * x) + c")
        if len(self.text) > _LONGEST:
            raise ExpressionError(f"the formula has {len(self.text):,} characters, and may have {_LONGEST:,}")
        if "#" in self.text:
            self._refuse_at(self.text.index("#"), "a formula has no comments")
        self._value(self._parsed(), 0)
        return Expression(self.text, self.columns, tuple(self.parameters), tuple(self.steps))

    def _parsed(self) -> ast.expr:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "1if x else y" warns about its blanks, and is refused below
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            place = max((error.offset or 1) - 1, 0)
            rest = self.text[place:]
            if rest.startswith("=") or self.text[max(place - 1, 0) :].startswith("="):
                self._refuse_at(place, "a formula has no = sign: write only what y is equal to")
            word = rest.split(maxsplit=1)[0] if rest else ""
            if word in ("lambda", "yield", "await", "import", "class", "def", "is", "in", "not", "del"):
                self._refuse_at(place, f'"{word}" is a word of Python and can be no name in a formula')
            self._refuse_at(place, "the formula cannot be read here")
        except (ValueError, MemoryError, RecursionError):
            raise ExpressionError("the formula cannot be read: it nests too deeply, or holds a zero byte") from None

    def _value(self, node: ast.expr, depth: int) -> None:
        """Add the steps that leave the value of a node on the stack."""
        if depth > _DEEPEST:
            self._refuse(node, f"the formula nests more than {_DEEPEST} deep from here")
        if self._folded(node):
            return
        match node:
            case ast.Constant():
                self._refuse(node, f"a formula holds real numbers, not {node.value!r:.30}")
            case ast.Name():
                self._name(node)
            case ast.UnaryOp(op=ast.UAdd() | ast.USub()):
                self._value(node.operand, depth + 1)
                self._apply(node.op, 1)
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Mod() | ast.Pow()):
                self._value(node.left, depth + 1)
                self._value(node.right, depth + 1)
                self._apply(node.op, 2)
            case ast.BinOp(op=ast.BitXor()):
                self._refuse(node.right, "^ is no power here: write **", before=True)
            case ast.Call():
                self._call(node, depth)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                self._refuse(node, "a comparison belongs into where(condition, a, b)")
            case ast.IfExp():
                self._refuse(node, "a choice is written where(condition, a, b)")
            case ast.Attribute():
                bare = f": write {node.attr}(...)" if node.attr in FUNCTIONS else ""
                self._refuse(node, f"a formula has no dots in names{bare}")
            case ast.Subscript():
                self._refuse(node, "a formula has no brackets: each column has a name of its own")
            case ast.Tuple():
                self._refuse(node, "a formula is one value, not several with commas: a decimal point is a point")
            case _:
                self._refuse(node, "this is Python and no formula")

    def _folded(self, node: ast.expr) -> bool:
        """Whether the node is a number, or pi, or an operation on two of them: then it is computed now.

        Only operations on plain numbers, one at a time, from the inside outwards: 9**9**9 stops at float64's end.
        """
        number = self._constant(node, 0)
        if number is None:
            return False
        self.steps.append(("number", number, 0))
        return True

    def _constant(self, node: ast.expr, depth: int) -> float | None:
        if depth > _DEEPEST:
            return None
        match node:
            case ast.Constant(value=bool() | complex() | str() | bytes() | None):
                return None
            case ast.Constant(value=int() | float() as written):
                try:
                    number = float(written)
                except OverflowError:
                    number = math.inf
            case ast.Name(id="pi" | "e") if node.id not in self.known:
                return CONSTANTS[node.id]
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                inner = self._constant(node.operand, depth + 1)
                return inner if inner is None or isinstance(node.op, ast.UAdd) else -inner
            case ast.BinOp() if type(node.op) in _OPERATORS:
                left, right = self._constant(node.left, depth + 1), self._constant(node.right, depth + 1)
                if left is None or right is None:
                    return None
                try:
                    number = _OPERATORS[type(node.op)](left, right)
                except (OverflowError, ZeroDivisionError):
                    number = math.inf
            case _:
                return None
        if isinstance(number, complex) or not math.isfinite(number):
            self._refuse(node, "this is no finite real number")
        return number

    def _name(self, node: ast.Name) -> None:
        name = node.id
        if name in self.known:
            self.steps.append(("column", self.known[name], 0))
        elif name in FUNCTIONS:
            self._refuse(node, f"{name} is a function: write {name}(...), or give the parameter another name")
        elif name.startswith("__"):
            self._refuse(node, f"{name} is no name for a parameter")
        else:
            if name not in self.parameters:
                self.parameters.append(name)
            self.steps.append(("parameter", self.parameters.index(name), 0))

    def _call(self, node: ast.Call, depth: int) -> None:
        if not isinstance(node.func, ast.Name):
            if isinstance(node.func, ast.Attribute):
                self._value(node.func, depth)
            self._refuse(node, "only functions can be called: for a product write *")
        name = node.func.id
        if name not in FUNCTIONS:
            if name in self.known or name in CONSTANTS or len(name) == 1:
                self._refuse(node, f"{name} is no function: for a product write {name} * (...)")
            near = difflib.get_close_matches(name, FUNCTIONS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self._refuse(node, f'there is no function "{name:.40}"{hint}')
        arity = FUNCTIONS[name][1]
        for extra in node.keywords:
            self._refuse(extra.value, f"{name} takes no arguments by name")
        if len(node.args) != arity:
            wanted = "1 argument" if arity == 1 else f"{arity} arguments"
            self._refuse(node, f"{name} takes {wanted}, and has {len(node.args)}")
        for place, argument in enumerate(node.args):
            if name == "where" and place == 0:
                self._condition(argument, depth + 1)
            else:
                self._value(argument, depth + 1)
        self.steps.append(("function", name, arity))

    def _condition(self, node: ast.expr, depth: int) -> None:
        """The first argument of where: comparisons, joined by and, or, not."""
        if depth > _DEEPEST:
            self._refuse(node, f"the formula nests more than {_DEEPEST} deep from here")
        match node:
            case ast.Compare():
                for place, compared in enumerate(node.ops):
                    if type(compared) not in _OPERATORS:
                        self._refuse(node, "numbers are compared by <, <=, > and >=")
                    self._value((node.left, *node.comparators)[place], depth + 1)
                    self._value(node.comparators[place], depth + 1)
                    self._apply(compared, 2)
                    if place:  # 0 < x < 1
                        self._apply(ast.And(), 2)
            case ast.BoolOp():
                for place, part in enumerate(node.values):
                    self._condition(part, depth + 1)
                    if place:
                        self._apply(node.op, 2)
            case ast.UnaryOp(op=ast.Not()):
                self._condition(node.operand, depth + 1)
                self._apply(node.op, 1)
            case _:
                self._refuse(node, "where begins with a comparison: where(x < a, ..., ...)")

    def _apply(self, symbol: ast.AST, arity: int) -> None:
        self.steps.append(("operator", type(symbol).__name__, arity))

    def _refuse(self, node: ast.expr, reason: str, before: bool = False) -> NoReturn:
        # Python counts bytes of UTF-8.
        place = len(self.text.encode()[: node.col_offset].decode())
        if before:
            place = max(self.text.rfind("^", 0, place), 0)
        self._refuse_at(place, reason)

    def _refuse_at(self, place: int, reason: str) -> NoReturn:
        """Raise with the text, or the part of it around the place, and a mark below the place."""
        start = max(0, place - 50)
        shown = self.text[start : start + 72]
        raise ExpressionError(f"{reason}\n  {shown}\n  {' ' * (place - start)}^")
