"""Files of `torch.save` that are old, damaged or hold more than tensors."""

from __future__ import annotations

import functools
import io

import numpy as np
import pytest
import torch

from onecycle.errors import FileFormatError
from onecycle.utils.bundle import load_checkpoint


@pytest.fixture
def tensors():
    return {"w": torch.randn(3, 4)}


@pytest.mark.parametrize("zipped", [True, False])
def test_optimiser_state_with_classes_says_what_to_do(tmp_path, tensors, zipped):
    path = tmp_path / "a.pth"
    state = {"model": tensors, "opt": {"opt_func": functools.partial(torch.optim.Adam)}}
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(
        FileFormatError, match=r"holds more than tensors \(functools\.partial\).*with_opt=False"
    ):
        load_checkpoint(path)


@pytest.mark.parametrize("folder", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_numpy_numbers_of_old_optimiser_states(tmp_path, folder):
    path = tmp_path / "a.pth"
    state = {"opt": {"lr": np.float64(0.5), "n": np.int64(3), "b": np.bool_(True), "w": np.float32(2)}}
    torch.save(state, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes().replace(b"numpy._core.multiarray", folder))
    back = load_checkpoint(path)["opt"]
    assert back == {"lr": 0.5, "n": 3, "b": True, "w": 2}
    assert [type(v) for v in back.values()] == [float, int, bool, float]


def test_other_things_of_numpy_are_refused(tmp_path):
    torch.save({"lrs": np.array([1.0, 2.0])}, tmp_path / "a.pth")
    with pytest.raises(
        FileFormatError, match=r"holds more than tensors \(numpy\._core\.multiarray\._reconstruct\)"
    ):
        load_checkpoint(tmp_path / "a.pth")
    torch.save({"o": np.datetime64("2020-01-01")}, tmp_path / "a.pth")
    with pytest.raises(FileFormatError, match=r"holds more than tensors \(numpy\.dtype\.M8\)"):
        load_checkpoint(tmp_path / "a.pth")
    torch.save({"be": np.array([7], dtype=">i4")[0]}, tmp_path / "a.pth")
    assert load_checkpoint(tmp_path / "a.pth") == {"be": 7}


@pytest.mark.parametrize("zipped", [True, False])
def test_checkpoint_cut_short(tmp_path, zipped):
    buffer = io.BytesIO()
    torch.save({"w": torch.randn(100)}, buffer, _use_new_zipfile_serialization=zipped)
    path = tmp_path / "a.pth"
    for length in (len(buffer.getvalue()) - 30, 250):
        path.write_bytes(buffer.getvalue()[:length])
        with pytest.raises(
            FileFormatError, match=rf"a\.pth' is damaged or cut short \({length:,} bytes;"
        ) as caught:
            load_checkpoint(path)
        assert "\n" not in str(caught.value)
