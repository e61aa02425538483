"""What may be written under a scenario's `road:` key, in pydantic models; `pieces.py` builds roads from them.

Checks what can be told from the words alone: units, limits, which keys go together.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

MPS_PER_KPH = 1.0 / 3.6

LaneCount = Annotated[int, Field(ge=1, le=8)]
LaneWidth = Annotated[float, Field(ge=2.0, le=8.0)]
StripWidth = Annotated[float, Field(ge=0.0, le=10.0)]
KerbHeight = Annotated[float, Field(ge=0.0, le=0.3)]
Length = Annotated[float, Field(ge=1.0, le=20_000.0)]
Radius = Annotated[float, Field(ge=-100_000.0, le=100_000.0)]
Arm = Literal["south", "east", "north", "west"]

MOST_ROAD_M = 50_000.0
"""Longest road made of pieces [m]: more takes minutes to build."""
KERB_HEIGHT_M = 0.12
"""Height of a kerb that says nothing else [m]: usual in towns, and what a car's wheel climbs with a blow."""
LEAST_RAMP_M = 30.0
"""Shortest acceleration or deceleration lane [m]."""


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class _Limited(_Model):
    """A road with a posted speed limit, written in either unit, or with none."""

    speed_limit_kph: Annotated[float, Field(gt=0.0, le=500.0)] | None = None
    speed_limit_mps: Annotated[float, Field(gt=0.0, le=140.0)] | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> _Limited:
        if self.speed_limit_kph is not None and self.speed_limit_mps is not None:
            raise ValueError("found speed_limit_kph and speed_limit_mps, expected only one of them")
        return self

    @property
    def limit_mps(self) -> float:
        """The posted limit [m/s], inf where none is."""
        if self.speed_limit_kph is not None:
            return self.speed_limit_kph * MPS_PER_KPH
        return float("inf") if self.speed_limit_mps is None else self.speed_limit_mps


class LayoutModel(_Limited):
    """The lanes of a road beside each other: ours, the oncoming ones to their left, strips to their right.

    With oncoming lanes shoulder and sidewalk lie on both sides; the parking strip lies on the right only.
    """

    lanes: LaneCount | None = None
    oncoming_lanes: Annotated[int, Field(ge=0, le=8)] = 0
    lane_width_m: LaneWidth = 3.5
    shoulder_m: StripWidth = 0.0
    parking_m: StripWidth = 0.0
    sidewalk_m: StripWidth = 0.0
    kerb_height_m: KerbHeight = KERB_HEIGHT_M
    """How far sidewalks lie above the street."""

    def inside_m(self, radius_m: float) -> float:
        """Width from the reference line to the inner edge of a bend of that radius (positive: to the left) [m]."""
        if radius_m < 0.0:
            return (self.lanes or 1) * self.lane_width_m + self.shoulder_m + self.parking_m + self.sidewalk_m
        if self.oncoming_lanes == 0:
            return 0.0
        return self.oncoming_lanes * self.lane_width_m + self.shoulder_m + self.sidewalk_m

    @property
    def layout(self) -> tuple[object, ...]:
        """What has to be the same for two pieces to be joined."""
        return (
            self.lanes,
            self.oncoming_lanes,
            self.lane_width_m,
            self.shoulder_m,
            self.parking_m,
            self.sidewalk_m,
            self.kerb_height_m,
        )


class StraightModel(LayoutModel):
    """A straight road of `length_m`."""

    length_m: Length

    @property
    def way_m(self) -> float:
        """Length along the reference line [m]."""
        return self.length_m


class CurveModel(LayoutModel):
    """A bend of `angle_deg` along an arc of `radius_m` (positive: to the left), measured on the line between ours and the
    oncoming lanes, or on the left border of ours where there are none."""

    radius_m: Radius
    angle_deg: Annotated[float, Field(gt=0.0, le=350.0)]

    @property
    def way_m(self) -> float:
        """Length along the reference line [m]."""
        return abs(self.radius_m) * math.radians(self.angle_deg)

    @model_validator(mode="after")
    def _wide_enough(self) -> CurveModel:
        _check_radius("radius_m", self.radius_m, inside=self.inside_m(self.radius_m))
        return self


class PieceModel(_Model):
    """One piece of a road: a straight or a curve. Pieces after the first may leave the layout out and keep the first's."""

    straight: StraightModel | None = None
    curve: CurveModel | None = None

    @model_validator(mode="after")
    def _one_form(self) -> PieceModel:
        _exactly_one(self, "straight", "curve")
        return self

    @property
    def piece(self) -> StraightModel | CurveModel:
        """The piece that is given."""
        found = self.straight or self.curve
        if found is None:
            raise ValueError("a piece without a form")
        return found


class RampModel(_Model):
    """An extra lane on the right of a motorway from `at_m` on for `length_m`, with the ramp that leads to or from it."""

    at_m: Annotated[float, Field(ge=0.0, le=20_000.0)]
    length_m: Annotated[float, Field(ge=LEAST_RAMP_M, le=2_000.0)]


class MotorwayModel(_Limited):
    """One carriageway of a motorway, straight or in one bend of `curve_radius_m` (positive: to the left)."""

    lanes: LaneCount
    length_m: Length
    lane_width_m: LaneWidth = 3.75
    shoulder_m: StripWidth = 2.5
    curve_radius_m: Radius | None = None
    on_ramp: RampModel | None = None
    off_ramp: RampModel | None = None

    @model_validator(mode="after")
    def _fits(self) -> MotorwayModel:
        spans = []
        for name, ramp in (("on_ramp", self.on_ramp), ("off_ramp", self.off_ramp)):
            if ramp is None:
                continue
            if ramp.at_m + ramp.length_m > self.length_m:
                end = ramp.at_m + ramp.length_m
                raise ValueError(f"{name} ends at {end:g} m, expected within the road's length_m {self.length_m:g}")
            spans.append((ramp.at_m, ramp.at_m + ramp.length_m))
        spans.sort()
        if len(spans) == 2 and spans[0][1] > spans[1][0]:
            raise ValueError("on_ramp and off_ramp overlap, expected one to end before the other begins")
        if self.curve_radius_m is not None:
            right = self.lanes * self.lane_width_m + self.shoulder_m + 20.0
            _check_radius("curve_radius_m", self.curve_radius_m, inside=right if self.curve_radius_m < 0 else 0.0)
            if self.length_m > 6.0 * abs(self.curve_radius_m):
                most = 6.0 * abs(self.curve_radius_m)
                raise ValueError(f"length_m {self.length_m:g} closes the bend to a ring, expected at most {most:g}")
        return self


class SignalsModel(_Model):
    """Traffic lights at every arm on one fixed cycle of two stages, north-south and east-west.

    At time zero the stage `first` turns green; `offset_s` moves that moment. Between two greens come `yellow_s` and then
    `all_red_s`, whose last `red_yellow_s` the next stage spends at red and yellow. `cross_green_s` is the green of
    east-west where it differs.
    """

    green_s: Annotated[float, Field(ge=1.0, le=600.0)] = 15.0
    cross_green_s: Annotated[float, Field(ge=1.0, le=600.0)] | None = None
    yellow_s: Annotated[float, Field(ge=0.5, le=20.0)] = 3.0
    all_red_s: Annotated[float, Field(ge=0.5, le=60.0)] = 2.0
    red_yellow_s: Annotated[float, Field(ge=0.0, le=10.0)] = 1.0
    first: Literal["north_south", "east_west"] = "north_south"
    offset_s: Annotated[float, Field(ge=-3600.0, le=3600.0)] = 0.0

    @model_validator(mode="after")
    def _within(self) -> SignalsModel:
        if self.red_yellow_s >= self.all_red_s:
            raise ValueError(
                f"found red_yellow_s {self.red_yellow_s:g} and all_red_s {self.all_red_s:g}, expected red_yellow_s to be less"
            )
        return self


class JunctionModel(_Limited):
    """A junction round (0, 0): arms of `arm_length_m` up to the mouth, `lanes` each way (east and west: `cross_lanes`)."""

    arm_length_m: Annotated[float, Field(ge=5.0, le=5_000.0)]
    lanes: LaneCount = 1
    cross_lanes: LaneCount | None = None
    lane_width_m: LaneWidth = 3.5
    corner_radius_m: Annotated[float, Field(ge=2.0, le=50.0)] = 6.0
    sidewalk_m: StripWidth = 0.0
    kerb_height_m: KerbHeight = KERB_HEIGHT_M
    cross_speed_limit_kph: Annotated[float, Field(gt=0.0, le=500.0)] | None = None
    signals: SignalsModel | None = None
    stop_lines: Annotated[tuple[Arm, ...], Field(strict=False)] | None = None
    """Arms with a stop line; without it all of them where there are signals, else none."""

    @property
    def cross_limit_mps(self) -> float:
        """The posted limit of east and west [m/s], inf where none is."""
        return self.limit_mps if self.cross_speed_limit_kph is None else self.cross_speed_limit_kph * MPS_PER_KPH


class TJunctionModel(JunctionModel):
    """A junction with the arms south (the stem), east and west."""

    @model_validator(mode="after")
    def _no_north(self) -> TJunctionModel:
        if self.stop_lines and "north" in self.stop_lines:
            raise ValueError("found north in stop_lines, expected south, east or west: a t_junction has no north arm")
        return self


class XJunctionModel(JunctionModel):
    """A junction with the arms south, east, north and west."""


class MapModel(_Model):
    """A map file beside the scenario, and the sha256 of its bytes."""

    file: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class RoadModel(_Model):
    """A road: exactly one of its forms."""

    straight: StraightModel | None = None
    curve: CurveModel | None = None
    pieces: Annotated[tuple[PieceModel, ...], Field(strict=False, min_length=1, max_length=1_000)] | None = None
    motorway: MotorwayModel | None = None
    t_junction: TJunctionModel | None = None
    x_junction: XJunctionModel | None = None
    map: MapModel | None = None

    @model_validator(mode="after")
    def _one_form(self) -> RoadModel:
        _exactly_one(self, "straight", "curve", "pieces", "motorway", "t_junction", "x_junction", "map")
        chain = [piece.piece for piece in self.pieces or ()] or [
            piece for piece in (self.straight, self.curve) if piece
        ]
        if chain and chain[0].lanes is None:
            raise ValueError("lanes is missing, expected the number of lanes of our direction")
        length = sum(piece.way_m for piece in chain)
        if length > MOST_ROAD_M:
            raise ValueError(f"the pieces are {length:.0f} m long together, expected at most {MOST_ROAD_M:.0f} m")
        layout_keys = set(LayoutModel.model_fields) - set(_Limited.model_fields)
        for number, piece in enumerate(chain[1:], start=1):
            if piece.model_fields_set & layout_keys and piece.layout != chain[0].layout:
                raise ValueError(f"piece {number} has other lanes than piece 0, expected the same layout or none given")
            if isinstance(piece, CurveModel):
                # A piece that leaves the layout out has the first one's.
                _check_radius(f"piece {number}: radius_m", piece.radius_m, inside=chain[0].inside_m(piece.radius_m))
        return self


def _exactly_one(model: BaseModel, *keys: str) -> None:
    given = [key for key in keys if getattr(model, key) is not None]
    if len(given) != 1:
        found = " and ".join(given) if given else "none of them"
        raise ValueError(f"found {found}, expected exactly one of {', '.join(keys)}")


def _check_radius(key: str, radius: float, inside: float) -> None:
    least = inside + 2.0
    if abs(radius) < least:
        raise ValueError(
            f"found {key} {radius:g}, expected at least {least:g} either way: the road's inner edge must fit"
        )
