"""The planted faults: one replacement of source text each, and an expression that shows it.

One idea: a fault is data. Where it stands, what it replaces (text that occurs once, or a test
fails, so that no fault can go stale), which subjects could notice it, and a `witness`, an
expression whose value differs between the harmed copy and the unharmed one: no fault here
changes nothing.

Where they come from: `study n` is number n of the faults planted in the small engine of the
study before this kit, adapted to this engine; a project's name and number is a thread about a
real bug of that kind; `own` is neither.
"""

from dataclasses import dataclass

ENGINE = ("programs", "operators")
"""What any fault of recording or of walking back could be noticed by."""


@dataclass(frozen=True)
class Bug:
    """One planted fault."""

    name: str
    source: str
    file: str
    """Below the package: `ops/products.py`."""
    says: str
    old: str
    new: str
    subjects: tuple[str, ...]
    """Where a harness should look, the likeliest first; names of `subjects.SUBJECTS`."""
    witness: str
    """An expression in the names of `witness.py`."""

    def planted(self, text: str) -> str:
        """Return the text of the file with the fault in it.

        Raises ValueError unless `old` occurs once, in the class of the first subject if the file has it.
        """
        start = max(text.find(f"\nclass {self.subjects[0]}("), 0)
        end = len(text)
        if start:
            following = [text.find(head, start + 1) for head in ("\nclass ", "\ndef ", "\n@")]
            end = min([place for place in following if place > 0], default=end)
        if not start or self.old not in text[start:end]:
            start, end = 0, len(text)
        count = text.count(self.old, start, end)
        if count != 1:
            raise ValueError(
                f"{self.name}: the text to replace occurs {count} times in {self.file}.\nMend it in {__name__}"
            )
        return text[:start] + text[start:end].replace(self.old, self.new) + text[end:]


BUGS: list[Bug] = []


def _in(file: str) -> "type[_File]":
    return type("_File", (_File,), {"file": file})


class _File:
    """Adds faults of one file to the list."""

    file = ""

    @classmethod
    def bug(
        cls, name: str, source: str, says: str, old: str, new: str, *, on: str | tuple[str, ...], shown_by: str
    ) -> None:
        subjects = (on,) if isinstance(on, str) else on
        BUGS.append(Bug(name, source, cls.file, says, old, new, subjects, shown_by))


# ----------------------------------------------------------------------------- arithmetic

arithmetic = _in("ops/arithmetic.py")

arithmetic.bug(
    "sub-sign", "study 1", "x - y: the sign of y's gradient",
    "return x - y\n\n    def dx(g, out, x, y):\n        return g\n\n    def dy(g, out, x, y):\n        return -g",
    "return x - y\n\n    def dx(g, out, x, y):\n        return g\n\n    def dy(g, out, x, y):\n        return g",
    on="Sub", shown_by="grad(mg.subtract, 1.0, 2.0)",
)  # fmt: skip
arithmetic.bug(
    "mul-swapped", "study 3", "x * y: x's gradient is g x",
    "return g * y\n", "return g * x\n",
    on="Mul", shown_by="grad(mg.multiply, 2.0, 3.0)",
)  # fmt: skip
arithmetic.bug(
    "mul-detached", "pytorch #18619", "x * y: the rule of x computes with y's numbers, so x y has no second derivative",
    "return g * y\n", 'return g * getattr(y, "_array", y)\n',
    on=("Mul", "programs"), shown_by="second(mg.multiply, 2.0, 3.0)",
)  # fmt: skip
arithmetic.bug(
    "div-once", "study 2", "x / y: divided by y where it should be y²",
    "return g * out / -y  #", "return -g * out  #",
    on="Div", shown_by="grad(mg.divide, 3.0, 2.0)",
)  # fmt: skip
arithmetic.bug(
    "div-detached", "pytorch #1712", "x / y: the rule of x computes with y's numbers",
    "return g / y\n", 'return g / getattr(y, "_array", y)\n',
    on="Div", shown_by="second(mg.divide, 3.0, 2.0)",
)  # fmt: skip
arithmetic.bug(
    "mod-truncates", "jax #11466", "x % y: ⌊x/y⌋ taken towards zero, wrong for mixed signs",
    "return -g * _floor_of_quotient(x, y, out)", "return -g * (np.sign(x / y) * (abs(x) // abs(y)))",
    on="Mod", shown_by="grad(mg.remainder, -1.0, 3.0)",
)  # fmt: skip
arithmetic.bug(
    "fmod-floors", "own", "the rest of x / y: ⌊x/y⌋ taken downwards, wrong for mixed signs",
    "return -g * np.rint((x - out) / y)", "return -g * (x // y)",
    on="FMod", shown_by="grad(mg.fmod, -1.0, 3.0)",
)  # fmt: skip
arithmetic.bug(
    "neg-in-place", "own", "-x: negates the incoming gradient in its own memory",
    "        return -x\n\n    def dx(g, out, x):\n        return -g",
    "        return -x\n\n    def dx(g, out, x):\n"
    "        return np.negative(g, out=g) if isinstance(g, np.ndarray) else -g",
    on=("Neg", "programs"), shown_by="changed_gradient(mg.negative, [1.0, 2.0])",
)  # fmt: skip
arithmetic.bug(
    "abs-smoothed", "study 13", "|x|: x / (|x| + 1e-10) for the sign",
    "return g * np.sign(x)", "return g * (x / (abs(x) + 1e-10))",
    on="Abs", shown_by="grad(mg.absolute, [1e-6])",
)  # fmt: skip
arithmetic.bug(
    "abs-near-zero", "study 13", "|x|: slope 1 for |x| < 0.1",
    "return g * np.sign(x)", "return g * np.where(abs(x) < 0.1, 1, np.sign(x))",
    on="Abs", shown_by="grad(mg.absolute, [-0.05])",
)  # fmt: skip
arithmetic.bug(
    "square-half", "own", "x²: g x, the 2 lost",
    "return np.square(x)\n\n    def dx(g, out, x):\n        return g * (x + x)",
    "return np.square(x)\n\n    def dx(g, out, x):\n        return g * x",
    on="Square", shown_by="grad(mg.square, [1.0])",
)  # fmt: skip
arithmetic.bug(
    "reciprocal-sign", "own", "1/x: -1 / (x |x|)",
    "return -g * np.square(out)", "return -g * (out * abs(out))",
    on="Reciprocal", shown_by="grad(mg.reciprocal, [-2.0])",
)  # fmt: skip
arithmetic.bug(
    "reciprocal-detached", "pytorch #76185", "1/x: the rule computes with the result's numbers",
    "return -g * np.square(out)", 'return -g * np.square(getattr(out, "_array", out))',
    on="Reciprocal", shown_by="second(mg.reciprocal, [2.0])",
)  # fmt: skip
arithmetic.bug(
    "pow-zero-zero", "study 6, autograd #149", "x**y: 0 · ∞ = NaN in x at x = y = 0",
    "return g * (y * x ** np.where((x == 0) & (y == 0), 1, y - 1))", "return g * (y * x ** (y - 1))",
    on="Pow", shown_by="grad(mg.power, [0.0], [0.0])",
)  # fmt: skip
arithmetic.bug(
    "pow-log-zero", "study 7, autograd #116", "x**y: 0 · log 0 = NaN in y at x = 0",
    "return g * (out * np.log(np.where(x == 0, 1, x)))", "return g * (out * np.log(x))",
    on="Pow", shown_by="grad(mg.power, [0.0], [2.0])",
)  # fmt: skip
arithmetic.bug(
    "pow-number-zero", "pytorch #27134", "x**0 for a number: 0 · 0**-1 = NaN at x = 0",
    "if y == 0:", "if y is None:",
    on="Pow", shown_by="grad(lambda x: mg.power(x, 0), [0.0])",
)  # fmt: skip
arithmetic.bug(
    "pow-shortcut", "own", "x**y for a number: the short cut for 2 taken for -2 as well",
    "if y == 2:", "if abs(y) == 2:",
    on="Pow", shown_by="grad(lambda x: mg.power(x, -2), [2.0])",
)  # fmt: skip
arithmetic.bug(
    "pow-detached", "pytorch #95180", "x**y: the rule of y computes with the result's numbers",
    "return g * (out * np.log(np.where(x == 0, 1, x)))",
    'return g * (getattr(out, "_array", out) * np.log(np.where(x == 0, 1, x)))',
    on="Pow", shown_by="second(mg.power, [2.0], [3.0])",
)  # fmt: skip

# ----------------------------------------------------------------------------- functions of each element

exponential = _in("ops/exponential.py")
trigonometric = _in("ops/trigonometric.py")
activation = _in("ops/activation.py")
error_function = _in("ops/error_function.py")
choosing = _in("ops/choosing.py")

exponential.bug(
    "exp-of-input", "study 8", "exp x: g x for g exp x",
    "return g * out\n", "return g * x\n",
    on="Exp", shown_by="grad(mg.exp, [1.0])",
)  # fmt: skip
exponential.bug(
    "exp-clipped", "own", "exp x: the incoming gradient clipped to ±1, which a gradient of ones never shows",
    "return g * out\n", "return np.minimum(np.maximum(g, -1), 1) * out\n",
    on="Exp", shown_by="grad(mg.exp, [1.0], g=[3.0])",
)  # fmt: skip
exponential.bug(
    "exp-in-place", "OneFlow #8248", "exp x: multiplies into the incoming gradient",
    "return g * out\n",
    "if isinstance(g, np.ndarray):\n            g *= out\n            return g\n        return g * out\n",
    on=("Exp", "programs"), shown_by="changed_gradient(mg.exp, [1.0, 2.0])",
)  # fmt: skip
exponential.bug(
    "exp-detached", "pytorch #59477", "exp x: the rule computes with the result's numbers",
    "return g * out\n", 'return g * getattr(out, "_array", out)\n',
    on="Exp", shown_by="second(mg.exp, [1.0])",
)  # fmt: skip
exponential.bug(
    "log-epsilon", "study 9", "log x: g / (x + 1e-8)",
    "return g / x\n", "return g / (x + 1e-8)\n",
    on="Log", shown_by="grad(mg.log, [0.5])",
)  # fmt: skip
exponential.bug(
    "log-not-recorded", "pytorch #106789", "log x: the slope is worked out on the numbers, so the second is 0",
    "return g / x\n", 'return g * (1 / getattr(x, "_array", x))\n',
    on="Log", shown_by="second(mg.log, [2.0])",
)  # fmt: skip
exponential.bug(
    "sqrt-epsilon", "study 10", "√x: g / 2√(x + 1e-6)",
    "return g / (out + out)", "return g / (2 * np.sqrt(x + 1e-6))",
    on="Sqrt", shown_by="grad(mg.sqrt, [1.0])",
)  # fmt: skip
exponential.bug(
    "sqrt-clamped", "thunder #1848", "√x: the denominator is at least 1e-3",
    "return g / (out + out)", "return g / np.maximum(out + out, 1e-3)",
    on="Sqrt", shown_by="grad(mg.sqrt, [1e-8])",
)  # fmt: skip
exponential.bug(
    "logaddexp-infinities", "own", "log(exp x + exp y): -inf - -inf = NaN for two that have no share",
    "d = np.where(same, 0, x) - np.where(same, 0, y)", "d = x - y",
    on="LogAddExp", shown_by="grad(mg.logaddexp, [-np.inf], [-np.inf])",
)  # fmt: skip
exponential.bug(
    "logaddexp-shares-exchanged", "own", "log(exp x + exp y): y gets the share of x",
    "return _share(g, y, x, np.exp)\n", "return _share(g, x, y, np.exp)\n",
    on="LogAddExp", shown_by="grad(mg.logaddexp, [1.0], [2.0])",
)  # fmt: skip
trigonometric.bug(
    "hypot-origin", "own", "√(x² + y²): 0 / 0 = NaN at the origin",
    "return np.where(origin, 0, x) / np.where(origin, 1, r)", "return x / r",
    on="Hypot", shown_by="grad(mg.hypot, [0.0], [0.0])",
)  # fmt: skip
trigonometric.bug(
    "sinc-near-zero", "own", "sin(πx)/(πx): the slope by a difference of nearly equal numbers, near 0 too",
    "(abs(z) < order).nonzero()", "(abs(z) < 1e-9).nonzero()",
    on="Sinc", shown_by="grad(mg.sinc, [1e-7])",
)  # fmt: skip
trigonometric.bug(
    "sinc-detached", "own", "sin(πx)/(πx): the rule computes with x's numbers",
    "return g * run(Sinc, x, order + 1)", 'return g * run(Sinc, getattr(x, "_array", x), order + 1)',
    on="Sinc", shown_by="second(mg.sinc, [0.5])",
)  # fmt: skip
error_function.bug(
    "erf-of-the-normal", "own", "erf x: exp(-x²/2), the density of the normal distribution, in place of exp(-x²)",
    "np.exp(-np.square(x))", "np.exp(-np.square(x) / 2)",
    on="Erf", shown_by="grad(mg.erf, [1.0])",
)  # fmt: skip
trigonometric.bug(
    "sin-identity", "own", "sin x: √(1 - sin²x) for cos x, of the wrong sign beyond π/2",
    "return g * np.cos(x)", "return g * np.sqrt(1 - out * out)",
    on="Sin", shown_by="grad(mg.sin, [3.0])",
)  # fmt: skip
trigonometric.bug(
    "cos-detached", "pytorch #192540", "cos x: the rule computes with x's numbers",
    "return -g * np.sin(x)", 'return -g * np.sin(getattr(x, "_array", x))',
    on="Cos", shown_by="second(mg.cos, [1.0])",
)  # fmt: skip
trigonometric.bug(
    "tanh-float32", "study 11", "tanh x: the square worked out in float32",
    "return g * (1 - out * out)", "return g * (1 - np.square(out.astype(np.float32)))",
    on="Tanh", shown_by="grad(mg.tanh, [0.3])",
)  # fmt: skip
trigonometric.bug(
    "tanh-spoils-result", "own", "tanh x: squares the result in its own memory, which is the caller's",
    "return g * (1 - out * out)",
    "if isinstance(out, np.ndarray):\n            out *= out\n            return g * (1 - out)\n"
    "        return g * (1 - out * out)",
    on="Tanh", shown_by="changed_result(mg.tanh, [0.5, 1.0])",
)  # fmt: skip
activation.bug(
    "sigmoid-additive", "own", "sigmoid x: 1e-8 added to the slope",
    "return g * (out * (1 - out))", "return g * (out * (1 - out) + 1e-8)",
    on="Sigmoid", shown_by="grad(mg.sigmoid, [5.0])",
)  # fmt: skip
activation.bug(
    "softplus-switches", "own", "log(1 + exp x): the slope is 1 from 5 on",
    "return -g * np.expm1(-out)", "return -g * np.where(out > 5, -1, np.expm1(-out))",
    on="Softplus", shown_by="grad(mg.softplus, [6.0])",
)  # fmt: skip
activation.bug(
    "relu-guided", "study 12", "relu x: passes positive incoming gradients only",
    "return where_taken(out > 0, g)", "return np.where((out > 0) & (g > 0), g, 0)",
    on="Relu", shown_by="grad(mg.relu, [1.0], g=[-1.0])",
)  # fmt: skip
activation.bug(
    "relu-detached", "study 95, pytorch #1712", "relu x: the gradient passed on is cut from the graph",
    "return where_taken(out > 0, g)", 'return np.where(out > 0, getattr(g, "_array", g), 0)',
    on=("Relu", "programs"), shown_by="second(lambda x: mg.square(mg.relu(x)), [2.0])",
)  # fmt: skip
activation.bug(
    "relu-knee", "own", "relu x: slope 1 from -0.001 on",
    "return where_taken(out > 0, g)", "return np.where(x > -0.001, g, 0)",
    on="Relu", shown_by="grad(mg.relu, [-0.0005])",
)  # fmt: skip
_EXTREME = (
    "        return np.{name}(x, y)\n\n"
    "    def dx(g, out, x, y):\n"
    "        return _to_winner(g, x {won} y, x {lost} y, x, y, nan_wins=True)\n\n"
    "    def dy(g, out, x, y):\n"
    "        return _to_winner(g, y {won} x, y {lost} x, y, x, nan_wins=True)\n"
)
_EXTREME_NEW = (
    "        return np.{name}(x, y)\n\n"
    "    def dx(g, out, x, y):\n        return {dx}\n\n"
    "    def dy(g, out, x, y):\n        return {dy}\n"
)


def _extreme(name: str, dx: str, dy: str) -> tuple[str, str]:
    won, lost = "><" if name == "maximum" else "<>"
    return _EXTREME.format(name=name, won=won, lost=lost), _EXTREME_NEW.format(name=name, dx=dx, dy=dy)


choosing.bug(
    "maximum-tie-both", "study 14, Theano #6470", "max(x, y): each of a tie gets all",
    *_extreme("maximum", "np.where((x == out), g, 0)", "np.where((y == out), g, 0)"),
    on="Maximum", shown_by="grad(mg.maximum, [1.0], [1.0])",
)  # fmt: skip
choosing.bug(
    "maximum-tie-none", "study 15, MyGrad 2.5", "max(x, y): none of a tie gets any",
    *_extreme("maximum", "np.where(x > y, g, 0)", "np.where(y > x, g, 0)"),
    on="Maximum", shown_by="grad(mg.maximum, [1.0], [1.0])",
)  # fmt: skip
choosing.bug(
    "minimum-tie-uneven", "own", "min(x, y): at a tie x gets all and y half",
    *_extreme(
        "minimum", "np.where((x == out), g, 0)", "np.where((y == out), np.where((x == out), g / 2, g), 0)"
    ),
    on="Minimum", shown_by="grad(mg.minimum, [1.0], [1.0])",
)  # fmt: skip
choosing.bug(
    "minimum-near-tie", "own", "min(x, y): a tie from 1e-6 apart",
    *_extreme(
        "minimum",
        "np.where((x == out), np.where(abs(x - y) < 1e-6, g / 2, g), np.where(abs(x - y) < 1e-6, g / 2, 0))",
        "np.where((y == out), np.where(abs(x - y) < 1e-6, g / 2, g), np.where(abs(x - y) < 1e-6, g / 2, 0))",
    ),
    on="Minimum", shown_by="grad(mg.minimum, [1.0], [1.0 + 2**-24])",
)  # fmt: skip
choosing.bug(
    "clip-leaks", "own", "clip: the gradient passes beyond the upper bound",
    "return where_taken(kept, g)", "return where_taken(kept | (x > hi), g)",
    on="Clip", shown_by="grad(lambda x: mg.clip(x, 0.0, 1.0), [2.0])",
)  # fmt: skip
choosing.bug(
    "clip-blocks-bounds", "own", "clip: no gradient at the bounds",
    "np.where(tie, g / 2, 0))\n\n    def dlo", "0)\n\n    def dlo",
    on="Clip", shown_by="grad(lambda x: mg.clip(x, 0.0, 1.0), [1.0])",
)  # fmt: skip
choosing.bug(
    "where-unmasked", "study 30", "where: not masked when the condition is broadcast",
    "return where_taken(condition, g)",
    "return np.where(condition, g, 0) if np.shape(condition) == np.shape(g) else g",
    on="Where", shown_by="grad(lambda x: mg.where(np.array([True, False]), x, 0.0), [[1.0, 2.0], [3.0, 4.0]])",
)  # fmt: skip
choosing.bug(
    "where-leaks-nan", "study 30, jax #1052", "where: 0 · ∞ = NaN from the branch not taken",
    '    """x where condition, else y"""\n\n    elementwise = True\n    masks = True',
    '    """x where condition, else y"""\n\n    elementwise = True\n    masks = False',
    on=("guarded", "programs"), shown_by="grad(lambda x: mg.where(x > 1, mg.sqrt(x), 0.0), [0.0, 4.0])",
)  # fmt: skip
choosing.bug(
    "where-taken-twice", "own", "where: y gets the gradient where x was taken",
    "return where_taken(np.logical_not(condition), g)", "return np.where(condition, g, 0)",
    on="Where", shown_by="grad(lambda x, y: mg.where(np.array([True]), x, y), [1.0], [2.0])",
)  # fmt: skip

# ----------------------------------------------------------------------------- reductions

reduction = _in("ops/reduction.py")

reduction.bug(
    "sum-unsorted-axes", "study 18, TensorFlow #2641", "sum over a tuple of axes puts them back in the order given",
    "    g = restored(g, axis, keepdims)\n",
    "    for one in () if axis is None or keepdims else axis if isinstance(axis, tuple) else (axis,):\n"
    "        g = np.expand_dims(g, one % len(shape))\n",
    on=("Sum", "Mean"), shown_by="grad(lambda x: mg.sum(x, (1, 0)), np.ones((2, 2, 2)), g=[1.0, 2.0])",
)  # fmt: skip
reduction.bug(
    "sum-negative-axis", "study 19, tinygrad #1261", "sum over axis -k puts back axis k - 1",
    "    g = restored(g, axis, keepdims)\n",
    "    g = restored(g, -axis - 1 if isinstance(axis, int) and axis < 0 else axis, keepdims)\n",
    on=("Sum", "Mean"), shown_by="grad(lambda x: mg.sum(x, -1), np.ones((2, 2)), g=[1.0, 2.0])",
)  # fmt: skip
reduction.bug(
    "sum-keepdims", "Paddle #23455", "sum with keepdims puts the axis back once more",
    "    g = restored(g, axis, keepdims)\n",
    "    if keepdims and isinstance(axis, tuple):\n"
    "        g, keepdims = g.reshape([n for k, n in enumerate(g.shape) if k not in axis]), False\n"
    "    g = restored(g, axis, keepdims)\n",
    on=("Sum", "Mean"), shown_by="grad(lambda x: mg.sum(x, (-1,), True), np.ones((2, 2)), g=[[1.0], [2.0]])",
)  # fmt: skip
reduction.bug(
    "mean-of-all", "study 20", "mean over an axis divides by the number of all elements",
    "count = x.size if axis is None else x.size // (out.size or 1)", "count = x.size",
    on="Mean", shown_by="grad(lambda x: mg.mean(x, 0), np.ones((2, 2)), g=[1.0, 1.0])",
)  # fmt: skip
reduction.bug(
    "max-tied-get-all", "study 16, Theano #4568", "max over an axis: each of a tie gets all",
    "g = g / taken.sum(", "g = g + 0 * taken.sum(",
    on=("Max", "Min"), shown_by="grad(mg.max, [1.0, 1.0])",
)  # fmt: skip
reduction.bug(
    "max-negative-axis", "study 17", "max over a negative axis compares along axis 0",
    "else expanded(out, axis)", "else expanded(out, 0 if isinstance(axis, int) and axis < 0 else axis)",
    on=("Max", "Min"), shown_by="grad(lambda x: mg.max(x, -1), [[1.0, 2.0], [4.0, 3.0]], g=[1.0, 1.0])",
)  # fmt: skip
reduction.bug(
    "max-ties-of-all", "own", "max over an axis shares among the ties of all axes",
    "taken.sum(axis=axis, keepdims=axis is not None)", "taken.sum()",
    on=("Max", "Min"), shown_by="grad(lambda x: mg.max(x, 0), [[1.0, 2.0], [1.0, 0.0]], g=[1.0, 1.0])",
)  # fmt: skip
reduction.bug(
    "max-detached", "study 95", "max: the gradient passed on is cut from the graph",
    "return np.where(taken, g, 0)", 'return np.where(taken, getattr(g, "_array", g), 0)',
    on=("Max", "Min", "programs"), shown_by="second(lambda x: mg.square(mg.max(x)), [2.0, 1.0])",
)  # fmt: skip
reduction.bug(
    "max-two-ties", "tinygrad #12296", "max: never shared among more than two",
    "taken.sum(axis=axis, keepdims=axis is not None)", "np.minimum(taken.sum(axis=axis, keepdims=axis is not None), 2)",
    on=("Max", "Min"), shown_by="grad(mg.max, [1.0, 1.0, 1.0])",
)  # fmt: skip
reduction.bug(
    "prod-divides", "own", "prod: out / x, which is NaN at a zero",
    "times_others(restored(g, axis, keepdims), x, axis)", "spread(g * out, x.shape, axis, keepdims) / x",
    on="Prod", shown_by="grad(mg.prod, [0.0, 2.0])",
)  # fmt: skip

# ----------------------------------------------------------------------------- running sums, softmax, orders, spread

cumulative = _in("ops/cumulative.py")

cumulative.bug(
    "cumsum-forwards", "own", "cumsum: the gradient runs the same way as the sum",
    "return CumSum.forward(g, axis, not reverse).reshape", "return CumSum.forward(g, axis, reverse).reshape",
    on="CumSum", shown_by="grad(mg.cumsum, [1.0, 2.0], g=[1.0, 0.0])",
)  # fmt: skip
cumulative.bug(
    "cumprod-divides", "own", "cumprod: divided by x, which is NaN at a zero",
    "(_previous(out, axis, 1) * behind).reshape", "(out / x * behind).reshape",
    on="CumProd", shown_by="grad(mg.cumprod, [2.0, 0.0, 3.0], g=[1.0, 1.0, 1.0])",
)  # fmt: skip
cumulative.bug(
    "prod-nan-spreads", "own", "prod: a NaN reaches its own slope, which is the product of the others",
    "if (product == product).all():", "if True:",
    on="Prod", shown_by="grad(mg.prod, [float('nan'), 2.0, 3.0])",
)  # fmt: skip
cumulative.bug(
    "cumprod-underflow", "own", "cumprod: what a product lost by underflow is divided by x all the same",
    "abs(out).min(initial=1) >= np.finfo(out.dtype).tiny", "abs(out).min(initial=1) >= 0",
    on="CumProd", shown_by="grad(mg.cumprod, [1e-200, 1e-200], g=[0.0, 1.0])",
)  # fmt: skip
cumulative.bug(
    "cumprod-detached", "own", "cumprod: the rule computes with the result's numbers",
    "(_previous(out, axis, 1) * behind).reshape", '(_previous(getattr(out, "_array", out), axis, 1) * behind).reshape',
    on="CumProd", shown_by="second(lambda x: mg.cumprod(x)[1], [2.0, 3.0])",
)  # fmt: skip

softmax = _in("ops/softmax.py")

softmax.bug(
    "softmax-diagonal", "own", "softmax: s (1 - s), as if each element had a sum of its own",
    "out * (g - (g * out).sum(axis=axis, keepdims=True))", "out * (g - g * out)",
    on="Softmax", shown_by="grad(mg.softmax, [1.0, 2.0], g=[1.0, 0.0])",
)  # fmt: skip
softmax.bug(
    "logsumexp-unspread", "own", "logsumexp: exp(x) for exp(x - out), right only where the sum is 1",
    "        return _exp(x - out)\n", "        return np.exp(x)\n",
    on="LogSumExp", shown_by="grad(mg.logsumexp, [1.0, 2.0])",
)  # fmt: skip

sorting = _in("ops/sorting.py")

sorting.bug(
    "sort-not-inverted", "own", "sort: the gradient is sorted as x was: right for swaps, wrong for cycles",
    "back[_in_lines(order, axis)] = g", "back[:] = g[_in_lines(order, axis)]",
    on="Sort", shown_by="grad(mg.sort, [3.0, 1.0, 2.0], g=[1.0, 2.0, 3.0])",
)  # fmt: skip

statistics = _in("ops/statistics.py")

statistics.bug(
    "var-without-ddof", "own", "var: the gradient is divided by n, whatever ddof",
    "restored(g * 2 / _free(count, ddof)", "restored(g * 2 / count",
    on="Var", shown_by="grad(lambda x: mg.var(x, ddof=1), [1.0, 2.0])",
)  # fmt: skip
statistics.bug(
    "std-of-equals", "own", "std: NaN where all elements are equal",
    "if zero.any() else g / out", "if zero.size == 0 else g / out",
    on="Std", shown_by="grad(mg.std, [1.0, 1.0])",
)  # fmt: skip

missing = _in("ops/missing.py")

missing.bug(
    "nanmean-of-all", "own", "nanmean: divided by the number of all elements, NaN and all",
    "return (~missing).sum(", "return (missing | True).sum(",
    on="nanmean", shown_by='grad(mg.nanmean, [1.0, float("nan")])',
)  # fmt: skip

covariance = _in("ops/covariance.py")

covariance.bug(
    "cov-of-one-side", "own", "cov: the second factor of the product counts as a constant",
    "return squeeze(away @ away.T / free)", "return squeeze(away @ getattr(away, '_array', away).T / free)",
    on="cov", shown_by="grad(mg.cov, [[1.0, 2.0, 4.0], [1.0, 3.0, 2.0]])",
)  # fmt: skip

blocks = _in("ops/blocks.py")

blocks.bug(
    "last-block-detached", "own", "block: the last block of a row is a constant",
    "concatenate([_joined(part, depth - 1, ndim) for part in blocks], axis=-depth)",
    "concatenate([_joined(part, depth - 1, ndim) for part in blocks[:-1]]"
    " + [np.asarray(getattr(_joined(blocks[-1], depth - 1, ndim), '_array', blocks[-1]))], axis=-depth)",
    on="block", shown_by="grad(lambda x, y: mg.block([x, y]), [1.0], [2.0])",
)  # fmt: skip

spacing = _in("ops/spacing.py")

spacing.bug(
    "linspace-end-detached", "own", "linspace: the last number, stop itself, gives it no gradient",
    "broadcast_to(stop, way.shape)", "broadcast_to(getattr(stop, '_array', stop), way.shape)",
    on="linspace", shown_by="grad(lambda a, b: np.linspace(a, b, 3), 1.0, 2.0)",
)  # fmt: skip

# ----------------------------------------------------------------------------- matrix products

products = _in("ops/products.py")

products.bug(
    "matmul-vector-left", "study 25", "vector @ matrix: the matrix not transposed",
    "@ y.mT).squeeze(-2)", "@ y).squeeze(-2)",
    on="MatMul", shown_by="grad(mg.matmul, [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]])",
)  # fmt: skip
products.bug(
    "matmul-reversed-axes", "study 26", "stack @ matrix: x.T for x.mT, all axes reversed",
    "return x.mT @ g", "return x.T @ g",
    on="MatMul", shown_by="grad(mg.matmul, np.arange(8.0).reshape(2, 2, 2), np.ones((2, 2)))",
)  # fmt: skip
products.bug(
    "matmul-squeezes-all", "pytorch #1813", "matrix @ vector: squeezes every axis of length 1",
    "expanded(g, -1)).squeeze(-1)", "expanded(g, -1)).squeeze()",
    on="MatMul", shown_by="grad(mg.matmul, [[1.0], [2.0]], [3.0])",
)  # fmt: skip
products.bug(
    "matmul-detached", "pytorch #76185", "x @ y: the rule of x computes with y's numbers",
    "return g @ y.mT", 'return g @ getattr(y, "_array", y).mT',
    on="MatMul", shown_by="second(mg.matmul, [[2.0]], [[3.0]])",
)  # fmt: skip

products.bug(
    "tensordot-order", "own", "tensordot: the summed axes of x come back in the order of y",
    "_order([*free_x, *_partners(of_y, of_x)])", "_order([*free_x, *of_x])",
    on="TensorDot",
    shown_by="grad(lambda x, y: mg.tensordot(x, y, ((0, 1), (1, 0))), np.ones((2, 2)), [[1.0, 2.0], [3.0, 4.0]])",
)  # fmt: skip

einsum = _in("ops/einsum.py")

einsum.bug(
    "einsum-no-diagonal", "own", "einsum: the gradient of a diagonal fills the whole of it",
    "library.eye(size, dtype=g.dtype)", "library.ones((size, size), dtype=g.dtype)",
    on="Einsum", shown_by='grad(lambda x: mg.einsum("ii->i", x), np.ones((2, 2)))',
)  # fmt: skip
einsum.bug(
    "einsum-stretched", "own", "einsum: a letter that has length 1 elsewhere is not given its places back",
    "elif letter not in present or (present[letter] == 1 and size != 1):", "elif letter not in present:",
    on="Einsum", shown_by='grad(lambda x, y: mg.einsum("i,i->", x, y), [1.0, 2.0], [2.0])',
)  # fmt: skip

systems = _in("ops/systems.py")

systems.bug(
    "pinv-square", "own", "pinv: what projections add to the gradient of a tall matrix is left out",
    "        if a.shape[-2] > a.shape[-1]:  # a p", "        if False:  # a p",
    on="PInv", shown_by="grad(mg.linalg.pinv, [[1.0], [2.0]])",
)  # fmt: skip

determinants = _in("ops/determinants.py")

determinants.bug(
    "det-by-inverse", "own", "det: the cofactors of a singular matrix are 0",
    "return sign * (u * _others(s, 1) @ vh)", "return 0 * (u * _others(s, 1) @ vh)",
    on="Det", shown_by="grad(mg.linalg.det, [[1.0, 2.0], [2.0, 4.0]])",
)  # fmt: skip

decompositions = _in("ops/decompositions.py")

decompositions.bug(
    "cholesky-both-triangles", "own", "cholesky, eigh: the gradient goes to both triangles, and one is read",
    "return (full + full.mT) * (half if uplo in \"lL\" else half.T)", "return (full + full.mT) / 2",
    on="Cholesky", shown_by="grad(mg.linalg.cholesky, [[2.0, 1.0], [1.0, 2.0]])",
)  # fmt: skip
decompositions.bug(
    "svd-gaps", "own", "svd: the gaps of the singular values, not of their squares",
    "gaps = (s - s.mT) * (s + s.mT)", "gaps = s - s.mT",
    on="SVD", shown_by="grad(lambda x: mg.linalg.svd(x).U[0, 0], [[2.0, 1.0], [0.5, 3.0]])",
)  # fmt: skip

norms = _in("ops/norms.py")

norms.bug(
    "norm-at-zero", "own", "norm: the slope at 0 is NaN",
    "return x * np.where(zero, 0, g / np.where(zero, 1, out))", "return x * (g / out)",
    on="Norm2", shown_by="grad(mg.norm, [0.0, 0.0])",
)  # fmt: skip

polynomials = _in("ops/polynomials.py")

polynomials.bug(
    "convolve-same-start", "own", 'convolve: the middle of "same" begins one place late for an even length',
    "(min(n, m) - 1) // 2", "min(n, m) // 2",
    on="Convolve", shown_by='grad(lambda a, v: mg.convolve(a, v, "same"), [1.0, 2.0, 3.0], [1.0, 5.0])',
)  # fmt: skip

interpolation = _in("ops/interpolation.py")

interpolation.bug(
    "interp-beyond", "own", "interp: the value beyond the last point belongs to the last but one",
    "np.where(at_x >= points[-1], 1, (x - points[lower]) * slope)", "(x - points[lower]) * slope",
    on="Interp", shown_by="grad(lambda y: mg.interp(5.0, np.arange(2.0), y), [1.0, 2.0])",
)  # fmt: skip

# ----------------------------------------------------------------------------- shapes

shape = _in("ops/shape.py")

_RESHAPE = "        return x.reshape(shape)\n\n    def dx(g, out, x, shape):\n        return g.reshape(x.shape)"
shape.bug(
    "reshape-order", "study 28", "reshape: reads a Fortran-ordered incoming gradient in Fortran's order",
    _RESHAPE, _RESHAPE + ' if not isinstance(g, np.ndarray) else g.reshape(x.shape, order="A")',
    on="Reshape",
    shown_by="grad(lambda x: mg.reshape(x, (3, 2)), np.zeros((2, 3)), g=np.asfortranarray([[1.0, 2], [3, 4], [5, 6]]))",
)  # fmt: skip
_EXPAND = "        return np.expand_dims(x, axis)\n\n    def dx(g, out, x, axis):\n        return g.reshape(x.shape)"
shape.bug(
    "expand-dims-memory", "pytorch #167263", "expand_dims: reads the incoming gradient in the order of its memory",
    _EXPAND,
    _EXPAND.replace(
        "g.reshape", 'g.ravel(order="K").reshape(x.shape) if isinstance(g, np.ndarray) else g.reshape'
    ),
    on="ExpandDims",
    shown_by="grad(lambda x: mg.expand_dims(x, 0), np.zeros((2, 2)), g=np.asfortranarray([[[1.0, 2], [3, 4]]]))",
)  # fmt: skip
shape.bug(
    "expand-dims-squeezes-all", "MyGrad #272", "expand_dims: takes away every axis of length 1",
    _EXPAND, _EXPAND.replace("g.reshape(x.shape)", "g.squeeze()"),
    on="ExpandDims", shown_by="grad(lambda x: mg.expand_dims(x, 0), [[1.0, 2.0]])",
)  # fmt: skip
_SQUEEZE = "        return x.squeeze(axis)\n\n    def dx(g, out, x, axis):\n        return g.reshape(x.shape)"
shape.bug(
    "squeeze-none", "pytorch #1813", "squeeze of all axes puts one back, in front",
    _SQUEEZE, _SQUEEZE.replace("g.reshape(x.shape)", "np.expand_dims(g, 0 if axis is None else axis)"),
    on="Squeeze", shown_by="grad(mg.squeeze, [[1.0], [2.0]])",
)  # fmt: skip
shape.bug(
    "transpose-not-inverted", "study 29", "transpose: the same permutation back, wrong for cycles of three",
    "_inverse(axes, x.ndim))", "axes)",
    on="Transpose", shown_by="grad(lambda x: mg.transpose(x, (1, 2, 0)), np.zeros((1, 1, 2)), g=[[[1.0], [2.0]]])",
)  # fmt: skip
shape.bug(
    "broadcast-to-first", "autograd #384", "broadcast_to: of the copies along new axes only the first counts",
    "return sum_to(g, x.shape)", "return g[(0,) * (g.ndim - x.ndim)]",
    on="BroadcastTo", shown_by="grad(lambda x: mg.broadcast_to(x, (2, 1)), [1.0])",
)  # fmt: skip
shape.bug(
    "astype-rounds", "chainer #684", "astype: the gradient passes through float32, whatever the dtypes",
    "return g  # the engine gives", "return g.astype(np.float32)  # the engine gives",
    on="AsType", shown_by="grad(lambda x: mg.astype(x, float), [1.0], g=[0.1])",
)  # fmt: skip

# ----------------------------------------------------------------------------- rearranging, joining, repeating

rearranging = _in("ops/rearranging.py")
joining = _in("ops/joining.py")
repeating = _in("ops/repeating.py")
diagonals = _in("ops/diagonals.py")
taking = _in("ops/taking.py")

rearranging.bug(
    "roll-onwards", "own", "roll: the gradient of several shifts rolled on, not back",
    "tuple([-places for places in shift])", "shift",
    on="Roll", shown_by="grad(lambda x: mg.roll(x, (1, 0), (0, 1)), np.zeros((3, 1)), g=[[1.0], [2.0], [3.0]])",
)  # fmt: skip
rearranging.bug(
    "flip-not-back", "own", "flip: the gradient arrives in the order in which it comes",
    "        return g[_reversed(axis, x.ndim)]", "        return g",
    on="Flip", shown_by="grad(mg.flip, [0.0, 0.0], g=[1.0, 2.0])",
)  # fmt: skip
joining.bug(
    "concatenate-equal", "study 32", "concatenate: the gradient split into equal parts",
    "slice(ends[k - 1] if k else 0, ends[k])", "slice(k * (ends[-1] // len(ends)), (k + 1) * (ends[-1] // len(ends)))",
    on="Concatenate", shown_by="grad(lambda x, y: mg.concatenate([x, y]), [1.0, 2.0, 3.0], [4.0], g=[1.0, 2, 3, 4])",
)  # fmt: skip
joining.bug(
    "concatenate-abs-axis", "study 24", "concatenate along axis -k splits along axis k",
    "part[axis] = slice", "part[abs(axis)] = slice",
    on="Concatenate", shown_by="grad(lambda x, y: mg.concatenate([x, y], -2), [[1.0]], [[2.0]])",
)  # fmt: skip
joining.bug(
    "stack-along-the-first", "own", "stack: each array takes its part of the first axis, whatever the axis",
    "return g[(*[slice(None)] * axis, k)]", "return g[k].reshape(g.shape[:axis] + g.shape[axis + 1 :])",
    on="Stack", shown_by="grad(lambda x, y: mg.stack([x, y], 1), [1.0, 2.0], [3.0, 4.0], g=[[1.0, 2.0], [3.0, 4.0]])",
)  # fmt: skip
repeating.bug(
    "repeat-as-tile", "own", "repeat: the gradient added up as that of a tiling",
    "return g.reshape((x.size, repeats)).sum(axis=1)", "return g.reshape((repeats, x.size)).sum(axis=0)",
    on="Repeat", shown_by="grad(lambda x: mg.repeat(x, 2), [1.0, 2.0], g=[1.0, 2.0, 3.0, 4.0])",
)  # fmt: skip
repeating.bug(
    "tile-first", "own", "tile: of the copies only the first counts",
    "return g.reshape(blocks).sum(axis=tuple(range(0, len(blocks), 2))).reshape(x.shape)",
    "return g.reshape(blocks)[(0, slice(None)) * len(reps)].reshape(x.shape)",
    on="Tile", shown_by="grad(lambda x: mg.tile(x, 2), [1.0])",
)  # fmt: skip
repeating.bug(
    "pad-border-lost", "own", "pad by its edge: the gradient of the border adds to nothing",
    "            out[source] += border.sum(axis=axis, keepdims=True) if _is_of_edges(mode, shape[axis]) else border\n",
    "            out[source] += 0 * border.sum(axis=axis, keepdims=True) if mode == \"edge\" else border\n",
    on="Pad", shown_by="grad(lambda x: mg.pad(x, 1, 'edge'), [1.0, 2.0])",
)  # fmt: skip
repeating.bug(
    "pad-mirrored-again", "own", "pad by reflection: a border longer than x is mirrored in one direction only",
    'left, mirrored = left - size, mode != "wrap" and not mirrored', 'left, mirrored = left - size, mode != "wrap"',
    on="Pad", shown_by="grad(lambda x: mg.pad(x, (4, 0), 'reflect'), [1.0, 2.0, 3.0], g=np.arange(1.0, 8.0))",
)  # fmt: skip
diagonals.bug(
    "diagonal-on-the-main", "own", "diagonal: the gradient is put on the main diagonal, whatever the offset",
    "return run(FromDiagonal, g, x.shape, offset, axis1, axis2)",
    "return run(FromDiagonal, g[..., : min(x.shape[axis1], x.shape[axis2])], x.shape, 0, axis1, axis2)"
    " if g.shape[-1] == min(x.shape[axis1], x.shape[axis2])"
    " else run(FromDiagonal, g, x.shape, offset, axis1, axis2)",
    on="Diagonal", shown_by="grad(lambda x: mg.diagonal(x, 1), np.zeros((2, 3)))",
)  # fmt: skip
diagonals.bug(
    "tril-all", "own", "tril: the elements above the diagonal receive a gradient too",
    "return run(Tril, g, k)", "return g",
    on="Tril", shown_by="grad(mg.tril, np.zeros((2, 2)))",
)  # fmt: skip
taking.bug(
    "take-flat-axis", "own", "take along the last axis by -1: counts from the front",
    "(*(_ALL,) * (axis % len(shape)), indices)", "(*(_ALL,) * abs(axis % len(shape) - (axis < 0)), indices)",
    on="Take", shown_by="grad(lambda x: mg.take(x, [0], -1), np.zeros((2, 2)))",
)  # fmt: skip

# ----------------------------------------------------------------------------- indexing

indexing = _in("ops/indexing.py")

indexing.bug(
    "getitem-assigns", "study 27, pytorch #1528", "x[[0, 0]]: of a repeated index the last wins",
    "library.add.at(out, index, x)", "out[index] = x",
    on=("GetItem", "Scatter"), shown_by="grad(lambda x: x[[0, 0]], [1.0])",
)  # fmt: skip
indexing.bug(
    "getitem-array-assigns", "FlagGems #359", "x[array]: of a repeated index the last wins, but not in a tuple",
    '"kind", "") != "b":', '"kind", "") not in (("b",) if type(index) is tuple else ("b", "i")):',
    on=("GetItem", "Scatter"), shown_by="grad(lambda x: x[[0, 0]], [1.0])",
)  # fmt: skip
indexing.bug(
    "getitem-tuple-assigns", "pytorch #473", "x[i, j]: of a repeated pair of indices the last wins",
    '"kind", "") != "b":', '"kind", "") not in (("b", "i") if type(index) is tuple else ("b",)):',
    on=("GetItem", "Scatter"), shown_by="grad(lambda x: x[[0, 0], [0, 0]], [[1.0]])",
)  # fmt: skip
indexing.bug(
    "getitem-index-shared", "study 45, MyGrad 2.0", "x[i] keeps the caller's i, which may change before backward",
    "return array.copy()", "return array",
    on="callers_index_changed", shown_by="index_changed()",
)  # fmt: skip
indexing.bug(
    "getitem-leaks-nan", "jax #2630", "x[i]: 0 · ∞ = NaN from the elements not taken",
    '    """x[index]"""\n\n    linear = True\n    masks = True',
    '    """x[index]"""\n\n    linear = True\n    masks = False',
    on=("guarded", "programs"), shown_by="grad(lambda x: mg.sqrt(x)[1:], [0.0, 4.0])",
)  # fmt: skip
indexing.bug(
    "update-shares", "own", "index_update: each of several values for one element receives its gradient",
    "        if not _is_distinct(index):\n            last, places", "        if False:\n            last, places",
    on="IndexUpdate", shown_by="grad(lambda x, y: mg.index_update(x, [0, 0], y), [1.0], [2.0, 3.0])",
)  # fmt: skip
indexing.bug(
    "update-keeps", "own", "index_update: what was replaced receives a gradient",
    "return run(IndexUpdate, g, index, g.dtype.type(0))", "return g",
    on="IndexUpdate", shown_by="grad(lambda x: mg.index_update(x, 0, 5.0), [1.0, 2.0])",
)  # fmt: skip
indexing.bug(
    "scatter-counts-once", "pytorch #146299", "scatter: the gradient of a repeated index divided by its count",
    "        return g[index]\n",
    "        return g[index] / np.maximum(np.bincount(index, minlength=1)[index], 1)"
    " if isinstance(index, np.ndarray) and index.dtype.kind == 'i' and index.ndim == 1 and (index >= 0).all()"
    " else g[index]\n",
    on="Scatter", shown_by="grad(lambda x: mg.scatter(x, [0, 0], (1,)), [1.0, 2.0])",
)  # fmt: skip

# ----------------------------------------------------------------------------- a gradient on its way

gradient = _in("gradient.py")

gradient.bug(
    "unbroadcast-averages", "study 5", "undoing broadcasting averages",
    "return g.sum(axis=tuple(axes)).reshape(shape)", "return g.mean(axis=tuple(axes)).reshape(shape)",
    on=("Mul", "Add", "BroadcastTo"), shown_by="grad(mg.multiply, [[1.0], [2.0]], [[3.0, 4.0]])",
)  # fmt: skip
gradient.bug(
    "unbroadcast-rows", "study 4, pytorch #1787", "undoing broadcasting: new axes are summed, axes of length 1 are not",
    "    if lead and g.shape[lead:] == shape:", "    if lead:",
    on=("Mul", "Add", "Where"), shown_by="grad(mg.multiply, [[1.0]], np.ones((2, 1, 3)))",
)  # fmt: skip
gradient.bug(
    "unbroadcast-bias", "study 4", "undoing broadcasting: rows added in front are averaged",
    "return g.sum(axis=0 if lead == 1 else tuple(range(lead)))",
    "return g.mean(axis=0 if lead == 1 else tuple(range(lead)))",
    on=("Mul", "Add"), shown_by="grad(mg.multiply, [1.0, 2.0], np.ones((2, 2)))",
)  # fmt: skip
gradient.bug(
    "unbroadcast-number", "pytorch #13669", "a number that met a matrix: summed over the first axis only",
    "return _add_up(c, None)", "return _add_up(c, 0) if c.ndim else c",
    on=("Mul", "Add"), shown_by="grad(mg.multiply, 2.0, np.ones((2, 2)))",
)  # fmt: skip
gradient.bug(
    "number-gets-vector", "study 38", "a number's gradient has shape (1,)",
    "return _add_up(c, None)", "return _add_up(c, None).reshape(1)",
    on=("Mul", "Add"), shown_by="grad(mg.multiply, 2.0, [1.0, 2.0])",
)  # fmt: skip
gradient.bug(
    "dtype-promoted", "study 37, autograd #671", "a float32 array that met float64 gets a float64 gradient",
    "return c if c.dtype == origin.dtype else c.astype(origin.dtype)", "return c",
    on=("AsType", "Mul", "programs"),
    shown_by="grad(lambda x: x * np.array([1.0, 2.0]), [1.0, 2.0], dtype=np.float32)",
)  # fmt: skip
gradient.bug(
    "zero-times-infinity", "tt-metal #56378", "0 · ∞ stays NaN where no gradient came in",
    "if not np.count_nonzero(bad):", "if True:",
    on=("guarded", "Sqrt", "Pow"), shown_by="grad(lambda x: mg.where(x > 1, mg.sqrt(x), 0.0), [0.0, 4.0])",
)  # fmt: skip
gradient.bug(
    "nan-everywhere-zero", "own", "0 · ∞ = 0 sets the whole gradient to 0, not the one element",
    'return np.where(bad & ((g._array if isinstance(g, Value) else g) == 0), 0, c)', "return 0 * np.where(bad, 0, c)",
    on=("guarded", "Sqrt", "Pow"), shown_by="grad(lambda x: mg.where(x > 1, mg.sqrt(x), 0.0), [0.0, 4.0])",
)  # fmt: skip
gradient.bug(
    "grads-share-memory", "study 41", "gradients handed out are not copied: x + y gives two names of one array",
    "return g.copy()", "return g",
    on=("Add", "backward_of_sum"), shown_by="shared(mg.add, [1.0, 2.0], [3.0, 4.0])",
)  # fmt: skip
gradient.bug(
    "recorded-grads-share-memory", "study 41", "recorded gradients are not kept apart",
    "    if g._array.base is not None or id(g._array) in taken:\n        g = +g\n", "",
    on=("Add", "programs"), shown_by="shared(mg.add, [1.0, 2.0], [3.0, 4.0], create_graph=True)",
)  # fmt: skip
gradient.bug(
    "second-backward-replaces", "study 40", "a second backward() replaces .grad instead of adding to it",
    "old._array += g  # into", "old._array[...] = g  # into",
    on=("Square", "backward_twice"), shown_by="backward_twice(mg.square, [1.0, 2.0])",
)  # fmt: skip
gradient.bug(
    "second-backward-replaces-number", "micrograd #102", "a second backward() replaces the .grad of a number",
    "tensor._grad = old + wrap(type(tensor), g)", "tensor._grad = wrap(type(tensor), g)",
    on=("Square", "backward_twice"), shown_by="backward_twice(mg.square, 2.0)",
)  # fmt: skip
gradient.bug(
    "grad-is-the-callers", "study 85", ".grad may be the array given to backward(), which the next one adds into",
    "g = own(g, alone)", "pass",
    on=("Positive", "backward_twice_of_x"), shown_by="changed_by_backward([1.0, 2.0])",
)  # fmt: skip

# ----------------------------------------------------------------------------- recording, and walking back

graph = _in("graph.py")

graph.bug(
    "order-of-discovery", "study 42", "calls are visited breadth first, not newest first",
    "found.sort(key=_age, reverse=True)", "found.sort(key=lambda call: 0)",
    on=ENGINE, shown_by="grad(lambda x: uneven(x), 1.0)",
)  # fmt: skip
graph.bug(
    "age-by-depth", "own", "a call of one argument is dated by its depth, others by the clock",
    "    call.shape = out.shape\n    call.dtype = out.dtype\n    call.place = here()\n    call.age = tick()\n"
    "    return wrap(type(tensor), out, call, True)",
    "    call.shape = out.shape\n    call.dtype = out.dtype\n    call.place = here()\n    call.age = origin.age + 1\n"
    "    return wrap(type(tensor), out, call, True)",
    on=ENGINE, shown_by="grad(lambda x: uneven(x), 1.0)",
)  # fmt: skip
graph.bug(
    "overwritten", "study 40", "a second gradient of the same value replaces the first",
    "            if origin in grads:\n                old",
    "            if origin in grads and call is origin:\n                old",
    on=ENGINE, shown_by="grad(lambda x: x * x, 3.0)",
)  # fmt: skip
_ACCUMULATE = (
    "                old = grads.pop(origin)\n"
    "                # Not in place if anybody else holds it: x + y gives its two arguments one array.\n"
    "                grads[origin] = add_into(old, c) if sys.getrefcount(old) <= ALONE else old + c\n"
)
graph.bug(
    "third-use-dropped", "study 50, nnabla #532", "the third use of a value gives no gradient",
    _ACCUMULATE,
    "                old = grads.pop(origin)\n"
    "                grads[origin] = old if (origin, 2) in taken else old + c\n"
    "                taken.add((origin, 2))\n",
    on=ENGINE, shown_by="grad(lambda x: (x + x) + x, 1.0)",
)  # fmt: skip
graph.bug(
    "eighth-use-dropped", "mxnet #17989", "the eighth use of a value and any later give no gradient",
    _ACCUMULATE,
    "                old = grads.pop(origin)\n"
    "                uses = next(n for n in range(99) if (origin, n) not in taken)\n"
    "                grads[origin] = old if uses > 5 else old + c\n"
    "                taken.add((origin, uses))\n",
    on=ENGINE, shown_by="grad(lambda x: x + x + x + x + x + x + x + x + x, 1.0)",
)  # fmt: skip
graph.bug(
    "added-in-place", "study 41, OneFlow #8248", "gradients are added into arrays that others hold",
    "grads[origin] = add_into(old, c) if sys.getrefcount(old) <= ALONE else old + c",
    "grads[origin] = np.add(old, c, out=old) if type(old) is type(c) is np.ndarray else old + c",
    on=ENGINE, shown_by="grad(lambda x, y: mg.exp(x) + (x + y), [1.0, 2.0], [3.0, 4.0])",
)  # fmt: skip
graph.bug(
    "large-added-in-place", "study 41", "large gradients (above 1000 elements) are added into arrays that others hold",
    "grads[origin] = add_into(old, c) if sys.getrefcount(old) <= ALONE else old + c",
    "grads[origin] = add_into(old, c)",
    on="large",
    shown_by="[g[:2] for g in grad(lambda x, y: mg.exp(x) + (x + y), np.ones(2000), np.ones(2000))]",
)  # fmt: skip
graph.bug(
    "equal-leaves-merged", "study 43, tinygrad #9597", "leaves of equal values are taken for one",
    "            if origin in grads:\n                old",
    "            if isinstance(origin, Value):\n"
    "                origin = next((o for o in grads if isinstance(o, Value) and o.shape == origin.shape\n"
    "                               and (o._array == origin._array).all()), origin)\n"
    "            if origin in grads:\n                old",
    on=("programs", "Add"), shown_by="grad(mg.add, 1.0, 1.0)",
)  # fmt: skip
graph.bug(
    "same-operand-once", "paradox #3", "a value that is two arguments of one call gets one gradient",
    "        for n, rule, origin in ways:\n            if useful",
    "        for n, rule, origin in {way[2]: way for way in ways}.values():\n            if useful",
    on=("programs", "operators"), shown_by="grad(lambda x: x - x, 1.0)",
)  # fmt: skip
graph.bug(
    "late-binding", "study 46", "concatenate: every argument gets the rule of the last",
    "rule and functools.partial(rule, k) for k", "rule and (lambda *given: rule(k, *given)) for k",
    on="Concatenate", shown_by="grad(lambda x, y: mg.concatenate([x, y]), [1.0], [2.0], g=[1.0, 2.0])",
)  # fmt: skip
graph.bug(
    "output-twice-once", "own", "an output named twice counts once",
    "found[origin] = found[origin] + seed if origin in found else seed", "found[origin] = seed",
    on="output_named_twice", shown_by="outputs_twice()",
)  # fmt: skip
graph.bug(
    "outputs-one-gradient", "own", "of several outputs each is given the first one's gradient",
    "seed = _seed(root, g, create_graph)", "seed = _seed(root, given[0], create_graph)",
    on="two_outputs", shown_by="two_outputs()",
)  # fmt: skip
graph.bug(
    "results-not-checked", "pytorch #36608", "a result changed since it was recorded is used as it is",
    "zip([*args, out], [*call.inputs, None], strict=True)", "zip(args, call.inputs, strict=True)",
    on="result_changed", shown_by="result_changed()",
)  # fmt: skip
graph.bug(
    "first-input-only", "own", "only the first argument of a call is followed to the inputs asked for",
    "if not useful.isdisjoint(call.inputs):", "if call.inputs[0] in useful:",
    on=("programs", "operators"), shown_by="grad(lambda x: mg.exp(mg.multiply(3.0, mg.exp(x))), 0.0)",
)  # fmt: skip
graph.bug(
    "stops-at-target", "micrograd #2", "beyond a computed value whose gradient is asked for nothing more is found",
    "            if not any(way[2] in useful for way in call.record[0]):  # type: ignore[index]\n"
    "                continue",
    "            continue",
    on="input_beyond_another", shown_by="inner_and_leaf()",
)  # fmt: skip
graph.bug(
    "asked-twice", "own", "an input asked for twice gets its gradient once, then zeros",
    "g = first[origin]._array if origin in first else found.pop(origin, None)", "g = found.pop(origin, None)",
    on="input_asked_for_twice", shown_by="asked_twice()",
)  # fmt: skip
graph.bug(
    "retain-graph-ignored", "study 78", "the graph is freed although it should be retained",
    "        if freed is not None:\n            call.record = freed",
    "        if not create_graph:\n            call.record = Freed(None)",
    on=("Square", "backward_twice"), shown_by="backward_twice(mg.square, 2.0)",
)  # fmt: skip
graph.bug(
    "result-detached", "pytorch #76185", "for a second derivative, results that rules read are constants",
    "return (None if out is None else wrap(kind, out, call, True)), args",
    "return (None if out is None else wrap(kind, out)), args",
    on=("Exp", "programs"), shown_by="second(mg.exp, 1.0)",
)  # fmt: skip
graph.bug(
    "arguments-detached", "AutoGrad.jl #75",
    "for a second derivative, computed arguments that rules read are constants",
    "args[n] = wrap(kind, value, origin, True)", "args[n] = wrap(kind, value)",
    on=("programs", "operators"), shown_by="second(lambda x: mg.square(mg.sin(x)), 1.0)",
)  # fmt: skip
graph.bug(
    "no-grad-records", "study 80", "no_grad: calls of one argument are recorded",
    "op.rules[0] is None or not is_recording() or", "op.rules[0] is None or",
    on="no_grad_of_one", shown_by="stopped(lambda x: mg.exp(x), 1.0)",
)  # fmt: skip
graph.bug(
    "no-grad-records-two", "study 80", "no_grad: calls of several arguments are recorded",
    "if not mask or not any(rules) or not is_recording() or", "if not mask or not any(rules) or",
    on="no_grad_of_two", shown_by="stopped(lambda x: mg.multiply(x, x), 1.0)",
)  # fmt: skip
graph.bug(
    "gradients-share-memory", "study 41", "gradients() takes any array for its own",
    "alone = sys.getrefcount(g) <= ALONE\n        results", "alone = True\n        results",
    on=("Add", "programs"), shown_by="shared(mg.add, [1.0, 2.0], [3.0, 4.0])",
)  # fmt: skip
graph.bug(
    "backward-shares-memory", "study 41", "backward() takes any array for a leaf's own",
    "alone = sys.getrefcount(g) <= ALONE\n        accumulate", "alone = True\n        accumulate",
    on=("Add", "backward_of_sum", "backward_of_two_sums"), shown_by="changed_by_backward([1.0, 2.0])",
)  # fmt: skip
graph.bug(
    "zeros-of-chains", "jax #5798", "exact zeros are forgotten after one more call",
    "if not exact and not masks:", "if not masks:",
    on="guarded", shown_by="grad(lambda x: mg.where(x > 1, mg.log(mg.sqrt(x)), 0.0), [0.0, 4.0])",
)  # fmt: skip
graph.bug(
    "given-zeros", "tt-metal #56378", "a zero in the incoming gradient times an infinite slope is NaN",
    "if array is not None and np.count_nonzero(array == 0):", "if False:",
    on=("Sqrt", "Pow"), shown_by="grad(mg.sqrt, [0.0, 1.0], g=[0.0, 1.0])",
)  # fmt: skip
graph.bug(
    "unused-float64", "autograd #199", "the gradient of an input not used is float64 whatever the input is",
    ".zeros(tensor.shape, tensor.dtype)", ".zeros(tensor.shape)",
    on=("programs", "input_not_used"), shown_by="grad(lambda x, y: x * 2.0, [1.0], [2.0], dtype=np.float32)",
)  # fmt: skip
graph.bug(
    "changes-not-checked", "study 84, pytorch #24413", "arrays changed since they were recorded are used as they are",
    "        if changed and inplace.latest > call.age:\n            _check_unchanged(call)\n", "",
    on=("Square", "leaf_added_to"), shown_by="leaf_changed()",
)  # fmt: skip
graph.bug(
    "mask-of-last", "own", "what a call keeps is worked out for its last argument only",
    "mask |= 1 << n", "mask = 1 << n",
    on=("Mul", "programs"), shown_by="grad(lambda x, y: mg.multiply(mg.exp(x), mg.exp(y)), 1.0, 2.0)",
)  # fmt: skip

# ----------------------------------------------------------------------------- hooks

hooks = _in("hooks.py")

hooks.bug(
    "hook-only-looks", "own", "what a hook returns does not go on",
    "    if result is None or result is shown:\n        return g\n", "    if True:\n        return g\n",
    on=("hooked", "hooked_leaf"), shown_by="hooked(False)",
)  # fmt: skip
hooks.bug(
    "hook-of-a-leaf-not-called", "own", "the hooks of leaves are not called",
    "if not origin.age and id(origin) in hooked", "if origin.age and id(origin) in hooked",
    on="hooked_leaf", shown_by="hooked(True)",
)  # fmt: skip

# ----------------------------------------------------------------------------- what is kept

keeping = _in("keeping.py")

keeping.bug(
    "looked-at-first", "own", "what a rule looks at before it reads it is not kept",
    '                uses[name] = "reads"', '                uses.setdefault(name, "reads")',
    on=("MatMul", "Max", "programs"), shown_by="grad(lambda x, y: mg.matmul(mg.exp(x), mg.exp(y)), [[1.0]], [[2.0]])",
)  # fmt: skip
keeping.bug(
    "kept-one-off", "own", "what is kept is worked out for the argument before",
    "how = {use(n + 2) for use in uses}", "how = {use(n + 1) for use in uses}",
    on=("Mul", "programs"), shown_by="grad(lambda x, y: mg.multiply(mg.exp(x), mg.exp(y)), 1.0, 2.0)",
)  # fmt: skip

# ----------------------------------------------------------------------------- changes in place

inplace = _in("inplace.py")

inplace.bug(
    "views-not-followed", "pytorch #36608", "a change through a view of the memory is not seen",
    "    while hasattr(getattr(array, \"base\", None), \"dtype\"):\n        array = array.base\n", "",
    on="changed_by_a_view", shown_by="view_changed()",
)  # fmt: skip
inplace.bug(
    "old-changes-only", "own", "a change is seen only if it is older than the call",
    "known[1] < age:", "known[1] > age:",
    on=("Square", "leaf_added_to"), shown_by="leaf_changed()",
)  # fmt: skip

# ----------------------------------------------------------------------------- operators and tensors

operators = _in("operators.py")

operators.bug(
    "operator-rules-swapped", "own", "x - y by its operator: the rules of x and y exchanged",
    "ways = ((1, dy, b), (0, dx, a))", "ways = ((1, dx, b), (0, dy, a))",
    on="operators", shown_by="grad(lambda x, y: x - y, 1.0, 2.0)",
)  # fmt: skip
operators.bug(
    "operator-right-only", "own", "constant - y by its operator: y gets the rule of x",
    "ways = ((1, dy, b),)", "ways = ((1, dx, b),)",
    on=("constants", "operators"), shown_by="grad(lambda y: mg.tensor(1.0) - y, 2.0)",
)  # fmt: skip
operators.bug(
    "operator-keeps-right", "own", "constant * y by its operator keeps y for the constant",
    "args = (left if keep_left else None, right if keep_right else b)",
    "args = (right if keep_left else None, right if keep_right else b)",
    on=("constants", "operators"), shown_by="grad(lambda y: mg.tensor(3.0) * y, 2.0)",
)  # fmt: skip
operators.bug(
    "reflected-rule", "own", "2 - y: y gets the rule of x",
    "dy = found.rules[1]", "dy = found.rules[0]",
    on=("constants", "operators"), shown_by="grad(lambda y: 2 - y, 1.0)",
)  # fmt: skip
operators.bug(
    "reflected-keeps", "own", "2 / y: what is kept is worked out for the first argument",
    "(keep_left, keep_right), keep_out = found.keeps[2]", "(keep_left, keep_right), keep_out = found.keeps[1]",
    on=("constants", "operators"), shown_by="grad(lambda y: 2 ** mg.exp(y), 1.0)",
)  # fmt: skip
operators.bug(
    "method-keepdims", "Theano #1432", "x.sum(axis, keepdims=True): goes back without keepdims",
    "args = (value if keep else origin, axis, keepdims)", "args = (value if keep else origin, axis, False)",
    on="methods", shown_by="grad(lambda x: x.sum(1, keepdims=True), [[1.0, 2.0], [3.0, 4.0]], g=[[1.0], [2.0]])",
)  # fmt: skip
operators.bug(
    "operator-no-grad", "study 80", "no_grad: x * y by its operator is recorded",
    "if mask and dx is not None and is_recording():", "if mask and dx is not None:",
    on="no_grad_of_operator", shown_by="stopped(lambda x: x * x, 1.0)",
)  # fmt: skip
operators.bug(
    "reflected-no-grad", "study 80", "no_grad: 2 - x is recorded",
    "if self._requires_grad and dy is not None and is_recording():", "if self._requires_grad and dy is not None:",
    on="no_grad_of_number", shown_by="stopped(lambda x: 2 - x, 1.0)",
)  # fmt: skip
operators.bug(
    "reduction-no-grad", "study 80", "no_grad: x.sum() is recorded",
    "        if self._requires_grad and is_recording():\n            result._requires_grad = True\n"
    "            result._cut = None\n            result.creator = call = op()\n"
    "            origin = self.creator or self\n"
    "            args = (value if keep",
    "        if self._requires_grad:\n            result._requires_grad = True\n"
    "            result._cut = None\n            result.creator = call = op()\n"
    "            origin = self.creator or self\n"
    "            args = (value if keep",
    on="no_grad_of_method", shown_by="stopped(lambda x: x.sum(), [1.0, 2.0])",
)  # fmt: skip
operators.bug(
    "iadd-not-noted", "study 84", "a change by x += y is not written down",
    "            inplace.note_change(array, place)\n", "",
    on=("Square", "leaf_added_to"), shown_by="leaf_changed()",
)  # fmt: skip
operators.bug(
    "iadd-recorded-silently", "Paddle #37420", "y += x while recording changes y and drops x's gradient",
    "        if is_recording() and (self._requires_grad or",
    "        if is_recording() and self.creator is None and (self._requires_grad or",
    on="added_while_recording", shown_by="added_in_place()",
)  # fmt: skip

tensor = _in("tensor.py")

tensor.bug(
    "detach-attached", "study 81", "detach() stays in the graph",
    "result: Self = wrap(type(self), self.data)",
    "result: Self = wrap(type(self), self.data, self.creator, self._requires_grad)",
    on="detach", shown_by="grad(lambda x: x * (x * x).detach(), 2.0)",
)  # fmt: skip
tensor.bug(
    "setitem-not-noted", "study 84", "a change by x[i] = y is not written down",
    "        inplace.note_change(self._array, here())\n\n    # -----", "\n    # -----",
    on="elements_set", shown_by="element_changed()",
)  # fmt: skip
tensor.bug(
    "setitem-silently", "study 83", "y[i] = 0 while recording changes y and not its gradient",
    "        if is_recording() and (self._requires_grad or (isinstance(value, Value) and value._requires_grad)):",
    "        if is_recording() and self.creator is None and self._requires_grad:",
    on="set_while_recording", shown_by="element_zeroed()",
)  # fmt: skip
tensor.bug(
    "data-not-noted", "study 84", "a change by x.data -= y is not written down",
    "            inplace.note_change(array, here())\n            if not array.shape:",
    "            if not array.shape:",
    on="data_changed", shown_by="data_changed()",
)  # fmt: skip
tensor.bug(
    "tensor-shares-memory", "study 45, MyGrad 2.0",
    "tensor(a) shares the memory of a, which may change before backward",
    "array = library_of(array).array(array, dtype=dtype, copy=True)",
    "array = library_of(array).asarray(array, dtype=dtype)",
    on="callers_array_changed", shown_by="array_changed()",
)  # fmt: skip

# ----------------------------------------------------------------------------- operations as classes, and modes

op = _in("op.py")

op.bug(
    "inputs-without-first", "own", "the first argument of a call is not among its inputs",
    "return tuple(origins.get(n) for n in range(len(args)))",
    "return (None, *(origins.get(n) for n in range(1, len(args))))",
    on=("Exp", "programs"), shown_by="grad(lambda x: mg.exp(mg.exp(x)), 1.0)",
)  # fmt: skip

mode = _in("mode.py")

mode.bug(
    "no-grad-ends-early", "own", "leaving an inner no_grad records again",
    "        _recording.set(outer[0])\n        _outer", "        _recording.set(True)\n        _outer",
    on="no_grad_inside_another", shown_by="stopped_inside(1.0)",
)  # fmt: skip

# ----------------------------------------------------------------------------- held out
# Written when the kit had been tuned on all of the above, and run once before anything was changed.


trigonometric.bug(
    "cos-period", "held out", "cos x: the angle reduced by 6.28318",
    "return -g * np.sin(x)", "return -g * np.sin(x % 6.28318)",
    on="Cos", shown_by="grad(mg.cos, [100.0])",
)  # fmt: skip
exponential.bug(
    "exp-flushed", "held out", "exp x: slope 0 below -20",
    "return g * out\n", "return g * np.where(x < -20, 0, out)\n",
    on="Exp", shown_by="grad(mg.exp, [-21.0])",
)  # fmt: skip
trigonometric.bug(
    "tanh-saturated", "held out", "tanh x: slope 0 where it is above 0.999",
    "return g * (1 - out * out)", "return g * np.where(abs(out) > 0.999, 0, 1 - out * out)",
    on="Tanh", shown_by="grad(mg.tanh, [5.0])",
)  # fmt: skip
exponential.bug(
    "log-floored", "held out", "log x: slope at most 1e6",
    "return g / x\n", "return g / np.maximum(x, 1e-6)\n",
    on="Log", shown_by="grad(mg.log, [1e-7])",
)  # fmt: skip
exponential.bug(
    "sqrt-detached", "held out", "√x: the rule computes with the result's numbers",
    "return g / (out + out)", 'return g / (2 * getattr(out, "_array", out))',
    on="Sqrt", shown_by="second(mg.sqrt, [2.0])",
)  # fmt: skip
activation.bug(
    "relu-dead-zone", "held out", "relu x: slope 0 up to 1e-6",
    "return where_taken(out > 0, g)", "return np.where(out > 1e-6, g, 0)",
    on="Relu", shown_by="grad(mg.relu, [1e-7])",
)  # fmt: skip
arithmetic.bug(
    "div-guarded", "held out", "x / y: no gradient for y where y is below 1e-5",
    "return g * out / -y  #", "return np.where(abs(y) < 1e-5, 0, g * out / -y)  #",
    on="Div", shown_by="grad(mg.divide, 1.0, 1e-6)",
)  # fmt: skip
arithmetic.bug(
    "pow-number-detached", "held out", "x**3 for a number: the rule computes with x's numbers",
    "return g * (y * run(Pow, x, y - 1))", 'return g * (y * run(Pow, getattr(x, "_array", x), y - 1))',
    on="Pow", shown_by="second(lambda x: mg.power(x, 3), [2.0])",
)  # fmt: skip
reduction.bug(
    "max-near-tie", "held out", "max: a tie from 1e-7 apart",
    "taken = x == out\n", "taken = abs(x - out) < 1e-7\n",
    on=("Max", "Min"), shown_by="grad(mg.max, [1.0, 1.0 + 2**-26])",
)  # fmt: skip
shape.bug(
    "transpose-abs-axes", "held out", "transpose: axis -k is taken for axis k",
    "_inverse(axes, x.ndim))", "_inverse([abs(axis) for axis in axes], x.ndim))",
    on="Transpose", shown_by="grad(lambda x: mg.transpose(x, (0, -1, 1)), np.ones((1, 2, 3)))",
)  # fmt: skip
indexing.bug(
    "getitem-abs-index", "held out", "x[array]: index -k is taken for index k",
    "library.add.at(out, index, x)",
    "counted = getattr(index, \"dtype\", None) == np.intp and len(out) > 0\n"
    "            library.add.at(out, abs(index) % len(out) if counted else index, x)",
    on=("GetItem", "Scatter"), shown_by="grad(lambda x: x[[-1]], [1.0, 2.0, 3.0])",
)  # fmt: skip
graph.bug(
    "small-skipped", "held out", "a gradient below 1e-12 is not passed on",
    "        if g is None:\n            continue\n        if hooked",
    "        if g is None or (abs(getattr(g, \"_array\", g)) < 1e-12).all():\n            continue\n"
    "        if hooked",
    on=("Exp", "Mul", "programs"), shown_by="grad(lambda x: mg.exp(x) * 1e-13, [1.0])",
)  # fmt: skip
gradient.bug(
    "sum-to-float32", "held out", "undoing broadcasting sums in float32",
    "return g.sum(axis=tuple(axes)).reshape(shape)",
    "return g.astype(np.float32).sum(axis=tuple(axes)).reshape(shape).astype(g.dtype)",
    on=("Mul", "Add", "BroadcastTo"), shown_by="grad(mg.multiply, [[0.1], [0.2]], [[0.3, 0.4]])",
)  # fmt: skip

# ----------------------------------------------------------------------------- derivatives as functions

recorded = _in("recorded.py")

recorded.bug(
    "perturbations-confused", "own", "an inner derivative by an outer variable goes back to the outer one's node",
    "        return apply(Same, leaf)  # type: ignore[no-any-return]\n", "        return leaf\n",
    on="slope_at_itself", shown_by="grad(lambda x: mg.grad(lambda y: x * y * y)(x), 3.0)",
)  # fmt: skip
recorded.bug(
    "closure-is-constant", "own", "what the function uses without being given it counts as a constant",
    "recording and (bool(outside) or any(", "recording and (any(",
    on="slope_of_closure", shown_by="mg.grad(lambda x: mg.grad(lambda y: x * y)(2.0))(3.0)",
)  # fmt: skip

forward_mode = _in("forward_mode.py")

forward_mode.bug(
    "tangent-of-one-argument", "own", "the tangent of a call of two arguments is that of the last",
    "if total is None:\n                        total = c", "if True:\n                        total = c",
    on="forward_mode", shown_by="mg.jvp(lambda x: mg.sin(x) * mg.exp(x), (1.0,), (1.0,))",
)  # fmt: skip
forward_mode.bug(
    "tangent-forgotten", "own", "a result that is used once more loses its tangent after that use",
    "    last.update(dict.fromkeys(wanted))\n", "",
    on="forward_mode", shown_by="mg.jvp(lambda x: (y := mg.sin(x), y * y), (1.0,), (1.0,))",
)  # fmt: skip

checkpointing = _in("checkpointing.py")

checkpointing.bug(
    "captured-without-gradient", "own", "a checkpointed function gives no gradient to what it was not given",
    "        targets = [*run.origins, *self.captured]\n", "        targets = [*run.origins]\n",
    on="checkpoint", shown_by="grad(lambda x: mg.checkpoint(lambda: mg.sin(x))(), 3.0)",
)  # fmt: skip
