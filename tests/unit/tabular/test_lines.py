import pytest
import torch

from onecycle.tabular.lines import TabularLine

CLASSES = {"work": ["#na#", "state"]}


def test_a_line_prints_its_columns():
    line = TabularLine([1], [0.25, 1.0], CLASSES, ["work", "age", "pay"], lambda conts: [40.0000001, 0.1])
    assert str(line) == line.obj == "work state; age 40; pay 0.1000;"
    assert repr(line) == "TabularLine work state; age 40; pay 0.1000;"
    assert line["age"] == "40" and line.data[1].tolist() == [0.25, 1.0]
    with pytest.raises(KeyError, match="there is no column 'agee'. Did you mean 'age'"):
        line["agee"]


def test_lines_are_packed():
    a, b = (TabularLine([k], [0.5], CLASSES, ["work", "age"]) for k in (0, 1))
    codes, conts = TabularLine.pack([a, b]).unpack(torch.device("cpu"))
    assert codes.tolist() == [[0], [1]] and conts.tolist() == [[0.5], [0.5]]
    codes, conts = TabularLine.pack([b]).unpack(torch.device("cpu"))
    assert codes.tolist() == [[1]] and codes.dtype == torch.int64 and conts.dtype == torch.float32
    codes, conts = TabularLine.pack([TabularLine([], [1], {}, ["age"])]).unpack(torch.device("cpu"))
    assert codes.shape == (1, 0) and codes.dtype == torch.int64 and conts.tolist() == [[1.0]]
