"""What makes a function a compiled kernel, in one place: numba with its cache on and IEEE arithmetic kept.

Kernels are plain loops over arrays. `fastmath` stays off, because a rollout must repeat to the last bit, and
`parallel` stays off, because numba's cache does not know a serial kernel from a parallel one.
numba itself costs half a second to import, so only modules that hold kernels import this one, and
`import alpasim` reaches none of them.

numba's cache looks at a kernel's own file alone, while machine code also holds the kernels it calls and the constants it
names; after an edit of one of those it would go on running the old code. Here the stamp of a cached kernel covers them too.

That, and what `kernel_cache` saves in time and memory, needs numba's insides, so it is done only for versions of numba
whose insides are known. With any other version kernels are cached in numba's own way: the same results, more memory, and
whoever edits a kernel that another file's kernel calls has to delete `__pycache__`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

KNOWN = (0, 60), (0, 68)
"""The first and the last version of numba whose cache, code library and runtime were read and tried: they are alike."""
_STAMP = "alpasim_stamp"
_KERNELS: list[Any] = []


def compiled(function: Kernel) -> Kernel:
    """Compile `function` at its first call, keep the machine code on disk, and keep its Python type."""
    return _kernel(function, counting=True)


def inner(function: Kernel) -> Kernel:
    """`compiled`, for what other kernels call in their innermost loops: a kernel that makes no array and answers with numbers.

    Any other kernel counts each array that it is handed up and down again, which costs more than a few dozen operations do.
    This one relies on its caller, who holds them meanwhile.
    """
    return _kernel(function, counting=False)


def _kernel(function: Kernel, counting: bool) -> Kernel:
    """`function` compiled, with or without numba's runtime, which counts references to arrays."""
    kernel = cast(Any, numba).njit(fastmath=False, error_model="numpy", _nrt=counting)(function)
    if cast(Any, numba.config).DISABLE_JIT:
        return cast(Kernel, kernel)
    if is_known(numba.__version__):
        from alpasim.kernel_cache import KernelCache

        plain = cast(FunctionType, function)
        kernel._cache = KernelCache(plain, tuple(_below(plain)))
        setattr(kernel, _STAMP, kernel._cache.stamp)
    else:
        kernel.enable_caching()
    _KERNELS.append(kernel)
    return cast(Kernel, kernel)


def is_known(version: str) -> bool:
    """Whether a version of numba, "0.68.1" say, is one whose insides may be used."""
    first, last = KNOWN
    return first <= tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) <= last


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
