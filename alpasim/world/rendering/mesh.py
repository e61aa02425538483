"""Triangles with colours, and the few solid shapes that everything drawn is put together from.

Answers with plain arrays; what a car or a person is made of stands in `vehicles.py`, `people.py` and `things.py`. Faces are
wound counter-clockwise seen from outside, since both renderers leave out what faces away. Every face has corners of its own,
so that it is shaded flat; only round shapes share smooth normals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Float32Array = NDArray[np.float32]
Points = NDArray[np.float64]

TYRE: Colour = (26, 27, 30)
RIM: Colour = (150, 154, 160)
SUN = np.array([-0.42, 0.36, 0.833])
"""Direction (3,) towards the sun, world frame, unit length to three digits; the same in every scene."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """v corners and t triangles: `points` and `normals` (v, 3) [m], `colours` (v, 3) 0 to 255, `triangles` (t, 3) rows.

    `glows` (v,) marks corners of lamps that are lit, None where there are none.
    """

    points: Float32Array
    normals: Float32Array
    colours: NDArray[np.uint8]
    triangles: NDArray[np.int32]
    glows: NDArray[np.bool_] | None = None

    @property
    def bounds(self) -> tuple[Points, Points]:
        """Lowest and highest corner (3,) of the box around it [m]."""
        return self.points.min(axis=0).astype(np.float64), self.points.max(axis=0).astype(np.float64)


def merge(meshes: Sequence[Mesh]) -> Mesh:
    """All of them as one."""
    offsets = np.cumsum([0, *(len(mesh.points) for mesh in meshes)])
    return Mesh(
        np.concatenate([mesh.points for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.colours for mesh in meshes]),
        np.concatenate([mesh.triangles + offset for mesh, offset in zip(meshes, offsets, strict=False)]).astype(
            np.int32
        ),
        np.concatenate([_glow_of(mesh) for mesh in meshes]) if any(mesh.glows is not None for mesh in meshes) else None,
    )


def _glow_of(mesh: Mesh) -> NDArray[np.bool_]:
    return np.zeros(len(mesh.points), dtype=np.bool_) if mesh.glows is None else mesh.glows


def parted(mesh: Mesh) -> tuple[Mesh | None, Mesh | None]:
    """What of a mesh reflects light, and what gives light of its own; None where there is nothing of it."""
    if mesh.glows is None:
        return mesh, None
    lit: NDArray[np.bool_] = np.asarray(mesh.glows[mesh.triangles].all(axis=1))
    return _some(mesh, np.logical_not(lit)), _some(mesh, lit)


def _some(mesh: Mesh, chosen: NDArray[np.bool_]) -> Mesh | None:
    """The triangles that are chosen (t,)."""
    if not chosen.any():
        return None
    used, local = np.unique(mesh.triangles[chosen], return_inverse=True)
    triangles = local.reshape(-1, 3).astype(np.int32)
    return Mesh(mesh.points[used], mesh.normals[used], mesh.colours[used], triangles)


def fitted(mesh: Mesh, extent: tuple[float, float, float]) -> Mesh:
    """The mesh stretched so that it fills the box `extent` (length, width, height) about the origin [m]."""
    low, high = mesh.bounds
    scale = np.array(extent) / (high - low)
    points = (mesh.points - 0.5 * (low + high)) * scale
    normals = mesh.normals / scale
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Mesh(points.astype(np.float32), normals.astype(np.float32), mesh.colours, mesh.triangles, mesh.glows)


def glowing(mesh: Mesh) -> Mesh:
    """A mesh that shows its colours at full brightness from every side: a lamp that is lit."""
    normals = np.broadcast_to(SUN / np.linalg.norm(SUN), mesh.points.shape)
    glows = np.ones(len(mesh.points), dtype=np.bool_)
    return Mesh(mesh.points, normals.astype(np.float32), mesh.colours, mesh.triangles, glows)


def quads(corners: Points, colour: Colour) -> Mesh:
    """Flat four-cornered faces (q, 4, 3), counter-clockwise from outside."""
    faces = np.asarray(corners, dtype=np.float64).reshape(-1, 4, 3)
    normals = np.cross(faces[:, 2] - faces[:, 0], faces[:, 3] - faces[:, 1])
    first = 4 * np.arange(len(faces))[:, None, None]
    triangles = (first + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    return flat(faces.reshape(-1, 3), np.repeat(normals, 4, axis=0), colour, triangles)


def flat(points: Points, normals: Points, colour: Colour, triangles: NDArray[np.int64]) -> Mesh:
    """A mesh of one colour; normals (v, 3) of any length are made unit vectors."""
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    unit = np.divide(normals, length, out=np.tile((0.0, 0.0, 1.0), (len(normals), 1)), where=length > 1e-12)
    colours = np.tile(np.array(colour, dtype=np.uint8), (len(points), 1))
    return Mesh(points.astype(np.float32), unit.astype(np.float32), colours, triangles.astype(np.int32))


def fan(outline: Points, colour: Colour) -> Mesh:
    """One flat convex face (k, 3), counter-clockwise from outside."""
    points = np.asarray(outline, dtype=np.float64)
    normal = sum(
        (np.cross(points[i] - points[0], points[i + 1] - points[0]) for i in range(1, len(points) - 1)), np.zeros(3)
    )
    rows = np.arange(1, len(points) - 1)
    triangles = np.column_stack([np.zeros_like(rows), rows, rows + 1])
    return flat(points, np.tile(normal, (len(points), 1)), colour, triangles)


def hull(bottom: Points, top: Points, colour: Colour, top_colour: Colour | None = None) -> Mesh:
    """The solid between two convex outlines (k, 3) of equal k, both counter-clockwise seen from above, `top` above `bottom`."""
    low, high = np.asarray(bottom, dtype=np.float64), np.asarray(top, dtype=np.float64)
    sides = np.stack([low, np.roll(low, -1, axis=0), np.roll(high, -1, axis=0), high], axis=1)
    return merge([quads(sides, colour), fan(high, top_colour or colour), fan(low[::-1], colour)])


def box(centre: Sequence[float], size: Sequence[float], colour: Colour) -> Mesh:
    """An upright box of `size` length, width, height [m]."""
    return frustum(centre, size, size, colour)


def frustum(
    centre: Sequence[float], size: Sequence[float], top: Sequence[float], colour: Colour, shift: float = 0.0
) -> Mesh:
    """A box whose upper face has length and width of `top` and lies `shift` further forward [m]."""
    x, y, z = centre
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64) * 0.5
    low = np.column_stack([x + signs[:, 0] * size[0], y + signs[:, 1] * size[1], np.full(4, z - 0.5 * size[2])])
    high = np.column_stack([x + shift + signs[:, 0] * top[0], y + signs[:, 1] * top[1], np.full(4, z + 0.5 * size[2])])
    return hull(low, high, colour)


def prism(profile: Sequence[tuple[float, float]], widths: Sequence[float], colour: Colour) -> Mesh:
    """A side view (k points x, z; counter-clockwise seen from the right, x to the right) drawn out to both sides.

    `widths` (k,) is the full width at each point [m]. The side view has to be convex.
    """
    xz = np.asarray(profile, dtype=np.float64)
    half = 0.5 * np.asarray(widths, dtype=np.float64)
    right = np.column_stack([xz[:, 0], -half, xz[:, 1]])
    left = np.column_stack([xz[:, 0], half, xz[:, 1]])
    around = np.stack([right, left, np.roll(left, -1, axis=0), np.roll(right, -1, axis=0)], axis=1)
    return merge([quads(around, colour), fan(right, colour), fan(left[::-1], colour)])


def tube(
    start: Sequence[float], end: Sequence[float], radii: tuple[float, float], colour: Colour, sides: int = 8
) -> Mesh:
    """A round bar from `start` to `end` (3,) with a radius at either end [m], closed, smooth around."""
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    axis = (last - first) / np.linalg.norm(last - first)
    aside = np.cross(axis, (0.0, 0.0, 1.0) if abs(axis[2]) < 0.9 else (1.0, 0.0, 0.0))
    aside /= np.linalg.norm(aside)
    up = np.cross(axis, aside)
    angles = np.linspace(0.0, 2.0 * np.pi, sides, endpoint=False)
    ring = np.cos(angles)[:, None] * aside + np.sin(angles)[:, None] * up
    low, high = first + radii[0] * ring, last + radii[1] * ring
    k = np.arange(sides)
    after = (k + 1) % sides
    triangles = np.concatenate(
        [np.column_stack([k, after, after + sides]), np.column_stack([k, after + sides, k + sides])]
    )
    wall = flat(np.concatenate([low, high]), np.concatenate([ring, ring]), colour, triangles)
    return merge([wall, fan(high, colour), fan(low[::-1], colour)])


def ball(centre: Sequence[float], radii: Sequence[float], colour: Colour, rings: int = 5, sides: int = 8) -> Mesh:
    """An ellipsoid with radii (3,) along x, y, z [m], smooth."""
    polar = np.linspace(0.0, np.pi, rings + 1)
    around = np.linspace(0.0, 2.0 * np.pi, sides, endpoint=False)
    unit = np.array(
        [[np.sin(p) * np.cos(a), np.sin(p) * np.sin(a), np.cos(p)] for p in polar for a in around], dtype=np.float64
    )
    triangles = []
    for ring in range(rings):
        for side in range(sides):
            a, b = ring * sides + side, ring * sides + (side + 1) % sides
            c, d = a + sides, b + sides
            if ring > 0:
                triangles.append((a, d, b))
            if ring < rings - 1:
                triangles.append((a, c, d))
    size = np.asarray(radii, dtype=np.float64)
    return flat(unit * size + np.asarray(centre), unit / size, colour, np.array(triangles))


def wheel(centre: Sequence[float], radius: float, width: float, sides: int = 12) -> Mesh:
    """The left half of a wheel in the x-z plane, a tyre with a bright rim: what can be seen of one under a body."""
    x, y, z = centre
    angles = np.linspace(0.0, 2.0 * np.pi, sides, endpoint=False)
    circle = np.column_stack([np.sin(angles), np.zeros(sides), np.cos(angles)])
    inner, outer = (np.array((x, y + side * width, z)) + radius * circle for side in (-0.5, 0.5))
    tread = np.stack([inner, np.roll(inner, -1, axis=0), np.roll(outer, -1, axis=0), outer], axis=1)
    rim = np.array((x, y + 0.5 * width + 0.006, z)) + 0.6 * radius * circle
    return merge([quads(tread, TYRE), fan(outer, TYRE), fan(rim, RIM)])


def pane(corners: Sequence[Sequence[float]], colour: Colour, inset: float = 0.0, lift: float = 0.008) -> Mesh:
    """A flat sheet that lies `lift` [m] above the face `corners` (4, 3), drawn in by the share `inset` on every side."""
    face = np.asarray(corners, dtype=np.float64)
    normal = np.cross(face[2] - face[0], face[3] - face[1])
    drawn_in = face + inset * (face.mean(axis=0) - face) + lift * normal / np.linalg.norm(normal)
    return quads(drawn_in[None], colour)


def both_sides(mesh: Mesh) -> Mesh:
    """The mesh and its mirror image on the other side of the x-z plane."""
    mirrored = np.array([1.0, -1.0, 1.0], dtype=np.float32)
    other = Mesh(mesh.points * mirrored, mesh.normals * mirrored, mesh.colours, mesh.triangles[:, ::-1], mesh.glows)
    return merge([mesh, other])


def moved(mesh: Mesh, offset: Sequence[float], yaw: float = 0.0) -> Mesh:
    """The mesh turned by `yaw` [rad] about z, then moved by `offset` (3,) [m]."""
    cosine, sine = np.cos(yaw), np.sin(yaw)
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    points = mesh.points @ turn.T + np.asarray(offset)
    normals = (mesh.normals @ turn.T).astype(np.float32)
    return Mesh(points.astype(np.float32), normals, mesh.colours, mesh.triangles, mesh.glows)
