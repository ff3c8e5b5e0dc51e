"""The loop: a batch, an epoch, a run; validation and predictions on the same path."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import zip_longest
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from onecycle.data.addresses import passed_over
from onecycle.data.batch_parts import NoTarget, as_pair
from onecycle.errors import DataError, TrainingError
from onecycle.nn.calling import call_model
from onecycle.nn.loss_weight import Part, nothing_counts, weighed
from onecycle.nn.surgery import rest_frozen_norms
from onecycle.nn.turns import turn
from onecycle.optim.schedules import SmoothenValue
from onecycle.training.handler import CallbackHandler
from onecycle.training.keeper import RunKeeper
from onecycle.training.losses import each_item
from onecycle.training.mismatch import check_goes_back, check_loss, explain_loss, explain_model
from onecycle.training.release import released_on_failure
from onecycle.utils.checks import check_whole
from onecycle.utils.collections import first_el
from onecycle.utils.distributed import added_up, greatest, own_seed, process_count, seed_of_all
from onecycle.utils.progress import master_bar, progress_bar
from onecycle.utils.seeding import global_rng_kept, run_seed, seed_step
from onecycle.utils.tensors import to_cpu

__all__ = ["BasicLearner", "fit", "get_preds", "loss_batch", "train_epoch", "validate"]


class Trainable(Protocol):
    """What the loop needs to know of a learner; read anew each step, so callbacks may exchange any of it."""

    model: nn.Module
    loss_func: Any
    opt: Any
    data: Any


class BasicLearner:
    """Hold the four things that the loop needs, and nothing else.

    Args:
        model: The network.
        loss_func: A function of (output, target).
        opt: An optimiser with `step` and `zero_grad`.
        data: What has `train_dl`, and `valid_dl` if there is validation.
    """

    def __init__(self, model: nn.Module, loss_func: Callable[..., Tensor], opt: Any, data: Any) -> None:
        self.model, self.loss_func, self.opt, self.data = model, loss_func, opt, data


def _as_args(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


def _detached(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_detached(entry) for entry in value]
    return value.detach() if isinstance(value, Tensor) else value


def loss_batch(
    model: nn.Module,
    xb: Any,
    yb: Any,
    loss_func: Callable[..., Tensor] | None = None,
    opt: Any = None,
    cb_handler: CallbackHandler | None = None,
) -> Any:
    """Compute the loss of a batch, and learn from it where there is an optimiser.

    Args:
        model: Called with the inputs.
        xb: The input, or a list of inputs.
        yb: The target, or a list of targets.
        loss_func: A function of (output, *targets) that returns a 0-d tensor.
        opt: An optimiser; None leaves the weights alone.
        cb_handler: Told the events.

    Returns:
        The detached loss, on the device; without a loss function the detached (output, target), or (output, list of
        targets) where a batch has several.
    """
    handler = cb_handler or CallbackHandler()
    targets = _as_args(yb)
    try:
        output = call_model(model, xb)
    except Exception as error:
        explain_model(error, model, xb)
        raise
    output = handler.on_loss_begin(output)
    if loss_func is None:
        return _detached(output), _detached(targets if len(targets) > 1 else targets[0])
    parts: list[Part] = []
    try:
        if opt is None or handler.weighs_loss:
            loss, parts = weighed(loss_func, output, targets, _size(yb, xb))
        else:
            loss = loss_func(output, *targets)
    except Exception as error:
        explain_loss(error, loss_func, output, targets)
        raise
    if opt is not None:
        check_loss(loss)
        if not parts and _is_known_nan(loss):
            parts = weighed(loss_func, output, targets, _size(yb, xb))[1]
            parts = parts if nothing_counts(parts) else []
    if parts:
        loss = handler.on_loss_end(loss, parts, shared=opt is not None)
    if opt is not None:
        _learn(loss, opt, handler)
    return loss.detach()


def _is_known_nan(loss: Tensor) -> bool:
    """Say whether a loss is NaN, where to know it costs no wait for an accelerator."""
    return loss.device.type == "cpu" and math.isnan(loss.item())


def _learn(loss: Tensor, opt: Any, handler: CallbackHandler) -> None:
    """Go back through the network and step; callbacks may skip any part, or scale the loss for the way back."""
    loss, skip_backward = handler.on_backward_begin(loss)
    if not skip_backward:
        check_goes_back(loss)
        loss.backward()
    if not handler.on_backward_end():
        opt.step()
    if not handler.on_step_end():
        opt.zero_grad()


def train_epoch(model: nn.Module, dl: Any, opt: Any, loss_func: Callable[..., Tensor]) -> None:
    """Train one epoch without callbacks.

    Args:
        model: The network.
        dl: Yields batches (inputs, targets).
        opt: The optimiser.
        loss_func: A function of (output, target).
    """
    model.train()
    for xb, yb in dl:
        loss_batch(model, xb, yb, loss_func, opt)


def validate(
    model: nn.Module,
    dl: Any,
    loss_func: Callable[..., Tensor] | None = None,
    cb_handler: CallbackHandler | None = None,
    pbar: Any = None,
    average: bool = True,
    n_batch: int | None = None,
) -> Any:
    """Compute the loss over a set, the weights at rest.

    Args:
        model: The network; put into evaluation mode.
        dl: Yields batches (inputs, targets).
        loss_func: A function of (output, target); None collects outputs instead.
        cb_handler: Told the events; its metrics take the batches in.
        pbar: A `master_bar` above the bar shown here.
        average: Return the loss of the set instead of a list of one loss a batch: what `loss_func` would return for
            all items in one batch. A mean is weighed by what the loss divides by (`onecycle.nn.loss_weight`), of all
            processes; a sum is summed. NaN where nothing of the set counts.
        n_batch: Stop after so many batches.

    Returns:
        The loss of the set as a float, or the list of what `loss_batch` returned.
    """
    handler = cb_handler or CallbackHandler()
    results, parts = _of_each_batch(model, dl, loss_func, handler, pbar, n_batch)
    return _of_set(parts, handler.shares_loss) if average and loss_func is not None else results


def _of_each_batch(
    model: nn.Module,
    dl: Any,
    loss_func: Callable[..., Tensor] | None,
    handler: CallbackHandler,
    pbar: Any,
    n_batch: int | None,
    kept: Callable[[Any], Any] = lambda result: result,
) -> tuple[list[Any], list[list[Part]]]:
    """Return what is kept of the result of `loss_batch` for each batch of a set, and the parts of its loss."""
    handler.set_dl(dl)
    model.eval()
    results: list[Any] = []
    parts: list[list[Part]] = []
    with torch.no_grad(), released_on_failure(dl):
        for step, batch in enumerate(progress_bar(dl, parent=pbar, leave=pbar is not None)):
            if n_batch and step >= n_batch:
                break
            xb, yb = _pair(batch)
            if isinstance(yb, NoTarget):
                yb = _without_targets(xb, yb, loss_func)
            xb, yb = handler.on_batch_begin(xb, yb, train=False)
            result = loss_batch(model, xb, yb, loss_func, cb_handler=handler)
            results.append(kept(result))
            parts.append(_parts_of(result, handler, yb, xb))
            if handler.on_batch_end(result):
                break
    return results, parts


def _parts_of(result: Any, handler: CallbackHandler, targets: Any, inputs: Any) -> list[Part]:
    """Return the parts of a batch's loss; one that a `loss_batch` of the user's made is weighed by the items."""
    parts = handler.state_dict["loss_parts"]
    if parts is None and isinstance(result, Tensor):
        return [Part(result, _size(targets, inputs))]
    return parts


def _pair(batch: Any) -> tuple[Any, Any]:
    """Return (inputs, targets) of a batch, and say what is wrong if it has another form."""
    batch = as_pair(batch)
    if isinstance(batch, (list, tuple)) and len(batch) == 2:
        return batch[0], batch[1]
    parts = f" of {len(batch)} parts" if isinstance(batch, (list, tuple)) else ""
    raise DataError(
        f"batch: must be a pair (inputs, targets); got {type(batch).__name__}{parts}. "
        f"Put several inputs in a list: ([x1, x2], y)."
    )


def _without_targets(inputs: Any, targets: NoTarget, loss_func: Any) -> Tensor:
    """Return zeros for the targets of a batch that has none and needs none.

    Raises:
        DataError: there is a loss to compute.
    """
    if loss_func is not None:
        raise targets.refused()
    return torch.zeros(len(first_el(inputs)), dtype=torch.int64)


def _size(targets: Any, inputs: Any) -> int:
    """Return how much a batch weighs: its items; of texts their tokens, as the last window of an epoch is narrow."""
    first = _as_args(targets)[0]
    if not isinstance(first, Tensor) or first.ndim == 0:
        first = first_el(inputs)
    are_tokens = isinstance(first, Tensor) and first.ndim == 2 and not first.is_floating_point()
    return first.numel() if are_tokens else len(first)


def _of_set(batches: Sequence[Sequence[Part]], is_shared: bool) -> float | None:
    """Return the loss of a set, that of all processes, from the parts of its batches' losses; None without a batch.

    Args:
        batches: The parts of each batch's loss.
        is_shared: Whether each of several processes has a share of the set, or else all of it.
    """
    terms = [_total(term) for term in zip_longest(*batches, fillvalue=_NOTHING)]
    (count,) = greatest([len(terms)])
    rows = torch.zeros(count, 3, dtype=torch.float64)
    for row, term in zip(rows, terms, strict=False):
        row.copy_(term)
    if not count:
        return None
    total, weight, summed = added_up(rows).unbind(1)
    sums = total if is_shared else total / process_count()
    return float(torch.where(summed > 0, sums, total / weight).sum())


_NOTHING = Part(torch.zeros(()), 0)  # of a batch that has not as many parts as others


def _total(parts: Sequence[Part]) -> Tensor:
    """Return of one term of the loss over a set: its sum, what a mean of it divides by, and whether it is a sum."""
    values = torch.stack([part.value.detach().float().mean() for part in parts]).cpu().double()
    if any(part.weight is None for part in parts):
        return torch.stack([values.sum(), torch.ones(()), torch.ones(())])
    weights = _numbers([part.weight for part in parts])
    if not (weights >= 0).all():
        raise TrainingError(
            f"loss: what a mean divides by must be at least 0; got {float(weights.min())}. Look at the weights of "
            f"the classes, or at what the loss passes to mean_over."
        )
    return torch.stack([(values * weights)[weights > 0].sum(), weights.sum(), torch.zeros(())])


def _numbers(values: Sequence[Any]) -> Tensor:
    """Return numbers and 0-d tensors as one tensor on the CPU, fetched from their device at once."""
    device = next((value.device for value in values if isinstance(value, Tensor)), torch.device("cpu"))
    if device.type == "cpu":
        return torch.tensor([float(value) for value in values], dtype=torch.float64)
    return torch.stack([torch.as_tensor(value, device=device).detach().float() for value in values]).cpu().double()


def get_preds(
    model: nn.Module,
    dl: Any,
    pbar: Any = None,
    cb_handler: CallbackHandler | None = None,
    activ: Callable[[Any], Any] | None = None,
    loss_func: Callable[..., Tensor] | None = None,
    n_batch: int | None = None,
) -> list[Any]:
    """Collect the predictions and targets of a set, on the CPU.

    Args:
        model: The network; put into evaluation mode.
        dl: Yields batches (inputs, targets).
        pbar: A `master_bar` above the bar shown here.
        cb_handler: Told the events.
        activ: Applied to the predictions, e.g. a softmax: to those of the whole set at once, or batch by batch where it
            has a true attribute `thins_out`, as that of a detector's loss has.
        loss_func: Adds the loss of each item.
        n_batch: Stop after so many batches.

    Returns:
        `[predictions, targets]` in the order of the set, and `losses` where asked for. Targets of which a batch has
        as many as its fullest item (boxes) are filled up in front with zeros to those of the set's fullest.
    """
    handler = cb_handler or CallbackHandler()
    read = partial(_read, activ=activ, loss_func=loss_func)
    thins_out = getattr(activ, "thins_out", False)
    kept = (lambda pair: read(*to_cpu(pair))) if thins_out else to_cpu  # nothing stays on the device
    parts, _ = _of_each_batch(model, dl, None, handler, pbar, n_batch, kept)
    if not parts:
        raise DataError("get_preds: the set must hold at least one item; it is empty. Pass another ds_type.")
    preds, targets, *losses = zip(*parts)
    if thins_out:
        return [_joined(preds, _behind), _joined(targets, _in_front), *[torch.cat(part) for part in losses]]
    return read(_joined(preds), _joined(targets, _in_front))


def _read(preds: Any, targets: Any, activ: Callable[[Any], Any] | None, loss_func: Any) -> list[Any]:
    """Return predictions after their activation, targets, and where asked for the loss of each item."""
    preds = _single(preds)
    losses = [] if loss_func is None else [each_item(loss_func, preds, targets)]
    return [preds if activ is None else activ(preds), targets, *losses]


def _joined(parts: Sequence[Any], filled_up: Callable[[Tensor, int], Tensor] | None = None) -> Any:
    """Join the batches of a set along the first axis, in single precision where in half.

    Where batches `(n, length, …)` may differ in length, `filled_up` brings one to the greatest.
    """
    if isinstance(parts[0], (list, tuple)):
        return [_joined(column, filled_up) for column in zip(*parts)]
    if filled_up is not None and parts[0].ndim > 1:
        longest = max(part.shape[1] for part in parts)
        parts = [filled_up(part, longest - part.shape[1]) for part in parts]
    return _single(torch.cat(list(parts)))


def _single(value: Any) -> Any:
    """Return tensors in single precision where they are in half."""
    if isinstance(value, (list, tuple)):
        return [_single(part) for part in value]
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def _in_front(part: Tensor, missing: int) -> Tensor:
    return torch.cat([_zeros(part, missing), part], dim=1) if missing else part


def _behind(part: Tensor, missing: int) -> Tensor:
    return torch.cat([part, _zeros(part, missing)], dim=1) if missing else part


def _zeros(part: Tensor, length: int) -> Tensor:
    return part.new_zeros(len(part), length, *part.shape[2:])


def fit(
    epochs: int,
    learn: Trainable,
    callbacks: Any = None,
    metrics: Any = None,
    display: bool = True,
    keeper: RunKeeper | None = None,
) -> None:
    """Train for some epochs, telling callbacks what happens.

    The run has one seed, drawn from torch's global generator; everything random in it follows from that
    seed, the epoch and the step. Connected processes take the seed of rank 0. The global generators end as they
    were after that draw.

    Args:
        epochs: How many times to go through the training set, at least 1.
        learn: Has model, loss_func, opt and data.
        callbacks: Told the events.
        metrics: Functions of (output, target), or metric objects, taken over the validation set.
        display: Show the table and the bars.
        keeper: Writes checkpoints of the run, or takes it up where one of them stands.

    Raises:
        ArgumentError: `epochs` is no whole number of at least 1.
        DataError: the training set is empty.
    """
    epochs = check_whole("fit", "epochs", epochs)
    _check_run(learn)
    with turn(learn.model, "fit", trains=True):
        handler = CallbackHandler(callbacks, metrics)
        handler.note_loss(learn.loss_func)
        seed = seed_of_all(run_seed())
        seed = seed if keeper is None else keeper.seed(seed)
        with global_rng_kept(), nullcontext() if keeper is None else keeper.watching():
            _run(epochs, learn, handler, metrics, seed, display, keeper)


def _run(
    epochs: int,
    learn: Trainable,
    handler: CallbackHandler,
    metrics: Any,
    seed: int,
    display: bool,
    keeper: RunKeeper | None,
) -> None:
    pbar = master_bar(range(0 if keeper is None else keeper.epochs_done, epochs), display=display)
    handler.on_train_begin(epochs, pbar=pbar, metrics=metrics)
    try:
        with released_on_failure(_LoadersInUse(learn)):
            _run_epochs(epochs, learn, handler, pbar, seed, keeper)
    except BaseException as error:
        try:
            handler.on_train_end(error)
        finally:
            learn.opt.zero_grad()
        raise
    handler.on_train_end(None)


class _LoadersInUse:
    """Be the loaders of a learner's data as it is when a run fails: callbacks may have exchanged it."""

    def __init__(self, learn: Trainable) -> None:
        self.learn = learn

    def _all(self) -> list[Any]:
        return [getattr(self.learn.data, name, None) for name in ("train_dl", "valid_dl")]

    def explain(self, error: BaseException) -> None:
        for loader in self._all():
            if hasattr(loader, "explain"):
                loader.explain(error)

    def close(self) -> None:
        for loader in self._all():
            if hasattr(loader, "close"):
                loader.close()


def _run_epochs(
    epochs: int, learn: Trainable, handler: CallbackHandler, pbar: Any, seed: int, keeper: RunKeeper | None
) -> None:
    learn.opt.zero_grad()  # a run that was broken off may have left gradients
    if keeper is not None:
        keeper.begin(handler)
    for epoch in pbar:
        if handler.state_dict["stop_training"]:
            break
        _train(learn, handler, seed, pbar, keeper)
        loss = _validation_loss(learn, handler, seed, pbar)
        ended = handler.on_epoch_end(loss)
        if keeper is not None:
            keeper.after_epoch(loss, ended or epoch == epochs - 1)
        if ended:
            break


def _at_address(dl: Any, seed: int, epoch: int, start: int = 0) -> Any:
    """Tell a loader which epoch comes, and with which batch it begins, if it can be told."""
    if hasattr(dl, "set_epoch"):
        dl.set_epoch(seed, epoch, start)
        return dl
    return passed_over(iter(dl), start) if start else dl


def _train(learn: Trainable, handler: CallbackHandler, seed: int, pbar: Any, keeper: RunKeeper | None) -> None:
    """Train one epoch, or what is left of it."""
    learn.model.train()
    epoch = handler.state_dict["epoch"]
    handler.set_dl(learn.data.train_dl)
    handler.on_epoch_begin()
    dl = learn.data.train_dl  # a callback may have exchanged the data for this epoch
    handler.set_dl(dl)
    start = 0 if keeper is None else keeper.start_step(len(dl))
    if keeper is not None:
        keeper.begin_epoch(handler)
    rest_frozen_norms(getattr(learn, "layer_groups", ()))  # once it is known what learns in this epoch
    step_seed = own_seed(seed)
    batches = _at_address(dl, seed, epoch, start)
    bar = progress_bar(batches, parent=pbar, comment=partial(_running_loss, handler.smoothener))
    for step, batch in enumerate(bar, start):
        seed_step(step_seed, epoch, step)
        xb, yb = _pair(batch)
        if isinstance(yb, NoTarget):
            raise yb.refused()
        xb, yb = handler.on_batch_begin(xb, yb)
        loss = loss_batch(learn.model, xb, yb, learn.loss_func, learn.opt, handler)
        ended = handler.on_batch_end(loss)
        if keeper is not None:
            keeper.after_step(step + 1, ended)
        if ended:
            break


def _running_loss(smoothener: SmoothenValue) -> str:
    """Return the smoothed loss for the bar, which asks when it is redrawn: only then is the device waited for."""
    return "" if smoothener.smooth is None else f"loss {float(smoothener.smooth):.4f}"


def _validation_loss(learn: Trainable, handler: CallbackHandler, seed: int, pbar: Any) -> float | None:
    if handler.skip_validate or _has_no_validation(learn.data):
        return None
    dl = _at_address(learn.data.valid_dl, seed, handler.state_dict["epoch"])
    return validate(learn.model, dl, learn.loss_func, handler, pbar)


def _has_no_validation(data: Any) -> bool:
    return getattr(data, "valid_dl", None) is None or bool(getattr(data, "empty_val", False))


def _check_run(learn: Trainable) -> None:
    if getattr(learn.data, "train_dl", None) is None or len(learn.data.train_dl) == 0:
        raise DataError(_no_batches(learn.data))
    if learn.loss_func is None:
        raise TrainingError(
            "fit: the learner has no loss function. Pass loss_func=, e.g. nn.CrossEntropyLoss()."
        )


def _no_batches(data: Any) -> str:
    dl = getattr(data, "train_dl", None)
    items = getattr(dl, "dataset", None)
    count = len(items) if items is not None and hasattr(items, "__len__") else 0
    said = f"{count} items, fewer than one batch of {getattr(dl, 'batch_size', '?')}" if count else "no items"
    return (
        f"fit: the training set must fill at least one batch; it has {said}. Pass a smaller bs or more data."
    )


def batches_of(dl: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the (inputs, targets) of a loader."""
    for batch in dl:
        yield _pair(batch)
