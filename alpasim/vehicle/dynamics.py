"""The forces that drive the ego: four wheels on a rigid body, as one total force and torque a substep.

Answers what suspension, tyres, drive train, brakes, rolling and air do to the body at one instant. It does not
integrate the body (the world's engine does), knows nothing of contacts, and reads no files. A vehicle's constants are in
`chassis.py`, wheels and the ground under them in `wheels.py` and `footing.py`, what a standing one holds in `holding.py`.

The model: massless wheels that stand on the ground below a sprung body, so heave, pitch and roll are the body's
own and load moves between wheels as it does in a car; the roll centres lie on the ground. Each wheel has a spring, a
damper and its share of an anti-roll bar. A tyre's side force follows its slip angle up to the grip, its force along
follows drive and brake demand; both share the friction circle. Brakes are ideal: demand is split by wheel load and
never exceeds grip, so full braking uses the whole of it and the wheels still steer. Wheel spin is not modelled.

On a slope forces act along the ground and its normal under each wheel, and gravity does the rest. Raised ground lifts a
wheel and pushes it back (`footing.py`).

A rider leans until the force on the machine points along its height, which moves no load sideways. Motorcycles and
bicycles are kept upright by stand-in wheels a little apart; their side forces act at the height of the centre of mass,
so that they neither roll nor fall over in a bend and slide at their grip. From 5 degrees of tilt on they come down, and from 15
they act on the ground.

Time: the engine integrates v += a h, then x += v h. Read as leapfrog (v half a substep behind x), that is of second
order as long as forces are those of the substep's start, so actuators advance after the forces are taken. Wherever a
force opposes motion it is limited to what stops that motion within the substep, the motion that slope, wind and bumps
would begin included, so standing still is exact: brakes and rolling resistance hold along a wheel, tyres across,
and what one wheel cannot grip the others hold. A slowly rolling tyre holds the share of it across that its slip angle does not.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray
from alpasim.vehicle.actuators import lagged, lagged_within_rate
from alpasim.vehicle.chassis import (
    BRAKE_LAG,
    DRAG,
    DRIVE_LAG,
    DRIVE_SHARE,
    FALLING_MASS_FACTOR,
    LEANS,
    MASS,
    MAX_BRAKE,
    MAX_DRIVE,
    MAX_POWER,
    MAX_REVERSE,
    MAX_SPEED,
    RADIUS,
    SIDE_MASS_FACTOR,
    STEER_LAG,
    STEER_RATE,
)
from alpasim.vehicle.footing import RISE, ROLLING, WALL_LEFT, WALL_RIGHT
from alpasim.vehicle.holding import Wind, to_be_held
from alpasim.vehicle.stance import (
    FX,
    FY,
    FZ,
    LX,
    LY,
    LZ,
    Vector3,
    steering_angles,
    up_axis,
    wheel_arms,
    wheel_axes,
)
from alpasim.vehicle.tyres import tyre_forces
from alpasim.vehicle.wheels import (
    ACTUATORS,
    BRAKE,
    COMMANDS,
    DRIVE,
    DRIVEN,
    FRICTION,
    GEAR,
    HANDED,
    HELD,
    LOAD,
    SLIPPING,
    STEER,
    foot_speeds,
    ground_forces,
    leaning_share,
    wall_force,
    wheel_loads,
)

SHIFT_MPS = 0.5
"""Speed against a gear's direction below which it engages."""


@compiled
def advance_actuators(body: FloatArray, state: FloatArray, speed: float, dt_s: float) -> None:
    """Move the actuators of `state` on by one substep towards its commands; `speed` forward [m/s]. The sign of the drive
    commanded does not count.

    Against the gear wanted, faster than SHIFT_MPS, the drive does nothing and the brakes do what either pedal asks.
    """
    drive, brake = abs(state[COMMANDS, DRIVE]), state[COMMANDS, BRAKE]
    gear = state[COMMANDS, GEAR]
    if state[ACTUATORS, GEAR] * gear < 0.0:
        if speed * gear > -SHIFT_MPS:
            state[ACTUATORS, GEAR], state[ACTUATORS, DRIVE] = gear, 0.0
        else:
            drive, brake = 0.0, max(drive, brake)
    state[ACTUATORS, STEER] = lagged_within_rate(
        state[ACTUATORS, STEER], state[COMMANDS, STEER], body[STEER_LAG], body[STEER_RATE], dt_s
    )
    state[ACTUATORS, DRIVE] = lagged(state[ACTUATORS, DRIVE], drive, body[DRIVE_LAG], dt_s)
    state[ACTUATORS, BRAKE] = lagged(state[ACTUATORS, BRAKE], brake, body[BRAKE_LAG], dt_s)


@compiled
def drive_force(body: FloatArray, pedal: float, gear: float, speed: float) -> float:
    """What the drive train gives at a pedal, gear and forward speed [N]: force, power and the gear's top speed limit it."""
    speed *= gear
    force = min(pedal * body[MAX_DRIVE], body[MAX_POWER] / max(speed, 0.1))
    most = body[MAX_SPEED] if gear > 0.0 else body[MAX_REVERSE]
    return float(gear * force * min(1.0, max(0.0, most - speed)))


@compiled
def grip_of_wheels(
    body: FloatArray,
    state: FloatArray,
    arm: FloatArray,
    axes: FloatArray,
    footing: FloatArray,
    uneven: bool,
    height: float,
    total: float,
    drive_n: float,
    pushed: Vector3,
    leaning: float,
    steer: tuple[float, float],
    velocity: Vector3,
    spin: Vector3,
    dt_s: float,
    force: Vector3,
    torque: Vector3,
) -> tuple[Vector3, Vector3]:
    """`force` [N] and `torque` about the centre of mass [N m] with those of the four tyres added, and on level ground those of
    their loads; writes which wheels slip.

    `height` of the centre of mass, `total` load, `pushed` the force that tyres may have to hold, `leaning` the share of its
    height above the ground at which side forces act, `steer` the angles of the front wheels. Every force acts at the point
    whose velocity it opposes, so that no grip ever gives energy.
    """
    (fx, fy, fz), (tx, ty, tz) = force, torque
    brake_n = state[ACTUATORS, BRAKE] * body[MAX_BRAKE]
    rolls = body[SIDE_MASS_FACTOR] + body[FALLING_MASS_FACTOR] * (1.0 - leaning) * (1.0 - leaning)
    for i in range(4):
        load = state[LOAD, i]
        if load <= 0.0:
            continue
        angle = steer[0] if i == 0 else steer[1] if i == 1 else 0.0
        cos, sin = math.cos(angle), math.sin(angle)
        hx, hy, hz = axes[i, FX], axes[i, FY], axes[i, FZ]
        lx, ly, lz = axes[i, LX], axes[i, LY], axes[i, LZ]
        down = height - footing[i, RISE]
        deep, u, v = foot_speeds(i, arm, axes, down, leaning, velocity, spin)
        held = state[HELD, i]
        ahead_n = (pushed[0] * hx + pushed[1] * hy + pushed[2] * hz) / body[MASS] + state[HANDED, i]
        along_n, across_n, state[SLIPPING, i] = tyre_forces(
            body,
            i,
            u * cos + v * sin,
            v * cos - u * sin,
            (ahead_n * cos + held * sin, held * cos - ahead_n * sin if held != 0.0 or uneven else 0.0),
            load,
            state[LOAD, i ^ 1],
            total,
            state[FRICTION, i],
            rolls,
            footing[i, ROLLING],
            drive_n,
            brake_n,
            dt_s,
        )
        if uneven:
            # What resists beside it is taken off.
            given = body[DRIVE_SHARE + i] * drive_n
            state[DRIVEN, i] = min(max(given, min(along_n, 0.0)), max(along_n, 0.0))
            gaps = max(footing[i, WALL_LEFT], 0.0), max(footing[i, WALL_RIGHT], 0.0)
            across_n += wall_force(body, i, v * cos - u * sin, gaps[0], gaps[1], 0.5 * rolls, dt_s)
        front_n, left_n = along_n * cos - across_n * sin, along_n * sin + across_n * cos
        px, py = front_n * hx + left_n * lx, front_n * hy + left_n * ly
        pz = front_n * hz + left_n * lz if uneven else load
        fx, fy, fz = fx + px, fy + py, fz + pz
        tx += arm[i, 1] * pz + down * py
        ty -= arm[i, 0] * pz + down * px
        tz += arm[i, 0] * py - arm[i, 1] * px
        if leaning > 0.0:
            lifted = leaning * deep * left_n
            tx -= lifted * hx
            ty -= lifted * hy
            tz -= lifted * hz
    return (fx, fy, fz), (tx, ty, tz)


@compiled
def ego_forces(
    body: FloatArray,
    state: FloatArray,
    footing: FloatArray,
    uneven: bool,
    wind: Wind,
    position: Vector3,
    rotation: tuple[float, float, float, float],
    velocity: Vector3,
    spin: Vector3,
    dt_s: float,
) -> tuple[Vector3, Vector3]:
    """Total force [N] at the centre of mass and torque [N m], world frame, for the substep that begins now.

    Reads the body's state (its centre of mass; x, y, z, w quaternion), friction and commands in `state` (ROWS, 4), and
    `footing` (4, COLUMNS) under the wheels (`uneven` False: it is that of level ground but for rolling resistance); of the
    `wind` the force along x and y and the torque about x, y and z, which are not part of what is returned. Moves actuators on
    and writes loads and who slips into `state`.
    """
    vx, vy, vz = velocity
    speed = math.sqrt(vx * vx + vy * vy)
    drag = (-body[DRAG] * speed * vx, -body[DRAG] * speed * vy, 0.0)
    total_force, total_torque = drag, (0.0, 0.0, 0.0)
    state[SLIPPING:] = 0.0
    arm, axes = np.empty((4, 3)), np.empty((4, 9))
    upright, ahead_x, ahead_y = wheel_arms(body, rotation, arm)
    forward = vx * ahead_x + vy * ahead_y
    if upright:
        wheel_axes(footing, ahead_x, ahead_y, axes)
        if uneven:
            forward = vx * axes[0, FX] + vy * axes[0, FY] + vz * axes[0, FZ]
        steer = steering_angles(body, state[ACTUATORS, STEER])
        up = up_axis(rotation)
        hub = (body[RADIUS] * up[0], body[RADIUS] * up[1], body[RADIUS] * up[2])
        height = position[2]
        total = wheel_loads(body, height, arm, axes, velocity, spin, hub, steer, footing, dt_s, state)
        pushed = drag
        if (uneven or wind != (0.0, 0.0, 0.0, 0.0, 0.0)) and total > 0.0:
            force, torque = ground_forces(arm, axes, state, steer, hub)
            if uneven:
                total_force, total_torque = (drag[0] + force[0], drag[1] + force[1], force[2]), torque
            x, y, z = to_be_held(body, arm, axes, state, total, height, footing, force, torque, wind, velocity, dt_s)
            pushed = (x + drag[0], y + drag[1], z)
        total_force, total_torque = grip_of_wheels(
            body,
            state,
            arm,
            axes,
            footing,
            uneven,
            height,
            total,
            drive_force(body, state[ACTUATORS, DRIVE], state[ACTUATORS, GEAR], forward),
            pushed,
            leaning_share(up, axes) if body[LEANS] > 0.0 else 0.0,
            steer,
            velocity,
            spin,
            dt_s,
            total_force,
            total_torque,
        )
    advance_actuators(body, state, forward, dt_s)
    return total_force, total_torque
