"""What reaches a little higher than the ego's underside: struck by its lower edge.

Answers which low bodies the edge of the ego's solid box meets in a substep, and with what impulse. Where two boxes overlap in
height by less than they close in a part of a substep, the engine parts them upwards, the shorter way out, and one slips
under the other without an impulse; so such bodies get theirs here, before the engine's step, which then finds them parting.
What lies lower than the underside passes, or is met by wheels (`wheel_hits.py`); what is higher the engine meets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import axes_from_quaternion
from alpasim.types import FloatArray
from alpasim.vehicle.blocks import LOW_COS, LOW_HALF_LENGTH, LOW_HALF_WIDTH, LOW_ROW, LOW_SIN, LOW_TOP, LOW_X, LOW_Y
from alpasim.world.bullet import Quaternion, Vector3

UNDER_M = 0.1
"""A body that is under the ego by more than this has slipped in already: what is then between the two acts upwards, which the
engine does."""

Solid = tuple[Vector3, Quaternion, Sequence[float]]
"""Middle, rotation and extent of a box."""

Moving = tuple[Vector3, Vector3, Vector3, Quaternion, float, Vector3]
"""Centre of mass, velocity, spin, rotation, mass [kg] (0: never moves) and inertia about its axes [kg m^2]."""


def moving_box(box: Solid, mass: float, velocity: Vector3, spin: Vector3) -> Moving:
    """An even box of that mass [kg] that moves so."""
    (x, y, z), turned, extent = box
    length, width, height = (mass * side * side / 12.0 for side in extent)
    return (x, y, z), velocity, spin, turned, mass, (width + height, length + height, length + width)


@dataclass(frozen=True, slots=True)
class Strike:
    """The ego's lower edge on the body of a row: the impulse on the ego along `normal` (3,) [N s], where (3,) [m], and how fast
    the two approached [m/s]."""

    row: int
    impulse_ns: float
    normal: Vector3
    point: Vector3
    closing_speed_mps: float


@compiled
def _reach(cos: float, sin: float, half_length: float, half_width: float, nx: float, ny: float) -> float:
    """How far a rectangle with its length along (cos, sin) reaches from its middle along the unit (nx, ny)."""
    return abs(cos * nx + sin * ny) * half_length + abs(cos * ny - sin * nx) * half_width


@compiled
def _feature(
    cos: float, sin: float, half_length: float, half_width: float, nx: float, ny: float
) -> tuple[float, float]:
    """Interval across (nx, ny) of what of a rectangle lies farthest along it: a side's, or a corner's, seen from its middle."""
    along, across = cos * nx + sin * ny, cos * ny - sin * nx
    a = 0.0 if abs(along) < 1e-3 else math.copysign(half_length, along)
    b = 0.0 if abs(across) < 1e-3 else math.copysign(half_width, across)
    middle = (a * sin + b * cos) * nx - (a * cos - b * sin) * ny
    half = half_length if a == 0.0 else half_width if b == 0.0 else 0.0
    return middle - half, middle + half


@compiled
def edge_meets(block: FloatArray, x: float, y: float, yaw: float, half_length: float, half_width: float) -> FloatArray:
    """How a block (columns: `vehicle/footing.py`) stands to an ego's rectangle: the separation (negative: overlap) along the face
    direction that parts them most, that direction (2,) from the block to the ego, and the point (2,) where they meet across it."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    bc, bs, bl, bw = block[LOW_COS], block[LOW_SIN], block[LOW_HALF_LENGTH], block[LOW_HALF_WIDTH]
    dx, dy = x - block[LOW_X], y - block[LOW_Y]
    found = np.array((-np.inf, 1.0, 0.0, 0.0, 0.0))
    for k in range(4):
        nx, ny = (cos, sin) if k == 0 else (-sin, cos) if k == 1 else (bc, bs) if k == 2 else (-bs, bc)
        offset = dx * nx + dy * ny
        if offset < 0.0:
            offset, nx, ny = -offset, -nx, -ny
        own = _reach(cos, sin, half_length, half_width, nx, ny)
        gap = offset - own - _reach(bc, bs, bl, bw, nx, ny)
        if gap <= found[0]:
            continue
        low, high = _feature(bc, bs, bl, bw, nx, ny)
        own_low, own_high = _feature(cos, sin, half_length, half_width, -nx, -ny)
        # Both across (nx, ny) from the block's middle; the ego's was measured the other way round.
        shift = dy * nx - dx * ny
        own_low, own_high = shift - own_high, shift - own_low
        across = 0.5 * (max(low, own_low) + min(high, own_high))
        along = offset - own
        found[0], found[1], found[2] = gap, nx, ny
        found[3], found[4] = block[LOW_X] + along * nx - across * ny, block[LOW_Y] + along * ny + across * nx
    return found


def strike(
    block: FloatArray,
    solid: Solid,
    ego: Moving,
    other: Moving,
    bounce: float,
    seconds: float,
) -> Strike | None:
    """The impulse between the ego and a low body in a substep of that many seconds, None where its edge does not meet it.

    `block` (8,) holds the body upright, `solid` is the ego's box: middle, rotation, extent; `bounce` the restitution of both.
    """
    (x, y, z), rotation, extent = solid
    axes = axes_from_quaternion(rotation)
    yaw = math.atan2(axes[0][1], axes[0][0])
    gap, nx, ny, px, py = edge_meets(block, x, y, yaw, 0.5 * extent[0], 0.5 * extent[1]).tolist()
    if gap < -UNDER_M:
        return None
    # Height of the underside at (px, py): a plane through the middle of the lower face, square to the up axis.
    up = axes[2]
    if up[2] < 0.5:
        return None
    foot = (x - 0.5 * extent[2] * up[0], y - 0.5 * extent[2] * up[1], z - 0.5 * extent[2] * up[2])
    underside = foot[2] - ((px - foot[0]) * up[0] + (py - foot[1]) * up[1]) / up[2]
    top = float(block[LOW_TOP])
    if top <= underside:
        return None
    point, normal = (px, py, 0.5 * (top + underside)), (nx, ny, 0.0)
    closing = -along(ego, point, normal) + along(other, point, normal)
    if closing <= 0.0 or gap > closing * seconds:
        return None
    impulse = (1.0 + bounce) * closing / (yields(ego, point, normal) + yields(other, point, normal))
    return Strike(int(block[LOW_ROW]), impulse, normal, point, closing)


def along(body: Moving, point: Vector3, normal: Vector3) -> float:
    """Speed of a body's point along a normal [m/s]."""
    centre, velocity, spin, *_ = body
    turned = _cross(spin, _less(point, centre))
    return sum((v + t) * n for v, t, n in zip(velocity, turned, normal, strict=True))


def yields(body: Moving, point: Vector3, normal: Vector3) -> float:
    """Speed along a normal that a unit impulse at a point gives to it [1/kg]."""
    centre, _, _, rotation, mass, inertia = body
    if mass <= 0.0:
        return 0.0
    twist = _cross(_less(point, centre), normal)
    turns = 0.0
    for axis, about in zip(axes_from_quaternion(rotation), inertia, strict=True):
        turns += sum(t * a for t, a in zip(twist, axis, strict=True)) ** 2 / about
    return 1.0 / mass + turns


def pushed(body: Moving, impulse: Vector3, point: Vector3) -> Moving:
    """The body as it moves after an impulse [N s] at a point; one that never moves as it was."""
    centre, (vx, vy, vz), (wx, wy, wz), rotation, mass, inertia = body
    if mass <= 0.0:
        return body
    twist = _cross(_less(point, centre), impulse)
    for axis, about in zip(axes_from_quaternion(rotation), inertia, strict=True):
        turn = sum(t * a for t, a in zip(twist, axis, strict=True)) / about
        wx, wy, wz = wx + turn * axis[0], wy + turn * axis[1], wz + turn * axis[2]
    jx, jy, jz = impulse
    return centre, (vx + jx / mass, vy + jy / mass, vz + jz / mass), (wx, wy, wz), rotation, mass, inertia


def _less(first: Vector3, second: Vector3) -> Vector3:
    return first[0] - second[0], first[1] - second[1], first[2] - second[2]


def _cross(a: Vector3, b: Vector3) -> Vector3:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
