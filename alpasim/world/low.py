"""Bodies that lie low enough for the ego's wheels or lower edge to meet them, as these see them: an upright block each.

Answers which ones lie under or near the ego now, how large the block is that holds each, however it is turned, and whether wheels
roll over it or push it ahead. What a wheel makes of those that it rolls over is told in `alpasim.vehicle.footing`, whose columns
the table has; what it does to others in `wheel_pushes.py`.

A thing that is not fixed gives a wheel no more hold along the way than friction gives it on the ground, under the load that presses
it there. A wheel that rolls freely climbs what is as steep as tan(a) only where the ground holds the thing with that share of its
load; steeper, the thing slides ahead of it. A rigid disc would climb next to nothing so: a tyre swallows an edge, and drags what it
touches under itself. Both are told here by one figure, ROLLED_OVER, and by leading the wheel onto the thing no more steeply than
friction holds it: about as long before it as the disc touches it anyway.
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

NO_BLOCKS: FloatArray = np.zeros((0, 9))
"""What there is where nothing low is near."""

GRAZED_M = 0.05
"""How much higher than the ground clearance a body may be and still be told here: where it overlaps the ego's box by less than
the two close in a part of a substep, the engine lets it slip under, so that its lower edge (`underbody.py`) has to strike it."""

NEAR_M = 2.0
"""A block this much farther from the ego than both reach is left out."""

ROLLED_OVER = 0.6
"""Height over wheel radius and friction up to which a loose thing is rolled over, chosen: a third of the radius at the friction of
wood, rubber or clothes on dry asphalt, next to nothing on ice."""

PUSHED = -1.0
"""The slope of what wheels push ahead."""

Low = tuple[int, Box, float]
"""Row and box of somebody, and its friction on the ground; that of what never moves is infinite."""


def low_blocks(
    bodies: Iterable[Low],
    place: tuple[float, float],
    reach_m: float,
    highest_m: float,
    wheel_m: float,
    relief: Relief,
) -> FloatArray:
    """Blocks (m, 9) of those bodies that end at most `highest_m` above the rise and lie near an ego at `place` that reaches
    `reach_m` to any side and has wheels of the radius `wheel_m`: middle, cosine and sine of the heading, half length, half width,
    top, row, slope. Those that never move come first."""
    fixed, loose = [], []
    for row, (centre, rotation, extent), friction in bodies:
        away = math.hypot(centre[0] - place[0], centre[1] - place[1])
        if away > reach_m + 0.5 * math.hypot(*extent) + NEAR_M:
            continue
        axes = axes_from_quaternion(rotation)
        yaw = yaw_of((rotation[0], rotation[1], rotation[2], rotation[3]))
        cos, sin = math.cos(yaw), math.sin(yaw)
        half = [0.5 * side for side in extent]
        above = sum(abs(axis[2]) * size for axis, size in zip(axes, half, strict=True))
        top = centre[2] + above
        height = top - rise_at(centre[0], centre[1], relief)[0]
        if height > highest_m:
            continue
        ahead = sum(abs(axis[0] * cos + axis[1] * sin) * size for axis, size in zip(axes, half, strict=True))
        aside = sum(abs(axis[1] * cos - axis[0] * sin) * size for axis, size in zip(axes, half, strict=True))
        slope = friction if height <= ROLLED_OVER * friction * wheel_m else PUSHED
        block = (centre[0], centre[1], cos, sin, ahead, aside, top, float(row))
        if math.isinf(friction):
            fixed.append((*block, 0.0))
        else:
            loose.append((*block, slope))
    return np.array([*fixed, *loose], dtype=np.float64).reshape(-1, 9)
