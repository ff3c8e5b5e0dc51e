"""The readers that are fed, each with sound files to begin from and ways to damage them."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import importlib.util
import io
import json
import os
import pickle
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fuzz_mutations as mutate
import numpy as np
import torch

Mutation = Callable[[bytes, mutate.Draw], bytes]


class Case:
    """A reader, the sound bytes of its files, and what it does with one.

    Args:
        name: What the table calls it.
        seeds: Sound or hostile files.
        mutation: Damages one of them.
        reader: Reads a file.
        file: Where the file is put, below the folder.
        tidy: What to remove afterwards, below the folder.
    """

    def __init__(
        self, name: str, seeds: Sequence[bytes], mutation: Mutation, reader: Callable[[Path], Any], file: str = "input",
        tidy: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.name, self.seeds, self.mutation, self.reader = name, list(seeds), mutation, reader
        self.file, self.tidy = file, tidy

    def draw(self, seed: int, number: int) -> np.random.Generator:
        """Return the random numbers of an input, which depend on nothing else."""
        return np.random.default_rng([seed, number, *self.name.encode()])

    def prepare(self, draw: np.random.Generator, folder: Path) -> None:
        """Write the input."""
        data = self.seeds[draw.integers(len(self.seeds))]
        if draw.random() < 0.97:
            data = self._damaged(data, draw)
        self._write(folder, data)

    def _damaged(self, data: bytes, draw: np.random.Generator) -> bytes:
        """Return a damaged file; where it cannot be taken apart to change a part, its bytes are changed."""
        try:
            return self.mutation(data, draw)
        except Exception:
            return mutate.damaged(data, draw)

    def _write(self, folder: Path, data: bytes) -> None:
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def warm_up(self, folder: Path) -> None:
        """Read each sound file once; the hostile ones are refused."""
        from onecycle.errors import OnecycleError

        for data in self.seeds:
            self._write(folder, data)
            with contextlib.suppress(OnecycleError):
                self.read(folder)
            self.rest(folder)

    def read(self, folder: Path) -> None:
        """Read the input."""
        self.reader(folder / self.file)

    def rest(self, folder: Path) -> None:
        """Remove what reading left."""
        for name in (self.file, *self.tidy):
            path = folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def cases(folder: Path, only: Sequence[str] = ()) -> list[Case]:
    """Return the readers, of which each is fed in turn.

    Args:
        folder: Where sound files are made.
        only: Names of the readers wanted; all where empty.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    made = [case for make in _MAKERS if not only or set(only) & set(make[0]) for case in make[1](folder)]
    found = [case for case in made if not only or case.name in only]
    if not found:
        raise SystemExit(f"fuzz: no reader is named {', '.join(only)}; there are {', '.join(_names())}")
    return found


def _names() -> list[str]:
    return [name for names, _ in _MAKERS for name in names]


class _Program:
    """Stand for a program in a pickle."""

    def __reduce__(self) -> Any:
        return os.system, ("touch executed",)


def _saved(state: Any, **how: Any) -> bytes:
    memory = io.BytesIO()
    torch.save(state, memory, **how)
    return memory.getvalue()


# ---- learners and their weights ----


def _table_frame() -> Any:
    import pandas as pd

    draw = np.random.default_rng(0)
    return pd.DataFrame({
        "job": draw.choice(["a", "b", "c"], 40), "age": draw.normal(size=40), "pay": draw.normal(size=40),
        "label": draw.choice(["no", "yes"], 40),
    })  # fmt: skip


def _tabular(path: Path) -> Any:
    from onecycle.tabular.lists import TabularList
    from onecycle.tabular.procs import Categorify, FillMissing, Normalize

    rows = TabularList.from_df(_table_frame(), cat_names=["job"], cont_names=["age", "pay"], path=path,
                               procs=[FillMissing, Categorify, Normalize])
    return rows.split_by_idx(list(range(8))).label_from_df("label").databunch(bs=8, num_workers=0, device="cpu")


def _texts(path: Path) -> Any:
    import pandas as pd

    from onecycle.text.bunch import TextClasDataBunch

    texts = [f"word{number % 5} and some other words {number}" for number in range(16)]
    frame = pd.DataFrame({"label": ["p", "n"] * 8, "text": texts})
    return TextClasDataBunch.from_df(path, frame[:12], frame[12:], bs=4, num_workers=0, device="cpu", min_freq=1)


def _images(path: Path) -> Any:
    from PIL import Image as PILImage

    from onecycle.vision.image_list import ImageList

    draw = np.random.default_rng(0)
    for number in range(6):
        file = path / "images" / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        PILImage.fromarray(draw.integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(file)
    lists = ImageList.from_folder(path / "images").split_by_idx([0, 1]).label_from_folder()
    return lists.transform(size=12).databunch(bs=2, num_workers=0, device="cpu")


def _text_learner(path: Path) -> Any:
    from onecycle.text.learner import text_classifier_learner
    from onecycle.text.models.awd_lstm import AWD_LSTM

    config = {**AWD_LSTM_CONFIG()}
    return text_classifier_learner(_texts(path), AWD_LSTM, config=config, pretrained=False, silent=True)


def AWD_LSTM_CONFIG() -> dict[str, Any]:  # noqa: N802
    """Return the configuration of a small encoder."""
    from onecycle.text.models import awd_lstm_clas_config

    return {**awd_lstm_clas_config, "emb_sz": 8, "n_hid": 12, "n_layers": 2}


def _exports(folder: Path) -> list[Case]:
    import pandas as pd
    from torch import nn

    from onecycle.collab.data import CollabDataBunch
    from onecycle.collab.learner import collab_learner
    from onecycle.learner import Learner, load_learner
    from onecycle.tabular.learner import tabular_learner

    ratings = pd.DataFrame({"user": list("abcd") * 6, "item": list("xyz") * 8, "rating": [1.0, 2.0, 3.0, 4.0] * 6})
    collab = CollabDataBunch.from_df(ratings, seed=1, bs=8, num_workers=0, device="cpu", path=folder)
    own = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 2))
    learners = [
        tabular_learner(_tabular(folder), layers=[8], silent=True),
        collab_learner(collab, n_factors=4, y_range=(0, 5), silent=True),
        _text_learner(folder),
    ]
    seeds = [learn.export(folder / "seed.safetensors").read_bytes() for learn in learners]
    vision = Learner(_images(folder), own, silent=True).export(folder / "seed.safetensors").read_bytes()
    pickled = pickle.dumps({"a": _Program()})
    return [
        Case("load_learner", [*seeds, pickled], mutate.changed_safetensors, load_learner),
        Case("load_learner, own model", [vision], mutate.changed_safetensors,
             lambda file: load_learner(file, model=copy.deepcopy(own))),
    ]


def _weights(folder: Path) -> list[Case]:


    learn = _small_learner(folder)
    learn.fit(1, 1e-3)
    state = torch.load(learn.save("seed", return_path=True), weights_only=True)
    flat = learn.save("seed.safetensors", return_path=True).read_bytes()
    zipped = [_saved(state), _saved(state["model"]), _saved({"model": _Program()})]
    legacy = [_saved(state, _use_new_zipfile_serialization=False), pickle.dumps(_Program())]

    def load(file: Path) -> None:
        learn.load(file, strict=True)

    return [
        Case("learn.load, zip", zipped, mutate.changed_zip, load, "models/input.pth"),
        Case("learn.load, values", [_saved(state)], _changed_state, load, "models/input.pth"),
        Case("learn.load, old form", legacy, mutate.damaged, load, "models/input.pth"),
        Case("learn.load, safetensors", [flat], mutate.changed_safetensors, load, "models/input.safetensors"),
    ]


def _small_learner(folder: Path) -> Any:
    from torch import nn
    from torch.utils.data import TensorDataset

    from onecycle.data.bunch import DataBunch
    from onecycle.learner import Learner

    x = torch.randn(24, 3, generator=torch.Generator().manual_seed(0))
    sets = TensorDataset(x, (x.sum(1) > 0).long()), TensorDataset(x[:8], (x[:8].sum(1) > 0).long())
    data = DataBunch.create(*sets, bs=8, num_workers=0, device="cpu", path=folder)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    return Learner(data, model, loss_func=nn.CrossEntropyLoss(), silent=True)


_STRANGE_TENSORS: tuple[Callable[[mutate.Draw], Any], ...] = (
    *mutate._STRANGE,
    lambda draw: torch.zeros(3),
    lambda draw: torch.zeros(1).expand(10**6, 10**6),
    lambda draw: torch.zeros(2, 3).to_sparse(),
    lambda draw: torch.zeros(4, dtype=(torch.int64, torch.bool, torch.complex64, torch.bfloat16)[draw.integers(4)]),
    lambda draw: b"\xff\0",
    lambda draw: (1, 2),
    lambda draw: {"$": ("dict", "array", "floats", "load_state_dict", "evil")[draw.integers(5)], "v": [1, 2]},
)


def _changed_state(data: bytes, draw: mutate.Draw) -> bytes:
    """Change values of a file of tensors, and write it as torch does."""
    state = torch.load(io.BytesIO(data), weights_only=True)
    return _saved(mutate.changed_values(state, draw, _STRANGE_TENSORS))


# ---- checkpoints of runs ----


class _Enough(BaseException):
    """Training has gone on: the checkpoint was taken."""


def stop_after(steps: int) -> Any:
    """Return a callback that ends training after some steps, whatever a checkpoint says of its length."""
    from onecycle.training.callback import Callback

    class StopAfter(Callback):
        def on_batch_end(self, train: bool, **kwargs: Any) -> None:
            nonlocal steps
            steps -= 1
            if steps <= 0:
                raise _Enough

        def run_state(self) -> dict[str, Any]:
            return {}

    return StopAfter()


def _runs(folder: Path) -> list[Case]:
    from onecycle.callbacks.csv_logger import CSVLogger
    from onecycle.callbacks.save_model import SaveModelCallback
    from onecycle.callbacks.weight_average import EMACallback
    from onecycle.training.run_files import run_files

    def resume(run: Path, steps: int = 3, **how: Any) -> None:
        learn = _small_learner(folder)
        callbacks = [stop_after(steps), EMACallback(learn), SaveModelCallback(learn, every="epoch"), CSVLogger(learn)]
        with contextlib.suppress(_Enough):
            if how:
                learn.fit_one_cycle(3, 1e-2, callbacks=callbacks, checkpoint=run, every=1, **how)
            else:
                learn.resume(run, callbacks=callbacks)

    resume(folder / "begun", 8, keep=9)
    sound = [file.read_bytes() for file in run_files(folder / "begun")[:4]]

    def change_values(data: bytes, draw: mutate.Draw) -> bytes:
        state = torch.load(io.BytesIO(data[: -len(_sealed(b""))]), weights_only=True)
        return _sealed(_saved(mutate.changed_values(state, draw, _STRANGE_TENSORS)))

    def change_zip(data: bytes, draw: mutate.Draw) -> bytes:
        body = mutate.changed_zip(data[: -len(_sealed(b""))], draw)
        return _sealed(body) if draw.random() < 0.8 else body

    def read(path: Path) -> None:
        resume(path.parent)

    file, tidy = "run/step-0000000009.ckpt", ("run", "models", "history.csv")
    return [
        Case("learn.resume, values", sound, change_values, read, file, tidy),
        Case("learn.resume, zip", [*sound, _sealed(_saved(_Program()))], change_zip, read, file, tidy),
    ]


def _sealed(body: bytes) -> bytes:
    from onecycle.training import run_files

    return body + run_files._SEAL + hashlib.sha256(body).digest()


# ---- data ----


def _saved_data(folder: Path) -> list[Case]:
    from onecycle.data.lists import LabelLists
    from onecycle.data.saving import load_data
    from onecycle.tabular.processor import TabularProcessor
    from onecycle.text.bunch import TextDataBunch

    bunches = {"images": _images(folder), "table": _tabular(folder), "texts": _texts(folder)}
    seeds = {}
    for name, data in bunches.items():
        data.save(folder / "seed.json")
        seeds[name] = (folder / "seed.json").read_bytes()
    bunches["images"].train_ds.export(folder / "seed.json")
    empty = (folder / "seed.json").read_bytes()
    processor = bunches["table"].train_ds.x.processor[0]
    processor.save(folder / "seed.json")
    fitted = (folder / "seed.json").read_bytes()
    return [
        Case("load_data", [seeds["images"], seeds["table"]], mutate.changed_json,
             lambda file: load_data(folder / "images", file, num_workers=0, device="cpu"), "data.json"),
        Case("TextDataBunch.load", [seeds["texts"]], mutate.changed_json,
             lambda file: TextDataBunch.load(file.parent, "texts", num_workers=0, device="cpu"), "texts.json"),
        Case("LabelLists.load_empty", [empty], mutate.changed_json,
             lambda file: LabelLists.load_empty(file.parent, file.name), "empty.json"),
        Case("TabularProcessor.load", [fitted], mutate.changed_json, TabularProcessor.load, "fitted.json"),
    ]


# ---- texts ----


def _vocabularies(folder: Path) -> list[Case]:
    from onecycle.text.vocab import Vocab

    learn = _text_learner(folder)
    learn.save_encoder("seed")
    encoder = (folder / "models" / "seed.pth").read_bytes()
    itos = [*learn.data.vocab.itos]
    pickled = [pickle.dumps(itos, protocol) for protocol in (0, 2, 4)]
    hostile = [pickle.dumps(_Program()), b"\x80\x04]r\xff\xff\xff\xff.", b"\x80\x04" + b"]" * 5000 + b"."]
    listed = [json.dumps(itos).encode(), "\n".join(itos).encode()]
    state = torch.load(io.BytesIO(encoder), weights_only=True)
    return [
        Case("Vocab.load", [*pickled, *hostile, *listed], mutate.changed_text, Vocab.load),
        Case("load_encoder, values", [encoder], _changed_state, learn.load_encoder, "models/encoder.pth"),
        Case("load_encoder, zip", [encoder, _saved({**state, "itos": _Program()})], mutate.changed_zip,
             learn.load_encoder, "models/encoder.pth"),
    ]  # fmt: skip


# ---- archives and shards ----


def _tar(mode: str, **more: bytes) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode=mode) as tar:
        for name, content in {"a.txt": b"a" * 700, "d/f.txt": b"b" * 30, "d/g.png": bytes(2000), **more}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("d/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "f.txt"
        tar.addfile(link)
    return memory.getvalue()


def _sparse() -> bytes:
    """Return a small tar of one sparse file of a terabyte (GNU's old form)."""
    header = bytearray(512)
    header[0:5], header[100:107], header[108:115], header[116:123] = b"s.bin", b"0000644", b"0000000", b"0000000"
    header[124:135], header[136:147], header[156:157] = b"00000000000", b"00000000000", b"S"
    header[257:265] = b"ustar  \0"
    header[386:397], header[398:409] = b"\x80" + (10**12).to_bytes(10, "big"), b"00000000000"
    header[483:495] = b"\x80" + (10**12).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1024)


def _archives(folder: Path) -> list[Case]:
    from onecycle.data.tar_shards import TarShards
    from onecycle.utils.unpack import safe_unpack

    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.txt", "d/f.txt"):
            archive.writestr(name, b"abc" * 500)
    tars = [_tar("w"), _tar("w:gz"), _tar("w:gz", large=bytes(1 << 22)), _sparse()]
    packed = [_tar("w:bz2"), _tar("w:xz")]

    def unpack(file: Path) -> None:
        safe_unpack(file, file.parent / "unpacked")

    def shards(file: Path) -> None:
        found = TarShards(file.parent)
        for name in found.names():
            found.read(name)

    tar = _tar("w")
    return [
        Case("safe_unpack, tar", tars, mutate.changed_tar, unpack, tidy=["unpacked"]),
        Case("safe_unpack, bz2 and xz", packed, mutate.damaged, unpack, tidy=["unpacked"]),
        Case("safe_unpack, zip", [zipped.getvalue()], mutate.changed_zip, unpack, tidy=["unpacked"]),
        Case("tar shards", [tar], mutate.changed_tar, shards, "shards/a.tar", tidy=["shards"]),
        _IndexCase("index of shards", [_index_bytes(folder, tar)], mutate.changed_zip, shards, "shards/a.tar.index.npz",
                   tidy=["shards"], tar=tar),
    ]


def _index_bytes(folder: Path, tar: bytes) -> bytes:
    from onecycle.data.tar_shards import TarShards

    place = folder / "sound"
    place.mkdir(exist_ok=True)
    (place / "a.tar").write_bytes(tar)
    os.utime(place / "a.tar", ns=(10**18, 10**18))
    TarShards(place).names()
    return (place / "a.tar.index.npz").read_bytes()


class _IndexCase(Case):
    """The index beside a sound tar of the same time."""

    def __init__(self, *args: Any, tar: bytes, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tar = tar

    def _write(self, folder: Path, data: bytes) -> None:
        super()._write(folder, data)
        (folder / "shards" / "a.tar").write_bytes(self.tar)
        os.utime(folder / "shards" / "a.tar", ns=(10**18, 10**18))


# ---- tables, annotations, settings ----


def _tables(folder: Path) -> list[Case]:
    from onecycle.data.download import Config
    from onecycle.tabular.lists import TabularList
    from onecycle.tabular.procs import Categorify
    from onecycle.vision.image_files import get_annotations
    from onecycle.vision.image_list import ImageList

    coco = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}, {"id": 2, "file_name": "b.jpg"}],
        "annotations": [{"id": 1, "image_id": 1, "bbox": [1, 2, 3, 4], "category_id": 7, "iscrowd": 0, "area": 12},
                        {"id": 2, "image_id": 2, "bbox": [0.5, 2, 3, 4.25], "category_id": 7}],
        "categories": [{"id": 7, "name": "cat"}],
    }  # fmt: skip
    csv = _table_frame().to_csv(index=False).encode()
    settings = b"data_path: data\ndata_archive_path: archive\nmodel_path: models\n"
    bomb = b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ndata_path: *c\n"

    def config(file: Path) -> None:
        Config.get(file, create_missing=False)

    def home(file: Path) -> None:
        Config.data_path()

    def table(file: Path) -> None:
        rows = TabularList.from_csv(file.parent, file.name, cat_names=["job"], cont_names=["age"], procs=[Categorify])
        rows.split_by_idx([0, 1]).label_from_df("label")

    def images(file: Path) -> None:
        ImageList.from_csv(file.parent, file.name).split_none().label_from_df("label")

    return [
        Case("get_annotations", [json.dumps(coco).encode()], mutate.changed_json, get_annotations, "coco.json"),
        Case("Config, YAML", [settings, bomb], mutate.changed_text, config, "config.yml"),
        Case("Config, JSON", [b'{"data_path": "data", "model_path": "m"}'], mutate.changed_json, config, "config.json"),
        Case("Config of the home", [settings], mutate.changed_text, home, "home/config.yml"),
        Case("CSV, table", [csv], mutate.changed_text, table, "table.csv"),
        Case("CSV, images", [csv], mutate.changed_text, images, "images.csv"),
        *_parquet(folder),
    ]


def _parquet(folder: Path) -> list[Case]:
    from onecycle.tabular.lists import TabularList
    from onecycle.tabular.procs import Categorify

    if importlib.util.find_spec("pyarrow") is None:
        return []
    _table_frame().to_parquet(folder / "seed.parquet", row_group_size=10)

    def read(file: Path) -> None:
        rows = TabularList.from_parquet(file, cat_names=["job"], cont_names=["age"], procs=[Categorify])
        data = rows.split_by_rand_pct(0.2, seed=1).label_from_df("label").databunch(bs=8, num_workers=0, device="cpu")
        for _ in data.train_dl:
            pass

    return [Case("Parquet", [(folder / "seed.parquet").read_bytes()], mutate.damaged, read, "table.parquet")]


# ---- images ----


def _pictures(folder: Path) -> list[Case]:
    from PIL import Image as PILImage

    from onecycle.vision.image import open_image, open_mask
    from onecycle.vision.verify import verify_images

    draw = np.random.default_rng(0)
    photo = PILImage.fromarray(draw.integers(0, 256, (24, 31, 3), dtype=np.uint8))
    kinds = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "TGA", "ICO", "PCX", "QOI", "SGI", "PNG", "PNG")
    seeds = [_image(photo, kind) for kind in kinds]
    seeds += [_image(photo.quantize(8), "PNG"), _image(photo.convert("L"), "PNG")]
    seeds.append(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(executed) (w) file\n%%EOF\n")

    def verify(file: Path) -> None:
        verify_images(file.parent, delete=True)

    return [
        Case("open_image", seeds, mutate.changed_image, lambda file: open_image(file).data, "input.jpg"),
        Case("open_mask", seeds, mutate.changed_image, lambda file: open_mask(file).data, "mask.png"),
        Case("verify_images", seeds, mutate.changed_image, verify, "verified/input.jpg", tidy=["verified"]),
    ]


def _image(picture: Any, kind: str) -> bytes:
    memory = io.BytesIO()
    picture.save(memory, kind)
    return memory.getvalue()


_MAKERS: tuple[tuple[tuple[str, ...], Callable[[Path], list[Case]]], ...] = (
    (("load_learner", "load_learner, own model"), _exports),
    (("learn.load, zip", "learn.load, values", "learn.load, old form", "learn.load, safetensors"), _weights),
    (("learn.resume, values", "learn.resume, zip"), _runs),
    (("load_data", "TextDataBunch.load", "LabelLists.load_empty", "TabularProcessor.load"), _saved_data),
    (("Vocab.load", "load_encoder, values", "load_encoder, zip"), _vocabularies),
    (("safe_unpack, tar", "safe_unpack, bz2 and xz", "safe_unpack, zip", "tar shards", "index of shards"), _archives),
    (("get_annotations", "Config, YAML", "Config, JSON", "Config of the home", "CSV, table", "CSV, images", "Parquet"),
     _tables),
    (("open_image", "open_mask", "verify_images"), _pictures),
)
