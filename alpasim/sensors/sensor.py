"""What a further sensor is, and what it is made from; the sensors that there are stand in `suite.py`."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from alpasim.scenario.concrete import Scenario
from alpasim.types import IntArray, Reading, Tracks, WorldState

OBJECTS, SIGNALS = "objects", "signals"
"""The object list: not a Reading but the Observation's own `tracks`, and what a policy gets that says nothing. Signals come
unasked, and can fail like a sensor."""


def named_stream(seed: np.random.SeedSequence, name: str) -> np.random.SeedSequence:
    """A stream of draws that belongs to a name alone, whichever others are asked for."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, 1 + zlib.crc32(name.encode())))


class Sensor(Protocol):
    """One further sensor of one scenario.

    `observe` is called at time zero and then once every `period_us`, a whole multiple of the control step; its Reading holds
    read-only arrays. `reset` starts its random draws again. One that offers `save()` and `load(memory)` (`alpasim.memory`)
    can be part of a snapshot.
    """

    name: str
    period_us: int

    def reset(self, state: WorldState) -> None:
        """Start of a rollout at `state`."""
        ...

    def observe(self, state: WorldState) -> Reading:
        """What it measures of `state`."""
        ...


@dataclass(frozen=True, slots=True)
class SensorContext:
    """What a factory makes a sensor from.

    `options` is what the scenario or the caller wrote for it, None for the defaults; `seed` a stream of its own; `track_ids`
    gives the present track number of every row, `tracks` the object list as it is perceived at the step being observed.
    """

    name: str
    scenario: Scenario
    options: Any
    seed: np.random.SeedSequence
    track_ids: Callable[[], IntArray]
    tracks: Callable[[], Tracks]


@dataclass(frozen=True, slots=True)
class SensorKind:
    """How sensors of one name are made, whether they draw on the object list, and whether they place what they show by where the
    ego believes to be (then `observe` gets the state as believed; a sensor on the vehicle gets the true one)."""

    make: Callable[[SensorContext], Sensor]
    uses_tracks: bool = False
    uses_place: bool = False
