"""Makes the concrete scenario: places resolved, files read, everything checked against everything.

Answers "what exactly will be driven" for one validated file and one set of values, or says everything that is wrong with it
at once. The road is built in `roads.py`, what the checks are is in `checks.py`, where a place is in `placing.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from alpasim.errors import InputError, ScenarioError
from alpasim.road.routing import find_route
from alpasim.scenario import checks
from alpasim.scenario.concrete import (
    CONTROL_DT_US,
    Action,
    Condition,
    EgoFault,
    EgoSpec,
    Environment,
    Event,
    Goal,
    Scenario,
    SenseFault,
    Track,
)
from alpasim.scenario.expectations import expectation
from alpasim.scenario.faults import Report
from alpasim.scenario.files import Inputs
from alpasim.scenario.placing import Placed, circle, course_area, course_length
from alpasim.scenario.roads import DrawnRoad
from alpasim.scenario.schema import EgoModel, EnvironmentModel, ScenarioModel
from alpasim.scenario.sense_faults import complaints
from alpasim.scenario.senses import perception_choice, timing_faults
from alpasim.scenario.spawning import actor_spec, place_all
from alpasim.scenario.tracks import load_tracks
from alpasim.scenario.values import EGO_NAME
from alpasim.scenario.vehicles import parse_vehicle, vehicle_input
from alpasim.scenario.ways import check_ways
from alpasim.scenario.weather import road_friction
from alpasim.types import FloatArray, Route, Trajectory, VehicleParameters, frozen

MOST_ROUTES = 64
"""Routes that are remembered on one road."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a concrete scenario comes from, as its header will say it."""

    name: str
    source: str
    seed: int
    parameters: Mapping[str, Any]


def resolve(model: ScenarioModel, drawn: DrawnRoad, inputs: Inputs, origin: Origin, report: Report) -> Scenario:
    """The concrete scenario without its content hash; raises ScenarioError with every fault."""
    road = drawn.road
    tracks = _tracks(model, inputs, report)
    vehicle = _vehicle(model.ego, inputs, report)
    report.stop_if_any()
    assert vehicle is not None  # a missing vehicle is a fault
    placed = place_all(model, road, vehicle, tracks, report)
    goal = _goal(model, drawn, report)
    actors = tuple(
        actor_spec(name, actor, placed[name], tracks) for name, actor in model.actors.items() if name in placed
    )
    events = tuple(_events(model, report))
    ego = placed.get(EGO_NAME)
    checks.check_overlaps(model, placed, report)
    checks.check_appearances(model, placed, actors, report)
    check_ways(model, actors, road, report)
    checks.check_actions(model, report)
    checks.check_conditions(model, road, report)
    perception, sensors = perception_choice(model.perception), model.sensors.by_name()
    for fault in timing_faults(perception, sensors, CONTROL_DT_US):
        place, _, told = fault.partition(": ")
        report.add(tuple(place.split(".")), told)
    cameras = model.sensors.camera.own if model.sensors.camera is not None else ()
    written = [fault.written() for fault in model.faults]
    for where, told in complaints(written, cameras, model.end.time_limit_s, CONTROL_DT_US):
        report.add(where, told)
    report.stop_if_any()
    assert ego is not None and goal is not None  # either missing is a fault
    route = _route(drawn, ego, goal, vehicle, model, report)
    reference = _reference(model.ego, vehicle, tracks, report)
    report.stop_if_any()
    assert route is not None  # a missing route is a fault
    faults = [fault.concrete() for fault in model.faults]
    return Scenario(
        name=origin.name,
        title=model.title,
        source=origin.source,
        seed=origin.seed,
        content_hash="",
        road=road,
        ego=EgoSpec(vehicle, ego.pose, ego.speed_mps, goal, route),
        actors=actors,
        events=events,
        faults=tuple(fault for fault in faults if isinstance(fault, EgoFault)),
        sense_faults=tuple(fault for fault in faults if isinstance(fault, SenseFault)),
        expect=tuple(expectation(entry) for entry in model.expect),
        environment=_environment(model.environment),
        perception=perception,
        sensors=sensors,
        time_limit_s=model.end.time_limit_s,
        off_road_m=model.end.off_road_m,
        tags={key: value for key, value in model.tags.model_dump().items() if value},
        parameters=dict(origin.parameters),
        reference=reference,
        inputs=dict(sorted(inputs.bytes.items())),
    )


def _environment(written: EnvironmentModel) -> Environment:
    """Weather and grip, the grip of the weather where none is written."""
    friction = road_friction(written.rain, written.snow) if written.friction is None else written.friction
    visibility_m = math.inf if written.visibility_m is None else written.visibility_m
    return Environment(
        friction=friction,
        rain=written.rain,
        visibility_m=visibility_m,
        snow=written.snow,
        light=written.light,
        wind_mps=_wind(written.wind_mps, written.wind_to_deg),
        friction_from="weather" if written.friction is None else "written",
    )


def _wind(speed_mps: float, to_deg: float) -> tuple[float, float]:
    """Velocity of the air; exactly none where there is no wind."""
    angle = math.radians(to_deg)
    return (speed_mps * math.cos(angle), speed_mps * math.sin(angle)) if speed_mps else (0.0, 0.0)


def _tracks(model: ScenarioModel, inputs: Inputs, report: Report) -> dict[str, Track]:
    if model.tracks is None:
        return {}
    try:
        return load_tracks(inputs.checked(model.tracks.file, model.tracks.sha256), model.tracks.file)
    except InputError as cause:
        report.add(("tracks", "file"), str(cause))
        return {}


def _vehicle(ego: EgoModel, inputs: Inputs, report: Report) -> VehicleParameters | None:
    try:
        name, data = vehicle_input(ego.vehicle, inputs)
        return parse_vehicle(data, name)
    except ScenarioError as cause:
        report.faults += cause.faults
    except InputError as cause:
        report.add(("ego", "vehicle"), str(cause))
    return None


def _goal(model: ScenarioModel, drawn: DrawnRoad, report: Report) -> Goal | None:
    road, goal = drawn.road, model.ego.goal
    regions: tuple[FloatArray, ...] = ()
    if goal.after_s > model.end.time_limit_s:
        told = f"found after_s {goal.after_s:g}, but the scenario ends at {model.end.time_limit_s:g} s"
        report.add(("ego", "goal", "after_s"), f"{told}; expected an earlier time or a longer end.time_limit_s")
    try:
        if goal.regions is not None:
            regions = tuple(frozen(np.array(region, dtype=np.float64)) for region in goal.regions)
        elif goal.s_m is not None:
            end = course_length(road, goal.course)
            if not 0.0 <= goal.s_m < end:
                raise InputError(f"s_m {goal.s_m:g} is not on course {goal.course!r}, which runs from 0 to {end:.1f} m")
            until = min(goal.s_m + goal.length_m, end)
            regions = (course_area(road, goal.course, goal.lane, goal.s_m, until, known=drawn.ribbons),)
        elif goal.x_m is not None and goal.y_m is not None and goal.radius_m is not None:
            regions = (circle(goal.x_m, goal.y_m, goal.radius_m),)
    except InputError as cause:
        report.add(("ego", "goal"), str(cause))
        return None
    heading = goal.heading_rad
    if goal.heading_deg is not None:
        heading = (math.radians(goal.heading_deg[0]), math.radians(goal.heading_deg[1]))
    before = math.inf if goal.before_s is None else goal.before_s
    return Goal(regions, goal.bounds, heading, goal.after_s, before)


def _route(
    drawn: DrawnRoad,
    ego: Placed,
    goal: Goal,
    vehicle: VehicleParameters,
    model: ScenarioModel,
    report: Report,
) -> Route | None:
    """The way to the goal, found once for equal starts and goals; it must be possible within the time."""
    road, routes = drawn.road, drawn.routes
    key = (ego.pose, tuple(region.tobytes() for region in goal.regions))
    try:
        if key not in routes:
            if len(routes) >= MOST_ROUTES:
                routes.clear()
            routes[key] = find_route(road, ego.pose, goal.regions)
    except InputError as cause:
        starts_nowhere = ego.lane is None or not road.lane(ego.lane).kind.name.startswith(("DRIVING", "BUS"))
        report.add(("ego",) if starts_nowhere else ("ego", "goal"), str(cause))
        return None
    route = routes[key]
    way, time = route.goal_s - route.start_s, min(model.end.time_limit_s, goal.before_s)
    if goal.regions and way > vehicle.max_speed_mps * time:
        told = f"the goal is {way:.0f} m away and there are {time:g} s, but {vehicle.name} drives at most {vehicle.max_speed_mps:g} m/s"
        report.add(("ego", "goal"), f"{told}; expected a nearer goal or a longer end.time_limit_s")
    return route


def _events(model: ScenarioModel, report: Report) -> list[Event]:
    rows = {name: row for row, name in enumerate((EGO_NAME, *model.actors))}
    events: list[Event] = []
    names: set[str] = set()
    for index, event in enumerate(model.events):
        name = event.name or f"event_{index + 1}"
        if name in names:
            report.add(("events", index, "name"), f"a second event named {name!r}, expected names that differ")
        names.add(name)
        conditions = tuple(
            Condition(kind, options, rows.get(getattr(options, "of", ""), -1), rows.get(getattr(options, "to", ""), -1))
            for _, kind, options in event.conditions()
        )
        actions = tuple(
            Action(rows[actor], found.kind, found.options) for actor, _, found in event.actions() if actor in rows
        )
        events.append(Event(name, conditions, actions))
    return events


def _reference(
    ego: EgoModel, vehicle: VehicleParameters, tracks: Mapping[str, Track], report: Report
) -> Trajectory | None:
    """The recorded drive as poses of the rig, whose origin lies `rear_axle_x_m` from the box centre along the heading."""
    if ego.reference is None:
        return None
    track = tracks.get(ego.reference.track)
    if track is None:
        name = ego.reference.track
        report.add(("ego", "reference", "track"), f"no track {name!r} in the tracks file{checks.nearest(name, tracks)}")
        return None
    yaw = track.poses[:, 2]
    shift = vehicle.rear_axle_x_m * np.stack([np.cos(yaw), np.sin(yaw)], axis=1)
    poses = np.concatenate([track.poses[:, :2] + shift, yaw[:, None]], axis=1)
    return Trajectory(frozen(track.times_us.copy()), frozen(poses), "world")
