"""What a behaviour is: the port through which anything that moves an actor comes in.

Behaviours are found under the entry-point group `alpasim.behaviours`, the built-in ones too. One object drives all actors of
its kind in one scenario, so that a step is one call over arrays.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
from pydantic import BaseModel

from alpasim.scenario.concrete import Action, Scenario
from alpasim.types import IntArray, Motion, WorldState


class Behaviour(Protocol):
    """Drives some of the actors of one scenario.

    `Options` is the model that a file's words under `drive: {<name>: …}` are checked against. `actions` names the actions of
    events that it can carry out; a scenario that asks for another one is refused when it is loaded.

    A behaviour reads only the state it is given and its own memory, and writes only the rows it is given, so that the order
    of actors and behaviours changes nothing. Whatever it draws from `rng` it draws in its constructor, so that `reset` leads
    back to the start to the bit.

    One that offers `save()` and `load(memory)` (`alpasim.memory`) can be part of a snapshot.
    """

    name: ClassVar[str]
    Options: ClassVar[type[BaseModel]]
    actions: ClassVar[frozenset[str]]

    def __init__(self, scenario: Scenario, rows: IntArray, rng: np.random.Generator) -> None:
        """`rows` are all rows that it may ever drive. Some may begin with another behaviour and be handed over by an action;
        `scenario.actors[row - 1].behaviour` says which one each begins with."""

    def place(self, rows: IntArray, motion: Motion) -> None:
        """Where its actors are at time zero. The motion already holds their poses and speeds from the scenario, present."""

    def reset(self, state: WorldState) -> None:
        """Begin at this state: time zero, or later where its actor is given to it in the middle of a drive."""

    def advance(self, state: WorldState, rows: IntArray, motion: Motion) -> None:
        """Write into `motion` where `rows` are one control step after `state`. Struck rows are never among them."""

    def apply(self, row: int, action: Action, state: WorldState) -> bool:
        """Take in an action for `row` from this step on; False where it cannot be done now."""
