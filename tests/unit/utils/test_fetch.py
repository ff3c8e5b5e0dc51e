"""Downloads that meet broken servers."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from onecycle.errors import ArgumentError, DownloadError
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


def test_redirect_to_http_is_refused(site, serve, tmp_path, monkeypatch):
    site.redirect = serve(CONTENT).url + "/b"
    monkeypatch.setattr(
        fetch, "secure_url", lambda url: url.replace("http:", "https:") if "/b" in url else url
    )
    with pytest.raises(DownloadError, match="which is not https"):
        download_file(site.url + "/a", tmp_path / "a")


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
