"""How much room there is on both sides of a line: to the lane's borders, to the pavement's edge, to oncoming lanes.

Compiled; asked once a route, not on the step path.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.polyline import project_within
from alpasim.road.queries import Grid, RoadArrays, _cell_of, _in_chunk, _segment_square, lanes_containing, on_road
from alpasim.types import FloatArray, IntArray

FARTHEST_M = 200.0
"""Distances beyond this are given as this [m]."""

_MARCH_M = 0.25
_OPPOSITE = math.cos(math.radians(135.0))


@compiled
def _border_distance(x: float, y: float, border: FloatArray, first: int, last: int) -> float:
    """Distance from (x, y) to the polyline of the points first..last-1 [m]."""
    best = np.inf
    for i in range(first, last - 1):
        best = min(best, _segment_square(x, y, border[i, 0], border[i, 1], border[i + 1, 0], border[i + 1, 1]))
    return math.sqrt(best)


@compiled
def _ray(x: float, y: float, ux: float, uy: float, edges: FloatArray) -> float:
    """How far from (x, y) along the unit vector the first border segment lies [m], at most FARTHEST_M."""
    nearest = FARTHEST_M
    for e in range(edges.shape[0]):
        ax, ay = edges[e, 0] - x, edges[e, 1] - y
        bx, by = edges[e, 2] - x, edges[e, 3] - y
        side_a, side_b = ux * ay - uy * ax, ux * by - uy * bx
        if (side_a <= 0.0) == (side_b <= 0.0):
            continue
        share = side_a / (side_a - side_b)
        along = (ax + share * (bx - ax)) * ux + (ay + share * (by - ay)) * uy
        if 0.0 <= along < nearest:
            nearest = along
    return nearest


@compiled
def _against(x: float, y: float, ux: float, uy: float, ours: IntArray, road: RoadArrays, grid: Grid) -> bool:
    """Whether (x, y) lies in a traffic lane that leads against the unit vector and is not among `ours`."""
    cell = _cell_of(x, y, grid)
    if cell < 0:
        return False
    for k in range(grid.chunk_start[cell], grid.chunk_start[cell + 1]):
        chunk = grid.chunk[k]
        first, last = road.chunk_first[chunk], road.chunk_last[chunk]
        lane = road.chunk_lane[chunk]
        if road.rank[lane] != 0 or not _in_chunk(x, y, road.left, road.right, first, last):
            continue
        known = False
        for j in range(ours.shape[0]):
            known = known or ours[j] == lane
        if known:
            continue
        _, _, i = project_within(x, y, road.centre, road.s, first, last + 1)
        dx, dy = road.centre[i + 1, 0] - road.centre[i, 0], road.centre[i + 1, 1] - road.centre[i, 1]
        if dx * ux + dy * uy < _OPPOSITE * math.hypot(dx, dy):
            return True
    return False


@compiled
def _oncoming(x: float, y: float, heading: float, farthest: float, road: RoadArrays, grid: Grid) -> float:
    """How far to the left of a pose the first lane against its heading begins, at most `farthest` [m].

    Lanes that the pose itself lies in do not count: in a junction ways against each other share the ground.
    """
    ux, uy = math.cos(heading), math.sin(heading)
    ours = lanes_containing(x, y, road, grid)
    clear = 0.0
    while clear < farthest:
        distance = min(clear + _MARCH_M, farthest)
        if _against(x - distance * uy, y + distance * ux, ux, uy, ours, road, grid):
            for _ in range(8):
                middle = 0.5 * (clear + distance)
                if _against(x - middle * uy, y + middle * ux, ux, uy, ours, road, grid):
                    distance = middle
                else:
                    clear = middle
            return distance
        clear = distance
    return farthest


@compiled
def corridor(line: FloatArray, heading: FloatArray, rows: IntArray, road: RoadArrays, grid: Grid) -> FloatArray:
    """For each pose of a line (k, 2) in the lanes `rows` (k,): lane_left, lane_right, edge_left, edge_right, oncoming_left,
    (k, 5) [m]. All 0 to the edges where the line itself is off the pavement."""
    room = np.zeros((line.shape[0], 5))
    for i in range(line.shape[0]):
        x, y = line[i, 0], line[i, 1]
        ux, uy = math.cos(heading[i]), math.sin(heading[i])
        first, last = road.lane_start[rows[i]], road.lane_start[rows[i] + 1]
        room[i, 0] = _border_distance(x, y, road.left, first, last)
        room[i, 1] = _border_distance(x, y, road.right, first, last)
        if on_road(x, y, road, grid):
            room[i, 2] = _ray(x, y, -uy, ux, road.edges)
            room[i, 3] = _ray(x, y, uy, -ux, road.edges)
            room[i, 4] = _oncoming(x, y, heading[i], room[i, 2], road, grid)
    return room
