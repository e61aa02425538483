"""The building bricks of the schema: the strict base model and the numbers and words that carry units and limits.

Answers what a value may be wherever it stands. Which keys exist is `schema.py`'s matter. Every number is finite; limits are
wide enough for anything on wheels and narrow enough to catch a wrong unit.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

MPS_PER_KPH = 1.0 / 3.6
NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
EGO_NAME = "ego"

Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]
"""A position in the world [m]."""
Offset = Annotated[float, Field(ge=-1e5, le=1e5)]
"""A distance along or across a road, either way [m]."""
Distance = Annotated[float, Field(ge=0.0, le=1e6)]
"""A distance that cannot be negative [m]."""
Positive = Annotated[float, Field(gt=0.0, le=1e6)]
Size = Annotated[float, Field(ge=0.05, le=100.0)]
"""A length, width or height of a body [m]."""
Mass = Annotated[float, Field(ge=0.1, le=200_000.0)]
Duration = Annotated[float, Field(ge=0.0, le=86_400.0)]
SpeedKph = Annotated[float, Field(ge=0.0, le=500.0)]
SpeedMps = Annotated[float, Field(ge=0.0, le=140.0)]
Degrees = Annotated[float, Field(ge=-360.0, le=360.0)]
Acceleration = Annotated[float, Field(gt=0.0, le=50.0)]
Friction = Annotated[float, Field(ge=0.02, le=1.5)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Point = tuple[Coordinate, Coordinate]
Polygon = Annotated[tuple[Point, ...], Field(min_length=3, max_length=100_000)]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""Of an actor, an event or a parameter: letters, digits, `_` and `-`."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

_LANE_WORD = re.compile(r"[a-z][a-z0-9_]{0,40}")


def _lane(value: Any) -> Any:
    """A lane by number from the right, or by word: `oncoming_N`, or a strip such as `shoulder`."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 20:
        return value
    if isinstance(value, str) and _LANE_WORD.fullmatch(value):
        return value
    raise ValueError(
        f"found {value!r}, expected a lane: 1, 2, … counted from the right, oncoming_1, … or a strip's name"
    )


_LANE_NUMBER = {"type": "integer", "minimum": 1, "maximum": 20}
_LANE_NAMED = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,40}$"}

Lane = Annotated[int | str, BeforeValidator(_lane), WithJsonSchema({"anyOf": [_LANE_NUMBER, _LANE_NAMED]})]
"""A lane of a course: a number from the right, `oncoming_N`, or a strip's name."""
RelativeLane = Lane
"""A lane as above, or `same`, `left`, `right` as seen from another actor's lane."""


class Model(BaseModel):
    """Base of everything in a scenario file: no unknown keys, no conversions, no change after reading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, validate_default=False)


class WithSpeed(Model):
    """A model whose speed may be written in either unit, and in only one."""

    speed_kph: SpeedKph | None = None
    speed_mps: SpeedMps | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> WithSpeed:
        if self.speed_kph is not None and self.speed_mps is not None:
            raise ValueError("found speed_kph and speed_mps, expected only one of them")
        return self

    @property
    def speed(self) -> float | None:
        """The speed [m/s], None where none is given."""
        return self.speed_kph * MPS_PER_KPH if self.speed_kph is not None else self.speed_mps


def exactly_one(model: BaseModel, *keys: str) -> None:
    """Raise ValueError unless exactly one of the keys is given."""
    given = [key for key in keys if getattr(model, key) is not None]
    if len(given) != 1:
        found = " and ".join(given) if given else "none of them"
        raise ValueError(f"found {found}, expected exactly one of {', '.join(keys)}")
