"""Callbacks that look into layers while they work, and the summary of a learner's model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.nn.hooks import Hooks, dummy_batch
from onecycle.nn.summary import summary_table
from onecycle.nn.surgery import flatten_model
from onecycle.training.callback import LearnerCallback
from onecycle.utils.seeding import global_rng_kept
from onecycle.utils.words import PrettyString

__all__ = ["ActivationStats", "HookCallback", "model_summary"]


class HookCallback(LearnerCallback):
    """Call `self.hook(module, input, output)` at every forward pass of some layers; a base to inherit from.

    Args:
        learn: The learner.
        modules: The layers; all that have a weight when None.
        do_remove: Take the hooks off when training ends.
    """

    def __init__(
        self, learn: Any, modules: Iterable[nn.Module] | None = None, do_remove: bool = True
    ) -> None:
        super().__init__(learn)
        self.modules = None if modules is None else list(modules)
        self.do_remove = do_remove
        self.hooks: Hooks | None = None

    def hook(self, m: nn.Module, i: Any, o: Any) -> Any:
        """Return what is to be stored of a forward pass.

        Args:
            m: The layer.
            i: Its inputs.
            o: Its output.
        """
        raise NotImplementedError(f"{type(self).__name__} must define hook(self, m, i, o).")

    def on_train_begin(self, **kwargs: Any) -> None:
        """Put the hooks on."""
        self.remove()
        if self.modules is None:
            self.modules = [layer for layer in flatten_model(self.learn.model) if hasattr(layer, "weight")]
        self.hooks = Hooks(self.modules, self.hook)

    def on_train_end(self, **kwargs: Any) -> None:
        """Take the hooks off."""
        if self.do_remove:
            self.remove()

    def remove(self) -> None:
        """Take the hooks off."""
        if self.hooks is not None:
            self.hooks.remove()


class ActivationStats(HookCallback):
    """Record the mean and the standard deviation of the outputs of layers at each training step.

    Attributes:
        stats: After training, a tensor of shape (2, layers, steps): means, then standard deviations.
    """

    def on_train_begin(self, **kwargs: Any) -> None:
        """Begin with nothing recorded."""
        super().on_train_begin(**kwargs)
        self._steps: list[Tensor] = []
        self.stats: Any = []

    def hook(self, m: nn.Module, i: Any, o: Any) -> Tensor:
        """Return mean and standard deviation, on the device."""
        first = o[0] if isinstance(o, (list, tuple)) else o
        values = first.detach().float()
        return torch.stack([values.mean(), values.std(correction=0)])

    def on_batch_end(self, train: bool, **kwargs: Any) -> None:
        """Keep those of a training step."""
        if train and self.hooks is not None:
            self._steps.append(torch.stack(list(self.hooks.stored)))  # (layers, 2)

    def on_train_end(self, **kwargs: Any) -> None:
        """Gather all steps."""
        super().on_train_end(**kwargs)
        if self._steps:
            self.stats = torch.stack(self._steps).cpu().permute(2, 1, 0)  # (2, layers, steps)


def model_summary(m: Any, n: int = 70) -> str:
    """Return the table of a model's layers: name, output shape, parameters, whether they learn.

    Args:
        m: A learner, whose first validation batch is one item of the run; or a model that takes 64x64 pictures.
        n: Width of the table in characters.

    Returns:
        The table; for a learner with a line each on the optimiser, the loss and the callbacks.
    """
    if isinstance(m, nn.Module):
        return PrettyString(summary_table(m, dummy_batch(m), n))
    with global_rng_kept():
        xb = _one_input(m.data)
    return PrettyString(summary_table(m.model, xb, n) + _about(m))


def _one_input(data: Any) -> Any:
    """Return the inputs of one item, on the data's device."""
    dl = data.train_dl if getattr(data, "fix_dl", None) is None else data.fix_dl
    xb = dl.one_batch()[0] if hasattr(dl, "one_batch") else next(iter(dl))[0]
    return [part[:1] for part in xb] if isinstance(xb, (list, tuple)) else xb[:1]


def _about(learn: Any) -> str:
    made = learn.opt_func
    settings = getattr(made, "keywords", {})
    name = getattr(getattr(made, "func", made), "__name__", repr(made))
    said = "".join(f", {key}={value}" for key, value in settings.items())
    kinds = [getattr(getattr(fn, "func", fn), "__name__", repr(fn)) for fn in learn.callback_fns]
    kinds += [type(callback).__name__ for callback in learn.callbacks]
    loss = getattr(learn.loss_func, "__name__", None) or str(learn.loss_func)
    return (
        f"\nOptimized with {name}{said}; true_wd={learn.true_wd}, wd={learn.wd}\n"
        f"Loss function: {loss}\nCallbacks: {', '.join(kinds)}\n"
    )
