"""The tables of figures in the READMEs say what benchmarks/RESULTS.md says, missed bounds too."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KILLS = "runs lost or different after kills: "


def table(file: str, head: str) -> list[list[str]]:
    """Return the cells of each row of the table whose first cell is `head`."""
    lines = (ROOT / file).read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(f"| {head} |"))
    rows = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.removeprefix("|").removesuffix("|").split(" | ")])
    return rows


RESULTS = {row[0]: row for row in table("benchmarks/RESULTS.md", "figure")}
README = table("README.md", "figure")


@pytest.mark.parametrize("row", README, ids=lambda row: row[0])
def test_a_figure_of_the_readme_is_the_measured_one(row):
    if row[0].startswith("100 trainings"):
        kills = [found for name, found in RESULTS.items() if name.startswith(KILLS)]
        assert float(row[1]) == sum(float(found[1].split()[0]) for found in kills)
        assert sum(int(found[4].split()[0]) for found in kills) == 100
    else:
        assert row[1:3] == RESULTS[row[0]][1:3]


@pytest.mark.parametrize(("file", "head", "words"), [
    ("README.md", "figure", {"yes": "yes", "no": "**no**"}), ("README.zh-CN.md", "项目", {"yes": "是", "no": "**否**"}),
])  # fmt: skip
def test_a_missed_bound_is_shown_as_missed(file, head, words):
    rows = table(file, head)
    assert [row[1:3] for row in rows] == [row[1:3] for row in README]
    for english, row in zip(README, rows, strict=True):
        kept = RESULTS[english[0]][3] if english[0] in RESULTS else "yes"
        assert row[3] == words[kept]


def test_no_missed_bound_is_left_out():
    missed = {name for name, row in RESULTS.items() if row[3] == "no"}
    assert missed == {row[0] for row in README if row[3] == "**no**"}
