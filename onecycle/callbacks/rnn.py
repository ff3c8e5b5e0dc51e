"""Training of recurrent networks: their memory between epochs, and what keeps their activations small and slow."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from onecycle.nn.surgery import get_model
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers
from onecycle.utils.frozen_values import freeze, thaw

__all__ = ["RNNTrainer"]


def rnn_reset(model: Any) -> None:
    """Let a model forget, also inside DataParallel, DistributedDataParallel or torch.compile's wrapper.

    Args:
        model: Any model; one without `reset` is left alone.
    """
    reset = getattr(get_model(model), "reset", None)
    if reset is not None:
        reset()


_MEMORY = ("hidden", "prev_x")  # attributes in which recurrent modules keep what they remember


def memory_of(model: Any) -> dict[str, Any]:
    """Return what the modules of a model remember between batches, by module and attribute."""
    found = {}
    for name, module in get_model(model).named_modules():
        for attribute in _MEMORY:
            value = getattr(module, attribute, None)
            if isinstance(value, (Tensor, list, tuple)):
                found[f"{name}.{attribute}"] = value
    return found


def remember(model: Any, memory: dict[str, Any]) -> None:
    """Put back what `memory_of` returned."""
    modules = dict(get_model(model).named_modules())
    for place, value in memory.items():
        name, _, attribute = place.rpartition(".")
        setattr(modules[name], attribute, value)


def _words(raw: Tensor) -> Tensor:
    """Return where there are words, `(N, T)`: what stands at padding is zero throughout."""
    return raw.detach().any(dim=-1)


def _mean(squares: Tensor, where: Tensor) -> Tensor:
    """Return the mean of features `(N, T, C)` at the places that count, `(N, T)`."""
    share = where.numel() / where.sum().clamp(min=1)
    return squares.masked_fill(~where.unsqueeze(-1), 0).mean() * share


class RNNTrainer(LearnerCallback):
    """Train a model that returns `(predictions, raw outputs, outputs)`: predictions go to loss and metrics.

    The model's memory is reset where an epoch's training or validation begins; a run that is taken up in the middle
    of an epoch has it back. A model that returns predictions alone is trained as usual. Places at which the last
    layer's raw output is zero throughout are padding, and count for neither AR nor TAR.

    Args:
        learn: The learner.
        alpha: Weight of the squared activations of the last layer, after dropout (AR); at least 0.
        beta: Weight of the squared change of the last layer's activations from step to step (TAR); at least 0.

    Raises:
        ArgumentError: alpha or beta is below 0.

    Reference: Merity et al., "Revisiting activation regularization for language RNNs" (2017), sections 3.1, 3.2.
    """

    exclude = ("_learn", "raw_out", "out")
    not_in_run = ("raw_out", "out")

    def __init__(self, learn: Any, alpha: float = 0.0, beta: float = 0.0) -> None:
        super().__init__(learn)
        for name, weight in (("alpha", alpha), ("beta", beta)):
            check_numbers("RNNTrainer", name, weight, "must be at least 0", lambda number: number >= 0)
        self.alpha, self.beta = alpha, beta
        self.raw_out: Any = None
        self.out: Any = None
        self._was_training: bool | None = None

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Forget the last epoch."""
        rnn_reset(self.learn.model)
        self._was_training = None

    def on_batch_begin(self, train: bool, **kwargs: Any) -> None:
        """Forget the training set where validation begins."""
        if self._was_training not in (None, train):
            rnn_reset(self.learn.model)
        self._was_training = train

    def on_loss_begin(self, last_output: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Keep what the regularisation needs; pass the predictions on."""
        if not isinstance(last_output, (tuple, list)) or len(last_output) != 3:
            self.raw_out = self.out = None
            return None
        predictions, self.raw_out, self.out = last_output
        return {"last_output": predictions}

    def on_backward_begin(self, last_loss: Tensor, last_input: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Add both penalties to the loss that is gone back from; the loss that is shown is without."""
        raw, dropped = self.raw_out, self.out
        self.raw_out = self.out = None
        if raw is None or not (self.alpha or self.beta):
            return None
        words = _words(raw[-1])
        if self.alpha:
            last_loss = last_loss + self.alpha * _mean(dropped[-1].float().pow(2), words)
        if self.beta and raw[-1].shape[1] > 1:
            change = raw[-1].float().diff(dim=1).pow(2)
            last_loss = last_loss + self.beta * _mean(change, words[:, 1:] & words[:, :-1])
        return {"last_loss": last_loss}

    def run_state(self) -> dict[str, Any]:
        """Return what a run taken up again needs: also what the model remembers."""
        return {**super().run_state(), "memory": freeze(memory_of(self.learn.model))[1]}

    def load_run_state(self, state: dict[str, Any]) -> None:
        """Take over what `run_state` returned."""
        own = {name: value for name, value in state.items() if name != "memory"}
        super().load_run_state(own)
        remember(self.learn.model, thaw(state["memory"], None, self.learn.data.device))

    def on_epoch_end(self, **kwargs: Any) -> None:
        """Let go of the last batch."""
        self.raw_out = self.out = None
