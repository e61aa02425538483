"""Where the ego believes to be: a place that drifts away from the truth, and with it everything that is placed by it.

Answers how far off the believed place is at a time, and what a state looks like to who is deceived. The heading and all speeds
stay true, and so does everything as seen from the ego: what it perceives is placed in the world beside its believed place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alpasim.memory import Memory, draw_on, draws
from alpasim.scenario.concrete import SenseFault
from alpasim.sensors.sensor import named_stream
from alpasim.types import FloatArray, Tracks, WorldState, frozen


class BelievedPlace:
    """The drift of one drive by the clock, and its noise by the stream `seed`; several faults at once add up."""

    def __init__(self, faults: Sequence[SenseFault], seed: np.random.SeedSequence) -> None:
        self._faults, self._seed = tuple(faults), seed
        self.reset()

    def reset(self) -> None:
        """The same draws again."""
        self._rng = np.random.default_rng(self._seed)

    def save(self) -> Memory:
        """The draws to come."""
        return {"draws": draws(self._rng)}

    def load(self, memory: Memory) -> None:
        """Draw on from there."""
        draw_on(self._rng, memory, "draws")

    def offset(self, time_us: int) -> FloatArray:
        """Believed less true place (3,) [m] at a time; called once a step, as the noise is drawn here."""
        off = np.zeros(3)
        for fault in self._faults:
            noise = fault.noise_sigma_m * self._rng.standard_normal(2)
            if not fault.active(time_us):
                continue
            for_s = 1e-6 * (time_us - fault.from_us)
            x, y = fault.drift_mps[0] * for_s, fault.drift_mps[1] * for_s
            far = float(np.hypot(x, y))
            share = fault.limit_m / far if far > fault.limit_m else 1.0
            off[0] += share * x + noise[0]
            off[1] += share * y + noise[1]
        return off


def believed_place(faults: Sequence[SenseFault], seed: np.random.SeedSequence) -> BelievedPlace | None:
    """How the place of a drive with these faults is believed, None where it is always the true one."""
    drifts = [fault for fault in faults if fault.kind == "gps_drift"]
    if not drifts:
        return None
    return BelievedPlace(drifts, named_stream(seed, "faults of the place"))


def believed(state: WorldState, offset: FloatArray) -> WorldState:
    """The state with everybody moved by `offset` (3,)."""
    return replace(state, position=frozen(state.position + offset))


def shifted(tracks: Tracks, offset: FloatArray) -> Tracks:
    """The list with everybody moved by `offset` (3,)."""
    return replace(tracks, position=frozen(tracks.position + offset))
