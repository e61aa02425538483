"""The path a drive is compared with: the recorded one where the scenario has it, the route from start to goal otherwise.

Answers how far along and how far away from it the ego's box centre is, and, for a recording only, where it should be at
a given time. Which of the two it was is `kind`, and every result says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from alpasim.memory import Memory
from alpasim.road.polyline import arc_length
from alpasim.scenario.concrete import Scenario
from alpasim.sensors.place import LinePlace
from alpasim.types import FloatArray, IntArray, Trajectory, VehicleParameters
from alpasim.vehicle.frames import box_from_rig

ReferenceKind = Literal["recorded", "route"]


@dataclass(frozen=True, slots=True)
class ReferencePlace:
    """Where the ego is on its reference: `along_m` from the start, not clipped; `distance_m` from the path; and the
    recording's own values now, nan where there is none: `recorded_along_m`, `recorded_apart_m` (centre to centre)."""

    along_m: float
    distance_m: float
    recorded_along_m: float = math.nan
    recorded_apart_m: float = math.nan


class Reference:
    """One scenario's reference path of box centres; `length_m` is from its start to its end, for a route to the goal."""

    def __init__(self, scenario: Scenario) -> None:
        self.kind: ReferenceKind
        self._times: IntArray | None = None
        self._place: LinePlace | None = None
        if scenario.reference is not None:
            self.kind = "recorded"
            line = _box_centres(scenario.reference, scenario.ego.vehicle)
            s = arc_length(line)
            self._start, self.length_m = 0.0, float(s[-1])
            self._times, self._recorded, self._recorded_s = scenario.reference.times_us, line, s
            self._place = LinePlace(*_with_length(line, s, float(scenario.reference.poses[-1, 2])), self._start)
        else:
            route = scenario.ego.route
            self.kind = "route"
            self._start, self.length_m = route.start_s, max(route.goal_s - route.start_s, 0.0)

    def reset(self) -> None:
        """Back to the start of the path."""
        if self._place is not None:
            self._place.reset()

    def save(self) -> Memory:
        """Where on a recorded path the ego was last."""
        return {} if self._place is None else self._place.save()

    def load(self, memory: Memory) -> None:
        """Look for it from there."""
        if self._place is not None:
            self._place.load(memory)

    def locate(self, x: float, y: float, time_us: int, on_route: tuple[float, float]) -> ReferencePlace:
        """The ego's place at one moment, when it is so far along its route and so far from it [m]; call it once a step, in
        order."""
        s, distance = on_route
        if self._place is not None:
            s, _, distance = self._place.locate(x, y)
        if self._times is None or time_us < self._times[0] or time_us > self._times[-1]:
            return ReferencePlace(s - self._start, distance)
        then_x = float(np.interp(time_us, self._times, self._recorded[:, 0]))
        then_y = float(np.interp(time_us, self._times, self._recorded[:, 1]))
        then_s = float(np.interp(time_us, self._times, self._recorded_s))
        return ReferencePlace(s - self._start, distance, then_s, math.hypot(x - then_x, y - then_y))


def _box_centres(recorded: Trajectory, vehicle: VehicleParameters) -> FloatArray:
    """Box centres (k, 2) of a recorded drive, whose poses are the rig's."""
    rigs = [np.array([x, y, 0.0, yaw]) for x, y, yaw in recorded.poses]
    return np.array([box_from_rig(rig, vehicle)[0][:2] for rig in rigs])


def _with_length(line: FloatArray, s: FloatArray, yaw: float) -> tuple[FloatArray, FloatArray]:
    """The line, lengthened by a millimetre along `yaw` where the recorded car never moved, so that it has a direction."""
    if s[-1] > 0.0:
        return line, s
    end = line[-1] + 1e-3 * np.array([math.cos(yaw), math.sin(yaw)])
    return np.stack((line[-1], end)), np.array([0.0, 1e-3])
