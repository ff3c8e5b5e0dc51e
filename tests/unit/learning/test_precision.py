"""Half precision, memory layout and compilation, as methods of the learner."""

import pytest
import torch
from torch import nn

from onecycle.callbacks import fp16
from onecycle.callbacks.autocast import Autocast
from onecycle.callbacks.channels_last import ChannelsLast
from onecycle.callbacks.fp16 import MixedPrecision
from onecycle.callbacks.hooks import ActivationStats
from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.learner import Learner
from onecycle.learning import precision


def precisions(learn):
    return [type(callback) for callback in learn.callbacks]


def test_bfloat16_there_and_back(make_learner):
    learn = make_learner().to_bf16()
    assert precisions(learn) == [Autocast] and learn.to_bf16() is learn and len(learn.callbacks) == 1
    learn.fit(1)
    assert all(p.dtype == torch.float32 for p in learn.model.parameters())
    assert learn.to_fp32().callbacks == []


def test_float16_there_and_back(make_learner, monkeypatch):
    monkeypatch.setattr(fp16, "_WITHOUT_FLOAT16", ())
    learn = make_learner().to_bf16().to_fp16(clip=1.0)
    assert precisions(learn) == [MixedPrecision]
    learn.fit(1)
    assert all(p.dtype == torch.float32 for p in learn.model.parameters())
    assert precisions(learn.to_bf16()) == [Autocast] and precisions(learn.to_fp32()) == []


def test_float16_on_the_cpu_says_bfloat16(make_learner):
    learn = make_learner().to_bf16()
    with pytest.raises(ArgumentError, match=r"to_fp16: float16 needs a GPU.* Call learn.to_bf16\(\) there"):
        learn.to_fp16()
    assert precisions(learn) == [Autocast]


@pytest.mark.parametrize("name", ["to_fp16", "to_bf16", "compile"])
def test_misspelt_keywords(make_learner, name):
    with pytest.raises(ArgumentTypeError, match="unknown keyword"):
        getattr(make_learner(), name)(loss_fp33=True)


# Channels last


def pictures(tmp_path, batches=3):
    draw = torch.Generator().manual_seed(0)
    x, y = torch.rand(8 * batches, 3, 8, 8, generator=draw), torch.arange(8 * batches) % 2
    ready = list(zip(x.split(8), y.split(8), strict=True))
    return DataBunch(ready, ready[:1], device="cpu", path=tmp_path)


def convolutional(tmp_path, **how):
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3, stride=2), nn.Flatten(), nn.Linear(16, 2)
    )
    return Learner(pictures(tmp_path), net, loss_func=nn.CrossEntropyLoss(), silent=True, **how)


def is_last(x):
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


def test_channels_last_is_laid_out_through_the_network(tmp_path):
    learn, seen = convolutional(tmp_path).to_channels_last(), []
    for layer in (learn.model[0], learn.model[3]):
        layer.register_forward_hook(lambda module, args, output: seen.append((is_last(args[0]), is_last(output))))
    learn.fit(1)
    assert set(seen) == {(True, True)} and is_last(learn.model[3].weight)


def test_channels_last_learns_the_same(tmp_path):
    runs = []
    for laid_out in (False, True):
        learn = convolutional(tmp_path)
        if laid_out:
            learn.to_channels_last().to_channels_last()
            assert len(learn.callbacks) == 1
        torch.manual_seed(0)
        learn.fit_one_cycle(2, 1e-2)
        runs.append(torch.tensor(learn.recorder.losses))
    torch.testing.assert_close(*runs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["laid", "laid.safetensors"])
def test_channels_last_is_no_matter_of_files(tmp_path, name):
    learn = convolutional(tmp_path).to_channels_last()
    learn.fit(1)
    learn.save(name)
    plain = convolutional(tmp_path)
    plain.load(name)
    for key, value in learn.model.state_dict().items():
        assert torch.equal(value, plain.model.state_dict()[key])
    assert not is_last(plain.model[3].weight)
    learn.load(name)
    assert is_last(learn.model[3].weight)


def test_what_is_no_picture_stays():
    row = torch.zeros(4, 3)
    changed = ChannelsLast().on_batch_begin(last_input=[row, torch.zeros(2, 3, 4, 4)])["last_input"]
    assert changed[0] is row and is_last(changed[1])


# Compilation


def eager(calls):
    """Return a backend that counts the graphs it gets, and runs them as they are."""

    def backend(graph, example_inputs):
        calls.append(graph)
        return graph.forward

    return backend


@pytest.fixture(autouse=True)
def fresh_compiler():
    yield
    import torch._dynamo

    torch._dynamo.reset()


def test_a_compiled_model_learns_the_same_and_keeps_its_keys(make_learner):
    plain, learn, graphs = make_learner(), make_learner(), []
    keys = list(learn.model.state_dict())
    assert learn.compile(backend=eager(graphs)) is learn
    for one in (plain, learn):
        torch.manual_seed(0)
        one.fit(2, 1e-2)
    assert graphs and learn.recorder.losses == pytest.approx(plain.recorder.losses, abs=1e-6)
    assert learn.recorder.val_losses == pytest.approx(plain.recorder.val_losses, abs=1e-6)
    assert list(learn.model.state_dict()) == keys
    learn.save("compiled")
    plain.load("compiled")
    torch.testing.assert_close(plain.get_preds()[0], learn.get_preds()[0])


def test_compiled_half_precision(make_learner):
    learn = make_learner().compile(backend="aot_eager").to_bf16()
    learn.fit(2, 1e-2)
    assert learn.recorder.losses[-1] < learn.recorder.losses[0]
    assert not torch.is_autocast_enabled("cpu")


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # dynamo looks at it within a hook
def test_a_compiled_model_can_be_frozen_and_looked_into(make_learner):
    learn = make_learner()
    learn.split(lambda model: [model[4]])
    learn.compile(backend="eager")
    learn.freeze()
    before = learn.model[0].weight.detach().clone()
    learn.fit(1, 1e-2)
    assert torch.equal(learn.model[0].weight, before)
    learn.unfreeze()
    learn.lr_find(num_it=3)
    stats = ActivationStats(learn)
    learn.fit(1, 1e-2, callbacks=[stats])
    assert not torch.equal(learn.model[0].weight, before)
    assert len(stats.stats[0]) > 0


def test_without_a_compiler_it_says_what_to_do(make_learner, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(ArgumentError, match="compile: the backend 'inductor' needs a C.. compiler on the CPU"):
        make_learner().compile()


def test_a_compiler_may_be_named(monkeypatch, tmp_path):
    compiler = tmp_path / "mine"
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CXX", str(compiler))
    precision._check_compiler()
