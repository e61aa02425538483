"""The random streams of a rollout: one for each purpose, all from the scenario's seed.

Answers where random numbers come from, so that a rollout repeats and one purpose does not move another's draws. Who draws
what is each room's own matter; a sensor splits the senses' stream by its name (`sensors/sensor.py`).
"""

from __future__ import annotations

import hashlib

import numpy as np

from alpasim.scenario.concrete import Scenario

POLICY_STREAM, SENSOR_STREAM, TRAFFIC_STREAM = 0, 1, 2


def stream(seed: int | tuple[int, int], purpose: int) -> np.random.SeedSequence:
    """The random stream of one purpose; streams do not move when another purpose draws more or less."""
    return np.random.SeedSequence(seed, spawn_key=(purpose,))


def traffic_stream(scenario: Scenario) -> np.random.SeedSequence:
    """What behaviours draw from."""
    return stream(scenario.seed, TRAFFIC_STREAM)


def sensor_stream(scenario: Scenario) -> np.random.SeedSequence:
    """What the ego's senses draw from."""
    return stream(_hidden_seed(scenario), SENSOR_STREAM)


def policy_seed(scenario: Scenario) -> int:
    """The seed that a policy is told."""
    return int(stream(_hidden_seed(scenario), POLICY_STREAM).generate_state(1)[0])


def _hidden_seed(scenario: Scenario) -> tuple[int, int]:
    """Seed of the streams whose numbers a policy sees: mixed with the scenario's files, which it does not know.

    Otherwise trying a few thousand seeds would tell the one that was drawn, and from it the rows behind track ids. Values
    set by hand do not count, so that a sweep over a parameter keeps its noise.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(scenario.inputs):
        digest.update(len(scenario.inputs[name]).to_bytes(8, "little"))
        digest.update(scenario.inputs[name])
    return (scenario.seed, int.from_bytes(digest.digest(), "little"))
