"""A picture and a row of a table as one input: does the label on the parcel fit what the camera sees in it?

python examples/mixed.py [--fast]

The pictures are drawn: a ball or a bar somewhere on a belt. The table has what the label says, and a weight. Neither of
the two tells anything alone: a network has to look at both.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageDraw
from table_data import arguments
from torch import nn

from onecycle.tabular import Categorify, FillMissing, Normalize, TabularList, TabularModel
from onecycle.vision import ImageList, Learner, MixedItemList, accuracy, get_transforms, open_image

SIDE = 24
FAST = {"parcels": 600, "epochs": 12}


def draw_parcels(folder, count, seed=0):
    """Draw so many pictures and write their table; return it."""
    draw = np.random.default_rng(seed)
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        shown, said = draw.choice(["ball", "bar"], 2)
        y, x = draw.uniform(8, SIDE - 8, 2)
        picture = Image.fromarray(draw.integers(0, 90, (SIDE, SIDE, 3), dtype=np.uint8))
        colour = tuple(int(value) for value in draw.integers(140, 256, 3))
        pen = ImageDraw.Draw(picture)
        box = (x - 5, y - 5, x + 5, y + 5) if shown == "ball" else (x - 7, y - 2, x + 7, y + 2)
        (pen.ellipse if shown == "ball" else pen.rectangle)(box, fill=colour)
        name = f"pictures/{number:04}.png"
        picture.save(folder / name)
        weight = draw.normal(3, 1) if draw.random() > 0.1 else None  # the scale fails now and then
        rows.append({"picture": name, "label": said, "weight": weight, "fits": "yes" if shown == said else "no"})
    return pd.DataFrame(rows)


class TwoBranches(nn.Module):
    """Look at a picture and at a row, each with a branch of its own, and decide on both.

    Args:
        emb_szs: Embeddings of the row's categories: how many, how wide.
        n_cont: Numbers in the row.
        classes: Number of outputs.
    """

    def __init__(self, emb_szs, n_cont, classes):
        super().__init__()
        self.picture = nn.Sequential(_conv(3, 16), _conv(16, 32), _conv(32, 32), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.row = TabularModel(emb_szs, n_cont, 16, [16])
        self.both = nn.Sequential(nn.BatchNorm1d(48), nn.Linear(48, 32), nn.ReLU(), nn.Linear(32, classes))

    def forward(self, picture, row):
        """Return the outputs: picture (N, 3, H, W), row a pair of codes and numbers -> (N, classes)."""
        return self.both(torch.cat([self.picture(picture), self.row(*row)], 1))


def _conv(inside, outside):
    return nn.Sequential(nn.Conv2d(inside, outside, 3, 2, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU())


def make_data(folder, table, bs=32):
    """Return the data of pictures and rows side by side, the pictures turned and moved for training."""
    pictures = ImageList.from_df(table, folder, cols="picture")
    rows = TabularList.from_df(table, ["label"], ["weight"], [FillMissing, Categorify, Normalize], path=folder)
    return (
        MixedItemList([pictures, rows], inner_df=table)
        .split_by_rand_pct(0.25, seed=1)
        .label_from_df(cols="fits")
        .transform(get_transforms(flip_vert=True, max_rotate=180, max_warp=0.0), size=SIDE)
        .databunch(bs=bs)
    )


def accuracy_when_blind(learn, to):
    """Return the accuracy when the pictures (`to` 0) or the rows (1) of the validation set are exchanged."""
    hits, count = 0.0, 0
    for inputs, targets in learn.data.valid_dl:
        order = torch.arange(len(targets)).roll(len(targets) // 2)
        picture, row = inputs
        mixed = [picture[order], row] if to == 0 else [picture, [part[order] for part in row]]
        hits += float(accuracy(learn.pred_batch(batch=(mixed, targets)), targets.cpu())) * len(targets)
        count += len(targets)
    return hits / count


def main(argv=None):
    args = arguments(__doc__, argv, FAST, parcels=1000, epochs=15, lr=1e-2)
    folder = args.out / "parcels"
    table = draw_parcels(folder, args.parcels)
    print(table.head())
    data = make_data(folder, table)
    (picture, (codes, numbers)), _ = data.one_batch()
    print("pictures", tuple(picture.shape), "codes", tuple(codes.shape), "numbers", tuple(numbers.shape))

    torch.manual_seed(0)
    rows = data.train_ds.x.item_lists[1]
    model = TwoBranches(rows.get_emb_szs(), len(rows.cont_names), data.c)
    learn = Learner(data, model, metrics=accuracy)
    learn.fit_one_cycle(args.epochs, args.lr)
    found = {
        "both": float(learn.validate()[1]),
        "other pictures": accuracy_when_blind(learn, 0),
        "other rows": accuracy_when_blind(learn, 1),
    }
    print("accuracy:", {name: round(value, 3) for name, value in found.items()})

    first = table.iloc[0]
    answer, _, chances = learn.predict((open_image(folder / first["picture"]), first))
    print(f"the first parcel fits: {first['fits']}; predicted {answer} {chances.tolist()}")
    return {"data": data, "learn": learn, "accuracy": found, "answer": answer, "table": table}


if __name__ == "__main__":
    main()
