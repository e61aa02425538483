"""The behaviour `parked`: stands where the scenario puts it, whatever happens around it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import BaseModel

from alpasim.memory import Memory
from alpasim.scenario.concrete import Action, Scenario
from alpasim.scenario.values import Model
from alpasim.types import IntArray, Motion, WorldState


class ParkedOptions(Model):
    """`drive: parked` has no options."""


class Parked:
    """Actors that stand."""

    name: ClassVar[str] = "parked"
    Options: ClassVar[type[BaseModel]] = ParkedOptions
    actions: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, scenario: Scenario, rows: IntArray, rng: np.random.Generator) -> None:  # noqa: ARG002
        self._poses = np.array([actor.pose for actor in scenario.actors], dtype=np.float64).reshape(-1, 3)

    def place(self, rows: IntArray, motion: Motion) -> None:
        """They stand from the start, whatever speed the scenario gives."""
        motion.velocity[rows] = 0.0

    def reset(self, state: WorldState) -> None:
        """Nothing is remembered."""

    def save(self) -> Memory:
        """Nothing is remembered."""
        return {}

    def load(self, memory: Memory) -> None:
        """Nothing is remembered."""

    def advance(self, state: WorldState, rows: IntArray, motion: Motion) -> None:  # noqa: ARG002
        """Stay."""
        motion.position[rows, :2] = self._poses[rows - 1, :2]
        motion.yaw[rows] = self._poses[rows - 1, 2]
        motion.velocity[rows] = 0.0
        motion.yaw_rate[rows] = 0.0
        motion.present[rows] = True

    def apply(self, row: int, action: Action, state: WorldState) -> bool:  # noqa: ARG002
        """It does nothing."""
        return False
