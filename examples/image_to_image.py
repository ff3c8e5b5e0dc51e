"""Colouring, filling holes, taking noise away: one sentence of data and a U-Net, and another way to spoil pictures.

python examples/image_to_image.py [--data FOLDER] [--task colourise|inpaint|denoise] [--fast]

FOLDER holds pictures. Without it the photos beside the checkout are taken (environment variable ONECYCLE_DATA), or
pictures are drawn.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import torch.nn.functional as F
from crappify import crappifier, greyed, holed, noised
from example_data import arguments
from pets_five_minutes import folder_of_pets
from superres import METRICS, generator, get_data, quality, show_some

from onecycle.vision import ImageImageList, ImageList, parallel

SMALL = {"arch": "resnet18", "cut": 6, "size": 48, "bs": 8, "lr": 1e-2}  # for drawn pictures, without a GPU
FAST = {**SMALL, "cut": 5, "size": 32, "epochs": 6}
TASKS = {"colourise": greyed, "inpaint": holed, "denoise": noised}


def learn_to_mend(args, path_hr, task):
    """Spoil the pictures of a folder, and train a network to undo it."""
    path_lr = args.out / task
    parallel(crappifier(path_lr, path_hr, TASKS[task]), ImageList.from_folder(path_hr).items)
    src = ImageImageList.from_folder(path_lr).split_by_rand_pct(0.1, seed=42)
    data = get_data(src, path_hr, args.bs, args.size)
    learn = generator(args, data, loss_func=F.l1_loss, metrics=METRICS)
    learn.fit_one_cycle(args.epochs, slice(args.lr))
    learn.unfreeze()
    learn.fit_one_cycle(args.epochs, slice(args.lr / 10, args.lr / 2))
    return learn


def main(argv=None):
    defaults = {"arch": "resnet34", "cut": -2, "size": 128, "bs": 32, "epochs": 5, "lr": 1e-3, "task": "inpaint"}
    args = arguments(__doc__, argv, "pets_sample", SMALL, FAST, **defaults)
    path_hr = folder_of_pets(args)
    learn = learn_to_mend(args, path_hr, args.task)
    before, after = quality(learn.data), [float(figure) for figure in learn.validate()[1:]]
    print(f"{args.task}: PSNR {before[0]:.2f} dB → {after[0]:.2f} dB, SSIM {before[1]:.3f} → {after[1]:.3f}")
    show_some(args, learn, learn.data.valid_ds.x.items[:3], path_hr, f"{args.task}.png")
    learn.export(args.out / f"{args.task}.safetensors")
    return {"learn": learn, "before": before, "after": after}


if __name__ == "__main__":
    main()
