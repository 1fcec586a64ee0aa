"""The programs in examples/: each run as a reader runs it, and its numbers checked by another way.

One idea: what a program prints is compared with the numbers published for its data, and
what its `main()` returns with an independent calculation: descent in closed form, least
squares by NumPy, the orthogonal line by singular values.
"""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

import minigrad as mg

from .given_points import example

EXAMPLES = Path(__file__).parent.parent / "examples"
PROGRAMS = sorted(path.stem for path in EXAMPLES.glob("*.py"))

PRINTED = {
    "graph_basics": [
        "a requires a gradient: False   b: False   so a * b: False",
        "a requires a gradient: False   b: True    so a * b: True",
        "a requires a gradient: True    b: False   so a * b: True",
        "recorded, newest first: Sum, Add, Mul",
        "dc/dx by minigrad and by hand are equal: True",
        "dc/dy by minigrad and by hand are equal: True",
        "dc/dz by minigrad and by hand are equal: True",
    ],
    "distance_line": [
        "first loss                 21163.28",
        "after 1000 epochs (best)    a = 2.51311  b = 0.02681  loss 4.20458",
        "exact orthogonal line      a = 2.520965  b = -0.495265",
        "standard errors            a ± 0.019349  b ± 1.119848",
        "The intercept is off by +0.52208, 0.47 of its standard error",
        "fit_line on raw x:         after 1000 steps the intercept is 47 % of its standard error away",
    ],
    "descent_16": ["after 100,000 steps     b = 1.8556076  w = 1.4777230  loss 1.51975e-05"],
    "d2l_linear": [
        "epoch 3, loss 0.0000",
        "epoch 5, loss 0.0000",
        "32 an epoch, the last of 8 rows",
        "BroadcastWarning: [W03] predicted - y is (1000, 1000), from (1000, 1) and (1000,)",
    ],
    "trace_15": ["first loss 13.2937, gradients -47.0074 (w) and -6.9313 (b)", "float32: the ten losses agree"],
    "linspace_100": ["57.5016861 in float32", "57.5016835 in float64", "1000 steps:      k = 0.99181  b = -0.02578"],
    "second_derivative": [
        "Newton step 7: x = 0.69314718055994",
        "at x = 3, f' = 18.085537 and f'' = 20.085537, with create_graph=True",
        "x.grad = 18.085537, and after a second backward() 36.171074",
        "GradError",
    ],
    "vectors_in_containers": [
        'p["peaks"].center    [-0.185  -0.1709  0.1962]',
        "gradient descent, 1000 steps: loss 0.022248",
        "Gauss and Newton, 20 steps: loss 0.002076, for noise of variance 0.002500",
        'p["peaks"].height[0]     3.0354 ± 0.0171   true 3.0',
        'p["background"][1]       0.0999 ± 0.0014   true 0.1',
    ],
    "fit_lines": [
        "slope      0.260(48)",
        "at x = 4 a new point falls between 0.78 and 2.80, around 1.79",
        "slope 1.00211681802045, intercept -0.262323073774",
        "with x and y swapped 1 / 0.396673458 = 2.520965239",
        "errors in both       slope -0.480533407446, intercept 5.47991022403",
        "errors 0.0579850 and 0.2949707, χ² 11.866353",
        "huber       -41.0265    0.8294    0.9261   -0.1278",
        "T = 2.72501533 ± 0.00000758 K",
    ],
    "logistic_digits": [
        "1438 digits to learn from, 359 others to test on, 40 epochs in batches of 32",
        "logistic regression          650",
        "64 hidden units             4810",
    ],
}

NEEDS = {"logistic_digits": "sklearn"}
"""What a program needs besides, for its data."""

RUNNABLE = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None, reason=f"needs {NEEDS.get(name)}"
        ),
    )
    for name in PROGRAMS
]


def run(name, *arguments, folder):
    """Run an example as a reader does, in another folder and without a screen; return what it printed.

    Every warning is an error. The BroadcastWarning that d2l_linear shows on purpose it catches itself.
    """
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "MPLBACKEND")}
    environment["PYTHONIOENCODING"] = "utf-8"
    finished = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert finished.returncode == 0, finished.stderr
    assert "Exception ignored" not in finished.stderr  # an error where nobody could catch it
    return finished.stdout


def check_picture(path):
    """A PNG with a drawing on it: of some size, in several colours, neither blank nor full."""
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    pixels = imread(path)
    height, width, _ = pixels.shape
    assert width >= 800
    assert height >= 400
    assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 50
    drawn = (pixels[..., :3] < 0.99).any(axis=2)
    assert 0.01 < drawn.mean() < 0.5
    for half in np.array_split(drawn, 2, axis=1):  # every program draws two panels or three
        assert half.mean() > 0.01


@pytest.fixture
def numbers(tmp_path, forgetful_registry):
    """A function that runs main() of an example here, and returns its numbers."""

    def numbers_of(name):
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.main(tmp_path / "picture.png")

    return numbers_of


def descended(x, y, learning_rate, steps):
    """Slope and intercept after gradient descent from zero on the mean squared error, in closed form.

    The error is quadratic with Hessian H, so a step multiplies the distance to the least
    squares line by I - learning_rate H, and n steps by its nth power.
    """
    design = np.stack([x, np.ones_like(x)], axis=1)
    best = np.linalg.lstsq(design, y)[0]
    hessian = 2 * design.T @ design / len(x)
    return best - np.linalg.matrix_power(np.eye(2) - learning_rate * hessian, steps) @ best


# ------------------------------------------------------------------------------- as a reader runs them


def test_every_example_is_tested_and_listed():
    assert sorted(PRINTED) == PROGRAMS
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for name in PROGRAMS:
        assert f"[{name}.py]({name}.py)" in readme
    words = ("seven", "eight", "nine", "ten", "eleven", "twelve")
    front = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    assert f"holds {words[len(PROGRAMS) - 7]} short programs" in front


@pytest.mark.parametrize("name", RUNNABLE)
def test_example_prints_its_numbers_and_saves_its_picture(name, tmp_path):
    printed = run(name, "out.png", folder=tmp_path)
    for line in PRINTED[name]:
        assert line in printed
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]
    check_picture(tmp_path / "out.png")


def test_the_picture_is_called_after_the_program_unless_told(tmp_path):
    run("graph_basics", folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["graph_basics.png"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_example_imports_nothing_but_numpy_matplotlib_and_minigrad(name):
    imported = set()
    for node in ast.walk(ast.parse((EXAMPLES / f"{name}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    assert {"minigrad", "matplotlib"} <= imported
    assert imported - sys.stdlib_module_names <= {"minigrad", "numpy", "matplotlib", NEEDS.get(name)}


# ------------------------------------------------------------------------------- their numbers


def test_graph_basics(numbers):
    found = numbers("graph_basics")
    assert found["requires_grad"] == {(a, b): a or b for a in (False, True) for b in (False, True)}
    x, y, z = (found["values"][name] for name in "xyz")
    assert found["c"] == pytest.approx((x * y + z).sum(), rel=1e-14)
    np.testing.assert_array_equal(found["gradients"]["x"], y)
    np.testing.assert_array_equal(found["gradients"]["y"], x)
    np.testing.assert_array_equal(found["gradients"]["z"], np.ones((3, 4)))
    assert found["equal"]
    assert found["arrows"] == [("Add", "Sum"), ("Mul", "Add"), ("z", "Add"), ("x", "Mul"), ("y", "Mul")]
    assert max(found["softplus_errors"]) < 1e-9


def test_distance_line_descends_as_the_hand_written_gradient_does(numbers):
    found = numbers("distance_line")
    _, x, y = example("line_distance_100")
    a = b = 0.0
    for _ in range(1000):
        r, q = a * x - y + b, a * a + 1
        grad_a = (2 * r * x / q - 2 * a * r**2 / q**2).mean()
        a, b = a - 1e-5 * grad_a, b - 1e-5 * (2 * r / q).mean()
    assert found["first_loss"] == pytest.approx((y**2).mean(), rel=1e-14)
    assert (found["a"], found["b"]) == pytest.approx((a, b), rel=1e-10)
    assert (found["a"], found["b"], found["loss"]) == pytest.approx((2.51311, 0.02681, 4.20458), abs=5e-6)
    assert found["loss"] == pytest.approx(((a * x - y + b) ** 2).mean() / (a * a + 1), rel=1e-10)


def test_distance_line_knows_the_exact_line_and_its_standard_errors(numbers):
    found = numbers("distance_line")
    data, x, y = example("line_distance_100")
    centred = np.stack([x - x.mean(), y - y.mean()])
    along = np.linalg.svd(centred, full_matrices=False)[0][:, 0]  # the direction of largest spread
    slope = along[1] / along[0]
    assert found["exact_a"] == pytest.approx(slope, rel=1e-12)
    assert found["exact_b"] == pytest.approx(y.mean() - slope * x.mean(), rel=1e-10)
    assert (found["exact_a"], found["exact_b"]) == pytest.approx(tuple(data["expected"].values()), rel=1e-12)
    errors = data["expected_std_errors"]
    assert (found["a_error"], found["b_error"]) == pytest.approx((errors["a"], errors["b"]), rel=1e-9)


def test_descent_16(numbers):
    found = numbers("descent_16")
    data, x, y = example("line_16")
    expected = data["expected_after_100000_iterations_from_zero"]
    assert (found["w"], found["b"]) == pytest.approx(tuple(descended(x, y, 1e-4, 100_000)), rel=1e-10)
    assert (found["w"], found["b"]) == pytest.approx((expected["w"], expected["b"]), rel=1e-12)
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-9)
    assert found["first_loss"] == pytest.approx((y**2).mean(), rel=1e-14)


def test_d2l_linear_and_ohm(numbers):
    found = numbers("d2l_linear")
    assert np.abs(found["w_error"]).max() < 1e-3
    assert abs(found["b_error"]) < 1e-3
    assert max(abs(found["r_error"]), abs(found["u0_error"])) < 1e-3
    first, second, third = found["losses"]
    assert 0.03 < first < 0.04
    assert 1e-4 < second < 1.5e-4
    for name, last in [("d2l_linear_1000", third), ("ohm_1000", found["ohm_losses"][-1])]:
        _, x, y = example(name)
        design = np.column_stack([x, np.ones(len(y))])
        least = ((design @ np.linalg.lstsq(design, y)[0] - y) ** 2).mean() / 2
        assert least < last < 1.02 * least  # nothing is below least squares, and SGD ends close to it
    assert len(found["ohm_losses"]) == 5


def test_d2l_linear_uses_every_row_where_the_batches_do_not_divide_them(numbers):
    found = numbers("d2l_linear")
    assert found["sizes"] == 10 * [*31 * [32], 8]
    assert np.append(found["w32"], found["b32"]) == pytest.approx([2, -3.4, 4.2], abs=1e-3)


def test_d2l_linear_shows_the_row_and_column_trap(numbers):
    found = numbers("d2l_linear")
    _, _, y = example("d2l_linear_1000")
    warning = found["warning"]
    assert warning.category is mg.BroadcastWarning
    at_fault = Path(warning.filename).read_text(encoding="utf-8").splitlines()[warning.lineno - 1]
    assert "predicted - y" in at_fault
    assert np.abs(found["w_trap"]).max() < 1e-4
    assert found["b_trap"] == pytest.approx(y.mean(), abs=1e-4)
    assert found["trap_loss"] == pytest.approx(y.var() / 2, rel=1e-6)
    assert found["w_tenth"] == pytest.approx([0.2, -0.34], abs=0.1)


def test_trace_15_in_float32(numbers):
    found = numbers("trace_15")
    data, x, y = example("line_15_trace")
    assert found["dtype"] == "float32"
    assert f"{found['first_loss']:.4f}" == data["printed_first_loss"] == "13.2937"
    assert f"{found['first_grad_w']:.4f}" == data["printed_first_grad_w"] == "-47.0074"
    assert f"{found['first_grad_b']:.4f}" == data["printed_first_grad_b"] == "-6.9313"
    np.testing.assert_allclose(found["losses"], data["printed_losses"], rtol=4e-7)
    # The same eleven steps in float64, with the gradient by hand.
    w, b = data["w0"], 0.0
    for _ in range(11):
        r = w * x + b - y
        w, b = w - 0.01 * (2 * r * x).mean(), b - 0.01 * (2 * r).mean()
    assert (found["w"], found["b"]) == pytest.approx((w, b), rel=1e-5)


def test_fit_lines(numbers):
    found = numbers("fit_lines")
    # A new point at x = 4: the band of Student's t with 13 degrees of freedom, by hand.
    x, y = found["line"].given.x, found["line"].given.y
    slope, intercept = np.polyfit(x, y, 1)
    s = np.sqrt(((y - slope * x - intercept) ** 2).sum() / 13)
    half = 2.160368656461013 * s * np.sqrt(1 + 1 / 15 + (4 - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    assert found["band"] == pytest.approx((intercept + 4 * slope - half, intercept + 4 * slope + half), rel=1e-12)
    # NIST certifies 15 digits of the printed decimals; the doubles nearest to them have an answer of their own.
    certified = {"slope": 1.00211681802045, "intercept": -0.262323073774029}
    assert found["norris"].params == pytest.approx(certified, rel=1e-13)
    assert found["norris"].errors == pytest.approx({"slope": 0.000429796848199937, "intercept": 0.232818234301152})
    data, _, _ = example("line_distance_100")
    expected = data["expected"]
    assert (found["nearest"].slope, found["nearest"].intercept) == pytest.approx((expected["a"], expected["b"]))
    assert found["nearest"].slope * found["swapped"].slope == pytest.approx(1, rel=1e-13)
    york = found["york"]
    assert york.params == pytest.approx({"slope": -0.480533407446202, "intercept": 5.479910224032865}, rel=1e-12)
    assert york.errors == pytest.approx({"slope": 0.05798500900077443, "intercept": 0.29497073549310854}, rel=1e-10)
    published = {"mse": [-39.9197, 0.7156, 1.2953, -0.1521], "huber": [-41.0265, 0.8294, 0.9261, -0.1278]}
    for loss, values in published.items():
        assert [round(value, 4) for value in found["planes"][loss].params.values()] == values
    assert found["parabola"].r2 > 0.999999
    assert found["sky"].params["temperature"] == pytest.approx(2.7250153321561994, rel=1e-13)


def test_linspace_100(numbers):
    found = numbers("linspace_100")
    np.testing.assert_array_equal(found["x"], np.linspace(0, 10, 100))
    assert f"{found['z_float32']:.7f}" == "57.5016861"
    # x takes the values 10 i / 99, so the mean of x² is 100 · 199 / 594; then 4 · 5 + 4.
    assert found["z"] == pytest.approx(100 * 199 / 594 + 24, rel=1e-14)
    np.testing.assert_allclose(found["gradient"], 2 * (found["x"] + 2) / 100, rtol=1e-14)
    _, x, y = example("line_100")
    assert (found["k"], found["b"]) == pytest.approx(tuple(descended(x, y, 1e-4, 1000)), rel=1e-9)
    # Noise of sd 10 on 100 points leaves k, with b held near 0, a standard error of 0.017.
    assert found["k_own"] == pytest.approx(1, abs=5 * 0.0174)


def test_second_derivative(numbers):
    found = numbers("second_derivative")
    f1, f2 = np.exp(3) - 2, np.exp(3)
    assert (found["first"], found["second"]) == pytest.approx((f1, f2), rel=1e-15)
    assert found["derivatives"] == pytest.approx([f1, f2, f2, f2], rel=1e-14)
    assert (found["once"], found["twice"]) == pytest.approx((f1, 2 * f1), rel=1e-15)
    assert isinstance(found["error"], mg.GradError)
    for x, after in zip(found["newton"], found["newton"][1:]):
        assert after == pytest.approx(x - 1 + 2 * np.exp(-x), rel=1e-14)
    assert found["newton"][-1] == pytest.approx(np.log(2), rel=1e-15)
    for x, after in zip(found["descent"], found["descent"][1:]):
        assert after == pytest.approx(x - 0.1 * (np.exp(x) - 2), rel=1e-14)


def test_logistic_digits(numbers):
    pytest.importorskip("sklearn", reason="its digits come with scikit-learn")
    found = numbers("logistic_digits")
    regression, network = found["logistic regression"], found["64 hidden units"]
    assert regression["right"] > 0.95
    assert network["right"] > 0.97
    assert network["learnt"] == 1
    for one in found.values():
        losses, wrong = zip(*one["history"])
        assert losses[-1] < losses[0] / 10
        assert wrong[-1] == len(one["wrong"])


def test_the_network_of_logistic_digits_learns_what_is_to_be_learnt():
    """Without scikit-learn's digits: ten patterns with as much noise."""
    spec = importlib.util.spec_from_file_location("logistic_digits", EXAMPLES / "logistic_digits.py")
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    program.EPOCHS = 10
    rng = np.random.default_rng(0)
    patterns, labels = rng.normal(size=(10, 64)), rng.integers(0, 10, 600)
    pixels = patterns[labels] + rng.normal(size=(600, 64))
    learn, test = (pixels[200:], labels[200:]), (pixels[:200], labels[:200])
    for sizes in [(64, 10), (64, 64, 10)]:
        layers = program.network(sizes)
        z, rows = program.scores(layers, learn[0]).detach().numpy(), np.arange(400)
        exact = (np.log(np.exp(z).sum(axis=1)) - z[rows, learn[1]]).mean()
        assert program.cross_entropy(mg.tensor(z), learn[1]).item() == pytest.approx(exact, rel=1e-13)
        history = program.train(layers, learn, test)
        assert history[-1][0] < exact / 10
        assert history[-1][1] == len(program.wrong(layers, *test)[0]) <= 6


def test_vectors_in_containers(numbers):
    from scipy.optimize import least_squares

    found = numbers("vectors_in_containers")
    x, y = found["x"], found["y"]

    def residuals(v):
        (c, w, h), offset, slope = v[:9].reshape(3, 3), v[9], v[10]
        return sum(h[k] * np.exp(-(((x - c[k]) / w[k]) ** 2)) for k in range(3)) + offset + slope * x - y

    def flat(p):
        peaks = p["peaks"]
        return np.concatenate([peaks.center, peaks.width, peaks.height, p["background"]])

    best = least_squares(residuals, flat(found["p"]), x_scale=0.1, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    np.testing.assert_allclose(flat(found["p"]), best.x, rtol=1e-6)
    assert found["losses"][-1] == pytest.approx(2 * best.cost / len(x), rel=1e-10)
    covariance = np.linalg.inv(best.jac.T @ best.jac) * 2 * best.cost / (len(x) - 11)
    np.testing.assert_allclose(flat(found["errors"]), np.sqrt(np.diag(covariance)), rtol=1e-4)
    assert (np.diff(found["descended"]) < 0).all()
    assert residuals(flat(found["slow"])) @ residuals(flat(found["slow"])) == pytest.approx(
        found["descended"][-1] * len(x)
    )
    start = np.array([1.8, 4.7, 6.5, 1, 1, 1, 1, 1, 1, 0, 0])
    steps = 1e-6 * np.eye(11)
    slopes = [np.mean(residuals(start + e) ** 2) - np.mean(residuals(start - e) ** 2) for e in steps]
    np.testing.assert_allclose(flat(found["gradient"]), np.array(slopes) / 2e-6, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found["change"], best.jac[:, 4], rtol=1e-4, atol=1e-5)
