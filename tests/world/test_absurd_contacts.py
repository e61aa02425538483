"""Contacts that a scenario may ask for and nobody has seen: they end finite or as `physics_diverged`, never as a silent nan."""

from __future__ import annotations

import math

import numpy as np
import pytest
from proving_ground import Drive, car, scenario, vehicle
from test_rising_ground import AWAY, grade

from alpasim.errors import PhysicsDiverged
from alpasim.road.unlevel import Part
from alpasim.types import Control
from alpasim.world.contacts import WheelHit
from alpasim.world.wheel_pushes import Push

COAST = Control(0.0, 0.0)
ROADS: dict[str, list[Part]] = {"level": [], "hill": grade(0.3)}


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("mass_kg", [0.01, 1.0, 200_000.0])
@pytest.mark.parametrize("speed", [30.0, 140.0, 480.0])
@pytest.mark.parametrize("aside", [0.0, 1.7])
def test_absurd_masses_and_speeds_end_finite_or_diverged(road: str, mass_kg: float, speed: float, aside: float) -> None:
    actors = [
        car("train", -40.0, 0.0, 0.0, speed, mass_kg=200_000.0, extent=(30.0, 2.6, 3.6), restitution=1.0),
        car("toy", 0.0, aside, 0.4, mass_kg=mass_kg, extent=(0.6, 0.6, 0.6), restitution=1.0),
        car("third", 30.0, aside, math.pi, speed, restitution=1.0),
    ]
    with Drive(scenario(pose=AWAY, friction=0.0, actors=actors, parts=ROADS[road])) as drive:
        diverged = False
        try:
            drive.run(2.0)
        except PhysicsDiverged as fault:
            diverged = True
            assert fault.row in (1, 2, 3)
            assert "was still well" in str(fault)
        assert drive.contacts or diverged
        for array in (drive.state.position, drive.state.velocity, drive.state.rotation, drive.state.angular_velocity):
            assert np.isfinite(array).all()
        for _, contact in drive.contacts:
            assert math.isfinite(contact.impulse_ns)
            assert np.isfinite(contact.first_delta_v).all() and np.isfinite(contact.second_delta_v).all()


@pytest.mark.parametrize("speed", [20.0, 40.0, 60.0])
def test_a_bottle_that_a_corner_spins_away_does_not_end_the_drive(speed: float) -> None:
    """Hit at a corner a small thing turns by hundreds of radians a second: at most by 2 v over its half side, as its corner flies
    off at no more than twice the speed that it was hit with."""
    aside, side = 0.8, 0.07
    bottle = car("bottle", 5.0, aside, math.radians(30.0), mass_kg=0.3, extent=(side, side, 0.3), friction=0.5)
    with Drive(scenario(speed=speed, actors=[bottle])) as drive:
        fastest = 0.0
        for _ in range(30):
            drive.step(COAST)
            fastest = max(fastest, float(np.linalg.norm(drive.state.angular_velocity[1])))
        assert drive.state.struck[1]
        assert 200.0 < fastest < 2.0 * speed / (0.5 * side)
        assert np.linalg.norm(drive.state.velocity[1]) < 2.0 * speed


def test_what_flies_off_faster_than_anything_may_is_diverged() -> None:
    actors = [
        car("train", -40.0, 0.0, 0.0, 400.0, mass_kg=200_000.0, restitution=1.0),
        car("toy", 0.0, mass_kg=1.0, extent=(0.6, 0.6, 0.6), restitution=1.0),
    ]
    with (
        Drive(scenario(pose=AWAY, friction=0.0, actors=actors, parts=ROADS["hill"])) as drive,
        pytest.raises(PhysicsDiverged, match="toy: velocity out of bounds"),
    ):
        drive.run(1.0)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("amount", [math.nan, math.inf, 1e300])
def test_an_endless_push_of_a_wheel_is_diverged(road: str, amount: float, monkeypatch: pytest.MonkeyPatch) -> None:
    place = (AWAY[0] + 5.0, AWAY[1], 0.15)

    def endless(*_: object) -> list[Push]:
        return [Push(WheelHit(1, (amount, 0.0, 0.0), place, 1.0), place)]

    monkeypatch.setattr("alpasim.world.world.wheel_pushes", endless)
    box = car("box", place[0], place[1], extent=(0.3, 0.3, 0.3), mass_kg=1.0)
    with (
        Drive(
            scenario(vehicle_=vehicle("rigid_truck"), pose=AWAY, speed=1.0, actors=[box], parts=ROADS[road])
        ) as drive,
        pytest.raises(PhysicsDiverged, match=r"^(ego|box): "),
    ):
        drive.run(0.5)
