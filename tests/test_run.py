"""run.py: what it says when it cannot go on, and that a made environment is used again."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def run(tmp_path, monkeypatch):
    "run.py as a module whose environment lies in an empty folder, and which never calls pip."
    spec = importlib.util.spec_from_file_location("run", ROOT / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.VENV = tmp_path / ".venv"
    module.VENV.mkdir()
    module.commands = []
    monkeypatch.setattr(module.subprocess, "call", lambda command, **how: module.commands.append(command) or 0)
    return module


@pytest.fixture
def made(run):
    "The same with a Python in the environment."
    python = run.VENV / "bin/python"
    python.parent.mkdir(parents=True)
    python.touch()
    return run


def test_it_uses_the_standard_library_only():
    code = "import sys; sys.path.insert(0, '.'); import run; print({'torch', 'numpy', 'onecycle'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


def test_help_and_unknown_commands(run, capsys):
    assert run.main([]) == 0
    assert "python3 run.py train" in capsys.readouterr().out
    assert run.main(["trian"]) == 2
    assert capsys.readouterr().err == (
        "run.py: command must be one of train, test, check, docs, bench; got 'trian'.\n"
    )


def test_an_old_python_is_told_what_to_do(run, capsys, monkeypatch):
    monkeypatch.setattr(run.sys, "version_info", (3, 8, 1))
    assert run.main(["test"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("run.py: Python must be 3.11 or later; this is 3.8") and "python3.11 run.py" in said


def test_the_first_command_makes_and_installs(run):
    assert run.main(["train", "--epochs", "1"]) == 0
    make, install, train = run.commands
    assert make[1:4] == ["-m", "venv", "--clear"]
    assert install[1:4] == ["-m", "pip", "install"] and install[-1] == f"{ROOT}[demo]"
    assert str(ROOT / "constraints.txt") in install
    assert train[1:] == ["-m", "onecycle.cli", "train", "--epochs", "1"]


def test_a_made_environment_is_used_again(made):
    made.stamp_of("dev").write_text(made.fingerprint())
    assert made.main(["test", "-k", "smoke"]) == 0
    assert made.main(["train"]) == 0
    assert [command[1:] for command in made.commands if "-c" not in command] == [
        ["-m", "pytest", "-k", "smoke"], ["-m", "onecycle.cli", "train"],
    ]


def test_changed_requirements_install_again(made):
    made.stamp_of("demo").write_text("what it was before")
    made.main(["train"])
    assert any("pip" in command for command in made.commands)
    assert made.stamp_of("demo").read_text() == made.fingerprint()


@pytest.mark.parametrize("step, words", [("venv", "python3-venv"), ("pip", "pip could not install")])
def test_a_failed_set_up_is_one_sentence(run, capsys, monkeypatch, step, words):
    monkeypatch.setattr(run.subprocess, "call", lambda command, **how: int(step in command))
    assert run.main(["train"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("run.py: ") and words in said and "Traceback" not in said


def test_check_runs_every_step_and_names_what_failed(made, capsys, monkeypatch):
    made.stamp_of("dev").write_text(made.fingerprint())
    monkeypatch.setattr(made.subprocess, "call", lambda command, **how: int("ruff" in command or "mypy" in command))
    assert made.main(["check"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "check: failed: ruff, types"
