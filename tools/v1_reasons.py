"""Why a name of fastai v1 is not here, or is called otherwise: pattern of its full name -> reason."""

# ruff: noqa: E501

_NO_PICKLE = "Files hold JSON and safetensors, no pickle, so that opening one cannot run code."
_LOADER = "Loaders are built for what v1 patched PyTorch's `DataLoader` for."
_TENSORBOARD = "TensorBoard's own writer works in the background; the three callbacks need no helpers."
_NVML = "The GPU's memory is read through torch; pynvml is not used."
_QRNN = "The recurrence of a QRNN is a parallel scan in plain PyTorch on every device (`forget_mult`)."
_FP16 = "Weights stay in single precision and the forward pass is cast (torch.amp), so there are no master copies."
_PART = "An inner part of v1's model; the model itself is here."

REASONS: dict[str, str] = {
    "basic_data.DataLoader___*": _LOADER,
    "basic_data.old_dl_init": _LOADER,
    "basic_data.intercept_args": _LOADER,
    "basic_data.DataBunch.*": _NO_PICKLE,
    "basic_data.load_data": _NO_PICKLE,
    "data_block.LabelLists.load_empty": _NO_PICKLE,
    "basic_train.Learner.export": _NO_PICKLE,
    "basic_train.load_learner": _NO_PICKLE + " An `export.pkl` is refused with the way to convert it.",
    "text.data.TextDataBunch.load": _NO_PICKLE,
    "basic_train.Learner.tta_only": "The views are those of the training's transforms; `scale=1.35` gives v1's.",
    "basic_train.Learner.TTA": "The views are those of the training's transforms; `scale=1.35` gives v1's.",
    "basic_train.loss_func_name2activ": "`get_preds` finds the activation that belongs to the loss; `activ=` takes another.",
    "basic_train.FakeOptimizer": "`lr_find` and `validate` need no optimizer that does nothing.",
    "*.pkg_resources": "setuptools has dropped it; use importlib.metadata.",
    "*.PrePostInitMeta": "Constructors are plain; `Module` needs no metaclass.",
    "*.bunzip": "Python's bz2, or `untar_data`, which unpacks safely.",
    "*.get_tmp_file": "Python's tempfile.",
    "callbacks.fp16.*": _FP16,
    "callbacks.mem.pynvml": _NVML,
    "utils.mem.pynvml": _NVML,
    "callbacks.tensorboard.*": _TENSORBOARD,
    "datasets.Config.DEFAULT_*": "The home folder is ONECYCLE_HOME's, or ~/.onecycle; `Config.get()` reads its settings.",
    "distributed.OurDistributedSampler": "Each process takes its share of the one order that seed and epoch give.",
    "text.data.text_extensions": "`extensions=` of `from_folder` says which files are texts.",
    "text.data.full_char_coverage_langs": "`SPProcessor(char_coverage=…)` says it.",
    "text.data.quotemark": "`SPProcessor` trains on sentences without marks between them.",
    "text.models.awd_lstm.*.initrange": "Weights are filled where the layers are made.",
    "text.models.qrnn.*": _QRNN,
    "utils.show_install.main": "`show_install()` is the function.",
    "text.transform.Tokenizer*": (
        "`tok_func` is `WordTokenizer`, rules of our own for all languages; `tok_func=SpacyTokenizer` works where spaCy "
        "is installed."
    ),
    "vision.data.verify_images": (
        "`delete` is False unless you ask. Asked to, it deletes only what its own bytes prove damaged or no image; what is "
        "too large, locked or without a reader is kept and named."
    ),
    "vision.learner.model_meta": "`cnn_config(arch)` and `register_model` say how a body is cut and split.",
    "vision.models.xception.*": _PART,
    "vision.models.xresnet.*": _PART,
    "vision.transform.rand_pos": "Write `row_pct=(0, 1), col_pct=(0, 1)`.",
}
