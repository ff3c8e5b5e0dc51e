import errno
import io
import os

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentTypeError, FileFormatError, TrainingError
from onecycle.utils.files import FileMissingError, FileWriteError


@pytest.fixture
def trained(make_learner):
    learn = make_learner()
    learn.fit(1)
    return learn


def weights(learn):
    return {key: value.clone() for key, value in learn.model.state_dict().items()}


def same(a, b):
    assert all(torch.equal(value, b[key]) for key, value in a.items())


def test_there_and_back(trained):
    before, moments = weights(trained), str(trained.opt.opt.state_dict())
    assert trained.save("stage-1", return_path=True) == trained.path / "models" / "stage-1.pth"
    trained.fit(1, 0.1)
    assert trained.load("stage-1") is trained
    same(before, weights(trained))
    assert str(trained.opt.opt.state_dict()) == moments


def test_names_with_dots_and_absolute_paths(trained, tmp_path):
    assert trained.save("3_1e-2_0.8", return_path=True).name == "3_1e-2_0.8.pth"
    trained.load(trained.path / "models" / "3_1e-2_0.8")
    goal = tmp_path / "elsewhere" / "a"
    assert trained.save(goal, return_path=True) == tmp_path / "elsewhere" / "a.pth"
    trained.load(goal)


def test_model_dir_may_be_absolute_and_change(trained, tmp_path):
    trained.model_dir = tmp_path / "mine"
    trained.save("a")
    assert (tmp_path / "mine" / "a.pth").is_file()


def test_safetensors(trained):
    before = weights(trained)
    trained.save("a.safetensors")
    trained.fit(1, 0.1)
    trained.load("a")
    same(before, weights(trained))


def test_open_files(trained):
    before, buffer = weights(trained), io.BytesIO()
    trained.save(buffer)
    trained.fit(1, 0.1)
    buffer.seek(0)
    trained.load(buffer)
    same(before, weights(trained))


def test_the_form_is_v1_s(trained):
    path = trained.save("a", return_path=True)
    state = torch.load(path, weights_only=True)
    assert set(state) == {"model", "opt"} and set(state["opt"]) == {"state", "param_groups"}
    trained.save("b", with_opt=False)
    assert set(torch.load(trained.path / "models" / "b.pth", weights_only=True)) == set(trained.model.state_dict())


def test_a_bare_state_dict_of_torch_s_is_read(trained, tmp_path):
    other = type(trained.model)(*[nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 3)])
    torch.save(other.state_dict(), tmp_path / "bare.pth")
    trained.load(tmp_path / "bare.pth")
    same(other.state_dict(), weights(trained))


def test_an_optimiser_that_does_not_fit_is_left_out_unless_it_must(trained):
    trained.save("frozen-less")
    trained.split(lambda model: [model[4]])
    trained.freeze()
    trained.load("frozen-less")
    with pytest.raises(FileFormatError, match=r"the optimiser in .* does not fit this learner's: it has 6 parameters"):
        trained.load("frozen-less", with_opt=True)


def test_an_optimiser_of_other_shapes(trained, make_learner):
    trained.save("a")
    wide = [nn.Linear(6, 17), nn.BatchNorm1d(17), nn.ReLU(), nn.Dropout(), nn.Linear(17, 3)]
    other = make_learner(model=nn.Sequential(*wide))
    state = torch.load(trained.path / "models" / "a.pth", weights_only=True)
    torch.save({"model": other.model.state_dict(), "opt": state["opt"]}, trained.path / "models" / "b.pth")
    with pytest.raises(FileFormatError, match=r"exp_avg has shape \(16, 6\) for a parameter \(17, 6\)"):
        other.load("b", with_opt=True)


def test_a_file_without_optimiser(trained):
    trained.save("bare", with_opt=False)
    with pytest.raises(FileFormatError, match="holds no optimiser. Pass with_opt=False"):
        trained.load("bare", with_opt=True)


def test_a_learner_that_never_trained_takes_the_optimiser(trained, make_learner):
    trained.save("a")
    fresh = make_learner(seed=3)
    fresh.load("a", with_opt=True)
    assert len(fresh.opt.opt.state) == 6
    assert make_learner().load("a", with_opt=False).opt is None


def test_misfits_are_named(trained, make_learner):
    trained.save("a")
    other = make_learner(model=nn.Linear(6, 3))
    with pytest.raises(FileFormatError, match=r"does not fit the model: missing in the file: weight, bias"):
        other.load("a")


def test_a_missing_file_names_the_nearest(trained):
    trained.save("stage-1")
    with pytest.raises(FileMissingError, match=r"stage-2.pth.* Did you mean 'stage-1.pth'"):
        trained.load("stage-2")


@pytest.mark.parametrize("method", ["save", "load", "export"])
def test_a_name_is_needed(trained, method):
    with pytest.raises(ArgumentTypeError, match=f"{method}: file must be a name"):
        getattr(trained, method)(None)
    with pytest.raises(ArgumentTypeError, match="file must be a name or a path; got 3"):
        getattr(trained, method)(3)


def test_a_model_dir_that_cannot_be_written(trained, tmp_path):
    (tmp_path / "file").write_text("in the way")
    trained.model_dir = tmp_path / "file"
    with pytest.raises(TrainingError, match=r"model_dir .* cannot be written .*Set learn.model_dir"):
        trained.check_model_dir()
    with pytest.raises(TrainingError, match="cannot be written"):
        trained.save("a")


def test_the_old_file_survives_a_full_disk(trained, monkeypatch):
    before = weights(trained)
    trained.save("a")
    trained.fit(1, 0.1)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileWriteError, match=r"No space left on device.*unchanged"):
        trained.save("a")
    monkeypatch.undo()
    trained.load("a")
    same(before, weights(trained))
    assert [path.name for path in (trained.path / "models").iterdir()] == ["a.pth"]


def test_purge_frees_gradients_and_moments(trained):
    trained.model[0].weight.grad = torch.ones(16, 6)
    assert trained.purge(clear_opt=False) is trained
    assert trained.model[0].weight.grad is None and trained.opt.opt.state
    trained.save("a")
    trained.load("a", purge=True, with_opt=False)
    assert not trained.opt.opt.state
    trained.fit(1)


def test_a_destroyed_learner_says_so(trained, capsys):
    trained.destroy()
    assert "self-destroyed" in capsys.readouterr().out
    with pytest.raises(TrainingError, match=r"Learner: was destroyed"):
        trained.fit(1)
