"""What is around the ego, in the terms of its route: places, sizes and speeds of every track, and who slows down.

Answers "where is it, and what is it doing" for the reference driver. What follows from that is decided in
`longitudinal.py` and `lateral.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import VULNERABLE, ActorKind, BoolArray, FloatArray, IntArray, Observation, Tracks

from .route_kernels import (
    HALF_D,
    HALF_S,
    INDEX,
    SPEED,
    SPEED_D,
    SPEED_S,
    TRACK_D,
    TRACK_S,
    TURNED,
    describe_tracks,
    nearest_point,
    place_near,
)

STANDING = 0.5
"""Slower than this counts as standing [m/s]."""

PARALLEL = np.deg2rad(30.0)
"""Moving within this angle of the lane, either way, counts as driving along it."""

SMOOTHING, NOISY_SMOOTHING = 0.5, 0.2
"""Weight of the last step's change of speed, where the speeds are true and where they jitter."""

_NEW = [math.nan, math.nan, math.nan]
_IS_VULNERABLE = np.array([kind in VULNERABLE for kind in range(max(ActorKind) + 1)])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The tracks in route coordinates, all (k,): `low` and `high` are the ends of a box along the route, `right` and `left`
    its sides across it, speeds along and across, `turned` the direction of motion against the lane, `change` the estimated
    change of speed [m/s^2], `stood` for how long a track has been seen standing [s]. The ego's own box lies from `rear` to `front`, its rig's origin at `rig_s`, `rig_d` with heading
    `rig_turned` against the lane. `standing` who hardly moves, `parallel` who drives along the lane, in either direction,
    `crossing` who moves across it.
    """

    ids: IntArray
    kinds: IntArray
    vulnerable: BoolArray
    low: FloatArray
    high: FloatArray
    right: FloatArray
    left: FloatArray
    along: FloatArray
    across: FloatArray
    turned: FloatArray
    speed: FloatArray
    change: FloatArray
    stood: FloatArray
    row: FloatArray
    position: FloatArray
    yaw: FloatArray
    velocity: FloatArray
    extent: FloatArray
    front: float
    rear: float
    rig_s: float
    rig_d: float
    rig_turned: float
    standing: BoolArray
    parallel: BoolArray
    crossing: BoolArray


@compiled
def go_on_remembering(table: FloatArray, speed: FloatArray, smoothing: float, dt_s: float) -> None:
    """Bring the rows (k, 3) of TrackMemory, nan where new, up to the speeds (k,) of `dt_s` later."""
    for i in range(table.shape[0]):
        now, before = speed[i], table[i, 0]
        table[i, 0] = now
        if math.isnan(before):
            table[i, 1], table[i, 2] = 0.0, 0.0
            continue
        raw = min(max((now - before) / dt_s, -10.0), 5.0)
        table[i, 1] = table[i, 1] + smoothing * (raw - table[i, 1])
        table[i, 2] = table[i, 2] + dt_s if now <= STANDING else 0.0


class TrackMemory:
    """Remembers each track's speed, so that who brakes can be told from who rolls, and how long it has stood.

    Observations hold velocities and no accelerations: the difference of two speeds, smoothed, stands in for it. `rows` is
    plain data: track -> [speed, change of speed, seconds of standing].
    """

    def __init__(self) -> None:
        self._ids: IntArray = np.zeros(0, dtype=np.int64)
        self._table: FloatArray = np.zeros((0, 3))
        self.smoothing = SMOOTHING

    @property
    def rows(self) -> dict[int, list[float]]:
        """One row a track."""
        return dict(zip(self._ids.tolist(), self._table.tolist(), strict=True))

    def update(self, tracks: Tracks, speed: FloatArray, dt_s: float) -> tuple[FloatArray, FloatArray]:
        """(k,) estimated change of speed [m/s^2], 0 for who is seen for the first time, and (k,) seconds of standing."""
        if self._ids.tobytes() != tracks.ids.tobytes():
            known = self.rows
            self._ids = np.array(tracks.ids, dtype=np.int64)
            self._table = np.array([known.get(track, _NEW) for track in self._ids.tolist()]).reshape(-1, 3)
        go_on_remembering(self._table, speed, self.smoothing, dt_s)
        return self._table[:, 1].copy(), self._table[:, 2].copy()

    def save(self) -> dict[str, Any]:
        """Plain data."""
        return {str(track): row for track, row in self.rows.items()}

    def load(self, memory: dict[str, Any]) -> None:
        """What `save` returned."""
        self._ids = np.array([int(track) for track in memory], dtype=np.int64)
        self._table = np.array([[float(value) for value in row] for row in memory.values()]).reshape(-1, 3)


def look_around(
    table: FloatArray, observation: Observation, length_m: float, memory: TrackMemory, dt_s: float
) -> Surroundings:
    """The observation in route coordinates; `table` is the route's, `length_m` the ego's."""
    tracks = observation.tracks
    position, yaw = np.array(tracks.position, dtype=np.float64), np.array(tracks.yaw, dtype=np.float64)
    velocity, extent = np.array(tracks.velocity, dtype=np.float64), np.array(tracks.extent, dtype=np.float64)
    rows = describe_tracks(table, position, yaw, velocity, extent)
    speed = rows[:, SPEED]
    change, stood = memory.update(tracks, speed, dt_s)
    rig_x, rig_y, rig_yaw = (float(observation.rig_pose[axis]) for axis in (0, 1, 3))
    rig_s, rig_d, heading, _ = place_near(table, nearest_point(table, rig_x, rig_y), rig_x, rig_y)
    moving, off = speed > STANDING, np.abs(rows[:, TURNED])
    along: BoolArray = (off < PARALLEL) | (off > np.pi - PARALLEL)
    parallel: BoolArray = moving & along
    return Surroundings(
        ids=tracks.ids,
        kinds=tracks.kinds,
        vulnerable=_IS_VULNERABLE[tracks.kinds],
        low=rows[:, TRACK_S] - rows[:, HALF_S],
        high=rows[:, TRACK_S] + rows[:, HALF_S],
        right=rows[:, TRACK_D] - rows[:, HALF_D],
        left=rows[:, TRACK_D] + rows[:, HALF_D],
        along=rows[:, SPEED_S],
        across=rows[:, SPEED_D],
        turned=rows[:, TURNED],
        speed=speed,
        change=change,
        stood=stood,
        row=rows[:, INDEX],
        position=position,
        yaw=yaw,
        velocity=velocity,
        extent=extent,
        front=observation.route_s + 0.5 * length_m,
        rear=observation.route_s - 0.5 * length_m,
        rig_s=rig_s,
        rig_d=rig_d,
        rig_turned=float((rig_yaw - heading + np.pi) % (2.0 * np.pi) - np.pi),
        standing=speed <= STANDING,
        parallel=parallel,
        crossing=moving & ~parallel,
    )
