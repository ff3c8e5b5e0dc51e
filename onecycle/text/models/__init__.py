"""Front door: the architectures. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle.prelude import open_door

if TYPE_CHECKING:
    pass

__all__ = [

]

_LEAVES = {
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
