"""The feature loss: its parts, the body that it leaves alone, what goes into files."""

import copy
import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.nn.feature_loss import FeatureLoss, gram_matrix
from onecycle.nn.losses import NoneReduceOnCPU, activation_for
from onecycle.utils.registry import decode, encode


def body():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3),
    )  # fmt: skip


def pictures(count=2):
    torch.manual_seed(1)
    return torch.randn(count, 3, 12, 10, requires_grad=True), torch.randn(count, 3, 12, 10)


def test_a_gram_matrix_is_the_mean_product_of_channels():
    x = torch.randn(2, 3, 4, 5)
    gram = gram_matrix(x)
    by_hand = torch.einsum("nchw,ndhw->ncd", x, x) / (3 * 4 * 5)
    torch.testing.assert_close(gram, by_hand)


def test_the_parts_are_what_they_are_by_hand():
    loss, (made, wanted) = FeatureLoss(body(), [2, 4], [5, 3], gram_weight=10.0), pictures()
    total = loss(made, wanted)
    net = body().eval()
    maps = [[net[:k](x.detach()) for k in (3, 5)] for x in (made, wanted)]
    parts = {"pixel": F.l1_loss(made, wanted)}
    for i, (a, b, w) in enumerate(zip(*maps, (5, 3))):
        parts[f"feat_{i}"] = F.l1_loss(a, b) * w
        parts[f"gram_{i}"] = F.l1_loss(gram_matrix(a), gram_matrix(b)) * w**2 * 10
    assert loss.metric_names == ["pixel", "feat_0", "feat_1", "gram_0", "gram_1"] == list(loss.metrics)
    for name, part in parts.items():
        torch.testing.assert_close(loss.metrics[name], part.detach(), msg=name)
    torch.testing.assert_close(total, sum(parts.values()))


def test_the_gradient_is_that_of_the_function():
    net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Sigmoid(), nn.Conv2d(2, 2, 3)).double()
    loss = FeatureLoss(net, [1, "2"], [2, 1], base_loss=F.mse_loss, gram_weight=3.0)
    made, wanted = (torch.rand(1, 3, 6, 6, dtype=torch.double) for _ in range(2))
    assert torch.autograd.gradcheck(lambda x: loss(x, wanted), made.requires_grad_())


def test_the_body_is_left_alone():
    net = body()
    loss, (made, wanted) = FeatureLoss(net, [2, 4]), pictures()
    before = copy.deepcopy(net.state_dict())
    loss.train()
    loss(made, wanted).backward()
    assert made.grad is not None and made.grad.abs().sum() > 0
    assert not any(p.requires_grad or p.grad is not None for p in loss.parameters())
    assert not any(m.training for m in loss.modules())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not any(m._forward_hooks for m in net.modules())


def test_no_hook_is_left_where_the_body_fails():
    net = body()
    loss = FeatureLoss(net, [0])
    with pytest.raises(RuntimeError):
        loss(torch.zeros(1, 3, 1, 1), torch.zeros(1, 3, 1, 1))
    assert not any(m._forward_hooks for m in net.modules())


def test_its_parts_hold_no_graph():
    loss, pair = FeatureLoss(body(), [2]), pictures()
    loss(*pair)
    assert not any(part.requires_grad for part in loss.metrics.values())


def test_a_copy_watches_its_own_body():
    loss = FeatureLoss(body(), [2])
    again = copy.deepcopy(loss)
    assert again._watched[0] is again.body[2] is not loss.body[2]


def test_the_loss_of_each_picture():
    loss, (made, wanted) = FeatureLoss(body(), [2, 4]), pictures(3)
    with NoneReduceOnCPU(loss) as of_each:
        found = of_each(made, wanted)
    alone = torch.stack([loss(a, b) for a, b in zip(made.split(1), wanted.split(1))])
    assert loss.reduction == "mean"
    torch.testing.assert_close(found, alone)


def test_a_file_keeps_the_base_loss():
    loss = FeatureLoss(body(), [2], base_loss=F.mse_loss)
    with pytest.warns(UserWarning, match="export: the network inside FeatureLoss is left out"):
        kept = encode(loss)
    assert decode(kept) is F.mse_loss
    assert activation_for(loss)(made := torch.randn(3)) is made


def test_it_says_what_it_is_made_of():
    said = repr(FeatureLoss(body(), [2], [5]))
    assert said == "FeatureLoss(layers=[2], weights=[5.0], base_loss=l1_loss, gram_weight=5000.0, body=Sequential)"


@pytest.mark.parametrize(
    "how, error, said",
    [
        ({"body": "vgg16_bn"}, ArgumentTypeError, "FeatureLoss: body must be a module"),
        ({"layers": []}, ArgumentError, "FeatureLoss: layers must name at least one layer"),
        ({"layers": [9]}, ArgumentError, "layers of the body; got 9 (int). The body's children begin with: 0 Conv2d"),
        ({"layers": ["conv"]}, ArgumentError, "must be layers of the body; got 'conv'"),
        ({"weights": [1, 2]}, ArgumentError, "weights must be one number of at least 0 for each of the 1 layers"),
        ({"weights": [-1]}, ArgumentError, "weights must be one number of at least 0"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(how, error, said):
    with pytest.raises(error, match=re.escape(said)):
        FeatureLoss(**{"body": body(), "layers": [2], **how})


def test_pictures_that_do_not_fit_are_told():
    loss = FeatureLoss(body(), [2])
    with pytest.raises(DataError, match=r"one shape; got \(1, 3, 8, 8\) and \(1, 3, 9, 8\)"):
        loss(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 9, 8))
    with pytest.raises(DataError, match=r"pictures must be \(N, 3, H, W\).*got \(1, 1, 8, 8\)"):
        loss(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8))
