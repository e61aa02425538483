"""A kernel on disk is used again as long as everything it is made of is the same, and compiled anew once it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from alpasim.compiled import is_known

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


@pytest.mark.parametrize("version", ["0.60.0", "0.61.0rc1", "0.68.1"])
def test_insides_of_versions_that_were_tried_are_used(version: str) -> None:
    assert is_known(version)


@pytest.mark.parametrize("version", ["0.59.1", "0.69.0", "0.100.0", "1.0.0", "1.0.0dev0+12.gabc", "unknown"])
def test_insides_of_other_versions_are_not(version: str) -> None:
    assert not is_known(version)


def test_the_installed_numba_is_one_whose_insides_are_known() -> None:
    assert is_known(numba.__version__), "read its caching, codegen and nrt, run the tests with it, then extend KNOWN"


@pytest.fixture
def run_unknown(tmp_path: Path):
    """The two kernels with a numba of which nothing is known: private parts of it may not even be imported."""
    (tmp_path / "callee.py").write_text(CALLEE.format(factor=1.0, number=2.0))
    (tmp_path / "caller.py").write_text(CALLER)
    program = """import sys, numba
numba.__version__ = "0.99.0"
sys.modules["alpasim.kernel_cache"] = None
import caller, callee
from alpasim.compiled import count_compiled
print(count_compiled(), type(callee.scaled._cache).__module__)
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def once() -> list[str]:
        command = [sys.executable, "-c", program]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()

    return once


def test_an_unknown_numba_caches_in_its_own_way(run_unknown) -> None:
    assert run_unknown() == ["3.0", "0", "2", "numba.core.caching"]
    assert run_unknown() == ["3.0", "1", "0", "numba.core.caching"]


RETURNS_ARRAYS = """import numpy as np

from alpasim.compiled import compiled

@compiled
def doubled(values):
    out = np.empty(len(values))
    for k in range(len(values)):
        out[k] = 2.0 * values[k]
    return out, values

values = np.arange(3.0)
for _ in range(1000):
    out, same = doubled(values)
print(out.sum(), same.sum(), sum(doubled.stats.cache_hits.values()))
"""


def test_a_kernel_from_the_cache_takes_and_returns_arrays_without_numbas_compiled_runtime(tmp_path: Path) -> None:
    (tmp_path / "arrays.py").write_text(RETURNS_ARRAYS)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    program = "import arrays; from numba.core.runtime.nrt import rtsys; print(rtsys._init)"
    printed = [
        subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert printed == [["6.0", "3.0", "0", "True"], ["6.0", "3.0", "1", "False"]]
