import pytest
from torch import nn

from onecycle.callbacks.bn_freeze import BnFreeze
from onecycle.errors import ArgumentError


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


@pytest.mark.parametrize("n", [3, -4])
def test_a_group_that_is_not_there(make_learner, n):
    with pytest.raises(ArgumentError, match="freeze_to: n must be an index into the 3 layer groups"):
        grouped(make_learner).freeze_to(n)


@pytest.mark.parametrize("frozen_groups", [False, True])
def test_statistics_of_frozen_groups_can_stay(make_learner, frozen_groups):
    learn = grouped(make_learner)
    learn.freeze()
    mean = learn.model[1].running_mean.clone()
    learn.fit(1, 1e-2, callbacks=[BnFreeze(learn, frozen_groups=frozen_groups)])
    assert (learn.model[1].running_mean == mean).all() == frozen_groups
    assert learn.model[1].weight.requires_grad


def test_statistics_of_frozen_batch_norms_can_stay(make_learner):
    learn = grouped(make_learner, train_bn=False)
    learn.freeze()
    mean = learn.model[1].running_mean.clone()
    learn.fit(1, 1e-2, callbacks=[BnFreeze(learn)])
    assert (learn.model[1].running_mean == mean).all()


def test_split_takes_modules_lists_and_functions(make_learner):
    learn = make_learner()
    assert len(learn.split(learn.model[4]).layer_groups) == 2
    assert len(learn.split([[learn.model[0]], [learn.model[4]]]).layer_groups) == 2
    assert isinstance(learn.split(lambda m: [m[2]]).layer_groups[0], nn.Sequential)
