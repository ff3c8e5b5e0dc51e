"""Super-resolution with a feature loss: small, squeezed pictures with writing on them become large and clean.

python examples/superres.py [--data FOLDER] [--fast]

FOLDER holds photos named <breed>_<number>.jpg, as the Oxford-IIIT Pet data set does. Without it the photos beside
the checkout are taken (environment variable ONECYCLE_DATA), or pictures are drawn. The network by whose eyes the
loss compares pictures is trained here, to tell the breeds apart: no other files are needed.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import math
from functools import partial

import torch.nn.functional as F
from crappify import crappifier, low_quality
from example_data import arguments, pretrained_learner, saved
from pets_five_minutes import folder_of_pets
from torch import nn

from onecycle.vision import (
    DownloadError,
    ImageImageList,
    ImageList,
    Learner,
    LossMetrics,
    NormType,
    error_rate,
    feature_loss,
    get_transforms,
    imagenet_stats,
    open_image,
    parallel,
    psnr,
    show_pairs,
    ssim,
    unet_learner,
)

SMALL = {  # for drawn pictures, without a GPU
    "arch": "resnet18", "cut": 6, "size": 48, "bs": 16, "low": 24, "lr": 1e-2, "large": 256,
}  # fmt: skip
FAST = {**SMALL, "cut": 5, "size": 24, "bs": 4, "epochs": 6, "classes_epochs": 2, "lr": 6e-3, "large": 160}
METRICS = [partial(psnr, stats=imagenet_stats), partial(ssim, stats=imagenet_stats)]


def get_data(src, path_hr, bs, size):
    """Pair each spoilt picture with its original; both are moved and normalised alike."""
    data = (
        src.label_from_func(lambda x: path_hr / x.name)
        .transform(get_transforms(max_zoom=2.0), size=size, tfm_y=True)
        .databunch(bs=bs)
        .normalize(imagenet_stats, do_y=True)
    )
    data.c = 3
    return data


def trained_eyes(args, path_hr):
    """Train a network to tell the breeds apart, and compare pictures by what it sees in them."""
    data = (
        ImageList.from_folder(path_hr)
        .split_by_rand_pct(0.1, seed=42)
        .label_from_re(r"([^/]+)_\d+.jpg$")
        .transform(get_transforms(), size=args.size)
        .databunch(bs=args.bs)
        .normalize(imagenet_stats)
    )
    learn = pretrained_learner(args, data, metrics=error_rate)
    learn.unfreeze()
    learn.fit_one_cycle(args.classes_epochs, 3e-3)
    return feature_loss(learn, weights=[0.3, 0.3, 0.3], gram_weight=args.gram)


def generator(args, data, **kwargs):
    """Make a U-Net from spoilt pictures to clean ones, on ImageNet weights where they can be had."""
    make = partial(unet_learner, data, args.arch, cut=args.cut, blur=True, norm_type=NormType.Weight, wd=1e-3, **kwargs)
    try:
        return make(pretrained=not args.from_scratch, model_dir=args.out / "models")
    except DownloadError:
        return make(pretrained=False, model_dir=args.out / "models")


def quality(data):
    """Return PSNR and SSIM of the held-out pictures as they go in."""
    as_it_is = Learner(data, nn.Identity(), loss_func=F.l1_loss, metrics=METRICS, silent=True)
    return [float(figure) for figure in as_it_is.validate()[1:]]


def show_some(args, learn, files, path_hr, name):
    """Draw pictures as they go in, as they come out, and their originals."""
    rows = []
    for file in files:
        crappy = open_image(file)
        made = learn.predict(crappy)[0]
        height, width = made.size
        rows.append([crappy, made, open_image(path_hr / file.name).resize((height, width))])
    show_pairs(rows, ("low", "made", "original"), imgsize=3)
    saved(args, name)


def main(argv=None):
    sizes = {"low": 96, "size": 128, "large": 1024}
    defaults = {"arch": "resnet34", "cut": -2, "bs": 32, "classes_epochs": 4, "epochs": 10, "lr": 1e-3, "gram": 30.0}
    args = arguments(__doc__, argv, "pets_sample", SMALL, FAST, **sizes, **defaults)
    path_hr = folder_of_pets(args)
    path_lr = args.out / "crappy"
    il = ImageList.from_folder(path_hr)
    parallel(crappifier(path_lr, path_hr, partial(low_quality, size=args.low)), il.items)

    src = ImageImageList.from_folder(path_lr).split_by_rand_pct(0.1, seed=42)
    data = get_data(src, path_hr, args.bs, args.size)
    data.show_batch(rows=3)
    saved(args, "batch.png")
    before = quality(data)

    feat_loss = trained_eyes(args, path_hr)
    print("compared: ", *feat_loss.layers)
    learn = generator(args, data, loss_func=feat_loss, callback_fns=LossMetrics, metrics=METRICS)

    def do_fit(save_name, lrs):
        learn.fit_one_cycle(args.epochs, lrs)
        learn.save(save_name)
        learn.show_results(rows=3, imgsize=3)
        saved(args, f"{save_name}.png")

    # First the decoder, then everything
    do_fit("1a", slice(args.lr))
    learn.unfreeze()
    do_fit("1b", slice(args.lr / 100, args.lr))
    figures = {"small": (before, [float(figure) for figure in learn.validate()[1:3]])}

    # The same on pictures of twice the size
    learn.data = get_data(src, path_hr, max(4, args.bs // 3), args.size * 2)
    learn.freeze()
    learn.load("1b")
    do_fit("2a", slice(args.lr))
    learn.unfreeze()
    do_fit("2b", slice(args.lr / 100, args.lr))
    figures["twice"] = (quality(learn.data), [float(figure) for figure in learn.validate()[1:3]])
    for name, (low, made) in figures.items():
        print(f"{name}: PSNR {low[0]:.2f} dB → {made[0]:.2f} dB, SSIM {low[1]:.3f} → {made[1]:.3f}")

    # A picture of a size that was never trained on
    height = math.ceil(args.large * 256 / 320)
    learn = generator(args, data, loss_func=F.l1_loss).load("2b")
    learn.data = get_data(src, path_hr, 1, (height, args.large))
    fn = learn.data.valid_ds.x.items[0]
    p = learn.predict(open_image(fn))[0]
    p.save(args.out / "large.png")
    print(f"{open_image(fn)} → {p}, → {args.out / 'large.png'}")
    show_some(args, learn, learn.data.valid_ds.x.items[:3], path_hr, "grid.png")
    return {"figures": figures, "learn": learn, "large": p}


if __name__ == "__main__":
    main()
