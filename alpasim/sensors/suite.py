"""The ego's senses as one: which sensors there are, which of them were asked for, and when each looks.

Answers "what does the ego know now" with an Observation. What a sensor measures is its own file's matter. A sensor is made
by a factory from its name; one whose name has a colon (`camera:front`) comes from the factory of the part before it.
Factories for what this room may not import (a camera over a renderer) are handed in by the Simulation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from alpasim.errors import InputError, RecordingError, did_you_mean
from alpasim.memory import Memory, can_remember, read, remembering
from alpasim.scenario.concrete import Scenario
from alpasim.sensors.believing import (
    BelievedPlace,
    BelievedSpeed,
    at_speed,
    believed,
    believed_place,
    believed_speed,
    carried,
)
from alpasim.sensors.failing import (
    COLOURS,
    LISTS,
    READINGS,
    Colours,
    Feed,
    Perceived,
    feed_of,
    load_reading,
    save_reading,
)
from alpasim.sensors.lidar import Lidar
from alpasim.sensors.objects import ObjectSensor
from alpasim.sensors.perception import NO_TRACKS, TRUTH, Perception, figures_of, sight_of
from alpasim.sensors.raster import Bev
from alpasim.sensors.sensor import OBJECTS, SIGNALS, Sensor, SensorContext, SensorKind, named_stream
from alpasim.types import EGO, IntArray, Observation, Reading, SignalColour, Tracks, WorldState, frozen
from alpasim.vehicle.frames import rig_from_box

__all__ = ["OBJECTS", "Senses", "Sensor", "SensorContext", "SensorKind", "built_in"]


def built_in() -> dict[str, SensorKind]:
    """The sensors that need nothing from outside this room, by name."""
    return {"lidar": SensorKind(Lidar), "bev": SensorKind(Bev, uses_tracks=True, uses_place=True)}


class Senses:
    """Everything that the ego perceives in one scenario: the object list and the further sensors asked for by name.

    `seed` is the rollout's stream for senses. `options` replaces the scenario's own options of a sensor; `kinds` adds to
    the built-in ones. Raises InputError for a name that no factory knows, and for options that make no sense.
    """

    def __init__(
        self,
        scenario: Scenario,
        names: Sequence[str],
        seed: np.random.SeedSequence,
        *,
        options: Mapping[str, Any] | None = None,
        kinds: Mapping[str, SensorKind] | None = None,
    ) -> None:
        self.names = tuple(dict.fromkeys(names))
        figures = figures_of(scenario)
        self.sight = sight_of(scenario)
        self._objects = ObjectSensor(scenario, np.random.default_rng(seed))
        self._perception = self._objects if figures == TRUTH else Perception(scenario, seed, figures)
        self._tracks: Tracks = NO_TRACKS
        known = {**built_in(), **(kinds or {})}
        written = {**scenario.sensors, **(options or {})}
        asked = [(name, _kind(name, known)) for name in self.names if name != OBJECTS]
        self._perceives = OBJECTS in self.names or any(kind.uses_tracks for _, kind in asked)
        self._shows = OBJECTS in self.names
        self._sensors = [
            kind.make(
                SensorContext(
                    name=name,
                    scenario=scenario,
                    options=written.get(name, written.get(name.partition(":")[0])),
                    seed=named_stream(seed, name),
                    track_ids=self._perception.current_ids,
                    tracks=lambda: self._tracks,
                )
            )
            for name, kind in asked
        ]
        self._placed = frozenset(name for name, kind in asked if kind.uses_place)
        self._latest: dict[str, Reading] = {}
        self._before: Memory = {}
        self._vehicle = scenario.ego.vehicle
        faults = scenario.sense_faults
        self._believed, self._speed = believed_place(faults, seed), believed_speed(faults)
        self._lists = feed_of(OBJECTS, faults, seed, LISTS)
        self._colours = feed_of(SIGNALS, faults, seed, COLOURS)
        feeds = {name: feed_of(name, faults, seed, READINGS) for name, _ in asked}
        self._feeds = {name: feed for name, feed in feeds.items() if feed is not None}
        parts: dict[str, BelievedPlace | BelievedSpeed | Feed[Any] | None] = {
            "place": self._believed,
            "speed": self._speed,
            "lists": self._lists,
            "colours": self._colours,
        }
        parts |= {f"sensor {name}": feed for name, feed in self._feeds.items()}
        self._failing = {name: part for name, part in parts.items() if part is not None}

    @property
    def track_rows(self) -> dict[int, int]:
        """Which actor row stands behind each track number: for the log and for checks, never for a policy."""
        return self._perception.track_rows

    def reset(self, state: WorldState) -> None:
        """Start of a rollout at `state`."""
        self._objects.reset()
        if self._perception is not self._objects:
            self._perception.reset()
        self._latest = {}
        for part in self._failing.values():
            part.reset()
        for sensor in self._sensors:
            sensor.reset(state)

    def save(self, looked: bool) -> Memory:
        """What the senses remembered before they looked at the present state, whether or not they have `looked`.

        Loaded again they look at that state again and see the same; or see what has become of it by then. Raises
        InputError where a sensor keeps no memory that can be saved.
        """
        for sensor in self._sensors:
            remembering(sensor, f"sensor {sensor.name!r}")
        return self._before if looked else self._memory()

    def load(self, memory: Memory) -> None:
        """Go on from what `save` returned; after `reset`."""
        self._objects.load(read(memory, "place", dict))
        if isinstance(self._perception, Perception):
            self._perception.load(read(memory, "perception", dict))
        sensors = read(memory, "sensors", dict)
        for sensor in self._sensors:
            remembering(sensor, f"sensor {sensor.name!r}").load(read(sensors, sensor.name, dict))
        latest, self._latest = read(memory, "latest", dict), {}
        if not set(latest) <= {sensor.name for sensor in self._sensors}:
            raise RecordingError(f"snapshot: readings of {', '.join(latest)}; sensors here: {', '.join(self.names)}")
        for sensor in self._sensors:
            if sensor.name in latest:
                self._latest[sensor.name] = load_reading(read(latest, sensor.name, dict))
        failing = read(memory, "failing", dict)
        for name, part in self._failing.items():
            part.load(read(failing, name, dict))

    def _memory(self) -> Memory:
        """What all parts remember; None stands for a sensor that cannot say."""
        return {
            "place": self._objects.save(),
            "perception": self._perception.save() if isinstance(self._perception, Perception) else None,
            "sensors": {sensor.name: sensor.save() if can_remember(sensor) else None for sensor in self._sensors},
            "latest": {name: save_reading(reading) for name, reading in self._latest.items()},
            "failing": {name: part.save() for name, part in self._failing.items()},
        }

    def observe(self, state: WorldState) -> Observation:
        """What the ego knows of `state`; called once for each control step, in order."""
        self._before = self._memory()
        offset = None if self._believed is None else self._believed.offset(state.time_us)
        known = state if offset is None else believed(state, offset)
        self._tracks = self._perception.perceive(state, offset) if self._perceives else NO_TRACKS
        if self._speed is not None:
            error_mps = self._speed.error(state.time_us, state.ego.speed_mps)
            known, self._tracks = at_speed(known, error_mps), carried(self._tracks, state, error_mps)
        for sensor in self._sensors:
            looks = state.time_us % sensor.period_us == 0
            taken = sensor.observe(known if sensor.name in self._placed else state) if looks else None
            self._receive(sensor.name, state.time_us, taken)
        taken_us: dict[str, int] = {}
        tracks = self._received_tracks(known, taken_us) if self._shows else NO_TRACKS
        signals = self._received_colours(state, taken_us)
        # In the order of the sensors, whichever was missing for a while.
        readings = {one.name: self._latest[one.name] for one in self._sensors if one.name in self._latest}
        taken_us |= {name: reading.time_us for name, reading in readings.items()}
        return self._objects.observe(known, tracks, readings, signals, taken_us)

    def _received_tracks(self, known: WorldState, stamps: dict[str, int]) -> Tracks:
        """The object list as it reaches the driver, who believes in the state `known`; when it was taken goes into `stamps`."""
        tracks, taken_us = self._tracks, self._perception.taken_us(known.time_us)
        if self._lists is not None:
            rig = frozen(rig_from_box(known.position[EGO], float(known.yaw[EGO]), self._vehicle))
            got = self._lists.pass_on(known.time_us, Perceived(tracks, rig, taken_us))
            tracks, taken_us = (NO_TRACKS, None) if got is None else (got.tracks, got.taken_us)
        if taken_us is not None:
            stamps[OBJECTS] = taken_us
        return tracks

    def _received_colours(self, state: WorldState, stamps: dict[str, int]) -> IntArray:
        """The lights' colours as they reach the driver; when they were seen goes into `stamps`."""
        seen: Colours | None = Colours(state.signals, state.time_us)
        if self._colours is not None:
            seen = self._colours.pass_on(state.time_us, Colours(state.signals, state.time_us))
        if seen is None:
            return frozen(np.full_like(state.signals, SignalColour.OFF))
        stamps[SIGNALS] = seen.taken_us
        return seen.colours

    def _receive(self, name: str, time_us: int, taken: Reading | None) -> None:
        """Keep what the driver has of a sensor now, at whose time it took a reading or None."""
        feed = self._feeds.get(name)
        reading = taken if feed is None else feed.pass_on(time_us, taken)
        if reading is not None:
            self._latest[name] = reading
        elif feed is not None:
            self._latest.pop(name, None)


def _kind(name: str, known: Mapping[str, SensorKind]) -> SensorKind:
    family = name.partition(":")[0]
    found = known.get(name) or (known.get(family) if family != name else None)
    if found is None:
        names = (OBJECTS, *known)
        raise InputError(f"unknown sensor {name!r}{did_you_mean(name, names)}; known: {', '.join(names)}")
    return found
