"""Wind on the ego: the force against its closed form, who is pushed, and who stands."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from proving_ground import Drive, scenario, vehicle

from alpasim.scenario.loading import find_scenarios, load_scenario
from alpasim.scenario.vehicles import vehicle_names
from alpasim.types import Control, WorldState
from alpasim.vehicle.wind import air_force, centre_of_pressure, wind_load

BUS, SEDAN = vehicle("city_bus"), vehicle("sedan")
COAST = Control(0.0, 0.0)


def blown(name: str, wind: tuple[float, float], seconds: float, speed: float, friction: float = 0.9) -> WorldState:
    scene = scenario(vehicle_=vehicle(name), speed=speed, friction=friction)
    scene = replace(scene, environment=replace(scene.environment, wind_mps=wind))
    with Drive(scene) as drive:
        return drive.run(seconds, COAST)


@pytest.mark.parametrize("wind", [5.0, 20.0, -30.0])
def test_side_wind_on_a_standing_body_is_half_rho_c_a_v_squared(wind: float) -> None:
    area = BUS.length_m * (BUS.height_m - BUS.ground_clearance_m)
    force, torque = wind_load(BUS, (0.0, 0.0, 0.0), 0.0, (0.0, wind))
    pressed = 0.5 * 1.225 * area * wind * abs(wind)
    assert force == pytest.approx((0.0, pressed, 0.0), abs=1e-9)
    above = 0.5 * (BUS.height_m + BUS.ground_clearance_m) - BUS.centre_of_mass_height_m
    assert torque == pytest.approx((-above * pressed, 0.0, -BUS.centre_of_mass_x_m * pressed), abs=1e-9)


@pytest.mark.parametrize("yaw", [0.0, 0.7, -2.0])
def test_head_wind_adds_to_the_drag_and_a_following_wind_takes_it_away(yaw: float) -> None:
    ahead = (math.cos(yaw), math.sin(yaw))
    velocity = (20.0 * ahead[0], 20.0 * ahead[1], 0.0)
    for wind in (-10.0, 20.0):
        force, _ = wind_load(SEDAN, velocity, yaw, (wind * ahead[0], wind * ahead[1]))
        air = 20.0 - wind
        expected = -0.5 * 1.225 * SEDAN.drag_area_m2 * (air * abs(air) - 400.0)
        assert force == pytest.approx((expected * ahead[0], expected * ahead[1], 0.0), abs=1e-9)


def test_still_air_along_is_the_drag_of_the_drive() -> None:
    assert air_force(30.0, 0.0, SEDAN) == (pytest.approx(-0.5 * 1.225 * SEDAN.drag_area_m2 * 900.0), 0.0)


def test_a_bus_on_ice_is_blown_away_as_force_less_grip_says() -> None:
    wind, friction = 30.0, 0.02
    state = blown("city_bus", (0.0, wind), 0.5, 0.0, friction)
    area = BUS.length_m * (BUS.height_m - BUS.ground_clearance_m)
    pushed = 0.5 * 1.225 * area * wind**2 / BUS.mass_kg - friction * 9.81
    assert state.velocity[0, 1] / 0.5 == pytest.approx(pushed, rel=0.1)


@pytest.mark.parametrize(("name", "wind"), [("sedan", 20.0), ("city_bus", 20.0), ("bicycle", 10.0)])
def test_what_stands_on_grip_does_not_creep_in_a_storm(name: str, wind: float) -> None:
    # The body leans away first, and its middle with it; after that nothing moves any more.
    before, after = blown(name, (0.0, wind), 20.0, 0.0), blown(name, (0.0, wind), 40.0, 0.0)
    assert abs(after.position[0] - before.position[0]).max() < 1e-6


@pytest.mark.parametrize("name", ["sedan", "city_bus", "motorcycle"])
@pytest.mark.parametrize(
    ("grade", "heading_deg", "to_deg"), [(0.2, 0, 90), (0.2, 30, 90), (-0.2, -30, 60), (0.2, 30, 10)]
)
def test_what_brakes_on_a_hill_does_not_creep_in_a_storm(
    tmp_path: Path, name: str, grade: float, heading_deg: int, to_deg: int
) -> None:
    path = tmp_path / "hill.scn.yaml"
    path.write_text(
        "schema: alpasim/scenario@1\n"
        "title: A storm on a hill\n"
        "road: {straight: {lanes: 5, length_m: 1000}}\n"
        f"relief: [{{grade: {{from_s_m: 300, to_s_m: 700, grade: {grade}}}}}]\n"
        f"environment: {{friction: 0.9, wind_mps: 20, wind_to_deg: {to_deg}}}\n"
        f"ego: {{vehicle: {name}, lane: 3, s_m: 500, heading_deg: {heading_deg}, speed_mps: 0, goal: {{after_s: 29}}}}\n",
        encoding="utf-8",
    )
    with Drive(load_scenario(path).concrete(0)) as drive:
        # The body leans away first.
        drive.run(20.0, Control(0.0, -1.0))
        after = drive.run(5.0, Control(0.0, -1.0))
    # A few millimetres a day.
    assert abs(after.velocity[0]).max() < 3e-8
    assert abs(after.angular_velocity[0]).max() < 5e-8
    assert abs(after.rotation[0, :2]).max() < 0.2, "upright"


def test_side_wind_pushes_to_lee_and_a_tall_van_more_than_a_sedan() -> None:
    aside = {name: blown(name, (0.0, 15.0), 3.0, 20.0).position[0, 1] for name in ("van", "sedan", "city_bus")}
    assert aside["van"] > aside["sedan"] > 0.05
    assert aside["city_bus"] > aside["sedan"]
    assert blown("van", (0.0, -15.0), 3.0, 20.0).position[0, 1] == pytest.approx(-aside["van"], rel=1e-6)


@pytest.mark.parametrize("name", vehicle_names())
@pytest.mark.parametrize("wind", [15.0, -8.0])
def test_nobody_who_holds_the_wheel_straight_comes_up_against_the_wind(name: str, wind: float) -> None:
    speed = 0.5 * vehicle(name).max_speed_mps
    first, second, fourth = (
        blown(name, (0.0, wind), seconds, speed).position[0, 1] / wind for seconds in (1.0, 2.0, 4.0)
    )
    assert 0.0 < first < second < fourth


def test_side_wind_acts_where_it_does_on_a_flat_plate() -> None:
    # Rayleigh: 3/16 of the length ahead of the middle for air from ahead, in the middle for air from the side.
    assert centre_of_pressure(30.0, 1e-9, 4.0) == pytest.approx(0.75)
    assert centre_of_pressure(0.0, 30.0, 4.0) == centre_of_pressure(0.0, 0.0, 4.0) == 0.0
    assert centre_of_pressure(20.0, -20.0, 4.0) == pytest.approx(
        3.0 * math.cos(math.pi / 4) / (4 + math.pi * math.sin(math.pi / 4))
    )
    assert centre_of_pressure(-20.0, 5.0, 4.0) == -centre_of_pressure(20.0, 5.0, 4.0)


@pytest.mark.parametrize(("name", "least", "most"), [("bicycle", 0.5, 0.9), ("motorcycle", 0.9, 1.5)])
def test_the_wind_meets_riders_and_not_the_boxes_about_them(name: str, least: float, most: float) -> None:
    # Square metres of a rider (half a square metre) and a machine, seen from the side.
    force, _ = wind_load(vehicle(name), (0.0, 0.0, 0.0), 0.0, (0.0, 20.0))
    assert least < force[1] / (0.5 * 1.225 * 400.0) < most


def test_a_file_says_how_fast_and_whereto(tmp_path: Path) -> None:
    builtin = next(file for file in find_scenarios([Path("builtin")]) if file.name == "brake_loss.scn.yaml")
    text = builtin.read_text(encoding="utf-8")
    for written, expected in (
        (", wind_mps: 15, wind_to_deg: 90", (0.0, 15.0)),
        (", wind_mps: 4, wind_to_deg: 180", (-4.0, 0.0)),
        ("", (0.0, 0.0)),
    ):
        path = tmp_path / "windy.scn.yaml"
        path.write_text(text.replace("{friction: 0.9}", f"{{friction: 0.9{written}}}"), encoding="utf-8")
        assert load_scenario(path).concrete(0).environment.wind_mps == pytest.approx(expected, abs=1e-12)
