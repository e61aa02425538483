"""Low bodies as wheels stand on them: a table of upright blocks, and how high each carries.

Answers heights at a place. Which bodies are in the table is the world's matter (`alpasim.world.low`), what wheels make of heights
that of `footing.py`.
"""

from __future__ import annotations

import math

from alpasim.compiled import compiled
from alpasim.types import FloatArray

LOW_X, LOW_Y, LOW_COS, LOW_SIN, LOW_HALF_LENGTH, LOW_HALF_WIDTH, LOW_TOP, LOW_ROW, LOW_SLOPE = range(9)
"""Columns of a table (m, 9) of bodies low enough to be driven over: box, height of its top [m], row, and how steeply a wheel is led
onto it at most: 0 where its faces are as upright as they are, since it cannot move; negative where wheels push it ahead."""

NOTHING_M = -1e9
"""The height of what does not carry at a place."""


@compiled
def low_height(x: float, y: float, block: FloatArray) -> float:
    """How high a low body carries at (x, y) [m]: its top within its box, beside it as much lower as its slope says, or nothing."""
    dx, dy = x - block[LOW_X], y - block[LOW_Y]
    along, across = dx * block[LOW_COS] + dy * block[LOW_SIN], dy * block[LOW_COS] - dx * block[LOW_SIN]
    ahead, aside = abs(along) - block[LOW_HALF_LENGTH] - 1e-3, abs(across) - block[LOW_HALF_WIDTH] - 1e-3
    if ahead <= 0.0 and aside <= 0.0:
        return float(block[LOW_TOP])
    if block[LOW_SLOPE] <= 0.0:
        return NOTHING_M
    ahead, aside = max(ahead, 0.0), max(aside, 0.0)
    return float(block[LOW_TOP] - block[LOW_SLOPE] * math.sqrt(ahead * ahead + aside * aside))


@compiled
def low_row(x: float, y: float, low: FloatArray) -> int:
    """The line of `low` (m, 9) that carries highest at (x, y), or -1."""
    found, highest = -1, NOTHING_M
    for k in range(low.shape[0]):
        height = low_height(x, y, low[k])
        if height > highest:
            found, highest = k, height
    return found
