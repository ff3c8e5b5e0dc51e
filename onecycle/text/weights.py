"""Published weights of language models: read safely, fitted to another vocabulary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from onecycle.data.download import URLs, untar_data
from onecycle.errors import DownloadError, FileFormatError
from onecycle.text.vocab import Vocab
from onecycle.training.checkpoint import read_state, split_state
from onecycle.types import PathOrStr
from onecycle.utils.defaults import defaults
from onecycle.utils.files import existing_file

__all__ = ["convert_weights"]

_BY_TOKEN = ("0.encoder.weight", "0.encoder_dp.emb.weight", "1.decoder.weight", "1.decoder.bias")


def convert_weights(
    wgts: Mapping[str, Tensor], stoi_wgts: Mapping[str, int], itos_new: Sequence[str]
) -> dict[str, Tensor]:
    """Return the weights of a language model for another vocabulary.

    A token that both vocabularies have keeps its vector and its bias; the others get the mean.

    Args:
        wgts: The weights by name.
        stoi_wgts: Token -> number, in the vocabulary of the weights.
        itos_new: Number -> token, in the new vocabulary.

    Raises:
        FileFormatError: the vocabulary has more tokens than the weights have rows, or fewer.

    Example:
        >>> old = {"0.encoder.weight": torch.tensor([[1.0], [3.0]])}
        >>> convert_weights(old, {"a": 0, "b": 1}, ["b", "c"])["0.encoder.weight"].tolist()
        [[3.0], [2.0]]
    """
    numbers = torch.tensor([stoi_wgts.get(token, -1) for token in itos_new], dtype=torch.long)
    rows = max(stoi_wgts.values(), default=-1) + 1
    made = dict(wgts)
    for name in _BY_TOKEN:
        if name in made:
            made[name] = _rows(made[name], numbers, rows, name)
    return made


def _rows(weight: Tensor, numbers: Tensor, rows: int, name: str) -> Tensor:
    if len(weight) < rows:
        raise FileFormatError(
            f"weights: the vocabulary does not fit the weights: it numbers {rows} tokens, {name} has {len(weight)} "
            f"rows. Take the two files that were published together."
        )
    picked = weight[numbers.clamp(min=0).to(weight.device)].clone()
    picked[numbers < 0] = weight.mean(0)
    return picked


def read_weights(weights_file: PathOrStr, vocab_file: PathOrStr, itos: Sequence[str], device: Any) -> Any:
    """Read the weights of a language model for another vocabulary. Nothing in the files is executed.

    Args:
        weights_file: A `.pth` or `.safetensors`.
        vocab_file: The vocabulary of the weights: an `itos.pkl`, JSON, or lines of text.
        itos: The new vocabulary.
        device: Where the weights go.

    Returns:
        The weights, and how many tokens of the new vocabulary are in that of the weights.

    Raises:
        FileMissingError, FileFormatError: a file is missing, or holds something else.
        FileFormatError: no word of the new vocabulary is in that of the weights.
    """
    source = existing_file("load_pretrained", weights_file)
    vocab = Vocab.load(vocab_file)
    weights, _ = split_state(read_state(source, device), source)
    _check_pair(weights, vocab, source, vocab_file)
    shared = set(itos) & set(vocab.itos)
    if not shared - set(defaults.text_spec_tok):
        raise FileFormatError(
            f"load_pretrained: the vocabulary does not fit the weights: of its {len(itos)} tokens none but special "
            f"ones is among the {len(vocab)} of {str(vocab_file)!r}. Tokenise as for the weights, or begin without "
            f"(pretrained=False)."
        )
    return convert_weights(weights, vocab.stoi, itos), sum(token in shared for token in itos)


def _check_pair(weights: Mapping[str, Tensor], vocab: Vocab, source: Path, vocab_file: PathOrStr) -> None:
    embedding = weights.get(_BY_TOKEN[0])
    if embedding is None:
        raise FileFormatError(
            f"load_pretrained: {str(source)!r} must hold a language model, with {_BY_TOKEN[0]!r}; it holds "
            f"{', '.join(list(weights)[:5])}. An encoder alone is read by load_encoder."
        )
    if len(embedding) != len(vocab):
        raise FileFormatError(
            f"load_pretrained: {str(vocab_file)!r} does not fit the weights: it has {len(vocab)} tokens, "
            f"{str(source)!r} has vectors for {len(embedding)}. Take the two files that were published together."
        )


def published_files(name: str) -> tuple[Path, Path]:
    """Return the weights and the vocabulary of a published language model, downloading them where needed.

    Args:
        name: Its name in `URLs`.

    Raises:
        DownloadError: they cannot be fetched; says what to do.
        FileFormatError: the archive does not hold them.
    """
    try:
        folder = untar_data(getattr(URLs, name), data=False)
    except DownloadError as error:
        raise DownloadError(
            f"pretrained: the published weights {name} could not be fetched. {error} Or pass pretrained=False to begin "
            f"with random weights, or pretrained_fnames=[weights, vocabulary] for files that you have."
        ) from error
    return _only(folder, "*.pth"), _only(folder, "*.pkl")


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.rglob(pattern))
    if not found:
        there = ", ".join(sorted(file.name for file in folder.iterdir())) or "nothing"
        raise FileFormatError(f"pretrained: {str(folder)!r} must hold a {pattern}; there is {there}. Delete the "
                              f"folder, and it is fetched again.")
    return found[0]
