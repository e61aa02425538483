"""How close it came: distance, time to collision and time headway, with the time spent below a bound.

Answers surrogate measures of safety. Minima say how near, the exposures how long (TET) and how badly (TIT); none of them
says whose doing it was.
"""

from __future__ import annotations

import math

from alpasim.metrics.around import TTC_HORIZON_S
from alpasim.metrics.protocol import INVALID, Aggregation, SceneMetric, running_sum
from alpasim.metrics.scene import SceneMeasures
from alpasim.types import MetricValue

TTC_BOUND_S = 0.95
"""A drive keeps nuPlan's bound while its time to collision stays above this [s]."""
TTC_CRITICAL_S = 1.5
"""Time to collision below this counts as exposure [s], usual in cities."""
HEADWAY_MIN_SPEED_MPS = 0.5
"""Slower than this a headway in seconds says nothing [m/s]."""


def _nearest(scene: SceneMeasures) -> MetricValue:
    return MetricValue(scene.nearest_m) if scene.anyone else INVALID


def _time_to_collision(scene: SceneMeasures) -> MetricValue:
    return MetricValue(min(scene.ttc_s, TTC_HORIZON_S)) if scene.anyone else INVALID


def keeps_ttc_bound(ttc_s: float) -> bool:
    """nuPlan's bound: strictly more than 0.95 s."""
    return ttc_s > TTC_BOUND_S


def _within_bound(scene: SceneMeasures) -> MetricValue:
    return MetricValue(1.0 if keeps_ttc_bound(scene.ttc_s) else 0.0) if scene.anyone else INVALID


def _headway(scene: SceneMeasures) -> MetricValue:
    speed = scene.state.ego.speed_mps
    if math.isinf(scene.lead_gap_m) or speed < HEADWAY_MIN_SPEED_MPS:
        return INVALID
    return MetricValue(scene.lead_gap_m / speed)


MIN_DISTANCE_TO_OBSTACLE = SceneMetric(
    name="min_distance_to_obstacle_m",
    unit="m",
    aggregation=Aggregation.MIN,
    better="higher",
    formula="smallest distance between the ego's box and another in the plane; not measurable while nobody is there",
    measure=_nearest,
)

TIME_TO_COLLISION = SceneMetric(
    name="time_to_collision",
    unit="s",
    aggregation=Aggregation.MIN,
    better="higher",
    formula="first overlap of the ego's box with another if all keep velocity and heading, exact, 5 s where none comes "
    "sooner; not measurable while nobody is there",
    measure=_time_to_collision,
)

TTC_WITHIN_BOUND = SceneMetric(
    name="time_to_collision_within_bound",
    unit="bool",
    aggregation=Aggregation.MIN,
    better="higher",
    formula="1 while time_to_collision > 0.95 s (nuPlan's bound)",
    measure=_within_bound,
)

TIME_HEADWAY = SceneMetric(
    name="time_headway",
    unit="s",
    aggregation=Aggregation.MIN,
    better="higher",
    formula="free way along the route to the next body ahead in the ego's path / the ego's speed; not measurable below "
    "0.5 m/s, with nobody within 200 m, and more than 10 m beside the route",
    measure=_headway,
)


TimeExposed = running_sum(
    "time_exposed_ttc",
    "s",
    "TET = sum of dt over the steps with time_to_collision < 1.5 s",
    lambda scene: 1.0 if scene.ttc_s < TTC_CRITICAL_S else 0.0,
)
TimeIntegrated = running_sum(
    "time_integrated_ttc",
    "s^2",
    "TIT = sum of (1.5 s - time_to_collision) dt over the steps where that is positive",
    lambda scene: max(TTC_CRITICAL_S - scene.ttc_s, 0.0),
)
