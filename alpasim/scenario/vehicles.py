"""Reads the parameters of the ego's vehicle from `assets/vehicles/NAME.yaml`, or from a file beside the scenario.

Answers "what is a sedan". A file's keys are the fields of VehicleParameters; a figure may be a number or `{value: …, source: …}`,
and `sources` may say where groups of figures come from. What the figures do is `alpasim.vehicle`'s matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
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

_SIGNED = frozenset({"front_axle_x_m", "rear_axle_x_m", "centre_of_mass_x_m"})
_MAY_BE_ZERO = frozenset(
    {
        "drag_area_m2",
        "rolling_resistance",
        "restitution",
        "drive_lag_s",
        "brake_lag_s",
        "steering_lag_s",
        "suspension_damping_ratio",
    }
)
_SHARES = frozenset({"roll_stiffness_front_share", "restitution"})


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
        if field.name in _SIGNED:
            limits = Field(ge=-20.0, le=20.0)
        elif field.name in _SHARES:
            limits = Field(ge=0.0, le=1.0)
        elif field.name in _MAY_BE_ZERO:
            limits = Field(ge=0.0, le=1e7)
        else:
            limits = Field(gt=0.0, le=1e8)
        found[field.name] = (Annotated[float, limits], ...)
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
    if vehicle.wheelbase_m <= 0.0 or not vehicle.rear_axle_x_m <= vehicle.centre_of_mass_x_m <= vehicle.front_axle_x_m:
        message = "expected rear_axle_x_m <= centre_of_mass_x_m <= front_axle_x_m, counted forward from the box centre"
        raise ScenarioError([fault_at(root, file, ("front_axle_x_m",), message)])
    return vehicle
