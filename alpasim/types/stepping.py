"""One control step as metrics see it, and what they make of it."""

from __future__ import annotations

from dataclasses import dataclass

from alpasim.types.driving import Control, Decision
from alpasim.types.state import Contact, WorldState


@dataclass(frozen=True, slots=True)
class Step:
    """One control step as metrics see it: the state before, what was decided and done, the state after.

    `control` is what reached the vehicle after tracking and clipping; `decide_wall_s` is how long the policy took.
    """

    before: WorldState
    decision: Decision
    control: Control
    after: WorldState
    dt_s: float
    decide_wall_s: float = 0.0

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Contacts that happened in this step."""
        return self.after.contacts

    @property
    def events(self) -> tuple[str, ...]:
        """Names of the scenario's events that fired in this step."""
        return self.after.events


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One measured value; `valid` is False where the question makes no sense (no lead vehicle: no time to collision)."""

    value: float
    valid: bool = True
