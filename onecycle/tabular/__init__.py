"""Front door: tables, and all of onecycle.basics. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle import basics
from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.basics import *
    from onecycle import tabular
    from onecycle.tabular.bunch import (
        TabularDataBunch,
    )
    from onecycle.tabular.dates import (
        add_cyclic_datepart, add_datepart, add_elapsed_times, make_date,
    )
    from onecycle.tabular.interpret import (
        embedding_pca, feature_importance, partial_dependence,
    )
    from onecycle.tabular.learner import (
        tabular_learner,
    )
    from onecycle.tabular.lines import (
        TabularLine,
    )
    from onecycle.tabular.lists import (
        TabularList,
    )
    from onecycle.tabular.models import (
        TabularModel,
    )
    from onecycle.tabular.processor import (
        TabularProcessor,
    )
    from onecycle.tabular.procs import (
        Categorify, FillMissing, FillStrategy, Normalize, TabularProc,
    )
    from onecycle.tabular.split_columns import (
        cont_cat_split,
    )

__all__ = [
    "Categorify", "FillMissing", "FillStrategy", "Normalize", "TabularDataBunch", "TabularLine",
    "TabularList", "TabularModel", "TabularProc", "TabularProcessor", "add_cyclic_datepart", "add_datepart",
    "add_elapsed_times", "cont_cat_split", "embedding_pca", "feature_importance", "make_date",
    "partial_dependence", "tabular", "tabular_learner",
]
__all__ += basics.__all__

_LEAVES = {
    "onecycle.tabular.bunch": (
        "TabularDataBunch",
    ),
    "onecycle.tabular.dates": (
        "add_cyclic_datepart", "add_datepart", "add_elapsed_times", "make_date",
    ),
    "onecycle.tabular.interpret": (
        "embedding_pca", "feature_importance", "partial_dependence",
    ),
    "onecycle.tabular.learner": (
        "tabular_learner",
    ),
    "onecycle.tabular.lines": (
        "TabularLine",
    ),
    "onecycle.tabular.lists": (
        "TabularList",
    ),
    "onecycle.tabular.models": (
        "TabularModel",
    ),
    "onecycle.tabular.processor": (
        "TabularProcessor",
    ),
    "onecycle.tabular.procs": (
        "Categorify", "FillMissing", "FillStrategy", "Normalize", "TabularProc",
    ),
    "onecycle.tabular.split_columns": (
        "cont_cat_split",
    ),
    **basics._LEAVES,
}

__getattr__, __dir__ = open_door(__name__, _LEAVES, {"tabular": "onecycle.tabular"})
