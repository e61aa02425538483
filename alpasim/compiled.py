"""What makes a function a compiled kernel, in one place: numba with its cache on and IEEE arithmetic kept.

Kernels are plain loops over arrays. `fastmath` stays off, because a rollout must repeat to the last bit, and
`parallel` stays off, because numba's cache does not know a serial kernel from a parallel one.
numba itself costs half a second to import, so only modules that hold kernels import this one, and
`import alpasim` reaches none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """Compile `function` at its first call, keep the machine code on disk, and keep its Python type."""
    return cast(Kernel, numba.njit(cache=True, fastmath=False, error_model="numpy")(function))
