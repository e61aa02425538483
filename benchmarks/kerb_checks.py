"""Wrecks at kerbs against closed forms of rigid boxes: when they tip, where they stay, how they lie. Part of `contact_checks.py`.

A box that slides sideways and is stopped at one side keeps its angular momentum about there, m v arm = I omega, and tips over if
that turns it up to the balance point, I omega^2 / 2 = m g (distance - arm). Head first its wheels climb: not below v^2 = 2 g h,
and at speed with the loss of the ego, whose wheels, springs and dampers are modelled one by one.
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
sedan in `vehicle_dynamics.md`, rolling freely. Higher faces, and all faces sideways, stop it without bouncing.
Sideways it tips over from a speed between those of a rigid box that turns about its lower edge and about the
kerb's upper edge, which it rolls onto. On a sidewalk it lies on it; a vehicle that was driving there, whose guided box does
not follow kerbs, is lifted onto it: lengthwise by its springs, sideways at 0.5 m/s. Holes are for the ego's wheels alone. A wreck
that rests with one wheel alone on a kerb creeps by 5 mm/s. At 20 to 30 m/s sideways a rigid box is thrown 3 to 6 m high where real
wheels and suspensions break off: such heights are no more than an upper bound.
"""


def sidewalk(height: float) -> Raised:
    """A raised strip 8 m wide whose border runs along x at y = 0."""
    return Raised(np.array([[-60.0, 0.0], [60.0, 0.0], [60.0, 8.0], [-60.0, 8.0]]), height)


def against_kerb(
    speed: float, height: float = 0.15, friction: float = 0.0, yaw: float = 0.0
) -> tuple[float, WorldState]:
    """A wreck that slides towards a kerb from 1 m away: the lowest cosine of its lean within 4 s, and where that ends."""
    reach = 0.9 * abs(math.cos(yaw)) + 2.25 * abs(math.sin(yaw))
    wreck = car("wreck", 0.0, -1.0 - reach, yaw, restitution=0.0)
    scene = scenario(pose=(-40.0, -60.0, 0.0), friction=friction, actors=[wreck], parts=[sidewalk(height)])
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
    for yaw, height, word in ((0.0, 0.15, "sideways"), (0.5 * math.pi, 0.25, "head first")):
        _, state = against_kerb(4.0, height, friction=0.3, yaw=yaw)
        reach = 0.9 if yaw == 0.0 else 2.25
        name = f"wreck {word} at 4 m/s, friction 0.3: stays before a kerb of {height} m [m]"
        checks.append(Check(name, min(-float(state.position[1, 1]) - reach, 0.0), 0.0, 0.01))
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
