"""What makes a function a compiled kernel, in one place: numba with its cache on and IEEE arithmetic kept.

Kernels are plain loops over arrays. `fastmath` stays off, because a rollout must repeat to the last bit, and
`parallel` stays off, because numba's cache does not know a serial kernel from a parallel one.
numba itself costs half a second to import, so only modules that hold kernels import this one, and
`import alpasim` reaches none of them.

numba's cache looks at a kernel's own file alone, while machine code also holds the kernels it calls and the constants it
names; after an edit of one of those it would go on running the old code. Here the stamp of a cached kernel covers them too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_STAMP = "alpasim_stamp"


def compiled(function: Kernel) -> Kernel:
    """Compile `function` at its first call, keep the machine code on disk, and keep its Python type."""
    kernel: Any = numba.njit(cache=True, fastmath=False, error_model="numpy")(function)
    cache_file = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
    if cache_file is not None:
        own = cache_file._source_stamp
        below = tuple(_below(cast(FunctionType, function)))
        stamp = hashlib.sha256(repr((own, below)).encode()).hexdigest()
        cache_file._source_stamp = (own, stamp)
        setattr(kernel, _STAMP, stamp)
    return cast(Kernel, kernel)


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
