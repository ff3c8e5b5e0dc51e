"""All that looks into layers, in one place: what v1's `callbacks.hooks` gave, passed on from its leaves."""

from onecycle.callbacks.activation_stats import ActivationStats
from onecycle.callbacks.hook_callback import HookCallback
from onecycle.callbacks.model_table import model_summary
from onecycle.nn.dry_run import dummy_batch, dummy_eval, model_sizes, num_features_model
from onecycle.nn.hooks import Hook, Hooks, SaveFeatures, hook_output, hook_outputs
from onecycle.nn.summary import get_layer_name, hook_params, layers_info, params_size, total_params

__all__ = [
    "ActivationStats",
    "Hook",
    "HookCallback",
    "Hooks",
    "SaveFeatures",
    "dummy_batch",
    "dummy_eval",
    "get_layer_name",
    "hook_output",
    "hook_outputs",
    "hook_params",
    "layers_info",
    "model_sizes",
    "model_summary",
    "num_features_model",
    "params_size",
    "total_params",
]
