"""Machine code on disk, and how it comes to run: mapped into memory, tied to what it calls, and made callable from Python.

Answers where a kernel's file lies, what is in it, and how a function that is in memory becomes a Python callable. Knows
nothing of how machine code is made (`building.py`) nor when it is out of date (`compiled.py`). Reads no pickle, imports no
compiler.

A *piece* is the code of one kernel for one row of argument types, with its entry: a C function that looks at its arguments,
runs the kernel on them where they are what it was made for, and hands them on to the next piece otherwise.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import hashlib
import json
import mmap
import os
import re
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np

_FORMAT = b"alpasim kernel 1\n"
_DIGEST_BYTES = hashlib.sha256().digest_size
_HOUR = 3600.0
"""Nothing takes that long to be written, s."""
_KEYWORDS_TOO = 0x0080 | 0x0002
"""CPython's METH_FASTCALL | METH_KEYWORDS: called with (self, arguments, their number, names of keywords)."""

NEXT = "next"
"""The symbol that stands for the piece which gets the arguments that do not fit this one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Machine code for one row of argument types. `within`: (where, to where) of places that hold addresses of the code's own
    bytes; `outside`: (where, symbol, what to add) of those that hold addresses of others, all in bytes from its start.

    Raises ValueError where one of these is not in the code."""

    signature: str
    code: bytes
    entry: int
    within: tuple[tuple[int, int], ...]
    outside: tuple[tuple[int, str, int], ...]

    def __post_init__(self) -> None:
        size = len(self.code)
        places = [where for where, _ in self.within] + [where for where, _, _ in self.outside]
        if not all(0 <= place <= size - 8 for place in places):
            raise ValueError(f"a place outside of {size} bytes of code")
        if not all(0 <= target <= size for _, target in self.within) or not 0 <= self.entry < size:
            raise ValueError(f"code outside of {size} bytes of code")


def read(file: Path, stamp: str, owners: frozenset[int]) -> list[Piece]:
    """The pieces in a file, none where there is no such file, it is damaged, it was made of something else than `stamp`, or it
    belongs to none of `owners`, users by number."""
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_uid not in owners:
                return []
            content = opened.read()
    except OSError:
        return []
    start = len(_FORMAT) + _DIGEST_BYTES
    digest, body = content[len(_FORMAT) : start], content[start:]
    if content[: len(_FORMAT)] != _FORMAT or hashlib.sha256(body).digest() != digest:
        return []
    try:
        return _pieces(body, stamp)
    except (ValueError, KeyError, TypeError, struct.error):  # whole, but not written by `write`
        return []


def _pieces(body: bytes, stamp: str) -> list[Piece]:
    """The pieces in what a file holds, none where it was made of something else than `stamp`."""
    (length,) = struct.unpack_from("<Q", body)
    head, at = json.loads(body[8 : 8 + length]), 8 + length
    if head["stamp"] != stamp:
        return []
    pieces = []
    for entry in head["pieces"]:
        size = entry.pop("size")
        within, outside = (tuple(tuple(place) for place in entry.pop(name)) for name in ("within", "outside"))
        pieces.append(Piece(code=body[at : at + size], within=within, outside=outside, **entry))
        at += size
    return pieces


def write(file: Path, stamp: str, pieces: list[Piece]) -> None:
    """Write a kernel's pieces, so that another process sees all of the file or what was there before.

    Raises OSError where that cannot be written.
    """
    entries = [{**asdict(piece), "code": None, "size": len(piece.code)} for piece in pieces]
    for entry in entries:
        del entry["code"]
    head = json.dumps({"stamp": stamp, "pieces": entries}).encode()
    body = b"".join([struct.pack("<Q", len(head)), head, *(piece.code for piece in pieces)])
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.{os.urandom(8).hex()}")
    try:
        unfinished.write_bytes(_FORMAT + hashlib.sha256(body).digest() + body)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    _clear_up(file)


def _clear_up(file: Path) -> None:
    """Remove what processes that were killed while they wrote this file have left."""
    for left in file.parent.glob(f"{glob.escape(file.name)}.*"):
        with contextlib.suppress(OSError):  # another process does the same, or may and this one may not
            if left.stat().st_mtime < time.time() - _HOUR:
                left.unlink()


def folders(source: str) -> list[Path]:
    """Where files of the kernels of a source file may lie, best first: beside other compiled Python, or in the user's cache,
    which is also the place for kernels that are in no file. `ALPASIM_KERNELS` names another place."""
    chosen = os.environ.get("ALPASIM_KERNELS")
    parent = Path(source).absolute().parent
    below = hashlib.sha256(str(parent).encode()).hexdigest()[:16]
    if chosen:
        return [Path(chosen, below)]
    beside = [parent / "__pycache__"] if Path(source).is_file() else []
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    try:
        return [*beside, base.expanduser() / "alpasim" / "kernels" / below]
    except RuntimeError:  # nobody's home
        return beside


@cache
def owners(source: str) -> frozenset[int]:
    """The users, by number, whose kernels may be run: this one, root, and whoever the source file belongs to."""
    own = {os.geteuid(), 0}
    with contextlib.suppress(OSError):  # in no file
        own.add(Path(source).stat().st_uid)
    return frozenset(own)


def file_name(function: Callable[..., Any], mark: str) -> str:
    """The name of a kernel's file; `mark` stands for the machine and the versions that it is for."""
    stem = Path(cast(Any, function).__code__.co_filename).stem
    return f"{stem}.{re.sub('[^A-Za-z0-9_]+', '_', function.__qualname__)}.{mark}.kernel"


class Entry:
    """A callable of C whose code can be exchanged, `otherwise` the Python function that gets what no piece takes."""

    def __init__(self, function: Callable[..., Any], otherwise: Callable[..., Any]) -> None:
        vectorcall = ctypes.cast(ctypes.pythonapi.PyObject_Vectorcall, ctypes.c_void_p).value
        words = _name_with_arguments(function), function.__doc__ or ""
        documentation = "{}\n--\n\n{}".format(*words).encode()
        self._definition = _Definition(function.__name__.encode(), vectorcall, _KEYWORDS_TOO, documentation)
        _keep(self._definition)  # CPython reads it until it has freed the callable
        self.callable = _new_callable(ctypes.byref(self._definition), otherwise, function.__module__)

    def add(self, piece: Piece) -> bool:
        """From now on try `piece` first; False where something that it names is not there any more.

        Raises OSError where memory may not be run.
        """
        try:
            base = place(piece, int(self._definition.code))
        except LookupError:
            return False
        self._definition.code = base + piece.entry
        return True


def _name_with_arguments(function: Callable[..., Any]) -> str:
    """What a function is called with, as CPython finds it in front of a C function's documentation."""
    code, values = cast(Any, function).__code__, cast(Any, function).__defaults__ or ()
    names = list(code.co_varnames[: code.co_argcount])
    for place, value in enumerate(values, len(names) - len(values)):
        names[place] += f"={value!r}"
    return f"{function.__name__}({', '.join(names)})"


class _Definition(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("code", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_new_callable = ctypes.pythonapi.PyCFunction_NewEx
_new_callable.restype = ctypes.py_object
_new_callable.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.py_object]

_increase_count = ctypes.pythonapi.Py_IncRef
_increase_count.restype = None
_increase_count.argtypes = [ctypes.py_object]


def _keep(value: object) -> int:
    """The address of a Python object that is never freed, also while Python ends and empties its modules: kernels may be called
    by whatever is freed after it."""
    _increase_count(value)
    return id(value)


def place(piece: Piece, following: int) -> int:
    """Put a piece into memory that may be run, `following` the address of what comes after it; returns where it begins.

    Raises LookupError where something that it names is not there, OSError where memory may not be run.
    """
    addresses = [following if symbol == NEXT else address_of(symbol) for _, symbol, _ in piece.outside]
    memory = mmap.mmap(-1, len(piece.code), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory[:] = piece.code
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for where, target in piece.within:
        struct.pack_into("<Q", memory, where, base + target)
    for (where, _, more), address in zip(piece.outside, addresses, strict=True):
        struct.pack_into("<Q", memory, where, address + more)
    _keep(memory)
    if _protect()(base, len(piece.code), mmap.PROT_READ | mmap.PROT_EXEC):
        number = ctypes.get_errno()
        raise OSError(number, f"memory for compiled kernels cannot be made executable: {os.strerror(number)}")
    return base


@cache
def _protect() -> Any:
    """The C library's mprotect(address, bytes, protection)."""
    function = ctypes.CDLL(None, use_errno=True).mprotect
    function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return function


def address_of(symbol: str) -> int:
    """Where a function or a value is: `class:module:name:fields` a class of Python's, `dtype:name` one of numpy's, `NRT_name`
    one of numba's runtime, and a name alone one of Python's interface for C, the C library's or its mathematics'.

    Raises LookupError where there is no such thing.
    """
    kind, _, rest = symbol.partition(":")
    if kind != "class":
        return _address_of_what_stays(symbol)
    module, name, fields = rest.split(":")
    found = getattr(sys.modules.get(module), name, None)  # nobody has an instance while the module is not imported
    if not isinstance(found, type) or ",".join(getattr(found, "_fields", ())) != fields:
        raise LookupError(f"no class {name} in {module}" + (f" with the fields {fields}" if fields else ""))
    return _keep(found)


@cache
def _address_of_what_stays(symbol: str) -> int:
    """`address_of` for what no module can exchange."""
    if symbol.startswith("dtype:"):
        return _keep(np.dtype(symbol.removeprefix("dtype:")))
    if symbol.startswith("NRT_"):
        return int(_runtime().c_helpers[symbol.removeprefix("NRT_")])  # a KeyError is a LookupError
    for library in (ctypes.pythonapi, *_c_libraries()):
        if hasattr(library, symbol):
            return int(ctypes.cast(getattr(library, symbol), ctypes.c_void_p).value or 0)
    raise LookupError(f"no {symbol} in Python, the C library and its mathematics")


@cache
def _c_libraries() -> tuple[Any, ...]:
    """The C library and its mathematics."""
    return ctypes.CDLL(None), ctypes.CDLL("libm.so.6")


@cache
def _runtime() -> ModuleType:
    """numba's runtime for arrays that kernels make: an extension module of its own, which needs nothing else of numba.

    It gets the name that numba gives it, so that there is one of it also if numba is imported later.
    """
    name = "numba.core.runtime._nrt_python"
    if name in sys.modules:
        return sys.modules[name]
    found = find_spec("numba")
    if found is None or found.origin is None:
        raise LookupError("numba is not installed")
    (file,) = Path(found.origin).parent.joinpath("core", "runtime").glob("_nrt_python.*.so")
    spec = ModuleSpec(name, ExtensionFileLoader(name, str(file)), origin=str(file))
    module = module_from_spec(spec)
    cast(Any, spec.loader).exec_module(module)
    sys.modules[name] = module
    return module
