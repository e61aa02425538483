"""The reference driver: follows its route with care, and shows that a scenario can be driven well.

Car following (IDM with the constant-acceleration heuristic), posted limits, bends, traffic lights, crossing and oncoming
road users, caution beside people and parked cars, ways round what stands in the lane. What it weighs is in `driving.py`
and the files that imports, one question each; every figure is in `parameters.py`.
"""

from __future__ import annotations

from typing import Any

from alpasim.types import Decision, Observation, RolloutBrief

from .driving import Driver


class Idm:
    """The reference driver."""

    needs: tuple[str, ...] = ("objects",)

    def reset(self, brief: RolloutBrief) -> None:
        """Begin a rollout."""
        self.driver = Driver(brief)

    def decide(self, observation: Observation) -> Decision:
        """A trajectory, or the full brake."""
        return self.driver.act(self.driver.consider(observation), observation)

    def save(self) -> dict[str, Any]:
        """The driver's memory as plain data."""
        return self.driver.save()

    def load(self, memory: dict[str, Any]) -> None:
        """Continue from saved memory."""
        self.driver.load(memory)
