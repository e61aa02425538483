"""What reaches the vehicle: a checked Control, and the Control that asks for a steering angle and an acceleration.

Answers "which pedal gives this acceleration at this speed" by turning the drive train of `dynamics.py` round. It does
not know where the vehicle is or should be (`tracker.py`).
"""

from __future__ import annotations

import math
from numbers import Real

from alpasim.errors import PolicyInvalidAction
from alpasim.types import Control, FloatArray, VehicleParameters
from alpasim.vehicle.chassis import AIR_DENSITY_KGPM3, GRAVITY_MPS2

ABSURD = 1e6
"""Magnitude from which a pedal or wheel position is taken for a fault instead of being clipped."""


def _checked(name: str, value: object) -> float:
    """`value` as a float in [-1, 1]; PolicyInvalidAction where it is no number, not finite or absurd."""
    if not isinstance(value, float) and (isinstance(value, bool) or not isinstance(value, Real)):
        raise PolicyInvalidAction(f"control.{name}: expected a number in [-1, 1], found {value!r}")
    number = float(value)
    if not math.isfinite(number) or abs(number) > ABSURD:
        told = f"expected a finite number in [-1, 1]; more is clipped, but beyond {ABSURD:g} it is a fault"
        raise PolicyInvalidAction(f"control.{name}: found {number!r}, {told}")
    return min(1.0, max(-1.0, number))


def check_control(control: Control) -> Control:
    """`control` clipped to [-1, 1]; raises PolicyInvalidAction that names the field and the value where it is no
    number, not finite, or beyond 1e6, or where `reverse` is no bool."""
    if not isinstance(control.reverse, bool):
        raise PolicyInvalidAction(f"control.reverse: expected True or False, found {control.reverse!r}")
    return Control(_checked("steer", control.steer), _checked("pedal", control.pedal), control.reverse)


def clip_control(control: Control) -> Control:
    """`control` with both places brought into [-1, 1], for controls that are known to be finite."""
    return Control(min(1.0, max(-1.0, control.steer)), min(1.0, max(-1.0, control.pedal)), control.reverse)


def actuator_commands(control: Control, vehicle: VehicleParameters, commands: FloatArray) -> None:
    """Write what a checked Control asks of the actuators into `commands` (3,): road-wheel angle [rad], drive in [-1, 1],
    negative backwards, and brake in [0, 1]."""
    commands[0] = control.steer * vehicle.max_steering_angle_rad
    drive = max(control.pedal, 0.0)
    commands[1] = -drive if control.reverse and drive > 0.0 else drive
    commands[2] = max(-control.pedal, 0.0)


def resistance_n(speed_mps: float, vehicle: VehicleParameters) -> float:
    """Force of air and rolling against forward motion at a speed [N]."""
    air = 0.5 * AIR_DENSITY_KGPM3 * vehicle.drag_area_m2 * speed_mps**2
    return air + vehicle.rolling_resistance * vehicle.mass_kg * GRAVITY_MPS2


def control_for(
    steering_angle_rad: float,
    acceleration_mps2: float,
    speed_mps: float,
    vehicle: VehicleParameters,
    *,
    reverse: bool = False,
) -> Control:
    """The Control that gives a road-wheel angle [rad] and an acceleration [m/s^2] at a speed [m/s], once the actuators
    have followed; clipped to what the vehicle can do on dry ground. Speed and acceleration count in the direction of
    the gear: backwards with `reverse`."""
    force = vehicle.mass_kg * acceleration_mps2 + resistance_n(max(speed_mps, 0.0), vehicle)
    pedal = force / (vehicle.max_drive_force_n if force > 0.0 else vehicle.max_brake_force_n)
    return clip_control(Control(steering_angle_rad / vehicle.max_steering_angle_rad, pedal, reverse))


def acceleration_of(pedal: float, speed_mps: float, vehicle: VehicleParameters) -> float:
    """The acceleration [m/s^2] that a pedal position gives on dry level ground at a speed, both in the direction of the
    gear: undoes `control_for`."""
    if pedal > 0.0:
        force = min(pedal * vehicle.max_drive_force_n, vehicle.max_power_w / max(speed_mps, 0.1))
    else:
        force = pedal * vehicle.max_brake_force_n
    return (force - resistance_n(max(speed_mps, 0.0), vehicle)) / vehicle.mass_kg


def acceleration_limits(speed_mps: float, vehicle: VehicleParameters, friction: float) -> tuple[float, float]:
    """Least and greatest acceleration [m/s^2] on level ground at a forward speed and friction: brakes, drive, power,
    grip."""
    resistance = resistance_n(speed_mps, vehicle)
    grip = friction * vehicle.mass_kg * GRAVITY_MPS2
    drive = min(vehicle.max_drive_force_n, vehicle.max_power_w / max(speed_mps, 0.1), grip)
    return -(min(vehicle.max_brake_force_n, grip) + resistance) / vehicle.mass_kg, (
        drive - resistance
    ) / vehicle.mass_kg
