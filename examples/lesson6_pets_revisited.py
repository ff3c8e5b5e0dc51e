"""Pets revisited: strong augmentation, three stages of training, and a heat map of what the network looked at.

python examples/lesson6_pets_revisited.py [--data FOLDER] [--photo FILE]

FOLDER holds photos named <breed>_<number>.jpg, as the Oxford-IIIT Pet data set does; FILE is one more photo to
explain. Without them the photos beside the checkout are taken (environment variable ONECYCLE_DATA), or pictures
are drawn.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import gc

import matplotlib.pyplot as plt
import torch.nn.functional as F
from example_data import arguments, pretrained_learner, saved
from pets_five_minutes import SMALL, folder_of_pets

from onecycle.vision import (
    Image,
    ImageList,
    error_rate,
    get_transforms,
    hook_output,
    imagenet_stats,
    open_image,
    plot_multi,
    show_image,
    tensor,
)

TFMS = get_transforms(max_rotate=20, max_zoom=1.3, max_lighting=0.4, max_warp=0.4, p_affine=1.0, p_lighting=1.0)


def get_data(src, size, bs, padding_mode="reflection"):
    """Label, transform and load the split pictures: the size may change from stage to stage."""
    return (
        src.label_from_re(r"([^/]+)_\d+.jpg$")
        .transform(TFMS, size=size, padding_mode=padding_mode)
        .databunch(bs=bs)
        .normalize(imagenet_stats)
    )


def one_picture_nine_times(args, data, name):
    def _plot(i, j, ax):
        x, y = data.train_ds[3]
        x.show(ax, y=y)

    plot_multi(_plot, 3, 3, figsize=(8, 8))
    saved(args, name)


def edge_by_hand(args, data, idx):
    """Convolve a picture with a kernel written by hand."""
    k = tensor([[0.0, -5 / 3, 1], [-5 / 3, -5 / 3, 1], [1.0, 1, 1]]).expand(1, 3, 3, 3) / 6
    print(k.shape)
    t = data.valid_ds[idx][0].data
    print(t.shape, t[None].shape)
    edge = F.conv2d(t[None], k)
    show_image(edge[0], figsize=(5, 5))
    saved(args, "edge.png")
    return edge


def hooked_backward(m, xb, cat):
    """Run the model forwards and back from one class, keeping what the body made and its gradient."""
    with hook_output(m[0]) as hook_a:
        with hook_output(m[0], grad=True) as hook_g:
            preds = m(xb)
            preds[0, int(cat)].backward()
    return hook_a, hook_g


def show_heatmap(args, xb_im, hm, name):
    height, width = xb_im.size
    _, ax = plt.subplots(1, 3, figsize=(12, 4))
    xb_im.show(ax[0])
    ax[1].imshow(hm.numpy(), alpha=0.6, extent=(0, width, height, 0), interpolation="bilinear", cmap="magma")
    xb_im.show(ax[2])
    ax[2].imshow(hm.numpy(), alpha=0.6, extent=(0, width, height, 0), interpolation="bilinear", cmap="magma")
    saved(args, name)


def grad_cam(hook_a, hook_g):
    """Weigh each feature map by its mean gradient: where the class's score comes from (Selvaraju et al., 2017)."""
    acts = hook_a.stored[0].cpu()  # (C, H, W)
    grad = hook_g.stored[0][0].cpu()  # (C, H, W)
    grad_chan = grad.mean(1).mean(1)  # (C,)
    return (acts * grad_chan[..., None, None]).mean(0)  # (H, W)


def explain(args, data, learn, x, cat, name):
    """Show where in picture `x` the score of class `cat` comes from."""
    m = learn.model.eval()
    xb, _ = data.one_item(x)
    xb_im = Image(data.denorm(xb)[0])
    xb = xb.to(data.device)
    hook_a, hook_g = hooked_backward(m, xb, cat)
    show_heatmap(args, xb_im, hook_a.stored[0].cpu().mean(0), f"{name}_activations.png")
    cam = grad_cam(hook_a, hook_g)
    show_heatmap(args, xb_im, cam, f"{name}_grad_cam.png")
    return xb_im, cam


def main(argv=None):
    defaults = {"arch": "resnet34", "size": 224, "bs": 32, "epochs": 3, "lr": 1e-2}
    small = {**SMALL, "large": 80, "lr": 1e-2}
    args = arguments(__doc__, argv, "pets_sample", small, large=352, later_epochs=2, photo="", **defaults)
    path = folder_of_pets(args)
    src = ImageList.from_folder(path).split_by_rand_pct(0.2, seed=2)
    print(src)

    data = get_data(src, args.size, args.bs, "zeros")
    print(data.train_ds[0])
    one_picture_nine_times(args, data, "padding_zeros.png")
    data = get_data(src, args.size, args.bs)
    one_picture_nine_times(args, data, "padding_reflection.png")
    gc.collect()

    # Three stages: the head; everything; everything at a larger size
    learn = pretrained_learner(
        args, data, metrics=error_rate, bn_final=True, model_dir=args.out / "models"
    )
    print(learn.summary())
    untrained = float(learn.validate()[1])
    learn.fit_one_cycle(args.epochs, slice(args.lr), pct_start=0.8)
    learn.save("head")
    learn.load("head")
    learn.unfreeze()
    learn.fit_one_cycle(args.later_epochs, max_lr=slice(args.lr / 10000, args.lr / 10), pct_start=0.8)
    learn.save("all")
    small = float(learn.validate()[1])

    data = get_data(src, args.large, args.bs)
    learn.data = data
    learn.fit_one_cycle(args.later_epochs, max_lr=slice(args.lr / 10000, args.lr / 100))
    learn.save("large")
    data = get_data(src, args.large, max(2, args.bs // 2))
    learn = pretrained_learner(
        args, data, metrics=error_rate, bn_final=True, model_dir=args.out / "models"
    ).load("large")
    trained = float(learn.validate()[1])
    print(f"error rate: {untrained:.3f} untrained, {small:.3f} trained at {args.size}, {trained:.3f} at {args.large}")

    # What did it look at?
    idx = min(150, len(data.valid_ds) - 1)
    x, y = data.valid_ds[idx]
    print(repr(y), y.data, data.valid_ds.y[idx], data.classes[int(y)])
    x.show()
    saved(args, "picture.png")
    edge_by_hand(args, data, idx)
    xb_im, cam = explain(args, data, learn, x, y, "valid")

    # Another photo, asked about two classes
    photo = args.photo or data.valid_ds.x.items[0]
    for cat in (int(y), 0):
        explain(args, data, learn, open_image(photo), cat, f"photo_{data.classes[cat]}")
    errors = {"untrained": untrained, "small": small, "trained": trained}
    return {"data": data, "learn": learn, "errors": errors, "cam": cam, "picture": xb_im}


if __name__ == "__main__":
    main()
