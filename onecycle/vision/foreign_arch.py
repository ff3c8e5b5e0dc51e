"""What an architecture of another library says of itself, and the one way to make a body of it."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import NamedTuple, NoReturn

from torch import nn

from onecycle.errors import ArgumentError, DownloadError, NotRegisteredError, OnecycleError
from onecycle.types import JsonDict
from onecycle.vision.models.spec import Stats

__all__: list[str] = []

CUT_HINT = "Pass cut=, a function from the model to its body, e.g. cut=lambda model: model.features."


class BodyRequest(NamedTuple):
    """What a body is made for.

    Args:
        pretrained: Load the published weights.
        n_in: Channels of the images.
        size: Height and width of the images in pixels; None where they are not known.
        maps: Give a feature map, and the larger ones on the way to it, for a decoder; never a vector.
    """

    pretrained: bool = False
    n_in: int = 3
    size: tuple[int, int] | None = None
    maps: bool = False


class ForeignArch(ABC):
    """An architecture that another library or the user wrote, with what is found of it in its own configuration.

    Attributes:
        name: Its name in messages.
    """

    name: str = ""

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def reference(self) -> str | JsonDict | None:
        """What a file says of it, so that `find_arch` finds it again; None where it has no name."""
        return None

    @property
    def stats(self) -> Stats | None:
        """Mean and standard deviation of each channel that its weights were trained with, where it says so."""
        return None

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width in pixels that its weights were trained at, where it says so."""
        return None

    @abstractmethod
    def __call__(self, pretrained: bool = False) -> nn.Module:
        """Return the model as its library makes it, its classifier included."""

    @abstractmethod
    def body(self, request: BodyRequest) -> nn.Module:
        """Return the model up to its feature map `(N, C, H, W)` or, where it has none, its vector `(N, C)`."""


def import_library(name: str, what: str) -> ModuleType:
    """Import a library that is no requirement.

    Args:
        what: What needs it, e.g. `"the architecture 'vit_b_16'"`.

    Raises:
        NotRegisteredError: it cannot be imported; says what to install.
    """
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError, OSError) as error:
        library = name.partition(".")[0]
        raise NotRegisteredError(
            f"arch: {what} is built by {library}, which cannot be imported here ({error}). Install it: pip install "
            f"{library}."
        ) from error


@contextmanager
def loading_weights(name: str, place: str) -> Iterator[None]:
    """Report in one sentence that the published weights of an architecture do not arrive.

    Args:
        place: Where the library keeps them, for the hint.

    Raises:
        DownloadError: the weights are neither here nor can they be downloaded.
    """
    try:
        yield
    except OnecycleError:
        raise
    except Exception as error:  # a library of its own: from its hub, from the network, from the file system
        _say_why(name, place, error)


def _say_why(name: str, place: str, error: Exception) -> NoReturn:
    said = " ".join(str(error).split()) or type(error).__name__
    if not _is_of_network(error):
        raise ArgumentError(
            f"create_body: pretrained must be False for {name}, whose published weights do not load: {said}"
        ) from error
    raise DownloadError(
        f"create_body: the weights of {name} are not on this computer and cannot be downloaded ({said}). Copy them "
        f"from a computer that has them ({place}), or pass pretrained=False."
    ) from error


def _is_of_network(error: BaseException) -> bool:
    """Return whether an error, or one that led to it, is of the network or of a file that is not there."""
    seen = error
    while True:
        if isinstance(seen, OSError) or "Hub" in type(seen).__name__ or "Connect" in type(seen).__name__:
            return True
        if "offline" in str(seen).lower() or "client has been closed" in str(seen).lower():
            return True
        before = seen.__cause__ or seen.__context__
        if before is None:
            return False
        seen = before


def pair_of(size: object) -> tuple[int, int] | None:
    """Return a size in pixels as (height, width), or None for what is no size.

    Example:
        >>> pair_of(224), pair_of((3, 192, 256)), pair_of(None)
        ((224, 224), (192, 256), None)
    """
    if isinstance(size, int) and not isinstance(size, bool) and size > 0:
        return size, size
    if isinstance(size, (list, tuple)) and len(size) >= 2 and all(isinstance(side, int) and side > 0 for side in size):
        return size[-2], size[-1]
    return None
