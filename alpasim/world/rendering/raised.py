"""How the ground's meshes come to lie on a road that rises, and what kerbs, raised sidewalks, bumps and holes look like.

Answers with meshes at the true heights of `road/relief.py`. What is flat is cut into `cell` squares so fine that no chord of it
leaves the ground by more than SAG_M; of raised and lowered parts the top and the face around it are areas of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from alpasim.road.network import RoadNetwork
from alpasim.road.raising import sidewalk_area
from alpasim.road.unlevel import FACE_M, Bump, Raised, Sidewalks
from alpasim.sensors.camera import SemanticClass
from alpasim.types import FloatArray
from alpasim.world.rendering.mesh import Colour, Mesh, merge, quads

SAG_M = 0.006
FINEST_M, COARSEST_M = 3.0, 20.0
KERB: Colour = (186, 184, 178)
STONE_M = 0.16
"""How much of a raised sidewalk is its kerb stone."""
HOLE: Colour = (58, 60, 64)
BUMP_PAINTS: tuple[Colour, Colour] = ((222, 184, 66), (56, 58, 62))
STRIPE_M, SLICES = 0.5, 12

Layer = tuple[SemanticClass, Mesh]
Paved = Callable[[BaseGeometry, float, Colour, float], Mesh]
"""Makes level triangles of an area, at a height, in a colour, none larger than a cell."""


def fine_cell(road: RoadNetwork, coarse: float) -> float:
    """Side of the squares that areas are cut into [m], from how much the road bends upwards along its lanes: a chord c of an
    arc of curvature k lies c^2 k / 8 away from it."""
    if not road.relief.rising:
        return coarse
    middle = np.concatenate([lane.centre for lane in road.lanes])
    bend = 1e-6
    for step in ((2.0, 0.0), (0.0, 2.0)):
        before, here, after = (road.rise(middle + sign * np.array(step))[:, 0] for sign in (-1.0, 0.0, 1.0))
        bend = max(bend, float(np.abs(before - 2.0 * here + after).max()) / 4.0)
    return float(np.clip(math.sqrt(8.0 * SAG_M / bend), FINEST_M, min(coarse, COARSEST_M)))


def lifted(mesh: Mesh, road: RoadNetwork) -> Mesh:
    """A mesh made for a level road, on the rise of this one; what lies flat leans with it."""
    if not road.relief.rising or not len(mesh.points):
        return mesh
    rise = road.rise(mesh.points[:, :2].astype(np.float64))
    points = mesh.points.copy()
    points[:, 2] += rise[:, 0].astype(np.float32)
    flat = mesh.normals[:, 2:] > 0.99
    leaning = np.column_stack([-rise[:, 1], -rise[:, 2], np.ones(len(rise))])
    leaning /= np.linalg.norm(leaning, axis=1, keepdims=True)
    return replace(mesh, points=points, normals=np.where(flat, leaning, mesh.normals).astype(np.float32))


def sidewalks(road: RoadNetwork) -> tuple[BaseGeometry, float]:
    """The area of the sidewalks that are raised, and by how much [m]."""
    height = max((part.height for part in road.parts if isinstance(part, Sidewalks)), default=0.0)
    return (shapely.Polygon() if height == 0.0 else sidewalk_area(road.lanes)), height


def footprint(road: RoadNetwork) -> BaseGeometry:
    """The area that bumps, kerbs and holes take up."""
    shapes = [Polygon(part.polygon) for part in road.parts if isinstance(part, Raised)]
    return shapely.union_all([*shapes, *(Polygon(part.corners()) for part in road.parts if isinstance(part, Bump))])


def parts(road: RoadNetwork, paved: Paved, cell: float, colours: tuple[Colour, Colour]) -> Iterator[Layer]:
    """Everything raised or lowered, not yet on the rise; `colours` are those of the sidewalk and of the pavement."""
    area, height = sidewalks(road)
    if not area.is_empty:
        inner = _shrunk(area, STONE_M)
        yield SemanticClass.SIDEWALK, paved(inner, height, colours[0], cell)
        yield SemanticClass.KERB, paved(_shrunk(area, FACE_M).difference(inner), height, KERB, cell)
        yield SemanticClass.KERB, _face(area, FACE_M, height, KERB, cell)
    for part in road.parts:
        if isinstance(part, Raised):
            shape = Polygon(part.polygon)
            kerb = part.height > 0.0
            code, colour = (SemanticClass.KERB, KERB) if kerb else (SemanticClass.ROAD, HOLE)
            top = _shrunk(shape, part.face)
            if not top.is_empty:
                yield code, paved(top, part.height, colour, cell)
            yield code, _face(shape, part.face, part.height, colour, cell)
        elif isinstance(part, Bump):
            yield SemanticClass.ROAD, _bump(part)


def _shrunk(area: BaseGeometry, by: float) -> BaseGeometry:
    return area.buffer(-by, join_style="mitre")


def _face(area: BaseGeometry, width: float, height: float, colour: Colour, cell: float) -> Mesh:
    """The slope inside an area's border, from the ground up or down to `height`, in triangles."""
    rim = area.boundary
    ring = shapely.segmentize(area, cell).difference(shapely.segmentize(_shrunk(area, width), cell))
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(shapely.get_parts(ring)))
    corners = shapely.get_coordinates(shapely.orient_polygons(triangles)).reshape(-1, 4, 2)[:, :3]
    away = shapely.distance(rim, shapely.points(corners.reshape(-1, 2)))
    z = height * np.minimum(away / width, 1.0)
    faces = np.column_stack([corners.reshape(-1, 2), z]).reshape(-1, 3, 3)
    # A triangle as a face of four corners whose last two are one.
    return quads(faces[:, [0, 1, 2, 2]], colour)


def _bump(part: Bump) -> Mesh:
    """A bump in painted stripes across, its ends cut off upright."""
    u = np.linspace(-0.5 * part.length, 0.5 * part.length, SLICES + 1)
    wave = 0.5 * (1.0 + np.cos(2.0 * np.pi * u / part.length)) * part.height
    count = max(2, round((part.left + part.right) / STRIPE_M))
    v = np.linspace(-part.right, part.left, count + 1)
    cos, sin = math.cos(part.heading), math.sin(part.heading)

    def at(u: FloatArray, v: float, z: FloatArray) -> FloatArray:
        return np.column_stack([part.x + u * cos - v * sin, part.y + u * sin + v * cos, z])

    meshes = []
    for number in range(count):
        right, left = at(u, v[number], wave), at(u, v[number + 1], wave)
        faces = np.stack([right[:-1], right[1:], left[1:], left[:-1]], axis=1)
        meshes.append(quads(faces, BUMP_PAINTS[number % 2]))
    for side, sign in ((-part.right, 1), (part.left, -1)):
        low, high = at(u, side, 0.0 * u)[::sign], at(u, side, wave)[::sign]
        meshes.append(quads(np.stack([low[:-1], low[1:], high[1:], high[:-1]], axis=1), BUMP_PAINTS[1]))
    return merge(meshes)
