"""The runner of the pages' pictures knows each picture that such a page shows, and each picture shown is there."""

import ast
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
RUNNER = ast.parse((DOCS / "pictures" / "pages.py").read_text())
PAGES = next(
    ast.literal_eval(node.value)
    for node in RUNNER.body
    if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "PAGES"
)


def shown(page: Path) -> list[str]:
    return re.findall(r"\]\((pictures/[^)]+\.png)\)", page.read_text())


@pytest.mark.parametrize("page", PAGES)
def test_the_runner_names_the_pictures_of_a_page(page):
    names = [f"pictures/{page}/{name}.png" for name in PAGES[page] if name is not None]
    assert set(names) <= set(shown(DOCS / f"{page}.md"))


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_each_picture_of_a_page_is_there(page):
    assert [name for name in shown(page) if not (DOCS / name).is_file()] == []
