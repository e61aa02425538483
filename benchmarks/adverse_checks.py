"""Contacts that are slow, narrow, pinched, light on heavy, or many at once: nothing is gained, missed or thrown up. Part of
`contact_checks.py`.

Held against closed forms for two bodies on a line, (1 + e) v / (1 / m1 + 1 / m2) and what it makes of either one's speed, and
against what must not be: energy that grows without drive, things run through, things higher than a blow could throw them.
"""

from __future__ import annotations

import math

import numpy as np
from energy_checks import stored, turn_of
from proving_ground import Drive, car, scenario, vehicle
from vehicle_checks import Check

from alpasim.scenario.concrete import ActorSpec, Scenario
from alpasim.scenario.kinds import KINDS
from alpasim.types import EGO, ActorKind, Contact, Control
from alpasim.vehicle.chassis import GRAVITY_MPS2, chassis

COAST, STOP, BACK = Control(0.0, 0.0), Control(0.0, -1.0), Control(0.0, 0.2, reverse=True)

ADVERSE = """## Slow, narrow, pinched, light on heavy, many at once

Strikes at walking speed by the lower edge; a sedan that stands and is hit at 30 m/s from four sides; a cyclist who is hit from the
side; 0.5 kg before a truck of 18 t at 35 m/s; overlaps of centimetres at motorway speeds; the ego between a car and a wall; a bus
over somebody who lies on the road; eight cars and the ego at 33 m/s in rain. Impulses and speeds are those of two bodies on
a line. Energy is that of motion, height and the ego's springs, of all together: whoever coasts or brakes may not gain any but
what a substep misjudges.
"""


class Watched:
    """A drive whose energy and heights are kept: `gained_j` is the most that the energy of all ever grew in a step, `rose_m` (n,) how
    far each one's middle came above where it stood, `first` the first contact of the ego."""

    def __init__(self, scene: Scenario) -> None:
        self.scene, self.drive = scene, Drive(scene)
        self._body = chassis(scene.ego.vehicle)
        self._energy, self._start = math.inf, self.drive.state.position[:, 2].copy()
        self.gained_j, self.rose_m = 0.0, np.zeros(len(scene.ids))

    def run(self, seconds: float, control: Control) -> None:
        """Drive on with one control."""
        for _ in range(round(seconds / self.drive.dt_s)):
            state = self.drive.step(control)
            energy = self._ego_energy() + sum(self._energy_of(row) for row in range(1, len(self.scene.ids)))
            self.gained_j = max(self.gained_j, energy - self._energy)
            self._energy = energy
            self.rose_m = np.maximum(self.rose_m, state.position[:, 2] - self._start)

    def close(self) -> None:
        """Give the physics client back; `ended` is how the ego's centre of mass moved last."""
        self.ended = self.drive.world._ego.body_state()
        self.drive.close()

    @property
    def first(self) -> Contact:
        """The first contact of the ego."""
        return next(contact for _, contact in self.drive.contacts if contact.first == EGO)

    def speed(self, row: int) -> float:
        """How fast a row is now [m/s]."""
        return float(np.linalg.norm(self.drive.state.velocity[row]))

    def _ego_energy(self) -> float:
        ego, model = self.drive.world._ego, self.scene.ego.vehicle
        state = ego.body_state()
        spin = turn_of(state[1]).T @ np.array(state[3])
        inertia = np.array([model.roll_inertia_kgm2, model.pitch_inertia_kgm2, model.yaw_inertia_kgm2])
        motion = 0.5 * (model.mass_kg * float(np.dot(state[2], state[2])) + float(inertia @ spin**2))
        return motion + model.mass_kg * GRAVITY_MPS2 * state[0][2] + stored(self._body, state, ego._footing)

    def _energy_of(self, row: int) -> float:
        one, state = self.scene.actors[row - 1], self.drive.state
        if not math.isfinite(one.mass_kg):
            return 0.0
        x, y, z, w = state.rotation[row].tolist()
        spin = turn_of((x, y, z, w)).T @ state.angular_velocity[row]
        length, width, height = (side**2 for side in one.extent)
        inertia = one.mass_kg / 12.0 * np.array([width + height, length + height, length + width])
        moving = one.mass_kg * float(state.velocity[row] @ state.velocity[row]) + float(inertia @ spin**2)
        return 0.5 * moving + one.mass_kg * GRAVITY_MPS2 * float(state.position[row, 2])


def line_impulse(first: float, second: float, closing: float, restitution: float) -> float:
    """Impulse of two bodies that meet on a line through both middles [N s]."""
    return (1.0 + restitution) * closing / (1.0 / first + 1.0 / second)


def watched(scene: Scenario, *parts: tuple[float, Control]) -> Watched:
    """A drive in parts of some seconds with one control each, over."""
    drive = Watched(scene)
    for seconds, control in parts:
        drive.run(seconds, control)
    drive.close()
    return drive


def slow_checks() -> list[Check]:
    """What is 4 mm too high is pushed along, at the speed of the car, forwards and in reverse; what is lower stays."""
    checks = []
    sedan = vehicle("sedan")
    for speed in (0.5, 1.0, 2.0, 3.0):
        pallet = car("pallet", 4.0, extent=(1.2, 0.8, sedan.ground_clearance_m + 0.004), mass_kg=25.0, friction=0.6)
        found = watched(scenario(speed=speed, actors=[pallet]), (4.0 / speed, COAST))
        name = f"pallet 4 mm too high at {speed} m/s"
        checks.append(Check(f"{name}: as fast as the car, less [m/s]", found.speed(EGO) - found.speed(1), 0.0, 0.1))
        checks.append(Check(f"{name}: energy gained [J]", found.gained_j, 0.0, 1.0))
    brick = car("brick", -5.0, 0.0, extent=(0.3, 0.2, sedan.ground_clearance_m + 0.03), mass_kg=10.0, friction=0.6)
    found = watched(scenario(actors=[brick]), (5.0, BACK))
    checks.append(Check("met in reverse: impulse over that of a blow on a line", reverse_share(found, brick), 1.0, 0.2))
    return checks


def reverse_share(found: Watched, met: ActorSpec) -> float:
    """The impulse of the first contact, over that of the blow of a light thing alone; 0 unless the rear met it."""
    one = found.first
    if one.first_part != "rear":
        return 0.0
    mass = found.scene.ego.vehicle.mass_kg
    restitution = found.scene.ego.vehicle.restitution * met.restitution
    return one.impulse_ns / line_impulse(mass, met.mass_kg, one.closing_speed_mps, restitution)


def standing_checks() -> list[Check]:
    """A sedan that stands, brakes on, and is hit at 30 m/s in the middle of each side."""
    checks = []
    sedan = vehicle("sedan")
    blow = line_impulse(sedan.mass_kg, 1500.0, 30.0, sedan.restitution * 0.32)
    for word, angle in (("front", 0.0), ("left", 90.0), ("rear", 180.0), ("right", 270.0)):
        turn = math.radians(angle)
        comes = car("comes", 30.0 * math.cos(turn), 30.0 * math.sin(turn), turn + math.pi, 30.0)
        found = watched(scenario(vehicle_=sedan, actors=[comes]), (6.0, STOP))
        one = found.first
        impulse = one.impulse_ns if one.first_part == word else 0.0
        gained = float(np.linalg.norm(one.first_delta_v))
        checks.append(Check(f"hit at the {word} at 30 m/s: impulse [N s]", impulse, blow, 0.03))
        checks.append(
            Check(f"hit at the {word}: mass times Δv over the impulse", sedan.mass_kg * gained / impulse, 1.0, 0.02)
        )
        checks.append(Check(f"hit at the {word}: rises by [m]", float(found.rose_m.max()), 0.0, 0.1))
        checks.append(Check(f"hit at the {word}: moves after 6 s with [m/s]", found.speed(EGO), 0.0, 0.005))
    return checks


def cyclist_checks() -> list[Check]:
    """A cyclist across the way: leaves as fast as the blow says, and is thrown no higher than a head."""
    checks = []
    made, sedan = KINDS[ActorKind.BICYCLE], vehicle("sedan")
    for speed in (5.0, 15.0, 25.0):
        rider = car(
            "rider",
            10.0,
            0.0,
            0.5 * math.pi,
            kind=ActorKind.BICYCLE,
            extent=made.extent,
            mass_kg=made.mass_kg,
            friction=made.friction,
            restitution=made.restitution,
        )
        found = watched(scenario(vehicle_=sedan, speed=speed, actors=[rider]), (0.5 + 8.0 / speed, COAST), (4.0, STOP))
        one = found.first
        restitution = sedan.restitution * made.restitution
        blow = line_impulse(sedan.mass_kg, made.mass_kg, one.closing_speed_mps, restitution)
        checks.append(Check(f"cyclist at {speed:.0f} m/s: Δv [m/s]", one.second_delta_v[0], blow / made.mass_kg, 0.1))
        checks.append(Check(f"cyclist at {speed:.0f} m/s: rises by [m]", float(found.rose_m[1]), 0.0, 0.6))
        checks.append(Check(f"cyclist at {speed:.0f} m/s: energy gained [J]", found.gained_j, 0.0, 5.0))
    return checks


def light_and_many_checks() -> list[Check]:
    """0.5 kg before 18 t; the ego pinched at a wall; a bus over a lying person; a pile-up in rain."""
    truck = vehicle("rigid_truck", mass_kg=18_000.0)
    box = car("box", 20.0, extent=(0.3, 0.3, 1.0), mass_kg=0.5, friction=0.6, restitution=0.1, kind=ActorKind.DEBRIS)
    found = watched(scenario(vehicle_=truck, speed=35.0, actors=[box]), (1.0, COAST))
    leaves = (1.0 + truck.restitution * 0.1) * found.first.closing_speed_mps
    checks = [
        Check("0.5 kg before 18 t at 35 m/s: Δv [m/s]", float(found.first.second_delta_v[0]), leaves, 0.05),
        Check("0.5 kg before 18 t: the truck rises by [m]", float(found.rose_m[EGO]), 0.0, 0.15),
    ]
    wall = car("wall", 3.6, extent=(1.0, 20.0, 2.0), mass_kg=math.inf, restitution=0.0, kind=ActorKind.BARRIER)
    for speed in (5.0, 15.0):
        found = watched(scenario(actors=[wall, car("comes", -12.0, 0.0, 0.0, speed)]), (6.0, STOP))
        checks.append(Check(f"pinched at a wall at {speed:.0f} m/s: energy gained [J]", found.gained_j, 0.0, 5.0))
        past = float(found.drive.state.position[EGO, 0]) + 0.5 * found.scene.ego.vehicle.length_m - 3.1
        checks.append(Check(f"pinched at a wall at {speed:.0f} m/s: in the wall by [m]", max(past, 0.0), 0.0, 0.03))
        checks.append(
            Check(f"pinched at a wall at {speed:.0f} m/s: moves at the end [m/s]", found.speed(EGO), 0.0, 0.005)
        )
    for across, expected in ((0.0, 0.0), (1.0, 1.0)):
        lies = car(
            "lies",
            12.0,
            across,
            0.5 * math.pi,
            kind=ActorKind.PEDESTRIAN,
            extent=(1.6, 0.5, 0.28),
            mass_kg=75.0,
            friction=0.6,
        )
        found = watched(scenario(vehicle_=vehicle("city_bus"), speed=8.0, actors=[lies]), (4.0, COAST))
        word = "between its wheels" if across == 0.0 else "before a wheel"
        met = float(any(one.first_part == "wheel" for _, one in found.drive.contacts))
        checks.append(Check(f"bus over somebody {word}: met by wheels", met, expected, 0.0))
        checks.append(Check(f"bus over somebody {word}: either rises by [m]", float(found.rose_m.max()), 0.0, 0.2))
    cars = [car(f"car{i}", 40.0 + 25.0 * i, 0.4 * (-1.0) ** i, 0.0, 33.0 if i < 6 else 0.0) for i in range(8)]
    found = watched(scenario(speed=33.0, friction=0.5, actors=cars), (1.0, COAST), (9.0, STOP))
    checks.append(Check("pile-up at 33 m/s in rain: energy gained [J]", found.gained_j, 0.0, 5.0))
    checks.append(Check("pile-up at 33 m/s in rain: highest rises by [m]", float(found.rose_m.max()), 0.0, 0.3))
    return checks


def adverse_checks() -> list[Check]:
    """All of them."""
    return [*slow_checks(), *standing_checks(), *cyclist_checks(), *light_and_many_checks()]
