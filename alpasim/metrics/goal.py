"""The goal as metrics: whether it was reached, and when.

Answers what `arrival.py` says of each step's state.
"""

from __future__ import annotations

from alpasim.metrics.protocol import INVALID, NO, YES, Aggregation, SceneMetric
from alpasim.metrics.scene import SceneMeasures
from alpasim.types import MetricValue


def _reached(scene: SceneMeasures) -> MetricValue:
    return YES if scene.at_goal else NO


def _time_to_goal(scene: SceneMeasures) -> MetricValue:
    return MetricValue(scene.time_s) if scene.at_goal else INVALID


GOAL_REACHED = SceneMetric(
    name="goal_reached",
    unit="bool",
    aggregation=Aggregation.MAX,
    better="higher",
    formula="1 where the ego's centre is in a goal region, on the pavement, with speed, heading and time within the goal's bounds",
    measure=_reached,
)

TIME_TO_GOAL = SceneMetric(
    name="time_to_goal",
    unit="s",
    aggregation=Aggregation.FIRST,
    better="lower",
    formula="time of the first step that fulfils the goal; not measurable where none does",
    measure=_time_to_goal,
)
