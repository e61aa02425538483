"""The concrete scenario: every range drawn, every place resolved to a pose, ready for a Simulation.

Answers "what exactly will be driven". It does not read files (`loading.py`) and does not know how ranges were written
(`schema.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from alpasim.road.network import RoadNetwork
from alpasim.types import ActorKind, FloatArray, IntArray, Route, Trajectory, VehicleParameters

CONTROL_DT_US = 100_000

OFF_ROAD_M = 5.0
"""How far the ego's box centre may be off the pavement where a scenario does not say [m]: a car may cut a corner or swerve
onto the verge and come back; one that is a whole car's length out has left the road."""
"""The control step of every scenario file [us]."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Weather and grip of the whole scene; `visibility_m` is inf in clear air, `rain` and `snow` in [0, 1], `light` is `day`,
    `night` or `low_sun`. `wind_mps` (2,) is the velocity of the air, x and y of the world. `friction_from` says whether the file
    wrote the friction or it follows from the weather (`weather.road_friction`)."""

    friction: float = 0.9
    rain: float = 0.0
    visibility_m: float = float("inf")
    snow: float = 0.0
    light: str = "day"
    wind_mps: tuple[float, float] = (0.0, 0.0)
    friction_from: Literal["written", "weather"] = "written"


@dataclass(frozen=True, slots=True)
class PerceptionChoice:
    """How well the ego perceives others: a level of `sensors/perception.py`, and the figures that the file writes itself."""

    level: str = "truth"
    written: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goal:
    """What has to be reached: any of the regions by the box centre, within the bounds that are given.

    `regions` are closed polygons (k, 2) [m]; empty where only time counts, and then the goal is to be driving, unhurt,
    when `after_s` has passed. Bounds on speed [m/s] and heading [rad, lower to upper counter-clockwise] are None where
    any will do. `after_s` and `before_s` bound the time of arrival.
    """

    regions: tuple[FloatArray, ...] = ()
    speed_mps: tuple[float, float] | None = None
    heading_rad: tuple[float, float] | None = None
    after_s: float = 0.0
    before_s: float = float("inf")


@dataclass(frozen=True, slots=True)
class Track:
    """A recorded motion: `times_us` (k,) rising, `poses` (k, 3) box centre x, y, yaw, `speed_mps` (k,)."""

    times_us: IntArray
    poses: FloatArray
    speed_mps: FloatArray


@dataclass(frozen=True, slots=True)
class EgoSpec:
    """The ego at the start: `pose` is its box centre x, y, yaw; the route is found on the road from there to the goal."""

    vehicle: VehicleParameters
    pose: tuple[float, float, float]
    speed_mps: float
    goal: Goal
    route: Route


@dataclass(frozen=True, slots=True)
class ActorSpec:
    """One actor at the start: body, box-centre pose and speed, and the behaviour that drives it.

    `behaviour` is a name of the group `alpasim.behaviours`; `options` is the instance of that behaviour's own `Options`
    model that the file's words were checked against; `track` is the recording it replays, if it does. `lane` is the id
    of the lane it was placed on, None off the lanes. `pose` x, y, yaw.
    """

    name: str
    kind: ActorKind
    extent: tuple[float, float, float]
    mass_kg: float
    friction: float
    restitution: float
    pose: tuple[float, float, float]
    speed_mps: float
    behaviour: str
    options: Any = None
    lane: str | None = None
    track: Track | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of an event: `kind` names it (`time`, `distance`, `time_headway`, `position`), `options` is its
    validated model from `scenario/schema.py`, with actor names resolved to rows in `of` and `to` (-1 where unused)."""

    kind: str
    options: Any
    of: int = -1
    to: int = -1


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an event makes an actor do: `kind` (`speed`, `change_lane`, `path`, `stop`) with its validated model."""

    row: int
    kind: str
    options: Any


@dataclass(frozen=True, slots=True)
class Event:
    """Fires once, at the first step whose state meets all conditions; its actions then change what actors do next."""

    name: str
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]


WHEELS = ("front_left", "front_right", "rear_left", "rear_right")
"""Wheels by their numbers."""


@dataclass(frozen=True, slots=True)
class EgoFault:
    """Something that fails on the ego's vehicle (`scenario/ego_faults.py` says what): from `from_us` until before `until_us`,
    None for the rest of the drive. `strength` is a share, for play an angle [rad], for delay a time [s]; `wheel` counts front
    left, front right, rear left, rear right, -1 where the fault has none."""

    kind: str
    from_us: int
    until_us: int | None
    strength: float
    wheel: int = -1

    def active(self, time_us: int) -> bool:
        """Whether it is there at a time."""
        return self.from_us <= time_us and (self.until_us is None or time_us < self.until_us)


@dataclass(frozen=True, slots=True)
class SenseFault:
    """Something that fails on the ego's senses (`scenario/sense_faults.py` says what): from `from_us` until before `until_us`,
    None for the rest of the drive.

    `sensor` is `all`, `objects`, `signals`, or a sensor's name or the part of it before the colon; empty where the fault is of
    the ego's place or speed. `lost` is the share of frames that stay away; `stale_stamp` says whether a frozen frame keeps its time;
    `delay_us` is how late frames come. The believed place moves at `drift_mps` (2,), x and y of the world, until it is `limit_m`
    off, with noise of `noise_sigma_m` along each axis. The believed speed is `scale` times the true one and `bias_mps` more, or, where
    it is `frozen`, what it was.
    """

    kind: str
    from_us: int
    until_us: int | None
    sensor: str = ""
    lost: float = 0.0
    stale_stamp: bool = True
    delay_us: int = 0
    drift_mps: tuple[float, float] = (0.0, 0.0)
    limit_m: float = float("inf")
    noise_sigma_m: float = 0.0
    scale: float = 1.0
    bias_mps: float = 0.0
    frozen: bool = False

    def active(self, time_us: int) -> bool:
        """Whether it is there at a time."""
        return self.from_us <= time_us and (self.until_us is None or time_us < self.until_us)

    def concerns(self, name: str) -> bool:
        """Whether it is of the sensor, or of `objects` or `signals`, of that name."""
        return self.sensor in ("all", name, name.partition(":")[0])


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing a good drive shows: `metric` compared (`at_least` or `at_most`) with `bound`; `text` as the file has it."""

    text: str
    metric: str
    comparison: str
    bound: float
    required: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """One concrete scenario. `source` is the file it came from; `inputs` holds the bytes of every file it was read from,
    by name relative to the source's folder, so that a log can carry them. `content_hash` covers the inputs, the seed and
    the values drawn, and nothing of where the files lie. `sensors` holds the options of sensors by name, as instances of the
    models in `senses.py`; a sensor that is not named there has its defaults."""

    name: str
    title: str
    source: str
    seed: int
    content_hash: str
    road: RoadNetwork
    ego: EgoSpec
    actors: tuple[ActorSpec, ...]
    events: tuple[Event, ...] = ()
    faults: tuple[EgoFault, ...] = ()
    sense_faults: tuple[SenseFault, ...] = ()
    expect: tuple[Expectation, ...] = ()
    environment: Environment = field(default_factory=Environment)
    perception: PerceptionChoice = field(default_factory=PerceptionChoice)
    sensors: Mapping[str, Any] = field(default_factory=dict)
    time_limit_s: float = 30.0
    off_road_m: float = OFF_ROAD_M
    dt_us: int = CONTROL_DT_US
    substeps: int = 10
    tags: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, float | int | str] = field(default_factory=dict)
    reference: Trajectory | None = None
    inputs: Mapping[str, bytes] = field(default_factory=dict)
    ids: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Actor ids in row order, the ego first; asked for several times a step."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", ("ego", *(actor.name for actor in self.actors)))
