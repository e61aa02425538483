"""What the ego's forces are computed from: a vehicle's constants as the kernels read them.

Answers how a vehicle's parameters become springs, dampers, bars, stiffness and limits of four wheels. What these do is told
in `wheels.py` and `dynamics.py`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from alpasim.types import ActorKind, FloatArray, VehicleParameters, frozen

GRAVITY_MPS2 = 9.81
AIR_DENSITY_KGPM3 = 1.225

ROLL_STIFFNESS_OF_SPRINGS = 1.3
"""Total roll stiffness over that of the springs alone: 1.23, 1.30 and 1.47 in the parameter sets of CommonRoad's
vehicles 2, 1 and 3 (springs and auxiliary torsion)."""

TYRE_HALF_WIDTH, NARROW_TYRE_HALF_WIDTH = 0.32, 0.06
"""Half a tyre's width over its radius: 195 to 225 mm on 0.30 to 0.36 m, 295 mm on 0.5 m; and of two-wheelers."""


WHEEL_X, WHEEL_Y, STATIC_LOAD, SPRING, DAMPER, ANTI_ROLL, CORNERING, DRIVE_SHARE, ROLLS = range(0, 36, 4)
"""Where `packed` keeps what each wheel has, four numbers each."""
MASS, HEIGHT, WHEELBASE, HALF_TRACK, SIDE_MASS_FACTOR, FALLING_MASS_FACTOR, PITCH_MASS_FACTOR, LEANS = range(36, 44)
STEER_RATE, STEER_LAG, DRIVE_LAG, BRAKE_LAG, MAX_DRIVE, MAX_POWER, MAX_BRAKE, MAX_SPEED, MAX_REVERSE = range(44, 53)
DRAG, RADIUS, HALF_WIDTH = range(53, 56)
"""And where it keeps what the whole has, one number each."""


class Chassis(NamedTuple):
    """A vehicle's constants; wheels in the order front left, front right, rear left, rear right. Kernels read `packed`."""

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
    falling_mass_factor: float
    """What a two-wheeler's adds to that once it tips over and rolls too; 0 for others, whose rolling is in it."""
    pitch_mass_factor: float
    """Mass over the mass that a push along, at the height of the hubs, has to move, pitching included."""
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
    max_reverse: float
    drag: float
    """Air resistance over speed squared [N s^2/m^2]."""
    rolling: FloatArray
    """(4,) rolling resistance over load."""
    radius: float
    """Of a wheel [m]."""
    half_width: float
    """Half the width of a tyre [m]."""


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
        falling_mass_factor=vehicle.mass_kg * height**2 / vehicle.roll_inertia_kgm2 if leans else 0.0,
        pitch_mass_factor=1.0 + vehicle.mass_kg * (height - vehicle.wheel_radius_m) ** 2 / vehicle.pitch_inertia_kgm2,
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
        max_reverse=vehicle.max_reverse_speed_mps,
        drag=0.5 * AIR_DENSITY_KGPM3 * vehicle.drag_area_m2,
        rolling=np.full(4, vehicle.rolling_resistance),
        radius=vehicle.wheel_radius_m,
        half_width=vehicle.wheel_radius_m * (NARROW_TYRE_HALF_WIDTH if leans else TYRE_HALF_WIDTH),
    )


def packed(body: Chassis) -> FloatArray:
    """All that kernels read of a vehicle, (56,): an array costs a call a tenth of what a tuple of arrays does."""
    wheels = (
        body.wheel_x,
        body.wheel_y,
        body.static_load,
        body.spring,
        body.damper,
        body.anti_roll,
        body.cornering,
        body.drive_share,
        body.rolling,
    )
    whole = (
        body.mass,
        body.height,
        body.wheelbase,
        body.half_track,
        body.side_mass_factor,
        body.falling_mass_factor,
        body.pitch_mass_factor,
        float(body.leans),
        body.steer_rate,
        body.steer_lag,
        body.drive_lag,
        body.brake_lag,
        body.max_drive,
        body.max_power,
        body.max_brake,
        body.max_speed,
        body.max_reverse,
        body.drag,
        body.radius,
        body.half_width,
    )
    return frozen(np.concatenate((*wheels, np.array(whole))))


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
