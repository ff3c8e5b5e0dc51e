"""Several labels a picture: what a satellite saw, from a CSV of tags to a file of predictions for pictures without any.

python examples/planet.py [--data FOLDER] [--fast]

FOLDER holds train.csv (image_name, tags: words with spaces between them), train/*.jpg and test/*.jpg, as the
planet data set of 2017 was laid out. Without it pieces of land are drawn.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

from functools import partial

import numpy as np
import pandas as pd
import torch
from drawn_tasks import drawn_planet
from example_data import arguments, pretrained_learner, saved

from onecycle.vision import (
    DatasetType,
    ImageList,
    MultiLabelClassificationInterpretation,
    accuracy_thresh,
    fbeta,
    get_transforms,
    imagenet_stats,
    load_learner,
)

SMALL = {"arch": "resnet18", "size": 48, "bs": 16, "epochs": 6, "lr": 4e-3}  # drawn pictures, without a GPU
FAST = {"size": 24, "epochs": 5, "lr": 1e-2, "pieces": 240, "bs": 16}
THRESH = 0.2  # a tag missed costs F2 more than a tag made up


def get_data(src, size, bs):
    """Turn, mirror and light the pieces of land: from above there is no upside down, and nothing is tilted."""
    tfms = get_transforms(flip_vert=True, max_lighting=0.1, max_zoom=1.05, max_warp=0.0)
    return src.transform(tfms, size=size).databunch(bs=bs).normalize(imagenet_stats)


def f2_of_always_the_same(data):
    """Return the F2 of naming for every picture the tags that at least a fifth of the training pictures have."""
    rows = torch.stack([torch.as_tensor(y.data) for y in data.train_ds.y])
    guess = (rows.float().mean(0) >= THRESH).float()
    actual = torch.stack([torch.as_tensor(y.data) for y in data.valid_ds.y])
    return float(fbeta(guess.expand_as(actual), actual, thresh=0.5, sigmoid=False))


def write_submission(learn, test_folder, file):
    """Write the tags of each picture of a folder: export, load without data, predict, look up."""
    learn.export(file.with_suffix(".safetensors"))
    loaded = load_learner(file.parent, f"{file.stem}.safetensors", test=ImageList.from_folder(test_folder))
    preds, _ = loaded.get_preds(DatasetType.Test)
    names = np.array(loaded.data.classes)
    tags = [" ".join(names[(row > THRESH).numpy()]) for row in preds]
    images = [item.stem for item in loaded.data.test_ds.items]
    table = pd.DataFrame({"image_name": images, "tags": tags})
    table.to_csv(file, index=False)
    return table


def main(argv=None):
    defaults = {"arch": "resnet50", "size": 128, "bs": 64, "epochs": 5, "lr": 1e-2, "pieces": 600}
    args = arguments(__doc__, argv, "", SMALL, FAST, **defaults)
    path = args.data or drawn_planet(args.out / "planet", args.pieces)
    print(pd.read_csv(path / "train.csv").head())

    # The data: a text with spaces is several labels
    src = (
        ImageList.from_csv(path, "train.csv", folder="train", suffix=".jpg")
        .split_by_rand_pct(0.2, seed=42)
        .label_from_df(label_delim=" ")
    )
    data = get_data(src, args.size, args.bs)
    print(data.classes)
    data.show_batch(rows=3, figsize=(9, 7))
    saved(args, "planet_batch.png")
    trivial = f2_of_always_the_same(data)
    print(f"F2 of naming the same tags always: {trivial:.3f}")

    # Small pictures first: the head, then all of it
    metrics = [partial(accuracy_thresh, thresh=THRESH), partial(fbeta, thresh=THRESH)]
    shallow = {"cut": 6} if args.fast else {}
    learn = pretrained_learner(args, data, metrics=metrics, model_dir=args.out / "models", **shallow)
    learn.lr_find(num_it=20 if args.fast else 100)
    learn.recorder.plot()
    saved(args, "planet_lr_find.png")
    learn.fit_one_cycle(args.epochs, slice(args.lr))
    learn.save("small-head")
    learn.unfreeze()
    learn.fit_one_cycle(max(1, args.epochs // 2), slice(args.lr / 10, args.lr / 3))
    small = [float(value) for value in learn.validate()]

    # Then pictures twice the size: only the data change
    learn.data = get_data(src, 2 * args.size, max(4, args.bs // 2))
    learn.freeze()
    learn.fit_one_cycle(max(1, args.epochs // 2), slice(args.lr / 3))
    learn.unfreeze()
    learn.fit_one_cycle(max(1, args.epochs // 2), slice(args.lr / 20, args.lr / 5))
    large = [float(value) for value in learn.validate()]
    print(f"loss, accuracy, F2 of small pictures {small}, of large ones {large}")

    # What it gets wrong, and the tags of pictures that have none
    interp = MultiLabelClassificationInterpretation.from_learner(learn, thresh=THRESH)
    for tag, missed, made_up in interp.most_confused():
        print(f"{tag:12} missed {missed:3} made up {made_up:3}")
    interp.plot_confusion_matrix(figsize=(9, 7))
    saved(args, "planet_confusion.png")
    submission = write_submission(learn, path / "test", args.out / "submission.csv")
    print(submission.head())
    found = {"small": small[2], "large": large[2], "trivial": trivial}
    return {"data": data, "learn": learn, "interp": interp, "f2": found, "submission": submission}


if __name__ == "__main__":
    main()
