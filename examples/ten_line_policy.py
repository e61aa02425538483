"""A driver in ten lines: look 8 m ahead along the route, steer there, hold 8 m/s, brake when something is near. Run it with

alpasim run scenarios/vulnerable/jaywalker.scn.yaml --policy examples/ten_line_policy.py:Careful
"""

from __future__ import annotations

import numpy as np

from alpasim.types import Control, Decision, Observation, RolloutBrief


class Careful:
    """Steers at a point of the route ahead, as a cyclist looks where to go."""

    def reset(self, brief: RolloutBrief) -> None:
        self.route, self.vehicle = brief.route, brief.vehicle

    def decide(self, observation: Observation) -> Decision:
        x, y, _, yaw = observation.rig_pose
        ahead = np.searchsorted(self.route.s, observation.route_s + 8.0)
        dx, dy = self.route.centre[min(ahead, len(self.route.s) - 1)] - (x, y)
        angle = np.arctan2(np.sin(np.arctan2(dy, dx) - yaw), np.cos(np.arctan2(dy, dx) - yaw))
        gaps = np.hypot(*(observation.tracks.position[:, :2] - (x, y)).T)
        pedal = -0.6 if np.any(gaps < 12.0) else 0.2 * (8.0 - observation.ego.speed_mps)
        return Decision(control=Control(steer=float(angle / self.vehicle.max_steering_angle_rad), pedal=float(pedal)))
