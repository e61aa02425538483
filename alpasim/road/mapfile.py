"""Map files: a road as JSON text, and back, without losing a bit.

The schema is `alpasim/map@1`. Keys come in one fixed order and numbers in full precision, so equal roads give equal text.
Reading checks every value and says where a wrong one stands; whether lanes fit together is checked by RoadNetwork.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal, NoReturn

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alpasim.errors import InputError
from alpasim.road.lanes import Course, Lane, LaneKind, LineMark, Neighbour, Signal, SignalPhase, SurfacePatch
from alpasim.road.map_relief import PartModel, part_in, part_out
from alpasim.road.network import RoadNetwork
from alpasim.types import FloatArray, SignalColour

SCHEMA = "alpasim/map@1"

_MOST_FAULTS = 5

_Points = list[tuple[float, float]]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _NeighbourModel(_Model):
    lane: str
    same_direction: bool


class _LaneModel(_Model):
    id: str
    kind: LaneKind
    speed_limit_mps: float | None
    in_junction: bool
    signal: int
    left_mark: LineMark
    right_mark: LineMark
    left_neighbour: _NeighbourModel | None
    right_neighbour: _NeighbourModel | None
    successors: list[str]
    predecessors: list[str]
    stop_line: Annotated[_Points, Field(min_length=2, max_length=2)] | None
    centre: _Points
    left: _Points
    right: _Points


class _PhaseModel(_Model):
    colour: Literal["off", "red", "red_yellow", "yellow", "green"]
    duration_s: float


class _SignalModel(_Model):
    id: str
    position: tuple[float, float]
    offset_s: float
    phases: list[_PhaseModel]


class _SurfaceModel(_Model):
    kind: str
    friction: float
    polygon: _Points


class _StripModel(_Model):
    name: str
    lanes: list[str]


class _CourseModel(_Model):
    name: str
    lanes: list[list[str]]
    oncoming: list[list[str]]
    strips: list[_StripModel]
    reference: _Points


class _MapModel(_Model):
    schema_: Annotated[Literal["alpasim/map@1"], Field(alias="schema")]
    lanes: list[_LaneModel]
    signals: list[_SignalModel]
    surfaces: list[_SurfaceModel]
    courses: list[_CourseModel]
    relief: list[PartModel] = []
    """Absent from maps of level roads."""


def dump_map(road: RoadNetwork) -> str:
    """The road as JSON text, one lane a line."""
    parts = {
        "lanes": [_lane_out(lane) for lane in road.lanes],
        "signals": [_signal_out(signal) for signal in road.signals],
        "surfaces": [
            {"kind": patch.kind, "friction": patch.friction, "polygon": patch.polygon.tolist()}
            for patch in road.surfaces
        ],
        "courses": [_course_out(course) for course in road.courses.values()],
    }
    if road.parts:
        parts["relief"] = [part_out(part) for part in road.parts]
    lines = [f'{{"schema":"{SCHEMA}"']
    for key, entries in parts.items():
        rows = ",\n".join(
            json.dumps(entry, allow_nan=False, ensure_ascii=False, separators=(",", ":")) for entry in entries
        )
        lines.append(f',"{key}":[\n{rows}\n]' if rows else f',"{key}":[]')
    return "\n".join([*lines, "}"]) + "\n"


def load_map(text: str, name: str) -> RoadNetwork:
    """The road in a map file's text; `name` stands in errors. InputError says which values are wrong and where."""
    try:
        json.loads(text, parse_constant=_refuse_constant)
        model = _MapModel.model_validate_json(text)
    except json.JSONDecodeError as cause:
        raise InputError(f"{name}:{cause.lineno}:{cause.colno}: not JSON: {cause.msg}, expected a map file") from cause
    except ValidationError as cause:
        raise InputError(_faults(name, cause)) from cause
    except (ValueError, RecursionError) as cause:
        raise InputError(f"{name}: {cause}") from cause
    try:
        return RoadNetwork(
            lanes=[_lane_in(lane) for lane in model.lanes],
            signals=[_signal_in(signal) for signal in model.signals],
            surfaces=[SurfacePatch(_points(patch.polygon), patch.friction, patch.kind) for patch in model.surfaces],
            courses=[_course_in(course) for course in model.courses],
            parts=[part_in(part) for part in model.relief],
        )
    except InputError as cause:
        raise InputError(f"{name}: {cause}") from cause


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"found {word}, expected finite numbers only")


def _faults(name: str, cause: ValidationError) -> str:
    errors = cause.errors(include_url=False, include_context=False)
    rows = []
    for error in errors[:_MOST_FAULTS]:
        place = ".".join(str(part) for part in error["loc"])
        found = "" if error["type"] == "missing" else f", found {_short(error['input'])}"
        rows.append(f"{name}: {place}: {error['msg']}{found}")
    if len(errors) > _MOST_FAULTS:
        rows.append(f"{name}: and {len(errors) - _MOST_FAULTS} more")
    return "\n".join(rows)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _neighbour_out(neighbour: Neighbour | None) -> dict[str, Any] | None:
    if neighbour is None:
        return None
    return {"lane": neighbour.lane, "same_direction": neighbour.same_direction}


def _lane_out(lane: Lane) -> dict[str, Any]:
    return {
        "id": lane.id,
        "kind": lane.kind.value,
        "speed_limit_mps": None if math.isinf(lane.speed_limit_mps) else lane.speed_limit_mps,
        "in_junction": lane.in_junction,
        "signal": lane.signal,
        "left_mark": lane.left_mark.value,
        "right_mark": lane.right_mark.value,
        "left_neighbour": _neighbour_out(lane.left_neighbour),
        "right_neighbour": _neighbour_out(lane.right_neighbour),
        "successors": list(lane.successors),
        "predecessors": list(lane.predecessors),
        "stop_line": None if lane.stop_line is None else lane.stop_line.tolist(),
        "centre": lane.centre.tolist(),
        "left": lane.left.tolist(),
        "right": lane.right.tolist(),
    }


def _signal_out(signal: Signal) -> dict[str, Any]:
    phases = [{"colour": phase.colour.name.lower(), "duration_s": phase.duration_s} for phase in signal.phases]
    return {"id": signal.id, "position": list(signal.position), "offset_s": signal.offset_s, "phases": phases}


def _course_out(course: Course) -> dict[str, Any]:
    return {
        "name": course.name,
        "lanes": [list(chain) for chain in course.lanes],
        "oncoming": [list(chain) for chain in course.oncoming],
        "strips": [{"name": name, "lanes": list(chain)} for name, chain in course.strips],
        "reference": course.reference.tolist(),
    }


def _points(rows: _Points) -> FloatArray:
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _neighbour_in(model: _NeighbourModel | None) -> Neighbour | None:
    return None if model is None else Neighbour(model.lane, model.same_direction)


def _lane_in(model: _LaneModel) -> Lane:
    return Lane(
        id=model.id,
        kind=model.kind,
        centre=_points(model.centre),
        left=_points(model.left),
        right=_points(model.right),
        left_mark=model.left_mark,
        right_mark=model.right_mark,
        speed_limit_mps=math.inf if model.speed_limit_mps is None else model.speed_limit_mps,
        left_neighbour=_neighbour_in(model.left_neighbour),
        right_neighbour=_neighbour_in(model.right_neighbour),
        successors=tuple(model.successors),
        predecessors=tuple(model.predecessors),
        in_junction=model.in_junction,
        stop_line=None if model.stop_line is None else _points(model.stop_line),
        signal=model.signal,
    )


def _signal_in(model: _SignalModel) -> Signal:
    phases = tuple(SignalPhase(SignalColour[phase.colour.upper()], phase.duration_s) for phase in model.phases)
    return Signal(model.id, model.position, phases, model.offset_s)


def _course_in(model: _CourseModel) -> Course:
    return Course(
        name=model.name,
        reference=_points(model.reference),
        lanes=tuple(tuple(chain) for chain in model.lanes),
        oncoming=tuple(tuple(chain) for chain in model.oncoming),
        strips=tuple((strip.name, tuple(strip.lanes)) for strip in model.strips),
    )
