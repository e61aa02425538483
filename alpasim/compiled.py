"""What makes a function a compiled kernel, in one place: numba compiles it, with IEEE arithmetic kept, and its machine code
lies on disk from then on.

Kernels are plain loops over arrays. `fastmath` stays off, because a rollout must repeat to the last bit, and `parallel` stays
off. A kernel whose machine code is on disk is loaded and called without numba, which would cost half a second and 70 MB a
process: `machine_code` does that, `building` makes what it loads. A kernel is known by its own code, that of the kernels it
calls and the constants it names, by the processor and by the versions of what compiles: after a change of any of these it is
compiled anew. Hence a kernel names constants themselves, not modules that hold them. Another function of numba's cannot call
it: what does is made a kernel as well.

That is done on Linux with 64-bit x86, with versions of numba whose insides are known, and unless numba was told through its
environment to compile in another way (`NUMBA_BOUNDSCHECK=1`, say). Elsewhere kernels are numba's own dispatchers with numba's
own cache: the same results, slower calls, more memory.
"""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
import threading
import warnings
from collections.abc import Callable
from functools import cache, cached_property
from importlib.metadata import version
from inspect import CO_VARARGS
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, TypeVar, cast

import numpy as np

from alpasim.kernels.layout import layout_is_known
from alpasim.kernels.stamps import PROCESSOR, machine, named_by, names_in, stamp

Function = TypeVar("Function", bound=Callable[..., Any])

KNOWN = (0, 60), (0, 68)
"""The first and the last version of numba whose insides were read and tried: they are alike."""

_HARMLESS = frozenset({"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "NUMBA_THREADING_LAYER"})
"""Variables of numba's environment that change nothing in a kernel."""

_DISPATCHERS: list[Any] = []
_compiled_here = 0
_warned = False
_lock = threading.RLock()
"""Held while pieces are loaded and made: numba too compiles one thing at a time."""


def _forget_lock() -> None:
    """What another thread held while the process was forked is nobody's in the new one."""
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_forget_lock)


def compiled(function: Function) -> Function:
    """Compile `function` at its first call, keep the machine code on disk, and keep its Python type."""
    return _kernel(function, counting=True)


def inner(function: Function) -> Function:
    """`compiled`, for what other kernels call in their innermost loops: a kernel that makes no array and answers with numbers.

    Any other kernel counts each array that it is handed up and down again, which costs more than a few dozen operations do.
    This one relies on its caller, who holds them meanwhile.

    The kernel's first call with such arguments raises TypeError where it answers with an array.
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
    if not layout_is_known():
        return f"numpy {np.__version__} and Python lay out their objects in an unknown way"
    if not PROCESSOR.is_file():
        return f"there is no {PROCESSOR}, which says for which processor a kernel was compiled"
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
        if not counting:
            _let_no_array_out(kernel)
        file = kernel._cache._cache_file
        file._source_stamp = (file._source_stamp, stamp(function, named_by(function), counting, _kernel_of))
    _DISPATCHERS.append(kernel)
    return kernel


def _let_no_array_out(kernel: Any) -> None:
    """Have one of numba's dispatchers, which counts no arrays, refuse to answer with one: its caller would free it twice."""
    add = kernel.add_overload

    def checked(made: Any) -> None:
        if "array(" in str(made.signature.return_type):
            raise TypeError(
                f"{kernel.py_func.__qualname__}: answers with an array: make it @compiled instead of @inner"
            )
        add(made)

    kernel.add_overload = checked


class _Kernel:
    """A kernel that runs without numba as soon as the disk holds its machine code."""

    def __init__(self, function: FunctionType, counting: bool) -> None:
        from alpasim.kernels.machine_code import Entry

        self.function, self._counting = function, counting
        self._entry = Entry(function, self._otherwise)
        self._pieces: list[Any] | None = None
        self._waiting: list[Any] = []
        self._tried: set[str] = set()
        self._being_stamped = False
        self.callable = self._entry.callable

    @cached_property
    def stamp(self) -> str:
        """What stands for all that the machine code is made of. Raises TypeError where that cannot be said."""
        if self._being_stamped:
            raise TypeError(f"{self.function.__qualname__}: a kernel may call itself, but not by way of another")
        self._being_stamped = True
        try:
            return stamp(self.function, self._named, self._counting, _kernel_of)
        finally:
            self._being_stamped = False

    @cached_property
    def _named(self) -> dict[str, Any]:
        """What the function names, as it was when it was first called: all its machine code is made of that."""
        return named_by(self.function)

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

        own = self.function
        used = set(names_in(own.__code__))
        kept = {name: value for name, value in own.__globals__.items() if name not in used}
        names = {**kept, **self._named}
        function = FunctionType(own.__code__, names, own.__name__, own.__defaults__)
        function.__qualname__, function.__module__ = own.__qualname__, own.__module__
        made: Any = cast(Any, numba).njit(fastmath=False, error_model="numpy", _nrt=self._counting, **options)(function)
        if not self._counting:
            _let_no_array_out(made)
        for name, value in self._named.items():
            other = _kernel_of(value)
            if other is not None:
                names[name] = made if other is self else other.dispatcher
        return made

    def _otherwise(self, *arguments: Any, **named: Any) -> Any:
        """Called with what no piece in memory takes: load the pieces on disk, or make one, or leave it to numba."""
        with _lock:
            if self._pieces is None:
                self._pieces = self._load()
                if self._pieces:
                    return self.callable(*arguments, **named)
            if named or len(arguments) < self.function.__code__.co_argcount:
                return self.callable(*_in_order(self.function, arguments, named))
            if self._build(arguments):
                return self.callable(*arguments)
        return self._callable_dispatcher(*arguments)

    def _load(self) -> list[Any]:
        """Bring the pieces on disk into memory."""
        from alpasim.kernels.machine_code import file_name, folders, owners, read

        source, name = self.function.__code__.co_filename, file_name(self.function, machine())
        found: dict[str, Any] = {}
        for folder in reversed(folders(source)):
            found |= {piece.signature: piece for piece in read(folder / name, self.stamp, owners(source))}
        placed: list[Any] = []
        for piece in found.values():
            (placed if self._entry.add(piece) else self._waiting).append(piece)
        return placed

    def _build(self, arguments: tuple[Any, ...]) -> bool:
        """Make a piece for arguments of these types; False where there is one, so that these lie in memory in an unusual way,
        or none can be made."""
        import numba

        from alpasim.kernels.building import build, signature
        from alpasim.kernels.linking import UnsuitableError

        global _compiled_here
        code = self.function.__code__
        if len(arguments) != code.co_argcount or code.co_flags & CO_VARARGS:
            return False
        types = tuple(cast(Any, numba).typeof(argument) for argument in arguments)
        assert self._pieces is not None
        try:
            wanted = signature(types)
            if wanted in {*self._tried, *(piece.signature for piece in self._pieces)}:
                return False
            self._tried.add(wanted)
            waiting = [piece for piece in self._waiting if piece.signature == wanted and self._entry.add(piece)]
            if waiting:
                self._pieces += waiting
                return True
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
        from alpasim.kernels.machine_code import file_name, folders, owners, read, write

        assert self._pieces is not None
        source, name = self.function.__code__.co_filename, file_name(self.function, machine())
        own = {piece.signature for piece in self._pieces}
        problem = ""
        for folder in folders(source):
            others = [piece for piece in read(folder / name, self.stamp, owners(source)) if piece.signature not in own]
            try:
                write(folder / name, self.stamp, [*self._pieces, *others])
            except OSError as error:
                problem = str(error)
            else:
                return
        _warn_once(problem)


def _warn_once(problem: str) -> None:
    """Say of the first kernel that cannot be kept that kernels will have to be compiled again."""
    global _warned
    if _warned:
        return
    _warned = True
    warnings.warn(
        f"compiled kernels cannot be kept, and every process has to compile them: {problem}; set ALPASIM_KERNELS to a folder"
        " that only you can write to",
        RuntimeWarning,
        stacklevel=2,
    )


def _in_order(function: FunctionType, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments by place, with what the function takes for those that are not given. Raises TypeError as a call of the
    function would."""
    import inspect

    bound = inspect.signature(function).bind(*arguments, **named)
    bound.apply_defaults()
    return bound.args


def _kernel_of(value: object) -> _Kernel | None:
    """The kernel that a callable calls, None where it is something else."""
    bound = value.__self__ if isinstance(value, BuiltinFunctionType) else None
    owner = bound.__self__ if isinstance(bound, MethodType) else None
    return owner if isinstance(owner, _Kernel) else None
