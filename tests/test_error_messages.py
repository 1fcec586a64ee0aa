"""Each message, word for word, of the smallest program that raises it.

One idea: the page of errors is the test. Each of its programs is run as a file `fit.py` of its own, and must end with
the text below it: the reader's names, the reader's expressions, the reader's lines.
"""

import contextlib
import io
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import minigrad as mg

PAGE = Path(__file__).parent.parent / "docs" / "errors.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"```py\n(?P<program>.*?)```\n```text\n(?P<says>.*?)```\n", re.DOTALL)
SECTION = re.compile(r"^## (?P<title>.*?)\n(?P<body>.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
EXAMPLES = [
    pytest.param(block["program"], block["says"], id=f"{section['title']} {n}")
    for section in SECTION.finditer(TEXT)
    for n, block in enumerate(BLOCK.finditer(section["body"]))
]


def said(program: str, folder: Path) -> str:
    """What a program prints, warns and raises, run as the file fit.py of a folder."""
    file = folder / "fit.py"
    file.write_text(program, encoding="utf-8")
    out = io.StringIO()

    def show(message: Warning, kind: type[Warning], filename: str, lineno: int, *_: object) -> None:
        assert Path(filename).name == "fit.py", "a warning belongs to the reader's line"
        print(f"{kind.__name__}: {message}", file=out)

    with warnings.catch_warnings(), contextlib.redirect_stdout(out):
        warnings.simplefilter("ignore")  # what NumPy has to say of a division by zero
        warnings.simplefilter("default", mg.GradWarning)
        warnings.showwarning = show
        try:
            exec(compile(program, str(file), "exec"), {"__name__": "__main__"})
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=out)
    return out.getvalue()


@pytest.mark.usefixtures("forgetful_registry")
@pytest.mark.parametrize(("program", "says"), EXAMPLES)
def test_a_program_of_the_page_says_what_stands_below_it(program, says, tmp_path):
    assert said(program, tmp_path) == says


@pytest.mark.parametrize(("program", "says"), EXAMPLES)
def test_a_message_has_two_lines_at_most_and_names_the_place(program, says):
    for message in re.split(r"^(?=\w+(?:Error|Warning): )", says, flags=re.MULTILINE):
        if re.match(r"\w+(Error|Warning): ", message):
            assert len(message.splitlines()) <= 2
            assert "fit.py:" in message.splitlines()[0] or "NoneType" in message  # which is Python's own


def test_every_error_and_warning_is_on_the_page():
    """But the root, and that of a library of arrays that is missing, which depends on the machine."""
    elsewhere = {"MinigradError", "BackendError"}
    for name in vars(mg.errors):
        if name.endswith(("Error", "Warning")) and name not in elsewhere:
            assert re.search(rf"^{name}: ", TEXT, re.MULTILINE), name


CODE = re.compile(r"(?:coded\(\"|\"\[)([A-Z]\d\d)\b")


def test_every_code_is_on_the_page_with_a_program():
    """But that of a move to a GPU, which not every machine has."""
    package = Path(mg.__file__).parent
    codes = [code for file in package.rglob("*.py") for code in CODE.findall(file.read_text(encoding="utf-8"))]
    assert len(set(codes)) > 30
    for code in sorted({*codes} - {"C05"}):
        assert re.search(rf"^\w+(Error|Warning): \[{code}\] ", TEXT, re.MULTILINE), code
        assert re.search(rf"^\| .*{code}", TEXT, re.MULTILINE), f"{code} is not in the table"
    written = {*re.findall(r"\b[A-Z]\d\d\b", TEXT)}
    assert written == {*codes}


def test_a_code_stands_for_one_kind_of_message():
    explain = Path(mg.__file__).parent / "explain"
    codes = [code for file in explain.glob("*.py") for code in re.findall(r"coded\(\"(\w+)", file.read_text("utf-8"))]
    assert len(codes) == len({*codes})


def test_python_shows_it_so(tmp_path):
    """From outside, as a reader runs it."""
    program = "import minigrad as mg\na = mg.tensor(2.0, requires_grad=True)\nb = a * 3\nprint(b.grad)\na.numpy()\n"
    (tmp_path / "fit.py").write_text(program)
    result = subprocess.run(
        [sys.executable, "fit.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert result.stdout == "None\n"
    assert "fit.py:4: GradWarning: [W01] b.grad is None: b was computed (a * 3, fit.py:3), and" in result.stderr
    assert "GraphCutError: [C01] a.numpy() would leave the graph: a requires a gradient, and" in result.stderr
