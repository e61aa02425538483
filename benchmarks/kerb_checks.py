"""Wrecks at kerbs against closed forms of rigid boxes: when they tip, where they stay, how they lie. Part of `contact_checks.py`.

A box that slides sideways and is stopped at one side keeps its angular momentum about there, m v arm = I omega, and tips over if
that turns it up to the balance point, I omega^2 / 2 = m g (distance - arm). Head first its wheels climb: not below v^2 = 2 g h,
and at speed with the loss of the ego, whose wheels, springs and dampers are modelled one by one. A vehicle that is stopped at a face
folds its wheels by what the force with which they yield needs to stop its lower edge, v^2 m' / 2 F, m' being the mass that the
edge feels while the street bears it.
"""

from __future__ import annotations

import math

import numpy as np
from ground_checks import kerb as sprung
from proving_ground import Drive, car, scenario
from vehicle_checks import Check

from alpasim.road.unlevel import Raised
from alpasim.types import Control, WorldState
from alpasim.vehicle.chassis import GRAVITY_MPS2

COAST = Control(0.0, 0.0)

KERBS = """## Wrecks and kerbs

What has been struck is a box. Upright and on wheels, it climbs kerbs of up to 0.6 of their radius (0.19 m for a car) that it meets
within 45° of its length: each wheel goes up as a stiff disc at an edge does, on a spring and a damper, and what that takes, load
times height and up to eight times as much at speed, is lost along the way. The speeds afterwards are held against those of the
sedan in `vehicle_dynamics.md`, rolling freely.

Higher faces, and all faces sideways, stop it without bouncing. Vehicles give way there: wheels, suspension and sills hold with
10 g, about what stops a car at a pole, fold under and stay so, and after 0.6 m, a wheel's diameter, they are gone and the floor slides
on over the kerb. Force and way are chosen; what follows is that a car trips and rolls from a speed between those of a
rigid box that turns about its lower edge and about the kerb's upper edge, turns and flies most where it is just stopped (about
15 m/s), and less above, since it is held for less time. Rolls of real cars reach some 7 to 8 rad/s (400 to 450°/s in one filmed at
77 km/h: Rose and Beauchamp, "Rollover Accident Reconstruction", SAE R-475). Limbs of people and animals give way likewise within
0.2 m. Boxes, cones and barriers do not: at 30 m/s a kerb throws them up to 4 m high.

On a sidewalk it lies on it. Guided vehicles stand on what is raised or sunk under their wheels, as a plane that these carry; what is
still below a top is lifted onto it: lengthwise by its springs, sideways at 0.5 m/s. Holes are for wheels alone: who is
struck with wheels in one is lifted to the street.
"""


def sidewalk(height: float) -> Raised:
    """A raised strip 8 m wide whose border runs along x at y = 0."""
    return Raised(np.array([[-60.0, 0.0], [60.0, 0.0], [60.0, 8.0], [-60.0, 8.0]]), height)


def against_kerb(
    speed: float, height: float = 0.15, friction: float = 0.0, yaw: float = 0.0, substeps: int = 10
) -> tuple[float, WorldState]:
    """A wreck that slides towards a kerb from 1 m away: the lowest cosine of its lean within 4 s, and where that ends."""
    reach = 0.9 * abs(math.cos(yaw)) + 2.25 * abs(math.sin(yaw))
    wreck = car("wreck", 0.0, -1.0 - reach, yaw, restitution=0.0)
    scene = scenario(
        pose=(-40.0, -60.0, 0.0), friction=friction, actors=[wreck], parts=[sidewalk(height)], substeps=substeps
    )
    upright = 1.0
    with Drive(scene) as drive:
        drive.step(COAST)
        drive.let_go(1, (0.0, speed, 0.0))
        for _ in range(40):
            turned = drive.step(COAST).rotation[1]
            upright = min(upright, 1.0 - 2.0 * float(turned[0] ** 2 + turned[1] ** 2))
        return upright, drive.state


def tips_from(above: float) -> float:
    """Speed from which a box of the car's size, stopped at one side by something that high, tips over it [m/s]: what the blow
    leaves as turning about there, against the height to the balance point."""
    arm, half = 0.75 - above, 0.9
    about = (1.8**2 + 1.5**2) / 12.0 + arm**2 + half**2
    return math.sqrt(2.0 * GRAVITY_MPS2 * (math.hypot(arm, half) - arm) * about) / arm


def kerb_checks() -> list[Check]:
    """Least speed at which a wreck tips over a kerb, and where wrecks come to rest against, on and astride one."""
    least = next(speed for speed in np.arange(4.0, 9.0, 0.1).tolist() if against_kerb(speed)[0] < 0.3)
    low, high = tips_from(0.0), tips_from(0.15)
    middle = 0.5 * (low + high)
    checks = [Check(f"wreck sideways, tips from {low:.1f} to {high:.1f} m/s [m/s]", least, middle, high / middle - 1.0)]
    _, state = against_kerb(4.0, friction=0.3)
    past = max(float(state.position[1, 1]) + 0.9, 0.0)
    checks.append(Check("wreck sideways at 4 m/s, friction 0.3: past the face of 0.15 m [m]", past, 0.0, 0.06))
    _, state = against_kerb(8.0, 0.25, friction=0.3, yaw=0.5 * math.pi, substeps=40)
    past = float(state.position[1, 1]) + 2.25
    checks.append(Check("wreck head first at 8 m/s: folds at a face of 0.25 m by [m]", past, folded(8.0), 0.1))
    checks += trip_checks()
    checks += climbing_checks()
    for y, word, expected in ((4.0, "on", 0.9), (-4.0, "before", 0.75)):
        rest = at_rest(y)
        checks.append(Check(f"wreck {word} a sidewalk of 0.15 m: height of its middle [m]", rest[0], expected, 0.01))
        checks.append(Check(f"wreck {word} a sidewalk: creeps in 5 s [m]", rest[1], 0.0, 0.001))
    # Astride: its lower face on the kerb's edge and on the street's far corner.
    rest = at_rest(-0.3)
    lean = math.atan(0.15 / 1.2)
    checks.append(Check("wreck astride a kerb leans by [rad]", rest[2], lean, 0.25))
    checks.append(Check("wreck astride a kerb: creeps in 5 s [m]", rest[1], 0.0, 0.001))
    return checks


def folded(speed: float) -> float:
    """How far a car's front folds that slides head first towards a kerb 1 m away at that speed, friction 0.3 [m]."""
    about, reach = (4.5**2 + 1.5**2) / 12.0, 2.25
    edge = 1.0 / (1.0 + 0.75**2 / about - (0.75 * reach / about) ** 2 / (1.0 + reach**2 / about))
    return edge * (speed**2 - 2.0 * 0.7 * 0.3 * GRAVITY_MPS2) / (2.0 * 10.0 * GRAVITY_MPS2)


def tripped(speed: float, phase: float) -> tuple[float, float, float, float]:
    """A wreck thrown sideways against a kerb of 0.15 m: how high its middle comes above where it stood, its fastest roll, and its
    energy of motion and height per mass before and at most afterwards."""
    wreck = car("wreck", 0.0, -1.9 - phase * speed * 0.01, restitution=0.0)
    scene = scenario(pose=(-40.0, -60.0, 0.0), friction=0.5, actors=[wreck], parts=[sidewalk(0.15)])
    with Drive(scene) as drive:
        drive.step(COAST)
        drive.let_go(1, (0.0, speed, 0.0))
        high, roll, most = 0.0, 0.0, 0.0
        for _ in range(30):
            state = drive.step(COAST)
            high = max(high, float(state.position[1, 2]))
            roll = max(roll, float(np.linalg.norm(state.angular_velocity[1])))
            most = max(most, 0.5 * float(state.velocity[1] @ state.velocity[1]) + GRAVITY_MPS2 * state.position[1, 2])
        return high - 0.75, roll, 0.5 * speed**2 + GRAVITY_MPS2 * 0.75, most


def trip_checks() -> list[Check]:
    """Cars thrown at a kerb sideways: no higher than 1.5 m, no faster than real ones roll, and with no more energy."""
    checks = []
    for speed in (8.0, 15.0, 20.0, 30.0):
        found = [tripped(speed, phase) for phase in (0.0, 0.3, 0.6)]
        high, roll = max(one[0] for one in found), max(one[1] for one in found)
        checks.append(Check(f"car sideways at {speed:.0f} m/s: rises by [m]", high, 0.0, 1.5))
        checks.append(Check(f"car sideways at {speed:.0f} m/s: rolls with [rad/s]", roll, 0.0, 9.0))
        gained = max(max(one[3] - one[2], 0.0) for one in found)
        checks.append(Check(f"car sideways at {speed:.0f} m/s: energy gained [J/kg]", gained, 0.0, 0.01))
    return checks


def climb(speed: float, height: float = 0.12) -> WorldState:
    """A wreck that rolls head first onto a sidewalk without friction, when it is all on it, or after 6 s."""
    wreck = car("wreck", 0.0, -3.5, 0.5 * math.pi, restitution=0.0)
    with Drive(scenario(pose=(-40.0, -60.0, 0.0), friction=0.0, actors=[wreck], parts=[sidewalk(height)])) as drive:
        drive.step(COAST)
        drive.let_go(1, (0.0, speed, 0.0))
        for _ in range(60):
            if drive.step(COAST).position[1, 1] > 4.0:
                break
        return drive.state


def climbing_checks() -> list[Check]:
    """Wheels up a kerb of 0.12 m: not below the energy that it takes, and with the loss of the sprung sedan."""
    least = math.sqrt(2.0 * GRAVITY_MPS2 * 0.12)
    ended = climb(0.97 * least)
    up = max(float(ended.position[1, 1]) - 2.25, 0.0)
    checks = [Check(f"wreck head first at {0.97 * least:.2f} m/s, 0.12 m: all of it on top [m]", up, 0.0, 0.001)]
    for speed in (5.0, 10.0, 20.0):
        ended = climb(speed)
        name = f"wreck head first at {speed:.0f} m/s, 0.12 m: goes on with [m/s]"
        checks.append(Check(name, float(ended.velocity[1, 1]), sprung(speed)[1], 0.05))
        checks.append(
            Check(
                f"wreck head first at {speed:.0f} m/s: height of its middle on top [m]",
                float(ended.position[1, 2]),
                0.87,
                0.02,
            )
        )
    return checks


def at_rest(y: float) -> tuple[float, float, float]:
    """A wreck let go at rest with its middle there: the height it ends at, how far it creeps in 5 s after 3 s, and its lean."""
    wreck = car("wreck", 0.0, y, restitution=0.0)
    with Drive(scenario(pose=(-40.0, -60.0, 0.0), actors=[wreck], parts=[sidewalk(0.15)])) as drive:
        drive.step(COAST)
        drive.let_go(1, (0.0, 0.0, 0.0))
        before = drive.run(3.0).position[1].copy()
        state = drive.run(5.0)
        lean = math.acos(min(1.0, 1.0 - 2.0 * float(state.rotation[1, 0] ** 2 + state.rotation[1, 1] ** 2)))
        return float(state.position[1, 2]), float(np.linalg.norm(state.position[1] - before)), lean
