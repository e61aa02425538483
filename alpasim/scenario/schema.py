"""The scenario file, key by key: what may be written, in which unit, within which limits.

Answers "is this a scenario" once every `$parameter` has been replaced by a value. It does not read files (`loading.py`), does
not know a road's geometry (`placing.py`, `checks.py`), and leaves the options of a behaviour to the behaviour itself.
The ego and the actors are in `participants.py`, events in `triggers.py`, the bricks in `values.py`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from alpasim.road.pieces import RoadModel
from alpasim.scenario.concrete import OFF_ROAD_M
from alpasim.scenario.ego_faults import FaultModel
from alpasim.scenario.participants import ActorModel, EgoModel, GoalModel, KindWord, PlaceModel
from alpasim.scenario.relief import ReliefModel
from alpasim.scenario.senses import PerceptionWord, SensorsModel
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
    Degrees,
    FileName,
    Friction,
    Lane,
    Model,
    Name,
    Offset,
    Polygon,
    Positive,
    Sha256,
    Share,
    Text,
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
    "KindWord",
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

SurfaceWord = Literal["ice", "snow", "wet", "oil", "gravel", "sand", "mud", "grass", "leaves", "patch"]
TerrainWord = Literal["grass", "gravel", "sand", "mud", "snow", "paved"]
ParameterWord = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class FileModel(Model):
    """Another file beside the scenario, by a path inside its folder or as `asset:` and a packaged name."""

    file: FileName
    sha256: Sha256 | None = None


class ParameterModel(Model):
    """What a parameter is drawn from: evenly between two numbers, or one of a list."""

    uniform: tuple[float, float] | None = None
    choice: Annotated[tuple[bool | int | float | ParameterWord, ...], Field(min_length=1, max_length=1000)] | None = (
        None
    )

    @model_validator(mode="after")
    def _one_rule(self) -> ParameterModel:
        exactly_one(self, "uniform", "choice")
        if self.uniform is not None and not self.uniform[0] <= self.uniform[1]:
            raise ValueError(
                f"found uniform: [{self.uniform[0]:g}, {self.uniform[1]:g}], expected the lower bound first"
            )
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
    """Weather and grip of the whole scene, and `terrain`, what lies beside the road; `friction` follows from rain and snow where
    it is not written. Wind blows to `wind_to_deg`, counted from x counter-clockwise: 90 is from right to left over a road that
    begins along x."""

    friction: Friction | None = None
    terrain: TerrainWord = "grass"
    rain: Share = 0.0
    snow: Share = 0.0
    visibility_m: Positive | None = None
    light: Literal["day", "night", "low_sun"] = "day"
    wind_mps: Annotated[float, Field(ge=0.0, le=60.0)] = 0.0
    wind_to_deg: Degrees = 90.0


class SurfaceModel(Model):
    """A patch of other ground: a stretch of a course (of one lane, or of all of them), or a polygon in world coordinates.

    `left_m` and `right_m` say how far the patch reaches from the lane's centre line, `side` that it is that half of the lane;
    without them it covers the lane. Gravel, sand, mud, snow and grass are soft and rough as well.
    """

    kind: SurfaceWord = "patch"
    friction: Friction
    course: str = "main"
    lane: Lane | None = None
    from_s_m: Offset | None = None
    to_s_m: Offset | None = None
    side: Literal["left", "right"] | None = None
    left_m: Offset | None = None
    right_m: Offset | None = None
    polygon: Polygon | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> SurfaceModel:
        stretch = (self.from_s_m, self.to_s_m)
        if self.polygon is None and None in stretch:
            raise ValueError("expected the patch's place: from_s_m and to_s_m, or polygon")
        if self.polygon is not None and any(
            value is not None for value in (*stretch, self.lane, self.side, self.left_m, self.right_m)
        ):
            raise ValueError("found polygon beside a stretch of road, expected only one of them")
        if self.from_s_m is not None and self.to_s_m is not None and self.from_s_m >= self.to_s_m:
            raise ValueError(
                f"found from_s_m {self.from_s_m:g} and to_s_m {self.to_s_m:g}, expected from_s_m to be less"
            )
        if self.lane is None and (self.left_m is not None or self.right_m is not None):
            raise ValueError("left_m and right_m count from a lane's centre line, expected lane beside them")
        if self.left_m is not None and self.right_m is not None and self.left_m + self.right_m <= 0.0:
            raise ValueError(
                f"found left_m {self.left_m:g} and right_m {self.right_m:g}, expected a patch with a width: more than 0 together"
            )
        if self.side is not None and self.lane is None:
            raise ValueError("side is a half of a lane, expected lane beside it")
        if self.side is not None and not (self.left_m is None and self.right_m is None):
            raise ValueError(
                "found side beside left_m or right_m, expected only one of the ways to say how far it reaches"
            )
        return self


class EndModel(Model):
    """When a drive that nothing else ends is over."""

    time_limit_s: Annotated[float, Field(gt=0.0, le=3600.0)] = 30.0
    off_road_m: Annotated[float, Field(ge=0.0, le=1000.0)] = OFF_ROAD_M


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
    relief: Annotated[tuple[ReliefModel, ...], Field(max_length=1000)] = ()
    perception: PerceptionWord = "truth"
    sensors: SensorsModel = SensorsModel()
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    tracks: FileModel | None = None
    ego: EgoModel
    actors: Annotated[dict[Name, ActorModel], Field(max_length=2000)] = Field(default_factory=dict)
    events: Annotated[tuple[EventModel, ...], Field(max_length=1000)] = ()
    faults: Annotated[tuple[FaultModel, ...], Field(max_length=100)] = ()
    end: EndModel = EndModel()
    expect: tuple[ExpectModel, ...] = ()


class SuiteModel(Model):
    """A suite file: which scenarios, by path or glob from its folder, and which seeds (a list, or how many from 0 on)."""

    model_config = ConfigDict(title="alpasim suite")

    schema_: Literal["alpasim/suite@1"] = Field(alias="schema")
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    scenarios: Annotated[tuple[FileName, ...], Field(min_length=1, max_length=10_000)]
    seeds: tuple[Annotated[int, Field(ge=0)], ...] | Annotated[int, Field(ge=1, le=1_000_000)] = 1
