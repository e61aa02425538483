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
