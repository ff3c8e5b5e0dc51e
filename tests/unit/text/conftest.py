"""A small set of reviews in a data frame and in folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

GOOD = ["What a good film, I loved it", "Great and good acting", "I loved the good story so very much", "good"]
BAD = ["A bad film, I hated it", "Poor and bad acting was BAD", "I hated the bad, bad story", "bad"]


@pytest.fixture(autouse=True)
def one_process() -> None:
    """Tokenise in this process: small sets are not worth another."""
    from onecycle.utils.defaults import defaults

    defaults.cpus = 1


@pytest.fixture
def frame() -> Any:
    """48 reviews: column `label` and column `text`."""
    import pandas as pd

    texts = [f"{text} {'really ' * (i % 5)}" for i in range(6) for text in GOOD + BAD]
    return pd.DataFrame({"label": ["pos", "pos", "pos", "pos", "neg", "neg", "neg", "neg"] * 6, "text": texts})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The same in files: train/neg, train/pos, valid/neg, valid/pos and test."""
    for part in ("train", "valid"):
        for label, texts in (("pos", GOOD), ("neg", BAD)):
            (tmp_path / part / label).mkdir(parents=True)
            for i, text in enumerate(texts * 3):
                (tmp_path / part / label / f"{i}.txt").write_text(text)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "0.txt").write_text("I loved it")
    return tmp_path
