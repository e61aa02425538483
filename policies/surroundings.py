"""What is around the ego, in the terms of its route: places, sizes and speeds of every track, and who slows down.

Answers "where is it, and what is it doing" for the reference driver. What follows from that is decided in
`weighing.py` and `lateral.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import VULNERABLE, ActorKind, BoolArray, FloatArray, IntArray, Observation, Tracks

from .route_kernels import nearest_point, place_near, wrapped

STANDING = 0.5
"""Slower than this counts as standing [m/s]."""

PARALLEL_RAD = math.radians(30.0)
"""Moving within this angle of the lane, either way, counts as driving along it."""

SMOOTHING, NOISY_SMOOTHING = 0.5, 0.2
"""Weight of the last step's change of speed, where the speeds are true and where they jitter."""

TRACK_S, TRACK_D, HALF_S, HALF_D, ALONG, ACROSS, TURNED, SPEED, ROW = range(9)
LOW, HIGH, RIGHT, LEFT, CHANGE, STOOD, STANDS, PARALLEL, CROSSES, VULNERABLE_KIND, KIND = range(9, 20)
CLEAR, PLAN_D = 20, 21
AT_X, AT_Y, FACING, VELOCITY_X, VELOCITY_Y, LENGTH, WIDTH = range(22, 29)
COLUMNS = 29
"""Columns of `Surroundings.seen`."""

_NEW = [math.nan, math.nan, math.nan]
_IS_VULNERABLE = tuple(kind in VULNERABLE for kind in range(max(ActorKind) + 1))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The tracks in route coordinates, one row of `seen` (k, 29) each.

    `LOW` and `HIGH` are the ends of its box along the route, `RIGHT` and `LEFT` its sides across it (`TRACK_S`, `TRACK_D` the
    middle, `HALF_S`, `HALF_D` half the size), `ALONG` and `ACROSS` its speeds, `TURNED` the direction of its motion (of its body
    where it hardly moves) against the lane in (-pi, pi], `CHANGE` the estimated change of speed [m/s^2], `STOOD` for how long it
    has been seen standing [s], `ROW` the row of the route beside it. `STANDS` says who hardly moves, `PARALLEL` who drives along
    the lane, in either direction, `CROSSES` who moves across it. `CLEAR` is the gap between the ego's side, where its plan
    passes the track, and the track's side, negative where it is in the way, and `PLAN_D` the plan's offset there (`weighing.py`
    fills them in). `AT_X` to `WIDTH` are as they were observed.

    The ego's own box lies from `front` back to `rear`, its rig's origin at `rig_s`, `rig_d` with heading `rig_turned` against
    the lane.
    """

    ids: IntArray
    kinds: IntArray
    seen: FloatArray
    front: float
    rear: float
    rig_s: float
    rig_d: float
    rig_turned: float

    @property
    def low(self) -> FloatArray:
        """(k,) where each track begins along the route [m]."""
        return self.seen[:, LOW]

    @property
    def high(self) -> FloatArray:
        """(k,) where each track ends along the route [m]."""
        return self.seen[:, HIGH]

    @property
    def right(self) -> FloatArray:
        """(k,) offset of each track's right side [m]."""
        return self.seen[:, RIGHT]

    @property
    def left(self) -> FloatArray:
        """(k,) offset of each track's left side [m]."""
        return self.seen[:, LEFT]

    @property
    def along(self) -> FloatArray:
        """(k,) speed along the route [m/s]."""
        return self.seen[:, ALONG]

    @property
    def speed(self) -> FloatArray:
        """(k,) speed [m/s]."""
        return self.seen[:, SPEED]

    @property
    def standing(self) -> BoolArray:
        """(k,) who hardly moves."""
        stands: BoolArray = self.seen[:, SPEED] <= STANDING
        return stands

    def is_vulnerable(self, track: int) -> bool:
        """Whether a track is somebody unprotected."""
        return bool(self.seen[track, VULNERABLE_KIND])


@compiled
def go_on_remembering(memory: FloatArray, i: int, now: float, smoothing: float, dt_s: float) -> None:
    """Bring row `i` of TrackMemory, nan where new, up to the speed `now` of `dt_s` later."""
    before = memory[i, 0]
    memory[i, 0] = now
    if math.isnan(before):
        memory[i, 1], memory[i, 2] = 0.0, 0.0
        return
    raw = min(max((now - before) / dt_s, -10.0), 5.0)
    memory[i, 1] = memory[i, 1] + smoothing * (raw - memory[i, 1])
    memory[i, 2] = memory[i, 2] + dt_s if now <= STANDING else 0.0


@compiled
def describe(
    table: FloatArray,
    kinds: IntArray,
    position: FloatArray,
    yaw: FloatArray,
    velocity: FloatArray,
    extent: FloatArray,
    memory: FloatArray,
    smoothing: float,
    dt_s: float,
) -> FloatArray:
    """(k, 29) what each track is on the route (see Surroundings), its memory (k, 3) brought up to date."""
    seen = np.empty((position.shape[0], COLUMNS))
    for i in range(position.shape[0]):
        row, x, y, vx, vy = seen[i], position[i, 0], position[i, 1], velocity[i, 0], velocity[i, 1]
        s, d, heading, place = place_near(table, nearest_point(table, x, y), x, y)
        cosine, sine = abs(math.cos(yaw[i] - heading)), abs(math.sin(yaw[i] - heading))
        speed = math.sqrt(vx**2 + vy**2)
        direction = math.atan2(vy, vx) if speed > 0.3 else yaw[i]
        row[TRACK_S], row[TRACK_D], row[ROW], row[SPEED] = s, d, place, speed
        row[HALF_S] = 0.5 * (extent[i, 0] * cosine + extent[i, 1] * sine)
        row[HALF_D] = 0.5 * (extent[i, 0] * sine + extent[i, 1] * cosine)
        row[ALONG] = vx * math.cos(heading) + vy * math.sin(heading)
        row[ACROSS] = vy * math.cos(heading) - vx * math.sin(heading)
        row[TURNED] = wrapped(direction - heading)
        row[LOW], row[HIGH] = s - row[HALF_S], s + row[HALF_S]
        row[RIGHT], row[LEFT] = d - row[HALF_D], d + row[HALF_D]
        go_on_remembering(memory, i, speed, smoothing, dt_s)
        row[CHANGE], row[STOOD] = memory[i, 1], memory[i, 2]
        off, moves = abs(row[TURNED]), speed > STANDING
        parallel = moves and (off < PARALLEL_RAD or off > math.pi - PARALLEL_RAD)
        row[STANDS], row[PARALLEL], row[CROSSES] = speed <= STANDING, parallel, moves and not parallel
        row[VULNERABLE_KIND], row[KIND] = _IS_VULNERABLE[kinds[i]], kinds[i]
        row[CLEAR], row[PLAN_D] = math.nan, math.nan
        row[AT_X], row[AT_Y], row[FACING], row[VELOCITY_X], row[VELOCITY_Y] = x, y, yaw[i], vx, vy
        row[LENGTH], row[WIDTH] = extent[i, 0], extent[i, 1]
    return seen


@compiled
def place_of(table: FloatArray, x: float, y: float, yaw: float) -> tuple[float, float, float]:
    """(s, d, angle against the lane in [-pi, pi)) of a pose on the route."""
    s, d, heading, _ = place_near(table, nearest_point(table, x, y), x, y)
    return s, d, (yaw - heading + math.pi) % (2.0 * math.pi) - math.pi


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

    def of(self, ids: IntArray) -> FloatArray:
        """(k, 3) the rows of these tracks, nan for who is seen for the first time; everybody else is forgotten."""
        if self._ids.tobytes() != ids.tobytes():
            known = self.rows
            self._ids = np.array(ids, dtype=np.int64)
            self._table = np.array([known.get(track, _NEW) for track in self._ids.tolist()]).reshape(-1, 3)
        return self._table

    def save(self) -> dict[str, Any]:
        """Plain data."""
        return {str(track): row for track, row in self.rows.items()}

    def load(self, memory: dict[str, Any]) -> None:
        """What `save` returned."""
        self._ids = np.array([int(track) for track in memory], dtype=np.int64)
        self._table = np.array([[float(value) for value in row] for row in memory.values()]).reshape(-1, 3)


def look_around(
    table: FloatArray, observation: Observation, tracks: Tracks, length_m: float, memory: TrackMemory, dt_s: float
) -> Surroundings:
    """`tracks`, and where the ego is, in route coordinates; `table` is the route's, `length_m` the ego's."""
    kinds = np.array(tracks.kinds, dtype=np.int64)
    seen = describe(
        table,
        kinds,
        np.array(tracks.position, dtype=np.float64),
        np.array(tracks.yaw, dtype=np.float64),
        np.array(tracks.velocity, dtype=np.float64),
        np.array(tracks.extent, dtype=np.float64),
        memory.of(tracks.ids),
        memory.smoothing,
        dt_s,
    )
    x, y, _, yaw = observation.rig_pose.tolist()
    rig_s, rig_d, rig_turned = place_of(table, x, y, yaw)
    middle, half = observation.route_s, 0.5 * length_m
    return Surroundings(tracks.ids, kinds, seen, middle + half, middle - half, rig_s, rig_d, rig_turned)
