"""Comfort by the seven bounds that the field shares: nuPlan's, used by NAVSIM, Bench2Drive, V-Max and HUGSIM too.

Answers the extreme of each signal and whether all stayed in bounds. The value of a step belongs to the newest point whose
smoothing window is complete, up to a second ago; the value of the drive counts every point, its ends included. The
signals and their smoothing live in `ride.py`.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from alpasim.memory import Memory
from alpasim.metrics.protocol import INVALID, Aggregation
from alpasim.metrics.ride import JERK, LAT_ACC, LON_ACC, LON_JERK, YAW_ACC, YAW_RATE, Ride
from alpasim.metrics.scene import SceneMeasures
from alpasim.types import FloatArray, MetricValue

MIN_LON_ACCELERATION = -4.05
MAX_LON_ACCELERATION = 2.40
MAX_LAT_ACCELERATION = 4.89
MAX_YAW_ACCELERATION = 1.93
MAX_YAW_RATE = 0.95
MAX_LON_JERK = 4.13
MAX_JERK = 8.37
"""nuPlan's seven comfort bounds [m/s^2, rad/s^2, rad/s, m/s^3]; each may be met exactly."""


def comfortable(signals: FloatArray) -> bool:
    """Whether one point's signals (6,) keep all seven bounds."""
    return bool(
        MIN_LON_ACCELERATION <= signals[LON_ACC] <= MAX_LON_ACCELERATION
        and abs(signals[LAT_ACC]) <= MAX_LAT_ACCELERATION
        and abs(signals[YAW_ACC]) <= MAX_YAW_ACCELERATION
        and abs(signals[YAW_RATE]) <= MAX_YAW_RATE
        and abs(signals[LON_JERK]) <= MAX_LON_JERK
        and abs(signals[JERK]) <= MAX_JERK
    )


class _Extreme:
    """One signal's extreme over the drive; `magnitude` where its sign does not matter."""

    cumulative = False
    column: int
    magnitude: bool
    aggregation: Aggregation

    def __init__(self) -> None:
        self._ride: Ride | None = None

    def reset(self, scene: SceneMeasures) -> None:
        """Begin with the drive's ride."""
        self._ride = scene.ride

    def update(self, scene: SceneMeasures) -> MetricValue:
        """The signal at the newest complete point."""
        value = float(scene.signals_of_ride[self.column])
        if math.isnan(value):
            return INVALID
        return MetricValue(abs(value) if self.magnitude else value)

    def result(self) -> MetricValue:
        """The extreme over every point of the drive."""
        values = self._ride.signals()[:, self.column] if self._ride is not None else np.empty(0)
        values = values[~np.isnan(values)]
        if values.size == 0:
            return INVALID
        values = np.abs(values) if self.magnitude else values
        return MetricValue(float(values.min() if self.aggregation is Aggregation.MIN else values.max()))

    def save(self) -> Memory:
        """Nothing is remembered but the ride, which the scene remembers."""
        return {}

    def load(self, memory: Memory) -> None:
        """Nothing is remembered but the ride, which the scene remembers."""


class MinLonAcceleration(_Extreme):
    """Hardest smoothed braking."""

    name = "lon_acceleration_min"
    unit = "m/s^2"
    aggregation = Aggregation.MIN
    better: Literal["higher", "lower"] = "higher"
    formula = "smallest longitudinal acceleration, parabola over 0.7 s; nuPlan's bound -4.05"
    column, magnitude = LON_ACC, False


class MaxLonAcceleration(_Extreme):
    """Hardest smoothed speeding up."""

    name = "lon_acceleration_max"
    unit = "m/s^2"
    aggregation = Aggregation.MAX
    better: Literal["higher", "lower"] = "lower"
    formula = "largest longitudinal acceleration, parabola over 0.7 s; nuPlan's bound 2.40"
    column, magnitude = LON_ACC, False


class MaxLatAcceleration(_Extreme):
    """Largest smoothed sideways acceleration."""

    name = "lat_acceleration_max"
    unit = "m/s^2"
    aggregation = Aggregation.MAX
    better: Literal["higher", "lower"] = "lower"
    formula = "largest |lateral acceleration|, parabola over 0.7 s; nuPlan's bound 4.89"
    column, magnitude = LAT_ACC, True


class MaxYawAcceleration(_Extreme):
    """Largest yaw acceleration."""

    name = "yaw_acceleration_max"
    unit = "rad/s^2"
    aggregation = Aggregation.MAX
    better: Literal["higher", "lower"] = "lower"
    formula = "largest |second derivative of the heading|, parabola over 0.5 s; nuPlan's bound 1.93"
    column, magnitude = YAW_ACC, True


class MaxYawRate(_Extreme):
    """Largest yaw rate."""

    name = "yaw_rate_max"
    unit = "rad/s"
    aggregation = Aggregation.MAX
    better: Literal["higher", "lower"] = "lower"
    formula = "largest |first derivative of the heading|, parabola over 0.5 s; nuPlan's bound 0.95"
    column, magnitude = YAW_RATE, True


class MaxLonJerk(_Extreme):
    """Largest longitudinal jerk."""

    name = "lon_jerk_max"
    unit = "m/s^3"
    aggregation = Aggregation.MAX
    better: Literal["higher", "lower"] = "lower"
    formula = "largest |derivative of the smoothed longitudinal acceleration|, parabola over 1.5 s; nuPlan's bound 4.13"
    column, magnitude = LON_JERK, True


class MaxJerk(_Extreme):
    """Largest change of the size of the acceleration."""

    name = "jerk_max"
    unit = "m/s^3"
    aggregation = Aggregation.MAX
    better: Literal["higher", "lower"] = "lower"
    formula = "largest |derivative of the smoothed size of the acceleration|, parabola over 1.5 s; nuPlan's bound 8.37"
    column, magnitude = JERK, True


class Comfort:
    """All seven bounds kept."""

    name = "comfort"
    unit = "bool"
    aggregation = Aggregation.MIN
    better: Literal["higher", "lower"] = "higher"
    formula = (
        "1 where -4.05 <= lon acc <= 2.40, |lat acc| <= 4.89, |yaw acc| <= 1.93, |yaw rate| <= 0.95, |lon jerk| <= 4.13 "
        "and |jerk| <= 8.37 (SI) hold at every point"
    )
    cumulative = False

    def __init__(self) -> None:
        self._ride: Ride | None = None

    def reset(self, scene: SceneMeasures) -> None:
        """Begin with the drive's ride."""
        self._ride = scene.ride

    def update(self, scene: SceneMeasures) -> MetricValue:
        """Whether the newest complete points keep the bounds."""
        if np.isnan(scene.signals_of_ride).any():
            return INVALID
        return MetricValue(1.0 if comfortable(scene.signals_of_ride) else 0.0)

    def result(self) -> MetricValue:
        """Whether every point of the drive keeps the bounds."""
        if self._ride is None or np.isnan(signals := self._ride.signals()).any():
            return INVALID
        return MetricValue(1.0 if all(comfortable(point) for point in signals) else 0.0)

    def save(self) -> Memory:
        """Nothing is remembered but the ride, which the scene remembers."""
        return {}

    def load(self, memory: Memory) -> None:
        """Nothing is remembered but the ride, which the scene remembers."""
