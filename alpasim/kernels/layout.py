"""Where in memory CPython and numpy keep what kernels take: machine code reads it there, and so it is looked up first."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np

TYPE, VALUE, ITEMS = 8, 16, 24
"""Bytes from the start of a Python object to its type; to the value of a float, a scalar of numpy and the length of a tuple;
and to a tuple's items."""
DATA, DIMENSIONS, SHAPE, STRIDES, DESCRIPTION, FLAGS = 16, 24, 32, 40, 56, 64
"""Bytes from the start of numpy's array object to its members (PyArrayObject_fields in numpy's ndarraytypes.h)."""
BYTE_ORDER, NUMBER = 26, 28
"""The same for the description of its elements (PyArray_Descr)."""
C_ORDER, F_ORDER, ALIGNED, WRITEABLE = 0x1, 0x2, 0x100, 0x400
"""Flags of numpy's arrays."""


@cache
def layout_is_known() -> bool:
    """Whether arrays, numbers and tuples lie in memory as this module reads them: so it is in CPython from 3.9 with its lock
    and numpy 1 and 2."""

    def read(kind: Any, value: object, offset: int) -> Any:
        return kind.from_address(id(value) + offset).value

    array = np.zeros((2, 3), np.float32)
    address = ctypes.c_void_p
    rows = (ctypes.c_ssize_t * 2).from_address(read(address, array, SHAPE))
    steps = (ctypes.c_ssize_t * 2).from_address(read(address, array, STRIDES))
    pair = (array, 0.5)
    flags = C_ORDER | ALIGNED | WRITEABLE
    return bool(
        read(address, array, TYPE) == id(np.ndarray)
        and read(address, array, DATA) == array.ctypes.data
        and read(ctypes.c_int, array, DIMENSIONS) == 2
        and (tuple(rows), tuple(steps)) == (array.shape, array.strides)
        and read(address, array, DESCRIPTION) == id(array.dtype)
        and read(ctypes.c_int, array, FLAGS) & (flags | F_ORDER) == flags
        and read(ctypes.c_int, array.dtype, NUMBER) == array.dtype.num
        and read(ctypes.c_char, array.dtype, BYTE_ORDER) == b"="
        and read(ctypes.c_double, 1.5, VALUE) == read(ctypes.c_double, np.float64(1.5), VALUE) == 1.5
        and read(ctypes.c_int64, np.int64(-7), VALUE) == -7
        and read(ctypes.c_bool, np.True_, VALUE)
        and read(ctypes.c_ssize_t, pair, VALUE) == 2
        and read(address, pair, ITEMS + 8) == id(pair[1])
    )
