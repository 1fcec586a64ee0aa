"""What the README shows is what happens: its programs run and print what it says, its command prints its table."""

import contextlib
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.usefixtures("forgetful_registry", "forgetful_specs")
def test_the_programs_print_what_stands_beside_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # one of them saves a picture
    namespace = {"__name__": "readme"}
    shown = 0
    for program in PROGRAMS:
        if program.startswith("class Mul("):  # quoted from ops/arithmetic.py, for its form
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(program, "README.md", "exec"), namespace)
        for said in re.findall(r"^(?:print\(.*\)  )?# (.*)$", program, re.MULTILINE):
            for part in said.partition(" = ")[0].split("..."):
                assert part.strip() in out.getvalue()
            shown += 1
    assert shown >= 5
    assert (tmp_path / "fit.png").stat().st_size > 10_000


def test_the_quoted_operation_is_the_one_in_the_source():
    source = (ROOT / "minigrad" / "ops" / "arithmetic.py").read_text(encoding="utf-8")
    [quoted] = [program for program in PROGRAMS if program.startswith("class Mul(")]
    for line in quoted.splitlines():
        assert line in source.splitlines()


def test_the_first_command_prints_the_table_below_it(tmp_path):
    command, table = re.search(
        r'^pip install "\.\[fit\]" && minigrad (.*)\n```\n\n```\n(.*?)```', TEXT, re.M | re.S
    ).groups()
    arguments = [tmp_path / word if word.endswith(".png") else word for word in shlex.split(command)]
    done = subprocess.run(
        [sys.executable, "-m", "minigrad", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n") == table.split("\n")
    assert (tmp_path / "fit.png").stat().st_size > 10_000
