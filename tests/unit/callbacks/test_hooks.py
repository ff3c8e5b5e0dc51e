"""The module that passes v1's names on."""

from onecycle.callbacks import hooks
from onecycle.callbacks.activation_stats import ActivationStats
from onecycle.nn.hooks import hook_output


def test_it_passes_on_what_its_leaves_define():
    assert hooks.ActivationStats is ActivationStats
    assert hooks.hook_output is hook_output
    assert all(hasattr(hooks, name) for name in hooks.__all__)
