"""The arrays that values hold: their types, and how they are made read-only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

IntArray = NDArray[np.int64]

BoolArray = NDArray[np.bool_]


def frozen(array: np.ndarray) -> np.ndarray:
    """`array` itself, made read-only."""
    array.setflags(write=False)
    return array
