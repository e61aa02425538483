"""Reaching the goal: the one predicate that ends a drive and that metrics report.

Answers whether a state fulfils a Goal. It does not know whether the drive was clean: expectations and the scene score do.
"""

from __future__ import annotations

import math

from alpasim.geometry import points_in_polygon
from alpasim.metrics.protocol import INVALID, NO, YES, Aggregation, SceneMetric
from alpasim.metrics.scene import SceneMeasures
from alpasim.scenario.concrete import Goal
from alpasim.types import EGO, MetricValue, WorldState

_EXACT = 1e-9
"""Bounds include their ends to within rounding."""


def goal_reached(goal: Goal, state: WorldState, edge_m: float) -> bool:
    """The ego's box centre is in a region, with its forward speed and heading within their bounds, at a time within its own.

    Bounds include their ends. Without regions time alone counts: to be unhurt when `after_s` has passed. Nobody reaches a goal
    beside the pavement: `edge_m` is how far inside its border the box centre is [m].
    """
    if edge_m < 0.0:
        return False
    time_s = state.time_us / 1e6
    if time_s < goal.after_s - _EXACT or time_s > goal.before_s + _EXACT:
        return False
    if goal.speed_mps is not None:
        lowest, highest = goal.speed_mps
        if not lowest - _EXACT <= state.ego.speed_mps <= highest + _EXACT:
            return False
    if goal.heading_rad is not None:
        lower, upper = goal.heading_rad
        width = (upper - lower) % (2.0 * math.pi) if upper - lower < 2.0 * math.pi else 2.0 * math.pi
        turn = (float(state.yaw[EGO]) - lower + _EXACT) % (2.0 * math.pi)
        if turn > width + 2.0 * _EXACT:
            return False
    if not goal.regions:
        return not bool(state.struck[EGO])
    centre = state.position[:1, :2].copy()
    return any(bool(points_in_polygon(centre, region)[0]) for region in goal.regions)


def _reached(scene: SceneMeasures) -> MetricValue:
    return YES if goal_reached(scene.goal, scene.state, scene.centre_edge_m) else NO


def _time_to_goal(scene: SceneMeasures) -> MetricValue:
    reached = goal_reached(scene.goal, scene.state, scene.centre_edge_m)
    return MetricValue(scene.time_s) if reached else INVALID


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
