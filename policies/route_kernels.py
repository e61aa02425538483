"""Compiled geometry along a route: where things are on it, when they will cross it, how fast it may be driven.

The route travels as one table (k, 12) float64 with the columns below, built once a rollout. A lateral plan travels as
five numbers (start_s, length, start_d, start_slope, end_d): a cubic that leaves its start with the given slope, arrives
level, and stays at `end_d` from there on.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray, Route

X, Y, S, HEADING, CURVATURE, LANE_LEFT, LANE_RIGHT, EDGE_LEFT, EDGE_RIGHT, ONCOMING_LEFT, SPEED_LIMIT, SIGHT_SPEED = (
    range(12)
)

LIMIT, BEND, CREST, RANGE = range(4)
"""What lowers the speed on an empty road; the last is how far perception sees, which is the same everywhere."""

STRETCH = 16
"""Route points that are looked at together; ones further apart than a road is wide make the look longer, not wrong."""

ROUNDING_M = 1e-6
"""Far more than places on the route are wrong by."""


def route_table(route: Route) -> FloatArray:
    """The route's arrays as one (k, 12) table for the kernels, with the heading made continuous; sight limits no speed yet."""
    columns = (
        route.centre[:, 0],
        route.centre[:, 1],
        route.s,
        np.unwrap(route.heading),
        route.curvature,
        route.lane_left,
        route.lane_right,
        route.edge_left,
        route.edge_right,
        route.oncoming_left,
        route.speed_limit,
        np.full(len(route.s), np.inf),
    )
    return np.ascontiguousarray(np.column_stack(columns), dtype=np.float64)


@compiled
def wrapped(angle: float) -> float:
    """`angle` in (-pi, pi]."""
    return math.pi - (math.pi - angle) % (2.0 * math.pi)


@compiled
def nearest_point(table: FloatArray, x: float, y: float) -> int:
    """Row of the route point nearest to (x, y), the first of several.

    Nothing on a stretch is nearer than its first point less the stretch's length, so most stretches need one look.
    """
    count, reach = table.shape[0], math.inf
    for first in range(0, count, STRETCH):
        dx, dy = x - table[first, 0], y - table[first, 1]
        reach = min(reach, dx * dx + dy * dy)
    reach = math.sqrt(reach) + ROUNDING_M
    best, best_distance = 0, math.inf
    for first in range(0, count, STRETCH):
        end = min(first + STRETCH, count)
        dx, dy = x - table[first, 0], y - table[first, 1]
        farthest = reach + table[end - 1, 2] - table[first, 2]
        if dx * dx + dy * dy > farthest * farthest:
            continue
        for i in range(first, end):
            dx, dy = x - table[i, 0], y - table[i, 1]
            distance = dx * dx + dy * dy
            if distance < best_distance:
                best, best_distance = i, distance
    return best


@compiled
def place_near(table: FloatArray, index: int, x: float, y: float) -> tuple[float, float, float, int]:
    """(s, d, heading, row) of (x, y) on the route, walking from `index` to the nearest point; straight beyond both ends."""
    last = table.shape[0] - 1
    distance = (x - table[index, 0]) ** 2 + (y - table[index, 1]) ** 2
    while index < last:
        ahead = (x - table[index + 1, 0]) ** 2 + (y - table[index + 1, 1]) ** 2
        if ahead >= distance:
            break
        index, distance = index + 1, ahead
    while index > 0:
        behind = (x - table[index - 1, 0]) ** 2 + (y - table[index - 1, 1]) ** 2
        if behind >= distance:
            break
        index, distance = index - 1, behind
    best_s, best_d, best_heading, best_gap = 0.0, 0.0, 0.0, math.inf
    for first in range(max(index - 1, 0), min(index, last - 1) + 1):
        ux, uy = table[first + 1, 0] - table[first, 0], table[first + 1, 1] - table[first, 1]
        length = math.sqrt(ux * ux + uy * uy)
        if length <= 0.0:
            continue
        ux, uy = ux / length, uy / length
        dx, dy = x - table[first, 0], y - table[first, 1]
        along, across = ux * dx + uy * dy, ux * dy - uy * dx
        inside = min(max(along, 0.0), length)
        if first == 0:
            inside = min(along, length)
        if first == last - 1:
            inside = max(along, 0.0) if first > 0 else along
        gap = (along - inside) ** 2 + across * across
        if gap < best_gap:
            best_gap = gap
            share = min(max(inside / length, 0.0), 1.0)
            best_s = table[first, 2] + inside
            best_heading = table[first, 3] + share * (table[first + 1, 3] - table[first, 3])
            best_d = math.copysign(math.sqrt(gap), across)
    return best_s, best_d, best_heading, index


@compiled
def row_at(table: FloatArray, s: float) -> int:
    """Row of the last route point at or before arc length `s`, at most the second to last."""
    low, high = 0, table.shape[0] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if table[middle, 2] <= s:
            low = middle
        else:
            high = middle
    return low


@compiled
def offset_at(plan: FloatArray, s: float) -> tuple[float, float]:
    """(d, slope dd/ds) of a lateral plan at arc length `s`."""
    start, length, first, slope, end = plan[0], plan[1], plan[2], plan[3], plan[4]
    if s >= start + length:
        return end, 0.0
    if s <= start:
        return first + slope * (s - start), slope
    u = (s - start) / length
    rise = end - first
    tangent = slope * length
    d = first + tangent * (u - 2.0 * u * u + u * u * u) + rise * (3.0 * u * u - 2.0 * u * u * u)
    return d, (tangent * (1.0 - 4.0 * u + 3.0 * u * u) + rise * (6.0 * u - 6.0 * u * u)) / length


@compiled
def pose_at(table: FloatArray, plan: FloatArray, s: float, row: int) -> tuple[float, float, float]:
    """x, y, yaw of the lateral plan at arc length `s`, which lies in `row` (see `row_at`); straight beyond the route's ends."""
    length = table[row + 1, 2] - table[row, 2]
    raw = (s - table[row, 2]) / length
    share = min(max(raw, 0.0), 1.0)
    heading = table[row, 3] + share * (table[row + 1, 3] - table[row, 3])
    beyond = (raw - share) * length
    d, slope = offset_at(plan, s)
    curvature = table[row, 4] + share * (table[row + 1, 4] - table[row, 4])
    cosine, sine = math.cos(heading), math.sin(heading)
    x = table[row, 0] + share * (table[row + 1, 0] - table[row, 0]) + beyond * cosine - d * sine
    y = table[row, 1] + share * (table[row + 1, 1] - table[row, 1]) + beyond * sine + d * cosine
    return x, y, heading + math.atan2(slope, max(1.0 - curvature * d, 0.1))


@compiled
def poses_along(table: FloatArray, plan: FloatArray, s: FloatArray) -> FloatArray:
    """(m, 3) x, y, yaw of the lateral plan at arc lengths `s` (m,)."""
    poses = np.empty((s.shape[0], 3))
    for i in range(s.shape[0]):
        poses[i, 0], poses[i, 1], poses[i, 2] = pose_at(table, plan, s[i], row_at(table, s[i]))
    return poses


@compiled
def poses_ahead(
    table: FloatArray,
    plan: FloatArray,
    s: float,
    speed: float,
    acceleration: float,
    fastest: float,
    times_s: FloatArray,
) -> FloatArray:
    """(m, 3) x, y, yaw of the lateral plan where the ego is at `times_s` (m,), rising, after it was at `s` with `speed` [m/s].

    It keeps one acceleration [m/s^2] until it stands or reaches `fastest`.
    """
    poses = np.empty((times_s.shape[0], 3))
    last, row = table.shape[0] - 2, row_at(table, s)
    for i in range(times_s.shape[0]):
        time = times_s[i]
        way = speed * time
        if acceleration < 0.0:
            until = min(time, speed / -acceleration)
            way = speed * until + 0.5 * acceleration * until * until
        elif acceleration > 0.0 and fastest > speed:
            until = min(time, (fastest - speed) / acceleration)
            way = speed * until + 0.5 * acceleration * until * until + fastest * (time - until)
        while row < last and table[row + 1, 2] <= s + way:
            row += 1
        poses[i, 0], poses[i, 1], poses[i, 2] = pose_at(table, plan, s + way, row)
    return poses


@compiled
def braking_for_speeds(
    table: FloatArray, s: float, speed: float, lateral: float, share: float, unposted: float, horizon_m: float
) -> tuple[float, int, tuple[float, float], tuple[float, float], tuple[float, float]]:
    """How hard to brake for what lies ahead: speed wanted here, what it comes from, and (need, distance) for LIMIT, BEND, CREST.

    A need is the constant deceleration that meets the lower speed where it begins [m/s^2], 0 where none is met.
    `lateral` is the largest lateral acceleration, `share` of a posted limit is driven, `unposted` where there is none.
    """
    row = row_at(table, s)
    here = unposted if math.isinf(table[row, 10]) else share * table[row, 10]
    bend, bend_at, limit, limit_at, crest, crest_at = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    wanted, because = here, LIMIT
    for i in range(row, table.shape[0]):
        gap = table[i, 2] - s
        if gap > horizon_m:
            break
        room = 2.0 * max(gap, 0.5 * speed, 1.0)
        curve_speed = math.sqrt(lateral / max(abs(table[i, 4]), 1e-6))
        need = (speed * speed - curve_speed * curve_speed) / room
        if need > bend:
            bend, bend_at = need, max(gap, 0.0)
        sight_speed = table[i, 11]
        need = (speed * speed - sight_speed * sight_speed) / room
        if need > crest:
            crest, crest_at = need, max(gap, 0.0)
        if gap <= 0.5 * speed and curve_speed < wanted:
            wanted, because = curve_speed, BEND
        if gap <= 0.5 * speed and sight_speed < wanted:
            wanted, because = sight_speed, CREST
        posted = unposted if math.isinf(table[i, 10]) else share * table[i, 10]
        need = (speed * speed - posted * posted) / room
        if need > limit and posted < here:
            limit, limit_at = need, max(gap, 0.0)
    return wanted, because, (limit, limit_at), (bend, bend_at), (crest, crest_at)


@compiled
def narrowest(table: FloatArray, low: float, high: float) -> tuple[float, float, float, float]:
    """Least room between two arc lengths: (own side left, pavement right, lane left, lane right), from the route's line."""
    first, last = row_at(table, low), row_at(table, high) + 1
    left, right, lane_left, lane_right = math.inf, math.inf, math.inf, math.inf
    for i in range(first, last + 1):
        left = min(left, min(table[i, 7], table[i, 9]))
        right = min(right, table[i, 8])
        lane_left = min(lane_left, table[i, 5])
        lane_right = min(lane_right, table[i, 6])
    return left, right, lane_left, lane_right
