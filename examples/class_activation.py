"""Class activation maps, as lesson 7 of 2018 makes them: the last convolution has one map per class.

python examples/class_activation.py [--data FOLDER]

The body keeps its place in the picture; one convolution with a channel per class, the mean of each map, and softmax
are the whole head. So the map of a class is where its score comes from. FOLDER is as in pets_five_minutes.py.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import torch.nn.functional as F
from example_data import arguments, saved
from pets_five_minutes import folder_of_pets
from torch import nn

from onecycle.callbacks.hooks import SaveFeatures
from onecycle.vision import (
    DownloadError,
    Flatten,
    ImageList,
    Learner,
    accuracy,
    create_body,
    get_transforms,
    imagenet_stats,
    models,
    num_features_model,
    tensor,
)  # fmt: skip

SMALL = {"arch": "resnet18", "cut": 6, "size": 64, "bs": 16, "lr": 1e-2}  # for drawn pictures, without a GPU


def body_of(args):
    """Return a body with ImageNet weights, or random ones where they cannot be had."""
    arch = getattr(models, args.arch)
    try:
        return create_body(arch, pretrained=not args.from_scratch, cut=args.cut)
    except DownloadError:
        return create_body(arch, pretrained=False, cut=args.cut)


def model_with_maps(body, c):
    """Put a head on a body whose first layer makes one map per class: (N, 3, H, W) -> (N, C) log-probabilities."""
    maps = nn.Conv2d(num_features_model(body), c, 3, padding=1)
    return nn.Sequential(body, maps, nn.AdaptiveAvgPool2d(1), Flatten(), nn.LogSoftmax(dim=1))


def activation_map(model, xb, cat):
    """Return where the score of class `cat` comes from, from 0 to 1, and the log-probabilities."""
    with SaveFeatures(model[1]) as kept:
        preds = model.eval()(xb)
    found = tensor(kept.features[0, cat]).clamp(min=0)  # (h, w)
    return found / found.max().clamp(min=1e-6), preds[0].detach()


def show_map(x, found):
    """Draw the map over its picture."""
    _, axes = plt.subplots(1, 2, figsize=(8, 4))
    large = F.interpolate(found[None, None], size=x.size, mode="bilinear")[0, 0]
    for ax in axes:
        x.show(ax)
    axes[1].imshow(large.numpy(), alpha=0.5, cmap="hot")


def main(argv=None):
    defaults = {"arch": "resnet34", "cut": -2, "size": 224, "bs": 32, "epochs": 3, "lr": 1e-2}
    args = arguments(__doc__, argv, "pets_sample", SMALL, **defaults)
    src = ImageList.from_folder(folder_of_pets(args)).split_by_rand_pct(0.2, seed=2)
    src = src.label_from_re(r"([^/]+)_\d+.jpg$").transform(get_transforms(), size=args.size)
    data = src.databunch(bs=args.bs).normalize(imagenet_stats)
    model = model_with_maps(body_of(args), data.c)
    learn = Learner(data, model, loss_func=nn.NLLLoss(), metrics=accuracy, path=args.out)
    learn.split(lambda m: [m[1]])
    if not args.from_scratch:
        learn.freeze()
        learn.fit_one_cycle(args.epochs, args.lr)
    learn.unfreeze()
    learn.fit_one_cycle(args.epochs, slice(args.lr / 10, args.lr))

    x, y = data.valid_ds[0]
    found, preds = activation_map(learn.model, data.one_item(x)[0], int(y))
    print(f"{y}: {float(preds[int(y)].exp()):.3f}, map of {tuple(found.shape)} places")
    show_map(x, found)
    saved(args, "class_activation.png")
    return {"learn": learn, "map": found, "preds": preds, "accuracy": float(learn.validate()[1])}


if __name__ == "__main__":
    main()
