"""The kernel that moves all car-following actors of a scenario by one control step.

Answers, for every follower at once: who or what is ahead on its way, how hard it therefore accelerates, and where that
takes it. It reads the state of everybody and its own memory alone, so that the order of actors changes nothing. What the
columns start with and how actions change them is `follow.py`'s matter.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import wrap_angle
from alpasim.traffic.car_following import desired_gap, free_acceleration
from alpasim.traffic.lane_paths import BEND_SPEED, CURVATURE, HEADING, LIMIT_SPEED, PathTable, X, Y
from alpasim.types import BoolArray, FloatArray, IntArray, SignalColour

S, SPEED, OFFSET, FROM, ELAPSED, OVER, TARGET, RATE, STOPPING, LIMITED, GONE = range(11)
"""Memory of a follower: arc length of its centre on its way [m], speed along it [m/s], lateral place it keeps or moves to
and where a move began [m, left positive], time into the move and its length (0: no move) [s], speed it wants [m/s], rate at
which it goes there (0: as the model does) [m/s^2], rate of an ordered stop (0: none), 1 where limits bind it, 1 once gone."""
MEMORY_COLUMNS = 11

STANDSTILL, HEADWAY, ACCELERATION, BRAKING, EXPONENT, HARDEST, IGNORES_LIGHTS, IGNORES_OTHERS, IGNORES_BENDS = range(9)
PARAMETER_COLUMNS = 9

SIDE_MARGIN_M = 0.2
"""Somebody is ahead where his box comes within this distance of the strip that the follower's box sweeps [m]."""
COARSE_M = 10.0
"""Spacing of the first look for where on the way another actor is [m]."""
ASIDE_COUNTS = 10.0
"""How many times as much as a metre ahead a metre aside counts where a leader is guessed."""
SLOWING_MPS2 = 3.0
"""How hard a follower brakes where it finds itself faster than a bend or limit allows [m/s^2]."""
STEEPEST_MOVE = 0.6
"""A lane change never moves sideways faster than this share of the forward speed."""

Way = tuple[int, int, float]
"""One way of a PathTable, whose `points` go beside it: first row, how many rows, and how far apart they are [m]. The table
itself costs a reference for each of its arrays wherever it is handed on or an array of it is named."""

_RED, _RED_YELLOW, _YELLOW = int(SignalColour.RED), int(SignalColour.RED_YELLOW), int(SignalColour.YELLOW)


@compiled
def minimum_jerk(share: float) -> tuple[float, float]:
    """The smoothest move from 0 to 1 within share 0 to 1, and its slope: 10 x^3 - 15 x^4 + 6 x^5."""
    x = min(max(share, 0.0), 1.0)
    return x * x * x * (10.0 + x * (6.0 * x - 15.0)), 30.0 * x * x * (1.0 - x) * (1.0 - x)


@compiled
def lateral_place(memory: FloatArray, i: int) -> tuple[float, float]:
    """Where follower i is across its way, left positive [m], and how fast its move takes it to the left [m/s]."""
    if memory[i, OVER] <= 0.0:
        return memory[i, OFFSET], 0.0
    done, slope = minimum_jerk(memory[i, ELAPSED] / memory[i, OVER])
    width = memory[i, OFFSET] - memory[i, FROM]
    return memory[i, FROM] + done * width, slope * width / memory[i, OVER]


@compiled
def pose_on(points: FloatArray, way: Way, s: float, d: float) -> tuple[float, float, float, float]:
    """x, y, heading and curvature at s along a way, d to its left; straight on beyond both ends."""
    first, rows, spacing = way
    at = s / spacing
    low = min(max(math.floor(at), 0), rows - 2)
    share, k = at - low, first + low
    inside = min(max(share, 0.0), 1.0)
    heading = points[k, HEADING] + inside * (points[k + 1, HEADING] - points[k, HEADING])
    x = points[k, X] + share * (points[k + 1, X] - points[k, X])
    y = points[k, Y] + share * (points[k + 1, Y] - points[k, Y])
    curvature = points[k, CURVATURE] + inside * (points[k + 1, CURVATURE] - points[k, CURVATURE])
    if at < 0.0 or k + share > first + rows - 1:
        curvature = 0.0
    return x - d * math.sin(heading), y + d * math.cos(heading), heading, curvature


@compiled
def _speed_cap(points: FloatArray, way: Way, s: float, limited: bool, bends: bool) -> float:
    """The fastest that bends and limits allow at s on a way [m/s]."""
    first, rows, spacing = way
    row = first + min(max(int(s / spacing), 0), rows - 1)
    cap = np.inf
    if bends:
        cap = points[row, BEND_SPEED]
    if limited:
        cap = min(cap, points[row, LIMIT_SPEED])
    return cap


@compiled
def _square(points: FloatArray, k: int, x: float, y: float) -> float:
    """Squared distance of (x, y) from row k of a table [m^2]."""
    return float((points[k, X] - x) ** 2 + (points[k, Y] - y) ** 2)


@compiled
def _place_ahead(
    points: FloatArray, way: Way, x: float, y: float, s_from: float, s_to: float, near: float
) -> tuple[float, float, float]:
    """Where (x, y) lies between two arc lengths of a way: s, d and heading there; s is -inf where it is not within `near`."""
    first, rows, spacing = way
    low = max(int(s_from / spacing), 0)
    high = min(int(s_to / spacing) + 1, rows - 1)
    stride = max(int(COARSE_M / spacing), 1)
    best, best_at = np.inf, low
    for i in range(low, high + stride, stride):
        square = _square(points, first + min(i, high), x, y)
        if square < best:
            best, best_at = square, min(i, high)
    if math.sqrt(best) > near + 0.5 * COARSE_M + spacing:
        return -np.inf, 0.0, 0.0
    from_row, to_row = first + max(best_at - stride, low), first + min(best_at + stride, high)
    nearest = np.inf
    for k in range(from_row, to_row + 1):
        nearest = min(nearest, _square(points, k, x, y))
    # A piece that comes nearer than every row has an end at most half a piece farther away than that.
    enough = nearest + 0.26 * spacing * spacing
    best, s, d, ux, uy = np.inf, -np.inf, 0.0, 1.0, 0.0
    before = _square(points, from_row, x, y)
    for k in range(from_row, to_row):
        after = _square(points, k + 1, x, y)
        if before <= enough or after <= enough:
            vx, vy = (points[k + 1, X] - points[k, X]) / spacing, (points[k + 1, Y] - points[k, Y]) / spacing
            px, py = x - points[k, X], y - points[k, Y]
            along = min(max(px * vx + py * vy, 0.0), spacing)
            square = (px - along * vx) ** 2 + (py - along * vy) ** 2
            if square < best:
                best, s, d, ux, uy = square, (k - first) * spacing + along, vx * py - vy * px, vx, vy
        before = after
    return s, d, math.atan2(uy, ux)


@compiled
def _likely_leader(row: int, position: FloatArray, yaw: FloatArray, present: BoolArray) -> int:
    """Whoever is nearest straight ahead of a row, -1 where nobody is: a guess at its leader."""
    cos, sin = math.cos(yaw[row]), math.sin(yaw[row])
    best, nearest = -1, np.inf
    for j in range(position.shape[0]):
        dx, dy = position[j, 0] - position[row, 0], position[j, 1] - position[row, 1]
        along = dx * cos + dy * sin
        place = along + ASIDE_COUNTS * abs(dy * cos - dx * sin)
        if along > 0.0 and place < nearest and present[j]:
            best, nearest = j, place
    return best


@compiled
def _leader(
    i: int,
    row: int,
    memory: FloatArray,
    points: FloatArray,
    way: Way,
    reach: float,
    position: FloatArray,
    yaw: FloatArray,
    velocity: FloatArray,
    extent: FloatArray,
    present: BoolArray,
) -> tuple[float, float]:
    """Gap [m] and forward speed [m/s] of the nearest box ahead in the strip that follower i sweeps; (inf, 0) where free.

    A guess is looked at first, because whoever is too far away to be nearer than it need not be looked for on the way.
    """
    s_own, half = memory[i, S], 0.5 * extent[row, 0]
    d_own, _ = lateral_place(memory, i)
    side = 0.5 * extent[row, 1] + SIDE_MARGIN_M
    right, left = min(d_own, memory[i, OFFSET]) - side, max(d_own, memory[i, OFFSET]) + side
    guess = _likely_leader(row, position, yaw, present)
    gap, speed, lead = np.inf, 0.0, -1
    for turn in range(-1, position.shape[0]):
        j = guess if turn < 0 else turn
        if j < 0 or j == row or not present[j] or (turn >= 0 and j == guess):
            continue
        x, y = position[j, 0], position[j, 1]
        size = 0.5 * (extent[j, 0] + extent[j, 1])
        away = math.hypot(x - position[row, 0], y - position[row, 1]) - size - half
        near = max(left, -right) + size
        # As far aside as one may be and still be found on the way (`_place_ahead`), a nearer one is no farther than this.
        if away > min(reach, gap + abs(d_own) + near + COARSE_M):
            continue
        s_from, s_to = s_own - 0.5 * COARSE_M, s_own + half + reach + size
        s, d, heading = _place_ahead(points, way, x, y, s_from, s_to, near)
        if s <= s_own:
            continue
        c, q = abs(math.cos(yaw[j] - heading)), abs(math.sin(yaw[j] - heading))
        along, across = 0.5 * (extent[j, 0] * c + extent[j, 1] * q), 0.5 * (extent[j, 0] * q + extent[j, 1] * c)
        if d - across >= left or d + across <= right:
            continue
        free = s - along - s_own - half
        if free < gap or (free == gap and j < lead):
            gap, lead = free, j
            speed = velocity[j, 0] * math.cos(heading) + velocity[j, 1] * math.sin(heading)
    return gap, speed


@compiled
def _held_back(
    s_front: float, speed: float, braking: float, hardest: float, paths: PathTable, p: int, signals: IntArray
) -> float:
    """Distance from the front bumper to the first stop line or dead end that holds traffic back, inf where none does [m].

    Red holds back whoever can still stop at all, yellow whoever can stop in comfort.
    """
    hold = np.inf
    for k in range(paths.stop_first[p], paths.stop_first[p + 1]):
        colour = signals[paths.stop_signal[k]]
        gap = paths.stop_s[k] - s_front
        if gap < 0.0 or gap >= hold:
            continue
        needed = speed * speed / (2.0 * max(gap, 0.01))
        red = colour in (_RED, _RED_YELLOW)
        if (red and needed <= hardest) or (colour == _YELLOW and needed <= 2.0 * braking):
            hold = gap
    if paths.dead_end[p]:
        hold = min(hold, paths.spacing[p] * (paths.rows[p] - 1) - s_front)
    return hold


@compiled
def _acceleration(memory: FloatArray, i: int, own: FloatArray, cap: float, gap: float, lead: float, dt: float) -> float:
    """How hard follower i accelerates: as the model says, or as it was told where that is less."""
    speed = memory[i, SPEED]
    wanted = desired_gap(speed, lead, own[STANDSTILL], own[HEADWAY], own[ACCELERATION], own[BRAKING]) / max(gap, 0.01)
    interaction = own[ACCELERATION] * wanted * wanted
    if memory[i, STOPPING] > 0.0:
        result = min(-memory[i, STOPPING], own[ACCELERATION] - interaction)
    elif memory[i, RATE] > 0.0:
        change = (memory[i, TARGET] - speed) / dt
        free = min(max(change, -memory[i, RATE]), memory[i, RATE])
        result = min(free, max(free, own[ACCELERATION]) - interaction)
    else:
        target = min(memory[i, TARGET], cap)
        result = free_acceleration(speed, target, own[ACCELERATION], own[BRAKING], own[EXPONENT]) - interaction
    return float(max(result, -own[HARDEST]))


@compiled
def _travel(memory: FloatArray, i: int, acceleration: float, cap: float, dt: float) -> float:
    """Way covered within the step at a constant acceleration, standing still once stopped; the new speed goes to memory."""
    before = memory[i, SPEED]
    after = before + acceleration * dt
    if after > cap:
        after = max(cap, min(after, before - SLOWING_MPS2 * dt))
    if after < 0.0:
        memory[i, SPEED] = 0.0
        return float(-0.5 * before * before / acceleration)
    memory[i, SPEED] = after
    if memory[i, RATE] > 0.0 and abs(after - memory[i, TARGET]) < 1e-9:
        memory[i, RATE] = 0.0
    return float(0.5 * (before + after) * dt)


@compiled
def _move_sideways(memory: FloatArray, i: int, dt: float) -> tuple[float, float]:
    """Advance a lane change: lateral place and speed to the left at the end of the step. A car that hardly moves waits."""
    if memory[i, OVER] > 0.0:
        fastest = 1.875 * abs(memory[i, OFFSET] - memory[i, FROM]) / memory[i, OVER]
        pace = 1.0
        if fastest > STEEPEST_MOVE * memory[i, SPEED]:
            pace = STEEPEST_MOVE * memory[i, SPEED] / fastest
        memory[i, ELAPSED] += pace * dt
        if memory[i, ELAPSED] >= memory[i, OVER] - 1e-9:
            memory[i, OVER] = 0.0
            return memory[i, OFFSET], 0.0
        d, rate = lateral_place(memory, i)
        return d, pace * rate
    return memory[i, OFFSET], 0.0


@compiled
def advance_followers(
    who: IntArray,
    rows: IntArray,
    memory: FloatArray,
    parameters: FloatArray,
    path_of: IntArray,
    paths: PathTable,
    position: FloatArray,
    yaw: FloatArray,
    velocity: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    signals: IntArray,
    dt: float,
    out_position: FloatArray,
    out_yaw: FloatArray,
    out_velocity: FloatArray,
    out_yaw_rate: FloatArray,
    out_present: BoolArray,
) -> None:
    """Move followers `who` (m,), whose rows of the state are `rows` (m,), from state[t] to t+1, memory included."""
    points = paths.points
    for m in range(who.shape[0]):
        i, row = who[m], rows[m]
        out_present[row] = memory[i, GONE] == 0.0
        if memory[i, GONE] != 0.0:
            continue
        own, p, speed, half = parameters[i], path_of[i], memory[i, SPEED], 0.5 * extent[row, 0]
        way = paths.first[p], paths.rows[p], paths.spacing[p]
        limited, bends = memory[i, LIMITED] != 0.0, own[IGNORES_BENDS] == 0.0
        reach = min(max(speed * speed / (2.0 * own[BRAKING]) + speed * own[HEADWAY] + 20.0, 50.0), 400.0)
        gap, lead = np.inf, 0.0
        if own[IGNORES_OTHERS] == 0.0:
            gap, lead = _leader(i, row, memory, points, way, reach, position, yaw, velocity, extent, present)
        if own[IGNORES_LIGHTS] == 0.0:
            hold = _held_back(memory[i, S] + half, speed, own[BRAKING], own[HARDEST], paths, p, signals)
            if hold < gap:
                gap, lead = hold, 0.0
        cap = _speed_cap(points, way, memory[i, S], limited, bends)
        acceleration = _acceleration(memory, i, own, cap, gap, lead, dt)
        _, _, _, bend = pose_on(points, way, memory[i, S], 0.0)
        d, _ = lateral_place(memory, i)
        ahead = _speed_cap(points, way, memory[i, S] + speed * dt, limited, bends)
        memory[i, S] += _travel(memory, i, acceleration, ahead, dt) / max(1.0 - bend * d, 0.2)
        d, sideways = _move_sideways(memory, i, dt)
        x, y, heading, _ = pose_on(points, way, memory[i, S], d)
        turned = heading + math.atan2(sideways, max(memory[i, SPEED], 1e-6)) if sideways != 0.0 else heading
        out_position[row, 0], out_position[row, 1] = x, y
        out_velocity[row, 0] = memory[i, SPEED] * math.cos(heading) - sideways * math.sin(heading)
        out_velocity[row, 1] = memory[i, SPEED] * math.sin(heading) + sideways * math.cos(heading)
        out_velocity[row, 2] = 0.0
        out_yaw[row] = wrap_angle(turned)
        out_yaw_rate[row] = wrap_angle(turned - yaw[row]) / dt
        if memory[i, S] - half > paths.spacing[p] * (paths.rows[p] - 1):
            memory[i, GONE] = 1.0
            out_present[row] = False
