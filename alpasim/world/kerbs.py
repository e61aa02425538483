"""Kerbs, sidewalks and bumps for what has been struck: boxes that slide against them, trip over them or lie on them.

Answers the impulse of the raised ground on one free box in one substep; the engine knows no more of the ground than its grades.
The ego's wheels feel the same ground in `alpasim.vehicle.footing`; those of an upright wreck, which climb what it meets
lengthwise and is no higher than they reach, in `wreck_wheels.py`. A box slides over holes.

The edges of the box are looked at every SPACING_M. A point that would come to lie below the ground within the substep either
runs into a face, where a border was crossed and the top is out of reach, or lies on top. A face and a top take away the speed
towards them, without bouncing, and rub; together with corners that the street carries, they are solved one after the other
until they agree (projected Gauss-Seidel), so that the engine, which steps afterwards, finds the body borne.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.relief import Relief, parts_at, rise_at
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import GRAVITY_MPS2
from alpasim.vehicle.footing import nothing_near
from alpasim.world.blows import AIM, NX, NY, NZ, PX, PY, PZ, solve
from alpasim.world.bullet import Engine, Quaternion, Vector3
from alpasim.world.faces import face_at
from alpasim.world.wreck_wheels import CLIMBED, LENGTHWISE, TREAD_M, UPRIGHT, roll_up

SPACING_M, MOST = 0.1, 96
"""How densely the box's edges are looked at, and how many points may bear it."""

STEP_UP_M, STEEP = 0.02, 0.7
"""What lies lower than this against a point's top is slid upon; slopes steeper than this are walls."""

CLEAR_M = 0.2
"""So near to a face that its wheels climb [m], a box does not touch the top: it is round there, or higher."""

OUT_SHARE, OUT_MPS = 0.2, 0.5
"""What share of a depth is pressed out in a substep, and how fast at most."""

NONE, FACED, TOPPED, STREET = 0, 1, 2, 3


@compiled
def look_at(
    point: Vector3,
    velocity: Vector3,
    corner: bool,
    wheels: Vector3,
    relief: Relief,
    seconds: float,
    found: FloatArray,
) -> int:
    """What a point of a box meets within a substep: NONE, FACED, TOPPED or STREET; writes normal and AIM into `found`.

    `wheels` are the radius of those on which it stands, 0 without, and the direction (2,) in which they roll.
    """
    x, y = point[0] + velocity[0] * seconds, point[1] + velocity[1] * seconds
    rise, slope_x, slope_y = rise_at(x, y, relief)
    up = max(parts_at(x, y, relief), 0.0)
    gap = point[2] - rise - up
    if gap + velocity[2] * seconds - (slope_x * velocity[0] + slope_y * velocity[1]) * seconds > 0.0:
        return NONE
    kind = TOPPED
    if up <= 1e-6:
        if not corner:
            return NONE
        kind = STREET
    nx, ny = -slope_x, -slope_y
    if kind == TOPPED:
        if wheels[0] > 0.0 or -gap > STEP_UP_M:
            depth, fx, fy, bx, by = face_at(x, y, relief)
            climbs = -gap <= CLIMBED * wheels[0] and abs(fx * wheels[1] + fy * wheels[2]) >= LENGTHWISE
            if climbs and (-gap > TREAD_M or depth < CLEAR_M):
                return NONE
            moved = math.sqrt((x - point[0]) ** 2 + (y - point[1]) ** 2)
            if -gap > STEP_UP_M and depth <= max(0.06, moved + 0.02):
                found[NX], found[NY], found[NZ] = fx, fy, 0.0
                found[AIM] = aim((point[0] - bx) * fx + (point[1] - by) * fy, seconds)
                return FACED
        h = 0.05
        grade_x = (parts_at(x + h, y, relief) - parts_at(x - h, y, relief)) / (2.0 * h)
        grade_y = (parts_at(x, y + h, relief) - parts_at(x, y - h, relief)) / (2.0 * h)
        if grade_x * grade_x + grade_y * grade_y < STEEP * STEEP:
            nx, ny = nx - grade_x, ny - grade_y
    long = 1.0 / math.sqrt(nx * nx + ny * ny + 1.0)
    found[NX], found[NY], found[NZ] = nx * long, ny * long, long
    found[AIM] = aim(gap * long, seconds)
    return kind


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
    point[AIM] = aim((place[2] - rise) * long, seconds)


@compiled
def find_points(
    position: Vector3,
    axes: FloatArray,
    half: FloatArray,
    velocity: Vector3,
    spin: Vector3,
    wheels: Vector3,
    relief: Relief,
    seconds: float,
    points: FloatArray,
    raised: bool,
) -> int:
    """Write where the edges of a box meet raised ground, or the street, within a substep; returns how many points bear it.

    Of each stretch of an edge that meets the same, its ends and its deepest point count. The street is left to the engine where
    nothing else bears the box: neither a point nor, if `raised`, a wheel.
    """
    count = 0
    look, deepest, last = np.zeros(11), np.zeros(11), np.zeros(11)
    for edge in range(12):
        along, a, b = edge // 4, (edge // 4 + 1) % 3, (edge // 4 + 2) % 3
        u, v = (1.0 if edge % 2 else -1.0) * half[a], (1.0 if edge % 4 > 1 else -1.0) * half[b]
        steps = max(1, math.ceil(2.0 * half[along] / SPACING_M))
        before, length = NONE, 0
        for k in range(steps + 2):
            kind = NONE
            if k <= steps:
                w = half[along] * (2.0 * k / steps - 1.0)
                for j in range(3):
                    look[PX + j] = w * axes[along, j] + u * axes[a, j] + v * axes[b, j]
                px, py, pz = look[PX], look[PY], look[PZ]
                moving = (
                    velocity[0] + spin[1] * pz - spin[2] * py,
                    velocity[1] + spin[2] * px - spin[0] * pz,
                    velocity[2] + spin[0] * py - spin[1] * px,
                )
                place = (position[0] + px, position[1] + py, position[2] + pz)
                kind = look_at(place, moving, k == 0 or k == steps, wheels, relief, seconds, look)
            if kind != before and before != NONE:
                if length > 1 and count < MOST:
                    points[count] = last
                    count += 1
                if length > 2 and count < MOST:
                    points[count] = deepest
                    count += 1
            if kind == FACED and (k == 0 or k == steps) and count < MOST:
                points[count] = look
                carry(place, relief, seconds, points[count])
                count += 1
            if kind != NONE:
                raised = raised or kind != STREET
                if kind != before:
                    length = 0
                    deepest[:] = look
                    if count < MOST:
                        points[count] = look
                        count += 1
                length += 1
                last[:] = look
                if look[AIM] > deepest[AIM]:
                    deepest[:] = look
            before = kind
    return count if raised else 0


@compiled
def ground_impulse(
    position: Vector3,
    rotation: Quaternion,
    velocity: Vector3,
    spin: Vector3,
    extent: FloatArray,
    mass: float,
    friction: float,
    wheel_m: float,
    relief: Relief,
    seconds: float,
    out: FloatArray,
) -> bool:
    """Write the impulse [N s] and its moment about the centre [N m s] that raised ground gives an even box in a substep into
    `out` (6,); False where none is near. `friction` is that of box and ground together, `wheel_m` the radius of its wheels."""
    radius = 0.5 * math.sqrt(extent[0] ** 2 + extent[1] ** 2 + extent[2] ** 2)
    reach = radius + (abs(velocity[0]) + abs(velocity[1])) * seconds + 0.1
    if nothing_near(position[0], position[1], reach, relief):
        return False
    x, y, z, w = rotation
    axes = np.empty((3, 3))
    axes[0, 0], axes[0, 1], axes[0, 2] = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)
    axes[1, 0], axes[1, 1], axes[1, 2] = 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)
    axes[2, 0], axes[2, 1], axes[2, 2] = 2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)
    half, inertia = 0.5 * extent, np.empty(3)
    for k in range(3):
        inertia[k] = mass / 12.0 * (extent[(k + 1) % 3] ** 2 + extent[(k + 2) % 3] ** 2)
    motion = np.zeros(12)
    for j in range(3):
        motion[j], motion[3 + j] = velocity[j], spin[j]
    motion[2] -= GRAVITY_MPS2 * seconds
    level = math.sqrt(axes[0, 0] ** 2 + axes[0, 1] ** 2)
    wheels, rolls = (0.0, 0.0, 0.0), False
    if wheel_m > 0.0 and axes[2, 2] >= UPRIGHT:
        wheels = (wheel_m, axes[0, 0] / level, axes[0, 1] / level)
        rolls = roll_up(position, axes, half, mass, inertia, friction, wheels, relief, seconds, motion)
    moving, turning = (motion[0], motion[1], motion[2]), (motion[3], motion[4], motion[5])
    points = np.zeros((MOST, 11))
    count = find_points(position, axes, half, moving, turning, wheels, relief, seconds, points, rolls)
    if count == 0 and not rolls:
        return False
    solve(points, count, axes, mass, inertia, friction, motion)
    out[:] = motion[6:]
    return True


def bear(
    engine: Engine,
    body: int,
    extent: FloatArray,
    mass: float,
    friction: float,
    wheel_m: float,
    relief: Relief,
    seconds: float,
) -> None:
    """Push a struck body with what raised ground gives it in the substep of that many seconds that comes next."""
    position, rotation = engine.pose(body)
    velocity, spin = engine.motion(body)
    out = np.empty(6)
    if ground_impulse(position, rotation, velocity, spin, extent, mass, friction, wheel_m, relief, seconds, out):
        push = (out / seconds).tolist()
        engine.push(body, push[:3], push[3:], position)
