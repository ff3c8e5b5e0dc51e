import importlib

import pytest

from onecycle.errors import ArgumentError
from onecycle.utils.extras import import_extra


def test_a_package_that_is_there():
    assert import_extra("Owner", "json", "none").loads("1") == 1


def test_a_missing_package_names_its_extra():
    with pytest.raises(ArgumentError, match=r"Owner: needs the package no_such_package, which is not installed\. "
                                            r"Install it: pip install 'onecycle\[some\]'"):  # fmt: skip
        import_extra("Owner", "no_such_package.part", "some")


@pytest.mark.parametrize("error", [ImportError, RuntimeError, OSError])
def test_a_broken_package(monkeypatch, error):
    def broken(name):
        raise error("libthis.so: no such file\nand more")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ArgumentError, match=r"Owner: the package mlflow cannot be loaded \(libthis.so: no such file\)"):
        import_extra("Owner", "mlflow", "mlflow")
