"""A short run, and the graph."""

from onecycle.callbacks.misc import StopAfterNBatches
from onecycle.callbacks.show_graph import ShowGraph


def test_stop_after_some_batches(make_learner):
    learn = make_learner()
    learn.fit(5, callbacks=[StopAfterNBatches(3)])
    assert len(learn.recorder.losses) == 3 and learn.recorder.val_losses == []


def test_the_graph_gets_both_curves(make_learner):
    drawn = []

    class Bar:
        table = None

        def write(self, line, table=False):
            pass

        def update_graph(self, graphs, x_bounds, y_bounds):
            drawn.append((graphs, x_bounds, y_bounds))

    learn = make_learner()
    learn.fit(1)
    learn.recorder.pbar = Bar()
    ShowGraph(learn).on_epoch_end(n_epochs=2, last_metrics=[0.5])
    (train, valid), x_bounds, y_bounds = drawn[0]
    assert len(train[1]) == 4 and valid[0] == [4] and x_bounds == (0, 8) and y_bounds[1] >= max(train[1])
    ShowGraph(learn).on_epoch_end(n_epochs=2, last_metrics=[None])
    assert len(drawn) == 1
    learn.recorder.val_losses[0] = float("nan")
    ShowGraph(learn).on_epoch_end(n_epochs=2, last_metrics=[0.5])
    assert drawn[1][2][1] == max(train[1])
