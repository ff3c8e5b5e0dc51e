"""The short form of tools/fuzz.py: every reader, a few damaged and hostile files."""

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
INPUTS = 180  # six of each reader


@pytest.fixture
def fuzz(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    import fuzz

    return fuzz


def test_no_damaged_file_is_executed_writes_outside_or_raises_a_raw_error(fuzz):
    found = fuzz.run(seed=7, first=0, count=INPUTS, only=[], workers=2)
    wrong = [f"{told['end']} {told['reader']}: {told['said']}" for told in found if told["outcome"] not in
             ("read", "refused")]  # fmt: skip
    assert not wrong, "\n".join(wrong)
    assert len(found) == INPUTS and len({told["reader"] for told in found}) > 25
    assert sum(told["outcome"] == "read" for told in found) > INPUTS // 10


class Bad:
    """A reader that does what none should."""

    name = "bad"

    def __init__(self, work):
        self.work = work

    def draw(self, seed, number):
        return None

    def prepare(self, draw, folder):
        pass

    def read(self, folder):
        self.work(folder)

    def rest(self, folder):
        pass


@pytest.fixture(scope="module")
def watch(tmp_path_factory):
    """Return the one watch of this process: an audit hook cannot be taken away."""
    sys.path.insert(0, str(TOOLS))
    import fuzz

    sys.path.remove(str(TOOLS))
    return fuzz.Watch(tmp_path_factory.mktemp("work"))


def raw(folder):
    raise KeyError("raw")


def memory(folder):
    raise MemoryError


def outside(folder):
    (Path(folder).parent / "outside.txt").write_text("x")


def inside(folder):
    (Path(folder) / "inside.txt").write_text("x")


def program(folder):
    import os

    os.system("true")


def unpickle(folder):
    import pickle

    pickle.loads(b"cbuiltins\nlen\n.")


def code(folder):
    exec(compile("1 + 1", "<string>", "exec"))


@pytest.mark.parametrize(
    ("work", "outcome"),
    [(raw, "raw error"), (memory, "over memory"), (outside, "write outside"), (inside, "read"), (program, "execution"),
     (unpickle, "execution"), (code, "execution")],
)  # fmt: skip
def test_what_should_never_happen_is_counted(work, outcome, fuzz, watch):
    assert fuzz.try_one(Bad(work), 0, 0, Path(watch.folder), watch)[0] == outcome
    assert not watch.armed


def test_an_input_is_a_function_of_seed_and_number(fuzz, tmp_path):
    import fuzz_mutations

    case = __import__("fuzz_cases").Case("a", [b"abc" * 99], fuzz_mutations.damaged, lambda file: None)
    inputs = []
    for number in (1, 1, 2):
        case.prepare(case.draw(3, number), tmp_path)
        inputs.append((tmp_path / "input").read_bytes())
    assert inputs[0] == inputs[1] != inputs[2]


def test_the_table_has_a_row_for_each_reader(fuzz):
    told = [{"reader": "a", "outcome": "read"}, {"reader": "b", "outcome": "crash"}]
    lines = fuzz.table(told).splitlines()
    assert [line.split()[0] for line in lines] == ["reader", "a", "b", "all"] and lines[2].split()[-1] == "1"
