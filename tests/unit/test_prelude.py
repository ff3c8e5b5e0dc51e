"""How a front door serves names."""

import gc

import pytest

from onecycle.prelude import THIRD_PARTY, open_door


def test_a_door_serves_leaves_modules_and_third_parties():
    get, names = open_door("shop", {"math": ["pi"], "os.path": ["join"]}, {"paths": "os.path"})
    assert get("pi") == __import__("math").pi
    assert get("paths") is __import__("os").path
    assert get("np") is __import__("numpy")
    assert get("partial") is __import__("functools").partial
    assert names() == ["join", "paths", "pi"]


def test_a_door_serves_the_leaves_below_it_as_modules():
    get, _ = open_door("os", {"os.path": ["join"]})
    assert get("path") is __import__("os").path


def test_the_garbage_collector_is_left_as_it_was():
    get, _ = open_door("shop", {"colorsys": ["hsv_to_rgb"], "nosuch": ["thing"]})
    for switch in (gc.disable, gc.enable):
        switch()
        before = gc.isenabled()
        assert get("hsv_to_rgb")
        with pytest.raises(ModuleNotFoundError, match="nosuch"):
            get("thing")
        assert gc.isenabled() == before


def test_unknown_names_get_a_hint():
    get, _ = open_door("shop", {"math": ["sqrt"]})
    with pytest.raises(AttributeError, match=r"module 'shop' has no attribute 'sqr'. Did you mean 'sqrt'\?"):
        get("sqr")
    with pytest.raises(AttributeError, match=r"module 'shop' has no attribute '__wrapped__'.$"):
        get("__wrapped__")


@pytest.mark.parametrize("name", sorted(THIRD_PARTY))
def test_every_third_party_name_resolves(name):
    get, _ = open_door("shop", {})
    assert dir(get(name))
