"""The scenario file, key by key: what may be written, in which unit, within which limits.

Answers "is this a scenario" once every `$parameter` has been replaced by a value. It does not read files (`loading.py`), does
not know a road's geometry (`placing.py`, `checks.py`), and leaves the options of a behaviour to the behaviour itself.
Events and their parts are in `triggers.py`, the bricks in `values.py`.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from alpasim.road.pieces import RoadModel
from alpasim.scenario.triggers import (
    ACTION_KINDS,
    CONDITION_KINDS,
    ActionModel,
    ChangeLaneAction,
    ConditionModel,
    DistanceCondition,
    EventModel,
    PathAction,
    PositionCondition,
    SpeedAction,
    StopAction,
    TimeCondition,
    TimeHeadwayCondition,
    Waypoint,
)
from alpasim.scenario.values import (
    MPS_PER_KPH,
    Coordinate,
    Degrees,
    Distance,
    Duration,
    Friction,
    Lane,
    Mass,
    Model,
    Name,
    Offset,
    Polygon,
    Positive,
    RelativeLane,
    Sha256,
    Share,
    Size,
    SpeedKph,
    SpeedMps,
    Text,
    WithSpeed,
    exactly_one,
)

__all__ = [
    "ACTION_KINDS",
    "CONDITION_KINDS",
    "SCHEMA",
    "ActionModel",
    "ActorModel",
    "ChangeLaneAction",
    "ConditionModel",
    "DistanceCondition",
    "EgoModel",
    "EventModel",
    "ExpectModel",
    "FileModel",
    "GoalModel",
    "ParameterModel",
    "PathAction",
    "PlaceModel",
    "PositionCondition",
    "ScenarioModel",
    "SpeedAction",
    "StopAction",
    "SuiteModel",
    "SurfaceModel",
    "TimeCondition",
    "TimeHeadwayCondition",
    "Waypoint",
]

SCHEMA = "alpasim/scenario@1"
SUITE_SCHEMA = "alpasim/suite@1"

KindWord = Literal[
    "car", "van", "truck", "bus", "train", "motorcycle", "bicycle", "pedestrian", "animal", "debris", "cone", "barrier",
    "unknown",
]  # fmt: skip
SurfaceWord = Literal["ice", "snow", "wet", "oil", "gravel", "sand", "mud", "leaves", "patch"]
ParameterWord = Annotated[str, StringConstraints(min_length=1, max_length=200)]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class FileModel(Model):
    """Another file beside the scenario, by a path inside its folder or as `asset:` and a packaged name."""

    file: FileName
    sha256: Sha256 | None = None


class ParameterModel(Model):
    """What a parameter is drawn from: evenly between two numbers, or one of a list."""

    uniform: tuple[float, float] | None = None
    choice: Annotated[tuple[bool | int | float | ParameterWord, ...], Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> ParameterModel:
        exactly_one(self, "uniform", "choice")
        if self.uniform is not None and not self.uniform[0] <= self.uniform[1]:
            raise ValueError(f"found uniform: [{self.uniform[0]:g}, {self.uniform[1]:g}], expected the lower bound first")
        return self


def _parameter_form(value: Any) -> Literal["<range>", "<constant>"]:
    return "<range>" if isinstance(value, dict | ParameterModel) else "<constant>"


Parameter = Annotated[
    Annotated[ParameterModel, Tag("<range>")] | Annotated[bool | int | float | ParameterWord, Tag("<constant>")],
    Discriminator(_parameter_form),
]


class TagsModel(Model):
    """How a scenario is found again: its family, where the situation comes from, and which PEGASUS layers it uses."""

    family: Name | None = None
    sources: tuple[Text, ...] = ()
    layers: tuple[Annotated[int, Field(ge=1, le=6)], ...] = ()
    keywords: tuple[Text, ...] = ()


class EnvironmentModel(Model):
    """Weather and grip of the whole scene."""

    friction: Friction = 0.9
    rain: Share = 0.0
    visibility_m: Positive | None = None


class SurfaceModel(Model):
    """A patch of other grip: a stretch of a course (of one lane, or of all of them), or a polygon in world coordinates.

    `left_m` and `right_m` say how far the patch reaches from the lane's centre line; without them it covers the lane.
    """

    kind: SurfaceWord = "patch"
    friction: Friction
    course: str = "main"
    lane: Lane | None = None
    from_s_m: Offset | None = None
    to_s_m: Offset | None = None
    left_m: Offset | None = None
    right_m: Offset | None = None
    polygon: Polygon | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> SurfaceModel:
        stretch = (self.from_s_m, self.to_s_m)
        if self.polygon is None and None in stretch:
            raise ValueError("expected the patch's place: from_s_m and to_s_m, or polygon")
        if self.polygon is not None and any(value is not None for value in (*stretch, self.lane, self.left_m, self.right_m)):
            raise ValueError("found polygon beside a stretch of road, expected only one of them")
        if self.from_s_m is not None and self.to_s_m is not None and self.from_s_m >= self.to_s_m:
            raise ValueError(f"found from_s_m {self.from_s_m:g} and to_s_m {self.to_s_m:g}, expected from_s_m to be less")
        if self.lane is None and (self.left_m is not None or self.right_m is not None):
            raise ValueError("left_m and right_m count from a lane's centre line, expected lane beside them")
        return self


class PoseModel(Model):
    """A box centre in world coordinates; `yaw_deg` counts counter-clockwise from east."""

    x_m: Coordinate
    y_m: Coordinate
    yaw_deg: Degrees = 0.0

    @property
    def pose(self) -> tuple[float, float, float]:
        """x, y [m] and yaw [rad]."""
        return (self.x_m, self.y_m, math.radians(self.yaw_deg))


class RangeOfSpeed(Model):
    """Bounds on speed, in either unit."""

    speed_kph: tuple[SpeedKph, SpeedKph] | None = None
    speed_mps: tuple[SpeedMps, SpeedMps] | None = None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Lower and upper speed [m/s], None where any will do."""
        if self.speed_kph is not None:
            return (self.speed_kph[0] * MPS_PER_KPH, self.speed_kph[1] * MPS_PER_KPH)
        return self.speed_mps


class GoalModel(RangeOfSpeed):
    """What the ego has to reach with its box centre: a stretch of `length_m` from `s_m` on along a course (in one lane, or
    in any of its direction), one of several `regions`, a circle of `radius_m`, or only a time `after_s`."""

    course: str = "main"
    lane: Lane | None = None
    s_m: Offset | None = None
    length_m: Annotated[float, Field(ge=1.0, le=10_000.0)] = 15.0
    regions: Annotated[tuple[Polygon, ...], Field(min_length=1, max_length=10_000)] | None = None
    x_m: Coordinate | None = None
    y_m: Coordinate | None = None
    radius_m: Positive | None = None
    heading_rad: tuple[float, float] | None = None
    heading_deg: tuple[Degrees, Degrees] | None = None
    after_s: Duration = 0.0
    before_s: Duration | None = None

    @model_validator(mode="after")
    def _consistent(self) -> GoalModel:
        around = [self.x_m, self.y_m, self.radius_m]
        if any(value is not None for value in around) and any(value is None for value in around):
            raise ValueError("expected x_m, y_m and radius_m together")
        if any(value is not None for value in (self.s_m, self.regions, self.radius_m)):
            exactly_one(self, "s_m", "regions", "radius_m")
        elif not self.after_s and self.before_s is None:
            raise ValueError("expected something to reach: s_m, regions, x_m with y_m and radius_m, or after_s")
        for first, second in (("speed_kph", "speed_mps"), ("heading_rad", "heading_deg")):
            if getattr(self, first) is not None and getattr(self, second) is not None:
                raise ValueError(f"found {first} and {second}, expected only one of them")
        if self.bounds is not None and self.bounds[0] > self.bounds[1]:
            raise ValueError("expected the lower speed first")
        if self.before_s is not None and self.before_s < self.after_s:
            raise ValueError(f"found after_s {self.after_s:g} and before_s {self.before_s:g}, expected after_s to be less")
        return self


class ReferenceModel(Model):
    """The recorded drive that the ego's is compared with."""

    track: Text


class EgoModel(WithSpeed):
    """The car that a policy drives: where it starts, either on a lane of a course or by `pose`, and where it should get."""

    vehicle: FileName = "sedan"
    course: str = "main"
    lane: Lane | None = None
    s_m: Offset | None = None
    d_m: Offset = 0.0
    heading_deg: Degrees = 0.0
    pose: PoseModel | None = None
    goal: GoalModel
    reference: ReferenceModel | None = None

    @model_validator(mode="after")
    def _one_place(self) -> EgoModel:
        if self.pose is None and (self.lane is None or self.s_m is None):
            raise ValueError("expected where the ego starts: lane and s_m, or pose: {x_m, y_m, yaw_deg}")
        if self.pose is not None and self.model_fields_set & {"course", "lane", "s_m", "d_m", "heading_deg"}:
            raise ValueError("found pose beside a place on a lane, expected only one of them")
        if self.speed is None:
            raise ValueError("expected the speed at the start: speed_kph or speed_mps")
        return self


class PlaceModel(WithSpeed):
    """Where an actor's box centre is at the start, and how fast it moves.

    One of: on a lane (`course`, `lane`, `s_m`); relative to another actor (`ahead_of` or `behind`, with `gap_m` bumper to
    bumper along the lane, or `gap_s` seconds of the follower's speed); in world coordinates (`x_m`, `y_m`, `yaw_deg`).
    `d_m` shifts it to the left of the lane's centre, `heading_deg` turns it from the lane's direction, counter-clockwise.
    """

    course: str | None = None
    lane: RelativeLane | None = None
    s_m: Offset | None = None
    ahead_of: Name | None = None
    behind: Name | None = None
    gap_m: Offset | None = None
    gap_s: Annotated[float, Field(ge=0.0, le=3600.0)] | None = None
    d_m: Offset = 0.0
    heading_deg: Degrees = 0.0
    x_m: Coordinate | None = None
    y_m: Coordinate | None = None
    yaw_deg: Degrees | None = None
    off_road: bool = False

    @model_validator(mode="after")
    def _one_form(self) -> PlaceModel:
        forms = {"s_m": ("s_m", "lane"), "ahead_of": ("ahead_of",), "behind": ("behind",), "x_m": ("x_m", "y_m")}
        exactly_one(self, *forms)
        form = next(key for key in forms if getattr(self, key) is not None)
        missing = [key for key in forms[form] if getattr(self, key) is None]
        if missing:
            raise ValueError(f"found {form}, expected {' and '.join(missing)} beside it")
        allowed = {
            "s_m": {"s_m", "course", "lane", "d_m", "heading_deg"},
            "ahead_of": {"ahead_of", "lane", "gap_m", "gap_s", "d_m", "heading_deg"},
            "behind": {"behind", "lane", "gap_m", "gap_s", "d_m", "heading_deg"},
            "x_m": {"x_m", "y_m", "yaw_deg"},
        }[form] | {"speed_kph", "speed_mps", "off_road"}
        surplus = sorted(self.model_fields_set - allowed)
        if surplus:
            raise ValueError(f"found {' and '.join(surplus)} beside {form}, where it means nothing: remove it")
        if form in ("ahead_of", "behind"):
            exactly_one(self, "gap_m", "gap_s")
        elif form == "s_m" and self.lane in ("same", "left", "right"):
            raise ValueError(f"found lane: {self.lane}, expected a lane number from the right or oncoming_1, …")
        return self

    @property
    def other(self) -> str | None:
        """The actor that the place refers to, if it does."""
        return self.ahead_of or self.behind


def _drive_form(value: Any) -> Literal["<name>", "<options>"]:
    return "<options>" if isinstance(value, dict) else "<name>"


Drive = Annotated[
    Annotated[Name, Tag("<name>")]
    | Annotated[dict[Name, dict[str, Any]], Field(min_length=1, max_length=1), Tag("<options>")],
    Discriminator(_drive_form),
]


class ActorModel(Model):
    """One actor besides the ego: what it is, where it starts, and the behaviour that drives it."""

    kind: KindWord
    place: PlaceModel | None = None
    drive: Drive = "parked"
    size_m: tuple[Size, Size, Size] | None = None
    mass_kg: Mass | None = None
    friction: Friction | None = None
    restitution: Share | None = None

    @property
    def behaviour(self) -> str:
        """Name of the behaviour."""
        return self.drive if isinstance(self.drive, str) else next(iter(self.drive))

    @property
    def behaviour_options(self) -> dict[str, Any]:
        """The options as the file has them."""
        return {} if isinstance(self.drive, str) else self.drive[self.behaviour]


class EndModel(Model):
    """When a drive that nothing else ends is over."""

    time_limit_s: Annotated[float, Field(gt=0.0, le=3600.0)] = 30.0


class MetricBoundModel(Model):
    """A bound on any registered metric."""

    metric: Name
    at_least: float | None = None
    at_most: float | None = None
    required: bool = True

    @model_validator(mode="after")
    def _one_bound(self) -> MetricBoundModel:
        exactly_one(self, "at_least", "at_most")
        return self


def _expect_form(value: Any) -> Literal["<word>", "<metric>", "<bound>"]:
    if isinstance(value, dict) and "metric" in value:
        return "<metric>"
    return "<word>" if isinstance(value, str) else "<bound>"


ExpectModel = Annotated[
    Annotated[Name, Tag("<word>")]
    | Annotated[MetricBoundModel, Tag("<metric>")]
    | Annotated[dict[Name, float | bool], Field(min_length=1, max_length=2), Tag("<bound>")],
    Discriminator(_expect_form),
]


class ScenarioModel(Model):
    """A whole scenario file."""

    model_config = ConfigDict(title="alpasim scenario")

    schema_: Literal["alpasim/scenario@1"] = Field(alias="schema")
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    description: Text | None = None
    tags: TagsModel = TagsModel()
    notes: tuple[Text, ...] = ()
    road: RoadModel
    environment: EnvironmentModel = EnvironmentModel()
    surfaces: Annotated[tuple[SurfaceModel, ...], Field(max_length=1000)] = ()
    parameters: dict[Name, Parameter] = {}
    tracks: FileModel | None = None
    ego: EgoModel
    actors: Annotated[dict[Name, ActorModel], Field(max_length=2000)] = {}
    events: Annotated[tuple[EventModel, ...], Field(max_length=1000)] = ()
    end: EndModel = EndModel()
    expect: tuple[ExpectModel, ...] = ()


class SuiteModel(Model):
    """A suite file: which scenarios, by path or glob from its folder, and which seeds (a list, or how many from 0 on)."""

    model_config = ConfigDict(title="alpasim suite")

    schema_: Literal["alpasim/suite@1"] = Field(alias="schema")
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    scenarios: Annotated[tuple[FileName, ...], Field(min_length=1, max_length=10_000)]
    seeds: tuple[Annotated[int, Field(ge=0)], ...] | Annotated[int, Field(ge=1, le=1_000_000)] = 1
