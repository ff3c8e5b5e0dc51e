"""Tell 37 breeds of cats and dogs apart: transfer learning, what is confused, then fine-tuning.

    python examples/pets_in_five_minutes.py [--data FOLDER_OF_PICTURES]

Without --data the Oxford-IIIT Pet pictures are downloaded (800 MB). File names tell the breed: `Birman_12.jpg`.
"""

import argparse
from pathlib import Path

import numpy as np

from onecycle.data.download import URLs, untar_data
from onecycle.interpret.classification import ClassificationInterpretation
from onecycle.learner import Learner
from onecycle.metrics.classification import error_rate
from onecycle.vision.data import ImageDataBunch, get_image_files, imagenet_stats
from onecycle.vision.learner import cnn_learner
from onecycle.vision.models import resnet34
from onecycle.vision.transform import get_transforms

BREED = r"/([^/]+)_\d+.jpg$"


def make_data(pictures: Path, size: int, bs: int) -> ImageDataBunch:
    """Read the breed from each file name; a fifth of the files validates."""
    np.random.seed(2)
    files = get_image_files(pictures)
    data = ImageDataBunch.from_name_re(pictures, files, BREED, ds_tfms=get_transforms(), size=size, bs=bs)
    return data.normalize(imagenet_stats)


def explain(learner: Learner, out: Path) -> None:
    """Print the breeds it confuses and draw where it was most wrong."""
    interpretation = ClassificationInterpretation.from_learner(learner)
    for truth, said, times in interpretation.most_confused(min_val=2):
        print(f"{truth} was taken for {said} {times} times")
    interpretation.plot_top_losses(9, figsize=(15, 11), return_fig=True).savefig(out / "top_losses.png")
    interpretation.plot_confusion_matrix(figsize=(8, 8), return_fig=True).savefig(out / "confusion_matrix.png")


def main(words: list[str] | None = None) -> Learner:
    """Train the head, look at the mistakes, then fine-tune the whole network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of pictures")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--bs", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--from-scratch", action="store_true", help="do without ImageNet weights")
    parser.add_argument("--out", type=Path, default=Path("out/pets"))
    options = parser.parse_args(words)
    options.out.mkdir(parents=True, exist_ok=True)

    data = make_data(options.data or untar_data(URLs.PETS) / "images", options.size, options.bs)
    print(data)
    learner = cnn_learner(data, resnet34, metrics=error_rate, pretrained=not options.from_scratch,
                          path=options.out)
    learner.fit_one_cycle(options.epochs)
    learner.save("stage-1")
    explain(learner, options.out)

    learner.unfreeze()
    learner.lr_find()
    learner.recorder.plot(return_fig=True).savefig(options.out / "lr_find.png")
    learner.fit_one_cycle(max(1, options.epochs // 2), max_lr=slice(1e-6, 1e-4))
    learner.export((options.out / "export.safetensors").absolute())
    return learner


if __name__ == "__main__":
    main()
