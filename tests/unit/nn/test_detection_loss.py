"""Tests of onecycle.nn.detection_loss."""

import pytest
import torch
import torch.nn.functional as F

from onecycle.errors import ArgumentError
from onecycle.nn.detection_loss import RetinaNetFocalLoss
from onecycle.nn.focal import sigmoid_focal_loss
from onecycle.nn.losses import activation_for
from onecycle.utils.box_ops import encode_boxes
from onecycle.utils.registry import decode, encode

ANCHORS = torch.tensor([[-1.0, -1, 0, 0], [-1.0, -1, 0, -0.25], [-1.0, -1, 0, -0.55], [0.0, 0, 1, 1]])
BOX = torch.tensor([-0.9, -1.0, 0.0, 0.0])  # overlaps 0.9, 0.7, 0.43 (no say), 0


def output_of(n, num_classes=2, seed=0):
    torch.manual_seed(seed)
    return torch.cat([torch.randn(n, 4, num_classes + 4), ANCHORS.expand(n, 4, 4)], dim=2)


def test_it_is_the_sum_over_anchors_by_hand():
    output = output_of(1)
    boxes, classes = torch.stack([torch.zeros(4), BOX])[None], torch.tensor([[0, 2]])
    logits, offsets = output[0, :, :2], output[0, :, 2:6]
    wanted = torch.tensor([[0.0, 1], [0, 1], [0, 0]])  # of anchors 0, 1 and 3
    focal = sigmoid_focal_loss(logits[[0, 1, 3]], wanted).sum() / 2
    far = F.smooth_l1_loss(offsets[:2], encode_boxes(BOX.expand(2, 4), ANCHORS[:2]), reduction="sum") / 2
    loss = RetinaNetFocalLoss()
    torch.testing.assert_close(loss(output, boxes, classes), focal + far)
    torch.testing.assert_close(loss.metrics, {"focal_loss": focal, "box_loss": far})
    torch.testing.assert_close(RetinaNetFocalLoss(box_weight=0)(output, boxes, classes), focal)


def test_the_background_may_be_another_class():
    output, boxes = output_of(1), BOX.view(1, 1, 4)
    by_first = RetinaNetFocalLoss()(output, boxes, torch.tensor([[2]]))
    by_last = RetinaNetFocalLoss(pad_idx=2)(output, boxes, torch.tensor([[1]]))
    torch.testing.assert_close(by_first, by_last)


@pytest.mark.parametrize("boxes", [torch.zeros(2, 0, 4), torch.zeros(2, 1, 4)])
def test_a_batch_without_any_box_learns_that_nothing_is_there(boxes):
    output = output_of(2).requires_grad_()
    loss = RetinaNetFocalLoss()(output, boxes, torch.zeros(boxes.shape[:2], dtype=torch.long))
    torch.testing.assert_close(loss, sigmoid_focal_loss(output[..., :2], torch.zeros(2, 4, 2)).sum() / 2)
    loss.backward()
    assert output.grad.isfinite().all() and not output.grad[..., 2:].any()


def test_it_is_the_mean_of_the_pictures():
    output, loss = output_of(20), RetinaNetFocalLoss()
    boxes, classes = BOX.expand(20, 1, 4), torch.arange(20)[:, None] % 3
    alone = torch.stack([loss(output[i : i + 1], boxes[i : i + 1], classes[i : i + 1]) for i in range(20)])
    torch.testing.assert_close(loss(output, boxes, classes), alone.mean())
    loss.reduction = "none"
    torch.testing.assert_close(loss(output, boxes, classes), alone)
    loss.reduction = "sum"
    torch.testing.assert_close(loss(output, boxes, classes), alone.sum())


def test_gradients():
    output, boxes = output_of(2).double(), BOX.expand(2, 1, 4).double()
    said = output[..., :6].clone().requires_grad_()

    def loss(rows):
        logits, offsets = rows.split([2, 4], dim=2)
        return RetinaNetFocalLoss()._of_each(torch.cat([logits, offsets, output[..., 6:]], 2), boxes, CLASSES)

    loss(said).sum().backward()
    step = 1e-2  # the loss works in single precision
    for place in [(0, 0, 0), (0, 0, 1), (0, 1, 3), (1, 3, 0)]:
        up, down = said.detach().clone(), said.detach().clone()
        up[place] += step
        down[place] -= step
        slope = (loss(up).sum() - loss(down).sum()) / (2 * step)
        torch.testing.assert_close(said.grad[place].float(), slope.float(), atol=2e-3, rtol=1e-2)


CLASSES = torch.tensor([[1], [2]])


def test_nothing_waits_for_the_device():
    from torch.utils._python_dispatch import TorchDispatchMode

    class NothingIsReadBack(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            name = func.overloadpacket.__name__
            assert name not in {"_local_scalar_dense", "nonzero", "masked_select"}, f"{func} waits"
            return func(*args, **(kwargs or {}))

    output = output_of(2).requires_grad_()
    with NothingIsReadBack():
        RetinaNetFocalLoss()(output, BOX.expand(2, 1, 4), CLASSES).backward()


def test_its_activation_is_applied_batch_by_batch():
    assert activation_for(RetinaNetFocalLoss()).thins_out


def test_its_activation_gives_boxes():
    loss = RetinaNetFocalLoss(score_thresh=0.3, max_boxes=1)
    found = activation_for(loss)(output_of(3))
    assert found.shape == (3, 1, 6)
    assert loss.activation(output_of(3) * torch.tensor([0.0] * 2 + [1.0] * 8) - torch.eye(10)[0]).shape[1] == 1


def test_it_goes_through_a_file():
    loss = RetinaNetFocalLoss(gamma=1.5, match=0.6, max_boxes=7)
    again = decode(encode(loss))
    assert again.get_state() == loss.get_state()
    assert "gamma=1.5" in repr(again)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"alpha": 2}, "RetinaNetFocalLoss: alpha must be a number between 0 and 1"),
        ({"score_thresh": -1}, "score_thresh must be a number between 0 and 1"),
        ({"nms_thresh": 1.5}, "nms_thresh must be a number between 0 and 1"),
        ({"gamma": -1}, "gamma must be a number of at least 0"),
        ({"max_boxes": 0}, "max_boxes must be at least 1"),
        ({"background": 0.7}, "background must not be above match, 0.5"),
    ],
)
def test_settings_out_of_range(settings, said):
    with pytest.raises(ArgumentError, match=said):
        RetinaNetFocalLoss(**settings)
