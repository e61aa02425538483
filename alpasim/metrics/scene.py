"""What every metric needs, measured once a step: the ego against all others, the road, the reference and itself.

Answers each shared question once, most of them with one compiled call (`around.py`), so that a metric is left with a
comparison or a sum. A metric of
one's own reads the same SceneMeasures, and the states in it. Nothing is judged here, except touches (`touch.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from alpasim.errors import RecordingError
from alpasim.memory import Memory, read
from alpasim.metrics.around import FOOTPRINT, look_around
from alpasim.metrics.arrival import goal_reached
from alpasim.metrics.reference import Reference, ReferencePlace
from alpasim.metrics.ride import UNKNOWN, Ride, Signals
from alpasim.metrics.touch import Side, Touch, judge_touch
from alpasim.road.network import LaneKind, wrapped
from alpasim.scenario.concrete import Goal, Scenario
from alpasim.types import EGO, FloatArray, Step, WorldState

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


NO_LANE = LanePlace(-1, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class SceneMeasures:
    """One step as metrics see it. `step` is None in the scene that a drive begins with, and `state` is what it led to.

    `speed_mps` is the box centre's speed in the plane; `moved_m` and `travelled_m` its way in this step and since the
    start. `anyone` says whether other actors are present; `nearest_m` is the smallest distance from the ego's box to
    another (inf: nobody), `ttc_s` the time to collision (inf: none within TTC_HORIZON_S). `lead_gap_m` is the free way along
    the route to the next body in the ego's path (inf: none). `touches` are all bodies that touch the ego, `new_touches`
    those that did not in the step before. `edge_m` is the signed distance to the border of the drivable area, positive
    inside, (8,) for the corners and the middles of the sides of the ego's footprint: front left, left, rear left, rear,
    rear right, right, front right, front; `least_edge_m` is the least of them, `centre_edge_m` that of the box centre.
    `signals_of_ride` are the six newest complete signals of `ride`. `at_goal` says whether the state fulfils the goal.
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
    least_edge_m: float
    centre_edge_m: float
    lane: LanePlace
    reference: ReferencePlace
    reference_length_m: float
    ride: Ride
    signals_of_ride: Signals
    goal: Goal
    at_goal: bool


class SceneMeter:
    """Measures one drive, step after step; keeps what reaches over steps: places on lines, touches, distance, ride."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._dt_s = scenario.dt_us * 1e-6
        self.reference = Reference(scenario)
        route = scenario.ego.route
        self._line, self._line_s, self._line_heading = (
            np.ascontiguousarray(values, dtype=np.float64) for values in (route.centre, route.s, route.heading)
        )
        self._route_s = self._start_s = route.start_s
        self._overlaps = np.zeros(1 + len(scenario.actors), dtype=np.bool_)
        self._ride = Ride(self._dt_s)
        self._touching: dict[int, Touch] = {}
        self._travelled = 0.0

    def reset(self, state: WorldState) -> SceneMeasures:
        """Measure the first state of a drive."""
        self.reference.reset()
        self._route_s = self._start_s
        self._ride.reset(state)
        self._touching = {}
        self._travelled = 0.0
        return self._measure(None, state, 0.0, UNKNOWN)

    def save(self) -> Memory:
        """Places, touches, distance and ride so far."""
        return {
            "reference": self.reference.save(),
            "route": {"last": float(self._route_s)},
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
        self._route_s = read(read(memory, "route", dict), "last", float)
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

    def _measure(self, step: Step | None, state: WorldState, moved: float, ride: Signals) -> SceneMeasures:
        road, goal = self._scenario.road, self._scenario.ego.goal
        edges = np.empty(FOOTPRINT + 1)
        anyone, nearest, ttc, overlap, gap, least, route_s, route_off, lane, heading = look_around(
            state.position,
            state.yaw,
            state.extent,
            state.velocity,
            state.present,
            self._line,
            self._line_s,
            self._line_heading,
            self._route_s,
            road.arrays,
            road.grid,
            edges,
            self._overlaps,
        )
        self._route_s = route_s
        touches, new = self._touches(step, overlap) if step is not None else ((), ())
        x, y, _ = state.position[EGO].tolist()
        vx, vy, _ = state.velocity[EGO].tolist()
        centre_edge = float(edges[FOOTPRINT])
        return SceneMeasures(
            step=step,
            state=state,
            dt_s=self._dt_s,
            time_s=state.time_us / 1e6,
            speed_mps=math.hypot(vx, vy),
            moved_m=moved,
            travelled_m=self._travelled,
            anyone=anyone,
            nearest_m=nearest,
            ttc_s=ttc,
            lead_gap_m=gap,
            touches=touches,
            new_touches=new,
            edge_m=edges[:FOOTPRINT],
            least_edge_m=least,
            centre_edge_m=centre_edge,
            lane=self._lane(lane, heading),
            reference=self.reference.locate(x, y, state.time_us, (route_s, route_off)),
            reference_length_m=self.reference.length_m,
            ride=self._ride,
            signals_of_ride=ride,
            goal=goal,
            at_goal=goal_reached(goal, state, centre_edge),
        )

    def _touches(self, step: Step, overlap: bool) -> tuple[tuple[Touch, ...], tuple[Touch, ...]]:
        """All touches of this step and the new ones among them, by row: solved contacts and overlapping boxes alike, of which
        there are some where `overlap` says so."""
        if not overlap and not step.contacts:
            self._touching = {}
            return (), ()
        solved = {
            contact.second: contact
            for contact in reversed(step.contacts)
            if contact.first == EGO and contact.second > EGO
        }
        rows = sorted({*solved, *np.flatnonzero(self._overlaps).tolist()})
        new = tuple(
            judge_touch(step.before, step.after, row, solved.get(row), self._dt_s)
            for row in rows
            if row not in self._touching
        )
        began = {touch.row: touch for touch in new}
        self._touching = {row: self._touching.get(row) or began[row] for row in rows}
        return tuple(self._touching.values()), new

    def _lane(self, row: int, heading: float) -> LanePlace:
        """The lane under the ego's centre, which is that row."""
        lanes = self._scenario.road.lanes
        if row < 0 or lanes[row].kind not in _TRAFFIC:
            return NO_LANE
        return LanePlace(row, wrapped(heading), lanes[row].speed_limit_mps)
