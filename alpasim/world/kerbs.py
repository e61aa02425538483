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
from alpasim.world.blows import AIM, COLUMNS, MOST_PUSH, NX, NY, NZ, PX, PY, PZ, solve
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

STOPPED_M = 0.06
"""So deep within a face it stops what does not yield."""

YIELDING_G = 10.0
"""What the wheels, the suspension and the sills of a vehicle stop it with at a face before they give way, over gravity."""

GONE_M = 0.6
"""How far what gives way folds under until it is gone: about what a car's wheel measures across."""

SLOW, SETTLES_PER_S = 0.1, 5.0
"""Speeds [m/s, rad/s] below which what touches raised ground comes to rest, and how fast; chosen."""

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


@compiled
def share(points: FloatArray, count: int, most: float, motion: FloatArray) -> None:
    """Let those points at faces that yield which are about to run into them push with that much together [N s]."""
    pushing = 0
    for turn in range(2):
        for i in range(count):
            p = points[i]
            if p[MOST_PUSH] >= 0.0:
                continue
            ux = motion[0] + motion[4] * p[PZ] - motion[5] * p[PY]
            uy = motion[1] + motion[5] * p[PX] - motion[3] * p[PZ]
            if ux * p[NX] + uy * p[NY] >= p[AIM]:
                continue
            if turn == 0:
                pushing += 1
            else:
                p[MOST_PUSH] = most / pushing
    for i in range(count):
        points[i, MOST_PUSH] = max(points[i, MOST_PUSH], 0.0)


@compiled
def settle(mass: float, seconds: float, motion: FloatArray) -> None:
    """Let what hardly moves come to rest: a box on two corners would rock for ever, where tyres and springs take the motion."""
    largest = 0.0
    for j in range(6):
        largest = max(largest, abs(motion[j]))
    if largest > SLOW:
        return
    less = min(SETTLES_PER_S * seconds, 1.0)
    for j in range(3):
        motion[6 + j] -= less * mass * motion[j]
        motion[3 + j] -= less * motion[3 + j]


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
    yields_m: float,
    relief: Relief,
    seconds: float,
    out: FloatArray,
) -> bool:
    """Write the impulse [N s] that raised ground gives an even box in a substep, and the spin [rad/s] that it has then, into
    `out` (6,); False where none is near. `friction` is that of box and ground together, `wheel_m` the radius of its wheels and
    `yields_m` how far it gives way at faces, 0 where not at all."""
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
    points, count = np.zeros((MOST, COLUMNS)), 0
    wheels, rolls = (0.0, 0.0, 0.0), False
    if wheel_m > 0.0 and axes[2, 2] >= UPRIGHT:
        wheels = (wheel_m, axes[0, 0] / level, axes[0, 1] / level)
        rolls, count = roll_up(position, axes, half, mass, inertia, wheels, relief, seconds, motion, points)
    moving, turning = (motion[0], motion[1], motion[2]), (motion[3], motion[4], motion[5])
    count = find_points(position, axes, half, moving, turning, wheels, yields_m, relief, seconds, points, count, rolls)
    if count == 0 and not rolls:
        return False
    share(points, count, YIELDING_G * GRAVITY_MPS2 * mass * seconds, motion)
    solve(points, count, axes, mass, inertia, friction, motion)
    settle(mass, seconds, motion)
    out[:3], out[3:] = motion[6:9], motion[3:6]
    return True


def bear(
    engine: Engine,
    body: int,
    extent: FloatArray,
    mass: float,
    friction: float,
    wheel_m: float,
    yields_m: float,
    relief: Relief,
    seconds: float,
) -> None:
    """Push a struck body with what raised ground gives it in the substep of that many seconds that comes next."""
    position, rotation = engine.pose(body)
    velocity, spin = engine.motion(body)
    out = np.empty(6)
    if ground_impulse(
        position, rotation, velocity, spin, extent, mass, friction, wheel_m, yields_m, relief, seconds, out
    ):
        # The engine's friction does not see a torque that is yet to act, and would let the body creep.
        engine.set_motion(body, velocity, out[3:].tolist())
        engine.push_at(body, (out[:3] / seconds).tolist(), position)
