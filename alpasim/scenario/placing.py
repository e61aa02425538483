"""Places to poses: where on this road `{ahead_of: ego, lane: left, gap_m: 40}` is.

Answers with box-centre poses, and with areas of road for goals and surfaces. Raises InputError, without a place in the file,
where the road has no such spot; whether a spot is free or sensible is asked in `checks.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from alpasim.errors import InputError, did_you_mean
from alpasim.road.network import DRIVABLE_KINDS, TRAFFIC_KINDS, RoadNetwork
from alpasim.road.polyline import arc_length, project
from alpasim.scenario.schema import PlaceModel
from alpasim.types import FloatArray, frozen

Pose = tuple[float, float, float]
_LEAST_STEP_M = 0.01
"""Corners of an area are at least this far apart along the course."""


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
    return f"; the course has: {', '.join(_chains(road, other.course))}"


def _chains(road: RoadNetwork, course: str) -> dict[str, tuple[str, ...]]:
    """Chains of lane ids of a course by the words that name them."""
    found = road.courses[course]
    chains = {str(index + 1): chain for index, chain in enumerate(found.lanes)}
    chains |= {f"oncoming_{index + 1}": chain for index, chain in enumerate(found.oncoming)}
    return chains | dict(found.strips)


def course_chain(road: RoadNetwork, course: str, lane: int | str) -> tuple[str, ...]:
    """Ids of the lanes that make up one lane of a course, in its traffic's direction; InputError where there is none."""
    chains = _chains(road, course)
    if str(lane) not in chains:
        hint = did_you_mean(str(lane), chains)
        raise InputError(f"course {course!r}: unknown lane {lane!r}{hint}; it has: {', '.join(chains)}")
    return chains[str(lane)]


def course_length(road: RoadNetwork, course: str) -> float:
    """Length of a course [m]; InputError with a suggestion where there is none of that name."""
    if course not in road.courses:
        if not road.courses:
            raise InputError(f"unknown course {course!r}; this map has no courses, places on it are given by x and y")
        known = ", ".join(sorted(road.courses))
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
    known: Ribbons | None = None,
) -> FloatArray:
    """Polygon (k, 2) that covers a stretch of a course: one lane, or all of its direction, or both directions' lanes.

    `left` and `right` reach from the lane's centre to that side, as its own traffic sees it, instead of to its border.
    `known` is kept between calls for one road, because a lane's borders are the same for every patch on it.
    """
    known = {} if known is None else known
    length = course_length(road, course)
    if not 0.0 <= from_s < to_s <= length + 1e-6:
        raise InputError(
            f"the stretch from s {from_s:g} to {to_s:g} m leaves the course, which runs from 0 to {length:.1f} m"
        )
    found = road.courses[course]
    if lane is not None:
        whole = course_ribbon(road, course, lane, known)
        first = last = whole.reaching(left, right)
        if not (whole.aside(last.left) > whole.aside(first.right)).any():
            half = 0.5 * float(np.median(np.hypot(*(whole.left - whole.right).T)))
            raise InputError(
                f"left_m and right_m leave the patch no width: the lane reaches about {half:.3g} m to either side of its centre"
            )
    else:
        outer = f"oncoming_{len(found.oncoming)}" if oncoming and found.oncoming else len(found.lanes)
        first, last = course_ribbon(road, course, 1, known), course_ribbon(road, course, outer, known)
    stations = _stations(np.concatenate([first.s, last.s]), from_s, to_s)
    return frozen(np.concatenate([first.right_at(stations), last.left_at(stations)[::-1]]))


def _stations(s: FloatArray, from_s: float, to_s: float) -> FloatArray:
    """Both ends of a stretch and those of the stations `s` that lie between, rising."""
    inside = np.unique(s[(s > from_s + _LEAST_STEP_M) & (s < to_s - _LEAST_STEP_M)])
    return np.concatenate([[from_s], inside, [to_s]])


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A lane along a course: `s` (k,) rising, `left`, `centre` and `right` (k, 2) as seen along the course; `turned` where its
    own traffic runs the other way."""

    s: FloatArray
    left: FloatArray
    centre: FloatArray
    right: FloatArray
    turned: bool

    def reaching(self, left: float | None, right: float | None) -> Ribbon:
        """The same lane with borders at given distances from its centre, as its own traffic sees left and right."""
        if self.turned:
            left, right = right, left
        across = self._across()
        return replace(
            self,
            left=self.left if left is None else self.centre + left * across,
            right=self.right if right is None else self.centre - right * across,
        )

    def aside(self, points: FloatArray) -> FloatArray:
        """How far points (k, 2), one for each station, lie to the left of the centre as seen along the course, (k,) [m]."""
        return np.asarray(((points - self.centre) * self._across()).sum(axis=1))

    def _across(self) -> FloatArray:
        """Unit vectors (k, 2) from right to left."""
        across = self.left - self.right
        return np.asarray(across / np.maximum(np.hypot(across[:, 0], across[:, 1]), 1e-9)[:, None])

    def beside(self, side: str, width: float, from_s: float, to_s: float) -> FloatArray:
        """Polygon (k, 2) of a strip of `width` along the lane's border `left` or `right`, as its own traffic sees it, outside."""
        left = (side == "left") != self.turned
        border = self.left if left else self.right
        outer = border + self._across() * (width if left else -width)
        s = _stations(self.s, from_s, to_s)
        lines = [np.stack([np.interp(s, self.s, line[:, axis]) for axis in (0, 1)], axis=1) for line in (border, outer)]
        return frozen(np.concatenate([lines[0], lines[1][::-1]]))

    def left_at(self, s: FloatArray) -> FloatArray:
        """Points (m, 2) of the left border."""
        return np.stack([np.interp(s, self.s, self.left[:, axis]) for axis in (0, 1)], axis=1)

    def right_at(self, s: FloatArray) -> FloatArray:
        """Points (m, 2) of the right border."""
        return np.stack([np.interp(s, self.s, self.right[:, axis]) for axis in (0, 1)], axis=1)


Ribbons = dict[tuple[str, int | str], Ribbon]
"""Lanes along courses, by course and lane."""


def course_ribbon(road: RoadNetwork, course: str, lane: int | str, known: Ribbons) -> Ribbon:
    """A course's lane with its borders over the course's s."""
    if (course, lane) not in known:
        lanes = [road.lane(lane_id) for lane_id in course_chain(road, course, lane)]
        left = np.concatenate([found.left for found in lanes])
        centre = np.ascontiguousarray(np.concatenate([found.centre for found in lanes]))
        right = np.concatenate([found.right for found in lanes])
        reference = road.courses[course].reference
        s, _, _ = project(centre, reference, arc_length(reference))
        turned = bool(s[-1] < s[0])
        if turned:
            s, left, centre, right = s[::-1], right[::-1], centre[::-1], left[::-1]
        known[(course, lane)] = Ribbon(np.maximum.accumulate(s), left, centre, right, turned)
    return known[(course, lane)]


def pavement_ribbons(road: RoadNetwork, course: str, known: Ribbons) -> list[Ribbon]:
    """The lanes and strips of a course that vehicles may use, which make up its pavement together."""
    return [
        course_ribbon(road, course, int(name) if name.isdecimal() else name, known)
        for name, chain in _chains(road, course).items()
        if road.lane(chain[0]).kind in DRIVABLE_KINDS
    ]


def circle(x: float, y: float, radius: float) -> FloatArray:
    """Polygon (32, 2) around a point, its corners on the circle."""
    angles = np.linspace(0.0, 2.0 * math.pi, 32, endpoint=False)
    return frozen(np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1))


def _wrapped(angle: float) -> float:
    return (angle + math.pi) % (2.0 * math.pi) - math.pi
