"""Feeds damaged and hostile files to every reader of the library, and counts what it should never do.

    python tools/fuzz.py --inputs 21000 --seed 42            # the whole table
    python tools/fuzz.py --inputs 300 --only load_data -v    # one reader, with what went wrong

Each input is a function of the seed and its number: `--first 1234 --inputs 1` repeats number 1234. Inputs run in
batches in worker processes with 4 GB of memory beyond what a worker has when it begins. An audit hook counts what is
executed and where files are written; a clock counts inputs that take more than 20 seconds; a worker that dies is a
crash. Everything that is raised and is not one of the library's own errors is a raw error.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

SECONDS, MEMORY = 20, 4 << 30
_SILENCE = 60  # seconds without a word after which a worker is stuck below Python
OUTCOMES = ("read", "refused", "raw error", "execution", "write outside", "hang", "over memory", "crash")


class Overtime(BaseException):
    """An input took too long."""


# ---- what a reader must not do ----

_EXECUTION = (
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "os.fork", "pty.spawn",
    "pickle.find_class", "socket.connect", "socket.getaddrinfo", "urllib.Request", "code.__new__", "marshal.loads",
    "ctypes.dlopen", "builtins.input", "webbrowser.open",
)  # fmt: skip
_CHANGES = (
    "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate",
    "os.utime", "shutil.move", "shutil.rmtree", "shutil.copyfile",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """Note what is executed and what is written outside of a folder, while it is armed.

    Args:
        folder: Where files may be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.armed = os.path.realpath(folder), False
        self.executed: list[str] = []
        self.written: list[str] = []
        self._busy = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed or self._busy:
            return
        self._busy = True
        try:
            if event in _EXECUTION and not _is_an_import():
                self.executed.append(f"{event} {args!r:.200}")
            elif event == "exec" and not _is_known_code(args[0]):
                self.executed.append(f"exec {args!r:.200}")
            elif event == "open":
                self._opened(args)
            elif event in _CHANGES and not _of_open_folder(args):  # what an open folder is of was seen when it opened
                self._changed(event, args[0])
        finally:
            self._busy = False

    def _opened(self, args: tuple[Any, ...]) -> None:
        path, mode, flags = args
        writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITING)
        if writes:
            self._changed("open", path)

    def _changed(self, event: str, path: Any) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)) or _is_an_import():
            return
        real = os.path.realpath(os.fsdecode(os.fspath(path)))
        if real not in (os.devnull, self.folder) and not real.startswith(self.folder + os.sep):
            self.written.append(f"{event} {real}")


def _of_open_folder(args: tuple[Any, ...]) -> bool:
    """Say whether a name is below a folder that is open, as `shutil.rmtree` goes down."""
    return len(args) > 1 and isinstance(args[-1], int) and args[-1] >= 0 and not os.path.isabs(os.fspath(args[0]))


def _frames() -> Any:
    frame = sys._getframe(2)
    while frame is not None:
        yield frame.f_code.co_filename
        frame = frame.f_back


def _is_an_import() -> bool:
    return any(name.startswith("<frozen importlib") for name in _frames())


_FOLDERS = [str(each) for each in (sys.prefix, sys.base_prefix, ROOT, *sys.path) if str(each) not in ("", ".")]
_CODE_OF_LIBRARIES = (*_FOLDERS, *map(os.path.realpath, _FOLDERS))


def _is_known_code(code: Any) -> bool:
    """Say whether code is a module's, or made by the standard library of one: named tuples, data classes."""
    name = getattr(code, "co_filename", "")
    if name.startswith("<frozen") or name.startswith(_CODE_OF_LIBRARIES):
        return True
    makers = ("dataclasses.py", os.path.join("collections", "__init__.py"), "typing.py", "enum.py", "functools.py")
    return any(frame.endswith(makers) for frame in _frames()) or _is_an_import()


# ---- one input ----


def try_one(case: Any, number: int, seed: int, folder: Path, watch: Watch) -> tuple[str, str]:
    """Make one input, read it, and return its outcome and the particulars."""
    from onecycle.errors import OnecycleError

    draw = case.draw(seed, number)
    case.prepare(draw, folder)
    watch.executed.clear()
    watch.written.clear()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    outcome, said = "read", ""
    try:
        watch.armed = True
        case.read(folder)
    except Overtime as error:
        outcome, said = "hang", "".join(traceback.format_exception(error, limit=-8))
    except MemoryError as error:
        outcome, said = "over memory", str(error)
    except OnecycleError as error:
        outcome, said = "refused", f"{type(error).__name__}: {error}"
    except BaseException as error:
        outcome, said = "raw error", "".join(traceback.format_exception(error, limit=-6))
    finally:
        watch.armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        case.rest(folder)
    if watch.executed:
        return "execution", watch.executed[0]
    if watch.written:
        return "write outside", watch.written[0]
    return outcome, said


def work(seed: int, first: int, count: int, only: list[str], say: Callable[[Any], None]) -> None:
    """Try inputs one after another, telling before and after each."""
    from fuzz_cases import cases

    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        os.environ["ONECYCLE_HOME"] = str(folder / "home")
        os.chdir(folder)
        tempfile.tempdir = str(folder)
        known = cases(folder, only)
        for case in known:  # what is imported at first use is imported now
            case.warm_up(folder)
        watch = Watch(folder)
        _limit_memory()
        signal.signal(signal.SIGALRM, _overtime)
        for number in range(first, first + count):
            case = known[number % len(known)]
            say({"begin": number, "reader": case.name})
            start = time.perf_counter()
            outcome, said = try_one(case, number, seed, folder, watch)
            say({"end": number, "reader": case.name, "outcome": outcome, "said": said,
                 "seconds": time.perf_counter() - start})


def _overtime(number: int, frame: Any) -> None:
    raise Overtime


def _limit_memory() -> None:
    """Allow four gigabytes beyond what the process has mapped now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


# ---- many inputs ----


class Worker:
    """A process that tries a range of inputs.

    Args:
        seed: Of all inputs.
        first: Number of the first.
        count: How many.
        only: Readers, all where empty.
    """

    def __init__(self, seed: int, first: int, count: int, only: list[str]) -> None:
        self.seed, self.next, self.end, self.only = seed, first, first + count, only
        self.began: dict[str, Any] | None = None
        self.heard = time.monotonic()
        self._start()

    def _start(self) -> None:
        words = ["--worker", "--seed", self.seed, "--first", self.next, "--inputs", self.end - self.next]
        words += [word for name in self.only for word in ("--only", name)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
        command = [sys.executable, "-W", "ignore", __file__, *map(str, words)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self._rest = b""
        self.heard = time.monotonic()

    def results(self) -> list[dict[str, Any]]:
        """Return what has ended since; start again after a crash, or where nothing is heard."""
        assert self.process.stdout is not None
        found = []
        data = self.process.stdout.read() or b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            told = json.loads(line)
            self.heard = time.monotonic()
            if "begin" in told:
                self.began = told
            else:
                self.began, self.next = None, told["end"] + 1
                found.append(told)
        if self.process.poll() is not None and not data:
            found += self._ended()
        elif self.began is not None and time.monotonic() - self.heard > _SILENCE + SECONDS:
            self.process.kill()
            self.process.wait()
            found += self._lost("hang")
        return found

    def _ended(self) -> list[dict[str, Any]]:
        if self.process.returncode == 0 or self.next >= self.end:
            return []
        if self.began is None:
            assert self.process.stderr is not None
            raise SystemExit(f"fuzz: a worker does not start:\n{self.process.stderr.read().decode()[-3000:]}")
        return self._lost("crash")

    def _lost(self, outcome: str) -> list[dict[str, Any]]:
        """Note the input that a worker died of, and go on after it."""
        assert self.began is not None and self.process.stderr is not None
        said = self.process.stderr.read().decode(errors="replace")[-2000:]
        self.close()
        lost = {"end": self.began["begin"], "reader": self.began["reader"], "outcome": outcome, "said": said,
                "seconds": float(SECONDS)}
        self.next, self.began = lost["end"] + 1, None
        if self.next < self.end:
            self._start()
        return [lost]

    def close(self) -> None:
        """Let the pipes go."""
        self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    @property
    def done(self) -> bool:
        """Whether all inputs were tried."""
        return self.next >= self.end or (self.process.poll() == 0 and not self._rest)


def run(
    seed: int,
    first: int,
    count: int,
    only: list[str],
    workers: int,
    verbose: bool = False,
    heard: Callable[[dict[str, Any]], None] = lambda told: None,
) -> list[dict[str, Any]]:
    """Try inputs in worker processes and return their outcomes.

    Args:
        seed: Of all inputs.
        first: Number of the first.
        count: How many.
        only: Readers, all where empty.
        workers: How many processes.
        verbose: Print what should not have been.
        heard: Called with each outcome as it comes.
    """
    share = -(-count // workers)
    ranges = [(first + k * share, min(share, count - k * share)) for k in range(workers) if k * share < count]
    crew = [Worker(seed, start, size, only) for start, size in ranges]
    found: list[dict[str, Any]] = []
    while not all(worker.done for worker in crew):
        news = [told for worker in crew for told in worker.results()]
        for told in news:
            heard(told)
            if verbose and told["outcome"] not in ("read", "refused"):
                print(f"{told['end']} {told['reader']}: {told['outcome']}\n{told['said']}", flush=True)
        found += news
        time.sleep(0.0 if news else 0.05)
    for worker in crew:
        worker.close()
    return found


def table(found: list[dict[str, Any]]) -> str:
    """Return the outcomes of each reader as a table."""
    by_reader: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for told in found:
        by_reader[told["reader"]][told["outcome"]] += 1
    width = max(map(len, by_reader), default=6)
    lines = [f"{'reader':{width}}  inputs  " + "  ".join(OUTCOMES)]
    everything: collections.Counter[str] = collections.Counter()
    for reader in sorted(by_reader):
        counts = by_reader[reader]
        everything += counts
        lines.append(_line(reader, counts, width))
    return "\n".join([*lines, _line("all", everything, width)])


def _line(name: str, counts: collections.Counter[str], width: int) -> str:
    cells = "  ".join(f"{counts[outcome]:>{len(outcome)}}" for outcome in OUTCOMES)
    return f"{name:{width}}  {sum(counts.values()):>6}  {cells}"


def main() -> int:
    """Try inputs and print the table; 1 where anything happened that never should."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=21_000)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--only", action="append", default=[], metavar="READER")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="where each outcome is written, one JSON object a line")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        out = os.fdopen(os.dup(1), "w")  # what readers print does not mix with what is told
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        work(options.seed, options.first, options.inputs, options.only,
             lambda told: (out.write(json.dumps(told) + "\n"), out.flush()))
        return 0
    with open(options.out or os.devnull, "w", encoding="utf-8", buffering=1) as out:
        found = run(
            options.seed, options.first, options.inputs, options.only, options.workers, options.verbose,
            lambda told: print(json.dumps(told), file=out),
        )  # fmt: skip
    print(table(found))
    return int(any(told["outcome"] not in ("read", "refused") for told in found) or len(found) != options.inputs)


if __name__ == "__main__":
    sys.exit(main())
