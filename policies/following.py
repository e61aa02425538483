"""How fast, behind and beside others who drive along the road: leaders, cut-ins, neighbours, oncoming traffic.

Predicts by present motion in the terms of the route: a car in a bend keeps its lane, and only lateral speed beyond lane
keeping makes it come into ours. Who crosses the road is judged in `crossing.py`.
"""

from __future__ import annotations

import math

from alpasim.compiled import compiled
from alpasim.types import FloatArray

from .parameters import DriverParameters
from .reasons import BESIDE, CUT_IN, LEADER, ONCOMING
from .route_kernels import LANE_LEFT, LANE_RIGHT, row_at
from .surroundings import (
    ACROSS,
    ALONG,
    CHANGE,
    CLEAR,
    CROSSES,
    HIGH,
    LEFT,
    LOW,
    PARALLEL,
    PLAN_D,
    RIGHT,
    STANDING,
    STANDS,
    STOOD,
    VULNERABLE_KIND,
)

LOOK_AHEAD_M = 250.0
STOPPED = 0.3
"""Slower than this the ego stands [m/s]."""

HOLD_GAP_M = 1.0
"""Standing behind something that stands, the ego stays unless the gap grows by this."""

TOUCHING_M = 1.0
"""What stands in the way and begins this little behind the front is ahead still: places are not exact."""

MEETING_S = 8.0
"""Oncoming traffic in our lane is braked for from this time before the meeting."""


@compiled
def follow(p: DriverParameters, speed: float, wanted: float, gap: float, other: float, other_change: float) -> float:
    """Acceleration behind something: IDM softened by the constant-acceleration heuristic (KTH equations 2 to 4)."""
    gap = max(gap, 0.1)
    closing = speed - other
    reach = speed * p.time_headway_s + speed * closing / (2.0 * math.sqrt(p.acceleration * p.comfortable_deceleration))
    desired = p.standstill_gap_m + max(reach, 0.0)
    idm = p.acceleration * (1.0 - (speed / max(wanted, 0.1)) ** p.speed_exponent - (desired / gap) ** p.gap_exponent)
    change = min(other_change, p.acceleration)
    room = other * other - 2.0 * gap * change
    if other * closing <= -2.0 * gap * change and room > 0.0:
        heuristic = speed * speed * change / room
    else:
        heuristic = change - closing * max(closing, 0.0) / (2.0 * gap)
    if idm >= heuristic:
        return float(idm)
    softened = heuristic + p.comfortable_deceleration * math.tanh((idm - heuristic) / p.comfortable_deceleration)
    return float((1.0 - p.coolness) * idm + p.coolness * softened)


@compiled
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


@compiled
def behind(p: DriverParameters, speed: float, wanted: float, gap: float, other: float, other_change: float) -> float:
    """Acceleration behind something at `gap`: car following, and as much braking as avoiding it takes."""
    if speed < STOPPED and other < STANDING and gap < p.standstill_gap_m + HOLD_GAP_M:
        return -1.0
    need = needed_deceleration(speed, gap - 0.5 * p.standstill_gap_m, other, other_change)
    eager = max(follow(p, speed, wanted, gap, other, other_change), -max(p.ordinary_deceleration, 1.2 * need))
    if need > p.ordinary_deceleration:
        eager = min(eager, -1.2 * need)
    return max(eager, -p.emergency_deceleration)


@compiled
def in_our_lane(table: FloatArray, track: FloatArray) -> bool:
    """Whether a track's side reaches into the lane that the route follows."""
    row = row_at(table, 0.5 * (track[LOW] + track[HIGH]))
    return bool(track[RIGHT] < table[row, LANE_LEFT] and track[LEFT] > -table[row, LANE_RIGHT])


@compiled
def margin_to(p: DriverParameters, track: FloatArray) -> float:
    """Gap between the ego's side and a track's below which the track is in the way [m]."""
    if not track[VULNERABLE_KIND]:
        return p.side_margin
    return p.waiting_margin if track[STOOD] >= p.patience_s else p.vulnerable_margin


@compiled
def meeting(p: DriverParameters, speed: float, meeting_s: float) -> float:
    """Acceleration that has the ego standing a second and a half before it meets somebody in its lane."""
    return -min(max(speed / max(meeting_s - 1.5, 0.3), 1.0), p.emergency_deceleration)


@compiled
def follow_track(
    p: DriverParameters, table: FloatArray, track: FloatArray, front: float, speed: float, wanted: float
) -> tuple[int, float, float]:
    """(cause or -1, acceleration, gap) because of one track that stands, or drives along the road, and is or comes into the
    ego's way; `track` is its row of the surroundings, `CLEAR` and `PLAN_D` filled in."""
    if track[HIGH] <= front or track[LOW] >= front + LOOK_AHEAD_M or track[CROSSES]:
        return -1, 0.0, 0.0
    clear, along = track[CLEAR], track[ALONG]
    margin = margin_to(p, track)
    towards = -track[ACROSS] if 0.5 * (track[LEFT] + track[RIGHT]) > track[PLAN_D] else track[ACROSS]
    in_way, moves_along = clear < margin, track[PARALLEL] > 0.0
    close = clear < p.oncoming_width and moves_along and along < -STANDING
    if not (in_way or close or (moves_along and towards > p.drift_speed)):
        return -1, 0.0, 0.0
    gap = track[LOW] - front
    enters_s = 0.0 if in_way else (clear - margin) / max(towards, 1e-3)
    if along < -STANDING:
        meeting_s = max(gap, 0.0) / (speed - along)
        if meeting_s < MEETING_S and enters_s < min(meeting_s + 1.0, p.prediction_s):
            return ONCOMING, meeting(p, speed, meeting_s), max(gap, 0.0)
        if meeting_s < MEETING_S and close and in_our_lane(table, track):
            return ONCOMING, -p.comfortable_deceleration, max(gap, 0.0)
    elif gap < 0.0:
        if track[STANDS] and clear < 0.0 and gap > -TOUCHING_M:
            return LEADER, behind(p, speed, wanted, 0.0, 0.0, 0.0), 0.0
        if towards > 0.1 and enters_s < p.cut_in_horizon_s:
            return BESIDE, -p.comfortable_deceleration, 0.0
    elif enters_s < p.cut_in_horizon_s:
        cause = LEADER if in_way else CUT_IN
        return cause, behind(p, speed, wanted, gap, max(along, 0.0), track[CHANGE]), gap
    return -1, 0.0, 0.0
