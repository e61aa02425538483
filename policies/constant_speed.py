"""Follows the route at the speed it had at the start, blind to everything: the driver that a scenario must punish."""

from __future__ import annotations

from typing import Any

from alpasim.types import Decision, Observation, RolloutBrief

from .planning import lateral_plan, trajectory_ahead
from .route_kernels import nearest_point, place_near, route_table


class ConstantSpeed:
    """Holds its first speed along the middle of the route."""

    needs: tuple[str, ...] = ()

    def reset(self, brief: RolloutBrief) -> None:
        """Begin a rollout."""
        self.table = route_table(brief.route)
        self.speed_mps: float | None = None

    def decide(self, observation: Observation) -> Decision:
        """The route ahead, at the first speed."""
        if self.speed_mps is None:
            self.speed_mps = max(observation.ego.speed_mps, 0.0)
        x, y = float(observation.rig_pose[0]), float(observation.rig_pose[1])
        s, _, _, _ = place_near(self.table, nearest_point(self.table, x, y), x, y)
        middle = lateral_plan(s, 1.0, 0.0, 0.0, 0.0)
        speed = self.speed_mps
        return Decision(trajectory=trajectory_ahead(self.table, middle, s, speed, 0.0, speed, observation.time_us))

    def save(self) -> dict[str, Any]:
        """The speed it holds."""
        return {"speed_mps": self.speed_mps}

    def load(self, memory: dict[str, Any]) -> None:
        """Hold that speed again."""
        self.speed_mps = memory["speed_mps"]
