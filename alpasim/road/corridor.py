"""How much room there is on both sides of a line: to the lane's borders, to the pavement's edge, to oncoming lanes.

Compiled; asked once a route, not on the step path.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.index import chunk_boxes
from alpasim.road.polyline import first_from, project_within
from alpasim.road.queries import Grid, RoadArrays, _cell_of, _in_chunk, lanes_containing, on_road, segment_square
from alpasim.types import FloatArray, IntArray

FARTHEST_M = 200.0
"""Distances beyond this are given as this [m]."""

_MARCH_M = 0.25
_OPPOSITE = math.cos(math.radians(135.0))
_SURELY = 1.0 - 1e-9
"""A lower bound is farther only beyond rounding."""


@compiled
def _border_distance(
    x: float, y: float, border: FloatArray, boxes: FloatArray, road: RoadArrays, first: int, last: int, hint: int
) -> tuple[float, int]:
    """Distance from (x, y) to a border within the chunks first..last-1 [m], and the chunk that is nearest.

    Chunk `hint` is looked at first; a chunk whose box is farther than what was found is passed over.
    """
    best, nearest = np.inf, first
    for turn in range(-1, last - first):
        c = first + turn
        if turn < 0:
            c = hint if first <= hint < last else first
        away_x = max(boxes[c, 0] - x, 0.0, x - boxes[c, 2])
        away_y = max(boxes[c, 1] - y, 0.0, y - boxes[c, 3])
        if (away_x * away_x + away_y * away_y) * _SURELY > best:
            continue
        for i in range(road.chunk_first[c], road.chunk_last[c]):
            square = segment_square(x, y, border[i, 0], border[i, 1], border[i + 1, 0], border[i + 1, 1])
            if square < best:
                best, nearest = square, c
    return math.sqrt(best), nearest


@compiled
def _ray(x: float, y: float, ux: float, uy: float, road: RoadArrays, grid: Grid) -> float:
    """How far from (x, y) along the unit vector the first border segment lies [m], at most FARTHEST_M.

    Goes through the grid's cells in the order in which the ray does, until the next one begins beyond what was found.
    """
    nearest, entered = FARTHEST_M, 0.0
    ix, iy = math.floor((x - grid.x0) / grid.cell), math.floor((y - grid.y0) / grid.cell)
    while entered <= nearest and 0 <= ix < grid.nx and 0 <= iy < grid.ny:
        cell = iy * grid.nx + ix
        for k in range(grid.edge_start[cell], grid.edge_start[cell + 1]):
            e = grid.edge[k]
            ax, ay = road.edges[e, 0] - x, road.edges[e, 1] - y
            bx, by = road.edges[e, 2] - x, road.edges[e, 3] - y
            side_a, side_b = ux * ay - uy * ax, ux * by - uy * bx
            if (side_a <= 0.0) == (side_b <= 0.0):
                continue
            share = side_a / (side_a - side_b)
            along = (ax + share * (bx - ax)) * ux + (ay + share * (by - ay)) * uy
            if 0.0 <= along < nearest:
                nearest = along
        border_x = grid.x0 + (ix + (1 if ux > 0.0 else 0)) * grid.cell
        border_y = grid.y0 + (iy + (1 if uy > 0.0 else 0)) * grid.cell
        until_x = (border_x - x) / ux if ux != 0.0 else np.inf
        until_y = (border_y - y) / uy if uy != 0.0 else np.inf
        if until_x < until_y:
            entered = until_x
            ix += 1 if ux > 0.0 else -1
        else:
            entered = until_y
            iy += 1 if uy > 0.0 else -1
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
        known = road.rank[lane] != 0
        for j in range(ours.shape[0]):
            known = known or ours[j] == lane
        if known or not _in_chunk(x, y, road.left, road.right, first, last):
            continue
        _, _, i = project_within(x, y, road.centre, road.s, first, last + 1)
        dx, dy = road.centre[i + 1, 0] - road.centre[i, 0], road.centre[i + 1, 1] - road.centre[i, 1]
        if dx * ux + dy * uy < _OPPOSITE * math.hypot(dx, dy):
            return True
    return False


@compiled
def _may_oppose(x: float, y: float, ux: float, uy: float, farthest: float, road: RoadArrays, grid: Grid) -> bool:
    """Whether any piece of a traffic lane in the cells to the left of (x, y), up to `farthest`, leads against the vector."""
    last_cell, distance = -1, 0.0
    while distance < farthest:
        distance = min(distance + _MARCH_M, farthest)
        cell = _cell_of(x - distance * uy, y + distance * ux, grid)
        if cell < 0 or cell == last_cell:
            continue
        last_cell = cell
        for k in range(grid.chunk_start[cell], grid.chunk_start[cell + 1]):
            chunk = grid.chunk[k]
            if road.rank[road.chunk_lane[chunk]] != 0:
                continue
            for i in range(road.chunk_first[chunk], road.chunk_last[chunk]):
                dx, dy = road.centre[i + 1, 0] - road.centre[i, 0], road.centre[i + 1, 1] - road.centre[i, 1]
                along = dx * ux + dy * uy
                if along < 0.0 and along < _OPPOSITE * math.hypot(dx, dy):
                    return True
    return False


@compiled
def _oncoming(x: float, y: float, heading: float, farthest: float, road: RoadArrays, grid: Grid) -> float:
    """How far to the left of a pose the first lane against its heading begins, at most `farthest` [m].

    Lanes that the pose itself lies in do not count: in a junction ways against each other share the ground.
    """
    ux, uy = math.cos(heading), math.sin(heading)
    if not _may_oppose(x, y, ux, uy, farthest, road, grid):
        return farthest
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
    left, right = chunk_boxes(road.left, road), chunk_boxes(road.right, road)
    near_left, near_right = 0, 0
    for i in range(line.shape[0]):
        x, y = line[i, 0], line[i, 1]
        ux, uy = math.cos(heading[i]), math.sin(heading[i])
        first = first_from(road.chunk_lane, rows[i])
        last = first_from(road.chunk_lane, rows[i] + 1)
        room[i, 0], near_left = _border_distance(x, y, road.left, left, road, first, last, near_left)
        room[i, 1], near_right = _border_distance(x, y, road.right, right, road, first, last, near_right)
        if on_road(x, y, road, grid):
            room[i, 2] = _ray(x, y, -uy, ux, road, grid)
            room[i, 3] = _ray(x, y, uy, -ux, road, grid)
            room[i, 4] = _oncoming(x, y, heading[i], room[i, 2], road, grid)
    return room
