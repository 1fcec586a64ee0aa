"""Products written with letters: `einsum("ij,jk->ik", x, y)`.

One idea: the gradient of one operand is an einsum again: of the incoming gradient and the other
operands, to the letters of that one. What an einsum cannot say with those alone is said with two
constants more: ones, for a letter that nobody else has, and an identity, for a letter twice in one operand.
"""

import functools
import math
import string
from typing import Any

import numpy as np

from ..backend import library_of
from ..errors import ShapeError
from ..graph import apply, array_of
from ..op import Op, implements
from ..place import at, here

__all__ = [
    "Einsum",
    "einsum",
]

SMALL = 2**15
"""Up to so many products NumPy's plain loop is ahead of matrix products and their preparations: 10 µs for two
operands, 100 for more, measured; at 128 x 128 x 128 the matrix product is ahead by 4, of three operands at 32 by 10."""


class Einsum(Op):
    """Σ of products over the letters that are not in the output"""

    multilinear = True

    def forward(letters, output, *xs):
        if len(xs) == 1 or math.prod(_lengths(letters, xs).values()) <= SMALL:
            return _plain(letters, output, xs)
        return _contracted(letters, output, xs)

    def dxs(k, g, out, letters, output, *xs):
        own, x = letters[k], xs[k]
        factors, names = [g, *xs[:k], *xs[k + 1 :]], [output, *letters[:k], *letters[k + 1 :]]
        present, library = _lengths(names, factors), library_of(getattr(g, "_array", g))
        target = ""
        for letter, size in zip(own, x.shape):
            if letter in target:  # the second of "ii": of all pairs of places, those on the diagonal
                fresh = next(c for c in string.ascii_letters if c not in present)
                factors.append(library.eye(size, dtype=g.dtype))
                names.append(letter + fresh)
                letter = fresh
            elif letter not in present or (present[letter] == 1 and size != 1):
                # Summed here alone: each of its places gets the same.
                factors.append(library.ones(size, dtype=g.dtype))
                names.append(letter)
            present[letter] = size
            target += letter
        return apply(Einsum, tuple(names), target, *factors)


def _lengths(letters, xs):
    """The length of each letter: the longest, for an axis of length 1 broadcasts."""
    found = {}
    for own, x in zip(letters, xs):
        for letter, size in zip(own, x.shape):
            if found.setdefault(letter, size) == 1:
                found[letter] = size
    return found


def _plain(letters, output, xs):
    return np.einsum(f"{','.join(letters)}->{output}", *xs)


def _contracted(letters, output, xs):
    """The operands joined two by two, in an order that keeps what is in between small."""
    letters, xs = list(letters), list(xs)
    if len(xs) == 2:
        return _pair(letters, output, xs)
    shapes = [np.broadcast_to(0.0, x.shape) for x in xs]
    for places in np.einsum_path(f"{','.join(letters)}->{output}", *shapes, optimize="greedy")[0][1:]:
        places = sorted(places, reverse=True)
        taken = [(letters.pop(n), xs.pop(n)) for n in places]
        needed = set(output).union(*letters)
        left = output if not xs else "".join(dict.fromkeys(c for own, _ in taken for c in own if c in needed))
        join = _pair if len(taken) == 2 else _plain
        xs.append(join([own for own, _ in taken], left, [x for _, x in taken]))
        letters.append(left)
    return xs[0]


def _pair(letters, output, xs):
    """Two operands, as a stack of matrix products where that is what it is."""
    (a, b), (x, y) = letters, xs
    lengths = dict(zip(a, x.shape))
    summed = [c for c in a if c in b and c not in output]
    alone = any(c not in output and (c in a) != (c in b) for c in a + b)
    twice = len(set(a)) < len(a) or len(set(b)) < len(b)
    stretched = any(lengths.get(c, n) != n for c, n in zip(b, y.shape))
    rows, columns = [c for c in a if c not in b], [c for c in b if c not in a]
    if not summed or not rows or not columns or alone or twice or stretched:
        return _plain(letters, output, xs)
    stack = [c for c in a if c in b and c in output]
    left = x.transpose([a.index(c) for c in [*stack, *rows, *summed]])
    right = y.transpose([b.index(c) for c in [*stack, *summed, *columns]])
    depth, inner = len(stack), len(stack) + len(rows)
    width = math.prod(left.shape[inner:])
    product = np.matmul(
        left.reshape((*left.shape[:depth], math.prod(left.shape[depth:inner]), width)),
        right.reshape((*right.shape[:depth], width, math.prod(right.shape[depth + len(summed) :]))),
    )
    found = [*stack, *rows, *columns]
    whole = product.reshape((*left.shape[:inner], *right.shape[depth + len(summed) :]))
    return whole.transpose([found.index(c) for c in output])


@implements(np.einsum)
def einsum(subscripts: Any, *operands: Any, optimize: Any = True) -> Any:
    """Return the sum of products that the letters say; the gradient of an operand is an einsum of g and the others.

    `einsum("ij,jk->ik", x, y)`, or with lists of integers, `einsum(x, [0, 1], y, [1, 2], [0, 2])`. Any
    number of operands; a letter twice in one is its diagonal; "..." are axes that broadcast; without "->"
    the letters that occur once are the output, in alphabetical order. `optimize` is taken as
    NumPy takes it, and not needed: large products are done as matrix products, in a good order.
    Raises ShapeError for letters that do not fit the operands.

    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> mg.einsum("ii->", x).backward()
    >>> x.grad
    Tensor([[1., 0.],
            [0., 1.]])
    """
    if not isinstance(subscripts, str):
        subscripts, *operands = _from_lists([subscripts, *operands])  # type: ignore[assignment]
    xs = [x if hasattr(x, "shape") else array_of(x) for x in operands]
    letters, output = _read(subscripts, tuple([len(x.shape) for x in xs]))
    sizes: dict[str, int] = {}
    for n, (own, x) in enumerate(zip(letters, xs)):
        for letter, size in zip(own, x.shape):
            if sizes.setdefault(letter, size) != size and size != 1:
                if sizes[letter] != 1:
                    raise ShapeError(
                        f'einsum("{subscripts}"): {letter!r} has length {sizes[letter]} and, in operand {n} of shape '
                        f"{x.shape}, {size}{at(here())}.\n"
                        "A letter stands for one length wherever it occurs: use another letter, or transpose"
                    )
                sizes[letter] = size
    return apply(Einsum, letters, output, *xs)


def _from_lists(parts: list[Any]) -> list[Any]:
    """The letters of `einsum(x, [0, 1], y, [1, 2], [0, 2])`, and its operands."""

    def letters(axes: Any) -> str:
        # Capitals first, as in the alphabet of a computer: the order of the integers stays.
        names = string.ascii_uppercase + string.ascii_lowercase
        try:
            return "".join("..." if axis is Ellipsis else names[axis] for axis in axes)
        except (TypeError, IndexError):
            given = repr(axes) if isinstance(axes, (list, tuple)) else type(axes).__name__
            raise ShapeError(
                f"einsum() was given {given} where a list of axes should be{at(here())}.\n"
                'Write einsum("ij,jk->ik", x, y) or einsum(x, [0, 1], y, [1, 2], [0, 2]), with integers up to 51'
            ) from None

    *pairs, output = parts if len(parts) % 2 else [*parts, None]
    text = ",".join(letters(axes) for axes in pairs[1::2])
    return [text if output is None else f"{text}->{letters(output)}", *pairs[::2]]


@functools.lru_cache(maxsize=512)
def _read(subscripts: str, ndims: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
    """The letters of each operand and of the output; axes under "..." get letters of their own."""
    text = subscripts.replace(" ", "")
    left, arrow, output = text.partition("->")
    words = left.split(",")
    if len(words) != len(ndims):
        raise _wrong(subscripts, f"it has letters for {len(words)} operands, and was given {len(ndims)}")
    spare = [c for c in string.ascii_letters if c not in text]
    counts = []
    for n, (word, ndim) in enumerate(zip(words, ndims)):
        named = word.replace("...", "", 1)
        if not all(c in string.ascii_letters for c in named):
            raise _wrong(subscripts, f"{word!r} is not made of letters and one '...'")
        count = ndim - len(named)
        if count < 0 or (count and "..." not in word):
            raise _wrong(subscripts, f"{word!r} names {len(named)} axes of operand {n}, which has {ndim}")
        counts.append(count)
    hidden = "".join(spare[: max(counts, default=0)])
    if len(hidden) < max(counts, default=0):
        raise _wrong(subscripts, "it needs more than 52 letters")
    letters = tuple(word.replace("...", hidden[len(hidden) - n :]) for word, n in zip(words, counts))
    if not arrow:
        named = left.replace("...", "").replace(",", "")
        output = hidden + "".join(sorted(c for c in set(named) if named.count(c) == 1))
    elif hidden and "..." not in output:
        raise _wrong(subscripts, 'the axes under "..." are missing in the output')
    else:
        output = output.replace("...", hidden, 1)
    seen = "".join(letters)
    for c in output:
        if c not in string.ascii_letters:
            raise _wrong(subscripts, f"{c!r} in the output is no letter")
        if c not in seen or output.count(c) > 1:
            raise _wrong(subscripts, f"{c!r} is in the output {'twice' if c in seen else 'and in no operand'}")
    return letters, output


def _wrong(subscripts: str, why: str) -> ShapeError:
    return ShapeError(
        f'einsum("{subscripts}"): {why}{at(here())}.\n'
        'One letter for each axis, operands parted by commas, the output after the arrow: "ij,jk->ik", "...ii->...i"'
    )
