"""When turns end."""

from functools import partial

import pytest

from onecycle.errors import ArgumentError, CallbackError
from onecycle.training.callback import Callback
from onecycle.vision.gan.switchers import AdaptiveGANSwitcher, FixedGANSwitcher


class Turns(Callback):
    def __init__(self, learn):
        self.model, self.seen = learn.model, ""

    def on_backward_begin(self, **kwargs):
        self.seen += "g" if self.model.gen_mode else "c"


def turns(learn):
    watch = Turns(learn)
    learn.fit(1, 1e-3, callbacks=[watch])
    return watch.seen


@pytest.mark.parametrize(("switcher", "expected"), [
    (FixedGANSwitcher, "cgcgcgcg"),
    (partial(FixedGANSwitcher, n_crit=2), "ccgccgcc"),
    (partial(FixedGANSwitcher, n_gen=3), "cgggcggg"),
    (partial(FixedGANSwitcher, n_crit=lambda steps: 3 if steps < 3 else 1), "cccgcgcg"),
    (AdaptiveGANSwitcher, "cgcgcgcg"),
    (partial(AdaptiveGANSwitcher, critic_thresh=1e6), "cgcgcgcg"),
    (partial(AdaptiveGANSwitcher, critic_thresh=-1e6), "cccccccc"),
    (partial(AdaptiveGANSwitcher, gen_thresh=-1e6), "cggggggg"),
])
def test_turns(make_gan, switcher, expected):
    assert turns(make_gan(8, switcher=switcher)) == expected


def test_a_turn_goes_on_in_the_next_epoch(make_gan):
    learn = make_gan(3)
    assert turns(learn) + turns(learn) == "cccccg"


@pytest.mark.parametrize("how", [{"n_crit": 0}, {"n_gen": -1}, {"n_crit": 1.5}, {"n_gen": True}])
def test_steps_below_one_never_switch_and_are_refused(make_gan, how):
    with pytest.raises(ArgumentError, match="must be a whole number of at least 1, or a function"):
        make_gan(switcher=partial(FixedGANSwitcher, **how))


@pytest.mark.parametrize("how", [{"gen_thresh": "low"}, {"critic_thresh": float("nan")}])
def test_a_threshold_that_is_no_number_is_refused(make_gan, how):
    with pytest.raises(ArgumentError, match="thresh must be a number, or None"):
        make_gan(switcher=partial(AdaptiveGANSwitcher, **how))


@pytest.mark.parametrize("cls", [FixedGANSwitcher, AdaptiveGANSwitcher])
def test_a_learner_of_one_model_is_refused(make_learner, cls):
    learn = make_learner()
    with pytest.raises(CallbackError, match=f"{cls.__name__}: needs the sides of a GANLearner"):
        learn.fit(1, callbacks=[cls(learn)])
