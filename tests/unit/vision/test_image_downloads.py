"""Tests of onecycle.vision.image_downloads, against a server on this machine."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from onecycle.vision.image_downloads import download_image, download_images


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    for i in range(4):
        (folder / f"{i}.png").write_bytes(b"picture %d" % i)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_pictures_are_named_by_their_place_in_the_list(server, tmp_path):
    (tmp_path / "urls.txt").write_text(f"{server}/2.png\n\n{server}/0.png?size=large\n{server}/1.png\n")
    assert download_images(tmp_path / "urls.txt", tmp_path / "came", max_pics=2) == 2
    came = {path.name: path.read_bytes() for path in (tmp_path / "came").iterdir()}
    assert came == {"00000000.png": b"picture 2", "00000001.png": b"picture 0"}


def test_what_does_not_come_is_told_and_the_others_still_come(server, tmp_path, capsys):
    urls = [f"{server}/none.jpg", f"{server}/3.png", "no address"]
    assert download_images(urls, tmp_path / "came") == 1
    assert [path.name for path in (tmp_path / "came").iterdir()] == ["00000001.png"]
    said = capsys.readouterr().out
    assert "none.jpg did not come" in said and "no address did not come" in said


def test_one_picture(server, tmp_path):
    assert download_image(f"{server}/1.png", tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes() == b"picture 1"
    assert not download_image(f"{server}/none.png", tmp_path / "none.png")


def test_addresses_that_are_none_are_told_and_the_others_still_come(server, tmp_path, capsys):
    (tmp_path / "urls.txt").write_bytes(f"http://[::1\n{server}/1.png\n".encode("utf-16"))
    assert download_images(tmp_path / "urls.txt", tmp_path / "out") == 1
    assert "http://[::1 did not come: download: url must be an address with a host" in capsys.readouterr().out
