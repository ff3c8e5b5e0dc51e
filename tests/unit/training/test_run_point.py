"""All processes go on from the checkpoint that the first one finds."""

import pytest

from onecycle.errors import TrainingError
from onecycle.training import run_point
from onecycle.training.run_files import file_of, write_run_file
from onecycle.training.run_point import is_begun, point_of_all
from onecycle.utils.files import FileMissingError


@pytest.fixture
def as_one_of_two(monkeypatch):
    """Return a way to be one of two processes; what the first says is kept for the second."""
    said = []

    def be(first):
        monkeypatch.setattr(run_point, "processes_connected", lambda: True)
        monkeypatch.setattr(run_point, "is_first_process", lambda: first)
        monkeypatch.setattr(run_point, "from_first", lambda content: said.append(content) if first else said[-1])

    return be


def test_alone(tmp_path):
    assert not is_begun(tmp_path)
    write_run_file(file_of(tmp_path, 3), {"seed": 7})
    assert is_begun(tmp_path) and point_of_all(tmp_path)["seed"] == 7


def test_the_others_get_it_from_the_first(tmp_path, as_one_of_two):
    write_run_file(file_of(tmp_path / "mine", 3), {"seed": 7})
    as_one_of_two(first=True)
    told = point_of_all(tmp_path / "mine")
    as_one_of_two(first=False)
    assert point_of_all(tmp_path / "not here") == told


def test_all_fail_where_the_first_finds_none(tmp_path, as_one_of_two):
    as_one_of_two(first=True)
    with pytest.raises(FileMissingError, match="it holds no checkpoint"):
        point_of_all(tmp_path)
    as_one_of_two(first=False)
    with pytest.raises(TrainingError, match="must hold a sound checkpoint; the first process found none"):
        point_of_all(tmp_path)
