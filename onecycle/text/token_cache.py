"""Tokenised corpora on the disk, found again by their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from onecycle.text.token_texts import TokenTexts
from onecycle.types import PathOrStr
from onecycle.utils.bundle import read_bundle, write_bundle

__all__: list[str] = []

_FORMAT, _VERSION = "onecycle-tokens", 1


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
            for text in row:
                data = text.encode("utf-8", "surrogatepass")
                digest.update(len(data).to_bytes(8, "little"))
                digest.update(data)
            digest.update(b"\n")
        return self.folder / f"tokens-{digest.hexdigest()[:32]}.safetensors"

    def read(self, file: Path) -> TokenTexts | None:
        """Return the texts of a file, or None where it is not there."""
        if not file.is_file():
            return None
        tensors, manifest = read_bundle(file, newest=_VERSION)
        return TokenTexts.joined(tensors["ids"].numpy(), tensors["lengths"].numpy(), manifest["words"])

    def write(self, file: Path, texts: TokenTexts) -> None:
        """Write texts to a file, whole or not at all."""
        tensors = {"ids": torch.from_numpy(texts.ids), "lengths": torch.from_numpy(texts.lengths)}
        manifest = {"format": _FORMAT, "version": _VERSION, "words": list(texts.words or [])}
        write_bundle(file, tensors, manifest)
