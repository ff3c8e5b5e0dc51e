"""Modules that are imported when they are first used."""

import subprocess
import sys
from types import ModuleType

from onecycle.utils.lazy import LazyModule


def test_nothing_is_imported_before_the_first_attribute():
    code = (
        "import sys; from onecycle.utils.lazy import LazyModule; m = LazyModule('wave'); repr(m); "
        "assert 'wave' not in sys.modules; m.open; assert 'wave' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_it_reads_and_writes_the_real_module():
    import calendar

    lazy = LazyModule("calendar")
    assert isinstance(lazy, ModuleType)
    assert lazy.isleap is calendar.isleap and dir(lazy) == dir(calendar)
    lazy.onecycle_test = 3
    assert calendar.onecycle_test == 3
    del lazy.onecycle_test
    assert not hasattr(calendar, "onecycle_test")
    assert repr(lazy) == "<module 'calendar', imported on first use>"


def test_submodules_named_beside_it_are_there():
    assert LazyModule("xml", also=("xml.dom",)).dom.__name__ == "xml.dom"
