"""What a road looks like: terrain, pavement, paths, patches, painted lines, kerbs, as meshes by semantic class.

Made from `road.outline` once a scenario. The pavement lies at z = 0, where the physics has its ground; what is painted lies
millimetres above it, terrain a few centimetres below, so that neither renderer has to choose between equal depths.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from alpasim.road.lanes import LaneKind, LineMark
from alpasim.road.network import RoadNetwork
from alpasim.road.outline import Area, RoadOutline, outline
from alpasim.sensors.camera import SemanticClass
from alpasim.types import FloatArray
from alpasim.world.rendering.mesh import Colour, Mesh, flat, merge, quads

ASPHALT: Colour = (92, 95, 100)
PAINT: Colour = (238, 239, 236)
KERB: Colour = (186, 184, 178)
SIDEWALK: Colour = (158, 155, 149)
BICYCLE_PATH: Colour = (146, 86, 74)
ICE: Colour = (196, 218, 232)
SLIPPERY: Colour = (66, 72, 80)
GRAVEL: Colour = (132, 120, 102)
GRASS: tuple[Colour, ...] = ((98, 128, 66), (104, 134, 70), (94, 124, 66), (102, 128, 62))
HILLS: tuple[Colour, ...] = ((92, 118, 92), (98, 124, 100), (88, 114, 92))

LINE_M, STOP_LINE_M = 0.15, 0.4
DASH_M, GAP_M = 4.0, 6.0
KERB_WIDTH_M, KERB_HEIGHT_M = 0.18, 0.1
TERRAIN_Z, PATH_Z, PATCH_Z, PAINT_Z = -0.06, 0.004, 0.004, 0.008
MAX_PIECE_M = 12.0
"""Lines and areas are cut into pieces of about this length: long thin triangles are slow to fill."""

MARGIN_M, HORIZON_M = 120.0, 900.0
_SIMPLER_BY_M = 0.01

Layer = tuple[SemanticClass, Mesh]


def ground(road: RoadNetwork) -> list[Layer]:
    """Everything that lies still, world frame."""
    drawn = outline(road)
    layers = [*_paint(drawn, road), *_kerbs(drawn), *_areas(drawn, road), (SemanticClass.TERRAIN, _terrain(road))]
    return [(code, mesh) for code, mesh in layers if len(mesh.triangles)]


def _areas(drawn: RoadOutline, road: RoadNetwork) -> Iterator[Layer]:
    """Pavement, paths and patches of other grip."""
    cell = _cell(road)
    for kind, area in drawn.paths:
        if kind is LaneKind.SIDEWALK:
            yield SemanticClass.SIDEWALK, _flat_area(area, PATH_Z, SIDEWALK, cell)
        elif kind is LaneKind.BICYCLE:
            yield SemanticClass.ROAD, _flat_area(area, PATH_Z, BICYCLE_PATH, cell)
    for name, friction, ring in drawn.patches:
        yield SemanticClass.ROAD, _flat_area(Area(ring), PATCH_Z, _patch_colour(name, friction), cell)
    for area in drawn.pavement:
        yield SemanticClass.ROAD, _flat_area(area, 0.0, ASPHALT, cell)


def _patch_colour(kind: str, friction: float) -> Colour:
    word = kind.lower()
    if "ice" in word or "snow" in word or friction < 0.25:
        return ICE
    return SLIPPERY if friction < 0.55 and "gravel" not in word else GRAVEL


def _cell(road: RoadNetwork) -> float:
    """Side of the squares that areas are cut into [m]: larger where the road is."""
    x_low, y_low, x_high, y_high = road.bounds
    return max(20.0, 0.025 * max(x_high - x_low, y_high - y_low))


def _flat_area(area: Area, z: float, colour: Colour, cell: float) -> Mesh:
    """An area as level triangles, none much larger than a square of side `cell` [m]."""
    polygon = shapely.Polygon(area.exterior, area.holes).simplify(_SIMPLER_BY_M)
    if not polygon.is_valid:
        polygon = polygon.buffer(0.0)
    x_low, y_low, x_high, y_high = polygon.bounds
    pieces = []
    for x in np.arange(np.floor(x_low / cell) * cell, x_high, cell):
        column = shapely.clip_by_rect(polygon, x, y_low - 1.0, x + cell, y_high + 1.0)
        for y in np.arange(np.floor(y_low / cell) * cell, y_high, cell) if not column.is_empty else ():
            pieces.append(shapely.clip_by_rect(column, x, y, x + cell, y + cell))
    parts = shapely.get_parts(np.array(pieces, dtype=object))
    parts = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (shapely.area(parts) > 1e-4)]
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(parts))
    corners = shapely.get_coordinates(shapely.orient_polygons(triangles)).reshape(-1, 4, 2)[:, :3]
    return level(corners, z, colour)


def level(corners: FloatArray, z: float, colour: Colour) -> Mesh:
    """Level triangles (t, 3, 2), counter-clockwise from above, at height z [m]."""
    points = np.column_stack([corners.reshape(-1, 2), np.full(3 * len(corners), z)])
    normals = np.tile((0.0, 0.0, 1.0), (len(points), 1))
    return flat(points, normals, colour, np.arange(len(points)).reshape(-1, 3))


def _paint(drawn: RoadOutline, road: RoadNetwork) -> Iterator[Layer]:
    """Lines, stop lines and zebra crossings."""
    strips = []
    for line in drawn.lines:
        if line.mark is LineMark.SOLID:
            strips.append(_strip(line.points, LINE_M))
        elif line.mark is LineMark.DASHED:
            strips.extend(_strip(dash, LINE_M) for dash in _dashes(line.points))
    strips.extend(_strip(line, STOP_LINE_M) for line, _ in drawn.stop_lines)
    strips.extend(_zebra(lane.centre, lane.left, lane.right) for lane in road.lanes if lane.kind is LaneKind.CROSSING)
    faces = [strip for strip in strips if len(strip)]
    if faces:
        yield SemanticClass.LANE_PAINT, quads(np.concatenate(faces), PAINT)


def _pieces(points: FloatArray) -> FloatArray:
    """The line without needless points, and with none further apart than MAX_PIECE_M."""
    line = shapely.LineString(points).simplify(_SIMPLER_BY_M)
    return np.asarray(shapely.segmentize(line, MAX_PIECE_M).coords)[:, :2]


def _beside(points: FloatArray, offset: float) -> FloatArray:
    """The line moved to the left by `offset` [m], (k, 2)."""
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    return points + offset * np.column_stack([-along[:, 1], along[:, 0]])


def _strip(points: FloatArray, width: float) -> FloatArray:
    """A painted line as faces (q, 4, 3)."""
    line = _pieces(points)
    left, right = (_raised(_beside(line, side * width), PAINT_Z) for side in (0.5, -0.5))
    return np.stack([right[:-1], right[1:], left[1:], left[:-1]], axis=1)


def _raised(points: FloatArray, z: float) -> FloatArray:
    return np.column_stack([points, np.full(len(points), z)])


def _dashes(points: FloatArray) -> Iterator[FloatArray]:
    """The painted pieces of a dashed line."""
    s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    for start in np.arange(0.5 * GAP_M, s[-1] - 0.3, DASH_M + GAP_M):
        end = min(start + DASH_M, s[-1])
        at = np.concatenate([[start], s[(s > start + 0.05) & (s < end - 0.05)], [end]])
        yield np.column_stack([np.interp(at, s, points[:, axis]) for axis in (0, 1)])


def _zebra(centre: FloatArray, left: FloatArray, right: FloatArray) -> FloatArray:
    """Bars of half a metre, half a metre apart, across a walkers' way, as faces (q, 4, 3)."""
    s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(centre, axis=0).T))])
    starts = np.arange(0.25, s[-1] - 0.5, 1.0)
    corners = [
        _raised(np.column_stack([np.interp(at, s, side[:, axis]) for axis in (0, 1)]), PAINT_Z)
        for at, side in ((starts, right), (starts + 0.5, right), (starts + 0.5, left), (starts, left))
    ]
    return np.stack(corners, axis=1)


def _kerbs(drawn: RoadOutline) -> Iterator[Layer]:
    """Kerb stones: a low wall with a top."""
    faces = []
    for line in drawn.lines:
        if line.mark is LineMark.KERB:
            way = _pieces(line.points)
            left, right = _beside(way, 0.5 * KERB_WIDTH_M), _beside(way, -0.5 * KERB_WIDTH_M)
            a, b = _raised(right, TERRAIN_Z), _raised(right, KERB_HEIGHT_M)
            c, d = _raised(left, KERB_HEIGHT_M), _raised(left, TERRAIN_Z)
            faces += [_wall(low, high) for low, high in ((a, b), (b, c), (c, d))]
            faces += [np.stack(end)[None] for end in ((d[0], a[0], b[0], c[0]), (a[-1], d[-1], c[-1], b[-1]))]
    if faces:
        yield SemanticClass.KERB, quads(np.concatenate(faces), KERB)


def _wall(low: FloatArray, high: FloatArray) -> FloatArray:
    """Faces (q, 4, 3) between two lines (k, 3), seen from the right of them."""
    return np.stack([low[:-1], low[1:], high[1:], high[:-1]], axis=1)


def _terrain(road: RoadNetwork) -> Mesh:
    """Grass to the horizon in squares of slightly different greens, and hills where it ends."""
    x_low, y_low, x_high, y_high = road.bounds
    cell = 2.0 * _cell(road)
    xs, ys = _grid_lines(x_low, x_high, cell), _grid_lines(y_low, y_high, cell)
    meshes = []
    shade = (np.arange(len(xs) - 1)[:, None] * 7 + np.arange(len(ys) - 1) * 13 + np.arange(len(ys) - 1) ** 2 * 3) % len(
        GRASS
    )
    x_from, y_from = np.meshgrid(xs[:-1], ys[:-1], indexing="ij")
    x_to, y_to = np.meshgrid(xs[1:], ys[1:], indexing="ij")
    height = np.full_like(x_from, TERRAIN_Z)
    corners = [(x_from, y_from), (x_to, y_from), (x_to, y_to), (x_from, y_to)]
    faces = np.stack([np.stack([x, y, height], axis=-1) for x, y in corners], axis=2)
    for number, colour in enumerate(GRASS):
        chosen = faces[shade == number]
        if len(chosen):
            meshes.append(quads(chosen, colour))
    return merge([*meshes, _hills(0.5 * (xs[0] + xs[-1]), 0.5 * (ys[0] + ys[-1]), xs[-1] - xs[0], ys[-1] - ys[0])])


def _grid_lines(low: float, high: float, cell: float) -> FloatArray:
    """Cell borders from well before `low` to well after `high`, wide apart where nothing is near [m]."""
    near = np.arange(low - MARGIN_M, high + MARGIN_M + cell, cell)
    return np.concatenate(
        [[near[0] - HORIZON_M, near[0] - 0.3 * HORIZON_M], near, [near[-1] + 0.3 * HORIZON_M, near[-1] + HORIZON_M]]
    )


def _hills(x: float, y: float, width: float, depth: float) -> Mesh:
    """A ring of low hills that stands where the terrain ends, looking inwards."""
    count = 72
    angles = np.linspace(0.0, 2.0 * np.pi, count + 1)
    heights = 13.0 + 6.0 * np.sin(5 * angles) + 5.0 * np.sin(11 * angles + 1.0) + 3.0 * np.sin(23 * angles + 2.0)
    heights[-1] = heights[0]
    ring = np.column_stack([x + 0.495 * width * np.cos(angles), y + 0.495 * depth * np.sin(angles)])
    low, high = _raised(ring, TERRAIN_Z - 0.5), np.column_stack([ring, heights])
    faces = np.stack([low[1:], low[:-1], high[:-1], high[1:]], axis=1)
    return merge([quads(faces[number :: len(HILLS)], colour) for number, colour in enumerate(HILLS)])
