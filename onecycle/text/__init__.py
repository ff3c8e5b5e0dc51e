"""Front door: texts, and all of onecycle.basics. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle import basics
from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.basics import *
    from onecycle import text
    from onecycle.text.special_tokens import (
        BOS, EOS, FLD, PAD, TK_MAJ, TK_REP, TK_UP, TK_WREP, UNK,
    )

__all__ = [
    "BOS", "EOS", "FLD", "PAD", "TK_MAJ", "TK_REP", "TK_UP", "TK_WREP", "UNK", "text",
]
__all__ += basics.__all__

_LEAVES = {
    "onecycle.text.special_tokens": (
        "BOS", "EOS", "FLD", "PAD", "TK_MAJ", "TK_REP", "TK_UP", "TK_WREP", "UNK",
    ),
    **basics._LEAVES,
}

__getattr__, __dir__ = open_door(__name__, _LEAVES, {"text": "onecycle.text"})
