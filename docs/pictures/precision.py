"""Makes the picture of docs/precision.md: runs the code of the page and keeps its figure.

Run it from the checkout: `python docs/pictures/precision.py`
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
BLOCK = re.compile(r"(<!-- not run: .+? -->\s*)?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
DOTS_PER_INCH = 70


def main() -> None:
    """Run each block that runs, and write the figure that is left."""
    page = (HERE.parent / "precision.md").read_text()
    goal = HERE / "precision"
    goal.mkdir(exist_ok=True)
    os.chdir(tempfile.mkdtemp())
    namespace: dict[str, object] = {"__name__": "__main__"}
    for note, code in BLOCK.findall(page):
        if not note:
            exec(compile(code, "precision.md", "exec"), namespace)  # noqa: S102 - our own page
    plt.gcf().savefig(goal / "mixing.png", dpi=DOTS_PER_INCH, bbox_inches="tight")


if __name__ == "__main__":
    main()
