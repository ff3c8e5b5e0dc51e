"""Draws the pictures of docs/tabular.md and docs/collab.md on tables made here: python docs/pictures/tables.py."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))
matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from table_data import film_title

from onecycle.collab.data import CollabDataBunch
from onecycle.collab.learner import CollabLearner, collab_learner
from onecycle.data.categories import FloatList
from onecycle.learner import Learner
from onecycle.tabular.interpret import embedding_pca, feature_importance, partial_dependence
from onecycle.tabular.learner import tabular_learner
from onecycle.tabular.lists import TabularList
from onecycle.tabular.procs import Categorify, FillMissing, Normalize

OUT = Path(__file__).with_suffix("")
TOWNS = ["Arvik", "Berg", "Casal", "Dunby", "Elst", "Forn"]
KINDS = ["western", "space", "romance"]


def rents() -> pd.DataFrame:
    """Return flats: the rent follows size, town and, for old houses, age; the door's colour has no say."""
    draw = np.random.default_rng(0)
    town, size, built = draw.integers(0, 6, 3000), draw.uniform(20, 120, 3000), draw.integers(1900, 2020, 3000)
    rent = size * (8 + 1.5 * (town % 3)) * np.where(built < 1960, 0.85, 1.0) * np.exp(draw.normal(0, 0.05, 3000))
    colours = draw.choice(["red", "green", "blue"], 3000)
    return pd.DataFrame({"town": np.array(TOWNS)[town], "door": colours, "size": size, "built": built, "rent": rent})


def rent_learner() -> Learner:
    """Return a learner that was trained on the rents' logarithms."""
    source = TabularList.from_df(rents(), ["town", "door"], ["size", "built"], [FillMissing, Categorify, Normalize])
    labelled = source.split_by_rand_pct(0.2, seed=0).label_from_df("rent", label_cls=FloatList, log=True)
    torch.manual_seed(0)
    learn = tabular_learner(labelled.databunch(bs=64, device="cpu"), [64, 32], y_range=(4, 8), silent=True)
    learn.fit_one_cycle(8, 1e-2)
    return learn


def rating_learner() -> tuple[CollabLearner, list[str]]:
    """Return a learner of ratings of films of three kinds, and the films."""
    draw = np.random.default_rng(0)
    likes, films = draw.normal(0, 1.2, (200, 3)), 30
    user, film = np.nonzero(draw.random((200, films)) < 0.6)
    kinds = np.eye(3)[np.arange(films) % 3] + draw.normal(0, 0.25, (films, 3))  # a little of all in each
    rating = 3.2 + (likes[user] * kinds[film]).sum(1) + 0.3 * (film // 10 - 1) + draw.normal(0, 0.3, len(user))
    titles = [f"{film_title(number)} ({KINDS[number % 3]})" for number in range(films)]
    frame = pd.DataFrame({"user": user, "title": np.array(titles)[film], "rating": rating.clip(0.5, 5)})
    torch.manual_seed(0)
    data = CollabDataBunch.from_df(frame, seed=0, bs=64, device="cpu")
    learn = collab_learner(data, n_factors=8, y_range=(0.25, 5.5), wd=0.1, silent=True)
    learn.fit_one_cycle(10, 1e-2)
    return learn, titles


def saved(name: str) -> None:
    """Write the current figure."""
    OUT.mkdir(exist_ok=True)
    plt.savefig(OUT / name, dpi=80)
    plt.close("all")


def main() -> None:
    """Write the pictures."""
    learn = rent_learner()
    feature_importance(learn)
    saved("importance.png")
    _, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    partial_dependence(learn, "built", ax=axes[0])
    partial_dependence(learn, "town", ax=axes[1])
    saved("dependence.png")
    embedding_pca(learn, "town")
    saved("embedding.png")
    ratings, titles = rating_learner()
    found = ratings.weight(titles).pca(2)
    _, ax = plt.subplots(figsize=(7, 5.5), layout="constrained")
    for number, kind in enumerate(KINDS):
        rows = found[number :: len(KINDS)]
        ax.scatter(rows[:, 0], rows[:, 1], s=18, label=kind)
    for (x, y), title in zip(found.tolist(), titles, strict=True):
        ax.annotate(title.partition(" (")[0], (x, y), xytext=(4, 3), textcoords="offset points", fontsize=7)
    ax.legend(title="not told to the model")
    saved("factors.png")


if __name__ == "__main__":
    main()
