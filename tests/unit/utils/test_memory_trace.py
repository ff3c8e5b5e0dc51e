from types import SimpleNamespace

import pytest
import torch

from onecycle.utils import memory_trace
from onecycle.utils.memory_trace import GPUMemTrace, gpu_mem_trace

MB = 2**20


@pytest.fixture
def gpu(monkeypatch):
    """A GPU whose figures the test sets: bytes held now, and the most ever."""
    state = SimpleNamespace(held=10 * MB, most=10 * MB)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda id=None: state.held)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda id=None: state.most)
    monkeypatch.setattr(memory_trace, "preload_pytorch", lambda: None)
    return state


def test_without_a_gpu_it_says_zeros(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with GPUMemTrace(ctx="nothing") as trace:
        pass
    assert trace.data() == (0, 0)
    assert capsys.readouterr().out == "△Used Peaked MB:      0      0  nothing: exit (there is no GPU)\n"


def test_what_was_taken_and_the_peak_beyond(gpu, capsys):
    trace = GPUMemTrace(ctx="work")
    gpu.held, gpu.most = 14 * MB, 34 * MB
    trace.report("first")
    assert trace.data() == (4, 20)
    trace.report_n_reset()
    assert trace.data() == (0, 0)
    gpu.held = 15 * MB
    trace.stop()
    gpu.held = 99 * MB
    assert trace.data() == (1, 0) and repr(trace) == "△Used Peaked MB:      1      0"
    assert capsys.readouterr().out.splitlines() == [
        "△Used Peaked MB:      4     20  work: first", "△Used Peaked MB:      4     20  work",
    ]  # fmt: skip


def test_an_old_peak_does_not_count(gpu):
    gpu.most = 500 * MB
    with GPUMemTrace(silent=True) as trace:
        gpu.held = 30 * MB
    assert trace.data() == (20, 0)


def test_silence(gpu, capsys):
    trace = GPUMemTrace()
    trace.silent()
    trace.report()
    trace.silent(False)
    with trace:
        pass
    trace.on_exit_report = False
    with trace:
        trace.peak_monitor_stop()
        trace.peak_monitor_start()
    assert capsys.readouterr().out == "△Used Peaked MB:      0      0  exit\n"


def test_the_monitor_ends_when_told(gpu):
    trace = GPUMemTrace()
    trace.peak_monitor_stop()
    trace.peak_monitor_func()  # already told to end


def test_a_function_can_be_traced(gpu, capsys):
    @gpu_mem_trace
    def double(x):
        "Twice."
        gpu.held += 3 * MB
        return 2 * x

    assert double(4) == 8 and double.__doc__ == "Twice."
    assert "     3      0  " in capsys.readouterr().out
