"""From what makes a road unlevel to the flat arrays that the kernels of `relief.py` read, once when a road is built.

Grades and cross-slopes go into a grid of heights, each of its points taking the height of the nearest place of the course that
they belong to; kerbs, sidewalks, bumps and holes go into a grid of cells that knows which of their borders come near.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from alpasim.compiled import compiled
from alpasim.road.index import bin_segments, corners_inside, joined_area, lane_polygon, ring_table
from alpasim.road.lanes import Lane, LaneKind, SurfacePatch
from alpasim.road.polyline import arc_length, pose_within
from alpasim.road.relief import AREA, BUMP, LEVEL, Ground, Relief
from alpasim.road.soil import SOILS
from alpasim.road.unlevel import FACE_M, Bump, CrossSlope, Grade, Part, Raised, Sidewalks
from alpasim.types import BoolArray, FloatArray, IntArray, frozen

Bounds = tuple[float, float, float, float]

_MARGIN_M = 30.0
"""How far beyond the road heights still change; from there on they stay."""
_LEAST_CELL_M, _MOST_POINTS = 1.0, 300_000
_ROADSIDE_M = 20.0
"""Up to here from a course's line the ground lies as high as the road beside it."""
_CLIFF, _EVENINGS = 0.5, 60
"""Steeper than this between two points of the grid is a cliff, which so many rounds of averaging make a slope."""
_PART_CELL_M, _MOST_CELLS = 4.0, 120_000
_CHUNK = 16


def make_relief(parts: Sequence[Part], lanes: Sequence[Lane], bounds: Bounds) -> Relief:
    """The heights of a road with these lanes, whose points lie within `bounds` (xmin, ymin, xmax, ymax)."""
    grades = [part for part in parts if isinstance(part, Grade) and part.grade != 0.0]
    slopes = [part for part in parts if isinstance(part, CrossSlope) and part.slope != 0.0]
    edges, shapes = [], []
    for part in parts:
        if isinstance(part, Sidewalks | Raised) and part.height != 0.0:
            area = sidewalk_area(lanes) if isinstance(part, Sidewalks) else Polygon(part.polygon)
            face = part.face if isinstance(part, Raised) else FACE_M
            if not area.is_empty:
                edges.append(_edges(area))
                shapes.append([AREA, part.height, face, *[0.0] * 7])
        elif isinstance(part, Bump) and part.height != 0.0:
            direction = math.cos(part.heading), math.sin(part.heading)
            reach = 0.5 * part.length, part.right, part.left
            edges.append(_edges(Polygon(part.corners())))
            shapes.append([BUMP, part.height, FACE_M, part.x, part.y, *direction, *reach])
    return _with_parts(_with_rise(LEVEL, [*grades, *slopes], bounds), edges, shapes)


def make_ground(surfaces: Sequence[SurfacePatch], terrain: str) -> Ground:
    """What the ground of a road with these patches and this terrain beside it is made of."""
    ring, start = ring_table([patch.polygon for patch in surfaces])
    boxes = [(*patch.polygon.min(axis=0), *patch.polygon.max(axis=0)) for patch in surfaces]
    soils = [SOILS.get(patch.kind, SOILS["paved"]) for patch in surfaces]
    beside = SOILS[terrain]
    return Ground(
        not surfaces,
        beside.grip,
        beside.rolling,
        beside.rough,
        ring,
        start,
        frozen(np.array(boxes, dtype=np.float64).reshape(-1, 4)),
        frozen(np.array([patch.friction for patch in surfaces], dtype=np.float64)),
        frozen(np.array([soil.rolling for soil in soils], dtype=np.float64)),
        frozen(np.array([soil.rough for soil in soils], dtype=np.float64)),
    )


def _with_rise(relief: Relief, slopes: Sequence[Grade | CrossSlope], bounds: Bounds) -> Relief:
    """The relief with the grid of grades and cross-slopes."""
    if not slopes:
        return relief
    x0, y0 = bounds[0] - _MARGIN_M, bounds[1] - _MARGIN_M
    width, depth = bounds[2] + _MARGIN_M - x0, bounds[3] + _MARGIN_M - y0
    cell = max(_LEAST_CELL_M, math.sqrt(width * depth / _MOST_POINTS))
    nx, ny = math.ceil(width / cell) + 4, math.ceil(depth / cell) + 4
    rise = np.zeros(nx * ny)
    known: dict[bytes, FloatArray] = {}
    for part in slopes:
        line = np.ascontiguousarray(shapely.get_coordinates(shapely.simplify(shapely.linestrings(part.line), 1e-4)))
        key = line.tobytes()
        if key not in known:
            known[key] = _places(line, arc_length(line), *_chunks(line), x0, y0, cell, nx, ny)
        places = known[key]
        height = _grade(part, places) if isinstance(part, Grade) else _cross_slope(part, places)
        far = np.abs(places[:, 1]) > _ROADSIDE_M
        rise += _without_cliffs(height.reshape(ny, nx), far.reshape(ny, nx), cell).ravel()
    return relief._replace(level=False, rising=True, x0=x0, y0=y0, cell=cell, nx=nx, ny=ny, rise=frozen(rise))


def _without_cliffs(height: FloatArray, far: BoolArray, cell: float) -> FloatArray:
    """The heights (ny, nx), evened out `far` from the road where the nearest place of a bent road jumps from one stretch to
    another that lies higher."""
    steepest = max(float(np.abs(np.diff(height, axis=axis)).max()) for axis in (0, 1))
    if steepest <= _CLIFF * cell:
        return height
    for _ in range(_EVENINGS):
        wide = np.pad(height, 1, mode="edge")
        columns = wide[:-2] + wide[1:-1] + wide[2:]
        height = np.where(far, (columns[:, :-2] + columns[:, 1:-1] + columns[:, 2:]) / 9.0, height)
    return height


def _grade(part: Grade, places: FloatArray) -> FloatArray:
    """Height at places (m, 2) s, d: a parabola, a straight, a parabola."""
    length, ease = part.end - part.begin, part.ease
    way = np.clip(places[:, 0] - part.begin, 0.0, length)
    coming, going = np.minimum(way, ease), np.maximum(way - (length - ease), 0.0)
    return np.asarray(part.grade * (coming**2 / (2.0 * ease) + (way - coming) - going**2 / (2.0 * ease)))


def _cross_slope(part: CrossSlope, places: FloatArray) -> FloatArray:
    """Height at places (m, 2) s, d."""
    share = np.clip(np.minimum(places[:, 0] - part.begin, part.end - places[:, 0]) / part.ease, 0.0, 1.0)
    aside = np.clip(places[:, 1], part.right, part.left)
    return np.asarray(part.slope * aside * share * share * (3.0 - 2.0 * share))


def _chunks(line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Circles round runs of _CHUNK segments of a line: centres (c, 2) and radii (c,)."""
    runs = [line[first : first + _CHUNK + 1] for first in range(0, len(line) - 1, _CHUNK)]
    centres = np.array([0.5 * (run.min(axis=0) + run.max(axis=0)) for run in runs])
    radii = [float(np.hypot(*(run - centre).T).max()) for run, centre in zip(runs, centres, strict=True)]
    return centres, np.array(radii)


@compiled
def _nearest(x: float, y: float, line: FloatArray, s: FloatArray, first: int, last: int) -> tuple[float, float]:
    """Squared distance and s of the nearest place on the segments first..last - 1 of a line."""
    best, best_s = np.inf, s[first]
    for i in range(first, last):
        ux, uy = line[i + 1, 0] - line[i, 0], line[i + 1, 1] - line[i, 1]
        px, py = x - line[i, 0], y - line[i, 1]
        square = ux * ux + uy * uy
        t = 0.0
        if square > 0.0:
            t = min(1.0, max(0.0, (px * ux + py * uy) / square))
        ex, ey = px - t * ux, py - t * uy
        distance = ex * ex + ey * ey
        if distance < best:
            best, best_s = distance, s[i] + t * (s[i + 1] - s[i])
    return best, best_s


@compiled
def _places(
    line: FloatArray,
    s: FloatArray,
    centres: FloatArray,
    radii: FloatArray,
    x0: float,
    y0: float,
    cell: float,
    nx: int,
    ny: int,
) -> FloatArray:
    """Places (ny * nx, 2) s, d along a line, left positive, of the points of a grid; those beyond an end are at it.

    The line's direction turns evenly at its corners, and near it the place is where it lies square to the point, so that
    heights do not step from chord to chord of a bend.
    """
    places = np.empty((nx * ny, 2))
    count, segments = radii.shape[0], line.shape[0] - 1
    guess = 0
    for row in range(nx * ny):
        x, y = x0 + (row % nx) * cell, y0 + (row // nx) * cell
        best, at = _nearest(x, y, line, s, guess * _CHUNK, min((guess + 1) * _CHUNK, segments))
        for c in range(count):
            away = math.hypot(x - centres[c, 0], y - centres[c, 1]) - radii[c]
            if c == guess or (away > 0.0 and away * away > best):
                continue
            square, there = _nearest(x, y, line, s, c * _CHUNK, min((c + 1) * _CHUNK, segments))
            if square < best:
                best, at, guess = square, there, c
        exact = segments > 1 and best < 4.0 * _ROADSIDE_M * _ROADSIDE_M
        for _ in range(3 if exact else 1):
            cx, cy, heading = pose_within(line, s, 0, segments + 1, at)
            along = (x - cx) * math.cos(heading) + (y - cy) * math.sin(heading)
            places[row, 0] = at
            places[row, 1] = (y - cy) * math.cos(heading) - (x - cx) * math.sin(heading)
            at = min(max(at + min(max(along, -2.0), 2.0), 0.0), s[segments])
    return places


def sidewalk_area(lanes: Sequence[Lane]) -> BaseGeometry:
    """The area of all sidewalks without the crossings."""
    walked, crossed = (
        joined_area([lane_polygon(lane.left, lane.right) for lane in lanes if lane.kind is kind])
        for kind in (LaneKind.SIDEWALK, LaneKind.CROSSING)
    )
    return walked.difference(crossed)


def _edges(area: BaseGeometry) -> FloatArray:
    """Every border segment of an area, (e, 4)."""
    rows = [np.empty((0, 4))]
    for part in getattr(area, "geoms", [area]):
        if isinstance(part, Polygon):
            for ring in (part.exterior, *part.interiors):
                points = np.asarray(ring.coords)[:, :2]
                rows.append(np.hstack([points[:-1], points[1:]]))
    return np.ascontiguousarray(np.concatenate(rows))


def _with_parts(relief: Relief, edges: Sequence[FloatArray], shapes: Sequence[Sequence[float]]) -> Relief:
    """The relief with raised and lowered parts: their borders (e, 4), and what they are."""
    if not shapes:
        return relief
    points = np.concatenate([np.concatenate([rows[:, :2], rows[:, 2:]]) for rows in edges])
    low, high = points.min(axis=0), points.max(axis=0)
    width, depth = (float(size) for size in high - low)
    cell = max(_PART_CELL_M, math.sqrt(width * depth / _MOST_CELLS), max(width, depth) / 20_000.0)
    # An odd share of a cell keeps the grid's lines off the round coordinates that drawn roads have.
    x0, y0 = float(low[0]) - cell * 1.3819660113, float(low[1]) - cell * 1.4142135624
    nx, ny = int((float(high[0]) - x0) / cell) + 4, int((float(high[1]) - y0) / cell) + 4
    tables = [_entries(rows, shape[2], x0, y0, cell, nx) for rows, shape in zip(edges, shapes, strict=True)]
    cells = np.concatenate([table[0] for table in tables])
    part = np.repeat(np.arange(len(tables)), [len(table[0]) for table in tables])
    inside = np.concatenate([table[1] for table in tables])
    counts = np.concatenate([table[2] for table in tables])
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    order = np.argsort(cells, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(cells, minlength=nx * ny))])
    return relief._replace(
        level=False,
        part_x0=x0,
        part_y0=y0,
        part_cell=cell,
        part_nx=nx,
        part_ny=ny,
        start=frozen(start.astype(np.int64)),
        part=frozen(part[order].astype(np.int64)),
        inside=frozen(np.ascontiguousarray(inside[order])),
        span=frozen(np.ascontiguousarray(np.stack([first, first + counts], axis=1)[order].astype(np.int64))),
        edges=frozen(np.ascontiguousarray(np.concatenate([table[3] for table in tables]))),
        shape=frozen(np.array(shapes, dtype=np.float64)),
    )


def _entries(
    edges: FloatArray, face: float, x0: float, y0: float, cell: float, nx: int
) -> tuple[IntArray, BoolArray, IntArray, FloatArray]:
    """The cells that an area comes near: number, whether the corner is inside, how many edges, and these end to end."""
    points = np.concatenate([edges[:, :2], edges[:, 2:]])
    (low_x, low_y), (high_x, high_y) = points.min(axis=0) - face, points.max(axis=0) + face
    ix, iy = int((low_x - x0) / cell), int((low_y - y0) / cell)
    wide, deep = int((high_x - x0) / cell) - ix + 2, int((high_y - y0) / cell) - iy + 2
    corner = x0 + ix * cell, y0 + iy * cell
    start, entries = bin_segments(edges, face, *corner, cell, wide, deep)
    inside = corners_inside(edges, *corner, cell, wide, deep)
    counts = np.diff(start)
    kept = np.flatnonzero((counts > 0) | inside)
    cells = (iy + kept // wide) * nx + ix + kept % wide
    return cells, inside[kept], counts[kept], edges[entries]
