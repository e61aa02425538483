"""The ego on its own: what it does against closed forms, and what the world says of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from proving_ground import Drive, scenario, vehicle
from vehicle_checks import braking, cornering, energies, halving

from alpasim.road.network import SurfacePatch
from alpasim.types import EGO, Control, WorldState
from alpasim.vehicle.frames import rig_from_box

SEDAN = vehicle("sedan")
COAST = Control(0.0, 0.0)


@pytest.mark.parametrize("friction", [0.1, 0.3, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("speed", [10.0, 20.0, 30.0])
def test_emergency_braking_takes_the_distance_of_the_closed_form(speed: float, friction: float) -> None:
    check = braking(SEDAN, speed, friction)
    assert check.measured == pytest.approx(check.expected, rel=0.05)


@pytest.mark.parametrize("name", ["sedan", "small_car", "suv", "van"])
@pytest.mark.parametrize(("speed", "across"), [(5.0, 2.0), (10.0, 3.9), (20.0, 2.0), (30.0, 3.9)])
def test_steady_cornering_is_that_of_the_single_track_model(name: str, speed: float, across: float) -> None:
    check = cornering(vehicle(name), speed, across)
    assert check.measured == pytest.approx(check.expected, rel=0.05)


@pytest.mark.parametrize("speed", [0.0, 12.0, 20.0])
def test_half_the_substep_moves_a_ten_second_drive_by_less_than_five_centimetres(speed: float) -> None:
    assert halving(SEDAN, speed).measured < 0.05


@pytest.mark.parametrize("pedal", [0.0, -0.3])
@pytest.mark.parametrize("friction", [0.2, 0.9])
def test_energy_never_grows_without_drive(pedal: float, friction: float) -> None:
    found = energies(SEDAN, 20.0, pedal, friction)
    assert np.diff(found).max() <= 1e-9 * found[0]
    assert found[-1] < 0.95 * found[0]


def test_full_braking_uses_all_grip_on_every_wheel_and_keeps_steering() -> None:
    with Drive(scenario(speed=25.0, friction=0.5)) as drive:
        drive.run(1.0, Control(0.0, -1.0))
        ego = drive.state.ego
        drag = 0.5 * 1.225 * SEDAN.drag_area_m2 * ego.speed_mps**2 / SEDAN.mass_kg
        assert ego.acceleration_in_rig[0] == pytest.approx(-0.5 * 9.81 - drag, rel=0.01)
        assert ego.wheel_slipping.all()
        drive.run(1.0, Control(0.3, -1.0))
        assert drive.state.ego.yaw_rate_radps > 0.05


def test_the_brakes_give_no_more_than_their_largest_force() -> None:
    weak = vehicle("sedan", max_brake_force_n=4000.0, drag_area_m2=1e-9, rolling_resistance=0.0)
    with Drive(scenario(vehicle_=weak, speed=20.0, friction=1.0)) as drive:
        drive.run(1.0, Control(0.0, -1.0))
        assert drive.state.ego.acceleration_in_rig[0] == pytest.approx(-4000.0 / weak.mass_kg, rel=1e-3)
        assert not drive.state.ego.wheel_slipping.any()


def test_load_moves_forward_under_braking_and_outward_in_a_bend() -> None:
    with Drive(scenario(speed=20.0)) as drive:
        drive.run(1.5, Control(0.0, -0.4))
        load, slowing = drive.state.ego.wheel_load, -float(drive.state.ego.acceleration_in_rig[0])
    static = SEDAN.mass_kg * 9.81
    front = static * (SEDAN.centre_of_mass_x_m - SEDAN.rear_axle_x_m) / SEDAN.wheelbase_m
    moved = SEDAN.mass_kg * slowing * SEDAN.centre_of_mass_height_m / SEDAN.wheelbase_m
    assert load.sum() == pytest.approx(static, rel=0.01)
    assert load[:2].sum() - front == pytest.approx(moved, rel=0.05)
    with Drive(scenario(speed=15.0)) as drive:
        drive.run(4.0, Control(0.05, 0.03))
        ego, (x, y, z, w) = drive.state.ego, drive.state.rotation[EGO]
    across = ego.speed_mps * ego.yaw_rate_radps
    roll = math.asin(2.0 * (w * x + y * z))
    assert 0.0 < math.degrees(roll) < 4.0
    tilting = SEDAN.mass_kg * SEDAN.centre_of_mass_height_m * (across + 9.81 * roll)
    moved = tilting / SEDAN.track_width_m
    right_minus_left = 0.5 * (ego.wheel_load[1] + ego.wheel_load[3] - ego.wheel_load[0] - ego.wheel_load[2])
    assert right_minus_left == pytest.approx(moved, rel=0.03)


@pytest.mark.parametrize("control", [COAST, Control(0.5, -1.0), Control(-1.0, -0.2), Control(0.3, 0.0)])
def test_standing_still_is_exact(control: Control) -> None:
    with Drive(scenario()) as drive:
        drive.run(5.0, control)
        assert np.abs(drive.state.position[EGO] - [0.0, 0.0, 0.7]).max() < 1e-9
        assert np.abs(drive.state.velocity[EGO]).max() < 1e-9


def test_after_a_stop_the_ego_stays_where_it_is() -> None:
    with Drive(scenario(speed=8.0)) as drive:
        drive.run(3.0, Control(0.1, -0.6))
        place = drive.state.position[EGO].copy()
        drive.run(5.0, Control(0.1, -0.6))
        assert np.abs(drive.state.position[EGO] - place)[:2].max() < 2e-3
        assert drive.state.ego.speed_mps == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("speed", [0.5, 2.0, 5.0, 15.0, 30.0, 45.0, 60.0])
def test_tyre_forces_do_not_oscillate_at_any_speed(speed: float) -> None:
    fast = vehicle("sedan", max_speed_mps=100.0)
    with Drive(scenario(vehicle_=fast, speed=speed)) as drive:
        drive.run(0.5, Control(0.02, 0.0))
        rates = []
        for _ in range(60):
            state = drive.step(COAST)
            rates.append(state.ego.yaw_rate_radps)
        swing = np.abs(rates)
        assert swing[40:].max() < 0.05 * swing[:20].max()
        signs = np.sign(np.array(rates)[swing > 1e-6])
        assert np.count_nonzero(np.diff(signs)) <= 6


@pytest.mark.parametrize("name", ["sedan", "small_car", "suv", "van"])
def test_full_throttle_reaches_the_power_and_speed_limits(name: str) -> None:
    model = vehicle(name)
    with Drive(scenario(vehicle_=model, speed=25.0)) as drive:
        drive.run(1.0, Control(0.0, 1.0))
        ego = drive.state.ego
        resistance = (
            0.5 * 1.225 * model.drag_area_m2 * ego.speed_mps**2 + model.rolling_resistance * model.mass_kg * 9.81
        )
        expected = (model.max_power_w / ego.speed_mps - resistance) / model.mass_kg
        assert ego.acceleration_in_rig[0] == pytest.approx(expected, rel=0.03)
        drive.run(120.0, Control(0.0, 1.0))
        assert drive.state.ego.speed_mps <= model.max_speed_mps
    slow = vehicle(name, max_speed_mps=15.0)
    with Drive(scenario(vehicle_=slow, speed=10.0)) as drive:
        drive.run(20.0, Control(0.0, 1.0))
        assert drive.state.ego.speed_mps == pytest.approx(15.0, abs=0.7)


def mirrored(state: WorldState) -> list[float]:
    return [state.position[EGO, 0], -state.position[EGO, 1], -state.yaw[EGO], state.ego.speed_mps]


def test_left_and_right_are_mirror_images() -> None:
    with Drive(scenario(speed=18.0)) as left, Drive(scenario(speed=18.0)) as right:
        left.run(3.0, Control(0.2, -0.1))
        right.run(3.0, Control(-0.2, -0.1))
        found = right.state
        assert mirrored(left.state) == pytest.approx(
            [found.position[EGO, 0], found.position[EGO, 1], found.yaw[EGO], found.ego.speed_mps], abs=1e-6
        )


@pytest.mark.parametrize("turn", [0.7, math.pi / 2, -2.9])
def test_turning_the_whole_scene_changes_nothing(turn: float) -> None:
    with Drive(scenario(speed=18.0)) as straight, Drive(scenario(speed=18.0, pose=(40.0, -7.0, turn))) as turned:
        for k in range(40):
            control = Control(0.15 * math.sin(0.3 * k), 0.4 if k < 20 else -0.6)
            straight.step(control)
            turned.step(control)
        x, y = straight.state.position[EGO, :2]
        expected = [40.0 + x * math.cos(turn) - y * math.sin(turn), -7.0 + x * math.sin(turn) + y * math.cos(turn)]
        assert turned.state.position[EGO, :2] == pytest.approx(expected, abs=1e-5)
        assert turned.state.ego.yaw_rate_radps == pytest.approx(straight.state.ego.yaw_rate_radps, abs=1e-6)


def test_the_rig_frame_moves_as_the_boxes_say() -> None:
    with Drive(scenario(speed=12.0, pose=(5.0, 3.0, 0.8))) as drive:
        before = drive.state
        for k in range(30):
            after = drive.step(Control(0.3 * math.sin(0.2 * k), 0.3))
            moved = rig_from_box(after.position[EGO], float(after.yaw[EGO]), SEDAN) - rig_from_box(
                before.position[EGO], float(before.yaw[EGO]), SEDAN
            )
            yaw = 0.5 * (after.yaw[EGO] + before.yaw[EGO])
            mean = 0.5 * (before.ego.velocity_in_rig + after.ego.velocity_in_rig)
            along = (moved[0] * math.cos(yaw) + moved[1] * math.sin(yaw)) / 0.1
            across = (moved[1] * math.cos(yaw) - moved[0] * math.sin(yaw)) / 0.1
            assert along == pytest.approx(mean[0], abs=0.06)
            assert across == pytest.approx(mean[1], abs=0.06)
            gained = (after.velocity[EGO] - before.velocity[EGO]) / 0.1
            cos, sin = math.cos(after.yaw[EGO]), math.sin(after.yaw[EGO])
            assert after.ego.acceleration_in_rig[0] == pytest.approx(gained[0] * cos + gained[1] * sin, abs=1e-9)
            before = after


def test_the_start_is_where_the_scenario_says() -> None:
    with Drive(scenario(speed=9.0, pose=(12.0, -4.0, 2.0))) as drive:
        state = drive.state
        assert state.position[EGO] == pytest.approx([12.0, -4.0, 0.7], abs=1e-12)
        assert state.yaw[EGO] == pytest.approx(2.0, abs=1e-12)
        assert state.ego.velocity_in_rig == pytest.approx([9.0, 0.0, 0.0], abs=1e-12)
        assert state.ego.pedal == 0.0
        assert state.ego.wheel_load.sum() == pytest.approx(SEDAN.mass_kg * 9.81, rel=1e-9)


def test_ice_under_the_left_wheels_turns_the_braking_car_to_the_right() -> None:
    corners = np.array([[0.0, 0.0], [200.0, 0.0], [200.0, 30.0], [0.0, 30.0]])
    ice = SurfacePatch(corners, 0.05, "ice")
    with Drive(scenario(speed=20.0, friction=0.9, surfaces=[ice])) as drive:
        drive.run(0.7, Control(0.0, -1.0))
        assert drive.state.yaw[EGO] < -0.02
        assert drive.state.ego.wheel_slipping[[0, 2]].all()


def test_a_patch_of_ice_lengthens_the_stop_by_what_it_takes_away() -> None:
    corners = np.array([[10.0, -50.0], [20.0, -50.0], [20.0, 50.0], [10.0, 50.0]])
    with Drive(scenario(speed=20.0, friction=0.8, surfaces=[SurfacePatch(corners, 0.1, "ice")])) as drive:
        drive.run(12.0, Control(0.0, -1.0))
        with_ice = float(drive.state.position[EGO, 0])
    clear = braking(SEDAN, 20.0, 0.8).measured
    # Ten metres at 0.1 instead of 0.8 leave kinetic energy of 0.7 g times 10 m, braked away at 0.8 g later.
    assert with_ice - clear == pytest.approx(10.0 * 0.7 / 0.8, rel=0.08)


def test_an_ego_on_its_roof_slides_and_its_wheels_do_nothing() -> None:
    tall = vehicle("van", centre_of_mass_height_m=1.6, roll_inertia_kgm2=900.0)
    with Drive(scenario(vehicle_=tall, speed=25.0, friction=1.0)) as drive:
        for k in range(80):
            drive.step(Control(1.0 if k < 10 else -1.0, 0.0))
        up = 1.0 - 2.0 * (drive.state.rotation[EGO, 0] ** 2 + drive.state.rotation[EGO, 1] ** 2)
        assert up < 0.5
        assert not drive.state.ego.wheel_load.any()
        drive.run(10.0, Control(0.0, 1.0))
        assert np.abs(drive.state.velocity[EGO]).max() < 0.05
        assert np.isfinite(drive.state.position).all()
