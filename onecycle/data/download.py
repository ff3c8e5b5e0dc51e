"""The data sets that can be had by name, and where they are kept."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from onecycle.errors import ArgumentError, FileFormatError, did_you_mean, explain
from onecycle.utils.budget import UnfoldsTooFarError
from onecycle.utils.download import download_file
from onecycle.utils.epoch_table import say
from onecycle.utils.fetch import check_url, secure_url
from onecycle.utils.home import home_path, read_settings, settings_file, write_settings
from onecycle.utils.unpack import safe_unpack

__all__ = ["URLs", "Config", "untar_data", "download_data", "datapath4file", "url2name", "url2path"]


class URLs:
    """Addresses of data sets and models, without the ending of the archive."""

    LOCAL_PATH = Path.cwd()
    URL = "https://files.fast.ai/data/examples/"
    S3 = "https://s3.amazonaws.com/fast-ai-"
    S3_IMAGE = "https://s3.amazonaws.com/fast-ai-imageclas/"
    S3_IMAGELOC = "https://s3.amazonaws.com/fast-ai-imagelocal/"
    S3_NLP = "https://s3.amazonaws.com/fast-ai-nlp/"
    S3_COCO = "https://s3.amazonaws.com/fast-ai-coco/"
    S3_MODEL = "https://s3.amazonaws.com/fast-ai-modelzoo/"
    ADULT_SAMPLE = "https://files.fast.ai/data/examples/adult_sample"
    BIWI_SAMPLE = "https://files.fast.ai/data/examples/biwi_sample"
    CIFAR = "https://files.fast.ai/data/examples/cifar10"
    COCO_SAMPLE = "https://s3.amazonaws.com/fast-ai-coco/coco_sample"
    COCO_TINY = "https://files.fast.ai/data/examples/coco_tiny"
    HUMAN_NUMBERS = "https://files.fast.ai/data/examples/human_numbers"
    IMDB = "https://s3.amazonaws.com/fast-ai-nlp/imdb"
    IMDB_SAMPLE = "https://files.fast.ai/data/examples/imdb_sample"
    ML_SAMPLE = "https://files.fast.ai/data/examples/movie_lens_sample"
    MNIST_SAMPLE = "https://files.fast.ai/data/examples/mnist_sample"
    MNIST_TINY = "https://files.fast.ai/data/examples/mnist_tiny"
    MNIST_VAR_SIZE_TINY = "https://s3.amazonaws.com/fast-ai-imageclas/mnist_var_size_tiny"
    PLANET_SAMPLE = "https://files.fast.ai/data/examples/planet_sample"
    PLANET_TINY = "https://files.fast.ai/data/examples/planet_tiny"
    IMAGENETTE = "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2"
    IMAGENETTE_160 = "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160"
    IMAGENETTE_320 = "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-320"
    IMAGEWOOF = "https://s3.amazonaws.com/fast-ai-imageclas/imagewoof2"
    IMAGEWOOF_160 = "https://s3.amazonaws.com/fast-ai-imageclas/imagewoof2-160"
    IMAGEWOOF_320 = "https://s3.amazonaws.com/fast-ai-imageclas/imagewoof2-320"
    DOGS = "https://files.fast.ai/data/examples/dogscats"
    CALTECH_101 = "https://s3.amazonaws.com/fast-ai-imageclas/caltech_101"
    CARS = "https://s3.amazonaws.com/fast-ai-imageclas/stanford-cars"
    CIFAR_100 = "https://s3.amazonaws.com/fast-ai-imageclas/cifar100"
    CUB_200_2011 = "https://s3.amazonaws.com/fast-ai-imageclas/CUB_200_2011"
    FLOWERS = "https://s3.amazonaws.com/fast-ai-imageclas/oxford-102-flowers"
    FOOD = "https://s3.amazonaws.com/fast-ai-imageclas/food-101"
    MNIST = "https://s3.amazonaws.com/fast-ai-imageclas/mnist_png"
    PETS = "https://s3.amazonaws.com/fast-ai-imageclas/oxford-iiit-pet"
    AG_NEWS = "https://s3.amazonaws.com/fast-ai-nlp/ag_news_csv"
    AMAZON_REVIEWS = "https://s3.amazonaws.com/fast-ai-nlp/amazon_review_full_csv"
    AMAZON_REVIEWS_POLARITY = "https://s3.amazonaws.com/fast-ai-nlp/amazon_review_polarity_csv"
    DBPEDIA = "https://s3.amazonaws.com/fast-ai-nlp/dbpedia_csv"
    MT_ENG_FRA = "https://s3.amazonaws.com/fast-ai-nlp/giga-fren"
    SOGOU_NEWS = "https://s3.amazonaws.com/fast-ai-nlp/sogou_news_csv"
    WIKITEXT = "https://s3.amazonaws.com/fast-ai-nlp/wikitext-103"
    WIKITEXT_TINY = "https://s3.amazonaws.com/fast-ai-nlp/wikitext-2"
    YAHOO_ANSWERS = "https://s3.amazonaws.com/fast-ai-nlp/yahoo_answers_csv"
    YELP_REVIEWS = "https://s3.amazonaws.com/fast-ai-nlp/yelp_review_full_csv"
    YELP_REVIEWS_POLARITY = "https://s3.amazonaws.com/fast-ai-nlp/yelp_review_polarity_csv"
    BIWI_HEAD_POSE = "https://s3.amazonaws.com/fast-ai-imagelocal/biwi_head_pose"
    CAMVID = "https://s3.amazonaws.com/fast-ai-imagelocal/camvid"
    CAMVID_TINY = "https://files.fast.ai/data/examples/camvid_tiny"
    LSUN_BEDROOMS = "https://s3.amazonaws.com/fast-ai-imageclas/bedroom"
    PASCAL_2007 = "https://s3.amazonaws.com/fast-ai-imagelocal/pascal_2007"
    PASCAL_2012 = "https://s3.amazonaws.com/fast-ai-imagelocal/pascal_2012"
    SKIN_LESION = "https://s3.amazonaws.com/fast-ai-imagelocal/skin-lesion"
    OPENAI_TRANSFORMER = "https://s3.amazonaws.com/fast-ai-modelzoo/transformer"
    WT103_FWD = "https://s3.amazonaws.com/fast-ai-modelzoo/wt103-fwd"
    WT103_BWD = "https://s3.amazonaws.com/fast-ai-modelzoo/wt103-bwd"


class Known(NamedTuple):
    """What is known of an archive before it comes."""

    size: int  # bytes
    sha256: str


# Taken from the published files themselves.
KNOWN = {
    URLs.ADULT_SAMPLE: Known(968_212, "47ecd1848abc976643ee82d8788b712e3006d629bbc7554efa1077a91579e99e"),
    URLs.HUMAN_NUMBERS: Known(30_252, "679382ac6c3f11a77aaaed91775aff67d13bf20114009c4430d0268b4424a057"),
}

_NAME = re.compile(r"[^\\/\x00-\x1f\ud800-\udfff]+")  # what every system takes for the name of one folder
_LONGEST_NAME = 240  # bytes; file systems have 255, and an ending of a part of a download is added

_ENDINGS = (".tgz", ".tar.gz", ".tar", ".tar.bz2", ".tar.xz", ".zip")


class Config:
    """Where downloads are kept: `config.yml` in the home folder, and its defaults.

    The home folder is `~/.onecycle`, or what the environment's ONECYCLE_HOME says. The keys are `data_path`
    (unpacked data, default `data`), `data_archive_path` (archives, `archive`) and `model_path` (models,
    `models`); a relative path is below the home folder.
    """

    @classmethod
    def get(cls, fpath: str | os.PathLike[str] | None = None, create_missing: bool = True) -> dict[str, Any]:
        """Return the settings.

        Args:
            fpath: A YAML or JSON file; `config.yml` in the home folder when None.
            create_missing: Whether to write a file of defaults where there is none.

        Raises:
            FileMissingError: there is no such file and `create_missing` is False.
            FileFormatError: the file cannot be read.
        """
        path = cls._file(fpath)
        if create_missing and not path.is_file():
            cls.create(path)
        return read_settings(path)

    @classmethod
    def create(cls, fpath: str | os.PathLike[str] | None) -> None:
        """Write a file of default settings, unless there is one.

        Raises:
            FileWriteError: it cannot be written there.
        """
        path = cls._file(fpath)
        if not path.is_file():
            write_settings(path, read_settings())

    @classmethod
    def _file(cls, fpath: str | os.PathLike[str] | None) -> Path:
        return settings_file() if fpath is None else Path(fpath).expanduser()

    @classmethod
    def get_key(cls, key: str) -> Any:
        """Return one setting.

        Raises:
            ArgumentError: there is no such setting.
        """
        settings = read_settings()
        if key not in settings:
            raise ArgumentError(
                f"Config: key must be one of {', '.join(settings)}; got {key!r}.{did_you_mean(key, settings)}"
            )
        return settings[key]

    @classmethod
    def get_path(cls, path: str) -> Path:
        """Return the folder that a setting names.

        Args:
            path: The key.
        """
        cls.get_key(path)
        return home_path(path)

    @classmethod
    def data_path(cls) -> Path:
        """Return the folder of unpacked data."""
        return cls.get_path("data_path")

    @classmethod
    def data_archive_path(cls) -> Path:
        """Return the folder of downloaded archives."""
        return cls.get_path("data_archive_path")

    @classmethod
    def model_path(cls) -> Path:
        """Return the folder of pretrained models."""
        return cls.get_path("model_path")


def _split_ending(url: str, ext: str = ".tgz") -> tuple[str, str]:
    """Split an address into itself without the archive's ending and without a query, and the ending.

    Raises:
        ArgumentTypeError: it is no text.
    """
    address = _without_query(check_url("download", url))
    for ending in _ENDINGS:
        if address.endswith(ending):
            return address[: -len(ending)], ending
    return address, ext


def _without_query(url: str) -> str:
    return re.split("[?#]", url, maxsplit=1)[0]


def url2name(url: str) -> str:
    """Return the name of a data set: the last part of its address.

    Raises:
        ArgumentTypeError: the address is no text.
        ArgumentError: it has no name at its end.

    Example:
        >>> url2name("https://example.com/data/mnist_png")
        'mnist_png'
    """
    name = _split_ending(_without_query(check_url("download", url)).rstrip("/"))[0].rsplit("/", 1)[-1]
    if name in ("", ".", "..") or len(name.encode(errors="replace")) > _LONGEST_NAME or not _NAME.fullmatch(name):
        rule = "must end with the name of a data set, which a folder can have"
        raise ArgumentError(explain("download", "url", rule, url, "Take one of URLs."))
    return name


def url2path(url: str, data: bool = True, ext: str = ".tgz") -> Path:
    """Return the folder in which a data set is unpacked.

    Args:
        url: Its address.
        data: False for a model.
        ext: Ending of the archive.
    """
    name = url2name(url)
    return datapath4file(name, ext=ext, archive=False) if data else modelpath4file(name, ext=ext)


def datapath4file(filename: str | os.PathLike[str], ext: str = ".tgz", archive: bool = True) -> Path:
    """Return where a data set is kept: in `./data` if it is there, else below the home folder.

    Args:
        filename: Name of the data set or archive.
        ext: Ending of the archive.
        archive: Whether the folder of archives is meant, not that of unpacked data.
    """
    return _here_or(Path("data") / filename, ext) or (
        (Config.data_archive_path() if archive else Config.data_path()) / filename
    )


def modelpath4file(filename: str | os.PathLike[str], ext: str = ".tgz") -> Path:
    """Return where a model is kept: in `./models` if it is there, else below the home folder."""
    return _here_or(Path("models") / filename, ext) or Config.model_path() / filename


def _here_or(path: Path, ext: str) -> Path | None:
    local = Path.cwd() / path
    packed = local if local.name.endswith(ext) else local.with_name(local.name + ext)
    return local if local.exists() or packed.exists() else None


def download_data(
    url: str, fname: str | os.PathLike[str] | None = None, data: bool = True, ext: str = ".tgz"
) -> Path:
    """Download the archive of a data set, if it is not here yet.

    Args:
        url: An address from `URLs`, or any other; the ending may be left out.
        fname: The file to make; in the folder of archives when None.
        data: False for a model.
        ext: The ending that is added to the address.

    Returns:
        The archive.

    Raises:
        DownloadError: it could not be fetched; says which file to put where.
    """
    base, ending = _split_ending(url, ext)
    target = Path(fname) if fname is not None else _archive_path(base, ending, data)
    if not target.is_file():
        say(f"Downloading {secure_url(base)}{ending}")
    known = KNOWN.get(base)
    query = url[len(_without_query(url)) :]  # such as the signature of a link
    return download_file(
        base + ending + query, target, sha256=known and known.sha256, size=known and known.size, timeout=10
    )


def _archive_path(base: str, ending: str, data: bool) -> Path:
    name = url2name(base) + ending
    return datapath4file(name, ext=ending) if data else modelpath4file(name, ext=ending)


def untar_data(
    url: str,
    fname: str | os.PathLike[str] | None = None,
    dest: str | os.PathLike[str] | None = None,
    data: bool = True,
    force_download: bool = False,
    verbose: bool = False,
    max_bytes: int | None = None,
) -> Path:
    """Return the folder of a data set, downloading and unpacking it where it is not here yet.

    Args:
        url: An address from `URLs`, or any other; the ending `.tgz` may be left out.
        fname: The archive; in the folder of archives when None.
        dest: The folder to unpack in; the data set gets a folder of its name there.
        data: False for a model.
        force_download: Download and unpack again, in place of what is here.
        verbose: Whether to say where things are.
        max_bytes: Bytes that the archive may unpack to; when None, 256 MB or 100 times its own length.

    Returns:
        The folder.

    Raises:
        DownloadError: it could not be fetched; says which file to put where.
        FileFormatError: the archive is damaged, no archive, or hostile. Nothing is left half unpacked.

    Example:
        `path = untar_data(URLs.MNIST)`
    """
    base, ending = _split_ending(url)
    folder = url2path(base, data, ending) if dest is None else Path(dest) / url2name(base)
    if folder.exists() and not force_download:
        return folder
    archive = Path(fname) if fname is not None else _archive_path(base, ending, data)
    if force_download:
        archive.unlink(missing_ok=True)
    came_now = not archive.is_file()
    download_data(url, archive, data, ending)
    if verbose:
        say(f"Unpacking {archive} as {folder}")
    return _unpack(archive, folder, came_now, max_bytes)


def _unpack(archive: Path, folder: Path, came_now: bool, max_bytes: int | None) -> Path:
    try:
        return safe_unpack(archive, folder, max_bytes)
    except UnfoldsTooFarError:  # it is as it should be, for those who allow it
        raise
    except FileFormatError:
        if came_now:  # no use for anyone: the next call shall fetch it anew
            archive.unlink(missing_ok=True)
        raise
