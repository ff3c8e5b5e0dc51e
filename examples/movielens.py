"""Recommendations: who would like which film, from ratings alone; then what the model found out about films.

python examples/movielens.py [--data FOLDER] [--fast]

FOLDER is ml-100k (u.data and u.item), or holds a ratings.csv of userId, movieId, rating. Without it ratings are made
from a model that is known, so that the best possible error is known too.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
import torch
from table_data import arguments, made_ratings, saved

from onecycle.collab import CollabDataBunch, collab_learner, load_learner

FAST = {"epochs": 8, "lr": 1e-2, "factors": 20, "bs": 256}


def read_ratings(folder):
    """Return ratings with the columns user, title, rating, from either form of the data set."""
    if folder is None:
        return made_ratings(users=300, items=200, share=0.8)
    if (folder / "u.data").exists():
        ratings = pd.read_csv(folder / "u.data", sep="\t", header=None, names=["user", "movie", "rating", "time"])
        names = {"sep": "|", "encoding": "latin-1", "header": None, "usecols": [0, 1], "names": ["movie", "title"]}
        return ratings.merge(pd.read_csv(folder / "u.item", **names))[["user", "title", "rating"]]
    ratings = pd.read_csv(folder / "ratings.csv").rename(columns={"userId": "user", "movieId": "title"})
    return ratings[["user", "title", "rating"]]


def noise_floor(data):
    """Return the root mean square of what no model can know of the validation ratings; None of real ones."""
    rows = data.valid_ds.x.inner_df
    return float(((rows.rating - rows.truth) ** 2).mean() ** 0.5) if "truth" in rows else None


def plot_factors(found, titles):
    """Draw films in the two directions in which their factors differ most."""
    plt.figure(figsize=(8, 8))
    plt.scatter(found[:, 0], found[:, 1], s=12)
    for (x, y), title in zip(found[:, :2].tolist(), titles):
        plt.annotate(title, (x, y), fontsize=8)


def main(argv=None):
    args = arguments(__doc__, argv, FAST, epochs=8, lr=1e-2, factors=20, bs=256, wd=0.1)
    ratings = read_ratings(args.data)
    print(ratings.head())
    made = "truth" in ratings
    y_range = (0.5, 5.5)  # a little wider than the stars, as a sigmoid never quite gets there
    data = CollabDataBunch.from_df(ratings, seed=42, bs=args.bs, path=args.out)
    data.show_batch(rows=3)

    # A vector for each person and film, and a bias for both
    torch.manual_seed(0)
    learn = collab_learner(data, n_factors=args.factors, y_range=y_range, wd=args.wd)
    learn.lr_find(num_it=50)
    learn.recorder.plot()
    saved(args, "movielens_lr_find.png")
    learn.fit_one_cycle(args.epochs, args.lr)
    rmse, floor = learn.validate()[0] ** 0.5, noise_floor(data)
    spread = float(data.valid_ds.x.inner_df.rating.std())
    print(f"RMSE {rmse:.3f}; always the mean: {spread:.3f}" + (f"; the noise: {floor:.3f}" if made else ""))

    # What it thinks of films: good for everyone, and of which kind
    most = ratings.groupby("title").rating.count().sort_values(ascending=False).index.to_numpy()[:60]
    bias = learn.bias(most, is_item=True)
    order = bias.argsort(descending=True)
    print("best:", [most[i] for i in order[:5]], "worst:", [most[i] for i in order[-5:]])
    factors = learn.weight(most, is_item=True).pca(3)
    plot_factors(factors[:30], most[:30])
    saved(args, "movielens_factors.png")
    for title, cosine in learn.nearest(most[0], k=3):
        print(f"near {most[0]}: {title} ({cosine:.2f})")

    # A network on the vectors instead of their product
    torch.manual_seed(0)
    network = collab_learner(data, use_nn=True, layers=[64, 32], y_range=y_range, wd=args.wd)
    network.fit_one_cycle(2 if args.fast else args.epochs, 5e-3)
    print(f"RMSE of the network {network.validate()[0] ** 0.5:.3f}")

    # Into a file and out again: the same prediction, and one for somebody new
    learn.export("movielens.safetensors")
    loaded = load_learner(args.out, "movielens.safetensors")
    row = ratings.iloc[0]
    print(f"{row.user} rates {row.title}: {row.rating}; predicted {loaded.predict(row)[0]}")
    return {
        "data": data, "learn": learn, "network": network, "loaded": loaded, "rmse": rmse, "floor": floor,
        "spread": spread, "bias": bias, "titles": most, "ratings": ratings,
    }  # fmt: skip


if __name__ == "__main__":
    main()
