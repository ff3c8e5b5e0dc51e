"""The page of images names each parameter of `cnn_learner`, those that go on to `Learner` too."""

import inspect
from pathlib import Path

from onecycle.learner import Learner
from onecycle.vision.learner import cnn_learner, keywords_of_learner

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "images.md").read_text()


def test_the_table_of_cnn_learner_is_complete():
    table = PAGE.split("All it can be told:")[1].split("```")[0]
    own = [p.name for p in inspect.signature(cnn_learner).parameters.values() if p.kind is not p.VAR_KEYWORD]
    passed_on = set(keywords_of_learner(cnn_learner)) & set(inspect.signature(Learner.__init__).parameters)
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {name.strip(" `") for cell in first_cells for name in cell.split(",")}
    assert named == {*own, *passed_on} and named >= {"opt_func", "loss_func", "wd"}
