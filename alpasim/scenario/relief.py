"""What a scenario file may say of a road's heights: grades, cross-slopes, speed bumps, kerbs and potholes.

Answers which keys there are, in which unit and within which limits. Where on the road they lie is found in `grounding.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from alpasim.road.piece_models import KERB_HEIGHT_M
from alpasim.scenario.values import Coordinate, Degrees, Distance, Lane, Model, Offset, Polygon, exactly_one

EASE_M = 20.0
"""Length over which a grade or a cross-slope comes and goes where the file does not say [m], less on short stretches."""

Ease = Annotated[float, Field(ge=2.0, le=1_000.0)]
Height = Annotated[float, Field(gt=0.0, le=0.3)]


STEEPEST = 0.3
"""Largest grade, rise over run, also of grades that add up."""
MOST_SLOPED = 0.12
"""Largest cross-slope, rise over run, also of those that add up."""


class _Stretch(Model):
    """From one place of a course to another."""

    course: str = "main"
    from_s_m: Distance
    to_s_m: Distance

    @model_validator(mode="after")
    def _forwards(self) -> _Stretch:
        if self.from_s_m >= self.to_s_m:
            raise ValueError(
                f"found from_s_m {self.from_s_m:g} and to_s_m {self.to_s_m:g}, expected from_s_m to be less"
            )
        return self


class _Eased(_Stretch):
    """A stretch over which something comes, is there and goes."""

    ease_m: Ease | None = None

    @model_validator(mode="after")
    def _room(self) -> _Eased:
        length = self.to_s_m - self.from_s_m
        if length < 4.0:
            raise ValueError(f"found a stretch of {length:g} m, expected at least 4 m to come and go on")
        if self.ease_m is not None and 2.0 * self.ease_m > length:
            raise ValueError(f"found ease_m {self.ease_m:g}, expected at most half of the stretch's {length:g} m")
        return self

    @property
    def ease(self) -> float:
        """Length over which it comes, and over which it goes [m]."""
        return min(EASE_M, 0.5 * (self.to_s_m - self.from_s_m)) if self.ease_m is None else self.ease_m

    def share_at(self, s: float) -> float:
        """How much of it is there at a place of the course, 0 to 1, coming and going evenly."""
        return min(max(min(s - self.from_s_m, self.to_s_m - s) / self.ease, 0.0), 1.0)


class GradeModel(_Eased):
    """The road rises (negative: falls) along its course, and stays at the height that it reaches."""

    grade: Annotated[float, Field(ge=-STEEPEST, le=STEEPEST)] | None = None
    grade_percent: Annotated[float, Field(ge=-100.0 * STEEPEST, le=100.0 * STEEPEST)] | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> GradeModel:
        exactly_one(self, "grade", "grade_percent")
        return self

    @property
    def rise(self) -> float:
        """Rise over run."""
        return self.grade if self.grade is not None else (self.grade_percent or 0.0) / 100.0


class CrossSlopeModel(_Eased):
    """The road rises (negative: falls) towards its left, about the course's reference line."""

    slope: Annotated[float, Field(ge=-MOST_SLOPED, le=MOST_SLOPED)]


class _Spot(Model):
    """A place on a course, or in the world: `x_m`, `y_m` and the direction `yaw_deg` in which traffic comes over it."""

    course: str = "main"
    lane: Lane | None = None
    s_m: Distance | None = None
    x_m: Coordinate | None = None
    y_m: Coordinate | None = None
    yaw_deg: Degrees = 0.0

    @model_validator(mode="after")
    def _one_place(self) -> _Spot:
        exactly_one(self, "s_m", "x_m")
        if (self.x_m is None) != (self.y_m is None):
            raise ValueError("expected x_m and y_m together")
        on_plane = {"yaw_deg", "y_m"} & type(self).model_fields.keys()
        surplus = self.model_fields_set & ({"course", "lane", "d_m"} if self.x_m is not None else on_plane)
        if surplus:
            beside = "x_m" if self.x_m is not None else "s_m"
            raise ValueError(
                f"found {' and '.join(sorted(surplus))} beside {beside}, where it means nothing: remove it"
            )
        return self

    @property
    def world(self) -> tuple[float, float, float] | None:
        """x, y [m] and heading [rad], None where the place is on a course."""
        if self.x_m is None or self.y_m is None:
            return None
        return self.x_m, self.y_m, math.radians(self.yaw_deg)


class SpeedBumpModel(_Spot):
    """A rounded bar across the road, across one lane, or `width_m` wide about a place in the world; the place is its middle."""

    length_m: Annotated[float, Field(ge=0.2, le=20.0)] = 0.9
    height_m: Height = 0.07
    width_m: Annotated[float, Field(ge=0.5, le=100.0)] | None = None

    @model_validator(mode="after")
    def _wide(self) -> SpeedBumpModel:
        if (self.width_m is None) != (self.x_m is None):
            raise ValueError(
                "expected width_m beside x_m and y_m, and there only: on a course a bump is as wide as its road"
            )
        return self


class KerbModel(Model):
    """A raised bar of `width_m` along a lane's border, outside the lane; or whatever a `polygon` in the world encloses."""

    course: str = "main"
    lane: Lane | None = None
    side: Literal["left", "right"] | None = None
    from_s_m: Distance | None = None
    to_s_m: Distance | None = None
    polygon: Polygon | None = None
    height_m: Height = KERB_HEIGHT_M
    width_m: Annotated[float, Field(ge=0.1, le=20.0)] = 0.3

    @model_validator(mode="after")
    def _one_form(self) -> KerbModel:
        stretch = {"course", "lane", "side", "from_s_m", "to_s_m"}
        if self.polygon is not None:
            surplus = self.model_fields_set & (stretch | {"width_m"})
            if surplus:
                raise ValueError(f"found {' and '.join(sorted(surplus))} beside polygon, expected only one of them")
            return self
        missing = [key for key in ("lane", "side", "from_s_m", "to_s_m") if getattr(self, key) is None]
        if missing:
            raise ValueError(
                f"missing {' and '.join(missing)}: where the kerb runs, or polygon in place of all of them"
            )
        if (self.from_s_m or 0.0) >= (self.to_s_m or 0.0):
            raise ValueError(
                f"found from_s_m {self.from_s_m:g} and to_s_m {self.to_s_m:g}, expected from_s_m to be less"
            )
        return self


class PotholeModel(_Spot):
    """An oval hole round a place of a lane or of the world; its sides slope over a quarter of its smaller measure."""

    d_m: Offset = 0.0
    length_m: Annotated[float, Field(ge=0.1, le=20.0)] = 0.8
    width_m: Annotated[float, Field(ge=0.1, le=10.0)] = 0.6
    depth_m: Height = 0.08

    @model_validator(mode="after")
    def _in_a_lane(self) -> PotholeModel:
        if self.x_m is None and self.lane is None:
            raise ValueError("missing lane: which lane the hole is in")
        return self


class ReliefModel(Model):
    """One thing that makes the road unlevel."""

    grade: GradeModel | None = None
    cross_slope: CrossSlopeModel | None = None
    speed_bump: SpeedBumpModel | None = None
    kerb: KerbModel | None = None
    pothole: PotholeModel | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> ReliefModel:
        exactly_one(self, *ReliefModel.model_fields)
        return self

    @property
    def kind(self) -> str:
        """The kind that is written."""
        return next(name for name in ReliefModel.model_fields if getattr(self, name) is not None)


def too_steep_together(items: Sequence[ReliefModel]) -> Iterator[tuple[int, str, str]]:
    """Grades, and cross-slopes, that add up to more than one may have: index and kind of the item that is too much, and why.

    Sums of what comes and goes evenly are largest where something begins or ends to come or to go.
    """
    for kind, limit in (("grade", STEEPEST), ("cross_slope", MOST_SLOPED)):
        courses: dict[str, list[GradeModel | CrossSlopeModel]] = {}
        for index, item in enumerate(items):
            one = item.grade if kind == "grade" else item.cross_slope
            if one is None:
                continue
            there = courses.setdefault(one.course, [])
            there.append(one)
            steepest, s = max((_together(there, s) for s in _turns(there)), key=lambda found: abs(found[0]))
            if abs(steepest) > limit + 1e-9:
                there.pop()
                bound = f"at most {limit:g}" if steepest > 0.0 else f"at least {-limit:g}"
                word = kind.replace("_", "-")
                yield (
                    index,
                    kind,
                    f"comes to {steepest:g} at s {s:g} m with the others there, expected {bound}: {word}s add up",
                )


def _turns(items: Sequence[GradeModel | CrossSlopeModel]) -> list[float]:
    """Where along the course anything begins or ends to come or to go, rising."""
    return sorted(
        s for one in items for s in (one.from_s_m, one.from_s_m + one.ease, one.to_s_m - one.ease, one.to_s_m)
    )


def _together(items: Sequence[GradeModel | CrossSlopeModel], s: float) -> tuple[float, float]:
    """What they add up to at a place of their course, and the place."""
    return sum((one.rise if isinstance(one, GradeModel) else one.slope) * one.share_at(s) for one in items), s
