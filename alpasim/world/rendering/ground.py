"""What a road looks like: terrain, pavement, paths, patches, painted lines, kerbs, as meshes by semantic class.

Made from `road.outline` once a scenario. The pavement lies where the physics has its ground, at z = 0 or on the rise of the road
(`raised.py`); what is painted lies millimetres above it, terrain a few centimetres below, so that neither renderer has to choose
between equal depths.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from alpasim.road.lanes import LaneKind, LineMark
from alpasim.road.network import RoadNetwork
from alpasim.road.outline import Area, RoadOutline, outline
from alpasim.sensors.camera import SemanticClass
from alpasim.types import FloatArray
from alpasim.world.rendering.mesh import Colour, Mesh, flat, merge, quads
from alpasim.world.rendering.raised import KERB, fine_cell, footprint, lifted, parts, sidewalks

ASPHALT: Colour = (92, 95, 100)
PAINT: Colour = (238, 239, 236)
SIDEWALK: Colour = (158, 155, 149)
BICYCLE_PATH: Colour = (146, 86, 74)
ICE: Colour = (196, 218, 232)
SLIPPERY: Colour = (66, 72, 80)
GRAVEL: Colour = (132, 120, 102)
GRASS: tuple[Colour, ...] = ((98, 128, 66), (104, 134, 70), (94, 124, 66), (102, 128, 62))
TERRAIN: dict[str, tuple[Colour, ...]] = {
    "grass": GRASS,
    "gravel": ((134, 126, 114), (140, 131, 118), (129, 121, 110), (137, 129, 115)),
    "sand": ((196, 176, 132), (201, 181, 137), (191, 171, 128), (198, 178, 136)),
    "mud": ((104, 82, 58), (109, 86, 62), (99, 78, 55), (106, 84, 61)),
    "snow": ((232, 237, 242), (236, 240, 244), (228, 234, 240), (234, 238, 243)),
    "paved": ((112, 114, 116), (115, 117, 119), (109, 111, 113), (113, 115, 118)),
}
"""What lies beside the road, by the scenario's word for it."""
HILLS: tuple[Colour, ...] = ((92, 118, 92), (98, 124, 100), (88, 114, 92))

LINE_M, STOP_LINE_M = 0.15, 0.4
DASH_M, GAP_M = 4.0, 6.0
KERB_WIDTH_M, KERB_HEIGHT_M = 0.18, 0.1
TERRAIN_Z, PATH_Z, PATCH_Z, PAINT_Z = -0.06, 0.004, 0.004, 0.008
MAX_PIECE_M = 12.0
"""Lines and areas are cut into pieces of about this length: long thin triangles are slow to fill."""

MARGIN_M, HORIZON_M = 120.0, 900.0
_SIMPLER_BY_M = 0.01
_ABOVE_M = 0.008
"""How much higher patches, and twice as much paint, lie on a rising road, whose squares they do not share [m]."""
_NEAR_M = 60.0
"""So far around the road the terrain follows it finely."""
_UNDER_M, _BESIDE_M = 0.3, 0.3

Layer = tuple[SemanticClass, Mesh]


def ground(road: RoadNetwork) -> list[Layer]:
    """Everything that lies still, world frame."""
    drawn, cell = outline(road), fine_cell(road, _cell(road))
    layers = [*_paint(drawn, road, cell), *_kerbs(drawn, road, cell), *_areas(drawn, road, cell)]
    layers += [(SemanticClass.TERRAIN, mesh) for mesh in _terrain(road, drawn, cell)]
    return [(code, lifted(mesh, road)) for code, mesh in layers if len(mesh.triangles)]


def _areas(drawn: RoadOutline, road: RoadNetwork, cell: float) -> Iterator[Layer]:
    """Pavement, paths, patches of other grip, and what is raised or lowered."""
    raised, cut = sidewalks(road)[0], footprint(road)
    above = _ABOVE_M if road.relief.rising else 0.0
    for kind, area in drawn.paths:
        if kind is LaneKind.SIDEWALK:
            yield SemanticClass.SIDEWALK, _flat_area(_polygon(area).difference(raised), PATH_Z, SIDEWALK, cell)
        elif kind is LaneKind.BICYCLE:
            yield SemanticClass.ROAD, _flat_area(_polygon(area), PATH_Z, BICYCLE_PATH, cell)
    for name, friction, ring in drawn.patches:
        patch = _polygon(Area(ring)).difference(cut)
        yield SemanticClass.ROAD, _flat_area(patch, PATCH_Z + above, _patch_colour(name, friction), cell)
    for area in drawn.pavement:
        yield SemanticClass.ROAD, _flat_area(_polygon(area).difference(cut), 0.0, ASPHALT, cell)
    yield from parts(road, _flat_area, cell, (SIDEWALK, ASPHALT))


def _patch_colour(kind: str, friction: float) -> Colour:
    word = kind.lower()
    if "ice" in word or "snow" in word or friction < 0.25:
        return ICE
    return SLIPPERY if friction < 0.55 and "gravel" not in word else GRAVEL


def _cell(road: RoadNetwork) -> float:
    """Side of the squares that areas are cut into [m]: larger where the road is."""
    x_low, y_low, x_high, y_high = road.bounds
    return max(20.0, 0.025 * max(x_high - x_low, y_high - y_low))


def _polygon(area: Area) -> BaseGeometry:
    """An area as a shape, without needless corners."""
    polygon = shapely.Polygon(area.exterior, area.holes).simplify(_SIMPLER_BY_M)
    return polygon if polygon.is_valid else polygon.buffer(0.0)


def _flat_area(polygon: BaseGeometry, z: float, colour: Colour, cell: float) -> Mesh:
    """An area as level triangles, none much larger than a square of side `cell` [m]."""
    if polygon.is_empty:
        return level(np.zeros((0, 3, 2)), z, colour)
    x_low, y_low, x_high, y_high = polygon.bounds
    pieces = []
    for x in np.arange(np.floor(x_low / cell) * cell, x_high, cell):
        column = _clipped(polygon, x, y_low - 1.0, x + cell, y_high + 1.0)
        for y in np.arange(np.floor(y_low / cell) * cell, y_high, cell) if not column.is_empty else ():
            pieces.append(_clipped(column, x, y, x + cell, y + cell))
    parts = shapely.get_parts(np.array(pieces, dtype=object))
    parts = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (shapely.area(parts) > 1e-4)]
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(parts))
    corners = shapely.get_coordinates(shapely.orient_polygons(triangles)).reshape(-1, 4, 2)[:, :3]
    return level(corners, z, colour)


def _clipped(shape: BaseGeometry, x_low: float, y_low: float, x_high: float, y_high: float) -> BaseGeometry:
    """What of a shape lies in a rectangle. The quick way fails on slivers that graze the rectangle; the slow way does not."""
    try:
        return shapely.clip_by_rect(shape, x_low, y_low, x_high, y_high)
    except shapely.GEOSException:
        return shapely.intersection(shapely.make_valid(shape), shapely.box(x_low, y_low, x_high, y_high))


def level(corners: FloatArray, z: float, colour: Colour) -> Mesh:
    """Level triangles (t, 3, 2), counter-clockwise from above, at height z [m]."""
    points = np.column_stack([corners.reshape(-1, 2), np.full(3 * len(corners), z)])
    normals = np.tile((0.0, 0.0, 1.0), (len(points), 1))
    return flat(points, normals, colour, np.arange(len(points)).reshape(-1, 3))


def _paint(drawn: RoadOutline, road: RoadNetwork, cell: float) -> Iterator[Layer]:
    """Lines, stop lines and zebra crossings."""
    strips: list[FloatArray] = []
    piece = min(MAX_PIECE_M, cell)
    for line in drawn.lines:
        if line.mark is LineMark.SOLID:
            strips.append(_strip(line.points, LINE_M, piece))
        elif line.mark is LineMark.DASHED:
            strips.extend(_strip(dash, LINE_M, piece) for dash in _dashes(line.points))
    strips.extend(_strip(line, STOP_LINE_M, piece) for line, _ in drawn.stop_lines)
    strips.extend(_zebra(lane.centre, lane.left, lane.right) for lane in road.lanes if lane.kind is LaneKind.CROSSING)
    faces = [strip for strip in strips if len(strip)]
    if faces:
        lift = np.array((0.0, 0.0, 2.0 * _ABOVE_M if road.relief.rising else 0.0))
        yield SemanticClass.LANE_PAINT, quads(np.concatenate(faces) + lift, PAINT)


def _pieces(points: FloatArray, longest: float) -> FloatArray:
    """The line without needless points, and with none further apart than `longest` [m]."""
    line = shapely.LineString(points).simplify(_SIMPLER_BY_M)
    return np.asarray(shapely.segmentize(line, longest).coords)[:, :2]


def _beside(points: FloatArray, offset: float) -> FloatArray:
    """The line moved to the left by `offset` [m], (k, 2)."""
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    return points + offset * np.column_stack([-along[:, 1], along[:, 0]])


def _strip(points: FloatArray, width: float, piece: float) -> FloatArray:
    """A painted line as faces (q, 4, 3)."""
    line = _pieces(points, piece)
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


def _kerbs(drawn: RoadOutline, road: RoadNetwork, cell: float) -> Iterator[Layer]:
    """Kerb stones that stand for a border alone: a low wall with a top. Raised sidewalks have theirs."""
    faces = []
    beside, _ = sidewalks(road)
    near = beside.buffer(_BESIDE_M)
    for line in drawn.lines:
        if line.mark is LineMark.KERB and not shapely.LineString(line.points).within(near):
            way = _pieces(line.points, min(MAX_PIECE_M, cell))
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


def _terrain(road: RoadNetwork, drawn: RoadOutline, cell: float) -> Iterator[Mesh]:
    """Ground to the horizon in squares of slightly different colour, and hills where it ends.

    Where the road rises it is cut out beneath the road, which it would look through otherwise.
    """
    x_low, y_low, x_high, y_high = road.bounds
    coarse = side = 2.0 * _cell(road)
    colours = TERRAIN.get(road.terrain, GRASS)
    if road.relief.rising:
        side = max(2.0 * cell, 8.0)
        paved = shapely.union_all([_polygon(area) for area in (*drawn.pavement, *(area for _, area in drawn.paths))])
        near = shapely.box(x_low - _NEAR_M, y_low - _NEAR_M, x_high + _NEAR_M, y_high + _NEAR_M)
        yield _flat_area(near.difference(paved.buffer(-_UNDER_M)), TERRAIN_Z, colours[0], side)
    xs, ys = _grid_lines(x_low, x_high, coarse, side), _grid_lines(y_low, y_high, coarse, side)
    shade = np.arange(len(xs) - 1)[:, None] * 7 + np.arange(len(ys) - 1) * 13 + np.arange(len(ys) - 1) ** 2 * 3
    x_from, y_from = np.meshgrid(xs[:-1], ys[:-1], indexing="ij")
    x_to, y_to = np.meshgrid(xs[1:], ys[1:], indexing="ij")
    height = np.full_like(x_from, TERRAIN_Z)
    corners = [(x_from, y_from), (x_to, y_from), (x_to, y_to), (x_from, y_to)]
    faces = np.stack([np.stack([x, y, height], axis=-1) for x, y in corners], axis=2)
    if road.relief.rising:
        inside = (x_to > x_low - _NEAR_M) & (x_from < x_high + _NEAR_M)
        inside &= (y_to > y_low - _NEAR_M) & (y_from < y_high + _NEAR_M)
        faces, shade = faces[~inside][:, None], shade[~inside][:, None]
    for number, colour in enumerate(colours):
        chosen = faces[shade % len(colours) == number]
        if len(chosen):
            yield quads(chosen.reshape(-1, 4, 3), colour)
    yield _hills(0.5 * (xs[0] + xs[-1]), 0.5 * (ys[0] + ys[-1]), xs[-1] - xs[0], ys[-1] - ys[0])


def _grid_lines(low: float, high: float, cell: float, near: float) -> FloatArray:
    """Cell borders from well before `low` to well after `high`, wide apart where nothing is near [m].

    Around the road they are `near` apart, and lie where those of `_flat_area` lie, so that no gap opens between the two.
    """
    lines = np.arange(low - MARGIN_M, high + MARGIN_M + cell, cell)
    if near != cell:
        first, last = low - _NEAR_M, high + _NEAR_M
        inner = np.arange(math.floor(first / near) * near, last, near)
        lines = np.array([*lines[lines < first - 1.0], first, *inner[inner > first], last, *lines[lines > last + 1.0]])
    return np.concatenate(
        [
            [lines[0] - HORIZON_M, lines[0] - 0.3 * HORIZON_M],
            lines,
            [lines[-1] + 0.3 * HORIZON_M, lines[-1] + HORIZON_M],
        ]
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
