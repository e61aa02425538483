"""`alpasim list`: what can be named here, from policies and scenarios to the env's observations and actions."""

from __future__ import annotations

import inspect
import json as json_module
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from alpasim import plugins
from alpasim.errors import InputError, did_you_mean

Row = dict[str, Any]
PLAIN_WIDTH = 240
"""Columns of a file or a pipe, where nothing should be folded."""


def list_command(
    what: str = typer.Argument(
        help="policies, scenarios, metrics, behaviours, importers, kinds, vehicles, faults, observations or actions."
    ),
    where: list[Path] = typer.Argument(None, help="Scenario files or folders instead of the built-in ones."),  # noqa: B008
    json: bool = typer.Option(False, "--json", help="Print a JSON list."),
) -> int:
    """List what can be named here, a line each with what it is."""
    if what not in _LISTS:
        raise InputError(f"cannot list {what!r}{did_you_mean(what, _LISTS)}; expected one of {', '.join(_LISTS)}")
    rows = _scenarios(where or [Path("builtin")]) if what == "scenarios" else _LISTS[what]()
    if json:
        typer.echo(json_module.dumps(rows, indent=2))
        return 0
    table = Table(*(Column(name, overflow="fold") for name in (rows[0] if rows else ())), title=f"{len(rows)} {what}")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row.values()))
    console = Console()
    (console if console.is_terminal else Console(width=PLAIN_WIDTH)).print(table)
    return 0


def _first_line(thing: object) -> str:
    """What a class or its module says about itself, in one line."""
    text = inspect.getdoc(thing) or ""
    return text.partition("\n")[0].rstrip(".")


def _documented(group: str) -> list[Row]:
    return [{"name": name, "what it does": _first_line(plugins.load(group, name))} for name in plugins.names(group)]


def _metrics() -> list[Row]:
    from alpasim.metrics.recorder import load_metric

    rows = []
    for name in plugins.names(plugins.METRICS):
        metric = load_metric(name)
        rows.append(
            {
                "name": name,
                "unit": metric.unit,
                "over time": str(metric.aggregation),
                "better": metric.better,
                "formula": metric.formula,
            }
        )
    return rows


def _scenarios(targets: list[Path]) -> list[Row]:
    from alpasim.scenario.loading import find_scenarios, load_scenario

    rows = []
    for path in find_scenarios(targets):
        logical = load_scenario(path)
        rows.append({"name": logical.name, "family": logical.family, "title": logical.title, "file": str(path)})
    return rows


def _kinds() -> list[Row]:
    from alpasim.scenario.kinds import KIND_WORDS, KINDS

    rows = []
    for word, kind in KIND_WORDS.items():
        body = KINDS[kind]
        size = " x ".join(f"{metres:g}" for metres in body.extent)
        rows.append({"kind": word, "size_m": size, "mass_kg": f"{body.mass_kg:g}", "taken from": body.basis})
    return rows


def _vehicles() -> list[Row]:
    from alpasim.scenario.vehicles import load_vehicle, vehicle_names

    rows = []
    for vehicle in map(load_vehicle, vehicle_names()):
        rows.append(
            {
                "vehicle": vehicle.name,
                "kind": vehicle.kind.name.lower(),
                "size_m": " x ".join(f"{metres:g}" for metres in vehicle.extent),
                "mass_kg": f"{vehicle.mass_kg:g}",
                "max_speed_kph": f"{3.6 * vehicle.max_speed_mps:.0f}",
                "brakes_mps2": f"{vehicle.max_brake_force_n / vehicle.mass_kg:.1f}",
                "steering_deg": f"{math.degrees(vehicle.max_steering_angle_rad):.0f}",
            }
        )
    return rows


def _faults() -> list[Row]:
    from alpasim.scenario.ego_faults import fault_models

    rows = []
    for kind, model in fault_models().items():
        options = ", ".join(
            f"{name} (needed)"
            if field.is_required()
            else name + ("" if field.default is None else f": {json_module.dumps(field.default)}")
            for name, field in model.model_fields.items()
        )
        rows.append({"fault": kind, "options": options, "what it does": _first_line(model)})
    return rows


def _observations() -> list[Row]:
    from alpasim.sensors.encoders import observation_rows

    return [dict(row) for row in observation_rows()]


def _actions() -> list[Row]:
    from alpasim.vehicle.actions import action_rows

    return [dict(row) for row in action_rows()]


_LISTS: dict[str, Callable[[], list[Row]]] = {
    "policies": lambda: _documented(plugins.POLICIES),
    "scenarios": lambda: _scenarios([Path("builtin")]),
    "metrics": _metrics,
    "behaviours": lambda: _documented(plugins.BEHAVIOURS),
    "importers": lambda: _documented(plugins.IMPORTERS),
    "kinds": _kinds,
    "vehicles": _vehicles,
    "faults": _faults,
    "observations": _observations,
    "actions": _actions,
}
