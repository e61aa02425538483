"""T and X junctions: arms that meet round (0, 0), and the lanes that connect them.

The south arm runs along +y towards the junction. Every arm has the course of its name, inbound, s from its outer end, and
`<arm>_out`; every way through has `<arm>_to_<arm>`. Right turns leave from the rightmost lane, left turns from the leftmost,
straight ways keep their lane. Under it all lies one shoulder-kind lane, `junction`, which makes the whole mouth-to-mouth area
drivable, corners rounded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alpasim.road.junction_corners import corner_sidewalks
from alpasim.road.junction_signals import junction_signals
from alpasim.road.lanes import Course, Lane, LaneKind, LineMark, Neighbour
from alpasim.road.layout import layout_strips, raised, road_course
from alpasim.road.network import RoadNetwork
from alpasim.road.piece_models import Arm, JunctionModel, LayoutModel
from alpasim.road.ribbon import Reference, Section, Stretch, Strip, lane_id, level, ribbon, strip_lane
from alpasim.types import FloatArray

STOP_LINE_M = 0.5
"""How far before the mouth a stop line lies [m]."""

_OUTWARD: dict[Arm, float] = {"south": -0.5 * math.pi, "east": 0.0, "north": 0.5 * math.pi, "west": math.pi}
_ORDER: tuple[Arm, ...] = ("south", "east", "north", "west")


@dataclass(frozen=True, slots=True)
class _Mouths:
    """Sizes of a junction: half widths of the arms, how far their mouths lie from the centre [m]; lanes each way."""

    model: JunctionModel
    arms: tuple[Arm, ...]

    def lanes(self, arm: Arm) -> int:
        if arm in ("east", "west") and self.model.cross_lanes is not None:
            return self.model.cross_lanes
        return self.model.lanes

    def half_width(self, arm: Arm) -> float:
        return self.lanes(arm) * self.model.lane_width_m

    def mouth(self, arm: Arm) -> float:
        across: Arm = "south" if arm in ("east", "west") else "east"
        return self.half_width(across) + self.model.corner_radius_m

    def limit(self, arm: Arm) -> float:
        return self.model.cross_limit_mps if arm in ("east", "west") else self.model.limit_mps


def build_junction(model: JunctionModel, arms: Sequence[Arm]) -> RoadNetwork:
    """The junction with the given arms, in the order south, east, north, west."""
    mouths = _Mouths(model, tuple(arms))
    signals = junction_signals(model.signals, [(arm, _signal_place(mouths, arm)) for arm in arms])
    stops = model.stop_lines if model.stop_lines is not None else tuple(arms) if signals else ()
    lanes: dict[str, Lane] = {}
    courses = []
    for arm in arms:
        arm_lanes, arm_courses = _arm(mouths, arm)
        row = next((i for i, signal in enumerate(signals) if signal.id == arm), -1)
        for lane in arm_lanes:
            inbound = any(lane.id in chain for chain in arm_courses[0].lanes)
            stop = _stop_line(lane) if inbound and arm in stops else None
            lanes[lane.id] = replace(lane, stop_line=stop, signal=row if inbound else -1)
        courses.extend(arm_courses)
    ways = _ways(mouths, arms)
    for way in ways:
        _connect(mouths, lanes, way)
    lanes = {name: _beside(lane, ways) for name, lane in lanes.items()}
    courses.extend(_through_courses(lanes, ways, arms))
    apron = _apron(mouths, "north" in arms)
    corners = corner_sidewalks(apron, model.sidewalk_m, model.corner_radius_m, "north" in arms)
    sidewalks = raised(model.sidewalk_m, model.kerb_height_m)
    return RoadNetwork([*lanes.values(), apron, *corners], signals, courses=courses, parts=sidewalks)


def _arm(mouths: _Mouths, arm: Arm) -> tuple[list[Lane], list[Course]]:
    """An arm's lanes, its inbound course and its outbound one."""
    outward, length = _OUTWARD[arm], mouths.model.arm_length_m
    far = mouths.mouth(arm) + length
    start = (far * math.cos(outward), far * math.sin(outward), outward + math.pi)
    reference = Reference(start, (Stretch(length),))
    layout = LayoutModel(
        lanes=mouths.lanes(arm),
        oncoming_lanes=mouths.lanes(arm),
        lane_width_m=mouths.model.lane_width_m,
        sidewalk_m=mouths.model.sidewalk_m,
    )
    section = Section(0.0, length, layout_strips(layout), mouths.limit(arm))
    inbound = road_course(arm, reference, [section])
    outbound = Course(
        f"{arm}_out",
        np.ascontiguousarray(inbound.reference[::-1]),
        lanes=tuple(reversed(inbound.oncoming)),
        oncoming=tuple(reversed(inbound.lanes)),
    )
    return ribbon(arm, reference, [section]), [inbound, outbound]


def _signal_place(mouths: _Mouths, arm: Arm) -> tuple[float, float]:
    """Beside the stop line, a metre off the road on the right of those who come in."""
    outward = _OUTWARD[arm]
    ahead, side = mouths.mouth(arm), mouths.half_width(arm) + mouths.model.sidewalk_m + 1.0
    return (
        ahead * math.cos(outward) - side * math.sin(outward),
        ahead * math.sin(outward) + side * math.cos(outward),
    )


def _stop_line(lane: Lane) -> FloatArray:
    direction = lane.centre[-1] - lane.centre[-2]
    back = direction * (STOP_LINE_M / math.hypot(direction[0], direction[1]))
    return np.array([lane.left[-1] - back, lane.right[-1] - back])


@dataclass(frozen=True, slots=True)
class _Way:
    """One connecting lane: from lane `from_lane` of an arm into lane `to_lane` of another, both counted from the right."""

    from_arm: Arm
    from_lane: int
    to_arm: Arm
    to_lane: int

    @property
    def lane(self) -> str:
        """Id of the connecting lane."""
        return f"{self.from_arm}_{self.from_lane}_to_{self.to_arm}_{self.to_lane}"

    @property
    def turn(self) -> int:
        """Quarters turned to the left: 0 straight, 1 left, -1 right."""
        quarters = (_ORDER.index(self.to_arm) - _ORDER.index(self.from_arm)) % 4
        return {1: -1, 2: 0, 3: 1}[quarters]


def _ways(mouths: _Mouths, arms: Sequence[Arm]) -> list[_Way]:
    """Every connection. A lane that would have none turns left in step with the others, or right where there is no left."""
    ways = []
    for arm in arms:
        place, count = _ORDER.index(arm), mouths.lanes(arm)
        right, ahead, left = (_ORDER[(place + step) % 4] for step in (1, 2, 3))
        found = []
        if right in arms:
            found.append(_Way(arm, 1, right, 1))
        if ahead in arms:
            found.extend(_Way(arm, i, ahead, i) for i in range(1, min(count, mouths.lanes(ahead)) + 1))
        if left in arms:
            found.append(_Way(arm, count, left, mouths.lanes(left)))
        used = {way.from_lane for way in found}
        for i in sorted(set(range(1, count + 1)) - used, reverse=True):
            side = left if left in arms else right
            goal = max(1, mouths.lanes(side) - (count - i)) if side == left else min(i, mouths.lanes(side))
            found.append(_Way(arm, i, side, goal))
        ways.extend(found)
    return ways


def _arm_lane(arm: Arm, number: int, outbound: bool, count: int) -> str:
    """Id of an arm's lane, counted from the right of its own direction."""
    return lane_id(arm, f"o{count - number + 1}" if outbound else f"{number}", 0)


def _connect(mouths: _Mouths, lanes: dict[str, Lane], way: _Way) -> None:
    """Add the connecting lane of a way, and join it to its arms."""
    before = _arm_lane(way.from_arm, way.from_lane, False, mouths.lanes(way.from_arm))
    after = _arm_lane(way.to_arm, way.to_lane, True, mouths.lanes(way.to_arm))
    origin, goal = lanes[before], lanes[after]
    heading = _OUTWARD[way.from_arm] + math.pi
    reference = _turn_reference(origin.centre[-1], goal.centre[0], heading, way.turn)
    half = 0.5 * mouths.model.lane_width_m
    outer = _outer_mark(mouths, way)
    strip = Strip(way.lane, LaneKind.DRIVING, level(half), level(-half), LineMark.NONE, outer)
    limit = min(mouths.limit(way.from_arm), mouths.limit(way.to_arm))
    lane = strip_lane(way.lane, reference, Section(0.0, reference.length, (strip,), limit), strip)
    for own, first, last in (
        (lane.centre, origin.centre, goal.centre),
        (lane.left, origin.left, goal.left),
        (lane.right, origin.right, goal.right),
    ):
        own[0], own[-1] = first[-1], last[0]
    lanes[way.lane] = replace(lane, successors=(after,), predecessors=(before,), in_junction=True)
    lanes[before] = replace(lanes[before], successors=(*lanes[before].successors, way.lane))
    lanes[after] = replace(lanes[after], predecessors=(*lanes[after].predecessors, way.lane))


def _outer_mark(mouths: _Mouths, way: _Way) -> LineMark:
    """A kerb round the corner, a line or the sidewalk's kerb along a side without an arm, nothing inside."""
    if way.turn < 0:
        return LineMark.KERB
    right = _ORDER[(_ORDER.index(way.from_arm) + 1) % 4]
    if way.turn != 0 or way.from_lane != 1 or right in mouths.arms:
        return LineMark.NONE
    return LineMark.KERB if mouths.model.sidewalk_m > 0.0 else LineMark.SOLID


def _turn_reference(start: FloatArray, end: FloatArray, heading: float, turn: int) -> Reference:
    """Straight on, or straight - quarter circle - straight with the widest circle that fits."""
    dx, dy = float(end[0] - start[0]), float(end[1] - start[1])
    ahead = dx * math.cos(heading) + dy * math.sin(heading)
    aside = abs(dy * math.cos(heading) - dx * math.sin(heading))
    pose = (float(start[0]), float(start[1]), heading)
    if turn == 0:
        return Reference(pose, (Stretch(ahead),))
    radius = min(ahead, aside)
    parts = (Stretch(ahead - radius), Stretch(0.5 * math.pi * radius, turn / radius), Stretch(aside - radius))
    return Reference(pose, tuple(part for part in parts if part.length > 1e-6))


def _beside(lane: Lane, ways: Sequence[_Way]) -> Lane:
    """A connecting lane with its neighbours: the next lane of the same way, else the way back where that lies alongside."""
    way = next((way for way in ways if way.lane == lane.id), None)
    if way is None:
        return lane
    same = [other for other in ways if (other.from_arm, other.to_arm) == (way.from_arm, way.to_arm)]
    left = _same_way(same, way, +1)
    if left is None:
        left = _way_back(ways, same, way)
    return replace(lane, left_neighbour=left, right_neighbour=_same_way(same, way, -1))


def _same_way(same: Sequence[_Way], way: _Way, step: int) -> Neighbour | None:
    for other in same:
        if (other.from_lane, other.to_lane) == (way.from_lane + step, way.to_lane + step):
            return Neighbour(other.lane, same_direction=True)
    return None


def _way_back(ways: Sequence[_Way], same: Sequence[_Way], way: _Way) -> Neighbour | None:
    """The leftmost lane of the opposite way, if both lie at the line between the directions."""
    back = [other for other in ways if (other.from_arm, other.to_arm) == (way.to_arm, way.from_arm)]
    if not back or way.from_lane != max(other.from_lane for other in same):
        return None
    found = max(back, key=lambda other: other.from_lane)
    if way.turn and (len(same), len(back), way.from_lane, found.from_lane) != (1, 1, 1, 1):
        return None
    return Neighbour(found.lane, same_direction=False)


def _through_courses(lanes: dict[str, Lane], ways: Sequence[_Way], arms: Sequence[Arm]) -> list[Course]:
    """A course for every pair of arms, from outer end to outer end; its s runs along its rightmost lane."""
    chains: dict[tuple[Arm, Arm], list[tuple[str, ...]]] = {}
    for way in sorted(ways, key=lambda way: way.from_lane):
        lane = lanes[way.lane]
        chain = (lane.predecessors[0], way.lane, lane.successors[0])
        chains.setdefault((way.from_arm, way.to_arm), []).append(chain)
    courses = []
    for first in arms:
        for last in arms:
            found = chains.get((first, last))
            if not found:
                continue
            points = [lanes[found[0][0]].centre, *(lanes[name].centre[1:] for name in found[0][1:])]
            straight = (_ORDER.index(first) - _ORDER.index(last)) % 4 == 2
            oncoming = tuple(reversed(chains.get((last, first), []))) if straight else ()
            courses.append(Course(f"{first}_to_{last}", np.concatenate(points), tuple(found), oncoming))
    return courses


def _apron(mouths: _Mouths, north: bool) -> Lane:
    """The junction's whole area as one lane from south to north, its borders mirrored to each other."""
    half, mouth = mouths.half_width("south"), mouths.mouth("south")
    wide, radius = mouths.mouth("east"), mouths.model.corner_radius_m
    cross = mouths.half_width("east")
    count = max(4, math.ceil(0.5 * math.pi / math.sqrt(8.0 * 0.002 / radius)))
    angle = np.linspace(0.0, 0.5 * math.pi, count + 1)
    south = np.column_stack([half + radius * (1.0 - np.cos(angle)), -mouth + radius * np.sin(angle)])
    south[-1] = (wide, -cross)
    right = np.concatenate([south, south[::-1] * (1.0, -1.0)]) if north else np.concatenate([south, [(wide, cross)]])
    left = right * (-1.0, 1.0)
    return Lane(
        id="junction",
        kind=LaneKind.SHOULDER,
        centre=np.ascontiguousarray(0.5 * (left + right)),
        left=np.ascontiguousarray(left),
        right=np.ascontiguousarray(right),
        left_mark=LineMark.NONE,
        right_mark=LineMark.NONE,
        speed_limit_mps=math.inf,
        left_neighbour=None,
        right_neighbour=None,
        successors=(),
        predecessors=(),
        in_junction=True,
    )
