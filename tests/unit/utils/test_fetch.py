"""Downloads that meet broken servers."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from onecycle.errors import ArgumentError, ArgumentTypeError, DownloadError
from onecycle.utils import fetch
from onecycle.utils.download import download_file, download_url
from onecycle.utils.files import FileWriteError

CONTENT = bytes(range(256)) * 400
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    made: list[int] = []
    monkeypatch.setattr(fetch, "_pause", made.append)
    return made


@pytest.fixture
def site(serve):
    return serve(CONTENT)


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_secure_url():
    assert fetch.secure_url("http://example.com/a?b=http://c") == "https://example.com/a?b=http://c"
    assert fetch.secure_url("http://127.0.0.1:80/a") == "http://127.0.0.1:80/a"
    assert fetch.secure_url("http://localhost/a") == "http://localhost/a"
    with pytest.raises(
        ArgumentError, match=r"download: url must begin with https:// or http://; got 'file:///etc"
    ):
        fetch.secure_url("file:///etc/passwd")


def test_whole_file(site, tmp_path):
    dest = download_file(site.url + "/a.bin", tmp_path / "sub" / "a.bin", sha256=SHA, size=len(CONTENT))
    assert dest.read_bytes() == CONTENT
    assert leftovers(dest.parent) == ["a.bin"]


def test_empty_file(serve, tmp_path):
    assert download_file(serve(b"").url + "/a", tmp_path / "a").read_bytes() == b""


def test_file_that_is_there_is_left_alone(site, tmp_path):
    dest = tmp_path / "a"
    dest.write_bytes(b"mine")
    download_file(site.url + "/a", dest)
    assert dest.read_bytes() == b"mine"
    assert site.asked == []
    download_url(site.url + "/a", dest, overwrite=True)
    assert dest.read_bytes() == CONTENT


def test_file_that_is_there_but_wrong_is_fetched_anew(site, tmp_path):
    dest = tmp_path / "a"
    dest.write_bytes(b"x" * len(CONTENT))
    assert download_file(site.url + "/a", dest, md5=hashlib.md5(CONTENT).hexdigest()).read_bytes() == CONTENT


def test_breaks_off_and_resumes(site, tmp_path, pauses):
    site.break_after = [1000, 5000]
    dest = download_file(site.url + "/a", tmp_path / "a", sha256=SHA[:8])
    assert dest.read_bytes() == CONTENT
    assert [asked for _, asked in site.asked] == ["", "bytes=1000-", "bytes=6000-"]
    assert pauses == [1, 1]


def test_server_that_ignores_range_starts_again(site, tmp_path):
    site.break_after, site.ranges = [1000], False
    assert download_file(site.url + "/a", tmp_path / "a").read_bytes() == CONTENT


def test_gives_up_without_progress_and_a_later_call_goes_on(site, tmp_path, pauses):
    site.break_after = [1000, 0, 0, 0]
    with pytest.raises(DownloadError, match="broke off after 1,000 bytes"):
        download_file(site.url + "/a", tmp_path / "a", retries=3)
    assert pauses == [1, 1, 2]
    assert not (tmp_path / "a").exists()
    site.asked.clear()
    assert download_file(site.url + "/a", tmp_path / "a").read_bytes() == CONTENT
    assert site.asked == [("/a", "bytes=1000-")]
    assert leftovers(tmp_path) == ["a"]


def test_part_of_an_older_version_is_not_mixed_in(site, tmp_path):
    site.break_after = [1000, 0]
    with pytest.raises(DownloadError):
        download_file(site.url + "/a", tmp_path / "a", retries=1)
    site.content, site.etag, site.break_after = CONTENT[::-1], '"two"', []
    assert download_file(site.url + "/a", tmp_path / "a").read_bytes() == CONTENT[::-1]


def test_part_of_another_address_is_not_mixed_in(site, tmp_path):
    (tmp_path / "a.part").write_bytes(b"junk")
    (tmp_path / "a.part.json").write_text(json.dumps({"url": "https://example.com/a"}))
    assert download_file(site.url + "/a", tmp_path / "a").read_bytes() == CONTENT


def test_wrong_part_without_validator_is_found_by_the_hash(site, tmp_path):
    site.etag = ""
    (tmp_path / "a.part").write_bytes(b"junk")
    (tmp_path / "a.part.json").write_text(json.dumps({"url": site.url + "/a", "total": len(CONTENT)}))
    assert download_file(site.url + "/a", tmp_path / "a", sha256=SHA).read_bytes() == CONTENT
    assert [asked for _, asked in site.asked] == ["bytes=4-", ""]


def test_whole_part_needs_no_more_bytes(site, tmp_path):
    (tmp_path / "a.part").write_bytes(CONTENT)
    (tmp_path / "a.part.json").write_text(json.dumps({"url": site.url + "/a"}))
    assert download_file(site.url + "/a", tmp_path / "a", sha256=SHA).read_bytes() == CONTENT
    assert site.asked == [("/a", f"bytes={len(CONTENT)}-")]


def test_part_longer_than_the_file_starts_again(site, tmp_path):
    (tmp_path / "a.part").write_bytes(CONTENT + b"more")
    (tmp_path / "a.part.json").write_text(json.dumps({"url": site.url + "/a"}))
    assert download_file(site.url + "/a", tmp_path / "a").read_bytes() == CONTENT


def test_server_that_sends_another_part(site, tmp_path):
    site.break_after, site.wrong_range = [1000], True
    assert download_file(site.url + "/a", tmp_path / "a").read_bytes() == CONTENT


def test_announced_length_too_long(site, tmp_path):
    site.announced, site.ranges = len(CONTENT) + 10, False
    with pytest.raises(DownloadError, match="could not be fetched: it broke off after 102,400 bytes"):
        download_file(site.url + "/a", tmp_path / "a", retries=2)


def test_announced_length_too_short_is_found_by_the_hash(site, tmp_path):
    site.announced = 100
    with pytest.raises(DownloadError, match=f"what came must have the sha256 {SHA} and has"):
        download_file(site.url + "/a", tmp_path / "a", sha256=SHA)
    assert leftovers(tmp_path) == []


def test_size_is_checked_before_the_body(site, tmp_path):
    with pytest.raises(DownloadError, match="must have 7 bytes and the server announces 102,400"):
        download_file(site.url + "/a", tmp_path / "a", size=7)
    assert leftovers(tmp_path) == []


def test_size_is_checked_after_the_body(site, tmp_path):
    site.announced = 7
    with pytest.raises(DownloadError, match="what came must have the md5"):
        download_file(site.url + "/a", tmp_path / "a", size=7, md5="0" * 32)


def test_wrong_content(site, tmp_path):
    with pytest.raises(
        DownloadError, match=r"what came must have the sha256 12345678 and has [0-9a-f]{8}\. The file"
    ):
        download_file(site.url + "/a", tmp_path / "a", sha256="12345678")
    assert leftovers(tmp_path) == []


def test_500_then_works(site, tmp_path, pauses):
    site.statuses = [500, 503, 429]
    assert download_file(site.url + "/a", tmp_path / "a").read_bytes() == CONTENT
    assert pauses == [1, 2, 3]


def test_500_for_good(site, tmp_path):
    site.statuses = [500] * 3
    with pytest.raises(DownloadError, match="the server answered 500"):
        download_file(site.url + "/a", tmp_path / "a", retries=3)


def test_404_is_not_tried_again(site, tmp_path, pauses):
    site.statuses = [404, 404]
    with pytest.raises(
        DownloadError, match=r"/a could not be fetched: the server answered 404 Not Found\. Check the"
    ):
        download_file(site.url + "/a", tmp_path / "a")
    assert pauses == []


def test_no_server_says_which_file_to_put_where(site, tmp_path):
    site.stop()
    with pytest.raises(DownloadError, match="no answer") as caught:
        download_file(site.url + "/a", tmp_path / "a", retries=2)
    message = str(caught.value)
    assert "refused" in message
    assert "Is this machine offline?" in message
    assert f"save it as {str(tmp_path / 'a')!r}" in message
    assert "\n" not in message
    assert "object at 0x" not in message


ELSEWHERE = ["http://example.com/b", "file:///etc/passwd", "ftp://127.0.0.1/b", "http://[::1", "http://127.0.0.1:99999/b"]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_redirect_away_from_https_is_refused_before_it_is_asked(site, tmp_path, monkeypatch, pauses, target):
    import requests

    asked = []
    get = requests.get
    monkeypatch.setattr(requests, "get", lambda address, **how: asked.append(address) or get(address, **how))
    site.redirect = target
    with pytest.raises(DownloadError, match="which is not https|is no address that can be asked"):
        download_file(site.url + "/a", tmp_path / "a")
    assert asked == [site.url + "/a"] and len(site.asked) == 1 and pauses == []
    assert leftovers(tmp_path) == []


class Answer:
    """Leads from a site elsewhere to another address."""

    is_redirect, cookies = True, {}

    def __init__(self, target):
        self.headers = {"location": target}

    def close(self):
        pass


def test_redirect_from_elsewhere_to_this_machine_is_refused(tmp_path, monkeypatch):
    import requests

    asked = []
    monkeypatch.setattr(requests, "get", lambda address, **how: asked.append(address) or Answer("http://127.0.0.1/b"))
    with pytest.raises(DownloadError, match="it leads to http://127.0.0.1/b, which is not https"):
        download_file("https://example.com/a", tmp_path / "a")
    assert asked == ["https://example.com/a"]


def test_redirect_without_end_is_refused(site, tmp_path, pauses):
    site.redirect = "/a"
    with pytest.raises(DownloadError, match="it leads on to another address more than 20 times"):
        download_file(site.url + "/a", tmp_path / "a")
    assert len(site.asked) == 20 and pauses == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/a", "https://example.com:port/a", "https://[::1/a"])
def test_addresses_that_cannot_be_one(tmp_path, url):
    with pytest.raises(ArgumentError, match="download: url must be an address with a host and a port from 0 to 65535"):
        download_file(url, tmp_path / "a")


def test_addresses_that_requests_refuses_are_asked_once(tmp_path, pauses):
    with pytest.raises(DownloadError, match="it is no address that can be asked"):
        download_file("https://" + "a" * 70 + ".example/a", tmp_path / "a")
    assert pauses == []


@pytest.mark.parametrize("url", [None, 3, Path("a"), b"https://example.com/a"])
def test_what_is_no_address(tmp_path, url):
    for call in (fetch.secure_url, lambda given: download_file(given, tmp_path / "a")):
        with pytest.raises(ArgumentTypeError, match="download: url must be an address; got .*Pass one of URLs"):
            call(url)


def test_redirect_is_followed(site, serve, tmp_path):
    site.redirect = serve(b"there").url + "/b"
    assert download_file(site.url + "/a", tmp_path / "a").read_bytes() == b"there"


def test_bad_certificate(tmp_path, monkeypatch):
    import requests

    def refuse(*args, **kwargs):
        raise requests.exceptions.SSLError("self-signed certificate")

    monkeypatch.setattr(requests, "get", refuse)
    with pytest.raises(DownloadError, match=r"its certificate is not accepted \(self-signed certificate\)"):
        download_file("https://example.com/a", tmp_path / "a")


def test_full_disk(site, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(FileWriteError, match="No space left on device"):
        download_file(site.url + "/a", tmp_path / "a")


def test_progress_is_drawn(site, tmp_path, monkeypatch, capsys):
    from onecycle.utils import progress

    monkeypatch.setattr(progress, "place", lambda: "terminal")
    download_file(site.url + "/a", tmp_path / "a", chunk_size=10_000)
    assert "a 0.1 MB" in capsys.readouterr().err


def test_pause_doubles(monkeypatch):
    monkeypatch.undo()
    slept: list[float] = []
    monkeypatch.setattr(fetch.time, "sleep", slept.append)
    for failures in (1, 2, 3, 9):
        fetch._pause(failures)
    assert slept == [0.5, 1.0, 2.0, 8.0]
