import pytest
import torch
from torch import nn

from onecycle.data.items import Category
from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, DataError, TrainingError
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import Callback


def test_validate_gives_loss_and_metrics(make_learner):
    learn = make_learner(metrics=accuracy)
    learn.fit(1)
    loss, right = learn.validate()
    assert loss == pytest.approx(learn.recorder.val_losses[-1], abs=1e-6)
    assert float(right) == learn.recorder.metrics[-1][0]


def test_validate_takes_a_loader_metrics_and_callbacks(make_learner):
    class Counts(Callback):
        batches = ended = 0

        def on_batch_end(self, train, **kwargs):
            self.batches += not train

        def on_train_end(self, **kwargs):
            self.ended += 1

    counts, learn = Counts(), make_learner()
    values = learn.validate(learn.data.train_dl, callbacks=[counts], metrics=[accuracy])
    assert len(values) == 2 and (counts.batches, counts.ended) == (4, 1)


def test_validate_needs_a_set(make_learner, make_data):
    with pytest.raises(DataError, match="validate: the set must hold at least one item"):
        make_learner(data=make_data(valid=0)).validate()


def test_looking_leaves_modes_and_generators_alone(make_learner):
    learn = make_learner()
    learn.model.train()
    before = torch.get_rng_state()
    learn.validate()
    learn.get_preds()
    learn.pred_batch(with_dropout=True)
    assert learn.model.training and learn.model[3].training
    assert torch.equal(before, torch.get_rng_state())


def test_predictions_of_a_set_are_probabilities(make_learner):
    preds, targets, losses = make_learner().get_preds(with_loss=True)
    torch.testing.assert_close(preds.sum(1), torch.ones(24))
    assert targets.shape == losses.shape == (24,)
    torch.testing.assert_close(losses, -preds[torch.arange(24), targets].log(), rtol=1e-4, atol=1e-5)


def test_the_activation_can_be_chosen(make_learner):
    learn = make_learner()
    raw, _ = learn.get_preds(activ=lambda output: output)
    assert not torch.allclose(raw.sum(1), torch.ones(24))
    assert len(learn.get_preds(DatasetType.Train, n_batch=1)[0]) == 16


def test_a_set_that_is_not_there(make_learner):
    with pytest.raises(DataError, match="no test set. Add one with add_test"):
        make_learner().get_preds(DatasetType.Test)


def test_one_batch(make_learner):
    learn = make_learner()
    preds = learn.pred_batch()
    torch.testing.assert_close(preds, learn.get_preds(n_batch=1)[0])
    xb, yb = learn.data.one_batch()
    assert learn.pred_batch(batch=(xb, yb)).shape == (16, 3)
    assert learn.pred_batch(activ=lambda output: output * 0).sum() == 0


def test_dropout_can_stay_on(make_learner):
    model = nn.Sequential(nn.Linear(6, 64), nn.Dropout(0.5), nn.Linear(64, 3))
    learn = make_learner(model=model)
    first, second = (learn.pred_batch(with_dropout=True) for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(learn.pred_batch(), learn.pred_batch())


def test_an_item(picture_learner):
    item = picture_learner.data.valid_ds[0][0]
    category, index, probabilities = picture_learner.predict(item)
    assert isinstance(category, Category) and str(category) == picture_learner.data.classes[int(index)]
    assert probabilities.shape == (2,) and float(probabilities.sum()) == pytest.approx(1)
    assert int(probabilities.argmax()) == int(index)
    probabilities.add_(1).requires_grad_()  # an ordinary tensor


def test_an_item_as_in_the_set(picture_learner):
    of_set = picture_learner.get_preds()[0]
    for i in range(len(of_set)):
        item = picture_learner.data.valid_ds.x[i]
        torch.testing.assert_close(picture_learner.predict(item)[2], of_set[i], rtol=1e-5, atol=1e-6)


def test_the_item_itself(picture_learner):
    item = picture_learner.data.valid_ds.x[0]
    seen = picture_learner.predict(item, return_x=True)[0]
    assert type(seen) is type(item)
    torch.testing.assert_close(seen.data, item.data, rtol=0, atol=1e-2)


def test_prediction_leaves_the_model_training_if_it_was(picture_learner):
    picture_learner.model.train()
    picture_learner.predict(picture_learner.data.valid_ds.x[0])
    assert picture_learner.model.training


def test_callbacks_see_predictions(picture_learner):
    class Twice(Callback):
        def on_loss_begin(self, last_output, **kwargs):
            return {"last_output": last_output * 0}

    picture_learner.callbacks.append(Twice())
    assert picture_learner.predict(picture_learner.data.valid_ds.x[0])[2].tolist() == [0.5, 0.5]


def test_doubts(picture_learner):
    item = picture_learner.data.valid_ds.x[0]
    answers = picture_learner.predict_with_mc_dropout(item, n_times=6)
    assert len(answers) == 6 and len({float(answer[2][0]) for answer in answers}) > 1


def test_ready_batches_have_no_items_to_show(make_learner):
    learn = make_learner()
    assert learn.predict(torch.ones(6))[2].shape == (3,)  # the loss says what the outputs are
    with pytest.raises(TrainingError, match="show_results: the data must be made of items and labels"):
        learn.show_results()


def test_predictions_as_items(picture_learner):
    items = picture_learner.pred_batch(reconstruct=True)
    assert all(isinstance(item, Category) for item in items) and len(items) == 4


def test_results_are_shown(picture_learner):
    import matplotlib.pyplot as plt

    picture_learner.show_results(rows=2)
    assert len([axes for axes in plt.gcf().axes if axes.get_images()]) == 4
    plt.close("all")
    with pytest.raises(ArgumentError, match="show_results: rows must be at least 1"):
        picture_learner.show_results(rows=0)


def test_apply_dropout_knows_dropouts(make_learner):
    layer = nn.Dropout2d().eval()
    make_learner().apply_dropout(layer)
    assert layer.training


def test_ready_batches_cannot_be_shown(make_learner):
    with pytest.raises(TrainingError, match="show_results: the data must be made of items and labels"):
        make_learner().show_results()


def test_batches_are_counted(make_learner):
    with pytest.raises(ArgumentError, match="get_preds: n_batch must be a whole number of at least 1; got -1"):
        make_learner().get_preds(n_batch=-1)
