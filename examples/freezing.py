"""What freeze, freeze_to and unfreeze do to the layer groups of a network.

    python examples/freezing.py --data FOLDER_OF_CLASS_FOLDERS [--test FOLDER]
"""

import argparse
from pathlib import Path

import numpy as np

from onecycle.learner import Learner
from onecycle.metrics.classification import error_rate
from onecycle.nn.surgery import flatten_model
from onecycle.vision.data import ImageDataBunch, imagenet_stats
from onecycle.vision.learner import cnn_learner
from onecycle.vision.models import resnet18
from onecycle.vision.transform import get_transforms


def make_data(folder: Path, size: int, bs: int) -> ImageDataBunch:
    """Validate on a quarter of the pictures, drawn at random."""
    np.random.seed(1)
    data = ImageDataBunch.from_folder(folder, ds_tfms=get_transforms(), valid_pct=0.25, size=size, bs=bs, num_workers=0)
    return data.normalize(imagenet_stats)


def trainable(learner: Learner) -> int:
    """Count the parameters that the next step would change."""
    return sum(p.numel() for p in learner.model.parameters() if p.requires_grad)


def main(words: list[str] | None = None) -> dict[str, int]:
    """Tell the groups apart, then freeze more and less of them; returns the trainable parameters of each state."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--bs", type=int, default=32)
    parser.add_argument("--from-scratch", action="store_true", help="do without ImageNet weights")
    parser.add_argument("--out", type=Path, default=Path("out/freezing"))
    options = parser.parse_args(words)

    data = make_data(options.data, options.size, options.bs)
    learner = cnn_learner(data, resnet18, metrics=error_rate, pretrained=not options.from_scratch, path=options.out)
    groups = [len(flatten_model(group)) for group in learner.layer_groups]
    print(f"{len(groups)} layer groups of {groups} layers")

    steps = {
        "freeze()": learner.freeze,
        "freeze_to(1)": lambda: learner.freeze_to(1),
        "freeze_to(0)": lambda: learner.freeze_to(0),
        "unfreeze()": learner.unfreeze,
    }
    counts = {}
    for name, step in steps.items():
        step()
        counts[name] = trainable(learner)
        print(f"{name:12} {counts[name]:>12,} trainable parameters")
    print(learner.summary())
    return counts


if __name__ == "__main__":
    main()
