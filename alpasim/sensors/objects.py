"""The object list: what a perfect detector tells the ego about itself, the others, the lights and the route.

Answers what a policy sees. It hides who the others are: tracks carry random numbers and come nearest first, so neither
number nor order tells which actor of the script is behind one. Range, occlusion and noise of a real detector are the
matter of `perception.py`, whose list takes the place of this one where a scenario asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from alpasim.compiled import compiled
from alpasim.memory import Memory
from alpasim.scenario.concrete import Scenario
from alpasim.sensors.place import LinePlace
from alpasim.types import EGO, BoolArray, FloatArray, IntArray, Observation, Reading, Tracks, WorldState, frozen
from alpasim.vehicle.frames import rig_from_box

RANGE_M = 200.0
"""Farthest box centre that is perceived, in the ground plane [m]."""


@compiled
def perceived_rows(position: FloatArray, present: BoolArray, ids: IntArray, range_m: float) -> IntArray:
    """Rows other than the ego's that are present and in range, nearest first; equal distances by track number."""
    count = 0
    rows = np.empty(position.shape[0], dtype=np.int64)
    reach = np.empty(position.shape[0])
    for i in range(1, position.shape[0]):
        if not present[i]:
            continue
        dx, dy = position[i, 0] - position[0, 0], position[i, 1] - position[0, 1]
        distance = dx * dx + dy * dy
        if distance > range_m * range_m:
            continue
        k = count
        while k > 0 and (reach[k - 1] > distance or (reach[k - 1] == distance and ids[rows[k - 1]] > ids[i])):
            rows[k], reach[k] = rows[k - 1], reach[k - 1]
            k -= 1
        rows[k], reach[k] = i, distance
        count += 1
    return rows[:count]


class ObjectSensor:
    """True object list of every present actor within `range_m`, once a control step.

    `rng` is the rollout's own stream for senses; it draws the track numbers once, so that every reset of the same scenario
    gives the same observations.
    """

    def __init__(self, scenario: Scenario, rng: np.random.Generator, *, range_m: float = RANGE_M) -> None:
        self._vehicle = scenario.ego.vehicle
        self._range_m = range_m
        count = len(scenario.ids)
        pool = max(9_000, 10 * count)
        self._ids: IntArray = frozen(1_000 + rng.permutation(pool)[:count].astype(np.int64))
        route = scenario.ego.route
        self._place = LinePlace(route.centre, route.s, route.start_s)

    @property
    def track_rows(self) -> dict[int, int]:
        """Which actor row stands behind each track number: for the log and for checks, never for a policy."""
        return {int(track): row for row, track in enumerate(self._ids) if row != EGO}

    def reset(self) -> None:
        """Back to the start of the route."""
        self._place.reset()

    def save(self) -> Memory:
        """Where on the route the ego was last."""
        return self._place.save()

    def load(self, memory: Memory) -> None:
        """Look for it from there."""
        self._place.load(memory)

    def current_ids(self) -> IntArray:
        """Track number of every row (n,)."""
        return self._ids

    def taken_us(self, time_us: int) -> int | None:
        """When the list was taken that `perceive` gives at a time."""
        return time_us

    def perceive(self, state: WorldState, offset: FloatArray | None = None) -> Tracks:
        """The true object list of `state`, as an ego has it that believes to be `offset` (3,) [m] beside its place."""
        rows = perceived_rows(state.position, state.present, self._ids, self._range_m)
        return Tracks(
            ids=frozen(self._ids[rows]),
            kinds=frozen(state.kinds[rows]),
            position=frozen(state.position[rows] if offset is None else state.position[rows] + offset),
            yaw=frozen(state.yaw[rows]),
            velocity=frozen(state.velocity[rows]),
            extent=frozen(state.extent[rows]),
        )

    def observe(
        self,
        state: WorldState,
        tracks: Tracks | None = None,
        readings: Mapping[str, Reading] | None = None,
        signals: IntArray | None = None,
        taken_us: Mapping[str, int] | None = None,
    ) -> Observation:
        """What the ego knows of `state`, every array read-only: the true object list and signals unless others are handed in,
        the readings of further sensors, and when all that was taken."""
        if tracks is None:
            tracks = self.perceive(state)
        position, yaw = state.position[EGO], float(state.yaw[EGO])
        route_s, route_d, _ = self._place.locate(float(position[0]), float(position[1]))
        return Observation(
            step=state.step,
            time_us=state.time_us,
            rig_pose=frozen(rig_from_box(position, yaw, self._vehicle)),
            ego=state.ego,
            tracks=tracks,
            signals=state.signals if signals is None else signals,
            route_s=route_s,
            route_d=route_d,
            readings={} if readings is None else readings,
            taken_us={} if taken_us is None else taken_us,
        )
