"""The road with what a scenario lays on it: patches of other ground, grades, bumps, kerbs, holes, and the terrain beside it.

Answers where they lie and whether they are on the road at all; notes every fault with its place in the file.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely.geometry import Polygon

from alpasim.errors import InputError
from alpasim.geometry import rotate
from alpasim.road.index import lane_polygon
from alpasim.road.network import RoadNetwork, SurfacePatch
from alpasim.road.polyline import arc_length, pose_within, project
from alpasim.road.unlevel import Bump, CrossSlope, Grade, Part, Raised
from alpasim.scenario.faults import Path, Report
from alpasim.scenario.placing import Pose, Ribbons, course_area, course_length, course_ribbon, on_lane, pavement_ribbons
from alpasim.scenario.relief import (
    CrossSlopeModel,
    GradeModel,
    KerbModel,
    PotholeModel,
    ReliefModel,
    SpeedBumpModel,
    too_steep_together,
)
from alpasim.scenario.schema import ScenarioModel, SurfaceModel
from alpasim.types import FloatArray, frozen

_OVAL = 24
"""Corners of a hole."""
_BESIDE_M = 2.0
"""How far beside the lanes a cross-slope goes on."""


def grounded(model: ScenarioModel, road: RoadNetwork, report: Report) -> RoadNetwork:
    """The road with the scenario's ground; faults go into the report, and the road is then as it was."""
    on_it = _OnRoad(road, report)
    patches = [patch for index, surface in enumerate(model.surfaces) if (patch := on_it.patch(surface, index))]
    parts = [part for index, item in enumerate(model.relief) if (part := on_it.part(item, index))]
    for index, kind, message in too_steep_together(model.relief):
        report.add(("relief", index, kind), message)
    terrain = model.environment.terrain
    if report.faults or not (patches or parts or terrain != road.terrain):
        return road
    courses = tuple(road.courses.values())
    return RoadNetwork(
        road.lanes, road.signals, (*road.surfaces, *patches), courses, (*road.parts, *parts), terrain=terrain
    )


def polygon_of(corners: tuple[tuple[float, float], ...]) -> FloatArray:
    """Corners (k, 2) [m] as an area; InputError with the place where they cross or touch themselves, or enclose nothing."""
    area = frozen(np.array(corners, dtype=np.float64))
    reason = shapely.is_valid_reason(Polygon(area))
    if reason != "Valid Geometry":
        fault, _, place = reason.rstrip("]").partition("[")
        at = f" at ({', '.join(place.split())})" if place else ""
        told = "crosses or touches itself" if "intersection" in fault else "is no area"
        raise InputError(f"the polygon {told}{at}, expected its corners in their order round it")
    return area


class _OnRoad:
    """A road, and what is noted of things that do not lie on it."""

    def __init__(self, road: RoadNetwork, report: Report) -> None:
        self.road, self.report = road, report
        self.ribbons: Ribbons = {}
        self.lanes: FloatArray | None = None

    def patch(self, surface: SurfaceModel, index: int) -> SurfacePatch | None:
        """The patch of a surface, None where it cannot be."""
        path: Path = ("surfaces", index) if surface.polygon is None else ("surfaces", index, "polygon")
        try:
            area = self._area(surface)
        except InputError as cause:
            self.report.add(path, str(cause))
            return None
        if not self._touches(area):
            self.report.add(path, f"surface patch outside the road: {self._extent(area)}")
            return None
        return SurfacePatch(area, surface.friction, surface.kind)

    def _area(self, surface: SurfaceModel) -> FloatArray:
        if surface.polygon is not None:
            return polygon_of(surface.polygon)
        begin, end = surface.from_s_m or 0.0, surface.to_s_m or 0.0
        left, right = surface.left_m, surface.right_m
        if surface.side is not None:
            left, right = (None, 0.0) if surface.side == "left" else (0.0, None)
        return course_area(
            self.road,
            surface.course,
            surface.lane,
            begin,
            end,
            left=left,
            right=right,
            oncoming=True,
            known=self.ribbons,
        )

    def part(self, item: ReliefModel, index: int) -> Part | None:
        """The part of an entry of `relief`, None where it cannot be."""
        path: Path = ("relief", index, item.kind)
        try:
            part = self._part(getattr(item, item.kind))
        except InputError as cause:
            self.report.add(path, str(cause))
            return None
        if isinstance(part, Raised) and not self._touches(part.polygon):
            self.report.add(path, f"{item.kind} outside the road: {self._extent(part.polygon)}")
            return None
        return part

    def _part(self, item: GradeModel | CrossSlopeModel | SpeedBumpModel | KerbModel | PotholeModel) -> Part:
        if isinstance(item, KerbModel):
            return Raised(self._kerb(item), item.height_m)
        if isinstance(item, SpeedBumpModel) and item.world is not None:
            return self._bump_in_world(item, item.world)
        if isinstance(item, PotholeModel) and item.world is not None:
            return self._pothole(item, item.world)
        course_length(self.road, item.course)
        if isinstance(item, GradeModel):
            line = self._stretch(item.course, item.from_s_m, item.to_s_m)
            return Grade(line, item.from_s_m, item.to_s_m, item.rise, item.ease)
        if isinstance(item, CrossSlopeModel):
            line = self._stretch(item.course, item.from_s_m, item.to_s_m)
            return CrossSlope(line, item.from_s_m, item.to_s_m, item.slope, item.ease, *self._reach(item.course, line))
        if isinstance(item, PotholeModel):
            lane, s = item.lane if item.lane is not None else "", item.s_m or 0.0
            return self._pothole(item, on_lane(self.road, item.course, lane, s, item.d_m, 0.0)[0])
        return self._bump(item)

    def _stretch(self, course: str, begin: float, end: float) -> FloatArray:
        """The reference line of a course that reaches as far as the stretch; InputError where it does not."""
        length = course_length(self.road, course)
        if end > length + 1e-6:
            raise InputError(
                f"the stretch from s {begin:g} to {end:g} m leaves the course, which runs from 0 to {length:.1f} m"
            )
        return self.road.courses[course].reference

    def _reach(self, course: str, line: FloatArray) -> tuple[float, float]:
        """How far the lanes of a course lie right and left of its line, left positive, and a little more."""
        s, found = arc_length(line), self.road.courses[course]
        chains = (*found.lanes, *found.oncoming, *(chain for _, chain in found.strips))
        lanes = [self.road.lane(lane_id) for chain in chains for lane_id in chain]
        aside = project(np.concatenate([side for lane in lanes for side in (lane.left, lane.right)]), line, s)[1]
        return float(aside.min()) - _BESIDE_M, float(aside.max()) + _BESIDE_M

    def _kerb(self, item: KerbModel) -> FloatArray:
        if item.polygon is not None:
            return polygon_of(item.polygon)
        course_length(self.road, item.course)
        begin, end = item.from_s_m or 0.0, item.to_s_m or 0.0
        self._stretch(item.course, begin, end)
        ribbon = course_ribbon(self.road, item.course, item.lane if item.lane is not None else "", self.ribbons)
        return ribbon.beside("left" if item.side == "left" else "right", item.width_m, begin, end)

    def _pothole(self, item: PotholeModel, place: Pose) -> Raised:
        x, y, heading = place
        angle = np.linspace(0.0, 2.0 * math.pi, _OVAL, endpoint=False)
        along, aside = 0.5 * item.length_m * np.cos(angle), 0.5 * item.width_m * np.sin(angle)
        oval = rotate(np.stack([along, aside], axis=1), heading) + np.array([x, y])
        return Raised(frozen(oval), -item.depth_m, 0.25 * min(item.length_m, item.width_m), "pothole")

    def _bump_in_world(self, item: SpeedBumpModel, place: Pose) -> Bump:
        x, y, heading = place
        half, long = 0.5 * (item.width_m or 0.0), 0.5 * item.length_m
        corners = np.array([[long, half], [-long, half], [-long, -half], [long, -half]])
        area = rotate(corners, heading) + np.array([x, y])
        if not self._touches(area):
            raise InputError(f"speed_bump outside the road: {self._extent(area)}")
        return Bump(x, y, heading, item.length_m, item.height_m, half, half)

    def _bump(self, item: SpeedBumpModel) -> Bump:
        length, s = course_length(self.road, item.course), item.s_m or 0.0
        if s > length:
            raise InputError(f"s is {s:g} m, expected 0 to {length:.1f} m")
        line = np.ascontiguousarray(self.road.courses[item.course].reference)
        x, y, heading = pose_within(line, arc_length(line), 0, len(line), s)
        if item.lane is not None:
            on_lane(self.road, item.course, item.lane, s, 0.0, 0.0)  # it says where the lane is not there
            lanes = [course_ribbon(self.road, item.course, item.lane, self.ribbons)]
        else:
            lanes = pavement_ribbons(self.road, item.course, self.ribbons)
        at = np.array([s])
        borders = np.concatenate([border for lane in lanes for border in (lane.left_at(at), lane.right_at(at))])
        aside = (borders[:, 1] - y) * math.cos(heading) - (borders[:, 0] - x) * math.sin(heading)
        return Bump(x, y, heading, item.length_m, item.height_m, -float(aside.min()), float(aside.max()))

    def _touches(self, area: FloatArray) -> bool:
        """Whether an area and any lane have a point in common."""
        if self.lanes is None:
            self.lanes = np.array([lane_polygon(lane.left, lane.right) for lane in self.road.lanes])
        return bool(shapely.intersects(shapely.make_valid(Polygon(area)), self.lanes).any())

    def _extent(self, area: FloatArray) -> str:
        low, high = area.min(axis=0), area.max(axis=0)
        least_x, least_y, most_x, most_y = self.road.bounds
        return (
            f"found x {low[0]:.4g} to {high[0]:.4g} and y {low[1]:.4g} to {high[1]:.4g} m, expected to touch a lane; the road"
            f" lies at x {least_x:.4g} to {most_x:.4g} and y {least_y:.4g} to {most_y:.4g} m"
        )
