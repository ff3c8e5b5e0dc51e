"""Small functions and classes that v1's modules gave and that only code written for v1 asks for."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import inspect
import os
import platform
import subprocess
import sys
import traceback
from collections.abc import Callable
from functools import partial
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, optim

import onecycle
from onecycle.callbacks.mem import PeakMemMetric
from onecycle.data.download import URLs
from onecycle.errors import ArgumentError, explain
from onecycle.utils.defaults import defaults
from onecycle.utils.epoch_table import say

if TYPE_CHECKING:
    from onecycle.learner import Learner

__all__ = [
    "IS_IN_COLAB", "IS_IN_IPYTHON", "MODEL_URL", "URL", "AdamW", "CpuPeakMemMetric", "check_perf", "doc",
    "flatten_check", "get_env", "get_ref_free_exc_info", "gpu_mem_restore", "gpu_mem_restore_ctx",
    "have_min_pkg_version", "is_in_colab", "is_in_ipython", "load_callback", "np_address", "pd_max_colwidth",
    "pillow_version", "progress_disabled_ctx", "pypi_module_version_is_available", "show_install", "try_import",
    "use_gpu",
]

URL = URLs.URL
MODEL_URL = URLs.S3_MODEL
AdamW = partial(optim.Adam, betas=(0.9, 0.99))
use_gpu = torch.cuda.is_available()


# ------------------------------------------------------------------------------------------------------ packages


def try_import(module: str) -> ModuleType | None:
    """Import a module, or return None where that fails.

    Example:
        >>> try_import("no_such_module") is None
        True
    """
    try:
        return importlib.import_module(module)
    except (ImportError, RuntimeError, OSError):
        return None


def have_min_pkg_version(package: str, version: str) -> bool:
    """Whether `package` is installed in `version` or a later one.

    Example:
        >>> have_min_pkg_version("torch", "1.0"), have_min_pkg_version("no_such_package", "1.0")
        (True, False)
    """
    try:
        return bool(torch.torch_version.TorchVersion(importlib.metadata.version(package)) >= version)
    except importlib.metadata.PackageNotFoundError:
        return False


def pypi_module_version_is_available(module: str, version: str) -> bool:
    """Whether exactly this version is installed; v1 asked the index of packages."""
    try:
        return importlib.metadata.version(module) == version
    except importlib.metadata.PackageNotFoundError:
        return False


def pd_max_colwidth() -> None:
    """Return the value of pandas' `display.max_colwidth` that cuts nothing: None."""


def pillow_version() -> str:
    """Return the version of Pillow."""
    return importlib.metadata.version("pillow")


def get_env(name: str) -> str:
    """Return a variable of the environment, with its name, as `show_install` prints it."""
    return f"{name}={os.environ[name]}" if name in os.environ else f"{name} is not set"


def show_install(show_nvidia_smi: bool = False) -> None:
    """Print the versions of Python, of onecycle (as `fastai`) and of what it stands on, and the GPUs.

    Args:
        show_nvidia_smi: Print what `nvidia-smi` says, too, where there is one.
    """
    rows = {"python": platform.python_version(), "fastai": onecycle.__version__, "platform": platform.platform()}
    rows |= {name: _version(name) for name in ("torch", "numpy", "pandas", "pillow", "opencv-python-headless",
                                               "matplotlib", "safetensors")}
    rows["cuda"] = torch.version.cuda or "none"
    for at in range(torch.cuda.device_count()):
        rows[f"gpu{at}"] = torch.cuda.get_device_name(at)
    width = max(map(len, rows))
    say("\n".join(f"{name:<{width}} : {value}" for name, value in rows.items()))
    if show_nvidia_smi:
        say(_nvidia_smi())


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _nvidia_smi() -> str:
    try:
        return subprocess.run(["nvidia-smi"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "nvidia-smi: not found"


def check_perf() -> None:
    """Print what speeds onecycle up here: the GPU, half precision, worker processes."""
    say(f"GPU: {torch.cuda.get_device_name() if use_gpu else 'none; training runs on the CPU'}")
    if use_gpu:
        say(f"bfloat16: {'yes' if torch.cuda.is_bf16_supported() else 'no'} (learn.to_bf16())")
    say(f"threads of torch: {torch.get_num_threads()}; workers: {defaults.cpus}")


# -------------------------------------------------------------------------------------------- notebooks and memory


def is_in_ipython() -> bool:
    """Whether the program runs in IPython or in a notebook."""
    ipython = sys.modules.get("IPython")
    return bool(ipython and ipython.get_ipython())


def is_in_colab() -> bool:
    """Whether the program runs in Google Colab."""
    return "google.colab" in sys.modules


IS_IN_IPYTHON = is_in_ipython()
IS_IN_COLAB = is_in_colab()


def get_ref_free_exc_info() -> tuple[type[BaseException] | None, BaseException | None, TracebackType | None]:
    """Return what `sys.exc_info` does, without the local variables of the frames that the error passed."""
    kind, error, trace = sys.exc_info()
    traceback.clear_frames(trace)
    return kind, error, trace


def gpu_mem_restore(func: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function give back the memory of its frames when it fails, so that a notebook can go on."""

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with gpu_mem_restore_ctx():
            return func(*args, **kwargs)

    return wrapped


class gpu_mem_restore_ctx:
    """A context that gives back the memory of the frames that an error passed."""

    def __enter__(self) -> gpu_mem_restore_ctx:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        traceback.clear_frames(trace)


class CpuPeakMemMetric(PeakMemMetric):
    """Show for each epoch the memory of this process: what it took since the beginning, and the highest beyond."""

    _kinds = ("cpu",)


class progress_disabled_ctx:
    """A context without progress bars and tables.

    Args:
        learn: The learner; it is what the context gives.

    Example:
        `with progress_disabled_ctx(learn) as learn: learn.fit(1)`
    """

    def __init__(self, learn: Learner) -> None:
        self.learn = learn

    def __enter__(self) -> Learner:
        self._was = defaults.silent, self.learn.silent
        defaults.silent = self.learn.silent = True
        return self.learn

    def __exit__(self, *_error: object) -> None:
        defaults.silent, self.learn.silent = self._was


# ------------------------------------------------------------------------------------------------ single functions


def doc(elt: Any) -> None:
    """Print how a function or class is called, and what its docstring says."""
    name = getattr(elt, "__name__", type(elt).__name__)
    try:
        called = str(inspect.signature(elt))
    except (TypeError, ValueError):
        called = ""
    say(f"{name}{called}\n\n{inspect.getdoc(elt) or 'No documentation.'}")


def np_address(x: np.ndarray) -> int:
    """Return the address in memory of an array's first element."""
    return int(x.__array_interface__["data"][0])


def flatten_check(out: Tensor, targ: Tensor) -> tuple[Tensor, Tensor]:
    """Return outputs and targets as vectors.

    Raises:
        ArgumentError: they have different numbers of elements.
    """
    if out.numel() != targ.numel():
        given = (tuple(out.shape), tuple(targ.shape))
        raise ArgumentError(explain("flatten_check", "out", "as many elements as the targets", given))
    return out.reshape(-1), targ.reshape(-1)


def load_callback(class_func: Callable[..., Any], state: dict[str, Any], learn: Learner) -> Any:
    """Make a callback again from its class, its plain attributes and the learner.

    Args:
        class_func: The class.
        state: Attributes; those that the class's `__init__` takes are passed to it, the others are set.
        learn: The learner.
    """
    takes = inspect.signature(class_func).parameters
    first = (learn,) if "learn" in takes else ()
    made = class_func(*first, **{name: value for name, value in state.items() if name in takes})
    for name, value in state.items():
        if name not in takes:
            setattr(made, name, value)
    return made
