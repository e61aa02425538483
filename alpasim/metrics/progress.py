"""How far the ego got, and how far it kept from where it should be.

Answers with AlpaSim's names, against the recorded path where there is one and the route from start to goal where not
(`reference.py`). What needs the recording's clock is not measurable on a route.
"""

from __future__ import annotations

import math

from alpasim.metrics.protocol import INVALID, Aggregation, SceneMetric
from alpasim.metrics.scene import SceneMeasures
from alpasim.types import MetricValue

RECORDED_START_M = 1.0
"""Progress relative to the recording counts once that has come this far [m]: the ratio of two near-zero ways says nothing."""


def _progress(scene: SceneMeasures) -> MetricValue:
    length = scene.reference_length_m
    if length <= 0.0:
        return INVALID
    return MetricValue(min(max(scene.reference.along_m / length, 0.0), 1.0))


def _progress_rel(scene: SceneMeasures) -> MetricValue:
    recorded = scene.reference.recorded_along_m
    if math.isnan(recorded) or recorded < RECORDED_START_M:
        return INVALID
    return MetricValue(max(scene.reference.along_m, 0.0) / recorded)


def _dist_to_trajectory(scene: SceneMeasures) -> MetricValue:
    return MetricValue(scene.reference.distance_m)


def _dist_to_location(scene: SceneMeasures) -> MetricValue:
    apart = scene.reference.recorded_apart_m
    return INVALID if math.isnan(apart) else MetricValue(apart)


def _travelled(scene: SceneMeasures) -> MetricValue:
    return MetricValue(scene.travelled_m)


def _reference_length(scene: SceneMeasures) -> MetricValue:
    return MetricValue(scene.reference_length_m)


PROGRESS = SceneMetric(
    name="progress",
    unit="1",
    aggregation=Aggregation.LAST,
    better="higher",
    formula="arc length of the ego's centre projected on the reference path / length of that path, clipped to [0, 1]",
    measure=_progress,
    cumulative=True,
)

PROGRESS_REL_TO_TOTAL = SceneMetric(
    name="progress_rel_to_total",
    unit="1",
    aggregation=Aggregation.LAST,
    better="higher",
    formula="progress of the ego / progress of the whole reference path (1), clipped to [0, 1]",
    measure=_progress,
    cumulative=True,
)

PROGRESS_REL = SceneMetric(
    name="progress_rel",
    unit="1",
    aggregation=Aggregation.MIN,
    better="higher",
    formula="way of the ego along the recorded path / way of the recording up to the same time; below 1 is behind it; not "
    "measurable without a recording, in its first 1 m, and after its end",
    measure=_progress_rel,
)

DIST_TO_GT_TRAJECTORY = SceneMetric(
    name="dist_to_gt_trajectory",
    unit="m",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="distance from the ego's centre to the reference path",
    measure=_dist_to_trajectory,
)

DIST_TO_GT_LOCATION = SceneMetric(
    name="dist_to_gt_location",
    unit="m",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="distance from the ego's centre to where the recording's centre is at the same time; not measurable without a "
    "recording and after its end",
    measure=_dist_to_location,
)

DIST_TRAVELED = SceneMetric(
    name="dist_traveled_m",
    unit="m",
    aggregation=Aggregation.LAST,
    better="higher",
    formula="sum of the ego's centre's displacements over all steps",
    measure=_travelled,
    cumulative=True,
)

GT_DIST_TRAVELED = SceneMetric(
    name="gt_dist_traveled_m",
    unit="m",
    aggregation=Aggregation.LAST,
    better="higher",
    formula="length of the reference path: of the recorded drive, or of the route from start to goal",
    measure=_reference_length,
)
