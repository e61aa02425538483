"""How a vehicle stands over its wheels: where their feet are, which way each points, and its axes on the ground under it.

Answers geometry from a pose alone. What the ground carries is told in `wheels.py`.
"""

from __future__ import annotations

import math

from alpasim.compiled import compiled
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import HALF_TRACK, HEIGHT, WHEEL_X, WHEEL_Y, WHEELBASE
from alpasim.vehicle.footing import SLOPE_X, SLOPE_Y

UPRIGHT = 0.5
"""Least cosine of the pitch at which wheels still reach the ground (60 degrees). However far a body rolls over, its feet
carry as long as they are below the ground: springs that came and went at an angle would give energy."""

FX, FY, FZ, LX, LY, LZ, NX, NY, NZ = range(9)
"""Columns of a wheel's axes (4, 9): heading of the body along the ground, left of it, normal."""

Vector3 = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


@compiled
def wheel_arms(body: FloatArray, rotation: Quaternion, arm: FloatArray) -> tuple[bool, float, float]:
    """Writes where the wheels' feet are, seen from the centre of mass in world axes, into `arm` (4, 3) [m].

    Returns whether the body is upright enough for its wheels to reach the ground, and the level direction it points in.
    """
    x, y, z, w = rotation
    m00, m01, m02 = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)
    m10, m11, m12 = 2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)
    m20, m21, m22 = 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)
    level = math.sqrt(m00 * m00 + m10 * m10)
    for i in range(4):
        a, b, c = body[WHEEL_X + i], body[WHEEL_Y + i], -body[HEIGHT]
        arm[i, 0] = m00 * a + m01 * b + m02 * c
        arm[i, 1] = m10 * a + m11 * b + m12 * c
        arm[i, 2] = m20 * a + m21 * b + m22 * c
    if level <= UPRIGHT:
        return False, 1.0, 0.0
    return True, m00 / level, m10 / level


@compiled
def wheel_axes(footing: FloatArray, ahead_x: float, ahead_y: float, axes: FloatArray) -> None:
    """Writes each wheel's axes on its ground into `axes` (4, 9), for a body that points along the unit (ahead_x, ahead_y)."""
    for i in range(4):
        slope_x, slope_y = footing[i, SLOPE_X], footing[i, SLOPE_Y]
        fx, fy, fz, nx, ny, nz = ahead_x, ahead_y, 0.0, 0.0, 0.0, 1.0
        if slope_x != 0.0 or slope_y != 0.0:
            climb = slope_x * ahead_x + slope_y * ahead_y
            along = 1.0 / math.sqrt(1.0 + climb * climb)
            fx, fy, fz = along * ahead_x, along * ahead_y, along * climb
            nz = 1.0 / math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
            nx, ny = -slope_x * nz, -slope_y * nz
        axes[i, FX], axes[i, FY], axes[i, FZ] = fx, fy, fz
        axes[i, LX], axes[i, LY], axes[i, LZ] = ny * fz - nz * fy, nz * fx - nx * fz, nx * fy - ny * fx
        axes[i, NX], axes[i, NY], axes[i, NZ] = nx, ny, nz


@compiled
def steering_angles(body: FloatArray, angle: float) -> tuple[float, float]:
    """Angles of the left and right front wheel whose axes meet on the rear axle's line, around `angle` in the
    middle."""
    tangent = math.tan(angle)
    reach = body[HALF_TRACK] * tangent / body[WHEELBASE]
    return math.atan(tangent / (1.0 - reach)), math.atan(tangent / (1.0 + reach))


@compiled
def up_axis(rotation: Quaternion) -> Vector3:
    """The body's up axis in the world."""
    x, y, z, w = rotation
    return 2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)
