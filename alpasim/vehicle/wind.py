"""What wind does to a vehicle: the air's force beyond that of still air, and where it acts.

Answers the force and torque that wind adds. Air that meets a vehicle at velocity u (vehicle against air, in its own level axes)
resists with 1/2 rho C_d A |u| u_x along and 1/2 rho SIDE_COEFFICIENT A_side |u| u_y across, A_side = length x (height - ground
clearance), at the middle of the box. That is for the air at rest what `dynamics.py` has, along; so what is added here is the
force in wind less the force in still air, and nothing where there is no wind.

What of it tyres and brakes hold where the vehicle stands is for `dynamics.py` to say.
"""

from __future__ import annotations

import math

from alpasim.types import ActorKind, VehicleParameters
from alpasim.vehicle.chassis import AIR_DENSITY_KGPM3

SIDE_COEFFICIENT = 1.0
"""Side force over dynamic pressure, side area and the sine of the air's angle: about 0.7 for cars and 1.0 to 1.6 for vans, buses
and trucks (from the side force coefficients at 20 to 30 degrees in Hucho, "Aerodynamics of Road Vehicles", 1998, which count
by frontal area); one round figure for all."""

Pair = tuple[float, float]
Triple = tuple[float, float, float]


def air_force(along: float, across: float, vehicle: VehicleParameters) -> Pair:
    """Force of the air along and across [N] on a vehicle that moves through it at `along`, `across` [m/s]."""
    speed = math.hypot(along, across)
    pressure = 0.5 * AIR_DENSITY_KGPM3 * speed
    side_area = vehicle.length_m * (vehicle.height_m - vehicle.ground_clearance_m)
    return -pressure * vehicle.drag_area_m2 * along, -pressure * SIDE_COEFFICIENT * side_area * across


def wind_load(vehicle: VehicleParameters, velocity: Triple, yaw: float, wind: Pair) -> tuple[Triple, Triple]:
    """Force [N] and torque about the centre of mass [N m], world frame, that `wind` (world, where it blows to [m/s]) adds.

    `velocity` is that of the centre of mass, `yaw` the body's heading. Two-wheelers are not turned over: as in a bend, their
    rider leans until nothing rolls them.
    """
    cos, sin = math.cos(yaw), math.sin(yaw)
    along, across = velocity[0] * cos + velocity[1] * sin, velocity[1] * cos - velocity[0] * sin
    wind_along, wind_across = wind[0] * cos + wind[1] * sin, wind[1] * cos - wind[0] * sin
    still = air_force(along, across, vehicle)
    windy = air_force(along - wind_along, across - wind_across, vehicle)
    forward, left = windy[0] - still[0], windy[1] - still[1]
    ahead = -vehicle.centre_of_mass_x_m
    above = 0.5 * (vehicle.height_m + vehicle.ground_clearance_m) - vehicle.centre_of_mass_height_m
    # A rider leans against it.
    rolling = 0.0 if vehicle.kind in (ActorKind.MOTORCYCLE, ActorKind.BICYCLE) else -above * left
    pitching = above * forward
    force = (forward * cos - left * sin, forward * sin + left * cos, 0.0)
    return force, (rolling * cos - pitching * sin, rolling * sin + pitching * cos, ahead * left)
