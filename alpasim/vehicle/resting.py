"""How a vehicle stands: the pose in which its springs carry it on whatever ground is under it.

Answers height and tilt at rest, so that a drive begins without a drop or a jump; nothing moves here. On level ground the
answer is the parameters' own and is not asked for.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.geometry import quaternion_from_axes
from alpasim.road.relief import Relief, rise_at
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import GRAVITY_MPS2, Chassis, packed
from alpasim.vehicle.footing import level_footing
from alpasim.vehicle.frames import rig_rotation
from alpasim.vehicle.stance import wheel_arms, wheel_axes
from alpasim.vehicle.touching import feel_raised, stand_wheels
from alpasim.vehicle.wheels import ROWS, ground_forces, wheel_loads

MOST_ROUNDS = 200
NEAR = 1e-10
"""Correction from which the pose is taken as found [m, rad]."""

Vector = tuple[float, float, float]
Turn = tuple[float, float, float, float]

_STILL: Vector = (0.0, 0.0, 0.0)


def resting_pose(
    body: Chassis, place: tuple[float, float, float], from_centre: Vector, relief: Relief
) -> tuple[Vector, Turn]:
    """Position and rotation (x, y, z, w) of the centre of mass at rest, held by tyres and brakes.

    `place` is x, y and heading of a point that lies `from_centre` (3,) from the centre of mass, body axes.
    """
    x, y, yaw = place
    _, slope_x, slope_y = rise_at(x, y, relief)
    axes = rig_rotation(yaw, (slope_x, slope_y))
    stiff = 0.7 / np.array(
        [
            float(body.spring.sum()),
            float((body.spring * body.wheel_x**2).sum()),
            float(((body.spring + 2.0 * body.anti_roll) * body.wheel_y**2).sum()),
        ]
    )
    heave, turned = 0.0, axes
    for _ in range(MOST_ROUNDS):
        off = _product(turned, np.array(from_centre).reshape(3, 1))
        at_x, at_y = x - float(off[0, 0]), y - float(off[1, 0])
        ground, _, _ = rise_at(at_x, at_y, relief)
        position = (at_x, at_y, ground + (body.height + heave) / float(axes[2, 2]))
        forward, left, up = ((float(a), float(b), float(c)) for a, b, c in turned.T)
        rotation = quaternion_from_axes(forward, left, up)
        step = stiff * np.array(_unbalanced(body, position, rotation, relief, axes))
        heave += float(step[0])
        tilt = _product(_turned(axes[:, 0], float(step[2])), _turned(axes[:, 1], float(step[1])))
        turned = _product(tilt, turned)
        if max(abs(float(part)) for part in step) < NEAR:
            break
    return position, rotation


def _unbalanced(body: Chassis, position: Vector, rotation: Turn, relief: Relief, axes: FloatArray) -> Vector:
    """Force along the ground's normal [N], and torque about its left and its heading [N m], that are left over."""
    footing, points, low = level_footing(), np.zeros((4, 2)), np.zeros((0, 8))
    arm, wheels, state = np.empty((4, 3)), np.empty((4, 9)), np.zeros((ROWS, 4))
    numbers = packed(body)
    stand_wheels(numbers, position, rotation, relief, points, footing)
    if relief.shape.shape[0] > 0:
        feel_raised(numbers, 0.0, position, rotation, _STILL, 0.0, relief, np.zeros(4), low, 0.01, points, footing)
    _, ahead_x, ahead_y = wheel_arms(numbers, rotation, arm)
    wheel_axes(footing, ahead_x, ahead_y, wheels)
    wheel_loads(numbers, position[2], arm, wheels, _STILL, _STILL, _STILL, (0.0, 0.0), footing, 0.01, state)
    force, torque = ground_forces(arm, wheels, state, (0.0, 0.0), _STILL)
    rest = [force[0], force[1], force[2] - body.mass * GRAVITY_MPS2]
    ahead, left, normal = ([float(part) for part in axes[:, k]] for k in range(3))
    along, aside, upward = _dot(rest, ahead), _dot(rest, left), _dot(rest, normal)
    # What is left along the ground is held by the tyres, on the ground; across at the centre of mass by one that leans.
    deep = (position[2] - float(footing[:, 0].mean())) * normal[2]
    return upward, _dot(torque, left) + deep * along, _dot(torque, ahead) - (0.0 if body.leans else deep * aside)


def _turned(axis: FloatArray, angle: float) -> FloatArray:
    """Rotation (3, 3) about a unit axis."""
    x, y, z = (float(part) for part in axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turn: FloatArray = np.eye(3) + math.sin(angle) * cross + (1.0 - math.cos(angle)) * _product(cross, cross)
    return turn


def _product(first: FloatArray, second: FloatArray) -> FloatArray:
    """first @ second for (3, 3) and (3, k), in one order of additions on every machine: where a drive begins is in its hash."""
    product: FloatArray = first[:, 0:1] * second[0] + first[:, 1:2] * second[1] + first[:, 2:3] * second[2]
    return product


def _dot(first: Vector | list[float], second: list[float]) -> float:
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]
