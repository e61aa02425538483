"""What wind does to a vehicle: the air's force beyond that of still air, and where it acts.

Answers the force and torque that wind adds. Air that meets a vehicle at velocity u (vehicle against air, in its own level axes)
resists with 1/2 rho C_d A |u| u_x along and 1/2 rho c A_side |u| u_y across, c being CAR_SIDE or OTHER_SIDE, A_side = length x
(height - ground clearance), of two-wheelers the share SIDE_FILLED of that. It acts at half the height of the box, and the side
force ahead of its middle as on a flat plate, so that who drives on is turned to lee. That is for the air at rest what
`dynamics.py` has, along; so what is added here is the force in wind less the force in still air, and nothing where there is no
wind.

What of it tyres and brakes hold where the vehicle stands is for `dynamics.py` to say.
"""

from __future__ import annotations

import math

from alpasim.types import ActorKind, VehicleParameters
from alpasim.vehicle.chassis import AIR_DENSITY_KGPM3

CAR_SIDE, OTHER_SIDE = 0.7, 1.0
"""Side force over dynamic pressure, side area and the sine of the air's angle: about 0.7 for cars and 1.0 to 1.6 for vans, buses
and trucks (from the side force coefficients at 20 to 30 degrees in Hucho, "Aerodynamics of Road Vehicles", 1998, which count
by frontal area); the least of that for all but cars."""

SIDE_FILLED = {ActorKind.MOTORCYCLE: 0.4, ActorKind.BICYCLE: 0.25}
"""Share of the side of a two-wheeler's box that machine and rider fill: 1.2 and 0.7 m^2, of which the rider has half a square metre;
assumed. Other bodies fill their sides."""

Pair = tuple[float, float]
Triple = tuple[float, float, float]


def air_force(along: float, across: float, vehicle: VehicleParameters) -> Pair:
    """Force of the air along and across [N] on a vehicle that moves through it at `along`, `across` [m/s]."""
    speed = math.hypot(along, across)
    pressure = 0.5 * AIR_DENSITY_KGPM3 * speed
    side_area = vehicle.length_m * (vehicle.height_m - vehicle.ground_clearance_m) * SIDE_FILLED.get(vehicle.kind, 1.0)
    side_area *= CAR_SIDE if vehicle.kind is ActorKind.CAR else OTHER_SIDE
    return -pressure * vehicle.drag_area_m2 * along, -pressure * side_area * across


def centre_of_pressure(along: float, across: float, length_m: float) -> float:
    """How far ahead of a body's middle the side force of the air acts [m], where it moves through the air at `along`, `across`.

    Rayleigh's flat plate ("On the resistance of fluids", 1876): 3/4 cos b / (4 + pi sin b) of its length towards the edge that the air
    meets first, b being the angle at which it comes; 3/16 of it where it comes from ahead, none where it comes from the side.
    Cars have 0.15 to 0.25 of their wheelbase at 20 degrees.
    """
    speed = math.hypot(along, across)
    return 0.0 if speed == 0.0 else 0.75 * length_m * along / (4.0 * speed + math.pi * abs(across))


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
    turning = windy[1] * centre_of_pressure(along - wind_along, across - wind_across, vehicle.length_m)
    turning -= still[1] * centre_of_pressure(along, across, vehicle.length_m) + vehicle.centre_of_mass_x_m * left
    above = 0.5 * (vehicle.height_m + vehicle.ground_clearance_m) - vehicle.centre_of_mass_height_m
    # A rider leans against it.
    rolling = 0.0 if vehicle.kind in (ActorKind.MOTORCYCLE, ActorKind.BICYCLE) else -above * left
    pitching = above * forward
    force = (forward * cos - left * sin, forward * sin + left * cos, 0.0)
    return force, (rolling * cos - pitching * sin, rolling * sin + pitching * cos, turning)
