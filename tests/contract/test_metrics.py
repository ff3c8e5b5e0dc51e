"""What holds for every registered metric; a new one is found by its name and tested before its author asks."""

import importlib
import inspect
from functools import partial

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from onecycle.metrics.base import AverageMetric, Metric, as_metric
from onecycle.utils.registry import HOMES, decode, encode, lookup

N = 23
HOME = HOMES["metric"]
MODULES = sorted({*HOME.values()})


def class_batch():
    return torch.randn(N, 7), torch.randint(7, (N,))


def two_class_batch():
    return torch.randn(N, 2), torch.arange(N) % 2


def number_batch():
    return torch.rand(N, 2) + 0.5, torch.rand(N, 2) + 0.5


def label_batch():
    return torch.randn(N, 4), torch.randint(2, (N, 4))


def mask_batch():
    return torch.randn(N, 2, 4, 4), torch.randint(2, (N, 1, 4, 4))


def picture_batch():
    return torch.rand(N, 2, 12, 13), torch.rand(N, 2, 12, 13)


def token_batch():
    return torch.randn(N, 3, 5), torch.randint(5, (N, 3))


def box_batch():
    def boxes(n):
        start = torch.rand(N, n, 2)
        return torch.cat([start, start + 0.5, torch.randint(1, 3, (N, n, 1))], dim=2)

    actual = boxes(3)
    scores = torch.rand(N, 5, 1).sort(dim=1, descending=True).values + 0.1
    return torch.cat([torch.cat([actual[:, :2] + torch.tensor([0.1, 0, 0, 0.1, 0]), boxes(3)], 1), scores], 2), actual


# What a metric of a module eats; a metric in a new module that eats classes needs no row.
FOOD = {
    "onecycle.metrics.pictures": picture_batch,
    "onecycle.metrics.regression": number_batch,
    "onecycle.metrics.multilabel": label_batch,
    "onecycle.metrics.detection": box_batch,
    "onecycle.metrics.segmentation": mask_batch,
    "onecycle.metrics.ranking": two_class_batch,
    "onecycle.metrics.language": token_batch,
}
SETTINGS = {
    "foreground_acc": {"void_code": 1},
    "AverageMetric": {"func": lambda o, t: (o.argmax(-1) == t).float().mean()},
}
AVERAGES = {"Precision", "Recall", "FBeta"}


def make(name):
    """Return a metric object of the registered name."""
    thing, settings = lookup("metric", name), dict(SETTINGS.get(name, {}))
    if name in AVERAGES:
        settings["average"] = "macro"
    if inspect.isclass(thing):
        return thing(**settings)
    return as_metric(partial(thing, **settings) if settings else thing)


def food(name):
    torch.manual_seed(1)
    return FOOD.get(HOME[name], class_batch)()


def figure(metric, output, target, sizes):
    metric.on_train_begin()
    metric.on_epoch_begin()
    for o, t in zip(output.split(sizes), target.split(sizes), strict=True):
        metric.on_batch_end(last_output=o, last_target=t, train=False)
    return metric.on_epoch_end(last_metrics=[])["last_metrics"][0]


every_metric = pytest.mark.parametrize("name", sorted(HOME))


@every_metric
@pytest.mark.parametrize("sizes", [[12, 11], [1, 21, 1], [5, 5, 5, 5, 3], [1] * N])
def test_any_cut_into_batches_gives_the_same_figure(name, sizes):
    output, target = food(name)
    whole = figure(make(name), output, target, [N])
    torch.testing.assert_close(figure(make(name), output, target, sizes), whole, check_dtype=False)


@every_metric
def test_the_order_of_items_does_not_matter(name):
    output, target = food(name)
    order = torch.randperm(N)
    whole = figure(make(name), output, target, [10, 13])
    torch.testing.assert_close(figure(make(name), output[order], target[order], [10, 13]), whole)


@every_metric
def test_an_epoch_begins_anew(name):
    output, target = food(name)
    metric = make(name)
    first = figure(metric, output, target, [10, 13])
    torch.testing.assert_close(figure(metric, output, target, [10, 13]), first)
    metric.reset()
    assert metric.is_empty
    assert torch.isnan(metric.figure())


@every_metric
def test_a_function_says_the_same_as_its_set(name):
    thing = lookup("metric", name)
    if inspect.isclass(thing):
        return
    output, target = food(name)
    value = thing(output, target, **SETTINGS.get(name, {}))
    assert value.shape == ()
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, figure(make(name), output, target, [10, 13]), check_dtype=False)


@every_metric
def test_the_figure_is_one_number_on_the_device_of_the_batch(name):
    output, target = food(name)
    value = figure(make(name), output, target, [N])
    assert value.shape == ()
    assert value.is_floating_point()
    assert value.device == output.device
    assert not value.isnan()


@every_metric
def test_processes_can_be_joined(name):
    output, target = food(name)
    parts = [make(name), make(name)]
    parts[0].update(output[:9], target[:9])
    parts[1].update(output[9:], target[9:])
    sums = [part.state_tensors() for part in parts]
    rows = [part.row_tensors() for part in parts]
    joined = make(name)
    joined.load_state(
        {key: sums[0][key] + sums[1][key] for key in sums[0]},
        {key: torch.cat([rows[0][key], rows[1][key]]) for key in rows[0]},
    )
    torch.testing.assert_close(joined.figure(), figure(make(name), output, target, [N]), check_dtype=False)


class NothingIsReadBack(TorchDispatchMode):
    """Refuse the operations that make a program wait for an accelerator: reading values, shapes made from values."""

    WAITS = {"_local_scalar_dense", "nonzero", "masked_select", "_unique2", "bincount"}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        by_mask = name == "index" and any(i is not None and i.dtype == torch.bool for i in args[1])
        assert name not in self.WAITS and not by_mask, f"{func} waits for the device"
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("wait", [lambda x: x.sum().item(), lambda x: x[x > 0], lambda x: x.nonzero()])
def test_waiting_would_be_seen(wait):
    with pytest.raises(AssertionError, match="waits for the device"), NothingIsReadBack():
        wait(torch.ones(2))


@every_metric
def test_counting_a_batch_waits_for_no_device(name, monkeypatch):
    monkeypatch.setattr("onecycle.metrics.counting.is_at_hand", lambda values: False)  # as on an accelerator
    output, target = food(name)
    metric = make(name)
    with NothingIsReadBack():
        metric.on_batch_end(last_output=output, last_target=target, train=False)
        metric.on_batch_end(last_output=output, last_target=target, train=False)


@every_metric
def test_inputs_stay_as_they_were(name):
    output, target = food(name)
    before = output.clone(), target.clone()
    figure(make(name), output, target, [N])
    assert torch.equal(output, before[0])
    assert torch.equal(target, before[1])


@every_metric
def test_it_is_named_documented_and_annotated(name):
    thing = lookup("metric", name)
    assert thing.__doc__
    assert thing.__doc__.splitlines()[0].endswith(".")
    assert isinstance(make(name).name, str)
    func = thing.__init__ if inspect.isclass(thing) else thing
    parameters = [p for p in inspect.signature(func).parameters.values() if p.name != "self"]
    assert all(p.annotation is not p.empty for p in parameters)


@every_metric
def test_it_goes_through_a_file(name):
    if name == "AverageMetric":  # as good as its function, and a lambda has no name
        return
    metric = make(name)
    again = decode(encode(metric))
    assert type(again) is type(metric)
    assert repr(again) == repr(metric)


@pytest.mark.parametrize("module", MODULES)
def test_every_metric_class_of_a_module_is_registered(module):
    leaf = importlib.import_module(module)
    bases = {"Metric", "RegMetrics", "CMScores"}
    classes = [thing for thing in map(leaf.__dict__.get, leaf.__all__) if inspect.isclass(thing)]
    for thing in classes:
        if issubclass(thing, Metric) and thing.__name__ not in bases:
            assert HOME[thing.__name__] == module


def test_a_function_of_ones_own_is_averaged():
    assert isinstance(as_metric(lambda output, target: 1.0), AverageMetric)
