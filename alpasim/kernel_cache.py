"""numba's cache on disk, loaded from without what only a compiler needs.

A kernel that comes from the cache runs without a compiler: numba's tables of what it could compile are not filled for it,
numba's own runtime is not compiled, and the copy that would be needed to build it into another kernel waits packed. Together
50 MB and a third of a second a process. A kernel that is compiled after all finds everything as numba has it.

This rests on numba's insides. `compiled` imports this module only for a version whose insides were compared.
"""

from __future__ import annotations

import hashlib
import zlib
from functools import cache
from types import FunctionType
from typing import Any, cast

from numba.core import codegen
from numba.core.caching import FunctionCache
from numba.core.runtime import nrt


class KernelCache(FunctionCache):
    """A kernel's cache; `below` stands for all that its machine code holds beside its own file."""

    def __init__(self, function: FunctionType, below: object) -> None:
        cast(Any, super()).__init__(function)
        file = cast(Any, self)._cache_file
        own = file._source_stamp
        self.stamp = hashlib.sha256(repr((own, below)).encode()).hexdigest()
        """What stands for this kernel in the stamps of those that call it."""
        file._source_stamp = (own, self.stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The machine code for a signature, None where there is none; the compiler's tables stay empty until it is asked."""
        _name_runtime()
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


@cache
def _name_runtime() -> None:
    """Tell the linker where the functions of numba's runtime are that machine code calls, to take arrays apart and to put
    them together. numba does the same, and compiles beside it what is built into every kernel that allocates: needed only
    where a kernel is compiled, and made there."""
    linker = cast(Any, codegen).ll
    for name, address in cast(Any, nrt)._nrt.c_helpers.items():
        linker.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


class _Packed:
    """A kernel's intermediate code, for the rare case that another kernel is compiled that calls it."""

    def __init__(self, bitcode: bytes) -> None:
        self._packed = zlib.compress(bitcode, 1)

    def clone(self) -> Any:
        """The module, as numba's linker asks for it."""
        return cast(Any, codegen).ll.parse_bitcode(zlib.decompress(self._packed))
