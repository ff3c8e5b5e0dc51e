"""A loss that sums, masks and divides by itself gives the same loss of a set however it is cut into batches."""

import pytest
import torch
import torch.nn.functional as F

from onecycle.nn.loss_weight import weighed
from onecycle.training.loop import _of_set

N, K = 23, 4
draw = torch.Generator().manual_seed(0)
OUTPUT, NUMBERS = torch.randn(N, K, generator=draw), torch.randn(N, K, generator=draw)
CLASSES = torch.randint(K, (N,), generator=draw)
MASK = torch.rand(N, K, generator=draw) > 0.4
MASK[5] = False
SHARES = torch.rand(N, generator=draw)
MEANS, SPREADS = torch.randn(N, 3, generator=draw), torch.randn(N, 3, generator=draw) * 0.1
WEIGHT = torch.tensor([1.0, 10.0, 0.1, 3.0])
LEARNT = torch.tensor([0.3, -0.2])


def each(output, target):
    return F.cross_entropy(output, target, reduction="none")


def divergence(means, spreads):
    return -0.5 * torch.sum(1 + spreads - means**2 - spreads.exp())


def masked_losses(output, target):
    counts = target != 2
    return (each(output, target) * counts).sum() / counts.sum()


def chosen_losses(output, target):
    return each(output, target)[target != 2].mean()


def divided_by_a_number(output, target):
    counts = target != 2
    return (each(output, target) * counts).sum() / max(1, int(counts.sum()))


def divided_by_a_length(output, target):
    index = (target != 2).nonzero()[:, 0]
    return F.cross_entropy(output[index], target[index], reduction="sum") / len(index)


def kept_from_zero(output, target):
    counts = (target != 2).float()
    return (each(output, target) * counts).sum().div(counts.sum().clamp(min=1))


def zero_for_nothing(output, target):
    counts = target != 2
    if not counts.any():
        return output.sum() * 0
    return F.cross_entropy(output[counts], target[counts])


def constant_for_nothing(output, target):
    counts = target != 2
    return F.cross_entropy(output[counts], target[counts]) if counts.any() else torch.tensor(0.0)


def nan_for_ignored(output, target):
    return torch.where(target != 2, each(output, target), torch.nan).nanmean()


def selected(output, target):
    return torch.masked_select(each(output, target), target != 2).mean()


def product_of_rows(output, target):
    counts = (target != 2).float()
    return torch.dot(each(output, target), counts) / counts.sum()


def changed_in_place(output, target):
    losses = each(output, target)
    losses *= target != 1
    return losses.sum() / (target != 1).sum()


def without_a_loss_of_torch(output, target):
    counts = target != 2
    chosen = output.log_softmax(1).gather(1, target[:, None])[:, 0]
    return -(chosen * counts).sum() / counts.sum()


def focal_sum(output, target):
    losses = each(output, target)
    return ((1 - torch.exp(-losses)) ** 2 * losses).sum()


def added_with_a_share(output, target):
    return torch.add(F.cross_entropy(output, target, weight=WEIGHT), F.cross_entropy(output, target), alpha=0.3)


def between_two(output, target):
    return torch.lerp(F.cross_entropy(output, target, weight=WEIGHT), F.cross_entropy(output, target), 0.3)


def weighed_by_learnt_factors(output, target):
    first, second = torch.exp(-LEARNT[0]), torch.exp(-LEARNT[1])
    return F.cross_entropy(output, target, weight=WEIGHT) * first + LEARNT.sum() + each(output, target).mean() * second


def with_a_penalty(output, target):
    return F.cross_entropy(output, target, weight=WEIGHT) + 0.01 * (LEARNT**2).sum()


OF_CLASSES = [
    masked_losses, chosen_losses, divided_by_a_number, divided_by_a_length, kept_from_zero, zero_for_nothing,
    constant_for_nothing, nan_for_ignored, selected, product_of_rows, changed_in_place, without_a_loss_of_torch,
    focal_sum, added_with_a_share, between_two, weighed_by_learnt_factors, with_a_penalty,
]  # fmt: skip


def weighed_items(output, target, shares):
    return (each(output, target) * shares).sum() / shares.sum()


def masked_squares(output, target, mask):
    return ((output - target) ** 2 * mask).sum() / (mask.float().sum() + 1e-8)


def chosen_squares(output, target, mask):
    return ((output - target) ** 2)[mask].mean()


def masked_inputs(output, target, mask):
    return F.mse_loss(output * mask, target * mask, reduction="sum") / mask.sum().clamp(min=1)


def masked_item_by_item(output, target, mask):
    losses = F.mse_loss(output, target, reduction="none") * mask
    return (losses.sum(1) / mask.sum(1).clamp(min=1)).mean()


def autoencoder(output, target):
    made, means, spreads = output
    return F.mse_loss(made, target, reduction="sum") + divergence(means, spreads)


def autoencoder_of_an_item(output, target):
    return autoencoder(output, target) / len(target)


def cut(value, begin, end):
    return [part[begin:end] for part in value] if isinstance(value, list) else value[begin:end]


def of_set(loss, batch_size, output, *targets):
    parts = []
    for begin in range(0, N, batch_size):
        end = min(begin + batch_size, N)
        batch = [cut(target, begin, end) for target in targets]
        parts.append(weighed(loss, cut(output, begin, end), batch, end - begin)[1])
    return _of_set(parts, is_shared=True)


@pytest.mark.parametrize(
    "loss, values",
    [
        *[(loss, (OUTPUT, CLASSES)) for loss in OF_CLASSES],
        (weighed_items, (OUTPUT, CLASSES, SHARES)),
        *[(loss, (OUTPUT, NUMBERS, MASK)) for loss in (masked_squares, chosen_squares, masked_inputs)],
        (masked_item_by_item, (OUTPUT, NUMBERS, MASK)),
        (autoencoder, ([OUTPUT, MEANS, SPREADS], NUMBERS)),
        (autoencoder_of_an_item, ([OUTPUT, MEANS, SPREADS], NUMBERS)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
@pytest.mark.parametrize("batch_size", [1, 7])
def test_the_loss_of_a_set_is_that_of_one_batch(loss, values, batch_size):
    assert of_set(loss, batch_size, *values) == pytest.approx(float(loss(*values)), rel=1e-5)


def test_a_zero_that_was_computed_elsewhere_counts():
    def of_numpy(output, target):
        return torch.tensor(float(abs(output.numpy() - target.numpy()).mean().round()))

    same = OUTPUT.clone()
    same[3:] += 2
    assert of_set(of_numpy, 3, same, OUTPUT) == pytest.approx(2 * 20 / 23)
