"""Watch a training run from every side: logs, TensorBoard, memory, time, early stopping, the saved best model.

python examples/watching.py [--data FOLDER]

FOLDER holds training/<class>/*.png and testing/<class>/*.png. Without it scikit-learn's digits are written out that
way. TensorBoard's files are written where it is installed: pip install 'onecycle[tensorboard]'.
"""

from __future__ import annotations

from example_data import arguments, digits_as_mnist
from torch import nn

from onecycle.vision import (
    ArgumentError,
    CSVLogger,
    EarlyStoppingCallback,
    Flatten,
    ImageList,
    JSONLLogger,
    Learner,
    LearnerCallback,
    LearnerTensorboardWriter,
    PeakMemMetric,
    SaveModelCallback,
    TerminateOnNaNCallback,
    TimeProfiler,
    accuracy,
    conv_layer,
)


class WeightNorm(LearnerCallback):
    """A callback of one's own: the norm of the weights as a column of the table."""

    _order = -20  # before the recorder

    def on_train_begin(self, **kwargs):
        self.learn.recorder.add_metric_names(["norm"])

    def on_epoch_end(self, last_metrics, **kwargs):
        norm = sum(float(p.detach().square().sum()) for p in self.learn.model.parameters()) ** 0.5
        return self.learn.recorder.with_values(last_metrics, {"norm": norm})


def make_learner(args):
    """Build a small convolutional net for small pictures."""
    folder = args.data or digits_as_mnist(args.out / "digits")
    pictures = ImageList.from_folder(folder, convert_mode="L").split_by_folder("training", "testing")
    data = pictures.label_from_folder().databunch(bs=args.bs).normalize()
    data.path = args.out
    widths = [1, 8, 16, 32, 16]
    layers = [conv_layer(ni, nf, stride=2) for ni, nf in zip(widths, widths[1:], strict=False)]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), Flatten(), nn.Linear(widths[-1], data.c))
    return Learner(data, net, metrics=accuracy, path=args.out)


def tensorboard_writer(learn, args):
    """Return the writer in a list; an empty list, with a word on it, where TensorBoard is not installed."""
    try:
        return [LearnerTensorboardWriter(learn, args.out / "runs", "digits", hist_iters=50, stats_iters=10)]
    except ArgumentError as error:
        print(f"{error} Going on without.")
        return []


def main(argv=None):
    args = arguments(__doc__, argv, "mnist_png", {}, bs=64, epochs=8, lr=0.02)
    learn = make_learner(args)
    learn.callback_fns += [WeightNorm, PeakMemMetric, TerminateOnNaNCallback]
    learn.show_training_loop()
    learn.fit_one_cycle(
        args.epochs,
        args.lr,
        callbacks=[
            CSVLogger(learn),
            JSONLLogger(learn, append=True),
            SaveModelCallback(learn, monitor="accuracy"),
            EarlyStoppingCallback(learn, patience=1, anneal=1),
            TimeProfiler(learn),
            *tensorboard_writer(learn, args),
        ],
    )
    table = learn.csv_logger.read_logged_file()
    print(table)
    return {"learn": learn, "table": table, "accuracy": float(learn.validate()[1])}


if __name__ == "__main__":
    main()
