"""Drives like the reference driver and says why: a decision, its causes by track, and a sentence, at every step.

Both share `driving.py`; the words come from `explanation.py` and from the very reason that set the speed, so that what is
said and what is done cannot part.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from alpasim.types import Decision, Observation, RolloutBrief

from .driving import Driver
from .explanation import explain


class Reasoner:
    """The reference driver with its reasons."""

    needs: tuple[str, ...] = ("objects",)

    def reset(self, brief: RolloutBrief) -> None:
        """Begin a rollout."""
        self.driver = Driver(brief)

    def decide(self, observation: Observation) -> Decision:
        """What the reference driver does, with the reasoning behind it."""
        thought = self.driver.consider(observation)
        reasoning = explain(thought, observation, self.driver.table, self.driver.half_width)
        return replace(self.driver.act(thought, observation), reasoning=reasoning)

    def save(self) -> dict[str, Any]:
        """The driver's memory as plain data."""
        return self.driver.save()

    def load(self, memory: dict[str, Any]) -> None:
        """Continue from saved memory."""
        self.driver.load(memory)
