"""From a Trajectory to a Control: where the vehicle should be and when, turned into pedals and a wheel angle.

Follows the centre of the vehicle's box, which a trajectory's rig poses fix. Along, it looks at where the trajectory
is at each tenth of the next second and a half; across, at how far the path lies to the side as far ahead as that
takes the vehicle. In both it gives the first of those commands that keep the vehicle nearest to these places while
changing little, by a model of what the vehicle makes of them (`preview.py`), so lags, understeer and limits need no
gains of their own. Where the trajectory stands, or has ended, the vehicle stands at its place and the wheel is held.

Where poses move backwards along their headings the vehicle reverses, its rear axle on the path (`reversing.py`); it
stops before it changes gear. It plans nothing and looks at no other actor.

Nobody tells it of hills, wind or soft ground. Each command starts from the last one, so that what pushes steadily takes no
speed, and of place about 1 cm for each per cent of a grade: less than an estimate of it would be wrong by on a level bend.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.errors import PolicyInvalidAction
from alpasim.memory import Memory, read
from alpasim.types import Control, EgoState, FloatArray, IntArray, Trajectory, VehicleParameters
from alpasim.vehicle.actuation import acceleration_limits, acceleration_of, clip_control, control_for
from alpasim.vehicle.chassis import GRAVITY_MPS2, chassis
from alpasim.vehicle.preview import (
    STEPS,
    accelerating,
    axles,
    distances_ahead,
    draw_near,
    lay_path,
    offsets_ahead,
    smoothest,
    steering,
)
from alpasim.vehicle.reversing import present_leg, rolled_distance

STEP_US = 100_000
"""Time between the places looked ahead at; there are `preview.STEPS` of them."""

NEAR_M, JERK_MPS3 = 0.05, 12.0
"""Along: a distance from the trajectory weighs as much as this change of the acceleration."""

BESIDE_M, SIDE_JERK_MPS3, STEERING_SHARE = 0.15, 12.0, 0.5
"""Across: a distance from the path weighs as much as this change of the sideways acceleration, or this share of the
steering rate, whichever turns the wheel less."""

FARTHEST_SIDE_S = 0.1
"""Seconds of driving: a path that lies further to the side than this is approached at a slant."""

LEAST_MODEL_SPEED_MPS = 2.5
"""Below this speed the vehicle rolls where its wheels point, and the model is asked at this pace."""

BESIDE_BACKWARDS_M, LEAST_BACKWARD_PACE = 0.02, 0.4
"""The same in reverse: the rear axle can be held nearer to its path, and a slower vehicle is taken to roll this many
wheelbases a second."""

LEAST_POSE_STEP_M, SHORTEST_PATH_M = 0.05, 0.4
"""Poses nearer to the one before, and paths ahead that are shorter, are the jitter of a standing vehicle."""

PAST_US, FUTURE_US = 500_000, 4_000_000
"""How much of the trajectory before and after now makes the path."""

FRICTION = 0.9
"""Grip that plans count on, that of a dry road; what the road really has is not the tracker's to know."""

STANDING_MPS, STANDING_M, HOLDING_MPS2 = 0.15, 0.4, -2.0
"""Where the trajectory moves slower than this, the vehicle too, and is this near to its place, its brakes hold it
so."""

SLIDING_MPS, SLIDING_MPS2, HOLDING_HARD_MPS2 = 0.05, 0.1, -6.0
"""A vehicle that its brakes hold, and that yet moves and gains speed like this, stands on a steep hill."""

TURN_BACK_MPS, TURN_BACK_MPS2 = 0.5, -3.0
"""A vehicle that rolls against the gear that it needs faster than this brakes so, before anything else."""

WAIT_US = 10_000_000
"""How long the place where a trajectory changes gear is held out to the vehicle that is still on its way there."""

END_PLACE_GAIN, END_SPEED_GAIN = 1.0, 2.0
"""Feedback towards the last pose once the trajectory's time is over, critically damped [1/s^2], [1/s]."""


def check_trajectory(trajectory: Trajectory) -> tuple[IntArray, FloatArray]:
    """Times (k,) and poses (k, 3) of a Trajectory that can be driven; PolicyInvalidAction says what is wrong
    otherwise."""
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
    if not np.abs(poses).max() <= 1e7:  # nan is neither above nor below
        row = int(np.argmax(~(np.isfinite(poses) & (np.abs(poses) <= 1e7)).all(axis=1)))
        raise PolicyInvalidAction(f"trajectory.poses[{row}]: expected finite metres and radians, found {poses[row]}")
    times = times.astype(np.int64)
    rising = times[1:] > times[:-1]
    if not rising.all():
        k = int(np.argmin(rising))
        raise PolicyInvalidAction(
            f"trajectory.times_us[{k + 1}]: expected more than {times[k]} before it, found {times[k + 1]}"
        )
    if trajectory.frame not in ("world", "rig"):
        raise PolicyInvalidAction(f"trajectory.frame: expected 'world' or 'rig', found {trajectory.frame!r}")
    return times, poses


def poses_in_world(poses: FloatArray, rig_pose: FloatArray) -> FloatArray:
    """Poses (k, 3) x, y, yaw given in the rig that stood at `rig_pose` (4,) x, y, z, yaw, in the world frame."""
    cos, sin = math.cos(float(rig_pose[3])), math.sin(float(rig_pose[3]))
    world = np.empty_like(poses)
    world[:, 0] = rig_pose[0] + cos * poses[:, 0] - sin * poses[:, 1]
    world[:, 1] = rig_pose[1] + sin * poses[:, 0] + cos * poses[:, 1]
    world[:, 2] = rig_pose[3] + poses[:, 2]
    return world


def leg(times: IntArray, poses: FloatArray, first: int, last: int, now_us: int) -> tuple[IntArray, FloatArray]:
    """Poses `first` to `last` of a trajectory, the last of which waits for the vehicle where more come after it."""
    piece_times, piece = times[first : last + 1], poses[first : last + 1]
    if last + 1 == len(times):
        return piece_times, piece
    return np.append(piece_times, max(now_us, int(piece_times[-1])) + WAIT_US), np.vstack((piece, piece[-1:]))


def go_on(path: FloatArray, count: int, course: float, length_m: float) -> None:
    """Let the path of `count` points go straight on from its end in a direction [rad], by one more point."""
    path[count] = path[count - 1]
    path[count] += length_m * math.cos(course), length_m * math.sin(course), length_m


class Tracker:
    """Drives one vehicle along trajectories; remembers nothing but what it last asked of the actuators."""

    def __init__(self, vehicle: VehicleParameters, dt_s: float) -> None:
        self._vehicle = vehicle
        self._dt_s = dt_s
        front, rear = vehicle.front_cornering_stiffness_per_rad, vehicle.rear_cornering_stiffness_per_rad
        self._understeer = (1.0 / front - 1.0 / rear) / GRAVITY_MPS2
        self._along = -vehicle.rear_axle_x_m
        self._axles = axles(chassis(vehicle))
        self._places, self._free, self._answer = np.zeros(STEPS + 1), np.zeros(STEPS + 1), np.zeros(STEPS + 1)
        self.reset()

    def reset(self) -> None:
        """Forget the last drive."""
        self._steering_angle = 0.0
        self._acceleration = 0.0
        self._reverse = False
        self._asked_us: int | None = None

    def save(self) -> Memory:
        """What it last asked for, and when."""
        return {
            "steering_angle": float(self._steering_angle),
            "acceleration": float(self._acceleration),
            "asked_us": self._asked_us,
        }

    def load(self, memory: Memory) -> None:
        """Go on from there."""
        self._steering_angle = read(memory, "steering_angle", float)
        self._acceleration = read(memory, "acceleration", float)
        self._asked_us = None if memory.get("asked_us") is None else read(memory, "asked_us", int)

    def control(self, trajectory: Trajectory, rig_pose: FloatArray, ego: EgoState, time_us: int) -> Control:
        """The Control that follows `trajectory` from `rig_pose` (4,) x, y, z, yaw, world frame, at `time_us`.

        A trajectory in the rig frame counts from `rig_pose`. Raises PolicyInvalidAction for one that cannot be driven.
        """
        times, poses = check_trajectory(trajectory)
        return self.follow(Trajectory(times, poses, trajectory.frame), rig_pose, ego, time_us)

    def follow(self, trajectory: Trajectory, rig_pose: FloatArray, ego: EgoState, time_us: int) -> Control:
        """`control` for a trajectory that is known to be driveable: int64 times, float64 poses, as a checked Decision has them."""
        times, poses = trajectory.times_us.copy(), trajectory.poses
        if trajectory.frame == "rig":
            poses = poses_in_world(poses, rig_pose)
        self._remember(ego, time_us)
        x, y, _, yaw = rig_pose.tolist()
        since, until = time_us - PAST_US, time_us + FUTURE_US
        backing = ego.speed_mps < -STANDING_MPS
        first, last, self._reverse = present_leg(times, poses, time_us, since, until, yaw, backing)
        if self._reverse != ego.reverse and self._speed(ego) < -TURN_BACK_MPS:
            return self._turn_back(ego)
        if last - first + 1 < len(times):
            times, poses = leg(times, poses, first, last, time_us)
        along = 0.0 if self._reverse else self._along
        points = np.empty((len(poses), 2))
        points[:, 0] = poses[:, 0] + along * np.cos(poses[:, 2])
        points[:, 1] = poses[:, 1] + along * np.sin(poses[:, 2])
        course = yaw + math.pi if self._reverse else yaw
        origin = (x + along * math.cos(yaw), y + along * math.sin(yaw), course)
        path = np.empty((len(times) + 1, 3))
        count, left_m = lay_path(
            times, points, since, until, LEAST_POSE_STEP_M, SHORTEST_PATH_M, (origin[0], origin[1]), path
        )
        if left_m >= SHORTEST_PATH_M:
            if self._reverse:
                seen = max(int(np.searchsorted(times, until, side="right")), 1) - 1
                go_on(path, count, float(poses[seen, 2]) + math.pi, STEPS * self._vehicle.wheelbase_m)
                self._steering_angle = self._steer_back(path, count + 1, origin, ego)
            else:
                self._steering_angle = self._steer(path, count, origin, ego)
        steps = distances_ahead(times, points, path, count, time_us, origin, STEP_US, self._places)
        acceleration = self._accelerate(steps, ego)
        return control_for(self._steering_angle, acceleration, self._speed(ego), self._vehicle, reverse=self._reverse)

    def _speed(self, ego: EgoState) -> float:
        """Speed in the direction of the gear that the trajectory asks for."""
        return -ego.speed_mps if self._reverse else ego.speed_mps

    def _turn_back(self, ego: EgoState) -> Control:
        """Brake, the wheels as they are, for a gear that the vehicle is too fast for."""
        self._acceleration = 0.0
        pedal = TURN_BACK_MPS2 * self._vehicle.mass_kg / self._vehicle.max_brake_force_n
        return clip_control(Control(self._steering_angle / self._vehicle.max_steering_angle_rad, pedal, ego.reverse))

    def _remember(self, ego: EgoState, time_us: int) -> None:
        """Take the commands in force from the actuators where somebody else was driving just now."""
        if self._asked_us is None or time_us - self._asked_us > 1.5e6 * self._dt_s:
            self._steering_angle = ego.steering_angle_rad
            self._acceleration = acceleration_of(ego.pedal, abs(ego.speed_mps), self._vehicle)
        self._asked_us = time_us

    def _steer(self, path: FloatArray, count: int, origin: tuple[float, float, float], ego: EgoState) -> float:
        """Road-wheel angle that leads onto and along the path."""
        vehicle, step_s = self._vehicle, STEP_US * 1e-6
        speed = max(ego.speed_mps, LEAST_MODEL_SPEED_MPS)
        angle, yaw_rate = ego.steering_angle_rad, ego.yaw_rate_radps
        rear = vehicle.centre_of_mass_x_m - vehicle.rear_axle_x_m
        sideways = float(ego.velocity_in_rig[1]) + rear * yaw_rate
        if speed > ego.speed_mps:
            yaw_rate = speed * math.tan(angle) / vehicle.wheelbase_m
            sideways = rear * yaw_rate
        centre = -vehicle.centre_of_mass_x_m
        before = self._steering_angle
        needed = vehicle.wheelbase_m + self._understeer * speed * speed
        change = step_s * min(STEERING_SHARE * vehicle.max_steering_rate_radps, SIDE_JERK_MPS3 * needed / speed**2)
        largest = min(vehicle.max_steering_angle_rad, FRICTION * GRAVITY_MPS2 * needed / speed**2)
        farthest, weight = FARTHEST_SIDE_S * speed, BESIDE_M / change
        motion = speed, sideways, yaw_rate, angle
        return steering(path, count, origin, self._axles, motion, before, centre, step_s, farthest, weight, largest)

    def _steer_back(self, path: FloatArray, count: int, origin: tuple[float, float, float], ego: EgoState) -> float:
        """Road-wheel angle that leads the rear axle backwards onto and along the path."""
        vehicle, step_s = self._vehicle, STEP_US * 1e-6
        speed = max(-ego.speed_mps, LEAST_BACKWARD_PACE * vehicle.wheelbase_m)
        # Seen along the way of travel a wheel turned to the left bends it to the right.
        now, before = -math.tan(ego.steering_angle_rad), -math.tan(self._steering_angle)
        base, lag_s = vehicle.wheelbase_m, vehicle.steering_lag_s
        rolled_distance(speed, base, lag_s, now, before, step_s, self._free)
        rolled_distance(speed, base, lag_s, 0.0, 1.0, step_s, self._answer)
        steps = offsets_ahead(path, count, origin, speed * step_s, self._places)
        draw_near(self._places, FARTHEST_SIDE_S * speed)
        change = step_s * min(STEERING_SHARE * vehicle.max_steering_rate_radps, SIDE_JERK_MPS3 * base / speed**2)
        largest = min(math.tan(vehicle.max_steering_angle_rad), FRICTION * GRAVITY_MPS2 * base / speed**2)
        weight = BESIDE_BACKWARDS_M / change
        return -math.atan(smoothest(self._places, self._free, self._answer, steps, before, weight, -largest, largest))

    def _holding(self, speed: float, ego: EgoState) -> float:
        """How hard to brake so that the vehicle stands: harder for the rest of the stop where it slid once."""
        if self._acceleration in (HOLDING_MPS2, HOLDING_HARD_MPS2) and abs(speed) > SLIDING_MPS:
            gained = math.copysign(1.0, ego.speed_mps) * float(ego.acceleration_in_rig[0])
            return HOLDING_HARD_MPS2 if gained > SLIDING_MPS2 else self._acceleration
        return HOLDING_HARD_MPS2 if self._acceleration == HOLDING_HARD_MPS2 else HOLDING_MPS2

    def _accelerate(self, steps: int, ego: EgoState) -> float:
        """Acceleration that brings the vehicle to where the trajectory is, and keeps it there."""
        vehicle, speed, places, step_s = self._vehicle, self._speed(ego), self._places, STEP_US * 1e-6
        wanted = (places[steps] - places[0]) / (steps * step_s) if steps else 0.0
        if speed < STANDING_MPS and wanted < STANDING_MPS and places[0] < STANDING_M:
            self._acceleration = self._holding(speed, ego)
            return self._acceleration
        if not steps:
            self._acceleration = -END_SPEED_GAIN * speed + END_PLACE_GAIN * float(places[0])
            return self._acceleration
        pedal = ego.pedal if self._reverse == ego.reverse else min(ego.pedal, 0.0)
        now, before = acceleration_of(pedal, speed, vehicle), self._acceleration
        if speed < STANDING_MPS:
            now, before = max(now, 0.0), max(before, 0.0)
        lag_s = 0.5 * (vehicle.drive_lag_s + vehicle.brake_lag_s)
        least, most = acceleration_limits(speed, vehicle, FRICTION)
        weight = NEAR_M / (JERK_MPS3 * step_s)
        self._acceleration = accelerating(places, steps, speed, now, before, lag_s, step_s, weight, (least, most))
        return self._acceleration
