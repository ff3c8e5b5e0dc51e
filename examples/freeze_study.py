"""What freeze, freeze_to and unfreeze do: which layers learn, counted after each of them.

python examples/freeze_study.py [--data FOLDER]

FOLDER holds one folder of pictures for each class. Without it scikit-learn's digits are written out that way.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import numpy as np
from example_data import arguments, pretrained_learner

from onecycle.vision import ImageDataBunch, bn_types, error_rate, get_transforms, imagenet_stats, write_digits


def describe_groups(learn):
    """Print each layer group: its layers, those with weights, and those that freezing leaves learning."""
    for number, group in enumerate(learn.layer_groups):
        with_weights = sum(hasattr(layer, "weight") for layer in group)
        norms = sum(isinstance(layer, bn_types) for layer in group)
        print(f"group {number}: {len(group)} layers, {with_weights} with weights")
        print(f"  {norms} batch norms, which are not frozen; {with_weights - norms} layers that can be frozen")


def trainable(learn):
    return sum(p.numel() for p in learn.model.parameters() if p.requires_grad)


def main(argv=None):
    args = arguments(__doc__, argv, "", {"size": 64}, arch="resnet18", size=128, bs=32)
    path_train = args.data or write_digits(args.out / "digits")
    np.random.seed(1)
    data = ImageDataBunch.from_folder(
        path_train, ds_tfms=get_transforms(), valid_pct=0.25, size=args.size, bs=args.bs, num_workers=0
    )
    data.normalize(imagenet_stats)
    print(data)

    learn = pretrained_learner(args, data, metrics=error_rate, model_dir=args.out / "models")
    learn.save("start")
    print("there are", len(learn.layer_groups), "layer groups in this learner")
    describe_groups(learn)

    counts = {}
    learn.freeze()
    counts["freeze()"] = trainable(learn)
    print(learn.summary())
    learn.unfreeze()
    counts["unfreeze()"] = trainable(learn)
    learn.freeze_to(1)
    counts["freeze_to(1)"] = trainable(learn)
    for said, count in counts.items():
        print(f"learn.{said:13} {count:12,} parameters learn")
    return {"data": data, "learn": learn, "counts": counts}


if __name__ == "__main__":
    main()
