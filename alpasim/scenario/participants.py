"""The ego and the other actors as the file has them: who they are, where they start, what drives them.

Answers what can be written under `ego:` and `actors:`. The whole file is `schema.py`; where a place is on a road is
`placing.py`'s matter.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from alpasim.scenario.values import (
    MPS_PER_KPH,
    Coordinate,
    Degrees,
    Duration,
    FileName,
    Friction,
    Lane,
    Mass,
    Model,
    Name,
    Offset,
    Polygon,
    Positive,
    RelativeLane,
    Share,
    Size,
    SpeedKph,
    SpeedMps,
    Text,
    WithSpeed,
    exactly_one,
)

KindWord = Literal[
    "car", "van", "truck", "bus", "train", "motorcycle", "bicycle", "pedestrian", "animal", "debris", "cone", "barrier",
    "unknown",
]  # fmt: skip


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
            raise ValueError(
                f"found after_s {self.after_s:g} and before_s {self.before_s:g}, expected after_s to be less"
            )
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
            mend = (
                "write heading_deg, which counts from the lane's direction" if surplus == ["yaw_deg"] else "remove it"
            )
            raise ValueError(f"found {' and '.join(surplus)} beside {form}, where it means nothing: {mend}")
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
