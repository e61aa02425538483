"""The closed words of the engine: what an actor is, what a traffic light shows, how a drive ended."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ActorKind(IntEnum):
    """What an actor is; the words of the scenario language in lower case."""

    CAR = 0
    VAN = 1
    TRUCK = 2
    BUS = 3
    TRAIN = 4
    MOTORCYCLE = 5
    BICYCLE = 6
    PEDESTRIAN = 7
    ANIMAL = 8
    DEBRIS = 9
    CONE = 10
    BARRIER = 11
    UNKNOWN = 12


VULNERABLE = frozenset({ActorKind.MOTORCYCLE, ActorKind.BICYCLE, ActorKind.PEDESTRIAN, ActorKind.ANIMAL})
"""Kinds whose rider or body nothing protects."""


class SignalColour(IntEnum):
    """What a traffic light shows."""

    OFF = 0
    RED = 1
    RED_YELLOW = 2
    YELLOW = 3
    GREEN = 4


class EndReason(StrEnum):
    """How a drive ended; `terminated` says which of them are ends of the task rather than limits."""

    GOAL_REACHED = "goal_reached"
    COLLISION = "collision"
    OFF_ROAD = "off_road"
    TIME_LIMIT = "time_limit"
    POLICY_FAULT = "policy_fault"
    PHYSICS_DIVERGED = "physics_diverged"
    INFRASTRUCTURE = "infrastructure"

    @property
    def terminated(self) -> bool:
        """True where the task itself ended, False where a limit cut it off."""
        return self in (EndReason.GOAL_REACHED, EndReason.COLLISION, EndReason.OFF_ROAD)
