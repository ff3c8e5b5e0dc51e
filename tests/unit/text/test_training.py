"""Language models in training: runs that repeat, that go on in the middle of an epoch, that learn."""

import pytest
import torch
from torch.utils.data import TensorDataset

from onecycle.callbacks.rnn import RNNTrainer
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.nn.losses import CrossEntropyFlat
from onecycle.text.heads import get_language_model
from onecycle.training.callback import Callback

KINDS = [("AWD_LSTM", {"emb_sz": 6, "n_hid": 8}), ("AWD_LSTM", {"emb_sz": 6, "n_hid": 8, "qrnn": True})]
KINDS += [("TransformerXL", {"n_layers": 2, "n_heads": 2, "d_model": 6, "d_head": 3, "d_inner": 8, "mem_len": 6})]


def make_learner(path, arch, config):
    words = torch.randint(10, (60, 6), generator=torch.Generator().manual_seed(0))
    rows = TensorDataset(words[:, :-1], words[:, 1:])
    data = DataBunch.create(rows, TensorDataset(*(part[:13] for part in rows.tensors)), bs=8, device="cpu", path=path)
    torch.manual_seed(1)
    model = get_language_model(arch, 10, config)
    return Learner(data, model, loss_func=CrossEntropyFlat(), silent=True)


class KillAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_batch_end(self, iteration, train, **kwargs):
        if train and iteration == self.step:
            raise KeyboardInterrupt

    def run_state(self):
        return {}


def train(learn, *callbacks, **run):
    torch.manual_seed(5)
    learn.fit_one_cycle(2, 1e-2, callbacks=[RNNTrainer(learn, 2.0, 1.0), *callbacks], **run)
    return [part.clone() for part in learn.model.state_dict().values()], learn.recorder.losses


@pytest.mark.parametrize(("arch", "config"), KINDS)
def test_a_run_taken_up_in_the_middle_of_an_epoch_remembers_what_it_read(tmp_path, arch, config):
    whole, losses = train(make_learner(tmp_path, arch, config))
    run = {"checkpoint": tmp_path / "run", "every": "3 steps"}
    with pytest.raises(KeyboardInterrupt):
        train(learn := make_learner(tmp_path, arch, config), KillAt(11), **run)
    learn = make_learner(tmp_path, arch, config)
    again, more = train(learn, KillAt(None), **run, resume=True)
    assert all(torch.equal(one, other) for one, other in zip(whole, again, strict=True))
    assert [float(loss) for loss in losses] == [float(loss) for loss in more]


@pytest.mark.parametrize(("arch", "config"), KINDS)
def test_a_run_repeats(tmp_path, arch, config):
    runs = [train(make_learner(tmp_path, arch, config))[0] for _ in range(2)]
    assert all(torch.equal(one, other) for one, other in zip(*runs, strict=True))
