"""A resumed run has what its loss, optimizer, metrics, transforms, samplers and data keep in plain attributes."""

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset, RandomSampler, TensorDataset

from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.metrics.base import Metric
from onecycle.nn.losses import FlattenedLoss
from onecycle.training.callback import Callback
from onecycle.vision.image_list import ImageList
from onecycle.vision.transform_base import TfmPixel
from tests.unit.learning.test_resuming import KillAt, Killed, assert_same, state_of

DRAW = torch.Generator().manual_seed(0)
X = torch.randn(96, 4, generator=DRAW)
Y = (X.sum(1) > 0).long()


def make(path, data=None, **settings):
    rows = TensorDataset(X, Y)
    data = DataBunch.create(rows, rows, bs=16, device="cpu", path=path) if data is None else data
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
    return Learner(data, net, **{"loss_func": nn.CrossEntropyLoss(), "silent": True, **settings})


# ---- losses ----


class Counting:
    """A loss in plain Python that grows with the number of its calls."""

    def __init__(self):
        self.calls, self.seen, self.means = 0, [], {"last": 1.0}

    def __call__(self, output, target):
        self.calls += 1
        loss = F.cross_entropy(output, target) * (1 + 0.01 * self.calls) / self.means["last"] ** 0.1
        self.seen.append(float(loss.detach()))
        self.means["last"] = sum(self.seen) / len(self.seen)
        return loss


class CountingModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls, self.mean = 0, torch.tensor(1.0)
        self.inner = nn.CrossEntropyLoss()

    def forward(self, output, target):
        self.calls += 1
        loss = self.inner(output, target) * (1 + 0.01 * self.calls)
        self.mean = 0.9 * self.mean + 0.1 * loss.detach()
        self.inner.label_smoothing = min(0.3, 0.01 * self.calls)
        return loss / self.mean


@dataclass
class Schedule:
    step: int = 0
    draws: random.Random = field(default_factory=lambda: random.Random(3))

    def next(self):
        self.step += 1
        return 1 + 0.01 * self.step + self.draws.random()


class Slotted:
    __slots__ = ("calls", "schedule", "__weakref__")

    def __init__(self):
        self.calls, self.schedule = 0, Schedule()

    def __call__(self, output, target):
        self.calls += 1
        return F.cross_entropy(output, target) * self.schedule.next()


def enclosed():
    calls, history = 0, []

    def loss(output, target):
        nonlocal calls
        calls += 1
        history.append(calls)
        return F.cross_entropy(output, target) * (1 + 0.01 * calls + 0.001 * len(history))

    return loss


def with_attribute():
    def loss(output, target):
        loss.calls += 1
        return F.cross_entropy(output, target) * (1 + 0.01 * loss.calls)

    loss.calls = 0
    return loss


def in_a_partial():
    def loss(output, target, counter):
        counter.calls += 1
        return F.cross_entropy(output, target) * (1 + 0.01 * counter.calls)

    return partial(loss, counter=Counting())


class WithGenerators:
    def __init__(self):
        self.torch, self.numpy = torch.Generator().manual_seed(1), np.random.default_rng(2)
        self.legacy, self.several = np.random.RandomState(3), [random.Random(4), random.Random(5)]
        self.counts = Counter()

    def __call__(self, output, target):
        drawn = float(torch.rand((), generator=self.torch)) + self.numpy.random() + self.legacy.rand()
        drawn += sum(draw.random() for draw in self.several)
        self.counts["calls"] += 1
        return F.cross_entropy(output, target) * (1 + 0.1 * drawn + 0.01 * self.counts["calls"])


LOSSES = {
    "plain": Counting,
    "module": CountingModule,
    "slots": Slotted,
    "closure": enclosed,
    "function": with_attribute,
    "partial": in_a_partial,
    "generators": WithGenerators,
    "method": lambda: Counting().__call__,
    "wrapped": lambda: FlattenedLoss(CountingModule),
    "list": lambda: Sum([Counting(), CountingModule()]),
}


class Sum:
    def __init__(self, losses):
        self.losses = losses

    def __call__(self, output, target):
        return sum(loss(output, target) for loss in self.losses)


# ---- optimizers, metrics, transforms, samplers, data sets ----


class CountingSGD(torch.optim.SGD):
    """An optimizer with a warm-up by a counter of its own."""

    def __init__(self, params, lr=1e-3):
        super().__init__(params, lr=lr, momentum=0.9)
        self.steps, self.norms = 0, []

    def step(self, closure=None):
        self.steps += 1
        self.norms.append(float(self.param_groups[0]["params"][0].grad.norm()))
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.mul_(min(1, self.steps / 10) / (1 + self.norms[-1] * 0.01 * len(self.norms)))
        return super().step(closure)


class SinceTheBeginning(Metric):
    """A metric that goes on over epochs: how many batches it has seen."""

    def __init__(self):
        super().__init__()
        self.batches = 0

    def update(self, output, target):
        self.batches += 1
        self.add(seen=torch.tensor(float(self.batches)))

    def compute(self):
        return self.sums["seen"]


class Noise:
    """A transform of batches with a generator and a strength that grows."""

    def __init__(self):
        self.generator, self.strength = torch.Generator().manual_seed(7), 0.0

    def __call__(self, batch):
        self.strength += 0.01
        x, y = batch
        return [x + self.strength * torch.randn(x.shape, generator=self.generator), y]


class Epochs:
    """A sampler that counts its epochs and draws from a generator of its own."""

    def __init__(self, size):
        self.size, self.epoch, self.draw = size, 0, np.random.default_rng(5)

    def __iter__(self):
        self.epoch += 1
        order = np.roll(self.draw.permutation(self.size), self.epoch)
        return iter(order.tolist())

    def __len__(self):
        return self.size


class BatchesOf8(Epochs):
    def __iter__(self):
        order = list(super().__iter__())
        return iter([order[i : i + 8] for i in range(0, self.size, 8)])

    def __len__(self):
        return self.size // 8


class Rows(Dataset):
    """A data set of which each item differs from call to call."""

    def __init__(self):
        self.calls = 0

    def __len__(self):
        return 96

    def __getitem__(self, i):
        self.calls += 1
        return X[i] * (1 + 0.001 * self.calls), Y[i]


def in_order(path, **how):
    rows = TensorDataset(X, Y)
    return DataBunch.create(rows, rows, bs=16, device="cpu", path=path, **how)


def by_torch(path):
    sampler = RandomSampler(range(96), generator=torch.Generator().manual_seed(9))
    loader = DataLoader(Rows(), batch_size=16, sampler=sampler)
    return DataBunch(loader, DataLoader(TensorDataset(X, Y), batch_size=16), device="cpu", path=path)


class OwnLoader:
    def __init__(self):
        self.epoch = 0

    def __iter__(self):
        self.epoch += 1
        order = np.random.default_rng(self.epoch).permutation(96)
        return ((X[order[i : i + 16]], Y[order[i : i + 16]]) for i in range(0, 96, 16))

    def __len__(self):
        return 6


def by_own_loader(path):
    ready = [(X[i : i + 16], Y[i : i + 16]) for i in range(0, 96, 16)]
    return DataBunch(OwnLoader(), ready, device="cpu", path=path)


PARTS = {
    **{f"loss {name}": lambda path, loss=loss: make(path, loss_func=loss()) for name, loss in LOSSES.items()},
    "optimizer": lambda path: make(path, opt_func=CountingSGD),
    "metric": lambda path: make(path, metrics=[SinceTheBeginning()]),
    "transform of batches": lambda path: make(path, in_order(path, dl_tfms=Noise())),
    "sampler": lambda path: make(path, in_order(path, sampler=Epochs(96))),
    "sampler of batches": lambda path: make(path, in_order(path, batch_sampler=BatchesOf8(96))),
    "data set": lambda path: make(path, DataBunch.create(Rows(), Rows(), bs=16, num_workers=0, device="cpu")),
    "loader of torch": lambda path: make(path, by_torch(path)),
    "own loader": lambda path: make(path, by_own_loader(path)),
}  # fmt: skip


class LessDropout(Callback):
    """Change a layer's own setting, and never again."""

    def __init__(self, learn):
        self.learn = learn

    def on_batch_end(self, iteration, train, **kwargs):
        if train and iteration == 3:
            self.learn.model[2].p = 0.1


def trained(learn, kill=None, **run):
    torch.manual_seed(5)
    learn.fit_one_cycle(3, 1e-2, callbacks=[KillAt(**kill) if kill else KillAt(), LessDropout(learn)], **run)
    return learn


@pytest.mark.parametrize("kill", [{"step": 9}, {"epoch": 1}], ids=["within", "between"])
@pytest.mark.parametrize("part", PARTS)
def test_a_run_ends_with_the_same_bits(part, kill, tmp_path):
    whole = trained(PARTS[part](tmp_path))
    with pytest.raises(Killed):
        trained(PARTS[part](tmp_path), kill, checkpoint=tmp_path / "run", every=4)
    again = PARTS[part](tmp_path)
    again.resume(tmp_path / "run", callbacks=[KillAt(), LessDropout(again)])
    assert_same(state_of(whole), state_of(again))
    assert again.model[2].p == 0.1


def brighter_each_time():
    calls = 0

    def brighter(x):
        nonlocal calls
        calls += 1
        return x + 0.001 * calls

    return TfmPixel(brighter)


def test_transforms_of_items(pictures):
    def learner():
        source = ImageList.from_folder(pictures).split_by_rand_pct(0.25, seed=1).label_from_folder()
        data = source.transform(([brighter_each_time()()], []), size=8).databunch(bs=4, num_workers=0, device="cpu")
        torch.manual_seed(1)
        return Learner(data, nn.Sequential(nn.Flatten(), nn.Linear(192, 2)), silent=True)

    def train(learn, step, **run):
        torch.manual_seed(5)
        learn.fit(2, 1e-2, callbacks=[KillAt(step)], **run)
        return learn

    whole = train(learner(), None)
    with pytest.raises(Killed):
        train(learner(), 4, checkpoint=pictures / "run", every=2)
    again = learner()
    again.resume(pictures / "run", callbacks=[KillAt()])
    assert_same(state_of(whole), state_of(again))


def test_it_is_resumed_twice(tmp_path):
    whole = trained(make(tmp_path, loss_func=Counting()))
    with pytest.raises(Killed):
        trained(make(tmp_path, loss_func=Counting()), {"step": 4}, checkpoint=tmp_path / "run", every=1)
    second = make(tmp_path, loss_func=Counting())
    with pytest.raises(Killed):
        second.resume(tmp_path / "run", callbacks=[KillAt(9), LessDropout(second)])
    third = make(tmp_path, loss_func=Counting())
    third.resume(tmp_path / "run", callbacks=[KillAt(), LessDropout(third)])
    assert_same(state_of(whole), state_of(third))
    assert third.loss_func.calls == whole.loss_func.calls and third.loss_func.seen == whole.loss_func.seen


class OpensLazily(Dataset):
    """A data set that notes that it has opened its file."""

    def __init__(self):
        self.is_open, self.file = False, None

    def __len__(self):
        return 32

    def __getitem__(self, i):
        if not self.is_open:
            self.is_open, self.file = True, memoryview(X.numpy())
        return torch.tensor(self.file.tolist()[i]), Y[i]


def test_what_belongs_to_an_open_file_is_left_alone(tmp_path):
    def learner():
        rows = OpensLazily()
        return make(tmp_path, DataBunch.create(rows, rows, bs=16, num_workers=0, device="cpu", no_check=True))

    with pytest.raises(Killed):
        trained(learner(), {"step": 3}, checkpoint=tmp_path / "run", every=1)
    learn = learner()
    learn.resume(tmp_path / "run", callbacks=[KillAt(), LessDropout(learn)])
    assert learn.data.train_ds.is_open


def test_a_large_data_set_is_not_in_the_checkpoint(tmp_path):
    class Large(Rows):
        def __init__(self):
            super().__init__()
            self.pixels = torch.zeros(2_000_000)

    data = DataBunch.create(Large(), Large(), bs=16, num_workers=0, device="cpu", path=tmp_path)
    trained(make(tmp_path, data), checkpoint=tmp_path / "run")
    assert max(file.stat().st_size for file in (tmp_path / "run").glob("*.ckpt")) < 200_000
