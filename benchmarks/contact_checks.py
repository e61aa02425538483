"""Holds contact and what comes after against closed forms and published bounds, and writes docs/contact.md.

    python benchmarks/contact_checks.py                 # exit code 1 where a bound is not held

Offset impact: two boxes that meet head-on with only part of their fronts have the impulse
(1 + e) v / (1 / m1 + 1 / m2 + y1^2 / I1 + y2^2 / I2) along their way, y the arms of the middle of the overlap (frictionless
bodies, plane motion). Pedestrian: the distance from the impact to rest against Searle's bounds ("The physics of throw distance
in accident reconstruction", SAE 930659): v^2 / (2 mu g) for a body that only slides and (1 + mu^2) v^2 / (2 mu g) for one
thrown at the best angle, v the speed at which it is thrown; a fall from height H of its centre of mass adds mu H at most.
Pallet: v^2 / (2 mu g). Pile-up: what all bodies together lose against what the ground's friction can take.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from adverse_checks import ADVERSE, adverse_checks
from edge_checks import LOWER, lower_edge_checks
from kerb_checks import KERBS, kerb_checks
from loose_checks import LOOSE, loose_checks
from proving_ground import Drive, car, scenario, vehicle
from vehicle_checks import Check

from alpasim.road.unlevel import Grade
from alpasim.scenario.concrete import ActorSpec, Scenario
from alpasim.scenario.kinds import KINDS
from alpasim.types import EGO, ActorKind, Contact, Control, FloatArray
from alpasim.vehicle.chassis import GRAVITY_MPS2

PAGE = Path(__file__).resolve().parents[1] / "docs" / "contact.md"
COAST, STOP = Control(0.0, 0.0), Control(0.0, -1.0)
OVERLAPS = (0.01, 0.1, 0.2, 0.5)
CLOSING_MPS = (15.0, 30.0, 40.0)
FIRST_BLOW_US = 1000
"""A substep so short that the bodies do not turn in it."""


def body(name: str, kind: ActorKind, x: float, y: float = 0.0, **changes: object) -> ActorSpec:
    """A standing actor of a kind, as a scenario would have it."""
    made = KINDS[kind]
    changes = {
        "extent": made.extent,
        "mass_kg": made.mass_kg,
        "friction": made.friction,
        "restitution": made.restitution,
        "kind": kind,
    } | changes
    return car(name, x, y, **changes)  # type: ignore[arg-type]


def offset_scene(overlap: float, speed: float, restitution: float, phase: float, dt_us: int) -> Scenario:
    """The ego and a standing car of equal mass, of which it overlaps a share."""
    model = vehicle("sedan", mass_kg=1500.0, restitution=1.0 if restitution else 0.0, body_friction=0.0)
    across = 0.5 * (model.width_m + 1.8) - overlap * 1.8
    ahead = 0.5 * (model.length_m + 4.5) + 1.0 + phase * speed * dt_us * 1e-6
    target = car("target", ahead, across, restitution=restitution, friction=0.0)
    return scenario(vehicle_=model, speed=speed, friction=0.001, actors=[target], dt_us=dt_us, substeps=1)


def offset_impact(
    overlap: float, speed: float, restitution: float, phase: float, dt_us: int = 10_000
) -> tuple[Contact, float, float]:
    """The contact of the ego with a standing car of which it overlaps a share, and what that gained in the substep of `dt_us` of
    the impact: along the ego's way, measured and by the closed form [m/s]. `phase` shifts it by a part of a substep's travel."""
    scene = offset_scene(overlap, speed, restitution, phase, dt_us)
    model, (length, width, _), across = scene.ego.vehicle, scene.actors[0].extent, scene.actors[0].pose[1]
    middle = 0.5 * model.width_m - 0.5 * overlap * width
    inertia = 1500.0 / 12.0 * (length**2 + width**2)
    arms = middle**2 / model.yaw_inertia_kgm2 + (across - middle) ** 2 / inertia
    with Drive(scene) as drive:
        while not drive.contacts:
            before = float(drive.state.velocity[EGO, 0])
            drive.step(COAST)
        gained = float(drive.state.velocity[1, 0])
        (_, contact), *_ = drive.contacts
    return contact, gained, (1.0 + restitution) * before / (2.0 + 1500.0 * arms)


def offset_checks() -> list[Check]:
    """Every overlap, speed and restitution, the worst of five phases; with e = 0 of the blow alone, before the two press on."""
    checks = []
    for overlap in OVERLAPS:
        for speed in CLOSING_MPS:
            for restitution in (0.0, 0.1):
                blow = (overlap, speed, restitution)
                dt_us = 10_000 if restitution else FIRST_BLOW_US
                found = [offset_impact(*blow, phase, dt_us)[1:] for phase in (0.0, 0.2, 0.4, 0.6, 0.8)]
                measured, expected = max(found, key=lambda pair: abs(pair[0] / pair[1] - 1.0))
                name = f"Δv, overlap {overlap:.0%}, {speed:.0f} m/s, e {restitution} [m/s]"
                checks.append(Check(name, measured, expected, 0.02))
    name = "Δv 10 ms after the blow, 10%, 40 m/s, e 0.0, substep 2.5 or 0.25 ms [m/s]"
    return [*checks, Check(name, pressed_on(2500), pressed_on(250), 0.02)]


def pressed_on(dt_us: int) -> float:
    """What the standing car has gained 10 ms after the blow, e = 0, 40 m/s, 10 % overlap, in substeps of `dt_us` [m/s]."""
    scene = offset_scene(0.1, 40.0, 0.0, 0.0, dt_us)
    with Drive(scene) as drive:
        while not drive.contacts:
            drive.step(COAST)
        return float(drive.run(0.01, COAST).velocity[1, 0])


@dataclass(frozen=True, slots=True)
class Throw:
    """What became of something that a braking sedan struck in the middle: fastest speed [m/s], distance from where it stood to
    where it rests [m], what the car drove at [m/s], and whether it rests."""

    fastest_mps: float
    distance_m: float
    struck_at_mps: float
    rests: bool


def throw(kind: ActorKind, kph: float, friction: float = 0.9) -> Throw:
    """Strike a standing actor of that kind at a speed and brake from then on."""
    with Drive(scenario(speed=kph / 3.6, friction=friction, actors=[body("struck", kind, 6.0)])) as drive:
        while not drive.contacts:
            at = float(drive.state.velocity[EGO, 0])
            drive.step(COAST)
        fastest = 0.0
        for _ in range(120):
            fastest = max(fastest, float(np.linalg.norm(drive.state.velocity[1])))
            drive.step(STOP)
        left = float(np.linalg.norm(drive.state.velocity[1]))
        return Throw(fastest, float(np.linalg.norm(drive.state.position[1, :2] - [6.0, 0.0])), at, left < 0.02)


def searle(speed: float, friction: float, height: float) -> tuple[float, float]:
    """Shortest and longest throw distance at a speed [m]."""
    slides = speed**2 / (2.0 * friction * GRAVITY_MPS2)
    return slides, slides * (1.0 + friction**2) + friction * height


def throw_checks() -> list[Check]:
    """How far what was struck comes, held against the middle of Searle's bounds by half their width; and how fast it leaves:
    (1 + e) v M / (M + m)."""
    checks = []
    sedan = vehicle("sedan")
    for kind, kph in ((ActorKind.PEDESTRIAN, 30.0), (ActorKind.PEDESTRIAN, 50.0), (ActorKind.CONE, 50.0)):
        made, thrown = KINDS[kind], throw(kind, kph)
        word = kind.name.lower()
        least, most = searle(thrown.fastest_mps, 0.9 * made.friction, 0.5 * made.extent[2])
        share = sedan.mass_kg / (sedan.mass_kg + made.mass_kg)
        leaves = (1.0 + sedan.restitution * made.restitution) * share * thrown.struck_at_mps
        middle = 0.5 * (least + most)
        checks.append(Check(f"{word} at {kph:.0f} km/h leaves at [m/s]", thrown.fastest_mps, leaves, 0.1))
        name = f"{word} at {kph:.0f} km/h comes {least:.1f} to {most:.1f} m far [m]"
        checks.append(Check(name, thrown.distance_m, middle, most / middle - 1.0))
    return checks


def slide(speed: float, friction: float) -> Check:
    """A loaded pallet that a braking sedan pushes ahead, from when the two have come apart until it rests."""
    pallet = body("pallet", ActorKind.DEBRIS, 8.0, extent=(1.2, 0.8, 0.9), mass_kg=200.0)
    ground = friction / pallet.friction
    with Drive(scenario(speed=speed, friction=ground, actors=[pallet])) as drive:
        while not drive.contacts:
            drive.step(COAST)
        while drive.contacts[-1][0] == drive.state.step:
            drive.step(STOP)
        start, left = float(drive.state.position[1, 0]), float(np.linalg.norm(drive.state.velocity[1]))
        drive.run(12.0, STOP)
        slid = float(drive.state.position[1, 0]) - start
    expected = left**2 / (2.0 * friction * GRAVITY_MPS2)
    return Check(f"pallet slides from {left:.1f} m/s, μ {friction} [m]", slid, expected, 0.05)


def secondary() -> tuple[Contact, ...]:
    """The contacts of a sedan that is braking too late with a standing car, and of that one with the car before it."""
    queue = [car("hit", 12.0), car("pushed", 18.0)]
    with Drive(scenario(speed=20.0, friction=0.3, actors=queue)) as drive:
        drive.run(3.0, STOP)
        return tuple(contact for _, contact in drive.contacts)


def at_once() -> tuple[Contact, ...]:
    """The contacts of the step in which three cars run into a standing sedan from the left, from the right and from behind."""
    model, gap, speed = vehicle("sedan"), 5.0, 8.0
    aside, behind = 0.5 * (model.width_m + 4.5) + gap, 0.5 * (model.length_m + 4.5) + gap
    three = [
        car("left", 0.0, aside, yaw=-0.5 * math.pi, speed=speed),
        car("right", 0.0, -aside, yaw=0.5 * math.pi, speed=speed),
        car("behind", -behind, 0.0, speed=speed),
    ]
    with Drive(scenario(vehicle_=model, actors=three)) as drive:
        while not drive.contacts:
            drive.step(COAST)
        return drive.state.contacts


PILE_MPS = (20.0, 18.0, 15.0, 10.0, 5.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Pile:
    """A pile-up of eight cars: momentum (steps, 2) of them all [kg m/s], heights of the lowest and the highest centre [m],
    how many were struck, and all contacts."""

    momentum: FloatArray
    lowest_m: float
    highest_m: float
    struck: int
    contacts: tuple[Contact, ...]


def pile_up(friction: float, seconds: float = 8.0) -> Pile:
    """Eight cars, the hindmost the fastest, run into each other; the ego stands far away."""
    cars = [
        car(f"car{i}", 100.0 + 14.0 * i, 0.3 * (-1.0) ** i, 0.02 * (-1.0) ** i, speed)
        for i, speed in enumerate(PILE_MPS)
    ]
    momentum, heights = [], []
    with Drive(scenario(pose=(-50.0, 30.0, 0.0), friction=friction, actors=cars)) as drive:
        for _ in range(round(seconds / 0.1)):
            state = drive.step(STOP)
            momentum.append(1500.0 * state.velocity[1:, :2].sum(axis=0))
            heights.append(state.position[1:, 2].copy())
        contacts = tuple(contact for _, contact in drive.contacts)
    tall = np.array(heights)
    return Pile(np.array(momentum), float(tall.min()), float(tall.max()), int(state.struck.sum()), contacts)


def pile_checks() -> list[Check]:
    """Momentum on ground without friction, and heights there and on black ice."""
    smooth, ice = pile_up(0.0), pile_up(0.1)
    start = 1500.0 * sum(math.cos(0.02) * speed for speed in PILE_MPS)
    lost = float(np.abs(smooth.momentum - [start, smooth.momentum[0, 1]]).max())
    checks = [Check("momentum lost by the pile-up, share of it", lost / start, 0.0, 0.01)]
    for name, pile in (("no friction", smooth), ("friction 0.1", ice)):
        checks.append(Check(f"lowest car of the pile-up, {name}, off its rest [m]", pile.lowest_m - 0.75, 0.0, 0.03))
        checks.append(Check(f"highest car of the pile-up, {name}, off its rest [m]", pile.highest_m - 0.75, 0.0, 0.03))
    return checks


def on_a_grade(slope: float, friction: float) -> Drive:
    """A standing car on an even grade, just struck by another at 8 m/s; to be closed."""
    line = np.array([[-300.0, 0.0], [300.0, 0.0]])
    pair = [car("behind", -20.0, 0.0, 0.0, 8.0, restitution=0.0), car("ahead", -10.0, restitution=0.0)]
    road = [Grade(line, 0.0, 600.0, slope, 20.0)]
    drive = Drive(scenario(pose=(-200.0, 60.0, 0.0), friction=friction, actors=pair, parts=road))
    while not drive.contacts:
        drive.step(STOP)
    return drive


def grade_checks() -> list[Check]:
    """A struck car on icy and on dry grades of 8 %: how it slides, and that it stays."""
    angle = math.atan(0.08)
    along = np.array([math.cos(angle), 0.0, math.sin(angle)])
    with on_a_grade(0.08, 0.05) as drive:
        before = float(drive.run(5.0, STOP).velocity[2] @ along)
        gained = before - float(drive.run(1.0, STOP).velocity[2] @ along)
    down = GRAVITY_MPS2 * (math.sin(angle) - 0.7 * 0.05 * math.cos(angle))
    checks = [Check("8 %, friction 0.05: slides downhill with [m/s²]", gained, down, 0.05)]
    for slope in (0.08, -0.08):
        with on_a_grade(slope, 0.3) as drive:
            start, speed = drive.state.position[2].copy(), float(np.linalg.norm(drive.state.velocity[2]))
            slid = float(np.linalg.norm(drive.run(8.0, STOP).position[2] - start))
        held = GRAVITY_MPS2 * (0.7 * 0.3 * math.cos(angle) + math.copysign(math.sin(angle), slope))
        checks.append(Check(f"{slope:+.0%}, friction 0.3: slides to rest in [m]", slid, speed**2 / (2.0 * held), 0.05))
    with on_a_grade(0.08, 0.9) as drive:
        rest = drive.run(3.0, STOP).position[2].copy()
        crept = float(np.linalg.norm(drive.run(20.0, STOP).position[2] - rest))
    return [*checks, Check("8 %, friction 0.9: moves in 20 s at rest [m]", crept, 0.0, 0.002)]


def contact_rows(contacts: Sequence[Contact], names: Sequence[str]) -> str:
    """Contacts as a table."""
    lines = [
        "| who | part | with | part | closing [m/s] | impulse [kN s] | Δv of the first [m/s] | of the second |",
        "| --- " * 8 + "|",
    ]
    for one in contacts:
        first, second = (float(np.linalg.norm(change)) for change in (one.first_delta_v, one.second_delta_v))
        lines.append(
            f"| {names[one.first]} | {one.first_part} | {names[one.second]} | {one.second_part} | "
            f"{one.closing_speed_mps:.1f} | {one.impulse_ns / 1000.0:.1f} | {first:.1f} | {second:.1f} |"
        )
    return "\n".join(lines)


def check_rows(checks: Sequence[Check]) -> str:
    """Checks as a table."""
    lines = ["|  | measured | expected | deviation | bound |  |", "| --- " * 6 + "|"]
    for one in checks:
        off = f"{one.deviation:.1%}" if one.expected else f"{one.deviation:.2g}"
        bound = f"{one.bound:.0%}" if one.expected else f"{one.bound:g}"
        mark = "held" if one.held else "**not held**"
        lines.append(f"| {one.name} | {one.measured:.4g} | {one.expected:.4g} | {off} | {bound} | {mark} |")
    return "\n".join(lines)


HEAD = """# Contact and what comes after

Written by `python benchmarks/contact_checks.py`; run it again after a change of `alpasim/world`. {held} of {all} bounds hold.
Head-on impacts over nine phases of a substep stand in `benchmarks/vehicle_checks.py`.

What a contact records: both actors and the part of each that met (`front`, `rear`, `left`, `right`, `top`, `under`, or `wheel`
where a wheel of the ego ran over something low or pushed it), the impulse, the closing speed, the point and the normal, and by how much
either one's velocity changed while the two pressed on each other. What is pinched between two gains little from either, however
large the impulses. Whatever rises above the ego's ground clearance is struck by its lower edge; what is lower passes between
the wheels, or is met by them. Bodies are boxes with one restitution and one friction each: what deforms,
breaks or entangles is not modelled, and neither is the suspension of others: what has been struck slides on its underside with
the friction of its body times that of the ground.
"""

OFFSET = """## Offset impacts

The sedan meets a standing car of equal mass with only a part of their fronts. Substeps in which boxes close by more than 5 cm, or
by more than 0.8 of how far they overlap sideways, are divided (by 64 at most) until they do not: undivided, a narrow overlap at
speed would be solved as a graze. The closed form is of the blow alone.
With e = 0.1 the two part at once. With e = 0 they stay together, and as both turn now, their corners press on, as anything does
that is held on a bent way: in the 10 ms after the blow that adds 8 % at 40 m/s, and as much in ten times finer substeps. The
blow is compared in a substep of 1 ms.
"""

THROWN = """## What is thrown and what slides

Struck by the middle of a sedan that brakes at friction 0.9. Distances are held against Searle's bounds for the speed at which
the body is thrown: v²/(2μg) where it only slides, (1 + μ²)v²/(2μg) + μH where it is thrown at the best angle and falls from
the height H of its centre. The pallet, loaded to 200 kg, is pushed ahead and then slides v²/(2μg).
"""

SECOND = """## Secondary collisions, and several at once

A sedan that brakes too late on a wet road hits a standing car, which is pushed into the next:
"""

PILED = """## A pile-up

![The built-in scenario pile_up_on_ice: the ego comes up slowly to four wrecks and the truck that they ran into](pictures/pile_up.png)

The picture is of the built-in scenario `pile_up_on_ice`, driven by `idm`.

Eight guided cars, the hindmost at 72 km/h and the first three standing, run into each other; the ego is not among them. On ground
without friction their common momentum must stay; nobody may sink or fly. On black ice (friction 0.1) {struck} of 8 were struck
in {contacts} contacts, the first ones of which were:
"""


GRADES = """## On a grade

A standing car, struck at 8 m/s by one behind it on an even grade; both lie on the road as it rises. Downhill the speed grows by
g (sin − μ cos); where friction is more than the grade, v²/(2g (μ cos ± sin)) and then rest.
"""


def main() -> int:
    """Write the page; exit code 1 where a bound is not held."""
    offset, thrown = offset_checks(), [*throw_checks(), slide(12.0, 0.54), slide(12.0, 0.3)]
    piled, ice, grades = pile_checks(), pile_up(0.1), grade_checks()
    kerbs, edge, adverse, loose = kerb_checks(), lower_edge_checks(), adverse_checks(), loose_checks()
    checks = [*offset, *edge, *adverse, *loose, *thrown, *piled, *grades, *kerbs]
    held = sum(one.held for one in checks)
    names = ["ego", *(f"car {number}" for number in range(1, 9))]
    parts = [
        HEAD.format(held=held, all=len(checks)),
        OFFSET,
        check_rows(offset) + "\n",
        LOWER,
        check_rows(edge) + "\n",
        ADVERSE,
        check_rows(adverse) + "\n",
        LOOSE,
        check_rows(loose) + "\n",
        THROWN,
        check_rows(thrown) + "\n",
        SECOND,
        contact_rows(secondary()[:2], names) + "\n",
        "Three cars run into a standing sedan in the same step:\n",
        contact_rows(at_once(), names) + "\n",
        PILED.format(struck=ice.struck, contacts=len(ice.contacts)),
        contact_rows(ice.contacts[:6], names) + "\n",
        check_rows(piled) + "\n",
        GRADES,
        check_rows(grades) + "\n",
        KERBS,
        check_rows(kerbs) + "\n",
    ]
    PAGE.write_text("\n".join(parts), encoding="utf-8")
    print(f"{held} of {len(checks)} held: {PAGE}")
    return 0 if held == len(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
