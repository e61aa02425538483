"""The `vector` observation: one flat row of numbers for learned drivers, from an Observation, the route and the road.

Answers what each number means (`layout`), within which bounds it stays (`VectorEncoder.space`), and what it is now. All
places and directions are in the rig frame; every number is divided by a scale that makes it about 1 and clipped to its
bounds, which are exact. It holds nothing that the Observation, the brief and the map do not.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from alpasim.compiled import compiled
from alpasim.geometry import wrap_angle
from alpasim.scenario.concrete import Scenario
from alpasim.sensors.footprint import corners
from alpasim.types import ActorKind, FloatArray, IntArray, Observation, Route, SignalColour, frozen
from alpasim.vehicle.frames import box_from_rig

NEAREST = 12
"""How many of the nearest tracks are encoded."""
LOOKAHEAD_M = (2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0, 120.0)
"""Where ahead of the ego the route is read [m]."""
STOP_LINE_RANGE_M = 100.0
"""A stop line farther ahead than this is not encoded [m]."""


class Field(NamedTuple):
    """One group of numbers: its name, how many, unit and scale (value = number * scale), and bounds of the numbers."""

    name: str
    size: int
    unit: str
    scale: float
    low: float
    high: float


class Entry(NamedTuple):
    """Where a group of numbers lies in the observation, and the unit and scale that give its value back."""

    name: str
    slice: slice
    unit: str
    scale: float


EGO_FIELDS = (
    Field("ego.speed", 1, "m/s", 20.0, -1.0, 4.0),
    Field("ego.lateral_speed", 1, "m/s", 5.0, -4.0, 4.0),
    Field("ego.acceleration", 1, "m/s^2", 5.0, -4.0, 4.0),
    Field("ego.lateral_acceleration", 1, "m/s^2", 5.0, -4.0, 4.0),
    Field("ego.yaw_rate", 1, "rad/s", 1.0, -4.0, 4.0),
    Field("ego.steering", 1, "share of the largest angle", 1.0, -1.0, 1.0),
    Field("ego.pedal", 1, "share, braking negative", 1.0, -1.0, 1.0),
    Field("ego.slipping", 1, "share of the wheels", 1.0, 0.0, 1.0),
    Field("ego.length_width", 2, "m", 5.0, 0.0, 5.0),
    Field("route.offset", 1, "m, left positive", 5.0, -4.0, 4.0),
    Field("route.heading_error", 2, "cos, sin", 1.0, -1.0, 1.0),
    Field("route.lane_left_right", 2, "m from the box centre to the lane's borders", 5.0, -4.0, 4.0),
    Field("route.edge_left_right", 2, "m from the box centre to the pavement's ends", 5.0, -4.0, 4.0),
    Field("route.oncoming_left", 1, "m from the box centre to the oncoming lanes", 5.0, -4.0, 4.0),
    Field("route.speed_limit", 1, "m/s", 20.0, 0.0, 4.0),
    Field("edge.corners", 4, "m, front left, rear left, rear right, front right, inside positive", 5.0, -4.0, 4.0),
    Field("goal.distance", 1, "m along the route", 100.0, -1.0, 5.0),
    Field("goal.time_left", 1, "s", 30.0, 0.0, 4.0),
    Field("stop_line.present", 1, "bool", 1.0, 0.0, 1.0),
    Field("stop_line.distance", 1, "m along the route", 50.0, 0.0, 2.0),
    Field("stop_line.signal", 3, "red, yellow, green", 1.0, 0.0, 1.0),
)
"""Everything but the route's points and the tracks, in order."""

ROUTE_FIELDS = (
    Field("place", 2, "m, rig frame", 50.0, -4.0, 4.0),
    Field("heading", 2, "cos, sin in the rig frame", 1.0, -1.0, 1.0),
    Field("curvature", 1, "1/m", 0.1, -4.0, 4.0),
    Field("speed_limit", 1, "m/s", 20.0, 0.0, 4.0),
    Field("lane_left_right", 2, "m from the lane's centre", 5.0, 0.0, 4.0),
    Field("edge_left_right", 2, "m from the lane's centre", 5.0, 0.0, 4.0),
)
"""Each of the LOOKAHEAD_M points of the route."""

TRACK_FIELDS = (
    Field("valid", 1, "bool", 1.0, 0.0, 1.0),
    Field("place", 2, "m, rig frame, from the ego's box centre", 50.0, -4.0, 4.0),
    Field("velocity", 2, "m/s, rig frame, relative to the ego", 20.0, -4.0, 4.0),
    Field("heading", 2, "cos, sin in the rig frame", 1.0, -1.0, 1.0),
    Field("length_width", 2, "m", 5.0, 0.0, 5.0),
    Field("kind", 4, "car to train, two-wheeler, walker, thing", 1.0, 0.0, 1.0),
)
"""Each of the nearest tracks, all 0 where there is none."""

_GROUP_OF_KIND = {
    ActorKind.CAR: 0,
    ActorKind.VAN: 0,
    ActorKind.TRUCK: 0,
    ActorKind.BUS: 0,
    ActorKind.TRAIN: 0,
    ActorKind.MOTORCYCLE: 1,
    ActorKind.BICYCLE: 1,
    ActorKind.PEDESTRIAN: 2,
    ActorKind.ANIMAL: 2,
    ActorKind.DEBRIS: 3,
    ActorKind.CONE: 3,
    ActorKind.BARRIER: 3,
    ActorKind.UNKNOWN: 3,
}
_GROUPS: IntArray = frozen(np.array([_GROUP_OF_KIND[kind] for kind in ActorKind], dtype=np.int64))
_LOOKAHEAD: FloatArray = frozen(np.array(LOOKAHEAD_M))
_X, _Y, _S, _HEADING, _CURVATURE, _LANE_L, _LANE_R, _EDGE_L, _EDGE_R, _ONCOMING, _LIMIT = range(11)
"""Columns of the route as the kernels read it."""


def _fields(nearest: int) -> tuple[Field, ...]:
    """Every group of numbers in order, those of points and tracks with their index in the name."""
    fields = list(EGO_FIELDS)
    for i in range(len(LOOKAHEAD_M)):
        fields += [field._replace(name=f"ahead.{i}.{field.name}") for field in ROUTE_FIELDS]
    for i in range(nearest):
        fields += [field._replace(name=f"track.{i}.{field.name}") for field in TRACK_FIELDS]
    return tuple(fields)


def layout(nearest: int = NEAREST) -> tuple[Entry, ...]:
    """What stands where: name, slice, unit, and the scale that turns the number into the unit."""
    entries, start = [], 0
    for field in _fields(nearest):
        entries.append(Entry(field.name, slice(start, start + field.size), field.unit, field.scale))
        start += field.size
    return tuple(entries)


@compiled
def _segment(route: FloatArray, at: float) -> tuple[int, float]:
    """Segment of the route (k, 11) that holds arc length `at`, and the share of it passed; clamped to its ends."""
    # Explicit loops here and below: numba takes seconds to compile np.searchsorted and sums of rows.
    i, beyond = 0, route.shape[0] - 1
    while beyond - i > 1:
        middle = (i + beyond) // 2
        if route[middle, _S] <= at:
            i = middle
        else:
            beyond = middle
    length = route[i + 1, _S] - route[i, _S]
    share = (at - route[i, _S]) / length if length > 0.0 else 0.0
    return i, min(max(share, 0.0), 1.0)


@compiled
def _between(route: FloatArray, i: int, share: float, column: int) -> float:
    """A column of the route on its segment i, by the share of it that is passed."""
    return float(route[i, column] + share * (route[i + 1, column] - route[i, column]))


@compiled
def _write_route_here(out: FloatArray, rig: FloatArray, place: FloatArray, route: FloatArray) -> None:
    """The route where the ego is, into the 9 numbers from `route.offset` on; see `_encode` for the arguments."""
    i, share = _segment(route, place[2])
    error = rig[3] - (route[i, _HEADING] + share * wrap_angle(route[i + 1, _HEADING] - route[i, _HEADING]))
    out[0], out[1], out[2] = place[3], math.cos(error), math.sin(error)
    out[3], out[4] = _between(route, i, share, _LANE_L) - place[3], _between(route, i, share, _LANE_R) + place[3]
    out[5], out[6] = _between(route, i, share, _EDGE_L) - place[3], _between(route, i, share, _EDGE_R) + place[3]
    out[7], out[8] = _between(route, i, share, _ONCOMING) - place[3], route[i, _LIMIT]


@compiled
def _write_route_ahead(out: FloatArray, rig: FloatArray, start: float, route: FloatArray, ahead: FloatArray) -> None:
    """The route's points at `ahead` metres from arc length `start`, 10 numbers each. Beyond its end it goes on straight, and
    has no lane, limit or curvature."""
    cos, sin = math.cos(rig[3]), math.sin(rig[3])
    end = route[route.shape[0] - 1, _S]
    for j in range(ahead.shape[0]):
        point = out[10 * j : 10 * j + 10]
        i, share = _segment(route, start + ahead[j])
        heading = route[i, _HEADING] + share * wrap_angle(route[i + 1, _HEADING] - route[i, _HEADING])
        beyond = max(start + ahead[j] - end, 0.0)
        dx = _between(route, i, share, _X) + beyond * math.cos(heading) - rig[0]
        dy = _between(route, i, share, _Y) + beyond * math.sin(heading) - rig[1]
        point[0], point[1] = dx * cos + dy * sin, dy * cos - dx * sin
        point[2], point[3] = math.cos(heading - rig[3]), math.sin(heading - rig[3])
        if beyond == 0.0:
            point[4], point[5] = _between(route, i, share, _CURVATURE), route[i, _LIMIT]
            point[6], point[7] = _between(route, i, share, _LANE_L), _between(route, i, share, _LANE_R)
            point[8], point[9] = _between(route, i, share, _EDGE_L), _between(route, i, share, _EDGE_R)


@compiled
def _encode(
    own: FloatArray,
    corner_edges: FloatArray,
    stop: FloatArray,
    rig: FloatArray,
    place: FloatArray,
    route: FloatArray,
    ahead: FloatArray,
    position: FloatArray,
    yaw: FloatArray,
    velocity: FloatArray,
    extent: FloatArray,
    kinds: IntArray,
    groups: IntArray,
    nearest: int,
    scale: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """All numbers, scaled and clipped. `own` (10,) the first ego numbers, `place` (6,) box centre x, y, route s, d, metres to
    the goal and seconds left, `stop` (5,) the stop line's numbers; tracks come nearest first."""
    out = np.zeros(scale.shape[0])
    out[:10] = own
    _write_route_here(out[10:19], rig, place, route)
    out[19:23] = corner_edges
    out[23], out[24] = place[4], place[5]
    out[25:30] = stop
    k = 30 + 10 * ahead.shape[0]
    _write_route_ahead(out[30:k], rig, place[2], route, ahead)
    cos, sin = math.cos(rig[3]), math.sin(rig[3])
    for j in range(min(nearest, yaw.shape[0])):
        track = out[k + 13 * j : k + 13 * j + 13]
        dx, dy = position[j, 0] - place[0], position[j, 1] - place[1]
        track[0], track[1], track[2] = 1.0, dx * cos + dy * sin, dy * cos - dx * sin
        track[3] = velocity[j, 0] * cos + velocity[j, 1] * sin - own[0]
        track[4] = velocity[j, 1] * cos - velocity[j, 0] * sin - own[1]
        track[5], track[6] = math.cos(yaw[j] - rig[3]), math.sin(yaw[j] - rig[3])
        track[7], track[8] = extent[j, 0], extent[j, 1]
        track[9 + groups[kinds[j]]] = 1.0
    for j in range(out.shape[0]):
        out[j] = min(max(out[j] / scale[j], low[j]), high[j])
    return out


class VectorEncoder:
    """Turns observations of one scenario after another into the same float32 row of numbers.

    `reset` names the scenario whose route and road the following observations belong to; the space never changes.
    """

    def __init__(self, nearest: int = NEAREST) -> None:
        self._nearest = nearest
        fields = _fields(nearest)
        self._scale: FloatArray = frozen(np.repeat([f.scale for f in fields], [f.size for f in fields]).astype(float))
        self._low = np.repeat([f.low for f in fields], [f.size for f in fields]).astype(np.float32)
        self._high = np.repeat([f.high for f in fields], [f.size for f in fields]).astype(np.float32)
        self._bounds = (frozen(self._low.astype(np.float64)), frozen(self._high.astype(np.float64)))
        self._scenario: Scenario | None = None
        self._route: FloatArray = np.zeros((2, 11))

    def layout(self) -> tuple[Entry, ...]:
        """What stands where in an observation of this encoder."""
        return layout(self._nearest)

    def space(self) -> spaces.Box[np.float32]:
        """Float32 box with the exact bounds of every number."""
        return spaces.Box(self._low.copy(), self._high.copy(), dtype=np.float32)

    def reset(self, scenario: Scenario) -> None:
        """Encode against this scenario's route, road, vehicle and time limit from now on."""
        route = scenario.ego.route
        self._scenario = scenario
        self._route = frozen(
            np.column_stack(
                (
                    route.centre,
                    route.s,
                    route.heading,
                    route.curvature,
                    route.lane_left,
                    route.lane_right,
                    route.edge_left,
                    route.edge_right,
                    route.oncoming_left,
                    np.minimum(route.speed_limit, 1e3),
                )
            )
        )

    def encode(self, observation: Observation, corner_edges: FloatArray | None = None) -> NDArray[np.float32]:
        """The numbers of one observation, float32; `corner_edges` (4,) are the footprint's corners' distances to the border
        of the drivable area where they are known already, in the order front left, rear left, rear right, front right [m]."""
        scenario = self._scenario
        if scenario is None:
            raise RuntimeError("encode() before reset()")
        vehicle, route, ego, rig = scenario.ego.vehicle, scenario.ego.route, observation.ego, observation.rig_pose
        centre, yaw = box_from_rig(rig, vehicle)
        if corner_edges is None:
            at = corners(float(centre[0]), float(centre[1]), yaw, vehicle.length_m, vehicle.width_m)
            corner_edges = scenario.road.edge_distance(at)
        own = np.array(
            (
                ego.velocity_in_rig[0],
                ego.velocity_in_rig[1],
                ego.acceleration_in_rig[0],
                ego.acceleration_in_rig[1],
                ego.yaw_rate_radps,
                ego.steering_angle_rad / vehicle.max_steering_angle_rad,
                ego.pedal,
                0.25 * int(np.count_nonzero(ego.wheel_slipping)),
                vehicle.length_m,
                vehicle.width_m,
            )
        )
        time_left = scenario.time_limit_s - observation.time_us * 1e-6
        to_goal = route.goal_s - observation.route_s
        place = np.array((centre[0], centre[1], observation.route_s, observation.route_d, to_goal, time_left))
        tracks = observation.tracks
        numbers = _encode(
            own,
            corner_edges,
            _next_stop(route, observation),
            rig,
            place,
            self._route,
            _LOOKAHEAD,
            tracks.position,
            tracks.yaw,
            tracks.velocity,
            tracks.extent,
            tracks.kinds,
            _GROUPS,
            self._nearest,
            self._scale,
            self._bounds[0],
            self._bounds[1],
        )
        return numbers.astype(np.float32)


def _next_stop(route: Route, observation: Observation) -> FloatArray:
    """The next stop line ahead (5,): there is one, metres to it, and whether its signal shows red, yellow, green."""
    stop = np.zeros(5)
    ahead = [(s - observation.route_s, signal) for s, signal in route.stop_lines if s >= observation.route_s]
    if not ahead:
        return stop
    distance, signal = min(ahead)
    if distance > STOP_LINE_RANGE_M:
        return stop
    colour = int(observation.signals[signal]) if signal >= 0 else SignalColour.OFF
    stop[0], stop[1] = 1.0, distance
    stop[2] = colour in (SignalColour.RED, SignalColour.RED_YELLOW)
    stop[3] = colour in (SignalColour.YELLOW, SignalColour.RED_YELLOW)
    stop[4] = colour == SignalColour.GREEN
    return stop
