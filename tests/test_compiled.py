"""A kernel on disk is used again as long as everything it is made of is the same, and compiled anew once it is not."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from alpasim.compiled import compiled, is_known
from alpasim.kernels.machine_code import Piece, folders, owners, read, write

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


EDITS = {
    "a value that an argument is left out for": (
        "@compiled\ndef below(x, y={}):\n    return x + y\n",
        "@compiled\ndef total(x):\n    return below(x)\n",
        ("2.0", "5.0"),
    ),
    "a function of another name": (
        "from math import {} as below\n",
        "@compiled\ndef total(x):\n    return round(below(x) + 2.0)\n",
        ("floor", "exp"),
    ),
    "fields of a named tuple made in a kernel": (
        "class Pair(NamedTuple):\n    {}: float\n    {}: float\n",
        "@compiled\ndef total(x):\n    return Pair(x + 2.0, x + 5.0).left\n",
        ("left right", "right left"),
    ),
    "fields of a named tuple given to a kernel": (
        "class Pair(NamedTuple):\n    {}: float\n    {}: float\n",
        "@compiled\ndef left(pair):\n    return pair.left\n\ndef total(x):\n    return left(Pair(x + 2.0, x + 5.0))\n",
        ("left right", "right left"),
    ),
    "members of an enumeration": (
        "class Kind(Enum):\n    ONE = {}\n",
        "@compiled\ndef total(x):\n    return x + Kind.ONE.value\n",
        ("2.0", "5.0"),
    ),
    "what holds a kernel's arrays": (
        "@{}\ndef below(a):\n    return a[0]\n",
        "@compiled\ndef total(x):\n    return below(np.full(3, x + 2.0))\n",
        ("inner", "compiled"),
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_anything_else_that_a_kernel_is_made_of_is_not_missed(edit: str, tmp_path: Path, run) -> None:
    head = "import numpy as np\nfrom enum import Enum\nfrom typing import NamedTuple\n"
    head += "from alpasim.compiled import compiled, inner, count_compiled\n"
    text, rest, values = EDITS[edit]
    expected = {"inner": "3.0", "compiled": "3.0", "floor": "3", "exp": "5"}
    for value, otherwise in zip(values, ("3.0", "6.0"), strict=True):
        (tmp_path / "program.py").write_text(head + text.format(*value.split()) + rest)
        words = "from program import total, count_compiled; print(total(1.0), count_compiled())"
        assert run(words) == [expected.get(value, otherwise), "1"]
        assert run(words) == [expected.get(value, otherwise), "0"]


def test_a_constant_that_is_exchanged_later_is_not_mixed_with_what_is_on_disk(tmp_path: Path, run) -> None:
    (tmp_path / "callee.py").write_text(CALLEE.format(factor=1.0, number="FACTOR"))
    assert run("import callee; print(callee.scaled(1.0)); callee.FACTOR = 5.0; print(callee.scaled(1))") == [
        "1.0",
        "1.0",
    ]
    assert run("import callee; print(callee.scaled(1.0), callee.scaled(1))") == ["1.0", "1.0"]


def test_stamps_do_not_depend_on_the_order_of_sets(tmp_path: Path, run) -> None:
    (tmp_path / "sets.py").write_text(
        "from alpasim.compiled import compiled\n\n@compiled\ndef found(x):\n"
        "    return {0: 1, 1: 2}[x] if x in {0, 1, 2} else len('a')\n"
    )
    program = "import sets; print(sets.found.__self__.__self__.stamp)"
    assert len({tuple(run(program, PYTHONHASHSEED=str(seed))) for seed in range(3)}) == 1


def test_modules_that_a_class_is_in_are_not_imported_for_its_kernels(tmp_path: Path, run) -> None:
    (tmp_path / "callee.py").write_text(
        "from alpasim.compiled import compiled\n\n@compiled\ndef first(pair):\n    return pair[0]\n"
    )
    (tmp_path / "loud.py").write_text(
        "from typing import NamedTuple\nprint('imported')\nclass Pair(NamedTuple):\n    x: float\n    y: float\n"
    )
    run("import callee, loud; callee.first(loud.Pair(1.0, 2.0)); callee.first((1.0, 2.0))")
    assert run("import callee; print(callee.first((3.0, 2.0)))") == ["3.0"]
    program = """import callee
from alpasim.compiled import count_compiled
callee.first((3.0, 2.0))
import loud
print(callee.first(loud.Pair(1.0, 2.0)), count_compiled())"""
    assert run(program) == ["imported", "1.0", "0"]


def test_kernels_may_be_called_until_the_last_object_is_freed(tmp_path: Path, run) -> None:
    """Also after Python has emptied the modules that loaded them."""
    (tmp_path / "callee.py").write_text(
        "import numpy as np\nfrom alpasim.compiled import compiled\n\n"
        "@compiled\ndef ones(n):\n    return np.ones(n), n\n"
    )
    program = """import builtins, os, sys
import callee
import alpasim.compiled
import alpasim.kernels.machine_code
import numpy
callee.ones(2)

class Late:
    def __init__(self):
        self.ones, self.write = callee.ones, os.write

    def __del__(self):
        self.write(1, f"{self.ones(3)[0][2]}\\n".encode())

for module in (builtins, sys, numpy, callee, alpasim.compiled, alpasim.kernels.machine_code):
    module.late = Late()
own = Late()
own.itself = own"""
    for _ in range(2):
        assert run(program) == ["1.0"] * 7


def test_a_module_may_be_loaded_again_and_its_kernels_freed(tmp_path: Path, run) -> None:
    (tmp_path / "callee.py").write_text(CALLEE.format(factor=1.0, number=2.0))
    program = """import callee, gc, importlib
for _ in range(50):
    importlib.reload(callee)
    assert callee.scaled(1.0) == 2.0
    gc.collect()
    kept = [bytes([255]) * size for size in range(8, 200, 8) for _ in range(20)]"""
    run(program, PYTHONMALLOC="debug")


def test_a_process_forked_while_a_kernel_is_compiled_can_call_kernels(total, tmp_path: Path, run) -> None:
    total(1.0, 2.0)
    program = """import os, threading
import callee, alpasim.compiled
held, done = threading.Event(), threading.Event()

def hold():
    with alpasim.compiled._lock:
        held.set()
        done.wait()

thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if not child:
    os._exit(callee.scaled(1.0) != 2.0)
print(os.waitpid(child, 0)[1])
done.set()
thread.join()"""
    (tmp_path / "caller.py").write_text("from callee import scaled\nscaled(1.0)")
    run("import caller")
    assert run(program) == ["0"]


def test_pieces_beside_the_source_and_in_the_users_cache_are_both_loaded(total, tmp_path: Path, run) -> None:
    """Where what was installed cannot be written to, a user's process adds what is missing in a place of its own."""
    total(1.0, 2.0)
    (file,) = (tmp_path / "kernels").rglob("caller.total.*.kernel")
    beside = tmp_path / "__pycache__"
    beside.mkdir(exist_ok=True)
    (beside / file.name).write_bytes(file.read_bytes())
    program = """import pathlib
from alpasim.kernels import machine_code
real = machine_code.write

def write(file, *rest):
    if file.parent.name == "__pycache__":
        raise PermissionError(f"{file} may not be written")
    real(file, *rest)

machine_code.write = write
from caller import total, count_compiled
print(total(2), count_compiled())"""
    places = {"ALPASIM_KERNELS": "", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert run(program, **places) == ["3.0", "0", "5.0", "1"]
    assert run(program, **places) == ["3.0", "0", "5.0", "0"]


def test_a_file_of_another_user_is_not_run(total, tmp_path: Path) -> None:
    total(1.0, 2.0)
    (file,) = (tmp_path / "kernels").rglob("caller.total.*.kernel")
    ours = owners(str(tmp_path / "caller.py"))
    with file.open("rb") as opened:
        content = opened.read()
    stamp = re.search(rb'"stamp": "(\w+)"', content)
    assert stamp is not None
    assert read(file, stamp[1].decode(), ours)
    assert not read(file, stamp[1].decode(), frozenset({max(ours) + 1}))


@pytest.mark.parametrize("where", [-1, 9, 10**9, 2**63])
def test_places_outside_of_the_code_are_refused(where: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="outside of 16 bytes"):
        Piece("", bytes(16), 0, ((where, 0),), ())
    with pytest.raises(ValueError, match="outside of 16 bytes"):
        Piece("", bytes(16), 0, (), ((where, "next", 0),))
    with pytest.raises(ValueError, match="outside of 16 bytes"):
        Piece("", bytes(16), where if where != 9 else 16, (), ())
    file, whole = tmp_path / "a.kernel", Piece("", bytes(16), 8, (), ((8, "next", 0),))
    write(file, "stamp", [whole])
    assert read(file, "stamp", owners("")) == [whole]
    body = file.read_bytes()[17 + 32 :].replace(b'"entry": 8', b'"entry":99')
    file.write_bytes(b"alpasim kernel 1\n" + hashlib.sha256(body).digest() + body)
    assert read(file, "stamp", owners("")) == []


@pytest.mark.parametrize(
    "body", [b"", b"\xff" * 20, bytes(8) + b"[]", b"\x02" + bytes(7) + b"[]", b"\x02" + bytes(7) + b"{}"]
)
def test_a_whole_file_of_something_else_is_refused(body: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.kernel"
    file.write_bytes(b"alpasim kernel 1\n" + hashlib.sha256(body).digest() + body)
    assert read(file, "stamp", owners("")) == []


def test_what_killed_processes_left_is_cleared_up(tmp_path: Path) -> None:
    old, new = tmp_path / "a.kernel.0123", tmp_path / "a.kernel.4567"
    for left in (old, new):
        left.write_bytes(b"")
    os.utime(old, (0, 0))
    write(tmp_path / "a.kernel", "stamp", [])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.kernel", "a.kernel.4567"]


def test_kernels_of_no_file_lie_in_the_users_cache(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("ALPASIM_KERNELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (place,) = folders("<string>")
    assert tmp_path in place.parents


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
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "file").write_text("")
    program = """import warnings
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    from callee import scaled
    print(scaled(1.0), scaled(2.0), scaled(3))
    import caller
print(len(said), "ALPASIM_KERNELS" in str(said[0].message))"""
    assert run(program, ALPASIM_KERNELS=str(tmp_path / "file")) == ["2.0", "4.0", "6.0", "3.0", "3", "1", "True"]


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


def test_numba_told_to_compile_nothing_compiles_nothing(total, tmp_path: Path, run) -> None:
    (tmp_path / "callee.py").write_text(CALLEE.format(factor=1.0, number=2.0).replace("@compiled", "@inner"))
    (tmp_path / "callee.py").write_text((tmp_path / "callee.py").read_text().replace("import compiled", "import inner"))
    assert run("import caller; print(type(caller.total).__name__)", NUMBA_DISABLE_JIT="1") == ["3.0", "0", "function"]


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


def test_a_module_whose_constants_may_change_is_not_named(tmp_path: Path, run) -> None:
    (tmp_path / "units.py").write_text("MILE = 1609.344\n")
    (tmp_path / "far.py").write_text(
        "import units\nfrom alpasim.compiled import compiled\n\n"
        "@compiled\ndef metres(x):\n    return units.MILE * x\n\n"
        "@compiled\ndef real(z):\n    return z.real\n"
    )
    program = """import far
try:
    far.metres(1.0)
except TypeError as error:
    print("module" in str(error), "units" in str(error))
import units
far.real = far.real
units.real, far.imag = 1, units
print(far.real(2.0))"""
    assert run(program) == ["True", "True", "2.0"]


def test_kernels_that_call_each_other_in_a_circle_are_refused(tmp_path: Path, run) -> None:
    (tmp_path / "circle.py").write_text(
        "from alpasim.compiled import compiled\n\n@compiled\ndef even(n):\n    return True if n == 0 else odd(n - 1)\n\n"
        "@compiled\ndef odd(n):\n    return False if n == 0 else even(n - 1)\n"
    )
    program = """from circle import even
for _ in range(2):
    try:
        even(3)
    except TypeError as error:
        print("by way of another" in str(error))"""
    assert run(program) == ["True", "True"]


def test_memory_that_may_not_be_run_is_an_error_of_the_system(total, run) -> None:
    total(1.0, 2.0)
    program = """from alpasim.kernels import machine_code
machine_code._protect = lambda: lambda *given: -1
try:
    import caller
except OSError as error:
    print("executable" in str(error))"""
    assert run(program) == ["True"]


def test_what_belongs_to_another_function_is_refused() -> None:
    factor = 2.0

    def scaled(x: float) -> float:
        return factor * x

    with pytest.raises(TypeError, match="another function"):
        compiled(scaled)
