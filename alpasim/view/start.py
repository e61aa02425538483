"""What a concrete scenario looks like before anything moves: everybody at the start, and where the file sends them.

Answers with plain values to draw, and drives nothing: no physics, no policy. How they are drawn is `preview.py`'s matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from alpasim.errors import InputError
from alpasim.road.network import RoadNetwork
from alpasim.scenario.concrete import ActorSpec, Condition, Event, Scenario
from alpasim.scenario.placing import along, circle, pavement_ribbons
from alpasim.scenario.triggers import Waypoint
from alpasim.types import EgoState, FloatArray, WorldState, frozen

AHEAD_S, AHEAD_STEP_M = 4.0, 4.0
"""The way of somebody who follows a lane is shown as far as it comes in that time, in steps of so much."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where the file sends an actor: points (k, 2) [m]; `later` where an event does, `stops` (j, 2) its waypoints."""

    actor: str
    points: FloatArray
    stops: FloatArray
    later: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event waits for somebody: a line (2, 2) or a closed area (k, 2) [m], and the event's number from 1."""

    points: FloatArray
    number: int
    closed: bool


def state_at_start(scenario: Scenario) -> WorldState:
    """Everybody where the scenario puts them at time zero; a recorded actor that comes later where it will appear."""
    specs = scenario.actors
    ego, vehicle = scenario.ego, scenario.ego.vehicle
    poses = np.array([ego.pose, *(spec.pose for spec in specs)], dtype=np.float64)
    still = [spec.behaviour == "parked" for spec in specs]
    speeds = np.array(
        [ego.speed_mps, *(0.0 if parked else spec.speed_mps for spec, parked in zip(specs, still, strict=True))]
    )
    yaw, count = poses[:, 2], len(poses)
    ahead = np.column_stack((np.cos(yaw), np.sin(yaw), np.zeros(count)))
    zero = np.zeros(count)
    return WorldState(
        step=0,
        time_us=0,
        ids=scenario.ids,
        kinds=np.array([int(vehicle.kind), *(int(spec.kind) for spec in specs)], dtype=np.int64),
        extent=np.array([vehicle.extent, *(spec.extent for spec in specs)], dtype=np.float64),
        present=np.ones(count, dtype=np.bool_),
        struck=np.zeros(count, dtype=np.bool_),
        position=np.column_stack((poses[:, :2], zero)),
        rotation=np.column_stack((zero, zero, np.sin(0.5 * yaw), np.cos(0.5 * yaw))),
        yaw=yaw,
        velocity=speeds[:, None] * ahead,
        angular_velocity=np.zeros((count, 3)),
        ego=EgoState(
            velocity_in_rig=np.array([ego.speed_mps, 0.0, 0.0]),
            acceleration_in_rig=np.zeros(3),
            yaw_rate_radps=0.0,
            steering_angle_rad=0.0,
            pedal=0.0,
            wheel_load=np.zeros(4),
            wheel_slipping=np.zeros(4, dtype=np.bool_),
        ),
        signals=scenario.road.signal_colours(0),
    )


def route_of(scenario: Scenario) -> FloatArray:
    """The ego's way from its start to its goal, (k, 2) [m]."""
    route = scenario.ego.route
    part = (route.s >= route.start_s) & (route.s <= max(route.goal_s, route.start_s))
    return np.concatenate(([scenario.ego.pose[:2]], route.centre[part]))


def ways_of(scenario: Scenario) -> Iterator[Way]:
    """Where actors go by themselves, and where events send them from where they stand at the start."""
    for spec in scenario.actors:
        waypoints = getattr(spec.options, "waypoints", None)
        if spec.track is not None:
            yield Way(spec.name, spec.track.poses[:, :2], spec.track.poses[[-1], :2])
        elif isinstance(waypoints, tuple):
            yield _way(scenario.road, spec, waypoints, later=False)
        elif spec.behaviour == "follow":
            yield Way(spec.name, _lane_ahead(scenario.road, spec), np.empty((0, 2)))
    for event in scenario.events:
        for action in event.actions:
            if action.kind == "path":
                yield _way(scenario.road, scenario.actors[action.row - 1], action.options.waypoints, later=True)


def _way(road: RoadNetwork, spec: ActorSpec, waypoints: Sequence[Waypoint], later: bool) -> Way:
    stops = np.array([_spot(road, point) for point in waypoints])
    begin = stops[:0] if later and spec.behaviour != "parked" else np.array([spec.pose[:2]])
    return Way(spec.name, np.concatenate((begin, stops)), stops, later)


def _spot(road: RoadNetwork, point: Waypoint) -> tuple[float, float]:
    if point.x_m is not None and point.y_m is not None:
        return point.x_m, point.y_m
    return road.place(point.course, point.lane if point.lane is not None else "", point.s_m or 0.0, point.d_m)[:2]


def _lane_ahead(road: RoadNetwork, spec: ActorSpec) -> FloatArray:
    """The middle of the lanes that come next, as far as the actor gets in AHEAD_S."""
    points = [spec.pose[:2]]
    if spec.lane is None:
        return np.array(points)
    s = float(road.project(road.lane_row(spec.lane), np.array([spec.pose[:2]]))[0][0])
    for way in np.arange(AHEAD_STEP_M, AHEAD_S * spec.speed_mps, AHEAD_STEP_M):
        try:
            lane, there = along(road, spec.lane, s, float(way))
        except InputError:  # the road ends before that
            break
        points.append(road.pose_on_lane(lane, there, 0.0)[:2])
    return np.array(points)


def places_of(scenario: Scenario) -> Iterator[Place]:
    """Lines and areas that events wait at."""
    for number, event in enumerate(scenario.events, start=1):
        for condition in event.conditions:
            options = condition.options
            if condition.kind == "distance":
                yield from _ring(scenario, condition, number)
            if condition.kind != "position":
                continue
            if options.region is not None:
                yield Place(np.array(options.region, dtype=np.float64), number, closed=True)
            elif options.within_m is not None:
                yield Place(circle(options.x_m, options.y_m, options.within_m), number, closed=True)
            else:
                yield Place(_across(scenario.road, options.course, options.s_m), number, closed=False)


def _ring(scenario: Scenario, condition: Condition, number: int) -> Iterator[Place]:
    """About where somebody comes near enough to who stands still."""
    for row in (condition.to, condition.of):
        spec = scenario.actors[row - 1]
        if row > 0 and spec.behaviour == "parked":
            reach = condition.options.below_m + 0.5 * max(spec.extent[:2])
            yield Place(circle(spec.pose[0], spec.pose[1], reach), number, closed=True)
            return


def _across(road: RoadNetwork, course: str, s: float) -> FloatArray:
    """The two ends of a line over the whole pavement of a course."""
    ribbons = pavement_ribbons(road, course, {})
    ends = np.concatenate(
        [side for one in ribbons for side in (one.left_at(np.array([s])), one.right_at(np.array([s])))]
    )
    apart = np.hypot(*(ends[:, None] - ends[None, :]).transpose(2, 0, 1))
    first, last = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return frozen(ends[[first, last]])


def event_words(scenario: Scenario, event: Event) -> str:
    """An event in a line: when it fires, and what it makes whom do."""
    names = scenario.ids
    when = " and ".join(_condition_words(condition, names) for condition in event.conditions)
    done = ", ".join(f"{names[action.row]} {_action_words(action.kind, action.options)}" for action in event.actions)
    return f"{when}: {done}"


def _condition_words(condition: Condition, names: Sequence[str]) -> str:
    options = condition.options
    of = names[condition.of] if condition.of >= 0 else ""
    to = names[condition.to] if condition.to >= 0 else ""
    if condition.kind == "time":
        return f"after {options.after_s:.3g} s"
    if condition.kind == "distance":
        return f"{of} nearer than {options.below_m:.3g} m to {to}"
    if condition.kind == "time_headway":
        return f"{of} less than {options.below_s:.3g} s behind {to}"
    if options.s_m is not None:
        return f"{of} past s {options.s_m:.4g} m"
    return f"{of} in the area"


def _action_words(kind: str, options: object) -> str:
    if kind == "speed":
        return f"goes to {3.6 * getattr(options, 'target_mps', 0.0):.0f} km/h"
    if kind == "change_lane":
        to = getattr(options, "to", "")
        return f"changes to {f'the {to}' if to in ('left', 'right') else f'lane {to}'} in {getattr(options, 'over_s', 0.0):g} s"
    if kind == "stop":
        return f"brakes to a stop at {getattr(options, 'decel_mps2', 0.0):.1f} m/s²"
    return "sets out on its path" if kind == "path" else kind.replace("_", " ")


def known_time(event: Event) -> float | None:
    """When an event fires [s], None where that depends on what happens."""
    times = [condition.options.after_s for condition in event.conditions if condition.kind == "time"]
    return max(times) if len(times) == len(event.conditions) else None
