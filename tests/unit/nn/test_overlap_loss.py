"""Losses of overlap: closed forms, ignored pixels, weights, files, and what they learn where an object is thin."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.nn.loss_weight import weighed
from onecycle.nn.losses import NoneReduceOnCPU, activation_for, inverse_of
from onecycle.nn.overlap_loss import DiceLoss, TverskyLoss
from onecycle.training.losses import each_item
from onecycle.utils.registry import decode, encode


def batch(n=3, classes=4, size=(6, 5), seed=0):
    draw = torch.Generator().manual_seed(seed)
    output = torch.randn(n, classes, *size, generator=draw)
    return output, torch.randint(0, max(classes, 2), (n, 1, *size), generator=draw)


def by_hand(output, target, alpha, beta, gamma=1.0, smooth=1.0, ignore=None, weight=(1.0, 1.0, 1.0, 1.0)):
    "The loss of each image, pixel by pixel."
    losses = []
    for logits, mask in zip(output, target[:, 0]):
        probs = logits.softmax(0)
        classes = []
        for k in range(len(logits)):
            tp = fp = fn = 0.0
            for y in range(mask.shape[0]):
                for x in range(mask.shape[1]):
                    if mask[y, x] == ignore:
                        continue
                    p, t = float(probs[k, y, x]), float(mask[y, x] == k)
                    tp, fp, fn = tp + p * t, fp + p * (1 - t), fn + (1 - p) * t
            classes.append((1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)) ** gamma)
        weights = torch.tensor(weight)
        losses.append((torch.tensor(classes) * weights).sum() / weights.sum())
    return torch.stack(losses)


@pytest.mark.parametrize(("alpha", "beta", "gamma", "smooth"), [
    (0.5, 0.5, 1.0, 1.0), (0.3, 0.7, 1.0, 1e-3), (0.3, 0.7, 0.75, 1.0), (1.0, 1.0, 2.0, 1.0),
])  # fmt: skip
def test_it_is_the_index_by_hand(alpha, beta, gamma, smooth):
    output, target = batch()
    loss = TverskyLoss(alpha, beta, gamma, smooth=smooth, background=True)
    expected = by_hand(output, target, alpha, beta, gamma, smooth)
    torch.testing.assert_close(loss(output, target), expected.mean())
    torch.testing.assert_close(loss(output, target[:, 0]), expected.mean())
    for reduction, value in (("sum", expected.sum()), ("none", expected)):
        loss.reduction = reduction
        torch.testing.assert_close(loss(output, target), value)


def test_dice_is_twice_the_overlap_over_both_sizes():
    output, target = batch(n=1, classes=2)
    probs, truth = output.softmax(1), F.one_hot(target[:, 0], 2).movedim(-1, 1)
    both, sizes = (probs * truth).sum((2, 3)), (probs + truth).sum((2, 3))
    torch.testing.assert_close(DiceLoss(background=True)(output, target), (1 - (2 * both + 2) / (sizes + 2)).mean())
    torch.testing.assert_close(DiceLoss(smooth=1e-9)(output, target), 1 - 2 * both[0, 1] / sizes[0, 1])


def test_the_background_counts_where_it_is_asked_for():
    output, target = batch()
    for loss, weight in ((TverskyLoss(), (0.0, 1, 1, 1)), (TverskyLoss(weight=[5.0, 1, 2, 1]), (0.0, 1, 2, 1))):
        torch.testing.assert_close(loss(output, target), by_hand(output, target, 0.3, 0.7, weight=weight).mean())


def test_one_channel_is_the_logit_of_a_mask():
    output, target = batch(classes=1)
    two = torch.cat([torch.zeros_like(output), output], dim=1)
    for loss in (DiceLoss(), DiceLoss(ce_weight=2.0), TverskyLoss(background=True), DiceLoss(ignore_index=1)):
        if not loss.background:
            torch.testing.assert_close(loss(output, target), loss(two, target))
        assert loss(output, target).isfinite()


def test_ignored_pixels_count_nowhere():
    output, target = batch()
    target[:, :, 2:4] = 255
    weights = [1.0, 2.0, 0.5, 3.0]
    expected = by_hand(output, target, 0.3, 0.7, ignore=255, weight=weights)
    loss = TverskyLoss(ignore_index=255, weight=weights, background=True, reduction="none")
    torch.testing.assert_close(loss(output, target), expected)
    output.requires_grad_()
    TverskyLoss(ignore_index=255, ce_weight=1.0)(output, target).backward()
    assert not output.grad[:, :, 2:4].any() and output.grad[:, :, :2].abs().min() > 0


def test_an_image_without_a_pixel_that_counts_costs_nothing():
    output, target = batch(n=2)
    target[0] = 255
    losses = DiceLoss(ignore_index=255, ce_weight=1.0, reduction="none")(output.requires_grad_(), target)
    assert losses.tolist()[0] < 1e-30 and losses.tolist()[1] > 0.1
    losses.sum().backward()
    assert output.grad.isfinite().all() and not output.grad[0].any()


def test_cross_entropy_is_that_of_torch_image_by_image():
    output, target = batch()
    plain, both = TverskyLoss(reduction="none"), TverskyLoss(ce_weight=0.5, reduction="none")
    expected = F.cross_entropy(output, target[:, 0], reduction="none").mean((1, 2)) / 2
    torch.testing.assert_close(both(output, target) - plain(output, target), expected)


def test_the_classes_may_be_on_another_axis():
    output, target = batch()
    torch.testing.assert_close(DiceLoss(axis=-1)(output.movedim(1, -1), target), DiceLoss()(output, target))


def test_three_dimensions_and_half_precision():
    output, target = batch(size=(4, 3, 5))
    whole = DiceLoss()(output, target)
    torch.testing.assert_close(DiceLoss()(output.bfloat16(), target), whole, atol=1e-2, rtol=0)


def test_gradients_lead_to_a_perfect_mask():
    _, target = batch(n=2)
    output = torch.zeros(2, 4, 6, 5, requires_grad=True)
    opt = torch.optim.Adam([output], lr=0.3)
    for _ in range(60):
        loss = TverskyLoss(gamma=0.75)(output, target)
        opt.zero_grad()
        loss.backward()
        opt.step()
    assert (output.argmax(1) == target[:, 0]).all() and float(loss.detach()) < 0.1


def test_its_activation_and_back():
    for output in (batch()[0], batch(classes=1)[0]):
        activ = activation_for(DiceLoss())
        torch.testing.assert_close(activ(inverse_of(activ)(activ(output))), activ(output))


def test_one_loss_per_image_on_the_cpu_and_through_a_file():
    loss = TverskyLoss(0.2, 0.8, 0.75, 255, True, [0.0, 1.0, 2.0, 3.0], 0.5, 2.0)
    output, target = batch()
    again = decode(encode(loss))
    assert repr(again) == repr(loss) and torch.equal(again.weight, loss.weight)
    assert torch.equal(each_item(again, output, target), each_item(loss, output, target))
    with NoneReduceOnCPU(loss) as each:
        assert each(output, target).shape == (3,)
    assert decode(encode(DiceLoss(ce_weight=1))).get_state() == DiceLoss(ce_weight=1).get_state()


@pytest.mark.parametrize(("settings", "match"), [
    ({"alpha": -1}, "TverskyLoss: alpha must be a number of at least 0; got -1"),
    ({"beta": "1"}, "TverskyLoss: beta must be a number of at least 0"),
    ({"gamma": 0}, "TverskyLoss: gamma must be above 0; got 0"),
    ({"smooth": 0}, "TverskyLoss: smooth must be above 0; got 0"),
    ({"ce_weight": float("nan")}, "TverskyLoss: ce_weight must be a number of at least 0; got nan"),
    ({"weight": [1.0, -1.0]}, "TverskyLoss: weight must be one number of at least 0 per class, not all 0"),
    ({"weight": [0.0, 0.0]}, "TverskyLoss: weight must be one number of at least 0 per class, not all 0"),
    ({"weight": 3.0}, "TverskyLoss: weight must be one number of at least 0 per class, not all 0"),
    ({"reduction": "men"}, "TverskyLoss: reduction must be one of mean, sum, none; got 'men'.*mean"),
])  # fmt: skip
def test_settings_out_of_range(settings, match):
    with pytest.raises(ArgumentError, match=match):
        TverskyLoss(**settings)


def test_what_does_not_fit_is_said():
    output, target = batch()
    with pytest.raises(ArgumentTypeError, match="DiceLoss: ignore_index must be a whole number or None; got 'void'"):
        DiceLoss(ignore_index="void")
    assert DiceLoss(ignore_index=np.int64(255)).get_state()["ignore_index"] == 255
    with pytest.raises(ArgumentError, match=r"DiceLoss: output must have pixels, of shape \(N, C, H, W\); got"):
        DiceLoss()(torch.zeros(5, 3), torch.zeros(5).long())
    for odd, found in ((target + 1, r"\[1, 4\]"), (target - 1, r"\[-1, 2\]")):
        with pytest.raises(ArgumentError, match=f"DiceLoss: target must hold classes from 0 to 3, or .*; got {found}"):
            DiceLoss()(output, odd)
    with pytest.raises(ArgumentError, match="DiceLoss: weight must be one number per class, 4; got"):
        DiceLoss(weight=[1.0, 2.0])(output, target)
    with pytest.raises(ArgumentError, match=r"DiceLoss: target must be one class per pixel, of shape \(3, 6, 5\) or"):
        DiceLoss()(output, target[:, :, :3])


def lines(n, draw):
    "Images of noise with a faint line of one pixel, 1.6 % of the pixels, and their masks: 0, or the class of the line."
    x, y = torch.randn(n, 1, 24, 24, generator=draw) * 0.5, torch.zeros(n, 1, 24, 24, dtype=torch.long)
    for i in range(n):
        row, start = (int(torch.randint(low, high, (1,), generator=draw)) for low, high in ((2, 22), (0, 14)))
        kind = i % 2 + 1
        x[i, 0, row, start : start + 9] += 1.5 if kind == 1 else -1.5
        y[i, 0, row, start : start + 9] = kind
    return x, y


def learned(loss):
    "The Dice coefficients of both kinds of line over new images, after 80 steps with a loss."
    draw = torch.Generator().manual_seed(1)
    x, y = lines(64, draw)
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, (1, 9), padding=(0, 4)), nn.ReLU(), nn.Conv2d(8, 3, 1)
    )
    opt = torch.optim.Adam(net.parameters(), lr=2e-2)
    for step in range(80):
        rows = torch.arange(16) + step % 4 * 16
        opt.zero_grad()
        loss(net(x[rows]), y[rows]).backward()
        opt.step()
    x, y = lines(64, draw)
    with torch.no_grad():
        predicted = net(x).argmax(1)
    both = [((predicted == k) & (y[:, 0] == k)).sum() for k in (1, 2)]
    sizes = [(predicted == k).sum() + (y[:, 0] == k).sum() for k in (1, 2)]
    return [float(2 * b / s.clamp(min=1)) for b, s in zip(both, sizes)]


def test_thin_objects_are_learned_where_cross_entropy_still_sees_background_only():
    assert max(learned(lambda output, target: F.cross_entropy(output, target[:, 0]))) < 0.1
    assert min(learned(DiceLoss())) > 0.85
    assert min(learned(TverskyLoss(gamma=0.75))) > 0.85


@pytest.mark.parametrize("loss", [DiceLoss(ignore_index=3, ce_weight=1.0), TverskyLoss(gamma=0.75)])
def test_the_loss_of_a_set_is_that_of_one_batch(loss):
    output, target = batch(n=7)
    parts = [weighed(loss, output[rows], [target[rows]], len(rows))[1] for rows in torch.arange(7).split(3)]
    assert [(len(part), part[0].weight) for part in parts] == [(1, 3), (1, 3), (1, 1)]
    mean = sum(part[0].value * part[0].weight for part in parts) / 7
    torch.testing.assert_close(mean, loss(output, target))
