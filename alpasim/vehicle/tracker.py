"""From a Trajectory to a Control: where the vehicle should be and when, turned into pedals and a wheel angle.

Follows the centre of the vehicle's box, which a trajectory's rig poses fix. Along: the trajectory's own speed and
acceleration, with feedback on how far behind or ahead of time the vehicle is. Across: the curvature of the path a little way
ahead, understeer included, with feedback on offset and course. Where the trajectory stands, or has ended, the vehicle stands at
its place and the wheel is held. It plans nothing and looks at no other actor.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.errors import PolicyInvalidAction
from alpasim.types import Control, EgoState, FloatArray, IntArray, Trajectory, VehicleParameters
from alpasim.vehicle.actuation import control_for
from alpasim.vehicle.dynamics import GRAVITY_MPS2
from alpasim.vehicle.path_fit import path_ahead, progress_ahead

PLACE_GAIN, SPEED_GAIN = 1.6, 2.2
"""Acceleration per metre behind time [1/s^2] and per metre per second too slow [1/s]."""

COURSE_RATE = 1.8
"""Natural frequency of the feedback across [rad/s], where speed allows it; critically damped."""

SHORTEST_LENGTH_M = 3.0
"""Distance within which an offset is corrected at walking pace."""

REACH_S, LEAST_REACH_M = 1.2, 6.0
"""How far ahead the path is fitted: in seconds at the present speed, and at least."""

SHORTEST_PATH_M = 0.5
"""A path ahead that is shorter than this is jitter around a standing place."""

PROGRESS_WINDOW_S = 1.0

LARGEST_SIDE_SHARE = 0.95
"""Share of one g of sideways acceleration beyond which no curvature is asked for."""

STANDING_MPS, STANDING_M = 0.15, 0.4
"""Below this speed wanted and driven, and this near to its place, the vehicle is held by its brakes."""

HOLDING_MPS2 = -2.0


def check_trajectory(trajectory: Trajectory) -> tuple[IntArray, FloatArray]:
    """Times (k,) and poses (k, 3) of a Trajectory that can be driven; PolicyInvalidAction says what is wrong otherwise."""
    try:
        times = np.ascontiguousarray(trajectory.times_us)
        poses = np.ascontiguousarray(trajectory.poses, dtype=np.float64)
    except (TypeError, ValueError) as cause:
        raise PolicyInvalidAction(f"trajectory: times and poses have to be arrays of numbers: {cause}") from cause
    if times.ndim != 1 or times.dtype.kind not in "iu":
        raise PolicyInvalidAction(
            f"trajectory.times_us: expected integers of shape (k,), found {times.dtype} of shape {times.shape}"
        )
    if poses.shape != (len(times), 3):
        raise PolicyInvalidAction(f"trajectory.poses: expected shape ({len(times)}, 3), found {poses.shape}")
    if len(times) < 2:
        raise PolicyInvalidAction(f"trajectory: expected at least 2 poses, found {len(times)}")
    if not np.isfinite(poses).all() or np.abs(poses).max() > 1e7:
        row = int(np.argmax(~(np.isfinite(poses) & (np.abs(poses) <= 1e7)).all(axis=1)))
        raise PolicyInvalidAction(f"trajectory.poses[{row}]: expected finite metres and radians, found {poses[row]}")
    late = np.flatnonzero(np.diff(times) <= 0)
    if len(late):
        k = int(late[0])
        raise PolicyInvalidAction(
            f"trajectory.times_us[{k + 1}]: expected more than {times[k]} before it, found {times[k + 1]}"
        )
    if trajectory.frame not in ("world", "rig"):
        raise PolicyInvalidAction(f"trajectory.frame: expected 'world' or 'rig', found {trajectory.frame!r}")
    return times.astype(np.int64), poses


def poses_in_world(poses: FloatArray, rig_pose: FloatArray) -> FloatArray:
    """Poses (k, 3) x, y, yaw given in the rig that stood at `rig_pose` (4,) x, y, z, yaw, in the world frame."""
    cos, sin = math.cos(float(rig_pose[3])), math.sin(float(rig_pose[3]))
    world = np.empty_like(poses)
    world[:, 0] = rig_pose[0] + cos * poses[:, 0] - sin * poses[:, 1]
    world[:, 1] = rig_pose[1] + sin * poses[:, 0] + cos * poses[:, 1]
    world[:, 2] = rig_pose[3] + poses[:, 2]
    return world


class Tracker:
    """Drives one vehicle along trajectories; remembers nothing but the wheel angle it last asked for."""

    def __init__(self, vehicle: VehicleParameters, dt_s: float) -> None:
        self._vehicle = vehicle
        self._dt_s = dt_s
        front, rear = vehicle.front_cornering_stiffness_per_rad, vehicle.rear_cornering_stiffness_per_rad
        self._understeer = (1.0 / front - 1.0 / rear) / GRAVITY_MPS2
        self._along = -vehicle.rear_axle_x_m
        self.reset()

    def reset(self) -> None:
        """Forget the last drive."""
        self._steering_angle = 0.0

    def control(self, trajectory: Trajectory, rig_pose: FloatArray, ego: EgoState, time_us: int) -> Control:
        """The Control that follows `trajectory` from `rig_pose` (4,) x, y, z, yaw, world frame, at `time_us`.

        A trajectory in the rig frame counts from `rig_pose`. Raises PolicyInvalidAction for one that cannot be driven.
        """
        times, poses = check_trajectory(trajectory)
        if trajectory.frame == "rig":
            poses = poses_in_world(poses, rig_pose)
        points = poses[:, :2] + self._along * np.stack((np.cos(poses[:, 2]), np.sin(poses[:, 2])), axis=1)
        origin = self._origin(rig_pose, ego)
        speed = ego.speed_mps
        reach = max(LEAST_REACH_M, REACH_S * speed)
        found, offset, slope, bend = path_ahead(times, points, time_us, origin, reach, SHORTEST_PATH_M)
        if found:
            self._steering_angle = self._steer(offset, slope, bend, speed)
        else:
            bend = 0.0
        acceleration = self._accelerate(progress_ahead(times, points, time_us, origin, bend, PROGRESS_WINDOW_S), speed)
        return control_for(self._steering_angle, acceleration, speed, self._vehicle)

    def _origin(self, rig_pose: FloatArray, ego: EgoState) -> tuple[float, float, float]:
        """Place of the box centre and the course it moves on."""
        x, y, _, yaw = (float(value) for value in rig_pose)
        rolling = self._along * math.tan(ego.steering_angle_rad) / self._vehicle.wheelbase_m
        drift = rolling
        if ego.speed_mps > 1.0:
            sideways = float(ego.velocity_in_rig[1]) + ego.yaw_rate_radps * self._along
            drift = sideways / ego.speed_mps
        return x + self._along * math.cos(yaw), y + self._along * math.sin(yaw), yaw + math.atan(drift)

    def _steer(self, offset: float, slope: float, bend: float, speed: float) -> float:
        """Road-wheel angle for a path at `offset` to the left, of a slope and half curvature in the course's frame."""
        ahead = max(speed, 0.0) * (self._vehicle.steering_lag_s + 0.5 * self._dt_s)
        course = math.atan(slope + 2.0 * bend * ahead)
        curvature = 2.0 * bend / (1.0 + slope * slope) ** 1.5
        length = max(SHORTEST_LENGTH_M, speed / COURSE_RATE)
        wanted = curvature + offset / length**2 + 2.0 * course / length
        limit = LARGEST_SIDE_SHARE * GRAVITY_MPS2 / max(speed * speed, 1.0)
        wanted = min(limit, max(-limit, wanted))
        wheelbase = self._vehicle.wheelbase_m
        angle = math.atan(wheelbase * wanted) + self._understeer * speed * speed * wanted
        largest = self._vehicle.max_steering_angle_rad
        return min(largest, max(-largest, angle))

    def _accelerate(self, progress: tuple[float, float, float], speed: float) -> float:
        """Acceleration that brings the vehicle to where the trajectory is now, at its speed."""
        behind, wanted, half_acceleration = progress
        if speed < STANDING_MPS and wanted < STANDING_MPS and behind < STANDING_M:
            return HOLDING_MPS2
        feedback = PLACE_GAIN * behind + SPEED_GAIN * (max(wanted, 0.0) - speed)
        return 2.0 * half_acceleration + feedback


