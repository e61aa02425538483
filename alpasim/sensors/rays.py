"""Rays against oriented boxes and the ground: the geometry of the lidar, as compiled kernels.

Answers what each ray meets first. What a ray meets of ground that is not level is told in `ground_rays.py`.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled, inner
from alpasim.geometry import wrap_angle
from alpasim.road.relief import Relief, height_at
from alpasim.sensors.ground_rays import first_way, meet_ground
from alpasim.sensors.ground_tables import GroundTables
from alpasim.types import BoolArray, FloatArray, IntArray

GROUND_HIT, NO_HIT = -1, -2
"""What a ray has met that has not met a box."""
_STEEP, _OPPOSITE = 1e-6, 3.1
"""Square of a direction's level part below which a ray has no heading, and headings that lie opposite [rad]."""


@compiled
def rotation_rows(x: float, y: float, z: float, w: float) -> tuple[float, ...]:
    """The matrix of a unit quaternion, row by row; its columns are the body's axes in the world."""
    return (
        1.0 - 2.0 * (y * y + z * z),
        2.0 * (x * y - w * z),
        2.0 * (x * z + w * y),
        2.0 * (x * y + w * z),
        1.0 - 2.0 * (x * x + z * z),
        2.0 * (y * z - w * x),
        2.0 * (x * z - w * y),
        2.0 * (y * z + w * x),
        1.0 - 2.0 * (x * x + y * y),
    )


@compiled
def targets_near(
    origin: FloatArray,
    position: FloatArray,
    rotation: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    row: int,
    reach: float,
) -> FloatArray:
    """Boxes that rays may meet (m, 21): row; direction of the centre and offsets of the right and left edge from it [rad];
    centre from the origin (3); squared bounding radius; rotation (9); the origin in the box's axes (3); spare."""
    found = np.zeros((position.shape[0], 21))
    count = 0
    for i in range(position.shape[0]):
        if i == row or not present[i]:
            continue
        dx, dy, dz = position[i, 0] - origin[0], position[i, 1] - origin[1], position[i, 2] - origin[2]
        radius = 0.5 * math.sqrt(extent[i, 0] ** 2 + extent[i, 1] ** 2 + extent[i, 2] ** 2)
        if dx * dx + dy * dy + dz * dz > (reach + radius) ** 2:
            continue
        turn = rotation_rows(rotation[i, 0], rotation[i, 1], rotation[i, 2], rotation[i, 3])
        target = found[count]
        target[0], target[1] = i, math.atan2(dy, dx)
        if dx * dx + dy * dy <= radius * radius:
            target[2], target[3] = -math.pi, math.pi
        else:
            for corner in range(8):
                a = 0.5 * extent[i, 0] * (1.0 if corner & 1 else -1.0)
                b = 0.5 * extent[i, 1] * (1.0 if corner & 2 else -1.0)
                c = 0.5 * extent[i, 2] * (1.0 if corner & 4 else -1.0)
                x = dx + turn[0] * a + turn[1] * b + turn[2] * c
                y = dy + turn[3] * a + turn[4] * b + turn[5] * c
                angle = math.atan2(dx * y - dy * x, dx * x + dy * y)
                target[2], target[3] = min(target[2], angle), max(target[3], angle)
        target[4], target[5], target[6], target[7] = dx, dy, dz, radius * radius
        for k in range(9):
            target[8 + k] = turn[k]
        for k in range(3):
            target[17 + k] = -(turn[k] * dx + turn[3 + k] * dy + turn[6 + k] * dz)
        count += 1
    return found[:count]


@inner
def meet(target: FloatArray, half: FloatArray, ux: float, uy: float, uz: float) -> tuple[float, float]:
    """Distance along a unit ray to a box and cosine of the angle to the face met; (inf, 0) where it passes by. A ray that
    starts inside meets nothing."""
    ahead = target[4] * ux + target[5] * uy + target[6] * uz
    away = target[4] ** 2 + target[5] ** 2 + target[6] ** 2 - ahead * ahead
    if away > target[7]:
        return np.inf, 0.0
    enter, leave, cosine = 0.0, np.inf, 0.0
    for k in range(3):
        speed = target[8 + k] * ux + target[11 + k] * uy + target[14 + k] * uz
        place = target[17 + k]
        if speed == 0.0:
            if abs(place) > half[k]:
                return np.inf, 0.0
            continue
        first, last = (-half[k] - place) / speed, (half[k] - place) / speed
        if first > last:
            first, last = last, first
        if first > enter:
            enter, cosine = first, abs(speed)
        leave = min(leave, last)
        if enter > leave:
            return np.inf, 0.0
    if enter == 0.0:
        return np.inf, 0.0
    return enter, cosine


@inner
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


@inner
def _in_column(targets: FloatArray, x: FloatArray, y: FloatArray, near: IntArray) -> int:
    """Write the lines of the targets that the rays of one azimuth may meet into `near`; how many. `x` and `y` (e,) are the level
    parts of their directions.

    From ring to ring the rays turn in one plane, by less than a half turn, and so their headings go one way from that of the
    first to that of the last. Where these lie almost opposite, or one hardly has a heading, every target counts.
    """
    last = x.shape[0] - 1
    if x[0] * x[0] + y[0] * y[0] > _STEEP and x[last] * x[last] + y[last] * y[last] > _STEEP:
        one, other = math.atan2(y[0], x[0]), math.atan2(y[last], x[last])
        if abs(wrap_angle(other - one)) < _OPPOSITE:
            return _near(targets, one, other, near)
    count = 0
    while count < targets.shape[0]:
        near[count] = count
        count += 1
    return count


@compiled
def cast_rays(
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
    level: bool,
    relief: Relief,
    tables: GroundTables,
) -> tuple[FloatArray, IntArray, FloatArray]:
    """First hit of each ray from `origin` (3,) within `reach`, at `azimuth` (a,) and `elevation` (e,) of a frame that `turn`
    (3, 3) turns into the world. The ground is the plane z = 0 where it is `level`, else `relief`, with `tables_of(relief)`.

    Gives distance (e, a) [m], inf for none; the row hit (e, a), GROUND_HIT or NO_HIT; and the cosine of the angle to the
    surface (e, a). The box of `row` is not there. From under the ground nothing is met.
    """
    rings, columns = elevation.shape[0], azimuth.shape[0]
    distance = np.full((rings, columns), np.inf)
    hits = np.full((rings, columns), NO_HIT, dtype=np.int64)
    cosine = np.zeros((rings, columns))
    if origin[2] <= (0.0 if level else height_at(origin[0], origin[1], relief)):
        return distance, hits, cosine
    targets = targets_near(origin, position, rotation, extent, present, row, reach)
    half, up, flat = 0.5 * extent, np.sin(elevation), np.cos(elevation)
    near = np.empty(targets.shape[0], dtype=np.int64)
    x, y = np.empty(rings), np.empty(rings)
    frame, heights, square, start, parts, clear = tables
    for j in range(columns):
        cos, sin = math.cos(azimuth[j]), math.sin(azimuth[j])
        ahead_x, ahead_y = turn[0, 0] * cos + turn[0, 1] * sin, turn[1, 0] * cos + turn[1, 1] * sin
        ahead_z = turn[2, 0] * cos + turn[2, 1] * sin
        for i in range(rings):
            x[i], y[i] = flat[i] * ahead_x + up[i] * turn[0, 2], flat[i] * ahead_y + up[i] * turn[1, 2]
        count = _in_column(targets, x, y, near)
        for i in range(rings):
            ux, uy, uz = x[i], y[i], flat[i] * ahead_z + up[i] * turn[2, 2]
            best, hit, lean = reach, NO_HIT, 0.0
            if level and uz < 0.0 and -origin[2] / uz <= reach:
                best, hit, lean = -origin[2] / uz, GROUND_HIT, -uz
            for k in range(count):
                target = targets[near[k]]
                found, slope = meet(target, half[int(target[0])], ux, uy, uz)
                if found < best:
                    best, hit, lean = found, int(target[0]), slope
            begin = np.inf if level else first_way(origin, uz, frame)
            if begin <= best:
                ground, slope_x, slope_y = meet_ground(
                    origin, ux, uy, uz, begin, best, frame, heights, square, start, parts, clear
                )
                if ground <= best:
                    best, hit = ground, GROUND_HIT
                    facing = slope_x * ux + slope_y * uy - uz
                    lean = max(facing / math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y), 0.0)
            if hit != NO_HIT:
                distance[i, j], hits[i, j], cosine[i, j] = best, hit, lean
    return distance, hits, cosine
