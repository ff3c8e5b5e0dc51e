"""The folder of downloads and its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from onecycle.errors import FileFormatError
from onecycle.utils.files import FileMissingError
from onecycle.utils.home import (
    DEFAULT_SETTINGS,
    home,
    home_path,
    read_settings,
    settings_file,
    write_settings,
)


def test_where_home_is(monkeypatch, tmp_path):
    monkeypatch.setenv("ONECYCLE_HOME", "~/elsewhere")
    assert home() == Path.home() / "elsewhere"
    monkeypatch.setenv("ONECYCLE_HOME", "")
    assert home() == Path.home() / ".onecycle"


@pytest.mark.parametrize("name", ["config.yml", "config.json"])
def test_settings_there_and_back(tmp_path, monkeypatch, name):
    monkeypatch.setenv("ONECYCLE_HOME", str(tmp_path))
    assert read_settings() == DEFAULT_SETTINGS
    write_settings(tmp_path / name, {"data_path": "~/big"})
    assert read_settings(tmp_path / name) == {**DEFAULT_SETTINGS, "data_path": "~/big"}
    if name == settings_file().name:
        assert home_path("data_path") == Path.home() / "big"
        assert home_path("model_path") == tmp_path / "models"


def test_an_empty_file_means_the_defaults(tmp_path):
    (tmp_path / "config.yml").touch()
    assert read_settings(tmp_path / "config.yml") == DEFAULT_SETTINGS


def test_errors(tmp_path):
    with pytest.raises(FileMissingError, match="Config: there is no file"):
        read_settings(tmp_path / "none.yml")
    (tmp_path / "a.yml").write_text("a: b: c")
    with pytest.raises(FileFormatError, match=r"a\.yml' is not valid YAML .*Mend or delete it"):
        read_settings(tmp_path / "a.yml")
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(FileFormatError, match="must be lines of `key: value`; got a list"):
        read_settings(tmp_path / "a.json")
