"""Rays of a lidar against boxes and ground that is not level: as `rays.py`, in a frame that may lean with the road."""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import wrap_angle
from alpasim.road.relief import Relief
from alpasim.sensors.ground_rays import ON_FACE, PASSED, climb, first_way, glide
from alpasim.sensors.ground_tables import GroundTables
from alpasim.sensors.rays import GROUND_HIT, NO_HIT, meet, targets_near
from alpasim.types import BoolArray, FloatArray, IntArray

_UPRIGHT, _UPRIGHT_TURN = math.radians(60.0), math.radians(25.0)
"""Rays less steep than this, in a frame that leans less than this, keep off the zenith."""


@compiled
def _heading(turn: FloatArray, cos: float, sin: float, flat: float, up: float) -> float:
    """Direction in the world, seen from above, of a ray at an azimuth and an elevation of a frame."""
    x = turn[0, 0] * flat * cos + turn[0, 1] * flat * sin + turn[0, 2] * up
    y = turn[1, 0] * flat * cos + turn[1, 1] * flat * sin + turn[1, 2] * up
    return math.atan2(y, x)


@compiled
def _near(targets: FloatArray, one: float, other: float, near: IntArray) -> int:
    """Write the lines of the targets that lie between two headings, less than a half turn apart, into `near`; how many."""
    count = 0
    for k in range(targets.shape[0]):
        first = wrap_angle(one - targets[k, 1])
        last = first + wrap_angle(other - one)
        if min(first, last) <= targets[k, 3] and max(first, last) >= targets[k, 2]:
            near[count] = k
            count += 1
    return count


@compiled
def cast_rays_raised(
    origin: FloatArray,
    turn: FloatArray,
    azimuth: FloatArray,
    elevation: FloatArray,
    position: FloatArray,
    rotation: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    row: int,
    reach: float,
    relief: Relief,
    tables: GroundTables,
) -> tuple[FloatArray, IntArray, FloatArray]:
    """As `cast_rays`, over ground that is not level: `azimuth` and `elevation` are those of a frame that `turn` (3, 3) turns
    into the world, and `tables` is `tables_of(relief)`."""
    rings, columns = elevation.shape[0], azimuth.shape[0]
    distance = np.full((rings, columns), np.inf)
    hits = np.full((rings, columns), NO_HIT, dtype=np.int64)
    cosine = np.zeros((rings, columns))
    targets = targets_near(origin, position, rotation, extent, present, row, reach)
    half, up, flat = 0.5 * extent, np.sin(elevation), np.cos(elevation)
    near = np.arange(targets.shape[0])
    frame, heights, square, start, parts = tables
    upright = np.all(np.abs(elevation) < _UPRIGHT) and turn[2, 2] > math.cos(_UPRIGHT_TURN)
    for j in range(columns):
        cos, sin, count = math.cos(azimuth[j]), math.sin(azimuth[j]), targets.shape[0]
        if upright and count > 0:
            # Over the rings of one azimuth the heading in the world goes from that of the first to that of the last.
            first = _heading(turn, cos, sin, flat[0], up[0])
            count = _near(targets, first, _heading(turn, cos, sin, flat[rings - 1], up[rings - 1]), near)
        for i in range(rings):
            ahead, left = flat[i] * cos, flat[i] * sin
            ux = turn[0, 0] * ahead + turn[0, 1] * left + turn[0, 2] * up[i]
            uy = turn[1, 0] * ahead + turn[1, 1] * left + turn[1, 2] * up[i]
            uz = turn[2, 0] * ahead + turn[2, 1] * left + turn[2, 2] * up[i]
            best, hit, lean = reach, NO_HIT, 0.0
            for k in range(count):
                target = targets[near[k]]
                found, slope = meet(target, half[int(target[0])], ux, uy, uz)
                if found < best:
                    best, hit, lean = found, int(target[0]), slope
            begin = first_way(origin, uz, frame)
            if begin > best:
                ended, ground, slope_x, slope_y = PASSED, np.inf, 0.0, 0.0
            else:
                reached = glide(origin, ux, uy, uz, 0.0, begin, best, frame, heights, square, start, parts)
                ended, ground, slope_x, slope_y = reached[0], reached[2], reached[3], reached[4]
                if ended >= ON_FACE:
                    ground, slope_x, slope_y = climb(origin, ux, uy, uz, reached, best, relief, tables)
            if ground <= best:
                best, hit = ground, GROUND_HIT
                facing = slope_x * ux + slope_y * uy - uz
                lean = max(facing / math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y), 0.0)
            if hit != NO_HIT:
                distance[i, j], hits[i, j], cosine[i, j] = best, hit, lean
    return distance, hits, cosine
