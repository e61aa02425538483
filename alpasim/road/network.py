"""The road as a whole: what is where, and questions about it.

Answers which lane a point is in, where on it, how far the edge of the pavement is, how slippery the ground, what a
light shows, and where a course's places lie. Values are in `lanes.py`, compiled queries in `queries.py`, the way from
start to goal in `routing.py`, building from pieces in `pieces.py`, files in `mapfile.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from shapely.geometry import MultiPolygon

from alpasim.errors import InputError, did_you_mean
from alpasim.road import queries
from alpasim.road.checks import check_road
from alpasim.road.index import border_segments, flatten, joined_area, lane_polygon, make_grid
from alpasim.road.lanes import (
    DRIVABLE_KINDS,
    TRAFFIC_KINDS,
    Course,
    Lane,
    LaneKind,
    LineMark,
    Neighbour,
    Signal,
    SignalPhase,
    SurfacePatch,
)
from alpasim.road.polyline import arc_length, pose_within, project_within
from alpasim.road.raising import make_ground, make_relief
from alpasim.road.relief import Ground, Relief, frictions_at, heights_at, rises_at
from alpasim.road.unlevel import TERRAIN, Part
from alpasim.types import FloatArray, IntArray, frozen

__all__ = [
    "DRIVABLE_KINDS",
    "TRAFFIC_KINDS",
    "Course",
    "Lane",
    "LaneKind",
    "LineMark",
    "Neighbour",
    "RoadNetwork",
    "Signal",
    "SignalPhase",
    "SurfacePatch",
]


class RoadNetwork:
    """A road, unchangeable once built.

    Raises InputError where lanes, signals, surfaces or courses do not fit together. `arrays` and `grid` are the same
    road for kernels; `relief` and `ground` say likewise how high and how slippery, soft and rough the ground is (`relief.py`);
    `drivable` is for drawing and checks, not for the step path. `parts` are what makes the road unlevel. Lanes are asked for by row (the
    order of `lanes`) on the step path, by id elsewhere.
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        signals: Sequence[Signal] = (),
        surfaces: Sequence[SurfacePatch] = (),
        courses: Sequence[Course] = (),
        parts: Sequence[Part] = (),
        terrain: str = TERRAIN,
    ) -> None:
        check_road(lanes, signals, surfaces, courses, parts, terrain)
        self.lanes: tuple[Lane, ...] = tuple(lanes)
        self.signals: tuple[Signal, ...] = tuple(signals)
        self.surfaces: tuple[SurfacePatch, ...] = tuple(surfaces)
        self.courses: dict[str, Course] = {course.name: course for course in courses}
        self.lane_index: dict[str, int] = {lane.id: row for row, lane in enumerate(self.lanes)}
        for lane in self.lanes:
            for points in (lane.centre, lane.left, lane.right, lane.stop_line):
                if points is not None:
                    frozen(points)
        for course in self.courses.values():
            frozen(course.reference)
        drivable = [lane_polygon(lane.left, lane.right) for lane in self.lanes if lane.kind in DRIVABLE_KINDS]
        self.drivable: MultiPolygon = joined_area(drivable)
        rank = [0 if lane.kind in TRAFFIC_KINDS else 1 if lane.kind in DRIVABLE_KINDS else 2 for lane in self.lanes]
        self.arrays: queries.RoadArrays = flatten(
            [np.ascontiguousarray(lane.centre) for lane in self.lanes],
            [np.ascontiguousarray(lane.left) for lane in self.lanes],
            [np.ascontiguousarray(lane.right) for lane in self.lanes],
            np.array(rank, dtype=np.int64),
            border_segments(self.drivable),
        )
        self.grid: queries.Grid = make_grid(self.arrays)
        self.bounds: tuple[float, float, float, float] = _bounds(self.arrays)
        self._lengths = frozen(self.arrays.s[self.arrays.lane_start[1:] - 1].copy())
        self.parts: tuple[Part, ...] = tuple(parts)
        self.terrain = terrain
        self.relief: Relief = make_relief(self.parts, self.lanes, self.bounds)
        self.ground: Ground = make_ground(self.surfaces, terrain)
        self._phases = _phase_table(self.signals)
        self._built = True

    def __setattr__(self, name: str, value: Any) -> None:
        if "_built" in self.__dict__:
            raise AttributeError(f"a RoadNetwork cannot be changed: {name}")
        super().__setattr__(name, value)

    def lane(self, lane_id: str) -> Lane:
        """The lane of that id; InputError with a suggestion where there is none."""
        return self.lanes[self.lane_row(lane_id)]

    def lane_row(self, lane_id: str) -> int:
        """Row of the lane of that id; InputError with a suggestion where there is none."""
        if lane_id not in self.lane_index:
            raise InputError(f"road: unknown lane {lane_id!r}{did_you_mean(lane_id, self.lane_index)}")
        return self.lane_index[lane_id]

    def lane_length(self, lane_id: str) -> float:
        """Length of a lane's centre line [m]."""
        return float(self._lengths[self.lane_row(lane_id)])

    def lanes_at(self, points: FloatArray, yaw: FloatArray | float | None = None) -> IntArray:
        """Row (m,) of the lane that contains each of the points (m, 2), -1 where none does.

        Of several, traffic lanes come before shoulders and these before paths for people; then the lane whose direction
        is nearest to `yaw` ((m,) or one for all), then the one whose centre is nearest.
        """
        if yaw is None:
            yaws = np.full(len(points), np.nan)
        elif isinstance(yaw, np.ndarray):
            yaws = np.ascontiguousarray(yaw)
        else:
            yaws = np.full(len(points), float(yaw))
        return queries.lanes_at(np.ascontiguousarray(points), yaws, self.arrays, self.grid)

    def lanes_containing(self, x: float, y: float) -> tuple[int, ...]:
        """Rows of every lane, of whatever kind, that contains the point, rising."""
        return tuple(int(row) for row in queries.lanes_containing(float(x), float(y), self.arrays, self.grid))

    def project(self, lane_row: int, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Places s, d (m,) of the points (m, 2) along a lane's centre, d left positive; straight on beyond its ends [m]."""
        return self.project_each(np.full(len(points), lane_row, dtype=np.int64), points)

    def project_each(self, lane_rows: IntArray, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """As `project`, each point on the lane of its own row (m,); nan where the row is -1."""
        return queries.project_each(np.ascontiguousarray(lane_rows), np.ascontiguousarray(points), self.arrays)

    def poses_on(self, lane_rows: IntArray, s: FloatArray, d: FloatArray) -> FloatArray:
        """Poses (m, 3) x, y, heading at s along and d left of the centres of the lanes `lane_rows`, all (m,)."""
        rows, along, aside = np.ascontiguousarray(lane_rows), np.ascontiguousarray(s), np.ascontiguousarray(d)
        return queries.poses_on(rows, along, aside, self.arrays)

    def lane_heading(self, lane_row: int, s: float) -> float:
        """Direction of travel at s along a lane's centre [rad]."""
        first, last = self.arrays.lane_start[lane_row], self.arrays.lane_start[lane_row + 1]
        _, _, heading = pose_within(self.arrays.centre, self.arrays.s, int(first), int(last), float(s))
        return wrapped(heading)

    def pose_on_lane(self, lane_id: str, s: float, d: float = 0.0) -> tuple[float, float, float]:
        """x, y, heading at s along and d left of a lane's centre."""
        rows = np.array([self.lane_row(lane_id)], dtype=np.int64)
        x, y, heading = self.poses_on(rows, np.array([float(s)]), np.array([float(d)]))[0]
        return float(x), float(y), float(heading)

    def edge_distance(self, points: FloatArray) -> FloatArray:
        """Signed distance (m,) of the points (m, 2) to the border of the drivable area, positive inside [m]."""
        return queries.edge_distance(np.ascontiguousarray(points), self.arrays, self.grid)

    def friction_at(self, points: FloatArray, base: float) -> FloatArray:
        """Friction (m,) under the points (m, 2): that of the last listed surface that contains each, else `base`."""
        return frictions_at(np.ascontiguousarray(points), float(base), self.ground)

    def heights(self, points: FloatArray) -> FloatArray:
        """Full height (m,) of the ground at the points (m, 2), kerbs, bumps and holes included [m]."""
        return heights_at(np.ascontiguousarray(points), self.relief)

    def rise(self, points: FloatArray) -> FloatArray:
        """Smooth height of grades and cross-slopes [m] and its slopes dz/dx, dz/dy (m, 3) at the points (m, 2)."""
        return rises_at(np.ascontiguousarray(points), self.relief)

    def signal_colours(self, time_us: int) -> IntArray:
        """SignalColour codes (signals,) at a time [us]."""
        return queries.signal_colours(int(time_us), *self._phases) if self.signals else np.zeros(0, dtype=np.int64)

    def place(self, course: str, lane: int | str, s: float, d: float = 0.0) -> tuple[float, float, float, str]:
        """x, y, heading and lane id of the place s along a course, d left of a lane's centre.

        `lane` counts from the right, 1 first; `oncoming_1`… from the side nearest to ours; or a strip's name
        (`shoulder`, `parking`, `sidewalk`…). The heading is that lane's own. InputError where there is no such place.
        """
        chain = self._chain(course, lane)
        reference = np.ascontiguousarray(self.courses[course].reference)
        length = arc_length(reference)
        if not -1e-6 <= s <= length[-1] + 1e-6:
            raise InputError(f"course {course!r}: s is {s:g} m, expected 0 to {length[-1]:.1f} m")
        x, y, _ = pose_within(reference, length, 0, len(reference), float(s))
        best: tuple[float, str, float] | None = None
        for lane_id in chain:
            first, last = (int(i) for i in self.arrays.lane_start[self.lane_row(lane_id) :][:2])
            along, _, _ = project_within(x, y, self.arrays.centre, self.arrays.s, first, last)
            overshoot = max(-along, along - self.lane_length(lane_id), 0.0)
            if best is None or overshoot < best[0] - 1e-9:
                best = (overshoot, lane_id, along)
        if best is None or best[0] > 1.0:
            raise InputError(f"course {course!r}: lane {lane} is not there at s {s:g} m")
        return (*self.pose_on_lane(best[1], best[2], d), best[1])

    def _chain(self, course: str, lane: int | str) -> tuple[str, ...]:
        if course not in self.courses:
            known = ", ".join(sorted(self.courses)) or "none"
            raise InputError(f"road: unknown course {course!r}{did_you_mean(course, self.courses)}; there are: {known}")
        found = self.courses[course]
        names: dict[str, tuple[str, ...]] = {str(i + 1): chain for i, chain in enumerate(found.lanes)}
        names |= {f"oncoming_{i + 1}": chain for i, chain in enumerate(found.oncoming)}
        names |= dict(found.strips)
        if str(lane) not in names:
            known = ", ".join(names)
            raise InputError(
                f"course {course!r}: unknown lane {lane!r}{did_you_mean(str(lane), names)}; it has: {known}"
            )
        return names[str(lane)]


def wrapped(angle: float) -> float:
    """An angle brought to within half a turn of 0 [rad]."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi


def _bounds(arrays: queries.RoadArrays) -> tuple[float, float, float, float]:
    points = np.concatenate([arrays.left, arrays.right])
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _phase_table(signals: Sequence[Signal]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Phase starts (signals + 1,), colours, durations [us], and offsets [us]."""
    phases = [phase for signal in signals for phase in signal.phases]
    starts = np.cumsum([0, *(len(signal.phases) for signal in signals)])
    columns = (
        starts,
        [int(phase.colour) for phase in phases],
        [round(phase.duration_s * 1e6) for phase in phases],
        [round(signal.offset_s * 1e6) for signal in signals],
    )
    table = [frozen(np.asarray(column, dtype=np.int64)) for column in columns]
    return table[0], table[1], table[2], table[3]
