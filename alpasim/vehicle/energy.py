"""What energy a vehicle has, what drives it gives it, and how it is slowed where it would have more.

Answers the energy of motion, height, springs and bars at an instant, from the same springs and the same ground as `wheels.py`,
and a velocity with less of it. When that is asked for is told in `account.py`.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import ANTI_ROLL, GRAVITY_MPS2, MASS, RADIUS, SPRING, STATIC_LOAD
from alpasim.vehicle.footing import BUMP, COUNT, RISE
from alpasim.vehicle.stance import (
    FX,
    FY,
    FZ,
    LX,
    LY,
    LZ,
    Quaternion,
    Vector3,
    steering_angles,
    up_axis,
    wheel_arms,
    wheel_axes,
)
from alpasim.vehicle.wheels import (
    ACTUATORS,
    BUMP_STOP_M,
    BUMP_STOP_STIFFNESS,
    DRIVEN,
    LARGEST_WHEEL_LOAD,
    LOAD,
    ROWS,
    STEER,
    ground_forces,
    raised_mean,
    squeezed,
    wheel_loads,
)

Inertia = Vector3
"""Of roll, pitch and yaw about the body's own axes [kg m^2]."""


@compiled
def spring_energy(body: FloatArray, i: int, squeeze: float) -> float:
    """What spring and bump stop of wheel i hold, compressed by `squeeze` [m] beyond the static load [J]: the area under
    `spring_force`, whose load grows no further at its limit."""
    load, spring, stop = body[STATIC_LOAD + i], body[SPRING + i], BUMP_STOP_STIFFNESS * body[SPRING + i]
    limit = ((LARGEST_WHEEL_LOAD - 1.0) * load + stop * BUMP_STOP_M) / (spring + stop)
    within = min(squeeze, limit)
    over = max(within - BUMP_STOP_M, 0.0)
    held = within * (load + 0.5 * spring * within) + 0.5 * stop * over * over
    return float(held + LARGEST_WHEEL_LOAD * load * (squeeze - within))


@compiled
def wheel_energy(body: FloatArray, i: int, smooth: float, hanging: float, footing: FloatArray) -> float:
    """What the spring of wheel i holds, the mean over the way on which its ground is felt, compressed by `smooth` on the smooth
    ground and no less than `hanging` [m] [J]."""
    points = int(footing[i, COUNT])
    if points == 0:
        return spring_energy(body, i, max(smooth, hanging))
    total = 0.0
    for k in range(points):
        total += spring_energy(body, i, max(smooth + footing[i, BUMP + k], hanging))
    return total / points


@compiled
def axle_energy(body: FloatArray, left: int, smooth: tuple[float, float], footing: FloatArray) -> float:
    """What both springs and the bar of the axle of wheel `left` hold [J]; a wheel off the ground hangs where its spring and the
    bar balance."""
    load, spring, bar = body[STATIC_LOAD + left], body[SPRING + left], body[ANTI_ROLL + left]
    one, other = smooth[0] + raised_mean(footing, left), smooth[1] + raised_mean(footing, left + 1)
    more, less = max(one, other), min(one, other)
    less = max(less, (bar * more - load) / (spring + bar))
    if load + spring * more + bar * (more - less) < 0.0:
        more = less = -load / spring
    apart = more - less if one >= other else less - more
    held = wheel_energy(body, left, smooth[0], -(load + bar * apart) / spring, footing)
    held += wheel_energy(body, left + 1, smooth[1], -(load - bar * apart) / spring, footing)
    return float(held + 0.5 * bar * apart * apart)


@compiled
def held_energy(body: FloatArray, position: Vector3, rotation: Quaternion, footing: FloatArray) -> float:
    """Energy of height, springs and bars [J] where the body is, on the `footing` (4, COLUMNS) that its wheels have there."""
    arm, axes = np.empty((4, 3)), np.empty((4, 9))
    upright, ahead_x, ahead_y = wheel_arms(body, rotation, arm)
    held = body[MASS] * GRAVITY_MPS2 * position[2]
    if upright:
        wheel_axes(footing, ahead_x, ahead_y, axes)
    for left in (0, 2):
        if not upright:
            held -= body[STATIC_LOAD + left] * body[STATIC_LOAD + left] / body[SPRING + left]
            continue
        one = squeezed(position[2], arm, axes, footing, left)
        held += axle_energy(body, left, (one, squeezed(position[2], arm, axes, footing, left + 1)), footing)
    return float(held)


@compiled
def in_body(rotation: Quaternion, vector: Vector3) -> Vector3:
    """A world vector in the body's axes."""
    x, y, z, w = rotation
    a, b, c = vector
    return (
        (1.0 - 2.0 * (y * y + z * z)) * a + 2.0 * (x * y + w * z) * b + 2.0 * (x * z - w * y) * c,
        2.0 * (x * y - w * z) * a + (1.0 - 2.0 * (x * x + z * z)) * b + 2.0 * (y * z + w * x) * c,
        2.0 * (x * z + w * y) * a + 2.0 * (y * z - w * x) * b + (1.0 - 2.0 * (x * x + y * y)) * c,
    )


@compiled
def motion_energy(mass: float, inertia: Inertia, velocity: Vector3, turning: Vector3) -> float:
    """Energy of motion [J]; `turning` is the spin in the body's axes."""
    (vx, vy, vz), (roll, pitch, yaw) = velocity, turning
    spinning = inertia[0] * roll * roll + inertia[1] * pitch * pitch + inertia[2] * yaw * yaw
    return 0.5 * (mass * (vx * vx + vy * vy + vz * vz) + spinning)


@compiled
def drive_power(
    body: FloatArray,
    state: FloatArray,
    footing: FloatArray,
    position: Vector3,
    rotation: Quaternion,
    velocity: Vector3,
    spin: Vector3,
) -> float:
    """Power of the drive forces in `state` (ROWS, 4), which act along the wheels where they touch the ground, at a velocity and
    spin [W]."""
    power = 0.0
    if state[DRIVEN, 0] == 0.0 and state[DRIVEN, 1] == 0.0 and state[DRIVEN, 2] == 0.0 and state[DRIVEN, 3] == 0.0:
        return power
    arm, axes = np.empty((4, 3)), np.empty((4, 9))
    _, ahead_x, ahead_y = wheel_arms(body, rotation, arm)
    wheel_axes(footing, ahead_x, ahead_y, axes)
    steer = steering_angles(body, state[ACTUATORS, STEER])
    for i in range(4):
        angle = steer[0] if i == 0 else steer[1] if i == 1 else 0.0
        x, y, down = arm[i, 0], arm[i, 1], position[2] - footing[i, RISE]
        ux = velocity[0] - spin[1] * down - spin[2] * y
        uy = velocity[1] + spin[2] * x + spin[0] * down
        uz = velocity[2] + spin[0] * y - spin[1] * x
        ahead = ux * axes[i, FX] + uy * axes[i, FY] + uz * axes[i, FZ]
        left = ux * axes[i, LX] + uy * axes[i, LY] + uz * axes[i, LZ]
        power += state[DRIVEN, i] * (math.cos(angle) * ahead + math.sin(angle) * left)
    return float(power)


@compiled
def push_of_ground(
    body: FloatArray,
    angle: float,
    position: Vector3,
    rotation: Quaternion,
    velocity: Vector3,
    spin: Vector3,
    footing: FloatArray,
    dt_s: float,
) -> tuple[Vector3, Vector3]:
    """Force [N] and torque [N m] with which what is raised pushes the wheels back and aside, loads left out; `angle` of the
    steered wheels."""
    arm, axes, state = np.empty((4, 3)), np.empty((4, 9)), np.zeros((ROWS, 4))
    upright, ahead_x, ahead_y = wheel_arms(body, rotation, arm)
    if not upright:
        return (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    wheel_axes(footing, ahead_x, ahead_y, axes)
    up = up_axis(rotation)
    hub = (body[RADIUS] * up[0], body[RADIUS] * up[1], body[RADIUS] * up[2])
    steer = steering_angles(body, angle)
    wheel_loads(body, position[2], arm, axes, velocity, spin, hub, steer, footing, dt_s, state)
    for i in range(4):
        state[LOAD, i] = 0.0
    return ground_forces(arm, axes, state, steer, hub)


@compiled
def slowed(
    mass: float,
    inertia: Inertia,
    velocity: Vector3,
    turning: Vector3,
    push: tuple[Vector3, Vector3],
    excess: float,
) -> tuple[Vector3, Vector3]:
    """`velocity` and `turning` (body's axes) with so much less energy [J], or none.

    It is taken out of motion against the `push` (force in the world, torque in the body's axes) as far as that goes, with as much of
    it as that takes; the rest out of all motion alike, which is the smallest change that has that energy less.
    """
    (vx, vy, vz), (roll, pitch, yaw) = velocity, turning
    (fx, fy, fz), (tx, ty, tz) = push
    ax, ay, az = tx / inertia[0], ty / inertia[1], tz / inertia[2]
    power = fx * vx + fy * vy + fz * vz + tx * roll + ty * pitch + tz * yaw
    square = (fx * fx + fy * fy + fz * fz) / mass + tx * ax + ty * ay + tz * az
    left = excess
    if power < 0.0:
        within = power * power - 2.0 * square * excess
        long = (-power - math.sqrt(max(within, 0.0))) / square
        left = max(-within, 0.0) / (2.0 * square)
        vx, vy, vz = vx + long * fx / mass, vy + long * fy / mass, vz + long * fz / mass
        roll, pitch, yaw = roll + long * ax, pitch + long * ay, yaw + long * az
    if left > 0.0:
        motion = motion_energy(mass, inertia, (vx, vy, vz), (roll, pitch, yaw))
        share = math.sqrt((motion - left) / motion) if left < motion else 0.0
        vx, vy, vz, roll, pitch, yaw = share * vx, share * vy, share * vz, share * roll, share * pitch, share * yaw
    return (vx, vy, vz), (roll, pitch, yaw)
