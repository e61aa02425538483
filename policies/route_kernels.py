"""Compiled geometry along a route: where things are on it, when they will cross it, how fast it may be driven.

The route travels as one table (k, 11) float64 with the columns below, built once a rollout. A lateral plan travels as
five numbers (start_s, length, start_d, start_slope, end_d): a cubic that leaves its start with the given slope, arrives
level, and stays at `end_d` from there on.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray, Route

X, Y, S, HEADING, CURVATURE, LANE_LEFT, LANE_RIGHT, EDGE_LEFT, EDGE_RIGHT, ONCOMING_LEFT, SPEED_LIMIT = range(11)

TRACK_S, TRACK_D, HALF_S, HALF_D, SPEED_S, SPEED_D, TURNED, SPEED, INDEX = range(9)
"""Columns of what `describe_tracks` fills, one row a track."""

TIME_IN, TIME_OUT, CROSS_LOW, CROSS_HIGH = range(4)
"""Columns of what `crossings` fills."""


def route_table(route: Route) -> FloatArray:
    """The route's arrays as one (k, 11) table for the kernels, with the heading made continuous."""
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
    )
    return np.ascontiguousarray(np.column_stack(columns), dtype=np.float64)


@compiled
def wrapped(angle: float) -> float:
    """`angle` in (-pi, pi]."""
    return math.pi - (math.pi - angle) % (2.0 * math.pi)


@compiled
def nearest_point(table: FloatArray, x: float, y: float) -> int:
    """Row of the route point nearest to (x, y)."""
    best, best_distance = 0, math.inf
    for i in range(table.shape[0]):
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
def poses_along(table: FloatArray, plan: FloatArray, s: FloatArray) -> FloatArray:
    """(m, 3) x, y, yaw of the lateral plan at arc lengths `s` (m,); straight beyond both ends of the route."""
    poses = np.empty((s.shape[0], 3))
    for i in range(s.shape[0]):
        row = row_at(table, s[i])
        length = table[row + 1, 2] - table[row, 2]
        raw = (s[i] - table[row, 2]) / length
        share = min(max(raw, 0.0), 1.0)
        heading = table[row, 3] + share * (table[row + 1, 3] - table[row, 3])
        beyond = (raw - share) * length
        d, slope = offset_at(plan, s[i])
        curvature = table[row, 4] + share * (table[row + 1, 4] - table[row, 4])
        cosine, sine = math.cos(heading), math.sin(heading)
        poses[i, 0] = table[row, 0] + share * (table[row + 1, 0] - table[row, 0]) + beyond * cosine - d * sine
        poses[i, 1] = table[row, 1] + share * (table[row + 1, 1] - table[row, 1]) + beyond * sine + d * cosine
        poses[i, 2] = heading + math.atan2(slope, max(1.0 - curvature * d, 0.1))
    return poses


@compiled
def describe_tracks(
    table: FloatArray, position: FloatArray, yaw: FloatArray, velocity: FloatArray, extent: FloatArray
) -> FloatArray:
    """(k, 9) what each track is on the route: place, half size along and across, speeds, and its turn against the lane.

    `TURNED` is the direction of motion (of the body where it hardly moves) against the route's heading, in (-pi, pi].
    """
    count = position.shape[0]
    out = np.empty((count, 9))
    for i in range(count):
        start = nearest_point(table, position[i, 0], position[i, 1])
        s, d, heading, row = place_near(table, start, position[i, 0], position[i, 1])
        cosine, sine = abs(math.cos(yaw[i] - heading)), abs(math.sin(yaw[i] - heading))
        speed = math.sqrt(velocity[i, 0] ** 2 + velocity[i, 1] ** 2)
        direction = math.atan2(velocity[i, 1], velocity[i, 0]) if speed > 0.3 else yaw[i]
        out[i, 0], out[i, 1] = s, d
        out[i, 2] = 0.5 * (extent[i, 0] * cosine + extent[i, 1] * sine)
        out[i, 3] = 0.5 * (extent[i, 0] * sine + extent[i, 1] * cosine)
        out[i, 4] = velocity[i, 0] * math.cos(heading) + velocity[i, 1] * math.sin(heading)
        out[i, 5] = velocity[i, 1] * math.cos(heading) - velocity[i, 0] * math.sin(heading)
        out[i, 6] = wrapped(direction - heading)
        out[i, 7] = speed
        out[i, 8] = row
    return out


@compiled
def crossings(
    table: FloatArray,
    plan: FloatArray,
    half_width: float,
    position: FloatArray,
    yaw: FloatArray,
    velocity: FloatArray,
    extent: FloatArray,
    deceleration: FloatArray,
    margin: FloatArray,
    start_row: FloatArray,
    horizon_s: float,
    step_s: float,
) -> FloatArray:
    """(k, 4) when each track, going straight on, is inside the ego's corridor, and the stretch of route it covers there.

    A track keeps its velocity, or slows by its `deceleration` (k,) >= 0 until it stands. `TIME_IN` is inf for one that
    never enters, `TIME_OUT` inf for one that is still inside when the horizon ends.
    """
    count = position.shape[0]
    out = np.empty((count, 4))
    steps = int(horizon_s / step_s + 0.5)
    for i in range(count):
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = math.inf, math.inf, math.inf, -math.inf
        speed = math.sqrt(velocity[i, 0] ** 2 + velocity[i, 1] ** 2)
        if speed <= 0.0:
            continue
        ux, uy = velocity[i, 0] / speed, velocity[i, 1] / speed
        row = int(start_row[i])
        inside_before = False
        for step in range(steps + 1):
            time = step * step_s
            moving = time
            if deceleration[i] > 0.0:
                moving = min(time, speed / deceleration[i])
            way = speed * moving - 0.5 * deceleration[i] * moving * moving
            s, d, heading, row = place_near(table, row, position[i, 0] + ux * way, position[i, 1] + uy * way)
            cosine, sine = abs(math.cos(yaw[i] - heading)), abs(math.sin(yaw[i] - heading))
            across = 0.5 * (extent[i, 0] * sine + extent[i, 1] * cosine)
            centre, _ = offset_at(plan, s)
            inside = abs(d - centre) < across + half_width + margin[i]
            if inside:
                along = 0.5 * (extent[i, 0] * cosine + extent[i, 1] * sine)
                if not inside_before:
                    out[i, 0] = time
                out[i, 2], out[i, 3] = min(out[i, 2], s - along), max(out[i, 3], s + along)
            elif inside_before:
                out[i, 1] = time
                break
            inside_before = inside
    return out


@compiled
def braking_for_speeds(
    table: FloatArray, s: float, speed: float, lateral: float, share: float, unposted: float, horizon_m: float
) -> tuple[float, float, float, float, float]:
    """How hard to brake for what lies ahead: (speed wanted here, need for bends, its distance, need for limits, its distance).

    A need is the constant deceleration that meets the lower speed where it begins [m/s^2], 0 where none is met.
    `lateral` is the largest lateral acceleration, `share` of a posted limit is driven, `unposted` where there is none.
    """
    row = row_at(table, s)
    here = unposted if math.isinf(table[row, 10]) else share * table[row, 10]
    bend, bend_at, limit, limit_at = 0.0, 0.0, 0.0, 0.0
    wanted = here
    for i in range(row, table.shape[0]):
        gap = table[i, 2] - s
        if gap > horizon_m:
            break
        room = 2.0 * max(gap, 0.5 * speed, 1.0)
        curve_speed = math.sqrt(lateral / max(abs(table[i, 4]), 1e-6))
        need = (speed * speed - curve_speed * curve_speed) / room
        if need > bend:
            bend, bend_at = need, max(gap, 0.0)
        if gap <= 0.5 * speed:
            wanted = min(wanted, curve_speed)
        posted = unposted if math.isinf(table[i, 10]) else share * table[i, 10]
        need = (speed * speed - posted * posted) / room
        if need > limit and posted < here:
            limit, limit_at = need, max(gap, 0.0)
    return wanted, bend, bend_at, limit, limit_at


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


@compiled
def clearances(
    plan: FloatArray, half_width: float, low: FloatArray, high: FloatArray, right: FloatArray, left: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(k,) gap between the ego's side, where its plan passes each track, and that track's side, negative: in its way;
    and (k,) the plan's offset there."""
    count = low.shape[0]
    clear, plan_d = np.empty(count), np.empty(count)
    for i in range(count):
        plan_d[i], _ = offset_at(plan, 0.5 * (low[i] + high[i]))
        clear[i] = max(right[i] - plan_d[i], plan_d[i] - left[i]) - half_width
    return clear, plan_d
