"""Which strips lie across a road, from left to right, and the course along them.

Answers the order, offsets and marks of lanes, shoulders, parking strips and sidewalks. How strips become lanes is
`ribbon.py`'s matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alpasim.road.lanes import Course, LaneKind, LineMark
from alpasim.road.piece_models import LayoutModel
from alpasim.road.ribbon import Reference, Section, Strip, lane_id, level
from alpasim.road.unlevel import Sidewalks


def layout_strips(model: LayoutModel) -> tuple[Strip, ...]:
    """The strips of a layout from left to right; ours are named 1…n from the right, the oncoming ones o1…on from our side."""
    width, ours, theirs = model.lane_width_m, model.lanes or 1, model.oncoming_lanes
    strips = [_lane_strip(f"{ours - i}", -i * width, width, i == 0, i == ours - 1, True) for i in range(ours)]
    for i in range(theirs):
        strips.insert(0, _lane_strip(f"o{i + 1}", (i + 1) * width, width, i == theirs - 1, i == 0, False))
    if theirs:
        centre = LineMark.DASHED if ours == theirs == 1 else LineMark.SOLID
        strips[theirs - 1] = replace(strips[theirs - 1], right_mark=centre)
        strips[theirs] = replace(strips[theirs], left_mark=centre)
    right = -ours * width
    for name, kind, size in (
        ("shoulder", LaneKind.SHOULDER, model.shoulder_m),
        ("parking", LaneKind.PARKING, model.parking_m),
        ("sidewalk", LaneKind.SIDEWALK, model.sidewalk_m),
    ):
        if size > 0.0:
            strips.append(_side_strip(name, kind, right, right - size, strips[-1].right_mark, True))
            right -= size
    left = theirs * width
    if theirs:
        for name, kind, size in (
            ("shoulder_left", LaneKind.SHOULDER, model.shoulder_m),
            ("sidewalk_left", LaneKind.SIDEWALK, model.sidewalk_m),
        ):
            if size > 0.0:
                strips.insert(0, _side_strip(name, kind, left + size, left, strips[0].left_mark, False))
                left += size
    return _kerbed(strips)


def _lane_strip(name: str, left: float, width: float, leftmost: bool, rightmost: bool, forward: bool) -> Strip:
    marks = [LineMark.SOLID if outer else LineMark.DASHED for outer in (leftmost, rightmost)]
    return Strip(name, LaneKind.DRIVING, level(left), level(left - width), marks[0], marks[1], forward)


def _side_strip(name: str, kind: LaneKind, left: float, right: float, mark: LineMark, forward: bool) -> Strip:
    marks = (mark, LineMark.NONE) if forward else (LineMark.NONE, mark)
    return Strip(name, kind, level(left), level(right), marks[0], marks[1], forward)


def _kerbed(strips: list[Strip]) -> tuple[Strip, ...]:
    """Kerbs where pavement for vehicles meets a sidewalk, as both sides see it."""
    kerbed = list(strips)
    for i in range(len(kerbed) - 1):
        walked = [strip.kind is LaneKind.SIDEWALK for strip in kerbed[i : i + 2]]
        if walked[0] != walked[1]:
            kerbed[i] = replace(kerbed[i], right_mark=LineMark.KERB)
            kerbed[i + 1] = replace(kerbed[i + 1], left_mark=LineMark.KERB)
    return tuple(kerbed)


def raised(sidewalk_m: float, kerb_height_m: float) -> tuple[Sidewalks, ...]:
    """What raises the sidewalks of a road: nothing where it has none."""
    return (Sidewalks(kerb_height_m),) if sidewalk_m > 0.0 and kerb_height_m > 0.0 else ()


def road_course(name: str, reference: Reference, sections: Sequence[Section]) -> Course:
    """The course along a ribbon whose sections all have the same strips."""
    strips = sections[0].strips
    chains = {strip.name: tuple(lane_id(name, strip.name, i) for i in range(len(sections))) for strip in strips}
    ours = sorted(int(strip.name) for strip in strips if strip.name.isdecimal())
    theirs = sorted(int(strip.name[1:]) for strip in strips if strip.name[0] == "o" and strip.name[1:].isdecimal())
    others = [strip for strip in strips if strip.kind is not LaneKind.DRIVING]
    frames = reference.frames(reference.stations(sections[0].begin, sections[-1].end, 0.0))
    return Course(
        name=name,
        reference=np.ascontiguousarray(frames[:, :2]),
        lanes=tuple(chains[str(number)] for number in ours),
        oncoming=tuple(tuple(reversed(chains[f"o{number}"])) for number in theirs),
        strips=tuple(
            (strip.name, chains[strip.name] if strip.forward else tuple(reversed(chains[strip.name])))
            for strip in others
        ),
    )
