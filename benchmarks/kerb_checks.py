"""Wrecks at kerbs against closed forms of rigid boxes: when they tip, where they stay, how they lie. Part of `contact_checks.py`.

A box that slides sideways and is stopped at one side keeps its angular momentum about there, m v arm = I omega, and tips over if
that turns it up to the balance point, I omega^2 / 2 = m g (distance - arm).
"""

from __future__ import annotations

import math

import numpy as np
from proving_ground import Drive, car, scenario
from vehicle_checks import Check

from alpasim.road.unlevel import Raised
from alpasim.types import Control, WorldState
from alpasim.vehicle.dynamics import GRAVITY_MPS2

COAST = Control(0.0, 0.0)

KERBS = """## Wrecks and kerbs

What has been struck is a box without wheels. A kerb stops it whichever way it slides (head first too, where wheels would climb),
without bouncing. Sideways it tips over from a speed between those of a rigid box that turns about its lower edge and about the
kerb's upper edge, which it rolls onto. On a sidewalk it lies on it; a vehicle that was driving there, whose guided box does
not follow kerbs, is lifted onto it at 0.5 m/s. Holes are for wheels alone.
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
    for yaw, word in ((0.0, "sideways"), (0.5 * math.pi, "head first")):
        _, state = against_kerb(4.0, friction=0.3, yaw=yaw)
        reach = 0.9 if yaw == 0.0 else 2.25
        checks.append(
            Check(
                f"wreck {word} at 4 m/s, friction 0.3: stays before it [m]",
                min(-float(state.position[1, 1]) - reach, 0.0),
                0.0,
                0.01,
            )
        )
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
