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
from alpasim.types import ActorKind

NEAR_M = 1.0
"""A first waypoint that a vehicle stands so near to counts as the place where it stands [m]."""
SHARPEST_START_RAD = math.radians(60.0)
"""A vehicle that is placed further than this from the direction in which it sets out has been placed by mistake."""
SLIGHT_RAD = math.radians(10.0)
"""A corner so slight may be tighter than a vehicle's circle: nobody sees it."""
FASTEST_MPS = 140.0
"""Nothing in a scenario is faster [m/s]."""

Spot = tuple[float, float]


def check_ways(model: ScenarioModel, actors: Iterable[ActorSpec], road: RoadNetwork, report: Faults) -> None:
    """Waypoints lie where the road has such a place, times can be kept, and no vehicle has to turn more sharply than it can."""
    by_name = {actor.name: actor for actor in actors}
    for name, actor in by_name.items():
        found = getattr(actor.options, "waypoints", None)
        if isinstance(found, tuple) and all(isinstance(point, Waypoint) for point in found):
            at: Path = ("actors", name, "drive", actor.behaviour, "waypoints")
            own_corners = getattr(actor.options, "corner_radius_m", None) is not None
            _check_way(found, at, road, report, actor, None if own_corners else actor.kind)
    for index, event in enumerate(model.events):
        for name, keys, action in event.actions():
            if action.path is not None:
                stands = (
                    by_name.get(name) if name in model.actors and model.actors[name].behaviour == "parked" else None
                )
                at = ("events", index, "then", *keys, "path", "waypoints")
                kind = by_name[name].kind if name in by_name else None
                _check_way(action.path.waypoints, at, road, report, stands, kind)


def _check_way(
    points: tuple[Waypoint, ...],
    at: Path,
    road: RoadNetwork,
    report: Faults,
    starts: ActorSpec | None,
    turns: ActorKind | None,
) -> None:
    """One way; `starts` is who sets out on it, where it is known from where, `turns` the kind whose circle its corners need."""
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
    starts_well = starts is None or _check_start(points, known, at, report, starts)
    if turns is not None and starts_well:
        _check_corners(points, known, at, report, turns, starts)


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
) -> bool:
    """Whether a vehicle faces the way on which it sets out, near enough to turn onto it."""
    tightest = TURNING_RADIUS_M.get(starts.kind)
    x, y, yaw = starts.pose
    last = len(points) - 1
    far = [i for i, spot in enumerate(spots) if math.dist((x, y), spot) > (NEAR_M if i < last else 0.01)]
    if tightest is None or not far or any(point.yaw_deg is not None for point in points[: far[0] + 1]):
        return True
    to_x, to_y = spots[far[0]]
    away, bearing = math.dist((x, y), (to_x, to_y)), math.atan2(to_y - y, to_x - x)
    turn = wrap_angle(bearing - yaw)
    room = away / (2.0 * max(abs(math.sin(turn)), 1e-9))
    if abs(turn) <= SHARPEST_START_RAD and room >= tightest:
        return True
    word = starts.kind.name.lower()
    told = f"{starts.name} stands at ({x:.1f}, {y:.1f}) and faces {math.degrees(yaw):.0f} deg"
    found = f"this waypoint lies {away:.1f} m away, {abs(math.degrees(turn)):.0f} deg to its {'left' if turn > 0.0 else 'right'}"
    if away < 2.0 * tightest:
        mend = "place it on its way, or leave this waypoint out"
    else:
        mend = f"turn it by heading_deg {math.degrees(turn):+.0f} in its place, or write yaw_deg here to go sideways or backwards"
    least = f"expected a {word} to face its way, near enough for a turn of {tightest:g} m radius"
    report.add((*at, far[0]), f"{told}, but {found}; {least} (did you mean: {mend}?)")
    return False


def _check_corners(
    points: Sequence[Waypoint],
    spots: Sequence[Spot],
    at: Path,
    report: Faults,
    kind: ActorKind,
    starts: ActorSpec | None,
) -> None:
    """At every corner a vehicle has room for its tightest circle: half of a leg between two corners, all of the first and last.
    The first corner that has not is told: one mistake spoils its neighbours too."""
    tightest = TURNING_RADIUS_M.get(kind)
    if tightest is None:
        return
    corners: list[tuple[int, Spot]] = [] if starts is None else [(-1, starts.pose[:2])]
    near = NEAR_M if starts is not None and points[0].yaw_deg is None else 0.01
    turned = set[int]()
    for index, (point, spot) in enumerate(zip(points, spots, strict=True)):
        if not corners or math.dist(corners[-1][1], spot) > near:
            corners.append((index, spot))
            near = 0.01
        if point.yaw_deg is not None:
            turned.add(corners[-1][0])
    for k in range(1, len(corners) - 1):
        index, (x, y) = corners[k]
        (ax, ay), (bx, by) = corners[k - 1][1], corners[k + 1][1]
        turn = wrap_angle(math.atan2(by - y, bx - x) - math.atan2(y - ay, x - ax))
        come = math.hypot(x - ax, y - ay) * (0.5 if k > 1 else 1.0)
        go = math.hypot(bx - x, by - y) * (0.5 if k < len(corners) - 2 else 1.0)
        room = min(come, go) / max(math.tan(0.5 * abs(turn)), 1e-9)
        if index in turned or abs(turn) <= SLIGHT_RAD or room >= tightest:
            continue
        word, side = kind.name.lower(), "left" if turn > 0.0 else "right"
        told = f"found a turn of {abs(math.degrees(turn)):.0f} deg to the {side} with room for {room:.1f} m radius"
        least = f"expected room for a {word}'s {tightest:g} m"
        mend = "leave this waypoint out or move it away from its neighbours, or write yaw_deg here to turn on the spot or go back"
        report.add((*at, index), f"{told}, {least} (did you mean: {mend}?)")
        return
