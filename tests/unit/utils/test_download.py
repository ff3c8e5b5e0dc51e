"""What is downloaded by name: files and pretrained weights."""

from __future__ import annotations

import hashlib

import pytest

from onecycle.errors import DownloadError
from onecycle.utils.download import download_url, download_weights

CONTENT = bytes(range(256)) * 4
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def site(serve):
    return serve(CONTENT)


def test_download_url(site, tmp_path):
    assert download_url(site.url + "/a", tmp_path / "a", show_progress=False).read_bytes() == CONTENT


def test_download_weights(site, tmp_path, monkeypatch):
    monkeypatch.setenv("ONECYCLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    name = f"net-{SHA[:8]}.pth"
    file = download_weights(f"{site.url}/{name}")
    assert file == tmp_path / "home" / "models" / name
    assert file.read_bytes() == CONTENT
    with pytest.raises(DownloadError, match="sha256 deadbeef"):
        download_weights(f"{site.url}/net-deadbeef.pth")


def test_download_weights_from_the_cache_of_torch(site, tmp_path, monkeypatch):
    monkeypatch.setenv("ONECYCLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    cache = tmp_path / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    (cache / "net.pth").write_bytes(CONTENT)
    assert download_weights(f"{site.url}/net.pth", SHA[:8]) == cache / "net.pth"
    assert site.asked == []
    assert download_weights(f"{site.url}/other", SHA[:8], "net.pth") == cache / "net.pth"
