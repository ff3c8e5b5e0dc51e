"""One of the processes that train together: does what it is told and writes what it found as JSON.

usage: one_trainer_of_two.py FOLDER, started as torchrun does: with RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT.
"""

import gc
import json
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Subset, TensorDataset

from onecycle.callbacks.accumulate import AccumulateScheduler
from onecycle.callbacks.csv_logger import CSVLogger
from onecycle.callbacks.distributed import setup_distrib
from onecycle.callbacks.oversampling import OverSamplingCallback
from onecycle.callbacks.save_model import SaveModelCallback
from onecycle.callbacks.weight_average import EMACallback, SWACallback
from onecycle.data.bunch import DataBunch
from onecycle.data.loaders import DatasetType
from onecycle.errors import DataError
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.metrics.confusion import FBeta
from onecycle.nn.losses import CrossEntropyFlat
from onecycle.training.callback import Callback
from onecycle.utils.distributed import added_up, num_distrib, rank_distrib
from onecycle.utils.sharded import whole

TRAIN, VALID = 50, 23


class BreaksOff(Callback):
    """Ends a run in its second batch."""

    def on_batch_end(self, num_batch, **kwargs):
        if num_batch == 1:
            raise KeyboardInterrupt


def make_learner(folder, bs, seed=0, norm=False):
    """Return a learner of points of three classes; the weights follow the seed."""
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(TRAIN + VALID, 6, generator=draw)
    y = (x @ torch.randn(6, 3, generator=draw)).argmax(1)
    sets = TensorDataset(x[:TRAIN], y[:TRAIN]), TensorDataset(x[TRAIN:], y[TRAIN:])
    test = TensorDataset(torch.arange(7.0)[:, None].expand(7, 6), torch.zeros(7, dtype=torch.long))
    data = DataBunch.create(*sets, test, bs=bs, device="cpu", path=folder, num_workers=0)
    torch.manual_seed(seed)
    middle = [nn.BatchNorm1d(8)] if norm else []
    net = nn.Sequential(nn.Linear(6, 8, bias=not norm), *middle, nn.ReLU(), nn.Linear(8, 3))
    return Learner(data, net, loss_func=nn.CrossEntropyLoss(), metrics=[accuracy, FBeta("macro")])


def found(learn):
    """Return what a fit has left: losses, rows, the names and the sum of the weights."""
    state = learn.model.state_dict()
    record = learn.recorder
    return {
        "losses": record.losses,
        "val_losses": record.val_losses,
        "metrics": [[float(value) for value in row] for row in record.metrics],
        "keys": list(state),
        "weights": [float(value.double().abs().sum()) for value in state.values()],
    }


def train_synced(learn):
    """Train a network with batch norm; every batch is whole."""
    torch.manual_seed(7)
    learn.fit_one_cycle(3, 1e-2)
    return found(learn)


def held_out(learn):
    """Return what is predicted for the validation and the test set, and what validate says."""
    sets = [learn.get_preds(kind) for kind in (DatasetType.Valid, DatasetType.Test)]
    figures = [float(value) for value in learn.validate()]
    return {"preds": [preds.tolist() for preds, _ in sets], "targets": [y.tolist() for _, y in sets], "said": figures}


def make_deep(folder, bs):
    """Return a learner of a network of blocks."""
    learn = make_learner(folder, bs)
    torch.manual_seed(2)
    block = nn.Sequential(nn.Linear(6, 9, bias=False), nn.BatchNorm1d(9), nn.ReLU())
    net = nn.Sequential(block, nn.Sequential(nn.Linear(9, 8), nn.ReLU()), nn.Linear(8, 3))
    return Learner(learn.data, net, loss_func=nn.CrossEntropyLoss(), metrics=[accuracy, FBeta("macro")])


class BreaksRun(Callback):
    """Ends a run at a step of the middle of its second epoch."""

    def __init__(self, step=None):
        self.step = step

    def on_batch_end(self, iteration, train, **kwargs):
        if train and iteration == self.step:
            raise InterruptedError

    def run_state(self):
        return {}


def sharded(folder, bs):
    """Train with a part of the weights in each process: whole, and broken off and taken up; save, load, predict."""

    def make():
        return make_deep(folder, bs).to_fsdp(None, cache_dir="records", sync_bn=True)

    def train(learn, step=None, **run):
        torch.manual_seed(7)
        learn.fit_one_cycle(3, 1e-2, callbacks=[BreaksRun(step)], **run)
        return learn

    learn = train(make())
    learn.save("sharded")
    preds = learn.get_preds()[0].tolist()
    with suppress(InterruptedError):
        train(make(), 5, checkpoint=folder / "sharded run", every=1)
    resumed = train(make(), checkpoint=folder / "sharded run", every=1, resume=True)
    same = [one.full_tensor().equal(other.full_tensor())
            for one, other in zip(learn.model.parameters(), resumed.model.parameters(), strict=True)]  # fmt: skip
    loaded = make().load("sharded")
    before = loaded.get_preds()[0].tolist()
    loaded.lr_find(num_it=4)
    parts = sum(weight.to_local().numel() for weight in learn.model.parameters())
    return {
        "losses": learn.recorder.losses, "val_losses": learn.recorder.val_losses, "preds": preds, "same": same,
        "resumed losses": resumed.recorder.losses, "loaded": before, "after lr_find": loaded.get_preds()[0].tolist(),
        "parts": float(added_up(torch.tensor(float(parts)))),
    }  # fmt: skip


def averaged(learn, kind, half=False):
    """Train with an average of the weights; return it, with the losses on the way."""
    learn = learn.to_bf16() if half else learn
    torch.manual_seed(7)
    learn.fit_one_cycle(3, 1e-2, callbacks=[kind(learn)])
    weights = [whole(tensor.detach()).double().abs().sum().item() for tensor in learn.model.state_dict().values()]
    return {"losses": learn.recorder.losses, "val_losses": learn.recorder.val_losses, "weights": weights}


AVERAGES = {
    "EMA": partial(EMACallback, decay=0.8),
    "SWA": partial(SWACallback, validate=True),
    "SWA at the end": SWACallback,
}


def averages(folder, bs):
    """Train with each average, of copies and of parted weights, norms over both and each its own, also in half."""
    kinds = {"copies": Learner.to_distributed, "parted": Learner.to_fsdp}
    return {
        f"{name}, {way}, {'synced' if sync else 'own'}, {'half' if half else 'whole'}": averaged(
            share(make_deep(folder, bs), None, cache_dir="records", sync_bn=sync), kind, half
        )
        for name, kind in AVERAGES.items()
        for way, share in kinds.items()
        for sync, half in ((True, False), (False, False), (True, True))
    }


def too_few(folder, bs):
    """Return what is said where one process has nothing to validate."""
    learn = make_learner(folder, bs).to_distributed(None, cache_dir="records")
    sets = learn.data.train_ds, Subset(learn.data.valid_ds, [0])
    learn.data = DataBunch.create(*sets, bs=bs, device="cpu", path=folder)
    learn.fit(1)  # without an average it goes
    try:
        learn.fit(1, callbacks=[EMACallback(learn)])
    except DataError as error:
        return str(error)


LOSSES = {
    "weights": nn.CrossEntropyLoss(weight=torch.tensor([0.3, 1.0, 9.0])),
    "ignored": CrossEntropyFlat(weight=torch.tensor([0.3, 1.0, 9.0]), ignore_index=0),
    "sum": nn.CrossEntropyLoss(reduction="sum"),
    "of a user": lambda output, y: 2 * F.cross_entropy(output, y, torch.tensor([0.3, 1.0, 9.0])) + output.mean(),
}


def weighed(folder, bs, share=lambda learn: learn):
    """Train with losses that divide by other things than items, step by step and over gathered steps; sorted items."""
    result = {}
    for name, loss in LOSSES.items():
        for n_step in (1, 2):
            learn = make_learner(folder, bs)
            x, y = learn.data.train_ds.tensors
            few = [TensorDataset(x[part], y[part]) for part in (slice(32), slice(32, 45))]
            learn.data = DataBunch.create(*few, bs=bs, val_bs=3, device="cpu", path=folder, num_workers=0)
            learn = share(Learner(learn.data, learn.model, loss_func=loss, opt_func=torch.optim.SGD, silent=True))
            learn.clip_grad(1.0)
            torch.manual_seed(3)
            gathered = [AccumulateScheduler(learn, n_step)] if n_step > 1 else []
            learn.fit(2, 0.1, callbacks=gathered)
            weights = [p.detach().tolist() for p in learn.model.parameters()]
            kept = {"losses": learn.recorder.losses, "val_losses": learn.recorder.val_losses}
            result[f"{name} {n_step}"] = {**kept, "weights": weights[-1]}
    return result


def runs(folder, bs, share):
    """Train in several ways; `share` is told each learner first."""
    plain = share(make_learner(folder, bs, rank_distrib()))
    watchers = [CSVLogger(plain), SaveModelCallback(plain, name="best")]
    loaders = plain.data.train_dl, plain.data.valid_dl
    torch.manual_seed(5 + rank_distrib())
    plain.fit_one_cycle(3, 1e-2, callbacks=watchers)
    result = {"plain": found(plain)}
    assert (plain.data.train_dl, plain.data.valid_dl) == loaders

    synced = make_learner(folder, bs, norm=True).to_distributed(None, cache_dir="records", sync_bn=True)
    result["synced"] = train_synced(synced)
    assert type(synced.model[1]) is nn.BatchNorm1d
    result["held out"] = held_out(synced)

    result["weighed"] = weighed(folder, bs, share)
    result["sharded"] = sharded(folder, bs)
    result["averages"] = averages(folder, bs)
    result["too few"] = too_few(folder, bs)

    normed = share(make_learner(folder, bs, norm=True))
    normed.fit(1, 1e-2, callbacks=[OverSamplingCallback(normed)])
    assert len(normed.data.train_dl.dataset) == TRAIN and normed.data.train_dl.dl.sampler is None
    result["normed"] = found(normed)

    found_rates = share(make_learner(folder, bs))
    before = [float(p.detach().sum()) for p in found_rates.model.parameters()]
    found_rates.lr_find(num_it=12)
    assert [float(p.detach().sum()) for p in found_rates.model.parameters()] == before
    assert type(found_rates.model) is nn.Sequential
    result["searched"] = found_rates.recorder.losses

    broken = share(make_learner(folder, bs))
    whole = broken.data.train_dl
    try:
        broken.fit(1, callbacks=[BreaksOff()])
    except KeyboardInterrupt:
        assert broken.data.train_dl is whole
        result["keys after"] = list(broken.model.state_dict())
    return result


def main():
    """Meet the other process, train, write."""
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    gpu = setup_distrib()
    result = runs(folder, 8, lambda learn: learn.to_distributed(gpu, cache_dir="records"))
    (folder / f"found_{rank_distrib()}_of_{num_distrib()}.json").write_text(json.dumps(result))
    gc.collect()  # the engine's cycles hold the group
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
