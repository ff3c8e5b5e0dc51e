"""The base of callbacks that look at what passes through layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from onecycle.nn.hooks import Hooks
from onecycle.nn.surgery import flatten_model
from onecycle.training.callback import LearnerCallback

__all__ = ["HookCallback"]


class HookCallback(LearnerCallback):
    """Call `self.hook(module, input, output)` at every forward pass of some layers; a base to inherit from.

    Args:
        learn: The learner.
        modules: The layers, or one; all that have a weight when None. Of an `nn.Sequential` each part is one.
        do_remove: Take the hooks off when training ends.
    """

    def __init__(
        self, learn: Any, modules: Iterable[nn.Module] | nn.Module | None = None, do_remove: bool = True
    ) -> None:
        super().__init__(learn)
        several = [modules] if isinstance(modules, nn.Module) and not isinstance(modules, Iterable) else modules
        self.modules: list[Any] | None = None if modules is None else list(several)  # type: ignore[arg-type]
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
