"""What every metric needs, measured once a step: the ego against all others, the road, the reference and itself.

Answers each shared question with a few compiled calls, so that a metric is left with a comparison or a sum. A metric of
one's own reads the same SceneMeasures, and the states in it. Nothing is judged here, except touches (`touch.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from alpasim.compiled import compiled
from alpasim.errors import RecordingError
from alpasim.measures import distance, time_to_collision
from alpasim.memory import Memory, read
from alpasim.metrics.reference import Reference, ReferencePlace
from alpasim.metrics.ride import Ride
from alpasim.metrics.touch import Side, Touch, judge_touch
from alpasim.road.network import LaneKind
from alpasim.scenario.concrete import Goal, Scenario
from alpasim.sensors.footprint import footprint
from alpasim.sensors.place import LinePlace, nearest_on_line
from alpasim.types import EGO, BoolArray, FloatArray, Step, WorldState

TTC_HORIZON_S = 5.0
"""How far ahead time to collision looks [s]."""
LEAD_RANGE_M = 200.0
"""How far ahead along the route a lead vehicle is looked for [m]."""
ROUTE_WIDTH_M = 10.0
"""Farther than this from the route, nobody is led by anybody on it [m]."""
_TOUCH: dict[str, type[Any]] = {
    "row": int,
    "at_fault": bool,
    "ego_share_mps": float,
    "other_share_mps": float,
    "impact_speed_mps": float,
}
_TRAFFIC = frozenset({LaneKind.DRIVING, LaneKind.BUS, LaneKind.SHOULDER, LaneKind.PARKING})


@dataclass(frozen=True, slots=True)
class LanePlace:
    """The lane under the ego's centre, of several the one whose direction is nearest to the ego's heading.

    `row` is -1 where there is no lane for vehicles, and `heading` [rad] and `limit_mps` are then nan; the limit is inf
    where none is posted.
    """

    row: int
    heading: float
    limit_mps: float


@dataclass(frozen=True, slots=True)
class SceneMeasures:
    """One step as metrics see it. `step` is None in the scene that a drive begins with, and `state` is what it led to.

    `speed_mps` is the box centre's speed in the plane; `moved_m` and `travelled_m` its way in this step and since the
    start. `anyone` says whether other actors are present; `nearest_m` is the smallest distance from the ego's box to
    another (inf: nobody), `ttc_s` the time to collision (inf: none within TTC_HORIZON_S). `lead_gap_m` is the free way along
    the route to the next body in the ego's path (inf: none). `touches` are all bodies that touch the ego, `new_touches`
    those that did not in the step before. `edge_m` is the signed distance to the border of the drivable area, positive
    inside, (8,) for the corners and the middles of the sides of the ego's footprint: front left, left, rear left, rear,
    rear right, right, front right, front; `centre_edge_m` is that of the box centre. `signals_of_ride` (6,) are the newest complete signals of `ride`.
    """

    step: Step | None
    state: WorldState
    dt_s: float
    time_s: float
    speed_mps: float
    moved_m: float
    travelled_m: float
    anyone: bool
    nearest_m: float
    ttc_s: float
    lead_gap_m: float
    touches: tuple[Touch, ...]
    new_touches: tuple[Touch, ...]
    edge_m: FloatArray
    centre_edge_m: float
    lane: LanePlace
    reference: ReferencePlace
    reference_length_m: float
    ride: Ride
    signals_of_ride: FloatArray
    goal: Goal


@compiled
def _against_others(
    position: FloatArray,
    yaw: FloatArray,
    extent: FloatArray,
    velocity: FloatArray,
    present: BoolArray,
    horizon_s: float,
) -> tuple[bool, float, float, BoolArray]:
    """Whether anybody is there, smallest distance, smallest time to collision, and whose box (n,) overlaps the ego's.

    Overlap needs the heights to overlap too, so that a bridge above is no collision.
    """
    apart = distance(position, yaw, extent, present, 0)
    times = time_to_collision(position, yaw, extent, velocity, present, horizon_s, 0)
    anyone, nearest, soonest = False, np.inf, np.inf
    overlaps = np.zeros(position.shape[0], dtype=np.bool_)
    for i in range(1, position.shape[0]):
        if not present[i]:
            continue
        anyone = True
        nearest, soonest = min(nearest, apart[i]), min(soonest, times[i])
        level = abs(position[i, 2] - position[0, 2]) <= 0.5 * (extent[i, 2] + extent[0, 2])
        overlaps[i] = apart[i] == 0.0 and level
    return anyone, nearest, soonest, overlaps


@compiled
def lead_gap(
    position: FloatArray,
    yaw: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    line: FloatArray,
    s_line: FloatArray,
    heading: FloatArray,
    ego_s: float,
    ego_d: float,
    range_m: float,
    width_m: float,
) -> float:
    """Free way along a route to the nearest body ahead whose shadow across the route overlaps the ego's, inf if none [m].

    A body beside, whose shadow along the route overlaps the ego's, leads nobody. Shadows are taken in the route's
    direction at each body; `line` (k, 2), `s_line` and `heading` (k,) are the route's.
    """
    best = np.inf
    if abs(ego_d) > width_m:
        return best
    i = min(int(np.searchsorted(s_line, ego_s)), s_line.shape[0] - 1)
    c, s = abs(math.cos(yaw[0] - heading[i])), abs(math.sin(yaw[0] - heading[i]))
    reach, breadth = 0.5 * (extent[0, 0] * c + extent[0, 1] * s), 0.5 * (extent[0, 0] * s + extent[0, 1] * c)
    for row in range(1, position.shape[0]):
        dx, dy = position[row, 0] - position[0, 0], position[row, 1] - position[0, 1]
        if not present[row] or dx * dx + dy * dy > range_m * range_m:
            continue
        # Whatever lies farther along than the best one so far, with half its own size, cannot be nearer.
        ahead = min(range_m, best + reach + 0.5 * math.hypot(extent[row, 0], extent[row, 1]))
        at, d, off = nearest_on_line(position[row, 0], position[row, 1], line, s_line, ego_s, ego_s + ahead)
        if at <= ego_s or off > 2.0 * width_m:
            continue
        i = min(int(np.searchsorted(s_line, at)), s_line.shape[0] - 1)
        c, s = abs(math.cos(yaw[row] - heading[i])), abs(math.sin(yaw[row] - heading[i]))
        if abs(d - ego_d) < breadth + 0.5 * (extent[row, 0] * s + extent[row, 1] * c):
            gap = at - ego_s - reach - 0.5 * (extent[row, 0] * c + extent[row, 1] * s)
            best = gap if 0.0 <= gap < best else best
    return best


class SceneMeter:
    """Measures one drive, step after step; keeps what reaches over steps: places on lines, touches, distance, ride."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._dt_s = scenario.dt_us * 1e-6
        self.reference = Reference(scenario)
        route = scenario.ego.route
        self._route = route
        self._on_route = LinePlace(route.centre, route.s, route.start_s)
        self._ride = Ride(self._dt_s)
        self._touching: dict[int, Touch] = {}
        self._travelled = 0.0

    def reset(self, state: WorldState) -> SceneMeasures:
        """Measure the first state of a drive."""
        self.reference.reset()
        self._on_route.reset()
        self._ride.reset(state)
        self._touching = {}
        self._travelled = 0.0
        return self._measure(None, state, 0.0, np.full(6, math.nan))

    def save(self) -> Memory:
        """Places, touches, distance and ride so far."""
        return {
            "reference": self.reference.save(),
            "route": self._on_route.save(),
            "ride": self._ride.save(),
            "travelled": self._travelled,
            "touching": [
                {**{name: getattr(touch, name) for name in _TOUCH}, "side": str(touch.side)}
                for touch in self._touching.values()
            ],
        }

    def load(self, memory: Memory) -> None:
        """Go on from what `save` returned; after `reset`."""
        self.reference.load(read(memory, "reference", dict))
        self._on_route.load(read(memory, "route", dict))
        self._ride.load(read(memory, "ride", dict))
        self._travelled = read(memory, "travelled", float)
        self._touching = {}
        for saved in read(memory, "touching", list):
            side = read(saved, "side", str)
            if side not in set(Side):
                raise RecordingError(f"snapshot: side {side!r}, expected one of {', '.join(Side)}")
            values = {name: read(saved, name, kind) for name, kind in _TOUCH.items()}
            self._touching[values["row"]] = Touch(side=Side(side), **values)

    def measure(self, step: Step) -> SceneMeasures:
        """Measure the next step of the drive."""
        after, before = step.after.position[EGO], step.before.position[EGO]
        moved = math.hypot(float(after[0] - before[0]), float(after[1] - before[1]))
        self._travelled += moved
        return self._measure(step, step.after, moved, self._ride.add(step.after))

    def _measure(self, step: Step | None, state: WorldState, moved: float, ride: FloatArray) -> SceneMeasures:
        anyone, nearest, ttc, overlaps = _against_others(
            state.position, state.yaw, state.extent, state.velocity, state.present, TTC_HORIZON_S
        )
        x, y, yaw = float(state.position[EGO, 0]), float(state.position[EGO, 1]), float(state.yaw[EGO])
        corners = footprint(x, y, yaw, float(state.extent[EGO, 0]), float(state.extent[EGO, 1]))
        edges = self._scenario.road.edge_distance(np.concatenate((corners, state.position[:1, :2])))
        route_s, route_d, _ = self._on_route.locate(x, y)
        touches, new = self._touches(step, overlaps) if step is not None else ((), ())
        return SceneMeasures(
            step=step,
            state=state,
            dt_s=self._dt_s,
            time_s=state.time_us / 1e6,
            speed_mps=math.hypot(float(state.velocity[EGO, 0]), float(state.velocity[EGO, 1])),
            moved_m=moved,
            travelled_m=self._travelled,
            anyone=anyone,
            nearest_m=nearest,
            ttc_s=ttc,
            lead_gap_m=self._lead_gap(state, route_s, route_d) if anyone else math.inf,
            touches=touches,
            new_touches=new,
            edge_m=edges[:-1],
            centre_edge_m=float(edges[-1]),
            lane=self._lane(x, y, yaw),
            reference=self.reference.locate(x, y, state.time_us),
            reference_length_m=self.reference.length_m,
            ride=self._ride,
            signals_of_ride=ride,
            goal=self._scenario.ego.goal,
        )

    def _lead_gap(self, state: WorldState, route_s: float, route_d: float) -> float:
        route = self._route
        return lead_gap(
            state.position,
            state.yaw,
            state.extent,
            state.present,
            route.centre,
            route.s,
            route.heading,
            route_s,
            route_d,
            LEAD_RANGE_M,
            ROUTE_WIDTH_M,
        )

    def _touches(self, step: Step, overlaps: BoolArray) -> tuple[tuple[Touch, ...], tuple[Touch, ...]]:
        """All touches of this step and the new ones among them, by row: solved contacts and overlapping boxes alike."""
        solved = {
            contact.second: contact
            for contact in reversed(step.contacts)
            if contact.first == EGO and contact.second > EGO
        }
        rows = sorted({*solved, *np.flatnonzero(overlaps).tolist()}) if solved or overlaps.any() else []
        new = tuple(
            judge_touch(step.before, step.after, row, solved.get(row), self._dt_s)
            for row in rows
            if row not in self._touching
        )
        began = {touch.row: touch for touch in new}
        self._touching = {row: self._touching.get(row) or began[row] for row in rows}
        return tuple(self._touching.values()), new

    def _lane(self, x: float, y: float, yaw: float) -> LanePlace:
        """The lane under the ego's centre."""
        road = self._scenario.road
        row, heading = road.lane_under(x, y, yaw)
        if row < 0 or road.lanes[row].kind not in _TRAFFIC:
            return LanePlace(-1, math.nan, math.nan)
        return LanePlace(row, heading, road.lanes[row].speed_limit_mps)
