"""Tests of onecycle.vision.learner.unet_learner."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.learner import load_learner
from onecycle.nn.losses import MSELossFlat
from onecycle.nn.norm import NormType, bn_types
from onecycle.vision.image_list import ImageImageList, ImageList
from onecycle.vision.learner import cnn_learner, unet_learner
from onecycle.vision.models.resnet import resnet18
from onecycle.vision.opening import open_image
from onecycle.vision.segmentation_list import SegmentationItemList

CODES = ["sky", "road", "tree"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six pictures of 34x30 whose red value tells the class of the mask."""
    path = tmp_path_factory.mktemp("scenes")
    (path / "images").mkdir()
    (path / "labels").mkdir()
    for i in range(6):
        mask = np.random.default_rng(i).integers(0, 3, (17, 15), dtype=np.uint8).repeat(2, 0).repeat(2, 1)
        picture = np.stack([mask * 100, 50 + mask, 50 - mask], axis=-1)
        PILImage.fromarray(mask).save(path / "labels" / f"{i}.png")
        PILImage.fromarray(picture).save(path / "images" / f"{i}.png")
    return path


@pytest.fixture(scope="module")
def data(folder):
    items = SegmentationItemList.from_folder(folder / "images").split_by_rand_pct(0.34, seed=0)
    labelled = items.label_from_func(lambda file: folder / "labels" / file.name, classes=CODES)
    return labelled.databunch(bs=2, num_workers=0).normalize()


@pytest.fixture(scope="module")
def learn(data):
    return unet_learner(data, resnet18, pretrained=False, bottle=True, norm_type=NormType.Weight)


def pairs(folder):
    items = ImageImageList.from_folder(folder / "images").split_by_rand_pct(0.34, seed=0)
    return items.label_from_func(lambda file: file).databunch(bs=2, num_workers=0)


def small_net(pretrained=False):
    start = [nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU()]
    return nn.Sequential(*start, nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def test_an_output_for_each_class_at_each_pixel(learn, data):
    xb, _ = data.one_batch()
    assert learn.model(xb).shape == (2, 3, 34, 30)
    assert learn.loss_func is data.loss_func


def test_targets_that_are_pictures_give_an_output_a_colour(folder):
    data = pairs(folder)
    learn = unet_learner(data, small_net, pretrained=False, loss_func=MSELossFlat(), y_range=(0, 1))
    assert learn.model(data.one_batch()[0]).shape == (2, 3, 34, 30)


def masks(folder, classes=CODES):
    items = SegmentationItemList.from_folder(folder / "images").split_by_rand_pct(0.34, seed=0)
    return items.label_from_func(lambda file: folder / "labels" / file.name, classes=classes)


def test_masks_need_the_names_of_their_classes(folder):
    data = masks(folder, classes=None).databunch(bs=2, num_workers=0)
    with pytest.raises(ArgumentError, match=r"data.classes must be the classes of the masks; .*classes=codes"):
        unet_learner(data, small_net, pretrained=False)


def test_masks_must_be_moved_as_their_pictures_are(folder):
    data = masks(folder).transform(None, size=16).databunch(bs=2, num_workers=0)
    said = r"the first picture has \(16, 16\) pixels after its transforms, its target \(34, 30\).*tfm_y=True"
    with pytest.raises(ArgumentError, match=said):
        unet_learner(data, small_net, pretrained=False)


def test_classes_of_whole_pictures_are_no_targets(folder):
    labelled = ImageList.from_folder(folder).split_by_rand_pct(0.3, seed=0).label_from_folder()
    data = labelled.databunch(bs=2, num_workers=0)
    with pytest.raises(ArgumentError, match=r"data must have masks or pictures as targets; got .*Use cnn_learner"):
        unet_learner(data, small_net, pretrained=False)


def test_a_head_of_linear_layers_gives_no_masks(data, folder):
    for targets in (data, pairs(folder)):
        with pytest.raises(ArgumentError, match=r"data must have classes or numbers as targets; .*Use unet_learner"):
            cnn_learner(targets, small_net, pretrained=False)


def test_two_groups_of_the_body_and_one_of_the_decoder(learn):
    body, decoder = learn.model[0], learn.model.layers[1:]
    sizes = [sum(p.numel() for p in group.parameters()) for group in learn.layer_groups]
    assert sizes[0] + sizes[1] == sum(p.numel() for p in body.parameters())
    assert sizes[2] == sum(p.numel() for p in decoder.parameters())


def test_with_pretrained_weights_decoder_and_batch_norm_learn(data):
    learn = unet_learner(data, small_net, pretrained=True)
    assert all(p.requires_grad for p in learn.model.layers[1:].parameters())
    for layer in learn.model[0]:
        assert all(p.requires_grad == isinstance(layer, bn_types) for p in layer.parameters())


def test_an_exported_learner_predicts_the_same(learn, folder, tmp_path):
    picture = open_image(folder / "images" / "0.png")
    mask, classes, scores = learn.predict(picture)
    learn.export(tmp_path / "export.safetensors")
    again_mask, again_classes, again_scores = load_learner(tmp_path).predict(picture)
    assert torch.equal(classes, again_classes)
    assert torch.allclose(scores, again_scores, atol=1e-6)
    assert mask.shape == again_mask.shape == (1, 34, 30)
    assert scores.sum(0).allclose(torch.ones(34, 30))


def test_a_body_of_ones_own_has_no_name_for_files(data):
    assert unet_learner(data, small_net, pretrained=False).model_spec is None


def test_data_of_ready_batches():
    ready = [(torch.rand(2, 3, 32, 32), torch.zeros(2, 1, 32, 32, dtype=torch.long)) for _ in range(2)]
    data = DataBunch(ready, ready, device="cpu")
    data.c = 4
    learn = unet_learner(data, small_net, pretrained=False, loss_func=nn.CrossEntropyLoss())
    assert learn.model(ready[0][0]).shape == (2, 4, 32, 32)


class TestRefusals:
    def test_an_unknown_keyword(self, data):
        with pytest.raises(ArgumentTypeError, match="unet_learner: unknown keyword 'bottel'. Did you mean 'bottle'"):
            unet_learner(data, resnet18, pretrained=False, bottel=True)

    def test_data_that_does_not_tell_its_outputs(self, folder):
        items = ImageList.from_folder(folder / "images").split_none().label_empty()
        with pytest.raises(ArgumentError, match=r"unet_learner: data\.c must be a number of outputs"):
            unet_learner(items.databunch(bs=2, num_workers=0), small_net, pretrained=False)

    def test_a_body_without_feature_maps(self, data):
        flat = lambda pretrained=False: nn.Sequential(nn.Conv2d(3, 8, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        with pytest.raises(ArgumentError, match=r"hold larger ones on the way; found: Conv2d \(1, 8, 64, 64\)"):
            unet_learner(data, flat, pretrained=False)
