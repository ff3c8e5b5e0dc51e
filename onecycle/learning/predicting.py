"""Looking at what a model does: validation, predictions of a set, a batch, an item."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from onecycle.data.loaders import DatasetType
from onecycle.data.missing_rows import fill_rows, fill_targets, missing_of
from onecycle.errors import (
    ArgumentTypeError,
    DataError,
    TrainingError,
    check_keywords,
    explain,
    known_keywords_only,
)
from onecycle.learning import augmented
from onecycle.learning.plain_labels import PlainLabels
from onecycle.nn.calling import call_model
from onecycle.nn.losses import activation_for
from onecycle.nn.turns import eval_mode, modes_kept, turn
from onecycle.training import loop
from onecycle.training.handler import CallbackHandler
from onecycle.training.mismatch import explain_model
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.functions import (
    func_args,
    has_arg,
    passes_keywords_on,
    split_kwargs_by_func,
    takes_any_keyword,
)
from onecycle.utils.seeding import global_rng_kept
from onecycle.utils.tensors import grab_idx, to_cpu

__all__: list[str] = []

_PREDICTS = ("item", "return_x", "batch_first", "with_dropout")
_DROPOUTS = (nn.modules.dropout._DropoutNd,)


class Predicting:
    """Validate a learner's model and predict with it. Random generators are left as they were."""

    if TYPE_CHECKING:
        data: Any
        model: nn.Module
        loss_func: Any
        metrics: list[Any]
        callbacks: list[Any]

    def dl(self, ds_type: Any = DatasetType.Valid) -> Any:
        """Return the loader of a set."""
        return self.data.dl(ds_type)

    @known_keywords_only
    def validate(self, dl: Any = None, callbacks: Any = None, metrics: Any = None) -> list[Any]:
        """Compute the loss and the metrics over a set.

        Args:
            dl: Its loader, or a `DatasetType`; the validation set when None.
            callbacks: More callbacks.
            metrics: Metrics; the learner's when None.

        Returns:
            The loss and the values of the metrics.

        Raises:
            DataError: there is no validation set.
        """
        dl = self._loader_of(dl)
        if dl is None or len(dl) == 0:
            raise DataError(
                "validate: the set must hold at least one item; it is empty. Split off a validation set."
            )
        metrics = self.metrics if metrics is None else metrics
        handler = CallbackHandler([*self.callbacks, *(callbacks or [])], metrics)
        handler.note_loss(self.loss_func)
        with turn(self.model, "validate"), global_rng_kept(), modes_kept(self.model):
            handler.on_train_begin(1, None, metrics)
            try:
                handler.on_epoch_begin()
                handler.on_epoch_end(loop.validate(self.model, dl, self.loss_func, handler))
            except BaseException as error:
                handler.on_train_end(error)
                raise
            handler.on_train_end(None)
        return handler.state_dict["last_metrics"]

    def _loader_of(self, dl: Any) -> Any:
        """Return the loader that is meant: one, that of a set, or that of the validation set for None."""
        if dl is None:
            return self.data.valid_dl
        if isinstance(dl, DatasetType):
            return self.data.dl(dl)
        if isinstance(dl, str) or not hasattr(dl, "__len__"):
            cure = "Pass e.g. learn.data.train_dl or DatasetType.Train."
            raise ArgumentTypeError(explain("validate", "dl", "must be a loader or a DatasetType", dl, cure))
        return dl

    @known_keywords_only
    def get_preds(
        self,
        ds_type: Any = DatasetType.Valid,
        activ: Callable[[Any], Any] | None = None,
        with_loss: bool = False,
        n_batch: int | None = None,
        pbar: Any = None,
        items: Any = None,
    ) -> list[Any]:
        """Predict a whole set.

        Args:
            ds_type: Which set.
            activ: Applied to the model's output; what the loss implies (softmax …) when None.
            with_loss: Add the loss of each item.
            n_batch: Stop after so many batches.
            pbar: A `master_bar` above the bar shown here.
            items: Items to predict in the place of a set, e.g. files, texts or the rows of a frame; the data stay as
                they are. They have no targets, so zeros stand for them.

        Returns:
            `[predictions, targets]` on the CPU in the order of the loader, and `losses` where asked for. With
            `on_error="skip"` an item that could not be read has a row too: its prediction and loss are NaN (boxes:
            none), its target is its label where that can be read, else NaN, or -100 in whole numbers.
        """
        return self.preds_of(self._loader_in_order(ds_type, items), activ, with_loss, n_batch, pbar)

    def preds_of(
        self,
        loader: Any,
        activ: Callable[[Any], Any] | None = None,
        with_loss: bool = False,
        n_batch: int | None = None,
        pbar: Any = None,
    ) -> list[Any]:
        """Predict what a loader yields.

        Args:
            loader: Yields batches (inputs, targets).
            activ: As for `get_preds`, like the rest.
            with_loss: Add the loss of each item.
            n_batch: Stop after so many batches.
            pbar: A `master_bar` above the bar shown here.

        Returns:
            As `get_preds`.
        """
        if n_batch is not None:
            check_whole("get_preds", "n_batch", n_batch)
        handler = CallbackHandler(self.callbacks)
        with turn(self.model, "get_preds"), global_rng_kept(), modes_kept(self.model):
            applied = activation_for(self.loss_func) if activ is None else activ
            result = loop.get_preds(
                self.model,
                loader,
                pbar=pbar,
                cb_handler=handler,
                activ=applied,
                loss_func=self.loss_func if with_loss else None,
                n_batch=n_batch,
            )
        return _with_missing(result, loader, n_batch, getattr(applied, "thins_out", False))

    @known_keywords_only
    def TTA(
        self,
        ds_type: Any = DatasetType.Valid,
        beta: float | None = 0.4,
        scale: float | None = None,
        activ: Callable[[Any], Any] | None = None,
        with_loss: bool = False,
        n_views: int = 8,
    ) -> list[Any]:
        """Predict a set of images from several views of each: beta · plain + (1 - beta) · mean of the views.

        The views are such as training may have seen: its flips, crops, margins, rotations, zooms and warps, spread
        evenly over their ranges, so that of eight views four are mirrored. With a `scale`, v1's eight views look
        closer at each of the four corners instead, mirrored and not. They are the same each time. Where the targets
        are pixels (masks, images), each view's predictions are moved back to where they belong, and a pixel's mean is
        over the views that show it.

        Args:
            ds_type: Which set.
            beta: Weight of the plain predictions, 0 to 1; None returns both kinds apart.
            scale: How much closer v1's views of the corners look, at least 1 (v1: 1.35); None for those of training.
            activ: Applied to the model's output before averaging; what the loss implies (softmax …) when None.
            with_loss: Add the loss of each item, exactly that of the averaged predictions.
            n_views: How many views of training, at least 1.

        Returns:
            `[predictions, targets]` and `losses` where asked for; `[plain, averaged, targets]` without a beta.

        Raises:
            ArgumentError: beta, scale or n_views is out of its range, or the loss is asked for with an activation of
                which the inverse is not known.
            ArgumentTypeError: the data are no pictures with labels or masks beside them.

        Example:
            preds, targets, losses = learn.TTA(with_loss=True)
            print(losses.mean(), accuracy(preds, targets))
        """
        return augmented.predict(self, ds_type, beta, scale, activ, with_loss, n_views)

    def tta_only(
        self,
        ds_type: Any = DatasetType.Valid,
        activ: Callable[[Any], Any] | None = None,
        scale: float | None = None,
        n_views: int = 8,
    ) -> Iterator[list[Any]]:
        """Give the predictions of each view of `TTA`, one view after the other, and the targets.

        Args:
            ds_type: Which set.
            activ: Applied to the model's output; what the loss implies (softmax …) when None.
            scale: As for `TTA`.
            n_views: As for `TTA`.

        Yields:
            `[predictions, targets]` of a view, predictions where they lie in the view.

        Raises:
            ArgumentError: scale or n_views is out of its range.
            ArgumentTypeError: the data are no images with labels or masks beside them.
        """
        return augmented.views(self, ds_type, activ, scale, n_views)

    def _loader_in_order(self, ds_type: Any, items: Any = None) -> Any:
        """Return the loader of a set, or of items that are given."""
        if items is not None:
            return self.data.items_dl(items)
        loader = self.dl(ds_type)
        if loader is None:
            raise DataError(
                f"get_preds: the data has no {ds_type} set. Add it, e.g. with data.add_test(items)."
            )
        return loader

    def pred_batch(
        self,
        ds_type: Any = DatasetType.Valid,
        batch: Any = None,
        reconstruct: bool = False,
        with_dropout: bool = False,
        activ: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Predict one batch.

        Args:
            ds_type: Set of which the first batch is taken.
            batch: The batch (inputs, targets) itself.
            reconstruct: Return items, such as categories, instead of numbers.
            with_dropout: Leave dropout on.
            activ: Applied to the model's output; what the loss implies when None.

        Returns:
            The predictions on the CPU.
        """
        xb, yb = batch if batch is not None else self.data.one_batch(ds_type, detach=False, denorm=False)
        handler = CallbackHandler(self.callbacks)
        with torch.no_grad(), eval_mode(self.model, "pred_batch"):
            if with_dropout:
                self.model.apply(self.apply_dropout)
            xb, yb = handler.on_batch_begin(xb, yb, train=False)
            output, _ = loop.loss_batch(self.model, xb, yb, cb_handler=handler)
        preds = self._activated(to_cpu(output), activ)
        return self._items(preds, xb) if reconstruct else preds

    def _activated(self, output: Any, activ: Callable[[Any], Any] | None) -> Any:
        activ = activation_for(self.loss_func) if activ is None else activ
        return [activ(output[0]), *output[1:]] if isinstance(output, (list, tuple)) else activ(output)

    def _items(self, preds: Any, xb: Any) -> list[Any]:
        """Return what the predictions say, item by item."""
        y, preds = _labels_of(self), _as_pictures(self.data, preds)
        analyzed = [y.analyze_pred(grab_idx(preds, i)) for i in range(_length(preds))]
        if not has_arg(y.reconstruct, "x"):
            return [y.reconstruct(pred) for pred in analyzed]
        x = self.data.single_ds.x
        return [y.reconstruct(pred, x.reconstruct(grab_idx(xb, i))) for i, pred in enumerate(analyzed)]

    @staticmethod
    def apply_dropout(m: nn.Module) -> None:
        """Put a dropout layer into training mode."""
        if isinstance(m, _DROPOUTS) or "dropout" in type(m).__name__.lower():
            m.train()

    def predict(
        self,
        item: Any,
        return_x: bool = False,
        batch_first: bool = True,
        with_dropout: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Predict one item.

        Args:
            item: An item of the kind the data holds, e.g. an `Image`; where the data was made of data sets or ready
                loaders, an input as these give it, such as `dataset[i][0]`, or a sample whose parts have names.
            return_x: Return the item as the model saw it, too.
            batch_first: False where the model's output has the batch on the second axis.
            with_dropout: Leave dropout on.
            **kwargs: For `analyze_pred` of the labels, e.g. `thresh`.

        Returns:
            (prediction as an item, as a tensor of its data, output of the model after the activation); the
            item as the model saw it first with `return_x`. Masks, points and boxes are in the frame of the picture
            given, at its own size; with `return_x` in that of the one returned. Without lists of labels the loss says
            what the outputs are: one class of several, several at once, or numbers.
        """
        labels = _labels_of(self)
        if kwargs and not takes_any_keyword(labels.analyze_pred):
            check_keywords("predict", kwargs, {*_PREDICTS, *func_args(labels.analyze_pred)} - {"self", "pred"})
        moves_back = hasattr(labels, "put_back")
        if moves_back:
            item = self.data.single_ds.x.as_item(item)  # once: an open file can be read once
        xb, yb = self.data.single_batch(item)
        raw = grab_idx(self._output(xb, yb, with_dropout), 0, batch_first=batch_first)
        raw = _as_pictures(self.data, raw)
        pred = labels.analyze_pred(raw, **kwargs)
        if not return_x and not moves_back and not has_arg(labels.reconstruct, "x"):
            return labels.reconstruct(pred), pred, raw
        x = self._seen(xb)
        if return_x:
            return x, _rebuilt(labels, pred, x), pred, raw
        return self._in_place(labels, pred, item, x), pred, raw

    def _in_place(self, labels: Any, pred: Any, item: Any, seen: Any) -> Any:
        """Return the prediction where it belongs: in the item as it was given, if the labels know how."""
        dataset = self.data.single_ds
        put_back = getattr(labels, "put_back", None)
        made = None if put_back is None else put_back(pred, dataset.x.as_item(item), dataset)
        return _rebuilt(labels, pred, seen) if made is None else made

    def _output(self, xb: Any, yb: Any, with_dropout: bool = False) -> Any:
        """Return the model's output for a batch after the activation."""
        if with_dropout or self.callbacks:
            return self.pred_batch(batch=(xb, yb), with_dropout=with_dropout)
        with torch.inference_mode():
            with eval_mode(self.model, "predict") as model:
                try:
                    output = call_model(model, xb)
                except Exception as error:
                    explain_model(error, model, xb)
                    raise
            output = self._activated(output, None)
        return _plain(output)

    def _seen(self, xb: Any) -> Any:
        """Return the item as the model saw it."""
        denorm = getattr(self.data, "denorm", None)
        seen = grab_idx(denorm(xb) if denorm is not None else to_cpu(xb), 0)
        inputs: Any = getattr(self.data.single_ds, "x", None)
        return inputs.reconstruct(seen) if hasattr(inputs, "reconstruct") else seen

    def predict_with_mc_dropout(
        self, item: Any, with_dropout: bool = True, n_times: int = 10, **kwargs: Any
    ) -> list[tuple[Any, ...]]:
        """Predict one item several times with dropout on, to see how sure the model is.

        Args:
            item: The item.
            with_dropout: Leave dropout on.
            n_times: How many times.
            **kwargs: For `predict`.

        Returns:
            What `predict` returns, for each time.

        Reference: Gal and Ghahramani, "Dropout as a Bayesian approximation" (2016).
        """
        return [self.predict(item, with_dropout=with_dropout, **kwargs) for _ in range(n_times)]

    @passes_keywords_on("figsize", "imgsize", "cmap", "hide_axis")
    def show_results(self, ds_type: Any = DatasetType.Valid, rows: int = 5, **kwargs: Any) -> None:
        """Show items with their targets and predictions.

        Args:
            ds_type: Set of which the first batch is taken.
            rows: Rows of the grid, at least 1.
            **kwargs: For `analyze_pred` of the labels and for showing.

        Raises:
            TrainingError: the data was not made of items.
        """
        check_numbers("show_results", "rows", rows, "must be at least 1", lambda count: count >= 1)
        ds = self.dl(ds_type).dataset
        if not hasattr(getattr(ds, "x", None), "show_xyzs") or not hasattr(ds.y, "analyze_pred"):
            raise _not_of_items("show_results")
        xb, yb = self.data.one_batch(ds_type, detach=False, denorm=False, cpu=False)
        preds = self.pred_batch(batch=(xb, yb))
        first = xb[0] if isinstance(xb, (list, tuple)) else xb
        count = min(rows**2 if getattr(ds.x, "_square_show_res", True) else rows, len(first))
        for_pred, for_show = split_kwargs_by_func(kwargs, ds.y.analyze_pred)
        denorm: Any = getattr(self.data, "denorm", None)
        xs = [ds.x.reconstruct(grab_idx(denorm(xb) if denorm is not None else xb, i)) for i in range(count)]
        wanted = _as_pictures(self.data, yb)
        ys = [_rebuilt(ds.y, grab_idx(wanted, i), xs[i]) for i in range(count)]
        shown = _as_pictures(self.data, preds)
        analyzed = [ds.y.analyze_pred(grab_idx(shown, i), **for_pred) for i in range(count)]
        ds.x.show_xyzs(xs, ys, [_rebuilt(ds.y, pred, x) for pred, x in zip(analyzed, xs)], **for_show)


def _with_missing(result: list[Any], loader: Any, n_batch: int | None, thins_out: bool) -> list[Any]:
    """Return predictions, targets and losses with a row for each item that the loader had to leave out."""
    missing = missing_of(loader, n_batch)
    if not missing:
        return result
    preds, targets, *losses = result
    dataset = getattr(loader, "dataset", None)
    filled = [fill_rows(preds, missing, 0.0 if thins_out else math.nan), fill_targets(targets, missing, dataset)]
    return [*filled, *fill_rows(losses, missing)]


def _length(batch: Any) -> int:
    return _length(batch[0]) if isinstance(batch, (list, tuple)) else len(batch)


def _plain(output: Any) -> Any:
    """Return tensors made in inference mode as tensors that may be changed and computed with."""
    if isinstance(output, (list, tuple)):
        return [_plain(part) for part in output]
    return output.clone() if isinstance(output, Tensor) else output


def _as_pictures(data: Any, targets: Any) -> Any:
    """Return targets, or what a model made of them, as they were before targets were normalised."""
    denorm: Any = getattr(data, "denorm", None)
    return denorm(targets, do_x=True) if getattr(denorm, "do_y", False) else targets


def _labels_of(learn: Any) -> Any:
    """Return what turns numbers into labels: the list of labels, or where there is none what the loss says."""
    labels = getattr(learn.data.single_ds, "y", None)
    return labels if hasattr(labels, "analyze_pred") else PlainLabels(learn.loss_func, learn.data.classes)


def _not_of_items(owner: str) -> TrainingError:
    return TrainingError(
        f"{owner}: the data must be made of items and labels (ImageList … databunch()); it wraps ready batches or a "
        f"plain data set. Use learn.pred_batch(batch=(xb, yb)), or learn.model itself."
    )


def _rebuilt(labels: Any, data: Any, x: Any) -> Any:
    return labels.reconstruct(data, x) if has_arg(labels.reconstruct, "x") else labels.reconstruct(data)
