"""The two lessons on GANs, cell by cell, and their examples, small; a GAN that is interrupted goes on."""

import importlib.util
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from onecycle.data.loaders import DatasetType
from onecycle.training.callback import Callback

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch, one_thread):
    """Examples import one another by name, and set the colours of grey pictures."""
    from onecycle.utils.defaults import defaults

    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setattr(defaults, "cmap", defaults.cmap)
    monkeypatch.delenv("ONECYCLE_DATA", raising=False)
    torch.manual_seed(0)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and Path(sys.modules[name].__file__).parent == EXAMPLES:
            del sys.modules[name]


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_cells(cells, namespace):
    for number, cell in enumerate(cells):
        exec(compile(cell, f"cell {number}", "exec"), namespace)
    return namespace


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    """Eight drawings each of two kinds, in a folder named images."""
    path = tmp_path_factory.mktemp("pets")
    example("example_data").drawn_pets(path / "images", count=8, size=48, breeds=2)
    return path


# Lesson 7 of the 2019 course, cell by cell; smaller, without a GPU and without ImageNet weights.
PRETRAINED = [
    "from onecycle.vision import *\nfrom onecycle.callbacks import *\nfrom onecycle.vision.gan import *",
    "path_hr = path/'images'\npath_lr = path/'crappy'",
    "from crappify import *",
    "il = ImageList.from_folder(path_hr)\nparallel(crappifier(path_lr, path_hr), il.items, max_workers=1)",
    "bs,size=4, 32\narch = models.resnet18",
    "src = ImageImageList.from_folder(path_lr).random_split_by_pct(0.2, seed=42)",
    """def get_data(bs,size):
    data = (src.label_from_func(lambda x: path_hr/x.name)
           .transform(get_transforms(max_zoom=2.), size=size, tfm_y=True)
           .databunch(bs=bs).normalize(imagenet_stats, do_y=True))

    data.c = 3
    return data""",
    "data_gen = get_data(bs,size)\ndata_gen.show_batch(2)",
    "wd = 1e-3\ny_range = (-3.,3.)\nloss_gen = MSELossFlat()",
    """def create_gen_learner():
    return unet_learner(data_gen, arch, wd=wd, blur=True, norm_type=NormType.Weight, pretrained=False, cut=5,
                         self_attention=True, y_range=y_range, loss_func=loss_gen)""",
    "learn_gen = create_gen_learner()\nlearn_gen.fit_one_cycle(1, pct_start=0.8)",
    "learn_gen.unfreeze()\nlearn_gen.fit_one_cycle(1, slice(1e-6,1e-3))",
    "learn_gen.show_results(rows=2)\nlearn_gen.save('gen-pre2')",
    "learn_gen.load('gen-pre2');",
    "name_gen = 'image_gen'\npath_gen = path/name_gen\npath_gen.mkdir(exist_ok=True)",
    """def save_preds(dl):
    i=0
    names = dl.dataset.items

    for b in dl:
        preds = learn_gen.pred_batch(batch=b, reconstruct=True)
        for o in preds:
            o.save(path_gen/names[i].name)
            i += 1""",
    "save_preds(data_gen.fix_dl)",
    "PIL.Image.open(path_gen.ls()[0]).close()",
    "learn_gen=None\ngc.collect()",
    """def get_crit_data(classes, bs, size):
    src = ImageList.from_folder(path, include=classes).random_split_by_pct(0.1, seed=42)
    ll = src.label_from_folder(classes=classes)
    data = (ll.transform(get_transforms(max_zoom=2.), size=size)
           .databunch(bs=bs).normalize(imagenet_stats))
    data.c = 3
    return data""",
    "data_crit = get_crit_data([name_gen, 'images'], bs=bs, size=size)",
    "data_crit.show_batch(rows=2, ds_type=DatasetType.Train, imgsize=3)",
    "loss_critic = AdaptiveLoss(nn.BCEWithLogitsLoss())",
    """def create_critic_learner(data, metrics):
    return Learner(data, gan_critic(nf=8), metrics=metrics, loss_func=loss_critic, wd=wd)""",
    "learn_critic = create_critic_learner(data_crit, accuracy_thresh_expand)",
    "learn_critic.fit_one_cycle(2, 1e-3)\nlearn_critic.save('critic-pre2')",
    "learn_crit=None\nlearn_gen=None\ngc.collect()",
    "data_crit = get_crit_data(['crappy', 'images'], bs=bs, size=size)",
    """learn_crit = create_critic_learner(data_crit, metrics=None).load('critic-pre2')
learn_gen = create_gen_learner().load('gen-pre2')""",
    """switcher = partial(AdaptiveGANSwitcher, critic_thresh=0.72)
learn = GANLearner.from_learners(learn_gen, learn_crit, weights_gen=(1.,50.), show_img=False, switcher=switcher,
                                 opt_func=partial(optim.Adam, betas=(0.,0.99)), wd=wd)
learn.callback_fns.append(partial(GANDiscriminativeLR, mult_lr=5.))""",
    "lr = 1e-4\nlearn.fit(2,lr)\nlearn.save('gan-1c')",
    "learn.data=get_data(2,48)\nlearn.fit(1,lr/2)\nlearn.show_results(rows=2)\nlearn.save('gan-1c')",
]


def test_the_cells_of_the_pretrained_gan(pets, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="critic-pre2.pth was made with other numbers for its classes"):
        found = run_cells(PRETRAINED, {"path": pets})
    learn, data = found["learn"], found["data_gen"]
    assert sorted(file.name for file in found["path_gen"].ls()) == sorted(f.name for f in data.train_ds.items)
    assert learn.recorder.names[-3:-1] == ["gen_loss", "disc_loss"]
    assert np.isfinite(np.array(learn.recorder.metrics[-1], dtype=float)).all()  # both sides had a turn
    assert [p.shape for p in learn.pred_batch(reconstruct=True)] == [(3, 48, 48)] * 2
    assert found["data_crit"].classes == ["crappy", "images"]


WGAN = [
    "from onecycle.vision import *\nfrom onecycle.vision.gan import *",
    """def get_data(bs, size):
    return (GANItemList.from_folder(path, noise_sz=100)
               .no_split()
               .label_from_func(noop)
               .transform(tfms=[[crop_pad(size=size, row_pct=(0,1), col_pct=(0,1))], []], size=size, tfm_y=True)
               .databunch(bs=bs)
               .normalize(stats = [torch.tensor([0.5,0.5,0.5]), torch.tensor([0.5,0.5,0.5])],
                          do_x=False, do_y=True))""",
    "data = get_data(4, 16)\ndata.show_batch(rows=2)",
    "generator = basic_generator(in_size=16, n_channels=3, n_features=8, n_extra_layers=1)",
    "critic    = basic_critic   (in_size=16, n_channels=3, n_features=8, n_extra_layers=1)",
    """learn = GANLearner.wgan(data, generator, critic, switch_eval=False,
                        opt_func = partial(optim.Adam, betas = (0.,0.99)), wd=0.)""",
    "learn.fit(2,2e-4)",
    "learn.gan_trainer.switch(gen_mode=True)",
    "learn.show_results(ds_type=DatasetType.Train, rows=2, figsize=(8,8))",
]


def test_the_cells_of_the_wasserstein_gan(pets, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    learn = run_cells(WGAN, {"path": pets / "images"})["learn"]
    assert len(learn.recorder.losses) == 8 and learn.gan_trainer.titles[-1] == "Epoch 1"
    assert max(float(p.detach().abs().max()) for p in learn.model.critic.parameters()) <= 0.01


def test_the_example_of_the_pretrained_gan(tmp_path, capsys):
    small = {"out": tmp_path / "out", "size": 24, "gan_epochs": 1, "gen_epochs": 4}
    words = ["--fast", "--from-scratch", *(word for name, value in small.items() for word in (f"--{name}", str(value)))]
    example("example_data").drawn_pets(tmp_path / "images", count=12, size=48, breeds=3)
    with pytest.warns(UserWarning, match="critic-pre2.pth was made with other numbers for its classes"):
        found = example("pretrained_gan").main([*words, "--data", str(tmp_path)])
    assert list(found["table"]) == ["crappy", "generator", "GAN"]
    (_, crappy), (_, alone), (_, gan) = found["table"].values()
    assert min(alone, gan) > crappy  # SSIM
    assert "GAN" in capsys.readouterr().out
    drawn = {"generator.png", "critic_batch.png", "gan_made.png", "gan_judged.png", "pretrained_gan.png"}
    assert drawn <= {file.name for file in (tmp_path / "out").glob("*.png")}
    assert (tmp_path / "out/generator.safetensors").is_file()


@pytest.mark.parametrize("gp", [0, 10])
def test_the_example_of_the_wasserstein_gan(tmp_path, gp):
    for number in range(24):
        pixels = np.random.default_rng(number).integers(0, 255, (16, 16), dtype=np.uint8)
        PILImage.fromarray(pixels).save(tmp_path / f"{number}.png")
    words = ["--fast", "--data", str(tmp_path), "--bs", "4", "--gp", str(gp), "--out", str(tmp_path / "out")]
    found = example("wgan").main(words)
    assert found["picture"].shape == (1, 16, 16)
    assert {file.name for file in (tmp_path / "out").glob("*.png")} == {
        "wgan_real.png", "wgan_made.png", "wgan_epochs.png", "wgan_one.png",
    }  # fmt: skip


class Interrupted(Callback):
    """Press Ctrl-C at a step."""

    def __init__(self, step):
        self.step = step

    def on_batch_end(self, iteration, **kwargs):
        if iteration == self.step:
            os.kill(os.getpid(), signal.SIGINT)

    def run_state(self):
        return {}

    def load_run_state(self, state):
        pass


def wasserstein(path):
    """A small Wasserstein GAN of drawings."""
    from functools import partial

    from onecycle.utils.functions import noop
    from onecycle.vision.gan.items import GANItemList
    from onecycle.vision.gan.learner import GANLearner
    from onecycle.vision.gan.networks import basic_critic, basic_generator

    items = GANItemList.from_folder(path / "images", noise_sz=6).split_none().label_from_func(noop)
    data = items.transform([], size=16, tfm_y=True).databunch(bs=4, device="cpu", num_workers=0, path=path)
    data = data.normalize(([0.5] * 3, [0.5] * 3), do_x=False, do_y=True)
    torch.manual_seed(1)
    sides = basic_generator(16, 3, 6, n_features=4), basic_critic(16, 3, n_features=4)
    return GANLearner.wgan(data, *sides, silent=True, wd=0.0, opt_func=partial(torch.optim.Adam, betas=(0.0, 0.99)))


def test_a_gan_interrupted_in_the_middle_of_an_epoch_is_usable_and_can_be_taken_up(pets, tmp_path):
    torch.manual_seed(3)
    whole = wasserstein(pets)
    torch.manual_seed(3)
    whole.fit(3, 1e-3)

    cut = wasserstein(pets)
    torch.manual_seed(3)
    with pytest.raises(KeyboardInterrupt):
        cut.fit(3, 1e-3, callbacks=[Interrupted(8)], checkpoint=tmp_path / "run", every=1)
    assert cut.gan_trainer.gen_mode and all(p.requires_grad for p in cut.model.parameters())
    assert [p.shape for p in cut.pred_batch(DatasetType.Train, reconstruct=True)] == [(3, 16, 16)] * 4
    cut.save("cut")
    cut.fit(1, 1e-3)  # and goes on

    again = wasserstein(pets)
    again.resume(tmp_path / "run", callbacks=[Interrupted(0)])
    for name, value in whole.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], value), name
