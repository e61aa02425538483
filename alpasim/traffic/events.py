"""When a condition holds: the run-time meaning of the conditions that `scenario/triggers.py` declares.

Every condition is read off one state, at every control step; an event fires once, at the first step whose state meets all its
conditions. What its actions do is the behaviours' matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from alpasim.errors import RecordingError
from alpasim.geometry import box_distance, points_in_polygon
from alpasim.road.polyline import arc_length, pose_at, project
from alpasim.scenario.concrete import Condition, Event, Scenario
from alpasim.traffic.lane_paths import lane_chain
from alpasim.types import EGO, FloatArray, WorldState

BESIDE_M = 12.0
"""Who is further than this to the side of a way is not ahead on it [m]."""
WAY_REACH_M = 500.0
"""A lane's way is looked along this far [m]."""

Test = Callable[[WorldState], bool]


class Events:
    """The events of one scenario and which of them have fired."""

    def __init__(self, scenario: Scenario) -> None:
        self._events = [(event, [_test(one, scenario) for one in event.conditions]) for event in scenario.events]
        self.reset()

    def reset(self) -> None:
        """Nothing has fired yet."""
        self._waiting = list(self._events)

    def save(self) -> list[int]:
        """Places in the file of the events that have not fired."""
        return [place for place, entry in enumerate(self._events) if any(entry is one for one in self._waiting)]

    def load(self, waiting: list[int]) -> None:
        """Let these be the events that have not fired."""
        places = range(len(self._events))
        if any(type(place) is not int or place not in places for place in waiting) or sorted(set(waiting)) != waiting:
            raise RecordingError(f"snapshot: waiting events {waiting}, expected rising numbers below {len(places)}")
        self._waiting = [self._events[place] for place in waiting]

    def fired(self, state: WorldState) -> tuple[Event, ...]:
        """Events whose conditions all hold now and that have not fired before, in file order; they count as fired from now."""
        if not self._waiting:
            return ()
        now = [all(test(state) for test in tests) for _, tests in self._waiting]
        fired = tuple(event for (event, _), met in zip(self._waiting, now, strict=True) if met)
        if fired:
            self._waiting = [entry for entry, met in zip(self._waiting, now, strict=True) if not met]
        return fired


def _test(condition: Condition, scenario: Scenario) -> Test:
    """The condition as a question to a state."""
    options, of, to = condition.options, condition.of, condition.to
    if condition.kind == "time":
        after_us = round(options.after_s * 1e6)
        return lambda state: state.time_us >= after_us
    if condition.kind == "distance":
        return lambda state: box_gap(state, of, to) < options.below_m
    if condition.kind == "time_headway":
        ways = Ways(scenario)
        return lambda state: headway(state, of, to, ways) < options.below_s
    if condition.kind == "position":
        return _position_test(condition, scenario)
    raise ValueError(
        f"condition {condition.kind!r} has no meaning here, expected time, distance, time_headway or position"
    )


def box_gap(state: WorldState, of: int, to: int) -> float:
    """Exact distance between two actors' boxes [m]; inf while one of them is absent."""
    if not (state.present[of] and state.present[to]):
        return math.inf
    boxes = [
        (*state.position[row, :2].tolist(), float(state.yaw[row]), *state.extent[row, :2].tolist()) for row in (of, to)
    ]
    return float(box_distance(*boxes[0], *boxes[1]))


def _position_test(condition: Condition, scenario: Scenario) -> Test:
    """Whether an actor's box centre has come to a place."""
    options, of = condition.options, condition.of
    if options.region is not None:
        region = np.array(options.region, dtype=np.float64)
        return lambda state: bool(state.present[of] and points_in_polygon(_centre(state, of), region)[0])
    if options.within_m is not None:
        x, y = options.x_m, options.y_m

        def near(state: WorldState) -> bool:
            away = math.hypot(state.position[of, 0] - x, state.position[of, 1] - y)
            return bool(state.present[of]) and away <= options.within_m

        return near
    reference = np.ascontiguousarray(scenario.road.courses[options.course].reference, dtype=np.float64)
    s_reference = arc_length(reference)
    return lambda state: bool(
        state.present[of] and project(_centre(state, of), reference, s_reference)[0][0] >= options.s_m
    )


def _centre(state: WorldState, row: int) -> FloatArray:
    """Box centre of one actor as (1, 2)."""
    return np.ascontiguousarray(state.position[row : row + 1, :2])


class Ways:
    """The line that headway is measured along: the ego's route, for others the lane that they are on and the lanes after it.

    Off the lanes, and against them, it is straight ahead.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._road = scenario.road
        route = np.ascontiguousarray(scenario.ego.route.centre, dtype=np.float64)
        self._route = (route, arc_length(route))
        self._lanes: dict[int, tuple[FloatArray, FloatArray]] = {}

    def of(self, state: WorldState, row: int) -> tuple[FloatArray, FloatArray]:
        """Points (k, 2) and arc lengths (k,) of the way ahead of an actor."""
        if row == EGO:
            return self._route
        yaw = float(state.yaw[row])
        lane = int(self._road.lanes_at(_centre(state, row), yaw)[0])
        if lane >= 0:
            if lane not in self._lanes:
                chain, _ = lane_chain(self._road, self._road.lanes[lane].id, False, (), WAY_REACH_M)
                line = np.ascontiguousarray(np.concatenate([one.centre for one in chain]), dtype=np.float64)
                self._lanes[lane] = (line, arc_length(line))
            line, s = self._lanes[lane]
            along = project(_centre(state, row), line, s)[0]
            if math.cos(float(pose_at(line, s, along)[0, 2]) - yaw) > 0.0:
                return line, s
        x, y = state.position[row, :2].tolist()
        line = np.array([[x, y], [x + math.cos(yaw), y + math.sin(yaw)]])
        return line, np.array([0.0, 1.0])


def headway(state: WorldState, of: int, to: int, ways: Ways) -> float:
    """Seconds that `of` needs at its present speed along its way to where the rear of `to` is now.

    `to` may be in another lane (somebody about to cut in counts), up to 12 m to the side. inf where it is not wholly ahead of
    the front of `of`, where `of` does not move forward, or where one is absent.
    """
    if not (state.present[of] and state.present[to]):
        return math.inf
    line, s_line = ways.of(state, of)
    s, d, _ = project(np.ascontiguousarray(state.position[[of, to], :2]), line, s_line)
    headings = pose_at(line, s_line, s)[:, 2]
    gap = float(s[1] - s[0])
    for row, heading in zip((of, to), headings, strict=True):
        turn = float(state.yaw[row] - heading)
        gap -= 0.5 * (
            float(state.extent[row, 0]) * abs(math.cos(turn)) + float(state.extent[row, 1]) * abs(math.sin(turn))
        )
    vx, vy = float(state.velocity[of, 0]), float(state.velocity[of, 1])
    speed = vx * math.cos(headings[0]) + vy * math.sin(headings[0])
    if gap < 0.0 or speed <= 0.0 or abs(d[1] - d[0]) > BESIDE_M:
        return math.inf
    return gap / speed
