"""What makes a function a compiled kernel, in one place: numba compiles it, with IEEE arithmetic kept, and its machine code
lies on disk from then on.

Kernels are plain loops over arrays. `fastmath` stays off, because a rollout must repeat to the last bit, and `parallel` stays
off. A kernel whose machine code is on disk is loaded and called without numba, which would cost half a second and 70 MB a
process: `machine_code` does that, `building` makes what it loads. A kernel is known by its own code, that of the kernels it
calls and the constants it names, by the processor and by the versions of what compiles: after a change of any of these it is
compiled anew.

That is done on Linux with 64-bit x86, with versions of numba whose insides are known, and unless numba was told through its
environment to compile in another way (`NUMBA_BOUNDSCHECK=1`, say). Elsewhere kernels are numba's own dispatchers with numba's
own cache: the same results, slower calls, more memory.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import sysconfig
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, TypeVar, cast

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

KNOWN = (0, 60), (0, 68)
"""The first and the last version of numba whose insides were read and tried: they are alike."""

_HARMLESS = frozenset({"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "NUMBA_THREADING_LAYER"})
"""Variables of numba's environment that change nothing in a kernel."""

_DISPATCHERS: list[Any] = []
_compiled_here = 0


def compiled(function: Function) -> Function:
    """Compile `function` at its first call, keep the machine code on disk, and keep its Python type."""
    return _kernel(function, counting=True)


def inner(function: Function) -> Function:
    """`compiled`, for what other kernels call in their innermost loops: a kernel that makes no array and answers with numbers.

    Any other kernel counts each array that it is handed up and down again, which costs more than a few dozen operations do.
    This one relies on its caller, who holds them meanwhile.
    """
    return _kernel(function, counting=False)


def count_compiled() -> int:
    """How many kernels this process has compiled itself because the disk held no machine code for them."""
    return _compiled_here + sum(sum(kernel.stats.cache_misses.values()) for kernel in _DISPATCHERS)


def is_known(numba_version: str) -> bool:
    """Whether a version of numba, "0.68.1" say, is one whose insides may be used."""
    first, last = KNOWN
    return first <= tuple(int(part) for part in numba_version.split(".")[:2] if part.isdigit()) <= last


def _kernel(function: Function, counting: bool) -> Function:
    """`function` compiled, with or without numba's runtime, which counts references to arrays."""
    plain = cast(FunctionType, function)
    if plain.__closure__ is not None:
        raise TypeError(
            f"{plain.__qualname__}: a kernel is a function of a module and uses nothing of another function's"
        )
    return cast(Function, _Kernel(plain, counting).callable if not _why_numbas_own() else _numbas_own(plain, counting))


def how_kernels_run() -> tuple[bool, str]:
    """Whether kernels are loaded without numba and kept, and where; or why not."""
    reason = _why_numbas_own()
    if reason:
        return False, f"numba's own, slower and with more memory: {reason}"
    from alpasim.kernels.machine_code import folders

    for folder in folders(__file__):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return True, f"loaded without numba; the engine's lie in {folder}"
    return False, "compiled by every process anew: set ALPASIM_KERNELS to a folder that only you can write to"


@cache
def _why_numbas_own() -> str:
    """Why kernels cannot run without numba here, "" where they can."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or sys.maxsize < 2**32:
        return f"this is {sys.platform} on {platform.machine()}, not Linux on 64-bit x86"
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this is not CPython with its lock"
    if not is_known(version("numba")):
        return f"the insides of numba {version('numba')} are not known"
    told = [name for name in sorted(os.environ) if name.startswith("NUMBA_") and name not in _HARMLESS]
    return f"{told[0]} is set" if told else ""


def _numbas_own(function: FunctionType, counting: bool) -> Any:
    """numba's dispatcher with numba's cache, which looks at a kernel's own file alone and is told here of all the rest."""
    import numba

    kernel: Any = cast(Any, numba).njit(fastmath=False, error_model="numpy", _nrt=counting)(function)
    if cast(Any, numba.config).DISABLE_JIT:
        return kernel
    kernel.enable_caching()
    if is_known(numba.__version__):
        file = kernel._cache._cache_file
        file._source_stamp = (file._source_stamp, _stamp(function))
    _DISPATCHERS.append(kernel)
    return kernel


class _Kernel:
    """A kernel that runs without numba as soon as the disk holds its machine code."""

    def __init__(self, function: FunctionType, counting: bool) -> None:
        from alpasim.kernels.machine_code import Entry

        self._function, self._counting = function, counting
        self._entry = Entry(function, self._otherwise)
        self._pieces: list[Any] | None = None
        self._tried: set[str] = set()
        self._lock = threading.RLock()
        self.callable = self._entry.callable

    @cached_property
    def stamp(self) -> str:
        """What stands for all that the machine code is made of."""
        return _stamp(self._function)

    @cached_property
    def dispatcher(self) -> Any:
        """numba's dispatcher for it, to be built into other kernels and pieces: it cannot be called from Python."""
        return self._made(no_cpython_wrapper=True, no_cfunc_wrapper=True)

    @cached_property
    def _callable_dispatcher(self) -> Any:
        """numba's dispatcher for arguments that no piece can be made for."""
        return self._made()

    def _made(self, **options: bool) -> Any:
        """A dispatcher for the function with numba's dispatchers in place of the kernels that it names."""
        import numba

        names = self._function.__globals__.copy()
        function = FunctionType(self._function.__code__, names, self._function.__name__, self._function.__defaults__)
        function.__qualname__, function.__module__ = self._function.__qualname__, self._function.__module__
        made: Any = cast(Any, numba).njit(fastmath=False, error_model="numpy", _nrt=self._counting, **options)(function)
        for name in set(_names(self._function.__code__)):
            other = _kernel_of(names.get(name))
            if other is not None:
                names[name] = made if other is self else other.dispatcher
        return made

    def _otherwise(self, *arguments: Any, **named: Any) -> Any:
        """Called with what no piece in memory takes: load the pieces on disk, or make one, or leave it to numba."""
        with self._lock:
            if self._pieces is None:
                self._pieces = self._load()
                if self._pieces:
                    return self.callable(*arguments, **named)
            if named:
                return self.callable(*_in_order(self._function, arguments, named))
            if self._build(arguments):
                return self.callable(*arguments)
        return self._callable_dispatcher(*arguments)

    def _load(self) -> list[Any]:
        """Bring the pieces on disk into memory."""
        from alpasim.kernels.layout import layout_is_known
        from alpasim.kernels.machine_code import file_name, folders, read

        if not layout_is_known():
            return []
        for folder in folders(self._function.__code__.co_filename):
            pieces = read(folder / file_name(self._function, _machine()), self.stamp)
            if pieces:
                return [piece for piece in pieces if self._entry.add(piece)]
        return []

    def _build(self, arguments: tuple[Any, ...]) -> bool:
        """Make a piece for arguments of these types; False where there is one, so that these lie in memory in an unusual way,
        or none can be made."""
        import numba

        from alpasim.kernels.building import build, signature
        from alpasim.kernels.layout import layout_is_known
        from alpasim.kernels.linking import UnsuitableError

        global _compiled_here
        types = tuple(cast(Any, numba).typeof(argument) for argument in arguments)
        assert self._pieces is not None
        try:
            wanted = signature(types)
            if wanted in {*self._tried, *(piece.signature for piece in self._pieces)} or not layout_is_known():
                return False
            self._tried.add(wanted)
            _compiled_here += 1
            piece = build(self.dispatcher, types)
        except UnsuitableError:
            return False
        if not self._entry.add(piece):
            return False
        self._pieces.append(piece)
        self._store()
        return True

    def _store(self) -> None:
        """Write all pieces, with those that another process has made meanwhile, to the first folder that can be written to."""
        from alpasim.kernels.machine_code import file_name, folders, read, write

        assert self._pieces is not None
        name, own = file_name(self._function, _machine()), {piece.signature for piece in self._pieces}
        problem: OSError | None = None
        for folder in folders(self._function.__code__.co_filename):
            others = [piece for piece in read(folder / name, self.stamp) if piece.signature not in own]
            try:
                write(folder / name, self.stamp, [*self._pieces, *others])
            except OSError as error:
                problem = error
            else:
                return
        _warn_once(str(problem))


@cache
def _warn_once(problem: str) -> None:
    """Say that kernels will have to be compiled again."""
    warnings.warn(
        f"compiled kernels cannot be kept, and every process has to compile them: {problem}; set ALPASIM_KERNELS to a folder"
        " that only you can write to",
        RuntimeWarning,
        stacklevel=2,
    )


def _in_order(function: FunctionType, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments by place. Raises TypeError as a call of the function would."""
    import inspect

    return inspect.signature(function).bind(*arguments, **named).args


def _kernel_of(value: object) -> _Kernel | None:
    """The kernel that a callable calls, None where it is something else."""
    bound = value.__self__ if isinstance(value, BuiltinFunctionType) else None
    owner = bound.__self__ if isinstance(bound, MethodType) else None
    return owner if isinstance(owner, _Kernel) else None


def _names(code: CodeType) -> Iterator[str]:
    """The names that code uses, that within it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _text(code: CodeType) -> tuple[object, ...]:
    """All that code does; not where it stands."""
    constants = tuple(_text(value) if isinstance(value, CodeType) else repr(value) for value in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, code.co_argcount, code.co_exceptiontable, constants


@cache
def _stamp(function: FunctionType) -> str:
    """A digest of a function's code and of all that it names: kernels, by theirs, and constants."""
    named = []
    for name in sorted(set(_names(function.__code__))):
        value = function.__globals__.get(name)
        other, its = _kernel_of(value), getattr(value, "py_func", None)
        if other is not None or its is not None:
            below = other._function if other is not None else its
            named.append((name, "itself" if below is function else _stamp(below)))
        elif isinstance(value, (bool, int, float, str, tuple, np.generic)):
            named.append((name, repr(value)))
        elif value is not None and not isinstance(value, (ModuleType, BuiltinFunctionType, type)):
            raise TypeError(
                f"{function.__qualname__}: a kernel names {name}, a {type(value).__name__}: pass it instead"
            )
    return hashlib.sha256(repr((_text(function.__code__), named)).encode()).hexdigest()


@cache
def _machine() -> str:
    """What stands for the processor and the versions of all that takes part in compiling."""
    with Path("/proc/cpuinfo").open("rb", buffering=0) as file:
        block = file.read(8192).decode(errors="replace").split("\n\n")[0]
    kept = ("vendor_id", "cpu family", "model", "stepping", "flags")
    processor = [line for line in block.splitlines() if line.startswith(kept)]
    versions = [sys.implementation.cache_tag, *(version(name) for name in ("numba", "llvmlite", "numpy"))]
    return hashlib.sha256(repr((processor, versions)).encode()).hexdigest()[:12]
