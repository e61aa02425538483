"""Motorways: one carriageway with its shoulder, and ramps that bring an extra lane on the right or take it away.

The acceleration lane of an on-ramp narrows to nothing over its last part; the deceleration lane of an off-ramp widens over
its first. The ramps themselves come from and go to the right over `RAMP_M`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from alpasim.road.lanes import Course, Lane, LaneKind, LineMark
from alpasim.road.network import RoadNetwork
from alpasim.road.piece_models import MotorwayModel, RampModel
from alpasim.road.ribbon import Offset, Reference, Section, Stretch, Strip, lane_id, level, ribbon, strip_lane
from alpasim.types import FloatArray

RAMP_M = 150.0
"""Length of the ramp before an acceleration lane or behind a deceleration lane [m]."""

RAMP_OFFSET_M = 14.0
"""How far such a ramp lies to the side at its far end [m]."""

LEAST_APPROACH_M = 20.0
"""A ramp that has less room than this before the road's end is left out: its lane just begins or ends [m]."""

TAPER_M = 60.0
"""Length over which an extra lane narrows, at most a third of the lane [m]."""


@dataclass(frozen=True, slots=True)
class _Ramp:
    """A ramp with its side: `entering` for an on-ramp."""

    name: str
    begin: float
    end: float
    entering: bool

    @property
    def taper(self) -> float:
        """Length over which the extra lane narrows [m]."""
        return min(TAPER_M, (self.end - self.begin) / 3.0)


def build_motorway(model: MotorwayModel) -> RoadNetwork:
    """The carriageway with courses `main`, and `on_ramp` and `off_ramp` where there are such."""
    curvature = 0.0 if model.curve_radius_m is None else 1.0 / model.curve_radius_m
    reference = Reference((0.0, 0.0, 0.0), (Stretch(model.length_m, curvature),))
    ramps = [_ramp(name, ramp) for name, ramp in (("on_ramp", model.on_ramp), ("off_ramp", model.off_ramp)) if ramp]
    cuts = sorted({0.0, model.length_m, *(end for ramp in ramps for end in (ramp.begin, ramp.end))})
    sections = []
    for begin, end in pairwise(cuts):
        here = [ramp for ramp in ramps if ramp.begin <= begin and end <= ramp.end]
        sections.append(Section(begin, end, _strips(model, here[0] if here else None), model.limit_mps))
    lanes = ribbon("main", reference, sections)
    courses = [_main_course(model, reference, sections)]
    for ramp in ramps:
        section = next(i for i, found in enumerate(sections) if found.begin == ramp.begin)
        lanes, course = _with_ramp(model, reference, lanes, ramp, lane_id("main", ramp.name, section))
        courses.append(course)
    return RoadNetwork(lanes, courses=courses)


def _ramp(name: str, model: RampModel) -> _Ramp:
    return _Ramp(name, model.at_m, model.at_m + model.length_m, entering=name == "on_ramp")


def _strips(model: MotorwayModel, ramp: _Ramp | None) -> tuple[Strip, ...]:
    width, count = model.lane_width_m, model.lanes
    strips = []
    for i in range(count):
        marks = [LineMark.SOLID if i == 0 else LineMark.DASHED, LineMark.SOLID if i == count - 1 else LineMark.DASHED]
        strips.append(
            Strip(f"{count - i}", LaneKind.DRIVING, level(-i * width), level(-(i + 1) * width), marks[0], marks[1])
        )
    right = level(-count * width)
    if ramp is not None:
        strips[-1] = replace(strips[-1], right_mark=LineMark.DASHED)
        outer = _tapered(ramp, -count * width, width)
        strips.append(Strip(ramp.name, LaneKind.DRIVING, right, outer, LineMark.DASHED, LineMark.SOLID))
        right = outer
    if model.shoulder_m > 0.0:
        beyond = _shifted(right, -model.shoulder_m)
        strips.append(Strip("shoulder", LaneKind.SHOULDER, right, beyond, LineMark.SOLID, LineMark.NONE))
    return tuple(strips)


def _tapered(ramp: _Ramp, base: float, width: float) -> Offset:
    """The right border of a ramp's extra lane."""

    def offset(s: FloatArray) -> FloatArray:
        along = (ramp.end - s) if ramp.entering else (s - ramp.begin)
        return base - width * _smooth(along / ramp.taper)

    return offset


def _shifted(offset: Offset, by: float) -> Offset:
    return lambda s: offset(s) + by


def _smooth(share: FloatArray) -> FloatArray:
    """0 to 1 with level ends."""
    u = np.clip(share, 0.0, 1.0)
    return u * u * (3.0 - 2.0 * u)


def _with_ramp(
    model: MotorwayModel, reference: Reference, lanes: Sequence[Lane], ramp: _Ramp, extra: str
) -> tuple[list[Lane], Course]:
    """The lanes with the ramp joined to its extra lane, and the course along both."""
    room = ramp.begin if ramp.entering else model.length_m - ramp.end
    length = min(RAMP_M, room)
    joined = list(lanes)
    at = next(i for i, lane in enumerate(joined) if lane.id == extra)
    chain = [extra]
    if length >= LEAST_APPROACH_M:
        begin, end = (ramp.begin - length, ramp.begin) if ramp.entering else (ramp.end, ramp.end + length)
        joint = ramp.begin if ramp.entering else ramp.end
        base, reach = -model.lanes * model.lane_width_m, RAMP_OFFSET_M * (length / RAMP_M) ** 2

        def border(s: FloatArray) -> FloatArray:
            return base - reach * _smooth(np.abs(s - joint) / length)

        strip = Strip(
            ramp.name, LaneKind.DRIVING, border, _shifted(border, -model.lane_width_m), LineMark.SOLID, LineMark.SOLID
        )
        name = lane_id("main", ramp.name, 0) + (".entry" if ramp.entering else ".exit")
        slope = strip_lane(name, reference, Section(begin, end, (strip,), model.limit_mps), strip)
        if ramp.entering:
            joined[at] = replace(joined[at], predecessors=(name,))
            joined.append(replace(slope, successors=(extra,)))
            chain.insert(0, name)
        else:
            joined[at] = replace(joined[at], successors=(name,))
            joined.append(replace(slope, predecessors=(extra,)))
            chain.append(name)
    by_id = {lane.id: lane for lane in joined}
    points = np.concatenate([by_id[chain[0]].centre, *(by_id[found].centre[1:] for found in chain[1:])])
    return joined, Course(ramp.name, points, lanes=(tuple(chain),))


def _main_course(model: MotorwayModel, reference: Reference, sections: Sequence[Section]) -> Course:
    frames = reference.frames(reference.stations(0.0, model.length_m, 0.0))
    chains = {
        name: tuple(lane_id("main", name, i) for i in range(len(sections)))
        for name in [*(str(number + 1) for number in range(model.lanes)), "shoulder"]
    }
    return Course(
        "main",
        np.ascontiguousarray(frames[:, :2]),
        lanes=tuple(chains[str(number + 1)] for number in range(model.lanes)),
        strips=(("shoulder", chains["shoulder"]),) if model.shoulder_m > 0.0 else (),
    )
