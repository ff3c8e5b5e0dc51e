"""Names for things in files: a file says a name, and only what is registered answers to it."""

from __future__ import annotations

import enum
import importlib
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onecycle.errors import ArgumentError, NotRegisteredError, did_you_mean
from onecycle.utils.budget import take
from onecycle.utils.schema import Misfit

__all__ = ["decode", "encode", "encode_name", "give_state", "lookup", "name_of", "names", "register"]

# Built-in names and the leaf that registers them: a file may be read before that leaf was imported.
# One row a name, sorted within its kind.
HOMES: dict[str, dict[str, str]] = {
    "arch": {
        "alexnet": "onecycle.vision.models.alex",
        "densenet121": "onecycle.vision.models.densenet",
        "densenet161": "onecycle.vision.models.densenet",
        "densenet169": "onecycle.vision.models.densenet",
        "densenet201": "onecycle.vision.models.densenet",
        "mobilenet_v2": "onecycle.vision.models.mobilenet",
        "resnet101": "onecycle.vision.models.resnet",
        "resnet152": "onecycle.vision.models.resnet",
        "resnet18": "onecycle.vision.models.resnet",
        "resnet34": "onecycle.vision.models.resnet",
        "resnet50": "onecycle.vision.models.resnet",
        "squeezenet1_0": "onecycle.vision.models.squeezenet",
        "squeezenet1_1": "onecycle.vision.models.squeezenet",
        "vgg11_bn": "onecycle.vision.models.vgg",
        "vgg13_bn": "onecycle.vision.models.vgg",
        "vgg16_bn": "onecycle.vision.models.vgg",
        "vgg19_bn": "onecycle.vision.models.vgg",
        "wrn_22": "onecycle.vision.models.wrn",
        "xception": "onecycle.vision.models.xceptions",
        "xresnet101": "onecycle.vision.models.xresnet",
        "xresnet152": "onecycle.vision.models.xresnet",
        "xresnet18": "onecycle.vision.models.xresnet",
        "xresnet18_deep": "onecycle.vision.models.xresnet",
        "xresnet34": "onecycle.vision.models.xresnet",
        "xresnet34_deep": "onecycle.vision.models.xresnet",
        "xresnet50": "onecycle.vision.models.xresnet",
        "xresnet50_deep": "onecycle.vision.models.xresnet",
    },
    "batch_transform": {
        "Normalize": "onecycle.vision.normalization",
    },
    "data_bunch": {
        "CollabDataBunch": "onecycle.collab.data",
        "DataBunch": "onecycle.data.bunch",
        "ImageDataBunch": "onecycle.vision.image_bunch",
        "TabularDataBunch": "onecycle.tabular.bunch",
        "TextClasDataBunch": "onecycle.text.bunch",
        "TextDataBunch": "onecycle.text.bunch",
        "TextLMDataBunch": "onecycle.text.lm_bunch",
    },
    "enum": {
        "Activation": "onecycle.text.models.transformer",
        "DatasetType": "onecycle.data.loaders",
        "FillStrategy": "onecycle.tabular.procs",
        "NormType": "onecycle.nn.norm",
        "ResizeMethod": "onecycle.vision.resize",
    },
    "function": {
        "bb_pad_collate": "onecycle.vision.object_list",
        "data_collate": "onecycle.data.collate",
        "deal_caps": "onecycle.text.rules",
        "decode_spec_tokens": "onecycle.text.generation",
        "default_collate": "onecycle.data.collate",
        "fix_html": "onecycle.text.rules",
        "init_transformer": "onecycle.text.models.transformer",
        "pad_collate": "onecycle.text.collate",
        "replace_all_caps": "onecycle.text.rules",
        "replace_rep": "onecycle.text.rules",
        "replace_wrep": "onecycle.text.rules",
        "rm_useless_spaces": "onecycle.text.rules",
        "spec_add_spaces": "onecycle.text.rules",
    },
    "item_list": {
        "CategoryList": "onecycle.data.categories",
        "CollabList": "onecycle.collab.data",
        "EmptyLabelList": "onecycle.data.categories",
        "FloatList": "onecycle.data.categories",
        "GANItemList": "onecycle.vision.gan.items",
        "ImageImageList": "onecycle.vision.image_list",
        "ImageList": "onecycle.vision.image_list",
        "ImagePairList": "onecycle.vision.cyclegan.pairs",
        "ItemList": "onecycle.data.item_list",
        "LMLabelList": "onecycle.text.lists",
        "LMTextList": "onecycle.text.lists",
        "MixedItemList": "onecycle.data.mixed",
        "MultiCategoryList": "onecycle.data.categories",
        "ObjectCategoryList": "onecycle.vision.object_list",
        "ObjectItemList": "onecycle.vision.object_list",
        "PairLabelList": "onecycle.vision.cyclegan.pairs",
        "PointsItemList": "onecycle.vision.points_list",
        "PointsLabelList": "onecycle.vision.points_list",
        "SegmentationItemList": "onecycle.vision.segmentation_list",
        "SegmentationLabelList": "onecycle.vision.segmentation_list",
        "TabularList": "onecycle.tabular.lists",
        "TarImageList": "onecycle.vision.tar_list",
        "TextList": "onecycle.text.lists",
    },
    "items": {
        "ParquetRows": "onecycle.tabular.parquet_rows",
        "TableRows": "onecycle.tabular.rows",
        "TokenTexts": "onecycle.text.token_texts",
    },
    "learner": {
        "CollabLearner": "onecycle.collab.learner",
        "LanguageLearner": "onecycle.text.language_learner",
        "RNNLearner": "onecycle.text.learner",
    },
    "loss": {
        "AdaptiveLoss": "onecycle.vision.gan.losses",
        "BCEFlat": "onecycle.nn.losses",
        "BCELoss": "onecycle.nn.torch_losses",
        "BCEWithLogitsFlat": "onecycle.nn.losses",
        "BCEWithLogitsLoss": "onecycle.nn.torch_losses",
        "CosineEmbeddingLoss": "onecycle.nn.torch_losses",
        "CrossEntropyFlat": "onecycle.nn.losses",
        "CrossEntropyLoss": "onecycle.nn.torch_losses",
        "DiceLoss": "onecycle.nn.overlap_loss",
        "FeatureLoss": "onecycle.nn.feature_loss",
        "FlattenedLoss": "onecycle.nn.losses",
        "GaussianNLLLoss": "onecycle.nn.torch_losses",
        "HingeEmbeddingLoss": "onecycle.nn.torch_losses",
        "HuberLoss": "onecycle.nn.torch_losses",
        "KLDivLoss": "onecycle.nn.torch_losses",
        "L1Loss": "onecycle.nn.torch_losses",
        "LabelSmoothingCrossEntropy": "onecycle.nn.losses",
        "MSELoss": "onecycle.nn.torch_losses",
        "MSELossFlat": "onecycle.nn.losses",
        "MultiLabelMarginLoss": "onecycle.nn.torch_losses",
        "MultiLabelSoftMarginLoss": "onecycle.nn.torch_losses",
        "MultiMarginLoss": "onecycle.nn.torch_losses",
        "NLLLoss": "onecycle.nn.torch_losses",
        "NoopLoss": "onecycle.nn.losses",
        "PoissonNLLLoss": "onecycle.nn.torch_losses",
        "RetinaNetFocalLoss": "onecycle.nn.detection_loss",
        "SmoothL1Loss": "onecycle.nn.torch_losses",
        "SoftMarginLoss": "onecycle.nn.torch_losses",
        "TverskyLoss": "onecycle.nn.overlap_loss",
        "WassersteinLoss": "onecycle.nn.losses",
        "binary_cross_entropy": "onecycle.nn.torch_losses",
        "binary_cross_entropy_with_logits": "onecycle.nn.torch_losses",
        "cross_entropy": "onecycle.nn.torch_losses",
        "huber_loss": "onecycle.nn.torch_losses",
        "kl_div": "onecycle.nn.torch_losses",
        "l1_loss": "onecycle.nn.torch_losses",
        "mse_loss": "onecycle.nn.torch_losses",
        "nll_loss": "onecycle.nn.torch_losses",
        "smooth_l1_loss": "onecycle.nn.torch_losses",
    },
    "metric": {
        "AUROC": "onecycle.metrics.ranking",
        "AverageMetric": "onecycle.metrics.base",
        "ConfusionMatrix": "onecycle.metrics.confusion",
        "ExpRMSPE": "onecycle.metrics.regression",
        "ExplainedVariance": "onecycle.metrics.regression",
        "FBeta": "onecycle.metrics.confusion",
        "KappaScore": "onecycle.metrics.confusion",
        "MatthewsCorreff": "onecycle.metrics.confusion",
        "MeanAveragePrecision": "onecycle.metrics.detection",
        "MeanIoU": "onecycle.metrics.segmentation",
        "MultiLabelFbeta": "onecycle.metrics.multilabel",
        "Perplexity": "onecycle.metrics.language",
        "Precision": "onecycle.metrics.confusion",
        "R2Score": "onecycle.metrics.regression",
        "RMSE": "onecycle.metrics.regression",
        "Recall": "onecycle.metrics.confusion",
        "accuracy": "onecycle.metrics.classification",
        "accuracy_thresh": "onecycle.metrics.multilabel",
        "accuracy_thresh_expand": "onecycle.vision.gan.losses",
        "auc_roc_score": "onecycle.metrics.ranking",
        "dice": "onecycle.metrics.segmentation",
        "error_rate": "onecycle.metrics.classification",
        "exp_rmspe": "onecycle.metrics.regression",
        "explained_variance": "onecycle.metrics.regression",
        "fbeta": "onecycle.metrics.multilabel",
        "foreground_acc": "onecycle.metrics.segmentation",
        "jaccard": "onecycle.metrics.segmentation",
        "mean_absolute_error": "onecycle.metrics.regression",
        "mean_squared_error": "onecycle.metrics.regression",
        "mean_squared_logarithmic_error": "onecycle.metrics.regression",
        "psnr": "onecycle.metrics.pictures",
        "r2_score": "onecycle.metrics.regression",
        "root_mean_squared_error": "onecycle.metrics.regression",
        "ssim": "onecycle.metrics.pictures",
        "top_k_accuracy": "onecycle.metrics.classification",
    },
    "model": {
        "EmbeddingDotBias": "onecycle.collab.models",
        "EmbeddingNN": "onecycle.collab.network",
        "TabularModel": "onecycle.tabular.models",
        "basic_generator": "onecycle.vision.gan.networks",
        "create_cnn_model": "onecycle.vision.backbones",
        "create_detection_model": "onecycle.vision.detection_model",
        "create_unet_model": "onecycle.vision.unet_model",
        "get_language_model": "onecycle.text.heads",
        "get_pretrained_classifier": "onecycle.text.models.pretrained",
        "get_text_classifier": "onecycle.text.heads",
    },
    "optimizer": {
        "ASGD": "onecycle.optim.torch_optimizers",
        "Adadelta": "onecycle.optim.torch_optimizers",
        "Adagrad": "onecycle.optim.torch_optimizers",
        "Adam": "onecycle.optim.torch_optimizers",
        "AdamW": "onecycle.optim.torch_optimizers",
        "Adamax": "onecycle.optim.torch_optimizers",
        "LAMB": "onecycle.optim.lamb",
        "Lookahead": "onecycle.optim.lookahead",
        "NAdam": "onecycle.optim.torch_optimizers",
        "RAdam": "onecycle.optim.torch_optimizers",
        "RMSprop": "onecycle.optim.torch_optimizers",
        "Ranger": "onecycle.optim.lookahead",
        "Rprop": "onecycle.optim.torch_optimizers",
        "SGD": "onecycle.optim.torch_optimizers",
    },
    "processor": {
        "Categorify": "onecycle.tabular.procs",
        "CategoryProcessor": "onecycle.data.processors",
        "CollabProcessor": "onecycle.collab.data",
        "FillMissing": "onecycle.tabular.procs",
        "MixedProcessor": "onecycle.data.processors",
        "MultiCategoryProcessor": "onecycle.data.processors",
        "Normalize": "onecycle.tabular.procs",
        "NumericalizeProcessor": "onecycle.text.processors",
        "ObjectCategoryProcessor": "onecycle.vision.object_list",
        "OpenFileProcessor": "onecycle.text.files",
        "PointsProcessor": "onecycle.vision.points_list",
        "PretrainedTokenizerProcessor": "onecycle.text.pretrained",
        "SPProcessor": "onecycle.text.sentencepiece",
        "SegmentationProcessor": "onecycle.vision.segmentation_list",
        "TabularProcessor": "onecycle.tabular.processor",
        "TokenizeProcessor": "onecycle.text.processors",
    },
    "text": {
        "BaseTokenizer": "onecycle.text.word_tokenizer",
        "CharTokenizer": "onecycle.text.word_tokenizer",
        "EncodingTokenizer": "onecycle.text.word_tokenizer",
        "SpacyTokenizer": "onecycle.text.word_tokenizer",
        "Tokenizer": "onecycle.text.tokenizer",
        "Vocab": "onecycle.text.vocab",
        "WordTokenizer": "onecycle.text.word_tokenizer",
    },
    "text_arch": {
        "AWD_LSTM": "onecycle.text.models.awd_lstm",
        "Transformer": "onecycle.text.models.transformer",
        "TransformerXL": "onecycle.text.models.transformer_xl",
    },
    "transform": {
        "RandChoice": "onecycle.vision.random_choice",
        "RandTransform": "onecycle.vision.transform_base",
        "autocontrast": "onecycle.vision.tone_transforms",
        "brightness": "onecycle.vision.pixel_transforms",
        "contrast": "onecycle.vision.pixel_transforms",
        "crop": "onecycle.vision.pixel_transforms",
        "crop_pad": "onecycle.vision.pixel_transforms",
        "cutout": "onecycle.vision.pixel_transforms",
        "dihedral": "onecycle.vision.pixel_transforms",
        "dihedral_affine": "onecycle.vision.affine_transforms",
        "equalize": "onecycle.vision.tone_transforms",
        "flip_affine": "onecycle.vision.affine_transforms",
        "flip_lr": "onecycle.vision.pixel_transforms",
        "jitter": "onecycle.vision.warp_transforms",
        "pad": "onecycle.vision.pixel_transforms",
        "perspective_warp": "onecycle.vision.warp_transforms",
        "posterize": "onecycle.vision.tone_transforms",
        "random_erasing": "onecycle.vision.pixel_transforms",
        "rgb_randomize": "onecycle.vision.pixel_transforms",
        "rotate": "onecycle.vision.affine_transforms",
        "saturation": "onecycle.vision.tone_transforms",
        "sharpness": "onecycle.vision.tone_transforms",
        "shear": "onecycle.vision.affine_transforms",
        "skew": "onecycle.vision.warp_transforms",
        "solarize": "onecycle.vision.tone_transforms",
        "squish": "onecycle.vision.affine_transforms",
        "symmetric_warp": "onecycle.vision.warp_transforms",
        "tilt": "onecycle.vision.warp_transforms",
        "translate": "onecycle.vision.affine_transforms",
        "zoom": "onecycle.vision.affine_transforms",
        "zoom_squish": "onecycle.vision.affine_transforms",
    },
}

_things: dict[str, dict[str, Any]] = {kind: {} for kind in HOMES}
_names: dict[int, tuple[str, str, Any]] = {}  # id -> (kind, name, the thing itself, kept so the id stays its own)


def _check_kind(kind: str) -> None:
    if kind not in HOMES:
        kinds, hint = ", ".join(HOMES), did_you_mean(kind, HOMES)
        raise ArgumentError(f"registry: kind must be one of {kinds}; got {kind!r}.{hint}")


def register(kind: str, name: str | None = None) -> Callable[[Any], Any]:
    """Give a class or function the name by which files refer to it; used as a decorator.

    Args:
        kind: One of the kinds in `HOMES`, e.g. `function`, `transform`, `item_list`.
        name: Its name in files; the object's own `__name__` when left out.

    Raises:
        ArgumentError: the kind is unknown, or the name belongs to something else.

    Example:
        >>> @register("function")
        ... def halve(x): return x / 2
        >>> lookup("function", "halve")(4)
        2.0
    """
    _check_kind(kind)

    def remember(thing: Any) -> Any:
        known = name or thing.__name__
        holder = _things[kind].get(known)
        if holder is not None and _identity(holder) != _identity(thing):
            cure = f"Register {thing!r} under another name."
            raise ArgumentError(f"registry: {kind} {known!r} is taken by {holder!r}. {cure}")
        _things[kind][known] = thing
        _names[id(thing)] = (kind, known, thing)
        return thing

    return remember


_foreign_states: dict[type, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {}


def give_state(cls: type, get_state: Callable[[Any], Any], from_state: Callable[[Any], Any]) -> None:
    """Say how objects of a registered class of another library are written and rebuilt.

    Args:
        cls: The class; register it too.
        get_state: From an object to what `encode` takes.
        from_state: From that to an object.
    """
    _foreign_states[cls] = (get_state, from_state)


def _identity(thing: Any) -> tuple[str, str]:
    """Return where a thing is defined, so that running a notebook cell twice is no clash."""
    return getattr(thing, "__module__", "") or "", getattr(thing, "__qualname__", repr(thing))


def name_of(kind: str, thing: Any) -> str | None:
    """Return the registered name of a thing of this kind, or None."""
    _check_kind(kind)
    known = _names.get(id(thing))
    return known[1] if known and known[0] == kind else None


def lookup(kind: str, name: str) -> Any:
    """Return what is registered under a name.

    Raises:
        NotRegisteredError: nothing of this kind has the name; says the nearest one and the cure.
    """
    _check_kind(kind)
    if name not in _things[kind] and name in HOMES[kind]:
        importlib.import_module(HOMES[kind][name])
    if name in _things[kind]:
        return _things[kind][name]
    raise NotRegisteredError(
        f"registry: no {kind} is named {name!r}.{did_you_mean(name, names(kind))} "
        f"If it is your own, register it before loading: onecycle.utils.registry.register({kind!r})(it)."
    )


def names(kind: str) -> list[str]:
    """Return every name of a kind, sorted."""
    _check_kind(kind)
    return sorted({*_things[kind], *HOMES[kind]})


_TAG = "$"  # a dict with this key is one of ours: {"$": "tuple", "items": [...]}
_LARGEST_ARRAY = 65_536  # elements; more belongs in the tensors of a file


def encode(value: Any) -> Any:
    """Turn a value into what JSON can hold, naming registered things.

    Args:
        value: None, bool, number, string, list, tuple, dict, slice, Path, small array or tensor, device or
            dtype, member of a registered enum, anything registered, a `functools.partial` of it, or an object
            of a registered class with `get_state`.

    Raises:
        ArgumentError: names the thing that cannot be written and the cure.
    """
    if value is None or isinstance(value, (bool, str)) or type(value) in (int, float):
        return value
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return _encode_registered(value)


def _encode_registered(value: Any) -> Any:
    known = _names.get(id(value))
    if known is not None:
        return {_TAG: "name", "kind": known[0], "name": known[1]}
    known = _names.get(id(type(value)))
    get_state = _foreign_states.get(type(value), (getattr(type(value), "get_state", None),))[0]
    if known is not None and get_state is not None:
        return {_TAG: "object", "kind": known[0], "name": known[1], "state": encode(get_state(value))}
    what = getattr(value, "__qualname__", None) or repr(value)
    raise ArgumentError(
        f"encode: {what} ({type(value).__name__}) cannot be written to a file, since files hold names and never code. "
        f"Give it a name first: {_call(_likely_kind(value))}, in the saving and in the loading program."
    )


def _call(kind: str) -> str:
    return f"onecycle.utils.registry.register({kind!r})(it)"


def _likely_kind(value: Any) -> str:
    """Return the kind under which a reader will look for something: that of what it derives from."""
    bases = (value if isinstance(value, type) else type(value)).__mro__
    kinds = (_names[id(base)][0] for base in bases if id(base) in _names)
    return next(kinds, "function")


def encode_name(kind: str, thing: Any) -> str:
    """Return the name of something under the one kind by which its reader looks for it.

    Raises:
        ArgumentError: it has no name, or one of another kind, which no reader would find.
    """
    name = name_of(kind, thing)
    if name is not None:
        return name
    other = _names.get(id(thing))
    what = getattr(thing, "__qualname__", None) or repr(thing)
    state = f"is registered as a {other[0]!r}, where no reader looks for it" if other else "has no registered name"
    raise ArgumentError(
        f"encode: {what} {state}. Files hold names and never code. Register it as what it is: {_call(kind)}, in the "
        f"saving and in the loading program."
    )


def _encode_dict(value: dict[Any, Any]) -> Any:
    if all(isinstance(key, str) for key in value) and _TAG not in value:
        return {key: encode(item) for key, item in value.items()}
    return {_TAG: "dict", "items": [[encode(key), encode(item)] for key, item in value.items()]}


def _encode_array(value: np.ndarray) -> Any:
    if value.size > _LARGEST_ARRAY:
        raise ArgumentError(f"encode: an array of {value.size} elements is too large for JSON. Keep it as a tensor.")
    return {_TAG: "array", "dtype": str(value.dtype), "items": encode(value.tolist())}


def _encode_tensor(value: torch.Tensor) -> Any:
    if value.numel() > _LARGEST_ARRAY:
        raise ArgumentError(f"encode: a tensor of {value.numel()} elements is too large for JSON. Keep it as a tensor.")
    return {_TAG: "tensor", "dtype": str(value.dtype).removeprefix("torch."), "items": value.detach().cpu().tolist()}


def _encode_partial(value: partial[Any]) -> Any:
    args, keywords = encode(list(value.args)), encode(value.keywords)
    return {_TAG: "partial", "func": encode(value.func), "args": args, "keywords": keywords}


def _encode_enum(value: enum.Enum) -> Any:
    return {_TAG: "enum", "class": encode(type(value)), "name": value.name}


_WRITERS: list[tuple[Any, Callable[[Any], Any]]] = [
    (enum.Enum, _encode_enum),
    (list, lambda v: [encode(x) for x in v]),
    (tuple, lambda v: {_TAG: "tuple", "items": [encode(x) for x in v]}),
    ((set, frozenset), lambda v: {_TAG: "set", "items": sorted((encode(x) for x in v), key=str)}),
    (dict, _encode_dict),
    (slice, lambda v: {_TAG: "slice", "items": [encode(v.start), encode(v.stop), encode(v.step)]}),
    (Path, lambda v: {_TAG: "path", "text": str(v)}),
    (np.generic, lambda v: v.item()),
    (np.ndarray, _encode_array),
    (torch.Tensor, _encode_tensor),
    (torch.device, lambda v: {_TAG: "device", "text": str(v)}),
    (torch.dtype, lambda v: {_TAG: "dtype", "text": str(v).removeprefix("torch.")}),
    (partial, _encode_partial),
    (int, int),
    (float, float),
]


def decode(value: Any) -> Any:
    """Turn what `encode` wrote back into the value; builds only what is registered.

    Raises:
        NotRegisteredError: a name is unknown.
        ArgumentError: the form is foreign.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _TAG not in value:
        return {key: decode(item) for key, item in value.items()}
    read = _READERS.get(value[_TAG])
    if read is None:
        raise ArgumentError(f"decode: {value[_TAG]!r} is no form this version writes. The file is foreign or newer.")
    return read(value)


def check_forms(value: Any, forms: Collection[str] | None, kinds: Collection[str], place: str = "") -> None:
    """Check, before it is decoded, that a value of a file holds only forms and kinds of names that its reader wants.

    Args:
        value: What JSON gave.
        forms: Tags that may be there, such as `tuple`; any where None.
        kinds: Kinds of registered things that may be named.
        place: Where the value is, for the message.

    Raises:
        Misfit: it holds something else; for `schema.check_form`.
    """
    if isinstance(value, list):
        for position, entry in enumerate(value):
            check_forms(entry, forms, kinds, f"{place}[{position}]")
    elif isinstance(value, dict):
        tag, known = value.get(_TAG), _READERS if forms is None else forms
        if _TAG in value and (not isinstance(tag, str) or tag not in _READERS or tag not in known):
            raise Misfit(place, f"one of the forms {', '.join(known)}", tag)
        if tag in ("name", "object") and value.get("kind") not in kinds:
            raise Misfit(place, f"named things of the kinds {', '.join(kinds)}", value.get("kind"))
        for key, entry in value.items():
            check_forms(entry, forms, kinds, f"{place}.{key}")


def _decode_object(value: dict[str, Any]) -> Any:
    kind = lookup(value["kind"], value["name"])
    build = _foreign_states[kind][1] if kind in _foreign_states else kind.from_state
    return build(decode(value["state"]))


def _decode_partial(value: dict[str, Any]) -> Any:
    return partial(decode(value["func"]), *decode(value["args"]), **decode(value["keywords"]))


_LONGEST_ENTRY = 1 << 16  # bytes of one entry of an array, a text of 16,384 letters


def _decode_array(value: dict[str, Any]) -> np.ndarray:
    """Return a small array; a type of the file that asks for more memory than its entries is refused."""
    try:
        dtype = np.dtype(value["dtype"])
    except (TypeError, ValueError) as error:
        what = f"{value['dtype']!r} is no dtype of NumPy"
        raise ArgumentError(f"decode: {what}. The file is foreign or newer.") from error
    if dtype.itemsize > _LONGEST_ENTRY or dtype.kind == "V":
        raise ArgumentError(f"decode: an array of {value['dtype']!r} must have shorter entries. The file is damaged.")
    items = decode(value["items"])
    take(dtype.itemsize * len(items), "an array")
    return np.array(items, dtype=dtype)


def _torch_dtype(text: str) -> torch.dtype:
    found = getattr(torch, text, None)
    if not isinstance(found, torch.dtype):
        raise ArgumentError(f"decode: {text!r} is no dtype of torch. The file is foreign or newer.")
    return found


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "name": lambda v: lookup(v["kind"], v["name"]),
    "object": _decode_object,
    "dict": lambda v: {decode(key): decode(item) for key, item in v["items"]},
    "tuple": lambda v: tuple(decode(item) for item in v["items"]),
    "set": lambda v: {decode(item) for item in v["items"]},
    "slice": lambda v: slice(*[decode(item) for item in v["items"]]),
    "path": lambda v: Path(v["text"]),
    "array": _decode_array,
    "tensor": lambda v: torch.tensor(v["items"], dtype=_torch_dtype(v["dtype"])),
    "device": lambda v: torch.device(v["text"]),
    "dtype": lambda v: _torch_dtype(v["text"]),
    "partial": _decode_partial,
    "enum": lambda v: decode(v["class"])[v["name"]],
}
