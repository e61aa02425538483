"""Kerbs, sidewalks and bumps for what has been struck: boxes that slide against them, trip over them or lie on them.

Answers the impulse of the raised ground on one free box in one substep; the engine knows no more of the ground than its grades.
The ego's wheels feel the same ground in `alpasim.vehicle.footing`; those of an upright wreck, which climb what it meets
lengthwise and is no higher than they reach, in `wreck_wheels.py`. A box slides over holes.

A face and a top take away the speed towards them, without bouncing, and rub; vehicles, people and animals give way at faces.
Together with corners that the street carries, the points that `edges.py` finds are solved one after the other until they agree
(projected Gauss-Seidel), so that the engine, which steps afterwards, finds the body borne.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.relief import Relief
from alpasim.types import ActorKind, FloatArray
from alpasim.vehicle.chassis import GRAVITY_MPS2
from alpasim.vehicle.footing import nothing_near
from alpasim.world.blows import AIM, COLUMNS, MOST_PUSH, NX, NY, PX, PY, PZ, solve
from alpasim.world.bullet import Engine, Quaternion, Vector3
from alpasim.world.edges import MOST, find_points
from alpasim.world.standing import ON_WHEELS
from alpasim.world.wreck_wheels import UPRIGHT, roll_up

YIELDING_G = 10.0
"""What the wheels, the suspension and the sills of a vehicle stop it with at a face, or limbs a body, while they give way, over
gravity; chosen."""

WHEELS_GIVE_M, LIMBS_GIVE_M = 0.6, 0.2
"""How far a vehicle's wheels, or limbs, fold under until they are past the edge: about what a car's wheel measures across, and a
limb's length less what it bends round; chosen."""


def gives_way(kind: ActorKind) -> float:
    """How far a kind gives way at a face [m]; 0 for what is as hard as that."""
    if kind in ON_WHEELS:
        return WHEELS_GIVE_M
    return LIMBS_GIVE_M if kind in (ActorKind.PEDESTRIAN, ActorKind.ANIMAL) else 0.0


SLOW, SETTLES_PER_S = 0.1, 5.0
"""Speeds [m/s, rad/s] below which what touches raised ground comes to rest, and how fast; chosen."""


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
