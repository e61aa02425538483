"""Checks a placed scenario against its road: nobody off it, nobody inside another, every place that is named exists.

Answers with faults in the report, each with its place in the file. Faults of form are found earlier (`schema.py`, `names.py`);
whether the goal can be reached is found by the route.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np

from alpasim.errors import InputError, did_you_mean
from alpasim.geometry import boxes_overlap
from alpasim.road.network import RoadNetwork
from alpasim.scenario.concrete import ActorSpec
from alpasim.scenario.faults import Path
from alpasim.scenario.kinds import KIND_WORDS, ROAD_BOUND
from alpasim.scenario.names import behaviour_actions
from alpasim.scenario.placing import Placed, course_length
from alpasim.scenario.schema import PositionCondition, ScenarioModel, TimeCondition
from alpasim.scenario.triggers import HANDS_OVER
from alpasim.scenario.values import EGO_NAME

MOST_FAULTS = 50


class Faults(Protocol):
    """Where faults go."""

    def add(self, path: Path, message: str, *, at_key: bool = False) -> None:
        """Note one."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A suggestion and, where the list is short, everything there is."""
    names = list(known)
    listed = f"; there are: {', '.join(names)}" if 0 < len(names) <= 12 else f"; there are {len(names)}"
    return did_you_mean(name, names) + listed


def check_on_road(model: ScenarioModel, road: RoadNetwork, name: str, found: Placed, report: Faults) -> bool:
    """Whether somebody who belongs on the drivable area stands on it; notes a fault where not."""
    if not _belongs_on_road(model, name):
        return True
    inside = float(road.edge_distance(np.array([found.pose[:2]]))[0])
    if inside >= 0.0:
        return True
    x, y, _ = found.pose
    away = f"{-inside:.1f} m off the drivable area" if math.isfinite(inside) else "far off the drivable area"
    hint = "" if name == EGO_NAME else ", or say off_road: true in its place"
    report.add(
        _place_path(model, name), f"{name} starts at ({x:.1f}, {y:.1f}), {away}; expected a place on the road{hint}"
    )
    return False


def _belongs_on_road(model: ScenarioModel, name: str) -> bool:
    if name == EGO_NAME:
        return True
    actor = model.actors[name]
    return actor.place is not None and not actor.place.off_road and KIND_WORDS[actor.kind] in ROAD_BOUND


def _place_path(model: ScenarioModel, name: str) -> Path:
    if name == EGO_NAME:
        return ("ego", "pose") if model.ego.pose is not None else ("ego",)
    return ("actors", name, "place") if model.actors[name].place is not None else ("actors", name)


def check_overlaps(model: ScenarioModel, placed: Mapping[str, Placed], report: Faults) -> None:
    """No two boxes overlap at the start, but for those of recorded actors, as recordings have it."""
    names = [name for name, found in placed.items() if found.present]
    poses = np.array([placed[name].pose for name in names]).reshape(-1, 3)
    extents = np.array([placed[name].extent for name in names]).reshape(-1, 3)
    reach = 0.5 * np.hypot(extents[:, 0], extents[:, 1])
    count = 0
    for row, name in enumerate(names):
        away = np.hypot(poses[row + 1 :, 0] - poses[row, 0], poses[row + 1 :, 1] - poses[row, 1])
        for near in np.flatnonzero(away < reach[row + 1 :] + reach[row]):
            other = row + 1 + int(near)
            if not _overlap(poses[row], extents[row], poses[other], extents[other]):
                continue
            if _is_recorded(model, name) and _is_recorded(model, names[other]):
                continue
            x, y = poses[other, :2]
            message = f"{names[other]} and {name} overlap at the start, around ({x:.1f}, {y:.1f}); expected them apart"
            report.add(_place_path(model, names[other]), message)
            count += 1
            if count >= MOST_FAULTS:
                return


def check_appearances(
    model: ScenarioModel, placed: Mapping[str, Placed], actors: Iterable[ActorSpec], report: Faults
) -> None:
    """No recorded actor appears later inside somebody who stands there for good: parked, and told nothing by any event."""
    told = {name for event in model.events for name, _, _ in event.actions()}
    parked = [name for name, actor in model.actors.items() if actor.behaviour == "parked" and name not in told]
    standing = [(name, placed[name]) for name in parked if name in placed]
    for actor in actors:
        if actor.track is None or placed[actor.name].present:
            continue
        pose, extent = np.array(actor.pose), np.array(actor.extent)
        for name, found in standing:
            if _overlap(pose, extent, np.array(found.pose), np.array(found.extent)):
                when = f"{actor.name} appears at {actor.track.times_us[0] / 1e6:.2f} s inside {name}, which is parked there"
                message = f"{when}, around ({pose[0]:.1f}, {pose[1]:.1f}); expected them apart"
                report.add(_place_path(model, actor.name), message)


def _overlap(pose: np.ndarray, extent: np.ndarray, other_pose: np.ndarray, other_extent: np.ndarray) -> bool:
    return bool(
        boxes_overlap(
            float(pose[0]), float(pose[1]), float(pose[2]), float(extent[0]), float(extent[1]),
            float(other_pose[0]), float(other_pose[1]), float(other_pose[2]), float(other_extent[0]), float(other_extent[1]),
        )
    )  # fmt: skip


def _is_recorded(model: ScenarioModel, name: str) -> bool:
    return name != EGO_NAME and model.actors[name].behaviour == "replay"


def check_actions(model: ScenarioModel, report: Faults) -> None:
    """Nobody is told what neither its behaviour nor one that it may be handed over to can do."""
    told: dict[str, set[str]] = {}
    for event in model.events:
        for name, _, action in event.actions():
            told.setdefault(name, set()).add(action.kind)
    for index, event in enumerate(model.events):
        for name, keys, action in event.actions():
            if name not in model.actors:
                continue
            behaviour = model.actors[name].behaviour
            able = set(behaviour_actions(behaviour)) | set(HANDS_OVER)
            for kind in told[name] & set(HANDS_OVER):
                able |= behaviour_actions(HANDS_OVER[kind])
            if action.kind not in able:
                does = f"{name} drives by {behaviour!r} and cannot do {action.kind!r}"
                message = f"{does}, expected one of {', '.join(sorted(able))}, or another behaviour"
                report.add(("events", index, "then", *keys, action.kind), message, at_key=True)


def check_conditions(model: ScenarioModel, road: RoadNetwork, report: Faults) -> None:
    """Conditions can come true: times lie before the end, positions on the course that they name."""
    for index, event in enumerate(model.events):
        for keys, _, options in event.conditions():
            at = ("events", index, "when", *keys)
            if isinstance(options, TimeCondition) and options.after_s >= model.end.time_limit_s:
                told = f"found after_s {options.after_s:g}, but the scenario ends at {model.end.time_limit_s:g} s"
                report.add((*at, "after_s"), f"{told}; expected an earlier time or a longer end.time_limit_s")
            if isinstance(options, PositionCondition) and options.s_m is not None:
                _check_position(options.course, options.s_m, at, road, report)


def _check_position(course: str, s: float, at: Path, road: RoadNetwork, report: Faults) -> None:
    try:
        length = course_length(road, course)
    except InputError as cause:
        report.add((*at, "course"), str(cause))
        return
    if not 0.0 <= s <= length:
        report.add((*at, "s_m"), f"s_m {s:g} is not on course {course!r}, which runs from 0 to {length:.1f} m")
