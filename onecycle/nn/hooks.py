"""Look at what passes through a layer, and measure layers by a dry run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, ArgumentTypeError, explain
from onecycle.nn.surgery import in_channels, one_param
from onecycle.utils.tensors import to_np

__all__ = [
    "Hook",
    "Hooks",
    "SaveFeatures",
    "dummy_batch",
    "dummy_eval",
    "dummy_output",
    "eval_mode",
    "hook_output",
    "hook_outputs",
    "model_sizes",
    "num_features_model",
]

_SIDES = (64, 128, 224, 256, 512)  # 224, since some transformers take that alone
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


# --- dry runs


@contextmanager
def eval_mode(m: nn.Module) -> Iterator[nn.Module]:
    """Hold a model in eval mode; each of its modules gets its own mode back."""
    modes = [(module, module.training) for module in m.modules()]
    try:
        yield m.eval()
    finally:
        for module, mode in modes:
            module.training = mode


def dummy_batch(m: nn.Module, size: tuple[int, ...] = (64, 64)) -> Tensor:
    """Return one random item with the channels, device and dtype of the model's first layer.

    The values lie between -1 and 1 and are the same at each call; torch's generator is left alone.

    Shape: `(1, in_channels, *size)`
    """
    start = torch.Generator().manual_seed(0)
    values = torch.rand(1, in_channels(m), *size, generator=start, device="cpu") * 2 - 1
    return values.to(one_param(m))


def dummy_eval(m: nn.Module, size: tuple[int, ...] = (64, 64)) -> Any:
    """Return what the model makes of a dummy batch, in eval mode and without gradients."""
    with eval_mode(m), torch.no_grad():
        return m(dummy_batch(m, size))


def model_sizes(m: nn.Module, size: tuple[int, ...] = (64, 64)) -> list[torch.Size]:
    """Return the output shape of each direct child for one item of this height and width.

    Example:
        >>> model_sizes(nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2)), (8, 8))
        [torch.Size([1, 4, 6, 6]), torch.Size([1, 4, 3, 3])]
    """
    with Hooks(m.children(), lambda module, i, o: o.shape) as hooks:
        dummy_eval(m, size)
        return hooks.stored


def num_features_model(m: nn.Module) -> int:
    """Return how many channels come out of a model, found by a dry run.

    Raises:
        ArgumentError: as `dummy_output`.
    """
    return int(dummy_output(m).shape[1])


def dummy_output(m: nn.Module) -> Any:
    """Return what the model makes of one item of 64 by 64, or of the next size that it takes, up to 512.

    Raises:
        ArgumentError: no size up to 512 goes through.
    """
    for side in _SIDES:
        try:
            return dummy_eval(m, (side, side))
        except (RuntimeError, ValueError, AssertionError) as error:
            problem = error
    rule = f"must take one item of 64x64 up to 512x512; the model says: {problem}"
    raise ArgumentError(explain("dry run", "m", rule))
