"""The terminal: `onecycle train`, `predict`, `check` and `info`."""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onecycle
from onecycle.errors import ArgumentError, DataError, OnecycleError, did_you_mean, explain

__all__ = ["main"]

# What training starts from when nothing is said: for the digits, and for a folder of the user's own.
# The digits are small enough for one thread, which repeats to the last digit and does not mind a busy machine.
_DIGITS = {"arch": "resnet18", "epochs": 10, "size": 32, "bs": 32, "lr": 6e-3, "workers": 0, "threads": 1}
_FOLDER = {"arch": "resnet18", "epochs": 8, "size": 224, "bs": 32, "lr": 3e-3}
_SEED = 42
_SEEDS = 2**32  # as many as NumPy takes
_EXPORT = "export.safetensors"
_HINT = "E.g. onecycle predict out/export.safetensors FOLDER --csv out.csv."
_LEAST_FOR_HEAT_MAP = 64  # pixels: on smaller pictures the map would cover them


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Words of the command line; those of this process when left out.

    Returns:
        The exit code: 0 all is well, 1 `check` found broken files or `predict` could not read some, 2 something was
        asked that cannot be done.
    """
    options = _parser().parse_args(arguments)
    try:
        with _warnings_in_one_line():
            return options.run(options)
    except KeyboardInterrupt:
        print("onecycle: stopped.", file=sys.stderr)
        return 130
    except (OnecycleError, OSError) as error:
        if options.debug:
            raise
        said = _with_notes(error).removeprefix(f"{options.command}: ")
        print(f"onecycle {options.command}: {said}", file=sys.stderr)
        return 2


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Print what the library warns of as a sentence, without the line of code that met it."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: print(f"onecycle: {message}", file=sys.stderr)
        yield


def _with_notes(error: BaseException) -> str:
    """Return what an error says, with where it happened; the traceback of a worker is for --debug."""
    notes = [note for note in getattr(error, "__notes__", ()) if not note.startswith("worker_traceback")]
    return "\n  ".join([str(error), *notes])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="onecycle", description="Train, use and check picture classifiers.")
    parser.add_argument("--version", action="version", version=f"onecycle {onecycle.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_train, _add_predict, _add_check, _add_info):
        command = add(commands)
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _add_train(commands: Any) -> argparse.ArgumentParser:
    command = commands.add_parser(
        "train", help="train a classifier on a folder of class folders",
        description="Train a picture classifier with one-cycle, and write what it learned to a folder. "
        "Without --data it learns scikit-learn's handwritten digits.",
    )
    add = command.add_argument
    add("--data", type=Path, metavar="FOLDER", help="one folder a class, or train/ and valid/ with these in them")
    add("--arch", metavar="NAME", help=f"architecture, by its registered name (default {_DIGITS['arch']})")
    add("--epochs", type=int, metavar="N", help="how often every picture is seen (default 8; digits 10)")
    add("--size", type=int, metavar="PIXELS", help="height and width pictures are brought to (default 224; digits 32)")
    add("--bs", type=int, metavar="N", help="batch size (default 32)")
    add("--lr", type=float, metavar="RATE", help="highest learning rate of the cycle (default 3e-3; digits 6e-3)")
    add("--out", type=Path, default=Path("out"), metavar="FOLDER", help="where results go (default ./out)")
    add("--pretrained", action="store_true", help="start from ImageNet weights, which are downloaded once")
    add("--valid-pct", type=float, default=0.2, metavar="P", help="share of each class to validate on (default 0.2)")
    add("--seed", type=int, default=_SEED, help=f"seed of split and training (default {_SEED})")
    add("--workers", type=int, metavar="N", help="processes that read pictures (default: one a core; digits 0)")
    add("--skip-broken", action="store_true", help="leave out images that cannot be read, and say how many")
    add("--threads", type=int, metavar="N", help="threads of torch (default: one a core; digits 1)")
    command.set_defaults(run=_train)
    return command


def _add_predict(commands: Any) -> argparse.ArgumentParser:
    command = commands.add_parser(
        "predict", help="say what is on pictures, with a learner that train saved",
        usage="onecycle predict [LEARNER] IMAGE [IMAGE …] [--csv FILE] [--json] [--debug]",
    )
    command.add_argument(
        "words", type=Path, nargs="+", metavar="IMAGE",
        help="the exported learner (default out/export.safetensors) or its folder, then files or folders of images",
    )
    command.add_argument("--csv", type=Path, metavar="FILE", help="write the answers as a table, in place of printing")
    command.add_argument("--json", action="store_true", help="one JSON object a picture, with all probabilities")
    command.set_defaults(run=_predict)
    return command


def _add_check(commands: Any) -> argparse.ArgumentParser:
    command = commands.add_parser("check", help="read every picture of a folder and list what is broken or odd")
    command.add_argument("folder", type=Path)
    command.set_defaults(run=_check)
    return command


def _add_info(commands: Any) -> argparse.ArgumentParser:
    command = commands.add_parser("info", help="versions, device and folders, for a bug report")
    command.set_defaults(run=_info)
    return command


def _train(options: argparse.Namespace) -> int:
    import torch

    _fill_in(options)
    _check_numbers(options)
    _check_architecture(options.arch)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    _make_folder(options.out)
    data = _make_data(options)
    torch.manual_seed(options.seed)  # of the first weights and of the run
    learner = _make_learner(data, options)
    start = time.perf_counter()
    with _broken_images_told(options.data):
        learner.fit_one_cycle(options.epochs, max_lr=slice(options.lr) if options.pretrained else options.lr)
    took = time.perf_counter() - start
    print(f"\naccuracy on {len(learner.data.valid_ds)} pictures it never trained on: "
          f"{100 * float(learner.validate()[1]):.2f} %  ({took:.0f} s of training)\n", flush=True)
    _explain(learner, options.out, heatmap=options.size >= _LEAST_FOR_HEAT_MAP)
    file = options.out / "export.safetensors"
    learner.export(file.absolute())
    _tell("the learner", file)
    return _predict_in_a_fresh_process(file, Path(learner.data.valid_ds.x.items[0]))


@contextmanager
def _broken_images_told(folder: Path | None) -> Iterator[None]:
    """Say in one sentence what to do where training meets an image that cannot be read."""
    try:
        yield
    except DataError as error:
        hint = f"List all of them with: onecycle check {folder}. Remove them, or pass --skip-broken to leave them out."
        raise DataError(f"{error} {hint}") from error


def _fill_in(options: argparse.Namespace) -> None:
    """Put the defaults that fit the data in place of what was not said."""
    if options.data is not None and not options.data.is_dir():
        raise DataError(explain("train", "--data", "must be a folder that exists", str(options.data)))
    for name, value in (_DIGITS if options.data is None else _FOLDER).items():
        if getattr(options, name) is None:
            setattr(options, name, value)


def _check_numbers(options: argparse.Namespace) -> None:
    for name in ("epochs", "size", "bs", "lr", "threads"):
        value = getattr(options, name)
        if value is not None and not 0 < value < math.inf:
            raise ArgumentError(explain("train", f"--{name}", "must be above 0", value))
    if options.workers is not None and options.workers < 0:
        raise ArgumentError(explain("train", "--workers", "must be at least 0", options.workers))
    if not 0 <= options.seed < _SEEDS:
        raise ArgumentError(explain("train", "--seed", "must be from 0 to 2**32 - 1", options.seed))
    if not 0 < options.valid_pct < 1:
        raise ArgumentError(explain("train", "--valid-pct", "must lie between 0 and 1", options.valid_pct))


def _check_architecture(name: str) -> None:
    from onecycle.utils.registry import names

    if name not in names("arch"):
        hint = did_you_mean(name, names("arch")).strip() or f"Known: {', '.join(names('arch'))}."
        raise ArgumentError(explain("train", "--arch", "must be the name of an architecture", name, hint))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        cure = f"{error.strerror}. Choose a folder that you may write to."
        raise DataError(explain("train", "--out", "must be a folder that can be made", str(folder), cure)) from error


def _make_data(options: argparse.Namespace) -> Any:
    """Say the data sentence: a folder becomes normalised, augmented batches."""
    from onecycle.utils.defaults import defaults
    from onecycle.vision.digits import write_digits
    from onecycle.vision.image_list import ImageList
    from onecycle.vision.normalization import imagenet_stats
    from onecycle.vision.transform import get_transforms

    is_digits = options.data is None
    folder = write_digits(options.out / "digits") if is_digits else options.data
    items = ImageList.from_folder(folder)
    if all((folder / part).is_dir() for part in ("train", "valid")):
        parts = items.split_by_folder()
    else:
        parts = items.split_by_rand_pct(options.valid_pct, seed=options.seed, stratify=_class_folder)
    tfms = get_transforms(do_flip=not is_digits, max_rotate=10.0, max_warp=0.0 if is_digits else 0.2)
    labelled = parts.label_from_folder().transform(tfms, size=options.size)
    workers = defaults.cpus if options.workers is None else options.workers
    on_error = "skip" if options.skip_broken else "raise"
    data = labelled.databunch(bs=options.bs, num_workers=workers, on_error=on_error).normalize(imagenet_stats)
    print(f"{len(data.train_ds)} pictures to train on, {len(data.valid_ds)} to validate on, "
          f"{data.c} classes: {_shortened(data.classes)}", flush=True)
    return data


def _class_folder(file: Path) -> str:
    return file.parent.name


def _shortened(classes: Sequence[Any], longest: int = 10) -> str:
    told = ", ".join(str(name) for name in classes[:longest])
    return told if len(classes) <= longest else f"{told} … and {len(classes) - longest} more"


def _make_learner(data: Any, options: argparse.Namespace) -> Any:
    from onecycle.metrics.classification import accuracy
    from onecycle.utils.registry import lookup
    from onecycle.vision.learner import cnn_learner

    arch = lookup("arch", options.arch)
    return cnn_learner(data, arch, pretrained=options.pretrained, metrics=accuracy, path=options.out)


def _explain(learner: Any, folder: Path, heatmap: bool) -> None:
    """Draw what the learner confuses and where it was most wrong."""
    import matplotlib

    matplotlib.use("Agg")
    from onecycle.interpret.classification import ClassificationInterpretation

    interpretation = ClassificationInterpretation.from_learner(learner)
    figures = {
        "confusion_matrix.png": interpretation.plot_confusion_matrix(figsize=(7, 7), return_fig=True),
        "top_losses.png": interpretation.plot_top_losses(9, figsize=(9, 9), heatmap=heatmap, return_fig=True),
    }
    for name, figure in figures.items():
        figure.savefig(folder / name, bbox_inches="tight")
        _tell("what it confuses" if "matrix" in name else "where it was most wrong", folder / name)


def _tell(what: str, file: Path) -> None:
    print(f"wrote {what}: {file} ({_size(file.stat().st_size)})", flush=True)


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _predict_in_a_fresh_process(file: Path, image: Path) -> int:
    words = ["predict", str(file), str(image)]
    print(f"\n$ onecycle {' '.join(words)}", flush=True)
    return subprocess.call([sys.executable, "-m", "onecycle.cli", *words])


def _predict(options: argparse.Namespace) -> int:
    from onecycle.learner import load_learner
    from onecycle.vision.file_predictions import (
        class_names,
        image_files_in,
        stream_predictions,
        write_predictions,
    )

    file, images = _learner_and_images(options.words)
    learner = load_learner(file.parent, file.name)
    files = image_files_in(images)
    found = stream_predictions(learner, files)
    if options.csv is not None:
        unread = write_predictions(options.csv, found, class_names(learner))
        _tell(f"{len(files)} predictions", options.csv)
    else:
        unread = _print_predictions(found, options.json)
    for one in unread:
        print(f"onecycle predict: {one.file}: {one.error}", file=sys.stderr)
    return 1 if unread else 0


def _learner_and_images(words: list[Path]) -> tuple[Path, list[Path]]:
    """Return the exported learner and the images: the first word is the learner, or its folder, where it is one.

    Raises:
        DataError: there is no learner, or no image is named.
    """
    first, rest = words[0], words[1:]
    if first.is_dir() and (first / _EXPORT).is_file() and rest:
        return first / _EXPORT, rest
    if first.suffix == Path(_EXPORT).suffix and not first.is_dir():
        file, images = first, rest
    else:
        file, images = Path("out") / _EXPORT, words
    if not file.is_file():
        raise DataError(explain("predict", "file", "must be an exported learner that exists", str(file), _HINT))
    if not images:
        raise DataError(explain("predict", "image", "must be named behind the learner", cure=_HINT))
    return file, images


def _print_predictions(predictions: Iterator[Any], as_json: bool) -> list[Any]:
    """Print predictions as they come; return those that have an error."""
    unread = []
    for found in predictions:
        if found.error:
            unread.append(found)
        else:
            print(_shown(found, as_json), flush=True)
    return unread


def _shown(found: Any, as_json: bool) -> str:
    if as_json:
        answer = {"image": str(found.file), "class": found.label, "probabilities": found.probabilities}
        return json.dumps(answer, ensure_ascii=False)
    share = "" if found.probability is None else f" ({100 * found.probability:.1f} %)"
    return f"{found.file}: {found.label}{share}"


def _check(options: argparse.Namespace) -> int:
    from onecycle.vision.check import check_folder

    report = check_folder(options.folder)
    print(report)
    return 0 if report.ok else 1


def _info(options: argparse.Namespace) -> int:
    import platform

    import torch

    from onecycle.data.download import Config
    from onecycle.utils.defaults import defaults

    facts = {
        "onecycle": onecycle.__version__, "torch": torch.__version__, "Python": platform.python_version(),
        "system": platform.platform(), "device": str(defaults.device),
        "cores": str(defaults.cpus), "torch threads": str(torch.get_num_threads()),
        "data": str(Config.data_path()), "archives": str(Config.data_archive_path()),
        "ONECYCLE_HOME": os.environ.get("ONECYCLE_HOME", "(not set)"),
    }
    for name, value in facts.items():
        print(f"{name:14} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
