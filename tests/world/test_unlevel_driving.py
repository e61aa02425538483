"""The ego on slopes, bumps, kerbs and soft ground, against closed forms and what energy allows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ground_checks import (
    COAST,
    STAND,
    climbing,
    crossing,
    kerb,
    mechanical_energy,
    raised,
    reversing_circle,
    rolled,
    slope,
    soft_ground,
    split_braking,
    standing,
    trip_speed,
    tripped,
)
from proving_ground import Drive, car, scenario, vehicle

from alpasim.road.unlevel import Bump
from alpasim.types import EGO, Control

SEDAN = vehicle("sedan")
VEHICLES = ("sedan", "suv", "van", "city_bus", "rigid_truck", "motorcycle", "bicycle")


@pytest.mark.parametrize(("grade", "cross"), [(0.2, 0.0), (0.0, 0.1), (0.2, 0.1), (-0.2, -0.1)])
def test_a_braked_sedan_stands_on_a_hill_within_a_millimetre_a_minute(grade: float, cross: float) -> None:
    moved, fastest = standing(grade, cross)
    assert moved < 1e-3
    assert fastest < 1e-6, "no jitter either"


@pytest.mark.parametrize("name", VEHICLES)
def test_every_vehicle_comes_to_rest_on_a_hill(name: str) -> None:
    with Drive(scenario(vehicle_=vehicle(name), parts=slope(0.1, 0.05), pose=(0.0, 0.0, 0.7))) as drive:
        drive.run(20.0, STAND)
        place = drive.state.position[EGO].copy()
        drive.run(20.0, STAND)
        assert np.abs(drive.state.position[EGO] - place).max() < 1e-4


@pytest.mark.parametrize(("grade", "friction"), [(0.2, 0.1), (0.3, 0.2)])
def test_on_ice_it_slides_as_weight_and_friction_say(grade: float, friction: float) -> None:
    angle = math.atan(grade)
    expected = -9.81 * (math.sin(angle) - friction * math.cos(angle)) * 5.0
    assert rolled(grade, STAND, friction) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("grade", [0.05, -0.1])
def test_without_brakes_it_rolls_downhill(grade: float) -> None:
    pull = 9.81 * (math.sin(math.atan(abs(grade))) - SEDAN.rolling_resistance)
    assert rolled(grade, COAST, 0.9) == pytest.approx(-math.copysign(pull * 5.0, grade), rel=0.01)


def test_rolling_resistance_alone_holds_on_less_than_itself() -> None:
    assert abs(rolled(0.5 * SEDAN.rolling_resistance, COAST, 0.9, 30.0)) < 1e-6


def test_full_power_climbs_as_fast_as_the_balance_of_power_says() -> None:
    check = climbing(SEDAN, 0.12)
    assert check.measured == pytest.approx(check.expected, rel=0.02)


@pytest.mark.parametrize("name", VEHICLES)
@pytest.mark.parametrize("yaw", [0.0, 2.0])
def test_it_starts_at_rest_in_its_springs(name: str, yaw: float) -> None:
    """Front wheels steered as the slope needs would be more at rest still; so the brakes hold from the start here."""
    quick = vehicle(name, brake_lag_s=0.0)
    scene = scenario(vehicle_=quick, parts=slope(0.15, 0.05), pose=(3.0, -1.0, yaw), dt_us=10_000, substeps=1)
    with Drive(scene) as drive:
        start = drive.state
        assert start.position[EGO, :2] == pytest.approx([3.0, -1.0], abs=1e-9)
        found = [drive.step(STAND) for _ in range(100)]
        loads = np.array([state.ego.wheel_load for state in found])
        assert np.abs(loads[0] - loads[-1]).max() < 0.02 * loads.sum(axis=1).mean()
        assert max(np.abs(state.position[EGO] - start.position[EGO]).max() for state in found) < 5e-3
        # Springs stand square to the slope: together they carry the weight's share along it.
        steep = 1.0 / math.sqrt(1.0 + 0.15**2 + 0.05**2)
        assert loads[-1].sum() == pytest.approx(quick.mass_kg * 9.81 * steep, rel=0.01)


def test_load_moves_downhill_as_the_height_of_the_centre_of_mass_says() -> None:
    with Drive(scenario(parts=slope(0.2))) as drive:
        load = drive.run(5.0, STAND).ego.wheel_load
    angle = math.atan(0.2)
    weight = SEDAN.mass_kg * 9.81
    ahead = SEDAN.front_axle_x_m - SEDAN.centre_of_mass_x_m
    rear = weight * (ahead * math.cos(angle) + SEDAN.centre_of_mass_height_m * math.sin(angle)) / SEDAN.wheelbase_m
    assert load[2:].sum() == pytest.approx(rear, rel=0.01)


@pytest.mark.parametrize("speed", [2.0, 5.0, 10.0, 15.0, 20.0])
def test_a_kerb_never_gives_energy_and_takes_a_little_speed(speed: float) -> None:
    gained, least, most = kerb(speed)
    assert gained < 0.0
    assert kerb(speed, there_and_down=True)[0] < gained, "coming down again costs some more"
    assert most < speed
    if speed >= 10.0:
        assert least > speed - 1.0


@pytest.mark.parametrize("speed", [3.0, 12.0, 30.0])
@pytest.mark.parametrize("height", [-0.08, 0.03])
def test_holes_and_sills_cost_energy(speed: float, height: float) -> None:
    gained, left = crossing(speed, [raised(height, 10.0, 10.8)])
    assert gained < 0.0
    assert 0.0 < left < speed


def test_a_long_bump_at_walking_pace_costs_next_to_nothing() -> None:
    gained, left = crossing(2.0, [Bump(10.0, 0.0, 0.0, 4.0, 0.1, 50.0, 50.0)])
    assert -0.02 * 0.5 * SEDAN.mass_kg * 4.0 < gained < 0.0
    assert left == pytest.approx(2.0, rel=0.01)


def test_driving_onto_a_sidewalk_lifts_the_car_by_its_height() -> None:
    with Drive(scenario(speed=8.0, parts=[raised(0.12, 5.0, 300.0)])) as drive:
        state = drive.run(4.0, COAST)
        assert state.position[EGO, 2] == pytest.approx(0.82, abs=1e-3)
        assert state.ego.wheel_load.sum() == pytest.approx(SEDAN.mass_kg * 9.81, rel=0.01)


def test_a_kerb_at_the_side_holds_a_slow_car_and_tips_a_fast_one() -> None:
    limit = trip_speed(SEDAN)
    assert not tripped(0.7 * limit)
    assert tripped(1.4 * limit)


def test_sliding_into_a_kerb_gives_no_energy() -> None:
    scene = scenario(parts=[raised(0.15, -100.0, 100.0, side=50.0)], pose=(0.0, -51.2, 0.0), friction=0.3, dt_us=10_000)
    with Drive(scene) as drive:
        ego = drive.world._ego
        position, rotation, _, _ = ego.body_state()
        ego._engine.place(ego.body, position, rotation, (0.0, 3.0, 0.0), (0.0, 0.0, 0.0))
        before = mechanical_energy(SEDAN, drive.state) + 0.5 * SEDAN.mass_kg * 9.0
        found = [mechanical_energy(SEDAN, drive.step(STAND)) for _ in range(100)]
        assert max(found) < before
        side = drive.state.position[EGO, 1] + 0.5 * SEDAN.track_width_m
        assert side < -50.0, "its wheels stay below"


@pytest.mark.parametrize("terrain", ["sand", "gravel", "snow"])
def test_soft_ground_slows_as_its_rolling_resistance_says(terrain: str) -> None:
    check = soft_ground(terrain)
    assert check.measured == pytest.approx(check.expected, rel=0.15)


def test_split_friction_turns_the_braking_car_by_half_the_track() -> None:
    check = split_braking()
    assert check.measured == pytest.approx(check.expected, rel=0.12)


@pytest.mark.parametrize("steer", [0.5, -0.5])
def test_reversing_turns_the_other_way(steer: float) -> None:
    check = reversing_circle(steer)
    assert check.measured == pytest.approx(check.expected, rel=0.02)
    assert check.measured * steer < 0.0


def test_the_gear_engages_only_once_it_is_slow() -> None:
    with Drive(scenario(speed=10.0)) as drive:
        seen = []
        for _ in range(60):
            state = drive.step(Control(0.0, 0.4, reverse=True))
            seen.append((state.ego.speed_mps, state.ego.reverse))
        engaged = next(k for k, (_, reverse) in enumerate(seen) if reverse)
        assert all(speed > 0.5 for speed, _ in seen[: engaged - 1])
        assert abs(seen[engaged][0]) < 0.6
        drive.run(60.0, Control(0.0, 1.0, reverse=True))
        assert drive.state.ego.speed_mps == pytest.approx(-SEDAN.max_reverse_speed_mps, rel=0.02)
        assert drive.run(4.0, STAND).ego.speed_mps == pytest.approx(0.0, abs=1e-6)


def test_a_block_under_one_wheel_lifts_it_and_counts_as_a_contact_of_the_wheel() -> None:
    block = car("block", 12.0, 0.6875, extent=(0.4, 0.4, 0.1), mass_kg=math.inf)
    with Drive(scenario(speed=8.0, actors=[block])) as drive:
        drive.run(0.5)
        highest, before = 0.0, float(drive.state.position[EGO, 2])
        while drive.state.position[EGO, 0] < 16.0:
            highest = max(highest, float(drive.step(COAST).position[EGO, 2]) - before)
        assert {contact.first_part for _, contact in drive.contacts} == {"wheel"}
        assert {contact.second for _, contact in drive.contacts} == {1}
        assert all(abs(contact.point[1] - 0.6875) < 0.2 for _, contact in drive.contacts)
        assert 0.01 < highest < 0.05
        assert 6.0 < drive.state.ego.speed_mps < 8.0


@pytest.mark.parametrize("at", [3, 9, 14, 22])
def test_a_drive_over_unlevel_ground_is_gone_on_from_to_the_bit(at: int) -> None:
    parts = [*slope(0.06, 0.03), Bump(12.0, 0.0, 0.0, 3.0, 0.08, 50.0, 50.0), raised(0.1, 18.0, 30.0)]
    block = car("block", 8.0, 0.6875, extent=(0.4, 0.4, 0.1), mass_kg=20.0)
    scene = scenario(speed=9.0, parts=parts, actors=[block], friction=0.8)

    def control(step: int) -> Control:
        return Control(0.1, 0.5) if step < 12 else Control(-0.1, 0.8, reverse=True)

    with Drive(scene) as drive, Drive(scene) as fresh:
        for step in range(at):
            drive.step(control(step))
        state, memory = drive.state, drive.world.save()
        found = []
        for one in (drive, fresh, drive):
            one.world.load(scene, state, memory)
            one.state = state
            found.append([one.step(control(at + k)) for k in range(25)])
        for other in found[1:]:
            for first, second in zip(found[0], other, strict=True):
                assert first.position.tobytes() == second.position.tobytes()
                assert first.rotation.tobytes() == second.rotation.tobytes()
                assert first.ego.wheel_load.tobytes() == second.ego.wheel_load.tobytes()


def test_ground_left_behind_leaves_nothing_in_the_wheels() -> None:
    """A level road after a block: the loads are those of a drive that never met one, and nothing rolls harder."""
    block = car("block", 8.0, 0.6875, extent=(0.4, 0.4, 0.1), mass_kg=math.inf)
    with Drive(scenario(speed=10.0, actors=[block])) as drive:
        drive.run(6.0, COAST)
        load, before = drive.state.ego.wheel_load, drive.state.ego.speed_mps
        lost = before - drive.run(1.0, COAST).ego.speed_mps
    assert load.sum() == pytest.approx(SEDAN.mass_kg * 9.81, rel=1e-3)
    air = 0.5 * 1.225 * SEDAN.drag_area_m2 * before**2 / SEDAN.mass_kg
    assert lost == pytest.approx(SEDAN.rolling_resistance * 9.81 + air, rel=0.02)
