"""How fast, with others who cross the road or might: pedestrians, cyclists, animals, cross traffic, rows of standing cars.

Everybody is predicted to go on as now for a few seconds. The ego goes first where it has cleared the crossing with time to
spare, and otherwise brakes by just so much that it comes after them; where that is not enough, to a stop before them.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.types import ActorKind, FloatArray

from .longitudinal import Reason, eased
from .parameters import KPH, DriverParameters
from .route_kernels import CROSS_HIGH, CROSS_LOW, ONCOMING_LEFT, SPEED_LIMIT, TIME_IN, TIME_OUT, crossings, row_at
from .surroundings import Surroundings

STEP_S = 0.2
CAUTION_M = 80.0
"""Caution looks this far ahead of the front."""

QUEUE_GAP_M = 25.0
"""Standing vehicles no farther apart than this are a row."""

_VEHICLES = (ActorKind.CAR, ActorKind.VAN, ActorKind.TRUCK, ActorKind.BUS)


def time_to_travel(way: float, speed: float, acceleration: float, fastest: float) -> float:
    """Seconds to go `way` [m], speeding up (or slowing down) evenly until `fastest` is reached, inf where it ends before."""
    if way <= 0.0:
        return 0.0
    if acceleration > 1e-3 and speed < fastest:
        until = (fastest - speed) / acceleration
        first = speed * until + 0.5 * acceleration * until * until
        if way <= first:
            return (math.sqrt(speed * speed + 2.0 * acceleration * way) - speed) / acceleration
        return until + (way - first) / fastest
    if acceleration < -1e-3:
        left = speed * speed + 2.0 * acceleration * way
        return (math.sqrt(left) - speed) / acceleration if left >= 0.0 else math.inf
    return way / speed if speed > 1e-3 else math.inf


def crossing_reasons(
    p: DriverParameters,
    table: FloatArray,
    plan: FloatArray,
    half_width: float,
    around: Surroundings,
    speed: float,
    wanted: float,
    free: float,
) -> list[Reason]:
    """Reasons from all who move across the ego's way; `free` is the acceleration the ego would have without them."""
    rows = np.flatnonzero(around.crossing & (around.high > around.rear - 30.0))
    if not len(rows):
        return []
    conflicts = crossings(
        table,
        plan,
        half_width,
        around.position[rows],
        around.yaw[rows],
        around.velocity[rows],
        around.extent[rows],
        np.maximum(-around.change[rows], 0.0),
        np.where(around.vulnerable[rows], p.vulnerable_margin, p.side_margin),
        around.row[rows],
        p.prediction_s,
        STEP_S,
    )
    length = around.front - around.rear
    reasons = []
    for row, conflict in zip(rows.tolist(), conflicts, strict=True):
        if not math.isfinite(conflict[TIME_IN]) or conflict[CROSS_HIGH] < around.front:
            continue
        gap = max(float(conflict[CROSS_LOW]) - around.front, 0.0)
        arrives = time_to_travel(gap - p.stop_before_m, speed, free, wanted)
        clears = time_to_travel(float(conflict[CROSS_HIGH]) - around.front + length, speed, free, wanted)
        spare = p.pass_before_vulnerable_s if around.vulnerable[row] else p.pass_before_s
        enters, leaves = float(conflict[TIME_IN]), float(conflict[TIME_OUT]) + p.pass_behind_s
        if arrives > leaves or clears < enters - spare:
            continue
        acceleration = come_after(p, speed, gap, leaves)
        if acceleration < -0.9 * p.emergency_deceleration and clears < enters - 0.2:
            continue  # too late to stop, and gone before it comes
        reasons.append(Reason("crossing", acceleration, row, gap))
    return reasons


def come_after(p: DriverParameters, speed: float, gap: float, leaves_s: float) -> float:
    """The gentlest acceleration with which the ego reaches the place `gap` ahead only after `leaves_s`, or stops before it."""
    room = gap - p.stop_before_m
    if room <= 0.1:
        return -p.emergency_deceleration if speed > 0.5 else -1.0
    stop = -speed * speed / (2.0 * room)
    if speed < 0.3:
        return -1.0 if room < 1.0 or leaves_s > 0.0 else 0.0
    if not math.isfinite(leaves_s):
        return max(stop, -p.emergency_deceleration)
    later = 2.0 * (room - speed * leaves_s) / (leaves_s * leaves_s)
    slowed = later if speed + later * leaves_s >= 0.0 else stop
    return max(slowed, stop, -p.emergency_deceleration)


def caution_reasons(
    p: DriverParameters, table: FloatArray, around: Surroundings, clear: FloatArray, speed: float, unposted: float
) -> list[Reason]:
    """Lower speeds beside people near the ego's way, and beside standing vehicles, which may hide some or set off.

    `unposted` stands in where no limit is posted [m/s].
    """
    ahead = (around.high > around.rear) & (around.low < around.front + CAUTION_M)
    beside = np.flatnonzero(ahead & ~around.crossing & (clear > -0.5) & (clear < max(p.caution_width, p.queue_width)))
    reasons = []
    for row in beside.tolist():
        if around.vulnerable[row]:
            fastest, cause = _speed_beside_people(p, around, row, float(clear[row])), "vulnerable"
        else:
            place = table[row_at(table, 0.5 * float(around.low[row] + around.high[row]))]
            limit = float(place[SPEED_LIMIT]) if math.isfinite(place[SPEED_LIMIT]) else unposted
            theirs = float(place[ONCOMING_LEFT]) - 0.5
            fastest, cause = _speed_beside_vehicles(p, around, row, float(clear[row]), limit, theirs), "standing_row"
        if fastest >= speed + 3.0:
            continue
        gap = max(float(around.low[row]) - around.front, 0.0)
        need = (speed * speed - fastest * fastest) / (2.0 * max(gap - 2.0, 0.5 * speed, 1.0))
        allowed = eased(need, p.caution_deceleration, p.acceleration)
        reasons.append(Reason(cause, max(allowed, -p.ordinary_deceleration), row, gap))
    return reasons


def _speed_beside_people(p: DriverParameters, around: Surroundings, row: int, clear: float) -> float:
    """Speed at which the ego passes somebody unprotected beside its way, inf where it needs no caution."""
    standing = bool(around.standing[row])
    if int(around.kinds[row]) in (ActorKind.BICYCLE, ActorKind.MOTORCYCLE) and not standing:
        return math.inf if clear > 1.5 else max(p.caution_vulnerable, float(around.along[row]) + 15.0 * KPH)
    if clear > p.caution_width or (clear > 1.5 and not standing):
        return math.inf
    return p.caution_close if clear < 1.0 else p.caution_vulnerable


def _speed_beside_vehicles(
    p: DriverParameters, around: Surroundings, row: int, clear: float, limit: float, oncoming_from: float
) -> float:
    """Speed at which the ego passes a vehicle standing beside its way, inf where it needs no caution: it is nothing of the
    kind, too far off, or waits beyond `oncoming_from` in the other direction's lane."""
    if not around.standing[row] or int(around.kinds[row]) not in _VEHICLES or float(around.right[row]) > oncoming_from:
        return math.inf
    fast = limit if limit > p.fast_road else 0.0
    same_side = (around.right > 0.0) == bool(around.right[row] > 0.0)
    near = (around.low < around.high[row] + QUEUE_GAP_M) & (around.high > around.low[row] - QUEUE_GAP_M)
    row_of_them = int(np.count_nonzero(around.standing & ~around.vulnerable & same_side & near)) > 1
    if row_of_them and fast and clear < p.queue_width:
        return max(p.queue_share * fast, p.caution_parked)
    if clear < p.parked_width:
        return max(p.parked_share * fast, p.caution_parked)
    return math.inf
