"""What to use instead of the v1 modules that are not here, and of packages that v1 code imports beside it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["INSTEAD", "Adviser"]

_TIMM = "Bodies of timm go by their names, e.g. cnn_learner(data, 'efficientnet_b0'); pip install timm."
_V2 = "fastai.{0}.all is of fastai 2; v1's is fastai.{0}."

# module -> one sentence; modules below it have the same.
INSTEAD: dict[str, str] = {
    "fastai.general_optimizer": "Pass any optimizer of torch.optim, or your own, as opt_func= of a learner.",
    "fastai.script": "Write command lines with argparse of Python's library, or use the command `onecycle`.",
    "fastai.launch": "Start several processes with torchrun, or python -m onecycle.launch.",
    "fastai.sixel": "learn.recorder.plot() draws with matplotlib; save the figure with return_fig=True.",
    "fastai.gen_doc": "It made v1's own documentation; doc(function) prints how a function is called.",
    "fastai.utils.pynvml_gate": "onecycle.utils.mem reads the GPU's memory through torch.",
    "fastai.vision.models.efficientnet": _TIMM,
    "fastai.vision.models.cadene_models": _TIMM,
    "fastai.vision.models.presnet": f"models.xresnet50 is the nearest here. {_TIMM}",
    "fastai.vision.models.xresnet2": "models.xresnet18 to models.xresnet152 are in fastai.vision.models.xresnet.",
    "fastai.widgets": (
        "Its widgets needed Jupyter's of their day. `onecycle check FOLDER` finds broken images and copies, "
        "interp.top_losses() the likely wrong labels; delete or move those files, and make the data again."
    ),
    "fastai.vision.all": _V2.format("vision"),
    "fastai.text.all": _V2.format("text"),
    "fastai.tabular.all": _V2.format("tabular"),
    "fastai.basics.all": "fastai.basics has all that is not about one kind of data.",
    "fastai.callback.all": "fastai.callback.all is of fastai 2; v1's callbacks are in fastai.callbacks.",
    "fastai.data": "fastai.data is of fastai 2; v1's are fastai.basic_data and fastai.data_block.",
    "fastai.learner": "fastai.learner is of fastai 2; v1's is fastai.basic_train.",
    "torchvision": (
        "onecycle does without it: models.vgg16_bn, models.resnet34 and their kin are in fastai.vision.models. "
        "For more of torchvision: pip install torchvision."
    ),
    "fastprogress": "master_bar and progress_bar are in fastai.basics.",
}


class Adviser:
    """The last finder of modules: where none has found one, it says what to use instead.

    It answers import statements alone. `importlib.util.find_spec` gets None from it, so that what asks whether a
    package is installed hears that it is not.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find nothing.

        Raises:
            ModuleNotFoundError: the name stands in `INSTEAD`, or lies below one that does.
        """
        parts = name.split(".")
        known = next((one for at in range(len(parts), 0, -1) if (one := ".".join(parts[:at])) in INSTEAD), None)
        if known is None or not _is_import_statement():
            return None
        raise ModuleNotFoundError(f"No module named {name!r}. {INSTEAD[known]}", name=name)


def _is_import_statement() -> bool:
    """Whether the machinery of `import` asks, and not a function that looks for a module without importing it."""
    return sys._getframe(3).f_code.co_name == "_find_and_load_unlocked"
