"""Vehicles, people and animals thrown at kerbs, bars and corners of sidewalks at random: they gain nothing, stay near the ground, and come to rest."""

from __future__ import annotations

import math

import numpy as np
import pytest
from contact_checks import body
from energy_checks import turn_of
from proving_ground import Drive, scenario

from alpasim.road.unlevel import Raised
from alpasim.scenario.concrete import ActorSpec
from alpasim.types import ActorKind, Control, FloatArray, WorldState

COAST = Control(0.0, 0.0)
KINDS = (ActorKind.CAR, ActorKind.VAN, ActorKind.BUS, ActorKind.MOTORCYCLE, ActorKind.PEDESTRIAN, ActorKind.ANIMAL)
SHAPES: dict[str, FloatArray] = {
    "sidewalk": np.array([[-60.0, 0.0], [60.0, 0.0], [60.0, 8.0], [-60.0, 8.0]]),
    "bar": np.array([[-60.0, 0.0], [60.0, 0.0], [60.0, 0.3], [-60.0, 0.3]]),
    "corner": np.array([[0.0, 0.0], [60.0, 0.0], [60.0, 40.0], [0.0, 40.0]]),
}


def energy(spec: ActorSpec, state: WorldState) -> float:
    """Energy of motion and height over the mass of the one in row 1 [J/kg]."""
    length, width, height = (side**2 for side in spec.extent)
    inertia = np.array([width + height, length + height, length + width]) / 12.0
    x, y, z, w = state.rotation[1].tolist()
    spin = turn_of((x, y, z, w)).T @ state.angular_velocity[1]
    velocity = state.velocity[1]
    return 0.5 * float(velocity @ velocity) + 0.5 * float(inertia @ spin**2) + 9.81 * float(state.position[1, 2])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_whoever_is_thrown_at_it_gains_nothing_stays_low_and_comes_to_rest(shape: str, kind: ActorKind) -> None:
    rng = np.random.default_rng([list(SHAPES).index(shape), int(kind)])
    for _ in range(3):
        speed, yaw, course = rng.uniform(1.0, 32.0), rng.uniform(-math.pi, math.pi), rng.uniform(0.3, 2.8)
        made = body("wreck", kind, 0.0)
        away = 0.5 * math.hypot(*made.extent[:2]) + 1.0
        x, y = -away * math.cos(course), -away * math.sin(course)
        wreck = body("wreck", kind, x, y, pose=(x, y, yaw), restitution=0.0)
        kerb = Raised(SHAPES[shape], float(rng.choice([0.05, 0.12, 0.3])))
        with Drive(scenario(pose=(-100.0, -60.0, 0.0), friction=0.9, actors=[wreck], parts=[kerb])) as drive:
            drive.step(COAST)
            drive.let_go(1, (speed * math.cos(course), speed * math.sin(course), 0.0))
            before = energy(wreck, drive.state)
            for _ in range(100):
                after = energy(wreck, drive.step(COAST))
                assert after <= before + 1.0 + 0.005 * speed**2, "no more than a blow that is a substep long misjudges"
                before = after
                assert drive.state.position[1, 2] < 0.5 * made.extent[2] + kerb.height + 2.1
            rest = drive.state.position[1].copy()
            assert rest[2] > 0.5 * min(made.extent) - 0.03
            assert np.linalg.norm(drive.run(1.0).position[1] - rest) < 0.005
