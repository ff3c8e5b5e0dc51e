"""A CycleGAN at toy size: shapes, losses, training, data without pairs."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn, optim

from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, CallbackError, DataError, StepError, TrainingError
from onecycle.learner import Learner
from onecycle.training.callback import Callback
from onecycle.vision.cyclegan.model import CycleGAN, CycleGanLoss
from onecycle.vision.cyclegan.networks import ResnetBlock, critic, resnet_generator
from onecycle.vision.cyclegan.pairs import ImagePair, ImagePairList
from onecycle.vision.cyclegan.trainer import CycleGANTrainer


def a_model(**how):
    torch.manual_seed(0)
    return CycleGAN(3, 3, **{"n_features": 4, "disc_layers": 1, "gen_blocks": 1, **how})


@pytest.fixture
def two_kinds(tmp_path):
    import PIL.Image

    draw = np.random.RandomState(0)
    for kind, (low, high), count in (("dark", (0, 90), 8), ("bright", (160, 255), 5)):
        (tmp_path / kind).mkdir()
        for i in range(count):
            PIL.Image.fromarray(draw.randint(low, high, (18, 16, 3), np.uint8)).save(tmp_path / kind / f"{i}.png")
    return tmp_path


def bunch(path):
    items = ImagePairList.from_folders(path, "dark", "bright").split_none().label_const()
    data = items.transform([], size=16).databunch(bs=4, device="cpu", num_workers=0)
    return data.normalize(([0.5] * 3, [0.5] * 3), do_y=True)


def a_learner(path, **how):
    model = a_model(**how)
    loss = CycleGanLoss(model, lsgan=how.get("lsgan", True))
    return Learner(bunch(path), model, loss_func=loss, callback_fns=[CycleGANTrainer], silent=True,
                   opt_func=partial(optim.Adam, betas=(0.5, 0.99)))


def test_shapes():
    x = torch.randn(2, 3, 16, 20)
    model = a_model()
    assert [part.shape for part in model(x, x)] == [x.shape] * 4
    assert [part.shape for part in model.eval()(x, x)] == [x.shape] * 2
    assert model.D_A(x).shape[:2] == (2, 1)


@pytest.mark.parametrize("pad_mode", ["reflection", "border", "zeros"])
def test_a_block_keeps_the_shape(pad_mode):
    x = torch.randn(2, 4, 6, 6)
    assert ResnetBlock(4, pad_mode, nn.BatchNorm2d, dropout=0.5)(x).shape == x.shape


def test_an_unknown_padding_is_refused():
    with pytest.raises(ArgumentError, match="pad_mode must be one of reflection, border, zeros.*reflection"):
        resnet_generator(3, 3, 4, pad_mode="reflect")


def test_a_critic_may_give_probabilities():
    values = critic(3, 4, 2, sigmoid=True)(torch.randn(2, 3, 32, 32))
    assert values.min() >= 0 and values.max() <= 1


@pytest.mark.parametrize("lsgan", [True, False])
def test_the_loss_is_the_sum_of_its_three_parts(lsgan):
    model = a_model(lsgan=lsgan, norm_layer=nn.BatchNorm2d)
    A, B = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    loss = CycleGanLoss(model, lambda_A=2.0, lambda_B=3.0, lambda_idt=0.5, lsgan=lsgan)
    loss.set_input([A, B])
    fake_A, fake_B, same_A, same_B = model(A, B)
    total = loss([fake_A, fake_B, same_A, same_B], None)
    real = F.mse_loss if lsgan else F.binary_cross_entropy
    staying = 0.5 * (2 * F.l1_loss(same_A, A) + 3 * F.l1_loss(same_B, B))
    passing = sum(real(said, torch.ones_like(said)) for said in (model.D_A(fake_A), model.D_B(fake_B)))
    back = 2 * F.l1_loss(model.G_A(fake_B), A) + 3 * F.l1_loss(model.G_B(fake_A), B)
    for mine, expected in zip(loss.metrics, (staying, passing, back)):
        assert mine.item() == pytest.approx(expected.item(), rel=1e-5)
    assert total.item() == pytest.approx((staying + passing + back).item(), rel=1e-5)
    assert list(loss.parameters()) == []


def test_a_loss_without_pictures_says_how_it_gets_them():
    with pytest.raises(StepError, match="has no pictures yet"):
        CycleGanLoss(a_model())([torch.zeros(1), torch.zeros(1)], None)


def test_a_weight_below_zero_is_refused():
    with pytest.raises(ArgumentError, match="lambda_B must be at least 0"):
        CycleGanLoss(a_model(), lambda_B=-1)


def test_generators_and_critics_learn_and_all_losses_are_written(two_kinds):
    learn = a_learner(two_kinds)
    before = {name: p.detach().clone() for name, p in learn.model.named_parameters()}
    learn.fit(2, 1e-3)
    moved = {name for name, p in learn.model.named_parameters() if not torch.equal(p, before[name])}
    assert {name.partition(".")[0] for name in moved} == {"G_A", "G_B", "D_A", "D_B"}
    assert learn.recorder.names[3:8] == ["idt_loss", "gen_loss", "cyc_loss", "D_A_loss", "D_B_loss"]
    assert np.isfinite(learn.recorder.metrics).all() and all(p.requires_grad for p in learn.model.parameters())


def test_the_critics_rest_in_the_generators_step(two_kinds):
    learn, seen = a_learner(two_kinds), []

    class Watch(Callback):
        def on_backward_end(self, **kwargs):
            seen.append([p.grad is not None for p in learn.model.parameters()])
            seen.append([name[0] == "G" for name, _ in learn.model.named_parameters()])

    learn.fit(1, 1e-3, callbacks=[Watch()])
    assert seen[0] == seen[1]


def test_it_learns_to_make_the_dark_bright(two_kinds):
    learn = a_learner(two_kinds)
    xb, _ = learn.data.one_batch(denorm=False)

    def brightness():
        with torch.no_grad():
            fake_A, fake_B = learn.model.eval()(*xb)
        return fake_B.mean().item() - fake_A.mean().item()

    before = brightness()
    learn.fit(20, 5e-3)
    assert brightness() > before + 0.3


def test_a_critic_that_is_no_number_is_named(two_kinds):
    learn = a_learner(two_kinds)

    class Spoils(Callback):
        def on_batch_end(self, **kwargs):
            learn.cycle_gan_trainer._followed["D_B_loss"].add_value(torch.tensor(float("nan")))

    assert learn.callback_fns
    with pytest.raises(TrainingError, match="D_B_loss must be a number; it is nan at the end of epoch 0"):
        learn.fit(1, 1e-3, callbacks=[Spoils()])


def test_another_model_is_refused(make_learner):
    learn = make_learner(callback_fns=[CycleGANTrainer])
    with pytest.raises(CallbackError, match="needs a learner of a CycleGAN with its loss"):
        learn.fit(1)


def test_its_state_can_be_taken_over(two_kinds):
    learn = a_learner(two_kinds)
    learn.fit(1, 1e-3)
    old = getattr(learn, CycleGANTrainer(a_learner(two_kinds)).cb_name)
    fresh = CycleGANTrainer(learn)
    fresh.load_run_state(old.run_state())
    assert fresh._followed["cyc_loss"].smooth == old._followed["cyc_loss"].smooth


def test_pairs_are_drawn_at_their_address(two_kinds):
    data = bunch(two_kinds)
    data.train_dl.set_epoch(3, 0)
    first = [x[1].clone() for x, _ in data.train_dl]
    data.train_dl.set_epoch(3, 0)
    assert all(torch.equal(a, x[1]) for a, (x, _) in zip(first, data.train_dl, strict=True))
    assert first[0].shape == (4, 3, 16, 16) and first[0].mean() > 0


def test_pairs_show_themselves_and_what_was_made(two_kinds):
    from onecycle.data.bunch import DatasetType

    learn = a_learner(two_kinds)
    learn.data.show_batch(rows=2)
    assert len(plt.gcf().axes) == 4 and str(learn.data.train_ds[0][0]).startswith("Image")
    learn.show_results(DatasetType.Train, rows=2)
    assert [ax.get_title() for ax in plt.gcf().axes[:4]] == ["A", "A as B", "B", "B as A"]
    plt.close("all")


def test_the_data_go_into_files(two_kinds):
    again = DataBunch.from_state(bunch(two_kinds).export_state(), two_kinds, "cpu")
    item = bunch(two_kinds).train_ds.x[0]
    assert isinstance(item, ImagePair) and again.single_batch(item)[0][0].shape == (1, 3, 16, 16)


def test_no_picture_of_the_other_kind_is_told(two_kinds):
    with pytest.raises(DataError, match="there is no picture of kind B"):
        ImagePairList(list((two_kinds / "dark").glob("*.png")))[0]


def test_a_folder_without_pictures_is_told(two_kinds):
    with pytest.raises(DataError, match="zebras"):
        ImagePairList.from_folders(two_kinds, "dark", "zebras")
