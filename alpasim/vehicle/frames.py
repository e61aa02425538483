"""Between the box and the rig: the one place that knows how the two frames of a vehicle lie to each other.

A state's pose is the centre of the vehicle's box; a driver's pose is the rig, x forward, y left, z up, its origin on
the ground under the rear axle. Both conversions turn about z only: a driver's rig is level whatever the body's pitch and
roll. What is mounted on the vehicle goes with its body, which heaves, dives and rolls: its mount is given in the rig as that
lies at rest on level ground, and moves with `mounted_rig`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from alpasim.geometry import axes_from_quaternion, axes_on_slope
from alpasim.types import FloatArray, VehicleParameters


def rig_from_box(position: FloatArray, yaw: float, vehicle: VehicleParameters) -> FloatArray:
    """Rig pose (4,) x, y, z, yaw from a box centre `position` (3,) and its heading, both in the world frame."""
    x, y, z = float(position[0]), float(position[1]), float(position[2])
    along = vehicle.rear_axle_x_m
    return np.array((x + along * math.cos(yaw), y + along * math.sin(yaw), z - 0.5 * vehicle.height_m, yaw))


def box_from_rig(rig: FloatArray, vehicle: VehicleParameters) -> tuple[FloatArray, float]:
    """Box centre (3,) and heading from a rig pose (4,) x, y, z, yaw: the inverse of `rig_from_box`."""
    x, y, z, yaw = (float(value) for value in rig)
    along = vehicle.rear_axle_x_m
    centre = np.array((x - along * math.cos(yaw), y - along * math.sin(yaw), z + 0.5 * vehicle.height_m))
    return centre, yaw


def rig_rotation(yaw: float, slopes: tuple[float, float] = (0.0, 0.0)) -> FloatArray:
    """(3, 3) from the frame of a rig of that heading to the world, on ground that rises by `slopes` dz/dx, dz/dy: x along the
    heading seen from above, z square to the ground."""
    return np.column_stack(axes_on_slope(yaw, *slopes))


class Rig(NamedTuple):
    """A rig as it is carried by a body: `place` (3,) of its origin [m] and `rotation` (3, 3) from its frame to the world."""

    place: FloatArray
    rotation: FloatArray


def mounted_rig(position: FloatArray, rotation: Sequence[float] | FloatArray, vehicle: VehicleParameters) -> Rig:
    """The rig that is fixed to a vehicle's body, whose box centre is at `position` (3,), turned by the unit quaternion `rotation`
    (4,) x, y, z, w; upright on level ground it is that of `rig_from_box`."""
    x, y, z, w = (float(part) for part in rotation)
    forward, left, up = (np.array(axis) for axis in axes_from_quaternion((x, y, z, w)))
    place = position + vehicle.rear_axle_x_m * forward - 0.5 * vehicle.height_m * up
    return Rig(place, np.column_stack((forward, left, up)))


_STEEP = 0.3
"""Level share of a body's x axis below which that says nothing of its heading: it stands on its nose or its tail."""


def following_rig(position: FloatArray, rotation: Sequence[float] | FloatArray, vehicle: VehicleParameters) -> Rig:
    """The level rig that goes with a body's place and heading and not with its pitch and roll; arguments as of `mounted_rig`.

    On an overturned body it goes by where the bonnet points, on one that stands on its nose or tail by its left side.
    """
    x, y, z, w = (float(part) for part in rotation)
    forward, left, _ = axes_from_quaternion((x, y, z, w))
    upright = math.hypot(forward[0], forward[1]) > _STEEP
    yaw = math.atan2(forward[1], forward[0]) if upright else math.atan2(-left[0], left[1])
    return level_rig(rig_from_box(position, yaw, vehicle))


def level_rig(pose: FloatArray) -> Rig:
    """The rig of a pose (4,) x, y, z, yaw, such as `Observation.rig_pose`."""
    return Rig(np.array(pose[:3], dtype=np.float64), rig_rotation(float(pose[3])))


def rig_poses_from_boxes(poses: FloatArray, vehicle: VehicleParameters) -> FloatArray:
    """Rig poses (k, 3) x, y, yaw from box-centre poses (k, 3) x, y, yaw, world frame."""
    rig = np.array(poses, dtype=np.float64)
    rig[:, 0] += vehicle.rear_axle_x_m * np.cos(rig[:, 2])
    rig[:, 1] += vehicle.rear_axle_x_m * np.sin(rig[:, 2])
    return rig
