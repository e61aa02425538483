"""Whoever waits for kernels to be compiled is told so, on standard error and in few words."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fake_rollouts import COMPILES, plan_of

from alpasim.evaluation import compiling
from alpasim.evaluation.compiling import FIRST, Notice, watched
from alpasim.evaluation.evaluate import evaluate
from alpasim.evaluation.progress import Silent


class Words(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def test_an_evaluation_says_that_its_workers_wait_for_the_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "PATIENCE_S", 0.0)
    monkeypatch.setattr(compiling, "SAY_EVERY_S", 1000.0)
    words = Words()
    summary = evaluate(plan_of(), tmp_path, workers=2, runner=COMPILES, progress=words)
    assert summary.remaining == 0
    assert words.said == [FIRST]


def test_counts_are_said_when_they_are_due(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 101.5, 102.5, 110.0, 113.0, 122.0, 123.0])
    monkeypatch.setattr(compiling.time, "monotonic", lambda: next(now))
    said: list[str] = []
    notice = Notice(said.append)
    for count in (1, 5, 10, 40, 50, 70, 80):
        notice(count)
    assert said == [FIRST, "compiling kernels: 50 done", "compiling kernels: 80 done"]


def test_nothing_is_said_where_nothing_is_compiled_and_no_thread_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "LOOK_EVERY_S", 0.01)
    before = threading.active_count()
    counts: list[int] = []
    looked = threading.Event()
    monkeypatch.setattr(compiling, "count_compiled", lambda: looked.set() or 0)
    with watched(counts.append):
        assert looked.wait(10.0)
    assert counts == []
    assert threading.active_count() == before


CODE = r"""
import sys
from pathlib import Path
Path("kernels.py").write_text("from alpasim.compiled import compiled\n@compiled\ndef twice(x):\n    return 2 * x\n")
sys.path.insert(0, ".")
from alpasim.evaluation.compiling import count_compiled, watched
told = []
assert count_compiled() == 0
with watched(told.append):
    from kernels import twice
    import time
    assert twice(2.0) == 4.0
    until = time.monotonic() + 60.0
    while not told and time.monotonic() < until:
        time.sleep(0.01)
print(told, count_compiled())
"""


def test_a_kernel_that_is_really_compiled_is_counted(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[1]", "1"]
