"""How a model is called with the inputs of a batch."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from onecycle.errors import TrainingError
from onecycle.nn.calling import call_model
from onecycle.utils.collections import NamedParts


class Net(nn.Module):
    def forward(self, ids, mask=None):
        return ids if mask is None else ids * mask


class Takes(nn.Module):
    def forward(self, x, **more):
        return x, more


def test_inputs_go_in_by_place_or_by_name():
    ids, mask = torch.ones(2, 3), torch.zeros(2, 3)
    assert call_model(Net(), ids) is ids
    assert call_model(Net(), [ids, mask]).sum() == 0
    assert call_model(Net(), {"mask": mask, "ids": ids}).sum() == 0
    assert call_model(nn.DataParallel(Net()), {"ids": ids}) is ids
    assert call_model(Takes(), {"x": 1, "y": 2}) == (1, {"y": 2})


@pytest.mark.parametrize("more", [{}, {"file": ["a", "b"]}])
def test_the_only_tensor_is_the_first_argument(more):
    image = torch.ones(2, 3)
    assert call_model(Net(), NamedParts({"image": image, **more})) is image


def test_inputs_that_the_model_does_not_name_are_left_out():
    ids = torch.ones(2, 3)
    model = Net()
    with pytest.warns(UserWarning, match=r"batch: Net.forward does not name token_type_ids, which is left out"):
        assert call_model(model, NamedParts(ids=ids, token_type_ids=ids, text=["a"])) is ids
    assert call_model(model, NamedParts(ids=ids, token_type_ids=ids, text=["a"])) is ids  # said once


@pytest.mark.parametrize("names", [("words", "mask"), ("words", "others")])
def test_a_missing_input_is_named(names):
    batch = NamedParts({name: torch.ones(1) for name in names})
    with pytest.raises(TrainingError, match=rf"Net.forward names \(ids\); it has {', '.join(names)}. Name them alike"):
        call_model(Net(), batch)


def test_the_logits_of_transformers_are_the_output():
    class ModelOutput(OrderedDict):
        pass

    class Body(nn.Module):
        def forward(self, ids):
            return ModelOutput(logits=ids * 2, states=ids)

    class Other(nn.Module):
        def forward(self, ids):
            return {"logits": ids}

    ids = torch.ones(1)
    assert call_model(Body(), {"ids": ids}) == 2
    assert call_model(Other(), {"ids": ids}) == {"logits": ids}


@pytest.mark.parametrize("inputs", [{"a": torch.ones(2)}, {"a": torch.ones(2), "b": torch.ones(2)}, {"ids": 1, "b": 2}])
def test_a_model_may_take_a_dict_as_its_one_input(inputs):
    class TakesDict(nn.Module):
        def forward(self, batch):
            return batch

    class TakesMore(nn.Module):
        def forward(self, batch, **more):
            return batch

    assert call_model(TakesDict(), inputs) is inputs
    assert call_model(TakesMore(), inputs) is inputs
