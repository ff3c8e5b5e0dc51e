"""The feature loss of lesson 7 written out: pictures are compared by what VGG16 sees in them, and by its styles.

python examples/vgg_loss.py [--data FOLDER]

`feature_loss` in superres.py does the same in one call with any network. FOLDER is as in pets_five_minutes.py.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

from functools import partial

import torch.nn.functional as F
from crappify import crappifier, low_quality
from example_data import arguments, saved
from pets_five_minutes import folder_of_pets
from superres import generator, get_data
from torch import nn

from onecycle.callbacks.hooks import hook_outputs
from onecycle.vision import (
    DownloadError,
    ImageImageList,
    ImageList,
    LossMetrics,
    children,
    models,
    parallel,
    requires_grad,
)

SMALL = {"arch": "resnet18", "cut": 6, "size": 48, "bs": 16, "low": 24, "lr": 1e-2}  # for drawn pictures


def gram_matrix(x):
    """Return which channels go together, wherever they do: (N, C, H, W) -> (N, C, C)."""
    n, c, h, w = x.shape
    flat = x.view(n, c, -1)
    return flat @ flat.transpose(1, 2) / (c * h * w)


def vgg_features(from_scratch):
    """Return the convolutions of VGG16, frozen, and where each size of map ends."""
    try:
        vgg = models.vgg16_bn(not from_scratch)
    except DownloadError:
        vgg = models.vgg16_bn(False)
    features = vgg.features.eval()
    requires_grad(features, False)
    ends = [i - 1 for i, layer in enumerate(children(features)) if isinstance(layer, nn.MaxPool2d)]
    return features, ends


class FeatureLoss(nn.Module):
    """L1 of pixels, of features and of their Gram matrices; each part is a metric.

    Args:
        features: Layers that look at the pictures, in a row.
        places: Which of them are compared.
        weights: Of each of them; Gram matrices count the square of it, times `gram`.
    """

    def __init__(self, features, places, weights, gram=5e3):
        super().__init__()
        self.features, self.weights, self.gram = features, weights, gram
        self.hooks = hook_outputs([features[place] for place in places], detach=False)
        kinds = [f"{kind}_{i}" for kind in ("feat", "gram") for i in range(len(places))]
        self.metric_names = ["pixel", *kinds]

    def seen(self, pictures):
        self.features(pictures)
        return [stored.clone() for stored in self.hooks.stored]

    def forward(self, input, target):
        wanted, made = self.seen(target), self.seen(input)
        pairs = list(zip(made, wanted, self.weights, strict=True))
        parts = [F.l1_loss(input, target)]
        parts += [F.l1_loss(a, b) * w for a, b, w in pairs]
        parts += [F.l1_loss(gram_matrix(a), gram_matrix(b)) * w**2 * self.gram for a, b, w in pairs]
        self.metrics = dict(zip(self.metric_names, parts, strict=True))
        return sum(parts)


def main(argv=None):
    defaults = {"arch": "resnet34", "cut": -2, "size": 128, "bs": 32, "low": 96, "epochs": 10, "lr": 1e-3}
    args = arguments(__doc__, argv, "pets_sample", SMALL, **defaults)
    path_hr, path_lr = folder_of_pets(args), args.out / "crappy"
    il = ImageList.from_folder(path_hr)
    parallel(crappifier(path_lr, path_hr, partial(low_quality, size=args.low)), il.items)
    src = ImageImageList.from_folder(path_lr).split_by_rand_pct(0.1, seed=42)
    data = get_data(src, path_hr, args.bs, args.size)

    features, ends = vgg_features(args.from_scratch)
    feat_loss = FeatureLoss(features, ends[2:5], [5, 15, 2])
    learn = generator(args, data, loss_func=feat_loss, callback_fns=LossMetrics)
    learn.fit_one_cycle(args.epochs, slice(args.lr))
    learn.show_results(rows=3, imgsize=3)
    saved(args, "vgg_loss.png")
    return {"learn": learn, "loss": feat_loss}


if __name__ == "__main__":
    main()
