"""A kernel on disk is used again as long as everything it is made of is the same, and compiled anew once it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from alpasim.compiled import compiled, is_known

CALLEE = """from alpasim.compiled import compiled

FACTOR = {factor}

@compiled
def scaled(x: float) -> float:
    return {number} * x
"""
CALLER = """from callee import FACTOR, scaled

from alpasim.compiled import compiled, count_compiled

@compiled
def total(x: float) -> float:
    return FACTOR + scaled(x)

print(total(1.0), count_compiled())
"""


@pytest.fixture
def run(tmp_path: Path):
    """Runs a program in a process that finds the files of `tmp_path`, kernels among them; returns its words."""

    def once(program: str, **variables: str) -> list[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
        places = {"PYTHONPATH": str(tmp_path), "ALPASIM_KERNELS": str(tmp_path / "kernels")}
        command = [sys.executable, "-W", "error", "-c", program]
        done = subprocess.run(command, env={**kept, **places, **variables}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return once


@pytest.fixture
def total(tmp_path: Path, run):
    """What `total(1.0)` is in a new process and how many kernels that compiled, with this source of the kernel it calls."""
    (tmp_path / "caller.py").write_text(CALLER)

    def once(factor: float, number: float) -> tuple[float, int]:
        text = CALLEE.format(factor=factor, number=number)
        file = tmp_path / "callee.py"
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
        answer, count = run("import caller")
        return float(answer), int(count)

    return once


def test_nothing_is_compiled_twice(total) -> None:
    assert total(1.0, 2.0) == (3.0, 1)
    assert total(1.0, 2.0) == (3.0, 0)


def test_an_edit_of_a_kernel_that_is_called_is_not_missed(total) -> None:
    assert total(1.0, 2.0)[0] == 3.0
    assert total(1.0, 5.0) == (6.0, 1)


def test_an_edit_of_a_constant_that_is_named_is_not_missed(total) -> None:
    assert total(1.0, 2.0)[0] == 3.0
    assert total(4.0, 2.0) == (6.0, 1)


def test_lines_above_a_kernel_change_nothing(total, tmp_path: Path) -> None:
    assert total(1.0, 2.0) == (3.0, 1)
    (tmp_path / "caller.py").write_text(f'"""Some words."""\n\n{CALLER}')
    assert total(1.0, 2.0) == (3.0, 0)


def test_a_kernel_from_disk_is_built_into_one_that_is_compiled_later(total, tmp_path: Path, run) -> None:
    assert total(1.0, 2.0) == (3.0, 1)
    early = CALLER.replace("@compiled\n", "print(scaled(4.0), count_compiled())\n\n@compiled\n")
    (tmp_path / "caller.py").write_text(early)
    assert run("import caller") == ["8.0", "1", "3.0", "1"], "scaled on its own is compiled; total comes from disk"
    (tmp_path / "caller.py").write_text(early.replace("FACTOR + scaled", "FACTOR - scaled"))
    assert run("import caller") == ["8.0", "0", "-1.0", "1"], "scaled comes from disk and is linked into total"


def test_a_kernel_from_disk_needs_no_numba(total, run) -> None:
    total(1.0, 2.0)
    assert run("import caller, sys; print({'numba', 'llvmlite'} & set(sys.modules))") == ["3.0", "0", "set()"]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_file_is_not_run(total, tmp_path: Path, damage: str) -> None:
    total(1.0, 2.0)
    (file,) = (tmp_path / "kernels").rglob("caller.total.*.kernel")
    content = file.read_bytes()
    middle = len(content) - 40
    file.write_bytes(
        {
            "cut": content[:-1],
            "flip": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "empty": b"",
            "other": b"\x7fELF" + content[4:],
        }[damage]
    )
    assert total(1.0, 2.0) == (3.0, 1)
    assert total(1.0, 2.0) == (3.0, 0), "and it was written anew"


def test_a_place_that_cannot_be_written_to_is_said_once(tmp_path: Path, run) -> None:
    (tmp_path / "callee.py").write_text(CALLEE.format(factor=1.0, number=2.0))
    (tmp_path / "file").write_text("")
    program = """import warnings
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    from callee import scaled
    print(scaled(1.0), scaled(2.0), scaled(3))
print(len(said), "ALPASIM_KERNELS" in str(said[0].message))"""
    assert run(program, ALPASIM_KERNELS=str(tmp_path / "file")) == ["2.0", "4.0", "6.0", "1", "True"]


def test_processes_that_compile_the_same_leave_one_whole_file(total, tmp_path: Path, run) -> None:
    (tmp_path / "callee.py").write_text(CALLEE.format(factor=1.0, number=2.0))
    (tmp_path / "caller.py").write_text(CALLER)
    program = """import subprocess, sys
both = [subprocess.Popen([sys.executable, "-c", "import caller"], stdout=subprocess.PIPE, text=True) for _ in range(2)]
print(*(one.communicate()[0] for one in both))"""
    assert [run(program)[k] for k in (0, 2)] == ["3.0", "3.0"]
    files = [file.name for file in (tmp_path / "kernels").rglob("*") if file.is_file()]
    assert len(files) == 1 and files[0].endswith(".kernel")
    assert total(1.0, 2.0) == (3.0, 0)


@pytest.mark.parametrize("version", ["0.60.0", "0.61.0rc1", "0.68.1"])
def test_insides_of_versions_that_were_tried_are_used(version: str) -> None:
    assert is_known(version)


@pytest.mark.parametrize("version", ["0.59.1", "0.69.0", "0.100.0", "1.0.0", "1.0.0dev0+12.gabc", "unknown"])
def test_insides_of_other_versions_are_not(version: str) -> None:
    assert not is_known(version)


def test_the_installed_numba_is_one_whose_insides_are_known() -> None:
    assert is_known(numba.__version__), "read its code libraries and nrt, run the tests with it, then extend KNOWN"


def test_with_an_unknown_numba_kernels_are_numbas_own(tmp_path: Path, run) -> None:
    """Private parts of it may not even be imported."""
    (tmp_path / "callee.py").write_text(CALLEE.format(factor=1.0, number=2.0))
    (tmp_path / "caller.py").write_text(CALLER)
    program = """import importlib.metadata, sys, numba
real = importlib.metadata.version
importlib.metadata.version = lambda name: "0.99.0" if name == "numba" else real(name)
numba.__version__ = "0.99.0"
sys.modules["alpasim.kernels.building"] = None
import callee
print(type(callee.scaled).__name__)
import caller"""
    cache = str(tmp_path / "cache")
    assert run(program, NUMBA_CACHE_DIR=cache) == ["CPUDispatcher", "3.0", "2"]
    assert run(program, NUMBA_CACHE_DIR=cache) == ["CPUDispatcher", "3.0", "0"]


def test_numbas_own_cache_is_told_of_the_kernels_that_are_called(tmp_path: Path, run) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    found = []
    for number in (2.0, 2.0, 5.0):
        if found[-1:] != [[str(1.0 + number), "0"]]:
            (tmp_path / "callee.py").write_text(CALLEE.format(factor=1.0, number=number))
        found.append(run("import caller", NUMBA_OPT="2", NUMBA_CACHE_DIR=str(tmp_path / "cache")))
    assert [answer for answer, _ in found] == ["3.0", "3.0", "6.0"]


def test_numba_told_to_check_bounds_checks_them(tmp_path: Path, run) -> None:
    (tmp_path / "beyond.py").write_text(
        "from alpasim.compiled import compiled\n\n@compiled\ndef last(a):\n    return a[len(a)]\n"
    )
    program = """import numpy as np
from beyond import last
try:
    print(last(np.zeros(3)))
except IndexError as error:
    print("IndexError")"""
    assert run(program, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path / "cache")) == ["IndexError"]


def test_what_a_kernel_may_not_name_is_refused(tmp_path: Path, run) -> None:
    (tmp_path / "table.py").write_text(
        "import numpy as np\nfrom alpasim.compiled import compiled\nTABLE = np.arange(3.0)\n\n"
        "@compiled\ndef second(x):\n    return TABLE[1] + x\n"
    )
    program = """from table import second
try:
    second(1.0)
except TypeError as error:
    print("ndarray" in str(error), "TABLE" in str(error))"""
    assert run(program) == ["True", "True"]


def test_what_belongs_to_another_function_is_refused() -> None:
    factor = 2.0

    def scaled(x: float) -> float:
        return factor * x

    with pytest.raises(TypeError, match="another function"):
        compiled(scaled)
