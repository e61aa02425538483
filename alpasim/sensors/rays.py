"""Rays against oriented boxes and a level ground: the geometry of the lidar, as compiled kernels.

Answers what each ray meets first. Ground that is not level stands in `ground_rays.py`.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import wrap_angle
from alpasim.types import BoolArray, FloatArray, IntArray

GROUND_HIT, NO_HIT = -1, -2
"""What a ray has met that has not met a box."""


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


@compiled
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


@compiled
def cast_rays(
    origin: FloatArray,
    azimuth: FloatArray,
    elevation: FloatArray,
    position: FloatArray,
    rotation: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    row: int,
    reach: float,
) -> tuple[FloatArray, IntArray, FloatArray]:
    """First hit of each ray from `origin` (3,) at world `azimuth` (a,) and `elevation` (e,) within `reach`.

    Gives distance (e, a) [m], inf for none; the row hit (e, a), GROUND_HIT or NO_HIT; and the cosine of the angle to the
    surface (e, a). The box of `row` is not there.
    """
    rings, columns = elevation.shape[0], azimuth.shape[0]
    distance = np.full((rings, columns), np.inf)
    hits = np.full((rings, columns), NO_HIT, dtype=np.int64)
    cosine = np.zeros((rings, columns))
    targets = targets_near(origin, position, rotation, extent, present, row, reach)
    rise, level = np.sin(elevation), np.cos(elevation)
    near = np.empty(targets.shape[0], dtype=np.int64)
    half = 0.5 * extent
    for j in range(columns):
        cos, sin, count = math.cos(azimuth[j]), math.sin(azimuth[j]), 0
        for k in range(targets.shape[0]):
            apart = wrap_angle(azimuth[j] - targets[k, 1])
            if targets[k, 2] <= apart <= targets[k, 3]:
                near[count] = k
                count += 1
        for i in range(rings):
            ux, uy, uz = level[i] * cos, level[i] * sin, rise[i]
            best, hit, lean = reach, NO_HIT, 0.0
            if uz < 0.0 and origin[2] > 0.0 and -origin[2] / uz <= reach:
                best, hit, lean = -origin[2] / uz, GROUND_HIT, -uz
            for k in range(count):
                target = targets[near[k]]
                found, slope = meet(target, half[int(target[0])], ux, uy, uz)
                if found < best:
                    best, hit, lean = found, int(target[0]), slope
            if hit != NO_HIT:
                distance[i, j], hits[i, j], cosine[i, j] = best, hit, lean
    return distance, hits, cosine
