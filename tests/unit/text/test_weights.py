import pickle

import pytest
import torch

from onecycle.errors import FileFormatError
from onecycle.text.weights import convert_weights, read_weights
from onecycle.utils.files import FileMissingError


@pytest.fixture
def weights():
    rows = torch.arange(12.0).view(4, 3)
    names = ("0.encoder.weight", "0.encoder_dp.emb.weight", "1.decoder.weight")
    return {**{name: rows.clone() for name in names}, "1.decoder.bias": torch.arange(4.0), "0.rnns.0.x": torch.ones(2)}


def test_tokens_keep_their_rows_and_new_ones_get_the_mean(weights):
    made = convert_weights(weights, {"xxunk": 0, "a": 1, "b": 2, "c": 3}, ["c", "new", "xxunk"])
    rows = weights["0.encoder.weight"]
    wanted = torch.stack([rows[3], rows.mean(0), rows[0]])
    for name in ("0.encoder.weight", "0.encoder_dp.emb.weight", "1.decoder.weight"):
        assert torch.equal(made[name], wanted)
    assert made["1.decoder.bias"].tolist() == [3.0, 1.5, 0.0] and torch.equal(made["0.rnns.0.x"], torch.ones(2))
    assert len(weights["0.encoder.weight"]) == 4  # what was given stays


def test_weights_without_a_bias(weights):
    del weights["1.decoder.bias"]
    assert "1.decoder.bias" not in convert_weights(weights, {"a": 0}, ["a"])


def test_a_vocabulary_with_more_tokens_than_rows(weights):
    with pytest.raises(FileFormatError, match="it numbers 9 tokens, 0.encoder.weight has 4 rows"):
        convert_weights(weights, {"a": 8}, ["a"])


def test_files_are_read_without_running_them(tmp_path, weights):
    torch.save(weights, tmp_path / "lm.pth")
    (tmp_path / "itos.pkl").write_bytes(pickle.dumps(["xxunk", "a", "b", "c"]))
    made, shared = read_weights(tmp_path / "lm.pth", tmp_path / "itos.pkl", ["xxunk", "b", "z"], "cpu")
    assert shared == 2 and made["0.encoder.weight"].shape == (3, 3)
    with pytest.raises(FileMissingError, match="none.pth"):
        read_weights(tmp_path / "none.pth", tmp_path / "itos.pkl", ["b"], "cpu")
    (tmp_path / "itos.pkl").write_bytes(pickle.dumps(print))
    with pytest.raises(FileFormatError, match="could not be read without running code"):
        read_weights(tmp_path / "lm.pth", tmp_path / "itos.pkl", ["b"], "cpu")


def test_weights_saved_with_an_optimiser_are_read(tmp_path, weights):
    torch.save({"model": weights, "opt": {}}, tmp_path / "lm.pth")
    (tmp_path / "itos.txt").write_text("xxunk\na\nb\nc\n")
    assert read_weights(tmp_path / "lm.pth", tmp_path / "itos.txt", ["a", "c"], "cpu")[1] == 2
