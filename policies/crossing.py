"""How fast, with others who cross the road: pedestrians, cyclists, animals, cross traffic.

Everybody is predicted to go on as now for a few seconds. The ego goes first where it has cleared the crossing with time to
spare, and otherwise brakes by just so much that it comes after them; where that is not enough, to a stop before them.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray

from .parameters import DriverParameters
from .reasons import CROSSING
from .route_kernels import offset_at, place_near
from .surroundings import (
    AT_X,
    AT_Y,
    CHANGE,
    CROSSES,
    FACING,
    HIGH,
    LENGTH,
    ROW,
    SPEED,
    VELOCITY_X,
    VELOCITY_Y,
    VULNERABLE_KIND,
    WIDTH,
)

STEP_S = 0.2
BEHIND_M = 30.0
"""Who is farther behind than this does not count."""


@compiled
def time_to_travel(way: float, speed: float, acceleration: float, fastest: float) -> float:
    """Seconds to go `way` [m], speeding up (or slowing down) evenly until `fastest` is reached, inf where it ends before."""
    if way <= 0.0:
        return 0.0
    if acceleration > 1e-3 and speed < fastest:
        until = (fastest - speed) / acceleration
        first = speed * until + 0.5 * acceleration * until * until
        if way <= first:
            return (math.sqrt(speed * speed + 2.0 * acceleration * way) - speed) / acceleration
        return until + (way - first) / fastest
    if acceleration < -1e-3:
        left = speed * speed + 2.0 * acceleration * way
        return (math.sqrt(left) - speed) / acceleration if left >= 0.0 else math.inf
    return way / speed if speed > 1e-3 else math.inf


@compiled
def come_after(p: DriverParameters, speed: float, gap: float, leaves_s: float) -> float:
    """The gentlest acceleration with which the ego reaches the place `gap` ahead only after `leaves_s`, or stops before it."""
    room = gap - p.stop_before_m
    if room <= 0.1:
        return -p.emergency_deceleration if speed > 0.5 else -1.0
    stop = -speed * speed / (2.0 * room)
    if speed < 0.3:
        return -1.0 if room < 1.0 or leaves_s > 0.0 else 0.0
    if not math.isfinite(leaves_s):
        return max(stop, -p.emergency_deceleration)
    later = 2.0 * (room - speed * leaves_s) / (leaves_s * leaves_s)
    slowed = later if speed + later * leaves_s >= 0.0 else stop
    return max(slowed, stop, -p.emergency_deceleration)


@compiled
def conflict(
    table: FloatArray,
    plan: FloatArray,
    half_width: float,
    track: FloatArray,
    margin: float,
    horizon_s: float,
    step_s: float,
) -> tuple[float, float, float, float]:
    """(enters, leaves, low, high): when a track, going straight on, is inside the ego's corridor, and the stretch of route it
    covers there.

    It keeps its velocity, or goes on slowing until it stands. `enters` is inf for one that never enters, `leaves` for one that
    is still inside when the horizon ends.
    """
    enters, leaves, low, high = math.inf, math.inf, math.inf, -math.inf
    speed, slowing = track[SPEED], max(-track[CHANGE], 0.0)
    if speed <= 0.0:
        return enters, leaves, low, high
    ux, uy = track[VELOCITY_X] / speed, track[VELOCITY_Y] / speed
    row = int(track[ROW])
    for step in range(int(horizon_s / step_s + 0.5) + 1):
        time = step * step_s
        moving = min(time, speed / slowing) if slowing > 0.0 else time
        way = speed * moving - 0.5 * slowing * moving * moving
        s, d, heading, row = place_near(table, row, track[AT_X] + ux * way, track[AT_Y] + uy * way)
        turned = track[FACING] - heading
        cosine, sine = abs(math.cos(turned)), abs(math.sin(turned))
        across = 0.5 * (track[LENGTH] * sine + track[WIDTH] * cosine)
        centre, _ = offset_at(plan, s)
        if abs(d - centre) < across + half_width + margin:
            along = 0.5 * (track[LENGTH] * cosine + track[WIDTH] * sine)
            enters = min(enters, time)
            low, high = min(low, s - along), max(high, s + along)
        elif math.isfinite(enters):
            leaves = time
            break
    return enters, leaves, low, high


@compiled
def cross_ways(
    p: DriverParameters,
    table: FloatArray,
    plan: FloatArray,
    half_width: float,
    seen: FloatArray,
    front: float,
    rear: float,
    speed: float,
    wanted: float,
    free: float,
) -> FloatArray:
    """Reasons (m, 4) from all who move across the ego's way; `free` is the acceleration the ego would have without them."""
    rows, count = np.empty((seen.shape[0], 4)), 0
    for i in range(seen.shape[0]):
        track = seen[i]
        if not track[CROSSES] or track[HIGH] <= rear - BEHIND_M:
            continue
        unprotected = track[VULNERABLE_KIND] > 0.0
        margin = p.vulnerable_margin if unprotected else p.side_margin
        enters, leaves, low, high = conflict(table, plan, half_width, track, margin, p.prediction_s, STEP_S)
        if not math.isfinite(enters) or high < front:
            continue
        gap = max(low - front, 0.0)
        arrives = time_to_travel(gap - p.stop_before_m, speed, free, wanted)
        clears = time_to_travel(high - front + (front - rear), speed, free, wanted)
        spare = p.pass_before_vulnerable_s if unprotected else p.pass_before_s
        leaves += p.pass_behind_s
        if arrives > leaves or clears < enters - spare:
            continue
        acceleration = come_after(p, speed, gap, leaves)
        if acceleration < -0.9 * p.emergency_deceleration and clears < enters - 0.2:
            continue  # too late to stop, and gone before it comes
        rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = CROSSING, acceleration, i, gap
        count += 1
    return rows[:count]
