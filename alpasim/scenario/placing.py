"""Places to poses: where on this road `{ahead_of: ego, lane: left, gap_m: 40}` is.

Answers with box-centre poses, and with areas of road for goals and surfaces. Raises InputError, without a place in the file,
where the road has no such spot; whether a spot is free or sensible is asked in `checks.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from alpasim.errors import InputError, did_you_mean
from alpasim.road.network import TRAFFIC_KINDS, RoadNetwork
from alpasim.road.polyline import arc_length, project
from alpasim.scenario.schema import PlaceModel
from alpasim.types import FloatArray, frozen

Pose = tuple[float, float, float]
_AREA_STEP_M = 2.0


@dataclass(frozen=True, slots=True)
class Placed:
    """An actor on the road: box-centre pose, speed [m/s], extent [m], and its lane and course where it stands on one.

    `present` is False for a recorded actor that comes later.
    """

    pose: Pose
    speed_mps: float
    extent: tuple[float, float, float]
    lane: str | None = None
    course: str | None = None
    present: bool = True


def on_lane(
    road: RoadNetwork, course: str, lane: int | str, s: float, d: float, heading_deg: float
) -> tuple[Pose, str]:
    """Pose and lane id of a spot on a course's lane, turned by `heading_deg` from the lane's direction."""
    x, y, heading, lane_id = road.place(course, lane, s, d)
    return (x, y, _wrapped(heading + math.radians(heading_deg))), lane_id


def on_plane(road: RoadNetwork, pose: Pose) -> tuple[Pose, str | None]:
    """A pose in world coordinates and the lane that contains it, if one does."""
    row = int(road.lanes_at(np.array([pose[:2]]), pose[2])[0])
    return pose, road.lanes[row].id if row >= 0 else None


def relative(road: RoadNetwork, place: PlaceModel, extent: tuple[float, float, float], other: Placed) -> Placed:
    """Place ahead of or behind another actor, bumper to bumper along a lane."""
    speed = place.speed or 0.0
    lane_id, opposite = _lane_from(road, place.lane if place.lane is not None else "same", other)
    row = road.lane_row(lane_id)
    s = float(road.project(row, np.array([other.pose[:2]]))[0][0])
    ahead = place.ahead_of is not None
    follower_speed = other.speed_mps if ahead else speed
    gap = place.gap_m if place.gap_m is not None else (place.gap_s or 0.0) * follower_speed
    lengths = _half_length(other.extent, other.pose[2] - road.lane_heading(row, s))
    lengths += _half_length(extent, math.radians(place.heading_deg))
    way = (lengths + gap) * (1.0 if ahead != opposite else -1.0)
    lane_id, s = along(road, lane_id, s, way)
    x, y, heading = road.pose_on_lane(lane_id, s, place.d_m)
    pose = (x, y, _wrapped(heading + math.radians(place.heading_deg)))
    return Placed(pose, speed, extent, lane_id, other.course)


def along(road: RoadNetwork, lane_id: str, s: float, way: float) -> tuple[str, float]:
    """The lane and s that lie `way` metres further along (backwards where negative), over successors, first ones first."""
    target = s + way
    seen = {lane_id}
    while not 0.0 <= target <= road.lane_length(lane_id):
        lane = road.lane(lane_id)
        onward = lane.successors if target > 0.0 else lane.predecessors
        rest = target - road.lane_length(lane_id) if target > 0.0 else -target
        following = [candidate for candidate in onward if candidate not in seen]
        if not following:
            end = "ends" if target > 0.0 else "begins"
            raise InputError(f"the lane {end} {rest:.1f} m before that place; make the gap smaller or the road longer")
        if target > 0.0:
            target -= road.lane_length(lane_id)
            lane_id = following[0]
        else:
            lane_id = following[0]
            target += road.lane_length(lane_id)
        seen.add(lane_id)
    return lane_id, target


def _half_length(extent: tuple[float, float, float], angle: float) -> float:
    """How far a box reaches from its centre along a direction that its heading makes `angle` with [m]."""
    return 0.5 * (abs(extent[0] * math.cos(angle)) + abs(extent[1] * math.sin(angle)))


def _lane_from(road: RoadNetwork, word: int | str, other: Placed) -> tuple[str, bool]:
    """The lane meant by a word as seen from another actor, and whether its traffic runs against that actor's lane."""
    lane_id = other.lane or on_plane(road, other.pose)[1]
    if lane_id is None:
        raise InputError("the actor that the place refers to is on no lane; give this one a place of its own")
    if word == "same":
        return lane_id, False
    if word in ("left", "right"):
        lane = road.lane(lane_id)
        beside = lane.left_neighbour if word == "left" else lane.right_neighbour
        if beside is None or not beside.same_direction or road.lane(beside.lane).kind not in TRAFFIC_KINDS:
            raise InputError(
                f"there is no lane of the same direction to the {word} of that actor's lane{_lanes_beside(road, other)}"
            )
        return beside.lane, False
    if other.course is not None:
        reference = road.courses[other.course].reference
        s, _, _ = project(np.array([other.pose[:2]]), reference, arc_length(reference))
        target = road.place(other.course, word, float(np.clip(s[0], 0.0, arc_length(reference)[-1])))[3]
        return target, isinstance(word, str) and word.startswith("oncoming")
    raise InputError(f"lane {word!r} is counted on a course, and that actor is placed on none; use same, left or right")


def _lanes_beside(road: RoadNetwork, other: Placed) -> str:
    if other.course is None:
        return ""
    course = road.courses[other.course]
    names = [str(index + 1) for index in range(len(course.lanes))]
    names += [f"oncoming_{index + 1}" for index in range(len(course.oncoming))]
    return f"; the course has: {', '.join(names)}"


def course_length(road: RoadNetwork, course: str) -> float:
    """Length of a course [m]; InputError with a suggestion where there is none of that name."""
    if course not in road.courses:
        known = ", ".join(sorted(road.courses)) or "none"
        raise InputError(f"unknown course {course!r}{did_you_mean(course, road.courses)}; the road has: {known}")
    return float(arc_length(road.courses[course].reference)[-1])


def course_area(
    road: RoadNetwork,
    course: str,
    lane: int | str | None,
    from_s: float,
    to_s: float,
    *,
    left: float | None = None,
    right: float | None = None,
    oncoming: bool = False,
) -> FloatArray:
    """Polygon (k, 2) that covers a stretch of a course: one lane, or all of its direction, or both directions' lanes.

    `left` and `right` reach from the lane's centre to that side instead of to its border.
    """
    length = course_length(road, course)
    if not (0.0 <= from_s < length and 0.0 < to_s <= length + 1e-6):
        raise InputError(
            f"the stretch from s {from_s:g} to {to_s:g} m leaves the course, which runs from 0 to {length:.1f} m"
        )
    stations = np.linspace(from_s, min(to_s, length), max(2, math.ceil((to_s - from_s) / _AREA_STEP_M) + 1))
    lefts: list[FloatArray] = []
    rights: list[FloatArray] = []
    for s in stations:
        if lane is not None:
            spots = [(lane, left, right)]
        else:
            found = road.courses[course]
            outer = f"oncoming_{len(found.oncoming)}" if oncoming and found.oncoming else len(found.lanes)
            spots = [(1, None, None), (outer, None, None)]
        borders = [_borders(road, course, word, float(s), to_left, to_right) for word, to_left, to_right in spots]
        turned = isinstance(spots[-1][0], str) and spots[-1][0].startswith("oncoming")
        rights.append(borders[0][1])
        lefts.append(borders[-1][1] if turned and lane is None else borders[-1][0])
    return frozen(np.array(rights + lefts[::-1], dtype=np.float64))


def _borders(
    road: RoadNetwork, course: str, lane: int | str, s: float, left: float | None, right: float | None
) -> tuple[FloatArray, FloatArray]:
    """Points (2,) to the left and right of a course's lane at s, as its own traffic sees them."""
    x, y, heading, lane_id = road.place(course, lane, s)
    found = road.lane(lane_id)
    at = float(road.project(road.lane_row(lane_id), np.array([[x, y]]))[0][0])
    stations = arc_length(found.centre)
    normal = np.array([-math.sin(heading), math.cos(heading)])
    here = np.array([x, y])
    sides = []
    for border, reach in ((found.left, left), (found.right, None if right is None else -right)):
        if reach is not None:
            sides.append(here + reach * normal)
        else:
            sides.append(np.array([np.interp(at, stations, border[:, 0]), np.interp(at, stations, border[:, 1])]))
    return sides[0], sides[1]


def circle(x: float, y: float, radius: float) -> FloatArray:
    """Polygon (32, 2) around a point, its corners on the circle."""
    angles = np.linspace(0.0, 2.0 * math.pi, 32, endpoint=False)
    return frozen(np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1))


def _wrapped(angle: float) -> float:
    return (angle + math.pi) % (2.0 * math.pi) - math.pi
