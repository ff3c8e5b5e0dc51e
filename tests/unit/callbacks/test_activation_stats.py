"""What ActivationStats records, against the layers' outputs taken by hand, and what it draws."""

import pytest
import torch
from torch import nn

from onecycle.callbacks.activation_stats import ActivationStats, _flat, _mean_and_deviation, _spread
from onecycle.errors import ArgumentError, TrainingError
from onecycle.utils.defaults import defaults


@pytest.fixture
def trained(make_learner):
    """A learner that has trained two epochs of four steps with its stats."""
    learn = make_learner(callback_fns=ActivationStats)
    learn.fit(2)
    return learn


def test_a_record_of_each_layer_and_step(trained):
    seen = trained.activation_stats
    assert seen.stats.shape == (2, 3, 8)
    assert seen.near_zero.shape == (3, 8)
    assert seen.hists.shape == (3, 40, 8)
    assert seen.iterations == list(range(8))
    assert seen.layer_names == ["0 Linear", "1 BatchNorm1d", "4 Linear"]
    assert not any(module._forward_hooks for module in trained.model.modules())


def test_the_figures_are_those_of_the_output(make_learner, make_data):
    data = make_data()
    learn = make_learner(data=data)
    layer = learn.model[0]
    seen = ActivationStats(learn, modules=[layer], bins=8, hist_range=(-1.0, 1.0), near=0.3)
    learn.fit(1, 0.0, wd=0.0, callbacks=[seen])  # nothing changes, so the outputs can be made again
    outputs = [layer(x).detach() for x, _ in data.train_dl]
    for column, output in enumerate(outputs):
        torch.testing.assert_close(seen.stats[0, 0, column], output.mean())
        torch.testing.assert_close(seen.stats[1, 0, column], output.std(correction=0))
        torch.testing.assert_close(seen.near_zero[0, column], (output.abs() <= 0.3).float().mean())
        counts = torch.histc(output.clamp(-1, 1), 8, -1, 1)
        torch.testing.assert_close(seen.hists[0, :, column], counts / output.numel())
    assert torch.allclose(seen.hists.sum(1), torch.ones(1, 4))


def test_batch_norm_has_mean_0_and_deviation_1(make_learner):
    learn = make_learner()
    seen = ActivationStats(learn, modules=[learn.model[1]])
    learn.fit(1, 0.0, wd=0.0, callbacks=[seen])
    torch.testing.assert_close(seen.stats[0], torch.zeros(1, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(seen.stats[1], torch.ones(1, 4), atol=1e-2, rtol=0)


def test_every_so_many_steps(make_learner):
    learn = make_learner()
    seen = ActivationStats(learn, every=3)
    learn.fit(2, callbacks=[seen])
    assert seen.iterations == [0, 3, 6]
    assert seen.stats.shape == (2, 3, 3)


def test_a_second_training_begins_anew(make_learner):
    learn = make_learner(callback_fns=ActivationStats)
    learn.fit(2)
    learn.fit(1)
    assert learn.activation_stats.stats.shape == (2, 3, 4)


def test_training_is_as_it_was_without(make_learner):
    plain, watched = make_learner(), make_learner(callback_fns=ActivationStats)
    for learn in (plain, watched):
        torch.manual_seed(3)
        learn.fit(1)
    assert plain.recorder.losses == watched.recorder.losses


class _SometimesCalled(nn.Module):
    def __init__(self):
        super().__init__()
        self.always, self.sometimes, self.calls = nn.Linear(6, 3), nn.Linear(6, 3), 0

    def forward(self, x):
        self.calls += self.training
        return self.always(x) + (self.sometimes(x) if self.calls % 2 else 0)


def test_a_layer_that_is_left_out_has_nan(make_learner):
    learn = make_learner(model=_SometimesCalled())
    seen = ActivationStats(learn)
    learn.fit(1, callbacks=[seen])
    assert torch.isnan(seen.stats[0]).tolist() == [[False] * 4, [False, True, False, True]]


def test_large_outputs_are_looked_at_in_part():
    values = torch.arange(64.0 * 64 * 56 * 56)
    sample = _spread(values)
    assert 10_000 < len(sample) <= 16_384
    assert len(set((sample[:2000].long() % 56).tolist())) == 56  # no column of the map is passed over
    assert torch.equal(_spread(values[:100]), values[:100])


def test_the_first_of_several_outputs_counts(make_learner):
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.inner = nn.Parameter(torch.ones(1)), nn.Linear(6, 3)

        def forward(self, x):
            return self.inner(x) * self.weight, x

    class First(nn.Module):
        def __init__(self):
            super().__init__()
            self.both = Both()

        def forward(self, x):
            return self.both(x)[0]

    learn = make_learner(model=First())
    seen = ActivationStats(learn, modules=[learn.model.both, learn.model.both.inner])
    learn.fit(1, 0.0, wd=0.0, callbacks=[seen])
    torch.testing.assert_close(seen.stats[:, 0], seen.stats[:, 1])


def test_plot_layer_stats(trained):
    figure = trained.activation_stats.plot_layer_stats(return_fig=True)
    assert [len(ax.lines) for ax in figure.axes] == [3, 3, 3]
    assert figure.axes[2].get_title() == "share with |x| ≤ 0.05"
    assert [text.get_text() for text in figure.legends[0].texts] == ["0 Linear", "1 BatchNorm1d", "4 Linear"]
    one = trained.activation_stats.plot_layer_stats(1, return_fig=True)
    drawn = torch.tensor(one.axes[1].lines[0].get_ydata())
    torch.testing.assert_close(drawn, trained.activation_stats.stats[1, 1])
    assert trained.activation_stats.plot_layer_stats([0, -1]) is None


def test_many_layers_go_by_colours(make_learner):
    learn = make_learner(model=nn.Sequential(*[nn.Linear(6, 6) for _ in range(9)], nn.Linear(6, 3)))
    seen = ActivationStats(learn)
    learn.fit(1, callbacks=[seen])
    figure = seen.plot_layer_stats(return_fig=True)
    assert not figure.legends and figure.axes[3].get_ylabel() == "layer"


def test_plot_hist(trained, monkeypatch):
    monkeypatch.setattr(defaults, "return_fig", True)
    figure = trained.activation_stats.plot_hist()
    assert [ax.get_title() for ax in figure.axes if ax.images] == ["0 Linear", "1 BatchNorm1d", "4 Linear"]
    assert figure.axes[0].images[0].get_array().shape == (40, 8)
    assert list(figure.axes[0].images[0].get_extent()) == [0, 8, -5, 5]
    six = trained.activation_stats.plot_hist([0, 1, 2, 0, 1])
    assert [len(ax.images) for ax in six.axes] == [1] * 5 + [0] * 3


@pytest.mark.parametrize("draw", ["plot_layer_stats", "plot_hist"])
def test_there_must_be_something_to_draw(make_learner, trained, draw):
    with pytest.raises(TrainingError, match=f"{draw}: ActivationStats has recorded nothing yet. Train with it"):
        getattr(ActivationStats(make_learner()), draw)()
    with pytest.raises(ArgumentError, match=rf"{draw}: idx must lie in 0..2; got 3 \(int\)"):
        getattr(trained.activation_stats, draw)(3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"every": 0}, "every must be a whole number of at least 1; got 0"),
        ({"bins": 1.5}, "bins must be a whole number of at least 1; got 1.5"),
        ({"hist_range": (1, -1)}, r"hist_range must be \(smallest, largest\); got"),
    ],
)
def test_settings_that_cannot_be(make_learner, wrong, said):
    with pytest.raises(ArgumentError, match=f"ActivationStats: {said}"):
        ActivationStats(make_learner(), **wrong)


@pytest.mark.parametrize("shift", [0.0, 3.0, 100.0])
def test_mean_and_deviation_of_any_memory_order(shift):
    values = torch.randn(4, 6, 9, 9) + shift
    for laid in (values, values.to(memory_format=torch.channels_last), values.transpose(2, 3)):
        mean, deviation = _mean_and_deviation(laid)
        assert float(mean) == pytest.approx(float(values.double().mean()), rel=1e-4, abs=1e-5)
        assert float(deviation) == pytest.approx(float(values.double().std(correction=0)), rel=1e-2)
        assert torch.equal(_flat(laid).sort().values, values.flatten().sort().values)
    assert _flat(values.to(memory_format=torch.channels_last)).is_contiguous()
