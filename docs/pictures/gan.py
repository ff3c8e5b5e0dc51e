"""Makes the pictures of docs/gan.md: runs the code of the page and keeps its figures.

Run it from the checkout: `python docs/pictures/gan.py`
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
NAMES = ["pretrained", "judged"]  # in the order in which the page draws them
DOTS_PER_INCH = 70


def main() -> None:
    """Run each block and write the figures that it drew."""
    page = (HERE.parent / "gan.md").read_text()
    goal, names = HERE / "gan", iter(NAMES)
    goal.mkdir(exist_ok=True)
    os.chdir(tempfile.mkdtemp())
    namespace: dict[str, object] = {"__name__": "__main__"}
    for code in re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        exec(compile(code, "gan.md", "exec"), namespace)  # noqa: S102 - our own page
        for number in plt.get_fignums():
            plt.figure(number).savefig(goal / f"{next(names)}.png", dpi=DOTS_PER_INCH, bbox_inches="tight")
        plt.close("all")


if __name__ == "__main__":
    main()
