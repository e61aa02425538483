"""Who touched the ego, where on its body, and who moved into whom.

Answers side and fault of one touch from the two bodies' places and velocities just before it, in a way that turning the
whole scene cannot change. The rule of fault is `ego_at_fault`; `docs/metrics.md` has it as a table with its cases. It
knows no roads and no rules of the road: right of way plays no part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from alpasim.types import EGO, Contact, WorldState

STANDING_MPS = 0.1
"""Up to this speed a body counts as standing still [m/s]."""
_LEVEL = 0.3
"""A solved normal with a smaller part in the plane says nothing about sides."""
_SAME_WAY = math.cos(math.radians(45.0))
"""A normal solved farther from the judged one than this belongs to other faces."""
_TIE = 1e-9
"""Differences below this decide nothing, so that rounding under a rotated scene cannot."""


class Side(StrEnum):
    """Which side of the ego's body was touched."""

    FRONT = "front"
    REAR = "rear"
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Touch:
    """One other road user touching the ego, judged when the touch began.

    `row` is the other's row. `ego_share_mps` is how fast the ego moved towards it along the contact normal just before,
    `other_share_mps` how fast the other moved towards the ego. `impact_speed_mps` is the closing speed at the touch: the
    physics' own where it solved the contact along that normal, else the sum of the shares, at least 0.
    """

    row: int
    side: Side
    at_fault: bool
    ego_share_mps: float
    other_share_mps: float
    impact_speed_mps: float


def ego_at_fault(ego_speed_mps: float, other_speed_mps: float, ego_share_mps: float, other_share_mps: float) -> bool:
    """The ego moved into the other: it was moving, and the other stood still or the ego did at least half of the closing."""
    if ego_speed_mps <= STANDING_MPS:
        return False
    return other_speed_mps <= STANDING_MPS or ego_share_mps >= other_share_mps - _TIE


def side_of(normal_x: float, normal_y: float) -> Side:
    """Side of the ego that faces along `normal`, the direction from the ego to what touches it, in the ego's own axes.

    The four sides share the directions evenly; exactly at 45 degrees front and rear win.
    """
    if abs(normal_y) > abs(normal_x) + _TIE:
        return Side.LEFT if normal_y > 0.0 else Side.RIGHT
    return Side.FRONT if normal_x >= 0.0 else Side.REAR


def _faces(state: WorldState, row: int) -> tuple[tuple[float, float, float, float], ...]:
    """The four face directions of the ego's and `row`'s boxes as (ux, uy, offset, reach): the other's centre lies `offset`
    along u from the ego's, and the two shadows on u overlap while |offset| <= reach [m]."""
    dx, dy = (state.position[row, :2] - state.position[EGO, :2]).tolist()
    ego_a, ego_b = (0.5 * state.extent[EGO, :2]).tolist()
    other_a, other_b = (0.5 * state.extent[row, :2]).tolist()
    ego_yaw, other_yaw = float(state.yaw[EGO]), float(state.yaw[row])
    ego_cos, ego_sin, cos, sin = math.cos(ego_yaw), math.sin(ego_yaw), math.cos(other_yaw), math.sin(other_yaw)
    along, across = abs(ego_cos * cos + ego_sin * sin), abs(ego_cos * sin - ego_sin * cos)
    return (
        (ego_cos, ego_sin, dx * ego_cos + dy * ego_sin, ego_a + other_a * along + other_b * across),
        (-ego_sin, ego_cos, dy * ego_cos - dx * ego_sin, ego_b + other_a * across + other_b * along),
        (cos, sin, dx * cos + dy * sin, other_a + ego_a * along + ego_b * across),
        (-sin, cos, dy * cos - dx * sin, other_b + ego_a * across + ego_b * along),
    )


def contact_normal(state: WorldState, row: int, dt_s: float) -> tuple[float, float] | None:
    """Unit vector (world) from the ego to body `row` across the faces that meet first as both go on at constant velocity.

    Of the four face directions of the two boxes, the last one whose shadows still lie apart is the one they meet across.
    None where they do not meet within two steps, or overlap already along every direction.
    """
    vx, vy = (state.velocity[row, :2] - state.velocity[EGO, :2]).tolist()
    latest, normal = -math.inf, None
    for ux, uy, offset, reach in _faces(state, row):
        if abs(offset) <= reach:
            continue
        sign = math.copysign(1.0, offset)
        approach = -sign * (vx * ux + vy * uy)
        if approach <= 0.0:
            return None
        meets = (abs(offset) - reach) / approach
        if meets > latest + _TIE:
            latest, normal = meets, (sign * ux, sign * uy)
    return normal if latest <= 2.0 * dt_s else None


def shallowest_normal(state: WorldState, row: int) -> tuple[float, float]:
    """Unit vector (world) from the ego to body `row` along which overlapping boxes are pushed apart soonest; of boxes apart,
    the face direction along which they are farthest apart."""
    least, normal = math.inf, (1.0, 0.0)
    for ux, uy, offset, reach in _faces(state, row):
        depth = reach - abs(offset)
        if depth < least - _TIE:
            sign = math.copysign(1.0, offset)
            least, normal = depth, (sign * ux, sign * uy)
    return normal


def _solved_speed(contact: Contact | None, normal: tuple[float, float], otherwise: float) -> float:
    """Closing speed of a solved contact, unless there is none or it was solved along another direction than the judged
    `normal`: nearly upwards (something run over), or across (a narrow overlap entered deeply within one substep)."""
    if contact is None:
        return otherwise
    sign = -1.0 if contact.first == EGO else 1.0
    x, y = sign * float(contact.normal[0]), sign * float(contact.normal[1])
    level = math.hypot(x, y)
    if level < _LEVEL or x * normal[0] + y * normal[1] < _SAME_WAY * level:
        return otherwise
    return contact.closing_speed_mps


def reported_normal(state: WorldState, contact: Contact) -> tuple[float, float]:
    """Unit vector (world) from the ego outwards at a contact as the physics solved it; from the ego's centre to the
    contact point where the solved normal is nearly vertical."""
    sign = -1.0 if contact.first == EGO else 1.0
    x, y = sign * float(contact.normal[0]), sign * float(contact.normal[1])
    if math.hypot(x, y) < _LEVEL:
        x = float(contact.point[0] - state.position[EGO, 0])
        y = float(contact.point[1] - state.position[EGO, 1])
    length = math.hypot(x, y)
    if length == 0.0:
        yaw = float(state.yaw[EGO])
        return math.cos(yaw), math.sin(yaw)
    return x / length, y / length


def judge_touch(before: WorldState, after: WorldState, row: int, contact: Contact | None, dt_s: float) -> Touch:
    """Side and fault of the touch with body `row` that began between two states.

    Velocities are those of `before`, untouched by the impact, where the other was there already; else of `after`, and nobody
    moved into anybody: the ego is not at fault for what appears in it.
    """
    just_before = before if before.present[row] else after
    normal = contact_normal(before, row, dt_s) if before.present[row] else None
    if normal is None:
        normal = shallowest_normal(after, row) if contact is None else reported_normal(after, contact)
    nx, ny = normal
    ego, other = just_before.velocity[EGO], just_before.velocity[row]
    ego_share = float(ego[0]) * nx + float(ego[1]) * ny
    other_share = -(float(other[0]) * nx + float(other[1]) * ny)
    yaw = float(just_before.yaw[EGO])
    cos, sin = math.cos(yaw), math.sin(yaw)
    return Touch(
        row=row,
        side=side_of(nx * cos + ny * sin, ny * cos - nx * sin),
        at_fault=bool(before.present[row])
        and ego_at_fault(float(np.hypot(ego[0], ego[1])), float(np.hypot(other[0], other[1])), ego_share, other_share),
        ego_share_mps=ego_share,
        other_share_mps=other_share,
        impact_speed_mps=max(_solved_speed(contact, normal, ego_share + other_share), 0.0),
    )
