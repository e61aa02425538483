"""What lies around the ego's box at one moment: other boxes, the border of the road, the lane and the route below it.

Answers all of that with one compiled call. Bounds that cost next to nothing come first, so that a box too far away to
change an answer is not looked at closely. Nothing is judged here, and nothing remembered.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import box_distance
from alpasim.measures import first_touch
from alpasim.road.polyline import first_from
from alpasim.road.queries import Grid, RoadArrays, lane_and_heading, write_edge_distance
from alpasim.sensors.footprint import footprint
from alpasim.sensors.place import nearest_on_line, place_near
from alpasim.types import BoolArray, FloatArray

TTC_HORIZON_S = 5.0
"""How far ahead time to collision looks [s]."""
LEAD_RANGE_M = 200.0
"""How far ahead along the route a lead vehicle is looked for [m]."""
ROUTE_WIDTH_M = 10.0
"""Farther than this from the route, nobody is led by anybody on it [m]."""
_SURELY_M = 1e-3
"""A bound counts where it holds by more than any rounding."""

FOOTPRINT = 8
"""How many points of the ego's footprint are held against the border; the box centre comes after them."""


@compiled
def against_others(
    position: FloatArray,
    yaw: FloatArray,
    extent: FloatArray,
    velocity: FloatArray,
    present: BoolArray,
    overlaps: BoolArray,
) -> tuple[bool, float, float, bool]:
    """Whether anybody is there, smallest distance [m], smallest time to collision within its horizon [s] (both inf: none),
    and whether the ego's box overlaps any; `overlaps` (n,) is told whose.

    Overlap needs the heights to overlap too, so that a bridge above is no collision.
    """
    anyone, nearest, soonest, touched = False, np.inf, np.inf, False
    x, y, length, width = position[0, 0], position[0, 1], extent[0, 0], extent[0, 1]
    radius = 0.5 * math.hypot(length, width)
    for i in range(1, position.shape[0]):
        overlaps[i] = False
        if not present[i]:
            continue
        anyone = True
        dx, dy = position[i, 0] - x, position[i, 1] - y
        vx, vy = velocity[i, 0] - velocity[0, 0], velocity[i, 1] - velocity[0, 1]
        free = math.hypot(dx, dy) - radius - 0.5 * math.hypot(extent[i, 0], extent[i, 1]) - _SURELY_M
        if free <= nearest:
            apart = box_distance(
                x, y, yaw[0], length, width, position[i, 0], position[i, 1], yaw[i], extent[i, 0], extent[i, 1]
            )
            nearest = min(nearest, apart)
            if apart == 0.0 and abs(position[i, 2] - position[0, 2]) <= 0.5 * (extent[i, 2] + extent[0, 2]):
                overlaps[i], touched = True, True
        if free <= min(soonest, TTC_HORIZON_S) * math.hypot(vx, vy):
            time = first_touch(
                dx, dy, vx, vy, yaw[0], yaw[i], 0.5 * length, 0.5 * width, 0.5 * extent[i, 0], 0.5 * extent[i, 1]
            )
            if time <= TTC_HORIZON_S:
                soonest = min(soonest, time)
    return anyone, nearest, soonest, touched


@compiled
def _gap_to(
    row: int,
    position: FloatArray,
    yaw: FloatArray,
    extent: FloatArray,
    line: FloatArray,
    s_line: FloatArray,
    heading: FloatArray,
    ego_s: float,
    ego_d: float,
    reach: float,
    breadth: float,
    best: float,
) -> float:
    """Free way along a route from the ego's shadow, which reaches so far along it and across, to that of a row, inf where the
    row is not in its way or surely not nearer than `best` [m]."""
    dx, dy = position[row, 0] - position[0, 0], position[row, 1] - position[0, 1]
    if dx * dx + dy * dy > LEAD_RANGE_M * LEAD_RANGE_M:
        return np.inf
    # Whatever lies farther along than the best one so far, with half its own size, cannot be nearer.
    ahead = min(LEAD_RANGE_M, best + reach + 0.5 * math.hypot(extent[row, 0], extent[row, 1]))
    at, d, off = nearest_on_line(position[row, 0], position[row, 1], line, s_line, ego_s, ego_s + ahead)
    if at <= ego_s or off > 2.0 * ROUTE_WIDTH_M:
        return np.inf
    i = min(first_from(s_line, at), s_line.shape[0] - 1)
    c, s = abs(math.cos(yaw[row] - heading[i])), abs(math.sin(yaw[row] - heading[i]))
    if abs(d - ego_d) < breadth + 0.5 * (extent[row, 0] * s + extent[row, 1] * c):
        gap = at - ego_s - reach - 0.5 * (extent[row, 0] * c + extent[row, 1] * s)
        return float(gap) if gap >= 0.0 else np.inf
    return np.inf


@compiled
def lead_gap(
    position: FloatArray,
    yaw: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    line: FloatArray,
    s_line: FloatArray,
    heading: FloatArray,
    ego_s: float,
    ego_d: float,
) -> float:
    """Free way along a route to the nearest body ahead whose shadow across the route overlaps the ego's, inf if none [m].

    A body beside, whose shadow along the route overlaps the ego's, leads nobody. Shadows are taken in the route's
    direction at each body; `line` (k, 2), `s_line` and `heading` (k,) are the route's. Whoever is straight ahead along the
    route comes first: with a gap known, the others are looked for on a short part of it only.
    """
    best = np.inf
    if abs(ego_d) > ROUTE_WIDTH_M:
        return best
    i = min(first_from(s_line, ego_s), s_line.shape[0] - 1)
    c, s = abs(math.cos(yaw[0] - heading[i])), abs(math.sin(yaw[0] - heading[i]))
    reach, breadth = 0.5 * (extent[0, 0] * c + extent[0, 1] * s), 0.5 * (extent[0, 0] * s + extent[0, 1] * c)
    cos, sin = math.cos(heading[i]), math.sin(heading[i])
    guess, shortest = -1, np.inf
    for row in range(1, position.shape[0]):
        dx, dy = position[row, 0] - position[0, 0], position[row, 1] - position[0, 1]
        along = dx * cos + dy * sin
        place = along + 10.0 * abs(dy * cos - dx * sin)
        if along > 0.0 and place < shortest and present[row]:
            guess, shortest = row, place
    if guess > 0:
        best = _gap_to(guess, position, yaw, extent, line, s_line, heading, ego_s, ego_d, reach, breadth, best)
    for row in range(1, position.shape[0]):
        if present[row] and row != guess:
            gap = _gap_to(row, position, yaw, extent, line, s_line, heading, ego_s, ego_d, reach, breadth, best)
            best = min(best, gap)
    return best


@compiled
def look_around(
    position: FloatArray,
    yaw: FloatArray,
    extent: FloatArray,
    velocity: FloatArray,
    present: BoolArray,
    line: FloatArray,
    s_line: FloatArray,
    heading: FloatArray,
    s_last: float,
    road: RoadArrays,
    grid: Grid,
    edges: FloatArray,
    overlaps: BoolArray,
) -> tuple[bool, float, float, bool, float, float, float, float, int, float]:
    """The first five arguments are a state's, the next three the route's; on it the ego was last at `s_last` (nan: unknown).

    Answers the four of `against_others`, the gap to the lead vehicle, the least of the footprint's distances to the border;
    s and distance of the ego on its route; row (-1: none) and direction of the lane under it. `edges` (9,) is told each
    signed distance from the border, of the footprint and the box centre.
    """
    anyone, nearest, soonest, touched = against_others(position, yaw, extent, velocity, present, overlaps)
    x, y = position[0, 0], position[0, 1]
    points = np.empty((FOOTPRINT + 1, 2))
    points[:FOOTPRINT] = footprint(x, y, yaw[0], extent[0, 0], extent[0, 1])
    points[FOOTPRINT, 0], points[FOOTPRINT, 1] = x, y
    write_edge_distance(points, road, grid, edges)
    least = np.inf
    for i in range(FOOTPRINT):
        least = edges[i] if edges[i] < least or math.isnan(edges[i]) else least
    route_s, route_d, route_off = place_near(x, y, line, s_line, s_last)
    gap = np.inf
    if anyone:
        gap = lead_gap(position, yaw, extent, present, line, s_line, heading, route_s, route_d)
    lane, direction = lane_and_heading(x, y, yaw[0], road, grid)
    return anyone, nearest, soonest, touched, gap, least, route_s, route_off, lane, direction
