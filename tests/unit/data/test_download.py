"""Data sets by name, from a local server."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from onecycle.data import download
from onecycle.data.download import (
    Config,
    Known,
    URLs,
    datapath4file,
    download_data,
    modelpath4file,
    untar_data,
    url2name,
    url2path,
)
from onecycle.errors import ArgumentError, ArgumentTypeError, DownloadError, FileFormatError
from onecycle.utils import fetch
from onecycle.utils.files import FileMissingError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ONECYCLE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fetch, "_pause", lambda failures: None)
    return tmp_path / "home"


def archive_of(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 3
            tar.addfile(info, io.BytesIO(b"abc"))
    return buffer.getvalue()


def test_addresses():
    assert URLs.MNIST == "https://s3.amazonaws.com/fast-ai-imageclas/mnist_png"
    assert URLs.PETS.endswith("/oxford-iiit-pet")
    addresses = [a for a in vars(URLs).values() if isinstance(a, str) and a.startswith("http")]
    assert len(addresses) >= 57
    assert all(a.startswith("https://") for a in addresses)


def test_untar_data(serve, home, capsys):
    site = serve(archive_of("digits/1.txt", "digits/sub/2.txt"))
    path = untar_data(site.url + "/digits")
    assert path == home / "data" / "digits"
    assert (path / "sub" / "2.txt").read_text() == "abc"
    assert (home / "archive" / "digits.tgz").is_file()
    assert site.asked == [("/digits.tgz", "")]
    assert capsys.readouterr().out == f"Downloading {site.url}/digits.tgz\n"
    untar_data(site.url + "/digits")
    assert len(site.asked) == 1


def test_untar_data_whose_folder_has_another_name(serve, home):
    site = serve(archive_of("something-else/1.txt"))
    assert (untar_data(site.url + "/digits") / "1.txt").is_file()


def test_untar_data_elsewhere(serve, tmp_path, capsys):
    site = serve(archive_of("digits/1.txt"))
    path = untar_data(site.url + "/digits", fname=tmp_path / "mine.tgz", dest=tmp_path / "here", verbose=True)
    assert path == tmp_path / "here" / "digits"
    assert (tmp_path / "mine.tgz").is_file()
    assert "Unpacking" in capsys.readouterr().out


def test_untar_data_force_download(serve, home):
    site = serve(archive_of("digits/old.txt"))
    untar_data(site.url + "/digits")
    site.content = archive_of("digits/new.txt")
    path = untar_data(site.url + "/digits", force_download=True)
    assert [p.name for p in path.iterdir()] == ["new.txt"]


def test_untar_data_of_an_archive_put_there_by_hand(serve, home):
    site = serve()
    site.stop()
    (home / "archive").mkdir(parents=True)
    (home / "archive" / "digits.tgz").write_bytes(archive_of("digits/1.txt"))
    assert (untar_data(site.url + "/digits") / "1.txt").is_file()


def test_untar_data_of_a_zip_with_its_ending_given(serve, home):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("digits/1.txt", "abc")
    site = serve(buffer.getvalue())
    assert (untar_data(site.url + "/digits.zip") / "1.txt").is_file()
    assert site.asked == [("/digits.zip", "")]


def test_untar_data_of_a_model(serve, home):
    site = serve(archive_of("net/weights.txt"))
    assert untar_data(site.url + "/net", data=False) == home / "models" / "net"


def test_offline_says_which_file_to_put_where(serve, home):
    site = serve()
    site.stop()
    with pytest.raises(DownloadError, match="Is this machine offline") as caught:
        untar_data(site.url + "/digits")
    assert str(home / "archive" / "digits.tgz") in str(caught.value)
    assert not (home / "data").exists()


def test_garbage_leaves_nothing_behind(serve, home):
    site = serve(b"<html>Please log in</html>", kind="text/html")
    with pytest.raises(FileFormatError, match="must be a tar or zip archive; it is a web page"):
        untar_data(site.url + "/digits")
    assert not (home / "data" / "digits").exists()
    assert list((home / "archive").iterdir()) == []
    site.content = archive_of("digits/1.txt")
    assert (untar_data(site.url + "/digits") / "1.txt").is_file()


def test_damaged_archive_of_the_user_is_kept(serve, home):
    site = serve()
    (home / "archive").mkdir(parents=True)
    kept = home / "archive" / "digits.tgz"
    kept.write_bytes(archive_of("digits/1.txt")[:60])
    with pytest.raises(FileFormatError, match="is damaged"):
        untar_data(site.url + "/digits")
    assert kept.exists()


def test_known_size_and_hash_are_checked(serve, home, monkeypatch):
    content = archive_of("digits/1.txt")
    site = serve(content)
    url = site.url + "/digits"
    monkeypatch.setitem(download.KNOWN, url, Known(len(content), "0" * 64))
    with pytest.raises(DownloadError, match="must have the sha256 0000"):
        untar_data(url)
    monkeypatch.setitem(download.KNOWN, url, Known(len(content), hashlib.sha256(content).hexdigest()))
    assert untar_data(url).is_dir()


def test_download_data(serve, tmp_path, home):
    site = serve(b"abc")
    assert download_data(site.url + "/words", ext=".txt") == home / "archive" / "words.txt"
    assert download_data(site.url + "/words", fname=tmp_path / "w") == tmp_path / "w"
    assert [path for path, _ in site.asked] == ["/words.txt", "/words.tgz"]


def test_names_and_paths(home, tmp_path):
    assert url2name("https://example.com/a/imagenette2-160.tgz") == "imagenette2-160"
    assert url2path("https://example.com/a/mine") == home / "data" / "mine"
    assert datapath4file("mine") == home / "archive" / "mine"
    assert datapath4file("mine", archive=False) == home / "data" / "mine"
    assert modelpath4file("mine") == home / "models" / "mine"


def test_what_is_in_the_working_folder_goes_first(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.tgz").touch()
    (tmp_path / "models" / "net").mkdir(parents=True)
    assert datapath4file("mine") == tmp_path / "data" / "mine"
    assert modelpath4file("net") == tmp_path / "models" / "net"


def test_config_defaults_need_no_file(home):
    assert Config.data_path() == home / "data"
    assert Config.data_archive_path() == home / "archive"
    assert Config.model_path() == home / "models"
    assert not home.exists()


def test_config_home_is_in_the_users_home(monkeypatch):
    monkeypatch.delenv("ONECYCLE_HOME")
    assert Config.data_path() == Path.home() / ".onecycle" / "data"


def test_config_file(home):
    assert Config.get()["data_path"] == "data"
    (home / "config.yml").write_text("data_path: /elsewhere\nmine: 3\n")
    Config.create(None)
    assert Config.data_path() == Path("/elsewhere")
    assert Config.model_path() == home / "models"
    assert Config.get_key("mine") == 3


def test_config_as_json(tmp_path):
    Config.create(tmp_path / "mine.json")
    assert json.loads((tmp_path / "mine.json").read_text()) == Config.get(tmp_path / "mine.json")


def test_config_errors(tmp_path, home):
    with pytest.raises(FileMissingError, match=r"Config: there is no file '.*none\.yml'"):
        Config.get(tmp_path / "none.yml", create_missing=False)
    with pytest.raises(ArgumentError, match="got 'data_pth'. Did you mean 'data_path'"):
        Config.get_path("data_pth")
    home.mkdir()
    (home / "config.yml").write_text("data_path: [1")
    with pytest.raises(FileFormatError, match="is not valid YAML"):
        Config.get()
    (home / "config.yml").write_text("just words")
    with pytest.raises(FileFormatError, match="must be lines of `key: value`; got a str"):
        Config.data_path()


@pytest.mark.parametrize("call", [download.untar_data, download.download_data, download.url2name, download.url2path])
def test_what_is_no_address(home, call):
    with pytest.raises(ArgumentTypeError, match="download: url must be an address; got None"):
        call(None)


def test_an_address_without_a_name(home):
    for url in ("", "/", ".tgz"):
        with pytest.raises(ArgumentError, match="download: url must end with the name of a data set"):
            download.untar_data(url)


@pytest.mark.parametrize(
    "address",
    ["https://x.org/..", "https://x.org/.", "https://x.org/../", "https://x.org/...tgz", "https://x.org/a\\b",
     "https://x.org/a\0b", "https://x.org/" + "x" * 300, "https://x.org/\ud800"],
)  # fmt: skip
def test_an_address_whose_name_no_folder_can_have(home, address):
    home.mkdir(exist_ok=True)
    (home / "kept.txt").touch()
    with pytest.raises(ArgumentError, match="must end with the name of a data set, which a folder can have"):
        untar_data(address, force_download=True)
    assert (home / "kept.txt").exists()


def test_a_query_is_sent_and_is_no_part_of_the_name(monkeypatch, home):
    assert url2name("https://x.org/data/pets.tgz?key=/a.b#c") == "pets"
    asked = []
    monkeypatch.setattr(download, "download_file", lambda url, target, **known: asked.append((url, target.name)))
    download_data("https://x.org/data/pets.tgz?key=/a.b")
    download_data("https://x.org/data/pets?key=1")
    assert asked == [
        ("https://x.org/data/pets.tgz?key=/a.b", "pets.tgz"),
        ("https://x.org/data/pets.tgz?key=1", "pets.tgz"),
    ]
