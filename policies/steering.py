"""Steering along the route when the pedal is already decided: pure pursuit.

R. C. Coulter, "Implementation of the pure pursuit path tracking algorithm", CMU-RI-TR-92-01: the arc through the rig's
origin and a point ahead on the path has curvature 2 y / l^2.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.types import FloatArray, Observation, VehicleParameters

from .route_kernels import poses_along

SHORTEST_M = 5.0
LOOK_AHEAD_S = 0.8


def steer_along(
    table: FloatArray, plan: FloatArray, s: float, observation: Observation, vehicle: VehicleParameters
) -> float:
    """Share of the largest road-wheel angle, left positive, that leads to a point ahead on the lateral plan."""
    reach = max(SHORTEST_M, LOOK_AHEAD_S * abs(observation.ego.speed_mps))
    x, y, yaw = (float(observation.rig_pose[axis]) for axis in (0, 1, 3))
    ahead = poses_along(table, plan, np.array([s + reach]))
    dx, dy = float(ahead[0, 0]) - x, float(ahead[0, 1]) - y
    across = dy * math.cos(yaw) - dx * math.sin(yaw)
    squared = max(dx * dx + dy * dy, 1.0)
    angle = math.atan(vehicle.wheelbase_m * 2.0 * across / squared)
    return min(max(angle / vehicle.max_steering_angle_rad, -1.0), 1.0)
