"""Ratings: how near the error comes to the noise, on ratings made from a low-rank model of which the noise is known."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

import torch

from benchmarks.common import Row, show

COMMAND = "python -m benchmarks.collab"
SEEDS = (1, 2, 3)


def ratio(seed: int) -> tuple[float, float, int]:
    """Return the error on held-out ratings, their noise (both root mean squares), and how many ratings there are."""
    from table_data import made_ratings

    from onecycle.collab.data import CollabDataBunch
    from onecycle.collab.learner import collab_learner

    ratings = made_ratings(users=300, items=200, share=0.8, rank=3, noise=0.5, seed=seed)
    data = CollabDataBunch.from_df(ratings, seed=seed, bs=256, device="cpu")
    torch.manual_seed(seed)
    learn = collab_learner(data, n_factors=20, y_range=(0.5, 5.5), wd=0.1, silent=True)
    learn.fit_one_cycle(8, 1e-2)
    rows = data.valid_ds.x.inner_df
    return learn.validate()[0] ** 0.5, float(((rows.rating - rows.truth) ** 2).mean() ** 0.5), len(ratings)


def run() -> list[Row]:
    """Measure the mean of several seeds."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
    with contextlib.redirect_stdout(io.StringIO()):
        found = {seed: ratio(seed) for seed in SEEDS}
    ratios = {seed: error / noise for seed, (error, noise, _) in found.items()}
    each = ", ".join(f"seed {seed}: {value:.3f}" for seed, value in ratios.items())
    note = f"300 users, 200 films, {found[SEEDS[0]][2]:,} ratings, rank 3; 20 factors, 8 epochs; {each}"
    seeds = ", ".join(map(str, SEEDS))
    value = sum(ratios.values()) / len(ratios)
    return [Row("ratings of a low-rank model, RMSE / noise", value, "times", "<= 1.05", COMMAND, note, seeds)]


if __name__ == "__main__":
    show(run())
