"""Tokenised corpora on the disk, found again by their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onecycle.errors import FileFormatError
from onecycle.text.token_texts import TokenTexts
from onecycle.types import PathOrStr
from onecycle.utils.bundle import read_bundle, write_bundle
from onecycle.utils.file_gate import file_gate
from onecycle.utils.schema import check_form, listed, record, text

__all__: list[str] = []

_FORMAT, _VERSION = "onecycle-tokens", 1


def _below(ids: np.ndarray, count: int) -> bool:
    return not len(ids) or bool(ids.min() >= 0 and ids.max() < count)


class TokenCache:
    """Keep tokenised texts in a folder, one safetensors file a corpus.

    A file's name is the hash of all texts and of the settings they were tokenised with: another text or another
    setting is another file. It holds numbers and words, nothing that could run.

    Args:
        folder: The folder; it is made when the first file is written.
        settings: What the tokens depend on besides the texts, as JSON.
    """

    def __init__(self, folder: PathOrStr, settings: Any) -> None:
        self.folder, self.settings = Path(folder), settings

    def file_for(self, rows: Sequence[Sequence[str]]) -> Path:
        """Return the file of these texts, whether it is there or not."""
        digest = hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode())
        for row in rows:
            for field in row:
                data = field.encode("utf-8", "surrogatepass")
                digest.update(len(data).to_bytes(8, "little"))
                digest.update(data)
            digest.update(b"\n")
        return self.folder / f"tokens-{digest.hexdigest()[:32]}.safetensors"

    def read(self, file: Path) -> TokenTexts | None:
        """Return the texts of a file, or None where it is not there."""
        if not file.is_file():
            return None
        hint = "Delete it: it is a cache, and is made again."
        tensors, manifest = read_bundle(file, newest=_VERSION)
        with file_gate("texts", file, hint=hint):
            check_form("texts", file, manifest, record({"words": listed(text)}))
            ids, lengths, words = tensors["ids"].numpy(), tensors["lengths"].numpy(), manifest["words"]
            fits = ids.ndim == lengths.ndim == 1 and ids.dtype == np.int32 and lengths.dtype == np.int64
            if not fits or (lengths < 0).any() or lengths.sum() != len(ids) or not _below(ids, len(words)):
                raise FileFormatError(f"texts: {str(file)!r} is damaged: its numbers are none of its words. {hint}")
        return TokenTexts.joined(ids, lengths, words)

    def write(self, file: Path, texts: TokenTexts) -> None:
        """Write texts to a file, whole or not at all."""
        tensors = {"ids": torch.from_numpy(texts.ids), "lengths": torch.from_numpy(texts.lengths)}
        manifest = {"format": _FORMAT, "version": _VERSION, "words": list(texts.words or [])}
        write_bundle(file, tensors, manifest)
