"""Checks the ways that actors are sent through waypoints: every place exists, times can be kept, and vehicles can set out on them.

Answers with faults in the report, each with its place in the file. How a way is driven, once it is good, is the matter of
`traffic/waypaths.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from alpasim.errors import InputError
from alpasim.geometry import wrap_angle
from alpasim.road.network import RoadNetwork
from alpasim.scenario.checks import Faults
from alpasim.scenario.concrete import ActorSpec
from alpasim.scenario.faults import Path
from alpasim.scenario.kinds import TURNING_RADIUS_M
from alpasim.scenario.schema import ScenarioModel, Waypoint

NEAR_M = 1.0
"""A first waypoint that a vehicle stands so near to counts as the place where it stands [m]."""
SHARPEST_START_RAD = math.radians(60.0)
"""A vehicle that is placed further than this from the direction in which it sets out has been placed by mistake."""
FASTEST_MPS = 140.0
"""Nothing in a scenario is faster [m/s]."""

Spot = tuple[float, float]


def check_ways(model: ScenarioModel, actors: Iterable[ActorSpec], road: RoadNetwork, report: Faults) -> None:
    """Waypoints lie where the road has such a place, times can be kept, and no vehicle has to turn more sharply than it can."""
    by_name = {actor.name: actor for actor in actors}
    for name, actor in by_name.items():
        found = getattr(actor.options, "waypoints", None)
        if isinstance(found, tuple) and all(isinstance(point, Waypoint) for point in found):
            _check_way(found, ("actors", name, "drive", actor.behaviour, "waypoints"), road, report, actor)
    for index, event in enumerate(model.events):
        for name, keys, action in event.actions():
            if action.path is not None:
                stands = (
                    by_name.get(name) if name in model.actors and model.actors[name].behaviour == "parked" else None
                )
                at = ("events", index, "then", *keys, "path", "waypoints")
                _check_way(action.path.waypoints, at, road, report, stands)


def _check_way(
    points: tuple[Waypoint, ...], at: Path, road: RoadNetwork, report: Faults, starts: ActorSpec | None
) -> None:
    """One way; `starts` is who sets out on it, where it is known from where."""
    timed = [(index, point.t_s) for index, point in enumerate(points) if point.t_s is not None]
    falls = False
    for (_, before), (index, after) in pairwise(timed):
        if after <= before:
            falls = True
            report.add((*at, index, "t_s"), f"found t_s {after:g} after {before:g}, expected rising times")
    spots = [_spot(point, (*at, index), road, report) for index, point in enumerate(points)]
    known = [spot for spot in spots if spot is not None]
    if falls or len(known) < len(spots):
        return
    _check_speeds(points, known, at, report, starts)
    if starts is not None:
        _check_start(points, known, at, report, starts)


def _spot(point: Waypoint, at: Path, road: RoadNetwork, report: Faults) -> Spot | None:
    """Where a waypoint lies, None where the road has no such place."""
    if point.x_m is not None and point.y_m is not None:
        return point.x_m, point.y_m
    try:
        x, y, _, _ = road.place(point.course, point.lane if point.lane is not None else "", point.s_m or 0.0, point.d_m)
    except InputError as cause:
        report.add(at, str(cause))
        return None
    return x, y


def _check_speeds(
    points: Sequence[Waypoint], spots: Sequence[Spot], at: Path, report: Faults, starts: ActorSpec | None
) -> None:
    """No two moments are so near, and their places so far apart, that nothing could go from one to the other."""
    way, since = 0.0, 0.0 if starts is not None else None
    here = starts.pose[:2] if starts is not None else spots[0]
    for index, (point, spot) in enumerate(zip(points, spots, strict=True)):
        way += math.dist(here, spot)
        here = spot
        if point.t_s is None:
            continue
        if since is not None and way > NEAR_M and way > FASTEST_MPS * (point.t_s - since):
            told = f"found t_s {point.t_s:g} for {way:.1f} m of way since {since:g} s"
            report.add(
                (*at, index, "t_s"), f"{told}, expected time enough: nothing goes faster than {FASTEST_MPS:g} m/s"
            )
        way, since = 0.0, point.t_s


def _check_start(
    points: Sequence[Waypoint], spots: Sequence[Spot], at: Path, report: Faults, starts: ActorSpec
) -> None:
    """A vehicle faces the way on which it sets out, near enough to turn onto it."""
    tightest = TURNING_RADIUS_M.get(starts.kind)
    x, y, yaw = starts.pose
    last = len(points) - 1
    far = [i for i, spot in enumerate(spots) if math.dist((x, y), spot) > (NEAR_M if i < last else 0.01)]
    if tightest is None or not far or any(point.yaw_deg is not None for point in points[: far[0] + 1]):
        return
    to_x, to_y = spots[far[0]]
    away, bearing = math.dist((x, y), (to_x, to_y)), math.atan2(to_y - y, to_x - x)
    turn = wrap_angle(bearing - yaw)
    room = away / (2.0 * max(abs(math.sin(turn)), 1e-9))
    if abs(turn) <= SHARPEST_START_RAD and room >= tightest:
        return
    word = starts.kind.name.lower()
    told = f"{starts.name} stands at ({x:.1f}, {y:.1f}) and faces {math.degrees(yaw):.0f} deg"
    found = f"this waypoint lies {away:.1f} m away, {abs(math.degrees(turn)):.0f} deg to its {'left' if turn > 0.0 else 'right'}"
    if away < 2.0 * tightest:
        mend = "place it on its way, or leave this waypoint out"
    else:
        mend = f"turn it by heading_deg {math.degrees(turn):+.0f} in its place, or write yaw_deg here to go sideways or backwards"
    least = f"expected a {word} to face its way, near enough for a turn of {tightest:g} m radius"
    report.add((*at, far[0]), f"{told}, but {found}; {least} (did you mean: {mend}?)")
