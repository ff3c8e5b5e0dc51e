"""Look at what passes through a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentTypeError, explain
from onecycle.utils.tensors import to_np

__all__ = [
    "Hook",
    "Hooks",
    "SaveFeatures",
    "hook_output",
    "hook_outputs",
]

HookFunc = Callable[[nn.Module, Any, Any], Any]


def _detached(x: Any) -> Any:
    """Detach a tensor, or every tensor in a list, tuple or dict."""
    if isinstance(x, Tensor):
        return x.detach()
    if isinstance(x, (list, tuple)):
        return [_detached(item) for item in x]
    if isinstance(x, dict):
        return {key: _detached(item) for key, item in x.items()}
    return x


def _tensors(x: Any) -> list[Tensor]:
    if isinstance(x, Tensor):
        return [x]
    return [t for item in x for t in _tensors(item)] if isinstance(x, (list, tuple)) else []


class Hook:
    """Call a function whenever a module has run, and keep what it returns in `stored`.

    Args:
        m: The module to watch.
        hook_func: Called with the module, its input and its output. For the backward direction with the
            module, an empty list and the gradients of its outputs, as a list.
        is_forward: Watch the forward pass; otherwise the gradients that flow back into the outputs.
        detach: Cut the tensors off the graph first.

    The gradients are taken from the output tensors themselves, so that a layer followed by one which
    overwrites its input (an in-place ReLU) can be watched too.

    Raises:
        ArgumentTypeError: `m` is no module.

    Example:
        >>> layer = nn.ReLU()
        >>> with Hook(layer, lambda m, i, o: o.sum()) as hook:
        ...     _ = layer(torch.tensor([-1.0, 3.0]))
        >>> hook.stored
        tensor(3.)
    """

    def __init__(
        self, m: nn.Module, hook_func: HookFunc, is_forward: bool = True, detach: bool = True
    ) -> None:
        if not isinstance(m, nn.Module):
            cure = "Pass a part of a model, e.g. learn.model[0]."
            raise ArgumentTypeError(explain("Hook", "m", "must be a module", m, cure))
        self.hook_func, self.detach = hook_func, detach
        self.stored: Any = None
        self.hook = m.register_forward_hook(self.hook_fn if is_forward else self._watch_gradients)
        self.removed = False

    def hook_fn(self, module: nn.Module, input: Any, output: Any) -> None:
        """Pass what was seen to the function and keep its result."""
        if self.detach:
            input, output = _detached(input), _detached(output)
        self.stored = self.hook_func(module, input, output)

    def _watch_gradients(self, module: nn.Module, input: Any, output: Any) -> None:
        watched = [t for t in _tensors(output) if t.requires_grad]
        if watched:
            seen = lambda gradients: self.hook_fn(module, [], list(gradients))
            torch.autograd.graph.register_multi_grad_hook(watched, seen)

    def remove(self) -> None:
        """Stop watching."""
        if not self.removed:
            self.hook.remove()
            self.removed = True

    def __enter__(self) -> Hook:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


class Hooks:
    """Watch several modules with one function; `stored` lists what it returned for each."""

    def __init__(
        self, ms: Iterable[nn.Module], hook_func: HookFunc, is_forward: bool = True, detach: bool = True
    ) -> None:
        self.hooks = [Hook(m, hook_func, is_forward, detach) for m in ms]

    def __getitem__(self, i: int) -> Hook:
        return self.hooks[i]

    def __len__(self) -> int:
        return len(self.hooks)

    def __iter__(self) -> Iterator[Hook]:
        return iter(self.hooks)

    @property
    def stored(self) -> list[Any]:
        """What each hook has stored, in the order of the modules."""
        return [hook.stored for hook in self.hooks]

    def remove(self) -> None:
        """Stop watching."""
        for hook in self.hooks:
            hook.remove()

    def __enter__(self) -> Hooks:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


class SaveFeatures:
    """Keep the last output of a module as a NumPy array in `features`, as the 2018 lessons do.

    `hook_output` does the same for tensors.

    Args:
        m: The module to watch.

    Example:
        >>> layer = nn.ReLU()
        >>> saved = SaveFeatures(layer)
        >>> _ = layer(torch.tensor([-1.0, 3.0])); saved.remove()
        >>> saved.features
        array([0., 3.], dtype=float32)
    """

    features: Any = None

    def __init__(self, m: nn.Module) -> None:
        self.hook = m.register_forward_hook(self.hook_fn)

    def hook_fn(self, module: nn.Module, input: Any, output: Any) -> None:
        """Keep an output."""
        self.features = to_np(output)

    def remove(self) -> None:
        """Stop watching; what was kept stays."""
        self.hook.remove()

    def __enter__(self) -> SaveFeatures:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


def _keep_output(module: nn.Module, input: Any, output: Any) -> Any:
    return output


def hook_output(module: nn.Module, detach: bool = True, grad: bool = False) -> Hook:
    """Keep the last output of a module, or with `grad` the gradients of its outputs (a list).

    Example:
        >>> model = nn.Linear(1, 1)
        >>> with hook_output(model, grad=True) as hook:
        ...     (3 * model(torch.ones(2, 1))).sum().backward()
        >>> hook.stored[0].flatten()
        tensor([3., 3.])
    """
    return Hook(module, _keep_output, is_forward=not grad, detach=detach)


def hook_outputs(modules: Iterable[nn.Module], detach: bool = True, grad: bool = False) -> Hooks:
    """Keep the last output of each module, or with `grad` the gradients of its outputs."""
    return Hooks(modules, _keep_output, is_forward=not grad, detach=detach)
