"""The learner of a GAN: how it is made, looked at, saved and exported."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn, optim

from onecycle.data.bunch import DatasetType
from onecycle.errors import ArgumentTypeError, DataError, StepError, TrainingError
from onecycle.learner import Learner, load_learner
from onecycle.nn.losses import MSELossFlat, NoopLoss, WassersteinLoss
from onecycle.nn.norm import NormType
from onecycle.utils.functions import noop
from onecycle.vision.gan.items import GANItemList, NoisyItem
from onecycle.vision.gan.learner import GANLearner
from onecycle.vision.gan.losses import AdaptiveLoss
from onecycle.vision.gan.networks import basic_critic, basic_generator
from onecycle.vision.gan.samples import picture_of, save_generated, show_now
from onecycle.vision.image_list import ImageImageList


@pytest.fixture
def pictures(tmp_path):
    import PIL.Image

    draw = np.random.RandomState(0)
    (tmp_path / "images").mkdir()
    for i in range(8):
        PIL.Image.fromarray(draw.randint(0, 255, (16, 16, 3), np.uint8)).save(tmp_path / f"images/{i}.png")
    return tmp_path


def noise_data(path):
    items = GANItemList.from_folder(path / "images", noise_sz=6).split_none().label_from_func(noop)
    data = items.transform([], size=16, tfm_y=True).databunch(bs=4, device="cpu", num_workers=0)
    return data.normalize(([0.5] * 3, [0.5] * 3), do_x=False, do_y=True)


def a_wgan(path, n_channels=3, size=16, **how):
    torch.manual_seed(0)
    sides = basic_generator(size, n_channels, 6, n_features=4), basic_critic(size, n_channels, n_features=4)
    how = {"silent": True, "opt_func": partial(optim.Adam, betas=(0.0, 0.99)), "wd": 0.0, **how}
    return GANLearner.wgan(noise_data(path), *sides, **how)


def test_pictures_of_each_epoch_are_kept_as_they_look(pictures):
    from onecycle.vision.gan.switchers import FixedGANSwitcher

    learn = a_wgan(pictures, switcher=FixedGANSwitcher)
    learn.fit(2, 1e-4)
    trainer = learn.gan_trainer
    assert trainer.titles == ["Epoch 0", "Epoch 1"] and trainer.imgs[0].shape == (3, 16, 16)
    expected = (trainer.last_gen[0] * 0.5 + 0.5).clamp(0, 1)
    assert torch.allclose(trainer.imgs[-1].px, expected, atol=1e-6)


def test_no_pictures_are_kept_where_none_are_wanted(pictures):
    learn = a_wgan(pictures, show_img=False, gen_first=True)
    learn.fit(1, 1e-4)
    assert learn.gan_trainer.imgs == []


def test_a_sample_is_shown_in_a_notebook_only(pictures, monkeypatch):
    import sys
    from types import ModuleType

    from onecycle.vision.gan import samples

    shown = []
    learn = a_wgan(pictures)
    picture = picture_of(learn.data, torch.zeros(1, 3, 16, 16))
    show_now(picture, "Epoch 0")
    fake = ModuleType("IPython.display")
    fake.display = shown.append
    ipython = ModuleType("IPython")
    ipython.version_info = (9, 0)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setattr(samples, "place", lambda: "notebook")
    show_now(picture, "Epoch 0")
    assert len(shown) == 1 and shown[0].axes[0].get_title() == "Epoch 0"


def test_results_are_shown_in_both_modes(pictures):
    learn = a_wgan(pictures)
    learn.show_results(ds_type=DatasetType.Train, rows=2, figsize=(4, 4))
    assert len(plt.gcf().axes) == 4
    learn.gan_trainer.switch(gen_mode=False)
    learn.show_results(ds_type=DatasetType.Train, rows=2, figsize=(4, 4))
    titles = [ax.get_title() for ax in plt.gcf().axes if ax.get_title()]
    assert [title.partition(":")[0] for title in titles] == ["real", "real", "made", "made"] * 2
    assert all(learn.model.modules()) and learn.model.training
    plt.close("all")


def test_the_critics_values_shown_are_its_own(pictures):
    learn = a_wgan(pictures)
    torch.manual_seed(1)
    learn.gan_trainer.switch(gen_mode=False)
    values = learn.pred_batch(DatasetType.Train)
    assert values.shape == (4, 1)


def test_predictions_are_pictures_and_the_critic_makes_none(pictures):
    learn = a_wgan(pictures)
    picture, _, raw = learn.predict(NoisyItem(6))
    assert picture.shape == (3, 16, 16) and raw.shape == (3, 16, 16)
    assert [p.shape for p in learn.pred_batch(DatasetType.Train, reconstruct=True)] == [(3, 16, 16)] * 4
    learn.gan_trainer.switch(gen_mode=False)
    with pytest.raises(StepError, match="the critic is on turn"):
        learn.predict(NoisyItem(6))


def test_the_pair_is_saved_with_its_optimiser(pictures):
    learn = a_wgan(pictures)
    learn.fit(3, 1e-3)
    learn.save("pair")
    other = a_wgan(pictures)
    other.load("pair")
    for name, value in learn.model.state_dict().items():
        assert torch.equal(other.model.state_dict()[name], value)
    mine, theirs = learn.opt.state_dict()["state"], other.opt.state_dict()["state"]
    assert mine.keys() == theirs.keys() and len(mine) == len(list(learn.model.parameters()))
    assert all(torch.equal(mine[i]["exp_avg_sq"], theirs[i]["exp_avg_sq"]) for i in mine)


def test_the_export_is_the_generator_and_predicts_the_same(pictures):
    learn = a_wgan(pictures)
    learn.fit(2, 1e-3)
    file = learn.export()
    again = load_learner(file.parent, file.name)
    noise = NoisyItem(6)
    assert torch.equal(again.predict(noise)[2], learn.predict(noise)[2])
    learn.export("gone.safetensors", destroy=True)
    assert (file.parent / "gone.safetensors").is_file()
    with pytest.raises(TrainingError, match="was destroyed"):
        learn.model(0)


def picture_learners(path):
    items = ImageImageList.from_folder(path / "images").split_by_rand_pct(0.25, seed=0)
    data = items.label_from_func(lambda file: path / "images" / file.name).transform([], size=16, tfm_y=True)
    data = data.databunch(bs=2, device="cpu", num_workers=0).normalize(([0.5] * 3, [0.5] * 3), do_y=True)
    torch.manual_seed(0)
    gen = Learner(data, nn.Conv2d(3, 3, 3, padding=1), loss_func=MSELossFlat(), silent=True)
    crit_loss = AdaptiveLoss(nn.BCEWithLogitsLoss())
    critic = basic_critic(16, 3, n_features=4, norm_type=NormType.Spectral)
    return gen, Learner(data, critic, loss_func=crit_loss, silent=True)


def test_two_learners_are_joined(pictures):
    gen, crit = picture_learners(pictures)
    for p in gen.model.parameters():
        p.requires_grad_(False)
    learn = GANLearner.from_learners(gen, crit, weights_gen=(0.0, 1.0), gen_first=True, silent=True)
    assert learn.data is gen.data and all(p.requires_grad for p in learn.model.parameters())
    xb, yb = learn.data.one_batch(denorm=False)
    assert learn.loss_func(learn.model(xb), yb).item() == pytest.approx(MSELossFlat()(gen.model(xb), yb).item())
    learn.fit(1, 1e-3)
    learn.export()
    again = load_learner(learn.path, model=nn.Conv2d(3, 3, 3, padding=1))
    assert isinstance(again.loss_func, type(MSELossFlat()))


@pytest.mark.parametrize("place", [0, 1])
def test_joining_what_is_no_learner_is_refused(pictures, place):
    given = list(picture_learners(pictures))
    given[place] = given[place].model
    with pytest.raises(ArgumentTypeError, match=f"{('learn_gen', 'learn_crit')[place]} must be a Learner"):
        GANLearner.from_learners(*given)


@pytest.mark.parametrize("side", ["generator", "critic"])
def test_a_side_that_is_no_module_is_refused(heaps, side):
    sides = {"generator": nn.Linear(4, 2), "critic": nn.Linear(2, 1), side: basic_critic}
    with pytest.raises(ArgumentTypeError, match=f"{side} must be an nn.Module"):
        GANLearner(heaps(), **sides, gen_loss_func=NoopLoss(), crit_loss_func=WassersteinLoss())


@pytest.mark.parametrize("word", ["loss_func", "model", "clipp"])
def test_a_keyword_that_is_no_ones_is_refused(make_gan, word):
    with pytest.raises(ArgumentTypeError, match=word):
        make_gan(**{word: 1})


def test_sides_that_do_not_fit_the_pictures_are_named_with_shapes(pictures):
    with pytest.raises(TrainingError, match=r"the critic gets real pictures \[\(4, 3, 16, 16\)\] and fails"):
        a_wgan(pictures, n_channels=1).fit(1)
    learn = a_wgan(pictures)
    learn.model.generator = basic_generator(32, 3, 6, n_features=4)
    with pytest.raises(TrainingError, match=r"it makes \(4, 3, 32, 32\) where they are \(4, 3, 16, 16\)"):
        learn.generator_learner()
        learn.fit(1)


def test_the_gradient_penalty_takes_the_place_of_clipping(make_gan):
    learn = make_gan(gp=10.0)
    assert learn.gan_trainer.clip is None and learn.loss_func.gp == 10.0
    learn.fit(1, 1e-3)
    assert max(p.abs().max() for p in learn.model.critic.parameters()) > 0.02


def test_made_pictures_are_saved_under_the_names_of_their_items(pictures):
    gen, _ = picture_learners(pictures)
    saved = save_generated(gen, gen.data.fix_dl, pictures / "made")
    assert sorted(f.name for f in saved) == sorted(f.name for f in gen.data.train_ds.items)
    assert all(f.is_file() and f.parent == pictures / "made" for f in saved)
    import PIL.Image

    xb, _ = next(iter(gen.data.fix_dl))
    with torch.no_grad():
        expected = (gen.model.eval()(xb)[0] * 0.5 + 0.5).clamp(0, 1)
    first = torch.tensor(np.array(PIL.Image.open(saved[0]))).permute(2, 0, 1) / 255
    assert (first - expected).abs().max() < 0.01


def test_names_that_are_too_few_or_the_same_are_refused(pictures):
    gen, _ = picture_learners(pictures)
    with pytest.raises(DataError, match="there are more pictures than names"):
        save_generated(gen, gen.data.fix_dl, pictures / "made", names=["a.png"])
    with pytest.raises(DataError, match="each picture must have a name of its own"):
        save_generated(gen, gen.data.fix_dl, pictures / "made", names=["a.png"] * 6)


@pytest.mark.parametrize("gp", [None, 10.0])
def test_in_half_precision_every_pass_of_both_sides_is_in_half(make_gan, gp):
    learn, seen = make_gan(gp=gp), {"generator": [], "critic": []}
    learn.loss_func.register_forward_hook(lambda module, args, loss: seen.setdefault("loss", []).append(loss.dtype))
    for name, found in seen.items():
        side = getattr(learn.model, name)
        side.register_forward_hook(lambda module, args, made, found=found: found.append(made.dtype))
    learn.to_bf16().fit(1, 1e-3)
    assert set(seen["generator"]) == set(seen["critic"]) == {torch.bfloat16}
    assert len(seen["generator"]) == 6 and len(seen["critic"]) == 5 * (2 if gp is None else 3) + 1
    assert set(seen["loss"]) == {torch.float32}
    assert {p.dtype for p in learn.model.parameters()} == {torch.float32}
    learn.to_fp32().fit(1, 1e-3)
    assert seen["generator"][-1] == seen["critic"][-1] == torch.float32
