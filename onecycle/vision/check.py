"""Checking a folder of pictures before training: what is broken, doubled or out of balance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from onecycle.data.sources import get_files
from onecycle.errors import DataError, explain
from onecycle.types import PathOrStr
from onecycle.utils.defaults import defaults
from onecycle.vision.image_files import image_extensions
from onecycle.vision.picture_faults import PictureFacts, examine_picture

__all__ = ["Finding", "Report", "check_folder"]

_FEW_FILES = 10  # classes below this share of the largest one are named: 1 / _FEW_FILES
_LONG_SIDES = 4.0  # a picture this many times longer than wide is odd
_SMALL_AREA = 16.0  # a picture with this many times fewer pixels than the median one is odd
_SMALLEST_SIDE = 8  # pixels

# The kinds of findings in the order they are told, and what each means to the reader.
_KINDS = {
    "zero bytes": "the file is empty; training would stop at it",
    "unreadable": "not a picture, or one that its reader gives up; training would stop at it",
    "truncated": "the file ends before the picture does; training would stop at it",
    "too large": "more pixels than Pillow opens unless it is told to; training would stop at it",
    "out of memory": "needs more memory than there is; training would stop at it",
    "no access": "locked, or on a disk that does not answer: nothing is known of its content",
    "no reader": "no picture, or one of a format that is not read here; training would stop at it",
    "wrong extension": "reads well, its name promises another format",
    "hidden picture": "a picture whose ending says it is none: left out of training",
    "odd size": "far smaller or far longer than the others",
    "duplicate": "the same pixels in several files",
    "duplicate in two classes": "the same pixels under two labels: one of them is wrong",
    "duplicate in two sets": "the same pixels in two sets: what is trained on says nothing in validation",
    "class of one set": "a class that one of the sets does not have: it is not learned, or not validated",
    "single file": "a class with one file cannot be both trained and validated",
    "imbalance": f"a class with less than 1/{_FEW_FILES} of the files of the largest one",
}
_TRAINING, _TEST = ("train", "training"), ("test", "testing")
_SETS = (*_TRAINING, "valid", "val", "validation", *_TEST)  # names of the folders of sets, in any case
_BREAKS_TRAINING = ("zero bytes", "unreadable", "truncated", "too large", "out of memory", "no access", "no reader")


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing.

    Attributes:
        kind: What it is, one of the kinds that `Report.counts` lists.
        path: The file or class folder; the first file of a set of duplicates.
        detail: The particulars, in words.
    """

    kind: str
    path: Path
    detail: str = ""


@dataclass
class Report:
    """What `check_folder` found; prints as a table.

    Attributes:
        path: The folder.
        num_files: How many files were read as pictures.
        classes: Number of files of each class (the folder a file lies in).
        findings: Everything worth knowing, the worst first.
        sets: Number of files of each set, where the folder is divided into train/, valid/ …
    """

    path: Path
    num_files: int
    classes: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    sets: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether training would run over all the files without stopping."""
        return not any(found.kind in _BREAKS_TRAINING for found in self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings of each kind, in the order they are told."""
        found = Counter(finding.kind for finding in self.findings)
        return {kind: found[kind] for kind in _KINDS if found[kind]}

    def files(self, kind: str) -> list[Path]:
        """Return the paths of one kind of finding."""
        return [finding.path for finding in self.findings if finding.kind == kind]

    def broken(self) -> list[Path]:
        """Return the files at which training would stop."""
        return [finding.path for finding in self.findings if finding.kind in _BREAKS_TRAINING]

    def to_df(self) -> Any:
        """Return the findings as a pandas table with columns kind, path, detail."""
        import pandas as pd

        rows = [(found.kind, str(found.path), found.detail) for found in self.findings]
        return pd.DataFrame(rows, columns=["kind", "path", "detail"])

    def _repr_html_(self) -> str:
        return f"<pre>{self!r}</pre>"

    def __repr__(self) -> str:
        return "\n".join([self._headline(), *self._sections()])

    def _headline(self) -> str:
        classes = f" in {len(self.classes)} classes" if len(self.classes) > 1 else ""
        if self.sets:
            classes += f" and {len(self.sets)} set{'s' * (len(self.sets) > 1)} ({', '.join(self.sets)})"
        broken = len(self.broken())
        verdict = "all of them can be read" if self.ok else f"{broken} cannot be read"
        return f"{self.path}: {self.num_files} picture{'s' * (self.num_files != 1)}{classes}, {verdict}."

    def _sections(self, longest: int = 10) -> Iterator[str]:
        for kind, count in self.counts.items():
            yield f"\n{kind} ({count}): {_KINDS[kind]}"
            found = [finding for finding in self.findings if finding.kind == kind]
            yield from (f"  {self._short(f.path)}  {f.detail}".rstrip() for f in found[:longest])
            if count > longest:
                yield f"  … and {count - longest} more: report.files({kind!r})"

    def _short(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix() if path.is_relative_to(self.path) else str(path)


def check_folder(path: PathOrStr, max_workers: int | None = None) -> Report:
    """Read every picture in a folder and report what is broken, doubled or out of balance.

    Nothing is changed or deleted. A file's class is the folder it lies in. A folder that holds train/ and another
    one of valid/, val/, validation/ and test/ is divided into these sets, each with its class folders.

    Args:
        path: The folder; folders inside it are read too.
        max_workers: Number of threads; one a core when left out.

    Raises:
        DataError: there is no such folder, or no file in it has a picture's ending.

    Example:
        check_folder("pets/images").broken()  # [] where every file can be read
    """
    path = _existing_folder(path)
    pictures, others = _files_by_ending(path)
    workers = max_workers or defaults.cpus
    with ThreadPoolExecutor(workers) as pool:
        facts = list(pool.map(examine_picture, pictures))
        hidden = [fact for fact in pool.map(examine_picture, others) if fact.readable]
    if not facts and not hidden:
        raise DataError(explain("check", "path", "must hold pictures", str(path), _what_is_there(others)))
    layout = _Layout(path)
    sizes = Counter(label for fact in facts if (label := layout.label(fact.path)))
    sets = Counter(layout.set_of(fact.path) for fact in facts) if layout.sets else {}
    findings = _all_findings(facts, hidden, layout)
    return Report(path, len(facts), dict(sorted(sizes.items())), findings, dict(sorted(sets.items())))


class _Layout:
    """Say of which class and of which set a file is.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        names = [entry.name for entry in path.iterdir() if entry.is_dir() and entry.name.lower() in _SETS]
        self.sets = names if len(names) > 1 and any(name.lower() in _TRAINING for name in names) else []

    def set_of(self, file: Path) -> str:
        """Return the set of a file, '' where the folder has none or the file lies beside them."""
        first = file.relative_to(self.path).parts[0]
        return first if first in self.sets else ""

    def label(self, file: Path) -> str:
        """Return the class of a file, '' for one that lies in a set's own folder."""
        return "" if self.sets and file.parent in (self.path, self.path / self.set_of(file)) else file.parent.name

    def shown(self, file: Path) -> str:
        """Return the name of a file below its set."""
        parts = [self.set_of(file), file.parent.name if self.label(file) else "", file.name]
        return "/".join(part for part in parts if part)


def _existing_folder(path: PathOrStr) -> Path:
    path = Path(path)
    if not path.is_dir():
        raise DataError(explain("check", "path", "must be a folder that exists", str(path)))
    return path


def _files_by_ending(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the files whose ending means a picture, and all others."""
    known = image_extensions()
    pictures: list[Path] = []
    others: list[Path] = []
    for file in get_files(path, recurse=True):
        (pictures if file.suffix.lower() in known else others).append(file)
    return pictures, others


def _what_is_there(others: list[Path]) -> str:
    if not others:
        return "The folder is empty."
    endings = Counter(file.suffix or "(none)" for file in others)
    told = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(5))
    return f"It holds files of other endings: {told}."


def _all_findings(facts: list[PictureFacts], hidden: list[PictureFacts], layout: _Layout) -> list[Finding]:
    findings = [
        *_faults(facts),
        *[Finding("hidden picture", fact.path, f"ends in {fact.path.suffix or 'nothing'}") for fact in hidden],
        *_odd_sizes([fact for fact in facts if fact.readable]),
        *_duplicates((fact for fact in facts if fact.digest), layout),
        *_class_findings(facts, layout),
    ]
    told = list(_KINDS)
    return sorted(findings, key=lambda finding: (told.index(finding.kind), str(finding.path)))


def _faults(facts: Iterable[PictureFacts]) -> Iterator[Finding]:
    return (Finding(fact.fault, fact.path, fact.detail) for fact in facts if fact.fault)


def _odd_sizes(facts: list[PictureFacts]) -> Iterator[Finding]:
    if not facts:
        return
    usual = median(fact.size[0] * fact.size[1] for fact in facts)
    for fact in facts:
        height, width = fact.size
        if _is_odd(height, width, usual):
            yield Finding("odd size", fact.path, f"{width} x {height} pixels")


def _is_odd(height: int, width: int, usual_area: float) -> bool:
    short, long = sorted((height, width))
    return short < _SMALLEST_SIDE or long > _LONG_SIDES * short or height * width * _SMALL_AREA < usual_area


def _duplicates(facts: Iterable[PictureFacts], layout: _Layout) -> Iterator[Finding]:
    for same in _grouped(facts, lambda fact: fact.digest):
        if len(same) < 2:
            continue
        labels = {layout.label(fact.path) for fact in same} - {""}
        sets = {layout.set_of(fact.path) for fact in same}
        where = " in two classes" if len(labels) > 1 else " in two sets" if len(sets) > 1 else ""
        others = ", ".join(layout.shown(fact.path) for fact in same[1:4])
        more = f" and {len(same) - 4} more" if len(same) > 4 else ""
        yield Finding(f"duplicate{where}", same[0].path, f"= {others}{more}")


def _class_findings(facts: list[PictureFacts], layout: _Layout) -> Iterator[Finding]:
    """Look at the sizes of the classes, where the folders are classes at all; of sets, at those to train on."""
    labelled = [fact for fact in facts if layout.label(fact.path)]
    if layout.sets:
        yield from _classes_of_one_set(labelled, layout)
        labelled = [fact for fact in labelled if layout.set_of(fact.path).lower() in _TRAINING]
    folders = _grouped(labelled, lambda fact: layout.label(fact.path))
    if len(folders) < 2:
        return
    largest = max(map(len, folders))
    for files in folders:
        folder, count = files[0].path.parent, len(files)
        if count == 1 and not layout.sets:
            yield Finding("single file", folder, "1 file")
        elif count * _FEW_FILES < largest:
            yield Finding("imbalance", folder, f"{count} file{'s' * (count > 1)}, the largest class has {largest}")


def _classes_of_one_set(facts: list[PictureFacts], layout: _Layout) -> Iterator[Finding]:
    """Find the classes that training or validation does not have; a test set need not have all."""
    classes: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        classes[layout.set_of(fact.path)].add(layout.label(fact.path))
    sets = [name for name in layout.sets if name.lower() not in _TEST and classes[name]]
    for label in sorted(set().union(*(classes[name] for name in sets))):
        there = [name for name in sets if label in classes[name]]
        if len(there) < len(sets):
            missing = ", ".join(name for name in sets if name not in there)
            yield Finding("class of one set", layout.path / there[0] / label, f"not in {missing}")


def _grouped(facts: Iterable[PictureFacts], key: Callable[[PictureFacts], Any]) -> list[list[PictureFacts]]:
    groups: dict[Any, list[PictureFacts]] = defaultdict(list)
    for fact in facts:
        groups[key(fact)].append(fact)
    return list(groups.values())
