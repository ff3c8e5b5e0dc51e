"""GANs from end to end: noise moved onto four heaps; a generator and a critic trained alone, then together."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn, optim

from benchmarks.small_learners import gan
from onecycle.callbacks.weight_average import EMACallback
from onecycle.data.bunch import DataBunch, DatasetType
from onecycle.learner import Learner, load_learner
from onecycle.nn.losses import MSELossFlat
from onecycle.vision.gan.discriminative import GANDiscriminativeLR
from onecycle.vision.gan.learner import GANLearner
from onecycle.vision.gan.losses import AdaptiveLoss, accuracy_thresh_expand
from onecycle.vision.gan.networks import gan_critic
from onecycle.vision.gan.samples import save_generated
from onecycle.vision.gan.switchers import AdaptiveGANSwitcher
from onecycle.vision.image_list import ImageImageList, ImageList

HEAPS = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def net(n_in, n_out):
    hidden = [nn.Linear(n_in, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU()]
    return nn.Sequential(*hidden, nn.Linear(48, n_out))


def heap_batches(count, size=128):
    draw = torch.Generator().manual_seed(0)
    which = torch.randint(4, (count, size), generator=draw)
    real = HEAPS[which] + 0.05 * torch.randn(count, size, 2, generator=draw)
    return list(zip(torch.randn(count, size, 4, generator=draw), real))


def on_heaps(generator):
    """Return the share of made points near each of the four heaps."""
    with torch.no_grad():
        made = generator(torch.randn(2000, 4, generator=torch.Generator().manual_seed(9)))
    distance, nearest = torch.cdist(made, HEAPS).min(1)
    return torch.bincount(nearest[distance < 0.4], minlength=4) / len(made)


@pytest.mark.parametrize("bound", [{"clip": 0.1}, {"gp": 0.5}])
def test_what_is_made_moves_onto_the_real_heaps(tmp_path, bound):
    torch.manual_seed(0)
    data = DataBunch(heap_batches(120), None, device="cpu", path=tmp_path, no_check=True)
    learn = GANLearner.wgan(data, net(4, 2), net(2, 1), switch_eval=False, silent=True, wd=0.0,
                            opt_func=partial(optim.Adam, betas=(0.0, 0.9)), **bound)
    assert on_heaps(learn.model.generator).sum() < 0.1
    learn.fit(12, slice(2e-3, 4e-3))
    shares = on_heaps(learn.model.generator)
    assert shares.sum() > 0.5 and shares.min() > 0.05


def draw_pictures(path, count=16):
    """Draw squares, and the same pictures spoilt: half the contrast, and a line through the middle."""
    import PIL.Image

    draw = np.random.RandomState(0)
    for name in ("images", "crappy"):
        (path / name).mkdir()
    for i in range(count):
        pixels = np.full((32, 32, 3), draw.randint(0, 255, 3), np.uint8)
        row, column = draw.randint(2, 20, 2)
        pixels[row : row + 10, column : column + 10] = draw.randint(0, 255, 3)
        PIL.Image.fromarray(pixels).save(path / f"images/{i}.png")
        pixels = pixels // 2 + 64
        pixels[16] = 255
        PIL.Image.fromarray(pixels).save(path / f"crappy/{i}.png")


class Mends(nn.Module):
    """A generator that adds to its input what it lacks."""

    def __init__(self):
        super().__init__()
        self.branch = nn.Sequential(nn.Conv2d(3, 16, 5, padding=2), nn.ReLU(), nn.Conv2d(16, 3, 5, padding=2))
        nn.init.zeros_(self.branch[-1].weight)

    def forward(self, x):
        return x + self.branch(x)


def normalised(labelled, **how):
    data = labelled.transform([], size=32, **how).databunch(bs=4, device="cpu", num_workers=0)
    return data.normalize(([0.5] * 3, [0.5] * 3), do_y=how.get("tfm_y", False))


def test_pretrained_sides_are_joined_and_the_pictures_stay_near(tmp_path):
    draw_pictures(tmp_path)
    torch.manual_seed(0)
    source = ImageImageList.from_folder(tmp_path / "crappy").split_by_rand_pct(0.25, seed=42)
    data_gen = normalised(source.label_from_func(lambda file: tmp_path / "images" / file.name), tfm_y=True)
    learn_gen = Learner(data_gen, Mends(), loss_func=MSELossFlat(), wd=1e-3, silent=True)
    learn_gen.fit_one_cycle(20, 3e-3)
    learn_gen.save("gen-pre")
    save_generated(learn_gen, data_gen.fix_dl, tmp_path / "image_gen")

    source = ImageList.from_folder(tmp_path, include=["image_gen", "images"]).split_by_rand_pct(0.1, seed=42)
    data_crit = normalised(source.label_from_folder(classes=["image_gen", "images"]))
    learn_crit = Learner(data_crit, gan_critic(nf=8, n_blocks=2), metrics=accuracy_thresh_expand,
                         loss_func=AdaptiveLoss(nn.BCEWithLogitsLoss()), wd=1e-3, silent=True)
    learn_crit.fit_one_cycle(6, 3e-3)
    learn_crit.save("critic-pre")

    learn_gen.load("gen-pre")
    learn_crit.load("critic-pre")
    alone = learn_gen.validate()[0]
    learn = GANLearner.from_learners(
        learn_gen, learn_crit, weights_gen=(1.0, 50.0), show_img=False, silent=True, wd=1e-3,
        switcher=partial(AdaptiveGANSwitcher, critic_thresh=0.7), opt_func=partial(optim.Adam, betas=(0.0, 0.99)),
    )  # fmt: skip
    learn.callback_fns.append(partial(GANDiscriminativeLR, mult_lr=5.0))
    learn.fit(3, 1e-4)
    learn.save("gan")
    together = learn.generator_learner().validate()[0]
    untrained = MSELossFlat()(*[torch.cat(part) for part in zip(*data_gen.valid_dl)]).item()
    assert alone < 0.9 * untrained and together < 1.2 * alone
    assert together != alone and np.isfinite(learn.recorder.metrics[-1]).all()

    before = learn.pred_batch()
    learn.fit(1, 1e-2)
    assert not torch.equal(learn.pred_batch(), before)
    learn.load("gan")
    assert torch.equal(learn.pred_batch(), before)
    again = load_learner(learn.path, learn.export().name, model=Mends())
    picture = data_gen.valid_ds.x[0]
    assert torch.allclose(again.predict(picture)[2], learn.predict(picture)[2], atol=1e-6)
    for gen_mode in (True, False):
        learn.gan_trainer.switch(gen_mode=gen_mode)
        learn.show_results(DatasetType.Train, rows=2)
    plt.close("all")


def test_the_average_of_both_sides_is_kept(tmp_path):
    """A GAN without metrics is not validated; its weights are averaged all the same."""
    learn = gan(tmp_path, 0)
    average = EMACallback(learn, 0.9)
    learn.fit(1, 1e-3, callbacks=[average])
    means = [p.detach().clone() for p in learn.model.parameters()]
    average.use_trained()
    assert average.n_averaged == len(learn.recorder.lrs)
    assert not all(torch.equal(mean, p) for mean, p in zip(means, learn.model.parameters()))
