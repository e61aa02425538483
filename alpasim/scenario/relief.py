"""What a scenario file may say of a road's heights: grades, cross-slopes, speed bumps, kerbs and potholes.

Answers which keys there are, in which unit and within which limits. Where on the road they lie is found in `grounding.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from alpasim.road.piece_models import KERB_HEIGHT_M
from alpasim.scenario.values import Distance, Lane, Model, Offset, exactly_one

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


class SpeedBumpModel(Model):
    """A rounded bar across the road, or across one lane; `s_m` is its middle."""

    course: str = "main"
    lane: Lane | None = None
    s_m: Distance
    length_m: Annotated[float, Field(ge=0.2, le=20.0)] = 0.9
    height_m: Height = 0.07


class KerbModel(_Stretch):
    """A raised bar of `width_m` along a lane's border, outside the lane."""

    lane: Lane
    side: Literal["left", "right"]
    height_m: Height = KERB_HEIGHT_M
    width_m: Annotated[float, Field(ge=0.1, le=20.0)] = 0.3


class PotholeModel(Model):
    """An oval hole round a place of a lane; its sides slope over a quarter of its smaller measure."""

    course: str = "main"
    lane: Lane
    s_m: Distance
    d_m: Offset = 0.0
    length_m: Annotated[float, Field(ge=0.1, le=20.0)] = 0.8
    width_m: Annotated[float, Field(ge=0.1, le=10.0)] = 0.6
    depth_m: Height = 0.08


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
