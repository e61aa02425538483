"""Loose things that wheels meet: what is high against the wheel is struck and pushed ahead, what is low is rolled over, and neither
takes more from the vehicle than a thing of its mass, held by friction alone, can take."""

from __future__ import annotations

import math

import numpy as np
import pytest
from adverse_checks import Watched
from proving_ground import Drive, car, scenario, vehicle

from alpasim.scenario.concrete import ActorSpec
from alpasim.types import EGO, Control, VehicleParameters

COAST = Control(0.0, 0.0)
HIGH = {"rigid_truck": 0.3, "city_bus": 0.25, "suv": 0.17, "van": 0.16}
"""Heights below the ground clearance that are too high for the wheels."""


def before_a_wheel(model: VehicleParameters, height: float, mass_kg: float, **changes: float) -> ActorSpec:
    """A box whose middle lies before the left wheels."""
    place = 0.5 * model.length_m + 3.0
    return car("box", place, 0.5 * model.track_width_m, extent=(0.3, 0.3, height), mass_kg=mass_kg, **changes)


@pytest.mark.parametrize("name", HIGH)
@pytest.mark.parametrize("mass_kg", [0.5, 20.0, 300.0])
@pytest.mark.parametrize("speed", [3.0, 15.0, 35.0])
def test_wheel_and_thing_keep_their_common_momentum_where_nothing_rubs(name: str, mass_kg: float, speed: float) -> None:
    """The impulse is that of two free bodies that meet at the height of the hub, and at the side of the wheel."""
    model = vehicle(name, drag_area_m2=0.0, rolling_resistance=0.0, restitution=0.0)
    box = before_a_wheel(model, HIGH[name], mass_kg, restitution=0.0)
    with Drive(scenario(vehicle_=model, speed=speed, friction=0.0, actors=[box], dt_us=10_000, substeps=1)) as drive:
        while not drive.contacts:
            drive.step(COAST)
        _, contact = drive.contacts[0]
        assert (contact.first_part, contact.second_part) == ("wheel", "rear")
        assert contact.closing_speed_mps == pytest.approx(speed, rel=0.01)
        aside = 0.5 * model.track_width_m
        arm = model.centre_of_mass_height_m - model.wheel_radius_m
        yields = 1.0 / mass_kg + 1.0 / model.mass_kg
        yields += aside**2 / model.yaw_inertia_kgm2 + arm**2 / model.pitch_inertia_kgm2
        assert contact.impulse_ns == pytest.approx(speed / yields, rel=0.02)
        drive.run(1.0)
        state = drive.state
        _, _, (forward, _, _), _ = drive.world._ego.body_state()
        both = model.mass_kg * forward + mass_kg * state.velocity[1, 0]
        assert both == pytest.approx(model.mass_kg * speed, rel=1e-4)
        assert state.velocity[1, 0] > 0.8 * speed * model.mass_kg / (model.mass_kg + mass_kg)


@pytest.mark.parametrize("speed", [5.0, 15.0, 30.0])
def test_a_light_box_takes_next_to_nothing_from_a_truck(speed: float) -> None:
    """No more than its mass times the speed that it gets, and the friction of its weight under it."""
    model = vehicle("rigid_truck", mass_kg=18_000.0)
    ends = []
    for actors in ([], [before_a_wheel(model, 0.3, 0.5, friction=0.6)]):
        with Drive(scenario(vehicle_=model, speed=speed, actors=actors)) as drive:
            drive.run(2.0 + 5.0 / speed)
            ends.append(drive.state)
    lost = model.mass_kg * (ends[0].velocity[EGO, 0] - ends[1].velocity[EGO, 0])
    assert 0.0 < lost < 0.5 * (1.2 * speed + 0.6 * 9.81 * 3.0)
    assert ends[1].position[EGO, 2] == pytest.approx(ends[0].position[EGO, 2], abs=1e-3)
    assert ends[1].position[1, 0] > ends[1].position[EGO, 0], "it is ahead of the wheel"


def test_a_beam_before_both_wheels_is_pushed_straight_ahead() -> None:
    model = vehicle("suv", drag_area_m2=0.0, rolling_resistance=0.0)
    beam = car("beam", 6.0, extent=(0.3, 3.0, 0.17), mass_kg=40.0, restitution=0.0)
    with Drive(scenario(vehicle_=model, speed=10.0, friction=0.0, actors=[beam])) as drive:
        drive.run(1.5)
        assert drive.contacts[0][1].first_part == "wheel"
        assert drive.state.velocity[1] == pytest.approx([10.0 / (1.0 + 40.0 / model.mass_kg), 0.0, 0.0], abs=0.03)
        assert drive.state.yaw[1] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize(("friction", "stays"), [(0.9, True), (0.05, False)])
def test_what_is_rolled_over_on_a_dry_road_slides_ahead_on_ice(friction: float, stays: bool) -> None:
    model = vehicle("sedan")
    plank = car("plank", 6.0, extent=(0.2, 2.5, 0.05), mass_kg=8.0, friction=0.6)
    with Drive(scenario(vehicle_=model, speed=10.0, friction=friction, actors=[plank])) as drive:
        drive.run(1.5)
        assert (abs(drive.state.position[1, 0] - 6.0) < 0.05) == stays
        assert (drive.state.position[1, 0] > drive.state.position[EGO, 0]) != stays


@pytest.mark.parametrize("speed", [5.0, 15.0, 30.0])
@pytest.mark.parametrize("height", [0.05, 0.09, 0.12, 0.17])
def test_nobody_gains_energy_from_what_lies_about(speed: float, height: float) -> None:
    """Rolled over, or pushed ahead and met again and again; coasting straight, and in a bend."""
    model = vehicle("suv")
    for steer in (0.0, 0.05):
        box = car("box", 5.0, 0.7, 0.3, extent=(0.6, 0.4, height), mass_kg=5.0, friction=0.6)
        found = Watched(scenario(vehicle_=model, speed=speed, actors=[box]))
        found.run(14.0 / speed, Control(steer, 0.0))
        found.close()
        assert any(contact.first_part == "wheel" for _, contact in found.drive.contacts)
        assert found.gained_j < 1.0
        assert found.rose_m[EGO] < height
        assert np.linalg.norm(found.drive.state.velocity[1]) < 1.3 * speed


def test_what_is_held_between_a_wheel_and_a_wall_is_found_out_by_neither() -> None:
    """A truck pushes a box against a wall that never moves: the drive goes on, and nothing flies."""
    model = vehicle("rigid_truck")
    box = before_a_wheel(model, 0.3, 20.0, friction=0.6)
    wall = car("wall", box.pose[0] + 2.0, 2.6, extent=(0.4, 3.5, 1.0), mass_kg=math.inf)
    with Drive(scenario(vehicle_=model, pose=(0.0, -0.9, 0.0), speed=5.0, actors=[box, wall])) as drive:
        drive.run(4.0)
        assert np.isfinite(drive.state.velocity).all()
        assert np.abs(drive.state.velocity[:, :]).max() < 6.0
        assert np.abs(drive.state.position[:2, 2]).max() < 0.6 * model.height_m
