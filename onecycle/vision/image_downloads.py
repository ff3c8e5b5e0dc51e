"""Fetching pictures from a list of addresses."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from onecycle.errors import OnecycleError
from onecycle.types import PathOrStr
from onecycle.utils.download import download_url
from onecycle.utils.text_files import loadtxt_str
from onecycle.vision.image_files import image_extensions

__all__ = ["download_image", "download_images"]


def download_image(url: str, dest: PathOrStr, timeout: float = 4) -> bool:
    """Fetch one picture; a failure is printed, not raised, so that the others still come.

    Args:
        url: Its address.
        dest: The file to write.
        timeout: Seconds without an answer before giving up.

    Returns:
        Whether it came.
    """
    try:
        download_url(url, dest, overwrite=True, show_progress=False, timeout=timeout)
    except (OnecycleError, OSError, ValueError) as error:
        print(f"{url} did not come: {error}")
        return False
    return True


def download_images(
    urls: PathOrStr | Iterable[str],
    dest: PathOrStr,
    max_pics: int = 1000,
    max_workers: int = 8,
    timeout: float = 4,
) -> int:
    """Fetch pictures into a folder, named by their place in the list: 00000000.jpg, 00000001.png …

    Args:
        urls: A text file with one address a line, or the addresses.
        dest: The folder; it is made.
        max_pics: How many of the addresses are fetched at most.
        max_workers: How many are fetched at once.
        timeout: Seconds without an answer before one is given up.

    Returns:
        How many came. What did not come is printed; what came may still be no picture: see `verify_images`.
    """
    listed = loadtxt_str(urls) if isinstance(urls, (str, Path)) else urls
    wanted = [url.strip() for url in map(str, listed) if url.strip()][:max_pics]
    folder = Path(dest)
    folder.mkdir(parents=True, exist_ok=True)

    def fetch(numbered: tuple[int, str]) -> bool:
        index, url = numbered
        return download_image(url, folder / f"{index:08d}{_ending(url)}", timeout)

    with ThreadPoolExecutor(max(1, max_workers)) as pool:
        return sum(pool.map(fetch, enumerate(wanted)))


def _ending(url: str) -> str:
    """Return the ending of the file an address names, `.jpg` where it names no picture's."""
    try:
        ending = Path(urlsplit(url).path).suffix.lower()
    except ValueError:  # download_image reports that it is no address
        return ".jpg"
    return ending if ending in image_extensions() else ".jpg"
