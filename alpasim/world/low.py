"""Bodies that lie low enough for the ego's wheels or lower edge to meet them, as these see them: an upright block each.

Answers which ones lie under or near the ego now, and how large the block is that holds each, however it is turned. What a wheel
makes of them is told in `alpasim.vehicle.footing`, whose columns the table has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from alpasim.geometry import axes_from_quaternion
from alpasim.road.relief import Relief, rise_at
from alpasim.types import FloatArray
from alpasim.world.bullet import yaw_of
from alpasim.world.contacts import Box

NO_BLOCKS: FloatArray = np.zeros((0, 8))
"""What there is where nothing low is near."""

GRAZED_M = 0.05
"""How much higher than the ground clearance a body may be and still be told here: where it overlaps the ego's box by less than
the two close in a part of a substep, the engine lets it slip under, so that its lower edge (`underbody.py`) has to strike it."""

NEAR_M = 2.0
"""A block this much farther from the ego than both reach is left out."""


def low_blocks(
    boxes: Iterable[tuple[int, Box]], place: tuple[float, float], reach_m: float, highest_m: float, relief: Relief
) -> FloatArray:
    """Blocks (m, 8) of those boxes, given with their rows, that end at most `highest_m` above the rise and lie near an ego
    at `place` that reaches `reach_m` to any side: middle, cosine and sine of the heading, half length, half width, top, row."""
    found = []
    for row, (centre, rotation, extent) in boxes:
        away = math.hypot(centre[0] - place[0], centre[1] - place[1])
        if away > reach_m + 0.5 * math.hypot(*extent) + NEAR_M:
            continue
        axes = axes_from_quaternion(rotation)
        yaw = yaw_of((rotation[0], rotation[1], rotation[2], rotation[3]))
        cos, sin = math.cos(yaw), math.sin(yaw)
        half = [0.5 * side for side in extent]
        above = sum(abs(axis[2]) * size for axis, size in zip(axes, half, strict=True))
        top = centre[2] + above
        if top - rise_at(centre[0], centre[1], relief)[0] > highest_m:
            continue
        ahead = sum(abs(axis[0] * cos + axis[1] * sin) * size for axis, size in zip(axes, half, strict=True))
        aside = sum(abs(axis[1] * cos - axis[0] * sin) * size for axis, size in zip(axes, half, strict=True))
        found.append((centre[0], centre[1], cos, sin, ahead, aside, top, float(row)))
    return np.array(found, dtype=np.float64).reshape(-1, 8)
