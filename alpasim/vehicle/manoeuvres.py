"""Drives by five words, keep, faster, slower, left and right: the lane is held, and a word changes speed or lane.

Answers which Trajectory a word means now. It follows the route's centre at an offset; a change of lane takes the offset to
the centre of the lane beside, where there is one of the same direction, and is carried out whole before the next one may
begin. It looks at no other actor: to give way is up to who speaks the words.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.road.network import TRAFFIC_KINDS, RoadNetwork
from alpasim.road.polyline import pose_at
from alpasim.scenario.concrete import Scenario
from alpasim.types import FloatArray, Observation, Trajectory, frozen
from alpasim.vehicle.frames import rig_poses_from_boxes

KEEP, FASTER, SLOWER, LEFT, RIGHT = range(5)
WORDS = ("keep", "faster", "slower", "left", "right")

FASTER_MPS2 = 1.5
"""What a step of `faster` adds to the wanted speed, times its duration [m/s^2]."""
SLOWER_MPS2 = -3.0
MOST_AHEAD_MPS = 3.0
"""How far the wanted speed may be from the present one, so that a word takes effect at once [m/s]."""
CHANGE_S = 3.0
"""Duration of a lane change [s]; 2 to 4 s is usual on motorways."""
HORIZON_S, STEP_S = 4.0, 0.25
_TIMES: FloatArray = frozen(np.arange(0.0, HORIZON_S + 1e-9, STEP_S))


class Manoeuvres:
    """Keeps the wanted speed and lane of one drive."""

    def __init__(self, scenario: Scenario) -> None:
        self._road: RoadNetwork = scenario.road
        self._route, self._vehicle = scenario.ego.route, scenario.ego.vehicle
        self._dt_s = scenario.dt_us * 1e-6
        self._wanted_mps = math.nan
        self._from_d = self._to_d = 0.0
        self._since_us = -round(CHANGE_S * 1e6)

    def trajectory(self, word: int, observation: Observation) -> Trajectory:
        """Where the rig should be over the next HORIZON_S, once `word` has been heard."""
        speed = observation.ego.speed_mps
        if math.isnan(self._wanted_mps):
            self._wanted_mps = speed
        change = {FASTER: FASTER_MPS2, SLOWER: SLOWER_MPS2}.get(word, 0.0) * self._dt_s
        wanted = self._wanted_mps + change
        if change:
            wanted = min(max(wanted, speed - MOST_AHEAD_MPS), speed + MOST_AHEAD_MPS)
        self._wanted_mps = min(max(wanted, 0.0), self._vehicle.max_speed_mps)
        if word in (LEFT, RIGHT) and self._share(observation.time_us, 0.0) >= 1.0:
            self._begin_change(word == LEFT, observation)
        return self._plan(observation, max(speed, 0.0))

    def _share(self, time_us: int, ahead_s: float) -> float:
        """How much of the lane change is done `ahead_s` from now, in [0, 1]."""
        return min(max(((time_us - self._since_us) * 1e-6 + ahead_s) / CHANGE_S, 0.0), 1.0)

    def _begin_change(self, to_left: bool, observation: Observation) -> None:
        """Head for the lane beside, if there is one that runs our way."""
        x, y, yaw = pose_at(self._route.centre, self._route.s, np.array([observation.route_s]))[0]
        here = np.array([[x - self._to_d * math.sin(yaw), y + self._to_d * math.cos(yaw)]])
        row = int(self._road.lanes_at(here, yaw)[0])
        if row < 0:
            return
        lane = self._road.lanes[row]
        beside = lane.left_neighbour if to_left else lane.right_neighbour
        if beside is None or not beside.same_direction or self._road.lane(beside.lane).kind not in TRAFFIC_KINDS:
            return
        _, d = self._road.project(self._road.lane_row(beside.lane), here)
        self._from_d, self._to_d = self._to_d, self._to_d - float(d[0])
        self._since_us = observation.time_us

    def _plan(self, observation: Observation, speed: float) -> Trajectory:
        """Places along the route at the wanted speed, and across it by the lane change."""
        step = self._wanted_mps - speed
        ramp_s = abs(step) / (FASTER_MPS2 if step > 0.0 else -SLOWER_MPS2)
        ramped = np.minimum(_TIMES, ramp_s)
        share = ramped / ramp_s if ramp_s > 0.0 else np.zeros(_TIMES.shape)
        along = speed * ramped + 0.5 * step * share * ramped + self._wanted_mps * (_TIMES - ramped)
        poses = pose_at(self._route.centre, self._route.s, observation.route_s + along)
        done = np.array([self._share(observation.time_us, float(ahead)) for ahead in _TIMES])
        d = self._from_d + (self._to_d - self._from_d) * done**2 * (3.0 - 2.0 * done)
        across = 6.0 * done * (1.0 - done) * (self._to_d - self._from_d) / CHANGE_S
        boxes = np.column_stack(
            (
                poses[:, 0] - d * np.sin(poses[:, 2]),
                poses[:, 1] + d * np.cos(poses[:, 2]),
                poses[:, 2] + np.arctan2(across, max(self._wanted_mps, 3.0)),
            )
        )
        times_us = observation.time_us + np.round(_TIMES * 1e6).astype(np.int64)
        return Trajectory(frozen(times_us), frozen(rig_poses_from_boxes(boxes, self._vehicle)), "world")
