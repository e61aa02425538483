"""The steep faces of kerbs and sidewalks, as what has been struck meets them."""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.queries import segment_square
from alpasim.road.relief import AREA, FACE, HEIGHT, KIND, Relief, inside_area

STEEP_FACE_M = 0.15
"""Faces at most so wide are walls [m]."""


@compiled
def face_at(x: float, y: float, relief: Relief) -> tuple[float, float, float, float, float]:
    """Depth of (x, y) within raised areas of steep faces (inf: within none), the outward direction of the nearest border, and
    the border's nearest point."""
    fx, fy = (x - relief.part_x0) / relief.part_cell, (y - relief.part_y0) / relief.part_cell
    best, nx, ny, bx, by = np.inf, 0.0, 0.0, x, y
    if not (0.0 <= fx < relief.part_nx and 0.0 <= fy < relief.part_ny):
        return best, nx, ny, bx, by
    ix, iy = int(fx), int(fy)
    cell = iy * relief.part_nx + ix
    x0, y0 = relief.part_x0 + ix * relief.part_cell, relief.part_y0 + iy * relief.part_cell
    edges = relief.edges
    for k in range(relief.start[cell], relief.start[cell + 1]):
        part = relief.part[k]
        if relief.shape[part, KIND] != AREA or relief.shape[part, HEIGHT] <= 0.0:
            continue
        if relief.shape[part, FACE] > STEEP_FACE_M:
            continue
        first, last = relief.span[k, 0], relief.span[k, 1]
        if not inside_area(x, y, x0, y0, bool(relief.inside[k]), first, last, edges):
            continue
        for e in range(first, last):
            ax, ay, ex, ey = edges[e, 0], edges[e, 1], edges[e, 2] - edges[e, 0], edges[e, 3] - edges[e, 1]
            away = math.sqrt(segment_square(x, y, ax, ay, edges[e, 2], edges[e, 3]))
            length = math.sqrt(ex * ex + ey * ey)
            if away >= best or length < 1e-9:
                continue
            share = min(max(((x - ax) * ex + (y - ay) * ey) / (length * length), 0.0), 1.0)
            best, bx, by = away, ax + share * ex, ay + share * ey
            nx, ny = ey / length, -ex / length
            if (bx - x) * nx + (by - y) * ny < 0.0:
                nx, ny = -nx, -ny
    return best, nx, ny, bx, by
