"""Training of recurrent networks: what is forgotten when, and what is added to the loss."""

import pytest
import torch
from torch import nn

from onecycle.callbacks.rnn import RNNTrainer, rnn_reset
from onecycle.errors import ArgumentError


class Recurrent(nn.Module):
    """A network with the manners of a language model; counts how often it forgets."""

    def __init__(self):
        super().__init__()
        self.inner, self.out, self.resets = nn.Linear(6, 4), nn.Linear(4, 3), 0

    def reset(self):
        self.resets += 1

    def forward(self, x):
        raw = self.inner(x).unsqueeze(1).repeat(1, 3, 1) * torch.arange(1.0, 4)[:, None]  # (N, 3, 4)
        return self.out(raw[:, -1]), [raw], [2 * raw]


def test_it_forgets_before_training_and_before_validation(make_learner):
    model = Recurrent()
    make_learner(model).fit(2, callbacks=[RNNTrainer(learn := make_learner(model))])
    assert learn.rnn_trainer is not None and model.resets == 4


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (2.0, 0.0), (0.0, 3.0), (2.0, 3.0)])
def test_penalties_are_added_on_the_way_back_only(make_learner, watch, alpha, beta):
    model, seen = Recurrent(), []
    learn = make_learner(model)
    penalised = lambda last_loss, last_input, **kw: seen.append((last_input, last_loss.item()))
    before = [RNNTrainer(learn, alpha, beta), watch(on_backward_begin=penalised)]
    learn.fit(1, lr=0.0, wd=0.0, callbacks=before)
    shown = learn.recorder.losses[0]
    _, [raw], [dropped] = model(seen[0][0])
    change = sum(((raw[:, t + 1] - raw[:, t]) ** 2).sum() for t in range(2)) / raw[:, 1:].numel()
    wanted = float(shown) + alpha * (dropped**2).mean().item() + beta * change.item()
    assert seen[0][1] == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 0.0), (0.0, 3.0)])
def test_padding_counts_for_nothing(make_learner, alpha, beta):
    trainer = RNNTrainer(make_learner(), alpha, beta)
    texts = [torch.randn(length, 4) for length in (3, 1, 5)]
    padded = nn.utils.rnn.pad_sequence(texts, batch_first=True)
    change = torch.cat([text.diff(dim=0) for text in texts])
    wanted = alpha * 4 * torch.cat(texts).pow(2).mean() + beta * change.pow(2).mean()
    for more in (0, 7):
        raw = nn.functional.pad(padded, (0, 0, 0, more)).requires_grad_()
        trainer.on_loss_begin((None, [raw], [2 * raw]))
        loss = trainer.on_backward_begin(torch.zeros(()), None)["last_loss"]
        torch.testing.assert_close(loss, wanted)
        loss.backward()
        assert not raw.grad[padded.shape[1] :].any() and torch.isfinite(raw.grad).all()


def test_nothing_but_padding(make_learner):
    trainer, raw = RNNTrainer(make_learner(), 2.0, 1.0), torch.zeros(2, 3, 4)
    trainer.on_loss_begin((None, [raw], [raw]))
    assert trainer.on_backward_begin(torch.ones(()), None)["last_loss"] == 1


def test_one_step_has_no_change(make_learner):
    class OneStep(Recurrent):
        def forward(self, x):
            out, raw, dropped = super().forward(x)
            return out, [raw[0][:, :1]], [dropped[0][:, :1]]

    learn = make_learner(OneStep())
    learn.fit(1, callbacks=[RNNTrainer(learn, 0.0, 1.0)])
    assert all(torch.isfinite(p).all() for p in learn.model.parameters())


def test_metrics_and_validation_get_the_predictions(make_learner):
    learn = make_learner(Recurrent(), metrics=[lambda out, y: torch.tensor(float(out.shape[-1]))])
    learn.callbacks.append(RNNTrainer(learn, 2.0, 1.0))
    assert learn.validate()[1] == 3 and learn.get_preds()[0].shape[-1] == 3


def test_it_keeps_no_batch(make_learner):
    learn = make_learner(Recurrent())
    trainer = RNNTrainer(learn, 2.0, 1.0)
    learn.fit(1, callbacks=[trainer])
    assert trainer.raw_out is None and trainer.out is None and "_learn" not in trainer.get_state()


@pytest.mark.parametrize("name", ["alpha", "beta"])
@pytest.mark.parametrize("weight", [-1, float("nan"), "much"])
def test_no_weight(make_learner, name, weight):
    with pytest.raises(ArgumentError, match=f"RNNTrainer: {name} must be at least 0; got"):
        RNNTrainer(make_learner(), **{name: weight})


def test_models_are_reset_within_their_wrappers():
    model = Recurrent()
    rnn_reset(nn.DataParallel(model))
    rnn_reset(nn.Linear(1, 1))
    assert model.resets == 1
