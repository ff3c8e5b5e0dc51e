"""Makes the pictures of pages that draw them themselves: runs the code of a page and keeps its figures.

Run it from the checkout: `python docs/pictures/pages.py` for all of them, or with the names of some.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import matplotlib

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.collections import PathCollection

HERE = Path(__file__).resolve().parent
# The figures of each page in the order in which it draws them; None is not shown.
PAGES: dict[str, list[str | None]] = {
    "detection": ["results", "worst"],
    "gan": ["pretrained", "judged"],
    "hooks": ["layer_stats", "hist", None, "mistake", "right"],
    "image_to_image": ["results"],
    "images": ["batch", None],
    "multilabel": ["batch", "confusion"],
    "points": ["results", None],
    "precision": ["mixing"],
    "schedules": ["curves", "one_cycle", "flat_cosine", "restarts", "phases", "plain_loop"],
    "segmentation": ["results"],
    "training": ["lr_find", None, "rates", None],
}
BLOCK = re.compile(r"(<!-- not run: .+? -->\s*)?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
DOTS_PER_INCH = 70
POINT_SIZE = 50  # large enough to be seen on a page


def main(pages: list[str]) -> None:
    """Draw the pictures of some pages."""
    unknown = [page for page in pages if page not in PAGES]
    if unknown:
        sys.exit(f"pages.py: no pictures are known of {', '.join(unknown)}. Known: {', '.join(PAGES)}.")
    for page in pages or PAGES:
        draw(page)


def draw(page: str) -> None:
    """Run the blocks of a page in an empty folder, and write each figure that has a name."""
    goal = HERE / page
    goal.mkdir(exist_ok=True)
    os.chdir(tempfile.mkdtemp())
    for name, figure in zip(PAGES[page], figures(page), strict=True):
        if name is not None:
            enlarge_points(figure)
            figure.savefig(goal / f"{name}.png", dpi=DOTS_PER_INCH, bbox_inches="tight")


def figures(page: str) -> Iterator[plt.Figure]:
    """Yield the figures that a page draws, in their order."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for note, code in BLOCK.findall((HERE.parent / f"{page}.md").read_text()):
        if not note:
            exec(compile(code, f"{page}.md", "exec"), namespace)  # noqa: S102 - our own page
            yield from map(plt.figure, plt.get_fignums())
            plt.close("all")


def enlarge_points(figure: plt.Figure) -> None:
    """Make the points of a scatter plot as large as a small picture needs them."""
    for ax in figure.axes:
        for drawn in ax.collections:
            if isinstance(drawn, PathCollection):
                drawn.set_sizes([POINT_SIZE])


if __name__ == "__main__":
    main(sys.argv[1:])
