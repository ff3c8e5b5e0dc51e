"""Fetching files over https, whole and checked."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import torch

from onecycle.utils.fetch import Fetch, Wanted, check_url, secure_url
from onecycle.utils.home import home_path

__all__ = ["download_file", "download_url", "download_weights"]


def download_file(
    url: str,
    dest: str | os.PathLike[str],
    sha256: str | None = None,
    md5: str | None = None,
    size: int | None = None,
    overwrite: bool = False,
    show_progress: bool = True,
    chunk_size: int = 1 << 20,
    timeout: float = 10,
    retries: int = 5,
    pbar: Any = None,
) -> Path:
    """Download a file; it stands at `dest` only when it is whole and, where known, of the right content.

    Until then the bytes are kept in `<dest>.part`, from which a later call goes on. A try that brought
    nothing new is repeated after a pause that doubles, up to `retries` tries in a row.

    Args:
        url: The address; http is turned into https, but for this machine.
        dest: The file to make. One that is there and passes the checks is left alone.
        sha256: The content's SHA-256, or the first hexadecimal digits of it.
        md5: The content's MD5, for old lists that have nothing better.
        size: Length in bytes.
        overwrite: Whether to download though the file is there.
        show_progress: Whether to show a bar.
        chunk_size: Bytes read at a time.
        timeout: Seconds to wait for the connection and for each read.
        retries: Tries in a row without progress before giving up.
        pbar: A `master_bar` that the bar belongs to.

    Returns:
        `dest`.

    Raises:
        DownloadError: the address does not answer, or the content is not what it should be. Says where to
            put the file by hand.
        FileWriteError: the file cannot be written.
    """
    target, wanted = Path(dest), Wanted(sha256, md5, size)
    if not overwrite and target.is_file() and not wanted.fault(target):
        return target
    return Fetch(secure_url(url), target, wanted, chunk_size, timeout, retries, show_progress, pbar).run()


def download_url(
    url: str,
    dest: str | os.PathLike[str],
    overwrite: bool = False,
    pbar: Any = None,
    show_progress: bool = True,
    chunk_size: int = 1048576,
    timeout: float = 4,
    retries: int = 5,
) -> Path:
    """Download a file whose content is not known beforehand; see `download_file`."""
    return download_file(
        url,
        dest,
        overwrite=overwrite,
        pbar=pbar,
        show_progress=show_progress,
        chunk_size=chunk_size,
        timeout=timeout,
        retries=retries,
    )


def download_weights(url: str, sha256_prefix: str | None = None, file_name: str | None = None) -> Path:
    """Return a file of pretrained weights, downloading it where it is not here yet.

    Args:
        url: The address.
        sha256_prefix: First digits of its SHA-256; read from names like `resnet34-333f7ec4.pth` when None.
        file_name: Its name here; the address's last part when None.

    Returns:
        The file, in the folder of models (`~/.onecycle/models`), or in torch's own cache if it is there.

    Raises:
        DownloadError: it could not be fetched; says which file to put where.
    """
    name = file_name or check_url("download_weights", url).rsplit("/", 1)[-1]
    prefix = sha256_prefix or _prefix_in(name)
    cached = Path(torch.hub.get_dir()) / "checkpoints" / name
    if cached.is_file() and prefix and not Wanted(prefix, None, None).fault(cached):
        return cached
    return download_file(url, home_path("model_path") / name, sha256=prefix)


def _prefix_in(name: str) -> str | None:
    found = re.search(r"-([0-9a-f]{8,64})\.\w+$", name)
    return found.group(1) if found else None
