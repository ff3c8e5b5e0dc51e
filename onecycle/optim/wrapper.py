"""An optimiser whose rate, momentum and decay are set one layer group at a time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from onecycle.errors import ArgumentError, ArgumentTypeError, did_you_mean, explain
from onecycle.optim.groups import decay_pairs, spread
from onecycle.utils.sharded import part_moments, whole_moments

__all__ = ["OptimWrapper"]

OptimizerFactory = Callable[..., Optimizer]
_FUSED_DEVICES = ("cpu", "cuda", "mps")
_FUSED_CLASSES = (torch.optim.Adam, torch.optim.SGD)  # torch has kernels for them on each of these devices
_DECAYED = "decayed"  # key of a torch group: how many of its parameters come before norms and biases
_OF_THIS_MACHINE = ("fused", "foreach", _DECAYED)


def _class_of(opt_func: OptimizerFactory) -> Any:
    """Return the optimiser class below any partials."""
    while isinstance(opt_func, partial):
        opt_func = opt_func.func
    return opt_func


def _said_keywords(opt_func: OptimizerFactory) -> set[str]:
    """Return the keywords that the user's partials already set."""
    said: set[str] = set()
    while isinstance(opt_func, partial):
        said.update(opt_func.keywords)
        opt_func = opt_func.func
    return said


def _one_kernel_option(opt_func: OptimizerFactory, parameters: list[nn.Parameter]) -> dict[str, bool]:
    """Return `fused=True` where the optimiser and the parameters allow it and the user said nothing."""
    if _said_keywords(opt_func) & {"fused", "foreach", "differentiable"}:
        return {}
    made = _class_of(opt_func)
    known = isinstance(made, type) and issubclass(made, _FUSED_CLASSES)
    fits = known and "fused" in inspect.signature(made).parameters
    fits = fits and all(p.is_floating_point() and p.device.type in _FUSED_DEVICES for p in parameters)
    return {"fused": True} if fits else {}


def _check_parameters(owner: str, parameters: list[nn.Parameter]) -> None:
    if not parameters:
        raise ArgumentError(
            explain(
                owner,
                "layer_groups",
                "must hold a trainable parameter",
                cure="Unfreeze first: learn.unfreeze().",
            )
        )


class OptimWrapper:
    """Hold a torch optimiser with a parameter group a layer group, and set it one layer group at a time.

    Where norms and biases are spared from the decay, each layer group has two torch groups: decayed, spared.

    Args:
        opt: The torch optimiser; each of its groups counts as a layer group.
        wd: Weight decay, a number or one a layer group.
        true_wd: Shrink the weights by lr · wd each step, apart from the gradient.
        bn_wd: Decay norms and biases as well.

    Reference: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2.
    """

    def __init__(self, opt: Optimizer, wd: Any = 0.0, true_wd: bool = False, bn_wd: bool = True) -> None:
        self.opt, self.true_wd, self._bn_wd = opt, true_wd, bn_wd
        self.opt_func: OptimizerFactory = type(opt)
        self._lr: list[float] = []
        self._mom: list[float] | None = None
        self._beta: list[float] | None = None
        self._parted = False
        self._native_decay = all("decoupled_weight_decay" in group for group in opt.param_groups)
        self.opt_keys = [key for key in opt.param_groups[0] if key not in ("params", _DECAYED)]
        if not bn_wd:
            self._part()
        self.read_defaults()
        self.wd = wd

    @classmethod
    def create(
        cls,
        opt_func: OptimizerFactory,
        lr: Any,
        layer_groups: Collection[nn.Module],
        wd: Any = 0.0,
        true_wd: bool = False,
        bn_wd: bool = True,
    ) -> OptimWrapper:
        """Make the optimiser for some layer groups.

        Args:
            opt_func: An optimiser class or a partial of one, called with parameter groups.
            lr: Learning rate, a number or one a layer group.
            layer_groups: Modules in order from the input to the output; frozen parameters are left out.
            wd: Weight decay, a number or one a layer group.
            true_wd: Decay apart from the gradient.
            bn_wd: Decay norms and biases as well.

        Raises:
            ArgumentError: nothing is trainable, or the number of values and groups differs.
        """
        pairs = decay_pairs(layer_groups)
        parameters = [p for pair in pairs for half in pair for p in half]
        _check_parameters("OptimWrapper.create", parameters)
        groups = [{"params": [*decayed, *spared], _DECAYED: len(decayed)} for decayed, spared in pairs]
        keywords = _one_kernel_option(opt_func, parameters)
        opt = opt_func(groups, lr=spread(lr, len(pairs), name="lr")[-1], **keywords)
        wrapper = cls(opt, wd=wd, true_wd=true_wd, bn_wd=bn_wd)
        wrapper.lr, wrapper.opt_func = lr, opt_func
        return wrapper

    def new(self, layer_groups: Collection[nn.Module], split_no_wd: bool = True) -> OptimWrapper:
        """Make the same optimiser for other layer groups.

        Args:
            layer_groups: The new modules.
            split_no_wd: Part norms and biases from the rest, as `create` does.
        """
        if split_no_wd:
            fresh = self.create(self.opt_func, self.lr, layer_groups, self.wd, self.true_wd, self.bn_wd)
            return self._copy_settings(fresh)
        return self.new_with_params([[p for p in g.parameters() if p.requires_grad] for g in layer_groups])

    def new_with_params(self, param_groups: Collection[Collection[nn.Parameter]]) -> OptimWrapper:
        """Make the same optimiser for lists of parameters.

        Args:
            param_groups: One list a layer group; all of it is decayed.
        """
        groups = [list(group) for group in param_groups]
        parameters = [p for group in groups for p in group]
        _check_parameters("OptimWrapper.new", parameters)
        keywords = _one_kernel_option(self.opt_func, parameters)
        opt = self.opt_func([{"params": group} for group in groups], lr=self.lr, **keywords)
        fresh = OptimWrapper(opt, wd=self.wd, true_wd=self.true_wd, bn_wd=self.bn_wd)
        fresh.opt_func = self.opt_func
        return self._copy_settings(fresh)

    def _copy_settings(self, fresh: OptimWrapper) -> OptimWrapper:
        """Give a fresh optimiser this one's values, a layer group each where the numbers agree."""
        same = len(fresh._firsts) == len(self._firsts)
        for name in ("lr", "mom", "beta", "wd"):
            values = getattr(self, f"_{name}")
            if values is not None:
                setattr(fresh, name, values if same else values[-1])
        return fresh

    @property
    def _firsts(self) -> list[dict[str, Any]]:
        """The torch group of decayed parameters of each layer group."""
        return self.opt.param_groups[::2] if self._parted else self.opt.param_groups

    @property
    def _seconds(self) -> list[dict[str, Any]]:
        """The torch group of norms and biases of each layer group, where they have one of their own."""
        return self.opt.param_groups[1::2] if self._parted else []

    def _part(self) -> None:
        """Give norms and biases torch groups of their own; one group a layer group is faster, so not before."""
        groups = self.opt.param_groups
        if self._parted or not all(_DECAYED in group for group in groups):
            return
        self.opt.param_groups = [half for group in groups for half in _halves(group)]
        self._parted = True

    @property
    def bn_wd(self) -> bool:
        """Whether norms and biases are decayed as well."""
        return self._bn_wd

    @bn_wd.setter
    def bn_wd(self, value: bool) -> None:
        self._bn_wd = value
        if not value:
            self._part()
        self.wd = self._wd

    @property
    def n_params(self) -> int:
        """How many parameter tensors the optimiser updates."""
        return sum(len(group["params"]) for group in self.opt.param_groups)

    def __repr__(self) -> str:
        return f"OptimWrapper over {self.opt!r}.\nTrue weight decay: {self.true_wd}"

    def step(self) -> None:
        """Decay the weights where torch's kernel does not, then let the optimiser step."""
        if self.true_wd and not self._native_decay:
            self._shrink_weights()
        self.opt.step()

    @torch.no_grad()
    def _shrink_weights(self) -> None:
        for lr, wd, first in zip(self._lr, self._wd, self._firsts):
            _shrink(first["params"], lr * wd)
        if self._bn_wd:
            for lr, wd, second in zip(self._lr, self._wd, self._seconds):
                _shrink(second["params"], lr * wd)

    def zero_grad(self) -> None:
        """Drop the gradients."""
        for group in self.opt.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def clear(self) -> None:
        """Forget what was gathered in training (moments, step counts); keep the settings."""
        self.load_state_dict({**self.opt.state_dict(), "state": {}})

    def state_dict(self) -> dict[str, Any]:
        """Return torch's state of the optimiser: tensors, numbers and names of settings only.

        Where each process holds a part of the weights the tensors are whole, and every process must call it.
        """
        state = self.opt.state_dict()
        return {**state, "state": whole_moments(state["state"])}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state's moments, rate and momentum; decay and kernels stay as they are here."""
        mine = [dict(group) for group in self.opt.param_groups]
        decay = self._wd
        self.opt.load_state_dict({**state, "param_groups": _regrouped(state["param_groups"], mine)})
        for group, own in zip(self.opt.param_groups, mine):
            group.update({key: own[key] for key in own if key in _OF_THIS_MACHINE or key not in group})
        part_moments(self.opt.state)
        self.read_defaults()
        self.wd = decay

    def get_state(self) -> dict[str, Any]:
        """Return the whole state: torch's, the settings a layer group, and the function that makes it."""
        return {
            "opt_state": self.opt.state_dict(),
            "opt_func": self.opt_func,
            **{name: getattr(self, f"_{name}") for name in ("lr", "wd", "mom", "beta")},
            "true_wd": self.true_wd,
            "bn_wd": self.bn_wd,
        }

    @classmethod
    def load_with_state_and_layer_group(
        cls, state: dict[str, Any], layer_groups: Collection[nn.Module]
    ) -> OptimWrapper:
        """Make an optimiser from what `get_state` returned, for some layer groups."""
        fresh = cls.create(
            state["opt_func"], state["lr"], layer_groups, state["wd"], state["true_wd"], state["bn_wd"]
        )
        fresh.load_state_dict(deepcopy(state["opt_state"]))  # torch would share the moments
        for name in ("mom", "beta", "wd", "lr"):
            if state[name] is not None:
                setattr(fresh, name, state[name])
        return fresh

    @property
    def lr(self) -> float:
        """Learning rate of the last layer group; set with a number or one a layer group."""
        return self._lr[-1]

    @lr.setter
    def lr(self, val: Any) -> None:
        self._lr = self.set_val("lr", spread(val, len(self._firsts), name="lr"))

    @property
    def mom(self) -> float | None:
        """Momentum (Adam's first beta) of the last layer group; None where the optimiser has none."""
        return self._mom[-1] if self._mom else None

    @mom.setter
    def mom(self, val: Any) -> None:
        if self._mom is None:
            return
        self._mom = spread(val, len(self._firsts), name="mom")
        if "momentum" in self.opt_keys:
            self.set_val("momentum", self._mom)
        else:
            self._set_betas()

    @property
    def beta(self) -> float | None:
        """Adam's second beta, or RMSprop's alpha, of the last layer group; None where there is none."""
        return self._beta[-1] if self._beta else None

    @beta.setter
    def beta(self, val: Any) -> None:
        if self._beta is None or val is None:
            return
        self._beta = spread(val, len(self._firsts), name="beta")
        if "betas" in self.opt_keys:
            self._set_betas()
        elif "alpha" in self.opt_keys:
            self.set_val("alpha", self._beta)

    def _set_betas(self) -> None:
        assert self._mom is not None and self._beta is not None
        self.set_val("betas", list(zip(self._mom, self._beta)))

    @property
    def wd(self) -> float:
        """Weight decay of the last layer group; set with a number or one a layer group."""
        return self._wd[-1]

    @wd.setter
    def wd(self, val: Any) -> None:
        self._wd = spread(val, len(self._firsts), name="wd")
        if "weight_decay" not in self.opt_keys:
            return
        by_kernel = self._native_decay or not self.true_wd
        if self._native_decay and self.true_wd:
            self.set_val("decoupled_weight_decay", True)
        none = [0.0] * len(self._wd)
        _write(self._firsts, "weight_decay", self._wd if by_kernel else none)
        _write(self._seconds, "weight_decay", self._wd if by_kernel and self._bn_wd else none)

    def read_defaults(self) -> None:
        """Read rate, momentum, beta and decay from the torch optimiser."""
        groups = self._firsts
        self._lr = [group["lr"] for group in groups]
        self._mom = self._beta = None
        if "momentum" in self.opt_keys:
            self._mom = [group["momentum"] for group in groups]
        if "alpha" in self.opt_keys:
            self._beta = [group["alpha"] for group in groups]
        if "betas" in self.opt_keys:
            self._mom = [group["betas"][0] for group in groups]
            self._beta = [group["betas"][1] for group in groups]
        reads_decay = "weight_decay" in self.opt_keys and (self._native_decay or not self.true_wd)
        if reads_decay or not hasattr(self, "_wd"):
            self._wd = [group.get("weight_decay", 0.0) for group in groups]

    def set_val(self, key: str, val: Any, bn_groups: bool = True) -> list[Any]:
        """Write a setting into the torch groups.

        Args:
            key: A setting of the optimiser, e.g. `eps`.
            val: One value, or a list of one a layer group.
            bn_groups: Write to the groups of norms and biases as well.

        Returns:
            The values, one a layer group.
        """
        self._check_key("set_val", key)
        if not bn_groups:
            self._part()
        values = val if isinstance(val, list) else [val] * len(self._firsts)
        _write(self._firsts, key, values)
        if bn_groups:
            _write(self._seconds, key, values)
        return values

    def read_val(self, key: str) -> Any:
        """Read a setting, one value a layer group; a pair of lists where the value is a pair (`betas`)."""
        self._check_key("read_val", key)
        values = [group[key] for group in self._firsts]
        return tuple(list(column) for column in zip(*values)) if isinstance(values[0], tuple) else values

    def _check_key(self, method: str, key: str) -> None:
        if key not in self.opt_keys:
            name = type(self.opt).__name__
            raise ArgumentError(
                f"OptimWrapper.{method}: key must be a setting of {name}; got {key!r}."
                f"{did_you_mean(key, self.opt_keys)} Settings: {', '.join(sorted(self.opt_keys))}."
            )

    def set_stat(self, name: str, value: Any) -> None:
        """Set `lr`, `mom`, `beta`, `wd` or any setting of the torch optimiser by name."""
        if name in ("lr", "mom", "beta", "wd"):
            setattr(self, name, value)
        else:
            self.set_val(name, spread(value, len(self._firsts), name=name))

    def get_stat(self, name: str) -> Any:
        """Return `lr`, `mom`, `beta`, `wd` or any setting of the last layer group by name."""
        if name in ("lr", "mom", "beta", "wd"):
            return getattr(self, name)
        self._check_key("get_stat", name)
        return self._firsts[-1][name]


def _halves(group: dict[str, Any]) -> list[dict[str, Any]]:
    """Return two torch groups, of the decayed parameters and of norms and biases."""
    count = group[_DECAYED]
    return [{**group, "params": part} for part in (group["params"][:count], group["params"][count:])]


def _regrouped(saved: list[dict[str, Any]], mine: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lay saved parameters, which are numbered in order, into groups of the sizes there are here.

    A state does not say more by its groups than their settings, so one group a layer group and two fit each other.
    """
    numbered = [(number, group) for group in saved for number in group["params"]]
    if len(numbered) != sum(len(own["params"]) for own in mine):
        return saved  # torch says what is wrong
    found, start = [], 0
    for own in mine:
        part = numbered[start : start + len(own["params"])]
        start += len(part)
        settings = part[0][1] if part else saved[0]
        found.append({**settings, "params": [number for number, _ in part]})
    return found


def _write(groups: list[dict[str, Any]], key: str, values: list[Any]) -> None:
    for group, value in zip(groups, values):
        group[key] = value


def _shrink(parameters: list[nn.Parameter], fraction: float) -> None:
    """Multiply the parameters that have a gradient by 1 - fraction."""
    moved: list[torch.Tensor] = [p for p in parameters if p.grad is not None]
    if moved and fraction:
        torch._foreach_mul_(moved, 1 - fraction)


def check_opt_func(owner: str, opt_func: Any) -> None:
    """Refuse an optimiser that is already built, or is none.

    Raises:
        ArgumentTypeError: says what to pass instead.
    """
    if isinstance(opt_func, Optimizer) or not callable(opt_func):
        raise ArgumentTypeError(
            explain(
                owner,
                "opt_func",
                "must be a function that makes an optimiser from parameter groups",
                opt_func,
                "Pass the class or a partial, e.g. partial(torch.optim.SGD, momentum=0.9).",
            )
        )
