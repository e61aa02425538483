"""Where the ego believes to be, and how fast: a place that drifts from the truth, a speedometer that is wrong, and what follows.

Answers how far off the believed place and speed are at a time, and what a state looks like to who is deceived. Everything stays true
as seen from the ego: what it perceives is placed in the world beside its believed place, and moves there by how it moves against
the ego, at the speed that the ego believes in. Heading, turning and accelerations stay true.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alpasim.memory import Memory, draw_on, draws, read
from alpasim.scenario.concrete import SenseFault
from alpasim.sensors.sensor import named_stream
from alpasim.types import EGO, FloatArray, Tracks, WorldState, frozen


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


class BelievedSpeed:
    """The forward speed that the ego's speedometer shows. Of several faults at once each acts on what the one before it shows; while
    one is frozen, the last speed shown stays."""

    def __init__(self, faults: Sequence[SenseFault]) -> None:
        self._faults = tuple(faults)
        self.reset()

    def reset(self) -> None:
        """Nothing has been shown yet."""
        self._shown_mps = math.nan

    def save(self) -> Memory:
        """What was shown last."""
        return {"shown_mps": self._shown_mps}

    def load(self, memory: Memory) -> None:
        """Go on from there."""
        self._shown_mps = read(memory, "shown_mps", float)

    def error(self, time_us: int, speed_mps: float) -> float:
        """Shown less true forward speed [m/s] at a time; called once a step."""
        there = [fault for fault in self._faults if fault.active(time_us)]
        shown = speed_mps
        for fault in there:
            shown = fault.scale * shown + fault.bias_mps
        if any(fault.frozen for fault in there) and not math.isnan(self._shown_mps):
            shown = self._shown_mps
        self._shown_mps = shown
        return shown - speed_mps


def believed_speed(faults: Sequence[SenseFault]) -> BelievedSpeed | None:
    """How the speed of a drive with these faults is believed, None where it is always the true one."""
    wrong = [fault for fault in faults if fault.kind == "speedometer"]
    return BelievedSpeed(wrong) if wrong else None


def at_speed(state: WorldState, error_mps: float) -> WorldState:
    """The state of an ego that believes to drive faster by that."""
    velocity = state.ego.velocity_in_rig + np.array((error_mps, 0.0, 0.0))
    return replace(state, ego=replace(state.ego, velocity_in_rig=frozen(velocity)))


def carried(tracks: Tracks, state: WorldState, error_mps: float) -> Tracks:
    """The list of an ego that believes to drive faster by that: everybody's velocity was measured against its own."""
    yaw = float(state.yaw[EGO])
    more = error_mps * np.array((math.cos(yaw), math.sin(yaw), 0.0))
    return replace(tracks, velocity=frozen(tracks.velocity + more))
