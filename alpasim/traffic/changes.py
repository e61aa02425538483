"""Actors that are taken out of the script: removed, or given another behaviour where they are or somewhere else.

Answers what such a change is, and what scenario its new behaviour is made from: the same one, whose actor starts at the
change's pose. Who may ask for a change, and what it means for bodies, is not known here (`branching.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from alpasim import plugins
from alpasim.errors import InputError, RecordingError
from alpasim.memory import Memory, finite, read
from alpasim.scenario.concrete import ActorSpec, Scenario
from alpasim.scenario.faults import told

GONE = ""
"""Stands for the behaviour of an actor that was removed."""


@dataclass(frozen=True, slots=True)
class Change:
    """From now on the actor of `row` is `GONE`, or driven by a `behaviour` that begins anew at `pose` (x, y, yaw) and
    `speed_mps`; `options` is what a file would say under that behaviour, as JSON."""

    row: int
    behaviour: str = GONE
    options: str = "{}"
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)
    speed_mps: float = 0.0

    @property
    def key(self) -> str:
        """A name for the one behaviour that was made for this change."""
        return f"{self.behaviour}@{self.row}"

    def save(self) -> Memory:
        """As plain values."""
        place = np.array([*self.pose, self.speed_mps])
        return {"row": self.row, "behaviour": self.behaviour, "options": self.options, "place": place}

    @classmethod
    def loaded(cls, memory: Memory, actors: int) -> Change:
        """What `save` returned; RecordingError for what cannot be."""
        row, (x, y, yaw, speed) = read(memory, "row", int), finite(memory, "place", (4,)).tolist()
        if not 1 <= row <= actors:
            raise RecordingError(f"snapshot: a change of actor row {row}, expected 1 to {actors}")
        return cls(row, read(memory, "behaviour", str), read(memory, "options", str), (x, y, yaw), speed)


def options_text(options: Mapping[str, Any]) -> str:
    """Options given as plain values, as JSON; InputError for what is none."""
    try:
        return json.dumps(dict(options), allow_nan=False)
    except (TypeError, ValueError) as cause:
        raise InputError(f"options {options!r}: expected plain values as a scenario file has them: {cause}") from cause


def own_options(actor: ActorSpec) -> str:
    """The options that an actor has in its scenario, as JSON."""
    return "{}" if actor.options is None else str(actor.options.model_dump_json(exclude_unset=True))


def changed_scenario(scenario: Scenario, change: Change) -> Scenario:
    """The scenario with the changed actor starting as the change says, without events.

    Raises PluginError for an unknown behaviour, InputError for options that it does not take.
    """
    actor = scenario.actors[change.row - 1]
    model = plugins.load(plugins.BEHAVIOURS, change.behaviour).Options
    try:
        options = model.model_validate_json(change.options)
    except ValidationError as fault:
        raise InputError(told(fault, model, f"{actor.name}: {change.behaviour}", json.loads(change.options))) from fault
    begun = replace(
        actor, pose=change.pose, speed_mps=change.speed_mps, behaviour=change.behaviour, options=options, lane=None
    )
    actors = (*scenario.actors[: change.row - 1], begun, *scenario.actors[change.row :])
    return replace(scenario, actors=actors, events=())
