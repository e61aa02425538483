"""Roads that several tests of the road room ask about."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alpasim.road.network import Lane, LaneKind, LineMark, Neighbour, RoadNetwork
from alpasim.road.pieces import RoadModel, build_road
from alpasim.types import FloatArray

EVERY_FORM: dict[str, dict[str, Any]] = {
    "straight": {"straight": {"lanes": 2, "oncoming_lanes": 1, "length_m": 200, "parking_m": 2.2, "sidewalk_m": 2.0}},
    "curve": {"curve": {"lanes": 1, "oncoming_lanes": 1, "radius_m": -40, "angle_deg": 120, "shoulder_m": 1.0}},
    "pieces": {
        "pieces": [
            {"straight": {"lanes": 1, "oncoming_lanes": 1, "length_m": 80, "speed_limit_kph": 72}},
            {"curve": {"radius_m": 50, "angle_deg": 90, "speed_limit_mps": 10}},
            {"straight": {"length_m": 60}},
        ]
    },
    "motorway": {
        "motorway": {
            "lanes": 3,
            "length_m": 900,
            "speed_limit_kph": 120,
            "curve_radius_m": 700,
            "on_ramp": {"at_m": 160, "length_m": 200},
            "off_ramp": {"at_m": 560, "length_m": 180},
        }
    },
    "t_junction": {"t_junction": {"arm_length_m": 60, "lanes": 3, "cross_lanes": 2, "signals": {}, "sidewalk_m": 2.0}},
    "x_junction": {"x_junction": {"arm_length_m": 60, "lanes": 2, "corner_radius_m": 12, "signals": {"green_s": 10}}},
}


def road_of(form: dict[str, Any]) -> RoadNetwork:
    return build_road(RoadModel.model_validate(form))


def lane(
    name: str,
    centre: Sequence[Sequence[float]] | FloatArray,
    width: float = 3.5,
    left: Neighbour | None = None,
    right: Neighbour | None = None,
    after: tuple[str, ...] = (),
    before: tuple[str, ...] = (),
    kind: LaneKind = LaneKind.DRIVING,
) -> Lane:
    """A lane of constant width round a line of points."""
    points = np.ascontiguousarray(centre, dtype=np.float64)
    direction = np.gradient(points, axis=0)
    direction /= np.maximum(np.hypot(direction[:, 0], direction[:, 1])[:, None], 1e-12)
    normal = np.column_stack([-direction[:, 1], direction[:, 0]])
    return Lane(
        id=name,
        kind=kind,
        centre=points,
        left=points + 0.5 * width * normal,
        right=points - 0.5 * width * normal,
        left_mark=LineMark.SOLID,
        right_mark=LineMark.SOLID,
        speed_limit_mps=math.inf,
        left_neighbour=left,
        right_neighbour=right,
        successors=after,
        predecessors=before,
    )


def turned(road: RoadNetwork, angle: float, shift: tuple[float, float]) -> RoadNetwork:
    """The same road turned about the origin and then shifted."""

    def move(points: FloatArray) -> FloatArray:
        return move_points(points, angle, shift)

    lanes = [
        dataclasses.replace(
            old,
            centre=move(old.centre),
            left=move(old.left),
            right=move(old.right),
            stop_line=None if old.stop_line is None else move(old.stop_line),
        )
        for old in road.lanes
    ]
    courses = [dataclasses.replace(course, reference=move(course.reference)) for course in road.courses.values()]
    return RoadNetwork(lanes, road.signals, road.surfaces, courses)


def move_points(points: FloatArray, angle: float, shift: tuple[float, float]) -> FloatArray:
    """Points (k, 2) turned about the origin and then shifted."""
    c, s = math.cos(angle), math.sin(angle)
    x = c * points[:, 0] - s * points[:, 1] + shift[0]
    y = s * points[:, 0] + c * points[:, 1] + shift[1]
    return np.column_stack([x, y])


def recorded_maps() -> list[Path]:
    """The CommonRoad files that are there, maybe none."""
    places = [os.environ.get("ALPASIM_DATA"), Path(__file__).parents[2] / ".." / "shared" / "data"]
    for place in places:
        if place is not None and (Path(place) / "commonroad").is_dir():
            return sorted((Path(place) / "commonroad").glob("*.xml"))
    return []


def recorded_parameters() -> list[Any]:
    found = recorded_maps()
    if not found:
        return [
            pytest.param(None, marks=pytest.mark.skip(reason="no CommonRoad files in ../shared/data or $ALPASIM_DATA"))
        ]
    return [pytest.param(path, id=path.stem) for path in found]
