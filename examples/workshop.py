"""One small network trained in many ways, side by side: precision, layout, accumulation, mixing, averages, optimisers.

python examples/workshop.py [--data FOLDER] [--epochs N]

FOLDER holds training/<class>/*.png and testing/<class>/*.png. Without it scikit-learn's digits are written out that
way. Prints the accuracy of each way.
"""

from __future__ import annotations

from functools import partial

import torch
from example_data import arguments
from watching import make_learner

from onecycle.callbacks import AccumulateScheduler, EMACallback, OverSamplingCallback
from onecycle.vision import LAMB, CrossEntropyFlat, LabelSmoothingCrossEntropy, Ranger, class_weights


def with_callback(made):
    """Return a way: train with one more callback."""

    def way(learn):
        learn.callback_fns.append(made)

    return way


def with_setting(name, make):
    """Return a way: exchange one part of the learner."""

    def way(learn):
        setattr(learn, name, make(learn))

    return way


WAYS = {
    "plain": lambda learn: None,
    "bfloat16": lambda learn: learn.to_bf16(),
    "channels last": lambda learn: learn.to_channels_last(),
    "gradients clipped": lambda learn: learn.clip_grad(0.1),
    "4 batches a step": with_callback(partial(AccumulateScheduler, n_step=4)),
    "mixup": lambda learn: learn.mixup(),
    "cutmix": lambda learn: learn.cutmix(),
    "label smoothing": with_setting("loss_func", lambda learn: LabelSmoothingCrossEntropy()),
    "class weights": with_setting("loss_func", lambda learn: CrossEntropyFlat(weight=class_weights(learn.data))),
    "over-sampling": with_callback(OverSamplingCallback),
    "mean of the weights": with_callback(partial(EMACallback, decay=0.9)),
    "LAMB": with_setting("opt_func", lambda learn: LAMB),
    "Ranger": with_setting("opt_func", lambda learn: Ranger),
}


def main(argv=None):
    args = arguments(__doc__, argv, "mnist_png", {}, bs=64, epochs=4, lr=0.02)
    found = {}
    for name, way in WAYS.items():
        torch.manual_seed(0)
        learn = make_learner(args)
        learn.silent = True
        way(learn)
        learn.fit_one_cycle(args.epochs, args.lr)
        found[name] = float(learn.validate()[1])
        print(f"{name:20} {found[name]:.4f}")
    return found


if __name__ == "__main__":
    main()
