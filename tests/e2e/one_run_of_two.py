"""One of two processes whose run is killed and taken up; started by torchrun.

usage: one_run_of_two.py FOLDER WAY, the way being `copies` of the model, or `parted` weights in half precision. At the
first attempt the second process is killed, at the second the first one is asked to stop; the third goes on to the end,
and then trains once more without an interruption.
"""

import gc
import hashlib
import json
import os
import signal
import sys
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import TensorDataset

from onecycle.callbacks.accumulate import AccumulateScheduler
from onecycle.callbacks.csv_logger import CSVLogger
from onecycle.callbacks.distributed import setup_distrib
from onecycle.callbacks.early_stopping import EarlyStoppingCallback
from onecycle.callbacks.mixup import MixUpCallback
from onecycle.callbacks.weight_average import EMACallback, SWACallback
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import Callback
from onecycle.utils.distributed import rank_distrib
from onecycle.utils.sharded import whole

# (attempt, rank): the step in which the process gets a signal, and which; an epoch has 7 steps
SIGNALS = {(0, 1): (9, signal.SIGKILL), (1, 0): (17, signal.SIGTERM)}
ATTEMPT = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))


class Remembers(nn.Module):
    """Adds a mean of what it has seen, kept apart from the weights, as recurrent models do."""

    def __init__(self):
        super().__init__()
        self.seen = None

    def forward(self, x):
        now = x.detach().mean(0)
        self.seen = now if self.seen is None else 0.5 * self.seen + 0.5 * now
        return x + 0.1 * self.seen


class Signalled(Callback):
    """Kill or stop this process at a step of its first attempts."""

    def on_batch_end(self, iteration, train, **kwargs):
        step, number = SIGNALS.get((ATTEMPT, rank_distrib()), (None, None))
        if train and iteration == step:
            os.kill(os.getpid(), number)

    def run_state(self):
        return {}


def make_learner(folder, bs):
    """Return a learner of points of three classes, with all that may differ between the processes."""
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(120, 6, generator=draw)
    y = (x @ torch.randn(6, 3, generator=draw)).argmax(1)
    sets = TensorDataset(x[:112], y[:112]), TensorDataset(x[112:], y[112:])
    data = DataBunch.create(*sets, bs=bs, device="cpu", path=folder, num_workers=0)
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), Remembers(), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))
    return Learner(data, net, loss_func=nn.CrossEntropyLoss(), metrics=[accuracy])


def found(learn):
    """Return what a run ends with."""
    total = hashlib.sha256()
    for tensor in [*learn.model.state_dict().values(), learn.model[2].seen]:
        total.update(whole(tensor).cpu().numpy().tobytes())
    record = learn.recorder
    metrics = [[float(value) for value in row] for row in record.metrics]
    return {"weights": total.hexdigest(), "losses": record.losses, "val": record.val_losses, "metrics": metrics}


def train(folder, way, gpu, **run):
    """Train, and return what the run ends with."""
    learn = make_learner(folder, 8)
    learn = learn.to_fsdp(gpu).to_bf16() if way == "parted" else learn.to_distributed(gpu)
    average = SWACallback(learn, validate=True) if way == "parted" else EMACallback(learn, 0.9)
    callbacks = [
        CSVLogger(learn), average, AccumulateScheduler(learn, 2), MixUpCallback(learn),
        EarlyStoppingCallback(learn, patience=5), Signalled(),
    ]  # fmt: skip
    torch.manual_seed(5)
    learn.fit_one_cycle(4, 1e-2, callbacks=callbacks, **run)
    return found(learn)


def main():
    """Train the run that is interrupted, then the one that is not, and write what was found."""
    folder, way = Path(sys.argv[1]), sys.argv[2]
    torch.set_num_threads(1)
    gpu = setup_distrib()
    resumed = train(folder / "resumed", way, gpu, checkpoint=folder / "run", every=2, resume=True)
    unbroken = train(folder / "whole", way, gpu)
    (folder / f"found_{rank_distrib()}.json").write_text(json.dumps({"resumed": resumed, "whole": unbroken}))
    gc.collect()  # the engine's cycles hold the group
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
