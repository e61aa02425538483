"""Reads the parameters of the ego's vehicle from `assets/vehicles/NAME.yaml`, or from a file beside the scenario.

Answers "what is a sedan". A file's keys are the fields of VehicleParameters; a figure may be a number or `{value: …, source: …}`,
and `sources` may say where groups of figures come from. What the figures do is `alpasim.vehicle`'s matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, create_model

from alpasim.errors import Fault, InputError, ScenarioError, did_you_mean
from alpasim.scenario.faults import explain, fault_at
from alpasim.scenario.files import ASSET_PREFIX, Reader, read_asset, read_scenario_file
from alpasim.scenario.guard import MAX_BYTES, parse
from alpasim.scenario.kinds import KIND_WORDS
from alpasim.scenario.participants import KindWord
from alpasim.scenario.values import Model, Text
from alpasim.types import VehicleParameters

MOST_VEHICLES = 16
"""Vehicle files that a process remembers; most scenarios of a batch name the same one."""
LIMITS: dict[str, tuple[float, float]] = {
    "length_m": (0.3, 30.0),
    "width_m": (0.2, 6.0),
    "height_m": (0.2, 6.0),
    "mass_kg": (10.0, 200_000.0),
    "yaw_inertia_kgm2": (0.1, 1e8),
    "pitch_inertia_kgm2": (0.1, 1e8),
    "roll_inertia_kgm2": (0.1, 1e8),
    "front_axle_x_m": (-20.0, 20.0),
    "rear_axle_x_m": (-20.0, 20.0),
    "track_width_m": (0.1, 5.0),
    "centre_of_mass_x_m": (-20.0, 20.0),
    "centre_of_mass_height_m": (0.05, 5.0),
    "ground_clearance_m": (0.01, 2.0),
    "front_cornering_stiffness_per_rad": (0.5, 100.0),
    "rear_cornering_stiffness_per_rad": (0.5, 100.0),
    "max_steering_angle_rad": (0.01, 1.5),
    "max_steering_rate_radps": (0.01, 50.0),
    "max_drive_force_n": (1.0, 2e6),
    "max_power_w": (1.0, 1e8),
    "max_brake_force_n": (1.0, 4e6),
    "max_speed_mps": (0.1, 140.0),
    "drive_lag_s": (0.0, 10.0),
    "brake_lag_s": (0.0, 10.0),
    "steering_lag_s": (0.0, 10.0),
    "drag_area_m2": (0.0, 100.0),
    "rolling_resistance": (0.0, 1.0),
    "suspension_frequency_hz": (0.5, 10.0),
    "suspension_damping_ratio": (0.0, 5.0),
    "roll_stiffness_front_share": (0.0, 1.0),
    "restitution": (0.0, 1.0),
    "body_friction": (0.01, 1.5),
    "wheel_radius_m": (0.05, 2.0),
    "max_reverse_speed_mps": (0.1, 50.0),
}
"""Least and largest value of every figure: wide enough for anything on wheels, narrow enough to catch a wrong unit."""


GYRATION = (0.1, 0.5)
"""Least and largest radius of gyration, as a share of the diagonal of the box across that axis: a mass gathered in the middle,
and one gathered in the corners of a box whose centre of mass is its middle. Cars have 0.23 to 0.3."""


def _field_types() -> dict[str, Any]:
    """Types and limits of the file's keys, from the fields of VehicleParameters."""
    found: dict[str, Any] = {
        "name": (Text, ...),
        "kind": (KindWord, "car"),
        "driven_axle": (Literal["front", "rear", "all"], ...),
        "sources": (dict[str, Any], {}),
        "notes": (tuple[Text, ...], ()),
    }
    for field in fields(VehicleParameters):
        if field.name in found:
            continue
        least, largest = LIMITS[field.name]
        found[field.name] = (
            Annotated[float, Field(ge=least, le=largest)],
            ... if field.default is MISSING else field.default,
        )
    return found


VehicleModel: type[Model] = create_model("VehicleModel", __base__=Model, **_field_types())
"""A vehicle file after figures with sources have been reduced to their values."""


def vehicle_names() -> tuple[str, ...]:
    """Names of the packaged vehicles."""
    folder = resources.files("alpasim_assets").joinpath("vehicles")
    if not folder.is_dir():
        return ()
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def load_vehicle(name_or_path: str | Path) -> VehicleParameters:
    """A packaged vehicle by name, or one from a YAML file; InputError or ScenarioError says what is wrong."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")):
        return parse_vehicle(read_scenario_file(Path(name_or_path), MAX_BYTES), text)
    return parse_vehicle(read_asset(_packaged(text)), f"vehicles/{text}.yaml")


def vehicle_input(name: str, read: Reader) -> tuple[str, bytes]:
    """The name under which a scenario's vehicle counts among its inputs, and its bytes."""
    if name.endswith((".yaml", ".yml")):
        return name, read(name)
    key = f"{ASSET_PREFIX}vehicles/{name}.yaml"
    try:
        return key, read(key)
    except InputError as cause:
        _packaged(name)
        raise InputError(f"vehicle {name!r}: {cause}") from cause


def _packaged(name: str) -> str:
    known = vehicle_names()
    if name not in known:
        raise InputError(f"unknown vehicle {name!r}{did_you_mean(name, known)}; packaged: {', '.join(known) or 'none'}")
    return f"vehicles/{name}.yaml"


@lru_cache(maxsize=MOST_VEHICLES)
def parse_vehicle(data: bytes, file: str) -> VehicleParameters:
    """The parameters that a vehicle file's bytes hold; raises ScenarioError with every fault and its place."""
    root = parse(data, file)
    plain = root.plain()
    if not isinstance(plain, Mapping):
        raise ScenarioError([Fault(file, root.line, root.column, "", "expected a mapping of keys and values")])
    figures = {
        key: value["value"]
        if isinstance(value, Mapping) and set(value) <= {"value", "source", "note"} and "value" in value
        else value
        for key, value in plain.items()
    }
    try:
        model = VehicleModel.model_validate(figures)
    except ValidationError as error:
        raise ScenarioError(explain(error, VehicleModel, root, file, data=figures)) from error
    values: dict[str, Any] = {field.name: getattr(model, field.name) for field in fields(VehicleParameters)}
    values = {key: float(value) if isinstance(value, int) else value for key, value in values.items()}
    vehicle = VehicleParameters(**{**values, "kind": KIND_WORDS[values["kind"]]})
    faults = [fault_at(root, file, (key,), message) for key, message in _impossible(vehicle)]
    if faults:
        raise ScenarioError(faults)
    return vehicle


def _impossible(vehicle: VehicleParameters) -> Iterator[tuple[str, str]]:
    """Figures that cannot belong to one body, by the key that is told."""
    if vehicle.wheelbase_m <= 0.0 or not vehicle.rear_axle_x_m <= vehicle.centre_of_mass_x_m <= vehicle.front_axle_x_m:
        yield (
            "front_axle_x_m",
            "expected rear_axle_x_m <= centre_of_mass_x_m <= front_axle_x_m, counted forward from the box centre",
        )
    for key in ("front_axle_x_m", "rear_axle_x_m"):
        if abs(getattr(vehicle, key)) > 0.5 * vehicle.length_m:
            half = f"{0.5 * vehicle.length_m:.4g}"
            yield key, f"found {getattr(vehicle, key):g}, expected -{half} to {half}, inside the box of length_m"
    if vehicle.track_width_m > vehicle.width_m:
        yield "track_width_m", f"found {vehicle.track_width_m:g}, expected at most width_m, {vehicle.width_m:g}"
    if vehicle.centre_of_mass_height_m >= vehicle.height_m:
        found = f"found {vehicle.centre_of_mass_height_m:g}, expected less than height_m, {vehicle.height_m:g}"
        yield "centre_of_mass_height_m", found
    if vehicle.ground_clearance_m >= vehicle.height_m:
        yield (
            "ground_clearance_m",
            f"found {vehicle.ground_clearance_m:g}, expected less than height_m, {vehicle.height_m:g}",
        )
    for key, across in (
        ("yaw_inertia_kgm2", math.hypot(vehicle.length_m, vehicle.width_m)),
        ("pitch_inertia_kgm2", math.hypot(vehicle.length_m, vehicle.height_m)),
        ("roll_inertia_kgm2", math.hypot(vehicle.width_m, vehicle.height_m)),
    ):
        least, most = (vehicle.mass_kg * (share * across) ** 2 for share in GYRATION)
        if not least <= getattr(vehicle, key) <= most:
            told = f"found {getattr(vehicle, key):g}, expected {least:.4g} to {most:.4g} for this mass and this size"
            yield key, told
