"""Reaching the goal: the one predicate that ends a drive and that metrics report.

Answers whether a state fulfils a Goal. It does not know whether the drive was clean: expectations and the scene score do.
"""

from __future__ import annotations

import math

from alpasim.geometry import points_in_polygon
from alpasim.scenario.concrete import Goal
from alpasim.types import EGO, WorldState

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
