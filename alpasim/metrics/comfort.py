"""Comfort by the seven bounds that the field shares: nuPlan's, used by NAVSIM, Bench2Drive, V-Max and HUGSIM too.

Answers the extreme of each signal and whether all stayed in bounds. The value of a step belongs to the newest point whose
smoothing window is complete, up to a second ago; the value of the drive counts every point, its ends included. The
signals and their smoothing live in `ride.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from alpasim.memory import Memory
from alpasim.metrics.protocol import INVALID, NO, YES, Aggregation
from alpasim.metrics.ride import JERK, LAT_ACC, LON_ACC, LON_JERK, YAW_ACC, YAW_RATE, Ride
from alpasim.metrics.scene import SceneMeasures
from alpasim.types import MetricValue

MIN_LON_ACCELERATION = -4.05
MAX_LON_ACCELERATION = 2.40
MAX_LAT_ACCELERATION = 4.89
MAX_YAW_ACCELERATION = 1.93
MAX_YAW_RATE = 0.95
MAX_LON_JERK = 4.13
MAX_JERK = 8.37
"""nuPlan's seven comfort bounds [m/s^2, rad/s^2, rad/s, m/s^3]; each may be met exactly."""


def comfortable(signals: Sequence[float]) -> bool:
    """Whether one point's six signals keep all seven bounds; they do not where one is nan."""
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

    name: str
    unit: str
    aggregation: Aggregation
    better: Literal["higher", "lower"]
    formula: str
    cumulative = False
    column: int
    magnitude: bool

    def __init__(self) -> None:
        self._ride: Ride | None = None

    def reset(self, scene: SceneMeasures) -> None:
        """Begin with the drive's ride."""
        self._ride = scene.ride

    def update(self, scene: SceneMeasures) -> MetricValue:
        """The signal at the newest complete point."""
        value = scene.signals_of_ride[self.column]
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


def _extreme(
    name: str, unit: str, column: int, formula: str, *, magnitude: bool = True, lowest: bool = False
) -> type[_Extreme]:
    """The class of one extreme: the largest (`lowest`: smallest) value of a column of the ride's signals."""
    row = {
        "name": name,
        "unit": unit,
        "aggregation": Aggregation.MIN if lowest else Aggregation.MAX,
        "better": "higher" if lowest else "lower",
        "formula": formula,
        "column": column,
        "magnitude": magnitude,
    }
    return type(name, (_Extreme,), row)


MinLonAcceleration = _extreme(
    "lon_acceleration_min",
    "m/s^2",
    LON_ACC,
    "smallest longitudinal acceleration, parabola over 0.7 s; nuPlan's bound -4.05",
    magnitude=False,
    lowest=True,
)
MaxLonAcceleration = _extreme(
    "lon_acceleration_max",
    "m/s^2",
    LON_ACC,
    "largest longitudinal acceleration, parabola over 0.7 s; nuPlan's bound 2.40",
    magnitude=False,
)
MaxLatAcceleration = _extreme(
    "lat_acceleration_max",
    "m/s^2",
    LAT_ACC,
    "largest |lateral acceleration|, parabola over 0.7 s; nuPlan's bound 4.89",
)
MaxYawAcceleration = _extreme(
    "yaw_acceleration_max",
    "rad/s^2",
    YAW_ACC,
    "largest |second derivative of the heading|, parabola over 0.5 s; nuPlan's bound 1.93",
)
MaxYawRate = _extreme(
    "yaw_rate_max",
    "rad/s",
    YAW_RATE,
    "largest |first derivative of the heading|, parabola over 0.5 s; nuPlan's bound 0.95",
)
MaxLonJerk = _extreme(
    "lon_jerk_max",
    "m/s^3",
    LON_JERK,
    "largest |derivative of the smoothed longitudinal acceleration|, parabola over 1.5 s; nuPlan's bound 4.13",
)
MaxJerk = _extreme(
    "jerk_max",
    "m/s^3",
    JERK,
    "largest |derivative of the smoothed size of the acceleration|, parabola over 1.5 s; nuPlan's bound 8.37",
)


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
        signals = scene.signals_of_ride
        if comfortable(signals):
            return YES
        return INVALID if any(math.isnan(value) for value in signals) else NO

    def result(self) -> MetricValue:
        """Whether every point of the drive keeps the bounds."""
        if self._ride is None or np.isnan(signals := self._ride.signals()).any():
            return INVALID
        return YES if all(comfortable(point) for point in signals.tolist()) else NO

    def save(self) -> Memory:
        """Nothing is remembered but the ride, which the scene remembers."""
        return {}

    def load(self, memory: Memory) -> None:
        """Nothing is remembered but the ride, which the scene remembers."""
