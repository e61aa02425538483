"""From lanes to the flat arrays and the grid that the compiled queries work on, made once when a road is built.

Also makes the drivable area: the union of the lanes that vehicles may use, closed over the slivers that lie between
lanes whose shared border was recorded twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.polygon import orient

from alpasim.compiled import compiled
from alpasim.road.polyline import arc_length
from alpasim.road.queries import Grid, RoadArrays
from alpasim.types import BoolArray, FloatArray, IntArray, frozen

CLOSING_M = 0.06
"""Gaps of less than twice this are closed over [m]."""

LEAST_ISLAND_M2 = 0.05
"""Holes and loose parts smaller than this are noise of the borders, not road."""

_CHUNK_POINTS = 8
_CHUNK_LENGTH_M = 15.0
_MOST_CELLS = 120_000
_LEAST_CELL_M = 4.0


def lane_polygon(left: FloatArray, right: FloatArray) -> Polygon | MultiPolygon:
    """The area between a lane's borders, valid and possibly empty; where borders cross both sides count."""
    ring = np.concatenate([right, left[::-1]])
    others = ring[np.any(ring != ring[0], axis=1)]
    if len(others) == 0 or (others == others[0]).all():
        return Polygon()  # fewer than three different points
    polygon = Polygon(ring)
    if polygon.is_valid:
        return polygon
    repaired = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
    return repaired if isinstance(repaired, Polygon | MultiPolygon) else Polygon()


def joined_area(polygons: Sequence[Polygon | MultiPolygon]) -> MultiPolygon:
    """Union of lane polygons (the drivable area from those that are), closed over gaps below 2 * CLOSING_M and freed of specks."""
    union = shapely.union_all(polygons)
    closed = union.buffer(CLOSING_M, join_style="mitre", mitre_limit=3.0)
    closed = closed.buffer(-CLOSING_M, join_style="mitre", mitre_limit=3.0)
    parts = [part for part in getattr(closed, "geoms", [closed]) if part.area >= LEAST_ISLAND_M2]
    kept = []
    for part in parts:
        holes = [hole for hole in part.interiors if Polygon(hole).area >= LEAST_ISLAND_M2]
        kept.append(orient(Polygon(part.exterior, holes)))
    return MultiPolygon(kept)


def border_segments(area: MultiPolygon) -> FloatArray:
    """Every border segment of the area as a row x1, y1, x2, y2, (e, 4), the inside on its left."""
    rows = [np.empty((0, 4))]
    for part in area.geoms:
        for ring in (part.exterior, *part.interiors):
            points = np.asarray(ring.coords)[:, :2]
            rows.append(np.hstack([points[:-1], points[1:]]))
    segments = np.concatenate(rows)
    return np.ascontiguousarray(segments[np.any(segments[:, :2] != segments[:, 2:], axis=1)])


def flatten(
    centres: Sequence[FloatArray],
    lefts: Sequence[FloatArray],
    rights: Sequence[FloatArray],
    rank: IntArray,
    edges: FloatArray,
) -> RoadArrays:
    """The lanes' points end to end, and their chunks."""
    counts = np.array([len(centre) for centre in centres], dtype=np.int64)
    start = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
    s = np.concatenate([arc_length(centre) for centre in centres])
    chunks: list[tuple[int, int, int]] = []
    at = s.tolist()  # read one by one, plain floats are several times faster
    for row in range(len(centres)):
        first, end = int(start[row]), int(start[row + 1]) - 1
        while first < end:
            last = first + 1
            while last < end and last - first < _CHUNK_POINTS and at[last] - at[first] < _CHUNK_LENGTH_M:
                last += 1
            chunks.append((row, first, last))
            first = last
    table = np.array(chunks, dtype=np.int64).reshape(-1, 3)
    columns = [np.ascontiguousarray(table[:, i]) for i in range(3)]
    return RoadArrays(
        lane_start=frozen(start),
        centre=frozen(np.concatenate(centres)),
        left=frozen(np.concatenate(lefts)),
        right=frozen(np.concatenate(rights)),
        s=frozen(s),
        rank=frozen(rank),
        chunk_lane=frozen(columns[0]),
        chunk_first=frozen(columns[1]),
        chunk_last=frozen(columns[2]),
        edges=frozen(edges),
    )


def make_grid(road: RoadArrays) -> Grid:
    """The grid over everything the road has, with a margin of one cell."""
    points = np.concatenate([road.left, road.right, road.centre, road.edges[:, :2]])
    low, high = points.min(axis=0), points.max(axis=0)
    width, height = (float(size) for size in high - low)
    cell = max(_LEAST_CELL_M, math.sqrt(max(width * height, 1.0) / _MOST_CELLS), max(width, height) / 20_000.0)
    # An odd share of a cell keeps the grid's lines off the round coordinates that drawn roads have.
    x0, y0 = float(low[0]) - cell * 1.3819660113, float(low[1]) - cell * 1.4142135624
    nx, ny = int((float(high[0]) - x0) / cell) + 2, int((float(high[1]) - y0) / cell) + 2
    left, right = chunk_boxes(road.left, road), chunk_boxes(road.right, road)
    boxes = np.hstack([np.minimum(left[:, :2], right[:, :2]), np.maximum(left[:, 2:], right[:, 2:])])
    chunk_start, chunk = _bin_boxes(boxes, x0, y0, cell, nx, ny)
    edge_start, edge = bin_segments(road.edges, 0.0, x0, y0, cell, nx, ny)
    inside = corners_inside(road.edges, x0, y0, cell, nx, ny)
    return Grid(
        x0, y0, cell, nx, ny, frozen(chunk_start), frozen(chunk), frozen(edge_start), frozen(edge), frozen(inside)
    )


@compiled
def chunk_boxes(border: FloatArray, road: RoadArrays) -> FloatArray:
    """Bounding boxes (c, 4) xmin, ymin, xmax, ymax of every chunk's part of a border [m]."""
    boxes = np.empty((road.chunk_first.shape[0], 4))
    for c in range(boxes.shape[0]):
        first, last = road.chunk_first[c], road.chunk_last[c]
        boxes[c, 0], boxes[c, 1] = border[first, 0], border[first, 1]
        boxes[c, 2], boxes[c, 3] = border[first, 0], border[first, 1]
        for i in range(first + 1, last + 1):
            boxes[c, 0], boxes[c, 1] = min(boxes[c, 0], border[i, 0]), min(boxes[c, 1], border[i, 1])
            boxes[c, 2], boxes[c, 3] = max(boxes[c, 2], border[i, 0]), max(boxes[c, 3], border[i, 1])
    return boxes


@compiled
def _bin_boxes(boxes: FloatArray, x0: float, y0: float, cell: float, nx: int, ny: int) -> tuple[IntArray, IntArray]:
    """For each cell the boxes (b, 4) xmin, ymin, xmax, ymax that touch it: start (cells + 1,) and entries."""
    start = np.zeros(nx * ny + 1, dtype=np.int64)
    for filling in range(2):
        if filling == 1:
            for c in range(nx * ny):
                start[c + 1] += start[c]
            entries = np.empty(start[-1], dtype=np.int64)
            at = start[:-1].copy()
        for b in range(boxes.shape[0]):
            for iy in range(int((boxes[b, 1] - y0) / cell), int((boxes[b, 3] - y0) / cell) + 1):
                for ix in range(int((boxes[b, 0] - x0) / cell), int((boxes[b, 2] - x0) / cell) + 1):
                    c = iy * nx + ix
                    if filling == 0:
                        start[c + 1] += 1
                    else:
                        entries[at[c]] = b
                        at[c] += 1
    return start, entries


@compiled
def _touches(segment: FloatArray, xmin: float, ymin: float, size: float, margin: float) -> bool:
    """Whether a segment may come within `margin` of a square whose box overlaps its own: not all corners are on one side."""
    ux, uy = segment[2] - segment[0], segment[3] - segment[1]
    above, below = False, False
    for corner in range(4):
        x = xmin - margin + (size + 2.0 * margin) * (corner % 2)
        y = ymin - margin + (size + 2.0 * margin) * (corner // 2)
        side = ux * (y - segment[1]) - uy * (x - segment[0])
        above, below = above or side >= 0.0, below or side <= 0.0
    return above and below


@compiled
def bin_segments(
    edges: FloatArray, reach: float, x0: float, y0: float, cell: float, nx: int, ny: int
) -> tuple[IntArray, IntArray]:
    """For each cell the segments that come within `reach` of it: start (cells + 1,) and entries. All must lie that far within
    the cells."""
    start = np.zeros(nx * ny + 1, dtype=np.int64)
    margin = reach + 1e-6 * cell
    for filling in range(2):
        if filling == 1:
            for c in range(nx * ny):
                start[c + 1] += start[c]
            entries = np.empty(start[-1], dtype=np.int64)
            at = start[:-1].copy()
        for e in range(edges.shape[0]):
            low_x, high_x = min(edges[e, 0], edges[e, 2]) - margin, max(edges[e, 0], edges[e, 2]) + margin
            low_y, high_y = min(edges[e, 1], edges[e, 3]) - margin, max(edges[e, 1], edges[e, 3]) + margin
            for iy in range(int((low_y - y0) / cell), int((high_y - y0) / cell) + 1):
                for ix in range(int((low_x - x0) / cell), int((high_x - x0) / cell) + 1):
                    c = iy * nx + ix
                    if not _touches(edges[e], x0 + ix * cell, y0 + iy * cell, cell, margin):
                        continue
                    if filling == 0:
                        start[c + 1] += 1
                    else:
                        entries[at[c]] = e
                        at[c] += 1
    return start, entries


@compiled
def corners_inside(edges: FloatArray, x0: float, y0: float, cell: float, nx: int, ny: int) -> BoolArray:
    """Whether each cell's lower left corner is inside the border (even-odd), (cells,): one sweep along each grid line."""
    flips = np.zeros((ny, nx + 1), dtype=np.bool_)
    for e in range(edges.shape[0]):
        ax, ay, bx, by = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        for iy in range(max(0, int((ay - y0) / cell)), min(ny - 1, int((by - y0) / cell) + 1) + 1):
            y = y0 + iy * cell
            if (ay <= y) != (by <= y):
                x = ax + (y - ay) * (bx - ax) / (by - ay)
                ix = min(nx, max(0, math.ceil((x - x0) / cell)))
                flips[iy, ix] = not flips[iy, ix]
    inside = np.zeros(nx * ny, dtype=np.bool_)
    for iy in range(ny):
        state = False
        for ix in range(nx):
            state = state != flips[iy, ix]
            inside[iy * nx + ix] = state
    return inside


def ring_table(rings: Sequence[FloatArray]) -> tuple[FloatArray, IntArray]:
    """Closed polygons end to end: points (p, 2), starts (rings + 1,)."""
    points = np.ascontiguousarray(np.concatenate([np.empty((0, 2)), *rings]))
    ends = np.cumsum([0, *(len(ring) for ring in rings)])
    return frozen(points), frozen(ends.astype(np.int64))
