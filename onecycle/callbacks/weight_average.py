"""Averages of the weights along the way: exponential (EMA) and stochastic (SWA)."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.callbacks.distributed import average_buffers
from onecycle.errors import DataError, TrainingError
from onecycle.nn.calling import call_model
from onecycle.nn.surgery import bn_types
from onecycle.nn.turns import eval_mode
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.distributed import greatest, process_count
from onecycle.utils.frozen_values import thaw
from onecycle.utils.seeding import global_rng_kept
from onecycle.utils.sharded import own_part, parted_like, whole

__all__ = ["EMACallback", "SWACallback", "update_batch_norms"]

_PASS = 13  # seed of the passes over the training set, so that each is a function of how many came before it
_TENSORS = ("_averaged", "_trained")  # of several processes that part the weights each has its part
_SLOWER = 10  # EMA's warm-up: after n updates the past has at most the weight (1 + n) / (10 + n)


class WeightAverage(LearnerCallback):
    """Keep an average of weights and buffers; a base to inherit from.

    At the end of training the model has the average; `use_trained` gives it the weights of the last step back.

    Args:
        learn: The learner.
        start_epoch: First epoch that counts, from 0.
        validate: Validate with the average. What callbacks save at an epoch's end is then the average too.

    Raises:
        ArgumentError: start_epoch is no whole number of at least 0.
        TrainingError: another average is kept in the same training; when it begins.
        DataError: one of several processes has no item of the validation set; when training begins.
    """

    _order = 500  # after all who look at the weights that were validated
    exclude = ("_learn", *_TENSORS, "_run")
    not_in_run = (*_TENSORS, "_run")

    def __init__(self, learn: Any, start_epoch: int, validate: bool) -> None:
        super().__init__(learn)
        self.start_epoch = check_whole(type(self).__name__, "start_epoch", start_epoch, 0)
        self.validate = validate
        self.n_averaged = 0
        self._averaged: list[Tensor] = []
        self._trained: list[Tensor] | None = None
        self._active, self._run = False, None

    def _tensors(self) -> list[Tensor]:
        return [*self.learn.model.parameters(), *self.learn.model.buffers()]

    def on_train_begin(self, n_epochs: int, pbar: Any, **kwargs: Any) -> None:
        """Begin without an average; a validation by itself or a search for the rate changes nothing."""
        self._active = pbar is not None and not self.learn.is_trying_rates
        if not self._active:
            return
        self._be_the_only_one(pbar)
        _check_validated(self)
        self.n_averaged, self._averaged, self._trained = 0, [], None
        self._epochs_left, self._epoch_trained = n_epochs, False
        if self.start_epoch >= n_epochs:
            warnings.warn(
                f"{type(self).__name__}: start_epoch {self.start_epoch} lies beyond this training of {n_epochs} "
                f"epochs (0 to {n_epochs - 1}): nothing is averaged.",
                stacklevel=2,
            )

    def _be_the_only_one(self, run: Any) -> None:
        """Refuse a second average in one training: each would take the other's weights for the trained ones."""
        other = getattr(self.learn, "_weight_average", None)
        if other is not None and other is not self and other._run is run:
            raise TrainingError(
                f"{type(self).__name__}: a training has one average of its weights; {type(other).__name__} "
                f"keeps one already. Leave one of them out."
            )
        self.learn._weight_average, self._run = self, run

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Note that the epoch's training is not over."""
        self._epoch_trained = False

    @torch.no_grad()
    def take_in(self, weight: float) -> None:
        """Move the average towards the weights as they are.

        Args:
            weight: Which part of the way, 0 to 1; the first time the whole.
        """
        tensors = self._tensors()
        if self.n_averaged == 0:
            self._averaged = [_roomy(tensor) for tensor in tensors]
        else:
            self._move(tensors, weight)
        self.n_averaged += 1

    def _move(self, tensors: list[Tensor], weight: float) -> None:
        moved, towards = [], []
        for mean, tensor in zip(map(own_part, self._averaged), map(own_part, tensors)):
            if mean.is_floating_point():
                moved.append(mean)
                towards.append(tensor.to(mean.dtype))
            else:
                mean.copy_(tensor)
        torch._foreach_lerp_(moved, towards, weight)

    @torch.no_grad()
    def use_average(self) -> None:
        """Give the model the average, setting the weights of the last step aside.

        Raises:
            TrainingError: there is no average yet.
        """
        if not self._averaged:
            raise TrainingError(f"{type(self).__name__}: nothing is averaged yet. Train beyond start_epoch first.")
        if self._trained is None:
            self._trained = [tensor.detach().clone() for tensor in self._tensors()]
            for tensor, mean in zip(self._tensors(), self._averaged):
                tensor.copy_(mean)

    @torch.no_grad()
    def use_trained(self) -> None:
        """Give the model the weights of the last step back; the average is kept."""
        if self._trained is not None:
            for tensor, value in zip(self._tensors(), self._trained):
                tensor.copy_(value)
            self._trained = None

    def on_batch_begin(self, train: bool, epoch: int, **kwargs: Any) -> None:
        """Before the first batch of validation, finish the epoch's average and use it."""
        if train or self._epoch_trained or not self._active:
            return
        self._finish_training(epoch)
        if self.validate and self._averaged:
            self._bring_in()

    def _finish_training(self, epoch: int) -> None:
        """Do what is due once an epoch, after its training."""
        self._epoch_trained = True
        if epoch >= self.start_epoch:
            self.epoch_trained(epoch)

    def epoch_trained(self, epoch: int) -> None:
        """Do what is due after the training of an epoch that counts."""

    def _bring_in(self) -> None:
        """Give the model the average, ready to be used."""
        if self._trained is None:
            self.use_average()
            self.complete()
            average_buffers(self.learn.model)
            for mean, tensor in zip(self._averaged, self._tensors()):
                mean.copy_(tensor.detach())

    def complete(self) -> None:
        """Compute what an average of weights does not give."""

    def on_epoch_end(self, epoch: int, n_epochs: int, stop_training: bool, **kwargs: Any) -> None:
        """Go on training with the trained weights; after the last epoch keep the average."""
        if not self._active:
            return
        if not self._epoch_trained:
            self._finish_training(epoch)
        self._epochs_left -= 1
        if stop_training or self._epochs_left <= 0:
            self._end()
        else:
            self.use_trained()

    def run_state(self) -> dict[str, Any]:
        """Return the numbers, and the averages whole; of several processes all must call it."""
        kept = {name: getattr(self, name) for name in _TENSORS}
        copies = {name: value and [whole(one).to("cpu", copy=True) for one in value] for name, value in kept.items()}
        return {**super().run_state(), **copies}

    def load_run_state(self, state: dict[str, Any]) -> None:
        """Take over what `run_state` returned, of the averages the part of this process."""
        super().load_run_state({name: value for name, value in state.items() if name not in _TENSORS})
        for name in _TENSORS:
            setattr(self, name, self._parted(thaw(state[name], None, self.learn.data.device)))

    def _parted(self, values: list[Tensor] | None) -> Any:
        """Return the parts of whole tensors that this process keeps, where the model's are."""
        return values and [parted_like(value.to(place.device), place) for value, place in zip(values, self._tensors())]

    def _end(self) -> None:
        if self._averaged:
            self._bring_in()

    def on_train_end(self, exception: Any = None, **kwargs: Any) -> None:
        """End with the average; with the trained weights where training broke off."""
        if self._active and exception is None:
            self._end()
        elif self._active:
            self.use_trained()
        self._active, self._run = False, None


class EMACallback(WeightAverage):
    """Keep an exponential mean of the weights and of the batch norms' statistics over the steps.

    After each step of the optimiser: mean ← decay · mean + (1 - decay) · weights.

    Args:
        learn: The learner.
        decay: Weight of the past, 0 to 1 (exclusive).
        start_epoch: First epoch that counts, from 0.
        validate: Validate with the mean. What callbacks save at an epoch's end is then the mean too.
        warm_up: After n steps give the past at most the weight (1 + n) / (10 + n), for short trainings.

    Raises:
        ArgumentError: a value is out of its range.

    Example:
        learn.fit_one_cycle(5, callbacks=[EMACallback(learn, decay=0.99)])
        learn.ema_callback.use_trained()  # if the weights of the last step are wanted

    Reference: Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging" (1992), with the
    exponential mean that is usual today.
    """

    def __init__(
        self, learn: Any, decay: float = 0.999, start_epoch: int = 0, validate: bool = True, warm_up: bool = True
    ) -> None:
        super().__init__(learn, start_epoch, validate)
        rule = "must be from 0 to 1 (exclusive)"
        check_numbers("EMACallback", "decay", decay, rule, lambda weight: 0 <= weight < 1)
        self.decay, self.warm_up = decay, warm_up

    def on_step_end(self, epoch: int, skip_step: bool, **kwargs: Any) -> None:
        """Take in the weights, where there was a step."""
        if skip_step or epoch < self.start_epoch or not self._active:
            return
        n = self.n_averaged
        self.take_in(1 - (min(self.decay, (1 + n) / (_SLOWER + n)) if self.warm_up else self.decay))


class SWACallback(WeightAverage):
    """Keep the mean of the weights at the ends of epochs; statistics of batch norms are computed anew for it.

    Goes with rates that stay high: a constant one, or `fit_sgdr` with `every` of the length of its cycles.

    Args:
        learn: The learner.
        start_epoch: First epoch that counts, from 0.
        every: Take the weights of each so many epochs, at least 1: of epoch start_epoch + every - 1, and so on.
        validate: Validate with the mean, for a pass more over the training set each epoch where there are batch
            norms. Else the epoch table shows the trained weights; see `learn.validate()` afterwards.

    Raises:
        ArgumentError: a value is out of its range.

    Example:
        learn.fit(10, 1e-2, callbacks=[SWACallback(learn, start_epoch=5)])

    Reference: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization" (2018).
    """

    def __init__(self, learn: Any, start_epoch: int = 0, every: int = 1, validate: bool = False) -> None:
        super().__init__(learn, start_epoch, validate)
        self.every = check_whole("SWACallback", "every", every)

    def epoch_trained(self, epoch: int) -> None:
        """Take in the weights."""
        if (epoch - self.start_epoch + 1) % self.every == 0:
            self.take_in(1 / (self.n_averaged + 1))

    def complete(self) -> None:
        """Compute the statistics of batch norms."""
        loader = self.learn.data.train_dl
        with global_rng_kept():  # a loader of torch's own is put at an address by its global generator
            if hasattr(loader, "set_epoch"):
                loader.set_epoch(_PASS, self.n_averaged)
            update_batch_norms(self.learn.model, loader)


def _check_validated(average: WeightAverage) -> None:
    """Refuse where a process would not come to validation, before which all of them average together."""
    loader = getattr(average.learn.data, "valid_dl", None)
    if process_count() > 1 and loader is not None and not greatest([-len(loader)])[0]:
        owner = type(average).__name__
        raise DataError(
            f"{owner}: the validation set must give each of {process_count()} processes an item; one has none. Make "
            f"the validation set larger, or leave {owner} out."
        )


def _roomy(tensor: Tensor) -> Tensor:
    """Return a copy in at least single precision, in which small moves are not lost."""
    half = tensor.dtype in (torch.float16, torch.bfloat16)
    return tensor.detach().to(torch.float32 if half else tensor.dtype, copy=True)


@torch.no_grad()
def update_batch_norms(model: nn.Module, batches: Iterable[Any]) -> None:
    """Compute the statistics of batch norms anew: the mean of those of all batches.

    Frozen batch norms keep theirs. Everything else, dropout too, is as in evaluation.

    Args:
        model: The network.
        batches: Pairs (inputs, targets), e.g. `data.train_dl`.

    Reference: Izmailov et al. (2018), section 3.2.
    """
    norms = [layer for layer in model.modules() if isinstance(layer, bn_types) and _is_learning(layer)]
    if not norms:
        return
    with _only_learning(model, norms), _as_written():
        for inputs, _ in batches:
            call_model(model, inputs)


def _is_learning(layer: Any) -> bool:
    parameters = list(layer.parameters(recurse=False))
    return layer.running_mean is not None and (not parameters or any(p.requires_grad for p in parameters))


def _as_written() -> AbstractContextManager[Any]:
    """Run a compiled model without compiling it again for this one pass."""
    compiles = "torch._dynamo" in sys.modules
    return torch.compiler.set_stance("force_eager") if compiles else nullcontext()


@contextmanager
def _only_learning(model: nn.Module, norms: list[Any]) -> Iterator[None]:
    """Put the norms into training, with plain means instead of running ones, and all else into evaluation."""
    momenta = [norm.momentum for norm in norms]
    with eval_mode(model):
        for norm in norms:
            norm.reset_running_stats()
            norm.train()
            norm.momentum = None
        try:
            yield
        finally:
            for norm, momentum in zip(norms, momenta):
                norm.momentum = momentum
