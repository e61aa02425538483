"""Things about as high as the ego's ground clearance: nobody drives through them as if they were not there."""

from __future__ import annotations

import pytest
from proving_ground import Drive, car, scenario, vehicle

from alpasim.types import Control

COAST = Control(0.0, 0.0)


@pytest.mark.parametrize("name", ["sedan", "suv", "city_bus", "motorcycle"])
@pytest.mark.parametrize("speed", [2.0, 10.0, 20.0, 40.0])
@pytest.mark.parametrize("above", [-0.01, 0.002, 0.01, 0.03, 0.06])
def test_a_beam_across_the_way_is_met_whether_a_little_lower_or_higher_than_the_clearance(
    name: str, speed: float, above: float
) -> None:
    """The beam is wider than any vehicle and higher than the ground, so that either body or wheels must meet it."""
    model = vehicle(name)
    height = model.ground_clearance_m + above
    for phase in (0.0, 0.37):
        place = 0.5 * model.length_m + 3.0 + phase
        beam = car("beam", place, extent=(0.6, 3.0, height), mass_kg=20.0, friction=0.7, restitution=0.1)
        with Drive(scenario(vehicle_=model, speed=speed, actors=[beam])) as drive:
            for _ in range(int(60.0 / speed) + 6):
                drive.step(COAST)
            assert drive.contacts
            assert drive.state.struck[1]
            assert drive.state.velocity[0, 0] < speed
            assert drive.state.position[0, 2] < 3.0 * model.height_m


@pytest.mark.parametrize("name", ["sedan", "city_bus", "motorcycle"])
@pytest.mark.parametrize("speed", [2.0, 10.0, 20.0, 40.0])
@pytest.mark.parametrize("above", [0.002, 0.01, 0.02, 0.03, 0.05])
def test_a_narrow_thing_between_the_wheels_is_struck_by_the_lower_edge(name: str, speed: float, above: float) -> None:
    """Whatever the phase of the substep in which it is met: it is struck from behind, and driven along."""
    model = vehicle(name)
    height = model.ground_clearance_m + above
    for phase in (0.0, 0.037, 0.11, 0.37):
        thing = car(
            "thing", 0.5 * model.length_m + 3.0 + phase, extent=(0.3, 0.2, height), mass_kg=5.0, restitution=0.1
        )
        with Drive(scenario(vehicle_=model, speed=speed, actors=[thing])) as drive:
            while not drive.contacts and drive.state.position[0, 0] < 20.0:
                drive.step(COAST)
            assert drive.contacts, (phase, height)
            _, contact = drive.contacts[0]
            assert contact.first_part in {"front", "under"}
            assert contact.closing_speed_mps == pytest.approx(speed, rel=0.2)
            assert contact.impulse_ns > 0.2 * 5.0 * speed
            assert drive.state.struck[1]
            assert float(contact.second_delta_v[0]) > 0.1 * speed


@pytest.mark.parametrize("name", ["sedan", "city_bus"])
@pytest.mark.parametrize("speed", [2.0, 10.0, 40.0])
@pytest.mark.parametrize("below", [0.004, 0.01, 0.03])
def test_a_narrow_thing_between_the_wheels_that_is_lower_passes(name: str, speed: float, below: float) -> None:
    model = vehicle(name)
    thing = car("thing", 8.0, extent=(0.3, 0.2, model.ground_clearance_m - below), mass_kg=5.0)
    with Drive(scenario(vehicle_=model, speed=speed, actors=[thing])) as drive:
        while drive.state.position[0, 0] < 16.0:
            drive.step(Control(0.0, 0.03))
        assert not drive.contacts
        assert not drive.state.struck[1]


@pytest.mark.parametrize("aside", [-0.6, 0.0, 0.3, 0.65])
def test_the_lower_edge_strikes_as_hard_as_two_bodies_in_the_plane(aside: float) -> None:
    """(1 + e) v / (1/m + 1/M + arms) with the arms of the height at which they meet, and of the offset to the side."""
    model = vehicle("sedan", restitution=1.0)
    height = model.ground_clearance_m + 0.01
    thing = car("thing", 8.0, aside, extent=(0.3, 0.2, height), mass_kg=5.0, restitution=0.1)
    scene = scenario(vehicle_=model, speed=10.0, friction=0.0, actors=[thing], dt_us=5000, substeps=1)
    with Drive(scene) as drive:
        while not drive.contacts:
            drive.step(COAST)
        _, contact = drive.contacts[0]
    level = model.ground_clearance_m + 0.005
    under, above = model.centre_of_mass_height_m - level, level - 0.5 * height
    expected = 1.0 / model.mass_kg + under**2 / model.pitch_inertia_kgm2 + aside**2 / model.yaw_inertia_kgm2
    expected += 1.0 / 5.0 + above**2 / (5.0 / 12.0 * (0.3**2 + height**2))
    assert contact.impulse_ns == pytest.approx(1.1 * contact.closing_speed_mps / expected, rel=0.02)


def test_what_never_moves_and_is_a_little_higher_stops_the_ego() -> None:
    model = vehicle("sedan", restitution=0.0)
    block = car("block", 8.0, extent=(0.4, 0.3, model.ground_clearance_m + 0.01), mass_kg=float("inf"), restitution=0.0)
    with Drive(scenario(vehicle_=model, speed=10.0, actors=[block])) as drive:
        drive.run(1.5, COAST)
        assert drive.contacts[0][1].first_delta_v[0] < -4.0
        assert drive.state.position[0, 0] < 8.0
