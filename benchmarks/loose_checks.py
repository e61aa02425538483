"""Loose things that lie before the ego's wheels: what they take from it, and where they go. Part of `contact_checks.py`.

Held against the impulse and the momentum of two free bodies where nothing rubs, and elsewhere against the most that a thing of its
mass can take: that times the speed it gets, and friction.
"""

from __future__ import annotations

import math

import numpy as np
from adverse_checks import COAST, Watched, watched
from proving_ground import car, scenario, vehicle
from vehicle_checks import Check

from alpasim.scenario.concrete import ActorSpec
from alpasim.types import EGO, VehicleParameters
from alpasim.vehicle.chassis import GRAVITY_MPS2

LOOSE = """## Loose things before a wheel

What lies below the ego's ground clearance meets its wheels. Where a loose thing is no higher than 0.6 of the wheel's radius times
its friction on the ground (a third of the radius for wood on dry asphalt, next to nothing on ice), they roll over it, and it stays
where it is: they come onto it no more steeply than friction holds it, so that it is pushed with at most its friction times the
load on it. What is higher they strike and push ahead, with the impulse of two free bodies, and go on pushing as the ground slows
it. So nothing takes more from a vehicle than its mass times the speed that it is given and the friction under it. What never moves
is climbed like a kerb. The limit of 0.6 is chosen.

Things are rigid; they do not jam, tumble or roll before a wheel, and no wheel climbs onto what it pushes, nor onto somebody who
lies there. What is rolled over is not flung away. Impulse and momentum of both are those without friction and drag; what a thing
takes is what a drive without it keeps.
"""


def before_wheel(model: VehicleParameters, height: float, mass_kg: float, restitution: float = 0.1) -> ActorSpec:
    """A box 3 m before the left wheels."""
    place = 0.5 * model.length_m + 3.0, 0.5 * model.track_width_m
    extent = (0.3, 0.3, height)
    return car("box", *place, extent=extent, mass_kg=mass_kg, friction=0.6, restitution=restitution)


def pushed_checks() -> list[Check]:
    """Impulse and common momentum where nothing rubs, for light and heavy things before wheels of all sizes."""
    checks = []
    for name, height in (("rigid_truck", 0.3), ("city_bus", 0.25), ("suv", 0.17)):
        model = vehicle(name, drag_area_m2=0.0, rolling_resistance=0.0)
        for mass in (0.5, 20.0, 300.0):
            box = before_wheel(model, height, mass)
            scene = scenario(vehicle_=model, speed=15.0, friction=0.0, actors=[box], dt_us=10_000, substeps=1)
            found = watched(scene, (1.4, COAST))
            aside, arm = box.pose[1], model.centre_of_mass_height_m - model.wheel_radius_m
            turns = aside**2 / model.yaw_inertia_kgm2 + arm**2 / model.pitch_inertia_kgm2
            blow = (1.0 + 0.1 * model.restitution) * 15.0 / (1.0 / mass + 1.0 / model.mass_kg + turns)
            _, _, (forward, _, _), _ = found.ended
            both = model.mass_kg * forward + mass * float(found.drive.state.velocity[1, 0])
            words = f"{mass:g} kg, {height} m before a wheel of {name} at 15 m/s"
            impulse = found.first.impulse_ns if found.first.first_part == "wheel" else 0.0
            checks.append(Check(f"{words}: impulse [N s]", impulse, blow, 0.02))
            checks.append(Check(f"{words}: momentum of both [N s]", both, 15.0 * model.mass_kg, 0.01))
    return checks


def loose_checks() -> list[Check]:
    """What loose things take from a vehicle, where they end up, and that nobody gains energy."""
    truck, sedan, bus = vehicle("rigid_truck", mass_kg=18_000.0), vehicle("sedan"), vehicle("city_bus")
    person = car("lies", 10.0, 1.0, 0.5 * math.pi, extent=(1.75, 0.5, 0.28), mass_kg=75.0, friction=0.6)
    plank = car("plank", 6.0, extent=(0.2, 2.5, 0.05), mass_kg=8.0, friction=0.6)
    ladder = car("ladder", 6.0, extent=(0.4, 3.0, 0.08), mass_kg=10.0, friction=0.6)
    tyre = car("tyre", 6.0, 0.7, extent=(0.65, 0.65, 0.18), mass_kg=9.0, friction=0.6)
    light, box = before_wheel(truck, 0.3, 0.5), before_wheel(truck, 0.3, 20.0)
    checks = pushed_checks()
    for speed in (5.0, 15.0, 30.0):
        checks += pushed_ahead("box of 0.3 m and 0.5 kg before a truck", truck, light, speed)
    checks += pushed_ahead("box of 0.3 m and 20 kg before a truck", truck, box, 30.0)
    checks += pushed_ahead("somebody who lies before a bus", bus, person, 8.0)
    checks += pushed_ahead("tyre before an SUV", vehicle("suv"), tyre, 35.0)
    checks += rolled_over("plank of 0.05 m under a car", sedan, plank, 15.0)
    checks += rolled_over("ladder of 0.08 m under a car", sedan, ladder, 15.0)
    return checks


def pushed_ahead(name: str, model: VehicleParameters, thing: ActorSpec, speed: float) -> list[Check]:
    """Takes its mass times the speed that it gets, and the friction of its weight; and slides on before the wheels."""
    seconds = 1.0 + 12.0 / speed
    found, lost = against_none(model, thing, speed, seconds)
    state, words = found.drive.state, f"{name} at {speed:.0f} m/s"
    most = thing.mass_kg * ((1.0 + model.restitution * thing.restitution) * speed + 0.54 * GRAVITY_MPS2 * seconds)
    before = float(state.position[1, 0] - state.position[EGO, 0]) - model.front_axle_x_m
    return [
        Check(f"{words}: takes up to {most:.0f} N s [N s]", lost, 0.5 * most, 1.0),
        Check(f"{words}: before the front axle in the end", float(before > 0.0), 1.0, 0.0),
        Check(f"{words}: energy gained [J]", found.gained_j, 0.0, 1.0),
        Check(f"{words}: vehicle rises by [m]", float(found.rose_m[EGO]), 0.0, 0.01),
    ]


def rolled_over(name: str, model: VehicleParameters, thing: ActorSpec, speed: float) -> list[Check]:
    """Takes friction times the load of all wheels, twice the static one as they bounce, while each comes over it; and stays."""
    found, lost = against_none(model, thing, speed, 1.0 + 12.0 / speed)
    words = f"{name} at {speed:.0f} m/s"
    most = 0.54 * 2.0 * model.mass_kg * GRAVITY_MPS2 * (thing.extent[0] + model.wheel_radius_m) / speed
    moved = float(np.linalg.norm(found.drive.state.position[1, :2] - thing.pose[:2]))
    return [
        Check(f"{words}: takes up to {most:.0f} N s [N s]", lost, 0.5 * most, 1.0),
        Check(f"{words}: moved by [m]", moved, 0.0, 0.05),
        Check(f"{words}: energy gained [J]", found.gained_j, 0.0, 1.0),
        Check(f"{words}: vehicle rises by [m]", float(found.rose_m[EGO]), 0.0, thing.extent[2]),
    ]


def against_none(model: VehicleParameters, thing: ActorSpec, speed: float, seconds: float) -> tuple[Watched, float]:
    """A drive that meets a thing, and the momentum that one without it has more in the end [N s]."""
    found = watched(scenario(vehicle_=model, speed=speed, actors=[thing]), (seconds, COAST))
    alone = watched(scenario(vehicle_=model, speed=speed), (seconds, COAST))
    slower = float(alone.drive.state.velocity[EGO, 0] - found.drive.state.velocity[EGO, 0])
    return found, slower * model.mass_kg
