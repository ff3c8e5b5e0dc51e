import gc

import pytest

from onecycle.errors import ArgumentTypeError, CallbackError
from onecycle.training.callback import (
    EVENTS,
    Callback,
    LearnerCallback,
    check_callback,
    check_signature,
    listener,
)


class Bare:
    pass


class CountsBatches(LearnerCallback):
    def on_batch_end(self, **kwargs):
        pass


def test_a_learner_callback_is_known_by_its_name():
    learn = Bare()
    callback = CountsBatches(learn)
    assert learn.counts_batches is callback and callback.learn is learn


def test_a_learner_that_is_gone_is_told():
    callback = LearnerCallback(Bare())
    gc.collect()
    with pytest.raises(CallbackError, match="LearnerCallback: its learner is gone"):
        _ = callback.learn


def test_only_overridden_events_listen():
    callback = CountsBatches(learn := Bare())
    assert [event for event in EVENTS if listener(callback, event)] == ["on_batch_end"]
    assert learn is not None


def test_any_object_with_events_listens():
    class Plain:
        def on_epoch_end(self, **kwargs):
            pass

    check_callback(Plain())
    assert listener(Plain(), "on_epoch_end") and not listener(Plain(), "on_batch_end")


def test_the_base_answers_every_event_with_nothing():
    assert all(getattr(Callback(), event)(epoch=1) is None for event in EVENTS)
    assert Callback().jump_to_epoch(3) is None


def test_state_leaves_out_what_the_class_says():
    class Kept(Callback):
        exclude, not_min = ("big",), ("medium",)

    callback = Kept()
    callback.big, callback.medium, callback.small = 1, 2, 3
    assert callback.get_state() == {"small": 3}
    assert callback.get_state(minimal=False) == {"medium": 2, "small": 3}
    assert repr(callback) == "Kept(big=1, medium=2, small=3)"


def test_a_class_is_no_callback():
    with pytest.raises(CallbackError, match=r"got the class CountsBatches. Pass an instance, or the class in"):
        check_callback(CountsBatches)


def test_something_without_events_is_no_callback():
    with pytest.raises(CallbackError, match="must have events such as on_batch_end; got 3. Subclass Callback"):
        check_callback(3)


def check(method, known=("last_loss", "epoch")):
    made = type("Mine", (Callback,), {"on_batch_end": method})()
    check_signature(made, "on_batch_end", known)


def test_an_event_must_take_keywords():
    with pytest.raises(CallbackError, match=r"Mine.on_batch_end: must take \*\*kwargs"):
        check(lambda self, last_loss: None)


def test_an_unknown_entry_is_named_with_the_nearest():
    with pytest.raises(CallbackError, match=r"parameter 'last_los' is no entry of the state.*Did you mean 'last_loss'"):
        check(lambda self, last_los, **kwargs: None)


def test_a_positional_parameter_is_refused():
    def method(self, last_loss, /, **kwargs):
        pass

    with pytest.raises(CallbackError, match=r"parameter 'last_loss' must be accepted by keyword"):
        check(method)


def test_a_parameter_with_a_default_may_have_any_name():
    check(lambda self, mine=3, **kwargs: None)


def test_a_learner_callback_without_a_learner_says_so():
    class Forgets(LearnerCallback):
        def __init__(self, learn):
            self.seen = []

    with pytest.raises(CallbackError, match=r"Forgets: its learner is not known. Call super\(\).__init__\(learn\)"):
        _ = Forgets(None).learn
    with pytest.raises(ArgumentTypeError, match=r"LearnerCallback: learn must be a learner; got 'history' \(str\)"):
        LearnerCallback("history")


def test_an_event_must_take_self():
    class Forgets(Callback):
        def on_batch_end(**kwargs):
            pass

    with pytest.raises(CallbackError, match=r"Forgets.on_batch_end: must take self. Write def on_batch_end\(self"):
        check_signature(Forgets(), "on_batch_end", [])
