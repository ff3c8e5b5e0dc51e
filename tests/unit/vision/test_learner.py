"""Tests of onecycle.vision.learner."""

import json

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, ArgumentTypeError, DownloadError
from onecycle.metrics.classification import accuracy
from onecycle.nn.norm import bn_types
from onecycle.nn.summary import total_params
from onecycle.utils.registry import decode, encode, lookup
from onecycle.vision.image_list import ImageList
from onecycle.vision.learner import cnn_learner, create_cnn
from onecycle.vision.models.resnet import resnet18


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures")
    for i in range(8):
        pixels = np.random.default_rng(i).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        (path / "ab"[i % 2]).mkdir(exist_ok=True)
        PILImage.fromarray(pixels).save(path / "ab"[i % 2] / f"{i}.png")
    return path


def make_data(folder, **kwargs):
    src = ImageList.from_folder(folder, **kwargs).split_by_rand_pct(0.25, seed=0).label_from_folder()
    return src.databunch(bs=2, num_workers=0)


@pytest.fixture(scope="module")
def data(folder):
    return make_data(folder)


@pytest.fixture(scope="module")
def learn(data):
    return cnn_learner(data, resnet18, pretrained=False, metrics=accuracy)


def trainable(learn):
    return sum(p.numel() for p in learn.model.parameters() if p.requires_grad)


def small_net():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class TestTheModel:
    def test_a_body_and_a_head_with_an_output_a_class(self, learn, data):
        assert len(learn.model) == 2
        xb, _ = data.one_batch()
        assert learn.model(xb).shape == (2, 2)

    def test_head_settings_reach_the_head(self, data):
        learn = cnn_learner(data, resnet18, pretrained=False, lin_ftrs=[7], ps=0.1, bn_final=True, concat_pool=False)
        head = learn.model[1]
        assert [m.out_features for m in head if isinstance(m, nn.Linear)] == [7, 2]
        assert [m.p for m in head if isinstance(m, nn.Dropout)] == [0.05, 0.1]
        assert isinstance(head[-1], nn.BatchNorm1d)
        assert isinstance(head[0], nn.AdaptiveAvgPool2d)

    def test_a_head_of_ones_own(self, data):
        head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 2))
        assert cnn_learner(data, resnet18, pretrained=False, custom_head=head).model[1] is head

    def test_an_architecture_by_name(self, data):
        assert total_params(cnn_learner(data, "resnet18", pretrained=False).model)[0] == 11_705_410

    def test_an_architecture_of_ones_own(self, data):
        learn = cnn_learner(data, small_net, pretrained=False)
        xb, _ = data.one_batch()
        assert learn.model(xb).shape == (2, 2)

    def test_grey_pictures_get_a_first_layer_of_one_channel(self, folder):
        grey = make_data(folder, convert_mode="L")
        learn = cnn_learner(grey, resnet18, pretrained=False)
        assert learn.model(grey.one_batch()[0]).shape == (2, 2)
        assert learn.model_spec["args"]["n_in"] == 1

    def test_the_head_is_initialised_as_told(self, data):
        learn = cnn_learner(data, small_net, pretrained=False, init=nn.init.zeros_)
        linear = [m for m in learn.model[1] if isinstance(m, nn.Linear)]
        assert all(m.weight.detach().abs().sum() == 0 for m in linear)
        assert learn.model[0][0].weight.abs().sum() > 0

    def test_the_head_starts_by_kaiming(self, learn):
        linear = [m for m in learn.model[1] if isinstance(m, nn.Linear)]
        assert linear[0].bias.abs().sum() == 0
        assert linear[0].weight.std().item() == pytest.approx((2 / linear[0].in_features) ** 0.5, rel=0.05)

    @pytest.mark.parametrize("bn_final", [False, True])
    def test_a_head_on_a_trained_body_begins_calmly(self, data, bn_final):
        learn = cnn_learner(data, small_net, bn_final=bn_final)
        norms = [m for m in learn.model[1] if isinstance(m, nn.BatchNorm1d)]
        last = [m for m in learn.model[1] if isinstance(m, nn.Linear)][-1]
        assert norms[0].weight.unique().tolist() == pytest.approx([0.1])
        assert all((norm.weight == 1).all() for norm in norms[1:])
        own = (2 / last.in_features) ** 0.5
        assert last.weight.std().item() == pytest.approx(own if bn_final else own / 10, rel=0.15)

    @pytest.mark.parametrize("init", [None, nn.init.ones_])
    def test_an_init_of_ones_own_is_left_as_it_is(self, data, init):
        head = cnn_learner(data, small_net, init=init).model[1]
        assert (head[2].weight == 1).all()
        assert init is None or all((m.weight == 1).all() for m in head if isinstance(m, nn.Linear))

    def test_no_init_leaves_what_the_layers_made(self, data):
        learn = cnn_learner(data, small_net, pretrained=False, init=None)
        assert all(m.bias.abs().sum() > 0 for m in learn.model[1] if isinstance(m, nn.Linear))


    def test_data_of_ready_batches(self):
        ready = [(torch.rand(2, 1, 32, 32), torch.zeros(2, dtype=torch.long)) for _ in range(2)]
        data = DataBunch(ready, ready, device="cpu")
        data.c = np.int64(3)
        learn = cnn_learner(data, small_net, pretrained=False, loss_func=nn.CrossEntropyLoss())
        assert learn.model(ready[0][0]).shape == (2, 3)


class TestGroups:
    def test_three_groups_of_a_pretrained_family(self, learn):
        assert [len(group) for group in learn.layer_groups] == [26, 24, 10]

    def test_other_groups(self, data):
        learn = cnn_learner(data, small_net, pretrained=False, split_on=lambda model: [model[1]])
        assert len(learn.layer_groups) == 2

    @pytest.mark.parametrize(("cut", "groups"), [(-2, 3), (6, 2), (-3, 2)])
    def test_a_body_cut_elsewhere_is_one_group(self, data, cut, groups):
        assert len(cnn_learner(data, resnet18, cut=cut, pretrained=False).layer_groups) == groups

    def test_without_pretrained_weights_everything_learns(self, learn):
        assert trainable(learn) == total_params(learn.model)[0]

    def test_with_pretrained_weights_head_and_batch_norm_learn(self, data):
        def pretrained_net(pretrained=True):
            return small_net()

        learn = cnn_learner(data, pretrained_net, pretrained=True)
        body = learn.model[0]
        assert all(p.requires_grad for p in learn.model[1].parameters())
        for layer in body:
            for p in layer.parameters():
                assert p.requires_grad == isinstance(layer, bn_types)


class TestModelSpec:
    def test_it_rebuilds_the_model(self, data):
        learn = cnn_learner(data, resnet18, pretrained=False, lin_ftrs=[16], bn_final=True)
        spec = decode(json.loads(json.dumps(encode(learn.model_spec))))
        again = lookup("model", spec["builder"])(**spec["args"])
        again.load_state_dict(learn.model.state_dict())
        xb = torch.rand(2, 3, 32, 32)
        assert torch.equal(again.eval()(xb), learn.model.eval()(xb))

    def test_it_never_downloads(self, learn):
        assert learn.model_spec["args"]["pretrained"] is False

    def test_it_names_the_architecture(self, learn, data):
        assert learn.model_spec["args"]["base_arch"] == "resnet18"
        assert cnn_learner(data, "resnet18", pretrained=False).model_spec["args"]["base_arch"] == "resnet18"

    def test_what_has_no_name_has_no_spec(self, data):
        assert cnn_learner(data, small_net, pretrained=False).model_spec is None
        cut = cnn_learner(data, small_net, pretrained=False, cut=lambda model: model[:3])
        assert cut.model_spec is None
        head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 2))
        assert cnn_learner(data, resnet18, pretrained=False, custom_head=head).model_spec is None


class TestRefusals:
    def test_an_unknown_keyword(self, data):
        with pytest.raises(ArgumentTypeError, match="cnn_learner: unknown keyword 'metric'. Did you mean 'metrics'"):
            cnn_learner(data, resnet18, pretrained=False, metric=accuracy)

    def test_data_that_does_not_tell_its_outputs(self, folder):
        data = ImageList.from_folder(folder).split_none().label_empty().databunch(bs=2, num_workers=0)
        with pytest.raises(ArgumentError, match=r"cnn_learner: data\.c must be a number of outputs"):
            cnn_learner(data, resnet18, pretrained=False)

    def test_pretrained_weights_on_a_machine_without_network(self, data, tmp_path, monkeypatch):
        monkeypatch.setenv("ONECYCLE_HOME", str(tmp_path))
        monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        with pytest.raises(DownloadError, match=r"(?s)resnet18-.*\.pth"):
            cnn_learner(data, resnet18, pretrained=True)


def test_the_old_name_warns_and_does_the_same(data):
    with pytest.warns(FutureWarning, match="create_cnn is the old name of cnn_learner"):
        learn = create_cnn(data, small_net, pretrained=False)
    assert len(learn.model) == 2
