"""`minigrad check`: the verdict on standard output, the rest on standard error, three exit codes."""

import importlib
import json
import os
import pty
import re
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.cli import program
from minigrad.testing import UncheckableError, spec, tally, words

from .commands import refused

pytestmark = pytest.mark.gradient(required=False)  # a test of the command is about what it says

OURS = """
import numpy as np
import minigrad as mg

number = 5

def product(x, y):
    return mg.tanh(x) * mg.log(y)

def along(x, axis, keepdims=False):
    return mg.sum(x, axis, keepdims)

def forward(x):
    return x / np.sqrt(1 + x * x)

def vjp(g, out, x):
    return g * (1 + x * x) ** -1.5

def wrong_vjp(g, out, x):
    return g * (1 + x * x) ** -0.5

def matrix(a, b):
    return mg.matmul(a, b)

def constant(x):
    return mg.tensor(3.0)

def raises(x):
    raise KeyError("no such thing")

def random(x):
    return x + np.random.default_rng().random(x.shape)

def plain(x):
    return np.spacing(x)

class Scale:
    @staticmethod
    def apply(x):
        return 2 * x

class Cube(mg.Op):
    '''x cubed'''
    def forward(x):
        return x**3
    def dx(g, out, x):
        return g * 2 * x**2
"""

OPERATIONS = """
import numpy as np
from minigrad.testing import op_spec

@op_spec(vjp=lambda g, out, x: g / (1 + abs(x)) ** 2)
def softsign(x):
    return x / (1 + abs(x))

def twice_vjp(g, out, x):
    return g

@op_spec(vjp=twice_vjp)
def twice(x):
    return 2 * x

op_spec(np.sin, lambda g, out, x: g * np.cos(x), name="sine")
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch, forgetful_registry):
    """A directory with modules in it, and nothing of them left behind."""
    (tmp_path / "ours.py").write_text(OURS)
    (tmp_path / "operations_of_ours.py").write_text(OPERATIONS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    monkeypatch.setattr(tally, "_total", tally.snapshot())
    monkeypatch.delenv("MINIGRAD_EFFORT", raising=False)
    spec.specs()
    registered, modules = dict(spec.registered), set(sys.modules)
    importlib.invalidate_caches()
    yield tmp_path
    spec.registered.clear()
    spec.registered.update(registered)
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def check(*arguments, examples=20):
    count = [] if examples is None else ["--examples", str(examples)]
    return CliRunner().invoke(program(), ["check", *arguments, *count], prog_name="minigrad")


def row(result, name):
    found = re.search(rf"^  {name} +(.+)$", result.stdout, re.MULTILINE)
    assert found, result.output
    return found[1]


# ------------------------------------------------------------------------------------ one function


def test_right():
    result = check("ours:product", "--arg", "shape=(3,4)", "--arg", "positive", examples=10)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert result.stdout.splitlines()[0] == "ours:product is right"
    assert row(result, "arguments") == "x: shape=(3,4); y: positive"
    assert row(result, "examples") == "10 (seed 0)"
    assert int(row(result, "slopes").partition(",")[0].replace(",", "")) > 0
    assert row(result, "resolved").startswith("an error of ")


def test_wrong_is_the_report_with_the_smallest_example():
    result = check("ours:forward", "--vjp", "ours:wrong_vjp", examples=50)
    assert result.exit_code == 1
    assert result.stderr == ""
    first, second, *_ = result.stdout.splitlines()
    assert first == "ours:forward is WRONG"
    assert second.startswith("gradient of forward(x) is wrong: d out / d x is 0.707107, not 0.353553")
    assert "check_vjp(ours.forward, ours.wrong_vjp, np.array(1.))" in result.stdout


@pytest.mark.parametrize("vjp", ["vjp", "ours:vjp"])
def test_a_backward_pass_written_by_hand(vjp):
    result = check("ours:forward", "--vjp", vjp)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "ours:forward is right")


def test_an_operation_of_ones_own():
    result = check("ours:Cube")
    assert result.exit_code == 1
    assert "ours:Cube is WRONG" in result.stdout
    assert check("ours:Scale.apply").exit_code == 0


def test_a_constant_argument_is_passed_on():
    result = check("ours:along", "--arg", "shape=(2,3)", "--arg", "const=-1", examples=5)
    assert result.exit_code == 0, result.output
    assert row(result, "arguments") == "x: shape=(2,3); axis: const=-1"
    assert (
        check("ours:along", "--arg", "shape=(2,3)", "--arg", "const=0", "--arg", "const=True", examples=5).exit_code
        == 0
    )


def test_shapes_that_have_to_fit():
    assert check("ours:matrix", "--arg", "shape=(2,3)", "--arg", "shape=(3,2)", examples=5).exit_code == 0
    result = check("ours:matrix")
    assert result.exit_code == 2
    assert result.stdout.startswith("ours:matrix: cannot tell\n")
    assert re.search(r"^it raised an error\nours\.py, line \d+: ", result.stdout, re.MULTILINE)
    assert "Say what it takes, as in --arg 'shape=(3,4) positive'" in result.stdout


def test_very_numbers():
    result = check("ours:product", "--arg", "values=[0.5,-2]", "--arg", "values=[1,4]", examples=30)
    assert result.exit_code == 0, result.output
    assert row(result, "examples") == "1 (seed 0)"  # there is only one


@pytest.mark.parametrize(
    ("target", "reasons"),
    [
        ("ours:constant", ["no slope could be measured", "a constant has nothing to check"]),
        ("ours:raises", ["ours.py, line ", "KeyError: 'no such thing'", "at   check_grad(ours.raises, np.array(0.))"]),
        (
            "ours:plain",
            ["np.spacing has no derivative rule", "if it is written with NumPy alone, name its backward pass"],
        ),
        ("ours:random", ["random is not deterministic", "Fix its random numbers"]),
    ],
)
def test_cannot_tell(target, reasons):
    result = check(target)
    assert result.exit_code == 2
    assert result.stdout.startswith(f"{target}: cannot tell\n")
    for reason in reasons:
        assert reason in result.stdout
    assert "Traceback" not in result.output


def test_a_function_that_has_a_spec_is_checked_as_it_says():
    result = check("minigrad:log")
    assert result.exit_code == 0
    assert row(result, "arguments") == "as registered"
    assert row(result, "examples") == "20 (seed 0)"  # nowhere below 0


def test_the_seed_decides_on_the_examples():
    args = ("ours:forward", "--vjp", "vjp", "--json")
    first, again, other = (check(*args, "--seed", seed).stdout for seed in ("1", "1", "2"))
    assert first == again != other


def test_second_order_can_be_left_out():
    args = ("ours:product", "--arg", "shape=2", "--arg", "min=1 max=2", "--json")
    checks = [json.loads(check(*args, *more).stdout)[0]["checks"] for more in ([], ["--no-second-order"])]
    assert checks[0] > checks[1] == 20


@pytest.mark.parametrize(("effort", "examples"), [("fast", 50), (None, 200)])
def test_effort(effort, examples):
    result = check("ours:forward", "--vjp", "vjp", *(["--effort", effort] if effort else []), examples=None)
    assert row(result, "examples") == f"{examples} (seed 0)"


def test_effort_from_the_environment(monkeypatch):
    monkeypatch.setenv("MINIGRAD_EFFORT", "fast")
    assert row(check("ours:forward", "--vjp", "vjp", examples=None), "examples") == "50 (seed 0)"
    monkeypatch.setenv("MINIGRAD_EFFORT", "hard")
    assert refused(
        check("ours:forward", examples=None), "MINIGRAD_EFFORT: there is no effort 'hard'", "Choose fast (50)"
    )


@pytest.mark.parametrize(("library", "target"), [("torch", "torch:tanh"), ("autograd", "autograd.numpy:tanh")])
def test_other_libraries(library, target):
    pytest.importorskip(library)
    result = check(target, "--library", library, examples=10)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, f"{target} is right")


def test_a_live_fault_in_another_library():
    pytest.importorskip("mygrad")
    result = check("mygrad:maximum", "--library", "mygrad", examples=100)
    assert result.exit_code == 1
    assert "check_vjp(*from_mygrad(mygrad.maximum), np.array(0.), np.array(0.))" in result.stdout


# ------------------------------------------------------------------------------------ many


def test_a_module_of_operations():
    result = check("operations_of_ours", examples=30)
    assert result.exit_code == 1
    table, _, reports = result.stdout.partition("\n\n")
    heading, *lines = [line.split() for line in table.splitlines()]
    assert heading == ["operation", "verdict", "examples", "slopes", "kinks", "unknown", "resolved", "by", "all"]
    assert [line[:2] for line in lines] == [["softsign", "right"], ["twice", "WRONG"], ["sine", "right"]]
    assert lines[0][2] == lines[2][2] == "30"
    assert reports.startswith("twice is WRONG\ngradient of twice(x) is wrong")
    assert "reproduce  check_vjp(operations_of_ours.twice, operations_of_ours.twice_vjp, np.array(0.))" in reports


def test_several_targets():
    result = check("ours:forward", "ours:Scale.apply", "--no-second-order", examples=5)
    assert result.exit_code == 0
    assert [line.split()[:2] for line in result.stdout.splitlines()[1:]] == [
        ["ours:forward", "right"],
        ["ours:Scale.apply", "right"],
    ]
    assert check("ours:forward", "ours:constant", examples=5).exit_code == 2
    assert check("ours:Cube", "ours:constant", examples=5).exit_code == 1


def test_minigrads_own_operations():
    result = check("minigrad", "--json", "--no-second-order", examples=2)
    assert result.exit_code in (0, 2), result.output  # two examples may both lie at a kink
    found = {each["name"]: each["verdict"] for each in json.loads(result.stdout)}
    assert found.keys() == {each.name for each in spec.specs() if each.differentiable}
    assert "wrong" not in found.values()


def test_json():
    good, bad = json.loads(check("ours:forward", "ours:Cube", "--json").stdout)
    assert (good["name"], good["verdict"], good["examples"], good["report"]) == ("ours:forward", "right", 20, "")
    assert 0 < good["resolved_by_half"] <= good["resolved"] < 1
    assert good["slopes"] > 0
    assert (bad["name"], bad["verdict"]) == ("ours:Cube", "wrong")
    assert bad["report"].startswith("gradient of ")
    assert "ours.Cube" in bad["report"]
    (nothing,) = json.loads(check("ours:constant", "--json").stdout)
    assert (nothing["verdict"], nothing["slopes"], nothing["resolved"]) == ("cannot tell", 0, None)
    assert set(nothing["reasons"]) <= {"constant", "noisy"}


# ------------------------------------------------------------------------------------ bad usage


@pytest.mark.parametrize(
    ("arguments", "reasons"),
    [
        (["our:f"], ["there is no module our", 'Did you mean "ours"?']),
        (["nowhere.at_all:f"], ["there is no module nowhere", "It is looked for in "]),
        (["ours:forwad"], ['ours:forwad: there is no "forwad" in ours', 'Did you mean "forward"?']),
        (["ours:Scale.aply"], ['there is no "aply" in ours:Scale', 'Did you mean "apply"?']),
        (["ours:number"], ["ours:number is of type int, and no function", "Write MODULE:FUNCTION"]),
        (["ours.py:forward"], ["ours.py is a file", "Name the module, as in an import: ours:forward"]),
        (["no module:f"], ['"no module:f" names no module', "Write MODULE:FUNCTION"]),
        (["ours"], ["ours registers no operation with op_spec", "Name a function of it: ours:product"]),
        (["operations_of_ours", "--arg", "any"], ["operations_of_ours is a module", "--arg, --vjp and --library"]),
        (["ours:product", "--arg", "any"], ["takes 2 arguments (x, y), and --arg is there once", "Give one --arg"]),
        (["ours:forward", "--arg", "any", "--arg", "any"], ["takes 1 argument (x), and --arg is there 2 times"]),
        (["ours:along", "--arg", "any"], ["takes 2 to 3 arguments (x, axis, keepdims)"]),
        (["ours:forward", "--arg", "shap=3"], ["--arg 'shap=3': there is no word", "Did you mean shape=(3,4)?"]),
        (["ours:forward", "--arg", "const=2"], ["every argument is a constant", "nothing to differentiate"]),
        (["ours:forward", "--vjp", "vj"], ['--vjp vj: there is no "vj" in ours', 'Did you mean "vjp"?']),
        (["ours:forward", "--vjp", "our:vjp"], ["there is no module our"]),
        (["ours:forward", "--vjp", "number"], ["--vjp number is of type int, and no function"]),
        (["ours:forward", "--vjp", "vjp", "--library", "torch"], ["--vjp is for functions written with NumPy"]),
        (["ours:forward", "--vjp", "vjp", "--second-order"], ["second derivatives are of functions written"]),
        (
            ["ours:matrix", "--arg", "shape=(2,3)", "--arg", "shape=(4,5)", "--arg", "any"],
            ["takes 2 arguments (a, b), and --arg is there 3 times"],
        ),
        (["ours:forward", "--examples", "0"], ["--examples", "x>=1"]),
        (["ours:forward", "--effort", "hard"], ["'fast', 'normal', 'thorough'"]),
        ([], ["Missing argument 'TARGET...'"]),
    ],
)  # fmt: skip
def test_bad_usage_is_refused_and_explained(arguments, reasons):
    assert refused(check(*arguments, examples=None), *reasons)


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("import not_there", ["broken cannot be imported: No module named 'not_there'"]),
        ("1 / 0", ["broken cannot be imported: broken.py, line 1: ZeroDivisionError"]),
        ("def f(:", ["broken cannot be imported: SyntaxError", "broken.py, line 1"]),
        ("raise SystemExit(0)", ["broken cannot be imported: broken.py, line 1: SystemExit: 0"]),
    ],
)
def test_a_module_that_cannot_be_imported(text, reasons, project):
    (project / "broken.py").write_text(text)
    assert refused(check("broken:f"), *reasons)


def test_shapes_that_nothing_goes_with():
    result = check("minigrad:where", "--arg", "shape=2", "--arg", "shape=3", "--arg", "any")
    assert refused(result, 'the shapes (2,) and (3,) do not broadcast, so argument 3, "any", can have none')


# ------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("any", {}),
        ("shape=(3,4)", {"shape": (3, 4)}),
        ("shape=( 3, 4 ), positive", {"shape": (3, 4), "low": 0, "open_low": True}),
        ("shape=3 negative", {"shape": (3,), "high": 0, "open_high": True}),
        ("shape=()", {"shape": ()}),
        ("shape=[2,0]", {"shape": (2, 0)}),
        ("dtype=float32", {"dtype": np.dtype("f4")}),
        ("min=-1.5,max=2e3", {"low": -1.5, "high": 2000}),
        ("min=1 positive", {"low": 1, "open_low": False}),
        ("positive min=-1", {"low": 0, "open_low": True}),
        ("nonzero", {"nonzero": True}),
        ("values=[[1, 2], [3, 4]]", {"values": [[1, 2], [3, 4]]}),
        ("const=2", {"constant": True, "value": 2}),
        ("const='two words, (one) string'", {"constant": True, "value": "two words, (one) string"}),
        ("const=None", {"constant": True, "value": None}),
        ("const=(0, -1)", {"constant": True, "value": (0, -1)}),
    ],
)
def test_words(text, expected):
    found = words.parse(text)
    assert {name: getattr(found, name) for name in expected} == expected
    untouched = set(vars(words.Argument())) - set(expected) - {"text"}
    assert all(getattr(found, name) == getattr(words.Argument(), name) for name in untouched)


@pytest.mark.parametrize(
    ("text", "reason", "right"),
    [
        ("shap=3", 'there is no word "shap=3"', "Did you mean shape=(3,4)?"),
        ("Positive", 'there is no word "Positive"', "Did you mean positive?"),
        ("xyzzy", 'there is no word "xyzzy"', "The words are any, positive"),
        ("shape", '"shape" says no value', "Write shape=(3,4)"),
        ("min=", '"min=" says no value', "Write min=0"),
        ("positive=1", '"positive" takes no value', "Write positive, not positive=1"),
        ("shape=(3", '"shape=(3" opens a bracket or a quote', "Write shape=(3,4)"),
        ("shape=3)", '"shape=3)" opens a bracket or a quote', "Write shape=(3,4)"),
        ("shape=-1", '"shape=-1" is no shape', "integers, 0 or more"),
        ("shape=2.0", '"shape=2.0" is no shape', "Write shape=(3,4)"),
        ("shape=(True,)", "is no shape", "Write shape=(3,4)"),
        ("shape=n", '"shape=n" is no literal', "Write shape=(3,4)"),
        ("dtype=int64", '"dtype=int64" is no dtype of floats', "dtype=float32"),
        ("dtype=floot", '"dtype=floot" is no dtype of floats', "dtype=float32"),
        ("min=low", '"min=low" is no literal', "Write min=0"),
        ("min='1'", "is no finite number", "Write min=0"),
        ("max=1e999", '"max=1e999" is no finite number', "Write max=1"),
        ("min=0 min=1", '"min" is said twice', "Say it once"),
        ("positive negative", "no number, or a single one", "values="),
        ("min=1 max=1", "no number, or a single one", "values="),
        ("values=[1,[2]]", "is no array of finite numbers", "Write values=[[1,2],[3,4]]"),
        ("values='a'", "is no array of finite numbers", "Write values=[[1,2],[3,4]]"),
        ("values=[1e999]", "is no array of finite numbers", "Write values=[[1,2],[3,4]]"),
        ("const=2 positive", '"const" says it all, and there is also positive', "Leave one"),
        ("shape=1 values=[1]", '"values" says it all, and there is also shape', "Leave one"),
        ("const=open('x')", "is no literal, and nothing else is read", "Write const=2"),
        ("const=" + "(" * 500 + ")" * 500, "is no literal", "Write const=2"),
    ],
)  # fmt: skip
def test_words_that_mean_nothing(text, reason, right):
    with pytest.raises(UncheckableError) as caught:
        words.parse(text, "--arg")
    first, second = str(caught.value).split("\n")
    assert first.startswith("--arg: ")
    assert reason in first
    assert right in str(caught.value)
    assert second


@settings(max_examples=60)
@given(st.data())
def test_what_is_drawn_is_as_was_said(data):
    texts = ["shape=(2,3)", "positive", "nonzero min=-1 dtype=float32", "max=0.1", "values=[[1],[0.1]]", "const=[7]"]
    fixed, positive, nonzero, below, values, constant = data.draw(words.calls([words.parse(text) for text in texts]))
    assert fixed.shape == (2, 3)
    assert (positive > 0).all()
    assert nonzero.dtype == np.float32
    assert ((nonzero != 0) & (nonzero >= -1)).all()
    assert (below <= 0.1).all()
    assert values.dtype == np.float64
    assert values.tolist() == [[1], [0.1]]
    assert constant == [7]
    for free in (positive, nonzero, below):
        assert np.broadcast_shapes(free.shape, (2, 3)) == (2, 3)


@settings(max_examples=60)
@given(words.calls([words.parse("any"), words.parse("positive"), words.parse("any dtype=float32")]))
def test_arguments_without_a_shape_broadcast_together(drawn):
    assert np.broadcast(*drawn).ndim <= 3
    assert drawn[2].dtype == np.float32


# ------------------------------------------------------------------------------------ the process


def command(*arguments):
    return [sys.executable, "-m", "minigrad", "check", *arguments]


def test_from_a_shell_in_the_c_locale(project):
    """The error bar is written with a character that ASCII has not; nothing but the verdict is on standard output."""
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    result = subprocess.run(
        command("ours:forward", "--vjp", "wrong_vjp", "--examples", "20"),
        capture_output=True,
        env=environment,
        cwd=project,
        check=False,
    )
    assert (result.returncode, result.stderr) == (1, b"")
    assert result.stdout.startswith(b"ours:forward is WRONG")
    assert rb" \xb1 " in result.stdout


def test_a_progress_bar_on_a_terminal(project):
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command("ours:forward", "--examples", "40"),
        stdout=subprocess.PIPE,
        stderr=follower,
        env={**os.environ, "TERM": "xterm"},
        cwd=project,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(leader)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "checking ours:forward" in shown.decode()
    assert "/40" in shown.decode()
    assert b"checking" not in out
    assert b"\x1b" not in out


@pytest.mark.parametrize("missing", ["click", "rich", "hypothesis"])
def test_a_missing_library_is_one_line_that_names_the_extra(missing, project):
    code = (
        f"import sys\nsys.modules[{missing!r}] = None\nsys.argv = ['minigrad', 'check', 'ours:forward']\n"
        "from minigrad.cli import main\nmain()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=project, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f'minigrad: {missing} is not installed: pip install "minigrad[testing]"\n'


def test_fitting_a_line_needs_no_hypothesis(project):
    (project / "points.csv").write_text("1,2\n2,3\n")
    code = (
        "import sys\nsys.modules['hypothesis'] = None\nsys.argv = ['minigrad', 'fit', 'points.csv']\n"
        "from minigrad.cli import main\nmain()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=project, check=True)
    assert "slope" in result.stdout


def test_help():
    text = " ".join(check("-h", examples=None).stdout.split())
    assert "Exit code: 0 right, 1 wrong, 2 cannot tell or bad usage." in text
    assert "minigrad check mymodule:f --arg 'shape=(3,4)' --arg positive" in text
    for word in [*words.ALONE, *words.WITH_VALUE.values()]:
        assert word in text
