"""Events as the file declares them: conditions on the state, and what they make actors do.

Answers what can be written. When a condition holds and what an action does to a motion is traffic's matter
(`traffic/events.py`), which reads these models.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from alpasim.scenario.values import (
    MPS_PER_KPH,
    Acceleration,
    Coordinate,
    Degrees,
    Duration,
    Lane,
    Model,
    Name,
    Offset,
    Polygon,
    Positive,
    RelativeLane,
    SpeedKph,
    SpeedMps,
    WithSpeed,
    exactly_one,
)


class Waypoint(WithSpeed):
    """One point of a path: where (`x_m`, `y_m`, or `lane` and `s_m` on a `course`), and when or how fast.

    `t_s` counts from the path's beginning; without it the actor goes on at `speed`, or at the speed it has.
    """

    t_s: Duration | None = None
    x_m: Coordinate | None = None
    y_m: Coordinate | None = None
    yaw_deg: Degrees | None = None
    course: str = "main"
    lane: Lane | None = None
    s_m: Offset | None = None
    d_m: Offset = 0.0

    @model_validator(mode="after")
    def _one_place(self) -> Waypoint:
        on_plane = self.x_m is not None and self.y_m is not None
        on_lane = self.lane is not None and self.s_m is not None
        if on_plane == on_lane or (self.x_m is None) != (self.y_m is None) or (self.lane is None) != (self.s_m is None):
            raise ValueError("expected a place for the waypoint: either x_m and y_m, or lane and s_m")
        return self


class TimeCondition(Model):
    """Holds from `after_s` on."""

    after_s: Duration


class DistanceCondition(Model):
    """Holds while the boxes of `of` and `to` are nearer than `below_m` to each other."""

    of: Name
    to: Name
    below_m: Positive


class TimeHeadwayCondition(Model):
    """Holds while `of` would need less than `below_s` at its present speed to where `to`, ahead of it, is now."""

    of: Name
    to: Name
    below_s: Annotated[float, Field(gt=0.0, le=3600.0)]


class PositionCondition(Model):
    """Holds once the box centre of `of` has come to a place: `s_m` or more along `course`, inside `region`, or within
    `within_m` of the point `x_m`, `y_m`."""

    of: Name
    s_m: Offset | None = None
    course: str = "main"
    region: Polygon | None = None
    x_m: Coordinate | None = None
    y_m: Coordinate | None = None
    within_m: Positive | None = None

    @model_validator(mode="after")
    def _one_place(self) -> PositionCondition:
        around = [self.x_m, self.y_m, self.within_m]
        if any(value is not None for value in around) and any(value is None for value in around):
            raise ValueError("expected x_m, y_m and within_m together")
        exactly_one(self, "s_m", "region", "within_m")
        return self


class ConditionModel(Model):
    """Conditions by kind; where several stand together, all of them must hold."""

    time: TimeCondition | None = None
    distance: DistanceCondition | None = None
    time_headway: TimeHeadwayCondition | None = None
    position: PositionCondition | None = None
    all: Annotated[tuple[ConditionModel, ...], Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _something(self) -> ConditionModel:
        if not self.model_fields_set:
            raise ValueError(f"expected a condition: {', '.join(CONDITION_KINDS)} or all")
        return self

    def parts(self) -> list[tuple[tuple[str | int, ...], str, Model]]:
        """Every single condition as (keys from here to it, kind, options)."""
        found: list[tuple[tuple[str | int, ...], str, Model]] = [
            ((kind,), kind, getattr(self, kind)) for kind in CONDITION_KINDS if getattr(self, kind) is not None
        ]
        for index, part in enumerate(self.all or ()):
            found += [(("all", index, *keys), kind, options) for keys, kind, options in part.parts()]
        return found


CONDITION_KINDS = ("time", "distance", "time_headway", "position")


class SpeedAction(Model):
    """Go to a speed, in `over_s` seconds or at `rate_mps2`; at a natural rate where neither is given."""

    to_kph: SpeedKph | None = None
    to_mps: SpeedMps | None = None
    over_s: Positive | None = None
    rate_mps2: Acceleration | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> SpeedAction:
        exactly_one(self, "to_kph", "to_mps")
        if self.over_s is not None and self.rate_mps2 is not None:
            raise ValueError("found over_s and rate_mps2, expected only one of them")
        return self

    @property
    def target_mps(self) -> float:
        """The speed to reach [m/s]."""
        return self.to_kph * MPS_PER_KPH if self.to_kph is not None else float(self.to_mps or 0.0)


class ChangeLaneAction(Model):
    """Move into the lane to the left or right, or into the lane with that number, within `over_s`."""

    to: RelativeLane
    over_s: Annotated[float, Field(ge=0.2, le=60.0)] = 4.0


class PathAction(WithSpeed):
    """Leave what it does and follow waypoints from where it is; `speed` holds where a waypoint gives none."""

    waypoints: Annotated[tuple[Waypoint, ...], Field(min_length=1, max_length=10_000)]


class StopAction(Model):
    """Brake to a standstill and stay."""

    decel_mps2: Acceleration = 4.0


class ActionModel(Model):
    """One action, by kind."""

    speed: SpeedAction | None = None
    change_lane: ChangeLaneAction | None = None
    path: PathAction | None = None
    stop: StopAction | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> ActionModel:
        exactly_one(self, *ACTION_KINDS)
        return self

    @property
    def kind(self) -> str:
        """Which action it is."""
        return next(kind for kind in ACTION_KINDS if getattr(self, kind) is not None)

    @property
    def options(self) -> Model:
        """The action's own model."""
        options: Model = getattr(self, self.kind)
        return options


ACTION_KINDS = ("speed", "change_lane", "path", "stop")
HANDS_OVER = {"path": "path"}
"""Actions that any actor can be told, because they hand it over to a behaviour: action and behaviour."""


def one_or_many(value: Any) -> Literal["<one>", "<many>"]:
    """Tells a list from a single value; the angle brackets keep the tags apart from any key of a file."""
    return "<many>" if isinstance(value, tuple) else "<one>"


OneOrManyConditions = Annotated[
    Annotated[ConditionModel, Tag("<one>")]
    | Annotated[tuple[ConditionModel, ...], Field(min_length=1, max_length=100), Tag("<many>")],
    Discriminator(one_or_many),
]
OneOrManyActions = Annotated[
    Annotated[ActionModel, Tag("<one>")]
    | Annotated[tuple[ActionModel, ...], Field(min_length=1, max_length=100), Tag("<many>")],
    Discriminator(one_or_many),
]


class EventModel(Model):
    """When all conditions hold for the first time, the actors named under `then` do what is said there."""

    name: Name | None = None
    when: OneOrManyConditions
    then: Annotated[dict[Name, OneOrManyActions], Field(min_length=1)]

    def conditions(self) -> list[tuple[tuple[str | int, ...], str, Model]]:
        """Every condition as (keys from `when` to it, kind, options)."""
        if isinstance(self.when, ConditionModel):
            return self.when.parts()
        parts = [(index, part.parts()) for index, part in enumerate(self.when)]
        return [((index, *keys), kind, options) for index, found in parts for keys, kind, options in found]

    def actions(self) -> list[tuple[str, tuple[str | int, ...], ActionModel]]:
        """Every action as (actor, keys from `then` to it, action), in file order."""
        found: list[tuple[str, tuple[str | int, ...], ActionModel]] = []
        for actor, actions in self.then.items():
            if isinstance(actions, ActionModel):
                found.append((actor, (actor,), actions))
            else:
                found += [(actor, (actor, index), action) for index, action in enumerate(actions)]
        return found
