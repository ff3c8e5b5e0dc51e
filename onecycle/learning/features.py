"""What a body at rest makes of a set, computed once: the head then learns from rows of numbers, not from images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.callbacks.csv_logger import CSVLogger
from onecycle.callbacks.early_stopping import EarlyStoppingCallback
from onecycle.callbacks.gradient_clipping import GradientClipping
from onecycle.callbacks.jsonl_logger import JSONLLogger
from onecycle.callbacks.reduce_lr import ReduceLROnPlateauCallback
from onecycle.callbacks.save_model import SaveModelCallback
from onecycle.callbacks.show_graph import ShowGraph
from onecycle.callbacks.terminate_on_nan import TerminateOnNaNCallback
from onecycle.data.addresses import BatchAddress
from onecycle.data.item_loader import ItemLoader
from onecycle.nn.turns import eval_mode
from onecycle.training.callback import Callback
from onecycle.training.nan_watch import NanWatch
from onecycle.training.recorder import Recorder
from onecycle.utils.collections import listify
from onecycle.utils.defaults import defaults
from onecycle.utils.distributed import process_count
from onecycle.utils.seeding import global_rng_kept

__all__: list[str] = []

MOST_BYTES = 1 << 29  # memory that the features of all views may take together
_TRAIN, _VALID = "train", "valid"
# Callbacks that see losses, metrics, gradients and weights, but neither the model's input nor what passes inside it.
_BLIND = (
    CSVLogger, EarlyStoppingCallback, GradientClipping, JSONLLogger, NanWatch, Recorder, ReduceLROnPlateauCallback,
    SaveModelCallback, ShowGraph, TerminateOnNaNCallback,
)  # fmt: skip
_JOINTS = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Flatten)
_OWN_JOINTS = ("AdaptiveConcatPool2d", "Flatten")  # of onecycle.nn, which make the features small


def resting_parts(model: nn.Module) -> list[nn.Module]:
    """Return the layers at the beginning of a model of which nothing learns, with the pooling that follows them.

    Args:
        model: A body and a head in an `nn.Sequential`, of which only the head learns.
    """
    if type(model) is not nn.Sequential:
        return []
    parts: list[nn.Module] = []
    for part in model:
        if type(part) is nn.Sequential and any(p.requires_grad for p in part.parameters()):
            return [*parts, *_leading(list(part), _is_joint)] if parts else []
        if any(p.requires_grad for p in part.parameters()):
            break
        parts.append(part)
    return parts


def _leading(layers: list[nn.Module], wanted: Callable[[nn.Module], bool]) -> list[nn.Module]:
    count = next((i for i, layer in enumerate(layers) if not wanted(layer)), len(layers))
    return layers[:count]


def _is_joint(layer: nn.Module) -> bool:
    own = type(layer).__module__.startswith("onecycle.") and type(layer).__name__ in _OWN_JOINTS
    return own or type(layer) in _JOINTS


def why_not(learn: Any, callbacks: Any) -> str:
    """Return why features cannot be kept, or nothing where they can.

    Args:
        learn: The learner, its head alone set to learn.
        callbacks: Those of the call.
    """
    if process_count() > 1:
        return "several processes train"
    parts = resting_parts(learn.model)
    if not parts:
        return "the model is not a body and a head in an nn.Sequential"
    if any(module._forward_hooks or module._forward_pre_hooks for module in learn.model.modules()):
        return "hooks look into the model"
    seeing = [name for name, blind in _listening(learn, callbacks) if not blind]
    if seeing:
        return f"{', '.join(seeing)} may look at the input"
    return _unfit_loader(learn.data)


def _listening(learn: Any, callbacks: Any) -> Iterator[tuple[str, bool]]:
    """Yield the name of each callback of a run, and whether it sees neither input nor activations."""
    for callback in [*learn.callbacks, *listify(defaults.extra_callbacks), *listify(callbacks)]:
        yield type(callback).__name__, type(callback) in _BLIND
    for make in [*learn.callback_fns, *listify(defaults.extra_callback_fns)]:
        made = make
        while isinstance(made, partial):
            made = made.func
        yield getattr(made, "__name__", type(made).__name__), made in _BLIND


def _unfit_loader(data: Any) -> str:
    loaders = [data.train_dl] if data.empty_val else [data.train_dl, data.valid_dl]
    for loader in loaders:
        inner = getattr(loader, "dl", None)
        if not isinstance(inner, ItemLoader) or inner.on_error != "raise" or isinstance(inner.dataset, Callback):
            return "the data is not loaded item by item"
        if hasattr(inner.dataset, "batch_at"):
            return "the data makes its batches itself"
        x, y = loader.one_batch()
        if not isinstance(x, Tensor) or not isinstance(y, Tensor):
            return "a batch is more than one tensor of inputs and one of targets"
    return ""


class Rows:
    """A set whose items are features; a batch is read by its address.

    Args:
        dataset: The set they are of: its length, classes and names.
        view: From (seed, number) to features and targets of all items.
        views: How many there are; an epoch takes the one of its number modulo this.
    """

    def __init__(self, dataset: Any, view: Callable[[int, int], tuple[Tensor, Tensor]], views: int) -> None:
        self.dataset, self._view, self._views = dataset, view, views
        for name in ("classes", "c", "loss_func", "x", "y", "items"):
            if hasattr(dataset, name):
                setattr(self, name, getattr(dataset, name))

    def __len__(self) -> int:
        return len(self.dataset)

    def batch_at(self, address: BatchAddress) -> tuple[Tensor, Tensor]:
        """Return features `(n, …)` and targets `(n, …)` of the items of an address."""
        features, targets = self._view(address.seed, address.epoch % self._views)
        rows = torch.as_tensor(address.indices, device=features.device)
        return features[rows], targets[rows]


class Features:
    """Put features in the place of a learner's images, and back.

    Each view of the training set is its items as an epoch of the run would see them; it is computed when it is first
    asked for, in the order of the set, so a resumed run computes the same.

    Args:
        learn: The learner, its head alone set to learn.
        views: Views of the training set, at most.
    """

    def __init__(self, learn: Any, views: int) -> None:
        self.learn, self.parts = learn, resting_parts(learn.model)
        self._loaders = learn.data.train_dl, learn.data.valid_dl
        self._known: dict[tuple[str, int, int], tuple[Tensor, Tensor]] = {}
        self.is_random = self._is_random()
        size = self._bytes_of_view()
        fitting = MOST_BYTES // max(1, size) - 1  # one is for the validation set
        self.views = min(views if self.is_random else 1, fitting)
        self.megabytes = size * max(1, self.views) / 1e6

    def _count(self) -> int:
        return max(len(dl.dataset) for dl in self._loaders if dl is not None and dl.dataset is not None)

    @torch.no_grad()
    def _bytes_of_view(self) -> int:
        with global_rng_kept(), eval_mode(self.learn.model):
            made = self._run(self._loaders[0].one_batch()[0])
        return made[0].numel() * made.element_size() * self._count()

    def _is_random(self) -> bool:
        """Say whether the first items are others in another epoch."""
        first = []
        with global_rng_kept():
            for epoch in (0, 1):
                loader = self._in_order(self._loaders[0]).new(num_workers=0)
                loader.set_epoch(0, epoch)
                batches = iter(loader)
                first.append(next(batches)[0])
                batches.close()  # type: ignore[attr-defined]
        return not torch.equal(*first)

    @staticmethod
    def _in_order(loader: Any) -> Any:
        return loader.new(shuffle=False, drop_last=False)

    def _run(self, x: Tensor) -> Any:
        for part in self.parts:
            x = part(x)
        return x

    @torch.no_grad()
    def _view(self, kind: str, seed: int, number: int) -> tuple[Tensor, Tensor]:
        key = (kind, seed, number)
        if key not in self._known:
            loader = self._in_order(self._loaders[kind == _VALID])
            loader.set_epoch(seed, number)
            with self._original(), global_rng_kept(), eval_mode(self.learn.model):
                made = [(self._run(x), y) for x, y in loader]
            self._known[key] = torch.cat([x for x, _ in made]), torch.cat([y for _, y in made])
        return self._known[key]

    def use(self) -> None:
        """Let the head see features from now on."""
        data = self.learn.data
        train, valid = self._loaders
        data.train_dl = self._rows(train, _TRAIN, self.views)
        if not data.empty_val:
            data.valid_dl = self._rows(valid, _VALID, 1)
        self._bypass()

    def _rows(self, loader: Any, kind: str, views: int) -> Any:
        rows = Rows(loader.dataset, partial(self._view, kind), views)
        return loader.new(dataset=rows, num_workers=0, tfms=[])

    def _bypass(self) -> None:
        for part in self.parts:
            part.forward = _as_it_is  # type: ignore[method-assign]

    def _restore_parts(self) -> None:
        for part in self.parts:
            vars(part).pop("forward", None)

    @contextmanager
    def _original(self) -> Iterator[None]:
        """Let the body work inside the block."""
        self._restore_parts()
        try:
            yield
        finally:
            self._bypass()

    def drop(self) -> None:
        """Let the model see images again, and forget the features."""
        self._restore_parts()
        self.learn.data.train_dl, self.learn.data.valid_dl = self._loaders
        self._known.clear()


def _as_it_is(x: Tensor) -> Tensor:
    return x


def rest(model: nn.Module) -> None:
    """Put the parts of a model into eval mode of which no parameter learns."""
    for module in model.modules():
        parameters = list(module.parameters())
        if parameters and not any(p.requires_grad for p in parameters):
            module.eval()
