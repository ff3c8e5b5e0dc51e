"""Ten seconds from pictures to a saved learner and a prediction: the first thing that breaks when a room does."""

import numpy as np
import pytest
import torch
from PIL import Image as PilImage

from onecycle.learner import load_learner
from onecycle.metrics.classification import accuracy
from onecycle.vision.image import open_image
from onecycle.vision.image_list import ImageList
from onecycle.vision.learner import cnn_learner
from onecycle.vision.models.resnet import resnet18
from onecycle.vision.transform import get_transforms


@pytest.fixture
def stripes(tmp_path):
    "Forty pictures of noise in two folders; those of one class are dark on the left."
    for name in ("plain", "left"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(20):
            pixels = np.random.randint(128, 256, (32, 32, 3), dtype=np.uint8)
            if name == "left":
                pixels[:, :16] //= 4
            PilImage.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path / "pictures"


def test_from_a_folder_to_a_prediction(stripes, tmp_path):
    torch.manual_seed(0)
    items = ImageList.from_folder(stripes).split_by_rand_pct(0.2, seed=1).label_from_folder()
    tfms = get_transforms(do_flip=False)
    data = items.transform(tfms, size=32).databunch(bs=8, num_workers=0).normalize()
    learner = cnn_learner(data, resnet18, pretrained=False, metrics=accuracy, path=tmp_path)
    learner.fit_one_cycle(3, 3e-3)
    assert len(learner.recorder.losses) == 3 * (32 // 8)
    assert learner.recorder.losses[-1] < learner.recorder.losses[0]

    learner.export("export.safetensors")
    again = load_learner(tmp_path, "export.safetensors")
    picture = open_image(stripes / "left" / "0.png")
    torch.testing.assert_close(again.predict(picture)[2], learner.predict(picture)[2], atol=1e-6, rtol=0)
