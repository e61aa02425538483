"""Observations for learned drivers: what an Observation becomes as an array of a fixed space, by name.

Answers which observations there are, what each needs to be sensed, its exact space, and what its numbers mean. The numbers of
`vector` are in `vector.py`; `bev`, `lidar` and `camera` pass on what `raster.py`, `lidar.py` and `camera_sensor.py` measure. A space
of fixed size holds zeros where nothing came; `age` tells that from a dark picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from alpasim.errors import InputError, did_you_mean
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.senses import BevModel, CameraModel, LidarModel
from alpasim.sensors.camera import ALPAMAYO, NO_INSTANCE
from alpasim.sensors.camera_sensor import DEFAULT, camera_spec
from alpasim.sensors.raster import layer_names
from alpasim.sensors.sensor import SIGNALS
from alpasim.sensors.vector import EGO_FIELDS, LOOKAHEAD_M, NEAREST, ROUTE_FIELDS, TRACK_FIELDS, VectorEncoder
from alpasim.types import Observation

Numbers = NDArray[Any]

AGE = "age"
NOTHING_S, OLD_S = -1.0, 10.0
"""What `age` shows for a sense of which there is nothing, and for all that is as old or older [s]."""


class Encoder(Protocol):
    """Turns observations of one scenario after another into arrays of the same space."""

    def space(self) -> spaces.Box[Any]:
        """The exact space of `encode`'s arrays."""
        ...

    def reset(self, scenario: Scenario) -> None:
        """Encode drives of this scenario from now on."""
        ...

    def encode(self, observation: Observation) -> Numbers:
        """The numbers of one observation."""
        ...


def _nothing(space: spaces.Box[Any]) -> Numbers:
    """What stands in a space of fixed size for a reading that did not come."""
    return np.zeros(space.shape, space.dtype)


class BevEncoder:
    """The layers of the bird's-eye raster as they are: uint8 (layers, size, size)."""

    def __init__(self, options: BevModel | None = None) -> None:
        self.options = options or BevModel()

    def space(self) -> spaces.Box[Any]:
        """Bytes of the picture's shape."""
        size, layers = self.options.size_px, len(layer_names(self.options.past_frames))
        return spaces.Box(0, 255, (layers, size, size), np.uint8)

    def reset(self, scenario: Scenario) -> None:
        """Nothing in it depends on the scenario."""

    def encode(self, observation: Observation) -> Numbers:
        """The latest picture, as a copy of the reading that may be kept and written; all 0 where there is none."""
        reading = observation.readings.get("bev")
        return _nothing(self.space()) if reading is None else np.array(reading.arrays["layers"])


class LidarEncoder:
    """Ranges as shares of the lidar's range, 0 where nothing came back, and intensities: float32 (2, rings, azimuths)."""

    def __init__(self, options: LidarModel | None = None) -> None:
        self.options = options or LidarModel()

    def space(self) -> spaces.Box[Any]:
        """Shares in [0, 1]."""
        return spaces.Box(0.0, 1.0, (2, self.options.rings, self.options.azimuths), np.float32)

    def reset(self, scenario: Scenario) -> None:
        """Nothing in it depends on the scenario."""

    def encode(self, observation: Observation) -> Numbers:
        """The latest look; all 0, no return, where there is none."""
        if "lidar" not in observation.readings:
            return _nothing(self.space())
        arrays = observation.readings["lidar"].arrays
        numbers = np.stack((arrays["range_m"] / np.float32(self.options.range_m), arrays["intensity"]))
        return np.asarray(np.clip(numbers, 0.0, 1.0))


class CameraEncoder:
    """The one picture that a camera's options ask for: `rgb` uint8 (height, width, 3), or another channel with a last side of 1."""

    def __init__(self, name: str = "camera", options: CameraModel | None = None) -> None:
        self.options = options or CameraModel()
        self._name = name
        self._spec = camera_spec(name.partition(":")[2] or DEFAULT, self.options)
        if len(self._spec.channels) != 1:
            found = ", ".join(self._spec.channels)
            raise InputError(f"observation {name!r}: the camera takes {found}, expected one channel for one array")

    def space(self) -> spaces.Box[Any]:
        """Bytes for colours and classes, metres for depth, track numbers for instances."""
        channel = self._spec.channels[0]
        size = (self._spec.height, self._spec.width, 3 if channel == "rgb" else 1)
        if channel == "depth":
            return spaces.Box(0.0, np.inf, size, np.float32)
        if channel == "instance":
            return spaces.Box(NO_INSTANCE, np.iinfo(np.int32).max, size, np.int32)
        return spaces.Box(0, 255, size, np.uint8)

    def reset(self, scenario: Scenario) -> None:
        """Nothing in it depends on the scenario."""

    def encode(self, observation: Observation) -> Numbers:
        """The latest picture, as a copy of the reading that may be kept and written; all 0 where there is none."""
        if self._name not in observation.readings:
            return _nothing(self.space())
        picture = np.array(observation.readings[self._name].arrays[self._spec.channels[0]])
        return picture if picture.ndim == 3 else picture[..., None]


class AgeEncoder:
    """How old what is sensed is: float32 (senses,) [s], the lights first, then `needs` in their order."""

    def __init__(self, needs: Sequence[str] | None = None) -> None:
        self.senses = (SIGNALS, *(needs or ()))

    def space(self) -> spaces.Box[Any]:
        """From NOTHING_S up to OLD_S."""
        return spaces.Box(NOTHING_S, OLD_S, (len(self.senses),), np.float32)

    def reset(self, scenario: Scenario) -> None:
        """Nothing in it depends on the scenario."""

    def encode(self, observation: Observation) -> Numbers:
        """Ages by their own time stamps, NOTHING_S where a sense gives nothing."""
        return np.array([min(_age_s(observation, sense), OLD_S) for sense in self.senses], dtype=np.float32)


def _age_s(observation: Observation, sense: str) -> float:
    """Seconds since what there is of a sense was taken, NOTHING_S where there is nothing."""
    age = observation.age_s(sense)
    return NOTHING_S if math.isnan(age) else age


class ObservationKind(NamedTuple):
    """One observation of the env: how its encoder is made from its name and the sensor's options, the sensors it needs (none
    named: the sensor of its own name), and in words what it holds and in which unit."""

    make: Callable[[str, Any], Encoder]
    needs: tuple[str, ...]
    holds: str
    unit: str


OBSERVATIONS: dict[str, ObservationKind] = {
    "vector": ObservationKind(
        lambda name, options: VectorEncoder(),  # noqa: ARG005
        ("objects",),
        "ego, route ahead, goal, stop line and the nearest tracks in the rig frame",
        "as the rows below",
    ),
    "bev": ObservationKind(
        lambda name, options: BevEncoder(options),  # noqa: ARG005
        ("bev",),
        "layers " + ", ".join(layer_names(BevModel().past_frames)),
        "0 or 255; 0.5 m a pixel, ahead is up, left is left",
    ),
    "lidar": ObservationKind(
        lambda name, options: LidarEncoder(options),  # noqa: ARG005
        ("lidar",),
        "range, then intensity, of each ring (lowest first) and azimuth (counter-clockwise from ahead)",
        "share of 120 m, 0 without return; share of the light",
    ),
    "camera": ObservationKind(
        CameraEncoder,
        (),
        "what the front camera sees; camera:NAME for another one, such as " + ", ".join(ALPAMAYO[:2]),
        "red, green, blue; the upper row first",
    ),
    AGE: ObservationKind(
        lambda name, needs: AgeEncoder(needs),  # noqa: ARG005
        (),
        "how old each sense is: the lights, then what the observations beside it sense, in order (vector: objects)",
        f"s; {NOTHING_S:g}: nothing there, all 0 in its own space; {OLD_S:g}: as old or older",
    ),
}
"""Every observation of the env by name. Another is added by one more row."""


def observation_kind(name: str) -> ObservationKind:
    """The row of that name, or of the part before its colon; InputError with a suggestion."""
    if not isinstance(name, str):
        raise InputError(f"observation is {name!r}, expected a name: one of {', '.join(OBSERVATIONS)}")
    found = OBSERVATIONS.get(name) or OBSERVATIONS.get(name.partition(":")[0])
    if found is None:
        known = ", ".join(OBSERVATIONS)
        raise InputError(f"observation {name!r} is unknown{did_you_mean(name, OBSERVATIONS)}; expected one of {known}")
    return found


class Encoders:
    """The observations of one env: one by name, or several as a dict.

    `chosen` is a name or a sequence of names; `options` the sensors' options by name, which then hold whatever the scenario
    writes, as a space must not change from one scenario to the next.
    """

    def __init__(self, chosen: str | Sequence[str], options: Mapping[str, Any]) -> None:
        if not isinstance(chosen, Sequence):
            raise InputError(f"observation is {chosen!r}, expected a name or a list of {', '.join(OBSERVATIONS)}")
        self._single = chosen if isinstance(chosen, str) else None
        names = (chosen,) if isinstance(chosen, str) else tuple(dict.fromkeys(chosen))
        if not names:
            raise InputError(f"observation is empty, expected one or more of {', '.join(OBSERVATIONS)}")
        kinds = {name: observation_kind(name) for name in names}
        sensing = {name: kind.needs or (name,) for name, kind in kinds.items() if name != AGE}
        self.needs = tuple(dict.fromkeys(need for needs in sensing.values() for need in needs))
        self._encoders: dict[str, Encoder] = {
            name: kind.make(name, self.needs if name == AGE else options.get(name.partition(":")[0]))
            for name, kind in kinds.items()
        }
        fixed = {name.partition(":")[0]: getattr(encoder, "options", None) for name, encoder in self._encoders.items()}
        self.sensor_options = {**options, **{name: found for name, found in fixed.items() if found is not None}}

    def space(self) -> spaces.Space[Any]:
        """The space of one observation, or a Dict of several."""
        if self._single is not None:
            return self._encoders[self._single].space()
        return spaces.Dict({name: encoder.space() for name, encoder in self._encoders.items()})

    def ages(self, observation: Observation) -> dict[str, float]:
        """How old what is sensed is [s], by sense, NOTHING_S where there is nothing."""
        return {sense: _age_s(observation, sense) for sense in (SIGNALS, *self.needs)}

    def reset(self, scenario: Scenario) -> None:
        """Encode drives of this scenario from now on."""
        for encoder in self._encoders.values():
            encoder.reset(scenario)

    def encode(self, observation: Observation) -> Any:
        """One array, or a dict of them."""
        if self._single is not None:
            return self._encoders[self._single].encode(observation)
        return {name: encoder.encode(observation) for name, encoder in self._encoders.items()}


def _vector_rows() -> list[dict[str, str]]:
    """A line for each group of numbers of `vector`, those of points and tracks once for all of them."""
    groups = [("", EGO_FIELDS), (f"ahead.0 … {len(LOOKAHEAD_M) - 1}.", ROUTE_FIELDS)]
    groups.append((f"track.0 … {NEAREST - 1}.", TRACK_FIELDS))
    return [
        {
            "name": f"vector: {start}{field.name}",
            "space": f"{field.size} of {field.low:g} to {field.high:g}",
            "holds": f"value / {field.scale:g}",
            "unit": field.unit,
        }
        for start, fields in groups
        for field in fields
    ]


def observation_rows() -> list[dict[str, str]]:
    """A line for each observation: name, space, what it holds, unit; then one for each group of numbers of `vector`."""
    rows = []
    for name, kind in OBSERVATIONS.items():
        space = kind.make(name, None).space()
        low, high = float(space.low.min()), float(space.high.max())
        shape = " x ".join(str(size) for size in space.shape)
        rows.append(
            {
                "name": name,
                "space": f"Box {np.dtype(space.dtype)} ({shape}), {low:g} to {high:g}",
                "holds": kind.holds,
                "unit": kind.unit,
            }
        )
    return rows + _vector_rows()
