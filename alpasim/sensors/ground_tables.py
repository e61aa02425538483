"""The ground of a road as rays read it, in few tables; made once for a lidar.

Squares hold what bounds the rise, so that rays can leap over the ground safely: it is a bicubic surface between the points of
a grid, and such a surface, like its slopes, stays within the convex hull of its Bezier points. A square holds CELLS x CELLS
cells of that grid; the squares at its border go on outwards for ever, as the rise does. Parts of the relief stand cell by cell
in one table, with the directions of their edges. Small cells say how far round them what parts add stays the same, so that a
ray far from kerbs asks for no edge.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from alpasim.compiled import compiled, inner
from alpasim.road.queries import on_the_way, segment_square
from alpasim.road.relief import (
    BUMP,
    CENTRE_X,
    CENTRE_Y,
    COS,
    FACE,
    HALF_LENGTH,
    HEIGHT,
    KIND,
    LEFT,
    RIGHT,
    SIN,
    Relief,
    bump_at,
)
from alpasim.types import FloatArray, IntArray, frozen

CELLS = 8
LEAST_X, MOST_X, LEAST_Y, MOST_Y, TOP = range(5)
"""Columns of `GroundTables.square`: slopes dz/dx and dz/dy, and the highest rise [m]."""
IS_BUMP, OF_HEIGHT, OF_FACE, INSIDE, EDGES = range(5)
"""Columns of a part's line in `GroundTables.parts`; of a bump the rest is as in `Relief.shape`."""
AX, AY, BX, BY, DIRECTION_X, DIRECTION_Y, LENGTH = range(7)
"""Columns of an edge's line there; an area's line is followed by those of its EDGES edges near the cell."""
RADIUS, ADDED = range(2)
"""Columns of `GroundTables.clear`."""
LEAST_RADIUS_M = 0.1
_FINEST, _MOST_CELLS = 8, 250_000
"""At most so many cells of `clear` along the side of a cell of parts, and so many in all."""


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
    clear_cell: float
    clear_nx: int


class GroundTables(NamedTuple):
    """A relief for rays. `rise` is that of `Relief`; square iy * square_nx + ix has its bounds in `square` (n, 5); cell c of the
    grid of parts has the lines start[c]..start[c + 1]-1 of `parts` (m, 10). `clear` (k, 2) divides the same area into cells of
    `clear_cell`, `clear_nx` in a row: up to RADIUS from any place in such a cell parts add the height ADDED [m]; 0 where that is
    less than LEAST_RADIUS_M, and nothing is said then.

    Kernels take the frame and the arrays one by one: an array that comes in a tuple is counted at each call, which costs more
    than the geometry.
    """

    frame: Frame
    rise: FloatArray
    square: FloatArray
    start: IntArray
    parts: FloatArray
    clear: FloatArray


def tables_of(relief: Relief) -> GroundTables:
    """The tables of this relief."""
    start, parts = _part_lines(relief)
    nx = ny = 1
    square, top = np.zeros((1, 5)), 0.0
    if relief.rising:
        nx, ny = -(-(relief.nx - 3) // CELLS), -(-(relief.ny - 3) // CELLS)
        square = _squares(relief.rise, relief.nx, relief.ny, relief.cell, nx, ny)
        top = float(square[:, TOP].max())
    fine = _FINEST
    while fine > 1 and relief.part_nx * relief.part_ny * fine * fine > _MOST_CELLS:
        fine //= 2
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
        clear_cell=relief.part_cell / fine,
        clear_nx=relief.part_nx * fine,
    )
    clear = _clear_cells(frame, start, parts, fine)
    return GroundTables(frame, relief.rise, frozen(square), frozen(start), frozen(parts), frozen(clear))


@compiled
def _part_lines(relief: Relief) -> tuple[IntArray, FloatArray]:
    """`start` and `parts` of `GroundTables`."""
    start = np.zeros(relief.start.shape[0], dtype=np.int64)
    line = relief.part.shape[0]
    for k in range(relief.span.shape[0]):
        line += relief.span[k, 1] - relief.span[k, 0]
    parts = np.zeros((line, 10))
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


@inner
def part_on(x: float, y: float, frame: Frame, start: IntArray, parts: FloatArray) -> float:
    """`parts_at` of the relief that these tables are of, to the bit."""
    fx, fy = (x - frame.part_x0) / frame.part_cell, (y - frame.part_y0) / frame.part_cell
    if not (0.0 <= fx < frame.part_nx and 0.0 <= fy < frame.part_ny):
        return 0.0
    ix, iy = int(fx), int(fy)
    x0, y0 = frame.part_x0 + ix * frame.part_cell, frame.part_y0 + iy * frame.part_cell
    line, stop = start[iy * frame.part_nx + ix], start[iy * frame.part_nx + ix + 1]
    up, down = 0.0, 0.0
    while line < stop:
        at = line
        line += 1
        if parts[at, IS_BUMP] == 1.0:
            height = bump_at(x, y, at, parts)
        else:
            inside, nearest = parts[at, INSIDE] == 1.0, np.inf
            for _ in range(int(parts[at, EDGES])):
                ax, ay, bx, by = parts[line, AX], parts[line, AY], parts[line, BX], parts[line, BY]
                inside = inside != on_the_way(x, y, x0, y0, ax, ay, bx, by)
                nearest = min(nearest, segment_square(x, y, ax, ay, bx, by))
                line += 1
            if not inside:
                continue
            height = parts[at, OF_HEIGHT] * min(1.0, math.sqrt(nearest) / parts[at, OF_FACE])
        up, down = max(up, height), min(down, height)
    return up + down


@compiled
def _clear_cells(frame: Frame, start: IntArray, parts: FloatArray, fine: int) -> FloatArray:
    """The table `clear` of `GroundTables`, each cell of parts divided into `fine` x `fine`."""
    nx, ny, cell = frame.part_nx, frame.part_ny, frame.clear_cell
    clear = np.zeros((nx * ny * fine * fine, 2))
    for iy in range(ny):
        for ix in range(nx):
            for jy in range(iy * fine, (iy + 1) * fine):
                row = jy * frame.clear_nx
                for jx in range(ix * fine, (ix + 1) * fine):
                    x, y = frame.part_x0 + (jx + 0.5) * cell, frame.part_y0 + (jy + 0.5) * cell
                    radius = _free(x, y, ix, iy, frame, start, parts) - math.sqrt(0.5) * cell
                    if radius < LEAST_RADIUS_M:
                        continue
                    clear[row + jx, RADIUS] = radius
                    if jx > 0 and clear[row + jx - 1, RADIUS] >= cell:
                        clear[row + jx, ADDED] = clear[row + jx - 1, ADDED]
                    else:
                        clear[row + jx, ADDED] = part_on(x, y, frame, start, parts)
    return clear


@inner
def _free(x: float, y: float, ix: int, iy: int, frame: Frame, start: IntArray, parts: FloatArray) -> float:
    """How far round a place in cell (ix, iy) of parts there is no face and no bump [m], at most the side of a cell."""
    free = frame.part_cell
    for cy in range(max(iy - 1, 0), min(iy + 2, frame.part_ny)):
        first, last = cy * frame.part_nx + max(ix - 1, 0), cy * frame.part_nx + min(ix + 2, frame.part_nx)
        line, stop = start[first], start[last]
        while line < stop:
            at = line
            line += 1
            if parts[at, IS_BUMP] == 1.0:
                dx, dy, cos, sin = x - parts[at, CENTRE_X], y - parts[at, CENTRE_Y], parts[at, COS], parts[at, SIN]
                along, aside = dx * cos + dy * sin, dy * cos - dx * sin
                out = max(-parts[at, RIGHT] - aside, aside - parts[at, LEFT])
                free = min(free, max(abs(along) - parts[at, HALF_LENGTH], out))
                continue
            # Rays go in fine steps from within a rectangle round each edge, whose corners are farthest from it.
            corner = math.sqrt(2.0) * parts[at, OF_FACE]
            for _ in range(int(parts[at, EDGES])):
                ax, ay, bx, by = parts[line, AX], parts[line, AY], parts[line, BX], parts[line, BY]
                square = segment_square(x, y, ax, ay, bx, by)
                if square < (free + corner) * (free + corner):
                    free = math.sqrt(square) - corner
                line += 1
    return free


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
