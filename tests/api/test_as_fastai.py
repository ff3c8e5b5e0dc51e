"""`import onecycle.as_fastai`: the v1 module paths lead to onecycle's own classes."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, *, path: str = "") -> subprocess.CompletedProcess:
    "Run `code` in a fresh Python, with `path` before everything else."
    code = f"import sys; sys.path[:0] = [{path!r}] if {path!r} else []\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)


def test_v1_paths_give_onecycles_own_names():
    code = """
import onecycle.as_fastai
import fastai, fastai.vision as fv
from fastai import *
from fastai.vision import *
from fastai.callbacks import *
from fastai.callbacks.hooks import *
from fastai.collab import *
from fastai.tabular import *
from fastai.basic_train import Learner as learner_class
import onecycle.learner, onecycle.vision, onecycle
assert fv.__version__ == fastai.__version__ == onecycle.__version__
assert learner_class is onecycle.learner.Learner is Learner
assert fastai.vision.ImageList is onecycle.vision.ImageList is ImageList
assert fastai.vision.image.Image is Image
assert collab_learner and CollabDataBunch and TabularList and add_datepart and pd
assert SaveModelCallback and hook_output and np.zeros(1) == 0
import onecycle.as_fastai
print('ok')
"""
    done = python(code)
    assert done.stdout.strip() == "ok", done.stderr


def test_every_name_in_the_table_is_there():
    from onecycle.as_fastai_names import HIDDEN, LEAVES

    for homes in LEAVES.values():
        for leaf, names in homes.items():
            module = import_module(leaf)
            assert [name for name in names if not hasattr(module, name)] == []
    assert all(set(hidden) <= {n for names in LEAVES[v1].values() for n in names} for v1, hidden in HIDDEN.items())


def test_an_installed_fastai_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "fastai").mkdir()
    (tmp_path / "fastai" / "__init__.py").write_text("")
    for first in ("", "import fastai; "):
        done = python(first + "import onecycle.as_fastai", path=str(tmp_path))
        assert done.returncode == 1
        assert "ImportError: onecycle.as_fastai: the name fastai must be free; got an installed" in done.stderr


def test_unknown_v1_paths_and_names_fail_as_ever():
    done = python("import onecycle.as_fastai, fastai.nosuch")
    assert "No module named 'fastai.nosuch'" in done.stderr
    done = python("import onecycle.as_fastai; from fastai.core import ifnome")
    assert "cannot import name 'ifnome' from 'fastai.core'" in done.stderr


def test_star_imports_bring_what_v1s_brought():
    code = """
import onecycle.as_fastai
from fastai.vision import *
assert gzip.compress and BytesIO and LongTensor([1]).dtype == torch.int64 and as_tensor([1.]).sum() == 1
assert exp(0) == 1 and isinstance(DataFrame({'a': [1]}), pd.DataFrame) and AdamW and Rank0Tensor is Tensor
assert try_import('gzip') is gzip and not have_min_pkg_version('torch', '99.0') and callbacks.hooks.hook_output
assert scipy.__name__ == 'scipy' and requests.__name__ == 'requests' and 'requests' not in sys.modules
import fastai
assert vision is fastai.vision and vision.image.open_image is open_image and vision.data.ImageList is ImageList
from fastai.collab import *
assert TabularList and CollabDataBunch and tabular is fastai.tabular
from fastai.text import *
assert text.data.TextList is TextList
print('ok')
"""
    done = python(code)
    assert done.stdout.strip() == "ok", done.stderr


def test_models_are_onecycles_own_and_not_torchvisions():
    code = """
import onecycle.as_fastai, onecycle.vision.models
from fastai.vision import *
from fastai.vision.models import vgg16_bn
import fastai.vision.models
for name in ('resnet18', 'squeezenet1_0', 'densenet121', 'mobilenet_v2', 'alexnet'):
    assert getattr(models, name) is getattr(onecycle.vision.models, name)
assert vgg16_bn is onecycle.vision.models.vgg16_bn
print('ok')
"""
    done = python(code)
    assert done.stdout.strip() == "ok", done.stderr


def test_modules_reexport_what_v1s_did():
    code = """
import onecycle.as_fastai
from fastai.data_block import ItemBase, Path, data_collate
from fastai.callbacks import Callback, LearnerCallback
from fastai.metrics import add_metrics
from fastai.basic_train import load_callback, format_time
"""
    core = "from fastai.torch_core import *\nprint(torch and Tensor and partial)"
    done = python(code.replace(", format_time", "") + core)
    assert "functools.partial" in done.stdout, done.stderr
    assert "cannot import name 'format_time'" in python(code).stderr


def test_modules_that_are_not_here_say_what_to_use():
    for module, words in {
        "fastai.script": "argparse",
        "fastai.launch": "torchrun",
        "fastai.general_optimizer": "opt_func=",
        "fastai.widgets.image_cleaner": "onecycle check",
        "fastai.vision.models.efficientnet": "'efficientnet_b0'",
        "fastai.vision.all": "fastai 2; v1's is fastai.vision",
    }.items():
        done = python(f"import onecycle.as_fastai, {module}")
        assert f"ModuleNotFoundError: No module named '{module.removesuffix('.image_cleaner')}'. " in done.stderr
        assert words in done.stderr


def test_a_package_that_v1_stood_on_is_still_reported_as_missing():
    code = """
import importlib.util, sys
import onecycle.as_fastai
sys.meta_path[:] = [one for one in sys.meta_path if getattr(one, '__name__', '') != 'PathFinder']
assert importlib.util.find_spec('torchvision') is None
from torchvision.models import vgg16_bn
"""
    assert "ModuleNotFoundError: No module named 'torchvision'. onecycle does without" in python(code).stderr
    assert "models.vgg16_bn" in python(code).stderr
