"""The cells of old notebooks run as they were written, under the old module paths, on small drawn pictures."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

PETS_IN_FIVE_MINUTES = r"""
from fastai import *
from fastai.vision import *

path_img = path/'images'
fnames = get_image_files(path_img)
fnames[:5]
np.random.seed(2)
pat = r'/([^/]+)_\d+.jpg'
data = ImageDataBunch.from_name_re(path_img,fnames,pat,ds_tfms=get_transforms(),size=32,bs=16)
data.normalize(imagenet_stats)
data.show_batch(rows=3,figsize=(7,6))
print(data.classes)
len(data.classes),data.c
learn = cnn_learner(data,models.resnet18, metrics = error_rate, pretrained=False)
learn.fit_one_cycle(1)
learn.save('stage-1')
interp = ClassificationInterpretation.from_learner(learn)
interp.plot_top_losses(9,figsize=(15,11))
interp.most_confused(min_val=2)
interp.plot_confusion_matrix(figsize=(8,8))
learn.unfreeze()
learn.fit_one_cycle(1)
learn.load('stage-1')
learn.lr_find()
learn.recorder.plot()
learn.unfreeze()
learn.fit_one_cycle(1, max_lr=slice(1e-6,1e-4))
"""

LESSON_6 = r"""
from fastai.vision import *
from fastai.callbacks.hooks import *

bs = 8
path_data = path/'images'; path_data.ls()[:5]
tfms = get_transforms(max_rotate=20,
                      max_zoom=1.3,
                      max_lighting=0.4,
                      max_warp=0.4,
                      p_affine=1.,
                      p_lighting=1.)
src = ImageList.from_folder(path_data).split_by_rand_pct(0.2, seed=2)
src.train[0:2]
assert src.train.__class__ is ImageList

def get_data(size, bs, padding_mode='reflection'):
    return (src.label_from_re(r'([^/]+)_\d+.jpg$')
           .transform(tfms, size=size, padding_mode=padding_mode)
           .databunch(bs=bs).normalize(imagenet_stats))

data = get_data(32, bs, 'zeros')
data.train_ds[0][0].__class__

def _plot(i,j,ax):
    x,y = data.train_ds[3]
    x.show(ax, y=y)

plot_multi(_plot, 3, 3, figsize=(8,8))
data = get_data(32,bs)
gc.collect()
learn = cnn_learner(data,
                    models.resnet18,
                    metrics=error_rate,
                    bn_final=True,
                    pretrained=False,
                    model_dir=path/'working')
learn.summary()
learn.fit_one_cycle(1, slice(1e-2), pct_start=0.8)
learn.model_dir = path/'working'
learn.save('3_1e-2_0.8')
learn.load(path/'working'/'3_1e-2_0.8')
learn.unfreeze()
learn.fit_one_cycle(1, max_lr=slice(1e-6,1e-3), pct_start=0.8)

def fit_one_cycle(learn:Learner,
                  cyc_len:int,
                  max_lr:Union[Floats,slice]=defaults.lr,
                  moms:Tuple[float,float]=(0.95,0.85),
                  div_factor:float=25.,
                  pct_start:float=0.3,
                  final_div:float=None,
                  wd:float=None,
                  callbacks:Optional[CallbackList]=None,
                  tot_epochs:int=None,
                  start_epoch:int=None)->None:
    "Fit a model following the 1cycle policy."
    max_lr = learn.lr_range(max_lr)
    callbacks = listify(callbacks)
    callbacks.append(OneCycleScheduler(learn,
                                       max_lr,
                                       moms=moms,
                                       div_factor=div_factor,
                                       pct_start=pct_start,
                                       final_div=final_div,
                                       tot_epochs=tot_epochs,
                                       start_epoch=start_epoch))
    learn.fit(cyc_len, max_lr, wd=wd, callbacks=callbacks)

data = get_data(48,bs)
learn.data = data
fit_one_cycle(learn, 1, max_lr=slice(1e-6,1e-4))
learn.save('2_1e-6_1e-4')
data = get_data(48,16)
learn = cnn_learner(data,
                    models.resnet18,
                    metrics=error_rate,
                    bn_final=True,
                    pretrained=False,
                    model_dir=path/'working').load(path/'working'/'2_1e-6_1e-4')
idx=5
x,y = data.valid_ds[idx]
y
y.data
data.valid_ds.y[idx]
data.classes[1]
x.show()
k = tensor([
    [0.  ,-5/3,1],
    [-5/3,-5/3,1],
    [1.  ,1   ,1],
]).expand(1,3,3,3)/6
t = data.valid_ds[idx][0].data
edge = F.conv2d(t[None], k)
show_image(edge[0], figsize=(5,5))
print(learn.summary())
m = learn.model.eval();
xb,_ = data.one_item(x); xb.shape;
data.denorm(xb)[0].shape
xb_im = Image(data.denorm(xb)[0]); xb_im

def hooked_backward(cat=y):
    with hook_output(m[0]) as hook_a:
        with hook_output(m[0], grad=True) as hook_g:
            preds = m(xb)
            preds[0,int(cat)].backward()
    return hook_a,hook_g

int(y)
hook_a,hook_g = hooked_backward()
acts  = hook_a.stored[0].cpu()
avg_acts = acts.mean(0)

def show_heatmap(hm):
    _,ax = plt.subplots(1,3)
    xb_im.show(ax[0])
    ax[1].imshow(hm, alpha=0.6, extent=(0,352,352,0),
              interpolation='bilinear', cmap='magma');
    xb_im.show(ax[2])
    ax[2].imshow(hm, alpha=0.6, extent=(0,352,352,0),
              interpolation='bilinear', cmap='magma');

show_heatmap(avg_acts)
grad = hook_g.stored[0][0].cpu()
grad_chan = grad.mean(1).mean(1)
mult = (acts*grad_chan[...,None,None]).mean(0)
show_heatmap(mult)
x = open_image(path_data.ls()[0]); x
xb,_ = data.one_item(x)
hook_a,hook_g = hooked_backward(0)
assert mult.shape == (2, 2)
"""

MNIST = r"""
from fastai.vision import *

il = ImageList.from_folder(path/'images', convert_mode='L')
il.items[0]
defaults.cmap='binary'
il
il[0].show()
sd = il.split_by_rand_pct(0.2, seed=1)
ll = sd.label_from_re(r'([^/]+)_\d+.jpg$')
x,y = ll.train[0]
x.show()
print(y,x.shape)
tfms = ([*rand_pad(padding=3, size=28, mode='zeros')], [])
ll = ll.transform(tfms, size=28)
bs = 16
data = ll.databunch(bs=bs).normalize()
def _plot(i,j,ax): data.train_ds[0][0].show(ax, cmap='gray')
plot_multi(_plot, 3, 3, figsize=(8,8))
xb,yb = data.one_batch()
xb.shape,yb.shape
data.show_batch(rows=3, figsize=(5,5))
def conv2(ni,nf): return conv_layer(ni,nf,stride=2)
class ResBlock(nn.Module):
    def __init__(self, nf):
        super().__init__()
        self.conv1 = conv_layer(nf,nf)
        self.conv2 = conv_layer(nf,nf)

    def forward(self, x): return x + self.conv2(self.conv1(x))

def conv_and_res(ni,nf): return nn.Sequential(conv2(ni, nf), res_block(nf))
model = nn.Sequential(
    conv_and_res(1, 8),
    ResBlock(8),
    conv_and_res(8, 16),
    conv_and_res(16, 32),
    conv_and_res(32, 16),
    conv2(16, data.c),
    Flatten()
)
learn = Learner(data, model, loss_func = nn.CrossEntropyLoss(), metrics=accuracy)
learn.lr_find(end_lr=100)
learn.recorder.plot()
learn.fit_one_cycle(2, max_lr=0.05)
print(learn.summary())
"""

FREEZING = r"""
import fastai.vision as fv

fv.__version__
path_train = fv.Path(path/'plants'); path_train.ls()
fv.np.random.seed(1)
data = fv.ImageDataBunch.from_folder(path_train,
                                  test=path/'images',
                                  ds_tfms=fv.get_transforms(),
                                  valid_pct=0.25,
                                  size=32,
                                  bs=8,
                                  num_workers=0)
data.normalize(fv.imagenet_stats)
data
learn = fv.cnn_learner(data,
                      fv.models.resnet18,
                      metrics=fv.error_rate,
                      pretrained=False,
                      model_dir=path/'working')
learn.save('start')
print('there are ', len(learn.layer_groups), 'layer_groups in this leaner object')
for g in learn.layer_groups[:]:
    num_trainables = fv.np.array([hasattr(l, 'weight') for l in g]).sum()
    num_bn = fv.np.array([isinstance(l, fv.bn_types) for l in g]).sum()
    print(len(g), num_trainables, num_bn)
learn.freeze()
learn.unfreeze()
learn.summary()
learn.freeze_to(1)
learn.summary()
assert 'Test: LabelList' in repr(data) and 'y: EmptyLabelList' in repr(data)
"""

BEFORE = """
import sys, warnings
import matplotlib
matplotlib.use('Agg')
import onecycle.as_fastai
from pathlib import Path

import pytest
path = Path(sys.argv[1])
"""


def drawn(folder):
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        from example_data import drawn_pets
    finally:
        sys.path.remove(str(ROOT / "examples"))
    drawn_pets(folder / "images", count=12, size=48, breeds=4)
    for file in (folder / "images").iterdir():
        kind = folder / "plants" / file.stem.rpartition("_")[0]
        kind.mkdir(parents=True, exist_ok=True)
        (kind / file.name).write_bytes(file.read_bytes())


def test_the_cells_of_four_notebooks_run_in_a_fresh_process(tmp_path):
    drawn(tmp_path)
    cells = [PETS_IN_FIVE_MINUTES, LESSON_6, MNIST, FREEZING]
    notebooks = "\n".join(f"exec({cell!r}, {{'path': path, '__name__': '__main__'}})" for cell in cells)
    done = subprocess.run(
        [sys.executable, "-c", BEFORE + notebooks, tmp_path],
        capture_output=True, text=True, timeout=300, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.count("LR Finder is complete, type {learner_name}.recorder.plot()") == 2
