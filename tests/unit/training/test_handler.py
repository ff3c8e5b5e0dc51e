import pytest
import torch

from onecycle.errors import ArgumentTypeError, CallbackError
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import Callback
from onecycle.training.handler import CallbackHandler


class Log(Callback):
    def __init__(self, log, name="", order=0):
        self.log, self.name, self._order = log, name, order

    def on_batch_begin(self, **kwargs):
        self.log.append(self.name)


def test_callbacks_are_told_in_their_order():
    log = []
    handler = CallbackHandler([Log(log, "late", 5), Log(log, "early", -5), Log(log, "middle")])
    handler.on_batch_begin(1, 2)
    assert log == ["early", "middle", "late"]


def test_a_single_callback_and_a_single_metric_need_no_list():
    handler = CallbackHandler(Log([]), accuracy)
    assert len(handler.callbacks) == 1 and handler.metrics[0].name == "accuracy"


def test_inputs_targets_outputs_and_losses_can_be_changed():
    class Change(Callback):
        def on_batch_begin(self, last_input, last_target, **kwargs):
            return {"last_input": last_input + 1, "last_target": last_target + 2}

        def on_loss_begin(self, last_output, **kwargs):
            return {"last_output": last_output * 2}

        def on_backward_begin(self, last_loss, **kwargs):
            return {"last_loss": last_loss + 10, "skip_bwd": True}

    handler = CallbackHandler(Change())
    assert handler.on_batch_begin(1, 1) == (2, 3)
    assert handler.on_loss_begin(4) == 8
    loss, skipped = handler.on_backward_begin(torch.tensor(1.0))
    assert float(loss) == 11 and skipped


def test_a_wish_holds_for_one_batch():
    class Once(Callback):
        def on_batch_begin(self, iteration, **kwargs):
            return {"skip_step": True, "skip_zero": True} if iteration == 0 else None

    handler = CallbackHandler(Once())
    handler.on_batch_begin(0, 0)
    assert handler.on_backward_end() and handler.on_step_end()
    handler.on_batch_end(torch.tensor(1.0))
    handler.on_batch_begin(0, 0)
    assert not handler.on_backward_end() and not handler.on_step_end()


def test_batches_are_counted_in_training_only():
    handler = CallbackHandler()
    for train in (True, True, False):
        handler.on_batch_begin(0, 0, train=train)
        handler.on_batch_end(torch.tensor(1.0))
    assert (handler.state_dict["iteration"], handler.state_dict["num_batch"]) == (2, 2)
    handler.on_epoch_begin()
    assert (handler.state_dict["iteration"], handler.state_dict["num_batch"]) == (2, 0)


def test_metrics_see_validation_only():
    handler = CallbackHandler(metrics=accuracy)
    handler.on_train_begin(1, None, [accuracy])
    handler.on_epoch_begin()
    output, target = torch.eye(2), torch.tensor([0, 0])
    for train in (True, False):
        handler.on_batch_begin(None, target, train=train)
        handler.on_loss_begin(output)
        handler.on_batch_end(torch.tensor(1.0))
    handler.on_epoch_end(0.25)
    assert handler.state_dict["last_metrics"][0] == 0.25
    assert float(handler.state_dict["last_metrics"][1]) == 0.5


def test_without_validation_metrics_are_left_out():
    handler = CallbackHandler(metrics=accuracy)
    handler.on_train_begin(1, None, [accuracy])
    handler.on_epoch_end(None)
    assert handler.state_dict["last_metrics"] == [None]


def test_an_error_says_which_callback_and_event():
    class Breaks(Callback):
        def on_batch_end(self, **kwargs):
            raise KeyError("mine")

    handler = CallbackHandler(Breaks())
    with pytest.raises(KeyError) as caught:
        handler.on_batch_end(torch.tensor(1.0))
    assert caught.value.__notes__ == ["callback: Breaks, event: on_batch_end"]


def returns(value):
    return type("Returns", (Callback,), {"on_epoch_begin": lambda self, **kwargs: value})()


def test_an_unknown_change_is_named_with_the_nearest():
    with pytest.raises(CallbackError, match=r"returned 'stop_trainin', which is no entry.*mean 'stop_training'"):
        CallbackHandler(returns({"stop_trainin": True})).on_epoch_begin()


def test_a_change_must_be_a_dict():
    with pytest.raises(CallbackError, match="must return None or a dict of changes to the state; got True"):
        CallbackHandler(returns(True)).on_epoch_begin()


def test_a_metric_with_the_wrong_parameters_is_told_at_attach():
    def lonely(output):
        return 0.0

    with pytest.raises(ArgumentTypeError, match=r"lonely\(output\) must take \(output, target\)"):
        CallbackHandler(metrics=lonely)


def test_jump_is_told_when_training_begins_later():
    class Jumps(Callback):
        def on_train_begin(self, **kwargs):
            return {"epoch": 3}

        def jump_to_epoch(self, epoch):
            self.at = epoch

    callback = Jumps()
    CallbackHandler(callback).on_train_begin(5, None, None)
    assert callback.at == 3


def test_a_dataset_that_is_a_callback_listens_while_its_loader_is_used():
    log = []

    class Loader:
        def __init__(self, dataset):
            self.dataset = dataset

    handler = CallbackHandler()
    handler.set_dl(Loader(Log(log, "set")))
    handler.on_batch_begin(0, 0)
    handler.set_dl(Loader([1]))
    handler.on_batch_begin(0, 0)
    assert log == ["set"]


def test_who_listens_can_be_asked():
    listeners = CallbackHandler(Log([]), accuracy).listeners()
    assert listeners["on_batch_begin"] == ["Log"] and listeners["on_batch_end"] == ["AverageMetric"]
    assert listeners["on_step_end"] == []


def test_skip_validate_is_the_state_s():
    handler = CallbackHandler(returns({"skip_validate": True}))
    handler.on_epoch_begin()
    assert handler.skip_validate


def test_a_count_stays_a_number():
    class Wrong(Callback):
        def on_train_begin(self, **kwargs):
            return {"epoch": "2"}

    with pytest.raises(CallbackError, match="Wrong.on_train_begin: returned epoch='2', which must be a whole number"):
        CallbackHandler([Wrong()]).on_train_begin(1, None, None)


def test_everyone_is_told_of_the_end_also_where_one_fails():
    class Fails(Callback):
        def on_train_end(self, exception, **kwargs):
            raise OSError("the disk")

    class Puts(Callback):
        done = 0

        def on_train_end(self, **kwargs):
            self.done += 1

    puts = [Puts(), Puts()]
    handler = CallbackHandler([puts[0], Fails(), puts[1]])
    with pytest.raises(OSError, match="the disk"):
        handler.on_train_end(None)
    assert [one.done for one in puts] == [1, 1]
