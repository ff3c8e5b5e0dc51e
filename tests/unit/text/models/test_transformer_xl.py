"""Transformer-XL: memory, masks, layer groups."""

import copy

import pytest
import torch

from onecycle.errors import ArgumentError
from onecycle.text.heads import get_language_model, get_text_classifier
from onecycle.text.models.transformer_xl import TransformerXL, tfmerXL_clas_split, tfmerXL_lm_split

SMALL = {"ctx_len": 8, "n_layers": 3, "n_heads": 2, "d_model": 6, "d_head": 3, "d_inner": 10}


def words(rows=2, length=6):
    return torch.randint(2, 20, (rows, length))


def model(**more):
    made = TransformerXL(20, **SMALL, **more).eval()
    torch.nn.init.normal_(made.u)
    torch.nn.init.normal_(made.v)
    return made


@pytest.mark.parametrize("learned", [True, False])
def test_two_batches_are_one_long_one(learned):
    xl, x = model(mem_len=5, learned_pos_enc=learned), words(length=8)
    whole = xl(x)[0][0]
    xl.reset()
    xl(x[:, :5])
    torch.testing.assert_close(xl(x[:, 5:])[0][0], whole[:, 5:])


def test_what_comes_later_changes_nothing_before():
    xl, x = model(), words()
    changed = x.clone()
    changed[:, 3] = (x[:, 3] + 1) % 20
    one, other = xl(x)[0][0], xl(changed)[0][0]
    torch.testing.assert_close(one[:, :3], other[:, :3])
    assert not torch.allclose(one[:, 3:], other[:, 3:])


@pytest.mark.parametrize("learned", [True, False])
def test_without_a_mask_everything_is_seen(learned):
    xl, x = model(mask=False, mem_len=4, learned_pos_enc=learned), words()
    xl(x)
    again = copy.deepcopy(xl)
    changed = x.clone()
    changed[:, 5] = (x[:, 5] + 1) % 20
    assert not torch.allclose(xl(x)[0][0][:, 0], again(changed)[0][0][:, 0])


def test_memory_is_no_longer_than_asked_for_and_has_no_history():
    xl = model(mem_len=7).train()
    for length in (4, 6, 1):
        xl(words(length=length))[0][0].sum().backward()
    assert [tuple(part.shape) for part in xl.hidden] == [(2, 7, 6)] * 3
    assert not any(part.requires_grad for part in xl.hidden) and "hidden" not in str(list(xl.state_dict()))
    none = model()
    none(words())
    assert none.hidden is None


def test_memory_follows_the_batch():
    xl, x = model(mem_len=6), words(3)
    xl.select_hidden([1])  # nothing is remembered yet
    xl(x)
    fewer, chosen = copy.deepcopy(xl), copy.deepcopy(xl)
    whole = xl(x)[0][0]
    torch.testing.assert_close(fewer(x[:2])[0][0], whole[:2])
    chosen.select_hidden([2, 2, 0])
    torch.testing.assert_close(chosen(x[[2, 2, 0]])[0][0], whole[[2, 2, 0]])
    fewer(words(5))


def test_no_words():
    with pytest.raises(ArgumentError, match="TransformerXL: vocab_sz must be a whole number of at least 1; got 0"):
        TransformerXL(0, **SMALL)


def test_layer_groups_hold_every_weight_once():
    for made, split, count in (
        (get_language_model("TransformerXL", 20, SMALL), tfmerXL_lm_split, 4),
        (get_text_classifier("TransformerXL", 20, 2, config=SMALL), tfmerXL_clas_split, 5),
    ):
        groups = [{id(p) for layer in group for p in layer.parameters()} for group in split(made)]
        assert len(groups) == count and sum(map(len, groups)) == len(set.union(*groups))
        assert set.union(*groups) == {id(p) for p in made.parameters()}
        assert made[0].u.ne(0).any() if hasattr(made[0], "u") else made[0].module.u.ne(0).any()
