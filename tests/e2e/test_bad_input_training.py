"""What a newcomer gets wrong in making a learner and training it, and what the library answers."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    CallbackError,
    DataError,
    NotRegisteredError,
    StepError,
    TrainingError,
)
from onecycle.vision import (
    ClassificationInterpretation,
    DatasetType,
    FloatList,
    ImageList,
    Learner,
    LearnerCallback,
    SaveModelCallback,
    accuracy,
    cnn_learner,
    models,
)

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = {"bs": 4, "num_workers": 0, "device": "cpu"}


# Making one


def test_data_that_is_not_loaded(pets, pets_bunch, tiny_net):
    lists = ImageList.from_folder(pets).split_none().label_from_folder()
    with pytest.raises(
        ArgumentTypeError, match=r"(?s)data must be a DataBunch; got LabelLists.*Call .databunch\(\) first"
    ):
        Learner(lists, tiny_net())
    with pytest.raises(ArgumentTypeError, match="cnn_learner: data must be a DataBunch; got PosixPath"):
        cnn_learner(pets, models.resnet18, pretrained=False)
    with pytest.raises(
        ArgumentTypeError, match=r"(?s)cnn_learner: data must be a DataBunch; got <function resnet18.*order"
    ):
        cnn_learner(models.resnet18, pets_bunch())


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (nn.Linear, r"got <class .*Linear.*Make it first, e.g. Net\(\)"),
        ("resnet18", "got 'resnet18' .*Pass an nn.Module"),
    ],
)
def test_a_model_that_is_none(pets_bunch, model, said):
    with pytest.raises(ArgumentTypeError, match=f"Learner: model must be an nn.Module; {said}"):
        Learner(pets_bunch(), model)


@pytest.mark.parametrize(
    ("arch", "error", "said"),
    [
        (
            "resnet19",
            NotRegisteredError,
            "no architecture is named 'resnet19'. Did you mean 'resnet18'.*Known: alexnet,",
        ),
        (
            None,
            ArgumentTypeError,
            "arch must be a callable, a model or a name; got None .*Pass models.resnet34, 'resnet34'",
        ),
        (3, ArgumentTypeError, "arch must be a callable, a model or a name; got 3"),
    ],
)
def test_an_architecture_that_is_none(pets_bunch, arch, error, said):
    with pytest.raises(error, match=said):
        cnn_learner(pets_bunch(), arch, pretrained=False)
    with pytest.raises(AttributeError, match="has no attribute 'resnet19'. Did you mean 'resnet18'"):
        _ = models.resnet19


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"metric": accuracy}, "unknown keyword 'metric'. Did you mean 'metrics'"),
        ({"pretraind": False}, "unknown keyword 'pretraind'. Did you mean 'pretrained'"),
        ({"dropout": 0.5}, "unknown keyword 'dropout'. Did you mean 'ps'"),
        ({"loss": F.cross_entropy}, "unknown keyword 'loss'. Did you mean 'loss_func'"),
        ({"ps": "a"}, "ps must .*; got 'a'"),
        ({"ps": 2}, "ps must lie between 0 and 1; got 2"),
        ({"lin_ftrs": "512"}, "lin_ftrs must be a list of whole numbers.*; got '512'"),
        ({"lin_ftrs": [0.5]}, r"lin_ftrs must be a list of whole numbers.*; got \[0.5\]"),
    ],
)
def test_keywords_of_cnn_learner(pets_bunch, keywords, said):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=said):
        cnn_learner(pets_bunch(), models.squeezenet1_1, **{"pretrained": False, **keywords})


@pytest.mark.parametrize(
    ("keywords", "error", "said"),
    [
        (
            {"metric": accuracy},
            ArgumentTypeError,
            "Learner: unknown keyword 'metric'. Did you mean 'metrics'",
        ),
        ({"optimizer": "adam"}, ArgumentTypeError, "unknown keyword 'optimizer'. Did you mean 'opt_func'"),
        (
            {"opt_func": "adam"},
            ArgumentTypeError,
            "opt_func must be a function that makes an optimiser.*; got 'adam'",
        ),
        (
            {"loss_func": "ce"},
            ArgumentTypeError,
            r"loss_func must be a function of \(output, target\); got 'ce'",
        ),
        ({"loss_func": nn.CrossEntropyLoss}, ArgumentTypeError, r"Make it first: CrossEntropyLoss\(\)"),
        ({"model_dir": None}, ArgumentTypeError, "model_dir must be the name of a folder; got None"),
        ({"callback_fns": 3}, ArgumentTypeError, "callback_fns must be called with a learner"),
        ({"layer_groups": 3}, ArgumentTypeError, "layer_groups must be a list of modules; got 3"),
    ],
)
def test_keywords_of_learner(pets_learner, keywords, error, said):
    with pytest.raises(error, match=said):
        pets_learner(**keywords)


# Metrics and losses


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("accuracy", "each must be a function .*; got 'accuracy' .*Pass the function itself"),
        (lambda output: 0, r"\(output\) must take \(output, target\)"),
        (3, "each must be a function .*; got 3"),
    ],
)
def test_a_metric_with_the_wrong_signature(pets_learner, metric, said):
    with pytest.raises(ArgumentTypeError, match=f"metrics: .*{said}"):
        pets_learner(metrics=metric)


def test_a_metric_that_needs_more_is_named_at_its_first_batch(pets_learner):
    def scaled(output, target, scale):
        return output.mean()

    with pytest.raises(
        ArgumentTypeError, match=r"scaled\(output, target, scale\) must take \(output, target\).*partial"
    ):
        pets_learner(metrics=scaled).fit(1)


@pytest.mark.parametrize("value", [None, "0.5", torch.zeros(3)])
def test_a_metric_that_returns_no_number(pets_learner, value):
    def odd(output, target):
        return value

    with pytest.raises(ArgumentTypeError, match="metrics: odd must return one number for a batch; got"):
        pets_learner(metrics=odd).fit(1)


def test_a_metric_that_fails_is_named(pets_learner):
    def broken(output, target):
        raise RuntimeError("no such thing")

    with pytest.raises(RuntimeError, match="(?s)no such thing.*metric: broken"):
        pets_learner(metrics=broken).fit(1)


@pytest.mark.parametrize("value", [None, 0.5, torch.zeros(4)])
def test_a_loss_that_is_no_number(pets_learner, value):
    with pytest.raises(
        ArgumentTypeError, match="loss_func must return one number for a batch, a tensor; got"
    ):
        pets_learner(loss_func=lambda output, target: value).fit(1)


def test_a_loss_that_fails_tells_the_shapes(pets_learner):
    def broken(output, target):
        return output @ target

    with pytest.raises(RuntimeError, match=r"(?s)loss: broken, output: \(4, 2\), target: \(4,\)"):
        pets_learner(loss_func=broken).fit(1)


def test_fewer_outputs_than_classes(pets_learner):
    with pytest.raises(
        TrainingError, match=r"a target is class 1 and the model has 1 outputs.*data.c outputs, at least 2"
    ):
        pets_learner(outputs=1, loss_func=F.cross_entropy).fit(1)


def test_another_number_of_outputs_than_of_numbers_to_predict(pets, tiny_net):
    lists = ImageList.from_folder(pets).split_by_idx([0, 6])
    data = lists.label_from_func(lambda file: [0.5, float(file.stem[-1])], label_cls=FloatList).databunch(**CPU)
    learn = Learner(data, tiny_net(3), loss_func=F.binary_cross_entropy_with_logits, silent=True)
    with pytest.raises(ValueError, match=r"(?s)output: \(4, 3\), target: \(4, 2\), cure: Give the model"):
        learn.fit(1)


def test_batches_of_one_item(pets_bunch):
    net = nn.Sequential(nn.Flatten(), nn.Linear(768, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    said = "fit: a batch norm must have two values or more of each channel; got one, .*bs of at least 2 with drop_last"
    with pytest.raises(TrainingError, match=said):
        Learner(pets_bunch(bs=1), net, silent=True).fit(1)


def test_no_loss_known(pets_learner):
    learn = pets_learner()
    learn.loss_func = None
    with pytest.raises(TrainingError, match="the learner has no loss function. Pass loss_func="):
        learn.fit(1)


def test_a_model_that_does_not_take_the_pictures(pets_bunch):
    learn = Learner(pets_bunch(), nn.Sequential(nn.Flatten(), nn.Linear(5, 2)), silent=True)
    with pytest.raises(
        RuntimeError, match=r"(?s)model: Sequential, input: \(4, 3, 16, 16\), cure: .*flatten or pool"
    ):
        learn.fit(1)


def test_pictures_too_small_for_the_architecture(pets_bunch):
    learn = cnn_learner(pets_bunch(), models.alexnet, pretrained=False, silent=True)
    with pytest.raises(
        RuntimeError, match=r"(?s)input: \(4, 3, 16, 16\), cure: The pictures are too small .*size=64"
    ):
        learn.fit(1)


class BecomesNaN(nn.Module):
    """A net whose third output is NaN."""

    def __init__(self, net):
        super().__init__()
        self.net, self.calls = net, 0

    def forward(self, x):
        self.calls += 1
        return self.net(x) * (float("nan") if self.calls == 2 else 1)


@pytest.mark.parametrize("how", ["fit", "fit_one_cycle"])
def test_a_loss_that_is_nan_is_named_with_its_batch_and_files(pets_bunch, tiny_net, how):
    learn = Learner(pets_bunch(), BecomesNaN(tiny_net()), silent=True, loss_func=F.cross_entropy)
    with pytest.raises(TrainingError) as caught:
        getattr(learn, how)(1, 1e-3)
    said = str(caught.value)
    assert "the loss must be a number; it is nan in epoch 0, batch 1 (" in said
    assert said.count(".png") == 4 and "/cat/cat_" in said
    assert "Lower the learning rate" in said
    assert all(p.isfinite().all() for p in learn.model.parameters())
    learn.fit(1)
    assert len(learn.recorder.losses) == 2


def test_a_rate_that_is_far_too_high(pets_learner):
    with pytest.raises(TrainingError, match="the loss must be a number; it is (nan|inf|-inf) in epoch"):
        pets_learner().fit(5, 1e38)


# Training


@pytest.mark.parametrize("epochs", [0, -1, "3", 1.5, None, True])
def test_epochs_are_a_whole_number(pets_learner, epochs):
    with pytest.raises(ArgumentError, match="fit: epochs must be a whole number of at least 1; got"):
        pets_learner().fit(epochs)
    with pytest.raises(ArgumentError, match="epochs must be a whole number of at least 1; got"):
        pets_learner().fit_one_cycle(epochs)


@pytest.mark.parametrize(
    "lr", ["1e-3", None, -1, float("nan"), slice(None), slice("a", "b"), slice(0, 1e-3), slice(1e-4, 1e-3, 1e-2)]
)
def test_a_rate_is_a_number_or_a_slice_of_numbers(pets_learner, lr):
    with pytest.raises(ArgumentError, match="lr_range: lr must be .*; got"):
        pets_learner().fit(1, lr)
    with pytest.raises(ArgumentError, match="lr_range: lr must be .*; got"):
        pets_learner().fit_one_cycle(1, lr)


def test_as_many_rates_as_layer_groups(pets_learner):
    with pytest.raises(
        ArgumentError, match=r"lr must be one number or 1, one a layer group; got \[1, 2, 3\]"
    ):
        pets_learner().fit(1, [1, 2, 3])


@pytest.mark.parametrize(
    ("keywords", "error", "said"),
    [
        ({"maxlr": 1e-3}, ArgumentTypeError, "fit_one_cycle: unknown keyword 'maxlr'. Did you mean 'max_lr'"),
        ({"lr": 1e-3}, ArgumentTypeError, "unknown keyword 'lr'. Did you mean 'max_lr'"),
        ({"epochs": 3}, ArgumentTypeError, "unknown keyword 'epochs'. Did you mean 'cyc_len'"),
        ({"weight_decay": 3}, ArgumentTypeError, "unknown keyword 'weight_decay'. Did you mean 'wd'"),
        ({"pct_start": 3}, ArgumentError, "pct_start must be between 0 and 1; got 3"),
        ({"pct_start": "a"}, ArgumentError, "pct_start must be between 0 and 1; got 'a'"),
        ({"div_factor": 0}, ArgumentError, "div_factor must be above 0; got 0"),
        ({"moms": 0.9}, ArgumentError, r"moms must be two numbers, e.g. \(0.95, 0.85\); got 0.9"),
        ({"moms": (0.9, "a")}, ArgumentError, "moms must be two numbers"),
        ({"moms": (2, 3)}, ArgumentError, r"moms must be two numbers, .*from 0 to 1 \(exclusive\); got \[2, 3\]"),
        ({"final_div": 0}, ArgumentError, "final_div must be above 0; got 0"),
        ({"tot_epochs": "3"}, ArgumentError, "tot_epochs must be a whole number of at least 1; got '3'"),
        ({"start_epoch": -1}, ArgumentError, "start_epoch must be a whole number of at least 0; got -1"),
        ({"wd": "a"}, ArgumentError, "fit: wd must be a number of at least 0.*; got 'a'"),
        (
            {"callbacks": [SaveModelCallback]},
            CallbackError,
            "got the class SaveModelCallback. Pass an instance",
        ),
        ({"callbacks": 3}, CallbackError, "must have events such as on_batch_end; got 3"),
    ],
)
def test_settings_of_the_cycle(pets_learner, keywords, error, said):
    with pytest.raises(error, match=said):
        pets_learner().fit_one_cycle(1, **keywords)


def test_an_unknown_keyword_of_fit(pets_learner):
    with pytest.raises(ArgumentTypeError, match="fit: unknown keyword 'learning_rate'. Did you mean 'lr'"):
        pets_learner().fit(1, learning_rate=1e-3)


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"start_lr": "a"}, "lr must be a number"),
        ({"start_lr": 0}, "start_lr must be above 0; got 0"),
        ({"end_lr": "a"}, "end_lr must be above 0; got 'a'"),
        ({"start_lr": 1, "end_lr": 1e-3}, r"end_lr must be above start_lr \(1\); got 0.001"),
        ({"num_it": 0}, "num_it must be a whole number of at least 1; got 0"),
        ({"startlr": 0}, "lr_find: unknown keyword 'startlr'. Did you mean 'start_lr'"),
    ],
)
def test_settings_of_the_finder(pets_learner, keywords, said):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=said):
        pets_learner().lr_find(**keywords)


def test_the_record_before_training(pets_learner):
    with pytest.raises(
        StepError, match="recorder: nothing is recorded yet. Call fit, fit_one_cycle or lr_find first"
    ):
        pets_learner().recorder.plot()


def test_plots_of_what_was_not_recorded(pets_learner):
    learn = pets_learner()
    learn.fit(1)
    with pytest.raises(TrainingError, match="there is no metric to plot. Pass metrics= to the learner"):
        learn.recorder.plot_metrics()
    with pytest.raises(TrainingError, match="needs at least 3 steps; .*Run lr_find"):
        learn.recorder.plot(suggestion=True)


@pytest.mark.parametrize("n", [2, 5, -2, "a", 0.5, None])
def test_groups_that_are_not_there(pets_learner, n):
    with pytest.raises(ArgumentError, match="freeze_to: n must be a whole number from -1 to 1, as there are 1 layer"):
        pets_learner().freeze_to(n)


@pytest.mark.parametrize("where", ["a", 3, lambda model: 3])
def test_splitting_the_model_at_no_module(pets_learner, where):
    with pytest.raises(ArgumentTypeError, match="splits must be modules or lists of modules; got"):
        pets_learner().split(where)


def test_splitting_at_a_layer_of_another_model(pets_learner):
    with pytest.raises(ArgumentError, match="splits must be parts of the model; got Linear"):
        pets_learner().split(nn.Linear(2, 2))


def test_mixup_of_no_number(pets_learner):
    with pytest.raises(ArgumentError, match="alpha must be above 0; got 'a'"):
        pets_learner().mixup(alpha="a").fit(1)


# Without a validation set, without a test set


@pytest.fixture
def unvalidated(pets, tiny_net):
    data = ImageList.from_folder(pets).split_none().label_from_folder().databunch(**CPU)
    return Learner(data, tiny_net(), metrics=accuracy, silent=True)


def test_training_without_a_validation_set_works(unvalidated):
    unvalidated.fit(1)
    unvalidated.fit_one_cycle(1)
    assert len(unvalidated.recorder.losses) == 3


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda learn: learn.validate(),
            "validate: the set must hold at least one item; it is empty. Split off",
        ),
        (lambda learn: learn.get_preds(), "get_preds: the set must hold at least one item; it is empty"),
        (lambda learn: learn.show_results(), "its dataset is empty"),
        (
            lambda learn: ClassificationInterpretation.from_learner(learn),
            "the set must hold at least one item",
        ),
        (lambda learn: learn.get_preds(DatasetType.Test), "the data has no test set. Add one with add_test"),
        (lambda learn: learn.validate(DatasetType.Test), "the data has no test set"),
        (lambda learn: learn.pred_batch(ds_type=DatasetType.Test), "the data has no test set"),
        (lambda learn: learn.show_results(DatasetType.Test), "the data has no test set"),
    ],
)
def test_sets_that_are_not_there(unvalidated, call, said):
    with pytest.raises(DataError, match=said):
        call(unvalidated)


def test_sets_that_are_none(pets_learner):
    learn = pets_learner()
    with pytest.raises(ArgumentError, match="ds_type must be one of DatasetType.Train.*; got 'valid'"):
        learn.get_preds("valid")
    with pytest.raises(
        ArgumentTypeError, match="validate: dl must be a loader or a DatasetType; got 'valid'"
    ):
        learn.validate("valid")
    with pytest.raises(ArgumentTypeError, match="each must be a function .*; got 'a'"):
        learn.validate(metrics="a")
    with pytest.raises(
        ArgumentTypeError, match="get_preds: unknown keyword 'with_los'. Did you mean 'with_loss'"
    ):
        learn.get_preds(with_los=True)
    assert len(learn.validate(DatasetType.Train)) == 1


def test_the_interpretation_of_a_regression(pets, tiny_net):
    lists = ImageList.from_folder(pets).split_by_idx([0, 6])
    data = lists.label_from_func(lambda file: float(file.stem[-1]), label_cls=FloatList).databunch(**CPU)
    learn = Learner(data, tiny_net(1), silent=True)
    with pytest.raises(
        DataError, match="targets must be class indices; they are numbers .*regression. Use Interpretation"
    ):
        learn.interpret()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda learn: learn.interpret().plot_top_losses(0), "k must be at least 1; got 0"),
        (lambda learn: learn.interpret().plot_top_losses("a"), "k must be at least 1; got 'a'"),
        (
            lambda learn: learn.interpret().plot_top_losses(2, heat_map=False),
            "'heat_map'. Did you mean 'heatmap'",
        ),
        (lambda learn: learn.interpret().plot_confusion_matrix(normalise=True), "Did you mean 'normalize'"),
        (lambda learn: learn.interpret().plot_confusion_matrix(fig_size=3), "Did you mean 'figsize'"),
        (
            lambda learn: learn.data.show_batch(row=3),
            "show_batch: unknown keyword 'row'. Did you mean 'rows'",
        ),
        (
            lambda learn: learn.data.show_batch(rows="3"),
            "show_batch: rows must be a number of at least 1; got '3'",
        ),
        (lambda learn: learn.show_results(row=3), "show_results: unknown keyword 'row'. Did you mean 'rows'"),
        (lambda learn: learn.show_results(rows=0), "show_results: rows must be at least 1; got 0"),
        (
            lambda learn: learn.recorder.plot(suggest=True),
            "plot: unknown keyword 'suggest'. Did you mean 'suggestion'",
        ),
        (
            lambda learn: ClassificationInterpretation.from_learner(learn.data),
            "learn must be a Learner; got ImageDataB",
        ),
        (lambda learn: ClassificationInterpretation.from_learner(learn, dstype=1), "Did you mean 'ds_type'"),
    ],
)
def test_figures_that_cannot_be_drawn(pets_learner, call, said):
    learn = pets_learner()
    learn.fit(1)
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"(?s){said}"):
        call(learn)


# Callbacks


def test_callbacks_that_cannot_work(pets_learner):
    learn = pets_learner()

    class WithoutState(LearnerCallback):
        def on_batch_end(self):
            pass

    class Misspelt(LearnerCallback):
        def on_batch_ends(self, **kwargs):
            pass

    class WrongWord(LearnerCallback):
        def on_batch_end(self, **kwargs):
            return {"stop_trainin": True}

    class Failing(LearnerCallback):
        def on_batch_end(self, **kwargs):
            raise ZeroDivisionError("mine")

    for kind, error, said in (
        (WithoutState, CallbackError, r"WithoutState.on_batch_end: must take \*\*kwargs"),
        (
            Misspelt,
            CallbackError,
            "Misspelt.on_batch_ends: is no event and is never called. Did you mean 'on_batch_end'",
        ),
        (WrongWord, CallbackError, "returned 'stop_trainin'.*Did you mean 'stop_training'"),
        (Failing, ZeroDivisionError, "(?s)mine.*callback: Failing, event: on_batch_end"),
        (
            lambda learn: SaveModelCallback(learn, monitor="acc"),
            CallbackError,
            "monitor must be one of train_loss",
        ),
    ):
        with pytest.raises(error, match=said):
            learn.fit(1, callbacks=[kind(learn)])
    learn.fit(1)


# Ctrl-C


class Impatient(LearnerCallback):
    """Interrupts training at the third batch, as Ctrl-C does, and tells what it saw of the end."""

    seen: object = "nothing"

    def on_batch_end(self, num_batch, train, **kwargs):
        if train and num_batch >= 2:
            raise KeyboardInterrupt

    def on_train_end(self, exception, **kwargs):
        self.seen = exception


@pytest.mark.parametrize("how", ["fit", "fit_one_cycle", "fit_fc"])
def test_the_learner_stays_usable_after_an_interruption(pets, pets_learner, pets_bunch, how):
    learn = pets_learner(data=pets_bunch(bs=2), metrics=accuracy)
    impatient = Impatient(learn)
    with pytest.raises(KeyboardInterrupt):
        getattr(learn, how)(2, callbacks=[impatient])
    assert isinstance(impatient.seen, KeyboardInterrupt)
    assert len(learn.recorder.losses) in (2, 3)
    learn.fit(1)
    assert len(learn.recorder.losses) == 4
    learn.save("after")
    weights = [p.detach().clone() for p in learn.model.parameters()]
    learn.fit_one_cycle(1)
    learn.load("after")
    assert all(torch.equal(a, b) for a, b in zip(weights, learn.model.parameters(), strict=True))
    assert str(learn.predict(pets / "cat" / "cat_0.png")[0]) in ("cat", "dog")
    assert len(learn.validate()) == 2


def test_an_interrupted_search_for_a_rate_leaves_no_trace(pets_learner, pets_bunch):
    learn = pets_learner(data=pets_bunch(bs=2))
    learn.callbacks = [Impatient(learn)]
    weights = [p.detach().clone() for p in learn.model.parameters()]
    with pytest.raises(KeyboardInterrupt):
        learn.lr_find()
    assert all(torch.equal(a, b) for a, b in zip(weights, learn.model.parameters(), strict=True))
    learn.callbacks = []
    learn.fit(1)


def test_an_interrupted_run_with_workers(pets_learner, pets_bunch):
    learn = pets_learner(data=pets_bunch(bs=2, num_workers=2))
    with pytest.raises(KeyboardInterrupt):
        learn.fit(1, callbacks=[Impatient(learn)])
    learn.fit(1)
    assert len(learn.recorder.losses) == 4
