"""How fast, behind and beside others who drive along the road: leaders, cut-ins, neighbours, oncoming traffic.

Predicts by present motion in the terms of the route: a car in a bend keeps its lane, and only lateral speed beyond lane
keeping makes it come into ours. Who crosses the road is judged in `crossing.py`.
"""

from __future__ import annotations

import numpy as np

from alpasim.types import FloatArray

from .longitudinal import LOOK_AHEAD_M, STOPPED, Reason, follow
from .parameters import DriverParameters
from .route_kernels import LANE_LEFT, LANE_RIGHT, row_at
from .surroundings import STANDING, Surroundings

HOLD_GAP_M = 1.0
"""Standing behind something that stands, the ego stays unless the gap grows by this."""

MEETING_S = 8.0
"""Oncoming traffic in our lane is braked for from this time before the meeting."""


def needed_deceleration(speed: float, gap: float, other: float, other_change: float) -> float:
    """Constant deceleration that just avoids touching what is ahead, 0 where nobody closes in [m/s^2].

    What brakes is taken to brake until it stands: the ego then has the gap and that stopping way.
    """
    gap = max(gap, 0.1)
    other = max(other, 0.0)
    closing = speed - other
    steady = closing * closing / (2.0 * gap) if closing > 0.0 else 0.0
    if other_change < -0.5:
        return max(steady, speed * speed / (2.0 * (gap + other * other / (-2.0 * other_change))))
    return steady


def nearing(around: Surroundings, plan_d: FloatArray) -> FloatArray:
    """(k,) speed at which each track comes sideways towards the ego's plan, 0 where that is only lane keeping [m/s]."""
    on_left = 0.5 * (around.left + around.right) > plan_d
    towards: FloatArray = np.where(on_left, -around.across, around.across)
    return towards


def following_reasons(
    p: DriverParameters,
    table: FloatArray,
    around: Surroundings,
    clear: FloatArray,
    plan_d: FloatArray,
    speed: float,
    wanted: float,
) -> list[Reason]:
    """Reasons from all who stand, or drive along the road, and are or come into the ego's way.

    `clear` (k,) are the gaps between the ego's side and theirs where the ego passes them, `plan_d` (k,) its offset there.
    """
    margin = np.where(around.vulnerable, p.vulnerable_margin, p.side_margin)
    towards = nearing(around, plan_d)
    in_way = clear < margin
    coming = ~in_way & around.parallel & (towards > p.drift_speed)
    close = (clear < p.oncoming_width) & around.parallel & (around.along < -STANDING)
    near = (around.high > around.front) & (around.low < around.front + LOOK_AHEAD_M) & ~around.crossing
    reasons = []
    for row in np.flatnonzero(near & (in_way | coming | close)).tolist():
        gap = float(around.low[row]) - around.front
        along = float(around.along[row])
        enters_s = 0.0 if in_way[row] else float((clear[row] - margin[row]) / max(float(towards[row]), 1e-3))
        if along < -STANDING:
            meeting_s = max(gap, 0.0) / (speed - along)
            if meeting_s < MEETING_S and enters_s < min(meeting_s + 1.0, p.prediction_s):
                reasons.append(Reason("oncoming", _oncoming(p, speed, meeting_s), row, max(gap, 0.0)))
            elif meeting_s < MEETING_S and close[row] and _in_our_lane(table, around, row):
                reasons.append(Reason("oncoming", -p.comfortable_deceleration, row, max(gap, 0.0)))
        elif gap < 0.0:
            if towards[row] > 0.1 and enters_s < p.cut_in_horizon_s:
                reasons.append(Reason("beside", -p.comfortable_deceleration, row, 0.0))
        elif enters_s < p.cut_in_horizon_s:
            change = float(around.change[row])
            acceleration = behind(p, speed, wanted, gap, max(along, 0.0), change)
            reasons.append(Reason("leader" if in_way[row] else "cut_in", acceleration, row, gap))
    return reasons


def behind(p: DriverParameters, speed: float, wanted: float, gap: float, other: float, other_change: float) -> float:
    """Acceleration behind something at `gap`: car following, and as much braking as avoiding it takes."""
    if speed < STOPPED and other < STANDING and gap < p.standstill_gap_m + HOLD_GAP_M:
        return -1.0
    need = needed_deceleration(speed, gap - 0.5 * p.standstill_gap_m, other, other_change)
    eager = max(follow(p, speed, wanted, gap, other, other_change), -max(p.ordinary_deceleration, 1.2 * need))
    if need > p.ordinary_deceleration:
        eager = min(eager, -1.2 * need)
    return max(eager, -p.emergency_deceleration)


def _in_our_lane(table: FloatArray, around: Surroundings, row: int) -> bool:
    """Whether a track's side reaches into the lane that the route follows."""
    place = table[row_at(table, 0.5 * float(around.low[row] + around.high[row]))]
    return bool(around.right[row] < place[LANE_LEFT] and around.left[row] > -place[LANE_RIGHT])


def _oncoming(p: DriverParameters, speed: float, meeting_s: float) -> float:
    """Acceleration that has the ego standing a second and a half before it meets somebody in its lane."""
    return -min(max(speed / max(meeting_s - 1.5, 0.3), 1.0), p.emergency_deceleration)
