"""The behaviour `replay`: moves as it was recorded, and is there only while the recording lasts.

Answers where a recorded actor is at each control step: exactly the recorded pose at the recording's time stamps, on the
straight line between two of them otherwise, heading along the shortest arc. Velocity and yaw rate come from the poses: at a
time stamp the mean of the two neighbouring pieces, in between evenly from one stamp to the next. All of it is one table, laid
out when the scenario is built.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

import numpy as np
from pydantic import BaseModel, Field

from alpasim.compiled import compiled
from alpasim.errors import InputError
from alpasim.geometry import wrap_angle, wrap_angles
from alpasim.memory import Memory
from alpasim.scenario.concrete import Action, Scenario, Track
from alpasim.scenario.values import Model
from alpasim.types import BoolArray, FloatArray, IntArray, Motion, WorldState

X, Y, YAW, VX, VY, YAW_RATE, PRESENT = range(7)
COLUMNS = 7


class ReplayOptions(Model):
    """Words under `drive: {replay: …}`: which track of the scenario's tracks file."""

    id: Annotated[str, Field(min_length=1, max_length=200)]


def track_table(track: Track, times_us: IntArray) -> FloatArray:
    """A track at given times: (len(times_us), 7) with the columns x, y, yaw, vx, vy, yaw rate, present (0 or 1)."""
    table = np.zeros((len(times_us), COLUMNS))
    stamps: FloatArray = track.times_us.astype(np.float64) * 1e-6
    at = times_us.astype(np.float64) * 1e-6
    yaw = track.poses[0, 2] + np.concatenate(([0.0], np.cumsum(wrap_angles(np.diff(track.poses[:, 2])))))
    paths = np.column_stack((track.poses[:, :2], yaw))
    rates = _rates(stamps, paths, track)
    for column in range(3):
        table[:, X + column] = np.interp(at, stamps, paths[:, column])
        table[:, VX + column] = np.interp(at, stamps, rates[:, column])
    table[:, YAW] = wrap_angles(table[:, YAW])
    inside = (times_us >= track.times_us[0]) & (times_us <= track.times_us[-1])
    table[:, PRESENT] = inside
    table[~inside, VX : YAW_RATE + 1] = 0.0
    _keep_stamped(table, track, times_us)
    return table


def _keep_stamped(table: FloatArray, track: Track, times_us: IntArray) -> None:
    """At a time stamp of the recording the pose is the recorded one to the bit, free of interpolation's rounding."""
    rows = np.searchsorted(track.times_us, times_us)
    hit = (rows < len(track.times_us)) & (track.times_us[np.minimum(rows, len(track.times_us) - 1)] == times_us)
    table[hit, X : YAW + 1] = track.poses[rows[hit]]


def _rates(stamps: FloatArray, paths: FloatArray, track: Track) -> FloatArray:
    """Velocity and yaw rate (k, 3) at the time stamps."""
    if len(stamps) == 1:
        yaw, speed = float(track.poses[0, 2]), float(track.speed_mps[0])
        return np.array([[speed * math.cos(yaw), speed * math.sin(yaw), 0.0]])
    slopes = np.diff(paths, axis=0) / np.diff(stamps)[:, None]
    rates = np.empty_like(paths)
    rates[0], rates[-1] = slopes[0], slopes[-1]
    rates[1:-1] = 0.5 * (slopes[1:] + slopes[:-1])
    return rates


@compiled
def _copy_rows(
    table: FloatArray,
    columns: IntArray,
    rows: IntArray,
    position: FloatArray,
    yaw: FloatArray,
    velocity: FloatArray,
    yaw_rate: FloatArray,
    present: BoolArray,
) -> None:
    """Put one step of the table (m, 7) into the motion: `columns` are the table's rows of the state's `rows`."""
    for k in range(rows.shape[0]):
        row, own = rows[k], table[columns[k]]
        present[row] = own[PRESENT] != 0.0
        position[row, 0], position[row, 1] = own[X], own[Y]
        yaw[row], yaw_rate[row] = wrap_angle(own[YAW]), own[YAW_RATE]
        velocity[row, 0], velocity[row, 1], velocity[row, 2] = own[VX], own[VY], 0.0


class Replay:
    """Recorded motion, for all its actors by one look-up."""

    name: ClassVar[str] = "replay"
    Options: ClassVar[type[BaseModel]] = ReplayOptions
    actions: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, scenario: Scenario, rows: IntArray, rng: np.random.Generator) -> None:  # noqa: ARG002
        tracks = []
        for row in rows:
            actor = scenario.actors[row - 1]
            if actor.track is None or len(actor.track.times_us) == 0:
                raise InputError(f"{scenario.source}: actors.{actor.name}: 'replay' needs a recorded track, found none")
            tracks.append(actor.track)
        last = max((int(track.times_us[-1]) for track in tracks), default=0)
        steps = min(last, round(scenario.time_limit_s * 1e6) + scenario.dt_us) // scenario.dt_us + 2
        times = np.arange(steps, dtype=np.int64) * scenario.dt_us
        self._table = np.zeros((steps, len(rows), COLUMNS))
        for i, track in enumerate(tracks):
            self._table[:, i] = track_table(track, times)
        self._local = np.full(len(scenario.actors) + 1, -1, dtype=np.int64)
        self._local[rows] = np.arange(len(rows))

    def _put(self, step: int, rows: IntArray, motion: Motion) -> None:
        table = self._table[min(step, len(self._table) - 1)]
        _copy_rows(
            table,
            self._local[rows],
            rows,
            motion.position,
            motion.yaw,
            motion.velocity,
            motion.yaw_rate,
            motion.present,
        )

    def place(self, rows: IntArray, motion: Motion) -> None:
        """Where the recording has them at time zero, if it has them then."""
        self._put(0, rows, motion)

    def reset(self, state: WorldState) -> None:
        """Nothing is remembered."""

    def save(self) -> Memory:
        """Nothing is remembered."""
        return {}

    def load(self, memory: Memory) -> None:
        """Nothing is remembered."""

    def advance(self, state: WorldState, rows: IntArray, motion: Motion) -> None:
        """One step further in the recording."""
        self._put(state.step + 1, rows, motion)

    def apply(self, row: int, action: Action, state: WorldState) -> bool:  # noqa: ARG002
        """A recording cannot be talked to."""
        return False
