"""What makes a function a compiled kernel, in one place: numba with its cache on and IEEE arithmetic kept.

Kernels are plain loops over arrays. `fastmath` stays off, because a rollout must repeat to the last bit, and
`parallel` stays off, because numba's cache does not know a serial kernel from a parallel one.
numba itself costs half a second to import, so only modules that hold kernels import this one, and
`import alpasim` reaches none of them.

numba's cache looks at a kernel's own file alone, while machine code also holds the kernels it calls and the constants it
names; after an edit of one of those it would go on running the old code. Here the stamp of a cached kernel covers them too.

A kernel that comes from the cache needs no compiler, so numba's tables of what it could compile are not filled for it, and
the copy that would be needed to build it into another kernel waits packed: together 30 MB and a third of a second a process.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

import numba
from numba.core import codegen, config
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_STAMP = "alpasim_stamp"
_KERNELS: list[Any] = []


def compiled(function: Kernel) -> Kernel:
    """Compile `function` at its first call, keep the machine code on disk, and keep its Python type."""
    kernel: Any = numba.njit(fastmath=False, error_model="numpy")(function)
    if not cast(Any, config).DISABLE_JIT:
        kernel._cache = cast(Any, _Cache)(function)
        cache_file = kernel._cache._cache_file
        own = cache_file._source_stamp
        below = tuple(_below(cast(FunctionType, function)))
        stamp = hashlib.sha256(repr((own, below)).encode()).hexdigest()
        cache_file._source_stamp = (own, stamp)
        setattr(kernel, _STAMP, stamp)
        _KERNELS.append(kernel)
    return cast(Kernel, kernel)


class _Cache(FunctionCache):
    """numba's cache on disk, loaded from without what only a compiler needs."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The machine code for a signature, None where there is none; the compiler's tables stay empty until it is asked."""
        cast(Any, rtsys).initialize(target_context)
        with cast(Any, self)._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)

    def _load_overload(self, sig: Any, target_context: Any) -> Any:
        numba_own: Any = self
        data = numba_own._cache_file.load(numba_own._index_key(sig, target_context.codegen()))
        if data is None:
            return None
        loaded = numba_own._impl.rebuild(target_context, data)
        (_, kind, code), *_ = data
        if kind == "object":
            loaded.library._shared_module.close()
            loaded.library._shared_module = _Packed(code[1])
        return loaded


class _Packed:
    """A kernel's intermediate code, for the rare case that another kernel is compiled that calls it."""

    def __init__(self, bitcode: bytes) -> None:
        self._packed = zlib.compress(bitcode, 1)

    def clone(self) -> Any:
        """The module, as numba's linker asks for it."""
        return cast(Any, codegen).ll.parse_bitcode(zlib.decompress(self._packed))


def count_compiled() -> int:
    """How many kernels this process has compiled itself because the disk held no machine code for them."""
    return sum(sum(kernel.stats.cache_misses.values()) for kernel in _KERNELS)


def _below(function: FunctionType) -> Iterator[tuple[str, str]]:
    """Stamps of the kernels and values of the constants that a function names, also through a module of this package."""
    names = sorted(set(function.__code__.co_names))
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType) and value.__name__.startswith(__package__):
            yield from ((inner, _mark(getattr(value, inner))) for inner in names if hasattr(value, inner))
        elif value is not None:
            yield name, _mark(value)


def _mark(value: object) -> str:
    """What stands for a name's value in a stamp: a kernel's own stamp, a constant itself, nothing for other things."""
    stamp = getattr(value, _STAMP, None)
    if stamp is not None:
        return str(stamp)
    return repr(value) if isinstance(value, (bool, int, float, str, tuple)) else ""
