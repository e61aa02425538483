"""The way from start to goal: a Route over lanes, with lane changes where they are needed.

`find_route` chooses lanes (`route_search.py`), draws the line over them (`route_line.py`), smooths it (`smoothing.py`) and
measures the room beside it (`corridor.py`). Roads do not change, so neither does a route.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from alpasim.errors import InputError
from alpasim.road.corridor import corridor
from alpasim.road.index import lane_polygon
from alpasim.road.network import TRAFFIC_KINDS, RoadNetwork
from alpasim.road.polyline import arc_length, project_within, resample
from alpasim.road.route_line import BEHIND_M, LaneLine, lane_line, straight_way
from alpasim.road.route_search import LaneSearch, Start, Stretch, Way, starts
from alpasim.road.smoothing import curvatures, headings, smoothed
from alpasim.types import FloatArray, IntArray, Route, frozen

SPACING_M = 1.0
"""Distance between two points of a route [m]."""

BEYOND_M = 200.0
"""How far a route goes on behind its goal, where there is road [m]."""

LEAST_TOUCH_M2 = 0.05
"""A goal region that covers less than this of a lane does not touch it [m2]."""

OFFSET_M = 30.0
"""Length over which a route leaves the lane's centre for a goal beside it, and returns [m]."""

AIMLESS_M = 500.0
"""How far ahead the goal of a route without one is set [m]."""

AIMLESS_BEYOND_M = 1500.0
"""How far such a route goes on behind it, so that nobody runs out of road who only has to last [m]."""


@dataclass(frozen=True, slots=True)
class CoursePlace:
    """A goal at `s_m` along a course, in one of its lanes as `RoadNetwork.place` counts them, or in any (None)."""

    course: str
    s_m: float
    lane: int | str | None = None


def find_route(
    road: RoadNetwork, start: tuple[float, float, float], goal: Sequence[FloatArray] | CoursePlace | None = None
) -> Route:
    """The cheapest Route from the pose x, y, yaw to the goal: any of several polygons (k, 2), or a place on a course.

    Without a goal (None, or no polygons) it goes straight on. It begins up to 20 m behind the start and goes on behind the
    goal as far as the road allows. InputError where the start is on no lane or no lane leads to the goal.
    """
    if not all(math.isfinite(value) for value in start):
        raise InputError(f"route: the start pose is {start}, expected finite numbers")
    begin = starts(road, start)
    if not begin:
        raise InputError(_no_start(road, start))
    if goal is None or (not isinstance(goal, CoursePlace) and len(goal) == 0):
        way = straight_way(road, begin[0].row, begin[0].s, AIMLESS_M)
        return _route(road, lane_line(road, way, start[:2], AIMLESS_BEYOND_M), start)
    way = _way_to(road, begin, goal)
    return _route(road, lane_line(road, way, start[:2], BEYOND_M), start)


def _way_to(road: RoadNetwork, begin: Sequence[Start], goal: Sequence[FloatArray] | CoursePlace) -> Way:
    stretches = _course_stretches(road, goal) if isinstance(goal, CoursePlace) else goal_stretches(road, goal)
    search = LaneSearch(road)
    way = search.find(begin, stretches)
    if way is None:
        raise InputError(_no_way(road, begin, search, stretches))
    return way


def _course_stretches(road: RoadNetwork, goal: CoursePlace) -> dict[int, list[Stretch]]:
    lanes: Sequence[int | str] = [goal.lane] if goal.lane is not None else []
    if goal.lane is None and goal.course in road.courses:
        lanes = range(1, len(road.courses[goal.course].lanes) + 1)
    stretches: dict[int, list[Stretch]] = {}
    for lane in lanes or [1]:
        x, y, _, name = road.place(goal.course, lane, goal.s_m)
        row = road.lane_row(name)
        s = float(road.project(row, np.array([[x, y]]))[0][0])
        stretches.setdefault(row, []).append(Stretch(s, s))
    return stretches


def goal_stretches(road: RoadNetwork, regions: Sequence[FloatArray]) -> dict[int, list[Stretch]]:
    """By lane row, the stretches of traffic lanes whose centre lies in one of the polygons; for a polygon that no centre
    runs through, the stretches it touches at all. InputError where a polygon is none, or no lane touches any."""
    stretches: dict[int, list[Stretch]] = {}
    rows = [row for row, lane in enumerate(road.lanes) if lane.kind in TRAFFIC_KINDS]
    for number, region in enumerate(regions):
        area = _region(number, region)
        found = [(row, _crossed(road, row, area.intersection(LineString(road.lanes[row].centre)))) for row in rows]
        if not any(parts for _, parts in found):
            found = [(row, _touched(road, row, area)) for row in rows]
        for row, parts in found:
            stretches.setdefault(row, []).extend(parts)
    stretches = {row: parts for row, parts in stretches.items() if parts}
    if not stretches:
        areas = [Polygon(region) for region in regions]
        near = min((float(area.distance(LineString(road.lanes[row].centre))), row) for area in areas for row in rows)
        raise InputError(
            f"route: the goal lies on no lane; the nearest, {road.lanes[near[1]].id!r}, is {near[0]:.1f} m away"
        )
    return stretches


def _region(number: int, region: FloatArray) -> BaseGeometry:
    points = np.asarray(region, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3 or not np.isfinite(points).all():
        raise InputError(f"route: goal region {number} is not a polygon: expected at least 3 finite points (k, 2)")
    polygon = Polygon(points)
    return polygon if polygon.is_valid else shapely.make_valid(polygon)


def _crossed(road: RoadNetwork, row: int, part: BaseGeometry) -> list[Stretch]:
    """The stretches of a lane that geometries lie along, by the extreme points of each."""
    stretches = []
    for piece in getattr(part, "geoms", [part]):
        points = np.ascontiguousarray(shapely.get_coordinates(piece))
        if len(points):
            s, _ = road.project(row, points)
            length = road.lane_length(road.lanes[row].id)
            stretches.append(Stretch(float(np.clip(s.min(), 0.0, length)), float(np.clip(s.max(), 0.0, length))))
    return stretches


def _touched(road: RoadNetwork, row: int, area: BaseGeometry) -> list[Stretch]:
    """A place within the part of a lane that an area covers, beside the lane's centre; none where they do not meet."""
    lane = road.lanes[row]
    part = lane_polygon(lane.left, lane.right).intersection(area)
    if part.area < LEAST_TOUCH_M2:
        return []
    inside = part.representative_point()
    s, d = road.project(row, np.array([[inside.x, inside.y]]))
    at = float(np.clip(s[0], 0.0, road.lane_length(lane.id)))
    return [Stretch(at, at, float(d[0]))]


def _no_start(road: RoadNetwork, start: tuple[float, float, float]) -> str:
    point = Point(start[:2])
    lanes = [lane for lane in road.lanes if lane.kind in TRAFFIC_KINDS]
    if not lanes:
        return "route: the road has no lane for traffic"
    distance, name = min((float(point.distance(LineString(lane.centre))), lane.id) for lane in lanes)
    return (
        f"route: no lane begins at ({start[0]:.2f}, {start[1]:.2f}) heading {math.degrees(start[2]):.0f} degrees; the nearest"
        f" lane's centre, {name!r}, is {distance:.1f} m away"
    )


def _no_way(road: RoadNetwork, begin: Sequence[Start], search: LaneSearch, stretches: dict[int, list[Stretch]]) -> str:
    """What to say when no lane leads to the goal: from where, to where, and how near one could get."""
    spots = [
        Point(road.pose_on_lane(road.lanes[row].id, stretch.begin)[:2])
        for row, parts in sorted(stretches.items())
        for stretch in parts
    ]
    near: tuple[float, str, float] | None = None
    for row, entered in sorted(search.reached.items()):
        lane = road.lanes[row]
        ahead = lane.centre[arc_length(lane.centre) >= entered - 1e-6]
        for spot in spots:
            distance = float(MultiPoint(ahead).distance(spot)) if len(ahead) else math.inf
            if near is None or distance < near[0]:
                s = float(road.project(row, np.array([[spot.x, spot.y]]))[0][0])
                near = (distance, lane.id, min(max(s, 0.0), road.lane_length(lane.id)))
    start, goal = road.lanes[begin[0].row].id, ", ".join(repr(road.lanes[row].id) for row in sorted(stretches))
    message = f"route: the goal cannot be reached: no lanes lead from {start!r} at s {begin[0].s:.1f} m to {goal}"
    if near is None:
        return message
    return f"{message}; the nearest reachable place is lane {near[1]!r} at s {near[2]:.1f} m, {near[0]:.1f} m from the goal"


def _route(road: RoadNetwork, raw: LaneLine, start: tuple[float, float, float]) -> Route:
    """The smooth, evenly sampled Route along a line of lanes."""
    even = _past_goal(resample(raw.points, SPACING_M), raw, start)
    raw_s, even_s = arc_length(raw.points), np.linspace(0.0, 1.0, len(even))
    owner = np.clip(np.searchsorted(raw_s, even_s * raw_s[-1] - 1e-6), 0, len(raw.rows) - 1)
    rows = np.ascontiguousarray(raw.rows[owner])
    line = smoothed(even)
    s, heading = arc_length(line), headings(line)
    room = corridor(_inward(line), heading, rows, road.arrays, road.grid)
    start_s = _place_on(line, s, start[:2], 0.0, 2.0 * BEHIND_M + 10.0)
    goal_s = max(start_s, _place_on(line, s, (float(raw.goal[0]), float(raw.goal[1])), start_s, math.inf))
    columns = [frozen(np.ascontiguousarray(room[:, i])) for i in range(5)]
    return Route(
        centre=frozen(line),
        s=frozen(s),
        heading=frozen(heading),
        curvature=frozen(curvatures(line)),
        lane_left=columns[0],
        lane_right=columns[1],
        edge_left=columns[2],
        edge_right=columns[3],
        oncoming_left=columns[4],
        speed_limit=frozen(np.array([road.lanes[row].speed_limit_mps for row in rows])),
        start_s=start_s,
        goal_s=goal_s,
        stop_lines=_stop_lines(road, line, s, rows),
        height=frozen(np.ascontiguousarray(road.rise(line)[:, 0])) if road.relief.rising else None,
    )


def _past_goal(line: FloatArray, raw: LaneLine, start: tuple[float, float, float]) -> FloatArray:
    """The line led over a goal that lies beside it, and back."""
    if raw.goal_offset == 0.0:
        return line
    s = arc_length(line)
    begin = _place_on(line, s, start[:2], 0.0, 2.0 * BEHIND_M + 10.0)
    goal = _place_on(line, s, (float(raw.goal[0]), float(raw.goal[1])), begin, math.inf)
    before, after = (
        np.clip((s - begin) / max(goal - begin, 1.0), 0.0, 1.0),
        np.clip((s - goal - 10.0) / OFFSET_M, 0.0, 1.0),
    )
    if goal - begin > OFFSET_M:
        before = np.clip((s - goal + OFFSET_M) / OFFSET_M, 0.0, 1.0)
    offset = raw.goal_offset * (_eased(before) - _eased(after))
    heading = headings(line)
    return np.column_stack([line[:, 0] - offset * np.sin(heading), line[:, 1] + offset * np.cos(heading)])


def _eased(share: FloatArray) -> FloatArray:
    """0 to 1 without a jump in slope or curvature."""
    return share**3 * (10.0 + share * (6.0 * share - 15.0))


def _inward(line: FloatArray) -> FloatArray:
    """The line with its end points moved in a little: where the road ends they lie on its edge."""
    moved = line.copy()
    moved[0] = 0.9 * line[0] + 0.1 * line[1]
    moved[-1] = 0.9 * line[-1] + 0.1 * line[-2]
    return moved


def _place_on(line: FloatArray, s: FloatArray, point: tuple[float, float], low: float, high: float) -> float:
    """s of the point of a line nearest to a place, among those between `low` and `high`."""
    first = max(0, int(np.searchsorted(s, low)) - 1)
    last = min(len(line), int(np.searchsorted(s, high)) + 1)
    along, _, _ = project_within(point[0], point[1], line, s, first, max(last, first + 2))
    return float(np.clip(along + s[first], max(low, 0.0), s[-1]))


def _stop_lines(road: RoadNetwork, line: FloatArray, s: FloatArray, rows: IntArray) -> tuple[tuple[float, int], ...]:
    """(s, signal row) of every stop line and signal at the end of a lane that the route leaves by its end."""
    found = []
    ends = np.flatnonzero(np.diff(rows))
    for last in ends:
        lane, after = road.lanes[rows[last]], road.lanes[rows[last + 1]]
        if lane.stop_line is None and lane.signal < 0:
            continue
        sideways = {side.lane for side in (lane.left_neighbour, lane.right_neighbour) if side is not None}
        if after.id in sideways and after.id not in lane.successors:
            continue
        at = lane.centre[-1] if lane.stop_line is None else 0.5 * (lane.stop_line[0] + lane.stop_line[1])
        reach = 30.0
        place = _place_on(line, s, (float(at[0]), float(at[1])), float(s[last]) - reach, float(s[last]) + reach)
        found.append((place, lane.signal))
    return tuple(sorted(found))
