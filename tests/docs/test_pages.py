"""Every ```python block of README.md and docs/*.md runs, in order, in one namespace a page and an empty folder."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CANDIDATES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [path for path in CANDIDATES if "```python" in path.read_text()]
# A block may be preceded by <!-- not run: reason --> where it cannot run here (a download, a GPU).
BLOCK = re.compile(r"(<!-- not run: .+? -->\s*)?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[tuple[int, str]]:
    "Line number and code of each block that runs."
    text = page.read_text()
    found = [(text[: match.start(2)].count("\n"), match) for match in BLOCK.finditer(text)]
    return [(line, match.group(2)) for line, match in found if not match.group(1)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for line, code in blocks(page):
        program = compile("\n" * line + code, str(page), "exec")
        exec(program, namespace)
