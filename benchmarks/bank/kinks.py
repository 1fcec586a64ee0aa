"""Functions with kinks: next to one, where the derivative is plain, and on one, where any subgradient is.

One idea: next to a kink a step across it measures a slope that is nobody's; on the kink every number
of an interval is right and every other is wrong.
"""

import functools

import numpy as np
from mpmath import mp

from .draws import among, around, arrays, near, positive
from .known import Known, of_number

beside = functools.partial(of_number, "near kink")
at = functools.partial(of_number, "at kink")
one = mp.mpf(1)


def huber(x):
    return np.where(np.abs(x) <= 1, 0.5 * x * x, np.abs(x) - 0.5)


def exact_huber(x):
    return x * x / 2 if abs(x) <= 1 else abs(x) - one / 2


def huber_slope(x):
    return max(-one, min(one, x))


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def exact_elu(x):
    return x if x > 0 else mp.expm1(x)


def elu_slope(x):
    return one if x > 0 else mp.exp(x)


def square_or_nothing(x):
    return np.where(x > 0, x * x, 0.0)


def exact_square_or_nothing(x):
    return x * x if x > 0 else mp.mpf(0)


def leaky(x):
    return np.where(x > 0, x, 0.25 * x)


def exact_leaky(x):
    return x if x > 0 else x / 4


def triangle(x):
    """The distance to the nearest whole number."""
    return np.abs(x - np.round(x))


def exact_triangle(x):
    return abs(x - mp.nint(x))


def triangle_slope(x):
    return mp.sign(x - mp.nint(x))


def shrink(x):
    return np.sign(x) * np.maximum(np.abs(x) - 0.5, 0.0)


def exact_shrink(x):
    return mp.sign(x) * max(abs(x) - one / 2, mp.mpf(0))


def hard_sigmoid(x):
    return np.clip(0.25 * x + 0.5, 0, 1)


def exact_hard_sigmoid(x):
    return max(mp.mpf(0), min(one, x / 4 + one / 2))


KNOTS = [-2.0, -0.5, 0.0, 1.0, 3.0]
HEIGHTS = [1.0, -1.0, 0.5, 0.75, -2.0]


def broken(x):
    return np.interp(x, KNOTS, HEIGHTS)


def piece(x):
    """The piece of the broken line that x is on, the left one at a knot."""
    return max(0, min(len(KNOTS) - 2, sum(x > knot for knot in KNOTS) - 1))


def piece_slope(n):
    return (mp.mpf(HEIGHTS[n + 1]) - HEIGHTS[n]) / (mp.mpf(KNOTS[n + 1]) - KNOTS[n])


def exact_broken(x):
    n = piece(x)
    return HEIGHTS[n] + piece_slope(n) * (x - KNOTS[n])


def broken_corners(x):
    n = KNOTS.index(float(x))
    return [piece_slope(n - 1), piece_slope(n)]


def clip(x):
    return np.clip(x, -1, 1)


def exact_clip(x):
    return max(-one, min(one, x))


def fraction(x):
    return x - np.floor(x)


BESIDE = [
    beside("|x|", np.abs, abs, mp.sign, near(0.0)),
    beside(
        "maximum(x, 0)",
        lambda x: np.maximum(x, 0),
        lambda x: max(x, mp.mpf(0)),
        lambda x: one if x > 0 else 0 * one,
        near(0.0),
    ),
    beside("leaky relu", leaky, exact_leaky, lambda x: one if x > 0 else one / 4, near(0.0)),
    beside("clip", clip, exact_clip, lambda x: one if abs(x) < 1 else 0 * one, near(-1.0, 1.0)),
    beside("x |x|", lambda x: x * np.abs(x), lambda x: x * abs(x), lambda x: 2 * abs(x), near(0.0)),
    beside(
        "sqrt |x|",
        lambda x: np.sqrt(np.abs(x)),
        lambda x: mp.sqrt(abs(x)),
        lambda x: mp.sign(x) / (2 * mp.sqrt(abs(x))),
        near(0.0),
    ),
    beside(
        "cbrt", np.cbrt, lambda x: mp.sign(x) * mp.cbrt(abs(x)), lambda x: 1 / (3 * mp.cbrt(abs(x)) ** 2), near(0.0)
    ),
    beside(
        "|x|^1.5",
        lambda x: np.abs(x) ** 1.5,
        lambda x: abs(x) ** 1.5,
        lambda x: 1.5 * mp.sign(x) * mp.sqrt(abs(x)),
        near(0.0),
    ),
    beside(
        "where(x > 0, x^2, 0)", square_or_nothing, exact_square_or_nothing, lambda x: 2 * max(x, 0 * one), near(0.0)
    ),
    beside("huber", huber, exact_huber, huber_slope, near(-1.0, 1.0)),
    beside("elu", elu, exact_elu, elu_slope, near(0.0)),
    beside("soft shrink", shrink, exact_shrink, lambda x: one if abs(x) > 0.5 else 0 * one, near(-0.5, 0.5)),
    beside(
        "hard sigmoid",
        hard_sigmoid,
        exact_hard_sigmoid,
        lambda x: one / 4 if abs(x) < 2 else 0 * one,
        near(-2.0, 2.0),
    ),
    beside("triangle wave", triangle, exact_triangle, lambda x: triangle_slope(x), near(-1.0, 0.0, 0.5, 1.0, 7.5)),
    beside(
        "|sin x|",
        lambda x: np.abs(np.sin(x)),
        lambda x: abs(mp.sin(x)),
        lambda x: mp.sign(mp.sin(x)) * mp.cos(x),
        near(0.0, np.pi),
    ),
    beside(
        "minimum(x^2, 1)",
        lambda x: np.minimum(x * x, 1),
        lambda x: min(x * x, one),
        lambda x: 2 * x if abs(x) < 1 else 0 * one,
        near(-1.0, 1.0),
    ),
    beside("x - floor x, a jump", fraction, lambda x: x - mp.floor(x), lambda x: one, near(-1.0, 0.0, 1.0, 5.0)),
    beside(
        "remainder(x, 0.75), a jump",
        lambda x: np.remainder(x, 0.75),
        lambda x: x - 0.75 * mp.floor(x / 0.75),
        lambda x: one,
        near(0.0, 0.75, 3.0),
    ),
    beside(
        "where(x < 0, sin x, x + 1), a jump",
        lambda x: np.where(x < 0, np.sin(x), x + 1),
        lambda x: mp.sin(x) if x < 0 else x + 1,
        lambda x: mp.cos(x) if x < 0 else one,
        near(0.0),
    ),
    beside("broken line", broken, exact_broken, lambda x: piece_slope(piece(x)), near(*KNOTS[1:-1])),
    beside(
        "sign(x) log(1 + |x|)",
        lambda x: np.sign(x) * np.log1p(np.abs(x)),
        lambda x: mp.sign(x) * mp.log1p(abs(x)),
        lambda x: 1 / (1 + abs(x)),
        near(0.0),
    ),
    beside(
        "squared hinge",
        lambda x: np.maximum(0, 1 - x) ** 2,
        lambda x: max(0 * one, 1 - x) ** 2,
        lambda x: -2 * max(0 * one, 1 - x),
        near(1.0),
    ),
    beside(
        "softsign", lambda x: x / (1 + np.abs(x)), lambda x: x / (1 + abs(x)), lambda x: (1 + abs(x)) ** -2, near(0.0)
    ),
    beside("hypot", np.hypot, mp.hypot, lambda x, y: (x / mp.hypot(x, y), y / mp.hypot(x, y)), near(0.0), near(0.0)),
    beside(
        "e^-|x|",
        lambda x: np.exp(-np.abs(x)),
        lambda x: mp.exp(-abs(x)),
        lambda x: -mp.sign(x) * mp.exp(-abs(x)),
        near(0.0),
    ),
]


def ties(length, seeds=(0.0, 1.0, -2.5, 1e3, 1e-3)):
    """Draw an array in which two or three of the largest are equal."""

    def draw(rng):
        x = np.full(length, seeds[rng.integers(len(seeds))])
        low = rng.permutation(length)[: length - rng.integers(2, 4)]
        x[low] -= rng.integers(1, 9, len(low)) / 4
        return (x,)

    return draw


def max_corners(x):
    return [np.eye(len(x), dtype=int)[n] * one for n in range(len(x)) if x[n] == max(x)]


def some_zeros(rng):
    x = np.round(4 * rng.normal(size=3)) / 4
    x[rng.integers(3)] = 0.0
    return (x,)


def pairs(diagonal_slopes):
    """Return corners of an elementwise function of an array: both slopes at a zero, in every combination."""

    def corners(x):
        low, high = (
            [mp.sign(v) if v else diagonal_slopes[0] for v in x],
            [mp.sign(v) if v else diagonal_slopes[1] for v in x],
        )
        return [np.array([a if pick >> n & 1 else b for n, (a, b) in enumerate(zip(low, high))]) for pick in range(8)]

    return corners


def relu_corners(x):
    """Diagonal matrices: 0 or 1 where x is 0."""
    return [
        np.diag([one * (v > 0 if v else bool(pick >> n & 1)) for n, v in enumerate(x)]) for pick in range(2 ** len(x))
    ]


def ball(x):
    """Slopes of the norm at 0: unit vectors."""
    signs = [(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    return [np.array([one * v / mp.sqrt(3) for v in each]) for each in signs] + [np.array([one, 0 * one, 0 * one])]


def equal(number):
    """Draw two equal numbers."""

    def draw(rng):
        x = np.array(number(rng))
        return (x, x.copy())

    return draw


HALF = [(one, 0 * one), (0 * one, one)]

AT = [
    at("|x|, at 0", np.abs, abs, lambda x: [-one, one], among(0.0)),
    at("relu, at 0", lambda x: np.maximum(x, 0), lambda x: max(x, 0 * one), lambda x: [0 * one, one], among(0.0)),
    at("leaky relu, at 0", leaky, exact_leaky, lambda x: [one / 4, one], among(0.0)),
    at("clip, at a bound", clip, exact_clip, lambda x: [0 * one, one], among(-1.0, 1.0)),
    at("triangle wave, at a corner", triangle, exact_triangle, lambda x: [-one, one], among(*np.arange(-16, 17) / 2)),
    at("broken line, at a knot", broken, exact_broken, broken_corners, among(*KNOTS[1:-1])),
    at("soft shrink, at a corner", shrink, exact_shrink, lambda x: [0 * one, one], among(-0.5, 0.5)),
    at(
        "hard sigmoid, at a corner",
        hard_sigmoid,
        exact_hard_sigmoid,
        lambda x: [0 * one, one / 4],
        among(-2.0, 2.0),
    ),
    at(
        "maximum(x^2, x), at 0 and 1",
        lambda x: np.maximum(x * x, x),
        lambda x: max(x * x, x),
        lambda x: [one, 2 * x],
        among(0.0, 1.0),
    ),
    at("e^-|x|, at 0", lambda x: np.exp(-np.abs(x)), lambda x: mp.exp(-abs(x)), lambda x: [-one, one], among(0.0)),
    at("|sin x|, at 0", lambda x: np.abs(np.sin(x)), lambda x: abs(mp.sin(x)), lambda x: [-one, one], among(0.0)),
    at(
        "|x| + 5 x, at 0",
        lambda x: np.abs(x) + 5 * x,
        lambda x: abs(x) + 5 * x,
        lambda x: [4 * one, 6 * one],
        among(0.0),
    ),
    at(
        "1e8 |x - 3|, at 3",
        lambda x: 1e8 * np.abs(x - 3),
        lambda x: 1e8 * abs(x - 3),
        lambda x: [-1e8 * one, 1e8 * one],
        among(3.0),
    ),
    at(
        "1e-8 |x| + cos x, at 0",
        lambda x: 1e-8 * np.abs(x) + np.cos(x),
        lambda x: 1e-8 * abs(x) + mp.cos(x),
        lambda x: [-1e-8 * one, 1e-8 * one],
        among(0.0),
    ),
    at(
        "hinge, at 1",
        lambda x: np.maximum(0, 1 - x),
        lambda x: max(0 * one, 1 - x),
        lambda x: [-one, 0 * one],
        among(1.0),
    ),
    at("huber, at its seam", huber, exact_huber, lambda x: [huber_slope(x)], among(-1.0, 1.0)),
    at("elu, at its seam", elu, exact_elu, lambda x: [one], among(0.0)),
    at("x |x|, at 0", lambda x: x * np.abs(x), lambda x: x * abs(x), lambda x: [0 * one], among(0.0)),
    at("where(x > 0, x^2, 0), at 0", square_or_nothing, exact_square_or_nothing, lambda x: [0 * one], among(0.0)),
    Known(
        "maximum(x, y), at a tie",
        "at kink",
        np.maximum,
        lambda x, y: max(x, y),
        lambda x, y: HALF,
        equal(positive(1e-8, 1e8, signed=True)),
    ),
    Known("minimum(x, y), at a tie", "at kink", np.minimum, lambda x, y: min(x, y), lambda x, y: HALF, equal(around())),
    Known(
        "|x - y|, at a tie",
        "at kink",
        lambda x, y: np.abs(x - y),
        lambda x, y: abs(x - y),
        lambda x, y: [(one, -one), (-one, one)],
        equal(positive(1e-4, 1e4, signed=True)),
    ),
    Known("max of an array, at ties", "at kink", np.max, max, max_corners, ties(4)),
    Known(
        "relu of an array with zeros",
        "at kink",
        lambda x: np.maximum(x, 0),
        lambda x: np.array([max(v, 0 * one) for v in x]),
        relu_corners,
        some_zeros,
    ),
    Known(
        "sum |x| with zeros",
        "at kink",
        lambda x: np.abs(x).sum(),
        lambda x: sum(abs(v) for v in x),
        pairs((-one, one)),
        some_zeros,
    ),
    Known(
        "norm, at 0",
        "at kink",
        lambda x: np.sqrt((x * x).sum()),
        lambda x: mp.sqrt(sum(v * v for v in x)),
        ball,
        arrays((3,), of=among(0.0)),
    ),
]

FUNCTIONS = [*BESIDE, *AT]
