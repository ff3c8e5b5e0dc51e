"""A learner as interpretation reads it: data, model, get_preds; no training room needed."""

from types import SimpleNamespace

import torch
from torch import nn


class Picture:
    """An item that shows itself."""

    def __init__(self, px):
        self.px = px
        self.shape = px.shape

    def show(self, ax=None, **kwargs):
        ax.imshow(self.px.permute(1, 2, 0).squeeze(-1).numpy(), cmap="gray")


def small_model(num_classes):
    """Return a body that makes 4x4 maps of 8x8 pictures, and a head."""
    body = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1, stride=2), nn.BatchNorm2d(6), nn.ReLU(inplace=True))
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(6, num_classes))
    return nn.Sequential(body, head)


class FakeLearner:
    """Hold pictures, targets and a model."""

    def __init__(self, classes, n=12, model=None, multi=False):
        self.model = model or small_model(len(classes))
        x = torch.rand(n, 3, 8, 8)
        self.y = torch.randint(2, (n, len(classes))) if multi else torch.arange(n) % len(classes)
        self.x, self.multi, self.asked = x, multi, []
        self.data = SimpleNamespace(
            classes=classes,
            c=len(classes),
            dl=lambda ds_type: self.asked.append(ds_type) or SimpleNamespace(dataset=[(Picture(p), 0) for p in x]),
            one_item=lambda item: (item.px[None], None),
        )

    def get_preds(self, ds_type=None, activ=None, with_loss=False):
        """Predict all pictures."""
        self.asked.append(ds_type)
        with torch.no_grad():
            output = self.model.eval()(self.x)
        f = nn.functional
        losses = (
            f.binary_cross_entropy_with_logits(output, self.y.float(), reduction="none")
            if self.multi
            else f.cross_entropy(output, self.y, reduction="none")
        )
        activ = activ or (torch.sigmoid if self.multi else lambda o: o.softmax(1))
        return [activ(output), self.y, losses]
