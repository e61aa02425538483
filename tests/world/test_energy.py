"""No vehicle gains energy from any ground, and one whose box stands in a hole stands still."""

from __future__ import annotations

import numpy as np
import pytest
from energy_checks import axle_energy, gained
from ground_checks import STAND
from proving_ground import Drive, scenario, vehicle

from alpasim.road.unlevel import Raised
from alpasim.types import EGO
from alpasim.vehicle.chassis import chassis, packed
from alpasim.vehicle.wheels import bar_force, spring_force

NAMES = ("motorcycle", "bicycle", "sedan", "rigid_truck")
GROUNDS = ("off a 0.3 m edge", "up a 0.12 m kerb", "a 0.3 m pothole")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_no_ground_gives_energy(name: str, ground: str) -> None:
    assert gained(name, ground, 2, seconds=4.0) < BOUND


def test_a_bicycle_against_an_edge_gains_less_the_shorter_the_substep() -> None:
    """Rolls in which it had gained up to 60 %, pushed off the edge by a face that was not there."""
    long, short = (gained("bicycle", "against a 0.3 m edge", 6, seconds=2.5, dt_us=dt_us) for dt_us in (10_000, 2_500))
    assert long < 2.0 * BOUND
    assert short < 0.5 * BOUND


BOUND = 0.05
"""Share of the energy at hand that a substep of 10 ms may misjudge (`benchmarks/energy_checks.py`)."""


@pytest.mark.parametrize("name", ["sedan", "rigid_truck", "motorcycle"])
def test_springs_and_bars_give_back_what_they_took(name: str) -> None:
    """Loads of an axle are the slopes of its energy, wheels that hang and bump stops included."""
    body, rng = chassis(vehicle(name)), np.random.default_rng(5)
    numbers, far = packed(body), 1e-7
    for left in (0, 2):
        reach = float(body.static_load[left] / body.spring[left])
        for one, other in rng.uniform(-2.5 * reach, 0.08, size=(60, 2)):
            load = spring_force(numbers, left, one, 0.0, bar_force(numbers, left, one, other), 1.0)
            slope = axle_energy(body, left, (one + far, other)) - axle_energy(body, left, (one - far, other))
            assert load == pytest.approx(slope / (2.0 * far), abs=1e-3 * body.static_load[left])


@pytest.mark.parametrize("hole", [(0.5, 2.0, 0.2, 1.5), (-2.2, -0.5, 0.2, 1.6), (0.9, 1.9, -1.5, -0.2)])
def test_a_braked_car_stands_with_a_corner_of_its_box_on_the_ground(hole: tuple[float, float, float, float]) -> None:
    x0, x1, y0, y1 = hole
    deep = Raised(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), -0.3)
    with Drive(scenario(vehicle_=vehicle("sedan"), parts=[deep], pose=(0.0, 0.0, 0.1))) as drive:
        drive.run(6.0, STAND)
        place = drive.state.position[EGO].copy()
        drive.run(4.0, STAND)
        assert min(drive.state.ego.wheel_load) == 0.0, "a wheel hangs in the hole"
        assert np.abs(drive.state.position[EGO] - place).max() < 1e-4
