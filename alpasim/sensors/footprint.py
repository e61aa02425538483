"""The points of a vehicle's footprint that are held against the border of the drivable area.

Answers where they are; how far from the border is the road's question.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray


@compiled
def footprint(x: float, y: float, yaw: float, length: float, width: float) -> FloatArray:
    """Corners and middles of the sides of a box (8, 2), counter-clockwise from front left [m]."""
    a, b, cos, sin = 0.5 * length, 0.5 * width, math.cos(yaw), math.sin(yaw)
    along = (a, 0.0, -a, -a, -a, 0.0, a, a)
    across = (b, b, b, 0.0, -b, -b, -b, 0.0)
    points = np.empty((8, 2))
    for i in range(8):
        points[i, 0] = x + along[i] * cos - across[i] * sin
        points[i, 1] = y + along[i] * sin + across[i] * cos
    return points


@compiled
def corners(x: float, y: float, yaw: float, length: float, width: float) -> FloatArray:
    """Only the corners (4, 2), in the same order: front left, rear left, rear right, front right [m]."""
    return footprint(x, y, yaw, length, width)[::2].copy()
