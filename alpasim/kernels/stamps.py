"""What a kernel's machine code is made of, in a few bytes: another stamp, and it has to be compiled anew.

Answers which code, constants, kernels, processor and versions it was made of. Whatever could change without changing the stamp
is refused: machine code that is out of date computes wrong numbers without a word.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

PROCESSOR = Path("/proc/cpuinfo")

_PINNED = frozenset({"numba", "numpy", *sys.builtin_module_names, *sys.stdlib_module_names})
"""Modules that stay the same as long as the versions of Python, numba and numpy do."""


def names_in(code: CodeType) -> Iterator[str]:
    """The names that code uses, that within it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_in(constant)


def _text(code: CodeType) -> tuple[object, ...]:
    """All that code does; not where it stands."""
    takes = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    constants = tuple(_text(value) if isinstance(value, CodeType) else _constant(value) for value in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, code.co_cellvars, takes, code.co_exceptiontable, constants


def named_by(function: FunctionType) -> dict[str, Any]:
    """What a function names of its module, in the order of the names."""
    names = sorted(set(names_in(function.__code__)) & function.__globals__.keys())
    return {name: function.__globals__[name] for name in names}


def stamp(function: FunctionType, named: dict[str, Any], counting: bool, kernel_of: Callable[[object], Any]) -> str:
    """A digest of a function's code, of all that it names, kernels by theirs, and of what makes machine code of it. `kernel_of`
    says of a value which kernel it is, if any.

    Raises TypeError where it names what may change unseen.
    """
    texts = []
    for name, value in named.items():
        other, its = kernel_of(value), getattr(value, "py_func", None)
        if function in (its, other and other.function):
            text: object = "itself"
        elif other is not None:
            text = other.stamp
        elif its is not None:
            text = stamp(its, named_by(its), True, kernel_of), sorted(map(repr, value.targetoptions.items()))
        else:
            text = _constant(value)
        if text is None and _is_read(function.__code__, name):
            kind = f"module {value.__name__}" if isinstance(value, ModuleType) else type(value).__name__
            raise TypeError(
                f"{function.__qualname__}: a kernel names {name}, a {kind}, whose changes go unseen: pass what it takes of it, or"
                " name a constant"
            )
        texts.append((name, text))
    defaults = _constant(function.__defaults__)
    if defaults is None:
        raise TypeError(f"{function.__qualname__}: a kernel's arguments are what it is called with, or constants")
    whole = _text(function.__code__), texts, defaults, counting, _makers()
    return hashlib.sha256(repr(whole).encode()).hexdigest()


def _constant(value: object) -> object:
    """All that a kernel can know of a value that does not change, None where it may."""
    if value is None or value is Ellipsis or isinstance(value, (bool, int, float, complex, str, bytes, np.generic)):
        return type(value).__name__, repr(value)
    if isinstance(value, (tuple, frozenset)):
        parts = [_constant(part) for part in value]
        ordered = parts if isinstance(value, tuple) else sorted(parts, key=repr)
        return None if None in parts else (type(value).__name__, getattr(value, "_fields", ()), ordered)
    if isinstance(value, type) and issubclass(value, Enum):
        return value.__qualname__, [(name, repr(member.value)) for name, member in value.__members__.items()]
    if isinstance(value, type) and issubclass(value, (tuple, BaseException)):
        return value.__module__, value.__qualname__, getattr(value, "_fields", ())
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None) or "numpy"
    if isinstance(value, (ModuleType, BuiltinFunctionType, FunctionType, type, np.ufunc)):
        return (name, getattr(value, "__qualname__", repr(value))) if name.split(".")[0] in _PINNED else None
    return None


def _is_read(code: CodeType, name: str) -> bool:
    """Whether code reads a global name, not only an attribute or a method that is called the same."""
    import dis

    inside = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    reads = any(
        step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval == name for step in dis.get_instructions(code)
    )
    return reads or any(_is_read(constant, name) for constant in inside)


@cache
def _makers() -> str:
    """What stands for the code that makes and places machine code."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@cache
def machine() -> str:
    """What stands for the processor and the versions of all that takes part in compiling."""
    with PROCESSOR.open("rb", buffering=0) as file:
        block = file.read(8192).decode(errors="replace").split("\n\n")[0]
    kept = ("vendor_id", "cpu family", "model", "stepping", "flags")
    processor = [line for line in block.splitlines() if line.startswith(kept)]
    versions = [sys.implementation.cache_tag, *(version(name) for name in ("numba", "llvmlite", "numpy"))]
    return hashlib.sha256(repr((processor, versions)).encode()).hexdigest()[:12]
