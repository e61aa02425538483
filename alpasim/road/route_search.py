"""The cheapest way over lanes: from where a vehicle stands to any of several stretches of lanes.

Answers with a sequence of lanes and where each is entered; what line to drive over them is `route_line.py`'s matter. The cost
is metres travelled, with extra metres for changing lanes, for bus lanes and for starts that do not fit their lane.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alpasim.road.lanes import LaneKind
from alpasim.road.network import TRAFFIC_KINDS, RoadNetwork
from alpasim.types import FloatArray

CHANGE_COST_M = 60.0
"""What a lane change costs; one within a junction costs twice as much [m]."""

BUS_FACTOR = 3.0
"""A metre of bus lane counts this many."""

SHORT_CHANGE_M = 30.0
"""A goal nearer than this behind a lane change costs twice what is missing [m]."""

START_REACH_M = 6.0
"""A start may lie this far outside a lane and still begin on it [m]."""

START_OUTSIDE_COST_M = 100.0
"""What it costs to begin on a lane that does not contain the start; each metre of distance adds 20 [m]."""

MOST_START_TURN = math.radians(60.0)
"""A start turned further than this from a lane's direction begins on it only where none fits better [rad]."""

ODD_START_TURN = math.radians(120.0)
"""A start turned further than this never does [rad]."""

EARLY = 1e-4
"""By this share a lane change costs more for every metre travelled before it: of equal ways the one that changes early wins."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A lane of the way and where it is entered: from behind, or sideways by a lane change (`changed`)."""

    row: int
    s: float
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """A lane on which a start pose may begin, and what that costs [m]."""

    row: int
    s: float
    cost: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a lane that counts as the goal: from s `begin` to `end`, `offset` to the left of its centre [m]."""

    begin: float
    end: float
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Way:
    """Lanes in order, and the stretch of the last one that is the goal."""

    entries: tuple[Entry, ...]
    goal: Stretch


def starts(road: RoadNetwork, pose: tuple[float, float, float]) -> list[Start]:
    """Lanes that the pose x, y, yaw can begin on, cheapest first; those that contain it cost least."""
    point = np.array([pose[:2]])
    inside = set(road.lanes_containing(pose[0], pose[1]))
    fitting: list[Start] = []
    odd: list[Start] = []
    for row, lane in enumerate(road.lanes):
        if lane.kind not in TRAFFIC_KINDS:
            continue
        s, d = (float(value[0]) for value in road.project(row, point))
        length = road.lane_length(lane.id)
        at = min(max(s, 0.0), length)
        turn = abs(_turn(road.lane_heading(row, at), pose[2]))
        cost = 30.0 * turn + 2.0 * abs(d)
        if row not in inside:
            outside = math.hypot(s - at, max(0.0, abs(d) - _half_width(road, row, point)))
            if outside > START_REACH_M:
                continue
            cost += START_OUTSIDE_COST_M + 20.0 * outside
        if turn <= ODD_START_TURN:
            (fitting if turn <= MOST_START_TURN else odd).append(Start(row, at, cost))
    return sorted(fitting or odd, key=lambda start: (start.cost, start.row))


def _half_width(road: RoadNetwork, row: int, point: FloatArray) -> float:
    lane = road.lanes[row]
    near = int(np.argmin(np.hypot(*(lane.centre - point[0]).T)))
    return 0.5 * float(np.hypot(*(lane.left[near] - lane.right[near])))


def _turn(heading: float, other: float) -> float:
    return (other - heading + math.pi) % (2.0 * math.pi) - math.pi


class LaneSearch:
    """Dijkstra's search over lanes; keeps what it reached, so that a failure can be explained."""

    def __init__(self, road: RoadNetwork) -> None:
        self.road = road
        self.reached: dict[int, float] = {}
        """Lane rows that were reached, and the lowest s at which."""

    def find(self, begin: Sequence[Start], goals: Mapping[int, Sequence[Stretch]]) -> Way | None:
        """The cheapest way from any start to any goal stretch, None where there is none.

        A lane may be travelled twice, once from the start and once again after going round.
        """
        queue: list[tuple[float, int]] = []
        labels: list[tuple[Entry, int, bool, Stretch | None]] = []
        settled: set[tuple[int, bool]] = set()

        def push(cost: float, entry: Entry, parent: int, moved: bool, goal: Stretch | None = None) -> None:
            labels.append((entry, parent, moved, goal))
            heapq.heappush(queue, (cost, len(labels) - 1))

        for start in begin:
            push(start.cost, Entry(start.row, start.s), -1, False)
        while queue:
            cost, number = heapq.heappop(queue)
            entry, _, moved, goal = labels[number]
            if goal is not None:
                return Way(_trace(labels, number), goal)
            if (entry.row, moved) in settled:
                continue
            settled.add((entry.row, moved))
            self.reached[entry.row] = min(entry.s, self.reached.get(entry.row, math.inf))
            for stretch in goals.get(entry.row, ()):
                if stretch.end >= entry.s - 1e-6:
                    push(cost + self._goal_cost(entry, stretch), entry, number, moved, stretch)
            for extra, following, moves in self._onward(entry):
                early = 1.0 + EARLY * cost if following.changed else 1.0
                push(cost + extra * early, following, number, moved or moves)
        return None

    def _goal_cost(self, entry: Entry, stretch: Stretch) -> float:
        missing = max(0.0, SHORT_CHANGE_M - (stretch.end - entry.s)) if entry.changed else 0.0
        return max(0.0, stretch.begin - entry.s) * self._factor(entry.row) + 2.0 * missing

    def _factor(self, row: int) -> float:
        return BUS_FACTOR if self.road.lanes[row].kind is LaneKind.BUS else 1.0

    def _onward(self, entry: Entry) -> list[tuple[float, Entry, bool]]:
        """What can follow: extra cost, entry, and whether it leads to a next lane rather than beside."""
        road, lane = self.road, self.road.lanes[entry.row]
        rest = max(0.0, road.lane_length(lane.id) - entry.s) * self._factor(entry.row)
        found = []
        for name in lane.successors:
            row = road.lane_index[name]
            if road.lanes[row].kind in TRAFFIC_KINDS:
                found.append((rest, Entry(row, 0.0), True))
        for neighbour in (lane.left_neighbour, lane.right_neighbour):
            if neighbour is None or not neighbour.same_direction:
                continue
            row = road.lane_index[neighbour.lane]
            s = self._beside(entry, row)
            if s is not None:
                cost = CHANGE_COST_M * (2.0 if lane.in_junction else 1.0)
                found.append((cost, Entry(row, s, changed=True), False))
        return found

    def _beside(self, entry: Entry, row: int) -> float | None:
        """Where on a lane beside one arrives; None where that is no lane for traffic or not alongside."""
        other = self.road.lanes[row]
        if other.kind not in TRAFFIC_KINDS:
            return None
        x, y, _ = self.road.pose_on_lane(self.road.lanes[entry.row].id, entry.s)
        s = float(self.road.project(row, np.array([[x, y]]))[0][0])
        length = self.road.lane_length(other.id)
        return min(max(s, 0.0), length) if s < length + 1.0 else None


def _trace(labels: Sequence[tuple[Entry, int, bool, Stretch | None]], number: int) -> tuple[Entry, ...]:
    """The entries that lead to a goal's label, first one first."""
    entries = []
    number = labels[number][1]
    while number >= 0:
        entries.append(labels[number][0])
        number = labels[number][1]
    return tuple(reversed(entries))


def straightest(road: RoadNetwork, row: int, forward: bool = True) -> int | None:
    """The next lane (or, backward, the one before) that turns least from this one's end; None where traffic cannot go on."""
    lane = road.lanes[row]
    best: tuple[float, int] | None = None
    for name in lane.successors if forward else lane.predecessors:
        other = road.lane_index[name]
        if road.lanes[other].kind not in TRAFFIC_KINDS:
            continue
        before, after = (row, other) if forward else (other, row)
        joint = road.lane_heading(before, road.lane_length(road.lanes[before].id))
        # A connecting lane begins straight on whichever way it turns: what counts is where the other lane leads.
        far = road.lane_heading(after, road.lane_length(road.lanes[after].id) if forward else 0.0)
        near = road.lane_heading(before, 0.0) if not forward else joint
        turn = abs(_turn(joint, road.lane_heading(after, 0.0))) + 0.5 * abs(_turn(near, far))
        if best is None or turn < best[0] - 1e-9:
            best = (turn, other)
    return None if best is None else best[1]


def follow(road: RoadNetwork, row: int, length: float, forward: bool = True) -> list[int]:
    """Rows of the lanes straight on from a lane (not itself) until they cover `length` metres, or the road ends."""
    rows: list[int] = []
    seen = {row}
    covered = 0.0
    while covered < length:
        following = straightest(road, row, forward)
        if following is None or following in seen:
            break
        rows.append(following)
        seen.add(following)
        covered += road.lane_length(road.lanes[following].id)
        row = following
    return rows
