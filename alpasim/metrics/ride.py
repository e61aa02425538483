"""The ego's motion as passengers feel it: smoothed accelerations, jerks and yaw motion of a drive.

Answers the six signals that comfort bounds are set on, as they are known while driving and for the whole drive. Windows
follow nuPlan's at its 0.1 s steps (acceleration 8, made odd here; jerk 15; yaw 5 points) and keep their length in
seconds at other steps. Bounds and verdicts live in `comfort.py`.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.memory import Memory, array, read
from alpasim.metrics.smoothing import fitted, smoothed
from alpasim.types import EGO, FloatArray, WorldState

LON_ACC, LAT_ACC, YAW_RATE, YAW_ACC, LON_JERK, JERK = range(6)
"""Columns of the signals: accelerations [m/s^2], yaw rate [rad/s] and acceleration [rad/s^2], jerks [m/s^3]."""

Signals = tuple[float, float, float, float, float, float]
"""All six of one point, nan where one is not known."""
UNKNOWN: Signals = (math.nan,) * 6

ACCELERATION_WINDOW_S = 0.7
JERK_WINDOW_S = 1.5
YAW_WINDOW_S = 0.5


def window_points(window_s: float, dt_s: float) -> int:
    """Odd number of points, at least 3, nearest to a window's length."""
    return max(3, 2 * round((window_s / dt_s - 1.0) / 2.0) + 1)


@compiled
def _latest(raw: FloatArray, smooth: FloatArray, count: int, acc: int, jerk: int, yaw: int, dt: float) -> Signals:
    """Signals at the newest point whose centred window is complete, nan before there is one.

    `raw` (k, 4) holds longitudinal, lateral acceleration, its magnitude and the unwrapped yaw of `count` points; the
    smoothed accelerations are kept in `smooth` (k, 3).
    """
    lon_acc, lat_acc, yaw_rate, yaw_acc, lon_jerk, size_jerk = np.nan, np.nan, np.nan, np.nan, np.nan, np.nan
    if count >= acc:
        half = acc // 2
        first = 0 if count == acc else count - 1 - half
        for i in range(first, count - half):
            for column in range(3):
                smooth[i, column] = fitted(raw[:, column], max(i - half, 0), acc, i, 0, dt)
        lon_acc, lat_acc = smooth[count - 1 - half, 0], smooth[count - 1 - half, 1]
        known = count - half
        if known >= jerk:
            at = known - 1 - jerk // 2
            lon_jerk = fitted(smooth[:, 0], known - jerk, jerk, at, 1, dt)
            size_jerk = fitted(smooth[:, 2], known - jerk, jerk, at, 1, dt)
    if count >= yaw:
        at = count - 1 - yaw // 2
        yaw_rate = fitted(raw[:, 3], count - yaw, yaw, at, 1, dt)
        yaw_acc = fitted(raw[:, 3], count - yaw, yaw, at, 2, dt)
    return lon_acc, lat_acc, yaw_rate, yaw_acc, lon_jerk, size_jerk


class Ride:
    """Collects the ego's motion of one drive, a point a control step, and answers its comfort signals."""

    def __init__(self, dt_s: float) -> None:
        self._dt_s = dt_s
        self._windows = (
            window_points(ACCELERATION_WINDOW_S, dt_s),
            window_points(JERK_WINDOW_S, dt_s),
            window_points(YAW_WINDOW_S, dt_s),
        )
        self._raw = np.empty((512, 4))
        self._smooth = np.zeros((512, 3))
        self._whole: FloatArray | None = None
        self._count = 0
        self._yaw = 0.0

    def reset(self, state: WorldState) -> None:
        """Begin a drive at `state`, whose pose counts; its acceleration is taken as it is given."""
        self._count = 0
        self._smooth[:] = 0.0
        self._yaw = float(state.yaw[EGO])
        self.add(state)

    def add(self, state: WorldState) -> Signals:
        """Take the next point; returns the signals of the newest point that is fully known, nan where there is none."""
        if self._count == self._raw.shape[0]:
            self._raw = np.concatenate((self._raw, np.empty_like(self._raw)))
            self._smooth = np.concatenate((self._smooth, np.zeros_like(self._smooth)))
        lon, lat, _ = state.ego.acceleration_in_rig.tolist()
        turn = float(state.yaw[EGO]) - self._yaw
        self._yaw += turn - 2.0 * math.pi * round(turn / (2.0 * math.pi))
        self._raw[self._count] = lon, lat, math.hypot(lon, lat), self._yaw
        self._count += 1
        self._whole = None
        acc, jerk, yaw = self._windows
        return _latest(self._raw, self._smooth, self._count, acc, jerk, yaw, self._dt_s)

    def save(self) -> Memory:
        """All points so far."""
        count = self._count
        return {"raw": self._raw[:count].copy(), "smooth": self._smooth[:count].copy(), "yaw": self._yaw}

    def load(self, memory: Memory) -> None:
        """Go on from those points."""
        raw = array(memory, "raw", np.float64, (-1, 4))
        count = len(raw)
        smooth = array(memory, "smooth", np.float64, (count, 3))
        room = max(2 * count, 512)
        self._raw, self._smooth = np.empty((room, 4)), np.zeros((room, 3))
        self._raw[:count], self._smooth[:count] = raw, smooth
        self._count, self._yaw, self._whole = count, read(memory, "yaw", float), None

    def signals(self) -> FloatArray:
        """Signals (points, 6) of the whole drive so far, ends included; nan throughout for fewer than 3 points."""
        if self._whole is None:
            acc, jerk, yaw = self._windows
            lon, lat, total, heading = (np.ascontiguousarray(self._raw[: self._count, i]) for i in range(4))
            lon, lat, total = (smoothed(series, acc, 0, self._dt_s) for series in (lon, lat, total))
            columns = (
                lon,
                lat,
                smoothed(heading, yaw, 1, self._dt_s),
                smoothed(heading, yaw, 2, self._dt_s),
                smoothed(lon, jerk, 1, self._dt_s),
                smoothed(total, jerk, 1, self._dt_s),
            )
            self._whole = np.stack(columns, axis=1)
        return self._whole
