"""Vehicle files: strict, with sources beside their figures, and checked for axles on the right side."""

from __future__ import annotations

from dataclasses import fields

import pytest

from alpasim.errors import InputError, ScenarioError
from alpasim.scenario.files import read_asset
from alpasim.scenario.vehicles import load_vehicle, parse_vehicle, vehicle_names
from alpasim.types import ActorKind, VehicleParameters

SEDAN = read_asset("vehicles/sedan.yaml").decode()


@pytest.mark.parametrize("name", vehicle_names())
def test_every_packaged_vehicle_is_plausible(name: str) -> None:
    vehicle = load_vehicle(name)
    assert vehicle.name == name
    assert 0.2 * vehicle.length_m < vehicle.wheelbase_m < vehicle.length_m
    assert vehicle.track_width_m < vehicle.width_m
    # A box that turns about its middle has m (l^2 + w^2) / 12; cars are between half and twice of that, riders sit upright.
    box = vehicle.mass_kg * (vehicle.length_m**2 + vehicle.width_m**2) / 12.0
    least = 0.2 if vehicle.kind in (ActorKind.MOTORCYCLE, ActorKind.BICYCLE) else 0.5
    assert least < vehicle.yaw_inertia_kgm2 / box < 2.0
    assert vehicle.centre_of_mass_height_m < vehicle.height_m


@pytest.mark.parametrize("name", vehicle_names())
def test_every_packaged_vehicle_names_its_sources(name: str) -> None:
    assert "source" in read_asset(f"vehicles/{name}.yaml").decode()


def test_the_sedan_is_read_figure_by_figure() -> None:
    vehicle = load_vehicle("sedan")
    assert vehicle.kind is ActorKind.CAR
    for field in fields(VehicleParameters):
        if f"\n{field.name}: " in SEDAN and field.name not in ("kind", "name", "driven_axle"):
            written = SEDAN.split(f"\n{field.name}: ")[1].split("\n")[0]
            assert getattr(vehicle, field.name) == float(written)


def test_a_figure_may_carry_its_source() -> None:
    text = SEDAN.replace("mass_kg: 1093.3", "mass_kg: {value: 1100, source: a scale}")
    assert parse_vehicle(text.encode(), "v.yaml").mass_kg == 1100.0


def test_a_vehicle_is_found_by_path_too(write) -> None:
    path = write(SEDAN.replace("name: sedan", "name: mine"), "mine.yaml")
    assert load_vehicle(path).name == "mine"
    assert load_vehicle(str(path)).name == "mine"


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("mass_kg: ", "mas_kg: ", "unknown key 'mas_kg' (did you mean 'mass_kg'?)"),
        ("mass_kg: 1093.3", "mass_kg: -3", "mass_kg: found -3, expected at least 10"),
        ("mass_kg: 1093.3", "mass_kg: {value: heavy, source: guess}", "found the text 'heavy', expected a number"),
        ("mass_kg: 1093.3", "mass_kg: {source: guess}", "mass_kg: found a mapping, expected a number"),
        ("mass_kg: 1093.3\n", "", "missing key 'mass_kg'"),
        ("mass_kg: 1093.3", "mass_kg: .nan", ".nan is not a finite number"),
        ("mass_kg: 1093.3", "mass_kg: 1e300", "mass_kg: found 1e+300, expected at most 200000"),
        ("body_friction: 0.7", "body_friction: 40", "body_friction: found 40, expected at most 1.5"),
        ("length_m: 4.508", "length_m: 4508", "length_m: found 4508, expected at most 30"),
        ("max_steering_angle_rad: 0.60", "max_steering_angle_rad: 35", "max_steering_angle_rad: found 35"),
        (
            "yaw_inertia_kgm2: 1791.6",
            "yaw_inertia_kgm2: 17916",
            "yaw_inertia_kgm2: found 17916, expected 250.5 to 6263",
        ),
        ("roll_inertia_kgm2: 267.6", "roll_inertia_kgm2: 2.676", "roll_inertia_kgm2: found 2.676, expected 49.77 to"),
        ("mass_kg: 1093.3", "mass_kg: 109330", "pitch_inertia_kgm2: found 1779.7, expected"),
        ("centre_of_mass_height_m: 0.575", "centre_of_mass_height_m: 1.4", "expected less than height_m, 1.4"),
        (
            "ground_clearance_m: 0.14",
            "ground_clearance_m: 1.4",
            "ground_clearance_m: found 1.4, expected less than height_m",
        ),
        (
            "front_axle_x_m: 1.236",
            "front_axle_x_m: 2.3",
            "front_axle_x_m: found 2.3, expected -2.254 to 2.254, inside the box",
        ),
        (
            "rear_axle_x_m: -1.343",
            "rear_axle_x_m: -2.3",
            "rear_axle_x_m: found -2.3, expected -2.254 to 2.254, inside the box",
        ),
        ("track_width_m: 1.375", "track_width_m: 1.62", "track_width_m: found 1.62, expected at most width_m, 1.61"),
        ("suspension_frequency_hz: 1.52", "suspension_frequency_hz: 0.2", "found 0.2, expected at least 0.5"),
        ("kind: car", "kind: boat", "kind: found the text 'boat'"),
        ("driven_axle: rear", "driven_axle: back", "expected one of front, rear, all"),
        (
            "rear_axle_x_m: -1.343",
            "rear_axle_x_m: 1.343",
            "expected rear_axle_x_m <= centre_of_mass_x_m <= front_axle_x_m",
        ),
        ("kind: car", "kind: car\nkind: van", "stands twice"),
    ],
)
def test_a_wrong_vehicle_says_where(write, old: str, new: str, part: str) -> None:
    assert old in SEDAN
    with pytest.raises(ScenarioError) as caught:
        load_vehicle(write(SEDAN.replace(old, new), "v.yaml"))
    assert any(part in str(fault) and fault.line >= 1 for fault in caught.value.faults), caught.value


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InputError, match=r"unknown vehicle 'sedna' \(did you mean 'sedan'\?\)"):
        load_vehicle("sedna")


@pytest.mark.parametrize("content", ["[1, 2]", "sedan", ""])
def test_what_is_no_vehicle_at_all(write, content: str) -> None:
    with pytest.raises(ScenarioError):
        load_vehicle(write(content, "v.yaml"))
