"""Roads from pieces: what a scenario's `road:` value says becomes a RoadNetwork.

Roads without a junction start at (0, 0), heading along +x; their reference line, along which the course `main` counts its s,
is the left border of our lanes: ours lie to its right, oncoming ones to its left. Junctions are centred on (0, 0)
(`junction.py`). The words are checked in `piece_models.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from alpasim.errors import InputError
from alpasim.road.junction import build_junction
from alpasim.road.layout import layout_strips, raised, road_course
from alpasim.road.mapfile import load_map
from alpasim.road.motorway import build_motorway
from alpasim.road.network import RoadNetwork
from alpasim.road.piece_models import (
    CurveModel,
    JunctionModel,
    LayoutModel,
    MapModel,
    MotorwayModel,
    PieceModel,
    RampModel,
    RoadModel,
    SignalsModel,
    StraightModel,
    TJunctionModel,
    XJunctionModel,
)
from alpasim.road.ribbon import Reference, Section, Stretch, ribbon

__all__ = [
    "CurveModel",
    "JunctionModel",
    "LayoutModel",
    "MapModel",
    "MotorwayModel",
    "PieceModel",
    "RampModel",
    "RoadModel",
    "SignalsModel",
    "StraightModel",
    "TJunctionModel",
    "XJunctionModel",
    "build_road",
]

ReadInput = Callable[[str], bytes]
"""Gives the bytes of a file that a scenario names."""


def build_road(model: RoadModel, read_input: ReadInput | None = None) -> RoadNetwork:
    """The road that the model describes. `read_input` is needed for a road from a map file only; InputError where that
    file is missing, damaged or another one than its sha256 says."""
    if model.map is not None:
        return _from_map(model.map, read_input)
    if model.motorway is not None:
        return build_motorway(model.motorway)
    if model.t_junction is not None:
        return build_junction(model.t_junction, ("south", "east", "west"))
    if model.x_junction is not None:
        return build_junction(model.x_junction, ("south", "east", "north", "west"))
    pieces = [piece.piece for piece in model.pieces or ()]
    pieces += [piece for piece in (model.straight, model.curve) if piece is not None]
    return _chain(pieces)


def _from_map(model: MapModel, read_input: ReadInput | None) -> RoadNetwork:
    if read_input is None:
        raise InputError(f"road: map: {model.file}: there is nowhere to read it from")
    data = read_input(model.file)
    found = hashlib.sha256(data).hexdigest()
    if model.sha256 is not None and found != model.sha256:
        raise InputError(
            f"{model.file}: sha256 is {found}, expected {model.sha256}: the map is not the one that was meant"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise InputError(f"{model.file}: byte {cause.start} is not UTF-8, expected a map file (JSON)") from cause
    return load_map(text, model.file)


def _chain(pieces: Sequence[StraightModel | CurveModel]) -> RoadNetwork:
    """Straights and curves end to end, with the first one's layout."""
    stretches = []
    for piece in pieces:
        if isinstance(piece, StraightModel):
            stretches.append(Stretch(piece.length_m))
        else:
            stretches.append(Stretch(np.radians(piece.angle_deg) * abs(piece.radius_m), 1.0 / piece.radius_m))
    reference = Reference((0.0, 0.0, 0.0), tuple(stretches))
    strips = layout_strips(pieces[0])
    ends = reference.ends()
    limit = float("inf")
    sections = []
    for number, piece in enumerate(pieces):
        if piece.model_fields_set & {"speed_limit_kph", "speed_limit_mps"}:
            limit = piece.limit_mps
        sections.append(Section(ends[number], ends[number + 1], strips, limit))
    lanes = ribbon("main", reference, sections)
    sidewalks = raised(pieces[0].sidewalk_m, pieces[0].kerb_height_m)
    return RoadNetwork(lanes, courses=[road_course("main", reference, sections)], parts=sidewalks)
