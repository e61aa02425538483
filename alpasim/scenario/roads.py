"""The road that a scenario is drawn on, built once for all draws of all files that have the same one.

Answers "which road does this file mean". A batch varies seeds and traffic over few roads, and to build one costs more than
all the rest of a draw. Who stands where on it is `resolving.py`'s matter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from alpasim.errors import InputError, ScenarioError
from alpasim.road.mapfile import load_map
from alpasim.road.network import RoadNetwork
from alpasim.road.pieces import build_road
from alpasim.scenario.faults import Path, Report
from alpasim.scenario.files import Inputs
from alpasim.scenario.grounding import grounded
from alpasim.scenario.placing import Ribbons
from alpasim.scenario.schema import ScenarioModel
from alpasim.types import Route

MOST_ROADS = 8
"""Roads that a process keeps beside those whose scenarios it holds; the one not asked for longest makes way."""
_READ: dict[str, bool | set[str]] = {"road": True, "surfaces": True, "relief": True, "environment": {"terrain"}}
"""What of a file the road depends on, its map's bytes apart."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class DrawnRoad:
    """A road that draws share, and what has been found on it: routes by start pose and goal regions, lanes along courses."""

    road: RoadNetwork
    routes: dict[tuple[tuple[float, float, float], tuple[bytes, ...]], Route] = field(default_factory=dict)
    ribbons: Ribbons = field(default_factory=dict)


_known: WeakValueDictionary[tuple[str, bytes], DrawnRoad] = WeakValueDictionary()
_latest: dict[tuple[str, bytes], DrawnRoad] = {}
"""The one asked for last stands last; every change is one operation on a dict, so threads may draw side by side."""


def drawn_road(model: ScenarioModel, inputs: Inputs, report: Report) -> DrawnRoad:
    """The road with the scenario's surfaces and relief on it; raises ScenarioError where it cannot be built."""
    data = _map_bytes(model, inputs, report)
    key = (json.dumps(model.model_dump(mode="json", include=_READ), sort_keys=True), data)
    found = _known.get(key)
    if found is None:
        found = _known[key] = DrawnRoad(_built(model, data, report))
    _latest.pop(key, None)
    _latest[key] = found
    for old in list(_latest)[:-MOST_ROADS]:
        _latest.pop(old, None)
    return found


def _map_bytes(model: ScenarioModel, inputs: Inputs, report: Report) -> bytes:
    """The map file's bytes, none for a road that is written out."""
    file = model.road.map
    if file is None:
        return b""
    try:
        return inputs.checked(file.file, file.sha256)
    except InputError as cause:
        report.add(("road", "map", "file"), str(cause))
        raise ScenarioError(report.faults) from cause


def _built(model: ScenarioModel, data: bytes, report: Report) -> RoadNetwork:
    """The road built anew."""
    file = model.road.map
    path: Path = ("road", "map", "file") if file is not None else ("road",)
    try:
        road = build_road(model.road) if file is None else load_map(data.decode("utf-8"), file.file)
    except UnicodeDecodeError as cause:
        named = file.file if file else "the road"
        report.add(path, f"{named}: byte {cause.start} is not UTF-8 text, expected a map file")
        raise ScenarioError(report.faults) from cause
    except InputError as cause:
        report.add(path, str(cause))
        raise ScenarioError(report.faults) from cause
    road = grounded(model, road, report)
    report.stop_if_any()
    return road
