"""Pure functions: angles, rotations, oriented boxes and polygons in the plane.

Answers where corners lie, whether two boxes overlap and how far apart they are, all exactly. It knows no actors and no
roads: polylines with arc length live in `alpasim.road.polyline`, questions about traffic in `alpasim.measures`.

A box is centre, heading, length and width; its height and z play no part here. Kernels (compiled, scalar or one loop)
take float64 and are called with C-contiguous arrays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import BoolArray, FloatArray

Vector3 = tuple[float, float, float]


@compiled
def wrap_angle(angle: float) -> float:
    """One angle brought into (-pi, pi] [rad]; callable from kernels."""
    wrapped = float(np.fmod(angle, 2.0 * math.pi))
    if wrapped > math.pi:
        wrapped -= 2.0 * math.pi
    elif wrapped <= -math.pi:
        wrapped += 2.0 * math.pi
    return wrapped


def wrap_angles(angles: FloatArray) -> FloatArray:
    """Angles of any shape brought into (-pi, pi] [rad]."""
    wrapped = np.fmod(np.asarray(angles, dtype=np.float64), 2.0 * np.pi)
    wrapped = np.where(wrapped > np.pi, wrapped - 2.0 * np.pi, wrapped)
    return np.where(wrapped <= -np.pi, wrapped + 2.0 * np.pi, wrapped)


@compiled
def axes_on_slope(yaw: float, slope_x: float, slope_y: float) -> tuple[Vector3, Vector3, Vector3]:
    """Unit vectors (world) forward, left and up of what lies on ground that rises by `slope_x` = dz/dx and `slope_y` = dz/dy
    and points along `yaw` [rad] as seen from above."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    steep = math.sqrt(1.0 + slope_x**2 + slope_y**2)
    climb = slope_x * cos + slope_y * sin
    long = math.sqrt(1.0 + climb**2)
    fx, fy, fz = cos / long, sin / long, climb / long
    ux, uy, uz = -slope_x / steep, -slope_y / steep, 1.0 / steep
    return (fx, fy, fz), (uy * fz - uz * fy, uz * fx - ux * fz, ux * fy - uy * fx), (ux, uy, uz)


@compiled
def quaternion_from_axes(forward: Vector3, left: Vector3, up: Vector3) -> tuple[float, float, float, float]:
    """The unit quaternion x, y, z, w of a body with these axes in the world, tilted by less than a right angle: by the largest
    of its parts (Shepperd 1978), which then is w or z."""
    if forward[0] + left[1] + up[2] > up[2]:
        w = 0.5 * math.sqrt(1.0 + forward[0] + left[1] + up[2])
        return (left[2] - up[1]) / (4.0 * w), (up[0] - forward[2]) / (4.0 * w), (forward[1] - left[0]) / (4.0 * w), w
    z = 0.5 * math.sqrt(1.0 + up[2] - forward[0] - left[1])
    return (up[0] + forward[2]) / (4.0 * z), (left[2] + up[1]) / (4.0 * z), z, (forward[1] - left[0]) / (4.0 * z)


def axes_from_quaternion(rotation: Sequence[float]) -> tuple[Vector3, Vector3, Vector3]:
    """Forward, left and up axis in the world of a body of that unit quaternion x, y, z, w."""
    x, y, z, w = rotation
    return (
        (1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)),
        (2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)),
        (2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)),
    )


def rotate(points: FloatArray, yaw: FloatArray | float) -> FloatArray:
    """Points (..., 2) turned counter-clockwise about the origin; `yaw` broadcasts against the leading axes [rad]."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    x, y = points[..., 0], points[..., 1]
    return np.stack((cos * x - sin * y, sin * x + cos * y), axis=-1)


def box_corners(position: FloatArray, yaw: FloatArray, extent: FloatArray) -> FloatArray:
    """Corners (n, 4, 2) of boxes: front left, rear left, rear right, front right (counter-clockwise), world frame.

    `position` (n, 2 or more) centres [m], `yaw` (n,), `extent` (n, 2 or more) length, width [m].
    """
    half = 0.5 * extent[:, :2]
    signs = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    local = half[:, None, :] * signs[None, :, :]
    return rotate(local, np.asarray(yaw)[:, None]) + position[:, None, :2]


@compiled
def boxes_overlap(
    x1: float,
    y1: float,
    yaw1: float,
    length1: float,
    width1: float,
    x2: float,
    y2: float,
    yaw2: float,
    length2: float,
    width2: float,
) -> bool:
    """True where two oriented boxes share a point (touching counts), by the separating-axis theorem [m, rad]."""
    cos1, sin1, cos2, sin2 = math.cos(yaw1), math.sin(yaw1), math.cos(yaw2), math.sin(yaw2)
    dx, dy = x2 - x1, y2 - y1
    along = abs(cos1 * cos2 + sin1 * sin2)
    across = abs(cos1 * sin2 - sin1 * cos2)
    a1, b1, a2, b2 = 0.5 * length1, 0.5 * width1, 0.5 * length2, 0.5 * width2
    return (
        abs(dx * cos1 + dy * sin1) <= a1 + a2 * along + b2 * across
        and abs(dy * cos1 - dx * sin1) <= b1 + a2 * across + b2 * along
        and abs(dx * cos2 + dy * sin2) <= a2 + a1 * along + b1 * across
        and abs(dy * cos2 - dx * sin2) <= b2 + a1 * across + b1 * along
    )


@compiled
def _corners_to_box(
    dx: float, dy: float, cos_turn: float, sin_turn: float, a1: float, b1: float, a2: float, b2: float
) -> float:
    """Smallest squared distance from the corners of box 2 to box 1, in box 1's own axes (half extents a, b)."""
    best = np.inf
    for i in range(4):
        along = a2 if i < 2 else -a2
        across = b2 if i % 2 == 0 else -b2
        x = abs(dx + along * cos_turn - across * sin_turn) - a1
        y = abs(dy + along * sin_turn + across * cos_turn) - b1
        x = max(x, 0.0)
        y = max(y, 0.0)
        best = min(best, x * x + y * y)
    return best


@compiled
def box_distance(
    x1: float,
    y1: float,
    yaw1: float,
    length1: float,
    width1: float,
    x2: float,
    y2: float,
    yaw2: float,
    length2: float,
    width2: float,
) -> float:
    """Exact distance between two oriented boxes, 0 where they overlap or touch [m].

    Two convex shapes apart are nearest at a corner of one of them, so eight corner-to-box distances decide.
    """
    if boxes_overlap(x1, y1, yaw1, length1, width1, x2, y2, yaw2, length2, width2):
        return 0.0
    cos1, sin1, cos2, sin2 = math.cos(yaw1), math.sin(yaw1), math.cos(yaw2), math.sin(yaw2)
    dx, dy = x2 - x1, y2 - y1
    cos_turn, sin_turn = cos1 * cos2 + sin1 * sin2, cos1 * sin2 - sin1 * cos2
    a1, b1, a2, b2 = 0.5 * length1, 0.5 * width1, 0.5 * length2, 0.5 * width2
    to_first = _corners_to_box(dx * cos1 + dy * sin1, dy * cos1 - dx * sin1, cos_turn, sin_turn, a1, b1, a2, b2)
    to_second = _corners_to_box(-dx * cos2 - dy * sin2, dx * sin2 - dy * cos2, cos_turn, -sin_turn, a2, b2, a1, b1)
    return math.sqrt(min(to_first, to_second))


@compiled
def points_in_polygon(points: FloatArray, polygon: FloatArray) -> BoolArray:
    """Which points (m, 2) lie inside a simple polygon (k, 2), open or closed, by crossing number; a point on the border
    may count either way."""
    inside = np.zeros(points.shape[0], dtype=np.bool_)
    corners = polygon.shape[0]
    for p in range(points.shape[0]):
        x, y = points[p, 0], points[p, 1]
        j = corners - 1
        for i in range(corners):
            y_i, y_j = polygon[i, 1], polygon[j, 1]
            if (y_i > y) != (y_j > y):
                cut = polygon[i, 0] + (y - y_i) / (y_j - y_i) * (polygon[j, 0] - polygon[i, 0])
                if x < cut:
                    inside[p] = not inside[p]
            j = i
    return inside
