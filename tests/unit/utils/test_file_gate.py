"""What comes out of the gate of a reader."""

import struct
import warnings

import pytest

from onecycle.errors import (
    ArgumentError,
    DataError,
    FileFormatError,
    NotRegisteredError,
    OutOfMemoryError,
    TrainingError,
)
from onecycle.utils.file_gate import file_gate
from onecycle.utils.files import FileMissingError, FileReadError

RAW = [KeyError("x"), TypeError("no"), ValueError("no"), IndexError("no"), AttributeError("no"), struct.error("no"),
       RecursionError("deep"), AssertionError(), UnicodeDecodeError("utf-8", b"", 0, 1, "no"), OverflowError("no"),
       ZeroDivisionError("no"), EOFError(), StopIteration(), RuntimeError("no"), OSError("no number")]  # fmt: skip


@pytest.mark.parametrize("error", RAW, ids=lambda error: type(error).__name__)
def test_raw_errors_become_one_sentence_with_the_cause(error):
    with pytest.raises(FileFormatError, match="load: 'a.bin' is damaged or of another kind .*Copy") as caught:
        with file_gate("load", "a.bin"):
            raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [ArgumentError("load: bs is odd"), DataError("odd"), TrainingError("odd")], ids=repr)
def test_own_errors_are_about_the_file_unless_a_users_arguments_are_used(error):
    with pytest.raises(FileFormatError, match="load: 'a.bin' cannot be used: "), file_gate("load", "a.bin"):
        raise error
    with pytest.raises(type(error)) as caught, file_gate("load", "a.bin", convert_own=False):
        raise error
    assert caught.value is error


PASS = [FileFormatError, FileMissingError, FileReadError, NotRegisteredError, OutOfMemoryError]


@pytest.mark.parametrize("kind", PASS)
def test_errors_that_say_it_already_pass(kind):
    error = kind("as it is")
    with pytest.raises(kind) as caught, file_gate("load", "a.bin"):
        raise error
    assert caught.value is error


def test_what_the_system_refuses_is_no_damage():
    with pytest.raises(FileReadError, match=r"'a.bin' cannot be read now \(Permission denied\).*nothing") as caught:
        with file_gate("load", "a.bin"):
            raise PermissionError(13, "Permission denied")
    assert caught.value.errno == 13
    with pytest.raises(OutOfMemoryError, match="not enough memory for 'a.bin'. It need not be damaged"):
        with file_gate("load", "a.bin"):
            raise MemoryError


def test_warnings_and_ctrl_c_go_through():
    with pytest.raises(KeyboardInterrupt), file_gate("load", "a.bin"):
        raise KeyboardInterrupt
    with pytest.raises(UserWarning), file_gate("load", "a.bin"):
        warnings.warn("an error in tests", UserWarning, stacklevel=1)


def test_a_long_reason_is_cut_and_a_thing_without_a_path_is_named():
    with pytest.raises(FileFormatError) as caught, file_gate("load", "the open file"):
        raise ValueError("x" * 5000)
    assert len(str(caught.value)) < 400
