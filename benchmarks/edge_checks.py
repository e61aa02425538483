"""What is about as high as the ego's ground clearance, and what is pinched, against closed forms. Part of `contact_checks.py`."""

from __future__ import annotations

import math

import numpy as np
from proving_ground import Drive, car, scenario, vehicle
from vehicle_checks import Check

from alpasim.types import EGO, Control

COAST = Control(0.0, 0.0)

LOWER = """## The lower edge, and what is pinched

A post of 0.3 by 0.2 m and 5 kg between the sedan's wheels, a little higher or lower than its ground clearance; the impulse is that
of two free bodies that meet with e = 0.1 at the height of the edge. A box of 5 kg between the sedan and a wall is pressed with
more than it could ever gain, and is told to have gained what its states say.
"""


def lower_edge_checks() -> list[Check]:
    """A post between the wheels, up to 5 cm higher than the ground clearance: in how many of nine phases of a substep it is met,
    and how hard; and what one gains that is pinched between the ego and a wall."""
    checks = []
    model = vehicle("sedan", restitution=1.0)
    for above in (0.002, 0.02, 0.05):
        for speed in (2.0, 10.0, 40.0):
            met = sum(met_between_the_wheels(above, speed, phase / 9.0) for phase in range(9))
            checks.append(
                Check(f"post {1000 * above:.0f} mm too high at {speed:.0f} m/s: met in of 9 phases", met, 9, 0.0)
            )
    met = sum(met_between_the_wheels(-0.004, speed, phase / 9.0) for phase in range(9) for speed in (2.0, 10.0, 40.0))
    checks.append(Check("post 4 mm lower: met in of 27", met, 0.0, 0.0))
    height = model.ground_clearance_m + 0.01
    post = car("post", 8.0, extent=(0.3, 0.2, height), mass_kg=5.0, restitution=0.1)
    with Drive(scenario(vehicle_=model, speed=10.0, friction=0.0, actors=[post], dt_us=5000, substeps=1)) as drive:
        while not drive.contacts:
            drive.step(COAST)
        _, contact = drive.contacts[0]
    under, arm = model.centre_of_mass_height_m - height + 0.005, 0.5 * height - 0.005
    yields = 1.0 / model.mass_kg + under**2 / model.pitch_inertia_kgm2
    yields += 0.2 + arm**2 / (5.0 / 12.0 * (0.3**2 + height**2))
    blow = 1.1 * contact.closing_speed_mps / yields
    checks.append(Check("impulse on a post of 5 kg at 10 m/s [N s]", contact.impulse_ns, blow, 0.02))
    box = car("box", 8.0, extent=(0.6, 0.6, 0.6), mass_kg=5.0, restitution=0.0)
    wall = car("wall", 8.8, extent=(1.0, 20.0, 2.0), mass_kg=math.inf, restitution=0.0)
    with Drive(scenario(vehicle_=vehicle("sedan", restitution=0.0), speed=12.0, actors=[box, wall])) as drive:
        drive.run(1.0)
        told = sum(one.second_delta_v for _, one in drive.contacts if (one.first, one.second) == (EGO, 1))
        seen = drive.state.velocity[1]
    checks.append(
        Check("told of a box pinched at a wall, off what it gained [m/s]", float(np.linalg.norm(told - seen)), 0.0, 0.3)
    )
    return checks


def met_between_the_wheels(above: float, speed: float, phase: float) -> bool:
    """Whether a post between the sedan's wheels that much higher than its ground clearance is met at all."""
    model = vehicle("sedan")
    place = 0.5 * model.length_m + 3.0 + phase * speed * 0.01
    post = car("post", place, extent=(0.3, 0.2, model.ground_clearance_m + above), mass_kg=5.0)
    with Drive(scenario(vehicle_=model, speed=speed, actors=[post])) as drive:
        while not drive.contacts and drive.state.position[EGO, 0] < place + 3.0:
            drive.step(Control(0.0, 0.03))
        return bool(drive.contacts)
