"""Turns: who learns when, what is frozen, what is told and what is kept."""

import math
import warnings
from functools import partial

import pytest
import torch
from torch import nn

from onecycle.callbacks.csv_logger import CSVLogger
from onecycle.callbacks.save_model import SaveModelCallback
from onecycle.errors import ArgumentError, TrainingError
from onecycle.nn.losses import NoopLoss, WassersteinLoss
from onecycle.training.callback import Callback
from onecycle.vision.gan.discriminative import GANDiscriminativeLR
from onecycle.vision.gan.learner import GANLearner
from onecycle.vision.gan.switchers import AdaptiveGANSwitcher, FixedGANSwitcher


def copies(module):
    return [p.detach().clone() for p in module.parameters()]


def moved(module, before):
    return any(not torch.equal(p, b) for p, b in zip(module.parameters(), before))


class Watch(Callback):
    """Note after each step whose turn it was, who moved and who had a gradient to take."""

    _order = -30

    def __init__(self, learn):
        self.model, self.seen = learn.model, []

    def on_batch_begin(self, **kwargs):
        self.before = copies(self.model.generator), copies(self.model.critic)
        self.turn = self.model.gen_mode
        self.free = [next(side.parameters()).requires_grad for side in (self.model.generator, self.model.critic)]

    def on_batch_end(self, **kwargs):
        who = moved(self.model.generator, self.before[0]), moved(self.model.critic, self.before[1])
        self.seen.append((self.turn, self.free, who))


def test_only_the_side_on_turn_learns_and_the_other_is_frozen(make_gan):
    learn = make_gan(12)
    watch = Watch(learn)
    learn.fit(1, 1e-3, callbacks=[watch])
    assert [turn for turn, _, _ in watch.seen] == ([False] * 5 + [True]) * 2
    for turn, free, who in watch.seen:
        assert free == [turn, not turn] and who == (turn, not turn)


def test_after_training_both_are_free_and_the_generator_is_on_turn(make_gan):
    learn = make_gan()
    learn.fit(1, 1e-3)
    assert all(p.requires_grad for p in learn.model.parameters()) and learn.gan_trainer.gen_mode
    assert learn.pred_batch(batch=learn.data.train_dl.dl[0]).shape == (64, 2)


def test_a_part_frozen_by_hand_stays_frozen(make_gan):
    learn = make_gan()
    first = learn.model.generator[0].weight.requires_grad_(False)
    before = first.clone()
    learn.fit(1, 1e-2)
    assert torch.equal(first, before) and not first.requires_grad


@pytest.mark.parametrize("side", ["generator", "critic"])
def test_a_side_frozen_whole_is_refused(make_gan, side):
    learn = make_gan()
    for p in getattr(learn.model, side).parameters():
        p.requires_grad_(False)
    with pytest.raises(TrainingError, match=f"the {side} has no weight that may learn"):
        learn.fit(1, 1e-3)


def test_the_steps_are_those_of_a_loop_by_hand(make_gan):
    learn, other = make_gan(12), make_gan(12)
    learn.fit(1, 1e-3)
    generator, critic = other.model.generator, other.model.critic
    opt_g = torch.optim.Adam(generator.parameters(), 1e-3, (0.0, 0.9), fused=True)
    opt_c = torch.optim.Adam(critic.parameters(), 1e-3, (0.0, 0.9), fused=True)
    with torch.no_grad():
        [p.clamp_(-0.01, 0.01) for p in critic.parameters()]
    for step, (noise, real) in enumerate(other.data.train_dl.dl):
        if step % 6 == 5:
            loss, opt = critic(generator(noise)).mean(), opt_g
        else:
            with torch.no_grad():
                fake = generator(noise)
            loss, opt = critic(real).mean() - critic(fake).mean(), opt_c
        opt_g.zero_grad()
        opt_c.zero_grad()
        loss.backward()
        opt.step()
        with torch.no_grad():
            [p.clamp_(-0.01, 0.01) for p in critic.parameters()]
    assert not moved(learn.model, copies(other.model))


def test_clip_bounds_the_critic_only(make_gan):
    learn = make_gan(clip=0.02)
    learn.fit(1, 1e-2)
    assert max(p.abs().max() for p in learn.model.critic.parameters()) <= 0.02
    assert max(p.abs().max() for p in learn.model.generator.parameters()) > 0.02


@pytest.mark.parametrize("clip", [0, -1.0, "small"])
def test_a_clip_that_is_none_is_refused(make_gan, clip):
    with pytest.raises(ArgumentError, match="clip must be above 0"):
        make_gan(clip=clip)


def test_a_beta_out_of_range_is_refused(make_gan):
    from onecycle.vision.gan.trainer import GANTrainer

    with pytest.raises(ArgumentError, match="beta must be from 0 to below 1"):
        GANTrainer(make_gan(), beta=1.0)


def test_the_side_that_waits_can_be_put_into_evaluation_mode(make_gan):
    class Modes(Callback):
        def __init__(self):
            self.seen = set()

        def on_backward_begin(self, **kwargs):
            model = learn.model
            self.seen.add((model.gen_mode, model.generator.training, model.critic.training))

    for switch_eval, expected in ((True, {(True, True, False), (False, False, True)}),
                                  (False, {(True, True, True), (False, True, True)})):
        learn, modes = make_gan(12, switch_eval=switch_eval), Modes()
        learn.fit(1, 1e-3, callbacks=[modes])
        assert modes.seen == expected


def test_both_losses_stand_in_the_table_the_record_and_the_log(make_gan, tmp_path):
    learn = make_gan(12, callback_fns=[CSVLogger])
    learn.fit(2, 1e-3)
    names = learn.recorder.names
    assert names[3:5] == ["gen_loss", "disc_loss"]
    assert len(learn.recorder.metrics) == 2 and all(math.isfinite(v) for row in learn.recorder.metrics for v in row)
    assert learn.recorder.metrics[-1] == [float(learn.gan_trainer.gen_loss), float(learn.gan_trainer.disc_loss)]
    log = learn.csv_logger.read_logged_file()
    assert log["gen_loss"].notna().all() and log["disc_loss"].notna().all()
    learn.recorder.plot_losses()
    figure = learn.recorder.plot_metrics(return_fig=True)
    assert [ax.get_ylabel() for ax in figure.axes] == ["gen_loss", "disc_loss"]


def test_the_best_model_can_be_kept_by_the_losses_of_a_side(make_gan):
    learn = make_gan(12)
    learn.fit(1, 1e-3, callbacks=[SaveModelCallback(learn, monitor="disc_loss", name="best")])
    assert (learn.path / "models/best.pth").is_file()


def test_metrics_are_about_what_the_generator_makes(make_gan):
    seen = []

    def distance(made, real):
        seen.append((made.shape, made.requires_grad))
        return (made - real).abs().mean()

    learn = make_gan(7, valid=2, metrics=[distance])
    learn.fit(2, 1e-3)
    assert seen == [((64, 2), False)] * 4
    assert len(learn.recorder.val_losses) == 2 and learn.recorder.names[3] == "distance"


def test_without_metrics_nothing_is_validated(make_gan):
    learn = make_gan(valid=2)
    learn.fit(1, 1e-3)
    assert learn.recorder.val_losses == []


def test_switch_chooses_what_is_looked_at_and_training_goes_on_at_its_turn(make_gan):
    learn = make_gan(8, valid=2)
    learn.fit(1, 1e-3)  # five steps of the critic, one of the generator, two of the critic
    trainer = learn.gan_trainer
    trainer.switch(gen_mode=False)
    preds, _ = learn.get_preds()
    assert preds.shape == (128, 1) and math.isfinite(learn.validate()[0]) and not trainer.gen_mode
    trainer.switch()
    assert learn.get_preds()[0].shape == (128, 2) and math.isfinite(learn.validate()[0])
    watch = Watch(learn)
    learn.fit(1, 1e-3, callbacks=[watch])
    assert [turn for turn, _, _ in watch.seen[:5]] == [False, False, False, True, False]


def test_gen_first(make_gan):
    learn = make_gan(gen_first=True)
    watch = Watch(learn)
    learn.fit(1, 1e-3, callbacks=[watch])
    assert [turn for turn, _, _ in watch.seen] == [True] + [False] * 5


class BreaksOff(Callback):
    _order = 60
    not_in_run = ("at",)

    def __init__(self, at):
        self.at = at

    def on_batch_end(self, iteration, **kwargs):
        if iteration == self.at:
            raise KeyboardInterrupt


def test_ctrl_c_leaves_a_learner_that_can_go_on(make_gan):
    learn = make_gan(callback_fns=[GANDiscriminativeLR])
    with pytest.raises(KeyboardInterrupt):
        learn.fit(1, 1e-3, callbacks=[BreaksOff(2)])
    assert all(p.requires_grad for p in learn.model.parameters()) and learn.gan_trainer.gen_mode
    assert learn.opt.lr == pytest.approx(1e-3)
    learn.fit(1, 1e-3)


@pytest.mark.parametrize(("side", "said"), [("generator", "the generator's loss must be a number; it is nan"),
                                            ("critic", "the critic's loss must be a number; it is nan")])
def test_a_loss_that_is_no_number_names_its_side(make_gan, heaps, side, said):
    def spoilt(loss):
        return lambda *args: loss(*args) * (math.nan if learn.model.gen_mode == (side == "generator") else 1)

    sides = make_gan().model
    losses = spoilt(NoopLoss()), spoilt(WassersteinLoss())
    learn = GANLearner(heaps(8), sides.generator, sides.critic, *losses, silent=True)
    with pytest.raises(TrainingError, match=said):
        learn.fit(1, 1e-3)
    assert all(torch.isfinite(p).all() for p in learn.model.parameters())


def test_a_turn_without_end_is_told(make_gan):
    learn = make_gan(110, switcher=partial(AdaptiveGANSwitcher, critic_thresh=-1e6))
    said = "the critic has been on turn for 110 steps.* while the generator learns nothing"
    with pytest.warns(UserWarning, match=said):
        learn.fit(1, 1e-3)


def test_a_short_epoch_is_no_turn_without_end(make_gan):
    learn = make_gan(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learn.fit(2, 1e-3)


def test_a_run_goes_on_from_saved_state(make_gan):
    whole, first = make_gan(8), make_gan(8)
    whole.fit(1, 1e-3)
    first.fit(1, 1e-3)
    first.save("half")
    second = make_gan(8, seed=1).load("half")
    assert second.gan_trainer.state_dict()["turn_steps"] == whole.gan_trainer.turn_steps == 2
    assert torch.equal(second.gan_trainer.disc_loss, whole.gan_trainer.disc_loss)
    torch.manual_seed(3)
    whole.fit(1, 1e-3)
    torch.manual_seed(3)
    second.fit(1, 1e-3)
    assert not moved(second.model, copies(whole.model))
    assert second.recorder.metrics == whole.recorder.metrics


def test_state_is_loaded_in_the_middle_of_training_too(make_gan):
    learn, other = make_gan(12), make_gan(12)

    class Jumps(Callback):
        def on_epoch_begin(self, **kwargs):
            learn.gan_trainer.load_run_state({**other.gan_trainer.run_state(), "gen_mode": True})

    watch = Watch(learn)
    learn.fit(1, 1e-3, callbacks=[Jumps(), watch])
    assert [turn for turn, _, _ in watch.seen[:2]] == [True, False] and watch.seen[0][1] == [True, False]


def test_lr_find_leaves_no_trace(make_gan):
    learn = make_gan(12)
    before, state = copies(learn.model), learn.gan_trainer.state_dict()
    learn.lr_find(num_it=10)
    assert not moved(learn.model, before) and learn.gan_trainer.state_dict() == state
    assert learn.gan_trainer.gen_mode and all(p.requires_grad for p in learn.model.parameters())


def test_the_critics_rate_is_multiplied_in_its_steps_only(make_gan):
    rates = []

    class Rates(Callback):
        _order = 20

        def on_backward_end(self, **kwargs):
            rates.append((learn.model.gen_mode, learn.opt.lr))

    learn = make_gan(12, callback_fns=[partial(GANDiscriminativeLR, mult_lr=5.0)])
    learn.fit(1, 1e-3, callbacks=[Rates()])
    assert all(rate == pytest.approx(1e-3 if turn else 5e-3) for turn, rate in rates) and learn.opt.lr == 1e-3
    assert learn.recorder.lrs == [1e-3] * 12


def test_a_factor_of_zero_is_refused(make_gan):
    with pytest.raises(ArgumentError, match="mult_lr must be above 0"):
        GANDiscriminativeLR(make_gan(), mult_lr=0)


def test_one_cycle_and_a_rate_for_each_side(make_gan):
    learn = make_gan(12)
    learn.fit_one_cycle(1, slice(1e-4, 1e-3))
    assert learn.opt.read_val("lr")[1] == pytest.approx(10 * learn.opt.read_val("lr")[0])


def test_pictures_are_kept_and_points_are_not(make_gan):
    learn = make_gan(12)
    learn.fit(1, 1e-3)
    assert learn.gan_trainer.imgs == [] and learn.gan_trainer.last_gen.shape == (64, 2)


def test_one_sided_switchers_are_made_of_the_learner(make_gan):
    learn = make_gan(8, switcher=partial(FixedGANSwitcher, n_crit=lambda steps: 3, n_gen=2))
    watch = Watch(learn)
    learn.fit(1, 1e-3, callbacks=[watch])
    assert [turn for turn, _, _ in watch.seen] == [False] * 3 + [True] * 2 + [False] * 3


def test_layers_with_statistics_of_the_waiting_side_rest_with_switch_eval(make_gan):
    generator = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    learn = make_gan(5, generator=generator, switch_eval=True)
    learn.fit(1, 1e-3)  # five steps of the critic
    assert int(generator[1].num_batches_tracked) == 0


@pytest.mark.parametrize("at", [3, 5, 8, 12])
def test_a_run_killed_in_any_turn_is_taken_up_bit_for_bit(make_gan, tmp_path, at):
    def run(learn, callbacks, **how):
        torch.manual_seed(2)
        learn.fit(2, 1e-3, callbacks=callbacks, **how)
        return learn

    def gan(**how):
        return make_gan(8, gp=0.5, callback_fns=[GANDiscriminativeLR], **how)

    whole = run(gan(), [BreaksOff(99)])
    with pytest.raises(KeyboardInterrupt):
        run(gan(), [BreaksOff(at)], checkpoint=tmp_path / "run", every=1)
    again = gan(seed=7)
    with pytest.warns(UserWarning, match="began with other weights"):
        again.resume(tmp_path / "run", callbacks=[BreaksOff(99)])
    assert not moved(again.model, copies(whole.model)) and again.recorder.losses == whole.recorder.losses
    assert again.recorder.metrics == whole.recorder.metrics
    assert again.gan_trainer.turn_steps == whole.gan_trainer.turn_steps
