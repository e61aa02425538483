"""The forces that drive the ego: four wheels on a rigid body, as one total force and torque a substep.

Answers what suspension, tyres, drive train, brakes, rolling and air do to the body at one instant. It does not
integrate the body (the world's engine does), knows nothing of contacts, and reads no files.

The model: massless wheels that stand on the ground z = 0 below a sprung body, so heave, pitch and roll are the body's
own and load moves between wheels as it does in a car; the roll centres lie on the ground. Each wheel has a spring, a
damper and its share of an anti-roll bar. A tyre's side force follows its slip angle up to the grip, its force along
follows drive and brake demand; both share the friction circle. Brakes are ideal: demand is split by wheel load and
never exceeds grip, so full braking uses the whole of it and the wheels still steer. Wheel spin is not modelled.

A rider leans until the force on the machine points along its height, which moves no load sideways. Motorcycles and
bicycles are kept upright by stand-in wheels a little apart; their side forces act at the height of the centre of mass,
so that they neither roll nor fall over in a bend and slide at their grip.

Time: the engine integrates v += a h, then x += v h. Read as leapfrog (v half a substep behind x), that is of second
order as long as forces are those of the substep's start, so actuators advance after the forces are taken. Wherever a
force opposes motion it is limited to what stops that motion within the substep, so standing still is exact.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import ActorKind, BoolArray, FloatArray, VehicleParameters
from alpasim.vehicle.actuators import lagged, lagged_within_rate
from alpasim.vehicle.tyres import side_force_share, within_grip

GRAVITY_MPS2 = 9.81
AIR_DENSITY_KGPM3 = 1.225

ROLL_STIFFNESS_OF_SPRINGS = 1.3
"""Total roll stiffness over that of the springs alone: 1.23, 1.30 and 1.47 in the parameter sets of CommonRoad's
vehicles 2, 1 and 3 (springs and auxiliary torsion)."""

BUMP_STOP_M = 0.08
"""Compression beyond the static one at which the bump stop takes part."""

BUMP_STOP_STIFFNESS = 8.0
"""Stiffness of the bump stop over that of the spring."""

LARGEST_WHEEL_LOAD = 8.0
"""Wheel load over its static value that no landing exceeds."""

UPRIGHT = 0.5
"""Least z component of the body's up axis at which its wheels still reach the ground (60 degrees of tilt)."""

STEER, DRIVE, BRAKE = 0, 1, 2
"""Places in the actuator array (3,): road-wheel angle [rad], drive and brake pedal in [0, 1]."""


class Chassis(NamedTuple):
    """A vehicle's constants as the kernel reads them; wheels in the order front left, front right, rear left, rear
    right."""

    wheel_x: FloatArray
    """(4,) from the centre of mass, forward [m]."""
    wheel_y: FloatArray
    """(4,) from the centre of mass, left [m]."""
    static_load: FloatArray
    """(4,) [N]."""
    spring: FloatArray
    """(4,) [N/m]."""
    damper: FloatArray
    """(4,) [N s/m]."""
    anti_roll: FloatArray
    """(4,) force per difference of compression between this wheel and its neighbour [N/m]."""
    cornering: FloatArray
    """(4,) side force per slip angle at the static load [N/rad]. An axle keeps the sum, which its wheels share by load:
    a tyre's stiffness grows with its load, but much less than in proportion."""
    drive_share: FloatArray
    """(4,) share of the drive force."""
    mass: float
    yaw_inertia: float
    height: float
    """Of the centre of mass above the ground at rest [m]."""
    wheelbase: float
    half_track: float
    side_mass_factor: float
    """Mass over the mass that a side force at the ground has to move, rolling included, or turning where that is more."""
    leans: bool
    """Whether side forces act at the height of the centre of mass instead of on the ground."""
    max_steer: float
    steer_rate: float
    steer_lag: float
    drive_lag: float
    brake_lag: float
    max_drive: float
    max_power: float
    max_brake: float
    max_speed: float
    drag: float
    """Air resistance over speed squared [N s^2/m^2]."""
    rolling: FloatArray
    """(4,) rolling resistance over load."""


def chassis(vehicle: VehicleParameters) -> Chassis:
    """The kernel's constants from a vehicle's parameters."""
    front, rear = (
        vehicle.front_axle_x_m - vehicle.centre_of_mass_x_m,
        vehicle.rear_axle_x_m - vehicle.centre_of_mass_x_m,
    )
    half_track = 0.5 * vehicle.track_width_m
    front_load = 0.5 * vehicle.mass_kg * GRAVITY_MPS2 * -rear / vehicle.wheelbase_m
    rear_load = 0.5 * vehicle.mass_kg * GRAVITY_MPS2 * front / vehicle.wheelbase_m
    loads = np.array([front_load, front_load, rear_load, rear_load])
    natural = 2.0 * math.pi * vehicle.suspension_frequency_hz
    springs = loads / GRAVITY_MPS2 * natural**2
    height = vehicle.centre_of_mass_height_m
    leans = vehicle.kind in (ActorKind.MOTORCYCLE, ActorKind.BICYCLE)
    share = {"front": (0.5, 0.5, 0.0, 0.0), "rear": (0.0, 0.0, 0.5, 0.5), "all": (0.25, 0.25, 0.25, 0.25)}
    cornering_front, cornering_rear = (
        vehicle.front_cornering_stiffness_per_rad,
        vehicle.rear_cornering_stiffness_per_rad,
    )
    return Chassis(
        wheel_x=np.array([front, front, rear, rear]),
        wheel_y=np.array([half_track, -half_track, half_track, -half_track]),
        static_load=loads,
        spring=springs,
        damper=2.0 * vehicle.suspension_damping_ratio * natural * loads / GRAVITY_MPS2,
        anti_roll=_anti_roll(springs, vehicle.roll_stiffness_front_share),
        cornering=loads * np.array([cornering_front, cornering_front, cornering_rear, cornering_rear]),
        drive_share=np.array(share[vehicle.driven_axle]),
        mass=vehicle.mass_kg,
        yaw_inertia=vehicle.yaw_inertia_kgm2,
        height=height,
        wheelbase=vehicle.wheelbase_m,
        half_track=half_track,
        side_mass_factor=_side_mass_factor(vehicle, front, rear, leans),
        leans=leans,
        max_steer=vehicle.max_steering_angle_rad,
        steer_rate=vehicle.max_steering_rate_radps,
        steer_lag=vehicle.steering_lag_s,
        drive_lag=vehicle.drive_lag_s,
        brake_lag=vehicle.brake_lag_s,
        max_drive=vehicle.max_drive_force_n,
        max_power=vehicle.max_power_w,
        max_brake=vehicle.max_brake_force_n,
        max_speed=vehicle.max_speed_mps,
        drag=0.5 * AIR_DENSITY_KGPM3 * vehicle.drag_area_m2,
        rolling=np.full(4, vehicle.rolling_resistance),
    )


def _side_mass_factor(vehicle: VehicleParameters, front: float, rear: float, leans: bool) -> float:
    """What side forces accelerate besides the mass: a body that rolls, or one that is light to turn and does not roll."""
    if leans:
        return max(1.0, -vehicle.mass_kg * front * rear / vehicle.yaw_inertia_kgm2)
    return 1.0 + vehicle.mass_kg * vehicle.centre_of_mass_height_m**2 / vehicle.roll_inertia_kgm2


def _anti_roll(springs: FloatArray, front_share: float) -> FloatArray:
    """Anti-roll bars (4,) that bring the axles' roll stiffness to the total and share asked for; none is negative.

    Left and right compressions c and -c meet spring force k c and bar force 2 b c, hence the halves.
    """
    front, rear = springs[0], springs[2]
    total = ROLL_STIFFNESS_OF_SPRINGS * (front + rear)
    bar_front = max(0.0, 0.5 * (front_share * total - front))
    bar_rear = max(0.0, 0.5 * ((1.0 - front_share) * total - rear))
    return np.array([bar_front, bar_front, bar_rear, bar_rear])


@compiled
def wheel_loads(
    body: Chassis, height: float, arm: FloatArray, climb: float, spin_x: float, spin_y: float, load: FloatArray
) -> float:
    """Writes what each wheel presses on the ground into `load` (4,) [N] and returns the sum.

    `height` of the centre of mass [m], `arm` (4, 3) from there to each wheel's foot in world axes [m], `climb` its
    vertical speed, `spin_x` and `spin_y` the body's rates about the world's x and y axes.
    """
    total = 0.0
    for i in range(4):
        squeeze = -(height + arm[i, 2])
        across = -(height + arm[i ^ 1, 2])
        rate = -(climb + spin_x * arm[i, 1] - spin_y * arm[i, 0])
        force = body.static_load[i] + body.spring[i] * squeeze + body.damper[i] * rate
        force += body.anti_roll[i] * (squeeze - across)
        if squeeze > BUMP_STOP_M:
            force += BUMP_STOP_STIFFNESS * body.spring[i] * (squeeze - BUMP_STOP_M)
        load[i] = min(max(force, 0.0), LARGEST_WHEEL_LOAD * body.static_load[i])
        total += load[i]
    return total


@compiled
def wheel_arms(
    body: Chassis, rotation: tuple[float, float, float, float], arm: FloatArray
) -> tuple[bool, float, float]:
    """Writes where the wheels' feet are, seen from the centre of mass in world axes, into `arm` (4, 3) [m].

    Returns whether the body is upright enough for its wheels to reach the ground, and the level direction it points in.
    """
    x, y, z, w = rotation
    m00, m01, m02 = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)
    m10, m11, m12 = 2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)
    m20, m21, m22 = 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)
    level = math.sqrt(m00 * m00 + m10 * m10)
    if m22 <= UPRIGHT or level <= UPRIGHT:
        return False, 1.0, 0.0
    for i in range(4):
        a, b, c = body.wheel_x[i], body.wheel_y[i], -body.height
        arm[i, 0] = m00 * a + m01 * b + m02 * c
        arm[i, 1] = m10 * a + m11 * b + m12 * c
        arm[i, 2] = m20 * a + m21 * b + m22 * c
    return True, m00 / level, m10 / level


@compiled
def steering_angles(body: Chassis, angle: float) -> tuple[float, float]:
    """Angles of the left and right front wheel whose axes meet on the rear axle's line, around `angle` in the
    middle."""
    tangent = math.tan(angle)
    reach = body.half_track * tangent / body.wheelbase
    return math.atan(tangent / (1.0 - reach)), math.atan(tangent / (1.0 + reach))


@compiled
def tyre_forces(
    body: Chassis,
    i: int,
    along: float,
    across: float,
    load: FloatArray,
    total_load: float,
    friction: FloatArray,
    drive_n: float,
    brake_n: float,
    dt_s: float,
) -> tuple[float, float, bool]:
    """Force of wheel i along and across its own heading [N], and whether it is at its grip limit.

    `along`, `across`: velocity of its foot in its own axes [m/s]; `load` and `friction` (4,) of all wheels; `drive_n`
    and `brake_n` are the vehicle's totals.
    """
    grip = friction[i] * load[i]
    mass = body.mass * load[i] / total_load
    drive = body.drive_share[i] * drive_n
    resist = brake_n * load[i] / total_load + body.rolling[i] * body.static_load[i]
    to_stop = mass * along / dt_s + drive
    demand = drive - min(resist, to_stop) if to_stop > 0.0 else drive + min(resist, -to_stop)
    # Below this speed a tyre's full stiffness would overshoot within the substep: the floor keeps it to 90 % of a stop.
    slowest = body.cornering[i] / body.static_load[i] * GRAVITY_MPS2 * body.side_mass_factor * dt_s / 0.9
    tangent = across / max(abs(along), slowest)
    stiffness = 2.0 * body.cornering[i] * load[i] / (load[i] + load[i ^ 1])
    side = 0.0
    if grip > 0.0:
        side = -grip * side_force_share(stiffness * tangent / grip)
    wanted = math.sqrt(demand * demand + side * side)
    limited = min(max(demand, -grip), grip)
    forward, left = within_grip(limited, side, grip)
    return forward, left, wanted > 0.98 * grip and grip > 0.0


@compiled
def advance_actuators(
    body: Chassis, actuators: FloatArray, steer_command: float, drive_command: float, brake_command: float, dt_s: float
) -> None:
    """Move the actuators (3,) on by one substep towards the commands: an angle [rad] and two pedals in [0, 1]."""
    actuators[STEER] = lagged_within_rate(actuators[STEER], steer_command, body.steer_lag, body.steer_rate, dt_s)
    actuators[DRIVE] = lagged(actuators[DRIVE], drive_command, body.drive_lag, dt_s)
    actuators[BRAKE] = lagged(actuators[BRAKE], brake_command, body.brake_lag, dt_s)


@compiled
def drive_force(body: Chassis, pedal: float, speed: float) -> float:
    """What the drive train gives at a pedal and forward speed [N]: force, power and top speed limit it."""
    force = min(pedal * body.max_drive, body.max_power / max(speed, 0.1))
    return force * min(1.0, max(0.0, body.max_speed - speed))


@compiled
def ego_forces(
    body: Chassis,
    actuators: FloatArray,
    commands: FloatArray,
    friction: FloatArray,
    load: FloatArray,
    slipping: BoolArray,
    position: tuple[float, float, float],
    rotation: tuple[float, float, float, float],
    velocity: tuple[float, float, float],
    spin: tuple[float, float, float],
    dt_s: float,
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Total force [N] at the centre of mass and torque [N m], world frame, for the substep that begins now.

    Reads the body's state (its centre of mass; x, y, z, w quaternion) and `friction` (4,) under the wheels; moves
    `actuators` (3,) on towards `commands` (3,) and writes `load` (4,) [N] and `slipping` (4,).
    """
    vx, vy, vz = velocity
    wx, wy, wz = spin
    height = position[2]
    speed = math.sqrt(vx * vx + vy * vy)
    fx, fy, fz = -body.drag * speed * vx, -body.drag * speed * vy, 0.0
    tx, ty, tz = 0.0, 0.0, 0.0
    load[:] = 0.0
    slipping[:] = False
    arm = np.empty((4, 3))
    upright, ahead_x, ahead_y = wheel_arms(body, rotation, arm)
    if upright:
        total = wheel_loads(body, height, arm, vz, wx, wy, load)
        forward = vx * ahead_x + vy * ahead_y
        # The foot's own sideways motion counts (roll centre on the ground), pitching does not move it forward.
        sideways = (vy + wx * height) * ahead_x - (vx - wy * height) * ahead_y
        drive_n, brake_n = drive_force(body, actuators[DRIVE], forward), actuators[BRAKE] * body.max_brake
        left_angle, right_angle = steering_angles(body, actuators[STEER])
        for i in range(4):
            if load[i] <= 0.0:
                continue
            angle = left_angle if i == 0 else right_angle if i == 1 else 0.0
            cos, sin = math.cos(angle), math.sin(angle)
            to_front = arm[i, 0] * ahead_x + arm[i, 1] * ahead_y
            to_left = arm[i, 1] * ahead_x - arm[i, 0] * ahead_y
            u, v = forward - wz * to_left, sideways + wz * to_front
            along_n, across_n, slipping[i] = tyre_forces(
                body, i, u * cos + v * sin, v * cos - u * sin, load, total, friction, drive_n, brake_n, dt_s
            )
            front_n, left_n = along_n * cos - across_n * sin, along_n * sin + across_n * cos
            px, py = front_n * ahead_x - left_n * ahead_y, front_n * ahead_y + left_n * ahead_x
            fx, fy, fz = fx + px, fy + py, fz + load[i]
            tx += arm[i, 1] * load[i] + height * py
            ty -= arm[i, 0] * load[i] + height * px
            tz += arm[i, 0] * py - arm[i, 1] * px
            if body.leans:
                tx -= height * left_n * ahead_x
                ty -= height * left_n * ahead_y
    advance_actuators(body, actuators, commands[STEER], commands[DRIVE], commands[BRAKE], dt_s)
    return (fx, fy, fz), (tx, ty, tz)
