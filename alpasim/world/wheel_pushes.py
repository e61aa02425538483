"""What the ego's wheels push ahead: loose things on the ground that are too high for them to roll over (`low.py`).

Answers with what impulses wheels and such things meet in a substep: those after which no wheel comes nearer to what it pushes than
restitution lets it, all of them together (projected Gauss-Seidel). Both bodies get the same one, so that together they lose no
momentum, and a thing that is light takes no more from the vehicle than brings it to the vehicle's speed. A wheel is the rectangle
that its disc fills at the height of the thing's top. It pushes at its hub, the thing is pushed at its middle: it slides ahead,
and does not tumble. How far the wheel lifts itself on it is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from alpasim.geometry import axes_from_quaternion
from alpasim.types import FloatArray
from alpasim.vehicle.blocks import LOW_ROW, LOW_TOP
from alpasim.vehicle.chassis import Chassis
from alpasim.vehicle.stance import steering_angles
from alpasim.world.bullet import Quaternion, Vector3, yaw_of
from alpasim.world.contacts import WheelHit
from alpasim.world.underbody import UNDER_M, Moving, along, edge_meets, pushed, yields

BESIDE_M = 1e-6
"""A gap from which a wheel that comes to a block's face passes beside it."""

_LEVEL_AXES: tuple[Vector3, Vector3] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))

ROUNDS = 10
"""Rounds of the solver."""

OPENED_IN_S, OPENING_MPS = 0.1, 0.1
"""In what time a thing that the ground slows is brought back to a wheel's surface, and how fast at most: what it slides back by
within a substep would sum up until the wheel is through it."""


class Wheels(NamedTuple):
    """Hubs (4) [m] and headings (4) of a vehicle's wheels, their radius and half width [m]."""

    hubs: tuple[Vector3, ...]
    yaws: tuple[float, ...]
    radius: float
    half_width: float


@dataclass(frozen=True, slots=True)
class Push:
    """A wheel's push, as contacts are told: the impulse is the ego's; and where the thing is pushed (3,) [m]."""

    hit: WheelHit
    at: Vector3


@dataclass(slots=True)
class _Touch:
    """A wheel at a block: where each is pushed, the normal from the block to the wheel, how fast the two close, what either yields
    [1/kg], the speed at which they have to part, and the impulse so far."""

    row: int
    hub: Vector3
    at: Vector3
    normal: Vector3
    closing: float
    yields: float
    parting: float
    impulse_ns: float = 0.0


def wheels_of(body: Chassis, constants: FloatArray, angle: float, position: Vector3, rotation: Quaternion) -> Wheels:
    """A vehicle's wheels where its centre of mass is at `position`, the middle one of the front turned by `angle`."""
    left, right = steering_angles(constants, angle)
    yaw, above = yaw_of(rotation), body.radius - body.height
    hubs: list[Vector3] = []
    axes = axes_from_quaternion(rotation)
    for arm in zip(body.wheel_x.tolist(), body.wheel_y.tolist(), (above,) * 4, strict=True):
        hx, hy, hz = (position[j] + sum(arm[k] * axes[k][j] for k in range(3)) for j in range(3))
        hubs.append((hx, hy, hz))
    return Wheels(tuple(hubs), (yaw + left, yaw + right, yaw, yaw), body.radius, body.half_width)


def wheel_pushes(
    blocks: Sequence[FloatArray],
    wheels: Wheels,
    ego: Moving,
    others: Mapping[int, tuple[Moving, float]],
    restitution: float,
    seconds: float,
) -> list[Push]:
    """Impulses between wheels and the blocks that they push, in a substep of that many seconds.

    `others` are the bodies of the blocks' rows, with their restitution; `restitution` is the ego's.
    """
    touches = [
        found
        for block in blocks
        for k in range(len(wheels.hubs))
        if (found := _touch(block, wheels, k, ego, others[int(block[LOW_ROW])], restitution, seconds)) is not None
    ]
    if not touches:
        return []
    moving = {touch.row: others[touch.row][0] for touch in touches}
    for _ in range(ROUNDS):
        for touch in touches:
            other = moving[touch.row]
            closing = along(other, touch.at, touch.normal) - along(ego, touch.hub, touch.normal)
            whole = max(touch.impulse_ns + (closing + touch.parting) / touch.yields, 0.0)
            more = whole - touch.impulse_ns
            touch.impulse_ns = whole
            nx, ny, _ = touch.normal
            ego = pushed(ego, (more * nx, more * ny, 0.0), touch.hub)
            moving[touch.row] = pushed(other, (-more * nx, -more * ny, 0.0), touch.at)
    return [
        Push(WheelHit(one.row, _times(one.normal, one.impulse_ns), one.hub, one.closing), one.at)
        for one in touches
        if one.impulse_ns != 0.0
    ]


def _touch(
    block: FloatArray,
    wheels: Wheels,
    k: int,
    ego: Moving,
    met: tuple[Moving, float],
    restitution: float,
    seconds: float,
) -> _Touch | None:
    """How the k-th wheel meets a block in the substep, None where it does not."""
    other, bounce = met
    x, y, z = wheels.hubs[k]
    above = z - float(block[LOW_TOP])
    if above >= wheels.radius:
        return None
    half_length = math.sqrt(wheels.radius**2 - max(above, 0.0) ** 2)
    gap, nx, ny, px, py = edge_meets(block, x, y, wheels.yaws[k], half_length, wheels.half_width).tolist()
    if gap < -UNDER_M:
        return None
    normal, at = (nx, ny, 0.0), (px, py, other[0][2])
    place = (px, py, z)
    closing = along(other, at, normal) - along(ego, place, normal)
    if closing <= 0.0 or gap > closing * seconds:
        return None
    if gap > 0.0:
        # Where it comes to that face it may be beside it.
        ahead, aside = (along(ego, place, axis) - along(other, at, axis) for axis in _LEVEL_AXES)
        soon = gap / closing
        there = edge_meets(block, x + ahead * soon, y + aside * soon, wheels.yaws[k], half_length, wheels.half_width)
        if there[0] > BESIDE_M:
            return None
    both = yields(ego, place, normal) + yields(other, at, normal)
    parting = max(restitution * bounce * closing, min(-gap / OPENED_IN_S, OPENING_MPS))
    return _Touch(int(block[LOW_ROW]), place, at, normal, closing, both, parting)


def _times(vector: Vector3, by: float) -> Vector3:
    return vector[0] * by, vector[1] * by, vector[2] * by
