"""The line to drive over a way of lanes: lane centres end to end, blended from one to the next where the way changes lanes.

Answers with raw points and the lane each belongs to. It does not choose lanes (`route_search.py`), and does not smooth or
measure (`routing.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alpasim.road.network import TRAFFIC_KINDS, RoadNetwork
from alpasim.road.polyline import arc_length, pose_within, project_within
from alpasim.road.route_search import Entry, Stretch, Way, follow
from alpasim.types import FloatArray, IntArray

BEHIND_M = 20.0
"""How far before the start a line begins, where there is road [m]."""

CHANGE_S = 4.0
"""A lane change takes this long at the speed limit [s]."""

LEAST_CHANGE_M = 30.0
"""A lane change takes at least this distance, where there is room [m]."""

UNPOSTED_MPS = 15.0
"""Speed that lane changes are laid out for where none is posted [m/s]."""

_LEAD_M = 10.0
_SHORTEST_BLEND_M = 5.0
_SAME_POINT_M = 0.05
_ALONGSIDE_M = 8.0


@dataclass(frozen=True, slots=True)
class LaneLine:
    """Points (k, 2) of a line and the lane row (k,) of each; where on it the goal lies, as a point (2,), and how far to
    the left of it [m]."""

    points: FloatArray
    rows: IntArray
    goal: FloatArray
    goal_offset: float = 0.0


@dataclass(frozen=True, slots=True)
class _Strand:
    """Lanes that follow each other as one polyline; lane i's points are spans[i][0]..spans[i][1]."""

    lanes: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    points: FloatArray
    s: FloatArray
    rows: IntArray

    @property
    def length(self) -> float:
        return float(self.s[-1])

    def locate(self, x: float, y: float, place: int | None = None) -> float:
        """s of the point nearest to (x, y), on the strand's lane number `place` or on all of it; within the strand's ends."""
        first, last = 0, len(self.points)
        if place is not None:
            first, last = self.spans[place]
            first, last = max(0, first - 1), min(len(self.points), last + 2)
        along, _, _ = project_within(x, y, self.points, self.s, first, last)
        return min(max(along + float(self.s[first]), 0.0), self.length)

    def at(self, s: float) -> tuple[float, float]:
        x, y, _ = pose_within(self.points, self.s, 0, len(self.points), s)
        return x, y

    def row_at(self, s: float) -> int:
        return int(self.rows[min(int(np.searchsorted(self.s, s)), len(self.rows) - 1)])

    def cut(self, begin: float, end: float) -> tuple[FloatArray, IntArray]:
        """Points and rows from s begin to end, with interpolated ends."""
        if end <= begin:
            return np.empty((0, 2)), np.empty(0, dtype=np.int64)
        inner = np.flatnonzero((self.s > begin + 1e-6) & (self.s < end - 1e-6))
        points = np.concatenate([[self.at(begin)], self.points[inner], [self.at(end)]])
        rows = np.concatenate([[self.row_at(begin + 1e-6)], self.rows[inner], [self.row_at(end)]])
        return points, rows.astype(np.int64)


def lane_line(road: RoadNetwork, way: Way, start: tuple[float, float], beyond: float) -> LaneLine:
    """The line over a way, from BEHIND_M before the start to `beyond` metres behind the goal, as far as the road goes."""
    strands, changes = _strands(road, way, beyond)
    goal = _goal_point(road, way)
    first, last = strands[0], strands[-1]
    begins = first.locate(*start, place=first.lanes.index(way.entries[0].row))
    cursor = max(0.0, begins - BEHIND_M)
    earliest = begins
    parts = []
    for number in range(len(changes)):
        origin, target = strands[number], strands[number + 1]
        opens, length = _blend_room(road, strands, changes, number, earliest, goal)
        parts.append(origin.cut(cursor, opens))
        blend, earliest = _blend(origin, target, opens, length)
        parts.append(blend)
        cursor = earliest
    place = len(last.lanes) - 1 - last.lanes[::-1].index(way.entries[-1].row)
    goal_s = last.locate(goal[0], goal[1], place)
    parts.append(last.cut(cursor, min(last.length, max(goal_s, cursor) + beyond)))
    points = np.concatenate([part for part, _ in parts])
    rows = np.concatenate([part for _, part in parts])
    keep = _advancing(points)
    return LaneLine(np.ascontiguousarray(points[keep]), rows[keep], goal, way.goal.offset)


def _goal_point(road: RoadNetwork, way: Way) -> FloatArray:
    """A point well inside the goal's stretch, but not far into a long one."""
    last = way.entries[-1]
    begin = max(way.goal.begin, min(last.s, way.goal.end))
    s = begin + min(0.5 * (way.goal.end - begin), 10.0)
    x, y, _ = road.pose_on_lane(road.lanes[last.row].id, s)
    return np.array([x, y])


def _strands(road: RoadNetwork, way: Way, beyond: float) -> tuple[list[_Strand], list[Entry]]:
    """The way's runs of lanes, each drawn out as far as it runs beside the next, and the changes between them."""
    runs: list[list[int]] = []
    changes = []
    for entry in way.entries:
        if entry.changed:
            changes.append(entry)
        if entry.changed or not runs:
            runs.append([])
        runs[-1].append(entry.row)
    ahead = follow(road, runs[-1][-1], beyond + BEHIND_M)
    runs[-1].extend(row for row in ahead if row not in runs[-1])
    for number in range(len(runs) - 2, -1, -1):
        beside = runs[number + 1]
        runs[number].extend(_alongside(road, runs[number][-1], beside))
    behind = follow(road, runs[0][0], BEHIND_M, forward=False)
    runs[0][:0] = [row for row in reversed(behind) if row not in runs[0]]
    return [_strand(road, run) for run in runs], changes


def _alongside(road: RoadNetwork, row: int, beside: Sequence[int]) -> list[int]:
    """Lanes that lead on from `row` for as long as they are neighbours of the lanes of the run beside."""
    others = {road.lanes[other].id for other in beside}
    found: list[int] = []
    while True:
        following = None
        for name in road.lanes[row].successors:
            lane = road.lanes[road.lane_index[name]]
            neighbours = {
                side.lane for side in (lane.left_neighbour, lane.right_neighbour) if side and side.same_direction
            }
            if lane.kind in TRAFFIC_KINDS and neighbours & others:
                following = road.lane_index[name]
        if following is None or following in found or following in beside:
            return found
        found.append(following)
        row = following


def _strand(road: RoadNetwork, lanes: Sequence[int]) -> _Strand:
    points: list[list[float]] = []
    rows: list[int] = []
    spans = []
    for lane in lanes:
        first = max(0, len(points) - 1)
        for point in road.lanes[lane].centre.tolist():
            if not points or math.dist(point, points[-1]) > _SAME_POINT_M:
                points.append(point)
                rows.append(lane)
        spans.append((first, max(first, len(points) - 1)))
    if len(points) < 2:
        x, y = road.lanes[lanes[-1]].centre[-1].tolist()
        points.append([x + _SAME_POINT_M, y])
        rows.append(lanes[-1])
    line = np.array(points)
    return _Strand(tuple(lanes), tuple(spans), line, arc_length(line), np.array(rows, dtype=np.int64))


def _blend_room(
    road: RoadNetwork,
    strands: Sequence[_Strand],
    changes: Sequence[Entry],
    number: int,
    earliest: float,
    goal: FloatArray,
) -> tuple[float, float]:
    """Where on its strand change `number` begins and how long it takes, so that it and those after it end in time."""
    origin, entry = strands[number], changes[number]
    x, y, _ = road.pose_on_lane(road.lanes[entry.row].id, entry.s)
    opens = max(earliest, origin.locate(x, y))
    share = math.inf
    for later in range(number, len(changes)):
        last = strands[later].at(strands[later].length)
        ends = [last, (float(goal[0]), float(goal[1]))] if later == len(changes) - 1 else [last]
        for end in ends:
            closes = origin.locate(*end)
            if later == number or math.dist(origin.at(closes), end) < _ALONGSIDE_M * (later + 1 - number):
                share = min(share, max(0.0, closes - opens) / (later + 1 - number))
    limit = road.lanes[entry.row].speed_limit_mps
    wanted = max(LEAST_CHANGE_M, CHANGE_S * (limit if math.isfinite(limit) else UNPOSTED_MPS))
    lead = min(_LEAD_M, 0.1 * share)
    return opens + lead, max(min(wanted, share - lead), _SHORTEST_BLEND_M)


def _blend(origin: _Strand, target: _Strand, opens: float, length: float) -> tuple[tuple[FloatArray, IntArray], float]:
    """Points and rows from one strand over to the next, without a jump in heading or curvature, and where it ends there."""
    arrives = target.locate(*origin.at(opens + length))
    leaves = min(target.locate(*origin.at(opens)), arrives)
    count = max(4, math.ceil(length))
    points = np.empty((count + 1, 2))
    rows = np.empty(count + 1, dtype=np.int64)
    for i in range(count + 1):
        u = i / count
        share = u * u * u * (10.0 + u * (6.0 * u - 15.0))
        here, there = origin.at(opens + u * length), target.at(leaves + u * (arrives - leaves))
        points[i] = [(1.0 - share) * here[k] + share * there[k] for k in range(2)]
        rows[i] = origin.row_at(opens + u * length) if u < 0.5 else target.row_at(leaves + u * (arrives - leaves))
    return (points, rows), arrives


def _advancing(points: FloatArray) -> IntArray:
    """Which points to keep so that the line never stands still or steps back at a joint."""
    kept = [0]
    (x, y), before_x, before_y = points[0].tolist(), 0.0, 0.0
    for i, (next_x, next_y) in enumerate(points.tolist()):
        step_x, step_y = next_x - x, next_y - y
        length = math.hypot(step_x, step_y)
        if length < _SAME_POINT_M or (step_x * before_x + step_y * before_y < 0.0 and length < 2.0):
            continue
        kept.append(i)
        x, y, before_x, before_y = next_x, next_y, step_x, step_y
    return np.array(kept, dtype=np.int64)


def straight_way(road: RoadNetwork, row: int, s: float, length: float) -> Way:
    """The way that follows the straightest lanes from s of a lane for `length` metres, or to the end of the road."""
    from_here = [row, *follow(road, row, length - (road.lane_length(road.lanes[row].id) - s))]
    left = length + s
    for last in from_here[:-1]:
        left -= road.lane_length(road.lanes[last].id)
    end = min(left, road.lane_length(road.lanes[from_here[-1]].id))
    entries = [Entry(row, s), *(Entry(following, 0.0) for following in from_here[1:])]
    return Way(tuple(entries), Stretch(max(0.0, end), max(0.0, end)))
