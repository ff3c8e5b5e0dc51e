"""A class for every pixel of a street: CamVid by a U-Net, at half size and then at full size.

python examples/camvid.py [--data FOLDER] [--tiramisu] [--fast]

FOLDER holds images/*, labels/*_P.png, codes.txt and valid.txt. Without it CamVid beside the checkout is taken
(environment variable ONECYCLE_DATA), or streets are drawn. --tiramisu puts the decoder on a body of dense blocks.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import sys
from functools import partial

import torch
from drawn_tasks import drawn_streets
from example_data import arguments, saved

from onecycle.vision import (
    DownloadError,
    MeanIoU,
    NormType,
    SegmentationInterpretation,
    SegmentationItemList,
    foreground_acc,
    get_image_files,
    get_transforms,
    imagenet_stats,
    open_mask,
    unet_learner,
)
from onecycle.vision.models import DenseNet

SMALL = {"arch": "resnet18", "height": 96, "bs": 8, "epochs": 8, "lr": 3e-3}  # drawn streets, without a GPU
FAST = {"arch": "resnet18", "height": 48, "bs": 4, "epochs": 4, "lr": 4e-3, "streets": 40}
DENSE = {"resnet34": "densenet121", "resnet18": "small"}  # the body of dense blocks in the place of each


def small_densenet(pretrained=False):
    """A DenseNet narrow enough for a laptop: dense blocks of 2 to 4 layers, 12 new channels a layer."""
    return DenseNet((2, 3, 4), growth=12, width=24)


def get_data(path, codes, size, bs):
    """Pair each frame with the picture of its labels; both move alike."""
    return (
        SegmentationItemList.from_folder(path / "images")
        .split_by_fname_file("../valid.txt")
        .label_from_func(lambda frame: path / "labels" / f"{frame.stem}_P.png", classes=codes)
        .transform(get_transforms(max_rotate=5.0, max_warp=0.1), size=size, tfm_y=True)
        .databunch(bs=bs)
        .normalize(imagenet_stats)
    )


def make_learner(args, data, metrics):
    how = {"norm_type": NormType.Batch, "bottle": True, "metrics": metrics, "wd": 1e-2}
    arch = small_densenet if args.arch == "small" else args.arch
    how["model_dir"] = args.out / "models"
    if args.fast and arch == "resnet18":
        how["cut"] = 6  # its first stages tell streets from skies
    if args.fast and arch == "resnet18":
        how["cut"] = 6  # its first stages tell streets from skies
    try:
        return unet_learner(data, arch, pretrained=not (args.from_scratch or args.arch == "small"), **how)
    except DownloadError as error:
        print(f"{error}\nGoing on without: pretrained=False.")
        return unet_learner(data, arch, pretrained=False, **how)


def odd_sizes(learn):
    """Show that pictures of any height and width have masks of their own size."""
    learn.model.eval()
    shapes = {}
    for height, width in ((45, 51), (64, 97), (71, 33)):
        with torch.no_grad():
            shapes[height, width] = tuple(learn.model(torch.rand(1, 3, height, width).to(learn.data.device)).shape)
    return shapes


def main(argv=None):
    words = sys.argv[1:] if argv is None else list(argv)
    tiramisu = "--tiramisu" in words
    defaults = {"arch": "resnet34", "height": 360, "bs": 8, "epochs": 10, "lr": 3e-3, "streets": 150}
    args = arguments(__doc__, [w for w in words if w != "--tiramisu"], "camvid", SMALL, FAST, **defaults)
    args.arch = DENSE.get(args.arch, args.arch) if tiramisu else args.arch

    # The files: which class each pixel has is told by a second picture
    path = args.data or drawn_streets(args.out / "streets", args.streets)
    path = path / "camvid" if (path / "camvid").is_dir() else path
    codes = (path / "codes.txt").read_text().split()
    frames = get_image_files(path / "images")
    mask = open_mask(path / "labels" / f"{frames[0].stem}_P.png")
    print(frames[:3], mask.size, codes, sep="\n")
    ratio = mask.size[1] / mask.size[0]
    full = (args.height, round(args.height * ratio))
    half = (full[0] // 2, full[1] // 2)

    # Half size
    void = next(i for i, name in enumerate(codes) if name.lower() == "void")
    acc_camvid = partial(foreground_acc, void_code=void)
    metrics = [acc_camvid, MeanIoU(ignore=void)]
    data = get_data(path, codes, half, args.bs)
    data.show_batch(rows=2, figsize=(8, 6))
    saved(args, "camvid_batch.png")
    learn = make_learner(args, data, metrics)
    learn.lr_find(num_it=20 if args.fast else 100)
    learn.recorder.plot()
    saved(args, "camvid_lr_find.png")
    learn.fit_one_cycle(args.epochs, slice(args.lr), pct_start=0.5)
    learn.save("half")
    learn.unfreeze()
    learn.fit_one_cycle(max(1, args.epochs // 3), slice(args.lr / 20, args.lr / 4), pct_start=0.5)
    accuracies = {"half": float(learn.validate()[1])}
    learn.save("half-whole")

    # Full size: the weights stay, the pictures grow
    learn.data = get_data(path, codes, full, max(2, args.bs // 4))
    learn.load("half-whole")
    learn.fit_one_cycle(max(1, args.epochs // 3), slice(args.lr / 20, args.lr / 4), pct_start=0.5)
    _, accuracy, iou = (float(value) for value in learn.validate())
    accuracies["full"] = accuracy
    learn.show_results(rows=2, figsize=(8, 6))
    saved(args, "camvid_results.png")

    # Eight looks at each frame, each moved back to where it belongs
    preds, targets = learn.TTA()
    accuracies["TTA"] = float(acc_camvid(preds, targets))

    # What it gets wrong
    interp = SegmentationInterpretation.from_learner(learn)
    interp.ignore = void
    interp.plot_iou()
    saved(args, "camvid_iou.png")
    interp.plot_confusion_matrix(figsize=(7, 6))
    saved(args, "camvid_confusion.png")
    _, worst = interp.top_losses(k=3)
    for place, index in enumerate(worst.tolist(), start=1):
        interp.show_xyz(index)
        saved(args, f"camvid_worst_{place}.png")
    print(f"mean IoU {iou:.3f}; accuracy without void:", accuracies)
    shapes = odd_sizes(learn)
    return {"learn": learn, "accuracies": accuracies, "iou": iou, "interp": interp, "void": void, "shapes": shapes}


if __name__ == "__main__":
    main()
