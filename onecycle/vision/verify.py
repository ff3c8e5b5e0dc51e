"""Verifying picture files: the bad ones are listed, and deleted only when asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from onecycle.errors import check_keywords
from onecycle.types import PathOrStr
from onecycle.utils.files import atomic_write
from onecycle.utils.functions import func_args
from onecycle.vision.image_files import get_image_files
from onecycle.vision.picture_faults import PictureFacts, examine_picture
from onecycle.vision.pillow import open_image_file

__all__ = ["resize_to", "verify_image", "verify_images"]


def resize_to(img: Any, targ_sz: int, use_min: bool = False) -> tuple[int, int]:
    """Return the size a picture has when one side is brought to a length and its shape is kept.

    Args:
        img: A Pillow picture, or anything with `size` as (width, height).
        targ_sz: The length in pixels.
        use_min: Whether the shorter side gets that length instead of the longer one.

    Returns:
        (width, height) in pixels.
    """
    width, height = img.size
    side = min(width, height) if use_min else max(width, height)
    ratio = targ_sz / side
    return int(width * ratio), int(height * ratio)


def verify_image(
    file: PathOrStr,
    idx: int,
    delete: bool,
    max_size: int | None = None,
    dest: PathOrStr | None = None,
    n_channels: int | None = 3,
    interp: int = 2,
    ext: str | None = None,
    img_format: str | None = None,
    resume: bool = False,
    **kwargs: Any,
) -> PictureFacts:
    """Read one picture to its last pixel, and write it anew where its size or channels do not suit.

    Args:
        file: The picture.
        idx: Its position among the files; not used, as a pool of workers passes it.
        delete: Whether a file is deleted that is proven damaged, or to hold no picture.
        max_size: The longest side a picture may have, in pixels; longer ones are written smaller.
        dest: The folder to write to; pictures are written only where it is given.
        n_channels: Pictures with another number of channels are written with this one (1, 3 or 4).
        interp: Pillow's number for the way to resize (2 is bilinear).
        ext: Ending of the files written; that of the file when left out.
        img_format: Pillow's name of the format written; that of the file when left out.
        resume: Whether a file that is already in `dest` is left as it is.
        **kwargs: Passed to Pillow's `save`, e.g. `quality=90`.

    Returns:
        What reading it told; `fault` is '' for a good one.
    """
    path = Path(file)
    before = _stamp(path)
    facts = examine_picture(path)
    if not facts.readable:
        if delete and facts.is_damaged and before == _stamp(path):  # else someone is writing it just now
            facts = _deleted(facts)
        return facts
    if dest is not None:
        target = (Path(dest) / path.name).with_suffix(ext or path.suffix)
        if not (resume and target.exists()):
            _write_suited(path, target, max_size, n_channels, interp, img_format, kwargs)
    return facts


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what tells that a file is another one: its size and the time of its last change."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _deleted(facts: PictureFacts) -> PictureFacts:
    """Delete a damaged file and note it; where the system forbids it, note that."""
    try:
        facts.path.unlink()
    except OSError as error:
        return replace(facts, detail=f"{facts.detail}; it could not be deleted: {error.strerror}")
    return replace(facts, is_deleted=True)


_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def _write_suited(
    path: Path, target: Path, max_size: int | None, n_channels: int | None, interp: int,
    img_format: str | None, save_kwargs: dict[str, Any],
) -> None:  # fmt: skip
    """Write a picture with the wanted size and channels, if those it has do not suit."""
    from PIL import Image as PILImage

    with open_image_file(path) as opened:
        too_large = max_size is not None and max(opened.size) > max_size
        other_channels = n_channels is not None and len(opened.getbands()) != n_channels
        other_format = img_format not in (None, opened.format) or target.suffix != path.suffix
        if not (too_large or other_channels or other_format):
            return
        suited = opened.convert(_MODES[n_channels]) if other_channels and n_channels else opened.copy()
        kept_format = img_format or (opened.format if target.suffix == path.suffix else None)
    if too_large and max_size:
        suited = suited.resize(resize_to(suited, max_size), PILImage.Resampling(interp))
    kept_format = kept_format or PILImage.registered_extensions()[target.suffix.lower()]
    with atomic_write(target) as writing:
        suited.save(writing, format=kept_format, **save_kwargs)


def verify_images(
    path: PathOrStr,
    delete: bool = False,
    max_workers: int = 4,
    max_size: int | None = None,
    recurse: bool = False,
    dest: PathOrStr = ".",
    n_channels: int = 3,
    interp: int = 2,
    ext: str | None = None,
    img_format: str | None = None,
    resume: bool | None = None,
    **kwargs: Any,
) -> list[PictureFacts]:
    """Read every picture in a folder and list those that cannot be used; deletes damaged ones only when told to.

    Args:
        path: The folder.
        delete: Whether files are deleted whose own bytes prove that they are damaged or hold no picture. What is too
            large, locked, beyond the memory or of a format without a reader is kept and listed with the way to allow
            it. Fastai v1 deleted by default, and everything that its reader did not take.
        max_workers: Number of threads.
        max_size: The longest side a picture may have, in pixels; longer ones are written smaller to `dest`.
        recurse: Whether folders inside it are read too.
        dest: Where changed pictures are written, relative to `path`; '.' writes over the file itself.
            Without `max_size`, `ext` or `img_format` no picture is changed.
        n_channels: Number of channels of the pictures written.
        interp: Pillow's number for the way to resize (2 is bilinear).
        ext: Ending of the files written.
        img_format: Pillow's name of the format written.
        resume: Whether files already in `dest` are left as they are; by default when `dest` is another folder.
        **kwargs: Passed to Pillow's `save`, e.g. `quality=90`; none where no picture is changed.

    Raises:
        ArgumentTypeError: a keyword is unknown.

    Returns:
        One record for each bad file, in file order; each is printed too.

    Example:
        verify_images("pets/images")  # [] where every file can be read
    """
    folder = Path(path)
    writes = max_size is not None or ext is not None or img_format is not None
    if not writes:
        check_keywords("verify_images", kwargs, func_args(verify_images))
    target = folder / dest
    keep = resume if resume is not None else target != folder

    def verify(numbered: tuple[int, Path]) -> PictureFacts:
        index, file = numbered
        into = target / file.parent.relative_to(folder) if writes else None
        return verify_image(
            file, index, delete, max_size, into, n_channels, interp, ext, img_format, keep, **kwargs
        )  # fmt: skip

    with ThreadPoolExecutor(max_workers) as pool:
        facts = list(pool.map(verify, enumerate(get_image_files(folder, recurse=recurse))))
    bad = [fact for fact in facts if fact.fault]
    for fact in bad:
        print(f"{fact.path}: {fact.fault} ({fact.detail}){_fate(fact, delete)}")
    return bad


def _fate(fact: PictureFacts, delete: bool) -> str:
    """Say what became of a bad file where some are deleted."""
    if fact.is_deleted:
        return "; deleted"
    return "; kept" if delete and not fact.readable else ""
