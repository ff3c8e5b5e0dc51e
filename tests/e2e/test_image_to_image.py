"""Image to image: the lesson's own cells, the examples on drawn pictures, what a learner does with such pictures."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image as PILImage

from onecycle.callbacks.loss_metrics import LossMetrics
from onecycle.learner import load_learner
from onecycle.nn.feature_loss import FeatureLoss
from onecycle.vision.feature_losses import feature_loss
from onecycle.vision.image import Image
from onecycle.vision.image_list import ImageImageList
from onecycle.vision.learner import unet_learner
from onecycle.vision.normalization import imagenet_stats
from onecycle.vision.opening import open_image

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch):
    """Examples import one another by name, and draw."""
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("Agg")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.delenv("ONECYCLE_DATA", raising=False)
    torch.manual_seed(0)
    before = set(sys.modules)
    yield plt
    plt.close("all")
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and Path(sys.modules[name].__file__).parent == EXAMPLES:
            del sys.modules[name]


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    """Sixteen drawings each of four kinds."""
    return example("example_data").drawn_pets(tmp_path_factory.mktemp("pets"), count=16, size=64, breeds=4)


# Lesson 7 of the 2019 course, cell by cell; smaller, without a GPU and without ImageNet weights.
CELLS = [
    "from onecycle.vision import *\nfrom onecycle.callbacks import *\nfrom onecycle.utils.mem import *",
    "from onecycle.vision.models import vgg16_bn",
    "path_hr = path/'images'\npath_lr = path/'small-96'\npath_mr = path/'small-256'",
    "il = ImageList.from_folder(path_hr)",
    """def resize_one(fn, i, path, size):
    dest = path/fn.relative_to(path_hr)
    dest.parent.mkdir(parents=True, exist_ok=True)
    img = PIL.Image.open(fn)
    targ_sz = resize_to(img, size, use_min=True)
    img = img.resize(targ_sz, resample=PIL.Image.BILINEAR).convert('RGB')
    img.save(dest, quality=60)""",
    """sets = [(path_lr, 16), (path_mr, 48)]
for p,size in sets:
    if not p.exists():
        print(f"resizing to {size} into {p}")
        parallel(partial(resize_one, path=p, size=size), il.items)""",
    "bs,size=4,32\narch = models.resnet18\nsrc = ImageImageList.from_folder(path_lr).random_split_by_pct(0.1, seed=42)",
    """def get_data(bs,size):
    data = (src.label_from_func(lambda x: path_hr/x.name)
           .transform(get_transforms(max_zoom=2.), size=size, tfm_y=True)
           .databunch(bs=bs).normalize(imagenet_stats, do_y=True))

    data.c = 3
    return data""",
    "data = get_data(bs,size)\ndata.show_batch(ds_type=DatasetType.Valid, rows=2, figsize=(9,9))",
    "t = data.valid_ds[0][1].data\nt = torch.stack([t,t])",
    """def gram_matrix(x):
    n,c,h,w = x.size()
    x = x.view(n, c, -1)
    return (x @ x.transpose(1,2))/(c*h*w)""",
    "gram = gram_matrix(t)",
    "base_loss = F.l1_loss",
    "vgg_m = vgg16_bn(False).features.eval()\nrequires_grad(vgg_m, False)",
    "blocks = [i-1 for i,o in enumerate(children(vgg_m)) if isinstance(o,nn.MaxPool2d)]",
    """class FeatureLoss(nn.Module):
    def __init__(self, m_feat, layer_ids, layer_wgts):
        super().__init__()
        self.m_feat = m_feat
        self.loss_features = [self.m_feat[i] for i in layer_ids]
        self.hooks = hook_outputs(self.loss_features, detach=False)
        self.wgts = layer_wgts
        self.metric_names = ['pixel',] + [f'feat_{i}' for i in range(len(layer_ids))
              ] + [f'gram_{i}' for i in range(len(layer_ids))]

    def make_features(self, x, clone=False):
        self.m_feat(x)
        return [(o.clone() if clone else o) for o in self.hooks.stored]

    def forward(self, input, target):
        out_feat = self.make_features(target, clone=True)
        in_feat = self.make_features(input)
        self.feat_losses = [base_loss(input,target)]
        self.feat_losses += [base_loss(f_in, f_out)*w
                             for f_in, f_out, w in zip(in_feat, out_feat, self.wgts)]
        self.feat_losses += [base_loss(gram_matrix(f_in), gram_matrix(f_out))*w**2 * 5e3
                             for f_in, f_out, w in zip(in_feat, out_feat, self.wgts)]
        self.metrics = dict(zip(self.metric_names, self.feat_losses))
        return sum(self.feat_losses)

    def __del__(self): self.hooks.remove()""",
    "feat_loss = FeatureLoss(vgg_m, blocks[2:5], [5,15,2])",
    """wd = 1e-3
learn = unet_learner(data, arch, wd=wd, loss_func=feat_loss, callback_fns=LossMetrics,
                     blur=True, norm_type=NormType.Weight, pretrained=False, cut=5)
gc.collect()""",
    "learn.lr_find(num_it=3)\nlearn.recorder.plot()\nlr = 1e-3",
    """def do_fit(save_name, lrs=slice(lr), pct_start=0.9):
    learn.fit_one_cycle(1, lrs, pct_start=pct_start)
    learn.save(save_name)
    learn.show_results(rows=1, imgsize=5)""",
    "do_fit('1a', slice(lr*10))\nlearn.unfreeze()\ndo_fit('1b', slice(1e-5,lr))",
    "data = get_data(12,size*2)\nlearn.data = data\nlearn.freeze()\ngc.collect()\nlearn.load('1b')\ndo_fit('2a')",
    "columns = learn.recorder.names\nlast = learn.recorder.metrics[-1]",
    "learn = None\ngc.collect()\nfree = gpu_mem_get_free_no_cache()\nsize = (820, 1024)",
    """learn = unet_learner(data, arch, loss_func=F.l1_loss, blur=True, norm_type=NormType.Weight,
                     pretrained=False, cut=5)""",
    """data_mr = (ImageImageList.from_folder(path_mr).random_split_by_pct(0.1, seed=42)
          .label_from_func(lambda x: path_hr/x.name)
          .transform(get_transforms(), size=size, tfm_y=True)
          .databunch(bs=1).normalize(imagenet_stats, do_y=True))
data_mr.c = 3""",
    "learn.load('2a')\nlearn.data = data_mr",
    "fn = data_mr.valid_ds.x.items[0]\nimg = open_image(fn)\np,img_hr,b = learn.predict(img)",
    "show_image(img, figsize=(18,15), interpolation='nearest')\nImage(img_hr).show(figsize=(18,15))",
]


def test_the_cells_of_the_lesson(pets, tmp_path, capsys):
    (tmp_path / "images").mkdir()
    for file in sorted(pets.iterdir())[::5]:
        (tmp_path / "images" / file.name).write_bytes(file.read_bytes())
    cells = {"path": tmp_path, "__name__": "__main__"}
    for cell in CELLS:
        exec(compile(cell, cell.split("\n")[0], "exec"), cells)
    ours = FeatureLoss(cells["vgg_m"], cells["blocks"][2:5], [5, 15, 2])
    a, b = torch.rand(2, 2, 3, 32, 32)
    theirs = cells["FeatureLoss"](cells["vgg_m"], cells["blocks"][2:5], [5, 15, 2])
    torch.testing.assert_close(ours(a, b), theirs(a, b))
    assert ours.metric_names == cells["columns"][3:10] == theirs.metric_names
    assert len(cells["last"]) == 7 and cells["blocks"] == [5, 12, 22, 32, 42]
    assert cells["gram"].shape == (2, 3, 3)
    assert cells["img"].size == (48, 48)
    assert type(cells["p"]) is Image and cells["p"].size == (820, 1024) and cells["img_hr"].shape == (3, 820, 1024)
    cells["p"].save(tmp_path / "made.png")
    with PILImage.open(tmp_path / "made.png") as made:
        assert made.size == (1024, 820)


def test_super_resolution(pets, tmp_path):
    found = example("superres").main(["--data", str(pets), "--out", str(tmp_path), "--from-scratch", "--fast"])
    (psnr_in, ssim_in), (psnr_out, ssim_out) = found["figures"]["twice"]
    assert psnr_out > psnr_in and ssim_out > ssim_in
    assert found["large"].size == (128, 160)
    assert {file.name for file in tmp_path.glob("*.png")} >= {"batch.png", "2b.png", "grid.png", "large.png"}


def test_holes_are_filled(pets, tmp_path):
    found = example("image_to_image").main(
        ["--data", str(pets), "--out", str(tmp_path), "--from-scratch", "--fast", "--epochs", "4"]
    )
    assert found["after"][0] > found["before"][0] + 3
    again = load_learner(tmp_path, "inpaint.safetensors")
    picture = open_image(sorted((tmp_path / "inpaint").iterdir())[0])
    torch.testing.assert_close(again.predict(picture)[1], found["learn"].predict(picture)[1])


def pixels_of(file):
    with PILImage.open(file) as picture:
        return np.asarray(picture.convert("RGB").resize((64, 64))).astype(int)


def test_each_way_to_spoil_depends_on_the_index_alone(pets, tmp_path):
    crappify = example("crappify")
    file = sorted(pets.iterdir())[0]
    original = pixels_of(file)
    for name in ("low_quality", "greyed", "holed", "noised"):
        make = crappify.crappifier(tmp_path / name, pets, getattr(crappify, name))
        make(file, 3)
        first = (tmp_path / name / file.name).read_bytes()
        make(file, 3)
        assert (tmp_path / name / file.name).read_bytes() == first
        assert np.abs(pixels_of(tmp_path / name / file.name) - original).mean() > 3


# What a learner of pictures does.


def data_of(pets, size=32):
    src = ImageImageList.from_folder(pets).split_by_rand_pct(0.1, seed=42).label_from_func(lambda file: file)
    made = src.transform(None, size=size, tfm_y=True).databunch(bs=4, num_workers=0)
    return made.normalize(imagenet_stats, do_y=True)


def learner_of(pets, **kwargs):
    how = {"pretrained": False, "cut": 5, "silent": True, **kwargs}
    return unet_learner(data_of(pets), "resnet18", **how)


def test_a_feature_loss_stays_out_of_optimiser_and_files(pets, tmp_path):
    loss = feature_loss("resnet18", 2, pretrained=False)
    learn = learner_of(pets, loss_func=loss, callback_fns=LossMetrics, path=tmp_path)
    before = [p.clone() for p in loss.parameters()]
    learn.fit(1, 1e-3)
    assert all(torch.equal(p, q) for p, q in zip(before, loss.parameters()))
    of_the_loss = {id(p) for p in loss.parameters()}
    assert not any(id(p) in of_the_loss for group in learn.opt.opt.param_groups for p in group["params"])
    learn.save("here")
    assert set(torch.load(tmp_path / "models" / "here.pth")["model"]) == set(learn.model.state_dict())
    learn.load("here", with_opt=True).fit(1, 1e-3)
    with pytest.warns(UserWarning, match="the network inside FeatureLoss is left out"):
        learn.export()
    again = load_learner(tmp_path)
    assert again.loss_func is F.l1_loss
    picture = open_image(learn.data.valid_ds.x.items[0])
    torch.testing.assert_close(again.predict(picture)[1], learn.predict(picture)[1])


def test_losses_of_single_pictures(pets):
    learn = learner_of(pets, loss_func=feature_loss("resnet18", 2, pretrained=False))
    preds, targets, losses = learn.get_preds(with_loss=True)
    assert losses.shape == (len(learn.data.valid_ds),)
    assert float(losses.mean()) == pytest.approx(float(learn.validate()[0]), rel=1e-4)


def test_show_results_has_three_columns(pets, as_it_was):
    learner_of(pets, loss_func=F.l1_loss).show_results(rows=2)
    axes = as_it_was.gcf().axes
    assert [ax.get_title() for ax in axes[:3]] == ["Input", "Prediction", "Target"] and len(axes) == 6


def test_predicted_batches_are_pictures_again(pets):
    learn = learner_of(pets, loss_func=F.l1_loss)
    xb, yb = next(iter(learn.data.valid_dl))
    items = learn.pred_batch(batch=(xb, yb), reconstruct=True)
    learn.model.eval()
    with torch.no_grad():
        expected = learn.data.denorm(learn.model(xb), do_x=True).clamp(0, 1)
    assert all(type(item) is Image for item in items)
    torch.testing.assert_close(torch.stack([item.data for item in items]), expected)
