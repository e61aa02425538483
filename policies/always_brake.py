"""Brakes as hard as it can and holds the wheel on the route: safe from most things, and never arrives."""

from __future__ import annotations

from typing import Any

from alpasim.types import Control, Decision, Observation, RolloutBrief

from .planning import lateral_plan
from .route_kernels import nearest_point, place_near, route_table
from .steering import steer_along


class AlwaysBrake:
    """Full brake, wheel along the route."""

    needs: tuple[str, ...] = ()

    def reset(self, brief: RolloutBrief) -> None:
        """Begin a rollout."""
        self.vehicle = brief.vehicle
        self.table = route_table(brief.route)

    def decide(self, observation: Observation) -> Decision:
        """Brake."""
        x, y = float(observation.rig_pose[0]), float(observation.rig_pose[1])
        s, _, _, _ = place_near(self.table, nearest_point(self.table, x, y), x, y)
        middle = lateral_plan(s, 1.0, 0.0, 0.0, 0.0)
        return Decision(control=Control(steer_along(self.table, middle, s, observation, self.vehicle), -1.0))

    def save(self) -> dict[str, Any]:
        """Nothing: it remembers nothing between two steps."""
        return {}

    def load(self, memory: dict[str, Any]) -> None:
        """Go on as ever."""
