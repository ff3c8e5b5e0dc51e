"""The base of our layers: a torch module whose subclasses need no `super().__init__()`."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

__all__ = ["Module", "ParameterModule"]


class Module(nn.Module):
    """Be an `nn.Module` that is ready for attributes before `__init__` runs.

    `__new__` prepares the containers torch needs, so a subclass may assign layers at once; calling
    `super().__init__()` all the same does no harm. Pickling, `copy.deepcopy` and `torch.compile` see a plain
    `nn.Module`.

    Example:
        >>> class Twice(Module):
        ...     def __init__(self, layer): self.layer = layer
        ...     def forward(self, x): return self.layer(self.layer(x))
        >>> Twice(nn.ReLU())
        Twice(
          (layer): ReLU()
        )
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make the object with torch's containers in place."""
        self = super().__new__(cls)
        nn.Module.__init__(self)
        return self

    def __init__(self) -> None:
        """Do nothing: `__new__` has done it."""


class ParameterModule(Module):
    """Hold one lone parameter, so that it can stand in a list of layers.

    Args:
        p: The parameter to hold; it is shared, not copied.
    """

    def __init__(self, p: nn.Parameter) -> None:
        self.val = p

    def forward(self, x: Tensor) -> Tensor:
        """Return the input as it is."""
        return x
