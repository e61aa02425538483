"""Where the edges of a box meet kerbs, sidewalks, bumps and the street within a substep.

The edges are looked at every SPACING_M. A point that would come to lie below the ground within the substep either runs into a
face, where a border was crossed and the top is out of reach, or lies on top. What is done about the points `kerbs.py` says.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.relief import Relief, parts_at, rise_at
from alpasim.types import FloatArray
from alpasim.world.blows import AIM, COLUMNS, MOST_PUSH, NX, NY, NZ, PX, PY, PZ
from alpasim.world.bullet import Vector3
from alpasim.world.faces import face_at
from alpasim.world.wreck_wheels import CLIMBED, LENGTHWISE, TREAD_M

SPACING_M, MOST = 0.1, 96
"""How densely the box's edges are looked at, and how many points may bear it."""

STEP_UP_M, STEEP = 0.02, 0.7
"""What lies lower than this against a point's top is slid upon; slopes steeper than this are walls."""

CLEAR_M = 0.2
"""So near to a face that its wheels climb [m], a box does not touch the top: it is round there, or higher."""

OUT_SHARE, OUT_MPS = 0.2, 0.5
"""What share of a depth is pressed out in a substep, and how fast at most."""

STOPPED_M = 0.06
"""So deep within a face it stops what does not yield."""

NONE, FACED, TOPPED, STREET = 0, 1, 2, 3


@compiled
def look_at(
    position: Vector3,
    axes: FloatArray,
    half: FloatArray,
    velocity: Vector3,
    spin: Vector3,
    corner: bool,
    wheels: Vector3,
    yields_m: float,
    relief: Relief,
    seconds: float,
    found: FloatArray,
) -> int:
    """What a point of a box meets within a substep: NONE, FACED, TOPPED or STREET; `found` holds its arm, and gets normal, AIM
    and MOST_PUSH (negative where a face yields).

    `wheels` are the radius of those on which it stands, 0 without, and the direction (2,) in which they roll; `yields_m` is
    how far what meets a face gives way before it is gone.
    """
    px, py, pz = found[PX], found[PY], found[PZ]
    vx = velocity[0] + spin[1] * pz - spin[2] * py
    vy = velocity[1] + spin[2] * px - spin[0] * pz
    vz = velocity[2] + spin[0] * py - spin[1] * px
    x, y = position[0] + px + vx * seconds, position[1] + py + vy * seconds
    rise, slope_x, slope_y = rise_at(x, y, relief)
    up = max(parts_at(x, y, relief), 0.0)
    gap = position[2] + pz - rise - up
    if gap + vz * seconds - (slope_x * vx + slope_y * vy) * seconds > 0.0:
        return NONE
    kind = TOPPED
    if up <= 1e-6:
        if not corner:
            return NONE
        kind = STREET
    nx, ny = -slope_x, -slope_y
    if kind == TOPPED:
        depth, fx, fy, bx, by = face_at(x, y, relief)
        climbs = up <= CLIMBED * wheels[0] and abs(fx * wheels[1] + fy * wheels[2]) >= LENGTHWISE
        if climbs and (-gap > TREAD_M or depth < CLEAR_M):
            return NONE
        if -gap > STEP_UP_M and depth <= max(STOPPED_M, math.hypot(vx, vy) * seconds + 0.02, yields_m):
            before = (position[0] + px - bx) * fx + (position[1] + py - by) * fy
            found[NX], found[NY], found[NZ] = fx, fy, 0.0
            found[AIM], found[MOST_PUSH] = aim(before, seconds), np.inf
            if yields_m == 0.0:
                return FACED
            if beyond(position, axes, half, bx, by, fx, fy, rise + up) <= yields_m:
                found[AIM], found[MOST_PUSH] = min(found[AIM], 0.0), -1.0
                return FACED
        if depth == np.inf:
            slope_x, slope_y = grade_at(x, y, relief)
            nx, ny = nx - slope_x, ny - slope_y
    long = 1.0 / math.sqrt(nx * nx + ny * ny + 1.0)
    found[NX], found[NY], found[NZ] = nx * long, ny * long, long
    found[AIM], found[MOST_PUSH] = aim(gap * long, seconds), np.inf
    return kind


@compiled
def grade_at(x: float, y: float, relief: Relief) -> tuple[float, float]:
    """How steeply a bump rises at (x, y) along x and along y; 0 where that is a wall."""
    h = 0.05
    grade_x = (parts_at(x + h, y, relief) - parts_at(x - h, y, relief)) / (2.0 * h)
    grade_y = (parts_at(x, y + h, relief) - parts_at(x, y - h, relief)) / (2.0 * h)
    if grade_x * grade_x + grade_y * grade_y < STEEP * STEEP:
        return grade_x, grade_y
    return 0.0, 0.0


@compiled
def beyond(
    position: Vector3, axes: FloatArray, half: FloatArray, bx: float, by: float, fx: float, fy: float, top: float
) -> float:
    """How far those corners of a box that lie lower than `top` [m] reach beyond the face at (bx, by), whose outward normal that
    is."""
    farthest = -np.inf
    for corner in range(8):
        a = half[0] if corner % 2 else -half[0]
        b = half[1] if corner % 4 > 1 else -half[1]
        c = half[2] if corner > 3 else -half[2]
        if position[2] + a * axes[0, 2] + b * axes[1, 2] + c * axes[2, 2] < top:
            x = position[0] + a * axes[0, 0] + b * axes[1, 0] + c * axes[2, 0] - bx
            y = position[1] + a * axes[0, 1] + b * axes[1, 1] + c * axes[2, 1] - by
            farthest = max(farthest, -(x * fx + y * fy))
    return farthest


@compiled
def aim(gap: float, seconds: float) -> float:
    """Least speed outwards of a point that is a gap [m] away: what closes the gap, or presses out of a depth."""
    if gap > 0.0:
        return -gap / seconds
    return min(-gap * OUT_SHARE / seconds, OUT_MPS)


@compiled
def carry(place: Vector3, relief: Relief, seconds: float, point: FloatArray) -> None:
    """Let the street carry a corner that runs into a face: the two are one blow."""
    rise, slope_x, slope_y = rise_at(place[0], place[1], relief)
    long = 1.0 / math.sqrt(slope_x * slope_x + slope_y * slope_y + 1.0)
    point[NX], point[NY], point[NZ] = -slope_x * long, -slope_y * long, long
    point[AIM], point[MOST_PUSH] = aim((place[2] - rise) * long, seconds), np.inf


@compiled
def keep(points: FloatArray, count: int, point: FloatArray) -> int:
    """Put a point behind those that are there already, if there is room; returns how many there are now."""
    if count == MOST:
        return count
    points[count] = point
    return count + 1


@compiled
def find_points(
    position: Vector3,
    axes: FloatArray,
    half: FloatArray,
    velocity: Vector3,
    spin: Vector3,
    wheels: Vector3,
    yields_m: float,
    relief: Relief,
    seconds: float,
    points: FloatArray,
    count: int,
    raised: bool,
) -> int:
    """Write where the edges of a box meet raised ground, or the street, within a substep, behind the `count` points that there
    are already; returns how many bear it.

    Of each stretch of an edge that meets the same, its ends and its deepest point count. The street is left to the engine where
    nothing else bears the box: neither a point nor, if `raised`, a wheel.
    """
    look, deepest, last = np.zeros(COLUMNS), np.zeros(COLUMNS), np.zeros(COLUMNS)
    for edge in range(12):
        along, a, b = edge // 4, (edge // 4 + 1) % 3, (edge // 4 + 2) % 3
        u, v = (1.0 if edge % 2 else -1.0) * half[a], (1.0 if edge % 4 > 1 else -1.0) * half[b]
        steps = max(1, math.ceil(2.0 * half[along] / SPACING_M))
        before, length = NONE, 0
        for k in range(steps + 2):
            kind, corner = NONE, k == 0 or k == steps
            if k <= steps:
                w = half[along] * (2.0 * k / steps - 1.0)
                for j in range(3):
                    look[PX + j] = w * axes[along, j] + u * axes[a, j] + v * axes[b, j]
                kind = look_at(position, axes, half, velocity, spin, corner, wheels, yields_m, relief, seconds, look)
            if kind != before and before != NONE:
                if length > 1:
                    count = keep(points, count, last)
                if length > 2:
                    count = keep(points, count, deepest)
            if kind == FACED and corner and count < MOST:
                count = keep(points, count, look)
                place = (position[0] + look[PX], position[1] + look[PY], position[2] + look[PZ])
                carry(place, relief, seconds, points[count - 1])
            if kind != NONE:
                raised = raised or kind != STREET
                if kind != before:
                    length = 0
                    deepest[:] = look
                    count = keep(points, count, look)
                length += 1
                last[:] = look
                if look[AIM] > deepest[AIM]:
                    deepest[:] = look
            before = kind
    return count if raised else 0
