"""A pet recogniser in five minutes: from a folder of photos to its confusions, its best rate and a second round.

python examples/pets_five_minutes.py [--data FOLDER]

FOLDER holds photos named <breed>_<number>.jpg, as the Oxford-IIIT Pet data set does. Without it the photos beside
the checkout are taken (environment variable ONECYCLE_DATA), or pictures are drawn.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import numpy as np
from example_data import arguments, drawn_pets, pretrained_learner, saved

from onecycle.vision import (
    ClassificationInterpretation,
    ImageDataBunch,
    error_rate,
    get_image_files,
    get_transforms,
    imagenet_stats,
)

SMALL = {"arch": "resnet18", "size": 64, "bs": 16, "lr": 4e-3}  # for drawn pictures, without a GPU


def folder_of_pets(args):
    if args.data is None:
        return drawn_pets(args.out / "pets")
    return args.data / "images" if (args.data / "images").is_dir() else args.data


def main(argv=None):
    defaults = {"arch": "resnet34", "size": 224, "bs": 64, "epochs": 5, "lr": 3e-3}
    args = arguments(__doc__, argv, "pets_sample", SMALL, **defaults)

    # The files
    path_img = folder_of_pets(args)
    fnames = get_image_files(path_img)
    print(fnames[:5])

    # The data: the breed stands before the number in the file's name
    np.random.seed(2)
    pat = r"/([^/]+)_\d+.jpg"
    data = ImageDataBunch.from_name_re(
        path_img, fnames, pat, ds_tfms=get_transforms(), size=args.size, bs=args.bs
    )
    data.normalize(imagenet_stats)
    data.path = args.out
    print(data)
    data.show_batch(rows=3, figsize=(7, 6))
    saved(args, "batch.png")
    print(data.classes)
    print(len(data.classes), data.c)

    # Training: the head first
    learn = pretrained_learner(args, data, metrics=error_rate)
    learn.fit_one_cycle(args.epochs, slice(args.lr))
    learn.save("stage-1")

    # What it gets wrong
    interp = ClassificationInterpretation.from_learner(learn)
    interp.plot_top_losses(9, heatmap=True, figsize=(15, 11))
    saved(args, "top_losses.png")
    print(interp.most_confused(min_val=2))
    interp.plot_confusion_matrix(figsize=(8, 8))
    saved(args, "confusion.png")
    head_only = float(learn.validate()[1])

    # Fine-tuning the whole at the default rate can make it worse …
    learn.unfreeze()
    learn.fit_one_cycle(1, slice(args.lr))

    # … so go back, look for a rate, and give the early layers a smaller one
    learn.load("stage-1")
    learn.lr_find()
    learn.recorder.plot()
    saved(args, "lr_find.png")
    learn.unfreeze()
    learn.fit_one_cycle(2, max_lr=slice(args.lr / 60, args.lr / 3))
    fine_tuned = float(learn.validate()[1])
    print(f"error rate: {head_only:.3f} with the head alone, {fine_tuned:.3f} fine-tuned")
    return {"data": data, "learn": learn, "interp": interp, "head_only": head_only, "fine_tuned": fine_tuned}


if __name__ == "__main__":
    main()
