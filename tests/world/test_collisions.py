"""Who gets hit, how hard, and what is left alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from proving_ground import Drive, car, scenario, straight_on, vehicle
from vehicle_checks import PHASES, RESTITUTIONS, impact

from alpasim.road.network import SurfacePatch
from alpasim.scenario.concrete import Scenario, Track
from alpasim.types import EGO, Control, Motion

COAST = Control(0.0, 0.0)
RECORDING = Track(np.array([0, 100_000]), np.zeros((2, 3)), np.zeros(2))


@pytest.mark.parametrize("restitution", RESTITUTIONS)
def test_a_standing_car_of_equal_mass_gains_half_of_one_plus_e_times_the_speed(restitution: float) -> None:
    for phase in range(PHASES):
        before, after, _ = impact(restitution, phase)
        expected = 0.5 * (1.0 + restitution) * before.velocity[EGO, 0]
        assert after.velocity[1, 0] == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("across", [0.0, 0.6, 1.2])
def test_a_collision_keeps_momentum_and_its_impulse_is_what_the_other_body_gained(across: float) -> None:
    before, after, contacts = impact(0.1, 4, across)
    change = 1500.0 * (after.velocity - before.velocity)[:, :2]
    assert np.abs(change.sum(axis=0)).max() < 0.01 * 1500.0 * before.velocity[EGO, 0]
    (contact,) = contacts
    assert (contact.first, contact.second) == (EGO, 1)
    assert contact.impulse_ns * -contact.normal[0] == pytest.approx(change[1, 0], rel=0.02)


def test_a_contact_says_where_how_and_when() -> None:
    before, _, (contact,) = impact(0.1, 4)
    assert contact.normal == pytest.approx([-1.0, 0.0, 0.0], abs=1e-3)
    rear_of_target = 0.5 * (4.508 + 4.5) + 3.0 + 4 * before.velocity[EGO, 0] * 0.01 / PHASES - 2.25
    assert contact.point[0] == pytest.approx(rear_of_target, abs=0.15)
    assert abs(contact.point[1]) < 0.91
    assert contact.closing_speed_mps == pytest.approx(before.velocity[EGO, 0], rel=1e-2)
    gap = rear_of_target - (before.position[EGO, 0] + 2.254)
    assert contact.substep == pytest.approx(gap / before.velocity[EGO, 0] / 0.01, abs=1.5)


def test_a_moving_actor_is_hit_with_the_velocity_of_its_behaviour() -> None:
    oncoming = car("oncoming", 30.0, yaw=math.pi, speed=10.0, mass_kg=1093.3, restitution=0.0)
    with Drive(scenario(speed=10.0, friction=0.001, actors=[oncoming])) as drive:
        drive.run(2.0)
        _, contact = drive.contacts[0]
        assert contact.closing_speed_mps == pytest.approx(20.0, rel=0.01)
        assert np.abs(drive.state.velocity[:, 0]).max() < 0.2


def test_passing_closely_touches_nobody_and_moves_nobody() -> None:
    beside = 0.5 * (1.61 + 1.8) + 0.04
    actors = [car("parked", 30.0, beside), car("oncoming", 90.0, -beside, yaw=math.pi, speed=25.0)]
    with Drive(scenario(speed=25.0, actors=actors)) as drive:
        for _ in range(40):
            state = drive.step(COAST)
            wanted = straight_on(drive.scene, state.time_s)
            assert np.allclose(state.position[1:], wanted.position[1:], rtol=0.0, atol=1e-9)
            assert np.array_equal(state.velocity[1:], wanted.velocity[1:])
        assert not drive.contacts
        assert not state.struck.any()
        assert state.position[EGO, 1] == pytest.approx(0.0, abs=1e-9)


def test_two_guided_actors_that_collide_both_obey_physics_from_then_on() -> None:
    actors = [car("south", 100.0, -30.0, math.pi / 2, 10.0), car("west", 70.0, 0.0, 0.0, 10.0)]
    with Drive(scenario(actors=actors)) as drive:
        drive.run(3.5)
        (step, contact), *_ = drive.contacts
        assert (contact.first, contact.second) == (1, 2)
        assert 2.5 < step * 0.1 < 3.0
        assert drive.state.struck.tolist() == [False, True, True]
        drive.run(5.0)
        assert np.abs(drive.state.velocity[1:]).max() < 0.01
        assert np.allclose(drive.state.position[1:, 2], 0.75, atol=0.01)


def test_momentum_of_two_guided_actors_is_that_of_their_behaviours() -> None:
    actors = [car("behind", 100.0, 0.0, 0.0, 20.0, mass_kg=2000.0), car("ahead", 125.0, 0.3, 0.0, 5.0, mass_kg=1000.0)]
    with Drive(scenario(friction=0.001, actors=actors)) as drive:
        while not drive.contacts:
            drive.step(COAST)
        velocity = drive.state.velocity
        assert 2000.0 * velocity[1, 0] + 1000.0 * velocity[2, 0] == pytest.approx(45_000.0, rel=0.01)
        assert velocity[2, 0] - velocity[1, 0] == pytest.approx(0.32**2 * 15.0, abs=0.4)


def test_a_struck_actor_pushes_the_next_one() -> None:
    row = [car(f"car{i}", 12.0 + 5.0 * i) for i in range(4)]
    with Drive(scenario(vehicle_=vehicle("suv"), speed=30.0, friction=0.2, actors=row)) as drive:
        drive.run(3.0, Control(0.0, -1.0))
        assert drive.state.struck[1:].all()
        gaps = np.diff(np.sort(drive.state.position[:, 0]))
        assert gaps.min() > 4.4


@pytest.mark.parametrize("speed", [5.0, 15.0])
def test_a_struck_car_slides_on_its_body_friction(speed: float) -> None:
    actors = [car("behind", 50.0, 0.0, 0.0, speed, mass_kg=1500.0), car("standing", 60.0, 0.0, 0.0, 0.0)]
    with Drive(scenario(friction=0.8, actors=actors)) as drive:
        while not drive.contacts:
            drive.step(COAST)
        start, gained = float(drive.state.position[2, 0]), float(drive.state.velocity[2, 0])
        drive.run(4.0)
        slid = float(drive.state.position[2, 0]) - start
        assert slid == pytest.approx(gained**2 / (2.0 * 0.7 * 0.8 * 9.81), rel=0.07)


def test_a_fixed_body_stops_the_ego_and_stays() -> None:
    wall = car("wall", 15.0, extent=(1.0, 20.0, 2.0), mass_kg=math.inf, restitution=0.0)
    with Drive(scenario(speed=10.0, actors=[wall])) as drive:
        drive.run(3.0)
        assert drive.contacts[0][1].second == 1
        assert not drive.state.struck.any()
        assert drive.state.position[1].tolist() == [15.0, 0.0, 1.0]
        assert drive.state.position[EGO, 0] < 14.5 - 2.254 + 0.05


def test_what_is_lower_than_the_ground_clearance_is_driven_over() -> None:
    plank = car("plank", 15.0, extent=(2.0, 0.3, 0.08), mass_kg=10.0)
    with Drive(scenario(speed=10.0, actors=[plank])) as drive:
        drive.run(3.0)
        assert not drive.contacts
        assert not drive.state.struck.any()


def test_recorded_actors_whose_boxes_overlap_follow_their_recordings() -> None:
    actors = [
        car("behind", 100.0, 0.0, 0.0, 12.0, track=RECORDING),
        car("ahead", 108.0, 1.2, 0.0, 10.0, track=RECORDING),
    ]
    with Drive(scenario(actors=actors)) as drive:
        drive.run(4.0)
        assert not drive.contacts
        assert np.allclose(drive.state.position[1:], straight_on(drive.scene, 4.0).position[1:], rtol=0.0, atol=1e-9)


def test_a_recorded_actor_is_struck_by_the_ego_all_the_same_and_then_strikes_others() -> None:
    actors = [car("first", 20.0, track=RECORDING), car("second", 26.0, track=RECORDING)]
    with Drive(scenario(speed=25.0, actors=actors)) as drive:
        drive.run(2.0)
        assert drive.state.struck.tolist() == [False, True, True]


def test_actors_that_overlap_from_the_start_part_in_peace_and_may_collide_later() -> None:
    def apart_and_back(scene: Scenario, time_s: float) -> Motion:
        motion = straight_on(scene, time_s)
        speed = 4.0 if time_s <= 3.0 else -4.0
        motion.position[2, 0] = 103.0 + (4.0 * time_s if time_s <= 3.0 else 12.0 - 4.0 * (time_s - 3.0))
        motion.velocity[2, 0] = speed
        return motion

    with Drive(scenario(actors=[car("stays", 100.0), car("goes", 103.0)]), apart_and_back) as drive:
        drive.run(3.0)
        assert not drive.contacts
        drive.run(3.0)
        assert drive.contacts
        assert drive.state.struck[1:].all()


def appearing(from_s: float, until_s: float = math.inf) -> object:
    def motion_at(scene: Scenario, time_s: float) -> Motion:
        motion = straight_on(scene, time_s)
        motion.present[1] = from_s - 1e-9 <= time_s < until_s - 1e-9
        return motion

    return motion_at


def test_an_actor_that_appears_on_top_of_the_ego_is_pushed_aside_without_an_explosion() -> None:
    with Drive(scenario(speed=0.0, actors=[car("ghost", 1.5, 0.4, 0.3)]), appearing(0.5)) as drive:
        speeds = []
        for _ in range(40):
            state = drive.step(COAST)
            assert bool(state.present[1]) == (state.step >= 5)
            speeds.append(np.abs(state.velocity).max())
        assert drive.contacts
        assert max(speeds) < 3.0
        assert np.abs(state.position[:, :2]).max() < 6.0


def test_an_absent_actor_is_driven_through_and_one_that_left_is_gone() -> None:
    with Drive(scenario(speed=20.0, actors=[car("later", 20.0)]), appearing(2.0, 3.0)) as drive:
        drive.run(1.9)
        assert not drive.state.present[1]
        assert drive.state.position[1].tolist() == [0.0, 0.0, 0.0]
        drive.run(0.1)
        assert drive.state.present[1]
        drive.run(1.0)
        assert not drive.state.present[1]
        assert not drive.contacts


def test_a_struck_actor_stays_when_its_behaviour_leaves() -> None:
    with Drive(scenario(speed=20.0, actors=[car("target", 15.0)]), appearing(0.0, 1.0)) as drive:
        drive.run(3.0)
        assert drive.state.struck[1]
        assert drive.state.present[1]
        assert drive.state.position[1, 0] > 16.0


def test_a_struck_pedestrian_is_thrown_and_comes_to_rest_on_the_ground() -> None:
    walker = car("walker", 20.0, 0.2, extent=(0.5, 0.5, 1.75), mass_kg=75.0, friction=0.6, restitution=0.1)
    with Drive(scenario(speed=12.0, actors=[walker])) as drive:
        drive.run(1.6)
        drive.run(7.0, Control(0.0, -0.8))
        assert drive.state.struck[1]
        assert drive.contacts[0][1].impulse_ns < 75.0 * 12.0 * 1.5
        assert np.abs(drive.state.velocity[1]).max() < 0.02
        assert 0.2 < drive.state.position[1, 2] < 0.95
        assert drive.state.position[1, 0] > 22.0


def test_a_struck_car_slides_further_on_ice() -> None:
    corners = np.array([[8.0, -50.0], [400.0, -50.0], [400.0, 50.0], [8.0, 50.0]])
    rests = []
    for surfaces in ((), (SurfacePatch(corners, 0.2, "ice"),)):
        with Drive(scenario(speed=15.0, friction=0.8, actors=[car("target", 10.0)], surfaces=surfaces)) as drive:
            drive.run(0.5)
            drive.run(14.0, Control(0.0, -1.0))
            assert abs(drive.state.velocity[1, 0]) < 0.01
            rests.append(float(drive.state.position[1, 0]))
    assert rests[1] - 10.0 > 2.5 * (rests[0] - 10.0)


def test_far_from_the_origin_a_crash_is_the_same_crash() -> None:
    ends = []
    for x, y in ((0.0, 0.0), (4.1e6, -5.3e6)):
        with Drive(scenario(speed=15.0, pose=(x, y, 0.0), actors=[car("target", x + 20.0, y + 0.5)])) as drive:
            drive.run(3.0)
            assert drive.state.struck[1]
            ends.append(drive.state.position - [x, y, 0.0])
    assert np.allclose(ends[0], ends[1], rtol=0.0, atol=0.02)
