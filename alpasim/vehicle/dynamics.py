"""The forces that drive the ego: four wheels on a rigid body, as one total force and torque a substep.

Answers what suspension, tyres, drive train, brakes, rolling and air do to the body at one instant. It does not
integrate the body (the world's engine does), knows nothing of contacts, and reads no files. A vehicle's constants are in
`chassis.py`, wheels and the ground under them in `wheels.py` and `footing.py`.

The model: massless wheels that stand on the ground below a sprung body, so heave, pitch and roll are the body's
own and load moves between wheels as it does in a car; the roll centres lie on the ground. Each wheel has a spring, a
damper and its share of an anti-roll bar. A tyre's side force follows its slip angle up to the grip, its force along
follows drive and brake demand; both share the friction circle. Brakes are ideal: demand is split by wheel load and
never exceeds grip, so full braking uses the whole of it and the wheels still steer. Wheel spin is not modelled.

On a slope forces act along the ground and its normal under each wheel, and gravity does the rest. Raised ground lifts a
wheel and pushes it back (`footing.py`).

A rider leans until the force on the machine points along its height, which moves no load sideways. Motorcycles and
bicycles are kept upright by stand-in wheels a little apart; their side forces act at the height of the centre of mass,
so that they neither roll nor fall over in a bend and slide at their grip.

Time: the engine integrates v += a h, then x += v h. Read as leapfrog (v half a substep behind x), that is of second
order as long as forces are those of the substep's start, so actuators advance after the forces are taken. Wherever a
force opposes motion it is limited to what stops that motion within the substep, the motion that slope, wind and bumps
would begin included, so standing still is exact: brakes and rolling resistance hold along a wheel, tyres across. A
slowly rolling tyre holds the share of it across that its slip angle does not.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import BoolArray, FloatArray
from alpasim.vehicle.actuators import lagged, lagged_within_rate
from alpasim.vehicle.chassis import (
    AIR_DENSITY_KGPM3,
    GRAVITY_MPS2,
    ROLL_STIFFNESS_OF_SPRINGS,
    Chassis,
    chassis,
)
from alpasim.vehicle.footing import RISE, ROLLING
from alpasim.vehicle.tyres import side_force_share, within_grip
from alpasim.vehicle.wheels import (
    FX,
    FY,
    FZ,
    LX,
    LY,
    LZ,
    NX,
    NY,
    NZ,
    foot_speeds,
    ground_forces,
    held_across,
    steering_angles,
    up_axis,
    wall_force,
    wheel_arms,
    wheel_axes,
    wheel_loads,
)

__all__ = [
    "AIR_DENSITY_KGPM3",
    "BRAKE",
    "DRIVE",
    "GEAR",
    "GRAVITY_MPS2",
    "ROLL_STIFFNESS_OF_SPRINGS",
    "STEER",
    "Chassis",
    "advance_actuators",
    "chassis",
    "drive_force",
    "ego_forces",
    "steering_angles",
    "tyre_forces",
]

STEER, DRIVE, BRAKE, GEAR = 0, 1, 2, 3
"""Places in the actuator array (4,): road-wheel angle [rad], drive and brake pedal in [0, 1], and the gear engaged: 1
forward, -1 reverse."""

SHIFT_MPS = 0.5
"""Speed against a gear's direction below which it engages."""


@compiled
def tyre_forces(
    body: Chassis,
    i: int,
    along: float,
    across: float,
    held: tuple[float, float],
    load: FloatArray,
    total_load: float,
    friction: FloatArray,
    rolling: float,
    drive_n: float,
    brake_n: float,
    dt_s: float,
) -> tuple[float, float, bool]:
    """Force of wheel i along and across its own heading [N], and whether it is at its grip limit.

    `along`, `across`: velocity of its foot in its own axes [m/s]; `held`: what everything else accelerates its share of the
    mass by, likewise [m/s^2]; `load` and `friction` (4,) of all wheels; `rolling`: resistance that the ground adds;
    `drive_n` and `brake_n` are the vehicle's totals.
    """
    grip = friction[i] * load[i]
    mass = body.mass * load[i] / total_load
    drive = body.drive_share[i] * drive_n
    resist = brake_n * load[i] / total_load + (body.rolling[i] + rolling) * body.static_load[i]
    to_stop = mass * along / dt_s + drive + mass * held[0]
    demand = drive - min(resist, to_stop) if to_stop > 0.0 else drive + min(resist, -to_stop)
    # Below this speed a tyre's full stiffness would overshoot within the substep: the floor keeps it to 90 % of a stop.
    slowest = body.cornering[i] / body.static_load[i] * GRAVITY_MPS2 * body.side_mass_factor * dt_s / 0.9
    tangent = across / max(abs(along), slowest)
    stiffness = 2.0 * body.cornering[i] * load[i] / (load[i] + load[i ^ 1])
    side = 0.0
    if grip > 0.0:
        slip = stiffness * tangent / grip
        standing = 1.0 - abs(along) / slowest
        if held[1] == 0.0 or standing <= 0.0:
            side = -grip * side_force_share(slip)
        else:
            slip += standing * mass * held[1] / grip
            side = -grip * (standing * min(max(slip, -1.0), 1.0) + (1.0 - standing) * side_force_share(slip))
    wanted = math.sqrt(demand * demand + side * side)
    limited = min(max(demand, -grip), grip)
    forward, left = within_grip(limited, side, grip)
    return forward, left, wanted > 0.98 * grip and grip > 0.0


@compiled
def advance_actuators(body: Chassis, actuators: FloatArray, commands: FloatArray, speed: float, dt_s: float) -> None:
    """Move the actuators (4,) on by one substep towards the commands (4,): an angle [rad], two pedals, of which the sign of
    the drive does not count, and the gear wanted; `speed` forward [m/s].

    Against the gear wanted, faster than SHIFT_MPS, the drive does nothing and the brakes do what either pedal asks.
    """
    drive, brake = abs(commands[DRIVE]), commands[BRAKE]
    if actuators[GEAR] * commands[GEAR] < 0.0:
        if speed * commands[GEAR] > -SHIFT_MPS:
            actuators[GEAR], actuators[DRIVE] = commands[GEAR], 0.0
        else:
            drive, brake = 0.0, max(drive, brake)
    actuators[STEER] = lagged_within_rate(actuators[STEER], commands[STEER], body.steer_lag, body.steer_rate, dt_s)
    actuators[DRIVE] = lagged(actuators[DRIVE], drive, body.drive_lag, dt_s)
    actuators[BRAKE] = lagged(actuators[BRAKE], brake, body.brake_lag, dt_s)


@compiled
def drive_force(body: Chassis, pedal: float, gear: float, speed: float) -> float:
    """What the drive train gives at a pedal, gear and forward speed [N]: force, power and the gear's top speed limit it."""
    speed *= gear
    force = min(pedal * body.max_drive, body.max_power / max(speed, 0.1))
    most = body.max_speed if gear > 0.0 else body.max_reverse
    return gear * force * min(1.0, max(0.0, most - speed))


@compiled
def to_be_held(
    body: Chassis,
    arm: FloatArray,
    axes: FloatArray,
    load: FloatArray,
    total: float,
    position: tuple[float, float, float],
    footing: FloatArray,
    force: tuple[float, float, float],
    torque: tuple[float, float, float],
    wind: tuple[float, float, float, float, float],
    brake_n: float,
    velocity: tuple[float, float, float],
    dt_s: float,
    held: FloatArray,
) -> tuple[float, float, float]:
    """Force [N] that acts along the ground besides tyres and still air, given what the ground's normals give (`force`,
    `torque`); writes what of it each wheel has to hold across into `held` (4,) [m/s^2]."""
    outside = (force[0] + wind[0], force[1] + wind[1], force[2] - body.mass * GRAVITY_MPS2)
    along = 0.0
    for k in range(3):
        along += (velocity[k] * body.mass / dt_s + outside[k]) * axes[0, FX + k]
    twist = torque[0] * axes[0, NX] + torque[1] * axes[0, NY] + torque[2] * axes[0, NZ]
    twist += wind[2] * axes[0, NX] + wind[3] * axes[0, NY] + wind[4] * axes[0, NZ]
    braked = min(1.0, (brake_n + body.rolling[0] * total) / max(abs(along), 1.0))
    held_across(body, position[2], arm, axes, footing, load, total, outside, twist, braked, held)
    return outside


@compiled
def ego_forces(
    body: Chassis,
    actuators: FloatArray,
    commands: FloatArray,
    friction: FloatArray,
    footing: FloatArray,
    uneven: bool,
    wind: tuple[float, float, float, float, float],
    load: FloatArray,
    slipping: BoolArray,
    position: tuple[float, float, float],
    rotation: tuple[float, float, float, float],
    velocity: tuple[float, float, float],
    spin: tuple[float, float, float],
    dt_s: float,
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Total force [N] at the centre of mass and torque [N m], world frame, for the substep that begins now.

    Reads the body's state (its centre of mass; x, y, z, w quaternion), `friction` (4,) and `footing` (4, COLUMNS) under the
    wheels (`uneven` False: it is that of level ground but for rolling resistance), and of the `wind` the force along x and y
    and the torque about x, y and z, which are not part of what is returned. Moves `actuators` (4,) on towards `commands` (4,), writes `load` (4,)
    [N] and `slipping` (4,).
    """
    vx, vy, vz = velocity
    speed = math.sqrt(vx * vx + vy * vy)
    drag_x, drag_y = -body.drag * speed * vx, -body.drag * speed * vy
    fx, fy, fz = drag_x, drag_y, 0.0
    tx, ty, tz = 0.0, 0.0, 0.0
    load[:] = 0.0
    slipping[:] = False
    arm, axes, held = np.empty((4, 3)), np.empty((4, 9)), np.zeros(4)
    upright, ahead_x, ahead_y = wheel_arms(body, rotation, footing, arm)
    forward = vx * ahead_x + vy * ahead_y
    if upright:
        wheel_axes(footing, ahead_x, ahead_y, axes)
        if uneven:
            forward = vx * axes[0, FX] + vy * axes[0, FY] + vz * axes[0, FZ]
        left_angle, right_angle = steering_angles(body, actuators[STEER])
        push = np.zeros(4)
        up = up_axis(rotation)
        hub = (body.radius * up[0], body.radius * up[1], body.radius * up[2])
        total = wheel_loads(
            body, position[2], arm, axes, velocity, spin, hub, (left_angle, right_angle), footing, load, push
        )
        drive_n = drive_force(body, actuators[DRIVE], actuators[GEAR], forward)
        brake_n = actuators[BRAKE] * body.max_brake
        pushed = (drag_x, drag_y, 0.0)
        if (uneven or wind != (0.0, 0.0, 0.0, 0.0, 0.0)) and total > 0.0:
            force, torque = ground_forces(arm, axes, load, push, (left_angle, right_angle), hub, footing)
            if uneven:
                fx, fy, fz, (tx, ty, tz) = fx + force[0], fy + force[1], force[2], torque
            pushed = to_be_held(
                body, arm, axes, load, total, position, footing, force, torque, wind, brake_n, velocity, dt_s, held
            )
            pushed = (pushed[0] + drag_x, pushed[1] + drag_y, pushed[2])
        for i in range(4):
            if load[i] <= 0.0:
                continue
            angle = left_angle if i == 0 else right_angle if i == 1 else 0.0
            cos, sin = math.cos(angle), math.sin(angle)
            hx, hy, hz = axes[i, FX], axes[i, FY], axes[i, FZ]
            lx, ly, lz = axes[i, LX], axes[i, LY], axes[i, LZ]
            height = position[2] - footing[i, RISE]
            deep = height * axes[i, NZ]
            u, v = foot_speeds(i, arm, axes, deep, velocity, spin)
            ahead_n = (pushed[0] * hx + pushed[1] * hy + pushed[2] * hz) / body.mass
            along_n, across_n, slipping[i] = tyre_forces(
                body,
                i,
                u * cos + v * sin,
                v * cos - u * sin,
                (ahead_n * cos + held[i] * sin, held[i] * cos - ahead_n * sin if held[i] != 0.0 or uneven else 0.0),
                load,
                total,
                friction,
                footing[i, ROLLING],
                drive_n,
                brake_n,
                dt_s,
            )
            if uneven:
                across_n += wall_force(body, i, v * cos - u * sin, footing, dt_s)
            front_n, left_n = along_n * cos - across_n * sin, along_n * sin + across_n * cos
            px, py, pz = front_n * hx + left_n * lx, front_n * hy + left_n * ly, 0.0
            pz = front_n * hz + left_n * lz if uneven else load[i]
            fx, fy, fz = fx + px, fy + py, fz + pz
            tx += arm[i, 1] * pz + height * py
            ty -= arm[i, 0] * pz + height * px
            tz += arm[i, 0] * py - arm[i, 1] * px
            if body.leans:
                tx -= deep * left_n * hx
                ty -= deep * left_n * hy
                tz -= deep * left_n * hz
    advance_actuators(body, actuators, commands, forward, dt_s)
    return (fx, fy, fz), (tx, ty, tz)
