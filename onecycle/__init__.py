"""onecycle: train neural networks in a few lines, on PyTorch. Start at `onecycle.vision` or `onecycle.text`."""

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

_SUBMODULES = (
    "basics", "callbacks", "data", "interpret", "learner", "metrics", "nn", "optim", "text", "training", "vision",
)


def __getattr__(name: str) -> ModuleType:
    """Import a room on first use, so that `import onecycle` alone costs next to nothing."""
    if name in _SUBMODULES:
        return import_module(f"onecycle.{name}")
    raise AttributeError(f"module 'onecycle' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_SUBMODULES])
