"""The pages in docs/ do what they say: their programs are run, and print what stands below them.

One idea: a page is a program with prose between. Each block of Python is run in the page's own
namespace; a block of text right after it is its output, word for word.
"""

import contextlib
import io
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
ROUNDING = re.compile(r"\d+(\.\d+)?e-\d+|\d+ evaluations")
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:```text\n(?P<out>.*?)```)?", re.DOTALL)


def printed(page: Path) -> list[tuple[str, str | None]]:
    """What each block of a page prints, and what stands below it."""
    namespace: dict[str, object] = {"__name__": page.stem}
    found = []
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        line = text[: block.start("code")].count("\n")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile("\n" * line + block["code"], page.name, "exec"), namespace)
        found.append((out.getvalue(), block["out"]))
    return found


@pytest.mark.usefixtures("forgetful_registry", "forgetful_specs")
@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_the_programs_of_a_page_print_what_it_says(page):
    for got, said in printed(page):
        assert ROUNDING.sub("#", got) == ROUNDING.sub("#", said or "")


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
