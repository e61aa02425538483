"""How grades, kerbs, bumps and holes stand in a map file: one entry each, told apart by its key `what`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from alpasim.road.unlevel import Bump, CrossSlope, Grade, Part, Raised, Sidewalks

_Points = list[tuple[float, float]]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _GradeModel(_Model):
    what: Literal["grade"]
    begin: float
    end: float
    grade: float
    ease: float
    line: _Points


class _CrossSlopeModel(_Model):
    what: Literal["cross_slope"]
    begin: float
    end: float
    slope: float
    ease: float
    right: float
    left: float
    line: _Points


class _RaisedModel(_Model):
    what: Literal["raised"]
    kind: str
    height: float
    face: float
    polygon: _Points


class _SidewalksModel(_Model):
    what: Literal["sidewalks"]
    height: float


class _BumpModel(_Model):
    what: Literal["bump"]
    x: float
    y: float
    heading: float
    length: float
    height: float
    right: float
    left: float


PartModel = Annotated[
    _GradeModel | _CrossSlopeModel | _RaisedModel | _SidewalksModel | _BumpModel, Field(discriminator="what")
]
_MODELS: dict[type[Part], type[_Model]] = {
    Grade: _GradeModel,
    CrossSlope: _CrossSlopeModel,
    Raised: _RaisedModel,
    Sidewalks: _SidewalksModel,
    Bump: _BumpModel,
}


def part_out(part: Part) -> dict[str, Any]:
    """The entry of a part, its keys in the model's order."""
    entry: dict[str, Any] = {}
    for key, field in _MODELS[type(part)].model_fields.items():
        value = field.annotation.__args__[0] if key == "what" and field.annotation else getattr(part, key)
        entry[key] = value.tolist() if isinstance(value, np.ndarray) else value
    return entry


def part_in(model: BaseModel) -> Part:
    """The part of an entry."""
    kind = next(part for part, of in _MODELS.items() if isinstance(model, of))
    values = model.model_dump(exclude={"what"})
    for key in ("line", "polygon"):
        if key in values:
            values[key] = np.array(values[key], dtype=np.float64).reshape(-1, 2)
    return kind(**values)
