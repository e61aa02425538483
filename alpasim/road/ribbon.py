"""Lanes side by side along a reference line: what straight roads, bends, motorways and arms of junctions are made of.

Answers how a line of straights and arcs, and strips given by their lateral offsets from it, become lanes that are joined
end to end and beside each other. It does not decide which strips a road has (`pieces.py`, `junction.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alpasim.road.lanes import Lane, LaneKind, LineMark, Neighbour
from alpasim.types import FloatArray

SAGITTA_M = 0.002
"""How far a chord may stray from its arc [m]."""

MOST_STEP_M = 5.0
"""Largest distance between two points of a lane [m]."""

Offset = Callable[[FloatArray], FloatArray]
"""Lateral offset (k,) from the reference line, left positive, at stations (k,) [m]."""


def level(offset: float) -> Offset:
    """The same offset everywhere."""
    return lambda s: np.full(len(s), offset)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a reference line with one curvature, left positive [1/m]."""

    length: float
    curvature: float = 0.0


@dataclass(frozen=True, slots=True)
class Reference:
    """A line of stretches from a start pose x, y, heading on; heading and position are continuous."""

    start: tuple[float, float, float]
    stretches: tuple[Stretch, ...]

    @property
    def length(self) -> float:
        """Arc length [m]."""
        return math.fsum(stretch.length for stretch in self.stretches)

    def ends(self) -> list[float]:
        """Stations where stretches begin and end."""
        stations = [0.0]
        for stretch in self.stretches:
            stations.append(stations[-1] + stretch.length)
        return stations

    def frames(self, stations: FloatArray) -> FloatArray:
        """x, y, heading (k, 3) at stations (k,), by the closed forms of line and arc."""
        frames = np.empty((len(stations), 3))
        ends = self.ends()
        x, y, heading = self.start
        for number, stretch in enumerate(self.stretches):
            last = number == len(self.stretches) - 1
            here = (stations >= ends[number]) & ((stations < ends[number + 1]) | last)
            frames[here] = _along(x, y, heading, stretch.curvature, stations[here] - ends[number])
            x, y, heading = _along(x, y, heading, stretch.curvature, np.array([stretch.length]))[0]
        return frames

    def stations(self, begin: float, end: float, reach: float) -> FloatArray:
        """Stations from begin to end, close enough for lines up to `reach` beside the reference to look round."""
        ends = self.ends()
        stations = [begin]
        for number, stretch in enumerate(self.stretches):
            low, high = max(begin, ends[number]), min(end, ends[number + 1])
            if number == len(self.stretches) - 1:
                high = end
            if high - low <= 1e-9:
                continue
            step = MOST_STEP_M
            if stretch.curvature:
                radius = 1.0 / abs(stretch.curvature)
                step = min(step, radius * math.sqrt(8.0 * SAGITTA_M / (radius + reach)))
            count = max(1, math.ceil((high - low) / step))
            stations.extend(low + (high - low) * i / count for i in range(1, count + 1))
        return np.array(stations)


def _along(x: float, y: float, heading: float, curvature: float, s: FloatArray) -> FloatArray:
    if curvature == 0.0:
        return np.column_stack([x + s * math.cos(heading), y + s * math.sin(heading), np.full(len(s), heading)])
    turned = heading + curvature * s
    xs = x + (np.sin(turned) - math.sin(heading)) / curvature
    ys = y - (np.cos(turned) - math.cos(heading)) / curvature
    return np.column_stack([xs, ys, turned])


@dataclass(frozen=True, slots=True)
class Strip:
    """One lane's place across the road: `left` and `right` are offsets of its borders as seen along the reference line.

    `forward` is False for lanes whose traffic runs against the reference; marks are again as seen along the reference.
    """

    name: str
    kind: LaneKind
    left: Offset
    right: Offset
    left_mark: LineMark
    right_mark: LineMark
    forward: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the road from station `begin` to `end` with one set of strips, listed from left to right without gaps."""

    begin: float
    end: float
    strips: tuple[Strip, ...]
    speed_limit_mps: float


def lane_id(road: str, strip: str, section: int) -> str:
    """Name of the lane that a strip makes in a section."""
    return f"{road}.{strip}.{section}"


def ribbon(road: str, reference: Reference, sections: Sequence[Section]) -> list[Lane]:
    """The lanes of all sections, joined to those of the same strip before and after, and to those beside."""
    lanes = []
    for number, section in enumerate(sections):
        for place, strip in enumerate(section.strips):
            before = _goes_on(road, sections, number, strip, -1)
            after = _goes_on(road, sections, number, strip, +1)
            left = _beside(road, section, number, place - 1, strip)
            right = _beside(road, section, number, place + 1, strip)
            lane = strip_lane(lane_id(road, strip.name, number), reference, section, strip)
            lanes.append(
                replace(
                    lane,
                    left_neighbour=left if strip.forward else right,
                    right_neighbour=right if strip.forward else left,
                    successors=after if strip.forward else before,
                    predecessors=before if strip.forward else after,
                )
            )
    return lanes


def _goes_on(road: str, sections: Sequence[Section], number: int, strip: Strip, step: int) -> tuple[str, ...]:
    """The lane of the same strip in the section before or after, if there is one and both meet without a jump."""
    if not 0 <= number + step < len(sections):
        return ()
    joint = np.array([sections[number].end if step > 0 else sections[number].begin])
    for other in sections[number + step].strips:
        jump = max(abs(other.left(joint)[0] - strip.left(joint)[0]), abs(other.right(joint)[0] - strip.right(joint)[0]))
        if other.name == strip.name and jump < 1e-6:
            return (lane_id(road, other.name, number + step),)
    return ()


def _beside(road: str, section: Section, number: int, place: int, strip: Strip) -> Neighbour | None:
    if not 0 <= place < len(section.strips):
        return None
    other = section.strips[place]
    return Neighbour(lane_id(road, other.name, number), same_direction=other.forward == strip.forward)


def strip_lane(name: str, reference: Reference, section: Section, strip: Strip) -> Lane:
    """The lane of one strip in one section, joined to nothing yet."""
    ends = np.array([section.begin, section.end])
    reach = max(float(np.max(np.abs([other.left(ends), other.right(ends)]))) for other in section.strips)
    stations = reference.stations(section.begin, section.end, reach)
    frames = reference.frames(stations)
    left_offset, right_offset = strip.left(stations), strip.right(stations)
    left, right = beside(frames, left_offset), beside(frames, right_offset)
    centre = beside(frames, 0.5 * (left_offset + right_offset))
    left_mark, right_mark = strip.left_mark, strip.right_mark
    if not strip.forward:
        centre, left, right = (np.ascontiguousarray(line[::-1]) for line in (centre, right, left))
        left_mark, right_mark = right_mark, left_mark
    return Lane(
        id=name,
        kind=strip.kind,
        centre=centre,
        left=left,
        right=right,
        left_mark=left_mark,
        right_mark=right_mark,
        speed_limit_mps=section.speed_limit_mps,
        left_neighbour=None,
        right_neighbour=None,
        successors=(),
        predecessors=(),
    )


def beside(frames: FloatArray, offset: FloatArray) -> FloatArray:
    """Points (k, 2) at lateral offsets (k,) from frames (k, 3), left positive."""
    x = frames[:, 0] - offset * np.sin(frames[:, 2])
    y = frames[:, 1] + offset * np.cos(frames[:, 2])
    return np.column_stack([x, y])
