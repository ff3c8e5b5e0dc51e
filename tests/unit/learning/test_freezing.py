import numpy as np
import pytest
import torch
from torch import nn

from onecycle.callbacks.bn_freeze import BnFreeze
from onecycle.errors import ArgumentError
from onecycle.training.callback import Callback


def grouped(make_learner, **how):
    """Three groups: linear and norm; activation and dropout; the last linear."""
    return make_learner(**how).split(lambda model: [model[2], model[4]])


def learning(learn):
    return [name for name, p in learn.model.named_parameters() if p.requires_grad]


def test_groups_share_the_model_s_layers(make_learner):
    learn = grouped(make_learner)
    assert [len(group) for group in learn.layer_groups] == [2, 2, 1]
    assert learn.layer_groups[2][0] is learn.model[4]


def test_freeze_leaves_the_head_and_batch_norms_learning(make_learner):
    learn = grouped(make_learner)
    learn.freeze()
    assert learning(learn) == ["1.weight", "1.bias", "4.weight", "4.bias"]
    assert learn.opt.n_params == 4


def test_without_train_bn_batch_norms_freeze_too(make_learner):
    learn = grouped(make_learner, train_bn=False)
    learn.freeze()
    assert learning(learn) == ["4.weight", "4.bias"]


def test_unfreeze(make_learner):
    learn = grouped(make_learner)
    learn.freeze()
    learn.unfreeze()
    assert len(learning(learn)) == 6 and learn.opt.n_params == 6


def test_frozen_weights_do_not_move(make_learner):
    learn = grouped(make_learner)
    learn.freeze()
    first, last = learn.model[0].weight.detach().clone(), learn.model[4].weight.detach().clone()
    learn.fit(1, 1e-2)
    assert (learn.model[0].weight == first).all() and not (learn.model[4].weight == last).all()


@pytest.mark.parametrize("n", [4, -4, 1.0, True, "1", None, slice(1)])
def test_a_group_that_is_not_there(make_learner, n):
    with pytest.raises(ArgumentError, match="freeze_to: n must be a whole number from -3 to 3, as there are 3 layer"):
        grouped(make_learner).freeze_to(n)


@pytest.mark.parametrize("n", [1, -2, np.int64(1), torch.tensor(1)])
def test_freeze_to_takes_every_kind_of_whole_number(make_learner, n):
    learn = grouped(make_learner)
    learn.freeze_to(n)
    assert learning(learn) == ["1.weight", "1.bias", "4.weight", "4.bias"]


def test_the_number_of_groups_freezes_all_but_batch_norms(make_learner):
    learn = grouped(make_learner)
    learn.freeze_to(3)
    assert learning(learn) == ["1.weight", "1.bias"] and learn.opt.n_params == 2
    learn.fit(1, 1e-2)


def test_all_frozen_trains_nothing_until_it_is_unfrozen(make_learner):
    learn = grouped(make_learner, train_bn=False)
    learn.freeze_to(3)
    assert learning(learn) == [] and learn.opt is None
    with pytest.raises(ArgumentError, match=r"must hold a trainable parameter. Unfreeze first: learn.unfreeze\(\)"):
        learn.fit(1)
    learn.freeze_to(-1)
    assert learning(learn) == ["4.weight", "4.bias"]
    learn.fit(1, 1e-2)


@pytest.mark.parametrize("groups", [None, lambda model: [[model[2], model[3]], [model[4]]],
                                    lambda model: [[model[1]], [model[4]]]])
def test_freeze_with_nothing_to_freeze(make_learner, groups):
    """One group; a first group without weights; one of batch norms, which go on learning."""
    learn = make_learner() if groups is None else make_learner().split(groups)
    count = len(learn.layer_groups)
    before = learning(learn)
    with pytest.raises(ArgumentError, match=rf"freeze: there must be weights .* learn.freeze_to\({count}\)"):
        learn.freeze()
    assert learning(learn) == before


def test_norms_alone_can_be_frozen_where_they_are_not_to_learn(make_learner):
    learn = make_learner(train_bn=False).split(lambda model: [[model[1]], [model[4]]])
    learn.freeze()
    assert not learn.model[1].weight.requires_grad


def test_a_learner_of_one_group_is_frozen_whole(make_learner):
    learn = make_learner(train_bn=False)
    learn.freeze_to(1)
    assert learning(learn) == []
    learn.unfreeze()
    assert len(learning(learn)) == 6


def test_weights_of_whole_numbers_never_learn(make_learner):
    learn = grouped(make_learner)
    learn.model[0].codes = nn.Parameter(torch.zeros(3, dtype=torch.int8), requires_grad=False)
    learn.freeze()
    learn.unfreeze()
    assert not learn.model[0].codes.requires_grad and learn.model[0].weight.requires_grad


def test_a_weight_of_two_groups_learns_with_the_later(make_learner):
    learn = make_learner().split(lambda model: [model[4]])
    learn.model[0].bias = learn.model[4].bias
    learn.freeze()
    assert learn.model[4].bias.requires_grad and not learn.model[0].weight.requires_grad


@pytest.mark.parametrize("train_bn", [False, True])
def test_statistics_of_frozen_groups_stay(make_learner, train_bn):
    learn = grouped(make_learner, train_bn=train_bn)
    learn.freeze()
    mean, scale = learn.model[1].running_mean.clone(), learn.model[1].weight.detach().clone()
    learn.fit(1, 1e-2)
    assert (learn.model[1].running_mean == mean).all() and (learn.model[1].weight == scale).all() != train_bn


def test_a_frozen_layer_does_the_same_in_training_and_validation(make_learner):
    class Modes(Callback):
        def on_batch_begin(self, train, **kwargs):
            modes.add((train, learn.model[1].training, learn.model[3].training))

    learn, modes = grouped(make_learner), set()
    learn.freeze()
    learn.fit(1, 1e-2, callbacks=[Modes()])
    assert modes == {(True, False, True), (False, False, False)}


def test_statistics_of_groups_that_learn_follow_the_data(make_learner):
    learn = grouped(make_learner)
    mean = learn.model[1].running_mean.clone()
    learn.fit(1, 1e-2)
    assert not (learn.model[1].running_mean == mean).all()


def test_a_group_of_a_norm_alone_is_not_frozen_while_it_learns(make_learner):
    learn = make_learner().split(lambda model: [model[1], model[2]])
    learn.freeze()
    mean = learn.model[1].running_mean.clone()
    learn.fit(1, 1e-2)
    assert not (learn.model[1].running_mean == mean).all()


def test_statistics_of_norms_that_are_frozen_by_hand_can_stay(make_learner):
    learn = make_learner()
    mean = learn.model[1].running_mean.clone()
    for parameter in learn.model[1].parameters():
        parameter.requires_grad_(False)
    learn.fit(1, 1e-2, callbacks=[BnFreeze(learn)])
    assert (learn.model[1].running_mean == mean).all()


def test_split_takes_modules_lists_and_functions(make_learner):
    learn = make_learner()
    assert len(learn.split(learn.model[4]).layer_groups) == 2
    assert len(learn.split([[learn.model[0]], [learn.model[4]]]).layer_groups) == 2
    assert isinstance(learn.split(lambda m: [m[2]]).layer_groups[0], nn.Sequential)


def test_a_model_that_is_all_frozen_trains_its_batch_norms(make_learner):
    learn = grouped(make_learner)
    learn.freeze_to(3)
    before = {name: p.detach().clone() for name, p in learn.model.named_parameters()}
    learn.fit(1, 1e-2)
    changed = [name for name, p in learn.model.named_parameters() if not torch.equal(before[name], p)]
    assert changed == ["1.weight", "1.bias"]
