"""The ego's senses over a Simulation's life: which are asked for, from one scenario to the next, and what they told last.

Answers "what does the ego know now" once a step, however often it is asked. What the senses of one scenario perceive is the
matter of `suite.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from alpasim.memory import Memory
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.senses import sensor_options
from alpasim.sensors.sensor import SensorKind
from alpasim.sensors.suite import Senses
from alpasim.types import Observation, Sight, WorldState


class Sensing:
    """Senses by `names`, made anew for every scenario; `set_in` one, then `reset`, then `observe` each state in order.

    `options` replaces what a scenario writes under `sensors`, by the same keys; `kinds` are the sensors that need what this
    room may not import. Raises InputError for options that make no sense.
    """

    _scenario: Scenario
    _seed: np.random.SeedSequence
    _senses: Senses
    _observation: Observation | None = None

    def __init__(self, names: Sequence[str], options: Mapping[str, Any], kinds: Mapping[str, SensorKind]) -> None:
        self._asked = tuple(names)
        self._options = sensor_options(options)
        self._kinds = kinds

    def set_in(self, scenario: Scenario, seed: np.random.SeedSequence) -> None:
        """Perceive in a scenario from now on; InputError for a sensor that does not exist."""
        self._scenario, self._seed = scenario, seed
        self._senses = self._made(self._asked)
        self._observation = None

    def use(self, names: Sequence[str], state: WorldState | None) -> None:
        """Perceive with these sensors from now on, each as after a reset at `state`, if there is one yet; InputError, and
        nothing is changed, for one that does not exist."""
        if tuple(names) == self._asked:
            return
        self._senses, self._asked = self._made(names), tuple(names)
        if state is not None:
            self.reset(state)

    def _made(self, names: Sequence[str]) -> Senses:
        return Senses(self._scenario, names, self._seed, options=self._options, kinds=self._kinds)

    @property
    def names(self) -> tuple[str, ...]:
        """What is perceived with, each sensor once."""
        return self._senses.names

    @property
    def sight(self) -> Sight:
        """What a policy is told of the object list before the drive."""
        return self._senses.sight

    @property
    def track_rows(self) -> dict[int, int]:
        """Which actor row stands behind each track number."""
        return self._senses.track_rows

    def reset(self, state: WorldState) -> None:
        """Start of a rollout at `state`."""
        self._senses.reset(state)
        self._observation = None

    def observe(self, state: WorldState) -> Observation:
        """What the ego knows of `state`, which is the same one until `forget`."""
        if self._observation is None:
            self._observation = self._senses.observe(state)
        return self._observation

    def forget(self) -> None:
        """The present state is another one now: look again when asked."""
        self._observation = None

    def save(self) -> Memory:
        """What the senses remembered before they looked at the present state; InputError where one cannot be saved."""
        return self._senses.save(self._observation is not None)

    def load(self, memory: Memory) -> None:
        """Go on from what `save` returned; after `reset`."""
        self._senses.load(memory)
        self._observation = None
