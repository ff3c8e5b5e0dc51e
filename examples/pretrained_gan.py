"""A GAN whose sides are trained alone first: spoilt pictures become clean, then sharp.

python examples/pretrained_gan.py [--data FOLDER] [--fast]

FOLDER holds photos named <breed>_<number>.jpg, as the Oxford-IIIT Pet data set does. Without it the photos beside
the checkout are taken (environment variable ONECYCLE_DATA), or pictures are drawn.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import shutil
from functools import partial

from crappify import crappifier, low_quality
from example_data import arguments, saved
from pets_five_minutes import folder_of_pets
from superres import METRICS, generator, get_data, quality
from torch import nn, optim

from onecycle.vision import (
    DatasetType,
    ImageImageList,
    ImageList,
    Learner,
    MSELossFlat,
    get_transforms,
    imagenet_stats,
    open_image,
    parallel,
    show_pairs,
)
from onecycle.vision.gan import (
    AdaptiveGANSwitcher,
    AdaptiveLoss,
    GANDiscriminativeLR,
    GANLearner,
    accuracy_thresh_expand,
    gan_critic,
    save_generated,
)

SMALL = {  # for drawn pictures, without a GPU
    "arch": "resnet18", "cut": 6, "size": 48, "bs": 16, "low": 24, "lr": 1e-2, "nf": 16, "crit_epochs": 10,
}  # fmt: skip
FAST = {
    **SMALL, "cut": 5, "size": 32, "bs": 8, "low": 16, "nf": 8, "gen_epochs": 3, "crit_epochs": 2, "gan_epochs": 2,
    "thresh": 0.7,
}  # fmt: skip
WD = 1e-3
NAME_GEN = "image_gen"


def get_crit_data(args, made, real):
    """List made pictures and real ones, labelled by the folder they lie in: made 0, real 1.

    What is held out is held out in both kinds: a critic that knows one by heart would take the other for the same.
    """
    folders = [made[0].parent.name, real[0].parent.name]
    held_out = {file.name for file in made[::10]}
    src = ImageList([*made, *real], path=args.out).split_by_valid_func(lambda file: file.name in held_out)
    data = (
        src.label_from_folder(classes=folders)
        .transform(get_transforms(max_zoom=2.0), size=args.size)
        .databunch(bs=args.bs)
        .normalize(imagenet_stats)
    )
    data.c = 3
    return data


def create_gen_learner(args, data, **kwargs):
    """Make a U-Net that is scored by the squared difference of pixels."""
    kwargs = {"loss_func": MSELossFlat(), "self_attention": True, "y_range": (-3.0, 3.0), **kwargs}
    return generator(args, data, **kwargs)


def create_critic_learner(args, data, metrics=None):
    """Make a critic that says of each part of a picture whether it is real."""
    loss = AdaptiveLoss(nn.BCEWithLogitsLoss())
    return Learner(data, gan_critic(nf=args.nf), metrics=metrics, loss_func=loss, wd=WD, model_dir=args.out / "models")


def pretrained_generator(args, data):
    """Train the generator alone: the decoder first, then all of it."""
    learn = create_gen_learner(args, data, metrics=METRICS)
    learn.fit_one_cycle(args.gen_epochs, args.lr, pct_start=0.8)
    learn.unfreeze()
    learn.fit_one_cycle(args.gen_epochs, slice(args.lr / 100, args.lr))
    learn.show_results(rows=3, imgsize=3)
    saved(args, "generator.png")
    learn.save("gen-pre2")
    return learn


def pretrained_critic(args, made, real):
    """Train the critic alone to tell what the generator makes from the originals."""
    data = get_crit_data(args, made, real)
    data.show_batch(rows=3, ds_type=DatasetType.Train, imgsize=3)
    saved(args, "critic_batch.png")
    learn = create_critic_learner(args, data, accuracy_thresh_expand)
    learn.fit_one_cycle(args.crit_epochs, 1e-3)
    learn.save("critic-pre2")
    return float(learn.validate()[1])


def joined(args, learn_gen, learn_crit):
    """Put both into one learner: the generator has a step whenever the critic's loss is below a threshold."""
    learn = GANLearner.from_learners(
        learn_gen,
        learn_crit,
        weights_gen=(1.0, 50.0),
        show_img=False,
        switcher=partial(AdaptiveGANSwitcher, critic_thresh=args.thresh),
        opt_func=partial(optim.Adam, betas=(0.0, 0.99)),
        wd=WD,
    )
    learn.callback_fns.append(partial(GANDiscriminativeLR, mult_lr=5.0))
    return learn


def figures_of(learn):
    """Return PSNR and SSIM of what a generator makes of the held-out pictures."""
    return [float(figure) for figure in learn.validate(metrics=METRICS)[1:]]


def mended(learn, files):
    """Return what a learner makes of files of spoilt pictures."""
    return [learn.predict(open_image(file))[0] for file in files]


def show_both_modes(args, learn):
    """Draw what the generator makes, and what the critic says of real and made pictures."""
    for gen_mode, name in ((True, "gan_made.png"), (False, "gan_judged.png")):
        learn.gan_trainer.switch(gen_mode=gen_mode)
        learn.show_results(rows=3, imgsize=3)
        saved(args, name)
    learn.gan_trainer.switch(gen_mode=True)


def main(argv=None):
    sizes = {"low": 96, "size": 128, "bs": 32, "nf": 128, "cut": -2}
    epochs = {"gen_epochs": 3, "crit_epochs": 6, "gan_epochs": 20}
    rates = {"lr": 1e-3, "gan_lr": 1e-4, "thresh": 0.65}
    args = arguments(__doc__, argv, "pets_sample", SMALL, FAST, arch="resnet34", **sizes, **epochs, **rates)
    path_hr, path_lr, path_gen = folder_of_pets(args), args.out / "crappy", args.out / NAME_GEN
    spoil = partial(low_quality, size=args.low)
    parallel(crappifier(path_lr, path_hr, spoil), ImageList.from_folder(path_hr).items)
    src = ImageImageList.from_folder(path_lr).split_by_rand_pct(0.1, seed=42)
    data = get_data(src, path_hr, args.bs, args.size)
    table = {"crappy": quality(data)}

    # Each side alone; the held-out pictures are shown to neither
    learn_gen = pretrained_generator(args, data)
    table["generator"] = figures_of(learn_gen)
    shown = data.valid_ds.x.items[:4]
    alone = mended(learn_gen, shown)
    shutil.rmtree(path_gen, ignore_errors=True)
    made = save_generated(learn_gen, data.fix_dl, path_gen)
    real = [path_hr / file.name for file in made]
    told_apart = pretrained_critic(args, made, real)

    # Both together
    data_crit = get_crit_data(args, [path_lr / file.name for file in made], real)
    learn_crit = create_critic_learner(args, data_crit).load("critic-pre2")
    learn_gen = create_gen_learner(args, data).load("gen-pre2")
    learn = joined(args, learn_gen, learn_crit)
    learn.fit(args.gan_epochs, args.gan_lr)
    learn.save("gan-1c")
    table["GAN"] = figures_of(learn.generator_learner())
    show_both_modes(args, learn)

    print(f"the critic alone told {told_apart:.1%} of the parts of held-out pictures apart")
    print("           PSNR, dB    SSIM")
    for name, (decibels, structure) in table.items():
        print(f"{name:10} {decibels:8.2f} {structure:7.3f}")
    originals = [open_image(path_hr / file.name).resize(picture.size) for file, picture in zip(shown, alone)]
    rows = list(zip(map(open_image, shown), alone, mended(learn, shown), originals))
    show_pairs(rows, ("crappy", "generator", "GAN", "original"), imgsize=3)
    saved(args, "pretrained_gan.png")
    learn.export(args.out / "generator.safetensors")

    # On larger pictures
    learn.data = get_data(src, path_hr, max(4, args.bs // 2), args.size * 3 // 2)
    learn.fit(max(1, args.gan_epochs // 4), args.gan_lr / 2)
    learn.save("gan-1c")
    learn.show_results(rows=3, imgsize=3)
    saved(args, "gan_larger.png")
    return {"table": table, "learn": learn, "critic": told_apart}


if __name__ == "__main__":
    main()
