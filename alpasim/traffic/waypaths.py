"""Timed paths through waypoints, and the kernel that looks them up.

Answers where somebody is on a path at a time: the geometry is straight legs, with arcs in place of a vehicle's corners;
the timing is pieces of constant acceleration. How a file's words become one is `path.py`'s matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from alpasim.compiled import compiled
from alpasim.errors import InputError
from alpasim.geometry import wrap_angle
from alpasim.scenario.ways import NEAR_M
from alpasim.types import BoolArray, FloatArray, IntArray

LEG_S, LEG_LENGTH, LEG_X, LEG_Y, LEG_UX, LEG_UY, LEG_FROM_YAW, LEG_TURN = range(8)
PIECE_T, PIECE_S, PIECE_SPEED, PIECE_ACCELERATION = range(4)

ARC_STEP_RAD = math.radians(6.0)
"""A rounded corner is drawn in steps no larger than this."""
TURNING_MPS2 = 3.0
"""Sideways acceleration with which a vehicle turns onto its path [m/s^2]."""
TURN_ON_M = 0.5
"""Whoever can turn on the spot faces its path after so much of it [m]: about a step."""
ASIDE_M = 0.25
"""A vehicle passes so far inside a corner [m], or farther where its tightest circle does."""
SHARPEST_ARC_RAD = math.radians(170.0)
"""What turns more sharply goes back; no arc takes its place."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One resolved waypoint: where, when since the start [s] or how fast on the way there [m/s], and facing where [rad]."""

    x: float
    y: float
    t_s: float | None = None
    speed_mps: float | None = None
    yaw: float | None = None


@dataclass(frozen=True, slots=True)
class WayPath:
    """`legs` (g, 8) by arc length, `pieces` (q, 4) by time since the start; the last piece is the end, at rest."""

    legs: FloatArray
    pieces: FloatArray

    @property
    def length_m(self) -> float:
        """Arc length [m]."""
        return float(self.legs[-1, LEG_S] + self.legs[-1, LEG_LENGTH])

    def at(self, time_s: float) -> tuple[float, float]:
        """Arc length [m] and speed [m/s] at a time since the start."""
        piece = self.pieces[max(0, int(np.searchsorted(self.pieces[:, PIECE_T], time_s, side="right")) - 1)]
        elapsed = max(time_s - piece[PIECE_T], 0.0)
        speed = piece[PIECE_SPEED] + piece[PIECE_ACCELERATION] * elapsed
        return float(piece[PIECE_S] + (piece[PIECE_SPEED] + speed) * 0.5 * elapsed), float(speed)

    def with_speed(self, time_s: float, target_mps: float, rate_mps2: float) -> WayPath:
        """The same way, but from `time_s` on at another speed, reached at `rate_mps2`."""
        s, speed = self.at(time_s)
        left = max(self.length_m - s, 0.0)
        ramp = abs(target_mps - speed) / rate_mps2
        acceleration = math.copysign(rate_mps2, target_mps - speed)
        pieces = [(time_s, s, speed, acceleration)]
        covered = 0.5 * (speed + target_mps) * ramp
        if covered >= left:
            root = math.sqrt(max(speed * speed + 2.0 * acceleration * left, 0.0))
            end = time_s + (2.0 * left / (speed + root) if left > 0.0 else 0.0)
        else:
            pieces.append((time_s + ramp, s + covered, target_mps, 0.0))
            end = time_s + ramp + (left - covered) / target_mps if target_mps > 0.0 else math.inf
        if math.isfinite(end):
            pieces.append((end, self.length_m, 0.0, 0.0))
        return WayPath(self.legs, np.array(pieces))


def plan(
    pose: tuple[float, float, float],
    speed_mps: float,
    stops: list[Stop],
    ordinary_mps: float,
    corner_radius_m: float | None = None,
    turning_m: float = 0.0,
) -> WayPath:
    """A path from a pose through stops. Raises InputError where a stop's time cannot be kept.

    The way to a stop is covered in the time that is left until its `t_s`; without one at its `speed_mps`; without that at the
    speed of the way before, `speed_mps` at first, or `ordinary_mps` where that is 0. It begins with an arc from the pose's
    heading, of `turning_m` radius at least where there is room and wider at speed; whoever has 0 turns within a step's length.
    Corners are arcs of `corner_radius_m` (0: sharp), where that is None as `_turn_at` has them.
    """
    start = speed_mps if speed_mps > 0.0 else ordinary_mps
    waits = _waits(pose, stops, turning_m)
    yaw = next((stop.yaw for stop in reversed(stops[:waits]) if stop.yaw is not None), pose[2])
    lead, facing = np.array([pose[:2]]), {0: yaw}
    if waits < len(stops) and stops[waits].yaw is None:
        radius = max(turning_m, _first_speed(pose, stops, waits, start) ** 2 / TURNING_MPS2) if turning_m > 0.0 else 0.0
        lead, facing = _set_out((pose[0], pose[1], yaw), stops[waits], radius)
    corners = np.array([lead[-1], *((stop.x, stop.y) for stop in stops[waits:])])
    given = [False, *(stop.yaw is not None for stop in stops[waits:])]
    rest, places, headings = _rounded(corners, given, corner_radius_m, turning_m)
    line, before = np.concatenate((lead[:-1], rest)), len(lead) - 1
    at_corner = [0] * (waits + 1) + [before + place for place in places[1:]]
    facing |= {before + place: heading for place, heading in headings.items()}
    s_line = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))))
    facing |= {at_corner[i + 1]: stop.yaw for i, stop in enumerate(stops) if stop.yaw is not None}
    pieces = _timed(stops, [float(s_line[place]) for place in at_corner], float(s_line[-1]), start)
    return WayPath(_legs(line, s_line, facing), np.array(pieces))


def _timed(stops: list[Stop], at: list[float], end: float, speed: float) -> list[tuple[float, float, float, float]]:
    """Pieces of even speed between the arc lengths `at` of the start and the stops, and the rest at `end`."""
    pieces, time = [], 0.0
    for i, stop in enumerate(stops):
        s, length = at[i], at[i + 1] - at[i]
        if stop.t_s is not None:
            duration = stop.t_s - time
            if duration < 0.0 or (duration == 0.0 and length > 0.01):
                raise InputError(
                    f"waypoint {i + 1}: t_s is {stop.t_s:g}, expected more than {time:g} s, when it sets out"
                )
        else:
            wanted = stop.speed_mps if stop.speed_mps is not None else speed
            if wanted <= 0.0:
                raise InputError(f"waypoint {i + 1}: cannot be reached at a speed of 0; give it a t_s to wait until")
            duration = length / wanted
        if duration > 0.0:
            pieces.append((time, s, length / duration, 0.0))
            speed = length / duration if length > 0.0 else speed
        time += duration
    return [*pieces, (time, end, 0.0, 0.0)]


def _waits(pose: tuple[float, float, float], stops: list[Stop], turning_m: float) -> int:
    """How many stops come before the first one that it has to go to; a vehicle is there already where it is near."""
    for i, stop in enumerate(stops):
        near = NEAR_M if turning_m > 0.0 and stop.yaw is None and i < len(stops) - 1 else 1e-9
        if math.hypot(stop.x - pose[0], stop.y - pose[1]) > near:
            return i
    return len(stops)


def _first_speed(pose: tuple[float, float, float], stops: list[Stop], waits: int, speed: float) -> float:
    """About how fast it goes to the stop after `waits` others [m/s]."""
    stop = stops[waits]
    if stop.t_s is None:
        return speed if stop.speed_mps is None else stop.speed_mps
    since = max((before.t_s for before in stops[:waits] if before.t_s is not None), default=0.0)
    return math.hypot(stop.x - pose[0], stop.y - pose[1]) / max(stop.t_s - since, 1e-3)


def _set_out(pose: tuple[float, float, float], stop: Stop, radius: float) -> tuple[FloatArray, dict[int, float]]:
    """Points (k, 2) from a pose until it moves straight to a stop, and the headings there.

    On an arc of `radius`, a tighter one where the stop is too near for it; with radius 0 straight on, turning meanwhile.
    """
    x, y, yaw = pose
    away = math.hypot(stop.x - x, stop.y - y)
    bearing = math.atan2(stop.y - y, stop.x - x)
    turn = wrap_angle(bearing - yaw)
    if abs(turn) < 1e-6:
        return np.array([(x, y)]), {}
    if radius <= 0.0:
        share = min(TURN_ON_M / away, 0.9)
        return np.array([(x, y), (x + share * (stop.x - x), y + share * (stop.y - y))]), {0: yaw, 1: yaw + turn}
    radius = min(radius, away / (2.0 * max(abs(math.sin(turn)), 1e-9)))
    side = math.copysign(1.0, turn)
    along, aside = away * math.cos(turn), away * abs(math.sin(turn)) - radius
    straight = math.sqrt(max(along * along + aside * aside - radius * radius, 0.0))
    angle = (math.atan2(aside, along) + math.atan2(radius, straight)) % (2.0 * math.pi)
    angles = yaw + side * np.linspace(0.0, angle, 1 + math.ceil(angle / ARC_STEP_RAD))
    points = (x, y) + side * radius * np.column_stack((np.sin(angles) - math.sin(yaw), math.cos(yaw) - np.cos(angles)))
    return points, {k: float(heading) for k, heading in enumerate(angles)}


def _rounded(
    corners: FloatArray, given: list[bool], radius: float | None, turning: float
) -> tuple[FloatArray, list[int], dict[int, float]]:
    """The line through the corners, turns in place of those where no heading is `given`; each corner's place in it (an arc's
    middle, or where a turn on the spot begins); and the headings along the turns by place.

    Whoever waits at a corner turns about it as if it did not. A turn takes at most half of a leg between two corners.
    """
    points, places, headings = [corners[0]], [0], dict[int, float]()
    ends = [0, *(1 + np.flatnonzero(np.hypot(*np.diff(corners, axis=0).T) > 1e-9)).tolist(), len(corners)]
    runs = list(pairwise(ends))
    for k, (first, after) in enumerate(runs):
        turn = None
        if 0 < k < len(runs) - 1 and not any(given[first:after]):
            shares = 0.5 if k > 1 else 1.0, 0.5 if k < len(runs) - 2 else 1.0
            turn = _turn_at(corners[first - 1], corners[first], corners[after], shares, radius, turning)
        if turn is None:
            added = corners[max(first, 1) : after]
            places.extend(range(len(points), len(points) + len(added)))
            points.extend(added)
            continue
        arc, angles, middle = turn
        headings |= {len(points) + i: angle for i, angle in enumerate(angles)}
        places.extend([len(points) + middle] * (after - first))
        points.extend(arc)
    return np.array(points), places, headings


def _turn_at(
    before: FloatArray,
    corner: FloatArray,
    after: FloatArray,
    shares: tuple[float, float],
    radius: float | None,
    turning: float,
) -> tuple[FloatArray, list[float], int] | None:
    """Points (k, 2) and headings of the turn about a corner between two others, and which of them stands for the corner; None
    where the corner stays. It takes at most those `shares` of both legs.

    An arc of `radius`; where that is None, a vehicle's passes ASIDE_M inside the corner, unless that is tighter than `turning`.
    Whoever has 0 there keeps to the line and turns while it sets out anew.
    """
    towards, onwards = corner - before, after - corner
    come, go = math.hypot(*towards), math.hypot(*onwards)
    heading = math.atan2(towards[1], towards[0])
    turn = wrap_angle(math.atan2(onwards[1], onwards[0]) - heading)
    if abs(turn) < 1e-6 or radius == 0.0:
        return None
    if radius is None and turning <= 0.0:
        return np.array([corner, corner + min(TURN_ON_M / go, 0.9 * shares[1]) * onwards]), [heading, heading + turn], 0
    if abs(turn) > SHARPEST_ARC_RAD:
        return None
    if radius is None:
        radius = max(turning, ASIDE_M / (1.0 / math.cos(0.5 * turn) - 1.0))
    half = math.tan(0.5 * abs(turn))
    cut = min(radius * half, shares[0] * come, shares[1] * go)
    side = math.copysign(cut / half, turn)
    steps = 2 * math.ceil(0.5 * abs(turn) / ARC_STEP_RAD)
    angles = heading + turn * np.arange(steps + 1) / steps
    arc = np.column_stack((np.sin(angles) - math.sin(heading), math.cos(heading) - np.cos(angles)))
    return corner - cut * towards / come + side * arc, angles.tolist(), steps // 2


def _legs(line: FloatArray, s: FloatArray, yaws: dict[int, float]) -> FloatArray:
    """The legs that have a length; headings are along them, and blend between those that `yaws` gives by place."""
    legs, previous = [], 0.0
    facing = yaws.get(0)
    for i in range(len(line) - 1):
        dx, dy = line[i + 1] - line[i]
        length = s[i + 1] - s[i]
        if length <= 1e-9:
            facing = yaws.get(i + 1, facing)
            continue
        along = math.atan2(dy, dx)
        first = along if facing is None else facing
        facing = yaws.get(i + 1)
        last = along if facing is None else facing
        legs.append((s[i], length, *line[i], dx / length, dy / length, first, wrap_angle(last - first)))
        previous = last
    if facing is not None or not legs:
        yaw = previous if facing is None else facing
        legs.append((float(s[-1]), 0.0, *line[-1], math.cos(yaw), math.sin(yaw), yaw, 0.0))
    return np.array(legs)


@compiled
def _leg_of(legs: FloatArray, first: int, last: int, s: float) -> int:
    """The leg that holds arc length s, the earlier one at a joint."""
    for k in range(first, last - 1):
        if s <= legs[k, LEG_S] + legs[k, LEG_LENGTH]:
            return k
    return last - 1


@compiled
def advance_on_paths(
    who: IntArray,
    rows: IntArray,
    elapsed: FloatArray,
    legs: FloatArray,
    first_leg: IntArray,
    pieces: FloatArray,
    first_piece: IntArray,
    vanishes: BoolArray,
    yaw_before: FloatArray,
    dt: float,
    position: FloatArray,
    yaw: FloatArray,
    velocity: FloatArray,
    yaw_rate: FloatArray,
    present: BoolArray,
) -> None:
    """Put actors `who` (m,), in the state's `rows`, where their paths have them `elapsed` (m,) seconds after the start."""
    for m in range(who.shape[0]):
        i, row, time = who[m], rows[m], elapsed[m]
        piece = first_piece[i]
        for k in range(first_piece[i], first_piece[i + 1]):
            if pieces[k, PIECE_T] <= time:
                piece = k
        past = max(time - pieces[piece, PIECE_T], 0.0)
        speed = pieces[piece, PIECE_SPEED] + pieces[piece, PIECE_ACCELERATION] * past
        s = pieces[piece, PIECE_S] + 0.5 * (pieces[piece, PIECE_SPEED] + speed) * past
        leg = legs[_leg_of(legs, first_leg[i], first_leg[i + 1], s)]
        along = min(max(s - leg[LEG_S], 0.0), leg[LEG_LENGTH])
        share = along / leg[LEG_LENGTH] if leg[LEG_LENGTH] > 0.0 else 1.0
        position[row, 0], position[row, 1] = leg[LEG_X] + along * leg[LEG_UX], leg[LEG_Y] + along * leg[LEG_UY]
        yaw[row] = wrap_angle(leg[LEG_FROM_YAW] + share * leg[LEG_TURN])
        velocity[row, 0], velocity[row, 1], velocity[row, 2] = speed * leg[LEG_UX], speed * leg[LEG_UY], 0.0
        yaw_rate[row] = wrap_angle(yaw[row] - yaw_before[row]) / dt
        end = legs[first_leg[i + 1] - 1]
        present[row] = not vanishes[i] or s < end[LEG_S] + end[LEG_LENGTH] - 1e-6
