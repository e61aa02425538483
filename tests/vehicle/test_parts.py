"""Actuators, tyres, frames and the drive train turned round, each against something simpler."""

from __future__ import annotations

import math
from dataclasses import fields
from importlib import resources

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from proving_ground import Drive, scenario, vehicle

from alpasim.errors import PolicyInvalidAction
from alpasim.types import Control, VehicleParameters
from alpasim.vehicle.actuation import (
    acceleration_limits,
    acceleration_of,
    actuator_commands,
    check_control,
    clip_control,
    control_for,
    resistance_n,
)
from alpasim.vehicle.actuators import lagged, lagged_within_rate
from alpasim.vehicle.chassis import ROLL_STIFFNESS_OF_SPRINGS, chassis, packed
from alpasim.vehicle.frames import box_from_rig, rig_from_box, rig_poses_from_boxes
from alpasim.vehicle.stance import steering_angles
from alpasim.vehicle.tyres import side_force_share, within_grip

SEDAN = vehicle("sedan")
VEHICLES = ("sedan", "small_car", "suv", "van")
EVERY_VEHICLE = (*VEHICLES, "city_bus", "rigid_truck", "motorcycle", "bicycle")
unit = st.floats(-1.0, 1.0)


@given(value=unit, command=unit, lag=st.floats(0.01, 0.5), rate=st.floats(0.1, 3.0))
def test_an_actuator_ends_where_fine_integration_ends(value: float, command: float, lag: float, rate: float) -> None:
    fine = value
    for _ in range(20_000):
        fine += min(rate, max(-rate, (command - fine) / lag)) * 1e-5
    assert lagged_within_rate(value, command, lag, rate, 0.2) == pytest.approx(fine, abs=1e-4)


@given(value=unit, command=unit, lag=st.floats(0.0, 0.5), rate=st.floats(0.1, 3.0))
def test_an_actuator_does_not_care_how_its_time_is_cut(value: float, command: float, lag: float, rate: float) -> None:
    once = lagged_within_rate(value, command, lag, rate, 0.1)
    cut = value
    for _ in range(10):
        cut = lagged_within_rate(cut, command, lag, rate, 0.01)
    assert cut == pytest.approx(once, abs=1e-12)
    assert min(value, command) - 1e-12 <= once <= max(value, command) + 1e-12


def test_a_lag_covers_63_percent_in_its_time_constant_and_a_lag_of_zero_all() -> None:
    assert lagged(0.0, 1.0, 0.2, 0.2) == pytest.approx(1.0 - math.exp(-1.0))
    assert lagged(0.0, 1.0, 0.0, 1e-9) == 1.0


def test_a_tyre_is_linear_at_first_and_never_exceeds_its_grip() -> None:
    assert side_force_share(1e-6) == pytest.approx(1e-6, rel=1e-9)
    slips = np.linspace(-50.0, 50.0, 2001)
    shares = np.array([side_force_share(float(slip)) for slip in slips])
    assert np.abs(shares).max() <= 1.0
    assert (np.diff(shares) >= 0.0).all()
    small = (np.abs(shares) < 0.45) & (slips != 0.0)
    assert np.abs(shares[small] / slips[small] - 1.0).max() < 0.011


@given(along=st.floats(-1e5, 1e5), across=st.floats(-1e5, 1e5), grip=st.floats(0.0, 1e4))
def test_the_two_forces_of_a_tyre_share_a_circle_and_keep_their_direction(
    along: float, across: float, grip: float
) -> None:
    x, y = within_grip(along, across, grip)
    assert math.hypot(x, y) <= grip * (1.0 + 1e-12) + 1e-12
    assert x * across == pytest.approx(y * along, rel=1e-9, abs=1e-6)
    if math.hypot(along, across) <= grip:
        assert (x, y) == (along, across)


@pytest.mark.parametrize("name", EVERY_VEHICLE)
def test_loads_at_rest_balance_about_the_centre_of_mass(name: str) -> None:
    model = vehicle(name)
    body = chassis(model)
    assert body.static_load.sum() == pytest.approx(model.mass_kg * 9.81)
    assert float(body.static_load @ body.wheel_x) == pytest.approx(0.0, abs=1e-6)
    assert float(body.static_load @ body.wheel_y) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", EVERY_VEHICLE)
def test_anti_roll_bars_give_the_share_and_the_total_asked_for(name: str) -> None:
    model = vehicle(name)
    body = chassis(model)
    # An axle rolled by one radian: compressions +-t/2, spring moment k t^2 / 2, bar moment b t^2.
    axle = body.spring * model.track_width_m**2 / 2.0 + body.anti_roll * model.track_width_m**2
    springs = body.spring * model.track_width_m**2 / 2.0
    assert axle[0] + axle[2] == pytest.approx(ROLL_STIFFNESS_OF_SPRINGS * (springs[0] + springs[2]), rel=1e-9)
    assert axle[0] / (axle[0] + axle[2]) == pytest.approx(model.roll_stiffness_front_share, abs=1e-9)


@pytest.mark.parametrize("angle", [-0.6, -0.1, 0.0, 0.3, 0.6])
def test_front_wheels_roll_about_one_point_on_the_rear_axle_line(angle: float) -> None:
    left, right = steering_angles(packed(chassis(SEDAN)), angle)
    if angle == 0.0:
        assert left == right == 0.0
        return
    radius = SEDAN.wheelbase_m / math.tan(angle)
    assert SEDAN.wheelbase_m / math.tan(left) == pytest.approx(radius - 0.5 * SEDAN.track_width_m)
    assert SEDAN.wheelbase_m / math.tan(right) == pytest.approx(radius + 0.5 * SEDAN.track_width_m)


@given(x=st.floats(-1e4, 1e4), y=st.floats(-1e4, 1e4), yaw=st.floats(-4.0, 4.0))
def test_box_and_rig_are_each_other_s_inverse(x: float, y: float, yaw: float) -> None:
    rig = rig_from_box(np.array([x, y, 0.7]), yaw, SEDAN)
    centre, turned = box_from_rig(rig, SEDAN)
    assert centre == pytest.approx([x, y, 0.7], abs=1e-9)
    assert turned == yaw
    assert rig_poses_from_boxes(np.array([[x, y, yaw]]), SEDAN)[0] == pytest.approx(rig[[0, 1, 3]], abs=1e-9)


def test_the_rig_stands_on_the_ground_under_the_rear_axle() -> None:
    rig = rig_from_box(np.array([10.0, 20.0, 0.5 * SEDAN.height_m]), math.pi / 2, SEDAN)
    assert rig == pytest.approx([10.0, 20.0 + SEDAN.rear_axle_x_m, 0.0, math.pi / 2])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1.1e6, -1e300, "0.5", None, True, 1j])
@pytest.mark.parametrize("name", ["steer", "pedal"])
def test_a_control_that_is_no_number_is_refused_by_name(name: str, value: object) -> None:
    values = {"steer": 0.0, "pedal": 0.0, name: value}
    with pytest.raises(PolicyInvalidAction, match=rf"control\.{name}.*found"):
        check_control(Control(**values))  # type: ignore[arg-type]


def test_a_control_out_of_range_is_clipped() -> None:
    assert check_control(Control(-3.0, 999_999.0)) == Control(-1.0, 1.0)
    assert check_control(Control(np.float32(0.25), np.int64(1))) == Control(0.25, 1.0)  # type: ignore[arg-type]
    assert clip_control(Control(1.5, -1.5)) == Control(1.0, -1.0)


@pytest.mark.parametrize("value", [1, 0.0, None, "yes", np.True_])
def test_a_gear_that_is_neither_true_nor_false_is_refused(value: object) -> None:
    with pytest.raises(PolicyInvalidAction, match=r"control\.reverse.*found"):
        check_control(Control(0.0, 0.0, value))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("control", "drive", "brake"),
    [
        (Control(0.5, 0.3), 0.3, 0.0),
        (Control(0.5, 0.3, reverse=True), -0.3, 0.0),
        (Control(0.5, -0.4), 0.0, 0.4),
        (Control(0.5, -0.4, reverse=True), 0.0, 0.4),
        (Control(0.5, 0.0, reverse=True), 0.0, 0.0),
    ],
)
def test_the_drive_acts_backwards_in_reverse_and_the_brake_as_ever(
    control: Control, drive: float, brake: float
) -> None:
    commands = np.full(3, 7.0)
    actuator_commands(check_control(control), SEDAN, commands)
    assert commands.tolist() == [0.5 * SEDAN.max_steering_angle_rad, drive, brake]
    assert math.copysign(1.0, commands[1]) == math.copysign(1.0, drive)


@pytest.mark.parametrize("name", VEHICLES)
@pytest.mark.parametrize(
    ("speed", "wanted"), [(3.0, 1.5), (12.0, 1.0), (12.0, -3.0), (25.0, 0.0), (30.0, -6.0), (20.0, -0.05)]
)
def test_the_control_for_an_acceleration_gives_that_acceleration(name: str, speed: float, wanted: float) -> None:
    model = vehicle(name)
    with Drive(scenario(vehicle_=model, speed=speed)) as drive:
        for _ in range(15):
            drive.step(control_for(0.0, wanted, drive.state.ego.speed_mps, model))
        assert drive.state.ego.acceleration_in_rig[0] == pytest.approx(wanted, abs=0.06)
        assert acceleration_of(drive.state.ego.pedal, drive.state.ego.speed_mps, model) == pytest.approx(
            wanted, abs=0.06
        )


def test_the_control_for_a_steering_angle_turns_the_wheels_there() -> None:
    with Drive(scenario(speed=5.0)) as drive:
        drive.run(2.0, control_for(0.2, 0.0, 5.0, SEDAN))
        assert drive.state.ego.steering_angle_rad == pytest.approx(0.2, abs=1e-6)


def test_limits_are_those_of_grip_brakes_force_and_power() -> None:
    least, most = acceleration_limits(0.0, SEDAN, 0.9)
    assert least == pytest.approx(-0.9 * 9.81 - resistance_n(0.0, SEDAN) / SEDAN.mass_kg)
    assert most == pytest.approx((SEDAN.max_drive_force_n - resistance_n(0.0, SEDAN)) / SEDAN.mass_kg)
    assert acceleration_limits(40.0, SEDAN, 0.9)[1] == pytest.approx(
        (SEDAN.max_power_w / 40.0 - resistance_n(40.0, SEDAN)) / SEDAN.mass_kg
    )
    assert acceleration_limits(10.0, SEDAN, 0.1)[1] < 0.99
    assert acceleration_limits(10.0, SEDAN, 9.0)[0] == pytest.approx(
        -(SEDAN.max_brake_force_n + resistance_n(10.0, SEDAN)) / SEDAN.mass_kg
    )


@pytest.mark.parametrize("name", EVERY_VEHICLE)
def test_every_figure_of_a_packaged_vehicle_has_a_source(name: str) -> None:
    text = resources.files("alpasim_assets").joinpath("vehicles", f"{name}.yaml").read_text(encoding="utf-8")
    sources = (
        " ".join(yaml.safe_load(text)["sources"].values()) + " suspension and roll stiffness the axles three inertias"
    )
    for field in fields(VehicleParameters):
        words = {
            "front_axle_x_m": "axle",
            "rear_axle_x_m": "axle",
            "yaw_inertia_kgm2": "inertia",
            "pitch_inertia_kgm2": "inertia",
            "roll_inertia_kgm2": "inertia",
            "suspension_frequency_hz": "suspension",
            "suspension_damping_ratio": "suspension",
            "roll_stiffness_front_share": "roll",
        }
        if field.name not in ("name", "kind", "driven_axle"):
            assert words.get(field.name, field.name) in sources, field.name


@pytest.mark.parametrize("name", EVERY_VEHICLE)
def test_packaged_vehicles_fit_into_their_boxes(name: str) -> None:
    model = vehicle(name)
    assert (
        -0.5 * model.length_m
        < model.rear_axle_x_m
        < model.centre_of_mass_x_m
        < model.front_axle_x_m
        < 0.5 * model.length_m
    )
    assert model.track_width_m < model.width_m
    assert model.ground_clearance_m < model.centre_of_mass_height_m < 0.6 * model.height_m
    # No body's inertia about one axis exceeds the sum of the other two.
    roll, pitch, yaw = model.roll_inertia_kgm2, model.pitch_inertia_kgm2, model.yaw_inertia_kgm2
    assert yaw < roll + pitch and pitch < roll + yaw and roll < pitch + yaw
