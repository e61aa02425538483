"""Buses, trucks and two-wheelers: stops and bends against closed forms, and what tips over and what does not."""

from __future__ import annotations

import math

import pytest
from proving_ground import Drive, scenario, vehicle
from vehicle_checks import braking, coasting, cornering, energies

from alpasim.types import Control, WorldState

NAMES = ("city_bus", "rigid_truck", "motorcycle", "bicycle")
TWO_WHEELERS = ("motorcycle", "bicycle")


def tilt_deg(state: WorldState) -> float:
    x, y, _, _ = state.rotation[0]
    return math.degrees(math.acos(min(1.0, 1.0 - 2.0 * (x * x + y * y))))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("friction", [0.1, 0.5, 1.0])
def test_they_stop_in_the_distance_of_the_closed_form(name: str, friction: float) -> None:
    check = braking(vehicle(name), 8.0, friction)
    assert check.measured == pytest.approx(check.expected, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_they_roll_out_and_corner_by_the_closed_forms(name: str) -> None:
    out, bend = coasting(vehicle(name), 6.0), cornering(vehicle(name), 7.0, 1.5)
    assert out.measured == pytest.approx(out.expected, rel=0.05)
    assert bend.measured == pytest.approx(bend.expected, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_their_energy_never_grows_without_drive(name: str) -> None:
    found = energies(vehicle(name), 8.0, -0.2, 0.9)
    assert (found[1:] - found[:-1]).max() <= 1e-9 * found[0]


@pytest.mark.parametrize("name", TWO_WHEELERS)
def test_a_two_wheeler_slides_at_its_grip_but_does_not_fall_over_and_then_stands_still(name: str) -> None:
    with Drive(scenario(vehicle_=vehicle(name), speed=8.0, friction=0.9)) as drive:
        for k in range(30):
            state = drive.step(Control(0.8 if k < 15 else -0.8, 0.0))
            assert tilt_deg(state) < 3.0
        drive.run(6.0, Control(0.0, -1.0))
        assert abs(drive.state.velocity[0]).max() < 1e-5
        assert abs(drive.state.angular_velocity[0]).max() < 1e-4


def test_a_tall_truck_tips_in_a_bend_that_its_tyres_would_hold_and_a_car_does_not() -> None:
    tilts = {}
    for name in ("rigid_truck", "sedan"):
        with Drive(scenario(vehicle_=vehicle(name), speed=13.0, friction=1.0)) as drive:
            tilts[name] = max(tilt_deg(drive.step(Control(0.55, 0.0))) for _ in range(40))
    assert tilts["rigid_truck"] > 60.0
    assert tilts["sedan"] < 10.0


def test_a_truck_on_ice_slides_instead_of_tipping() -> None:
    with Drive(scenario(vehicle_=vehicle("rigid_truck"), speed=13.0, friction=0.3)) as drive:
        assert max(tilt_deg(drive.step(Control(0.55, 0.0))) for _ in range(40)) < 5.0
