"""A kernel on disk is used again as long as everything it is made of is the same, and compiled anew once it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CALLEE = """from alpasim.compiled import compiled

FACTOR = {factor}

@compiled
def scaled(x: float) -> float:
    return {number} * x
"""
CALLER = """from callee import FACTOR, scaled

from alpasim.compiled import compiled

@compiled
def total(x: float) -> float:
    return FACTOR + scaled(x)

print(total(1.0), sum(total.stats.cache_hits.values()))
"""


@pytest.fixture
def run(tmp_path: Path):
    (tmp_path / "caller.py").write_text(CALLER)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def once(factor: float, number: float) -> tuple[float, int]:
        text = CALLEE.format(factor=factor, number=number)
        file = tmp_path / "callee.py"
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
        printed = subprocess.run(
            [sys.executable, "-c", "import caller"], env=environment, capture_output=True, text=True, check=True
        ).stdout.split()
        return float(printed[0]), int(printed[1])

    return once


def test_nothing_is_compiled_twice(run) -> None:
    assert run(1.0, 2.0) == (3.0, 0)
    assert run(1.0, 2.0) == (3.0, 1)


def test_an_edit_of_a_kernel_that_is_called_is_not_missed(run) -> None:
    assert run(1.0, 2.0)[0] == 3.0
    assert run(1.0, 5.0) == (6.0, 0)


def test_an_edit_of_a_constant_that_is_named_is_not_missed(run) -> None:
    assert run(1.0, 2.0)[0] == 3.0
    assert run(4.0, 2.0) == (6.0, 0)


def test_a_kernel_from_the_cache_is_built_into_one_that_is_compiled_later(run, tmp_path: Path) -> None:
    assert run(1.0, 2.0) == (3.0, 0)
    early = CALLER.replace("@compiled", "print(scaled(4.0), sum(scaled.stats.cache_hits.values()))\n\n@compiled")
    (tmp_path / "caller.py").write_text(early.replace("FACTOR + scaled", "FACTOR - scaled"))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    command = [
        sys.executable,
        "-c",
        "import caller; from alpasim.compiled import count_compiled; print(count_compiled())",
    ]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert printed == ["8.0", "1", "-1.0", "0", "1"], "scaled comes from the cache and is linked into total"
