"""The reader's own call, with one thing changed.

One idea: what to write instead is best said in their words: `np.add(x, y, out=z)` becomes `z = np.add(x, y)`,
and not `np.add(x)`. It is taken apart as they wrote it, and written anew.
"""

import ast
import linecache
from collections.abc import Callable, Collection, Mapping
from itertools import islice

from ..place import Place, expression, in_module, spot


def call_at(place: Place | None, name: str = "") -> ast.Call | None:
    """The call written at a place, of a function whose last name is that of `name`; None where another stands there."""
    try:
        node = ast.parse(expression(place), mode="eval").body
    except SyntaxError:
        return None
    last = name.rpartition(".")[2]
    return node if isinstance(node, ast.Call) and (not last or _text(node.func).rpartition(".")[2] == last) else None


def call_around(place: Place) -> ast.Call | None:
    """The call `x.f(...)` of which the `x.f` stands at a place; None if that is no call, or the source is not known."""
    code, offset = place
    position = next(islice(code.co_positions(), offset // 2, None), (None,) * 4)
    first, end = position[0], position[3]
    if first is None or end is None or not expression(place):
        return None
    try:
        nodes = ast.walk(ast.parse("".join(linecache.getlines(code.co_filename))))
    except SyntaxError:
        return None
    for node in nodes:
        if isinstance(node, ast.Call) and (node.func.lineno, node.func.end_col_offset) == (first, end):
            return node
    return None


def without(place: Place | None, name: str, keyword: str) -> tuple[str, str]:
    """The call of `name` at a place without one of its keywords, and what that was; empty where it is not to be had."""
    call = call_at(place, name)
    given = [k for k in call.keywords if k.arg == keyword] if call is not None else []
    if call is None or not given:
        return "", ""
    call.keywords = [k for k in call.keywords if k.arg != keyword]
    return _text(call), _text(given[0].value)


def renamed(place: Place | None, name: str, keywords: Mapping[str, str]) -> str:
    """The call of `name` at a place with other names for some of its keywords; empty where it is not to be had."""
    call = call_at(place, name)
    if call is None:
        return ""
    for keyword in call.keywords:
        keyword.arg = keywords.get(keyword.arg or "", keyword.arg)
    return _text(call)


def with_keyword(place: Place | None, keyword: str, value: str) -> str:
    """The call at a place with a keyword more, or another value of it; empty where it is not to be had."""
    call = call_at(place)
    if call is None:
        return ""
    kept = [k for k in call.keywords if k.arg != keyword]
    call.keywords = [ast.keyword(keyword, ast.parse(value, mode="eval").body), *kept]
    return _text(call)


def with_first(place: Place | None, name: str, keyword: str, function: str, first: str) -> str:
    """The call of `name` without a keyword, of another function and with another first argument; empty if not found."""
    call = call_at(place, name)
    if call is None or not (inputs := _inputs(call)):
        return ""
    call.func = ast.parse(function, mode="eval").body
    call.args = [ast.parse(first, mode="eval").body, *inputs[1:]]
    call.keywords = [k for k in call.keywords if k.arg != keyword]
    return _text(call)


def with_arguments(place: Place | None, name: str, these: Collection[str], become: Callable[[str], str]) -> str:
    """The call of `name` at a place with some of its arguments, or of what lies in them, changed; empty if none is."""
    call = call_at(place, name)
    if call is None:
        return ""
    wanted = {_normal(text) for text in these}

    class Change(ast.NodeTransformer):
        found = False

        def visit(self, node: ast.AST) -> ast.AST:
            if isinstance(node, ast.expr) and _text(node) in wanted:
                self.found = True
                return ast.parse(become(_bracketed(node)), mode="eval").body
            return super().visit(node)  # type: ignore[no-any-return]

    change = Change()
    call.args = [change.visit(a) for a in call.args]  # type: ignore[misc]
    call.keywords = [change.visit(k) for k in call.keywords]  # type: ignore[misc]
    return _text(call) if change.found else ""


def of_another(place: Place | None, name: str, function: str) -> str:
    """The call of `name` at a place as one of another function; empty where it is not to be had."""
    call = call_at(place, name)
    if call is None:
        return ""
    call.func = ast.parse(function, mode="eval").body
    return _text(call)


def arguments_at(place: Place | None, name: str = "") -> list[str]:
    """The arguments of the call at a place that are given by position."""
    call = call_at(place, name)
    return [] if call is None else [_text(a) for a in call.args]


def inputs_at(place: Place | None, name: str = "") -> list[str]:
    """What is given to the call at a place by position; first that of which it is a method, if it is one."""
    call = call_at(place, name)
    return [] if call is None else [_text(a) for a in _inputs(call)]


def _inputs(call: ast.Call) -> list[ast.expr]:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if owner is None or in_module(_text(owner).split(".")):
        return call.args
    return [owner, *call.args]


def update_at(place: Place | None) -> tuple[str, str]:
    """A line such as `w = w - step` at a place, and what changes w itself, `w -= step`; empty if it is another."""
    line = spot(place).rpartition(":")[2]
    if place is None or not line:
        return "", ""
    try:
        nodes = list(ast.walk(ast.parse(linecache.getline(place[0].co_filename, int(line)).strip())))
    except SyntaxError:
        return "", ""
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
            target = _text(node.targets[0])
            if _text(node.value.left) == target:
                change = ast.AugAssign(ast.parse(target).body[0].value, node.value.op, node.value.right)  # type: ignore
                return _text(node), _text(change)
    return "", ""


def operands_at(place: Place | None) -> list[ast.expr]:
    """What the operator written at a place, or the call, is of; nothing where the source is not known."""
    try:
        node = next(iter(ast.parse(expression(place)).body), None)
    except SyntaxError:
        return []
    if isinstance(node, ast.Expr):
        node = node.value  # type: ignore[assignment]
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.AugAssign):
        return [node.target, node.value]
    return _inputs(node) if isinstance(node, ast.Call) else []


def searched_in(text: str) -> tuple[str, str] | None:
    """What is looked for, and where, in `x in xs` or `x not in xs`; None if that is something else."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return _text(node.left), _text(node.comparators[0])
    return None


def element(text: str) -> tuple[str, str]:
    """The array and the index in `a[1:]`, as in ("a", "np.s_[1:]"); empty if that is something else."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return "", ""
    if not isinstance(node, ast.Subscript):
        return "", ""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    sliced = any(isinstance(part, ast.Slice) for part in parts)
    index = _text(node.slice)
    return _text(node.value), f"np.s_[{index}]" if sliced else index


def _text(node: ast.AST) -> str:
    return ast.unparse(node)


def _normal(text: str) -> str:
    """An expression as `_text` writes it."""
    try:
        return _text(ast.parse(text, mode="eval"))
    except SyntaxError:
        return text


def _bracketed(node: ast.expr) -> str:
    """An expression to which an attribute may be appended."""
    text = _text(node)
    return text if isinstance(node, (ast.Call, ast.Name, ast.Attribute, ast.Subscript, ast.List)) else f"({text})"
