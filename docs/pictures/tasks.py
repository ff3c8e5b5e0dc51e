"""Makes the pictures of docs/multilabel.md and docs/points.md: runs the code of the pages and keeps their figures.

Run it from the checkout: `python docs/pictures/tasks.py`
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

import matplotlib

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).resolve().parent
NAMES = {"multilabel": ["batch", "confusion"], "points": ["results", None]}  # in the order in which a page draws them
DOTS_PER_INCH = 70


def run_page(page: str) -> None:
    """Run each block of a page and write the figures that have a name."""
    goal, names = HERE / page, iter(NAMES[page])
    goal.mkdir(exist_ok=True)
    os.chdir(tempfile.mkdtemp())
    namespace: dict[str, object] = {"__name__": "__main__"}
    for code in re.findall(r"^```python\n(.*?)^```", (HERE.parent / f"{page}.md").read_text(), re.M | re.S):
        exec(compile(code, f"{page}.md", "exec"), namespace)  # noqa: S102 - our own page
        for number in plt.get_fignums():
            name = next(names)
            if name is not None:
                write(number, goal / f"{name}.png")
        plt.close("all")


def write(number: int, file: Path) -> None:
    """Write a figure, its points large enough to be seen on a page."""
    figure = plt.figure(number)
    for ax in figure.axes:
        for points in ax.collections:
            points.set_sizes([50])
    figure.savefig(file, dpi=DOTS_PER_INCH, bbox_inches="tight")


if __name__ == "__main__":
    for page in NAMES:
        run_page(page)
