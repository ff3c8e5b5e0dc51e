"""A Wasserstein GAN: pictures out of noise.

python examples/wgan.py [--data FOLDER] [--channels 3] [--size 64] [--gp 10] [--fast]

FOLDER holds pictures of one kind of thing, bedrooms for example. Without it the digits of MNIST beside the checkout
are taken (environment variable ONECYCLE_DATA), or scikit-learn's 1,797 digits.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

from functools import partial

from example_data import arguments, digits_as_mnist, saved
from torch import optim

from onecycle.vision import DatasetType, NormType, crop_pad, defaults, load_learner, noop, show_grid
from onecycle.vision.gan import GANItemList, GANLearner, NoisyItem, basic_critic, basic_generator

SMALL = {"epochs": 60, "features": 16}  # for few digits, without a GPU
FAST = {**SMALL, "epochs": 2, "size": 16, "features": 8}


def get_data(args, path):
    """Pair noise with each picture; the pictures alone are moved and normalised, to -1 … 1 as a tanh gives them out."""
    half = [0.5] * args.channels
    return (
        GANItemList.from_folder(path, noise_sz=args.noise)
        .split_none()
        .label_from_func(noop, convert_mode="L" if args.channels == 1 else "RGB")
        .transform([[crop_pad(size=args.size, row_pct=(0, 1), col_pct=(0, 1))], []], size=args.size, tfm_y=True)
        .databunch(bs=args.bs)
        .normalize((half, half), do_x=False, do_y=True)
    )


def sides(args):
    """Make a generator and a critic; with a gradient penalty the critic has no batch norm, as it rates one picture."""
    size = {"in_size": args.size, "n_channels": args.channels, "n_features": args.features}
    norm = {"norm_type": NormType.Batch if args.gp == 0 else None}
    generator = basic_generator(noise_sz=args.noise, n_extra_layers=1, **size)
    return generator, basic_critic(n_extra_layers=1, **size, **norm)


def main(argv=None):
    sizes = {"size": 32, "channels": 1, "bs": 64, "noise": 100, "features": 64}
    args = arguments(__doc__, argv, "mnist_png", SMALL, FAST, epochs=10, lr=1e-3, gp=0.0, **sizes)
    defaults.cmap = "gray"
    data = get_data(args, args.data or digits_as_mnist(args.out / "digits"))
    data.show_batch(rows=5)
    saved(args, "wgan_real.png")

    generator, critic = sides(args)
    bound = {"gp": args.gp} if args.gp else {"clip": 0.01}
    learn = GANLearner.wgan(
        data, generator, critic, switch_eval=False, opt_func=partial(optim.Adam, betas=(0.0, 0.99)), wd=0.0, **bound
    )
    learn.fit(args.epochs, args.lr)
    learn.save("wgan")

    learn.gan_trainer.switch(gen_mode=True)
    learn.show_results(ds_type=DatasetType.Train, rows=6, figsize=(8, 8))
    saved(args, "wgan_made.png")
    show_grid(learn.gan_trainer.imgs, [None] * args.epochs, imgsize=1)  # one of each epoch
    saved(args, "wgan_epochs.png")

    again = load_learner(args.out, learn.export(args.out / "wgan.safetensors").name)
    picture = again.predict(NoisyItem(args.noise))[0]
    picture.save(args.out / "wgan_one.png")
    return {"learn": learn, "picture": picture}


if __name__ == "__main__":
    main()
