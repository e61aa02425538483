"""Senses that fail: frames that stay away, that repeat, and that come late, on the way from one sensor to the driver.

Answers which frame reaches the driver at a time, from the frames that were taken and the faults of the scenario. A place that is
believed wrongly is the matter of `believing.py`.

A frame passes three things in this order. Frozen: the last frame from before the fault goes on in its place (the first one, where
there was none), either as it was or as if it had been taken now. Lost: nothing goes on, which the driver gets as well. Late: it
waits; what was taken later and arrives earlier makes it void. The driver has what arrived last. Faults of one kind at once: the
chances of getting through multiply, the longest delay counts, and one old time stamp is enough for an old one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from alpasim.memory import Memory, array, draw_on, draws, finite, read
from alpasim.scenario.concrete import SenseFault
from alpasim.sensors.perception import load_tracks, save_tracks
from alpasim.sensors.sensor import named_stream
from alpasim.types import FloatArray, IntArray, Reading, Tracks, frozen

Frame = TypeVar("Frame")

ALIASES = {"camera": "camera:front"}
"""Sensors that a shorter name means too."""


class Perceived(NamedTuple):
    """An object list, where the ego believed its rig (4,) to be at that moment, and when it was taken, None for none yet."""

    tracks: Tracks
    rig: FloatArray
    taken_us: int | None


class Colours(NamedTuple):
    """The lights' colours (m,), and when they were seen."""

    colours: IntArray
    taken_us: int


@dataclass(frozen=True, slots=True)
class Handling(Generic[Frame]):
    """What can be done with frames of one kind: an old one as if it were the one taken now, and both ways of its memory."""

    renewed: Callable[[Frame, Frame], Frame]
    saved: Callable[[Frame], Memory]
    loaded: Callable[[Memory], Frame]


class Feed(Generic[Frame]):
    """The way of one sensor's frames to the driver. `faults` are those that concern it, `seed` is its own stream."""

    def __init__(self, faults: Sequence[SenseFault], seed: np.random.SeedSequence, handling: Handling[Frame]) -> None:
        self._faults, self._seed, self._handling = tuple(faults), seed, handling
        self._freezes = any(fault.kind == "frozen_frame" for fault in faults)
        self.reset()

    def reset(self) -> None:
        """Start of the rollout: nothing on its way, the same draws to come."""
        self._rng = np.random.default_rng(self._seed)
        self._last: Frame | None = None
        self._current: Frame | None = None
        self._waiting: list[tuple[int, int, Frame | None]] = []

    def pass_on(self, time_us: int, frame: Frame | None) -> Frame | None:
        """What the driver has at a time at which `frame` was taken, None where the sensor did not look; called once a step."""
        if frame is not None:
            self._waiting.append(self._sent(time_us, frame))
        void = -1
        for taken_us, arrives_us, sent in self._waiting:
            if arrives_us <= time_us:
                void, self._current = taken_us, sent
        if void >= 0:
            self._waiting = [packet for packet in self._waiting if packet[0] > void]
        return self._current

    def _sent(self, time_us: int, frame: Frame) -> tuple[int, int, Frame | None]:
        """When the frame was taken, when it arrives, and what is left of it."""
        there = [fault for fault in self._faults if fault.active(time_us)]
        frozen_now = [fault for fault in there if fault.kind == "frozen_frame"]
        if frozen_now and self._last is not None:
            stale = any(fault.stale_stamp for fault in frozen_now)
            frame = self._last if stale else self._handling.renewed(self._last, frame)
        elif self._freezes:
            self._last = frame
        passes = 1.0
        for fault in there:
            passes *= 1.0 - fault.lost
        late_us = max((fault.delay_us for fault in there), default=0)
        return time_us, time_us + late_us, frame if self._rng.random() < passes else None

    def save(self) -> Memory:
        """Draws to come, the frame that would be repeated, the one that the driver has, and those on their way."""
        return {
            "draws": draws(self._rng),
            "last": self._saved(self._last),
            "current": self._saved(self._current),
            "waiting": [
                {"taken_us": taken_us, "arrives_us": arrives_us, "frame": self._saved(sent)}
                for taken_us, arrives_us, sent in self._waiting
            ],
        }

    def load(self, memory: Memory) -> None:
        """Go on from there."""
        draw_on(self._rng, memory, "draws")
        self._last, self._current = self._loaded(memory, "last"), self._loaded(memory, "current")
        self._waiting = [
            (read(packet, "taken_us", int), read(packet, "arrives_us", int), self._loaded(packet, "frame"))
            for packet in read(memory, "waiting", list)
        ]

    def _saved(self, frame: Frame | None) -> Memory | None:
        return None if frame is None else self._handling.saved(frame)

    def _loaded(self, memory: Memory, name: str) -> Frame | None:
        return None if memory.get(name) is None else self._handling.loaded(read(memory, name, dict))


def feed_of(
    name: str, faults: Sequence[SenseFault], seed: np.random.SeedSequence, handling: Handling[Frame]
) -> Feed[Frame] | None:
    """The feed of the sensor of that name, None where nothing of it ever fails. Its draws are of a stream of its name's own."""
    names = (name, ALIASES.get(name, name))
    concerned = [fault for fault in faults if fault.sensor and any(fault.concerns(one) for one in names)]
    if not concerned:
        return None
    return Feed(concerned, named_stream(seed, f"faults of {name}"), handling)


def moved_along(old: Perceived, now: Perceived) -> Perceived:
    """An old list as a driver has it who takes it for new: everything where it was as seen from the ego, which has moved on."""
    turn = float(now.rig[3] - old.rig[3])
    tracks, cos, sin = old.tracks, np.cos(turn), np.sin(turn)

    def turned(vectors: FloatArray) -> FloatArray:
        x, y, z = vectors.T
        return np.stack((cos * x - sin * y, sin * x + cos * y, z), axis=1)

    return Perceived(
        Tracks(
            ids=tracks.ids,
            kinds=tracks.kinds,
            position=frozen(turned(tracks.position - old.rig[:3]) + now.rig[:3]),
            yaw=frozen(tracks.yaw + turn),
            velocity=frozen(turned(tracks.velocity)),
            extent=tracks.extent,
        ),
        now.rig,
        now.taken_us,
    )


def _save_perceived(frame: Perceived) -> Memory:
    return {"rig": frame.rig, "taken_us": frame.taken_us, **save_tracks(frame.tracks)}


def _load_perceived(memory: Memory) -> Perceived:
    taken_us = None if memory.get("taken_us") is None else read(memory, "taken_us", int)
    return Perceived(load_tracks(memory), frozen(finite(memory, "rig", (4,))), taken_us)


def save_reading(reading: Reading) -> Memory:
    """A reading as a memory. Names and arrays apart: a file does not keep the order of a dict, and a driver may go by it."""
    return {"time_us": reading.time_us, "names": [*reading.arrays], "arrays": [*reading.arrays.values()]}


def load_reading(memory: Memory) -> Reading:
    """The reading that `save_reading` was given."""
    named = zip(read(memory, "names", list), read(memory, "arrays", list), strict=True)
    return Reading(read(memory, "time_us", int), {key: frozen(one.copy()) for key, one in named})


LISTS: Handling[Perceived] = Handling(moved_along, _save_perceived, _load_perceived)
READINGS: Handling[Reading] = Handling(lambda old, now: Reading(now.time_us, old.arrays), save_reading, load_reading)
COLOURS: Handling[Colours] = Handling(
    lambda old, now: Colours(old.colours, now.taken_us),
    lambda seen: {"colours": seen.colours, "taken_us": seen.taken_us},
    lambda memory: Colours(frozen(array(memory, "colours", np.int64, (-1,))), read(memory, "taken_us", int)),
)
