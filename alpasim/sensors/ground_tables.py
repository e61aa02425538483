"""The ground of a road as rays read it, in few tables; made once for a lidar.

Squares hold what bounds the rise, so that rays can leap over the ground safely: it is a bicubic surface between the points of
a grid, and such a surface, like its slopes, stays within the convex hull of its Bezier points. A square holds CELLS x CELLS
cells of that grid; the squares at its border go on outwards for ever, as the rise does. Parts of the relief stand cell by cell
in one table, with the directions of their edges.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.relief import BUMP, FACE, HEIGHT, KIND, Relief
from alpasim.types import FloatArray, IntArray, frozen

CELLS = 8
LEAST_X, MOST_X, LEAST_Y, MOST_Y, TOP = range(5)
"""Columns of `GroundTables.square`: slopes dz/dx and dz/dy, and the highest rise [m]."""
IS_BUMP, OF_HEIGHT, OF_FACE, INSIDE, EDGES = range(5)
"""Columns of a part's line in `GroundTables.parts`; of a bump the rest is as in `Relief.shape`."""
AX, AY, BX, BY, DIRECTION_X, DIRECTION_Y, LENGTH = range(7)
"""Columns of an edge's line there; an area's line is followed by those of its EDGES edges near the cell."""


class Frame(NamedTuple):
    """Numbers of `GroundTables`: whether anything is `rising` or `raised`, the highest rise and the highest part on it [m], and
    where the grids lie: that of heights, of squares, and of parts."""

    rising: bool
    raised: bool
    top: float
    part: float
    x0: float
    y0: float
    cell: float
    nx: int
    ny: int
    square_x0: float
    square_y0: float
    size: float
    square_nx: int
    square_ny: int
    part_x0: float
    part_y0: float
    part_cell: float
    part_nx: int
    part_ny: int


class GroundTables(NamedTuple):
    """A relief for rays. `rise` is that of `Relief`; square iy * square_nx + ix has its bounds in `square` (n, 5); cell c of the
    grid of parts has the lines start[c]..start[c + 1]-1 of `parts` (m, 10).

    Kernels take the frame and the arrays one by one: an array that comes in a tuple is counted at each call, which costs more
    than the geometry.
    """

    frame: Frame
    rise: FloatArray
    square: FloatArray
    start: IntArray
    parts: FloatArray


def tables_of(relief: Relief) -> GroundTables:
    """The tables of this relief."""
    start, parts = _part_lines(relief)
    nx = ny = 1
    square, top = np.zeros((1, 5)), 0.0
    if relief.rising:
        nx, ny = -(-(relief.nx - 3) // CELLS), -(-(relief.ny - 3) // CELLS)
        square = _squares(relief.rise, relief.nx, relief.ny, relief.cell, nx, ny)
        top = float(square[:, TOP].max())
    frame = Frame(
        rising=relief.rising,
        raised=len(relief.shape) > 0,
        top=top,
        part=max(float(relief.shape[:, HEIGHT].max()), 0.0) if len(relief.shape) else 0.0,
        x0=relief.x0,
        y0=relief.y0,
        cell=relief.cell,
        nx=relief.nx,
        ny=relief.ny,
        square_x0=relief.x0 + relief.cell,
        square_y0=relief.y0 + relief.cell,
        size=CELLS * relief.cell,
        square_nx=nx,
        square_ny=ny,
        part_x0=relief.part_x0,
        part_y0=relief.part_y0,
        part_cell=relief.part_cell,
        part_nx=relief.part_nx,
        part_ny=relief.part_ny,
    )
    return GroundTables(frame, relief.rise, frozen(square), frozen(start), frozen(parts))


@compiled
def _part_lines(relief: Relief) -> tuple[IntArray, FloatArray]:
    """`start` and `parts` of `GroundTables`."""
    start = np.zeros(relief.start.shape[0], dtype=np.int64)
    parts = np.zeros((relief.part.shape[0] + np.sum(relief.span[:, 1] - relief.span[:, 0]), 10))
    line = 0
    for c in range(start.shape[0] - 1):
        for k in range(relief.start[c], relief.start[c + 1]):
            shape = relief.shape[relief.part[k]]
            if shape[KIND] == BUMP:
                parts[line] = shape
                parts[line, IS_BUMP] = 1.0
                line += 1
                continue
            first, stop = relief.span[k, 0], relief.span[k, 1]
            parts[line, OF_HEIGHT], parts[line, OF_FACE] = shape[HEIGHT], shape[FACE]
            parts[line, INSIDE], parts[line, EDGES] = 1.0 if relief.inside[k] else 0.0, stop - first
            line += 1
            for e in range(first, stop):
                ax, ay, bx, by = relief.edges[e, 0], relief.edges[e, 1], relief.edges[e, 2], relief.edges[e, 3]
                length = math.sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))
                parts[line, AX], parts[line, AY], parts[line, BX], parts[line, BY] = ax, ay, bx, by
                parts[line, LENGTH] = length
                if length > 0.0:
                    parts[line, DIRECTION_X], parts[line, DIRECTION_Y] = (bx - ax) / length, (by - ay) / length
                line += 1
        start[c + 1] = line
    return start, parts[:line].copy()


@compiled
def _values(p0: float, p1: float, p2: float, p3: float) -> tuple[float, float, float, float]:
    """Bezier points of Catmull-Rom's cubic from p1 to p2."""
    return p1, p1 + (p2 - p0) / 6.0, p2 - (p3 - p1) / 6.0, p2


@compiled
def _slopes(p0: float, p1: float, p2: float, p3: float) -> tuple[float, float, float]:
    """Bezier points of its derivative, which is three times the differences of its own."""
    return 0.5 * (p2 - p0), 3.0 * (p2 - p1) - 0.5 * (p3 - p1 + p2 - p0), 0.5 * (p3 - p1)


@compiled
def _squares(rise: FloatArray, nx: int, ny: int, cell: float, wide: int, deep: int) -> FloatArray:
    """The table (deep * wide, 5) of `GroundTables` of a grid of heights (ny * nx,)."""
    square = np.empty((deep * wide, 5))
    square[:, LEAST_X], square[:, LEAST_Y], square[:, TOP] = np.inf, np.inf, -np.inf
    square[:, MOST_X], square[:, MOST_Y] = -np.inf, -np.inf
    flat, lean = np.empty((4, 4)), np.empty((4, 3))
    for iy in range(1, ny - 2):
        for ix in range(1, nx - 2):
            row = square[(iy - 1) // CELLS * wide + (ix - 1) // CELLS]
            for j in range(4):
                at = (iy + j - 1) * nx + ix - 1
                p0, p1, p2, p3 = rise[at], rise[at + 1], rise[at + 2], rise[at + 3]
                flat[j, 0], flat[j, 1], flat[j, 2], flat[j, 3] = _values(p0, p1, p2, p3)
                lean[j, 0], lean[j, 1], lean[j, 2] = _slopes(p0, p1, p2, p3)
            for i in range(4):
                for value in _values(flat[0, i], flat[1, i], flat[2, i], flat[3, i]):
                    row[TOP] = max(row[TOP], value)
                for slope in _slopes(flat[0, i], flat[1, i], flat[2, i], flat[3, i]):
                    row[LEAST_Y], row[MOST_Y] = min(row[LEAST_Y], slope / cell), max(row[MOST_Y], slope / cell)
            for i in range(3):
                for slope in _values(lean[0, i], lean[1, i], lean[2, i], lean[3, i]):
                    row[LEAST_X], row[MOST_X] = min(row[LEAST_X], slope / cell), max(row[MOST_X], slope / cell)
    for iy in range(deep):
        for ix in range(wide):
            row = square[iy * wide + ix]
            if ix in (0, wide - 1):
                row[LEAST_X], row[MOST_X] = min(row[LEAST_X], 0.0), max(row[MOST_X], 0.0)
            if iy in (0, deep - 1):
                row[LEAST_Y], row[MOST_Y] = min(row[LEAST_Y], 0.0), max(row[MOST_Y], 0.0)
    return square
