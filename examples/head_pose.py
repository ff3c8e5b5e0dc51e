"""Numbers from pictures: where the middle of a head is, and how old its owner; judged on people never seen.

python examples/head_pose.py [--data FOLDER] [--fast]

FOLDER holds one folder of frames for each person and heads.csv (name, y, x in pixels, age). Without it heads
are drawn.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import pandas as pd
import torch
from drawn_tasks import drawn_heads
from example_data import arguments, pretrained_learner, saved
from torch import nn

from onecycle.vision import (
    Flatten,
    FloatList,
    ImageList,
    MSELossFlat,
    PointsItemList,
    SigmoidRange,
    bn_drop_lin,
    create_body,
    create_head,
    get_transforms,
    imagenet_stats,
    mae,
    open_image,
    r2_score,
)

SMALL = {"arch": "resnet18", "height": 72, "bs": 16, "epochs": 10, "lr": 4e-3}  # drawn heads, without a GPU
FAST = {"height": 36, "bs": 8, "epochs": 6, "people": 5}
HELD_BACK = "00"  # this person's pictures are for validation: a frame is much like the one before it


def centres_of(table):
    """Return a function: the centre of the head in a frame, one point (y, x) in pixels."""
    places = {name: (y, x) for name, y, x in zip(table["name"], table["y"], table["x"], strict=True)}
    return lambda frame: torch.tensor([places[f"{frame.parent.name}/{frame.name}"]])


def is_held_back(frame):
    return frame.parent.name == HELD_BACK


def distance(pred, target):
    """Return how far off the points are, as a share of the picture's sides (which go from -1 to 1)."""
    return (pred.view_as(target) - target).norm(dim=-1).mean() / 2


def head_for_places(features, outputs):
    """A head that keeps apart what was seen where; the usual one pools it all, which is right for an age."""
    layers = [nn.AdaptiveAvgPool2d((4, 5)), Flatten()]
    layers += bn_drop_lin(20 * features, 128, p=0.1, actn=nn.ReLU(inplace=True)) + bn_drop_lin(128, outputs, p=0.1)
    return nn.Sequential(*layers, SigmoidRange(-1.1, 1.1))  # not far beyond the edges of the picture, -1 and 1


def head_for_ages(features, outputs):
    return nn.Sequential(create_head(2 * features, outputs, ps=0.1), SigmoidRange(0.0, 90.0))


def make_learner(args, data, make_head, **how):
    cut = 6 if args.fast else None  # the first stages are enough for small pictures
    features = create_body(args.arch, pretrained=False, cut=cut)(torch.zeros(2, 3, 64, 64)).shape[1]
    head = make_head(features, data.c)
    return pretrained_learner(args, data, cut=cut, custom_head=head, model_dir=args.out / "models", **how)


def find_centres(args, path, table):
    data = (
        PointsItemList.from_folder(path)
        .split_by_valid_func(is_held_back)
        .label_from_func(centres_of(table))
        .transform(get_transforms(max_rotate=15), tfm_y=True, size=args.size, remove_out=False)
        .databunch(bs=args.bs)
        .normalize(imagenet_stats)
    )
    data.show_batch(rows=3, figsize=(8, 6))
    saved(args, "head_batch.png")
    learn = make_learner(args, data, head_for_places, loss_func=MSELossFlat(), metrics=distance)
    learn.lr_find(num_it=20 if args.fast else 100)
    learn.recorder.plot()
    saved(args, "head_lr_find.png")
    learn.fit_one_cycle(args.epochs, slice(args.lr))
    learn.unfreeze()
    learn.fit_one_cycle(max(1, args.epochs // 2), slice(args.lr / 20, args.lr / 4))
    learn.show_results(rows=3, figsize=(8, 9))
    saved(args, "head_results.png")
    return learn


def guess_ages(args, path, table):
    """Learn one number a picture; `FloatList` says that the labels are amounts, not classes."""
    table = table.assign(held_back=table["name"].str.startswith(f"{HELD_BACK}/"))
    data = (
        ImageList.from_df(table[["name", "age", "held_back"]], path)
        .split_from_df("held_back")
        .label_from_df("age", label_cls=FloatList)
        .transform(get_transforms(max_lighting=0.05), size=args.size)
        .databunch(bs=args.bs)
        .normalize(imagenet_stats)
    )
    learn = make_learner(args, data, head_for_ages, metrics=[mae, r2_score])
    learn.unfreeze()
    learn.fit_one_cycle(args.epochs, args.lr)
    learn.show_results(rows=3, figsize=(8, 9))
    saved(args, "age_results.png")
    return learn


def main(argv=None):
    defaults = {"arch": "resnet34", "height": 120, "bs": 64, "epochs": 5, "lr": 1e-2, "people": 8}
    args = arguments(__doc__, argv, "", SMALL, FAST, **defaults)
    path = args.data or drawn_heads(args.out / "heads", args.people)
    table = pd.read_csv(path / "heads.csv")
    height, width = open_image(path / table["name"][0]).size
    args.size = (args.height, round(args.height * width / height))

    centres = find_centres(args, path, table)
    off = float(centres.validate()[1])
    frame = next((path / HELD_BACK).glob("*.png"))
    point, _, _ = centres.predict(frame)
    print(f"centres are {off:.1%} of the picture's side off on average; {frame.name}: {point.data.tolist()}")

    ages = guess_ages(args, path, table)
    _, years, explained = (float(value) for value in ages.validate())
    print(f"ages are {years:.1f} years off on average; {explained:.2f} of the variance is explained")
    return {"centres": centres, "ages": ages, "off": off, "years": years, "r2": explained, "point": point}


if __name__ == "__main__":
    main()
