"""Files that are foreign, damaged, missing, or cannot be written: said in one sentence, and nothing of old is lost."""

from __future__ import annotations

import errno
import os
import pickle
import resource
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    FileFormatError,
    NotRegisteredError,
    TrainingError,
)
from onecycle.utils import files
from onecycle.utils.files import FileMissingError, FileWriteError
from onecycle.vision import ImageList, cnn_learner, load_data, load_learner, models

pytestmark = pytest.mark.usefixtures("one_thread")

PICKLE = pickle.dumps({"model": Path("weights")})


@pytest.fixture
def learn(pets_learner):
    return pets_learner()


@pytest.fixture
def saved(learn):
    return learn.save("stage-1", return_path=True)


# Weights


FOREIGN = {
    "empty": (b"", r"it is an empty file \(0 bytes\)"),
    "text": (b"hello, this is text and no file of weights", "it is of no kind that is known here"),
    "page": (b"<!DOCTYPE html><html>404 not found</html>", "it is a web page"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "it is a picture file"),
    "pickle": (
        PICKLE,
        r"holds more than tensors .*reading that could run code.*torch.save\(learn.model.state_dict",
    ),
}


@pytest.mark.parametrize(("content", "said"), FOREIGN.values(), ids=FOREIGN.keys())
def test_weights_that_are_none(learn, saved, content, said):
    saved.write_bytes(content)
    with pytest.raises(FileFormatError, match=f"stage-1.pth' .*{said}"):
        learn.load("stage-1")


@pytest.mark.parametrize("kept", [300, -300])
def test_weights_that_are_cut_off(learn, saved, kept):
    saved.write_bytes(saved.read_bytes()[:kept])
    with pytest.raises(
        FileFormatError, match="stage-1.pth' is damaged or cut short .*Copy or download it again"
    ):
        learn.load("stage-1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "must hold a model's weights by name; it holds a list"),
        ({}, "it holds a dict"),
        ({"epoch": 3, "best": 0.5}, "it holds the entries epoch, best"),
        (
            nn.Linear(2, 2),
            r"holds more than tensors \(torch.nn.modules.linear.Linear\), and reading that could run code",
        ),
    ],
)
def test_files_of_torch_that_hold_other_things(learn, saved, content, said):
    torch.save(content, saved)
    with pytest.raises(FileFormatError, match=said):
        learn.load("stage-1")


def test_a_zip_file_and_a_folder(learn, saved):
    with zipfile.ZipFile(saved, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(FileFormatError, match="it is a zip file"):
        learn.load("stage-1")
    saved.unlink()
    saved.mkdir()
    with pytest.raises(FileMissingError, match="is a folder, not a file"):
        learn.load("stage-1")


def test_weights_that_are_not_there(learn, saved, pets_learner):
    with pytest.raises(
        FileMissingError, match="there is no file '.*stage-2.pth'. Did you mean 'stage-1.pth'"
    ):
        learn.load("stage-2")
    with pytest.raises(FileMissingError, match="there is no folder '.*elsewhere'"):
        pets_learner(model_dir="elsewhere").load("stage-1")


def test_weights_of_another_number_of_classes(saved, pets_learner):
    said = r"of another shape: 4.weight is \(2, 4\) in the file, \(3, 4\) in the model, .*Build the model as when"
    other = pets_learner(outputs=3)
    with pytest.raises(FileFormatError, match=f"stage-1.pth does not fit the model: {said}"):
        other.load("stage-1")
    before = other.model[4].weight.clone()
    left_out = r"load: \d+ of .* \d+ tensors come from .*stage-1.pth; of another shape: 4.weight is .*4.bias is"
    with pytest.warns(UserWarning, match=left_out):
        other.load("stage-1", strict=False)
    assert torch.equal(other.model[4].weight, before)  # what does not fit stays
    assert torch.equal(other.model[0].weight, torch.load(saved)["0.weight"])


def test_weights_of_another_architecture(saved, pets_bunch):
    other = cnn_learner(pets_bunch(), models.squeezenet1_1, pretrained=False, silent=True)
    said = r"missing in the file: 0.* and \d+ more; not in the model: 0.weight, 0.bias, 4.weight, 4.bias"
    with pytest.raises(FileFormatError, match=said):
        other.load("stage-1")


def test_weights_saved_from_data_parallel(learn, saved):
    torch.save({f"module.{name}": value for name, value in learn.model.state_dict().items()}, saved)
    with pytest.raises(FileFormatError, match="saved from DataParallel: pass remove_module=True"):
        learn.load("stage-1")
    learn.load("stage-1", remove_module=True)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda learn: learn.save(),
            ArgumentTypeError,
            "save: file must be a name; none was given. Pass one",
        ),
        (lambda learn: learn.save(3), ArgumentTypeError, "save: file must be a name or a path; got 3"),
        (lambda learn: learn.save(""), ArgumentTypeError, "save: file must be a name or a path; got ''"),
        (lambda learn: learn.load(3), ArgumentTypeError, "load: file must be a name or a path; got 3"),
        (
            lambda learn: learn.save("a", with_optim=False),
            ArgumentTypeError,
            "'with_optim'. Did you mean 'with_opt'",
        ),
        (
            lambda learn: learn.load("a", with_op=False),
            ArgumentTypeError,
            "'with_op'. Did you mean 'with_opt'",
        ),
        (
            lambda learn: learn.export(fname="a"),
            ArgumentTypeError,
            "export: unknown keyword 'fname'. Did you mean 'file'",
        ),
        (
            lambda learn: learn.load("stage-1", device="gpu"),
            ArgumentError,
            "device: must be a device that this machine has",
        ),
        (
            lambda learn: learn.load("stage-1", with_opt=True),
            FileFormatError,
            "holds no optimiser. Pass with_opt=False",
        ),
    ],
)
def test_calls_that_cannot_be_meant(learn, saved, call, error, said):
    with pytest.raises(error, match=said):
        call(learn)


# Learners


@pytest.fixture
def exported(learn):
    return learn.export()


LEARNERS = {
    "empty": (b"", r"must be a file of learn.export\(\); it is an empty file"),
    "text": (b"hello, this is text and no learner at all", "it is of no kind that is known here"),
    "page": (b"<!DOCTYPE html><html>404 not found</html>", "it is a web page"),
    "pickle": (
        PICKLE,
        r"is a pickle, which could run code. Open it once where it was made .*learn.export\(\)",
    ),
}


@pytest.mark.parametrize(("content", "said"), LEARNERS.values(), ids=LEARNERS.keys())
def test_learners_that_are_none(exported, content, said):
    exported.write_bytes(content)
    with pytest.raises(FileFormatError, match=f"export.safetensors' .*{said}"):
        load_learner(exported.parent)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_learner_of_another_library(pets, zipped):
    class Opened:
        """Would tell if anything in the file ran."""

        def __reduce__(self):
            return os.mkdir, (str(pets / "ran"),)

    torch.save({"model": Opened()}, pets / "export.pkl", _use_new_zipfile_serialization=zipped)
    with pytest.raises(
        FileFormatError, match="export.pkl' is a pickle, which could run code. Open it once where it was made"
    ):
        load_learner(pets, "export.pkl")
    assert not (pets / "ran").exists()


@pytest.mark.parametrize("kept", [200, -20])
def test_a_learner_that_is_cut_off(exported, kept):
    exported.write_bytes(exported.read_bytes()[:kept])
    with pytest.raises(FileFormatError, match="is damaged or cut short .*Copy or download it again"):
        load_learner(exported.parent)


def test_weights_in_place_of_a_learner(pets, learn, saved):
    save_file({"a": torch.zeros(3)}, pets / "plain.safetensors")
    with pytest.raises(
        FileFormatError,
        match="without a onecycle manifest. It holds bare weights: read them with .*learn.load",
    ):
        load_learner(pets, "plain.safetensors")
    with pytest.raises(FileFormatError, match="stage-1.pth' is a pickle"):
        load_learner(saved.parent, "stage-1.pth")


def test_a_learner_of_a_newer_version(exported):
    content = exported.read_bytes()
    newer = content.replace(b'\\"version\\":1', b'\\"version\\":9').replace(
        b'\\"version\\": 1', b'\\"version\\": 9'
    )
    assert newer != content
    exported.write_bytes(newer)
    with pytest.raises(
        FileFormatError, match=r"written by a newer onecycle \(file version 9.*pip install -U onecycle"
    ):
        load_learner(exported.parent)


def test_a_learner_that_is_not_there(exported):
    with pytest.raises(
        FileMissingError, match="there is no file '.*export.pkl'. Did you mean 'export.safetensors'"
    ):
        load_learner(exported.parent, "export.pkl")
    with pytest.raises(FileMissingError, match="there is no folder '.*nowhere'"):
        load_learner(exported.parent / "nowhere")


def test_a_learner_on_a_model_of_your_own_asks_for_it(exported, tiny_net):
    folder = exported.parent
    with pytest.raises(
        ArgumentError, match=r"does not name its architecture .*load_learner\(path, file, model=model\)"
    ):
        load_learner(folder)
    with pytest.raises(FileFormatError, match=r"4.weight is \(2, 4\) in the file, \(3, 4\) in the model"):
        load_learner(folder, model=tiny_net(3))
    for wrong, said in (("resnet18", "got 'resnet18'"), (nn.Linear, "Make it first")):
        with pytest.raises(ArgumentTypeError, match=f"load_learner: model must be an nn.Module; .*{said}"):
            load_learner(folder, model=wrong)
    with pytest.raises(
        ArgumentTypeError, match="load_learner: unknown keyword 'batch_size'. Did you mean 'bs'"
    ):
        load_learner(folder, model=tiny_net(), batch_size=3)
    with pytest.raises(ArgumentError, match="device: must be a device that this machine has"):
        load_learner(folder, model=tiny_net(), device="cuda:99")


def test_what_has_no_name_is_refused_at_export_with_the_cure(pets, pets_learner, pets_bunch):
    said = (
        r"<lambda> .*files hold names and never code. Give it a name first: onecycle.utils.registry.register"
    )
    with pytest.raises(ArgumentError, match=f"(?s){said}.*exporting: loss_func"):
        pets_learner(loss_func=lambda output, target: output.mean()).export()
    lists = ImageList.from_folder(pets, after_open=lambda picture: picture).split_none().label_from_folder()
    with pytest.raises(ArgumentError, match=f"(?s){said}"):
        pets_learner(data=lists.databunch(bs=4, num_workers=0, device="cpu")).export()
    assert not (pets / "export.safetensors").exists()


# Data


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not valid JSON at line 1, column 1"),
        (b"hello", "is not valid JSON at line 1, column 1.*damaged or of another kind"),
        (b'{"a": 1}', "this is no data state of onecycle"),
        (b"[1]", "this is no data state of onecycle"),
        (PICKLE, r"is a pickle, which could run code, and is not read. Build the data again .*data.save\(\)"),
        (b"\xff\xfe\x00", "is not a text file, so not JSON either"),
    ],
)
def test_data_files_that_are_none(pets, content, said):
    (pets / "data_save.json").write_bytes(content)
    with pytest.raises(FileFormatError, match=said):
        load_data(pets)


def test_data_that_is_not_there_or_cut_off(pets, pets_bunch):
    with pytest.raises(FileMissingError, match="there is no file '.*data_save.json'"):
        load_data(pets)
    pets_bunch().save()
    with pytest.raises(FileMissingError, match="Did you mean 'data_save.json'"):
        load_data(pets, "data_save.pkl")
    file = pets / "data_save.json"
    content = file.read_bytes()
    file.write_bytes(content[:-50])
    with pytest.raises(FileFormatError, match=r"data_save.json' is not valid JSON at line \d+"):
        load_data(pets)
    file.write_bytes(content.replace(b'"ImageList"', b'"ImageLst"'))
    with pytest.raises(
        NotRegisteredError, match="no item_list is named 'ImageLst'. Did you mean 'ImageList'"
    ):
        load_data(pets)


def test_data_whose_files_have_moved(pets, pets_bunch, tmp_path):
    pets_bunch().save()
    (tmp_path / "moved").mkdir()
    shutil.copy(pets / "data_save.json", tmp_path / "moved")
    with pytest.raises(DataError, match=r"(?s)moved/cat/cat_\d.png cannot be opened .*Check the path"):
        load_data(tmp_path / "moved", bs=4)


# What cannot be written


def everything(learn):
    """Return what writes, by the file it writes."""
    return {
        learn.path / "models" / "stage-1.pth": lambda: learn.save("stage-1"),
        learn.path / "models" / "flat.safetensors": lambda: learn.save("flat.safetensors"),
        learn.path / "export.safetensors": lambda: learn.export(),
        learn.path / "data_save.json": lambda: learn.data.save(),
    }


def listing(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*"))


def test_a_full_disk_leaves_the_old_file(learn, monkeypatch):
    writers = everything(learn)
    for write in writers.values():
        write()
    before = {file: file.read_bytes() for file in writers}
    there = listing(learn.path)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    for file, write in writers.items():
        said = f"'{file}' could not be written .No space left on device.. Free some space .*the file that was there is"
        with pytest.raises(FileWriteError, match=said) as caught:
            write()
        assert caught.value.errno == errno.ENOSPC
    with pytest.raises(FileWriteError, match="No space left on device.*nothing was left behind"):
        learn.save("stage-2")
    assert {file: file.read_bytes() for file in writers} == before
    assert listing(learn.path) == there


def test_a_disk_that_fills_up_half_way_leaves_the_old_file(learn):
    writers = everything(learn)
    for write in writers.values():
        write()
    before = {file: file.read_bytes() for file in writers}
    there = listing(learn.path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))  # the kernel refuses the bytes after these
    try:
        for file, write in writers.items():
            with pytest.raises(
                FileWriteError, match=f"'{file}' could not be written .*the file that was there is unchanged"
            ):
                write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {file: file.read_bytes() for file in writers} == before
    assert listing(learn.path) == there
    learn.load("stage-1")


def refuse_to_touch(path, *args, **kwargs):
    raise PermissionError(errno.EACCES, "Permission denied", str(path))


def test_a_read_only_model_dir(learn, monkeypatch):
    monkeypatch.setattr(
        Path, "touch", refuse_to_touch
    )  # root may write anywhere: the mode of a folder tells it nothing
    said = r"model_dir '.*models' cannot be written \(Permission denied\). Set learn.model_dir, or pass model_dir="
    with pytest.raises(TrainingError, match=said):
        learn.save("stage-1")
    with pytest.raises(TrainingError, match="cannot be written"):
        learn.export()
    with pytest.raises(TrainingError, match=said):
        learn.check_model_dir()


def test_a_model_dir_that_is_a_file(learn):
    (learn.path / "taken").write_text("a file")
    learn.model_dir = "taken"
    with pytest.raises(TrainingError, match=r"model_dir '.*taken' cannot be written \(File exists\)"):
        learn.save("stage-1")
    learn.model_dir = "models"
    assert learn.save("stage-1", return_path=True).exists()
